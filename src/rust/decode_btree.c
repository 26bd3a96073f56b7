/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* BTreeMap and BTreeSet (std-types.md, section 7): nodes fetched level by level, then walked in order. */
#include <string.h>

#include "rust/decode_internal.h"
#include "rust/names.h"

/* What every node has but the root, and those at the right edge while they are being filled. */
#define MIN_KEYS 5

struct tree {
	uint64_t root, length;         /* offsets in the map: the Option, the count */
	uint64_t height, node;         /* offsets in the map of the root's words */
	uint64_t tag, tag_size;        /* the Option's discriminant: where, and what it is for None */
	uint64_t none_value;
	bool has_tag, none_known;
	struct fdbg_btree_nodes nodes;
	bool set;
	struct fdbg_text pair;         /* `(K, V)` */
};

struct node {
	uint64_t address;
	const uint8_t *bytes;
	size_t first_child;            /* index in the next level */
};

struct level {
	struct node *nodes;
	size_t n;
	bool complete;                 /* all bytes are there */
};

struct tree_walk {
	struct tree *tree;
	uint64_t height;
	size_t n_levels;               /* levels that were listed */
	uint64_t wanted;               /* items to show */
	struct level levels[FDBG_BTREE_HEIGHT + 1];
	bool broken;
};

static unsigned keys_in(const struct tree *tree, const struct node *node)
{
	return (unsigned)fdbg_word_at(node->bytes + tree->nodes.len, 2);
}

/* Reads all nodes of the last level. */
static enum fdbg_memview_state read_level(struct fdbg_decoder *decoder, struct tree_walk *walk)
{
	const struct tree *tree = walk->tree;
	struct level *level = &walk->levels[walk->n_levels - 1];
	bool leaf = walk->n_levels - 1 == walk->height;
	uint64_t size = leaf ? tree->nodes.leaf_size : tree->nodes.edges + 8 * (FDBG_BTREE_KEYS + 1);
	enum fdbg_memview_state state = FDBG_MEMVIEW_READY;

	for (size_t i = 0; i < level->n; i++) {
		struct node *node = &level->nodes[i];
		enum fdbg_memview_state one;

		if (node->bytes)
			continue;
		if (!node->address || node->address & 7)
			return FDBG_MEMVIEW_FAULT;
		one = fdbg_decode_read(decoder, node->address, size, &node->bytes);
		if (one == FDBG_MEMVIEW_FAULT || one == FDBG_MEMVIEW_NOMEM)
			return one;
		if (one == FDBG_MEMVIEW_PENDING) {
			node->bytes = NULL;
			state = one;
			continue;
		}
		if (keys_in(tree, node) > FDBG_BTREE_KEYS || !keys_in(tree, node))
			walk->broken = true;
	}
	return state;
}

/* Lists the children of the last level, the leftmost as far as they are wanted. */
static bool list_children(struct fdbg_decoder *decoder, struct tree_walk *walk)
{
	const struct tree *tree = walk->tree;
	struct level *above = &walk->levels[walk->n_levels - 1], *level = &walk->levels[walk->n_levels];
	size_t cap = above->n * (FDBG_BTREE_KEYS + 1);
	uint64_t needed = walk->wanted + 1;

	/* A leaf and the item behind it are so many items at least, and further up so many subtrees are one. */
	for (uint64_t i = walk->n_levels; i <= walk->height; i++)
		needed /= MIN_KEYS + 1;
	needed += 3;
	if (cap > needed)
		cap = (size_t)needed;
	level->nodes = fdbg_arena_array(decoder->arena, cap + 1, sizeof(*level->nodes));
	if (!level->nodes)
		return false;
	for (size_t i = 0; i < above->n; i++) {
		struct node *node = &above->nodes[i];
		unsigned n = keys_in(tree, node) + 1;

		node->first_child = level->n;
		for (unsigned j = 0; j < n && level->n < cap; j++)
			level->nodes[level->n++].address = fdbg_word_at(node->bytes + tree->nodes.edges + 8 * j, 8);
	}
	walk->n_levels++;
	return true;
}

struct output {
	struct fdbg_decoder *decoder;
	const struct tree_walk *walk;
	const struct fdbg_desc *key, *value;
	struct fdbg_object object;
	struct fdbg_value *items;
	uint64_t n, wanted;
	bool stopped;                  /* all that was wanted is there, or a child was not listed */
};

static void put_entry(struct output *out, const struct node *node, unsigned index)
{
	const struct tree *tree = out->walk->tree;
	struct fdbg_value *to = &out->items[out->n++];
	struct fdbg_object object = out->object;
	struct fdbg_field *fields;

	object.bytes = node->bytes;
	object.address = node->address;
	if (tree->set) {
		fdbg_decode_part(out->decoder, out->key, &object, tree->nodes.keys + index * tree->nodes.key.type->size,
				 to);
		return;
	}
	fields = fdbg_decode_fields(out->decoder, 2);
	if (!fields) {
		*to = fdbg_value_opaque("too many values in one event");
		return;
	}
	fields[0].name = FDBG_TEXT("0");
	fields[1].name = FDBG_TEXT("1");
	*to = (struct fdbg_value){
		.kind = FDBG_VALUE_STRUCT, .record = { .type = tree->pair, .fields = fields, .n_fields = 2 },
	};
	fdbg_decode_part(out->decoder, out->key, &object, tree->nodes.keys + index * tree->nodes.key.type->size,
			 &fields[0].value);
	fdbg_decode_part(out->decoder, out->value, &object, tree->nodes.vals + index * tree->nodes.value.type->size,
			 &fields[1].value);
}

/* In order; at most FDBG_BTREE_HEIGHT deep. */
static void walk_node(struct output *out, size_t level, size_t index)
{
	const struct tree_walk *walk = out->walk;
	const struct node *node;
	unsigned n;

	if (index >= walk->levels[level].n) {
		out->stopped = true;
		return;
	}
	node = &walk->levels[level].nodes[index];
	n = keys_in(walk->tree, node);
	for (unsigned i = 0; i <= n && !out->stopped; i++) {
		if (level < walk->height)
			walk_node(out, level + 1, node->first_child + i);
		if (i == n || out->stopped)
			return;
		if (out->n == out->wanted) {
			out->stopped = true;
			return;
		}
		put_entry(out, node, i);
	}
}

static enum fdbg_memview_state step_tree(struct fdbg_decoder *decoder, const struct fdbg_item *item)
{
	struct tree_walk *walk = (struct tree_walk *)item->state;
	struct tree *tree = walk->tree;
	struct fdbg_value *to = item->to;
	uint64_t total = item->total;
	struct output out = { .decoder = decoder, .walk = walk };

	for (;;) {
		enum fdbg_memview_state state = read_level(decoder, walk);

		if (state != FDBG_MEMVIEW_READY)
			return state;
		if (walk->broken) {
			*to = fdbg_value_opaque("tree that contradicts itself");
			return FDBG_MEMVIEW_READY;
		}
		if (walk->n_levels - 1 == walk->height)
			break;
		if (!list_children(decoder, walk))
			return FDBG_MEMVIEW_NOMEM;
	}
	out.key = fdbg_describe_ref(decoder, &tree->nodes.key);
	out.value = tree->set ? out.key : fdbg_describe_ref(decoder, &tree->nodes.value);
	out.wanted = walk->wanted;
	out.object = fdbg_decode_object(decoder, item, NULL);
	out.items = fdbg_decode_nodes(decoder, walk->wanted);
	if (!out.key || !out.value || !out.items) {
		*to = fdbg_value_opaque("too many values in one event");
		return FDBG_MEMVIEW_READY;
	}
	walk_node(&out, 0, 0);
	/* Less than the tree says it has, or more: these are no nodes of a tree. */
	if (out.n != walk->wanted || (walk->wanted == total && out.stopped)) {
		*to = fdbg_value_opaque("tree that contradicts itself");
		return FDBG_MEMVIEW_READY;
	}
	to->array.items = out.items;
	to->array.n_items = out.n;
	to->cut = out.n < total;
	to->total = to->cut ? total : 0;
	return FDBG_MEMVIEW_READY;
}

static void decode_tree(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			const struct fdbg_object *object, struct fdbg_value *to)
{
	struct tree *tree = desc->extra;
	uint64_t length = fdbg_word_at(object->bytes + tree->length, 8);
	uint64_t node = fdbg_word_at(object->bytes + tree->node, 8);
	uint64_t height = fdbg_word_at(object->bytes + tree->height, 8), wanted;
	struct fdbg_field *fields = fdbg_decode_fields(decoder, 2);
	struct tree_walk *walk;
	struct fdbg_value *items;
	bool none;

	if (!fields) {
		*to = fdbg_value_opaque("too many values in one event");
		return;
	}
	none = fdbg_word_at(object->bytes + tree->tag, tree->tag_size) == tree->none_value;
	if (length > FDBG_MAX_ADDRESS || (length && (none || !node || height > FDBG_BTREE_HEIGHT))) {
		*to = fdbg_value_opaque("tree that contradicts itself");
		return;
	}
	fields[0].name = FDBG_TEXT("items");
	fields[0].value =
		(struct fdbg_value){ .kind = FDBG_VALUE_ARRAY, .array = { .kind = FDBG_ARRAY_VEC } };
	fields[1].name = FDBG_TEXT("len");
	fields[1].value = fdbg_usize_value(length);
	*to = (struct fdbg_value){
		.kind = FDBG_VALUE_STRUCT, .record = { .type = desc->name, .fields = fields, .n_fields = 2 },
	};
	items = &fields[0].value;
	wanted = length < decoder->limits.max_array ? length : decoder->limits.max_array;
	wanted = fdbg_decode_room(decoder, wanted);
	if (!length)
		return;
	if (fdbg_decode_at_limit(decoder, object)) {
		items->cut = true;
		items->total = length;
		return;
	}
	walk = fdbg_arena_new(decoder->arena, struct tree_walk);
	if (!walk)
		return;
	*walk = (struct tree_walk){ .tree = tree, .height = height, .n_levels = 1, .wanted = wanted };
	walk->levels[0].nodes = fdbg_arena_array(decoder->arena, 1, sizeof(struct node));
	if (!walk->levels[0].nodes)
		return;
	walk->levels[0].nodes[0].address = node;
	walk->levels[0].n = 1;
	fdbg_decode_push(decoder, object,
			 (struct fdbg_item){
				 .step = step_tree,
				 .desc = desc,
				 .to = items,
				 .address = node,
				 .count = wanted + 2,
				 .total = length,
				 .state = walk,
			 });
}

/* The payload structure of a variant, or NULL. */
static const struct fdbg_type *payload_of(const struct fdbg_type *type, const char *name)
{
	if (type->kind != FDBG_TYPE_VARIANTS)
		return NULL;
	for (size_t i = 0; i < type->n_variants; i++)
		if (fdbg_text_is(type->variants[i].name, name))
			return fdbg_type_of(&type->variants[i].type);
	return NULL;
}

/* Where the Option of the root says None. */
static bool describe_none(struct tree *tree, const struct fdbg_type *option, uint64_t offset)
{
	const struct fdbg_type *tag = fdbg_type_of((struct fdbg_type_ref *)&option->discriminant.type);

	if (!option->has_discriminant || !tag->size || tag->size > 8 ||
	    option->discriminant.offset + tag->size > option->size)
		return false;
	tree->tag = offset + option->discriminant.offset;
	tree->tag_size = tag->size;
	for (size_t i = 0; i < option->n_variants; i++) {
		if (fdbg_text_is(option->variants[i].name, "None") && option->variants[i].has_value) {
			tree->none_value = option->variants[i].value_low;
			return true;
		}
	}
	return false;
}

/* Nodes know their parents, and so the type of inner nodes. */
static const struct fdbg_type *inner_node_type(const struct fdbg_type *leaf)
{
	const struct fdbg_type *parent, *payload, *pointer;
	uint64_t offset = 0;

	if (!fdbg_type_path(leaf, "parent", &parent, &offset))
		return NULL;
	payload = payload_of(parent, "Some");
	if (!payload || !fdbg_type_path(payload, "__0.*", &pointer, &offset) ||
	    pointer->kind != FDBG_TYPE_POINTER)
		return NULL;
	return fdbg_type_of((struct fdbg_type_ref *)&pointer->target);
}

struct fdbg_text fdbg_pair_name(struct fdbg_decoder *decoder, struct fdbg_text name)
{
	size_t start = 0, commas = 0, end = 0;
	int depth = 0;

	for (size_t i = 0; i < name.len && !end; i++) {
		char c = name.data[i];

		if (c == '<' || c == '(' || c == '[' || c == '{') {
			if (!depth++ && c == '<')
				start = i + 1;
		} else if ((c == '>' && name.data[i - 1] != '-') || c == ')' || c == ']' || c == '}') {
			if (!--depth)
				end = i;
		} else if (c == ',' && depth == 1 && ++commas == 2) {
			end = i;
		}
	}
	if (!start || end <= start)
		return FDBG_TEXT("(K, V)");
	return fdbg_text_from(
		fdbg_arena_printf(&decoder->descs, "(%.*s)", (int)(end - start), name.data + start));
}

bool fdbg_describe_btree_nodes(const struct fdbg_type *leaf, struct fdbg_btree_nodes *ret)
{
	const struct fdbg_type *inner = inner_node_type(leaf), *field;
	uint64_t keys_end;

	ret->key.type = fdbg_type_param(leaf, "K");
	ret->value.type = fdbg_type_param(leaf, "V");
	if (!inner || !ret->key.type || !ret->value.type ||
	    !fdbg_type_path(leaf, "len", &field, &ret->len) || field->size != 2 ||
	    !fdbg_type_path(leaf, "parent", &field, &ret->parent) || field->size != 8 ||
	    !fdbg_type_path(leaf, "parent_idx", &field, &ret->parent_idx) || field->size != 2 ||
	    !fdbg_type_path(leaf, "keys", &field, &ret->keys) ||
	    field->size != ret->key.type->size * FDBG_BTREE_KEYS ||
	    !fdbg_type_path(leaf, "vals", &field, &ret->vals) ||
	    field->size != ret->value.type->size * FDBG_BTREE_KEYS ||
	    !fdbg_type_path(inner, "edges", &field, &ret->edges) || field->size != 8 * (FDBG_BTREE_KEYS + 1))
		return false;
	keys_end = ret->keys + ret->key.type->size * FDBG_BTREE_KEYS;
	if (keys_end > leaf->size || ret->vals + ret->value.type->size * FDBG_BTREE_KEYS > leaf->size ||
	    ret->len + 2 > leaf->size || ret->parent + 8 > leaf->size || ret->parent_idx + 2 > leaf->size ||
	    leaf->size > ret->edges)
		return false;
	ret->leaf_size = leaf->size;
	return true;
}

static bool describe_tree(struct fdbg_decoder *decoder, struct fdbg_desc *desc, const struct fdbg_type *map,
			  uint64_t offset, bool set)
{
	struct tree *tree = fdbg_arena_new(&decoder->descs, struct tree);
	const struct fdbg_type *option, *payload, *pointer, *field;
	uint64_t at = 0, pointer_at = 0;

	if (!tree || !fdbg_type_path(map, "root", &option, &at) ||
	    !fdbg_word_path(map, "length", &tree->length))
		return false;
	payload = payload_of(option, "Some");
	if (!payload || !fdbg_type_path(payload, "__0.node.*", &pointer, &pointer_at) ||
	    pointer->kind != FDBG_TYPE_POINTER ||
	    !fdbg_type_path(payload, "__0.height", &field, &tree->height) || field->size != 8 ||
	    pointer_at + 8 > option->size || tree->height + 8 > option->size ||
	    !describe_none(tree, option, at + offset))
		return false;
	if (!fdbg_describe_btree_nodes(fdbg_type_of((struct fdbg_type_ref *)&pointer->target), &tree->nodes))
		return false;
	tree->length += offset;
	tree->node = at + offset + pointer_at;
	tree->height += at + offset;
	tree->set = set;
	tree->pair = fdbg_pair_name(decoder, desc->name);
	desc->extra = tree;
	desc->decode = decode_tree;
	return true;
}

bool fdbg_describe_btree_map(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	return describe_tree(decoder, desc, desc->type, 0, false);
}

bool fdbg_describe_btree_set(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	const struct fdbg_type *map;
	uint64_t offset = 0;

	return fdbg_type_path(desc->type, "map", &map, &offset) &&
	       describe_tree(decoder, desc, map, offset, true);
}
