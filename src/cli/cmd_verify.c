/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* fdbg verify: whether a recording keeps the rules of the format. */
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/options.h"
#include "report/verify.h"

struct fdbg_error *fdbg_cmd_verify(int argc, char **argv, int *status_ret)
{
	const struct fdbg_option options[] = {
		{ 0 },
	};
	const struct fdbg_syntax syntax = {
		.usage = "verify [FILE]",
		.description =
			"Checks a recording: every checksum, beacon, sequence number and value, that ids are\n"
			       "announced, and that calls and returns pair up. Exit status 1 and the offset of the first\n"
			       "fault if something is wrong.",
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
	err = fdbg_verify(recording, &sink);
	fdbg_recording_close(recording);
	free(path);
	return err;
}
