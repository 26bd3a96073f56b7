/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A growing text that lies in memory while it is short and in a temporary file when it is long. */
#include "report/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* What stays in memory; of many threads each has its own. */
enum { MAX_TAIL = 16 << 20 };

void fdbg_spool_deinit(struct fdbg_spool *spool)
{
	if (spool->file)
		fclose(spool->file);
	fdbg_buf_deinit(&spool->tail);
	fdbg_buf_deinit(&spool->piece);
}

static struct fdbg_error *open_file(struct fdbg_spool *spool)
{
	const char *folder = getenv("TMPDIR");
	int fd;

	if (!folder || !*folder)
		folder = "/tmp";
	fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		spool->file = fdopen(fd, "w+");
	else
		spool->file = tmpfile(); /* a file system without nameless files */
	if (spool->file)
		return NULL;
	if (fd >= 0)
		close(fd);
	return fdbg_error_errno(errno, "cannot create a temporary file in %s", folder);
}

struct fdbg_error *fdbg_spool_settle(struct fdbg_spool *spool)
{
	struct fdbg_error *err = fdbg_buf_error(&spool->tail);

	if (err || spool->tail.len < MAX_TAIL)
		return err;
	if (!spool->file) {
		err = open_file(spool);
		if (err)
			return err;
	}
	for (size_t done = 0; done < spool->tail.len;) {
		ssize_t n = pwrite(fileno(spool->file), spool->tail.data + done, spool->tail.len - done,
				   (off_t)(spool->n_filed + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fdbg_error_errno(errno, "cannot write to a temporary file");
		done += (size_t)n;
	}
	spool->n_filed += spool->tail.len;
	fdbg_buf_clear(&spool->tail);
	return NULL;
}

struct fdbg_error *fdbg_spool_truncate(struct fdbg_spool *spool, uint64_t size)
{
	if (size >= spool->n_filed) {
		if (size - spool->n_filed < spool->tail.len)
			spool->tail.len = (size_t)(size - spool->n_filed);
		return NULL;
	}
	/* What lies behind in the file is written over. */
	spool->n_filed = size;
	fdbg_buf_clear(&spool->tail);
	return NULL;
}

struct fdbg_error *fdbg_spool_read(struct fdbg_spool *spool, uint64_t offset, size_t len, const uint8_t **ret)
{
	size_t in_file, done = 0;
	uint8_t *to;

	if (!len || (offset >= spool->n_filed && offset - spool->n_filed + len <= spool->tail.len)) {
		*ret = len ? spool->tail.data + (offset - spool->n_filed) : (const uint8_t *)"";
		return NULL;
	}
	fdbg_buf_clear(&spool->piece);
	to = fdbg_buf_reserve(&spool->piece, len);
	if (!to)
		return &fdbg_error_nomem;
	in_file = spool->n_filed - offset < len ? (size_t)(spool->n_filed - offset) : len;
	while (done < in_file) {
		ssize_t n = pread(fileno(spool->file), to + done, in_file - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fdbg_error_errno(n ? errno : EIO, "cannot read a temporary file");
		done += (size_t)n;
	}
	if (in_file < len)
		memcpy(to + in_file, spool->tail.data, len - in_file);
	*ret = to;
	return NULL;
}
