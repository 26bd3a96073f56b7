/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* fdbg dump: JSON, one object a line. */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/options.h"
#include "report/dump.h"

static struct fdbg_error *parse_streams(const char *list, bool *streams)
{
	do {
		size_t len = strcspn(list, ",");
		bool all = len == 3 && !strncmp(list, "all", len), found = all;

		for (int i = 0; i <= FDBG_STREAM_OTHER; i++) {
			const char *key = fdbg_stream_key((enum fdbg_stream)i);

			if (all || (key && strlen(key) == len && !strncmp(list, key, len)))
				streams[i] = found = true;
		}
		if (!found)
			return fdbg_error_create(FDBG_ERROR_USAGE,
						 "there is no stream '%.*s'; streams are info, file, "
						 "breakpoint, event, allocation, and all for every one",
						 (int)len, list);
		list += len;
	} while (*list++);
	return NULL;
}

static struct fdbg_error *dump_file(int n_words, char **words, const struct fdbg_dump_options *options)
{
	struct fdbg_sink sink = fdbg_cli_output();
	struct fdbg_recording *recording;
	struct fdbg_error *err;
	char *path;

	err = fdbg_cli_open_recording(n_words, words, &path, &recording);
	if (err)
		return err;
	err = fdbg_dump(recording, options, &sink);
	fdbg_recording_close(recording);
	free(path);
	return err;
}

struct fdbg_error *fdbg_cmd_dump(int argc, char **argv, int *status_ret)
{
	static const char *const forms[] = {
		[FDBG_DUMP_DEBUG] = "debug", [FDBG_DUMP_PRETTY] = "pretty", [FDBG_DUMP_JSON] = "json",
		[FDBG_DUMP_NONE] = "none", [FDBG_DUMP_NONE + 1] = NULL,
	};
	static const char *const keys[] = { "info", "file", "breakpoint", "event", "allocation", "all", NULL };
	const char *streams = "event";
	int form = FDBG_DUMP_DEBUG;
	const struct fdbg_option options[] = {
		{ "stream", 's', FDBG_OPTION_STRING, "KEY[,KEY]",
		  "streams to print: info, file, breakpoint, event (default), "
		  "allocation, or all", &streams, keys, 0 },
		{ "values", 0, FDBG_OPTION_CHOICE, "FORM",
		  "debug (default): values as {:?} prints them; pretty: as {:#?}; "
		  "json: structured; none: left out", &form, forms, 0 },
		{ 0 },
	};
	const struct fdbg_syntax syntax = {
		.usage = "dump [OPTIONS] [FILE]",
		.description = "Prints a recording as JSON, one object a line, in file order.",
		.options = options,
		.max_words = 1,
	};
	struct fdbg_dump_options dump = { 0 };
	struct fdbg_error *err;
	int n_words;
	char **words;
	bool help;

	(void)status_ret;
	err = fdbg_options_parse(&syntax, argc, argv, &n_words, &words, &help);
	if (err || help)
		return err;
	dump.values = (enum fdbg_dump_values)form;
	err = parse_streams(streams, dump.streams);
	return err ? err : dump_file(n_words, words, &dump);
}
