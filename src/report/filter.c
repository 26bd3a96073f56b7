/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Which calls of a recording are wanted. */
#include "report/filter.h"

#include <fnmatch.h>

void fdbg_filter_cache_deinit(struct fdbg_filter_cache *cache)
{
	fdbg_map_deinit(&cache->matches);
}

bool fdbg_filter_function(const struct fdbg_filter *filter, struct fdbg_filter_cache *cache,
			  const struct fdbg_counted_function *function)
{
	uint64_t known;
	bool match = false;

	if (!filter->n_functions)
		return true;
	if (fdbg_map_get(&cache->matches, function->index, &known))
		return known;
	for (size_t i = 0; i < filter->n_functions && !match; i++)
		match = !fnmatch(filter->functions[i], function->name.data, 0);
	/* Without memory the answer is found again next time. */
	fdbg_map_set(&cache->matches, function->index, match);
	return match;
}

bool fdbg_filter_place(const struct fdbg_filter *filter, const struct fdbg_frame_event *at,
		       enum fdbg_event_kind kind, uint64_t *depth_ret)
{
	struct fdbg_thread *thread = at->thread;
	uint64_t depth = at->depth;

	if (filter->has_thread && thread->id != filter->thread_id)
		return false;
	if (filter->has_frame) {
		/* mark: one above the depth of the wanted frame while it is on the stack. */
		if (thread->mark && at->frame && at->depth + 1 < thread->mark)
			thread->mark = 0;
		if (kind == FDBG_EVENT_CALL && at->depth + 1 == thread->mark)
			thread->mark = 0;
		if (kind == FDBG_EVENT_CALL && at->frame->id == filter->frame_id)
			thread->mark = at->depth + 1;
		if (!thread->mark || !at->frame)
			return false;
		depth -= thread->mark - 1;
		if (kind == FDBG_EVENT_RETURN && !depth)
			thread->mark = 0;
	}
	if (filter->has_depth && depth > filter->max_depth)
		return false;
	*depth_ret = depth;
	return true;
}

int fdbg_filter_time(const struct fdbg_filter *filter, uint64_t sequence, uint64_t time_ms, uint64_t start_ms)
{
	if (filter->from.kind && fdbg_moment_compare(&filter->from, sequence, time_ms, start_ms) < 0)
		return -1;
	return filter->to.kind && fdbg_moment_compare(&filter->to, sequence, time_ms, start_ms) > 0;
}
