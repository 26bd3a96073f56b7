/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A bounds-checked cursor over bytes that we did not write. */
#ifndef FDBG_BASE_CURSOR_H
#define FDBG_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads return false and leave the cursor where it is when the bytes do not suffice; nothing is ever read
 * behind the end. `base + pos` is the position in the outer file, for messages.
 */
struct fdbg_cursor {
	const uint8_t *data;
	size_t len;
	size_t pos;
	uint64_t base;
};

static inline struct fdbg_cursor fdbg_cursor_over(const void *data, size_t len, uint64_t base)
{
	return (struct fdbg_cursor){ data, len, 0, base };
}

static inline size_t fdbg_cursor_left(const struct fdbg_cursor *cursor)
{
	return cursor->len - cursor->pos;
}

static inline bool fdbg_cursor_bytes(struct fdbg_cursor *cursor, size_t len, const uint8_t **bytes_ret)
{
	if (fdbg_cursor_left(cursor) < len)
		return false;
	*bytes_ret = cursor->data + cursor->pos;
	cursor->pos += len;
	return true;
}

/* An unsigned integer of size 1 to 8 bytes. */
static inline bool fdbg_cursor_uint(struct fdbg_cursor *cursor, size_t size, bool big_endian, uint64_t *ret)
{
	const uint8_t *bytes;
	uint64_t value = 0;

	if (size > 8 || !fdbg_cursor_bytes(cursor, size, &bytes))
		return false;
	for (size_t i = 0; i < size; i++)
		value = value << 8 | bytes[big_endian ? i : size - 1 - i];
	*ret = value;
	return true;
}

static inline bool fdbg_cursor_u8(struct fdbg_cursor *cursor, uint8_t *ret)
{
	const uint8_t *bytes;

	if (!fdbg_cursor_bytes(cursor, 1, &bytes))
		return false;
	*ret = bytes[0];
	return true;
}

#endif
