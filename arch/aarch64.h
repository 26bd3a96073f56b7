/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the parts of the aarch64 architecture share: register indexes and branches. */
#ifndef FDBG_ARCH_AARCH64_H
#define FDBG_ARCH_AARCH64_H

#include "arch/arch.h"
#include "arch/disasm.h"

/* Indexes into fdbg_arch_aarch64.regs: x0 to x30 are 0 to 30, v0 to v31 follow A64_V0. */
enum a64_reg_index {
	A64_X0 = 0,
	A64_X8 = 8,
	A64_FP = 29,
	A64_LR = 30,
	A64_SP = 31,
	A64_PC,
	A64_CPSR,
	A64_V0,
	A64_N_REGS = A64_V0 + 32,
};

enum a64_flow {
	A64_FLOW_ON,
	A64_FLOW_RETURN,
	A64_FLOW_JUMP,          /* b */
	A64_FLOW_COND_JUMP,     /* b.cond, cbz, cbnz, tbz, tbnz */
	A64_FLOW_CALL,          /* bl */
	A64_FLOW_JUMP_INDIRECT, /* br and its authenticating forms */
	A64_FLOW_CALL_INDIRECT, /* blr likewise */
	A64_FLOW_OTHER,         /* exceptions other than svc */
	A64_FLOW_UNKNOWN,       /* not allocated by the architecture */
};

/* Where an instruction goes; *target_ret is set for the direct branches. */
enum a64_flow fdbg_aarch64_flow(uint32_t insn, uint64_t address, uint64_t *target_ret);

/* The bits [high:low] of an instruction. */
static inline uint32_t a64_bits(uint32_t insn, unsigned int high, unsigned int low)
{
	return insn >> low & (UINT32_C(0xffffffff) >> (31 - (high - low)));
}

/* The same as a signed number. */
static inline int64_t a64_signed_bits(uint32_t insn, unsigned int high, unsigned int low)
{
	uint64_t sign = UINT64_C(1) << (high - low);

	return (int64_t)((a64_bits(insn, high, low) ^ sign) - sign);
}

static inline uint32_t a64_insn(const uint8_t *bytes)
{
	return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

struct fdbg_effect;
bool fdbg_aarch64_effect(struct fdbg_disasm *disasm, const uint8_t *bytes, size_t size, uint64_t address,
			 struct fdbg_effect *ret);

bool fdbg_aarch64_find_exits(const struct fdbg_code *code, uint64_t function_low, uint64_t function_high,
			     void (*found)(void *context, uint64_t address, enum fdbg_exit_kind kind),
			     void *context, uint64_t *undecoded_ret);
void fdbg_aarch64_find_branches(const struct fdbg_code *code,
				void (*found)(void *context, const struct fdbg_branch *branch), void *context);
void fdbg_aarch64_scan_branches(const struct fdbg_code *code, bool (*wanted)(void *context, uint64_t target, bool slot),
				void (*found)(void *context, uint64_t address), void *context);
bool fdbg_aarch64_may_repeat(const struct fdbg_code *code, uint64_t stop);
void fdbg_aarch64_analyse_prologue(const struct fdbg_code *code, uint64_t stop, struct fdbg_prologue *ret);
struct fdbg_error *fdbg_aarch64_move(const struct fdbg_code *code, uint64_t to, struct fdbg_moved *ret);

#endif
