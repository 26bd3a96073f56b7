/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A recording as JSON, one object a line. */
#ifndef FDBG_REPORT_DUMP_H
#define FDBG_REPORT_DUMP_H

#include "report/recording.h"
#include "report/sink.h"

enum fdbg_dump_values {
	FDBG_DUMP_DEBUG,  /* {:?} as a string */
	FDBG_DUMP_PRETTY, /* {:#?} as a string */
	FDBG_DUMP_JSON,   /* stream-format.md, section 4 */
	FDBG_DUMP_NONE,
};

struct fdbg_dump_options {
	bool streams[FDBG_STREAM_OTHER + 1]; /* which to print, by enum fdbg_stream */
	enum fdbg_dump_values values;
};

/* The objects are those of cli.md, keys in its order, messages in file order. */
struct fdbg_error *fdbg_dump(struct fdbg_recording *recording, const struct fdbg_dump_options *options,
			     const struct fdbg_sink *sink) FDBG_CHECK;

#endif
