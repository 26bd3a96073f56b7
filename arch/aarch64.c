/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The aarch64 architecture: registers, calling convention, system calls. */
#include "arch/aarch64.h"

#include "arch/result.h"

#include <elf.h>

/* DWARF numbers: DWARF for the Arm 64-bit architecture, section 4.1. Names: GDB's target descriptions. */
#define X(n) [n] = { "x" #n, n, 8, NULL }
/* With SVE a server describes z0, of which v0 is the low part. */
#define V(n) [A64_V0 + (n)] = { "v" #n, 64 + (n), 16, "z" #n }

static const struct fdbg_reg regs[A64_N_REGS] = {
	X(0), X(1), X(2), X(3), X(4), X(5), X(6), X(7), X(8), X(9), X(10), X(11), X(12), X(13), X(14), X(15),
	X(16), X(17), X(18), X(19), X(20), X(21), X(22), X(23), X(24), X(25), X(26), X(27), X(28),
	[A64_FP] = { "x29", 29, 8, "fp" },
	[A64_LR] = { "x30", 30, 8, "lr" },
	[A64_SP] = { "sp", 31, 8, NULL },
	[A64_PC] = { "pc", 32, 8, NULL },
	[A64_CPSR] = { "cpsr", FDBG_ARCH_NO_REG, 4, NULL }, /* has no DWARF number */
	V(0), V(1), V(2), V(3), V(4), V(5), V(6), V(7), V(8), V(9), V(10), V(11), V(12), V(13), V(14), V(15),
	V(16), V(17), V(18), V(19), V(20), V(21), V(22), V(23),
	V(24), V(25), V(26), V(27), V(28), V(29), V(30), V(31),
};

/* rust-abi.md, sections 2.1 and 7.1 */
static const uint32_t ints[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
static const uint32_t floats[] = {
	A64_V0, A64_V0 + 1, A64_V0 + 2, A64_V0 + 3, A64_V0 + 4, A64_V0 + 5, A64_V0 + 6, A64_V0 + 7,
};

#define N(array) (sizeof(array) / sizeof(*(array)))

_Static_assert(A64_N_REGS <= FDBG_ARCH_MAX_REGS, "register sets are too small");

const struct fdbg_arch fdbg_arch_aarch64 = {
	.name = "aarch64",
	.elf_machine = EM_AARCH64,
	.pointer_size = 8,

	.regs = regs,
	.n_regs = A64_N_REGS,
	.sp = A64_SP,
	.pc = A64_PC,
	.fp = A64_FP,
	.ra = A64_LR,

	.int_args = ints,
	.n_int_args = N(ints),
	.float_args = floats,
	.n_float_args = N(floats),
	.int_rets = ints,
	.n_int_rets = N(ints),
	.float_rets = floats,
	.n_float_rets = N(floats),
	.hidden_pointer = A64_X8,
	.hidden_pointer_is_arg = false,
	.hidden_pointer_ret = FDBG_ARCH_NO_REG,
	.cfa_at_entry = 0,
	.cfa_at_return = 0,

	.breakpoint = { 0x00, 0x00, 0x20, 0xd4 }, /* brk #0 */
	.breakpoint_size = 4,
	.trap_mask = { 0x1f, 0x00, 0xe0, 0xff }, /* a number for whoever handles it may be in it */
	.trap_advance = 0,

	.syscall = {
		.bytes = { 0x01, 0x00, 0x00, 0xd4 }, /* svc #0 */
		.size = 4,
		.number = A64_X8,
		.result = A64_X0,
		.args = { 0, 1, 2, 3, 4, 5 },
		.mmap = 222,
		.munmap = 215,
	},

	.find_exits = fdbg_aarch64_find_exits,
	.find_branches = fdbg_aarch64_find_branches,
	.scan_branches = fdbg_aarch64_scan_branches,
	.analyse_prologue = fdbg_aarch64_analyse_prologue,
	.may_repeat = fdbg_aarch64_may_repeat,
	.analyse_result = fdbg_aarch64_analyse_result,
	.move = fdbg_aarch64_move,
	/* The reach of b, which goes back; no register is free for a longer way. */
	.move_reach = 0x7f00000,
};
