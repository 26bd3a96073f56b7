/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Fuzz target: an event's named values as text. The JSON must be JSON, and a limit on the text must hold. */
#include <stdlib.h>

#include <jansson.h>

#include "value/digest.h"
#include "value/encode.h"
#include "value/render.h"
#include "value/tall.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void render(const struct fdbg_value *value)
{
	struct fdbg_buf buf = { 0 };
	json_error_t error;
	json_t *json;

	fdbg_render_debug(&buf, value, FDBG_RENDER_DEBUG, 0);
	fdbg_buf_clear(&buf);
	fdbg_render_debug(&buf, value, FDBG_RENDER_PRETTY, 100);
	if (buf.len > 100 + sizeof("…") - 1)
		abort();
	fdbg_buf_clear(&buf);
	fdbg_render_json(&buf, value);
	/* Nesting that is too deep and NULs in keys are jansson's own limits. */
	json = json_loadb((const char *)buf.data, buf.len, JSON_ALLOW_NUL, &error);
	if (!json && json_error_code(&error) != json_error_stack_overflow &&
	    json_error_code(&error) != json_error_null_byte_in_key)
		abort();
	json_decref(json);
	fdbg_value_is_err(value);
	fdbg_buf_clear(&buf);
	fdbg_render_tall(&buf, value);
	fdbg_buf_clear(&buf);
	fdbg_value_digest(&buf, value);
	fdbg_buf_clear(&buf);
	fdbg_value_type_name(&buf, value);
	fdbg_buf_clear(&buf);
	if (!fdbg_value_type_attributes(&buf, value) && buf.len)
		abort();
	fdbg_buf_deinit(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fdbg_cursor cursor = fdbg_cursor_over(data, size, 0);
	struct fdbg_arena arena = { 0 };
	struct fdbg_named_value *values;
	size_t n = 0;
	struct fdbg_error *err = fdbg_value_decode_named(&cursor, &arena, &values, &n);

	fdbg_error_destroy(err);
	for (size_t i = 0; !err && i < n; i++)
		render(&values[i].value);
	fdbg_arena_deinit(&arena);
	return 0;
}
