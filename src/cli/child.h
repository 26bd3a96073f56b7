/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A child process whose output is read to its end. */
#ifndef FDBG_CLI_CHILD_H
#define FDBG_CLI_CHILD_H

#include "base/buf.h"
#include "base/error.h"

/*
 * Runs argv[0] (looked up on PATH) in a directory (NULL: this one) with an environment (NULL: this one's), and appends its
 * standard output to ret; its standard input and error are ours. Waits at most timeout_ms (-1: no limit, for a
 * user who has Ctrl-C), then kills it: TIMEOUT. More than max_bytes of output is FORMAT. NOT_FOUND when there is no
 * such program. *status_ret: its exit status, 128 + N when signal N ended it.
 */
struct fdbg_error *fdbg_child_output(char *const *argv, const char *directory, char *const *environment,
				     int timeout_ms, size_t max_bytes, struct fdbg_buf *ret, int *status_ret) FDBG_CHECK;

#endif
