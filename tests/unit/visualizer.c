/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Visualizer files, type globs, and values that carry a template. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "rust/visualizer.h"
#include "value/encode.h"
#include "value/render.h"
#include "value/show.h"

static struct fdbg_error *parse(struct fdbg_visualizers *list, const char *text)
{
	return fdbg_visualizers_parse(list, "f.vis", text, strlen(text));
}

static void assert_text(struct fdbg_text text, const char *expected)
{
	if (!expected) {
		assert_null(text.data);
		return;
	}
	assert_non_null(text.data);
	assert_int_equal(text.len, strlen(expected));
	assert_memory_equal(text.data, expected, text.len);
}

static void sections_are_read(void **state)
{
	struct fdbg_visualizers list = { 0 };
	const struct fdbg_visualizer *v;

	(void)state;
	assert_null(parse(&list, "# comment\n\n[ a::Vec<[u8; *]> ]\r\n items = buf.0.*\r\n\tlength=len\nelement = T\n"
				 "key = k\nvalue = v.w\nwhen = cap != 0x10\nwhen = len<=7\n"
				 "[b]\nshow = \" {x} {{}} \"\n[c]\ntext = p\n[d]\nitems = p\n[e]\nitems = p\nkey = *"));
	assert_int_equal(list.n, 5);
	v = &list.list[0];
	assert_text(v->glob, "a::Vec<[u8; *]>");
	assert_string_equal(v->file, "f.vis");
	assert_int_equal(v->line, 3);
	assert_text(v->items, "buf.0.*");
	assert_text(v->length, "len");
	assert_text(v->element, "T");
	assert_text(v->key, "k");
	assert_text(v->value, "v.w");
	assert_text(v->text, NULL);
	assert_text(v->show, "{items:map}");
	assert_int_equal(v->n_conditions, 2);
	assert_text(v->conditions[0].path, "cap");
	assert_int_equal(v->conditions[0].op, FDBG_VISUALIZER_NE);
	assert_int_equal(v->conditions[0].value, 16);
	assert_text(v->conditions[1].path, "len");
	assert_int_equal(v->conditions[1].op, FDBG_VISUALIZER_LE);
	assert_int_equal(v->conditions[1].value, 7);
	assert_text(list.list[1].show, " {x} {{}} ");
	assert_int_equal(list.list[1].line, 11);
	assert_text(list.list[2].show, "{text}");
	assert_text(list.list[3].show, "{items}");
	assert_text(list.list[4].show, "{items:set}");
	/* A second file goes behind the first. */
	assert_null(parse(&list, "[z]\nshow=\n"));
	assert_int_equal(list.n, 6);
	assert_text(list.list[5].show, "");
	assert_null(parse(&list, ""));
	assert_int_equal(list.n, 6);
	fdbg_visualizers_deinit(&list);
}

static void what_is_wrong_is_said_with_its_line(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "show = x\n", "f.vis:1: a [TYPE] must come first" },
		{ "[a]\nshow = x\n\nwords\n", "f.vis:4: neither [TYPE] nor KEY = VALUE" },
		{ "[a\n", "f.vis:1: '[' without ']'" },
		{ "\n[ ]\n", "f.vis:2: [] names no type" },
		{ "[a]\ncolour = red\n",
		  "f.vis:2: unknown key 'colour' (text, items, length, element, key, value, show, when)" },
		{ "[a]\nshow = x\nshow = y\n", "f.vis:3: 'show' is there twice" },
		{ "[a]\nitems = p..q\n", "f.vis:2: items: 'p..q' is not a path of member names" },
		{ "[a]\ntext =\n", "f.vis:2: text: '' is not a path of member names" },
		{ "[a]\nelement = a.b\n", "f.vis:2: element: 'a.b' is not the name of a type parameter" },
		{ "[a]\ntext = p\nitems = q\n", "f.vis:1: a section has 'text' or 'items', not both" },
		{ "[a]\nshow = x\nlength = n\n", "f.vis:1: 'length' without 'text' or 'items'" },
		{ "[a]\nshow = x\nkey = n\n", "f.vis:1: 'element', 'key' and 'value' go with 'items'" },
		{ "[a]\ntext = p\nelement = T\n", "f.vis:1: 'element', 'key' and 'value' go with 'items'" },
		{ "[a]\nitems = p\nvalue = v\n", "f.vis:1: 'value' without 'key'" },
		{ "[a]\n[b]\nshow = x\n", "f.vis:1: the section says nothing: it needs 'text', 'items' or 'show'" },
		{ "[a]\nshow = {x\n", "f.vis:2: '{' without '}' (a brace is written '{{')" },
		{ "[a]\nshow = x}\n", "f.vis:2: '}' without '{' (a brace is written '}}')" },
		{ "[a]\nshow = {}\n", "f.vis:2: '{}' names no member" },
		{ "[a]\nshow = {x:q}\n", "f.vis:2: unknown format behind ':' (x, s, b, map, set)" },
		{ "[a]\nshow = {x[1..]}\n", "f.vis:2: malformed range (as in [0..4])" },
		{ "[a]\nshow = {x[3..2]}\n", "f.vis:2: malformed range (as in [0..4])" },
		{ "[a]\nshow = {a b}\n", "f.vis:2: 'a b' is not a path of member names" },
		{ "[a]\nshow = \"x\n", "f.vis:2: '\"' without its partner" },
		{ "[a]\nwhen = x\n", "f.vis:2: 'when' wants PATH == NUMBER (or !=, <, <=, >, >=)" },
		{ "[a]\nwhen = x = 1\n", "f.vis:2: 'when' wants PATH == NUMBER (or !=, <, <=, >, >=)" },
		{ "[a]\nwhen = x == -1\n", "f.vis:2: '-1' is not a number" },
		{ "[a]\nwhen = x == 0x\n", "f.vis:2: '0x' is not a number" },
		{ "[a]\nwhen = x == 0x12345678123456781\n", "f.vis:2: '0x12345678123456781' is not a number" },
		{ "[a]\nshow = \xff\n", "f.vis:2: not text in UTF-8" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fdbg_visualizers list = { 0 };
		struct fdbg_error *err = parse(&list, cases[i].text);

		assert_non_null(err);
		assert_string_equal(err->message, cases[i].message);
		assert_int_equal(err->code, FDBG_ERROR_FORMAT);
		fdbg_error_destroy(err);
		fdbg_visualizers_deinit(&list);
	}
}

static void wrong_sections_are_not_kept(void **state)
{
	struct fdbg_visualizers list = { 0 };

	(void)state;
	fdbg_error_destroy(parse(&list, "[a]\nshow = x\n[b]\nitems = p\nkeys = q\n"));
	assert_int_equal(list.n, 1);
	assert_text(list.list[0].glob, "a");
	fdbg_visualizers_deinit(&list);
}

static bool matches(const char *glob, const char *name)
{
	return fdbg_visualizer_matches(fdbg_text_from(glob), fdbg_text_from(name));
}

static void globs(void **state)
{
	char stars[200], as[4000];

	(void)state;
	assert_true(matches("a::B", "a::B"));
	assert_false(matches("a::B", "a::BC"));
	assert_false(matches("a::BC", "a::B"));
	assert_true(matches("a::V<*>", "a::V<[u8; 4]>"));
	assert_false(matches("a::V<*>", "a::V<u8>x"));
	assert_true(matches("*", ""));
	assert_true(matches("*::V<?8>", "x::y::V<u8>"));
	assert_false(matches("?", ""));
	/* Brackets stand for themselves: they are part of type names. */
	assert_true(matches("V<[u8; 4]>", "V<[u8; 4]>"));
	assert_false(matches("V<[ab]>", "V<a>"));
	assert_true(matches("*a*b", "aab"));
	assert_false(matches("*a*b", "abba"));
	/* No exponential time. */
	for (size_t i = 0; i + 1 < sizeof(stars); i++)
		stars[i] = i % 2 ? 'a' : '*';
	stars[sizeof(stars) - 1] = '\0';
	memset(as, 'a', sizeof(as) - 1);
	as[sizeof(as) - 1] = '\0';
	stars[sizeof(stars) - 2] = 'b';
	assert_false(matches(stars, as));
}

/* ---- values with a template ---- */

static struct fdbg_value u8_value(uint8_t byte)
{
	return (struct fdbg_value){ .kind = FDBG_VALUE_PRIM, .prim = { .prim = FDBG_PRIM_U8, .bytes = { byte } } };
}

static struct fdbg_value str_value(const char *text)
{
	return (struct fdbg_value){ .kind = FDBG_VALUE_STR, .str = fdbg_text_from(text) };
}

static void assert_renders(const char *show, const char *expected)
{
	static const uint8_t data[] = { 0x01, 0xab, '\n', '"', 'z' };
	struct fdbg_value items[] = { u8_value(1), u8_value(2) };
	struct fdbg_field pair[] = { { FDBG_TEXT("0"), u8_value(3) }, { FDBG_TEXT("1"), str_value("v") } };
	struct fdbg_value tuple = {
		.kind = FDBG_VALUE_STRUCT, .record = { .type = FDBG_TEXT("(u8, &str)"), .fields = pair, .n_fields = 2 },
	};
	struct fdbg_field fields[] = {
		{ FDBG_TEXT("$show"), str_value(show) },
		{ FDBG_TEXT("n"), u8_value(10) },
		{ FDBG_TEXT("s"), str_value("a\"b") },
		{ FDBG_TEXT("bytes"), { .kind = FDBG_VALUE_BYTES,
					.bytes = { .type = FDBG_TEXT("&[u8]"), .data = data, .len = sizeof(data) } } },
		{ FDBG_TEXT("items"), { .kind = FDBG_VALUE_ARRAY,
					.array = { .kind = FDBG_ARRAY_VEC, .items = items, .n_items = 2 } } },
		{ FDBG_TEXT("pairs"), { .kind = FDBG_VALUE_ARRAY,
					.array = { .kind = FDBG_ARRAY_VEC, .items = &tuple, .n_items = 1 } } },
		{ FDBG_TEXT("a.b"), u8_value(255) },
		{ FDBG_TEXT("cut"), { .kind = FDBG_VALUE_ARRAY, .cut = true, .total = 9,
				      .array = { .kind = FDBG_ARRAY_VEC, .items = items, .n_items = 2 } } },
	};
	struct fdbg_value value = {
		.kind = FDBG_VALUE_STRUCT,
		.record = { .type = FDBG_TEXT("app::T"), .fields = fields, .n_fields = sizeof(fields) / sizeof(fields[0]) },
	};
	struct fdbg_named_value *back;
	struct fdbg_value_encoder *encoder;
	struct fdbg_arena arena = { 0 };
	struct fdbg_buf buf = { 0 }, stream = { 0 };
	struct fdbg_cursor cursor;
	size_t n;

	fdbg_render_debug(&buf, &value, FDBG_RENDER_DEBUG, 0);
	assert_string_equal(fdbg_buf_cstr(&buf), expected);
	/* The same from a recording. */
	assert_null(fdbg_value_encoder_create(&encoder));
	assert_null(fdbg_value_encode_named(encoder, &stream, FDBG_TEXT("x"), &value));
	cursor = fdbg_cursor_over(stream.data, stream.len, 0);
	assert_null(fdbg_value_decode_named(&cursor, &arena, &back, &n));
	assert_int_equal(n, 1);
	fdbg_buf_clear(&buf);
	fdbg_render_debug(&buf, &back[0].value, FDBG_RENDER_DEBUG, 0);
	assert_string_equal(fdbg_buf_cstr(&buf), expected);
	fdbg_value_encoder_destroy(encoder);
	fdbg_arena_deinit(&arena);
	fdbg_buf_deinit(&buf);
	fdbg_buf_deinit(&stream);
}

static void templates_are_filled_in(void **state)
{
	(void)state;
	assert_renders("", "");
	assert_renders("plain", "plain");
	assert_renders("{{{n}}}", "{10}");
	assert_renders("{s} {s:s}", "\"a\\\"b\" a\\\"b");
	assert_renders("{n:x} {a.b:x}", "0a ff");
	assert_renders("{bytes:x}", "01ab0a227a");
	assert_renders("{bytes[1..3]:x}-{bytes[4..5]}", "ab0a-[122]");
	assert_renders("{bytes:b}", "b\"\\x01\\xab\\n\\\"z\"");
	assert_renders("{items} {items:set} {items[1..2]}", "[1, 2] {1, 2} [2]");
	assert_renders("{pairs:map}", "{3: \"v\"}");
	assert_renders("{cut} {cut:set}", "[1, 2, …] {1, 2, …}");
	/* What a file of somebody else may say. */
	assert_renders("{gone} {bytes[3..9]:x} {n[0..1]}", "<missing> <missing> <missing>");
	assert_renders("{n} {n", "10 {n");
	assert_renders("{n}}", "10}");
	assert_renders("{$show}", "<missing>");
}

/* A template that names a large field a million times. */
static void templates_are_limited(void **state)
{
	enum { N_NAMES = 1000000, N_BYTES = 1000000 };
	struct fdbg_buf show = { 0 }, buf = { 0 };
	uint8_t *data = calloc(1, N_BYTES);
	struct fdbg_field fields[2] = { { .name = FDBG_TEXT("$show") }, { .name = FDBG_TEXT("b") } };
	struct fdbg_value value = {
		.kind = FDBG_VALUE_STRUCT, .record = { .type = FDBG_TEXT("T"), .fields = fields, .n_fields = 2 },
	};

	(void)state;
	assert_non_null(data);
	for (size_t i = 0; i < N_NAMES; i++)
		fdbg_buf_string(&show, i % 2 ? "{b:x}" : "{b:b}");
	fields[0].value = str_value(fdbg_buf_cstr(&show));
	fields[1].value = (struct fdbg_value){
		.kind = FDBG_VALUE_BYTES, .bytes = { .type = FDBG_TEXT("&[u8]"), .data = data, .len = N_BYTES },
	};
	fdbg_render_debug(&buf, &value, FDBG_RENDER_DEBUG, 0);
	assert_true(buf.len < (size_t)FDBG_RENDER_MAX_NODES * 8 * 4 + 100);
	assert_memory_equal(buf.data + buf.len - 3, "…", 3);
	fdbg_buf_deinit(&show);
	fdbg_buf_deinit(&buf);
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_are_read),
		cmocka_unit_test(what_is_wrong_is_said_with_its_line),
		cmocka_unit_test(wrong_sections_are_not_kept),
		cmocka_unit_test(globs),
		cmocka_unit_test(templates_are_filled_in),
		cmocka_unit_test(templates_are_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
