/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* From layout classes to registers and memory (rust-abi.md, sections 2, 7 and 8). */
#include "rust/returns.h"

#include <string.h>

#include "rust/layout.h"

/* Versions where a rule of rust-abi.md, section 2.2, begins to hold. */
#define MINOR_CAST16_FIRST 48   /* Memory class up to 16 bytes in registers (reported) … */
#define MINOR_CAST16_LAST 62    /* … gone in 1.63; the last version that had it is not known */
#define MINOR_INT128_ALIGN16 77
#define MINOR_MIXED_PAYLOADS 79 /* or 78 */
#define MINOR_INT128_SPLIT_LAST 76  /* arguments of 128 bits may be in a register and on the stack (measured: 63) … */
#define MINOR_INT128_WHOLE_FIRST 82 /* … or are in one place (measured: 95). Between, it depends on the LLVM. */
#define MINOR_LARGE_IN_MEMORY 84 /* or 83 */
#define MINOR_PACKED_PAIRS 95    /* packed structs of two bytes are pairs; the first version is not known */

static struct fdbg_layout_rules rules_of(const struct fdbg_abi *abi, const struct fdbg_unit *unit)
{
	return (struct fdbg_layout_rules){
		.int128_align16 = abi->align16_int128 || unit->rustc_minor >= MINOR_INT128_ALIGN16,
		.mixed_payloads = unit->rustc_minor >= MINOR_MIXED_PAYLOADS,
	};
}

static bool by_rustc(const struct fdbg_unit *unit)
{
	return unit && unit->rustc_major == 1;
}

static void unknown(struct fdbg_abi_value *ret, const char *reason)
{
	*ret = (struct fdbg_abi_value){ .place = FDBG_ABI_UNKNOWN, .reason = reason };
}

/* What becomes of a 128-bit integer when less than two registers are left for it. */
enum int128_rule {
	INT128_UNKNOWN,
	INT128_SPLIT, /* the low half gets the last register, the rest is on the stack */
	INT128_WHOLE, /* all of it is on the stack, aligned to 16; the register remains */
};

/* Registers given out so far, and how many there are. */
struct registers {
	size_t n_int, n_float;
	size_t max_int, max_float;
	bool even_int128;    /* a 128-bit integer starts at an even register (AAPCS64, arguments) */
	enum int128_rule int128;
	bool int_uncertain;  /* from here on the integer registers' use is not known */
	size_t n_stack;          /* arguments on the stack so far, 8 bytes each */
	bool stack_uncertain;
};

static void add_piece(struct fdbg_abi_value *value, enum fdbg_reg_class reg_class, size_t reg, uint64_t size,
		      uint64_t offset, bool one_bit)
{
	value->pieces[value->n_pieces++] = (struct fdbg_abi_piece){
		.reg_class = reg_class,
		.reg = (uint32_t)reg,
		.size = size,
		.offset = offset,
		.one_bit = one_bit,
	};
}

/* Puts one scalar into the next registers of its class; false when they do not suffice. */
static bool place_scalar(struct registers *regs, const struct fdbg_scalar *scalar, uint64_t offset,
			 struct fdbg_abi_value *ret)
{
	if (scalar->kind == FDBG_SCALAR_FLOAT) {
		if (scalar->size > 8 || regs->n_float >= regs->max_float)
			return false;
		add_piece(ret, FDBG_REG_FLOAT, regs->n_float++, scalar->size, offset, false);
		return true;
	}
	if (scalar->size == 16) {
		if (regs->even_int128)
			regs->n_int = (regs->n_int + 1) / 2 * 2;
		if (regs->n_int + 2 > regs->max_int) {
			regs->int_uncertain |= regs->int128 == INT128_UNKNOWN;
			return false;
		}
		add_piece(ret, FDBG_REG_INT, regs->n_int++, 8, offset, false);
		add_piece(ret, FDBG_REG_INT, regs->n_int++, 8, offset + 8, false);
		return true;
	}
	if (regs->n_int >= regs->max_int)
		return false;
	add_piece(ret, FDBG_REG_INT, regs->n_int++, scalar->size, offset, scalar->kind == FDBG_SCALAR_BOOL);
	return true;
}

/* Puts a SCALAR or PAIR into registers; false when they do not suffice. */
static bool place_layout(struct registers *regs, const struct fdbg_layout *layout, struct fdbg_abi_value *ret)
{
	ret->place = FDBG_ABI_REGISTERS;
	if (!place_scalar(regs, &layout->a, 0, ret))
		return false;
	return layout->kind != FDBG_LAYOUT_PAIR || place_scalar(regs, &layout->b, layout->b_offset, ret);
}

static void return_by_rules(const struct fdbg_abi *abi, const struct fdbg_unit *unit,
			    const struct fdbg_type *type, const struct fdbg_layout_rules *rules,
			    bool large_in_memory, struct fdbg_abi_value *ret)
{
	struct registers regs = { .max_int = abi->n_int_rets, .max_float = abi->n_float_rets };
	uint32_t minor = unit->rustc_minor;
	struct fdbg_layout layout;

	*ret = (struct fdbg_abi_value){ .place = FDBG_ABI_MEMORY };
	fdbg_layout_of(type, rules, &layout);
	switch (layout.kind) {
	case FDBG_LAYOUT_BROKEN:
		unknown(ret, "the debug information of the return type is incomplete");
		return;
	case FDBG_LAYOUT_ZST:
		ret->place = FDBG_ABI_NOTHING;
		return;
	case FDBG_LAYOUT_VECTOR:
		if (!abi->align16_int128 && (minor == 87 || minor == 88 || minor >= 98))
			unknown(ret, "how this rustc version returns SIMD values is not known");
		return;
	case FDBG_LAYOUT_MEMORY:
		if (type->size <= 8) {
			ret->place = FDBG_ABI_REGISTERS;
			add_piece(ret, FDBG_REG_INT, 0, type->size, 0, false);
		} else if (type->size <= 16 && minor >= MINOR_CAST16_FIRST && minor <= MINOR_CAST16_LAST) {
			unknown(ret,
				"how this rustc version returns aggregates of up to 16 bytes is not known");
		}
		return;
	case FDBG_LAYOUT_SCALAR:
	case FDBG_LAYOUT_PAIR:
		break;
	}
	if (type->size > 16 && large_in_memory)
		return;
	if (!place_layout(&regs, &layout, ret))
		*ret = (struct fdbg_abi_value){ .place = FDBG_ABI_MEMORY };
}

static bool same_place(const struct fdbg_abi_value *a, const struct fdbg_abi_value *b)
{
	if (a->place != b->place || a->n_pieces != b->n_pieces)
		return false;
	for (size_t i = 0; i < a->n_pieces; i++) {
		const struct fdbg_abi_piece *x = &a->pieces[i], *y = &b->pieces[i];

		if (x->reg_class != y->reg_class || x->reg != y->reg || x->size != y->size ||
		    x->offset != y->offset)
			return false;
	}
	return true;
}

void fdbg_rust_return_value(const struct fdbg_abi *abi, const struct fdbg_unit *unit,
			    const struct fdbg_type *type, struct fdbg_abi_value *ret)
{
	struct fdbg_layout_rules rules;
	struct fdbg_abi_value other;
	bool large_in_memory;

	if (!type || (type->kind == FDBG_TYPE_BASE && !type->size)) {
		*ret = (struct fdbg_abi_value){
			.place = FDBG_ABI_NOTHING, .never = type && fdbg_text_is(type->name, "!"),
		};
		return;
	}
	if (!by_rustc(unit)) {
		unknown(ret, "the rustc version of the function is not known");
		return;
	}
	rules = rules_of(abi, unit);
	large_in_memory = unit->rustc_minor >= MINOR_LARGE_IN_MEMORY;
	return_by_rules(abi, unit, type, &rules, large_in_memory, ret);

	/* Where a doubt of the rules would make a difference, the result says so. */
	fdbg_rust_return_alternative(abi, unit, type, &other);
	ret->assumed = !same_place(ret, &other);
	if (unit->rustc_minor == MINOR_MIXED_PAYLOADS - 1) {
		rules.mixed_payloads = true;
		return_by_rules(abi, unit, type, &rules, large_in_memory, &other);
		ret->assumed |= !same_place(ret, &other);
	}
	if (unit->rustc_minor == MINOR_LARGE_IN_MEMORY - 1) {
		return_by_rules(abi, unit, type, &rules, true, &other);
		ret->assumed |= !same_place(ret, &other);
	}
}

void fdbg_rust_return_alternative(const struct fdbg_abi *abi, const struct fdbg_unit *unit,
				  const struct fdbg_type *type, struct fdbg_abi_value *ret)
{
	struct fdbg_layout_rules rules;

	if (!type || !by_rustc(unit)) {
		unknown(ret, "the rustc version of the function is not known");
		return;
	}
	rules = rules_of(abi, unit);
	rules.pretend_repr_c = true;
	rules.pretend_packed = unit->rustc_minor < MINOR_PACKED_PAIRS;
	return_by_rules(abi, unit, type, &rules, unit->rustc_minor >= MINOR_LARGE_IN_MEMORY, ret);
}

/* A pointer to the argument's bytes takes one integer register. */
static void place_pointer(struct registers *regs, struct fdbg_abi_value *ret)
{
	if (regs->n_int >= regs->max_int) {
		*ret = (struct fdbg_abi_value){
			.place = FDBG_ABI_STACK, .stack_pointer = !regs->stack_uncertain,
			.stack_offset = 8 * regs->n_stack++,
		};
		return;
	}
	ret->place = FDBG_ABI_MEMORY;
	add_piece(ret, FDBG_REG_INT, regs->n_int++, 8, 0, false);
}

/* Puts a scalar on the stack; its place in units of 8 bytes. False: a part of it is in a register. */
static bool push_scalar(struct registers *regs, const struct fdbg_scalar *scalar, uint64_t *unit_ret)
{
	bool split = false;

	if (scalar->size > 8 && scalar->kind != FDBG_SCALAR_FLOAT) {
		if (regs->int128 == INT128_WHOLE)
			regs->n_stack = (regs->n_stack + 1) / 2 * 2;
		else if (regs->int128 == INT128_SPLIT && regs->n_int < regs->max_int)
			split = true;
	}
	/* Places of other wide scalars are not known, so what comes behind them is not counted. */
	regs->stack_uncertain |= scalar->size > 8 &&
				 (scalar->kind == FDBG_SCALAR_FLOAT || regs->int128 == INT128_UNKNOWN);
	*unit_ret = regs->n_stack;
	regs->n_stack += scalar->size > 8 && !split ? 2 : 1;
	regs->n_int += split;
	return !split;
}

/* The halves of a pair are arguments of their own: one may still find a register when the other does not. */
static void place_or_push(struct registers *regs, const struct fdbg_layout *layout, struct fdbg_abi_value *ret)
{
	bool pair = layout->kind == FDBG_LAYOUT_PAIR, as_in_memory = true;
	uint64_t first = 0, second = 0;
	bool a, b;

	ret->place = FDBG_ABI_REGISTERS;
	a = place_scalar(regs, &layout->a, 0, ret);
	if (!a)
		as_in_memory = push_scalar(regs, &layout->a, &first);
	b = !pair || place_scalar(regs, &layout->b, layout->b_offset, ret);
	if (!b)
		as_in_memory &= push_scalar(regs, &layout->b, &second);
	if (a && b)
		return;
	/* A pair lies there as in memory when its halves do. */
	as_in_memory &= !a && (!pair || (!b && second - first == layout->b_offset / 8 && !(layout->b_offset % 8)));
	*ret = (struct fdbg_abi_value){
		.place = FDBG_ABI_STACK, .stack_offset = 8 * (a ? second : first),
		.stack_image = !regs->stack_uncertain && as_in_memory,
	};
}

static void place_argument(struct registers *regs, const struct fdbg_layout *layout, uint64_t size,
			   struct fdbg_abi_value *ret)
{
	struct fdbg_scalar bytes = { FDBG_SCALAR_INT, false, size };

	switch (layout->kind) {
	case FDBG_LAYOUT_BROKEN:
		unknown(ret, "the debug information of a parameter's type is incomplete");
		regs->int_uncertain = true;
		regs->max_float = regs->n_float;
		return;
	case FDBG_LAYOUT_ZST:
		ret->place = FDBG_ABI_NOTHING;
		return;
	case FDBG_LAYOUT_VECTOR:
		place_pointer(regs, ret);
		return;
	case FDBG_LAYOUT_MEMORY:
		if (size > 8) {
			place_pointer(regs, ret);
			return;
		}
		ret->place = FDBG_ABI_REGISTERS;
		if (!place_scalar(regs, &bytes, 0, ret)) {
			*ret = (struct fdbg_abi_value){
				.place = FDBG_ABI_STACK, .stack_image = !regs->stack_uncertain,
				.stack_offset = 8 * regs->n_stack++,
			};
		}
		return;
	case FDBG_LAYOUT_SCALAR:
	case FDBG_LAYOUT_PAIR:
		place_or_push(regs, layout, ret);
		return;
	}
}

void fdbg_rust_arguments(const struct fdbg_abi *abi, const struct fdbg_unit *unit,
			 const struct fdbg_type *const *types, size_t n_types, bool hidden_pointer,
			 struct fdbg_abi_value *ret)
{
	struct registers regs = {
		.n_int = hidden_pointer && abi->hidden_pointer_is_arg, .max_int = abi->n_int_args,
		.max_float = abi->n_float_args, .even_int128 = abi->align16_int128,
	};
	uint32_t minor = by_rustc(unit) ? unit->rustc_minor : 0;
	bool known = by_rustc(unit);

	if (known && !abi->align16_int128)
		regs.int128 = minor <= MINOR_INT128_SPLIT_LAST ? INT128_SPLIT :
			      minor >= MINOR_INT128_WHOLE_FIRST ? INT128_WHOLE : INT128_UNKNOWN;
	for (size_t i = 0; i < n_types; i++) {
		struct fdbg_layout_rules rules;
		struct fdbg_layout layout;

		ret[i] = (struct fdbg_abi_value){ 0 };
		if (!known) {
			unknown(&ret[i], "the rustc version of the function is not known");
			continue;
		}
		rules = rules_of(abi, unit);
		fdbg_layout_of(types[i], &rules, &layout);
		if (layout.kind == FDBG_LAYOUT_MEMORY && types[i]->size > 8 && types[i]->size <= 16 &&
		    minor >= MINOR_CAST16_FIRST && minor <= MINOR_CAST16_LAST)
			layout.kind = FDBG_LAYOUT_BROKEN;
		place_argument(&regs, &layout, types[i]->size, &ret[i]);
		/* Behind an argument whose place is not known, no register is certain any more. */
		if (regs.int_uncertain && ret[i].place != FDBG_ABI_NOTHING &&
		    ret[i].place != FDBG_ABI_STACK && ret[i].place != FDBG_ABI_UNKNOWN)
			unknown(&ret[i], "an argument before it could not be placed");
	}
}
