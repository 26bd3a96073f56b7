/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Collections other than Vec: a struct of their type with the fields `items` and `len` (stream-format.md,
 * section 3). Here rings, heaps and lists; hash tables and trees have files of their own.
 */
#include "rust/decode_internal.h"

static const char too_many[] = "too many values in one event";

struct fdbg_value *fdbg_put_collection(struct fdbg_decoder *decoder, const struct fdbg_desc *desc, uint64_t len,
				       struct fdbg_value *to)
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

void fdbg_push_walk(struct fdbg_decoder *decoder, const struct fdbg_object *object, const struct fdbg_desc *desc,
		    fdbg_step_fn step, uint64_t address, uint64_t len, void *state, struct fdbg_value *items)
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

struct fdbg_value *fdbg_put_items(struct fdbg_decoder *decoder, uint64_t n, uint64_t total, struct fdbg_value *to)
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

uint64_t fdbg_shown_items(const struct fdbg_decoder *decoder, uint64_t len)
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
	items = fdbg_put_items(decoder, walk->first + walk->second, total, item->to);
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
	items = fdbg_put_collection(decoder, desc, len, to);
	walk = fdbg_arena_new(decoder->arena, struct ring_walk);
	if (!items || !walk)
		return;
	n = fdbg_shown_items(decoder, len);
	walk->address = address;
	walk->start = ring->seq.stride ? head : 0;
	walk->first = n < cap - walk->start ? n : cap - walk->start;
	walk->second = n - walk->first;
	fdbg_push_walk(decoder, object, elem, step_ring, address, len, walk, items);
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
	struct fdbg_value *items = fdbg_put_collection(decoder, desc, len, to);

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
 * LinkedList: nodes with `next` and `element`. Its iterators have the same fields; what is left to give is between their
 * ends, within a list that may go on on both sides.
 */

struct list {
	uint64_t head, len;            /* offsets in the list */
	uint64_t tail;                 /* of an iterator */
	bool iterator;
	uint64_t next, element;        /* offsets in a node */
	uint64_t node_size;
	struct fdbg_desc_ref elem;
};

struct list_walk {
	const struct list *list;
	uint64_t next, n;              /* address of the next node, how many were read */
	uint64_t tail;                 /* of an iterator: the last node to give */
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
	if (walk->n < walk->wanted ||
	    (walk->n == total && (list->iterator ? walk->addresses[walk->n - 1] != walk->tail : walk->next != 0))) {
		*item->to = fdbg_value_opaque("list whose length contradicts its nodes");
		return FDBG_MEMVIEW_READY;
	}
	object = fdbg_decode_object(decoder, item, NULL);
	items = fdbg_put_items(decoder, walk->n, total, item->to);
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

	if (!elem || (list->iterator ? len && !head : !len != !head) || len > FDBG_MAX_ADDRESS) {
		*to = fdbg_value_opaque("list whose length contradicts its nodes");
		return;
	}
	items = fdbg_put_collection(decoder, desc, len, to);
	walk = fdbg_arena_new(decoder->arena, struct list_walk);
	if (!items || !walk || !len)
		return;
	*walk = (struct list_walk){ .list = list, .next = head, .wanted = fdbg_shown_items(decoder, len) };
	if (list->iterator)
		walk->tail = fdbg_word_at(object->bytes + list->tail, 8);
	walk->nodes = fdbg_arena_array(decoder->arena, walk->wanted + 1, sizeof(*walk->nodes));
	walk->addresses = fdbg_arena_array(decoder->arena, walk->wanted + 1, sizeof(*walk->addresses));
	if (walk->nodes && walk->addresses)
		fdbg_push_walk(decoder, object, elem, step_list, head, len, walk, items);
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

bool fdbg_describe_linked_list_iter(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	const struct fdbg_type *head, *tail;
	uint64_t offset = 0;
	struct list *list;

	if (!fdbg_describe_linked_list(decoder, desc))
		return false;
	list = desc->extra;
	list->iterator = true;
	return fdbg_type_path(desc->type, "head", &head, &offset) &&
	       fdbg_type_path(desc->type, "tail", &tail, &list->tail) && optional_pointee(tail) == optional_pointee(head);
}
