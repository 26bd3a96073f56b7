/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "trace/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "rust/decode.h"
#include "trace/panics.h"
#include "trace/sources.h"

/* The most memory that a site captures with every hit; what is beyond is read on demand. */
#define CAPTURE_LIMIT (16 * 1024)
/* Two captured ranges this close together are read as one. */
#define CAPTURE_GAP 64

/* A probe before it is put into its site. */
struct placed {
	uint64_t address;
	struct fdbg_probe probe;
};

struct planner {
	struct fdbg_plan *plan;
	struct fdbg_image *image;
	struct fdbg_debuginfo *debuginfo;
	const struct fdbg_plan_options *options;
	struct fdbg_abi abi;
	struct fdbg_map optimized_units; /* struct fdbg_unit * -> 1 */
	struct placed *placed;
	size_t n_placed, cap_placed;
	struct fdbg_traced_function *current;
	bool nomem;
};

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

static void place(struct planner *planner, uint64_t address, struct fdbg_probe probe)
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

static struct fdbg_code code_of(const struct planner *planner, struct fdbg_address_range range)
{
	struct fdbg_code code = { .address = range.low, .size = (size_t)(range.high - range.low) };

	code.bytes = fdbg_image_bytes(planner->image, range.low, code.size, false);
	if (!code.bytes)
		code.size = 0;
	return code;
}

/*
 * Unoptimized code has every scalar in a stack slot, so an argument in registers tells optimized code (rust-abi.md,
 * section 7.3). A list that begins at the entry does not: an aggregate behind a pointer that is never stored has one in
 * either.
 */
static bool looks_optimized(const struct fdbg_function *function, const struct fdbg_variable *params, size_t n_params)
{
	for (size_t i = 0; i < n_params; i++) {
		struct fdbg_simple_location simple =
			fdbg_location_simplify(&params[i].location, &function->frame_base, function->entry);

		if (simple.kind == FDBG_SIMPLE_REGISTER || simple.kind == FDBG_SIMPLE_COMPLEX)
			return true;
	}
	return false;
}

static struct fdbg_error *find_optimized_units(struct planner *planner, const struct fdbg_chosen *chosen, size_t n_chosen)
{
	struct fdbg_arena scratch = { 0 };
	struct fdbg_error *err = NULL;

	for (size_t i = 0; i < n_chosen && !err; i++) {
		const struct fdbg_function *function = chosen[i].function;
		struct fdbg_variable *params;
		uint64_t unused;
		size_t n_params;

		if (fdbg_map_get(&planner->optimized_units, (uintptr_t)function->unit, &unused))
			continue;
		err = fdbg_debuginfo_parameters(planner->debuginfo, function, &scratch, &params, &n_params);
		if (!err && looks_optimized(function, params, n_params)) {
			fdbg_log(planner->options->log, FDBG_LOG_INFO, "%.*s: optimized, by %.*s",
				 (int)function->unit->name.len, function->unit->name.data,
				 (int)chosen[i].name.len, chosen[i].name.data);
			if (!fdbg_map_set(&planner->optimized_units, (uintptr_t)function->unit, 1))
				err = &fdbg_error_nomem;
		}
		fdbg_arena_reset(&scratch);
	}
	fdbg_arena_deinit(&scratch);
	return err;
}

/* The rule for the canonical frame address at pc: from the frame table, else from the prologue's own code. */
static bool cfa_at(const struct planner *planner, const struct fdbg_function *function, uint64_t pc,
		   const struct fdbg_prologue *prologue, uint32_t *reg_ret, int64_t *offset_ret)
{
	const struct fdbg_arch *arch = planner->plan->arch;
	struct fdbg_error *err;
	uint32_t dwarf;

	if (pc == function->entry) {
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

/* What kind of place the function returns its value in. */
static void return_kind(struct planner *planner, struct fdbg_traced_function *traced)
{
	const struct fdbg_arch *arch = planner->plan->arch;
	const struct fdbg_function *function = traced->function;
	struct fdbg_abi_value value;

	traced->return_type = fdbg_type_of(&traced->return_ref);
	if (!function->return_type.die) {
		traced->return_kind = FDBG_RETURN_NOTHING;
		return;
	}
	fdbg_rust_return_value(&planner->abi, function->unit, traced->return_type, &value);
	switch (value.place) {
	case FDBG_ABI_NOTHING:
		traced->return_kind = FDBG_RETURN_NOTHING;
		return;
	case FDBG_ABI_REGISTERS:
		traced->return_kind = FDBG_RETURN_REGISTERS;
		traced->n_return_pieces = fdbg_source_pieces(arch, &value, true, traced->return_pieces);
		break;
	case FDBG_ABI_MEMORY:
		traced->return_kind = FDBG_RETURN_MEMORY;
		break;
	case FDBG_ABI_STACK:
	case FDBG_ABI_UNKNOWN:
		traced->return_kind = FDBG_RETURN_UNKNOWN;
		traced->return_reason = value.reason;
		break;
	}
}

/* How the address of a return value in memory is found, and whether the value is what DWARF says at all. */
static void return_address(struct planner *planner, struct fdbg_traced_function *traced, uint64_t stop,
			   const struct fdbg_prologue *prologue)
{
	const struct fdbg_arch *arch = planner->plan->arch;
	uint32_t hidden = arch->hidden_pointer;

	if (traced->return_kind == FDBG_RETURN_MEMORY) {
		traced->saves_hidden_pointer = stop == traced->function->entry ||
			(prologue->complete && !(prologue->clobbered[hidden / 64] >> hidden % 64 & 1));
		traced->hidden_pointer_at_return = arch->hidden_pointer_ret != FDBG_ARCH_NO_REG;
		traced->hidden_pointer_at_entry = !traced->saves_hidden_pointer && !traced->hidden_pointer_at_return;
	}
	if (traced->function->nocall) {
		traced->return_kind = FDBG_RETURN_UNKNOWN;
		traced->return_reason = "the optimizer changed what the function returns";
	}
}

static void found_exit(void *context, uint64_t address, enum fdbg_exit_kind kind)
{
	struct planner *planner = context;
	const struct fdbg_arch *arch = planner->plan->arch;

	if (kind != FDBG_EXIT_RETURN)
		return;
	place(planner, address, (struct fdbg_probe){
		.kind = FDBG_PROBE_RETURN, .function = planner->current,
		.cfa_reg = arch->sp, .cfa_offset = arch->cfa_at_return,
	});
}

static void place_returns(struct planner *planner, struct fdbg_traced_function *traced)
{
	const struct fdbg_function *function = traced->function;

	planner->current = traced;
	for (size_t i = 0; i < function->n_ranges; i++) {
		struct fdbg_code code = code_of(planner, function->ranges[i]);
		uint64_t undecoded;

		if (!planner->plan->arch->find_exits(&code, function->ranges[i].low, function->ranges[i].high,
						     found_exit, planner, &undecoded))
			fdbg_log(planner->options->log, FDBG_LOG_INFO,
				 "%.*s: no instruction at 0x%llx; returns behind it may be missed",
				 (int)traced->name.len, traced->name.data, (unsigned long long)undecoded);
	}
}

/* What the debug information says of a function's arguments. */
struct described {
	struct fdbg_variable *params;
	struct fdbg_variable *captures; /* of a closure */
	size_t n_captures;
};

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
		.optimized = optimized, .captures = described->captures, .n_captures = described->n_captures,
		.arena = &plan->arena,
	}, behind = sources;
	struct fdbg_error *err;

	plan->arch->analyse_prologue(code, candidate->stop, &candidate->prologue);
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
	uint64_t unused;
	bool optimized = fdbg_map_get(&planner->optimized_units, (uintptr_t)function->unit, &unused), usable;

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

static struct fdbg_error *plan_function(struct planner *planner, const struct fdbg_chosen *chosen,
					struct fdbg_traced_function *traced)
{
	struct fdbg_plan *plan = planner->plan;
	const struct fdbg_arch *arch = plan->arch;
	const struct fdbg_function *function = chosen->function;
	struct fdbg_code code = code_of(planner, function->ranges[0]);
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
	err = fdbg_poll_find(planner->debuginfo, function, traced->name, described.params, traced->n_params, &plan->arena,
			     &traced->poll);
	if (!err && traced->poll)
		err = fdbg_poll_add_parameter(traced->poll, &plan->arena, &described.params, &traced->n_params);
	if (err)
		return err;
	return_kind(planner, traced);
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
	return_address(planner, traced, candidate.stop, &candidate.prologue);

	traced->loop_head = candidate.stop != function->entry && arch->may_repeat(&code, candidate.stop);
	traced->arguments_at_entry = candidate.borrows;
	if (traced->loop_head || traced->hidden_pointer_at_entry || traced->arguments_at_entry)
		place(planner, function->entry, (struct fdbg_probe){
			.kind = FDBG_PROBE_ENTRY, .function = traced,
			.cfa_reg = arch->sp, .cfa_offset = arch->cfa_at_entry,
		});
	place(planner, candidate.stop, (struct fdbg_probe){
		.kind = FDBG_PROBE_CALL, .function = traced,
		.cfa_reg = candidate.cfa_reg, .cfa_offset = candidate.cfa_offset,
	});
	if (!traced->dbg_trace)
		place_returns(planner, traced);
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
			place(planner, symbol->address, (struct fdbg_probe){ .kind = FDBG_PROBE_PANIC_HOOK });
		break;
	case FDBG_PANIC_RAISE:
		place(planner, symbol->address, (struct fdbg_probe){ .kind = FDBG_PROBE_PANIC });
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
	place(planner, address, (struct fdbg_probe){ .kind = FDBG_PROBE_HEAP, .heap = copy });
	return !planner->nomem;
}

static int compare_placed(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return (int)x->probe.kind - (int)y->probe.kind;
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
			site->captures[n++] = (struct fdbg_capture_range){ FDBG_ARCH_NO_REG, (int64_t)site->probes[i].heap->check_slot, 8 };
	for (size_t i = 0; i < site->n_probes; i++)
		if (site->probes[i].kind == FDBG_PROBE_HEAP && site->probes[i].heap->window)
			site->captures[n++] = (struct fdbg_capture_range){ planner->plan->arch->sp, 0,
									   site->probes[i].heap->window };
	for (size_t i = 0; i < site->n_probes; i++)
		/* The engine is asked to watch the unwinding, for which the target must stand still; and texts are read. */
		site->on_demand |= site->probes[i].kind == FDBG_PROBE_PANIC ||
				   site->probes[i].kind == FDBG_PROBE_PANIC_HOOK;
	for (size_t i = 0; i < site->n_probes && planner->options->values; i++) {
		const struct fdbg_probe *probe = &site->probes[i];
		const struct fdbg_traced_function *traced = probe->function;

		for (size_t k = 0; probe->kind == FDBG_PROBE_CALL && k < traced->n_params; k++) {
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
			site->captures[n++] = (struct fdbg_capture_range){ param->source.reg, param->source.offset,
									   (uint32_t)size };
		}
		if (probe->kind != FDBG_PROBE_RETURN)
			continue;
		/* The state after a poll is where its argument pointed to. */
		site->on_demand |= traced->poll != NULL;
		if (traced->return_kind == FDBG_RETURN_REGISTERS || traced->return_kind == FDBG_RETURN_MEMORY)
			site->on_demand |= fdbg_rust_follows_pointers(traced->return_type);
		if (traced->return_kind == FDBG_RETURN_MEMORY) {
			if (traced->hidden_pointer_at_return && traced->return_type->size <= CAPTURE_LIMIT - total)
				site->captures[n++] = (struct fdbg_capture_range){
					planner->plan->arch->hidden_pointer_ret, 0,
					(uint32_t)traced->return_type->size };
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
	struct fdbg_error *err = find_optimized_units(planner, chosen, n_chosen);

	plan->next_id = planner->options->first_id ? planner->options->first_id : FDBG_PLAN_FIRST_ID;
	plan->functions = fdbg_arena_array(&plan->arena, n_chosen, sizeof(*plan->functions));
	if (!plan->functions && !err)
		err = &fdbg_error_nomem;
	for (size_t i = 0; i < n_chosen && !err; i++) {
		struct fdbg_traced_function *traced = &plan->functions[plan->n_functions];

		if (!planner->options->calls && !chosen[i].dbg_trace)
			continue;
		traced->call_id = plan->next_id++;
		traced->return_id = plan->next_id++;
		plan->n_functions++;
		err = plan_function(planner, &chosen[i], traced);
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
	fdbg_map_deinit(&planner.optimized_units);
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
	fdbg_arena_deinit(&plan->arena);
	free(plan);
}
