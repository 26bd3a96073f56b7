# The recording side.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/trace
TESTS += tests/unit/trace
endif
tests_unit_trace_SOURCES = tests/unit/trace.c
tests_unit_trace_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/fuzz/limits
tests_fuzz_limits_SOURCES = tests/fuzz/limits.c $(FUZZ_MAIN)
tests_fuzz_limits_LDADD = $(FDBG_LIBS)
tests_fuzz_limits_LDFLAGS = $(FUZZ_LINK)
