/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The shadow stack of each thread. */
#ifndef FDBG_TRACE_FRAMES_H
#define FDBG_TRACE_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/map.h"
#include "trace/panics.h"
#include "trace/plan.h"

/*
 * A frame is identified by its thread and its canonical frame address (CFA), never by the order of breakpoints. Stacks grow
 * down: a frame whose CFA is at or below that of a call that is entered now is gone, however it ended (rust-abi.md,
 * section 5, rule 1). Frames that are gone are handed out one by one, the innermost first, so that each gets its event.
 */

struct fdbg_shadow_frame {
	uint64_t id;              /* counts from 1 in the thread */
	uint64_t cfa;
	const struct fdbg_traced_function *function;
	uint64_t hidden_pointer;  /* of a function that returns through memory */
	bool has_hidden_pointer;
	uint64_t future;          /* of a poll: the coroutine's address */
	bool has_future;
	bool recorded;            /* its call was written (not beyond --depth) */
	size_t n_panicking;       /* of its thread, when it was pushed */
	/* It ended in a jump to this function, which has its CFA and returns for it. NULL: it has not. */
	const struct fdbg_traced_function *replaced_by;
};

struct fdbg_shadow_thread {
	uint64_t id;
	struct fdbg_shadow_frame *frames; /* outermost first */
	size_t n_frames, cap_frames;
	/*
	 * Frames of the bottom that were there at a panic whose landings are not seen: those of them that are gone were unwound.
	 * 0: none. One that returns has caught it; an outer panic may go on.
	 */
	size_t n_panicking;
	uint64_t n_ids;            /* ids given so far */
	const struct fdbg_traced_function *armed; /* entry seen, call probe to come */
	uint64_t armed_cfa;
	uint64_t armed_hidden_pointer;            /* as it was at that entry */
	struct fdbg_registers armed_registers;    /* likewise, where the function has arguments there */
	struct fdbg_panic panic;
};

struct fdbg_shadow {
	struct fdbg_map threads;   /* id -> struct fdbg_shadow_thread * */
};

void fdbg_shadow_deinit(struct fdbg_shadow *frames);

/* The thread of that id, made when new; NULL when memory runs out. */
struct fdbg_shadow_thread *fdbg_shadow_of(struct fdbg_shadow *frames, uint64_t thread_id);

/* Pushes a frame (its id is given when recorded); NULL when memory runs out. */
struct fdbg_shadow_frame *fdbg_shadow_push(struct fdbg_shadow_thread *thread, const struct fdbg_traced_function *function,
				    uint64_t cfa, bool recorded);

/* The innermost frame, or NULL. */
static inline struct fdbg_shadow_frame *fdbg_shadow_top(struct fdbg_shadow_thread *thread)
{
	return thread->n_frames ? &thread->frames[thread->n_frames - 1] : NULL;
}

static inline void fdbg_shadow_pop(struct fdbg_shadow_thread *thread)
{
	thread->n_frames--;
}

/* The innermost frame of that function and CFA, or NULL: it was not entered while we looked. */
struct fdbg_shadow_frame *fdbg_shadow_find(struct fdbg_shadow_thread *thread, const struct fdbg_traced_function *function,
				    uint64_t cfa);

/* The id of the innermost recorded frame, 0: none. */
uint64_t fdbg_shadow_current(const struct fdbg_shadow_thread *thread);

#endif
