# Texts of the standard library's types that depend on the compiler.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/render_std
TESTS += tests/unit/render_std
endif
tests_unit_render_std_SOURCES = tests/unit/render_std.c
tests_unit_render_std_LDADD = $(UNIT_LIBS)
