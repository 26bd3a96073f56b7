/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Follows what is in a register along the ways that code can take. */
#include "trace/callers_internal.h"

/* Instructions that are looked at behind one call. */
#define MAX_STEPS 4096
/* How many calls deep a register is followed into callees. */
#define MAX_NESTED 4
/* Branches not yet followed. */
#define MAX_PENDING 256
/* Larger functions are not searched for their ways. */
#define MAX_OWNER (256 * 1024)
/* The longest instruction. */
#define LONGEST 16

bool fdbg_callers_effect(struct fdbg_callers *callers, uint64_t address, struct fdbg_effect *ret)
{
	const uint8_t *bytes = NULL;
	size_t size = LONGEST;

	/* The last function of a segment may end less than the longest instruction before it. */
	while (size && !(bytes = fdbg_image_bytes(callers->image, address, size, false)))
		size--;
	return size && fdbg_effects_at(callers->effects, bytes, size, address, ret);
}

static void add_way(struct fdbg_callers *callers, uint64_t address, uint64_t n)
{
	uint64_t value = 0;

	fdbg_map_get(&callers->ways, address, &value);
	callers->owner_unclear |= !fdbg_map_set(&callers->ways, address, value + n < 2 ? value + n : 2);
}

/* Finds where a function's jumps lead to, and whether the code before goes on there. */
static void find_ways(struct fdbg_callers *callers, uint64_t owner)
{
	struct fdbg_symbol symbol;
	bool goes_on = true;

	if (callers->owner == owner)
		return;
	callers->owner = owner;
	fdbg_map_clear(&callers->ways);
	callers->owner_unclear = !fdbg_debuginfo_symbol_at(callers->debuginfo, owner, &symbol) || symbol.address != owner ||
				 !symbol.size || symbol.size > MAX_OWNER;
	callers->owner_low = owner;
	callers->owner_high = callers->owner_unclear ? owner : owner + symbol.size;
	add_way(callers, owner, 1);
	for (uint64_t pc = owner, next; pc < callers->owner_high && !callers->owner_unclear; pc = next) {
		struct fdbg_effect effect;

		if (!fdbg_callers_effect(callers, pc, &effect)) {
			callers->owner_unclear = true;
			return;
		}
		next = pc + effect.size;
		switch (effect.flow) {
		case FDBG_FLOW_JUMP:
		case FDBG_FLOW_COND_JUMP:
			add_way(callers, effect.target, 1);
			goes_on = effect.flow == FDBG_FLOW_COND_JUMP;
			break;
		case FDBG_FLOW_JUMP_INDIRECT:
			/* It may lead to a table's places, anywhere in the function. */
			callers->owner_unclear = true;
			return;
		case FDBG_FLOW_RETURN:
		case FDBG_FLOW_STOP:
			goes_on = false;
			break;
		case FDBG_FLOW_ON:
		case FDBG_FLOW_CALL:
		case FDBG_FLOW_CALL_INDIRECT:
			/* What fills up the space behind a jump is not run. */
			goes_on |= effect.flow != FDBG_FLOW_ON || effect.reads[0] || effect.reads[1] || effect.writes[0] ||
				   effect.writes[1];
			break;
		}
		/* The way on from one instruction to the next counts only where it meets a jump's. */
		if (goes_on)
			add_way(callers, next, 1);
	}
}

/* Do other ways lead to an address than the one that is followed? */
static bool ways_meet(const struct fdbg_callers *callers, uint64_t address)
{
	uint64_t n = 0;

	return callers->owner_unclear || (fdbg_map_get(&callers->ways, address, &n) && n > 1);
}

struct follower {
	struct fdbg_callers *callers;
	uint32_t reg;
	bool altered;      /* only what is certain counts */
	bool entry;        /* it is followed from the entry of a function: what its callees do with it, it does */
	bool outlined;     /* it is in code that goes on where it was called */
	int nested;
	unsigned int *steps;
};

struct place {
	uint64_t pc;
	bool met;          /* other ways have come in */
};

static enum fdbg_fate follow(const struct follower *follower, struct place from);

/* Is there code that LLVM's outliner took from several functions? It leaves all registers as those expect. */
static bool is_outlined(struct fdbg_callers *callers, uint64_t address)
{
	struct fdbg_symbol symbol;

	return fdbg_debuginfo_symbol_at(callers->debuginfo, address, &symbol) && symbol.address == address &&
	       fdbg_text_starts(symbol.name, "OUTLINED_FUNCTION_");
}

/* What a callee does with the register; RETURNED: it leaves it to the code behind the call. */
static enum fdbg_fate callee_fate(const struct follower *follower, uint64_t target, bool met)
{
	struct follower inner = *follower;
	enum fdbg_fate fate;

	if (fdbg_callers_takes(follower->callers, target, follower->reg) == FDBG_CALLERS_ALWAYS)
		return FDBG_FATE_READ;
	inner.nested++;
	inner.outlined = is_outlined(follower->callers, target);
	if (inner.nested > MAX_NESTED || (follower->altered && !follower->entry && !inner.outlined))
		return FDBG_FATE_UNKNOWN;
	fate = follow(&inner, (struct place){ target, met });
	return fate == FDBG_FATE_RETURNED && !inner.outlined ? FDBG_FATE_DEAD : fate;
}

/* Does code at an address belong to the function whose ways are known? */
static bool is_inside(const struct follower *follower, uint64_t address)
{
	const struct fdbg_callers *callers = follower->callers;

	return !follower->nested && !callers->owner_unclear && address >= callers->owner_low && address < callers->owner_high;
}

static enum fdbg_fate follow(const struct follower *follower, struct place from)
{
	struct fdbg_callers *callers = follower->callers;
	struct place pending[MAX_PENDING];
	size_t n_pending = 1;
	enum fdbg_fate fate = FDBG_FATE_DEAD;

	pending[0] = from;
	while (n_pending) {
		struct place at = pending[--n_pending];

		for (;;) {
			enum fdbg_fate here = FDBG_FATE_DEAD;
			struct fdbg_effect effect;
			uint64_t before = 0;
			bool ends = true;

			if (!follower->nested && !(callers->owner_unclear && follower->entry))
				at.met |= ways_meet(callers, at.pc);
			/* One set of visited places does for all depths: what a place does with the register is the same. */
			if (fdbg_map_get(&callers->visited, at.pc, &before) && (before == 1 || at.met))
				break;
			if (++*follower->steps > MAX_STEPS || !fdbg_map_set(&callers->visited, at.pc, at.met ? 2 : 1) ||
			    !fdbg_callers_effect(callers, at.pc, &effect)) {
				fate = fate == FDBG_FATE_DEAD ? FDBG_FATE_UNKNOWN : fate;
				break;
			}
			if (fdbg_effect_has(effect.reads, follower->reg)) {
				/* Nobody uses as a pointer what no way has filled. */
				if (!follower->altered || !at.met ||
				    (follower->entry && fdbg_effect_has(effect.addresses, follower->reg)))
					return FDBG_FATE_READ;
				fate = fate == FDBG_FATE_DEAD ? FDBG_FATE_UNKNOWN : fate;
			}
			switch (effect.flow) {
			case FDBG_FLOW_CALL:
				/* No register that is asked about survives a call, but of what is no function. */
				here = callee_fate(follower, effect.target, at.met);
				if (here == FDBG_FATE_RETURNED) {
					here = FDBG_FATE_DEAD;
					ends = false;
				}
				break;
			case FDBG_FLOW_CALL_INDIRECT:
			case FDBG_FLOW_JUMP_INDIRECT:
				here = FDBG_FATE_UNKNOWN;
				break;
			case FDBG_FLOW_RETURN:
				here = follower->entry && !follower->outlined ? FDBG_FATE_DEAD : FDBG_FATE_RETURNED;
				break;
			case FDBG_FLOW_STOP:
				break;
			case FDBG_FLOW_JUMP:
				/* To another function, which the register is given to, or not. */
				if (follower->altered && !follower->entry && !callers->owner_unclear &&
				    !is_inside(follower, effect.target) && !is_outlined(callers, effect.target)) {
					here = callee_fate(follower, effect.target, at.met);
					break;
				}
				ends = false;
				break;
			case FDBG_FLOW_ON:
			case FDBG_FLOW_COND_JUMP:
				ends = fdbg_effect_has(effect.writes, follower->reg);
				break;
			}
			if (here == FDBG_FATE_READ)
				return here;
			if (here == FDBG_FATE_RETURNED || (here == FDBG_FATE_UNKNOWN && fate == FDBG_FATE_DEAD))
				fate = here;
			if (ends)
				break;
			if (effect.flow == FDBG_FLOW_COND_JUMP) {
				if (n_pending == MAX_PENDING)
					fate = fate == FDBG_FATE_DEAD ? FDBG_FATE_UNKNOWN : fate;
				else
					pending[n_pending++] = (struct place){ effect.target, at.met };
			}
			/* Of other functions, and of one whose ways are not known, only the straight line from the entry is known to be one way. */
			if (effect.flow != FDBG_FLOW_ON && !is_inside(follower, at.pc))
				at.met = true;
			at.pc = effect.flow == FDBG_FLOW_JUMP ? effect.target : at.pc + effect.size;
		}
	}
	return fate;
}

enum fdbg_fate fdbg_callers_follow(struct fdbg_callers *callers, uint64_t owner, uint64_t address, uint32_t reg, bool altered,
				   unsigned int *steps)
{
	struct follower follower = { .callers = callers, .reg = reg, .altered = altered, .steps = steps };

	find_ways(callers, owner);
	fdbg_map_clear(&callers->visited);
	return follow(&follower, (struct place){ .pc = address });
}

enum fdbg_entry_use fdbg_callers_entry_use(struct fdbg_callers *callers, uint64_t entry, uint32_t reg)
{
	unsigned int steps = 0;
	struct follower follower = { .callers = callers, .reg = reg, .altered = true, .entry = true, .steps = &steps };

	find_ways(callers, entry);
	fdbg_map_clear(&callers->visited);
	switch (follow(&follower, (struct place){ .pc = entry })) {
	case FDBG_FATE_READ:
		return FDBG_ENTRY_READ;
	case FDBG_FATE_UNKNOWN:
		return FDBG_ENTRY_UNKNOWN;
	default:
		return FDBG_ENTRY_WRITTEN;
	}
}
