/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Where to look at heap allocations: the calls of the allocation functions. */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "rust/names.h"
#include "trace/heap.h"

/*
 * The calls are found in the code: a quick scan gives addresses that may be calls of an allocation function, directly or through a
 * slot that the loader fills in, and the functions around these are then decoded from their start.
 */

/* How an allocation function takes and gives what it is about (std-types.md, section 12). */
enum role {
	ROLE_NONE,
	ROLE_ALLOC,         /* __rust_alloc, __rust_alloc_zeroed: (size, align) -> address */
	ROLE_REALLOC,       /* __rust_realloc: (address, old size, align, new size) -> address */
	ROLE_DEALLOC,       /* __rust_dealloc: (address, size, align) */
	ROLE_EXCHANGE,      /* exchange_malloc: (size, align) -> address */
	ROLE_BOX_NEW,       /* box_new_uninit: (align, size) -> address */
	ROLE_ALLOCATE,      /* Global::allocate: -> (address, size), address 0: failed */
	ROLE_DEALLOCATE,    /* Global::deallocate: (self, address, …) */
	ROLE_INTO_SLICE,    /* Vec::into_boxed_slice, RawVec::into_box: -> (address, length) */
	/* Of the C library, where Rust's own functions are inlined (optimized as a whole, or with an allocator of the crate's own): */
	ROLE_MALLOC,        /* (size) -> address */
	ROLE_CALLOC,        /* (size, 1) -> address, as std calls it */
	ROLE_C_REALLOC,     /* (address, new size) -> address */
	ROLE_FREE,          /* (address) */
	ROLE_MEMALIGN,      /* posix_memalign: (where to put the address, align, size) -> 0 */
	N_ROLES,
};

/* Chains of tail calls that are followed. */
#define MAX_ROUNDS 8
/* Stack beyond the caller's frame, for who called further out. */
#define WINDOW_OBJECT 512
#define WINDOW_SLICE 1536
#define WINDOW_ALL 4096
#define WINDOW_MAX 4096
/* No code is there. */
#define C_FUNCTIONS (UINT64_MAX - 64)

struct found_call {
	uint64_t function;      /* address of the function that it is in */
	struct fdbg_branch branch;
	enum role role;
	uint64_t callee;
	bool joined;            /* other code may jump to where it returns */
	bool by_register;       /* it goes to the address in a register, perhaps the callee's */
	uint64_t slot;          /* then: where that was loaded from; 0: nowhere, it was put in */
	bool inlined;           /* of a C function: in an allocation function of Rust that is inlined there */
};

/* A register that an allocation function's address is loaded into. */
struct load {
	uint32_t reg;
	uint64_t slot, callee;  /* slot 0: the address itself was put in */
};

/* Loads of one function that are followed. */
#define MAX_LOADS 64

struct heap_planner {
	const struct fdbg_heap_plan_context *context;
	struct fdbg_map roles;       /* address -> enum role */
	struct fdbg_map slots;       /* address of a word -> the callee in it */
	uint64_t *candidates;
	size_t n_candidates, cap_candidates;
	struct found_call *calls;    /* of the function at hand from first_call on */
	size_t n_calls, cap_calls, first_call;
	struct load loads[MAX_LOADS]; /* of the function at hand */
	size_t n_loads;
	struct fdbg_branch *by_register; /* its branches to addresses in registers */
	size_t n_by_register, cap_by_register;
	uint64_t *targets;           /* of jumps in the function at hand */
	size_t n_targets, cap_targets;
	bool wanders;                /* it jumps to addresses that are not known */
	uint64_t function;
	size_t n_role[N_ROLES];
	size_t n_allocations;        /* typed: calls that are looked at */
	bool nomem;
};

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

static enum role c_role_by_name(struct fdbg_text name)
{
	return fdbg_text_is(name, "malloc") ? ROLE_MALLOC : fdbg_text_is(name, "calloc") ? ROLE_CALLOC :
	       fdbg_text_is(name, "realloc") ? ROLE_C_REALLOC : fdbg_text_is(name, "free") ? ROLE_FREE :
	       fdbg_text_is(name, "posix_memalign") ? ROLE_MEMALIGN : ROLE_NONE;
}

static enum role role_by_name(struct fdbg_text name)
{
	static const struct {
		const char *end;
		enum role role;
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
	struct heap_planner *planner = context;
	bool all = planner->context->mode == FDBG_HEAP_ALL;
	struct fdbg_arena scratch = { 0 };
	struct fdbg_text name = symbol->name;
	enum role role;

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
	struct heap_planner *planner = context;
	enum role role = c_role_by_name(name);

	if (role == ROLE_NONE)
		return;
	planner->nomem |= !fdbg_map_set(&planner->slots, slot, C_FUNCTIONS + role) ||
			  !fdbg_map_set(&planner->roles, C_FUNCTIONS + role, role);
}

static void visit_slot(void *context, uint64_t slot, uint64_t value)
{
	struct heap_planner *planner = context;
	uint64_t role;

	if (fdbg_map_get(&planner->roles, value, &role))
		planner->nomem |= !fdbg_map_set(&planner->slots, slot, value);
}

/* ---- the calls ---- */

static bool is_wanted(void *context, uint64_t target, bool slot)
{
	const struct heap_planner *planner = context;
	uint64_t unused;

	return fdbg_map_get(slot ? &planner->slots : &planner->roles, target, &unused);
}

static void add_candidate(void *context, uint64_t address)
{
	struct heap_planner *planner = context;

	if (!grow((void **)&planner->candidates, planner->n_candidates, &planner->cap_candidates, sizeof(uint64_t)))
		planner->nomem = true;
	else
		planner->candidates[planner->n_candidates++] = address;
}

static void scan_code(void *context, uint64_t address, const uint8_t *bytes, size_t size)
{
	struct heap_planner *planner = context;
	struct fdbg_code code = { .bytes = bytes, .address = address, .size = size };

	planner->context->arch->scan_branches(&code, is_wanted, add_candidate, planner);
}

static void add_load(struct heap_planner *planner, const struct fdbg_branch *branch, uint64_t callee)
{
	for (size_t i = 0; i < planner->n_loads; i++)
		if (planner->loads[i].reg == branch->reg && planner->loads[i].callee == callee &&
		    !planner->loads[i].slot == !branch->slot)
			return;
	if (planner->n_loads < MAX_LOADS)
		planner->loads[planner->n_loads++] = (struct load){ branch->reg, branch->slot ? branch->target : 0, callee };
}

/* Branches to a register that holds the address of an allocation function, perhaps: whether it does is seen at the hit. */
static void add_register_calls(struct heap_planner *planner)
{
	for (size_t i = 0; i < planner->n_by_register; i++) {
		for (size_t k = 0; k < planner->n_loads; k++) {
			uint64_t role;

			if (planner->loads[k].reg != planner->by_register[i].reg ||
			    !fdbg_map_get(&planner->roles, planner->loads[k].callee, &role))
				continue;
			if (!grow((void **)&planner->calls, planner->n_calls, &planner->cap_calls, sizeof(*planner->calls))) {
				planner->nomem = true;
				return;
			}
			planner->calls[planner->n_calls++] = (struct found_call){
				.function = planner->function, .branch = planner->by_register[i], .role = (enum role)role,
				.callee = planner->loads[k].callee, .by_register = true, .slot = planner->loads[k].slot,
			};
		}
	}
}

static void visit_branch(void *context, const struct fdbg_branch *branch)
{
	struct heap_planner *planner = context;
	uint64_t callee = branch->target, role = ROLE_NONE;
	bool known = branch->target && (!branch->slot || fdbg_map_get(&planner->slots, branch->target, &callee));

	if (branch->kind == FDBG_BRANCH_LOAD) {
		if (known)
			add_load(planner, branch, callee);
		return;
	}
	if (branch->reg != FDBG_ARCH_NO_REG) {
		if (!grow((void **)&planner->by_register, planner->n_by_register, &planner->cap_by_register, sizeof(*branch)))
			planner->nomem = true;
		else
			planner->by_register[planner->n_by_register++] = *branch;
	}
	if (known && fdbg_map_get(&planner->roles, callee, &role)) {
		if (!grow((void **)&planner->calls, planner->n_calls, &planner->cap_calls, sizeof(*planner->calls)))
			planner->nomem = true;
		else
			planner->calls[planner->n_calls++] = (struct found_call){
				.function = planner->function, .branch = *branch, .role = (enum role)role, .callee = callee,
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

static void decode_function(struct heap_planner *planner, const struct fdbg_symbol *symbol)
{
	struct fdbg_code code = { .address = symbol->address, .size = (size_t)symbol->size };

	code.bytes = fdbg_image_bytes(planner->context->image, code.address, code.size, false);
	if (!code.bytes)
		return;
	planner->function = symbol->address;
	planner->first_call = planner->n_calls;
	planner->n_targets = planner->n_loads = planner->n_by_register = 0;
	planner->wanders = false;
	planner->context->arch->find_branches(&code, visit_branch, planner);
	add_register_calls(planner);
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

/* Finds all calls of functions that have a role. */
static struct fdbg_error *find_calls(struct heap_planner *planner)
{
	struct fdbg_error *err = fdbg_image_each_relative(planner->context->image, visit_slot, planner);
	uint64_t decoded = 0;

	if (!err)
		err = fdbg_image_each_import(planner->context->image, visit_import, planner);
	if (err)
		return err;
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

static bool put(struct heap_planner *planner, uint64_t address, const struct fdbg_heap_probe *probe)
{
	if (!planner->context->place(planner->context->context, address, probe))
		planner->nomem = true;
	return !planner->nomem;
}

/* As put, for a probe that counts only where the branch goes to the callee. */
static bool put_at(struct heap_planner *planner, const struct found_call *call, uint64_t address, struct fdbg_heap_probe probe)
{
	if (call->by_register) {
		probe.check_reg = call->branch.reg;
		probe.check_slot = call->slot;
		probe.check_target = call->callee;
	}
	return put(planner, address, &probe);
}

static struct fdbg_heap_probe no_registers(enum fdbg_heap_step step)
{
	return (struct fdbg_heap_probe){
		.step = step, .address_reg = FDBG_ARCH_NO_REG, .size_reg = FDBG_ARCH_NO_REG,
		.align_reg = FDBG_ARCH_NO_REG, .old_reg = FDBG_ARCH_NO_REG, .indirect_reg = FDBG_ARCH_NO_REG,
		.check_reg = FDBG_ARCH_NO_REG, .unit = 1,
	};
}

/* ---- all: the allocation functions themselves ---- */

/* A function that ends in a jump to an allocation function is left where that returns: its calls count as calls of it. */
static bool add_tail_callers(struct heap_planner *planner)
{
	bool added = false;

	for (size_t i = 0; i < planner->n_calls; i++) {
		const struct found_call *call = &planner->calls[i];
		uint64_t unused;

		if (call->branch.kind == FDBG_BRANCH_CALL || call->role == ROLE_DEALLOC || call->role == ROLE_FREE ||
		    (call->role >= ROLE_MALLOC && !call->inlined) ||
		    fdbg_map_get(&planner->roles, call->function, &unused))
			continue;
		planner->nomem |= !fdbg_map_set(&planner->roles, call->function, ROLE_ALLOC);
		added = true;
	}
	return added && !planner->nomem;
}

static void put_entries(struct heap_planner *planner, const struct fdbg_map *functions)
{
	const struct fdbg_arch *arch = planner->context->arch;
	uint64_t address, role;
	size_t iter = 0;

	while (fdbg_map_next(functions, &iter, &address, &role)) {
		struct fdbg_heap_probe probe = no_registers(role == ROLE_DEALLOC ? FDBG_HEAP_RELEASE : FDBG_HEAP_REQUEST);

		probe.entry = true;
		if (role >= ROLE_MALLOC)
			continue;
		if (role == ROLE_DEALLOC) {
			probe.address_reg = arch->int_args[0];
			probe.size_reg = arch->int_args[1];
			probe.align_reg = arch->int_args[2];
		} else if (role == ROLE_REALLOC) {
			probe.old_reg = arch->int_args[0];
			probe.align_reg = arch->int_args[2];
			probe.size_reg = arch->int_args[3];
			probe.window = WINDOW_ALL;
		} else {
			probe.size_reg = arch->int_args[0];
			probe.align_reg = arch->int_args[1];
			probe.window = WINDOW_ALL;
		}
		put(planner, address, &probe);
	}
}

/* Whether a call of the C library's is an allocation of the program's: in code of Rust's functions, but not in these themselves. */
static bool is_inlined(const struct fdbg_inline_frame *frames, size_t n)
{
	size_t end = fdbg_heap_skip_allocator(frames, n);

	return end && end < n;
}

/* Finds out which calls of C functions matter. */
static struct fdbg_error *sort_out_c_calls(struct heap_planner *planner)
{
	for (size_t i = 0; i < planner->n_calls; i++) {
		struct found_call *call = &planner->calls[i];
		struct fdbg_inline_frame *frames;
		struct fdbg_error *err;
		size_t n;

		if (call->role < ROLE_MALLOC)
			continue;
		err = fdbg_heap_frames_at(planner->context->debuginfo, call->branch.address, planner->context->arena, &frames, &n);
		if (err)
			return err;
		call->inlined = n && is_inlined(frames, n);
	}
	return NULL;
}

/* Probes at an inlined call itself. */
static void put_c_call(struct heap_planner *planner, const struct found_call *call)
{
	const struct fdbg_arch *arch = planner->context->arch;
	struct fdbg_heap_probe probe = no_registers(call->role == ROLE_FREE ? FDBG_HEAP_RELEASE : FDBG_HEAP_REQUEST);

	probe.window = call->role == ROLE_FREE ? 0 : WINDOW_ALL;
	switch (call->role) {
	case ROLE_FREE:
		probe.address_reg = arch->int_args[0];
		break;
	case ROLE_C_REALLOC:
		probe.old_reg = arch->int_args[0];
		probe.size_reg = arch->int_args[1];
		break;
	case ROLE_MEMALIGN:
		probe.indirect_reg = arch->int_args[0];
		probe.align_reg = arch->int_args[1];
		probe.size_reg = arch->int_args[2];
		break;
	default:
		probe.size_reg = arch->int_args[0];
		break;
	}
	put_at(planner, call, call->branch.address, probe);
}

static struct fdbg_error *plan_all(struct heap_planner *planner)
{
	struct fdbg_heap_probe result = no_registers(FDBG_HEAP_RESULT);
	struct fdbg_error *err;
	size_t n_inlined = 0;

	result.address_reg = planner->context->arch->int_rets[0];
	result.requested = true;
	put_entries(planner, &planner->roles);
	for (int round = 0; round < MAX_ROUNDS; round++) {
		err = find_calls(planner);
		if (!err)
			err = sort_out_c_calls(planner);
		if (err)
			return err;
		if (!add_tail_callers(planner))
			break;
	}
	for (size_t i = 0; i < planner->n_calls; i++) {
		const struct found_call *call = &planner->calls[i];

		if (call->role >= ROLE_MALLOC && !call->inlined)
			continue;
		if (call->role >= ROLE_MALLOC) {
			put_c_call(planner, call);
			n_inlined++;
		}
		result.window = call->role == ROLE_MEMALIGN ? WINDOW_OBJECT : 0;
		if (call->branch.kind == FDBG_BRANCH_CALL && call->role != ROLE_DEALLOC && call->role != ROLE_FREE)
			put(planner, call->branch.next, &result);
	}
	if (n_inlined)
		fdbg_log(planner->context->log, FDBG_LOG_INFO, "%zu calls of allocation functions are inlined", n_inlined);
	if (!planner->n_role[ROLE_ALLOC] && !n_inlined)
		fdbg_log(planner->context->log, FDBG_LOG_WARNING, "--allocations=all: the program has no __rust_alloc (stripped, linked "
			 "to a shared standard library, or optimized as a whole); its allocations are not recorded");
	else if (!planner->n_role[ROLE_DEALLOC] && !n_inlined)
		fdbg_log(planner->context->log, FDBG_LOG_WARNING, "--allocations=all: the program's __rust_dealloc is inlined (optimized "
			 "as a whole); releases are not recorded");
	return planner->nomem ? &fdbg_error_nomem : NULL;
}

/* ---- typed: the calls that are for a Box, Rc or Arc ---- */

/* What of the stack tells who called the function of a call. */
static uint32_t window_of(const struct heap_planner *planner, uint64_t address, uint32_t beyond)
{
	const struct fdbg_arch *arch = planner->context->arch;
	struct fdbg_frame_rule rule;
	struct fdbg_error *err = fdbg_debuginfo_frame(planner->context->debuginfo, address, arch->regs[arch->fp].dwarf, &rule);
	uint64_t size = WINDOW_SLICE + (uint64_t)beyond;

	if (!err && fdbg_arch_reg_by_dwarf(arch, rule.cfa_reg) == arch->sp && rule.cfa_offset >= 0)
		size = (uint64_t)rule.cfa_offset + beyond;
	fdbg_error_destroy(err);
	return (uint32_t)(size < WINDOW_MAX ? size : WINDOW_MAX);
}

/* What a Vec that becomes a boxed slice has in it. */
static void set_slice(struct heap_planner *planner, const struct found_call *call, struct fdbg_heap_owner *owner,
		      uint64_t *unit_ret)
{
	struct fdbg_arena *arena = planner->context->arena;
	struct fdbg_inline_frame *frames;
	size_t n;
	struct fdbg_error *err = fdbg_debuginfo_frames_at(planner->context->debuginfo, call->callee, arena, &frames, &n);
	char *name;

	if (err || !n || !frames[n - 1].n_params) {
		fdbg_error_destroy(err);
		return;
	}
	struct fdbg_type_ref ref = frames[n - 1].params[0].type;
	const struct fdbg_type *type = fdbg_type_of(&ref);
	struct fdbg_text element = fdbg_rust_type_name(type, arena);

	name = fdbg_arena_printf(arena, "[%.*s]", (int)element.len, element.data ? element.data : "");
	planner->nomem |= !name || !element.data;
	if (planner->nomem || !type->size)
		return;
	*owner = (struct fdbg_heap_owner){
		.kind = FDBG_ALLOCATION_BOX, .type_name = fdbg_text_from(name), .align = type->align,
		.bytes = fdbg_text_is(element, "u8"), .element = type->size,
	};
	*unit_ret = type->size;
}

static void put_allocation(struct heap_planner *planner, const struct found_call *call,
			   const struct fdbg_heap_origin *origin, uint64_t unit, uint32_t window)
{
	const struct fdbg_arch *arch = planner->context->arch;
	struct fdbg_heap_probe result = no_registers(FDBG_HEAP_RESULT), request = no_registers(FDBG_HEAP_REQUEST);
	bool ask = call->joined;

	result.address_reg = arch->int_rets[0];
	result.origin = request.origin = origin;
	if (call->role == ROLE_ALLOCATE || call->role == ROLE_INTO_SLICE) {
		result.size_reg = arch->int_rets[1];
		result.unit = unit;
	} else if (!origin->owner.sized) {
		request.size_reg = arch->int_args[call->role == ROLE_BOX_NEW ? 1 : call->role == ROLE_MEMALIGN ? 2 : 0];
		if (call->role < ROLE_MALLOC)
			request.align_reg = arch->int_args[call->role != ROLE_BOX_NEW];
		ask = true;
	}
	/* A register that the call went to may have changed behind it. */
	if (call->by_register)
		ask = true;
	if (call->role == ROLE_MEMALIGN) {
		request.indirect_reg = arch->int_args[0];
		ask = true;
	}
	result.requested = ask;
	result.window = call->role == ROLE_MEMALIGN ? WINDOW_OBJECT : ask ? 0 : window;
	request.window = ask ? window : 0;
	planner->n_allocations++;
	if (ask)
		put_at(planner, call, call->branch.address, request);
	put(planner, call->branch.next, &result);
}

static struct fdbg_error *plan_allocation(struct heap_planner *planner, const struct found_call *call,
					  struct fdbg_inline_frame *frames, size_t n)
{
	struct fdbg_arena *arena = planner->context->arena;
	struct fdbg_heap_search search = { .arena = arena, .debuginfo = planner->context->debuginfo };
	struct fdbg_heap_origin *origin = fdbg_arena_new(arena, struct fdbg_heap_origin);
	uint64_t unit = 1;
	uint32_t window = 0;

	if (!origin)
		return &fdbg_error_nomem;
	/* What the precompiled library does for itself: the program has no part in it. */
	if (fdbg_heap_is_std(frames[n - 1].unit->crate))
		return NULL;
	if (call->role == ROLE_INTO_SLICE) {
		/* One of them calls the other. */
		for (size_t i = 0; i < n; i++)
			if (has(frames[i].path, "::into_boxed_slice"))
				return NULL;
		set_slice(planner, call, &search.origin.owner, &unit);
		if (search.origin.owner.kind != FDBG_ALLOCATION_BOX)
			return NULL;
	}
	fdbg_heap_search_frames(&search, frames, n);
	if (search.nomem)
		return &fdbg_error_nomem;
	*origin = search.origin;
	if (origin->owner.kind != FDBG_ALLOCATION_BOX && origin->owner.kind != FDBG_ALLOCATION_RC &&
	    origin->owner.kind != FDBG_ALLOCATION_ARC)
		return NULL;
	/* A tail call has no place to return to; rustc looks at the address it gets, so there is none. */
	if (call->branch.kind != FDBG_BRANCH_CALL) {
		fdbg_log(planner->context->log, FDBG_LOG_INFO, "an allocation of %.*s at 0x%llx is a tail call: not recorded",
			 (int)origin->owner.type_name.len, origin->owner.type_name.data,
			 (unsigned long long)call->branch.address);
		return NULL;
	}
	if (!origin->place.function.len || origin->owner.bytes)
		window = window_of(planner, call->branch.next, origin->owner.sized ? WINDOW_OBJECT : WINDOW_SLICE);
	put_allocation(planner, call, origin, unit, window);
	return planner->nomem ? &fdbg_error_nomem : NULL;
}

/* Whether a function gives back the storage of a container, or what nobody else ever gets. */
static bool is_storage(struct fdbg_text path)
{
	static const char *const prefixes[] = {
		"std::backtrace", "alloc::raw_vec::", "alloc::vec::", "alloc::string::", "alloc::collections::", "hashbrown::",
	};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (fdbg_text_starts(path, prefixes[i]))
			return true;
	return false;
}

/* A type that only the library makes objects of, also where its debug information does not say so. */
static bool is_of_std(struct fdbg_text name)
{
	if (fdbg_text_starts(name, "(dyn ") || fdbg_text_starts(name, "dyn ")) {
		size_t skip = name.data[0] == '(' ? 5 : 4;

		name.data += skip;
		name.len -= skip;
	}
	return memmem(name.data, name.len, "::", 2) && fdbg_heap_is_std(name);
}

static struct fdbg_error *plan_release(struct heap_planner *planner, const struct found_call *call,
				       struct fdbg_inline_frame *frames, size_t n)
{
	const struct fdbg_arch *arch = planner->context->arch;
	struct fdbg_arena *arena = planner->context->arena;
	struct fdbg_heap_search search = { .arena = arena, .debuginfo = planner->context->debuginfo };
	struct fdbg_heap_origin *origin = fdbg_arena_new(arena, struct fdbg_heap_origin);
	struct fdbg_heap_probe probe = no_registers(FDBG_HEAP_RELEASE);
	/* Of the library's own code only the symbol is known: a block that we know may be released in it. */
	bool symbol = !frames[0].function && !frames[n - 1].function, pointer = symbol;

	if (!origin)
		return &fdbg_error_nomem;
	for (size_t i = 0; i < n; i++) {
		if (is_storage(frames[i].path))
			return NULL;
		if (pointer && !symbol)
			break;
		pointer |= fdbg_text_starts(frames[i].path, "alloc::boxed::") || fdbg_text_starts(frames[i].path, "alloc::rc::") ||
			  fdbg_text_starts(frames[i].path, "alloc::sync::") ||
			  fdbg_text_starts(frames[i].path, "alloc::alloc::box_free");
	}
	if (!pointer)
		return NULL;
	if (call->branch.kind == FDBG_BRANCH_CONDITIONAL_JUMP) {
		fdbg_log(planner->context->log, FDBG_LOG_INFO, "a release at 0x%llx is a conditional jump: not recorded",
			 (unsigned long long)call->branch.address);
		return NULL;
	}
	fdbg_heap_search_frames(&search, frames, n);
	if (search.nomem)
		return &fdbg_error_nomem;
	*origin = search.origin;
	/* The nodes of a list or tree are not looked at. */
	if (origin->owner.kind == FDBG_ALLOCATION_CONTAINER)
		return NULL;
	probe.origin = origin;
	probe.known_only = !frames[0].unit->has_types || origin->owner.kind == FDBG_ALLOCATION_UNKNOWN ||
			   is_of_std(origin->owner.type_name);
	if (probe.known_only && !planner->n_allocations)
		return NULL; /* none will be known */
	probe.address_reg = arch->int_args[call->role == ROLE_DEALLOCATE];
	put_at(planner, call, call->branch.address, probe);
	return planner->nomem ? &fdbg_error_nomem : NULL;
}

static bool is_release(enum role role)
{
	return role == ROLE_DEALLOC || role == ROLE_DEALLOCATE || role == ROLE_FREE;
}

/* The calls that allocate, or those that release. */
static struct fdbg_error *plan_calls(struct heap_planner *planner, bool releases)
{
	struct fdbg_error *err = NULL;

	for (size_t i = 0; i < planner->n_calls && !err; i++) {
		const struct found_call *call = &planner->calls[i];
		struct fdbg_inline_frame *frames;
		size_t n;

		if (call->role == ROLE_REALLOC || call->role == ROLE_C_REALLOC || is_release(call->role) != releases)
			continue;
		err = fdbg_heap_frames_at(planner->context->debuginfo, call->branch.address, planner->context->arena, &frames, &n);
		if (err || !n || (call->role >= ROLE_MALLOC && !is_inlined(frames, n)))
			continue;
		err = releases ? plan_release(planner, call, frames, n) : plan_allocation(planner, call, frames, n);
	}
	return err;
}

static struct fdbg_error *plan_typed(struct heap_planner *planner)
{
	struct fdbg_error *err = find_calls(planner);

	if (!err && planner->context->max_calls && planner->n_calls > planner->context->max_calls) {
		fdbg_log(planner->context->log, FDBG_LOG_WARNING, "the heap is not recorded: the program calls allocation functions in %zu "
			 "places, and it takes long to look at them (--allocations=typed does)", planner->n_calls);
		return NULL;
	}
	if (!err)
		err = plan_calls(planner, false);
	return err ? err : plan_calls(planner, true);
}

struct fdbg_error *fdbg_heap_plan(const struct fdbg_heap_plan_context *context)
{
	struct heap_planner planner = { .context = context };
	struct fdbg_error *err = NULL;

	if (context->mode == FDBG_HEAP_NONE)
		return NULL;
	fdbg_image_each_symbol(context->image, visit_symbol, &planner);
	if (planner.nomem)
		err = &fdbg_error_nomem;
	if (!err)
		err = context->mode == FDBG_HEAP_ALL ? plan_all(&planner) : plan_typed(&planner);
	fdbg_map_deinit(&planner.roles);
	fdbg_map_deinit(&planner.slots);
	free(planner.candidates);
	free(planner.calls);
	free(planner.targets);
	free(planner.by_register);
	return err;
}
