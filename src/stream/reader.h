/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Reading a .firedbg.ss file, whole, cut short or still growing. */
#ifndef FDBG_STREAM_READER_H
#define FDBG_STREAM_READER_H

#include "base/error.h"
#include "stream/message.h"

/*
 * A reader gives the messages in file order. Each message and everything in it is valid until the next call.
 * The reader checks what it passes: header, beacons, checksums, sequence numbers. What is wrong is an error
 * of code FDBG_ERROR_FORMAT whose message ends with the file offset.
 */
struct fdbg_reader;

enum fdbg_reader_end {
	FDBG_READER_OPEN, /* not at the end yet */
	FDBG_READER_EOS,  /* the end-of-stream message was read */
	FDBG_READER_CUT,  /* the file ends in the middle, or without EOS: being written, or cut short */
};

/*
 * Opens a file and reads its header. FDBG_ERROR_NOT_FOUND: there is no such file; FDBG_ERROR_FORMAT: it is
 * something else than a recording; FDBG_ERROR_END: it was cut short inside its header.
 */
struct fdbg_error *fdbg_reader_open(const char *path, struct fdbg_reader **ret) FDBG_CHECK;
/* As fdbg_reader_open for an open file or pipe, which is the reader's from here on, also on failure. */
struct fdbg_error *fdbg_reader_open_fd(int fd, const char *name, struct fdbg_reader **ret) FDBG_CHECK;
void fdbg_reader_close(struct fdbg_reader *reader);

/*
 * The next message. FDBG_ERROR_END at the end (fdbg_reader_at_end says which kind); after a CUT the call may
 * be repeated when the file has grown. With FDBG_ERROR_FORMAT the reader stays where it was, except for bytes
 * behind the end of the stream, which are told once.
 */
struct fdbg_error *fdbg_reader_next(struct fdbg_reader *reader, const struct fdbg_message **ret) FDBG_CHECK;

/*
 * After a message whose content (not its container) was malformed: goes on with the next one. Containers of
 * files with a broken part cannot be skipped: FDBG_ERROR_USAGE.
 */
struct fdbg_error *fdbg_reader_skip(struct fdbg_reader *reader) FDBG_CHECK;

enum fdbg_reader_end fdbg_reader_at_end(const struct fdbg_reader *reader);

/* From the header: the file's own name, its creation time, the beacon interval. */
struct fdbg_text fdbg_reader_name(const struct fdbg_reader *reader);
uint64_t fdbg_reader_created_ms(const struct fdbg_reader *reader);
uint32_t fdbg_reader_beacon_interval(const struct fdbg_reader *reader);
/* Offset of the next message; beacons passed so far. */
uint64_t fdbg_reader_offset(const struct fdbg_reader *reader);
uint64_t fdbg_reader_n_beacons(const struct fdbg_reader *reader);

#endif
