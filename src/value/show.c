/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "value/show.h"

bool fdbg_show_template(const struct fdbg_value *value, struct fdbg_text *ret)
{
	const struct fdbg_field *first;

	if (value->kind != FDBG_VALUE_STRUCT || !value->record.n_fields)
		return false;
	first = &value->record.fields[0];
	if (first->value.kind != FDBG_VALUE_STR || !fdbg_text_is(first->name, FDBG_SHOW_FIELD))
		return false;
	*ret = first->value.str;
	return true;
}

/* Takes a number of at most 9 digits off the front. */
static bool take_number(struct fdbg_text *text, size_t *ret)
{
	size_t n = 0, value = 0;

	for (; n < text->len && n < 9 && text->data[n] >= '0' && text->data[n] <= '9'; n++)
		value = value * 10 + (size_t)(text->data[n] - '0');
	if (!n)
		return false;
	text->data += n;
	text->len -= n;
	*ret = value;
	return true;
}

/* `[A..B]` at the end of a path. */
static bool split_range(struct fdbg_show_piece *piece)
{
	const char *open = memchr(piece->text.data, '[', piece->text.len);
	struct fdbg_text range;

	if (!open)
		return true;
	range = (struct fdbg_text){ open + 1, piece->text.len - (size_t)(open + 1 - piece->text.data) };
	piece->text.len = (size_t)(open - piece->text.data);
	piece->has_range = true;
	if (!take_number(&range, &piece->from) || !fdbg_text_starts(range, ".."))
		return false;
	range.data += 2;
	range.len -= 2;
	return take_number(&range, &piece->to) && fdbg_text_is(range, "]") && piece->from <= piece->to;
}

static bool split_format(struct fdbg_show_piece *piece)
{
	static const struct {
		const char *name;
		enum fdbg_show_format format;
	} formats[] = {
		{ "x", FDBG_SHOW_HEX }, { "s", FDBG_SHOW_TEXT }, { "b", FDBG_SHOW_BYTES },
		{ "map", FDBG_SHOW_MAP }, { "set", FDBG_SHOW_SET },
	};
	const char *colon = memchr(piece->text.data, ':', piece->text.len);
	struct fdbg_text name;

	if (!colon)
		return true;
	name = (struct fdbg_text){ colon + 1, piece->text.len - (size_t)(colon + 1 - piece->text.data) };
	piece->text.len = (size_t)(colon - piece->text.data);
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (fdbg_text_is(name, formats[i].name)) {
			piece->format = formats[i].format;
			return true;
		}
	}
	return false;
}

static enum fdbg_show_result bad(const char *why, const char **bad_ret)
{
	if (bad_ret)
		*bad_ret = why;
	return FDBG_SHOW_BAD;
}

enum fdbg_show_result fdbg_show_next(struct fdbg_text *rest, struct fdbg_show_piece *ret, const char **bad_ret)
{
	struct fdbg_show_piece piece = { 0 };
	size_t len = 0;
	const char *end;

	if (!rest->len)
		return FDBG_SHOW_END;
	while (len < rest->len && rest->data[len] != '{' && rest->data[len] != '}')
		len++;
	if (len) {
		piece.text = (struct fdbg_text){ rest->data, len };
	} else if (rest->len > 1 && rest->data[1] == rest->data[0]) {
		piece.text = (struct fdbg_text){ rest->data, 1 };
		len = 2;
	} else if (rest->data[0] == '}') {
		return bad("'}' without '{' (a brace is written '}}')", bad_ret);
	} else {
		end = memchr(rest->data, '}', rest->len);
		if (!end)
			return bad("'{' without '}' (a brace is written '{{')", bad_ret);
		len = (size_t)(end - rest->data) + 1;
		piece.field = true;
		piece.text = (struct fdbg_text){ rest->data + 1, len - 2 };
		if (!split_format(&piece))
			return bad("unknown format behind ':' (x, s, b, map, set)", bad_ret);
		if (!split_range(&piece))
			return bad("malformed range (as in [0..4])", bad_ret);
		if (!piece.text.len)
			return bad("'{}' names no member", bad_ret);
	}
	rest->data += len;
	rest->len -= len;
	*ret = piece;
	return FDBG_SHOW_PIECE;
}
