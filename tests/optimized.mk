# Optimized code: what instructions do, and whole programs at all levels.
#   E2E_OPT_FUNCTIONS=1000 tests/e2e/run.sh -k generated_all test_optimized.py      the long run
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/effect
TESTS += tests/unit/effect
endif
tests_unit_effect_SOURCES = tests/unit/effect.c
tests_unit_effect_LDADD = $(UNIT_LIBS)
EXTRA_DIST += tests/e2e/test_optimized.py
