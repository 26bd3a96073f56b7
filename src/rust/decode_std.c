/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The standard library's types: the table, and decoders for sequences, fat pointers and small wrappers. */
#include <string.h>

#include "rust/decode_internal.h"
#include "rust/names.h"

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

static void set_elem(struct fdbg_desc_seq *seq, const struct fdbg_type *elem)
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
	set_elem(&seq, elem ? elem : fdbg_type_of((struct fdbg_type_ref *)&pointer->target));
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

static bool describe_vec(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
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

static bool describe_string(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	const struct fdbg_type *vec;
	uint64_t offset = 0;

	desc->decode = decode_string;
	if (!fdbg_type_path(desc->type, "vec", &vec, &offset) || desc->type->n_members != 1 || offset ||
	    vec->size != desc->type->size)
		return false;
	return fdbg_describe_vec_at(decoder, vec, &desc->seq) && desc->seq.bytes;
}

/* Fat pointers: what is behind them is known by the name alone (std-types.md, section 3). */

/* The pointee's name: what is behind `&`, `&mut `, or inside `Box<…>`. */
static struct fdbg_text pointee_name(struct fdbg_text name, enum fdbg_ref_kind *kind_ret)
{
	static const struct {
		const char *start;
		enum fdbg_ref_kind kind;
	} starts[] = {
		{ "&mut ", FDBG_REF_REF },
		{ "&", FDBG_REF_REF },
		{ "*const ", FDBG_REF_PTR },
		{ "*mut ", FDBG_REF_PTR },
		{ "alloc::boxed::Box<", FDBG_REF_BOX },
	};

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		size_t len = strlen(starts[i].start);

		if (!fdbg_text_starts(name, starts[i].start))
			continue;
		*kind_ret = starts[i].kind;
		name = (struct fdbg_text){ name.data + len, name.len - len };
		if (starts[i].kind == FDBG_REF_BOX && name.len)
			name.len--;
		return name;
	}
	return (struct fdbg_text){ 0 };
}

static void decode_slice_ref(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			     const struct fdbg_object *object, struct fdbg_value *to)
{
	fdbg_decode_seq(decoder, &desc->seq, object, desc->seq.text ? FDBG_SEQ_STR : FDBG_SEQ_ARRAY,
			FDBG_ARRAY_SLICE, desc->name, to);
}

/* Box<[T]> and Box<str>: a reference of kind Box to the slice. */
static void decode_slice_box(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			     const struct fdbg_object *object, struct fdbg_value *to)
{
	uint64_t address = fdbg_word_at(object->bytes + desc->seq.pointer, 8);
	struct fdbg_value *target;

	if (fdbg_bad_seq(&desc->seq, address, fdbg_word_at(object->bytes + desc->seq.length, 8))) {
		*to = fdbg_value_opaque("Box with an impossible pointer or length");
		return;
	}
	target = fdbg_decode_nodes(decoder, 1);
	if (!target) {
		*to = fdbg_cut_ref(FDBG_REF_BOX, address);
		return;
	}
	*to = (struct fdbg_value){
		.kind = FDBG_VALUE_REF, .ref = { .kind = FDBG_REF_BOX, .address = address, .target = target },
	};
	fdbg_decode_seq(decoder, &desc->seq, object, desc->seq.text ? FDBG_SEQ_STR : FDBG_SEQ_ARRAY,
			FDBG_ARRAY_SLICE, FDBG_TEXT("[u8]"), target);
}

/* &Path, &OsStr, &CStr and their boxes: a reference to a struct of that type with the field `inner`. */
static void decode_path_ref(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			    const struct fdbg_object *object, struct fdbg_value *to)
{
	uint64_t address = fdbg_word_at(object->bytes + desc->seq.pointer, 8);
	struct fdbg_value *target;
	struct fdbg_field *field;

	if (fdbg_bad_seq(&desc->seq, address, fdbg_word_at(object->bytes + desc->seq.length, 8))) {
		*to = fdbg_value_opaque("reference with an impossible pointer or length");
		return;
	}
	target = fdbg_decode_nodes(decoder, 1);
	field = fdbg_decode_fields(decoder, 1);
	if (!target || !field) {
		*to = fdbg_cut_ref(desc->ref_kind, address);
		return;
	}
	*to = (struct fdbg_value){
		.kind = FDBG_VALUE_REF,
		.ref = { .kind = desc->ref_kind, .address = address, .target = target },
	};
	field->name = FDBG_TEXT("inner");
	*target = (struct fdbg_value){
		.kind = FDBG_VALUE_STRUCT,
		.record = { .type = *(const struct fdbg_text *)desc->extra, .fields = field, .n_fields = 1 },
	};
	fdbg_decode_seq(decoder, &desc->seq, object, FDBG_SEQ_ARRAY, FDBG_ARRAY_SLICE, FDBG_TEXT("[u8]"),
			&field->value);
}

/*
 * Raw fat pointers, and those to what has no rule: pointer and length. What is behind a raw pointer to a slice or str is
 * the pointer's target, if it makes sense: NonNull is such a pointer in guards.
 */
static void decode_raw_target(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			      const struct fdbg_object *object, struct fdbg_value *pointer)
{
	uint64_t length = fdbg_word_at(object->bytes + desc->seq.length, 8);
	struct fdbg_value *target;

	if (fdbg_bad_seq(&desc->seq, pointer->ref.address, length) || fdbg_decode_at_limit(decoder, object))
		return;
	target = fdbg_decode_nodes(decoder, 1);
	if (!target)
		return;
	fdbg_decode_seq_at(decoder, &desc->seq, object, pointer->ref.address, length,
			   desc->seq.text ? FDBG_SEQ_STR : FDBG_SEQ_ARRAY, FDBG_ARRAY_SLICE, FDBG_TEXT("[u8]"), target);
	pointer->ref.target = target;
}

static void decode_fat_unknown(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			       const struct fdbg_object *object, struct fdbg_value *to)
{
	struct fdbg_field *fields = fdbg_decode_fields(decoder, 2);

	if (!fields) {
		*to = fdbg_value_opaque("too many values in one event");
		return;
	}
	fields[0].name = FDBG_TEXT("data_ptr");
	fields[0].value = (struct fdbg_value){
		.kind = FDBG_VALUE_REF,
		.ref = { .kind = FDBG_REF_PTR,
			 .address = fdbg_word_at(object->bytes + desc->seq.pointer, 8) },
	};
	if (desc->unsized)
		fdbg_decode_unsized(decoder, object, FDBG_REF_PTR, fields[0].value.ref.address, desc->unsized,
				    fdbg_word_at(object->bytes + desc->seq.length, 8), &fields[0].value);
	else if (desc->extra)
		decode_raw_target(decoder, desc, object, &fields[0].value);
	fields[1].name = FDBG_TEXT("length");
	fields[1].value = fdbg_usize_value(fdbg_word_at(object->bytes + desc->seq.length, 8));
	*to = (struct fdbg_value){
		.kind = FDBG_VALUE_STRUCT, .record = { .type = desc->name, .fields = fields, .n_fields = 2 },
	};
}

/* A reference to a struct with a slice at its end. */
static void decode_unsized_ref(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			       const struct fdbg_object *object, struct fdbg_value *to)
{
	fdbg_decode_unsized(decoder, object, desc->ref_kind, fdbg_word_at(object->bytes + desc->seq.pointer, 8),
			    desc->unsized, fdbg_word_at(object->bytes + desc->seq.length, 8), to);
}

static bool describe_fat(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	static const char *const path_like[] = { "std::path::Path", "std::ffi::os_str::OsStr",
						 "core::ffi::c_str::CStr" };
	const struct fdbg_type *pointer;
	struct fdbg_text pointee, *copy;
	uint64_t offset = 0;

	if (desc->type->n_members != 2 || desc->type->size != 16 ||
	    !fdbg_word_path(desc->type, "data_ptr", &desc->seq.pointer) ||
	    !fdbg_word_path(desc->type, "length", &desc->seq.length) ||
	    !fdbg_type_path(desc->type, "data_ptr", &pointer, &offset) || pointer->kind != FDBG_TYPE_POINTER)
		return false;
	pointee = pointee_name(desc->name, &desc->ref_kind);
	if (!pointee.data)
		return false;
	set_elem(&desc->seq, fdbg_type_of((struct fdbg_type_ref *)&pointer->target));
	desc->decode = decode_fat_unknown;
	if (desc->ref_kind == FDBG_REF_PTR) {
		desc->seq.text = fdbg_text_is(pointee, "str") && desc->seq.bytes;
		if (desc->seq.text || (fdbg_text_starts(pointee, "[") && fdbg_text_ends(pointee, "]")))
			desc->extra = desc;
		else
			desc->unsized = fdbg_describe_unsized(decoder, desc->seq.elem.type, false);
		return true;
	}
	if (fdbg_text_is(pointee, "str") ||
	    (fdbg_text_starts(pointee, "[") && fdbg_text_ends(pointee, "]"))) {
		desc->seq.text = pointee.data[0] == 's';
		if (desc->seq.text && !desc->seq.bytes)
			return false;
		desc->decode = desc->ref_kind == FDBG_REF_BOX ? decode_slice_box : decode_slice_ref;
		return true;
	}
	for (size_t i = 0; i < sizeof(path_like) / sizeof(path_like[0]); i++) {
		if (!fdbg_text_is(pointee, path_like[i]))
			continue;
		copy = fdbg_arena_new(&decoder->descs, struct fdbg_text);
		if (!copy)
			return false;
		*copy = fdbg_text_from(path_like[i]);
		desc->extra = copy;
		desc->decode = decode_path_ref;
		desc->seq.elem.type = fdbg_type_of((struct fdbg_type_ref *)&pointer->target);
		desc->seq.stride = 1;
		desc->seq.bytes = true;
		return true;
	}
	desc->unsized = fdbg_describe_unsized(decoder, desc->seq.elem.type, false);
	if (desc->unsized)
		desc->decode = decode_unsized_ref;
	return true;
}

/* Trait objects (std-types.md, section 9). */

static void follow_dyn(struct fdbg_decoder *decoder, const struct fdbg_object *object,
		       const struct fdbg_desc *concrete, uint64_t pointer, const void *context,
		       struct fdbg_value *to)
{
	(void)context;
	if (!fdbg_misaligned(concrete->type, pointer))
		fdbg_decode_follow(decoder, object, FDBG_REF_PTR, pointer, concrete, to);
}

static void decode_dyn(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
		       const struct fdbg_object *object, struct fdbg_value *to)
{
	uint64_t pointer = fdbg_word_at(object->bytes + desc->seq.pointer, 8);
	uint64_t vtable = fdbg_word_at(object->bytes + desc->seq.length, 8);
	struct fdbg_field *fields;

	if (desc->ref_kind != FDBG_REF_PTR && (!pointer || !vtable)) {
		*to = fdbg_value_opaque("trait object whose pointer or vtable is null");
		return;
	}
	fields = fdbg_decode_fields(decoder, 2);
	if (!fields) {
		*to = fdbg_value_opaque("too many values in one event");
		return;
	}
	fields[0].name = FDBG_TEXT("pointer");
	fields[0].value = (struct fdbg_value){
		.kind = FDBG_VALUE_REF, .ref = { .kind = FDBG_REF_PTR, .address = pointer },
	};
	fields[1].name = FDBG_TEXT("vtable");
	fields[1].value = (struct fdbg_value){
		.kind = FDBG_VALUE_REF, .ref = { .kind = FDBG_REF_REF, .address = vtable },
	};
	*to = (struct fdbg_value){
		.kind = FDBG_VALUE_STRUCT, .record = { .type = desc->name, .fields = fields, .n_fields = 2 },
	};
	if (pointer)
		fdbg_decode_concrete(decoder, desc, object, pointer, vtable, desc->count,
				     desc->unsized ? fdbg_follow_unsized_dyn : follow_dyn, desc->unsized,
				     &fields[0].value);
}

/* A reference to a struct with a trait object at its end, which is followed where its type is found. */
static void decode_unsized_dyn(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			       const struct fdbg_object *object, struct fdbg_value *to)
{
	uint64_t pointer = fdbg_word_at(object->bytes + desc->seq.pointer, 8);
	uint64_t vtable = fdbg_word_at(object->bytes + desc->seq.length, 8);

	if (!pointer || !vtable) {
		*to = fdbg_value_opaque("trait object whose pointer or vtable is null");
		return;
	}
	*to = (struct fdbg_value){
		.kind = FDBG_VALUE_REF, .ref = { .kind = desc->ref_kind, .address = pointer },
	};
	fdbg_decode_concrete(decoder, desc, object, pointer, vtable, desc->count, fdbg_follow_unsized_dyn, desc->unsized,
			     to);
}

static bool describe_dyn(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	const struct fdbg_type *pointer;
	struct fdbg_text pointee;
	uint64_t offset = 0;

	if (desc->type->n_members != 2 || desc->type->size != 16 ||
	    !fdbg_word_path(desc->type, "pointer", &desc->seq.pointer) ||
	    !fdbg_word_path(desc->type, "vtable", &desc->seq.length))
		return false;
	pointee = pointee_name(desc->name, &desc->ref_kind);
	desc->count = fdbg_vtable_words(desc->type, "vtable");
	desc->decode = decode_dyn;
	if (fdbg_text_starts(pointee, "dyn ") || fdbg_text_starts(pointee, "(dyn "))
		return true;
	if (!pointee.len || !fdbg_type_path(desc->type, "pointer", &pointer, &offset) ||
	    pointer->kind != FDBG_TYPE_POINTER)
		return false;
	desc->unsized = fdbg_describe_unsized(decoder, fdbg_type_of((struct fdbg_type_ref *)&pointer->target), true);
	if (desc->unsized && desc->ref_kind != FDBG_REF_PTR)
		desc->decode = decode_unsized_dyn;
	return desc->unsized;
}

static bool describe_pointer_struct(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	return describe_fat(decoder, desc) || describe_dyn(decoder, desc);
}

/*
 * Atomics: a struct with the field `v` (AtomicPtr: `p`) whose inner struct has the field `value`
 * (stream-format.md, section 3). New compilers have a wrapper for the alignment inside, which is left out
 * (std-types.md, section 8).
 */
static void decode_atomic(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			  const struct fdbg_object *object, struct fdbg_value *to)
{
	const struct fdbg_desc *inner = fdbg_describe_ref(decoder, &((struct fdbg_desc *)desc)->target);
	struct fdbg_field *outer = fdbg_decode_fields(decoder, 1), *value = fdbg_decode_fields(decoder, 1);

	if (!inner || !outer || !value) {
		*to = fdbg_value_opaque("too many values in one event");
		return;
	}
	value->name = FDBG_TEXT("value");
	fdbg_decode_part(decoder, inner, object, desc->count, &value->value);
	outer->name = desc->fields[0].name;
	outer->value = (struct fdbg_value){
		.kind = FDBG_VALUE_STRUCT,
		.record = { .type = *(const struct fdbg_text *)desc->extra, .fields = value, .n_fields = 1 },
	};
	*to = (struct fdbg_value){
		.kind = FDBG_VALUE_STRUCT, .record = { .type = desc->name, .fields = outer, .n_fields = 1 },
	};
}

static bool describe_atomic(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	const struct fdbg_type *cell, *inner;
	struct fdbg_text *name;
	uint64_t offset = 0, cell_offset = 0;
	const char *path = "v.value.*";

	if (desc->type->n_members != 1)
		return false;
	if (!fdbg_type_path(desc->type, path, &inner, &offset)) {
		path = "p.value.*";
		if (!fdbg_type_path(desc->type, path, &inner, &offset))
			return false;
	}
	if (inner->size != desc->type->size || offset ||
	    (inner->kind != FDBG_TYPE_BASE && inner->kind != FDBG_TYPE_POINTER) ||
	    !fdbg_type_path(desc->type, path[0] == 'v' ? "v" : "p", &cell, &cell_offset) ||
	    !fdbg_describe_fields(decoder, desc->type, &desc->fields, &desc->n_fields))
		return false;
	name = fdbg_arena_new(&decoder->descs, struct fdbg_text);
	if (!name)
		return false;
	*name = fdbg_rust_type_name(cell, &decoder->descs);
	desc->extra = name;
	desc->target = (struct fdbg_desc_ref){ .type = inner };
	desc->count = 0;
	desc->decode = decode_atomic;
	return true;
}

/* Plain structs with a rule about the number inside. */

static void decode_non_zero(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			    const struct fdbg_object *object, struct fdbg_value *to)
{
	for (uint64_t i = 0; i < desc->type->size; i++)
		if (object->bytes[i])
			return fdbg_decode_record(decoder, desc, object, to);
	*to = fdbg_value_opaque("NonZero that is zero");
}

static bool describe_non_zero(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	const struct fdbg_type *inner;
	uint64_t offset = 0;

	if (!fdbg_type_path(desc->type, "*", &inner, &offset) || inner->kind != FDBG_TYPE_BASE ||
	    inner->size != desc->type->size)
		return false;
	desc->decode = decode_non_zero;
	return fdbg_describe_fields(decoder, desc->type, &desc->fields, &desc->n_fields);
}

static void decode_duration(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			    const struct fdbg_object *object, struct fdbg_value *to)
{
	if (fdbg_word_at(object->bytes + desc->count, 4) >= 1000000000)
		*to = fdbg_value_opaque("Duration with too many nanoseconds");
	else
		fdbg_decode_record(decoder, desc, object, to);
}

static bool describe_duration(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	const struct fdbg_type *nanos;
	uint64_t offset = 0;

	if (!fdbg_type_path(desc->type, "nanos.*", &nanos, &offset) || nanos->kind != FDBG_TYPE_BASE ||
	    nanos->size != 4)
		return false;
	desc->count = offset;
	desc->decode = decode_duration;
	return fdbg_describe_fields(decoder, desc->type, &desc->fields, &desc->n_fields);
}

bool fdbg_describe_std(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	/*
	 * Each rule checks the members: a known name with another layout is decoded as what it is, a
	 * struct.
	 */
	static const struct fdbg_std_rule rules[] = {
		{ "alloc::vec::Vec<", describe_vec },
		{ "alloc::string::String", describe_string },
		{ "&*", describe_pointer_struct },
		{ "**", describe_pointer_struct },
		{ "alloc::boxed::Box<", describe_pointer_struct },
		{ "alloc::rc::Rc<", fdbg_describe_rc },
		{ "alloc::sync::Arc<", fdbg_describe_arc },
		{ "alloc::rc::Weak<", fdbg_describe_weak },
		{ "alloc::sync::Weak<", fdbg_describe_weak },
		{ "core::sync::atomic::Atomic*", describe_atomic },
		{ "core::num::nonzero::NonZero*", describe_non_zero },
		{ "core::time::Duration", describe_duration },
		{ "std::sync::once_lock::OnceLock<", fdbg_describe_once_lock },
		{ "std::sync::lazy_lock::LazyLock<", fdbg_describe_lazy_lock },
		{ "std::sync::mpsc::Sender<", fdbg_describe_handle },
		{ "std::sync::mpsc::SyncSender<", fdbg_describe_handle },
		{ "std::sync::mpsc::Receiver<", fdbg_describe_handle },
		{ "std::io::stdio::Stdin", fdbg_describe_handle },
		{ "std::io::stdio::Stdout", fdbg_describe_handle },
		{ "std::io::stdio::Stderr", fdbg_describe_handle },
		{ "std::io::error::Error", fdbg_describe_io_error },
		{ "core::io::error::Error", fdbg_describe_io_error },
		{ "std::collections::hash::map::HashMap<", fdbg_describe_hash_map },
		{ "std::collections::hash::set::HashSet<", fdbg_describe_hash_set },
		{ "hashbrown::map::HashMap<", fdbg_describe_hash_map },
		{ "hashbrown::set::HashSet<", fdbg_describe_hash_set },
		{ "alloc::collections::btree::map::BTreeMap<", fdbg_describe_btree_map },
		{ "alloc::collections::btree::set::BTreeSet<", fdbg_describe_btree_set },
		{ "alloc::collections::vec_deque::VecDeque<", fdbg_describe_vec_deque },
		{ "alloc::collections::linked_list::LinkedList<", fdbg_describe_linked_list },
		{ "alloc::collections::binary_heap::BinaryHeap<", fdbg_describe_binary_heap },
		{ "alloc::vec::into_iter::IntoIter<", fdbg_describe_vec_iter },
		{ "core::array::iter::IntoIter<", fdbg_describe_array_iter },
		{ "core::slice::iter::Iter<", fdbg_describe_slice_iter },
		{ "core::slice::iter::IterMut<", fdbg_describe_slice_iter },
		{ "core::str::iter::Chars", fdbg_describe_chars },
	};
	struct fdbg_text name = desc->type->name;

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		size_t len = strlen(rules[i].name);
		char last = rules[i].name[len - 1];

		if (last == '*')
			len--;
		if (name.len < len || memcmp(name.data, rules[i].name, len) ||
		    (last != '*' && last != '<' && name.len != len))
			continue;
		if (rules[i].describe(decoder, desc))
			return true;
		break;
	}
	/* What a rule filled in before it gave up must not disturb the general rules. */
	*desc = (struct fdbg_desc){ .type = desc->type, .name = desc->name };
	return false;
}
