/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Recording by command line, also for commands that first find or build what is to be recorded. */
#ifndef FDBG_CLI_RECORD_COMMAND_H
#define FDBG_CLI_RECORD_COMMAND_H

#include <stddef.h>

#include "base/error.h"
#include "base/log.h"

/* What is to be recorded, on this machine. NULL and 0: as the command line says. */
struct fdbg_record_program {
	char **arguments;          /* the program and its arguments, NULL-terminated */
	const char *output;        /* the recording, unless --output names one */
	const char *directory;     /* the program's, unless --cwd names one */
	char **environment;        /* NAME=VALUE, NULL-terminated; those of --env win */
	const char *const *crates; /* whose functions are traced, unless --package names some */
	size_t n_crates;
};

/* A command that takes the options of `fdbg record` and, behind them, words of its own. */
struct fdbg_record_frontend {
	const char *usage, *description; /* as in struct fdbg_syntax */
	int min_words;
	const char *const *verbs; /* what the first word may be, ended by NULL */
	/*
	 * Finds the program for the words (NULL-terminated). What *ret points to is valid until the recording ends.
	 * *status_ret: the exit status of an error.
	 */
	struct fdbg_error *(*prepare)(void *context, char **words, const struct fdbg_log *log,
				      struct fdbg_record_program *ret, int *status_ret);
	void *context;
};

/* `fdbg record` itself has no frontend (NULL). */
struct fdbg_error *fdbg_record_command(int argc, char **argv, const struct fdbg_record_frontend *frontend,
				       int *status_ret) FDBG_CHECK;

#endif
