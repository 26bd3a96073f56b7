/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The functions of a recording in a table, and those of two beside each other. */
#include "report/report.h"

#include <inttypes.h>
#include <stdlib.h>

#include "report/profile.h"
#include "report/time.h"
#include "value/escape.h"

/* One function in both recordings; NULL where it does not occur. */
struct row {
	const struct fdbg_profile_function *a, *b;
	uint64_t key;
};

struct report {
	const struct fdbg_report_options *options;
	const struct fdbg_recording *a, *b; /* b: NULL for one recording alone */
	struct row *rows;
	size_t n_rows, n_same;
	struct fdbg_buf out;
};

static const struct fdbg_profile_function nothing;

static const char note[] =
	"Times are inflated by recording: every call and return was stopped for. Compare them with\n"
	"each other, not with those of the program alone. The clock has milliseconds.\n";

static struct fdbg_text name_of(const struct row *row)
{
	return row->a ? row->a->name : row->b->name;
}

/* What the rows are sorted by. */
static uint64_t measure(const struct fdbg_profile_function *function, enum fdbg_report_sort sort)
{
	switch (sort) {
	case FDBG_REPORT_CALLS:
		return function->calls;
	case FDBG_REPORT_CALLERS:
		return function->callers;
	case FDBG_REPORT_TOTAL:
		return function->total_ms;
	case FDBG_REPORT_SELF:
		return function->self_ms;
	case FDBG_REPORT_ERRORS:
		return function->errors + function->panics;
	case FDBG_REPORT_NAME:
		break;
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	struct fdbg_text p, q;
	size_t len;
	int order;

	if (x->key != y->key)
		return x->key < y->key ? 1 : -1;
	p = name_of(x);
	q = name_of(y);
	len = p.len < q.len ? p.len : q.len;
	order = memcmp(p.data, q.data, len);
	return order ? order : (p.len > q.len) - (p.len < q.len);
}

static void sort(struct report *report)
{
	enum fdbg_report_sort by = report->options->sort;

	for (size_t i = 0; i < report->n_rows; i++) {
		struct row *row = &report->rows[i];
		uint64_t a = measure(row->a ? row->a : &nothing, by);
		uint64_t b = measure(row->b ? row->b : &nothing, by);

		row->key = !report->b ? a : a > b ? a - b : b - a;
	}
	if (report->n_rows)
		qsort(report->rows, report->n_rows, sizeof(*report->rows), compare);
	if (report->options->has_limit && report->n_rows > report->options->limit)
		report->n_rows = (size_t)report->options->limit;
}

static void put_location(struct report *report, const struct row *row)
{
	const struct fdbg_recording *recording = row->a ? report->a : report->b;
	const struct fdbg_profile_function *function = row->a ? row->a : row->b;
	struct fdbg_text path;
	uint32_t line;

	if (!fdbg_recording_location(recording, function->breakpoint_id, &path, &line))
		return;
	if (report->options->json) {
		fdbg_buf_string(&report->out, ",\"file\":");
		fdbg_render_json_string(&report->out, path.data, path.len);
		fdbg_buf_printf(&report->out, ",\"line\":%" PRIu32, line);
	} else if (report->options->locations) {
		fdbg_buf_string(&report->out, "  ");
		fdbg_escape_terminal(&report->out, path.data, path.len, false);
		fdbg_buf_printf(&report->out, ":%" PRIu32, line);
	}
}

static void put_numbers(struct fdbg_buf *out, const struct fdbg_profile_function *function)
{
	fdbg_buf_printf(out, "\"calls\":%" PRIu64 ",\"callers\":%" PRIu64 ",\"total_ms\":%" PRIu64
			",\"self_ms\":%" PRIu64 ",\"errors\":%" PRIu64 ",\"panics\":%" PRIu64 ",\"unwound\":%" PRIu64
			",\"lost\":%" PRIu64 ",\"open\":%" PRIu64, function->calls, function->callers, function->total_ms,
			function->self_ms, function->errors, function->panics, function->unwound, function->lost,
			function->open);
}

static void put_json_path(struct fdbg_buf *out, const struct fdbg_recording *recording)
{
	fdbg_render_json_string(out, recording->path, strlen(recording->path));
}

static void put_json_row(struct report *report, const struct row *row)
{
	struct fdbg_text name = name_of(row);

	fdbg_buf_string(&report->out, "{\"function\":");
	fdbg_render_json_string(&report->out, name.data, name.len);
	put_location(report, row);
	fdbg_buf_byte(&report->out, ',');
	if (!report->b) {
		put_numbers(&report->out, row->a);
	} else {
		for (int i = 0; i < 2; i++) {
			const struct fdbg_profile_function *function = i ? row->b : row->a;

			fdbg_buf_string(&report->out, i ? ",\"b\":" : "\"a\":");
			if (function) {
				fdbg_buf_byte(&report->out, '{');
				put_numbers(&report->out, function);
				fdbg_buf_byte(&report->out, '}');
			} else {
				fdbg_buf_string(&report->out, "null");
			}
		}
	}
	fdbg_buf_byte(&report->out, '}');
}

static void put_json(struct report *report, const struct fdbg_profile *profile)
{
	struct fdbg_buf *out = &report->out;

	fdbg_buf_string(out, report->b ? "{\"a\":" : "{\"recording\":");
	put_json_path(out, report->a);
	if (report->b) {
		fdbg_buf_string(out, ",\"b\":");
		put_json_path(out, report->b);
	} else {
		fdbg_buf_printf(out, ",\"complete\":%s,\"threads\":%zu,\"calls\":%" PRIu64 ",\"errors\":%" PRIu64
				",\"panics\":%" PRIu64 ",\"duration_ms\":%" PRIu64,
				fdbg_recording_is_cut(report->a) ? "false" : "true", report->a->frames.n_threads,
				profile->calls, profile->errors, profile->panics, profile->duration_ms);
	}
	fdbg_buf_string(out, ",\"times_inflated_by_recording\":true,\"functions\":[");
	for (size_t i = 0; i < report->n_rows; i++) {
		fdbg_buf_string(out, i ? ",\n" : "\n");
		put_json_row(report, &report->rows[i]);
	}
	fdbg_buf_string(out, "\n]}\n");
}

static void put_name(struct report *report, const struct row *row)
{
	struct fdbg_text name = name_of(row);

	fdbg_escape_terminal(&report->out, name.data, name.len, false);
	put_location(report, row);
	fdbg_buf_byte(&report->out, '\n');
}

static void put_table(struct report *report)
{
	struct fdbg_buf *out = &report->out;

	fdbg_buf_string(out, "\n     calls  callers    total ms     self ms  errors  function\n");
	for (size_t i = 0; i < report->n_rows; i++) {
		const struct fdbg_profile_function *function = report->rows[i].a;

		fdbg_buf_printf(out, "%10" PRIu64 "  %7" PRIu64 "  %10" PRIu64 "  %10" PRIu64 "  %6" PRIu64 "  ",
				function->calls, function->callers, function->total_ms, function->self_ms,
				function->errors + function->panics);
		put_name(report, &report->rows[i]);
	}
}

static void put_diff_table(struct report *report)
{
	struct fdbg_buf *out = &report->out;

	fdbg_buf_string(out, "\n   calls A     calls B  difference  errors A  errors B   self ms A   self ms B"
			"  function\n");
	for (size_t i = 0; i < report->n_rows; i++) {
		const struct fdbg_profile_function *a = report->rows[i].a ? report->rows[i].a : &nothing;
		const struct fdbg_profile_function *b = report->rows[i].b ? report->rows[i].b : &nothing;

		fdbg_buf_printf(out, "%10" PRIu64 "  %10" PRIu64 "  %+10" PRId64 "  %8" PRIu64 "  %8" PRIu64
				"  %10" PRIu64 "  %10" PRIu64 "  ", a->calls, b->calls, (int64_t)(b->calls - a->calls),
				a->errors + a->panics, b->errors + b->panics, a->self_ms, b->self_ms);
		put_name(report, &report->rows[i]);
	}
	if (!report->n_rows)
		fdbg_buf_string(out, "         (none)\n");
	if (report->n_same)
		fdbg_buf_printf(out, "\n%zu function%s with the same calls, callers and errors left out "
				"(--all shows them)\n",
				report->n_same, report->n_same == 1 ? "" : "s");
}

static void put_heading(struct report *report, const char *label, const struct fdbg_recording *recording,
			const struct fdbg_profile *profile)
{
	struct fdbg_buf *out = &report->out;

	fdbg_buf_string(out, label);
	fdbg_escape_terminal(out, recording->path, strlen(recording->path), false);
	fdbg_buf_printf(out, "%s\n%*s%" PRIu64 " calls of %zu functions in %zu threads, ",
			fdbg_recording_is_cut(recording) ? ", cut short" : "", (int)strlen(label), "",
			profile->calls, profile->n_functions, recording->frames.n_threads);
	fdbg_time_span(out, profile->duration_ms);
	fdbg_buf_printf(out, ", %" PRIu64 " Err returned, %" PRIu64 " panics\n", profile->errors, profile->panics);
}

static struct fdbg_error *add_row(struct report *report, const struct fdbg_profile_function *a,
				  const struct fdbg_profile_function *b)
{
	if (!(report->n_rows & (report->n_rows + 1)) || !report->rows) {
		struct row *rows = reallocarray(report->rows, (report->n_rows + 1) * 2, sizeof(*rows));

		if (!rows)
			return &fdbg_error_nomem;
		report->rows = rows;
	}
	report->rows[report->n_rows++] = (struct row){ .a = a, .b = b };
	return NULL;
}

/* Prints what was read, also when the recording is broken, which is told afterwards. */
static struct fdbg_error *finish(struct report *report, const struct fdbg_sink *sink, struct fdbg_error *err,
				 struct fdbg_error *broken)
{
	if (!err)
		err = fdbg_sink_flush(sink, &report->out);
	free(report->rows);
	fdbg_buf_deinit(&report->out);
	if (!broken)
		return err;
	fdbg_error_destroy(err);
	return broken;
}

struct fdbg_error *fdbg_report(struct fdbg_recording *recording, const struct fdbg_report_options *options,
			       const struct fdbg_sink *sink)
{
	struct report report = { .options = options, .a = recording };
	struct fdbg_profile profile;
	struct fdbg_error *err = NULL, *broken = fdbg_profile_build(recording, &profile);

	if (broken && broken->code != FDBG_ERROR_FORMAT) {
		fdbg_profile_deinit(&profile);
		return broken;
	}
	for (size_t i = 0; i < profile.n_functions && !err; i++) {
		/* A name that only a return without its call has. */
		if (profile.functions[i].calls)
			err = add_row(&report, &profile.functions[i], NULL);
	}
	if (!err) {
		sort(&report);
		if (options->json) {
			put_json(&report, &profile);
		} else {
			put_heading(&report, "recording  ", recording, &profile);
			fdbg_buf_string(&report.out, note);
			put_table(&report);
		}
	}
	err = finish(&report, sink, err, broken);
	fdbg_profile_deinit(&profile);
	return err;
}

static bool is_same(const struct fdbg_profile_function *a, const struct fdbg_profile_function *b)
{
	return a && b && a->calls == b->calls && a->callers == b->callers && a->errors == b->errors &&
	       a->panics == b->panics && a->unwound == b->unwound && a->lost == b->lost;
}

/* The rows of the functions of both, in any order. */
static struct fdbg_error *pair_up(struct report *report, const struct fdbg_profile *a,
				  const struct fdbg_profile *b)
{
	struct fdbg_strmap of_b = { 0 };
	struct fdbg_error *err = NULL;
	bool *met = calloc(b->n_functions + 1, sizeof(*met));

	if (!met)
		return &fdbg_error_nomem;
	for (size_t i = 0; i < b->n_functions && !err; i++) {
		if (b->functions[i].calls && !fdbg_strmap_set(&of_b, b->functions[i].name, i))
			err = &fdbg_error_nomem;
	}
	for (size_t i = 0; i < a->n_functions && !err; i++) {
		const struct fdbg_profile_function *other = NULL;
		uint64_t index;

		if (!a->functions[i].calls)
			continue;
		if (fdbg_strmap_get(&of_b, a->functions[i].name, &index)) {
			other = &b->functions[index];
			met[index] = true;
		}
		if (!report->options->all && is_same(&a->functions[i], other))
			report->n_same++;
		else
			err = add_row(report, &a->functions[i], other);
	}
	for (size_t i = 0; i < b->n_functions && !err; i++) {
		if (b->functions[i].calls && !met[i])
			err = add_row(report, NULL, &b->functions[i]);
	}
	fdbg_strmap_deinit(&of_b);
	free(met);
	return err;
}

struct fdbg_error *fdbg_report_diff(struct fdbg_recording *a, struct fdbg_recording *b,
				    const struct fdbg_report_options *options, const struct fdbg_sink *sink)
{
	struct report report = { .options = options, .a = a, .b = b };
	struct fdbg_profile of_a = { 0 }, of_b = { 0 };
	struct fdbg_error *err = fdbg_profile_build(a, &of_a);

	/* A comparison with half of a recording would say nothing true. */
	if (!err)
		err = fdbg_profile_build(b, &of_b);
	if (!err)
		err = pair_up(&report, &of_a, &of_b);
	if (!err) {
		sort(&report);
		if (options->json) {
			put_json(&report, NULL);
		} else {
			put_heading(&report, "A  ", a, &of_a);
			put_heading(&report, "B  ", b, &of_b);
			fdbg_buf_string(&report.out, note);
			put_diff_table(&report);
		}
	}
	err = finish(&report, sink, err, NULL);
	fdbg_profile_deinit(&of_a);
	fdbg_profile_deinit(&of_b);
	return err;
}
