/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Values as Rust's {:?} and {:#?} text. */
#include "value/debug_internal.h"

#include <inttypes.h>
#include <stdio.h>

#include "value/escape.h"
#include "value/number.h"
#include "value/shape.h"
#include "value/typename.h"

static const char ellipsis[] = "…";

/* Takes back what is above the limit and ends the text. */
static void enforce_limit(struct fdbg_debug *debug)
{
	size_t end;

	if (debug->buf->failed || debug->buf->len - debug->start <= debug->max_bytes)
		return;
	end = debug->start + debug->max_bytes;
	while (end > debug->start && (debug->buf->data[end] & 0xc0) == 0x80)
		end--;
	debug->buf->len = end;
	fdbg_buf_string(debug->buf, ellipsis);
	debug->stopped = true;
}

void fdbg_debug_put(struct fdbg_debug *debug, const char *data, size_t len)
{
	if (debug->stopped)
		return;
	fdbg_buf_append(debug->buf, data, len);
	enforce_limit(debug);
}

void fdbg_debug_text(struct fdbg_debug *debug, const char *text)
{
	fdbg_debug_put(debug, text, strlen(text));
}

static void new_line(struct fdbg_debug *debug)
{
	fdbg_debug_text(debug, "\n");
	for (unsigned int i = 0; i < debug->indent; i++)
		fdbg_debug_text(debug, "    ");
}

struct fdbg_debug_group fdbg_debug_open(struct fdbg_debug *debug, const char *open, const char *close,
					bool padded)
{
	fdbg_debug_text(debug, open);
	return (struct fdbg_debug_group){ close, padded, false };
}

void fdbg_debug_item_begin(struct fdbg_debug *debug, struct fdbg_debug_group *group)
{
	if (debug->pretty) {
		if (!group->any)
			debug->indent++;
		new_line(debug);
	} else if (group->any) {
		fdbg_debug_text(debug, ", ");
	} else if (group->padded) {
		fdbg_debug_text(debug, " ");
	}
	group->any = true;
}

void fdbg_debug_item_end(struct fdbg_debug *debug, struct fdbg_debug_group *group)
{
	(void)group;
	if (debug->pretty)
		fdbg_debug_text(debug, ",");
}

void fdbg_debug_field(struct fdbg_debug *debug, struct fdbg_debug_group *group, struct fdbg_text name,
		      const struct fdbg_value *value)
{
	fdbg_debug_item_begin(debug, group);
	fdbg_debug_put(debug, name.data, name.len);
	fdbg_debug_text(debug, ": ");
	fdbg_debug_value(debug, value);
	fdbg_debug_item_end(debug, group);
}

void fdbg_debug_rest(struct fdbg_debug *debug, struct fdbg_debug_group *group, const char *mark)
{
	/* `Name { .. }` stays on one line when there is no field. */
	if (!group->any && group->padded) {
		fdbg_debug_text(debug, " ");
		fdbg_debug_text(debug, mark);
		fdbg_debug_text(debug, " ");
		return;
	}
	fdbg_debug_item_begin(debug, group);
	fdbg_debug_text(debug, mark);
}

void fdbg_debug_close(struct fdbg_debug *debug, struct fdbg_debug_group *group)
{
	if (group->any && debug->pretty) {
		debug->indent--;
		new_line(debug);
	} else if (group->any && group->padded) {
		fdbg_debug_text(debug, " ");
	}
	fdbg_debug_text(debug, group->close);
}

void fdbg_debug_wrap(struct fdbg_debug *debug, const char *name, const struct fdbg_value *value)
{
	struct fdbg_debug_group group;

	fdbg_debug_text(debug, name);
	group = fdbg_debug_open(debug, "(", ")", false);
	fdbg_debug_item_begin(debug, &group);
	fdbg_debug_value(debug, value);
	fdbg_debug_item_end(debug, &group);
	fdbg_debug_close(debug, &group);
}

/* Raw pointers: 16 digits in the pretty form (std-types.md, section 3). */
void fdbg_debug_address(struct fdbg_debug *debug, uint64_t address)
{
	char text[24];

	snprintf(text, sizeof(text), debug->pretty ? "0x%016" PRIx64 : "0x%" PRIx64, address);
	fdbg_debug_text(debug, text);
}

void fdbg_debug_charge(struct fdbg_debug *debug, size_t len)
{
	size_t nodes = len / 64;

	debug->n_nodes_left -= nodes < debug->n_nodes_left ? nodes : debug->n_nodes_left;
}

static enum fdbg_escape_flavour flavour_of(const struct fdbg_debug *debug)
{
	return debug->minor < FDBG_MINOR_UNICODE ? FDBG_ESCAPE_STR | FDBG_ESCAPE_OLD_TABLE : FDBG_ESCAPE_STR;
}

static void put_prim(struct fdbg_debug *debug, const struct fdbg_value *value)
{
	const uint8_t *bytes = value->prim.bytes;

	if (debug->stopped)
		return;
	switch (value->prim.prim) {
	case FDBG_PRIM_BOOL:
		if (bytes[0] < 2)
			fdbg_buf_string(debug->buf, bytes[0] ? "true" : "false");
		else
			fdbg_buf_printf(debug->buf, "<bool 0x%02x>", bytes[0]);
		break;
	case FDBG_PRIM_CHAR:
		fdbg_escape_char(debug->buf, (uint32_t)fdbg_number_low(bytes), flavour_of(debug));
		break;
	case FDBG_PRIM_F32:
	case FDBG_PRIM_F64:
		fdbg_number_float(debug->buf, value->prim.prim, bytes, FDBG_FLOAT_DEBUG);
		break;
	default:
		fdbg_number_integer(debug->buf, value->prim.prim, bytes);
		break;
	}
	enforce_limit(debug);
}

static void put_bytes(struct fdbg_debug *debug, const struct fdbg_value *value)
{
	struct fdbg_debug_group group = fdbg_debug_open(debug, "[", "]", false);

	fdbg_debug_charge(debug, value->bytes.len);
	for (size_t i = 0; i < value->bytes.len && !debug->stopped; i++) {
		char number[4];

		fdbg_debug_item_begin(debug, &group);
		snprintf(number, sizeof(number), "%u", value->bytes.data[i]);
		fdbg_debug_text(debug, number);
		fdbg_debug_item_end(debug, &group);
	}
	if (value->cut)
		fdbg_debug_rest(debug, &group, ellipsis);
	fdbg_debug_close(debug, &group);
}

static void put_array(struct fdbg_debug *debug, const struct fdbg_value *value)
{
	struct fdbg_debug_group group = fdbg_debug_open(debug, "[", "]", false);

	for (size_t i = 0; i < value->array.n_items && !debug->stopped; i++) {
		fdbg_debug_item_begin(debug, &group);
		fdbg_debug_value(debug, &value->array.items[i]);
		fdbg_debug_item_end(debug, &group);
	}
	if (value->cut)
		fdbg_debug_rest(debug, &group, ellipsis);
	fdbg_debug_close(debug, &group);
}

static void put_string(struct fdbg_debug *debug, const void *data, size_t len, bool cut)
{
	/* Escapes make a text longer, never shorter: what is beyond the limit need not be looked at. */
	if (len > debug->max_bytes)
		len = debug->max_bytes + 1;
	if (debug->stopped)
		return;
	fdbg_debug_charge(debug, len);
	fdbg_buf_byte(debug->buf, '"');
	fdbg_escape_string(debug->buf, data, len, flavour_of(debug));
	fdbg_buf_string(debug->buf, cut ? "…\"" : "\"");
	enforce_limit(debug);
}

static void put_ref(struct fdbg_debug *debug, const struct fdbg_value *value)
{
	char text[32];

	if (value->ref.kind == FDBG_REF_PTR) {
		fdbg_debug_address(debug, value->ref.address);
	} else if (value->ref.target) {
		fdbg_debug_value(debug, value->ref.target);
	} else {
		snprintf(text, sizeof(text), "&<0x%" PRIx64 ">", value->ref.address);
		fdbg_debug_text(debug, text);
	}
}

/* What derive(Debug) prints of named or numbered fields behind a name that may be empty (a tuple's). */
static void put_derived(struct fdbg_debug *debug, struct fdbg_text name, const struct fdbg_field *fields,
			size_t n_fields)
{
	struct fdbg_debug_group group;
	bool tuple = fdbg_shape_is_tuple(fields, n_fields);

	fdbg_debug_put(debug, name.data, name.len);
	if (!n_fields)
		return;
	group = tuple ? fdbg_debug_open(debug, "(", ")", false) : fdbg_debug_open(debug, " {", "}", true);
	for (size_t i = 0; i < n_fields && !debug->stopped; i++) {
		if (!tuple) {
			fdbg_debug_field(debug, &group, fields[i].name, &fields[i].value);
			continue;
		}
		fdbg_debug_item_begin(debug, &group);
		fdbg_debug_value(debug, &fields[i].value);
		fdbg_debug_item_end(debug, &group);
	}
	if (!name.len && n_fields == 1 && !debug->pretty)
		fdbg_debug_text(debug, ",");
	fdbg_debug_close(debug, &group);
}

static void put_struct(struct fdbg_debug *debug, const struct fdbg_value *value)
{
	struct fdbg_text type = value->record.type;
	const struct fdbg_value *bytes;
	struct fdbg_text name = { NULL, 0 };

	if (fdbg_shape_string(value, &bytes)) {
		put_string(debug, bytes->bytes.data, bytes->bytes.len, bytes->cut);
		return;
	}
	if (fdbg_debug_show(debug, value) || fdbg_debug_std(debug, type, value))
		return;
	if (!fdbg_text_starts(type, "("))
		name = fdbg_typename_short(type);
	else if (!value->record.n_fields)
		name = FDBG_TEXT("()");
	put_derived(debug, name, value->record.fields, value->record.n_fields);
}

static void put_variant(struct fdbg_debug *debug, const struct fdbg_value *value)
{
	struct fdbg_text name = FDBG_TEXT("<unknown variant>");

	if (fdbg_debug_std(debug, value->variant.type, value))
		return;
	if (value->variant.index < value->variant.n_variants)
		name = value->variant.variants[value->variant.index];
	put_derived(debug, name, value->variant.fields, value->variant.n_fields);
}

void fdbg_debug_value(struct fdbg_debug *debug, const struct fdbg_value *value)
{
	if (debug->stopped)
		return;
	if (debug->depth >= FDBG_RENDER_MAX_DEPTH) {
		fdbg_debug_text(debug, ellipsis);
		return;
	}
	if (!debug->n_nodes_left) {
		fdbg_debug_text(debug, ellipsis);
		debug->stopped = true;
		return;
	}
	debug->n_nodes_left--;
	debug->depth++;
	switch (value->kind) {
	case FDBG_VALUE_OPAQUE:
		fdbg_debug_text(debug, value->opaque.optimized_out ? "<optimized out>" : "<unreadable>");
		break;
	case FDBG_VALUE_UNIT:
		fdbg_debug_text(debug, "()");
		break;
	case FDBG_VALUE_PRIM:
		put_prim(debug, value);
		break;
	case FDBG_VALUE_BYTES:
		put_bytes(debug, value);
		break;
	case FDBG_VALUE_STR:
		put_string(debug, value->str.data, value->str.len, value->cut);
		break;
	case FDBG_VALUE_ARRAY:
		put_array(debug, value);
		break;
	case FDBG_VALUE_REF:
		put_ref(debug, value);
		break;
	case FDBG_VALUE_STRUCT:
		put_struct(debug, value);
		break;
	case FDBG_VALUE_ENUM:
		fdbg_debug_put(debug, value->enumeration.variant.data, value->enumeration.variant.len);
		break;
	case FDBG_VALUE_VARIANT:
		put_variant(debug, value);
		break;
	}
	debug->depth--;
}

struct fdbg_render_context fdbg_render_context_of(struct fdbg_text rustc)
{
	struct fdbg_render_context context = { 0 };

	if (!fdbg_text_starts(rustc, "1."))
		return context;
	for (size_t i = 2; i < rustc.len && i < 7 && rustc.data[i] >= '0' && rustc.data[i] <= '9'; i++)
		context.rustc_minor = context.rustc_minor * 10 + (uint32_t)(rustc.data[i] - '0');
	return context;
}

void fdbg_render_debug(struct fdbg_buf *buf, const struct fdbg_value *value, enum fdbg_render_style style,
		       size_t max_bytes)
{
	fdbg_render_debug_as(buf, value, style, max_bytes, NULL);
}

void fdbg_render_debug_as(struct fdbg_buf *buf, const struct fdbg_value *value, enum fdbg_render_style style,
			  size_t max_bytes, const struct fdbg_render_context *context)
{
	struct fdbg_debug debug = {
		.buf = buf,
		.pretty = style == FDBG_RENDER_PRETTY,
		.start = buf->len,
		.max_bytes = max_bytes && max_bytes < FDBG_RENDER_MAX_BYTES ? max_bytes : FDBG_RENDER_MAX_BYTES,
		.minor = context && context->rustc_minor ? context->rustc_minor : UINT32_MAX,
		.n_nodes_left = FDBG_RENDER_MAX_NODES,
	};

	fdbg_debug_value(&debug, value);
}

bool fdbg_value_is_err(const struct fdbg_value *value)
{
	return value->kind == FDBG_VALUE_VARIANT &&
		fdbg_text_starts(value->variant.type, "core::result::Result<") &&
	       value->variant.index < value->variant.n_variants &&
	       fdbg_text_is(value->variant.variants[value->variant.index], "Err");
}
