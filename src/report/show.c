/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The call tree as text. */
#include "report/show.h"

#include <inttypes.h>
#include <stdio.h>

#include "value/escape.h"

/* Deeper calls are not indented further: a runaway recursion would fill the disk with blanks. */
enum { MAX_INDENT = 500, FLUSH_SIZE = 32768 };

enum colour { PLAIN, NAME, FAULT, DIM };

struct show {
	const struct fdbg_recording *recording;
	const struct fdbg_show_options *options;
	const struct fdbg_sink *sink;
	struct fdbg_buf out;
};

static void set_colour(struct show *show, enum colour colour)
{
	static const char *const escapes[] = {
		[PLAIN] = "\033[m", [NAME] = "\033[1m", [FAULT] = "\033[1;31m", [DIM] = "\033[2m",
	};

	if (show->sink->colour)
		fdbg_buf_string(&show->out, escapes[colour]);
}

static void put(struct show *show, enum colour colour, const char *text)
{
	set_colour(show, colour);
	fdbg_buf_string(&show->out, text);
	set_colour(show, PLAIN);
}

static void indent(struct show *show, uint64_t depth)
{
	for (uint64_t i = 0; i < depth && i < MAX_INDENT; i++)
		fdbg_buf_string(&show->out, "  ");
}

static void put_name(struct show *show, struct fdbg_text name)
{
	fdbg_escape_terminal(&show->out, name.data, name.len, false);
}

/* A value, whose further lines (pretty form) are indented like the call. */
static void put_value(struct show *show, struct fdbg_text text, uint64_t depth)
{
	if (show->options->tree.style != FDBG_RENDER_PRETTY) {
		put_name(show, text);
		return;
	}
	while (text.len) {
		const char *newline = memchr(text.data, '\n', text.len);
		size_t len = newline ? (size_t)(newline - text.data) : text.len;

		fdbg_escape_terminal(&show->out, text.data, len, false);
		if (!newline)
			return;
		fdbg_buf_byte(&show->out, '\n');
		indent(show, depth);
		text.data += len + 1;
		text.len -= len + 1;
	}
}

static void put_values(struct show *show, const struct fdbg_node *node, const char *between)
{
	for (size_t i = 0; i < node->n_arguments; i++) {
		if (i)
			fdbg_buf_string(&show->out, ", ");
		put_name(show, node->arguments[i].name);
		fdbg_buf_string(&show->out, between);
		put_value(show, node->arguments[i].text, node->depth);
	}
}

static void put_call(struct show *show, const struct fdbg_node *node)
{
	const struct fdbg_message_breakpoint *breakpoint;
	struct fdbg_text path;
	uint32_t line;

	set_colour(show, NAME);
	put_name(show, node->function->name);
	set_colour(show, PLAIN);
	fdbg_buf_byte(&show->out, '(');
	put_values(show, node, "=");
	fdbg_buf_byte(&show->out, ')');
	breakpoint = fdbg_recording_breakpoint(show->recording, node->breakpoint_id);
	switch (node->state) {
	case FDBG_NODE_OPEN:
		fdbg_buf_string(&show->out, " …");
		break;
	case FDBG_NODE_RETURNED:
		if (breakpoint && breakpoint->inlined) {
			fdbg_buf_string(&show->out, " [inlined]");
		} else if (node->result.data) {
			fdbg_buf_string(&show->out, " -> ");
			put_value(show, node->result, node->depth);
		}
		break;
	case FDBG_NODE_UNWOUND:
	case FDBG_NODE_LOST:
		break;
	}
	if (node->panicked)
		put(show, FAULT, " !! panicked");
	if (node->state == FDBG_NODE_UNWOUND)
		put(show, FAULT, " !! unwound");
	if (node->state == FDBG_NODE_LOST)
		put(show, FAULT, " !! return not recorded");
	if (show->options->locations && fdbg_recording_location(show->recording, node->breakpoint_id, &path,
								&line)) {
		set_colour(show, DIM);
		fdbg_buf_string(&show->out, "  ");
		put_name(show, path);
		fdbg_buf_printf(&show->out, ":%" PRIu32, line);
		set_colour(show, PLAIN);
	}
}

/* What happens inside a frame without being a call. */
static void put_other(struct show *show, const struct fdbg_node *node)
{
	switch (node->kind) {
	case FDBG_NODE_CALL:
		break;
	case FDBG_NODE_BREAKPOINT:
		put(show, DIM, "dbg! ");
		break;
	case FDBG_NODE_PANIC:
		put(show, FAULT, "!! panicked");
		if (node->n_arguments)
			fdbg_buf_byte(&show->out, ' ');
		break;
	case FDBG_NODE_FUTURE_ENTER:
		put(show, DIM, "future enter ");
		break;
	case FDBG_NODE_FUTURE_EXIT:
		put(show, DIM, "future exit ");
		break;
	}
	put_values(show, node, " = ");
}

static struct fdbg_error *show_thread(struct show *show, const struct fdbg_tree_thread *thread)
{
	for (size_t i = 0; i < thread->n_nodes; i++) {
		const struct fdbg_node *node = &thread->nodes[i];

		indent(show, node->depth);
		if (node->kind == FDBG_NODE_CALL)
			put_call(show, node);
		else
			put_other(show, node);
		fdbg_buf_byte(&show->out, '\n');
		if (show->out.len >= FLUSH_SIZE) {
			struct fdbg_error *err = fdbg_sink_flush(show->sink, &show->out);

			if (err)
				return err;
		}
	}
	return NULL;
}

/* What was asked for by number has to be there. */
static struct fdbg_error *check_found(const struct fdbg_tree *tree, const struct fdbg_show_options *options,
				      const char *path)
{
	const struct fdbg_filter *filter = &options->tree.filter;
	struct fdbg_error *err = NULL;
	struct fdbg_buf ids = { 0 };
	size_t n_with = 0;

	for (size_t i = 0; i < tree->n_threads; i++) {
		bool wanted =
			filter->has_thread ? tree->threads[i].id == filter->thread_id : tree->threads[i].n_nodes > 0;

		n_with += wanted;
		if (filter->has_thread ? ids.len < 200 : wanted && ids.len < 200)
			fdbg_buf_printf(&ids, "%s%" PRIu64, ids.len ? ", " : "", tree->threads[i].id);
	}
	if (filter->has_thread && !n_with)
		err = fdbg_error_create(FDBG_ERROR_NOT_FOUND, "%s: no thread %" PRIu64 "; it has %s", path,
					filter->thread_id,
						tree->n_threads ? fdbg_buf_cstr(&ids) : "no threads");
	else if (filter->has_frame && !filter->has_thread && n_with > 1)
		err = fdbg_error_create(FDBG_ERROR_USAGE, "%s: threads %s all have a frame %" PRIu64
					"; choose one with --thread", path, fdbg_buf_cstr(&ids),
						filter->frame_id);
	fdbg_buf_deinit(&ids);
	return err;
}

static bool has_nodes(const struct fdbg_tree *tree)
{
	for (size_t i = 0; i < tree->n_threads; i++) {
		if (tree->threads[i].n_nodes)
			return true;
	}
	return false;
}

static struct fdbg_error *show_tree(struct show *show, const struct fdbg_tree *tree)
{
	const struct fdbg_filter *filter = &show->options->tree.filter;
	bool headings = tree->n_threads > 1 && !filter->has_thread && !filter->has_frame, any = false;
	struct fdbg_error *err = check_found(tree, show->options, show->recording->path);

	if (err)
		return err;
	if (filter->has_frame && !filter->n_functions && !has_nodes(tree))
		return fdbg_error_create(FDBG_ERROR_NOT_FOUND, "%s: no frame %" PRIu64, show->recording->path,
					 filter->frame_id);
	for (size_t i = 0; i < tree->n_threads; i++) {
		char heading[48];

		if (!tree->threads[i].n_nodes)
			continue;
		if (headings) {
			snprintf(heading, sizeof(heading), "%sthread %" PRIu64, any ? "\n" : "",
				 tree->threads[i].id);
			put(show, DIM, heading);
			fdbg_buf_byte(&show->out, '\n');
		}
		any = true;
		err = show_thread(show, &tree->threads[i]);
		if (err)
			return err;
	}
	return fdbg_sink_flush(show->sink, &show->out);
}

struct fdbg_error *fdbg_show(struct fdbg_recording *recording, const struct fdbg_show_options *options,
			     const struct fdbg_sink *sink)
{
	struct show show = { .recording = recording, .options = options, .sink = sink };
	struct fdbg_error *err, *broken;
	struct fdbg_tree tree = { 0 };

	/* What was read of a broken file is shown, then what is wrong with it is said. */
	broken = fdbg_tree_build(recording, &options->tree, &tree);
	if (broken && !has_nodes(&tree))
		err = NULL;
	else
		err = show_tree(&show, &tree);
	fdbg_tree_deinit(&tree);
	fdbg_buf_deinit(&show.out);
	if (!broken)
		return err;
	fdbg_error_destroy(err);
	return broken;
}
