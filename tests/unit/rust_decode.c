/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The decoder over types and memory made by hand: validity, limits, cycles, sharing. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rust/decode.h"

#define BASE(text, bytes, code) \
	{ .kind = FDBG_TYPE_BASE, .name = FDBG_TEXT(text), .size = bytes, .align = bytes, .encoding = code }
#define REF(of) { .die = 1, .type = &of }
#define FIELD(label, of, at) { .name = FDBG_TEXT(label), .offset = at, .type = REF(of) }
#define STRUCT(text, bytes, list)                                                                            \
	{                                                                                                    \
		.kind = FDBG_TYPE_STRUCT, .name = FDBG_TEXT(text), .size = bytes, .align = 8,                \
		.align_known = true, .members = list, .n_members = sizeof(list) / sizeof((list)[0])          \
	}

static struct fdbg_type u8_type = BASE("u8", 1, FDBG_ENCODING_UNSIGNED);
static struct fdbg_type i8_type = BASE("i8", 1, FDBG_ENCODING_SIGNED);
static struct fdbg_type u32_type = BASE("u32", 4, FDBG_ENCODING_UNSIGNED);
static struct fdbg_type usize_type = BASE("usize", 8, FDBG_ENCODING_UNSIGNED);
static struct fdbg_type u128_type = BASE("u128", 16, FDBG_ENCODING_UNSIGNED);
static struct fdbg_type bool_type = BASE("bool", 1, FDBG_ENCODING_BOOL);
static struct fdbg_type char_type = BASE("char", 4, FDBG_ENCODING_CHAR);
static struct fdbg_type never_type = BASE("!", 0, FDBG_ENCODING_NONE);
static struct fdbg_type u8_pointer = {
	.kind = FDBG_TYPE_POINTER, .size = 8, .align = 8, .target = REF(u8_type)
};
static struct fdbg_type u32_pointer = {
	.kind = FDBG_TYPE_POINTER, .size = 8, .align = 8, .target = REF(u32_type)
};

/* Target memory: one piece, and faults everywhere else. */
#define MEMORY 0x10000u
static uint8_t memory[4096];
static size_t n_fetches, n_wanted;

static struct fdbg_error *fetch(void *context, struct fdbg_memview_want *wants, size_t n_wants)
{
	(void)context;
	n_fetches++;
	n_wanted += n_wants;
	for (size_t i = 0; i < n_wants; i++) {
		uint64_t offset = wants[i].address - MEMORY;

		wants[i].done = offset < sizeof(memory) && wants[i].size <= sizeof(memory) - offset;
		if (wants[i].done)
			memcpy(wants[i].bytes, memory + offset, wants[i].size);
	}
	return NULL;
}

static void put(size_t at, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		memory[at + i] = (uint8_t)(value >> 8 * i);
}

struct fixture {
	struct fdbg_decoder *decoder;
	struct fdbg_arena arena;
	struct fdbg_memview view;
	struct fdbg_value value;
};

static int setup(void **state)
{
	static const struct fdbg_decode_limits limits = { .max_array = 4,
							  .deref_limit = 3,
							  .max_values = 1000 };
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_null(fdbg_decoder_create(NULL, &limits, &fixture->decoder));
	fixture->view = (struct fdbg_memview){ .arena = &fixture->arena, .fetch = fetch };
	memset(memory, 0, sizeof(memory));
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	fdbg_decoder_destroy(fixture->decoder);
	fdbg_arena_deinit(&fixture->arena);
	free(fixture);
	return 0;
}

/* Decodes the object at MEMORY + at. */
static const struct fdbg_value *decode(struct fixture *fixture, struct fdbg_type *type, size_t at)
{
	fdbg_arena_reset(&fixture->arena);
	fdbg_memview_reset(&fixture->view);
	n_fetches = n_wanted = 0;
	fdbg_decoder_begin(fixture->decoder, &fixture->arena, &fixture->view);
	fdbg_decoder_add_memory(fixture->decoder, type, MEMORY + at, &fixture->value);
	assert_null(fdbg_decoder_run(fixture->decoder));
	return &fixture->value;
}

static void impossible_values_are_opaque(void **state)
{
	static struct fdbg_enumerator enumerators[] = { { FDBG_TEXT("Less"), 255, 0 },
							{ FDBG_TEXT("Equal"), 0, 0 } };
	static struct fdbg_type ordering = {
		.kind = FDBG_TYPE_ENUM,
		.name = FDBG_TEXT("core::cmp::Ordering"),
		.size = 1,
		.align = 1,
		.align_known = true,
		.target = REF(i8_type),
		.enumerators = enumerators,
		.n_enumerators = 2,
	};
	static struct fdbg_member outside[] = { FIELD("a", u32_type, 0), FIELD("b", usize_type, 4) };
	static struct fdbg_type broken = STRUCT("app::Broken", 8, outside);
	static struct fdbg_member round[1];
	static struct fdbg_type circle = STRUCT("app::Circle", 8, round);
	static struct fdbg_member either[] = { FIELD("flag", bool_type, 0), FIELD("word", u32_type, 0) };
	static struct fdbg_type overlay = {
		.kind = FDBG_TYPE_UNION,
		.name = FDBG_TEXT("app::Either"),
		.size = 4,
		.align = 4,
		.align_known = true,
		.members = either,
		.n_members = 2,
	};
	struct fixture *f = *state;

	round[0] = (struct fdbg_member)FIELD("me", circle, 0);
	put(0, 2, 1);
	assert_int_equal(decode(f, &bool_type, 0)->kind, FDBG_VALUE_OPAQUE);
	put(0, 0xd800, 4);
	assert_int_equal(decode(f, &char_type, 0)->kind, FDBG_VALUE_OPAQUE);
	put(0, 0x110000, 4);
	assert_int_equal(decode(f, &char_type, 0)->kind, FDBG_VALUE_OPAQUE);
	put(0, 0x10ffff, 4);
	assert_int_equal(decode(f, &char_type, 0)->kind, FDBG_VALUE_PRIM);
	assert_int_equal(decode(f, &never_type, 0)->kind, FDBG_VALUE_OPAQUE);

	put(0, 255, 1);
	assert_true(fdbg_text_is(decode(f, &ordering, 0)->enumeration.variant, "Less"));
	put(0, 3, 1);
	assert_int_equal(decode(f, &ordering, 0)->kind, FDBG_VALUE_OPAQUE);

	/* Only the part that is wrong is unreadable. */
	put(0, 77, 8);
	assert_int_equal(decode(f, &broken, 0)->kind, FDBG_VALUE_STRUCT);
	assert_int_equal(f->value.record.fields[0].value.kind, FDBG_VALUE_PRIM);
	assert_int_equal(f->value.record.fields[1].value.kind, FDBG_VALUE_OPAQUE);
	assert_int_equal(decode(f, &overlay, 0)->record.fields[0].value.kind, FDBG_VALUE_OPAQUE);
	assert_int_equal(f->value.record.fields[1].value.prim.bytes[0], 77);
	decode(f, &circle, 0);

	/* No memory there. */
	assert_int_equal(decode(f, &usize_type, sizeof(memory) - 4)->kind, FDBG_VALUE_OPAQUE);
}

static struct fdbg_member str_members[] = { FIELD("data_ptr", u8_pointer, 0),
					    FIELD("length", usize_type, 8) };
static struct fdbg_type str_type = STRUCT("&str", 16, str_members);

static void strings(void **state)
{
	struct fixture *f = *state;

	put(0, MEMORY + 64, 8);
	put(8, 3, 8);
	memcpy(memory + 64, "abc", 3);
	assert_int_equal(decode(f, &str_type, 0)->kind, FDBG_VALUE_STR);
	assert_true(fdbg_text_is(f->value.str, "abc") && !f->value.cut);
	/* Cut at the limit of 4, which falls into a character. */
	memcpy(memory + 64, "abc\xc3\xa9xyz", 8);
	put(8, 8, 8);
	decode(f, &str_type, 0);
	assert_true(fdbg_text_is(f->value.str, "abc") && f->value.cut && f->value.total == 8);
	/* A character that the string's own end cuts off is none. */
	put(8, 4, 8);
	assert_int_equal(decode(f, &str_type, 0)->kind, FDBG_VALUE_OPAQUE);
	memory[65] = 0xff;
	put(8, 3, 8);
	assert_int_equal(decode(f, &str_type, 0)->kind, FDBG_VALUE_OPAQUE);
	/* Empty ones dangle; null is no string; nor is a length beyond all memory. */
	put(0, 1, 8);
	put(8, 0, 8);
	assert_int_equal(decode(f, &str_type, 0)->kind, FDBG_VALUE_STR);
	put(0, 0, 8);
	assert_int_equal(decode(f, &str_type, 0)->kind, FDBG_VALUE_OPAQUE);
	put(0, MEMORY + 64, 8);
	put(8, UINT64_MAX, 8);
	assert_int_equal(decode(f, &str_type, 0)->kind, FDBG_VALUE_OPAQUE);
}

static struct fdbg_member vec_pointer[] = { FIELD("pointer", u32_pointer, 0) };
static struct fdbg_type unique_type = STRUCT("core::ptr::unique::Unique<u32>", 8, vec_pointer);
static struct fdbg_member raw_members[] = { FIELD("ptr", unique_type, 0), FIELD("cap", usize_type, 8) };
static struct fdbg_type raw_type =
	STRUCT("alloc::raw_vec::RawVec<u32, alloc::alloc::Global>", 16, raw_members);
static struct fdbg_member vec_members[] = { FIELD("buf", raw_type, 0), FIELD("len", usize_type, 16) };
static struct fdbg_template_param vec_params[] = { { FDBG_TEXT("T"), REF(u32_type) } };

static void vectors(void **state)
{
	static struct fdbg_type vec = {
		.kind = FDBG_TYPE_STRUCT,
		.name = FDBG_TEXT("alloc::vec::Vec<u32, alloc::alloc::Global>"),
		.size = 24,
		.align = 8,
		.align_known = true,
		.members = vec_members,
		.n_members = 2,
		.params = vec_params,
		.n_params = 1,
	};
	/* Somebody else's layout behind the known name. */
	static struct fdbg_member other_members[] = { FIELD("begin", usize_type, 0),
						      FIELD("len", usize_type, 8) };
	static struct fdbg_type other = STRUCT("alloc::vec::Vec<u32, other::Allocator>", 16, other_members);
	struct fixture *f = *state;

	put(0, MEMORY + 64, 8);
	put(8, 8, 8);
	put(16, 2, 8);
	put(64, 10, 4);
	put(68, 20, 4);
	assert_int_equal(decode(f, &vec, 0)->kind, FDBG_VALUE_ARRAY);
	assert_true(f->value.array.kind == FDBG_ARRAY_VEC && f->value.array.n_items == 2 && !f->value.cut);
	assert_int_equal(f->value.array.items[1].prim.bytes[0], 20);
	assert_int_equal(n_fetches, 2);
	put(16, 7, 8);
	decode(f, &vec, 0);
	assert_true(f->value.array.n_items == 4 && f->value.cut && f->value.total == 7);
	put(16, 9, 8);
	assert_int_equal(decode(f, &vec, 0)->kind, FDBG_VALUE_OPAQUE); /* len > cap */
	put(16, 2, 8);
	put(8, UINT64_MAX / 2, 8);
	assert_int_equal(decode(f, &vec, 0)->kind, FDBG_VALUE_OPAQUE); /* cap * size */
	put(8, 8, 8);
	put(0, MEMORY + 66, 8);
	assert_int_equal(decode(f, &vec, 0)->kind, FDBG_VALUE_OPAQUE); /* not aligned */
	put(0, 0x7000000, 8);
	assert_int_equal(decode(f, &vec, 0)->kind, FDBG_VALUE_OPAQUE); /* not there */
	assert_int_equal(decode(f, &other, 0)->kind, FDBG_VALUE_STRUCT);
}

static struct fdbg_type node_type;
static struct fdbg_type node_reference = {
	.kind = FDBG_TYPE_POINTER,
	.name = FDBG_TEXT("&app::Node"),
	.size = 8,
	.align = 8,
	.target = REF(node_type),
};
static struct fdbg_type node_raw = {
	.kind = FDBG_TYPE_POINTER,
	.name = FDBG_TEXT("*const app::Node"),
	.size = 8,
	.align = 8,
	.target = REF(node_type),
};
static struct fdbg_member node_members[] = { FIELD("left", node_reference, 0), FIELD("right", node_raw, 8) };
static struct fdbg_type node_type = STRUCT("app::Node", 16, node_members);

static const struct fdbg_value *field(const struct fdbg_value *value, size_t i)
{
	assert_int_equal(value->kind, FDBG_VALUE_STRUCT);
	return &value->record.fields[i].value;
}

static void references_end(void **state)
{
	struct fixture *f = *state;
	const struct fdbg_value *a, *b;

	/* A node that points to itself: the cycle is cut where it closes. */
	put(0, MEMORY, 8);
	a = field(decode(f, &node_type, 0), 0);
	assert_true(a->kind == FDBG_VALUE_REF && a->cut && !a->ref.target && a->ref.address == MEMORY);
	/* A raw null pointer is a value; a null reference is none. */
	assert_true(field(&f->value, 1)->kind == FDBG_VALUE_REF && !field(&f->value, 1)->cut);
	put(0, 0, 8);
	assert_int_equal(field(decode(f, &node_type, 0), 0)->kind, FDBG_VALUE_OPAQUE);
	/* A raw pointer to nowhere stays unresolved, a reference to nowhere has an unreadable target. */
	put(0, 0x7000000, 8);
	put(8, 0x7000000, 8);
	a = field(decode(f, &node_type, 0), 0);
	assert_true(a->ref.target && a->ref.target->kind == FDBG_VALUE_OPAQUE);

	/* Two pointers of one level to one object: decoded once. */
	put(0, MEMORY + 64, 8);
	put(8, MEMORY + 64, 8);
	put(64, MEMORY + 128, 8);
	put(128, MEMORY + 192, 8);
	put(192, MEMORY + 256, 8);
	put(256, MEMORY + 320, 8);
	a = field(decode(f, &node_type, 0), 0);
	b = field(&f->value, 1);
	assert_true(a->ref.kind == FDBG_REF_REF && b->ref.kind == FDBG_REF_PTR);
	assert_non_null(a->ref.target);
	assert_ptr_equal(a->ref.target, b->ref.target);
	/* Three levels are the limit. */
	a = field(a->ref.target, 0);
	a = field(a->ref.target, 0);
	assert_non_null(a->ref.target);
	a = field(a->ref.target, 0);
	assert_true(a->cut && !a->ref.target && a->ref.address == MEMORY + 256);
	assert_int_equal(n_fetches, 4);
	assert_int_equal(n_wanted, 4);
}

static struct fdbg_type empty_payload = {
	.kind = FDBG_TYPE_STRUCT, .name = FDBG_TEXT("None"), .size = 16, .align = 16
};
static struct fdbg_member some_members[] = { FIELD("__0", u128_type, 0) };
static struct fdbg_type some_payload = STRUCT("Some", 16, some_members);

static void wide_niche(void **state)
{
	static struct fdbg_variant variants[] = {
		{ .name = FDBG_TEXT("None"),
		  .has_value = true,
		  .value_low = 1,
		  .value_high = 2,
		  .type = REF(empty_payload) },
		{ .name = FDBG_TEXT("Some"), .type = REF(some_payload) },
	};
	static struct fdbg_type option = {
		.kind = FDBG_TYPE_VARIANTS,
		.name = FDBG_TEXT("core::option::Option<u128>"),
		.size = 16,
		.align = 16,
		.align_known = true,
		.has_discriminant = true,
		.discriminant = FIELD("", u128_type, 0),
		.variants = variants,
		.n_variants = 2,
	};
	struct fixture *f = *state;

	put(0, 1, 8);
	put(8, 2, 8);
	assert_int_equal(decode(f, &option, 0)->variant.index, 0);
	assert_int_equal(f->value.variant.n_fields, 0);
	put(8, 3, 8);
	assert_int_equal(decode(f, &option, 0)->variant.index, 1);
	assert_true(fdbg_text_is(f->value.variant.fields[0].name, "0"));
	variants[1].has_value = true;
	teardown(state);
	setup(state);
	f = *state;
	put(0, 9, 8);
	assert_int_equal(decode(f, &option, 0)->kind, FDBG_VALUE_OPAQUE);
	variants[1].has_value = false;
}

static void pieces_in_registers(void **state)
{
	static const uint8_t bytes[16] = { 0x40, 0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0 };
	struct fixture *f = *state;
	struct fdbg_value other;

	memcpy(memory + 64, "hi", 2);
	fdbg_decoder_begin(f->decoder, &f->arena, &f->view);
	fdbg_decoder_add_bytes(f->decoder, &str_type, bytes, &f->value);
	fdbg_decoder_add_memory(f->decoder, &u32_type, MEMORY + 64, &other);
	assert_false(fdbg_decoder_advance(f->decoder));
	assert_true(fdbg_memview_has_wants(&f->view));
	assert_int_equal(f->value.kind, FDBG_VALUE_OPAQUE);
	assert_null(fdbg_memview_fetch(&f->view));
	assert_true(fdbg_decoder_advance(f->decoder));
	assert_true(f->value.kind == FDBG_VALUE_STR && fdbg_text_is(f->value.str, "hi"));
	assert_true(other.kind == FDBG_VALUE_PRIM && other.prim.bytes[1] == 'i');
}

/* The same event again takes no new memory. */
static void steady_state_allocates_nothing(void **state)
{
	struct fixture *f = *state;
	size_t before = 0;

	for (size_t i = 0; i < 8; i++)
		put(64 * i, MEMORY + 64 * (i + 1), 8);
	for (int round = 0; round < 20; round++) {
		if (round == 4)
			before = mallinfo2().uordblks;
		decode(f, &node_type, 0);
	}
	assert_int_equal(mallinfo2().uordblks, before);
}

/*
 * rustc 1.63 with its LLVM takes the size of the elements from the place of a slice at the end of a struct, in multiples
 * that need not be theirs: elements of 24 bytes at 0 are said to be at -16, in bits without a sign. Whatever is around
 * such a struct is without a size as well.
 */
static void slices_at_the_end_by_old_compilers(void **state)
{
	static struct fdbg_member element_members[] = { FIELD("a", usize_type, 0), FIELD("b", usize_type, 8),
							FIELD("c", usize_type, 16) };
	static struct fdbg_type element = STRUCT("app::Element", 24, element_members);
	static struct fdbg_member inner_members[] = { FIELD("value", element, 0x1ffffffffffffff0) };
	static struct fdbg_type inner = STRUCT("app::Inner<[app::Element]>", 0, inner_members);
	static struct fdbg_member outer_members[] = { FIELD("held", usize_type, 0), FIELD("value", inner, 8) };
	static struct fdbg_type outer = STRUCT("app::Outer<[app::Element]>", 8, outer_members);
	static struct fdbg_member around_members[] = { FIELD("n", usize_type, 0), FIELD("last", outer, 8) };
	static struct fdbg_type around = STRUCT("app::Around", 16, around_members);
	static struct fdbg_type pointers[] = {
		{ .kind = FDBG_TYPE_POINTER, .size = 8, .align = 8, .target = REF(outer) },
		{ .kind = FDBG_TYPE_POINTER, .size = 8, .align = 8, .target = REF(around) },
	};
	static struct fdbg_member fat_members[][2] = {
		{ FIELD("data_ptr", pointers[0], 0), FIELD("length", usize_type, 8) },
		{ FIELD("data_ptr", pointers[1], 0), FIELD("length", usize_type, 8) },
	};
	static struct fdbg_type fat[] = { STRUCT("&app::Outer<[app::Element]>", 16, fat_members[0]),
					  STRUCT("&app::Around", 16, fat_members[1]) };
	const struct fdbg_value *value;
	struct fixture *f = *state;

	for (size_t i = 0; i < 2; i++) {
		put(0, MEMORY + 64, 8);
		put(8, 2, 8);
		for (size_t word = 0; word < 8; word++)
			put(64 + 8 * word, 10 + word, 8);
		value = decode(f, &fat[i], 0);
		assert_int_equal(value->kind, FDBG_VALUE_REF);
		value = value->ref.target;
		if (i) {
			assert_int_equal(value->record.fields[0].value.prim.bytes[0], 10);
			value = &value->record.fields[1].value;
		}
		assert_int_equal(value->kind, FDBG_VALUE_STRUCT);
		assert_int_equal(value->record.fields[0].value.prim.bytes[0], 10 + i);
		value = &value->record.fields[1].value;
		assert_int_equal(value->kind, FDBG_VALUE_STRUCT);
		assert_true(fdbg_text_is(value->record.type, "app::Inner<[app::Element]>"));
		value = &value->record.fields[0].value;
		assert_int_equal(value->kind, FDBG_VALUE_ARRAY);
		assert_int_equal(value->array.n_items, 2);
		value = &value->array.items[1];
		assert_int_equal(value->record.fields[0].value.prim.bytes[0], 14 + i);
	}
}

static void planner_knows_what_has_pointers(void **state)
{
	static struct fdbg_type function = { .kind = FDBG_TYPE_FUNCTION };
	static struct fdbg_type fn_pointer = {
		.kind = FDBG_TYPE_POINTER,
		.name = FDBG_TEXT("fn()"),
		.size = 8,
		.align = 8,
		.target = REF(function),
	};
	static struct fdbg_member plain_members[] = { FIELD("f", fn_pointer, 0), FIELD("n", u32_type, 8) };
	static struct fdbg_type plain = STRUCT("app::Plain", 16, plain_members);

	(void)state;
	assert_false(fdbg_rust_follows_pointers(&u32_type));
	assert_false(fdbg_rust_follows_pointers(&plain));
	assert_true(fdbg_rust_follows_pointers(&str_type));
	assert_true(fdbg_rust_follows_pointers(&node_type));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(impossible_values_are_opaque, setup, teardown),
		cmocka_unit_test_setup_teardown(strings, setup, teardown),
		cmocka_unit_test_setup_teardown(vectors, setup, teardown),
		cmocka_unit_test_setup_teardown(references_end, setup, teardown),
		cmocka_unit_test_setup_teardown(wide_niche, setup, teardown),
		cmocka_unit_test_setup_teardown(pieces_in_registers, setup, teardown),
		cmocka_unit_test_setup_teardown(steady_state_allocates_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(slices_at_the_end_by_old_compilers, setup, teardown),
		cmocka_unit_test(planner_knows_what_has_pointers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
