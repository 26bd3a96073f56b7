/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What single instructions do to registers and to the flow of control, for questions about optimized code. */
#ifndef FDBG_ARCH_EFFECT_H
#define FDBG_ARCH_EFFECT_H

#include "arch/arch.h"

enum fdbg_flow {
	FDBG_FLOW_ON,            /* goes on with the next instruction */
	FDBG_FLOW_RETURN,
	FDBG_FLOW_JUMP,          /* to target */
	FDBG_FLOW_COND_JUMP,     /* to target, or on */
	FDBG_FLOW_CALL,          /* of target */
	FDBG_FLOW_JUMP_INDIRECT,
	FDBG_FLOW_CALL_INDIRECT,
	FDBG_FLOW_STOP,          /* traps and what leaves for elsewhere */
};

/* Where in memory something lies: base + index * scale + offset; without a base the offset is a link-time address. */
struct fdbg_slot {
	uint32_t base, index;    /* FDBG_ARCH_NO_REG: none */
	uint32_t scale;
	int64_t offset;
};

/*
 * Registers as bits by their index. `reads` holds only those whose value certainly matters to the result (not those that make
 * a constant, align the stack or are merged into a vector by the way); `writes` all that may be written.
 */
struct fdbg_effect {
	uint32_t size;
	enum fdbg_flow flow;
	uint64_t target;
	uint32_t target_reg;     /* of JUMP_INDIRECT through a register, else FDBG_ARCH_NO_REG */
	bool target_in_memory;   /* of JUMP_INDIRECT: the address that it goes to is at target_slot */
	struct fdbg_slot target_slot;
	uint64_t reads[2], writes[2];
	bool stack;              /* a push or a pop (x86_64): it may be to save and restore, or to make and free the frame */
	uint64_t addresses[2];   /* those of `reads` that are, or are part of, the address of memory */
};

static inline bool fdbg_effect_has(const uint64_t regs[2], uint32_t index)
{
	return regs[index / 64] >> index % 64 & 1;
}

/* Opened for many instructions. NULL: no memory, or the disassembler lacks the processor. */
struct fdbg_effects;

struct fdbg_effects *fdbg_effects_open(const struct fdbg_arch *arch);
void fdbg_effects_close(struct fdbg_effects *effects);

/* The effect of the instruction at the start of bytes; false when there is none, or it is not known. */
bool fdbg_effects_at(struct fdbg_effects *effects, const uint8_t *bytes, size_t size, uint64_t address,
		     struct fdbg_effect *ret);

/* How far to go on behind bytes that are no known instruction: instructions begin at multiples of it. */
size_t fdbg_effects_alignment(const struct fdbg_effects *effects);

#endif
