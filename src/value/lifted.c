/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Which higher-level value a struct or enum of the stream stands for, and how its type is called. */
#include "value/lifted.h"

#include "value/encode.h"
#include "value/render.h"
#include "value/tall.h"

enum fdbg_lifted_form fdbg_lifted_form(const struct fdbg_value *value)
{
	struct fdbg_text type = value->record.type;
	struct fdbg_shape_counted counted;
	const struct fdbg_value *inner;
	struct fdbg_shape_dyn dyn;

	if (value->kind != FDBG_VALUE_STRUCT)
		return FDBG_LIFTED_UNIT;
	/* Some recorders write the unit so; readers make one of both. */
	if (!value->record.n_fields && fdbg_text_is(type, "()"))
		return FDBG_LIFTED_UNIT;
	if (fdbg_shape_string(value, &inner))
		return FDBG_LIFTED_STRING;
	if (fdbg_shape_cell(value, &inner))
		return FDBG_LIFTED_CELL;
	if (fdbg_shape_counted(value, &counted))
		return FDBG_LIFTED_COUNTED;
	if ((fdbg_text_starts(type, "&dyn ") || fdbg_text_starts(type, "alloc::boxed::Box<dyn ")) &&
	    fdbg_shape_dyn(value, &dyn))
		return FDBG_LIFTED_DYN;
	if (fdbg_text_starts(type, "(") && fdbg_text_ends(type, ")") &&
	    fdbg_shape_is_tuple(value->record.fields, value->record.n_fields))
		return FDBG_LIFTED_TUPLE;
	return FDBG_LIFTED_STRUCT;
}

struct fdbg_text fdbg_lifted_variant(const struct fdbg_value *value)
{
	if (value->variant.index < value->variant.n_variants)
		return value->variant.variants[value->variant.index];
	return FDBG_TEXT("");
}

bool fdbg_lifted_is_option(const struct fdbg_value *value)
{
	return value->kind == FDBG_VALUE_VARIANT &&
	       fdbg_text_starts(value->variant.type, "core::option::Option");
}

bool fdbg_lifted_is_result(const struct fdbg_value *value)
{
	return value->kind == FDBG_VALUE_VARIANT &&
	       fdbg_text_starts(value->variant.type, "core::result::Result");
}

bool fdbg_lifted_is_cut(const struct fdbg_value *value, uint64_t *total_ret)
{
	const struct fdbg_value *bytes;

	if (fdbg_shape_string(value, &bytes))
		value = bytes;
	*total_ret = value->total;
	return value->cut && (value->kind == FDBG_VALUE_BYTES || value->kind == FDBG_VALUE_STR ||
			      value->kind == FDBG_VALUE_ARRAY);
}

static void type_name(struct fdbg_buf *buf, const struct fdbg_value *value, unsigned int depth);

static void wrapped(struct fdbg_buf *buf, const char *before, const struct fdbg_value *inner,
		    const char *after, unsigned int depth)
{
	fdbg_buf_string(buf, before);
	if (inner)
		type_name(buf, inner, depth + 1);
	else
		fdbg_buf_string(buf, "(?)");
	fdbg_buf_string(buf, after);
}

static void put(struct fdbg_buf *buf, struct fdbg_text name)
{
	fdbg_buf_append(buf, name.data, name.len);
}

static void struct_name(struct fdbg_buf *buf, const struct fdbg_value *value, unsigned int depth)
{
	struct fdbg_shape_counted counted;

	switch (fdbg_lifted_form(value)) {
	case FDBG_LIFTED_UNIT:
		fdbg_buf_string(buf, "()");
		return;
	case FDBG_LIFTED_STRING:
		fdbg_buf_string(buf, "String");
		return;
	case FDBG_LIFTED_COUNTED:
		if (fdbg_shape_counted(value, &counted) && !counted.vtable) {
			wrapped(buf, counted.atomic ? "Arc<" : "Rc<", counted.content, ">", depth);
			return;
		}
		break;
	case FDBG_LIFTED_CELL:
	case FDBG_LIFTED_DYN:
	case FDBG_LIFTED_TUPLE:
	case FDBG_LIFTED_STRUCT:
		break;
	}
	put(buf, value->record.type);
}

static void type_name(struct fdbg_buf *buf, const struct fdbg_value *value, unsigned int depth)
{
	static const char *const lists[][2] = {
		[FDBG_ARRAY_ARR] = { "[", "]" },
		[FDBG_ARRAY_VEC] = { "Vec<", ">" },
		[FDBG_ARRAY_SLICE] = { "&[", "]" },
	};
	static const char *const refs[][2] = {
		[FDBG_REF_REF] = { "&", "" }, [FDBG_REF_BOX] = { "Box<", ">" }, [FDBG_REF_PTR] = { "*", "" },
	};
	uint64_t total;

	if (depth >= FDBG_RENDER_MAX_DEPTH) {
		fdbg_buf_string(buf, "(?)");
		return;
	}
	if (fdbg_lifted_is_cut(value, &total)) {
		fdbg_buf_string(buf, "…");
		return;
	}
	switch (value->kind) {
	case FDBG_VALUE_OPAQUE:
		fdbg_buf_string(buf, value->opaque.optimized_out ? "<optimized out>" : "(?)");
		break;
	case FDBG_VALUE_UNIT:
		fdbg_buf_string(buf, "()");
		break;
	case FDBG_VALUE_PRIM:
		fdbg_buf_string(buf, fdbg_prim_name(value->prim.prim));
		break;
	case FDBG_VALUE_BYTES:
		put(buf, value->bytes.type);
		break;
	case FDBG_VALUE_STR:
		fdbg_buf_string(buf, "&str");
		break;
	case FDBG_VALUE_ARRAY:
		wrapped(buf, lists[value->array.kind][0], value->array.n_items ? value->array.items : NULL,
			lists[value->array.kind][1], depth);
		break;
	case FDBG_VALUE_REF:
		if (value->ref.target)
			wrapped(buf, refs[value->ref.kind][0], value->ref.target, refs[value->ref.kind][1],
				depth);
		else
			fdbg_buf_string(buf, "&()");
		break;
	case FDBG_VALUE_STRUCT:
		struct_name(buf, value, depth);
		break;
	case FDBG_VALUE_ENUM:
		put(buf, value->enumeration.type);
		break;
	case FDBG_VALUE_VARIANT:
		put(buf, value->variant.type);
		break;
	}
}

void fdbg_value_type_name(struct fdbg_buf *buf, const struct fdbg_value *value)
{
	type_name(buf, value, 0);
}

static void put_names(struct fdbg_buf *buf, const struct fdbg_field *fields, size_t n_fields)
{
	fdbg_buf_byte(buf, '[');
	for (size_t i = 0; i < n_fields; i++) {
		if (i)
			fdbg_buf_byte(buf, ',');
		fdbg_render_json_string(buf, fields[i].name.data, fields[i].name.len);
	}
	fdbg_buf_byte(buf, ']');
}

bool fdbg_value_type_attributes(struct fdbg_buf *buf, const struct fdbg_value *value)
{
	uint64_t total;

	if (fdbg_lifted_is_cut(value, &total)) {
		fdbg_buf_string(buf, "[\"value\",\"len\"]");
		return true;
	}
	if (value->kind == FDBG_VALUE_OPAQUE && value->opaque.optimized_out) {
		fdbg_buf_string(buf, "[]");
		return true;
	}
	if (value->kind == FDBG_VALUE_STRUCT) {
		switch (fdbg_lifted_form(value)) {
		case FDBG_LIFTED_STRUCT:
			put_names(buf, value->record.fields, value->record.n_fields);
			return true;
		case FDBG_LIFTED_CELL:
			fdbg_buf_string(buf, "[\"value\"]");
			return true;
		default:
			return false;
		}
	}
	if (value->kind != FDBG_VALUE_VARIANT || fdbg_lifted_is_option(value) || fdbg_lifted_is_result(value))
		return false;
	fdbg_buf_byte(buf, '[');
	for (size_t i = 0; i < value->variant.n_variants; i++) {
		if (i)
			fdbg_buf_byte(buf, ',');
		fdbg_render_json_string(buf, value->variant.variants[i].data, value->variant.variants[i].len);
	}
	fdbg_buf_byte(buf, ']');
	return true;
}
