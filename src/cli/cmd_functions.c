/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* fdbg functions: what a recording would trace. */
#include <stdlib.h>

#include "base/buf.h"
#include "cli/cli.h"
#include "cli/recording.h"
#include "cli/selection.h"
#include "trace/announce.h"

static struct fdbg_error *print(struct fdbg_debuginfo *debuginfo, const struct fdbg_chosen *chosen, size_t n_chosen,
				struct fdbg_arena *arena)
{
	const struct fdbg_unit *main_unit = fdbg_debuginfo_main_unit(debuginfo);
	struct fdbg_sink sink = fdbg_cli_output();
	struct fdbg_buf out = { 0 };
	struct fdbg_error *err;

	for (size_t i = 0; i < n_chosen; i++) {
		struct fdbg_text path = fdbg_announce_path(chosen[i].function,
							   main_unit ? main_unit->comp_dir : FDBG_TEXT(""), arena);

		if (chosen[i].dbg_trace)
			continue;
		fdbg_buf_append(&out, chosen[i].name.data, chosen[i].name.len);
		fdbg_buf_byte(&out, '\t');
		fdbg_buf_append(&out, path.data, path.len);
		fdbg_buf_printf(&out, ":%u\n", chosen[i].function->line);
	}
	err = fdbg_buf_error(&out);
	if (!err)
		err = sink.write(sink.context, (const char *)out.data, out.len);
	fdbg_buf_deinit(&out);
	return err;
}

static struct fdbg_error *list(const char *program, const struct fdbg_selector *selector)
{
	struct fdbg_debuginfo_options options = { .log = &fdbg_cli_log };
	struct fdbg_debuginfo *debuginfo = NULL;
	struct fdbg_image *image = NULL;
	struct fdbg_arena arena = { 0 };
	struct fdbg_chosen *chosen;
	struct fdbg_error *err;
	size_t n_chosen;

	err = fdbg_image_open(program, &image);
	if (!err)
		err = fdbg_debuginfo_open(image, &options, &debuginfo);
	if (!err)
		err = fdbg_selector_choose(selector, debuginfo, &arena, &chosen, &n_chosen);
	if (!err)
		err = print(debuginfo, chosen, n_chosen, &arena);
	fdbg_arena_deinit(&arena);
	fdbg_debuginfo_close(debuginfo);
	fdbg_image_close(image);
	return err;
}

struct fdbg_error *fdbg_cmd_functions(int argc, char **argv, int *status_ret)
{
	struct fdbg_selection selection = { 0 };
	const struct fdbg_option options[] = { FDBG_SELECTION_OPTIONS(&selection), { 0 } };
	const struct fdbg_syntax syntax = {
		.usage = "functions [OPTIONS] PROGRAM",
		.description = "Lists the functions that a recording of PROGRAM with the same options would trace: full\n"
			       "name, a tab, file and line.",
		.options = options,
		.min_words = 1, .max_words = 1,
		.words = FDBG_WORDS_PROGRAM,
	};
	struct fdbg_error *err;
	int n_words;
	char **words;
	bool help;

	(void)status_ret;
	err = fdbg_options_parse(&syntax, argc, argv, &n_words, &words, &help);
	if (!err && !help) {
		err = fdbg_selection_finish(&selection);
		if (!err)
			err = list(words[0], &selection.selector);
	}
	fdbg_selection_deinit(&selection);
	return err;
}
