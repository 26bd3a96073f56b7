/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the straight-line code at the start of an x86_64 function does to the stack and to the arguments. */
#include "arch/frame_values.h"
#include "arch/x86_64.h"

#include <string.h>

struct walk {
	struct fdbg_disasm disasm;
	struct fdbg_prologue *ret;
	struct fdbg_frame_value values[X86_N_REGS];
	uint64_t probe_start;  /* the run of stack probing instructions up to here began here */
	bool in_probes;
	uint32_t probe_limit;  /* rsp was compared with this register by the last instruction */
};

static void clobber(struct walk *walk, uint32_t index)
{
	walk->ret->clobbered[index / 64] |= UINT64_C(1) << index % 64;
	walk->values[index] = (struct fdbg_frame_value){ .kind = FDBG_VALUE_UNKNOWN };
}

static void clobber_all(struct walk *walk)
{
	for (uint32_t i = 0; i < X86_N_REGS; i++)
		if (i != X86_FS_BASE && i != X86_GS_BASE)
			clobber(walk, i);
}

static void set_value(struct walk *walk, uint32_t index, struct fdbg_frame_value value)
{
	clobber(walk, index);
	walk->values[index] = value;
}

/* Marks all that the instruction may write. */
static void clobber_written(struct walk *walk)
{
	uint64_t written[2] = { 0 };

	fdbg_x86_64_written(&walk->disasm, written);
	for (uint32_t i = 0; i < X86_N_REGS; i++)
		if (written[i / 64] >> i % 64 & 1)
			clobber(walk, i);
}

/* Moves of a vector register that copy its low bytes: how many (0: another instruction). */
static uint32_t vector_move_width(unsigned int id)
{
	switch (id) {
	case X86_INS_MOVSS: case X86_INS_VMOVSS: case X86_INS_MOVD: case X86_INS_VMOVD:
		return 4;
	case X86_INS_MOVSD: case X86_INS_VMOVSD: case X86_INS_MOVQ: case X86_INS_VMOVQ:
	case X86_INS_MOVLPS: case X86_INS_MOVLPD: case X86_INS_VMOVLPS: case X86_INS_VMOVLPD:
	case X86_INS_MOVNTI:
		return 8;
	case X86_INS_MOVAPS: case X86_INS_MOVAPD: case X86_INS_MOVUPS: case X86_INS_MOVUPD:
	case X86_INS_MOVDQA:
	case X86_INS_MOVDQU:
	case X86_INS_MOVNTPS:
	case X86_INS_MOVNTPD:
	case X86_INS_MOVNTDQ:
	case X86_INS_VMOVAPS: case X86_INS_VMOVAPD: case X86_INS_VMOVUPS: case X86_INS_VMOVUPD:
	case X86_INS_VMOVDQA: case X86_INS_VMOVDQU: case X86_INS_VMOVNTPS: case X86_INS_VMOVNTPD:
	case X86_INS_VMOVNTDQ:
		return 64;
	default:
		return 0;
	}
}

static void add_spill(struct walk *walk, const struct fdbg_frame_access *access, uint32_t source)
{
	const cs_insn *insn = walk->disasm.insn;

	fdbg_frame_store(&fdbg_arch_x86_64, walk->ret, insn->address, insn->address + insn->size, access, source,
			 walk->values[source == FDBG_ARCH_NO_REG ? 0 : source]);
}

/* The place in the frame that a memory operand names. False: it is not known to be in the frame. */
static bool frame_access(const struct walk *walk, const cs_x86_op *op, uint32_t size, struct fdbg_frame_access *ret)
{
	struct x86_part base = fdbg_x86_64_part(op->mem.base);

	if (op->type != X86_OP_MEM || base.index == FDBG_ARCH_NO_REG || base.size != 8 ||
	    op->mem.index != X86_REG_INVALID || op->mem.segment == X86_REG_FS || op->mem.segment == X86_REG_GS)
		return false;
	if (walk->values[base.index].kind != FDBG_VALUE_STACK &&
	    walk->values[base.index].kind != FDBG_VALUE_ALIGNED && base.index != X86_RSP)
		return false;
	*ret = (struct fdbg_frame_access){ .base_value = walk->values[base.index], .base = base.index,
					   .offset = op->mem.disp, .size = size };
	return true;
}

/* A write to memory through an address that is on the stack. Only plain moves have a source. */
static void note_store(struct walk *walk)
{
	const cs_insn *insn = walk->disasm.insn;
	const cs_x86 *x86 = &insn->detail->x86;
	uint32_t source = FDBG_ARCH_NO_REG, width = vector_move_width(insn->id);
	struct fdbg_frame_access access;
	struct x86_part stored;

	if (x86->op_count == 0 || fdbg_x86_64_only_reads(insn->id) || insn->id == X86_INS_LEA ||
	    !frame_access(walk, &x86->operands[0], x86->operands[0].size, &access))
		return;
	if (x86->op_count == 2 && x86->operands[1].type == X86_OP_REG &&
	    (insn->id == X86_INS_MOV || insn->id == X86_INS_MOVABS || width)) {
		stored = fdbg_x86_64_part(x86->operands[1].reg);
		if (stored.index != FDBG_ARCH_NO_REG) {
			access.size = width && width < stored.size ? width : stored.size;
			/* The second byte of a register is not its low one. */
			source = stored.index;
		}
		if (stored.index != FDBG_ARCH_NO_REG && stored.high) {
			fdbg_frame_store(&fdbg_arch_x86_64, walk->ret, insn->address, insn->address + insn->size,
					 &access, source, (struct fdbg_frame_value){ .kind = FDBG_VALUE_UNKNOWN });
			return;
		}
	}
	if (access.size)
		add_spill(walk, &access, source);
}

/* The value that a register operand gets from a copying instruction. False: not such an instruction. */
static bool copied_value(const struct walk *walk, struct fdbg_frame_value *ret)
{
	const cs_insn *insn = walk->disasm.insn;
	const cs_x86 *x86 = &insn->detail->x86;
	const cs_x86_op *from = &x86->operands[1];
	struct x86_part to_part, from_part;
	struct fdbg_frame_access access;
	struct fdbg_frame_value value = { .kind = FDBG_VALUE_UNKNOWN };
	uint32_t width = vector_move_width(insn->id), size;

	if (x86->op_count != 2 || x86->operands[0].type != X86_OP_REG)
		return false;
	to_part = fdbg_x86_64_part(x86->operands[0].reg);
	if (to_part.index == FDBG_ARCH_NO_REG || to_part.high)
		return false;
	switch (insn->id) {
	case X86_INS_MOV: case X86_INS_MOVABS:
		if (from->type == X86_OP_IMM && to_part.size >= 4) {
			value.kind = FDBG_VALUE_CONST;
			value.number = to_part.size == 4 ? (int64_t)(uint32_t)from->imm : from->imm;
			*ret = value;
			return true;
		}
		break;
	case X86_INS_MOVZX: case X86_INS_MOVSX: case X86_INS_MOVSXD:
		break;
	default:
		if (!width)
			return false;
	}
	if (from->type == X86_OP_MEM) {
		size = width && width < from->size ? width : from->size;
		if (!size || !frame_access(walk, from, size < to_part.size ? size : to_part.size, &access))
			return false;
		*ret = fdbg_frame_load(&fdbg_arch_x86_64, walk->ret, &access);
		return ret->kind != FDBG_VALUE_UNKNOWN;
	}
	if (from->type != X86_OP_REG)
		return false;
	from_part = fdbg_x86_64_part(from->reg);
	if (from_part.index == FDBG_ARCH_NO_REG || from_part.high)
		return false;
	size = from_part.size < to_part.size ? from_part.size : to_part.size;
	if (width && width < size)
		size = width;
	value = walk->values[from_part.index];
	if (value.kind == FDBG_VALUE_ENTRY)
		value.width = value.width < size ? value.width : size;
	else if (size != 8 || to_part.size != 8)
		return false;
	*ret = value;
	return true;
}

/* mov, lea, add, sub and their like, as far as their result is known. False: not one of them. */
static bool compute(struct walk *walk)
{
	const cs_insn *insn = walk->disasm.insn;
	const cs_x86 *x86 = &insn->detail->x86;
	const cs_x86_op *ops = x86->operands;
	struct fdbg_frame_value value = { .kind = FDBG_VALUE_UNKNOWN };
	struct x86_part to;
	int64_t amount;

	if (x86->op_count != 2 || ops[0].type != X86_OP_REG)
		return false;
	to = fdbg_x86_64_part(ops[0].reg);
	if (to.index == FDBG_ARCH_NO_REG)
		return false;
	if (copied_value(walk, &value)) {
		set_value(walk, to.index, value);
		return true;
	}
	if (to.size != 8)
		return false;
	switch (insn->id) {
	case X86_INS_LEA:
		if (ops[1].mem.index == X86_REG_INVALID && fdbg_x86_64_part(ops[1].mem.base).size == 8) {
			value = fdbg_frame_value_moved(walk->values[fdbg_x86_64_part(ops[1].mem.base).index],
						       ops[1].mem.disp);
		}
		set_value(walk, to.index, value);
		return true;
	case X86_INS_ADD: case X86_INS_SUB:
		value = walk->values[to.index];
		if (ops[1].type == X86_OP_IMM) {
			amount = ops[1].imm;
		} else if (ops[1].type == X86_OP_REG && fdbg_x86_64_part(ops[1].reg).size == 8 &&
			   walk->values[fdbg_x86_64_part(ops[1].reg).index].kind == FDBG_VALUE_CONST) {
			amount = walk->values[fdbg_x86_64_part(ops[1].reg).index].number;
		} else {
			return false;
		}
		if (insn->id == X86_INS_SUB)
			amount = (int64_t)-(uint64_t)amount;
		set_value(walk, to.index, fdbg_frame_value_moved(value, amount));
		clobber(walk, X86_EFLAGS);
		return true;
	case X86_INS_AND:
		amount = ops[1].type == X86_OP_IMM ? ops[1].imm : 0;
		if (to.index != X86_RSP || amount >= 0 || (-(uint64_t)amount & (-(uint64_t)amount - 1)))
			return false;
		set_value(walk, X86_RSP,
			  fdbg_frame_value_aligned(walk->ret, walk->values[X86_RSP], walk->values[X86_RSP]));
		clobber(walk, X86_EFLAGS);
		return true;
	default:
		return false;
	}
}

static void push(struct walk *walk, uint32_t size)
{
	const cs_x86 *x86 = &walk->disasm.insn->detail->x86;
	struct fdbg_frame_value *sp = &walk->values[X86_RSP];
	struct fdbg_frame_access access = { .base_value = *sp, .base = X86_RSP, .offset = -(int64_t)size, .size = size };
	uint32_t source = FDBG_ARCH_NO_REG;

	if (x86->op_count == 1 && x86->operands[0].type == X86_OP_REG) {
		struct x86_part part = fdbg_x86_64_part(x86->operands[0].reg);

		if (part.index != FDBG_ARCH_NO_REG && part.size == size)
			source = part.index;
	}
	add_spill(walk, &access, source);
	*sp = fdbg_frame_value_moved(*sp, -(int64_t)size);
	walk->ret->clobbered[X86_RSP / 64] |= UINT64_C(1) << X86_RSP % 64;
}

static void pop(struct walk *walk, uint32_t size)
{
	struct fdbg_frame_value sp = walk->values[X86_RSP];

	clobber_written(walk);
	sp = fdbg_frame_value_moved(sp, size);
	/* pop rsp: clobbered as the operand */
	if (walk->disasm.insn->detail->x86.op_count == 1 &&
	    walk->disasm.insn->detail->x86.operands[0].type == X86_OP_REG &&
	    fdbg_x86_64_part(walk->disasm.insn->detail->x86.operands[0].reg).index == X86_RSP)
		sp.kind = FDBG_VALUE_UNKNOWN;
	set_value(walk, X86_RSP, sp);
}

/*
 * Keeps track of the runs of instructions that touch the pages of a large frame: sub rsp, mov [rsp], cmp rsp.
 * A loop over such a run, closed by a jne, ends when rsp has the value that it is compared with.
 */
static void note_probes(struct walk *walk)
{
	const cs_insn *insn = walk->disasm.insn;
	const cs_x86 *x86 = &insn->detail->x86;
	bool probes = false;

	walk->probe_limit = FDBG_ARCH_NO_REG;
	if (x86->op_count == 2) {
		const cs_x86_op *to = &x86->operands[0], *from = &x86->operands[1];

		if (to->type == X86_OP_REG && to->reg == X86_REG_RSP) {
			probes = insn->id == X86_INS_SUB && from->type == X86_OP_IMM;
			if (insn->id == X86_INS_CMP && from->type == X86_OP_REG &&
			    fdbg_x86_64_part(from->reg).size == 8) {
				walk->probe_limit = fdbg_x86_64_part(from->reg).index;
				probes = true;
			}
		} else if (to->type == X86_OP_MEM && to->mem.base == X86_REG_RSP &&
			   to->mem.index == X86_REG_INVALID) {
			probes = from->type == X86_OP_IMM &&
				 (insn->id == X86_INS_MOV || insn->id == X86_INS_OR);
		}
	}
	if (probes && !walk->in_probes)
		walk->probe_start = insn->address;
	walk->in_probes = probes;
}

/* The end of a probing loop. The stores in it are not spills: where they went differs in each round. */
static bool end_probe_loop(struct walk *walk, const struct x86_shape *shape)
{
	struct fdbg_prologue *ret = walk->ret;
	uint64_t address = walk->disasm.insn->address;
	bool is_jne = shape->opcode == (shape->map == X86_MAP_0F ? 0x85 : 0x75);

	if (!is_jne || shape->flow != X86_FLOW_COND_JUMP || !walk->in_probes ||
	    walk->probe_limit == FDBG_ARCH_NO_REG || walk->values[walk->probe_limit].kind != FDBG_VALUE_STACK ||
	    shape->target < walk->probe_start || shape->target >= address)
		return false;
	while (ret->n_spills && ret->spills[ret->n_spills - 1].address >= shape->target)
		ret->n_spills--;
	set_value(walk, X86_RSP, walk->values[walk->probe_limit]);
	return true;
}

/* A call that only probes the stack: the frame's size is in eax, and rsp is lowered by it behind the call. */
static bool is_probe_call(const struct walk *walk, const struct x86_shape *shape, const uint8_t *next,
			  size_t size)
{
	static const uint8_t sub[] = { 0x48, 0x29, 0xc4 }, sub_other[] = { 0x48, 0x2b, 0xe0 };

	return shape->flow == X86_FLOW_CALL && walk->values[X86_RAX].kind == FDBG_VALUE_CONST &&
	       size >= sizeof(sub) &&
	       (!memcmp(next, sub, sizeof(sub)) || !memcmp(next, sub_other, sizeof(sub_other)));
}

static void after_call(struct walk *walk)
{
	static const uint32_t kept[] = { X86_RBX, X86_RBP, X86_RSP, X86_R12, X86_R13, X86_R14, X86_R15,
					 X86_FS_BASE, X86_GS_BASE };

	for (uint32_t i = 0; i < X86_N_REGS; i++) {
		bool is_kept = false;

		for (size_t k = 0; k < sizeof(kept) / sizeof(*kept); k++)
			is_kept |= kept[k] == i;
		if (!is_kept)
			clobber(walk, i);
	}
}

/* The effect of one instruction that goes on behind itself. */
static void step(struct walk *walk, const struct x86_shape *shape)
{
	const cs_insn *insn = walk->disasm.insn;
	struct fdbg_frame_value sp;

	switch (insn->id) {
	case X86_INS_PUSH:
		push(walk, shape->operand_size ? 2 : 8);
		return;
	case X86_INS_POP:
		pop(walk, shape->operand_size ? 2 : 8);
		return;
	case X86_INS_PUSHFQ:
		push(walk, 8);
		return;
	case X86_INS_POPFQ:
		pop(walk, 8);
		clobber(walk, X86_EFLAGS);
		return;
	case X86_INS_LEAVE:
		sp = fdbg_frame_value_moved(walk->values[X86_RBP], 8);
		set_value(walk, X86_RSP, sp);
		clobber(walk, X86_RBP);
		return;
	case X86_INS_PUSHF: case X86_INS_POPF: case X86_INS_ENTER:
		clobber(walk, X86_RSP);
		clobber(walk, X86_RBP);
		return;
	}
	note_store(walk);
	if (!compute(walk))
		clobber_written(walk);
}

static void give_up(struct walk *walk)
{
	walk->ret->complete = false;
	clobber_all(walk);
}

void fdbg_x86_64_analyse_prologue(const struct fdbg_code *code, uint64_t stop, struct fdbg_prologue *ret)
{
	struct walk walk = { .ret = ret, .probe_limit = FDBG_ARCH_NO_REG };
	uint64_t length = stop - code->address;
	size_t at = 0;

	memset(ret, 0, sizeof(*ret));
	for (uint32_t i = 0; i < X86_N_REGS; i++)
		walk.values[i] =
			(struct fdbg_frame_value){ .kind = FDBG_VALUE_ENTRY, .origin = i, .width = i >= X86_XMM0 ? 16 : 8 };
	walk.values[X86_RSP] = (struct fdbg_frame_value){ .kind = FDBG_VALUE_STACK };
	ret->complete = true;
	if (stop < code->address || length > code->size ||
	    !fdbg_disasm_open(&walk.disasm, CS_ARCH_X86, CS_MODE_64)) {
		give_up(&walk);
		return;
	}
	while (at < length) {
		struct x86_shape shape;
		size_t next;

		if (!fdbg_x86_64_decode(&walk.disasm, code->bytes + at, length - at, code->address + at,
					&shape)) {
			give_up(&walk);
			break;
		}
		next = at + shape.size;
		if (shape.flow == X86_FLOW_ON) {
			step(&walk, &shape);
			note_probes(&walk);
		} else if (shape.flow == X86_FLOW_CALL || shape.flow == X86_FLOW_CALL_INDIRECT) {
			if (!is_probe_call(&walk, &shape, code->bytes + next, code->size - next)) {
				ret->complete = false;
				after_call(&walk);
			}
			walk.in_probes = false;
		} else if (end_probe_loop(&walk, &shape)) {
			walk.in_probes = false;
		} else {
			give_up(&walk);
			break;
		}
		at = next;
	}
	fdbg_disasm_close(&walk.disasm);

	fdbg_frame_finish(&fdbg_arch_x86_64, ret, walk.values[X86_RSP], walk.values[X86_RBP]);
}
