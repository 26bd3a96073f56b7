/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* --stats: what a recording cost. */
#ifndef FDBG_CLI_STATS_H
#define FDBG_CLI_STATS_H

#include <stdint.h>

#include "base/error.h"
#include "gdbremote/session.h"
#include "trace/heap.h"
#include "trace/engine.h"

struct fdbg_run_stats {
	uint64_t n_events, n_probes, file_size;
	uint64_t n_heap_probes;
	struct fdbg_heap_stats heap;
	struct fdbg_engine_stats engine;
	struct fdbg_session_stats session;
	double debuginfo_seconds, insert_seconds, run_seconds, total_seconds;
};

/* Writes the figures: as one JSON object into the file (keys: cli.md), without one as text on stderr. */
struct fdbg_error *fdbg_stats_write(const struct fdbg_run_stats *stats, const char *file) FDBG_CHECK;

#endif
