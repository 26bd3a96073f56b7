/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Cargo as a child process: what a workspace has, and what a build made. */
#ifndef FDBG_CLI_CARGO_H
#define FDBG_CLI_CARGO_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

/*
 * Cargo is run with --message-format=json, or as `cargo metadata`; its own messages go to stderr as always. Everything
 * returned lives in the arena given. Facts: the Cargo book, "External tools" and "cargo metadata".
 */

/* What cargo is called as: $CARGO, else "cargo"; with a toolchain ("+nightly") where toolchain is not NULL. */
struct fdbg_cargo {
	const char *toolchain;
	const char *manifest;      /* --manifest-path; NULL: cargo looks for it */
	struct fdbg_arena *arena;
};

/* A target of a package: a program, library, example, test or benchmark. */
struct fdbg_cargo_target {
	const char *kind;          /* "bin", "lib", "example", "test", "bench"; all libraries are "lib" */
	const char *name;
	const char *package;
	const char *manifest;      /* the package's */
};

struct fdbg_cargo_package {
	const char *name, *version;
	const char *manifest;
	const char *default_run;   /* NULL: none */
};

struct fdbg_cargo_workspace {
	const char *root;
	struct fdbg_cargo_package *packages;
	size_t n_packages;
	struct fdbg_cargo_target *targets;
	size_t n_targets;
};

/* An executable that a build made or found up to date. */
struct fdbg_cargo_artifact {
	struct fdbg_cargo_target target; /* package: NULL */
	const char *executable;
	bool test;                 /* built as a test or benchmark harness */
};

struct fdbg_cargo_build {
	struct fdbg_cargo_artifact *artifacts;
	size_t n_artifacts;
	const char *library_path;  /* directories for LD_LIBRARY_PATH, joined by ':'; "" for none */
	/* NAME=VALUE that build scripts set, with the manifest of their package */
	struct fdbg_cargo_variable {
		const char *package_id, *text;
	} *variables;
	size_t n_variables;
	/* package ids by artifact, in the order of artifacts */
	const char **package_ids;
};

/* The members of the workspace. NOT_FOUND when there is no cargo; FORMAT when its answer is not understood. */
struct fdbg_error *fdbg_cargo_workspace_read(const struct fdbg_cargo *cargo, struct fdbg_cargo_workspace *ret) FDBG_CHECK;

/*
 * Runs `cargo COMMAND…` (NULL-terminated, at most FDBG_CARGO_MAX_WORDS) with JSON messages and debug information in all
 * profiles. FAILED builds are errors; cargo has said why on stderr.
 */
#define FDBG_CARGO_MAX_WORDS 1000
struct fdbg_error *fdbg_cargo_build(const struct fdbg_cargo *cargo, const char *const *words,
				    struct fdbg_cargo_build *ret) FDBG_CHECK;

/*
 * The names of the tests in a test program, in its order: it is asked with --list, in a directory, for at most
 * timeout_ms. A program that does not answer like that has none.
 */
struct fdbg_error *fdbg_cargo_list_tests(const struct fdbg_cargo *cargo, const char *executable, const char *directory,
					 int timeout_ms, const char ***ret, size_t *n_ret) FDBG_CHECK;

#endif
