/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a function's own code tells about the registers that its result is in. */
#ifndef FDBG_ARCH_RESULT_H
#define FDBG_ARCH_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/arch.h"

/*
 * Debug information does not always tell which of two places a function returns its value in (rust-abi.md, section
 * 1.7); its code does. A register that is written on the way to a return, and by then read by nothing, is
 * written for the caller: compilers write no register in vain. And a function that returns through memory hands
 * out, or at least uses, the pointer that it was given.
 */
struct fdbg_result_code {
	uint32_t int_written[2];   /* bytes of the n-th integer register written for the caller; 0: none seen */
	uint32_t float_written[2]; /* likewise; a vector register counts as a whole */
	bool int_dropped;          /* the first integer register was used to free stack after its value was due */
	bool int_never;            /* nothing in the function, nor what it calls, writes the first integer register */
	bool from_call;            /* the first integer register is left as a callee left it */
	bool second_from_call;     /* the second one is */
	bool pointer;              /* the code uses what the hidden pointer's register held at the entry as such */
	bool no_pointer;           /* it does not: what it would have to hold or to do is not so */
};

/* For the architectures. */

enum fdbg_step_kind {
	FDBG_STEP_ON,
	FDBG_STEP_RETURN,
	FDBG_STEP_JUMP,    /* to target, always */
	FDBG_STEP_BRANCH,  /* to target, or on */
	FDBG_STEP_CALL,
	FDBG_STEP_AWAY,    /* somewhere else, or nowhere */
};

enum fdbg_step_source { FDBG_STEP_OTHER, FDBG_STEP_REG, FDBG_STEP_MEMORY, FDBG_STEP_IMMEDIATE };

/* An instruction, as far as it matters here. Registers are indexes into arch->regs. */
struct fdbg_step {
	uint64_t address, target;
	uint64_t reads, writes;       /* bit set by register index */
	enum fdbg_step_kind kind;
	uint64_t results;             /* the registers that it names as its results: no by-products */
	uint32_t dest;                /* the first of them, or FDBG_ARCH_NO_REG */
	uint32_t dest_size;           /* bytes of each */
	enum fdbg_step_source source; /* of a plain move of 8 bytes, or of a constant, to dest */
	uint32_t source_reg;          /* of REG; of MEMORY the base register, without an index */
	int64_t offset;               /* of MEMORY, from the base register */
	int64_t sp_change;
	bool sp_lost;                 /* the stack pointer changes by an unknown amount */
	bool pops;                    /* dest gets what lies on the stack, which may be done to free it */
};

/* The instruction at the start of bytes; false: none. *size_ret is set. context: the architecture's own. */
typedef bool (*fdbg_step_fn_decode)(void *context, const uint8_t *bytes, size_t size, uint64_t address,
				    struct fdbg_step *ret, size_t *size_ret);

/* Does the work of arch->analyse_result with an opened decoder. */
void fdbg_result_analyse(const struct fdbg_arch *arch, const struct fdbg_code *code, fdbg_step_fn_decode decode,
			 void *context, struct fdbg_result_code *ret);

void fdbg_x86_64_analyse_result(const struct fdbg_code *code, struct fdbg_result_code *ret);
void fdbg_aarch64_analyse_result(const struct fdbg_code *code, struct fdbg_result_code *ret);

#endif
