/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the subcommands share: the table's row, output, warnings, the recording to read. */
#ifndef FDBG_CLI_CLI_H
#define FDBG_CLI_CLI_H

#include "base/error.h"
#include "base/log.h"
#include "report/recording.h"
#include "report/sink.h"

/*
 * A subcommand gets its own words (argv[0] is its name) and returns an error for main to print, or NULL with
 * its exit status in *status_ret (0 when untouched). Main maps a returned error to a status: FDBG_ERROR_USAGE
 * to usage_status, all others to failure_status, unless the command has set a status of its own.
 */
struct fdbg_command {
	const char *name;
	const char *summary; /* one line for `fdbg --help` */
	struct fdbg_error *(*run)(int argc, char **argv, int *status_ret);
	int usage_status, failure_status;
};

/* All subcommands, ended by a row without name. */
extern const struct fdbg_command fdbg_commands[];

/* The row of that name, or NULL. */
const struct fdbg_command *fdbg_command_find(const char *name);

struct fdbg_error *fdbg_cmd_record(int argc, char **argv, int *status_ret);
struct fdbg_error *fdbg_cmd_show(int argc, char **argv, int *status_ret);
struct fdbg_error *fdbg_cmd_cargo(int argc, char **argv, int *status_ret);
struct fdbg_error *fdbg_cmd_list_targets(int argc, char **argv, int *status_ret);
struct fdbg_error *fdbg_cmd_diff(int argc, char **argv, int *status_ret);
struct fdbg_error *fdbg_cmd_doctor(int argc, char **argv, int *status_ret);
struct fdbg_error *fdbg_cmd_dump(int argc, char **argv, int *status_ret);
struct fdbg_error *fdbg_cmd_heap(int argc, char **argv, int *status_ret);
struct fdbg_error *fdbg_cmd_export(int argc, char **argv, int *status_ret);
struct fdbg_error *fdbg_cmd_index(int argc, char **argv, int *status_ret);
struct fdbg_error *fdbg_cmd_info(int argc, char **argv, int *status_ret);
struct fdbg_error *fdbg_cmd_tui(int argc, char **argv, int *status_ret);
struct fdbg_error *fdbg_cmd_report(int argc, char **argv, int *status_ret);
struct fdbg_error *fdbg_cmd_verify(int argc, char **argv, int *status_ret);
struct fdbg_error *fdbg_cmd_functions(int argc, char **argv, int *status_ret);

/* Warnings go to stderr as `fdbg: warning: …`. */
extern const struct fdbg_log fdbg_cli_log;

/*
 * Standard output as a sink. A reader that went away (`fdbg dump | head`) is no failure: writes then give
 * an FDBG_ERROR_IO with errnum EPIPE, which main does not print. Terminal colours unless NO_COLOR is set.
 */
struct fdbg_sink fdbg_cli_output(void);

/* The path of the recording that fdbg_cli_open_recording would open, to be freed. */
struct fdbg_error *fdbg_cli_find_recording(int n_words, char **words, char **path_ret) FDBG_CHECK;

/*
 * Opens the recording that a reading command was given (n_words 0 or 1), without one the newest *.firedbg.ss
 * of the current directory. *path_ret is the caller's to free, after the recording was closed.
 */
struct fdbg_error *fdbg_cli_open_recording(int n_words, char **words, char **path_ret,
					   struct fdbg_recording **ret) FDBG_CHECK;

struct fdbg_syntax;

/*
 * A reading command: parses its options, opens the recording that its words name and has `report` read it. Targets of options
 * are set by then.
 */
struct fdbg_error *fdbg_cli_read(const struct fdbg_syntax *syntax, int argc, char **argv,
				 struct fdbg_error *(*report)(void *context, struct fdbg_recording *recording,
							      const struct fdbg_sink *sink),
				 void *context) FDBG_CHECK;

#endif
