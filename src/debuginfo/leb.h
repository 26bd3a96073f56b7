/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Variable-length integers (LEB128) of DWARF. */
#ifndef FDBG_DEBUGINFO_LEB_H
#define FDBG_DEBUGINFO_LEB_H

#include "base/cursor.h"

/*
 * DWARF 5, section 7.6. False: the bytes end, or the number does not fit 64 bits; the cursor is then anywhere
 * in it.
 */
static inline bool fdbg_leb_unsigned(struct fdbg_cursor *cursor, uint64_t *ret)
{
	uint64_t value = 0;
	unsigned int shift = 0;
	uint8_t byte;

	do {
		if (!fdbg_cursor_u8(cursor, &byte))
			return false;
		if (shift >= 64 ? byte & 0x7f : shift == 63 && (byte & 0x7e))
			return false;
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80 && shift < 140);
	*ret = value;
	return !(byte & 0x80);
}

static inline bool fdbg_leb_signed(struct fdbg_cursor *cursor, int64_t *ret)
{
	uint64_t value = 0;
	unsigned int shift = 0;
	uint8_t byte;

	do {
		if (!fdbg_cursor_u8(cursor, &byte))
			return false;
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80 && shift < 140);
	if (byte & 0x80)
		return false;
	if (shift < 64 && byte & 0x40)
		value |= UINT64_MAX << shift;
	*ret = (int64_t)value;
	return true;
}

#endif
