/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the forms of the call tree share. */
#ifndef FDBG_REPORT_SHOW_INTERNAL_H
#define FDBG_REPORT_SHOW_INTERNAL_H

#include "report/show.h"

struct fdbg_show {
	const struct fdbg_recording *recording;
	const struct fdbg_show_options *options;
	const struct fdbg_sink *sink;
	struct fdbg_buf out;
};

/* Writes the buffer when it is long. */
struct fdbg_error *fdbg_show_settle(struct fdbg_show *show) FDBG_CHECK;

/* The nodes of a thread, as text or as JSON. */
struct fdbg_error *fdbg_show_text(struct fdbg_show *show, struct fdbg_tree_thread *thread) FDBG_CHECK;
struct fdbg_error *fdbg_show_json(struct fdbg_show *show, struct fdbg_tree_thread *thread) FDBG_CHECK;

/* The line above a thread's nodes. */
void fdbg_show_heading(struct fdbg_show *show, uint64_t thread_id, bool first);

#endif
