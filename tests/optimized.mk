# Optimized code: what instructions do, and whole programs at all levels.
#   E2E_OPT_FUNCTIONS=1000 tests/e2e/run.sh -k generated_all test_optimized.py      the long run
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/effect
TESTS += tests/unit/effect
endif
tests_unit_effect_SOURCES = tests/unit/effect.c
tests_unit_effect_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/fuzz/code
tests_fuzz_code_SOURCES = tests/fuzz/code.c $(FUZZ_MAIN)
tests_fuzz_code_LDADD = $(FDBG_LIBS)
tests_fuzz_code_LDFLAGS = $(FUZZ_LINK)
EXTRA_DIST += tests/e2e/levels.rs tests/e2e/test_levels.py tests/e2e/test_optimized.py
