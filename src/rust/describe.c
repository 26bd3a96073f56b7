/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Descriptions: what of a type the decoder needs to know, worked out once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rust/decode_internal.h"
#include "rust/layout.h"
#include "rust/names.h"
#include "rust/visualize.h"

static bool is_number(struct fdbg_text text)
{
	if (!text.len)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
	return true;
}

static bool is_tuple_name(struct fdbg_text name)
{
	return fdbg_text_starts(name, "__") && is_number((struct fdbg_text){ name.data + 2, name.len - 2 });
}

/* `__0` is field 0 of a tuple where all members are such; elsewhere the source says so (std-types.md, R6). */
static bool is_tuple(const struct fdbg_type *type)
{
	for (size_t i = 0; i < type->n_members; i++)
		if (!is_tuple_name(type->members[i].name))
			return false;
	return true;
}

struct fdbg_desc_ref fdbg_desc_ref_to(const struct fdbg_type_ref *ref)
{
	return (struct fdbg_desc_ref){ .type = fdbg_type_of((struct fdbg_type_ref *)ref) };
}

const struct fdbg_desc *fdbg_describe_ref(struct fdbg_decoder *decoder, struct fdbg_desc_ref *ref)
{
	if (!ref->desc)
		ref->desc = fdbg_describe(decoder, ref->type);
	return ref->desc;
}

/*
 * Field numbers in DWARF order are not in the order of their offsets; tuples come in the order of their
 * numbers anyway.
 */
static void sort_numbered(struct fdbg_desc_field *fields, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fields[i].name.len > 9)
			return;
	for (size_t i = 1; i < n; i++) {
		struct fdbg_desc_field field = fields[i];
		size_t j = i;

		while (j > 0 &&
		       strtoul(fields[j - 1].name.data, NULL, 10) > strtoul(field.name.data, NULL, 10)) {
			fields[j] = fields[j - 1];
			j--;
		}
		fields[j] = field;
	}
}

static bool describe_members(struct fdbg_decoder *decoder, const struct fdbg_type *whole,
			     const struct fdbg_type *type, struct fdbg_desc_field **ret, size_t *n_ret)
{
	struct fdbg_desc_field *fields =
		fdbg_arena_array(&decoder->descs, type->n_members + 1, sizeof(*fields));
	bool tuple = is_tuple(type);

	if (!fields)
		return false;
	for (size_t i = 0; i < type->n_members; i++) {
		const struct fdbg_member *member = &type->members[i];
		struct fdbg_desc_field *field = &fields[i];

		*field = (struct fdbg_desc_field){
			.name = member->name,
			.offset = member->offset,
			.ref = fdbg_desc_ref_to(&member->type),
		};
		if (tuple) {
			field->name.data += 2;
			field->name.len -= 2;
		}
		/* A member that is not inside its object: never read there. */
		if (field->offset > whole->size || field->ref.type->size > whole->size - field->offset) {
			field->ref.type = &decoder->unknown_type;
			field->offset = 0;
		}
	}
	if (tuple)
		sort_numbered(fields, type->n_members);
	*ret = fields;
	*n_ret = type->n_members;
	return true;
}

bool fdbg_describe_fields(struct fdbg_decoder *decoder, const struct fdbg_type *type,
			  struct fdbg_desc_field **ret, size_t *n_ret)
{
	return describe_members(decoder, type, type, ret, n_ret);
}

static void opaque(struct fdbg_desc *desc, const char *reason)
{
	desc->decode = fdbg_decode_opaque;
	desc->reason = reason;
}

static void describe_base(struct fdbg_desc *desc)
{
	const struct fdbg_type *type = desc->type;

	if (!type->size) {
		if (fdbg_text_is(type->name, "!"))
			opaque(desc, "no value of type ! can exist");
		else
			desc->decode = fdbg_decode_unit;
		return;
	}
	if (!fdbg_prim_from_name(type->name, &desc->prim) || fdbg_prim_size(desc->prim) != type->size) {
		opaque(desc, "basic type that is not known");
		return;
	}
	desc->decode = fdbg_decode_prim;
}

static void describe_pointer(struct fdbg_desc *desc)
{
	const struct fdbg_type *type = desc->type;

	if (type->size != 8) {
		opaque(desc, "pointer of a size that is not known");
		return;
	}
	desc->decode = fdbg_decode_pointer;
	desc->target = fdbg_desc_ref_to(&type->target);
	if (fdbg_text_starts(type->name, "&"))
		desc->ref_kind = FDBG_REF_REF;
	else if (fdbg_text_starts(type->name, "alloc::boxed::Box<"))
		desc->ref_kind = FDBG_REF_BOX;
	else
		desc->ref_kind = FDBG_REF_PTR;
}

static void describe_array(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	const struct fdbg_type *type = desc->type;
	char *name;

	desc->target = fdbg_desc_ref_to(&type->target);
	if (!type->has_count) {
		opaque(desc, "array of unknown length");
		return;
	}
	if (type->count && desc->target.type->size > UINT64_MAX / type->count) {
		opaque(desc, "array too large");
		return;
	}
	if (type->count * desc->target.type->size != type->size) {
		opaque(desc, "array whose size and length contradict each other");
		return;
	}
	desc->count = type->count;
	desc->array_kind = FDBG_ARRAY_ARR;
	desc->decode = fdbg_decode_array;
	if (desc->target.type->kind != FDBG_TYPE_BASE || !fdbg_text_is(desc->target.type->name, "u8"))
		return;
	/* `[u8; N]` is bytes, and its type's name goes with them; DWARF has none for arrays. */
	name = fdbg_arena_printf(&decoder->descs, "[u8; %llu]", (unsigned long long)type->count);
	desc->name = fdbg_text_from(name);
	desc->decode = fdbg_decode_byte_array;
}

static bool describe_enum(struct fdbg_desc *desc)
{
	if (!desc->type->size || (desc->type->size > 8 && desc->type->size != 16))
		opaque(desc, "enum of a size that is not known");
	else
		desc->decode = fdbg_decode_enum;
	return true;
}

/* The value of the only variant that can exist, or a reason why there is none. */
static const char *choose_only_variant(struct fdbg_desc *desc)
{
	size_t n = 0;

	for (size_t i = 0; i < desc->n_variants; i++) {
		if (desc->n_variants > 1 && desc->variants[i].impossible)
			continue;
		desc->variants[i].has_value = false;
		desc->variants[i].impossible = NULL;
		n++;
	}
	for (size_t i = 0; i < desc->n_variants; i++)
		if (desc->variants[i].impossible)
			desc->variants[i].has_value = true;
	if (!n)
		return "no value of this type can exist";
	return n == 1 ? NULL : "enum without a tag";
}

static bool describe_variants(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	const struct fdbg_type *type = desc->type;
	bool coroutine = fdbg_type_is_coroutine(type);
	const char *reason;

	desc->n_variants = type->n_variants;
	desc->variants = fdbg_arena_array(&decoder->descs, type->n_variants + 1, sizeof(*desc->variants));
	desc->variant_names =
		fdbg_arena_array(&decoder->descs, type->n_variants + 1, sizeof(*desc->variant_names));
	if (!desc->variants || !desc->variant_names)
		return false;
	for (size_t i = 0; i < type->n_variants; i++) {
		struct fdbg_desc_variant *variant = &desc->variants[i];

		variant->has_value = type->variants[i].has_value;
		variant->low = type->variants[i].value_low;
		variant->high = type->variants[i].value_high;
		variant->payload = fdbg_type_of(&type->variants[i].type);
		if (fdbg_type_uninhabited(variant->payload))
			variant->impossible = "enum variant that cannot exist";
		desc->variant_names[i] = type->variants[i].name;
		/*
		 * The states of a coroutine: their structs have the telling names (std-types.md, section
		 * 5).
		 */
		if (coroutine && variant->payload->name.len)
			desc->variant_names[i] = fdbg_last_name(variant->payload->name);
	}
	desc->decode = fdbg_decode_variants;
	if (!type->has_discriminant) {
		reason = choose_only_variant(desc);
		if (reason)
			opaque(desc, reason);
		return true;
	}
	desc->tag_offset = type->discriminant.offset;
	desc->tag_size = fdbg_type_of((struct fdbg_type_ref *)&type->discriminant.type)->size;
	if (!desc->tag_size || desc->tag_size > 16 || desc->tag_offset > type->size ||
	    desc->tag_size > type->size - desc->tag_offset)
		opaque(desc, "enum whose tag is not inside it");
	return true;
}

static bool fill(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	const struct fdbg_type *type = desc->type;

	if (type->size > FDBG_MAX_OBJECT) {
		opaque(desc, "object too large");
		return true;
	}
	switch (type->kind) {
	case FDBG_TYPE_BASE:
		describe_base(desc);
		return true;
	case FDBG_TYPE_ARRAY:
		describe_array(decoder, desc);
		return true;
	case FDBG_TYPE_POINTER:
		describe_pointer(desc);
		return true;
	case FDBG_TYPE_ENUM:
		return describe_enum(desc);
	case FDBG_TYPE_VARIANTS:
		return describe_variants(decoder, desc) && fdbg_visualize(decoder, desc);
	case FDBG_TYPE_STRUCT:
		if (fdbg_describe_std(decoder, desc))
			return true;
		/* fallthrough */
	case FDBG_TYPE_UNION:
		desc->decode = fdbg_decode_record;
		/* Whether it holds a value is not in its bytes: it prints as its type alone, as in Rust. */
		if (fdbg_text_starts(type->name, "core::mem::maybe_uninit::MaybeUninit<"))
			return true;
		return fdbg_describe_fields(decoder, type, &desc->fields, &desc->n_fields) &&
		       fdbg_visualize(decoder, desc);
	case FDBG_TYPE_FUNCTION:
		opaque(desc, "function");
		return true;
	case FDBG_TYPE_UNKNOWN:
		break;
	}
	opaque(desc, "type that the debug information does not describe");
	return true;
}

static bool remember(struct fdbg_decoder *decoder, const struct fdbg_type *type)
{
	if (decoder->n_described == decoder->cap_described) {
		size_t cap = decoder->cap_described ? decoder->cap_described * 2 : 256;
		const struct fdbg_type **copy = realloc(decoder->described, cap * sizeof(*copy));

		if (!copy)
			return false;
		decoder->described = copy;
		decoder->cap_described = cap;
	}
	decoder->described[decoder->n_described++] = type;
	return true;
}

const struct fdbg_desc *fdbg_describe(struct fdbg_decoder *decoder, const struct fdbg_type *type)
{
	struct fdbg_desc *desc = type->decoder;

	if (desc)
		return desc;
	desc = fdbg_arena_new(&decoder->descs, struct fdbg_desc);
	if (!desc || !remember(decoder, type)) {
		decoder->nomem = true;
		return NULL;
	}
	desc->type = type;
	desc->name = fdbg_rust_type_name(type, &decoder->descs);
	if (!fill(decoder, desc)) {
		decoder->nomem = true;
		opaque(desc, "out of memory");
	}
	/* The slot belongs to this layer (type.h); types are constant to their readers otherwise. */
	((struct fdbg_type *)type)->decoder = desc;
	return desc;
}

uint64_t fdbg_word_at(const uint8_t *bytes, uint64_t size)
{
	uint64_t value = 0;

	for (uint64_t i = size; i-- > 0;)
		value = value << 8 | bytes[i];
	return value;
}

/* Takes off structs with one member that has bytes (std-types.md, rule R3). */
static const struct fdbg_type *peel(const struct fdbg_type *type, uint64_t *offset)
{
	for (unsigned depth = 0; type->kind == FDBG_TYPE_STRUCT && depth < 32; depth++) {
		const struct fdbg_member *only = NULL;
		const struct fdbg_type *inner = NULL;

		for (size_t i = 0; i < type->n_members; i++) {
			const struct fdbg_type *field = fdbg_type_of(&type->members[i].type);

			if (!field->size)
				continue;
			if (only)
				return type;
			only = &type->members[i];
			inner = field;
		}
		if (!only)
			return type;
		*offset += only->offset;
		type = inner;
	}
	return type;
}

bool fdbg_type_path(const struct fdbg_type *type, const char *path, const struct fdbg_type **ret,
		    uint64_t *offset)
{
	uint64_t at = 0;

	while (*path) {
		size_t len = strcspn(path, ".");
		const struct fdbg_member *found = NULL;

		if (*path == '*') {
			type = peel(type, &at);
			path++;
			continue;
		}
		for (size_t i = 0; i < type->n_members && !found; i++)
			if (fdbg_text_equal(type->members[i].name, (struct fdbg_text){ path, len }))
				found = &type->members[i];
		if (!found || type->kind == FDBG_TYPE_VARIANTS)
			return false;
		at += found->offset;
		type = fdbg_type_of((struct fdbg_type_ref *)&found->type);
		path += len + (path[len] == '.');
	}
	*ret = type;
	*offset += at;
	return true;
}

bool fdbg_word_path(const struct fdbg_type *type, const char *path, uint64_t *offset_ret)
{
	const struct fdbg_type *word;
	uint64_t offset = 0;

	if (!fdbg_type_path(type, path, &word, &offset) || word->size != 8 || offset > type->size ||
	    type->size - offset < 8)
		return false;
	if (word->kind != FDBG_TYPE_POINTER &&
	    !(word->kind == FDBG_TYPE_BASE &&
	      (word->encoding == FDBG_ENCODING_UNSIGNED || word->encoding == FDBG_ENCODING_SIGNED)))
		return false;
	*offset_ret = offset;
	return true;
}

/* How deep and how far types are looked into; what is larger is taken to have pointers. */
#define MAX_FOLLOW_DEPTH 32
#define MAX_FOLLOW_STEPS 10000

static bool follows(const struct fdbg_type *type, unsigned depth, unsigned *steps)
{
	if (depth > MAX_FOLLOW_DEPTH || ++*steps > MAX_FOLLOW_STEPS)
		return true;
	switch (type->kind) {
	case FDBG_TYPE_POINTER:
		return fdbg_type_of((struct fdbg_type_ref *)&type->target)->kind != FDBG_TYPE_FUNCTION;
	case FDBG_TYPE_ARRAY:
		return type->count &&
		       follows(fdbg_type_of((struct fdbg_type_ref *)&type->target), depth + 1, steps);
	case FDBG_TYPE_VARIANTS:
		for (size_t i = 0; i < type->n_variants; i++)
			if (type->size && follows(fdbg_type_of(&type->variants[i].type), depth + 1, steps))
				return true;
		/* fallthrough */
	case FDBG_TYPE_STRUCT:
	case FDBG_TYPE_UNION:
		for (size_t i = 0; i < type->n_members; i++)
			if (follows(fdbg_type_of(&type->members[i].type), depth + 1, steps))
				return true;
		return false;
	case FDBG_TYPE_UNKNOWN:
	case FDBG_TYPE_BASE:
	case FDBG_TYPE_ENUM:
	case FDBG_TYPE_FUNCTION:
		break;
	}
	return false;
}

bool fdbg_rust_follows_pointers(const struct fdbg_type *type)
{
	unsigned steps = 0;

	return follows(type, 0, &steps);
}
