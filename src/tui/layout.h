/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Values set in lines of a certain width. */
#ifndef FDBG_TUI_LAYOUT_H
#define FDBG_TUI_LAYOUT_H

#include <stddef.h>

#include "base/buf.h"
#include "base/text.h"

/*
 * Appends the {:?} text of a value to lines ending in '\n': on one line where that fits into width columns behind
 * `column` of them, else with the members of the outermost brackets on lines of their own, and so on for these (as
 * {:#?} would, but only where it must). Text that cannot be broken is cut into pieces of width columns. Each line after the
 * first begins with `indent` blanks. A column is a character; brackets in strings and characters do not count.
 */
void fdbg_tui_layout(struct fdbg_buf *buf, struct fdbg_text text, size_t column, size_t indent, size_t width);

/* How many characters there are in UTF-8 text (bytes that are none count one each). */
size_t fdbg_tui_columns(const char *data, size_t len);

#endif
