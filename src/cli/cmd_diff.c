/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* fdbg diff: where two recordings part ways. */
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/options.h"
#include "report/compare.h"

enum { CONTEXT = 3, MAX_CONTEXT = 10000 };

static struct fdbg_error *diff_files(char **words, const struct fdbg_compare_options *options,
				     bool *differ_ret)
{
	struct fdbg_sink sink = fdbg_cli_output();
	struct fdbg_recording *a = NULL, *b = NULL;
	struct fdbg_error *err = fdbg_recording_open(words[0], &fdbg_cli_log, &a);

	if (!err)
		err = fdbg_recording_open(words[1], &fdbg_cli_log, &b);
	if (!err)
		err = fdbg_compare(a, b, options, &sink, differ_ret);
	fdbg_recording_close(a);
	fdbg_recording_close(b);
	return err;
}

struct fdbg_error *fdbg_cmd_diff(int argc, char **argv, int *status_ret)
{
	struct fdbg_compare_options compare = { 0 };
	struct fdbg_option_uint context = { .value = CONTEXT };
	struct fdbg_option_list filters = { 0 };
	const struct fdbg_option options[] = {
		{ "context", 'C', FDBG_OPTION_UINT, "N",
		  "show N events before the place (default 3), and after it where "
		  "the runs do different things", &context, NULL, 0 },
		{ "filter", 'F', FDBG_OPTION_LIST, "GLOB",
		  "compare only calls of functions whose full path matches, such as "
		  "'app::parse::*'; may repeat", &filters, NULL, 0 },
		{ "no-values", 0, FDBG_OPTION_FLAG, NULL,
		  "compare only which functions are called, not the values", &compare.sequence.no_values, NULL, 0 },
		{ "brief", 'q', FDBG_OPTION_FLAG, NULL, "say only that they differ", &compare.brief, NULL, 0 },
		{ "report-identical", 's', FDBG_OPTION_FLAG, NULL, "say also that they are the same",
		  &compare.report_same, NULL, 0 },
		{ "json", 0, FDBG_OPTION_FLAG, NULL, "print a JSON object", &compare.json, NULL, 0 },
		{ 0 },
	};
	const struct fdbg_syntax syntax = {
		.usage = "diff [OPTIONS] A B",
		.description =
			"Finds the first place where two recordings of the same program part ways: thread by\n"
			"thread, in calls, returns and values. Ids, addresses and times are not compared.\n"
			"Exits with 0 when they are the same, 1 when they differ, 2 in trouble.",
		.options = options,
		.min_words = 2,
		.max_words = 2,
	};
	const char **globs = NULL;
	bool help, differ = false;
	struct fdbg_error *err;
	int n_words;
	char **words;

	err = fdbg_options_parse(&syntax, argc, argv, &n_words, &words, &help);
	if (err || help)
		goto out;
	if (context.value > MAX_CONTEXT) {
		err = fdbg_error_create(FDBG_ERROR_USAGE, "option '--context' takes at most %d", MAX_CONTEXT);
		goto out;
	}
	globs = calloc(filters.n_items + 1, sizeof(*globs));
	if (!globs) {
		err = &fdbg_error_nomem;
		goto out;
	}
	for (size_t i = 0; i < filters.n_items; i++)
		globs[i] = filters.items[i].value;
	compare.n_context = (size_t)context.value;
	compare.sequence.filter = (struct fdbg_filter){ .functions = globs, .n_functions = filters.n_items };
	err = diff_files(words, &compare, &differ);
	if (!err && differ)
		*status_ret = 1;
out:
	free(globs);
	fdbg_option_list_deinit(&filters);
	return err;
}
