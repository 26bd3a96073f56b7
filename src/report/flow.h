/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The calls of a recording that a filter lets through, as they begin and end. */
#ifndef FDBG_REPORT_FLOW_H
#define FDBG_REPORT_FLOW_H

#include "report/filter.h"
#include "report/recording.h"

/*
 * A flow reads a recording to its end and tells a visitor what happens, whatever state the file is in: in
 * each thread the calls nest, each one that begins also ends (at the latest where the recording does), and
 * times never go back. Where the filter begins in the middle, the calls that are open there, in all threads,
 * are told first, so that a part of a recording is as whole as all of it. Memory is that of the open calls.
 */

enum fdbg_flow_end {
	/* No return: the recording, or the part of it, ended inside, or the process did. */
	FDBG_FLOW_OPEN,
	FDBG_FLOW_RETURNED,
	FDBG_FLOW_UNWOUND, /* left by a panic, a long jump */
	FDBG_FLOW_LOST,    /* left, but the return was not recorded: the recording says so, or a caller returned first */
};

/* A call that is shown, while it is open. */
struct fdbg_flow_call {
	const struct fdbg_counted_function *function;
	uint64_t frame_id;
	uint64_t parent_frame_id; /* 0: none */
	uint64_t depth;           /* among all recorded calls of the thread, from 0 */
	uint32_t breakpoint_id;
	uint64_t sequence;        /* number of the call event */
	uint64_t time_ms;
	bool context;             /* lies outside of what is wanted, and has something wanted in it */
	uint64_t tag;             /* the visitor's; 0 at first */
};

/* Something that happens. Texts and values are valid during the call of the visitor. */
struct fdbg_flow_event {
	const struct fdbg_thread *thread;
	/* The call that begins or ends, or around a note; NULL: none that is shown. */
	struct fdbg_flow_call *call;
	const struct fdbg_flow_call *parent; /* shown call around `call`; NULL: none */
	uint64_t n_shown;            /* shown calls around `call` */
	uint64_t time_ms;            /* never less than that of the event before */
	uint64_t sequence;           /* of the message; 0: of none */
	const struct fdbg_named_value *values; /* arguments, the result of RETURNED, locals */
	size_t n_values;
};

/* A member may be NULL. What a member returns ends the flow. */
struct fdbg_flow_visitor {
	void *context;
	struct fdbg_error *(*begin)(void *context, const struct fdbg_flow_event *event);
	struct fdbg_error *(*end)(void *context, const struct fdbg_flow_event *event, enum fdbg_flow_end how);
	/* A breakpoint, panic or future event. */
	struct fdbg_error *(*note)(void *context, const struct fdbg_flow_event *event,
				   enum fdbg_event_kind kind);
	struct fdbg_error *(*allocation)(void *context, const struct fdbg_message_allocation *allocation,
					 uint64_t time_ms);
};

struct fdbg_flow_options {
	struct fdbg_filter filter;
	bool ancestors; /* with a wanted frame: the calls around it are told as well */
	bool results; /* behind the end of the part: read on for the ends of the calls that are open there */
};

/*
 * Runs. Should the file turn out broken, what was begun is ended and the error returned.
 * FDBG_ERROR_NOT_FOUND: there is no such thread or frame; FDBG_ERROR_USAGE: several threads have the frame,
 * found when the second one does.
 */
struct fdbg_error *fdbg_flow_run(struct fdbg_recording *recording, const struct fdbg_flow_options *options,
				 const struct fdbg_flow_visitor *visitor) FDBG_CHECK;

#endif
