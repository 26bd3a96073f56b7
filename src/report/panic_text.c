/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "report/panic_text.h"

static const struct fdbg_value *field(const struct fdbg_value *value, const char *name)
{
	for (size_t i = 0; value->kind == FDBG_VALUE_STRUCT && i < value->record.n_fields; i++)
		if (fdbg_text_is(value->record.fields[i].name, name))
			return &value->record.fields[i].value;
	return NULL;
}

static uint32_t number(const struct fdbg_value *value)
{
	uint32_t number = 0;

	for (size_t i = 4; i-- > 0;)
		number = number << 8 | value->prim.bytes[i];
	return number;
}

static bool is_number(const struct fdbg_value *value)
{
	return value && value->kind == FDBG_VALUE_PRIM && value->prim.prim == FDBG_PRIM_U32;
}

/* A location as its Display writes it; false: it is none. */
static bool put_location(struct fdbg_buf *buf, const struct fdbg_value *value)
{
	const struct fdbg_value *file = field(value, "file"), *line = field(value, "line"), *column = field(value, "col");

	if (!file || file->kind != FDBG_VALUE_STR || !is_number(line) || !is_number(column))
		return false;
	fdbg_buf_string(buf, "at ");
	fdbg_buf_append(buf, file->str.data, file->str.len);
	fdbg_buf_printf(buf, ":%u:%u", number(line), number(column));
	return true;
}

void fdbg_panic_text(struct fdbg_buf *buf, const struct fdbg_named_value *values, size_t n_values, size_t max_bytes,
		     const struct fdbg_render_context *context)
{
	const struct fdbg_value *location = NULL;
	bool any = false;

	for (size_t i = 0; i < n_values && !location; i++)
		if (fdbg_text_is(values[i].name, "location") && put_location(buf, &values[i].value))
			location = &values[i].value;
	any = location != NULL;
	for (size_t i = 0; i < n_values; i++) {
		const struct fdbg_named_value *value = &values[i];

		if (&value->value == location)
			continue;
		if (any)
			fdbg_buf_string(buf, value == &values[0] && location ? ": " : ", ");
		if (!fdbg_text_is(value->name, "message") && !fdbg_text_is(value->name, "payload")) {
			fdbg_buf_append(buf, value->name.data, value->name.len);
			fdbg_buf_string(buf, " = ");
		}
		fdbg_render_debug_as(buf, &value->value, FDBG_RENDER_DEBUG, max_bytes, context);
		any = true;
	}
}
