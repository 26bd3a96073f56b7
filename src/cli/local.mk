# The program and its subcommands.
bin_PROGRAMS += fdbg
fdbg_SOURCES = src/cli/main.c
fdbg_LDADD = $(FDBG_LIBS)
