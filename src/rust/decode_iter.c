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
