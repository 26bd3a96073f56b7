/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Decoders for what any type can be made of: numbers, structs, enums, arrays, thin pointers. */
#include <string.h>

#include "rust/decode_internal.h"
#include "rust/layout.h"
#include "rust/utf8.h"

static const char too_many[] = "too many values in one event";

void fdbg_decode_opaque(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			const struct fdbg_object *object, struct fdbg_value *to)
{
	(void)decoder;
	(void)object;
	*to = fdbg_value_opaque(desc->reason);
}

void fdbg_decode_unit(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
		      const struct fdbg_object *object, struct fdbg_value *to)
{
	(void)decoder;
	(void)desc;
	(void)object;
	*to = (struct fdbg_value){ .kind = FDBG_VALUE_UNIT };
}

/* A bool of neither 0 nor 1, or a char that is none: memory that holds no value of its type. */
static const char *bad_prim(enum fdbg_prim prim, const uint8_t *bytes)
{
	if (prim == FDBG_PRIM_BOOL && bytes[0] > 1)
		return "bool that is neither 0 nor 1";
	if (prim == FDBG_PRIM_CHAR && !fdbg_utf8_is_scalar((uint32_t)fdbg_word_at(bytes, 4)))
		return "char that is no Unicode scalar value";
	return NULL;
}

void fdbg_decode_prim(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
		      const struct fdbg_object *object, struct fdbg_value *to)
{
	const char *bad = bad_prim(desc->prim, object->bytes);

	(void)decoder;
	if (bad) {
		*to = fdbg_value_opaque(bad);
		return;
	}
	*to = (struct fdbg_value){ .kind = FDBG_VALUE_PRIM, .prim = { .prim = desc->prim } };
	memcpy(to->prim.bytes, object->bytes, desc->type->size);
}

void fdbg_decode_enum(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
		      const struct fdbg_object *object, struct fdbg_value *to)
{
	const struct fdbg_type *type = desc->type;
	uint64_t value = fdbg_word_at(object->bytes, type->size < 8 ? type->size : 8);
	uint64_t high = type->size == 16 ? fdbg_word_at(object->bytes + 8, 8) : 0;

	(void)decoder;
	for (size_t i = 0; i < type->n_enumerators; i++) {
		if (type->enumerators[i].value != value || type->enumerators[i].value_high != high)
			continue;
		*to = (struct fdbg_value){
			.kind = FDBG_VALUE_ENUM,
			.enumeration = { .type = desc->name, .variant = type->enumerators[i].name },
		};
		return;
	}
	*to = fdbg_value_opaque("enum value that no variant has");
}

static bool decode_fields(struct fdbg_decoder *decoder, const struct fdbg_object *object,
			  struct fdbg_desc_field *described, size_t n, struct fdbg_field **ret)
{
	struct fdbg_field *fields = fdbg_decode_fields(decoder, n);

	if (!fields)
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct fdbg_desc *desc = fdbg_describe_ref(decoder, &described[i].ref);

		fields[i].name = described[i].name;
		if (desc)
			fdbg_decode_part(decoder, desc, object, described[i].offset, &fields[i].value);
		else
			fields[i].value = fdbg_value_opaque("out of memory");
	}
	*ret = fields;
	return true;
}

void fdbg_decode_record(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			const struct fdbg_object *object, struct fdbg_value *to)
{
	struct fdbg_field *fields;

	if (!decode_fields(decoder, object, desc->fields, desc->n_fields, &fields)) {
		*to = fdbg_value_opaque(too_many);
		return;
	}
	*to = (struct fdbg_value){
		.kind = FDBG_VALUE_STRUCT,
		.record = { .type = desc->name, .fields = fields, .n_fields = desc->n_fields },
	};
}

/* The variant that the tag selects, or NULL. */
static struct fdbg_desc_variant *select_variant(const struct fdbg_desc *desc,
						const struct fdbg_object *object)
{
	const uint8_t *tag = object->bytes + desc->tag_offset;
	uint64_t low = 0, high = 0;
	struct fdbg_desc_variant *other = NULL;

	if (desc->tag_size) {
		low = fdbg_word_at(tag, desc->tag_size < 8 ? desc->tag_size : 8);
		if (desc->tag_size > 8)
			high = fdbg_word_at(tag + 8, desc->tag_size - 8);
	}
	for (size_t i = 0; i < desc->n_variants; i++) {
		struct fdbg_desc_variant *variant = &desc->variants[i];

		if (!variant->has_value)
			other = variant;
		else if (desc->tag_size && variant->low == low && variant->high == high)
			return variant;
	}
	return other;
}

size_t fdbg_decode_variant_index(const struct fdbg_desc *desc, const struct fdbg_object *object)
{
	const struct fdbg_desc_variant *variant = NULL;

	/* An enum whose tag makes no sense is opaque. */
	if (desc->variants && desc->decode != fdbg_decode_opaque)
		variant = select_variant(desc, object);
	return variant && !variant->impossible ? (size_t)(variant - desc->variants) : SIZE_MAX;
}

static bool describe_payload(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			     struct fdbg_desc_variant *variant)
{
	const struct fdbg_type *payload = variant->payload;
	struct fdbg_type whole;

	if (!payload)
		return true;
	/* The members' offsets count from the start of the enum, so it is the enum that they must lie in. */
	whole = *payload;
	whole.size = desc->type->size;
	if (!fdbg_describe_fields(decoder, &whole, &variant->fields, &variant->n_fields))
		return false;
	if (fdbg_type_is_coroutine(desc->type))
		fdbg_describe_state(decoder, desc, variant);
	variant->payload = NULL;
	return true;
}

void fdbg_decode_variants(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			  const struct fdbg_object *object, struct fdbg_value *to)
{
	struct fdbg_desc_variant *variant = select_variant(desc, object);
	struct fdbg_field *fields;

	if (!variant || variant->impossible) {
		*to = fdbg_value_opaque(variant ? variant->impossible : "enum tag that no variant has");
		return;
	}
	if (!describe_payload(decoder, desc, variant)) {
		decoder->nomem = true;
		*to = fdbg_value_opaque("out of memory");
		return;
	}
	if (!decode_fields(decoder, object, variant->fields, variant->n_fields, &fields)) {
		*to = fdbg_value_opaque(too_many);
		return;
	}
	*to = (struct fdbg_value){
		.kind = FDBG_VALUE_VARIANT,
		.variant = {
			.type = desc->name, .variants = desc->variant_names, .n_variants = desc->n_variants,
			.index = (size_t)(variant - desc->variants), .fields = fields,
			.n_fields = variant->n_fields,
		},
	};
}

void fdbg_decode_elements(struct fdbg_decoder *decoder, const struct fdbg_desc *elem,
			  const struct fdbg_object *first, uint64_t count, struct fdbg_value *items)
{
	uint64_t size = elem->type->size;

	if (elem->decode == fdbg_decode_prim) {
		const uint8_t *bytes = first->bytes;
		bool checked = elem->prim == FDBG_PRIM_BOOL || elem->prim == FDBG_PRIM_CHAR;

		/* The nodes are zeroed: only what differs from that is written. */
		for (uint64_t i = 0; i < count; i++, bytes += size) {
			const char *bad = checked ? bad_prim(elem->prim, bytes) : NULL;

			if (bad) {
				items[i] = fdbg_value_opaque(bad);
				continue;
			}
			items[i].kind = FDBG_VALUE_PRIM;
			items[i].prim.prim = elem->prim;
			if (size == 4)
				memcpy(items[i].prim.bytes, bytes, 4);
			else if (size == 8)
				memcpy(items[i].prim.bytes, bytes, 8);
			else
				memcpy(items[i].prim.bytes, bytes, size);
		}
		return;
	}
	for (uint64_t i = 0; i < count; i++)
		fdbg_decode_part(decoder, elem, first, i * size, &items[i]);
}

void fdbg_decode_array(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
		       const struct fdbg_object *object, struct fdbg_value *to)
{
	const struct fdbg_desc *elem = fdbg_describe_ref(decoder, &((struct fdbg_desc *)desc)->target);
	uint64_t n = desc->count < decoder->limits.max_array ? desc->count : decoder->limits.max_array;
	struct fdbg_value *items;

	n = fdbg_decode_room(decoder, n);
	items = elem ? fdbg_decode_nodes(decoder, n) : NULL;
	if (!items) {
		*to = fdbg_value_opaque(too_many);
		return;
	}
	*to = (struct fdbg_value){
		.kind = FDBG_VALUE_ARRAY, .cut = n < desc->count, .total = n < desc->count ? desc->count : 0,
		.array = { .kind = desc->array_kind, .items = items, .n_items = n },
	};
	fdbg_decode_elements(decoder, elem, object, n, items);
}

void fdbg_decode_byte_array(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			    const struct fdbg_object *object, struct fdbg_value *to)
{
	uint64_t n = desc->count < decoder->limits.max_array ? desc->count : decoder->limits.max_array;

	*to = (struct fdbg_value){
		.kind = FDBG_VALUE_BYTES, .cut = n < desc->count, .total = n < desc->count ? desc->count : 0,
		.bytes = { .type = desc->name, .data = object->bytes, .len = n },
	};
}

/* Where a reference to the type may point: std-types.md, rule R7. 128-bit integers had 8 before 1.77. */
bool fdbg_misaligned(const struct fdbg_type *type, uint64_t address)
{
	uint64_t align = type->align_known ? type->align : type->align < 8 ? type->align : 8;

	return align > 1 && !(align & (align - 1)) && (address & (align - 1));
}

/*
 * Raw pointers to what has nothing to show are not followed: `()`, which stands for any memory, the library's
 * void, foreign types that are written as enums without variants, and trait objects, which are of no size here.
 */
static bool says_nothing(const struct fdbg_type *type)
{
	if (type->kind == FDBG_TYPE_UNKNOWN || fdbg_text_ends(type->name, "::c_void"))
		return true;
	if (type->size)
		return false;
	switch (type->kind) {
	case FDBG_TYPE_STRUCT:
	case FDBG_TYPE_UNION:
		return !type->name.len || fdbg_text_starts(type->name, "dyn ") ||
		       fdbg_text_starts(type->name, "(dyn ");
	case FDBG_TYPE_VARIANTS:
		return fdbg_type_uninhabited(type);
	case FDBG_TYPE_ARRAY:
		return false;
	default:
		return true;
	}
}

void fdbg_decode_pointer(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			 const struct fdbg_object *object, struct fdbg_value *to)
{
	uint64_t address = fdbg_word_at(object->bytes, 8);
	const struct fdbg_type *type = desc->target.type;
	const struct fdbg_desc *target;

	if (type->kind == FDBG_TYPE_FUNCTION) {
		fdbg_decode_code(decoder, desc, address, to);
		return;
	}
	if (desc->ref_kind == FDBG_REF_PTR) {
		if (!address || address >= FDBG_MAX_ADDRESS || says_nothing(type) ||
		    fdbg_misaligned(type, address)) {
			*to = (struct fdbg_value){
				.kind = FDBG_VALUE_REF, .ref = { .kind = FDBG_REF_PTR, .address = address },
			};
			return;
		}
	} else if (!address || fdbg_misaligned(type, address)) {
		*to = fdbg_value_opaque(address ? "reference that is not aligned" : "reference that is null");
		return;
	}
	target = fdbg_describe_ref(decoder, &((struct fdbg_desc *)desc)->target);
	if (!target) {
		*to = fdbg_value_opaque("out of memory");
		return;
	}
	fdbg_decode_follow(decoder, object, desc->ref_kind, address, target, to);
}
