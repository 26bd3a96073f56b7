/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The opening of a session: features, acks, register description, probes. */
#include <stdio.h>
#include <stdlib.h>

#include "gdbremote/private.h"

/*
 * One list for all servers (remote-protocol.md, section 1): the first word is swallowed by lldb-server, and
 * xmlRegisters is left out because it makes every `g` of gdbserver four times as long.
 */
#define OUR_FEATURES "foo+;multiprocess+;swbreak+;fork-events+;vfork-events+;exec-events+;vContSupported+"

#define MIN_PACKET_SIZE 256       /* below, no G and no memory read would fit */
#define DEFAULT_PACKET_SIZE 400   /* what every server takes that does not say more */
#define MAX_PACKET_SIZE (1u << 20)
#define MAX_READ 0x4000           /* a longer read packet gains nothing */

static bool feature_is(struct fdbg_text feature, const char *name)
{
	size_t len = strlen(name);

	return feature.len == len + 1 && feature.data[len] == '+' && !memcmp(feature.data, name, len);
}

static void take_packet_size(struct fdbg_session *session, struct fdbg_text value, bool decimal)
{
	uint64_t size = 0;
	size_t pos = 0;

	if (decimal) {
		while (pos < value.len && value.data[pos] >= '0' && value.data[pos] <= '9' &&
		       size < MAX_PACKET_SIZE)
			size = size * 10 + (uint64_t)(value.data[pos++] - '0');
	} else if (!fdbg_packet_parse_number((const uint8_t *)value.data, value.len, &pos, &size)) {
		return;
	}
	if (size > MAX_PACKET_SIZE)
		size = MAX_PACKET_SIZE;
	if (size >= MIN_PACKET_SIZE)
		session->abilities.packet_size = (size_t)size;
}

/* Calls take for each of the words between semicolons. */
static void each_word(const struct fdbg_buf *reply, void (*take)(struct fdbg_session *, struct fdbg_text),
		      struct fdbg_session *session)
{
	size_t pos = 0;

	while (pos < reply->len) {
		const uint8_t *end = memchr(reply->data + pos, ';', reply->len - pos);
		size_t next = end ? (size_t)(end - reply->data) : reply->len;

		take(session, (struct fdbg_text){ (const char *)reply->data + pos, next - pos });
		pos = next + 1;
	}
}

static void recognise(struct fdbg_session *session, struct fdbg_text feature)
{
	if (feature_is(feature, "native-signals"))
		session->server = FDBG_SERVER_LLDB;
	else if (session->server != FDBG_SERVER_LLDB &&
		 (feature_is(feature, "ConditionalTracepoints") || feature_is(feature, "QProgramSignals")))
		session->server = FDBG_SERVER_GDBSERVER;
}

static void take_feature(struct fdbg_session *session, struct fdbg_text feature)
{
	struct fdbg_abilities *abilities = &session->abilities;
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {
		{ "QStartNoAckMode", &abilities->no_ack },
		{ "multiprocess", &abilities->multiprocess },
		{ "swbreak", &abilities->swbreak },
		{ "fork-events", &abilities->fork_events },
		{ "vfork-events", &abilities->vfork_events },
		{ "exec-events", &abilities->exec_events },
		{ "QPassSignals", &abilities->pass_signals },
		{ "QProgramSignals", &abilities->program_signals },
		{ "qXfer:auxv:read", &abilities->read_auxv },
		{ "qXfer:exec-file:read", &abilities->read_exec_file },
		{ "qXfer:siginfo:read", &abilities->read_siginfo },
		{ "QStartupWithShell", &abilities->no_startup_with_shell },
		{ "QEnvironmentHexEncoded", &abilities->environment },
		{ "QSetWorkingDir", &abilities->working_dir },
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		*flags[i].flag |= feature_is(feature, flags[i].name);
	if (fdbg_text_starts(feature, "PacketSize="))
		take_packet_size(session, (struct fdbg_text){ feature.data + 11, feature.len - 11 },
				 session->server == FDBG_SERVER_LLDB);
}

/* The first exchange: whether somebody is there who speaks the protocol. */
static struct fdbg_error *ask_features(struct fdbg_session *session)
{
	struct fdbg_error *err;

	session->abilities.packet_size = DEFAULT_PACKET_SIZE;
	session->abilities.no_ack = session->options.acks_off;
	session->ack_owed = !session->options.acks_off; /* also an ack for what an earlier client left */
	err = fdbg_session_requestf(session, "qSupported:" OUR_FEATURES);
	if (err && err->code != FDBG_ERROR_NOMEM && session->decoder.skipped) {
		fdbg_error_destroy(err);
		return fdbg_session_confused(session,
					     "what listens there does not speak the remote protocol");
	}
	return fdbg_error_prefix(err, "opening the session");
}

static struct fdbg_error *turn_acks_off(struct fdbg_session *session)
{
	struct fdbg_error *err = NULL;
	bool offered = session->abilities.no_ack;

	if (session->options.acks_off) {
		session->abilities.no_ack = true;
		return NULL;
	}
	session->abilities.no_ack = false;
	if (offered)
		err = fdbg_session_requestf(session, "QStartNoAckMode");
	if (!err && offered)
		session->abilities.no_ack = fdbg_session_reply_is(session, "OK");
	return err;
}

/*
 * Whether requests may be sent ahead although acks cannot be turned off: where the server reads nothing while the target runs. That
 * is so of a stub inside the process (it has an auxiliary vector to show, and cannot stop threads), up to the version that
 * looks at the link while the target runs, which can also be asked for its version.
 */
static struct fdbg_error *send_acks_ahead(struct fdbg_session *session)
{
	struct fdbg_abilities *abilities = &session->abilities;
	struct fdbg_error *err;

	if (abilities->no_ack || abilities->stops_all || !abilities->vcont || !abilities->read_auxv ||
	    session->server != FDBG_SERVER_OTHER)
		return NULL;
	err = fdbg_session_requestf(session, "qGDBServerVersion");
	if (err)
		return err;
	abilities->padded_acks = abilities->queue_behind_resume = !session->reply.len;
	return NULL;
}

/* Takes the answers about the server. */
static void take_abilities(struct fdbg_session *session, const struct fdbg_buf *vcont, const struct fdbg_buf *file)
{
	struct fdbg_abilities *abilities = &session->abilities;

	abilities->vcont = vcont->len >= 5 && !memcmp(vcont->data, "vCont", 5);
	/*
	 * All threads stop together, says the protocol. Of the servers that resume threads one by one only those that can
	 * stop one when they are asked to do it (section 7); those that only know `c` resume all and stop all.
	 */
	abilities->stops_all = !abilities->vcont || memmem(vcont->data, vcont->len, ";t", 2);
	abilities->host_io = file->len && file->data[0] == 'F';
}

/* Whether p is known: asked anew where the description, which a server may want to be read before, has come in parts. */
static struct fdbg_error *take_read_one(struct fdbg_session *session, const struct fdbg_buf *early,
					const struct fdbg_buf *description)
{
	bool whole = description->len && description->data[0] == 'l' &&
		     !memmem(description->data, description->len, "include", 7);
	bool known = early->len;
	struct fdbg_error *err = NULL;

	if (!known && !whole) {
		err = fdbg_session_requestf(session, "p%x", session->regs[0].number);
		known = !err && session->reply.len;
	}
	session->abilities.read_one_register = session->abilities.write_one_register = known;
	return err;
}

/* What can be asked only about a process. */
static struct fdbg_error *probe_process(struct fdbg_session *session)
{
	enum { WRITE, DESCRIPTION, REGISTER, AUXV, N };
	char description[64], auxv[64];
	/* p behind the description, for qemu knows p and P only once that was read. */
	struct fdbg_question asked[N] = {
		[WRITE] = { .text = "X0,0:" }, [DESCRIPTION] = { .text = description, .reply_len = 4096 },
		[REGISTER] = { .text = "p0" }, [AUXV] = { .text = auxv, .reply_len = 1024 },
	};
	size_t n = session->abilities.read_auxv ? N : AUXV;
	struct fdbg_error *err;

	snprintf(description, sizeof(description), "qXfer:features:read:target.xml:0,%zx", fdbg_session_part_size(session));
	snprintf(auxv, sizeof(auxv), "qXfer:auxv:read::0,%zx", fdbg_session_part_size(session));
	err = fdbg_session_ask(session, asked, n);
	if (!err) {
		session->abilities.binary_write = !strcmp(fdbg_buf_cstr(&asked[WRITE].answer), "OK");
		err = fdbg_session_describe(session, &asked[DESCRIPTION].answer);
	}
	if (!err && session->n_regs)
		err = take_read_one(session, &asked[REGISTER].answer, &asked[DESCRIPTION].answer);
	if (!err && n == N)
		err = fdbg_session_keep_auxv(session, &asked[AUXV].answer);
	fdbg_session_forget_answers(asked, N);
	return err;
}

struct fdbg_error *fdbg_session_probe(struct fdbg_session *session)
{
	enum { STATUS, VCONT, FILE, N };
	/*
	 * `?` also chooses the thread, without which gdbserver answers little. A descriptor that is not open: the error says that the
	 * request is known.
	 */
	struct fdbg_question asked[N] = {
		[STATUS] = { .text = "?" }, [VCONT] = { .text = "vCont?" }, [FILE] = { .text = "vFile:close:7fffffff" },
	};
	const struct fdbg_buf *status = &asked[STATUS].answer;
	struct fdbg_error *err = fdbg_session_ask(session, asked, N);

	if (!err)
		take_abilities(session, &asked[VCONT].answer, &asked[FILE].answer);
	/* Without a process there are no registers to describe; gdbserver 13 even dies of being asked for them. */
	if (!err && status->len && (status->data[0] == 'T' || status->data[0] == 'S')) {
		if (!session->n_regs) {
			err = send_acks_ahead(session);
			if (!err)
				err = probe_process(session);
		}
		/* Now that the registers in it are described. */
		if (!err)
			err = fdbg_session_take_stop(session, status->data, status->len);
	}
	fdbg_session_forget_answers(asked, N);
	return err;
}

struct fdbg_error *fdbg_session_shake_hands(struct fdbg_session *session)
{
	struct fdbg_abilities *abilities = &session->abilities;
	struct fdbg_error *err = ask_features(session);

	if (err)
		return err;
	session->server = FDBG_SERVER_OTHER;
	each_word(&session->reply, recognise, session);
	each_word(&session->reply, take_feature, session);
	err = turn_acks_off(session);
	if (err)
		return err;
	/* G prints (PacketSize - 1) / 2 as the most that it can answer; above, it crashes (trap 3). */
	abilities->max_read = (abilities->packet_size - 1) / 2;
	if (abilities->max_read > MAX_READ)
		abilities->max_read = MAX_READ;
	abilities->gdb_signals = session->server != FDBG_SERVER_LLDB;
	abilities->expedites_all = session->server == FDBG_SERVER_LLDB;
	abilities->allocate = session->server == FDBG_SERVER_LLDB;
	abilities->output_by_terminal = session->server == FDBG_SERVER_LLDB;
	/* Only gdbserver was seen to keep requests until the stop (section 6). */
	abilities->queue_behind_resume = session->server == FDBG_SERVER_GDBSERVER && abilities->no_ack;
	return fdbg_session_probe(session);
}
