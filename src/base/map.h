/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Hash tables (xxhash, open addressing) from bytes or integers to 64-bit values. */
#ifndef FDBG_BASE_MAP_H
#define FDBG_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/*
 * Two tables share one implementation: fdbg_map with 64-bit keys, and fdbg_strmap with byte strings as keys
 * (which the caller owns and keeps alive). Values are 64-bit words; pointers are stored as uintptr_t. A zeroed
 * struct is an empty table.
 */
struct fdbg_map_slot;

struct fdbg_map {
	struct fdbg_map_slot *slots;
	size_t n_slots;  /* a power of two, or 0 */
	size_t n_used;   /* live entries */
	size_t n_filled; /* live and removed entries */
};

void fdbg_map_deinit(struct fdbg_map *map);
void fdbg_map_clear(struct fdbg_map *map); /* keeps the memory */

/* Sets key to value; false when memory runs out (then nothing changed). */
bool fdbg_map_set(struct fdbg_map *map, uint64_t key, uint64_t value);
bool fdbg_map_get(const struct fdbg_map *map, uint64_t key, uint64_t *value_ret);
bool fdbg_map_remove(struct fdbg_map *map, uint64_t key);

/* Steps through all entries in no order: start with *iter 0; false at the end. No change in between. */
bool fdbg_map_next(const struct fdbg_map *map, size_t *iter, uint64_t *key_ret, uint64_t *value_ret);

struct fdbg_strmap_slot;

struct fdbg_strmap {
	struct fdbg_strmap_slot *slots;
	size_t n_slots;
	size_t n_used;
};

void fdbg_strmap_deinit(struct fdbg_strmap *map);
bool fdbg_strmap_set(struct fdbg_strmap *map, struct fdbg_text key, uint64_t value);
bool fdbg_strmap_get(const struct fdbg_strmap *map, struct fdbg_text key, uint64_t *value_ret);
bool fdbg_strmap_next(const struct fdbg_strmap *map, size_t *iter, struct fdbg_text *key_ret, uint64_t *value_ret);

#endif
