/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Leading a target that waits before its execve into the new program. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "gdbremote/launch.h"
#include "gdbremote/packet.h"
#include "gdbremote/stop.h"

#define MAX_PAYLOAD (1u << 20)
#define MAX_STOPS 64 /* on the way to the program; each is a signal that came from outside */

/* A conversation with acks, one request at a time: what follows is the business of a session. */
struct talk {
	struct fdbg_transport *transport;
	struct fdbg_packet_decoder decoder;
	struct fdbg_buf out;
	uint8_t in[4096];
	size_t in_pos, in_len;
	uint64_t deadline;
	struct fdbg_thread_id thread;
	bool ack_owed, acks_off;
	bool linux_signals; /* the server numbers them as Linux does */
	int pending; /* a signal to give back to the target, 0: none */
};

static int left_ms(const struct talk *talk)
{
	uint64_t now = fdbg_clock_mono_ns();

	return now >= talk->deadline ? 0 : (int)((talk->deadline - now) / 1000000);
}

static struct fdbg_error *say(struct talk *talk, const char *text)
{
	size_t begin;

	fdbg_buf_clear(&talk->out);
	if (talk->ack_owed)
		fdbg_buf_byte(&talk->out, '+');
	talk->ack_owed = false;
	begin = fdbg_packet_begin(&talk->out);
	fdbg_buf_string(&talk->out, text);
	fdbg_packet_end(&talk->out, begin);
	if (talk->out.failed)
		return &fdbg_error_nomem;
	return fdbg_transport_write(talk->transport, talk->out.data, talk->out.len, left_ms(talk));
}

/*
 * The next answer, in talk->decoder.payload. Its ack goes with the next request, the last one's with the first of the
 * session.
 */
static struct fdbg_error *hear(struct talk *talk)
{
	for (;;) {
		enum fdbg_packet_event event;
		size_t used;

		if (talk->in_pos == talk->in_len) {
			struct fdbg_error *err;

			talk->in_pos = talk->in_len = 0;
			err = fdbg_transport_read(talk->transport, talk->in, sizeof(talk->in), left_ms(talk),
						  &talk->in_len);
			if (err)
				return err;
		}
		event = fdbg_packet_decode(&talk->decoder, talk->in + talk->in_pos,
					   talk->in_len - talk->in_pos, &used);
		talk->in_pos += used;
		if (event == FDBG_PACKET_REPLY) {
			talk->ack_owed = !talk->acks_off;
			return NULL;
		}
		if (event == FDBG_PACKET_BAD || event == FDBG_PACKET_NAK || event == FDBG_PACKET_TOO_LONG)
			return fdbg_error_create(FDBG_ERROR_PROTOCOL, "the link to the server is damaged");
	}
}

static struct fdbg_error *ask(struct talk *talk, const char *text)
{
	struct fdbg_error *err = say(talk, text);

	return err ? err : hear(talk);
}

static struct fdbg_error *take_stop(struct talk *talk, struct fdbg_stop *ret)
{
	struct fdbg_stop_reply reply;

	if (!fdbg_stop_parse(talk->decoder.payload.data, talk->decoder.payload.len, !talk->linux_signals, NULL, NULL,
			     &reply))
		return fdbg_error_create(FDBG_ERROR_PROTOCOL, "the server does not say how the target is");
	*ret = reply.stop;
	if (ret->kind == FDBG_STOP_SIGNAL && ret->signal && ret->signal != SIGTRAP && ret->signal != SIGSTOP)
		talk->pending = ret->signal;
	return NULL;
}

static struct fdbg_error *not_executed(const struct fdbg_waiting_target *target, const char *program)
{
	int errnum = 0;

	if (recv(target->gate_fd, &errnum, sizeof(errnum), MSG_DONTWAIT) != sizeof(errnum))
		return fdbg_error_create(FDBG_ERROR_REFUSED, "%s ended before its first instruction",
					 program);
	if (errnum == ENOENT && !access(program, F_OK))
		return fdbg_error_errno(errnum, "cannot run %s, its interpreter or the directory is missing",
					program);
	return fdbg_error_errno(errnum, "cannot run %s", program);
}

/* Resumes until the target has become the program. */
static struct fdbg_error *pass_exec(struct talk *talk, const struct fdbg_waiting_target *target,
				    const char *program)
{
	struct fdbg_error *err;
	struct fdbg_stop stop;

	/* Stopped as it is, it goes through the open gate at the first resume. */
	if (send(target->gate_fd, "", 1, MSG_NOSIGNAL) != 1)
		return fdbg_error_errno(errno, "cannot start %s", program);
	for (int i = 0; i < MAX_STOPS; i++) {
		err = ask(talk, "vCont;c");
		if (!err)
			err = take_stop(talk, &stop);
		if (err)
			return err;
		if (stop.kind == FDBG_STOP_EXITED || stop.kind == FDBG_STOP_KILLED)
			return not_executed(target, program);
		if (stop.kind == FDBG_STOP_EXEC)
			return NULL;
	}
	return fdbg_error_create(FDBG_ERROR_REFUSED, "%s is not reached for signals", program);
}

/*
 * The stop of an exec event is still inside the system call: its result register is not final, and a step
 * would report a stop without executing an instruction. Taking that step here leaves the target at its first
 * instruction, like one that the server started itself.
 */
static struct fdbg_error *leave_system_call(struct talk *talk)
{
	struct fdbg_error *err;
	struct fdbg_stop stop;
	char text[64];

	for (int i = 0; i < MAX_STOPS; i++) {
		snprintf(text, sizeof(text), "vCont;s:p%llx.%llx", (unsigned long long)talk->thread.pid,
			 (unsigned long long)talk->thread.tid);
		err = ask(talk, text);
		if (!err)
			err = take_stop(talk, &stop);
		if (err || stop.signal == SIGTRAP)
			return err;
		if (stop.kind != FDBG_STOP_SIGNAL)
			break;
	}
	return fdbg_error_create(FDBG_ERROR_REFUSED, "the target cannot be stopped at its first instruction");
}

/* Whether the last answer has this word in it. */
static bool answer_has(const struct talk *talk, const char *word)
{
	return memmem(talk->decoder.payload.data, talk->decoder.payload.len, word, strlen(word)) != NULL;
}

/* How the target is; a server that has not attached to it yet does so now. */
static struct fdbg_error *meet(struct talk *talk, const struct fdbg_waiting_target *target, struct fdbg_stop *ret)
{
	struct fdbg_error *err = ask(talk, "?");
	char text[64];

	if (!err && (!talk->decoder.payload.len || talk->decoder.payload.data[0] == 'E')) {
		snprintf(text, sizeof(text), "vAttach;%llx", (unsigned long long)target->pid);
		err = ask(talk, text);
		if (!err && (!talk->decoder.payload.len || talk->decoder.payload.data[0] == 'E'))
			return fdbg_error_create(FDBG_ERROR_REFUSED, "the server could not attach (%.*s); tracing may "
						 "be forbidden here, see /proc/sys/kernel/yama/ptrace_scope or the "
						 "container's settings",
						 talk->decoder.payload.len > 80 ? 80 : (int)talk->decoder.payload.len,
						 (const char *)talk->decoder.payload.data);
	}
	return err ? err : take_stop(talk, ret);
}

struct fdbg_error *fdbg_launch_enter(struct fdbg_transport *transport,
				     const struct fdbg_waiting_target *target,
				     const char *program, int timeout_ms, bool *acks_off_ret)
{
	struct talk talk = { .transport = transport, .decoder.limit = MAX_PAYLOAD };
	struct fdbg_error *err;
	struct fdbg_stop stop;

	talk.deadline = fdbg_clock_mono_ns() + (uint64_t)timeout_ms * 1000000;
	err = ask(&talk, "qSupported:foo+;multiprocess+;exec-events+");
	talk.linux_signals = !err && answer_has(&talk, "native-signals+");
	/*
	 * With acks, lldb-server loses sight of a request that it reads together with the ack of a stop reply. (The ack of
	 * the OK comes with the next request.)
	 */
	if (!err && talk.linux_signals) {
		err = ask(&talk, "QStartNoAckMode");
		talk.acks_off = !err;
	}
	/* Servers with Linux signal numbers report an exec without being asked. */
	if (!err && !talk.linux_signals && !answer_has(&talk, "exec-events+"))
		err = fdbg_error_create(FDBG_ERROR_UNSUPPORTED,
					"this server is too old: it does not report exec");
	if (!err)
		err = meet(&talk, target, &stop);
	if (!err && (stop.kind == FDBG_STOP_EXITED || stop.kind == FDBG_STOP_KILLED))
		err = not_executed(target, program);
	if (!err) {
		talk.thread = stop.thread;
		err = pass_exec(&talk, target, program);
	}
	/* lldb-server never reports that step: fdbg_session_leave_exec does it another way. */
	if (!err && !talk.linux_signals)
		err = leave_system_call(&talk);
	/* A signal that came meanwhile was not delivered; the target gets it now. */
	if (!err && talk.pending)
		kill(target->pid, talk.pending);
	fdbg_packet_decoder_deinit(&talk.decoder);
	fdbg_buf_deinit(&talk.out);
	*acks_off_ret = talk.acks_off;
	return err;
}
