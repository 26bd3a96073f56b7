/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Finding calls that repeat beside each other. */
#include "report/fold.h"

#include <stdlib.h>

enum trouble { FAILED = 1, PANICKED = 2, UNWOUND = 4, UNENDED = 8 };

void fdbg_fold_deinit(struct fdbg_fold *fold)
{
	free(fold->ends);
	free(fold->troubles);
}

static uint8_t trouble_of(const struct fdbg_node *node)
{
	uint8_t trouble = 0;

	if (node->failed)
		trouble |= FAILED;
	if (node->panicked || node->kind == FDBG_NODE_PANIC)
		trouble |= PANICKED;
	if (node->kind != FDBG_NODE_CALL)
		return trouble;
	if (node->state == FDBG_FLOW_UNWOUND)
		trouble |= UNWOUND;
	if (node->state == FDBG_FLOW_OPEN || node->state == FDBG_FLOW_LOST)
		trouble |= UNENDED;
	return trouble;
}

struct fdbg_error *fdbg_fold_init(struct fdbg_fold *fold, const struct fdbg_tree_thread *thread)
{
	size_t n = thread->n_nodes;

	*fold = (struct fdbg_fold){ .thread = thread, .ends = calloc(n + 1, sizeof(*fold->ends)),
				    .troubles = calloc(n + 1, 1) };
	if (!fold->ends || !fold->troubles) {
		fdbg_fold_deinit(fold);
		return &fdbg_error_nomem;
	}
	/* A node comes behind the one around it, so from the back each is complete when it is come to. */
	for (size_t i = n; i-- > 0;) {
		const struct fdbg_node *node = &thread->nodes[i];
		size_t parent = node->parent;

		if (!fold->ends[i])
			fold->ends[i] = i + 1;
		fold->troubles[i] |= trouble_of(node);
		if (!parent)
			continue;
		if (fold->ends[parent - 1] < fold->ends[i])
			fold->ends[parent - 1] = fold->ends[i];
		fold->troubles[parent - 1] |= fold->troubles[i];
	}
	return NULL;
}

static bool alike(const struct fdbg_fold *fold, size_t a, size_t b)
{
	const struct fdbg_node *x = &fold->thread->nodes[a], *y = &fold->thread->nodes[b];

	return x->kind == y->kind && x->function == y->function && x->context == y->context &&
	       fold->troubles[a] == fold->troubles[b];
}

/* The nth sibling behind a node; limit when there is none before limit. */
static size_t skip(const struct fdbg_fold *fold, size_t node, size_t n, size_t limit)
{
	for (; n && node < limit; n--)
		node = fold->ends[node];
	return node < limit ? node : limit;
}

struct fdbg_fold_run fdbg_fold_find(const struct fdbg_fold *fold, size_t first, size_t limit)
{
	const struct fdbg_node *node = &fold->thread->nodes[first];

	/* Siblings end where the node around them does. */
	if (node->parent && fold->ends[node->parent - 1] < limit)
		limit = fold->ends[node->parent - 1];
	for (size_t period = 1; period <= FDBG_FOLD_PERIOD; period++) {
		struct fdbg_fold_run run = { .period = period };
		size_t a = first, b = skip(fold, first, period, limit), n_alike = 0;

		run.first_end = run.end = b;
		while (b < limit && alike(fold, a, b)) {
			a = fold->ends[a];
			b = fold->ends[b];
			if (++n_alike % period)
				continue;
			run.n_repeats++;
			run.end = b;
		}
		if (run.n_repeats >= 2)
			return run;
	}
	return (struct fdbg_fold_run){ 0 };
}
