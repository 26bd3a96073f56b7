/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Hash tables (hashbrown): control bytes, and the elements before them in falling order. */
#include "rust/decode_internal.h"

/* Most control bytes of a hash table that are looked at. */
#define MAX_BUCKETS ((uint64_t)1 << 20)
/* Control bytes that are read at once; below it is not worth while to read less. */
#define MIN_WINDOW ((uint64_t)4096)
/* Tables up to this size are read in one piece. */
#define MAX_WHOLE ((uint64_t)256 * 1024)

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
	uint64_t wanted = fdbg_shown_items(decoder, item->total), found;
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
	items = fdbg_put_items(decoder, walk->n_full, total, to);
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
	items = fdbg_put_collection(decoder, desc, len, to);
	walk = fdbg_arena_new(decoder->arena, struct table_walk);
	if (!items || !walk || !len)
		return;
	*walk = (struct table_walk){
		.table = table,
		.ctrl = ctrl,
		.n_buckets = mask + 1,
		.sorted = !decoder->limits.keep_hash_order,
	};
	fdbg_push_walk(decoder, object, elem, step_table, ctrl, len, walk, items);
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
