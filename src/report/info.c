/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a recording holds, in numbers. */
#include "report/info.h"

#include <inttypes.h>
#include <stdlib.h>

#include "report/panic_text.h"
#include "report/time.h"
#include "value/escape.h"
#include "value/render.h"

struct function_count {
	const struct fdbg_counted_function *function;
	uint64_t calls, errors, unwound;
};

/* More panics than this are only counted: a program may panic with a new message each time. */
enum { MAX_PANICS = 20, MAX_PANIC_BYTES = 200 };

struct panic_count {
	struct fdbg_text text;
	uint64_t n;
};

struct info {
	const struct fdbg_recording *recording;
	struct fdbg_buf out;
	uint64_t n_messages[FDBG_STREAM_OTHER + 1];
	uint64_t n_events[FDBG_EVENT_FUTURE_EXIT + 1];
	uint64_t n_unwound, n_err, n_lost, n_unreadable, n_optimized_out;
	uint64_t n_allocated, n_released;
	uint64_t max_depth;
	uint64_t first_ms, last_ms;
	struct panic_count panics[MAX_PANICS]; /* those with a message or a location */
	size_t n_panics;
	uint64_t n_more_panics;
	struct fdbg_arena arena;
	struct fdbg_buf text;
	struct function_count *functions; /* by index of function */
	size_t n_functions;
};

static struct function_count *count_of(struct info *info, const struct fdbg_counted_function *function)
{
	if (function->index >= info->n_functions) {
		size_t n = (function->index + 1) * 2;
		struct function_count *functions = reallocarray(info->functions, n, sizeof(*functions));

		if (!functions)
			return NULL;
		memset(functions + info->n_functions, 0, (n - info->n_functions) * sizeof(*functions));
		info->functions = functions;
		info->n_functions = n;
	}
	info->functions[function->index].function = function;
	return &info->functions[function->index];
}

static struct fdbg_error *count_panic(struct info *info, const struct fdbg_message_event *event)
{
	struct fdbg_text text;

	fdbg_buf_clear(&info->text);
	fdbg_panic_text(&info->text, event->values, event->n_values, MAX_PANIC_BYTES, &info->recording->render);
	text = (struct fdbg_text){ fdbg_buf_cstr(&info->text), info->text.len };
	if (info->text.failed)
		return &fdbg_error_nomem;
	for (size_t i = 0; i < info->n_panics; i++) {
		if (fdbg_text_equal(info->panics[i].text, text)) {
			info->panics[i].n++;
			return NULL;
		}
	}
	if (info->n_panics == MAX_PANICS) {
		info->n_more_panics++;
		return NULL;
	}
	text = fdbg_arena_text(&info->arena, text);
	if (!text.data)
		return &fdbg_error_nomem;
	info->panics[info->n_panics++] = (struct panic_count){ text, 1 };
	return NULL;
}

static struct fdbg_error *count_event(struct info *info, const struct fdbg_message_event *event)
{
	const struct fdbg_frame_event *at = &info->recording->at;
	struct function_count *count = NULL;

	info->n_events[event->kind]++;
	info->n_lost += at->n_lost;
	if (at->frame) {
		count = count_of(info, at->frame->function);
		if (!count)
			return &fdbg_error_nomem;
	}
	if (event->kind == FDBG_EVENT_CALL) {
		count->calls++;
		if (at->depth > info->max_depth)
			info->max_depth = at->depth;
	}
	if (event->kind == FDBG_EVENT_PANIC && event->n_values) {
		struct fdbg_error *err = count_panic(info, event);

		if (err)
			return err;
	}
	if (event->kind == FDBG_EVENT_RETURN && at->unwound) {
		info->n_unwound++;
		if (count)
			count->unwound++;
		return NULL;
	}
	if (event->kind == FDBG_EVENT_RETURN && at->missed) {
		info->n_lost++;
		return NULL;
	}
	for (size_t i = 0; i < event->n_values; i++) {
		const struct fdbg_value *value = &event->values[i].value;

		if (value->kind == FDBG_VALUE_OPAQUE) {
			info->n_optimized_out += value->opaque.optimized_out;
			info->n_unreadable += !value->opaque.optimized_out;
		}
		if (event->kind == FDBG_EVENT_RETURN && fdbg_value_is_err(value)) {
			info->n_err++;
			if (count)
				count->errors++;
		}
	}
	return NULL;
}

static struct fdbg_error *count_message(struct info *info, const struct fdbg_message *message)
{
	info->n_messages[message->stream]++;
	if (!info->first_ms || message->timestamp_ms < info->first_ms)
		info->first_ms = message->timestamp_ms;
	if (message->timestamp_ms > info->last_ms)
		info->last_ms = message->timestamp_ms;
	if (message->stream == FDBG_STREAM_ALLOCATION) {
		info->n_allocated += message->allocation.action == FDBG_ALLOCATION_ALLOC;
		info->n_released += message->allocation.action == FDBG_ALLOCATION_DROP;
	}
	return message->stream == FDBG_STREAM_EVENT ? count_event(info, &message->event) : NULL;
}

static void put_label(struct info *info, const char *label)
{
	fdbg_buf_printf(&info->out, "%-12s", label);
}

static void put_text(struct info *info, const char *label, struct fdbg_text text)
{
	if (!text.len)
		return;
	put_label(info, label);
	fdbg_escape_terminal(&info->out, text.data, text.len, false);
	fdbg_buf_byte(&info->out, '\n');
}

static void put_target(struct info *info)
{
	const struct fdbg_recording *recording = info->recording;
	const struct fdbg_message_info *about = recording->info;

	if (about) {
		put_text(info, "target", about->target);
		put_text(info, "package", about->package_name);
		put_text(info, "workspace", about->workspace_root);
		if (about->n_arguments) {
			put_label(info, "arguments");
			for (size_t i = 0; i < about->n_arguments; i++) {
				if (i)
					fdbg_buf_byte(&info->out, ' ');
				fdbg_render_str(&info->out, about->arguments[i].data,
						about->arguments[i].len);
			}
			fdbg_buf_byte(&info->out, '\n');
		}
		put_label(info, "recorder");
		if (about->recorder.len) {
			fdbg_escape_terminal(&info->out, about->recorder.data, about->recorder.len, false);
		} else {
			fdbg_escape_terminal(&info->out, about->debugger.data, about->debugger.len, false);
			fdbg_buf_byte(&info->out, ' ');
			fdbg_escape_terminal(&info->out, about->version.data, about->version.len, false);
		}
		fdbg_buf_byte(&info->out, '\n');
		put_text(info, "machine", about->machine);
		put_text(info, "rustc", about->rustc);
	}
	put_label(info, "exit");
	if (recording->has_exit)
		fdbg_buf_printf(&info->out, "%" PRId32 "\n", recording->exit_code);
	else
		fdbg_buf_string(&info->out, "not recorded\n");
}

static void put_count(struct info *info, const char *what, uint64_t count, bool *any)
{
	if (!count)
		return;
	fdbg_buf_printf(&info->out, "%s%s %" PRIu64, *any ? ", " : "", what, count);
	*any = true;
}

static void put_counts(struct info *info)
{
	static const char *const events[] = {
		[FDBG_EVENT_CALL] = "calls", [FDBG_EVENT_RETURN] = "returns",
		[FDBG_EVENT_BREAKPOINT] = "breakpoints",
		[FDBG_EVENT_PANIC] = "panics", [FDBG_EVENT_FUTURE_ENTER] = "future enters",
		[FDBG_EVENT_FUTURE_EXIT] = "future exits",
	};
	bool any = false;

	put_label(info, "streams");
	for (int i = 0; i < FDBG_STREAM_OTHER; i++)
		fdbg_buf_printf(&info->out, "%s%s %" PRIu64, i ? ", " : "",
				fdbg_stream_key((enum fdbg_stream)i),
				info->n_messages[i]);
	if (info->n_messages[FDBG_STREAM_OTHER])
		fdbg_buf_printf(&info->out, ", other %" PRIu64, info->n_messages[FDBG_STREAM_OTHER]);
	fdbg_buf_byte(&info->out, '\n');
	put_label(info, "events");
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		put_count(info, events[i], info->n_events[i], &any);
	fdbg_buf_string(&info->out, any ? "\n" : "none\n");
	put_label(info, "threads");
	fdbg_buf_printf(&info->out, "%zu, greatest depth %" PRIu64 "\n", info->recording->frames.n_threads,
			info->max_depth);
	if (info->n_messages[FDBG_STREAM_ALLOCATION]) {
		put_label(info, "heap");
		fdbg_buf_printf(&info->out, "%" PRIu64 " allocated, %" PRIu64 " released\n",
				info->n_allocated,
				info->n_released);
	}
	any = false;
	put_label(info, "errors");
	put_count(info, "panics", info->n_events[FDBG_EVENT_PANIC], &any);
	put_count(info, "frames unwound", info->n_unwound, &any);
	put_count(info, "Err returned", info->n_err, &any);
	put_count(info, "values unreadable", info->n_unreadable, &any);
	put_count(info, "values optimized out", info->n_optimized_out, &any);
	put_count(info, "returns not recorded", info->n_lost, &any);
	put_count(info, "messages malformed", info->recording->n_malformed, &any);
	fdbg_buf_string(&info->out, any ? "\n" : "none\n");
}

static int compare(const void *a, const void *b)
{
	const struct function_count *x = a, *y = b;

	if (x->calls != y->calls)
		return x->calls < y->calls ? 1 : -1;
	if (!x->function || !y->function)
		return !!y->function - !!x->function;
	return strcmp(x->function->name.data, y->function->name.data);
}

static void put_functions(struct info *info)
{
	if (!info->n_functions)
		return;
	qsort(info->functions, info->n_functions, sizeof(*info->functions), compare);
	fdbg_buf_string(&info->out, "\n     calls  function\n");
	for (size_t i = 0; i < info->n_functions && info->functions[i].function; i++) {
		const struct function_count *count = &info->functions[i];
		bool any = false;

		fdbg_buf_printf(&info->out, "%10" PRIu64 "  ", count->calls);
		fdbg_escape_terminal(&info->out, count->function->name.data, count->function->name.len,
				     false);
		if (count->errors || count->unwound) {
			fdbg_buf_string(&info->out, "  (");
			put_count(info, "Err", count->errors, &any);
			put_count(info, "unwound", count->unwound, &any);
			fdbg_buf_byte(&info->out, ')');
		}
		fdbg_buf_byte(&info->out, '\n');
	}
}

static void put_panics(struct info *info)
{
	if (!info->n_panics)
		return;
	fdbg_buf_string(&info->out, "\n    panics  message\n");
	for (size_t i = 0; i < info->n_panics; i++) {
		fdbg_buf_printf(&info->out, "%10" PRIu64 "  ", info->panics[i].n);
		fdbg_escape_terminal(&info->out, info->panics[i].text.data, info->panics[i].text.len, false);
		fdbg_buf_byte(&info->out, '\n');
	}
	if (info->n_more_panics)
		fdbg_buf_printf(&info->out, "%10" PRIu64 "  others\n", info->n_more_panics);
}

static void put_all(struct info *info, bool broken)
{
	const struct fdbg_recording *recording = info->recording;

	put_label(info, "recording");
	fdbg_escape_terminal(&info->out, recording->path, strlen(recording->path), false);
	fdbg_buf_printf(&info->out, ", %" PRIu64 " bytes, %s\n", fdbg_reader_offset(recording->reader),
			broken ? "broken there" : fdbg_recording_is_cut(recording) ? "cut short there" : "complete");
	put_target(info);
	put_label(info, "started");
	fdbg_time_rfc3339(&info->out, info->first_ms ? info->first_ms :
			  fdbg_reader_created_ms(recording->reader));
	fdbg_buf_byte(&info->out, '\n');
	put_label(info, "duration");
	fdbg_time_span(&info->out, info->last_ms - info->first_ms);
	fdbg_buf_byte(&info->out, '\n');
	put_counts(info);
	put_functions(info);
	put_panics(info);
}

struct fdbg_error *fdbg_info(struct fdbg_recording *recording, const struct fdbg_sink *sink)
{
	struct info info = { .recording = recording };
	const struct fdbg_message *message;
	struct fdbg_error *err, *flush;

	do {
		err = fdbg_recording_next(recording, &message);
		if (!err && message)
			err = count_message(&info, message);
	} while (!err && message);
	if (!err || err->code == FDBG_ERROR_FORMAT)
		put_all(&info, err != NULL);
	flush = fdbg_sink_flush(sink, &info.out);
	free(info.functions);
	fdbg_arena_deinit(&info.arena);
	fdbg_buf_deinit(&info.text);
	fdbg_buf_deinit(&info.out);
	if (!err)
		return flush;
	fdbg_error_destroy(flush);
	return err;
}
