/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An arena: many small allocations that end together. */
#ifndef FDBG_BASE_ARENA_H
#define FDBG_BASE_ARENA_H

#include <stddef.h>

#include "base/text.h"

/*
 * Allocations are zeroed, aligned to 16 bytes and live until the arena is reset or deinitialised. A reset
 * keeps the memory for the next use, so an arena that is reset after each event allocates nothing from the
 * system in the steady state. A zeroed struct is an empty arena.
 */
struct fdbg_arena_block;

struct fdbg_arena {
	struct fdbg_arena_block *first;   /* kept blocks, in order of use */
	struct fdbg_arena_block *current; /* the block that is being filled; NULL: none yet */
	size_t used;                      /* bytes used of the current block */
	size_t total;                     /* bytes handed out since the last reset */
};

void fdbg_arena_deinit(struct fdbg_arena *arena);

/* Frees all allocations at once. Blocks are kept up to 1 MiB in all; what is above goes back to the system. */
void fdbg_arena_reset(struct fdbg_arena *arena);

/* Zeroed memory, or NULL when there is none. A size of 0 gives a pointer that must not be dereferenced. */
void *fdbg_arena_alloc(struct fdbg_arena *arena, size_t size);

/* As fdbg_arena_alloc for count objects of size bytes; NULL also when the product overflows. */
void *fdbg_arena_array(struct fdbg_arena *arena, size_t count, size_t size);

/* A copy of len bytes with a NUL behind it, or NULL. */
char *fdbg_arena_copy(struct fdbg_arena *arena, const void *data, size_t len);

/* A copy of a text (its data are NUL-terminated); its data are NULL when memory runs out. */
struct fdbg_text fdbg_arena_text(struct fdbg_arena *arena, struct fdbg_text text);

/* A formatted string, or NULL. */
char *fdbg_arena_printf(struct fdbg_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define fdbg_arena_new(arena, type) ((type *)fdbg_arena_alloc((arena), sizeof(type)))

#endif
