/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The processor descriptions: registers, ways out of functions, prologues, moved instructions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <elf.h>

#include "arch/arch.h"

/* Instructions whose execution is compared with the original's are in tests/arch/lockstep.c. */

#define BASE UINT64_C(0x401000)
#define CODE(...) \
	{ (const uint8_t[]){ __VA_ARGS__ }, BASE, sizeof((const uint8_t[]){ __VA_ARGS__ }) }

struct exits {
	size_t n;
	struct { uint64_t offset; enum fdbg_exit_kind kind; } list[16];
};

static void note_exit(void *context, uint64_t address, enum fdbg_exit_kind kind)
{
	struct exits *exits = context;

	assert_true(exits->n < 16);
	exits->list[exits->n].offset = address - BASE;
	exits->list[exits->n++].kind = kind;
}

static void check_exits(const struct fdbg_arch *arch, struct fdbg_code code, uint64_t high,
			const struct exits *want, int64_t undecoded)
{
	struct exits got = { 0 };
	uint64_t address = 1;
	bool all = arch->find_exits(&code, BASE, BASE + high, note_exit, &got, &address);

	assert_int_equal(all, undecoded < 0);
	assert_int_equal(address, undecoded < 0 ? 1 : BASE + (uint64_t)undecoded);
	assert_int_equal(got.n, want->n);
	for (size_t i = 0; i < got.n; i++) {
		assert_int_equal(got.list[i].offset, want->list[i].offset);
		assert_int_equal(got.list[i].kind, want->list[i].kind);
	}
}

static void registers_are_found(void **state)
{
	const struct fdbg_arch *x86 = fdbg_arch_for_machine(EM_X86_64),
			       *arm = fdbg_arch_for_machine(EM_AARCH64);
	/* System V psABI for x86_64, figure 3.36; DWARF for the Arm 64-bit architecture, section 4.1 */
	static const struct { const char *name; uint32_t dwarf;
	} x86_regs[] = {
		{ "rax", 0 }, { "rdx", 1 }, { "rcx", 2 }, { "rbx", 3 }, { "rsi", 4 }, { "rdi", 5 }, { "rbp", 6 },
		{ "rsp", 7 }, { "r8", 8 }, { "r15", 15 }, { "rip", 16 }, { "xmm0", 17 }, { "xmm15", 32 },
		{ "eflags", 49 }, { "fs_base", 58 },
	}, arm_regs[] = {
		{ "x0", 0 }, { "x29", 29 }, { "x30", 30 }, { "sp", 31 }, { "pc", 32 }, { "v0", 64 }, { "v31", 95 },
	};

	(void)state;
	assert_non_null(x86);
	assert_non_null(arm);
	assert_null(fdbg_arch_for_machine(EM_386));
	for (size_t i = 0; i < sizeof(x86_regs) / sizeof(*x86_regs); i++) {
		uint32_t index = fdbg_arch_reg_by_name(x86, x86_regs[i].name);

		assert_true(index < x86->n_regs);
		assert_int_equal(fdbg_arch_reg_by_dwarf(x86, x86_regs[i].dwarf), index);
	}
	for (size_t i = 0; i < sizeof(arm_regs) / sizeof(*arm_regs); i++) {
		uint32_t index = fdbg_arch_reg_by_name(arm, arm_regs[i].name);

		assert_true(index < arm->n_regs);
		assert_int_equal(fdbg_arch_reg_by_dwarf(arm, arm_regs[i].dwarf), index);
	}
	assert_int_equal(fdbg_arch_reg_by_name(arm, "lr"), arm->ra);
	assert_int_equal(fdbg_arch_reg_by_name(x86, "x0"), FDBG_ARCH_NO_REG);
	assert_int_equal(fdbg_arch_reg_by_dwarf(x86, 1000), FDBG_ARCH_NO_REG);
	assert_int_equal(fdbg_arch_reg_by_dwarf(arm, FDBG_ARCH_NO_REG), FDBG_ARCH_NO_REG);
	for (uint32_t i = 0; i < x86->n_regs; i++)
		assert_int_equal(fdbg_arch_reg_by_name(x86, x86->regs[i].name), i);
	for (uint32_t i = 0; i < arm->n_regs; i++)
		assert_int_equal(fdbg_arch_reg_by_name(arm, arm->regs[i].name), i);
}

static void x86_exits_are_found(void **state)
{
	const struct fdbg_arch *arch = &fdbg_arch_x86_64;

	(void)state;
	/* mov eax, 0xc3c3c3c3; ret; ret 8; rep ret; retf */
	check_exits(
		arch,
		(struct fdbg_code)CODE(0xb8, 0xc3, 0xc3, 0xc3, 0xc3, 0xc3, 0xc2, 8, 0, 0xf3, 0xc3, 0xcb), 12,
		&(struct exits){
			3, { { 5, FDBG_EXIT_RETURN }, { 6, FDBG_EXIT_RETURN }, { 9, FDBG_EXIT_RETURN } } },
		-1);
	/* jmp to 0; jmp to 0x100 (out of the range); je to 0x100; jmp 2 behind itself; call out; jmp 4 (the
	 * end) */
	check_exits(arch,
		    (struct fdbg_code)CODE(0xeb, 0xfe, 0xe9, 0xf9, 0, 0, 0, 0x0f, 0x84, 0xf3, 0, 0, 0, 0xeb,
					   2, 0xe8, 0, 1, 0, 0, 0xeb, 0),
		    22,
		    &(struct exits){ 3,
				     { { 2, FDBG_EXIT_TAIL_JUMP },
				       { 7, FDBG_EXIT_CONDITIONAL_JUMP },
				       { 20, FDBG_EXIT_TAIL_JUMP } } },
		    -1);
	/* the same code in a larger function */
	check_exits(arch, (struct fdbg_code)CODE(0xeb, 0xfe, 0xe9, 0xf9, 0, 0, 0, 0x0f, 0x84, 0xf3, 0, 0, 0),
		    0x101, &(struct exits){ 0 }, -1);
	/* jmp [rip+0]; jmp [rsi+0x18]; jmp rax; notrack jmp rax; jmp [rax*8+0]; jmp [rcx+rax*8]; jmp [rsp+8];
	 * jmp [r12+r12] */
	check_exits(arch,
		    (struct fdbg_code)CODE(0xff, 0x25, 0, 0, 0, 0, 0xff, 0x66, 0x18, 0xff, 0xe0, 0x3e, 0xff,
					   0xe0, 0xff, 0x24, 0xc5, 0, 0, 0, 0, 0xff, 0x24, 0xc1, 0xff, 0x64,
					   0x24, 8, 0x43, 0xff, 0x24, 0x24),
		    0x40,
		    &(struct exits){ 3,
				     { { 0, FDBG_EXIT_TAIL_JUMP },
				       { 6, FDBG_EXIT_TAIL_JUMP },
				       { 24, FDBG_EXIT_TAIL_JUMP } } },
		    -1);
	/* nop; two bytes that are no instruction in 64-bit mode; ret; a truncated call */
	check_exits(arch, (struct fdbg_code)CODE(0x90, 0x06, 0x27, 0xc3, 0xe8, 0, 0), 7,
		    &(struct exits){ 1, { { 3, FDBG_EXIT_RETURN } } }, 1);
	check_exits(arch, (struct fdbg_code){ NULL, BASE, 0 }, 0, &(struct exits){ 0 }, -1);
}

static void x86_loops_are_found(void **state)
{
	/* push rbp; 1: dec edi; jne 1; loop 3 bytes on; call 0x20; ret */
	const struct fdbg_code code =
		CODE(0x55, 0xff, 0xcf, 0x75, 0xfc, 0xe2, 3, 0xe8, 0x14, 0, 0, 0, 0xc3, 0x90);
	/* push rbp; jmp rax; jmp through a slot in memory */
	const struct fdbg_code table = CODE(0x55, 0xff, 0xe0, 0xff, 0x25, 0, 0, 0, 0);

	(void)state;
	/* Between the head of the loop and its jump back everything comes again, the jump back included. */
	for (uint64_t at = 0; at < 14; at++)
		assert_int_equal(fdbg_arch_x86_64.may_repeat(&code, BASE + at), at >= 1 && at <= 3);
	for (uint64_t at = 0; at < 9; at++)
		assert_int_equal(fdbg_arch_x86_64.may_repeat(&table, BASE + at), at <= 1);
}

static bool is_clobbered(const struct fdbg_arch *arch, const struct fdbg_prologue *prologue, const char *name)
{
	uint32_t index = fdbg_arch_reg_by_name(arch, name);

	assert_true(index < arch->n_regs);
	return prologue->clobbered[index / 64] >> index % 64 & 1;
}

static void check_spill(const struct fdbg_arch *arch, const struct fdbg_prologue *prologue, size_t at,
			int64_t cfa_offset, uint32_t size, const char *source, const char *origin)
{
	const struct fdbg_spill *spill = &prologue->spills[at];

	assert_true(at < prologue->n_spills);
	assert_true(spill->cfa_known);
	assert_int_equal(spill->cfa_offset, cfa_offset);
	assert_int_equal(spill->size, size);
	assert_int_equal(spill->source, source ? fdbg_arch_reg_by_name(arch, source) : FDBG_ARCH_NO_REG);
	assert_int_equal(spill->origin, origin ? fdbg_arch_reg_by_name(arch, origin) : FDBG_ARCH_NO_REG);
}

static void x86_prologue_of_a_debug_build(void **state)
{
	const struct fdbg_arch *arch = &fdbg_arch_x86_64;
	/*
	 * sub rsp, 0x28; mov al, dil; mov [rsp+8], rsi; mov [rsp+7], al; and al, 1; mov [rsp+6], al; movss
	 * [rsp+0x10], xmm0; mov qword [rsp+0x18], 0
	 */
	const struct fdbg_code code = CODE(0x48, 0x83, 0xec, 0x28, 0x40, 0x88, 0xf8, 0x48, 0x89, 0x74, 0x24,
					   8, 0x88, 0x44, 0x24, 7, 0x24, 1, 0x88, 0x44, 0x24, 6, 0xf3, 0x0f,
					   0x11, 0x44, 0x24, 0x10, 0x48, 0xc7, 0x44, 0x24, 0x18, 0, 0, 0, 0);
	struct fdbg_prologue prologue;

	(void)state;
	arch->analyse_prologue(&code, BASE + code.size, &prologue);
	assert_true(prologue.complete);
	assert_true(prologue.frame_known);
	assert_int_equal(prologue.sp_delta, -0x28);
	assert_false(prologue.fp_known);
	assert_int_equal(prologue.n_spills, 5);
	check_spill(arch, &prologue, 0, 8 - 0x30, 8, "rsi", "rsi");
	assert_int_equal(prologue.spills[0].address, BASE + 7);
	assert_int_equal(prologue.spills[0].end, BASE + 12);
	assert_int_equal(prologue.spills[0].base, arch->sp);
	assert_int_equal(prologue.spills[0].offset, 8);
	check_spill(arch, &prologue, 1, 7 - 0x30, 1, "rax", "rdi");
	check_spill(arch, &prologue, 2, 6 - 0x30, 1, "rax", NULL);
	check_spill(arch, &prologue, 3, 0x10 - 0x30, 4, "xmm0", "xmm0");
	check_spill(arch, &prologue, 4, 0x18 - 0x30, 8, NULL, NULL);
	assert_true(is_clobbered(arch, &prologue, "rax"));
	assert_true(is_clobbered(arch, &prologue, "rsp"));
	assert_true(is_clobbered(arch, &prologue, "eflags"));
	assert_false(is_clobbered(arch, &prologue, "rdi"));
	assert_false(is_clobbered(arch, &prologue, "xmm0"));

	/* up to the entry, nothing has happened; in the middle of an instruction, nothing is known */
	arch->analyse_prologue(&code, BASE, &prologue);
	assert_true(prologue.complete && prologue.frame_known && prologue.sp_delta == 0 &&
		    prologue.n_spills == 0);
	assert_false(is_clobbered(arch, &prologue, "rax"));
	arch->analyse_prologue(&code, BASE + 6, &prologue);
	assert_false(prologue.complete || prologue.frame_known);
	assert_true(is_clobbered(arch, &prologue, "rdi"));
	arch->analyse_prologue(&code, BASE + 100, &prologue);
	assert_false(prologue.complete || prologue.frame_known);
	arch->analyse_prologue(&code, BASE - 1, &prologue);
	assert_false(prologue.complete || prologue.frame_known);
}

static void x86_frame(const struct fdbg_code code, bool complete, bool known, int64_t sp_delta)
{
	struct fdbg_prologue prologue;

	fdbg_arch_x86_64.analyse_prologue(&code, code.address + code.size, &prologue);
	assert_int_equal(prologue.complete, complete);
	assert_int_equal(prologue.frame_known, known);
	assert_int_equal(prologue.sp_delta, sp_delta);
}

static void x86_frames_of_all_kinds(void **state)
{
	struct fdbg_prologue prologue;
	/* push rbp; mov rbp, rsp; push rbx; and rsp, -64; mov [rbp-0x10], rdi; mov [rsp+8], rsi */
	const struct fdbg_code aligned = CODE(0x55, 0x48, 0x89, 0xe5, 0x53, 0x48, 0x83, 0xe4, 0xc0, 0x48,
					      0x89, 0x7d, 0xf0, 0x48, 0x89, 0x74, 0x24, 8);

	(void)state;
	/* mov r11, rsp; sub r11, 0x49000; 1: sub rsp, 0x1000; mov qword [rsp], 0; cmp rsp, r11; jne 1; sub
	 * rsp, 0x3f8 */
	x86_frame((struct fdbg_code)CODE(0x49, 0x89, 0xe3, 0x49, 0x81, 0xeb, 0, 0x90, 4, 0, 0x48, 0x81, 0xec,
					 0, 0x10, 0, 0, 0x48, 0xc7, 4, 0x24, 0, 0, 0, 0, 0x4c, 0x39, 0xdc,
					 0x75, 0xec, 0x48, 0x81, 0xec, 0xf8, 3, 0, 0),
		  true, true, -0x493f8);
	/* the same, but the loop goes back to the instruction that sets r11 */
	x86_frame((struct fdbg_code)CODE(0x49, 0x89, 0xe3, 0x49, 0x81, 0xeb, 0, 0x90, 4, 0, 0x48, 0x81, 0xec,
					 0, 0x10, 0, 0, 0x48, 0xc7, 4, 0x24, 0, 0, 0, 0, 0x4c, 0x39, 0xdc,
					 0x75, 0xe5),
		  false, false, 0);
	/* mov eax, 0x20000; call elsewhere; sub rsp, rax */
	x86_frame((struct fdbg_code)CODE(0xb8, 0, 0, 2, 0, 0xe8, 1, 2, 3, 4, 0x48, 0x29, 0xc4), true, true,
		  -0x20000);
	/* mov eax, [rdi]; call elsewhere; sub rsp, rax: an unknown frame */
	x86_frame((struct fdbg_code)CODE(0x8b, 0x07, 0xe8, 1, 2, 3, 4, 0x48, 0x29, 0xc4), false, false, 0);
	/* push rax; call elsewhere: the frame is known, the registers are not */
	x86_frame((struct fdbg_code)CODE(0x50, 0xe8, 1, 2, 3, 4), false, true, -8);
	/* push rax; jne elsewhere */
	x86_frame((struct fdbg_code)CODE(0x50, 0x75, 0x10), false, false, 0);
	/* lea rsp, [rsp-0x20]; add rsp, 8 */
	x86_frame((struct fdbg_code)CODE(0x48, 0x8d, 0x64, 0x24, 0xe0, 0x48, 0x83, 0xc4, 8), true, true,
		  -0x18);
	/* pop rax: sp above the entry's is no frame */
	x86_frame((struct fdbg_code)CODE(0x58), true, false, 0);
	/* xchg rsp, rax */
	x86_frame((struct fdbg_code)CODE(0x48, 0x94), true, false, 0);

	fdbg_arch_x86_64.analyse_prologue(&aligned, BASE + aligned.size, &prologue);
	assert_true(prologue.complete && !prologue.frame_known && prologue.fp_known);
	assert_int_equal(prologue.fp_delta, -8);
	assert_int_equal(prologue.n_spills, 4);
	check_spill(&fdbg_arch_x86_64, &prologue, 0, -16, 8, "rbp", "rbp");
	check_spill(&fdbg_arch_x86_64, &prologue, 2, -32, 8, "rdi", "rdi");
	assert_false(prologue.spills[3].cfa_known);
	/* The third store goes below where sp was aligned: the slots by sp may be anywhere near it. */
	assert_false(prologue.aligned || prologue.spills[3].sp_known);
}

static void check_aligned_spill(const struct fdbg_arch *arch, const struct fdbg_prologue *prologue, size_t at,
				int64_t sp_offset, const char *origin)
{
	assert_true(at < prologue->n_spills);
	assert_true(prologue->spills[at].sp_known && !prologue->spills[at].cfa_known);
	assert_int_equal(prologue->spills[at].sp_offset, sp_offset);
	assert_int_equal(prologue->spills[at].origin,
			 origin ? fdbg_arch_reg_by_name(arch, origin) : FDBG_ARCH_NO_REG);
}

static void x86_aligned_frame(void **state)
{
	struct fdbg_prologue prologue;
	/* push rbp; mov rbp, rsp; and rsp, -64; mov [rsp-8], rdx; sub rsp, 0x200; mov [rsp+0x28], rdi; mov [rbp+8], rcx */
	const struct fdbg_code code = CODE(0x55, 0x48, 0x89, 0xe5, 0x48, 0x83, 0xe4, 0xc0, 0x48, 0x89, 0x54, 0x24, 0xf8,
					   0x48, 0x81, 0xec, 0, 2, 0, 0, 0x48, 0x89, 0x7c, 0x24, 0x28,
					   0x48, 0x89, 0x4d, 8);
	/* and rsp, -64; and rsp, -128: aligned twice */
	const struct fdbg_code twice = CODE(0x48, 0x83, 0xe4, 0xc0, 0x48, 0x83, 0xe4, 0x80);

	(void)state;
	fdbg_arch_x86_64.analyse_prologue(&code, BASE + code.size, &prologue);
	assert_true(prologue.complete && prologue.aligned && !prologue.frame_known);
	assert_int_equal(prologue.aligned_size, 0x200);
	assert_int_equal(prologue.n_spills, 4);
	check_aligned_spill(&fdbg_arch_x86_64, &prologue, 1, 0x1f8, "rdx");
	check_aligned_spill(&fdbg_arch_x86_64, &prologue, 2, 0x28, "rdi");
	check_spill(&fdbg_arch_x86_64, &prologue, 3, -8, 8, "rcx", "rcx");
	fdbg_arch_x86_64.analyse_prologue(&twice, BASE + twice.size, &prologue);
	assert_false(prologue.aligned || prologue.frame_known);
}

static void x86_values_through_slots(void **state)
{
	struct fdbg_prologue prologue;
	/* sub rsp, 0x40; mov [rsp+8], rsi; mov rax, rdi; mov rdi, [rsp+8]; mov [rsp+0x10], rdi; mov [rsp+0x18], rax;
	 * mov dword ptr [rsp+8], ecx; mov rdx, [rsp+8]; mov [rsp+0x20], rdx; mov edx, [rsp+0x10]; mov [rsp+0x28], edx */
	const struct fdbg_code code = CODE(0x48, 0x83, 0xec, 0x40, 0x48, 0x89, 0x74, 0x24, 8, 0x48, 0x89, 0xf8,
					   0x48, 0x8b, 0x7c, 0x24, 8, 0x48, 0x89, 0x7c, 0x24, 0x10,
					   0x48, 0x89, 0x44, 0x24, 0x18, 0x89, 0x4c, 0x24, 8,
					   0x48, 0x8b, 0x54, 0x24, 8, 0x48, 0x89, 0x54, 0x24, 0x20,
					   0x8b, 0x54, 0x24, 0x10, 0x89, 0x54, 0x24, 0x28);

	(void)state;
	fdbg_arch_x86_64.analyse_prologue(&code, BASE + code.size, &prologue);
	assert_true(prologue.complete && prologue.frame_known);
	assert_int_equal(prologue.n_spills, 6);
	check_spill(&fdbg_arch_x86_64, &prologue, 1, 0x10 - 0x48, 8, "rdi", "rsi");
	check_spill(&fdbg_arch_x86_64, &prologue, 2, 0x18 - 0x48, 8, "rax", "rdi");
	/* Half of the slot is another value by now. */
	check_spill(&fdbg_arch_x86_64, &prologue, 4, 0x20 - 0x48, 8, "rdx", NULL);
	check_spill(&fdbg_arch_x86_64, &prologue, 5, 0x28 - 0x48, 4, "rdx", "rsi");
}

static void check_move(const struct fdbg_arch *arch, struct fdbg_code code, uint64_t to, const uint8_t *want,
		       size_t size)
{
	struct fdbg_moved moved;

	assert_null(arch->move(&code, to, &moved));
	assert_true(moved.size >= size && moved.size % 16 == 0 && moved.size <= sizeof(moved.bytes));
	assert_memory_equal(moved.bytes, want, size);
}

static void check_refused(const struct fdbg_arch *arch, struct fdbg_code code, uint64_t to,
			  enum fdbg_error_code error)
{
	struct fdbg_moved moved, untouched;
	struct fdbg_error *err;

	memset(&moved, 0x5a, sizeof(moved));
	untouched = moved;
	err = arch->move(&code, to, &moved);
	assert_non_null(err);
	assert_int_equal(err->code, error);
	assert_memory_equal(&moved, &untouched, sizeof(moved));
	fdbg_error_destroy(err);
}

#define WANT(...) (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })

static void x86_moves_are_encoded(void **state)
{
	const struct fdbg_arch *arch = &fdbg_arch_x86_64;
	const uint64_t to = 0x501000;

	(void)state;
	/* sub rsp, 0x28, then jmp [rip+6], to the literal at 16 */
	check_move(arch, (struct fdbg_code)CODE(0x48, 0x83, 0xec, 0x28), to,
		   WANT(0x48, 0x83, 0xec, 0x28, 0xff, 0x25, 6, 0, 0, 0, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc,
			4, 0x10, 0x40, 0, 0, 0, 0, 0));
	/* lea rax, [rip+0x10]: 0x401017 is 0x100000 less from there */
	check_move(arch, (struct fdbg_code)CODE(0x48, 0x8d, 5, 0x10, 0, 0, 0), to,
		   WANT(0x48, 0x8d, 5, 0x10, 0, 0xf0, 0xff));
	/* ret stays alone */
	check_move(arch, (struct fdbg_code)CODE(0xc3), to, WANT(0xc3, 0xcc));
	/* call +0x100: push [rip+n] (return address), jmp [rip+n] (target) */
	check_move(arch, (struct fdbg_code)CODE(0xe8, 0, 1, 0, 0), to,
		   WANT(0xff, 0x35, 10, 0, 0, 0, 0xff, 0x25, 12, 0, 0, 0, 0xcc, 0xcc, 0xcc, 0xcc,
			5, 0x10, 0x40, 0, 0, 0, 0, 0, 5, 0x11, 0x40, 0, 0, 0, 0, 0));
	/* call [rsp+8]: rsp is 8 less when it is read */
	check_move(arch, (struct fdbg_code)CODE(0xff, 0x54, 0x24, 8), to,
		   WANT(0xff, 0x35, 10, 0, 0, 0, 0xff, 0xa4, 0x24, 16, 0, 0, 0));
	/* far away, where only absolute jumps get */
	check_move(arch, (struct fdbg_code)CODE(0xe8, 0, 1, 0, 0), UINT64_C(0x7fff00000000),
		   WANT(0xff, 0x35));
	check_refused(arch, (struct fdbg_code)CODE(0x48, 0x8d, 5, 0x10, 0, 0, 0), UINT64_C(0x7fff00000000),
		      FDBG_ERROR_UNSUPPORTED);
	/* within move_reach everything in the default code model (2 GiB at most) can be encoded, on both
	 * sides */
	check_move(arch, (struct fdbg_code)CODE(0x48, 0x8d, 5, 0, 0, 0, 0x3f), BASE + arch->move_reach,
		   WANT(0x48, 0x8d, 5, 0, 0, 0, 0xff));
}

static void x86_moves_are_refused(void **state)
{
	const struct fdbg_arch *arch = &fdbg_arch_x86_64;
	const uint64_t to = 0x501000;

	(void)state;
	check_refused(arch, (struct fdbg_code)CODE(0x0f, 0x0b), to, FDBG_ERROR_UNSUPPORTED); /* ud2 */
	check_refused(arch, (struct fdbg_code)CODE(0xcc), to, FDBG_ERROR_UNSUPPORTED); /* int3 */
	check_refused(arch, (struct fdbg_code)CODE(0xcd, 0x80), to, FDBG_ERROR_UNSUPPORTED); /* int 0x80 */
	check_refused(arch, (struct fdbg_code)CODE(0xf4), to, FDBG_ERROR_UNSUPPORTED); /* hlt */
	check_refused(arch, (struct fdbg_code)CODE(0xcb), to, FDBG_ERROR_UNSUPPORTED); /* retf */
	check_refused(arch, (struct fdbg_code)CODE(0xff, 0x18), to,
		      FDBG_ERROR_UNSUPPORTED); /* call far [rax] */
	check_refused(arch, (struct fdbg_code)CODE(0xc7, 0xf8, 0, 0, 0, 0), to,
		      FDBG_ERROR_UNSUPPORTED); /* xbegin */
	check_refused(arch, (struct fdbg_code)CODE(0xff, 0xd4), to, FDBG_ERROR_UNSUPPORTED); /* call rsp */
	check_refused(arch, (struct fdbg_code)CODE(0xff, 0x54, 0x24, 0xf8), to,
		      FDBG_ERROR_UNSUPPORTED); /* call [rsp-8] */
	check_refused(arch, (struct fdbg_code)CODE(0x67, 0x8b, 5, 0, 0, 0, 0), to,
		      FDBG_ERROR_UNSUPPORTED); /* [eip] */
	check_refused(arch, (struct fdbg_code)CODE(0x66, 0xe9, 0, 0, 0, 0), to,
		      FDBG_ERROR_FORMAT); /* jmp with 66 */
	check_refused(arch, (struct fdbg_code)CODE(0x06), to, FDBG_ERROR_FORMAT);
	check_refused(arch, (struct fdbg_code)CODE(0x48, 0x8d, 5, 0x10), to, FDBG_ERROR_FORMAT); /* cut off */
	check_refused(arch, (struct fdbg_code){ NULL, BASE, 0 }, to, FDBG_ERROR_FORMAT);
}

#define W(n) (n) & 0xff, (n) >> 8 & 0xff, (n) >> 16 & 0xff, (n) >> 24 & 0xff

static void aarch64_exits_and_targets_are_found(void **state)
{
	const struct fdbg_arch *arch = &fdbg_arch_aarch64;
	/* ret; ret x5; retaa; retab; b 0; b 0x100; cbz x0, 0x100; tbnz w0, #3, 0x100; bl 0x100; br x1; b.ne
	 * 0x100 */
	const struct fdbg_code code =
		CODE(W(0xd65f03c0), W(0xd65f00a0), W(0xd65f0bff), W(0xd65f0fff), W(0x17fffffc), W(0x1400003b),
		     W(0xb4000740), W(0x37180720), W(0x94000038), W(0xd61f0020), W(0x540006c1));

	(void)state;
	check_exits(arch, code, code.size,
		    &(struct exits){ 8,
				     { { 0, FDBG_EXIT_RETURN },
				       { 4, FDBG_EXIT_RETURN },
				       { 8, FDBG_EXIT_RETURN },
				       { 12, FDBG_EXIT_RETURN },
				       { 20, FDBG_EXIT_TAIL_JUMP },
				       { 24, FDBG_EXIT_CONDITIONAL_JUMP },
				       { 28, FDBG_EXIT_CONDITIONAL_JUMP },
				       { 40, FDBG_EXIT_CONDITIONAL_JUMP } } },
		    -1);
	/* b -16 stands at 16, br at 36. */
	for (uint64_t at = 0; at < 44; at += 4)
		assert_int_equal(arch->may_repeat(&code, BASE + at), at <= 36);
	/* nop; udf #0; ret; two bytes more */
	check_exits(arch, (struct fdbg_code)CODE(W(0xd503201f), W(0), W(0xd65f03c0), 0, 0), 14,
		    &(struct exits){ 1, { { 8, FDBG_EXIT_RETURN } } }, 4);
	check_exits(arch, (struct fdbg_code)CODE(W(0xd65f03c0), 0xc0), 5,
		    &(struct exits){ 1, { { 0, FDBG_EXIT_RETURN } } }, 4);
}

static void aarch64_prologues(void **state)
{
	const struct fdbg_arch *arch = &fdbg_arch_aarch64;
	/*
	 * sub sp, sp, #48; stp x29, x30, [sp, #32]; add x29, sp, #32; mov x8, x0; strb w1, [sp, #7]; str x8,
	 * [sp, #8]; str d0, [sp, #16]; sturb w2, [x29, #-1]
	 */
	const struct fdbg_code plain = CODE(W(0xd100c3ff), W(0xa9027bfd), W(0x910083fd), W(0xaa0003e8),
					    W(0x39001fe1), W(0xf90007e8), W(0xfd000be0), W(0x381ff3a2));
	/*
	 * stp x29, x30, [sp, #-32]!; str x28, [sp, #16]; mov x29, sp; sub x9, sp, #73, lsl #12;
	 * 1: sub sp, sp, #1, lsl #12; str xzr, [sp]; cmp sp, x9; b.ne 1; sub sp, sp, #1024
	 */
	const struct fdbg_code probed =
		CODE(W(0xa9be7bfd), W(0xf9000bfc), W(0x910003fd), W(0xd14127e9), W(0xd14007ff), W(0xf90003ff),
		     W(0xeb2963ff), W(0x54ffffa1), W(0xd11003ff));
	/* mov x9, #0x5010; sub sp, sp, x9; bl */
	const struct fdbg_code by_register = CODE(W(0xd28a0209), W(0xcb2963ff), W(0x94000000));
	struct fdbg_prologue prologue;

	(void)state;
	arch->analyse_prologue(&plain, BASE + plain.size, &prologue);
	assert_true(prologue.complete && prologue.frame_known && prologue.fp_known);
	assert_int_equal(prologue.sp_delta, -48);
	assert_int_equal(prologue.fp_delta, -16);
	assert_int_equal(prologue.n_spills, 6);
	check_spill(arch, &prologue, 0, -16, 8, "x29", "x29");
	check_spill(arch, &prologue, 1, -8, 8, "x30", "x30");
	check_spill(arch, &prologue, 2, -41, 1, "x1", "x1");
	check_spill(arch, &prologue, 3, -40, 8, "x8", "x0");
	check_spill(arch, &prologue, 4, -32, 8, "v0", "v0");
	check_spill(arch, &prologue, 5, -17, 1, "x2", "x2");
	assert_true(is_clobbered(arch, &prologue, "x8"));
	assert_false(is_clobbered(arch, &prologue, "x0"));

	arch->analyse_prologue(&probed, BASE + probed.size, &prologue);
	assert_true(prologue.complete && prologue.frame_known && prologue.fp_known);
	assert_int_equal(prologue.sp_delta, -32 - 73 * 4096 - 1024);
	assert_int_equal(prologue.fp_delta, -32);
	assert_int_equal(prologue.n_spills, 3);

	arch->analyse_prologue(&by_register, BASE + 8, &prologue);
	assert_true(prologue.complete && prologue.frame_known);
	assert_int_equal(prologue.sp_delta, -0x5010);
	arch->analyse_prologue(&by_register, BASE + 12, &prologue);
	assert_true(!prologue.complete && prologue.frame_known);
	assert_true(is_clobbered(arch, &prologue, "x0"));
	arch->analyse_prologue(&by_register, BASE + 6, &prologue);
	assert_true(!prologue.complete && !prologue.frame_known);
}

static void aarch64_slots_and_alignment(void **state)
{
	const struct fdbg_arch *arch = &fdbg_arch_aarch64;
	/*
	 * stp x29, x30, [sp, #-16]!; mov x29, sp; sub x9, sp, #0x200; and sp, x9, #-64; str x1, [sp, #8]; mov x8, x0;
	 * ldr x0, [sp, #8]; str x0, [sp, #16]; str x8, [sp, #24]; str w2, [sp, #8]; ldr x3, [sp, #8];
	 * str x3, [sp, #32]; ldr w4, [sp, #16]; str w4, [sp, #40]
	 */
	const struct fdbg_code code =
		CODE(W(0xa9bf7bfd), W(0x910003fd), W(0xd10803e9), W(0x927ae53f), W(0xf90007e1), W(0xaa0003e8),
		     W(0xf94007e0), W(0xf9000be0), W(0xf9000fe8), W(0xb9000be2), W(0xf94007e3), W(0xf90013e3),
		     W(0xb94013e4), W(0xb9002be4));
	struct fdbg_prologue prologue;

	(void)state;
	arch->analyse_prologue(&code, BASE + code.size, &prologue);
	assert_true(prologue.complete && prologue.aligned && prologue.fp_known && !prologue.frame_known);
	assert_int_equal(prologue.aligned_size, 0x200);
	assert_int_equal(prologue.n_spills, 8);
	check_aligned_spill(arch, &prologue, 2, 8, "x1");
	check_aligned_spill(arch, &prologue, 3, 16, "x1");
	check_aligned_spill(arch, &prologue, 4, 24, "x0");
	check_aligned_spill(arch, &prologue, 5, 8, "x2");
	/* Half of the slot is another value by now. */
	check_aligned_spill(arch, &prologue, 6, 32, NULL);
	check_aligned_spill(arch, &prologue, 7, 40, "x1");
}

static void aarch64_moves(void **state)
{
	const struct fdbg_arch *arch = &fdbg_arch_aarch64;
	const uint64_t to = 0x501000;

	(void)state;
	/* mov x29, sp; b back: from 0x501004 to 0x401004 */
	check_move(arch, (struct fdbg_code)CODE(W(0x910003fd)), to, WANT(W(0x910003fd), W(0x17fc0000)));
	/* adrp x0, +0x1000: ldr x0, literal at 8; b; 0x402000 */
	check_move(arch, (struct fdbg_code)CODE(W(0xb0000000)), to,
		   WANT(W(0x58000040), W(0x17fc0000), W(0x402000), W(0)));
	/* bl +0x100: ldr x30, literal; b to 0x401100 */
	check_move(arch, (struct fdbg_code)CODE(W(0x94000040)), to,
		   WANT(W(0x5800005e), W(0x17fc003f), W(0x401004), W(0)));
	/* cbz x1, -4: cbz x1, +8; b 0x401004; b 0x400ffc */
	check_move(arch, (struct fdbg_code)CODE(W(0xb4ffffe1)), to,
		   WANT(W(0xb4000041), W(0x17fc0000), W(0x17fbfffd)));
	/* tbz x1, #33, +8 */
	check_move(arch, (struct fdbg_code)CODE(W(0xb6080041)), to,
		   WANT(W(0xb6080041), W(0x17fc0000), W(0x17fc0000)));
	/* blr x3: ldr x30, literal; br x3 */
	check_move(arch, (struct fdbg_code)CODE(W(0xd63f0060)), to,
		   WANT(W(0x5800005e), W(0xd61f0060), W(0x401004), W(0)));
	check_move(arch, (struct fdbg_code)CODE(W(0xd65f03c0)), to, WANT(W(0xd65f03c0)));
	check_move(arch, (struct fdbg_code)CODE(W(0x910003fd)), BASE + arch->move_reach, WANT(W(0x910003fd)));

	check_refused(arch, (struct fdbg_code)CODE(W(0x910003fd)), UINT64_C(0x10000000),
		      FDBG_ERROR_UNSUPPORTED);
	check_refused(arch, (struct fdbg_code)CODE(W(0xd63f03c0)), to, FDBG_ERROR_UNSUPPORTED); /* blr x30 */
	check_refused(arch, (struct fdbg_code)CODE(W(0xd4200000)), to, FDBG_ERROR_UNSUPPORTED); /* brk */
	check_refused(arch, (struct fdbg_code)CODE(W(0)), to, FDBG_ERROR_FORMAT);
	check_refused(arch, (struct fdbg_code)CODE(0xfd, 3, 0), to, FDBG_ERROR_FORMAT);
}

static void count_exit(void *context, uint64_t address, enum fdbg_exit_kind kind)
{
	(void)address;
	(void)kind;
	++*(size_t *)context;
}

/* Any bytes do: no access outside of them (the sanitizers watch), and what is said of them is in range. */
static void random_bytes_do_no_harm(void **state)
{
	static const struct fdbg_arch *const all[] = { &fdbg_arch_x86_64, &fdbg_arch_aarch64 };
	uint64_t seed = 1;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		size_t size = (size_t)round % 40, n_exits = 0;
		uint8_t *bytes = malloc(size ? size : 1);
		struct fdbg_code code = { bytes, BASE, size };
		struct fdbg_prologue prologue;
		struct fdbg_moved moved;
		uint64_t undecoded;

		assert_non_null(bytes);
		for (size_t i = 0; i < size; i++) {
			seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
			bytes[i] = (uint8_t)(seed >> 56);
		}
		for (size_t i = 0; i < 2; i++) {
			struct fdbg_error *err;

			if (!all[i]->find_exits(&code, BASE, BASE + size, count_exit, &n_exits, &undecoded))
				assert_true(undecoded - BASE < size);
			assert_true(n_exits <= 2 * size);
			all[i]->may_repeat(&code, BASE + 1);
			all[i]->analyse_prologue(&code, BASE + size, &prologue);
			assert_true(prologue.n_spills <= FDBG_MAX_SPILLS);
			assert_true(prologue.sp_delta <= 0);
			err = all[i]->move(&code, 0x501000, &moved);
			if (!err)
				assert_true(moved.size <= sizeof(moved.bytes) && moved.size % 16 == 0);
			fdbg_error_destroy(err);
		}
		free(bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registers_are_found),
		cmocka_unit_test(x86_exits_are_found),
		cmocka_unit_test(x86_loops_are_found),
		cmocka_unit_test(x86_prologue_of_a_debug_build),
		cmocka_unit_test(x86_frames_of_all_kinds),
		cmocka_unit_test(x86_aligned_frame),
		cmocka_unit_test(x86_values_through_slots),
		cmocka_unit_test(aarch64_slots_and_alignment),
		cmocka_unit_test(x86_moves_are_encoded),
		cmocka_unit_test(x86_moves_are_refused),
		cmocka_unit_test(aarch64_exits_and_targets_are_found),
		cmocka_unit_test(aarch64_prologues),
		cmocka_unit_test(aarch64_moves),
		cmocka_unit_test(random_bytes_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
