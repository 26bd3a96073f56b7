/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The stack of each thread, followed event by event. */
#include "report/frames.h"

#include <stdlib.h>

/* How far down an unsorted stack a frame is looked for, so that hostile files cost no square time. */
enum { MAX_SEARCH = 1000 };

void fdbg_frames_init(struct fdbg_frames *frames)
{
	*frames = (struct fdbg_frames){ 0 };
}

void fdbg_frames_deinit(struct fdbg_frames *frames)
{
	for (size_t i = 0; i < frames->n_threads; i++)
		free(frames->threads[i]->stack);
	free(frames->threads);
	fdbg_strmap_deinit(&frames->functions);
	fdbg_map_deinit(&frames->by_id);
	fdbg_arena_deinit(&frames->arena);
}

static bool grow(void *array, size_t *cap, size_t n, size_t size)
{
	size_t wanted = *cap ? *cap * 2 : 16;
	void *grown;

	if (n < *cap)
		return true;
	grown = reallocarray(*(void **)array, wanted, size);
	if (!grown)
		return false;
	*(void **)array = grown;
	*cap = wanted;
	return true;
}

static struct fdbg_error *find_thread(struct fdbg_frames *frames, uint64_t id, struct fdbg_thread **ret)
{
	struct fdbg_thread *thread;
	uint64_t found;

	if (fdbg_map_get(&frames->by_id, id, &found)) {
		*ret = (struct fdbg_thread *)(uintptr_t)found;
		return NULL;
	}
	thread = fdbg_arena_new(&frames->arena, struct fdbg_thread);
	if (!thread || !grow(&frames->threads, &frames->cap_threads, frames->n_threads,
			     sizeof(*frames->threads)) ||
	    !fdbg_map_set(&frames->by_id, id, (uintptr_t)thread))
		return &fdbg_error_nomem;
	thread->id = id;
	thread->index = frames->n_threads;
	frames->threads[frames->n_threads++] = thread;
	*ret = thread;
	return NULL;
}

static struct fdbg_error *find_function(struct fdbg_frames *frames, struct fdbg_text name,
					const struct fdbg_counted_function **ret)
{
	struct fdbg_counted_function *function;
	uint64_t found;

	if (fdbg_strmap_get(&frames->functions, name, &found)) {
		*ret = (const struct fdbg_counted_function *)(uintptr_t)found;
		return NULL;
	}
	function = fdbg_arena_new(&frames->arena, struct fdbg_counted_function);
	if (!function)
		return &fdbg_error_nomem;
	function->name = fdbg_arena_text(&frames->arena, name);
	function->index = frames->n_functions;
	if (!function->name.data || !fdbg_strmap_set(&frames->functions, function->name, (uintptr_t)function))
		return &fdbg_error_nomem;
	frames->n_functions++;
	*ret = function;
	return NULL;
}

/* The place of a frame on the stack; n_stack when it is not there. */
static size_t find_frame(const struct fdbg_thread *thread, uint64_t id)
{
	size_t low = 0, high = thread->n_stack;

	if (thread->n_stack && thread->stack[thread->n_stack - 1].id == id)
		return thread->n_stack - 1;
	if (thread->unsorted) {
		for (size_t i = thread->n_stack; i-- > 0 && thread->n_stack - i <= MAX_SEARCH;) {
			if (thread->stack[i].id == id)
				return i;
		}
		return thread->n_stack;
	}
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (thread->stack[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < thread->n_stack && thread->stack[low].id == id ? low : thread->n_stack;
}

static void place(struct fdbg_frame_event *at, struct fdbg_thread *thread, size_t index)
{
	at->frame = &thread->stack[index];
	at->depth = index;
	at->parent = index ? &thread->stack[index - 1] : NULL;
}

static struct fdbg_error *feed_call(struct fdbg_frames *frames, struct fdbg_thread *thread,
				    const struct fdbg_message_event *event, struct fdbg_frame_event *at)
{
	struct fdbg_frame frame = { .id = event->frame_id, .breakpoint_id = event->breakpoint_id };
	struct fdbg_error *err = find_function(frames, event->function, &frame.function);

	if (err)
		return err;
	if (!grow(&thread->stack, &thread->cap_stack, thread->n_stack, sizeof(*thread->stack)))
		return &fdbg_error_nomem;
	if (event->frame_id != thread->last_frame_id + 1)
		at->fault = FDBG_FRAME_ID_ORDER;
	if (thread->n_stack && event->frame_id <= thread->stack[thread->n_stack - 1].id)
		thread->unsorted = true;
	if (event->frame_id > thread->last_frame_id)
		thread->last_frame_id = event->frame_id;
	thread->stack[thread->n_stack++] = frame;
	place(at, thread, thread->n_stack - 1);
	return NULL;
}

static bool is_opaque(const struct fdbg_message_event *event)
{
	return event->n_values && event->values[0].value.kind == FDBG_VALUE_OPAQUE &&
	       !event->values[0].value.opaque.optimized_out;
}

static void feed_return(const struct fdbg_frames *frames, struct fdbg_thread *thread,
			const struct fdbg_message_event *event, struct fdbg_frame_event *at)
{
	size_t index = find_frame(thread, event->frame_id);

	at->unwound = is_opaque(event) && event->breakpoint_id == FDBG_BREAKPOINT_ID_PANIC;
	if (index == thread->n_stack) {
		at->fault = FDBG_FRAME_NO_CALL;
		return;
	}
	place(at, thread, index);
	if (frames->guess_unwound && is_opaque(event) && index < thread->n_panicking)
		at->unwound = true;
	/* fdbg ends a call whose return it did not see at the breakpoint at which it began. */
	at->missed = !at->unwound && !frames->guess_unwound && is_opaque(event) &&
		     event->breakpoint_id == thread->stack[index].breakpoint_id;
	if (index + 1 != thread->n_stack) {
		at->fault = FDBG_FRAME_NOT_TOP;
		at->lost = &thread->stack[index + 1];
		at->n_lost = thread->n_stack - index - 1;
	} else if (!fdbg_text_equal(thread->stack[index].function->name, event->function)) {
		at->fault = FDBG_FRAME_OTHER_NAME;
	}
	/* A frame that was there at the panic and returns has caught it, else the unwinding goes on below. */
	if (index < thread->n_panicking)
		thread->n_panicking = fdbg_frame_event_is_bare(at) ? index : 0;
	thread->n_stack = index;
	if (!index)
		thread->unsorted = false;
}

struct fdbg_error *fdbg_frames_feed(struct fdbg_frames *frames, const struct fdbg_message_event *event,
				    struct fdbg_frame_event *ret)
{
	struct fdbg_frame_event at = { 0 };
	struct fdbg_error *err = find_thread(frames, event->thread_id, &at.thread);
	size_t index;

	if (err)
		return err;
	switch (event->kind) {
	case FDBG_EVENT_CALL:
		err = feed_call(frames, at.thread, event, &at);
		if (err)
			return err;
		break;
	case FDBG_EVENT_RETURN:
		feed_return(frames, at.thread, event, &at);
		break;
	case FDBG_EVENT_BREAKPOINT:
	case FDBG_EVENT_PANIC:
	case FDBG_EVENT_FUTURE_ENTER:
	case FDBG_EVENT_FUTURE_EXIT:
		index = event->frame_id ? find_frame(at.thread, event->frame_id) : at.thread->n_stack;
		if (index < at.thread->n_stack)
			place(&at, at.thread, index);
		if (event->frame_id ? index + 1 != at.thread->n_stack : at.thread->n_stack != 0)
			at.fault = FDBG_FRAME_NOT_INNERMOST;
		if (event->kind == FDBG_EVENT_PANIC)
			at.thread->n_panicking = at.thread->n_stack;
		break;
	}
	*ret = at;
	return NULL;
}
