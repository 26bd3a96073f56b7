/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The writer behind {:?} that debug.c and the table of standard types share. */
#ifndef FDBG_VALUE_DEBUG_INTERNAL_H
#define FDBG_VALUE_DEBUG_INTERNAL_H

#include "base/buf.h"
#include "value/render.h"
#include "value/value.h"

/* One rendering. Pretty form indents by 4 spaces a level (std-types.md, section 1). */
struct fdbg_debug {
	struct fdbg_buf *buf;
	bool pretty;
	unsigned int indent;
	unsigned int depth;   /* of nested values */
	size_t start;         /* length of buf at the beginning */
	size_t max_bytes;     /* 0: no limit */
	size_t n_nodes_left;
	bool stopped;         /* a limit was reached: nothing more is written */
};

void fdbg_debug_put(struct fdbg_debug *debug, const char *data, size_t len);
void fdbg_debug_text(struct fdbg_debug *debug, const char *text);
void fdbg_debug_value(struct fdbg_debug *debug, const struct fdbg_value *value);
void fdbg_debug_address(struct fdbg_debug *debug, uint64_t address);

/*
 * A bracketed group of items: `open`, items between begin and end, `close`. Pretty: each item on a line of
 * its own with a comma behind it. A padded group (the braces of a struct) has spaces inside its brackets in
 * the compact form.
 */
struct fdbg_debug_group {
	const char *close;
	bool padded;
	bool any;
};

struct fdbg_debug_group fdbg_debug_open(struct fdbg_debug *debug, const char *open, const char *close,
					bool padded);
void fdbg_debug_item_begin(struct fdbg_debug *debug, struct fdbg_debug_group *group);
void fdbg_debug_item_end(struct fdbg_debug *debug, struct fdbg_debug_group *group);
/* An item `name: value`. */
void fdbg_debug_field(struct fdbg_debug *debug, struct fdbg_debug_group *group, struct fdbg_text name,
		      const struct fdbg_value *value);
/* The last item of a group that is not all: `…` where the value was cut, `..` of finish_non_exhaustive. */
void fdbg_debug_rest(struct fdbg_debug *debug, struct fdbg_debug_group *group, const char *mark);
void fdbg_debug_close(struct fdbg_debug *debug, struct fdbg_debug_group *group);

/* `Name(value)` with one item. */
void fdbg_debug_wrap(struct fdbg_debug *debug, const char *name, const struct fdbg_value *value);

/*
 * Renders a struct or enum of the standard library whose Debug is not the derived one; type is its type name.
 * False, with nothing written, when there is no rule for the type or the value has not the shape that the
 * rule knows.
 */
bool fdbg_debug_std(struct fdbg_debug *debug, struct fdbg_text type, const struct fdbg_value *value);

/* The same for iterators. */
bool fdbg_debug_iter(struct fdbg_debug *debug, struct fdbg_text type, const struct fdbg_value *value);

#endif
