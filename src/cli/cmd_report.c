/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* fdbg report: the functions of a recording, or of two. */
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/options.h"
#include "report/report.h"

static struct fdbg_error *report_two(char **words, const struct fdbg_report_options *options,
				     const struct fdbg_sink *sink)
{
	struct fdbg_recording *a = NULL, *b = NULL;
	struct fdbg_error *err = fdbg_recording_open(words[0], &fdbg_cli_log, &a);

	if (!err)
		err = fdbg_recording_open(words[1], &fdbg_cli_log, &b);
	if (!err)
		err = fdbg_report_diff(a, b, options, sink);
	fdbg_recording_close(a);
	fdbg_recording_close(b);
	return err;
}

struct fdbg_error *fdbg_cmd_report(int argc, char **argv, int *status_ret)
{
	static const char *const sorts[] = {
		[FDBG_REPORT_CALLS] = "calls", [FDBG_REPORT_CALLERS] = "callers", [FDBG_REPORT_TOTAL] = "total",
		[FDBG_REPORT_SELF] = "self", [FDBG_REPORT_ERRORS] = "errors", [FDBG_REPORT_NAME] = "name",
		[FDBG_REPORT_NAME + 1] = NULL,
	};
	struct fdbg_report_options report = { 0 };
	struct fdbg_option_uint limit = { 0 };
	int sort = FDBG_REPORT_CALLS;
	bool diff = false;
	const struct fdbg_option options[] = {
		{ "sort", 's', FDBG_OPTION_CHOICE, "BY",
		  "calls (default), callers, total, self, errors or name; with "
		  "--diff by how much it differs", &sort, sorts, 0 },
		{ "limit", 'n', FDBG_OPTION_UINT, "N", "only the first N functions", &limit, NULL, 0 },
		{ "locations", 'l', FDBG_OPTION_FLAG, NULL, "add file and line of each function", &report.locations,
		  NULL, 0 },
		{ "json", 0, FDBG_OPTION_FLAG, NULL, "print a JSON object", &report.json, NULL, 0 },
		{ "diff", 0, FDBG_OPTION_FLAG, NULL, "compare the functions of the recordings A and B", &diff,
		  NULL, 0 },
		{ "all", 'a', FDBG_OPTION_FLAG, NULL,
		  "with --diff: also functions with the same calls, callers and "
		  "errors", &report.all, NULL, 0 },
		{ 0 },
	};
	const struct fdbg_syntax syntax = {
		.usage = "report [OPTIONS] [FILE]\nreport [OPTIONS] --diff A B",
		.description =
			"Prints for each function of a recording its calls, the number of different functions\n"
			"that call it, total and own time, and errors (Err returned and panics).\n"
			"Times are inflated by recording: they compare with each other only.",
		.options = options,
		.max_words = 2,
	};
	struct fdbg_sink sink = fdbg_cli_output();
	struct fdbg_recording *recording;
	struct fdbg_error *err;
	char **words, *path;
	int n_words;
	bool help;

	(void)status_ret;
	err = fdbg_options_parse(&syntax, argc, argv, &n_words, &words, &help);
	if (err || help)
		return err;
	report.sort = (enum fdbg_report_sort)sort;
	report.has_limit = limit.given;
	report.limit = limit.value;
	if (diff && n_words != 2)
		return fdbg_error_create(FDBG_ERROR_USAGE, "option '--diff' takes two recordings");
	if (!diff && n_words > 1)
		return fdbg_error_create(FDBG_ERROR_USAGE, "unexpected '%s'; --diff compares two recordings",
					 words[1]);
	if (!diff && report.all)
		return fdbg_error_create(FDBG_ERROR_USAGE, "option '--all' goes with --diff");
	if (diff)
		return report_two(words, &report, &sink);
	err = fdbg_cli_open_recording(n_words, words, &path, &recording);
	if (err)
		return err;
	err = fdbg_report(recording, &report, &sink);
	fdbg_recording_close(recording);
	free(path);
	return err;
}
