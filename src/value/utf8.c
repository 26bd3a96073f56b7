/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "value/utf8.h"

#include <stdint.h>

/* Length of the well-formed character at the front of bytes, 0 when there is none (Unicode 15, table 3-7). */
static size_t character(const uint8_t *bytes, size_t left)
{
	uint8_t low = 0x80, high = 0xbf;
	size_t len;

	if (bytes[0] < 0x80)
		return 1;
	if (bytes[0] >= 0xc2 && bytes[0] <= 0xdf)
		len = 2;
	else if (bytes[0] >= 0xe0 && bytes[0] <= 0xef)
		len = 3;
	else if (bytes[0] >= 0xf0 && bytes[0] <= 0xf4)
		len = 4;
	else
		return 0;
	if (left < len)
		return 0;
	if (bytes[0] == 0xe0)
		low = 0xa0;
	else if (bytes[0] == 0xed)
		high = 0x9f; /* no surrogates */
	else if (bytes[0] == 0xf0)
		low = 0x90;
	else if (bytes[0] == 0xf4)
		high = 0x8f;
	if (bytes[1] < low || bytes[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
	}
	return len;
}

bool fdbg_utf8_valid(struct fdbg_text text)
{
	const uint8_t *bytes = (const uint8_t *)text.data;

	for (size_t i = 0, n; i < text.len; i += n) {
		uint64_t eight;

		/* Nearly all text is ASCII. */
		if (text.len - i >= sizeof(eight)) {
			memcpy(&eight, bytes + i, sizeof(eight));
			n = sizeof(eight);
			if (!(eight & UINT64_C(0x8080808080808080)))
				continue;
		}
		n = character(bytes + i, text.len - i);
		if (!n)
			return false;
	}
	return true;
}

size_t fdbg_utf8_copy(char *to, size_t cap, struct fdbg_text text)
{
	const uint8_t *bytes = (const uint8_t *)text.data;
	size_t len = 0;

	for (size_t i = 0, n; i < text.len; i += n) {
		n = character(bytes + i, text.len - i);
		if (cap - len < (n ? n : 1))
			break;
		if (n) {
			memcpy(to + len, bytes + i, n);
			len += n;
		} else {
			to[len++] = '?';
			n = 1;
		}
	}
	return len;
}

void fdbg_utf8_put(struct fdbg_buf *buf, struct fdbg_text text)
{
	uint8_t *room;

	if (fdbg_utf8_valid(text)) {
		fdbg_buf_append(buf, text.data, text.len);
		return;
	}
	room = fdbg_buf_reserve(buf, text.len);
	if (room)
		buf->len += fdbg_utf8_copy((char *)room, text.len, text);
}
