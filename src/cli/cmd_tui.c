/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* fdbg tui: the call tree to walk around in. */
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/options.h"
#include "tui/tui.h"

/* One value in the pane. */
#define MAX_VALUE_BYTES 65536

static struct fdbg_error *browse(int n_words, char **words, const struct fdbg_tree_options *options)
{
	struct fdbg_tui_options tui = { .colour = fdbg_cli_output().colour };
	struct fdbg_recording *recording;
	struct fdbg_tree tree = { 0 };
	struct fdbg_error *err;
	char *path;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return fdbg_error_create(FDBG_ERROR_UNSUPPORTED, "this needs a terminal; `fdbg show` prints the tree");
	err = fdbg_cli_open_recording(n_words, words, &path, &recording);
	if (err)
		return err;
	err = fdbg_tree_build(recording, options, &tree);
	if (!err)
		err = fdbg_tui_run(recording, &tree, &tui);
	fdbg_tree_deinit(&tree);
	fdbg_recording_close(recording);
	free(path);
	return err;
}

struct fdbg_error *fdbg_cmd_tui(int argc, char **argv, int *status_ret)
{
	struct fdbg_option_uint thread = { 0 };
	struct fdbg_option_list filters = { 0 };
	struct fdbg_tree_options tree = { .style = FDBG_RENDER_DEBUG, .max_value_bytes = MAX_VALUE_BYTES };
	const struct fdbg_option options[] = {
		{ "thread", 't', FDBG_OPTION_UINT, "ID", "only the calls of this thread", &thread, NULL, 0 },
		{ "filter", 'F', FDBG_OPTION_LIST, "GLOB", "only calls of functions whose full path matches; may repeat", &filters,
		  NULL, 0 },
		{ "errors", 'e', FDBG_OPTION_FLAG, NULL, "only panics and returns of an Err, and what is around them", &tree.errors,
		  NULL, 0 },
		{ 0 },
	};
	const struct fdbg_syntax syntax = {
		.usage = "tui [OPTIONS] [FILE]",
		.description = "Browses a recording in the terminal: the call tree to fold, search and walk, with the values and the\n"
			       "source of the current call beside it. `?` lists the keys.",
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
	if (!err && !help) {
		globs = calloc(filters.n_items + 1, sizeof(*globs));
		err = globs ? NULL : &fdbg_error_nomem;
	}
	if (!err && !help) {
		for (size_t i = 0; i < filters.n_items; i++)
			globs[i] = filters.items[i].value;
		tree.filter.functions = globs;
		tree.filter.n_functions = filters.n_items;
		tree.filter.has_thread = thread.given;
		tree.filter.thread_id = thread.value;
		err = browse(n_words, words, &tree);
	}
	free(globs);
	fdbg_option_list_deinit(&filters);
	return err;
}
