/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Values that say themselves how they are shown: a struct whose first field is a template over the others. */
#ifndef FDBG_VALUE_SHOW_H
#define FDBG_VALUE_SHOW_H

#include "value/value.h"

/*
 * A visualizer (rust/visualizer.h) makes of an object a struct of its type with the first field `$show`, a
 * string slice. No field of Rust can have that name. Renderers print the template instead of the struct; what
 * does not know it sees a struct with one more field (doc/stream.md).
 *
 * Template: text; `{{` and `}}` are braces; `{PATH}` is the field of exactly that name, printed as {:?} does;
 * `{PATH[A..B]}` the items A to B - 1 of it; `{PATH:FORMAT}` another form of it.
 */
#define FDBG_SHOW_FIELD "$show"

enum fdbg_show_format {
	FDBG_SHOW_DEBUG,
	FDBG_SHOW_HEX,    /* :x - all hexadecimal digits of a number, of bytes side by side */
	FDBG_SHOW_TEXT,   /* :s - a string without its quotes */
	FDBG_SHOW_BYTES,  /* :b - bytes as a byte string, b"…" */
	FDBG_SHOW_MAP,    /* :map - items that are pairs as {k: v} */
	FDBG_SHOW_SET,    /* :set - items as {k} */
};

struct fdbg_show_piece {
	bool field;              /* text is the name of a field; else it is to be printed */
	struct fdbg_text text;
	bool has_range;
	size_t from, to;
	enum fdbg_show_format format;
};

enum fdbg_show_result { FDBG_SHOW_PIECE, FDBG_SHOW_END, FDBG_SHOW_BAD };

/*
 * Takes the next piece off the front of a template. BAD: it is malformed, *bad_ret (NULL allowed) says how;
 * the template is then as it was.
 */
enum fdbg_show_result fdbg_show_next(struct fdbg_text *rest, struct fdbg_show_piece *ret, const char **bad_ret);

/* The template of a struct that has one; false: it has none. */
bool fdbg_show_template(const struct fdbg_value *value, struct fdbg_text *ret);

#endif
