# The completions, asked of the shells themselves.
TESTS += tests/completions.py
EXTRA_DIST += tests/completions.py
