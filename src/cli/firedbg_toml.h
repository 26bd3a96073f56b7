/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* firedbg.toml: which packages of a workspace are traced. */
#ifndef FDBG_CLI_FIREDBG_TOML_H
#define FDBG_CLI_FIREDBG_TOML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

/*
 * The file lies in the root of a cargo workspace and says of its packages whether their functions are traced:
 *
 *     [workspace.members]
 *     parser = { trace = "full" }
 *     vendored = { trace = "none" }
 *
 * also as a table [workspace.members.parser] with a line trace = "full". Of TOML, read are tables, dotted and quoted
 * keys, inline tables, strings and comments; tables of other names are passed over.
 */

struct fdbg_toml_member {
	const char *package;
	bool traced;          /* "full"; else "none" */
};

/*
 * Reads the file; its members in the order of the file, in the arena. No file is no error: *n_ret is 0 and *found_ret
 * false. FORMAT with file and line for what is wrong.
 */
struct fdbg_error *fdbg_firedbg_toml_read(const char *path, struct fdbg_arena *arena, struct fdbg_toml_member **ret,
					  size_t *n_ret, bool *found_ret) FDBG_CHECK;

/* The same from text, which path stands for in messages. */
struct fdbg_error *fdbg_firedbg_toml_parse(const char *text, size_t len, const char *path, struct fdbg_arena *arena,
					   struct fdbg_toml_member **ret, size_t *n_ret) FDBG_CHECK;

#endif
