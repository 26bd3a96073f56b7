/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Trace event JSON, which Perfetto and chrome://tracing open. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "report/export_internal.h"
#include "report/spread.h"
#include "report/time.h"
#include "value/render.h"

/*
 * The format is that of the "Trace Event Format" document: duration events B and E, instants i, metadata M;
 * ts in microseconds. A recording knows one process, whose number it does not know.
 */
enum { PROCESS = 1 };

struct chrome {
	struct fdbg_export *export;
	/* Events of the current millisecond: text with a hole for each time. */
	struct fdbg_buf group;
	size_t holes[FDBG_SPREAD_MAX];
	struct fdbg_spread spread;
	bool any;             /* an event was written */
	uint8_t *named;       /* by index of thread: its metadata was written */
	size_t n_named;
};

static void put_text(struct fdbg_buf *out, struct fdbg_text text)
{
	fdbg_render_json_string(out, text.data, text.len);
}

/*
 * Readers keep thread numbers in 32 bits; a longer one is named by its order, and its name tells the number.
 */
static uint64_t thread_number(const struct fdbg_thread *thread)
{
	return thread->id <= INT32_MAX ? thread->id : thread->index + 1;
}

static struct fdbg_error *place_group(struct chrome *chrome, uint64_t next_ms)
{
	size_t n = chrome->spread.n, from = 0;
	struct fdbg_buf *out = &chrome->export->out;
	struct fdbg_error *err = fdbg_buf_error(&chrome->group);
	uint64_t at, step;

	if (err)
		return err;
	fdbg_spread_place(&chrome->spread, next_ms, &at, &step);
	for (size_t i = 0; i < n; i++, at += step) {
		char time[40];
		int len = snprintf(time, sizeof(time), "%" PRIu64 ".%03u", at / 1000,
				   (unsigned int)(at % 1000));

		fdbg_buf_append(out, chrome->group.data + from, chrome->holes[i] - from);
		fdbg_buf_append(out, time, (size_t)len);
		from = chrome->holes[i];
	}
	fdbg_buf_append(out, chrome->group.data + from, chrome->group.len - from);
	fdbg_buf_clear(&chrome->group);
	return fdbg_export_settle(chrome->export);
}

static void put_separator(struct chrome *chrome)
{
	fdbg_buf_string(&chrome->group, chrome->any ? ",\n" : "\n");
	chrome->any = true;
}

/* `{"ph":"B","pid":1,"tid":7,"ts":…`, the thread NULL for what belongs to none. */
static struct fdbg_error *begin_event(struct chrome *chrome, char phase, const struct fdbg_thread *thread,
				      uint64_t time_ms)
{
	struct fdbg_buf *out = &chrome->group;

	if (fdbg_spread_is_full(&chrome->spread, time_ms)) {
		struct fdbg_error *err = place_group(chrome, time_ms);

		if (err)
			return err;
	}
	put_separator(chrome);
	fdbg_buf_string(out, "{\"ph\":\"");
	fdbg_buf_byte(out, (uint8_t)phase);
	fdbg_buf_string(out, "\",\"pid\":1");
	if (thread) {
		fdbg_buf_string(out, ",\"tid\":");
		fdbg_buf_decimal(out, thread_number(thread));
	}
	fdbg_buf_string(out, ",\"ts\":");
	chrome->holes[chrome->spread.n] = out->len;
	fdbg_spread_add(&chrome->spread, time_ms);
	return NULL;
}

static void put_metadata(struct chrome *chrome, const struct fdbg_thread *thread, const char *what,
			 struct fdbg_text name)
{
	put_separator(chrome);
	fdbg_buf_printf(&chrome->group, "{\"ph\":\"M\",\"pid\":%d", PROCESS);
	if (thread)
		fdbg_buf_printf(&chrome->group, ",\"tid\":%" PRIu64, thread_number(thread));
	fdbg_buf_printf(&chrome->group, ",\"name\":\"%s\",\"args\":{\"name\":", what);
	put_text(&chrome->group, name);
	fdbg_buf_string(&chrome->group, "}}");
}

/* Says once what the thread is called. */
static struct fdbg_error *name_thread(struct chrome *chrome, const struct fdbg_flow_event *event)
{
	struct fdbg_text outermost = { 0 };
	char name[48];

	if (event->thread->index >= chrome->n_named) {
		size_t n = (event->thread->index + 1) * 2;
		uint8_t *named = realloc(chrome->named, n);

		if (!named)
			return &fdbg_error_nomem;
		memset(named + chrome->n_named, 0, n - chrome->n_named);
		chrome->named = named;
		chrome->n_named = n;
	}
	if (chrome->named[event->thread->index])
		return NULL;
	chrome->named[event->thread->index] = 1;
	if (event->thread->n_stack)
		outermost = event->thread->stack[0].function->name;
	put_metadata(chrome, event->thread, "thread_name",
		     fdbg_export_thread_name(event->thread, outermost, name, sizeof(name)));
	put_separator(chrome);
	fdbg_buf_printf(&chrome->group,
			"{\"ph\":\"M\",\"pid\":%d,\"tid\":%" PRIu64
			",\"name\":\"thread_sort_index\",\"args\":{\"sort_index\":%zu}}", PROCESS,
			thread_number(event->thread), event->thread->index);
	return NULL;
}

/*
 * Values by name. Names may come twice, as patterns of arguments have none of their own; keys of JSON may
 * not.
 */
static void put_values(struct chrome *chrome, const struct fdbg_named_value *values, size_t n)
{
	struct fdbg_buf *out = &chrome->group;
	struct fdbg_buf key = { 0 };

	fdbg_buf_byte(out, '{');
	for (size_t i = 0; i < n; i++) {
		unsigned int n_same = 1;

		/* Few enough to look at each; a hostile file's many are all told by their number. */
		for (size_t k = 0; k < i && i < 100; k++)
			n_same += fdbg_text_equal(values[k].name, values[i].name);
		if (i >= 100)
			n_same = (unsigned int)i + 1;
		fdbg_buf_clear(&key);
		fdbg_buf_append(&key, values[i].name.data, values[i].name.len);
		if (n_same > 1)
			fdbg_buf_printf(&key, " (%u)", n_same);
		if (i)
			fdbg_buf_byte(out, ',');
		fdbg_render_json_string(out, fdbg_buf_cstr(&key), key.len);
		fdbg_buf_byte(out, ':');
		put_text(out, fdbg_export_value(chrome->export, &values[i].value));
	}
	fdbg_buf_byte(out, '}');
	out->failed |= key.failed;
	fdbg_buf_deinit(&key);
}

static struct fdbg_error *begin(void *context, const struct fdbg_flow_event *event)
{
	struct chrome *chrome = context;
	struct fdbg_buf *out = &chrome->group;
	struct fdbg_error *err = name_thread(chrome, event);
	struct fdbg_text path;
	uint32_t line;

	if (!err)
		err = begin_event(chrome, 'B', event->thread, event->time_ms);
	if (err)
		return err;
	fdbg_buf_string(out, ",\"cat\":\"call\",\"name\":");
	put_text(out, event->call->function->name);
	fdbg_buf_string(out, ",\"args\":{\"frame\":");
	fdbg_buf_decimal(out, event->call->frame_id);
	if (fdbg_recording_location(chrome->export->recording, event->call->breakpoint_id, &path, &line)) {
		fdbg_buf_string(out, ",\"file\":");
		put_text(out, path);
		fdbg_buf_string(out, ",\"line\":");
		fdbg_buf_decimal(out, line);
	}
	if (event->call->context)
		fdbg_buf_string(out, ",\"began earlier\":true");
	if (event->n_values) {
		fdbg_buf_string(out, ",\"arguments\":");
		put_values(chrome, event->values, event->n_values);
	}
	fdbg_buf_string(out, "}}");
	return NULL;
}

static struct fdbg_error *end(void *context, const struct fdbg_flow_event *event, enum fdbg_flow_end how)
{
	static const char *const ends[] = {
		[FDBG_FLOW_OPEN] = "did not return",
		[FDBG_FLOW_RETURNED] = NULL,
		[FDBG_FLOW_UNWOUND] = "unwound",
		[FDBG_FLOW_LOST] = "return not recorded",
	};
	struct chrome *chrome = context;
	struct fdbg_error *err = begin_event(chrome, 'E', event->thread, event->time_ms);
	struct fdbg_buf *out = &chrome->group;

	if (err)
		return err;
	/* Perfetto takes the innermost slice; other readers want to see its name. */
	fdbg_buf_string(out, ",\"name\":");
	put_text(out, event->call->function->name);
	if (how == FDBG_FLOW_OPEN && chrome->export->options->filter.to.kind) {
		fdbg_buf_string(out, ",\"args\":{\"end\":\"open at the end of the part\"}");
	} else if (ends[how]) {
		fdbg_buf_printf(out, ",\"args\":{\"end\":\"%s\"}", ends[how]);
	} else if (event->n_values) {
		fdbg_buf_string(out, ",\"args\":{\"returns\":");
		put_text(out, fdbg_export_value(chrome->export, &event->values[0].value));
		if (fdbg_value_is_err(&event->values[0].value))
			fdbg_buf_string(out, ",\"error\":true");
		fdbg_buf_byte(out, '}');
	}
	fdbg_buf_byte(out, '}');
	return NULL;
}

static struct fdbg_error *note(void *context, const struct fdbg_flow_event *event, enum fdbg_event_kind kind)
{
	static const char *const names[] = {
		[FDBG_EVENT_BREAKPOINT] = "dbg!",
		[FDBG_EVENT_PANIC] = "panic",
		[FDBG_EVENT_FUTURE_ENTER] = "future enter",
		[FDBG_EVENT_FUTURE_EXIT] = "future exit",
	};
	struct chrome *chrome = context;
	struct fdbg_error *err = name_thread(chrome, event);
	struct fdbg_buf *out = &chrome->group;

	if (!err)
		err = begin_event(chrome, 'i', event->thread, event->time_ms);
	if (err)
		return err;
	fdbg_buf_printf(out, ",\"s\":\"t\",\"cat\":\"%s\",\"name\":\"%s\",\"args\":", names[kind],
			names[kind]);
	put_values(chrome, event->values, event->n_values);
	fdbg_buf_byte(out, '}');
	return NULL;
}

static struct fdbg_error *allocation(void *context, const struct fdbg_message_allocation *message,
				     uint64_t time_ms)
{
	struct chrome *chrome = context;
	struct fdbg_error *err = begin_event(chrome, 'i', NULL, time_ms);
	struct fdbg_buf *out = &chrome->group;

	if (err)
		return err;
	/* Which thread it was is not recorded: an instant of the process. */
	fdbg_buf_printf(
		out,
		",\"s\":\"p\",\"cat\":\"allocation\",\"name\":\"%s\",\"args\":{\"address\":\"0x%" PRIx64
		"\",\"type\":",
		message->action == FDBG_ALLOCATION_ALLOC ? "alloc" : "drop", message->address);
	put_text(out, message->type_name);
	fdbg_buf_string(out, "}}");
	return NULL;
}

/* Keys besides the events: what was recorded. Metadata for the user, all of them texts. */
static void put_other(struct chrome *chrome)
{
	const struct fdbg_recording *recording = chrome->export->recording;
	struct fdbg_buf *out = &chrome->export->out;

	fdbg_buf_string(out, "\n],\"displayTimeUnit\":\"ms\",\"otherData\":{\"recording\":");
	put_text(out, fdbg_export_title(chrome->export));
	fdbg_buf_string(out, ",\"started\":\"");
	fdbg_time_rfc3339(out, chrome->spread.begun ? chrome->spread.start_ms : recording->start_ms);
	fdbg_buf_string(out, "\",\"exporter\":");
	put_text(out, fdbg_text_from(chrome->export->options->version));
	if (recording->info) {
		fdbg_buf_string(out, ",\"target\":");
		put_text(out, recording->info->target);
	}
	if (recording->has_exit)
		fdbg_buf_printf(out, ",\"exit\":\"%" PRId32 "\"", recording->exit_code);
	fdbg_buf_string(out, "}}\n");
}

struct fdbg_error *fdbg_export_chrome(struct fdbg_export *export)
{
	struct chrome *chrome = calloc(1, sizeof(*chrome));
	struct fdbg_flow_visitor visitor = { chrome, begin, end, note, allocation };
	struct fdbg_error *err, *last = NULL;

	if (!chrome)
		return &fdbg_error_nomem;
	chrome->export = export;
	fdbg_buf_string(&export->out, "{\"traceEvents\":[");
	err = fdbg_export_run(export, &visitor, false);
	if (fdbg_export_is_whole(err)) {
		const struct fdbg_message_info *info = export->recording->info;

		put_metadata(chrome, NULL, "process_name",
			     info && info->package_name.len ? info->package_name : fdbg_export_title(export));
		last = place_group(chrome, UINT64_MAX);
		if (!last)
			put_other(chrome);
	}
	free(chrome->named);
	fdbg_buf_deinit(&chrome->group);
	free(chrome);
	if (!err)
		return last;
	fdbg_error_destroy(last);
	return err;
}
