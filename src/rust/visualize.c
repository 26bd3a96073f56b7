/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Decoders that are made of visualizers' sections. */
#include "rust/visualize.h"

#include <string.h>

#include "rust/names.h"
#include "rust/utf8.h"
#include "value/show.h"

static const char too_many[] = "too many values in one event";

struct condition {
	struct fdbg_spot place;
	enum fdbg_visualizer_op op;
	uint64_t value;
};

/* A section on one type: the paths have become places. */
struct view {
	const struct fdbg_visualizer *section;
	struct view *next;
	struct condition *conditions;
	struct fdbg_spot pointer;        /* of the sequence: its pointer, or where its items lie */
	bool in_place;
	uint64_t room;                    /* of IN_PLACE: items */
	struct fdbg_desc_seq seq;
	bool has_length;                  /* length: a place; else seq.length or room */
	struct fdbg_spot length;
	struct fdbg_desc_field key, value; /* parts of an item */
	struct fdbg_text pair;             /* the name of (K, V) */
	struct fdbg_desc_field *fields;    /* further ones that the value gets */
	struct fdbg_spot *places;         /* of the fields */
	size_t n_fields;
};

struct fdbg_visual {
	fdbg_decode_fn plain;             /* for values that no view fits */
	struct view *views;
	bool told;
};

static bool is_text(const struct view *view)
{
	return view->section->text.data;
}

static bool is_sequence(const struct view *view)
{
	return is_text(view) || view->section->items.data;
}

/* ---- from sections to views ---- */

static bool is_word(const struct fdbg_type *type)
{
	if (type->kind == FDBG_TYPE_POINTER || type->kind == FDBG_TYPE_ENUM)
		return type->size >= 1 && type->size <= 8;
	return type->kind == FDBG_TYPE_BASE && type->encoding != FDBG_ENCODING_FLOAT && type->size >= 1 &&
	       type->size <= 8;
}

/* A number, wrapped or not. */
static const char *find_word(struct fdbg_decoder *decoder, const struct fdbg_type *type, struct fdbg_text path,
			     struct fdbg_spot *ret)
{
	const char *why = fdbg_spot_find(&decoder->descs, type, path, ret);

	if (why)
		return why;
	for (unsigned depth = 0; depth < 32 && !is_word(ret->type) && fdbg_spot_peel(ret); depth++) {
	}
	if (is_word(ret->type))
		return NULL;
	why = fdbg_arena_printf(&decoder->descs, "'%.*s' is not a number", (int)path.len, path.data);
	return why ? why : "out of memory";
}

/* MaybeUninit and what it is made of: items that are there are no longer wrapped. */
static const struct fdbg_type *unwrap_item(const struct fdbg_type *type)
{
	static const char *const wrappers[] = { "core::mem::maybe_uninit::MaybeUninit<",
						"core::mem::manually_drop::ManuallyDrop<",
						"core::mem::maybe_dangling::MaybeDangling<" };

	for (size_t i = 0; i < sizeof(wrappers) / sizeof(wrappers[0]); i++) {
		struct fdbg_spot place = { .type = type };

		if (!fdbg_text_starts(type->name, wrappers[i]) || !fdbg_spot_peel(&place) || place.offset ||
		    place.type->size != type->size)
			continue;
		type = place.type;
	}
	return type;
}

/* Pointer and length where the place is a Vec or a slice's pointer. */
static bool find_fat(struct fdbg_decoder *decoder, struct view *view)
{
	const struct fdbg_type *type = view->pointer.type, *target;
	uint64_t base = view->pointer.offset, ignored = 0;
	struct fdbg_desc_seq seq = { 0 };

	if (fdbg_text_starts(type->name, "alloc::vec::Vec<")) {
		if (!fdbg_describe_vec_at(decoder, type, &seq))
			return false;
		seq.capacity += base;
	} else {
		if (type->kind != FDBG_TYPE_STRUCT || !fdbg_word_path(type, "data_ptr", &seq.pointer) ||
		    !fdbg_word_path(type, "length", &seq.length) ||
		    !fdbg_type_path(type, "data_ptr", &target, &ignored) || target->kind != FDBG_TYPE_POINTER)
			return false;
		seq.elem.type = fdbg_type_of((struct fdbg_type_ref *)&target->target);
	}
	seq.pointer += base;
	seq.length += base;
	view->seq = seq;
	return true;
}

static const char *find_sequence(struct fdbg_decoder *decoder, const struct fdbg_type *type, struct view *view)
{
	const struct fdbg_visualizer *section = view->section;
	struct fdbg_text path = is_text(view) ? section->text : section->items;
	const char *why = fdbg_spot_find(&decoder->descs, type, path, &view->pointer);
	const struct fdbg_type *elem;
	bool fat = false;

	for (unsigned depth = 0; !why && depth < 32; depth++) {
		fat = find_fat(decoder, view);
		if (fat || view->pointer.type->kind == FDBG_TYPE_POINTER ||
		    view->pointer.type->kind == FDBG_TYPE_ARRAY || !fdbg_spot_peel(&view->pointer))
			break;
	}
	if (why)
		return why;
	view->in_place = !fat && view->pointer.type->kind == FDBG_TYPE_ARRAY;
	if (!fat && !view->in_place && (view->pointer.type->kind != FDBG_TYPE_POINTER || view->pointer.type->size != 8))
		return "its text or items are neither behind a pointer nor in an array";
	if (section->length.data) {
		why = find_word(decoder, type, section->length, &view->length);
		if (why)
			return why;
		view->has_length = true;
	}
	if (!fat && !view->in_place && !view->has_length)
		return "a pointer needs a 'length'";
	elem = fat ? view->seq.elem.type : fdbg_type_of((struct fdbg_type_ref *)&view->pointer.type->target);
	if (section->element.data) {
		char name[FDBG_VISUALIZER_PATH_MAX + 1];

		if (section->element.len >= sizeof(name))
			return "the name of the type parameter is too long";
		memcpy(name, section->element.data, section->element.len);
		name[section->element.len] = '\0';
		if (view->in_place || fat)
			return "'element' is for pointers; the type of these items is known";
		elem = fdbg_type_param(type, name);
		if (!elem)
			return "it has no type parameter of the name that 'element' says";
	}
	if (view->in_place) {
		if (!view->pointer.type->has_count)
			return "the array's length is not known";
		view->room = view->pointer.type->count;
		if (elem->size && view->room > view->pointer.type->size / elem->size)
			return "the array's size and length contradict each other";
	}
	elem = unwrap_item(elem);
	if (elem->kind == FDBG_TYPE_UNKNOWN || elem->kind == FDBG_TYPE_FUNCTION ||
	    (!fat && !view->in_place && !elem->size && !section->element.data))
		return "the type of its items is not known; 'element' may name it";
	view->seq.elem = (struct fdbg_desc_ref){ .type = elem };
	view->seq.stride = elem->size;
	view->seq.bytes = elem->kind == FDBG_TYPE_BASE && fdbg_text_is(elem->name, "u8");
	if (!fat && !view->in_place)
		view->seq.pointer = view->pointer.offset;
	if (is_text(view) && !view->seq.bytes)
		return "its text is not made of u8";
	return NULL;
}

/* Key and value of an item. */
static const char *find_pair(struct fdbg_decoder *decoder, struct view *view)
{
	const struct fdbg_visualizer *section = view->section;
	struct fdbg_spot key, value;
	struct fdbg_text a, b;
	const char *why, *name;

	if (!section->key.data)
		return NULL;
	why = fdbg_spot_find(&decoder->descs, view->seq.elem.type, section->key, &key);
	if (!why && section->value.data)
		why = fdbg_spot_find(&decoder->descs, view->seq.elem.type, section->value, &value);
	if (why)
		return why;
	if (key.n_guards || (section->value.data && value.n_guards))
		return "'key' and 'value' cannot lead through an enum";
	view->key = (struct fdbg_desc_field){ .offset = key.offset, .ref = { .type = key.type } };
	if (!section->value.data)
		return NULL;
	view->value = (struct fdbg_desc_field){ .offset = value.offset, .ref = { .type = value.type } };
	a = fdbg_rust_type_name(key.type, &decoder->descs);
	b = fdbg_rust_type_name(value.type, &decoder->descs);
	name = fdbg_arena_printf(&decoder->descs, "(%.*s, %.*s)", (int)a.len, a.data, (int)b.len, b.data);
	if (!name)
		return "out of memory";
	view->pair = fdbg_text_from(name);
	return NULL;
}

static bool has_field(const struct view *view, struct fdbg_text name)
{
	if (is_sequence(view) && fdbg_text_is(name, is_text(view) ? "text" : "items"))
		return true;
	for (size_t i = 0; i < view->n_fields; i++)
		if (fdbg_text_equal(view->fields[i].name, name))
			return true;
	return false;
}

/* The value's fields beside the sequence: all of a struct that has none, and what the template names. */
static const char *find_fields(struct fdbg_decoder *decoder, const struct fdbg_desc *desc, struct view *view)
{
	struct fdbg_text rest = view->section->show;
	struct fdbg_show_piece piece;
	size_t n = is_sequence(view) || desc->type->kind != FDBG_TYPE_STRUCT ? 0 : desc->n_fields, n_named = 0;

	while (fdbg_show_next(&rest, &piece, NULL) == FDBG_SHOW_PIECE)
		n_named += piece.field;
	view->fields = fdbg_arena_array(&decoder->descs, n + n_named + 1, sizeof(*view->fields));
	view->places = fdbg_arena_array(&decoder->descs, n + n_named + 1, sizeof(*view->places));
	if (!view->fields || !view->places)
		return "out of memory";
	if (n)
		memcpy(view->fields, desc->fields, n * sizeof(*view->fields));
	view->n_fields = n;
	rest = view->section->show;
	while (fdbg_show_next(&rest, &piece, NULL) == FDBG_SHOW_PIECE) {
		struct fdbg_spot *place = &view->places[view->n_fields];
		const char *why;

		if (!piece.field || has_field(view, piece.text))
			continue;
		why = fdbg_spot_find(&decoder->descs, desc->type, piece.text, place);
		if (why)
			return why;
		view->fields[view->n_fields++] = (struct fdbg_desc_field){
			.name = piece.text, .offset = place->offset, .ref = { .type = place->type },
		};
	}
	return NULL;
}

static const char *find_conditions(struct fdbg_decoder *decoder, const struct fdbg_type *type, struct view *view)
{
	const struct fdbg_visualizer *section = view->section;
	const char *why = NULL;

	view->conditions =
		fdbg_arena_array(&decoder->descs, section->n_conditions + 1, sizeof(*view->conditions));
	if (!view->conditions)
		return "out of memory";
	for (size_t i = 0; i < section->n_conditions && !why; i++) {
		struct condition *condition = &view->conditions[i];

		condition->op = section->conditions[i].op;
		condition->value = section->conditions[i].value;
		why = find_word(decoder, type, section->conditions[i].path, &condition->place);
	}
	return why;
}

static const char *make_view(struct fdbg_decoder *decoder, const struct fdbg_desc *desc, struct view *view)
{
	const char *why = NULL;

	if (is_sequence(view))
		why = find_sequence(decoder, desc->type, view);
	if (!why && is_sequence(view))
		why = find_pair(decoder, view);
	if (!why)
		why = find_fields(decoder, desc, view);
	if (!why)
		why = find_conditions(decoder, desc->type, view);
	return why;
}

static void decode_visual(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			  const struct fdbg_object *object, struct fdbg_value *to);

/* Makes the views of a type, in order; false only for want of memory. tell: says instead why there is none. */
static bool make_views(struct fdbg_decoder *decoder, const struct fdbg_desc *desc, bool tell, struct view **ret)
{
	const struct fdbg_visualizers *list = decoder->visualizers;

	for (size_t i = 0; i < list->n; i++) {
		struct view *view;
		const char *why;

		if (!fdbg_visualizer_matches(list->list[i].glob, desc->name))
			continue;
		view = fdbg_arena_new(&decoder->descs, struct view);
		if (!view)
			return false;
		view->section = &list->list[i];
		why = make_view(decoder, desc, view);
		if (!why) {
			*ret = view;
			ret = &view->next;
		} else if (tell) {
			fdbg_log(decoder->log, FDBG_LOG_INFO, "%s:%u: %.*s is shown as its fields: %s",
				 view->section->file, view->section->line, (int)desc->name.len, desc->name.data, why);
		}
	}
	return true;
}

bool fdbg_visualize(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	struct view *views = NULL;

	/* Both are the language's own more than a library's types; everything knows how they look. */
	if (!decoder->visualizers || desc->decode == fdbg_decode_opaque ||
	    fdbg_text_starts(desc->name, "core::option::Option<") ||
	    fdbg_text_starts(desc->name, "core::result::Result<"))
		return true;
	if (!make_views(decoder, desc, false, &views))
		return false;
	/* Sections for other versions of a crate are no news where one for this version is there. */
	if (!views)
		return !fdbg_log_on(decoder->log, FDBG_LOG_INFO) || make_views(decoder, desc, true, &views);
	desc->visual = fdbg_arena_new(&decoder->descs, struct fdbg_visual);
	if (!desc->visual)
		return false;
	desc->visual->plain = desc->decode;
	desc->visual->views = views;
	desc->decode = decode_visual;
	return true;
}

/* ---- from views to values ---- */

/* The word at a place, as 64 bits. */
static uint64_t word_of(const struct fdbg_spot *place, const struct fdbg_object *object, bool *negative_ret)
{
	uint64_t size = place->type->size, word = fdbg_word_at(object->bytes + place->offset, size);

	*negative_ret = place->type->kind == FDBG_TYPE_BASE && place->type->encoding == FDBG_ENCODING_SIGNED &&
			word >> (8 * size - 1);
	return word;
}

static bool holds(struct fdbg_decoder *decoder, const struct condition *condition,
		  const struct fdbg_object *object)
{
	bool negative;
	uint64_t word;

	if (!fdbg_spot_present(decoder, &condition->place, object))
		return false;
	word = word_of(&condition->place, object, &negative);
	/* Numbers in a condition are not negative. */
	switch (condition->op) {
	case FDBG_VISUALIZER_EQ:
		return !negative && word == condition->value;
	case FDBG_VISUALIZER_NE:
		return negative || word != condition->value;
	case FDBG_VISUALIZER_LT:
		return negative || word < condition->value;
	case FDBG_VISUALIZER_LE:
		return negative || word <= condition->value;
	case FDBG_VISUALIZER_GT:
		return !negative && word > condition->value;
	case FDBG_VISUALIZER_GE:
		return !negative && word >= condition->value;
	}
	return false;
}

struct sequence {
	uint64_t address, length;
};

/* NULL when the view is one for this value, else why not. */
static const char *fits(struct fdbg_decoder *decoder, const struct view *view, const struct fdbg_object *object,
			struct sequence *ret)
{
	bool negative = false;
	const char *bad;

	for (size_t i = 0; i < view->section->n_conditions; i++)
		if (!holds(decoder, &view->conditions[i], object))
			return "a condition does not hold";
	for (size_t i = 0; i < view->n_fields; i++)
		if (!fdbg_spot_present(decoder, &view->places[i], object))
			return "a member of its template is in another variant";
	if (!is_sequence(view))
		return NULL;
	if (!fdbg_spot_present(decoder, &view->pointer, object) ||
	    !fdbg_spot_present(decoder, &view->length, object))
		return "another variant is present";
	if (view->has_length)
		ret->length = word_of(&view->length, object, &negative);
	else
		ret->length = view->in_place ? view->room : fdbg_word_at(object->bytes + view->seq.length, 8);
	if (negative)
		return "its length is negative";
	if (view->in_place)
		return ret->length > view->room ? "its length is more than there is room for" : NULL;
	ret->address = fdbg_word_at(object->bytes + view->seq.pointer, 8);
	bad = fdbg_bad_seq(&view->seq, ret->address, ret->length);
	if (!bad && view->seq.has_capacity && view->seq.stride &&
	    ret->length > fdbg_word_at(object->bytes + view->seq.capacity, 8))
		bad = "length above the capacity";
	return bad;
}

/* The items, or pairs made of them, that lie side by side in bytes. */
static void put_items(struct fdbg_decoder *decoder, const struct view *view, const struct fdbg_desc *elem,
		      const struct fdbg_object *first, uint64_t n, struct fdbg_value *items)
{
	struct view *own = (struct view *)view;
	const struct fdbg_desc *key, *value = NULL;

	if (!view->section->key.data) {
		fdbg_decode_elements(decoder, elem, first, n, items);
		return;
	}
	key = fdbg_describe_ref(decoder, &own->key.ref);
	if (view->section->value.data)
		value = fdbg_describe_ref(decoder, &own->value.ref);
	for (uint64_t i = 0; i < n; i++) {
		uint64_t at = i * elem->type->size;
		struct fdbg_field *fields;

		if (!key || (view->section->value.data && !value)) {
			items[i] = fdbg_value_opaque("out of memory");
			continue;
		}
		if (!value) {
			fdbg_decode_part(decoder, key, first, at + view->key.offset, &items[i]);
			continue;
		}
		fields = fdbg_decode_fields(decoder, 2);
		if (!fields) {
			items[i] = fdbg_value_opaque(too_many);
			continue;
		}
		fields[0].name = FDBG_TEXT("0");
		fields[1].name = FDBG_TEXT("1");
		items[i] = (struct fdbg_value){
			.kind = FDBG_VALUE_STRUCT,
			.record = { .type = view->pair, .fields = fields, .n_fields = 2 },
		};
		fdbg_decode_part(decoder, key, first, at + view->key.offset, &fields[0].value);
		fdbg_decode_part(decoder, value, first, at + view->value.offset, &fields[1].value);
	}
}

/* Makes an ARRAY of n of `total` items. */
static void put_array(struct fdbg_decoder *decoder, const struct view *view, const struct fdbg_desc *elem,
		      const struct fdbg_object *first, uint64_t n, uint64_t total, struct fdbg_value *to)
{
	struct fdbg_value *items = fdbg_decode_nodes(decoder, n);

	if (!items) {
		*to = fdbg_value_opaque(too_many);
		return;
	}
	*to = (struct fdbg_value){
		.kind = FDBG_VALUE_ARRAY, .cut = n < total, .total = n < total ? total : 0,
		.array = { .kind = FDBG_ARRAY_VEC, .items = items, .n_items = n },
	};
	put_items(decoder, view, elem, first, n, items);
}

static enum fdbg_memview_state step_pairs(struct fdbg_decoder *decoder, const struct fdbg_item *item)
{
	const struct fdbg_desc *elem = item->desc;
	uint64_t n = fdbg_decode_room(decoder, item->count), total = item->total;
	const struct view *view = item->state;
	struct fdbg_value *to = item->to;
	enum fdbg_memview_state state;
	struct fdbg_object object;
	const uint8_t *bytes;

	state = fdbg_decode_read(decoder, item->address, n * elem->type->size, &bytes);
	if (state != FDBG_MEMVIEW_READY)
		return state;
	object = fdbg_decode_object(decoder, item, bytes);
	put_array(decoder, view, elem, &object, n, total, to);
	return state;
}

/* Most bytes of items that are read. */
#define MAX_PAIR_BYTES ((uint64_t)16 * 1024 * 1024)

static void push_pairs(struct fdbg_decoder *decoder, const struct view *view, const struct fdbg_desc *elem,
		       const struct fdbg_object *object, const struct sequence *sequence, struct fdbg_value *to)
{
	uint64_t n = sequence->length < decoder->limits.max_array ? sequence->length : decoder->limits.max_array;

	*to = (struct fdbg_value){ .kind = FDBG_VALUE_ARRAY, .array = { .kind = FDBG_ARRAY_VEC } };
	if (sequence->length && fdbg_decode_at_limit(decoder, object)) {
		to->cut = true;
		to->total = sequence->length;
		return;
	}
	if (view->seq.stride && n > MAX_PAIR_BYTES / view->seq.stride)
		n = MAX_PAIR_BYTES / view->seq.stride;
	fdbg_decode_push(decoder, object, (struct fdbg_item){
		.step = step_pairs, .desc = elem, .to = to, .address = sequence->address, .count = n,
		.total = sequence->length, .state = view,
	});
}

static void put_text(const uint8_t *bytes, uint64_t n, uint64_t total, struct fdbg_value *to)
{
	bool truncated;
	size_t valid = fdbg_utf8_scan(bytes, n, &truncated);

	if (valid < n && !(truncated && n < total)) {
		*to = fdbg_value_opaque("string that is not UTF-8");
		return;
	}
	*to = (struct fdbg_value){
		.kind = FDBG_VALUE_STR, .cut = valid < total, .total = valid < total ? total : 0,
		.str = { (const char *)bytes, valid },
	};
}

static void put_in_place(struct fdbg_decoder *decoder, const struct view *view, const struct fdbg_desc *elem,
			 const struct fdbg_object *object, uint64_t length, struct fdbg_value *to)
{
	uint64_t n = length < decoder->limits.max_array ? length : decoder->limits.max_array;
	struct fdbg_object first = *object;

	first.bytes += view->pointer.offset;
	first.address += view->pointer.offset;
	if (is_text(view)) {
		put_text(first.bytes, n, length, to);
	} else if (view->seq.bytes && !view->section->key.data) {
		*to = (struct fdbg_value){
			.kind = FDBG_VALUE_BYTES, .cut = n < length, .total = n < length ? length : 0,
			.bytes = { .type = FDBG_TEXT("&[u8]"), .data = first.bytes, .len = n },
		};
	} else {
		put_array(decoder, view, elem, &first, fdbg_decode_room(decoder, n), length, to);
	}
}

static void put_sequence(struct fdbg_decoder *decoder, const struct view *view, const struct fdbg_object *object,
			 const struct sequence *sequence, struct fdbg_value *to)
{
	const struct fdbg_desc *elem = fdbg_describe_ref(decoder, (struct fdbg_desc_ref *)&view->seq.elem);

	if (!elem)
		*to = fdbg_value_opaque("out of memory");
	else if (view->in_place)
		put_in_place(decoder, view, elem, object, sequence->length, to);
	else if (view->section->key.data)
		push_pairs(decoder, view, elem, object, sequence, to);
	else
		fdbg_decode_seq_at(decoder, &view->seq, object, sequence->address, sequence->length,
				   is_text(view) ? FDBG_SEQ_STR : FDBG_SEQ_ARRAY, FDBG_ARRAY_VEC,
				   FDBG_TEXT("&[u8]"), to);
}

static void put_view(struct fdbg_decoder *decoder, const struct fdbg_desc *desc, const struct view *view,
		     const struct fdbg_object *object, const struct sequence *sequence, struct fdbg_value *to)
{
	size_t n = 1 + is_sequence(view) + view->n_fields, at = 0;
	struct fdbg_field *fields = fdbg_decode_fields(decoder, n);

	if (!fields) {
		*to = fdbg_value_opaque(too_many);
		return;
	}
	*to = (struct fdbg_value){
		.kind = FDBG_VALUE_STRUCT, .record = { .type = desc->name, .fields = fields, .n_fields = n },
	};
	fields[at].name = FDBG_TEXT(FDBG_SHOW_FIELD);
	fields[at++].value = (struct fdbg_value){ .kind = FDBG_VALUE_STR, .str = view->section->show };
	if (is_sequence(view)) {
		fields[at].name = is_text(view) ? FDBG_TEXT("text") : FDBG_TEXT("items");
		put_sequence(decoder, view, object, sequence, &fields[at++].value);
	}
	for (size_t i = 0; i < view->n_fields; i++, at++) {
		const struct fdbg_desc *field = fdbg_describe_ref(decoder, &view->fields[i].ref);

		fields[at].name = view->fields[i].name;
		if (field)
			fdbg_decode_part(decoder, field, object, view->fields[i].offset, &fields[at].value);
		else
			fields[at].value = fdbg_value_opaque("out of memory");
	}
}

static void decode_visual(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			  const struct fdbg_object *object, struct fdbg_value *to)
{
	struct fdbg_visual *visual = desc->visual;
	const char *why = "";
	const struct view *last = NULL;

	for (const struct view *view = visual->views; view; view = view->next) {
		struct sequence sequence = { 0 };

		why = fits(decoder, view, object, &sequence);
		if (!why) {
			put_view(decoder, desc, view, object, &sequence, to);
			return;
		}
		last = view;
	}
	if (last && !visual->told) {
		visual->told = true;
		fdbg_log(decoder->log, FDBG_LOG_INFO, "%s:%u: a value of %.*s is shown as its fields: %s",
			 last->section->file, last->section->line, (int)desc->name.len, desc->name.data, why);
	}
	visual->plain(decoder, desc, object, to);
}
