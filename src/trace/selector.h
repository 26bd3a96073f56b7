/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Which functions of a program are traced. */
#ifndef FDBG_TRACE_SELECTOR_H
#define FDBG_TRACE_SELECTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "debuginfo/debuginfo.h"

/*
 * A choice has two stages. The crates: those of -p, else the crate of `main` and the crates that were built in the same
 * directory (cargo builds all members of a workspace in the workspace's root, and each dependency in its own). Then
 * the globs over full names, in the order given: the last one that matches decides; when none does, a function is
 * taken unless the first glob is an inclusion. An inclusion without -p also reaches functions of other crates. Last, the source files.
 */

struct fdbg_glob {
	const char *pattern; /* fnmatch(3), over the full name */
	bool exclude;        /* -N; else -F */
};

struct fdbg_selector {
	const char *const *crates;
	size_t n_crates;
	const struct fdbg_glob *globs;
	size_t n_globs;
	const char *const *files; /* globs over the declaring file; one without a slash is matched with the last part */
	size_t n_files;
	bool inlines;             /* also calls that were inlined into functions of the units that are looked at */
};

struct fdbg_chosen {
	const struct fdbg_function *function; /* or an inlined call */
	struct fdbg_text name;      /* full name, rust/names.h */
	bool dbg_trace;             /* the support library's `__firedbg_trace__` (fire::dbg!), not a traced function */
};

/*
 * The functions that pass the filter, in the order of their entries, in the arena. Crates that do not exist are a NOT_FOUND error
 * that lists those that do. No function at all is no error.
 */
struct fdbg_error *fdbg_selector_choose(const struct fdbg_selector *selector, struct fdbg_debuginfo *debuginfo,
				      struct fdbg_arena *arena, struct fdbg_chosen **ret, size_t *n_ret) FDBG_CHECK;

#endif
