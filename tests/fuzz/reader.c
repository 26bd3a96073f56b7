/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Fuzz target: a whole stream file. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "stream/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	const struct fdbg_message *message;
	struct fdbg_reader *reader;
	struct fdbg_error *err;
	uint64_t offset = 0;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET)) {
		close(fd);
		return 0;
	}
	err = fdbg_reader_open_fd(fd, "fuzz", &reader);
	if (err) {
		fdbg_error_destroy(err);
		return 0;
	}
	for (;;) {
		err = fdbg_reader_next(reader, &message);
		if (err) {
			bool skipped = false;
			struct fdbg_error *skip;

			/* An end or a broken container stays as it is; malformed content can be passed. */
			skip = fdbg_error_is(err, FDBG_ERROR_FORMAT) ? fdbg_reader_skip(reader) : err;
			skipped = !skip;
			if (skip != err)
				fdbg_error_destroy(skip);
			fdbg_error_destroy(err);
			if (!skipped)
				break;
		}
		if (fdbg_reader_offset(reader) <= offset || fdbg_reader_offset(reader) > size)
			abort(); /* each message has bytes of its own */
		offset = fdbg_reader_offset(reader);
	}
	fdbg_reader_close(reader);
	return 0;
}
