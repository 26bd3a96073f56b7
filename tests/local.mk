# Tests. Unit tests are cmocka programs, one a module: add the name to unit_tests and its _SOURCES.
if HAVE_CMOCKA
unit_tests = tests/unit/base
check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)
endif
UNIT_LIBS = $(FDBG_LIBS) $(CMOCKA_LIBS)

tests_unit_base_SOURCES = tests/unit/base.c
tests_unit_base_LDADD = $(UNIT_LIBS)
