/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a DIE and its children say of a type. */
#include <elf.h>
#include <string.h>

#include <dwarf.h>

#include "base/cursor.h"
#include "debuginfo/internal.h"
#include "debuginfo/leb.h"

/* A list that grows in the arena. */
struct list {
	void *items;
	size_t n, cap;
};

static void *list_add(struct fdbg_arena *arena, struct list *list, size_t size)
{
	if (list->n == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 4;
		void *grown = fdbg_arena_array(arena, cap, size);

		if (!grown)
			return NULL;
		if (list->n)
			memcpy(grown, list->items, list->n * size);
		list->items = grown;
		list->cap = cap;
	}
	return (char *)list->items + list->n++ * size;
}

/* What is being put together from a DIE's children. */
struct builder {
	struct fdbg_debuginfo *debuginfo;
	struct fdbg_type *type;
	struct list members, enumerators, variants, params;
	uint64_t variant_part;      /* DIE offset; 0: none */
	uint64_t discr;             /* offset of the discriminant's DIE */
	struct fdbg_die variant;    /* the variant whose member is read */
	uint64_t count;
	bool has_count, count_unknown;
	bool nomem;
	const char *broken;         /* why the type cannot be understood */
};

/* DW_AT_data_member_location as a constant, or as the one expression that compilers wrote for it. */
static bool member_offset(const struct fdbg_die *die, uint64_t *ret)
{
	struct fdbg_cursor cursor;
	uint8_t op;

	switch (die->member_location.kind) {
	case FDBG_DIE_LOC_NONE:
		*ret = 0;
		return true;
	case FDBG_DIE_LOC_LIST: /* a number, see dwarf.c */
		*ret = die->member_location.list;
		return true;
	case FDBG_DIE_LOC_EXPR:
		cursor = fdbg_cursor_over(die->member_location.expr, die->member_location.len, 0);
		return fdbg_cursor_u8(&cursor, &op) && op == DW_OP_plus_uconst &&
			fdbg_leb_unsigned(&cursor, ret) &&
			!fdbg_cursor_left(&cursor);
	case FDBG_DIE_LOC_INDEX:
		break;
	}
	return false;
}

static bool make_member(struct builder *builder, const struct fdbg_die *die, struct fdbg_member *ret)
{
	*ret = (struct fdbg_member){
		.name = die->name, .align = die->alignment.low, .artificial = die->artificial,
		.type = fdbg_type_ref_to(builder->debuginfo, die->type),
	};
	if (die->bit_field)
		builder->broken = "it has bit fields";
	else if (!member_offset(die, &ret->offset))
		builder->broken = "a member's place is not a number";
	return !builder->broken;
}

static bool add_param(struct builder *builder, const struct fdbg_die *child)
{
	struct fdbg_template_param *param = list_add(&builder->debuginfo->arena, &builder->params,
						     sizeof(*param));

	if (!param) {
		builder->nomem = true;
		return false;
	}
	*param = (struct fdbg_template_param){ child->name,
					      fdbg_type_ref_to(builder->debuginfo, child->type) };
	return true;
}

static bool add_struct_child(void *context, const struct fdbg_die *child)
{
	struct builder *builder = context;
	struct fdbg_member *member;

	switch (child->tag) {
	case DW_TAG_member:
		if (child->external || child->declaration) /* a static member */
			return true;
		member = list_add(&builder->debuginfo->arena, &builder->members, sizeof(*member));
		if (!member) {
			builder->nomem = true;
			return false;
		}
		return make_member(builder, child, member);
	case DW_TAG_variant_part:
		if (builder->variant_part) {
			builder->broken = "it has two variant parts";
			return false;
		}
		builder->variant_part = child->offset;
		builder->discr = child->discr;
		return true;
	case DW_TAG_template_type_parameter:
		return add_param(builder, child);
	default:
		return true;
	}
}

static bool add_variant_member(void *context, const struct fdbg_die *child)
{
	struct builder *builder = context;
	struct fdbg_variant *variant;
	struct fdbg_member member;

	if (child->tag != DW_TAG_member)
		return true;
	if (!make_member(builder, child, &member))
		return false;
	variant = list_add(&builder->debuginfo->arena, &builder->variants, sizeof(*variant));
	if (!variant) {
		builder->nomem = true;
		return false;
	}
	*variant = (struct fdbg_variant){
		.name = member.name, .has_value = builder->variant.discr_value.present,
		.value_low = builder->variant.discr_value.low,
		.value_high = builder->variant.discr_value.high,
		.value_width = builder->variant.discr_value.width,
		.type = member.type, .offset = member.offset, .line = (uint32_t)child->decl_line.low,
		.line_file = child->decl_file.low,
	};
	return true;
}

static bool add_variant_part_child(void *context, const struct fdbg_die *child)
{
	struct builder *builder = context;
	size_t before = builder->variants.n;

	switch (child->tag) {
	case DW_TAG_member:
		if (child->offset == builder->discr) {
			builder->type->has_discriminant = true;
			return make_member(builder, child, &builder->type->discriminant);
		}
		return true;
	case DW_TAG_variant:
		if (child->discr_list) {
			builder->broken = "a variant has a list of discriminants";
			return false;
		}
		builder->variant = *child;
		fdbg_dwarf_children(builder->debuginfo->dwarf, child->offset, add_variant_member, builder);
		if (!builder->nomem && !builder->broken && builder->variants.n != before + 1)
			builder->broken = "a variant has not one member";
		return !builder->nomem && !builder->broken;
	default:
		return true;
	}
}

static void mask(uint64_t size, uint64_t *low, uint64_t *high)
{
	if (size < 8)
		*low &= ((uint64_t)1 << size * 8) - 1;
	if (size < 16)
		*high = 0;
}

/*
 * Values of a signed discriminant are written in the narrowest form that holds them with their sign: -1 is 0xff in one
 * byte, 255 is 0x00ff in two, however wide the discriminant is.
 */
static void extend_sign(struct fdbg_variant *variant)
{
	unsigned int bits = variant->value_width * 8u;

	if (!bits || !(variant->value_low >> (bits - 1) & 1))
		return;
	if (bits < 64)
		variant->value_low |= UINT64_MAX << bits;
	variant->value_high = UINT64_MAX;
}

/* The variant part of a structure that was read. */
static void build_variants(struct builder *builder)
{
	struct fdbg_type *type = builder->type;
	const struct fdbg_type *tag;

	type->kind = FDBG_TYPE_VARIANTS;
	if (!fdbg_dwarf_children(builder->debuginfo->dwarf, builder->variant_part, add_variant_part_child,
				 builder)) {
		if (!builder->broken && !builder->nomem)
			builder->broken = "its variants cannot be read";
		return;
	}
	type->variants = builder->variants.items;
	type->n_variants = builder->variants.n;
	if (builder->discr && !type->has_discriminant) {
		/*
		 * DWARF allows the discriminant to be a member outside the variant part; no known rustc does
		 * that.
		 */
		builder->broken = "its discriminant is not in its variant part";
		return;
	}
	if (!type->has_discriminant)
		return;
	tag = fdbg_type_of(&type->discriminant.type);
	if ((tag->kind != FDBG_TYPE_BASE && tag->kind != FDBG_TYPE_ENUM && tag->kind != FDBG_TYPE_POINTER) ||
	    !tag->size ||
	    tag->size > 16 || type->discriminant.offset > type->size ||
	    tag->size > type->size - type->discriminant.offset) {
		builder->broken = "its discriminant is not an integer in it";
		return;
	}
	for (size_t i = 0; i < type->n_variants; i++) {
		if (tag->kind == FDBG_TYPE_BASE && tag->encoding == FDBG_ENCODING_SIGNED)
			extend_sign(&type->variants[i]);
		mask(tag->size, &type->variants[i].value_low, &type->variants[i].value_high);
	}
}

bool fdbg_type_is_unfinished(const struct fdbg_unit_data *unit, const struct fdbg_entry *entry,
			     const struct fdbg_die *die)
{
	uint16_t parent = entry && entry->parent != FDBG_NO_PARENT ? unit->entries[entry->parent].tag : 0;

	if (die->tag != DW_TAG_structure_type && die->tag != DW_TAG_union_type && die->tag != DW_TAG_class_type)
		return false;
	return !die->may_have_children && die->byte_size.present && die->byte_size.low &&
	       parent != DW_TAG_structure_type && parent != DW_TAG_union_type && parent != DW_TAG_class_type &&
	       parent != DW_TAG_variant && parent != DW_TAG_variant_part;
}

/* Another unit's finished description of a type. */
static void build_unfinished(struct builder *builder)
{
	struct fdbg_type *type = builder->type;
	struct fdbg_text name = type->name;
	const struct fdbg_type *whole = name.len ? fdbg_debuginfo_type_by_symbol_name(builder->debuginfo, name) : NULL;

	if (!whole || !fdbg_text_equal(whole->name, name) || whole->die == type->die || whole->size != type->size ||
	    whole->align != type->align ||
	    (whole->kind != FDBG_TYPE_STRUCT && whole->kind != FDBG_TYPE_VARIANTS && whole->kind != FDBG_TYPE_UNION)) {
		builder->broken = "the compiler has left its members out";
		return;
	}
	*type = *whole;
}

static void build_struct(struct builder *builder, const struct fdbg_die *die)
{
	struct fdbg_type *type = builder->type;
	struct fdbg_unit_data *unit = fdbg_unit_of_die(builder->debuginfo, die->offset);

	type->kind = die->tag == DW_TAG_union_type ? FDBG_TYPE_UNION : FDBG_TYPE_STRUCT;
	if (die->declaration || !die->byte_size.present) {
		builder->broken = "it is only declared";
		return;
	}
	if (unit && fdbg_type_is_unfinished(unit, fdbg_unit_entry(builder->debuginfo, unit, die->offset), die)) {
		build_unfinished(builder);
		return;
	}
	type->containing = fdbg_type_ref_to(builder->debuginfo, die->containing_type);
	if (!fdbg_dwarf_children(builder->debuginfo->dwarf, die->offset, add_struct_child, builder) &&
	    !builder->broken &&
	    !builder->nomem)
		builder->broken = "its members cannot be read";
	if (!builder->nomem && !builder->broken && builder->variant_part)
		build_variants(builder);
	type->members = builder->members.items;
	type->n_members = builder->members.n;
	type->params = builder->params.items;
	type->n_params = builder->params.n;
}

static bool add_enumerator(void *context, const struct fdbg_die *child)
{
	struct builder *builder = context;
	struct fdbg_enumerator *enumerator;

	if (child->tag == DW_TAG_template_type_parameter)
		return add_param(builder, child);
	if (child->tag != DW_TAG_enumerator)
		return true;
	enumerator = list_add(&builder->debuginfo->arena, &builder->enumerators, sizeof(*enumerator));
	if (!enumerator) {
		builder->nomem = true;
		return false;
	}
	if (!child->const_value.present) {
		builder->broken = "an enumerator has no value";
		return false;
	}
	enumerator->name = child->name;
	enumerator->value = child->const_value.low;
	enumerator->value_high = child->const_value.high;
	return true;
}

static void build_enum(struct builder *builder, const struct fdbg_die *die)
{
	struct fdbg_type *type = builder->type;

	type->kind = FDBG_TYPE_ENUM;
	type->target = fdbg_type_ref_to(builder->debuginfo, die->type);
	if (!die->byte_size.present)
		type->size = die->type ? fdbg_type_of(&type->target)->size : 0;
	if (die->declaration || type->size > 16)
		builder->broken = "its size is not that of an integer";
	if (!builder->broken &&
	    !fdbg_dwarf_children(builder->debuginfo->dwarf, die->offset, add_enumerator, builder) &&
	    !builder->broken)
		builder->broken = "its enumerators cannot be read";
	type->enumerators = builder->enumerators.items;
	type->n_enumerators = builder->enumerators.n;
	type->params = builder->params.items;
	type->n_params = builder->params.n;
	for (size_t i = 0; i < type->n_enumerators; i++)
		mask(type->size, &type->enumerators[i].value, &type->enumerators[i].value_high);
}

static bool add_subrange(void *context, const struct fdbg_die *child)
{
	struct builder *builder = context;
	uint64_t count;

	if (child->tag != DW_TAG_subrange_type)
		return true;
	if (child->count.present && !child->count.negative)
		count = child->count.low;
	else if (child->upper.present && !child->upper.negative && child->upper.low >= child->lower.low)
		count = child->upper.low - child->lower.low + 1;
	else {
		builder->count_unknown = true;
		return true;
	}
	/* Several subranges are an array of arrays, which lies in memory as one. */
	if (!builder->has_count)
		builder->count = 1;
	if (__builtin_mul_overflow(builder->count, count, &builder->count))
		builder->broken = "it has too many elements";
	builder->has_count = true;
	return !builder->broken;
}

static void build_array(struct builder *builder, const struct fdbg_die *die)
{
	struct fdbg_type *type = builder->type;
	const struct fdbg_type *element;

	type->kind = FDBG_TYPE_ARRAY;
	type->target = fdbg_type_ref_to(builder->debuginfo, die->type);
	if (!fdbg_dwarf_children(builder->debuginfo->dwarf, die->offset, add_subrange, builder) &&
	    !builder->broken)
		builder->broken = "its bounds cannot be read";
	if (builder->broken)
		return;
	type->has_count = builder->has_count && !builder->count_unknown;
	type->count = type->has_count ? builder->count : 0;
	element = fdbg_type_of(&type->target);
	if (element->kind == FDBG_TYPE_UNKNOWN) {
		builder->broken = "its element type is not known";
		return;
	}
	if (!die->byte_size.present && __builtin_mul_overflow(type->count, element->size, &type->size))
		builder->broken = "it is larger than memory";
	if (!die->alignment.present) {
		type->align = element->align;
		type->align_known = element->align_known;
	}
}

static void build_base(struct builder *builder, const struct fdbg_die *die)
{
	struct fdbg_type *type = builder->type;
	const struct fdbg_unit *unit = type->unit;

	type->kind = FDBG_TYPE_BASE;
	if (type->size > 16) {
		builder->broken = "it is a base type of more than 16 bytes";
		return;
	}
	if (!die->alignment.present && type->size) {
		type->align = type->size;
		/* std-types.md, rule R7; rust-abi.md, section 1.1. */
		if (type->size == 16 && fdbg_image_info(builder->debuginfo->image)->machine == EM_X86_64 &&
		    unit->rustc_major == 1 && unit->rustc_minor < 77)
			type->align = 8;
	}
	if (!type->size)
		return;
	switch (die->encoding.low) {
	case DW_ATE_signed:
	case DW_ATE_signed_char:
		type->encoding = FDBG_ENCODING_SIGNED;
		return;
	case DW_ATE_unsigned:
	case DW_ATE_unsigned_char:
		type->encoding = FDBG_ENCODING_UNSIGNED;
		return;
	case DW_ATE_float:
		type->encoding = FDBG_ENCODING_FLOAT;
		return;
	case DW_ATE_boolean:
		type->encoding = FDBG_ENCODING_BOOL;
		return;
	case DW_ATE_UTF:
		type->encoding = FDBG_ENCODING_CHAR;
		return;
	default:
		builder->broken = "its encoding is not known";
	}
}

static void build(struct builder *builder, const struct fdbg_die *die)
{
	struct fdbg_type *type = builder->type;

	switch (die->tag) {
	case DW_TAG_base_type:
		build_base(builder, die);
		return;
	case DW_TAG_pointer_type:
	case DW_TAG_reference_type:
	case DW_TAG_rvalue_reference_type:
		type->kind = FDBG_TYPE_POINTER;
		type->target = fdbg_type_ref_to(builder->debuginfo, die->type);
		if (!die->byte_size.present)
			type->size = ((const struct fdbg_unit_data *)type->unit)->header.address_size;
		if (type->size != 8)
			builder->broken = "it is a pointer of an odd size";
		if (!die->alignment.present)
			type->align = 8;
		return;
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
		build_struct(builder, die);
		return;
	case DW_TAG_enumeration_type:
		build_enum(builder, die);
		return;
	case DW_TAG_array_type:
		build_array(builder, die);
		return;
	case DW_TAG_subroutine_type:
		type->kind = FDBG_TYPE_FUNCTION;
		type->target = fdbg_type_ref_to(builder->debuginfo, die->type);
		return;
	default:
		builder->broken = "it is no type that Rust has";
	}
}

const char *fdbg_type_build(struct fdbg_debuginfo *debuginfo, const struct fdbg_die *die, struct fdbg_type *type,
			    bool *nomem_ret)
{
	struct builder builder = { .debuginfo = debuginfo, .type = type };

	build(&builder, die);
	*nomem_ret = builder.nomem;
	return builder.broken;
}
