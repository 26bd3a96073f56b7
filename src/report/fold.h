/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Finding calls that repeat beside each other. */
#ifndef FDBG_REPORT_FOLD_H
#define FDBG_REPORT_FOLD_H

#include "report/tree.h"

/*
 * Siblings repeat when the same functions are called in the same order again (a period of up to
 * FDBG_FOLD_PERIOD calls), and each of them went the same way: what failed, panicked or did not return, or
 * has such a call in it, is no repetition of what did not. Values do not matter.
 */
enum { FDBG_FOLD_PERIOD = 4 };

struct fdbg_fold {
	const struct fdbg_tree_thread *thread;
	size_t *ends;        /* of each node: one behind the last node in it */
	uint8_t *troubles;   /* of each node: what went wrong in it, as bits */
};

struct fdbg_fold_run {
	size_t period;       /* siblings that repeat, 0: nothing repeats here */
	size_t n_repeats;    /* how often they come again */
	size_t first_end;    /* one behind the first of the repetitions */
	size_t end;          /* one behind the last */
};

struct fdbg_error *fdbg_fold_init(struct fdbg_fold *fold, const struct fdbg_tree_thread *thread) FDBG_CHECK;
void fdbg_fold_deinit(struct fdbg_fold *fold);

/* What repeats from node first on, within the nodes before limit, and comes three times or more. */
struct fdbg_fold_run fdbg_fold_find(const struct fdbg_fold *fold, size_t first, size_t limit);

#endif
