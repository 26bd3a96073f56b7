/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the parts of the x86_64 architecture share: register indexes and the shape of an instruction. */
#ifndef FDBG_ARCH_X86_64_H
#define FDBG_ARCH_X86_64_H

#include "arch/arch.h"
#include "arch/disasm.h"

/* Indexes into fdbg_arch_x86_64.regs; the first 16 are in the order of GDB, not of the encoding. */
enum x86_reg_index {
	X86_RAX, X86_RBX, X86_RCX, X86_RDX, X86_RSI, X86_RDI, X86_RBP, X86_RSP,
	X86_R8, X86_R9, X86_R10, X86_R11, X86_R12, X86_R13, X86_R14, X86_R15,
	X86_RIP, X86_EFLAGS, X86_FS_BASE, X86_GS_BASE,
	X86_XMM0,
	X86_N_REGS = X86_XMM0 + 16,
};

/* Opcode maps */
enum x86_map {
	X86_MAP_ONE,   /* one-byte opcodes */
	X86_MAP_0F,
	X86_MAP_0F38,
	X86_MAP_0F3A,
	X86_MAP_VECTOR, /* VEX, EVEX, XOP: opcode is only good for telling what has a ModRM byte */
};

enum x86_flow {
	X86_FLOW_ON,          /* goes on with the next instruction */
	X86_FLOW_RETURN,      /* near ret */
	X86_FLOW_JUMP,        /* direct; also calls and conditional jumps: target is set */
	X86_FLOW_COND_JUMP,   /* jcc, loop, jrcxz */
	X86_FLOW_CALL,
	X86_FLOW_JUMP_INDIRECT,
	X86_FLOW_CALL_INDIRECT,
	X86_FLOW_OTHER,       /* traps, far transfers, transactions: goes on elsewhere, or not at all */
};

/*
 * The shape of an instruction (Intel SDM volume 2, chapter 2), read from its bytes independently of the
 * disassembler, which tells the length and the operands: where the two disagree, nobody relies on either.
 */
struct x86_shape {
	size_t size;
	uint64_t target;     /* of a direct branch or call */
	enum x86_flow flow;
	enum x86_map map;
	uint8_t opcode;
	uint8_t rex;         /* 0: none */
	uint8_t modrm;
	bool operand_size;   /* prefix 66 */
	bool address_size;   /* prefix 67 */
	bool rip_relative;   /* memory operand [rip + disp32] */
	size_t opcode_at;    /* offset of the last opcode byte */
	size_t modrm_at;     /* 0: has no ModRM byte */
};

/*
 * Decodes the instruction at the start of bytes. False when there is none, or when the disassembler and the
 * shape do not fit together.
 */
bool fdbg_x86_64_decode(struct fdbg_disasm *disasm, const uint8_t *bytes, size_t size, uint64_t address,
			struct x86_shape *ret);

/* A register as the instructions name it. */
struct x86_part {
	uint32_t index; /* FDBG_ARCH_NO_REG: not one of ours */
	uint32_t size;  /* bytes of it */
	bool high;      /* ah, bh, ch, dh */
};

struct x86_part fdbg_x86_64_part(unsigned int reg);

/* Is the first operand of this instruction (X86_INS_…) a register that it does not write? */
bool fdbg_x86_64_only_reads(unsigned int id);

/* Adds all registers that the disassembler's current instruction may write; rsp only where it is an operand. */
void fdbg_x86_64_written(const struct fdbg_disasm *disasm, uint64_t written[2]);

struct fdbg_effect;
bool fdbg_x86_64_effect(struct fdbg_disasm *disasm, const uint8_t *bytes, size_t size, uint64_t address,
			struct fdbg_effect *ret);

bool fdbg_x86_64_find_exits(const struct fdbg_code *code, uint64_t function_low, uint64_t function_high,
			    void (*found)(void *context, uint64_t address, enum fdbg_exit_kind kind),
			    void *context, uint64_t *undecoded_ret);
void fdbg_x86_64_find_branches(const struct fdbg_code *code,
			       void (*found)(void *context, const struct fdbg_branch *branch), void *context);
void fdbg_x86_64_scan_branches(const struct fdbg_code *code, bool (*wanted)(void *context, uint64_t target, bool slot),
			       void (*found)(void *context, uint64_t address), void *context);
bool fdbg_x86_64_may_repeat(const struct fdbg_code *code, uint64_t stop);
void fdbg_x86_64_analyse_prologue(const struct fdbg_code *code, uint64_t stop, struct fdbg_prologue *ret);
struct fdbg_error *fdbg_x86_64_move(const struct fdbg_code *code, uint64_t to, struct fdbg_moved *ret);

#endif
