/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "trace/result_place.h"

#include "arch/result.h"

enum verdict { OPEN, PLAIN, ALTERNATIVE };

static bool same_register(const struct fdbg_abi_piece *a, const struct fdbg_abi_piece *b)
{
	return a->reg_class == b->reg_class && a->reg == b->reg;
}

/* A register of `value` alone, not of `other`, was written for the caller. */
static bool own_written(const struct fdbg_abi_value *value, const struct fdbg_abi_value *other,
			const struct fdbg_result_code *code)
{
	for (size_t i = 0; i < value->n_pieces; i++) {
		const struct fdbg_abi_piece *piece = &value->pieces[i];
		bool shared = false;

		for (size_t j = 0; j < other->n_pieces; j++)
			shared |= same_register(piece, &other->pieces[j]);
		if (shared || piece->reg > 1)
			continue;
		if (piece->reg_class == FDBG_REG_INT ? code->int_written[piece->reg] : code->float_written[piece->reg])
			return true;
	}
	return false;
}

static bool uses_first_int(const struct fdbg_abi_value *value)
{
	for (size_t i = 0; i < value->n_pieces; i++)
		if (value->pieces[i].reg_class == FDBG_REG_INT && !value->pieces[i].reg)
			return true;
	return false;
}

/* In registers, or behind a hidden pointer, which then is in the first integer register (x86_64). */
static enum verdict registers_or_memory(const struct fdbg_arch *arch, const struct fdbg_abi_value *value,
					bool optimized, const struct fdbg_result_code *code)
{
	struct fdbg_abi_value pointer = { 0 };
	bool no_pointer = code->no_pointer;

	if (arch->hidden_pointer_ret != FDBG_ARCH_NO_REG) {
		pointer.n_pieces = 1;
		pointer.pieces[0] = (struct fdbg_abi_piece){ .reg_class = FDBG_REG_INT };
	}
	if (own_written(value, &pointer, code))
		return PLAIN;
	if (code->int_never && uses_first_int(value))
		return ALTERNATIVE;
	/* It is loaded again behind every call, and not expected from callees. The optimizer may drop it altogether. */
	if (arch->hidden_pointer_ret != FDBG_ARCH_NO_REG && !optimized)
		no_pointer |= code->from_call;
	if (code->pointer == no_pointer)
		return OPEN;
	return code->pointer ? ALTERNATIVE : PLAIN;
}

/* In registers of their own, or as bytes in the first integer register. */
static enum verdict registers_or_bytes(const struct fdbg_abi_value *value, const struct fdbg_abi_value *other,
				       uint64_t size, const struct fdbg_result_code *code)
{
	bool plain = own_written(value, other, code), bytes = own_written(other, value, code);

	if (plain != bytes)
		return plain ? PLAIN : ALTERNATIVE;
	if (plain)
		return OPEN;
	if (!uses_first_int(value))
		return code->int_dropped ? PLAIN : OPEN;
	/*
	 * A pair's first half is narrower than the whole. Where registers are always written wider than either (aarch64), its
	 * second half would have been written, or be what a callee returned.
	 */
	if (size > value->pieces[0].size &&
	    (code->int_written[0] == size || (code->int_written[0] > size && !code->second_from_call)))
		return ALTERNATIVE;
	return OPEN;
}

void fdbg_result_settle(const struct fdbg_arch *arch, const struct fdbg_abi *abi, const struct fdbg_unit *unit,
			const struct fdbg_type *type, const struct fdbg_code *code, bool optimized,
			struct fdbg_abi_value *value)
{
	struct fdbg_result_code result;
	struct fdbg_abi_value other;
	enum verdict verdict = OPEN;

	fdbg_rust_return_alternative(abi, unit, type, &other);
	if (!code->size || value->place != FDBG_ABI_REGISTERS)
		return;
	if (other.place == FDBG_ABI_MEMORY) {
		arch->analyse_result(code, &result);
		verdict = registers_or_memory(arch, value, optimized, &result);
	} else if (other.place == FDBG_ABI_REGISTERS && other.n_pieces == 1) {
		arch->analyse_result(code, &result);
		verdict = registers_or_bytes(value, &other, type->size, &result);
	}
	if (verdict == ALTERNATIVE)
		*value = other;
	else if (verdict == OPEN && optimized)
		*value = (struct fdbg_abi_value){
			.place = FDBG_ABI_UNKNOWN,
			.reason = "returned in other registers if its type is repr(C), which nothing tells",
		};
	value->assumed = verdict == OPEN && value->place != FDBG_ABI_UNKNOWN;
}
