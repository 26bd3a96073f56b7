/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a recording says of each function: how often, by whom, for how long, with which errors. */
#ifndef FDBG_REPORT_PROFILE_H
#define FDBG_REPORT_PROFILE_H

#include "report/recording.h"

/*
 * Times are differences of the recording's timestamps, which have milliseconds: a call below that counts 0 or
 * 1, right on average. They contain what recording costs, which is most of them; they compare with each other
 * and not with a clock.
 */

struct fdbg_profile_function {
	struct fdbg_text name;
	uint32_t breakpoint_id; /* of its first call: where it is in the source */
	uint64_t calls;
	uint64_t callers;       /* different functions that called it; calls at the top of a thread have none */
	uint64_t total_ms;      /* with all that it called; a recursion counts once */
	uint64_t self_ms;       /* without */
	uint64_t errors;        /* returns of Err */
	uint64_t panics;        /* panics that began in it */
	uint64_t unwound;       /* calls that a panic left */
	uint64_t lost;          /* calls that were left and their return not recorded */
	uint64_t open;          /* calls without return: they count until the recording's end */
};

struct fdbg_profile {
	struct fdbg_profile_function *functions; /* in order of first appearance */
	size_t n_functions;
	uint64_t calls, errors, panics;
	uint64_t duration_ms;   /* from the first event to the last */
};

/*
 * Reads the recording to its end. Names are the recording's, which has to stay open. Should the file turn out
 * broken, what was counted until then is in *ret and the error returned as well.
 */
struct fdbg_error *fdbg_profile_build(struct fdbg_recording *recording, struct fdbg_profile *ret) FDBG_CHECK;
void fdbg_profile_deinit(struct fdbg_profile *profile);

#endif
