# The SQLite index: its text of values, its rows, its behaviour.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/tall
TESTS += tests/unit/tall
endif
tests_unit_tall_SOURCES = tests/unit/tall.c
tests_unit_tall_LDADD = $(UNIT_LIBS)
EXTRA_DIST += tests/e2e/test_index.py
