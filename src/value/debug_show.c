/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Structs with a template of their own (value/show.h) as text. */
#include <inttypes.h>
#include <stdio.h>

#include "value/debug_internal.h"
#include "value/escape.h"
#include "value/shape.h"
#include "value/show.h"

static const char ellipsis[] = "…";

/*
 * Long data count against the limit on nodes: a file may share a megabyte, or name a field a million times.
 * False: the limit is reached.
 */
static bool charge(struct fdbg_debug *debug, size_t len)
{
	size_t nodes = 1 + len / 8;

	if (nodes <= debug->n_nodes_left) {
		debug->n_nodes_left -= nodes;
		return true;
	}
	fdbg_debug_text(debug, ellipsis);
	debug->n_nodes_left = 0;
	debug->stopped = true;
	return false;
}

static const struct fdbg_value *find(const struct fdbg_value *value, struct fdbg_text name)
{
	for (size_t i = 1; i < value->record.n_fields; i++)
		if (fdbg_text_equal(value->record.fields[i].name, name))
			return &value->record.fields[i].value;
	return NULL;
}

/* The items from..to of a value that has items; false: it has not that many. */
static bool cut_out(const struct fdbg_value *value, size_t from, size_t to, struct fdbg_value *ret)
{
	size_t len = value->kind == FDBG_VALUE_BYTES ? value->bytes.len :
		     value->kind == FDBG_VALUE_ARRAY ? value->array.n_items : 0;

	if (from > to || to > len)
		return false;
	*ret = *value;
	ret->cut = false;
	if (value->kind == FDBG_VALUE_BYTES) {
		ret->bytes.data += from;
		ret->bytes.len = to - from;
	} else if (value->kind == FDBG_VALUE_ARRAY) {
		ret->array.items += from;
		ret->array.n_items = to - from;
	}
	return true;
}

/* Little-endian bytes as one number, with all its digits. */
static void put_hex_number(struct fdbg_debug *debug, const uint8_t *bytes, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	char digits[40];

	for (size_t i = 0; i < len; i++) {
		digits[2 * i] = hex[bytes[len - 1 - i] >> 4];
		digits[2 * i + 1] = hex[bytes[len - 1 - i] & 15];
	}
	fdbg_debug_put(debug, digits, 2 * len);
}

static void put_hex(struct fdbg_debug *debug, const struct fdbg_value *value)
{
	const struct fdbg_value *inner = fdbg_shape_peel(value);
	char digits[20];

	switch (inner->kind) {
	case FDBG_VALUE_PRIM:
		if (inner->prim.prim == FDBG_PRIM_BOOL || inner->prim.prim == FDBG_PRIM_CHAR ||
		    inner->prim.prim == FDBG_PRIM_F32 || inner->prim.prim == FDBG_PRIM_F64)
			break;
		put_hex_number(debug, inner->prim.bytes, fdbg_prim_size(inner->prim.prim));
		return;
	case FDBG_VALUE_BYTES:
		if (!charge(debug, inner->bytes.len))
			return;
		for (size_t i = 0; i < inner->bytes.len && !debug->stopped; i++)
			put_hex_number(debug, &inner->bytes.data[i], 1);
		if (inner->cut)
			fdbg_debug_text(debug, ellipsis);
		return;
	case FDBG_VALUE_REF:
		snprintf(digits, sizeof(digits), "%016" PRIx64, inner->ref.address);
		fdbg_debug_text(debug, digits);
		return;
	default:
		break;
	}
	fdbg_debug_value(debug, value);
}

static void put_text(struct fdbg_debug *debug, const struct fdbg_value *value)
{
	const struct fdbg_value *bytes;
	struct fdbg_text text;
	struct fdbg_buf escaped = { 0 };

	if (value->kind == FDBG_VALUE_REF && value->ref.kind != FDBG_REF_PTR && value->ref.target)
		value = value->ref.target;
	if (value->kind == FDBG_VALUE_STR) {
		text = value->str;
	} else if (fdbg_shape_string(value, &bytes)) {
		text = (struct fdbg_text){ (const char *)bytes->bytes.data, bytes->bytes.len };
		value = bytes;
	} else {
		fdbg_debug_value(debug, value);
		return;
	}
	if (!charge(debug, text.len))
		return;
	if (text.len > debug->max_bytes)
		text.len = debug->max_bytes + 1;
	fdbg_escape_string(&escaped, text.data, text.len, FDBG_ESCAPE_STR);
	fdbg_debug_put(debug, (const char *)escaped.data, escaped.len);
	if (value->cut)
		fdbg_debug_text(debug, ellipsis);
	debug->buf->failed |= escaped.failed;
	fdbg_buf_deinit(&escaped);
}

/* A byte string literal. */
static void put_byte_string(struct fdbg_debug *debug, const struct fdbg_value *value)
{
	if (value->kind != FDBG_VALUE_BYTES) {
		fdbg_debug_value(debug, value);
		return;
	}
	if (!charge(debug, value->bytes.len))
		return;
	fdbg_debug_text(debug, "b\"");
	for (size_t i = 0; i < value->bytes.len && !debug->stopped; i++) {
		static const char special[] = "\nn\rr\tt\\\\\"\"", *at;
		uint8_t byte = value->bytes.data[i];
		char text[8] = { '\\', '0' };

		/* Pairs: a byte, the letter behind its backslash. */
		for (at = special; *at && (uint8_t)*at != byte; at += 2) {
		}
		if (*at)
			text[1] = at[1];
		else if (byte >= 0x20 && byte < 0x7f)
			snprintf(text, sizeof(text), "%c", byte);
		else if (byte)
			snprintf(text, sizeof(text), "\\x%02x", byte);
		fdbg_debug_text(debug, text);
	}
	if (value->cut)
		fdbg_debug_text(debug, ellipsis);
	fdbg_debug_text(debug, "\"");
}

static void put_braced(struct fdbg_debug *debug, const struct fdbg_value *value, bool pairs)
{
	struct fdbg_debug_group group;

	if (value->kind != FDBG_VALUE_ARRAY) {
		fdbg_debug_value(debug, value);
		return;
	}
	group = fdbg_debug_open(debug, "{", "}", false);
	for (size_t i = 0; i < value->array.n_items && !debug->stopped; i++) {
		const struct fdbg_value *item = &value->array.items[i];

		fdbg_debug_item_begin(debug, &group);
		if (pairs && item->kind == FDBG_VALUE_STRUCT && item->record.n_fields == 2) {
			fdbg_debug_value(debug, &item->record.fields[0].value);
			fdbg_debug_text(debug, ": ");
			fdbg_debug_value(debug, &item->record.fields[1].value);
		} else {
			fdbg_debug_value(debug, item);
		}
		fdbg_debug_item_end(debug, &group);
	}
	if (value->cut)
		fdbg_debug_rest(debug, &group, ellipsis);
	fdbg_debug_close(debug, &group);
}

static void put_field(struct fdbg_debug *debug, const struct fdbg_value *value,
		      const struct fdbg_show_piece *piece)
{
	struct fdbg_value part;

	if (value && piece->has_range)
		value = cut_out(value, piece->from, piece->to, &part) ? &part : NULL;
	if (!value) {
		fdbg_debug_text(debug, "<missing>");
		return;
	}
	switch (piece->format) {
	case FDBG_SHOW_DEBUG:
		fdbg_debug_value(debug, value);
		break;
	case FDBG_SHOW_HEX:
		put_hex(debug, value);
		break;
	case FDBG_SHOW_TEXT:
		put_text(debug, value);
		break;
	case FDBG_SHOW_BYTES:
		put_byte_string(debug, value);
		break;
	case FDBG_SHOW_MAP:
	case FDBG_SHOW_SET:
		put_braced(debug, value, piece->format == FDBG_SHOW_MAP);
		break;
	}
}

bool fdbg_debug_show(struct fdbg_debug *debug, const struct fdbg_value *value)
{
	struct fdbg_show_piece piece;
	struct fdbg_text rest;
	enum fdbg_show_result result;

	if (!fdbg_show_template(value, &rest))
		return false;
	if (!charge(debug, rest.len))
		return true;
	while (!debug->stopped && charge(debug, 0) && (result = fdbg_show_next(&rest, &piece, NULL)) != FDBG_SHOW_END) {
		if (result == FDBG_SHOW_BAD) {
			/* The recording is not ours; what can be shown is shown. */
			fdbg_debug_put(debug, rest.data, rest.len);
			break;
		}
		if (piece.field)
			put_field(debug, find(value, piece.text), &piece);
		else
			fdbg_debug_put(debug, piece.text.data, piece.text.len);
	}
	return true;
}
