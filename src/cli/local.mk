# The program and its subcommands.
bin_PROGRAMS += fdbg
fdbg_SOURCES = src/cli/main.c src/cli/cli.h \
	src/cli/cargo.c src/cli/cargo.h \
	src/cli/child.c src/cli/child.h \
	src/cli/cmd_cargo.c \
	src/cli/cmd_diff.c \
	src/cli/cmd_doctor.c \
	src/cli/cmd_dump.c \
	src/cli/cmd_export.c \
	src/cli/cmd_functions.c \
	src/cli/cmd_heap.c \
	src/cli/cmd_index.c \
	src/cli/cmd_info.c \
	src/cli/cmd_list_targets.c \
	src/cli/cmd_record.c src/cli/record_command.h \
	src/cli/complete.c src/cli/complete.h \
	src/cli/firedbg_toml.c src/cli/firedbg_toml.h \
	src/cli/cmd_report.c \
	src/cli/cmd_show.c \
	src/cli/cmd_tui.c \
	src/cli/cmd_verify.c \
	src/cli/live.c src/cli/live.h \
	src/cli/options.c src/cli/options.h \
	src/cli/output.c \
	src/cli/pager.c src/cli/pager.h \
	src/cli/part.c src/cli/part.h \
	src/cli/recording.c src/cli/recording.h \
	src/cli/recording_file.c \
	src/cli/selection.c src/cli/selection.h \
	src/cli/stats.c src/cli/stats.h \
	src/cli/target.c src/cli/target.h \
	src/cli/visualizers.c src/cli/visualizers.h
fdbg_CPPFLAGS = $(AM_CPPFLAGS) $(NCURSES_CFLAGS) -DFDBG_VISUALIZERS_DIR='"$(pkgdatadir)/visualizers"'
fdbg_LDADD = $(FDBG_LIBS) $(NCURSES_LIBS)
