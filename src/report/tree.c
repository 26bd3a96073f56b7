/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The call tree of a recording, or of a part: each call with its arguments and its return. */
#include "report/tree.h"

#include <stdlib.h>

#include "report/panic_text.h"

struct builder {
	struct fdbg_tree tree;
	const struct fdbg_tree_options *options;
	const struct fdbg_render_context *render;
	struct fdbg_buf text;
	size_t grep_len;
};

void fdbg_tree_deinit(struct fdbg_tree *tree)
{
	for (size_t i = 0; i < tree->n_threads; i++) {
		free(tree->threads[i].nodes);
		free(tree->threads[i].polls);
		fdbg_spool_deinit(&tree->threads[i].text);
	}
	free(tree->threads);
}

static struct fdbg_error *find_thread(struct builder *builder, const struct fdbg_thread *thread,
				      struct fdbg_tree_thread **ret)
{
	struct fdbg_tree *tree = &builder->tree;

	if (thread->index >= tree->n_threads) {
		size_t n = (thread->index + 1) * 2;
		struct fdbg_tree_thread *threads = reallocarray(tree->threads, n, sizeof(*threads));

		if (!threads)
			return &fdbg_error_nomem;
		memset(threads + tree->n_threads, 0, (n - tree->n_threads) * sizeof(*threads));
		tree->threads = threads;
		tree->n_threads = n;
	}
	*ret = &tree->threads[thread->index];
	(*ret)->id = thread->id;
	return NULL;
}

/* Values lie in the thread's text as: length of name and text, form, the bytes of both. */
struct value_head {
	uint32_t name_len, text_len;
	uint32_t form;
};

static enum fdbg_value_form form_of(const struct fdbg_value *value)
{
	if (value->kind != FDBG_VALUE_OPAQUE)
		return FDBG_VALUE_READ;
	return value->opaque.optimized_out ? FDBG_VALUE_OPTIMIZED_OUT : FDBG_VALUE_UNREADABLE;
}

/* What is looked for is looked for in the whole value, as {:?} prints it, however it is shown. */
static bool matches(struct builder *builder, const struct fdbg_value *value)
{
	fdbg_buf_clear(&builder->text);
	fdbg_render_debug_as(&builder->text, value, FDBG_RENDER_DEBUG, 0, builder->render);
	return memmem(builder->text.data, builder->text.len, builder->options->grep, builder->grep_len) !=
	       NULL;
}

static struct fdbg_error *keep_values(struct builder *builder, struct fdbg_tree_thread *thread,
				      const struct fdbg_named_value *values, size_t n, bool *matched)
{
	struct fdbg_buf *out = &thread->text.tail;

	for (size_t i = 0; i < n; i++) {
		size_t head_at = out->len, text_at;
		struct value_head head = { .name_len = (uint32_t)values[i].name.len,
					   .form = form_of(&values[i].value) };

		if (builder->options->grep && !*matched)
			*matched = matches(builder, &values[i].value);
		fdbg_buf_append(out, &head, sizeof(head));
		fdbg_buf_append(out, values[i].name.data, head.name_len);
		text_at = out->len;
		fdbg_render_debug_as(out, &values[i].value, builder->options->style,
				     builder->options->max_value_bytes, builder->render);
		if (out->failed || builder->text.failed || out->len - text_at > UINT32_MAX)
			return &fdbg_error_nomem;
		head.text_len = (uint32_t)(out->len - text_at);
		memcpy(out->data + head_at, &head, sizeof(head));
	}
	return NULL;
}

static struct fdbg_error *add_node(struct fdbg_tree_thread *thread, struct fdbg_node **ret)
{
	if (thread->n_nodes == thread->cap_nodes) {
		size_t cap = thread->cap_nodes ? thread->cap_nodes * 2 : 64;
		struct fdbg_node *nodes = reallocarray(thread->nodes, cap, sizeof(*nodes));

		if (!nodes)
			return &fdbg_error_nomem;
		thread->nodes = nodes;
		thread->cap_nodes = cap;
	}
	*ret = &thread->nodes[thread->n_nodes++];
	**ret = (struct fdbg_node){ 0 };
	return NULL;
}

/* Adds the node of a call or note, with its values. */
static struct fdbg_error *take(struct builder *builder, const struct fdbg_flow_event *event,
			       struct fdbg_tree_thread **thread_ret, struct fdbg_node **ret)
{
	struct fdbg_tree_thread *thread;
	struct fdbg_node *node;
	struct fdbg_error *err = find_thread(builder, event->thread, &thread);
	uint64_t at;

	if (!err)
		err = fdbg_spool_settle(&thread->text);
	if (!err)
		err = add_node(thread, &node);
	if (err)
		return err;
	at = fdbg_spool_size(&thread->text);
	node->level = event->n_shown < UINT32_MAX ? (uint32_t)event->n_shown : UINT32_MAX;
	node->sequence = event->sequence;
	node->time_ms = node->return_ms = event->time_ms;
	node->arguments_at = at;
	node->n_arguments = (uint32_t)event->n_values;
	err = keep_values(builder, thread, event->values, event->n_values, &node->matched);
	node->arguments_len = (size_t)(fdbg_spool_size(&thread->text) - at);
	*thread_ret = thread;
	*ret = node;
	return err;
}

static bool wanted(const struct builder *builder, const struct fdbg_node *node)
{
	bool error = node->panicked || node->failed || node->state == FDBG_FLOW_UNWOUND ||
		     node->kind == FDBG_NODE_PANIC;

	return (!builder->options->errors || error) && (!builder->options->grep || node->matched);
}

static bool is_selective(const struct builder *builder)
{
	return builder->options->errors || builder->options->grep;
}

/* Keeps a node and those around it. */
static void keep(struct fdbg_tree_thread *thread, struct fdbg_node *node)
{
	while (!node->kept) {
		node->kept = true;
		if (!node->parent)
			break;
		node = &thread->nodes[node->parent - 1];
	}
}

/* Takes the last node away again, with its values. */
static struct fdbg_error *drop_last(struct fdbg_tree_thread *thread, const struct fdbg_node *node)
{
	uint64_t at = node->arguments_at;

	thread->n_nodes = (size_t)(node - thread->nodes);
	return fdbg_spool_truncate(&thread->text, at);
}

static struct fdbg_error *begin(void *context, const struct fdbg_flow_event *event)
{
	struct builder *builder = context;
	struct fdbg_flow_call *call = event->call;
	struct fdbg_tree_thread *thread;
	struct fdbg_node *node;
	struct fdbg_error *err = take(builder, event, &thread, &node);

	if (err)
		return err;
	call->tag = thread->n_nodes;
	node->parent = event->parent ? (size_t)event->parent->tag : 0;
	node->context = call->context;
	node->depth = call->depth;
	node->frame_id = call->frame_id;
	node->parent_frame_id = call->parent_frame_id;
	node->function = call->function;
	node->breakpoint_id = call->breakpoint_id;
	node->time_ms = call->time_ms;
	return NULL;
}

static struct fdbg_error *end(void *context, const struct fdbg_flow_event *event, enum fdbg_flow_end how)
{
	struct builder *builder = context;
	struct fdbg_tree_thread *thread;
	struct fdbg_node *node;
	struct fdbg_error *err = find_thread(builder, event->thread, &thread);

	if (!err)
		err = fdbg_spool_settle(&thread->text);
	if (err)
		return err;
	node = &thread->nodes[event->call->tag - 1];
	node->state = how;
	node->return_ms = event->time_ms;
	node->result_at = fdbg_spool_size(&thread->text);
	if (how == FDBG_FLOW_RETURNED && event->n_values) {
		node->failed = fdbg_value_is_err(&event->values[0].value);
		node->n_results = 1;
		err = keep_values(builder, thread, event->values, 1, &node->matched);
		node->result_len = (size_t)(fdbg_spool_size(&thread->text) - node->result_at);
	}
	if (err || !is_selective(builder))
		return err;
	if (wanted(builder, node))
		keep(thread, node);
	return node->kept ? NULL : drop_last(thread, node);
}

/* What is known of a panic, as its result. */
static struct fdbg_error *keep_panic(struct builder *builder, struct fdbg_tree_thread *thread, struct fdbg_node *node,
				     const struct fdbg_flow_event *event)
{
	struct value_head head = { .form = FDBG_VALUE_READ };

	fdbg_buf_clear(&builder->text);
	fdbg_panic_text(&builder->text, event->values, event->n_values, builder->options->max_value_bytes, builder->render);
	if (builder->text.failed || builder->text.len > UINT32_MAX)
		return &fdbg_error_nomem;
	head.text_len = (uint32_t)builder->text.len;
	node->result_at = fdbg_spool_size(&thread->text);
	node->n_results = 1;
	node->result_len = sizeof(head) + head.text_len;
	fdbg_buf_append(&thread->text.tail, &head, sizeof(head));
	fdbg_buf_append(&thread->text.tail, builder->text.data, head.text_len);
	return fdbg_buf_error(&thread->text.tail);
}

static struct fdbg_error *add_poll(struct fdbg_tree_thread *thread, struct fdbg_node *node)
{
	if (thread->n_polls == thread->cap_polls) {
		size_t cap = thread->cap_polls ? thread->cap_polls * 2 : 64;
		struct fdbg_node_poll *polls = reallocarray(thread->polls, cap, sizeof(*polls));

		if (!polls || cap > UINT32_MAX) {
			thread->polls = polls ? polls : thread->polls;
			return &fdbg_error_nomem;
		}
		thread->polls = polls;
		thread->cap_polls = cap;
	}
	thread->polls[thread->n_polls++] = (struct fdbg_node_poll){ 0 };
	node->poll = (uint32_t)thread->n_polls;
	return NULL;
}

/*
 * Puts a future event into the node of the poll that it belongs to; *taken_ret false: it belongs to none. fdbg records
 * the body of the async function as well, and the enter right behind its call.
 */
static struct fdbg_error *take_poll(struct builder *builder, const struct fdbg_flow_event *event, bool enter,
				    bool *taken_ret)
{
	struct fdbg_tree_thread *thread;
	struct fdbg_node_poll *poll;
	struct fdbg_node *node;
	struct fdbg_error *err;
	uint64_t at;

	*taken_ret = false;
	if (!event->call || !event->n_values ||
	    !memmem(event->call->function->name.data, event->call->function->name.len, "{async_", strlen("{async_")))
		return NULL;
	err = find_thread(builder, event->thread, &thread);
	if (!err)
		err = fdbg_spool_settle(&thread->text);
	if (err)
		return err;
	node = &thread->nodes[event->call->tag - 1];
	*taken_ret = enter ? node == &thread->nodes[thread->n_nodes - 1] && !node->poll : node->poll != 0;
	if (*taken_ret && enter)
		err = add_poll(thread, node);
	if (err || !*taken_ret)
		return err;
	at = fdbg_spool_size(&thread->text);
	err = keep_values(builder, thread, event->values, event->n_values, &node->matched);
	poll = &thread->polls[node->poll - 1];
	*(enter ? &poll->enter_at : &poll->exit_at) = at;
	*(enter ? &poll->enter_len : &poll->exit_len) = (size_t)(fdbg_spool_size(&thread->text) - at);
	*(enter ? &poll->n_enter : &poll->n_exit) = (uint32_t)event->n_values;
	return err;
}

static struct fdbg_error *note(void *context, const struct fdbg_flow_event *event, enum fdbg_event_kind kind)
{
	static const enum fdbg_node_kind kinds[] = {
		[FDBG_EVENT_BREAKPOINT] = FDBG_NODE_BREAKPOINT,
		[FDBG_EVENT_PANIC] = FDBG_NODE_PANIC,
		[FDBG_EVENT_FUTURE_ENTER] = FDBG_NODE_FUTURE_ENTER,
		[FDBG_EVENT_FUTURE_EXIT] = FDBG_NODE_FUTURE_EXIT,
	};
	struct builder *builder = context;
	struct fdbg_tree_thread *thread;
	struct fdbg_node *node;
	struct fdbg_error *err;

	if (kind == FDBG_EVENT_PANIC && event->call) {
		err = find_thread(builder, event->thread, &thread);
		if (err)
			return err;
		thread->nodes[event->call->tag - 1].panicked = true;
		if (!event->n_values)
			return NULL;
	}
	if (kind == FDBG_EVENT_FUTURE_ENTER || kind == FDBG_EVENT_FUTURE_EXIT) {
		bool taken;

		err = take_poll(builder, event, kind == FDBG_EVENT_FUTURE_ENTER, &taken);
		if (err || taken)
			return err;
	}
	err = take(builder, event, &thread, &node);
	if (!err && kind == FDBG_EVENT_PANIC && event->n_values)
		err = keep_panic(builder, thread, node, event);
	if (err)
		return err;
	node->kind = kinds[kind];
	if (event->call) {
		node->parent = (size_t)event->call->tag;
		node->depth = event->call->depth + 1;
		node->frame_id = event->call->frame_id;
		node->function = event->call->function;
	}
	if (!is_selective(builder))
		return NULL;
	if (!wanted(builder, node))
		return drop_last(thread, node);
	keep(thread, node);
	return NULL;
}

struct fdbg_error *fdbg_tree_build(struct fdbg_recording *recording, const struct fdbg_tree_options *options,
				   struct fdbg_tree *ret)
{
	struct builder builder = { .options = options, .render = &recording->render,
				   .grep_len = options->grep ? strlen(options->grep) : 0 };
	struct fdbg_flow_visitor visitor = { .context = &builder, .begin = begin, .end = end, .note = note };
	struct fdbg_flow_options flow = { .filter = options->filter, .ancestors = true, .results = true };
	struct fdbg_error *err = fdbg_flow_run(recording, &flow, &visitor);

	fdbg_buf_deinit(&builder.text);
	*ret = builder.tree;
	return err;
}

static struct fdbg_error *read_values(struct fdbg_tree_thread *thread, uint64_t at, size_t len, uint32_t n,
				      struct fdbg_node_values *ret)
{
	ret->n_left = n;
	return fdbg_spool_read(&thread->text, at, len, &ret->data);
}

struct fdbg_error *fdbg_tree_arguments(struct fdbg_tree_thread *thread, const struct fdbg_node *node,
				       struct fdbg_node_values *ret)
{
	return read_values(thread, node->arguments_at, node->arguments_len, node->n_arguments, ret);
}

struct fdbg_error *fdbg_tree_result(struct fdbg_tree_thread *thread, const struct fdbg_node *node,
				    struct fdbg_node_values *ret)
{
	return read_values(thread, node->result_at, node->result_len, node->n_results, ret);
}

struct fdbg_error *fdbg_tree_poll_value(struct fdbg_tree_thread *thread, const struct fdbg_node *node, bool exit,
					const char *name, struct fdbg_node_value *ret, bool *found_ret)
{
	const struct fdbg_node_poll *poll = node->poll ? &thread->polls[node->poll - 1] : NULL;
	struct fdbg_node_values values;
	struct fdbg_error *err;

	*found_ret = false;
	if (!poll)
		return NULL;
	err = exit ? read_values(thread, poll->exit_at, poll->exit_len, poll->n_exit, &values)
		   : read_values(thread, poll->enter_at, poll->enter_len, poll->n_enter, &values);
	while (!err && !*found_ret && fdbg_node_values_next(&values, ret))
		*found_ret = fdbg_text_is(ret->name, name);
	return err;
}

bool fdbg_node_values_next(struct fdbg_node_values *values, struct fdbg_node_value *ret)
{
	struct value_head head;

	if (!values->n_left)
		return false;
	values->n_left--;
	memcpy(&head, values->data, sizeof(head));
	values->data += sizeof(head);
	ret->name = (struct fdbg_text){ (const char *)values->data, head.name_len };
	ret->text = (struct fdbg_text){ (const char *)values->data + head.name_len, head.text_len };
	ret->form = (enum fdbg_value_form)head.form;
	values->data += head.name_len + head.text_len;
	return true;
}
