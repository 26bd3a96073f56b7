/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Numbers as text: integers of all widths, floats with the fewest digits that round-trip. */
#include "value/number.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static bool is_signed(enum fdbg_prim prim)
{
	return prim == FDBG_PRIM_I8 || prim == FDBG_PRIM_I16 || prim == FDBG_PRIM_I32 ||
		prim == FDBG_PRIM_I64 ||
	       prim == FDBG_PRIM_I128 || prim == FDBG_PRIM_ISIZE;
}

void fdbg_number_integer(struct fdbg_buf *buf, enum fdbg_prim prim, const uint8_t bytes[16])
{
	size_t size = fdbg_prim_size(prim), i = 40;
	bool negative = is_signed(prim) && bytes[size - 1] & 0x80;
	unsigned __int128 value = 0;
	char digits[40];

	for (size_t k = size; k-- > 0;)
		value = value << 8 | bytes[k];
	if (negative) {
		if (size < 16)
			value |= ~(unsigned __int128)0 << (8 * size);
		value = -value;
	}
	do {
		digits[--i] = (char)('0' + (int)(value % 10));
		value /= 10;
	} while (value);
	if (negative)
		fdbg_buf_byte(buf, '-');
	fdbg_buf_append(buf, digits + i, sizeof(digits) - i);
}

/* A positive finite float as d.ddd × 10^exponent. */
struct decimal {
	char digits[20];
	int n_digits;
	int exponent;
};

/*
 * "d.ddde±x" as digits and exponent, without zeros at the end. The C locale is assumed: nothing here sets
 * another.
 */
static void parse_scientific(const char *text, struct decimal *ret)
{
	ret->n_digits = 0;
	for (; *text != 'e'; text++) {
		if (*text != '.')
			ret->digits[ret->n_digits++] = *text;
	}
	ret->exponent = atoi(text + 1);
	while (ret->n_digits > 1 && ret->digits[ret->n_digits - 1] == '0')
		ret->n_digits--;
}

static bool reads_back(const char *text, double value, bool single)
{
	return single ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value;
}

/* The decimal one unit of its last place above text ("d.ddde±x"). */
static void next_above(char *text)
{
	char *e = strchr(text, 'e'), *p = e;

	while (p-- > text) {
		if (*p == '.')
			continue;
		if (*p != '9') {
			++*p;
			return;
		}
		*p = '0';
	}
	/* All nines: the digits become 100…, one power of ten up. */
	text[0] = '1';
	snprintf(e, 16, "e%+03d", atoi(e + 1) + 1);
}

/*
 * True when value lies exactly in the middle of two decimals with `precision` digits behind the point and
 * rounded is the lower one. The exact expansion of a double has at most 767 digits; that of a tie has one
 * more than the decimals.
 */
static bool is_lower_of_tie(const char *rounded, double value, int precision)
{
	char text[800];
	const char *rest = text + 2 + precision; /* behind "d." and the digits */

	snprintf(text, sizeof(text), "%.*e", precision + 20, value);
	if (rest[0] != '5' || strspn(rest + 1, "0") != 19)
		return false;
	snprintf(text, sizeof(text), "%.770e", value);
	return strspn(rest + 1, "0") == 769 - (size_t)precision &&
	       !strncmp(text, rounded, precision ? 2 + (size_t)precision : 1);
}

/*
 * The fewest digits that read back as the same float, the closest of those. The nearest decimal of n digits
 * is the candidate. Where two are equally near, printf takes the even one and Rust the larger. Only at a
 * power of two, where the gap below is half of the gap above, can the nearest fall out of the interval while
 * the next one above lies inside.
 *
 * Normal numbers tell all decimals of DBL_DIG (FLT_DIG) digits apart, so one of no more digits is what is
 * left of the nearest of that many without its zeros at the end; the search begins there.
 */
static void shortest(double value, bool single, struct decimal *ret)
{
	int exponent;
	bool power_of_two = frexp(value, &exponent) == 0.5;
	char text[40], above[40];

	int precision = value < (single ? (double)FLT_MIN : DBL_MIN) ? 0 : (single ? FLT_DIG : DBL_DIG) - 1;

	for (; precision < 17; precision++) {
		snprintf(text, sizeof(text), "%.*e", precision, value);
		if (reads_back(text, value, single)) {
			memcpy(above, text, sizeof(above));
			next_above(above);
			if (is_lower_of_tie(text, value, precision) && reads_back(above, value, single))
				memcpy(text, above, sizeof(text));
			break;
		}
		if (power_of_two) {
			next_above(text);
			if (reads_back(text, value, single))
				break;
		}
	}
	parse_scientific(text, ret);
}

static void zeros(struct fdbg_buf *buf, int n)
{
	while (n-- > 0)
		fdbg_buf_byte(buf, '0');
}

/* Positional where low <= exponent < high. */
static void lay_out(struct fdbg_buf *buf, const struct decimal *d, int low, int high, bool point)
{
	if (d->exponent < low || d->exponent >= high) {
		fdbg_buf_byte(buf, (uint8_t)d->digits[0]);
		if (d->n_digits > 1) {
			fdbg_buf_byte(buf, '.');
			fdbg_buf_append(buf, d->digits + 1, (size_t)d->n_digits - 1);
		}
		fdbg_buf_printf(buf, "e%d", d->exponent);
	} else if (d->exponent < 0) {
		fdbg_buf_string(buf, "0.");
		zeros(buf, -d->exponent - 1);
		fdbg_buf_append(buf, d->digits, (size_t)d->n_digits);
	} else if (d->n_digits <= d->exponent + 1) {
		fdbg_buf_append(buf, d->digits, (size_t)d->n_digits);
		zeros(buf, d->exponent + 1 - d->n_digits);
		if (point)
			fdbg_buf_string(buf, ".0");
	} else {
		fdbg_buf_append(buf, d->digits, (size_t)d->exponent + 1);
		fdbg_buf_byte(buf, '.');
		fdbg_buf_append(buf, d->digits + d->exponent + 1, (size_t)(d->n_digits - d->exponent - 1));
	}
}

/*
 * printf and strtod follow the locale of whoever links the library: for them the point is to be a point. The
 * C locale is always there in glibc; making it costs nothing.
 */
static void shortest_in_c(double value, bool single, struct decimal *ret)
{
	locale_t c = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
	locale_t old = c ? uselocale(c) : (locale_t)0;

	shortest(value, single, ret);
	if (!c)
		return;
	uselocale(old);
	freelocale(c);
}

void fdbg_number_float(struct fdbg_buf *buf, enum fdbg_prim prim, const uint8_t bytes[16],
		       enum fdbg_float_style style)
{
	static const struct {
		int low, high, low_single, high_single;
		bool point;
	} limits[] = {
		[FDBG_FLOAT_DEBUG] = { -4, 16, -4, 16, true },
		[FDBG_FLOAT_DISPLAY] = { -1000, 1000, -1000, 1000, false },
		[FDBG_FLOAT_JSON] = { -5, 16, -6, 13, true },
	};
	bool single = prim == FDBG_PRIM_F32;
	struct decimal decimal;
	double value;

	if (single) {
		uint32_t bits = (uint32_t)fdbg_number_low(bytes);
		float narrow;

		memcpy(&narrow, &bits, sizeof(narrow));
		value = (double)narrow;
	} else {
		uint64_t bits = fdbg_number_low(bytes);

		memcpy(&value, &bits, sizeof(value));
	}
	if (!isfinite(value) && style == FDBG_FLOAT_JSON) {
		fdbg_buf_string(buf, "null");
		return;
	}
	if (isnan(value)) {
		fdbg_buf_string(buf, "NaN");
		return;
	}
	if (signbit(value))
		fdbg_buf_byte(buf, '-');
	value = fabs(value);
	if (isinf(value)) {
		fdbg_buf_string(buf, "inf");
	} else if (value == 0.0) {
		fdbg_buf_string(buf, limits[style].point ? "0.0" : "0");
	} else {
		shortest_in_c(value, single, &decimal);
		lay_out(buf, &decimal, single ? limits[style].low_single : limits[style].low,
			single ? limits[style].high_single : limits[style].high, limits[style].point);
	}
}
