/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The program: picks the subcommand and turns errors into text and exit status. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "cli/cli.h"
#include "cli/complete.h"

/*
 * cli.md: recording fails with 125, because the lower numbers are the target's. Reading fails with 1, or 2
 * when asked wrongly.
 */
const struct fdbg_command fdbg_commands[] = {
	{ "record", "run a program and record its calls (may be left out)", fdbg_cmd_record, 125, 125 },
	{ "cargo", "build with cargo and record what was built", fdbg_cmd_cargo, 125, 125 },
	{ "list-targets", "list what of a cargo workspace can be recorded", fdbg_cmd_list_targets, 2, 1 },
	{ "show", "print the call tree of a recording", fdbg_cmd_show, 2, 1 },
	{ "tui", "browse a recording in the terminal", fdbg_cmd_tui, 2, 1 },
	{ "dump", "print a recording as JSON, one object a line", fdbg_cmd_dump, 2, 1 },
	{ "export", "write a recording for other tools, or as a page", fdbg_cmd_export, 2, 1 },
	{ "info", "print what a recording holds", fdbg_cmd_info, 2, 1 },
	{ "heap", "print what a recording says about the heap", fdbg_cmd_heap, 2, 1 },
	{ "report", "print calls, times and errors by function", fdbg_cmd_report, 2, 1 },
	{ "diff", "find where two recordings part ways", fdbg_cmd_diff, 2, 2 },
	{ "index", "write the SQLite index of a recording", fdbg_cmd_index, 2, 1 },
	{ "verify", "check a recording", fdbg_cmd_verify, 2, 1 },
	{ "functions", "list the functions of a program that would be recorded", fdbg_cmd_functions, 2, 1 },
	{ "doctor", "say what this machine, a server and a program can do", fdbg_cmd_doctor, 2, 1 },
	{ 0 },
};

const struct fdbg_command *fdbg_command_find(const char *name)
{
	for (const struct fdbg_command *command = fdbg_commands; command->name; command++) {
		if (!strcmp(command->name, name))
			return command;
	}
	return NULL;
}

static void print_help(FILE *file)
{
	fputs("Usage: fdbg [record] [OPTIONS] [--] PROGRAM [ARGS...]\n"
	      "       fdbg COMMAND [OPTIONS] [FILE]\n"
	      "\n"
	      "Records the function calls of a Rust program, with arguments and return values,\n"
	      "and shows recordings.\n"
	      "\n"
	      "Commands:\n", file);
	for (const struct fdbg_command *command = fdbg_commands; command->name; command++)
		fprintf(file, "  %-12s  %s\n", command->name, command->summary);
	fputs("\n"
	      "  -h, --help     show this help; behind a command, its options\n"
	      "  -V, --version  print the version\n"
	      "\n"
	      "The reading commands take the newest *.firedbg.ss of the current directory when\n"
	      "no FILE is given. 'fdbg COMMAND --help' tells the options of a command.\n", file);
}

/* Prints the error, unless a reader of the output just went away, and picks the exit status. */
static int finish(const struct fdbg_command *command, struct fdbg_error *err, int status)
{
	if (!err && (fflush(stdout) || ferror(stdout)) && errno != EPIPE) {
		err = fdbg_error_errno(errno, "cannot write to standard output");
	}
	if (!err)
		return status;
	if (err->code == FDBG_ERROR_IO && err->errnum == EPIPE) {
		status = 0;
	} else {
		fprintf(stderr, "fdbg: %s\n", err->message);
		if (!status)
			status = command->failure_status;
		if (err->code == FDBG_ERROR_USAGE) {
			fprintf(stderr, "Try 'fdbg %s --help'.\n", command->name);
			status = command->usage_status;
		}
	}
	fdbg_error_destroy(err);
	return status;
}

static int run(const struct fdbg_command *command, int argc, char **argv)
{
	int status = 0;
	struct fdbg_error *err = command->run(argc, argv, &status);

	return finish(command, err, status);
}

/* `fdbg help`, `fdbg help COMMAND`. */
static int help(int argc, char **argv)
{
	const struct fdbg_command *command;
	char option[] = "--help";
	char *words[3];

	if (argc < 3) {
		print_help(stdout);
		return finish(fdbg_commands, NULL, 0);
	}
	command = fdbg_command_find(argv[2]);
	if (!command) {
		fprintf(stderr, "fdbg: there is no command '%s'\nTry 'fdbg --help'.\n", argv[2]);
		return 2;
	}
	words[0] = argv[2];
	words[1] = option;
	words[2] = NULL;
	return run(command, 2, words);
}

/* `fdbg --complete WORD...`, see cli/complete.h; n_words of words, which follow argv[1]. */
static int complete(int n_words, char **words)
{
	const char *typed = n_words ? words[n_words - 1] : "";
	bool is_help = n_words == 2 && !strcmp(words[0], "help");
	const struct fdbg_command *command = n_words > 1 ? fdbg_command_find(words[0]) : NULL;
	char record[] = "record", option[] = FDBG_COMPLETE_OPTION;
	struct fdbg_buf buf = { 0 };

	if (n_words < 2 || is_help) {
		for (const struct fdbg_command *row = fdbg_commands; row->name; row++)
			fdbg_complete_word(row->name, row->summary, typed, &buf);
	}
	if (n_words < 2) {
		fdbg_complete_word("help", "tell the options of a command", typed, &buf);
		/* What stands here on its own; all others are options of `record`. */
		if (typed[0] == '-') {
			fdbg_complete_word("-V", "print the version", typed, &buf);
			fdbg_complete_word("--version", "print the version", typed, &buf);
		}
	}
	fputs(fdbg_buf_cstr(&buf), stdout);
	fdbg_buf_deinit(&buf);
	if (is_help)
		return finish(fdbg_commands, NULL, 0);
	/* The words before the first one of the command are argv's, so there is room for its name and the question. */
	if (command) {
		words[-1] = words[0];
		words[0] = option;
		return run(command, n_words + 1, words - 1);
	}
	words[-2] = record;
	words[-1] = option;
	return run(fdbg_command_find(record), n_words + 2, words - 2);
}

int main(int argc, char **argv)
{
	const struct fdbg_command *command;
	char record[] = "record";

	if (argc < 2) {
		print_help(stderr);
		return 125;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		print_help(stdout);
		return finish(fdbg_commands, NULL, 0);
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		puts(PACKAGE_STRING);
		return finish(fdbg_commands, NULL, 0);
	}
	if (!strcmp(argv[1], FDBG_COMPLETE_OPTION))
		return complete(argc - 2, argv + 2);
	if (!strcmp(argv[1], "help"))
		return help(argc, argv);
	command = fdbg_command_find(argv[1]);
	if (command)
		return run(command, argc - 1, argv + 1);
	/* Anything else is what is to be recorded: the program's own name stands for the command's. */
	argv[0] = record;
	return run(fdbg_command_find("record"), argc, argv);
}
