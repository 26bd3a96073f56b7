/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Times between the milliseconds of a recording. */
#include "report/spread.h"

enum { MS = 1000000 };

/* Years beyond this many milliseconds are those of broken files; nanoseconds have to fit 64 bits. */
#define MAX_SPAN_MS (UINT64_MAX / MS / 4)

bool fdbg_spread_is_full(const struct fdbg_spread *spread, uint64_t time_ms)
{
	return spread->n && (time_ms != spread->ms || spread->n == FDBG_SPREAD_MAX);
}

void fdbg_spread_add(struct fdbg_spread *spread, uint64_t time_ms)
{
	if (!spread->begun)
		spread->start_ms = time_ms;
	if (!spread->begun || spread->ms != time_ms)
		spread->used_ns = 0;
	spread->begun = true;
	spread->ms = time_ms;
	spread->n++;
}

void fdbg_spread_place(struct fdbg_spread *spread, uint64_t next_ms, uint64_t *first_ret, uint64_t *step_ret)
{
	uint64_t span_ms = spread->ms - spread->start_ms, room = MS - spread->used_ns, first, step;

	if (span_ms > MAX_SPAN_MS)
		span_ms = MAX_SPAN_MS;
	/* More is to come in this millisecond, nobody knows how much: half of what is left is for it. */
	if (next_ms == spread->ms)
		room /= 2;
	step = spread->n ? room / spread->n : 0;
	if (!step)
		step = 1;
	first = span_ms * MS + spread->used_ns;
	if (first < spread->next_ns)
		first = spread->next_ns;
	spread->used_ns += step * spread->n;
	if (spread->used_ns > MS)
		spread->used_ns = MS;
	spread->next_ns = first + step * spread->n;
	spread->n = 0;
	*first_ret = first;
	*step_ret = step;
}
