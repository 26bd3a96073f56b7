# Images, DWARF, locations; against other tools.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/abbrev tests/unit/debuginfo tests/unit/location
TESTS += tests/unit/abbrev tests/unit/debuginfo tests/unit/location
endif
tests_unit_abbrev_SOURCES = tests/unit/abbrev.c
tests_unit_abbrev_LDADD = $(UNIT_LIBS)
tests_unit_debuginfo_SOURCES = tests/unit/debuginfo.c
tests_unit_debuginfo_CPPFLAGS = $(AM_CPPFLAGS) -DTEST_SRCDIR='"$(abs_top_srcdir)"'
tests_unit_debuginfo_LDADD = $(UNIT_LIBS)
tests_unit_location_SOURCES = tests/unit/location.c
tests_unit_location_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/fuzz/elf
tests_fuzz_elf_SOURCES = tests/fuzz/elf.c $(FUZZ_MAIN)
tests_fuzz_elf_LDADD = $(FDBG_LIBS)
tests_fuzz_elf_LDFLAGS = $(FUZZ_LINK)
EXTRA_DIST += tests/unit/debuginfo.rs
check_PROGRAMS += tests/tools/debuginfo-list
tests_tools_debuginfo_list_SOURCES = tests/tools/debuginfo-list.c
tests_tools_debuginfo_list_LDADD = $(FDBG_LIBS)
TESTS += tests/tools/debuginfo-compare.sh
EXTRA_DIST += tests/tools/debuginfo-compare.sh tests/tools/debuginfo-compare.py
