/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "value/words.h"

#include <inttypes.h>

#include "value/utf8.h"

static struct fdbg_error *malformed(const struct fdbg_cursor *cursor, size_t pos, const char *what)
{
	return fdbg_error_create(FDBG_ERROR_FORMAT, "%s at byte %" PRIu64, what, cursor->base + pos);
}

static struct fdbg_error *next_str(struct fdbg_cursor *cursor, struct fdbg_word *word)
{
	const uint8_t *from = cursor->data + cursor->pos + 2, *end;
	size_t left = fdbg_cursor_left(cursor);

	end = left >= 2 && from[-1] == ' ' ? memchr(from, '"', left - 2) : NULL;
	if (!end)
		return malformed(cursor, word->pos, "a string without its end");
	word->kind = FDBG_WORD_STR;
	word->text = (struct fdbg_text){ (const char *)from, (size_t)(end - from) };
	cursor->pos += (size_t)(end - from) + 3;
	return NULL;
}

static struct fdbg_error *next_bytes(struct fdbg_cursor *cursor, struct fdbg_word *word)
{
	struct fdbg_cursor at = *cursor;
	const uint8_t *bytes;
	uint64_t len;

	if (!fdbg_cursor_bytes(&at, 2, &bytes) || bytes[1] != ' ' || !fdbg_cursor_uint(&at, 4, false, &len) ||
	    !fdbg_cursor_bytes(&at, (size_t)len, &bytes))
		return malformed(cursor, word->pos, "bytes without their end");
	word->kind = FDBG_WORD_BYTES;
	word->text = (struct fdbg_text){ (const char *)bytes, (size_t)len };
	cursor->pos = at.pos;
	return NULL;
}

struct fdbg_error *fdbg_words_next(struct fdbg_cursor *cursor, struct fdbg_word *ret)
{
	struct fdbg_word word = { 0 };
	struct fdbg_error *err = NULL;
	size_t end;

	while (cursor->pos < cursor->len && cursor->data[cursor->pos] == ' ')
		cursor->pos++;
	word.pos = cursor->pos;
	if (cursor->pos == cursor->len) {
		*ret = word;
		return NULL;
	}
	if (cursor->data[cursor->pos] == '"') {
		err = next_str(cursor, &word);
	} else if (cursor->data[cursor->pos] == '#') {
		err = next_bytes(cursor, &word);
	} else if (cursor->data[cursor->pos] >= '0' && cursor->data[cursor->pos] <= '9') {
		word.kind = FDBG_WORD_INT;
		for (end = cursor->pos; end < cursor->len && cursor->data[end] != ' '; end++) {
			uint8_t digit = (uint8_t)(cursor->data[end] - '0');

			if (digit > 9 || __builtin_mul_overflow(word.number, 10, &word.number) ||
			    __builtin_add_overflow(word.number, digit, &word.number))
				return malformed(cursor, word.pos, "a malformed number");
		}
		cursor->pos = end < cursor->len ? end + 1 : end;
	} else {
		word.kind = FDBG_WORD_OP;
		for (end = cursor->pos; end < cursor->len && cursor->data[end] != ' '; end++) {
			if ((cursor->data[end] < 'a' || cursor->data[end] > 'z') && cursor->data[end] != '_')
				return malformed(cursor, word.pos, "a malformed word");
		}
		word.text = (struct fdbg_text){ (const char *)cursor->data + cursor->pos, end - cursor->pos };
		cursor->pos = end < cursor->len ? end + 1 : end;
	}
	if (!err)
		*ret = word;
	return err;
}

void fdbg_words_put_str(struct fdbg_buf *buf, struct fdbg_text text)
{
	uint8_t *to = fdbg_buf_reserve(buf, text.len + 3);
	unsigned high = 0;
	size_t len = text.len;

	if (!to)
		return;
	to[0] = '"';
	to[1] = ' ';
	to += 2;
	for (size_t i = 0; i < text.len; i++) {
		high |= (uint8_t)text.data[i];
		to[i] = (uint8_t)(text.data[i] == '"' ? '\'' : text.data[i]);
	}
	if (high & 0x80 && !fdbg_utf8_valid(text)) {
		/* Rare: nothing but well-formed UTF-8 leaves a Rust compiler. */
		len = fdbg_utf8_copy((char *)to, text.len, text);
		for (size_t i = 0; i < len; i++)
			to[i] = to[i] == '"' ? '\'' : to[i];
	}
	to[len] = '"';
	buf->len += len + 3;
}

void fdbg_words_put_bytes(struct fdbg_buf *buf, const void *data, uint32_t len)
{
	const uint8_t head[6] = { '#', ' ', (uint8_t)len, (uint8_t)(len >> 8), (uint8_t)(len >> 16),
				  (uint8_t)(len >> 24) };

	fdbg_buf_append(buf, head, sizeof(head));
	fdbg_buf_append(buf, data, len);
}

void fdbg_words_put_int(struct fdbg_buf *buf, uint64_t number)
{
	fdbg_buf_decimal(buf, number);
	fdbg_buf_byte(buf, ' ');
}
