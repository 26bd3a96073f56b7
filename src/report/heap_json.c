/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The heap as one JSON object. */
#include <inttypes.h>

#include "report/heap.h"
#include "value/render.h"

static void put_key(struct fdbg_buf *out, const char *key)
{
	if (out->len && out->data[out->len - 1] != '{')
		fdbg_buf_byte(out, ',');
	fdbg_buf_printf(out, "\"%s\":", key);
}

static void put_number(struct fdbg_buf *out, const char *key, uint64_t value)
{
	put_key(out, key);
	fdbg_buf_decimal(out, value);
}

static void put_text(struct fdbg_buf *out, const char *key, struct fdbg_text text)
{
	put_key(out, key);
	if (text.len)
		fdbg_render_json_string(out, text.data, text.len);
	else
		fdbg_buf_string(out, "null");
}

static void put_comma(struct fdbg_buf *out, size_t i)
{
	fdbg_buf_string(out, i ? ",\n  " : "\n  ");
}

static void put_groups(struct fdbg_buf *out, const char *key, const char *what, struct fdbg_heap_group *const *groups, size_t n)
{
	put_key(out, key);
	fdbg_buf_byte(out, '[');
	for (size_t i = 0; i < n; i++) {
		put_comma(out, i);
		fdbg_buf_byte(out, '{');
		put_text(out, what, groups[i]->name);
		put_number(out, "allocations", groups[i]->allocations);
		put_number(out, "allocated_bytes", groups[i]->bytes);
		put_number(out, "peak_bytes", groups[i]->held.peak_bytes);
		put_number(out, "peak_blocks", groups[i]->held.peak_blocks);
		put_number(out, "live_bytes", groups[i]->held.bytes);
		put_number(out, "live_blocks", groups[i]->held.blocks);
		fdbg_buf_byte(out, '}');
	}
	fdbg_buf_byte(out, ']');
}

static void put_node(struct fdbg_buf *out, const struct fdbg_heap_report *report, size_t index)
{
	const struct fdbg_heap_node *node = &report->nodes[index];
	size_t first = report->first_child[index], end = report->first_child[index + 1];

	fdbg_buf_byte(out, '{');
	if (index)
		put_text(out, node->type ? "type" : "function", node->name);
	put_number(out, "bytes", node->total_bytes);
	put_number(out, "blocks", node->total_blocks);
	if (first < end) {
		put_key(out, "children");
		fdbg_buf_byte(out, '[');
		/* No deeper than the paths that the report keeps. */
		for (size_t i = first; i < end; i++) {
			if (i > first)
				fdbg_buf_byte(out, ',');
			put_node(out, report, report->children[i]);
		}
		fdbg_buf_byte(out, ']');
	}
	fdbg_buf_byte(out, '}');
}

static void put_places(struct fdbg_buf *out, const struct fdbg_heap_report *report)
{
	put_key(out, "unreleased");
	fdbg_buf_byte(out, '[');
	for (size_t i = 0; i < report->n_places && report->places[i]->held.blocks; i++) {
		const struct fdbg_heap_place_group *place = report->places[i];

		put_comma(out, i);
		fdbg_buf_byte(out, '{');
		put_text(out, "type", place->type->name);
		put_number(out, "blocks", place->held.blocks);
		put_number(out, "bytes", place->held.bytes);
		put_text(out, "function", place->function->name);
		put_text(out, "file", place->file);
		put_key(out, "line");
		if (place->line)
			fdbg_buf_decimal(out, place->line);
		else
			fdbg_buf_string(out, "null");
		fdbg_buf_byte(out, '}');
	}
	fdbg_buf_byte(out, ']');
}

struct fdbg_error *fdbg_heap_report_json(const struct fdbg_heap_report *report, const struct fdbg_sink *sink)
{
	struct fdbg_buf out = { 0 };
	struct fdbg_error *err;

	fdbg_buf_byte(&out, '{');
	put_number(&out, "allocations", report->allocations);
	put_number(&out, "allocated_bytes", report->allocated_bytes);
	put_number(&out, "moves", report->moves);
	put_number(&out, "releases", report->releases);
	put_number(&out, "unseen_releases", report->unseen);
	put_number(&out, "unknown_releases", report->unknown);
	put_number(&out, "without_size", report->without_size);
	put_key(&out, "complete");
	fdbg_buf_string(&out, report->cut ? "false" : "true");
	put_number(&out, "live_bytes", report->live.bytes);
	put_number(&out, "live_blocks", report->live.blocks);
	put_number(&out, "peak_bytes", report->live.peak_bytes);
	put_number(&out, "peak_blocks", report->live.peak_blocks);
	put_number(&out, "peak_ms", report->peak_time_ms > report->begin_ms ? report->peak_time_ms - report->begin_ms : 0);
	put_number(&out, "duration_ms", report->end_ms - report->begin_ms);
	put_groups(&out, "types", "type", report->types, report->n_types);
	put_groups(&out, "functions", "function", report->functions, report->n_functions);
	put_places(&out, report);
	put_key(&out, "peak");
	put_node(&out, report, 0);
	put_key(&out, "timeline");
	fdbg_buf_byte(&out, '[');
	for (size_t i = 0; i < report->n_points; i++) {
		put_comma(&out, i);
		fdbg_buf_printf(&out, "{\"ms\":%" PRIu64 ",\"operation\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"blocks\":%" PRIu64 "}",
				report->points[i].time_ms, report->points[i].operation, report->points[i].bytes,
				report->points[i].blocks);
	}
	fdbg_buf_string(&out, "]}\n");
	err = fdbg_sink_flush(sink, &out);
	fdbg_buf_deinit(&out);
	return err;
}
