/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Prints the {:?} of many numbers, characters and strings; tests/render_oracle.rs prints the same by the compiler's own Debug. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "value/escape.h"
#include "value/render.h"

/* Whose text it is to be. */
static struct fdbg_render_context context;

/* The generator of render_oracle.rs. */
static uint64_t next(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	*state = x;
	return x * 0x2545f4914f6cdd1d;
}

static void print(const struct fdbg_value *value)
{
	struct fdbg_buf buf = { 0 };

	fdbg_render_debug_as(&buf, value, FDBG_RENDER_DEBUG, 0, &context);
	puts(fdbg_buf_cstr(&buf));
	fdbg_buf_deinit(&buf);
}

static void print_prim(enum fdbg_prim type, uint64_t low, uint64_t high)
{
	struct fdbg_value value = { .kind = FDBG_VALUE_PRIM, .prim = { .prim = type } };

	for (size_t i = 0; i < fdbg_prim_size(type); i++)
		value.prim.bytes[i] = (uint8_t)((i < 8 ? low : high) >> 8 * (i % 8));
	print(&value);
}

static void numbers(void)
{
	uint64_t state = 88172645463325252;

	for (int i = 0; i < 150000; i++)
		print_prim(FDBG_PRIM_F64, next(&state), 0);
	for (int i = 0; i < 150000; i++)
		print_prim(FDBG_PRIM_F32, next(&state) & 0xffffffff, 0);
	/* Powers of two, where the gaps to both sides differ, and their neighbours. */
	for (uint64_t exponent = 0; exponent < 2048; exponent++) {
		for (uint64_t near = 0; near < 3; near++)
			print_prim(FDBG_PRIM_F64, (exponent << 52) + near - 1, 0);
	}
	for (uint64_t exponent = 0; exponent < 256; exponent++) {
		for (uint64_t near = 0; near < 3; near++)
			print_prim(FDBG_PRIM_F32, ((exponent << 23) + near - 1) & 0xffffffff, 0);
	}
	/* Whole numbers and short decimals, the everyday case. */
	for (int i = 0; i < 50000; i++) {
		double value = (double)(next(&state) % 2000000) / 100.0;
		uint64_t bits;

		memcpy(&bits, &value, sizeof(bits));
		print_prim(FDBG_PRIM_F64, bits, 0);
	}
	for (int i = 0; i < 2000; i++) {
		uint64_t low = next(&state), high = next(&state);

		for (int type = FDBG_PRIM_U8; type <= FDBG_PRIM_ISIZE; type++)
			print_prim((enum fdbg_prim)type, low, high);
	}
}

static void characters(void)
{
	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		if (c < 0xd800 || c > 0xdfff)
			print_prim(FDBG_PRIM_CHAR, c, 0);
	}
}

static void strings(void)
{
	uint64_t state = 1234567;

	for (int i = 0; i < 20000; i++) {
		struct fdbg_value value = { .kind = FDBG_VALUE_STR };
		struct fdbg_buf text = { 0 };
		uint64_t len = next(&state) % 24;

		while (len--) {
			uint32_t c = (uint32_t)(next(&state) >> 11), kind =
				(uint32_t)(next(&state) >> 11) % 4;

			c %= kind == 0 ? 0x80 : kind == 1 ? 0x800 : kind == 2 ? 0xd800 : 0x110000;
			if (c >= 0xd800 && c <= 0xdfff)
				c = 'x';
			fdbg_utf8_encode(&text, c);
		}
		value.str = (struct fdbg_text){ (const char *)text.data, text.len };
		print(&value);
		fdbg_buf_deinit(&text);
	}
}

/* KIND [MINOR], for the text of rustc 1.MINOR */
int main(int argc, char **argv)
{
	if (argc == 3)
		context.rustc_minor = (uint32_t)strtoul(argv[2], NULL, 10);
	if (argc >= 2 && !strcmp(argv[1], "numbers"))
		numbers();
	else if (argc >= 2 && !strcmp(argv[1], "characters"))
		characters();
	else if (argc >= 2 && !strcmp(argv[1], "strings"))
		strings();
	else
		return 2;
	return ferror(stdout) ? 1 : 0;
}
