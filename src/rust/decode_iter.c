/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Iterators over memory, as what they have still to give: fields `items` and `len` (std-types.md, section 6.1). */
#include "rust/decode_internal.h"

/* How the end is told where the elements have no size: by a number of bytes from the start, or by the number. */
struct iter {
	struct fdbg_desc_seq seq;
	uint64_t start, end;           /* offsets of words */
	bool end_is_len;               /* of elements without size */
	bool owned;                    /* it has the memory: alignment and bounds are those of a Vec */
};

static void decode_iter(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			const struct fdbg_object *object, struct fdbg_value *to)
{
	const struct iter *iter = desc->extra;
	uint64_t start = fdbg_word_at(object->bytes + iter->start, 8);
	uint64_t end = fdbg_word_at(object->bytes + iter->end, 8);
	uint64_t stride = iter->seq.stride, len;
	struct fdbg_field *fields;

	if (!stride) {
		len = iter->end_is_len ? end : end - start;
	} else if (end < start || (end - start) % stride) {
		*to = fdbg_value_opaque("iterator whose end contradicts its start");
		return;
	} else {
		len = (end - start) / stride;
	}
	fields = fdbg_decode_fields(decoder, 2);
	if (!fields) {
		*to = fdbg_value_opaque("too many values in one event");
		return;
	}
	fields[0].name = FDBG_TEXT("items");
	fields[1].name = FDBG_TEXT("len");
	fields[1].value = fdbg_usize_value(len);
	*to = (struct fdbg_value){
		.kind = FDBG_VALUE_STRUCT, .record = { .type = desc->name, .fields = fields, .n_fields = 2 },
	};
	fdbg_decode_seq_at(decoder, &iter->seq, object, start, len,
			   iter->seq.text ? FDBG_SEQ_STR : FDBG_SEQ_ARRAY,
			   iter->owned ? FDBG_ARRAY_VEC : FDBG_ARRAY_SLICE,
			   iter->owned ? FDBG_TEXT("Vec<u8>") : FDBG_TEXT("&[u8]"), &fields[0].value);
}

/* Finds the start and the end of an iterator at a path (or at the type itself) with elements of a type. */
static bool describe(struct fdbg_decoder *decoder, struct fdbg_desc *desc, const struct fdbg_type *at,
		     uint64_t base, const struct fdbg_type *elem)
{
	struct iter *iter = fdbg_arena_new(&decoder->descs, struct iter);

	if (!iter || !elem || elem->kind == FDBG_TYPE_UNKNOWN || !fdbg_word_path(at, "ptr.*", &iter->start))
		return false;
	iter->end_is_len = fdbg_word_path(at, "end_or_len.*", &iter->end);
	if (!iter->end_is_len && !fdbg_word_path(at, "end.*", &iter->end))
		return false;
	iter->start += base;
	iter->end += base;
	iter->seq.elem.type = elem;
	iter->seq.stride = elem->size;
	iter->seq.bytes = elem->kind == FDBG_TYPE_BASE && fdbg_text_is(elem->name, "u8");
	desc->extra = iter;
	desc->decode = decode_iter;
	return true;
}

bool fdbg_describe_slice_iter(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	return describe(decoder, desc, desc->type, 0, fdbg_type_param(desc->type, "T"));
}

bool fdbg_describe_vec_iter(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	uint64_t ignored;

	if (!fdbg_word_path(desc->type, "buf.*", &ignored) || !fdbg_word_path(desc->type, "cap.*", &ignored) ||
	    !describe(decoder, desc, desc->type, 0, fdbg_type_param(desc->type, "T")))
		return false;
	((struct iter *)desc->extra)->owned = true;
	return true;
}

/* Chars: an iterator over the bytes of a str. */
bool fdbg_describe_chars(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	const struct fdbg_type *bytes;
	uint64_t offset = 0;

	if (!fdbg_type_path(desc->type, "iter", &bytes, &offset) ||
	    !describe(decoder, desc, bytes, offset, fdbg_type_param(bytes, "T")) ||
	    !((struct iter *)desc->extra)->seq.bytes)
		return false;
	((struct iter *)desc->extra)->seq.text = true;
	return true;
}

/* array::IntoIter: the array inside, of which a range is left. */

struct array_iter {
	uint64_t data, start, end;     /* offsets: the array, the range's words */
	uint64_t n;
	struct fdbg_desc_ref elem;
};

static void decode_array_iter(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			      const struct fdbg_object *object, struct fdbg_value *to)
{
	struct array_iter *iter = desc->extra;
	uint64_t start = fdbg_word_at(object->bytes + iter->start, 8);
	uint64_t end = fdbg_word_at(object->bytes + iter->end, 8), len = end - start;
	const struct fdbg_desc *elem = fdbg_describe_ref(decoder, &iter->elem);
	struct fdbg_object first = *object;
	struct fdbg_field *fields;
	struct fdbg_value *items;
	uint64_t n;

	if (!elem || start > end || end > iter->n) {
		*to = fdbg_value_opaque("iterator whose end contradicts its start");
		return;
	}
	n = fdbg_decode_room(decoder, len < decoder->limits.max_array ? len : decoder->limits.max_array);
	fields = fdbg_decode_fields(decoder, 2);
	items = fields ? fdbg_decode_nodes(decoder, n) : NULL;
	if (!items) {
		*to = fdbg_value_opaque("too many values in one event");
		return;
	}
	fields[0].name = FDBG_TEXT("items");
	fields[0].value = (struct fdbg_value){
		.kind = FDBG_VALUE_ARRAY, .cut = n < len, .total = n < len ? len : 0,
		.array = { .kind = FDBG_ARRAY_ARR, .items = items, .n_items = n },
	};
	fields[1].name = FDBG_TEXT("len");
	fields[1].value = fdbg_usize_value(len);
	*to = (struct fdbg_value){
		.kind = FDBG_VALUE_STRUCT, .record = { .type = desc->name, .fields = fields, .n_fields = 2 },
	};
	first.bytes += iter->data + start * elem->type->size;
	first.address += iter->data + start * elem->type->size;
	if (++first.nesting > FDBG_MAX_NESTING)
		fields[0].value = fdbg_value_opaque("types nest too deep");
	else
		fdbg_decode_elements(decoder, elem, &first, n, items);
}

bool fdbg_describe_array_iter(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	struct array_iter *iter = fdbg_arena_new(&decoder->descs, struct array_iter);
	const struct fdbg_type *elem = fdbg_type_param(desc->type, "T"), *inner, *data, *range = NULL;
	static const char *const paths[] = { "", "inner", "inner.value", "inner.value.__0" };
	uint64_t base = 0, at_range = 0;

	if (!iter || !elem || elem->kind == FDBG_TYPE_UNKNOWN)
		return false;
	/* Peeling would not stop at the range's neighbour where the elements have no size. */
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]) && !range; i++) {
		base = at_range = 0;
		if (!fdbg_type_path(desc->type, paths[i], &inner, &base) ||
		    !fdbg_type_path(inner, "alive", &range, &at_range))
			range = NULL;
	}
	if (!range || !fdbg_type_path(inner, "data", &data, &iter->data) || data->kind != FDBG_TYPE_ARRAY ||
	    !data->has_count || fdbg_type_of((struct fdbg_type_ref *)&data->target)->size != elem->size ||
	    (elem->size && data->count > desc->type->size / elem->size) ||
	    iter->data + base > desc->type->size ||
	    data->count * elem->size > desc->type->size - iter->data - base ||
	    !fdbg_word_path(range, "start", &iter->start) || !fdbg_word_path(range, "end", &iter->end) ||
	    base + at_range + iter->start + 8 > desc->type->size ||
	    base + at_range + iter->end + 8 > desc->type->size)
		return false;
	iter->data += base;
	iter->start += base + at_range;
	iter->end += base + at_range;
	iter->n = data->count;
	iter->elem.type = elem;
	desc->extra = iter;
	desc->decode = decode_array_iter;
	return true;
}
