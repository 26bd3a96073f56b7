/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "tui/layout.h"

#include <stdbool.h>
#include <string.h>

/* Deeper brackets stay on their line. */
#define MAX_DEPTH 40
#define STEP 2

size_t fdbg_tui_columns(const char *data, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)data[i] & 0xc0) != 0x80;
	return n;
}

/* Behind the string or character that begins at `at`; at itself where none does. */
static const char *skip_quoted(const char *at, const char *end)
{
	char quote = *at;

	if (quote != '"' && quote != '\'')
		return at;
	for (at++; at < end && *at != quote; at++)
		if (*at == '\\' && end - at > 1)
			at++;
	return at < end ? at + 1 : end;
}

/* What a bracketed text is made of: `head[`, items, `]`. */
struct group {
	const char *open, *close; /* the brackets */
};

static bool is_open(char c)
{
	return c == '{' || c == '[' || c == '(';
}

static bool is_close(char c)
{
	return c == '}' || c == ']' || c == ')';
}

/* The first bracket of a text and the one that ends it; false where there is none, or it stays open. */
static bool find_group(const char *at, const char *end, struct group *ret)
{
	int depth = 0;

	for (; at < end; at++) {
		const char *behind = skip_quoted(at, end);

		if (behind != at) {
			at = behind - 1;
			continue;
		}
		if (is_open(*at) && !depth++)
			ret->open = at;
		else if (is_close(*at) && depth && !--depth) {
			ret->close = at;
			return true;
		}
	}
	return false;
}

/* The end of the item at `at`: a comma outside of brackets, or end. */
static const char *item_end(const char *at, const char *end)
{
	int depth = 0;

	for (; at < end; at++) {
		const char *behind = skip_quoted(at, end);

		if (behind != at) {
			at = behind - 1;
			continue;
		}
		depth += is_open(*at);
		depth -= is_close(*at);
		if (!depth && *at == ',')
			return at;
	}
	return end;
}

static void new_line(struct fdbg_buf *buf, size_t indent)
{
	fdbg_buf_byte(buf, '\n');
	for (size_t i = 0; i < indent; i++)
		fdbg_buf_byte(buf, ' ');
}

/* Text without a place to break: in pieces of what fits. Returns the column behind it. */
static size_t put_cut(struct fdbg_buf *buf, const char *data, size_t len, size_t column, size_t indent, size_t width)
{
	for (size_t i = 0; i < len; i++) {
		bool starts = ((unsigned char)data[i] & 0xc0) != 0x80;

		if (starts && column >= width && width > indent + STEP) {
			new_line(buf, indent);
			column = indent;
		}
		column += starts;
		fdbg_buf_byte(buf, (uint8_t)data[i]);
	}
	return column;
}

static void put(struct fdbg_buf *buf, const char *at, const char *end, size_t column, size_t indent, size_t width,
		int depth)
{
	size_t len = (size_t)(end - at);
	struct group group = { 0 };

	if (column + fdbg_tui_columns(at, len) <= width || depth >= MAX_DEPTH || !find_group(at, end, &group) ||
	    group.close == group.open + 1) {
		put_cut(buf, at, len, column, indent, width);
		return;
	}
	put_cut(buf, at, (size_t)(group.open + 1 - at), column, indent, width);
	for (const char *item = group.open + 1; item < group.close;) {
		const char *behind = item_end(item, group.close);

		while (item < behind && *item == ' ')
			item++;
		while (behind > item && behind[-1] == ' ' && behind == group.close)
			behind--;
		new_line(buf, indent + STEP);
		put(buf, item, behind, indent + STEP, indent + STEP, width - 1, depth + 1);
		fdbg_buf_byte(buf, ',');
		item = item_end(behind, group.close);
		item += item < group.close;
	}
	new_line(buf, indent);
	put_cut(buf, group.close, (size_t)(end - group.close), indent, indent, width);
}

void fdbg_tui_layout(struct fdbg_buf *buf, struct fdbg_text text, size_t column, size_t indent, size_t width)
{
	put(buf, text.data ? text.data : "", (text.data ? text.data : "") + text.len, column, indent, width, 0);
	fdbg_buf_byte(buf, '\n');
}
