/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The call tree of a whole recording: each call with its arguments and its return. */
#include "report/tree.h"

#include <stdlib.h>

#include "report/panic_text.h"

struct builder {
	struct fdbg_tree tree;
	size_t cap_threads;
	const struct fdbg_tree_options *options;
	struct fdbg_filter_cache cache;
	const struct fdbg_render_context *render;
	struct fdbg_buf text;
};

void fdbg_tree_deinit(struct fdbg_tree *tree)
{
	for (size_t i = 0; i < tree->n_threads; i++)
		free(tree->threads[i].nodes);
	free(tree->threads);
	fdbg_arena_deinit(&tree->arena);
}

static struct fdbg_error *find_thread(struct builder *builder, const struct fdbg_thread *thread,
				      struct fdbg_tree_thread **ret)
{
	struct fdbg_tree *tree = &builder->tree;

	/* Threads are numbered in order of their first event, which is the order in which they come here. */
	if (thread->index >= tree->n_threads) {
		if (thread->index >= builder->cap_threads) {
			size_t cap = builder->cap_threads ? builder->cap_threads * 2 : 8;
			struct fdbg_tree_thread *threads = reallocarray(tree->threads, cap, sizeof(*threads));

			if (!threads)
				return &fdbg_error_nomem;
			tree->threads = threads;
			builder->cap_threads = cap;
		}
		tree->threads[tree->n_threads++] = (struct fdbg_tree_thread){ .id = thread->id };
	}
	*ret = &tree->threads[thread->index];
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

static struct fdbg_error *render(struct builder *builder, const struct fdbg_value *value,
				 struct fdbg_text *ret)
{
	struct fdbg_text text;

	fdbg_buf_clear(&builder->text);
	fdbg_render_debug_as(&builder->text, value, builder->options->style,
			     builder->options->max_value_bytes, builder->render);
	text = (struct fdbg_text){ fdbg_buf_cstr(&builder->text), builder->text.len };
	*ret = fdbg_arena_text(&builder->tree.arena, text);
	return ret->data && !builder->text.failed ? NULL : &fdbg_error_nomem;
}

static struct fdbg_error *render_values(struct builder *builder, const struct fdbg_message_event *event,
					struct fdbg_node *node)
{
	struct fdbg_node_value *values = fdbg_arena_array(&builder->tree.arena, event->n_values,
							  sizeof(*values));

	if (!values)
		return &fdbg_error_nomem;
	for (size_t i = 0; i < event->n_values; i++) {
		struct fdbg_error *err = render(builder, &event->values[i].value, &values[i].text);

		values[i].name = fdbg_arena_text(&builder->tree.arena, event->values[i].name);
		if (err || !values[i].name.data)
			return &fdbg_error_nomem;
	}
	node->arguments = values;
	node->n_arguments = event->n_values;
	return NULL;
}

/* frame->node is one above the index of the frame's node, 0 when the filter left it out. */
static struct fdbg_node *node_of(struct fdbg_tree_thread *thread, const struct fdbg_frame *frame)
{
	return frame && frame->node ? &thread->nodes[frame->node - 1] : NULL;
}

static struct fdbg_error *take_call(struct builder *builder, struct fdbg_tree_thread *thread,
				    const struct fdbg_message *message, const struct fdbg_frame_event *at,
				    uint64_t depth)
{
	struct fdbg_node *node;
	struct fdbg_error *err;

	if (!fdbg_filter_function(&builder->options->filter, &builder->cache, at->frame->function))
		return NULL;
	err = add_node(thread, &node);
	if (err)
		return err;
	at->frame->node = thread->n_nodes;
	node->depth = depth;
	node->frame_id = at->frame->id;
	node->function = at->frame->function;
	node->breakpoint_id = message->event.breakpoint_id;
	node->time_ms = message->timestamp_ms;
	return render_values(builder, &message->event, node);
}

static struct fdbg_error *take_return(struct builder *builder, struct fdbg_tree_thread *thread,
				      const struct fdbg_message *message, const struct fdbg_frame_event *at)
{
	struct fdbg_node *node = node_of(thread, at->frame);

	for (size_t i = 0; i < at->n_lost; i++) {
		struct fdbg_node *lost = node_of(thread, &at->lost[i]);

		if (lost)
			lost->state = FDBG_NODE_LOST;
	}
	if (!node)
		return NULL;
	node->return_ms = message->timestamp_ms;
	node->state = at->unwound ? FDBG_NODE_UNWOUND : FDBG_NODE_RETURNED;
	if (at->unwound || !message->event.n_values)
		return NULL;
	if (node->poll && node->result.data)
		return NULL; /* future exit had it, as a Poll with every compiler */
	return render(builder, &message->event.values[0].value, &node->result);
}

static const struct fdbg_value *value_named(const struct fdbg_message_event *event, const char *name)
{
	for (size_t i = 0; i < event->n_values; i++)
		if (fdbg_text_is(event->values[i].name, name))
			return &event->values[i].value;
	return NULL;
}

/* Puts a future event into the node of the poll that it belongs to; *taken_ret false: it belongs to none. */
static struct fdbg_error *take_poll(struct builder *builder, const struct fdbg_tree_thread *thread,
				    const struct fdbg_message_event *event, struct fdbg_node *frame, bool *taken_ret)
{
	const struct fdbg_value *function = value_named(event, "fn"), *future = value_named(event, "future");
	const struct fdbg_value *state = value_named(event, "state"), *line = value_named(event, "await_line");
	const struct fdbg_value *poll = value_named(event, "poll");
	bool enter = event->kind == FDBG_EVENT_FUTURE_ENTER;
	struct fdbg_error *err = NULL;

	/* fdbg records the body of the async function as well, and the enter right behind its call. */
	*taken_ret = function && function->kind == FDBG_VALUE_STR && frame &&
		     memmem(frame->function->name.data, frame->function->name.len, "{async_", strlen("{async_")) &&
		     (enter ? frame == &thread->nodes[thread->n_nodes - 1] && !frame->poll : frame->poll != NULL);
	if (!*taken_ret)
		return NULL;
	if (enter) {
		frame->poll = fdbg_arena_new(&builder->tree.arena, struct fdbg_node_poll);
		if (!frame->poll)
			return &fdbg_error_nomem;
		frame->poll->function = fdbg_arena_text(&builder->tree.arena, function->str);
		if (!frame->poll->function.data)
			return &fdbg_error_nomem;
		if (future)
			err = render(builder, future, &frame->poll->future);
	}
	if (state && !err)
		err = render(builder, state, enter ? &frame->poll->before : &frame->poll->after);
	if (line && !enter && !err)
		err = render(builder, line, &frame->poll->await_line);
	if (poll && !enter && !err)
		err = render(builder, poll, &frame->result);
	return err;
}

/* A breakpoint, panic or future event: inside a frame that is shown, or outside of all frames. */
static struct fdbg_error *take_other(struct builder *builder, struct fdbg_tree_thread *thread,
				     const struct fdbg_message *message, const struct fdbg_frame_event *at,
				     uint64_t depth)
{
	static const enum fdbg_node_kind kinds[] = {
		[FDBG_EVENT_BREAKPOINT] = FDBG_NODE_BREAKPOINT,
		[FDBG_EVENT_PANIC] = FDBG_NODE_PANIC,
		[FDBG_EVENT_FUTURE_ENTER] = FDBG_NODE_FUTURE_ENTER,
		[FDBG_EVENT_FUTURE_EXIT] = FDBG_NODE_FUTURE_EXIT,
	};
	struct fdbg_node *frame = node_of(thread, at->frame), *node;
	struct fdbg_error *err;

	if (message->event.kind == FDBG_EVENT_PANIC && frame)
		frame->panicked = true;
	if (message->event.kind == FDBG_EVENT_FUTURE_ENTER || message->event.kind == FDBG_EVENT_FUTURE_EXIT) {
		bool taken;

		err = take_poll(builder, thread, &message->event, frame, &taken);
		if (err || taken)
			return err;
	}
	if ((message->event.kind == FDBG_EVENT_PANIC && frame && !message->event.n_values) ||
	    (at->frame && !frame) ||
	    (!at->frame && builder->options->filter.n_functions))
		return NULL;
	err = add_node(thread, &node);
	if (err)
		return err;
	node->kind = kinds[message->event.kind];
	node->depth = at->frame ? depth + 1 : 0;
	node->frame_id = message->event.frame_id;
	node->function = at->frame ? at->frame->function : NULL;
	node->breakpoint_id = message->event.breakpoint_id;
	node->time_ms = message->timestamp_ms;
	if (node->kind != FDBG_NODE_PANIC)
		return render_values(builder, &message->event, node);
	fdbg_buf_clear(&builder->text);
	fdbg_panic_text(&builder->text, &message->event, builder->options->max_value_bytes, builder->render);
	node->result = fdbg_arena_text(&builder->tree.arena, (struct fdbg_text){ fdbg_buf_cstr(&builder->text),
										  builder->text.len });
	return node->result.data && !builder->text.failed ? NULL : &fdbg_error_nomem;
}

static struct fdbg_error *take(struct builder *builder, const struct fdbg_message *message,
			       const struct fdbg_frame_event *at)
{
	struct fdbg_tree_thread *thread;
	struct fdbg_error *err = find_thread(builder, at->thread, &thread);
	uint64_t depth;

	if (err || !fdbg_filter_place(&builder->options->filter, at, message->event.kind, &depth))
		return err;
	switch (message->event.kind) {
	case FDBG_EVENT_CALL:
		return take_call(builder, thread, message, at, depth);
	case FDBG_EVENT_RETURN:
		return take_return(builder, thread, message, at);
	case FDBG_EVENT_BREAKPOINT:
	case FDBG_EVENT_PANIC:
	case FDBG_EVENT_FUTURE_ENTER:
	case FDBG_EVENT_FUTURE_EXIT:
		break;
	}
	return take_other(builder, thread, message, at, depth);
}

struct fdbg_error *fdbg_tree_build(struct fdbg_recording *recording, const struct fdbg_tree_options *options,
				   struct fdbg_tree *ret)
{
	struct builder builder = { .options = options, .render = &recording->render };
	const struct fdbg_message *message;
	struct fdbg_error *err;

	do {
		err = fdbg_recording_next(recording, &message);
		if (!err && message && message->stream == FDBG_STREAM_EVENT)
			err = take(&builder, message, &recording->at);
	} while (!err && message);
	fdbg_filter_cache_deinit(&builder.cache);
	fdbg_buf_deinit(&builder.text);
	*ret = builder.tree;
	return err;
}
