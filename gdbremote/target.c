/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Requests about the target as a whole: objects, threads, signals, its end. */
#include <signal.h>
#include <stdlib.h>

#include "gdbremote/private.h"
#include "gdbremote/signals.h"
#include "gdbremote/stop.h"

#define MAX_OBJECT (64u << 20)
#define MAX_THREADS 262144
#define MAX_SIGNALS 256

struct fdbg_error *fdbg_session_read_object(struct fdbg_session *session, const char *object,
					    const char *annex, struct fdbg_buf *buf)
{
	/* The answer is binary: escaped, it is up to twice as long. */
	size_t most = session->abilities.packet_size / 2 - 16;
	size_t offset = 0;

	for (;;) {
		struct fdbg_error *err = fdbg_session_requestf(session, "qXfer:%s:read:%s:%zx,%zx", object,
							       annex ? annex : "", offset, most);
		size_t len;

		if (err)
			return fdbg_error_prefix(err, "reading %s", object);
		if (!session->reply.len || (session->reply.data[0] != 'm' && session->reply.data[0] != 'l'))
			return fdbg_error_prefix(fdbg_session_refusal(session, object), "reading %s", object);
		len = session->reply.len - 1;
		if (!len && session->reply.data[0] == 'm')
			return fdbg_session_confused(session, "the server repeats itself about %s", object);
		if (len > MAX_OBJECT - offset)
			return fdbg_error_create(FDBG_ERROR_FORMAT, "%s is larger than %u bytes", object,
						 MAX_OBJECT);
		fdbg_buf_append(buf, session->reply.data + 1, len);
		if (buf->failed)
			return &fdbg_error_nomem;
		if (session->reply.data[0] == 'l')
			return NULL;
		offset += len;
	}
}

struct thread_list {
	struct fdbg_thread_id *ids;
	size_t n, cap;
};

/* The ids of one answer: `m` and ids with commas between. */
static struct fdbg_error *take_threads(struct fdbg_session *session, struct thread_list *list)
{
	const struct fdbg_buf *reply = &session->reply;
	size_t pos = 1;

	while (pos < reply->len) {
		if (list->n == list->cap) {
			size_t cap = list->cap ? list->cap * 2 : 16;
			struct fdbg_thread_id *ids;

			if (list->n >= MAX_THREADS)
				return fdbg_session_confused(session, "the server tells of too many threads");
			ids = realloc(list->ids, cap * sizeof(*ids));
			if (!ids)
				return &fdbg_error_nomem;
			list->ids = ids;
			list->cap = cap;
		}
		if (!fdbg_stop_parse_thread(reply->data, reply->len, &pos, &list->ids[list->n]))
			return fdbg_session_confused(session, "the server's list of threads makes no sense");
		list->n++;
		if (pos < reply->len && reply->data[pos++] != ',')
			return fdbg_session_confused(session, "the server's list of threads makes no sense");
	}
	return NULL;
}

struct fdbg_error *fdbg_session_threads(struct fdbg_session *session, struct fdbg_thread_id **ret,
					size_t *n_ret)
{
	struct thread_list list = { 0 };
	struct fdbg_error *err = fdbg_session_requestf(session, "qfThreadInfo");
	int n_empty = 0;

	if (!err && !session->reply.len)
		err = fdbg_session_refusal(session, "a list of threads");
	while (!err && session->reply.len && session->reply.data[0] == 'm') {
		if (session->reply.len == 1 && ++n_empty > 16)
			err = fdbg_session_confused(session, "the server's list of threads has no end");
		if (!err)
			err = take_threads(session, &list);
		if (!err)
			err = fdbg_session_requestf(session, "qsThreadInfo");
	}
	if (!err && !fdbg_session_reply_is(session, "l"))
		err = fdbg_session_refusal(session, "a list of threads");
	if (err) {
		free(list.ids);
		return err;
	}
	*ret = list.ids;
	*n_ret = list.n;
	return NULL;
}

/* A packet with a list of signals (Linux numbers). In ascending order: gdbserver drops a number that is below the one before it. */
static struct fdbg_error *send_signals(struct fdbg_session *session, const char *packet, const bool *wanted)
{
	bool by_number[MAX_SIGNALS] = { false };
	struct fdbg_buf text = { 0 };
	struct fdbg_error *err;
	const char *between = ":";

	for (int signal = 1; signal < MAX_SIGNALS; signal++) {
		int number = session->abilities.gdb_signals ? fdbg_signal_to_gdb(signal) : signal;

		if (wanted[signal] && number > 0 && number < MAX_SIGNALS)
			by_number[number] = true;
	}
	fdbg_buf_string(&text, packet);
	for (unsigned number = 1; number < MAX_SIGNALS; number++) {
		if (!by_number[number])
			continue;
		fdbg_buf_printf(&text, "%s%x", between, number);
		between = ";";
	}
	err = fdbg_buf_error(&text);
	if (!err)
		err = fdbg_session_request(session, text.data, text.len);
	fdbg_buf_deinit(&text);
	return err;
}

struct fdbg_error *fdbg_session_pass_signals(struct fdbg_session *session, const int *signals, size_t n)
{
	bool wanted[MAX_SIGNALS] = { false };
	struct fdbg_error *err;

	if (!session->abilities.pass_signals)
		return fdbg_error_create(FDBG_ERROR_UNSUPPORTED, "the server stops at every signal");
	for (size_t i = 0; i < n; i++)
		if (signals[i] > 0 && signals[i] < MAX_SIGNALS)
			wanted[signals[i]] = true;
	err = send_signals(session, "QPassSignals", wanted);
	if (!err && !fdbg_session_reply_is(session, "OK"))
		err = fdbg_session_refusal(session, "to pass signals");
	return err;
}

/*
 * gdbserver delivers the signal that it reported last when it detaches. The one that stopped the target for us, and a
 * breakpoint's SIGTRAP, are not the target's: they would stop, or end, a program that nobody watches any more. A refusal
 * changes nothing.
 */
static struct fdbg_error *keep_interrupt_back(struct fdbg_session *session)
{
	bool wanted[MAX_SIGNALS];

	if (!session->abilities.program_signals || !(session->interrupt_sent || session->stop.interrupt))
		return NULL;
	for (int signal = 1; signal < MAX_SIGNALS; signal++)
		wanted[signal] = signal != SIGSTOP && signal != SIGINT && signal != SIGTRAP;
	return send_signals(session, "QProgramSignals", wanted);
}

struct fdbg_error *fdbg_session_detach(struct fdbg_session *session, uint64_t pid)
{
	struct fdbg_error *err;

	if (!pid)
		pid = session->main_pid;
	err = keep_interrupt_back(session);
	if (err)
		return err;
	if (session->abilities.multiprocess && pid)
		err = fdbg_session_requestf(session, "D;%llx", (unsigned long long)pid);
	else
		err = fdbg_session_requestf(session, "D");
	if (!err && !fdbg_session_reply_is(session, "OK"))
		err = fdbg_session_refusal(session, "to let the target go");
	/* An interrupt that came too late must not stop a target that nobody watches. */
	if (!err && session->interrupt_sent && pid == session->main_pid)
		fdbg_transport_uninterrupt(session->transport);
	return err;
}

struct fdbg_error *fdbg_session_kill(struct fdbg_session *session, uint64_t pid)
{
	struct fdbg_error *err;

	if (!pid)
		pid = session->main_pid;
	session->killed = true;
	if (pid) {
		err = fdbg_session_requestf(session, "vKill;%llx", (unsigned long long)pid);
		if (!err && session->reply.len && session->reply.data[0] != 'E')
			return NULL;
	} else {
		err = NULL;
	}
	/* Many servers close the link instead of answering. */
	if (!err)
		err = fdbg_session_requestf(session, "k");
	if (fdbg_error_is(err, FDBG_ERROR_GONE) || fdbg_error_is(err, FDBG_ERROR_TIMEOUT)) {
		fdbg_error_destroy(err);
		err = NULL;
	}
	return err;
}
