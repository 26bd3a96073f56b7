/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The reading half of the container. */
#include "stream/container.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cursor.h"
#include "base/map.h"
#include "stream/format.h"

#define READ_SIZE ((size_t)256 * 1024)

/* What was read of one stream, as beacons tell it. */
struct standing {
	uint64_t sequence; /* of its last message */
	uint64_t time_ms;  /* the latest */
	uint16_t running;
};

/* Kept by pointer, since the table of streams refers to the id inside. */
struct stream {
	struct standing now;
	size_t id_len; /* the key, then 8 bytes of shard */
	char id[];
};

/* A beacon inside the message that is being read: it can be checked only when the message is complete. */
struct pending_beacon {
	uint64_t offset;
	uint64_t logical; /* bytes of the message before it */
	uint32_t remaining;
	size_t items;     /* where its items begin in beacon_bytes */
	size_t items_len;
	uint8_t n_items;
};

/*
 * The file is read in order with read(2), so that pipes, growing and shrinking files all work. `raw` is a
 * window of it: the byte at `start` has file offset `offset`. A message between two beacons is used where it
 * lies; one that a beacon splices is put together in `spliced`.
 */
struct fdbg_container_reader {
	int fd;
	char *name;
	char own_name[FDBG_FORMAT_HEADER_SIZE];
	size_t own_name_len;
	uint64_t created_ms;
	uint32_t interval;
	uint64_t offset;
	uint8_t *raw;
	size_t start, end, cap;
	struct fdbg_buf spliced;
	size_t spliced_raw;            /* bytes of the window that are in spliced, with the beacons between */
	struct fdbg_buf beacon_bytes;
	struct pending_beacon *beacons;
	size_t n_beacons, cap_beacons;
	uint64_t n_passed;             /* beacons passed */
	struct fdbg_strmap map;        /* key and shard to index in streams */
	struct stream **streams;
	size_t n_streams, cap_streams;
	struct stream *last;     /* of the previous message: mostly also of the next */
	/* What fdbg_container_advance does. */
	size_t peeked;                 /* bytes of the window to leave; 0: nothing was peeked */
	struct stream *peeked_stream;
	struct standing peeked_standing;
	bool peeked_eos, at_eos;
};

static struct fdbg_error *malformed(const struct fdbg_container_reader *reader, uint64_t offset,
				    const char *what)
{
	return fdbg_error_create(FDBG_ERROR_FORMAT, "%s: %s at offset %" PRIu64, reader->name, what, offset);
}

static struct fdbg_error *cut(const struct fdbg_container_reader *reader)
{
	return fdbg_error_create(FDBG_ERROR_END, "%s: the file ends at offset %" PRIu64, reader->name,
				 reader->offset + (reader->end - reader->start));
}

/* Reads until the window holds n bytes from its start; FDBG_ERROR_END when the file has fewer. */
static struct fdbg_error *want(struct fdbg_container_reader *reader, size_t n)
{
	while (reader->end - reader->start < n) {
		ssize_t got;

		if (reader->end == reader->cap && reader->start) {
			memmove(reader->raw, reader->raw + reader->start, reader->end - reader->start);
			reader->end -= reader->start;
			reader->start = 0;
		}
		if (reader->end == reader->cap) {
			/* By what there is, never by what the file promises. */
			size_t cap = reader->cap ? reader->cap * 2 : READ_SIZE;
			uint8_t *raw = realloc(reader->raw, cap);

			if (!raw)
				return &fdbg_error_nomem;
			reader->raw = raw;
			reader->cap = cap;
		}
		got = read(reader->fd, reader->raw + reader->end, reader->cap - reader->end);
		if (got == 0)
			return cut(reader);
		if (got > 0)
			reader->end += (size_t)got;
		else if (errno != EINTR)
			return fdbg_error_errno(errno, "cannot read %s", reader->name);
	}
	return NULL;
}

static bool find_stream(const struct fdbg_container_reader *reader, const char *id, size_t id_len,
			struct stream **ret)
{
	uint64_t index;

	if (reader->last && reader->last->id_len == id_len && !memcmp(reader->last->id, id, id_len)) {
		*ret = reader->last;
		return true;
	}
	if (!fdbg_strmap_get(&reader->map, (struct fdbg_text){ id, id_len }, &index))
		return false;
	*ret = reader->streams[index];
	return true;
}

static struct stream *add_stream(struct fdbg_container_reader *reader, const char *id, size_t id_len)
{
	struct stream *stream;

	if (reader->n_streams == reader->cap_streams) {
		size_t cap = reader->cap_streams ? reader->cap_streams * 2 : 8;
		struct stream **streams = realloc(reader->streams, cap * sizeof(*streams));

		if (!streams)
			return NULL;
		reader->streams = streams;
		reader->cap_streams = cap;
	}
	stream = calloc(1, sizeof(*stream) + id_len);
	if (!stream)
		return NULL;
	memcpy(stream->id, id, id_len);
	stream->id_len = id_len;
	stream->now.running = FDBG_FORMAT_CRC_START;
	if (!fdbg_strmap_set(&reader->map, (struct fdbg_text){ stream->id, id_len }, reader->n_streams)) {
		free(stream);
		return NULL;
	}
	reader->streams[reader->n_streams++] = stream;
	return stream;
}

/* Reads the beacon at `at` bytes into the window and goes behind it. Its items are looked at later. */
static struct fdbg_error *take_beacon(struct fdbg_container_reader *reader, size_t *at, uint64_t logical)
{
	struct fdbg_error *err = want(reader, *at + 6);
	struct pending_beacon beacon = { .offset = reader->offset + *at, .logical = logical };
	struct fdbg_cursor cursor;
	uint64_t remaining;
	size_t size = 6;

	if (err)
		return err;
	if (reader->raw[reader->start + *at] != FDBG_FORMAT_MARK)
		return malformed(reader, beacon.offset, "no beacon where one belongs");
	cursor = fdbg_cursor_over(reader->raw + reader->start + *at + 1, 5, 0);
	if (!fdbg_cursor_uint(&cursor, 4, true, &remaining) || !fdbg_cursor_u8(&cursor, &beacon.n_items))
		return malformed(reader, beacon.offset, "malformed beacon");
	beacon.remaining = (uint32_t)remaining;
	for (size_t i = 0; i < beacon.n_items; i++) {
		err = want(reader, *at + size + 1);
		if (err)
			return err;
		size += 1 + (size_t)reader->raw[reader->start + *at + size] + 3 * 8 + 2;
	}
	err = want(reader, *at + size + 1);
	if (err)
		return err;
	if (reader->raw[reader->start + *at + size] != FDBG_FORMAT_MARK)
		return malformed(reader, beacon.offset, "a beacon without its end mark");
	if (size + 1 >= reader->interval)
		return malformed(reader, beacon.offset, "a beacon that reaches the next one");
	beacon.items = reader->beacon_bytes.len;
	beacon.items_len = size - 6;
	fdbg_buf_append(&reader->beacon_bytes, reader->raw + reader->start + *at + 6, beacon.items_len);
	if (reader->beacon_bytes.failed)
		return &fdbg_error_nomem;
	if (reader->n_beacons == reader->cap_beacons) {
		size_t cap = reader->cap_beacons ? reader->cap_beacons * 2 : 4;
		struct pending_beacon *beacons = realloc(reader->beacons, cap * sizeof(*beacons));

		if (!beacons)
			return &fdbg_error_nomem;
		reader->beacons = beacons;
		reader->cap_beacons = cap;
	}
	reader->beacons[reader->n_beacons++] = beacon;
	*at += size + 1;
	return NULL;
}

/*
 * Makes the first n bytes of the message at the window's start available in one piece. The bytes stay where
 * they are until the next call.
 */
static struct fdbg_error *take(struct fdbg_container_reader *reader, size_t n, const uint8_t **ret)
{
	size_t room = reader->interval - (size_t)(reader->offset % reader->interval);
	struct fdbg_error *err;

	if (n <= room) {
		err = want(reader, n);
		if (!err)
			*ret = reader->raw + reader->start;
		return err;
	}
	if (!reader->spliced.len)
		reader->spliced_raw = 0;
	while (reader->spliced.len < n) {
		uint64_t at = reader->offset + reader->spliced_raw;
		size_t part = n - reader->spliced.len;

		if (reader->spliced.len && at % reader->interval == 0) {
			err = take_beacon(reader, &reader->spliced_raw, reader->spliced.len);
			if (err)
				return err;
			continue;
		}
		room = reader->interval - (size_t)(at % reader->interval);
		part = part < room ? part : room;
		err = want(reader, reader->spliced_raw + part);
		if (err)
			return err;
		fdbg_buf_append(&reader->spliced, reader->raw + reader->start + reader->spliced_raw, part);
		if (reader->spliced.failed)
			return &fdbg_error_nomem;
		reader->spliced_raw += part;
	}
	*ret = reader->spliced.data;
	return NULL;
}

/* Checks one beacon against the streams, of which `stream` (if any) has the given standing. */
static struct fdbg_error *check_beacon(const struct fdbg_container_reader *reader,
				       const struct pending_beacon *beacon, uint64_t message_len,
				       const struct stream *stream, const struct standing *standing)
{
	struct fdbg_cursor cursor = fdbg_cursor_over(reader->beacon_bytes.data + beacon->items,
						     beacon->items_len, 0);

	if (beacon->remaining != message_len - beacon->logical)
		return malformed(reader, beacon->offset, "a beacon with a wrong number of remaining bytes");
	for (size_t i = 0; i < beacon->n_items; i++) {
		const uint8_t *id;
		uint8_t len;
		uint64_t sequence, time_ms, running;
		struct stream *found;
		const struct standing *now;

		if (!fdbg_cursor_u8(&cursor, &len) || !fdbg_cursor_bytes(&cursor, (size_t)len + 8, &id) ||
		    !fdbg_cursor_uint(&cursor, 8, true, &sequence) ||
		    !fdbg_cursor_uint(&cursor, 8, true, &time_ms) ||
		    !fdbg_cursor_uint(&cursor, 2, true, &running))
			return malformed(reader, beacon->offset, "malformed beacon");
		if (!find_stream(reader, (const char *)id, (size_t)len + 8, &found))
			return malformed(reader, beacon->offset,
					 "a beacon that names a stream without messages");
		now = found == stream ? standing : &found->now;
		/* The running sum first: it differs whenever a message was lost or changed. */
		if (now->running != running)
			return malformed(reader, beacon->offset, "a beacon with a wrong running checksum");
		if (now->sequence != sequence || now->time_ms != time_ms)
			return malformed(reader, beacon->offset,
					 "a beacon that disagrees with the messages before it");
	}
	return NULL;
}

/* Passes the beacon between two messages, if there is one here. */
static struct fdbg_error *pass_beacon(struct fdbg_container_reader *reader)
{
	struct fdbg_error *err;
	size_t at = 0;

	if (reader->offset % reader->interval)
		return NULL;
	err = take_beacon(reader, &at, 0);
	if (!err)
		err = check_beacon(reader, &reader->beacons[0], 0, NULL, NULL);
	if (err)
		return err;
	reader->start += at;
	reader->offset += at;
	reader->n_passed++;
	reader->n_beacons = 0;
	fdbg_buf_clear(&reader->beacon_bytes);
	return NULL;
}

static void forget(struct fdbg_container_reader *reader)
{
	fdbg_buf_clear(&reader->spliced);
	fdbg_buf_clear(&reader->beacon_bytes);
	reader->n_beacons = 0;
	reader->peeked = 0;
}

struct fdbg_error *fdbg_container_peek(struct fdbg_container_reader *reader,
				       struct fdbg_container_message *ret)
{
	struct fdbg_container_message message = { 0 };
	struct standing standing;
	struct stream *stream = NULL;
	const uint8_t *bytes;
	struct fdbg_cursor cursor;
	struct fdbg_error *err;
	size_t key_len, head, total;
	uint64_t len, crc;
	bool internal;

	forget(reader);
	if (reader->at_eos)
		return cut(reader);
	err = pass_beacon(reader);
	if (err)
		return err;
	message.offset = reader->offset;
	err = take(reader, 1, &bytes);
	if (err)
		return err;
	key_len = bytes[0];
	if (!key_len || key_len > FDBG_FORMAT_KEY_MAX)
		return malformed(reader, message.offset, "no message where one belongs");
	head = 1 + key_len + 3 * 8 + 4;
	err = take(reader, head, &bytes);
	if (err)
		return err;
	cursor = fdbg_cursor_over(bytes + 1 + key_len, head - 1 - key_len, 0);
	if (!fdbg_cursor_uint(&cursor, 8, true, &message.shard) ||
	    !fdbg_cursor_uint(&cursor, 8, true, &message.sequence) ||
	    !fdbg_cursor_uint(&cursor, 8, true, &message.timestamp_ms) ||
	    !fdbg_cursor_uint(&cursor, 4, true, &len))
		return malformed(reader, message.offset, "malformed message header");
	/*
	 * Wrong numbers are told before the payload is asked for, so that a broken length does not look like
	 * a file that was cut short.
	 */
	internal = key_len == sizeof(FDBG_FORMAT_INTERNAL_KEY) - 1 &&
		   !memcmp(bytes + 1, FDBG_FORMAT_INTERNAL_KEY, key_len);
	if (!find_stream(reader, (const char *)bytes + 1, key_len + 8, &stream)) {
		stream = add_stream(reader, (const char *)bytes + 1, key_len + 8);
		if (!stream)
			return &fdbg_error_nomem;
	}
	if (!internal && message.sequence != stream->now.sequence + 1)
		return fdbg_error_create(FDBG_ERROR_FORMAT,
					 "%s: message number %" PRIu64 " follows number %" PRIu64
					 " of its stream at offset %" PRIu64,
					 reader->name, message.sequence, stream->now.sequence,
					 message.offset);
	total = head + (size_t)len + 3;
	err = take(reader, total, &bytes);
	if (err)
		return err;
	message.key = (struct fdbg_text){ (const char *)bytes + 1, key_len };
	message.payload = bytes + head;
	message.payload_len = (size_t)len;
	cursor = fdbg_cursor_over(bytes + head + len, 3, 0);
	if (!fdbg_cursor_uint(&cursor, 2, true, &crc) || bytes[total - 1] != FDBG_FORMAT_MARK)
		return malformed(reader, message.offset, "a message without its end mark");
	if (fdbg_format_crc(FDBG_FORMAT_CRC_START, message.payload, message.payload_len) != crc)
		return malformed(reader, message.offset, "a message with a wrong checksum");
	standing = (struct standing){
		.sequence = message.sequence > stream->now.sequence ? message.sequence : stream->now.sequence,
		.time_ms = message.timestamp_ms > stream->now.time_ms ? message.timestamp_ms
								      : stream->now.time_ms,
		.running = fdbg_format_crc_run(stream->now.running, (uint16_t)crc),
	};
	for (size_t i = 0; i < reader->n_beacons; i++) {
		err = check_beacon(reader, &reader->beacons[i], total, stream, &standing);
		if (err)
			return err;
	}
	message.eos = internal && len == sizeof(FDBG_FORMAT_EOS) - 1 &&
		      !memcmp(message.payload, FDBG_FORMAT_EOS, (size_t)len);
	reader->peeked = reader->spliced.len ? reader->spliced_raw : total;
	reader->peeked_stream = stream;
	reader->peeked_standing = standing;
	reader->peeked_eos = message.eos;
	*ret = message;
	return NULL;
}

void fdbg_container_advance(struct fdbg_container_reader *reader)
{
	if (!reader->peeked)
		return;
	reader->start += reader->peeked;
	reader->offset += reader->peeked;
	reader->n_passed += reader->n_beacons;
	reader->peeked_stream->now = reader->peeked_standing;
	reader->last = reader->peeked_stream;
	reader->at_eos = reader->peeked_eos;
	reader->peeked = 0;
}

struct fdbg_error *fdbg_container_check_end(struct fdbg_container_reader *reader)
{
	struct fdbg_error *err;

	forget(reader);
	err = pass_beacon(reader);
	if (!err)
		err = want(reader, 1);
	if (!err)
		return malformed(reader, reader->offset, "bytes behind the end of the stream");
	if (!fdbg_error_is(err, FDBG_ERROR_END))
		return err;
	fdbg_error_destroy(err);
	return NULL;
}

static struct fdbg_error *read_header(struct fdbg_container_reader *reader)
{
	struct fdbg_error *err = want(reader, FDBG_FORMAT_HEADER_SIZE);
	struct fdbg_cursor cursor;
	const uint8_t *bytes, *name;
	uint64_t created, interval;
	uint8_t len;

	/* A file that is something else is told even when it is short. */
	if (fdbg_error_is(err, FDBG_ERROR_END) &&
	    memcmp(reader->raw, "Ss\x01", reader->end < 3 ? reader->end : 3)) {
		fdbg_error_destroy(err);
		return malformed(reader, 0, "not a recording: it does not begin with \"Ss\", version 1,");
	}
	if (err)
		return err;
	cursor = fdbg_cursor_over(reader->raw, FDBG_FORMAT_HEADER_SIZE, 0);
	if (!fdbg_cursor_bytes(&cursor, 3, &bytes) || memcmp(bytes, "Ss\x01", 3))
		return malformed(reader, 0, "not a recording: it does not begin with \"Ss\", version 1,");
	if (!fdbg_cursor_u8(&cursor, &len) || !fdbg_cursor_bytes(&cursor, len, &name) ||
	    !fdbg_cursor_uint(&cursor, 8, true, &created) || !fdbg_cursor_uint(&cursor, 4, true, &interval) ||
	    !fdbg_cursor_left(&cursor) || reader->raw[FDBG_FORMAT_HEADER_SIZE - 1] != FDBG_FORMAT_MARK)
		return malformed(reader, 0, "malformed file header");
	while (fdbg_cursor_left(&cursor) > 1) {
		if (cursor.data[cursor.pos++])
			return malformed(reader, cursor.pos - 1, "file header with bytes where zeros belong");
	}
	if (interval < FDBG_FORMAT_HEADER_SIZE)
		return malformed(reader, 0, "file header with an impossible beacon interval");
	memcpy(reader->own_name, name, len);
	reader->own_name_len = len;
	reader->created_ms = created;
	reader->interval = (uint32_t)interval;
	reader->start = reader->offset = FDBG_FORMAT_HEADER_SIZE;
	return NULL;
}

struct fdbg_error *fdbg_container_reader_create(int fd, const char *name, struct fdbg_container_reader **ret)
{
	struct fdbg_container_reader *reader = calloc(1, sizeof(*reader));
	struct fdbg_error *err;

	if (!reader) {
		close(fd);
		return &fdbg_error_nomem;
	}
	reader->fd = fd;
	reader->name = strdup(name);
	err = reader->name ? read_header(reader) : &fdbg_error_nomem;
	if (err) {
		fdbg_container_reader_destroy(reader);
		return err;
	}
	*ret = reader;
	return NULL;
}

void fdbg_container_reader_destroy(struct fdbg_container_reader *reader)
{
	if (!reader)
		return;
	for (size_t i = 0; i < reader->n_streams; i++)
		free(reader->streams[i]);
	free(reader->streams);
	fdbg_strmap_deinit(&reader->map);
	free(reader->beacons);
	fdbg_buf_deinit(&reader->beacon_bytes);
	fdbg_buf_deinit(&reader->spliced);
	free(reader->raw);
	free(reader->name);
	close(reader->fd);
	free(reader);
}

struct fdbg_text fdbg_container_name(const struct fdbg_container_reader *reader)
{
	return (struct fdbg_text){ reader->own_name, reader->own_name_len };
}

uint64_t fdbg_container_created_ms(const struct fdbg_container_reader *reader)
{
	return reader->created_ms;
}

uint32_t fdbg_container_beacon_interval(const struct fdbg_container_reader *reader)
{
	return reader->interval;
}

uint64_t fdbg_container_offset(const struct fdbg_container_reader *reader)
{
	return reader->offset;
}

uint64_t fdbg_container_n_beacons(const struct fdbg_container_reader *reader)
{
	return reader->n_passed;
}
