/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The part of a plan that is about the end of functions: where they return what, and where their code is left. */
#include "trace/plan_internal.h"

#include "trace/result_place.h"
#include "trace/sources.h"

/* From here on DW_CC_nocall marks all functions that lost arguments or results (LLVM 15; measured: 95, and not 63). */
#define MINOR_NOCALL 77

bool fdbg_plan_is_optimized(const struct planner *planner, const struct fdbg_function *function)
{
	return fdbg_optimized_has(&planner->optimized, function->unit);
}

/*
 * Decides between two places of a result by the function's code. In optimized code fewer registers than the plain rule
 * has may as well be what is left after a part was removed: that tells nothing.
 */
static void settle(const struct planner *planner, const struct fdbg_function *function, const struct fdbg_type *type,
		   bool optimized, struct fdbg_abi_value *value)
{
	struct fdbg_code code = fdbg_plan_code(planner, function->ranges[0]);
	struct fdbg_abi_value plain = *value;

	fdbg_result_settle(planner->plan->arch, &planner->abi, function->unit, type, &code, optimized, value);
	if (optimized && plain.place == FDBG_ABI_REGISTERS && value->place == FDBG_ABI_REGISTERS &&
	    value->n_pieces < plain.n_pieces)
		*value = (struct fdbg_abi_value){
			.place = FDBG_ABI_UNKNOWN, .reason = "the optimizer may have removed a part of it",
		};
}

void fdbg_plan_return_kind(struct planner *planner, struct fdbg_traced_function *traced)
{
	const struct fdbg_arch *arch = planner->plan->arch;
	const struct fdbg_function *function = traced->function;
	struct fdbg_convention_context conventions = {
		.arch = arch, .abi = &planner->abi, .effects = planner->effects, .image = planner->image,
		.cannot_unwind = &planner->cannot_unwind, .optimized = fdbg_plan_is_optimized(planner, function),
	};
	struct fdbg_abi_value value, rust;

	traced->return_type = fdbg_type_of(&traced->return_ref);
	if (!function->return_type.die) {
		traced->return_kind = FDBG_RETURN_NOTHING;
		return;
	}
	fdbg_rust_return_value(&planner->abi, function->unit, traced->return_type, &rust);
	if (rust.assumed && function->n_ranges == 1)
		settle(planner, function, traced->return_type, conventions.optimized, &rust);
	fdbg_convention_return(&conventions, function, traced->return_type, &rust, &value, &traced->convention);
	traced->return_assumed = value.assumed;
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

/*
 * Whether the registers of an optimized function hold what its source returns (see callers.h). All of them must: of a pair with
 * one half removed, the other half may have moved.
 */
static void check_return(struct planner *planner, struct fdbg_traced_function *traced)
{
	const struct fdbg_function *function = traced->function;
	/* Older compilers do not mark what they have altered. */
	bool altered = function->nocall || function->unit->rustc_minor < MINOR_NOCALL;

	for (size_t i = 0; i < traced->n_return_pieces; i++) {
		switch (fdbg_callers_of(planner->callers, function->entry, traced->return_pieces[i].reg, altered)) {
		case FDBG_CALLERS_NONE:
			if (!function->nocall)
				return;
			break;
		case FDBG_CALLERS_READ:
			continue;
		case FDBG_CALLERS_IGNORE:
			break;
		}
		traced->return_kind = FDBG_RETURN_UNKNOWN;
		traced->return_reason = "the optimizer may have removed it: no caller is seen to use it";
		return;
	}
}

/*
 * Which register has the hidden pointer of an optimized aarch64 function: x8, or the first argument's, where the optimizer has
 * made it a plain argument (rust-abi.md, section 2.4). x8 has no other meaning at an entry, so who reads it has it.
 */
static void find_hidden_pointer(struct planner *planner, struct fdbg_traced_function *traced)
{
	const struct fdbg_arch *arch = planner->plan->arch;
	uint64_t entry = traced->function->entry;

	switch (fdbg_callers_entry_use(planner->callers, entry, arch->hidden_pointer)) {
	case FDBG_ENTRY_READ:
		return;
	case FDBG_ENTRY_WRITTEN:
		if (fdbg_callers_entry_use(planner->callers, entry, arch->int_args[0]) != FDBG_ENTRY_READ)
			break;
		traced->hidden_pointer = arch->int_args[0];
		return;
	case FDBG_ENTRY_UNKNOWN:
		break;
	}
	traced->return_kind = FDBG_RETURN_UNKNOWN;
	traced->return_reason = "the optimizer may have moved the pointer to it";
}

struct register_use {
	uint32_t dwarf;
	bool found;
};

static bool note_register(void *context, uint32_t dwarf, uint64_t *value_ret)
{
	struct register_use *use = context;

	use->found |= dwarf == use->dwarf;
	*value_ret = 0;
	return true;
}

/* Is a variable, or a part of it, at the entry in this register, or behind it? */
static bool is_by_register(const struct fdbg_variable *variable, const struct fdbg_function *function, uint32_t dwarf,
			   struct fdbg_arena *scratch)
{
	struct register_use use = { .dwarf = dwarf };
	struct fdbg_memview memory = { .arena = scratch };
	struct fdbg_location_context context = { .reg = note_register, .entry_reg = note_register, .context = &use, .memory = &memory,
						 .frame_base = &function->frame_base };
	struct fdbg_place *places;
	const char *reason;
	size_t n = 0;

	if (fdbg_location_evaluate(&variable->location, function->entry, &context, scratch, &places, &n, &reason) == FDBG_MEMVIEW_NOMEM)
		return true;
	for (size_t i = 0; i < n; i++)
		use.found |= places[i].kind == FDBG_PLACE_REGISTER && places[i].reg == dwarf;
	return use.found;
}

/*
 * Is what the first argument's register (x86_64) holds at the entry certainly the hidden pointer? It is used, which it is not as an argument
 * of the source: by the conventions that return such a value otherwise, it would hold one, or nothing.
 */
static bool is_hidden_pointer(struct planner *planner, const struct fdbg_traced_function *traced)
{
	const struct fdbg_function *function = traced->function;
	uint32_t dwarf = planner->plan->arch->regs[traced->hidden_pointer].dwarf;
	struct fdbg_arena scratch = { 0 };
	struct fdbg_variable *params;
	size_t n = 0;
	bool is_it = fdbg_callers_entry_use(planner->callers, function->entry, traced->hidden_pointer) == FDBG_ENTRY_READ;
	struct fdbg_error *err = is_it ? fdbg_debuginfo_parameters(planner->debuginfo, function, &scratch, &params, &n) : NULL;

	for (size_t i = 0; i < n && !err; i++)
		is_it &= !is_by_register(&params[i], function, dwarf, &scratch);
	is_it &= !err;
	fdbg_error_destroy(err);
	fdbg_arena_deinit(&scratch);
	return is_it;
}

void fdbg_plan_return_address(struct planner *planner, struct fdbg_traced_function *traced, uint64_t stop,
			   const struct fdbg_prologue *prologue)
{
	const struct fdbg_arch *arch = planner->plan->arch;
	bool optimized = fdbg_plan_is_optimized(planner, traced->function);
	uint32_t hidden;

	traced->hidden_pointer = arch->hidden_pointer;
	fdbg_error_destroy(fdbg_plan_check_windows(planner, traced, stop, prologue));
	if (optimized && traced->return_kind == FDBG_RETURN_REGISTERS)
		check_return(planner, traced);
	if (optimized && traced->return_kind == FDBG_RETURN_MEMORY && !arch->hidden_pointer_is_arg)
		find_hidden_pointer(planner, traced);
	if (traced->return_kind != FDBG_RETURN_MEMORY)
		return;
	traced->hidden_pointer_proven = optimized && arch->hidden_pointer_is_arg && is_hidden_pointer(planner, traced);
	hidden = traced->hidden_pointer;
	traced->saves_hidden_pointer = stop == traced->function->entry ||
		(prologue->complete && !(prologue->clobbered[hidden / 64] >> hidden % 64 & 1));
	traced->hidden_pointer_at_return = arch->hidden_pointer_ret != FDBG_ARCH_NO_REG && !optimized;
	traced->hidden_pointer_at_entry = !traced->saves_hidden_pointer && !traced->hidden_pointer_at_return;
}

static void found_exit(void *context, uint64_t address, enum fdbg_exit_kind kind)
{
	struct planner *planner = context;
	const struct fdbg_arch *arch = planner->plan->arch;

	if (kind != FDBG_EXIT_RETURN)
		return;
	fdbg_plan_place(planner, address, (struct fdbg_probe){
		.kind = FDBG_PROBE_RETURN, .function = planner->current,
		.cfa_reg = arch->sp, .cfa_offset = arch->cfa_at_return,
	});
}

static void find_returns(struct planner *planner, struct fdbg_address_range range)
{
	struct fdbg_code code = fdbg_plan_code(planner, range);
	const struct fdbg_traced_function *traced = planner->current;
	uint64_t undecoded;

	if (!planner->plan->arch->find_exits(&code, range.low, range.high, found_exit, planner, &undecoded))
		fdbg_log(planner->options->log, FDBG_LOG_INFO,
			 "%.*s: no instruction at 0x%llx; returns behind it may be missed",
			 (int)traced->name.len, traced->name.data, (unsigned long long)undecoded);
}

/* Continuations in a row that are followed. */
#define MAX_OUTLINED 8

static void found_tail(void *context, const struct fdbg_tail_exit *exit);

/*
 * LLVM's outliner moves the last instructions of functions that have the same ones to a place of their own, their rets among them,
 * to which they jump (aarch64, opt-level z and s). What is at the address of a jump is such a place: it goes on with the function.
 */
static bool goes_on_outlined(struct planner *planner, uint64_t address)
{
	struct fdbg_function part = *planner->current->function;
	struct fdbg_address_range range;
	struct fdbg_symbol symbol;
	uint64_t unused;
	bool repeats;

	if (!address || !fdbg_debuginfo_symbol_at(planner->debuginfo, address, &symbol) || symbol.address != address ||
	    !symbol.size || !fdbg_text_starts(symbol.name, "OUTLINED_FUNCTION_"))
		return false;
	if (planner->n_outlined == MAX_OUTLINED || fdbg_map_get(&planner->outlined, address, &unused))
		return true;
	planner->nomem |= !fdbg_map_set(&planner->outlined, address, 1);
	range = (struct fdbg_address_range){ address, address + symbol.size };
	part.ranges = &range;
	part.n_ranges = 1;
	planner->n_outlined++;
	find_returns(planner, range);
	fdbg_optimized_exits(planner->effects, planner->image, &part, found_tail, planner, &repeats);
	planner->n_outlined--;
	return true;
}

/*
 * Is the frame as at the entry where a function jumps away? By the description of frames, where that is complete: of functions that
 * are to be small LLVM leaves out what epilogues do (aarch64, opt-level z). But who jumps to where a function begins has left its
 * own frame, and what a jump through a register finds shows when it is done.
 */
static bool has_left_frame(const struct planner *planner, const struct fdbg_tail_exit *exit)
{
	const struct fdbg_arch *arch = planner->plan->arch;
	struct fdbg_symbol symbol;
	struct fdbg_error *err;
	uint32_t dwarf;
	int64_t offset;

	/* The description of outlined code is not the function's. */
	if (planner->n_outlined)
		return true;
	err = fdbg_debuginfo_cfa(planner->debuginfo, exit->address, &dwarf, &offset);
	if (err) {
		/* Code without a description has no frame, or is not from a compiler. */
		fdbg_error_destroy(err);
		return true;
	}
	if (fdbg_arch_reg_by_dwarf(arch, dwarf) == arch->sp && offset == arch->cfa_at_entry)
		return true;
	if (arch == &fdbg_arch_x86_64)
		return false;
	return exit->target ? fdbg_debuginfo_symbol_at(planner->debuginfo, exit->target, &symbol) && symbol.address == exit->target
			    : exit->target_reg != FDBG_ARCH_NO_REG;
}

/*
 * A probe at a jump out of the function. Only where the frame is as at the entry is it one to what returns to the caller; what an
 * aarch64 condition says is not looked at, as compilers do not make such jumps.
 */
static void found_tail(void *context, const struct fdbg_tail_exit *exit)
{
	struct planner *planner = context;
	const struct fdbg_arch *arch = planner->plan->arch;
	struct fdbg_traced_function *target = NULL;
	uint64_t value;

	if (exit->condition == FDBG_TAIL_ALWAYS && goes_on_outlined(planner, exit->target))
		return;
	if (!has_left_frame(planner, exit))
		return;
	/* What never returns does not return through a jump either. */
	if ((exit->condition != FDBG_TAIL_ALWAYS && arch != &fdbg_arch_x86_64) || planner->current->function->noreturn)
		return;
	if (exit->target && fdbg_map_get(&planner->plan->by_entry, exit->target, &value))
		target = (struct fdbg_traced_function *)(uintptr_t)value;
	if (target)
		target->jumped_to = true;
	fdbg_plan_place(planner, exit->address, (struct fdbg_probe){
		.kind = FDBG_PROBE_TAIL, .function = planner->current,
		.cfa_reg = arch->sp, .cfa_offset = arch->cfa_at_entry,
		.target = target, .target_reg = exit->target_reg, .condition = exit->condition,
		.target_in_memory = exit->target_in_memory, .target_slot = exit->target_slot,
	});
}

void fdbg_plan_returns(struct planner *planner, struct fdbg_traced_function *traced)
{
	planner->current = traced;
	for (size_t i = 0; i < traced->function->n_ranges; i++)
		find_returns(planner, traced->function->ranges[i]);
}

void fdbg_plan_tails(struct planner *planner, struct fdbg_traced_function *traced)
{
	bool repeats;

	planner->current = traced;
	fdbg_map_clear(&planner->outlined);
	fdbg_optimized_exits(planner->effects, planner->image, traced->function, found_tail, planner, &repeats);
	traced->entry_repeats = repeats && !traced->loop_head;
}

struct fdbg_error *fdbg_plan_apply_merged(struct planner *planner, struct fdbg_traced_function *traced)
{
	struct fdbg_merged_names names;
	struct fdbg_error *err = fdbg_merged_names(&planner->merged, planner->debuginfo, traced->function,
						   &planner->plan->arena, &names);

	if (err)
		return err;
	traced->merged = names.names;
	traced->n_merged = names.n;
	traced->return_assumed |= names.by_symbol;
	if (!names.same_return) {
		traced->return_kind = FDBG_RETURN_UNKNOWN;
		traced->return_reason = "functions that return different types were made one";
	}
	for (size_t i = 0; i < traced->n_params && !names.same_parameters; i++)
		if (traced->params[i].source.kind != FDBG_SOURCE_OPTIMIZED_OUT)
			traced->params[i].source = (struct fdbg_source){
				.kind = FDBG_SOURCE_UNKNOWN, .reason = "functions with different parameters were made one",
			};
	return NULL;
}
