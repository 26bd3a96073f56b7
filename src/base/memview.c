/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/memview.h"

#include <string.h>

void fdbg_memview_reset(struct fdbg_memview *view)
{
	view->ranges = NULL;
	view->n_ranges = view->cap_ranges = 0;
	view->wants = NULL;
	view->n_wants = view->cap_wants = 0;
	view->range_index = view->want_index = (struct fdbg_memview_index){ 0 };
	view->range_levels = 0;
	view->total_fetched = 0;
}

/* Room for one more element in an arena array that doubles. */
static void *grow(struct fdbg_arena *arena, void *array, size_t n, size_t *cap, size_t size)
{
	size_t bigger = *cap ? *cap * 2 : 16;
	void *copy;

	if (n < *cap)
		return array;
	copy = fdbg_arena_array(arena, bigger, size);
	if (!copy)
		return NULL;
	if (n)
		memcpy(copy, array, n * size);
	*cap = bigger;
	return copy;
}

/*
 * Up to this many ranges or wants are looked through one by one. Beyond, ranges are found by the block of
 * memory that they touch: a size class has blocks at least as large as its ranges, so a range is in few of them,
 * and a search looks at one block of each class.
 */
#define MANY 32
#define N_LEVELS 6

static const unsigned char level_shift[N_LEVELS] = { 8, 12, 16, 20, 26, 40 };

struct fdbg_memview_node {
	uint64_t key;
	uint32_t value, next; /* next: index + 1 */
};

static uint64_t hash(uint64_t key)
{
	key ^= key >> 33;
	key *= 0xff51afd7ed558ccd;
	key ^= key >> 33;
	return key;
}

static bool index_add(struct fdbg_arena *arena, struct fdbg_memview_index *index, uint64_t key, size_t value)
{
	struct fdbg_memview_node *nodes;
	uint32_t *bucket;

	if (value >= UINT32_MAX || index->n_nodes >= UINT32_MAX - 1)
		return false;
	nodes = grow(arena, index->nodes, index->n_nodes, &index->cap_nodes, sizeof(*nodes));
	if (!nodes)
		return false;
	index->nodes = nodes;
	if (index->n_nodes >= index->n_buckets) {
		size_t n = index->n_buckets ? index->n_buckets * 2 : 4 * MANY;
		uint32_t *buckets = fdbg_arena_array(arena, n, sizeof(*buckets));

		if (!buckets)
			return false;
		for (size_t i = 0; i < index->n_nodes; i++) {
			bucket = &buckets[hash(nodes[i].key) & (n - 1)];
			nodes[i].next = *bucket;
			*bucket = (uint32_t)i + 1;
		}
		index->buckets = buckets;
		index->n_buckets = n;
	}
	bucket = &index->buckets[hash(key) & (index->n_buckets - 1)];
	nodes[index->n_nodes] = (struct fdbg_memview_node){ key, (uint32_t)value, *bucket };
	*bucket = (uint32_t)++index->n_nodes;
	return true;
}

/* Steps through the values of a key; start with *at 0. */
static bool index_next(const struct fdbg_memview_index *index, uint64_t key, uint32_t *at, uint32_t *value_ret)
{
	uint32_t next = *at ? index->nodes[*at - 1].next :
			index->n_buckets ? index->buckets[hash(key) & (index->n_buckets - 1)] : 0;

	while (next && index->nodes[next - 1].key != key)
		next = index->nodes[next - 1].next;
	*at = next;
	if (next)
		*value_ret = index->nodes[next - 1].value;
	return next;
}

static uint64_t block_key(uint64_t address, unsigned int level)
{
	return address >> level_shift[level] << 8 | level;
}

static bool index_range(struct fdbg_memview *view, size_t i)
{
	const struct fdbg_memview_range *range = &view->ranges[i];
	unsigned int level = 0;
	uint64_t first, last;

	if (!range->size)
		return true;
	while (level + 1 < N_LEVELS && range->size > (size_t)1 << level_shift[level])
		level++;
	first = block_key(range->address, level);
	last = block_key(range->address + (range->size - 1), level);
	view->range_levels |= (uint32_t)1 << level;
	for (uint64_t key = first;; key += 1 << 8) {
		if (!index_add(view->arena, &view->range_index, key, i))
			return false;
		if (key == last)
			return true;
	}
}

static bool index_ranges(struct fdbg_memview *view)
{
	if (view->n_ranges < MANY)
		return true;
	if (view->n_ranges > MANY)
		return index_range(view, view->n_ranges - 1);
	for (size_t i = 0; i < MANY; i++)
		if (!index_range(view, i))
			return false;
	return true;
}

bool fdbg_memview_add(struct fdbg_memview *view, uint64_t address, const uint8_t *bytes, size_t size)
{
	struct fdbg_memview_range *ranges;

	ranges = grow(view->arena, view->ranges, view->n_ranges, &view->cap_ranges, sizeof(*ranges));
	if (!ranges)
		return false;
	view->ranges = ranges;
	/* No range reaches around the end of memory. */
	if (size && address + (size - 1) < address)
		size = (size_t)(0 - address);
	ranges[view->n_ranges++] = (struct fdbg_memview_range){ address, size, bytes };
	return index_ranges(view);
}

static const struct fdbg_memview_range *better(const struct fdbg_memview_range *best,
					       const struct fdbg_memview_range *range, uint64_t address)
{
	if (address - range->address >= range->size)
		return best;
	if (!best || range->address + range->size > best->address + best->size)
		return range;
	return best;
}

/* The range that holds address, the one that reaches furthest; NULL: none. */
static const struct fdbg_memview_range *holding(const struct fdbg_memview *view, uint64_t address)
{
	const struct fdbg_memview_range *best = NULL;

	if (view->n_ranges < MANY) {
		for (size_t i = view->n_ranges; i-- > 0;)
			best = better(best, &view->ranges[i], address);
		return best;
	}
	for (unsigned int level = 0; level < N_LEVELS; level++) {
		uint32_t at = 0, i;

		if (!(view->range_levels >> level & 1))
			continue;
		while (index_next(&view->range_index, block_key(address, level), &at, &i))
			best = better(best, &view->ranges[i], address);
	}
	return best;
}

/* Puts together bytes that lie in several ranges. */
static enum fdbg_memview_state assemble(struct fdbg_memview *view, uint64_t address, size_t size,
					const uint8_t **bytes_ret, uint64_t *missing_ret)
{
	uint8_t *copy = NULL;
	size_t done = 0;

	while (done < size) {
		const struct fdbg_memview_range *range = holding(view, address + done);
		size_t offset, part;

		if (!range) {
			*missing_ret = address + done;
			return FDBG_MEMVIEW_PENDING;
		}
		if (!range->bytes)
			return FDBG_MEMVIEW_FAULT;
		offset = (size_t)(address + done - range->address);
		part = range->size - offset;
		if (part > size - done)
			part = size - done;
		if (part == size) {
			*bytes_ret = range->bytes + offset;
			return FDBG_MEMVIEW_READY;
		}
		if (!copy) {
			copy = fdbg_arena_alloc(view->arena, size);
			if (!copy)
				return FDBG_MEMVIEW_NOMEM;
		}
		memcpy(copy + done, range->bytes + offset, part);
		done += part;
	}
	*bytes_ret = copy;
	return FDBG_MEMVIEW_READY;
}

static bool is_wanted(const struct fdbg_memview *view, uint64_t address, uint64_t size)
{
	uint32_t at = 0, i;

	if (view->n_wants < MANY) {
		for (i = 0; i < view->n_wants; i++)
			if (view->wants[i].address == address && view->wants[i].size >= size)
				return true;
		return false;
	}
	while (index_next(&view->want_index, address, &at, &i))
		if (view->wants[i].size >= size)
			return true;
	return false;
}

static bool index_wants(struct fdbg_memview *view)
{
	for (size_t i = view->n_wants == MANY ? 0 : view->n_wants - 1; view->n_wants >= MANY && i < view->n_wants; i++)
		if (!index_add(view->arena, &view->want_index, view->wants[i].address, i))
			return false;
	return true;
}

enum fdbg_memview_state fdbg_memview_get(struct fdbg_memview *view, uint64_t address, size_t size,
					 const uint8_t **bytes_ret)
{
	static const uint8_t nothing[1];
	struct fdbg_memview_want *wants;
	enum fdbg_memview_state state;
	const uint8_t *fixed;
	uint64_t missing, wanted;

	view->refused = false;
	if (!size) {
		*bytes_ret = nothing;
		return FDBG_MEMVIEW_READY;
	}
	if (address + (size - 1) < address)
		return FDBG_MEMVIEW_FAULT;
	state = assemble(view, address, size, bytes_ret, &missing);
	if (state != FDBG_MEMVIEW_PENDING)
		return state;
	fixed = view->fixed ? view->fixed(view->fixed_context, address, size) : NULL;
	if (fixed) {
		*bytes_ret = fixed;
		return FDBG_MEMVIEW_READY;
	}
	wanted = size - (missing - address);
	if (!view->fetch)
		return FDBG_MEMVIEW_FAULT;
	if (view->fetch_limit && wanted > view->fetch_limit - view->total_fetched) {
		view->refused = true;
		return FDBG_MEMVIEW_FAULT;
	}
	if (is_wanted(view, missing, wanted))
		return FDBG_MEMVIEW_PENDING;
	wants = grow(view->arena, view->wants, view->n_wants, &view->cap_wants, sizeof(*wants));
	if (!wants)
		return FDBG_MEMVIEW_NOMEM;
	view->wants = wants;
	wants[view->n_wants] = (struct fdbg_memview_want){
		.address = missing, .size = (size_t)wanted, .bytes = fdbg_arena_alloc(view->arena, (size_t)wanted),
	};
	if (!wants[view->n_wants].bytes)
		return FDBG_MEMVIEW_NOMEM;
	view->n_wants++;
	if (!index_wants(view))
		return FDBG_MEMVIEW_NOMEM;
	view->total_fetched += (size_t)wanted;
	return FDBG_MEMVIEW_PENDING;
}

struct fdbg_error *fdbg_memview_fetch(struct fdbg_memview *view)
{
	struct fdbg_memview_want *wants = view->wants;
	size_t n_wants = view->n_wants;
	struct fdbg_error *err;

	view->n_wants = 0;
	view->cap_wants = 0;
	view->wants = NULL;
	view->want_index = (struct fdbg_memview_index){ 0 };
	if (!n_wants)
		return NULL;
	err = view->fetch(view->fetch_context, wants, n_wants);
	if (err)
		return err;
	for (size_t i = 0; i < n_wants; i++)
		if (!fdbg_memview_add(view, wants[i].address, wants[i].done ? wants[i].bytes : NULL, wants[i].size))
			return &fdbg_error_nomem;
	return NULL;
}
