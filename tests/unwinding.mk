# Unwinding and async functions.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/unwinding
TESTS += tests/unit/unwinding
endif
tests_unit_unwinding_SOURCES = tests/unit/unwinding.c
tests_unit_unwinding_LDADD = $(UNIT_LIBS)
EXTRA_DIST += tests/e2e/gen_async.py tests/e2e/gen_panic.py tests/e2e/test_async.py tests/e2e/test_unwinding.py \
	tests/e2e/tokio_async.py
