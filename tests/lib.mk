# The library: its interface, and an installed copy as others use it.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/lib
TESTS += tests/unit/lib
endif
tests_unit_lib_SOURCES = tests/unit/lib.c
tests_unit_lib_LDADD = $(UNIT_LIBS)
TESTS += tests/libfdbg.sh
EXTRA_DIST += tests/libfdbg.sh
