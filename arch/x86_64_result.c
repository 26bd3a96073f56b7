/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* x86_64 instructions as the search for a function's result needs them. */
#include "arch/result.h"
#include "arch/x86_64.h"

static uint64_t set_of(const uint16_t *regs, uint8_t n)
{
	uint64_t set = 0;

	for (uint8_t i = 0; i < n; i++) {
		uint32_t index = fdbg_x86_64_part(regs[i]).index;

		if (index < 64)
			set |= UINT64_C(1) << index;
	}
	return set;
}

/* What a move puts into the first operand. */
static void describe_source(const cs_x86_op *op, struct fdbg_step *ret)
{
	struct x86_part part;

	switch (op->type) {
	case X86_OP_IMM:
		ret->source = FDBG_STEP_IMMEDIATE;
		return;
	case X86_OP_REG:
		part = fdbg_x86_64_part(op->reg);
		ret->source_reg = part.index;
		if (part.size == 8 && ret->dest_size == 8)
			ret->source = FDBG_STEP_REG;
		return;
	case X86_OP_MEM:
		part = fdbg_x86_64_part(op->mem.base);
		ret->source_reg = part.index;
		ret->offset = op->mem.disp;
		if (part.size == 8 && ret->dest_size == 8 && op->mem.index == X86_REG_INVALID &&
		    op->mem.segment == X86_REG_INVALID)
			ret->source = FDBG_STEP_MEMORY;
		return;
	default:
		return;
	}
}

/* How the stack pointer changes. */
static void describe_stack(const cs_insn *insn, struct fdbg_step *ret)
{
	const cs_x86 *x86 = &insn->detail->x86;

	switch (insn->id) {
	case X86_INS_PUSH:
	case X86_INS_PUSHFQ:
		ret->sp_change = -8;
		return;
	case X86_INS_POP:
	case X86_INS_POPFQ:
		ret->sp_change = 8;
		ret->sp_lost = ret->dest == X86_RSP;
		return;
	case X86_INS_ADD:
	case X86_INS_SUB:
		if (ret->dest == X86_RSP && ret->dest_size == 8 && x86->op_count == 2 &&
		    x86->operands[1].type == X86_OP_IMM) {
			ret->sp_change = insn->id == X86_INS_ADD ? x86->operands[1].imm : -x86->operands[1].imm;
			return;
		}
		break;
	default:
		break;
	}
	ret->sp_lost = ret->kind == FDBG_STEP_ON && (ret->writes >> X86_RSP & 1);
}

static enum fdbg_step_kind kind_of(const struct x86_shape *shape)
{
	switch (shape->flow) {
	case X86_FLOW_ON:
		return FDBG_STEP_ON;
	case X86_FLOW_RETURN:
		return FDBG_STEP_RETURN;
	case X86_FLOW_JUMP:
		return FDBG_STEP_JUMP;
	case X86_FLOW_COND_JUMP:
		return FDBG_STEP_BRANCH;
	case X86_FLOW_CALL:
	case X86_FLOW_CALL_INDIRECT:
		return FDBG_STEP_CALL;
	case X86_FLOW_JUMP_INDIRECT:
	case X86_FLOW_OTHER:
		break;
	}
	return FDBG_STEP_AWAY;
}

static bool decode(void *context, const uint8_t *bytes, size_t size, uint64_t address, struct fdbg_step *ret,
		   size_t *size_ret)
{
	struct fdbg_disasm *disasm = context;
	const cs_insn *insn = disasm->insn;
	const cs_x86 *x86 = &insn->detail->x86;
	cs_regs read, written;
	uint8_t n_read, n_written;
	struct x86_shape shape;

	if (!fdbg_x86_64_decode(disasm, bytes, size, address, &shape) ||
	    cs_regs_access(disasm->handle, insn, read, &n_read, written, &n_written) != CS_ERR_OK)
		return false;
	*size_ret = shape.size;
	*ret = (struct fdbg_step){
		.address = address, .target = shape.target, .kind = kind_of(&shape), .dest = FDBG_ARCH_NO_REG,
		.reads = set_of(read, n_read), .writes = set_of(written, n_written),
		.pops = insn->id == X86_INS_POP,
	};
	if (x86->op_count && x86->operands[0].type == X86_OP_REG && (x86->operands[0].access & CS_AC_WRITE)) {
		ret->dest = fdbg_x86_64_part(x86->operands[0].reg).index;
		ret->dest_size = fdbg_x86_64_part(x86->operands[0].reg).size;
		ret->results = ret->dest < 64 ? UINT64_C(1) << ret->dest : 0;
		if (insn->id == X86_INS_MOV && x86->op_count == 2)
			describe_source(&x86->operands[1], ret);
		/* A register with itself is nothing, whatever was in it. */
		if ((insn->id == X86_INS_XOR || insn->id == X86_INS_XORPS || insn->id == X86_INS_XORPD) &&
		    x86->op_count == 2 && x86->operands[1].type == X86_OP_REG &&
		    x86->operands[1].reg == x86->operands[0].reg)
			ret->source = FDBG_STEP_IMMEDIATE;
	}
	describe_stack(insn, ret);
	return true;
}

void fdbg_x86_64_analyse_result(const struct fdbg_code *code, struct fdbg_result_code *ret)
{
	struct fdbg_disasm disasm = { 0 };

	*ret = (struct fdbg_result_code){ 0 };
	if (!fdbg_disasm_open(&disasm, CS_ARCH_X86, CS_MODE_64))
		return;
	fdbg_result_analyse(&fdbg_arch_x86_64, code, decode, &disasm, ret);
	fdbg_disasm_close(&disasm);
}
