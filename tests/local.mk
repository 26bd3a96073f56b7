# Tests.
#   unit      cmocka programs, one a module
#   arch      the architecture layer by execution, and against other tools
#   tools     debug information against other tools
#   *.sh      the reading commands and the sample recordings, the oracle of rustc's own Debug
#   layers.py what a module may include
#   fuzz      one target a parser of foreign bytes; `make check` replays the seeds
#   e2e       real programs under a real server; `make check E2E=no` leaves them out
AM_TESTS_ENVIRONMENT = FDBG='$(abs_top_builddir)/fdbg$(EXEEXT)'; export FDBG; \
	FDBG_TEST_BIN='$(abs_top_builddir)/tests'; export FDBG_TEST_BIN; \
	CC='$(CC)'; export CC; SANITIZER_CFLAGS='$(FDBG_SANITIZER_CFLAGS)'; export SANITIZER_CFLAGS;
UNIT_LIBS = $(FDBG_LIBS) $(CMOCKA_LIBS)

# FUZZ_MAIN is a main that runs files, or libFuzzer's with --enable-fuzzing.
if FUZZING
FUZZ_MAIN =
else
FUZZ_MAIN = tests/fuzz/driver.c
endif
FUZZ_LINK = $(AM_LDFLAGS) $(FDBG_FUZZ_LDFLAGS)
TESTS += tests/fuzz/replay.sh
EXTRA_DIST += tests/fuzz/replay.sh tests/fuzz/corpus tests/fuzz/driver.c

include tests/base.mk
include tests/stream.mk
include tests/report.mk
include tests/arch.mk
include tests/gdbremote.mk
include tests/debuginfo.mk
include tests/rust.mk
include tests/std.mk
include tests/trace.mk
include tests/unwinding.mk
include tests/visualizer.mk
include tests/heap.mk
include tests/optimized.mk
include tests/export.mk
include tests/cargo.mk
include tests/completions.mk
include tests/deb.mk
include tests/tui.mk
include tests/e2e.mk
include tests/index.mk
include tests/lib.mk
include tests/servers.mk
include tests/board.mk
include tests/recipes.mk
include tests/values.mk
