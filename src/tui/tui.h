/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Browsing the call tree in a terminal. */
#ifndef FDBG_TUI_TUI_H
#define FDBG_TUI_TUI_H

#include "report/recording.h"
#include "report/tree.h"

struct fdbg_tui_options {
	bool colour;
};

/*
 * Shows the tree of a recording that was read to its end until the user leaves. Standard input and output must be a
 * terminal. UNSUPPORTED: it cannot do what is needed. The terminal is as it was when this returns.
 */
struct fdbg_error *fdbg_tui_run(struct fdbg_recording *recording, struct fdbg_tree *tree,
				const struct fdbg_tui_options *options) FDBG_CHECK;

#endif
