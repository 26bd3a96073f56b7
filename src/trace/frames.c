/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "trace/frames.h"

#include <stdlib.h>

void fdbg_shadow_deinit(struct fdbg_shadow *frames)
{
	uint64_t key, value;
	size_t iter = 0;

	while (fdbg_map_next(&frames->threads, &iter, &key, &value)) {
		struct fdbg_shadow_thread *thread = (struct fdbg_shadow_thread *)(uintptr_t)value;

		free(thread->frames);
		fdbg_panic_clear(&thread->panic);
		free(thread);
	}
	fdbg_map_deinit(&frames->threads);
}

struct fdbg_shadow_thread *fdbg_shadow_of(struct fdbg_shadow *frames, uint64_t thread_id)
{
	struct fdbg_shadow_thread *thread;
	uint64_t value;

	if (fdbg_map_get(&frames->threads, thread_id, &value))
		return (struct fdbg_shadow_thread *)(uintptr_t)value;
	thread = calloc(1, sizeof(*thread));
	if (!thread)
		return NULL;
	thread->id = thread_id;
	if (!fdbg_map_set(&frames->threads, thread_id, (uintptr_t)thread)) {
		free(thread);
		return NULL;
	}
	return thread;
}

struct fdbg_shadow_frame *fdbg_shadow_push(struct fdbg_shadow_thread *thread, const struct fdbg_traced_function *function,
				    uint64_t cfa, bool recorded)
{
	struct fdbg_shadow_frame *frame;

	if (thread->n_frames == thread->cap_frames) {
		size_t cap = thread->cap_frames ? thread->cap_frames * 2 : 64;
		struct fdbg_shadow_frame *frames = realloc(thread->frames, cap * sizeof(*frames));

		if (!frames)
			return NULL;
		thread->frames = frames;
		thread->cap_frames = cap;
	}
	frame = &thread->frames[thread->n_frames++];
	*frame = (struct fdbg_shadow_frame){
		.cfa = cfa, .function = function, .recorded = recorded, .n_panicking = thread->n_panicking,
	};
	if (recorded)
		frame->id = ++thread->n_ids;
	return frame;
}

struct fdbg_shadow_frame *fdbg_shadow_find(struct fdbg_shadow_thread *thread, const struct fdbg_traced_function *function,
				    uint64_t cfa)
{
	for (size_t i = thread->n_frames; i-- > 0;) {
		struct fdbg_shadow_frame *frame = &thread->frames[i];

		if (frame->cfa > cfa)
			return NULL;
		if (frame->cfa == cfa && frame->function == function)
			return frame;
	}
	return NULL;
}

uint64_t fdbg_shadow_current(const struct fdbg_shadow_thread *thread)
{
	for (size_t i = thread->n_frames; i-- > 0;)
		if (thread->frames[i].recorded)
			return thread->frames[i].id;
	return 0;
}
