/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Recordings in the formats of other tools. */
#ifndef FDBG_REPORT_EXPORT_H
#define FDBG_REPORT_EXPORT_H

#include "report/filter.h"
#include "report/recording.h"
#include "report/sink.h"

enum fdbg_export_format {
	FDBG_EXPORT_CHROME,     /* trace event JSON, for Perfetto and chrome://tracing */
	FDBG_EXPORT_SPEEDSCOPE, /* speedscope's JSON, an evented profile a thread */
	FDBG_EXPORT_FOLDED,     /* a line a stack, for flame graphs */
	FDBG_EXPORT_DOT,        /* who calls whom, for graphviz */
	FDBG_EXPORT_MERMAID,    /* the same as a mermaid flowchart */
	FDBG_EXPORT_HTML,       /* the call tree as a page */
};

enum fdbg_export_weight {
	FDBG_EXPORT_TIME,  /* nanoseconds in the function itself */
	FDBG_EXPORT_CALLS,
};

struct fdbg_export_options {
	enum fdbg_export_format format;
	struct fdbg_filter filter;
	enum fdbg_export_weight weight; /* of FOLDED */
	size_t max_value_bytes;         /* 0: no limit */
	const char *version;            /* of the program, for formats that name their maker */
};

/*
 * Reads the recording and writes it in the format. What is written is well-formed also where the recording is
 * cut short or turns out broken; in the latter case the error is returned. Other errors are those of
 * fdbg_flow_run.
 */
struct fdbg_error *fdbg_export(struct fdbg_recording *recording, const struct fdbg_export_options *options,
			       const struct fdbg_sink *sink) FDBG_CHECK;

#endif
