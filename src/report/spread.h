/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Times between the milliseconds of a recording. */
#ifndef FDBG_REPORT_SPREAD_H
#define FDBG_REPORT_SPREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Recordings know milliseconds, in which many events happen. Tools that draw time need each event at a time
 * of its own, later than the one before, or calls vanish and their order with them. So the events of a
 * millisecond are spread over it evenly. They are collected in groups: those of one millisecond, at most
 * FDBG_SPREAD_MAX.
 */
enum { FDBG_SPREAD_MAX = 4096 };

/* A zeroed spread is at its beginning. */
struct fdbg_spread {
	bool begun;
	uint64_t start_ms;   /* the first event's, which is at 0 ns */
	uint64_t ms;         /* of the group */
	uint64_t used_ns;    /* of that millisecond, by groups before */
	uint64_t next_ns;    /* the first time that is free */
	size_t n;            /* events in the group */
};

/* True when the group has to be placed before an event of time_ms can be added. */
bool fdbg_spread_is_full(const struct fdbg_spread *spread, uint64_t time_ms);

/* Adds an event to the group. Times must not go back. */
void fdbg_spread_add(struct fdbg_spread *spread, uint64_t time_ms);

/*
 * Places the group and empties it: its events are at first_ret, first_ret + step_ret … nanoseconds from the
 * start. next_ms: time of the event that comes next, or anything later than the group's at the end.
 */
void fdbg_spread_place(struct fdbg_spread *spread, uint64_t next_ms, uint64_t *first_ret, uint64_t *step_ret);

#endif
