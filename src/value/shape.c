/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The conventional shapes of stream-format.md section 3 that stand for higher-level values. */
#include "value/shape.h"

#include <stdio.h>

#include "value/number.h"

const struct fdbg_value *fdbg_shape_field(const struct fdbg_value *value, const char *name)
{
	if (!value || value->kind != FDBG_VALUE_STRUCT)
		return NULL;
	for (size_t i = 0; i < value->record.n_fields; i++) {
		if (fdbg_text_is(value->record.fields[i].name, name))
			return &value->record.fields[i].value;
	}
	return NULL;
}

const struct fdbg_value *fdbg_shape_peel(const struct fdbg_value *value)
{
	/* Nesting is finite (a tree), so this ends. */
	while (value && value->kind == FDBG_VALUE_STRUCT && value->record.n_fields == 1)
		value = &value->record.fields[0].value;
	return value;
}

bool fdbg_shape_is_tuple(const struct fdbg_field *fields, size_t n_fields)
{
	char number[24];

	for (size_t i = 0; i < n_fields; i++) {
		snprintf(number, sizeof(number), "%zu", i);
		if (!fdbg_text_is(fields[i].name, number))
			return false;
	}
	return n_fields > 0;
}

bool fdbg_shape_string(const struct fdbg_value *value, const struct fdbg_value **bytes_ret)
{
	const struct fdbg_value *vec = fdbg_shape_field(value, "vec");

	if (!vec || vec->kind != FDBG_VALUE_BYTES || value->record.n_fields != 1 ||
	    !fdbg_text_is(value->record.type, "alloc::string::String"))
		return false;
	*bytes_ret = vec;
	return true;
}

bool fdbg_shape_dyn(const struct fdbg_value *value, struct fdbg_shape_dyn *ret)
{
	const struct fdbg_value *pointer = fdbg_shape_field(value, "pointer");
	const struct fdbg_value *vtable = fdbg_shape_field(value, "vtable");

	if (!pointer || pointer->kind != FDBG_VALUE_REF || !vtable || vtable->kind != FDBG_VALUE_REF)
		return false;
	*ret = (struct fdbg_shape_dyn){ pointer, vtable };
	return true;
}

static bool count(const struct fdbg_value *block, const char *name, uint64_t *ret)
{
	const struct fdbg_value *prim = fdbg_shape_peel(fdbg_shape_field(block, name));

	if (!prim || prim->kind != FDBG_VALUE_PRIM)
		return false;
	*ret = fdbg_number_low(prim->prim.bytes);
	return true;
}

bool fdbg_shape_counted(const struct fdbg_value *value, struct fdbg_shape_counted *ret)
{
	struct fdbg_shape_counted counted = { 0 };
	const struct fdbg_value *pointer;
	struct fdbg_shape_dyn dyn;

	if (!value || value->kind != FDBG_VALUE_STRUCT)
		return false;
	counted.atomic = fdbg_text_starts(value->record.type, "alloc::sync::Arc<");
	if (!counted.atomic && !fdbg_text_starts(value->record.type, "alloc::rc::Rc<"))
		return false;
	pointer = fdbg_shape_field(fdbg_shape_field(value, "ptr"), "pointer");
	if (fdbg_shape_dyn(pointer, &dyn)) {
		pointer = dyn.pointer;
		counted.vtable = dyn.vtable;
	}
	if (!pointer || pointer->kind != FDBG_VALUE_REF)
		return false;
	counted.address = pointer->ref.address;
	counted.content = fdbg_shape_field(pointer->ref.target, counted.atomic ? "data" : "value");
	counted.has_counts = count(pointer->ref.target, "strong", &counted.strong) &&
			     count(pointer->ref.target, "weak", &counted.weak);
	*ret = counted;
	return true;
}

bool fdbg_shape_cell(const struct fdbg_value *value, const struct fdbg_value **prim_ret)
{
	const struct fdbg_value *inner;

	if (!value || value->kind != FDBG_VALUE_STRUCT || value->record.n_fields != 1 ||
	    !(fdbg_text_starts(value->record.type, "core::sync::atomic::Atomic") ||
	      fdbg_text_starts(value->record.type, "core::cell::Cell<")))
		return false;
	inner = fdbg_shape_field(value, "value");
	if (!inner)
		inner = fdbg_shape_field(value, "v");
	inner = fdbg_shape_field(inner, "value");
	if (!inner || inner->kind != FDBG_VALUE_PRIM)
		return false;
	*prim_ret = inner;
	return true;
}
