/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* libfdbg: values by their parts. */
#include <fdbg/value.h>

#include <config.h>

#include "base/error.h"
#include "value/lifted.h"
#include "value/number.h"
#include "value/render.h"
#include "value/tall.h"

const char *fdbg_version(void)
{
	return PACKAGE_VERSION;
}

enum fdbg_error_code fdbg_error_get_code(const struct fdbg_error *err)
{
	return err->code;
}

const char *fdbg_error_get_message(const struct fdbg_error *err)
{
	return err->message;
}

enum fdbg_value_kind fdbg_value_get_kind(const struct fdbg_value *value)
{
	return value->kind;
}

bool fdbg_value_is_optimized_out(const struct fdbg_value *value)
{
	return value->kind == FDBG_VALUE_OPAQUE && value->opaque.optimized_out;
}

bool fdbg_value_is_cut(const struct fdbg_value *value, uint64_t *total_ret)
{
	if (!value->cut || (value->kind != FDBG_VALUE_BYTES && value->kind != FDBG_VALUE_STR &&
			    value->kind != FDBG_VALUE_ARRAY))
		return false;
	*total_ret = value->total;
	return true;
}

struct fdbg_text fdbg_value_get_type(const struct fdbg_value *value)
{
	switch (value->kind) {
	case FDBG_VALUE_PRIM:
		return fdbg_text_from(fdbg_prim_name(value->prim.prim));
	case FDBG_VALUE_BYTES:
		return value->bytes.type;
	case FDBG_VALUE_STRUCT:
		return value->record.type;
	case FDBG_VALUE_ENUM:
		return value->enumeration.type;
	case FDBG_VALUE_VARIANT:
		return value->variant.type;
	case FDBG_VALUE_OPAQUE:
	case FDBG_VALUE_UNIT:
	case FDBG_VALUE_STR:
	case FDBG_VALUE_ARRAY:
	case FDBG_VALUE_REF:
		break;
	}
	return (struct fdbg_text){ 0 };
}

struct fdbg_text fdbg_value_get_variant(const struct fdbg_value *value)
{
	if (value->kind == FDBG_VALUE_ENUM)
		return value->enumeration.variant;
	if (value->kind == FDBG_VALUE_VARIANT)
		return fdbg_lifted_variant(value);
	return (struct fdbg_text){ 0 };
}

bool fdbg_value_get_prim(const struct fdbg_value *value, enum fdbg_prim *ret)
{
	if (value->kind != FDBG_VALUE_PRIM)
		return false;
	*ret = value->prim.prim;
	return true;
}

bool fdbg_value_get_array_kind(const struct fdbg_value *value, enum fdbg_array_kind *ret)
{
	if (value->kind != FDBG_VALUE_ARRAY)
		return false;
	*ret = value->array.kind;
	return true;
}

bool fdbg_value_get_ref_kind(const struct fdbg_value *value, enum fdbg_ref_kind *ret)
{
	if (value->kind != FDBG_VALUE_REF)
		return false;
	*ret = value->ref.kind;
	return true;
}

bool fdbg_value_get_bytes(const struct fdbg_value *value, const void **data_ret, size_t *len_ret)
{
	switch (value->kind) {
	case FDBG_VALUE_PRIM:
		*data_ret = value->prim.bytes;
		*len_ret = fdbg_prim_size(value->prim.prim);
		return true;
	case FDBG_VALUE_BYTES:
		*data_ret = value->bytes.data;
		*len_ret = value->bytes.len;
		return true;
	case FDBG_VALUE_STR:
		*data_ret = value->str.data;
		*len_ret = value->str.len;
		return true;
	default:
		return false;
	}
}

static bool is_float(const struct fdbg_value *value)
{
	return value->prim.prim == FDBG_PRIM_F32 || value->prim.prim == FDBG_PRIM_F64;
}

static bool is_signed(const struct fdbg_value *value)
{
	switch (value->prim.prim) {
	case FDBG_PRIM_I8:
	case FDBG_PRIM_I16:
	case FDBG_PRIM_I32:
	case FDBG_PRIM_I64:
	case FDBG_PRIM_I128:
	case FDBG_PRIM_ISIZE:
		return true;
	default:
		return false;
	}
}

/* The upper half of an integer of 128 bits, or what stands for it in a smaller one. */
static bool fits(const struct fdbg_value *value, uint8_t rest)
{
	for (size_t i = 8; i < fdbg_prim_size(value->prim.prim); i++) {
		if (value->prim.bytes[i] != rest)
			return false;
	}
	return true;
}

bool fdbg_value_get_unsigned(const struct fdbg_value *value, uint64_t *ret)
{
	int64_t number;

	if (value->kind != FDBG_VALUE_PRIM || is_float(value))
		return false;
	if (is_signed(value)) {
		if (!fdbg_value_get_signed(value, &number) || number < 0)
			return false;
		*ret = (uint64_t)number;
		return true;
	}
	if (!fits(value, 0))
		return false;
	*ret = fdbg_number_low(value->prim.bytes);
	return true;
}

bool fdbg_value_get_signed(const struct fdbg_value *value, int64_t *ret)
{
	uint64_t low;
	size_t size;

	if (value->kind != FDBG_VALUE_PRIM || is_float(value))
		return false;
	low = fdbg_number_low(value->prim.bytes);
	size = fdbg_prim_size(value->prim.prim);
	if (!is_signed(value)) {
		if (!fits(value, 0) || low > INT64_MAX)
			return false;
	} else if (size < 8) {
		/* Only its own bytes are there. */
		if (low >> (size * 8 - 1))
			low |= UINT64_MAX << size * 8;
	} else if (!fits(value, low >> 63 ? 0xff : 0)) {
		return false;
	}
	*ret = (int64_t)low;
	return true;
}

bool fdbg_value_get_double(const struct fdbg_value *value, double *ret)
{
	uint64_t low;
	uint32_t bits;
	float single;

	if (value->kind != FDBG_VALUE_PRIM || !is_float(value))
		return false;
	low = fdbg_number_low(value->prim.bytes);
	if (value->prim.prim == FDBG_PRIM_F64) {
		memcpy(ret, &low, sizeof(low));
		return true;
	}
	bits = (uint32_t)low;
	memcpy(&single, &bits, sizeof(single));
	*ret = (double)single;
	return true;
}

static const struct fdbg_field *fields_of(const struct fdbg_value *value, size_t *n_ret)
{
	*n_ret = 0;
	if (value->kind == FDBG_VALUE_STRUCT) {
		*n_ret = value->record.n_fields;
		return value->record.fields;
	}
	if (value->kind == FDBG_VALUE_VARIANT) {
		*n_ret = value->variant.n_fields;
		return value->variant.fields;
	}
	return NULL;
}

size_t fdbg_value_get_count(const struct fdbg_value *value)
{
	size_t n;

	if (value->kind == FDBG_VALUE_ARRAY)
		return value->array.n_items;
	(void)fields_of(value, &n);
	return n;
}

const struct fdbg_value *fdbg_value_get_item(const struct fdbg_value *value, size_t index)
{
	const struct fdbg_field *fields;
	size_t n;

	if (value->kind == FDBG_VALUE_ARRAY)
		return index < value->array.n_items ? &value->array.items[index] : NULL;
	fields = fields_of(value, &n);
	return index < n ? &fields[index].value : NULL;
}

struct fdbg_text fdbg_value_get_field_name(const struct fdbg_value *value, size_t index)
{
	size_t n;
	const struct fdbg_field *fields = fields_of(value, &n);

	return index < n ? fields[index].name : (struct fdbg_text){ 0 };
}

const struct fdbg_value *fdbg_value_get_field(const struct fdbg_value *value, const char *name)
{
	size_t n;
	const struct fdbg_field *fields = fields_of(value, &n);

	for (size_t i = 0; i < n; i++) {
		if (fdbg_text_is(fields[i].name, name))
			return &fields[i].value;
	}
	return NULL;
}

bool fdbg_value_get_address(const struct fdbg_value *value, uint64_t *ret)
{
	if (value->kind != FDBG_VALUE_REF)
		return false;
	*ret = value->ref.address;
	return true;
}

const struct fdbg_value *fdbg_value_get_target(const struct fdbg_value *value)
{
	return value->kind == FDBG_VALUE_REF ? value->ref.target : NULL;
}

struct fdbg_error *fdbg_value_format(const struct fdbg_value *value, enum fdbg_value_format format,
				     char **ret, size_t *len_ret)
{
	struct fdbg_buf buf = { 0 };

	switch (format) {
	case FDBG_FORMAT_DEBUG:
		fdbg_render_debug(&buf, value, FDBG_RENDER_DEBUG, 0);
		break;
	case FDBG_FORMAT_PRETTY:
		fdbg_render_debug(&buf, value, FDBG_RENDER_PRETTY, 0);
		break;
	case FDBG_FORMAT_JSON:
		fdbg_render_json(&buf, value);
		break;
	case FDBG_FORMAT_INDEX:
		fdbg_render_tall(&buf, value);
		break;
	default:
		return fdbg_error_create(FDBG_ERROR_USAGE, "there is no format %d", (int)format);
	}
	/* The NUL is the buffer's own, so that its memory can be handed over. */
	fdbg_buf_byte(&buf, 0);
	if (buf.failed) {
		fdbg_buf_deinit(&buf);
		return &fdbg_error_nomem;
	}
	*ret = (char *)buf.data;
	if (len_ret)
		*len_ret = buf.len - 1;
	return NULL;
}
