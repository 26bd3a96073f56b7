/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Evaluating and simplifying DWARF expressions that are assembled by hand (opcodes: DWARF 5, section 7.7.1).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memview.h"
#include "debuginfo/location.h"

#define BYTES(...) (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })

/*
 * Registers have their number × 0x1000, at the entry plus 1; memory at 0x7000 holds 0x1122334455667788, 0x10.
 */
static bool reg(void *context, uint32_t number, uint64_t *ret)
{
	(void)context;
	if (number > 40)
		return false;
	*ret = (uint64_t)number * 0x1000;
	return true;
}

static bool entry_reg(void *context, uint32_t number, uint64_t *ret)
{
	bool known = reg(context, number, ret);

	if (known)
		*ret += 1;
	return known;
}

static const uint8_t memory[] = { 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0x10, 0, 0, 0, 0, 0, 0, 0 };

static struct fdbg_error *fetch(void *context, struct fdbg_memview_want *wants, size_t n)
{
	(void)context;
	for (size_t i = 0; i < n; i++)
		if (wants[i].address >= 0x7000 && wants[i].address - 0x7000 +
		    wants[i].size <= sizeof(memory)) {
			memcpy(wants[i].bytes, memory + (wants[i].address - 0x7000), wants[i].size);
			wants[i].done = true;
		}
	return NULL;
}

static struct fdbg_location one(struct fdbg_location_range *range, const uint8_t *expr, size_t len)
{
	*range = (struct fdbg_location_range){ 0, 0, expr, len };
	return (struct fdbg_location){ .ranges = range, .n_ranges = 1, .address_size = 8, .offset_size = 4,
				      .dwarf_version = 5 };
}

struct result {
	struct fdbg_place *places;
	size_t n;
	const char *reason;
	int fetches;
};

static struct fdbg_arena arena;

static struct result evaluate(const uint8_t *expr, size_t len)
{
	static const uint8_t table[] = { 0x10, 0x20, 0, 0, 0, 0, 0, 0, 0x30, 0x40, 0, 0, 0, 0, 0, 0 };
	struct fdbg_location_range range, base_range;
	/* DW_OP_reg7 */
	struct fdbg_location location = one(&range, expr, len), base = one(&base_range, BYTES(0x57));
	struct fdbg_memview view = { .arena = &arena, .fetch = fetch };
	struct fdbg_location_context context = {
		.reg = reg, .entry_reg = entry_reg, .memory = &view, .frame_base = &base, .cfa_known = true,
			.cfa = 0x9000,
		.bias = 0x100000,
	};
	struct result result = { 0 };

	location.addresses = table;
	location.addresses_len = sizeof(table);
	for (;;) {
		enum fdbg_memview_state state = fdbg_location_evaluate(&location, 0x10, &context, &arena,
								       &result.places,
								       &result.n, &result.reason);

		if (state == FDBG_MEMVIEW_PENDING && result.fetches < 10) {
			result.fetches++;
			assert_null(fdbg_memview_fetch(&view));
			continue;
		}
		assert_int_equal(state, FDBG_MEMVIEW_READY);
		return result;
	}
}

static void memory_at(uint64_t address, const uint8_t *expr, size_t len)
{
	struct result result = evaluate(expr, len);

	assert_int_equal(result.n, 1);
	assert_int_equal(result.places[0].kind, FDBG_PLACE_MEMORY);
	assert_int_equal(result.places[0].address, address);
	assert_int_equal(result.places[0].size, 0);
	assert_null(result.reason);
}

static void value_is(uint64_t value, const uint8_t *expr, size_t len)
{
	struct result result = evaluate(expr, len);
	uint64_t found;

	assert_int_equal(result.n, 1);
	assert_int_equal(result.places[0].kind, FDBG_PLACE_VALUE);
	memcpy(&found, result.places[0].value, 8);
	assert_int_equal(found, value);
}

static void nowhere(const char *reason, const uint8_t *expr, size_t len)
{
	struct result result = evaluate(expr, len);

	assert_int_equal(result.n, 1);
	assert_int_equal(result.places[0].kind, FDBG_PLACE_NONE);
	assert_non_null(result.reason);
	if (!strstr(result.reason, reason))
		fail_msg("reason is: %s", result.reason);
}

static void addresses(void **state)
{
	(void)state;
	memory_at(0x7010, BYTES(0x91, 0x10));                   /* fbreg 16 */
	memory_at(0x6ff8, BYTES(0x91, 0x78));                   /* fbreg -8 */
	memory_at(0x4ffc, BYTES(0x75, 0x7c));                   /* breg5 -4 */
	memory_at(0x20080, BYTES(0x92, 0x20, 0x80, 0x01));      /* bregx 32, 128 */
	memory_at(0x8fff, BYTES(0x9c, 0x11, 0x7f, 0x22));       /* call_frame_cfa, consts -1, plus */
	memory_at(0x102010, BYTES(0x03, 0x10, 0x20, 0, 0, 0, 0, 0, 0)); /* addr, with the bias */
	memory_at(0x104030, BYTES(0xa1, 0x01));                 /* addrx 1 */
	memory_at(0x4032, BYTES(0xa2, 0x01, 0x23, 0x02));       /* constx 1, plus_uconst 2: no bias */
	memory_at(0x1122334455667788, BYTES(0x91, 0x00, 0x06)); /* fbreg 0, deref */
	memory_at(0x7788, BYTES(0x91, 0x00, 0x94, 0x02));       /* deref_size 2 */
	memory_at(0x18, BYTES(0x91, 0x08, 0x06, 0x23, 0x08));   /* fbreg 8, deref, plus_uconst 8 */
	memory_at(0x5001, BYTES(0xa3, 0x01, 0x55));             /* entry_value(reg5) */
	memory_at(0x5003, BYTES(0xf3, 0x02, 0x75, 0x02));       /* GNU_entry_value(breg5 2) */
	assert_int_equal(evaluate(BYTES(0x91, 0x00, 0x06)).fetches, 1);
}

static void arithmetic(void **state)
{
	(void)state;
	value_is(31, BYTES(0x4f, 0x9f));                              /* lit31 */
	value_is(0xff, BYTES(0x08, 0xff, 0x9f));                      /* const1u */
	value_is((uint64_t)-1, BYTES(0x09, 0xff, 0x9f));              /* const1s */
	value_is(0xfffe, BYTES(0x0a, 0xfe, 0xff, 0x9f));              /* const2u */
	value_is((uint64_t)-2, BYTES(0x0b, 0xfe, 0xff, 0x9f));        /* const2s */
	value_is(0x80000000, BYTES(0x0c, 0, 0, 0, 0x80, 0x9f));       /* const4u */
	value_is(0xffffffff80000000, BYTES(0x0d, 0, 0, 0, 0x80, 0x9f)); /* const4s */
	value_is(0x0102030405060708, BYTES(0x0e, 8, 7, 6, 5, 4, 3, 2, 1, 0x9f)); /* const8u */
	value_is(300, BYTES(0x10, 0xac, 0x02, 0x9f));                 /* constu */
	value_is((uint64_t)-300, BYTES(0x11, 0xd4, 0x7d, 0x9f));      /* consts */
	value_is(5, BYTES(0x37, 0x32, 0x1c, 0x9f));                   /* 7 2 minus */
	value_is(14, BYTES(0x37, 0x32, 0x1e, 0x9f));                  /* mul */
	value_is(3, BYTES(0x37, 0x32, 0x1b, 0x9f));                   /* div */
	value_is((uint64_t)-3, BYTES(0x11, 0x79, 0x32, 0x1b, 0x9f));  /* -7 2 div, towards 0 */
	value_is(1, BYTES(0x37, 0x32, 0x1d, 0x9f));                   /* mod */
	value_is(2, BYTES(0x37, 0x32, 0x1a, 0x9f));                   /* and */
	value_is(7, BYTES(0x35, 0x32, 0x21, 0x9f));                   /* or */
	value_is(5, BYTES(0x37, 0x32, 0x27, 0x9f));                   /* xor */
	value_is(28, BYTES(0x37, 0x32, 0x24, 0x9f));                  /* shl */
	value_is(0, BYTES(0x37, 0x08, 0x40, 0x24, 0x9f));             /* shl 64 */
	value_is(0x3fffffffffffffff, BYTES(0x11, 0x7f, 0x32, 0x25, 0x9f)); /* -1 2 shr */
	value_is((uint64_t)-2, BYTES(0x11, 0x79, 0x32, 0x26, 0x9f));  /* -7 2 shra */
	value_is(7, BYTES(0x11, 0x79, 0x19, 0x9f));                   /* abs */
	value_is((uint64_t)-7, BYTES(0x37, 0x1f, 0x9f));              /* neg */
	value_is((uint64_t)-8, BYTES(0x37, 0x20, 0x9f));              /* not */
	value_is(1, BYTES(0x11, 0x7f, 0x31, 0x2d, 0x9f));             /* -1 1 lt, signed */
	value_is(0, BYTES(0x11, 0x7f, 0x31, 0x2b, 0x9f));             /* gt */
	value_is(1, BYTES(0x31, 0x31, 0x29, 0x9f));                   /* eq */
	value_is(1, BYTES(0x31, 0x32, 0x2e, 0x9f));                   /* ne */
	value_is(1, BYTES(0x31, 0x31, 0x2a, 0x9f));                   /* ge */
	value_is(0, BYTES(0x32, 0x31, 0x2c, 0x9f));                   /* le */
	nowhere("zero", BYTES(0x31, 0x30, 0x1b, 0x9f));
	nowhere("zero", BYTES(0x31, 0x30, 0x1d, 0x9f));
	/* INT64_MIN / -1 */
	value_is(0x8000000000000000, BYTES(0x0e, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x11, 0x7f, 0x1b, 0x9f));
}

static void stack_and_jumps(void **state)
{
	(void)state;
	value_is(6, BYTES(0x33, 0x12, 0x22, 0x9f));                   /* 3 dup plus */
	value_is(1, BYTES(0x31, 0x32, 0x13, 0x9f));                   /* 1 2 drop */
	value_is(1, BYTES(0x31, 0x32, 0x14, 0x9f));                   /* 1 2 over */
	value_is(1, BYTES(0x31, 0x32, 0x33, 0x15, 0x02, 0x9f));       /* 1 2 3 pick 2 */
	value_is((uint64_t)-1, BYTES(0x33, 0x32, 0x16, 0x1c, 0x9f));  /* 3 2 swap minus */
	value_is(2, BYTES(0x31, 0x32, 0x33, 0x17, 0x1c, 0x22, 0x9f)); /* 1 2 3 rot minus plus: 3 + (1 - 2) */
	value_is(5, BYTES(0x35, 0x31, 0x28, 0x01, 0x00, 0x1f, 0x9f)); /* 5 1 bra over neg */
	value_is((uint64_t)-5, BYTES(0x35, 0x30, 0x28, 0x01, 0x00, 0x1f, 0x9f));
	value_is(5, BYTES(0x35, 0x2f, 0x01, 0x00, 0x1f, 0x96, 0x9f)); /* 5 skip over neg, nop */
	value_is(0, BYTES(0x3a, 0x31, 0x1c, 0x12, 0x28, 0xfa, 0xff, 0x9f)); /* 10; 1 minus dup bra back */
	nowhere("does not end", BYTES(0x2f, 0xfd, 0xff));             /* skip to itself */
	nowhere("malformed", BYTES(0x31, 0x2f, 0x05, 0x00));          /* out of the expression */
	nowhere("malformed", BYTES(0x31, 0x2f, 0x00, 0x80));
	nowhere("deep a stack", BYTES(0x31, 0x12, 0x2f, 0xfc, 0xff));
}

static void places(void **state)
{
	struct result result;

	(void)state;
	result = evaluate(BYTES(0x50));                               /* reg0 */
	assert_int_equal(result.places[0].kind, FDBG_PLACE_REGISTER);
	assert_int_equal(result.places[0].reg, 0);
	result = evaluate(BYTES(0x90, 0x21));                         /* regx 33 */
	assert_int_equal(result.places[0].kind, FDBG_PLACE_REGISTER);
	assert_int_equal(result.places[0].reg, 33);
	result = evaluate(BYTES(0x55, 0x93, 0x08, 0x93, 0x04, 0x91, 0x00, 0x93, 0x02, 0x37, 0x9f, 0x93,
				0x01));
	assert_int_equal(result.n, 4);
	assert_int_equal(result.places[0].kind, FDBG_PLACE_REGISTER);
	assert_int_equal(result.places[0].size, 8);
	assert_int_equal(result.places[1].kind, FDBG_PLACE_NONE);
	assert_int_equal(result.places[1].size, 4);
	assert_int_equal(result.places[2].kind, FDBG_PLACE_MEMORY);
	assert_int_equal(result.places[2].address, 0x7000);
	assert_int_equal(result.places[2].size, 2);
	assert_int_equal(result.places[3].kind, FDBG_PLACE_VALUE);
	assert_int_equal(result.places[3].value[0], 7);
	assert_int_equal(result.places[3].size, 1);
	result = evaluate(BYTES(0x9e, 0x03, 0x01, 0x02, 0x03));       /* implicit_value */
	assert_int_equal(result.places[0].kind, FDBG_PLACE_VALUE);
	assert_int_equal(result.places[0].size, 3);
	assert_memory_equal(result.places[0].value, "\1\2\3\0", 4);
	result = evaluate(BYTES(0x9e, 17, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17));
	assert_int_equal(result.places[0].size, 17);
	assert_non_null(result.places[0].bytes);
	assert_int_equal(result.places[0].bytes[16], 17);
}

static void what_cannot_be_known_is_nowhere(void **state)
{
	(void)state;
	nowhere("optimized out", NULL, 0);
	nowhere("bits", BYTES(0x55, 0x9d, 0x04, 0x00));
	nowhere("optimized out", BYTES(0xa0, 1, 0, 0, 0, 0));
	nowhere("optimized out", BYTES(0xf2, 1, 0, 0, 0, 0));
	nowhere("not supported", BYTES(0x97));
	nowhere("types", BYTES(0x75, 0, 0xa8, 0x2f, 0x9f));
	nowhere("types", BYTES(0xa5, 0x05, 0x2f, 0x9f));
	nowhere("thread-local", BYTES(0x0e, 0, 0, 0, 0, 0, 0, 0, 0, 0x9b));
	nowhere("thread-local", BYTES(0x0e, 0, 0, 0, 0, 0, 0, 0, 0, 0xe0));
	nowhere("unknown operation", BYTES(0x01));
	nowhere("register", BYTES(0x92, 0x32, 0x00));                 /* bregx 50 */
	nowhere("entry", BYTES(0xa3, 0x02, 0x90, 0x32));              /* entry_value(regx 50) */
	nowhere("memory", BYTES(0x30, 0x06));                         /* a fault */
	nowhere("memory", BYTES(0xa3, 0x03, 0x75, 0x00, 0x06));       /* entry_value(breg5 0, deref) */
	nowhere("malformed", BYTES(0x91));
	nowhere("malformed", BYTES(0x91, 0x80));
	nowhere("malformed", BYTES(0x22));
	nowhere("malformed", BYTES(0x31, 0x22));
	nowhere("malformed", BYTES(0x06));
	nowhere("malformed", BYTES(0x31, 0x94, 0x09));                /* deref_size 9 */
	nowhere("malformed", BYTES(0x31, 0x94, 0x00));
	nowhere("malformed", BYTES(0x50, 0x51));                      /* two registers without pieces */
	nowhere("malformed", BYTES(0x50, 0x23, 0x01));
	nowhere("malformed", BYTES(0x50, 0x93, 0x08, 0x51));          /* no piece behind the last */
	nowhere("malformed", BYTES(0x9e, 0x05, 1, 2));
	nowhere("malformed", BYTES(0x03, 1, 2, 3));
	nowhere("malformed", BYTES(0xa1, 0x02));                      /* behind the address table */
	nowhere("malformed", BYTES(0xa1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01));
	nowhere("malformed", BYTES(0xa3, 0x09, 0x55));
	nowhere("malformed", BYTES(0x9e, 0x01, 0x05, 0x93, 0x02));    /* a piece larger than the value */
	nowhere("malformed", BYTES(0x31, 0x9f, 0x93, 0x10));
}

static void frame_bases(void **state)
{
	struct fdbg_location_range range, base_range;
	struct fdbg_location location = one(&range, BYTES(0x91, 0x10)), base;
	struct fdbg_location_context context = { .reg = reg, .frame_base = &base, .cfa_known = true,
						.cfa = 0x9000 };
	struct fdbg_place *place;
	const char *reason;
	size_t n;

	(void)state;
	base = one(&base_range, BYTES(0x9c));                         /* call_frame_cfa */
	assert_int_equal(fdbg_location_evaluate(&location, 0, &context, &arena, &place, &n, &reason),
			 FDBG_MEMVIEW_READY);
	assert_int_equal(place->address, 0x9010);
	base = one(&base_range, BYTES(0x76, 0x08));                   /* breg6 8 */
	assert_int_equal(fdbg_location_evaluate(&location, 0, &context, &arena, &place, &n, &reason),
			 FDBG_MEMVIEW_READY);
	assert_int_equal(place->address, 0x6018);
	base = one(&base_range, BYTES(0x91, 0x00));                   /* itself */
	assert_int_equal(fdbg_location_evaluate(&location, 0, &context, &arena, &place, &n, &reason),
			 FDBG_MEMVIEW_READY);
	assert_int_equal(place->kind, FDBG_PLACE_NONE);
	context.frame_base = NULL;
	assert_int_equal(fdbg_location_evaluate(&location, 0, &context, &arena, &place, &n, &reason),
			 FDBG_MEMVIEW_READY);
	assert_int_equal(place->kind, FDBG_PLACE_NONE);
	context.frame_base = &base;
	base = one(&base_range, BYTES(0x9c));
	context.cfa_known = false;
	assert_int_equal(fdbg_location_evaluate(&location, 0, &context, &arena, &place, &n, &reason),
			 FDBG_MEMVIEW_READY);
	assert_int_equal(place->kind, FDBG_PLACE_NONE);
	assert_true(fdbg_location_simplify(&location, &base, 0).kind == FDBG_SIMPLE_CFA);
}

static void ranges(void **state)
{
	static const uint8_t expr[] = { 0x55 };
	const struct fdbg_location_range list[] = {
		{ 0, 0, expr, 1 }, { 0x10, 0x20, expr, 1 }, { 0x20, 0x30, expr, 0 },
	};
	struct fdbg_location location = { .ranges = list, .n_ranges = 3, .address_size = 8, .list = true };

	(void)state;
	assert_ptr_equal(fdbg_location_at(&location, 0x10), &list[1]);
	assert_ptr_equal(fdbg_location_at(&location, 0x1f), &list[1]);
	assert_ptr_equal(fdbg_location_at(&location, 0x20), &list[2]);
	assert_ptr_equal(fdbg_location_at(&location, 0x30), &list[0]); /* the default */
	assert_int_equal(fdbg_location_simplify(&location, NULL, 0x20).kind, FDBG_SIMPLE_NONE);
	assert_int_equal(fdbg_location_simplify(&location, NULL, 0x10).kind, FDBG_SIMPLE_REGISTER);
	location.ranges++;
	location.n_ranges--;
	assert_null(fdbg_location_at(&location, 0x30));
	assert_null(fdbg_location_at(&location, 0xf));
	assert_int_equal(fdbg_location_simplify(&location, NULL, 0x30).kind, FDBG_SIMPLE_NONE);
}

static void simple(enum fdbg_simple_kind kind, uint32_t number, int64_t offset, int64_t offset2,
		   const uint8_t *expr, size_t len)
{
	struct fdbg_location_range range, base_range;
	struct fdbg_location location = one(&range, expr, len), base = one(&base_range, BYTES(0x57));
	struct fdbg_simple_location found = fdbg_location_simplify(&location, &base, 0);

	assert_int_equal(found.kind, kind);
	if (kind == FDBG_SIMPLE_COMPLEX)
		return;
	assert_int_equal(found.reg, number);
	assert_int_equal(found.offset, offset);
	assert_int_equal(found.offset2, offset2);
}

static void simplification(void **state)
{
	(void)state;
	simple(FDBG_SIMPLE_MEMORY, 7, 16, 0, BYTES(0x91, 0x10));
	simple(FDBG_SIMPLE_MEMORY, 5, -4, 0, BYTES(0x75, 0x7c));
	simple(FDBG_SIMPLE_MEMORY, 5, 4, 0, BYTES(0x75, 0x7c, 0x23, 0x08));
	simple(FDBG_SIMPLE_MEMORY, 5, -12, 0, BYTES(0x75, 0x7c, 0x38, 0x1c));
	simple(FDBG_SIMPLE_INDIRECT, 7, 8, 0, BYTES(0x91, 0x08, 0x06));
	simple(FDBG_SIMPLE_INDIRECT, 7, 8, 24, BYTES(0x91, 0x08, 0x06, 0x23, 0x18));
	simple(FDBG_SIMPLE_CFA, 0, -24, 0, BYTES(0x9c, 0x11, 0x68, 0x22));
	simple(FDBG_SIMPLE_CFA_INDIRECT, 0, 0, 0, BYTES(0x9c, 0x06));
	simple(FDBG_SIMPLE_REGISTER, 5, 0, 0, BYTES(0x55));
	simple(FDBG_SIMPLE_REGISTER, 64, 0, 0, BYTES(0x90, 0x40));
	simple(FDBG_SIMPLE_ADDRESS, 0, 0x2010, 0, BYTES(0x03, 0x10, 0x20, 0, 0, 0, 0, 0, 0));
	simple(FDBG_SIMPLE_COMPLEX, 0, 0, 0, BYTES(0x91, 0x08, 0x06, 0x06));
	simple(FDBG_SIMPLE_COMPLEX, 0, 0, 0, BYTES(0x55, 0x93, 0x08));
	simple(FDBG_SIMPLE_COMPLEX, 0, 0, 0, BYTES(0x31, 0x9f));
	simple(FDBG_SIMPLE_COMPLEX, 0, 0, 0, BYTES(0x75, 0x00, 0x9f));
	simple(FDBG_SIMPLE_COMPLEX, 0, 0, 0, BYTES(0x75, 0x00, 0x31, 0x1e));
	simple(FDBG_SIMPLE_COMPLEX, 0, 0, 0, BYTES(0x75, 0x00, 0x74, 0x00, 0x22));
	simple(FDBG_SIMPLE_COMPLEX, 0, 0, 0, BYTES(0x75, 0x00, 0x31)); /* the constant is the address */
	simple(FDBG_SIMPLE_COMPLEX, 0, 0, 0, BYTES(0x55, 0x23, 0x01));
	simple(FDBG_SIMPLE_COMPLEX, 0, 0, 0, BYTES(0xa3, 0x01, 0x55, 0x9f));
	simple(FDBG_SIMPLE_COMPLEX, 0, 0, 0, BYTES(0x91));
}

static int free_arena(void **state)
{
	(void)state;
	fdbg_arena_deinit(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(arithmetic),
		cmocka_unit_test(stack_and_jumps),
		cmocka_unit_test(places),
		cmocka_unit_test(what_cannot_be_known_is_nowhere),
		cmocka_unit_test(frame_bases),
		cmocka_unit_test(ranges),
		cmocka_unit_test(simplification),
	};

	return cmocka_run_group_tests(tests, NULL, free_arena);
}
