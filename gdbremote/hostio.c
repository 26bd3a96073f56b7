/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Files of the target's machine, read through the server (vFile). */
#include "gdbremote/hostio.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "gdbremote/private.h"

/* The protocol's struct stat: big endian, st_size at 28 (GDB manual, "struct stat"). */
#define STAT_SIZE 64
#define STAT_SIZE_OFFSET 28

/* Error numbers are the protocol's own ("Errno Values"), which are Linux's where both have them. */
#define UNKNOWN_ERROR 9999

#define MAX_AHEAD 8 /* parts of a file that are asked for at once */

static struct fdbg_error *failed(uint64_t number, const char *what, const char *name)
{
	struct fdbg_error *err;

	if (!number || number >= UNKNOWN_ERROR)
		return fdbg_error_create(FDBG_ERROR_REFUSED, "cannot %s%s on the target's machine", what,
					 name);
	err = fdbg_error_errno((int)number, "cannot %s%s on the target's machine", what, name);
	if (number == ENOENT && err != &fdbg_error_nomem)
		err->code = FDBG_ERROR_NOT_FOUND;
	return err;
}

/* Takes an answer apart: `F` result [`,` errno] [`;` attachment]. *at_ret is where in it the attachment is. */
static struct fdbg_error *take_answer(struct fdbg_session *session, const struct fdbg_buf *reply, const char *what,
				      const char *name, uint64_t *result_ret, size_t *at_ret)
{
	uint64_t number = 0;
	size_t pos = 1;

	if (!reply->len || reply->data[0] != 'F')
		return fdbg_session_refusal_of(reply, "files of the target's machine");
	if (reply->len > 1 && reply->data[1] == '-') {
		const uint8_t *comma = memchr(reply->data, ',', reply->len);

		pos = comma ? (size_t)(comma - reply->data) + 1 : reply->len;
		if (comma && !fdbg_packet_parse_number(reply->data, reply->len, &pos, &number))
			number = 0;
		return failed(number, what, name);
	}
	if (!fdbg_packet_parse_number(reply->data, reply->len, &pos, result_ret))
		return fdbg_session_confused(session, "the server's answer about a file makes no sense");
	*at_ret = pos < reply->len && reply->data[pos] == ';' ? pos + 1 : reply->len;
	return NULL;
}

/* The same of session->reply. */
static struct fdbg_error *take(struct fdbg_session *session, const char *what, const char *name, uint64_t *result_ret,
			       size_t *at_ret)
{
	return take_answer(session, &session->reply, what, name, result_ret, at_ret);
}

/* The file system of the server itself; where the request is unknown there is only that one. */
static struct fdbg_error *choose_file_system(struct fdbg_session *session)
{
	struct fdbg_error *err;

	if (session->setfs_done)
		return NULL;
	err = fdbg_session_requestf(session, "vFile:setfs:0");
	session->setfs_done = !err;
	return err;
}

struct fdbg_error *fdbg_hostio_open(struct fdbg_session *session, const char *path, int *fd_ret)
{
	struct fdbg_buf text = { 0 };
	struct fdbg_error *err;
	uint64_t fd;
	size_t at;

	err = choose_file_system(session);
	if (err)
		return err;
	fdbg_buf_string(&text, "vFile:open:");
	fdbg_packet_hex(&text, path, strlen(path));
	fdbg_buf_string(&text, ",0,0");
	err = fdbg_buf_error(&text);
	if (!err)
		err = fdbg_session_request(session, text.data, text.len);
	fdbg_buf_deinit(&text);
	if (!err)
		err = take(session, "open ", path, &fd, &at);
	if (err)
		return err;
	if (fd > INT_MAX)
		return fdbg_session_confused(session, "the server's answer about a file makes no sense");
	*fd_ret = (int)fd;
	return NULL;
}

void fdbg_hostio_close(struct fdbg_session *session, int fd)
{
	fdbg_error_destroy(fdbg_session_requestf(session, "vFile:close:%x", (unsigned)fd));
}

struct fdbg_error *fdbg_hostio_size(struct fdbg_session *session, int fd, uint64_t *size_ret)
{
	struct fdbg_error *err = fdbg_session_requestf(session, "vFile:fstat:%x", (unsigned)fd);
	uint64_t len, size = 0;
	size_t at;

	if (!err)
		err = take(session, "look at an open file", "", &len, &at);
	if (err)
		return err;
	if (session->reply.len - at < STAT_SIZE)
		return fdbg_error_create(FDBG_ERROR_REFUSED, "the server does not tell the size of a file");
	for (size_t i = 0; i < 8; i++)
		size = size << 8 | session->reply.data[at + STAT_SIZE_OFFSET + i];
	*size_ret = size;
	return NULL;
}

/* Bytes of a file that are read. */
struct reading {
	struct fdbg_session *session;
	int fd;
	uint64_t offset;
	uint8_t *to;
	size_t size, done;
	bool ended;    /* with the file */
};

static struct fdbg_error *take_part(struct reading *reading, const struct fdbg_buf *answer, size_t want)
{
	uint64_t len;
	size_t at;
	struct fdbg_error *err = take_answer(reading->session, answer, "read an open file", "", &len, &at);

	if (err)
		return err;
	if (len > want || len != answer->len - at)
		return fdbg_session_confused(reading->session, "the server gives another length than it says");
	memcpy(reading->to + reading->done, answer->data + at, (size_t)len);
	reading->done += (size_t)len;
	reading->ended = !len;
	return NULL;
}

/* Asks for the parts that are next, and takes those that follow one another: a server may give less than was asked for. */
static struct fdbg_error *read_parts(struct reading *reading)
{
	struct fdbg_question questions[MAX_AHEAD] = { 0 };
	size_t most = fdbg_session_part_size(reading->session), start = reading->done, n = 0;
	char texts[MAX_AHEAD][64];
	size_t wants[MAX_AHEAD];
	struct fdbg_error *err;

	for (size_t pos = start; pos < reading->size && n < (fdbg_session_has_batches(reading->session) ? MAX_AHEAD : 1); n++) {
		wants[n] = reading->size - pos < most ? reading->size - pos : most;
		snprintf(texts[n], sizeof(texts[n]), "vFile:pread:%x,%zx,%llx", (unsigned)reading->fd, wants[n],
			 (unsigned long long)(reading->offset + pos));
		questions[n] = (struct fdbg_question){ .text = texts[n], .reply_len = (uint32_t)wants[n] };
		pos += wants[n];
	}
	err = fdbg_session_ask(reading->session, questions, n);
	for (size_t i = 0, pos = start; !err && !reading->ended && i < n && reading->done == pos; pos += wants[i++])
		err = take_part(reading, &questions[i].answer, wants[i]);
	fdbg_session_forget_answers(questions, n);
	return err;
}

struct fdbg_error *fdbg_hostio_pread(struct fdbg_session *session, int fd, void *to, size_t size,
				     uint64_t offset, size_t *len_ret)
{
	struct reading reading = { .session = session, .fd = fd, .offset = offset, .to = to, .size = size };
	struct fdbg_error *err = NULL;

	while (!err && !reading.ended && reading.done < size)
		err = read_parts(&reading);
	if (!err)
		*len_ret = reading.done;
	return err;
}

struct fdbg_error *fdbg_hostio_read_file(struct fdbg_session *session, const char *path, size_t limit,
					 struct fdbg_buf *buf)
{
	size_t chunk = 65536, start = buf->len, len;
	struct fdbg_error *err;
	int fd;

	err = fdbg_hostio_open(session, path, &fd);
	if (err)
		return err;
	do {
		uint8_t *to = fdbg_buf_reserve(buf, chunk);

		len = 0;
		err = &fdbg_error_nomem;
		if (to)
			err = fdbg_hostio_pread(session, fd, to, chunk, buf->len - start, &len);
		buf->len += len;
		if (!err && buf->len - start > limit)
			err = fdbg_error_create(FDBG_ERROR_USAGE, "%s has more than %zu bytes", path, limit);
	} while (!err && len == chunk);
	fdbg_hostio_close(session, fd);
	return err;
}
