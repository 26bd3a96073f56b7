/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Numbers as text: integers of all widths, floats with the fewest digits that round-trip. */
#ifndef FDBG_VALUE_NUMBER_H
#define FDBG_VALUE_NUMBER_H

#include "base/buf.h"
#include "value/value.h"

/* Appends an integer primitive in decimal; bool and char as their number. */
void fdbg_number_integer(struct fdbg_buf *buf, enum fdbg_prim prim, const uint8_t bytes[16]);

/* Which notation a float gets; the digits are the same in all. */
enum fdbg_float_style {
	FDBG_FLOAT_DEBUG,   /* {:?}: positional from 1e-4 to below 1e16, with a digit after the point */
	FDBG_FLOAT_DISPLAY, /* {}: always positional, no point behind whole numbers */
	/* positional from 1e-5 to below 1e16 (f32: 1e-6, 1e13); NaN and infinities are null */
	FDBG_FLOAT_JSON,
};

/* Appends an F32 or F64 primitive. */
void fdbg_number_float(struct fdbg_buf *buf, enum fdbg_prim prim, const uint8_t bytes[16],
		       enum fdbg_float_style style);

/* The low 64 bits of a primitive's bytes. */
static inline uint64_t fdbg_number_low(const uint8_t bytes[16])
{
	uint64_t value = 0;

	for (int i = 7; i >= 0; i--)
		value = value << 8 | bytes[i];
	return value;
}

#endif
