/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The terminal browser from inside: what its two parts share.
 *
 *   screen.c  keys and the loop
 *   draw.c    the tree, the pane beside it, the lines above and below
 */
#ifndef FDBG_TUI_SCREEN_INTERNAL_H
#define FDBG_TUI_SCREEN_INTERNAL_H

#define NCURSES_WIDECHAR 1
#include <ncurses.h>

#include "tui/browser.h"
#include "tui/source.h"
#include "tui/tui.h"

#define MAX_QUERY 256

enum pair { PAIR_PLAIN, PAIR_NAME, PAIR_FAULT, PAIR_DIM, PAIR_MATCH };

struct tui {
	struct fdbg_recording *recording;
	struct fdbg_tree *tree;
	struct fdbg_tui_browser browser;
	struct fdbg_tui_sources sources;
	SCREEN *screen;
	bool colour;
	size_t top;                 /* first line of the tree on the screen */
	size_t pane_top;            /* first line of the pane that is shown */
	size_t n_pane_lines;
	char query[MAX_QUERY];      /* what was looked for last */
	struct fdbg_buf line, pane, message;
	bool help;
};

/* Where things are on the screen. */
struct areas {
	int tree_rows, tree_columns;
	int pane_row, pane_column, pane_rows, pane_columns;
};

struct areas fdbg_tui_areas(void);

/* Puts UTF-8 text without control characters at the cursor, up to `columns` of them; returns those that are left. */
int fdbg_tui_put(struct tui *tui, enum pair pair, const char *text, size_t len, int columns);

/* Draws everything. */
struct fdbg_error *fdbg_tui_draw(struct tui *tui) FDBG_CHECK;

#endif
