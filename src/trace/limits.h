/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* FIREDBG_RUST_CONFIG: limits of what is recorded (stream-format.md, section 5). */
#ifndef FDBG_TRACE_LIMITS_H
#define FDBG_TRACE_LIMITS_H

#include <stdbool.h>

#include "base/error.h"
#include "rust/decode.h"

/* What the configuration may say. Starts from FDBG_LIMITS_DEFAULT; each source changes what it names. */
struct fdbg_limits {
	struct fdbg_decode_limits decode;
	bool no_allocations; /* DONT_TRACE_ALLOCATION */
};

#define FDBG_LIMITS_DEFAULT ((struct fdbg_limits){ .decode = { .max_array = 1024, .deref_limit = 12 } })

/* Applies `KEY=VALUE;KEY;…`; a bare key is `true`. USAGE on an unknown key or a malformed value, naming it; then nothing is changed. */
struct fdbg_error *fdbg_limits_parse(struct fdbg_limits *limits, const char *text) FDBG_CHECK;

/*
 * Applies the assignment FIREDBG_RUST_CONFIG=… of a `.env` file (the last one; `export`, quotes and comments as shells have them),
 * if the file is there and has one.
 */
struct fdbg_error *fdbg_limits_parse_env_file(struct fdbg_limits *limits, const char *path) FDBG_CHECK;

/* A count: decimal digits, at most 1 000 000 000. */
struct fdbg_error *fdbg_limits_parse_count(const char *name, const char *text, size_t *ret) FDBG_CHECK;

#endif
