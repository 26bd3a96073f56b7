/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What code tells of the registers of a function's result. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/result.h"
#include "base/buf.h"

#define CODE(...) \
	{ (const uint8_t[]){ __VA_ARGS__ }, 0x401000, sizeof((const uint8_t[]){ __VA_ARGS__ }) }

struct result_case {
	const char *name;
	struct fdbg_code code;
	const char *expected;
};

static const struct result_case x86_64_cases[] = {
	{ "sub rsp,24; mov [rsp+8],rdi; mov rax,[rsp+8]; mov rdx,[rsp+16]; add rsp,24; ret",
	  CODE(0x48, 0x83, 0xec, 0x18, 0x48, 0x89, 0x7c, 0x24, 0x08, 0x48, 0x8b, 0x44, 0x24, 0x08,
	       0x48, 0x8b, 0x54, 0x24, 0x10, 0x48, 0x83, 0xc4, 0x18, 0xc3), "i0:8 i1:8 pointer " },
	{ "sub rsp,24; mov [rsp],rdi; mov rax,[rsp]; mov qword [rax],1; mov rdx,[rsp+16]; mov [rax+8],rdx; mov rax,[rsp]; "
	  "add rsp,24; ret",
	  CODE(0x48, 0x83, 0xec, 0x18, 0x48, 0x89, 0x3c, 0x24, 0x48, 0x8b, 0x04, 0x24, 0x48, 0xc7, 0x00, 0x01, 0x00, 0x00,
	       0x00, 0x48, 0x8b, 0x54, 0x24, 0x10, 0x48, 0x89, 0x50, 0x08, 0x48, 0x8b, 0x04, 0x24, 0x48, 0x83, 0xc4, 0x18,
	       0xc3), "i0:8 pointer " },
	{ "mov rax,rdi; mov [rdi],rsi; ret", CODE(0x48, 0x89, 0xf8, 0x48, 0x89, 0x37, 0xc3), "i0:8 pointer " },
	{ "another slot: sub rsp,24; mov [rsp],rdi; mov rax,[rsp+8]; add rsp,24; ret",
	  CODE(0x48, 0x83, 0xec, 0x18, 0x48, 0x89, 0x3c, 0x24, 0x48, 0x8b, 0x44, 0x24, 0x08, 0x48, 0x83, 0xc4, 0x18, 0xc3),
	  "i0:8 " },
	{ "movsd xmm0,[rsp-8]; ret", CODE(0xf2, 0x0f, 0x10, 0x44, 0x24, 0xf8, 0xc3), "f0:16 never " },
	{ "movsd [rsp-8],xmm0; mov rax,[rsp-8]; ret",
	  CODE(0xf2, 0x0f, 0x11, 0x44, 0x24, 0xf8, 0x48, 0x8b, 0x44, 0x24, 0xf8, 0xc3), "i0:8 " },
	{ "push rax; call; pop rax; ret", CODE(0x50, 0xe8, 0, 0, 0, 0, 0x58, 0xc3), "dropped " },
	{ "push rax; call; pop rcx; ret", CODE(0x50, 0xe8, 0, 0, 0, 0, 0x59, 0xc3), "call " },
	{ "test edi,edi; je 1f; xor eax,eax; jmp 2f; 1: mov edx,5; mov eax,1; 2: ret",
	  CODE(0x85, 0xff, 0x74, 0x04, 0x31, 0xc0, 0xeb, 0x0a, 0xba, 5, 0, 0, 0, 0xb8, 1, 0, 0, 0, 0xc3),
	  "i0:4 i1:4 no-pointer " },
	{ "perhaps read elsewhere: mov edx,5; test edi,edi; je 1f; nop; 1: mov al,1; ret",
	  CODE(0xba, 5, 0, 0, 0, 0x85, 0xff, 0x74, 0x01, 0x90, 0xb0, 1, 0xc3), "i0:1 no-pointer " },
	{ "by-products: mov rax,rdi; cqo; idiv rsi; ret", CODE(0x48, 0x89, 0xf8, 0x48, 0x99, 0x48, 0xf7, 0xfe, 0xc3), "" },
	{ "mov [rdi],rsi; ret", CODE(0x48, 0x89, 0x37, 0xc3), "never " },
	{ "jumps in a circle: 1: jmp 1b; ret", CODE(0xeb, 0xfe, 0xc3), "never " },
	{ "not decodable", CODE(0x48, 0x89, 0x37, 0x06, 0xc3), "" },
};

static const struct result_case aarch64_cases[] = {
	{ "sub sp,sp,#32; str w0,[sp,#12]; ldr x0,[sp,#16]; ldr x1,[sp,#24]; add sp,sp,#32; ret",
	  CODE(0xff, 0x83, 0x00, 0xd1, 0xe0, 0x0f, 0x00, 0xb9, 0xe0, 0x0b, 0x40, 0xf9, 0xe1, 0x0f, 0x40, 0xf9, 0xff, 0x83,
	       0x00, 0x91, 0xc0, 0x03, 0x5f, 0xd6), "i0:8 i1:8 no-pointer " },
	{ "ldp x0,x1,[sp,#16]; ret", CODE(0xe0, 0x07, 0x41, 0xa9, 0xc0, 0x03, 0x5f, 0xd6), "i0:8 i1:8 no-pointer " },
	{ "sub sp,sp,#16; str x8,[sp,#8]; mov w9,#1; str x9,[x8]; add sp,sp,#16; ret",
	  CODE(0xff, 0x43, 0x00, 0xd1, 0xe8, 0x07, 0x00, 0xf9, 0x29, 0x00, 0x80, 0x52, 0x09, 0x01, 0x00, 0xf9, 0xff, 0x43,
	       0x00, 0x91, 0xc0, 0x03, 0x5f, 0xd6), "never pointer " },
	{ "mov w8,#3; str w8,[sp]; ldr d0,[sp]; ret",
	  CODE(0x68, 0x00, 0x80, 0x52, 0xe8, 0x03, 0x00, 0xb9, 0xe0, 0x03, 0x40, 0xfd, 0xc0, 0x03, 0x5f, 0xd6),
	  "f0:8 never no-pointer " },
	{ "ldr x1,[sp,#8]; str x1,[x0]; ldr x0,[sp]; ret",
	  CODE(0xe1, 0x07, 0x40, 0xf9, 0x01, 0x00, 0x00, 0xf9, 0xe0, 0x03, 0x40, 0xf9, 0xc0, 0x03, 0x5f, 0xd6),
	  "i0:8 no-pointer " },
	{ "str x30,[sp,#-16]!; bl; ldr x30,[sp],#16; ret",
	  CODE(0xfe, 0x0f, 0x1f, 0xf8, 0x00, 0x00, 0x00, 0x94, 0xfe, 0x07, 0x41, 0xf8, 0xc0, 0x03, 0x5f, 0xd6), "call " },
};

static void check(const struct fdbg_arch *arch, const struct result_case *cases, size_t n)
{
	struct fdbg_buf text = { 0 };

	for (size_t i = 0; i < n; i++) {
		struct fdbg_result_code result;

		arch->analyse_result(&cases[i].code, &result);
		fdbg_buf_clear(&text);
		for (unsigned int j = 0; j < 2; j++)
			if (result.int_written[j])
				fdbg_buf_printf(&text, "i%u:%u ", j, result.int_written[j]);
		for (unsigned int j = 0; j < 2; j++)
			if (result.float_written[j])
				fdbg_buf_printf(&text, "f%u:%u ", j, result.float_written[j]);
		fdbg_buf_printf(&text, "%s%s%s%s%s", result.int_dropped ? "dropped " : "", result.int_never ? "never " : "",
				result.from_call ? "call " : "", result.pointer ? "pointer " : "",
				result.no_pointer ? "no-pointer " : "");
		if (strcmp(fdbg_buf_cstr(&text), cases[i].expected))
			fail_msg("%s: %s instead of %s", cases[i].name, fdbg_buf_cstr(&text), cases[i].expected);
	}
	fdbg_buf_deinit(&text);
}

static void of_x86_64(void **state)
{
	(void)state;
	check(&fdbg_arch_x86_64, x86_64_cases, sizeof(x86_64_cases) / sizeof(x86_64_cases[0]));
}

static void of_aarch64(void **state)
{
	(void)state;
	check(&fdbg_arch_aarch64, aarch64_cases, sizeof(aarch64_cases) / sizeof(aarch64_cases[0]));
}

/* Many returns behind many joins: the work is bounded. */
static void of_a_maze(void **state)
{
	enum { SIZE = 200 * 1024 };
	uint8_t *bytes = test_malloc(SIZE);
	struct fdbg_code code = { bytes, 0x401000, SIZE };
	struct fdbg_result_code result;

	(void)state;
	/* jmp to the next instruction, and a return every now and then */
	for (size_t i = 0; i < SIZE; i += 2) {
		bytes[i] = i % 64 == 62 ? 0xc3 : 0xeb;
		bytes[i + 1] = i % 64 == 62 ? 0x90 : 0x00;
	}
	fdbg_arch_x86_64.analyse_result(&code, &result);
	test_free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_x86_64),
		cmocka_unit_test(of_aarch64),
		cmocka_unit_test(of_a_maze),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
