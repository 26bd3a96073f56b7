/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* fdbg info: what a recording holds. */
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/options.h"
#include "report/info.h"

struct fdbg_error *fdbg_cmd_info(int argc, char **argv, int *status_ret)
{
	const struct fdbg_option options[] = {
		{ 0 },
	};
	const struct fdbg_syntax syntax = {
		.usage = "info [FILE]",
		.description =
			"Prints what a recording holds: target, arguments, exit, duration, counts by stream\n"
			       "and by function, errors.",
		.options = options,
		.max_words = 1,
	};
	struct fdbg_sink sink = fdbg_cli_output();
	struct fdbg_recording *recording;
	struct fdbg_error *err;
	int n_words;
	char **words, *path;
	bool help;

	(void)status_ret;
	err = fdbg_options_parse(&syntax, argc, argv, &n_words, &words, &help);
	if (err || help)
		return err;
	err = fdbg_cli_open_recording(n_words, words, &path, &recording);
	if (err)
		return err;
	err = fdbg_info(recording, &sink);
	fdbg_recording_close(recording);
	free(path);
	return err;
}
