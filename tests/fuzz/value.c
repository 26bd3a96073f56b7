/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Fuzz target: an event's named values. What can be decoded must survive being encoded and decoded again. */
#include <stdlib.h>

#include "value/encode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t decode(struct fdbg_arena *arena, const uint8_t *data, size_t size,
		     struct fdbg_named_value **values_ret)
{
	struct fdbg_cursor cursor = fdbg_cursor_over(data, size, 0);
	size_t n = 0;
	struct fdbg_error *err = fdbg_value_decode_named(&cursor, arena, values_ret, &n);

	if (err) {
		fdbg_error_destroy(err);
		return 0;
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fdbg_arena first = { 0 }, second = { 0 };
	struct fdbg_value_encoder *encoder;
	struct fdbg_named_value *values, *again;
	struct fdbg_buf buf = { 0 };
	struct fdbg_error *err = fdbg_value_encoder_create(&encoder);
	size_t n = decode(&first, data, size, &values);

	if (err)
		abort();
	for (size_t i = 0; i < n; i++) {
		err = fdbg_value_encode_named(encoder, &buf, values[i].name, &values[i].value);
		if (err)
			abort();
	}
	if (n && decode(&second, buf.data, buf.len, &again) != n)
		abort();
	fdbg_buf_deinit(&buf);
	fdbg_value_encoder_destroy(encoder);
	fdbg_arena_deinit(&first);
	fdbg_arena_deinit(&second);
	return 0;
}
