/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "rust/c_abi.h"

#include <string.h>

#include "rust/layout.h"

#define MAX_DEPTH 16
#define MAX_LEAVES 64

/* A scalar in an aggregate. */
struct leaf {
	uint64_t offset, size;
	bool is_float;
};

struct leaves {
	struct leaf items[MAX_LEAVES];
	size_t n;
	bool broken;     /* too many, too deep, or of a kind that C does not have */
	bool unaligned;
};

static void flatten(const struct fdbg_type *type, uint64_t offset, int depth, struct leaves *leaves);

static void flatten_ref(const struct fdbg_type_ref *ref, uint64_t offset, int depth, struct leaves *leaves)
{
	struct fdbg_type_ref copy = *ref;

	flatten(fdbg_type_of(&copy), offset, depth + 1, leaves);
}

static void add_leaf(struct leaves *leaves, uint64_t offset, uint64_t size, bool is_float)
{
	if (!size)
		return;
	if (leaves->n == MAX_LEAVES || size > 16) {
		leaves->broken = true;
		return;
	}
	leaves->unaligned |= offset % (size < 8 ? size : 8) != 0;
	leaves->items[leaves->n++] = (struct leaf){ offset, size, is_float };
}

static void flatten(const struct fdbg_type *type, uint64_t offset, int depth, struct leaves *leaves)
{
	if (depth > MAX_DEPTH || leaves->broken) {
		leaves->broken = true;
		return;
	}
	switch (type->kind) {
	case FDBG_TYPE_BASE:
		add_leaf(leaves, offset, type->size, type->encoding == FDBG_ENCODING_FLOAT);
		return;
	case FDBG_TYPE_POINTER:
	case FDBG_TYPE_ENUM:
		add_leaf(leaves, offset, type->size, false);
		return;
	case FDBG_TYPE_ARRAY:
		if (!type->size || !type->count)
			return;
		for (uint64_t i = 0; i < type->count && !leaves->broken; i++)
			flatten_ref(&type->target, offset + i * (type->size / type->count), depth, leaves);
		return;
	case FDBG_TYPE_STRUCT:
	case FDBG_TYPE_UNION:
	case FDBG_TYPE_VARIANTS:
		for (size_t i = 0; i < type->n_members; i++)
			flatten_ref(&type->members[i].type, offset + type->members[i].offset, depth, leaves);
		if (type->kind != FDBG_TYPE_VARIANTS)
			return;
		if (type->has_discriminant)
			flatten_ref(&type->discriminant.type, offset + type->discriminant.offset, depth, leaves);
		for (size_t i = 0; i < type->n_variants; i++)
			flatten_ref(&type->variants[i].type, offset, depth, leaves);
		return;
	case FDBG_TYPE_UNKNOWN:
	case FDBG_TYPE_FUNCTION:
		leaves->broken = true;
		return;
	}
}

static void add_piece(struct fdbg_abi_value *value, enum fdbg_reg_class reg_class, size_t reg, uint64_t size, uint64_t offset)
{
	value->pieces[value->n_pieces++] = (struct fdbg_abi_piece){
		.reg_class = reg_class, .reg = (uint32_t)reg, .size = size, .offset = offset,
	};
}

/* Each 8 bytes are INTEGER when an integer is in them, else SSE; the classes count their registers apart. */
static void place_sysv(const struct leaves *leaves, uint64_t size, struct fdbg_abi_value *ret)
{
	size_t n_int = 0, n_float = 0;

	if (size > 16 || leaves->unaligned) {
		ret->place = FDBG_ABI_MEMORY;
		return;
	}
	ret->place = FDBG_ABI_REGISTERS;
	for (uint64_t at = 0; at < size; at += 8) {
		uint64_t bytes = size - at < 8 ? size - at : 8;
		bool has_int = false, has_float = false;

		for (size_t i = 0; i < leaves->n; i++) {
			const struct leaf *leaf = &leaves->items[i];

			if (leaf->offset >= at + 8 || leaf->offset + leaf->size <= at)
				continue;
			has_int |= !leaf->is_float;
			has_float |= leaf->is_float;
		}
		if (has_int)
			add_piece(ret, FDBG_REG_INT, n_int++, bytes, at);
		else if (has_float)
			add_piece(ret, FDBG_REG_FLOAT, n_float++, bytes, at);
	}
}

/* One to four floats of one size and nothing else: each has its register. */
static bool place_homogeneous(const struct leaves *leaves, uint64_t size, struct fdbg_abi_value *ret)
{
	uint64_t each = leaves->n ? leaves->items[0].size : 0;
	bool there[4] = { false };

	if (!each || each > 8 || size % each || size / each > 4)
		return false;
	for (size_t i = 0; i < leaves->n; i++) {
		const struct leaf *leaf = &leaves->items[i];

		if (!leaf->is_float || leaf->size != each || leaf->offset % each || leaf->offset >= size)
			return false;
		there[leaf->offset / each] = true;
	}
	for (uint64_t i = 0; i < size / each; i++)
		if (!there[i])
			return false;
	ret->place = FDBG_ABI_REGISTERS;
	for (uint64_t i = 0; i < size / each; i++)
		add_piece(ret, FDBG_REG_FLOAT, i, each, i * each);
	return true;
}

static void place_aapcs(const struct leaves *leaves, uint64_t size, struct fdbg_abi_value *ret)
{
	if (place_homogeneous(leaves, size, ret))
		return;
	if (size > 16) {
		ret->place = FDBG_ABI_MEMORY;
		return;
	}
	ret->place = FDBG_ABI_REGISTERS;
	for (uint64_t at = 0; at < size; at += 8)
		add_piece(ret, FDBG_REG_INT, at / 8, size - at < 8 ? size - at : 8, at);
}

void fdbg_c_return_value(const struct fdbg_abi *abi, const struct fdbg_type *type, struct fdbg_abi_value *ret)
{
	struct fdbg_layout_rules rules = { .int128_align16 = true, .mixed_payloads = true };
	struct leaves leaves = { 0 };
	struct fdbg_layout layout;

	*ret = (struct fdbg_abi_value){ .place = FDBG_ABI_NOTHING };
	if (!type || !type->size)
		return;
	fdbg_layout_of(type, &rules, &layout);
	flatten(type, 0, 0, &leaves);
	if (layout.kind == FDBG_LAYOUT_VECTOR || layout.kind == FDBG_LAYOUT_BROKEN || (leaves.broken && type->size <= 32)) {
		*ret = (struct fdbg_abi_value){ .place = FDBG_ABI_UNKNOWN,
						.reason = "how a C function returns such a value is not known" };
		return;
	}
	if (leaves.broken)
		ret->place = FDBG_ABI_MEMORY; /* more than four floats, whatever it is */
	else if (abi->hidden_pointer_is_arg)
		place_sysv(&leaves, type->size, ret);
	else
		place_aapcs(&leaves, type->size, ret);
}

bool fdbg_abi_same_place(const struct fdbg_abi_value *a, const struct fdbg_abi_value *b)
{
	if (a->place != b->place || a->n_pieces != b->n_pieces)
		return false;
	for (size_t i = 0; i < a->n_pieces; i++) {
		const struct fdbg_abi_piece *x = &a->pieces[i], *y = &b->pieces[i];

		if (x->reg_class != y->reg_class || x->reg != y->reg || x->size != y->size || x->offset != y->offset)
			return false;
	}
	return true;
}

bool fdbg_c_type_is_likely(const struct fdbg_type *type)
{
	static const char *const others[] = { "(", "&", "[", "{", "core::", "alloc::", "std::", "dyn " };

	if (type->kind != FDBG_TYPE_STRUCT && type->kind != FDBG_TYPE_UNION)
		return false;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (fdbg_text_starts(type->name, others[i]))
			return false;
	/* rustc may put the members in another order, C does not. */
	for (size_t i = 1; i < type->n_members; i++)
		if (type->kind == FDBG_TYPE_STRUCT && type->members[i].offset < type->members[i - 1].offset)
			return false;
	return !memmem(type->name.data, type->name.len, "{closure_env#", 13);
}
