/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The `pretty` text of the SQLite index (stream-format.md, section 6). */
#include "value/tall.h"

#include "value/escape.h"
#include "value/lifted.h"
#include "value/number.h"
#include "value/render.h"
#include "value/utf8.h"

struct tall {
	struct fdbg_buf *buf;
	size_t start;
	unsigned int depth;
	size_t n_nodes_left;
};

/* How a value is written: on lines of its own at a level of indentation, or in one line. */
struct form {
	bool tall;
	unsigned int level; /* of tall; a flat value begins again at 0 */
};

static const struct form flat = { false, 0 };

static void put_value(struct tall *tall, const struct fdbg_value *value, struct form form);

static struct form deeper(struct form form)
{
	return (struct form){ true, form.level + 1 };
}

static void put(struct tall *tall, const char *text)
{
	fdbg_buf_string(tall->buf, text);
}

/* Names come from files that anybody may have written, and the index holds UTF-8. */
static void put_name(struct tall *tall, struct fdbg_text name)
{
	fdbg_utf8_put(tall->buf, name);
}

static void indent(struct tall *tall, unsigned int level)
{
	for (unsigned int i = 0; i < level; i++)
		put(tall, "    ");
}

static void put_prim(struct tall *tall, const struct fdbg_value *value, struct form form)
{
	enum fdbg_prim prim = value->prim.prim;
	uint32_t character;

	if (prim == FDBG_PRIM_BOOL) {
		put(tall, value->prim.bytes[0] ? "true" : "false");
		return;
	}
	if (prim == FDBG_PRIM_CHAR) {
		character = (uint32_t)fdbg_number_low(value->prim.bytes);
		if (character > 0x10ffff || (character >= 0xd800 && character <= 0xdfff))
			character = 0xfffd;
		put(tall, "'");
		fdbg_utf8_encode(tall->buf, character);
		put(tall, "'");
		return;
	}
	if (prim == FDBG_PRIM_F32 || prim == FDBG_PRIM_F64)
		fdbg_number_float(tall->buf, prim, value->prim.bytes, FDBG_FLOAT_DISPLAY);
	else
		fdbg_number_integer(tall->buf, prim, value->prim.bytes);
	if (form.tall)
		put(tall, "_");
	put(tall, fdbg_prim_name(prim));
}

static void put_bytes(struct tall *tall, const uint8_t *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	put(tall, "[");
	for (size_t i = 0; i < len && !fdbg_render_is_full(tall->buf, tall->start); i++) {
		char text[4] = { '0', 'x', digits[data[i] >> 4], digits[data[i] & 0xf] };

		if (i)
			put(tall, ", ");
		fdbg_buf_append(tall->buf, text, sizeof(text));
	}
	put(tall, "]");
}

static void put_string(struct tall *tall, const char *data, size_t len)
{
	fdbg_render_str(tall->buf, data, len);
}

/* A type's name in an expression: the first `<` becomes `::<`. */
static void put_turbofish(struct tall *tall, struct fdbg_text type)
{
	const char *bracket = type.len ? memchr(type.data, '<', type.len) : NULL;
	size_t len = bracket ? (size_t)(bracket - type.data) : type.len;

	put_name(tall, (struct fdbg_text){ type.data, len });
	if (!bracket)
		return;
	put(tall, "::");
	put_name(tall, (struct fdbg_text){ bracket, type.len - len });
}

static void put_items(struct tall *tall, const struct fdbg_value *items, size_t n_items, struct form form)
{
	if (!n_items) {
		put(tall, "[]");
		return;
	}
	put(tall, form.tall ? "[\n" : "[");
	for (size_t i = 0; i < n_items && !fdbg_render_is_full(tall->buf, tall->start); i++) {
		if (form.tall) {
			indent(tall, form.level + 1);
			put_value(tall, &items[i], deeper(form));
			put(tall, ",\n");
		} else {
			if (i)
				put(tall, ", ");
			put_value(tall, &items[i], flat);
		}
	}
	if (form.tall)
		indent(tall, form.level);
	put(tall, "]");
}

/* `(V, V)` */
static void put_tuple(struct tall *tall, const struct fdbg_field *fields, size_t n_fields)
{
	put(tall, "(");
	for (size_t i = 0; i < n_fields && !fdbg_render_is_full(tall->buf, tall->start); i++) {
		if (i)
			put(tall, ", ");
		put_value(tall, &fields[i].value, flat);
	}
	put(tall, ")");
}

static void put_fields(struct tall *tall, const struct fdbg_field *fields, size_t n_fields, struct form form)
{
	put(tall, form.tall ? " {\n" : " { ");
	for (size_t i = 0; i < n_fields && !fdbg_render_is_full(tall->buf, tall->start); i++) {
		if (form.tall)
			indent(tall, form.level + 1);
		put_name(tall, fields[i].name);
		put(tall, ": ");
		put_value(tall, &fields[i].value, form.tall ? deeper(form) : flat);
		put(tall, form.tall ? ",\n" : i + 1 < n_fields ? ", " : " ");
	}
	if (form.tall)
		indent(tall, form.level);
	put(tall, "}");
}

/* Fields that are numbered, or named. */
static bool is_numbered(const struct fdbg_field *fields, size_t n_fields)
{
	return n_fields && fdbg_text_is(fields[0].name, "0");
}

/* The content of a RefCell, Mutex or RwLock that has its content's field; NULL for other structs. */
static const struct fdbg_value *cell_content(const struct fdbg_value *value)
{
	struct fdbg_text type = value->record.type;
	const struct fdbg_value *content = NULL, *inner;

	if (fdbg_text_starts(type, "core::cell::RefCell<"))
		content = fdbg_shape_field(value, "value");
	else if (fdbg_text_starts(type, "std::sync::mutex::Mutex<") ||
		 fdbg_text_starts(type, "std::sync::poison::mutex::Mutex<") ||
		 fdbg_text_starts(type, "std::sync::rwlock::RwLock<") ||
		 fdbg_text_starts(type, "std::sync::poison::rwlock::RwLock<"))
		content = fdbg_shape_field(value, "data");
	if (!content || fdbg_lifted_form(content) != FDBG_LIFTED_STRUCT)
		return content;
	inner = fdbg_shape_field(content, "value");
	return inner ? inner : content;
}

/* The hash state that is left out of a map's type, by version of the standard library; 0: there is none. */
static size_t hash_state_len(struct fdbg_text type)
{
	static const char *const states[] = {
		", std::hash::random::RandomState>",
		", std::collections::hash::map::RandomState>",
	};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (fdbg_text_ends(type, states[i]))
			return strlen(states[i]);
	}
	return 0;
}

/* The items of a HashMap or HashSet with the standard hash state; NULL for other structs. */
static const struct fdbg_value *hash_items(const struct fdbg_value *value)
{
	struct fdbg_text type = value->record.type;
	const struct fdbg_value *items = fdbg_shape_field(value, "items");
	bool is_hash = fdbg_text_starts(type, "std::collections::hash::map::HashMap<") ||
		       fdbg_text_starts(type, "std::collections::hash::set::HashSet<");

	if (!is_hash || !hash_state_len(type) || !fdbg_shape_field(value, "len") || !items ||
	    items->kind != FDBG_VALUE_ARRAY || items->cut)
		return NULL;
	return items;
}

static void put_hash(struct tall *tall, const struct fdbg_value *value, const struct fdbg_value *items,
		     struct form form)
{
	struct fdbg_text type = value->record.type;
	const char *end = form.tall ? "\n" : "";

	if (form.tall)
		indent(tall, form.level);
	put(tall, "[");
	put(tall, end);
	for (size_t i = 0; i < items->array.n_items && !fdbg_render_is_full(tall->buf, tall->start); i++) {
		if (form.tall) {
			indent(tall, form.level + 1);
			put_value(tall, &items->array.items[i], deeper(form));
			put(tall, ",\n");
		} else {
			if (i)
				put(tall, ", ");
			put_value(tall, &items->array.items[i], flat);
		}
	}
	if (form.tall)
		indent(tall, form.level);
	put(tall, "]");
	put(tall, end);
	put(tall, ".into_iter()");
	put(tall, end);
	put(tall, ".collect::<");
	put_name(tall, (struct fdbg_text){ type.data, type.len - hash_state_len(type) });
	put(tall, ">>()");
}

static void put_os_string(struct tall *tall, const struct fdbg_value *value, struct form form)
{
	const struct fdbg_value *bytes = fdbg_shape_field(fdbg_shape_field(value, "inner"), "inner");

	put(tall, "std::ffi::os_str::OsString::from_encoded_bytes_unchecked(");
	if (form.tall) {
		put(tall, "\n");
		indent(tall, form.level + 1);
	}
	if (!bytes || bytes->kind != FDBG_VALUE_BYTES || bytes->cut) {
		put(tall, "?)");
		return;
	}
	if (fdbg_utf8_valid((struct fdbg_text){ (const char *)bytes->bytes.data, bytes->bytes.len })) {
		put(tall, "String::from(");
		put_string(tall, (const char *)bytes->bytes.data, bytes->bytes.len);
		put(tall, ").into_bytes()");
	} else {
		put(tall, "vec!");
		put_bytes(tall, bytes->bytes.data, bytes->bytes.len);
	}
	if (form.tall) {
		put(tall, "\n");
		indent(tall, form.level);
	}
	put(tall, ")");
}

static void put_plain_struct(struct tall *tall, const struct fdbg_value *value, struct form form)
{
	const struct fdbg_value *inner;

	if (!value->record.n_fields) {
		put_name(tall, value->record.type);
		put(tall, " { }");
	} else if (is_numbered(value->record.fields, value->record.n_fields)) {
		put_name(tall, value->record.type);
		put_tuple(tall, value->record.fields, value->record.n_fields);
	} else if (fdbg_text_is(value->record.type, "std::ffi::os_str::OsString")) {
		put_os_string(tall, value, form);
	} else if ((inner = hash_items(value))) {
		put_hash(tall, value, inner, form);
	} else if ((inner = cell_content(value))) {
		put_name(tall, value->record.type);
		put(tall, "::new(");
		/* The other way round than everywhere else. */
		put_value(tall, inner, form.tall ? flat : (struct form){ true, 0 });
		put(tall, ")");
	} else {
		put_name(tall, value->record.type);
		put_fields(tall, value->record.fields, value->record.n_fields, form);
	}
}

/* What a pointer leads to, or what stands for it. */
static void put_target(struct tall *tall, const struct fdbg_value *target, struct form form)
{
	if (target)
		put_value(tall, target, form);
	else
		put(tall, "(?)");
}

static void put_struct(struct tall *tall, const struct fdbg_value *value, struct form form)
{
	struct fdbg_shape_counted counted;
	const struct fdbg_value *inner;
	struct fdbg_shape_dyn dyn;

	switch (fdbg_lifted_form(value)) {
	case FDBG_LIFTED_UNIT:
		put(tall, "()");
		break;
	case FDBG_LIFTED_STRING:
		if (!fdbg_shape_string(value, &inner))
			break;
		put(tall, "String::from(");
		put_string(tall, (const char *)inner->bytes.data, inner->bytes.len);
		put(tall, ")");
		break;
	case FDBG_LIFTED_CELL:
		if (fdbg_shape_cell(value, &inner)) {
			struct fdbg_field field = { FDBG_TEXT("value"), *inner };

			put_name(tall, value->record.type);
			put_fields(tall, &field, 1, form);
		}
		break;
	case FDBG_LIFTED_COUNTED:
		if (!fdbg_shape_counted(value, &counted))
			break;
		if (counted.vtable)
			put_turbofish(tall, value->record.type);
		else
			put(tall, counted.atomic ? "alloc::sync::Arc" : "alloc::rc::Rc");
		put(tall, "::new(");
		put_target(tall, counted.content, form);
		put(tall, ")");
		break;
	case FDBG_LIFTED_DYN:
		if (!fdbg_shape_dyn(value, &dyn))
			break;
		if (fdbg_text_starts(value->record.type, "&dyn ")) {
			put_name(tall, value->record.type);
			put(tall, " ");
			put_target(tall, dyn.pointer->ref.target, form);
			break;
		}
		put_turbofish(tall, value->record.type);
		put(tall, "::new(");
		put_target(tall, dyn.pointer->ref.target, form);
		put(tall, ")");
		break;
	case FDBG_LIFTED_TUPLE:
		put_tuple(tall, value->record.fields, value->record.n_fields);
		break;
	case FDBG_LIFTED_STRUCT:
		put_plain_struct(tall, value, form);
		break;
	}
}

static void put_variant(struct tall *tall, const struct fdbg_value *value, struct form form)
{
	const struct fdbg_field *fields = value->variant.fields;
	size_t n_fields = value->variant.n_fields;

	put_turbofish(tall, value->variant.type);
	put(tall, "::");
	put_name(tall, fdbg_lifted_variant(value));
	if (fdbg_lifted_is_option(value) || fdbg_lifted_is_result(value)) {
		if (!n_fields && fdbg_lifted_is_option(value))
			return;
		put(tall, "(");
		put_target(tall, n_fields ? &fields[0].value : NULL, form);
		put(tall, ")");
	} else if (is_numbered(fields, n_fields)) {
		put_tuple(tall, fields, n_fields);
	} else if (n_fields) {
		put_fields(tall, fields, n_fields, form);
	}
}

static void put_ref(struct tall *tall, const struct fdbg_value *value, struct form form)
{
	if (!value->ref.target) {
		put(tall, "&()");
		return;
	}
	switch (value->ref.kind) {
	case FDBG_REF_REF:
		put(tall, "&");
		break;
	case FDBG_REF_PTR:
		put(tall, "*");
		break;
	case FDBG_REF_BOX:
		put(tall, "alloc::boxed::Box::new(");
		put_value(tall, value->ref.target, form);
		put(tall, ")");
		return;
	}
	put_value(tall, value->ref.target, form);
}

static void put_whole(struct tall *tall, const struct fdbg_value *value, struct form form)
{
	static const char *const before[] = {
		[FDBG_ARRAY_ARR] = "", [FDBG_ARRAY_VEC] = "vec!", [FDBG_ARRAY_SLICE] = "&",
	};

	switch (value->kind) {
	case FDBG_VALUE_OPAQUE:
		/* A struct without fields, which is what the stream has for it. */
		put(tall, value->opaque.optimized_out ? "<optimized out> { }" : "(?)");
		break;
	case FDBG_VALUE_UNIT:
		put(tall, "()");
		break;
	case FDBG_VALUE_PRIM:
		put_prim(tall, value, form);
		break;
	case FDBG_VALUE_BYTES:
		if (fdbg_text_starts(value->bytes.type, "&"))
			put(tall, "&");
		put_bytes(tall, value->bytes.data, value->bytes.len);
		break;
	case FDBG_VALUE_STR:
		put_string(tall, value->str.data, value->str.len);
		break;
	case FDBG_VALUE_ARRAY:
		put(tall, before[value->array.kind]);
		put_items(tall, value->array.items, value->array.n_items, form);
		break;
	case FDBG_VALUE_REF:
		put_ref(tall, value, form);
		break;
	case FDBG_VALUE_STRUCT:
		put_struct(tall, value, form);
		break;
	case FDBG_VALUE_ENUM:
		put_name(tall, value->enumeration.type);
		put(tall, "::");
		put_name(tall, value->enumeration.variant);
		break;
	case FDBG_VALUE_VARIANT:
		put_variant(tall, value, form);
		break;
	}
}

/* A value that was cut, in the struct that it has on the stream (value.h). */
static void put_cut(struct tall *tall, const struct fdbg_value *value, uint64_t total, struct form form)
{
	put(tall, form.tall ? "… {\n" : "… { ");
	if (form.tall)
		indent(tall, form.level + 1);
	put(tall, "value: ");
	put_whole(tall, value, form.tall ? deeper(form) : flat);
	put(tall, form.tall ? ",\n" : ", ");
	if (form.tall)
		indent(tall, form.level + 1);
	put(tall, "len: ");
	fdbg_buf_decimal(tall->buf, total);
	put(tall, form.tall ? "_usize,\n" : "usize ");
	if (form.tall)
		indent(tall, form.level);
	put(tall, "}");
}

static void put_value(struct tall *tall, const struct fdbg_value *value, struct form form)
{
	uint64_t total;

	if (tall->depth >= FDBG_RENDER_MAX_DEPTH || !tall->n_nodes_left || fdbg_render_is_full(tall->buf, tall->start)) {
		put(tall, "(?)");
		return;
	}
	tall->n_nodes_left--;
	tall->depth++;
	if (fdbg_lifted_is_cut(value, &total))
		put_cut(tall, value, total, form);
	else
		put_whole(tall, value, form);
	tall->depth--;
}

void fdbg_render_tall(struct fdbg_buf *buf, const struct fdbg_value *value)
{
	struct tall tall = { .buf = buf, .start = buf->len, .n_nodes_left = FDBG_RENDER_MAX_NODES };

	put_value(&tall, value, (struct form){ true, 0 });
}
