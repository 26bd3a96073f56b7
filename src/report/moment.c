/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A place in a recording, said by time or by the number of an event. */
#include "report/moment.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct fdbg_error *refuse(const char *text)
{
	return fdbg_error_create(
		FDBG_ERROR_USAGE,
		"'%s' is no place in a recording; say '#12' for the 12th event, '1.5s' or '250ms' since the "
		"beginning, or a time such as 2026-01-02T03:04:05.678Z",
		text);
}

/* Decimals behind a point, of which the first three count: `.5` is 500. */
static unsigned int thousandths(const char **text)
{
	unsigned int value = 0, scale = 100;

	if (**text != '.' || !isdigit((unsigned char)(*text)[1]))
		return 0;
	for (++*text; isdigit((unsigned char)**text); ++*text, scale /= 10)
		value += scale * (unsigned int)(**text - '0');
	return value;
}

static struct fdbg_error *parse_date(const char *text, struct fdbg_moment *ret)
{
	struct tm tm = { 0 }, back;
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	unsigned int ms;
	time_t seconds;

	if (!rest)
		return refuse(text);
	ms = thousandths(&rest);
	if (strcmp(rest, "Z") && *rest)
		return refuse(text);
	back = tm;
	seconds = timegm(&back);
	/* timegm makes a March of February 30th. */
	if (seconds < 0 || back.tm_mday != tm.tm_mday || back.tm_mon != tm.tm_mon)
		return refuse(text);
	*ret = (struct fdbg_moment){ FDBG_MOMENT_TIME, (uint64_t)seconds * 1000 + ms };
	return NULL;
}

static struct fdbg_error *parse_span(const char *text, struct fdbg_moment *ret)
{
	static const struct {
		const char *unit;
		uint64_t ms;
	} units[] = { { "", 1000 }, { "s", 1000 }, { "ms", 1 }, { "min", 60000 }, { "h", 3600000 } };
	uint64_t number;
	unsigned int part;
	char *end;
	const char *rest;

	errno = 0;
	number = strtoull(text, &end, 10);
	rest = end;
	part = thousandths(&rest);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]) && !errno; i++) {
		if (strcmp(rest, units[i].unit) || number > UINT64_MAX / units[i].ms - 1)
			continue;
		*ret = (struct fdbg_moment){ FDBG_MOMENT_SPAN,
					     number * units[i].ms + part * units[i].ms / 1000 };
		return NULL;
	}
	return refuse(text);
}

struct fdbg_error *fdbg_moment_parse(const char *text, struct fdbg_moment *ret)
{
	const char *digits = text + (text[0] == '#');
	char *end;

	if (!isdigit((unsigned char)digits[0]))
		return refuse(text);
	if (text[0] == '#') {
		uint64_t number;

		errno = 0;
		number = strtoull(digits, &end, 10);
		if (*end || errno)
			return refuse(text);
		*ret = (struct fdbg_moment){ FDBG_MOMENT_SEQUENCE, number };
		return NULL;
	}
	return strchr(text, '-') ? parse_date(text, ret) : parse_span(text, ret);
}

int fdbg_moment_compare(const struct fdbg_moment *moment, uint64_t sequence, uint64_t time_ms,
			uint64_t start_ms)
{
	uint64_t at = time_ms;

	switch (moment->kind) {
	case FDBG_MOMENT_NONE:
		return 0;
	case FDBG_MOMENT_SEQUENCE:
		at = sequence;
		break;
	case FDBG_MOMENT_SPAN:
		at = time_ms > start_ms ? time_ms - start_ms : 0;
		break;
	case FDBG_MOMENT_TIME:
		break;
	}
	return (at > moment->number) - (at < moment->number);
}
