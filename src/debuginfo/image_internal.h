/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the debug information needs of an image beyond image.h. */
#ifndef FDBG_DEBUGINFO_IMAGE_INTERNAL_H
#define FDBG_DEBUGINFO_IMAGE_INTERNAL_H

#include "debuginfo/image.h"

/* As fdbg_image_open, for a separate debug file (its loaded sections may hold no bytes). */
struct fdbg_error *fdbg_image_open_debug(const char *path, struct fdbg_image **ret) FDBG_CHECK;

/* True when the file has this section with bytes (compressed or not; ".debug_x" also finds ".zdebug_x"). */
bool fdbg_image_has_section(const struct fdbg_image *image, const char *name);

/*
 * The bytes of a section, decompressed; they live as long as the image. Empty without error when there is
 * none. FORMAT when it cannot be read or decompressed.
 */
struct fdbg_error *fdbg_image_section(struct fdbg_image *image, const char *name, const uint8_t **bytes_ret,
				      size_t *len_ret) FDBG_CHECK;

/* The address of a section in memory; 0: none, or not loaded. */
uint64_t fdbg_image_section_address(const struct fdbg_image *image, const char *name);

/* True when address lies in an executable segment. */
bool fdbg_image_is_code(const struct fdbg_image *image, uint64_t address);

bool fdbg_image_has_symtab(const struct fdbg_image *image);

/*
 * Makes the image the owner of its separate debug file, and of that file's symbols where it has no .symtab
 * itself. NULL takes nothing.
 */
void fdbg_image_attach(struct fdbg_image *image, struct fdbg_image *separate);
struct fdbg_image *fdbg_image_attached(const struct fdbg_image *image);

/*
 * The separate debug file of image: by build-id below the debug directories, then by .gnu_debuglink. NULL
 * without error when there is none; a candidate that does not belong to the image is passed over,
 * *mismatch_ret (which the caller frees) then names the last such file.
 */
struct fdbg_error *fdbg_separate_find(struct fdbg_image *image, const char *const *debug_dirs,
				      struct fdbg_image **ret, char **mismatch_ret) FDBG_CHECK;

#endif
