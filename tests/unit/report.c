/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Following the stacks of threads, filters, timestamps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "report/filter.h"
#include "report/time.h"

#define T(text) FDBG_TEXT(text)

static struct fdbg_frame_event feed(struct fdbg_frames *frames, enum fdbg_event_kind kind,
				    uint32_t breakpoint,
				    uint64_t thread, uint64_t frame, struct fdbg_text function,
				    const struct fdbg_value *value)
{
	struct fdbg_named_value named = { T("return_value"), { .kind = FDBG_VALUE_UNIT } };
	struct fdbg_message_event event = { .kind = kind, .breakpoint_id = breakpoint, .thread_id = thread,
					    .frame_id = frame, .function = function, .values = &named };
	struct fdbg_frame_event at;

	if (value)
		named.value = *value;
	event.n_values = kind == FDBG_EVENT_RETURN;
	assert_null(fdbg_frames_feed(frames, &event, &at));
	return at;
}

static struct fdbg_frame_event call(struct fdbg_frames *frames, uint64_t frame, const char *name)
{
	return feed(frames, FDBG_EVENT_CALL, 5, 1, frame, fdbg_text_from(name), NULL);
}

static struct fdbg_frame_event give(struct fdbg_frames *frames, uint64_t frame, const char *name)
{
	return feed(frames, FDBG_EVENT_RETURN, 7, 1, frame, fdbg_text_from(name), NULL);
}

static const struct fdbg_value opaque = { .kind = FDBG_VALUE_OPAQUE };

static struct fdbg_frame_event give_opaque(struct fdbg_frames *frames, uint32_t breakpoint, uint64_t frame,
					   const char *name)
{
	return feed(frames, FDBG_EVENT_RETURN, breakpoint, 1, frame, fdbg_text_from(name), &opaque);
}

static void stacks_are_followed_by_thread(void **state)
{
	struct fdbg_frames frames;
	struct fdbg_frame_event at;

	(void)state;
	fdbg_frames_init(&frames);
	at = call(&frames, 1, "main");
	assert_int_equal(at.depth, 0);
	assert_null(at.parent);
	at = feed(&frames, FDBG_EVENT_CALL, 5, 2, 1, T("worker"), NULL);
	assert_int_equal(at.depth, 0);
	assert_int_equal(at.thread->index, 1);
	at = call(&frames, 2, "f");
	assert_int_equal(at.depth, 1);
	assert_int_equal(at.parent->id, 1);
	assert_int_equal(at.fault, FDBG_FRAME_OK);
	at = feed(&frames, FDBG_EVENT_BREAKPOINT, 2, 1, 2, T(""), NULL);
	assert_true(fdbg_text_is(at.frame->function->name, "f"));
	assert_int_equal(at.fault, FDBG_FRAME_OK);
	at = give(&frames, 2, "f");
	assert_int_equal(at.depth, 1);
	assert_int_equal(at.frame->id, 2);
	assert_false(at.unwound);
	at = call(&frames, 3, "f");
	assert_int_equal(at.frame->function->index, 2);
	assert_int_equal(frames.n_functions, 3);
	assert_int_equal(frames.n_threads, 2);
	/* Outside of all frames. */
	at = feed(&frames, FDBG_EVENT_BREAKPOINT, 2, 9, 0, T(""), NULL);
	assert_null(at.frame);
	assert_int_equal(at.fault, FDBG_FRAME_OK);
	fdbg_frames_deinit(&frames);
}

static void lost_events_do_not_derail(void **state)
{
	struct fdbg_frames frames;
	struct fdbg_frame_event at;

	(void)state;
	fdbg_frames_init(&frames);
	call(&frames, 1, "a");
	call(&frames, 2, "b");
	call(&frames, 3, "c");
	at = give(&frames, 9, "x");
	assert_int_equal(at.fault, FDBG_FRAME_NO_CALL);
	assert_null(at.frame);
	at = give(&frames, 1, "a");
	assert_int_equal(at.fault, FDBG_FRAME_NOT_TOP);
	assert_int_equal(at.frame->id, 1);
	assert_int_equal(at.n_lost, 2);
	assert_int_equal(at.lost[0].id, 2);
	assert_int_equal(at.lost[1].id, 3);
	at = give(&frames, 3, "c");
	assert_int_equal(at.fault, FDBG_FRAME_NO_CALL);
	/* An id again, one out of order: both are found. */
	at = call(&frames, 7, "d");
	assert_int_equal(at.fault, FDBG_FRAME_ID_ORDER);
	at = call(&frames, 5, "e");
	assert_int_equal(at.fault, FDBG_FRAME_ID_ORDER);
	call(&frames, 8, "f");
	at = give(&frames, 7, "d");
	assert_int_equal(at.n_lost, 2);
	at = call(&frames, 9, "g");
	assert_int_equal(at.depth, 0);
	assert_int_equal(at.fault, FDBG_FRAME_OK);
	at = give(&frames, 9, "h");
	assert_int_equal(at.fault, FDBG_FRAME_OTHER_NAME);
	fdbg_frames_deinit(&frames);
}

/* fdbg marks the return of an unwound frame with the panic breakpoint. */
static void marked_unwinding(void **state)
{
	struct fdbg_frames frames;
	struct fdbg_value gone = fdbg_value_optimized_out();

	(void)state;
	fdbg_frames_init(&frames);
	call(&frames, 1, "a");
	call(&frames, 2, "b");
	feed(&frames, FDBG_EVENT_PANIC, 1, 1, 2, T(""), NULL);
	assert_true(give_opaque(&frames, 1, 2, "b").unwound);
	/* Could not be read, though there was a panic. */
	assert_false(give_opaque(&frames, 7, 1, "a").unwound);
	call(&frames, 3, "c");
	assert_false(feed(&frames, FDBG_EVENT_RETURN, 1, 1, 3, T("c"), &gone).unwound);
	fdbg_frames_deinit(&frames);
}

/* The breakpoint of its call: the frame was left, and nobody saw how. */
static void missed_returns(void **state)
{
	struct fdbg_frames frames;
	struct fdbg_frame_event at;

	(void)state;
	fdbg_frames_init(&frames);
	call(&frames, 1, "a");
	call(&frames, 2, "b");
	call(&frames, 3, "c");
	at = give_opaque(&frames, 7, 3, "c");
	assert_false(at.missed);
	at = give_opaque(&frames, 5, 2, "b");
	assert_true(at.missed);
	assert_false(at.unwound);
	assert_int_equal(at.fault, FDBG_FRAME_OK);
	assert_true(fdbg_frame_event_is_bare(&at));
	/* With a value it is a return like any other, whatever it names. */
	assert_false(feed(&frames, FDBG_EVENT_RETURN, 5, 1, 1, T("a"), NULL).missed);
	/* Others do not write this. */
	frames.guess_unwound = true;
	call(&frames, 4, "d");
	assert_false(give_opaque(&frames, 5, 4, "d").missed);
	fdbg_frames_deinit(&frames);
}

static void guessed_unwinding(void **state)
{
	struct fdbg_frames frames;

	(void)state;
	fdbg_frames_init(&frames);
	frames.guess_unwound = true;
	call(&frames, 1, "main");
	call(&frames, 2, "quiet");
	assert_false(give_opaque(&frames, 7, 2, "quiet").unwound);
	call(&frames, 3, "outer");
	call(&frames, 4, "boom");
	feed(&frames, FDBG_EVENT_PANIC, 1, 1, 4, T(""), NULL);
	/* Destructors run while the stack unwinds. */
	call(&frames, 5, "drop");
	assert_false(give_opaque(&frames, 7, 5, "drop").unwound);
	assert_true(give_opaque(&frames, 7, 4, "boom").unwound);
	/* Another thread is not concerned. */
	feed(&frames, FDBG_EVENT_CALL, 5, 2, 1, T("worker"), NULL);
	assert_false(feed(&frames, FDBG_EVENT_RETURN, 7, 2, 1, T("worker"), &opaque).unwound);
	/* outer caught it. */
	assert_false(give(&frames, 3, "outer").unwound);
	assert_false(give_opaque(&frames, 7, 1, "main").unwound);
	fdbg_frames_deinit(&frames);
}

static bool passes(const struct fdbg_filter *filter, const struct fdbg_frame_event *at,
		   enum fdbg_event_kind kind,
		   uint64_t depth)
{
	uint64_t shown = 99;
	bool pass = fdbg_filter_place(filter, at, kind, &shown);

	assert_true(!pass || shown == depth);
	return pass;
}

static void filter_follows_a_frame(void **state)
{
	struct fdbg_filter filter = { .has_frame = true, .frame_id = 2, .has_depth = true, .max_depth = 1 };
	struct fdbg_frames frames;
	struct fdbg_frame_event at;

	(void)state;
	fdbg_frames_init(&frames);
	at = call(&frames, 1, "main");
	assert_false(passes(&filter, &at, FDBG_EVENT_CALL, 0));
	at = call(&frames, 2, "wanted");
	assert_true(passes(&filter, &at, FDBG_EVENT_CALL, 0));
	at = call(&frames, 3, "child");
	assert_true(passes(&filter, &at, FDBG_EVENT_CALL, 1));
	at = call(&frames, 4, "grandchild");
	assert_false(passes(&filter, &at, FDBG_EVENT_CALL, 2));
	at = give(&frames, 4, "grandchild");
	assert_false(passes(&filter, &at, FDBG_EVENT_RETURN, 2));
	at = give(&frames, 3, "child");
	assert_true(passes(&filter, &at, FDBG_EVENT_RETURN, 1));
	at = give(&frames, 2, "wanted");
	assert_true(passes(&filter, &at, FDBG_EVENT_RETURN, 0));
	at = call(&frames, 5, "sibling");
	assert_false(passes(&filter, &at, FDBG_EVENT_CALL, 0));
	fdbg_frames_deinit(&frames);
	/* The return of the wanted frame is lost. */
	fdbg_frames_init(&frames);
	at = call(&frames, 1, "main");
	passes(&filter, &at, FDBG_EVENT_CALL, 0);
	at = call(&frames, 2, "wanted");
	assert_true(passes(&filter, &at, FDBG_EVENT_CALL, 0));
	at = give(&frames, 1, "main");
	assert_false(passes(&filter, &at, FDBG_EVENT_RETURN, 0));
	at = call(&frames, 3, "next");
	assert_false(passes(&filter, &at, FDBG_EVENT_CALL, 0));
	at = call(&frames, 4, "inner");
	assert_false(passes(&filter, &at, FDBG_EVENT_CALL, 0));
	fdbg_frames_deinit(&frames);
}

static void filter_by_function(void **state)
{
	static const char *const globs[] = { "app::parse::*", "*::main" };
	struct fdbg_filter filter = { .functions = globs, .n_functions = 2 }, none = { 0 };
	struct fdbg_filter_cache cache = { 0 };
	struct fdbg_counted_function functions[] = { { T("app::parse::word"), 0 }, { T("app::main"), 1 },
					     { T("app::parser"), 2 } };

	(void)state;
	for (int round = 0; round < 2; round++) {
		assert_true(fdbg_filter_function(&filter, &cache, &functions[0]));
		assert_true(fdbg_filter_function(&filter, &cache, &functions[1]));
		assert_false(fdbg_filter_function(&filter, &cache, &functions[2]));
	}
	assert_true(fdbg_filter_function(&none, &cache, &functions[2]));
	fdbg_filter_cache_deinit(&cache);
}

static void check_time(uint64_t time_ms, const char *expected)
{
	struct fdbg_buf buf = { 0 };

	fdbg_time_rfc3339(&buf, time_ms);
	assert_string_equal(fdbg_buf_cstr(&buf), expected);
	fdbg_buf_deinit(&buf);
}

static void times(void **state)
{
	struct fdbg_buf buf = { 0 };

	(void)state;
	check_time(0, "1970-01-01T00:00:00.000Z");
	/* From a sample and the index beside it. */
	check_time(1701936168451, "2023-12-07T08:02:48.451Z");
	check_time(951782399999, "2000-02-28T23:59:59.999Z");
	check_time(1709164800000, "2024-02-29T00:00:00.000Z");
	fdbg_time_rfc3339(&buf, UINT64_MAX);
	assert_null(fdbg_buf_error(&buf));
	fdbg_buf_clear(&buf);
	fdbg_time_span(&buf, 1951);
	fdbg_buf_string(&buf, "|");
	fdbg_time_span(&buf, 125000);
	fdbg_buf_string(&buf, "|");
	fdbg_time_span(&buf, 7260000);
	assert_string_equal(fdbg_buf_cstr(&buf), "1.951 s|2 min 5 s|2 h 1 min");
	fdbg_buf_deinit(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stacks_are_followed_by_thread),
		cmocka_unit_test(lost_events_do_not_derail),
		cmocka_unit_test(marked_unwinding),
		cmocka_unit_test(missed_returns),
		cmocka_unit_test(guessed_unwinding),
		cmocka_unit_test(filter_follows_a_frame),
		cmocka_unit_test(filter_by_function),
		cmocka_unit_test(times),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
