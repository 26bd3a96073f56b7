/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Making text into UTF-8, which the format demands where names and paths may be any bytes. */
#ifndef FDBG_VALUE_UTF8_H
#define FDBG_VALUE_UTF8_H

#include "base/buf.h"
#include "base/text.h"

/* True when the text is well-formed UTF-8 (Unicode 15, table 3-7). */
bool fdbg_utf8_valid(struct fdbg_text text);

/*
 * Copies text to to, with `?` for each byte that is not part of well-formed UTF-8, up to the last character
 * that fits in cap bytes; returns the length (no NUL is added). With cap at least text.len everything fits.
 */
size_t fdbg_utf8_copy(char *to, size_t cap, struct fdbg_text text);

/* Appends text, repaired in the same way. */
void fdbg_utf8_put(struct fdbg_buf *buf, struct fdbg_text text);

#endif
