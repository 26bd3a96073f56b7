/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* libfdbg: texts and errors, which all of its headers use. */
#ifndef FDBG_BASE_H
#define FDBG_BASE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __GNUC__
#define FDBG_CHECK __attribute__((warn_unused_result))
#else
#define FDBG_CHECK
#endif

/* Text with a length, not necessarily NUL-terminated: printf("%.*s", (int)text.len, text.data). */
struct fdbg_text {
	const char *data; /* belongs to somebody else; NULL goes with length 0 */
	size_t len;
};

/*
 * Every function that can fail returns an error, NULL on success. The caller owns it: fdbg_error_destroy. The
 * library never prints, exits or aborts. The codes are those of the whole of fdbg; a reader of recordings
 * meets NOMEM, USAGE, NOT_FOUND, IO, FORMAT and END.
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

struct fdbg_error;

/* Of an error, not NULL: its code, and a line of text without newline that lives as long as the error. */
enum fdbg_error_code fdbg_error_get_code(const struct fdbg_error *err);
const char *fdbg_error_get_message(const struct fdbg_error *err);

/* Frees err; NULL is allowed. */
void fdbg_error_destroy(struct fdbg_error *err);

/* The version of the library that is loaded, "0.1.0". */
const char *fdbg_version(void);

#ifdef __cplusplus
}
#endif

#endif
