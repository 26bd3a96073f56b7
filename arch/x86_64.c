/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The x86_64 architecture: registers, calling convention, system calls. */
#include "arch/x86_64.h"

#include "arch/result.h"

#include <elf.h>

/* DWARF numbers: System V psABI, figure 3.36. Names: GDB's i386 target descriptions. */
#define XMM(n) [X86_XMM0 + (n)] = { "xmm" #n, 17 + (n), 16, NULL }

static const struct fdbg_reg regs[X86_N_REGS] = {
	[X86_RAX] = { "rax", 0, 8, NULL },
	[X86_RBX] = { "rbx", 3, 8, NULL },
	[X86_RCX] = { "rcx", 2, 8, NULL },
	[X86_RDX] = { "rdx", 1, 8, NULL },
	[X86_RSI] = { "rsi", 4, 8, NULL },
	[X86_RDI] = { "rdi", 5, 8, NULL },
	[X86_RBP] = { "rbp", 6, 8, NULL },
	[X86_RSP] = { "rsp", 7, 8, NULL },
	[X86_R8] = { "r8", 8, 8, NULL },
	[X86_R9] = { "r9", 9, 8, NULL },
	[X86_R10] = { "r10", 10, 8, NULL },
	[X86_R11] = { "r11", 11, 8, NULL },
	[X86_R12] = { "r12", 12, 8, NULL },
	[X86_R13] = { "r13", 13, 8, NULL },
	[X86_R14] = { "r14", 14, 8, NULL },
	[X86_R15] = { "r15", 15, 8, NULL },
	[X86_RIP] = { "rip", 16, 8, NULL },
	[X86_EFLAGS] = { "eflags", 49, 4, "rflags" },
	[X86_FS_BASE] = { "fs_base", 58, 8, NULL },
	[X86_GS_BASE] = { "gs_base", 59, 8, NULL },
	XMM(0), XMM(1), XMM(2), XMM(3), XMM(4), XMM(5), XMM(6), XMM(7),
	XMM(8), XMM(9), XMM(10), XMM(11), XMM(12), XMM(13), XMM(14), XMM(15),
};

/* rust-abi.md, sections 2.1 and 7.1 */
static const uint32_t int_args[] = { X86_RDI, X86_RSI, X86_RDX, X86_RCX, X86_R8, X86_R9 };
static const uint32_t float_args[] = {
	X86_XMM0,     X86_XMM0 + 1, X86_XMM0 + 2, X86_XMM0 + 3,
	X86_XMM0 + 4, X86_XMM0 + 5, X86_XMM0 + 6, X86_XMM0 + 7,
};
static const uint32_t int_rets[] = { X86_RAX, X86_RDX, X86_RCX };
static const uint32_t float_rets[] = { X86_XMM0, X86_XMM0 + 1 };

#define N(array) (sizeof(array) / sizeof(*(array)))

_Static_assert(X86_N_REGS <= FDBG_ARCH_MAX_REGS, "register sets are too small");

const struct fdbg_arch fdbg_arch_x86_64 = {
	.name = "x86_64",
	.elf_machine = EM_X86_64,
	.pointer_size = 8,

	.regs = regs,
	.n_regs = X86_N_REGS,
	.sp = X86_RSP,
	.pc = X86_RIP,
	.fp = X86_RBP,
	.ra = FDBG_ARCH_NO_REG,

	.int_args = int_args,
	.n_int_args = N(int_args),
	.float_args = float_args,
	.n_float_args = N(float_args),
	.int_rets = int_rets,
	.n_int_rets = N(int_rets),
	.float_rets = float_rets,
	.n_float_rets = N(float_rets),
	.hidden_pointer = X86_RDI,
	.hidden_pointer_is_arg = true,
	.hidden_pointer_ret = X86_RAX,
	.cfa_at_entry = 8,
	.cfa_at_return = 8,

	.breakpoint = { 0xcc },
	.breakpoint_size = 1,
	.trap_mask = { 0xff },
	.trap_advance = 1,

	.syscall = {
		.bytes = { 0x0f, 0x05 },
		.size = 2,
		.number = X86_RAX,
		.result = X86_RAX,
		.args = { X86_RDI, X86_RSI, X86_RDX, X86_R10, X86_R8, X86_R9 },
		.mmap = 9,
		.munmap = 11,
	},

	.find_exits = fdbg_x86_64_find_exits,
	.find_branches = fdbg_x86_64_find_branches,
	.scan_branches = fdbg_x86_64_scan_branches,
	.analyse_prologue = fdbg_x86_64_analyse_prologue,
	.may_repeat = fdbg_x86_64_may_repeat,
	.analyse_result = fdbg_x86_64_analyse_result,
	.move = fdbg_x86_64_move,
	/* A displacement of 32 bits, less what the operand itself may be away from the instruction. */
	.move_reach = 0x40000000,
};
