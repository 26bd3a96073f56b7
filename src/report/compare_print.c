/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How a difference between two recordings is told. */
#include "report/compare_print.h"

#include <inttypes.h>

#include "value/escape.h"

/* Of a value in a line; of both values where they part: what is shown before and behind that place. */
enum { MAX_LINE_VALUE = 200, BEFORE_PART = 60, BEHIND_PART = 120, MAX_INDENT = 40 };

struct printer {
	const struct fdbg_compare_result *result;
	const struct fdbg_sink *sink;
	struct fdbg_buf out;
	uint64_t least_depth;
};

static void put(struct printer *printer, const char *text)
{
	fdbg_buf_string(&printer->out, text);
}

static void put_text(struct printer *printer, struct fdbg_text text)
{
	fdbg_escape_terminal(&printer->out, text.data, text.len, false);
}

static void put_path(struct printer *printer, const struct fdbg_recording *recording)
{
	put_text(printer, fdbg_text_from(recording->path));
}

/* A part of a value, from `from` on, not breaking characters. */
static void put_part(struct printer *printer, struct fdbg_text text, size_t from, size_t max)
{
	size_t end = text.len;

	while (from && from < text.len && ((uint8_t)text.data[from] & 0xc0) == 0x80)
		from--;
	if (from > text.len)
		from = text.len;
	if (end - from > max) {
		end = from + max;
		while (end > from && ((uint8_t)text.data[end] & 0xc0) == 0x80)
			end--;
	}
	if (from)
		put(printer, "…");
	put_text(printer, (struct fdbg_text){ text.data + from, end - from });
	if (end < text.len)
		put(printer, "…");
}

static void put_event(struct printer *printer, const struct fdbg_scene_event *event)
{
	const char *between = "=";

	switch (event->kind) {
	case FDBG_EVENT_CALL:
		put(printer, "call ");
		break;
	case FDBG_EVENT_RETURN:
		put(printer, event->unwound ? "unwound " : event->missed ? "return not recorded " : "return ");
		break;
	case FDBG_EVENT_BREAKPOINT:
		put(printer, "dbg! in ");
		break;
	case FDBG_EVENT_PANIC:
		put(printer, "panic in ");
		break;
	case FDBG_EVENT_FUTURE_ENTER:
		put(printer, "future enter in ");
		break;
	case FDBG_EVENT_FUTURE_EXIT:
		put(printer, "future exit in ");
		break;
	}
	if (event->function.len)
		put_text(printer, event->function);
	else
		put(printer, "no recorded call");
	if (event->kind == FDBG_EVENT_RETURN) {
		if (event->n_values) {
			put(printer, " -> ");
			put_part(printer, event->values[0].text, 0, MAX_LINE_VALUE);
		}
		return;
	}
	if (event->kind != FDBG_EVENT_CALL)
		between = " = ";
	put(printer, event->kind == FDBG_EVENT_CALL ? "(" : event->n_values ? " " : "");
	for (size_t i = 0; i < event->n_values; i++) {
		if (i)
			put(printer, ", ");
		put_text(printer, event->values[i].name);
		put(printer, between);
		put_part(printer, event->values[i].text, 0, MAX_LINE_VALUE);
	}
	if (event->kind == FDBG_EVENT_CALL)
		put(printer, ")");
}

static void put_line(struct printer *printer, char mark, const struct fdbg_scene_event *event)
{
	static const char *const colours[] = { "\033[31m", "\033[32m" };
	uint64_t depth = event->depth - printer->least_depth;
	bool colour = printer->sink->colour && mark != ' ';

	if (colour)
		put(printer, colours[mark == '+']);
	fdbg_buf_byte(&printer->out, (uint8_t)mark);
	put(printer, " ");
	for (uint64_t i = 0; i < depth && i < MAX_INDENT; i++)
		put(printer, "  ");
	put_event(printer, event);
	if (colour)
		put(printer, "\033[m");
	put(printer, "\n");
}

/* Whether they do the same with other values. */
static bool is_same_event(const struct fdbg_compare_result *result)
{
	const struct fdbg_scene_event *a = &result->a.scene.event, *b = &result->b.scene.event;

	if (!result->a.scene.is_there || !result->b.scene.is_there || a->kind != b->kind ||
	    a->unwound != b->unwound || a->missed != b->missed || !fdbg_text_equal(a->function, b->function) || a->n_values != b->n_values)
		return false;
	for (size_t i = 0; i < a->n_values; i++) {
		if (!fdbg_text_equal(a->values[i].name, b->values[i].name))
			return false;
	}
	return true;
}

/* The first value that prints differently, by its JSON where {:?} says the same; n_values: it cannot be told. */
static size_t find_value(const struct fdbg_compare_result *result, bool *by_json_ret)
{
	const struct fdbg_scene_event *a = &result->a.scene.event, *b = &result->b.scene.event;

	for (int by_json = 0; by_json < 2; by_json++) {
		for (size_t i = 0; i < a->n_values; i++) {
			*by_json_ret = by_json;
			if (by_json ? !fdbg_text_equal(a->values[i].json, b->values[i].json)
				    : !fdbg_text_equal(a->values[i].text, b->values[i].text))
				return i;
		}
	}
	return a->n_values;
}

static void put_both(struct printer *printer)
{
	const struct fdbg_compare_result *result = printer->result;
	const struct fdbg_scene_event *a = &result->a.scene.event, *b = &result->b.scene.event;
	bool by_json;
	size_t index = find_value(result, &by_json), from = 0;
	struct fdbg_text x, y;

	if (index == a->n_values)
		return;
	x = by_json ? a->values[index].json : a->values[index].text;
	y = by_json ? b->values[index].json : b->values[index].text;
	while (from < x.len && from < y.len && x.data[from] == y.data[from])
		from++;
	from = from > BEFORE_PART ? from - BEFORE_PART : 0;
	put(printer, "\n");
	put_text(printer, a->kind == FDBG_EVENT_RETURN ? FDBG_TEXT("the value returned") : a->values[index].name);
	put(printer, ":\nA  ");
	put_part(printer, x, from, BEFORE_PART + BEHIND_PART);
	put(printer, "\nB  ");
	put_part(printer, y, from, BEFORE_PART + BEHIND_PART);
	put(printer, "\n");
}

static void put_where(struct printer *printer, const char *label, const struct fdbg_compare_side *side)
{
	put(printer, label);
	put_path(printer, side->recording);
	if (!side->has_thread) {
		put(printer, ": no such thread\n");
		return;
	}
	fdbg_buf_printf(&printer->out, ": thread %" PRIu64, side->thread_id);
	if (side->scene.is_there)
		fdbg_buf_printf(&printer->out, ", event %" PRIu64 ", frame %" PRIu64, side->scene.event.event,
				side->scene.event.frame_id);
	put(printer, "\n");
}

static void put_end(struct printer *printer, char mark, const struct fdbg_compare_side *side)
{
	fdbg_buf_printf(&printer->out, "%c (%s%s)\n", mark,
			side->has_thread ? "no further event of this thread" : "no such thread",
			fdbg_recording_is_cut(side->recording) ? "; the recording was cut short" : "");
}

static void find_least(struct printer *printer, const struct fdbg_scene *scene)
{
	if (scene->is_there && scene->event.depth < printer->least_depth)
		printer->least_depth = scene->event.depth;
	for (size_t i = 0; i < scene->n_before; i++) {
		if (scene->before[i].depth < printer->least_depth)
			printer->least_depth = scene->before[i].depth;
	}
	for (size_t i = 0; i < scene->n_after; i++) {
		if (scene->after[i].depth < printer->least_depth)
			printer->least_depth = scene->after[i].depth;
	}
}

static void put_side(struct printer *printer, char mark, const struct fdbg_compare_side *side, bool with_after)
{
	if (!side->scene.is_there) {
		put_end(printer, mark, side);
		return;
	}
	put_line(printer, mark, &side->scene.event);
	for (size_t i = 0; with_after && i < side->scene.n_after; i++)
		put_line(printer, mark, &side->scene.after[i]);
}

static void put_exit(struct printer *printer, const char *label, const struct fdbg_recording *recording)
{
	put(printer, label);
	put_path(printer, recording);
	if (recording->has_exit)
		fdbg_buf_printf(&printer->out, ": exit status %" PRId32 "\n", recording->exit_code);
	else
		put(printer, ": no exit recorded\n");
}

/* The side whose event is inside of more calls: one may leave what the other goes on in. */
static const struct fdbg_compare_side *inner_side(const struct fdbg_compare_result *result)
{
	return result->a.scene.n_path >= result->b.scene.n_path ? &result->a : &result->b;
}

static void put_difference(struct printer *printer)
{
	const struct fdbg_compare_result *result = printer->result;
	const struct fdbg_compare_side *inner = inner_side(result);
	const struct fdbg_compare_side *before = result->a.has_thread ? &result->a : &result->b;
	bool same_event = is_same_event(result);

	printer->least_depth = UINT64_MAX;
	find_least(printer, &result->a.scene);
	find_least(printer, &result->b.scene);
	put_where(printer, "A  ", &result->a);
	put_where(printer, "B  ", &result->b);
	if (inner->scene.n_path) {
		put(printer, "in ");
		for (size_t i = 0; i < inner->scene.n_path; i++) {
			if (i)
				put(printer, " > ");
			put_text(printer, inner->scene.path[i]);
		}
		put(printer, "\n");
	}
	put(printer, "\n");
	for (size_t i = 0; i < before->scene.n_before; i++)
		put_line(printer, ' ', &before->scene.before[i]);
	put_side(printer, '-', &result->a, !same_event);
	put_side(printer, '+', &result->b, !same_event);
	if (same_event)
		put_both(printer);
	if (result->n_further)
		fdbg_buf_printf(&printer->out, "\n%zu further thread%s part%s later\n", result->n_further,
				result->n_further == 1 ? "" : "s", result->n_further == 1 ? "s" : "");
}

static void put_json_text(struct printer *printer, const char *key, struct fdbg_text text)
{
	fdbg_buf_printf(&printer->out, ",\"%s\":", key);
	fdbg_render_json_string(&printer->out, text.data, text.len);
}

static void put_json_event(struct printer *printer, const struct fdbg_scene_event *event)
{
	static const char *const kinds[] = {
		[FDBG_EVENT_CALL] = "call", [FDBG_EVENT_RETURN] = "return", [FDBG_EVENT_BREAKPOINT] = "breakpoint",
		[FDBG_EVENT_PANIC] = "panic", [FDBG_EVENT_FUTURE_ENTER] = "future_enter",
		[FDBG_EVENT_FUTURE_EXIT] = "future_exit",
	};

	fdbg_buf_printf(&printer->out, "{\"event\":\"%s\",\"number\":%" PRIu64 ",\"frame_id\":%" PRIu64
			",\"depth\":%" PRIu64, kinds[event->kind], event->event, event->frame_id, event->depth);
	put_json_text(printer, "function", event->function);
	if (event->unwound)
		put(printer, ",\"unwound\":true");
	if (event->missed)
		put(printer, ",\"lost\":true");
	put(printer, ",\"values\":[");
	for (size_t i = 0; i < event->n_values; i++) {
		put(printer, i ? ",[" : "[");
		fdbg_render_json_string(&printer->out, event->values[i].name.data, event->values[i].name.len);
		put(printer, ",");
		fdbg_render_json_string(&printer->out, event->values[i].text.data, event->values[i].text.len);
		put(printer, "]");
	}
	put(printer, "]}");
}

static void put_json_side(struct printer *printer, const char *key, const struct fdbg_compare_side *side)
{
	fdbg_buf_printf(&printer->out, ",\"%s\":{\"recording\":", key);
	fdbg_render_json_string(&printer->out, side->recording->path, strlen(side->recording->path));
	fdbg_buf_printf(&printer->out, ",\"complete\":%s",
			fdbg_recording_is_cut(side->recording) ? "false" : "true");
	if (side->recording->has_exit)
		fdbg_buf_printf(&printer->out, ",\"exit_code\":%" PRId32, side->recording->exit_code);
	if (side->has_thread) {
		fdbg_buf_printf(&printer->out, ",\"thread_id\":%" PRIu64 ",\"at\":", side->thread_id);
		if (side->scene.is_there)
			put_json_event(printer, &side->scene.event);
		else
			put(printer, "null");
	}
	put(printer, "}");
}

static void put_json(struct printer *printer)
{
	const struct fdbg_compare_result *result = printer->result;
	const struct fdbg_compare_side *inner = inner_side(result);
	const struct fdbg_compare_side *before = result->a.has_thread ? &result->a : &result->b;
	bool by_json;

	fdbg_buf_printf(&printer->out, "{\"same\":%s", result->same ? "true" : "false");
	put_json_side(printer, "a", &result->a);
	put_json_side(printer, "b", &result->b);
	if (result->a.scene.is_there || result->b.scene.is_there) {
		put(printer, ",\"path\":[");
		for (size_t i = 0; i < inner->scene.n_path; i++) {
			put(printer, i ? "," : "");
			fdbg_render_json_string(&printer->out, inner->scene.path[i].data, inner->scene.path[i].len);
		}
		put(printer, "],\"before\":[");
		for (size_t i = 0; i < before->scene.n_before; i++) {
			put(printer, i ? "," : "");
			put_json_event(printer, &before->scene.before[i]);
		}
		put(printer, "]");
		if (is_same_event(result)) {
			size_t index = find_value(result, &by_json);

			if (index < result->a.scene.event.n_values)
				put_json_text(printer, "value", result->a.scene.event.values[index].name);
		}
		fdbg_buf_printf(&printer->out, ",\"further_threads\":%zu", result->n_further);
	}
	put(printer, "}\n");
}

struct fdbg_error *fdbg_compare_print(const struct fdbg_compare_result *result, const struct fdbg_sink *sink)
{
	struct printer printer = { .result = result, .sink = sink };
	const struct fdbg_compare_options *options = result->options;
	struct fdbg_error *err;

	if (options->json) {
		put_json(&printer);
	} else if (result->same ? options->report_same : options->brief) {
		put_path(&printer, result->a.recording);
		put(&printer, " and ");
		put_path(&printer, result->b.recording);
		put(&printer, result->same ? " are the same\n" : " differ\n");
	} else if (result->only_exit) {
		put_exit(&printer, "A  ", result->a.recording);
		put_exit(&printer, "B  ", result->b.recording);
	} else if (!result->same) {
		put_difference(&printer);
	}
	err = fdbg_sink_flush(sink, &printer.out);
	fdbg_buf_deinit(&printer.out);
	return err;
}
