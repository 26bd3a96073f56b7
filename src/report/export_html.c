/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The call tree as one page that needs nothing else. */
#include <inttypes.h>
#include <stdlib.h>

#include "report/export_internal.h"
#include "report/html/page.h"
#include "report/time.h"
#include "value/render.h"

/*
 * The page is markup with marks for its title, its style and everything else. The data are JSON in script
 * elements that browsers do not run, in the order of the recording: so the page is written while the
 * recording is read. Each of these chunks is an object:
 *
 *   s  texts that are new in this chunk; texts are numbered from 0 over all chunks
 *   e  events, a flat list of integers. Each begins with its kind and the milliseconds since the one before:
 *        0 call    ms thread name location frame context n (name value)…
 *        1 end     ms thread how result
 *        2 note    ms thread kind n (name value)…
 *      thread: number in the list of threads; name, location, value, result: numbers of texts, -1: none
 *      frame: how much its id is above one more than that of the thread's call before
 *      how: 0 open, 1 returned, 2 unwound, 3 lost, 4 returned an Err
 *      kind: 0 breakpoint, 1 panic, 2 future enter, 3 future exit
 *
 * The last element has the class `about`: what was recorded, and the threads with their names.
 */
enum { CHUNK_EVENTS = 4000, CHUNK_BYTES = 1 << 18, MAX_SHARED = 300, ERROR_RETURNED = 4 };

struct page_thread {
	bool known;
	uint64_t number; /* in the order of the page */
	uint64_t id;
	uint64_t last_frame_id;
	struct fdbg_text outermost;
};

struct page {
	struct fdbg_export *export;
	struct fdbg_buf strings, events; /* of the chunk */
	struct fdbg_buf json;            /* of one text */
	size_t n_events;
	struct fdbg_arena arena;         /* texts that may come again */
	struct fdbg_strmap texts;        /* text to number */
	struct fdbg_map functions;       /* index of function to number of text */
	struct fdbg_map locations;       /* breakpoint to number of text, less one where it has none */
	uint64_t n_texts;
	struct page_thread *threads;     /* by index */
	size_t n_threads;
	uint64_t n_known;
	bool begun;
	uint64_t start_ms, last_ms;
};

/* A JSON text as it may stand in a script element: nothing in it can end the element or open a comment. */
static void put_json(struct page *page, struct fdbg_buf *out, struct fdbg_text text)
{
	struct fdbg_buf *json = &page->json;
	size_t from = 0;

	fdbg_buf_clear(json);
	fdbg_render_json_string(json, text.data, text.len);
	for (size_t i = 0; i < json->len; i++) {
		const uint8_t *at = json->data + i;
		/* U+2028 and U+2029 end lines in JavaScript. */
		bool separator =
			at[0] == 0xe2 && i + 2 < json->len && at[1] == 0x80 && (at[2] & 0xfe) == 0xa8;

		if (*at != '<' && !separator)
			continue;
		fdbg_buf_append(out, json->data + from, i - from);
		if (separator) {
			fdbg_buf_string(out, at[2] == 0xa8 ? "\\u2028" : "\\u2029");
			i += 2;
		} else {
			fdbg_buf_string(out, "\\u003c");
		}
		from = i + 1;
	}
	fdbg_buf_append(out, json->data + from, json->len - from);
	out->failed |= json->failed;
}

static struct fdbg_error *put_chunk(struct page *page)
{
	struct fdbg_buf *out = &page->export->out;

	if (!page->n_events)
		return NULL;
	fdbg_buf_string(out, "<script type=\"application/json\" class=\"chunk\">{\"s\":[");
	fdbg_buf_append(out, page->strings.data, page->strings.len);
	fdbg_buf_string(out, "],\n\"e\":[");
	fdbg_buf_append(out, page->events.data, page->events.len);
	fdbg_buf_string(out, "]}</script>\n");
	out->failed |= page->strings.failed | page->events.failed;
	fdbg_buf_clear(&page->strings);
	fdbg_buf_clear(&page->events);
	page->n_events = 0;
	return fdbg_export_settle(page->export);
}

/* The number of a text. Long ones seldom come again and are not looked up. */
static struct fdbg_error *number_of(struct page *page, struct fdbg_text text, uint64_t *ret)
{
	if (text.len <= MAX_SHARED) {
		struct fdbg_text kept;

		if (fdbg_strmap_get(&page->texts, text, ret))
			return NULL;
		kept = fdbg_arena_text(&page->arena, text);
		if (!kept.data || !fdbg_strmap_set(&page->texts, kept, page->n_texts))
			return &fdbg_error_nomem;
	}
	if (page->strings.len)
		fdbg_buf_byte(&page->strings, ',');
	put_json(page, &page->strings, text);
	*ret = page->n_texts++;
	return NULL;
}

static struct fdbg_error *number_of_function(struct page *page, const struct fdbg_counted_function *function,
					     uint64_t *ret)
{
	struct fdbg_error *err;

	if (fdbg_map_get(&page->functions, function->index, ret))
		return NULL;
	err = number_of(page, function->name, ret);
	if (!err && !fdbg_map_set(&page->functions, function->index, *ret))
		return &fdbg_error_nomem;
	return err;
}

/* One above the number of `FILE:LINE`; 0: none. */
static struct fdbg_error *number_of_location(struct page *page, uint32_t breakpoint_id, uint64_t *ret)
{
	struct fdbg_buf text = { 0 };
	struct fdbg_text path;
	struct fdbg_error *err = NULL;
	uint64_t number = 0;
	uint32_t line;

	if (fdbg_map_get(&page->locations, breakpoint_id, ret))
		return NULL;
	if (fdbg_recording_location(page->export->recording, breakpoint_id, &path, &line)) {
		fdbg_buf_append(&text, path.data, path.len);
		fdbg_buf_printf(&text, ":%" PRIu32, line);
		err = fdbg_buf_error(&text);
		if (!err)
			err = number_of(page, (struct fdbg_text){ fdbg_buf_cstr(&text), text.len }, &number);
		number++;
		fdbg_buf_deinit(&text);
	}
	if (!err && !fdbg_map_set(&page->locations, breakpoint_id, number))
		err = &fdbg_error_nomem;
	*ret = number;
	return err;
}

static void put_number(struct page *page, uint64_t number)
{
	fdbg_buf_byte(&page->events, ',');
	fdbg_buf_decimal(&page->events, number);
}

static void put_signed(struct page *page, int64_t number)
{
	fdbg_buf_byte(&page->events, ',');
	if (number < 0)
		fdbg_buf_byte(&page->events, '-');
	fdbg_buf_decimal(&page->events, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

static struct fdbg_error *find_thread(struct page *page, const struct fdbg_thread *thread,
				      struct page_thread **ret)
{
	struct page_thread *found;

	if (thread->index >= page->n_threads) {
		size_t n = (thread->index + 1) * 2;
		struct page_thread *threads = reallocarray(page->threads, n, sizeof(*threads));

		if (!threads)
			return &fdbg_error_nomem;
		memset(threads + page->n_threads, 0, (n - page->n_threads) * sizeof(*threads));
		page->threads = threads;
		page->n_threads = n;
	}
	found = &page->threads[thread->index];
	if (!found->known) {
		found->known = true;
		found->number = page->n_known++;
		found->id = thread->id;
		if (thread->n_stack)
			found->outermost = thread->stack[0].function->name;
	}
	*ret = found;
	return NULL;
}

/* The head that all events have. */
static struct fdbg_error *begin_event(struct page *page, unsigned int kind,
				      const struct fdbg_flow_event *event, struct page_thread **thread_ret)
{
	struct fdbg_error *err = NULL;

	if (page->n_events >= CHUNK_EVENTS || page->strings.len + page->events.len >= CHUNK_BYTES)
		err = put_chunk(page);
	if (!err)
		err = find_thread(page, event->thread, thread_ret);
	if (err)
		return err;
	if (!page->begun)
		page->start_ms = page->last_ms = event->time_ms;
	page->begun = true;
	if (page->n_events++)
		fdbg_buf_byte(&page->events, ',');
	fdbg_buf_decimal(&page->events, kind);
	put_number(page, event->time_ms - page->last_ms);
	page->last_ms = event->time_ms;
	put_number(page, (*thread_ret)->number);
	return NULL;
}

static struct fdbg_error *put_values(struct page *page, const struct fdbg_flow_event *event)
{
	put_number(page, event->n_values);
	for (size_t i = 0; i < event->n_values; i++) {
		uint64_t name, value;
		struct fdbg_error *err = number_of(page, event->values[i].name, &name);

		if (!err)
			err = number_of(page, fdbg_export_value(page->export, &event->values[i].value),
					&value);
		if (err)
			return err;
		put_number(page, name);
		put_number(page, value);
	}
	return NULL;
}

static struct fdbg_error *begin(void *context, const struct fdbg_flow_event *event)
{
	struct page *page = context;
	struct page_thread *thread;
	uint64_t name, location;
	struct fdbg_error *err = begin_event(page, 0, event, &thread);

	if (!err)
		err = number_of_function(page, event->call->function, &name);
	if (!err)
		err = number_of_location(page, event->call->breakpoint_id, &location);
	if (err)
		return err;
	put_number(page, name);
	put_signed(page, (int64_t)location - 1);
	put_signed(page, (int64_t)(event->call->frame_id - thread->last_frame_id - 1));
	thread->last_frame_id = event->call->frame_id;
	put_number(page, event->call->context);
	return put_values(page, event);
}

static struct fdbg_error *end(void *context, const struct fdbg_flow_event *event, enum fdbg_flow_end how)
{
	struct page *page = context;
	struct page_thread *thread;
	uint64_t number, mark = how;
	struct fdbg_error *err = begin_event(page, 1, event, &thread);

	if (err)
		return err;
	if (event->n_values && fdbg_value_is_err(&event->values[0].value))
		mark = ERROR_RETURNED;
	put_number(page, mark);
	if (how != FDBG_FLOW_RETURNED || !event->n_values) {
		put_signed(page, -1);
		return NULL;
	}
	err = number_of(page, fdbg_export_value(page->export, &event->values[0].value), &number);
	if (!err)
		put_number(page, number);
	return err;
}

static struct fdbg_error *note(void *context, const struct fdbg_flow_event *event, enum fdbg_event_kind kind)
{
	static const unsigned int kinds[] = {
		[FDBG_EVENT_BREAKPOINT] = 0, [FDBG_EVENT_PANIC] = 1, [FDBG_EVENT_FUTURE_ENTER] = 2,
		[FDBG_EVENT_FUTURE_EXIT] = 3,
	};
	struct page *page = context;
	struct page_thread *thread;
	struct fdbg_error *err = begin_event(page, 2, event, &thread);

	if (err)
		return err;
	put_number(page, kinds[kind]);
	return put_values(page, event);
}

static void put_about_text(struct page *page, const char *key, struct fdbg_text text)
{
	struct fdbg_buf *out = &page->export->out;

	if (!text.len)
		return;
	fdbg_buf_printf(out, ",\"%s\":", key);
	put_json(page, out, text);
}

static struct fdbg_error *put_threads(struct page *page)
{
	struct fdbg_buf *out = &page->export->out;
	/* Indices of threads by their number in the page. */
	size_t *order = calloc(page->n_known + 1, sizeof(*order));

	if (!order)
		return &fdbg_error_nomem;
	for (size_t i = 0; i < page->n_threads; i++) {
		if (page->threads[i].known)
			order[page->threads[i].number] = i;
	}
	fdbg_buf_string(out, ",\"threads\":[");
	for (uint64_t number = 0; number < page->n_known; number++) {
		const struct page_thread *thread = &page->threads[order[number]];
		struct fdbg_thread named = { .id = thread->id, .index = order[number] };
		char name[48];

		if (number)
			fdbg_buf_byte(out, ',');
		put_json(page, out, fdbg_export_thread_name(&named, thread->outermost, name, sizeof(name)));
	}
	fdbg_buf_byte(out, ']');
	free(order);
	return NULL;
}

static struct fdbg_error *put_about(struct page *page, const struct fdbg_error *broken)
{
	const struct fdbg_recording *recording = page->export->recording;
	const struct fdbg_message_info *info = recording->info;
	struct fdbg_buf *out = &page->export->out;
	struct fdbg_error *err;

	fdbg_buf_string(out, "<script type=\"application/json\" class=\"about\">{\"recording\":");
	put_json(page, out, fdbg_export_title(page->export));
	put_about_text(page, "exporter", fdbg_text_from(page->export->options->version));
	if (info) {
		put_about_text(page, "target", info->target);
		put_about_text(page, "package", info->package_name);
		put_about_text(page, "workspace", info->workspace_root);
		put_about_text(page, "recorder", info->recorder.len ? info->recorder : info->debugger);
		put_about_text(page, "machine", info->machine);
		put_about_text(page, "rustc", info->rustc);
		fdbg_buf_string(out, ",\"arguments\":[");
		for (size_t i = 0; i < info->n_arguments; i++) {
			if (i)
				fdbg_buf_byte(out, ',');
			put_json(page, out, info->arguments[i]);
		}
		fdbg_buf_byte(out, ']');
	}
	if (recording->has_exit)
		fdbg_buf_printf(out, ",\"exit\":%" PRId32, recording->exit_code);
	fdbg_buf_printf(out, ",\"start\":%" PRIu64, page->begun ? page->start_ms : recording->start_ms);
	fdbg_buf_printf(out, ",\"origin\":%" PRIu64, recording->start_ms);
	err = put_threads(page);
	if (page->export->options->filter.to.kind)
		fdbg_buf_string(out, ",\"part\":true");
	if (fdbg_recording_is_cut(recording))
		fdbg_buf_string(out, ",\"cut\":true");
	if (broken)
		put_about_text(page, "broken", fdbg_text_from(broken->message));
	fdbg_buf_string(out, "}</script>\n");
	return err;
}

/* Text of an HTML document outside of tags. */
static void put_markup_text(struct fdbg_buf *out, struct fdbg_text text)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t byte = (uint8_t)text.data[i];

		if (byte == '<')
			fdbg_buf_string(out, "&lt;");
		else if (byte == '&')
			fdbg_buf_string(out, "&amp;");
		else
			fdbg_buf_byte(out, byte < 0x20 || byte >= 0x7f ? '?' : byte);
	}
}

/* Writes the markup from *rest up to the mark, or all of it, and goes behind it. */
static void put_markup_to(struct page *page, struct fdbg_text *rest, const char *mark)
{
	const char *found = mark ? memmem(rest->data, rest->len, mark, strlen(mark)) : NULL;
	size_t len = found ? (size_t)(found - rest->data) : rest->len, skip = found ? strlen(mark) : 0;

	fdbg_buf_append(&page->export->out, rest->data, len);
	rest->data += len + skip;
	rest->len -= len + skip;
}

static void put_part(struct page *page, const char *before, struct fdbg_text part, const char *after)
{
	fdbg_buf_string(&page->export->out, before);
	fdbg_buf_append(&page->export->out, part.data, part.len);
	fdbg_buf_string(&page->export->out, after);
}

static struct fdbg_error *write_page(struct page *page)
{
	struct fdbg_flow_visitor visitor = { .context = page, .begin = begin, .end = end, .note = note };
	struct fdbg_text markup = fdbg_page_markup();
	struct fdbg_error *err, *last;

	put_markup_to(page, &markup, "<!--TITLE-->");
	put_markup_text(&page->export->out, fdbg_export_title(page->export));
	put_markup_to(page, &markup, "<!--STYLE-->");
	put_part(page, "<style>\n", fdbg_page_style(), "</style>");
	put_markup_to(page, &markup, "<!--DATA-->");
	err = fdbg_export_run(page->export, &visitor, true);
	if (!fdbg_export_is_whole(err))
		return err;
	last = put_chunk(page);
	if (!last)
		last = put_about(page, err);
	put_part(page, "<script>\n\"use strict\";\n{\n", fdbg_page_script(), "}\n</script>");
	put_markup_to(page, &markup, NULL);
	if (!err)
		return last;
	fdbg_error_destroy(last);
	return err;
}

struct fdbg_error *fdbg_export_html(struct fdbg_export *export)
{
	struct page page = { .export = export };
	struct fdbg_error *err = write_page(&page);

	fdbg_buf_deinit(&page.strings);
	fdbg_buf_deinit(&page.events);
	fdbg_buf_deinit(&page.json);
	fdbg_strmap_deinit(&page.texts);
	fdbg_map_deinit(&page.functions);
	fdbg_map_deinit(&page.locations);
	fdbg_arena_deinit(&page.arena);
	free(page.threads);
	return err;
}
