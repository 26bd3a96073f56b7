/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "trace/plan.h"

#include <stdlib.h>
#include <string.h>

#include "rust/decode.h"
#include "trace/inlines.h"
#include "trace/panics.h"
#include "trace/plan_internal.h"
#include "trace/sources.h"

/* The most memory that a site captures with every hit; what is beyond is read on demand. */
#define CAPTURE_LIMIT (16 * 1024)
/* Two captured ranges this close together are read as one. */
#define CAPTURE_GAP 64

struct fdbg_abi fdbg_plan_abi(const struct fdbg_arch *arch)
{
	return (struct fdbg_abi){
		.n_int_rets = arch->n_int_rets,
		.n_float_rets = arch->n_float_rets,
		.n_int_args = arch->n_int_args,
		.n_float_args = arch->n_float_args,
		.hidden_pointer_is_arg = arch->hidden_pointer_is_arg,
		.align16_int128 = !arch->hidden_pointer_is_arg,
	};
}

void fdbg_plan_place(struct planner *planner, uint64_t address, struct fdbg_probe probe)
{
	if (planner->n_placed == planner->cap_placed) {
		size_t cap = planner->cap_placed ? planner->cap_placed * 2 : 1024;
		struct placed *placed = realloc(planner->placed, cap * sizeof(*placed));

		if (!placed) {
			planner->nomem = true;
			return;
		}
		planner->placed = placed;
		planner->cap_placed = cap;
	}
	planner->placed[planner->n_placed++] = (struct placed){ address, probe };
}

struct fdbg_code fdbg_plan_code(const struct planner *planner, struct fdbg_address_range range)
{
	struct fdbg_code code = { .address = range.low, .size = (size_t)(range.high - range.low) };

	code.bytes = fdbg_image_bytes(planner->image, range.low, code.size, false);
	if (!code.bytes)
		code.size = 0;
	return code;
}

/* The rule for the canonical frame address at pc: from the frame table, else from the prologue's own code. */
static bool cfa_at(const struct planner *planner, const struct fdbg_function *function, uint64_t pc,
		   const struct fdbg_prologue *prologue, uint32_t *reg_ret, int64_t *offset_ret)
{
	const struct fdbg_arch *arch = planner->plan->arch;
	struct fdbg_error *err;
	uint32_t dwarf;

	if (pc == function->entry && !function->inlined_in) {
		*reg_ret = arch->sp;
		*offset_ret = arch->cfa_at_entry;
		return true;
	}
	err = fdbg_debuginfo_cfa(planner->debuginfo, pc, &dwarf, offset_ret);
	if (!err) {
		*reg_ret = fdbg_arch_reg_by_dwarf(arch, dwarf);
		return *reg_ret != FDBG_ARCH_NO_REG;
	}
	fdbg_error_destroy(err);
	if (!prologue->frame_known)
		return false;
	*reg_ret = arch->sp;
	*offset_ret = arch->cfa_at_entry - prologue->sp_delta;
	return true;
}

/* What the debug information says of a function's arguments. */
struct described {
	struct fdbg_variable *params;
	struct fdbg_variable *captures; /* of a closure */
	size_t n_captures;
	uint32_t first_homeless;        /* line; 0: none, or nobody asks */
};

/* Is there a parameter that debug information has no location for? */
static bool has_unplaced(const struct described *described, size_t n_params)
{
	for (size_t i = 0; i < n_params; i++)
		if (!described->params[i].location.n_ranges)
			return true;
	return false;
}

/* A place for a call probe, and what it would see there. */
struct candidate {
	uint64_t stop;
	struct fdbg_prologue prologue;
	uint32_t cfa_reg;
	int64_t cfa_offset;
	struct fdbg_traced_param *params;
	size_t n_unknown;      /* arguments that cannot be read there */
	bool borrows;          /* some are in registers that an entry probe keeps */
};

/*
 * Works out what a call probe at candidate->stop would see; NOT_FOUND when its frame could not be told from
 * others. body: the candidate behind the prologue, NULL: none.
 */
static struct fdbg_error *try_stop(struct planner *planner, const struct fdbg_traced_function *traced,
				   const struct fdbg_code *code, const struct described *described, bool optimized,
				   const struct candidate *body, struct candidate *candidate)
{
	struct fdbg_plan *plan = planner->plan;
	struct fdbg_source_context sources = {
		.arch = plan->arch, .abi = &planner->abi, .function = traced->function, .stop = candidate->stop,
		.prologue = &candidate->prologue, .hidden_pointer = traced->return_kind == FDBG_RETURN_MEMORY,
		.optimized = optimized, .c_convention = traced->convention == FDBG_CONVENTION_C,
		.captures = described->captures, .n_captures = described->n_captures,
		.first_homeless = described->first_homeless,
		.arena = &plan->arena,
	}, behind = sources;
	struct fdbg_prologue entry_block;
	struct fdbg_error *err;

	plan->arch->analyse_prologue(code, candidate->stop, &candidate->prologue);
	if (optimized && !traced->function->inlined_in) {
		plan->arch->analyse_prologue(code, fdbg_optimized_entry_block(planner->effects, planner->image, traced->function),
					     &entry_block);
		sources.entry_block = &entry_block;
	}
	if (!cfa_at(planner, traced->function, candidate->stop, &candidate->prologue, &candidate->cfa_reg,
		    &candidate->cfa_offset))
		return fdbg_error_create(FDBG_ERROR_NOT_FOUND, "the frame is not described");
	sources.cfa_reg = candidate->cfa_reg;
	sources.cfa_offset = candidate->cfa_offset;
	if (body) {
		behind.stop = body->stop;
		behind.prologue = &body->prologue;
		behind.cfa_reg = body->cfa_reg;
		behind.cfa_offset = body->cfa_offset;
		sources.body = &behind;
	}
	candidate->params = fdbg_arena_array(&plan->arena, traced->n_params, sizeof(*candidate->params));
	if (!candidate->params)
		return &fdbg_error_nomem;
	err = fdbg_sources_of(&sources, described->params, traced->n_params, candidate->params);
	for (size_t i = 0; i < traced->n_params && !err; i++)
		candidate->n_unknown += candidate->params[i].source.kind == FDBG_SOURCE_UNKNOWN;
	return err;
}

/* Takes over what only the entry shows: arguments on the caller's stack, and registers, which an entry probe has to keep. */
static void borrow(const struct fdbg_arch *arch, const struct candidate *entry, size_t n_params,
		   struct candidate *body)
{
	for (size_t i = 0; i < n_params; i++) {
		struct fdbg_source source = entry->params[i].source;

		if (body->params[i].source.kind != FDBG_SOURCE_UNKNOWN || source.kind == FDBG_SOURCE_UNKNOWN)
			continue;
		if ((source.kind == FDBG_SOURCE_MEMORY || source.kind == FDBG_SOURCE_INDIRECT) && source.reg == arch->sp) {
			source.reg = body->cfa_reg;
			source.offset += body->cfa_offset - entry->cfa_offset;
		} else if (source.kind == FDBG_SOURCE_MEMORY || source.kind == FDBG_SOURCE_REGISTERS) {
			source.at_entry = true;
			body->borrows = true;
		} else {
			continue;
		}
		body->params[i].source = source;
		body->n_unknown--;
	}
}

/*
 * The call probe goes to the end of the prologue, to the entry in optimized code, and also to the entry where the end of the prologue cannot
 * be used or shows fewer arguments: rustc may put it behind the first use of the argument registers.
 */
static struct fdbg_error *choose_stop(struct planner *planner, const struct fdbg_traced_function *traced,
				      const struct fdbg_code *code, const struct described *described,
				      struct candidate *ret)
{
	const struct fdbg_function *function = traced->function;
	struct candidate at_entry = { .stop = function->entry };
	struct fdbg_error *err;
	bool optimized = fdbg_plan_is_optimized(planner, function), usable;

	*ret = (struct candidate){ .stop = function->prologue_end };
	usable = !optimized && function->has_prologue_end && ret->stop >= function->ranges[0].low &&
		 ret->stop < function->ranges[0].high;
	if (usable) {
		err = try_stop(planner, traced, code, described, optimized, NULL, ret);
		usable = !err;
		if (!err && !ret->n_unknown)
			return NULL;
		if (err && err->code != FDBG_ERROR_NOT_FOUND)
			return err;
		fdbg_error_destroy(err);
	}
	err = try_stop(planner, traced, code, described, optimized, usable ? ret : NULL, &at_entry);
	if (!err && (!usable || !at_entry.n_unknown))
		*ret = at_entry;
	else if (!err)
		borrow(planner->plan->arch, &at_entry, traced->n_params, ret);
	return err;
}

/* A probe where an inlined call begins. It has arguments as they are there, and no return. */
static struct fdbg_error *plan_inline(struct planner *planner, const struct fdbg_chosen *chosen,
				      struct fdbg_traced_function *traced)
{
	struct fdbg_plan *plan = planner->plan;
	const struct fdbg_function *call = chosen->function;
	struct fdbg_code code = fdbg_plan_code(planner, call->inlined_in->ranges[0]);
	struct candidate candidate = { .stop = call->entry };
	struct described described = { 0 };
	struct fdbg_error *err;

	traced->function = call;
	traced->name = chosen->name;
	traced->return_kind = FDBG_RETURN_UNKNOWN;
	traced->return_reason = "an inlined call has no return of its own";
	if (!fdbg_inline_begins_once(planner->effects, planner->image, call)) {
		fdbg_log(planner->options->log, FDBG_LOG_INFO, "%.*s: where it is inlined at 0x%llx is a loop; not shown",
			 (int)traced->name.len, traced->name.data, (unsigned long long)call->entry);
		return NULL;
	}
	err = fdbg_debuginfo_parameters(planner->debuginfo, call, &plan->arena, &described.params, &traced->n_params);
	if (!err)
		err = try_stop(planner, traced, &code, &described, true, NULL, &candidate);
	if (fdbg_error_is(err, FDBG_ERROR_NOT_FOUND)) {
		fdbg_error_destroy(err);
		traced->n_params = 0;
		return NULL;
	}
	if (err)
		return err;
	traced->params = candidate.params;
	fdbg_plan_place(planner, call->entry, (struct fdbg_probe){
		.kind = FDBG_PROBE_INLINE, .function = traced,
		.cfa_reg = candidate.cfa_reg, .cfa_offset = candidate.cfa_offset,
	});
	return NULL;
}

static struct fdbg_error *plan_function(struct planner *planner, const struct fdbg_chosen *chosen,
					struct fdbg_traced_function *traced)
{
	struct fdbg_plan *plan = planner->plan;
	const struct fdbg_arch *arch = plan->arch;
	const struct fdbg_function *function = chosen->function;
	struct fdbg_code code = fdbg_plan_code(planner, function->ranges[0]);
	struct described described = { 0 };
	struct candidate candidate;
	struct fdbg_error *err;

	traced->function = function;
	traced->name = chosen->name;
	traced->dbg_trace = chosen->dbg_trace;
	traced->return_ref = function->return_type;
	if (!code.size) {
		fdbg_log(planner->options->log, FDBG_LOG_INFO, "%.*s: its code is not in the file; not traced",
			 (int)traced->name.len, traced->name.data);
		return NULL;
	}
	err = fdbg_debuginfo_parameters(planner->debuginfo, function, &plan->arena, &described.params,
					&traced->n_params);
	if (!err && function->name.len && function->name.data[0] == '{')
		err = fdbg_debuginfo_captures(planner->debuginfo, function, &plan->arena, &described.captures,
					      &described.n_captures);
	if (err)
		return err;
	if (has_unplaced(&described, traced->n_params) && !fdbg_text_starts(function->name, "{") &&
	    !fdbg_plan_is_optimized(planner, function))
		described.first_homeless = fdbg_debuginfo_first_homeless(planner->debuginfo, function);
	err = fdbg_poll_find(planner->debuginfo, function, traced->name, described.params, traced->n_params, &plan->arena,
			     &traced->poll);
	if (!err && traced->poll)
		err = fdbg_poll_add_parameter(traced->poll, &plan->arena, &described.params, &traced->n_params);
	if (err)
		return err;
	fdbg_plan_return_kind(planner, traced);
	err = choose_stop(planner, traced, &code, &described, &candidate);
	if (err)
		return err;
	traced->params = candidate.params;
	if (traced->n_params && function->name.len && function->name.data[0] == '{' &&
	    fdbg_source_is_empty_environment(&traced->params[0])) {
		traced->params++;
		traced->n_params--;
	}
	if (traced->poll && traced->n_params > 1 && fdbg_poll_is_context(traced->params[traced->n_params - 1].type))
		traced->n_params--;
	fdbg_plan_return_address(planner, traced, candidate.stop, &candidate.prologue);
	err = fdbg_plan_apply_merged(planner, traced);
	if (err)
		return err;

	traced->loop_head = candidate.stop != function->entry && arch->may_repeat(&code, candidate.stop);
	traced->arguments_at_entry = candidate.borrows;
	if (traced->loop_head || traced->hidden_pointer_at_entry || traced->arguments_at_entry)
		fdbg_plan_place(planner, function->entry, (struct fdbg_probe){
			.kind = FDBG_PROBE_ENTRY, .function = traced,
			.cfa_reg = arch->sp, .cfa_offset = arch->cfa_at_entry,
		});
	fdbg_plan_place(planner, candidate.stop, (struct fdbg_probe){
		.kind = FDBG_PROBE_CALL, .function = traced,
		.cfa_reg = candidate.cfa_reg, .cfa_offset = candidate.cfa_offset,
	});
	if (!traced->dbg_trace) {
		fdbg_plan_returns(planner, traced);
		if (fdbg_plan_is_optimized(planner, function))
			fdbg_plan_tails(planner, traced);
	}
	return NULL;
}

/* The functions that std calls once for each panic (rust-abi.md, section 5). */
static bool visit_symbol(void *context, const struct fdbg_symbol *symbol)
{
	struct planner *planner = context;

	if (!symbol->function || !symbol->address)
		return true;
	switch (fdbg_panic_function_of(symbol->name)) {
	case FDBG_PANIC_NONE:
		break;
	case FDBG_PANIC_HOOK:
		if (planner->plan->panic_values)
			fdbg_plan_place(planner, symbol->address, (struct fdbg_probe){ .kind = FDBG_PROBE_PANIC_HOOK });
		break;
	case FDBG_PANIC_RAISE:
		fdbg_plan_place(planner, symbol->address, (struct fdbg_probe){ .kind = FDBG_PROBE_PANIC });
		break;
	}
	return true;
}

static bool place_heap(void *context, uint64_t address, const struct fdbg_heap_probe *probe)
{
	struct planner *planner = context;
	struct fdbg_heap_probe *copy = fdbg_arena_new(&planner->plan->arena, struct fdbg_heap_probe);

	if (!copy)
		return false;
	*copy = *probe;
	fdbg_plan_place(planner, address, (struct fdbg_probe){ .kind = FDBG_PROBE_HEAP, .heap = copy });
	return !planner->nomem;
}

static int compare_placed(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	if (x->probe.kind != y->probe.kind)
		return (int)x->probe.kind - (int)y->probe.kind;
	/* Calls that begin together: the outer one first, which was planned first. */
	return x->probe.function < y->probe.function ? -1 : x->probe.function > y->probe.function;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct fdbg_capture_range *x = a, *y = b;

	if (x->reg != y->reg)
		return x->reg < y->reg ? -1 : 1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static size_t merge_ranges(struct fdbg_capture_range *ranges, size_t n)
{
	size_t kept = 0;

	qsort(ranges, n, sizeof(*ranges), compare_ranges);
	for (size_t i = 0; i < n; i++) {
		struct fdbg_capture_range *last = kept ? &ranges[kept - 1] : NULL;
		int64_t end = ranges[i].offset + ranges[i].size;

		if (last && last->reg == ranges[i].reg && ranges[i].offset <= last->offset + last->size + CAPTURE_GAP) {
			if (end > last->offset + last->size)
				last->size = (uint32_t)(end - last->offset);
			last->window |= ranges[i].window;
		} else {
			ranges[kept++] = ranges[i];
		}
	}
	return kept;
}

/* Fills in what a site captures, from the values of its probes. */
static void plan_captures(struct planner *planner, struct fdbg_site *site)
{
	size_t n = 0, max = 1 + 2 * site->n_probes, total = 0;

	for (size_t i = 0; i < site->n_probes; i++)
		if (site->probes[i].function)
			max += site->probes[i].function->n_params + 1;
	site->captures = fdbg_arena_array(&planner->plan->arena, max, sizeof(*site->captures));
	if (!site->captures) {
		planner->nomem = true;
		return;
	}
	for (size_t i = 0; i < site->n_probes; i++)
		if (site->probes[i].kind == FDBG_PROBE_HEAP && site->probes[i].heap->check_slot)
			site->captures[n++] = (struct fdbg_capture_range){
				.reg = FDBG_ARCH_NO_REG, .offset = (int64_t)site->probes[i].heap->check_slot, .size = 8,
			};
	for (size_t i = 0; i < site->n_probes; i++)
		if (site->probes[i].kind == FDBG_PROBE_HEAP && site->probes[i].heap->window)
			site->captures[n++] = (struct fdbg_capture_range){
				.reg = planner->plan->arch->sp, .size = site->probes[i].heap->window, .window = true,
			};
	for (size_t i = 0; i < site->n_probes; i++)
		/* The engine is asked to watch the unwinding, for which the target must stand still; and texts are read. */
		site->on_demand |= site->probes[i].kind == FDBG_PROBE_PANIC ||
				   site->probes[i].kind == FDBG_PROBE_PANIC_HOOK;
	for (size_t i = 0; i < site->n_probes; i++) {
		const struct fdbg_slot *slot = &site->probes[i].target_slot;

		if (site->probes[i].kind != FDBG_PROBE_TAIL || !site->probes[i].target_in_memory)
			continue;
		if (slot->index == FDBG_ARCH_NO_REG)
			site->captures[n++] = (struct fdbg_capture_range){ .reg = slot->base, .offset = slot->offset, .size = 8 };
		else
			site->on_demand = true;
	}
	for (size_t i = 0; i < site->n_probes && planner->options->values; i++) {
		const struct fdbg_probe *probe = &site->probes[i];
		const struct fdbg_traced_function *traced = probe->function;

		for (size_t k = 0; (probe->kind == FDBG_PROBE_CALL || probe->kind == FDBG_PROBE_INLINE) && k < traced->n_params;
		     k++) {
			const struct fdbg_traced_param *param = &traced->params[k];
			uint64_t size = param->type->size;

			site->on_demand |= fdbg_rust_follows_pointers(param->type);
			if (param->source.kind == FDBG_SOURCE_INDIRECT)
				size = planner->plan->arch->pointer_size;
			else if (param->source.kind != FDBG_SOURCE_MEMORY || param->source.at_entry) {
				site->on_demand |= param->source.kind == FDBG_SOURCE_LOCATION ||
						   param->source.kind == FDBG_SOURCE_STATIC ||
						   param->source.kind == FDBG_SOURCE_MEMORY;
				continue;
			}
			if (param->source.kind == FDBG_SOURCE_INDIRECT || size > CAPTURE_LIMIT - total)
				site->on_demand = true;
			if (size > CAPTURE_LIMIT - total)
				continue;
			total += size;
			site->captures[n++] = (struct fdbg_capture_range){
				.reg = param->source.reg, .offset = param->source.offset, .size = (uint32_t)size,
			};
		}
		if (probe->kind != FDBG_PROBE_RETURN)
			continue;
		/* What the value of a function is that ended in a jump to this one, is not known here. */
		site->on_demand |= traced->jumped_to;
		/* The state after a poll is where its argument pointed to. */
		site->on_demand |= traced->poll != NULL;
		if (traced->return_kind == FDBG_RETURN_REGISTERS || traced->return_kind == FDBG_RETURN_MEMORY)
			site->on_demand |= fdbg_rust_follows_pointers(traced->return_type);
		if (traced->return_kind == FDBG_RETURN_MEMORY) {
			if (traced->hidden_pointer_at_return && traced->return_type->size <= CAPTURE_LIMIT - total)
				site->captures[n++] = (struct fdbg_capture_range){
					.reg = planner->plan->arch->hidden_pointer_ret,
					.size = (uint32_t)traced->return_type->size,
				};
			else
				site->on_demand = true;
		}
	}
	site->n_captures = merge_ranges(site->captures, n);
}

static struct fdbg_error *make_sites(struct planner *planner)
{
	struct fdbg_plan *plan = planner->plan;
	struct placed *placed = planner->placed;
	size_t n = planner->n_placed;

	if (n)
		qsort(placed, n, sizeof(*placed), compare_placed);
	plan->sites = fdbg_arena_array(&plan->arena, n, sizeof(*plan->sites));
	if (!plan->sites)
		return &fdbg_error_nomem;
	for (size_t i = 0, end; i < n; i = end) {
		struct fdbg_site *site = &plan->sites[plan->n_sites++];

		for (end = i + 1; end < n && placed[end].address == placed[i].address;)
			end++;
		site->address = placed[i].address;
		site->probes = fdbg_arena_array(&plan->arena, end - i, sizeof(*site->probes));
		if (!site->probes)
			return &fdbg_error_nomem;
		for (size_t k = i; k < end; k++)
			site->probes[site->n_probes++] = placed[k].probe;
		plan_captures(planner, site);
		plan->n_heap_sites += site->probes[0].kind == FDBG_PROBE_HEAP;
	}
	return planner->nomem ? &fdbg_error_nomem : NULL;
}

static bool visit_cannot_unwind(void *context, const struct fdbg_symbol *symbol)
{
	struct planner *planner = context;

	if (symbol->function && memmem(symbol->name.data, symbol->name.len, "panic_cannot_unwind", 19) &&
	    !fdbg_map_set(&planner->cannot_unwind, symbol->address, 1))
		planner->nomem = true;
	return !planner->nomem;
}

/* Finds out which code was optimized, and makes ready what is asked about such code. */
static struct fdbg_error *prepare_optimized(struct planner *planner, const struct fdbg_chosen *chosen, size_t n_chosen)
{
	const struct fdbg_function **functions = fdbg_arena_array(&planner->plan->arena, n_chosen, sizeof(*functions));
	struct fdbg_error *err;

	planner->effects = fdbg_effects_open(planner->plan->arch);
	if (!functions || !planner->effects)
		return &fdbg_error_nomem;
	fdbg_image_each_symbol(planner->image, visit_cannot_unwind, planner);
	for (size_t i = 0; i < n_chosen; i++)
		functions[i] = chosen[i].function;
	err = fdbg_optimized_find(planner->debuginfo, functions, n_chosen, planner->options->log, &planner->optimized);
	if (!err && (planner->optimized.crates.n_used || planner->optimized.units.n_used))
		err = fdbg_callers_create(planner->image, planner->debuginfo, planner->plan->arch, &planner->abi, functions, n_chosen,
					  &planner->callers);
	return err;
}

/* Future events have breakpoints of their own, behind those of all functions. */
static void assign_endpoints(struct fdbg_plan *plan)
{

	for (size_t i = 0; i < plan->n_functions; i++)
		if (plan->functions[i].poll)
			plan->functions[i].poll->endpoint_id = plan->next_id++;
}

static struct fdbg_error *make_plan(struct planner *planner, const struct fdbg_chosen *chosen, size_t n_chosen)
{
	struct fdbg_plan *plan = planner->plan;
	struct fdbg_error *err = prepare_optimized(planner, chosen, n_chosen);
	size_t n = 0;

	plan->next_id = planner->options->first_id ? planner->options->first_id : FDBG_PLAN_FIRST_ID;
	plan->functions = fdbg_arena_array(&plan->arena, n_chosen, sizeof(*plan->functions));
	if (!plan->functions && !err)
		err = &fdbg_error_nomem;
	/* Where they are in the plan is known before what is in it: one may jump to another. */
	for (size_t i = 0; i < n_chosen && !err; i++) {
		const struct fdbg_traced_function *traced = &plan->functions[n];

		if (!planner->options->calls && !chosen[i].dbg_trace)
			continue;
		n++;
		if (!chosen[i].function->inlined_in &&
		    !fdbg_map_set(&plan->by_entry, chosen[i].function->entry, (uintptr_t)traced))
			err = &fdbg_error_nomem;
	}
	if (!err)
		err = fdbg_merged_init(planner->image, &plan->by_entry, &planner->merged);
	for (size_t i = 0; i < n_chosen && !err; i++) {
		struct fdbg_traced_function *traced = &plan->functions[plan->n_functions];

		if (!planner->options->calls && !chosen[i].dbg_trace)
			continue;
		traced->call_id = plan->next_id++;
		traced->return_id = plan->next_id++;
		plan->n_functions++;
		err = chosen[i].function->inlined_in ? plan_inline(planner, &chosen[i], traced)
						     : plan_function(planner, &chosen[i], traced);
	}
	if (err)
		return err;
	assign_endpoints(plan);
	fdbg_image_each_symbol(planner->image, visit_symbol, planner);
	plan->allocations = planner->options->allocations;
	plan->heap_asked = planner->options->heap_asked;
	err = fdbg_heap_plan(&(struct fdbg_heap_plan_context){
		.image = planner->image, .debuginfo = planner->debuginfo, .arch = plan->arch, .arena = &plan->arena,
		.mode = plan->allocations, .max_calls = plan->heap_asked ? 0 : FDBG_HEAP_DEFAULT_CALLS,
		.log = planner->options->log, .place = place_heap, .context = planner,
	});
	return err ? err : make_sites(planner);
}

struct fdbg_error *fdbg_plan_create(struct fdbg_image *image, struct fdbg_debuginfo *debuginfo,
				    const struct fdbg_chosen *chosen, size_t n_chosen,
				    const struct fdbg_plan_options *options, struct fdbg_plan **ret)
{
	const struct fdbg_image_info *info = fdbg_image_info(image);
	const struct fdbg_arch *arch = fdbg_arch_for_machine(info->machine);
	struct planner planner = { .image = image, .debuginfo = debuginfo, .options = options };
	struct fdbg_error *err;

	if (!arch)
		return fdbg_error_create(FDBG_ERROR_UNSUPPORTED,
					 "%s is a program for a processor that fdbg does not know (ELF machine %u); "
					 "it knows x86_64 and aarch64", info->path, info->machine);
	planner.abi = fdbg_plan_abi(arch);
	planner.plan = calloc(1, sizeof(*planner.plan));
	if (!planner.plan)
		return &fdbg_error_nomem;
	planner.plan->arch = arch;
	planner.plan->panic_values = options->values || !options->calls;
	err = make_plan(&planner, chosen, n_chosen);
	free(planner.placed);
	fdbg_map_deinit(&planner.outlined);
	fdbg_merged_deinit(&planner.merged);
	fdbg_map_deinit(&planner.cannot_unwind);
	fdbg_optimized_deinit(&planner.optimized);
	fdbg_callers_destroy(planner.callers);
	fdbg_effects_close(planner.effects);
	if (err) {
		fdbg_plan_destroy(planner.plan);
		return err;
	}
	*ret = planner.plan;
	return NULL;
}

void fdbg_plan_destroy(struct fdbg_plan *plan)
{
	if (!plan)
		return;
	fdbg_map_deinit(&plan->by_entry);
	fdbg_arena_deinit(&plan->arena);
	free(plan);
}
