/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* UTF-8, as strict as Rust is about it. */
#ifndef FDBG_RUST_UTF8_H
#define FDBG_RUST_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A Unicode scalar value: what a char may hold. */
static inline bool fdbg_utf8_is_scalar(uint32_t point)
{
	return point < 0xd800 || (point > 0xdfff && point < 0x110000);
}

/* Writes a scalar value to bytes (room for 4) and returns how many it took. */
static inline size_t fdbg_utf8_encode(uint32_t point, uint8_t *bytes)
{
	if (point < 0x80) {
		bytes[0] = (uint8_t)point;
		return 1;
	}
	if (point < 0x800) {
		bytes[0] = (uint8_t)(0xc0 | point >> 6);
		bytes[1] = (uint8_t)(0x80 | (point & 0x3f));
		return 2;
	}
	if (point < 0x10000) {
		bytes[0] = (uint8_t)(0xe0 | point >> 12);
		bytes[1] = (uint8_t)(0x80 | (point >> 6 & 0x3f));
		bytes[2] = (uint8_t)(0x80 | (point & 0x3f));
		return 3;
	}
	bytes[0] = (uint8_t)(0xf0 | point >> 18);
	bytes[1] = (uint8_t)(0x80 | (point >> 12 & 0x3f));
	bytes[2] = (uint8_t)(0x80 | (point >> 6 & 0x3f));
	bytes[3] = (uint8_t)(0x80 | (point & 0x3f));
	return 4;
}

/*
 * How many of the len bytes are whole, valid characters from the start (len when all are). *truncated_ret
 * tells, when it is less, that what follows is the beginning of a valid character that the end cut off.
 * (Unicode standard, table 3-7.)
 */
static inline size_t fdbg_utf8_scan(const uint8_t *bytes, size_t len, bool *truncated_ret)
{
	size_t i = 0;

	*truncated_ret = false;
	while (i < len) {
		uint8_t first = bytes[i], low = 0x80, high = 0xbf;
		size_t more;

		if (first < 0x80) {
			uint64_t word;

			while (len - i >= 8) {
				memcpy(&word, bytes + i, 8);
				if (word & 0x8080808080808080)
					break;
				i += 8;
			}
			while (i < len && bytes[i] < 0x80)
				i++;
			continue;
		}
		if (first >= 0xc2 && first <= 0xdf)
			more = 1;
		else if (first >= 0xe0 && first <= 0xef)
			more = 2;
		else if (first >= 0xf0 && first <= 0xf4)
			more = 3;
		else
			return i;
		if (first == 0xe0)
			low = 0xa0;
		else if (first == 0xed)
			high = 0x9f;
		else if (first == 0xf0)
			low = 0x90;
		else if (first == 0xf4)
			high = 0x8f;
		for (size_t j = 1; j <= more; j++) {
			if (i + j == len) {
				*truncated_ret = true;
				return i;
			}
			if (bytes[i + j] < (j == 1 ? low : 0x80) || bytes[i + j] > (j == 1 ? high : 0xbf))
				return i;
		}
		i += more + 1;
	}
	return len;
}

#endif
