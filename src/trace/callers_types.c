/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What debug information says of registers at the beginning and the end of functions. */
#include "rust/c_abi.h"
#include "rust/defined.h"
#include "trace/callers_internal.h"
#include "trace/convention.h"

static bool want_unit(void *context, const struct fdbg_unit *unit)
{
	return unit == context;
}

/* The function that begins at an address; NULL: nothing describes it. */
static const struct fdbg_function *function_at(struct fdbg_callers *callers, uint64_t entry)
{
	const struct fdbg_unit *unit = fdbg_debuginfo_unit_at(callers->debuginfo, entry);
	const struct fdbg_function *const *functions;
	uint64_t value = 0;
	size_t n;

	if (!unit || !unit->rust || !unit->has_types)
		return NULL;
	if (!fdbg_map_get(&callers->units, (uintptr_t)unit, &value)) {
		struct fdbg_error *err = fdbg_debuginfo_functions(callers->debuginfo, want_unit, (void *)(uintptr_t)unit,
								  &functions, &n);

		fdbg_map_set(&callers->units, (uintptr_t)unit, 1);
		for (size_t i = 0; !err && i < n; i++)
			fdbg_map_set(&callers->functions, functions[i]->entry, (uintptr_t)functions[i]);
		fdbg_error_destroy(err);
	}
	value = 0;
	fdbg_map_get(&callers->functions, entry, &value);
	return (const struct fdbg_function *)(uintptr_t)value;
}

static enum fdbg_callers_there place_has(const struct fdbg_callers *callers, const struct fdbg_abi_value *value,
					 const struct fdbg_type *type, uint32_t reg)
{
	const struct fdbg_arch *arch = callers->arch;

	if (value->place == FDBG_ABI_UNKNOWN)
		return FDBG_CALLERS_PERHAPS;
	for (size_t i = 0; value->place == FDBG_ABI_REGISTERS && i < value->n_pieces; i++) {
		const struct fdbg_abi_piece *piece = &value->pieces[i];

		if (reg == (piece->reg_class == FDBG_REG_INT ? arch->int_rets : arch->float_rets)[piece->reg])
			return fdbg_type_always_sets(type, piece->offset, piece->size) ? FDBG_CALLERS_ALWAYS : FDBG_CALLERS_PERHAPS;
	}
	return FDBG_CALLERS_NEVER;
}

enum fdbg_callers_there fdbg_callers_returns(struct fdbg_callers *callers, uint64_t entry, uint32_t reg)
{
	const struct fdbg_function *function = function_at(callers, entry);
	enum fdbg_callers_there all = FDBG_CALLERS_ALWAYS;

	if (!function)
		return FDBG_CALLERS_PERHAPS;
	/* Of merged functions any may be the one that is called. */
	for (; function; function = function->merged) {
		struct fdbg_type_ref ref = function->return_type;
		const struct fdbg_type *type = fdbg_type_of(&ref);
		enum fdbg_callers_there by_rust, by_c;
		struct fdbg_abi_value value;

		if (!function->return_type.die)
			return FDBG_CALLERS_NEVER;
		fdbg_rust_return_value(callers->abi, function->unit, type, &value);
		by_rust = place_has(callers, &value, type, reg);
		fdbg_c_return_value(callers->abi, type, &value);
		by_c = place_has(callers, &value, type, reg);
		if (by_rust == by_c)
			all = by_rust < all ? by_rust : all;
		else if (!fdbg_c_type_is_likely(type) && fdbg_convention_is_mangled(function))
			all = by_rust < all ? by_rust : all;
		else
			all = FDBG_CALLERS_PERHAPS < all ? FDBG_CALLERS_PERHAPS : all;
	}
	return all;
}

enum fdbg_callers_there fdbg_callers_takes(struct fdbg_callers *callers, uint64_t entry, uint32_t reg)
{
	const struct fdbg_function *function = function_at(callers, entry);
	enum fdbg_callers_there all = FDBG_CALLERS_PERHAPS;
	struct fdbg_variable *params;
	struct fdbg_error *err;
	size_t n;

	if (!function || function->merged)
		return FDBG_CALLERS_PERHAPS;
	err = fdbg_debuginfo_parameters(callers->debuginfo, function, &callers->scratch, &params, &n);
	for (size_t i = 0; !err && i < n; i++) {
		struct fdbg_simple_location simple =
			fdbg_location_simplify(&params[i].location, &function->frame_base, entry);
		const struct fdbg_type *type = fdbg_type_of(&params[i].type);

		if (simple.kind == FDBG_SIMPLE_REGISTER && fdbg_arch_reg_by_dwarf(callers->arch, simple.reg) == reg &&
		    fdbg_type_always_sets(type, 0, type->size))
			all = FDBG_CALLERS_ALWAYS;
	}
	fdbg_error_destroy(err);
	fdbg_arena_reset(&callers->scratch);
	return all;
}

bool fdbg_callers_is_altered(struct fdbg_callers *callers, uint64_t entry)
{
	const struct fdbg_function *function = function_at(callers, entry);

	return function && function->nocall;
}
