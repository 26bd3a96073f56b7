/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Moving an aarch64 instruction out of line. */
#include "arch/aarch64.h"

#include <inttypes.h>
#include <string.h>

#include "arch/disasm.h"

/*
 * The way back is a plain b, which needs no register: any register, x16 and x17 too, may be alive at the
 * moved instruction. Addresses come from literals behind the code, loaded into the register that the
 * instruction writes anyway (adr, adrp, ldr literal) or that takes the return address (bl, blr).
 *
 * A br into a page that is guarded by BTI meets the same landing pads as the blr that it replaces (its target
 * type is then the one that both `bti c` and `bti j` accept, the scratch page being not guarded).
 */

#define NOP UINT32_C(0xd503201f)
#define LDR_LITERAL UINT32_C(0x58000000)
#define B UINT32_C(0x14000000)
#define BR UINT32_C(0xd61f0000)
#define REACH_B (INT64_C(1) << 27)
#define REACH_LITERAL (INT64_C(1) << 20)

struct output {
	uint32_t words[16];
	size_t n;
	uint64_t to;
	size_t literal_at; /* index of the ldr that loads the literal */
	bool has_literal;
	uint64_t literal;
};

static struct fdbg_error *cannot(uint64_t address, const char *why)
{
	return fdbg_error_create(FDBG_ERROR_UNSUPPORTED,
				 "the instruction at 0x%" PRIx64 " cannot be moved: %s", address, why);
}

static void put(struct output *out, uint32_t insn)
{
	out->words[out->n++] = insn;
}

static void put_literal_load(struct output *out, uint32_t reg, uint64_t value)
{
	out->literal_at = out->n;
	out->has_literal = true;
	out->literal = value;
	put(out, LDR_LITERAL | reg);
}

static struct fdbg_error *put_jump(struct output *out, uint64_t origin, uint64_t target)
{
	int64_t distance = (int64_t)(target - (out->to + 4 * out->n));

	if (distance < -REACH_B || distance >= REACH_B)
		return cannot(origin, "a jump from the new place does not reach its target");
	put(out, B | ((uint32_t)(distance / 4) & 0x3ffffff));
	return NULL;
}

static void finish(struct output *out, struct fdbg_moved *ret)
{
	if (out->has_literal) {
		if (out->n % 2)
			put(out, NOP);
		out->words[out->literal_at] |= (uint32_t)(out->n - out->literal_at) << 5;
		put(out, (uint32_t)out->literal);
		put(out, (uint32_t)(out->literal >> 32));
	}
	while (out->n % 4)
		put(out, NOP);
	memset(ret->bytes, 0, sizeof(ret->bytes));
	for (size_t i = 0; i < out->n; i++)
		for (int k = 0; k < 4; k++)
			ret->bytes[4 * i + (size_t)k] = (uint8_t)(out->words[i] >> 8 * k);
	ret->size = 4 * out->n;
}

/* A load of x0 to x30 or of a vector register from an address relative to pc. */
static struct fdbg_error *put_load(struct output *out, uint32_t insn, uint64_t address)
{
	/* By size: ldr w, ldr x, ldrsw, all [xt] */
	static const uint32_t loads[] = { 0xb9400000, 0xf9400000, 0xb9800000 };
	uint64_t from = address + (uint64_t)(a64_signed_bits(insn, 23, 5) * 4);
	uint32_t reg = a64_bits(insn, 4, 0), kind = a64_bits(insn, 31, 30);
	int64_t distance = (int64_t)(from - out->to);

	if (insn >> 26 & 1) {
		if (distance < -REACH_LITERAL || distance >= REACH_LITERAL)
			return cannot(address, "what it loads is too far from the new place");
		put(out, (insn & ~(UINT32_C(0x7ffff) << 5)) | ((uint32_t)(distance / 4) & 0x7ffff) << 5);
		return NULL;
	}
	if (kind == 3 || reg == 31) { /* prfm: a hint; a load into xzr has no effect but a fault */
		put(out, NOP);
		return NULL;
	}
	put_literal_load(out, reg, from);
	put(out, loads[kind] | reg << 5 | reg);
	return NULL;
}

static struct fdbg_error *put_straight(struct output *out, uint32_t insn, uint64_t address, bool decoded)
{
	uint32_t reg = a64_bits(insn, 4, 0);
	uint64_t offset;

	if ((insn & 0x1f000000) == 0x10000000) { /* adr, adrp */
		offset = (uint64_t)(a64_signed_bits(insn, 23, 5) * 4) | a64_bits(insn, 30, 29);
		if (reg == 31)
			put(out, NOP);
		else if (insn >> 31)
			put_literal_load(out, reg, (address & ~UINT64_C(0xfff)) + (offset << 12));
		else
			put_literal_load(out, reg, address + offset);
		return NULL;
	}
	if ((insn & 0x3b000000) == 0x18000000)
		return put_load(out, insn, address);
	/* No other instruction of today sees pc. Of those that the disassembler does not know, who knows? */
	if (!decoded)
		return cannot(address, "it is not known");
	put(out, insn);
	return NULL;
}

struct fdbg_error *fdbg_aarch64_move(const struct fdbg_code *code, uint64_t to, struct fdbg_moved *ret)
{
	struct fdbg_disasm disasm = { 0 };
	struct output out = { .to = to };
	uint64_t address = code->address, target = 0;
	struct fdbg_error *err = NULL;
	bool decoded = false;
	uint32_t insn, reg;

	if (code->size < 4 || address % 4 || to % 4)
		return fdbg_error_create(FDBG_ERROR_FORMAT, "there is no instruction at 0x%" PRIx64, address);
	if (fdbg_disasm_open(&disasm, CS_ARCH_ARM64, CS_MODE_ARM)) {
		decoded = fdbg_disasm_at(&disasm, code->bytes, 4, address);
		fdbg_disasm_close(&disasm);
	}
	insn = a64_insn(code->bytes);
	reg = a64_bits(insn, 9, 5);

	switch (fdbg_aarch64_flow(insn, address, &target)) {
	case A64_FLOW_ON:
		err = put_straight(&out, insn, address, decoded);
		if (!err)
			err = put_jump(&out, address, address + 4);
		break;
	case A64_FLOW_RETURN:
	case A64_FLOW_JUMP_INDIRECT:
		put(&out, insn);
		break;
	case A64_FLOW_JUMP:
		err = put_jump(&out, address, target);
		break;
	case A64_FLOW_COND_JUMP:
		/* Over the jump that goes on: 8 bytes, which is 2 in the immediate of all of them. */
		if ((insn & 0x7e000000) == 0x36000000)
			put(&out, (insn & ~(UINT32_C(0x3fff) << 5)) | 2 << 5);
		else
			put(&out, (insn & ~(UINT32_C(0x7ffff) << 5)) | 2 << 5);
		err = put_jump(&out, address, address + 4);
		if (!err)
			err = put_jump(&out, address, target);
		break;
	case A64_FLOW_CALL:
		put_literal_load(&out, A64_LR, address + 4);
		err = put_jump(&out, address, target);
		break;
	case A64_FLOW_CALL_INDIRECT:
		if ((insn & 0xfffffc1f) != 0xd63f0000 || reg == A64_LR)
			return cannot(address, "it calls through x30 or authenticates its target");
		put_literal_load(&out, A64_LR, address + 4);
		put(&out, BR | reg << 5);
		break;
	case A64_FLOW_OTHER:
		err = cannot(address, "it raises an exception");
		break;
	case A64_FLOW_UNKNOWN:
		err = fdbg_error_create(FDBG_ERROR_FORMAT, "there is no known instruction at 0x%" PRIx64,
					address);
		break;
	}
	if (!err)
		finish(&out, ret);
	return err;
}
