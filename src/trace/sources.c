/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "trace/sources.h"

#include <string.h>

size_t fdbg_source_pieces(const struct fdbg_arch *arch, const struct fdbg_abi_value *value, bool of_return,
			  struct fdbg_source_piece *ret)
{
	for (size_t i = 0; i < value->n_pieces; i++) {
		const struct fdbg_abi_piece *piece = &value->pieces[i];
		bool is_int = piece->reg_class == FDBG_REG_INT;
		const uint32_t *regs = of_return ? (is_int ? arch->int_rets : arch->float_rets)
						 : (is_int ? arch->int_args : arch->float_args);

		ret[i] = (struct fdbg_source_piece){
			.reg = regs[piece->reg], .size = (uint32_t)piece->size,
			.offset = piece->offset, .one_bit = piece->one_bit,
		};
	}
	return value->n_pieces;
}

static bool clobbered(const struct fdbg_source_context *context, uint32_t reg)
{
	if (context->stop == context->function->entry)
		return false;
	return !context->prologue->complete || (context->prologue->clobbered[reg / 64] >> reg % 64 & 1);
}

/*
 * The stack slot to which the prologue stored the entry value of a register and which it did not store to again: the
 * register itself may have been put to another use since.
 */
static const struct fdbg_spill *spill_of(const struct fdbg_source_context *context, const struct fdbg_source_piece *piece)
{
	const struct fdbg_prologue *prologue = context->prologue;

	if (!prologue->complete || prologue->n_spills == FDBG_MAX_SPILLS)
		return NULL;
	for (size_t i = 0; i < prologue->n_spills; i++) {
		const struct fdbg_spill *spill = &prologue->spills[i];
		bool kept = spill->cfa_known && spill->origin == piece->reg && spill->size >= piece->size;

		for (size_t k = i + 1; k < prologue->n_spills && kept; k++) {
			const struct fdbg_spill *later = &prologue->spills[k];

			kept = later->cfa_known && (later->cfa_offset >= spill->cfa_offset + (int64_t)spill->size ||
						    later->cfa_offset + (int64_t)later->size <= spill->cfa_offset);
		}
		if (kept)
			return spill;
	}
	return NULL;
}

/* The argument by the calling convention: from its registers, or from where the prologue stored them. */
static struct fdbg_source from_abi(const struct fdbg_source_context *context, const struct fdbg_abi_value *value)
{
	struct fdbg_source source = { .kind = FDBG_SOURCE_REGISTERS };
	const struct fdbg_spill *spill;
	bool whole = true;

	if (value->place == FDBG_ABI_NOTHING)
		return (struct fdbg_source){ .kind = FDBG_SOURCE_NOTHING };
	if (value->place == FDBG_ABI_STACK)
		return (struct fdbg_source){ .kind = FDBG_SOURCE_UNKNOWN,
					     .reason = "the argument is passed on the stack, and not stored yet" };
	if (value->place == FDBG_ABI_UNKNOWN)
		return (struct fdbg_source){ .kind = FDBG_SOURCE_UNKNOWN, .reason = value->reason };
	source.n_pieces = fdbg_source_pieces(context->arch, value, false, source.pieces);
	for (size_t i = 0; i < source.n_pieces; i++)
		whole &= !clobbered(context, source.pieces[i].reg);
	if (whole && value->place == FDBG_ABI_MEMORY)
		return (struct fdbg_source){ .kind = FDBG_SOURCE_MEMORY, .reg = source.pieces[0].reg };
	if (whole)
		return source;
	spill = source.n_pieces == 1 && !source.pieces[0].offset ? spill_of(context, &source.pieces[0]) : NULL;
	if (!spill)
		return (struct fdbg_source){ .kind = FDBG_SOURCE_UNKNOWN, .reason = "the argument is not stored yet" };
	return (struct fdbg_source){
		.kind = value->place == FDBG_ABI_MEMORY ? FDBG_SOURCE_INDIRECT : FDBG_SOURCE_MEMORY,
		.reg = context->cfa_reg, .offset = context->cfa_offset + spill->cfa_offset,
	};
}

/* Does the slot at register + offset hold its argument at the probe? *proven_ret false: the code does not tell. */
static bool slot_is_stored(const struct fdbg_source_context *context, uint32_t reg, int64_t offset, uint64_t size,
			   bool *proven_ret)
{
	const struct fdbg_prologue *prologue = context->prologue;
	int64_t cfa_offset;

	*proven_ret = false;
	if (reg == context->cfa_reg)
		cfa_offset = offset - context->cfa_offset;
	else if (reg == context->arch->sp && prologue->frame_known)
		cfa_offset = offset + prologue->sp_delta - context->arch->cfa_at_entry;
	else
		return true; /* not a slot of this frame that we can place */
	*proven_ret = true;
	if (cfa_offset >= 0)
		return true; /* in the caller's frame: passed on the stack */
	for (size_t i = 0; i < prologue->n_spills; i++) {
		const struct fdbg_spill *spill = &prologue->spills[i];

		if (!spill->cfa_known) {
			*proven_ret = false;
			continue;
		}
		if (spill->cfa_offset < cfa_offset + (int64_t)size &&
		    spill->cfa_offset + (int64_t)spill->size > cfa_offset)
			return true;
	}
	*proven_ret = *proven_ret && (prologue->complete || context->stop == context->function->entry) &&
		      prologue->n_spills < FDBG_MAX_SPILLS;
	return false;
}

/* DW_OP_entry_value, and its older spelling. */
static bool is_entry_value(const struct fdbg_location *location, uint64_t pc)
{
	const struct fdbg_location_range *range = fdbg_location_at(location, pc);

	return range && range->len && (range->expr[0] == 0xa3 || range->expr[0] == 0xf3);
}

static struct fdbg_source source_of(const struct fdbg_source_context *context, struct fdbg_variable *param,
				    const struct fdbg_type *type, const struct fdbg_abi_value *abi)
{
	const struct fdbg_arch *arch = context->arch;
	struct fdbg_simple_location simple =
		fdbg_location_simplify(&param->location, &context->function->frame_base, context->stop);
	struct fdbg_source source = { .offset = simple.offset, .offset2 = simple.offset2 };
	uint64_t slot_size = type->size;
	bool proven;

	source.reg = fdbg_arch_reg_by_dwarf(arch, simple.reg);
	switch (simple.kind) {
	case FDBG_SIMPLE_NONE:
		/* Also unoptimized code has no location for an aggregate behind a pointer that is never used. */
		if (context->optimized)
			return (struct fdbg_source){ .kind = FDBG_SOURCE_OPTIMIZED_OUT };
		return from_abi(context, abi);
	case FDBG_SIMPLE_CFA:
	case FDBG_SIMPLE_CFA_INDIRECT:
		source.reg = context->cfa_reg;
		source.offset += context->cfa_offset;
		source.kind = simple.kind == FDBG_SIMPLE_CFA ? FDBG_SOURCE_MEMORY : FDBG_SOURCE_INDIRECT;
		break;
	case FDBG_SIMPLE_MEMORY:
		source.kind = FDBG_SOURCE_MEMORY;
		break;
	case FDBG_SIMPLE_INDIRECT:
		source.kind = FDBG_SOURCE_INDIRECT;
		break;
	case FDBG_SIMPLE_REGISTER:
		source.kind = FDBG_SOURCE_REGISTERS;
		if (source.reg != FDBG_ARCH_NO_REG && type->size > arch->regs[source.reg].size)
			return (struct fdbg_source){ .kind = FDBG_SOURCE_UNKNOWN,
						     .reason = "a register cannot hold the argument" };
		source.pieces[0] = (struct fdbg_source_piece){ .reg = source.reg, .size = (uint32_t)type->size };
		source.n_pieces = 1;
		break;
	case FDBG_SIMPLE_ADDRESS:
		source.kind = FDBG_SOURCE_STATIC;
		return source;
	case FDBG_SIMPLE_COMPLEX:
		/* What a register held at the entry: the calling convention knows where that is now. */
		if (!context->optimized && is_entry_value(&param->location, context->stop))
			return from_abi(context, abi);
		source.kind = FDBG_SOURCE_LOCATION;
		return source;
	}
	if (source.reg == FDBG_ARCH_NO_REG)
		return (struct fdbg_source){ .kind = FDBG_SOURCE_UNKNOWN,
					     .reason = "the location names a register that fdbg does not know" };
	if (source.kind == FDBG_SOURCE_REGISTERS)
		return source;
	if (source.kind == FDBG_SOURCE_INDIRECT)
		slot_size = arch->pointer_size;
	/* One expression for the whole function is relative to the frame that the prologue makes: there is none yet. */
	if (context->stop == context->function->entry && !param->location.list &&
	    (source.reg == arch->sp || source.reg == arch->fp) && simple.kind != FDBG_SIMPLE_CFA &&
	    simple.kind != FDBG_SIMPLE_CFA_INDIRECT && context->function->prologue_end != context->function->entry)
		return from_abi(context, abi);
	if (slot_is_stored(context, source.reg, source.offset, slot_size, &proven))
		return source;
	if (proven || context->stop == context->function->entry)
		return from_abi(context, abi);
	return source;
}

/*
 * DWARF may leave a closure's environment out of the parameters and list what it captured as variables (rust-abi.md, section 7.1); then
 * the registers of the others cannot be counted.
 */
static bool misses_environment(const struct fdbg_function *function, const struct fdbg_type *const *types,
			       size_t n_types)
{
	const char *environment = "_env#";

	if (!function->name.len || function->name.data[0] != '{')
		return false;
	for (size_t i = 0; i < n_types; i++) {
		struct fdbg_type_ref target = types[i]->target;
		const struct fdbg_type *type = types[i]->kind == FDBG_TYPE_POINTER ? fdbg_type_of(&target) : types[i];

		if (type->name.len && memmem(type->name.data, type->name.len, environment, strlen(environment)))
			return false;
	}
	return true;
}

struct fdbg_error *fdbg_sources_of(const struct fdbg_source_context *context, struct fdbg_variable *params,
				   size_t n_params, struct fdbg_traced_param *ret)
{
	const struct fdbg_type **types = fdbg_arena_array(context->arena, n_params, sizeof(*types));
	struct fdbg_abi_value *values = fdbg_arena_array(context->arena, n_params, sizeof(*values));

	if (!types || !values)
		return &fdbg_error_nomem;
	for (size_t i = 0; i < n_params; i++)
		types[i] = fdbg_type_of(&params[i].type);
	if (misses_environment(context->function, types, n_params))
		for (size_t i = 0; i < n_params; i++)
			values[i] = (struct fdbg_abi_value){
				.place = FDBG_ABI_UNKNOWN,
				.reason = "the closure's environment is not described, so its registers are not known",
			};
	else
		fdbg_rust_arguments(context->abi, context->function->unit, types, n_params, context->hidden_pointer,
				    values);
	for (size_t i = 0; i < n_params; i++) {
		ret[i].type = types[i];
		ret[i].name = params[i].name.len ? params[i].name : FDBG_TEXT("<>");
		ret[i].location = params[i].location;
		if (!types[i]->size)
			ret[i].source.kind = FDBG_SOURCE_NOTHING;
		else
			ret[i].source = source_of(context, &params[i], types[i], &values[i]);
	}
	return NULL;
}
