/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Which registers an x86_64 instruction reads and writes, and where it goes. */
#include "arch/effect.h"
#include "arch/x86_64.h"

struct x86_part fdbg_x86_64_part(unsigned int reg)
{
#define PART(REG, INDEX, SIZE, HIGH) \
	case REG: \
		return (struct x86_part){ INDEX, SIZE, HIGH }
#define LEGACY(NAME, INDEX) \
	PART(X86_REG_R##NAME##X, INDEX, 8, false); \
	PART(X86_REG_E##NAME##X, INDEX, 4, false); \
	PART(X86_REG_##NAME##X, INDEX, 2, false); \
	PART(X86_REG_##NAME##H, INDEX, 1, true); \
	PART(X86_REG_##NAME##L, INDEX, 1, false)
#define POINTER(NAME, INDEX) \
	PART(X86_REG_R##NAME, INDEX, 8, false); \
	PART(X86_REG_E##NAME, INDEX, 4, false); \
	PART(X86_REG_##NAME, INDEX, 2, false); \
	PART(X86_REG_##NAME##L, INDEX, 1, false)
#define NUMBERED(N) \
	PART(X86_REG_R##N, X86_R##N, 8, false); \
	PART(X86_REG_R##N##D, X86_R##N, 4, false); \
	PART(X86_REG_R##N##W, X86_R##N, 2, false); \
	PART(X86_REG_R##N##B, X86_R##N, 1, false)
	switch (reg) {
	LEGACY(A, X86_RAX);
	LEGACY(B, X86_RBX);
	LEGACY(C, X86_RCX);
	LEGACY(D, X86_RDX);
	POINTER(SI, X86_RSI);
	POINTER(DI, X86_RDI);
	POINTER(BP, X86_RBP);
	POINTER(SP, X86_RSP);
	NUMBERED(8);
	NUMBERED(9);
	NUMBERED(10);
	NUMBERED(11);
	NUMBERED(12);
	NUMBERED(13);
	NUMBERED(14);
	NUMBERED(15);
	PART(X86_REG_EFLAGS, X86_EFLAGS, 4, false);
	}
#undef PART
#undef LEGACY
#undef POINTER
#undef NUMBERED
	if (reg >= X86_REG_XMM0 && reg <= X86_REG_XMM15)
		return (struct x86_part){ X86_XMM0 + (reg - X86_REG_XMM0), 16, false };
	if (reg >= X86_REG_YMM0 && reg <= X86_REG_YMM15)
		return (struct x86_part){ X86_XMM0 + (reg - X86_REG_YMM0), 32, false };
	if (reg >= X86_REG_ZMM0 && reg <= X86_REG_ZMM15)
		return (struct x86_part){ X86_XMM0 + (reg - X86_REG_ZMM0), 64, false };
	return (struct x86_part){ FDBG_ARCH_NO_REG, 0, false };
}

bool fdbg_x86_64_only_reads(unsigned int id)
{
	switch (id) {
	case X86_INS_CMP: case X86_INS_TEST: case X86_INS_BT: case X86_INS_PUSH:
	case X86_INS_COMISS: case X86_INS_COMISD: case X86_INS_UCOMISS: case X86_INS_UCOMISD:
	case X86_INS_VCOMISS: case X86_INS_VCOMISD: case X86_INS_VUCOMISS: case X86_INS_VUCOMISD:
	case X86_INS_PTEST: case X86_INS_VPTEST: case X86_INS_VTESTPS: case X86_INS_VTESTPD:
	case X86_INS_MUL: case X86_INS_DIV: case X86_INS_IDIV:
	case X86_INS_NOP:
		return true;
	default:
		return false;
	}
}

static void set(uint64_t regs[2], uint32_t index)
{
	regs[index / 64] |= UINT64_C(1) << index % 64;
}

/*
 * The disassembler's tables are not complete, so that a register operand in the first place counts as written unless the
 * instruction is known only to read it.
 */
void fdbg_x86_64_written(const struct fdbg_disasm *disasm, uint64_t written[2])
{
	const cs_insn *insn = disasm->insn;
	const cs_x86 *x86 = &insn->detail->x86;
	cs_regs read, wrote;
	uint8_t n_read, n_wrote;
	struct x86_part part;

	if (cs_regs_access(disasm->handle, insn, read, &n_read, wrote, &n_wrote) == CS_ERR_OK) {
		for (uint8_t i = 0; i < n_wrote; i++) {
			part = fdbg_x86_64_part(wrote[i]);
			/* Pushes and calls change rsp predictably. */
			if (part.index != FDBG_ARCH_NO_REG && part.index != X86_RSP)
				set(written, part.index);
		}
	}
	for (uint8_t i = 0; i < x86->op_count; i++) {
		const cs_x86_op *op = &x86->operands[i];
		bool exchanges = insn->id == X86_INS_XCHG || insn->id == X86_INS_XADD;

		if (op->type != X86_OP_REG)
			continue;
		part = fdbg_x86_64_part(op->reg);
		if (part.index != FDBG_ARCH_NO_REG &&
		    ((op->access & CS_AC_WRITE) || exchanges || (i == 0 && !fdbg_x86_64_only_reads(insn->id))))
			set(written, part.index);
	}
	switch (insn->id) {
	case X86_INS_SYSCALL:
		set(written, X86_RAX);
		set(written, X86_RCX);
		set(written, X86_R11);
		break;
	case X86_INS_CMPXCHG:
		set(written, X86_RAX);
		break;
	case X86_INS_CMPXCHG8B:
	case X86_INS_CMPXCHG16B:
	case X86_INS_MUL:
	case X86_INS_DIV:
	case X86_INS_IDIV:
	case X86_INS_IMUL:
	case X86_INS_XGETBV:
	case X86_INS_RDTSC:
	case X86_INS_CWD:
	case X86_INS_CDQ:
	case X86_INS_CQO:
		set(written, X86_RAX);
		set(written, X86_RDX);
		break;
	case X86_INS_CPUID: case X86_INS_RDTSCP:
		set(written, X86_RAX);
		set(written, X86_RBX);
		set(written, X86_RCX);
		set(written, X86_RDX);
		break;
	case X86_INS_VZEROALL:
		for (uint32_t i = 0; i < 16; i++)
			set(written, X86_XMM0 + i);
		break;
	}
}

/* Arithmetic that reads its first operand and writes it: of a vector register, the value in its low bytes. */
static bool combines(unsigned int id)
{
	switch (id) {
	case X86_INS_ADDSS: case X86_INS_ADDSD: case X86_INS_SUBSS: case X86_INS_SUBSD:
	case X86_INS_MULSS: case X86_INS_MULSD: case X86_INS_DIVSS: case X86_INS_DIVSD:
	case X86_INS_MINSS: case X86_INS_MINSD: case X86_INS_MAXSS: case X86_INS_MAXSD:
	case X86_INS_ANDPS: case X86_INS_ANDPD: case X86_INS_ORPS: case X86_INS_ORPD:
	case X86_INS_ADDPS: case X86_INS_ADDPD: case X86_INS_MULPS: case X86_INS_MULPD:
	case X86_INS_COMISS: case X86_INS_COMISD: case X86_INS_UCOMISS: case X86_INS_UCOMISD:
		return true;
	default:
		return false;
	}
}

/* Instructions whose result does not depend on a register that they name: they make a constant, or fill the stack. */
static bool ignores_operands(const cs_insn *insn)
{
	const cs_x86 *x86 = &insn->detail->x86;
	bool same = x86->op_count >= 2 && x86->operands[0].type == X86_OP_REG;

	for (uint8_t i = 1; i < x86->op_count; i++)
		same = same && x86->operands[i].type == X86_OP_REG && x86->operands[i].reg == x86->operands[0].reg;
	switch (insn->id) {
	case X86_INS_PUSH: case X86_INS_NOP:
		return true;
	case X86_INS_XOR: case X86_INS_SUB: case X86_INS_SBB: case X86_INS_XCHG:
	case X86_INS_PXOR: case X86_INS_XORPS: case X86_INS_XORPD: case X86_INS_PCMPEQB: case X86_INS_PCMPEQW:
	case X86_INS_PCMPEQD: case X86_INS_PCMPEQQ: case X86_INS_PSUBB: case X86_INS_PSUBD:
		return same;
	case X86_INS_VPXOR: case X86_INS_VXORPS: case X86_INS_VXORPD:
		return x86->op_count == 3 && x86->operands[1].type == X86_OP_REG && x86->operands[2].type == X86_OP_REG &&
		       x86->operands[1].reg == x86->operands[2].reg;
	case X86_INS_OR:
		/* The number is as wide as the operands. */
		return x86->operands[1].type == X86_OP_IMM && x86->operands[0].size && x86->operands[0].size <= 8 &&
		       !(~(uint64_t)x86->operands[1].imm << (64 - 8 * x86->operands[0].size));
	case X86_INS_AND:
		return x86->operands[1].type == X86_OP_IMM && !x86->operands[1].imm;
	default:
		return false;
	}
}

static void note_reads(const struct fdbg_disasm *disasm, uint64_t reads[2], uint64_t addresses[2])
{
	const cs_insn *insn = disasm->insn;
	const cs_x86 *x86 = &insn->detail->x86;
	bool ignores = ignores_operands(insn);

	for (uint8_t i = 0; i < x86->op_count; i++) {
		const cs_x86_op *op = &x86->operands[i];
		struct x86_part part = fdbg_x86_64_part(op->type == X86_OP_REG ? op->reg : op->mem.base);
		bool vector = part.index != FDBG_ARCH_NO_REG && part.index >= X86_XMM0;

		if (op->type == X86_OP_MEM && insn->id != X86_INS_NOP) {
			uint64_t *kind = insn->id == X86_INS_LEA ? reads : addresses;

			if (part.index != FDBG_ARCH_NO_REG)
				set(kind, part.index);
			part = fdbg_x86_64_part(op->mem.index);
			if (part.index != FDBG_ARCH_NO_REG)
				set(kind, part.index);
			for (int k = 0; k < 2; k++)
				reads[k] |= addresses[k];
			continue;
		}
		if (op->type != X86_OP_REG || part.index == FDBG_ARCH_NO_REG || ignores || !(op->access & CS_AC_READ))
			continue;
		/* Many vector instructions merge into what the first operand held, which nobody asked for. */
		if (i == 0 && vector && !combines(insn->id))
			continue;
		set(reads, part.index);
	}
	/* What is read without being named. */
	switch (insn->id) {
	case X86_INS_CDQ: case X86_INS_CQO: case X86_INS_CWDE: case X86_INS_CDQE: case X86_INS_CBW: case X86_INS_CWD:
	case X86_INS_MUL: case X86_INS_STOSB: case X86_INS_STOSD: case X86_INS_STOSQ: case X86_INS_CMPXCHG:
		set(reads, X86_RAX);
		break;
	case X86_INS_IMUL:
		if (x86->op_count == 1)
			set(reads, X86_RAX);
		break;
	case X86_INS_DIV: case X86_INS_IDIV:
		set(reads, X86_RAX);
		set(reads, X86_RDX);
		break;
	}
}

/* Where the operand of an instruction is in memory; false: by a segment or by 32-bit registers. */
static bool slot_of(const cs_x86_op *op, uint64_t next, struct fdbg_slot *ret)
{
	struct x86_part base = fdbg_x86_64_part(op->mem.base), index = fdbg_x86_64_part(op->mem.index);

	*ret = (struct fdbg_slot){ base.index, index.index, (uint32_t)op->mem.scale, op->mem.disp };
	if (op->mem.base == X86_REG_RIP) {
		ret->base = FDBG_ARCH_NO_REG;
		ret->offset += (int64_t)next;
	}
	return op->mem.segment == X86_REG_INVALID &&
	       (op->mem.base == X86_REG_INVALID || op->mem.base == X86_REG_RIP || base.size == 8) &&
	       (op->mem.index == X86_REG_INVALID || index.size == 8);
}

bool fdbg_x86_64_effect(struct fdbg_disasm *disasm, const uint8_t *bytes, size_t size, uint64_t address,
			struct fdbg_effect *ret)
{
	const cs_x86 *x86;
	struct x86_shape shape;

	if (!fdbg_x86_64_decode(disasm, bytes, size, address, &shape))
		return false;
	*ret = (struct fdbg_effect){ .size = (uint32_t)shape.size, .target = shape.target, .target_reg = FDBG_ARCH_NO_REG };
	x86 = &disasm->insn->detail->x86;
	note_reads(disasm, ret->reads, ret->addresses);
	fdbg_x86_64_written(disasm, ret->writes);
	ret->stack = disasm->insn->id == X86_INS_POP || disasm->insn->id == X86_INS_PUSH;
	switch (shape.flow) {
	case X86_FLOW_ON: ret->flow = FDBG_FLOW_ON; break;
	case X86_FLOW_RETURN: ret->flow = FDBG_FLOW_RETURN; break;
	case X86_FLOW_JUMP: ret->flow = FDBG_FLOW_JUMP; break;
	case X86_FLOW_COND_JUMP: ret->flow = FDBG_FLOW_COND_JUMP; break;
	case X86_FLOW_CALL: ret->flow = FDBG_FLOW_CALL; break;
	case X86_FLOW_JUMP_INDIRECT:
		ret->flow = FDBG_FLOW_JUMP_INDIRECT;
		if (x86->op_count == 1 && x86->operands[0].type == X86_OP_REG)
			ret->target_reg = fdbg_x86_64_part(x86->operands[0].reg).index;
		else if (x86->op_count == 1 && x86->operands[0].type == X86_OP_MEM && x86->operands[0].size == 8)
			ret->target_in_memory = slot_of(&x86->operands[0], address + shape.size, &ret->target_slot);
		break;
	case X86_FLOW_CALL_INDIRECT: ret->flow = FDBG_FLOW_CALL_INDIRECT; break;
	case X86_FLOW_OTHER: ret->flow = FDBG_FLOW_STOP; break;
	}
	return true;
}
