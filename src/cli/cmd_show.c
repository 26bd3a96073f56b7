/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* fdbg show: the call tree. */
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/options.h"
#include "cli/pager.h"
#include "cli/part.h"
#include "report/show.h"

/* A line of the tree stays readable; dump has the values in full. */
enum { MAX_DEBUG_BYTES = 1000, MAX_PRETTY_BYTES = 100000 };

static struct fdbg_error *show_file(int n_words, char **words, const struct fdbg_show_options *options,
				    bool paged)
{
	/* Whether there are colours is asked before the pager stands between. */
	struct fdbg_sink sink = fdbg_cli_output();
	struct fdbg_pager pager = { 0 };
	struct fdbg_recording *recording;
	struct fdbg_error *err;
	char *path;

	err = fdbg_cli_open_recording(n_words, words, &path, &recording);
	if (err)
		return err;
	if (paged)
		fdbg_pager_start(&pager);
	err = fdbg_show(recording, options, &sink);
	fdbg_pager_finish(&pager);
	fdbg_recording_close(recording);
	free(path);
	return err;
}

static struct fdbg_error *check(const struct fdbg_show_options *show)
{
	if (show->json && show->fold)
		return fdbg_error_create(FDBG_ERROR_USAGE,
					 "--json prints every call; it does not go with --fold");
	if (show->tree.grep && !*show->tree.grep)
		return fdbg_error_create(FDBG_ERROR_USAGE, "option '--grep' needs a text to look for");
	return NULL;
}

struct fdbg_error *fdbg_cmd_show(int argc, char **argv, int *status_ret)
{
	static const char *const styles[] = {
		[FDBG_RENDER_DEBUG] = "debug", [FDBG_RENDER_PRETTY] = "pretty",
		[FDBG_RENDER_PRETTY + 1] = NULL,
	};
	struct fdbg_show_options show = { 0 };
	struct fdbg_cli_part part = { 0 };
	int style = FDBG_RENDER_DEBUG;
	bool no_pager = false;
	const struct fdbg_option options[] = {
		FDBG_CLI_PART_OPTIONS(&part, "only this frame, what it called, and the calls around it"),
		{ "errors", 'e', FDBG_OPTION_FLAG, NULL,
		  "only panics and returns of an Err, and the calls around them", &show.tree.errors, NULL,
		  0 },
		{ "grep", 'g', FDBG_OPTION_STRING, "TEXT",
		  "only calls with this text in a value, and the calls around "
		  "them",
		  &show.tree.grep, NULL, 0 },
		{ "fold", 0, FDBG_OPTION_FLAG, NULL,
		  "count calls that repeat beside each other instead of showing each", &show.fold, NULL, 0 },
		{ "locations", 'l', FDBG_OPTION_FLAG, NULL, "add file and line of each function",
		  &show.locations, NULL, 0 },
		{ "values", 0, FDBG_OPTION_CHOICE, "FORM",
		  "debug (default): values as {:?} prints them; pretty: as {:#?}", &style, styles, 0 },
		{ "json", 'j', FDBG_OPTION_FLAG, NULL,
		  "print one JSON object a call, in the order of the tree", &show.json, NULL, 0 },
		{ "no-pager", 0, FDBG_OPTION_FLAG, NULL, "on a terminal: no pager", &no_pager, NULL, 0 },
		{ 0 },
	};
	const struct fdbg_syntax syntax = {
		.usage = "show [OPTIONS] [FILE]",
		.description =
			"Prints the call tree of a recording: one line a call with arguments and return\n"
			       "value, indented by depth, one thread after another.\n"
			       "\n"
			       "  …                the call did not return before the recording ended\n"
			       "  !! panicked      a panic began in this call\n"
			       "  !! unwound       a panic left this call\n"
			       "  !! return not recorded  it was left, nobody saw how\n"
			       "  (began earlier)  the call was open where --from begins",
		.options = options,
		.max_words = 1,
	};
	struct fdbg_error *err;
	int n_words;
	char **words;
	bool help;

	(void)status_ret;
	err = fdbg_options_parse(&syntax, argc, argv, &n_words, &words, &help);
	if (!err && !help)
		err = check(&show);
	if (err || help)
		goto out;
	show.tree.style = (enum fdbg_render_style)style;
	show.tree.max_value_bytes =
		style == FDBG_RENDER_PRETTY || show.json ? MAX_PRETTY_BYTES : MAX_DEBUG_BYTES;
	err = fdbg_cli_part_filter(&part, &show.tree.filter);
	if (!err)
		err = show_file(n_words, words, &show, !no_pager && !show.json);
out:
	fdbg_cli_part_deinit(&part);
	return err;
}
