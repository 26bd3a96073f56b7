/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Looks back from the returns of a function for the registers that were written for its caller. */
#include "arch/result.h"

#include <stdlib.h>
#include <string.h>

/* Functions that are larger are not looked at; steps back from all the returns of one, together. */
#define MAX_CODE (256 * 1024)
#define MAX_BACK 200000
/* Unconditional jumps in a row that lead to a return. */
#define MAX_JUMPS 64

/* The registers of results, as bits of a set of those about which nothing is known yet. */
enum { INT_0 = 1, INT_1 = 2, FLOAT_0 = 4, FLOAT_1 = 8, ALL = 15 };

struct steps {
	const struct fdbg_arch *arch;
	struct fdbg_step *items;
	size_t n, cap;
	bool *joined;                  /* by item: a jump leads there */
	struct fdbg_prologue prologue; /* its spills */
	size_t budget;
	struct fdbg_result_code *ret;
};

/* What is known at a place on the way back. */
struct look {
	uint32_t pending;
	int64_t sp;      /* from the stack pointer at the return, which is that at the entry */
	bool sp_known;
	unsigned int jumps;
};

static uint64_t bit(uint32_t reg)
{
	return reg < 64 ? UINT64_C(1) << reg : 0;
}

static uint32_t register_of(const struct fdbg_arch *arch, unsigned int which)
{
	size_t n = which & (INT_0 | FLOAT_0) ? 0 : 1;
	bool is_int = which & (INT_0 | INT_1);

	if (n >= (is_int ? arch->n_int_rets : arch->n_float_rets))
		return FDBG_ARCH_NO_REG;
	return is_int ? arch->int_rets[n] : arch->float_rets[n];
}

static bool decode_all(struct steps *steps, const struct fdbg_code *code, fdbg_step_fn_decode decode, void *context)
{
	for (size_t at = 0; at < code->size;) {
		size_t size = 0;

		if (steps->n == steps->cap) {
			size_t cap = steps->cap ? steps->cap * 2 : 256;
			struct fdbg_step *items = realloc(steps->items, cap * sizeof(*items));

			if (!items)
				return false;
			steps->items = items;
			steps->cap = cap;
		}
		if (!decode(context, code->bytes + at, code->size - at, code->address + at, &steps->items[steps->n],
			    &size) || !size)
			return false;
		steps->n++;
		at += size;
	}
	return true;
}

/* Marks where jumps lead to. */
static bool find_joins(struct steps *steps)
{
	steps->joined = calloc(steps->n, sizeof(*steps->joined));
	if (!steps->joined)
		return false;
	for (size_t i = 0; i < steps->n; i++) {
		uint64_t target = steps->items[i].target;
		size_t low = 0, high = steps->n;

		if (steps->items[i].kind != FDBG_STEP_JUMP)
			continue;
		while (low < high) {
			size_t middle = low + (high - low) / 2;

			if (steps->items[middle].address < target)
				low = middle + 1;
			else
				high = middle;
		}
		if (low < steps->n && steps->items[low].address == target)
			steps->joined[low] = true;
	}
	return true;
}

/* Nothing up to item `end` has written the register, be it as a call. */
static bool untouched(const struct steps *steps, uint32_t reg, size_t end)
{
	for (size_t i = 0; i < end; i++)
		if (steps->items[i].kind == FDBG_STEP_CALL || (steps->items[i].writes & bit(reg)))
			return false;
	return true;
}

/* At item `at` the register holds what the hidden pointer's did at the entry, because nothing else is ever put there. */
static bool holds_pointer(const struct steps *steps, uint32_t reg, size_t at)
{
	uint32_t hidden = steps->arch->hidden_pointer;
	bool copied = false;

	if (reg == hidden)
		return untouched(steps, hidden, at);
	for (size_t i = 0; i < steps->n; i++) {
		const struct fdbg_step *step = &steps->items[i];

		if (!(step->writes & bit(reg)) || step->pops)
			continue;
		if (step->source != FDBG_STEP_REG || step->dest != reg || step->source_reg != hidden ||
		    !untouched(steps, hidden, i))
			return false;
		copied = true;
		/* A call leaves only some registers alone, and which ones is not looked up. */
		for (size_t j = i + 1; j < at; j++)
			if (steps->items[j].kind == FDBG_STEP_CALL && register_of(steps->arch, INT_0) == reg)
				return false;
	}
	return copied;
}

/* The memory at an offset from a register is where the prologue put the hidden pointer. */
static bool is_saved_pointer(const struct steps *steps, uint32_t base, int64_t offset, const struct look *look)
{
	for (size_t i = 0; i < steps->prologue.n_spills; i++) {
		const struct fdbg_spill *spill = &steps->prologue.spills[i];

		if (spill->origin != steps->arch->hidden_pointer || spill->size != 8)
			continue;
		if (base == steps->arch->sp && spill->cfa_known) {
			if (look->sp_known && spill->cfa_offset == offset + look->sp - steps->arch->cfa_at_entry)
				return true;
		} else if (base == spill->base && offset == spill->offset) {
			return true;
		}
	}
	return false;
}

/* The first integer register was written by item `at`, for the caller. */
static void first_written(struct steps *steps, size_t at, const struct look *look)
{
	const struct fdbg_step *step = &steps->items[at];
	struct fdbg_result_code *ret = steps->ret;

	/* Elsewhere the register of the result says nothing of the hidden pointer. */
	if (steps->arch->hidden_pointer_ret != step->dest)
		return;
	if ((step->source == FDBG_STEP_REG && holds_pointer(steps, step->source_reg, at)) ||
	    (step->source == FDBG_STEP_MEMORY && is_saved_pointer(steps, step->source_reg, step->offset, look)))
		ret->pointer = true;
	else if (step->source == FDBG_STEP_IMMEDIATE || step->dest_size < 8)
		ret->no_pointer = true;
}

static void written(struct steps *steps, size_t at, unsigned int which, const struct look *look)
{
	const struct fdbg_step *step = &steps->items[at];
	struct fdbg_result_code *ret = steps->ret;
	size_t n = which & (INT_0 | FLOAT_0) ? 0 : 1;
	uint32_t *size = which & (INT_0 | INT_1) ? &ret->int_written[n] : &ret->float_written[n];

	if (step->pops) {
		ret->int_dropped |= which == INT_0;
		return;
	}
	if (*size < step->dest_size)
		*size = step->dest_size;
	if (which == INT_0)
		first_written(steps, at, look);
}

/* What item `at` means for the registers that are still open; false: nothing before it matters. */
static bool look_at(struct steps *steps, size_t at, struct look *look)
{
	const struct fdbg_step *step = &steps->items[at];

	if (step->kind == FDBG_STEP_CALL) {
		steps->ret->from_call |= look->pending & INT_0;
		steps->ret->second_from_call |= look->pending & INT_1;
		return false;
	}
	if (step->sp_lost)
		look->sp_known = false;
	look->sp -= step->sp_change;
	for (unsigned int which = 1; which <= ALL; which <<= 1) {
		uint32_t reg = register_of(steps->arch, which);

		if (!(look->pending & which) || !((step->writes | step->reads) & bit(reg)))
			continue;
		look->pending &= ~which;
		if (step->writes & step->results & bit(reg))
			written(steps, at, which, look);
	}
	return look->pending;
}

/* Goes back from item `at` along all ways that lead nowhere else. */
static void look_back(struct steps *steps, size_t at, struct look look)
{
	const struct fdbg_step *items = steps->items;

	for (;;) {
		for (size_t i = 0; i < steps->n && steps->joined[at] && look.jumps < MAX_JUMPS && steps->budget; i++) {
			struct look there = look;

			steps->budget--;
			if (items[i].kind != FDBG_STEP_JUMP || items[i].target != items[at].address)
				continue;
			there.jumps++;
			look_back(steps, i, there);
		}
		if (!at || !steps->budget || (items[at - 1].kind != FDBG_STEP_ON && items[at - 1].kind != FDBG_STEP_CALL))
			return;
		steps->budget--;
		if (!look_at(steps, --at, &look))
			return;
	}
}

/*
 * Where the hidden pointer has a register of its own, a function that is given one reads it; any other writes it
 * first, or leaves it alone. Behind the first branch or call nothing is sure.
 */
static void look_at_entry(struct steps *steps)
{
	uint64_t hidden = bit(steps->arch->hidden_pointer);

	for (size_t i = 0; i < steps->n; i++) {
		const struct fdbg_step *step = &steps->items[i];

		if (step->kind == FDBG_STEP_RETURN)
			steps->ret->no_pointer = true;
		if (step->kind != FDBG_STEP_ON)
			return;
		if (step->reads & hidden) {
			steps->ret->pointer = true;
			return;
		}
		if (step->writes & hidden) {
			steps->ret->no_pointer = true;
			return;
		}
	}
}

/* No instruction writes the first integer register, and no other code is run that could. */
static bool never_writes(const struct steps *steps)
{
	uint64_t low = steps->items[0].address, high = steps->items[steps->n - 1].address;
	uint64_t reg = bit(register_of(steps->arch, INT_0));

	for (size_t i = 0; i < steps->n; i++) {
		const struct fdbg_step *step = &steps->items[i];
		bool jumps = step->kind == FDBG_STEP_JUMP || step->kind == FDBG_STEP_BRANCH;

		if ((step->writes & reg) || step->kind == FDBG_STEP_CALL || step->kind == FDBG_STEP_AWAY ||
		    (jumps && (step->target < low || step->target > high)))
			return false;
	}
	return true;
}

void fdbg_result_analyse(const struct fdbg_arch *arch, const struct fdbg_code *code, fdbg_step_fn_decode decode,
			 void *context, struct fdbg_result_code *ret)
{
	struct steps steps = { .arch = arch, .budget = MAX_BACK, .ret = ret };

	memset(ret, 0, sizeof(*ret));
	if (code->size && code->size <= MAX_CODE && decode_all(&steps, code, decode, context) &&
	    find_joins(&steps)) {
		arch->analyse_prologue(code, code->address + code->size, &steps.prologue);
		if (arch->hidden_pointer_ret == FDBG_ARCH_NO_REG)
			look_at_entry(&steps);
		ret->int_never = never_writes(&steps);
		for (size_t i = 0; i < steps.n; i++)
			if (steps.items[i].kind == FDBG_STEP_RETURN)
				look_back(&steps, i, (struct look){ .pending = ALL, .sp_known = true });
	}
	free(steps.joined);
	free(steps.items);
}
