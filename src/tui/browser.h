/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the terminal browser shows and where it stands, without a terminal. */
#ifndef FDBG_TUI_BROWSER_H
#define FDBG_TUI_BROWSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/tree.h"

/*
 * The threads of a recording, each a line with its calls below it, are items in one list, in the order of the tree. An item may
 * be folded: then what is below it is hidden. The lines on the screen are the items that are not hidden; the cursor is on
 * one of them.
 */

struct fdbg_tui_item {
	uint32_t thread;       /* index into the tree's threads */
	uint32_t level;        /* 0: the thread itself, else 1 + the node's level */
	size_t node;           /* index into the thread's nodes; unused for a thread */
	size_t end;            /* the first item behind all that is below this one */
	bool folded;
};

struct fdbg_tui_browser {
	struct fdbg_tree *tree;
	struct fdbg_tui_item *items;
	size_t n_items;
	size_t *lines;         /* indexes of the items that are not hidden */
	size_t n_lines;
	size_t cursor;         /* index into lines; 0 where there are none */
};

/* Makes the list. Large recordings begin folded below the outermost calls. The tree is the caller's. */
struct fdbg_error *fdbg_tui_browser_init(struct fdbg_tree *tree, struct fdbg_tui_browser *ret) FDBG_CHECK;
void fdbg_tui_browser_deinit(struct fdbg_tui_browser *browser);

/* The item under the cursor; NULL: there are none. */
const struct fdbg_tui_item *fdbg_tui_current(const struct fdbg_tui_browser *browser);

/* The node of an item; NULL: it is a thread. */
const struct fdbg_node *fdbg_tui_node(const struct fdbg_tui_browser *browser, const struct fdbg_tui_item *item);

/* Moves the cursor by lines, as far as there are any. */
void fdbg_tui_move(struct fdbg_tui_browser *browser, long lines);

/* Folds or unfolds the current item; what cannot be folded goes to its caller instead. */
void fdbg_tui_fold(struct fdbg_tui_browser *browser);
void fdbg_tui_unfold(struct fdbg_tui_browser *browser);
/* The same for all that is below the current item, and itself. */
void fdbg_tui_fold_below(struct fdbg_tui_browser *browser, bool folded);

/* Puts the cursor on an item, unfolding what hides it. */
void fdbg_tui_go_to(struct fdbg_tui_browser *browser, size_t item);

/* To the caller; false: there is none. */
bool fdbg_tui_go_to_caller(struct fdbg_tui_browser *browser);

/* What to look for. */
enum fdbg_tui_target {
	FDBG_TUI_ERROR,        /* a panic, or a return of an Err */
	FDBG_TUI_SAME,         /* another call of the current one's function */
	FDBG_TUI_TEXT,         /* text in the name or a value */
};

/*
 * Goes to the next one, or the one before, around the end of the list. text: of TEXT; capital letters count only if it has
 * some. *found_ret: there is one. *wrapped_ret: the search went around the end.
 */
struct fdbg_error *fdbg_tui_find(struct fdbg_tui_browser *browser, enum fdbg_tui_target target, const char *text,
				 bool backwards, bool *found_ret, bool *wrapped_ret) FDBG_CHECK;

#endif
