/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* fdbg heap: what a recording says about the heap. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/options.h"
#include "report/heap.h"

static struct fdbg_error *write_svg(const struct fdbg_heap_report *report, const struct fdbg_recording *recording,
				    const char *path)
{
	struct fdbg_text title = recording->info ? recording->info->target : fdbg_text_from(recording->path);
	struct fdbg_buf out = { 0 };
	struct fdbg_error *err = fdbg_heap_report_svg(report, title, &out);
	FILE *file;
	bool failed;

	if (!err) {
		file = fopen(path, "we");
		if (file) {
			failed = fwrite(out.data, 1, out.len, file) != out.len;
			failed |= fclose(file) != 0;
		}
		if (!file || failed)
			err = fdbg_error_errno(errno, "cannot write %s", path);
	}
	fdbg_buf_deinit(&out);
	return err;
}

/* What the options say. */
struct heap_options {
	bool json;
	struct fdbg_option_uint top;
	const char *svg;
};

static struct fdbg_error *report_on(void *context, struct fdbg_recording *recording, const struct fdbg_sink *sink)
{
	const struct heap_options *options = context;
	struct fdbg_heap_report *report;
	struct fdbg_error *err = fdbg_heap_report_create(recording, &report);

	if (err)
		return err;
	if (!report->n_points && !options->json)
		err = fdbg_error_create(FDBG_ERROR_NOT_FOUND, "%s has no heap allocations; record them with --allocations=typed "
					"or --allocations=all", recording->path);
	else if (options->json)
		err = fdbg_heap_report_json(report, sink);
	else
		err = fdbg_heap_report_text(report, (size_t)options->top.value, sink);
	if (!err && options->svg)
		err = write_svg(report, recording, options->svg);
	fdbg_heap_report_destroy(report);
	return err;
}

struct fdbg_error *fdbg_cmd_heap(int argc, char **argv, int *status_ret)
{
	struct heap_options heap = { .top.value = 10 };
	const struct fdbg_option options[] = {
		{ "json", 0, FDBG_OPTION_FLAG, NULL, "print everything as one JSON object", &heap.json, NULL, 0 },
		{ "svg", 0, FDBG_OPTION_STRING, "FILE", "write a plot of the live bytes over time there, too", &heap.svg, NULL, 0 },
		{ "top", 0, FDBG_OPTION_UINT, "N", "most lines of each table (default 10)", &heap.top, NULL, 0 },
		{ 0 },
	};
	const struct fdbg_syntax syntax = {
		.usage = "heap [OPTIONS] [FILE]",
		.description =
			"Prints what a recording says about the heap: live bytes over time, the peak and who held\n"
			       "it, allocations by type and by function, and what was never released.",
		.options = options,
		.max_words = 1,
	};

	(void)status_ret;
	return fdbg_cli_read(&syntax, argc, argv, report_on, &heap);
}
