/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* fdbg show: the call tree. */
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/options.h"
#include "report/show.h"

/* A line of the tree stays readable; dump has the values in full. */
enum { MAX_DEBUG_BYTES = 1000, MAX_PRETTY_BYTES = 100000 };

static struct fdbg_error *show_file(int n_words, char **words, const struct fdbg_show_options *options)
{
	struct fdbg_sink sink = fdbg_cli_output();
	struct fdbg_recording *recording;
	struct fdbg_error *err;
	char *path;

	err = fdbg_cli_open_recording(n_words, words, &path, &recording);
	if (err)
		return err;
	err = fdbg_show(recording, options, &sink);
	fdbg_recording_close(recording);
	free(path);
	return err;
}

struct fdbg_error *fdbg_cmd_show(int argc, char **argv, int *status_ret)
{
	static const char *const styles[] = {
		[FDBG_RENDER_DEBUG] = "debug", [FDBG_RENDER_PRETTY] = "pretty",
		[FDBG_RENDER_PRETTY + 1] = NULL,
	};
	struct fdbg_option_uint thread = { 0 }, depth = { 0 }, frame = { 0 };
	struct fdbg_option_list filters = { 0 };
	struct fdbg_show_options show = { 0 };
	int style = FDBG_RENDER_DEBUG;
	const struct fdbg_option options[] = {
		{ "thread", 't', FDBG_OPTION_UINT, "ID", "only the calls of this thread", &thread, NULL, 0 },
		{ "filter", 'F', FDBG_OPTION_LIST, "GLOB",
		  "only calls of functions whose full path matches, such as "
		  "'app::parse::*'; may repeat", &filters, NULL, 0 },
		{ "depth", 'd', FDBG_OPTION_UINT, "N",
		  "only calls up to depth N (0: the outermost; with --frame counted "
		  "from that frame)", &depth, NULL, 0 },
		{ "frame", 'f', FDBG_OPTION_UINT, "ID", "only this frame and what it called", &frame, NULL,
		  0 },
		{ "locations", 'l', FDBG_OPTION_FLAG, NULL, "add file and line of each function",
		  &show.locations, NULL, 0 },
		{ "values", 0, FDBG_OPTION_CHOICE, "FORM",
		  "debug (default): values as {:?} prints them; pretty: as {:#?}",
		  &style, styles, 0 },
		{ 0 },
	};
	const struct fdbg_syntax syntax = {
		.usage = "show [OPTIONS] [FILE]",
		.description =
			"Prints the call tree of a recording: one line a call with arguments and return\n"
			       "value, indented by depth, one thread after another.\n"
			       "\n"
			       "  …             the call did not return before the recording ended\n"
			       "  !! panicked   a panic began in this call\n"
			       "  !! unwound    a panic left this call",
		.options = options,
		.max_words = 1,
	};
	const char **globs = NULL;
	struct fdbg_error *err;
	int n_words;
	char **words;
	bool help;

	(void)status_ret;
	err = fdbg_options_parse(&syntax, argc, argv, &n_words, &words, &help);
	if (err || help)
		goto out;
	globs = calloc(filters.n_items + 1, sizeof(*globs));
	if (!globs) {
		err = &fdbg_error_nomem;
		goto out;
	}
	for (size_t i = 0; i < filters.n_items; i++)
		globs[i] = filters.items[i].value;
	show.tree.style = (enum fdbg_render_style)style;
	show.tree.max_value_bytes = style == FDBG_RENDER_PRETTY ? MAX_PRETTY_BYTES : MAX_DEBUG_BYTES;
	show.tree.filter = (struct fdbg_filter){
		.functions = globs,
		.n_functions = filters.n_items,
		.has_thread = thread.given,
		.thread_id = thread.value,
		.has_frame = frame.given,
		.frame_id = frame.value,
		.has_depth = depth.given,
		.max_depth = depth.value,
	};
	err = show_file(n_words, words, &show);
out:
	free(globs);
	fdbg_option_list_deinit(&filters);
	return err;
}
