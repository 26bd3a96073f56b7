/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Sessions with a scripted server: other kinds of servers, and all that can go wrong on a link. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "gdbremote/hostio.h"
#include "gdbremote/session.h"

#define TIMEOUT_MS 300

/*
 * The peer is a thread that plays a script: in each step it waits for the packet `want` and then sends
 * `answer` as a packet. Its framing is written down here once more, plainly, so that an error of the
 * library's does not cancel out. Special answers: RAW "x" sends x as it is; CLOSE ends the link; STALL says
 * nothing more; NULL answers nothing.
 */
#define RAW "\x01"
#define CLOSE "\x02"
#define STALL "\x03"

struct step {
	const char *want;   /* the payload; "" waits for nothing; "\x03" is the interrupt byte */
	const char *answer;
};

struct peer {
	int fd;
	bool acks;             /* sends `+` for each packet until no-ack mode is agreed */
	const struct step *steps[3]; /* played one after the other, each ends with a NULL want and answer */
	char got[8192];        /* what came in since the last write of the client that was seen */
	size_t len;
	char writes[65536];    /* all that was read, one piece a line: shows what came in one write */
	size_t writes_len;
	char wrong[300];       /* the first packet that was not as scripted */
	pthread_t thread;
};

static void send_all(struct peer *peer, const char *data, size_t len)
{
	while (len) {
		ssize_t n = send(peer->fd, data, len, MSG_NOSIGNAL);

		if (n <= 0)
			return;
		data += n;
		len -= (size_t)n;
	}
}

static void send_packet(struct peer *peer, const char *payload)
{
	char text[8192];
	unsigned sum = 0;

	for (const char *c = payload; *c; c++)
		sum += (unsigned char)*c;
	snprintf(text, sizeof(text), "%s$%s#%02x", peer->acks ? "+" : "", payload, sum & 0xff);
	send_all(peer, text, strlen(text));
}

/* The next packet of the client (or a lone 0x03), into text; false at the end of the link. */
static bool next_packet(struct peer *peer, char *text, size_t size)
{
	for (;;) {
		char *start = memchr(peer->got, '$', peer->len), *end;
		ssize_t n;

		if (peer->len && peer->got[0] == '\x03') {
			memmove(peer->got, peer->got + 1, --peer->len);
			strcpy(text, "\x03");
			return true;
		}
		end = start ? memchr(start, '#', peer->len - (size_t)(start - peer->got)) : NULL;
		if (end && end + 3 <= peer->got + peer->len) {
			size_t used = (size_t)(end + 3 - peer->got);

			snprintf(text, size, "%.*s", (int)(end - start - 1), start + 1);
			memmove(peer->got, peer->got + used, peer->len - used);
			peer->len -= used;
			return true;
		}
		if (!start && peer->len && peer->got[0] != '\x03') {
			/* acks */
			memmove(peer->got, peer->got + 1, --peer->len);
			continue;
		}
		n = recv(peer->fd, peer->got + peer->len, sizeof(peer->got) - peer->len, 0);
		if (n <= 0)
			return false;
		if (peer->writes_len + (size_t)n + 1 < sizeof(peer->writes)) {
			memcpy(peer->writes + peer->writes_len, peer->got + peer->len, (size_t)n);
			peer->writes_len += (size_t)n;
			peer->writes[peer->writes_len++] = '\n';
		}
		peer->len += (size_t)n;
	}
}

static void *play(void *context)
{
	struct peer *peer = context;
	char text[8192];

	for (int i = 0; i < 3; i++) {
		for (const struct step *step = peer->steps[i]; step && (step->want || step->answer); step++) {
			if (step->want && *step->want) {
				if (!next_packet(peer, text, sizeof(text))) {
					snprintf(peer->wrong, sizeof(peer->wrong), "the link ended, not %s",
						 step->want);
					return NULL;
				}
				if (strcmp(text, step->want)) {
					snprintf(peer->wrong, sizeof(peer->wrong), "%.120s, not %.120s",
						 text, step->want);
					shutdown(peer->fd, SHUT_RDWR);
					return NULL;
				}
			}
			if (!step->answer)
				continue;
			if (!strcmp(step->answer, CLOSE)) {
				shutdown(peer->fd, SHUT_RDWR);
				return NULL;
			}
			if (!strcmp(step->answer, STALL))
				break;
			if (step->answer[0] == RAW[0])
				send_all(peer, step->answer + 1, strlen(step->answer + 1));
			else
				send_packet(peer, step->answer);
			if (step->want && !strcmp(step->want, "QStartNoAckMode") &&
			    !strcmp(step->answer, "OK"))
				peer->acks = false;
		}
	}
	/* Whatever comes after the script is wrong, but for the end of the link. */
	if (next_packet(peer, text, sizeof(text)) && !peer->wrong[0])
		snprintf(peer->wrong, sizeof(peer->wrong), "%.120s behind the end of the script", text);
	return NULL;
}

#define FEATURES \
	"qSupported:foo+;multiprocess+;swbreak+;fork-events+;vfork-events+;exec-events+;vContSupported+"
#define XML_X86 "l<target><architecture>i386:x86-64</architecture></target>"

#define RIP_A "0010000000000000" /* 0x1000 */

static const struct step like_gdbserver[] = {
	{ FEATURES,
	 "PacketSize=47ff;QPassSignals+;QProgramSignals+;qXfer:features:read+;QStartNoAckMode+;multiprocess+;"
		    "fork-events+;vfork-events+;exec-events+;swbreak+;ConditionalTracepoints+" },
	{ "QStartNoAckMode", "OK" },
	{ "?", "T05thread:p1.2;" },
	{ "vCont?", "vCont;c;C;t;s;S;r" },
	{ "vFile:close:7fffffff", "F-1,9" },
	{ "X0,0:", "OK" },
	{ "qXfer:features:read:target.xml:0,23ef", XML_X86 },
	{ "p0", "" },
	{ NULL, NULL },
};

static const struct step like_lldb[] = {
	{ FEATURES,
	 "PacketSize=131072;QStartNoAckMode+;native-signals+;qXfer:features:read+;QPassSignals+;"
	  "multiprocess+" },
	{ "QStartNoAckMode", "OK" },
	{ "?", "T13thread:p1.2;00:0000000000000000;04:0100000000000000;10:" RIP_A ";reason:signal;" },
	{ "vCont?", "vCont;c;C;s;S;t" },
	{ "vFile:close:7fffffff", "F-1,9" },
	{ "X0,0:", "" },
	{ "qXfer:features:read:target.xml:0,fff0",
	  "l<target><architecture>x86_64</architecture><reg name='rax' bitsize='64' regnum='0' offset='80'/>"
	  "<reg name='rdi' bitsize='64' regnum='4' offset='112'/>"
	  "<reg name='rip' bitsize='64' regnum='16' offset='128'/></target>" },
	{ "p0", "0000000000000000" },
	{ NULL, NULL },
};

/* qemu: acks, a description in parts, no reason in stops, nothing expedited. */
static const struct step like_qemu[] = {
	{ FEATURES, "PacketSize=1000;qXfer:features:read+;vContSupported+;multiprocess+" },
	{ "?", "T05thread:p01.5;" },
	{ "vCont?", "vCont;c;C;s;S" },
	{ "vFile:close:7fffffff", "" },
	{ "X0,0:", "" },
	{ "qXfer:features:read:target.xml:0,7f0",
	 "l<target><architecture>aarch64</architecture><xi:include href='core.xml'/></target>" },
	{ "p0", "0000000000000000" },
	{ "qXfer:features:read:core.xml:0,7f0", "m<reg name='x0' bitsize='64'/><reg name='sp' bi" },
	{ "qXfer:features:read:core.xml:2e,7f0",
	 "ltsize='64'/><reg name='pc' bitsize='64'/><reg name='v0' bitsize='128'/>" },
	{ NULL, NULL },
};

/* The same with what tells that acks may be sent ahead. */
static const struct step like_padded_qemu[] = {
	{ FEATURES, "PacketSize=1000;qXfer:features:read+;qXfer:auxv:read+;vContSupported+;multiprocess+" },
	{ "?", "T05thread:p01.5;" },
	{ "vCont?", "vCont;c;C;s;S" },
	{ "vFile:close:7fffffff", "" },
	{ "qGDBServerVersion", "" },
	{ "X0,0:", "" },
	{ "qXfer:features:read:target.xml:0,7f0",
	 "l<target><architecture>aarch64</architecture><reg name='x0' bitsize='64'/><reg name='sp' bitsize='64'/>"
	 "<reg name='pc' bitsize='64'/><reg name='v0' bitsize='128'/></target>" },
	{ "p0", "0000000000000000" },
	{ "qXfer:auxv:read::0,7f0", "l" },
	{ NULL, NULL },
};

static struct fdbg_transport *connect_peer(struct peer *peer, const struct step *first,
					   const struct step *second)
{
	struct fdbg_transport *transport;
	int fds[2];

	memset(peer, 0, sizeof(*peer));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_null(fdbg_transport_from_fd(fds[0], &transport));
	peer->fd = fds[1];
	peer->acks = true;
	peer->steps[0] = first;
	peer->steps[1] = second;
	assert_int_equal(pthread_create(&peer->thread, NULL, play, peer), 0);
	return transport;
}

static struct fdbg_session *start(struct peer *peer, const struct step *first, const struct step *second)
{
	struct fdbg_session_options options = { .timeout_ms = TIMEOUT_MS, .wake_fd = -1 };
	struct fdbg_session *session = NULL;
	struct fdbg_error *err = fdbg_session_open(connect_peer(peer, first, second), &options, &session);

	if (err)
		fail_msg("%s (%s)", err->message, peer->wrong);
	return session;
}

/* Ends both sides; the script must have been followed. */
static void finish(struct peer *peer, struct fdbg_session *session)
{
	fdbg_session_destroy(session);
	pthread_join(peer->thread, NULL);
	close(peer->fd);
	if (peer->wrong[0])
		fail_msg("%s", peer->wrong);
}

static void check(struct fdbg_error *err, const struct peer *peer)
{
	if (err)
		fail_msg("%s (%s)", err->message, peer->wrong);
}

static void expect_error(struct fdbg_error *err, enum fdbg_error_code code)
{
	if (!fdbg_error_is(err, code))
		fail_msg("code %d expected: %s", code, err ? err->message : "success");
	fdbg_error_destroy(err);
}

static size_t reg_index(struct fdbg_session *session, const char *name)
{
	size_t n;
	const struct fdbg_remote_reg *regs = fdbg_session_regs(session, &n);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(regs[i].name, name))
			return i;
	fail_msg("no register %s", name);
	return 0;
}

static uint64_t value_of(struct fdbg_session *session, const char *name)
{
	const uint8_t *bytes = fdbg_session_register(session, reg_index(session, name));
	uint64_t value;

	if (!bytes)
		fail_msg("%s is not known", name);
	memcpy(&value, bytes, sizeof(value));
	return value;
}

/* Whether a packet and what follows it came in one piece. */
static bool saw(struct peer *peer, const char *payload, const char *rest)
{
	char text[4096];
	unsigned sum = 0;

	for (const char *c = payload; *c; c++)
		sum += (unsigned char)*c;
	snprintf(text, sizeof(text), "$%s#%02x%s", payload, sum & 0xff, rest);
	peer->writes[peer->writes_len] = '\0';
	return strstr(peer->writes, text);
}

static void set(struct fdbg_session *session, const char *name, uint64_t value)
{
	struct fdbg_error *err = fdbg_session_set_register(session, reg_index(session, name),
							   (uint8_t *)&value);

	if (err)
		fail_msg("%s", err->message);
}

/* g of gdbserver: 560 bytes of `fill`, rip as given. */
static const char *g_block(char fill, const char *rip)
{
	static char blocks[4][1121];
	static int next;
	char *block = blocks[next++ % 4];

	memset(block, fill, 1120);
	block[1120] = '\0';
	memcpy(block + 256, rip, 16);
	return block;
}

#define RIP_B "0110000000000000" /* 0x1001 */
#define RIP_C "0020000000000000" /* 0x2000 */
#define STOP_A "T05swbreak:;10:" RIP_A ";thread:p1.2;core:1;"
#define STOP_C "T05swbreak:;10:" RIP_C ";thread:p1.2;core:1;"

static struct fdbg_error *resume(struct fdbg_session *session, struct fdbg_stop *stop, bool want_registers)
{
	struct fdbg_error *err = fdbg_session_queue_resume(session, FDBG_RESUME_CONTINUE, stop->thread, 0,
							   want_registers);

	return err ? err : fdbg_session_wait(session, 2000, stop);
}

static void a_cycle_is_one_write(void **state)
{
	const char *block_b = g_block('0', RIP_B), *block_c = g_block('1', RIP_C);
	char put[1200];
	struct step steps[] = {
		{ "Z0,1000,1", "OK" },
		{ "vCont;c", NULL }, { "g", NULL },
		{ "", STOP_A }, { "", g_block('0', RIP_A) },
		{ "m7000,20", "0000000000000000000000000000000000000000000000000000000000000000" },
		{ put, "OK" }, { "vCont;c", NULL }, { "g", NULL },
		{ "", STOP_C }, { "", block_c },
		{ NULL, NULL },
	};
	struct fdbg_session *session;
	struct fdbg_stop stop;
	struct peer peer;
	uint8_t bytes[32];
	bool done, read;
	uint64_t trips;

	(void)state;
	snprintf(put, sizeof(put), "G%s", block_b);
	session = start(&peer, like_gdbserver, steps);
	check(fdbg_session_query_stop(session, &stop), &peer);
	check(fdbg_session_queue_insert(session, 0x1000, 1, &done), &peer);
	trips = fdbg_session_stats(session)->round_trips;
	check(resume(session, &stop, true), &peer);
	assert_true(done);
	assert_int_equal(stop.kind, FDBG_STOP_BREAKPOINT);
	assert_int_equal(value_of(session, "rip"), 0x1000);
	assert_int_equal(value_of(session, "rax"), 0);
	check(fdbg_session_queue_read(session, 0x7000, 32, bytes, &read), &peer);
	set(session, "rip", 0x1001);
	check(resume(session, &stop, true), &peer);
	assert_true(read);
	assert_int_equal(stop.kind, FDBG_STOP_BREAKPOINT);
	assert_int_equal(stop.thread.tid, 2);
	assert_int_equal(value_of(session, "rip"), 0x2000);
	assert_int_equal(value_of(session, "rax"), 0x1111111111111111);
	assert_int_equal(fdbg_session_stats(session)->round_trips - trips, 2);
	finish(&peer, session);
	/* The peer saw memory, registers, resume and the request for the next registers in one piece. */
	assert_true(saw(&peer, "m7000,20", "$G"));
	assert_true(saw(&peer, put, "$vCont;c#a8$g#67\n"));
	assert_true(saw(&peer, "Z0,1000,1", "$vCont;c#a8$g#67\n"));
}

/* What a server is asked before anything else is asked in few batches, and what it has told is not asked again. */
static void opening_takes_few_round_trips(void **state)
{
	static const struct step steps[] = {
		{ "qXfer:auxv:read::0,23ef", "lfirst" },
		{ "vCont;c", STOP_A },
		{ "qXfer:auxv:read::0,23ef", "E01" },
		{ "vCont;c", NULL }, { "", "T05exec:2f62;thread:p1.2;" },
		{ "qXfer:auxv:read::0,23ef", "lsecond" },
		{ NULL, NULL },
	};
	const struct fdbg_buf *auxv;
	struct fdbg_session *session;
	struct fdbg_stop stop;
	struct peer peer;

	(void)state;
	session = start(&peer, like_gdbserver, steps);
	assert_int_equal(fdbg_session_stats(session)->round_trips, 4);
	check(fdbg_session_query_stop(session, &stop), &peer);
	assert_int_equal(stop.kind, FDBG_STOP_SIGNAL);
	assert_true(stop.thread.pid == 1 && stop.thread.tid == 2 && stop.signal == SIGTRAP);
	for (int i = 0; i < 2; i++) {
		check(fdbg_session_auxv(session, &auxv), &peer);
		assert_true(auxv->len == 5 && !memcmp(auxv->data, "first", 5));
	}
	check(resume(session, &stop, false), &peer);
	for (int i = 0; i < 2; i++)
		expect_error(fdbg_session_auxv(session, &auxv), FDBG_ERROR_REFUSED);
	check(resume(session, &stop, false), &peer);
	assert_int_equal(stop.kind, FDBG_STOP_EXEC);
	check(fdbg_session_query_stop(session, &stop), &peer);
	assert_int_equal(stop.kind, FDBG_STOP_EXEC);
	check(fdbg_session_auxv(session, &auxv), &peer);
	assert_true(auxv->len == 6 && !memcmp(auxv->data, "second", 6));
	finish(&peer, session);
}

static void a_long_batch_keeps_the_resume_whole(void **state)
{
	struct step steps[120] = { { NULL, NULL } };
	char wants[90][20];
	struct fdbg_session *session;
	struct fdbg_stop stop;
	struct peer peer;
	uint8_t bytes[90][4];
	bool done[90];
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 90; i++) {
		snprintf(wants[i], sizeof(wants[i]), "m7fffffff%04x,4", i);
		steps[n++] = (struct step){ wants[i], i == 17 ? "E01" : i == 18 ? "0102" : "01020304" };
	}
	steps[n++] = (struct step){ "vCont;c", NULL };
	steps[n++] = (struct step){ "g", NULL };
	steps[n++] = (struct step){ "", STOP_C };
	steps[n++] = (struct step){ "", g_block('0', RIP_C) };
	session = start(&peer, like_gdbserver, steps);
	check(fdbg_session_query_stop(session, &stop), &peer);
	/* 90 packets of 19 bytes are more than a segment. */
	for (int i = 0; i < 90; i++)
		check(fdbg_session_queue_read(session, 0x7fffffff0000 + (uint64_t)i, 4, bytes[i], &done[i]),
		      &peer);
	check(resume(session, &stop, true), &peer);
	for (int i = 0; i < 90; i++)
		assert_int_equal(done[i], i != 17 && i != 18);
	assert_int_equal(value_of(session, "rip"), 0x2000);
	finish(&peer, session);
	assert_true(saw(&peer, "vCont;c", "$g#67\n"));
}

static void large_reads_are_split(void **state)
{
	static char answer[2][1024];
	struct step steps[] = {
		{ "m1000,23ff", answer[0] }, { "m33ff,23ff", answer[1] }, { "m57fe,2", "0102" },
		{ "m1000,23ff", answer[0] }, { "m33ff,23ff", "E01" }, { "m57fe,2", "0102" },
		{ NULL, NULL },
	};
	static uint8_t bytes[0x23ff * 2 + 2];
	struct fdbg_session *session;
	struct fdbg_stop stop;
	struct peer peer;
	bool done;

	(void)state;
	/* 0x23ff * 2 digits, as gdbserver sends them: one and then runs of 97 more. */
	for (int i = 0; i < 2; i++) {
		size_t len = 0, left = 0x23ff * 2 - 1;

		answer[i][len++] = (char)('3' + i);
		for (; left >= 97; left -= 97)
			len += (size_t)sprintf(answer[i] + len, "*%c", 97 + 29);
		for (; left; left--)
			answer[i][len++] = (char)('3' + i);
	}
	session = start(&peer, like_gdbserver, steps);
	check(fdbg_session_query_stop(session, &stop), &peer);
	check(fdbg_session_queue_read(session, 0x1000, sizeof(bytes), bytes, &done), &peer);
	check(fdbg_session_collect(session), &peer);
	assert_true(done);
	assert_true(bytes[0] == 0x33 && bytes[0x23fe] == 0x33 && bytes[0x23ff] == 0x44 &&
		    bytes[0x47fd] == 0x44);
	assert_true(bytes[0x47fe] == 1 && bytes[0x47ff] == 2);
	check(fdbg_session_queue_read(session, 0x1000, sizeof(bytes), bytes, &done), &peer);
	check(fdbg_session_collect(session), &peer);
	assert_false(done);
	finish(&peer, session);
}

static void nothing_goes_behind_a_resume_of_lldb(void **state)
{
	static const struct step steps[] = {
		{ "Z0,1000,1", "OK" },
		{ "P10=" RIP_B, "OK" },
		{ "vCont;c", "O6869" }, { "", "O0a" },
		{ "",
		 "T05thread:p1.2;00:0000000000000000;04:0500000000000000;10:" RIP_A ";reason:breakpoint;" },
		{ "m20,1", "07" },
		{ "vCont;C0a:p1.2;c", "T05thread:p1.2;10:" RIP_C ";reason:breakpoint;" },
		{ "vCont;c", "T0athread:p1.2;10:" RIP_A ";reason:signal;" },
		{ NULL, NULL },
	};
	struct fdbg_session *session;
	struct fdbg_stop stop;
	struct peer peer;
	bool done;
	uint8_t byte;

	(void)state;
	session = start(&peer, like_lldb, steps);
	assert_int_equal(fdbg_session_abilities(session)->packet_size, 131072);
	assert_false(fdbg_session_abilities(session)->queue_behind_resume);
	check(fdbg_session_query_stop(session, &stop), &peer);
	assert_int_equal(stop.signal, SIGSTOP);
	check(fdbg_session_queue_insert(session, 0x1000, 1, &done), &peer);
	check(fdbg_session_collect(session), &peer);
	set(session, "rip", 0x1001);
	check(fdbg_session_queue_resume(session, FDBG_RESUME_CONTINUE, stop.thread, 0, true), &peer);
	/* Queued behind the resume, sent after the stop. */
	check(fdbg_session_queue_read(session, 0x20, 1, &byte, &done), &peer);
	check(fdbg_session_wait(session, 2000, &stop), &peer);
	assert_int_equal(stop.kind, FDBG_STOP_BREAKPOINT);
	assert_int_equal(value_of(session, "rdi"), 5);
	assert_true(done && byte == 7);
	/* Linux signal numbers; a trap of the target's own is no breakpoint of ours. */
	check(fdbg_session_queue_resume(session, FDBG_RESUME_CONTINUE, stop.thread, SIGUSR1, true), &peer);
	check(fdbg_session_wait(session, 2000, &stop), &peer);
	assert_int_equal(stop.kind, FDBG_STOP_SIGNAL);
	check(resume(session, &stop, true), &peer);
	assert_int_equal(stop.kind, FDBG_STOP_SIGNAL);
	assert_int_equal(stop.signal, SIGUSR1);
	finish(&peer, session);
	assert_true(saw(&peer, "P10=" RIP_B, "$vCont;c#a8\n"));
}

static void acks_are_kept_where_they_must(void **state)
{
	static const struct step steps[] = {
		{ "Z0,1000,4", "OK" }, { "m10,2", RAW "+$0102#c4" },
		/* The answer was damaged (c3 is right): the session asks again and the server repeats it. */
		{ "", RAW "$0102#c3" },
		/* The server asks again for what it did not understand. */
		{ "m20,1", RAW "-" }, { "m20,1", "05" },
		{ "P2=" RIP_B, "OK" }, { "vCont;c", NULL },
		{ "", "T05thread:p01.5;" },
		/* The reason is not told: the pc is, then all registers, then one that is not among them. */
		{ "p2", RIP_A }, { "g", "00000000000000000000000000000000" RIP_A },
		{ "p3", "000102030405060708090a0b0c0d0e0f" },
		{ NULL, NULL },
	};
	struct fdbg_session *session;
	struct fdbg_stop stop;
	struct peer peer;
	bool done[3];
	uint8_t bytes[3];

	(void)state;
	session = start(&peer, like_qemu, steps);
	assert_false(fdbg_session_abilities(session)->no_ack);
	assert_true(fdbg_session_abilities(session)->write_one_register);
	check(fdbg_session_query_stop(session, &stop), &peer);
	assert_int_equal(stop.thread.tid, 5);
	check(fdbg_session_queue_insert(session, 0x1000, 4, &done[0]), &peer);
	check(fdbg_session_queue_read(session, 0x10, 2, bytes, &done[1]), &peer);
	check(fdbg_session_queue_read(session, 0x20, 1, bytes + 2, &done[2]), &peer);
	check(fdbg_session_collect(session), &peer);
	assert_true(done[0] && done[1] && done[2]);
	assert_true(bytes[0] == 1 && bytes[1] == 2 && bytes[2] == 5);
	set(session, "pc", 0x1001);
	check(resume(session, &stop, true), &peer);
	assert_int_equal(stop.kind, FDBG_STOP_BREAKPOINT);
	assert_int_equal(value_of(session, "pc"), 0x1000);
	assert_null(fdbg_session_register(session, reg_index(session, "v0")));
	check(fdbg_session_fetch_register(session, reg_index(session, "v0")), &peer);
	assert_int_equal(value_of(session, "v0"), 0x0706050403020100);
	finish(&peer, session);
}

/* The least number of acks behind a packet, from the first one with that text on. */
static size_t least_padding(struct peer *peer, const char *from)
{
	size_t least = SIZE_MAX;

	peer->writes[peer->writes_len] = '\0';
	for (const char *at = strstr(peer->writes, from); at && (at = strchr(at, '#')); at++) {
		size_t n = 0;

		/* Pieces are lines. */
		for (const char *c = at + 3; *c == '+' || *c == '\n'; c++)
			n += *c == '+';
		if (n < least)
			least = n;
	}
	return least;
}

static void acks_are_sent_ahead(void **state)
{
	static const struct step steps[] = {
		{ "Z0,1000,4", "OK" }, { "m10,2", "0102" },
		{ "p3", "000102030405060708090a0b0c0d0e0f" }, { "P2=" RIP_B, "OK" },
		{ "vCont;c", "T05thread:p01.5;" }, { "g", "00000000000000000000000000000000" RIP_A },
		/* Nothing is kept that could be sent again. */
		{ "m20,1", RAW "-" }, { NULL, NULL },
	};
	struct fdbg_session *session;
	struct fdbg_stop stop;
	struct peer peer;
	bool done[4];
	uint8_t bytes[2], vector[16];

	(void)state;
	session = start(&peer, like_padded_qemu, steps);
	assert_true(fdbg_session_abilities(session)->padded_acks);
	check(fdbg_session_query_stop(session, &stop), &peer);
	check(fdbg_session_queue_insert(session, 0x1000, 4, &done[0]), &peer);
	check(fdbg_session_collect(session), &peer);
	check(fdbg_session_queue_read(session, 0x10, 2, bytes, &done[1]), &peer);
	check(fdbg_session_queue_register(session, reg_index(session, "v0"), vector, &done[2]), &peer);
	set(session, "pc", 0x1001);
	check(resume(session, &stop, true), &peer);
	assert_true(done[0] && done[1] && done[2]);
	assert_true(bytes[0] == 1 && bytes[1] == 2 && vector[15] == 15);
	assert_int_equal(stop.kind, FDBG_STOP_BREAKPOINT);
	assert_int_equal(value_of(session, "pc"), 0x1000);
	/* All of it, and the registers of the next stop, went out in one write. */
	assert_int_equal(fdbg_session_stats(session)->round_trips, 8);
	check(fdbg_session_queue_read(session, 0x20, 1, bytes, &done[3]), &peer);
	expect_error(fdbg_session_collect(session), FDBG_ERROR_PROTOCOL);
	fdbg_session_destroy(session);
	pthread_join(peer.thread, NULL);
	close(peer.fd);
	/* No chunk of 256 bytes holds two packets, and each answer finds its ack. */
	assert_true(least_padding(&peer, "m10,2") > 256);
	assert_string_equal(peer.wrong, "");
}

static void an_end_settles_what_is_queued(void **state)
{
	static const struct step with_error[] = {
		{ "vCont;c", NULL }, { "g", NULL }, { "", "W7;process:1" },
		{ "", "E01" }, { NULL, NULL },
	};
	static const struct step with_close[] = {
		{ "vCont;c", NULL }, { "g", "X9;process:1" }, { "", CLOSE },
		{ NULL, NULL },
	};
	static const struct step with_silence[] = {
		{ "vCont;c", NULL }, { "g", "W0" }, { "", STALL }, { NULL, NULL },
	};
	const struct step *const all[] = { with_error, with_close, with_silence };
	const enum fdbg_stop_kind kinds[] = { FDBG_STOP_EXITED, FDBG_STOP_KILLED, FDBG_STOP_EXITED };

	(void)state;
	for (int i = 0; i < 3; i++) {
		uint64_t begin = fdbg_clock_mono_ns();
		struct fdbg_session *session;
		struct fdbg_stop stop;
		struct peer peer;

		session = start(&peer, like_gdbserver, all[i]);
		check(fdbg_session_query_stop(session, &stop), &peer);
		check(resume(session, &stop, true), &peer);
		assert_int_equal(stop.kind, kinds[i]);
		assert_true(i != 0 || stop.exit_code == 7);
		assert_true(i != 1 || stop.signal == SIGKILL);
		/* The end is told at once, not after a limit. */
		assert_true(fdbg_clock_mono_ns() - begin < (uint64_t)TIMEOUT_MS * 1000000);
		assert_null(fdbg_session_register(session, 0));
		if (i == 1)
			expect_error(fdbg_session_collect(session), FDBG_ERROR_GONE);
		else if (i == 2)
			expect_error(fdbg_session_collect(session), FDBG_ERROR_TIMEOUT);
		else
			check(fdbg_session_collect(session), &peer);
		finish(&peer, session);
	}
}

/* What the server does instead of answering a read, and what becomes of the link. */
/* Its end is known before the ack for it can be written. */
static void a_server_may_end_with_its_last_answer(void **state)
{
	static const struct step steps[] = {
		{ "vCont;c", NULL }, { "", "W03" }, { "", CLOSE }, { NULL, NULL },
	};
	struct fdbg_session *session;
	struct fdbg_stop stop;
	struct peer peer;

	(void)state;
	session = start(&peer, like_qemu, steps);
	check(fdbg_session_query_stop(session, &stop), &peer);
	check(fdbg_session_queue_resume(session, FDBG_RESUME_CONTINUE, stop.thread, 0, false), &peer);
	check(fdbg_session_send(session), &peer);
	pthread_join(peer.thread, NULL);
	check(fdbg_session_wait(session, TIMEOUT_MS, &stop), &peer);
	assert_int_equal(stop.kind, FDBG_STOP_EXITED);
	assert_int_equal(stop.exit_code, 3);
	fdbg_session_destroy(session);
	close(peer.fd);
}

static void a_link_is_lost_in_many_ways(void **state)
{
	static const struct {
		const char *answer;
		enum fdbg_error_code code;
	} cases[] = {
		{ CLOSE, FDBG_ERROR_GONE },
		{ STALL, FDBG_ERROR_TIMEOUT },
		{ RAW "$01", FDBG_ERROR_TIMEOUT },
		{ RAW "$0102#00", FDBG_ERROR_PROTOCOL },
		{ RAW "$*", FDBG_ERROR_TIMEOUT },
		{ RAW "$01* #00", FDBG_ERROR_PROTOCOL },
		{ RAW "nonsense", FDBG_ERROR_PROTOCOL },
		{ RAW "$01$0102#c3", FDBG_ERROR_PROTOCOL },
		{ RAW "0102#c3", FDBG_ERROR_PROTOCOL },
		{ RAW "$0102#c3$0304#c7", FDBG_ERROR_PROTOCOL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct step steps[] = {
			{ "m10,2", cases[i].answer }, { NULL, NULL },
		};
		struct fdbg_session *session;
		struct fdbg_stop stop;
		struct fdbg_error *err;
		struct peer peer;
		uint8_t bytes[2];
		bool done = true;

		session = start(&peer, like_gdbserver, steps);
		check(fdbg_session_query_stop(session, &stop), &peer);
		check(fdbg_session_queue_read(session, 0x10, 2, bytes, &done), &peer);
		err = fdbg_session_collect(session);
		/* An answer too many is noticed with the next one. */
		if (!err)
			err = fdbg_session_fetch_registers(session);
		if (!fdbg_error_is(err, cases[i].code))
			fail_msg("case %zu: %s", i, err ? err->message : "success");
		fdbg_error_destroy(err);
		expect_error(fdbg_session_collect(session), cases[i].code);
		expect_error(fdbg_session_queue_resume(session, FDBG_RESUME_CONTINUE, stop.thread, 0, true),
			     cases[i].code);
		fdbg_session_destroy(session);
		pthread_join(peer.thread, NULL);
		close(peer.fd);
	}
}

static void a_link_cut_at_any_byte_is_told(void **state)
{
	const char *answer = "$T0506:0*,;10:0010*\";thread:p1.2;core:1;#";
	char cut[100];

	(void)state;
	for (size_t len = 0; len < strlen(answer); len += 3) {
		struct step steps[] = {
			{ "vCont;c", cut }, { "", CLOSE }, { NULL, NULL },
		};
		struct fdbg_session *session;
		struct fdbg_stop stop;
		struct peer peer;

		snprintf(cut, sizeof(cut), RAW "%.*s", (int)len, answer);
		session = start(&peer, like_gdbserver, steps);
		check(fdbg_session_query_stop(session, &stop), &peer);
		expect_error(resume(session, &stop, false), FDBG_ERROR_GONE);
		finish(&peer, session);
	}
}

/*
 * The stop comes, the registers queued behind it never do. That is no target that still runs: a caller who waits again
 * for a timeout would wait for ever.
 */
static void an_overdue_answer_is_no_idle_target(void **state)
{
	struct step steps[] = {
		{ "vCont;c", NULL }, { "g", NULL }, { "", STOP_A }, { "", STALL },
		{ NULL, NULL },
	};
	struct fdbg_session *session;
	struct fdbg_stop stop;
	struct peer peer;

	(void)state;
	session = start(&peer, like_gdbserver, steps);
	check(fdbg_session_query_stop(session, &stop), &peer);
	expect_error(resume(session, &stop, true), FDBG_ERROR_GONE);
	expect_error(fdbg_session_wait(session, 100, &stop), FDBG_ERROR_GONE);
	finish(&peer, session);
}

/* What listens there is something else, or nothing. */
static void a_session_does_not_open_with_strangers(void **state)
{
	static const struct {
		struct step steps[3];
		enum fdbg_error_code code, or_code;
	} cases[] = {
		{ { { "", RAW "SSH-2.0-OpenSSH_9.2\r\n" }, { "", STALL } }, FDBG_ERROR_PROTOCOL, 0 },
		{ { { "", RAW "HTTP/1.1 400 Bad Request\r\n\r\n" }, { "", CLOSE } },
		  /* Whether its words or its going away is noticed first is a matter of luck. */
		  FDBG_ERROR_PROTOCOL, FDBG_ERROR_GONE },
		{ { { "", CLOSE } }, FDBG_ERROR_GONE, 0 },
		{ { { "", STALL } }, FDBG_ERROR_TIMEOUT, 0 },
		{ { { FEATURES, RAW "+" }, { "", STALL } }, FDBG_ERROR_TIMEOUT, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fdbg_session_options options = { .timeout_ms = TIMEOUT_MS, .wake_fd = -1 };
		struct fdbg_session *session;
		struct fdbg_error *err;
		struct peer peer;

		err = fdbg_session_open(connect_peer(&peer, cases[i].steps, NULL), &options, &session);
		if (!fdbg_error_is(err, cases[i].code) && !fdbg_error_is(err, cases[i].or_code))
			fail_msg("case %zu: %s", i, err ? err->message : "success");
		fdbg_error_destroy(err);
		pthread_join(peer.thread, NULL);
		close(peer.fd);
	}
}

static void refusals_are_no_loss(void **state)
{
	static const struct step steps[] = {
		{ "Z0,1000,1", "E01" }, { "z0,1000,1", "" }, { "X10,2:}\x03z", "E01" }, { "Hgp1.9", "E01" },
		{ "g", "E01" }, { "QPassSignals:e;14;1e", "OK" }, { "qXfer:auxv:read::0,23ef", "E01" },
		{ "qXfer:auxv:read::0,23ef", "" }, { "D;1", "E01" },
		{ "vCont;c", "E37" }, { "vCont;c", "W0" },
		{ NULL, NULL },
	};
	const int passed[] = { SIGUSR1, SIGCHLD, SIGALRM, SIGALRM };
	struct fdbg_thread_id other = { 1, 9 };
	struct fdbg_buf buf = { 0 };
	struct fdbg_session *session;
	struct fdbg_stop stop;
	struct peer peer;
	bool done[3];

	(void)state;
	session = start(&peer, like_gdbserver, steps);
	check(fdbg_session_query_stop(session, &stop), &peer);
	check(fdbg_session_queue_insert(session, 0x1000, 1, &done[0]), &peer);
	check(fdbg_session_queue_remove(session, 0x1000, 1, &done[1]), &peer);
	check(fdbg_session_queue_write(session, 0x10, (const uint8_t *)"#z", 2, &done[2]), &peer);
	check(fdbg_session_collect(session), &peer);
	assert_false(done[0] || done[1] || done[2]);
	expect_error(fdbg_session_select(session, other), FDBG_ERROR_REFUSED);
	expect_error(fdbg_session_fetch_registers(session), FDBG_ERROR_REFUSED);
	check(fdbg_session_pass_signals(session, passed, 4, &done[0]), &peer);
	check(fdbg_session_collect(session), &peer);
	assert_true(done[0]);
	expect_error(fdbg_session_read_object(session, "auxv", "", &buf), FDBG_ERROR_REFUSED);
	expect_error(fdbg_session_read_object(session, "auxv", "", &buf), FDBG_ERROR_UNSUPPORTED);
	expect_error(fdbg_session_detach(session, 0), FDBG_ERROR_REFUSED);
	expect_error(resume(session, &stop, false), FDBG_ERROR_REFUSED);
	check(resume(session, &stop, false), &peer);
	assert_int_equal(stop.kind, FDBG_STOP_EXITED);
	expect_error(fdbg_session_allocate(session, 4096, &(uint64_t){ 0 }), FDBG_ERROR_UNSUPPORTED);
	finish(&peer, session);
	fdbg_buf_deinit(&buf);
}

/* Registers that the server did not take would let the thread run from the wrong place. */
static void a_refused_register_change_is_not_run_over(void **state)
{
	const char *block = g_block('0', RIP_B);
	char put[1200];
	struct step steps[] = {
		{ "g", g_block('0', RIP_A) },
		{ put, "E01" }, { "vCont;c", STOP_A },
		{ NULL, NULL },
	};
	struct fdbg_session *session;
	struct fdbg_stop stop;
	struct peer peer;

	(void)state;
	snprintf(put, sizeof(put), "G%s", block);
	session = start(&peer, like_gdbserver, steps);
	check(fdbg_session_query_stop(session, &stop), &peer);
	set(session, "rip", 0x1001);
	expect_error(resume(session, &stop, false), FDBG_ERROR_PROTOCOL);
	finish(&peer, session);
}

static void objects_come_in_parts(void **state)
{
	static const struct step steps[] = {
		{ "qXfer:auxv:read::0,23ef", "mabc" }, { "qXfer:auxv:read::3,3", "mdef" },
		/* Ahead; behind one that is shorter the next one is not what follows. */
		{ "qXfer:auxv:read::6,3", "mg" }, { "qXfer:auxv:read::9,3", "mjkl" },
		{ "qXfer:auxv:read::7,3", "mhij" }, { "qXfer:auxv:read::a,3", "lk" },
		/* Behind the end. */
		{ "qXfer:auxv:read::d,3", "E01" }, { "qXfer:auxv:read::10,3", "E01" },
		{ "qfThreadInfo", "mp1.2,p1.3" }, { "qsThreadInfo", "mp1.4" }, { "qsThreadInfo", "l" },
		{ "qfThreadInfo", "l" },
		{ "qXfer:auxv:read:1:0,23ef", "m" },
		{ NULL, NULL },
	};
	struct fdbg_thread_id *threads;
	struct fdbg_buf buf = { 0 };
	struct fdbg_session *session;
	struct fdbg_stop stop;
	struct peer peer;
	size_t n;

	(void)state;
	session = start(&peer, like_gdbserver, steps);
	check(fdbg_session_query_stop(session, &stop), &peer);
	check(fdbg_session_read_object(session, "auxv", "", &buf), &peer);
	assert_string_equal(fdbg_buf_cstr(&buf), "abcdefghijk");
	assert_true(saw(&peer, "qXfer:auxv:read::6,3", "$qXfer:auxv:read::9,3#"));
	check(fdbg_session_threads(session, &threads, &n), &peer);
	assert_int_equal(n, 3);
	assert_true(threads[1].tid == 3 && threads[2].tid == 4 && threads[0].pid == 1);
	free(threads);
	check(fdbg_session_threads(session, &threads, &n), &peer);
	assert_int_equal(n, 0);
	free(threads);
	/* "There is more" without anything would go on for ever. */
	expect_error(fdbg_session_read_object(session, "auxv", "1", &buf), FDBG_ERROR_PROTOCOL);
	finish(&peer, session);
	fdbg_buf_deinit(&buf);
}

/* Parts of a file, of which the server may give less than was asked for, are asked for together. */
static void files_are_read_ahead(void **state)
{
	static const struct step steps[] = {
		{ "vFile:setfs:0", "" }, { "vFile:open:2f78,0,0", "F3" },
		/* As much as a packet takes, escaped, is 9199 bytes. */
		{ "vFile:pread:3,23ef,0", "F3;abc" }, { "vFile:pread:3,23ef,23ef", "F2;zz" },
		{ "vFile:pread:3,222,47de", "F0;" },
		{ "vFile:pread:3,23ef,3", "F1;d" }, { "vFile:pread:3,23ef,23f2", "F-1,16" },
		{ "vFile:pread:3,21f,47e1", "F-1,16" },
		{ "vFile:pread:3,23ef,4", "F0;" }, { "vFile:pread:3,23ef,23f3", "F0;" },
		{ "vFile:pread:3,21e,47e2", "F0;" },
		{ "vFile:pread:3,5,0", "F-1,d" },
		{ "vFile:pread:3,5,0", "F2;abc" },
		{ NULL, NULL },
	};
	struct fdbg_session *session;
	struct peer peer;
	char bytes[0x4a00];
	size_t len;
	int fd;

	(void)state;
	session = start(&peer, like_gdbserver, steps);
	check(fdbg_hostio_open(session, "/x", &fd), &peer);
	check(fdbg_hostio_pread(session, fd, bytes, sizeof(bytes), 0, &len), &peer);
	assert_true(len == 4 && !memcmp(bytes, "abcd", 4));
	assert_int_equal(fdbg_session_stats(session)->round_trips, 4 + 2 + 3);
	expect_error(fdbg_hostio_pread(session, fd, bytes, 5, 0, &len), FDBG_ERROR_IO);
	expect_error(fdbg_hostio_pread(session, fd, bytes, 5, 0, &len), FDBG_ERROR_PROTOCOL);
	finish(&peer, session);
}

static void waiting_has_limits_and_can_be_woken(void **state)
{
	static const struct step steps[] = {
		{ "vCont;c", NULL }, { "\x03", "T02thread:p1.2;" },
		{ "vCont;c", "T02thread:p1.2;" },
		{ "vCont;c", RAW "$O6869#" "34$OZZ#" "03" },
		{ NULL, NULL },
	};
	struct fdbg_session_options options = { .timeout_ms = TIMEOUT_MS };
	struct fdbg_session *session;
	struct fdbg_stop stop;
	struct peer peer;
	int wake[2];

	(void)state;
	assert_int_equal(pipe(wake), 0);
	options.wake_fd = wake[0];
	check(fdbg_session_open(connect_peer(&peer, like_gdbserver, steps), &options, &session), &peer);
	check(fdbg_session_query_stop(session, &stop), &peer);
	expect_error(fdbg_session_wait(session, 10, &stop), FDBG_ERROR_USAGE);
	expect_error(resume(session, &stop, false), FDBG_ERROR_TIMEOUT);
	assert_int_equal(write(wake[1], "", 1), 1);
	expect_error(fdbg_session_wait(session, -1, &stop), FDBG_ERROR_INTERRUPTED);
	expect_error(fdbg_session_fetch_registers(session), FDBG_ERROR_USAGE);
	assert_int_equal(read(wake[0], &options, 1), 1);
	check(fdbg_session_interrupt(session), &peer);
	check(fdbg_session_wait(session, -1, &stop), &peer);
	assert_int_equal(stop.kind, FDBG_STOP_SIGNAL);
	assert_true(stop.interrupt);
	/* It is not delivered, even if the caller says so; one that nobody asked for is the target's own. */
	check(fdbg_session_queue_resume(session, FDBG_RESUME_CONTINUE, stop.thread, stop.signal, false),
	      &peer);
	check(fdbg_session_wait(session, -1, &stop), &peer);
	assert_int_equal(stop.signal, SIGINT);
	assert_false(stop.interrupt);
	expect_error(resume(session, &stop, false), FDBG_ERROR_PROTOCOL);
	finish(&peer, session);
	close(wake[0]);
	close(wake[1]);
}

static void collect_output(void *context, const void *data, size_t len)
{
	fdbg_buf_append(context, data, len);
}

static void output_is_handed_on(void **state)
{
	static const struct step steps[] = {
		{ "vCont;c", "O48656c6c6f0a" }, { "", "O" },
		{ "", "O00ff" }, { "", "W0" }, { NULL, NULL },
	};
	struct fdbg_buf output = { 0 };
	struct fdbg_session_options options = { .timeout_ms = TIMEOUT_MS, .wake_fd = -1,
					       .output = collect_output,
						.output_context = &output };
	struct fdbg_session *session;
	struct fdbg_stop stop;
	struct peer peer;

	(void)state;
	check(fdbg_session_open(connect_peer(&peer, like_gdbserver, steps), &options, &session), &peer);
	check(fdbg_session_query_stop(session, &stop), &peer);
	check(resume(session, &stop, false), &peer);
	assert_int_equal(stop.kind, FDBG_STOP_EXITED);
	assert_int_equal(output.len, 8);
	assert_memory_equal(output.data, "Hello\n\0\xff", 8);
	finish(&peer, session);
	fdbg_buf_deinit(&output);
}

static void ends_are_asked_for(void **state)
{
	static const struct step steps[] = {
		{ "D;1", "OK" }, { "vKill;1", "E01" }, { "k", CLOSE },
		{ NULL, NULL },
	};
	struct fdbg_session *session;
	struct fdbg_stop stop;
	struct peer peer;

	(void)state;
	session = start(&peer, like_gdbserver, steps);
	check(fdbg_session_query_stop(session, &stop), &peer);
	check(fdbg_session_detach(session, 0), &peer);
	check(fdbg_session_kill(session, 0), &peer);
	finish(&peer, session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cycle_is_one_write),
		cmocka_unit_test(opening_takes_few_round_trips),
		cmocka_unit_test(a_long_batch_keeps_the_resume_whole),
		cmocka_unit_test(large_reads_are_split),
		cmocka_unit_test(nothing_goes_behind_a_resume_of_lldb),
		cmocka_unit_test(acks_are_kept_where_they_must),
		cmocka_unit_test(acks_are_sent_ahead),
		cmocka_unit_test(an_end_settles_what_is_queued),
		cmocka_unit_test(a_server_may_end_with_its_last_answer),
		cmocka_unit_test(a_link_is_lost_in_many_ways),
		cmocka_unit_test(an_overdue_answer_is_no_idle_target),
		cmocka_unit_test(a_link_cut_at_any_byte_is_told),
		cmocka_unit_test(a_session_does_not_open_with_strangers),
		cmocka_unit_test(refusals_are_no_loss),
		cmocka_unit_test(a_refused_register_change_is_not_run_over),
		cmocka_unit_test(objects_come_in_parts),
		cmocka_unit_test(files_are_read_ahead),
		cmocka_unit_test(waiting_has_limits_and_can_be_woken),
		cmocka_unit_test(output_is_handed_on),
		cmocka_unit_test(ends_are_asked_for),
	};

	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
