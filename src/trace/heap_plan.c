/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Where to look at heap allocations: at calls of the allocation functions. */
#include <stdlib.h>
#include <string.h>

#include "rust/names.h"
#include "trace/heap_calls.h"

/* Chains of tail calls that are followed. */
#define MAX_ROUNDS 8
/* Stack beyond the caller's frame, for who called further out. */
#define WINDOW_OBJECT 512
#define WINDOW_SLICE 1536
#define WINDOW_ALL 4096
#define WINDOW_MAX 4096

static bool put(struct fdbg_heap_planner *planner, uint64_t address, const struct fdbg_heap_probe *probe)
{
	if (!planner->context->place(planner->context->context, address, probe))
		planner->nomem = true;
	return !planner->nomem;
}

/* As put, for a probe that counts only where the branch goes to the callee. */
static bool put_at(struct fdbg_heap_planner *planner, const struct fdbg_heap_call *call, uint64_t address, struct fdbg_heap_probe probe)
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
static bool add_tail_callers(struct fdbg_heap_planner *planner)
{
	bool added = false;

	for (size_t i = 0; i < planner->n_calls; i++) {
		const struct fdbg_heap_call *call = &planner->calls[i];
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

static void put_entries(struct fdbg_heap_planner *planner, const struct fdbg_map *functions)
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
static struct fdbg_error *sort_out_c_calls(struct fdbg_heap_planner *planner)
{
	for (size_t i = 0; i < planner->n_calls; i++) {
		struct fdbg_heap_call *call = &planner->calls[i];
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
static void put_c_call(struct fdbg_heap_planner *planner, const struct fdbg_heap_call *call)
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

static struct fdbg_error *plan_all(struct fdbg_heap_planner *planner)
{
	struct fdbg_heap_probe result = no_registers(FDBG_HEAP_RESULT);
	struct fdbg_error *err;
	size_t n_inlined = 0;

	result.address_reg = planner->context->arch->int_rets[0];
	result.requested = true;
	put_entries(planner, &planner->roles);
	for (int round = 0; round < MAX_ROUNDS; round++) {
		err = fdbg_heap_find_calls(planner);
		if (!err)
			err = sort_out_c_calls(planner);
		if (err)
			return err;
		if (!add_tail_callers(planner))
			break;
	}
	for (size_t i = 0; i < planner->n_calls; i++) {
		const struct fdbg_heap_call *call = &planner->calls[i];

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
static uint32_t window_of(const struct fdbg_heap_planner *planner, uint64_t address, uint32_t beyond)
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
static void set_slice(struct fdbg_heap_planner *planner, const struct fdbg_heap_call *call, struct fdbg_heap_owner *owner,
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

static void put_allocation(struct fdbg_heap_planner *planner, const struct fdbg_heap_call *call,
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

static struct fdbg_error *plan_allocation(struct fdbg_heap_planner *planner, const struct fdbg_heap_call *call,
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
			if (memmem(frames[i].path.data, frames[i].path.len, "::into_boxed_slice", 18))
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

static struct fdbg_error *plan_release(struct fdbg_heap_planner *planner, const struct fdbg_heap_call *call,
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

static bool is_release(enum fdbg_heap_role role)
{
	return role == ROLE_DEALLOC || role == ROLE_DEALLOCATE || role == ROLE_FREE;
}

/* The calls that allocate, or those that release. */
static struct fdbg_error *plan_calls(struct fdbg_heap_planner *planner, bool releases)
{
	struct fdbg_error *err = NULL;

	for (size_t i = 0; i < planner->n_calls && !err; i++) {
		const struct fdbg_heap_call *call = &planner->calls[i];
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

static struct fdbg_error *plan_typed(struct fdbg_heap_planner *planner)
{
	struct fdbg_error *err = fdbg_heap_find_calls(planner);

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
	struct fdbg_heap_planner planner = { .context = context };
	struct fdbg_error *err;

	if (context->mode == FDBG_HEAP_NONE)
		return NULL;
	err = fdbg_heap_find_functions(&planner);
	if (!err)
		err = context->mode == FDBG_HEAP_ALL ? plan_all(&planner) : plan_typed(&planner);
	fdbg_heap_planner_deinit(&planner);
	return err;
}
