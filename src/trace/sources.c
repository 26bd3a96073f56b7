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

/* Can two stores of the prologue be to the same bytes? Those by the CFA and those by the aligned sp are apart. */
static bool may_overlap(const struct fdbg_spill *a, const struct fdbg_spill *b)
{
	int64_t at_a = a->cfa_known ? a->cfa_offset : a->sp_offset, at_b = b->cfa_known ? b->cfa_offset : b->sp_offset;

	if ((!a->cfa_known && !a->sp_known) || (!b->cfa_known && !b->sp_known))
		return true;
	return a->cfa_known == b->cfa_known && at_a < at_b + (int64_t)b->size && at_b < at_a + (int64_t)a->size;
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
		bool kept = (spill->cfa_known || spill->sp_known) && spill->origin == piece->reg &&
			    spill->size >= piece->size;

		for (size_t k = i + 1; k < prologue->n_spills && kept; k++)
			kept = !may_overlap(spill, &prologue->spills[k]);
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
	if (value->place == FDBG_ABI_STACK && (value->stack_pointer || value->stack_image))
		return (struct fdbg_source){
			.kind = value->stack_pointer ? FDBG_SOURCE_INDIRECT : FDBG_SOURCE_MEMORY, .reg = context->cfa_reg,
			.offset = context->cfa_offset + (int64_t)value->stack_offset,
		};
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
		.reg = spill->cfa_known ? context->cfa_reg : context->arch->sp,
		.offset = spill->cfa_known ? context->cfa_offset + spill->cfa_offset : spill->sp_offset,
	};
}

enum agreement { AGREES, DISAGREES, SAYS_NOTHING };

/* Where a slot at register + offset at the probe is, in the terms of the prologue's stores. */
struct slot {
	bool by_cfa, by_sp; /* neither: not a slot of this frame that we can place */
	int64_t offset;     /* from the CFA; or from sp, where the frame was aligned */
};

static struct slot slot_at(const struct fdbg_source_context *context, uint32_t reg, int64_t offset)
{
	const struct fdbg_prologue *prologue = context->prologue;

	if (reg == context->cfa_reg)
		return (struct slot){ .by_cfa = true, .offset = offset - context->cfa_offset };
	if (reg == context->arch->sp && prologue->frame_known)
		return (struct slot){ .by_cfa = true,
				      .offset = offset + prologue->sp_delta - context->arch->cfa_at_entry };
	return (struct slot){ .by_sp = reg == context->arch->sp && prologue->aligned && offset >= 0 &&
				       offset < prologue->aligned_size,
			      .offset = offset };
}

enum overlap { OVERLAP_NONE, OVERLAP_SOME, OVERLAP_UNKNOWN };

/* Does a store of the prologue touch `size` bytes at a slot? */
static enum overlap touches(const struct fdbg_spill *spill, const struct slot *slot, uint64_t size)
{
	int64_t at = slot->by_cfa ? spill->cfa_offset : spill->sp_offset;

	/* A slot by the aligned sp and a store by the CFA are apart, not so the other way round. */
	if (slot->by_sp && spill->cfa_known)
		return OVERLAP_NONE;
	if (slot->by_cfa ? !spill->cfa_known : !slot->by_sp || !spill->sp_known)
		return OVERLAP_UNKNOWN;
	return at < slot->offset + (int64_t)size && at + (int64_t)spill->size > slot->offset ? OVERLAP_SOME
											      : OVERLAP_NONE;
}

/* Is what the prologue stored last at a slot (size bytes) the entry value of this register? */
static enum agreement slot_is_from(const struct fdbg_source_context *context, uint32_t reg, int64_t offset,
				   uint64_t size, uint32_t from)
{
	struct slot slot = slot_at(context, reg, offset);
	enum agreement agreement = SAYS_NOTHING;

	for (size_t i = 0; i < context->prologue->n_spills; i++) {
		const struct fdbg_spill *spill = &context->prologue->spills[i];
		enum overlap overlap = touches(spill, &slot, size);

		if (overlap == OVERLAP_UNKNOWN)
			return SAYS_NOTHING;
		if (overlap == OVERLAP_NONE)
			continue;
		if (spill->origin == FDBG_ARCH_NO_REG)
			agreement = SAYS_NOTHING;
		else if ((slot.by_cfa ? spill->cfa_offset : spill->sp_offset) != slot.offset || spill->origin != from)
			agreement = DISAGREES;
		else /* values of 3, 5, 6 or 7 bytes are stored in two steps */
			agreement = spill->size >= size ? AGREES : SAYS_NOTHING;
	}
	return agreement;
}

/*
 * Is what the slot holds still in the registers that it came from? Then it need not be read: a hit whose arguments are
 * all in registers reads no memory, and a pointer in one can be followed at once. The prologue's stores are the
 * proof, for each register.
 */
static bool still_in_registers(const struct fdbg_source_context *context, const struct fdbg_source *slot,
			       const struct fdbg_abi_value *value)
{
	struct fdbg_source_piece pieces[4];
	size_t n_pieces;

	if (slot->kind == FDBG_SOURCE_INDIRECT ? value->place != FDBG_ABI_MEMORY || slot->offset2
					       : value->place != FDBG_ABI_REGISTERS)
		return false;
	n_pieces = fdbg_source_pieces(context->arch, value, false, pieces);
	for (size_t i = 0; i < n_pieces; i++)
		if (clobbered(context, pieces[i].reg) ||
		    slot_is_from(context, slot->reg, slot->offset + (int64_t)pieces[i].offset, pieces[i].size,
				 pieces[i].reg) != AGREES)
			return false;
	return n_pieces > 0;
}

/* Does the slot at register + offset hold its argument at the probe? *proven_ret false: the code does not tell. */
static bool slot_is_stored(const struct fdbg_source_context *context, uint32_t reg, int64_t offset, uint64_t size,
			   bool *proven_ret)
{
	const struct fdbg_prologue *prologue = context->prologue;
	struct slot slot = slot_at(context, reg, offset);

	*proven_ret = slot.by_cfa || slot.by_sp;
	if (!*proven_ret)
		return true;
	if (slot.by_cfa && slot.offset >= 0)
		return true; /* in the caller's frame: passed on the stack */
	for (size_t i = 0; i < prologue->n_spills; i++) {
		switch (touches(&prologue->spills[i], &slot, size)) {
		case OVERLAP_SOME:
			return true;
		case OVERLAP_UNKNOWN:
			*proven_ret = false;
			break;
		case OVERLAP_NONE:
			break;
		}
	}
	*proven_ret = *proven_ret && (prologue->complete || context->stop == context->function->entry) &&
		      prologue->n_spills < FDBG_MAX_SPILLS;
	return false;
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
		if (!context->optimized && !param->location.n_ranges && context->first_homeless && context->first_homeless <= param->line)
			return (struct fdbg_source){ .kind = FDBG_SOURCE_UNKNOWN,
						     .reason = "a parameter before it may not be described" };
		/* Also unoptimized code has no location for an aggregate behind a pointer that is never used. */
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
		/* In unoptimized code this is the entry value of a register that is not needed any more. */
		return from_abi(context, abi);
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
	    simple.kind != FDBG_SIMPLE_CFA_INDIRECT && context->function->prologue_end != context->function->entry) {
		if (!context->body || source.reg != context->body->cfa_reg || source.offset < context->body->cfa_offset)
			return from_abi(context, abi);
		/* A slot in the caller's frame: the argument is passed on the stack. */
		source.reg = context->cfa_reg;
		source.offset += context->cfa_offset - context->body->cfa_offset;
		return source;
	}
	if (still_in_registers(context, &source, abi))
		return from_abi(context, abi);
	if (slot_is_stored(context, source.reg, source.offset, slot_size, &proven))
		return source;
	if (proven || context->stop == context->function->entry)
		return from_abi(context, abi);
	return source;
}

/* The type of a closure's environment that a parameter has, or points to; NULL: it is another parameter. */
static const struct fdbg_type *environment_of(const struct fdbg_type *type)
{
	const char *mark = "_env#";

	if (type->kind == FDBG_TYPE_POINTER) {
		struct fdbg_type_ref target = type->target;

		type = fdbg_type_of(&target);
	}
	return type->name.len && memmem(type->name.data, type->name.len, mark, strlen(mark)) ? type : NULL;
}

bool fdbg_source_is_empty_environment(const struct fdbg_traced_param *param)
{
	const struct fdbg_type *environment = environment_of(param->type);

	return environment && environment->kind == FDBG_TYPE_STRUCT && !environment->n_members;
}

/* Does this function have an environment that is not among its parameters? */
static bool misses_environment(const struct fdbg_function *function, const struct fdbg_type *const *types,
			       size_t n_types)
{
	if (!function->name.len || function->name.data[0] != '{')
		return false;
	for (size_t i = 0; i < n_types; i++)
		if (environment_of(types[i]))
			return false;
	return true;
}

/* Did the prologue store one of the registers for arguments to this slot? */
static bool slot_is_from_any(const struct fdbg_source_context *context, uint32_t reg, int64_t offset, uint64_t size)
{
	const struct fdbg_arch *arch = context->arch;

	for (size_t i = 0; i < arch->n_int_args; i++)
		if (slot_is_from(context, reg, offset, size, arch->int_args[i]) == AGREES)
			return true;
	return false;
}

/* Is an argument where it cannot be by that assignment: on the stack instead of in registers, or the other way round? */
static bool is_elsewhere(const struct fdbg_source_context *context, const struct fdbg_simple_location *simple,
			 const struct fdbg_type *type, const struct fdbg_abi_value *value)
{
	uint32_t reg = fdbg_arch_reg_by_dwarf(context->arch, simple->reg);
	struct slot slot = slot_at(context, reg, simple->offset);

	if (simple->kind != FDBG_SIMPLE_MEMORY)
		return false;
	if (value->place == FDBG_ABI_REGISTERS)
		return slot.by_cfa && slot.offset >= 0;
	return value->place == FDBG_ABI_STACK && type->size <= context->arch->pointer_size &&
	       slot_is_from_any(context, reg, simple->offset, type->size);
}

/* Do the stores of the prologue agree with an assignment of registers? */
static enum agreement stores_agree(const struct fdbg_source_context *context, const struct fdbg_variable *params,
				   size_t n_params, const struct fdbg_abi_value *values)
{
	enum agreement all = SAYS_NOTHING;

	for (size_t i = 0; i < n_params; i++) {
		struct fdbg_simple_location simple = fdbg_location_simplify(
			&params[i].location, &context->function->frame_base, context->stop);
		bool indirect = simple.kind == FDBG_SIMPLE_INDIRECT && values[i].place == FDBG_ABI_MEMORY;
		struct fdbg_source_piece pieces[4];
		size_t n_pieces;

		if (is_elsewhere(context, &simple, fdbg_type_of((struct fdbg_type_ref *)&params[i].type), &values[i]))
			return DISAGREES;
		if (!indirect && (simple.kind != FDBG_SIMPLE_MEMORY || values[i].place != FDBG_ABI_REGISTERS))
			continue;
		n_pieces = fdbg_source_pieces(context->arch, &values[i], false, pieces);
		for (size_t k = 0; k < n_pieces; k++) {
			enum agreement one = slot_is_from(context, fdbg_arch_reg_by_dwarf(context->arch, simple.reg),
							  simple.offset + (int64_t)pieces[k].offset,
							  pieces[k].size, pieces[k].reg);

			if (one == DISAGREES)
				return DISAGREES;
			/* Where a float is says nothing of how many integer registers come before the others. */
			if (one == AGREES && values[i].pieces[k].reg_class == FDBG_REG_INT)
				all = AGREES;
		}
	}
	return all;
}

/*
 * Did the prologue store a register that is none of the parameters'? (One behind the last of theirs may hold the place
 * of the call, for #[track_caller].)
 */
static bool stores_another(const struct fdbg_source_context *context, const struct fdbg_abi_value *values,
			   size_t n_values)
{
	size_t first = context->hidden_pointer && context->arch->hidden_pointer_is_arg, used = first;

	for (size_t i = 0; i < n_values; i++) {
		/* Of what does not fit into the registers that are left, a part may be in one. */
		if (values[i].place == FDBG_ABI_STACK || values[i].place == FDBG_ABI_UNKNOWN)
			return false;
		for (size_t k = 0; k < values[i].n_pieces; k++)
			if (values[i].pieces[k].reg_class == FDBG_REG_INT && values[i].pieces[k].reg >= used)
				used = values[i].pieces[k].reg + 1;
	}
	for (size_t i = 0; i < context->prologue->n_spills; i++)
		for (size_t k = used; k < context->arch->n_int_args; k++)
			if (context->prologue->spills[i].origin == context->arch->int_args[k])
				return true;
	return false;
}

#define OP_BREG0 0x70
#define OP_BREG31 0x8f
#define OP_FBREG 0x91

/*
 * The stack slot that a capture's location starts from: `fbreg N` or `breg7 N`, and then dereferences and offsets through the
 * environment. Without those it is the environment's own slot.
 */
static struct fdbg_simple_location environment_slot(const struct fdbg_source_context *context,
						    const struct fdbg_variable *capture)
{
	const struct fdbg_location_range *range = fdbg_location_at(&capture->location, context->stop);
	struct fdbg_location_range first;
	struct fdbg_location location = capture->location;
	size_t len = 1;

	if (!range || !range->len ||
	    (range->expr[0] != OP_FBREG && (range->expr[0] < OP_BREG0 || range->expr[0] > OP_BREG31)))
		return (struct fdbg_simple_location){ .kind = FDBG_SIMPLE_NONE };
	while (len < range->len && range->expr[len] & 0x80)
		len++; /* the operand is a LEB128: its last byte has the top bit clear */
	if (len == range->len)
		return (struct fdbg_simple_location){ .kind = FDBG_SIMPLE_NONE };
	first = (struct fdbg_location_range){ .expr = range->expr, .len = len + 1 };
	location.ranges = &first;
	location.n_ranges = 1;
	location.list = false;
	return fdbg_location_simplify(&location, &context->function->frame_base, context->stop);
}

/* Did the prologue store this register to where captures are found? Then the environment is, or begins, in it. */
static bool captures_come_from(const struct fdbg_source_context *context, uint32_t from)
{
	for (size_t i = 0; i < context->n_captures; i++) {
		struct fdbg_simple_location slot = environment_slot(context, &context->captures[i]);

		if (slot.kind == FDBG_SIMPLE_MEMORY &&
		    slot_is_from(context, fdbg_arch_reg_by_dwarf(context->arch, slot.reg), slot.offset,
				 context->arch->pointer_size, from) == AGREES)
			return true;
	}
	return false;
}

/*
 * A struct of 16 bytes around one scalar is passed as that, but by a pointer where it is repr(C), which debug information does
 * not say. What unoptimized code is passed in registers always has a slot: a struct without one, or whose place is behind
 * a pointer, came by pointer.
 */
static bool came_by_pointer(const struct fdbg_source_context *context, const struct fdbg_variable *param,
			    const struct fdbg_type *type)
{
	struct fdbg_simple_location simple =
		fdbg_location_simplify(&param->location, &context->function->frame_base, context->stop);
	uint32_t reg = fdbg_arch_reg_by_dwarf(context->arch, simple.reg);

	if (type->size != 2 * context->arch->pointer_size ||
	    (type->kind != FDBG_TYPE_STRUCT && type->kind != FDBG_TYPE_VARIANTS && type->kind != FDBG_TYPE_UNION))
		return false;
	for (size_t i = 0; i < context->arch->n_int_args && simple.kind == FDBG_SIMPLE_MEMORY; i++)
		if (context->arch->int_args[i] == reg)
			return true;
	return simple.kind == FDBG_SIMPLE_NONE || simple.kind == FDBG_SIMPLE_INDIRECT;
}

/*
 * A struct of two scalars is passed in two registers, but as one integer where it is repr(C) or packed, which debug information does not
 * say. Unoptimized code stores that integer to the struct's slot. proof: behind the prologue.
 */
static bool came_as_integer(const struct fdbg_source_context *proof, const struct fdbg_variable *param,
			    const struct fdbg_type *type)
{
	struct fdbg_simple_location simple =
		fdbg_location_simplify(&param->location, &proof->function->frame_base, proof->stop);
	uint32_t reg = fdbg_arch_reg_by_dwarf(proof->arch, simple.reg);

	if (simple.kind != FDBG_SIMPLE_MEMORY || type->size > 8 || type->size < 2 || (type->size & (type->size - 1)) ||
	    (type->kind != FDBG_TYPE_STRUCT && type->kind != FDBG_TYPE_VARIANTS && type->kind != FDBG_TYPE_UNION))
		return false;
	for (size_t i = 0; i < proof->arch->n_int_args; i++)
		if (slot_is_from(proof, reg, simple.offset, type->size, proof->arch->int_args[i]) == AGREES)
			return true;
	return false;
}

/* Where the parameters are at the entry, behind n_before pointers that DWARF does not have; ret: of all of these. */
static void assign(const struct fdbg_source_context *context, const struct fdbg_source_context *proof,
		   const struct fdbg_variable *params,
		   const struct fdbg_type *const *types, size_t n_types, size_t n_before, const struct fdbg_type **seen,
		   struct fdbg_abi_value *ret)
{
	static const struct fdbg_type pointer = { .kind = FDBG_TYPE_POINTER, .size = 8, .align = 8 };
	static const struct fdbg_type integers[] = {
		{ .kind = FDBG_TYPE_BASE, .encoding = FDBG_ENCODING_UNSIGNED, .size = 2, .align = 2 },
		{ .kind = FDBG_TYPE_BASE, .encoding = FDBG_ENCODING_UNSIGNED, .size = 4, .align = 4 },
		{ .kind = FDBG_TYPE_BASE, .encoding = FDBG_ENCODING_UNSIGNED, .size = 8, .align = 8 },
	};

	for (size_t i = 0; i < n_before; i++)
		seen[i] = &pointer;
	for (size_t i = 0; i < n_types; i++) {
		seen[n_before + i] = types[i];
		if (context->optimized)
			continue;
		if (came_by_pointer(context, &params[i], types[i]))
			seen[n_before + i] = &pointer;
		else if (came_as_integer(proof, &params[i], types[i]))
			seen[n_before + i] = &integers[types[i]->size == 2 ? 0 : types[i]->size == 4 ? 1 : 2];
	}
	fdbg_rust_arguments(context->abi, context->function->unit, seen, n_before + n_types, context->hidden_pointer, ret);
	for (size_t i = n_before; i < n_before + n_types; i++) {
		if (seen[i] != &pointer)
			continue;
		if (ret[i].place == FDBG_ABI_REGISTERS)
			ret[i].place = FDBG_ABI_MEMORY;
		ret[i].stack_pointer = ret[i].stack_image;
		ret[i].stack_image = false;
	}
}

static void set_unknown(struct fdbg_abi_value *values, size_t n, const char *reason)
{
	for (size_t i = 0; i < n; i++)
		values[i] = (struct fdbg_abi_value){ .place = FDBG_ABI_UNKNOWN, .reason = reason };
}

/*
 * The registers of the parameters at the entry. A parameter that is bound as a whole and in parts, `a @ Point { x, .. }`, is
 * none in DWARF: where the prologue's stores speak of one, no registers are known. DWARF may leave a closure's environment out
 * and list what it captured as variables (rust-abi.md, section 7.1). Then its registers, none to two, come before those of
 * the others; how many is told by what the prologue stored where, if that agrees with one number only.
 */
static void assign_registers(const struct fdbg_source_context *context, const struct fdbg_variable *params,
			     const struct fdbg_type **types, size_t n_types, struct fdbg_abi_value *ret)
{
	const struct fdbg_type **with = fdbg_arena_array(context->arena, n_types + 2, sizeof(*with));
	struct fdbg_abi_value *values = fdbg_arena_array(context->arena, n_types + 2, sizeof(*values));
	const uint32_t *first = context->arch->int_args +
				(context->hidden_pointer && context->arch->hidden_pointer_is_arg);
	const struct fdbg_source_context *proof = context->body ? context->body : context;
	bool in_first = captures_come_from(proof, first[0]), in_second = captures_come_from(proof, first[1]);
	bool aggregate = false;
	size_t n_found = 0;

	for (size_t i = 0; i < n_types && context->c_convention; i++)
		aggregate |= types[i]->kind != FDBG_TYPE_BASE && types[i]->kind != FDBG_TYPE_POINTER &&
			     types[i]->kind != FDBG_TYPE_ENUM;
	if (aggregate) {
		set_unknown(ret, n_types, "the argument of a C function is not stored yet");
		return;
	}
	if (!with || !values) {
		set_unknown(ret, n_types, "out of memory");
		return;
	}
	if (!misses_environment(context->function, types, n_types)) {
		assign(context, proof, params, types, n_types, 0, with, ret);
		if (!context->optimized &&
		    (stores_agree(proof, params, n_types, ret) == DISAGREES || stores_another(proof, ret, n_types)))
			set_unknown(ret, n_types, "a parameter is not described, so the registers of the others are not known");
		return;
	}
	for (size_t n = 0; n <= 2; n++) {
		enum agreement agreement;

		assign(context, proof, params, types, n_types, n, with, values);
		agreement = stores_agree(proof, params, n_types, values + n);
		if (agreement == SAYS_NOTHING && in_first)
			agreement = n == (in_second ? 2 : 1) ? AGREES : DISAGREES;
		if (agreement != AGREES)
			continue;
		n_found++;
		memcpy(ret, values + n, n_types * sizeof(*ret));
	}
	if (n_found == 1)
		return;
	set_unknown(ret, n_types, "the closure's environment is not described, so its registers are not known");
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
	assign_registers(context, params, types, n_params, values);
	for (size_t i = 0; i < n_params; i++) {
		ret[i].type = types[i];
		ret[i].name = params[i].name.len ? params[i].name : FDBG_TEXT("<>");
		ret[i].location = params[i].location;
		if (!types[i]->size)
			ret[i].source.kind = FDBG_SOURCE_NOTHING;
		else
			ret[i].source = context->optimized ? fdbg_source_optimized(context, &params[i], types[i], &values[i])
							   : source_of(context, &params[i], types[i], &values[i]);
	}
	return NULL;
}
