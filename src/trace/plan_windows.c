/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The part of a plan that knows functions which follow the calling convention of Windows.
 *
 * extern "win64" and "efiapi" (x86_64) are not marked in debug information, and all but scalars is returned elsewhere. Their
 * arguments come in rcx, rdx, r8 and r9, a pointer to the result among them; the other conventions begin with rdi and rsi.
 */
#include "trace/plan_internal.h"

#include "debuginfo/location.h"

/* So far from the entry code has stored what it was given. */
#define MAX_BYTES 256

/* Is what is stored to a slot of the frame, given by a register, one of the 3rd and 4th integer arguments' registers? */
static bool holds_late_argument(const struct fdbg_arch *arch, const struct fdbg_simple_location *slot,
				const struct fdbg_prologue *prologue)
{
	uint32_t reg = fdbg_arch_reg_by_dwarf(arch, slot->reg);
	int64_t at = slot->offset - arch->cfa_at_entry;

	if (slot->kind != FDBG_SIMPLE_MEMORY || !(reg == arch->sp ? prologue->frame_known : reg == arch->fp && prologue->fp_known))
		return false;
	at += reg == arch->sp ? prologue->sp_delta : prologue->fp_delta;
	for (size_t i = 0; i < prologue->n_spills; i++) {
		const struct fdbg_spill *spill = &prologue->spills[i];

		if (spill->cfa_known && spill->cfa_offset == at)
			return spill->origin == arch->int_args[2] || spill->origin == arch->int_args[3];
	}
	return false;
}

/*
 * Does the function use what a register holds at its entry, otherwise than to save it? It is seen in the code up to the first branch:
 * behind, callees are given what nobody has filled.
 */
static bool uses_at_entry(const struct planner *planner, const struct fdbg_function *function, uint32_t reg)
{
	struct fdbg_code code = fdbg_plan_code(planner, function->ranges[0]);
	struct fdbg_effect effect;

	if (function->entry < code.address)
		return false;
	for (uint64_t at = function->entry - code.address; at < code.size && at < MAX_BYTES; at += effect.size) {
		if (!fdbg_effects_at(planner->effects, code.bytes + at, code.size - at, code.address + at, &effect))
			return false;
		if (fdbg_effect_has(effect.reads, reg) && !effect.stack)
			return true;
		if (effect.flow != FDBG_FLOW_ON || fdbg_effect_has(effect.writes, reg))
			return false;
	}
	return false;
}

/* The most integer registers that a value may be passed in by the other conventions. */
static size_t most_registers(const struct fdbg_type *type)
{
	if (!type->size || (type->kind == FDBG_TYPE_BASE && type->encoding == FDBG_ENCODING_FLOAT))
		return 0;
	return type->kind == FDBG_TYPE_POINTER || (type->size <= 8 && (type->kind == FDBG_TYPE_BASE || type->kind == FDBG_TYPE_ENUM)) ? 1 : 2;
}

/* The integer registers that Rust's convention passes a value in by itself: up to four, of a pair of 128 bits each. */
static size_t registers_by_rust(const struct planner *planner, const struct fdbg_function *function, const struct fdbg_type *type)
{
	struct fdbg_abi_value value;
	size_t n = 0;

	fdbg_rust_arguments(&planner->abi, function->unit, &type, 1, false, &value);
	for (size_t i = 0; i < value.n_pieces; i++)
		n += value.pieces[i].reg_class == FDBG_REG_INT;
	return n;
}

/* Does it take more registers than it could have arguments in by another convention? */
static bool takes_more(const struct planner *planner, const struct fdbg_traced_function *traced,
		       struct fdbg_variable *params, size_t n_params)
{
	const struct fdbg_arch *arch = planner->plan->arch;
	size_t n = traced->return_kind == FDBG_RETURN_MEMORY;

	for (size_t i = 0; i < n_params; i++) {
		const struct fdbg_type *param = fdbg_type_of(&params[i].type);
		size_t by_rust = registers_by_rust(planner, traced->function, param), most = most_registers(param);

		n += by_rust > most ? by_rust : most;
	}
	for (size_t i = n > 2 ? n : 2; i < 6; i++)
		if (uses_at_entry(planner, traced->function, arch->int_args[i]))
			return true;
	return false;
}

/* Is the first parameter, an integer or a pointer, where only these have it? */
static bool begins_late(const struct planner *planner, const struct fdbg_function *function, struct fdbg_variable *first,
			uint64_t stop, const struct fdbg_prologue *prologue)
{
	const struct fdbg_type *type = fdbg_type_of(&first->type);
	struct fdbg_simple_location slot = fdbg_location_simplify(&first->location, &function->frame_base, stop);

	return ((type->kind == FDBG_TYPE_BASE && type->encoding != FDBG_ENCODING_FLOAT && type->size && type->size <= 8) ||
		type->kind == FDBG_TYPE_POINTER) &&
	       holds_late_argument(planner->plan->arch, &slot, prologue);
}

struct fdbg_error *fdbg_plan_check_windows(struct planner *planner, struct fdbg_traced_function *traced, uint64_t stop,
					   const struct fdbg_prologue *prologue)
{
	const struct fdbg_function *function = traced->function;
	const struct fdbg_type *type = traced->return_type;
	struct fdbg_arena scratch = { 0 };
	struct fdbg_variable *params;
	struct fdbg_error *err;
	size_t n;

	/* Closures and coroutines are Rust's own, and their first parameter may be an environment that is not described. */
	if (planner->plan->arch != &fdbg_arch_x86_64 || traced->return_kind == FDBG_RETURN_NOTHING ||
	    traced->return_kind == FDBG_RETURN_UNKNOWN || fdbg_text_starts(function->name, "{") ||
	    (type->size <= 8 && (type->kind == FDBG_TYPE_BASE || type->kind == FDBG_TYPE_POINTER || type->kind == FDBG_TYPE_ENUM)))
		return NULL;
	err = fdbg_debuginfo_parameters(planner->debuginfo, function, &scratch, &params, &n);
	/*
	 * What comes in rdi or rsi is passed by the other conventions; more registers may then be those of parameters that are not
	 * described, or nobody's: a half of a result that holds nothing is stored as it is found.
	 */
	if (!err && !uses_at_entry(planner, function, planner->plan->arch->int_args[0]) &&
	    !uses_at_entry(planner, function, planner->plan->arch->int_args[1]) &&
	    (takes_more(planner, traced, params, n) ||
	     (n && !fdbg_plan_is_optimized(planner, function) && begins_late(planner, function, &params[0], stop, prologue)))) {
		traced->return_kind = FDBG_RETURN_UNKNOWN;
		traced->return_reason = "the function follows the calling convention of Windows";
	}
	fdbg_arena_deinit(&scratch);
	return err;
}
