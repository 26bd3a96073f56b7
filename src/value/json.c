/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Values as the JSON of stream-format.md section 4. */
#include <inttypes.h>
#include <stdio.h>

#include "base/map.h"
#include "value/escape.h"
#include "value/lifted.h"
#include "value/number.h"
#include "value/render.h"

struct json {
	struct fdbg_buf *buf;
	size_t start;
	unsigned int depth;
	size_t n_nodes_left;
	const struct fdbg_map *elements; /* NULL: none */
};

static void put_value(struct json *json, const struct fdbg_value *value);

void fdbg_render_json_string(struct fdbg_buf *buf, const char *data, size_t len)
{
	/* What stands for itself: ASCII without controls, quotes and backslashes. */
	static const bool plain[256] = { [' ' ... '!'] = true, ['#' ... '['] = true, [']' ... 0x7f] = true };
	const uint8_t *bytes = (const uint8_t *)data;

	fdbg_buf_byte(buf, '"');
	for (size_t i = 0; i < len;) {
		uint32_t character;
		size_t n = 0;

		while (i + n < len && plain[bytes[i + n]])
			n++;
		if (n) {
			fdbg_buf_append(buf, bytes + i, n);
			i += n;
			continue;
		}
		n = fdbg_utf8_decode(bytes + i, len - i, &character);
		if (!n) {
			fdbg_utf8_encode(buf, 0xfffd);
			i++;
			continue;
		}
		switch (character) {
		case '"':
			fdbg_buf_string(buf, "\\\"");
			break;
		case '\\':
			fdbg_buf_string(buf, "\\\\");
			break;
		case '\n':
			fdbg_buf_string(buf, "\\n");
			break;
		case '\r':
			fdbg_buf_string(buf, "\\r");
			break;
		case '\t':
			fdbg_buf_string(buf, "\\t");
			break;
		case '\b':
			fdbg_buf_string(buf, "\\b");
			break;
		case '\f':
			fdbg_buf_string(buf, "\\f");
			break;
		default:
			if (character < 0x20)
				fdbg_buf_printf(buf, "\\u%04x", (unsigned int)character);
			else
				fdbg_buf_append(buf, bytes + i, n);
			break;
		}
		i += n;
	}
	fdbg_buf_byte(buf, '"');
}

static void put_text(struct json *json, struct fdbg_text text)
{
	fdbg_render_json_string(json->buf, text.data, text.len);
}

static void put_address(struct json *json, const char *key, uint64_t address)
{
	fdbg_buf_printf(json->buf, ",\"%s\":\"0x%016" PRIx64 "\"", key, address);
}

/* `{"type":"TYPE","typename":"NAME"`, without an end. */
static void begin(struct json *json, const char *type, struct fdbg_text typename)
{
	fdbg_buf_string(json->buf, "{\"type\":\"");
	fdbg_buf_string(json->buf, type);
	fdbg_buf_string(json->buf, "\",\"typename\":");
	put_text(json, typename);
}

static void put_member(struct json *json, const char *key, const struct fdbg_value *value)
{
	fdbg_buf_string(json->buf, ",\"");
	fdbg_buf_string(json->buf, key);
	fdbg_buf_string(json->buf, "\":");
	put_value(json, value);
}

static void put_opaque(struct json *json)
{
	fdbg_buf_string(json->buf, "{\"type\":\"Opaque\"}");
}

static void put_prim(struct json *json, const struct fdbg_value *value)
{
	const uint8_t *bytes = value->prim.bytes;
	struct fdbg_buf text = { 0 };
	uint32_t character;

	begin(json, "Prim", fdbg_text_from(fdbg_prim_name(value->prim.prim)));
	fdbg_buf_string(json->buf, ",\"value\":");
	switch (value->prim.prim) {
	case FDBG_PRIM_BOOL:
		fdbg_buf_string(json->buf, bytes[0] ? "true" : "false");
		break;
	case FDBG_PRIM_CHAR:
		character = (uint32_t)fdbg_number_low(bytes);
		if (character > 0x10ffff || (character >= 0xd800 && character <= 0xdfff)) {
			fdbg_buf_string(json->buf, "null");
		} else {
			fdbg_utf8_encode(&text, character);
			fdbg_render_json_string(json->buf, (const char *)text.data, text.len);
			fdbg_buf_deinit(&text);
		}
		break;
	case FDBG_PRIM_F32:
	case FDBG_PRIM_F64:
		fdbg_number_float(json->buf, value->prim.prim, bytes, FDBG_FLOAT_JSON);
		break;
	case FDBG_PRIM_U64:
	case FDBG_PRIM_I64:
	case FDBG_PRIM_U128:
	case FDBG_PRIM_I128:
	case FDBG_PRIM_USIZE:
	case FDBG_PRIM_ISIZE:
		fdbg_buf_byte(json->buf, '"');
		fdbg_number_integer(json->buf, value->prim.prim, bytes);
		fdbg_buf_byte(json->buf, '"');
		break;
	default:
		fdbg_number_integer(json->buf, value->prim.prim, bytes);
		break;
	}
	fdbg_buf_byte(json->buf, '}');
}

/* How many objects there are where a raw pointer points to. */
static void put_elements(struct json *json, const struct fdbg_value *value)
{
	uint64_t n;

	if (json->elements && value->ref.kind == FDBG_REF_PTR && fdbg_map_get(json->elements, value->ref.address, &n))
		fdbg_buf_printf(json->buf, ",\"elements\":%" PRIu64, n);
}

static void put_ref(struct json *json, const struct fdbg_value *value)
{
	static const char *const names[] = {
		[FDBG_REF_REF] = "ref", [FDBG_REF_BOX] = "Box", [FDBG_REF_PTR] = "ptr",
	};

	if (value->ref.target) {
		begin(json, "Ref", fdbg_text_from(names[value->ref.kind]));
		put_address(json, "addr", value->ref.address);
		put_elements(json, value);
		put_member(json, "value", value->ref.target);
	} else {
		fdbg_buf_string(json->buf, "{\"type\":\"UnresolvedRef\"");
		put_address(json, "addr", value->ref.address);
		put_elements(json, value);
	}
	fdbg_buf_byte(json->buf, '}');
}

/* `,"fields":{…}` or `,"items":[…]`. A name that comes twice keeps both: JSON readers take the last. */
static void put_fields(struct json *json, const struct fdbg_field *fields, size_t n_fields, bool items)
{
	fdbg_buf_string(json->buf, items ? ",\"items\":[" : ",\"fields\":{");
	for (size_t i = 0; i < n_fields && (!i || !fdbg_render_is_full(json->buf, json->start)); i++) {
		if (i)
			fdbg_buf_byte(json->buf, ',');
		if (!items) {
			put_text(json, fields[i].name);
			fdbg_buf_byte(json->buf, ':');
		}
		put_value(json, &fields[i].value);
	}
	fdbg_buf_byte(json->buf, items ? ']' : '}');
}

static void put_counted(struct json *json, struct fdbg_text type, const struct fdbg_shape_counted *counted)
{
	if (counted->vtable)
		begin(json, "DynRefCounted", type);
	else
		begin(json, "RefCounted", counted->atomic ? FDBG_TEXT("Arc") : FDBG_TEXT("Rc"));
	put_address(json, "addr", counted->address);
	/* Numbers here, unlike a usize elsewhere: that is how the indexer has them. */
	fdbg_buf_printf(json->buf, ",\"strong\":%" PRIu64 ",\"weak\":%" PRIu64, counted->strong,
			counted->weak);
	if (counted->vtable)
		put_address(json, "vtable", counted->vtable->ref.address);
	if (counted->content)
		put_member(json, "value", counted->content);
	else
		fdbg_buf_string(json->buf, ",\"value\":{\"type\":\"Opaque\"}");
	fdbg_buf_byte(json->buf, '}');
}

static void put_string(struct json *json, const char *typename, const void *data, size_t len)
{
	begin(json, "String", fdbg_text_from(typename));
	fdbg_buf_string(json->buf, ",\"value\":");
	fdbg_render_json_string(json->buf, data, len);
	fdbg_buf_byte(json->buf, '}');
}

static void put_struct(struct json *json, const struct fdbg_value *value)
{
	struct fdbg_text type = value->record.type;
	enum fdbg_lifted_form form = fdbg_lifted_form(value);
	struct fdbg_shape_counted counted;
	const struct fdbg_value *inner;
	struct fdbg_shape_dyn dyn;

	switch (form) {
	case FDBG_LIFTED_UNIT:
		fdbg_buf_string(json->buf, "{\"type\":\"Unit\"}");
		break;
	case FDBG_LIFTED_STRING:
		if (fdbg_shape_string(value, &inner))
			put_string(json, "String", inner->bytes.data, inner->bytes.len);
		break;
	case FDBG_LIFTED_CELL:
		begin(json, "Struct", type);
		fdbg_buf_string(json->buf, ",\"fields\":{\"value\":");
		if (fdbg_shape_cell(value, &inner))
			put_value(json, inner);
		fdbg_buf_string(json->buf, "}}");
		break;
	case FDBG_LIFTED_COUNTED:
		if (fdbg_shape_counted(value, &counted))
			put_counted(json, type, &counted);
		break;
	case FDBG_LIFTED_DYN:
		if (!fdbg_shape_dyn(value, &dyn))
			break;
		begin(json, "DynRef", type);
		put_address(json, "addr", dyn.pointer->ref.address);
		put_address(json, "vtable", dyn.vtable->ref.address);
		if (dyn.pointer->ref.target)
			put_member(json, "value", dyn.pointer->ref.target);
		else
			fdbg_buf_string(json->buf, ",\"value\":{\"type\":\"Opaque\"}");
		fdbg_buf_byte(json->buf, '}');
		break;
	case FDBG_LIFTED_TUPLE:
	case FDBG_LIFTED_STRUCT:
		begin(json, form == FDBG_LIFTED_TUPLE ? "Tuple" : "Struct", type);
		put_fields(json, value->record.fields, value->record.n_fields, form == FDBG_LIFTED_TUPLE);
		fdbg_buf_byte(json->buf, '}');
		break;
	}
}

static void put_variant(struct json *json, const struct fdbg_value *value)
{
	struct fdbg_text type = value->variant.type, name = fdbg_lifted_variant(value);
	bool option = fdbg_lifted_is_option(value);
	bool result = fdbg_lifted_is_result(value);

	if (option || result) {
		begin(json, option ? "Option" : "Result", type);
		fdbg_buf_string(json->buf, ",\"variant\":");
		put_text(json, name);
		if (value->variant.n_fields)
			put_member(json, "value", &value->variant.fields[0].value);
		else if (option)
			fdbg_buf_string(json->buf, ",\"value\":null");
		else
			fdbg_buf_string(json->buf, ",\"value\":{\"type\":\"Opaque\"}");
	} else {
		fdbg_buf_string(json->buf, "{\"type\":\"Union\",\"typeinfo\":{\"name\":");
		put_text(json, type);
		fdbg_buf_string(json->buf, ",\"variants\":[");
		for (size_t i = 0; i < value->variant.n_variants && !fdbg_render_is_full(json->buf, json->start); i++) {
			if (i)
				fdbg_buf_byte(json->buf, ',');
			put_text(json, value->variant.variants[i]);
		}
		fdbg_buf_string(json->buf, "]},\"variant\":");
		put_text(json, name);
		put_fields(json, value->variant.fields, value->variant.n_fields, false);
	}
	fdbg_buf_byte(json->buf, '}');
}

static void put_array(struct json *json, const struct fdbg_value *value)
{
	static const char *const names[] = {
		[FDBG_ARRAY_ARR] = "arr", [FDBG_ARRAY_VEC] = "vec", [FDBG_ARRAY_SLICE] = "slice",
	};

	begin(json, "Array", fdbg_text_from(names[value->array.kind]));
	fdbg_buf_string(json->buf, ",\"data\":[");
	for (size_t i = 0; i < value->array.n_items && (!i || !fdbg_render_is_full(json->buf, json->start)); i++) {
		if (i)
			fdbg_buf_byte(json->buf, ',');
		put_value(json, &value->array.items[i]);
	}
	fdbg_buf_string(json->buf, "]}");
}

static void put_bytes(struct json *json, const struct fdbg_value *value)
{
	begin(json, "Bytes", value->bytes.type);
	fdbg_buf_string(json->buf, ",\"value\":[");
	for (size_t i = 0; i < value->bytes.len; i++) {
		if (i)
			fdbg_buf_byte(json->buf, ',');
		fdbg_buf_decimal(json->buf, value->bytes.data[i]);
	}
	fdbg_buf_string(json->buf, "]}");
}

static void put_whole(struct json *json, const struct fdbg_value *value)
{
	switch (value->kind) {
	case FDBG_VALUE_OPAQUE:
		/* On the stream an optimized-out value is a struct, which is what other readers show. */
		if (value->opaque.optimized_out)
			fdbg_buf_string(json->buf,
					"{\"type\":\"Struct\",\"typename\":\"<optimized out>\",\"fields\":{}}");
		else
			put_opaque(json);
		break;
	case FDBG_VALUE_UNIT:
		fdbg_buf_string(json->buf, "{\"type\":\"Unit\"}");
		break;
	case FDBG_VALUE_PRIM:
		put_prim(json, value);
		break;
	case FDBG_VALUE_BYTES:
		put_bytes(json, value);
		break;
	case FDBG_VALUE_STR:
		put_string(json, "&str", value->str.data, value->str.len);
		break;
	case FDBG_VALUE_ARRAY:
		put_array(json, value);
		break;
	case FDBG_VALUE_REF:
		put_ref(json, value);
		break;
	case FDBG_VALUE_STRUCT:
		put_struct(json, value);
		break;
	case FDBG_VALUE_ENUM:
		begin(json, "Enum", value->enumeration.type);
		fdbg_buf_string(json->buf, ",\"variant\":");
		put_text(json, value->enumeration.variant);
		fdbg_buf_byte(json->buf, '}');
		break;
	case FDBG_VALUE_VARIANT:
		put_variant(json, value);
		break;
	}
}

static size_t weight(const struct fdbg_value *value)
{
	size_t len = value->kind == FDBG_VALUE_BYTES ? value->bytes.len :
		     value->kind == FDBG_VALUE_STR ? value->str.len : 0;

	return 1 + len / 64;
}

static void put_value(struct json *json, const struct fdbg_value *value)
{
	uint64_t total;

	if (json->depth >= FDBG_RENDER_MAX_DEPTH || json->n_nodes_left < weight(value) || fdbg_render_is_full(json->buf, json->start)) {
		put_opaque(json);
		return;
	}
	json->n_nodes_left -= weight(value);
	json->depth++;
	/* What was cut says so, in the shape that it has on the stream (value.h). */
	if (fdbg_lifted_is_cut(value, &total)) {
		fdbg_buf_string(json->buf, "{\"type\":\"Struct\",\"typename\":\"…\",\"fields\":{\"value\":");
		put_whole(json, value);
		fdbg_buf_printf(json->buf,
				",\"len\":{\"type\":\"Prim\",\"typename\":\"usize\",\"value\":\"%" PRIu64 "\"}}}",
				total);
	} else {
		put_whole(json, value);
	}
	json->depth--;
}

void fdbg_render_json_with(struct fdbg_buf *buf, const struct fdbg_value *value, const struct fdbg_map *elements)
{
	struct json json = {
		.buf = buf,
		.start = buf->len,
		.n_nodes_left = FDBG_RENDER_MAX_NODES,
		.elements = elements,
	};

	put_value(&json, value);
}

void fdbg_render_json(struct fdbg_buf *buf, const struct fdbg_value *value)
{
	fdbg_render_json_with(buf, value, NULL);
}
