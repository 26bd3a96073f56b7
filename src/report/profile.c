/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a recording says of each function. */
#include "report/profile.h"

#include <stdlib.h>

struct entry {
	size_t function;
	uint64_t start_ms, child_ms;
	bool outermost; /* no call of the same function is below it */
};

/* The frames of one thread, beside those that the recording follows. */
struct stack {
	struct entry *entries;
	size_t n, cap;
};

struct builder {
	struct fdbg_recording *recording;
	struct fdbg_profile *profile;
	size_t cap_functions;
	struct stack *stacks; /* by index of thread */
	size_t n_stacks;
	struct fdbg_map active;  /* thread and function to calls that are open */
	struct fdbg_map callers; /* function and caller that were seen together */
	uint64_t first_ms, last_ms;
	bool any;
};

static struct fdbg_error *find_function(struct builder *builder, const struct fdbg_counted_function *function,
					struct fdbg_profile_function **ret)
{
	struct fdbg_profile *profile = builder->profile;

	while (profile->n_functions <= function->index) {
		if (profile->n_functions == builder->cap_functions) {
			size_t cap = builder->cap_functions ? builder->cap_functions * 2 : 64;
			struct fdbg_profile_function *functions =
				reallocarray(profile->functions, cap, sizeof(*functions));

			if (!functions)
				return &fdbg_error_nomem;
			profile->functions = functions;
			builder->cap_functions = cap;
		}
		profile->functions[profile->n_functions++] = (struct fdbg_profile_function){ 0 };
	}
	profile->functions[function->index].name = function->name;
	*ret = &profile->functions[function->index];
	return NULL;
}

static struct fdbg_error *find_stack(struct builder *builder, size_t index, struct stack **ret)
{
	if (index >= builder->n_stacks) {
		size_t n = (index + 1) * 2;
		struct stack *stacks = reallocarray(builder->stacks, n, sizeof(*stacks));

		if (!stacks)
			return &fdbg_error_nomem;
		memset(stacks + builder->n_stacks, 0, (n - builder->n_stacks) * sizeof(*stacks));
		builder->stacks = stacks;
		builder->n_stacks = n;
	}
	*ret = &builder->stacks[index];
	return NULL;
}

static uint64_t pair(uint64_t a, uint64_t b)
{
	return a << 32 | (b & UINT32_MAX);
}

static uint64_t since(uint64_t start, uint64_t end)
{
	return end > start ? end - start : 0;
}

/* Ends the call on top. */
static struct fdbg_error *pop(struct builder *builder, struct stack *stack, size_t thread, uint64_t time_ms)
{
	struct entry *entry = &stack->entries[--stack->n];
	struct fdbg_profile_function *function = &builder->profile->functions[entry->function];
	uint64_t span = since(entry->start_ms, time_ms), n_active = 0, key = pair(thread, entry->function);

	function->self_ms += since(entry->child_ms, span);
	if (entry->outermost)
		function->total_ms += span;
	if (stack->n)
		stack->entries[stack->n - 1].child_ms += span;
	(void)fdbg_map_get(&builder->active, key, &n_active);
	return fdbg_map_set(&builder->active, key, n_active ? n_active - 1 : 0) ? NULL : &fdbg_error_nomem;
}

static struct fdbg_error *note_caller(struct builder *builder, struct fdbg_profile_function *function,
				      size_t index, size_t caller)
{
	uint64_t key = pair(index, caller), seen;

	if (fdbg_map_get(&builder->callers, key, &seen))
		return NULL;
	function->callers++;
	return fdbg_map_set(&builder->callers, key, 1) ? NULL : &fdbg_error_nomem;
}

static struct fdbg_error *take_call(struct builder *builder, struct stack *stack,
				    const struct fdbg_message *message)
{
	const struct fdbg_frame_event *at = &builder->recording->at;
	size_t index = at->frame->function->index;
	struct fdbg_profile_function *function;
	uint64_t n_active = 0, key = pair(at->thread->index, index);
	struct fdbg_error *err = find_function(builder, at->frame->function, &function);

	if (err)
		return err;
	if (!function->calls++)
		function->breakpoint_id = message->event.breakpoint_id;
	builder->profile->calls++;
	if (at->parent) {
		err = note_caller(builder, function, index, at->parent->function->index);
		if (err)
			return err;
	}
	if (stack->n == stack->cap) {
		size_t cap = stack->cap ? stack->cap * 2 : 32;
		struct entry *entries = reallocarray(stack->entries, cap, sizeof(*entries));

		if (!entries)
			return &fdbg_error_nomem;
		stack->entries = entries;
		stack->cap = cap;
	}
	(void)fdbg_map_get(&builder->active, key, &n_active);
	stack->entries[stack->n++] = (struct entry){ .function = index, .start_ms = message->timestamp_ms,
						     .outermost = !n_active };
	return fdbg_map_set(&builder->active, key, n_active + 1) ? NULL : &fdbg_error_nomem;
}

static struct fdbg_error *take_return(struct builder *builder, struct stack *stack,
				      const struct fdbg_message *message)
{
	const struct fdbg_frame_event *at = &builder->recording->at;
	const struct fdbg_message_event *event = &message->event;
	struct fdbg_profile_function *function;

	if (!at->frame)
		return NULL;
	/* Those above whose returns were not recorded end with it. */
	while (stack->n > at->depth) {
		size_t ended = stack->entries[stack->n - 1].function;
		struct fdbg_error *err = pop(builder, stack, at->thread->index, message->timestamp_ms);

		if (err)
			return err;
		if (stack->n > at->depth)
			builder->profile->functions[ended].lost++;
	}
	function = &builder->profile->functions[at->frame->function->index];
	if (at->unwound) {
		function->unwound++;
	} else if (at->missed) {
		function->lost++;
	} else if (event->n_values && fdbg_value_is_err(&event->values[0].value)) {
		function->errors++;
		builder->profile->errors++;
	}
	return NULL;
}

static struct fdbg_error *take(struct builder *builder, const struct fdbg_message *message)
{
	const struct fdbg_frame_event *at = &builder->recording->at;
	struct stack *stack;
	struct fdbg_error *err = find_stack(builder, at->thread->index, &stack);

	if (err)
		return err;
	if (!builder->any || message->timestamp_ms < builder->first_ms)
		builder->first_ms = message->timestamp_ms;
	if (message->timestamp_ms > builder->last_ms)
		builder->last_ms = message->timestamp_ms;
	builder->any = true;
	switch (message->event.kind) {
	case FDBG_EVENT_CALL:
		return take_call(builder, stack, message);
	case FDBG_EVENT_RETURN:
		return take_return(builder, stack, message);
	case FDBG_EVENT_PANIC:
		builder->profile->panics++;
		if (at->frame)
			builder->profile->functions[at->frame->function->index].panics++;
		return NULL;
	case FDBG_EVENT_BREAKPOINT:
	case FDBG_EVENT_FUTURE_ENTER:
	case FDBG_EVENT_FUTURE_EXIT:
		break;
	}
	return NULL;
}

static struct fdbg_error *end_open_calls(struct builder *builder)
{
	for (size_t i = 0; i < builder->n_stacks; i++) {
		struct stack *stack = &builder->stacks[i];

		while (stack->n) {
			struct fdbg_error *err;

			builder->profile->functions[stack->entries[stack->n - 1].function].open++;
			err = pop(builder, stack, i, builder->last_ms);
			if (err)
				return err;
		}
	}
	return NULL;
}

struct fdbg_error *fdbg_profile_build(struct fdbg_recording *recording, struct fdbg_profile *ret)
{
	struct builder builder = { .recording = recording, .profile = ret };
	const struct fdbg_message *message;
	struct fdbg_error *err, *end;

	*ret = (struct fdbg_profile){ 0 };
	do {
		err = fdbg_recording_next(recording, &message);
		if (!err && message && message->stream == FDBG_STREAM_EVENT)
			err = take(&builder, message);
	} while (!err && message);
	if (!err || err->code == FDBG_ERROR_FORMAT) {
		ret->duration_ms = since(builder.first_ms, builder.last_ms);
		end = end_open_calls(&builder);
		if (!err)
			err = end;
		else
			fdbg_error_destroy(end);
	}
	for (size_t i = 0; i < builder.n_stacks; i++)
		free(builder.stacks[i].entries);
	free(builder.stacks);
	fdbg_map_deinit(&builder.active);
	fdbg_map_deinit(&builder.callers);
	return err;
}

void fdbg_profile_deinit(struct fdbg_profile *profile)
{
	free(profile->functions);
	*profile = (struct fdbg_profile){ 0 };
}
