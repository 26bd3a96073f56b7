/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* fdbg index: the SQLite index. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "report/index.h"
#include "value/escape.h"

static volatile sig_atomic_t stopped;

static void stop(int number)
{
	(void)number;
	stopped = 1;
}

/* Ctrl-C ends the work between two transactions. */
static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = stop };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

static struct fdbg_error *print_summary(const struct fdbg_index_options *options,
					const struct fdbg_index_result *result)
{
	struct fdbg_sink sink = fdbg_cli_output();
	struct fdbg_buf out = { 0 };
	struct fdbg_error *err;

	if (result->restarted)
		fdbg_log(options->log, FDBG_LOG_WARNING,
			 "%s was the index of another recording and was made anew", options->output);
	fdbg_escape_terminal(&out, options->output, strlen(options->output), false);
	fdbg_buf_printf(&out, ": %" PRIu64 " events, %" PRIu64 " allocations", result->n_events,
			result->n_allocations);
	if (result->n_new_events != result->n_events || result->n_new_allocations != result->n_allocations)
		fdbg_buf_printf(&out, " (%" PRIu64 " and %" PRIu64 " of them new)", result->n_new_events,
				result->n_new_allocations);
	fdbg_buf_byte(&out, '\n');
	err = fdbg_sink_flush(&sink, &out);
	fdbg_buf_deinit(&out);
	return err;
}

struct fdbg_error *fdbg_cmd_index(int argc, char **argv, int *status_ret)
{
	struct fdbg_index_options index = { .stop = &stopped, .log = &fdbg_cli_log };
	bool quiet = false;
	const struct fdbg_option options[] = {
		{ "output", 'o', FDBG_OPTION_STRING, "FILE",
		  "the database (default: FILE with .sqlite in place of "
		  ".firedbg.ss)", &index.output, NULL, 0 },
		{ "follow", 'f', FDBG_OPTION_FLAG, NULL,
		  "go on while the recording is being written, until its end "
		  "or Ctrl-C", &index.follow, NULL, 0 },
		{ "force", 0, FDBG_OPTION_FLAG, NULL, "replace the output file whatever it holds", &index.force,
		  NULL, 0 },
		{ "quiet", 'q', FDBG_OPTION_FLAG, NULL, "no summary line", &quiet, NULL, 0 },
		{ 0 },
	};
	const struct fdbg_syntax syntax = {
		.usage = "index [OPTIONS] [FILE]",
		.description =
			"Writes the SQLite index of a recording, which FireDBG's tools read. Where the index\n"
			"is there already only what is new is added. It can be read while it is written.",
		.options = options,
		.max_words = 1,
	};
	char *path FDBG_AUTO_FREE = NULL, *output FDBG_AUTO_FREE = NULL;
	struct fdbg_index_result result;
	struct fdbg_error *err;
	int n_words;
	char **words;
	bool help;

	(void)status_ret;
	err = fdbg_options_parse(&syntax, argc, argv, &n_words, &words, &help);
	if (err || help)
		return err;
	if (index.output && !*index.output)
		return fdbg_error_create(FDBG_ERROR_USAGE, "option '--output' needs the name of a file");
	err = fdbg_cli_find_recording(n_words, words, &path);
	if (err)
		return err;
	index.recording = path;
	if (!index.output) {
		err = fdbg_index_default_path(path, &output);
		if (err)
			return err;
		index.output = output;
	}
	catch_signals();
	err = fdbg_index_run(&index, &result);
	return err || quiet ? err : print_summary(&index, &result);
}
