/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Errors as values: every fallible function returns a pointer to an error, NULL is success. */
#ifndef FDBG_BASE_ERROR_H
#define FDBG_BASE_ERROR_H

#include <stdarg.h>
#include <stdint.h>

#include <fdbg/base.h> /* enum fdbg_error_code, FDBG_CHECK */

/*
 * An error has a code that callers may act on and a message that a user can act on. It is made where the
 * failure happens (foreign errors are translated at the edge, once), passed up untouched or with context put
 * before its message, and ends either in main, which prints it, or in a caller that handles its code and
 * destroys it. The out-of-memory error is static, so that it can always be made.
 */

struct fdbg_error {
	enum fdbg_error_code code;
	int errnum;             /* errno of FDBG_ERROR_IO, else 0 */
	uint64_t address;       /* target address of FDBG_ERROR_FAULT, else 0 */
	char *message;          /* one line, no newline at its end, never NULL */
};

/* The out-of-memory error; destroying it does nothing. */
extern struct fdbg_error fdbg_error_nomem;

/* A new error with a printf-like message. Never NULL: without memory it is &fdbg_error_nomem. */
struct fdbg_error *fdbg_error_create(enum fdbg_error_code code, const char *format, ...)
	__attribute__((format(printf, 2, 3))) FDBG_CHECK;

/* A new FDBG_ERROR_IO whose message ends in ": " and the text of errnum. */
struct fdbg_error *fdbg_error_errno(int errnum, const char *format, ...)
	__attribute__((format(printf, 2, 3))) FDBG_CHECK;

/* A new FDBG_ERROR_FAULT for a target address. */
struct fdbg_error *fdbg_error_fault(uint64_t address, const char *format, ...)
	__attribute__((format(printf, 2, 3))) FDBG_CHECK;

/* Puts "text: " before the message of err and returns it (the same error). NULL stays NULL. */
struct fdbg_error *fdbg_error_prefix(struct fdbg_error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3))) FDBG_CHECK;

/* True when err is there and has this code. */
static inline int fdbg_error_is(const struct fdbg_error *err, enum fdbg_error_code code)
{
	return err && err->code == code;
}

#endif
