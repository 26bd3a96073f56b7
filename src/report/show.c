/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The call tree: what is shown of it, thread by thread. */
#include "report/show.h"

#include "report/show_internal.h"

enum { FLUSH_SIZE = 32768 };

struct fdbg_error *fdbg_show_settle(struct fdbg_show *show)
{
	return show->out.len < FLUSH_SIZE ? NULL : fdbg_sink_flush(show->sink, &show->out);
}

static bool has_nodes(const struct fdbg_tree *tree)
{
	for (size_t i = 0; i < tree->n_threads; i++) {
		if (tree->threads[i].n_nodes)
			return true;
	}
	return false;
}

static struct fdbg_error *show_tree(struct fdbg_show *show, struct fdbg_tree *tree)
{
	const struct fdbg_filter *filter = &show->options->tree.filter;
	bool headings = show->recording->frames.n_threads > 1 && !filter->has_thread && !filter->has_frame;
	bool first = true;

	for (size_t i = 0; i < tree->n_threads; i++) {
		struct fdbg_error *err;

		if (!tree->threads[i].n_nodes)
			continue;
		if (headings && !show->options->json)
			fdbg_show_heading(show, tree->threads[i].id, first);
		first = false;
		err = show->options->json ? fdbg_show_json(show, &tree->threads[i]) :
		      fdbg_show_text(show, &tree->threads[i]);
		if (err)
			return err;
	}
	return fdbg_sink_flush(show->sink, &show->out);
}

struct fdbg_error *fdbg_show(struct fdbg_recording *recording, const struct fdbg_show_options *options,
			     const struct fdbg_sink *sink)
{
	struct fdbg_show show = { .recording = recording, .options = options, .sink = sink };
	struct fdbg_error *err = NULL, *broken;
	struct fdbg_tree tree = { 0 };

	/* What was read of a broken file is shown, then what is wrong with it is said. */
	broken = fdbg_tree_build(recording, &options->tree, &tree);
	if (!broken || (broken->code == FDBG_ERROR_FORMAT && has_nodes(&tree)))
		err = show_tree(&show, &tree);
	fdbg_tree_deinit(&tree);
	fdbg_buf_deinit(&show.out);
	if (!broken)
		return err;
	fdbg_error_destroy(err);
	return broken;
}
