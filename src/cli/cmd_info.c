/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* fdbg info: what a recording holds. */
#include "cli/cli.h"
#include "cli/options.h"
#include "report/info.h"

static struct fdbg_error *report(void *context, struct fdbg_recording *recording, const struct fdbg_sink *sink)
{
	(void)context;
	return fdbg_info(recording, sink);
}

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

	(void)status_ret;
	return fdbg_cli_read(&syntax, argc, argv, report, NULL);
}
