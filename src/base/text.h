/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A piece of text with a length, not necessarily NUL-terminated. */
#ifndef FDBG_BASE_TEXT_H
#define FDBG_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <fdbg/base.h> /* struct fdbg_text */

#define FDBG_TEXT(literal) ((struct fdbg_text){ "" literal, sizeof(literal) - 1 })

static inline struct fdbg_text fdbg_text_from(const char *cstr)
{
	return (struct fdbg_text){ cstr, cstr ? strlen(cstr) : 0 };
}

static inline bool fdbg_text_equal(struct fdbg_text a, struct fdbg_text b)
{
	return a.len == b.len && (!a.len || !memcmp(a.data, b.data, a.len));
}

static inline bool fdbg_text_is(struct fdbg_text text, const char *cstr)
{
	return fdbg_text_equal(text, fdbg_text_from(cstr));
}

static inline bool fdbg_text_starts(struct fdbg_text text, const char *prefix)
{
	size_t len = strlen(prefix);

	return text.len >= len && !memcmp(text.data, prefix, len);
}

static inline bool fdbg_text_ends(struct fdbg_text text, const char *suffix)
{
	size_t len = strlen(suffix);

	return text.len >= len && !memcmp(text.data + text.len - len, suffix, len);
}

/* The part of a text from one offset to another, empty where they cross. A text that is nowhere has only parts that are nowhere. */
static inline struct fdbg_text fdbg_text_part(struct fdbg_text text, size_t from, size_t to)
{
	return (struct fdbg_text){ from ? text.data + from : text.data, to > from ? to - from : 0 };
}

#endif
