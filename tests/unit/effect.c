/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What single instructions read and write, and where they go; C's calling convention. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arch/effect.h"
#include "rust/c_abi.h"

#define BASE 0x1000

static struct fdbg_effect effect_of(const struct fdbg_arch *arch, const uint8_t *bytes, size_t size)
{
	struct fdbg_effects *effects = fdbg_effects_open(arch);
	struct fdbg_effect effect = { 0 };

	assert_non_null(effects);
	assert_true(fdbg_effects_at(effects, bytes, size, BASE, &effect));
	fdbg_effects_close(effects);
	return effect;
}

#define X86(...) effect_of(&fdbg_arch_x86_64, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))
#define A64(WORD) effect_of(&fdbg_arch_aarch64, \
	(const uint8_t[]){ (WORD) & 0xff, (WORD) >> 8 & 0xff, (WORD) >> 16 & 0xff, (uint32_t)(WORD) >> 24 }, 4)

static bool reads(const struct fdbg_arch *arch, struct fdbg_effect effect, const char *reg)
{
	return fdbg_effect_has(effect.reads, fdbg_arch_reg_by_name(arch, reg));
}

static bool writes(const struct fdbg_arch *arch, struct fdbg_effect effect, const char *reg)
{
	return fdbg_effect_has(effect.writes, fdbg_arch_reg_by_name(arch, reg));
}

#define READS(EFFECT, REG) assert_true(reads(arch, EFFECT, REG))
#define IGNORES(EFFECT, REG) assert_false(reads(arch, EFFECT, REG))
#define WRITES(EFFECT, REG) assert_true(writes(arch, EFFECT, REG))
#define KEEPS(EFFECT, REG) assert_false(writes(arch, EFFECT, REG))

static void x86_registers(void **state)
{
	const struct fdbg_arch *arch = &fdbg_arch_x86_64;

	(void)state;
	READS(X86(0x48, 0x89, 0xc7), "rax"); /* mov rdi, rax */
	WRITES(X86(0x48, 0x89, 0xc7), "rdi");
	KEEPS(X86(0x48, 0x89, 0xc7), "rax");
	IGNORES(X86(0x31, 0xc0), "rax"); /* xor eax, eax */
	WRITES(X86(0x31, 0xc0), "rax");
	IGNORES(X86(0x50), "rax"); /* push rax, which aligns the stack */
	READS(X86(0x84, 0xc0), "rax"); /* test al, al */
	KEEPS(X86(0x84, 0xc0), "rax");
	IGNORES(X86(0xb0, 0x05), "rax"); /* mov al, 5 */
	WRITES(X86(0xb0, 0x05), "rax");
	READS(X86(0x48, 0x8b, 0x08), "rax"); /* mov rcx, [rax] */
	READS(X86(0x48, 0x89, 0x04, 0x24), "rax"); /* mov [rsp], rax */
	KEEPS(X86(0x48, 0x89, 0x04, 0x24), "rax");
	READS(X86(0x48, 0xf7, 0xe1), "rax"); /* mul rcx */
	WRITES(X86(0x48, 0xf7, 0xe1), "rdx");
	READS(X86(0xf2, 0x0f, 0x58, 0xc1), "xmm0"); /* addsd xmm0, xmm1 */
	READS(X86(0xf2, 0x0f, 0x11, 0x04, 0x24), "xmm0"); /* movsd [rsp], xmm0 */
	IGNORES(X86(0xf2, 0x48, 0x0f, 0x2a, 0xc0), "xmm0"); /* cvtsi2sd xmm0, rax merges */
	READS(X86(0xf2, 0x48, 0x0f, 0x2a, 0xc0), "rax");
	WRITES(X86(0xf2, 0x48, 0x0f, 0x2a, 0xc0), "xmm0");
	IGNORES(X86(0x0f, 0x57, 0xc0), "xmm0"); /* xorps xmm0, xmm0 */
	IGNORES(X86(0x83, 0xc8, 0xff), "rax"); /* or eax, -1 */
	READS(X86(0x0f, 0x44, 0xc1), "rax"); /* cmove eax, ecx */
	IGNORES(X86(0x0f, 0x1f, 0x00), "rax"); /* nop [rax] */
}

static void x86_flow(void **state)
{
	struct fdbg_effect effect;

	(void)state;
	effect = X86(0xe8, 0x10, 0, 0, 0);
	assert_true(effect.flow == FDBG_FLOW_CALL && effect.target == BASE + 0x15);
	effect = X86(0x74, 0x02);
	assert_true(effect.flow == FDBG_FLOW_COND_JUMP && effect.target == BASE + 4);
	effect = X86(0xff, 0xe0); /* jmp rax */
	assert_int_equal(effect.flow, FDBG_FLOW_JUMP_INDIRECT);
	assert_int_equal(effect.target_reg, fdbg_arch_reg_by_name(&fdbg_arch_x86_64, "rax"));
	effect = X86(0xff, 0x60, 0x18); /* jmp [rax + 24] */
	assert_true(effect.flow == FDBG_FLOW_JUMP_INDIRECT && effect.target_reg == FDBG_ARCH_NO_REG && effect.target_in_memory);
	assert_int_equal(effect.target_slot.base, fdbg_arch_reg_by_name(&fdbg_arch_x86_64, "rax"));
	assert_true(effect.target_slot.index == FDBG_ARCH_NO_REG && effect.target_slot.offset == 24);
	effect = X86(0xff, 0x24, 0xc8); /* jmp [rax + 8 * rcx] */
	assert_true(effect.target_in_memory && effect.target_slot.scale == 8 && effect.target_slot.offset == 0);
	assert_int_equal(effect.target_slot.index, fdbg_arch_reg_by_name(&fdbg_arch_x86_64, "rcx"));
	effect = X86(0xff, 0x24, 0xcd, 0, 0x10, 0, 0); /* jmp [8 * rcx + 0x1000] */
	assert_true(effect.target_in_memory && effect.target_slot.base == FDBG_ARCH_NO_REG && effect.target_slot.offset == 0x1000);
	effect = X86(0xff, 0x25, 0x10, 0, 0, 0); /* jmp [rip + 16] */
	assert_true(effect.target_in_memory && effect.target_slot.base == FDBG_ARCH_NO_REG &&
		    effect.target_slot.index == FDBG_ARCH_NO_REG && effect.target_slot.offset == BASE + 6 + 16);
	/* jmp fs:[rax], jmp [eax], jmp far [rax] */
	assert_false(X86(0x64, 0xff, 0x20).target_in_memory);
	assert_false(X86(0x67, 0xff, 0x20).target_in_memory);
	assert_false(X86(0xff, 0x28).target_in_memory);
	assert_int_equal(X86(0x0f, 0x0b).flow, FDBG_FLOW_STOP); /* ud2 */
	assert_int_equal(X86(0xc3).flow, FDBG_FLOW_RETURN);
}

static void aarch64_registers(void **state)
{
	const struct fdbg_arch *arch = &fdbg_arch_aarch64;

	(void)state;
	READS(A64(0xaa0003f3), "x0"); /* mov x19, x0 */
	WRITES(A64(0xaa0003f3), "x19");
	READS(A64(0xf9000100), "x8"); /* str x0, [x8] */
	READS(A64(0xf9000100), "x0");
	KEEPS(A64(0xf9000100), "x8");
	WRITES(A64(0xf9400100), "x0"); /* ldr x0, [x8] */
	IGNORES(A64(0xf9400100), "x0");
	WRITES(A64(0xd2800028), "x8"); /* mov x8, #1 */
	READS(A64(0x7100001f), "x0"); /* cmp w0, #0 */
	KEEPS(A64(0x7100001f), "x0");
	READS(A64(0x34000040), "x0"); /* cbz w0, +8 */
	READS(A64(0xa90007e0), "x1"); /* stp x0, x1, [sp] */
	KEEPS(A64(0xa90007e0), "x1");
	WRITES(A64(0xa94007e0), "x1"); /* ldp x0, x1, [sp] */
	READS(A64(0x9e660000), "v0"); /* fmov x0, d0 */
	WRITES(A64(0x9e660000), "x0");
	KEEPS(A64(0x9e660000), "v0");
	READS(A64(0x1e612800), "v1"); /* fadd d0, d0, d1 */
	WRITES(A64(0x1e612800), "v0");
	assert_int_equal(A64(0xd65f03c0).flow, FDBG_FLOW_RETURN);
	assert_int_equal(A64(0xd61f0020).target_reg, fdbg_arch_reg_by_name(arch, "x1")); /* br x1 */
	assert_true(A64(0x94000004).flow == FDBG_FLOW_CALL && A64(0x94000004).target == BASE + 16);
}

/* A struct of scalars with these sizes; floats are negative. */
static const struct fdbg_type *structure(const int *sizes, size_t n)
{
	static struct fdbg_type types[8], whole;
	static struct fdbg_member members[8];
	uint64_t at = 0, most = 1;

	memset(types, 0, sizeof(types));
	memset(members, 0, sizeof(members));
	for (size_t i = 0; i < n; i++) {
		uint64_t size = (uint64_t)(sizes[i] < 0 ? -sizes[i] : sizes[i]);

		types[i] = (struct fdbg_type){ .kind = FDBG_TYPE_BASE, .size = size, .align = size,
					       .encoding = sizes[i] < 0 ? FDBG_ENCODING_FLOAT : FDBG_ENCODING_UNSIGNED };
		at = (at + size - 1) / size * size;
		members[i].offset = at;
		members[i].type = (struct fdbg_type_ref){ .die = i + 1, .type = &types[i] };
		at += size;
		most = size > most ? size : most;
	}
	whole = (struct fdbg_type){ .kind = FDBG_TYPE_STRUCT, .name = FDBG_TEXT("app::S"), .members = members, .n_members = n,
				    .size = (at + most - 1) / most * most, .align = most };
	return &whole;
}

/* The pieces as text: "i0:8@0 f0:4@8", "memory". */
static void place_of(bool x86, const int *sizes, size_t n, char *text)
{
	struct fdbg_abi abi = { .hidden_pointer_is_arg = x86 };
	struct fdbg_abi_value value;

	fdbg_c_return_value(&abi, structure(sizes, n), &value);
	strcpy(text, value.place == FDBG_ABI_MEMORY ? "memory" : "");
	for (size_t i = 0; i < value.n_pieces; i++)
		sprintf(text + strlen(text), "%s%c%u:%u@%u", i ? " " : "", value.pieces[i].reg_class == FDBG_REG_INT ? 'i' : 'f',
			value.pieces[i].reg, (unsigned int)value.pieces[i].size, (unsigned int)value.pieces[i].offset);
}

#define PLACES(X86_TEXT, A64_TEXT, ...) do { \
	const int sizes[] = { __VA_ARGS__ }; \
	char text[128]; \
	place_of(true, sizes, sizeof(sizes) / sizeof(sizes[0]), text); \
	assert_string_equal(text, X86_TEXT); \
	place_of(false, sizes, sizeof(sizes) / sizeof(sizes[0]), text); \
	assert_string_equal(text, A64_TEXT); \
} while (0)

/* The table of rust-abi.md, section 3. */
static void c_returns(void **state)
{
	(void)state;
	PLACES("i0:3@0", "i0:3@0", 1, 1, 1);
	PLACES("i0:8@0 i1:4@8", "i0:8@0 i1:4@8", 4, 4, 4);
	PLACES("i0:8@0 i1:8@8", "i0:8@0 i1:8@8", 8, 8);
	PLACES("memory", "memory", 8, 8, 8);
	PLACES("f0:4@0", "f0:4@0", -4);
	PLACES("f0:8@0", "f0:4@0 f1:4@4", -4, -4);
	PLACES("f0:8@0 f1:4@8", "f0:4@0 f1:4@4 f2:4@8", -4, -4, -4);
	PLACES("f0:8@0 f1:8@8", "f0:4@0 f1:4@4 f2:4@8 f3:4@12", -4, -4, -4, -4);
	PLACES("f0:8@0 f1:8@8", "f0:8@0 f1:8@8", -8, -8);
	PLACES("memory", "f0:8@0 f1:8@8 f2:8@16", -8, -8, -8);
	PLACES("memory", "memory", -4, -4, -4, -4, -4);
	PLACES("f0:8@0 i0:8@8", "i0:8@0 i1:8@8", -8, 8);
	PLACES("i0:8@0 f0:8@8", "i0:8@0 i1:8@8", 8, -8);
	PLACES("i0:8@0", "i0:8@0", 4, -4);
	PLACES("f0:8@0 i0:4@8", "i0:8@0 i1:4@8", -4, -4, 4);
	PLACES("f0:8@0 f1:8@8", "i0:8@0 i1:8@8", -4, -8);
	PLACES("i0:8@0", "i0:8@0", 4, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(x86_registers),
		cmocka_unit_test(x86_flow),
		cmocka_unit_test(aarch64_registers),
		cmocka_unit_test(c_returns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
