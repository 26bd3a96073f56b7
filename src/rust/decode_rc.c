/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Rc, Arc and Weak: a pointer to a block of two counts and the value (std-types.md, section 6.2). */
#include <string.h>

#include "rust/decode_internal.h"
#include "rust/names.h"

enum rc_form { RC_SIZED, RC_SLICE, RC_DYN };

struct rc {
	enum rc_form form;
	struct fdbg_desc block;           /* of RcInner, ArcInner; its extra is this struct */
	uint64_t pointer, metadata;       /* offsets in the Rc; metadata: length or vtable */
	uint64_t n_words;                 /* of the vtable */
	struct fdbg_text pointer_name;    /* of the struct NonNull */
	struct fdbg_text fat_name;        /* of the fat pointer inside it */
	struct fdbg_text strong_name, weak_name, value_name;
	uint64_t strong, weak, value;     /* offsets in the block */
	struct fdbg_text strong_type, weak_type;
	struct fdbg_desc_ref value_ref;
	const struct fdbg_unsized *plan;  /* of a block without a size of its own */
};

static struct fdbg_value struct_of(struct fdbg_text type, struct fdbg_field *fields, size_t n)
{
	return (struct fdbg_value){
		.kind = FDBG_VALUE_STRUCT, .record = { .type = type, .fields = fields, .n_fields = n },
	};
}

/* A count, in the struct with the field `value` that stream-format.md, section 3, wants. */
static bool put_count(struct fdbg_decoder *decoder, const uint8_t *bytes, struct fdbg_text type,
		      struct fdbg_value *to)
{
	struct fdbg_field *field = fdbg_decode_fields(decoder, 1);

	if (!field)
		return false;
	field->name = FDBG_TEXT("value");
	field->value = fdbg_usize_value(fdbg_word_at(bytes, 8));
	*to = struct_of(type, field, 1);
	return true;
}

/*
 * The block with its counts; *value_ret is the node for the value, NULL when there is no room. A value
 * without strong references has been dropped: what lies there is no value any more.
 */
static struct fdbg_value *put_block(struct fdbg_decoder *decoder, const struct rc *rc,
				    const struct fdbg_object *object, struct fdbg_value *to)
{
	struct fdbg_field *fields = fdbg_decode_fields(decoder, 3);
	uint64_t strong = fdbg_word_at(object->bytes + rc->strong, 8);

	if (!fields || !put_count(decoder, object->bytes + rc->strong, rc->strong_type, &fields[0].value) ||
	    !put_count(decoder, object->bytes + rc->weak, rc->weak_type, &fields[1].value)) {
		*to = fdbg_value_opaque("too many values in one event");
		return NULL;
	}
	fields[0].name = rc->strong_name;
	fields[1].name = rc->weak_name;
	fields[2].name = rc->value_name;
	fields[2].value = fdbg_value_opaque("reference count that is impossible");
	*to = struct_of(rc->block.name, fields, 3);
	return strong && strong < FDBG_MAX_ADDRESS ? &fields[2].value : NULL;
}

static void decode_block(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			 const struct fdbg_object *object, struct fdbg_value *to)
{
	struct rc *rc = desc->extra;
	const struct fdbg_desc *value = fdbg_describe_ref(decoder, &rc->value_ref);
	struct fdbg_value *node = put_block(decoder, rc, object, to);

	if (node && value)
		fdbg_decode_part(decoder, value, object, rc->value, node);
}

/* count: the number of elements at the end. */
static enum fdbg_memview_state step_slice_block(struct fdbg_decoder *decoder, const struct fdbg_item *item)
{
	const struct rc *rc = item->desc->extra;
	uint64_t count = item->count;
	enum fdbg_memview_state state;
	struct fdbg_value *node;
	struct fdbg_object object;
	const uint8_t *bytes;

	state = fdbg_decode_read(decoder, item->address, fdbg_unsized_extent(rc->plan, NULL), &bytes);
	if (state != FDBG_MEMVIEW_READY)
		return state;
	object = fdbg_decode_object(decoder, item, bytes);
	node = put_block(decoder, rc, &object, item->to);
	if (node)
		fdbg_decode_unsized_part(decoder, rc->plan, &object, count, NULL, node);
	return state;
}

/* state: the description of the concrete type. Its place depends on its alignment. */
static enum fdbg_memview_state step_dyn_block(struct fdbg_decoder *decoder, const struct fdbg_item *item)
{
	const struct rc *rc = item->desc->extra;
	const struct fdbg_desc *concrete = item->state;
	enum fdbg_memview_state state;
	struct fdbg_value *node;
	struct fdbg_object object;
	const uint8_t *bytes;

	state = fdbg_decode_read(decoder, item->address, fdbg_unsized_extent(rc->plan, concrete), &bytes);
	if (state != FDBG_MEMVIEW_READY)
		return state;
	object = fdbg_decode_object(decoder, item, bytes);
	node = put_block(decoder, rc, &object, item->to);
	if (node)
		fdbg_decode_unsized_part(decoder, rc->plan, &object, 0, concrete, node);
	return state;
}

static void follow_dyn(struct fdbg_decoder *decoder, const struct fdbg_object *object,
		       const struct fdbg_desc *concrete, uint64_t pointer, const void *context,
		       struct fdbg_value *to)
{
	const struct rc *rc = context;

	fdbg_decode_follow_by(decoder, object, FDBG_REF_PTR, pointer, &rc->block, step_dyn_block, 0, concrete, to);
}

static void put_pointer(struct fdbg_decoder *decoder, const struct rc *rc, const struct fdbg_object *object,
			uint64_t address, struct fdbg_value *to)
{
	uint64_t metadata = fdbg_word_at(object->bytes + rc->metadata, 8);
	struct fdbg_field *fields;

	switch (rc->form) {
	case RC_SIZED:
		fdbg_decode_follow(decoder, object, FDBG_REF_PTR, address, &rc->block, to);
		return;
	case RC_SLICE:
		fdbg_decode_follow_by(decoder, object, FDBG_REF_PTR, address, &rc->block, step_slice_block,
				      metadata, NULL, to);
		return;
	case RC_DYN:
		break;
	}
	fields = fdbg_decode_fields(decoder, 2);
	if (!fields) {
		*to = fdbg_value_opaque("too many values in one event");
		return;
	}
	fields[0].name = FDBG_TEXT("pointer");
	fields[0].value = (struct fdbg_value){
		.kind = FDBG_VALUE_REF, .ref = { .kind = FDBG_REF_PTR, .address = address },
	};
	fields[1].name = FDBG_TEXT("vtable");
	fields[1].value = (struct fdbg_value){
		.kind = FDBG_VALUE_REF, .ref = { .kind = FDBG_REF_REF, .address = metadata },
	};
	*to = struct_of(rc->fat_name, fields, 2);
	fdbg_decode_concrete(decoder, &rc->block, object, address, metadata, rc->n_words, follow_dyn, rc,
			     &fields[0].value);
}

static void decode_rc(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
		      const struct fdbg_object *object, struct fdbg_value *to)
{
	const struct rc *rc = desc->extra;
	uint64_t address = fdbg_word_at(object->bytes + rc->pointer, 8);
	struct fdbg_field *outer, *inner;

	if (!address || address & 7 || address >= FDBG_MAX_ADDRESS) {
		*to = fdbg_value_opaque("reference-counted pointer that is null or not aligned");
		return;
	}
	outer = fdbg_decode_fields(decoder, 1);
	inner = fdbg_decode_fields(decoder, 1);
	if (!outer || !inner) {
		*to = fdbg_value_opaque("too many values in one event");
		return;
	}
	outer->name = FDBG_TEXT("ptr");
	inner->name = FDBG_TEXT("pointer");
	put_pointer(decoder, rc, object, address, &inner->value);
	outer->value = struct_of(rc->pointer_name, inner, 1);
	*to = struct_of(desc->name, outer, 1);
}

/* Finds the thin or fat pointer at `ptr.pointer` and the type that it points to. */
static bool describe_inner_pointer(struct fdbg_decoder *decoder, const struct fdbg_type *type, struct rc *rc,
				   const struct fdbg_type **block_ret)
{
	const struct fdbg_type *pointer, *nonnull, *data;
	uint64_t offset = 0, ignored = 0;

	if (!fdbg_type_path(type, "ptr", &nonnull, &ignored) ||
	    !fdbg_type_path(type, "ptr.pointer", &pointer, &offset))
		return false;
	rc->pointer_name = fdbg_rust_type_name(nonnull, &decoder->descs);
	rc->fat_name = fdbg_rust_type_name(pointer, &decoder->descs);
	if (pointer->kind == FDBG_TYPE_POINTER) {
		rc->form = RC_SIZED;
		data = pointer;
		if (!fdbg_word_path(type, "ptr.pointer", &rc->pointer))
			return false;
	} else if (fdbg_word_path(type, "ptr.pointer.data_ptr", &rc->pointer) &&
		   fdbg_word_path(type, "ptr.pointer.length", &rc->metadata)) {
		rc->form = RC_SLICE;
		if (!fdbg_type_path(type, "ptr.pointer.data_ptr", &data, &offset))
			return false;
	} else if (fdbg_word_path(type, "ptr.pointer.pointer", &rc->pointer) &&
		   fdbg_word_path(type, "ptr.pointer.vtable", &rc->metadata)) {
		rc->form = RC_DYN;
		rc->n_words = fdbg_vtable_words(type, "ptr.pointer.vtable");
		if (!fdbg_type_path(type, "ptr.pointer.pointer", &data, &offset))
			return false;
	} else {
		return false;
	}
	*block_ret = fdbg_type_of((struct fdbg_type_ref *)&data->target);
	return data->kind == FDBG_TYPE_POINTER;
}

static bool describe_counted(struct fdbg_decoder *decoder, struct fdbg_desc *desc, const char *value_name,
			     struct fdbg_text count_type)
{
	struct rc *rc = fdbg_arena_new(&decoder->descs, struct rc);
	const struct fdbg_type *block, *value;
	char strong[16] = "strong.*", weak[16] = "weak.*";

	if (!rc || !describe_inner_pointer(decoder, desc->type, rc, &block))
		return false;
	if (block->kind != FDBG_TYPE_STRUCT || !fdbg_word_path(block, strong, &rc->strong) ||
	    !fdbg_word_path(block, weak, &rc->weak) || !fdbg_type_path(block, value_name, &value, &rc->value))
		return false;
	if (rc->form == RC_SIZED && (rc->value > block->size || value->size > block->size - rc->value))
		return false;
	if (rc->form != RC_SIZED) {
		rc->plan = fdbg_describe_unsized(decoder, block, rc->form == RC_DYN);
		/* The value is the last field, behind the counts. */
		if (!rc->plan || fdbg_type_of(&block->members[block->n_members - 1].type) != value ||
		    fdbg_unsized_extent(rc->plan, NULL) < rc->strong + 8 ||
		    fdbg_unsized_extent(rc->plan, NULL) < rc->weak + 8)
			return false;
	}
	rc->strong_name = FDBG_TEXT("strong");
	rc->weak_name = FDBG_TEXT("weak");
	rc->value_name = fdbg_text_from(value_name);
	rc->strong_type = rc->weak_type = count_type;
	rc->value_ref = (struct fdbg_desc_ref){ .type = value };
	rc->block = (struct fdbg_desc){
		.type = block,
		.name = fdbg_rust_type_name(block, &decoder->descs),
		.decode = decode_block,
		.extra = rc,
	};
	desc->extra = rc;
	desc->decode = decode_rc;
	return true;
}

bool fdbg_describe_rc(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	return describe_counted(decoder, desc, "value", FDBG_TEXT("core::cell::Cell<usize>"));
}

bool fdbg_describe_arc(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	return describe_counted(decoder, desc, "data", FDBG_TEXT("core::sync::atomic::AtomicUsize"));
}

/* What a Weak points to may be gone: its pointer is shown, not followed. */
static void decode_weak(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			const struct fdbg_object *object, struct fdbg_value *to)
{
	const struct rc *rc = desc->extra;
	struct fdbg_field *outer = fdbg_decode_fields(decoder, 1), *inner = fdbg_decode_fields(decoder, 1);

	if (!outer || !inner) {
		*to = fdbg_value_opaque("too many values in one event");
		return;
	}
	outer->name = FDBG_TEXT("ptr");
	inner->name = FDBG_TEXT("pointer");
	inner->value = (struct fdbg_value){
		.kind = FDBG_VALUE_REF,
		.ref = { .kind = FDBG_REF_PTR, .address = fdbg_word_at(object->bytes + rc->pointer, 8) },
	};
	outer->value = struct_of(rc->pointer_name, inner, 1);
	*to = struct_of(desc->name, outer, 1);
}

bool fdbg_describe_weak(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	struct rc *rc = fdbg_arena_new(&decoder->descs, struct rc);
	const struct fdbg_type *block;

	if (!rc || !describe_inner_pointer(decoder, desc->type, rc, &block))
		return false;
	desc->extra = rc;
	desc->decode = decode_weak;
	return true;
}
