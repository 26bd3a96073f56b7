/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A program to be run instruction by instruction: rare instruction forms, then ordinary library code. */
#include "tests/arch/victim.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __x86_64__

/* Every form that move() rewrites, taken and not taken. */
__attribute__((target("avx2"))) static void vector_forms(void)
{
	if (!__builtin_cpu_supports("avx2"))
		return;
	__asm__ volatile(".data\n"
			 ".balign 32\n"
			 "1: .quad 1, 2, 3, 4\n"
			 ".text\n"
			 "vmovdqa 1b(%%rip), %%xmm1\n"
			 "vpaddq 1b(%%rip), %%ymm1, %%ymm2\n"
			 "vpalignr $5, 1b(%%rip), %%xmm2, %%xmm3\n"
			 "vpshufd $0x1b, 1b(%%rip), %%ymm4\n"
			 "vmovups %%ymm2, 1b(%%rip)\n"
			 "vpermq $0x1b, 1b(%%rip), %%ymm5\n"
			 "vmovq 1b+8(%%rip), %%xmm6\n"
			 "vzeroupper\n"
			 : : : "memory", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6");
}

static void scalar_forms(void)
{
	__asm__ volatile(
		"sub $256, %%rsp\n" /* out of the red zone */
		".data\n"
		".balign 16\n"
		"1: .quad 0x1122334455667788, 0x99aabbccddeeff00\n"
		"2: .quad 3f\n"
		".text\n"
		/* operands relative to rip, with immediates behind them */
		"mov 1b(%%rip), %%rax\n"
		"movl $0x12345678, 1b(%%rip)\n"
		"movw $0x1234, 1b+2(%%rip)\n"
		"movb $0x7f, 1b+1(%%rip)\n"
		"cmpb $0x11, 1b(%%rip)\n"
		"cmpl $-3, 1b(%%rip)\n"
		"addq $1000, 1b(%%rip)\n"
		"imul $7, 1b(%%rip), %%rcx\n"
		"imul $70000, 1b(%%rip), %%ecx\n"
		"testl $0x8000, 1b(%%rip)\n"
		"shlq $3, 1b(%%rip)\n"
		"shld $5, %%rax, 1b(%%rip)\n"
		"btl $3, 1b(%%rip)\n"
		"lea 1b(%%rip), %%rdi\n"
		"lea 1b(%%rip), %%r15\n"
		"lock xaddq %%rax, 1b(%%rip)\n"
		"cmpxchg %%rdx, 1b(%%rip)\n"
		"movzbl 1b+3(%%rip), %%edx\n"
		"movslq 1b+4(%%rip), %%r9\n"
		"movaps 1b(%%rip), %%xmm3\n"
		"pshufd $0x4e, 1b(%%rip), %%xmm4\n"
		"movsd 1b(%%rip), %%xmm5\n"
		"pinsrw $3, 1b(%%rip), %%xmm5\n"
		"pshufb 1b(%%rip), %%xmm4\n"
		"palignr $3, 1b(%%rip), %%xmm4\n"
		"cvtsi2sdq 1b(%%rip), %%xmm6\n"
		"fldl 1b(%%rip)\n"
		"fstpl 1b(%%rip)\n"
		"pushq 1b(%%rip)\n"
		"popq 1b+8(%%rip)\n"
		"cmovneq 1b(%%rip), %%rcx\n"
		"setne 1b(%%rip)\n"
		"nopw 1b(%%rip)\n"
		"movabs $0x1122334455667788, %%rax\n"
		"movl %%fs:0, %%ecx\n"
		"pushfq\n"
		"popq %%rcx\n"
		"push %%rsp\n"
		"pop %%rcx\n"
		/* calls of all kinds; each callee reads its return address */
		"call 3f\n"
		"lea 3f(%%rip), %%rax\n"
		"call *%%rax\n"
		"mov %%rax, %%r12\n"
		"call *%%r12\n"
		"mov %%rax, %%r11\n"
		"call *%%r11\n"
		"call *2b(%%rip)\n"
		"mov %%rax, (%%rsp)\n"
		"mov %%rax, 8(%%rsp)\n"
		"mov %%rax, 128(%%rsp)\n"
		"mov %%rax, 120(%%rsp)\n"
		"mov %%rax, 200(%%rsp)\n"
		"call *(%%rsp)\n"
		"call *8(%%rsp)\n"
		"call *120(%%rsp)\n"
		"call *128(%%rsp)\n"
		"call *200(%%rsp)\n"
		"mov $2, %%ecx\n"
		"call *-8(%%rsp, %%rcx, 8)\n"
		"mov %%rsp, %%r12\n"
		"call *(%%r12)\n"
		"call *8(%%r12)\n"
		"mov %%rsp, %%r13\n"
		"call *(%%r13)\n"
		"call *120(%%r13, %%rcx, 4)\n"
		"lea 2b(%%rip), %%rdx\n"
		"call *(%%rdx)\n"
		"notrack call *%%rax\n"
		"lea 4f(%%rip), %%rax\n"
		"push $1\n"
		"push $2\n"
		"call *%%rax\n" /* pops two words */
		/* jumps */
		"jmp 5f\n"
		"3: mov (%%rsp), %%rsi\n"
		"ret\n"
		"4: mov (%%rsp), %%rsi\n"
		"ret $16\n"
		".skip 300, 0x90\n"
		"5: lea 6f(%%rip), %%rax\n"
		"jmp *%%rax\n"
		"ud2\n"
		"6: lea 7f(%%rip), %%rax\n"
		"mov %%rax, 8(%%rsp)\n"
		"jmp *8(%%rsp)\n"
		"ud2\n"
		"7: mov $3, %%ecx\n"
		"8: loop 8b\n"
		"mov $3, %%ecx\n"
		"cmp %%ecx, %%ecx\n"
		"9: loope 9b\n"
		"mov $3, %%ecx\n"
		"9: loopne 9b\n"
		"jrcxz 9f\n"
		"9: xor %%ecx, %%ecx\n"
		"jrcxz 9f\n"
		"ud2\n"
		"9: mov $0x100000000, %%rcx\n"
		"jrcxz 9f\n"
		"jecxz 9f\n"
		"ud2\n"
		"9: mov $0x100000002, %%rcx\n"
		"addr32 loop 9b+10\n" /* itself, while ecx is not 0 */
		/* all conditions, short and near, with several flags */
		"mov $0, %%ebx\n"
		"8: mov %%ebx, %%eax\n"
		"imul $37, %%eax, %%eax\n"
		"mov $50, %%edx\n"
		".macro both cc\n"
		"cmp %%dl, %%al\n"
		"j\\cc 9f\n"
		"inc %%r8d\n"
		"9: cmp %%dl, %%al\n"
		"j\\cc 7f\n"
		"inc %%r9\n"
		"jmp 7f\n"
		".skip 200, 0x90\n" /* too far for the short form */
		"7:\n"
		".endm\n"
		"both o; both no; both b; both ae; both e; both ne; both be; both a\n"
		"both s; both ns; both p; both np; both l; both ge; both le; both g\n"
		"inc %%ebx\n"
		"cmp $8, %%ebx\n"
		"jb 8b\n"
		"add $256, %%rsp\n"
		: : : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r11", "r12", "r13", "r15",
		  "memory", "cc", "xmm3", "xmm4", "xmm5", "xmm6");
}

/*
 * Beginnings of functions: what they do to the stack and to registers is compared with the analysis behind
 * each instruction. The values stored are those at the entry where the analysis says so.
 */
static void prologue_forms(void)
{
	__asm__ volatile(
		"sub $256, %%rsp\n"
		"mov $100000, %%eax\n"
		"mov $0x0123456789abcdef, %%rdx\n"
		"mov %%rdx, %%rcx\n"
		"movq %%rdx, %%xmm0\n"
		"punpcklqdq %%xmm0, %%xmm0\n"
		"movaps %%xmm0, %%xmm1\n"
		"call 1f\n"
		"call 2f\n"
		"call 3f\n"
		"call 4f\n"
		"call 5f\n"
		"call 6f\n"
		"jmp 9f\n"
		/* copies, partial registers */
		"1: push %%rbp\n"
		"mov %%rsp, %%rbp\n"
		"push %%rbx\n"
		"push $7\n"
		"push %%r12\n"
		"sub $0x88, %%rsp\n"
		"mov %%rdi, 8(%%rsp)\n"
		"mov %%dl, -0x31(%%rbp)\n"
		"mov %%dh, -0x32(%%rbp)\n"
		"mov %%cx, -0x34(%%rbp)\n"
		"mov %%esi, 0x10(%%rsp)\n"
		"mov %%rdi, %%rax\n"
		"mov %%rax, 0x18(%%rsp)\n"
		"mov %%dl, %%al\n"
		"mov %%al, 0x20(%%rsp)\n"
		"mov %%ax, 0x22(%%rsp)\n"
		"mov %%dh, %%al\n"
		"mov %%al, 0x21(%%rsp)\n"
		"mov %%cl, %%ah\n"
		"mov %%ax, 0x24(%%rsp)\n"
		"movzbl %%cl, %%eax\n"
		"mov %%al, 0x26(%%rsp)\n"
		"mov %%eax, 0x28(%%rsp)\n"
		"movslq %%ecx, %%rax\n"
		"mov %%eax, 0x28(%%rsp)\n"
		"mov %%rax, 0x30(%%rsp)\n"
		"and $1, %%edx\n"
		"mov %%dl, 0x38(%%rsp)\n"
		"movss %%xmm0, 0x3c(%%rsp)\n"
		"movsd %%xmm1, 0x40(%%rsp)\n"
		"movq %%xmm1, 0x48(%%rsp)\n"
		"movhps %%xmm1, 0x48(%%rsp)\n"
		"movups %%xmm1, 0x50(%%rsp)\n"
		"movaps %%xmm0, %%xmm3\n"
		"movups %%xmm3, 0x50(%%rsp)\n"
		"movss %%xmm1, %%xmm3\n"
		"movss %%xmm3, 0x60(%%rsp)\n"
		"movups %%xmm3, 0x60(%%rsp)\n"
		"movq %%xmm1, %%rax\n"
		"mov %%rax, 0x70(%%rsp)\n"
		"movd %%xmm1, %%eax\n"
		"mov %%rax, 0x70(%%rsp)\n"
		"lea 0x10(%%rsp), %%r8\n"
		"mov %%rdi, 0x10(%%r8)\n"
		"mov %%rdi, -64(%%r8, %%rdx, 1)\n"
		"movl $5, 0x78(%%rsp)\n"
		"add $0x88, %%rsp\n"
		"pop %%r12\n"
		"pop %%r9\n"
		"pop %%rbx\n"
		"leave\n"
		"ret\n"
		/* writes of all kinds */
		"2: xor %%r10d, %%r10d\n"
		"cmp %%rdi, %%rsi\n"
		"test %%rdi, %%rdi\n"
		"bt $3, %%rdi\n"
		"setc %%r10b\n"
		"cmovc %%rdi, %%r11\n"
		"mul %%rcx\n"
		"imul %%rcx, %%r8\n"
		"imul $3, %%rcx, %%r8\n"
		"imul %%ecx\n"
		"mov $3, %%r8d\n"
		"xor %%edx, %%edx\n"
		"div %%r8\n"
		"cqto\n"
		"idiv %%r8\n"
		"cltd\n"
		"cwtl\n"
		"xchg %%rdi, %%rsi\n"
		"xadd %%rcx, %%r9\n"
		"cmpxchg %%rdx, %%r9\n"
		"lock cmpxchg %%rdx, -64(%%rsp)\n"
		"cmpxchg16b 8(%%rsp)\n"
		"bswap %%rdi\n"
		"neg %%rsi\n"
		"not %%rcx\n"
		"inc %%r8\n"
		"shl $3, %%rdx\n"
		"shld $3, %%rdx, %%rdi\n"
		"bsr %%rdx, %%r9\n"
		"popcnt %%rdx, %%r9\n"
		"tzcnt %%rdx, %%r10\n"
		"xorps %%xmm2, %%xmm2\n"
		"ucomisd %%xmm0, %%xmm1\n"
		"addsd %%xmm1, %%xmm2\n"
		"cvtsi2sd %%rcx, %%xmm3\n"
		"cvttsd2si %%xmm3, %%rcx\n"
		"pmovmskb %%xmm0, %%edx\n"
		"movmskps %%xmm0, %%r8d\n"
		"pextrw $2, %%xmm0, %%edi\n"
		"pinsrw $2, %%esi, %%xmm4\n"
		"pextrq $1, %%xmm0, %%rsi\n"
		"pextrb $1, %%xmm0, -32(%%rsp)\n"
		"unpcklpd %%xmm0, %%xmm5\n"
		"pcmpeqb %%xmm0, %%xmm6\n"
		"ptest %%xmm0, %%xmm6\n"
		"pcmpistri $0, %%xmm0, %%xmm1\n"
		"pcmpistrm $0, %%xmm1, %%xmm2\n"
		"cvtss2sd %%xmm1, %%xmm7\n"
		"lahf\n"
		"sahf\n"
		"lea -128(%%rsp), %%rdi\n"
		"mov $2, %%ecx\n"
		"rep stosb\n"
		"lea -128(%%rsp), %%rsi\n"
		"lodsq\n"
		"movsq\n"
		"scasb\n"
		"cmpsb\n"
		"xgetbv\n"
		"xchg %%al, %%dh\n"
		"mov $39, %%eax\n" /* getpid */
		"syscall\n"
		"pushfq\n"
		"popfq\n"
		"ret\n"
		/* frames from registers, and over-aligned ones */
		"3: push %%rbp\n"
		"mov %%rsp, %%rbp\n"
		"push %%r15\n"
		"mov $0x123, %%eax\n"
		"shl $3, %%eax\n"
		"mov $0x2000, %%eax\n"
		"sub %%rax, %%rsp\n"
		"mov %%rcx, 64(%%rsp)\n"
		"and $-64, %%rsp\n"
		"mov %%rdi, 8(%%rsp)\n"
		"lea -8(%%rbp), %%rsp\n"
		"pop %%r15\n"
		"pop %%rbp\n"
		"ret\n"
		/* unrolled probes */
		"4: sub $0x1000, %%rsp\n"
		"movq $0, (%%rsp)\n"
		"sub $0x1000, %%rsp\n"
		"movq $0, (%%rsp)\n"
		"sub $0x388, %%rsp\n"
		"mov %%rdi, 8(%%rsp)\n"
		"add $0x2388, %%rsp\n"
		"ret\n"
		/* a loop of probes */
		"5: push %%rbx\n"
		"mov %%rsp, %%r11\n"
		"sub $0x5000, %%r11\n"
		"8: sub $0x1000, %%rsp\n"
		"movq $0, (%%rsp)\n"
		"cmp %%r11, %%rsp\n"
		"jne 8b\n"
		"sub $0x3f8, %%rsp\n"
		"mov %%dil, %%al\n"
		"mov %%al, 7(%%rsp)\n"
		"mov %%rdx, 0x4000(%%rsp)\n"
		"add $0x53f8, %%rsp\n"
		"pop %%rbx\n"
		"ret\n"
		/* probes by call */
		"6: mov $0x6008, %%eax\n"
		"call 7f\n"
		"sub %%rax, %%rsp\n"
		"mov %%rdi, 16(%%rsp)\n"
		"mov %%esi, 24(%%rsp)\n"
		"add $0x6008, %%rsp\n"
		"ret\n"
		"7: movq $0, -64(%%rsp)\n"
		"ret\n"
		"9: add $256, %%rsp\n"
		: : : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc",
		  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7");
}

#else

static void prologue_forms(void)
{
}

static void vector_forms(void)
{
}

static void scalar_forms(void)
{
}

#endif

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int fdbg_test_victim(void)
{
	double numbers[40];
	char text[256], *copy;
	size_t length = 0;

	scalar_forms();
	vector_forms();
	prologue_forms();
	for (int i = 0; i < 40; i++)
		numbers[i] = sin(i * 1.7) * 1000 + strtod("1.25e-3", NULL);
	qsort(numbers, 40, sizeof(*numbers), by_value);
	for (int i = 0; i < 10; i++) {
		snprintf(text, sizeof(text), "%d %s %.3f %Lg %#" "x|%-10s|", i, "text", numbers[i],
			 (long double)i / 3, (unsigned int)i * 77777u, "x");
		copy = strdup(text);
		if (!copy)
			return 1;
		length += strlen(copy) + (size_t)(strchr(copy, '|') - copy) + (strstr(copy, "ext") != NULL);
		memmove(text + 1, text, 100);
		memset(text, 7, (size_t)(i * 9));
		free(copy);
	}
	printf("%zu\n", length);
	return 0;
}
