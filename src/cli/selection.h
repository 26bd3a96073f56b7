/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The options that choose functions, the same for `record` and `functions`. */
#ifndef FDBG_CLI_SELECTION_H
#define FDBG_CLI_SELECTION_H

#include "cli/options.h"
#include "trace/selector.h"

/* Where the options put their values. A zeroed struct has none. */
struct fdbg_selection {
	struct fdbg_option_list crates, globs, files;
	struct fdbg_selector selector;
	/* what selector points to */
	const char **crate_names, **file_globs;
	struct fdbg_glob *function_globs;
};

enum { FDBG_SELECTION_INCLUDE, FDBG_SELECTION_EXCLUDE };

/* The rows of an option table. */
#define FDBG_SELECTION_OPTIONS(selection) \
	{ "package", 'p', FDBG_OPTION_LIST, "CRATE", "trace the functions of this crate; may repeat; `all`: of every " \
	  "crate with debug information (default: the crate of main and those built in the same workspace)", \
	  &(selection)->crates, NULL, 0 }, \
	{ "filter", 'F', FDBG_OPTION_LIST, "GLOB", "trace functions whose full path matches, such as 'app::parse::*'; may " \
	  "repeat, of --filter and --exclude the last match wins", &(selection)->globs, NULL, FDBG_SELECTION_INCLUDE }, \
	{ "exclude", 'N', FDBG_OPTION_LIST, "GLOB", "leave out functions whose full path matches; may repeat", \
	  &(selection)->globs, NULL, FDBG_SELECTION_EXCLUDE }, \
	{ "file", 0, FDBG_OPTION_LIST, "GLOB", "trace functions declared in matching source files; may repeat", \
	  &(selection)->files, NULL, 0 }

/* Fills in selector from what the options set. */
struct fdbg_error *fdbg_selection_finish(struct fdbg_selection *selection) FDBG_CHECK;
void fdbg_selection_deinit(struct fdbg_selection *selection);

#endif
