/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "trace/convention.h"

#include "arch/result.h"
#include "rust/c_abi.h"

/* What a function's code shows. */
struct signs {
	bool cannot_unwind;
	/* Registers written between the last branch or call and a ret, and not read before it, in all rets together. */
	uint64_t made[2];
	/* The same, but read or not: what is stored may be returned as well. */
	uint64_t touched[2];
	/* Not written between a call and a ret without a branch in between: they may be as the callee left them. */
	uint64_t left[2];
};

static void look(const struct fdbg_convention_context *context, const struct fdbg_function *function, struct signs *ret)
{
	for (size_t i = 0; i < function->n_ranges; i++) {
		uint64_t low = function->ranges[i].low, made[2] = { 0 }, touched[2] = { 0 }, left[2] = { 0 }, unused;
		size_t size = (size_t)(function->ranges[i].high - low), step;
		const uint8_t *bytes = fdbg_image_bytes(context->image, low, size, false);

		for (size_t at = 0; bytes && at < size; at += step) {
			struct fdbg_effect effect;

			if (!fdbg_effects_at(context->effects, bytes + at, size - at, low + at, &effect)) {
				step = fdbg_effects_alignment(context->effects);
				continue;
			}
			step = effect.size;
			if (effect.flow == FDBG_FLOW_CALL || effect.flow == FDBG_FLOW_JUMP)
				ret->cannot_unwind |= fdbg_map_get(context->cannot_unwind, effect.target, &unused);
			for (int k = 0; k < 2; k++) {
				bool calls = effect.flow == FDBG_FLOW_CALL || effect.flow == FDBG_FLOW_CALL_INDIRECT ||
					     effect.flow == FDBG_FLOW_JUMP_INDIRECT;

				if (effect.flow == FDBG_FLOW_RETURN) {
					ret->made[k] |= made[k];
					ret->touched[k] |= touched[k];
					ret->left[k] |= left[k];
				}
				made[k] = effect.flow == FDBG_FLOW_ON ? made[k] & ~effect.reads[k] & ~effect.writes[k] : 0;
				/* What is taken off the stack is no result: `pop rax` is how a frame goes that aligns the stack. */
				if (effect.flow == FDBG_FLOW_ON && !effect.stack)
					made[k] |= effect.writes[k];
				touched[k] = effect.flow != FDBG_FLOW_ON ? 0 : effect.stack ? touched[k] & ~effect.writes[k]
											   : touched[k] | effect.writes[k];
				left[k] = effect.flow == FDBG_FLOW_ON ? left[k] & ~effect.writes[k] : calls ? UINT64_MAX : 0;
			}
		}
	}
}

/* The registers that a value is returned in. */
static void registers_of(const struct fdbg_arch *arch, const struct fdbg_abi_value *value, uint64_t ret[2])
{
	ret[0] = ret[1] = 0;
	for (size_t i = 0; value->place == FDBG_ABI_REGISTERS && i < value->n_pieces; i++) {
		uint32_t reg = value->pieces[i].reg_class == FDBG_REG_INT ? arch->int_rets[value->pieces[i].reg]
									   : arch->float_rets[value->pieces[i].reg];

		ret[reg / 64] |= UINT64_C(1) << reg % 64;
	}
	/* With the address of the value in memory, its register is given back. */
	if (value->place == FDBG_ABI_MEMORY && arch->hidden_pointer_ret != FDBG_ARCH_NO_REG)
		ret[arch->hidden_pointer_ret / 64] |= UINT64_C(1) << arch->hidden_pointer_ret % 64;
}

/*
 * Rust's second register may be as a callee left it. Does the first one tell? C puts the halves of a pair together there, so what
 * is written is wider than Rust's first half.
 */
static enum fdbg_convention by_width(const struct fdbg_convention_context *context, const struct fdbg_function *function,
				     const struct fdbg_abi_value *rust, const struct fdbg_abi_value *c, bool *certain_ret)
{
	struct fdbg_code code = { .address = function->ranges[0].low, .size = (size_t)(function->ranges[0].high - function->ranges[0].low) };
	struct fdbg_result_code result;

	*certain_ret = false;
	if (function->n_ranges != 1 || c->place != FDBG_ABI_REGISTERS || rust->place != FDBG_ABI_REGISTERS ||
	    c->pieces[0].reg_class != FDBG_REG_INT || rust->pieces[0].reg_class != FDBG_REG_INT)
		return FDBG_CONVENTION_RUST;
	code.bytes = fdbg_image_bytes(context->image, code.address, code.size, false);
	if (!code.bytes)
		return FDBG_CONVENTION_RUST;
	context->arch->analyse_result(&code, &result);
	/* Registers of 4 bytes are written as a whole for less, too. */
	if (result.int_written[0] == 8 && c->pieces[0].size > 4 && rust->pieces[0].size <= 4) {
		*certain_ret = true;
		return FDBG_CONVENTION_C;
	}
	*certain_ret = result.int_written[0] && result.int_written[0] < c->pieces[0].size;
	return FDBG_CONVENTION_RUST;
}

bool fdbg_convention_is_mangled(const struct fdbg_function *function)
{
	return !function->linkage_name.len || fdbg_text_starts(function->linkage_name, "_ZN") ||
	       fdbg_text_starts(function->linkage_name, "_R");
}

/*
 * Windows returns a small structure of floats as bytes in the first integer register, and 128-bit integers in the first vector register:
 * there, and not where the other conventions do, unoptimized code writes right before the ret.
 */
static bool is_of_windows(const struct fdbg_convention_context *context, const struct fdbg_function *function,
			  const struct fdbg_type *type, const struct fdbg_abi_value *rust)
{
	const struct fdbg_arch *arch = context->arch;
	bool floats = rust->place == FDBG_ABI_REGISTERS && type->size <= 8 && type->kind != FDBG_TYPE_BASE;
	bool wide = rust->place == FDBG_ABI_REGISTERS && type->size == 16 && type->kind == FDBG_TYPE_BASE;
	uint32_t other = wide ? arch->float_rets[0] : arch->int_rets[0];
	struct signs signs = { 0 };
	uint64_t own[2];

	for (size_t i = 0; i < rust->n_pieces; i++)
		floats &= rust->pieces[i].reg_class == FDBG_REG_FLOAT;
	if (context->optimized || arch != &fdbg_arch_x86_64 || (!floats && !wide))
		return false;
	look(context, function, &signs);
	registers_of(arch, rust, own);
	return fdbg_effect_has(signs.made, other) && !(signs.made[0] & own[0]) && !(signs.made[1] & own[1]);
}

void fdbg_convention_return(const struct fdbg_convention_context *context, const struct fdbg_function *function,
			    const struct fdbg_type *type, const struct fdbg_abi_value *rust,
			    struct fdbg_abi_value *ret, enum fdbg_convention *convention_ret)
{
	bool mangled = fdbg_convention_is_mangled(function);
	uint64_t of_rust[2], of_c[2];
	bool only_rust, only_c, lacks = false, makes_c = false, may_be_left = false, touches = false;
	bool likely = !mangled || fdbg_c_type_is_likely(type);
	struct fdbg_abi_value c;
	struct signs signs = { 0 };

	*ret = *rust;
	*convention_ret = FDBG_CONVENTION_RUST;
	fdbg_c_return_value(context->abi, type, &c);
	if (is_of_windows(context, function, type, rust)) {
		*ret = (struct fdbg_abi_value){ .place = FDBG_ABI_UNKNOWN, .reason = "the function follows the calling convention of Windows" };
		return;
	}
	/*
	 * Hardly anyone returns a tuple or an Option to C. Only that C puts two halves together in unoptimized code is clear enough a sign
	 * of it; the optimizer leaves what looks so.
	 */
	registers_of(context->arch, rust, of_rust);
	registers_of(context->arch, &c, of_c);
	if (!likely && (context->optimized || rust->place != FDBG_ABI_REGISTERS || c.place != FDBG_ABI_REGISTERS ||
			of_c[0] & ~of_rust[0] || of_c[1] & ~of_rust[1]))
		return;
	if (fdbg_abi_same_place(rust, &c)) {
		/* Whatever is not certain of the Rust rule, C's says the same. */
		*convention_ret = mangled ? FDBG_CONVENTION_RUST : FDBG_CONVENTION_C;
		if (!mangled)
			ret->assumed = false;
		return;
	}
	look(context, function, &signs);
	only_rust = (signs.made[0] & of_rust[0] & ~of_c[0]) || (signs.made[1] & of_rust[1] & ~of_c[1]);
	only_c = (signs.made[0] & of_c[0] & ~of_rust[0]) || (signs.made[1] & of_c[1] & ~of_rust[1]);
	for (int k = 0; k < 2; k++) {
		uint64_t missing = of_rust[k] & ~of_c[k];

		lacks |= missing && !(missing & signs.made[k]);
		may_be_left |= (missing & signs.left[k]) != 0;
		touches |= (missing & signs.touched[k]) != 0;
		makes_c |= (signs.made[k] & of_c[k]) != 0;
	}
	/* In optimized code it may be that of a function that was inlined. */
	if (signs.cannot_unwind && !(context->optimized && only_rust && !only_c)) {
		*ret = c;
		*convention_ret = FDBG_CONVENTION_C;
		return;
	}
	if (only_rust && !only_c)
		return;
	if (only_c && !only_rust) {
		*ret = c;
		*convention_ret = FDBG_CONVENTION_C;
		return;
	}
	/*
	 * Where C's registers are some of Rust's, those that are missing tell. Unoptimized code fills all of them right before the
	 * ret, unless they are what a call just returned. In optimized code what is missing may as well be a half that nobody uses.
	 */
	if (!context->optimized && !only_rust && !only_c && lacks && makes_c) {
		bool certain = true;

		/* A half that holds nothing in what was returned, as that of None, is not made either. */
		*convention_ret = may_be_left || touches || !likely ? by_width(context, function, rust, &c, &certain) : FDBG_CONVENTION_C;
		/* A half that is written and then stored is more likely one on its way into C's register than one that is returned, too. */
		if (touches && !may_be_left && !certain && likely) {
			*convention_ret = FDBG_CONVENTION_C;
			certain = true;
		}
		if (*convention_ret == FDBG_CONVENTION_C)
			*ret = c;
		if (certain || !likely)
			return;
	}
	if (!mangled) {
		*ret = c;
		*convention_ret = FDBG_CONVENTION_C;
	}
	ret->assumed |= likely;
}
