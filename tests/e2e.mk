# End-to-end tests: one runner.
E2E_TESTS = tests/e2e/run.sh
TESTS += $(E2E_TESTS)
EXTRA_DIST += \
	tests/e2e/test_arguments.py tests/e2e/gen.py tests/e2e/gen_std_a.py tests/e2e/gen_std_b.py tests/e2e/gen_types.py tests/e2e/harness.py tests/e2e/run.py tests/e2e/run.sh \
	tests/e2e/test_children.py tests/e2e/test_code_values.py tests/e2e/test_examples.py tests/e2e/test_executables.py \
	tests/e2e/test_exit.py tests/e2e/test_fib.py \
	tests/e2e/test_generated.py tests/e2e/test_harness.py tests/e2e/test_incomplete_types.py tests/e2e/test_interrupt.py tests/e2e/test_io.py tests/e2e/test_limits.py \
	tests/e2e/test_many_functions.py tests/e2e/test_options.py tests/e2e/test_panic.py \
	tests/e2e/test_attach.py tests/e2e/test_lldb.py tests/e2e/test_qemu.py tests/e2e/test_remote.py \
	tests/e2e/test_readers.py tests/e2e/test_recursive_types.py tests/e2e/test_returns.py \
	tests/e2e/test_signals.py tests/e2e/test_threads.py tests/e2e/test_visualizers.py \
	tests/e2e/test_wrong_use.py
EXTRA_DIST += .ci/run examples/calc.rs examples/fib.rs examples/shapes.rs examples/workers.rs \
	bench/README.md bench/run bench/steps.rs
# Compiled test programs.
clean-local: e2e-clean
e2e-clean:
	rm -rf tests/e2e/cache
.PHONY: e2e-clean
