/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An ELF executable: identity, contents, symbols. */
#ifndef FDBG_DEBUGINFO_IMAGE_H
#define FDBG_DEBUGINFO_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

/*
 * All addresses are link-time addresses as in the file; the load bias of a running program is added by the
 * caller. An image is read-only and lives until it is closed; what it returns lives as long.
 */
struct fdbg_image;

struct fdbg_image_info {
	const char *path;
	uint16_t machine;        /* e_machine */
	bool pie;                /* ET_DYN: the load bias is not 0 */
	bool has_interpreter;    /* dynamically linked */
	uint64_t entry;          /* e_entry */
	uint64_t phdr;           /* address of the program headers, 0 when not loaded */
	const uint8_t *build_id; /* NULL: none */
	size_t build_id_len;
	uint64_t low, high;      /* span of the loaded segments */
};

struct fdbg_symbol {
	struct fdbg_text name;   /* as in the symbol table, without version */
	uint64_t address, size;
	bool function;           /* STT_FUNC or STT_GNU_IFUNC */
};

/*
 * Opens a 64-bit little-endian ELF executable or shared object. NOT_FOUND, IO, FORMAT (not ELF, broken, …)
 * with a message that names the file.
 */
struct fdbg_error *fdbg_image_open(const char *path, struct fdbg_image **ret) FDBG_CHECK;
void fdbg_image_close(struct fdbg_image *image);
const struct fdbg_image_info *fdbg_image_info(const struct fdbg_image *image);

/*
 * The file's bytes of [address, address + size) when they lie in one segment; NULL otherwise. read_only: only
 * of segments that are not writable (also not before RELRO).
 */
const uint8_t *fdbg_image_bytes(const struct fdbg_image *image, uint64_t address, size_t size,
				bool read_only);

/* Calls visit for each defined symbol of .symtab (of .dynsym where there is none) until it returns false. */
void fdbg_image_each_symbol(const struct fdbg_image *image,
			    bool (*visit)(void *context, const struct fdbg_symbol *symbol), void *context);

/*
 * Calls found for each word that the loader fills with a link-time address (plus where the program is loaded), as the relative
 * relocations say.
 */
struct fdbg_error *fdbg_image_each_relative(struct fdbg_image *image,
					    void (*found)(void *context, uint64_t slot, uint64_t value),
					    void *context) FDBG_CHECK;

/* Calls found for each word that the loader fills with the address of a symbol of another file. */
struct fdbg_error *fdbg_image_each_import(struct fdbg_image *image,
					  void (*found)(void *context, uint64_t slot, struct fdbg_text name),
					  void *context) FDBG_CHECK;

/* Calls visit for the file's bytes of each executable segment until it returns false. */
void fdbg_image_each_code(const struct fdbg_image *image,
			  bool (*visit)(void *context, uint64_t address, const uint8_t *bytes, size_t size), void *context);

/* True when the image takes a symbol of that name from a shared library. */
bool fdbg_image_imports(const struct fdbg_image *image, const char *name);

/* Calls visit for the name of each shared library that the image says it needs, until it returns false. */
void fdbg_image_each_library(const struct fdbg_image *image, bool (*visit)(void *context, const char *name), void *context);

/* The function symbol that covers address, or false. */
bool fdbg_image_symbol_at(struct fdbg_image *image, uint64_t address, struct fdbg_symbol *ret);

#endif
