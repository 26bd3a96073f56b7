/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Which registers an aarch64 instruction reads and writes, and where it goes. */
#include "arch/aarch64.h"
#include "arch/effect.h"

/* FDBG_ARCH_NO_REG: not one of ours, or the zero register. */
static uint32_t index_of(unsigned int reg)
{
	if (reg >= ARM64_REG_X0 && reg <= ARM64_REG_X28)
		return A64_X0 + (reg - ARM64_REG_X0);
	if (reg >= ARM64_REG_W0 && reg <= ARM64_REG_W30)
		return A64_X0 + (reg - ARM64_REG_W0);
	if (reg >= ARM64_REG_B0 && reg <= ARM64_REG_B31)
		return A64_V0 + (reg - ARM64_REG_B0);
	if (reg >= ARM64_REG_H0 && reg <= ARM64_REG_H31)
		return A64_V0 + (reg - ARM64_REG_H0);
	if (reg >= ARM64_REG_S0 && reg <= ARM64_REG_S31)
		return A64_V0 + (reg - ARM64_REG_S0);
	if (reg >= ARM64_REG_D0 && reg <= ARM64_REG_D31)
		return A64_V0 + (reg - ARM64_REG_D0);
	if (reg >= ARM64_REG_Q0 && reg <= ARM64_REG_Q31)
		return A64_V0 + (reg - ARM64_REG_Q0);
	if (reg >= ARM64_REG_V0 && reg <= ARM64_REG_V31)
		return A64_V0 + (reg - ARM64_REG_V0);
	switch (reg) {
	case ARM64_REG_X29: return A64_FP;
	case ARM64_REG_X30: return A64_LR;
	case ARM64_REG_SP: case ARM64_REG_WSP: return A64_SP;
	default: return FDBG_ARCH_NO_REG;
	}
}

static void set(uint64_t regs[2], uint32_t index)
{
	if (index != FDBG_ARCH_NO_REG)
		regs[index / 64] |= UINT64_C(1) << index % 64;
}

/* All stores, and what else writes none of its register operands (Arm ARM, section C4.1). */
static bool writes_nothing(const cs_insn *insn)
{
	switch (insn->id) {
	case ARM64_INS_STR: case ARM64_INS_STRB: case ARM64_INS_STRH: case ARM64_INS_STUR: case ARM64_INS_STURB:
	case ARM64_INS_STURH: case ARM64_INS_STP: case ARM64_INS_STNP: case ARM64_INS_STLR: case ARM64_INS_STLRB:
	case ARM64_INS_STLRH: case ARM64_INS_CMP: case ARM64_INS_CMN: case ARM64_INS_TST: case ARM64_INS_CCMP:
	case ARM64_INS_CCMN: case ARM64_INS_FCMP: case ARM64_INS_FCMPE: case ARM64_INS_FCCMP: case ARM64_INS_CBZ:
	case ARM64_INS_CBNZ: case ARM64_INS_TBZ: case ARM64_INS_TBNZ: case ARM64_INS_BR: case ARM64_INS_BLR:
	case ARM64_INS_RET: case ARM64_INS_PRFM:
		return true;
	default:
		return false;
	}
}

/* x ^ x, x - x: a constant. */
static bool ignores_operands(const cs_insn *insn)
{
	const cs_arm64 *arm = &insn->detail->arm64;

	return (insn->id == ARM64_INS_EOR || insn->id == ARM64_INS_SUB) && arm->op_count == 3 &&
	       arm->operands[1].type == ARM64_OP_REG && arm->operands[2].type == ARM64_OP_REG &&
	       arm->operands[1].reg == arm->operands[2].reg;
}

static void note_operands(const cs_insn *insn, struct fdbg_effect *ret)
{
	const cs_arm64 *arm = &insn->detail->arm64;
	bool nothing = writes_nothing(insn), load = false;

	for (uint8_t i = 0; i < arm->op_count; i++)
		load = load || (arm->operands[i].type == ARM64_OP_MEM && !nothing);
	for (uint8_t i = 0; i < arm->op_count; i++) {
		const cs_arm64_op *op = &arm->operands[i];

		if (op->type == ARM64_OP_MEM) {
			set(ret->addresses, index_of(op->mem.base));
			set(ret->addresses, index_of(op->mem.index));
			for (int k = 0; k < 2; k++)
				ret->reads[k] |= ret->addresses[k];
			if (arm->writeback)
				set(ret->writes, index_of(op->mem.base));
			continue;
		}
		if (op->type != ARM64_OP_REG)
			continue;
		/* The registers of a load, and the first one of all others but stores and compares, are written. */
		if (!nothing && (i == 0 || load))
			set(ret->writes, index_of(op->reg));
		if (!nothing && (op->access & CS_AC_WRITE))
			set(ret->writes, index_of(op->reg));
		if ((nothing || (i > 0 && !load)) && !ignores_operands(insn))
			set(ret->reads, index_of(op->reg));
	}
}

bool fdbg_aarch64_effect(struct fdbg_disasm *disasm, const uint8_t *bytes, size_t size, uint64_t address,
			 struct fdbg_effect *ret)
{
	uint64_t target = 0;
	uint32_t word;

	if (size < 4 || address % 4)
		return false;
	word = a64_insn(bytes);
	*ret = (struct fdbg_effect){ .size = 4, .target_reg = FDBG_ARCH_NO_REG };
	switch (fdbg_aarch64_flow(word, address, &target)) {
	case A64_FLOW_ON: ret->flow = FDBG_FLOW_ON; break;
	case A64_FLOW_RETURN: ret->flow = FDBG_FLOW_RETURN; return true;
	case A64_FLOW_JUMP: ret->flow = FDBG_FLOW_JUMP; break;
	case A64_FLOW_COND_JUMP: ret->flow = FDBG_FLOW_COND_JUMP; break;
	case A64_FLOW_CALL: ret->flow = FDBG_FLOW_CALL; break;
	case A64_FLOW_JUMP_INDIRECT:
		ret->flow = FDBG_FLOW_JUMP_INDIRECT;
		ret->target_reg = a64_bits(word, 9, 5);
		set(ret->reads, ret->target_reg);
		return true;
	case A64_FLOW_CALL_INDIRECT: ret->flow = FDBG_FLOW_CALL_INDIRECT; break;
	case A64_FLOW_OTHER: ret->flow = FDBG_FLOW_STOP; return true;
	case A64_FLOW_UNKNOWN: return false;
	}
	ret->target = target;
	if (!fdbg_disasm_at(disasm, bytes, 4, address))
		return false;
	note_operands(disasm->insn, ret);
	return true;
}
