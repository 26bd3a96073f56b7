/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Values as {:?}, {:#?} and JSON; expectations from std-types.md and stream-format.md, sections 3 and 4. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "value/digest.h"
#include "value/escape.h"
#include "value/render.h"
#include "value/typename.h"

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

static struct fdbg_value f32(float number)
{
	uint32_t bits;

	memcpy(&bits, &number, 4);
	return prim(FDBG_PRIM_F32, bits);
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

static struct fdbg_value ref(enum fdbg_ref_kind kind, uint64_t address, struct fdbg_value *target)
{
	return (struct fdbg_value){ .kind = FDBG_VALUE_REF, .ref = { kind, address, target } };
}

static const struct fdbg_text option_variants[] = { { "None", 4 }, { "Some", 4 } };
static const struct fdbg_text result_variants[] = { { "Ok", 2 }, { "Err", 3 } };

static struct fdbg_value variant(struct fdbg_text type, const struct fdbg_text *names, size_t index,
				 struct fdbg_field *fields, size_t n_fields)
{
	return (struct fdbg_value){ .kind = FDBG_VALUE_VARIANT,
				    .variant = { type, names, 2, index, fields, n_fields } };
}

static void check_limit(struct fdbg_value value, enum fdbg_render_style style, size_t max_bytes,
			const char *expected)
{
	struct fdbg_buf buf = { 0 };

	fdbg_render_debug(&buf, &value, style, max_bytes);
	assert_string_equal(fdbg_buf_cstr(&buf), expected);
	fdbg_buf_deinit(&buf);
}

static void check(struct fdbg_value value, const char *debug, const char *pretty)
{
	check_limit(value, FDBG_RENDER_DEBUG, 0, debug);
	check_limit(value, FDBG_RENDER_PRETTY, 0, pretty ? pretty : debug);
}

static void check_json(struct fdbg_value value, const char *expected)
{
	struct fdbg_buf buf = { 0 };

	fdbg_render_json(&buf, &value);
	assert_string_equal(fdbg_buf_cstr(&buf), expected);
	fdbg_buf_deinit(&buf);
}

static void integers(void **state)
{
	struct fdbg_value wide = prim(FDBG_PRIM_I128, 0);

	(void)state;
	check(i32(-7), "-7", NULL);
	check(prim(FDBG_PRIM_I8, 0x80), "-128", NULL);
	check(prim(FDBG_PRIM_U64, UINT64_MAX), "18446744073709551615", NULL);
	check(prim(FDBG_PRIM_ISIZE, (uint64_t)INT64_MIN), "-9223372036854775808", NULL);
	wide.prim.bytes[15] = 0x80;
	check(wide, "-170141183460469231731687303715884105728", NULL);
	memset(wide.prim.bytes, 0xff, 16);
	check(wide, "-1", NULL);
	wide.prim.prim = FDBG_PRIM_U128;
	check(wide, "340282366920938463463374607431768211455", NULL);
	check(prim(FDBG_PRIM_BOOL, 1), "true", NULL);
	check(prim(FDBG_PRIM_BOOL, 3), "<bool 0x03>", NULL);
	check_json(i32(99), "{\"type\":\"Prim\",\"typename\":\"i32\",\"value\":99}");
	check_json(prim(FDBG_PRIM_I64, 7), "{\"type\":\"Prim\",\"typename\":\"i64\",\"value\":\"7\"}");
	check_json(prim(FDBG_PRIM_BOOL, 0), "{\"type\":\"Prim\",\"typename\":\"bool\",\"value\":false}");
}

/* The table of std-types.md, section 2. */
static void floats(void **state)
{
	(void)state;
	check(f64(1e15), "1000000000000000.0", NULL);
	check(f64(9999999999999998.0), "9999999999999998.0", NULL);
	check(f64(1e16), "1e16", NULL);
	check(f64(1.5e16), "1.5e16", NULL);
	check(f64(123456789012345680.0), "1.2345678901234568e17", NULL);
	check(f32(9.9999998e15f), "1e16", NULL);
	check(f32(16777217.0f), "16777216.0", NULL);
	check(f64(1e-4), "0.0001", NULL);
	check(f64(0.00012345), "0.00012345", NULL);
	check(f64(1e-5), "1e-5", NULL);
	check(f64(9.999e-5), "9.999e-5", NULL);
	check(f64(5e-324), "5e-324", NULL);
	check(f64(1.7976931348623157e308), "1.7976931348623157e308", NULL);
	check(f32(1.17549435e-38f), "1.1754944e-38", NULL);
	check(f32(0.1f), "0.1", NULL);
	check(f64(-0.0), "-0.0", NULL);
	check(prim(FDBG_PRIM_F64, 0xfff8000000000000), "NaN", NULL);
	check(prim(FDBG_PRIM_F32, 0xff800000), "-inf", NULL);
	check_json(f32(0.1f), "{\"type\":\"Prim\",\"typename\":\"f32\",\"value\":0.1}");
	check_json(prim(FDBG_PRIM_F32, 0x7f800000),
		   "{\"type\":\"Prim\",\"typename\":\"f32\",\"value\":null}");
}

static void characters_and_strings(void **state)
{
	struct fdbg_value text = str(T("a\"'\\\n\t\r\x1b\0e\xcc\x81\xc3\xa9"));
	struct fdbg_field path = { T("inner"), bytes(T("Vec<u8>"), "a\xff\"'\n", 5) };
	struct fdbg_field c_string = { T("inner"), bytes(T("[u8; 7]"), "a'\x1b\xc3\xa9\xff\0", 7) };

	(void)state;
	check(prim(FDBG_PRIM_CHAR, 'a'), "'a'", NULL);
	check(prim(FDBG_PRIM_CHAR, '\''), "'\\''", NULL);
	check(prim(FDBG_PRIM_CHAR, '"'), "'\"'", NULL);
	check(prim(FDBG_PRIM_CHAR, 0x301), "'\\u{301}'", NULL);
	check(prim(FDBG_PRIM_CHAR, 0), "'\\0'", NULL);
	check(prim(FDBG_PRIM_CHAR, 0xd800), "<char 0xd800>", NULL);
	check(text, "\"a\\\"'\\\\\\n\\t\\r\\u{1b}\\0e\\u{301}\xc3\xa9\"", NULL);
	/* Overlong, truncated and surrogate sequences are no UTF-8. */
	check(str(T("\xc0\x80|\xed\xa0\x80|\xe2\x82")), "\"\\xc0\\x80|\\xed\\xa0\\x80|\\xe2\\x82\"", NULL);
	check(record(T("std::ffi::os_str::OsString"), &path, 1), "\"a\\xFF\\\"'\\n\"", NULL);
	check(record(T("alloc::ffi::c_str::CString"), &c_string, 1), "\"a\\'\\x1b\xc3\xa9\\xff\"", NULL);
	check_json(text, "{\"type\":\"String\",\"typename\":\"&str\",\"value\":"
			 "\"a\\\"'\\\\\\n\\t\\r\\u001b\\u0000e\xcc\x81\xc3\xa9\"}");
	check_json(str(T("\xff")), "{\"type\":\"String\",\"typename\":\"&str\",\"value\":\"\xef\xbf\xbd\"}");
	check_json(prim(FDBG_PRIM_CHAR, '"'), "{\"type\":\"Prim\",\"typename\":\"char\",\"value\":\"\\\"\"}");
}

/* The table of std-types.md, section 1. */
static void derived_shapes(void **state)
{
	struct fdbg_field named[] = { { T("a"), i32(1) }, { T("b"), str(T("x")) } };
	struct fdbg_field numbered[] = { { T("0"), i32(1) }, { T("1"), str(T("a")) } };
	struct fdbg_field odd[] = { { T("1"), i32(1) }, { T("0"), i32(2) } };
	struct fdbg_value e = { .kind = FDBG_VALUE_ENUM, .enumeration = { T("app::E"), T("Unit") } };
	static const struct fdbg_text names[] = { { "Named", 5 }, { "W", 1 } };

	(void)state;
	check(record(T("app::Name"), named, 2), "Name { a: 1, b: \"x\" }",
	      "Name {\n    a: 1,\n    b: \"x\",\n}");
	check(record(T("app::E"), NULL, 0), "E", NULL);
	check(record(T("app::Tup"), numbered, 2), "Tup(1, \"a\")", "Tup(\n    1,\n    \"a\",\n)");
	check(record(T("(i32, &str)"), numbered, 2), "(1, \"a\")", "(\n    1,\n    \"a\",\n)");
	check(record(T("(i32)"), numbered, 1), "(1,)", "(\n    1,\n)");
	check(record(T("(i32,)"), numbered, 1), "(1,)", "(\n    1,\n)");
	check(record(T("()"), NULL, 0), "()", NULL);
	check((struct fdbg_value){ .kind = FDBG_VALUE_UNIT }, "()", NULL);
	check(e, "Unit", NULL);
	check(variant(T("app::E"), names, 0, named, 2), "Named { a: 1, b: \"x\" }",
	      "Named {\n    a: 1,\n    b: \"x\",\n}");
	check(variant(T("app::E"), names, 1, NULL, 0), "W", NULL);
	check(variant(T("app::E"), names, 9, NULL, 0), "<unknown variant>", NULL);
	check(record(T("app::Odd"), odd, 2), "Odd { 1: 1, 0: 2 }", "Odd {\n    1: 1,\n    0: 2,\n}");
	check_json(record(T("app::Point"), named, 1),
		   "{\"type\":\"Struct\",\"typename\":\"app::Point\",\"fields\":"
		   "{\"a\":{\"type\":\"Prim\",\"typename\":\"i32\",\"value\":1}}}");
	check_json(record(T("(i32, &str)"), numbered, 2),
		   "{\"type\":\"Tuple\",\"typename\":\"(i32, &str)\",\"items\":"
		   "[{\"type\":\"Prim\",\"typename\":\"i32\",\"value\":1},"
		   "{\"type\":\"String\",\"typename\":\"&str\",\"value\":\"a\"}]}");
	check_json(record(T("()"), NULL, 0), "{\"type\":\"Unit\"}");
	check_json(e, "{\"type\":\"Enum\",\"typename\":\"app::E\",\"variant\":\"Unit\"}");
	check_json(variant(T("app::E"), names, 0, named, 1),
		   "{\"type\":\"Union\",\"typeinfo\":{\"name\":\"app::E\","
		   "\"variants\":[\"Named\",\"W\"]},\"variant\":\"Named\",\"fields\":"
		   "{\"a\":{\"type\":\"Prim\",\"typename\":\"i32\",\"value\":1}}}");
}

static void names(void **state)
{
	static const char *const table[][2] = {
		{ "app::m::Gen<alloc::vec::Vec<u8>>", "Gen" },
		{ "Plain", "Plain" },
		{ "app::Gen<i16, 3>", "Gen" },
		{ "app::main::{closure_env#0}", "{closure_env#0}" },
		{ "app::parse<u8>::{closure_env#0}<u8>", "{closure_env#0}" },
		{ "app::parse<alloc::vec::Vec<u8>>::Local", "Local" },
		{ "<impl app::Tr for app::A>::Inner", "Inner" },
		{ "app::Gen<fn(a::B) -> c::D>", "Gen" },
		{ "app::Gen<[a::B; 3], (c::D, e::F)>", "Gen" },
		{ "app::{impl#0}::x::Local<a::B>", "Local" },
		{ "app::Gen<dyn core::ops::function::Fn<(a::B), Output=c::D>>", "Gen" },
		{ "", "" },
		{ "::", "" },
		{ "a>>>::b<", "b" },
	};

	(void)state;
	for (size_t i = 0; i < N(table); i++) {
		struct fdbg_text name = fdbg_typename_short(fdbg_text_from(table[i][0]));
		char copy[64];

		snprintf(copy, sizeof(copy), "%.*s", (int)name.len, name.data);
		assert_string_equal(copy, table[i][1]);
	}
	assert_true(fdbg_text_is(fdbg_typename_arguments(T("a::M<b::C<u8>, d>")), "b::C<u8>, d"));
	assert_int_equal(fdbg_typename_arguments(T("a::M")).len, 0);
}

static void lists(void **state)
{
	struct fdbg_value items[] = { i32(1), i32(2) };
	struct fdbg_value list = array(FDBG_ARRAY_VEC, items, 2), raw = bytes(T("Vec<u8>"), "\x01\xff", 2);
	struct fdbg_value nested_items[] = { list, array(FDBG_ARRAY_SLICE, NULL, 0) };
	struct fdbg_value text = str(T("abc"));

	(void)state;
	check(list, "[1, 2]", "[\n    1,\n    2,\n]");
	check(array(FDBG_ARRAY_ARR, NULL, 0), "[]", NULL);
	check(raw, "[1, 255]", "[\n    1,\n    255,\n]");
	check(array(FDBG_ARRAY_VEC, nested_items, 2), "[[1, 2], []]",
	      "[\n    [\n        1,\n        2,\n    ],\n    [],\n]");
	check_json(list,
		   "{\"type\":\"Array\",\"typename\":\"vec\",\"data\":[{\"type\":\"Prim\",\"typename\":\"i32\","
		   "\"value\":1},{\"type\":\"Prim\",\"typename\":\"i32\",\"value\":2}]}");
	check_json(raw, "{\"type\":\"Bytes\",\"typename\":\"Vec<u8>\",\"value\":[1,255]}");
	list.cut = raw.cut = text.cut = true;
	list.total = raw.total = text.total = 5000;
	check(list, "[1, 2, …]", "[\n    1,\n    2,\n    …\n]");
	check(raw, "[1, 255, …]", "[\n    1,\n    255,\n    …\n]");
	check(text, "\"abc…\"", NULL);
	check_json(text,
		   "{\"type\":\"Struct\",\"typename\":\"…\",\"fields\":{\"value\":{\"type\":\"String\",\"typename\":"
		   "\"&str\",\"value\":\"abc\"},\"len\":{\"type\":\"Prim\",\"typename\":\"usize\",\"value\":\"5000\"}}}");
}

static void references(void **state)
{
	struct fdbg_value seven = i32(7), inner = ref(FDBG_REF_REF, 0x10, &seven);

	(void)state;
	check(ref(FDBG_REF_REF, 0x7ffe, &inner), "7", NULL);
	check(ref(FDBG_REF_BOX, 0x7ffe, &seven), "7", NULL);
	check(ref(FDBG_REF_PTR, 0x7ffe, &seven), "0x7ffe", "0x0000000000007ffe");
	check(ref(FDBG_REF_PTR, 0, NULL), "0x0", "0x0000000000000000");
	check(ref(FDBG_REF_REF, 0x7ffe, NULL), "&<0x7ffe>", NULL);
	check_json(ref(FDBG_REF_BOX, 0x7ffe, &seven), "{\"type\":\"Ref\",\"typename\":\"Box\",\"addr\":"
		   "\"0x0000000000007ffe\",\"value\":{\"type\":\"Prim\",\"typename\":\"i32\",\"value\":7}}");
	check_json(ref(FDBG_REF_REF, 0x7ffe, NULL),
		   "{\"type\":\"UnresolvedRef\",\"addr\":\"0x0000000000007ffe\"}");
}

static void unreadable(void **state)
{
	struct fdbg_field fields[] = { { T("a"), fdbg_value_opaque("why") }, { T("b"),
			fdbg_value_optimized_out() } };

	(void)state;
	check(record(T("S"), fields, 2), "S { a: <unreadable>, b: <optimized out> }",
	      "S {\n    a: <unreadable>,\n    b: <optimized out>,\n}");
	check_json(fdbg_value_opaque(NULL), "{\"type\":\"Opaque\"}");
	check_json((struct fdbg_value){ .kind = FDBG_VALUE_UNIT }, "{\"type\":\"Unit\"}");
}

static void options_and_results(void **state)
{
	struct fdbg_field payload = { T("0"), prim(FDBG_PRIM_I64, 7) };
	struct fdbg_value some = variant(T("core::option::Option<i64>"), option_variants, 1, &payload, 1);
	struct fdbg_value err = variant(T("core::result::Result<(), i64>"), result_variants, 1, &payload, 1);
	struct fdbg_value ok = variant(T("core::result::Result<(), i64>"), result_variants, 0, &payload, 1);
	struct fdbg_value user = variant(T("app::Result<(), i64>"), result_variants, 1, &payload, 1);
	struct fdbg_value cow = variant(T("alloc::borrow::Cow<i64>"), result_variants, 1, &payload, 1);

	(void)state;
	check(some, "Some(7)", "Some(\n    7,\n)");
	check(variant(T("core::option::Option<i64>"), option_variants, 0, NULL, 0), "None", NULL);
	check(err, "Err(7)", "Err(\n    7,\n)");
	check(cow, "7", NULL);
	assert_true(fdbg_value_is_err(&err));
	assert_false(fdbg_value_is_err(&ok));
	assert_false(fdbg_value_is_err(&user));
	assert_false(fdbg_value_is_err(&some));
	check_json(some,
		   "{\"type\":\"Option\",\"typename\":\"core::option::Option<i64>\",\"variant\":\"Some\","
		   "\"value\":{\"type\":\"Prim\",\"typename\":\"i64\",\"value\":\"7\"}}");
	check_json(variant(T("core::option::Option<i64>"), option_variants, 0, NULL, 0),
		   "{\"type\":\"Option\",\"typename\":\"core::option::Option<i64>\",\"variant\":\"None\",\"value\":null}");
	check_json(err,
		   "{\"type\":\"Result\",\"typename\":\"core::result::Result<(), i64>\",\"variant\":\"Err\","
		   "\"value\":{\"type\":\"Prim\",\"typename\":\"i64\",\"value\":\"7\"}}");
}

static void counted_pointers(void **state)
{
	struct fdbg_field strong = { T("value"), prim(FDBG_PRIM_USIZE, 2) }, weak =
		{ T("value"), prim(FDBG_PRIM_USIZE, 1) };
	struct fdbg_field block[] = { { T("strong"), record(T("core::cell::Cell<usize>"), &strong, 1) },
				      { T("weak"), record(T("core::cell::Cell<usize>"), &weak, 1) },
				      { T("value"), i32(5) } };
	struct fdbg_value target = record(T("alloc::rc::RcBox<i32>"), block, 3);
	struct fdbg_field pointer = { T("pointer"), ref(FDBG_REF_PTR, 0x1000, &target) };
	struct fdbg_field fat[] = { { T("pointer"), ref(FDBG_REF_PTR, 0x1000, &target) },
				    { T("vtable"), ref(FDBG_REF_REF, 0x2000, NULL) } };
	struct fdbg_field wide = { T("pointer"), record(T("*const alloc::rc::RcBox<dyn app::Tr>"), fat, 2) };
	struct fdbg_field ptr = { T("ptr"), record(T("core::ptr::non_null::NonNull<X>"), &pointer, 1) };
	struct fdbg_field dyn = { T("ptr"), record(T("core::ptr::non_null::NonNull<X>"), &wide, 1) };
	struct fdbg_value rc = record(T("alloc::rc::Rc<i32>"), &ptr, 1);

	(void)state;
	check(rc, "5", NULL);
	check(record(T("alloc::rc::Rc<dyn app::Tr>"), &dyn, 1), "5", NULL);
	check(record(T("alloc::rc::Rc<dyn core::any::Any>"), &dyn, 1), "Any { .. }", NULL);
	check(record(T("&mut dyn core::any::Any"), fat, 2), "Any { .. }", NULL);
	check(record(T("alloc::boxed::Box<(dyn core::any::Any + core::marker::Send)>"), fat, 2), "Any { .. }", NULL);
	check(record(T("alloc::rc::Rc<dyn app::Tr<dyn core::any::Any>>"), &dyn, 1), "5", NULL);
	check(record(T("alloc::rc::Weak<i32>"), &ptr, 1), "(Weak)", NULL);
	check(record(T("&dyn app::Tr"), fat, 2),
	      "RcBox { strong: Cell { value: 2 }, weak: Cell { value: 1 }, value: 5 }",
	      "RcBox {\n    strong: Cell {\n        value: 2,\n    },\n    weak: Cell {\n        value: 1,\n    },\n"
	      "    value: 5,\n}");
	check_json(rc,
		   "{\"type\":\"RefCounted\",\"typename\":\"Rc\",\"addr\":\"0x0000000000001000\",\"strong\":2,"
		   "\"weak\":1,\"value\":{\"type\":\"Prim\",\"typename\":\"i32\",\"value\":5}}");
	check_json(record(T("alloc::rc::Rc<dyn app::Tr>"), &dyn, 1),
		   "{\"type\":\"DynRefCounted\",\"typename\":\"alloc::rc::Rc<dyn app::Tr>\",\"addr\":\"0x0000000000001000\","
		   "\"strong\":2,\"weak\":1,\"vtable\":\"0x0000000000002000\","
		   "\"value\":{\"type\":\"Prim\",\"typename\":\"i32\",\"value\":5}}");
	fat[0].value.ref.target = &block[2].value;
	check_json(record(T("alloc::boxed::Box<dyn app::Tr>"), fat, 2),
		   "{\"type\":\"DynRef\",\"typename\":\"alloc::boxed::Box<dyn app::Tr>\",\"addr\":\"0x0000000000001000\","
		   "\"vtable\":\"0x0000000000002000\",\"value\":{\"type\":\"Prim\",\"typename\":\"i32\",\"value\":5}}");
	pointer.value.ref.target = NULL;
	check(rc, "&<0x1000>", NULL);
}

static void standard_library(void **state)
{
	struct fdbg_field kv[] = { { T("0"), str(T("a")) }, { T("1"), i32(1) } };
	struct fdbg_value pairs[] = { record(T("(&str, i32)"), kv, 2) }, keys[] = { i32(1), i32(2) };
	struct fdbg_field map[] = { { T("items"), array(FDBG_ARRAY_VEC, pairs, 1) },
				    { T("len"), prim(FDBG_PRIM_USIZE, 1) } };
	struct fdbg_field set[] = { { T("items"), array(FDBG_ARRAY_VEC, keys, 2) },
				    { T("len"), prim(FDBG_PRIM_USIZE, 2) } };
	struct fdbg_field three = { T("value"), i32(3) }, five = { T("value"), i32(5) };
	struct fdbg_field cell = { T("value"), record(T("core::cell::UnsafeCell<i32>"), &three, 1) };
	struct fdbg_field atomic = { T("v"), record(T("core::cell::UnsafeCell<i32>"), &three, 1) };
	struct fdbg_field borrow = { T("value"), prim(FDBG_PRIM_ISIZE, 0) };
	struct fdbg_field refcell[] = { { T("borrow"), record(T("core::cell::Cell<isize>"), &borrow, 1) },
					{ T("value"), record(T("core::cell::UnsafeCell<i32>"), &five, 1) } };
	struct fdbg_field flag = { T("failed"), prim(FDBG_PRIM_U8, 0) };
	struct fdbg_field mutex[] = { { T("inner"), (struct fdbg_value){ .kind = FDBG_VALUE_UNIT } },
				      { T("poison"), record(T("std::sync::poison::Flag"), &flag, 1) },
				      { T("data"), record(T("core::cell::UnsafeCell<i32>"), &five, 1) } };
	struct fdbg_field range[] = { { T("start"), i32(2) }, { T("end"), i32(2) },
				      { T("exhausted"), prim(FDBG_PRIM_BOOL, 1) } };
	struct fdbg_field time[] = { { T("secs"), prim(FDBG_PRIM_U64, 1) }, { T("nanos"),
			prim(FDBG_PRIM_U32, 500000000) } };
	struct fdbg_value kind = { .kind = FDBG_VALUE_ENUM, .enumeration = { T("std::io::error::ErrorKind"),
			T("NotFound") } };
	struct fdbg_field error[] =
		{ { T("kind"), kind }, { T("message"), str(T("No such file or directory")) },
				      { T("code"), i32(2) } };
	struct fdbg_field string = { T("vec"), bytes(T("Vec<u8>"), "hi\n", 3) };

	(void)state;
	check(record(T("alloc::string::String"), &string, 1), "\"hi\\n\"", NULL);
	check_json(record(T("alloc::string::String"), &string, 1),
		   "{\"type\":\"String\",\"typename\":\"String\",\"value\":\"hi\\n\"}");
	check(record(T("std::collections::hash::map::HashMap<&str, i32>"), map, 2), "{\"a\": 1}",
	      "{\n    \"a\": 1,\n}");
	check(record(T("std::collections::hash::set::HashSet<i32>"), set, 2), "{1, 2}",
	      "{\n    1,\n    2,\n}");
	set[0].value.cut = true;
	check(record(T("alloc::collections::btree::set::BTreeSet<i32>"), set, 2), "{1, 2, …}",
	      "{\n    1,\n    2,\n    …\n}");
	check(record(T("core::cell::Cell<i32>"), &cell, 1), "Cell { value: 3 }", "Cell {\n    value: 3,\n}");
	check(record(T("core::sync::atomic::AtomicI32"), &atomic, 1), "3", NULL);
	check_json(record(T("core::sync::atomic::AtomicI32"), &atomic, 1),
		   "{\"type\":\"Struct\",\"typename\":\"core::sync::atomic::AtomicI32\",\"fields\":{\"value\":"
		   "{\"type\":\"Prim\",\"typename\":\"i32\",\"value\":3}}}");
	check(record(T("core::cell::RefCell<i32>"), refcell, 2), "RefCell { value: 5 }",
	      "RefCell {\n    value: 5,\n}");
	borrow.value = prim(FDBG_PRIM_ISIZE, UINT64_MAX);
	check(record(T("core::cell::RefCell<i32>"), refcell, 2), "RefCell { value: <borrowed> }",
	      "RefCell {\n    value: <borrowed>,\n}");
	check(record(T("std::sync::poison::mutex::Mutex<i32>"), mutex, 3),
	      "Mutex { data: 5, poisoned: false, .. }",
	      "Mutex {\n    data: 5,\n    poisoned: false,\n    ..\n}");
	check(record(T("core::ops::range::Range<i32>"), range, 2), "2..2", NULL);
	check(record(T("core::ops::range::RangeInclusive<i32>"), range, 3), "2..=2 (exhausted)", NULL);
	check(record(T("core::time::Duration"), time, 2), "1.5s", NULL);
	time[0].value = prim(FDBG_PRIM_U64, 0);
	time[1].value = prim(FDBG_PRIM_U32, 1234567);
	check(record(T("core::time::Duration"), time, 2), "1.234567ms", NULL);
	time[1].value = prim(FDBG_PRIM_U32, 5000);
	check(record(T("core::time::Duration"), time, 2), "5\xc2\xb5s", NULL);
	time[1].value = prim(FDBG_PRIM_U32, 0);
	check(record(T("core::time::Duration"), time, 2), "0ns", NULL);
	check(record(T("std::io::Error"), error, 3),
	      "Os { code: 2, kind: NotFound, message: \"No such file or directory\" }",
	      "Os {\n    code: 2,\n    kind: NotFound,\n    message: \"No such file or directory\",\n}");
	check(record(T("std::io::Error"), error, 1), "Kind(NotFound)", "Kind(\n    NotFound,\n)");
	check(record(T("core::marker::PhantomData<a::B>"), NULL, 0), "PhantomData<a::B>", NULL);
	check(record(T("std::sync::mpsc::Sender<i32>"), &three, 1), "Sender { .. }", NULL);
	check(record(T("dyn app::Tr"), NULL, 0), "<dyn app::Tr>", NULL);
	/* A std type of an unknown shape falls back to its fields. */
	check(record(T("core::cell::RefCell<i32>"), NULL, 0), "RefCell", NULL);
}

static void limits(void **state)
{
	struct fdbg_value deep = i32(1), *chain, shared[64];
	struct fdbg_value letters = str(T("ééé")), items[100];
	struct fdbg_buf buf = { 0 };
	const size_t n = 5000;

	(void)state;
	check_limit(letters, FDBG_RENDER_DEBUG, 4, "\"é…");
	check_limit(letters, FDBG_RENDER_DEBUG, 8, "\"ééé\"");
	for (size_t i = 0; i < N(items); i++)
		items[i] = i32((int)i);
	check_limit(array(FDBG_ARRAY_VEC, items, N(items)), FDBG_RENDER_DEBUG, 9, "[0, 1, 2,…");
	check_limit(array(FDBG_ARRAY_VEC, items, N(items)), FDBG_RENDER_PRETTY, 8, "[\n    0,…");
	chain = test_calloc(n, sizeof(*chain));
	chain[0] = deep;
	for (size_t i = 1; i < n; i++)
		chain[i] = array(FDBG_ARRAY_ARR, &chain[i - 1], 1);
	fdbg_render_debug(&buf, &chain[n - 1], FDBG_RENDER_PRETTY, 0);
	assert_non_null(strstr(fdbg_buf_cstr(&buf), "…"));
	fdbg_buf_clear(&buf);
	fdbg_render_json(&buf, &chain[n - 1]);
	assert_non_null(strstr(fdbg_buf_cstr(&buf), "Opaque"));
	test_free(chain);
	/* 2^63 leaves by sharing: ends soon all the same. */
	shared[0] = i32(1);
	for (size_t i = 1; i < N(shared); i++) {
		struct fdbg_field *fields = test_calloc(2, sizeof(*fields));

		fields[0] = (struct fdbg_field){ T("0"), ref(FDBG_REF_REF, i, &shared[i - 1]) };
		fields[1] = fields[0];
		fields[1].name = T("1");
		shared[i] = record(T("(a, b)"), fields, 2);
	}
	fdbg_buf_clear(&buf);
	fdbg_render_debug(&buf, &shared[N(shared) - 1], FDBG_RENDER_DEBUG, 0);
	assert_true(buf.len < 100000000);
	fdbg_buf_clear(&buf);
	fdbg_render_json(&buf, &shared[N(shared) - 1]);
	assert_true(buf.len < 1000000000);
	for (size_t i = 1; i < N(shared); i++)
		test_free(shared[i].record.fields);
	fdbg_buf_deinit(&buf);
}

/* A megabyte of name at each of some thousand nodes, all of them one: memory is bounded, and JSON stays whole. */
static void long_names_at_shared_nodes(void **state)
{
	enum { N_NAME = 1 << 20, N_LEVELS = 12, N_REST = 2 * N_NAME };
	char *name = test_calloc(N_NAME, 1);
	struct fdbg_field fields[N_LEVELS][2];
	struct fdbg_value level = i32(1), levels[N_LEVELS];
	struct fdbg_buf buf = { 0 };
	long depth = 0;

	(void)state;
	memset(name, 'n', N_NAME);
	for (size_t i = 0; i < N_LEVELS; i++) {
		fields[i][0] = (struct fdbg_field){ { name, N_NAME }, i ? ref(FDBG_REF_REF, i, &levels[i - 1]) : level };
		fields[i][1] = fields[i][0];
		levels[i] = record(T("Shared"), fields[i], 2);
	}
	fdbg_render_debug(&buf, &levels[N_LEVELS - 1], FDBG_RENDER_PRETTY, 0);
	assert_false(buf.failed);
	assert_int_equal(buf.len, FDBG_RENDER_MAX_BYTES + 3);
	assert_memory_equal(buf.data + buf.len - 3, "…", 3);
	fdbg_buf_clear(&buf);
	fdbg_value_digest(&buf, &levels[N_LEVELS - 1]);
	assert_true(!buf.failed && buf.len <= FDBG_RENDER_MAX_BYTES + N_REST);
	fdbg_buf_clear(&buf);
	fdbg_render_json(&buf, &levels[N_LEVELS - 1]);
	assert_true(!buf.failed && buf.len <= FDBG_RENDER_MAX_BYTES + N_REST);
	assert_non_null(strstr(fdbg_buf_cstr(&buf) + FDBG_RENDER_MAX_BYTES, "{\"type\":\"Opaque\"}"));
	for (size_t i = 0; i < buf.len; i++) {
		if (buf.len - i > N_NAME && buf.data[i] == 'n' && buf.data[i + 1] == 'n')
			i += N_NAME;
		depth += (buf.data[i] == '{') - (buf.data[i] == '}');
	}
	assert_int_equal(depth, 0);
	fdbg_buf_deinit(&buf);
	test_free(name);
}

static void terminal_text_has_no_controls(void **state)
{
	struct fdbg_buf buf = { 0 };

	(void)state;
	fdbg_escape_terminal(&buf, "a\x1b[1m\n\xc2\x9b\xff\xc3\xa9", 11, false);
	assert_string_equal(fdbg_buf_cstr(&buf), "a\\x1b[1m\\x0a\\xc2\\x9b\\xff\xc3\xa9");
	fdbg_buf_clear(&buf);
	fdbg_escape_terminal(&buf, "a\nb", 3, true);
	assert_string_equal(fdbg_buf_cstr(&buf), "a\nb");
	fdbg_buf_deinit(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers),
		cmocka_unit_test(floats),
		cmocka_unit_test(characters_and_strings),
		cmocka_unit_test(derived_shapes),
		cmocka_unit_test(names),
		cmocka_unit_test(lists),
		cmocka_unit_test(references),
		cmocka_unit_test(unreadable),
		cmocka_unit_test(options_and_results),
		cmocka_unit_test(counted_pointers),
		cmocka_unit_test(standard_library),
		cmocka_unit_test(limits),
		cmocka_unit_test(long_names_at_shared_nodes),
		cmocka_unit_test(terminal_text_has_no_controls),
	};

	return cmocka_run_group_tests_name("render", tests, NULL, NULL);
}
