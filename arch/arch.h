/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What differs by processor: the checklist that an architecture fills in. */
#ifndef FDBG_ARCH_ARCH_H
#define FDBG_ARCH_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/*
 * An architecture is constant data and callbacks (struct fdbg_arch), chosen at run time by the target's ELF
 * machine; nothing of it depends on the host. To add one, fill in, in this order:
 *   1. registers: names as in GDB target descriptions, DWARF numbers, sizes, and the roles sp, pc, ra, fp;
 *   2. the calling convention's registers (rust-abi.md, sections 2.1 and 7.1);
 *   3. the breakpoint (remote-protocol.md, section 5) and a system call instruction (section 4);
 *   4. code analysis: returns, prologue, branch targets (rust-abi.md, sections 4 and 7);
 *   5. moving an instruction out of line (optional: NULL means that the engine steps with the breakpoint removed).
 */

#define FDBG_ARCH_MAX_REGS 80
#define FDBG_ARCH_NO_REG UINT32_MAX

struct fdbg_reg {
	const char *name;  /* in GDB's target descriptions */
	uint32_t dwarf;    /* DWARF number, FDBG_ARCH_NO_REG when it has none */
	uint32_t size;     /* bytes, at most 16; of a wider register the low 16 count */
	const char *alias; /* the name that some servers use instead, NULL when all agree */
};

/* A set of register values of one thread, indexed like arch->regs. Little endian bytes as in memory. */
struct fdbg_registers {
	uint8_t bytes[FDBG_ARCH_MAX_REGS][16];
	bool valid[FDBG_ARCH_MAX_REGS];
};

struct fdbg_arch;

/* A ret, or another way out of a function, at address. */
enum fdbg_exit_kind {
	FDBG_EXIT_RETURN,    /* ret: the frame ends, its value is in place */
	FDBG_EXIT_TAIL_JUMP, /* a jump out of the function's ranges: the callee returns for it */
	FDBG_EXIT_CONDITIONAL_JUMP, /* a tail jump taken on a condition: the frame may also go on */
};

/*
 * A store of a register (or part of one) into the stack frame, in the straight-line code from the entry. A later store
 * to the same slot is listed too; one with an index register, or through an unknown pointer, is not.
 */
struct fdbg_spill {
	uint64_t address;  /* of the store instruction */
	uint64_t end;      /* address behind it: from here on the slot holds the value */
	uint32_t base;     /* index of the base register */
	int64_t offset;    /* from the base register's value at that instruction */
	int64_t cfa_offset; /* the same slot relative to the CFA, where known (see cfa_known) */
	bool cfa_known;
	int64_t sp_offset; /* the slot relative to sp at the stop, where the frame was aligned in between */
	bool sp_known;
	uint32_t size;     /* bytes stored */
	uint32_t source;   /* index of the stored register; FDBG_ARCH_NO_REG: an immediate or unknown */
	uint32_t origin;   /* index of the register whose low `size` bytes at the function's entry are what is
			    * stored, followed through copies in registers and slots; FDBG_ARCH_NO_REG: some
			    * other value */
};

#define FDBG_MAX_SPILLS 128

/* What a look at the straight-line code from a function's entry to a stop address (exclusive) tells. */
struct fdbg_prologue {
	bool complete;           /* decoded without a gap, a branch or a call (a stack probe call does not count) */
	bool frame_known;        /* sp_delta is right at the stop address; else it is 0 */
	int64_t sp_delta;        /* sp(stop) - sp(entry): zero or negative */
	bool fp_known;           /* the frame pointer holds sp(entry) + fp_delta at the stop address */
	int64_t fp_delta;
	bool aligned;            /* sp was rounded down: the spills with sp_known are apart from those with cfa_known */
	int64_t aligned_below;   /* sp - sp(entry) before that */
	int64_t aligned_size;    /* bytes from sp at the stop up to where it was aligned: all that sp_known tells of */
	uint64_t clobbered[2];   /* bit set by register index: written before the stop address. Not complete:
				  * set for whatever may have been written */
	struct fdbg_spill spills[FDBG_MAX_SPILLS]; /* in code order; what does not fit is left out */
	size_t n_spills;
};

struct fdbg_code {
	const uint8_t *bytes;    /* of [address, address + size) */
	uint64_t address;
	size_t size;
};

/* A branch or call that an instruction makes. */
enum fdbg_branch_kind {
	FDBG_BRANCH_CALL,
	FDBG_BRANCH_JUMP,
	FDBG_BRANCH_CONDITIONAL_JUMP,
	FDBG_BRANCH_LOAD,        /* none itself: a register gets an address, or is loaded from a slot, perhaps to branch there later */
};

struct fdbg_branch {
	enum fdbg_branch_kind kind;
	uint64_t address;        /* of the instruction */
	uint64_t next;           /* behind it: where a call returns to */
	uint64_t target;         /* 0: not known; of a branch through a slot: the address of that word */
	bool slot;               /* the target is in a word of memory at a fixed address */
	uint32_t reg;            /* of a branch to the address in a register, and of a load: index into regs; else FDBG_ARCH_NO_REG */
};

/* An instruction made ready to run elsewhere. */
struct fdbg_moved {
	uint8_t bytes[64];       /* code for the new place; ends with a jump back to the next instruction */
	size_t size;             /* a multiple of 16 */
};

struct fdbg_result_code;

struct fdbg_arch {
	const char *name;        /* "x86_64", "aarch64" */
	uint16_t elf_machine;    /* EM_… */
	uint32_t pointer_size;

	const struct fdbg_reg *regs;
	size_t n_regs;
	uint32_t sp, pc, fp;     /* indexes into regs */
	uint32_t ra;             /* link register, FDBG_ARCH_NO_REG: the return address is on the stack */

	/* Rust ABI, indexes into regs, in order of use */
	const uint32_t *int_args, *float_args, *int_rets, *float_rets;
	size_t n_int_args, n_float_args, n_int_rets, n_float_rets;
	uint32_t hidden_pointer;     /* where the caller passes the address of a MEM return value */
	bool hidden_pointer_is_arg;  /* it takes the place of the first integer argument (x86_64) */
	uint32_t hidden_pointer_ret; /* register that holds that address again at ret in unoptimised code, or NO_REG */
	int64_t cfa_at_entry;        /* CFA - sp at the function's first instruction: 8 on x86_64, 0 on aarch64 */
	int64_t cfa_at_return;       /* CFA - sp at a ret, before it executes: likewise */

	uint8_t breakpoint[4];       /* the trap instruction */
	uint32_t breakpoint_size;    /* also the kind of Z0 */
	uint8_t trap_mask[4];        /* what of it all trap instructions have */
	uint32_t trap_advance;       /* how far behind it the kernel says that a thread is which has met a trap instruction */

	struct {
		uint8_t bytes[4];    /* the instruction */
		uint32_t size;
		uint32_t number, result, args[6]; /* register indexes */
		uint64_t mmap, munmap;            /* call numbers */
	} syscall;

	/*
	 * Calls found for each return or tail jump in the code of one function range, in address order; jumps
	 * within [function_low, function_high) are not exits. Returns false when bytes could not be decoded:
	 * *undecoded_ret is the first such address; what was found before and behind it has been reported all
	 * the same. Indirect jumps through memory that cannot be a table (no index register) are tail jumps;
	 * those through a register, or with an index, may go anywhere and are not reported.
	 */
	bool (*find_exits)(const struct fdbg_code *code, uint64_t function_low, uint64_t function_high,
			   void (*found)(void *context, uint64_t address, enum fdbg_exit_kind kind), void *context,
			   uint64_t *undecoded_ret);

	/*
	 * Calls found for each branch and call in the code of one function range, in address order, those to addresses
	 * that are not known among them, and for each FDBG_BRANCH_LOAD. Bytes that are no instruction are passed over.
	 */
	void (*find_branches)(const struct fdbg_code *code, void (*found)(void *context, const struct fdbg_branch *branch),
			      void *context);

	/*
	 * A quick look at code of any length: calls found for each address at which, if an instruction begins there, it
	 * branches to a target that is wanted, or through a slot, or loads either. Nothing that find_branches finds is left out.
	 */
	void (*scan_branches)(const struct fdbg_code *code, bool (*wanted)(void *context, uint64_t target, bool slot),
			      void (*found)(void *context, uint64_t address), void *context);

	/*
	 * Analyses the code from code->address (the function's entry) up to stop. Always fills in *ret; see
	 * its fields for what is known.
	 */
	void (*analyse_prologue)(const struct fdbg_code *code, uint64_t stop, struct fdbg_prologue *ret);

	/*
	 * True when the instruction at stop may be executed again without the function being entered anew: a jump at
	 * or behind stop goes back to stop or to what lies before it (the end of a prologue inside a loop), or
	 * a jump's target is not known.
	 */
	bool (*may_repeat)(const struct fdbg_code *code, uint64_t stop);

	/*
	 * Analyses the code of a whole function (of one range) for what it tells of where the result is
	 * (arch/result.h). Nothing is found, all zero, where it cannot be decoded or without memory. What different
	 * ways out say is put together, contradictions too.
	 */
	void (*analyse_result)(const struct fdbg_code *code, struct fdbg_result_code *ret);

	/*
	 * Moves the instruction at the start of code out of line to address `to`: running the result there has
	 * the same effect as the original at its place, including pushed return addresses, then goes on behind
	 * it. The result is read-only and shared by all threads. `to` must be a multiple of 16.
	 * FDBG_ERROR_UNSUPPORTED when the rule does not cover it, FDBG_ERROR_FORMAT when the bytes are no
	 * instruction.
	 * A fault in it (a bad pointer) is reported at the new address; instructions whose purpose is to
	 * trap are therefore not moved.
	 */
	struct fdbg_error *(*move)(const struct fdbg_code *code, uint64_t to, struct fdbg_moved *ret);
	/* How far (bytes, either way) `to` may be from the origin for every operand to be encoded. */
	uint64_t move_reach;
};

/* The architecture of an ELF machine, NULL when fdbg does not know it. */
const struct fdbg_arch *fdbg_arch_for_machine(uint16_t elf_machine);

/* The index of the register with that name or DWARF number, FDBG_ARCH_NO_REG when there is none. */
uint32_t fdbg_arch_reg_by_name(const struct fdbg_arch *arch, const char *name);
uint32_t fdbg_arch_reg_by_dwarf(const struct fdbg_arch *arch, uint32_t dwarf);

/* The low 8 bytes of a register (0 when not valid). */
static inline uint64_t fdbg_registers_get(const struct fdbg_registers *registers, uint32_t index)
{
	uint64_t value = 0;

	if (index >= FDBG_ARCH_MAX_REGS || !registers->valid[index])
		return 0;
	for (int i = 7; i >= 0; i--)
		value = value << 8 | registers->bytes[index][i];
	return value;
}

extern const struct fdbg_arch fdbg_arch_x86_64;
extern const struct fdbg_arch fdbg_arch_aarch64;

#endif
