/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Objects without a size of their own behind fat pointers: structs whose last field is a slice, str, a trait object or
 * again such a struct. `RefCell<[u8]>`, `Path`, `RcInner<dyn Tr>`.
 */
#include <string.h>

#include "rust/decode_internal.h"
#include "rust/names.h"

#define MAX_TAILS 32
#define MAX_ALIGN 65536

struct fdbg_unsized {
	enum { TAIL_UNKNOWN, TAIL_ELEMENTS, TAIL_TEXT, TAIL_BYTES, TAIL_DYN, TAIL_STRUCT } kind;
	struct fdbg_desc desc;     /* of a struct: its type, name and fields, the tail last; of a trait object: its name */
	uint64_t offset;           /* of a struct's tail; of one that is a trait object: where the fields before it end */
	struct fdbg_unsized *tail; /* of a struct */
	struct fdbg_desc_seq seq;  /* of elements, text, bytes */
	bool any;                  /* a trait object that prints the same whatever it is */
};

/* What a step needs besides its item. */
struct sight {
	const struct fdbg_unsized *plan;
	uint64_t length;
	const struct fdbg_desc *concrete; /* of the trait object at the end */
};

static uint64_t align_up(uint64_t value, uint64_t align)
{
	return (value + align - 1) / align * align;
}

/* The argument list of a generic type holds this text as one of its arguments. */
static bool has_argument(struct fdbg_text name, const char *before, struct fdbg_text what, const char *after)
{
	size_t extra_before = strlen(before), extra_after = strlen(after), depth = 0, start = 0;

	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i];

		if ((c == ',' && depth == 1) || (c == '>' && depth == 1 && name.data[i - 1] != '-')) {
			struct fdbg_text argument = { name.data + start, i - start };

			if (argument.len == extra_before + what.len + extra_after &&
			    !memcmp(argument.data, before, extra_before) &&
			    !memcmp(argument.data + extra_before, what.data, what.len) &&
			    !memcmp(argument.data + extra_before + what.len, after, extra_after))
				return true;
			start = i + 2;
		}
		if (c == '<' || c == '(' || c == '[') {
			if (!depth++)
				start = i + 1;
		} else if (((c == '>' && name.data[i - 1] != '-') || c == ')' || c == ']') && depth) {
			depth--;
		}
	}
	return false;
}

static bool is_u8(const struct fdbg_type *type)
{
	return type->kind == FDBG_TYPE_BASE && fdbg_text_is(type->name, "u8");
}

/* Where the fields before the last one end. */
static bool head_end(const struct fdbg_type *type, uint64_t *end_ret)
{
	uint64_t end = 0;

	for (size_t i = 0; i + 1 < type->n_members; i++) {
		uint64_t size = fdbg_type_of(&type->members[i].type)->size, offset = type->members[i].offset;

		if (offset > FDBG_MAX_OBJECT || size > FDBG_MAX_OBJECT)
			return false;
		if (offset + size > end)
			end = offset + size;
	}
	*end_ret = end;
	return true;
}

/* A generic struct whose argument is a slice or str and whose last field is written as the element of it. */
static bool holds_argument(const struct fdbg_type *type)
{
	const struct fdbg_type *last;

	if (!type->n_members)
		return false;
	last = fdbg_type_of(&type->members[type->n_members - 1].type);
	return has_argument(type->name, "[", last->name, "]") ||
	       (is_u8(last) && has_argument(type->name, "", FDBG_TEXT("str"), ""));
}

static bool is_path_like(struct fdbg_text name)
{
	return fdbg_text_is(name, "std::path::Path") || fdbg_text_is(name, "std::ffi::os_str::OsStr") ||
	       fdbg_text_is(name, "core::ffi::c_str::CStr");
}

enum sizedness { SIZED, UNSIZED, EITHER };

/* Whether a struct has a slice at its end: debug information writes its element there, and counts it as nothing. */
static enum sizedness sizedness_of(const struct fdbg_type *type, unsigned int depth)
{
	const struct fdbg_member *last = type->n_members ? &type->members[type->n_members - 1] : NULL;
	const struct fdbg_type *field;
	enum sizedness inner;
	bool sized, without;
	uint64_t end;

	if (type->kind != FDBG_TYPE_STRUCT || !last || depth > MAX_TAILS || !head_end(type, &end))
		return SIZED;
	/* Old compilers take the size of the elements from the offset of the slice, which may go below zero. */
	if (is_path_like(type->name) || last->offset > FDBG_MAX_OBJECT)
		return UNSIZED;
	field = fdbg_type_of((struct fdbg_type_ref *)&last->type);
	inner = sizedness_of(field, depth + 1);
	if (inner == UNSIZED)
		return UNSIZED;
	sized = field->size <= type->size && last->offset <= type->size - field->size;
	without = last->offset >= end &&
		  (type->size == align_up(last->offset, type->align) ||
		   (inner == EITHER && type->size == align_up(last->offset + field->size, type->align)));
	if (!sized || !without)
		return sized ? SIZED : UNSIZED;
	return holds_argument(type) ? UNSIZED : EITHER;
}

/*
 * Behind a pointer with a length: debug information describes a slice at the end of a struct as its element. That it
 * is one follows from the type arguments or from the sizes; where neither tells it is unknown.
 */
static int slice_tail(const struct fdbg_type *parent, const struct fdbg_type *last)
{
	bool slice = has_argument(parent->name, "[", last->name, "]"), text;

	switch (last->kind) {
	case FDBG_TYPE_BASE:
		if (!is_u8(last))
			return TAIL_ELEMENTS;
		text = has_argument(parent->name, "", FDBG_TEXT("str"), "");
		return slice == text ? TAIL_UNKNOWN : text ? TAIL_TEXT : TAIL_ELEMENTS;
	case FDBG_TYPE_STRUCT:
		if (slice != has_argument(parent->name, "", last->name, ""))
			return slice ? TAIL_ELEMENTS : TAIL_STRUCT;
		switch (sizedness_of(last, 0)) {
		case SIZED:
			return TAIL_ELEMENTS;
		case UNSIZED:
			return TAIL_STRUCT;
		case EITHER:
			return TAIL_UNKNOWN;
		}
		return TAIL_UNKNOWN;
	case FDBG_TYPE_UNKNOWN:
	case FDBG_TYPE_FUNCTION:
		return TAIL_UNKNOWN;
	default:
		return TAIL_ELEMENTS;
	}
}

static int tail_kind(const struct fdbg_type *parent, const struct fdbg_type *last, bool dyn)
{
	if (!dyn)
		return slice_tail(parent, last);
	if (last->kind != FDBG_TYPE_STRUCT)
		return TAIL_UNKNOWN;
	return fdbg_text_starts(last->name, "dyn ") || fdbg_text_starts(last->name, "(dyn ") ? TAIL_DYN : TAIL_STRUCT;
}

/* The alignment of an object. */
static uint64_t align_of(const struct fdbg_unsized *plan, const struct fdbg_desc *concrete)
{
	uint64_t align = 1, tail;

	switch (plan->kind) {
	case TAIL_ELEMENTS:
		align = plan->seq.elem.type->align;
		break;
	case TAIL_DYN:
		align = concrete ? concrete->type->align : 1;
		break;
	case TAIL_STRUCT:
		align = plan->desc.type->align;
		tail = align_of(plan->tail, concrete);
		if (tail > align)
			align = tail;
		break;
	case TAIL_UNKNOWN:
	case TAIL_TEXT:
	case TAIL_BYTES:
		break;
	}
	return align && align <= MAX_ALIGN ? align : 1;
}

static uint64_t tail_offset(const struct fdbg_unsized *plan, const struct fdbg_desc *concrete)
{
	return concrete ? align_up(plan->offset, align_of(plan->tail, concrete)) : plan->offset;
}

/* How many bytes of an object are to be there before its fields are decoded. */
static uint64_t extent(const struct fdbg_unsized *plan, const struct fdbg_desc *concrete)
{
	if (plan->kind == TAIL_DYN)
		return concrete ? concrete->type->size : 0;
	return plan->kind == TAIL_STRUCT ? tail_offset(plan, concrete) + extent(plan->tail, concrete) : 0;
}

static bool plan_type(struct fdbg_decoder *decoder, const struct fdbg_type *type, bool dyn, unsigned int depth,
		      struct fdbg_unsized *plan);

static bool plan_struct(struct fdbg_decoder *decoder, const struct fdbg_type *type, bool dyn, unsigned int depth,
			struct fdbg_unsized *plan)
{
	struct fdbg_unsized *tail;
	const struct fdbg_type *last;
	uint64_t end, at, align;

	if (type->kind != FDBG_TYPE_STRUCT || !type->n_members || depth > MAX_TAILS || type->size > FDBG_MAX_OBJECT ||
	    !head_end(type, &end))
		return true;
	last = fdbg_type_of(&type->members[type->n_members - 1].type);
	at = type->members[type->n_members - 1].offset;
	tail = fdbg_arena_new(&decoder->descs, struct fdbg_unsized);
	if (!tail || !fdbg_describe_fields(decoder, type, &plan->desc.fields, &plan->desc.n_fields))
		return false;
	plan->kind = TAIL_STRUCT;
	plan->tail = tail;
	tail->kind = tail_kind(type, last, dyn);
	switch (tail->kind) {
	case TAIL_STRUCT:
		if (!plan_type(decoder, last, dyn, depth + 1, tail))
			return false;
		break;
	case TAIL_DYN:
		tail->desc.name = fdbg_rust_type_name(last, &decoder->descs);
		tail->any = fdbg_text_is(last->name, "dyn core::any::Any") ||
			    fdbg_text_starts(last->name, "(dyn core::any::Any ");
		break;
	case TAIL_ELEMENTS:
	case TAIL_TEXT:
		tail->seq = (struct fdbg_desc_seq){
			.elem = { .type = last }, .stride = last->size, .bytes = is_u8(last),
			.text = tail->kind == TAIL_TEXT,
		};
		break;
	case TAIL_BYTES:
	case TAIL_UNKNOWN:
		break;
	}
	/*
	 * Old compilers say that a slice lies before the other fields or far beyond, depending on the size of its elements.
	 * Where it can be neither, it is the next place that their alignment allows (std-types.md, section 6.2).
	 */
	align = align_of(tail, NULL);
	plan->offset = dyn ? end : at >= end && at < end + align ? at : align_up(end, align);
	return true;
}

static bool plan_type(struct fdbg_decoder *decoder, const struct fdbg_type *type, bool dyn, unsigned int depth,
		      struct fdbg_unsized *plan)
{
	plan->kind = TAIL_UNKNOWN;
	plan->desc.type = type;
	plan->desc.name = fdbg_rust_type_name(type, &decoder->descs);
	if (dyn || !is_path_like(type->name))
		return plan_struct(decoder, type, dyn, depth, plan);
	plan->kind = TAIL_BYTES;
	plan->seq = (struct fdbg_desc_seq){ .elem = { .type = type }, .stride = 1, .bytes = true };
	return true;
}

const struct fdbg_unsized *fdbg_describe_unsized(struct fdbg_decoder *decoder, const struct fdbg_type *type, bool dyn)
{
	struct fdbg_unsized *plan = fdbg_arena_new(&decoder->descs, struct fdbg_unsized);

	if (!plan || !plan_type(decoder, type, dyn, 0, plan) || plan->kind == TAIL_UNKNOWN)
		return NULL;
	return plan;
}

uint64_t fdbg_unsized_extent(const struct fdbg_unsized *plan, const struct fdbg_desc *concrete)
{
	return extent(plan, concrete);
}

static void put(struct fdbg_decoder *decoder, const struct fdbg_unsized *plan, const struct fdbg_object *object,
		uint64_t at, uint64_t length, const struct fdbg_desc *concrete, struct fdbg_value *to);

/* One field, in a struct of that type. */
static struct fdbg_value *put_wrapper(struct fdbg_decoder *decoder, struct fdbg_text type, struct fdbg_text name,
				      struct fdbg_value *to)
{
	struct fdbg_field *field = fdbg_decode_fields(decoder, 1);

	if (!field) {
		*to = fdbg_value_opaque("too many values in one event");
		return NULL;
	}
	field->name = name;
	*to = (struct fdbg_value){
		.kind = FDBG_VALUE_STRUCT, .record = { .type = type, .fields = field, .n_fields = 1 },
	};
	return &field->value;
}

static void put_struct(struct fdbg_decoder *decoder, const struct fdbg_unsized *plan, const struct fdbg_object *object,
		       uint64_t at, uint64_t length, const struct fdbg_desc *concrete, struct fdbg_value *to)
{
	size_t n = plan->desc.n_fields;
	struct fdbg_field *fields = fdbg_decode_fields(decoder, n);

	if (!fields) {
		*to = fdbg_value_opaque("too many values in one event");
		return;
	}
	for (size_t i = 0; i < n; i++) {
		struct fdbg_desc_field *field = &plan->desc.fields[i];
		const struct fdbg_desc *desc = i + 1 < n ? fdbg_describe_ref(decoder, &field->ref) : NULL;

		fields[i].name = field->name;
		if (i + 1 == n)
			put(decoder, plan->tail, object, at + tail_offset(plan, concrete), length, concrete,
			    &fields[i].value);
		else if (desc)
			fdbg_decode_part(decoder, desc, object, at + field->offset, &fields[i].value);
		else
			fields[i].value = fdbg_value_opaque("out of memory");
	}
	*to = (struct fdbg_value){
		.kind = FDBG_VALUE_STRUCT, .record = { .type = plan->desc.name, .fields = fields, .n_fields = n },
	};
}

static void put(struct fdbg_decoder *decoder, const struct fdbg_unsized *plan, const struct fdbg_object *object,
		uint64_t at, uint64_t length, const struct fdbg_desc *concrete, struct fdbg_value *to)
{
	switch (plan->kind) {
	case TAIL_BYTES:
		to = put_wrapper(decoder, plan->desc.name, FDBG_TEXT("inner"), to);
		/* fallthrough */
	case TAIL_ELEMENTS:
	case TAIL_TEXT:
		if (to)
			fdbg_decode_seq_at(decoder, &plan->seq, object, object->address + at, length,
					   plan->kind == TAIL_TEXT ? FDBG_SEQ_STR : FDBG_SEQ_ARRAY, FDBG_ARRAY_SLICE,
					   FDBG_TEXT("[u8]"), to);
		return;
	case TAIL_DYN:
		if (plan->any)
			to = put_wrapper(decoder, plan->desc.name, FDBG_TEXT("value"), to);
		if (to)
			fdbg_decode_part(decoder, concrete, object, at, to);
		return;
	case TAIL_STRUCT:
		put_struct(decoder, plan, object, at, length, concrete, to);
		return;
	case TAIL_UNKNOWN:
		*to = fdbg_value_opaque("field without a size whose type the debug information does not tell");
		return;
	}
}

void fdbg_decode_unsized_part(struct fdbg_decoder *decoder, const struct fdbg_unsized *plan,
			      const struct fdbg_object *object, uint64_t length, const struct fdbg_desc *concrete,
			      struct fdbg_value *to)
{
	put(decoder, plan->tail, object, tail_offset(plan, concrete), length, concrete, to);
}

/* state: what is to be seen. */
static enum fdbg_memview_state step_unsized(struct fdbg_decoder *decoder, const struct fdbg_item *item)
{
	const struct sight *sight = item->state;
	enum fdbg_memview_state state;
	struct fdbg_object object;
	const uint8_t *bytes;

	state = fdbg_decode_read(decoder, item->address, extent(sight->plan, sight->concrete), &bytes);
	if (state != FDBG_MEMVIEW_READY)
		return state;
	object = fdbg_decode_object(decoder, item, bytes);
	put(decoder, sight->plan, &object, 0, sight->length, sight->concrete, item->to);
	return state;
}

static void follow(struct fdbg_decoder *decoder, const struct fdbg_object *object, enum fdbg_ref_kind kind,
		   uint64_t address, const struct sight *seen, struct fdbg_value *to)
{
	struct sight *sight = fdbg_arena_new(decoder->arena, struct sight);
	uint64_t align = align_of(seen->plan, seen->concrete);

	*to = (struct fdbg_value){ .kind = FDBG_VALUE_REF, .ref = { .kind = kind, .address = address } };
	if (!address || address & (align - 1)) {
		if (kind != FDBG_REF_PTR)
			*to = fdbg_value_opaque(address ? "reference that is not aligned" : "reference that is null");
		return;
	}
	if (!sight) {
		*to = fdbg_value_opaque("out of memory");
		return;
	}
	*sight = *seen;
	fdbg_decode_follow_by(decoder, object, kind, address, &sight->plan->desc, step_unsized, 0, sight, to);
}

void fdbg_decode_unsized(struct fdbg_decoder *decoder, const struct fdbg_object *object, enum fdbg_ref_kind kind,
			 uint64_t address, const struct fdbg_unsized *plan, uint64_t length, struct fdbg_value *to)
{
	struct sight sight = { .plan = plan, .length = length };

	follow(decoder, object, kind, address, &sight, to);
}

void fdbg_follow_unsized_dyn(struct fdbg_decoder *decoder, const struct fdbg_object *object,
			     const struct fdbg_desc *concrete, uint64_t pointer, const void *context,
			     struct fdbg_value *to)
{
	struct sight sight = { .plan = context, .concrete = concrete };

	/* The reference as it stands says of which kind it is. */
	follow(decoder, object, to->ref.kind, pointer, &sight, to);
}
