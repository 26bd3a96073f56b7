/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The index's text of values; expectations from the table of stream-format.md, section 6. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "value/render.h"
#include "value/tall.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))
#define T(text) FDBG_TEXT(text)

static struct fdbg_value prim(enum fdbg_prim type, uint64_t bits)
{
	struct fdbg_value value = { .kind = FDBG_VALUE_PRIM, .prim = { .prim = type } };

	for (size_t i = 0; i < fdbg_prim_size(type) && i < 8; i++)
		value.prim.bytes[i] = (uint8_t)(bits >> 8 * i);
	return value;
}

static struct fdbg_value i32(int number)
{
	return prim(FDBG_PRIM_I32, (uint64_t)(int64_t)number);
}

static struct fdbg_value f64(double number)
{
	uint64_t bits;

	memcpy(&bits, &number, 8);
	return prim(FDBG_PRIM_F64, bits);
}

static struct fdbg_value str(struct fdbg_text text)
{
	return (struct fdbg_value){ .kind = FDBG_VALUE_STR, .str = text };
}

static struct fdbg_value bytes(struct fdbg_text type, const char *data, size_t len)
{
	return (struct fdbg_value){ .kind = FDBG_VALUE_BYTES, .bytes = { type, (const uint8_t *)data, len } };
}

static struct fdbg_value record(struct fdbg_text type, struct fdbg_field *fields, size_t n_fields)
{
	return (struct fdbg_value){ .kind = FDBG_VALUE_STRUCT, .record = { type, fields, n_fields } };
}

static struct fdbg_value array(enum fdbg_array_kind kind, struct fdbg_value *items, size_t n_items)
{
	return (struct fdbg_value){ .kind = FDBG_VALUE_ARRAY, .array = { kind, items, n_items } };
}

static struct fdbg_value ref(enum fdbg_ref_kind kind, struct fdbg_value *target)
{
	return (struct fdbg_value){ .kind = FDBG_VALUE_REF, .ref = { kind, 0x1000, target } };
}

static struct fdbg_value variant(struct fdbg_text type, const struct fdbg_text *names, size_t index,
				 struct fdbg_field *fields, size_t n_fields)
{
	return (struct fdbg_value){ .kind = FDBG_VALUE_VARIANT,
				    .variant = { type, names, 2, index, fields, n_fields } };
}

static void check(struct fdbg_value value, const char *pretty, const char *type, const char *attributes)
{
	struct fdbg_buf buf = { 0 };

	fdbg_render_tall(&buf, &value);
	assert_string_equal(fdbg_buf_cstr(&buf), pretty);
	fdbg_buf_clear(&buf);
	fdbg_value_type_name(&buf, &value);
	assert_string_equal(fdbg_buf_cstr(&buf), type);
	fdbg_buf_clear(&buf);
	assert_int_equal(fdbg_value_type_attributes(&buf, &value), attributes != NULL);
	assert_string_equal(fdbg_buf_cstr(&buf), attributes ? attributes : "");
	fdbg_buf_deinit(&buf);
}

/* The same value inside of a tuple, where everything is flat. */
static void check_flat(struct fdbg_value value, const char *pretty)
{
	struct fdbg_field fields[] = { { T("0"), value }, { T("1"), value } };
	struct fdbg_value tuple = record(T("(T, T)"), fields, 2);
	struct fdbg_buf buf = { 0 }, wanted = { 0 };

	fdbg_buf_printf(&wanted, "(%s, %s)", pretty, pretty);
	fdbg_render_tall(&buf, &tuple);
	assert_string_equal(fdbg_buf_cstr(&buf), fdbg_buf_cstr(&wanted));
	fdbg_buf_deinit(&buf);
	fdbg_buf_deinit(&wanted);
}

static void test_leaves(void **state)
{
	struct fdbg_value big = prim(FDBG_PRIM_I128, 5);

	(void)state;
	check((struct fdbg_value){ .kind = FDBG_VALUE_UNIT }, "()", "()", NULL);
	check(fdbg_value_opaque(NULL), "(?)", "(?)", NULL);
	check(fdbg_value_optimized_out(), "<optimized out> { }", "<optimized out>", "[]");
	check(ref(FDBG_REF_PTR, NULL), "&()", "&()", NULL);
	check(i32(-7), "-7_i32", "i32", NULL);
	check_flat(i32(-7), "-7i32");
	memset(big.prim.bytes, 0xff, 16);
	check(big, "-1_i128", "i128", NULL);
	check(prim(FDBG_PRIM_U64, UINT64_MAX), "18446744073709551615_u64", "u64", NULL);
	check(prim(FDBG_PRIM_BOOL, 1), "true", "bool", NULL);
	check_flat(prim(FDBG_PRIM_BOOL, 0), "false");
	check(prim(FDBG_PRIM_CHAR, 'c'), "'c'", "char", NULL);
	check(prim(FDBG_PRIM_CHAR, '\''), "'''", "char", NULL);
	check(prim(FDBG_PRIM_CHAR, '\n'), "'\n'", "char", NULL);
	check(prim(FDBG_PRIM_CHAR, 0xd800), "'\xef\xbf\xbd'", "char", NULL);
	check(f64(1), "1_f64", "f64", NULL);
	check_flat(f64(0.1), "0.1f64");
	check(f64(1e20), "100000000000000000000_f64", "f64", NULL);
	check(str(T("a\"\n")), "\"a\\\"\\n\"", "&str", NULL);
	check((struct fdbg_value){ .kind = FDBG_VALUE_ENUM,
				   .enumeration = { T("app::Color"), T("Red") } }, "app::Color::Red", "app::Color",
	      NULL);
	check(bytes(T("Vec<u8>"), "\x01\xff", 2), "[0x01, 0xff]", "Vec<u8>", NULL);
	check(bytes(T("&[u8]"), "\x01", 1), "&[0x01]", "&[u8]", NULL);
	check(bytes(T("[u8; 0]"), "", 0), "[]", "[u8; 0]", NULL);
}

static void test_strings(void **state)
{
	struct fdbg_field vec = { T("vec"), bytes(T("Vec<u8>"), "a\tb", 3) };
	struct fdbg_value string = record(T("alloc::string::String"), &vec, 1);
	struct fdbg_field inner = { T("inner"), bytes(T("Vec<u8>"), "/x", 2) };
	struct fdbg_value buf = record(T("std::sys::os_str::bytes::Buf"), &inner, 1);
	struct fdbg_field outer = { T("inner"), buf };
	struct fdbg_value os = record(T("std::ffi::os_str::OsString"), &outer, 1);
	struct fdbg_field path = { T("inner"), os };

	(void)state;
	check(string, "String::from(\"a\\tb\")", "String", NULL);
	check(os, "std::ffi::os_str::OsString::from_encoded_bytes_unchecked(\n"
		  "    String::from(\"/x\").into_bytes()\n)", "std::ffi::os_str::OsString", "[\"inner\"]");
	check_flat(os, "std::ffi::os_str::OsString::from_encoded_bytes_unchecked(String::from(\"/x\").into_bytes())");
	check(record(T("std::path::PathBuf"), &path, 1),
	      "std::path::PathBuf {\n"
	      "    inner: std::ffi::os_str::OsString::from_encoded_bytes_unchecked(\n"
	      "        String::from(\"/x\").into_bytes()\n"
	      "    ),\n}", "std::path::PathBuf", "[\"inner\"]");
	inner.value = bytes(T("Vec<u8>"), "\xff", 1);
	check_flat(os, "std::ffi::os_str::OsString::from_encoded_bytes_unchecked(vec![0xff])");
}

static void test_references(void **state)
{
	struct fdbg_value seven = i32(7);
	struct fdbg_field count = { T("value"), prim(FDBG_PRIM_USIZE, 1) };
	struct fdbg_value cell = record(T("core::cell::Cell<usize>"), &count, 1);
	struct fdbg_field block_fields[] = { { T("strong"), cell }, { T("weak"), cell }, { T("value"), seven } };
	struct fdbg_value block = record(T("alloc::rc::RcBox<i32>"), block_fields, 3);
	struct fdbg_field pointer = { T("pointer"), ref(FDBG_REF_PTR, &block) };
	struct fdbg_value non_null = record(T("core::ptr::non_null::NonNull<alloc::rc::RcBox<i32>>"), &pointer, 1);
	struct fdbg_field ptr = { T("ptr"), non_null };
	struct fdbg_value rc = record(T("alloc::rc::Rc<i32>"), &ptr, 1);
	struct fdbg_field wide[] = { { T("pointer"), ref(FDBG_REF_REF, &seven) },
				     { T("vtable"), ref(FDBG_REF_REF, NULL) } };
	struct fdbg_field wide_block[] = { { T("pointer"), ref(FDBG_REF_PTR, &block) },
					   { T("vtable"), ref(FDBG_REF_REF, NULL) } };
	struct fdbg_field wide_pointer = { T("pointer"), record(T("*const dyn app::Tr"), wide_block, 2) };
	struct fdbg_value wide_non_null = record(T("core::ptr::non_null::NonNull<dyn app::Tr>"), &wide_pointer, 1);
	struct fdbg_field wide_ptr = { T("ptr"), wide_non_null };

	(void)state;
	check(ref(FDBG_REF_REF, &seven), "&7_i32", "&i32", NULL);
	check(ref(FDBG_REF_PTR, &seven), "*7_i32", "*i32", NULL);
	check(ref(FDBG_REF_BOX, &seven), "alloc::boxed::Box::new(7_i32)", "Box<i32>", NULL);
	check_flat(ref(FDBG_REF_BOX, &seven), "alloc::boxed::Box::new(7i32)");
	check(rc, "alloc::rc::Rc::new(7_i32)", "Rc<i32>", NULL);
	check(record(T("&dyn app::Tr"), wide, 2), "&dyn app::Tr 7_i32", "&dyn app::Tr", NULL);
	check(record(T("alloc::boxed::Box<dyn app::Tr>"), wide, 2), "alloc::boxed::Box::<dyn app::Tr>::new(7_i32)",
	      "alloc::boxed::Box<dyn app::Tr>", NULL);
	check(record(T("alloc::rc::Rc<dyn app::Tr>"), &wide_ptr, 1), "alloc::rc::Rc::<dyn app::Tr>::new(7_i32)",
	      "alloc::rc::Rc<dyn app::Tr>", NULL);
	block_fields[2].name = T("data");
	check(record(T("alloc::sync::Arc<i32>"), &ptr, 1), "alloc::sync::Arc::new(7_i32)", "Arc<i32>", NULL);
}

static void test_structs(void **state)
{
	struct fdbg_field fields[] = { { T("x"), i32(1) }, { T("y"), i32(2) } };
	struct fdbg_value point = record(T("app::P"), fields, 2);
	struct fdbg_field numbered[] = { { T("0"), point }, { T("1"), i32(3) } };
	struct fdbg_field outer[] = { { T("p"), point }, { T("t"), record(T("(app::P, i32)"), numbered, 2) } };

	(void)state;
	check(record(T("app::Unit"), NULL, 0), "app::Unit { }", "app::Unit", "[]");
	check(record(T("()"), NULL, 0), "()", "()", NULL);
	check(point, "app::P {\n    x: 1_i32,\n    y: 2_i32,\n}", "app::P", "[\"x\",\"y\"]");
	check_flat(point, "app::P { x: 1i32, y: 2i32 }");
	check(record(T("app::Wrap"), numbered, 2), "app::Wrap(app::P { x: 1i32, y: 2i32 }, 3i32)", "app::Wrap",
	      "[\"0\",\"1\"]");
	check(record(T("(app::P, i32)"), numbered, 2), "(app::P { x: 1i32, y: 2i32 }, 3i32)", "(app::P, i32)", NULL);
	check(record(T("app::O"), outer, 2),
	      "app::O {\n"
	      "    p: app::P {\n"
	      "        x: 1_i32,\n"
	      "        y: 2_i32,\n"
	      "    },\n"
	      "    t: (app::P { x: 1i32, y: 2i32 }, 3i32),\n"
	      "}", "app::O", "[\"p\",\"t\"]");
}

static void test_enums(void **state)
{
	static const struct fdbg_text shapes[] = { { "Circle", 6 }, { "Named", 5 } };
	static const struct fdbg_text options[] = { { "None", 4 }, { "Some", 4 } };
	static const struct fdbg_text results[] = { { "Ok", 2 }, { "Err", 3 } };
	struct fdbg_field numbered[] = { { T("0"), i32(1) }, { T("1"), i32(2) } };
	struct fdbg_field named[] = { { T("r"), i32(1) } };
	struct fdbg_value point = record(T("app::P"), named, 1);
	struct fdbg_field payload = { T("0"), point };

	(void)state;
	check(variant(T("app::Shape<i32>"), shapes, 0, numbered, 2), "app::Shape::<i32>::Circle(1i32, 2i32)",
	      "app::Shape<i32>", "[\"Circle\",\"Named\"]");
	check(variant(T("app::Shape"), shapes, 1, named, 1), "app::Shape::Named {\n    r: 1_i32,\n}", "app::Shape",
	      "[\"Circle\",\"Named\"]");
	check(variant(T("app::Shape"), shapes, 0, NULL, 0), "app::Shape::Circle", "app::Shape",
	      "[\"Circle\",\"Named\"]");
	check(variant(T("core::option::Option<app::P>"), options, 1, &payload, 1),
	      "core::option::Option::<app::P>::Some(app::P {\n    r: 1_i32,\n})", "core::option::Option<app::P>", NULL);
	check(variant(T("core::option::Option<i32>"), options, 0, NULL, 0), "core::option::Option::<i32>::None",
	      "core::option::Option<i32>", NULL);
	payload.value = (struct fdbg_value){ .kind = FDBG_VALUE_UNIT };
	check(variant(T("core::result::Result<(), i32>"), results, 0, &payload, 1),
	      "core::result::Result::<(), i32>::Ok(())", "core::result::Result<(), i32>", NULL);
	check_flat(variant(T("app::Shape"), shapes, 1, named, 1), "app::Shape::Named { r: 1i32 }");
}

static void test_cells(void **state)
{
	struct fdbg_field fields[] = { { T("x"), i32(1) } };
	struct fdbg_value point = record(T("app::P"), fields, 1);
	struct fdbg_field unsafe_field = { T("value"), point };
	struct fdbg_value unsafe_cell = record(T("core::cell::UnsafeCell<app::P>"), &unsafe_field, 1);
	struct fdbg_field refcell[] = { { T("borrow"), i32(0) }, { T("value"), unsafe_cell } };
	struct fdbg_field mutex[] = { { T("inner"), i32(0) }, { T("data"), unsafe_cell } };
	struct fdbg_field count = { T("value"), prim(FDBG_PRIM_USIZE, 1) };
	struct fdbg_field v = { T("v"), record(T("core::cell::UnsafeCell<usize>"), &count, 1) };

	(void)state;
	check(record(T("core::cell::RefCell<app::P>"), refcell, 2),
	      "core::cell::RefCell<app::P>::new(app::P { x: 1i32 })", "core::cell::RefCell<app::P>",
	      "[\"borrow\",\"value\"]");
	/* Tall where all else is flat, and from the first column on. */
	check_flat(record(T("std::sync::mutex::Mutex<app::P>"), mutex, 2),
		   "std::sync::mutex::Mutex<app::P>::new(app::P {\n    x: 1_i32,\n})");
	check(record(T("std::sync::rwlock::RwLock<app::P>"), mutex, 2),
	      "std::sync::rwlock::RwLock<app::P>::new(app::P { x: 1i32 })", "std::sync::rwlock::RwLock<app::P>",
	      "[\"inner\",\"data\"]");
	check(record(T("core::sync::atomic::AtomicUsize"), &v, 1),
	      "core::sync::atomic::AtomicUsize {\n    value: 1_usize,\n}", "core::sync::atomic::AtomicUsize",
	      "[\"value\"]");
}

static void test_lists(void **state)
{
	struct fdbg_value items[] = { i32(1), i32(2) }, lists[] = { array(FDBG_ARRAY_VEC, items, 2) };
	struct fdbg_value cut = array(FDBG_ARRAY_VEC, items, 2);
	struct fdbg_field pair[] = { { T("0"), i32(1) }, { T("1"), i32(2) } };
	struct fdbg_value pairs[] = { record(T("(i32, i32)"), pair, 2), record(T("(i32, i32)"), pair, 2) };
	struct fdbg_field map[] = { { T("items"), array(FDBG_ARRAY_VEC, pairs, 2) },
				    { T("len"), prim(FDBG_PRIM_USIZE, 2) } };
	struct fdbg_value hash = record(T("std::collections::hash::map::HashMap<i32, i32, "
					  "std::hash::random::RandomState>"), map, 2);
	struct fdbg_field memo = { T("memo"), hash };

	(void)state;
	check(array(FDBG_ARRAY_ARR, items, 2), "[\n    1_i32,\n    2_i32,\n]", "[i32]", NULL);
	check(array(FDBG_ARRAY_VEC, items, 0), "vec![]", "Vec<(?)>", NULL);
	check(array(FDBG_ARRAY_SLICE, lists, 1), "&[\n    vec![\n        1_i32,\n        2_i32,\n    ],\n]",
	      "&[Vec<i32>]", NULL);
	check_flat(array(FDBG_ARRAY_VEC, items, 2), "vec![1i32, 2i32]");
	check(hash, "[\n    (1i32, 2i32),\n    (1i32, 2i32),\n]\n.into_iter()\n"
		    ".collect::<std::collections::hash::map::HashMap<i32, i32>>()",
	      "std::collections::hash::map::HashMap<i32, i32, std::hash::random::RandomState>",
	      "[\"items\",\"len\"]");
	check_flat(hash, "[(1i32, 2i32), (1i32, 2i32)].into_iter()"
			 ".collect::<std::collections::hash::map::HashMap<i32, i32>>()");
	check(record(T("app::M"), &memo, 1),
	      "app::M {\n"
	      "    memo:     [\n"
	      "        (1i32, 2i32),\n"
	      "        (1i32, 2i32),\n"
	      "    ]\n"
	      ".into_iter()\n"
	      ".collect::<std::collections::hash::map::HashMap<i32, i32>>(),\n"
	      "}", "app::M", "[\"memo\"]");
	/* With a hasher of its own it is a struct like any other. */
	hash.record.type = T("std::collections::hash::map::HashMap<i32, i32, app::Hasher>");
	check_flat(hash, "std::collections::hash::map::HashMap<i32, i32, app::Hasher> "
			 "{ items: vec![(1i32, 2i32), (1i32, 2i32)], len: 2usize }");
	cut.cut = true;
	cut.total = 5000;
	check(cut, "… {\n    value: vec![\n        1_i32,\n        2_i32,\n    ],\n    len: 5000_usize,\n}", "…",
	      "[\"value\",\"len\"]");
	check_flat(cut, "… { value: vec![1i32, 2i32], len: 5000usize }");
}

/* Nesting has an end, names that are not UTF-8 are repaired, and a small tree cannot name a huge text. */
static void test_hostile(void **state)
{
	enum { DEPTH = 3000 };
	static struct fdbg_value chain[DEPTH];
	static struct fdbg_field laughs[30][2];
	static struct fdbg_value many[30];
	struct fdbg_buf buf = { 0 };

	(void)state;
	chain[0] = i32(1);
	for (size_t i = 1; i < DEPTH; i++)
		chain[i] = array(FDBG_ARRAY_VEC, &chain[i - 1], 1);
	fdbg_render_tall(&buf, &chain[DEPTH - 1]);
	assert_non_null(strstr(fdbg_buf_cstr(&buf), "(?)"));
	fdbg_buf_clear(&buf);
	fdbg_value_type_name(&buf, &chain[DEPTH - 1]);
	assert_true(buf.len < 10000);
	many[0] = i32(1);
	for (size_t i = 1; i < N(many); i++) {
		laughs[i][0] = (struct fdbg_field){ T("a"), ref(FDBG_REF_REF, &many[i - 1]) };
		laughs[i][1] = (struct fdbg_field){ T("b"), ref(FDBG_REF_REF, &many[i - 1]) };
		many[i] = record(T("app::Ha"), laughs[i], 2);
	}
	fdbg_buf_clear(&buf);
	fdbg_render_tall(&buf, &many[N(many) - 1]);
	assert_true(buf.len < FDBG_RENDER_MAX_BYTES + 100000);
	assert_false(buf.failed);
	fdbg_buf_deinit(&buf);
	check(record(T("a\xff" "b"), NULL, 0), "a?b { }", "a\xff" "b", "[]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_leaves),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_structs),
		cmocka_unit_test(test_enums),
		cmocka_unit_test(test_cells),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
