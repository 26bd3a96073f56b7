/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A place in a recording, said by time or by the number of an event. */
#ifndef FDBG_REPORT_MOMENT_H
#define FDBG_REPORT_MOMENT_H

#include "base/error.h"

enum fdbg_moment_kind {
	FDBG_MOMENT_NONE = 0,
	FDBG_MOMENT_SEQUENCE, /* number: of a message of the event stream, from 1 */
	FDBG_MOMENT_SPAN,     /* number: milliseconds since the first message of the recording */
	FDBG_MOMENT_TIME,     /* number: milliseconds since the Unix epoch */
};

/* A zeroed moment is none. */
struct fdbg_moment {
	enum fdbg_moment_kind kind;
	uint64_t number;
};

/*
 * Takes `#N` (the Nth event), `N`, `Ns`, `Nms`, `Nmin` (since the beginning; seconds where no unit is given;
 * with up to three decimals) or a date in UTC such as `2026-01-02T03:04:05.678Z`. FDBG_ERROR_USAGE: it is
 * none of them.
 */
struct fdbg_error *fdbg_moment_parse(const char *text, struct fdbg_moment *ret) FDBG_CHECK;

/*
 * Less than, equal to or greater than 0: the event with that sequence number and time is before, at or after
 * the moment. start_ms: time of the recording's first message.
 */
int fdbg_moment_compare(const struct fdbg_moment *moment, uint64_t sequence, uint64_t time_ms,
			uint64_t start_ms);

#endif
