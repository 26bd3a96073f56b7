/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The first place where two recordings of the same program part ways. */
#ifndef FDBG_REPORT_COMPARE_H
#define FDBG_REPORT_COMPARE_H

#include "report/sequence.h"
#include "report/sink.h"

/*
 * The events of each thread are compared in order: kind, function, depth, values. Ids, addresses, times, and
 * how the threads interleave are not. Threads belong together that begin with the same function, the first
 * with the first and so on; then those that are left. Of several differences the one that comes first in A
 * is told. Where all events agree the exit status is compared.
 */

struct fdbg_compare_options {
	struct fdbg_sequence_options sequence;
	size_t n_context; /* events shown before the place, and after it where the runs differ in what they do */
	bool brief;       /* say only that they differ */
	bool report_same; /* say also that they do not */
	bool json;
};

struct fdbg_error *fdbg_compare(struct fdbg_recording *a, struct fdbg_recording *b,
				const struct fdbg_compare_options *options, const struct fdbg_sink *sink,
				bool *differ_ret) FDBG_CHECK;

#endif
