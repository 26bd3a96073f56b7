/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Files of the target's machine, read through the server (vFile). */
#ifndef FDBG_GDBREMOTE_HOSTIO_H
#define FDBG_GDBREMOTE_HOSTIO_H

#include "gdbremote/session.h"

/*
 * Works while the target is stopped and where the server has it (struct fdbg_abilities, host_io); else
 * UNSUPPORTED. Errors that the server reports are IO with errnum (NOT_FOUND for a missing file). Paths are as
 * the target's machine sees them from outside of containers.
 */

/* Opens a file for reading. */
struct fdbg_error *fdbg_hostio_open(struct fdbg_session *session, const char *path, int *fd_ret) FDBG_CHECK;
void fdbg_hostio_close(struct fdbg_session *session, int fd);

/* Size of an open file in bytes. Files of /proc say 0. */
struct fdbg_error *fdbg_hostio_size(struct fdbg_session *session, int fd, uint64_t *size_ret) FDBG_CHECK;

/* Reads up to size bytes at offset; fewer only at the end of the file (0: at or behind it). */
struct fdbg_error *fdbg_hostio_pread(struct fdbg_session *session, int fd, void *to, size_t size,
				     uint64_t offset, size_t *len_ret) FDBG_CHECK;

/* Appends a whole file to buf; USAGE when it has more than limit bytes. */
struct fdbg_error *fdbg_hostio_read_file(struct fdbg_session *session, const char *path, size_t limit,
					 struct fdbg_buf *buf) FDBG_CHECK;

#endif
