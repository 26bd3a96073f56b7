/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Rust's escapes of characters and strings, and UTF-8. */
#include "value/escape.h"

#include "value/escape_table.h"
#include "value/render.h"

size_t fdbg_utf8_decode(const uint8_t *data, size_t len, uint32_t *char_ret)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t value;
	size_t n;

	if (data[0] < 0x80) {
		*char_ret = data[0];
		return 1;
	}
	if ((data[0] & 0xe0) == 0xc0)
		n = 2;
	else if ((data[0] & 0xf0) == 0xe0)
		n = 3;
	else if ((data[0] & 0xf8) == 0xf0)
		n = 4;
	else
		return 0;
	if (n > len)
		return 0;
	value = data[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((data[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (data[i] & 0x3f);
	}
	if (value < smallest[n] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*char_ret = value;
	return n;
}

void fdbg_utf8_encode(struct fdbg_buf *buf, uint32_t character)
{
	if (character < 0x80) {
		fdbg_buf_byte(buf, (uint8_t)character);
		return;
	}
	if (character < 0x800) {
		fdbg_buf_byte(buf, (uint8_t)(0xc0 | character >> 6));
	} else {
		if (character < 0x10000) {
			fdbg_buf_byte(buf, (uint8_t)(0xe0 | character >> 12));
		} else {
			fdbg_buf_byte(buf, (uint8_t)(0xf0 | character >> 18));
			fdbg_buf_byte(buf, (uint8_t)(0x80 | (character >> 12 & 0x3f)));
		}
		fdbg_buf_byte(buf, (uint8_t)(0x80 | (character >> 6 & 0x3f)));
	}
	fdbg_buf_byte(buf, (uint8_t)(0x80 | (character & 0x3f)));
}

static bool is_among(const struct escape_range *table, size_t n, uint32_t character)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (character > table[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && character >= table[low].first;
}

#define IS_AMONG(table, character) is_among(table, sizeof(table) / sizeof((table)[0]), character)

static bool is_escaped(uint32_t character, enum fdbg_escape_flavour flavour)
{
	if (character < 0x7f)
		return character < 0x20;
	if (flavour & FDBG_ESCAPE_OLD_TABLE)
		return IS_AMONG(escape_table_added_63, character) ||
		       (IS_AMONG(escape_table, character) && !IS_AMONG(escape_table_raw_63, character));
	return IS_AMONG(escape_table, character);
}

/* One character by the table of std-types.md, section 2; quote is the quotation mark that is around it. */
static void escape_one(struct fdbg_buf *buf, uint32_t character, char quote, enum fdbg_escape_flavour flavour)
{
	switch (character) {
	case 0:
		fdbg_buf_string(buf, "\\0");
		return;
	case '\t':
		fdbg_buf_string(buf, "\\t");
		return;
	case '\n':
		fdbg_buf_string(buf, "\\n");
		return;
	case '\r':
		fdbg_buf_string(buf, "\\r");
		return;
	case '\\':
		fdbg_buf_string(buf, "\\\\");
		return;
	default:
		break;
	}
	if (character == (unsigned char)quote)
		fdbg_buf_byte(buf, '\\');
	if (is_escaped(character, flavour))
		fdbg_buf_printf(buf, "\\u{%x}", (unsigned int)character);
	else
		fdbg_utf8_encode(buf, character);
}

/* Bytes at data that every flavour writes as they are. */
static size_t plain_run(const uint8_t *data, size_t len)
{
	size_t n = 0;

	while (n < len && data[n] >= 0x20 && data[n] < 0x7f && data[n] != '"' && data[n] != '\'' &&
	       data[n] != '\\')
		n++;
	return n;
}

void fdbg_escape_string(struct fdbg_buf *buf, const void *data, size_t len, enum fdbg_escape_flavour flavour)
{
	unsigned int kind = flavour & ~(unsigned int)(FDBG_ESCAPE_OLD_TABLE | FDBG_ESCAPE_OLD_QUOTES);
	bool old_quotes = flavour & FDBG_ESCAPE_OLD_QUOTES;
	const uint8_t *bytes = data;

	for (size_t i = 0; i < len;) {
		size_t n = plain_run(bytes + i, len - i);
		uint32_t character;

		if (n) {
			fdbg_buf_append(buf, bytes + i, n);
			i += n;
			continue;
		}
		n = fdbg_utf8_decode(bytes + i, len - i, &character);
		if (!n || (kind == FDBG_ESCAPE_CSTR && (old_quotes ? character >= 0x7f : character == 0x7f))) {
			fdbg_buf_printf(buf, kind == FDBG_ESCAPE_PATH ? "\\x%02X" : "\\x%02x", bytes[i]);
			i++;
			continue;
		}
		if (character == '\'' && (kind == FDBG_ESCAPE_CSTR || (kind == FDBG_ESCAPE_PATH && old_quotes)))
			fdbg_buf_string(buf, "\\'");
		else if (kind == FDBG_ESCAPE_CSTR && character < 0x20 && character != '\t' &&
			 character != '\n' && character != '\r')
			fdbg_buf_printf(buf, "\\x%02x", (unsigned int)character);
		else
			escape_one(buf, character, '"', flavour);
		i += n;
	}
}

void fdbg_escape_char(struct fdbg_buf *buf, uint32_t character, enum fdbg_escape_flavour flavour)
{
	if (character > 0x10ffff || (character >= 0xd800 && character <= 0xdfff)) {
		fdbg_buf_printf(buf, "<char 0x%x>", (unsigned int)character);
		return;
	}
	fdbg_buf_byte(buf, '\'');
	escape_one(buf, character, '\'', flavour);
	fdbg_buf_byte(buf, '\'');
}

void fdbg_escape_terminal(struct fdbg_buf *buf, const void *data, size_t len, bool multi_line)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < len;) {
		uint32_t character = 0;
		size_t n = fdbg_utf8_decode(bytes + i, len - i, &character);
		/* C1 controls are terminal commands too. */
		bool control = character < 0x20 || (character >= 0x7f && character < 0xa0);

		if (n && (!control || (character == '\n' && multi_line))) {
			fdbg_buf_append(buf, bytes + i, n);
			i += n;
			continue;
		}
		n = n ? n : 1;
		while (n--)
			fdbg_buf_printf(buf, "\\x%02x", bytes[i++]);
	}
}

void fdbg_render_str(struct fdbg_buf *buf, const char *data, size_t len)
{
	fdbg_buf_byte(buf, '"');
	fdbg_escape_string(buf, data, len, FDBG_ESCAPE_STR);
	fdbg_buf_byte(buf, '"');
}
