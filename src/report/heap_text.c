/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The heap for people. */
#include <inttypes.h>

#include "report/heap.h"
#include "report/time.h"
#include "value/escape.h"

/* Rows and columns of the plot. */
#define PLOT_ROWS 8
#define PLOT_COLUMNS 64
/* How deep the tree of the peak goes, and below which part of the whole a branch is left out: 1 / SMALLEST. */
#define TREE_DEPTH 40
#define SMALLEST 100

static void put_bytes(struct fdbg_buf *out, uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		value /= 1024;
		unit++;
	}
	if (unit)
		fdbg_buf_printf(out, "%.1f %s", value, units[unit]);
	else
		fdbg_buf_printf(out, "%" PRIu64 " B", bytes);
}

static void put_name(struct fdbg_buf *out, struct fdbg_text name)
{
	if (name.len)
		fdbg_escape_terminal(out, name.data, name.len, false);
	else
		fdbg_buf_string(out, "(not in the program's code)");
}

static void put_blocks(struct fdbg_buf *out, uint64_t blocks)
{
	fdbg_buf_printf(out, "%" PRIu64 " block%s", blocks, blocks == 1 ? "" : "s");
}

static void put_totals(const struct fdbg_heap_report *report, struct fdbg_buf *out)
{
	fdbg_buf_printf(out, "allocations  %" PRIu64 ", ", report->allocations);
	put_bytes(out, report->allocated_bytes);
	if (report->moves)
		fdbg_buf_printf(out, " with %" PRIu64 " moved", report->moves);
	fdbg_buf_printf(out, "\nreleases     %" PRIu64, report->releases);
	if (report->unseen)
		fdbg_buf_printf(out, ", and %" PRIu64 " not seen (the address was given out again)", report->unseen);
	if (report->unknown)
		fdbg_buf_printf(out, ", %" PRIu64 " of blocks whose allocation was not seen", report->unknown);
	fdbg_buf_string(out, "\npeak         ");
	put_bytes(out, report->live.peak_bytes);
	fdbg_buf_string(out, " in ");
	put_blocks(out, report->live.peak_blocks);
	fdbg_buf_string(out, " after ");
	fdbg_time_span(out, report->peak_time_ms > report->begin_ms ? report->peak_time_ms - report->begin_ms : 0);
	fdbg_buf_string(out, "\nat the end   ");
	put_bytes(out, report->live.bytes);
	fdbg_buf_string(out, " in ");
	put_blocks(out, report->live.blocks);
	fdbg_buf_byte(out, '\n');
	if (report->cut)
		fdbg_buf_string(out, "The heap was recorded up to a limit only: what came later is missing, releases too.\n"
				"Record with --allocations=typed to have all of it.\n");
	if (report->without_size)
		fdbg_buf_printf(out, "%" PRIu64 " allocations do not say their size and count as 0 bytes\n", report->without_size);
}

/* Live bytes over time: each column is the highest of its share of the time. */
static void put_plot(const struct fdbg_heap_report *report, struct fdbg_buf *out)
{
	const struct fdbg_heap_point *points = report->points;
	uint64_t columns[PLOT_COLUMNS] = { 0 }, first, span, most = report->live.peak_bytes, last = 0;
	bool by_time;
	size_t at = 0;

	if (report->n_points < 2 || !most)
		return;
	/* A short program runs in a few milliseconds; its allocations are then counted instead. */
	by_time = points[report->n_points - 1].time_ms - points[0].time_ms >= PLOT_COLUMNS;
	first = by_time ? points[0].time_ms : points[0].operation;
	span = (by_time ? points[report->n_points - 1].time_ms : points[report->n_points - 1].operation) - first + 1;
	for (size_t column = 0; column < PLOT_COLUMNS; column++) {
		uint64_t end = first + span * (column + 1) / PLOT_COLUMNS;

		columns[column] = last;
		for (; at < report->n_points && (by_time ? points[at].time_ms : points[at].operation) < end; at++) {
			last = points[at].bytes;
			if (last > columns[column])
				columns[column] = last;
		}
	}
	fdbg_buf_string(out, by_time ? "\nlive bytes over time\n" : "\nlive bytes, allocation by allocation\n");
	for (unsigned int row = PLOT_ROWS; row-- > 0;) {
		struct fdbg_buf label = { 0 };

		if (row == PLOT_ROWS - 1)
			put_bytes(&label, most);
		fdbg_buf_printf(out, "%10s |", label.len ? fdbg_buf_cstr(&label) : "");
		fdbg_buf_deinit(&label);
		for (size_t column = 0; column < PLOT_COLUMNS; column++)
			fdbg_buf_byte(out, (double)columns[column] > (double)most * row / PLOT_ROWS ? '#' : ' ');
		while (out->len && out->data[out->len - 1] == ' ')
			out->len--;
		fdbg_buf_byte(out, '\n');
	}
}

static void put_groups(struct fdbg_heap_group *const *groups, size_t n, size_t top, const char *what, struct fdbg_buf *out)
{
	if (!n)
		return;
	fdbg_buf_printf(out, "\n%10s %10s %10s %10s  %s\n", "count", "bytes", "at peak", "at end", what);
	for (size_t i = 0; i < n && i < top; i++) {
		fdbg_buf_printf(out, "%10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64 "  ", groups[i]->allocations,
				groups[i]->bytes, groups[i]->held.peak_bytes, groups[i]->held.bytes);
		put_name(out, groups[i]->name);
		fdbg_buf_byte(out, '\n');
	}
	if (n > top)
		fdbg_buf_printf(out, "%43s  %zu more\n", "", n - top);
}

static void put_node(const struct fdbg_heap_report *report, size_t index, unsigned int depth, struct fdbg_buf *out)
{
	const struct fdbg_heap_node *node = &report->nodes[index];

	if (depth > TREE_DEPTH || node->total_bytes < report->live.peak_bytes / SMALLEST)
		return;
	if (depth) {
		fdbg_buf_printf(out, "%5.1f %% %10" PRIu64 "  %*s",
				report->live.peak_bytes ? 100 * (double)node->total_bytes / (double)report->live.peak_bytes : 0,
				node->total_bytes, 2 * (int)(depth - 1), "");
		put_name(out, node->name);
		if (node->type) {
			fdbg_buf_string(out, ", ");
			put_blocks(out, node->total_blocks);
		}
		fdbg_buf_byte(out, '\n');
	}
	for (size_t i = report->first_child[index]; i < report->first_child[index + 1]; i++)
		put_node(report, report->children[i], depth + 1, out);
}

static void put_unreleased(const struct fdbg_heap_report *report, size_t top, struct fdbg_buf *out)
{
	size_t n = 0;

	while (n < report->n_places && report->places[n]->held.blocks)
		n++;
	if (!n) {
		fdbg_buf_string(out, report->cut ? "\nnot released up to there: nothing\n" : "\nnever released: nothing\n");
		return;
	}
	fdbg_buf_printf(out, "\n%s\n%10s %10s\n", report->cut ? "not released up to there" : "never released", "blocks", "bytes");
	for (size_t i = 0; i < n && i < top; i++) {
		const struct fdbg_heap_place_group *place = report->places[i];

		fdbg_buf_printf(out, "%10" PRIu64 " %10" PRIu64 "  ", place->held.blocks, place->held.bytes);
		put_name(out, place->type->name);
		fdbg_buf_string(out, " in ");
		put_name(out, place->function->name);
		if (place->file.len) {
			fdbg_buf_string(out, ", ");
			put_name(out, place->file);
			fdbg_buf_printf(out, ":%" PRIu32, place->line);
		}
		fdbg_buf_byte(out, '\n');
	}
	if (n > top)
		fdbg_buf_printf(out, "%21s  %zu more places\n", "", n - top);
}

struct fdbg_error *fdbg_heap_report_text(const struct fdbg_heap_report *report, size_t top, const struct fdbg_sink *sink)
{
	struct fdbg_buf out = { 0 };
	struct fdbg_error *err;

	put_totals(report, &out);
	put_plot(report, &out);
	put_groups(report->types, report->n_types, top, "type", &out);
	put_groups(report->functions, report->n_functions, top, "function", &out);
	if (report->live.peak_blocks) {
		fdbg_buf_string(&out, "\nwho held it at the peak\n");
		put_node(report, 0, 0, &out);
	}
	if (report->allocations)
		put_unreleased(report, top, &out);
	err = fdbg_sink_flush(sink, &out);
	fdbg_buf_deinit(&out);
	return err;
}
