/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Moving an x86_64 instruction out of line. */
#include "arch/x86_64.h"

#include <inttypes.h>
#include <string.h>

/*
 * No register and no flag may differ from the original, so that every jump to an absolute address goes
 * through a literal behind the code (`jmp [rip + n]`), and a return address is pushed from one
 * (`push [rip + n]`).
 *
 * What stays different, because nothing can be done about it: rcx after `syscall` (the address behind it;
 * nobody may rely on it), the last instruction pointer of the x87 unit, and the address that a fault is
 * reported at.
 */

#define MAX_LITERALS 2
#define PUSH_RIP 0x35 /* ModRM of ff /6 [rip + disp32] */
#define JUMP_RIP 0x25 /* ModRM of ff /4 [rip + disp32] */

struct output {
	uint8_t bytes[64];
	size_t size;
	struct {
		size_t at; /* of the displacement, 4 bytes, the last of its instruction */
		uint64_t value;
	} literals[MAX_LITERALS];
	size_t n_literals;
};

static void put(struct output *out, const uint8_t *bytes, size_t size)
{
	memcpy(out->bytes + out->size, bytes, size);
	out->size += size;
}

static void put_u32(uint8_t *bytes, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(value >> 8 * i);
}

static uint32_t get_u32(const uint8_t *bytes)
{
	return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* An instruction ff /n on a literal. */
static void put_on_literal(struct output *out, uint8_t modrm, uint64_t value)
{
	const uint8_t bytes[6] = { 0xff, modrm };

	put(out, bytes, sizeof(bytes));
	out->literals[out->n_literals].at = out->size - 4;
	out->literals[out->n_literals++].value = value;
}

static void finish(struct output *out, struct fdbg_moved *ret)
{
	while (out->size % 8)
		out->bytes[out->size++] = 0xcc;
	for (size_t i = 0; i < out->n_literals; i++) {
		size_t from = out->literals[i].at;

		put_u32(out->bytes + from, (uint32_t)(out->size - (from + 4)));
		for (int k = 0; k < 8; k++)
			out->bytes[out->size++] = (uint8_t)(out->literals[i].value >> 8 * k);
	}
	while (out->size % 16)
		out->bytes[out->size++] = 0xcc;
	memcpy(ret->bytes, out->bytes, out->size);
	memset(ret->bytes + out->size, 0xcc, sizeof(ret->bytes) - out->size);
	ret->size = out->size;
}

static struct fdbg_error *cannot(uint64_t address, const char *why)
{
	return fdbg_error_create(FDBG_ERROR_UNSUPPORTED,
				 "the instruction at 0x%" PRIx64 " cannot be moved: %s", address, why);
}

/*
 * Copies an instruction whose ModRM byte, if it has one, is at modrm_at; its operand [rip + disp32] is made
 * to mean what it meant at its place.
 */
static struct fdbg_error *put_copy(struct output *out, const struct fdbg_code *code,
				   const struct x86_shape *shape, uint64_t to)
{
	size_t start = out->size;

	put(out, code->bytes, shape->size);
	if (shape->rip_relative) {
		uint8_t *field = out->bytes + start + shape->modrm_at + 1;
		int64_t displacement = (int32_t)get_u32(field);

		if (shape->address_size)
			return cannot(code->address, "its address has 32 bits");
		/* Modulo 2^64, as the processor does it; the difference counts. */
		displacement = (int64_t)(code->address + (uint64_t)displacement - (to + start));
		if (displacement != (int32_t)displacement)
			return cannot(code->address, "what it refers to is too far from the new place");
		put_u32(field, (uint32_t)displacement);
	}
	return NULL;
}

/* call r/m64: the return address is pushed first, then the operand, which sees another rsp, is jumped to. */
static struct fdbg_error *put_indirect_call(struct output *out, const struct fdbg_code *code,
					    const struct x86_shape *shape, uint64_t to)
{
	const uint8_t *operand = code->bytes + shape->modrm_at;
	uint8_t mod = shape->modrm >> 6, rm = shape->modrm & 7;
	uint8_t jump_modrm = (uint8_t)((shape->modrm & 0xc7) | 4 << 3);
	bool on_rsp = mod != 3 && rm == 4 && (operand[1] & 7) == 4 && !(shape->rex & 1);
	struct fdbg_error *err;
	size_t start;

	if (shape->operand_size || shape->address_size)
		return cannot(code->address, "its operand or address has a prefix");
	if (mod == 3 && rm == 4 && !(shape->rex & 1))
		return cannot(code->address, "it calls what rsp points to");
	put_on_literal(out, PUSH_RIP, code->address + shape->size);
	start = out->size;
	if (on_rsp) {
		int64_t displacement = 0;
		uint8_t field[4];

		if (mod == 1)
			displacement = (int8_t)operand[2];
		else if (mod == 2)
			displacement = (int32_t)get_u32(operand + 2);
		/* Without an index the operand may be the very slot that the push overwrites. */
		if ((operand[1] >> 3 & 7) == 4 && !(shape->rex & 2) && displacement > -16 && displacement < 0)
			return cannot(code->address, "its operand is below the stack pointer");
		displacement += 8;
		if (displacement != (int32_t)displacement)
			return cannot(code->address, "its displacement is too large");
		put(out, code->bytes, shape->modrm_at);
		out->bytes[out->size++] = (uint8_t)(2 << 6 | 4 << 3 | 4);
		out->bytes[out->size++] = operand[1];
		put_u32(field, (uint32_t)displacement);
		put(out, field, sizeof(field));
		return NULL;
	}
	err = put_copy(out, code, shape, to);
	if (!err)
		out->bytes[start + shape->modrm_at] = jump_modrm;
	return err;
}

/* jcc, loop, jrcxz: the short form jumps over the jump that goes on. */
static struct fdbg_error *put_conditional(struct output *out, const struct fdbg_code *code,
					  const struct x86_shape *shape)
{
	uint8_t opcode = shape->opcode;

	if (shape->map == X86_MAP_0F)
		opcode = (uint8_t)(0x70 | (opcode & 0x0f));
	if (shape->operand_size)
		return cannot(code->address, "it has an operand size prefix");
	if (shape->address_size)
		out->bytes[out->size++] = 0x67; /* jecxz, loop on ecx */
	out->bytes[out->size++] = opcode;
	out->bytes[out->size++] = 6;
	put_on_literal(out, JUMP_RIP, code->address + shape->size);
	put_on_literal(out, JUMP_RIP, shape->target);
	return NULL;
}

struct fdbg_error *fdbg_x86_64_move(const struct fdbg_code *code, uint64_t to, struct fdbg_moved *ret)
{
	struct fdbg_disasm disasm = { 0 };
	struct output out = { 0 };
	struct x86_shape shape;
	struct fdbg_error *err = NULL;
	bool decoded, privileged = false;

	if (!fdbg_disasm_open(&disasm, CS_ARCH_X86, CS_MODE_64))
		return fdbg_error_create(FDBG_ERROR_UNSUPPORTED,
					 "the disassembler for x86_64 cannot be opened");
	decoded = fdbg_x86_64_decode(&disasm, code->bytes, code->size, code->address, &shape);
	if (decoded)
		privileged = cs_insn_group(disasm.handle, disasm.insn, X86_GRP_PRIVILEGE);
	fdbg_disasm_close(&disasm);
	if (!decoded)
		return fdbg_error_create(FDBG_ERROR_FORMAT, "there is no known instruction at 0x%" PRIx64,
					 code->address);
	if (privileged)
		return cannot(code->address, "it is privileged");

	switch (shape.flow) {
	case X86_FLOW_ON:
		err = put_copy(&out, code, &shape, to);
		if (!err)
			put_on_literal(&out, JUMP_RIP, code->address + shape.size);
		break;
	case X86_FLOW_RETURN:
	case X86_FLOW_JUMP_INDIRECT:
		err = put_copy(&out, code, &shape, to);
		break;
	case X86_FLOW_JUMP:
		put_on_literal(&out, JUMP_RIP, shape.target);
		break;
	case X86_FLOW_COND_JUMP:
		err = put_conditional(&out, code, &shape);
		break;
	case X86_FLOW_CALL:
		put_on_literal(&out, PUSH_RIP, code->address + shape.size);
		put_on_literal(&out, JUMP_RIP, shape.target);
		break;
	case X86_FLOW_CALL_INDIRECT:
		err = put_indirect_call(&out, code, &shape, to);
		break;
	case X86_FLOW_OTHER:
		err = cannot(code->address, "it traps, or transfers control in an unusual way");
		break;
	}
	if (!err)
		finish(&out, ret);
	return err;
}
