/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* libfdbg: messages by their parts, and the stacks that events build up. The reader itself is stream/reader.c. */
#include <fdbg/stream.h>

#include <stdlib.h>

#include "report/frames.h"
#include "stream/message.h"

static const struct fdbg_text no_text;

enum fdbg_stream fdbg_message_get_stream(const struct fdbg_message *message)
{
	return message->stream;
}

struct fdbg_text fdbg_message_get_key(const struct fdbg_message *message)
{
	return message->key;
}

uint64_t fdbg_message_get_sequence(const struct fdbg_message *message)
{
	return message->sequence;
}

uint64_t fdbg_message_get_time_ms(const struct fdbg_message *message)
{
	return message->timestamp_ms;
}

uint64_t fdbg_message_get_offset(const struct fdbg_message *message)
{
	return message->offset;
}

struct fdbg_text fdbg_message_get_payload(const struct fdbg_message *message)
{
	return (struct fdbg_text){ (const char *)message->payload, message->payload_len };
}

/* The part for its stream, or NULL in a message of another one. */
#define PART(message, kind, part) ((message)->stream == FDBG_STREAM_##kind ? &(message)->part : NULL)

bool fdbg_info_is_exit(const struct fdbg_message *message, int32_t *exit_code_ret)
{
	const struct fdbg_message_info *info = PART(message, INFO, info);

	if (!info || !info->exit)
		return false;
	*exit_code_ret = info->exit_code;
	return true;
}

struct fdbg_text fdbg_info_get_text(const struct fdbg_message *message, enum fdbg_info_text which)
{
	const struct fdbg_message_info *info = PART(message, INFO, info);

	if (!info)
		return no_text;
	switch (which) {
	case FDBG_INFO_DEBUGGER:
		return info->debugger;
	case FDBG_INFO_VERSION:
		return info->version;
	case FDBG_INFO_WORKSPACE_ROOT:
		return info->workspace_root;
	case FDBG_INFO_PACKAGE_NAME:
		return info->package_name;
	case FDBG_INFO_TARGET:
		return info->target;
	case FDBG_INFO_RECORDER:
		return info->recorder;
	case FDBG_INFO_MACHINE:
		return info->machine;
	case FDBG_INFO_RUSTC:
		return info->rustc;
	}
	return no_text;
}

size_t fdbg_info_get_n_arguments(const struct fdbg_message *message)
{
	const struct fdbg_message_info *info = PART(message, INFO, info);

	return info ? info->n_arguments : 0;
}

struct fdbg_text fdbg_info_get_argument(const struct fdbg_message *message, size_t index)
{
	return index < fdbg_info_get_n_arguments(message) ? message->info.arguments[index] : no_text;
}

uint32_t fdbg_file_get_id(const struct fdbg_message *message)
{
	const struct fdbg_message_file *file = PART(message, FILE, file);

	return file ? file->id : 0;
}

struct fdbg_text fdbg_file_get_path(const struct fdbg_message *message)
{
	const struct fdbg_message_file *file = PART(message, FILE, file);

	return file ? file->path : no_text;
}

struct fdbg_text fdbg_file_get_crate(const struct fdbg_message *message)
{
	const struct fdbg_message_file *file = PART(message, FILE, file);

	return file ? file->crate_name : no_text;
}

uint64_t fdbg_file_get_modified_secs(const struct fdbg_message *message)
{
	const struct fdbg_message_file *file = PART(message, FILE, file);

	return file ? file->modified_secs : 0;
}

uint32_t fdbg_breakpoint_get_id(const struct fdbg_message *message)
{
	const struct fdbg_message_breakpoint *breakpoint = PART(message, BREAKPOINT, breakpoint);

	return breakpoint ? breakpoint->id : 0;
}

uint32_t fdbg_breakpoint_get_file_id(const struct fdbg_message *message)
{
	const struct fdbg_message_breakpoint *breakpoint = PART(message, BREAKPOINT, breakpoint);

	return breakpoint ? breakpoint->file_id : 0;
}

uint32_t fdbg_breakpoint_get_line(const struct fdbg_message *message)
{
	const struct fdbg_message_breakpoint *breakpoint = PART(message, BREAKPOINT, breakpoint);

	return breakpoint ? breakpoint->line : 0;
}

uint32_t fdbg_breakpoint_get_column(const struct fdbg_message *message)
{
	const struct fdbg_message_breakpoint *breakpoint = PART(message, BREAKPOINT, breakpoint);

	return breakpoint ? breakpoint->column : 0;
}

enum fdbg_breakpoint_type fdbg_breakpoint_get_type(const struct fdbg_message *message)
{
	const struct fdbg_message_breakpoint *breakpoint = PART(message, BREAKPOINT, breakpoint);

	return breakpoint ? breakpoint->type : FDBG_BREAKPOINT;
}

struct fdbg_text fdbg_breakpoint_get_fn_name(const struct fdbg_message *message)
{
	const struct fdbg_message_breakpoint *breakpoint = PART(message, BREAKPOINT, breakpoint);

	return breakpoint ? breakpoint->fn_name : no_text;
}

enum fdbg_event_kind fdbg_event_get_kind(const struct fdbg_message *message)
{
	const struct fdbg_message_event *event = PART(message, EVENT, event);

	return event ? event->kind : FDBG_EVENT_CALL;
}

uint32_t fdbg_event_get_breakpoint_id(const struct fdbg_message *message)
{
	const struct fdbg_message_event *event = PART(message, EVENT, event);

	return event ? event->breakpoint_id : 0;
}

uint64_t fdbg_event_get_thread_id(const struct fdbg_message *message)
{
	const struct fdbg_message_event *event = PART(message, EVENT, event);

	return event ? event->thread_id : 0;
}

uint64_t fdbg_event_get_frame_id(const struct fdbg_message *message)
{
	const struct fdbg_message_event *event = PART(message, EVENT, event);

	return event ? event->frame_id : 0;
}

uint64_t fdbg_event_get_stack_pointer(const struct fdbg_message *message)
{
	const struct fdbg_message_event *event = PART(message, EVENT, event);

	return event ? event->stack_pointer : 0;
}

struct fdbg_text fdbg_event_get_function(const struct fdbg_message *message)
{
	const struct fdbg_message_event *event = PART(message, EVENT, event);

	return event ? event->function : no_text;
}

size_t fdbg_event_get_n_values(const struct fdbg_message *message)
{
	const struct fdbg_message_event *event = PART(message, EVENT, event);

	return event ? event->n_values : 0;
}

struct fdbg_text fdbg_event_get_value_name(const struct fdbg_message *message, size_t index)
{
	return index < fdbg_event_get_n_values(message) ? message->event.values[index].name : no_text;
}

const struct fdbg_value *fdbg_event_get_value(const struct fdbg_message *message, size_t index)
{
	return index < fdbg_event_get_n_values(message) ? &message->event.values[index].value : NULL;
}

enum fdbg_allocation_action fdbg_allocation_get_action(const struct fdbg_message *message)
{
	const struct fdbg_message_allocation *allocation = PART(message, ALLOCATION, allocation);

	return allocation ? allocation->action : FDBG_ALLOCATION_ALLOC;
}

uint64_t fdbg_allocation_get_address(const struct fdbg_message *message)
{
	const struct fdbg_message_allocation *allocation = PART(message, ALLOCATION, allocation);

	return allocation ? allocation->address : 0;
}

struct fdbg_text fdbg_allocation_get_type(const struct fdbg_message *message)
{
	const struct fdbg_message_allocation *allocation = PART(message, ALLOCATION, allocation);

	return allocation ? allocation->type_name : no_text;
}

struct fdbg_stacks {
	struct fdbg_frames frames;
};

struct fdbg_error *fdbg_stacks_create(struct fdbg_stacks **ret)
{
	struct fdbg_stacks *stacks = calloc(1, sizeof(*stacks));

	if (!stacks)
		return &fdbg_error_nomem;
	fdbg_frames_init(&stacks->frames);
	*ret = stacks;
	return NULL;
}

void fdbg_stacks_destroy(struct fdbg_stacks *stacks)
{
	if (!stacks)
		return;
	fdbg_frames_deinit(&stacks->frames);
	free(stacks);
}

struct fdbg_error *fdbg_stacks_feed(struct fdbg_stacks *stacks, const struct fdbg_message *message,
				    struct fdbg_stacks_place *ret)
{
	struct fdbg_stacks_place place = { 0 };
	struct fdbg_frame_event at;
	struct fdbg_error *err;

	if (message->stream == FDBG_STREAM_INFO && !message->info.exit)
		stacks->frames.guess_unwound = !message->info.recorder.len;
	if (message->stream == FDBG_STREAM_EVENT) {
		err = fdbg_frames_feed(&stacks->frames, &message->event, &at);
		if (err)
			return err;
		place.is_known = at.frame != NULL;
		place.is_unwound = at.unwound;
		place.is_lost = at.missed;
		place.depth = at.frame ? at.depth : 0;
		place.has_parent = at.parent != NULL;
		place.parent_frame_id = at.parent ? at.parent->id : 0;
	}
	*ret = place;
	return NULL;
}

uint64_t fdbg_allocation_get_thread(const struct fdbg_message *message)
{
	const struct fdbg_message_allocation *allocation = PART(message, ALLOCATION, allocation);

	return allocation ? allocation->thread_id : 0;
}

uint64_t fdbg_allocation_get_frame(const struct fdbg_message *message)
{
	const struct fdbg_message_allocation *allocation = PART(message, ALLOCATION, allocation);

	return allocation ? allocation->frame_id : 0;
}

bool fdbg_allocation_get_size(const struct fdbg_message *message, uint64_t *size_ret)
{
	const struct fdbg_message_allocation *allocation = PART(message, ALLOCATION, allocation);

	if (!allocation || !allocation->has_size)
		return false;
	*size_ret = allocation->size;
	return true;
}
