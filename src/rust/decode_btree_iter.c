/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Iterators over BTreeMaps that know how much they have still to give: from their front, which is a place in a leaf or
 * still the root, node by node in order (std-types.md, section 7).
 */
#include <string.h>

#include "rust/decode_internal.h"

struct iter {
	const struct fdbg_type *front; /* Option<LazyLeafHandle> */
	uint64_t at_front, length;     /* offsets */
	uint64_t size;                 /* of the iterator */
	struct fdbg_btree_nodes nodes;
	enum { SHOW_PAIRS, SHOW_KEYS, SHOW_VALUES } show;
	struct fdbg_text pair;         /* `(K, V)` */
};

struct entry {
	uint64_t address;
	const uint8_t *node;
	unsigned int index;
};

/* The place before the entry `index` of a node, behind what is below its edge there unless that is still to come. */
struct place {
	uint64_t node, height;
	unsigned int index;
	bool edge_to_come;
};

struct walk {
	const struct iter *iter;
	struct place place;
	struct entry *entries;
	uint64_t n, wanted;
};

/* The payload of the variant that an enum at an offset of an object has; its name is that of the variant. */
static const struct fdbg_type *present(struct fdbg_decoder *decoder, const struct iter *iter, const struct fdbg_type *type,
				       const struct fdbg_object *object, uint64_t offset, struct fdbg_text *name_ret)
{
	const struct fdbg_desc *desc = type->kind == FDBG_TYPE_VARIANTS ? fdbg_describe(decoder, type) : NULL;
	struct fdbg_object part = *object;
	size_t index;

	if (!desc || offset > iter->size || type->size > iter->size - offset)
		return NULL;
	part.bytes += offset;
	part.address += offset;
	index = fdbg_decode_variant_index(desc, &part);
	if (index >= type->n_variants)
		return NULL;
	*name_ret = type->variants[index].name;
	return fdbg_type_of(&type->variants[index].type);
}

static bool read_word(const struct iter *iter, const struct fdbg_object *object, uint64_t offset,
		      const struct fdbg_type *type, const char *path, uint64_t *ret)
{
	uint64_t at = 0;

	if (!fdbg_word_path(type, path, &at) || at > iter->size || offset + at + 8 > iter->size)
		return false;
	*ret = fdbg_word_at(object->bytes + offset + at, 8);
	return true;
}

/* Reads the words of a NodeRef at a path from a type that lies at an offset of an object. */
static bool read_node(const struct iter *iter, const struct fdbg_object *object, uint64_t offset,
		      const struct fdbg_type *type, const char *height, const char *node, struct place *ret)
{
	return read_word(iter, object, offset, type, height, &ret->height) &&
	       read_word(iter, object, offset, type, node, &ret->node);
}

/* Where the iterator is. False: nowhere that we know. */
static bool find_place(struct fdbg_decoder *decoder, const struct iter *iter, const struct fdbg_object *object,
		       struct place *ret)
{
	const struct fdbg_type *some, *handle, *payload;
	uint64_t offset = iter->at_front, index;
	struct fdbg_text name;

	some = present(decoder, iter, iter->front, object, offset, &name);
	if (!some || !fdbg_text_is(name, "Some") || !fdbg_type_path(some, "__0", &handle, &offset))
		return false;
	payload = present(decoder, iter, handle, object, offset, &name);
	if (!payload)
		return false;
	if (fdbg_text_is(name, "Root")) {
		ret->edge_to_come = true;
		return read_node(iter, object, offset, payload, "__0.height", "__0.node.*", ret);
	}
	if (!fdbg_text_is(name, "Edge") ||
	    !read_node(iter, object, offset, payload, "__0.node.height", "__0.node.node.*", ret) ||
	    !read_word(iter, object, offset, payload, "__0.idx", &index) || index > FDBG_BTREE_KEYS)
		return false;
	ret->index = (unsigned int)index;
	return !ret->height;
}

static void put_entry(struct fdbg_decoder *decoder, const struct iter *iter, const struct fdbg_desc *key,
		      const struct fdbg_desc *value, struct fdbg_object *object, const struct entry *entry,
		      struct fdbg_value *to)
{
	uint64_t at_key = iter->nodes.keys + entry->index * iter->nodes.key.type->size;
	uint64_t at_value = iter->nodes.vals + entry->index * iter->nodes.value.type->size;
	struct fdbg_field *fields;

	object->bytes = entry->node;
	object->address = entry->address;
	if (iter->show != SHOW_PAIRS) {
		fdbg_decode_part(decoder, iter->show == SHOW_KEYS ? key : value, object,
				 iter->show == SHOW_KEYS ? at_key : at_value, to);
		return;
	}
	fields = fdbg_decode_fields(decoder, 2);
	if (!fields) {
		*to = fdbg_value_opaque("too many values in one event");
		return;
	}
	fields[0].name = FDBG_TEXT("0");
	fields[1].name = FDBG_TEXT("1");
	*to = (struct fdbg_value){
		.kind = FDBG_VALUE_STRUCT, .record = { .type = iter->pair, .fields = fields, .n_fields = 2 },
	};
	fdbg_decode_part(decoder, key, object, at_key, &fields[0].value);
	fdbg_decode_part(decoder, value, object, at_value, &fields[1].value);
}

/* One step from a place in a node whose bytes are there; false: the tree has no more. */
static bool advance(struct fdbg_decoder *decoder, struct walk *walk, const uint8_t *bytes)
{
	const struct fdbg_btree_nodes *nodes = &walk->iter->nodes;
	unsigned int n_keys = (unsigned int)fdbg_word_at(bytes + nodes->len, 2);
	struct place *place = &walk->place;
	const uint8_t *ignored;

	if (n_keys > FDBG_BTREE_KEYS || place->index > n_keys)
		return false;
	if (place->edge_to_come && place->height) {
		/* The leaves to come are asked for at once. */
		for (unsigned int i = place->index; i <= n_keys && place->height == 1; i++)
			(void)fdbg_decode_read(decoder, fdbg_word_at(bytes + nodes->edges + 8 * i, 8), nodes->leaf_size,
					       &ignored);
		place->node = fdbg_word_at(bytes + nodes->edges + 8 * place->index, 8);
		place->height--;
		place->index = 0;
		return true;
	}
	place->edge_to_come = false;
	if (place->index < n_keys) {
		walk->entries[walk->n++] = (struct entry){ place->node, bytes, place->index };
		place->index++;
		place->edge_to_come = place->height;
		return true;
	}
	place->index = (unsigned int)fdbg_word_at(bytes + nodes->parent_idx, 2);
	place->node = fdbg_word_at(bytes + nodes->parent, 8);
	return place->node && ++place->height <= FDBG_BTREE_HEIGHT;
}

static enum fdbg_memview_state step_iter(struct fdbg_decoder *decoder, const struct fdbg_item *item)
{
	struct walk *walk = (struct walk *)item->state;
	const struct iter *iter = walk->iter;
	const struct fdbg_desc *key = fdbg_describe_ref(decoder, (struct fdbg_desc_ref *)&iter->nodes.key);
	const struct fdbg_desc *value = fdbg_describe_ref(decoder, (struct fdbg_desc_ref *)&iter->nodes.value);
	struct fdbg_object object = fdbg_decode_object(decoder, item, NULL);
	struct fdbg_value *items, *to = item->to;
	uint64_t total = item->total;
	bool ended = false;

	while (walk->n < walk->wanted && !ended) {
		enum fdbg_memview_state state;
		const uint8_t *bytes;

		if (!walk->place.node || walk->place.node & 7)
			return FDBG_MEMVIEW_FAULT;
		state = fdbg_decode_read(decoder, walk->place.node,
					 walk->place.height ? iter->nodes.edges + 8 * (FDBG_BTREE_KEYS + 1) :
							      iter->nodes.leaf_size, &bytes);
		if (state != FDBG_MEMVIEW_READY)
			return state;
		ended = !advance(decoder, walk, bytes);
	}
	if (ended) {
		*to = fdbg_value_opaque("iterator that contradicts its tree");
		return FDBG_MEMVIEW_READY;
	}
	items = key && value ? fdbg_put_items(decoder, walk->n, total, to) : NULL;
	for (uint64_t i = 0; items && i < walk->n; i++)
		put_entry(decoder, iter, key, value, &object, &walk->entries[i], &items[i]);
	return FDBG_MEMVIEW_READY;
}

static void decode_iter(struct fdbg_decoder *decoder, const struct fdbg_desc *desc, const struct fdbg_object *object,
			struct fdbg_value *to)
{
	const struct iter *iter = desc->extra;
	uint64_t len = fdbg_word_at(object->bytes + iter->length, 8);
	struct fdbg_value *items;
	struct walk *walk;

	walk = fdbg_arena_new(decoder->arena, struct walk);
	if (!walk || len > FDBG_MAX_ADDRESS ||
	    (len && (!find_place(decoder, iter, object, &walk->place) || walk->place.height > FDBG_BTREE_HEIGHT))) {
		*to = fdbg_value_opaque("iterator that contradicts its tree");
		return;
	}
	items = fdbg_put_collection(decoder, desc, len, to);
	if (!items || !len)
		return;
	walk->iter = iter;
	walk->wanted = fdbg_shown_items(decoder, len);
	walk->entries = fdbg_arena_array(decoder->arena, walk->wanted + 1, sizeof(*walk->entries));
	if (walk->entries)
		fdbg_push_walk(decoder, object, desc, step_iter, walk->place.node, len, walk, items);
}

/* The leaf that the root of a front's variant Root leads to. */
static const struct fdbg_type *leaf_of(const struct fdbg_type *front)
{
	const struct fdbg_type *handle, *pointer;
	uint64_t ignored = 0;

	for (size_t i = 0; front->kind == FDBG_TYPE_VARIANTS && i < front->n_variants; i++) {
		if (!fdbg_text_is(front->variants[i].name, "Some") ||
		    !fdbg_type_path(fdbg_type_of(&front->variants[i].type), "__0", &handle, &ignored) ||
		    handle->kind != FDBG_TYPE_VARIANTS)
			continue;
		for (size_t k = 0; k < handle->n_variants; k++)
			if (fdbg_text_is(handle->variants[k].name, "Root") &&
			    fdbg_type_path(fdbg_type_of(&handle->variants[k].type), "__0.node.*", &pointer, &ignored) &&
			    pointer->kind == FDBG_TYPE_POINTER)
				return fdbg_type_of((struct fdbg_type_ref *)&pointer->target);
	}
	return NULL;
}

bool fdbg_describe_btree_iter(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	static const struct {
		const char *name, *path;
		int show;
	} iterators[] = {
		{ "Iter<", "", SHOW_PAIRS },
		{ "IterMut<", "", SHOW_PAIRS },
		{ "IntoIter<", "", SHOW_PAIRS },
		{ "Keys<", "inner", SHOW_KEYS },
		{ "Values<", "inner", SHOW_VALUES },
		{ "ValuesMut<", "inner", SHOW_VALUES },
		{ "IntoKeys<", "inner", SHOW_KEYS },
		{ "IntoValues<", "inner", SHOW_VALUES },
	};
	struct fdbg_text name = fdbg_text_part(desc->type->name, strlen("alloc::collections::btree::map::"),
					       desc->type->name.len);
	struct iter *iter = fdbg_arena_new(&decoder->descs, struct iter);
	const struct fdbg_type *inner, *leaf;
	uint64_t offset = 0;
	size_t i = 0;

	while (i < sizeof(iterators) / sizeof(iterators[0]) && !fdbg_text_starts(name, iterators[i].name))
		i++;
	if (!iter || i == sizeof(iterators) / sizeof(iterators[0]) ||
	    !fdbg_type_path(desc->type, iterators[i].path, &inner, &offset) ||
	    !fdbg_type_path(inner, "range.front", &iter->front, &iter->at_front) ||
	    !fdbg_word_path(inner, "length", &iter->length))
		return false;
	leaf = leaf_of(iter->front);
	if (!leaf || !fdbg_describe_btree_nodes(leaf, &iter->nodes))
		return false;
	iter->size = desc->type->size;
	iter->at_front += offset;
	iter->length += offset;
	iter->show = iterators[i].show;
	iter->pair = fdbg_pair_name(decoder, desc->name);
	desc->extra = iter;
	desc->decode = decode_iter;
	return true;
}
