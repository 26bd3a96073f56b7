/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The order of keys, as Rust's derived Ord would have it. */
#include <stdlib.h>
#include <string.h>

#include "rust/decode_internal.h"

/* Keys that differ deeper are as good as equal. */
#define MAX_DEPTH 64

static int compare_at(const struct fdbg_value *a, const struct fdbg_value *b, unsigned depth);

static int order(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_bytes(const void *a, size_t len_a, const void *b, size_t len_b)
{
	int result = memcmp(a ? a : "", b ? b : "", len_a < len_b ? len_a : len_b);

	return result ? result : order(len_a, len_b);
}

static int compare_prims(const struct fdbg_value *a, const struct fdbg_value *b)
{
	size_t size = fdbg_prim_size(a->prim.prim);
	bool is_signed = false;

	switch (a->prim.prim) {
	case FDBG_PRIM_F32:
	case FDBG_PRIM_F64: {
		double x, y;
		float f;

		memcpy(&x, a->prim.bytes, 8);
		memcpy(&y, b->prim.bytes, 8);
		if (size == 4) {
			memcpy(&f, a->prim.bytes, 4);
			x = f;
			memcpy(&f, b->prim.bytes, 4);
			y = f;
		}
		return x < y ? -1 : x > y;
	}
	case FDBG_PRIM_I8: case FDBG_PRIM_I16: case FDBG_PRIM_I32: case FDBG_PRIM_I64: case FDBG_PRIM_I128:
	case FDBG_PRIM_ISIZE:
		is_signed = true;
		break;
	default:
		break;
	}
	/* From the most significant byte down; the sign's byte counts turned around. */
	for (size_t i = size; i-- > 0;) {
		uint8_t flip = is_signed && i == size - 1 ? 0x80 : 0;
		int result = order(a->prim.bytes[i] ^ flip, b->prim.bytes[i] ^ flip);

		if (result)
			return result;
	}
	return 0;
}

static int compare_fields(const struct fdbg_field *a, size_t n_a, const struct fdbg_field *b, size_t n_b,
			  unsigned depth)
{
	for (size_t i = 0; i < n_a && i < n_b; i++) {
		int result = compare_at(&a[i].value, &b[i].value, depth);

		if (result)
			return result;
	}
	return order(n_a, n_b);
}

static int compare_at(const struct fdbg_value *a, const struct fdbg_value *b, unsigned depth)
{
	int result;

	if (depth >= MAX_DEPTH)
		return 0;
	depth++;
	if (a->kind != b->kind)
		return order(a->kind, b->kind);
	switch (a->kind) {
	case FDBG_VALUE_OPAQUE:
	case FDBG_VALUE_UNIT:
		return 0;
	case FDBG_VALUE_PRIM:
		return a->prim.prim == b->prim.prim ? compare_prims(a, b) : order(a->prim.prim, b->prim.prim);
	case FDBG_VALUE_BYTES:
		return compare_bytes(a->bytes.data, a->bytes.len, b->bytes.data, b->bytes.len);
	case FDBG_VALUE_STR:
		return compare_bytes(a->str.data, a->str.len, b->str.data, b->str.len);
	case FDBG_VALUE_ARRAY:
		for (size_t i = 0; i < a->array.n_items && i < b->array.n_items; i++) {
			result = compare_at(&a->array.items[i], &b->array.items[i], depth);
			if (result)
				return result;
		}
		return order(a->array.n_items, b->array.n_items);
	case FDBG_VALUE_REF:
		if (a->ref.target && b->ref.target)
			return compare_at(a->ref.target, b->ref.target, depth);
		return order(a->ref.address, b->ref.address);
	case FDBG_VALUE_STRUCT:
		return compare_fields(a->record.fields, a->record.n_fields, b->record.fields,
				      b->record.n_fields, depth);
	case FDBG_VALUE_ENUM:
		return compare_bytes(a->enumeration.variant.data, a->enumeration.variant.len,
				     b->enumeration.variant.data, b->enumeration.variant.len);
	case FDBG_VALUE_VARIANT:
		if (a->variant.index != b->variant.index)
			return order(a->variant.index, b->variant.index);
		return compare_fields(a->variant.fields, a->variant.n_fields, b->variant.fields,
				      b->variant.n_fields, depth);
	}
	return 0;
}

static int compare_items(const void *a, const void *b)
{
	return compare_at(a, b, 0);
}

/* The first field of a pair is its key. */
static int compare_pairs(const void *a, const void *b)
{
	const struct fdbg_value *x = a, *y = b;

	if (x->kind == FDBG_VALUE_STRUCT && y->kind == FDBG_VALUE_STRUCT && x->record.n_fields &&
	    y->record.n_fields)
		return compare_at(&x->record.fields[0].value, &y->record.fields[0].value, 0);
	return compare_at(x, y, 0);
}

void fdbg_decode_sort_later(struct fdbg_decoder *decoder, struct fdbg_value *array, bool pairs)
{
	if (!fdbg_decode_grow(decoder, (void **)&decoder->sorts, decoder->n_sorts, &decoder->cap_sorts,
			      sizeof(*decoder->sorts)))
		return;
	decoder->sorts[decoder->n_sorts++] = (struct fdbg_sort){ array, pairs };
}

void fdbg_decode_sort_all(struct fdbg_decoder *decoder)
{
	/* Inner tables were met after those around them, and their order counts when they are keys. */
	for (size_t i = decoder->n_sorts; i-- > 0;) {
		const struct fdbg_sort *sort = &decoder->sorts[i];

		if (sort->array->kind == FDBG_VALUE_ARRAY && sort->array->array.n_items > 1)
			qsort(sort->array->array.items, sort->array->array.n_items,
			      sizeof(*sort->array->array.items), sort->pairs ? compare_pairs : compare_items);
	}
	decoder->n_sorts = 0;
}
