# The base library; the layers that stand on it.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/base
TESTS += tests/unit/base
endif
tests_unit_base_SOURCES = tests/unit/base.c
tests_unit_base_LDADD = $(UNIT_LIBS)
TESTS += tests/layers.py
EXTRA_DIST += tests/layers.py
