/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A session: requests, resumes, and waiting for stops. */
#include "gdbremote/session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "gdbremote/private.h"
#include "gdbremote/signals.h"

#define DEFAULT_TIMEOUT_MS 10000
/* How long an error that answers a resume waits for what may come behind it. */
#define REFUSAL_MS 1000

struct fdbg_error *fdbg_session_send(struct fdbg_session *session)
{
	struct fdbg_error *err = fdbg_session_lost(session);

	return err ? err : fdbg_session_send_some(session);
}

struct fdbg_error *fdbg_session_collect(struct fdbg_session *session)
{
	struct fdbg_error *err = fdbg_session_lost(session);

	for (;;) {
		if (!err)
			err = fdbg_session_send_some(session);
		if (err || !session->n_sent || fdbg_session_entry(session, 0)->kind == FDBG_EXPECT_STOP)
			break;
		err = fdbg_session_receive_answer(session);
	}
	if (!err && session->set_refused && !session->running && !session->resume_queued) {
		session->set_refused = false;
		err = fdbg_error_create(FDBG_ERROR_REFUSED,
					"the server refuses a change of registers or of the thread");
	}
	return err;
}

static struct fdbg_error *check_stopped(struct fdbg_session *session)
{
	struct fdbg_error *err = fdbg_session_lost(session);

	if (!err && (session->running || session->resume_queued))
		err = fdbg_error_create(FDBG_ERROR_USAGE,
					"the server can be asked only while the target is stopped");
	return err;
}

struct fdbg_error *fdbg_session_ask(struct fdbg_session *session, struct fdbg_question *questions, size_t n)
{
	struct fdbg_error *err = check_stopped(session);

	for (size_t i = 0; !err && i < n; i++) {
		size_t begin = fdbg_session_begin(session);

		fdbg_buf_string(&session->out, questions[i].text);
		err = fdbg_session_push(session, begin, (struct fdbg_entry){
			.kind = FDBG_EXPECT_TEXT, .text = &questions[i].answer,
			.reply_len = questions[i].reply_len ? questions[i].reply_len : 128,
		});
		/* What is queued already writes into what the caller will free. */
		if (err && i)
			err = fdbg_session_lose(session, err);
	}
	return err ? err : fdbg_session_collect(session);
}

void fdbg_session_forget_answers(struct fdbg_question *questions, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fdbg_buf_deinit(&questions[i].answer);
}

struct fdbg_error *fdbg_session_request(struct fdbg_session *session, const void *text, size_t len)
{
	struct fdbg_error *err = check_stopped(session);
	size_t begin;

	if (err)
		return err;
	begin = fdbg_session_begin(session);
	fdbg_buf_append(&session->out, text, len);
	session->replied = false;
	err = fdbg_session_push(session, begin,
				(struct fdbg_entry){ .kind = FDBG_EXPECT_TEXT, .reply_len = 1024 });
	if (!err)
		err = fdbg_session_collect(session);
	if (!err && !session->replied)
		err = fdbg_session_confused(session, "an answer is missing");
	return err;
}

struct fdbg_error *fdbg_session_requestf(struct fdbg_session *session, const char *format, ...)
{
	struct fdbg_error *err;
	char *text;
	va_list ap;
	int len;

	va_start(ap, format);
	len = vasprintf(&text, format, ap);
	va_end(ap);
	if (len < 0)
		return &fdbg_error_nomem;
	err = fdbg_session_request(session, text, (size_t)len);
	free(text);
	return err;
}

/* The digits of a signal in vCont, in the server's numbering. */
static void put_signal(struct fdbg_session *session, int number)
{
	uint8_t byte = (uint8_t)(session->abilities.gdb_signals ? fdbg_signal_to_gdb(number) : number);

	fdbg_packet_hex(&session->out, &byte, 1);
}

static void put_resume(struct fdbg_session *session, enum fdbg_resume_kind kind,
		       struct fdbg_thread_id thread, int number)
{
	struct fdbg_buf *out = &session->out;
	bool step = kind == FDBG_RESUME_STEP_ONLY;

	if (!session->abilities.vcont) {
		fdbg_buf_byte(out, step ? number ? 'S' : 's' : number ? 'C' : 'c');
		if (number)
			put_signal(session, number);
		return;
	}
	fdbg_buf_string(out, "vCont");
	if (step || number) {
		fdbg_buf_string(out, step ? number ? ";S" : ";s" : ";C");
		if (number)
			put_signal(session, number);
		fdbg_buf_byte(out, ':');
		fdbg_session_put_thread(session, out, thread);
	}
	if (!step)
		fdbg_buf_string(out, ";c");
}

struct fdbg_error *fdbg_session_queue_resume(struct fdbg_session *session, enum fdbg_resume_kind kind,
					     struct fdbg_thread_id thread, int signal, bool want_registers)
{
	struct fdbg_error *err = fdbg_session_lost(session);
	size_t begin;

	if (err)
		return err;
	if (session->resume_queued)
		return fdbg_error_create(FDBG_ERROR_USAGE, "the target runs already");
	err = fdbg_session_push_registers(session);
	if (err)
		return err;
	if (session->stop.interrupt && signal == session->stop.signal)
		signal = 0;
	begin = fdbg_session_begin(session);
	put_resume(session, kind, thread, signal);
	err = fdbg_session_push(session, begin,
				(struct fdbg_entry){ .kind = FDBG_EXPECT_STOP, .reply_len = 128 });
	if (err)
		return err;
	session->resume_queued = session->resumed = true;
	session->stopped_now = session->stop_known = false;
	session->auxv_state = FDBG_AUXV_UNKNOWN;
	session->want_registers = want_registers && !session->abilities.expedites_all && session->n_regs;
	if (session->want_registers && session->abilities.queue_behind_resume)
		err = fdbg_session_push_g(session);
	return err;
}

/* Milliseconds of a limit that are left; -1: none. */
static int left_of(uint64_t start_ns, int timeout_ms)
{
	uint64_t passed;

	if (timeout_ms <= 0)
		return timeout_ms;
	passed = (fdbg_clock_mono_ns() - start_ns) / 1000000;
	return passed >= (uint64_t)timeout_ms ? 0 : timeout_ms - (int)passed;
}

/* Drops the requests that were never sent, for a target that has ended. */
static void drop_unsent(struct fdbg_session *session)
{
	session->n_ring = session->n_sent;
	fdbg_buf_clear(&session->out);
	session->out_pos = 0;
}

/* Fetches what a stop should have with it on a server that does not answer behind a resume. */
static struct fdbg_error *complete_stop(struct fdbg_session *session)
{
	struct fdbg_error *err = NULL;

	if (session->stop_unsure) {
		err = fdbg_session_fetch_register(session, session->pc);
		if (!err && fdbg_session_at_breakpoint(session))
			session->stop.kind = FDBG_STOP_BREAKPOINT;
		session->stop_unsure = false;
	}
	if (!err && session->want_registers && !session->abilities.queue_behind_resume)
		err = fdbg_session_fetch_registers(session);
	return err;
}

/* A wait's own TIMEOUT means that the target still runs; an answer that is overdue means that the link is lost. */
static struct fdbg_error *overdue(struct fdbg_error *err)
{
	if (fdbg_error_is(err, FDBG_ERROR_TIMEOUT))
		err->code = FDBG_ERROR_GONE;
	return err;
}

/*
 * A running target may be silent for as long as it likes. But a stop reply that has begun and does not go on will not: what was
 * to say that the target stopped is lost.
 */
static struct fdbg_error *check_damage(struct fdbg_session *session)
{
	if (session->decoder.state == FDBG_PACKET_IDLE ||
	    fdbg_clock_mono_ns() - session->heard_ns < (uint64_t)session->options.timeout_ms * 1000000)
		return NULL;
	return fdbg_session_confused(session, "the server does not end what it has begun to say");
}

/* Waits for the stop reply; TIMEOUT and INTERRUPTED leave the link good. */
static struct fdbg_error *receive_stop(struct fdbg_session *session, int timeout_ms)
{
	uint64_t start = fdbg_clock_mono_ns();

	for (;;) {
		int left = left_of(start, timeout_ms), limit = session->options.timeout_ms;
		struct fdbg_error *err, *damage;

		if (session->resume_error_ns) {
			int waited = (int)((fdbg_clock_mono_ns() - session->resume_error_ns) / 1000000);

			limit = limit < REFUSAL_MS ? limit : REFUSAL_MS;
			if (waited >= limit) {
				fdbg_session_settle_refusal(session);
				return NULL;
			}
			limit -= waited;
		}

		session->waking = true;
		err = fdbg_session_receive(session, left < 0 || left > limit ? limit : left);
		session->waking = false;
		if (fdbg_error_is(err, FDBG_ERROR_INTERRUPTED))
			return err;
		if (!fdbg_error_is(err, FDBG_ERROR_TIMEOUT))
			return fdbg_session_lose(session, err);
		damage = check_damage(session);
		if (!damage && left >= 0 && left <= limit && !session->resume_error_ns)
			return err;
		fdbg_error_destroy(err);
		if (damage)
			return damage;
	}
}

struct fdbg_error *fdbg_session_wait(struct fdbg_session *session, int timeout_ms, struct fdbg_stop *ret)
{
	uint64_t start = timeout_ms > 0 ? fdbg_clock_mono_ns() : 0;
	struct fdbg_error *err = overdue(fdbg_session_lost(session));

	if (err)
		return err;
	if (!session->resume_queued && !session->stopped_now)
		return fdbg_error_create(FDBG_ERROR_USAGE, "the target was not resumed");
	while (!err) {
		err = overdue(fdbg_session_send_some(session));
		if (err || (session->stopped_now && (session->ended || !session->n_sent)))
			break;
		if (!session->stopped_now && fdbg_session_entry(session, 0)->kind == FDBG_EXPECT_STOP) {
			err = receive_stop(session, left_of(start, timeout_ms));
		} else {
			err = overdue(fdbg_session_receive_answer(session));
		}
	}
	if (err)
		return err;
	session->stopped_now = false;
	if (session->resume_refused)
		return fdbg_error_create(FDBG_ERROR_REFUSED, "the server refuses to resume the target");
	if (session->ended)
		drop_unsent(session);
	else
		err = overdue(complete_stop(session));
	if (!err)
		*ret = session->stop;
	return err;
}

struct fdbg_error *fdbg_session_query_stop(struct fdbg_session *session, struct fdbg_stop *ret)
{
	struct fdbg_error *err = check_stopped(session);

	if (err)
		return err;
	if (session->stop_known) {
		*ret = session->stop;
		return NULL;
	}
	err = fdbg_session_requestf(session, "?");
	if (!err && (!session->reply.len || session->reply.data[0] == 'E'))
		err = fdbg_session_refusal(session, "to say how the target is");
	if (!err)
		err = fdbg_session_take_stop(session, session->reply.data, session->reply.len);
	if (!err)
		*ret = session->stop;
	return err;
}

struct fdbg_error *fdbg_session_interrupt(struct fdbg_session *session)
{
	struct fdbg_error *err = fdbg_session_lost(session);

	if (err || !session->running)
		return err;
	err = fdbg_transport_interrupt(session->transport, session->options.timeout_ms);
	session->interrupt_sent |= !err;
	return fdbg_session_lose(session, err);
}

struct fdbg_error *fdbg_session_open(struct fdbg_transport *transport,
				     const struct fdbg_session_options *options,
				     struct fdbg_session **ret)
{
	struct fdbg_session *session = calloc(1, sizeof(*session));
	struct fdbg_error *err;

	if (!session) {
		fdbg_transport_destroy(transport);
		return &fdbg_error_nomem;
	}
	session->transport = transport;
	session->options = *options;
	if (session->options.timeout_ms <= 0)
		session->options.timeout_ms = DEFAULT_TIMEOUT_MS;
	session->decoder.limit = FDBG_MAX_PAYLOAD;
	session->pc = UINT32_MAX;
	session->waking = true;
	err = fdbg_session_shake_hands(session);
	session->waking = false;
	session->opened = true;
	session->skipped_before = session->decoder.skipped;
	if (err) {
		fdbg_session_destroy(session);
		return err;
	}
	*ret = session;
	return NULL;
}

void fdbg_session_destroy(struct fdbg_session *session)
{
	if (!session)
		return;
	fdbg_session_end_output(session);
	fdbg_transport_destroy(session->transport);
	fdbg_packet_decoder_deinit(&session->decoder);
	fdbg_buf_deinit(&session->out);
	fdbg_buf_deinit(&session->last);
	fdbg_buf_deinit(&session->reply);
	fdbg_buf_deinit(&session->auxv);
	fdbg_map_deinit(&session->inserted);
	for (size_t i = 0; i < session->n_regs; i++)
		free(session->regs[i].name);
	free(session->regs);
	free(session->by_number);
	free(session->offsets);
	free(session->block);
	free(session->valid);
	free(session->dirty);
	free(session->exec_path);
	free(session->ring);
	free(session);
}

const struct fdbg_abilities *fdbg_session_abilities(const struct fdbg_session *session)
{
	return &session->abilities;
}

int fdbg_session_timeout_ms(const struct fdbg_session *session)
{
	return session->options.timeout_ms;
}

const struct fdbg_session_stats *fdbg_session_stats(const struct fdbg_session *session)
{
	return &session->stats;
}
