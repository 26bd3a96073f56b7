/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Shapes of x86_64 instructions; returns, tail jumps and branch targets in a function's code. */
#include "arch/x86_64.h"

#include <string.h>

/* Which one-byte opcodes have a ModRM byte in 64-bit mode (SDM volume 2, table A-2). */
static bool one_byte_has_modrm(uint8_t opcode)
{
	if (opcode < 0x40)
		return (opcode & 7) < 4;
	switch (opcode) {
	case 0x63: case 0x69: case 0x6b:
	case 0x80 ... 0x8f:
	case 0xc0: case 0xc1: case 0xc6: case 0xc7:
	case 0xd0 ... 0xd3: case 0xd8 ... 0xdf:
	case 0xf6: case 0xf7: case 0xfe: case 0xff:
		return true;
	default:
		return false;
	}
}

/* The same for opcodes behind 0f (SDM volume 2, table A-3). */
static bool two_byte_has_modrm(uint8_t opcode)
{
	switch (opcode) {
	case 0x04 ... 0x0c: case 0x0e:
	case 0x30 ... 0x37:
	case 0x77:
	case 0x80 ... 0x8f:
	case 0xa0 ... 0xa2: case 0xa8 ... 0xaa:
	case 0xc8 ... 0xcf:
		return false;
	default:
		return true;
	}
}

static bool is_prefix(uint8_t byte)
{
	switch (byte) {
	case 0x26: case 0x2e: case 0x36: case 0x3e: case 0x64: case 0x65: case 0x66: case 0x67:
	case 0xf0: case 0xf2: case 0xf3:
		return true;
	default:
		return false;
	}
}

/* Reads prefixes, opcode and ModRM of an instruction of known size. */
static bool read_shape(const uint8_t *bytes, size_t size, struct x86_shape *shape)
{
	size_t at = 0;
	bool has_modrm;

	for (; at < size && is_prefix(bytes[at]); at++) {
		shape->operand_size |= bytes[at] == 0x66;
		shape->address_size |= bytes[at] == 0x67;
	}
	if (at < size && (bytes[at] & 0xf0) == 0x40)
		shape->rex = bytes[at++];
	/* A REX that is not the last prefix has no effect; nobody writes that. */
	if (at >= size || is_prefix(bytes[at]) || (bytes[at] & 0xf0) == 0x40)
		return false;

	if (bytes[at] == 0xc5 || bytes[at] == 0xc4 || bytes[at] == 0x62 ||
	    (bytes[at] == 0x8f && at + 1 < size && (bytes[at + 1] & 0x1f) >= 8)) {
		shape->map = X86_MAP_VECTOR;
		at += bytes[at] == 0xc5 ? 2 : bytes[at] == 0x62 ? 4 : 3;
		if (at >= size)
			return false;
		shape->opcode = bytes[at];
		has_modrm = shape->opcode != 0x77; /* vzeroupper */
	} else if (bytes[at] == 0x0f) {
		if (++at >= size)
			return false;
		shape->map = X86_MAP_0F;
		if (bytes[at] == 0x38 || bytes[at] == 0x3a) {
			shape->map = bytes[at] == 0x38 ? X86_MAP_0F38 : X86_MAP_0F3A;
			if (++at >= size)
				return false;
		}
		shape->opcode = bytes[at];
		has_modrm = shape->map != X86_MAP_0F || two_byte_has_modrm(shape->opcode);
	} else {
		shape->map = X86_MAP_ONE;
		shape->opcode = bytes[at];
		has_modrm = one_byte_has_modrm(shape->opcode);
	}
	shape->opcode_at = at;
	if (has_modrm) {
		if (++at >= size)
			return false;
		shape->modrm_at = at;
		shape->modrm = bytes[at];
		shape->rip_relative = (shape->modrm & 0xc7) == 0x05;
		if (shape->rip_relative && size - at < 5)
			return false;
	}
	return true;
}

/* A direct branch or call with a displacement of `width` bytes, the last ones of the instruction. */
static bool set_branch(const uint8_t *bytes, uint64_t address, enum x86_flow flow, size_t width,
		       struct x86_shape *shape)
{
	uint64_t displacement = 0;

	/*
	 * With an operand size prefix and no REX.W, processors disagree whether the displacement has 16 bits;
	 * compilers use the prefix only as padding, together with REX.W.
	 */
	if ((shape->operand_size && !(shape->rex & 8)) || shape->size != shape->opcode_at + 1 + width)
		return false;
	for (size_t i = 0; i < width; i++)
		displacement |= (uint64_t)bytes[shape->opcode_at + 1 + i] << 8 * i;
	displacement = width == 1 ? (uint64_t)(int8_t)displacement : (uint64_t)(int32_t)displacement;
	shape->target = address + shape->size + displacement;
	shape->flow = flow;
	return true;
}

static bool read_flow(const uint8_t *bytes, uint64_t address, struct x86_shape *shape)
{
	if (shape->map == X86_MAP_0F) {
		switch (shape->opcode) {
		case 0x80 ... 0x8f:
			return set_branch(bytes, address, X86_FLOW_COND_JUMP, 4, shape);
		case 0x07: case 0x0b: case 0x34: case 0x35: case 0xaa: case 0xb9: case 0xff:
			shape->flow = X86_FLOW_OTHER; /* sysret, ud2, sysenter, sysexit, rsm, ud1, ud0 */
			return true;
		}
		return true;
	}
	if (shape->map != X86_MAP_ONE)
		return true;
	switch (shape->opcode) {
	case 0x70 ... 0x7f: case 0xe0 ... 0xe3:
		return set_branch(bytes, address, X86_FLOW_COND_JUMP, 1, shape);
	case 0xeb:
		return set_branch(bytes, address, X86_FLOW_JUMP, 1, shape);
	case 0xe9:
		return set_branch(bytes, address, X86_FLOW_JUMP, 4, shape);
	case 0xe8:
		return set_branch(bytes, address, X86_FLOW_CALL, 4, shape);
	case 0xc2: case 0xc3:
		shape->flow = X86_FLOW_RETURN;
		return true;
	case 0xca: case 0xcb: case 0xcc: case 0xcd: case 0xce: case 0xcf: case 0xf1: case 0xf4:
		shape->flow = X86_FLOW_OTHER; /* far ret, int3, int, into, iret, int1, hlt */
		return true;
	case 0xc6: case 0xc7:
		if (shape->modrm == 0xf8)
			shape->flow = X86_FLOW_OTHER; /* xabort, xbegin */
		return true;
	case 0xff:
		switch (shape->modrm >> 3 & 7) {
		case 2:
			shape->flow = X86_FLOW_CALL_INDIRECT;
			break;
		case 4:
			shape->flow = X86_FLOW_JUMP_INDIRECT;
			break;
		case 3: case 5:
			shape->flow = X86_FLOW_OTHER; /* far */
			break;
		}
		return true;
	}
	return true;
}

bool fdbg_x86_64_decode(struct fdbg_disasm *disasm, const uint8_t *bytes, size_t size, uint64_t address,
			struct x86_shape *ret)
{
	struct x86_shape shape = { 0 };
	bool rip = false;

	if (!fdbg_disasm_at(disasm, bytes, size, address))
		return false;
	shape.size = disasm->insn->size;
	if (!read_shape(bytes, shape.size, &shape) || !read_flow(bytes, address, &shape))
		return false;
	for (uint8_t i = 0; i < disasm->insn->detail->x86.op_count; i++) {
		const cs_x86_op *op = &disasm->insn->detail->x86.operands[i];

		if (op->type == X86_OP_MEM && (op->mem.base == X86_REG_RIP || op->mem.base == X86_REG_EIP))
			rip = true;
	}
	/* A nop with an operand refers to nothing, whether the disassembler lists the operand or not. */
	if (rip && !shape.rip_relative)
		return false;
	*ret = shape;
	return true;
}

/* The jump goes through memory that is no table: a slot of the global offset table, or of a vtable. */
static bool jumps_through_slot(const uint8_t *bytes, const struct x86_shape *shape)
{
	uint8_t mod = shape->modrm >> 6;

	if (mod == 3)
		return false;
	if ((shape->modrm & 7) == 4) {
		uint8_t sib = bytes[shape->modrm_at + 1];
		bool has_index = (sib >> 3 & 7) != 4 || (shape->rex & 2);

		return !has_index;
	}
	return true;
}

bool fdbg_x86_64_find_exits(const struct fdbg_code *code, uint64_t function_low, uint64_t function_high,
			    void (*found)(void *context, uint64_t address, enum fdbg_exit_kind kind),
			    void *context, uint64_t *undecoded_ret)
{
	struct fdbg_disasm disasm = { 0 };
	uint64_t undecoded = code->address;
	bool all = true;

	if (!fdbg_disasm_open(&disasm, CS_ARCH_X86, CS_MODE_64)) {
		*undecoded_ret = undecoded;
		return false;
	}
	for (size_t at = 0; at < code->size;) {
		struct x86_shape shape;
		uint64_t address = code->address + at;
		bool leaves;

		if (!fdbg_x86_64_decode(&disasm, code->bytes + at, code->size - at, address, &shape)) {
			if (all)
				undecoded = address;
			all = false;
			at++;
			continue;
		}
		leaves = shape.target < function_low || shape.target >= function_high;
		if (shape.flow == X86_FLOW_RETURN)
			found(context, address, FDBG_EXIT_RETURN);
		else if (shape.flow == X86_FLOW_JUMP && leaves)
			found(context, address, FDBG_EXIT_TAIL_JUMP);
		else if (shape.flow == X86_FLOW_COND_JUMP && leaves)
			found(context, address, FDBG_EXIT_CONDITIONAL_JUMP);
		else if (shape.flow == X86_FLOW_JUMP_INDIRECT && jumps_through_slot(code->bytes + at, &shape))
			found(context, address, FDBG_EXIT_TAIL_JUMP);
		at += shape.size;
	}
	fdbg_disasm_close(&disasm);
	if (!all)
		*undecoded_ret = undecoded;
	return all;
}

/* The 32-bit displacement at `at`, from the end of the instruction. */
static uint64_t displaced(const uint8_t *bytes, size_t at, uint64_t end)
{
	uint32_t value = 0;

	for (size_t i = 0; i < 4; i++)
		value |= (uint32_t)bytes[at + i] << 8 * i;
	return end + (uint64_t)(int64_t)(int32_t)value;
}

/* General registers as instructions number them. */
static const uint32_t encoded_regs[16] = {
	X86_RAX, X86_RCX, X86_RDX, X86_RBX, X86_RSP, X86_RBP, X86_RSI, X86_RDI,
	X86_R8, X86_R9, X86_R10, X86_R11, X86_R12, X86_R13, X86_R14, X86_R15,
};

void fdbg_x86_64_find_branches(const struct fdbg_code *code,
			       void (*found)(void *context, const struct fdbg_branch *branch), void *context)
{
	struct fdbg_disasm disasm = { 0 };

	if (!fdbg_disasm_open(&disasm, CS_ARCH_X86, CS_MODE_64))
		return;
	for (size_t at = 0; at < code->size;) {
		uint64_t address = code->address + at;
		struct fdbg_branch branch = { .address = address, .reg = FDBG_ARCH_NO_REG };
		struct x86_shape shape;

		if (!fdbg_x86_64_decode(&disasm, code->bytes + at, code->size - at, address, &shape)) {
			at++;
			continue;
		}
		branch.next = address + shape.size;
		branch.target = shape.target;
		branch.slot = shape.rip_relative &&
			      (shape.flow == X86_FLOW_CALL_INDIRECT || shape.flow == X86_FLOW_JUMP_INDIRECT);
		if (branch.slot)
			branch.target = displaced(code->bytes + at, shape.modrm_at + 1, branch.next);
		if (shape.map == X86_MAP_ONE && (shape.opcode == 0x8b || shape.opcode == 0x8d) && shape.rip_relative &&
		    shape.rex & 8) {
			/* mov reg, [rip + disp32]; lea reg, [rip + disp32] */
			branch.kind = FDBG_BRANCH_LOAD;
			branch.slot = shape.opcode == 0x8b;
			branch.target = displaced(code->bytes + at, shape.modrm_at + 1, branch.next);
			branch.reg = encoded_regs[(shape.modrm >> 3 & 7) | (shape.rex & 4) << 1];
			found(context, &branch);
		} else if (shape.flow == X86_FLOW_CALL_INDIRECT || shape.flow == X86_FLOW_JUMP_INDIRECT) {
			if (shape.modrm >> 6 == 3)
				branch.reg = encoded_regs[(shape.modrm & 7) | (shape.rex & 1) << 3];
		}
		at += shape.size;
		switch (shape.flow) {
		case X86_FLOW_CALL: case X86_FLOW_CALL_INDIRECT:
			branch.kind = FDBG_BRANCH_CALL;
			break;
		case X86_FLOW_JUMP: case X86_FLOW_JUMP_INDIRECT:
			branch.kind = FDBG_BRANCH_JUMP;
			break;
		case X86_FLOW_COND_JUMP:
			branch.kind = FDBG_BRANCH_CONDITIONAL_JUMP;
			break;
		default:
			continue;
		}
		found(context, &branch);
	}
	fdbg_disasm_close(&disasm);
}

void fdbg_x86_64_scan_branches(const struct fdbg_code *code, bool (*wanted)(void *context, uint64_t target, bool slot),
			       void (*found)(void *context, uint64_t address), void *context)
{
	/*
	 * call, jmp, jcc rel32; call, jmp through [rip + disp32]; mov or lea reg, [rip + disp32]. Short jumps do not
	 * leave their function.
	 */
	for (size_t at = 0; at + 5 <= code->size; at++) {
		const uint8_t *bytes = code->bytes + at;
		uint64_t address = code->address + at;
		bool long_form = at + 6 <= code->size;

		if ((bytes[0] | 1) == 0xe9) {
			if (wanted(context, displaced(bytes, 1, address + 5), false))
				found(context, address);
		} else if (long_form && bytes[0] == 0x0f && (bytes[1] & 0xf0) == 0x80) {
			if (wanted(context, displaced(bytes, 2, address + 6), false))
				found(context, address);
		} else if (long_form && bytes[0] == 0xff && (bytes[1] == 0x15 || bytes[1] == 0x25)) {
			if (wanted(context, displaced(bytes, 2, address + 6), true))
				found(context, address);
		} else if (at + 7 <= code->size && (bytes[0] & 0xf8) == 0x48 && (bytes[1] == 0x8b || bytes[1] == 0x8d) &&
			   (bytes[2] & 0xc7) == 0x05) {
			if (wanted(context, displaced(bytes, 3, address + 7), bytes[1] == 0x8b))
				found(context, address);
		}
	}
}

bool fdbg_x86_64_may_repeat(const struct fdbg_code *code, uint64_t stop)
{
	struct fdbg_disasm disasm = { 0 };
	bool found = false;

	if (!fdbg_disasm_open(&disasm, CS_ARCH_X86, CS_MODE_64))
		return true;
	for (size_t at = 0; at < code->size && !found;) {
		uint64_t address = code->address + at;
		struct x86_shape shape;

		if (!fdbg_x86_64_decode(&disasm, code->bytes + at, code->size - at, address, &shape)) {
			at++;
			continue;
		}
		if (shape.flow == X86_FLOW_JUMP || shape.flow == X86_FLOW_COND_JUMP)
			found = address >= stop && shape.target >= code->address && shape.target <= stop;
		else if (shape.flow == X86_FLOW_JUMP_INDIRECT)
			found = address >= stop && !jumps_through_slot(code->bytes + at, &shape);
		at += shape.size;
	}
	fdbg_disasm_close(&disasm);
	return found;
}
