/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Sequences: what a pointer and a length describe; Vec and String. */
#include "rust/decode_internal.h"

/* Most bytes of one sequence's elements that are read. */
#define MAX_SEQ_BYTES ((uint64_t)16 * 1024 * 1024)

struct fdbg_value fdbg_usize_value(uint64_t value)
{
	struct fdbg_value made = { .kind = FDBG_VALUE_PRIM, .prim = { .prim = FDBG_PRIM_USIZE } };

	for (unsigned i = 0; i < 8; i++)
		made.prim.bytes[i] = (uint8_t)(value >> 8 * i);
	return made;
}

const char *fdbg_bad_seq(const struct fdbg_desc_seq *seq, uint64_t address, uint64_t length)
{
	if (!address)
		return "pointer that is null";
	if (seq->stride && length > FDBG_MAX_ADDRESS / seq->stride)
		return "length that is impossible";
	if (fdbg_misaligned(seq->elem.type, address))
		return "pointer that is not aligned";
	return NULL;
}

void fdbg_decode_seq_at(struct fdbg_decoder *decoder, const struct fdbg_desc_seq *seq,
			const struct fdbg_object *object, uint64_t address, uint64_t length,
			enum fdbg_seq_form form, enum fdbg_array_kind kind, struct fdbg_text bytes_type,
			struct fdbg_value *to)
{
	struct fdbg_item item = { .to = to, .address = address, .total = length };
	const char *bad = fdbg_bad_seq(seq, address, length);
	uint64_t max_bytes = MAX_SEQ_BYTES, budget = decoder->view->fetch_limit;

	/* One sequence takes at most half of what is left: a part of it is better than nothing of it. */
	if (budget && max_bytes > (budget - decoder->view->total_fetched) / 2)
		max_bytes = (budget - decoder->view->total_fetched) / 2;

	if (bad) {
		*to = fdbg_value_opaque(bad);
		return;
	}
	item.desc = fdbg_describe_ref(decoder, (struct fdbg_desc_ref *)&seq->elem);
	if (!item.desc) {
		*to = fdbg_value_opaque("out of memory");
		return;
	}
	item.count = length < decoder->limits.max_array ? length : decoder->limits.max_array;
	if (seq->stride && item.count > max_bytes / seq->stride)
		item.count = max_bytes / seq->stride;
	*to = fdbg_value_opaque("not decoded");
	if (form != FDBG_SEQ_ARRAY) {
		item.step = form == FDBG_SEQ_STR ? fdbg_step_str : fdbg_step_string;
	} else if (seq->bytes) {
		item.step = fdbg_step_bytes;
		*to = (struct fdbg_value){ .kind = FDBG_VALUE_BYTES, .bytes = { .type = bytes_type } };
	} else {
		item.step = fdbg_step_elements;
		*to = (struct fdbg_value){ .kind = FDBG_VALUE_ARRAY, .array = { .kind = kind } };
		/* Strings and bytes end there; elements could lead on and on. */
		if (length && fdbg_decode_at_limit(decoder, object)) {
			to->cut = true;
			to->total = length;
			return;
		}
	}
	fdbg_decode_push(decoder, object, item);
}

void fdbg_decode_seq(struct fdbg_decoder *decoder, const struct fdbg_desc_seq *seq,
		     const struct fdbg_object *object, enum fdbg_seq_form form, enum fdbg_array_kind kind,
		     struct fdbg_text bytes_type, struct fdbg_value *to)
{
	uint64_t address = fdbg_word_at(object->bytes + seq->pointer, 8);
	uint64_t length = fdbg_word_at(object->bytes + seq->length, 8);

	if (seq->has_capacity && seq->stride) {
		uint64_t capacity = fdbg_word_at(object->bytes + seq->capacity, 8);

		if (length > capacity || capacity > FDBG_MAX_ADDRESS / seq->stride) {
			*to = fdbg_value_opaque(length > capacity ? "length above the capacity" :
								    "capacity that is impossible");
			return;
		}
	}
	fdbg_decode_seq_at(decoder, seq, object, address, length, form, kind, bytes_type, to);
}

static bool is_u8(const struct fdbg_type *type)
{
	return type->kind == FDBG_TYPE_BASE && fdbg_text_is(type->name, "u8");
}

void fdbg_set_elem(struct fdbg_desc_seq *seq, const struct fdbg_type *elem)
{
	seq->elem = (struct fdbg_desc_ref){ .type = elem };
	seq->stride = elem->size;
	seq->bytes = is_u8(elem);
}

/* Vec (std-types.md, section 6.1). */

bool fdbg_describe_vec_at(struct fdbg_decoder *decoder, const struct fdbg_type *type,
			  struct fdbg_desc_seq *ret)
{
	const struct fdbg_type *elem = fdbg_type_param(type, "T"), *pointer;
	struct fdbg_desc_seq seq = { .has_capacity = true };
	uint64_t offset = 0;
	bool inner;

	(void)decoder;
	inner = fdbg_word_path(type, "buf.inner.ptr.*", &seq.pointer);
	if (!inner && !fdbg_word_path(type, "buf.ptr.*", &seq.pointer))
		return false;
	if (!fdbg_type_path(type, inner ? "buf.inner.ptr.*" : "buf.ptr.*", &pointer, &offset) ||
	    pointer->kind != FDBG_TYPE_POINTER ||
	    !fdbg_word_path(type, inner ? "buf.inner.cap.*" : "buf.cap.*", &seq.capacity) ||
	    !fdbg_word_path(type, "len", &seq.length))
		return false;
	/*
	 * Without the parameter the pointer must say what it points to; new compilers point to u8 whatever
	 * it is.
	 */
	if (!elem && inner)
		return false;
	fdbg_set_elem(&seq, elem ? elem : fdbg_type_of((struct fdbg_type_ref *)&pointer->target));
	if (seq.elem.type->kind == FDBG_TYPE_UNKNOWN)
		return false;
	*ret = seq;
	return true;
}

static void decode_vec(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
		       const struct fdbg_object *object, struct fdbg_value *to)
{
	fdbg_decode_seq(decoder, &desc->seq, object, FDBG_SEQ_ARRAY, FDBG_ARRAY_VEC, FDBG_TEXT("Vec<u8>"),
			to);
}

bool fdbg_describe_vec(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	desc->decode = decode_vec;
	return fdbg_describe_vec_at(decoder, desc->type, &desc->seq);
}

static void decode_string(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			  const struct fdbg_object *object, struct fdbg_value *to)
{
	fdbg_decode_seq(decoder, &desc->seq, object, FDBG_SEQ_STRING, FDBG_ARRAY_VEC, (struct fdbg_text){ 0 },
			to);
}

bool fdbg_describe_string(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	const struct fdbg_type *vec;
	uint64_t offset = 0;

	desc->decode = decode_string;
	if (!fdbg_type_path(desc->type, "vec", &vec, &offset) || desc->type->n_members != 1 || offset ||
	    vec->size != desc->type->size)
		return false;
	return fdbg_describe_vec_at(decoder, vec, &desc->seq) && desc->seq.bytes;
}
