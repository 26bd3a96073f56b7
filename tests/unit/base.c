/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Errors, buffers, arena, hash tables and memory views. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/memview.h"

static void error_keeps_code_and_puts_context_first(void **state)
{
	struct fdbg_error *err = fdbg_error_errno(2, "cannot open %s", "x");

	(void)state;
	err = fdbg_error_prefix(err, "recording %d", 7);
	assert_int_equal(err->code, FDBG_ERROR_IO);
	assert_int_equal(err->errnum, 2);
	assert_string_equal(err->message, "recording 7: cannot open x: No such file or directory");
	fdbg_error_destroy(err);
	assert_null(fdbg_error_prefix(NULL, "x"));
}

static void buf_grows_and_is_reused(void **state)
{
	struct fdbg_buf buf = { 0 };
	const uint8_t be[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08 };

	(void)state;
	for (int i = 0; i < 10000; i++)
		fdbg_buf_byte(&buf, (uint8_t)i);
	assert_int_equal(buf.len, 10000);
	fdbg_buf_clear(&buf);
	fdbg_buf_be64(&buf, 0x0102030405060708);
	assert_int_equal(buf.len, 8);
	assert_memory_equal(buf.data, be, 8);
	fdbg_buf_decimal(&buf, UINT64_MAX);
	fdbg_buf_printf(&buf, "-%s", "end");
	assert_string_equal(fdbg_buf_cstr(&buf) + 8, "18446744073709551615-end");
	assert_null(fdbg_buf_error(&buf));
	assert_null(fdbg_buf_reserve(&buf, SIZE_MAX));
	assert_ptr_equal(fdbg_buf_error(&buf), &fdbg_error_nomem);
	fdbg_buf_deinit(&buf);
}

static void arena_zeroes_again_after_reset(void **state)
{
	struct fdbg_arena arena = { 0 };

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (size_t size = 1; size < 300000; size = size * 3 + 1) {
			unsigned char *data = fdbg_arena_alloc(&arena, size);

			assert_non_null(data);
			assert_int_equal((uintptr_t)data % 16, 0);
			for (size_t i = 0; i < size; i++)
				assert_int_equal(data[i], 0);
			memset(data, 0xff, size);
		}
		fdbg_arena_reset(&arena);
		assert_int_equal(arena.total, 0);
	}
	assert_null(fdbg_arena_array(&arena, SIZE_MAX / 2, 4));
	fdbg_arena_deinit(&arena);
}

static void map_agrees_with_an_array(void **state)
{
	struct fdbg_map map = { 0 };
	static bool there[997];
	uint64_t random = 1, value, key;
	size_t iter = 0, n = 0, expected = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		key = (random >> 33) % 997;
		if (random >> 63) {
			assert_true(fdbg_map_set(&map, key, key * 3));
			there[key] = true;
		} else {
			assert_int_equal(fdbg_map_remove(&map, key), there[key]);
			there[key] = false;
		}
	}
	for (key = 0; key < 997; key++) {
		assert_int_equal(fdbg_map_get(&map, key, &value), there[key]);
		if (there[key])
			assert_int_equal(value, key * 3);
		expected += there[key];
	}
	while (fdbg_map_next(&map, &iter, &key, &value))
		n += there[key];
	assert_int_equal(n, expected);
	fdbg_map_deinit(&map);
}

static void strmap_keeps_the_last_value(void **state)
{
	struct fdbg_strmap map = { 0 };
	static char keys[500][8];
	uint64_t value;

	(void)state;
	for (int i = 0; i < 500; i++) {
		int len = snprintf(keys[i], sizeof(keys[i]), "k%d", i);

		assert_true(fdbg_strmap_set(&map, (struct fdbg_text){ keys[i], (size_t)len }, 0));
		assert_true(fdbg_strmap_set(&map, (struct fdbg_text){ keys[i], (size_t)len }, (uint64_t)i));
	}
	assert_int_equal(map.n_used, 500);
	assert_true(fdbg_strmap_get(&map, FDBG_TEXT("k317"), &value));
	assert_int_equal(value, 317);
	assert_false(fdbg_strmap_get(&map, FDBG_TEXT("k500"), &value));
	fdbg_strmap_deinit(&map);
}

/* A target whose memory at address a holds the byte a % 251, except for one page that faults. */
static struct fdbg_error *fetch(void *context, struct fdbg_memview_want *wants, size_t n_wants)
{
	++*(int *)context;
	for (size_t i = 0; i < n_wants; i++) {
		if (wants[i].address + wants[i].size > 0x5000 && wants[i].address < 0x6000)
			continue;
		for (size_t k = 0; k < wants[i].size; k++)
			wants[i].bytes[k] = (uint8_t)((wants[i].address + k) % 251);
		wants[i].done = true;
	}
	return NULL;
}

static void memview_fetches_a_level_at_once(void **state)
{
	struct fdbg_arena arena = { 0 };
	int batches = 0;
	struct fdbg_memview view = { .arena = &arena, .fetch = fetch, .fetch_context = &batches };
	const uint8_t *bytes;
	uint8_t captured[16];

	(void)state;
	memset(captured, 9, sizeof(captured));
	assert_true(fdbg_memview_add(&view, 0x1000, captured, sizeof(captured)));
	assert_int_equal(fdbg_memview_get(&view, 0x1004, 12, &bytes), FDBG_MEMVIEW_READY);
	assert_int_equal(bytes[0], 9);
	/* Beyond what was captured: only the rest is wanted, and both parts come back contiguous. */
	assert_int_equal(fdbg_memview_get(&view, 0x1008, 16, &bytes), FDBG_MEMVIEW_PENDING);
	assert_int_equal(fdbg_memview_get(&view, 0x2000, 100, &bytes), FDBG_MEMVIEW_PENDING);
	assert_int_equal(fdbg_memview_get(&view, 0x5ff0, 8, &bytes), FDBG_MEMVIEW_PENDING);
	assert_int_equal(view.n_wants, 3);
	assert_int_equal(view.wants[0].address, 0x1010);
	assert_null(fdbg_memview_fetch(&view));
	assert_int_equal(batches, 1);
	assert_int_equal(fdbg_memview_get(&view, 0x1008, 16, &bytes), FDBG_MEMVIEW_READY);
	assert_int_equal(bytes[7], 9);
	assert_int_equal(bytes[8], 0x1010 % 251);
	assert_int_equal(fdbg_memview_get(&view, 0x2001, 99, &bytes), FDBG_MEMVIEW_READY);
	assert_int_equal(fdbg_memview_get(&view, 0x5ff4, 2, &bytes), FDBG_MEMVIEW_FAULT);
	assert_int_equal(fdbg_memview_get(&view, UINT64_MAX, 2, &bytes), FDBG_MEMVIEW_FAULT);
	assert_int_equal(fdbg_memview_get(&view, 0, 0, &bytes), FDBG_MEMVIEW_READY);
	fdbg_arena_deinit(&arena);
}

static void memview_limits_what_an_event_fetches(void **state)
{
	struct fdbg_arena arena = { 0 };
	int batches = 0;
	struct fdbg_memview view = { .arena = &arena, .fetch = fetch, .fetch_context = &batches, .fetch_limit = 100 };
	const uint8_t *bytes;

	(void)state;
	assert_int_equal(fdbg_memview_get(&view, 0x1000, 60, &bytes), FDBG_MEMVIEW_PENDING);
	assert_int_equal(fdbg_memview_get(&view, 0x2000, 60, &bytes), FDBG_MEMVIEW_FAULT);
	assert_int_equal(fdbg_memview_get(&view, 0x3000, 40, &bytes), FDBG_MEMVIEW_PENDING);
	assert_null(fdbg_memview_fetch(&view));
	fdbg_memview_reset(&view);
	assert_int_equal(fdbg_memview_get(&view, 0x1000, 60, &bytes), FDBG_MEMVIEW_PENDING);
	view.fetch = NULL;
	assert_int_equal(fdbg_memview_get(&view, 0x2000, 1, &bytes), FDBG_MEMVIEW_FAULT);
	fdbg_arena_deinit(&arena);
}

static uint8_t pattern(uint64_t address)
{
	return (uint8_t)(address * 7 ^ address >> 8);
}

static struct fdbg_error *fetch_pattern(void *context, struct fdbg_memview_want *wants, size_t n_wants)
{
	*(size_t *)context += n_wants;
	for (size_t i = 0; i < n_wants; i++) {
		for (size_t k = 0; k < wants[i].size; k++)
			wants[i].bytes[k] = pattern(wants[i].address + k);
		wants[i].done = wants[i].address % 3 != 0;
	}
	return NULL;
}

/* Many pieces of all sizes: what one by one would find is found, nothing is wanted twice, and it takes no time. */
static void memview_holds_many(void **state)
{
	enum { N = 50000 };
	static const size_t sizes[] = { 1, 8, 24, 200, 256, 300, 5000 };
	struct fdbg_arena arena = { 0 };
	size_t fetched = 0;
	struct fdbg_memview view = { .arena = &arena, .fetch = fetch_pattern, .fetch_context = &fetched };
	const uint8_t *bytes;

	(void)state;
	for (unsigned int round = 0; round < 2; round++) {
		for (uint64_t i = 0; i < N; i++) {
			uint64_t address = 0x10000001 + (i * 7919 % N) * 0x2003;
			size_t size = i % 1000 ? sizes[i % 6] : 5000;
			enum fdbg_memview_state got = fdbg_memview_get(&view, address, size, &bytes);

			if (!round) {
				assert_int_equal(got, FDBG_MEMVIEW_PENDING);
				continue;
			}
			assert_int_equal(got, address % 3 ? FDBG_MEMVIEW_READY : FDBG_MEMVIEW_FAULT);
			for (size_t k = 0; address % 3 && k < size; k += 97)
				assert_int_equal(bytes[k], pattern(address + k));
			assert_int_equal(fdbg_memview_get(&view, address - 1, 1, &bytes), FDBG_MEMVIEW_PENDING);
			assert_int_equal(fdbg_memview_get(&view, address - 1, 1, &bytes), FDBG_MEMVIEW_PENDING);
		}
		assert_int_equal(view.n_wants, N);
		assert_null(fdbg_memview_fetch(&view));
	}
	assert_int_equal(fetched, 2 * N);
	/* Over the border of two pieces. */
	assert_int_equal(fdbg_memview_get(&view, 0x10000000, 9, &bytes), FDBG_MEMVIEW_READY);
	/* Up to the last byte of memory, not around. */
	assert_true(fdbg_memview_add(&view, UINT64_MAX - 3, bytes, 4));
	assert_int_equal(fdbg_memview_get(&view, UINT64_MAX - 3, 4, &bytes), FDBG_MEMVIEW_READY);
	assert_int_equal(fdbg_memview_get(&view, 0, 1, &bytes), FDBG_MEMVIEW_PENDING);
	fdbg_arena_deinit(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(error_keeps_code_and_puts_context_first),
		cmocka_unit_test(buf_grows_and_is_reused),
		cmocka_unit_test(arena_zeroes_again_after_reset),
		cmocka_unit_test(map_agrees_with_an_array),
		cmocka_unit_test(strmap_keeps_the_last_value),
		cmocka_unit_test(memview_fetches_a_level_at_once),
		cmocka_unit_test(memview_holds_many),
		cmocka_unit_test(memview_limits_what_an_event_fetches),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
