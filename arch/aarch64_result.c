/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* aarch64 instructions as the search for a function's result needs them. */
#include "arch/aarch64.h"
#include "arch/disasm.h"
#include "arch/result.h"

/* Our index and the size of a register of the disassembler. */
static uint32_t register_of(unsigned int reg, uint32_t *size_ret)
{
#define RANGE(FIRST, LAST, INDEX, SIZE) \
	if (reg >= (FIRST) && reg <= (LAST)) { \
		*size_ret = (SIZE); \
		return (INDEX) + (reg - (FIRST)); \
	}
	RANGE(ARM64_REG_X0, ARM64_REG_X28, A64_X0, 8)
	RANGE(ARM64_REG_W0, ARM64_REG_W30, A64_X0, 4)
	RANGE(ARM64_REG_B0, ARM64_REG_B31, A64_V0, 1)
	RANGE(ARM64_REG_H0, ARM64_REG_H31, A64_V0, 2)
	RANGE(ARM64_REG_S0, ARM64_REG_S31, A64_V0, 4)
	RANGE(ARM64_REG_D0, ARM64_REG_D31, A64_V0, 8)
	RANGE(ARM64_REG_Q0, ARM64_REG_Q31, A64_V0, 16)
	RANGE(ARM64_REG_V0, ARM64_REG_V31, A64_V0, 16)
#undef RANGE
	*size_ret = 8;
	switch (reg) {
	case ARM64_REG_X29:
		return A64_FP;
	case ARM64_REG_X30:
		return A64_LR;
	case ARM64_REG_SP:
		return A64_SP;
	default:
		*size_ret = 0;
		return FDBG_ARCH_NO_REG;
	}
}

/* General registers and the low vector registers are all that a set of 64 holds, and all that it needs to. */
static uint64_t set_of(const uint16_t *regs, uint8_t n)
{
	uint64_t set = 0;

	for (uint8_t i = 0; i < n; i++) {
		uint32_t size, index = register_of(regs[i], &size);

		if (index < 64)
			set |= UINT64_C(1) << index;
	}
	return set;
}

static enum fdbg_step_kind kind_of(enum a64_flow flow)
{
	switch (flow) {
	case A64_FLOW_ON:
		return FDBG_STEP_ON;
	case A64_FLOW_RETURN:
		return FDBG_STEP_RETURN;
	case A64_FLOW_JUMP:
		return FDBG_STEP_JUMP;
	case A64_FLOW_COND_JUMP:
		return FDBG_STEP_BRANCH;
	case A64_FLOW_CALL:
	case A64_FLOW_CALL_INDIRECT:
		return FDBG_STEP_CALL;
	case A64_FLOW_JUMP_INDIRECT:
	case A64_FLOW_OTHER:
	case A64_FLOW_UNKNOWN:
		break;
	}
	return FDBG_STEP_AWAY;
}

/*
 * Stored, copied or used as an address: what is done with a pointer. The disassembler's tables also list registers as
 * read that an instruction only writes.
 */
static bool uses_as_pointer(const cs_insn *insn, unsigned int reg)
{
	const cs_arm64 *arm64 = &insn->detail->arm64;
	bool stores = insn->id == ARM64_INS_STR || insn->id == ARM64_INS_STUR || insn->id == ARM64_INS_STP;
	bool moves = insn->id == ARM64_INS_MOV || insn->id == ARM64_INS_ADD;

	for (uint8_t i = 0; i < arm64->op_count; i++) {
		const cs_arm64_op *op = &arm64->operands[i];

		if (op->type == ARM64_OP_MEM && op->mem.base == reg)
			return true;
		if (op->type == ARM64_OP_REG && op->reg == reg && (stores || (moves && i)))
			return true;
	}
	return false;
}

static bool decode(void *context, const uint8_t *bytes, size_t size, uint64_t address, struct fdbg_step *ret,
		   size_t *size_ret)
{
	struct fdbg_disasm *disasm = context;
	const cs_insn *insn = disasm->insn;
	const cs_arm64 *arm64 = &insn->detail->arm64;
	cs_regs read, written;
	uint8_t n_read, n_written;
	uint64_t target = 0;
	enum a64_flow flow;

	if (size < 4)
		return false;
	flow = fdbg_aarch64_flow(a64_insn(bytes), address, &target);
	*size_ret = 4;
	*ret = (struct fdbg_step){ .address = address, .target = target, .kind = kind_of(flow), .dest = FDBG_ARCH_NO_REG };
	if (ret->kind != FDBG_STEP_ON)
		return true;
	if (!fdbg_disasm_at(disasm, bytes, size, address) ||
	    cs_regs_access(disasm->handle, insn, read, &n_read, written, &n_written) != CS_ERR_OK)
		return false;
	ret->reads = set_of(read, n_read);
	ret->writes = set_of(written, n_written);
	if (!uses_as_pointer(insn, ARM64_REG_X8))
		ret->reads &= ~(UINT64_C(1) << A64_X8);
	for (uint8_t i = 0; i < arm64->op_count; i++) {
		uint32_t reg;

		if (arm64->operands[i].type != ARM64_OP_REG || !(arm64->operands[i].access & CS_AC_WRITE))
			continue;
		reg = register_of(arm64->operands[i].reg, &ret->dest_size);
		ret->results |= reg < 64 ? UINT64_C(1) << reg : 0;
		if (ret->dest == FDBG_ARCH_NO_REG)
			ret->dest = reg;
	}
	return true;
}

void fdbg_aarch64_analyse_result(const struct fdbg_code *code, struct fdbg_result_code *ret)
{
	struct fdbg_disasm disasm = { 0 };

	*ret = (struct fdbg_result_code){ 0 };
	if (!fdbg_disasm_open(&disasm, CS_ARCH_ARM64, CS_MODE_ARM))
		return;
	fdbg_result_analyse(&fdbg_arch_aarch64, code, decode, &disasm, ret);
	fdbg_disasm_close(&disasm);
}
