/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The functions of a recording in a table, and those of two beside each other. */
#ifndef FDBG_REPORT_REPORT_H
#define FDBG_REPORT_REPORT_H

#include "report/recording.h"
#include "report/sink.h"

/* By what rows are sorted: the greatest first, names from A to Z; of two recordings the greatest difference. */
enum fdbg_report_sort {
	FDBG_REPORT_CALLS, FDBG_REPORT_CALLERS, FDBG_REPORT_TOTAL, FDBG_REPORT_SELF, FDBG_REPORT_ERRORS,
	FDBG_REPORT_NAME,
};

struct fdbg_report_options {
	enum fdbg_report_sort sort;
	bool has_limit;
	uint64_t limit; /* rows */
	bool json;
	bool locations; /* file and line of each function; JSON has them always */
	bool all;       /* of two recordings: also functions with the same calls, callers and errors */
};

struct fdbg_error *fdbg_report(struct fdbg_recording *recording, const struct fdbg_report_options *options,
			       const struct fdbg_sink *sink) FDBG_CHECK;

struct fdbg_error *fdbg_report_diff(struct fdbg_recording *a, struct fdbg_recording *b,
				    const struct fdbg_report_options *options,
				    const struct fdbg_sink *sink) FDBG_CHECK;

#endif
