/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Time: one wall clock for timestamps, one monotonic clock for limits. */
#ifndef FDBG_BASE_CLOCK_H
#define FDBG_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Milliseconds since the Unix epoch (stream-format.md, section 1: timestamp). */
static inline uint64_t fdbg_clock_wall_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Nanoseconds of a clock that never goes back. */
static inline uint64_t fdbg_clock_mono_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

#endif
