# The SQLite index, the report by function, the comparison of two recordings.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/digest tests/unit/tall
TESTS += tests/unit/digest tests/unit/tall
endif
tests_unit_digest_SOURCES = tests/unit/digest.c
tests_unit_digest_LDADD = $(UNIT_LIBS)
tests_unit_tall_SOURCES = tests/unit/tall.c
tests_unit_tall_LDADD = $(UNIT_LIBS)
EXTRA_DIST += tests/e2e/test_compare.py tests/e2e/test_index.py
