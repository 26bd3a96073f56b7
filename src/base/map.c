/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/map.h"

#include <stdlib.h>
#include <xxhash.h>

enum slot_state { SLOT_EMPTY, SLOT_LIVE, SLOT_REMOVED };

struct fdbg_map_slot {
	uint64_t key;
	uint64_t value;
	enum slot_state state;
};

static uint64_t hash_key(uint64_t key)
{
	return XXH3_64bits(&key, sizeof(key));
}

void fdbg_map_deinit(struct fdbg_map *map)
{
	free(map->slots);
	memset(map, 0, sizeof(*map));
}

void fdbg_map_clear(struct fdbg_map *map)
{
	if (map->slots && map->n_filled)
		memset(map->slots, 0, map->n_slots * sizeof(*map->slots));
	map->n_used = 0;
	map->n_filled = 0;
}

/* The live slot of key, else NULL; *free_ret is where it would go. */
static struct fdbg_map_slot *find(const struct fdbg_map *map, uint64_t key, struct fdbg_map_slot **free_ret)
{
	struct fdbg_map_slot *free_slot = NULL;
	size_t mask = map->n_slots - 1;

	if (!map->n_slots)
		return NULL;
	for (size_t i = hash_key(key) & mask;; i = (i + 1) & mask) {
		struct fdbg_map_slot *slot = &map->slots[i];

		if (slot->state == SLOT_LIVE && slot->key == key)
			return slot;
		if (slot->state != SLOT_LIVE && !free_slot)
			free_slot = slot;
		if (slot->state == SLOT_EMPTY)
			break;
	}
	if (free_ret)
		*free_ret = free_slot;
	return NULL;
}

static bool grow(struct fdbg_map *map)
{
	struct fdbg_map bigger = { 0 };

	bigger.n_slots = 16;
	while (bigger.n_slots < map->n_used * 4)
		bigger.n_slots *= 2;
	bigger.slots = calloc(bigger.n_slots, sizeof(*bigger.slots));
	if (!bigger.slots)
		return false;
	for (size_t i = 0; i < map->n_slots; i++) {
		struct fdbg_map_slot *to = NULL;

		if (map->slots[i].state != SLOT_LIVE)
			continue;
		find(&bigger, map->slots[i].key, &to);
		*to = map->slots[i];
	}
	bigger.n_used = bigger.n_filled = map->n_used;
	free(map->slots);
	*map = bigger;
	return true;
}

bool fdbg_map_set(struct fdbg_map *map, uint64_t key, uint64_t value)
{
	struct fdbg_map_slot *to = NULL, *slot = find(map, key, &to);

	if (slot) {
		slot->value = value;
		return true;
	}
	if ((map->n_filled + 1) * 3 > map->n_slots * 2) {
		if (!grow(map))
			return false;
		find(map, key, &to);
	}
	if (to->state == SLOT_EMPTY)
		map->n_filled++;
	*to = (struct fdbg_map_slot){ key, value, SLOT_LIVE };
	map->n_used++;
	return true;
}

bool fdbg_map_get(const struct fdbg_map *map, uint64_t key, uint64_t *value_ret)
{
	struct fdbg_map_slot *slot = find(map, key, NULL);

	if (!slot)
		return false;
	*value_ret = slot->value;
	return true;
}

bool fdbg_map_remove(struct fdbg_map *map, uint64_t key)
{
	struct fdbg_map_slot *slot = find(map, key, NULL);

	if (!slot)
		return false;
	slot->state = SLOT_REMOVED;
	map->n_used--;
	return true;
}

bool fdbg_map_next(const struct fdbg_map *map, size_t *iter, uint64_t *key_ret, uint64_t *value_ret)
{
	for (; *iter < map->n_slots; ++*iter) {
		const struct fdbg_map_slot *slot = &map->slots[*iter];

		if (slot->state != SLOT_LIVE)
			continue;
		*key_ret = slot->key;
		*value_ret = slot->value;
		++*iter;
		return true;
	}
	return false;
}

struct fdbg_strmap_slot {
	struct fdbg_text key; /* data NULL: empty */
	uint64_t value;
};

void fdbg_strmap_deinit(struct fdbg_strmap *map)
{
	free(map->slots);
	memset(map, 0, sizeof(*map));
}

static struct fdbg_strmap_slot *strfind(const struct fdbg_strmap *map, struct fdbg_text key)
{
	size_t mask = map->n_slots - 1;

	for (size_t i = XXH3_64bits(key.data, key.len) & mask;; i = (i + 1) & mask) {
		struct fdbg_strmap_slot *slot = &map->slots[i];

		if (!slot->key.data || fdbg_text_equal(slot->key, key))
			return slot;
	}
}

bool fdbg_strmap_set(struct fdbg_strmap *map, struct fdbg_text key, uint64_t value)
{
	struct fdbg_strmap_slot *slot;

	if (!key.data)
		key.data = "";
	if ((map->n_used + 1) * 3 > map->n_slots * 2) {
		struct fdbg_strmap bigger = { 0 };

		bigger.n_slots = map->n_slots ? map->n_slots * 2 : 16;
		bigger.slots = calloc(bigger.n_slots, sizeof(*bigger.slots));
		if (!bigger.slots)
			return false;
		for (size_t i = 0; i < map->n_slots; i++)
			if (map->slots[i].key.data)
				*strfind(&bigger, map->slots[i].key) = map->slots[i];
		bigger.n_used = map->n_used;
		free(map->slots);
		*map = bigger;
	}
	slot = strfind(map, key);
	if (!slot->key.data)
		map->n_used++;
	*slot = (struct fdbg_strmap_slot){ key, value };
	return true;
}

bool fdbg_strmap_get(const struct fdbg_strmap *map, struct fdbg_text key, uint64_t *value_ret)
{
	struct fdbg_strmap_slot *slot;

	if (!map->n_slots)
		return false;
	if (!key.data)
		key.data = "";
	slot = strfind(map, key);
	if (!slot->key.data)
		return false;
	*value_ret = slot->value;
	return true;
}

bool fdbg_strmap_next(const struct fdbg_strmap *map, size_t *iter, struct fdbg_text *key_ret, uint64_t *value_ret)
{
	for (; *iter < map->n_slots; ++*iter) {
		const struct fdbg_strmap_slot *slot = &map->slots[*iter];

		if (!slot->key.data)
			continue;
		*key_ret = slot->key;
		*value_ret = slot->value;
		++*iter;
		return true;
	}
	return false;
}
