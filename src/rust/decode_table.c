/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Hash tables (hashbrown): control bytes, and the elements before them in falling order. An iterator over one has the bits of
 * those elements of a group that it has still to give, and goes on at the control bytes of the next group.
 */
#include <string.h>

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
	uint64_t part;                 /* what is shown of it: offset and type */
	struct fdbg_desc_ref shown;
	bool pairs;                    /* that is all of it */

	/* Of an iterator, instead of the mask: offsets of the group's bits, its elements, and the end of the control bytes. */
	uint64_t bits, data, end;
	uint64_t bits_size;            /* 2: a bit for each of 16 elements; 8: a byte for each of 8 */
};

struct table_walk {
	struct table *table;
	uint64_t ctrl, n_buckets;      /* the control bytes to look at */
	uint64_t base;                 /* elements lie before it */
	uint64_t skipped;              /* elements before the one that the first control byte speaks of */
	uint64_t bits;                 /* of those, the ones to show, a bit for each */
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
	uint64_t n_bits = (uint64_t)__builtin_popcountll(walk->bits);
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
		found = n_bits;
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
	for (uint64_t i = 0; i < walk->skipped + n; i++) {
		if (i < walk->skipped ? !(walk->bits >> i & 1) : ctrl[i - walk->skipped] & 0x80)
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

		state = fdbg_decode_read(decoder, walk->base - low, low, &whole);
		for (uint64_t i = 0; state == FDBG_MEMVIEW_READY && i < walk->n_full; i++)
			bytes[i] = whole + low - (uint64_t)(walk->full[i] + 1) * size;
	} else {
		for (uint64_t i = 0; i < walk->n_full; i++) {
			enum fdbg_memview_state one;

			one = fdbg_decode_read(decoder, walk->base - (uint64_t)(walk->full[i] + 1) * size,
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
		object.address = walk->base - (uint64_t)(walk->full[i] + 1) * size;
		fdbg_decode_part(decoder, elem, &object, table->part, &items[i]);
	}
	if (items && walk->sorted)
		fdbg_decode_sort_later(decoder, to, table->pairs);
	return FDBG_MEMVIEW_READY;
}

/* Shows `len` elements of a table that lies at an address, by a walk that begins so. */
static void push_table(struct fdbg_decoder *decoder, const struct fdbg_desc *desc, const struct fdbg_object *object,
		       const struct fdbg_desc *elem, uint64_t address, uint64_t len, struct table_walk start,
		       struct fdbg_value *to)
{
	struct fdbg_value *items = fdbg_put_collection(decoder, desc, len, to);
	struct table_walk *walk = fdbg_arena_new(decoder->arena, struct table_walk);

	if (!items || !walk || !len)
		return;
	*walk = start;
	fdbg_push_walk(decoder, object, elem, step_table, address, len, walk, items);
}

static void decode_table(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			 const struct fdbg_object *object, struct fdbg_value *to)
{
	struct table *table = desc->extra;
	uint64_t mask = fdbg_word_at(object->bytes + table->mask, 8);
	uint64_t ctrl = fdbg_word_at(object->bytes + table->ctrl, 8);
	uint64_t len = fdbg_word_at(object->bytes + table->items, 8), size = table->elem.type->size;
	const struct fdbg_desc *elem = fdbg_describe_ref(decoder, &table->shown);

	if (!elem || !ctrl || mask & (mask + 1) || mask >= FDBG_MAX_ADDRESS || len > mask + 1 ||
	    (size && mask + 1 > FDBG_MAX_ADDRESS / size) || (size && ctrl < (mask + 1) * size && len)) {
		*to = fdbg_value_opaque("hash table that contradicts itself");
		return;
	}
	push_table(decoder, desc, object, elem, ctrl, len, (struct table_walk){
		.table = table,
		.ctrl = ctrl,
		.base = ctrl,
		.n_buckets = mask + 1,
		.sorted = !decoder->limits.keep_hash_order,
	}, to);
}

/* Elements are pairs: (K, V), for sets (K, ()); part: the path of what is shown of one. */
static bool set_shown(struct table *table, const struct fdbg_type *elem, const char *part)
{
	const struct fdbg_type *key, *shown;
	uint64_t at_key = 0;

	if (elem->kind != FDBG_TYPE_STRUCT || !fdbg_type_path(elem, "__0", &key, &at_key) ||
	    at_key + key->size > elem->size || !fdbg_type_path(elem, part, &shown, &table->part) ||
	    table->part > elem->size || shown->size > elem->size - table->part)
		return false;
	table->elem.type = elem;
	table->shown.type = shown;
	table->pairs = !*part;
	return true;
}

static bool describe_table(struct fdbg_decoder *decoder, struct fdbg_desc *desc, const char *path, bool set)
{
	struct table *table = fdbg_arena_new(&decoder->descs, struct table);
	const struct fdbg_type *raw, *inner, *elem;
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
	if (!set_shown(table, elem, set ? "__0" : ""))
		return false;
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

/* The bits of a group as one for each element; those of processors without such instructions are the top bits of bytes. */
static uint64_t group_bits(const struct fdbg_object *object, const struct table *table)
{
	uint64_t word = fdbg_word_at(object->bytes + table->bits, table->bits_size), bits = 0;

	if (table->bits_size == 2)
		return word;
	for (unsigned int i = 0; i < 8; i++)
		bits |= (word >> (8 * i + 7) & 1) << i;
	return bits;
}

static void decode_table_iter(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			      const struct fdbg_object *object, struct fdbg_value *to)
{
	struct table *table = desc->extra;
	uint64_t ctrl = fdbg_word_at(object->bytes + table->ctrl, 8);
	uint64_t end = fdbg_word_at(object->bytes + table->end, 8);
	uint64_t base = fdbg_word_at(object->bytes + table->data, 8);
	uint64_t len = fdbg_word_at(object->bytes + table->items, 8), size = table->elem.type->size;
	uint64_t width = table->bits_size == 2 ? 16 : 8, rest = end > ctrl ? end - ctrl : 0;
	const struct fdbg_desc *elem = fdbg_describe_ref(decoder, &table->shown);

	if (!elem || rest >= FDBG_MAX_ADDRESS || len > width + rest ||
	    (size && rest + width > FDBG_MAX_ADDRESS / size)) {
		*to = fdbg_value_opaque("iterator that contradicts itself");
		return;
	}
	push_table(decoder, desc, object, elem, base, len, (struct table_walk){
		.table = table,
		.ctrl = ctrl,
		.n_buckets = rest,
		.base = base,
		.skipped = width,
		.bits = group_bits(object, table),
	}, to);
}

/* An iterator with a RawIter at a path. */
static bool describe_table_iter(struct fdbg_decoder *decoder, struct fdbg_desc *desc, const char *path, const char *part)
{
	struct table *table = fdbg_arena_new(&decoder->descs, struct table);
	const struct fdbg_type *raw, *range, *bits, *elem;
	uint64_t offset = 0, at_range = 0;

	if (!table || !fdbg_type_path(desc->type, path, &raw, &offset) || !fdbg_type_path(raw, "iter", &range, &at_range) ||
	    !fdbg_type_path(range, "current_group.*", &bits, &table->bits) || bits->kind != FDBG_TYPE_BASE ||
	    (bits->size != 2 && bits->size != 8))
		return false;
	elem = fdbg_type_param(raw, "T");
	if (!elem || !fdbg_word_path(range, "data.ptr.*", &table->data) ||
	    !fdbg_word_path(range, "next_ctrl", &table->ctrl) || !fdbg_word_path(range, "end", &table->end) ||
	    !fdbg_word_path(raw, "items", &table->items) || !set_shown(table, elem, part))
		return false;
	table->bits_size = bits->size;
	table->bits += offset + at_range;
	table->data += offset + at_range;
	table->ctrl += offset + at_range;
	table->end += offset + at_range;
	table->items += offset;
	desc->extra = table;
	desc->decode = decode_table_iter;
	return true;
}

bool fdbg_describe_hash_iter(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	static const struct {
		const char *name, *path, *part;
	} iterators[] = {
		{ "map::Iter<", "base.inner", "" },
		{ "map::IterMut<", "base.inner", "" },
		{ "map::IntoIter<", "base.inner.iter", "" },
		{ "map::Drain<", "base.inner.iter", "" },
		{ "map::Keys<", "inner.base.inner", "__0" },
		{ "map::Values<", "inner.base.inner", "__1" },
		{ "map::ValuesMut<", "inner.base.inner", "__1" },
		{ "map::IntoKeys<", "inner.base.inner.iter", "__0" },
		{ "map::IntoValues<", "inner.base.inner.iter", "__1" },
		{ "set::Iter<", "base.iter.inner.inner", "__0" },
		{ "set::IntoIter<", "base.iter.inner.iter", "__0" },
		{ "set::Drain<", "base.iter.inner.iter", "__0" },
	};
	struct fdbg_text name = fdbg_text_part(desc->type->name, strlen("std::collections::hash::"), desc->type->name.len);

	for (size_t i = 0; i < sizeof(iterators) / sizeof(iterators[0]); i++)
		if (fdbg_text_starts(name, iterators[i].name))
			return describe_table_iter(decoder, desc, iterators[i].path, iterators[i].part);
	return false;
}
