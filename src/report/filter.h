/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Which calls of a recording are wanted. */
#ifndef FDBG_REPORT_FILTER_H
#define FDBG_REPORT_FILTER_H

#include "report/frames.h"
#include "report/moment.h"

/* Everything is optional: a zeroed filter lets all calls through. */
struct fdbg_filter {
	const char *const *functions; /* globs (fnmatch) over the full name, any of which has to match */
	size_t n_functions;
	bool has_thread;
	uint64_t thread_id;
	bool has_frame;
	uint64_t frame_id;            /* only this frame and what is called in it */
	bool has_depth;
	uint64_t max_depth;           /* from 0; counted from frame_id where that is given */
	struct fdbg_moment from, to;  /* only events from the one to the other, both included */
};

/* Answers by function, so that each name is matched once. A zeroed struct is empty. */
struct fdbg_filter_cache {
	struct fdbg_map matches;      /* function index to 0 or 1 */
};

void fdbg_filter_cache_deinit(struct fdbg_filter_cache *cache);

/* True when the function's name is wanted. */
bool fdbg_filter_function(const struct fdbg_filter *filter, struct fdbg_filter_cache *cache,
			  const struct fdbg_counted_function *function);

/*
 * True when the place of an event is within the thread, frame and depth that are wanted; depth_ret is the
 * depth to show. To be asked once for every event, in order: it follows the wanted frame in thread->mark.
 */
bool fdbg_filter_place(const struct fdbg_filter *filter, const struct fdbg_frame_event *at,
		       enum fdbg_event_kind kind, uint64_t *depth_ret);

/* How an event lies to the part between from and to: less than 0: before it, 0: in it, greater: behind it. */
int fdbg_filter_time(const struct fdbg_filter *filter, uint64_t sequence, uint64_t time_ms,
		     uint64_t start_ms);

#endif
