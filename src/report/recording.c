/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A recording being read: its messages, with what earlier messages said about them. */
#include "report/recording.h"

#include <inttypes.h>
#include <stdlib.h>

struct fdbg_error *fdbg_recording_open(const char *path, const struct fdbg_log *log,
				       struct fdbg_recording **ret)
{
	struct fdbg_recording *recording = calloc(1, sizeof(*recording));
	struct fdbg_error *err;

	if (!recording)
		return &fdbg_error_nomem;
	recording->path = path;
	recording->log = log;
	fdbg_frames_init(&recording->frames);
	err = fdbg_reader_open(path, &recording->reader);
	if (err) {
		free(recording);
		return err;
	}
	*ret = recording;
	return NULL;
}

void fdbg_recording_close(struct fdbg_recording *recording)
{
	if (!recording)
		return;
	fdbg_reader_close(recording->reader);
	fdbg_frames_deinit(&recording->frames);
	fdbg_map_deinit(&recording->files);
	fdbg_map_deinit(&recording->breakpoints);
	fdbg_map_deinit(&recording->elements);
	fdbg_arena_deinit(&recording->arena);
	free(recording);
}

/* Texts of messages die with the next message: keeps one in the recording's arena. */
static bool keep(struct fdbg_recording *recording, struct fdbg_text *text)
{
	*text = fdbg_arena_text(&recording->arena, *text);
	return text->data != NULL;
}

static bool keep_info(struct fdbg_recording *recording, const struct fdbg_message_info *message)
{
	struct fdbg_message_info *info;
	struct fdbg_text *arguments;

	if (message->exit) {
		recording->has_exit = true;
		recording->exit_code = message->exit_code;
		return true;
	}
	if (recording->info)
		return true;
	info = fdbg_arena_new(&recording->arena, struct fdbg_message_info);
	arguments = fdbg_arena_array(&recording->arena, message->n_arguments, sizeof(*arguments));
	if (!info || !arguments)
		return false;
	*info = *message;
	info->arguments = arguments;
	for (size_t i = 0; i < info->n_arguments; i++) {
		arguments[i] = message->arguments[i];
		if (!keep(recording, &arguments[i]))
			return false;
	}
	if (!keep(recording, &info->debugger) || !keep(recording, &info->version) ||
	    !keep(recording, &info->workspace_root) || !keep(recording, &info->package_name) ||
	    !keep(recording, &info->target) || !keep(recording, &info->recorder) ||
	    !keep(recording, &info->machine) || !keep(recording, &info->rustc))
		return false;
	recording->info = info;
	recording->render = fdbg_render_context_of(info->rustc);
	recording->frames.guess_unwound = !info->recorder.len;
	return true;
}

static bool keep_file(struct fdbg_recording *recording, const struct fdbg_message_file *message)
{
	struct fdbg_message_file *file = fdbg_arena_new(&recording->arena, struct fdbg_message_file);

	if (!file)
		return false;
	*file = *message;
	return keep(recording, &file->path) && keep(recording, &file->crate_name) &&
	       fdbg_map_set(&recording->files, file->id, (uintptr_t)file);
}

static bool keep_breakpoint(struct fdbg_recording *recording, const struct fdbg_message_breakpoint *message)
{
	struct fdbg_message_breakpoint *breakpoint =
		fdbg_arena_new(&recording->arena, struct fdbg_message_breakpoint);

	if (!breakpoint)
		return false;
	*breakpoint = *message;
	/* What to capture concerns the recorder alone. */
	breakpoint->only = NULL;
	breakpoint->n_only = 0;
	if (message->n_merged) {
		struct fdbg_text *merged = fdbg_arena_array(&recording->arena, message->n_merged, sizeof(*merged));

		for (size_t i = 0; i < message->n_merged && merged; i++) {
			merged[i] = message->merged[i];
			if (!keep(recording, &merged[i]))
				merged = NULL;
		}
		if (!merged)
			return false;
		breakpoint->merged = merged;
	}
	return keep(recording, &breakpoint->fn_name) &&
	       fdbg_map_set(&recording->breakpoints, breakpoint->id, (uintptr_t)breakpoint);
}

static struct fdbg_error *absorb(struct fdbg_recording *recording, const struct fdbg_message *message)
{
	bool kept = true;

	switch (message->stream) {
	case FDBG_STREAM_INFO:
		kept = keep_info(recording, &message->info);
		break;
	case FDBG_STREAM_FILE:
		kept = keep_file(recording, &message->file);
		break;
	case FDBG_STREAM_BREAKPOINT:
		kept = keep_breakpoint(recording, &message->breakpoint);
		break;
	case FDBG_STREAM_EVENT:
		return fdbg_frames_feed(&recording->frames, &message->event, &recording->at);
	case FDBG_STREAM_ALLOCATION:
		if (message->allocation.action == FDBG_ALLOCATION_ALLOC && message->allocation.elements)
			kept = fdbg_map_set(&recording->elements, message->allocation.address, message->allocation.elements);
		else
			fdbg_map_remove(&recording->elements, message->allocation.address);
		break;
	case FDBG_STREAM_OTHER:
		break;
	}
	return kept ? NULL : &fdbg_error_nomem;
}

bool fdbg_recording_is_cut(const struct fdbg_recording *recording)
{
	return fdbg_reader_at_end(recording->reader) == FDBG_READER_CUT;
}

struct fdbg_error *fdbg_recording_next(struct fdbg_recording *recording, const struct fdbg_message **ret)
{
	for (;;) {
		const struct fdbg_message *message;
		struct fdbg_error *err = fdbg_reader_next(recording->reader, &message), *skip;

		if (!err)
			err = absorb(recording, message);
		if (!err) {
			if (!recording->begun)
				recording->start_ms = message->timestamp_ms;
			recording->begun = true;
			*ret = message;
			return NULL;
		}
		if (err->code == FDBG_ERROR_END) {
			fdbg_error_destroy(err);
			if (fdbg_recording_is_cut(recording) && !recording->growing)
				fdbg_log(recording->log, FDBG_LOG_WARNING,
					 "%s: no end of stream: it was cut short or is still being written; read up to offset %"
					 PRIu64, recording->path, fdbg_reader_offset(recording->reader));
			*ret = NULL;
			return NULL;
		}
		if (err->code != FDBG_ERROR_FORMAT || recording->strict)
			return err;
		skip = fdbg_reader_skip(recording->reader);
		if (skip) {
			fdbg_error_destroy(skip);
			return err;
		}
		fdbg_log(recording->log, FDBG_LOG_WARNING, "message passed over: %s", err->message);
		fdbg_error_destroy(err);
		recording->n_malformed++;
	}
}

const struct fdbg_message_breakpoint *fdbg_recording_breakpoint(const struct fdbg_recording *recording,
								uint32_t id)
{
	uint64_t found;

	if (!fdbg_map_get(&recording->breakpoints, id, &found))
		return NULL;
	return (const struct fdbg_message_breakpoint *)(uintptr_t)found;
}

const struct fdbg_message_file *fdbg_recording_file(const struct fdbg_recording *recording, uint32_t id)
{
	uint64_t found;

	if (!fdbg_map_get(&recording->files, id, &found))
		return NULL;
	return (const struct fdbg_message_file *)(uintptr_t)found;
}

bool fdbg_recording_location(const struct fdbg_recording *recording, uint32_t breakpoint_id,
			     struct fdbg_text *path_ret, uint32_t *line_ret)
{
	const struct fdbg_message_breakpoint *breakpoint =
		fdbg_recording_breakpoint(recording, breakpoint_id);
	const struct fdbg_message_file *file;

	if (!breakpoint || !breakpoint->line || !breakpoint->file_id)
		return false;
	file = fdbg_recording_file(recording, breakpoint->file_id);
	if (!file)
		return false;
	*path_ret = file->path;
	*line_ret = breakpoint->line;
	return true;
}
