/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A recording as JSON, one object a line. */
#include "report/dump.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "report/time.h"
#include "value/render.h"

enum { FLUSH_SIZE = 32768 };

struct dump {
	const struct fdbg_recording *recording;
	const struct fdbg_dump_options *options;
	struct fdbg_buf out;
	struct fdbg_buf text; /* of one value */
};

static void put_key(struct dump *dump, const char *key)
{
	fdbg_buf_string(&dump->out, ",\"");
	fdbg_buf_string(&dump->out, key);
	fdbg_buf_string(&dump->out, "\":");
}

static void put_number(struct dump *dump, const char *key, uint64_t value)
{
	put_key(dump, key);
	fdbg_buf_decimal(&dump->out, value);
}

static void put_text(struct dump *dump, const char *key, struct fdbg_text text)
{
	put_key(dump, key);
	fdbg_render_json_string(&dump->out, text.data, text.len);
}

/*
 * cli.md: null for what could not be read, a string for what the optimizer removed. The structured form has
 * its own Opaque for the former.
 */
static void put_value(struct dump *dump, const struct fdbg_value *value)
{
	if (value->kind == FDBG_VALUE_OPAQUE &&
	    (value->opaque.optimized_out || dump->options->values != FDBG_DUMP_JSON)) {
		fdbg_buf_string(&dump->out, value->opaque.optimized_out ? "\"<optimized out>\"" : "null");
		return;
	}
	if (dump->options->values == FDBG_DUMP_JSON) {
		fdbg_render_json_with(&dump->out, value, &dump->recording->elements);
		return;
	}
	fdbg_buf_clear(&dump->text);
	fdbg_render_debug_as(&dump->text, value,
			     dump->options->values == FDBG_DUMP_PRETTY ? FDBG_RENDER_PRETTY : FDBG_RENDER_DEBUG,
			     0, &dump->recording->render);
	fdbg_render_json_string(&dump->out, fdbg_buf_cstr(&dump->text), dump->text.len);
	dump->out.failed |= dump->text.failed;
}

static void put_values(struct dump *dump, const char *key, const struct fdbg_message_event *event)
{
	if (dump->options->values == FDBG_DUMP_NONE)
		return;
	put_key(dump, key);
	fdbg_buf_byte(&dump->out, '[');
	for (size_t i = 0; i < event->n_values; i++) {
		fdbg_buf_string(&dump->out, i ? ",[" : "[");
		fdbg_render_json_string(&dump->out, event->values[i].name.data, event->values[i].name.len);
		fdbg_buf_byte(&dump->out, ',');
		put_value(dump, &event->values[i].value);
		fdbg_buf_byte(&dump->out, ']');
	}
	fdbg_buf_byte(&dump->out, ']');
}

/* What a future event says beyond the function's name, each under the name of the value. */
static void put_future(struct dump *dump, const struct fdbg_message_event *event)
{
	static const char *const keys[] = { "future", "state", "await_line", "poll" };

	if (dump->options->values == FDBG_DUMP_NONE)
		return;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		for (size_t k = 0; k < event->n_values; k++) {
			if (!fdbg_text_is(event->values[k].name, keys[i]))
				continue;
			put_key(dump, keys[i]);
			put_value(dump, &event->values[k].value);
			break;
		}
}

static void put_begin(struct dump *dump, const char *event, uint64_t time_ms)
{
	fdbg_buf_string(&dump->out, "{\"event\":\"");
	fdbg_buf_string(&dump->out, event);
	fdbg_buf_string(&dump->out, "\",\"time\":\"");
	fdbg_time_rfc3339(&dump->out, time_ms);
	fdbg_buf_byte(&dump->out, '"');
}

static void put_parent(struct dump *dump, const struct fdbg_frame_event *at)
{
	if (at->parent) {
		put_number(dump, "parent_frame_id", at->parent->id);
	} else {
		put_key(dump, "parent_frame_id");
		fdbg_buf_string(&dump->out, "null");
	}
}

/* The other functions that the optimizer or the linker made one with this one. */
static void put_merged(struct dump *dump, uint32_t breakpoint_id)
{
	const struct fdbg_message_breakpoint *breakpoint = fdbg_recording_breakpoint(dump->recording, breakpoint_id);

	if (!breakpoint || !breakpoint->n_merged)
		return;
	put_key(dump, "merged");
	for (size_t i = 0; i < breakpoint->n_merged; i++) {
		fdbg_buf_byte(&dump->out, i ? ',' : '[');
		fdbg_render_json_string(&dump->out, breakpoint->merged[i].data, breakpoint->merged[i].len);
	}
	fdbg_buf_byte(&dump->out, ']');
}

static void put_inlined(struct dump *dump, uint32_t breakpoint_id)
{
	const struct fdbg_message_breakpoint *breakpoint = fdbg_recording_breakpoint(dump->recording, breakpoint_id);

	if (breakpoint && breakpoint->inlined)
		fdbg_buf_string(&dump->out, ",\"inlined\":true");
}

/* Where a returned value was read by a rule that may not apply, its event says so. */
static void put_certainty(struct dump *dump, const struct fdbg_message_event *event)
{
	const struct fdbg_message_breakpoint *breakpoint = fdbg_recording_breakpoint(dump->recording, event->breakpoint_id);

	if (breakpoint && breakpoint->assumed && event->n_values && !fdbg_frame_event_is_bare(&dump->recording->at) &&
	    event->values[0].value.kind != FDBG_VALUE_OPAQUE)
		put_text(dump, "certainty", FDBG_TEXT("assumed"));
}

static void put_event(struct dump *dump, const struct fdbg_message *message)
{
	static const char *const names[] = {
		[FDBG_EVENT_CALL] = "call", [FDBG_EVENT_RETURN] = "return",
		[FDBG_EVENT_BREAKPOINT] = "breakpoint",
		[FDBG_EVENT_PANIC] = "panic", [FDBG_EVENT_FUTURE_ENTER] = "future_enter",
		[FDBG_EVENT_FUTURE_EXIT] = "future_exit",
	};
	const struct fdbg_message_event *event = &message->event;
	const struct fdbg_frame_event *at = &dump->recording->at;
	struct fdbg_text path;
	uint32_t line;

	put_begin(dump, names[event->kind], message->timestamp_ms);
	put_number(dump, "thread_id", event->thread_id);
	put_number(dump, "frame_id", event->frame_id);
	if (event->kind == FDBG_EVENT_CALL)
		put_parent(dump, at);
	if (at->frame)
		put_number(dump, "depth", at->depth);
	switch (event->kind) {
	case FDBG_EVENT_CALL:
	case FDBG_EVENT_RETURN:
		put_text(dump, "function", event->function);
		break;
	case FDBG_EVENT_BREAKPOINT:
	case FDBG_EVENT_PANIC:
		if (at->frame)
			put_text(dump, "function", at->frame->function->name);
		break;
	case FDBG_EVENT_FUTURE_ENTER:
	case FDBG_EVENT_FUTURE_EXIT:
		/* The first value is the async function's name. */
		if (event->n_values && event->values[0].value.kind == FDBG_VALUE_STR)
			put_text(dump, "function", event->values[0].value.str);
		break;
	}
	/* A return that was missed names where the call began. */
	if (!at->missed && fdbg_recording_location(dump->recording, event->breakpoint_id, &path, &line)) {
		put_text(dump, "file", path);
		put_number(dump, "line", line);
	}
	switch (event->kind) {
	case FDBG_EVENT_CALL:
		put_values(dump, "args", event);
		put_merged(dump, event->breakpoint_id);
		put_inlined(dump, event->breakpoint_id);
		break;
	case FDBG_EVENT_RETURN:
		if (dump->options->values != FDBG_DUMP_NONE) {
			put_key(dump, "value");
			if (event->n_values && !fdbg_frame_event_is_bare(at))
				put_value(dump, &event->values[0].value);
			else
				fdbg_buf_string(&dump->out, "null");
			put_certainty(dump, event);
		}
		if (at->unwound)
			fdbg_buf_string(&dump->out, ",\"unwound\":true");
		else if (at->missed)
			fdbg_buf_string(&dump->out, ",\"lost\":true");
		else
			put_inlined(dump, event->breakpoint_id);
		break;
	case FDBG_EVENT_BREAKPOINT:
	case FDBG_EVENT_PANIC:
		put_values(dump, "locals", event);
		break;
	case FDBG_EVENT_FUTURE_ENTER:
	case FDBG_EVENT_FUTURE_EXIT:
		put_future(dump, event);
		break;
	}
	fdbg_buf_byte(&dump->out, '}');
}

/* Messages that are JSON themselves, with all their keys, also those that this version does not know. */
static struct fdbg_error *put_json_message(struct dump *dump, const char *name,
					   const struct fdbg_message *message)
{
	json_t *json = json_loadb((const char *)message->payload, message->payload_len, JSON_ALLOW_NUL, NULL);
	const char *key;
	json_t *value;
	char *text;

	put_begin(dump, name, message->timestamp_ms);
	json_object_foreach(json, key, value) {
		/* Our own two keys come first and only once. */
		if (!strcmp(key, "event") || !strcmp(key, "time"))
			continue;
		text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		if (!text) {
			json_decref(json);
			return &fdbg_error_nomem;
		}
		fdbg_buf_byte(&dump->out, ',');
		fdbg_render_json_string(&dump->out, key, strlen(key));
		fdbg_buf_byte(&dump->out, ':');
		fdbg_buf_string(&dump->out, text);
		free(text);
	}
	json_decref(json);
	fdbg_buf_byte(&dump->out, '}');
	return NULL;
}

static void put_allocation(struct dump *dump, const struct fdbg_message *message)
{
	const struct fdbg_message_allocation *allocation = &message->allocation;

	put_begin(dump, "allocation", message->timestamp_ms);
	put_text(dump, "action", allocation->action == FDBG_ALLOCATION_ALLOC ? FDBG_TEXT("Alloc") :
		 FDBG_TEXT("Drop"));
	put_key(dump, "address");
	fdbg_buf_printf(&dump->out, "\"0x%" PRIx64 "\"", allocation->address);
	put_text(dump, "type_name", allocation->type_name);
	if (allocation->kind)
		put_text(dump, "kind", fdbg_text_from(fdbg_allocation_kind_name(allocation->kind)));
	if (allocation->thread_id) {
		put_number(dump, "thread_id", allocation->thread_id);
		put_number(dump, "frame_id", allocation->frame_id);
	}
	if (allocation->has_size)
		put_number(dump, "size", allocation->size);
	if (allocation->align)
		put_number(dump, "align", allocation->align);
	if (allocation->elements)
		put_number(dump, "elements", allocation->elements);
	if (allocation->moved) {
		put_key(dump, "old_address");
		fdbg_buf_printf(&dump->out, "\"0x%" PRIx64 "\"", allocation->old_address);
	}
	if (allocation->last) {
		put_key(dump, "last");
		fdbg_buf_string(&dump->out, "true");
	}
	if (allocation->unseen) {
		put_key(dump, "unseen");
		fdbg_buf_string(&dump->out, "true");
	}
	if (allocation->function.len)
		put_text(dump, "function", allocation->function);
	if (allocation->file.len)
		put_text(dump, "file", allocation->file);
	if (allocation->line)
		put_number(dump, "line", allocation->line);
	fdbg_buf_byte(&dump->out, '}');
}

/* A stream that this version does not know: only that there was a message. */
static void put_unknown(struct dump *dump, const struct fdbg_message *message)
{
	put_begin(dump, "message", message->timestamp_ms);
	put_text(dump, "stream", message->key);
	put_number(dump, "sequence", message->sequence);
	put_number(dump, "bytes", message->payload_len);
	fdbg_buf_byte(&dump->out, '}');
}

static struct fdbg_error *put_message(struct dump *dump, const struct fdbg_message *message)
{
	struct fdbg_error *err = NULL;

	switch (message->stream) {
	case FDBG_STREAM_INFO:
		err = put_json_message(dump, "info", message);
		break;
	case FDBG_STREAM_FILE:
		err = put_json_message(dump, "file", message);
		break;
	case FDBG_STREAM_BREAKPOINT:
		err = put_json_message(dump, "breakpoint_set", message);
		break;
	case FDBG_STREAM_EVENT:
		put_event(dump, message);
		break;
	case FDBG_STREAM_ALLOCATION:
		put_allocation(dump, message);
		break;
	case FDBG_STREAM_OTHER:
		if (fdbg_text_is(message->key, "exec"))
			err = put_json_message(dump, "exec", message);
		else
			put_unknown(dump, message);
		break;
	}
	fdbg_buf_byte(&dump->out, '\n');
	return err;
}

struct fdbg_error *fdbg_dump(struct fdbg_recording *recording, const struct fdbg_dump_options *options,
			     const struct fdbg_sink *sink)
{
	struct dump dump = { .recording = recording, .options = options };
	const struct fdbg_message *message;
	struct fdbg_error *err, *flush;

	do {
		err = fdbg_recording_next(recording, &message);
		if (err || !message)
			break;
		if (options->streams[message->stream])
			err = put_message(&dump, message);
		if (!err && dump.out.len >= FLUSH_SIZE)
			err = fdbg_sink_flush(sink, &dump.out);
	} while (!err);
	/* Of a broken file everything before the break is printed. */
	flush = err && err->code != FDBG_ERROR_FORMAT ? NULL : fdbg_sink_flush(sink, &dump.out);
	fdbg_buf_deinit(&dump.out);
	fdbg_buf_deinit(&dump.text);
	if (!err)
		return flush;
	fdbg_error_destroy(flush);
	return err;
}
