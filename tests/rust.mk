# Names, the calling convention, values by type; against the compiler's own signatures.
RUST_TEST_CPPFLAGS = $(AM_CPPFLAGS) -DTEST_RUST_DIR='"$(abs_top_srcdir)/tests/rust"'
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/rust_decode tests/unit/rust_names tests/unit/rust_returns tests/unit/rust_values
TESTS += tests/unit/rust_decode tests/unit/rust_names tests/unit/rust_returns tests/unit/rust_values
endif
tests_unit_rust_decode_SOURCES = tests/unit/rust_decode.c
tests_unit_rust_decode_LDADD = $(UNIT_LIBS)
tests_unit_rust_names_SOURCES = tests/unit/rust_names.c tests/unit/rust_program.h
tests_unit_rust_names_CPPFLAGS = $(RUST_TEST_CPPFLAGS)
tests_unit_rust_names_LDADD = $(UNIT_LIBS)
tests_unit_rust_returns_SOURCES = tests/unit/rust_returns.c tests/unit/rust_program.h
tests_unit_rust_returns_CPPFLAGS = $(RUST_TEST_CPPFLAGS)
tests_unit_rust_returns_LDADD = $(UNIT_LIBS)
tests_unit_rust_values_SOURCES = tests/unit/rust_values.c tests/unit/rust_program.h
tests_unit_rust_values_CPPFLAGS = $(RUST_TEST_CPPFLAGS)
tests_unit_rust_values_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/fuzz/demangle
tests_fuzz_demangle_SOURCES = tests/fuzz/demangle.c $(FUZZ_MAIN)
tests_fuzz_demangle_LDADD = $(FDBG_LIBS)
tests_fuzz_demangle_LDFLAGS = $(FUZZ_LINK)
EXTRA_DIST += tests/rust/names.rs tests/rust/returns.rs tests/rust/values.rs
check_PROGRAMS += tests/rust_abi_print
tests_rust_abi_print_SOURCES = tests/rust_abi_print.c
tests_rust_abi_print_LDADD = $(FDBG_LIBS)
TESTS += tests/rust_abi.sh
EXTRA_DIST += tests/rust_abi.sh tests/rust_abi.py
