# Heap allocations: whose they are, the report; the stream against what programs count themselves.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/heap
TESTS += tests/unit/heap
endif
tests_unit_heap_SOURCES = tests/unit/heap.c
tests_unit_heap_LDADD = $(UNIT_LIBS)
EXTRA_DIST += tests/e2e/test_heap.py
