/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A growing text that lies in memory while it is short and in a temporary file when it is long. */
#ifndef FDBG_REPORT_SPOOL_H
#define FDBG_REPORT_SPOOL_H

#include <stdio.h>

#include "base/buf.h"

/*
 * Bytes are appended at the end, may be cut off there, and are read from anywhere. A zeroed struct is empty.
 * The temporary file lies in TMPDIR, or /tmp, without a name.
 */
struct fdbg_spool {
	struct fdbg_buf tail;  /* the bytes from n_filed on */
	uint64_t n_filed;      /* bytes that are in the file */
	FILE *file;            /* NULL: none yet */
	struct fdbg_buf piece; /* what was read last */
};

void fdbg_spool_deinit(struct fdbg_spool *spool);

/* Where the next byte goes. */
static inline uint64_t fdbg_spool_size(const struct fdbg_spool *spool)
{
	return spool->n_filed + spool->tail.len;
}

/* To be called between appends to `tail`: moves it to the file when it is long. */
struct fdbg_error *fdbg_spool_settle(struct fdbg_spool *spool) FDBG_CHECK;

/* Cuts everything from size on off. */
struct fdbg_error *fdbg_spool_truncate(struct fdbg_spool *spool, uint64_t size) FDBG_CHECK;

/* The bytes from offset on, len of them, valid until the next call. */
struct fdbg_error *fdbg_spool_read(struct fdbg_spool *spool, uint64_t offset, size_t len,
				   const uint8_t **ret) FDBG_CHECK;

#endif
