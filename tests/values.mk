# Values that random programs do not make, and the places of results.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/result
TESTS += tests/unit/result
endif
tests_unit_result_SOURCES = tests/unit/result.c
tests_unit_result_LDADD = $(UNIT_LIBS)
TESTS += tests/values_page.sh
EXTRA_DIST += doc/md2man.awk tests/values_page.sh tests/e2e/crates.py tests/e2e/gen_std_c.py tests/e2e/test_values.py
