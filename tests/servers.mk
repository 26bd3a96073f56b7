# Any server, any machine: end-to-end tests, run by tests/e2e/run.sh with the others.
EXTRA_DIST += tests/e2e/test_exec.py
