/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "trace/heap_calls.h"

#include <stdlib.h>
#include <string.h>

#include "rust/names.h"

/* No code is there. */
#define C_FUNCTIONS (UINT64_MAX - 64)

static bool grow(void **items, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap ? *cap * 2 : 256;
	void *grown;

	if (n < *cap)
		return true;
	grown = reallocarray(*items, more, size);
	if (!grown)
		return false;
	*items = grown;
	*cap = more;
	return true;
}

/* ---- the allocation functions ---- */

static bool has(struct fdbg_text text, const char *part)
{
	return memmem(text.data, text.len, part, strlen(part));
}

static enum fdbg_heap_role c_role_by_name(struct fdbg_text name)
{
	return fdbg_text_is(name, "malloc") ? ROLE_MALLOC : fdbg_text_is(name, "calloc") ? ROLE_CALLOC :
	       fdbg_text_is(name, "realloc") ? ROLE_C_REALLOC : fdbg_text_is(name, "free") ? ROLE_FREE :
	       fdbg_text_is(name, "posix_memalign") ? ROLE_MEMALIGN : ROLE_NONE;
}

static enum fdbg_heap_role role_by_name(struct fdbg_text name)
{
	static const struct {
		const char *end;
		enum fdbg_heap_role role;
	} lowest[] = {
		{ "__rust_alloc", ROLE_ALLOC }, { "__rust_alloc_zeroed", ROLE_ALLOC },
		{ "__rust_realloc", ROLE_REALLOC }, { "__rust_dealloc", ROLE_DEALLOC },
	};

	for (size_t i = 0; i < sizeof(lowest) / sizeof(lowest[0]); i++)
		if (fdbg_text_is(name, lowest[i].end) ||
		    (fdbg_text_starts(name, "__rustc") && fdbg_text_ends(name, lowest[i].end)))
			return lowest[i].role;
	if (fdbg_text_is(name, "alloc::alloc::exchange_malloc"))
		return ROLE_EXCHANGE;
	if (fdbg_text_is(name, "alloc::boxed::box_new_uninit"))
		return ROLE_BOX_NEW;
	if (fdbg_text_starts(name, "<alloc::alloc::Global as ") || fdbg_text_starts(name, "<&")) {
		if (fdbg_text_ends(name, "Allocator>::allocate") || fdbg_text_ends(name, "Allocator>::allocate_zeroed"))
			return ROLE_ALLOCATE;
		if (fdbg_text_ends(name, "Allocator>::deallocate"))
			return ROLE_DEALLOCATE;
		return ROLE_NONE;
	}
	if (fdbg_text_is(name, "alloc::alloc::Global::alloc_impl") ||
	    fdbg_text_is(name, "alloc::alloc::Global::alloc_impl_runtime") ||
	    fdbg_text_is(name, "<alloc::alloc::Global>::alloc_impl") ||
	    fdbg_text_is(name, "<alloc::alloc::Global>::alloc_impl_runtime"))
		return ROLE_ALLOCATE;
	if ((has(name, "alloc::vec::Vec<") && fdbg_text_ends(name, "::into_boxed_slice")) ||
	    (has(name, "alloc::raw_vec::RawVec<") && fdbg_text_ends(name, "::into_box")))
		return ROLE_INTO_SLICE;
	return ROLE_NONE;
}

static bool visit_symbol(void *context, const struct fdbg_symbol *symbol)
{
	struct fdbg_heap_planner *planner = context;
	bool all = planner->context->mode == FDBG_HEAP_ALL;
	struct fdbg_arena scratch = { 0 };
	struct fdbg_text name = symbol->name;
	enum fdbg_heap_role role;

	if (!symbol->function || !symbol->address)
		return true;
	role = c_role_by_name(name);
	if (role != ROLE_NONE) {
		planner->nomem |= !fdbg_map_set(&planner->roles, symbol->address, role);
		return !planner->nomem;
	}
	/* Most names need no demangling to see that they are others'. */
	if (!has(name, "__rust_") && (all || !(has(name, "exchange_malloc") || has(name, "box_new_uninit") ||
					       has(name, "alloc_impl") || has(name, "allocate") ||
					       has(name, "into_box"))))
		return true;
	if (!fdbg_rust_demangle(symbol->name, &scratch, &name))
		name = symbol->name;
	role = role_by_name(name);
	if (role != ROLE_NONE) {
		planner->n_role[role]++;
		planner->nomem |= !fdbg_map_set(&planner->roles, symbol->address, role);
	}
	fdbg_arena_deinit(&scratch);
	return !planner->nomem;
}

/* Functions of the C library have stand-in addresses, as only their slots are here. */
static void visit_import(void *context, uint64_t slot, struct fdbg_text name)
{
	struct fdbg_heap_planner *planner = context;
	enum fdbg_heap_role role = c_role_by_name(name);

	if (role == ROLE_NONE)
		return;
	planner->nomem |= !fdbg_map_set(&planner->slots, slot, C_FUNCTIONS + role) ||
			  !fdbg_map_set(&planner->roles, C_FUNCTIONS + role, role);
}

static void visit_slot(void *context, uint64_t slot, uint64_t value)
{
	struct fdbg_heap_planner *planner = context;
	uint64_t role;

	if (fdbg_map_get(&planner->roles, value, &role))
		planner->nomem |= !fdbg_map_set(&planner->slots, slot, value);
}

/* ---- the calls ---- */

static bool is_wanted(void *context, uint64_t target, bool slot)
{
	const struct fdbg_heap_planner *planner = context;
	uint64_t unused;

	return fdbg_map_get(slot ? &planner->slots : &planner->roles, target, &unused);
}

static void add_candidate(void *context, uint64_t address)
{
	struct fdbg_heap_planner *planner = context;

	if (!grow((void **)&planner->candidates, planner->n_candidates, &planner->cap_candidates, sizeof(uint64_t)))
		planner->nomem = true;
	else
		planner->candidates[planner->n_candidates++] = address;
}

static bool scan_code(void *context, uint64_t address, const uint8_t *bytes, size_t size)
{
	struct fdbg_heap_planner *planner = context;
	struct fdbg_code code = { .bytes = bytes, .address = address, .size = size };

	planner->context->arch->scan_branches(&code, is_wanted, add_candidate, planner);
	return !planner->nomem;
}

static void add_load(struct fdbg_heap_planner *planner, const struct fdbg_branch *branch, uint64_t callee)
{
	for (size_t i = 0; i < planner->n_loads; i++)
		if (planner->loads[i].reg == branch->reg && planner->loads[i].callee == callee &&
		    !planner->loads[i].slot == !branch->slot)
			return;
	if (planner->n_loads < MAX_LOADS)
		planner->loads[planner->n_loads++] = (struct load){ branch->reg, branch->slot ? branch->target : 0, callee };
}

/* Whether the code that lies between the load and the branch keeps the register and is not jumped into. */
static bool load_holds(const struct fdbg_heap_planner *planner, const struct fdbg_code *code, const struct register_branch *at)
{
	struct fdbg_effect effect;

	for (size_t i = 0; i < planner->n_targets; i++)
		if (planner->targets[i] > at->load.address && planner->targets[i] <= at->branch.address)
			return false;
	for (uint64_t address = at->load.next; address < at->branch.address; address += effect.size) {
		size_t offset = (size_t)(address - code->address);

		if (!fdbg_effects_at(planner->effects, code->bytes + offset, code->size - offset, address, &effect) ||
		    fdbg_effect_has(effect.writes, at->branch.reg))
			return false;
	}
	return true;
}

/* Branches to a register that holds the address of an allocation function, perhaps: whether it does is seen at the hit. */
static void add_register_calls(struct fdbg_heap_planner *planner, const struct fdbg_code *code)
{
	for (size_t i = 0; i < planner->n_by_register; i++) {
		const struct register_branch *at = &planner->by_register[i];
		bool certain = at->load.address && load_holds(planner, code, at);

		for (size_t k = 0; k < planner->n_loads; k++) {
			const struct load *load = &planner->loads[k];
			uint64_t role;

			if (load->reg != at->branch.reg || !fdbg_map_get(&planner->roles, load->callee, &role))
				continue;
			/* Unoptimized code loads the address right before each call: the others need not be looked at. */
			if (certain && (at->load.slot ? load->slot : load->callee) != at->load.target)
				continue;
			if (!grow((void **)&planner->calls, planner->n_calls, &planner->cap_calls, sizeof(*planner->calls))) {
				planner->nomem = true;
				return;
			}
			planner->calls[planner->n_calls++] = (struct fdbg_heap_call){
				.function = planner->function, .branch = at->branch, .role = (enum fdbg_heap_role)role,
				.callee = load->callee, .by_register = true, .slot = load->slot,
			};
		}
	}
}

static void forget_loads(struct fdbg_heap_planner *planner)
{
	if (planner->has_latest)
		memset(planner->latest, 0, sizeof(planner->latest));
	planner->has_latest = false;
}

static void visit_branch(void *context, const struct fdbg_branch *branch)
{
	struct fdbg_heap_planner *planner = context;
	uint64_t callee = branch->target, role = ROLE_NONE;
	bool known = branch->target && (!branch->slot || fdbg_map_get(&planner->slots, branch->target, &callee));

	if (branch->kind == FDBG_BRANCH_LOAD) {
		if (known)
			add_load(planner, branch, callee);
		planner->latest[branch->reg] = *branch;
		planner->has_latest = true;
		return;
	}
	if (branch->reg != FDBG_ARCH_NO_REG) {
		if (!grow((void **)&planner->by_register, planner->n_by_register, &planner->cap_by_register,
			  sizeof(*planner->by_register)))
			planner->nomem = true;
		else
			planner->by_register[planner->n_by_register++] =
				(struct register_branch){ *branch, planner->latest[branch->reg] };
	}
	forget_loads(planner);
	if (known && fdbg_map_get(&planner->roles, callee, &role)) {
		if (!grow((void **)&planner->calls, planner->n_calls, &planner->cap_calls, sizeof(*planner->calls)))
			planner->nomem = true;
		else
			planner->calls[planner->n_calls++] = (struct fdbg_heap_call){
				.function = planner->function, .branch = *branch, .role = (enum fdbg_heap_role)role, .callee = callee,
			};
		return;
	}
	if (branch->kind == FDBG_BRANCH_CALL || branch->slot)
		return;
	if (!branch->target)
		planner->wanders = true;
	else if (!grow((void **)&planner->targets, planner->n_targets, &planner->cap_targets, sizeof(uint64_t)))
		planner->nomem = true;
	else
		planner->targets[planner->n_targets++] = branch->target;
}

static void decode_function(struct fdbg_heap_planner *planner, const struct fdbg_symbol *symbol)
{
	struct fdbg_code code = { .address = symbol->address, .size = (size_t)symbol->size };

	code.bytes = fdbg_image_bytes(planner->context->image, code.address, code.size, false);
	if (!code.bytes)
		return;
	planner->function = symbol->address;
	planner->first_call = planner->n_calls;
	planner->n_targets = planner->n_loads = planner->n_by_register = 0;
	planner->wanders = false;
	forget_loads(planner);
	planner->context->arch->find_branches(&code, visit_branch, planner);
	add_register_calls(planner, &code);
	for (size_t i = planner->first_call; i < planner->n_calls; i++) {
		planner->calls[i].joined = planner->wanders;
		for (size_t k = 0; k < planner->n_targets; k++)
			planner->calls[i].joined |= planner->targets[k] == planner->calls[i].branch.next;
	}
}

static int compare_addresses(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

struct fdbg_error *fdbg_heap_find_calls(struct fdbg_heap_planner *planner)
{
	struct fdbg_error *err = fdbg_image_each_relative(planner->context->image, visit_slot, planner);
	uint64_t decoded = 0;

	if (!err)
		err = fdbg_image_each_import(planner->context->image, visit_import, planner);
	if (err)
		return err;
	if (!planner->effects)
		planner->effects = fdbg_effects_open(planner->context->arch);
	if (!planner->effects)
		return &fdbg_error_nomem;
	planner->n_calls = planner->n_candidates = 0;
	fdbg_image_each_code(planner->context->image, scan_code, planner);
	if (planner->nomem)
		return &fdbg_error_nomem;
	if (planner->n_candidates)
		qsort(planner->candidates, planner->n_candidates, sizeof(uint64_t), compare_addresses);
	for (size_t i = 0; i < planner->n_candidates && !planner->nomem; i++) {
		struct fdbg_symbol symbol;

		if (planner->candidates[i] < decoded ||
		    !fdbg_image_symbol_at(planner->context->image, planner->candidates[i], &symbol) || !symbol.size)
			continue;
		decode_function(planner, &symbol);
		decoded = symbol.address + symbol.size;
	}
	return planner->nomem ? &fdbg_error_nomem : NULL;
}

struct fdbg_error *fdbg_heap_find_functions(struct fdbg_heap_planner *planner)
{
	fdbg_image_each_symbol(planner->context->image, visit_symbol, planner);
	return planner->nomem ? &fdbg_error_nomem : NULL;
}

void fdbg_heap_planner_deinit(struct fdbg_heap_planner *planner)
{
	fdbg_map_deinit(&planner->roles);
	fdbg_map_deinit(&planner->slots);
	free(planner->candidates);
	free(planner->calls);
	free(planner->targets);
	free(planner->by_register);
	fdbg_effects_close(planner->effects);
}
