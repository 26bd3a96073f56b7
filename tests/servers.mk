# Any server, any machine: end-to-end tests, run by tests/e2e/run.sh with the others.
EXTRA_DIST += tests/e2e/test_doctor.py tests/e2e/test_exec.py tests/e2e/test_latency.py tests/e2e/test_links.py tests/e2e/test_many_threads.py tests/e2e/test_matrix.py tests/e2e/test_orphans.py tests/e2e/test_start_there.py
