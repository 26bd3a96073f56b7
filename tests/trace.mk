# The recording side.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/trace
TESTS += tests/unit/trace
endif
tests_unit_trace_SOURCES = tests/unit/trace.c
tests_unit_trace_LDADD = $(UNIT_LIBS)
