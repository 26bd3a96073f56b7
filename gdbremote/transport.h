/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The byte stream to a server: TCP, Unix socket, or a command's standard input and output. */
#ifndef FDBG_GDBREMOTE_TRANSPORT_H
#define FDBG_GDBREMOTE_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/*
 * A transport moves bytes and nothing else: it knows no packets. Descriptors are non-blocking; every wait has
 * a limit.
 */
struct fdbg_transport;

/*
 * Opens ADDRESS (cli.md): `HOST:PORT`, `[V6]:PORT`, `unix:PATH` or `| COMMAND` (run by sh -c). timeout_ms
 * limits the connection, with retries while nobody listens yet; INTERRUPTED when wake_fd (-1: none) is readable meanwhile.
 */
struct fdbg_error *fdbg_transport_open(const char *address, int timeout_ms, int wake_fd, struct fdbg_transport **ret)
	FDBG_CHECK;

/* Takes over a connected descriptor (closes it with the transport). */
struct fdbg_error *fdbg_transport_from_fd(int fd, struct fdbg_transport **ret) FDBG_CHECK;

void fdbg_transport_destroy(struct fdbg_transport *transport);

/* Writes all of data within timeout_ms; FDBG_ERROR_GONE when the peer closed, FDBG_ERROR_TIMEOUT. */
struct fdbg_error *fdbg_transport_write(struct fdbg_transport *transport, const void *data, size_t len,
					int timeout_ms) FDBG_CHECK;

/*
 * Reads what is there, at least one byte, waiting up to timeout_ms (-1: no limit; 0: do not wait).
 * FDBG_ERROR_TIMEOUT when nothing came, FDBG_ERROR_GONE at the end of the stream, FDBG_ERROR_INTERRUPTED when
 * nothing came and the wake descriptor is readable. A signal alone does not end the wait.
 */
struct fdbg_error *fdbg_transport_read(struct fdbg_transport *transport, void *data, size_t size,
				       int timeout_ms,
				       size_t *len_ret) FDBG_CHECK;

/*
 * Asks the target to stop while it runs: writes 0x03, or, where the target is a process of this machine
 * (set_local_target), sends it SIGSTOP: gdbserver passes 0x03 on as SIGINT to a process group that a target
 * which it attached to does not lead, and SIGINT may be blocked. uninterrupt takes back a SIGSTOP that the
 * target has not seen, once nobody traces it; it does nothing for 0x03.
 */
struct fdbg_error *fdbg_transport_interrupt(struct fdbg_transport *transport, int timeout_ms) FDBG_CHECK;
void fdbg_transport_uninterrupt(struct fdbg_transport *transport);
/* The process must not be reaped while it may be interrupted. 0: none. */
void fdbg_transport_set_local_target(struct fdbg_transport *transport, pid_t pid);

/* A descriptor that ends a waiting read with FDBG_ERROR_INTERRUPTED while it is readable; -1: none. */
void fdbg_transport_set_wake(struct fdbg_transport *transport, int fd);

#endif
