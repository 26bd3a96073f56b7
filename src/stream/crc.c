/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* CRC-16/CDMA2000: polynomial 0xC867, most significant bit first, no final xor. */
#include "stream/format.h"

/*
 * Eight bytes a step: crc_table[n][b] is the checksum of byte b followed by n zero bytes. A checksum is
 * linear, so a table is spanned by its eight one-bit entries, which are x^(16 + 8n) to x^(23 + 8n) modulo the
 * polynomial.
 */
#define BIT(i, k, c) (((i) >> (k) & 1) ? (c) : 0)
#define ENTRY(i, a, b, c, d, e, f, g, h) \
	(BIT(i, 0, a) ^ BIT(i, 1, b) ^ BIT(i, 2, c) ^ BIT(i, 3, d) ^ \
	 BIT(i, 4, e) ^ BIT(i, 5, f) ^ BIT(i, 6, g) ^ BIT(i, 7, h))
#define ROW4(i, ...) ENTRY(i, __VA_ARGS__), ENTRY((i) + 1, __VA_ARGS__), \
	ENTRY((i) + 2, __VA_ARGS__), ENTRY((i) + 3, __VA_ARGS__)
#define ROW16(i, ...) ROW4(i, __VA_ARGS__), ROW4((i) + 4, __VA_ARGS__), \
	ROW4((i) + 8, __VA_ARGS__), ROW4((i) + 12, __VA_ARGS__)
#define ROW64(i, ...) ROW16(i, __VA_ARGS__), ROW16((i) + 16, __VA_ARGS__), \
	ROW16((i) + 32, __VA_ARGS__), ROW16((i) + 48, __VA_ARGS__)
#define TABLE(...) { ROW64(0, __VA_ARGS__), ROW64(64, __VA_ARGS__), \
	ROW64(128, __VA_ARGS__), ROW64(192, __VA_ARGS__) }

static const uint16_t crc_table[8][256] = {
	TABLE(0xc867, 0x58a9, 0xb152, 0xaac3, 0x9de1, 0xf3a5, 0x2f2d, 0x5e5a),
	TABLE(0xbcb4, 0xb10f, 0xaa79, 0x9c95, 0xf14d, 0x2afd, 0x55fa, 0xabf4),
	TABLE(0x9f8f, 0xf779, 0x2695, 0x4d2a, 0x9a54, 0xfccf, 0x31f9, 0x63f2),
	TABLE(0xc7e4, 0x47af, 0x8f5e, 0xd6db, 0x65d1, 0xcba2, 0x5f23, 0xbe46),
	TABLE(0xb4eb, 0xa1b1, 0x8b05, 0xde6d, 0x74bd, 0xe97a, 0x1a93, 0x3526),
	TABLE(0x6a4c, 0xd498, 0x6157, 0xc2ae, 0x4d3b, 0x9a76, 0xfc8b, 0x3171),
	TABLE(0x62e2, 0xc5c4, 0x43ef, 0x87de, 0xc7db, 0x47d1, 0x8fa2, 0xd723),
	TABLE(0x6621, 0xcc42, 0x50e3, 0xa1c6, 0x8beb, 0xdfb1, 0x7705, 0xee0a),
};

uint16_t fdbg_format_crc(uint16_t crc, const uint8_t *data, size_t len)
{
	while (len >= 8) {
		crc = (uint16_t)(crc_table[7][crc >> 8 ^ data[0]] ^ crc_table[6][(crc & 0xff) ^ data[1]] ^
				 crc_table[5][data[2]] ^ crc_table[4][data[3]] ^ crc_table[3][data[4]] ^
				 crc_table[2][data[5]] ^ crc_table[1][data[6]] ^ crc_table[0][data[7]]);
		data += 8;
		len -= 8;
	}
	while (len--)
		crc = (uint16_t)(crc << 8 ^ crc_table[0][crc >> 8 ^ *data++]);
	return crc;
}
