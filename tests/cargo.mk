# fdbg cargo: firedbg.toml, and workspaces built by the real cargo.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/firedbg_toml
TESTS += tests/unit/firedbg_toml
endif
tests_unit_firedbg_toml_SOURCES = tests/unit/firedbg_toml.c src/cli/firedbg_toml.c
tests_unit_firedbg_toml_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/fuzz/firedbg_toml
tests_fuzz_firedbg_toml_SOURCES = tests/fuzz/firedbg_toml.c src/cli/firedbg_toml.c $(FUZZ_MAIN)
tests_fuzz_firedbg_toml_LDADD = $(FDBG_LIBS)
tests_fuzz_firedbg_toml_LDFLAGS = $(FUZZ_LINK)
EXTRA_DIST += tests/e2e/test_cargo.py
