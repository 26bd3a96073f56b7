/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Fat pointers: what is behind them is known by the name alone (std-types.md, section 3); trait objects are in section 9.
 */
#include <string.h>

#include "rust/decode_internal.h"

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
	fdbg_set_elem(&desc->seq, fdbg_type_of((struct fdbg_type_ref *)&pointer->target));
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

bool fdbg_describe_fat_pointer(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	return describe_fat(decoder, desc) || describe_dyn(decoder, desc);
}
