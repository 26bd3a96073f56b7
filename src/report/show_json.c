/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The call tree as JSON: one object a line, in the order of the tree. */
#include "report/show_internal.h"
#include "report/time.h"
#include "value/render.h"

static void put_key(struct fdbg_buf *out, const char *key)
{
	fdbg_buf_string(out, ",\"");
	fdbg_buf_string(out, key);
	fdbg_buf_string(out, "\":");
}

static void put_number(struct fdbg_buf *out, const char *key, uint64_t value)
{
	put_key(out, key);
	fdbg_buf_decimal(out, value);
}

static void put_text(struct fdbg_buf *out, const char *key, struct fdbg_text text)
{
	put_key(out, key);
	fdbg_render_json_string(out, text.data, text.len);
}

static void put_time(struct fdbg_buf *out, const char *key, uint64_t time_ms)
{
	put_key(out, key);
	fdbg_buf_byte(out, '"');
	fdbg_time_rfc3339(out, time_ms);
	fdbg_buf_byte(out, '"');
}

/* As in the objects of dump: null for what could not be read. */
static void put_value(struct fdbg_buf *out, const struct fdbg_node_value *value)
{
	if (value->form == FDBG_VALUE_UNREADABLE)
		fdbg_buf_string(out, "null");
	else
		fdbg_render_json_string(out, value->text.data, value->text.len);
}

static struct fdbg_error *put_values(struct fdbg_buf *out, struct fdbg_tree_thread *thread,
				     const struct fdbg_node *node, const char *key)
{
	struct fdbg_node_values values;
	struct fdbg_node_value value;
	struct fdbg_error *err = fdbg_tree_arguments(thread, node, &values);

	if (err)
		return err;
	put_key(out, key);
	fdbg_buf_byte(out, '[');
	for (bool first = true; fdbg_node_values_next(&values, &value); first = false) {
		fdbg_buf_string(out, first ? "[" : ",[");
		fdbg_render_json_string(out, value.name.data, value.name.len);
		fdbg_buf_byte(out, ',');
		put_value(out, &value);
		fdbg_buf_byte(out, ']');
	}
	fdbg_buf_byte(out, ']');
	return NULL;
}

/* What future enter and exit say of a poll. */
static struct fdbg_error *put_poll(struct fdbg_buf *out, struct fdbg_tree_thread *thread, const struct fdbg_node *node)
{
	static const struct {
		const char *key, *name;
		bool exit;
	} rows[] = {
		{ "function", "fn", false }, { "future", "future", false }, { "before", "state", false },
		{ "after", "state", true }, { "await_line", "await_line", true }, { "result", "poll", true },
	};
	bool any = false;

	put_key(out, "poll");
	fdbg_buf_byte(out, '{');
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct fdbg_node_value value;
		bool found;
		struct fdbg_error *err = fdbg_tree_poll_value(thread, node, rows[i].exit, rows[i].name, &value, &found);

		if (err)
			return err;
		if (!found)
			continue;
		fdbg_buf_printf(out, "%s\"%s\":", any ? "," : "", rows[i].key);
		put_value(out, &value);
		any = true;
	}
	fdbg_buf_byte(out, '}');
	return NULL;
}

static struct fdbg_error *put_call(struct fdbg_show *show, struct fdbg_tree_thread *thread,
				   const struct fdbg_node *node)
{
	static const char *const states[] = {
		[FDBG_FLOW_OPEN] = "open", [FDBG_FLOW_RETURNED] = "returned", [FDBG_FLOW_UNWOUND] = "unwound",
		[FDBG_FLOW_LOST] = "lost",
	};
	struct fdbg_buf *out = &show->out;
	struct fdbg_node_values values;
	struct fdbg_node_value value;
	struct fdbg_error *err;
	struct fdbg_text path;
	uint32_t line;

	if (node->parent_frame_id) {
		put_number(out, "parent_frame_id", node->parent_frame_id);
	} else {
		put_key(out, "parent_frame_id");
		fdbg_buf_string(out, "null");
	}
	put_number(out, "depth", node->depth);
	put_text(out, "function", node->function->name);
	if (fdbg_recording_location(show->recording, node->breakpoint_id, &path, &line)) {
		put_text(out, "file", path);
		put_number(out, "line", line);
	}
	err = put_values(out, thread, node, "args");
	if (err)
		return err;
	if (node->poll) {
		err = put_poll(out, thread, node);
		if (err)
			return err;
	}
	put_key(out, "state");
	fdbg_buf_byte(out, '"');
	fdbg_buf_string(out, states[node->state]);
	fdbg_buf_byte(out, '"');
	if (node->state == FDBG_FLOW_RETURNED) {
		err = fdbg_tree_result(thread, node, &values);
		if (err)
			return err;
		put_key(out, "value");
		if (fdbg_node_values_next(&values, &value))
			put_value(out, &value);
		else
			fdbg_buf_string(out, "null");
	}
	if (node->state == FDBG_FLOW_RETURNED || node->state == FDBG_FLOW_UNWOUND)
		put_time(out, "return_time", node->return_ms);
	if (node->failed)
		fdbg_buf_string(out, ",\"error\":true");
	if (node->panicked)
		fdbg_buf_string(out, ",\"panicked\":true");
	if (node->context)
		fdbg_buf_string(out, ",\"context\":true");
	return NULL;
}

static struct fdbg_error *put_node(struct fdbg_show *show, struct fdbg_tree_thread *thread,
				   const struct fdbg_node *node)
{
	static const char *const kinds[] = {
		[FDBG_NODE_CALL] = "call", [FDBG_NODE_BREAKPOINT] = "breakpoint", [FDBG_NODE_PANIC] = "panic",
		[FDBG_NODE_FUTURE_ENTER] = "future_enter", [FDBG_NODE_FUTURE_EXIT] = "future_exit",
	};
	struct fdbg_buf *out = &show->out;
	struct fdbg_error *err;

	fdbg_buf_string(out, "{\"kind\":\"");
	fdbg_buf_string(out, kinds[node->kind]);
	fdbg_buf_byte(out, '"');
	put_number(out, "sequence", node->sequence);
	put_time(out, "time", node->time_ms);
	put_number(out, "thread_id", thread->id);
	put_number(out, "frame_id", node->frame_id);
	if (node->kind == FDBG_NODE_CALL) {
		err = put_call(show, thread, node);
	} else {
		put_number(out, "depth", node->depth);
		if (node->function)
			put_text(out, "function", node->function->name);
		err = put_values(out, thread, node, "locals");
	}
	fdbg_buf_string(out, "}\n");
	return err;
}

struct fdbg_error *fdbg_show_json(struct fdbg_show *show, struct fdbg_tree_thread *thread)
{
	struct fdbg_error *err = NULL;

	for (size_t i = 0; i < thread->n_nodes && !err; i++) {
		err = put_node(show, thread, &thread->nodes[i]);
		if (!err)
			err = fdbg_show_settle(show);
	}
	return err;
}
