/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "cli/live.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "value/render.h"

/* Longer values are cut in the live tree; the recording has them whole. */
#define VALUE_LIMIT 200
#define INDENT_LIMIT 60
/* When the progress line appears at the earliest, and how often it changes. */
#define QUIET_NS 1000000000u
#define REFRESH_NS 200000000u

void fdbg_live_begin(struct fdbg_live *live, bool tree, bool quiet, const struct fdbg_writer *writer)
{
	*live = (struct fdbg_live){
		.tree = tree, .progress = !tree && !quiet && isatty(STDERR_FILENO), .writer = writer,
		.start_ns = fdbg_clock_mono_ns(),
	};
}

static void show_values(struct fdbg_buf *line, const struct fdbg_message_event *event)
{
	for (size_t i = 0; i < event->n_values; i++) {
		const struct fdbg_named_value *value = &event->values[i];

		fdbg_buf_printf(line, "%s%.*s=", i ? ", " : "", (int)value->name.len, value->name.data);
		fdbg_render_debug(line, &value->value, FDBG_RENDER_DEBUG, VALUE_LIMIT);
	}
}

static void show_event(struct fdbg_live *live, const struct fdbg_message_event *event, uint64_t depth)
{
	struct fdbg_buf *line = &live->line;
	const struct fdbg_text name = event->function;
	struct fdbg_frame_event at;
	struct fdbg_error *err = fdbg_frames_feed(&live->frames, event, &at);

	/* Without memory the tree ends; the recording says what is wrong. */
	if (err) {
		fdbg_error_destroy(err);
		live->tree = false;
		return;
	}
	fdbg_buf_clear(line);
	fdbg_buf_printf(line, "[%llu] %*s", (unsigned long long)event->thread_id,
			(int)(depth < INDENT_LIMIT ? 2 * depth : 2 * INDENT_LIMIT), "");
	switch (event->kind) {
	case FDBG_EVENT_CALL:
		fdbg_buf_printf(line, "%.*s(", (int)name.len, name.data);
		show_values(line, event);
		fdbg_buf_string(line, ")");
		break;
	case FDBG_EVENT_RETURN:
		if (fdbg_frame_event_is_bare(&at)) {
			fdbg_buf_printf(line, "!! %.*s %s", (int)name.len, name.data,
					at.unwound ? "unwound" : "return not recorded");
			break;
		}
		fdbg_buf_printf(line, "%.*s -> ", (int)name.len, name.data);
		if (event->n_values)
			fdbg_render_debug(line, &event->values[0].value, FDBG_RENDER_DEBUG, VALUE_LIMIT);
		break;
	case FDBG_EVENT_PANIC:
		fdbg_buf_string(line, event->n_values ? "!! panic " : "!! panic");
		show_values(line, event);
		break;
	case FDBG_EVENT_BREAKPOINT:
		show_values(line, event);
		break;
	case FDBG_EVENT_FUTURE_ENTER:
		fdbg_buf_string(line, "poll ");
		show_values(line, event);
		break;
	case FDBG_EVENT_FUTURE_EXIT:
		fdbg_buf_string(line, "polled ");
		show_values(line, event);
		break;
	}
	fdbg_buf_byte(line, '\n');
	if (!fdbg_buf_error(line))
		fwrite(line->data, 1, line->len, stderr);
}

/*
 * About five times a second. A short recording shows nothing, and one that stands still takes its line away: the program may
 * be waiting for its user at the same terminal.
 */
static void show_progress(struct fdbg_live *live)
{
	uint64_t now = fdbg_clock_mono_ns();

	if (now - live->start_ns < QUIET_NS || now - live->last_ns < REFRESH_NS)
		return;
	live->rate = (double)(live->n_events - live->last_events) * 1e9 / (double)(now - live->last_ns);
	live->last_ns = now;
	live->last_events = live->n_events;
	if (live->rate <= 0) {
		fdbg_live_end(live);
		return;
	}
	fprintf(stderr, "\rfdbg: %llu events, %.0f a second, %.1f MiB \033[K", (unsigned long long)live->n_events,
		live->rate, (double)fdbg_writer_size(live->writer) / (1 << 20));
	live->shown = true;
}

void fdbg_live_watch(void *context, uint64_t time_ms, const struct fdbg_message_event *event, uint64_t depth)
{
	struct fdbg_live *live = context;

	(void)time_ms;
	if (event)
		live->n_events++;
	if (event && live->tree)
		show_event(live, event, depth);
	else if (!event && live->progress)
		show_progress(live);
}

void fdbg_live_end(struct fdbg_live *live)
{
	if (live->shown)
		fputs("\r\033[K", stderr);
	live->shown = false;
}

void fdbg_live_deinit(struct fdbg_live *live)
{
	fdbg_buf_deinit(&live->line);
	fdbg_frames_deinit(&live->frames);
}
