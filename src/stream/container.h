/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The container file: messages of named streams, beacons, end of stream (stream-format.md, section 1). */
#ifndef FDBG_STREAM_CONTAINER_H
#define FDBG_STREAM_CONTAINER_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"

/*
 * The container knows nothing of what payloads mean. Its writer numbers the messages of each stream, splices
 * them with beacons and buffers; its reader undoes that and checks all of it.
 */

struct fdbg_container_writer;

/*
 * Creates the file and puts its header in the buffer. A regular file that is there is kept as path.old. The
 * interval is at least the header's size. A file name that does not fit the header (more than 111 bytes) or
 * is not UTF-8 is shortened or repaired there.
 */
struct fdbg_error *fdbg_container_writer_create(const char *path, uint32_t beacon_interval,
						struct fdbg_container_writer **ret) FDBG_CHECK;
/* Writes what is buffered, without EOS, and frees. NULL is allowed. */
void fdbg_container_writer_destroy(struct fdbg_container_writer *writer);

/*
 * Appends a message. The key must live as long as the writer (a literal) and have 1 to 249 bytes; a writer
 * holds FDBG_CONTAINER_MAX_STREAMS of them. Time is in milliseconds since the Unix epoch.
 */
enum { FDBG_CONTAINER_MAX_STREAMS = 16 };
struct fdbg_error *fdbg_container_write(struct fdbg_container_writer *writer, struct fdbg_text key,
					uint64_t time_ms, const uint8_t *payload, size_t len) FDBG_CHECK;

/* Writes out what has been buffered for half a second or more. */
struct fdbg_error *fdbg_container_writer_tick(struct fdbg_container_writer *writer) FDBG_CHECK;

/* Appends EOS, writes everything and closes the file. */
struct fdbg_error *fdbg_container_writer_finish(struct fdbg_container_writer *writer) FDBG_CHECK;

uint64_t fdbg_container_writer_size(const struct fdbg_container_writer *writer);

/* The error that ended this writer, made anew; NULL while it is well. */
struct fdbg_error *fdbg_container_writer_error(const struct fdbg_container_writer *writer) FDBG_CHECK;

struct fdbg_container_reader;

/* A message without what it means. Texts and bytes are valid until the next call. */
struct fdbg_container_message {
	struct fdbg_text key;
	uint64_t shard;
	uint64_t sequence;
	uint64_t timestamp_ms;
	uint64_t offset;
	const uint8_t *payload;
	size_t payload_len;
	bool eos;
};

/*
 * Reads the header from fd (which is the reader's from here on, also on failure); name is for messages. A
 * file shorter than its header is FDBG_ERROR_END, one with another beginning FDBG_ERROR_FORMAT.
 */
struct fdbg_error *fdbg_container_reader_create(int fd, const char *name,
						struct fdbg_container_reader **ret) FDBG_CHECK;
void fdbg_container_reader_destroy(struct fdbg_container_reader *reader);

/*
 * Looks at the next message, which stays the next one until fdbg_container_advance. FDBG_ERROR_END where the
 * file ends before the message does: call again when it has grown. EOS is a message with eos set.
 */
struct fdbg_error *fdbg_container_peek(struct fdbg_container_reader *reader,
				       struct fdbg_container_message *ret) FDBG_CHECK;
/*
 * Goes behind the message that the last fdbg_container_peek gave. Its bytes stay valid until the next peek.
 */
void fdbg_container_advance(struct fdbg_container_reader *reader);

/* Bytes behind the EOS message that are no beacon: FDBG_ERROR_FORMAT. */
struct fdbg_error *fdbg_container_check_end(struct fdbg_container_reader *reader) FDBG_CHECK;

struct fdbg_text fdbg_container_name(const struct fdbg_container_reader *reader);
uint64_t fdbg_container_created_ms(const struct fdbg_container_reader *reader);
uint32_t fdbg_container_beacon_interval(const struct fdbg_container_reader *reader);
uint64_t fdbg_container_offset(const struct fdbg_container_reader *reader);
uint64_t fdbg_container_n_beacons(const struct fdbg_container_reader *reader);

#endif
