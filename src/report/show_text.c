/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The call tree as text. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "report/fold.h"
#include "report/show_internal.h"
#include "value/escape.h"

/* Deeper calls are not indented further: a runaway recursion would fill the disk with blanks. */
enum { MAX_INDENT = 500 };

enum colour { PLAIN, NAME, FAULT, DIM, MATCH };

static void set_colour(struct fdbg_show *show, enum colour colour)
{
	static const char *const escapes[] = {
		[PLAIN] = "\033[m", [NAME] = "\033[1m", [FAULT] = "\033[1;31m", [DIM] = "\033[2m",
		[MATCH] = "\033[7m",
	};

	if (show->sink->colour)
		fdbg_buf_string(&show->out, escapes[colour]);
}

static void put(struct fdbg_show *show, enum colour colour, const char *text)
{
	set_colour(show, colour);
	fdbg_buf_string(&show->out, text);
	set_colour(show, PLAIN);
}

static void indent(struct fdbg_show *show, uint64_t depth)
{
	for (uint64_t i = 0; i < depth && i < MAX_INDENT; i++)
		fdbg_buf_string(&show->out, "  ");
}

static void put_name(struct fdbg_show *show, struct fdbg_text name)
{
	fdbg_escape_terminal(&show->out, name.data, name.len, false);
}

/* One line of a value; what was looked for stands out. */
static void put_line(struct fdbg_show *show, const char *data, size_t len)
{
	const char *grep = show->options->tree.grep, *found;

	while (grep && *grep && show->sink->colour && (found = memmem(data, len, grep, strlen(grep)))) {
		size_t before = (size_t)(found - data), n = strlen(grep);

		fdbg_escape_terminal(&show->out, data, before, false);
		set_colour(show, MATCH);
		fdbg_escape_terminal(&show->out, found, n, false);
		set_colour(show, PLAIN);
		data += before + n;
		len -= before + n;
	}
	fdbg_escape_terminal(&show->out, data, len, false);
}

/* A value, whose further lines (pretty form) are indented like the call. */
static void put_value(struct fdbg_show *show, struct fdbg_text text, uint64_t depth)
{
	if (show->options->tree.style != FDBG_RENDER_PRETTY) {
		put_line(show, text.data, text.len);
		return;
	}
	while (text.len) {
		const char *newline = memchr(text.data, '\n', text.len);
		size_t len = newline ? (size_t)(newline - text.data) : text.len;

		put_line(show, text.data, len);
		if (!newline)
			return;
		fdbg_buf_byte(&show->out, '\n');
		indent(show, depth);
		text.data += len + 1;
		text.len -= len + 1;
	}
}

static struct fdbg_error *put_values(struct fdbg_show *show, struct fdbg_tree_thread *thread,
				     const struct fdbg_node *node, const char *between)
{
	struct fdbg_node_values values;
	struct fdbg_node_value value;
	struct fdbg_error *err = fdbg_tree_arguments(thread, node, &values);

	for (bool first = true; !err && fdbg_node_values_next(&values, &value); first = false) {
		if (!first)
			fdbg_buf_string(&show->out, ", ");
		put_name(show, value.name);
		fdbg_buf_string(&show->out, between);
		put_value(show, value.text, node->depth);
	}
	return err;
}

static struct fdbg_error *put_result(struct fdbg_show *show, struct fdbg_tree_thread *thread,
				     const struct fdbg_node *node)
{
	struct fdbg_node_values values;
	struct fdbg_node_value value;
	bool found;
	/* Future exit has it as a Poll with every compiler. */
	struct fdbg_error *err = fdbg_tree_poll_value(thread, node, true, "poll", &value, &found);

	if (!err && !found) {
		err = fdbg_tree_result(thread, node, &values);
		found = !err && fdbg_node_values_next(&values, &value);
	}
	if (!err && found) {
		fdbg_buf_string(&show->out, " -> ");
		put_value(show, value.text, node->depth);
	}
	return err;
}

/* Puts a value of a poll, behind text where it has one. */
static struct fdbg_error *put_poll_value(struct fdbg_show *show, struct fdbg_tree_thread *thread,
					 const struct fdbg_node *node, bool exit, const char *name, const char *before)
{
	struct fdbg_node_value value;
	struct fdbg_error *err;
	bool found;

	err = fdbg_tree_poll_value(thread, node, exit, name, &value, &found);
	if (err || !found)
		return err;
	fdbg_buf_string(&show->out, before);
	put_name(show, value.text);
	return NULL;
}

/* A poll's argument is the coroutine, in the state before; then the state that the poll leaves it in. */
static struct fdbg_error *put_poll(struct fdbg_show *show, struct fdbg_tree_thread *thread, const struct fdbg_node *node)
{
	struct fdbg_node_values values;
	struct fdbg_node_value value;
	struct fdbg_error *err = fdbg_tree_arguments(thread, node, &values);

	if (!err && fdbg_node_values_next(&values, &value))
		put_value(show, value.text, node->depth);
	else if (!err)
		err = put_poll_value(show, thread, node, false, "state", "");
	if (!err)
		err = put_poll_value(show, thread, node, true, "state", " => ");
	return err ? err : put_poll_value(show, thread, node, true, "await_line", " at line ");
}

static void put_location(struct fdbg_show *show, const struct fdbg_node *node)
{
	struct fdbg_text path;
	uint32_t line;

	if (!fdbg_recording_location(show->recording, node->breakpoint_id, &path, &line))
		return;
	set_colour(show, DIM);
	fdbg_buf_string(&show->out, "  ");
	put_name(show, path);
	fdbg_buf_printf(&show->out, ":%" PRIu32, line);
	set_colour(show, PLAIN);
}

/* The text of a string without its quotes. */
static void put_quoted(struct fdbg_show *show, struct fdbg_text text)
{
	if (text.len >= 2 && text.data[0] == '"' && text.data[text.len - 1] == '"')
		text = (struct fdbg_text){ text.data + 1, text.len - 2 };
	put_name(show, text);
}

static struct fdbg_error *put_call(struct fdbg_show *show, struct fdbg_tree_thread *thread,
				   const struct fdbg_node *node)
{
	const struct fdbg_message_breakpoint *breakpoint;
	struct fdbg_node_value value;
	struct fdbg_error *err;
	bool found;

	err = fdbg_tree_poll_value(thread, node, false, "fn", &value, &found);
	if (err)
		return err;
	if (found)
		put(show, DIM, "poll ");
	set_colour(show, node->context ? DIM : NAME);
	if (found)
		put_quoted(show, value.text);
	else
		put_name(show, node->function->name);
	set_colour(show, PLAIN);
	fdbg_buf_byte(&show->out, '(');
	err = found ? put_poll(show, thread, node) : put_values(show, thread, node, "=");
	if (err)
		return err;
	fdbg_buf_byte(&show->out, ')');
	switch (node->state) {
	case FDBG_FLOW_OPEN:
		fdbg_buf_string(&show->out, " …");
		break;
	case FDBG_FLOW_RETURNED:
		breakpoint = fdbg_recording_breakpoint(show->recording, node->breakpoint_id);
		if (breakpoint && breakpoint->inlined)
			fdbg_buf_string(&show->out, " [inlined]");
		else
			err = put_result(show, thread, node);
		break;
	case FDBG_FLOW_UNWOUND:
	case FDBG_FLOW_LOST:
		break;
	}
	if (node->poll && !err) {
		set_colour(show, DIM);
		err = put_poll_value(show, thread, node, false, "future", "  @");
		set_colour(show, PLAIN);
	}
	if (node->panicked)
		put(show, FAULT, " !! panicked");
	if (node->state == FDBG_FLOW_UNWOUND)
		put(show, FAULT, " !! unwound");
	if (node->state == FDBG_FLOW_LOST)
		put(show, FAULT, " !! return not recorded");
	if (node->context && show->options->tree.filter.from.kind)
		put(show, DIM, " (began earlier)");
	if (show->options->locations)
		put_location(show, node);
	return err;
}

/* What happens inside a frame without being a call. */
static struct fdbg_error *put_other(struct fdbg_show *show, struct fdbg_tree_thread *thread,
				    const struct fdbg_node *node)
{
	struct fdbg_node_values values;
	struct fdbg_node_value value;
	struct fdbg_error *err;

	switch (node->kind) {
	case FDBG_NODE_CALL:
		break;
	case FDBG_NODE_BREAKPOINT:
		put(show, DIM, "dbg! ");
		break;
	case FDBG_NODE_PANIC:
		put(show, FAULT, "!! panicked");
		err = fdbg_tree_result(thread, node, &values);
		if (!err && fdbg_node_values_next(&values, &value)) {
			fdbg_buf_byte(&show->out, ' ');
			put_name(show, value.text);
		}
		return err;
	case FDBG_NODE_FUTURE_ENTER:
		put(show, DIM, "future enter ");
		break;
	case FDBG_NODE_FUTURE_EXIT:
		put(show, DIM, "future exit ");
		break;
	}
	return put_values(show, thread, node, " = ");
}

static struct fdbg_error *put_node(struct fdbg_show *show, struct fdbg_tree_thread *thread,
				   const struct fdbg_node *node)
{
	struct fdbg_error *err;

	indent(show, node->depth);
	err = node->kind == FDBG_NODE_CALL ? put_call(show, thread, node) : put_other(show, thread, node);
	fdbg_buf_byte(&show->out, '\n');
	return err ? err : fdbg_show_settle(show);
}

static void put_folded(struct fdbg_show *show, const struct fdbg_node *node, const struct fdbg_fold_run *run)
{
	indent(show, node->depth);
	set_colour(show, DIM);
	if (run->period > 1) {
		fdbg_buf_printf(&show->out, "… the %zu above %zu more times", run->period, run->n_repeats);
	} else if (node->kind == FDBG_NODE_CALL) {
		fdbg_buf_printf(&show->out, "… %zu more calls of ", run->n_repeats);
		put_name(show, node->function->name);
	} else {
		fdbg_buf_printf(&show->out, "… %zu more of these", run->n_repeats);
	}
	if (run->end - run->first_end > run->period * run->n_repeats)
		fdbg_buf_printf(&show->out, " (%zu lines)", run->end - run->first_end);
	set_colour(show, PLAIN);
	fdbg_buf_byte(&show->out, '\n');
}

/* A repetition whose first time is being shown: the rest is counted behind it. */
struct pending {
	size_t node;
	struct fdbg_fold_run run;
};

static struct fdbg_error *show_folded(struct fdbg_show *show, struct fdbg_tree_thread *thread,
				      const struct fdbg_fold *fold)
{
	size_t n_pending = 0, cap = 0;
	struct pending *pending = NULL;
	struct fdbg_error *err = NULL;

	for (size_t i = 0; i <= thread->n_nodes && !err;) {
		size_t limit = n_pending ? pending[n_pending - 1].run.first_end : thread->n_nodes;
		struct fdbg_fold_run run;

		if (n_pending && i == limit) {
			n_pending--;
			put_folded(show, &thread->nodes[pending[n_pending].node], &pending[n_pending].run);
			i = pending[n_pending].run.end;
			continue;
		}
		if (i == thread->n_nodes)
			break;
		run = fdbg_fold_find(fold, i, limit);
		if (run.period) {
			if (n_pending == cap) {
				struct pending *grown =
					reallocarray(pending, cap ? cap * 2 : 16, sizeof(*grown));

				if (!grown) {
					err = &fdbg_error_nomem;
					break;
				}
				pending = grown;
				cap = cap ? cap * 2 : 16;
			}
			pending[n_pending++] = (struct pending){ i, run };
		}
		err = put_node(show, thread, &thread->nodes[i]);
		i++;
	}
	free(pending);
	return err;
}

void fdbg_show_heading(struct fdbg_show *show, uint64_t thread_id, bool first)
{
	char heading[48];

	snprintf(heading, sizeof(heading), "%sthread %" PRIu64, first ? "" : "\n", thread_id);
	put(show, DIM, heading);
	fdbg_buf_byte(&show->out, '\n');
}

struct fdbg_error *fdbg_show_text(struct fdbg_show *show, struct fdbg_tree_thread *thread)
{
	struct fdbg_error *err = NULL;
	struct fdbg_fold fold;

	if (!show->options->fold) {
		for (size_t i = 0; i < thread->n_nodes && !err; i++)
			err = put_node(show, thread, &thread->nodes[i]);
		return err;
	}
	err = fdbg_fold_init(&fold, thread);
	if (err)
		return err;
	err = show_folded(show, thread, &fold);
	fdbg_fold_deinit(&fold);
	return err;
}
