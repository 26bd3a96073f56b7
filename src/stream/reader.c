/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "stream/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>

#include "stream/container.h"
#include "stream/content.h"

static const char *const keys[] = {
	[FDBG_STREAM_INFO] = "info",
	[FDBG_STREAM_FILE] = "file",
	[FDBG_STREAM_BREAKPOINT] = "breakpoint",
	[FDBG_STREAM_EVENT] = "event",
	[FDBG_STREAM_ALLOCATION] = "allocation",
	[FDBG_STREAM_OTHER] = NULL,
};

struct fdbg_reader {
	struct fdbg_container_reader *container;
	struct fdbg_arena arena;
	json_t *json;
	struct fdbg_message message;
	enum fdbg_reader_end end;
	bool can_skip; /* the last message was whole, but its content malformed */
};

const char *fdbg_stream_key(enum fdbg_stream stream)
{
	return keys[stream];
}

struct fdbg_error *fdbg_reader_open_fd(int fd, const char *name, struct fdbg_reader **ret)
{
	struct fdbg_container_reader *container;
	struct fdbg_reader *reader;
	struct fdbg_error *err = fdbg_container_reader_create(fd, name, &container);

	if (err)
		return err;
	reader = calloc(1, sizeof(*reader));
	if (!reader) {
		fdbg_container_reader_destroy(container);
		return &fdbg_error_nomem;
	}
	reader->container = container;
	*ret = reader;
	return NULL;
}

struct fdbg_error *fdbg_reader_open(const char *path, struct fdbg_reader **ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return fdbg_error_create(FDBG_ERROR_NOT_FOUND, "%s: no such file", path);
	if (fd < 0)
		return fdbg_error_errno(errno, "cannot open %s", path);
	return fdbg_reader_open_fd(fd, path, ret);
}

void fdbg_reader_close(struct fdbg_reader *reader)
{
	if (!reader)
		return;
	fdbg_container_reader_destroy(reader->container);
	json_decref(reader->json);
	fdbg_arena_deinit(&reader->arena);
	free(reader);
}

static enum fdbg_stream stream_of(struct fdbg_text key)
{
	/* Nearly all messages are events. */
	if (fdbg_text_is(key, keys[FDBG_STREAM_EVENT]))
		return FDBG_STREAM_EVENT;
	for (enum fdbg_stream stream = FDBG_STREAM_INFO; stream < FDBG_STREAM_OTHER; stream++) {
		if (fdbg_text_is(key, keys[stream]))
			return stream;
	}
	return FDBG_STREAM_OTHER;
}

/* Says which message it was. */
static struct fdbg_error *content_error(struct fdbg_error *err, const struct fdbg_message *message)
{
	struct fdbg_error *located;

	if (!fdbg_error_is(err, FDBG_ERROR_FORMAT))
		return err;
	located = fdbg_error_create(FDBG_ERROR_FORMAT,
				    "message %" PRIu64 " of stream %s: %s, message at offset %" PRIu64,
				    message->sequence, keys[message->stream], err->message, message->offset);
	fdbg_error_destroy(err);
	return located;
}

struct fdbg_error *fdbg_reader_next(struct fdbg_reader *reader, const struct fdbg_message **ret)
{
	struct fdbg_message *message = &reader->message;
	struct fdbg_container_message raw;
	struct fdbg_error *err;

	json_decref(reader->json);
	reader->json = NULL;
	reader->can_skip = false;
	fdbg_arena_reset(&reader->arena);
	err = fdbg_container_peek(reader->container, &raw);
	if (fdbg_error_is(err, FDBG_ERROR_END) && reader->end != FDBG_READER_EOS)
		reader->end = FDBG_READER_CUT;
	if (err)
		return err;
	if (raw.eos) {
		reader->end = FDBG_READER_EOS;
		fdbg_container_advance(reader->container);
		err = fdbg_container_check_end(reader->container);
		return err ? err : fdbg_error_create(FDBG_ERROR_END, "end of the recording");
	}
	reader->end = FDBG_READER_OPEN;
	memset(message, 0, sizeof(*message));
	message->stream = stream_of(raw.key);
	message->key = raw.key;
	message->sequence = raw.sequence;
	message->timestamp_ms = raw.timestamp_ms;
	message->offset = raw.offset;
	message->payload = raw.payload;
	message->payload_len = raw.payload_len;
	if (message->stream == FDBG_STREAM_EVENT)
		err = fdbg_content_parse_event(message, &reader->arena);
	else if (message->stream != FDBG_STREAM_OTHER)
		err = fdbg_content_parse_json(message, &reader->arena, &reader->json);
	if (err) {
		reader->can_skip = fdbg_error_is(err, FDBG_ERROR_FORMAT);
		return content_error(err, message);
	}
	fdbg_container_advance(reader->container);
	*ret = message;
	return NULL;
}

struct fdbg_error *fdbg_reader_skip(struct fdbg_reader *reader)
{
	if (!reader->can_skip)
		return fdbg_error_create(FDBG_ERROR_USAGE, "there is no malformed message to skip");
	reader->can_skip = false;
	fdbg_container_advance(reader->container);
	return NULL;
}

enum fdbg_reader_end fdbg_reader_at_end(const struct fdbg_reader *reader)
{
	return reader->end;
}

struct fdbg_text fdbg_reader_name(const struct fdbg_reader *reader)
{
	return fdbg_container_name(reader->container);
}

uint64_t fdbg_reader_created_ms(const struct fdbg_reader *reader)
{
	return fdbg_container_created_ms(reader->container);
}

uint32_t fdbg_reader_beacon_interval(const struct fdbg_reader *reader)
{
	return fdbg_container_beacon_interval(reader->container);
}

uint64_t fdbg_reader_offset(const struct fdbg_reader *reader)
{
	return fdbg_container_offset(reader->container);
}

uint64_t fdbg_reader_n_beacons(const struct fdbg_reader *reader)
{
	return fdbg_container_n_beacons(reader->container);
}
