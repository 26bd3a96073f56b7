/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE ((size_t)64 * 1024)
#define KEEP_SIZE ((size_t)1024 * 1024)

struct fdbg_arena_block {
	struct fdbg_arena_block *next;
	size_t size;
	alignas(16) unsigned char data[];
};

static void free_chain(struct fdbg_arena_block *block)
{
	while (block) {
		struct fdbg_arena_block *next = block->next;

		free(block);
		block = next;
	}
}

void fdbg_arena_deinit(struct fdbg_arena *arena)
{
	free_chain(arena->first);
	memset(arena, 0, sizeof(*arena));
}

void fdbg_arena_reset(struct fdbg_arena *arena)
{
	struct fdbg_arena_block *block;
	size_t kept = 0;

	for (block = arena->first; block; block = block->next) {
		kept += block->size;
		if (kept >= KEEP_SIZE) {
			free_chain(block->next);
			block->next = NULL;
		}
	}
	arena->current = arena->first;
	arena->used = 0;
	arena->total = 0;
}

void *fdbg_arena_alloc(struct fdbg_arena *arena, size_t size)
{
	struct fdbg_arena_block *block = arena->current;
	void *data;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + 15) & ~(size_t)15;
	while (block && block->size - arena->used < size) {
		block = block->next;
		if (block) {
			arena->current = block;
			arena->used = 0;
		}
	}
	if (!block) {
		size_t data_size = size > BLOCK_SIZE ? size : BLOCK_SIZE;

		block = malloc(sizeof(*block) + data_size);
		if (!block)
			return NULL;
		block->next = NULL;
		block->size = data_size;
		if (arena->current)
			arena->current->next = block;
		else
			arena->first = block;
		arena->current = block;
		arena->used = 0;
	}
	data = block->data + arena->used;
	arena->used += size;
	arena->total += size;
	memset(data, 0, size);
	return data;
}

void *fdbg_arena_array(struct fdbg_arena *arena, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	return fdbg_arena_alloc(arena, bytes);
}

char *fdbg_arena_copy(struct fdbg_arena *arena, const void *data, size_t len)
{
	char *copy = len < SIZE_MAX ? fdbg_arena_alloc(arena, len + 1) : NULL;

	if (copy && len)
		memcpy(copy, data, len);
	return copy;
}

struct fdbg_text fdbg_arena_text(struct fdbg_arena *arena, struct fdbg_text text)
{
	struct fdbg_text copy = { fdbg_arena_copy(arena, text.data, text.len), text.len };

	return copy;
}

char *fdbg_arena_printf(struct fdbg_arena *arena, const char *format, ...)
{
	va_list ap, again;
	char *text = NULL;
	int len;

	va_start(ap, format);
	va_copy(again, ap);
	len = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (len >= 0)
		text = fdbg_arena_alloc(arena, (size_t)len + 1);
	if (text)
		vsnprintf(text, (size_t)len + 1, format, ap);
	va_end(ap);
	return text;
}
