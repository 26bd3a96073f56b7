/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The stack of each thread, followed event by event. */
#ifndef FDBG_REPORT_FRAMES_H
#define FDBG_REPORT_FRAMES_H

#include "base/arena.h"
#include "base/error.h"
#include "base/map.h"
#include "stream/message.h"

/*
 * A call pushes a frame on its thread's stack, a return pops it (stream-format.md, section 2). Recordings
 * with lost events are followed as well: a return of a deeper frame takes those above it along, a return of
 * no known frame changes nothing; the fault says so. Memory is that of the live frames and of the function
 * names.
 */

/* A function, one for each name. */
struct fdbg_counted_function {
	struct fdbg_text name; /* NUL-terminated */
	size_t index;          /* counts from 0 in order of first appearance */
};

struct fdbg_frame {
	uint64_t id;
	const struct fdbg_counted_function *function;
	uint32_t breakpoint_id; /* of its call */
	size_t node;            /* for the user of the frames; 0 at first */
};

struct fdbg_thread {
	uint64_t id;
	size_t index;           /* counts from 0 in order of first event */
	struct fdbg_frame *stack;
	size_t n_stack, cap_stack;
	uint64_t last_frame_id; /* the highest so far */
	size_t n_panicking;     /* frames of the stack's bottom that were there at a panic not yet caught */
	bool unsorted;          /* frame ids on the stack do not ascend */
	size_t mark;            /* for the user of the frames; 0 at first */
};

enum fdbg_frame_fault {
	FDBG_FRAME_OK,
	FDBG_FRAME_ID_ORDER,    /* a call whose frame id is not one above its thread's last */
	FDBG_FRAME_NO_CALL,     /* a return of a frame that is not on the stack */
	FDBG_FRAME_NOT_TOP,     /* a return of a frame that is not on top */
	FDBG_FRAME_OTHER_NAME,  /* a return with another function name than the call */
	FDBG_FRAME_NOT_INNERMOST, /* another event that does not name the frame on top */
};

struct fdbg_frames {
	struct fdbg_arena arena;       /* names, functions, threads */
	struct fdbg_strmap functions;  /* name to struct fdbg_counted_function * */
	struct fdbg_map by_id;         /* thread id to struct fdbg_thread * */
	struct fdbg_thread **threads;  /* in order of first event */
	size_t n_threads, cap_threads;
	size_t n_functions;
	/*
	 * fdbg names the panic breakpoint in the return of an unwound frame. In recordings of others an
	 * unreadable return after a panic of a frame that was there at the panic counts as unwound.
	 */
	bool guess_unwound;
};

/* An event in its place. */
struct fdbg_frame_event {
	struct fdbg_thread *thread;
	/*
	 * The frame that the event names, also that of a return; valid until the next event. NULL: not on the
	 * stack.
	 */
	struct fdbg_frame *frame;
	size_t depth;             /* of frame, from 0 */
	const struct fdbg_frame *parent; /* NULL: none */
	bool unwound;             /* a return by unwinding */
	bool missed;              /* the frame was left, its return was not seen (doc/stream.md) */
	enum fdbg_frame_fault fault;
	/*
	 * Frames above that of a return, which it took along: their returns are missing. The deepest first.
	 */
	const struct fdbg_frame *lost;
	size_t n_lost;
};

void fdbg_frames_init(struct fdbg_frames *frames);
void fdbg_frames_deinit(struct fdbg_frames *frames);

/* Takes an event in. Fails only for want of memory. */
struct fdbg_error *fdbg_frames_feed(struct fdbg_frames *frames, const struct fdbg_message_event *event,
				    struct fdbg_frame_event *ret) FDBG_CHECK;

/* A return event without a return: there is no value, not one that could not be read. */
static inline bool fdbg_frame_event_is_bare(const struct fdbg_frame_event *at)
{
	return at->unwound || at->missed;
}

#endif
