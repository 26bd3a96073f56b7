/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Visualizers: what a user's file says about how types of other crates are shown. */
#ifndef FDBG_RUST_VISUALIZER_H
#define FDBG_RUST_VISUALIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

/*
 * The language is fdbg-visualizers(5). A file has sections; a section is a glob over type names as they are on
 * the stream, and keys. All sections of all files form one list; for a value the first one counts whose glob
 * matches the type, whose members the type has, and whose conditions the value fulfils.
 */

enum fdbg_visualizer_op {
	FDBG_VISUALIZER_EQ, FDBG_VISUALIZER_NE, FDBG_VISUALIZER_LT, FDBG_VISUALIZER_LE, FDBG_VISUALIZER_GT,
	FDBG_VISUALIZER_GE,
};

struct fdbg_visualizer_condition {
	struct fdbg_text path;
	enum fdbg_visualizer_op op;
	uint64_t value;
};

/* A section. Texts whose data are NULL were not given. */
struct fdbg_visualizer {
	const char *file;
	unsigned line;             /* of the section's head */
	struct fdbg_text glob;
	struct fdbg_text text, items, length, element, key, value; /* paths; element: a type parameter */
	struct fdbg_text show;     /* a template (value/show.h), well-formed; always there */
	struct fdbg_visualizer_condition *conditions;
	size_t n_conditions;
};

/* A zeroed struct is an empty list. */
struct fdbg_visualizers {
	struct fdbg_arena arena;
	struct fdbg_visualizer *list;
	size_t n, cap;
};

/*
 * Appends the sections of a file's text, which is copied. What is wrong with it is an FDBG_ERROR_FORMAT
 * "NAME:LINE: …"; the list then has the sections before the wrong one.
 */
struct fdbg_error *fdbg_visualizers_parse(struct fdbg_visualizers *list, const char *name, const char *data,
					  size_t len) FDBG_CHECK;
void fdbg_visualizers_deinit(struct fdbg_visualizers *list);

/* `*` stands for any text, `?` for one byte, everything else for itself. In time |glob| * |name| at most. */
bool fdbg_visualizer_matches(struct fdbg_text glob, struct fdbg_text name);

/* True for member names and `*`, joined by dots; at most FDBG_VISUALIZER_PATH_MAX bytes. */
enum { FDBG_VISUALIZER_PATH_MAX = 256 };
bool fdbg_visualizer_is_path(struct fdbg_text text);

#endif
