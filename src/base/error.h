/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Errors as values: every fallible function returns a pointer to an error, NULL is success. */
#ifndef FDBG_BASE_ERROR_H
#define FDBG_BASE_ERROR_H

#include <stdarg.h>
#include <stdint.h>

/*
 * An error has a code that callers may act on and a message that a user can act on. It is made where the
 * failure happens (foreign errors are translated at the edge, once), passed up untouched or with context put
 * before its message, and ends either in main, which prints it, or in a caller that handles its code and
 * destroys it. The out-of-memory error is static, so that it can always be made.
 */

enum fdbg_error_code {
	FDBG_ERROR_NOMEM = 1,
	FDBG_ERROR_USAGE,       /* the user asked for something that cannot be done as asked */
	FDBG_ERROR_NOT_FOUND,   /* a file, symbol or DIE that was looked for is not there */
	FDBG_ERROR_IO,          /* a system call failed; errnum says why */
	FDBG_ERROR_FORMAT,      /* bytes that we did not write are not what they should be */
	FDBG_ERROR_END,         /* the input ended in a regular place */
	FDBG_ERROR_FAULT,       /* target memory at address cannot be read or written */
	FDBG_ERROR_REFUSED,     /* the server understood and answered with an error */
	FDBG_ERROR_UNSUPPORTED, /* the server, the target or fdbg cannot do this */
	FDBG_ERROR_PROTOCOL,    /* the server sent what makes no sense; the link is not usable any more */
	FDBG_ERROR_GONE,        /* the link is closed */
	FDBG_ERROR_TIMEOUT,     /* no answer in time */
	FDBG_ERROR_INTERRUPTED, /* a signal asked to stop */
};

struct fdbg_error {
	enum fdbg_error_code code;
	int errnum;             /* errno of FDBG_ERROR_IO, else 0 */
	uint64_t address;       /* target address of FDBG_ERROR_FAULT, else 0 */
	char *message;          /* one line, no newline at its end, never NULL */
};

/* The out-of-memory error; destroying it does nothing. */
extern struct fdbg_error fdbg_error_nomem;

#define FDBG_CHECK __attribute__((warn_unused_result))

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

/* Frees err; NULL is allowed. */
void fdbg_error_destroy(struct fdbg_error *err);

/* True when err is there and has this code. */
static inline int fdbg_error_is(const struct fdbg_error *err, enum fdbg_error_code code)
{
	return err && err->code == code;
}

#endif
