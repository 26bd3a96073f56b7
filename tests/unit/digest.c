/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Which values of two runs count as the same (value/digest.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "value/digest.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))
#define T(text) FDBG_TEXT(text)

static struct fdbg_value number(enum fdbg_prim prim, uint8_t low)
{
	return (struct fdbg_value){ .kind = FDBG_VALUE_PRIM, .prim = { .prim = prim, .bytes = { low } } };
}

static struct fdbg_value i32(uint8_t low)
{
	return number(FDBG_PRIM_I32, low);
}

static struct fdbg_value record(struct fdbg_text type, struct fdbg_field *fields, size_t n_fields)
{
	return (struct fdbg_value){ .kind = FDBG_VALUE_STRUCT, .record = { type, fields, n_fields } };
}

static struct fdbg_value ref(uint64_t address, struct fdbg_value *target)
{
	return (struct fdbg_value){ .kind = FDBG_VALUE_REF, .ref = { FDBG_REF_REF, address, target } };
}

static struct fdbg_value list(struct fdbg_value *items, size_t n_items)
{
	return (struct fdbg_value){ .kind = FDBG_VALUE_ARRAY, .array = { FDBG_ARRAY_VEC, items, n_items } };
}

static bool same(struct fdbg_value a, struct fdbg_value b)
{
	struct fdbg_buf x = { 0 }, y = { 0 };
	bool equal;

	fdbg_value_digest(&x, &a);
	fdbg_value_digest(&y, &b);
	assert_false(x.failed || y.failed);
	equal = x.len == y.len && !memcmp(x.data, y.data, x.len);
	fdbg_buf_deinit(&x);
	fdbg_buf_deinit(&y);
	return equal;
}

static struct fdbg_value str(struct fdbg_text text)
{
	return (struct fdbg_value){ .kind = FDBG_VALUE_STR, .str = text };
}

static void test_plain(void **state)
{
	struct fdbg_value one[] = { i32(1), i32(2) }, other[] = { i32(2), i32(1) }, cut = list(one, 2);
	struct fdbg_value ab[] = { str(T("a")), str(T("bc")) }, abc[] = { str(T("ab")), str(T("c")) };

	(void)state;
	assert_true(same(i32(1), i32(1)));
	assert_false(same(i32(1), i32(2)));
	assert_false(same(i32(1), number(FDBG_PRIM_U32, 1)));
	assert_false(same(fdbg_value_opaque("a reason"), fdbg_value_optimized_out()));
	assert_true(same(fdbg_value_opaque("a reason"), fdbg_value_opaque(NULL)));
	assert_false(same(list(one, 2), list(other, 2)));
	assert_false(same(list(one, 2), list(one, 1)));
	cut.cut = true;
	cut.total = 9;
	assert_false(same(list(one, 2), cut));
	/* What runs together as bytes is kept apart. */
	assert_false(same(list(ab, 2), list(abc, 2)));
}

static void test_addresses(void **state)
{
	struct fdbg_value one = i32(1), two = i32(2);

	(void)state;
	assert_true(same(ref(0x1000, &one), ref(0x2000, &one)));
	assert_false(same(ref(0x1000, &one), ref(0x1000, &two)));
	assert_true(same(ref(0x1000, NULL), ref(0x2000, NULL)));
	assert_false(same(ref(0, NULL), ref(0x2000, NULL)));
	assert_false(same(ref(0x1000, NULL), ref(0x1000, &one)));
}

static void test_moment(void **state)
{
	static const char *const types[] = { "std::time::Instant", "std::time::SystemTime", "std::thread::id::ThreadId",
					     "std::thread::JoinHandle<i32>", "std::sync::mpsc::Sender<()>",
					     "std::sys::pal::unix::thread::Thread" };
	struct fdbg_field a = { T("x"), i32(1) }, b = { T("x"), i32(2) };
	struct fdbg_field counts[][2] = { { { T("strong"), i32(1) }, { T("data"), i32(7) } },
					  { { T("strong"), i32(2) }, { T("data"), i32(7) } },
					  { { T("strong"), i32(2) }, { T("data"), i32(8) } } };

	(void)state;
	for (size_t i = 0; i < N(types); i++)
		assert_true(same(record(fdbg_text_from(types[i]), &a, 1), record(fdbg_text_from(types[i]), &b, 1)));
	assert_false(same(record(T("app::Instant"), &a, 1), record(T("app::Instant"), &b, 1)));
	assert_false(same(record(T("std::time::Instant"), &a, 1), record(T("std::time::SystemTime"), &b, 1)));
	assert_true(same(record(T("alloc::sync::ArcInner<i32>"), counts[0], 2),
			 record(T("alloc::sync::ArcInner<i32>"), counts[1], 2)));
	assert_false(same(record(T("alloc::sync::ArcInner<i32>"), counts[1], 2),
			  record(T("alloc::sync::ArcInner<i32>"), counts[2], 2)));
	/* An Rc is of one thread: its counts tell of the program. */
	assert_false(same(record(T("alloc::rc::RcBox<i32>"), counts[0], 2),
			  record(T("alloc::rc::RcBox<i32>"), counts[1], 2)));
}

static void test_hash(void **state)
{
	struct fdbg_value one[] = { i32(1), i32(2), i32(2) }, other[] = { i32(2), i32(1), i32(2) };
	struct fdbg_value less[] = { i32(1), i32(2), i32(1) };
	struct fdbg_field a = { T("items"), list(one, 3) }, b = { T("items"), list(other, 3) };
	struct fdbg_field c = { T("items"), list(less, 3) };
	struct fdbg_text set = T("std::collections::hash::set::HashSet<i32, std::hash::random::RandomState>");

	(void)state;
	assert_true(same(record(set, &a, 1), record(set, &b, 1)));
	assert_false(same(record(set, &a, 1), record(set, &c, 1)));
	assert_false(same(record(T("app::Items"), &a, 1), record(T("app::Items"), &b, 1)));
}

/* A small tree that names a huge one ends, and so does deep nesting. */
static void test_hostile(void **state)
{
	enum { DEPTH = 3000 };
	static struct fdbg_value chain[DEPTH], many[40];
	static struct fdbg_field laughs[40][2];

	(void)state;
	chain[0] = many[0] = i32(1);
	for (size_t i = 1; i < DEPTH; i++)
		chain[i] = list(&chain[i - 1], 1);
	assert_true(same(chain[DEPTH - 1], chain[DEPTH - 1]));
	for (size_t i = 1; i < N(many); i++) {
		laughs[i][0] = (struct fdbg_field){ T("a"), ref(1, &many[i - 1]) };
		laughs[i][1] = (struct fdbg_field){ T("b"), ref(1, &many[i - 1]) };
		many[i] = record(T("app::Ha"), laughs[i], 2);
	}
	assert_true(same(many[N(many) - 1], many[N(many) - 1]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_moment),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
