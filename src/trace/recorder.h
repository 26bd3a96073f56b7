/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The recorder: from an engine's hits to the events of a stream. */
#ifndef FDBG_TRACE_RECORDER_H
#define FDBG_TRACE_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/log.h"
#include "debuginfo/debuginfo.h"
#include "rust/decode.h"
#include "stream/writer.h"
#include "trace/engine.h"
#include "trace/plan.h"

/*
 * The loop of a recording: takes hits from the engine, keeps the shadow stacks, decodes values and writes events, until the target
 * ends, a limit is reached or somebody asks to stop. Whatever ends it, what was recorded is in the writer; finishing the file is the
 * caller's. One recorder records once.
 */

struct fdbg_visualizers;

enum fdbg_record_end {
	FDBG_RECORD_EXITED,      /* the target ended: exit_code */
	FDBG_RECORD_KILLED,      /* a signal ended it: signal */
	FDBG_RECORD_LIMIT,       /* --max-events or --duration; the target is stopped or runs, still with its probes */
	FDBG_RECORD_INTERRUPTED, /* the wake descriptor became readable; likewise */
	FDBG_RECORD_FAILED,      /* the error says why */
};

/* What a process runs after it has executed another program. */
struct fdbg_record_program {
	const struct fdbg_image *image;
	struct fdbg_debuginfo *debuginfo;
	const struct fdbg_plan *plan;  /* NULL: it is not recorded */
};

struct fdbg_record_options {
	struct fdbg_decode_limits limits;
	bool values;             /* false: --trace=call-only */
	bool has_max_depth;
	uint64_t max_depth;      /* the deepest frames that are recorded, the outermost have 0 */
	uint64_t max_events;     /* 0: no limit */
	uint64_t max_ns;         /* 0: no limit */
	uint64_t max_heap_messages; /* 0: no limit; beyond it the heap is not recorded any more, everything else is */
	const struct fdbg_log *log;
	const struct fdbg_visualizers *visualizers; /* NULL: none */
	/* Called for each event as it is written, and with NULL about every tenth of a second. NULL: nobody looks on. depth: of the event's frame. */
	void (*watch)(void *context, uint64_t time_ms, const struct fdbg_message_event *event, uint64_t depth);
	void *watch_context;
	/*
	 * Called when the process executes another program: finds out which, and announces it in the stream. Image, debug information
	 * and plan stay the caller's and must live as long as the recording. NULL: other programs are not recorded.
	 */
	struct fdbg_error *(*on_exec)(void *context, struct fdbg_record_program *ret);
	void *exec_context;
};

struct fdbg_record_result {
	enum fdbg_record_end end;
	int exit_code, signal;
	uint64_t n_events;       /* of the `event` stream */
	uint64_t n_open;         /* frames that were still open at the end */
	struct fdbg_heap_stats heap;
};

/* Runs a recording. Writer, engine and plan stay the caller's. The result is filled in also with an error. */
struct fdbg_error *fdbg_record(struct fdbg_engine *engine, const struct fdbg_plan *plan,
			       struct fdbg_debuginfo *debuginfo, struct fdbg_writer *writer,
			       const struct fdbg_record_options *options, struct fdbg_record_result *ret) FDBG_CHECK;

#endif
