# Values that random programs do not make.
EXTRA_DIST += tests/e2e/test_values.py
