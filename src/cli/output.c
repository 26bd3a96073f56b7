/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Standard output and warnings of the program. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

static void print_log(void *context, enum fdbg_log_level level, const char *line)
{
	(void)context;
	fprintf(stderr, level == FDBG_LOG_WARNING ? "fdbg: warning: %s\n" : "fdbg: %s\n", line);
}

const struct fdbg_log fdbg_cli_log = { .level = FDBG_LOG_WARNING, .sink = print_log };

static struct fdbg_error *write_stdout(void *context, const char *data, size_t len)
{
	(void)context;
	while (len) {
		ssize_t n = write(STDOUT_FILENO, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fdbg_error_errno(errno, "cannot write to standard output");
		data += n;
		len -= (size_t)n;
	}
	return NULL;
}

struct fdbg_sink fdbg_cli_output(void)
{
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");

	/* The reading commands run no program that would inherit this. */
	signal(SIGPIPE, SIG_IGN);
	return (struct fdbg_sink){
		.write = write_stdout,
		.colour = !(no_colour && *no_colour) && term && strcmp(term, "dumb") && isatty(STDOUT_FILENO),
	};
}
