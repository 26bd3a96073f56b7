/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a recording shows on stderr while it runs: the call tree (--live), or one line of progress. */
#ifndef FDBG_CLI_LIVE_H
#define FDBG_CLI_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "report/frames.h"
#include "stream/writer.h"

/* The progress line is for a terminal only, and gives way to --live and --quiet. */
struct fdbg_live {
	bool tree, progress, shown;
	const struct fdbg_writer *writer;
	uint64_t n_events, last_events, start_ns, last_ns;
	double rate;              /* events a second */
	struct fdbg_buf line;
	struct fdbg_frames frames; /* of the tree: how the calls ended */
};

void fdbg_live_begin(struct fdbg_live *live, bool tree, bool quiet, const struct fdbg_writer *writer);
/* A fdbg_record_options.watch; context is the struct. */
void fdbg_live_watch(void *context, uint64_t time_ms, const struct fdbg_message_event *event, uint64_t depth);
/* Takes the progress line off the terminal. */
void fdbg_live_end(struct fdbg_live *live);
void fdbg_live_deinit(struct fdbg_live *live);

#endif
