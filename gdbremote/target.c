/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Requests about the target as a whole: objects, threads, signals, its end. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "gdbremote/private.h"
#include "gdbremote/signals.h"
#include "gdbremote/stop.h"

#define MAX_OBJECT (64u << 20)
#define MAX_THREADS 262144
#define MAX_SIGNALS 256
#define MAX_AHEAD 8      /* parts of an object that are asked for at once */
#define MAX_REQUEST 384

size_t fdbg_session_part_size(const struct fdbg_session *session)
{
	/* The answer is binary: escaped, it is up to twice as long. */
	return session->abilities.packet_size / 2 - 16;
}

/* An object that comes in parts. */
struct object {
	const char *name;
	struct fdbg_buf *buf;
	size_t len;    /* of it so far */
	bool ended;
};

/* Takes the answer to the request for the part that is next. */
static struct fdbg_error *take_part(struct fdbg_session *session, struct object *object, const struct fdbg_buf *answer)
{
	size_t len = answer->len ? answer->len - 1 : 0;

	if (!answer->len || (answer->data[0] != 'm' && answer->data[0] != 'l'))
		return fdbg_error_prefix(fdbg_session_refusal_of(answer, object->name), "reading %s", object->name);
	object->ended = answer->data[0] == 'l';
	if (!len && !object->ended)
		return fdbg_session_confused(session, "the server repeats itself about %s", object->name);
	if (len > MAX_OBJECT - object->len)
		return fdbg_error_create(FDBG_ERROR_FORMAT, "%s is larger than %u bytes", object->name, MAX_OBJECT);
	fdbg_buf_append(object->buf, answer->data + 1, len);
	object->len += len;
	return fdbg_buf_error(object->buf);
}

/*
 * Asks for n parts of as many bytes each, and takes those that follow one another: behind one that is shorter, or the last one, the
 * others are not what comes next.
 */
static struct fdbg_error *read_parts(struct fdbg_session *session, struct object *object, const char *annex, size_t size, size_t n)
{
	struct fdbg_question questions[MAX_AHEAD] = { 0 };
	char texts[MAX_AHEAD][MAX_REQUEST];
	size_t start = object->len;
	struct fdbg_error *err;

	for (size_t i = 0; i < n; i++) {
		int len = snprintf(texts[i], MAX_REQUEST, "qXfer:%s:read:%s:%zx,%zx", object->name, annex ? annex : "",
				   start + i * size, size);

		if (len >= MAX_REQUEST)
			return fdbg_error_create(FDBG_ERROR_UNSUPPORTED, "the name of an object is too long: %s", annex);
		questions[i] = (struct fdbg_question){ .text = texts[i], .reply_len = (uint32_t)size };
	}
	err = fdbg_session_ask(session, questions, n);
	if (err)
		err = fdbg_error_prefix(err, "reading %s", object->name);
	for (size_t i = 0; !err && !object->ended && object->len == start + i * size && i < n; i++)
		err = take_part(session, object, &questions[i].answer);
	fdbg_session_forget_answers(questions, n);
	return err;
}

/*
 * Reads on behind the first part. Where that costs nothing twice as many parts ahead each time, for nobody says how many there are; as
 * long as the first one, which is how much this server gives.
 */
static struct fdbg_error *read_on(struct fdbg_session *session, struct object *object, const char *annex)
{
	bool ahead = fdbg_session_has_batches(session);
	size_t size = ahead ? object->len : fdbg_session_part_size(session), n = 1;
	struct fdbg_error *err = NULL;

	for (; !err && !object->ended; n = ahead && n < MAX_AHEAD ? 2 * n : n)
		err = read_parts(session, object, annex, size, n);
	return err;
}

struct fdbg_error *fdbg_session_finish_object(struct fdbg_session *session, const char *name, const char *annex,
					      const struct fdbg_buf *first, struct fdbg_buf *buf)
{
	struct object object = { .name = name, .buf = buf };
	struct fdbg_error *err = take_part(session, &object, first);

	return err ? err : read_on(session, &object, annex);
}

struct fdbg_error *fdbg_session_read_object(struct fdbg_session *session, const char *name, const char *annex,
					    struct fdbg_buf *buf)
{
	struct object object = { .name = name, .buf = buf };
	struct fdbg_error *err = read_parts(session, &object, annex, fdbg_session_part_size(session), 1);

	return err ? err : read_on(session, &object, annex);
}

struct fdbg_error *fdbg_session_keep_auxv(struct fdbg_session *session, const struct fdbg_buf *first)
{
	struct fdbg_error *err;

	fdbg_buf_clear(&session->auxv);
	session->auxv_state = FDBG_AUXV_UNKNOWN;
	err = fdbg_session_finish_object(session, "auxv", "", first, &session->auxv);
	if (!err)
		session->auxv_state = FDBG_AUXV_READ;
	if (!fdbg_error_is(err, FDBG_ERROR_REFUSED) && !fdbg_error_is(err, FDBG_ERROR_UNSUPPORTED))
		return err;
	fdbg_error_destroy(err);
	fdbg_buf_clear(&session->auxv);
	fdbg_buf_append(&session->auxv, first->data, first->len);
	session->auxv_state = FDBG_AUXV_REFUSED;
	return fdbg_buf_error(&session->auxv);
}

struct fdbg_error *fdbg_session_auxv(struct fdbg_session *session, const struct fdbg_buf **ret)
{
	struct fdbg_question question = { 0 };
	struct fdbg_error *err = NULL;
	char text[MAX_REQUEST];

	if (session->auxv_state == FDBG_AUXV_UNKNOWN) {
		snprintf(text, sizeof(text), "qXfer:auxv:read::0,%zx", fdbg_session_part_size(session));
		question.text = text;
		err = fdbg_session_ask(session, &question, 1);
		if (!err)
			err = fdbg_session_keep_auxv(session, &question.answer);
		fdbg_session_forget_answers(&question, 1);
	}
	if (!err && session->auxv_state == FDBG_AUXV_REFUSED)
		err = fdbg_session_refusal_of(&session->auxv, "auxv");
	if (err)
		return fdbg_error_prefix(err, "reading auxv");
	*ret = &session->auxv;
	return NULL;
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

/* Queues a packet with a list of signals (Linux numbers). In ascending order: gdbserver drops a number that is below the one before it. */
static struct fdbg_error *queue_signals(struct fdbg_session *session, const char *packet, const bool *wanted, bool *done)
{
	bool by_number[MAX_SIGNALS] = { false };
	const char *between = ":";
	size_t begin;

	for (int signal = 1; signal < MAX_SIGNALS; signal++) {
		int number = session->abilities.gdb_signals ? fdbg_signal_to_gdb(signal) : signal;

		if (wanted[signal] && number > 0 && number < MAX_SIGNALS)
			by_number[number] = true;
	}
	if (done)
		*done = false;
	begin = fdbg_session_begin(session);
	fdbg_buf_string(&session->out, packet);
	for (unsigned number = 1; number < MAX_SIGNALS; number++) {
		if (!by_number[number])
			continue;
		fdbg_buf_printf(&session->out, "%s%x", between, number);
		between = ";";
	}
	return fdbg_session_push(session, begin, (struct fdbg_entry){ .kind = FDBG_EXPECT_OK, .reply_len = 2, .done = done });
}

struct fdbg_error *fdbg_session_pass_signals(struct fdbg_session *session, const int *signals, size_t n, bool *done_ret)
{
	bool wanted[MAX_SIGNALS] = { false };
	struct fdbg_error *err = fdbg_session_lost(session);

	if (err)
		return err;
	if (!session->abilities.pass_signals)
		return fdbg_error_create(FDBG_ERROR_UNSUPPORTED, "the server stops at every signal");
	for (size_t i = 0; i < n; i++)
		if (signals[i] > 0 && signals[i] < MAX_SIGNALS)
			wanted[signals[i]] = true;
	return queue_signals(session, "QPassSignals", wanted, done_ret);
}

/*
 * gdbserver delivers the signal that it reported last when it detaches. The one that stopped the target for us, and a
 * breakpoint's SIGTRAP, are not the target's: they would stop, or end, a program that nobody watches any more. A refusal
 * changes nothing.
 */
static struct fdbg_error *keep_interrupt_back(struct fdbg_session *session)
{
	bool wanted[MAX_SIGNALS];
	bool interrupted = session->interrupt_sent || session->stop.interrupt;

	if (!session->abilities.program_signals || !session->resumed)
		return NULL;
	/* SIGTRAP: other threads may have met a breakpoint that was not reported yet. */
	for (int signal = 1; signal < MAX_SIGNALS; signal++)
		wanted[signal] = signal != SIGTRAP && !(interrupted && (signal == SIGSTOP || signal == SIGINT));
	return queue_signals(session, "QProgramSignals", wanted, NULL);
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
