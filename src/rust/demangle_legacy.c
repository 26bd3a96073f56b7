/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The legacy mangling: a C++-like list of segments with escapes (std-types.md, section 10). */
#include "rust/demangle.h"

#include "rust/utf8.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* h and 16 hexadecimal digits: the hash that makes the symbol unique. */
static bool is_hash(struct fdbg_text segment)
{
	if (segment.len != 17 || segment.data[0] != 'h')
		return false;
	for (size_t i = 1; i < segment.len; i++)
		if (hex_digit(segment.data[i]) < 0)
			return false;
	return true;
}

/* `$u7e$`: a code point in hexadecimal. */
static bool append_code_point(struct fdbg_buf *buf, struct fdbg_text digits)
{
	uint32_t point = 0;
	uint8_t bytes[4];

	if (!digits.len || digits.len > 6)
		return false;
	for (size_t i = 0; i < digits.len; i++) {
		int digit = hex_digit(digits.data[i]);

		if (digit < 0)
			return false;
		point = point << 4 | (uint32_t)digit;
	}
	if (point < 0x20 || point == 0x7f || !fdbg_utf8_is_scalar(point))
		return false;
	fdbg_buf_append(buf, bytes, fdbg_utf8_encode(point, bytes));
	return true;
}

static bool append_escape(struct fdbg_buf *buf, struct fdbg_text name)
{
	static const struct {
		const char *name, *text;
	} escapes[] = {
		{ "SP", "@" }, { "BP", "*" }, { "RF", "&" }, { "LT", "<" }, { "GT", ">" },
		{ "LP", "(" }, { "RP", ")" }, { "C", "," },
	};

	for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
		if (fdbg_text_is(name, escapes[i].name)) {
			fdbg_buf_string(buf, escapes[i].text);
			return true;
		}
	}
	if (name.len < 2 || name.data[0] != 'u')
		return false;
	return append_code_point(buf, (struct fdbg_text){ name.data + 1, name.len - 1 });
}

static bool append_segment(struct fdbg_buf *buf, struct fdbg_text segment)
{
	size_t i = 0;

	if (segment.len >= 2 && segment.data[0] == '_' && segment.data[1] == '$')
		i = 1;
	while (i < segment.len) {
		char c = segment.data[i];

		if (c == '$') {
			const char *end = memchr(segment.data + i + 1, '$', segment.len - i - 1);
			size_t len;

			if (!end)
				return false;
			len = (size_t)(end - segment.data) - i - 1;
			if (!append_escape(buf, (struct fdbg_text){ segment.data + i + 1, len }))
				return false;
			i += len + 2;
		} else if (c == '.' && i + 1 < segment.len && segment.data[i + 1] == '.') {
			fdbg_buf_string(buf, "::");
			i += 2;
		} else if (c == '.') {
			/* A `-` that was not part of `::`: only `->` and crate names can bring one here. */
			fdbg_buf_byte(buf, '-');
			i++;
		} else {
			fdbg_buf_byte(buf, (uint8_t)c);
			i++;
		}
	}
	return true;
}

bool fdbg_demangle_legacy(struct fdbg_text symbol, struct fdbg_buf *buf)
{
	size_t pos = 3, n_segments = 0;

	if (!fdbg_text_starts(symbol, "_ZN"))
		return false;
	for (;;) {
		struct fdbg_text segment;
		size_t len = 0;
		bool last;

		if (pos < symbol.len && symbol.data[pos] == 'E')
			break;
		if (pos >= symbol.len || !is_digit(symbol.data[pos]))
			return false;
		while (pos < symbol.len && is_digit(symbol.data[pos])) {
			len = len * 10 + (size_t)(symbol.data[pos++] - '0');
			if (len > symbol.len)
				return false;
		}
		if (!len || symbol.len - pos < len)
			return false;
		segment = (struct fdbg_text){ symbol.data + pos, len };
		pos += len;
		last = pos < symbol.len && symbol.data[pos] == 'E';
		/* C++ symbols have the same outer form: the hash is what makes it Rust's. */
		if (last && !is_hash(segment))
			return false;
		if (last)
			break;
		if (n_segments++)
			fdbg_buf_string(buf, "::");
		if (!append_segment(buf, segment) || buf->len > FDBG_DEMANGLE_MAX)
			return false;
	}
	if (!n_segments)
		return false;
	pos++;
	return (pos == symbol.len || symbol.data[pos] == '.') && !buf->failed;
}
