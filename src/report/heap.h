/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a recording says about the heap. */
#ifndef FDBG_REPORT_HEAP_H
#define FDBG_REPORT_HEAP_H

#include <stdint.h>

#include "base/arena.h"
#include "base/map.h"
#include "report/recording.h"
#include "report/sink.h"

/*
 * One pass over the recording keeps the live blocks and, for types, functions and call paths, what they hold now and what
 * they held when the most was live. A block counts once: when its address is given out again without a release in
 * between, its release was not seen, and it is not live any more. What a block was moved to is no other allocation.
 */

/* An amount, now and at the peak. */
struct fdbg_heap_held {
	uint64_t bytes, blocks;
	uint64_t peak_bytes, peak_blocks; /* of the end of the pass: at the peak */
	uint64_t epoch;                   /* when the peak's were kept */
};

/* A type, or a function that allocates. */
struct fdbg_heap_group {
	struct fdbg_text name;
	uint64_t allocations, bytes;      /* all that ever were */
	struct fdbg_heap_held held;
};

/* Where blocks of a type are made. */
struct fdbg_heap_place_group {
	const struct fdbg_heap_group *type, *function;
	struct fdbg_text file;
	uint32_t line;                    /* 0: not known */
	uint64_t allocations;
	struct fdbg_heap_held held;       /* what is live at the end was never released */
};

/* A call path: a function and who called it; leaves are types. */
struct fdbg_heap_node {
	size_t parent;                    /* index; of the root itself 0 */
	struct fdbg_text name;
	bool type;
	struct fdbg_heap_held held;       /* in this node alone */
	uint64_t total_bytes, total_blocks; /* at the peak, with all below */
};

struct fdbg_heap_point {
	uint64_t time_ms, operation;      /* since the recording's first message; allocations and releases before */
	uint64_t bytes, blocks;
};

struct fdbg_heap_report {
	uint64_t allocations, releases, moves;
	uint64_t unseen;                  /* blocks whose address was given out again */
	uint64_t unknown;                 /* releases of blocks whose allocation is not in the recording */
	bool cut;                         /* the heap was not recorded to the end */
	uint64_t without_size;            /* allocations that do not say their size */
	uint64_t allocated_bytes;
	struct fdbg_heap_held live;
	uint64_t peak_time_ms;
	uint64_t begin_ms, end_ms;
	struct fdbg_heap_group **types, **functions; /* by bytes ever allocated, the most first */
	size_t n_types, n_functions;
	struct fdbg_heap_place_group **places;       /* by bytes never released, the most first */
	size_t n_places;
	struct fdbg_heap_node *nodes;
	size_t n_nodes;
	/* children[first_child[i]] to before first_child[i + 1] are those of node i that held something at the peak, the most first. */
	size_t *children, *first_child;
	struct fdbg_heap_point *points;              /* in order; thinned out so that the highest stay */
	size_t n_points;
	struct fdbg_arena arena;
};

/* Reads the recording to its end. */
struct fdbg_error *fdbg_heap_report_create(struct fdbg_recording *recording, struct fdbg_heap_report **ret) FDBG_CHECK;
void fdbg_heap_report_destroy(struct fdbg_heap_report *report);

/* For people: at most `top` lines of each table. */
struct fdbg_error *fdbg_heap_report_text(const struct fdbg_heap_report *report, size_t top,
					 const struct fdbg_sink *sink) FDBG_CHECK;
/* One JSON object with everything. */
struct fdbg_error *fdbg_heap_report_json(const struct fdbg_heap_report *report, const struct fdbg_sink *sink) FDBG_CHECK;
/* A plot of the live bytes over time, as an SVG document. title: what was recorded. */
struct fdbg_error *fdbg_heap_report_svg(const struct fdbg_heap_report *report, struct fdbg_text title,
					struct fdbg_buf *out) FDBG_CHECK;

#endif
