/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The value encoding: exact words, round trips, alias addresses, limits, malformed input, samples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stream/content.h"
#include "stream/reader.h"
#include "value/encode.h"
#include "value/utf8.h"

/* Counts allocations: the linker puts these before the real ones (tests/local.mk). */
static size_t n_allocations;
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size)
{
	n_allocations++;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	n_allocations++;
	return __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	n_allocations++;
	return __real_realloc(old, size);
}

static void ok(struct fdbg_error *err)
{
	if (err)
		fail_msg("%s", err->message);
}

/* --- building and comparing trees --- */

#define T(literal) FDBG_TEXT(literal)
#define PRIM(p, ...) { .kind = FDBG_VALUE_PRIM, .prim = { .prim = (p), .bytes = { __VA_ARGS__ } } }
#define I32(n) PRIM(FDBG_PRIM_I32, n)
#define REF(k, a, t) { .kind = FDBG_VALUE_REF, .ref = { .kind = (k), .address = (a), .target = (t) } }
#define STRUCT(t, f) { .kind = FDBG_VALUE_STRUCT, .record = { T(t), (f), sizeof(f) / sizeof((f)[0]) } }

static bool same(const struct fdbg_value *a, const struct fdbg_value *b);

static bool same_fields(const struct fdbg_field *a, size_t n_a, const struct fdbg_field *b, size_t n_b)
{
	bool is_same = n_a == n_b;

	for (size_t i = 0; is_same && i < n_a; i++)
		is_same = fdbg_text_equal(a[i].name, b[i].name) && same(&a[i].value, &b[i].value);
	return is_same;
}

static bool same(const struct fdbg_value *a, const struct fdbg_value *b)
{
	bool is_same = a->kind == b->kind && a->cut == b->cut && a->total == b->total;

	if (!is_same)
		return false;
	switch (a->kind) {
	case FDBG_VALUE_OPAQUE:
		return a->opaque.optimized_out == b->opaque.optimized_out;
	case FDBG_VALUE_UNIT:
		return true;
	case FDBG_VALUE_PRIM:
		return a->prim.prim == b->prim.prim && !memcmp(a->prim.bytes, b->prim.bytes, 16);
	case FDBG_VALUE_BYTES:
		return fdbg_text_equal(a->bytes.type, b->bytes.type) && a->bytes.len == b->bytes.len &&
		       !memcmp(a->bytes.data, b->bytes.data, a->bytes.len);
	case FDBG_VALUE_STR:
		return fdbg_text_equal(a->str, b->str);
	case FDBG_VALUE_ARRAY:
		is_same = a->array.kind == b->array.kind && a->array.n_items == b->array.n_items;
		for (size_t i = 0; is_same && i < a->array.n_items; i++)
			is_same = same(&a->array.items[i], &b->array.items[i]);
		return is_same;
	case FDBG_VALUE_REF:
		return a->ref.kind == b->ref.kind && a->ref.address == b->ref.address &&
		       !a->ref.target == !b->ref.target && (!a->ref.target || same(a->ref.target, b->ref.target));
	case FDBG_VALUE_STRUCT:
		return fdbg_text_equal(a->record.type, b->record.type) &&
		       same_fields(a->record.fields, a->record.n_fields, b->record.fields, b->record.n_fields);
	case FDBG_VALUE_ENUM:
		return fdbg_text_equal(a->enumeration.type, b->enumeration.type) &&
		       fdbg_text_equal(a->enumeration.variant, b->enumeration.variant);
	case FDBG_VALUE_VARIANT:
		is_same = a->variant.n_variants == b->variant.n_variants && a->variant.index == b->variant.index &&
			  fdbg_text_equal(a->variant.type, b->variant.type);
		for (size_t i = 0; is_same && i < a->variant.n_variants; i++)
			is_same = fdbg_text_equal(a->variant.variants[i], b->variant.variants[i]);
		return is_same && same_fields(a->variant.fields, a->variant.n_fields, b->variant.fields,
					      b->variant.n_fields);
	}
	return false;
}

struct codec {
	struct fdbg_value_encoder *encoder;
	struct fdbg_buf buf;
	struct fdbg_arena arena;
	struct fdbg_named_value *values;
	size_t n_values;
};

static struct codec new_codec(void)
{
	struct codec codec = { 0 };

	ok(fdbg_value_encoder_create(&codec.encoder));
	return codec;
}

static void end_codec(struct codec *codec)
{
	fdbg_value_encoder_destroy(codec->encoder);
	fdbg_buf_deinit(&codec->buf);
	fdbg_arena_deinit(&codec->arena);
}

static void encode(struct codec *codec, const struct fdbg_named_value *values, size_t n)
{
	fdbg_buf_clear(&codec->buf);
	fdbg_value_encoder_reset(codec->encoder);
	for (size_t i = 0; i < n; i++)
		ok(fdbg_value_encode_named(codec->encoder, &codec->buf, values[i].name, &values[i].value));
}

static struct fdbg_error *decode(struct codec *codec, const void *data, size_t len)
{
	struct fdbg_cursor cursor = fdbg_cursor_over(data, len, 0);

	fdbg_arena_reset(&codec->arena);
	return fdbg_value_decode_named(&cursor, &codec->arena, &codec->values, &codec->n_values);
}

static void round_trip(struct codec *codec, const struct fdbg_named_value *values, size_t n)
{
	encode(codec, values, n);
	ok(decode(codec, codec->buf.data, codec->buf.len));
	assert_int_equal(codec->n_values, n);
	for (size_t i = 0; i < n; i++) {
		assert_true(fdbg_text_equal(codec->values[i].name, values[i].name));
		if (!same(&codec->values[i].value, &values[i].value))
			fail_msg("value %zu of %.*s", i, (int)codec->buf.len, (const char *)codec->buf.data);
	}
}

/* Encodes one value called x and compares all bytes, then reads it back. */
static void expect_bytes(struct fdbg_value value, const void *bytes, size_t len)
{
	struct codec codec = new_codec();
	struct fdbg_named_value named = { T("x"), value };

	round_trip(&codec, &named, 1);
	if (codec.buf.len != len || memcmp(codec.buf.data, bytes, len))
		fail_msg("%.*s", (int)codec.buf.len, (const char *)codec.buf.data);
	end_codec(&codec);
}

#define EXPECT(value, literal) expect_bytes((struct fdbg_value)value, literal, sizeof(literal) - 1)

#define X "\" x\"name "
#define P32(c) "\" i32\"# \4\0\0\0" c "\0\0\0 prim"
#define ADDR(c) "# \10\0\0\0" c "\20\0\0\0\0\0\0"

static void every_kind_has_its_words(void **state)
{
	static struct fdbg_value items[] = { I32(1), I32(2) };
	static struct fdbg_field fields[] = { { T("a"), I32(1) }, { T("b"), { .kind = FDBG_VALUE_UNIT } } };
	static struct fdbg_text variants[] = { T("None"), T("Some") };
	static struct fdbg_value seven = I32(7), inner = REF(FDBG_REF_BOX, 0x1002, &seven);

	(void)state;
	EXPECT(I32(42), X "\" i32\"# \4\0\0\0*\0\0\0 prim ");
	EXPECT(PRIM(FDBG_PRIM_BOOL, 1), X "\" bool\"# \1\0\0\0\1 prim ");
	EXPECT(PRIM(FDBG_PRIM_I128, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16),
	       X "\" i128\"# \20\0\0\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20 prim ");
	EXPECT(PRIM(FDBG_PRIM_CHAR, 0xe1, 0xf7, 1), X "\" char\"# \4\0\0\0\xe1\xf7\1\0 prim ");
	expect_bytes((struct fdbg_value){ .kind = FDBG_VALUE_BYTES, .bytes = { T("[u8; 3]"), (uint8_t *)"\1\"\xff", 3 } },
		     X "\" [u8; 3]\"# \3\0\0\0\1\"\xff" "bytes ", sizeof(X "\" [u8; 3]\"# \3\0\0\0\1\"\xff" "bytes ") - 1);
	expect_bytes((struct fdbg_value){ .kind = FDBG_VALUE_STR, .str = T("p.png") },
		     X "# \5\0\0\0p.pngstrlit ", sizeof(X "# \5\0\0\0p.pngstrlit ") - 1);
	for (enum fdbg_array_kind kind = FDBG_ARRAY_ARR; kind <= FDBG_ARRAY_SLICE; kind++) {
		static const char *const words[] = { "arr", "vec", "slice" };
		char bytes[128];
		size_t len = sizeof(X P32("\1") " " P32("\2") " 2 ") - 1;

		memcpy(bytes, X P32("\1") " " P32("\2") " 2 ", len);
		len += (size_t)sprintf(bytes + len, "%s ", words[kind]);
		expect_bytes((struct fdbg_value){ .kind = FDBG_VALUE_ARRAY, .array = { kind, items, 2 } }, bytes, len);
	}
	expect_bytes((struct fdbg_value){ .kind = FDBG_VALUE_ARRAY, .array = { FDBG_ARRAY_VEC, NULL, 0 } },
		     X "0 vec ", sizeof(X "0 vec ") - 1);
	EXPECT(STRUCT("m::S", fields), X "\" a\"" P32("\1") " \" b\"unit 2 \" m::S\"struct ");
	expect_bytes((struct fdbg_value){ .kind = FDBG_VALUE_ENUM, .enumeration = { T("m::Color"), T("Red") } },
		     X "\" m::Color\"\" Red\"enum ", sizeof(X "\" m::Color\"\" Red\"enum ") - 1);
	expect_bytes((struct fdbg_value){ .kind = FDBG_VALUE_VARIANT,
					  .variant = { T("core::option::Option<i32>"), variants, 2, 1, fields, 1 } },
		     X "\" a\"" P32("\1") " 1 1 \" core::option::Option<i32>\"\" None\"\" Some\"2 union_decl ",
		     sizeof(X "\" a\"" P32("\1") " 1 1 \" core::option::Option<i32>\"\" None\"\" Some\"2 union_decl ") - 1);
	EXPECT({ .kind = FDBG_VALUE_UNIT }, X "unit ");
	EXPECT({ 0 }, X "opaque ");
	EXPECT(REF(FDBG_REF_PTR, 0x1003, NULL), X "\" ptr\"" ADDR("\3") "ref ");
	/* The environment, the deepest first. */
	EXPECT(REF(FDBG_REF_REF, 0x1001, &inner),
	       X ADDR("\2") P32("\7") " setenv " ADDR("\1") "\" Box\"" ADDR("\2") "ref setenv \" ref\"" ADDR("\1") "ref ");
	/* What the format has no form for (doc/stream.md). */
	expect_bytes(fdbg_value_optimized_out(), X "0 \" <optimized out>\"struct ",
		     sizeof(X "0 \" <optimized out>\"struct ") - 1);
	expect_bytes((struct fdbg_value){ .kind = FDBG_VALUE_STR, .cut = true, .total = 0x10203, .str = T("ab") },
		     X "\" value\"# \2\0\0\0abstrlit \" len\"\" usize\"# \10\0\0\0\3\2\1\0\0\0\0\0 prim 2 \" …\"struct ",
		     sizeof(X "\" value\"# \2\0\0\0abstrlit \" len\"\" usize\"# \10\0\0\0\3\2\1\0\0\0\0\0 prim 2 \" …\"struct ") - 1);
}

static void names_are_made_fit(void **state)
{
	struct codec codec = new_codec();
	struct fdbg_named_value named = { T("f(\"a b\")\xff\xc3\xa4"), { .kind = FDBG_VALUE_UNIT } };

	(void)state;
	encode(&codec, &named, 1);
	ok(decode(&codec, codec.buf.data, codec.buf.len));
	assert_int_equal(codec.n_values, 1);
	assert_true(fdbg_text_is(codec.values[0].name, "f('a b')?\xc3\xa4"));
	assert_true(fdbg_utf8_valid(T("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x8d\x83\xf4\x8f\xbf\xbf")));
	assert_false(fdbg_utf8_valid(T("\xc0\x80")));
	assert_false(fdbg_utf8_valid(T("\xed\xa0\x80")));
	assert_false(fdbg_utf8_valid(T("\xf4\x90\x80\x80")));
	assert_false(fdbg_utf8_valid(T("\xe2\x82")));
	/* Around what is looked at in one go. */
	assert_true(fdbg_utf8_valid(T("12345678")));
	assert_true(fdbg_utf8_valid(T("1234567\xc3\xa4" "0123456789\xc3\xa4")));
	assert_false(fdbg_utf8_valid(T("12345678\xff")));
	assert_false(fdbg_utf8_valid(T("1234567\xff")));
	assert_false(fdbg_utf8_valid(T("0123456789012\xc3")));
	assert_false(fdbg_utf8_valid(T("\xa4" "01234567")));
	end_codec(&codec);
}

/* --- references --- */

static bool has_address(const struct fdbg_buf *buf, uint64_t address)
{
	return memmem(buf->data, buf->len, &address, 8);
}

static size_t count(const struct fdbg_buf *buf, const char *word)
{
	size_t n = 0;

	for (const uint8_t *at = buf->data; (at = memmem(at, buf->len - (size_t)(at - buf->data), word, strlen(word))); at++)
		n++;
	return n;
}

static void equal_addresses_are_told_apart(void **state)
{
	/* &outer and &outer.first: one address, two values; and each of them twice. */
	struct fdbg_value first = I32(7), first_again = I32(7);
	struct fdbg_field outer_fields[] = { { T("first"), I32(7) }, { T("second"), I32(8) } };
	struct fdbg_value outer = STRUCT("m::Outer", outer_fields);
	struct fdbg_field fields[] = {
		{ T("a"), REF(FDBG_REF_REF, 0x7fff00001000, &outer) }, { T("b"), REF(FDBG_REF_REF, 0x7fff00001000, &first) },
		{ T("c"), REF(FDBG_REF_PTR, 0x7fff00001000, &outer) },
		{ T("d"), REF(FDBG_REF_BOX, 0x7fff00001000, &first_again) },
		/* Not followed: it must not be taken for any of the others. */
		{ T("e"), REF(FDBG_REF_PTR, 0x7fff00001000, NULL) },
	};
	struct fdbg_named_value named[] = { { T("x"), STRUCT("m::S", fields) },
					    { T("y"), REF(FDBG_REF_REF, 0x7fff00001000, NULL) },
					    { T("z"), REF(FDBG_REF_REF, 0x7fff00001000, &first) } };
	struct codec codec = new_codec();

	(void)state;
	round_trip(&codec, named, 1);
	assert_int_equal(count(&codec.buf, "setenv"), 2);
	assert_true(has_address(&codec.buf, 0x80007fff00001000));
	assert_true(has_address(&codec.buf, 0x81007fff00001000));
	assert_false(has_address(&codec.buf, 0x82007fff00001000));
	/*
	 * Other values of the event have environments of their own, but the entries of the first are still
	 * there.
	 */
	round_trip(&codec, named, 3);
	assert_int_equal(count(&codec.buf, "setenv"), 3);
	/* In the next event they are not. */
	round_trip(&codec, &named[1], 1);
	assert_false(has_address(&codec.buf, 0x80007fff00001000));
	end_codec(&codec);
}

static void an_inner_reference_to_the_same_address(void **state)
{
	/*
	 * A struct whose first field points to the struct's own first field: the entry within gets there
	 * first.
	 */
	struct fdbg_value target = I32(3);
	struct fdbg_field fields[] = { { T("p"), REF(FDBG_REF_PTR, 0x1000, &target) } };
	struct fdbg_value outer = STRUCT("m::Own", fields);
	struct fdbg_named_value named = { T("x"), REF(FDBG_REF_REF, 0x1000, &outer) };
	struct codec codec = new_codec();

	(void)state;
	round_trip(&codec, &named, 1);
	assert_int_equal(count(&codec.buf, "setenv"), 2);
	end_codec(&codec);
}

static void more_collisions_than_aliases(void **state)
{
	enum { N = 200 };
	static struct fdbg_value targets[N], items[N];
	struct fdbg_named_value named = { T("x"), { .kind = FDBG_VALUE_ARRAY, .array = { FDBG_ARRAY_VEC, items, N } } };
	struct codec codec = new_codec();

	(void)state;
	for (size_t i = 0; i < N; i++) {
		targets[i] = (struct fdbg_value)I32((uint8_t)i);
		items[i] = (struct fdbg_value)REF(FDBG_REF_REF, 0x5000, &targets[i]);
	}
	encode(&codec, &named, 1);
	ok(decode(&codec, codec.buf.data, codec.buf.len));
	for (size_t i = 0; i < N; i++) {
		const struct fdbg_value *item = &codec.values[0].value.array.items[i];

		/* One address and 128 aliases; the others are not shown rather than shown wrong. */
		if (i < 129)
			assert_true(same(item, &items[i]));
		else
			assert_int_equal(item->kind, FDBG_VALUE_OPAQUE);
	}
	end_codec(&codec);
}

static unsigned depth_of(const struct fdbg_value *value)
{
	unsigned depth = 0;

	while (value) {
		depth++;
		if (value->kind == FDBG_VALUE_REF)
			value = value->ref.target;
		else
			value = value->kind == FDBG_VALUE_STRUCT && value->record.n_fields ? &value->record.fields[0].value
											   : NULL;
	}
	return depth;
}

static size_t nodes_of(const struct fdbg_value *value)
{
	size_t n = 1;

	if (value->kind == FDBG_VALUE_REF && value->ref.target)
		n += nodes_of(value->ref.target);
	for (size_t i = 0; value->kind == FDBG_VALUE_STRUCT && i < value->record.n_fields; i++)
		n += nodes_of(&value->record.fields[i].value);
	return n;
}

static void a_shared_target_is_written_once(void **state)
{
	struct fdbg_value leaf = I32(1), pairs[40];
	struct fdbg_field fields[40][2];
	struct fdbg_named_value named = { .name = T("x") };
	struct codec codec = new_codec();

	(void)state;
	/* Each level refers to the one below twice: 2^40 paths, 41 values. */
	for (size_t i = 0; i < 40; i++) {
		struct fdbg_value ref = REF(FDBG_REF_REF, 0x1000 + 16 * i, i ? &pairs[i - 1] : &leaf);

		fields[i][0] = (struct fdbg_field){ T("0"), ref };
		fields[i][1] = (struct fdbg_field){ T("1"), ref };
		pairs[i] = (struct fdbg_value)STRUCT("(&T, &T)", fields[i]);
	}
	named.value = pairs[39];
	encode(&codec, &named, 1);
	assert_int_equal(count(&codec.buf, "setenv"), 40);
	/* Nobody could print that: the reader leaves references without target where it gets too large. */
	ok(decode(&codec, codec.buf.data, codec.buf.len));
	assert_in_range(depth_of(&codec.values[0].value), 3, 60);
	assert_in_range(nodes_of(&codec.values[0].value), 40, 2 * FDBG_VALUE_EXPANDED_MAX);
	named.value = pairs[15];
	round_trip(&codec, &named, 1);
	assert_int_equal(nodes_of(&codec.values[0].value), (4u << 16) - 3);
	end_codec(&codec);
}

/* --- depth --- */

static void deep_values_are_cut(void **state)
{
	enum { N = 100000 };
	struct fdbg_value *values = calloc(N, sizeof(*values));
	struct fdbg_field *fields = calloc(N, sizeof(*fields));
	struct fdbg_named_value named = { .name = T("x") };
	struct codec codec = new_codec();

	(void)state;
	/* A list of boxes: each level is two. */
	for (size_t i = 1; i < N; i++) {
		fields[i] = (struct fdbg_field){ T("next"), REF(FDBG_REF_BOX, 0x1000 + 16 * i, &values[i - 1]) };
		values[i] = (struct fdbg_value){ .kind = FDBG_VALUE_STRUCT, .record = { T("m::Node"), &fields[i], 1 } };
	}
	named.value = values[N - 1];
	encode(&codec, &named, 1);
	ok(decode(&codec, codec.buf.data, codec.buf.len));
	assert_in_range(depth_of(&codec.values[0].value), FDBG_VALUE_DEPTH_MAX - 2, FDBG_VALUE_DEPTH_MAX);
	named.value = values[FDBG_VALUE_DEPTH_MAX / 2 - 2];
	round_trip(&codec, &named, 1);
	/* Structs in structs. */
	for (size_t i = 1; i < N; i++) {
		fields[i] = (struct fdbg_field){ T("in"), values[i - 1] };
		values[i] = (struct fdbg_value){ .kind = FDBG_VALUE_STRUCT, .record = { T("m::In"), &fields[i], 1 } };
	}
	named.value = values[N - 1];
	encode(&codec, &named, 1);
	ok(decode(&codec, codec.buf.data, codec.buf.len));
	assert_int_equal(depth_of(&codec.values[0].value), FDBG_VALUE_DEPTH_MAX);
	named.value = values[FDBG_VALUE_DEPTH_MAX - 2];
	round_trip(&codec, &named, 1);
	/* A cycle, which should not be, ends. */
	fields[1].value = (struct fdbg_value)REF(FDBG_REF_PTR, 0x9000, &values[1]);
	named.value = fields[1].value;
	encode(&codec, &named, 1);
	ok(decode(&codec, codec.buf.data, codec.buf.len));
	assert_int_equal(depth_of(&codec.values[0].value), 3);
	/* What others wrote deeper than we would. */
	fdbg_buf_clear(&codec.buf);
	fdbg_buf_string(&codec.buf, X);
	for (size_t i = 0; i < N; i++)
		fdbg_buf_string(&codec.buf, "\" in\"");
	fdbg_buf_string(&codec.buf, "unit ");
	for (size_t i = 0; i < N; i++)
		fdbg_buf_string(&codec.buf, "1 \" S\"struct ");
	ok(decode(&codec, codec.buf.data, codec.buf.len));
	assert_in_range(depth_of(&codec.values[0].value), 2, FDBG_VALUE_DEPTH_MAX);
	free(values);
	free(fields);
	end_codec(&codec);
}

/* Shared entries that are reached at a small depth first could add up to any depth. */
static void shared_entries_do_not_add_up_to_more_depth(void **state)
{
	enum { N = 40, LONG = 1000 };
	struct fdbg_value *tops = calloc(N, sizeof(*tops)), *items = calloc(N, sizeof(*items));
	struct fdbg_field *fields = calloc((size_t)N * LONG, sizeof(*fields));
	struct fdbg_named_value named = { T("x"), { .kind = FDBG_VALUE_ARRAY, .array = { FDBG_ARRAY_VEC, items, N } } };
	struct codec codec = new_codec();
	unsigned highest = 0;

	(void)state;
	for (size_t i = 0; i < N; i++) {
		struct fdbg_value value = { .kind = FDBG_VALUE_UNIT };

		if (i)
			value = (struct fdbg_value)REF(FDBG_REF_REF, 0x1000 + i - 1, &tops[i - 1]);
		for (size_t k = 0; k < LONG; k++) {
			fields[i * LONG + k] = (struct fdbg_field){ T("f"), value };
			value = (struct fdbg_value){ .kind = FDBG_VALUE_STRUCT,
						     .record = { T("S"), &fields[i * LONG + k], 1 } };
		}
		tops[i] = value;
		items[i] = (struct fdbg_value)REF(FDBG_REF_REF, 0x1000 + i, &tops[i]);
	}
	encode(&codec, &named, 1);
	ok(decode(&codec, codec.buf.data, codec.buf.len));
	assert_int_equal(codec.values[0].value.kind, FDBG_VALUE_ARRAY);
	for (size_t i = 0; i < N; i++) {
		unsigned depth = depth_of(&codec.values[0].value.array.items[i]);

		assert_int_equal(codec.values[0].value.array.items[i].kind, FDBG_VALUE_REF);
		highest = depth > highest ? depth : highest;
	}
	assert_in_range(highest, LONG, FDBG_VALUE_DEPTH_MAX);
	free(tops);
	free(items);
	free(fields);
	end_codec(&codec);
}

/* --- generated trees --- */

struct generator {
	uint64_t random;
	struct fdbg_arena arena;
	struct fdbg_value *targets[64]; /* to share */
	uint64_t addresses[64];
	size_t n_targets;
};

static uint32_t pick(struct generator *generator, uint32_t n)
{
	generator->random = generator->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(generator->random >> 33) % n;
}

static struct fdbg_text some_text(struct generator *generator)
{
	static const char *const texts[] = { "", "a", "0", "alloc::vec::Vec<i32>", "unit ", "# ", "m\xc3\xbcsli", "<>",
					     "&dyn core::fmt::Debug", "12 ", "setenv ", "…" };

	return fdbg_text_from(texts[pick(generator, 12)]);
}

static struct fdbg_value some_value(struct generator *generator, unsigned depth);

static struct fdbg_field *some_fields(struct generator *generator, size_t n, unsigned depth)
{
	struct fdbg_field *fields = fdbg_arena_array(&generator->arena, n, sizeof(*fields));

	for (size_t i = 0; i < n; i++)
		fields[i] = (struct fdbg_field){ some_text(generator), some_value(generator, depth) };
	return fields;
}

static struct fdbg_value some_value(struct generator *generator, unsigned depth)
{
	struct fdbg_value value = { .kind = pick(generator, depth < 6 ? 10 : 6) };
	size_t n = 1 + pick(generator, 5);
	struct fdbg_text *variants;
	uint8_t *data;

	if (depth >= 6 && value.kind == FDBG_VALUE_ARRAY)
		n = 0;
	switch (value.kind) {
	case FDBG_VALUE_OPAQUE:
		value.opaque.optimized_out = pick(generator, 2);
		break;
	case FDBG_VALUE_UNIT:
		break;
	case FDBG_VALUE_PRIM:
		value.prim.prim = pick(generator, FDBG_N_PRIMS);
		for (size_t i = 0; i < fdbg_prim_size(value.prim.prim); i++)
			value.prim.bytes[i] = (uint8_t)pick(generator, 256);
		break;
	case FDBG_VALUE_BYTES:
	case FDBG_VALUE_STR:
		data = fdbg_arena_alloc(&generator->arena, n + 1);
		for (size_t i = 0; i < n; i++)
			data[i] = pick(generator, 4) ? (uint8_t)pick(generator, 256) : (uint8_t)"\"# \0"[pick(generator, 4)];
		if (value.kind == FDBG_VALUE_STR)
			value.str = (struct fdbg_text){ (char *)data, n };
		else
			value.bytes.type = some_text(generator), value.bytes.data = data, value.bytes.len = n;
		value.cut = pick(generator, 4) == 0;
		value.total = value.cut ? generator->random : 0;
		break;
	case FDBG_VALUE_ARRAY:
		value.array.kind = pick(generator, 3);
		value.array.items = fdbg_arena_array(&generator->arena, n, sizeof(value));
		value.array.n_items = n;
		for (size_t i = 0; i < n; i++)
			value.array.items[i] = some_value(generator, depth + 1);
		value.cut = pick(generator, 4) == 0;
		value.total = value.cut ? 1000 : 0;
		break;
	case FDBG_VALUE_REF:
		value.ref.kind = pick(generator, 3);
		if (generator->n_targets && pick(generator, 3) == 0) {
			n = pick(generator, (uint32_t)generator->n_targets);
			value.ref.target = generator->targets[n];
			value.ref.address = generator->addresses[n];
			break;
		}
		/* Few addresses, so that they collide. */
		value.ref.address = 0x7f0000000000 + pick(generator, 8);
		if (pick(generator, 4) == 0)
			break;
		value.ref.target = fdbg_arena_new(&generator->arena, struct fdbg_value);
		*value.ref.target = some_value(generator, depth + 1);
		if (generator->n_targets < 64) {
			generator->targets[generator->n_targets] = value.ref.target;
			generator->addresses[generator->n_targets++] = value.ref.address;
		}
		break;
	case FDBG_VALUE_STRUCT:
		value.record.type = T("m::S");
		value.record.fields = some_fields(generator, n, depth + 1);
		value.record.n_fields = n;
		break;
	case FDBG_VALUE_ENUM:
		value.enumeration.type = some_text(generator);
		value.enumeration.variant = some_text(generator);
		break;
	case FDBG_VALUE_VARIANT:
		variants = fdbg_arena_array(&generator->arena, n + 1, sizeof(*variants));
		for (size_t i = 0; i <= n; i++)
			variants[i] = some_text(generator);
		value.variant.type = some_text(generator);
		value.variant.variants = variants;
		value.variant.n_variants = n + 1;
		value.variant.index = pick(generator, (uint32_t)n + 1);
		value.variant.n_fields = pick(generator, 4);
		value.variant.fields = some_fields(generator, value.variant.n_fields, depth + 1);
		break;
	}
	return value;
}

static void generated_trees_come_back(void **state)
{
	struct generator generator = { 0 };
	struct codec codec = new_codec();
	size_t n_aliased = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 3000; seed++) {
		struct fdbg_named_value named[3];

		generator.random = seed;
		generator.n_targets = 0;
		fdbg_arena_reset(&generator.arena);
		for (size_t i = 0; i < 3; i++) {
			struct fdbg_value *items = fdbg_arena_array(&generator.arena, 4, sizeof(*items));

			for (size_t k = 0; k < 4; k++)
				items[k] = some_value(&generator, 1);
			named[i] = (struct fdbg_named_value){
				some_text(&generator),
				{ .kind = FDBG_VALUE_ARRAY, .array = { FDBG_ARRAY_ARR, items, seed % 5 } } };
		}
		round_trip(&codec, named, 3);
		n_aliased += has_address(&codec.buf, 0x80007f0000000000 + seed % 8);
		/* What is cut anywhere is refused or short, and never read beyond. */
		for (size_t len = 0; seed <= 100 && len < codec.buf.len; len++) {
			uint8_t *copy = malloc(len + 1);

			memcpy(copy, codec.buf.data, len);
			fdbg_error_destroy(decode(&codec, copy, len));
			free(copy);
		}
	}
	assert_true(n_aliased > 20);
	fdbg_arena_deinit(&generator.arena);
	end_codec(&codec);
}

static void the_steady_state_allocates_nothing(void **state)
{
	struct generator generator = { 0 };
	struct codec codec = new_codec();
	struct fdbg_named_value named[8];
	size_t before;

	(void)state;
	generator.random = 5;
	for (size_t i = 0; i < 8; i++) {
		do
			named[i] = (struct fdbg_named_value){ some_text(&generator), some_value(&generator, 0) };
		while (named[i].value.kind != (i % 2 ? FDBG_VALUE_STRUCT : FDBG_VALUE_REF));
	}
	encode(&codec, named, 8);
	assert_true(count(&codec.buf, "setenv") > 3);
	before = n_allocations;
	assert_true(before > 0);
	for (int i = 0; i < 1000; i++)
		encode(&codec, named, 8);
	assert_int_equal(n_allocations, before);
	fdbg_arena_deinit(&generator.arena);
	end_codec(&codec);
}

/* --- what others write --- */

static void malformed_values_are_refused(void **state)
{
#define CASE(literal) { literal, sizeof(literal) - 1 }
	static const struct {
		const char *data;
		size_t len;
	} cases[] = {
		CASE("name unit "), CASE(X), CASE(X "unit unit "), CASE("unit "), CASE("\" x\""), CASE("1 "), CASE(X "unit 1 "),
		CASE(X "unit \" y\"name 2 arr "), CASE(X "18446744073709551615 arr "), CASE(X "18446744073709551616 arr "),
		CASE(X "99999999 vec "), CASE(X "unit 2 slice "), CASE(X "1x arr "), CASE(X "1 \" t\"struct "),
		CASE(X "unit 1 \" t\"struct "), CASE(X "\" f\"unit 2 \" t\"struct "), CASE(X "4294967296 \" t\"struct "),
		CASE(X "\" t\"struct "), CASE(X "\" i32\"# \3\0\0\0abc prim "), CASE(X "\" i32\"# \xff\xff\xff\xff" "abc prim "),
		CASE(X "\" i33\"# \4\0\0\0abcd prim "), CASE(X "# \4\0\0\0abcd prim "), CASE(X "\" i32\" prim "),
		CASE(X "# \4\0\0"), CASE(X "#"), CASE(X "# "), CASE(X "\""), CASE(X "\" "), CASE(X "\"x\"name "),
		CASE(X "\" bool\"# \0\0\0\0 prim "), CASE(X "\" u128\"# \10\0\0\0abcdefgh prim "),
		CASE(X "\" t\"enum "), CASE(X "0 0 \" t\"0 union_decl "), CASE(X "0 2 \" t\"\" A\"\" B\"2 union_decl "),
		CASE(X "0 0 \" t\"\" A\"99 union_decl "), CASE(X "1 0 \" t\"\" A\"1 union_decl "), CASE(X "0 \" t\"\" A\"1 union_decl "),
		CASE(X "\" rif\"# \10\0\0\0abcdefghref "), CASE(X "# \10\0\0\0abcdefghref "), CASE(X "\" ref\"# \7\0\0\0abcdefgref "),
		CASE(X "unit setenv unit "), CASE(X "# \10\0\0\0abcdefghsetenv unit "), CASE(X "strlit "), CASE(X "bytes "),
		CASE(X "\" y\"name unit "), CASE(X "unit\n"), CASE(X "Unit "), CASE(X "units "), CASE(X "\xff "), CASE(X "-1 arr "),
		CASE(X "unit \" y\"name # \10\0\0\0abcdefghsetenv "), CASE("\" q\"" X "unit "),
	};
	struct codec codec = new_codec();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t *copy = malloc(cases[i].len); /* so that reads behind the end are seen */
		struct fdbg_error *err;

		memcpy(copy, cases[i].data, cases[i].len);
		err = decode(&codec, copy, cases[i].len);
		if (!fdbg_error_is(err, FDBG_ERROR_FORMAT))
			fail_msg("%s", cases[i].data);
		assert_non_null(strstr(err->message, " at byte "));
		fdbg_error_destroy(err);
		free(copy);
	}
	ok(decode(&codec, "", 0));
	assert_int_equal(codec.n_values, 0);
	end_codec(&codec);
}

static void other_writers_are_understood(void **state)
{
	struct codec codec = new_codec();
	/* An environment that is written once an event; 32-bit sizes; no space at the end. */
	static const char bytes[] = X ADDR("\1") P32("\7") " setenv \" ref\"" ADDR("\1") "ref \" y\"name \" Box\"" ADDR("\1")
		"ref \" z\"name \" usize\"# \4\0\0\0\xff\xff\xff\xff prim \" w\"name \" isize\"# \4\0\0\0\xfe\xff\xff\xff prim";

	(void)state;
	ok(decode(&codec, bytes, sizeof(bytes) - 1));
	assert_int_equal(codec.n_values, 4);
	assert_int_equal(codec.values[1].value.ref.kind, FDBG_REF_BOX);
	assert_non_null(codec.values[1].value.ref.target);
	assert_int_equal(codec.values[1].value.ref.target->prim.bytes[0], 7);
	assert_memory_equal(codec.values[2].value.prim.bytes, "\xff\xff\xff\xff\0\0\0\0", 8);
	assert_memory_equal(codec.values[3].value.prim.bytes, "\xfe\xff\xff\xff\xff\xff\xff\xff", 8);
	/*
	 * A `…` of somebody else's is a struct like any other; an alias without its address proper is an
	 * address.
	 */
	ok(decode(&codec, X "\" value\"unit \" len\"unit 2 \" …\"struct ", sizeof(X "\" value\"unit \" len\"unit 2 \" …\"struct ") - 1));
	assert_int_equal(codec.values[0].value.kind, FDBG_VALUE_STRUCT);
	ok(decode(&codec, X "\" ptr\"# \10\0\0\0\1\0\0\0\0\0\0\x80ref ", sizeof(X "\" ptr\"# \10\0\0\0\1\0\0\0\0\0\0\x80ref ") - 1));
	assert_int_equal(codec.values[0].value.ref.address, 0x8000000000000001);
	end_codec(&codec);
}

/*
 * Encoding what was decoded gives the same bytes, which says that both have the form that the format's own
 * tools write.
 */
static void samples_come_back_byte_for_byte(void **state)
{
	static const char *const names[] = {
		"bubble-code-1700244300923", "fibonacci-test_test_fib_5-1706725623452", "fizzbuzz-multithread-1719701961496",
		"longest-common-subseq-test_test_lcs_1-1706727198456", "mergesort-1701948406955", "quicksort-1701936007682",
		"roll_dice-1701936167104", "sudoku-tests_test_sudoku_correct-1699519671352",
	};
	const char *srcdir = getenv("srcdir");
	struct codec codec = new_codec();
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct fdbg_message *message;
		struct fdbg_reader *reader;
		struct fdbg_error *err;
		char path[512];

		snprintf(path, sizeof(path), "%s/tests/samples/%s.firedbg.ss", srcdir ? srcdir : ".", names[i]);
		ok(fdbg_reader_open(path, &reader));
		while (!(err = fdbg_reader_next(reader, &message))) {
			if (message->stream != FDBG_STREAM_EVENT)
				continue;
			fdbg_buf_clear(&codec.buf);
			ok(fdbg_content_put_event(&codec.buf, codec.encoder, &message->event));
			if (codec.buf.len != message->payload_len ||
			    memcmp(codec.buf.data, message->payload, codec.buf.len))
				fail_msg("%s at %llu: %.*s\nbecame %.*s", names[i], (unsigned long long)message->offset,
					 (int)message->payload_len, (const char *)message->payload, (int)codec.buf.len,
					 (const char *)codec.buf.data);
			n++;
		}
		assert_int_equal(err->code, FDBG_ERROR_END);
		fdbg_error_destroy(err);
		fdbg_reader_close(reader);
	}
	assert_int_equal(n, 44 + 26 + 271 + 95 + 42 + 51 + 36 + 78);
	end_codec(&codec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_has_its_words),
		cmocka_unit_test(names_are_made_fit),
		cmocka_unit_test(equal_addresses_are_told_apart),
		cmocka_unit_test(an_inner_reference_to_the_same_address),
		cmocka_unit_test(more_collisions_than_aliases),
		cmocka_unit_test(a_shared_target_is_written_once),
		cmocka_unit_test(deep_values_are_cut),
		cmocka_unit_test(shared_entries_do_not_add_up_to_more_depth),
		cmocka_unit_test(generated_trees_come_back),
		cmocka_unit_test(the_steady_state_allocates_nothing),
		cmocka_unit_test(malformed_values_are_refused),
		cmocka_unit_test(other_writers_are_understood),
		cmocka_unit_test(samples_come_back_byte_for_byte),
	};

	return cmocka_run_group_tests_name("encode", tests, NULL, NULL);
}
