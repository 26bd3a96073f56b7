/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "trace/callers.h"

#include <stdlib.h>
#include <string.h>

#include "trace/callers_internal.h"

/* Instructions that are looked at for one question. */
#define MAX_QUESTION_STEPS 200000
/* Through how many callers a register is followed that return what they got. */
#define MAX_OUTER 8
/* Calls of one function that are looked at. */
#define MAX_SITES 64
static bool add_site(struct fdbg_callers *callers, struct fdbg_call_site site)
{
	if (callers->n_sites == callers->cap_sites) {
		size_t cap = callers->cap_sites ? callers->cap_sites * 2 : 4096;
		struct fdbg_call_site *sites = realloc(callers->sites, cap * sizeof(*sites));

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
			struct fdbg_call_site site;
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
				       ? (struct fdbg_call_site){ target, address + at, 5, bytes[at] == 0xe9 }
				       : (struct fdbg_call_site){ target, address + at - 1, 6, true };
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
		if (!add_site(callers, (struct fdbg_call_site){ target, address + at, 4, !(word >> 31) }))
			return false;
	}
	return true;
}

static int compare_sites(const void *a, const void *b)
{
	const struct fdbg_call_site *x = a, *y = b;

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
				       const struct fdbg_arch *arch, const struct fdbg_abi *abi,
				       const struct fdbg_function *const *functions, size_t n_functions,
				       struct fdbg_callers **ret)
{
	struct fdbg_callers *callers = calloc(1, sizeof(*callers));
	struct stretch stretch = { callers, false };

	if (!callers)
		return &fdbg_error_nomem;
	callers->image = image;
	callers->debuginfo = debuginfo;
	callers->arch = arch;
	callers->abi = abi;
	callers->effects = fdbg_effects_open(arch);
	if (callers->effects)
		fdbg_image_each_symbol(image, visit_symbol, &stretch);
	/* Symbols may have been stripped. */
	for (size_t i = 0; callers->effects && i < n_functions && !stretch.nomem; i++)
		stretch.nomem = !fdbg_map_set(&callers->starts, functions[i]->entry, 1);
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
	fdbg_map_deinit(&callers->ways);
	fdbg_map_deinit(&callers->functions);
	fdbg_map_deinit(&callers->units);
	fdbg_arena_deinit(&callers->scratch);
	free(callers->sites);
	free(callers);
}

/*
 * Is the call an instruction of the function around it? *owner_ret: where that begins; 0: no symbol says which function it is,
 * so that nothing is known about it.
 */
static bool is_call(struct fdbg_callers *callers, const struct fdbg_call_site *site, uint64_t *owner_ret)
{
	struct fdbg_symbol symbol;

	*owner_ret = 0;
	if (!fdbg_debuginfo_symbol_at(callers->debuginfo, site->address, &symbol))
		return true;
	for (uint64_t pc = symbol.address; pc < site->address;) {
		struct fdbg_effect effect;

		if (++callers->question_steps > MAX_QUESTION_STEPS)
			return true;
		pc += fdbg_callers_effect(callers, pc, &effect) ? effect.size : callers->arch == &fdbg_arch_x86_64 ? 1 : 4;
		if (pc > site->address)
			return false;
	}
	*owner_ret = symbol.address;
	return true;
}

/*
 * A function returns a register as it got it from the one that is asked about. Does that prove anything? What its own source says
 * is in the register must be there, whatever happened.
 */
static bool hands_on(struct fdbg_callers *callers, uint64_t owner, uint32_t reg, bool altered)
{
	switch (fdbg_callers_returns(callers, owner, reg)) {
	case FDBG_CALLERS_ALWAYS:
		return true;
	case FDBG_CALLERS_PERHAPS:
		return !altered;
	case FDBG_CALLERS_NEVER:
		break;
	}
	return false;
}

static enum fdbg_callers_answer answer(struct fdbg_callers *callers, uint64_t entry, uint32_t reg, bool altered, int outer)
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
		const struct fdbg_call_site *site = &callers->sites[i];
		enum fdbg_fate fate = FDBG_FATE_RETURNED;
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
			fate = fdbg_callers_follow(callers, owner, site->address + site->size, reg, altered, &steps);
			callers->question_steps += steps;
		}
		if (fate == FDBG_FATE_READ)
			return FDBG_CALLERS_READ;
		if (fate == FDBG_FATE_RETURNED && owner != entry && outer < MAX_OUTER &&
		    hands_on(callers, owner, reg, altered)) {
			enum fdbg_callers_answer beyond = answer(callers, owner, reg, altered, outer + 1);

			/* What nobody calls directly returns what its source says. */
			if (beyond == FDBG_CALLERS_READ ||
			    (beyond == FDBG_CALLERS_NONE && !fdbg_callers_is_altered(callers, owner)))
				return FDBG_CALLERS_READ;
		}
	}
	return result;
}

enum fdbg_callers_answer fdbg_callers_of(struct fdbg_callers *callers, uint64_t entry, uint32_t reg, bool altered)
{
	callers->question_steps = 0;
	return answer(callers, entry, reg, altered, 0);
}
