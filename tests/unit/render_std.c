/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Debug texts that depend on the compiler, of locks, addresses, paths and type names; expectations from std-types.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "value/debug_internal.h"
#include "value/render.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))
#define T(text) FDBG_TEXT(text)

static struct fdbg_value prim(enum fdbg_prim type, uint64_t bits)
{
	struct fdbg_value value = { .kind = FDBG_VALUE_PRIM, .prim = { .prim = type } };

	for (size_t i = 0; i < fdbg_prim_size(type) && i < 8; i++)
		value.prim.bytes[i] = (uint8_t)(bits >> 8 * i);
	return value;
}

static struct fdbg_value bytes(const void *data, size_t len)
{
	return (struct fdbg_value){ .kind = FDBG_VALUE_BYTES, .bytes = { T("[u8]"), data, len } };
}

static struct fdbg_value record(struct fdbg_text type, struct fdbg_field *fields, size_t n_fields)
{
	return (struct fdbg_value){ .kind = FDBG_VALUE_STRUCT, .record = { type, fields, n_fields } };
}

/* The text of rustc 1.MINOR; 0: the newest. */
static void check_as(struct fdbg_value value, uint32_t minor, const char *expected)
{
	struct fdbg_render_context context = { minor };
	struct fdbg_buf buf = { 0 };

	fdbg_render_debug_as(&buf, &value, FDBG_RENDER_DEBUG, 0, &context);
	assert_string_equal(fdbg_buf_cstr(&buf), expected);
	fdbg_buf_deinit(&buf);
}

static void versions(void **state)
{
	(void)state;
	assert_int_equal(fdbg_render_context_of(T("1.63.0")).rustc_minor, 63);
	assert_int_equal(fdbg_render_context_of(T("1.97.0-nightly")).rustc_minor, 97);
	assert_int_equal(fdbg_render_context_of(T("")).rustc_minor, 0);
	assert_int_equal(fdbg_render_context_of(T("2.1.0")).rustc_minor, 0);
	assert_int_equal(fdbg_render_context_of(T("1.99999999999999.0")).rustc_minor, 99999);
}

static void locks(void **state)
{
	struct fdbg_field futex = { T("futex"), prim(FDBG_PRIM_U32, 0) };
	struct fdbg_field five = { T("value"), prim(FDBG_PRIM_I32, 5) };
	struct fdbg_field failed = { T("failed"), prim(FDBG_PRIM_U8, 1) };
	struct fdbg_field mutex[] = { { T("inner"), record(T("std::sys::sync::mutex::futex::Mutex"), &futex, 1) },
				      { T("poison"), record(T("std::sync::poison::Flag"), &failed, 1) },
				      { T("data"), record(T("core::cell::UnsafeCell<i32>"), &five, 1) } };
	struct fdbg_field state_fields[] = { { T("state"), prim(FDBG_PRIM_U32, 1) },
					     { T("writer_notify"), prim(FDBG_PRIM_U32, 0) } };
	struct fdbg_field lock[] = { { T("inner"), record(T("std::sys::sync::rwlock::futex::RwLock"), state_fields, 2) },
				     mutex[1], mutex[2] };
	const struct fdbg_text name = T("std::sync::poison::mutex::Mutex<i32>");
	const struct fdbg_text rw = T("std::sync::poison::rwlock::RwLock<i32>");

	(void)state;
	check_as(record(name, mutex, 3), 0, "Mutex { data: 5, poisoned: true, .. }");
	futex.value = prim(FDBG_PRIM_U32, 2);
	check_as(record(name, mutex, 3), 0, "Mutex { data: \"<locked>\", poisoned: true, .. }");
	check_as(record(name, mutex, 3), 63, "Mutex { data: <locked>, poisoned: true, .. }");
	/* Readers do not keep a reader out, a writer does, and one who waits for the lock. */
	check_as(record(rw, lock, 3), 0, "RwLock { data: 5, poisoned: true, .. }");
	state_fields[0].value = prim(FDBG_PRIM_U32, 0x3fffffff);
	check_as(record(rw, lock, 3), 0, "RwLock { data: <locked>, poisoned: true, .. }");
	check_as(record(rw, lock, 3), 63, "RwLock { data: <locked>, poisoned: true, .. }");
	state_fields[0].value = prim(FDBG_PRIM_U32, 0x80000001);
	check_as(record(rw, lock, 3), 0, "RwLock { data: <locked>, poisoned: true, .. }");
}

static void check_v6(const uint16_t *groups, uint32_t minor, const char *expected)
{
	uint8_t octets[16];
	struct fdbg_field field = { T("octets"), bytes(octets, 16) };

	for (size_t i = 0; i < 8; i++) {
		octets[2 * i] = (uint8_t)(groups[i] >> 8);
		octets[2 * i + 1] = (uint8_t)groups[i];
	}
	check_as(record(T("core::net::ip_addr::Ipv6Addr"), &field, 1), minor, expected);
}

/* The examples of std-types.md, section 8. */
static void addresses(void **state)
{
	static const struct {
		uint16_t groups[8];
		const char *text, *old;
	} cases[] = {
		{ { 0x2001, 0xdb8, 0, 0, 1, 0, 0, 1 }, "2001:db8::1:0:0:1", NULL },
		{ { 1, 0, 0, 2, 0, 0, 0, 0 }, "1:0:0:2::", NULL },
		{ { 0, 0, 1, 0, 0, 0, 1, 1 }, "0:0:1::1:1", NULL },
		{ { 1, 0, 0, 1, 1, 0, 0, 1 }, "1::1:1:0:0:1", NULL },
		{ { 0 }, "::", NULL },
		{ { 0, 0, 0, 0, 0, 0, 0, 1 }, "::1", NULL },
		{ { 0, 0, 0, 0, 0, 0xffff, 0x102, 0x304 }, "::ffff:1.2.3.4", NULL },
		{ { 0, 0, 0, 0, 0, 0, 0x102, 0x304 }, "::102:304", "::1.2.3.4" },
		{ { 0, 1, 0, 2, 0, 3, 0, 4 }, "0:1:0:2:0:3:0:4", NULL },
	};
	const uint8_t loopback[4] = { 127, 0, 0, 1 }, one[16] = { [15] = 1 };
	struct fdbg_field octets = { T("octets"), bytes(loopback, 4) };
	struct fdbg_field v4[] = { { T("ip"), record(T("core::net::ip_addr::Ipv4Addr"), &octets, 1) },
				   { T("port"), prim(FDBG_PRIM_U16, 80) } };
	struct fdbg_field s_addr = { T("s_addr"), prim(FDBG_PRIM_U32, 0x0100007f) };
	struct fdbg_field in[] = { { T("sin_family"), prim(FDBG_PRIM_U16, 2) },
				   { T("sin_port"), prim(FDBG_PRIM_U16, 80 << 8) },
				   { T("sin_addr"), record(T("libc::unix::in_addr"), &s_addr, 1) } };
	struct fdbg_field inner = { T("inner"), record(T("libc::unix::sockaddr_in"), in, 3) };
	struct fdbg_field octets6 = { T("octets"), bytes(one, 16) };
	struct fdbg_field v6[] = { { T("ip"), record(T("core::net::ip_addr::Ipv6Addr"), &octets6, 1) },
				   { T("port"), prim(FDBG_PRIM_U16, 80) }, { T("flowinfo"), prim(FDBG_PRIM_U32, 9) },
				   { T("scope_id"), prim(FDBG_PRIM_U32, 5) } };

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		check_v6(cases[i].groups, 0, cases[i].text);
		check_v6(cases[i].groups, 63, cases[i].old ? cases[i].old : cases[i].text);
	}
	check_as(record(T("core::net::socket_addr::SocketAddrV4"), v4, 2), 0, "127.0.0.1:80");
	check_as(record(T("std::net::addr::SocketAddrV4"), &inner, 1), 63, "127.0.0.1:80");
	check_as(record(T("core::net::socket_addr::SocketAddrV6"), v6, 4), 0, "[::1%5]:80");
	v6[3].value = prim(FDBG_PRIM_U32, 0);
	check_as(record(T("core::net::socket_addr::SocketAddrV6"), v6, 4), 0, "[::1]:80");
}

/* The examples of std-types.md, section 6.1. */
static void texts(void **state)
{
	struct fdbg_field path = { T("inner"), bytes("a\xff\"\n'", 5) };
	struct fdbg_field c = { T("inner"), bytes("a\"'\x1b\t\xc3\xa9\xff\x00", 9) };

	(void)state;
	check_as(record(T("std::path::Path"), &path, 1), 0, "\"a\\xFF\\\"\\n'\"");
	check_as(record(T("std::path::Path"), &path, 1), 63, "\"a\\xFF\\\"\\n\\'\"");
	check_as(record(T("core::ffi::c_str::CStr"), &c, 1), 0, "\"a\\\"\\'\\x1b\\t\xc3\xa9\\xff\"");
	check_as(record(T("core::ffi::c_str::CStr"), &c, 1), 63, "\"a\\\"\\'\\x1b\\t\\xc3\\xa9\\xff\"");
}

static void type_names(void **state)
{
	static const struct {
		const char *dwarf, *text;
	} cases[] = {
		{ "alloc::vec::Vec<alloc::string::String>", "alloc::vec::Vec<alloc::string::String>" },
		{ "(i32)", "(i32,)" },
		{ "()", "()" },
		{ "&[(u8)]", "&[(u8,)]" },
		{ "[(u8, i8); 3]", "[(u8, i8); 3]" },
		{ "fn(i32, &str) -> u8", "fn(i32, &str) -> u8" },
		{ "alloc::boxed::Box<dyn core::ops::function::Fn<(i32), Output=u8>>",
		  "alloc::boxed::Box<dyn core::ops::function::Fn(i32) -> u8>" },
		{ "alloc::boxed::Box<(dyn core::any::Any + core::marker::Send)>",
		  "alloc::boxed::Box<dyn core::any::Any + core::marker::Send>" },
		{ "std::collections::hash::map::HashMap<u8, (u8), std::hash::random::RandomState>",
		  "std::collections::hash::map::HashMap<u8, (u8,)>" },
		{ "core::ops::control_flow::ControlFlow<i32, ()>", "core::ops::control_flow::ControlFlow<i32>" },
		/* Broken names stay as they are. */
		{ "a<(b", "a<(b" },
		{ ">)]", ">)]" },
		{ "a<b}, (c)", "a<b}, (c)" },
		{ "a<b, {c}>", "a<b, {c}>" },
		{ "alloc::borrow::Cow<str>", "alloc::borrow::Cow<'_, str>" },
		{ "&core::panic::location::Location", "&core::panic::location::Location<'_>" },
		{ "core::str::iter::EncodeUtf16", "core::str::iter::EncodeUtf16<'_>" },
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct fdbg_buf buf = { 0 };
		struct fdbg_debug debug = {
			.buf = &buf, .max_bytes = FDBG_RENDER_MAX_BYTES, .n_nodes_left = 1000, .minor = UINT32_MAX,
		};

		fdbg_debug_type_name(&debug, fdbg_text_from(cases[i].dwarf));
		assert_string_equal(fdbg_buf_cstr(&buf), cases[i].text);
		fdbg_buf_deinit(&buf);
	}
	check_as(record(T("core::marker::PhantomData<(u8)>"), NULL, 0), 0, "PhantomData<(u8,)>");
	check_as(record(T("core::marker::PhantomData<(u8)>"), NULL, 0), 63, "PhantomData");
	check_as(record(T("core::mem::maybe_uninit::MaybeUninit<u8>"), NULL, 0), 0, "MaybeUninit<u8>");
	check_as(record(T("core::mem::maybe_uninit::MaybeUninit<&(dyn a::T + core::marker::Send)>"), NULL, 0), 63,
		 "core::mem::maybe_uninit::MaybeUninit<&dyn a::T+core::marker::Send>");
	/* A name on the stream has ' for the " of a calling convention. */
	check_as(record(T("core::mem::maybe_uninit::MaybeUninit<extern 'C' fn(u8) -> i64>"), NULL, 0), 0,
		 "MaybeUninit<extern \"C\" fn(u8) -> i64>");
	check_as(record(T("core::marker::PhantomData<unsafe extern 'C-unwind' fn(extern 'C' fn(), extern 'system' fn())>"),
			NULL, 0), 0,
		 "PhantomData<unsafe extern \"C-unwind\" fn(extern \"C\" fn(), extern \"system\" fn())>");
	check_as(record(T("core::marker::PhantomData<extern 'C>"), NULL, 0), 0, "PhantomData<extern 'C>");
	check_as(record(T("core::mem::maybe_uninit::MaybeUninit<u8>"), NULL, 0), 63,
		 "core::mem::maybe_uninit::MaybeUninit<u8>");
}

static void small_types(void **state)
{
	struct fdbg_value align = { .kind = FDBG_VALUE_ENUM,
				    .enumeration = { T("core::mem::alignment::AlignmentEnum"), T("_Align1Shl3") } };
	struct fdbg_field layout[] = { { T("size"), prim(FDBG_PRIM_USIZE, 8) }, { T("align"), align } };
	struct fdbg_value words[] = {
		{ .kind = FDBG_VALUE_REF, .ref = { FDBG_REF_PTR, 0x12, NULL } },
		{ .kind = FDBG_VALUE_REF, .ref = { FDBG_REF_PTR, 0xabc0000000000000, NULL } },
	};
	struct fdbg_field data = { T("data"),
				   { .kind = FDBG_VALUE_ARRAY, .array = { FDBG_ARRAY_ARR, words, 2 } } };
	struct fdbg_value lanes[] = { prim(FDBG_PRIM_I64, 3), prim(FDBG_PRIM_I64, 4) };
	struct fdbg_field vector = { T("0"), { .kind = FDBG_VALUE_ARRAY, .array = { FDBG_ARRAY_ARR, lanes, 2 } } };

	(void)state;
	check_as(record(T("core::alloc::layout::Layout"), layout, 2), 0, "Layout { size: 8, align: 8 (1 << 3) }");
	layout[1].value.enumeration.variant = T("_Align1Shl64");
	check_as(record(T("core::alloc::layout::Layout"), layout, 2), 0, "Layout { size: 8, align: _Align1Shl64 }");
	check_as(record(T("core::any::TypeId"), &data, 1), 0, "TypeId(0xabc00000000000000000000000000012)");
	check_as(record(T("core::core_arch::x86::__m128i"), &vector, 1), 0, "__m128i(3, 4)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions),
		cmocka_unit_test(locks),
		cmocka_unit_test(addresses),
		cmocka_unit_test(texts),
		cmocka_unit_test(type_names),
		cmocka_unit_test(small_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
