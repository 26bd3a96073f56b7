/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Shadow stacks and the limits' configuration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "trace/frames.h"
#include "trace/limits.h"

static void frames_are_found_by_function_and_address(void **state)
{
	struct fdbg_shadow frames = { 0 };
	struct fdbg_traced_function f = { 0 }, g = { 0 };
	struct fdbg_shadow_thread *thread = fdbg_shadow_of(&frames, 7), *other = fdbg_shadow_of(&frames, 8);

	(void)state;
	assert_ptr_equal(thread, fdbg_shadow_of(&frames, 7));
	assert_ptr_not_equal(thread, other);
	assert_int_equal(fdbg_shadow_current(thread), 0);
	assert_int_equal(fdbg_shadow_push(thread, &f, 0x9000, true)->id, 1);
	assert_int_equal(fdbg_shadow_push(thread, &g, 0x8000, true)->id, 2);
	assert_int_equal(fdbg_shadow_push(thread, &f, 0x7000, false)->id, 0);
	assert_int_equal(fdbg_shadow_current(thread), 2);
	assert_int_equal(fdbg_shadow_push(other, &f, 0x7000, true)->id, 1);
	assert_int_equal(fdbg_shadow_find(thread, &g, 0x8000)->id, 2);
	assert_null(fdbg_shadow_find(thread, &f, 0x8000));
	assert_null(fdbg_shadow_find(thread, &g, 0x8008));
	assert_int_equal(fdbg_shadow_find(thread, &f, 0x9000)->id, 1);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(fdbg_shadow_push(thread, &f, 0x6000 - (uint64_t)i, true)->id, 3 + i);
	for (int i = 0; i < 1000; i++)
		fdbg_shadow_pop(thread);
	assert_int_equal(fdbg_shadow_push(thread, &f, 0x6000, true)->id, 1003);
	fdbg_shadow_deinit(&frames);
}

static void limits_take_the_keys_of_the_format(void **state)
{
	struct fdbg_limits limits = FDBG_LIMITS_DEFAULT;

	(void)state;
	assert_int_equal(limits.decode.max_array, 1024);
	assert_int_equal(limits.decode.deref_limit, 12);
	assert_null(fdbg_limits_parse(&limits, "MAX_ARRAY_SIZE=100;DONT_TRACE_ALLOCATION"));
	assert_int_equal(limits.decode.max_array, 100);
	assert_true(limits.no_allocations);
	assert_null(fdbg_limits_parse(&limits, " RECURSIVE_DEREF_LIMIT = 3 ;; KEEP_HASH_ORDER=true;DONT_TRACE_ALLOCATION=false;"));
	assert_int_equal(limits.decode.deref_limit, 3);
	assert_true(limits.decode.keep_hash_order);
	assert_false(limits.no_allocations);
	assert_null(fdbg_limits_parse(&limits, ""));
	assert_int_equal(limits.decode.max_array, 100);
}

static void limits_refuse_what_is_wrong_and_change_nothing(void **state)
{
	static const char *const wrong[] = {
		"MAX_ARRAY=1", "MAX_ARRAY_SIZE", "MAX_ARRAY_SIZE=", "MAX_ARRAY_SIZE=-1", "MAX_ARRAY_SIZE=12x",
		"MAX_ARRAY_SIZE=99999999999999999999", "KEEP_HASH_ORDER=yes", "=3", "KEEP_HASH_ORDER;RECURSIVE_DEREF_LIMIT=a",
	};
	struct fdbg_limits limits = FDBG_LIMITS_DEFAULT;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct fdbg_error *err = fdbg_limits_parse(&limits, wrong[i]);

		assert_true(fdbg_error_is(err, FDBG_ERROR_USAGE));
		assert_non_null(strstr(err->message, "FIREDBG_RUST_CONFIG"));
		fdbg_error_destroy(err);
		assert_int_equal(limits.decode.max_array, 1024);
		assert_false(limits.decode.keep_hash_order);
	}
}

static void limits_read_the_last_assignment_of_an_env_file(void **state)
{
	char path[] = "/tmp/fdbg-env-XXXXXX";
	struct fdbg_limits limits = FDBG_LIMITS_DEFAULT;
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "w");
	struct fdbg_error *err;

	(void)state;
	fputs("# FIREDBG_RUST_CONFIG=MAX_ARRAY_SIZE=1\n"
	      "OTHER=x\n"
	      "FIREDBG_RUST_CONFIG=MAX_ARRAY_SIZE=5\n"
	      "export FIREDBG_RUST_CONFIG = \"MAX_ARRAY_SIZE=50;KEEP_HASH_ORDER\"  # comment\n", file);
	fflush(file);
	assert_null(fdbg_limits_parse_env_file(&limits, path));
	assert_int_equal(limits.decode.max_array, 50);
	assert_true(limits.decode.keep_hash_order);
	fputs("FIREDBG_RUST_CONFIG=MAX_ARRAY_SIZE=7 # comment\n", file);
	fflush(file);
	assert_null(fdbg_limits_parse_env_file(&limits, path));
	assert_int_equal(limits.decode.max_array, 7);
	fputs("FIREDBG_RUST_CONFIG='NONSENSE'\n", file);
	fclose(file);
	err = fdbg_limits_parse_env_file(&limits, path);
	assert_true(fdbg_error_is(err, FDBG_ERROR_USAGE));
	assert_non_null(strstr(err->message, path));
	fdbg_error_destroy(err);
	unlink(path);
	assert_null(fdbg_limits_parse_env_file(&limits, path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_found_by_function_and_address),
		cmocka_unit_test(limits_take_the_keys_of_the_format),
		cmocka_unit_test(limits_refuse_what_is_wrong_and_change_nothing),
		cmocka_unit_test(limits_read_the_last_assignment_of_an_env_file),
	};

	return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
