/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Fuzz target: what a server answers to questions about files, objects, threads and its program. The first byte says with which
 * question to begin, and each line after that is the payload of an answer, framed here: a fuzzer would find no checksum.
 * The server is a thread: the session would take answers that come before their question for leftovers.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gdbremote/hostio.h"
#include "gdbremote/program.h"
#include "gdbremote/session.h"
#include "trace/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The answers of a server that can do everything, until the session is open; by how the request begins. */
static const struct {
	const char *request, *answer;
} handshake[] = {
	{ "qSupported", "PacketSize=1000;QStartNoAckMode+;multiprocess+;swbreak+;qXfer:features:read+;qXfer:auxv:read+;"
			"qXfer:exec-file:read+;qXfer:threads:read+;vContSupported+" },
	{ "QStartNoAckMode", "OK" },
	{ "?", "T05swbreak:;thread:p1.1;" },
	{ "vCont?", "vCont;c;C;s;S;t" },
	{ "vFile:close", "F-1,9" },
	{ "X0,0:", "OK" },
	{ "qXfer:features:read:", "l<target><architecture>i386:x86-64</architecture></target>" },
	{ "g", "0000000000000000" },
	{ "", "" },
};

struct server {
	int fd;
	const uint8_t *lines;
	size_t size, pos;
	atomic_bool open;        /* the session is: now the lines are sent */
	bool acks;
};

static bool send_answer(struct server *server, const void *payload, size_t len)
{
	const uint8_t *bytes = payload;
	struct fdbg_buf packet = { 0 };
	uint8_t sum = 0;
	bool sent;

	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + bytes[i]);
	if (server->acks)
		fdbg_buf_byte(&packet, '+');
	fdbg_buf_byte(&packet, '$');
	fdbg_buf_append(&packet, payload, len);
	fdbg_buf_printf(&packet, "#%02x", sum);
	sent = !packet.failed && send(server->fd, packet.data, packet.len, MSG_NOSIGNAL) == (ssize_t)packet.len;
	fdbg_buf_deinit(&packet);
	return sent;
}

static bool answer(struct server *server, const char *request)
{
	size_t i = 0;

	if (atomic_load(&server->open)) {
		const uint8_t *line = server->lines + server->pos;
		const uint8_t *end;
		size_t len;

		if (server->pos >= server->size)
			return false;
		end = memchr(line, '\n', server->size - server->pos);
		len = end ? (size_t)(end - line) : server->size - server->pos;
		server->pos += len + 1;
		return send_answer(server, line, len);
	}
	while (strncmp(request, handshake[i].request, strlen(handshake[i].request)))
		i++;
	if (!send_answer(server, handshake[i].answer, strlen(handshake[i].answer)))
		return false;
	if (!strcmp(handshake[i].request, "QStartNoAckMode"))
		server->acks = false;
	return true;
}

/* Requests are short, and hold no '$' and '#' but their own. */
static void *serve(void *context)
{
	struct server *server = context;
	char request[64], byte;
	size_t len = 0;
	int behind = 0; /* digits of the checksum to come */
	bool inside = false;

	while (recv(server->fd, &byte, 1, 0) == 1) {
		if (behind) {
			if (!--behind && !answer(server, request))
				break;
		} else if (byte == '$') {
			inside = true;
			len = 0;
			memset(request, 0, sizeof(request));
		} else if (byte == '#' && inside) {
			inside = false;
			behind = 2;
		} else if (inside && len < sizeof(request) - 1) {
			request[len++] = byte;
		}
	}
	shutdown(server->fd, SHUT_RDWR);
	return NULL;
}

static void ask_object(struct fdbg_session *session)
{
	struct fdbg_buf object = { 0 };

	fdbg_error_destroy(fdbg_session_read_object(session, "auxv", "", &object));
	fdbg_buf_deinit(&object);
}

static void ask_threads(struct fdbg_session *session)
{
	struct fdbg_thread_id *threads = NULL;
	size_t n = 0;
	struct fdbg_error *err = fdbg_session_threads(session, &threads, &n);

	if (!err)
		free(threads);
	fdbg_error_destroy(err);
}

static void ask_file(struct fdbg_session *session)
{
	struct fdbg_buf content = { 0 };
	struct fdbg_error *err = fdbg_hostio_read_file(session, "/proc/1/maps", 5000, &content);

	if (!err && content.len > 5000)
		abort();
	fdbg_error_destroy(err);
	fdbg_buf_deinit(&content);
}

static void ask_part(struct fdbg_session *session)
{
	uint8_t bytes[100];
	uint64_t size;
	size_t read = 0;
	int fd;
	struct fdbg_error *err = fdbg_hostio_open(session, "/a", &fd);

	if (!err) {
		err = fdbg_hostio_size(session, fd, &size);
		fdbg_error_destroy(err);
		err = fdbg_hostio_pread(session, fd, bytes, sizeof(bytes), 7, &read);
		if (!err && read > sizeof(bytes))
			abort();
		fdbg_hostio_close(session, fd);
	}
	fdbg_error_destroy(err);
}

static void ask_auxv(struct fdbg_session *session)
{
	struct fdbg_auxv auxv;

	fdbg_error_destroy(fdbg_identity_auxv(session, &auxv));
}

static void ask_module(struct fdbg_session *session)
{
	struct fdbg_build_id id = { .len = 0 };
	struct fdbg_error *err = fdbg_identity_of_module(session, 0x1000, &id);

	if (!err && id.len > sizeof(id.bytes))
		abort();
	fdbg_error_destroy(err);
}

static void ask_program(struct fdbg_session *session)
{
	char *path = NULL;
	struct fdbg_error *err = fdbg_session_executable(session, &path);
	bool attached;

	if (!err)
		free(path);
	fdbg_error_destroy(err);
	fdbg_error_destroy(fdbg_session_is_attached(session, &attached));
}

static void (*const questions[])(struct fdbg_session *session) = {
	ask_object, ask_threads, ask_file, ask_part, ask_auxv, ask_module, ask_program,
};

#define N_QUESTIONS (sizeof(questions) / sizeof(*questions))

/* Asks everything of a session over the descriptor, which is closed. */
static void converse(struct server *server, int fd, size_t first)
{
	struct fdbg_session_options options = { .timeout_ms = 1000, .wake_fd = -1 };
	struct fdbg_transport *transport;
	struct fdbg_session *session;
	struct fdbg_stop stop;

	if (fdbg_transport_from_fd(fd, &transport) || fdbg_session_open(transport, &options, &session) ||
	    fdbg_session_query_stop(session, &stop))
		abort(); /* the handshake above is not a server's any more */
	atomic_store(&server->open, true);
	for (size_t i = 0; i < N_QUESTIONS; i++)
		questions[(first + i) % N_QUESTIONS](session);
	fdbg_session_destroy(session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct server server = { .acks = true };
	pthread_t thread;
	int fds[2];

	if (!size || size > 30000 || socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
		return 0;
	server.fd = fds[1];
	server.lines = data + 1;
	server.size = size - 1;
	if (pthread_create(&thread, NULL, serve, &server)) {
		close(fds[0]);
	} else {
		converse(&server, fds[0], data[0]);
		shutdown(fds[1], SHUT_RDWR);
		pthread_join(thread, NULL);
	}
	close(fds[1]);
	return 0;
}
