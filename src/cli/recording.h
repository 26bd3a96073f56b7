/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One recording, from the program's path to the finished file. */
#ifndef FDBG_CLI_RECORDING_H
#define FDBG_CLI_RECORDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/log.h"
#include "cli/target.h"
#include "trace/heap.h"
#include "trace/selector.h"
#include "trace/limits.h"

enum fdbg_trace_level { FDBG_TRACE_FULL, FDBG_TRACE_CALL_ONLY, FDBG_TRACE_NONE };

struct fdbg_visualizers;

struct fdbg_recording_options {
	struct fdbg_target_options target;
	const char *output;              /* NULL: NAME.firedbg.ss in the current directory */
	const char *symbols;             /* a separate debug file, NULL: search */
	const char *const *map;          /* FROM=TO of source paths, NULL-terminated; NULL: none */
	struct fdbg_selector selector;
	enum fdbg_trace_level level;
	struct fdbg_limits limits;
	enum fdbg_heap_mode allocations;
	uint64_t max_heap_messages;      /* 0: no limit */
	bool has_max_depth;
	uint64_t max_depth;              /* the deepest frames that are recorded, the outermost have 0 */
	uint64_t max_events;             /* 0: no limit */
	double duration;                 /* seconds, 0: no limit */
	bool kill;                       /* at a limit kill the target instead of letting it go on alone */
	bool live, stats, quiet;
	const char *stats_file;          /* NULL: with stats, as text on stderr */
	const struct fdbg_visualizers *visualizers; /* NULL: none */
	const struct fdbg_log *log;
};

/*
 * Records a program: launches it under a local server, attaches to it, or takes the one that a server holds. *status_ret is the exit status that cli.md lays down, also with an error. What
 * was recorded before an error is in the file; when nothing was, no file is left behind.
 */
struct fdbg_error *fdbg_recording_run(const struct fdbg_recording_options *options, int *status_ret) FDBG_CHECK;

#endif
