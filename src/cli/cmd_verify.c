/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* fdbg verify: whether a recording keeps the rules of the format. */
#include "cli/cli.h"
#include "cli/options.h"
#include "report/verify.h"

static struct fdbg_error *report(void *context, struct fdbg_recording *recording, const struct fdbg_sink *sink)
{
	(void)context;
	return fdbg_verify(recording, sink);
}

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

	(void)status_ret;
	return fdbg_cli_read(&syntax, argc, argv, report, NULL);
}
