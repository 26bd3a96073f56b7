# Visualizers: files, templates; the man pages.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/visualizer
TESTS += tests/unit/visualizer
endif
tests_unit_visualizer_SOURCES = tests/unit/visualizer.c
tests_unit_visualizer_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/fuzz/visualizer
tests_fuzz_visualizer_SOURCES = tests/fuzz/visualizer.c $(FUZZ_MAIN)
tests_fuzz_visualizer_LDADD = $(FDBG_LIBS)
tests_fuzz_visualizer_LDFLAGS = $(FUZZ_LINK)
TESTS += tests/man.sh
EXTRA_DIST += tests/man.sh
