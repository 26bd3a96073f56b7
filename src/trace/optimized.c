/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "trace/optimized.h"

#include <stdlib.h>

#include "debuginfo/location.h"

/* So many functions of a crate without a sign of optimization show that there is none. */
#define MAX_LOOKED_AT 500

static bool looks_optimized(const struct fdbg_function *function, const struct fdbg_variable *params, size_t n_params)
{
	if (function->nocall)
		return true;
	/*
	 * A list that begins at the entry does not tell: an aggregate behind a pointer that is never stored has one in
	 * either.
	 */
	for (size_t i = 0; i < n_params; i++) {
		struct fdbg_simple_location simple =
			fdbg_location_simplify(&params[i].location, &function->frame_base, function->entry);

		if (simple.kind == FDBG_SIMPLE_REGISTER || simple.kind == FDBG_SIMPLE_COMPLEX)
			return true;
	}
	return false;
}

static bool want_unit(void *context, const struct fdbg_unit *unit)
{
	const struct fdbg_optimized *wanted = context;
	uint64_t unused;

	return fdbg_map_get(&wanted->units, (uintptr_t)unit, &unused) ||
	       (unit->rust && unit->crate.len && fdbg_strmap_get(&wanted->crates, unit->crate, &unused));
}

static struct fdbg_error *note(struct fdbg_optimized *list, const struct fdbg_unit *unit, uint64_t value)
{
	bool done = unit->crate.len ? fdbg_strmap_set(&list->crates, unit->crate, value)
				    : fdbg_map_set(&list->units, (uintptr_t)unit, value);

	return done ? NULL : &fdbg_error_nomem;
}

static uint64_t noted(const struct fdbg_optimized *list, const struct fdbg_unit *unit)
{
	uint64_t value = 0;

	if (unit->crate.len)
		fdbg_strmap_get(&list->crates, unit->crate, &value);
	else
		fdbg_map_get(&list->units, (uintptr_t)unit, &value);
	return value;
}

struct fdbg_error *fdbg_optimized_find(struct fdbg_debuginfo *debuginfo, const struct fdbg_function *const *chosen,
				       size_t n_chosen, const struct fdbg_log *log, struct fdbg_optimized *ret)
{
	struct fdbg_optimized wanted = { 0 }, found = { 0 };
	const struct fdbg_function *const *functions;
	struct fdbg_arena scratch = { 0 };
	struct fdbg_error *err = NULL;
	size_t n_functions = 0;

	for (size_t i = 0; i < n_chosen && !err; i++)
		err = note(&wanted, chosen[i]->unit, 1);
	if (!err)
		err = fdbg_debuginfo_functions(debuginfo, want_unit, &wanted, &functions, &n_functions);
	for (size_t i = 0; i < n_functions && !err; i++) {
		const struct fdbg_unit *unit = functions[i]->unit;
		uint64_t looked_at = noted(&wanted, unit);
		struct fdbg_variable *params;
		size_t n_params;

		if (looked_at > MAX_LOOKED_AT)
			continue;
		err = fdbg_debuginfo_parameters(debuginfo, functions[i], &scratch, &params, &n_params);
		if (!err && looks_optimized(functions[i], params, n_params)) {
			fdbg_log(log, FDBG_LOG_INFO, "%.*s: optimized, by %.*s",
				 (int)unit->name.len, unit->name.data ? unit->name.data : "",
				 (int)functions[i]->path.len, functions[i]->path.data);
			err = note(&found, unit, 1);
			looked_at = MAX_LOOKED_AT;
		}
		if (!err)
			err = note(&wanted, unit, looked_at + 1);
		fdbg_arena_reset(&scratch);
	}
	fdbg_arena_deinit(&scratch);
	fdbg_optimized_deinit(&wanted);
	if (err)
		fdbg_optimized_deinit(&found);
	else
		*ret = found;
	return err;
}

void fdbg_optimized_deinit(struct fdbg_optimized *optimized)
{
	fdbg_strmap_deinit(&optimized->crates);
	fdbg_map_deinit(&optimized->units);
}

bool fdbg_optimized_has(const struct fdbg_optimized *optimized, const struct fdbg_unit *unit)
{
	return noted(optimized, unit);
}

static bool in_function(const struct fdbg_function *function, uint64_t address)
{
	for (size_t i = 0; i < function->n_ranges; i++)
		if (address >= function->ranges[i].low && address < function->ranges[i].high)
			return true;
	return false;
}

/* The code of a range; *size_ret 0: it is not in the file. */
static const uint8_t *code_of(const struct fdbg_image *image, struct fdbg_address_range range, size_t *size_ret)
{
	const uint8_t *bytes = fdbg_image_bytes(image, range.low, (size_t)(range.high - range.low), false);

	*size_ret = bytes ? (size_t)(range.high - range.low) : 0;
	return bytes;
}

/* x86: opcodes 7x, and 8x behind 0f. */
static uint8_t condition_of(const uint8_t *insn, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++) {
		if (insn[i] == 0x0f)
			return i + 1 < size ? insn[i + 1] & 15 : FDBG_TAIL_ALWAYS;
		if ((insn[i] & 0xf0) == 0x70)
			return insn[i] & 15;
	}
	return FDBG_TAIL_ALWAYS;
}

/* Of two registers, not what lies in memory at such an address. */
static bool is_sum(const struct fdbg_effect *effect)
{
	return __builtin_popcountll(effect->reads[0]) > 1 && (effect->reads[0] & ~effect->addresses[0]);
}

/* May a jump through memory leave the function? Not by a constant table that begins with a place in it. */
static bool may_leave(const struct fdbg_image *image, const struct fdbg_function *function, const struct fdbg_effect *effect)
{
	const struct fdbg_slot *slot = &effect->target_slot;
	const uint8_t *bytes;
	uint64_t first = 0;

	if (!effect->target_in_memory || slot->index == FDBG_ARCH_NO_REG || slot->base != FDBG_ARCH_NO_REG)
		return effect->target_in_memory;
	bytes = fdbg_image_bytes(image, (uint64_t)slot->offset, 8, true);
	for (int i = 7; bytes && i >= 0; i--)
		first = first << 8 | bytes[i];
	return !in_function(function, first);
}

void fdbg_optimized_exits(struct fdbg_effects *effects, const struct fdbg_image *image,
			  const struct fdbg_function *function,
			  void (*found)(void *context, const struct fdbg_tail_exit *exit), void *context,
			  bool *repeats_ret)
{
	*repeats_ret = false;
	for (size_t i = 0; i < function->n_ranges; i++) {
		size_t size, step;
		const uint8_t *bytes = code_of(image, function->ranges[i], &size);
		uint64_t computed[2] = { 0 }; /* registers that the instruction before made of two: a place and a distance */

		for (size_t at = 0; at < size; at += step) {
			uint64_t address = function->ranges[i].low + at;
			struct fdbg_tail_exit exit = { .address = address, .target_reg = FDBG_ARCH_NO_REG,
						       .condition = FDBG_TAIL_ALWAYS };
			struct fdbg_effect effect;
			bool leaves;

			if (!fdbg_effects_at(effects, bytes + at, size - at, address, &effect)) {
				step = fdbg_effects_alignment(effects);
				computed[0] = computed[1] = 0;
				continue;
			}
			step = effect.size;
			leaves = !in_function(function, effect.target);
			exit.target = effect.target;
			switch (effect.flow) {
			case FDBG_FLOW_JUMP:
			case FDBG_FLOW_COND_JUMP:
				*repeats_ret |= effect.target == function->entry;
				if (effect.flow == FDBG_FLOW_COND_JUMP)
					exit.condition = condition_of(bytes + at, effect.size);
				if (leaves)
					found(context, &exit);
				break;
			case FDBG_FLOW_JUMP_INDIRECT:
				exit.target_reg = effect.target_reg;
				exit.target_in_memory = effect.target_in_memory;
				exit.target_slot = effect.target_slot;
				if (exit.target_reg != FDBG_ARCH_NO_REG ? !fdbg_effect_has(computed, exit.target_reg)
									: may_leave(image, function, &effect))
					found(context, &exit);
				break;
			default:
				break;
			}
			for (int k = 0; k < 2; k++)
				computed[k] = is_sum(&effect) ? effect.writes[k] : 0;
		}
	}
}

uint64_t fdbg_optimized_entry_block(struct fdbg_effects *effects, const struct fdbg_image *image,
				    const struct fdbg_function *function)
{
	size_t size, at = 0;
	const uint8_t *bytes = code_of(image, function->ranges[0], &size);
	struct fdbg_effect effect;

	while (at < size && fdbg_effects_at(effects, bytes + at, size - at, function->entry + at, &effect) &&
	       effect.flow == FDBG_FLOW_ON)
		at += effect.size;
	return function->entry + at;
}
