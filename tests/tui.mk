# The terminal browser: without a terminal, and through a pseudo-terminal.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/tui
TESTS += tests/unit/tui
endif
tests_unit_tui_SOURCES = tests/unit/tui.c
tests_unit_tui_LDADD = $(UNIT_LIBS)
EXTRA_DIST += tests/e2e/test_tui.py
