/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "trace/heap_walk.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/map.h"

/* Callers that are looked at for one allocation. */
#define MAX_CALLERS 64

/* What is known of a code address (that of a call, so one below the return address). */
struct spot {
	struct fdbg_inline_frame *frames;
	size_t n_frames;
	bool program;           /* one of them is the program's own */
	bool has_rule;
	struct fdbg_frame_rule rule;
};

/* What a chain of callers came to. */
struct chain {
	const struct fdbg_heap_probe *probe;
	uint64_t *addresses;
	size_t n;
	struct fdbg_heap_origin origin;
};

struct fdbg_heap_walk {
	struct fdbg_debuginfo *debuginfo;
	const struct fdbg_arch *arch;
	uint64_t bias;
	uint32_t fp_dwarf;
	struct fdbg_arena arena;
	struct fdbg_map spots;   /* link-time address -> struct spot * */
	struct fdbg_map chains;  /* hash -> struct chain * */
};

static struct fdbg_error *spot_at(struct fdbg_heap_walk *walk, uint64_t address, struct spot **ret)
{
	struct fdbg_error *err;
	struct spot *spot;
	uint64_t value;

	if (fdbg_map_get(&walk->spots, address, &value)) {
		*ret = (struct spot *)(uintptr_t)value;
		return NULL;
	}
	spot = fdbg_arena_new(&walk->arena, struct spot);
	if (!spot)
		return &fdbg_error_nomem;
	err = fdbg_heap_frames_at(walk->debuginfo, address, &walk->arena, &spot->frames, &spot->n_frames);
	if (err)
		return err;
	for (size_t i = fdbg_heap_skip_allocator(spot->frames, spot->n_frames); i < spot->n_frames; i++)
		spot->program |= !fdbg_heap_is_std(spot->frames[i].path);
	err = fdbg_debuginfo_frame(walk->debuginfo, address, walk->fp_dwarf, &spot->rule);
	spot->has_rule = !err;
	fdbg_error_destroy(err);
	if (!fdbg_map_set(&walk->spots, address, (uintptr_t)spot))
		return &fdbg_error_nomem;
	*ret = spot;
	return NULL;
}

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The stack as far as it was captured. */
struct window {
	uint64_t address;
	const uint8_t *bytes;
	size_t size;
};

static bool read_word(const struct window *window, uint64_t address, uint64_t *ret)
{
	uint64_t value = 0;

	if (address < window->address || window->size < 8 || address - window->address > window->size - 8)
		return false;
	for (int i = 7; i >= 0; i--)
		value = value << 8 | window->bytes[address - window->address + (uint64_t)i];
	*ret = value;
	return true;
}

struct position {
	uint64_t lookup;         /* link-time */
	uint64_t sp, fp;
	bool top;                /* registers are those of the hit */
};

/* To the caller of the function that is at a position. */
static bool step_out(const struct fdbg_heap_walk *walk, const struct fdbg_hit *hit, const struct window *window,
		     const struct spot *spot, struct position *position)
{
	const struct fdbg_arch *arch = walk->arch;
	const struct fdbg_frame_rule *rule = &spot->rule;
	uint32_t reg;
	uint64_t cfa, ra;

	if (!spot->has_rule)
		return false;
	reg = fdbg_arch_reg_by_dwarf(arch, rule->cfa_reg);
	if (reg == arch->sp)
		cfa = position->sp + (uint64_t)rule->cfa_offset;
	else if (reg == arch->fp)
		cfa = position->fp + (uint64_t)rule->cfa_offset;
	else
		return false;
	if (cfa <= position->sp && !position->top)
		return false; /* frames only get older outwards */
	if (rule->ra_saved) {
		if (!read_word(window, cfa + (uint64_t)rule->ra_offset, &ra))
			return false;
	} else if (position->top && arch->ra != FDBG_ARCH_NO_REG && hit->registers->valid[arch->ra]) {
		ra = fdbg_registers_get(hit->registers, arch->ra);
	} else {
		return false;
	}
	if (rule->fp_saved && !read_word(window, cfa + (uint64_t)rule->fp_offset, &position->fp))
		return false;
	position->sp = cfa;
	position->lookup = ra - walk->bias - 1;
	position->top = false;
	return true;
}

/* The chain of call addresses from a hit outwards, up to the program's own code. */
static struct fdbg_error *collect(struct fdbg_heap_walk *walk, const struct fdbg_hit *hit, const struct fdbg_heap_probe *probe,
				  uint64_t *addresses, size_t *n_ret)
{
	const struct fdbg_arch *arch = walk->arch;
	struct position position = {
		.lookup = hit->site->address, .sp = fdbg_registers_get(hit->registers, arch->sp),
		.fp = fdbg_registers_get(hit->registers, arch->fp), .top = true,
	};
	struct window window = { .address = position.sp, .size = probe->window };
	struct fdbg_error *err;
	size_t n = 0;

	*n_ret = 0;
	/* Near the end of a stack there is less than was asked for, by whole pages. */
	while (window.size && fdbg_memview_get(hit->view, window.address, window.size, &window.bytes) != FDBG_MEMVIEW_READY)
		window.size -= min_size(window.size, (window.address + window.size - 1) % FDBG_PAGE_SIZE + 1);
	if (probe->entry) {
		uint64_t ra;

		if (arch->ra != FDBG_ARCH_NO_REG)
			ra = fdbg_registers_get(hit->registers, arch->ra);
		else if (!read_word(&window, position.sp, &ra))
			return NULL;
		position.sp += (uint64_t)arch->cfa_at_entry;
		position.lookup = ra - walk->bias - 1;
		position.top = false;
	} else if (probe->step == FDBG_HEAP_RESULT) {
		/* Behind the call: its own address is before. */
		position.lookup--;
	}
	while (n < MAX_CALLERS && fdbg_debuginfo_in_image(walk->debuginfo, position.lookup)) {
		struct spot *spot;

		err = spot_at(walk, position.lookup, &spot);
		if (err)
			return err;
		addresses[n++] = position.lookup;
		if (spot->program || !step_out(walk, hit, &window, spot, &position))
			break;
	}
	*n_ret = n;
	return NULL;
}

/* Works out what a chain comes to. */
static struct fdbg_error *search_chain(struct fdbg_heap_walk *walk, struct chain *chain)
{
	struct fdbg_heap_search search = { .arena = &walk->arena, .debuginfo = walk->debuginfo };

	if (chain->probe->origin)
		search.origin = *chain->probe->origin;
	search.origin.place = (struct fdbg_heap_place){ 0 };
	for (size_t i = 0; i < chain->n && !search.done; i++) {
		struct spot *spot;
		struct fdbg_error *err = spot_at(walk, chain->addresses[i], &spot);

		if (err)
			return err;
		fdbg_heap_search_frames(&search, spot->frames, spot->n_frames);
	}
	if (!search.origin.owner.type_name.len)
		search.origin.owner.type_name = FDBG_TEXT(FDBG_HEAP_UNKNOWN_TYPE);
	chain->origin = search.origin;
	return search.nomem ? &fdbg_error_nomem : NULL;
}

struct fdbg_error *fdbg_heap_walk_origin(struct fdbg_heap_walk *walk, const struct fdbg_hit *hit,
					 const struct fdbg_heap_probe *probe, const struct fdbg_heap_origin **ret)
{
	uint64_t addresses[MAX_CALLERS + 1], hash, value;
	struct chain *chain;
	struct fdbg_error *err;
	size_t n;

	if (probe->origin && !probe->window) {
		*ret = probe->origin;
		return NULL;
	}
	err = collect(walk, hit, probe, addresses, &n);
	if (err)
		return err;
	addresses[n] = (uintptr_t)probe;
	hash = XXH3_64bits(addresses, (n + 1) * sizeof(addresses[0]));
	if (fdbg_map_get(&walk->chains, hash, &value)) {
		chain = (struct chain *)(uintptr_t)value;
		if (chain->probe == probe && chain->n == n && !memcmp(chain->addresses, addresses, n * sizeof(addresses[0]))) {
			*ret = &chain->origin;
			return NULL;
		}
	}
	chain = fdbg_arena_new(&walk->arena, struct chain);
	if (!chain)
		return &fdbg_error_nomem;
	chain->probe = probe;
	chain->n = n;
	chain->addresses = fdbg_arena_array(&walk->arena, n, sizeof(addresses[0]));
	if (!chain->addresses)
		return &fdbg_error_nomem;
	if (n)
		memcpy(chain->addresses, addresses, n * sizeof(addresses[0]));
	err = search_chain(walk, chain);
	if (err)
		return err;
	if (!fdbg_map_set(&walk->chains, hash, (uintptr_t)chain))
		return &fdbg_error_nomem;
	*ret = &chain->origin;
	return NULL;
}

struct fdbg_error *fdbg_heap_walk_create(struct fdbg_debuginfo *debuginfo, const struct fdbg_arch *arch, uint64_t bias,
					 struct fdbg_heap_walk **ret)
{
	struct fdbg_heap_walk *walk = calloc(1, sizeof(*walk));

	if (!walk)
		return &fdbg_error_nomem;
	walk->debuginfo = debuginfo;
	walk->arch = arch;
	walk->bias = bias;
	walk->fp_dwarf = arch->regs[arch->fp].dwarf;
	*ret = walk;
	return NULL;
}

void fdbg_heap_walk_destroy(struct fdbg_heap_walk *walk)
{
	if (!walk)
		return;
	fdbg_map_deinit(&walk->spots);
	fdbg_map_deinit(&walk->chains);
	fdbg_arena_deinit(&walk->arena);
	free(walk);
}
