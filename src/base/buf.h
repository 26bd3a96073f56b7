/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A growable byte buffer that remembers a failed allocation. */
#ifndef FDBG_BASE_BUF_H
#define FDBG_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"

/*
 * Appending never reports failure; when memory runs out the buffer turns `failed` and ignores what comes, so
 * that an encoder checks once at its end (fdbg_buf_error). A zeroed struct is an empty buffer. The memory is
 * kept by fdbg_buf_clear, so a buffer that is used for every event allocates only while it grows.
 */
struct fdbg_buf {
	uint8_t *data;
	size_t len;
	size_t cap;
	bool failed;
};

void fdbg_buf_deinit(struct fdbg_buf *buf);

/* Empties the buffer and forgets a failure; keeps its memory. */
static inline void fdbg_buf_clear(struct fdbg_buf *buf)
{
	buf->len = 0;
	buf->failed = false;
}

/* Makes room for `extra` more bytes and returns where they go (then add to len), or NULL when failed. */
uint8_t *fdbg_buf_reserve(struct fdbg_buf *buf, size_t extra);

void fdbg_buf_append(struct fdbg_buf *buf, const void *data, size_t len);
void fdbg_buf_byte(struct fdbg_buf *buf, uint8_t byte);
void fdbg_buf_string(struct fdbg_buf *buf, const char *text);
void fdbg_buf_printf(struct fdbg_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void fdbg_buf_vprintf(struct fdbg_buf *buf, const char *format, va_list ap);

/* Decimal digits of value. */
void fdbg_buf_decimal(struct fdbg_buf *buf, uint64_t value);

/* Big-endian integers. */
void fdbg_buf_be16(struct fdbg_buf *buf, uint16_t value);
void fdbg_buf_be32(struct fdbg_buf *buf, uint32_t value);
void fdbg_buf_be64(struct fdbg_buf *buf, uint64_t value);

/* The contents as a C string (a NUL is kept behind them, not counted), "" when failed. Valid until the next change. */
const char *fdbg_buf_cstr(struct fdbg_buf *buf);

/* &fdbg_error_nomem when an append failed, else NULL. */
FDBG_CHECK static inline struct fdbg_error *fdbg_buf_error(const struct fdbg_buf *buf)
{
	return buf->failed ? &fdbg_error_nomem : NULL;
}

#endif
