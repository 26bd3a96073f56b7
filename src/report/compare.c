/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The first place where two recordings of the same program part ways. */
#include "report/compare.h"

#include <inttypes.h>
#include <stdlib.h>

#include "report/compare_print.h"

/* A thread of each recording that belong together; either may be missing. */
struct pairing {
	const struct fdbg_sequence_thread *a, *b;
};

struct compare {
	struct fdbg_recording *a, *b;
	const struct fdbg_compare_options *options;
	struct fdbg_sequences of_a, of_b;
	struct pairing *pairs;
	size_t n_pairs;
};

/* Threads that begin with the same function belong together, in their order; then those that are left. */
static struct fdbg_error *pair_threads(struct compare *compare)
{
	const struct fdbg_sequences *a = &compare->of_a, *b = &compare->of_b;
	size_t n = a->n_threads + b->n_threads;
	/* The following thread of the same name, plus one. */
	uint64_t *next = calloc(b->n_threads + 1, sizeof(*next));
	bool *met = calloc(b->n_threads + 1, sizeof(*met));
	struct fdbg_strmap heads = { 0 }; /* name to the first thread of B that is not paired yet, plus one */
	struct fdbg_error *err = NULL;

	compare->pairs = calloc(n + 1, sizeof(*compare->pairs));
	if (!next || !met || !compare->pairs)
		err = &fdbg_error_nomem;
	for (size_t i = b->n_threads; i-- > 0 && !err;) {
		uint64_t head = 0;

		(void)fdbg_strmap_get(&heads, b->threads[i].first, &head);
		next[i] = head;
		if (!fdbg_strmap_set(&heads, b->threads[i].first, i + 1))
			err = &fdbg_error_nomem;
	}
	for (size_t i = 0; i < a->n_threads && !err; i++) {
		struct pairing *pairing = &compare->pairs[compare->n_pairs++];
		uint64_t head = 0;

		pairing->a = &a->threads[i];
		(void)fdbg_strmap_get(&heads, a->threads[i].first, &head);
		if (!head)
			continue;
		pairing->b = &b->threads[head - 1];
		met[head - 1] = true;
		if (!fdbg_strmap_set(&heads, a->threads[i].first, next[head - 1]))
			err = &fdbg_error_nomem;
	}
	for (size_t i = 0, alone = 0; i < b->n_threads && !err; i++) {
		if (met[i])
			continue;
		/* Those that begin differently are the more interesting for it. */
		while (alone < a->n_threads && compare->pairs[alone].b)
			alone++;
		if (alone < a->n_threads)
			compare->pairs[alone].b = &b->threads[i];
		else
			compare->pairs[compare->n_pairs++].b = &b->threads[i];
	}
	fdbg_strmap_deinit(&heads);
	free(next);
	free(met);
	return err;
}

/* The first item in which two sequences differ; their common length when they are the same. */
static size_t common(const struct pairing *pairing)
{
	size_t n_a = pairing->a ? pairing->a->n_items : 0, n_b = pairing->b ? pairing->b->n_items : 0;
	size_t n = n_a < n_b ? n_a : n_b;

	for (size_t i = 0; i < n; i++) {
		if (pairing->a->items[i].hash != pairing->b->items[i].hash)
			return i;
	}
	return n;
}

static bool differs(const struct pairing *pairing, size_t item)
{
	return (pairing->a && item < pairing->a->n_items) || (pairing->b && item < pairing->b->n_items);
}

/* Where in the file an item is; behind everything when it is not there. */
static uint64_t place(const struct fdbg_sequence_thread *thread, size_t item)
{
	return thread && item < thread->n_items ? thread->items[item].event : UINT64_MAX;
}

/* The pair that parts first, NULL when none does; *n_ret counts those that do. */
static const struct pairing *find_first(const struct compare *compare, size_t *item_ret, size_t *n_ret)
{
	const struct pairing *first = NULL;

	*n_ret = 0;
	for (size_t i = 0; i < compare->n_pairs; i++) {
		const struct pairing *pairing = &compare->pairs[i];
		size_t item = common(pairing);

		if (!differs(pairing, item))
			continue;
		++*n_ret;
		if (!first || place(pairing->a, item) < place(first->a, *item_ret) ||
		    (place(pairing->a, item) == place(first->a, *item_ret) &&
		     place(pairing->b, item) < place(first->b, *item_ret))) {
			first = pairing;
			*item_ret = item;
		}
	}
	return first;
}

static struct fdbg_error *find_side(const struct fdbg_recording *recording,
				    const struct fdbg_compare_options *options,
				    const struct fdbg_sequence_thread *thread, size_t item,
				    struct fdbg_compare_side *ret)
{
	struct fdbg_error *err;

	ret->recording = recording;
	ret->has_thread = thread != NULL;
	if (!thread)
		return NULL;
	ret->thread_id = thread->id;
	err = fdbg_scene_find(recording->path, &options->sequence, thread->id, item, options->n_context,
			       &ret->scene);
	/* It was there a moment ago. */
	if (!err && ret->scene.is_there != (item < thread->n_items)) {
		fdbg_scene_deinit(&ret->scene);
		return fdbg_error_create(FDBG_ERROR_IO, "%s changed while it was read", recording->path);
	}
	return err;
}

static bool same_exit(const struct compare *compare)
{
	return compare->a->has_exit == compare->b->has_exit && compare->a->exit_code == compare->b->exit_code;
}

static struct fdbg_error *print(const struct compare *compare, const struct pairing *first, size_t item,
				size_t n_differ, const struct fdbg_sink *sink)
{
	struct fdbg_compare_result result = {
		.options = compare->options, .n_further = n_differ ? n_differ - 1 : 0,
	};
	struct fdbg_error *err = NULL;

	result.a.recording = compare->a;
	result.b.recording = compare->b;
	result.same = !first && same_exit(compare);
	result.only_exit = !first && !result.same;
	if (first && !compare->options->brief) {
		err = find_side(compare->a, compare->options, first->a, item, &result.a);
		if (!err)
			err = find_side(compare->b, compare->options, first->b, item, &result.b);
	}
	if (!err)
		err = fdbg_compare_print(&result, sink);
	fdbg_scene_deinit(&result.a.scene);
	fdbg_scene_deinit(&result.b.scene);
	return err;
}

struct fdbg_error *fdbg_compare(struct fdbg_recording *a, struct fdbg_recording *b,
				const struct fdbg_compare_options *options, const struct fdbg_sink *sink,
				bool *differ_ret)
{
	struct compare compare = { .a = a, .b = b, .options = options };
	const struct pairing *first;
	size_t item = 0, n_differ;
	struct fdbg_error *err = fdbg_sequences_build(a, &options->sequence, &compare.of_a);

	if (!err)
		err = fdbg_sequences_build(b, &options->sequence, &compare.of_b);
	if (!err)
		err = pair_threads(&compare);
	if (!err) {
		first = find_first(&compare, &item, &n_differ);
		*differ_ret = first || !same_exit(&compare);
		err = print(&compare, first, item, n_differ, sink);
	}
	fdbg_sequences_deinit(&compare.of_a);
	fdbg_sequences_deinit(&compare.of_b);
	free(compare.pairs);
	return err;
}
