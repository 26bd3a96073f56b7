/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The call tree as text. */
#ifndef FDBG_REPORT_SHOW_H
#define FDBG_REPORT_SHOW_H

#include "report/recording.h"
#include "report/sink.h"
#include "report/tree.h"

struct fdbg_show_options {
	struct fdbg_tree_options tree;
	bool locations; /* file and line of each function */
};

/*
 * One line a call: indentation, name(arguments) -> value. Marks: `!! panicked` where a panic began, `!!
 * unwound` for a frame that a panic left, `…` for one that never returned. Threads come one after another, in
 * order of their first event. FDBG_ERROR_NOT_FOUND: no such thread or frame; FDBG_ERROR_USAGE: several
 * threads have the frame.
 */
struct fdbg_error *fdbg_show(struct fdbg_recording *recording, const struct fdbg_show_options *options,
			     const struct fdbg_sink *sink) FDBG_CHECK;

#endif
