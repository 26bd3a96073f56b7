/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The work of an event: items in memory, references between them, limits. */
#include "rust/decode_internal.h"

#include <stdlib.h>
#include <string.h>

#include "rust/utf8.h"

#define DEFAULT_MAX_VALUES 200000

struct fdbg_error *fdbg_decoder_create(struct fdbg_debuginfo *debuginfo,
				       const struct fdbg_decode_limits *limits, struct fdbg_decoder **ret)
{
	struct fdbg_decoder *decoder = calloc(1, sizeof(*decoder));

	if (!decoder)
		return &fdbg_error_nomem;
	decoder->debuginfo = debuginfo;
	decoder->unknown_type = (struct fdbg_type){ .kind = FDBG_TYPE_UNKNOWN, .align = 1 };
	decoder->limits = *limits;
	if (!decoder->limits.max_values)
		decoder->limits.max_values = DEFAULT_MAX_VALUES;
	if (decoder->limits.deref_limit > UINT16_MAX - 1)
		decoder->limits.deref_limit = UINT16_MAX - 1;
	*ret = decoder;
	return NULL;
}

void fdbg_decoder_destroy(struct fdbg_decoder *decoder)
{
	if (!decoder)
		return;
	for (size_t i = 0; i < decoder->n_described; i++)
		((struct fdbg_type *)decoder->described[i])->decoder = NULL;
	fdbg_arena_deinit(&decoder->descs);
	fdbg_map_deinit(&decoder->vtables);
	free(decoder->described);
	free(decoder->items);
	free(decoder->pending);
	free(decoder->shared);
	free(decoder->sorts);
	free(decoder);
}

void fdbg_decoder_set_bias(struct fdbg_decoder *decoder, uint64_t bias)
{
	decoder->bias = bias;
	fdbg_map_clear(&decoder->vtables);
}

void fdbg_decoder_set_visualizers(struct fdbg_decoder *decoder, const struct fdbg_visualizers *list,
				  const struct fdbg_log *log)
{
	decoder->visualizers = list;
	decoder->log = log;
}

void fdbg_decoder_begin(struct fdbg_decoder *decoder, struct fdbg_arena *arena, struct fdbg_memview *view)
{
	decoder->event++;
	decoder->arena = arena;
	decoder->view = view;
	decoder->n_items = decoder->n_started = decoder->n_pending = decoder->n_shared = decoder->n_values =
		0;
	decoder->n_sorts = 0;
	decoder->nomem = false;
}

bool fdbg_decode_grow(struct fdbg_decoder *decoder, void **array, size_t n, size_t *cap, size_t size)
{
	size_t bigger = *cap ? *cap * 2 : 64;
	void *copy;

	if (n < *cap)
		return true;
	copy = realloc(*array, bigger * size);
	if (!copy) {
		decoder->nomem = true;
		return false;
	}
	*array = copy;
	*cap = bigger;
	return true;
}

uint64_t fdbg_decode_room(const struct fdbg_decoder *decoder, uint64_t n)
{
	uint64_t left = decoder->limits.max_values - decoder->n_values;

	return n < left ? n : left;
}

static void *take(struct fdbg_decoder *decoder, uint64_t n, size_t size)
{
	void *memory;

	if (n > decoder->limits.max_values - decoder->n_values)
		return NULL;
	memory = fdbg_arena_array(decoder->arena, n, size);
	if (!memory) {
		decoder->nomem = true;
		return NULL;
	}
	decoder->n_values += n;
	return memory;
}

struct fdbg_value *fdbg_decode_nodes(struct fdbg_decoder *decoder, uint64_t n)
{
	return take(decoder, n, sizeof(struct fdbg_value));
}

struct fdbg_field *fdbg_decode_fields(struct fdbg_decoder *decoder, uint64_t n)
{
	return take(decoder, n, sizeof(struct fdbg_field));
}

static bool push_item(struct fdbg_decoder *decoder, const struct fdbg_item *item)
{
	/* Indices are 32 bits wide; max_values is far below, but it is the caller's. */
	if (decoder->n_items >= FDBG_NO_ITEM - 1 ||
	    !fdbg_decode_grow(decoder, (void **)&decoder->items, decoder->n_items, &decoder->cap_items,
			      sizeof(*item)))
		return false;
	decoder->items[decoder->n_items++] = *item;
	return true;
}

void fdbg_decode_push(struct fdbg_decoder *decoder, const struct fdbg_object *object, struct fdbg_item item)
{
	item.parent = object->item;
	item.level = (uint16_t)(object->level + 1);
	if (!push_item(decoder, &item))
		*item.to = fdbg_value_opaque("out of memory");
}

bool fdbg_decode_at_limit(const struct fdbg_decoder *decoder, const struct fdbg_object *object)
{
	return object->level >= decoder->limits.deref_limit;
}

void fdbg_decoder_add_memory(struct fdbg_decoder *decoder, const struct fdbg_type *type, uint64_t address,
			     struct fdbg_value *to)
{
	struct fdbg_item item = {
		.step = fdbg_step_object, .to = to, .address = address, .parent = FDBG_NO_ITEM
	};

	*to = fdbg_value_opaque("not decoded");
	item.desc = fdbg_describe(decoder, type);
	if (item.desc)
		push_item(decoder, &item);
}

void fdbg_decoder_add_bytes(struct fdbg_decoder *decoder, const struct fdbg_type *type, const uint8_t *bytes,
			    struct fdbg_value *to)
{
	const struct fdbg_desc *desc = fdbg_describe(decoder, type);
	struct fdbg_object object = { .bytes = bytes, .item = FDBG_NO_ITEM };

	*to = fdbg_value_opaque("not decoded");
	if (desc)
		desc->decode(decoder, desc, &object, to);
}

enum fdbg_memview_state fdbg_decode_read(struct fdbg_decoder *decoder, uint64_t address, uint64_t size,
					 const uint8_t **bytes_ret)
{
	enum fdbg_memview_state state;
	const uint8_t *bytes;
	void *copy;

	if (size > FDBG_MAX_OBJECT || (size && (!address || address >= FDBG_MAX_ADDRESS)))
		return FDBG_MEMVIEW_FAULT;
	state = fdbg_memview_get(decoder->view, address, size, &bytes);
	if (state != FDBG_MEMVIEW_READY)
		return state;
	/* The view's bytes end with its arena; values must not point to what ends before them. */
	if (size && decoder->view->arena != decoder->arena) {
		copy = fdbg_arena_alloc(decoder->arena, size);
		if (!copy)
			return FDBG_MEMVIEW_NOMEM;
		memcpy(copy, bytes, size);
		bytes = copy;
	}
	*bytes_ret = bytes;
	return state;
}

/* One element of an object, decoded in place. */
void fdbg_decode_part(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
		      const struct fdbg_object *object, uint64_t offset, struct fdbg_value *to)
{
	struct fdbg_object part = *object;

	part.bytes += offset;
	part.address += offset;
	if (++part.nesting > FDBG_MAX_NESTING) {
		*to = fdbg_value_opaque("types nest too deep");
		return;
	}
	desc->decode(decoder, desc, &part, to);
}

/* True when the object at address is being decoded further up the chain of pointers. */
static bool is_ancestor(const struct fdbg_decoder *decoder, uint32_t index, uint64_t address,
			const struct fdbg_desc *desc)
{
	while (index != FDBG_NO_ITEM) {
		const struct fdbg_item *item = &decoder->items[index];

		if (item->address == address &&
		    (item->desc == desc || (desc->type->name.len &&
					    fdbg_text_equal(item->desc->type->name, desc->type->name))) &&
		    item->desc->type->size && item->count <= 1)
			return true;
		index = item->parent;
	}
	return false;
}

static uint64_t mix(uint64_t a)
{
	a ^= a >> 33;
	a *= 0xff51afd7ed558ccd;
	a ^= a >> 33;
	return a;
}

static bool grow_shared(struct fdbg_decoder *decoder)
{
	size_t cap = decoder->cap_shared ? decoder->cap_shared * 2 : 256;
	struct fdbg_share_slot *slots = calloc(cap, sizeof(*slots));

	if (!slots)
		return false;
	for (size_t i = 0; i < decoder->cap_shared; i++) {
		const struct fdbg_share_slot *old = &decoder->shared[i];
		size_t at;

		if (old->event != decoder->event)
			continue;
		at = mix(old->address + old->level) & (cap - 1);
		while (slots[at].event == decoder->event)
			at = (at + 1) & (cap - 1);
		slots[at] = *old;
	}
	free(decoder->shared);
	decoder->shared = slots;
	decoder->cap_shared = cap;
	return true;
}

/*
 * The slot for an object that a pointer of this level reaches: its node is set when another pointer was there
 * before. Objects are shared within a level only: so references always lead a level down, and cannot make a
 * circle. NULL: no memory, no sharing.
 */
static struct fdbg_share_slot *share_slot(struct fdbg_decoder *decoder, uint64_t address,
					  const struct fdbg_desc *desc, uint32_t level)
{
	size_t at;

	if (decoder->n_shared * 2 >= decoder->cap_shared && !grow_shared(decoder))
		return NULL;
	at = mix(address + level) & (decoder->cap_shared - 1);
	while (decoder->shared[at].event == decoder->event) {
		struct fdbg_share_slot *slot = &decoder->shared[at];

		if (slot->address == address && slot->desc == desc && slot->level == level)
			return slot;
		at = (at + 1) & (decoder->cap_shared - 1);
	}
	decoder->shared[at] = (struct fdbg_share_slot){
		.event = decoder->event, .address = address, .desc = desc, .level = level,
	};
	decoder->n_shared++;
	return &decoder->shared[at];
}

void fdbg_decode_follow_by(struct fdbg_decoder *decoder, const struct fdbg_object *object,
			   enum fdbg_ref_kind kind, uint64_t address, const struct fdbg_desc *target,
			   fdbg_step_fn step, uint64_t count, const void *state, struct fdbg_value *to)
{
	struct fdbg_item item = {
		.step = step,
		.desc = target,
		.address = address,
		.count = count,
		.total = count,
		.state = state,
	};
	struct fdbg_share_slot *slot = NULL;

	*to = (struct fdbg_value){ .kind = FDBG_VALUE_REF, .ref = { .kind = kind, .address = address } };
	if (fdbg_decode_at_limit(decoder, object) || is_ancestor(decoder, object->item, address, target)) {
		to->cut = true;
		return;
	}
	/* What has a length or a type of its own may differ behind one address. */
	if (!count && !state)
		slot = share_slot(decoder, address, target, object->level + 1u);
	if (slot && slot->node) {
		to->ref.target = slot->node;
		return;
	}
	item.to = fdbg_decode_nodes(decoder, 1);
	if (!item.to) {
		to->cut = true;
		return;
	}
	*item.to = fdbg_value_opaque("not decoded");
	to->ref.target = item.to;
	if (kind == FDBG_REF_PTR)
		item.ref = to;
	if (slot)
		slot->node = item.to;
	fdbg_decode_push(decoder, object, item);
}

void fdbg_decode_follow(struct fdbg_decoder *decoder, const struct fdbg_object *object,
			enum fdbg_ref_kind kind, uint64_t address, const struct fdbg_desc *target,
			struct fdbg_value *to)
{
	fdbg_decode_follow_by(decoder, object, kind, address, target, fdbg_step_object, 0, NULL, to);
}

struct fdbg_object fdbg_decode_object(const struct fdbg_decoder *decoder, const struct fdbg_item *item,
				      const uint8_t *bytes)
{
	return (struct fdbg_object){
		.bytes = bytes, .address = item->address, .in_memory = true, .level = item->level,
		.item = (uint32_t)(item - decoder->items),
	};
}

enum fdbg_memview_state fdbg_step_object(struct fdbg_decoder *decoder, const struct fdbg_item *item)
{
	enum fdbg_memview_state state;
	struct fdbg_object object;
	const uint8_t *bytes;

	state = fdbg_decode_read(decoder, item->address, item->desc->type->size, &bytes);
	if (state != FDBG_MEMVIEW_READY)
		return state;
	object = fdbg_decode_object(decoder, item, bytes);
	item->desc->decode(decoder, item->desc, &object, item->to);
	return state;
}

enum fdbg_memview_state fdbg_step_elements(struct fdbg_decoder *decoder, const struct fdbg_item *item)
{
	const struct fdbg_desc *elem = item->desc;
	struct fdbg_value *to = item->to;
	enum fdbg_memview_state state;
	struct fdbg_object object;
	const uint8_t *bytes;
	uint64_t n = fdbg_decode_room(decoder, item->count);

	state = fdbg_decode_read(decoder, item->address, n * elem->type->size, &bytes);
	if (state != FDBG_MEMVIEW_READY)
		return state;
	to->cut |= n < item->total;
	to->total = to->cut ? item->total : 0;
	to->array.items = fdbg_decode_nodes(decoder, n);
	if (!to->array.items) {
		*to = fdbg_value_opaque("too many values in one event");
		return state;
	}
	to->array.n_items = n;
	object = fdbg_decode_object(decoder, item, bytes);
	fdbg_decode_elements(decoder, elem, &object, n, to->array.items);
	return state;
}

/* to is a BYTES node that wants its data. */
enum fdbg_memview_state fdbg_step_bytes(struct fdbg_decoder *decoder, const struct fdbg_item *item)
{
	enum fdbg_memview_state state;
	const uint8_t *bytes;

	state = fdbg_decode_read(decoder, item->address, item->count, &bytes);
	if (state != FDBG_MEMVIEW_READY)
		return state;
	item->to->bytes.data = bytes;
	item->to->bytes.len = item->count;
	item->to->cut = item->count < item->total;
	item->to->total = item->to->cut ? item->total : 0;
	return state;
}

/* The text of a string, whole characters of it; false (and *to opaque) when it is no UTF-8. */
static bool check_text(const struct fdbg_item *item, const uint8_t *bytes, uint64_t *len_ret)
{
	bool truncated;
	size_t valid = fdbg_utf8_scan(bytes, item->count, &truncated);

	if (valid < item->count && !(truncated && item->count < item->total)) {
		*item->to = fdbg_value_opaque("string that is not UTF-8");
		return false;
	}
	*len_ret = valid;
	return true;
}

/* to becomes a STR node. */
enum fdbg_memview_state fdbg_step_str(struct fdbg_decoder *decoder, const struct fdbg_item *item)
{
	enum fdbg_memview_state state;
	const uint8_t *bytes;
	uint64_t len;

	state = fdbg_decode_read(decoder, item->address, item->count, &bytes);
	if (state != FDBG_MEMVIEW_READY || !check_text(item, bytes, &len))
		return state;
	*item->to = (struct fdbg_value){ .kind = FDBG_VALUE_STR, .str = { (const char *)bytes, len } };
	item->to->cut = len < item->total;
	item->to->total = item->to->cut ? item->total : 0;
	return state;
}

/* to becomes a String (stream-format.md, section 3). */
enum fdbg_memview_state fdbg_step_string(struct fdbg_decoder *decoder, const struct fdbg_item *item)
{
	enum fdbg_memview_state state;
	struct fdbg_field *field;
	const uint8_t *bytes;
	uint64_t len;

	state = fdbg_decode_read(decoder, item->address, item->count, &bytes);
	if (state != FDBG_MEMVIEW_READY || !check_text(item, bytes, &len))
		return state;
	field = fdbg_decode_fields(decoder, 1);
	if (!field) {
		*item->to = fdbg_value_opaque("too many values in one event");
		return state;
	}
	field->name = FDBG_TEXT("vec");
	field->value = (struct fdbg_value){
		.kind = FDBG_VALUE_BYTES,
		.bytes = { .type = FDBG_TEXT("Vec<u8>"), .data = bytes, .len = len },
	};
	field->value.cut = len < item->total;
	field->value.total = field->value.cut ? item->total : 0;
	*item->to = (struct fdbg_value){
		.kind = FDBG_VALUE_STRUCT,
		.record = { .type = FDBG_TEXT("alloc::string::String"), .fields = field, .n_fields = 1 },
	};
	return state;
}

/* The event has read as much as it may: what is not there is cut, or at least says so. */
static void refuse(struct fdbg_value *ref, struct fdbg_value *to, uint64_t total)
{
	if (to->kind == FDBG_VALUE_BYTES || to->kind == FDBG_VALUE_ARRAY) {
		to->cut = true;
		to->total = total;
		return;
	}
	*to = fdbg_value_opaque("too much memory for one event");
	if (ref) {
		ref->ref.target = NULL;
		ref->cut = true;
	}
}

/* Runs one item; true when it is done. */
static bool step(struct fdbg_decoder *decoder, uint32_t index)
{
	struct fdbg_item *item = &decoder->items[index];
	struct fdbg_value *to = item->to, *ref = item->ref;
	uint64_t total = item->total;

	decoder->view->refused = false;
	/* The step may push items, so the array may move: it must not use the item after that. */
	switch (item->step(decoder, item)) {
	case FDBG_MEMVIEW_READY:
		break;
	case FDBG_MEMVIEW_PENDING:
		return false;
	case FDBG_MEMVIEW_FAULT:
		if (decoder->view->refused) {
			refuse(ref, to, total);
			break;
		}
		/* A raw pointer may point anywhere by right; a reference may not. */
		if (ref)
			ref->ref.target = NULL;
		*to = fdbg_value_opaque("memory that cannot be read");
		break;
	case FDBG_MEMVIEW_NOMEM:
		decoder->nomem = true;
		*to = fdbg_value_opaque("out of memory");
		break;
	}
	return true;
}

bool fdbg_decoder_advance(struct fdbg_decoder *decoder)
{
	size_t kept = 0;

	for (size_t i = 0; i < decoder->n_pending; i++) {
		uint32_t index = decoder->pending[i];

		if (!step(decoder, index))
			decoder->pending[kept++] = index;
	}
	decoder->n_pending = kept;
	while (decoder->n_started < decoder->n_items) {
		uint32_t index = (uint32_t)decoder->n_started++;

		if (step(decoder, index))
			continue;
		if (!fdbg_decode_grow(decoder, (void **)&decoder->pending, decoder->n_pending,
				      &decoder->cap_pending, sizeof(*decoder->pending)))
			return true;
		decoder->pending[decoder->n_pending++] = index;
	}
	if (decoder->n_pending)
		return false;
	fdbg_decode_sort_all(decoder);
	return true;
}

struct fdbg_error *fdbg_decoder_run(struct fdbg_decoder *decoder)
{
	while (!fdbg_decoder_advance(decoder)) {
		struct fdbg_error *err;

		/* Work that waits for nothing cannot go on: every PENDING notes a want. */
		if (!fdbg_memview_has_wants(decoder->view))
			break;
		err = fdbg_memview_fetch(decoder->view);
		if (err)
			return err;
	}
	return decoder->nomem ? &fdbg_error_nomem : NULL;
}
