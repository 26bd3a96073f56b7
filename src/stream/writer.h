/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Writing a .firedbg.ss file. */
#ifndef FDBG_STREAM_WRITER_H
#define FDBG_STREAM_WRITER_H

#include "base/error.h"
#include "stream/message.h"

/*
 * A writer encodes messages into a buffer and writes it out when it is large, when a second has passed since
 * the last write (fdbg_writer_tick, to be called at least a few times a second while waiting), and at the
 * end. A write is one write(2) of whole bytes in order, so whatever kills the process leaves a readable
 * prefix. After an error (disk full) the writer refuses everything with that error; what was written stays
 * readable. Timestamps are milliseconds since the Unix epoch and are raised to the newest one of their
 * stream: they never go back.
 */
struct fdbg_writer;

/* Creates the file at path (a regular file that is there is kept as path.old) and writes the header. */
struct fdbg_error *fdbg_writer_create(const char *path, struct fdbg_writer **ret) FDBG_CHECK;
/* The same with another beacon interval than 1 MiB, of at least 128 bytes: for tests. */
struct fdbg_error *fdbg_writer_create_with_interval(const char *path, uint32_t beacon_interval,
						    struct fdbg_writer **ret) FDBG_CHECK;

/*
 * Frees the writer. Without a fdbg_writer_finish before, what is buffered is written but no EOS. NULL is
 * allowed.
 */
void fdbg_writer_destroy(struct fdbg_writer *writer);

struct fdbg_error *fdbg_writer_info(struct fdbg_writer *writer, uint64_t time_ms,
				    const struct fdbg_message_info *info) FDBG_CHECK;
struct fdbg_error *fdbg_writer_exec(struct fdbg_writer *writer, uint64_t time_ms,
				    const struct fdbg_message_exec *exec) FDBG_CHECK;
struct fdbg_error *fdbg_writer_file(struct fdbg_writer *writer, uint64_t time_ms,
				    const struct fdbg_message_file *file) FDBG_CHECK;
struct fdbg_error *fdbg_writer_breakpoint(struct fdbg_writer *writer, uint64_t time_ms,
					  const struct fdbg_message_breakpoint *breakpoint) FDBG_CHECK;
struct fdbg_error *fdbg_writer_event(struct fdbg_writer *writer, uint64_t time_ms,
				     const struct fdbg_message_event *event) FDBG_CHECK;
struct fdbg_error *fdbg_writer_allocation(struct fdbg_writer *writer, uint64_t time_ms,
					  const struct fdbg_message_allocation *allocation) FDBG_CHECK;

/* Writes out what is older than half a second. Cheap when there is nothing to do. */
struct fdbg_error *fdbg_writer_tick(struct fdbg_writer *writer) FDBG_CHECK;

/* Writes the EOS message and everything buffered, and closes the file. */
struct fdbg_error *fdbg_writer_finish(struct fdbg_writer *writer) FDBG_CHECK;

/* Bytes of the file so far (written or buffered). */
uint64_t fdbg_writer_size(const struct fdbg_writer *writer);

#endif
