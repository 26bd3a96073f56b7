/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Timestamps as text. */
#ifndef FDBG_REPORT_TIME_H
#define FDBG_REPORT_TIME_H

#include "base/buf.h"

/* Appends milliseconds since the epoch as RFC 3339 in UTC, `2026-01-02T03:04:05.678Z`. */
void fdbg_time_rfc3339(struct fdbg_buf *buf, uint64_t time_ms);

/* Appends a span of time for people: `1.951 s`, `2 min 5 s`. */
void fdbg_time_span(struct fdbg_buf *buf, uint64_t span_ms);

#endif
