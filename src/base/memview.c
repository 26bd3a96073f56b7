/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/memview.h"

#include <string.h>

void fdbg_memview_reset(struct fdbg_memview *view)
{
	view->ranges = NULL;
	view->n_ranges = view->cap_ranges = 0;
	view->wants = NULL;
	view->n_wants = view->cap_wants = 0;
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

bool fdbg_memview_add(struct fdbg_memview *view, uint64_t address, const uint8_t *bytes, size_t size)
{
	struct fdbg_memview_range *ranges;

	ranges = grow(view->arena, view->ranges, view->n_ranges, &view->cap_ranges, sizeof(*ranges));
	if (!ranges)
		return false;
	view->ranges = ranges;
	ranges[view->n_ranges++] = (struct fdbg_memview_range){ address, size, bytes };
	return true;
}

/* The range that holds address, the one that reaches furthest; NULL: none. */
static const struct fdbg_memview_range *holding(const struct fdbg_memview *view, uint64_t address)
{
	const struct fdbg_memview_range *best = NULL;

	for (size_t i = view->n_ranges; i-- > 0;) {
		const struct fdbg_memview_range *range = &view->ranges[i];

		if (address - range->address >= range->size)
			continue;
		if (!best || range->address + range->size > best->address + best->size)
			best = range;
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

enum fdbg_memview_state fdbg_memview_get(struct fdbg_memview *view, uint64_t address, size_t size,
					 const uint8_t **bytes_ret)
{
	static const uint8_t nothing[1];
	struct fdbg_memview_want *wants;
	enum fdbg_memview_state state;
	const uint8_t *fixed;
	uint64_t missing, wanted;

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
	if (!view->fetch || (view->fetch_limit && wanted > view->fetch_limit - view->total_fetched))
		return FDBG_MEMVIEW_FAULT;
	for (size_t i = 0; i < view->n_wants; i++)
		if (view->wants[i].address == missing && view->wants[i].size >= wanted)
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
