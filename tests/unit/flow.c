/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Moments, times between milliseconds, long texts, repetitions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "report/fold.h"
#include "report/moment.h"
#include "report/spool.h"
#include "report/spread.h"

static void moments_are_taken(void **state)
{
	static const struct {
		const char *text;
		enum fdbg_moment_kind kind;
		uint64_t number;
	} good[] = {
		{ "#0", FDBG_MOMENT_SEQUENCE, 0 },
		{ "#12", FDBG_MOMENT_SEQUENCE, 12 },
		{ "#18446744073709551615", FDBG_MOMENT_SEQUENCE, UINT64_MAX },
		{ "0", FDBG_MOMENT_SPAN, 0 },
		{ "2", FDBG_MOMENT_SPAN, 2000 },
		{ "1.5", FDBG_MOMENT_SPAN, 1500 },
		{ "1.5s", FDBG_MOMENT_SPAN, 1500 },
		{ "1.0019s", FDBG_MOMENT_SPAN, 1001 },
		{ "250ms", FDBG_MOMENT_SPAN, 250 },
		{ "0.5min", FDBG_MOMENT_SPAN, 30000 },
		{ "2h", FDBG_MOMENT_SPAN, 7200000 },
		{ "1970-01-01T00:00:00Z", FDBG_MOMENT_TIME, 0 },
		/* date -u -d 2024-02-29T12:00:00 +%s is 1709208000 */
		{ "2024-02-29T12:00:00.25Z", FDBG_MOMENT_TIME, 1709208000250 },
	};
	struct fdbg_moment moment;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_null(fdbg_moment_parse(good[i].text, &moment));
		assert_int_equal(moment.kind, good[i].kind);
		assert_true(moment.number == good[i].number);
	}
}

static void moments_are_compared(void **state)
{
	const struct fdbg_moment event = { FDBG_MOMENT_SEQUENCE, 5 }, span = { FDBG_MOMENT_SPAN, 100 };
	const struct fdbg_moment date = { FDBG_MOMENT_TIME, 1100 }, none = { 0 };

	(void)state;
	assert_true(fdbg_moment_compare(&event, 4, 9000, 0) < 0);
	assert_true(fdbg_moment_compare(&event, 5, 0, 0) == 0);
	assert_true(fdbg_moment_compare(&event, 6, 0, 0) > 0);
	assert_true(fdbg_moment_compare(&span, 1, 1099, 1000) < 0);
	assert_true(fdbg_moment_compare(&span, 1, 1100, 1000) == 0);
	assert_true(fdbg_moment_compare(&date, 1, 1101, 1000) > 0);
	assert_true(fdbg_moment_compare(&none, 1, 1101, 1000) == 0);
	/* An event before the first message is at the beginning. */
	assert_true(fdbg_moment_compare(&span, 1, 900, 1000) < 0);
}

/* Feeds n events of a millisecond; each has to be later than the one before and within its millisecond. */
static void feed_ms(struct fdbg_spread *spread, uint64_t ms, size_t n, size_t *n_placed, uint64_t *last)
{
	for (size_t i = 0; i < n; i++) {
		if (fdbg_spread_is_full(spread, ms)) {
			uint64_t first, step, group_ms = spread->ms;
			size_t n_group = spread->n;

			fdbg_spread_place(spread, ms, &first, &step);
			assert_true(step > 0);
			assert_true(!*n_placed || first > *last);
			*last = first + (n_group - 1) * step;
			assert_true(first >= (group_ms - spread->start_ms) * 1000000);
			*n_placed += n_group;
		}
		fdbg_spread_add(spread, ms);
	}
}

static void times_are_spread(void **state)
{
	struct fdbg_spread spread = { 0 };
	size_t n_placed = 0;
	uint64_t last = 0, first, step;

	(void)state;
	feed_ms(&spread, 1000, 4, &n_placed, &last);
	feed_ms(&spread, 1001, 1, &n_placed, &last);
	assert_int_equal(n_placed, 4);
	assert_int_equal(last, 750000);
	/* More than a group in one millisecond: still before the next one. */
	feed_ms(&spread, 1002, 3 * FDBG_SPREAD_MAX, &n_placed, &last);
	feed_ms(&spread, 1003, 1, &n_placed, &last);
	assert_true(last < 3000000);
	fdbg_spread_place(&spread, UINT64_MAX, &first, &step);
	assert_int_equal(first, 3000000);
	/* More than there are nanoseconds: order comes before time. */
	feed_ms(&spread, 1004, 1200000, &n_placed, &last);
	feed_ms(&spread, 1005, 10, &n_placed, &last);
	assert_int_equal(n_placed, 5 + 3 * FDBG_SPREAD_MAX + 1200000);
	/* A clock that jumps beyond all years. */
	feed_ms(&spread, UINT64_MAX, 2, &n_placed, &last);
	fdbg_spread_place(&spread, 0, &first, &step);
	assert_true(first > last);
}

static void long_texts_go_to_a_file(void **state)
{
	enum { PIECE = 1 << 20, N = 40 };
	struct fdbg_spool spool = { 0 };
	uint8_t *piece = malloc(PIECE);
	const uint8_t *read;

	(void)state;
	for (int i = 0; i < N; i++) {
		memset(piece, i, PIECE);
		assert_null(fdbg_spool_settle(&spool));
		fdbg_buf_append(&spool.tail, piece, PIECE);
	}
	assert_non_null(spool.file);
	assert_true(spool.tail.cap < 33 << 20);
	assert_int_equal(fdbg_spool_size(&spool), (uint64_t)N * PIECE);
	for (int i = N - 1; i > 0; i--) {
		/* Across the border of two pieces, and so of file and memory somewhere. */
		assert_null(fdbg_spool_read(&spool, (uint64_t)i * PIECE - 1, 2, &read));
		assert_int_equal(read[0], i - 1);
		assert_int_equal(read[1], i);
	}
	assert_null(fdbg_spool_read(&spool, 5, 0, &read));
	/* Cut off in the file, then go on there. */
	assert_null(fdbg_spool_truncate(&spool, 3 * PIECE + 10));
	fdbg_buf_string(&spool.tail, "xyz");
	assert_int_equal(fdbg_spool_size(&spool), 3 * PIECE + 13);
	assert_null(fdbg_spool_read(&spool, 3 * PIECE + 9, 4, &read));
	assert_memory_equal(read, "\003xyz", 4);
	assert_null(fdbg_spool_truncate(&spool, 3 * PIECE + 12));
	assert_null(fdbg_spool_read(&spool, 3 * PIECE + 9, 3, &read));
	assert_memory_equal(read, "\003xy", 3);
	free(piece);
	fdbg_spool_deinit(&spool);
}

/*
 * A thread's nodes from a text: a letter is a call, in the call around it by its level; capitals returned an
 * Err.
 */
static void make_nodes(struct fdbg_tree_thread *thread, const char *text,
		       const struct fdbg_counted_function *functions)
{
	size_t around[32] = { 0 }, level = 0;

	memset(thread, 0, sizeof(*thread));
	thread->nodes = calloc(strlen(text) + 1, sizeof(*thread->nodes));
	for (; *text; text++) {
		struct fdbg_node *node = &thread->nodes[thread->n_nodes];

		if (*text == '(') {
			level++;
		} else if (*text == ')') {
			level--;
		} else {
			node->state = FDBG_FLOW_RETURNED;
			node->failed = *text < 'a';
			node->function = &functions[(*text | 32) - 'a'];
			node->parent = level ? around[level - 1] : 0;
			around[level] = ++thread->n_nodes;
		}
	}
}

static void repetitions_are_found(void **state)
{
	static const struct fdbg_counted_function functions[26];
	static const struct {
		const char *nodes;
		size_t first, period, n_repeats, end;
	} cases[] = {
		{ "aaa", 0, 1, 2, 3 },
		{ "aa", 0, 0, 0, 0 },                   /* too few */
		{ "abababc", 0, 2, 2, 6 },
		{ "ababab", 0, 2, 2, 6 },
		{ "abcdabcdabcd", 0, 4, 2, 12 },
		{ "abcdeabcdeabcde", 0, 0, 0, 0 },      /* longer than the longest period */
		{ "aaAaaa", 0, 0, 0, 0 },               /* an error ends it */
		{ "aaAaaa", 3, 1, 2, 6 },
		{ "a(b)a(bb)a(c)", 0, 1, 2, 7 },        /* what is inside does not matter … */
		{ "a(b)a(B)a(c)", 0, 0, 0, 0 },         /* … but for errors */
		{ "a(b)a(b)a(b)a", 1, 0, 0, 0 },        /* b's are no siblings */
		{ "a(bbb)b", 1, 1, 2, 4 },              /* and end where the call around them does */
		{ "abababa", 0, 2, 2, 6 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fdbg_tree_thread thread;
		struct fdbg_fold fold;
		struct fdbg_fold_run run;

		make_nodes(&thread, cases[i].nodes, functions);
		assert_null(fdbg_fold_init(&fold, &thread));
		run = fdbg_fold_find(&fold, cases[i].first, thread.n_nodes);
		assert_int_equal(run.period, cases[i].period);
		assert_int_equal(run.n_repeats, cases[i].n_repeats);
		assert_int_equal(run.end, cases[i].end);
		fdbg_fold_deinit(&fold);
		free(thread.nodes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moments_are_taken),
		cmocka_unit_test(moments_are_compared),
		cmocka_unit_test(times_are_spread),
		cmocka_unit_test(long_texts_go_to_a_file),
		cmocka_unit_test(repetitions_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
