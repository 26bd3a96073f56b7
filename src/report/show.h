/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The call tree as text, or as JSON. */
#ifndef FDBG_REPORT_SHOW_H
#define FDBG_REPORT_SHOW_H

#include "report/recording.h"
#include "report/sink.h"
#include "report/tree.h"

struct fdbg_show_options {
	struct fdbg_tree_options tree;
	bool locations; /* file and line of each function */
	bool fold;      /* siblings that repeat are counted */
	bool json;      /* one object a line */
};

/*
 * One line a call: indentation, name(arguments) -> value. Marks: `!! panicked` where a panic began, `!!
 * unwound` for a frame that a panic left, `…` for one that never returned, `(began earlier)` for one that
 * was open where the wanted part begins. Threads come one after another, in order of their first event. Errors
 * are those of fdbg_tree_build.
 */
struct fdbg_error *fdbg_show(struct fdbg_recording *recording, const struct fdbg_show_options *options,
			     const struct fdbg_sink *sink) FDBG_CHECK;

#endif
