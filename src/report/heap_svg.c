/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Live bytes over time as a picture. */
#include <inttypes.h>

#include "report/heap.h"

/* The picture and the plot in it, in pixels. */
enum { WIDTH = 960, HEIGHT = 420, LEFT = 90, RIGHT = 20, TOP = 50, BOTTOM = 50, TICKS = 5 };

static void put_escaped(struct fdbg_buf *out, struct fdbg_text text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if (c == '<')
			fdbg_buf_string(out, "&lt;");
		else if (c == '>')
			fdbg_buf_string(out, "&gt;");
		else if (c == '&')
			fdbg_buf_string(out, "&amp;");
		else
			/* XML has no control characters, and what is no ASCII may be no UTF-8. */
			fdbg_buf_byte(out, c < 0x20 || c >= 0x7f ? '?' : c);
	}
}

/* The next of 1, 2, 5, 10, … at or above value. */
static double round_up(double value)
{
	double unit = 1;

	while (unit * 10 <= value)
		unit *= 10;
	return value <= unit ? unit : value <= 2 * unit ? 2 * unit : value <= 5 * unit ? 5 * unit : 10 * unit;
}

static void put_amount(struct fdbg_buf *out, double bytes)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
	size_t unit = 0;

	for (; bytes >= 1000 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
		bytes /= 1000;
	fdbg_buf_printf(out, "%g %s", bytes, units[unit]);
}

struct scale {
	bool by_time;      /* else by the number of the allocation or release */
	double first, span, most;
};

static double x_of(const struct scale *scale, const struct fdbg_heap_point *point)
{
	double at = (double)(scale->by_time ? point->time_ms : point->operation);

	return LEFT + (at - scale->first) / scale->span * (WIDTH - LEFT - RIGHT);
}

static double y_of(const struct scale *scale, double bytes)
{
	return HEIGHT - BOTTOM - bytes / scale->most * (HEIGHT - TOP - BOTTOM);
}

static void put_axes(const struct scale *scale, struct fdbg_buf *out)
{
	for (int i = 0; i <= TICKS; i++) {
		double bytes = scale->most * i / TICKS, y = y_of(scale, bytes), at = scale->first + scale->span * i / TICKS;
		double x = LEFT + (double)i / TICKS * (WIDTH - LEFT - RIGHT);

		fdbg_buf_printf(out, "<line class=\"grid\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/>\n", LEFT, y,
				WIDTH - RIGHT, y);
		fdbg_buf_printf(out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">", LEFT - 8, y + 4);
		put_amount(out, bytes);
		fdbg_buf_printf(out, "</text>\n<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">", x, HEIGHT - BOTTOM + 18);
		if (scale->by_time)
			fdbg_buf_printf(out, "%.3g s", at / 1000);
		else
			fdbg_buf_printf(out, "%.0f", at);
		fdbg_buf_string(out, "</text>\n");
	}
	fdbg_buf_printf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12,
			scale->by_time ? "time" : "allocations and releases");
}

/* The amount stays what it is until the next point. */
static void put_curve(const struct fdbg_heap_report *report, const struct scale *scale, struct fdbg_buf *out)
{
	double bottom = y_of(scale, 0), y = bottom;

	fdbg_buf_printf(out, "<path class=\"live\" d=\"M%d %.1f", LEFT, bottom);
	for (size_t i = 0; i < report->n_points; i++) {
		double x = x_of(scale, &report->points[i]);

		fdbg_buf_printf(out, "L%.1f %.1f", x, y);
		y = y_of(scale, (double)report->points[i].bytes);
		fdbg_buf_printf(out, "L%.1f %.1f", x, y);
	}
	fdbg_buf_printf(out, "L%d %.1fL%d %.1fZ\"/>\n", WIDTH - RIGHT, y, WIDTH - RIGHT, bottom);
}

static void put_peak(const struct fdbg_heap_report *report, const struct scale *scale, struct fdbg_buf *out)
{
	for (size_t i = 0; i < report->n_points; i++) {
		double x, y;

		if (report->points[i].bytes != report->live.peak_bytes)
			continue;
		x = x_of(scale, &report->points[i]);
		y = y_of(scale, (double)report->points[i].bytes);
		fdbg_buf_printf(out, "<circle class=\"peak\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>\n<text x=\"%.1f\" y=\"%.1f\" "
				"text-anchor=\"%s\">peak: %" PRIu64 " bytes in %" PRIu64 " blocks</text>\n", x, y,
				x > WIDTH / 2 ? x - 8 : x + 8, y - 8, x > WIDTH / 2 ? "end" : "start", report->live.peak_bytes,
				report->live.peak_blocks);
		return;
	}
}

struct fdbg_error *fdbg_heap_report_svg(const struct fdbg_heap_report *report, struct fdbg_text title, struct fdbg_buf *out)
{
	const struct fdbg_heap_point *last = report->n_points ? &report->points[report->n_points - 1] : NULL;
	struct scale scale = { .span = 1, .most = round_up(report->live.peak_bytes > 10 ? (double)report->live.peak_bytes : 10) };

	if (last) {
		scale.by_time = last->time_ms - report->points[0].time_ms >= 100;
		scale.first = (double)(scale.by_time ? report->points[0].time_ms : 0);
		scale.span = (double)(scale.by_time ? last->time_ms : last->operation) - scale.first;
		if (scale.span < 1)
			scale.span = 1;
	}
	fdbg_buf_printf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">\n"
			"<style>text{font:12px sans-serif;fill:#333}.title{font-size:16px}.grid{stroke:#ddd}"
			".live{fill:#4c78a8;fill-opacity:.5;stroke:#4c78a8}.peak{fill:#c33}</style>\n"
			"<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n<text class=\"title\" x=\"%d\" y=\"28\">live heap of ",
			WIDTH, HEIGHT, WIDTH, HEIGHT, LEFT);
	put_escaped(out, title);
	fdbg_buf_string(out, "</text>\n");
	put_axes(&scale, out);
	if (last)
		put_curve(report, &scale, out);
	if (report->live.peak_blocks)
		put_peak(report, &scale, out);
	fdbg_buf_string(out, "</svg>\n");
	return fdbg_buf_error(out);
}
