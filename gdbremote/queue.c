/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The queue of requests: what is sent when, and where answers go. */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "gdbremote/private.h"
#include "gdbremote/stop.h"

/*
 * How much may be under way. gdbserver reads into a buffer of 16 KiB or less, and answers before it reads on:
 * more than what the sockets hold of answers would block both sides.
 */
#define WINDOW_OUT 8192
#define WINDOW_IN 49152
/* What must arrive together, a resume and the requests behind it, goes into one segment (section 6). */
#define SEGMENT 1400
/* Requests that may be under way before that segment, so that gdbserver reads it whole. */
#define WINDOW_BEFORE_RESUME 4096

/*
 * A server that cannot turn acks off and reads nothing while the target runs (section 6, qemu-user): it reads requests in chunks of
 * at most so many bytes and executes a chunk to its end, also behind a resume; after each answer it reads byte by byte up to
 * a `+`, and sends the answer again for every other byte. So every packet is followed by more `+` than fit into a chunk. Then no
 * chunk holds two packets, however the link cuts the bytes, what follows an answer is always a `+`, and `+` that are
 * left over are passed over. With that, requests may be sent ahead, also behind a resume, as if there were no acks.
 */
#define CHUNK 256
#define PADDING (CHUNK + 4) /* one `+` for the answer, one more where a stop reply follows it */

#define MAX_RESENDS 3
#define LOGGED_BYTES 300

/* ---- lost links ---- */

struct fdbg_error *fdbg_session_lost(const struct fdbg_session *session)
{
	if (!session->failed)
		return NULL;
	if (session->failed == FDBG_ERROR_NOMEM)
		return &fdbg_error_nomem;
	return fdbg_error_create(session->failed, "the link to the server is lost");
}

/* Remembers that the link is lost by this error. */
struct fdbg_error *fdbg_session_lose(struct fdbg_session *session, struct fdbg_error *err)
{
	if (err && !session->failed)
		session->failed = err->code;
	return err;
}

struct fdbg_error *fdbg_session_confused(struct fdbg_session *session, const char *format, ...)
{
	struct fdbg_error *err;
	char text[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	err = fdbg_error_create(FDBG_ERROR_PROTOCOL, "%s", text);
	if (err == &fdbg_error_nomem)
		session->failed = FDBG_ERROR_NOMEM;
	return fdbg_session_lose(session, err);
}

struct fdbg_error *fdbg_session_refusal_of(const struct fdbg_buf *reply, const char *what)
{
	if (!reply->len)
		return fdbg_error_create(FDBG_ERROR_UNSUPPORTED, "the server does not know %s", what);
	return fdbg_error_create(FDBG_ERROR_REFUSED, "the server refuses %s (%.*s)", what,
				 reply->len > 80 ? 80 : (int)reply->len, (const char *)reply->data);
}

struct fdbg_error *fdbg_session_refusal(const struct fdbg_session *session, const char *what)
{
	return fdbg_session_refusal_of(&session->reply, what);
}

bool fdbg_session_reply_is(const struct fdbg_session *session, const char *text)
{
	return fdbg_text_is((struct fdbg_text){ (const char *)session->reply.data, session->reply.len },
			    text);
}

/* ---- the queue ---- */

struct fdbg_entry *fdbg_session_entry(struct fdbg_session *session, size_t i)
{
	return &session->ring[(session->head + i) & (session->cap_ring - 1)];
}

size_t fdbg_session_begin(struct fdbg_session *session)
{
	if (session->out_pos == session->out.len) {
		fdbg_buf_clear(&session->out);
		session->out_pos = 0;
	}
	return fdbg_packet_begin(&session->out);
}

static bool grow_ring(struct fdbg_session *session)
{
	size_t cap = session->cap_ring ? session->cap_ring * 2 : 64;
	struct fdbg_entry *ring = calloc(cap, sizeof(*ring));

	if (!ring)
		return false;
	for (size_t i = 0; i < session->n_ring; i++)
		ring[i] = *fdbg_session_entry(session, i);
	free(session->ring);
	session->ring = ring;
	session->cap_ring = cap;
	session->head = 0;
	return true;
}

struct fdbg_error *fdbg_session_push(struct fdbg_session *session, size_t begin, struct fdbg_entry entry)
{
	struct fdbg_error *err = fdbg_session_lost(session);
	size_t len;

	fdbg_packet_end(&session->out, begin);
	if (!err && (session->out.failed || (session->n_ring == session->cap_ring && !grow_ring(session)))) {
		/* The buffer may have lost the packets of earlier entries. */
		session->failed = FDBG_ERROR_NOMEM;
		err = &fdbg_error_nomem;
	}
	if (err)
		return err;
	len = session->out.len - (begin - 1);
	if (len > session->abilities.packet_size) {
		session->out.len = begin - 1;
		return fdbg_error_create(FDBG_ERROR_UNSUPPORTED,
					 "a packet of %zu bytes is more than the server takes (%zu)",
					 len, session->abilities.packet_size);
	}
	entry.out_len = (uint32_t)len;
	*fdbg_session_entry(session, session->n_ring++) = entry;
	return NULL;
}

void fdbg_session_put_thread(struct fdbg_session *session, struct fdbg_buf *buf, struct fdbg_thread_id thread)
{
	if (session->abilities.multiprocess && thread.pid) {
		fdbg_buf_byte(buf, 'p');
		fdbg_packet_number(buf, thread.pid);
		fdbg_buf_byte(buf, '.');
	}
	fdbg_packet_number(buf, thread.tid);
}

/* ---- sending ---- */

/* Each request waits for the answer to the one before, and each answer for its ack. */
static bool waits_for_acks(const struct fdbg_session *session)
{
	return !session->abilities.no_ack && !session->abilities.padded_acks;
}

bool fdbg_session_has_batches(const struct fdbg_session *session)
{
	return !waits_for_acks(session);
}

static void log_packets(struct fdbg_session *session, const char *arrow, const uint8_t *data, size_t len)
{
	char text[LOGGED_BYTES + 1];
	size_t n = len < LOGGED_BYTES ? len : LOGGED_BYTES;

	if (!fdbg_log_on(session->options.log, FDBG_LOG_PACKET))
		return;
	for (size_t i = 0; i < n; i++)
		text[i] = (char)(data[i] >= 0x20 && data[i] < 0x7f ? data[i] : '.');
	text[n] = '\0';
	fdbg_log(session->options.log, FDBG_LOG_PACKET, "%s %s%s", arrow, text, n < len ? " ..." : "");
}

static struct fdbg_error *write_bytes(struct fdbg_session *session, const void *data, size_t len)
{
	session->stats.bytes_sent += len;
	log_packets(session, "->", data, len);
	return fdbg_session_lose(session, fdbg_transport_write(session->transport, data, len,
							       session->options.timeout_ms));
}

/* Writes the packets of the n entries before n_sent, each with the acks for its answers. */
static struct fdbg_error *send_padded(struct fdbg_session *session, const uint8_t *from, size_t n)
{
	struct fdbg_buf *out = &session->last;

	fdbg_buf_clear(out);
	if (session->ack_owed)
		fdbg_buf_byte(out, '+');
	session->ack_owed = false;
	for (size_t i = session->n_sent - n; i < session->n_sent; i++) {
		const struct fdbg_entry *entry = fdbg_session_entry(session, i);
		uint8_t *padding;

		log_packets(session, "->", from, entry->out_len);
		fdbg_buf_append(out, from, entry->out_len);
		from += entry->out_len;
		padding = fdbg_buf_reserve(out, PADDING);
		if (!padding)
			return fdbg_session_lose(session, &fdbg_error_nomem);
		memset(padding, '+', PADDING);
		out->len += PADDING;
	}
	if (out->failed)
		return fdbg_session_lose(session, &fdbg_error_nomem);
	session->stats.bytes_sent += out->len;
	return fdbg_session_lose(session, fdbg_transport_write(session->transport, out->data, out->len,
							       session->options.timeout_ms));
}

/* Marks n entries as sent and writes their packets. */
static struct fdbg_error *send_entries(struct fdbg_session *session, size_t n)
{
	const uint8_t *from = session->out.data + session->out_pos;
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		const struct fdbg_entry *entry = fdbg_session_entry(session, session->n_sent + i);

		len += entry->out_len;
		session->flying_in += entry->reply_len;
		session->running |= entry->kind == FDBG_EXPECT_STOP;
	}
	session->n_sent += n;
	session->flying_out += len;
	session->out_pos += len;
	session->stats.packets_sent += n;
	session->turned = true;
	if (session->abilities.padded_acks)
		return send_padded(session, from, n);
	if (!session->abilities.no_ack) {
		/* One packet at a time, kept for a resend, and the ack that is owed in the same write. */
		fdbg_buf_clear(&session->last);
		if (session->ack_owed)
			fdbg_buf_byte(&session->last, '+');
		fdbg_buf_append(&session->last, from, len);
		if (session->last.failed)
			return fdbg_session_lose(session, &fdbg_error_nomem);
		session->resends = 0;
		session->ack_owed = false;
		return write_bytes(session, session->last.data, session->last.len);
	}
	return write_bytes(session, from, len);
}

/* The same where acks go ahead: whatever the server keeps until it wants it may be there. */
static size_t may_send_padded(struct fdbg_session *session)
{
	size_t n_unsent = session->n_ring - session->n_sent, n;
	size_t out = session->flying_out + session->n_sent * PADDING, in = session->flying_in;
	bool resumes = false;

	for (n = 0; n < n_unsent; n++) {
		const struct fdbg_entry *entry = fdbg_session_entry(session, session->n_sent + n);

		out += entry->out_len + PADDING;
		in += entry->reply_len;
		if (session->n_sent + n && (out > WINDOW_OUT || in > WINDOW_IN))
			break;
		if (entry->kind == FDBG_EXPECT_STOP) {
			if (resumes)
				break;
			resumes = true;
		}
	}
	return n;
}

/*
 * How many of the unsent entries may go now, in one write. All rules of sections 1 and 6 are here: one packet
 * at a time with acks; nothing while the target runs; behind a resume only where the server keeps it until
 * the stop, and then in the same segment.
 */
static size_t may_send(struct fdbg_session *session)
{
	size_t n_unsent = session->n_ring - session->n_sent;
	size_t out = 0, in = 0, n = 0, n_tail, tail = 0;

	if (session->running || !n_unsent)
		return 0;
	if (session->abilities.padded_acks)
		return may_send_padded(session);
	if (!session->abilities.no_ack)
		return !session->n_sent;
	for (; n < n_unsent; n++) {
		const struct fdbg_entry *entry = fdbg_session_entry(session, session->n_sent + n);

		if (entry->kind == FDBG_EXPECT_STOP)
			break;
		if (session->n_sent + n && (session->flying_out + out + entry->out_len > WINDOW_OUT ||
					    session->flying_in + in + entry->reply_len > WINDOW_IN))
			return n;
		out += entry->out_len;
		in += entry->reply_len;
	}
	if (n == n_unsent)
		return n;
	for (n_tail = 0; n + n_tail < n_unsent; n_tail++) {
		const struct fdbg_entry *entry = fdbg_session_entry(session, session->n_sent + n + n_tail);

		if (n_tail && (!session->abilities.queue_behind_resume || entry->kind == FDBG_EXPECT_STOP ||
			       tail + entry->out_len > SEGMENT))
			break;
		tail += entry->out_len;
	}
	if (out + tail <= SEGMENT && session->flying_out <= WINDOW_BEFORE_RESUME)
		return n + n_tail;
	if (n)
		return n;
	return session->flying_out <= WINDOW_BEFORE_RESUME ? n_tail : 0;
}

static struct fdbg_error *pay_ack(struct fdbg_session *session)
{
	struct fdbg_error *err;

	if (!session->ack_owed)
		return NULL;
	session->ack_owed = false;
	session->stats.bytes_sent++;
	log_packets(session, "->", (const uint8_t *)"+", 1);
	err = fdbg_transport_write(session->transport, "+", 1, session->options.timeout_ms);
	/* A server may end with its last answer (qemu does). Whoever wants more of it will see. */
	if (!fdbg_error_is(err, FDBG_ERROR_GONE))
		return fdbg_session_lose(session, err);
	fdbg_error_destroy(err);
	return NULL;
}

/* ---- answers ---- */

static void pop(struct fdbg_session *session)
{
	struct fdbg_entry *entry = fdbg_session_entry(session, 0);

	session->flying_out -= entry->out_len;
	session->flying_in -= entry->reply_len;
	session->head = (session->head + 1) & (session->cap_ring - 1);
	session->n_ring--;
	session->n_sent--;
}

/* Takes the path of an exec, given in digits. */
static void take_exec_path(struct fdbg_session *session, struct fdbg_text hex)
{
	size_t len = hex.len / 2;

	free(session->exec_path);
	session->exec_path = NULL;
	if (!len || hex.len % 2)
		return;
	session->exec_path = calloc(1, len + 1);
	if (session->exec_path && !fdbg_packet_unhex((const uint8_t *)hex.data, len,
						     (uint8_t *)session->exec_path)) {
		free(session->exec_path);
		session->exec_path = NULL;
	}
}

/* Whether pc is at a breakpoint that we inserted. */
bool fdbg_session_at_breakpoint(const struct fdbg_session *session)
{
	const struct fdbg_remote_reg *reg = &session->regs[session->pc];
	const uint8_t *bytes = session->block + session->offsets[session->pc];
	uint64_t pc = 0, value;

	for (uint32_t i = reg->size < 8 ? reg->size : 8; i; i--)
		pc = pc << 8 | bytes[i - 1];
	return fdbg_map_get(&session->inserted, pc, &value);
}

struct fdbg_error *fdbg_session_take_stop(struct fdbg_session *session, const uint8_t *data, size_t len)
{
	struct fdbg_thread_id before = session->stop.thread;
	struct fdbg_stop_reply reply;
	struct fdbg_stop *stop = &reply.stop;

	fdbg_session_forget_registers(session);
	if (!fdbg_stop_parse(data, len, session->abilities.gdb_signals, fdbg_session_expedited, session,
			     &reply))
		return fdbg_session_confused(session, "the server's stop reply makes no sense");
	stop->time_ms = fdbg_clock_wall_ms();
	session->ended = stop->kind == FDBG_STOP_EXITED || stop->kind == FDBG_STOP_KILLED;
	if (!session->ended && session->set_refused)
		return fdbg_session_confused(session, "the server did not take a change of registers");
	session->set_refused = false;
	if (!stop->thread.tid && !session->ended)
		stop->thread = before;
	if (!stop->thread.pid && session->ended)
		stop->thread.pid = session->main_pid;
	if (!session->main_pid)
		session->main_pid = stop->thread.pid;
	if (!session->ended)
		session->selected = stop->thread;
	session->stop_unsure = false;
	if (stop->kind == FDBG_STOP_SIGNAL && stop->signal == 5 && !session->abilities.swbreak &&
	    session->inserted.n_used &&
	    session->pc != UINT32_MAX && (session->server != FDBG_SERVER_LLDB || reply.reason_breakpoint)) {
		/* The reply does not tell our breakpoints from the target's own traps: the pc does. */
		if (!session->valid[session->pc])
			session->stop_unsure = true;
		else if (fdbg_session_at_breakpoint(session))
			stop->kind = FDBG_STOP_BREAKPOINT;
	}
	if (session->interrupt_sent && stop->kind == FDBG_STOP_SIGNAL &&
	    (stop->signal == SIGINT || stop->signal == SIGSTOP || !stop->signal)) {
		session->interrupt_sent = false;
		stop->interrupt = true;
	}
	if (stop->kind == FDBG_STOP_EXEC) {
		take_exec_path(session, reply.exec_hex);
		stop->exec_path = session->exec_path;
		fdbg_map_clear(&session->inserted);
	}
	session->stop = *stop;
	session->stop_known = true;
	return NULL;
}

static void take_breakpoint(struct fdbg_session *session, const struct fdbg_entry *entry, bool good)
{
	if (entry->done)
		*entry->done = good;
	if (!good || entry->pid != session->main_pid || session->abilities.swbreak)
		return;
	if (entry->kind == FDBG_EXPECT_INSERT)
		fdbg_map_set(&session->inserted, entry->address, 1);
	else
		fdbg_map_remove(&session->inserted, entry->address);
}

/* The resume is answered. */
static void settle_resume(struct fdbg_session *session, bool refused)
{
	pop(session);
	session->running = session->resume_queued = false;
	session->stopped_now = true;
	session->resume_refused = refused;
	session->resume_error_ns = 0;
}

void fdbg_session_settle_refusal(struct fdbg_session *session)
{
	settle_resume(session, true);
}

static struct fdbg_error *dispatch(struct fdbg_session *session, const uint8_t *data, size_t len);

static struct fdbg_error *take_resume_answer(struct fdbg_session *session, const uint8_t *data, size_t len)
{
	if (fdbg_session_take_output(session, data, len))
		return NULL;
	/*
	 * lldb-server lets the threads run one after the other: when the first one ends the process it answers that the others cannot be
	 * resumed, and then tells of the end. So an error waits for what comes behind it.
	 */
	if (len && data[0] == 'E' && !session->resume_error_ns) {
		session->resume_error_ns = fdbg_clock_mono_ns();
		return NULL;
	}
	if (session->resume_error_ns && (!len || !strchr("TSWXN", data[0]))) {
		settle_resume(session, true);
		return dispatch(session, data, len);
	}
	settle_resume(session, !len);
	return session->resume_refused ? NULL : fdbg_session_take_stop(session, data, len);
}

/* Whether the answer is OK, an error, or empty where the request is not known. */
static bool is_done_or_not(const struct fdbg_entry *entry)
{
	switch ((enum fdbg_expect)entry->kind) {
	case FDBG_EXPECT_OK:
	case FDBG_EXPECT_WRITE:
	case FDBG_EXPECT_INSERT:
	case FDBG_EXPECT_REMOVE:
	case FDBG_EXPECT_SET:
		return true;
	case FDBG_EXPECT_IGNORE:
	case FDBG_EXPECT_TEXT:
	case FDBG_EXPECT_READ:
	case FDBG_EXPECT_REGISTERS:
	case FDBG_EXPECT_REGISTER:
	case FDBG_EXPECT_STOP:
		return false;
	}
	return false;
}

/* An answer, or what the server says by itself. */
static struct fdbg_error *dispatch(struct fdbg_session *session, const uint8_t *data, size_t len)
{
	struct fdbg_entry entry;
	bool ok = len == 2 && data[0] == 'O' && data[1] == 'K';

	if (!session->n_sent) {
		/*
		 * With acks an answer may come twice; without, it would belong to a request that was never
		 * made.
		 */
		if (waits_for_acks(session) || fdbg_session_take_output(session, data, len) || session->killed)
			return NULL;
		return fdbg_session_confused(session, "the server answers what was not asked");
	}
	entry = *fdbg_session_entry(session, 0);
	if (entry.kind == FDBG_EXPECT_STOP)
		return take_resume_answer(session, data, len);
	if (is_done_or_not(&entry) && len && !ok && data[0] != 'E')
		return fdbg_session_confused(session, "the server's answers are not those to what was asked");
	pop(session);
	switch ((enum fdbg_expect)entry.kind) {
	case FDBG_EXPECT_TEXT:
		if (!entry.text) {
			entry.text = &session->reply;
			session->replied = true;
		}
		fdbg_buf_clear(entry.text);
		fdbg_buf_append(entry.text, data, len);
		return fdbg_buf_error(entry.text);
	case FDBG_EXPECT_OK:
		if (entry.done)
			*entry.done = ok;
		break;
	case FDBG_EXPECT_READ:
	case FDBG_EXPECT_WRITE:
		fdbg_session_take_memory(session, &entry, data, len);
		break;
	case FDBG_EXPECT_INSERT:
	case FDBG_EXPECT_REMOVE:
		take_breakpoint(session, &entry, ok);
		break;
	case FDBG_EXPECT_REGISTERS:
		fdbg_session_take_g(session, data, len);
		break;
	case FDBG_EXPECT_REGISTER:
		if (!fdbg_session_take_p(session, entry.index, data, len) || !entry.to)
			break;
		memcpy(entry.to, session->block + session->offsets[entry.index], session->regs[entry.index].size);
		*entry.done = true;
		break;
	case FDBG_EXPECT_SET:
		session->set_refused |= !ok;
		break;
	case FDBG_EXPECT_IGNORE:
	case FDBG_EXPECT_STOP:
		break;
	}
	return NULL;
}

/* One event of the decoder. */
static struct fdbg_error *take_event(struct fdbg_session *session, enum fdbg_packet_event event)
{
	const struct fdbg_buf *payload = &session->decoder.payload;
	struct fdbg_error *err;

	/*
	 * Without acks nobody would notice that an answer is missing, and the next one would be taken for it. On a good
	 * link there is nothing between packets.
	 */
	if (session->opened && !waits_for_acks(session) && session->decoder.skipped != session->skipped_before)
		return fdbg_session_confused(session, "what the server sends is damaged on its way");
	switch (event) {
	case FDBG_PACKET_MORE:
	case FDBG_PACKET_ACK:
	case FDBG_PACKET_NOTIFICATION:
		return NULL;
	case FDBG_PACKET_NAK:
		if (session->abilities.padded_acks)
			return fdbg_session_confused(session, "the server does not understand what is sent");
		if (session->abilities.no_ack || !session->n_sent || !session->last.len)
			return NULL;
		if (++session->resends > MAX_RESENDS)
			return fdbg_session_confused(session, "the server does not understand what is sent");
		return write_bytes(session, session->last.data, session->last.len);
	case FDBG_PACKET_BAD:
		if (!waits_for_acks(session) || ++session->resends > MAX_RESENDS)
			return fdbg_session_confused(session, "the server sends damaged packets");
		return write_bytes(session, "-", 1);
	case FDBG_PACKET_TOO_LONG:
		return fdbg_session_confused(session, "the server sends a packet above %u bytes",
					     FDBG_MAX_PAYLOAD);
	case FDBG_PACKET_REPLY:
		break;
	}
	session->stats.packets_received++;
	log_packets(session, "<-", payload->data, payload->len);
	session->ack_owed = waits_for_acks(session);
	err = dispatch(session, payload->len ? payload->data : (const uint8_t *)"", payload->len);
	/* Where a request follows at once, the ack goes with it. */
	if (!err && (session->running || session->n_ring == session->n_sent))
		err = pay_ack(session);
	return err;
}

/* Decodes bytes that are here, up to one event. */
static struct fdbg_error *take_bytes(struct fdbg_session *session)
{
	enum fdbg_packet_event event;
	size_t used;

	event = fdbg_packet_decode(&session->decoder, session->in + session->in_pos,
				   session->in_len - session->in_pos, &used);
	session->in_pos += used;
	return take_event(session, event);
}

/* Sends what may go. An answer that is already here must belong to what was asked before. */
struct fdbg_error *fdbg_session_send_some(struct fdbg_session *session)
{
	struct fdbg_error *err = NULL;
	size_t n;

	while (!err && !session->n_sent && session->in_pos < session->in_len)
		err = fdbg_session_lose(session, take_bytes(session));
	while (!err && (n = may_send(session)))
		err = send_entries(session, n);
	return err;
}

/* Waits for bytes and handles events until one packet has been taken. */
struct fdbg_error *fdbg_session_receive(struct fdbg_session *session, int timeout_ms)
{
	uint64_t before = session->stats.packets_received;
	struct fdbg_error *err = NULL;

	while (!err && session->stats.packets_received == before) {
		if (session->in_pos == session->in_len) {
			fdbg_transport_set_wake(session->transport,
						session->waking ? session->options.wake_fd : -1);
			session->in_pos = session->in_len = 0;
			err = fdbg_transport_read(session->transport, session->in, sizeof(session->in),
						  timeout_ms,
						  &session->in_len);
			if (err)
				break;
			session->heard_ns = fdbg_clock_mono_ns();
			session->stats.bytes_received += session->in_len;
			session->stats.round_trips += session->turned;
			session->turned = false;
		}
		err = take_bytes(session);
	}
	return err;
}

/* Waits for an answer that must come soon; not to come loses the link. */
struct fdbg_error *fdbg_session_receive_answer(struct fdbg_session *session)
{
	return fdbg_session_lose(session, fdbg_session_receive(session, session->options.timeout_ms));
}
