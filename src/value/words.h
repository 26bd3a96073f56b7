/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The words of the value encoding (stream-format.md, section 3), both ways. */
#ifndef FDBG_VALUE_WORDS_H
#define FDBG_VALUE_WORDS_H

#include "base/buf.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/text.h"

enum fdbg_word_kind { FDBG_WORD_END, FDBG_WORD_STR, FDBG_WORD_BYTES, FDBG_WORD_INT, FDBG_WORD_OP };

struct fdbg_word {
	enum fdbg_word_kind kind;
	struct fdbg_text text; /* of STR, BYTES and OP; points into the cursor's bytes */
	uint64_t number;       /* of INT */
	size_t pos;            /* where it begins in the cursor */
};

/*
 * The next word; END when nothing but spaces is left. Malformed bytes: FDBG_ERROR_FORMAT with the position.
 */
struct fdbg_error *fdbg_words_next(struct fdbg_cursor *cursor, struct fdbg_word *ret) FDBG_CHECK;

/*
 * A str word. What its form cannot hold is replaced: a double quote by a single one, a byte that is not part
 * of well-formed UTF-8 by `?`.
 */
void fdbg_words_put_str(struct fdbg_buf *buf, struct fdbg_text text);
void fdbg_words_put_bytes(struct fdbg_buf *buf, const void *data, uint32_t len);
void fdbg_words_put_int(struct fdbg_buf *buf, uint64_t number);

#endif
