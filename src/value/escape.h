/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Rust's escapes of characters and strings, and UTF-8. */
#ifndef FDBG_VALUE_ESCAPE_H
#define FDBG_VALUE_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* The character at data (len at least 1): its length in bytes, or 0 when there is no valid UTF-8. */
size_t fdbg_utf8_decode(const uint8_t *data, size_t len, uint32_t *char_ret);

/* Appends a character as UTF-8; it must not be a surrogate and not above 0x10ffff. */
void fdbg_utf8_encode(struct fdbg_buf *buf, uint32_t character);

/* How the bytes of a quoted string are written (std-types.md, sections 2 and 6.1). */
enum fdbg_escape_flavour {
	FDBG_ESCAPE_STR,  /* str and String; bytes that are not UTF-8, which Rust cannot have, as \xnn */
	FDBG_ESCAPE_PATH, /* Path, OsStr and their owned kinds: such bytes as \xNN in upper case */
	FDBG_ESCAPE_CSTR, /* CStr, CString: ASCII controls as \xnn, single quotes escaped too */
	/* The rules of old compilers (render.h); beside one of those above. */
	FDBG_ESCAPE_OLD_TABLE = 4,   /* which characters are printable: the Unicode of 1.63 */
	FDBG_ESCAPE_OLD_QUOTES = 8,  /* PATH: single quotes escaped too; CSTR: all that is not ASCII as \xnn */
};

/* Appends the characters of a string, escaped, without quotes. */
void fdbg_escape_string(struct fdbg_buf *buf, const void *data, size_t len, enum fdbg_escape_flavour flavour);

/*
 * Appends a char in single quotes. A code point that is no char prints as its number: `<char 0xd800>`.
 * flavour: FDBG_ESCAPE_STR, with FDBG_ESCAPE_OLD_TABLE or without.
 */
void fdbg_escape_char(struct fdbg_buf *buf, uint32_t character, enum fdbg_escape_flavour flavour);

/*
 * Appends text for a terminal or a log: control characters and broken UTF-8, which names in a hostile file
 * may have, become \xnn; everything else stays. Newlines stay where multi_line is set.
 */
void fdbg_escape_terminal(struct fdbg_buf *buf, const void *data, size_t len, bool multi_line);

#endif
