# Exports, and what `show` can be asked for.
check_PROGRAMS += tests/make_many
tests_make_many_SOURCES = tests/make_many.c
tests_make_many_LDADD = $(FDBG_LIBS)
TESTS += tests/show.sh
EXTRA_DIST += tests/show.sh tests/e2e/test_export.py tests/e2e/test_page.py tests/e2e/test_show.py tests/e2e/browser.py
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/flow
TESTS += tests/unit/flow
endif
tests_unit_flow_SOURCES = tests/unit/flow.c
tests_unit_flow_LDADD = $(UNIT_LIBS)
