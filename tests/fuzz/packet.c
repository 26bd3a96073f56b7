/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Fuzz target: what a server sends, from bytes to packets to stop replies, and a whole session over it. */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gdbremote/packet.h"
#include "gdbremote/session.h"
#include "gdbremote/stop.h"

#define LIMIT (1u << 16)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_register(void *context, uint64_t number, const uint8_t *digits, size_t n_digits)
{
	uint8_t byte;

	*(uint64_t *)context += number;
	if (n_digits >= 2 && fdbg_packet_unhex(digits, 1, &byte))
		*(uint64_t *)context += byte;
}

static void decode(const uint8_t *data, size_t size)
{
	struct fdbg_packet_decoder decoder = { .limit = LIMIT };
	uint64_t sum = 0;

	for (size_t pos = 0, used; pos < size; pos += used) {
		enum fdbg_packet_event event = fdbg_packet_decode(&decoder, data + pos, size - pos, &used);
		struct fdbg_stop_reply reply;

		if (decoder.payload.len > LIMIT)
			abort();
		if (event == FDBG_PACKET_REPLY && decoder.payload.len)
			fdbg_stop_parse(decoder.payload.data, decoder.payload.len, true, on_register, &sum,
					&reply);
	}
	fdbg_packet_decoder_deinit(&decoder);
}

/* The bytes without framing, as stop replies between newlines. */
static void parse_stops(const uint8_t *data, size_t size)
{
	uint64_t sum = 0;

	for (size_t pos = 0; pos < size;) {
		const uint8_t *end = memchr(data + pos, '\n', size - pos);
		size_t len = end ? (size_t)(end - data) - pos : size - pos;
		struct fdbg_stop_reply reply;

		fdbg_stop_parse(data + pos, len, pos % 2, on_register, &sum, &reply);
		pos += len + 1;
	}
}

/* A session whose server has sent all of it beforehand and then closes. */
static void converse(const uint8_t *data, size_t size)
{
	struct fdbg_session_options options = { .timeout_ms = 100, .wake_fd = -1 };
	struct fdbg_transport *transport;
	struct fdbg_session *session;
	struct fdbg_error *err;
	struct fdbg_stop stop;
	uint8_t bytes[300];
	bool done;
	int fds[2];

	if (size > 32768 || socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
		return;
	if (send(fds[1], data, size, MSG_NOSIGNAL) != (ssize_t)size || shutdown(fds[1], SHUT_WR)) {
		close(fds[0]);
		close(fds[1]);
		return;
	}
	err = fdbg_transport_from_fd(fds[0], &transport);
	if (!err)
		err = fdbg_session_open(transport, &options, &session);
	if (!err) {
		err = fdbg_session_query_stop(session, &stop);
		if (!err)
			err = fdbg_session_fetch_registers(session);
		if (!err)
			err = fdbg_session_queue_read(session, 0x1000, sizeof(bytes), bytes, &done);
		if (!err)
			err = fdbg_session_queue_resume(session, FDBG_RESUME_CONTINUE, stop.thread, 0, true);
		while (!err)
			err = fdbg_session_wait(session, 100, &stop);
		fdbg_session_destroy(session);
	}
	fdbg_error_destroy(err);
	close(fds[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	decode(data, size);
	parse_stops(data, size);
	converse(data, size);
	return 0;
}
