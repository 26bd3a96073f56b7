/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A view of target memory at one moment: what was captured, and what is still wanted. */
#ifndef FDBG_BASE_MEMVIEW_H
#define FDBG_BASE_MEMVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

/*
 * A decoder asks a view for bytes. What was captured is there at once; what is not is noted as a want, and the
 * decoder goes on elsewhere. fdbg_memview_fetch then gets all wants at once: one batch of pipelined reads for
 * each level of pointers (design.md, rules of the hot path), however many pointers the level has. A view whose
 * source cannot fetch (an in-target engine, a file) answers FDBG_MEMVIEW_FAULT for what was not captured.
 *
 * The view's memory is its arena's; fdbg_memview_reset and the arena's reset go together, once an event.
 */

struct fdbg_memview_want {
	uint64_t address;
	size_t size;     /* at least 1 */
	uint8_t *bytes;  /* where the fetcher puts them */
	bool done;       /* set by the fetcher: bytes are valid; false after the fetch means a fault */
};

/*
 * Fetches all wants, setting done for those that could be read. A want that faults is not an error; an error
 * is that of the link.
 */
typedef struct fdbg_error *(*fdbg_memview_fetch_fn)(void *context, struct fdbg_memview_want *wants, size_t n_wants);

enum fdbg_memview_state {
	FDBG_MEMVIEW_READY,   /* the bytes are there */
	FDBG_MEMVIEW_PENDING, /* noted as a want; ask again after fdbg_memview_fetch */
	FDBG_MEMVIEW_FAULT,   /* cannot be read */
	FDBG_MEMVIEW_NOMEM,
};

struct fdbg_memview_range {
	uint64_t address;
	size_t size;
	const uint8_t *bytes; /* NULL: known to fault */
};

/* Read-only memory that is the same at every moment (the executable's own text and constants), read without the target. */
typedef const uint8_t *(*fdbg_memview_static_fn)(void *context, uint64_t address, size_t size);

/* Hash tables over ranges and wants, once there are many: memview.c. */
struct fdbg_memview_index {
	struct fdbg_memview_node *nodes;
	size_t n_nodes, cap_nodes;
	uint32_t *buckets;
	size_t n_buckets; /* a power of two, or 0 */
};

struct fdbg_memview {
	struct fdbg_arena *arena;
	fdbg_memview_fetch_fn fetch; /* NULL: cannot fetch */
	void *fetch_context;
	fdbg_memview_static_fn fixed; /* NULL: none; returns NULL for what it does not have */
	void *fixed_context;
	struct fdbg_memview_range *ranges; /* in order of capture */
	size_t n_ranges, cap_ranges;
	struct fdbg_memview_want *wants;
	size_t n_wants, cap_wants;
	struct fdbg_memview_index range_index, want_index;
	uint32_t range_levels;        /* a bit for each size class that has ranges */
	size_t total_fetched;         /* bytes fetched since the reset */
	bool refused;                 /* the last FAULT was for fetch_limit, not for the memory */
	size_t fetch_limit;           /* most bytes an event may fetch; what is above faults. 0: no limit */
};

/* Forgets ranges and wants (their memory is the arena's, which the caller resets too). */
void fdbg_memview_reset(struct fdbg_memview *view);

/* Notes captured bytes, which must live until the reset; false when memory runs out. */
bool fdbg_memview_add(struct fdbg_memview *view, uint64_t address, const uint8_t *bytes, size_t size);

/*
 * size bytes at address. On READY *bytes_ret points to them (valid until the reset; contiguous even where they
 * were captured in pieces). size 0 is always READY. An address range that wraps around is a FAULT.
 */
enum fdbg_memview_state fdbg_memview_get(struct fdbg_memview *view, uint64_t address, size_t size,
					 const uint8_t **bytes_ret);

static inline bool fdbg_memview_has_wants(const struct fdbg_memview *view)
{
	return view->n_wants > 0;
}

/* Fetches every want in one batch; afterwards they are ranges, or known faults. */
struct fdbg_error *fdbg_memview_fetch(struct fdbg_memview *view) FDBG_CHECK;

#endif
