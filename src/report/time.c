/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Timestamps as text. */
#include "report/time.h"

#include <inttypes.h>
#include <time.h>

/* Two or more decimal digits; a dump writes one timestamp an event, which is too many for printf. */
static void put_digits(struct fdbg_buf *buf, uint64_t value, char after)
{
	if (value < 10)
		fdbg_buf_byte(buf, '0');
	fdbg_buf_decimal(buf, value);
	fdbg_buf_byte(buf, (uint8_t)after);
}

void fdbg_time_rfc3339(struct fdbg_buf *buf, uint64_t time_ms)
{
	time_t seconds = (time_t)(time_ms / 1000);
	unsigned int ms = (unsigned int)(time_ms % 1000);
	struct tm tm;

	/*
	 * Dates of a broken file may lie beyond all calendars. The epoch and unsigned time leave no year
	 * below 1970.
	 */
	if (!gmtime_r(&seconds, &tm))
		tm = (struct tm){ .tm_year = 8099, .tm_mon = 11, .tm_mday = 31 };
	put_digits(buf, (uint64_t)tm.tm_year + 1900, '-');
	put_digits(buf, (uint64_t)tm.tm_mon + 1, '-');
	put_digits(buf, (uint64_t)tm.tm_mday, 'T');
	put_digits(buf, (uint64_t)tm.tm_hour, ':');
	put_digits(buf, (uint64_t)tm.tm_min, ':');
	put_digits(buf, (uint64_t)tm.tm_sec, '.');
	if (ms < 100)
		fdbg_buf_byte(buf, '0');
	put_digits(buf, ms, 'Z');
}

void fdbg_time_span(struct fdbg_buf *buf, uint64_t span_ms)
{
	if (span_ms < 60000)
		fdbg_buf_printf(buf, "%" PRIu64 ".%03u s", span_ms / 1000, (unsigned int)(span_ms % 1000));
	else if (span_ms < 3600000)
		fdbg_buf_printf(buf, "%" PRIu64 " min %" PRIu64 " s", span_ms / 60000, span_ms / 1000 % 60);
	else
		fdbg_buf_printf(buf, "%" PRIu64 " h %" PRIu64 " min", span_ms / 3600000,
				span_ms / 60000 % 60);
}
