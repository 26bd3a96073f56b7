/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

void fdbg_buf_deinit(struct fdbg_buf *buf)
{
	free(buf->data);
	memset(buf, 0, sizeof(*buf));
}

uint8_t *fdbg_buf_reserve(struct fdbg_buf *buf, size_t extra)
{
	size_t cap;
	uint8_t *data;

	if (buf->failed)
		return NULL;
	if (buf->cap - buf->len >= extra && buf->data)
		return buf->data + buf->len;
	if (extra > SIZE_MAX / 2 - buf->len) {
		buf->failed = true;
		return NULL;
	}
	cap = buf->cap ? buf->cap : 256;
	while (cap < buf->len + extra)
		cap *= 2;
	data = realloc(buf->data, cap);
	if (!data) {
		buf->failed = true;
		return NULL;
	}
	buf->data = data;
	buf->cap = cap;
	return data + buf->len;
}

void fdbg_buf_append(struct fdbg_buf *buf, const void *data, size_t len)
{
	uint8_t *to;

	if (!len)
		return;
	to = fdbg_buf_reserve(buf, len);
	if (!to)
		return;
	memcpy(to, data, len);
	buf->len += len;
}

void fdbg_buf_byte(struct fdbg_buf *buf, uint8_t byte)
{
	fdbg_buf_append(buf, &byte, 1);
}

void fdbg_buf_string(struct fdbg_buf *buf, const char *text)
{
	fdbg_buf_append(buf, text, strlen(text));
}

void fdbg_buf_vprintf(struct fdbg_buf *buf, const char *format, va_list ap)
{
	va_list again;
	uint8_t *to;
	int len;

	va_copy(again, ap);
	len = vsnprintf(NULL, 0, format, again);
	va_end(again);
	to = len < 0 ? NULL : fdbg_buf_reserve(buf, (size_t)len + 1);
	if (!to) {
		buf->failed = true;
		return;
	}
	vsnprintf((char *)to, (size_t)len + 1, format, ap);
	buf->len += (size_t)len;
}

void fdbg_buf_printf(struct fdbg_buf *buf, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	fdbg_buf_vprintf(buf, format, ap);
	va_end(ap);
}

void fdbg_buf_decimal(struct fdbg_buf *buf, uint64_t value)
{
	char digits[20];
	size_t n = 0;

	do {
		digits[sizeof(digits) - ++n] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	fdbg_buf_append(buf, digits + sizeof(digits) - n, n);
}

void fdbg_buf_be16(struct fdbg_buf *buf, uint16_t value)
{
	uint8_t bytes[2] = { (uint8_t)(value >> 8), (uint8_t)value };

	fdbg_buf_append(buf, bytes, sizeof(bytes));
}

void fdbg_buf_be32(struct fdbg_buf *buf, uint32_t value)
{
	fdbg_buf_be16(buf, (uint16_t)(value >> 16));
	fdbg_buf_be16(buf, (uint16_t)value);
}

void fdbg_buf_be64(struct fdbg_buf *buf, uint64_t value)
{
	fdbg_buf_be32(buf, (uint32_t)(value >> 32));
	fdbg_buf_be32(buf, (uint32_t)value);
}

const char *fdbg_buf_cstr(struct fdbg_buf *buf)
{
	uint8_t *end = fdbg_buf_reserve(buf, 1);

	if (!end)
		return "";
	*end = 0;
	return (const char *)buf->data;
}
