/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The writing half of the container. */
#include "stream/container.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/scope.h"
#include "stream/format.h"
#include "value/utf8.h"

/* Written out when this much is waiting; the buffer grows above it by one message at most. */
#define FLUSH_SIZE ((size_t)256 * 1024)
/* A beacon takes at most half of its interval (and 4 bytes), and has no more items than there are streams. */
#define BEACON_MAX (FDBG_FORMAT_BEACON_FIXED + FDBG_FORMAT_ITEM_MAX * FDBG_CONTAINER_MAX_STREAMS)
#define FLUSH_AGE_NS ((uint64_t)500 * 1000 * 1000)

struct stream_state {
	struct fdbg_text key;
	uint64_t sequence;
	uint64_t time_ms;
	uint16_t running;
};

struct fdbg_container_writer {
	int fd; /* -1: finished */
	char *path;
	uint32_t interval;
	uint64_t size;        /* of the file, with what is buffered */
	uint64_t waiting_ns;  /* when the oldest byte of the buffer came */
	struct fdbg_buf out;
	struct stream_state streams[FDBG_CONTAINER_MAX_STREAMS]; /* sorted by key */
	size_t n_streams;
	uint64_t n_items;     /* beacon items written so far: the round robin goes on from here */
	int errnum;           /* not 0: the file cannot be written any more */
};

static struct fdbg_error *flush(struct fdbg_container_writer *writer)
{
	size_t done = 0;

	while (done < writer->out.len) {
		ssize_t n = write(writer->fd, writer->out.data + done, writer->out.len - done);

		if (n > 0) {
			done += (size_t)n;
		} else if (n == 0 || errno != EINTR) {
			writer->errnum = n == 0 ? EIO : errno;
			return fdbg_container_writer_error(writer);
		}
	}
	fdbg_buf_clear(&writer->out);
	writer->waiting_ns = fdbg_clock_mono_ns();
	return NULL;
}

static void write_header(struct fdbg_container_writer *writer)
{
	const char *slash = strrchr(writer->path, '/');
	char name[FDBG_FORMAT_HEADER_SIZE - 17];
	size_t len = fdbg_utf8_copy(name, sizeof(name), fdbg_text_from(slash ? slash + 1 : writer->path));
	struct fdbg_buf *out = &writer->out;

	fdbg_buf_append(out, "Ss\x01", 3);
	fdbg_buf_byte(out, (uint8_t)len);
	fdbg_buf_append(out, name, len);
	fdbg_buf_be64(out, fdbg_clock_wall_ms());
	fdbg_buf_be32(out, writer->interval);
	while (out->len < FDBG_FORMAT_HEADER_SIZE - 1)
		fdbg_buf_byte(out, 0);
	fdbg_buf_byte(out, FDBG_FORMAT_MARK);
}

static struct stream_state *find_stream(struct fdbg_container_writer *writer, struct fdbg_text key)
{
	size_t at;

	for (at = 0; at < writer->n_streams; at++) {
		const struct fdbg_text *other = &writer->streams[at].key;
		size_t common = other->len < key.len ? other->len : key.len;
		int order = memcmp(other->data, key.data, common);

		if (!order && other->len == key.len)
			return &writer->streams[at];
		if (order > 0 || (!order && other->len > key.len))
			break;
	}
	if (writer->n_streams == FDBG_CONTAINER_MAX_STREAMS)
		return NULL;
	memmove(&writer->streams[at + 1], &writer->streams[at],
		(writer->n_streams - at) * sizeof(writer->streams[0]));
	writer->n_streams++;
	writer->streams[at] = (struct stream_state){ .key = key, .running = FDBG_FORMAT_CRC_START };
	return &writer->streams[at];
}

static void put_message_header(struct fdbg_buf *out, const struct stream_state *stream)
{
	fdbg_buf_byte(out, (uint8_t)stream->key.len);
	fdbg_buf_append(out, stream->key.data, stream->key.len);
	fdbg_buf_be64(out, 0);
	fdbg_buf_be64(out, stream->sequence);
	fdbg_buf_be64(out, stream->time_ms);
}

/* Most items of a beacon: half of what would fit, so that messages get on in any interval. */
static size_t beacon_limit(uint32_t interval)
{
	size_t fit = (interval - FDBG_FORMAT_BEACON_FIXED) / FDBG_FORMAT_ITEM_MAX;

	return (fit < 255 ? fit : 255) / 2;
}

static void put_beacon(struct fdbg_container_writer *writer, uint32_t remaining)
{
	struct fdbg_buf *out = &writer->out;
	size_t before = out->len, limit = beacon_limit(writer->interval);
	size_t n = writer->n_streams < limit ? writer->n_streams : limit;

	fdbg_buf_byte(out, FDBG_FORMAT_MARK);
	fdbg_buf_be32(out, remaining);
	fdbg_buf_byte(out, (uint8_t)n);
	for (size_t i = 0; i < n; i++) {
		size_t at = (size_t)((writer->n_items + i) % writer->n_streams);
		const struct stream_state *stream = &writer->streams[at];

		put_message_header(out, stream);
		fdbg_buf_be16(out, stream->running);
	}
	fdbg_buf_byte(out, FDBG_FORMAT_MARK);
	writer->n_items += n;
	writer->size += out->len - before;
}

/* Appends a part of a message of which `left` bytes are still to come, this part included. */
static void put_spliced(struct fdbg_container_writer *writer, const uint8_t *data, size_t len, size_t *left)
{
	while (len) {
		size_t room = writer->interval - (size_t)(writer->size % writer->interval);
		size_t n = len < room ? len : room;

		fdbg_buf_append(&writer->out, data, n);
		data += n;
		len -= n;
		*left -= n;
		writer->size += n;
		if (n == room)
			put_beacon(writer, (uint32_t)*left);
	}
}

struct fdbg_error *fdbg_container_writer_create(const char *path, uint32_t beacon_interval,
						struct fdbg_container_writer **ret)
{
	FDBG_AUTO_FREE char *old = NULL;
	struct fdbg_container_writer *writer;
	struct stat st;
	int errnum;

	if (beacon_interval < FDBG_FORMAT_HEADER_SIZE)
		return fdbg_error_create(FDBG_ERROR_USAGE, "a beacon interval of %u is too small",
					 beacon_interval);
	writer = calloc(1, sizeof(*writer));
	if (!writer)
		return &fdbg_error_nomem;
	writer->fd = -1;
	writer->interval = beacon_interval;
	writer->path = strdup(path);
	/* What the steady state needs: a full buffer and one large message. */
	if (!writer->path || !fdbg_buf_reserve(&writer->out, 2 * FLUSH_SIZE)) {
		fdbg_container_writer_destroy(writer);
		return &fdbg_error_nomem;
	}
	if (!stat(path, &st) && S_ISREG(st.st_mode)) {
		if (asprintf(&old, "%s.old", path) < 0) {
			old = NULL;
			fdbg_container_writer_destroy(writer);
			return &fdbg_error_nomem;
		}
		if (rename(path, old)) {
			errnum = errno;
			fdbg_container_writer_destroy(writer);
			return fdbg_error_errno(errnum, "cannot keep the old %s as %s", path, old);
		}
	}
	writer->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (writer->fd < 0) {
		errnum = errno;
		if (old)
			(void)!rename(old, path); /* back to where it was, as well as we can */
		fdbg_container_writer_destroy(writer);
		return fdbg_error_errno(errnum, "cannot create %s", path);
	}
	write_header(writer);
	writer->size = FDBG_FORMAT_HEADER_SIZE;
	if (writer->size == beacon_interval)
		put_beacon(writer, 0);
	writer->waiting_ns = fdbg_clock_mono_ns();
	*ret = writer;
	return NULL;
}

void fdbg_container_writer_destroy(struct fdbg_container_writer *writer)
{
	if (!writer)
		return;
	if (writer->fd >= 0) {
		if (!writer->errnum)
			fdbg_error_destroy(flush(writer));
		close(writer->fd);
	}
	fdbg_buf_deinit(&writer->out);
	free(writer->path);
	free(writer);
}

struct fdbg_error *fdbg_container_writer_error(const struct fdbg_container_writer *writer)
{
	if (writer->errnum)
		return fdbg_error_errno(writer->errnum, "cannot write %s", writer->path);
	if (writer->fd < 0)
		return fdbg_error_create(FDBG_ERROR_USAGE, "%s is finished", writer->path);
	return NULL;
}

struct fdbg_error *fdbg_container_write(struct fdbg_container_writer *writer, struct fdbg_text key,
					uint64_t time_ms, const uint8_t *payload, size_t len)
{
	struct fdbg_error *err = fdbg_container_writer_error(writer);
	uint16_t crc = fdbg_format_crc(FDBG_FORMAT_CRC_START, payload, len);
	size_t head, left, before = writer->out.len;
	struct stream_state *stream;
	uint8_t bytes[1 + FDBG_FORMAT_KEY_MAX + 3 * 8 + 4];
	struct fdbg_buf header = { .data = bytes, .cap = sizeof(bytes) };
	const uint8_t tail[3] = { (uint8_t)(crc >> 8), (uint8_t)crc, FDBG_FORMAT_MARK };

	if (err)
		return err;
	if (!key.len || key.len > FDBG_FORMAT_KEY_MAX)
		return fdbg_error_create(FDBG_ERROR_USAGE, "a stream key of %zu bytes", key.len);
	if (len > UINT32_MAX - sizeof(bytes) - sizeof(tail))
		return fdbg_error_create(FDBG_ERROR_UNSUPPORTED,
					 "a message of %zu bytes is too large for %s", len,
					 writer->path);
	head = 1 + key.len + 3 * 8 + 4;
	left = head + len + sizeof(tail);
	/*
	 * Room for the message and all its beacons at once, so that memory running out leaves no half
	 * message.
	 */
	if (!fdbg_buf_reserve(&writer->out, left + BEACON_MAX * (left / (writer->interval / 2 - 4) + 2))) {
		writer->out.failed = false;
		return &fdbg_error_nomem;
	}
	stream = find_stream(writer, key);
	if (!stream)
		return fdbg_error_create(FDBG_ERROR_UNSUPPORTED, "too many streams for %s", writer->path);
	/* The internal stream is not numbered. */
	if (!fdbg_text_is(key, FDBG_FORMAT_INTERNAL_KEY))
		stream->sequence++;
	if (stream->time_ms < time_ms)
		stream->time_ms = time_ms;
	stream->running = fdbg_format_crc_run(stream->running, crc);
	put_message_header(&header, stream);
	fdbg_buf_be32(&header, (uint32_t)len);
	put_spliced(writer, bytes, head, &left);
	put_spliced(writer, payload, len, &left);
	put_spliced(writer, tail, sizeof(tail), &left);
	if (writer->out.failed) /* cannot be: the room was reserved */
		writer->errnum = ENOMEM;
	if (writer->out.len >= FLUSH_SIZE)
		return flush(writer);
	if (!before) /* the buffer's age is that of its oldest message */
		writer->waiting_ns = fdbg_clock_mono_ns();
	return fdbg_container_writer_tick(writer);
}

struct fdbg_error *fdbg_container_writer_tick(struct fdbg_container_writer *writer)
{
	struct fdbg_error *err = fdbg_container_writer_error(writer);

	if (!err && writer->out.len && fdbg_clock_mono_ns() - writer->waiting_ns >= FLUSH_AGE_NS)
		err = flush(writer);
	return err;
}

struct fdbg_error *fdbg_container_writer_finish(struct fdbg_container_writer *writer)
{
	struct fdbg_error *err = fdbg_container_write(writer, FDBG_TEXT(FDBG_FORMAT_INTERNAL_KEY),
						      fdbg_clock_wall_ms(), (const uint8_t *)FDBG_FORMAT_EOS,
						      sizeof(FDBG_FORMAT_EOS) - 1);
	int fd = writer->fd;

	if (!err)
		err = flush(writer);
	if (err)
		return err;
	writer->fd = -1;
	/* A network file system may report a failed write only here. */
	if (close(fd) && errno != EINTR) {
		writer->errnum = errno;
		return fdbg_container_writer_error(writer);
	}
	return NULL;
}

uint64_t fdbg_container_writer_size(const struct fdbg_container_writer *writer)
{
	return writer->size;
}
