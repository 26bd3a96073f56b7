/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Collections other than Vec: a struct of their type with the fields `items` and `len` (stream-format.md,
 * section 3).
 */
#include <stdlib.h>
#include <string.h>

#include "rust/decode_internal.h"
#include "rust/names.h"

/* Most control bytes of a hash table that are looked at. */
#define MAX_BUCKETS ((uint64_t)1 << 20)
/* Control bytes that are read at once; below it is not worth while to read less. */
#define MIN_WINDOW ((uint64_t)4096)
/* Tables and rings up to this size are read in one piece. */
#define MAX_WHOLE ((uint64_t)256 * 1024)

static const char too_many[] = "too many values in one event";

/*
 * *to = TYPE { items: ARRAY, len }; returns the node `items`, an array that waits for its items. NULL: no
 * room.
 */
static struct fdbg_value *put_collection(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
					 uint64_t len, struct fdbg_value *to)
{
	struct fdbg_field *fields = fdbg_decode_fields(decoder, 2);

	if (!fields) {
		*to = fdbg_value_opaque(too_many);
		return NULL;
	}
	fields[0].name = FDBG_TEXT("items");
	fields[0].value =
		(struct fdbg_value){ .kind = FDBG_VALUE_ARRAY, .array = { .kind = FDBG_ARRAY_VEC } };
	fields[1].name = FDBG_TEXT("len");
	fields[1].value = fdbg_usize_value(len);
	*to = (struct fdbg_value){
		.kind = FDBG_VALUE_STRUCT, .record = { .type = desc->name, .fields = fields, .n_fields = 2 },
	};
	return &fields[0].value;
}

/* Work on a collection's items: to is the array node. A limit of pointer levels ends it before it begins. */
static void push_walk(struct fdbg_decoder *decoder, const struct fdbg_object *object,
		      const struct fdbg_desc *desc, fdbg_step_fn step, uint64_t address, uint64_t len,
		      void *state, struct fdbg_value *items)
{
	if (fdbg_decode_at_limit(decoder, object)) {
		items->cut = true;
		items->total = len;
		return;
	}
	/* count > 1: the item stands for the elements, not for one object at its address. */
	fdbg_decode_push(decoder, object,
			 (struct fdbg_item){
				 .step = step,
				 .desc = desc,
				 .to = items,
				 .address = address,
				 .count = len > 2 ? len : 2,
				 .total = len,
				 .state = state,
			 });
}

/* Makes the array of n items, of total. */
static struct fdbg_value *put_items(struct fdbg_decoder *decoder, uint64_t n, uint64_t total,
				    struct fdbg_value *to)
{
	to->array.items = fdbg_decode_nodes(decoder, n);
	if (!to->array.items) {
		*to = fdbg_value_opaque(too_many);
		return NULL;
	}
	to->array.n_items = n;
	to->cut = n < total;
	to->total = to->cut ? total : 0;
	return to->array.items;
}

static uint64_t shown(const struct fdbg_decoder *decoder, uint64_t len)
{
	return fdbg_decode_room(decoder, len < decoder->limits.max_array ? len : decoder->limits.max_array);
}

/*
 * Ring buffers: VecDeque (std-types.md, section 7).
 */

struct ring {
	struct fdbg_desc_seq seq;      /* pointer, capacity, elements; length is that of new compilers */
	uint64_t head;                 /* offset */
	uint64_t tail;                 /* offset, of old compilers */
	bool old;                      /* tail and head instead of head and len */
};

struct ring_walk {
	uint64_t address, first, second; /* elements in the first piece, at first; the rest at address */
	uint64_t start;
};

static enum fdbg_memview_state step_ring(struct fdbg_decoder *decoder, const struct fdbg_item *item)
{
	const struct ring_walk *walk = item->state;
	const struct fdbg_desc *elem = item->desc;
	uint64_t stride = elem->type->size, total = item->total;
	const uint8_t *first = NULL, *second = NULL;
	enum fdbg_memview_state a, b;
	struct fdbg_object object;
	struct fdbg_value *items;

	a = fdbg_decode_read(decoder, walk->address + walk->start * stride, walk->first * stride, &first);
	b = fdbg_decode_read(decoder, walk->address, walk->second * stride, &second);
	if (a == FDBG_MEMVIEW_FAULT || b == FDBG_MEMVIEW_FAULT)
		return FDBG_MEMVIEW_FAULT;
	if (a != FDBG_MEMVIEW_READY)
		return a;
	if (b != FDBG_MEMVIEW_READY)
		return b;
	object = fdbg_decode_object(decoder, item, first);
	items = put_items(decoder, walk->first + walk->second, total, item->to);
	if (!items)
		return a;
	object.address = walk->address + walk->start * stride;
	fdbg_decode_elements(decoder, elem, &object, walk->first, items);
	object.bytes = second;
	object.address = walk->address;
	fdbg_decode_elements(decoder, elem, &object, walk->second, items + walk->first);
	return a;
}

static void decode_vec_deque(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			     const struct fdbg_object *object, struct fdbg_value *to)
{
	const struct ring *ring = desc->extra;
	uint64_t address = fdbg_word_at(object->bytes + ring->seq.pointer, 8);
	uint64_t cap = fdbg_word_at(object->bytes + ring->seq.capacity, 8);
	uint64_t head = fdbg_word_at(object->bytes + ring->head, 8), len, n;
	const struct fdbg_desc *elem = fdbg_describe_ref(decoder, (struct fdbg_desc_ref *)&ring->seq.elem);
	struct ring_walk *walk;
	struct fdbg_value *items;
	const char *bad;

	if (!elem) {
		*to = fdbg_value_opaque("out of memory");
		return;
	}
	if (!ring->seq.stride)
		cap = UINT64_MAX;
	if (ring->old) {
		uint64_t tail = fdbg_word_at(object->bytes + ring->tail, 8);

		if (ring->seq.stride && (!cap || cap & (cap - 1) || head >= cap || tail >= cap)) {
			*to = fdbg_value_opaque("ring buffer that contradicts itself");
			return;
		}
		len = (head - tail) & (ring->seq.stride ? cap - 1 : INT64_MAX);
		head = tail;
	} else {
		len = fdbg_word_at(object->bytes + ring->seq.length, 8);
	}
	bad = fdbg_bad_seq(&ring->seq, address, cap == UINT64_MAX ? 0 : cap);
	if (bad || len > cap || (head >= cap && cap)) {
		*to = fdbg_value_opaque(bad ? bad : "ring buffer that contradicts itself");
		return;
	}
	items = put_collection(decoder, desc, len, to);
	walk = fdbg_arena_new(decoder->arena, struct ring_walk);
	if (!items || !walk)
		return;
	n = shown(decoder, len);
	walk->address = address;
	walk->start = ring->seq.stride ? head : 0;
	walk->first = n < cap - walk->start ? n : cap - walk->start;
	walk->second = n - walk->first;
	push_walk(decoder, object, elem, step_ring, address, len, walk, items);
}

bool fdbg_describe_vec_deque(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	struct ring *ring = fdbg_arena_new(&decoder->descs, struct ring);
	const struct fdbg_type *elem = fdbg_type_param(desc->type, "T");
	bool inner;

	if (!ring || !elem)
		return false;
	inner = fdbg_word_path(desc->type, "buf.inner.ptr.*", &ring->seq.pointer);
	if ((!inner && !fdbg_word_path(desc->type, "buf.ptr.*", &ring->seq.pointer)) ||
	    !fdbg_word_path(desc->type, inner ? "buf.inner.cap.*" : "buf.cap.*", &ring->seq.capacity) ||
	    !fdbg_word_path(desc->type, "head.*", &ring->head))
		return false;
	ring->old = fdbg_word_path(desc->type, "tail", &ring->tail);
	if (!ring->old && !fdbg_word_path(desc->type, "len", &ring->seq.length))
		return false;
	ring->seq.elem.type = elem;
	ring->seq.stride = elem->size;
	desc->extra = ring;
	desc->decode = decode_vec_deque;
	return true;
}

/*
 * BinaryHeap: a Vec in heap order.
 */

static void decode_binary_heap(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			       const struct fdbg_object *object, struct fdbg_value *to)
{
	uint64_t len = fdbg_word_at(object->bytes + desc->seq.length, 8);
	struct fdbg_value *items = put_collection(decoder, desc, len, to);

	if (!items)
		return;
	fdbg_decode_seq(decoder, &desc->seq, object, FDBG_SEQ_ARRAY, FDBG_ARRAY_VEC, FDBG_TEXT("Vec<u8>"),
			items);
	if (items->kind == FDBG_VALUE_OPAQUE)
		*to = *items;
}

bool fdbg_describe_binary_heap(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	const struct fdbg_type *vec;
	uint64_t offset = 0;

	if (!fdbg_type_path(desc->type, "data", &vec, &offset) ||
	    !fdbg_describe_vec_at(decoder, vec, &desc->seq))
		return false;
	desc->seq.pointer += offset;
	desc->seq.length += offset;
	desc->seq.capacity += offset;
	desc->decode = decode_binary_heap;
	return true;
}

/*
 * LinkedList: nodes with `next` and `element`.
 */

struct list {
	uint64_t head, len;            /* offsets in the list */
	uint64_t next, element;        /* offsets in a node */
	uint64_t node_size;
	struct fdbg_desc_ref elem;
};

struct list_walk {
	const struct list *list;
	uint64_t next, n;              /* address of the next node, how many were read */
	const uint8_t **nodes;
	uint64_t *addresses;
	uint64_t wanted;
};

static enum fdbg_memview_state step_list(struct fdbg_decoder *decoder, const struct fdbg_item *item)
{
	struct list_walk *walk = (struct list_walk *)item->state;
	const struct list *list = walk->list;
	const struct fdbg_desc *elem = item->desc;
	struct fdbg_value *items;
	struct fdbg_object object;
	uint64_t total = item->total;

	while (walk->n < walk->wanted && walk->next) {
		enum fdbg_memview_state state;
		const uint8_t *bytes;

		if (walk->next & 7)
			return FDBG_MEMVIEW_FAULT;
		state = fdbg_decode_read(decoder, walk->next, list->node_size, &bytes);
		if (state != FDBG_MEMVIEW_READY)
			return state;
		walk->addresses[walk->n] = walk->next;
		walk->nodes[walk->n++] = bytes;
		walk->next = fdbg_word_at(bytes + list->next, 8);
	}
	if (walk->n < walk->wanted || (walk->n == total && walk->next)) {
		*item->to = fdbg_value_opaque("list whose length contradicts its nodes");
		return FDBG_MEMVIEW_READY;
	}
	object = fdbg_decode_object(decoder, item, NULL);
	items = put_items(decoder, walk->n, total, item->to);
	for (uint64_t i = 0; items && i < walk->n; i++) {
		object.bytes = walk->nodes[i];
		object.address = walk->addresses[i];
		fdbg_decode_part(decoder, elem, &object, list->element, &items[i]);
	}
	return FDBG_MEMVIEW_READY;
}

static void decode_linked_list(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			       const struct fdbg_object *object, struct fdbg_value *to)
{
	struct list *list = desc->extra;
	uint64_t len = fdbg_word_at(object->bytes + list->len, 8);
	uint64_t head = fdbg_word_at(object->bytes + list->head, 8);
	const struct fdbg_desc *elem = fdbg_describe_ref(decoder, &list->elem);
	struct list_walk *walk;
	struct fdbg_value *items;

	if (!elem || !len != !head || len > FDBG_MAX_ADDRESS) {
		*to = fdbg_value_opaque("list whose length contradicts its nodes");
		return;
	}
	items = put_collection(decoder, desc, len, to);
	walk = fdbg_arena_new(decoder->arena, struct list_walk);
	if (!items || !walk || !len)
		return;
	*walk = (struct list_walk){ .list = list, .next = head, .wanted = shown(decoder, len) };
	walk->nodes = fdbg_arena_array(decoder->arena, walk->wanted + 1, sizeof(*walk->nodes));
	walk->addresses = fdbg_arena_array(decoder->arena, walk->wanted + 1, sizeof(*walk->addresses));
	if (walk->nodes && walk->addresses)
		push_walk(decoder, object, elem, step_list, head, len, walk, items);
}

/* The pointee of the pointer in `Some` of an Option<NonNull<…>>. */
static const struct fdbg_type *optional_pointee(const struct fdbg_type *type)
{
	const struct fdbg_type *pointer;
	uint64_t offset = 0;

	if (type->kind != FDBG_TYPE_VARIANTS || type->size != 8)
		return NULL;
	for (size_t i = 0; i < type->n_variants; i++) {
		const struct fdbg_type *payload = fdbg_type_of(&type->variants[i].type);

		if (fdbg_text_is(type->variants[i].name, "Some") &&
		    fdbg_type_path(payload, "__0.*", &pointer, &offset) &&
		    pointer->kind == FDBG_TYPE_POINTER && !offset)
			return fdbg_type_of((struct fdbg_type_ref *)&pointer->target);
	}
	return NULL;
}

bool fdbg_describe_linked_list(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	struct list *list = fdbg_arena_new(&decoder->descs, struct list);
	const struct fdbg_type *head, *node, *next, *elem;

	if (!list || !fdbg_type_path(desc->type, "head", &head, &list->head) ||
	    !fdbg_word_path(desc->type, "len", &list->len))
		return false;
	node = optional_pointee(head);
	if (!node || !fdbg_type_path(node, "next", &next, &list->next) || next->size != 8 ||
	    !fdbg_type_path(node, "element", &elem, &list->element) || list->next + 8 > node->size ||
	    list->element + elem->size > node->size)
		return false;
	list->node_size = node->size;
	list->elem.type = elem;
	desc->extra = list;
	desc->decode = decode_linked_list;
	return true;
}

/*
 * Hash tables (hashbrown): control bytes, and the elements before them in falling order.
 */

struct table {
	uint64_t mask, ctrl, items;    /* offsets */
	struct fdbg_desc_ref elem;     /* (K, V), or (K, ()) of a set */
	uint64_t key;                  /* of a set: offset of the key in it */
	bool set;
	struct fdbg_desc_ref key_ref;
};

struct table_walk {
	struct table *table;
	uint64_t ctrl, n_buckets;
	uint64_t window;               /* control bytes that are read at first, and then */
	bool sorted;
	uint32_t *full;                /* the buckets to read */
	uint64_t n_full;
	bool scanned;
};

static enum fdbg_memview_state scan_table(struct fdbg_decoder *decoder, const struct fdbg_item *item,
					  struct table_walk *walk)
{
	uint64_t most = walk->n_buckets < MAX_BUCKETS ? walk->n_buckets : MAX_BUCKETS, n;
	uint64_t wanted = shown(decoder, item->total), found;
	enum fdbg_memview_state state;
	const uint8_t *ctrl;

	/* Of a large table the start holds all that is shown, unless it is nearly empty. */
	if (!walk->window)
		walk->window = wanted * 4 > MIN_WINDOW ? wanted * 4 : MIN_WINDOW;
	for (;;) {
		n = walk->window < most ? walk->window : most;
		state = fdbg_decode_read(decoder, walk->ctrl, n, &ctrl);
		if (state != FDBG_MEMVIEW_READY)
			return state;
		found = 0;
		for (uint64_t i = 0; i < n; i++)
			found += !(ctrl[i] & 0x80);
		if (found >= wanted || n == most)
			break;
		walk->window *= 4;
	}
	found = 0;
	walk->full = fdbg_arena_array(decoder->arena, wanted + 1, sizeof(*walk->full));
	if (!walk->full)
		return FDBG_MEMVIEW_NOMEM;
	for (uint64_t i = 0; i < n; i++) {
		if (ctrl[i] & 0x80)
			continue;
		if (found < wanted)
			walk->full[found] = (uint32_t)i;
		found++;
	}
	/* All buckets were looked at: their number must be the table's own. */
	if (n == walk->n_buckets && found != item->total) {
		*item->to = fdbg_value_opaque("hash table that contradicts itself");
		return FDBG_MEMVIEW_READY;
	}
	walk->n_full = found < wanted ? found : wanted;
	walk->scanned = true;
	return FDBG_MEMVIEW_READY;
}

static enum fdbg_memview_state step_table(struct fdbg_decoder *decoder, const struct fdbg_item *item)
{
	struct table_walk *walk = (struct table_walk *)item->state;
	const struct table *table = walk->table;
	const struct fdbg_desc *elem = item->desc;
	uint64_t size = table->elem.type->size, total = item->total;
	enum fdbg_memview_state state = FDBG_MEMVIEW_READY;
	struct fdbg_object object;
	struct fdbg_value *items, *to = item->to;
	const uint8_t **bytes;

	if (!walk->scanned)
		state = scan_table(decoder, item, walk);
	if (state != FDBG_MEMVIEW_READY || !walk->scanned)
		return state;
	bytes = fdbg_arena_array(decoder->arena, walk->n_full + 1, sizeof(*bytes));
	if (!bytes)
		return FDBG_MEMVIEW_NOMEM;
	if (walk->n_full && (walk->full[walk->n_full - 1] + UINT64_C(1)) * size <= MAX_WHOLE) {
		uint64_t low = (uint64_t)(walk->full[walk->n_full - 1] + 1) * size;
		const uint8_t *whole;

		state = fdbg_decode_read(decoder, walk->ctrl - low, low, &whole);
		for (uint64_t i = 0; state == FDBG_MEMVIEW_READY && i < walk->n_full; i++)
			bytes[i] = whole + low - (uint64_t)(walk->full[i] + 1) * size;
	} else {
		for (uint64_t i = 0; i < walk->n_full; i++) {
			enum fdbg_memview_state one;

			one = fdbg_decode_read(decoder, walk->ctrl - (uint64_t)(walk->full[i] + 1) * size,
					       size, &bytes[i]);
			if (one == FDBG_MEMVIEW_FAULT || one == FDBG_MEMVIEW_NOMEM)
				return one;
			if (one == FDBG_MEMVIEW_PENDING)
				state = one;
		}
	}
	if (state != FDBG_MEMVIEW_READY)
		return state;
	object = fdbg_decode_object(decoder, item, NULL);
	items = put_items(decoder, walk->n_full, total, to);
	for (uint64_t i = 0; items && i < walk->n_full; i++) {
		object.bytes = bytes[i];
		object.address = walk->ctrl - (uint64_t)(walk->full[i] + 1) * size;
		fdbg_decode_part(decoder, elem, &object, table->set ? table->key : 0, &items[i]);
	}
	if (items && walk->sorted)
		fdbg_decode_sort_later(decoder, to, !table->set);
	return FDBG_MEMVIEW_READY;
}

static void decode_table(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			 const struct fdbg_object *object, struct fdbg_value *to)
{
	struct table *table = desc->extra;
	uint64_t mask = fdbg_word_at(object->bytes + table->mask, 8);
	uint64_t ctrl = fdbg_word_at(object->bytes + table->ctrl, 8);
	uint64_t len = fdbg_word_at(object->bytes + table->items, 8), size = table->elem.type->size;
	const struct fdbg_desc *elem =
		fdbg_describe_ref(decoder, table->set ? &table->key_ref : &table->elem);
	struct table_walk *walk;
	struct fdbg_value *items;

	if (!elem || !ctrl || mask & (mask + 1) || mask >= FDBG_MAX_ADDRESS || len > mask + 1 ||
	    (size && mask + 1 > FDBG_MAX_ADDRESS / size) || (size && ctrl < (mask + 1) * size && len)) {
		*to = fdbg_value_opaque("hash table that contradicts itself");
		return;
	}
	items = put_collection(decoder, desc, len, to);
	walk = fdbg_arena_new(decoder->arena, struct table_walk);
	if (!items || !walk || !len)
		return;
	*walk = (struct table_walk){
		.table = table,
		.ctrl = ctrl,
		.n_buckets = mask + 1,
		.sorted = !decoder->limits.keep_hash_order,
	};
	push_walk(decoder, object, elem, step_table, ctrl, len, walk, items);
}

static bool describe_table(struct fdbg_decoder *decoder, struct fdbg_desc *desc, const char *path, bool set)
{
	struct table *table = fdbg_arena_new(&decoder->descs, struct table);
	const struct fdbg_type *raw, *inner, *elem, *key;
	uint64_t offset = 0, inner_offset = 0;

	if (!table || !fdbg_type_path(desc->type, path, &raw, &offset) ||
	    !fdbg_type_path(raw, "table", &inner, &inner_offset))
		return false;
	elem = fdbg_type_param(raw, "T");
	if (!elem || !fdbg_word_path(inner, "bucket_mask", &table->mask) ||
	    !fdbg_word_path(inner, "ctrl.*", &table->ctrl) || !fdbg_word_path(inner, "items", &table->items))
		return false;
	table->mask += offset + inner_offset;
	table->ctrl += offset + inner_offset;
	table->items += offset + inner_offset;
	table->elem.type = elem;
	table->set = set;
	/* Elements are pairs: (K, V), for sets (K, ()). */
	if (elem->kind != FDBG_TYPE_STRUCT || !fdbg_type_path(elem, "__0", &key, &table->key) ||
	    table->key + key->size > elem->size)
		return false;
	table->key_ref.type = key;
	desc->extra = table;
	desc->decode = decode_table;
	return true;
}

bool fdbg_describe_hash_map(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	return describe_table(decoder, desc, "base.table", false) ||
	       describe_table(decoder, desc, "table", false);
}

bool fdbg_describe_hash_set(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	return describe_table(decoder, desc, "base.map.table", true) ||
	       describe_table(decoder, desc, "map.table", true);
}
