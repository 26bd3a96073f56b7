/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Functions of one code: what else a traced function is called, and what can be said of its values then. */
#ifndef FDBG_TRACE_MERGED_H
#define FDBG_TRACE_MERGED_H

#include "base/arena.h"
#include "base/error.h"
#include "base/map.h"
#include "debuginfo/debuginfo.h"

/*
 * The linker folds functions with the same code into one and leaves the debug information of both. The compiler does so too, at
 * opt-level 2 and above, and leaves of the others at most a symbol. Which of them was called cannot be told.
 */
struct fdbg_merged {
	struct fdbg_map entries; /* entry of a function -> struct fdbg_merged_symbol *, the symbols there */
	struct fdbg_arena arena;
};

/* Takes the symbols of these functions' entries from the image. entries: keys are the addresses that matter. */
struct fdbg_error *fdbg_merged_init(const struct fdbg_image *image, const struct fdbg_map *entries,
				    struct fdbg_merged *ret) FDBG_CHECK;
void fdbg_merged_deinit(struct fdbg_merged *merged);

struct fdbg_merged_names {
	struct fdbg_text *names;  /* full names (rust/names.h, or as demangled) in the arena, without the function's own */
	size_t n;
	bool by_symbol;           /* some are only symbols: the types of their values are not known */
	bool same_return;         /* all that are described return a type of that name */
	bool same_parameters;     /* and have parameters of the same types */
};

/* What else a function is called. */
struct fdbg_error *fdbg_merged_names(const struct fdbg_merged *merged, struct fdbg_debuginfo *debuginfo,
				     const struct fdbg_function *function, struct fdbg_arena *arena,
				     struct fdbg_merged_names *ret) FDBG_CHECK;

#endif
