/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Where a report goes. */
#ifndef FDBG_REPORT_SINK_H
#define FDBG_REPORT_SINK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

/* A report hands over text in whole lines; an error of the write ends the report and is passed up. */
struct fdbg_sink {
	struct fdbg_error *(*write)(void *context, const char *data, size_t len);
	void *context;
	bool colour; /* terminal escapes are welcome */
};

/* Writes what is in buf and empties it. */
FDBG_CHECK static inline struct fdbg_error *fdbg_sink_flush(const struct fdbg_sink *sink,
							    struct fdbg_buf *buf)
{
	struct fdbg_error *err = fdbg_buf_error(buf);

	if (!err && buf->len)
		err = sink->write(sink->context, (const char *)buf->data, buf->len);
	fdbg_buf_clear(buf);
	return err;
}

#endif
