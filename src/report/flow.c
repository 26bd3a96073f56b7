/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The calls of a recording that a filter lets through, as they begin and end. */
#include "report/flow.h"

#include <inttypes.h>
#include <stdlib.h>

#include "stream/content.h"

struct open_call {
	struct fdbg_flow_call call;
	/* Of a call that was not told: its message in flow_thread.payloads, should it be told later. */
	size_t payload_at, payload_len;
};

/* The open calls of a thread that pass the filter; of these the first n_told were told. */
struct flow_thread {
	struct open_call *stack;
	size_t n_stack, cap_stack, n_told;
	struct fdbg_buf payloads;
};

struct flow {
	struct fdbg_recording *recording;
	const struct fdbg_flow_options *options;
	const struct fdbg_flow_visitor *visitor;
	struct fdbg_filter_cache cache;
	struct fdbg_arena arena;        /* of a message that is told late */
	struct flow_thread *threads;    /* by index */
	size_t n_threads;
	size_t n_open;                  /* told and not ended, in all threads */
	uint64_t now_ms;
	uint64_t sequence;              /* of the last event */
	bool inside;                    /* the wanted part has begun */
	bool past;                      /* behind the wanted part */
	const struct fdbg_thread *with_frame; /* the thread that has the wanted frame */
};

static struct fdbg_error *find_thread(struct flow *flow, size_t index, struct flow_thread **ret)
{
	if (index >= flow->n_threads) {
		size_t n = (index + 1) * 2;
		struct flow_thread *threads = reallocarray(flow->threads, n, sizeof(*threads));

		if (!threads)
			return &fdbg_error_nomem;
		memset(threads + flow->n_threads, 0, (n - flow->n_threads) * sizeof(*threads));
		flow->threads = threads;
		flow->n_threads = n;
	}
	*ret = &flow->threads[index];
	return NULL;
}

static struct fdbg_flow_event event_at(const struct flow *flow, const struct fdbg_thread *thread,
				       struct flow_thread *state, size_t n_around)
{
	return (struct fdbg_flow_event){
		.thread = thread,
		.parent = n_around ? &state->stack[n_around - 1].call : NULL,
		.n_shown = n_around,
		.time_ms = flow->now_ms,
	};
}

/* Tells the call at this place of the stack, which is the first one that was not told. */
static struct fdbg_error *tell(struct flow *flow, const struct fdbg_thread *thread, struct flow_thread *state,
			       const struct fdbg_named_value *values, size_t n_values)
{
	size_t index = state->n_told++;
	struct fdbg_flow_event event = event_at(flow, thread, state, index);

	flow->n_open++;
	event.call = &state->stack[index].call;
	event.sequence = event.call->sequence;
	event.values = values;
	event.n_values = n_values;
	return flow->visitor->begin ? flow->visitor->begin(flow->visitor->context, &event) : NULL;
}

/* Tells the open calls up to the nth that were not told: they lie around something that is wanted. */
static struct fdbg_error *tell_context(struct flow *flow, const struct fdbg_thread *thread,
				       struct flow_thread *state, size_t n)
{
	while (state->n_told < n) {
		struct open_call *open = &state->stack[state->n_told];
		struct fdbg_message message = {
			.stream = FDBG_STREAM_EVENT,
			.payload = state->payloads.data + open->payload_at,
			.payload_len = open->payload_len,
		};
		struct fdbg_error *err = fdbg_content_parse_event(&message, &flow->arena);

		if (err)
			return err;
		open->call.context = true;
		err = tell(flow, thread, state, message.event.values, message.event.n_values);
		fdbg_arena_reset(&flow->arena);
		if (err)
			return err;
	}
	return NULL;
}

/* Ends the calls of the stack from the top down to the nth, which did not return by themselves. */
static struct fdbg_error *end_above(struct flow *flow, const struct fdbg_thread *thread,
				    struct flow_thread *state, size_t n, enum fdbg_flow_end how)
{
	struct fdbg_error *err = NULL;

	while (state->n_stack > n) {
		size_t top = --state->n_stack;

		state->payloads.len = state->stack[top].payload_at;
		if (top >= state->n_told)
			continue;
		state->n_told = top;
		flow->n_open--;
		if (!err && flow->visitor->end) {
			struct fdbg_flow_event event = event_at(flow, thread, state, top);

			event.call = &state->stack[top].call;
			err = flow->visitor->end(flow->visitor->context, &event, how);
		}
	}
	return err;
}

static struct fdbg_error *push(struct flow_thread *state, const struct fdbg_message *message,
			       const struct fdbg_frame_event *at, bool keep_payload)
{
	struct open_call *open;

	if (state->n_stack == state->cap_stack) {
		size_t cap = state->cap_stack ? state->cap_stack * 2 : 64;
		struct open_call *stack = reallocarray(state->stack, cap, sizeof(*stack));

		if (!stack)
			return &fdbg_error_nomem;
		state->stack = stack;
		state->cap_stack = cap;
	}
	open = &state->stack[state->n_stack++];
	*open = (struct open_call){
		.call = {
			.function = at->frame->function,
			.frame_id = at->frame->id,
			.parent_frame_id = at->parent ? at->parent->id : 0,
			.depth = at->depth,
			.breakpoint_id = message->event.breakpoint_id,
			.sequence = message->sequence,
			.time_ms = message->timestamp_ms,
		},
		.payload_at = state->payloads.len,
	};
	if (keep_payload) {
		open->payload_len = message->payload_len;
		fdbg_buf_append(&state->payloads, message->payload, message->payload_len);
	}
	at->frame->node = state->n_stack;
	return fdbg_buf_error(&state->payloads);
}

static struct fdbg_error *found_frame(struct flow *flow, const struct fdbg_thread *thread)
{
	const struct fdbg_filter *filter = &flow->options->filter;

	if (flow->with_frame && flow->with_frame != thread)
		return fdbg_error_create(FDBG_ERROR_USAGE,
					 "%s: threads %" PRIu64 ", %" PRIu64 " all have a frame %" PRIu64
					 "; choose one with --thread",
					 flow->recording->path, flow->with_frame->id, thread->id,
					 filter->frame_id);
	flow->with_frame = thread;
	return NULL;
}

static struct fdbg_error *take_call(struct flow *flow, struct flow_thread *state,
				    const struct fdbg_message *message, const struct fdbg_frame_event *at,
				    bool in_time, bool in_place)
{
	const struct fdbg_filter *filter = &flow->options->filter;
	bool around = flow->options->ancestors && filter->has_frame && !at->thread->mark &&
		      (!filter->has_thread || filter->thread_id == at->thread->id);
	struct fdbg_error *err = NULL;

	if (in_place && filter->has_frame && at->frame->id == filter->frame_id)
		err = found_frame(flow, at->thread);
	if (err || (!in_place && !around) || !fdbg_filter_function(filter, &flow->cache, at->frame->function))
		return err;
	err = push(state, message, at, !in_place || !in_time);
	if (err || !in_place || !in_time)
		return err;
	err = tell_context(flow, at->thread, state, state->n_stack - 1);
	return err ? err : tell(flow, at->thread, state, message->event.values, message->event.n_values);
}

static struct fdbg_error *take_return(struct flow *flow, struct flow_thread *state,
				      const struct fdbg_message *message, const struct fdbg_frame_event *at,
				      bool wanted)
{
	size_t place = at->frame ? at->frame->node : 0;
	struct fdbg_flow_event event;
	struct fdbg_error *err = NULL;

	if (wanted && place)
		err = tell_context(flow, at->thread, state, place);
	if (!place) {
		/* A frame that is not shown may have taken along some that are. */
		for (size_t i = 0; i < at->n_lost && !place; i++)
			place = at->lost[i].node;
		return place ? end_above(flow, at->thread, state, place - 1, FDBG_FLOW_LOST) : NULL;
	}
	if (!err)
		err = end_above(flow, at->thread, state, place, FDBG_FLOW_LOST);
	if (err)
		return err;
	if (state->n_told < place)
		return end_above(flow, at->thread, state, place - 1, FDBG_FLOW_LOST);
	event = event_at(flow, at->thread, state, place - 1);
	event.call = &state->stack[place - 1].call;
	event.sequence = message->sequence;
	event.values = message->event.values;
	event.n_values = fdbg_frame_event_is_bare(at) ? 0 : message->event.n_values;
	state->n_told = state->n_stack = place - 1;
	state->payloads.len = state->stack[place - 1].payload_at;
	flow->n_open--;
	if (!flow->visitor->end)
		return NULL;
	return flow->visitor->end(flow->visitor->context, &event,
				  at->unwound ? FDBG_FLOW_UNWOUND : at->missed ? FDBG_FLOW_LOST : FDBG_FLOW_RETURNED);
}

/* A breakpoint, panic or future event: inside a frame that is shown, or outside of all frames. */
static struct fdbg_error *take_note(struct flow *flow, struct flow_thread *state,
				    const struct fdbg_message *message, const struct fdbg_frame_event *at)
{
	size_t place = at->frame ? at->frame->node : 0;
	struct fdbg_flow_event event;
	struct fdbg_error *err;

	if (at->frame ? !place : flow->options->filter.n_functions > 0)
		return NULL;
	err = tell_context(flow, at->thread, state, place);
	if (err || !flow->visitor->note)
		return err;
	event = event_at(flow, at->thread, state, place);
	event.call = place ? &state->stack[place - 1].call : NULL;
	event.sequence = message->sequence;
	event.values = message->event.values;
	event.n_values = message->event.n_values;
	return flow->visitor->note(flow->visitor->context, &event, message->event.kind);
}

/* Where the wanted part begins in the middle: tells what is open there, in all threads. */
static struct fdbg_error *begin_part(struct flow *flow)
{
	const struct fdbg_filter *filter = &flow->options->filter;
	const struct fdbg_frames *frames = &flow->recording->frames;
	struct fdbg_error *err = NULL;

	flow->inside = true;
	/* The calls around a wanted frame are told when it is come to. */
	if (!filter->from.kind || filter->has_frame)
		return NULL;
	for (size_t i = 0; i < frames->n_threads && i < flow->n_threads && !err; i++)
		err = tell_context(flow, frames->threads[i], &flow->threads[i], flow->threads[i].n_stack);
	return err;
}

static struct fdbg_error *take_event(struct flow *flow, const struct fdbg_message *message)
{
	const struct fdbg_frame_event *at = &flow->recording->at;
	const struct fdbg_filter *filter = &flow->options->filter;
	struct flow_thread *state;
	struct fdbg_error *err = find_thread(flow, at->thread->index, &state);
	bool in_place = false;
	uint64_t depth;
	int side;

	if (err)
		return err;
	flow->sequence = message->sequence;
	side = fdbg_filter_time(filter, message->sequence, message->timestamp_ms, flow->recording->start_ms);
	flow->past |= side > 0;
	if (!flow->past || flow->options->results) {
		if (message->timestamp_ms > flow->now_ms)
			flow->now_ms = message->timestamp_ms;
	}
	if (side >= 0 && !flow->inside)
		err = begin_part(flow);
	if (err)
		return err;
	if (!flow->past)
		in_place = fdbg_filter_place(filter, at, message->event.kind, &depth);
	switch (message->event.kind) {
	case FDBG_EVENT_CALL:
		return flow->past ? NULL : take_call(flow, state, message, at, side == 0, in_place);
	case FDBG_EVENT_RETURN:
		if (flow->past && !flow->options->results)
			return NULL;
		return take_return(flow, state, message, at, in_place && side == 0);
	case FDBG_EVENT_BREAKPOINT:
	case FDBG_EVENT_PANIC:
	case FDBG_EVENT_FUTURE_ENTER:
	case FDBG_EVENT_FUTURE_EXIT:
		break;
	}
	return in_place && side == 0 ? take_note(flow, state, message, at) : NULL;
}

/* Allocations name no thread: where a part of the calls was chosen nobody knows whether they belong to it. */
static struct fdbg_error *take_allocation(struct flow *flow, const struct fdbg_message *message)
{
	const struct fdbg_filter *filter = &flow->options->filter;

	if (!flow->visitor->allocation || flow->past || filter->has_thread || filter->has_frame ||
	    filter->n_functions ||
	    fdbg_filter_time(filter, flow->sequence, message->timestamp_ms, flow->recording->start_ms))
		return NULL;
	if (message->timestamp_ms > flow->now_ms)
		flow->now_ms = message->timestamp_ms;
	return flow->visitor->allocation(flow->visitor->context, &message->allocation, flow->now_ms);
}

/* Whether the wanted thread was seen: that there is none can be said only at the end. */
static bool is_thread_known(const struct flow *flow)
{
	const struct fdbg_filter *filter = &flow->options->filter;
	uint64_t found;

	return !filter->has_thread || fdbg_map_get(&flow->recording->frames.by_id, filter->thread_id, &found);
}

static struct fdbg_error *read_all(struct flow *flow)
{
	const struct fdbg_message *message;
	struct fdbg_error *err;

	do {
		err = fdbg_recording_next(flow->recording, &message);
		if (!err && message && message->stream == FDBG_STREAM_EVENT)
			err = take_event(flow, message);
		if (!err && message && message->stream == FDBG_STREAM_ALLOCATION)
			err = take_allocation(flow, message);
		if (flow->past && (!flow->options->results || !flow->n_open) && is_thread_known(flow))
			break;
	} while (!err && message);
	return err;
}

/* What was asked for by number has to be there. */
static struct fdbg_error *check_found(const struct flow *flow)
{
	const struct fdbg_filter *filter = &flow->options->filter;
	const struct fdbg_frames *frames = &flow->recording->frames;
	struct fdbg_buf ids = { 0 };
	struct fdbg_error *err;

	if (!is_thread_known(flow)) {
		for (size_t i = 0; i < frames->n_threads && ids.len < 200; i++)
			fdbg_buf_printf(&ids, "%s%" PRIu64, i ? ", " : "", frames->threads[i]->id);
		err = fdbg_error_create(FDBG_ERROR_NOT_FOUND, "%s: no thread %" PRIu64 "; it has %s",
					flow->recording->path, filter->thread_id,
					frames->n_threads ? fdbg_buf_cstr(&ids) : "no threads");
		fdbg_buf_deinit(&ids);
		return err;
	}
	/* The reading may have ended before the frame. */
	if (filter->has_frame && !flow->with_frame && !flow->past)
		return fdbg_error_create(FDBG_ERROR_NOT_FOUND, "%s: no frame %" PRIu64, flow->recording->path,
					 filter->frame_id);
	return NULL;
}

static struct fdbg_error *end_all(struct flow *flow)
{
	const struct fdbg_frames *frames = &flow->recording->frames;
	struct fdbg_error *err = NULL;

	for (size_t i = 0; i < frames->n_threads && i < flow->n_threads && !err; i++)
		err = end_above(flow, frames->threads[i], &flow->threads[i], 0, FDBG_FLOW_OPEN);
	return err;
}

struct fdbg_error *fdbg_flow_run(struct fdbg_recording *recording, const struct fdbg_flow_options *options,
				 const struct fdbg_flow_visitor *visitor)
{
	struct flow flow = { .recording = recording, .options = options, .visitor = visitor };
	struct fdbg_error *err = read_all(&flow), *end;

	if (!err)
		err = check_found(&flow);
	if (!err || err->code == FDBG_ERROR_FORMAT) {
		end = end_all(&flow);
		if (err)
			fdbg_error_destroy(end);
		else
			err = end;
	}
	for (size_t i = 0; i < flow.n_threads; i++) {
		free(flow.threads[i].stack);
		fdbg_buf_deinit(&flow.threads[i].payloads);
	}
	free(flow.threads);
	fdbg_arena_deinit(&flow.arena);
	fdbg_filter_cache_deinit(&flow.cache);
	return err;
}
