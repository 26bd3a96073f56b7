/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the loader puts into words of an executable that is loaded anywhere. */
#include <elf.h>
#include <string.h>

#include "base/cursor.h"
#include "debuginfo/image_internal.h"

/* Relocations with an addend (ELF gABI, "Relocation"): R_*_RELATIVE stands for the load address plus the addend. */
static void each_rela(const uint8_t *bytes, size_t len, uint32_t relative,
		      void (*found)(void *context, uint64_t slot, uint64_t value), void *context)
{
	struct fdbg_cursor cursor = fdbg_cursor_over(bytes, len, 0);
	uint64_t offset, info, addend;

	while (fdbg_cursor_uint(&cursor, 8, false, &offset) && fdbg_cursor_uint(&cursor, 8, false, &info) &&
	       fdbg_cursor_uint(&cursor, 8, false, &addend))
		if ((uint32_t)info == relative)
			found(context, offset, addend);
}

/* Relative relocations in short (gABI, SHT_RELR): an even word is an address, an odd one a bit map of the 63 words behind. */
static void each_relr(const struct fdbg_image *image, const uint8_t *bytes, size_t len,
		      void (*found)(void *context, uint64_t slot, uint64_t value), void *context)
{
	struct fdbg_cursor cursor = fdbg_cursor_over(bytes, len, 0);
	uint64_t word, base = 0;

	while (fdbg_cursor_uint(&cursor, 8, false, &word)) {
		uint64_t bits = word & 1 ? word >> 1 : 1, first = word & 1 ? base : word;

		for (unsigned int i = 0; bits >> i; i++) {
			const uint8_t *at = bits >> i & 1 ? fdbg_image_bytes(image, first + 8 * (uint64_t)i, 8, false) : NULL;
			struct fdbg_cursor slot = fdbg_cursor_over(at, at ? 8 : 0, 0);
			uint64_t value;

			if (fdbg_cursor_uint(&slot, 8, false, &value))
				found(context, first + 8 * (uint64_t)i, value);
		}
		base = word & 1 ? base + 63 * 8 : word + 8;
	}
}

struct fdbg_error *fdbg_image_each_relative(struct fdbg_image *image,
					    void (*found)(void *context, uint64_t slot, uint64_t value), void *context)
{
	uint32_t relative = fdbg_image_info(image)->machine == EM_AARCH64 ? R_AARCH64_RELATIVE : R_X86_64_RELATIVE;
	const uint8_t *bytes;
	struct fdbg_error *err;
	size_t len;

	err = fdbg_image_section(image, ".rela.dyn", &bytes, &len);
	if (err)
		return err;
	if (len)
		each_rela(bytes, len, relative, found, context);
	err = fdbg_image_section(image, ".relr.dyn", &bytes, &len);
	if (!err && len)
		each_relr(image, bytes, len, found, context);
	return err;
}

/* A name in a string table; empty: there is none. */
static struct fdbg_text string_at(const uint8_t *strings, size_t len, uint64_t at)
{
	const uint8_t *end = at < len ? memchr(strings + at, 0, len - at) : NULL;

	return end ? (struct fdbg_text){ (const char *)strings + at, (size_t)(end - strings - at) } : (struct fdbg_text){ 0 };
}

struct fdbg_error *fdbg_image_each_import(struct fdbg_image *image,
					  void (*found)(void *context, uint64_t slot, struct fdbg_text name), void *context)
{
	static const char *const tables[] = { ".rela.dyn", ".rela.plt" };
	bool arm = fdbg_image_info(image)->machine == EM_AARCH64;
	uint32_t data = arm ? R_AARCH64_GLOB_DAT : R_X86_64_GLOB_DAT, jump = arm ? R_AARCH64_JUMP_SLOT : R_X86_64_JUMP_SLOT;
	const uint8_t *symbols, *strings, *bytes;
	size_t n_symbols, n_strings, len;
	struct fdbg_error *err = fdbg_image_section(image, ".dynsym", &symbols, &n_symbols);

	if (!err)
		err = fdbg_image_section(image, ".dynstr", &strings, &n_strings);
	for (size_t i = 0; i < 2 && !err; i++) {
		struct fdbg_cursor cursor;
		uint64_t slot, info, addend, name;

		err = fdbg_image_section(image, tables[i], &bytes, &len);
		if (err || !len)
			continue;
		cursor = fdbg_cursor_over(bytes, len, 0);
		while (fdbg_cursor_uint(&cursor, 8, false, &slot) && fdbg_cursor_uint(&cursor, 8, false, &info) &&
		       fdbg_cursor_uint(&cursor, 8, false, &addend)) {
			struct fdbg_cursor symbol = fdbg_cursor_over(symbols, n_symbols, 0);

			if (((uint32_t)info != data && (uint32_t)info != jump) || info >> 32 >= n_symbols / sizeof(Elf64_Sym))
				continue;
			symbol.pos = (size_t)(info >> 32) * sizeof(Elf64_Sym);
			if (fdbg_cursor_uint(&symbol, 4, false, &name))
				found(context, slot, string_at(strings, n_strings, name));
		}
	}
	return err;
}
