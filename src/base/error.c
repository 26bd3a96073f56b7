/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fdbg_error fdbg_error_nomem = { FDBG_ERROR_NOMEM, 0, 0, (char *)"out of memory" };

static struct fdbg_error *create(enum fdbg_error_code code, const char *format, va_list ap)
{
	struct fdbg_error *err = calloc(1, sizeof(*err));

	if (!err)
		return &fdbg_error_nomem;
	err->code = code;
	if (vasprintf(&err->message, format, ap) < 0) {
		free(err);
		return &fdbg_error_nomem;
	}
	return err;
}

struct fdbg_error *fdbg_error_create(enum fdbg_error_code code, const char *format, ...)
{
	va_list ap;
	struct fdbg_error *err;

	va_start(ap, format);
	err = create(code, format, ap);
	va_end(ap);
	return err;
}

struct fdbg_error *fdbg_error_errno(int errnum, const char *format, ...)
{
	va_list ap;
	struct fdbg_error *err;
	char *text, buffer[256];

	va_start(ap, format);
	err = create(FDBG_ERROR_IO, format, ap);
	va_end(ap);
	if (err == &fdbg_error_nomem)
		return err;
	err->errnum = errnum;
	if (asprintf(&text, "%s: %s", err->message, strerror_r(errnum, buffer, sizeof(buffer))) < 0)
		return err;
	free(err->message);
	err->message = text;
	return err;
}

struct fdbg_error *fdbg_error_fault(uint64_t address, const char *format, ...)
{
	va_list ap;
	struct fdbg_error *err;

	va_start(ap, format);
	err = create(FDBG_ERROR_FAULT, format, ap);
	va_end(ap);
	if (err != &fdbg_error_nomem)
		err->address = address;
	return err;
}

struct fdbg_error *fdbg_error_prefix(struct fdbg_error *err, const char *format, ...)
{
	va_list ap;
	char *context, *text;
	int length;

	if (!err || err == &fdbg_error_nomem)
		return err;
	va_start(ap, format);
	length = vasprintf(&context, format, ap);
	va_end(ap);
	if (length < 0)
		return err;
	length = asprintf(&text, "%s: %s", context, err->message);
	free(context);
	if (length < 0)
		return err;
	free(err->message);
	err->message = text;
	return err;
}

void fdbg_error_destroy(struct fdbg_error *err)
{
	if (!err || err == &fdbg_error_nomem)
		return;
	free(err->message);
	free(err);
}
