# The completions, asked of the shells themselves.
# The shells do not depend on the compiler: `make check SHELL_TESTS=` leaves them out.
SHELL_TESTS = tests/completions.py
TESTS += $(SHELL_TESTS)
EXTRA_DIST += tests/completions.py
