/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The inside of an image, for the two files that see libelf. */
#ifndef FDBG_DEBUGINFO_IMAGE_PRIVATE_H
#define FDBG_DEBUGINFO_IMAGE_PRIVATE_H

#include <libelf.h>

#include "debuginfo/image_internal.h"

/*
 * A loaded segment. Its bytes are read when they are first asked for, not mapped: a file that shrinks while
 * it is used must not kill us.
 */
struct fdbg_image_segment {
	uint64_t address, memory_size;
	uint64_t offset, file_size;
	bool writable, executable;
	uint8_t *bytes;
	bool failed;
};

/* A section that was read: its bytes are decompressed once. */
struct fdbg_image_loaded {
	Elf_Scn *scn;
	const uint8_t *bytes;
	size_t len;
};

struct fdbg_image {
	struct fdbg_image_info info;
	char *path;
	int fd;
	uint64_t file_size;
	Elf *elf;
	struct fdbg_image_segment *segments;
	size_t n_segments;
	uint64_t relro_low, relro_high;
	uint8_t build_id[64];
	struct fdbg_symbol *functions; /* sorted by address; made on demand */
	uint64_t *function_reach;      /* the highest end of all functions up to this one */
	size_t n_functions;
	bool functions_made;
	struct fdbg_image_loaded *loaded;
	size_t n_loaded;
	struct fdbg_image *separate;
};

/* symbols.c: frees the list of functions; it is made again when it is asked for. */
void fdbg_image_forget_functions(struct fdbg_image *image);

#endif
