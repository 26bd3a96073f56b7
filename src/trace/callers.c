/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "trace/callers.h"

#include <stdlib.h>
#include <string.h>

#include "arch/effect.h"
#include "base/map.h"

/* Instructions that are looked at behind one call, and for one question. */
#define MAX_STEPS 4096
#define MAX_QUESTION_STEPS 200000
/* How many calls deep a register is followed into callees, and through callers that return what they got. */
#define MAX_NESTED 4
#define MAX_OUTER 8
/* Branches not yet followed. */
#define MAX_PENDING 256
/* Calls of one function that are looked at. */
#define MAX_SITES 64
/* The longest instruction. */
#define LONGEST 16

/* A direct call, or a jump that may be one. */
struct site {
	uint64_t target, address;
	uint32_t size;
	bool jump;
};

struct fdbg_callers {
	const struct fdbg_image *image;
	struct fdbg_debuginfo *debuginfo;
	const struct fdbg_arch *arch;
	struct fdbg_effects *effects;
	struct site *sites;   /* by target */
	size_t n_sites, cap_sites;
	struct fdbg_map visited;
	struct fdbg_map starts;    /* of the functions that have symbols */
	unsigned int question_steps;
};

static bool add_site(struct fdbg_callers *callers, struct site site)
{
	if (callers->n_sites == callers->cap_sites) {
		size_t cap = callers->cap_sites ? callers->cap_sites * 2 : 4096;
		struct site *sites = realloc(callers->sites, cap * sizeof(*sites));

		if (!sites)
			return false;
		callers->sites = sites;
		callers->cap_sites = cap;
	}
	callers->sites[callers->n_sites++] = site;
	return true;
}

/*
 * All that looks like a direct call or jump in a stretch of code. On x86_64 instructions begin anywhere, so some of these are in
 * the middle of one: whoever uses a site makes sure of it.
 */
static bool find_sites(struct fdbg_callers *callers, const uint8_t *bytes, uint64_t address, size_t size)
{
	const struct fdbg_image_info *info = fdbg_image_info(callers->image);

	if (callers->arch == &fdbg_arch_x86_64) {
		for (size_t at = 0; at + 5 <= size; at++) {
			struct site site;
			uint64_t target, unused;
			uint32_t raw;

			if (bytes[at] != 0xe8 && bytes[at] != 0xe9 && (bytes[at] & 0xf0) != 0x80)
				continue;
			/* Of jumps (0f 8x: on a condition) only those that begin a function may be calls. */
			memcpy(&raw, bytes + at + 1, sizeof(raw));
			target = address + at + 5 + (uint64_t)(int64_t)(int32_t)raw;
			if (target < info->low || target >= info->high ||
			    ((bytes[at] & 0xf0) == 0x80 && (!at || bytes[at - 1] != 0x0f)) ||
			    (bytes[at] != 0xe8 && !fdbg_map_get(&callers->starts, target, &unused)))
				continue;
			site = bytes[at] == 0xe8 || bytes[at] == 0xe9
				       ? (struct site){ target, address + at, 5, bytes[at] == 0xe9 }
				       : (struct site){ target, address + at - 1, 6, true };
			if (!add_site(callers, site))
				return false;
		}
		return true;
	}
	for (size_t at = (4 - address % 4) % 4; at + 4 <= size; at += 4) {
		uint64_t target, unused;
		uint32_t word;

		memcpy(&word, bytes + at, sizeof(word));
		if ((word & 0x7c000000) != 0x14000000)
			continue;
		target = address + at + (uint64_t)((int64_t)(int32_t)(word << 6) >> 6) * 4;
		if (target < info->low || target >= info->high ||
		    (!(word >> 31) && !fdbg_map_get(&callers->starts, target, &unused)))
			continue;
		if (!add_site(callers, (struct site){ target, address + at, 4, !(word >> 31) }))
			return false;
	}
	return true;
}

static int compare_sites(const void *a, const void *b)
{
	const struct site *x = a, *y = b;

	if (x->target != y->target)
		return x->target < y->target ? -1 : 1;
	return x->address < y->address ? -1 : x->address > y->address;
}

struct stretch {
	struct fdbg_callers *callers;
	bool nomem;
};

static bool visit_code(void *context, uint64_t address, const uint8_t *bytes, size_t size)
{
	struct stretch *stretch = context;

	stretch->nomem = !find_sites(stretch->callers, bytes, address, size);
	return !stretch->nomem;
}

static bool visit_symbol(void *context, const struct fdbg_symbol *symbol)
{
	struct stretch *stretch = context;

	if (symbol->function && symbol->address)
		stretch->nomem = !fdbg_map_set(&stretch->callers->starts, symbol->address, 1);
	return !stretch->nomem;
}

struct fdbg_error *fdbg_callers_create(const struct fdbg_image *image, struct fdbg_debuginfo *debuginfo,
				       const struct fdbg_arch *arch, struct fdbg_callers **ret)
{
	struct fdbg_callers *callers = calloc(1, sizeof(*callers));
	struct stretch stretch = { callers, false };

	if (!callers)
		return &fdbg_error_nomem;
	callers->image = image;
	callers->debuginfo = debuginfo;
	callers->arch = arch;
	callers->effects = fdbg_effects_open(arch);
	if (callers->effects)
		fdbg_image_each_symbol(image, visit_symbol, &stretch);
	if (callers->effects && !stretch.nomem)
		fdbg_image_each_code(image, visit_code, &stretch);
	if (!callers->effects || stretch.nomem) {
		fdbg_callers_destroy(callers);
		return &fdbg_error_nomem;
	}
	if (callers->n_sites)
		qsort(callers->sites, callers->n_sites, sizeof(*callers->sites), compare_sites);
	*ret = callers;
	return NULL;
}

void fdbg_callers_destroy(struct fdbg_callers *callers)
{
	if (!callers)
		return;
	fdbg_effects_close(callers->effects);
	fdbg_map_deinit(&callers->visited);
	fdbg_map_deinit(&callers->starts);
	free(callers->sites);
	free(callers);
}

static bool effect_at(struct fdbg_callers *callers, uint64_t address, struct fdbg_effect *ret)
{
	const uint8_t *bytes = NULL;
	size_t size = LONGEST;

	/* The last function of a segment may end less than the longest instruction before it. */
	while (size && !(bytes = fdbg_image_bytes(callers->image, address, size, false)))
		size--;
	return size && fdbg_effects_at(callers->effects, bytes, size, address, ret);
}

enum fate { FATE_READ, FATE_DEAD, FATE_RETURNED, FATE_UNKNOWN };

/*
 * What becomes of a register's value from an address on: the best of what all paths do. nested: how many calls deep this
 * is; what is at a callee's ret is not what the caller asked about.
 */
static enum fate follow(struct fdbg_callers *callers, uint64_t address, uint32_t reg, int nested, unsigned int *steps)
{
	uint64_t pending[MAX_PENDING];
	size_t n_pending = 1;
	enum fate fate = FATE_DEAD;

	pending[0] = address;
	while (n_pending) {
		uint64_t pc = pending[--n_pending];

		for (;;) {
			struct fdbg_effect effect;
			uint64_t unused;

			/* One set of visited places does for all depths: what a place does with the register is the same. */
			if (fdbg_map_get(&callers->visited, pc, &unused))
				break;
			if (++*steps > MAX_STEPS || !fdbg_map_set(&callers->visited, pc, 1) ||
			    !effect_at(callers, pc, &effect)) {
				fate = fate == FATE_DEAD ? FATE_UNKNOWN : fate;
				break;
			}
			if (fdbg_effect_has(effect.reads, reg))
				return FATE_READ;
			if (effect.flow == FDBG_FLOW_CALL) {
				enum fate inner = nested < MAX_NESTED ? follow(callers, effect.target, reg, nested + 1, steps)
								      : FATE_UNKNOWN;

				if (inner == FATE_READ)
					return FATE_READ;
				if (inner == FATE_UNKNOWN && fate == FATE_DEAD)
					fate = FATE_UNKNOWN;
				break; /* no register that is asked about survives a call */
			}
			if (effect.flow == FDBG_FLOW_CALL_INDIRECT || effect.flow == FDBG_FLOW_JUMP_INDIRECT) {
				fate = fate == FATE_DEAD ? FATE_UNKNOWN : fate;
				break;
			}
			if (fdbg_effect_has(effect.writes, reg) || effect.flow == FDBG_FLOW_STOP)
				break;
			if (effect.flow == FDBG_FLOW_RETURN) {
				if (!nested)
					fate = FATE_RETURNED;
				break;
			}
			if (effect.flow == FDBG_FLOW_COND_JUMP) {
				if (n_pending == MAX_PENDING)
					fate = fate == FATE_DEAD ? FATE_UNKNOWN : fate;
				else
					pending[n_pending++] = effect.target;
			}
			pc = effect.flow == FDBG_FLOW_JUMP ? effect.target : pc + effect.size;
		}
	}
	return fate;
}

/*
 * Is the call an instruction of the function around it? *owner_ret: where that begins; 0: no symbol says which function it is,
 * so that nothing is known about it.
 */
static bool is_call(struct fdbg_callers *callers, const struct site *site, uint64_t *owner_ret)
{
	struct fdbg_symbol symbol;

	*owner_ret = 0;
	if (!fdbg_debuginfo_symbol_at(callers->debuginfo, site->address, &symbol))
		return true;
	for (uint64_t pc = symbol.address; pc < site->address;) {
		struct fdbg_effect effect;

		if (++callers->question_steps > MAX_QUESTION_STEPS)
			return true;
		pc += effect_at(callers, pc, &effect) ? effect.size : callers->arch == &fdbg_arch_x86_64 ? 1 : 4;
		if (pc > site->address)
			return false;
	}
	*owner_ret = symbol.address;
	return true;
}

static enum fdbg_callers_answer answer(struct fdbg_callers *callers, uint64_t entry, uint32_t reg, int outer)
{
	enum fdbg_callers_answer result = FDBG_CALLERS_NONE;
	size_t low = 0, high = callers->n_sites;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (callers->sites[middle].target < entry)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = low; i < callers->n_sites && callers->sites[i].target == entry; i++) {
		const struct site *site = &callers->sites[i];
		enum fate fate = FATE_RETURNED;
		unsigned int steps = 0;
		uint64_t owner;

		if (i - low == MAX_SITES || callers->question_steps > MAX_QUESTION_STEPS)
			return FDBG_CALLERS_IGNORE;
		/* A jump of a loop to the entry is no call. */
		if (!is_call(callers, site, &owner) || (owner == entry && site->jump))
			continue;
		result = FDBG_CALLERS_IGNORE;
		if (!owner)
			continue;
		if (!site->jump) {
			fdbg_map_clear(&callers->visited);
			fate = follow(callers, site->address + site->size, reg, 0, &steps);
			callers->question_steps += steps;
		}
		if (fate == FATE_READ)
			return FDBG_CALLERS_READ;
		if (fate == FATE_RETURNED && owner != entry && outer < MAX_OUTER) {
			enum fdbg_callers_answer beyond = answer(callers, owner, reg, outer + 1);

			/* What nobody calls directly returns what its source says. */
			if (beyond != FDBG_CALLERS_IGNORE)
				return FDBG_CALLERS_READ;
		}
	}
	return result;
}

enum fdbg_callers_answer fdbg_callers_of(struct fdbg_callers *callers, uint64_t entry, uint32_t reg)
{
	callers->question_steps = 0;
	return answer(callers, entry, reg, 0);
}

enum fdbg_entry_use fdbg_callers_entry_use(struct fdbg_callers *callers, uint64_t entry, uint32_t reg)
{
	unsigned int steps = 0;

	fdbg_map_clear(&callers->visited);
	switch (follow(callers, entry, reg, 0, &steps)) {
	case FATE_READ:
		return FDBG_ENTRY_READ;
	case FATE_UNKNOWN:
		return FDBG_ENTRY_UNKNOWN;
	default:
		return FDBG_ENTRY_WRITTEN;
	}
}
