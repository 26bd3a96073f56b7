/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Where the arguments of optimized functions are at their entry. */
#include "trace/sources.h"

/*
 * Optimized code may have lost, moved or split parameters, and their registers are then not those of the calling convention
 * (rust-abi.md, section 4). A location that holds at the entry is right. One for the whole function that
 * names a stack slot is not, there: the slot is filled later, or when it is too late. It counts where three things agree: the
 * slot, the register that the entry's straight-line code stores to it, and the calling convention.
 */

static struct fdbg_source unknown(const char *reason)
{
	return (struct fdbg_source){ .kind = FDBG_SOURCE_UNKNOWN, .reason = reason };
}

/* The slot's place relative to the CFA; false: the frame is not known. */
static bool slot_of(const struct fdbg_source_context *context, uint32_t reg, int64_t offset, int64_t *ret)
{
	const struct fdbg_prologue *block = context->entry_block;

	if (!block || !block->complete)
		return false;
	if (reg == context->arch->sp && block->frame_known)
		*ret = offset + block->sp_delta - context->arch->cfa_at_entry;
	else if (reg == context->arch->fp && block->fp_known)
		*ret = offset + block->fp_delta - context->arch->cfa_at_entry;
	else
		return false;
	return true;
}

/* Is the first thing that the entry block puts at a place of the frame what this register held at the entry? */
static bool stored_from(const struct fdbg_source_context *context, int64_t slot, uint64_t size, uint32_t from)
{
	const struct fdbg_prologue *block = context->entry_block;

	for (size_t i = 0; i < block->n_spills; i++) {
		const struct fdbg_spill *spill = &block->spills[i];

		if (!spill->cfa_known)
			return false;
		if (spill->cfa_offset >= slot + (int64_t)size || spill->cfa_offset + (int64_t)spill->size <= slot)
			continue;
		return spill->cfa_offset == slot && spill->size >= size && spill->origin == from;
	}
	return false;
}

static struct fdbg_source whole_function_slot(const struct fdbg_source_context *context, uint32_t reg,
					      const struct fdbg_simple_location *simple, const struct fdbg_abi_value *abi)
{
	struct fdbg_source source = { .kind = FDBG_SOURCE_REGISTERS };
	bool indirect = simple->kind == FDBG_SIMPLE_INDIRECT;
	int64_t slot;

	if (!slot_of(context, reg, simple->offset, &slot))
		return unknown("the argument is stored to its place later");
	if (abi->place == FDBG_ABI_STACK && slot >= 0 && (uint64_t)slot == abi->stack_offset &&
	    (indirect ? abi->stack_pointer && !simple->offset2 : abi->stack_image))
		return (struct fdbg_source){
			.kind = indirect ? FDBG_SOURCE_INDIRECT : FDBG_SOURCE_MEMORY, .reg = context->cfa_reg,
			.offset = context->cfa_offset + slot,
		};
	if (indirect ? abi->place != FDBG_ABI_MEMORY || simple->offset2 : abi->place != FDBG_ABI_REGISTERS)
		return unknown("the argument is stored to its place later");
	source.n_pieces = fdbg_source_pieces(context->arch, abi, false, source.pieces);
	for (size_t i = 0; i < source.n_pieces; i++)
		if (!stored_from(context, slot + (int64_t)source.pieces[i].offset, source.pieces[i].size,
				 source.pieces[i].reg))
			return unknown("the argument is stored to its place later");
	if (indirect)
		return (struct fdbg_source){ .kind = FDBG_SOURCE_MEMORY, .reg = source.pieces[0].reg };
	return source;
}

struct fdbg_source fdbg_source_optimized(const struct fdbg_source_context *context, const struct fdbg_variable *param,
					 const struct fdbg_type *type, const struct fdbg_abi_value *abi)
{
	const struct fdbg_arch *arch = context->arch;
	struct fdbg_simple_location simple =
		fdbg_location_simplify(&param->location, &context->function->frame_base, context->stop);
	struct fdbg_source source = { .offset = simple.offset, .offset2 = simple.offset2 };

	source.reg = fdbg_arch_reg_by_dwarf(arch, simple.reg);
	switch (simple.kind) {
	case FDBG_SIMPLE_NONE:
		source.kind = FDBG_SOURCE_OPTIMIZED_OUT;
		return source;
	case FDBG_SIMPLE_ADDRESS:
		source.kind = FDBG_SOURCE_STATIC;
		return source;
	case FDBG_SIMPLE_COMPLEX:
		source.kind = FDBG_SOURCE_LOCATION;
		return source;
	case FDBG_SIMPLE_CFA:
	case FDBG_SIMPLE_CFA_INDIRECT:
		/* Only what the caller has put on the stack is there from the start. */
		if (simple.offset < 0 && !param->location.list)
			return unknown("the argument is stored to its place later");
		source.reg = context->cfa_reg;
		source.offset += context->cfa_offset;
		source.kind = simple.kind == FDBG_SIMPLE_CFA ? FDBG_SOURCE_MEMORY : FDBG_SOURCE_INDIRECT;
		return source;
	case FDBG_SIMPLE_MEMORY:
	case FDBG_SIMPLE_INDIRECT:
	case FDBG_SIMPLE_REGISTER:
		break;
	}
	if (source.reg == FDBG_ARCH_NO_REG)
		return unknown("the location names a register that fdbg does not know");
	if (simple.kind == FDBG_SIMPLE_REGISTER) {
		if (type->size > arch->regs[source.reg].size)
			return unknown("a register cannot hold the argument");
		source.kind = FDBG_SOURCE_REGISTERS;
		source.pieces[0] = (struct fdbg_source_piece){ .reg = source.reg, .size = (uint32_t)type->size };
		source.n_pieces = 1;
		return source;
	}
	if (!param->location.list && (source.reg == arch->sp || source.reg == arch->fp))
		return whole_function_slot(context, source.reg, &simple, abi);
	source.kind = simple.kind == FDBG_SIMPLE_MEMORY ? FDBG_SOURCE_MEMORY : FDBG_SOURCE_INDIRECT;
	return source;
}
