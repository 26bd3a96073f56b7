/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Framing, stop replies, target descriptions and transports of the remote protocol, without a server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "gdbremote/description.h"
#include "gdbremote/packet.h"
#include "gdbremote/signals.h"
#include "gdbremote/stop.h"

#define LIMIT 4096

/* One event in words: "=payload" of a reply, "%payload" of a notification, "+", "-", "bad", "long". */
static void append_event(struct fdbg_buf *text, enum fdbg_packet_event event, const struct fdbg_buf *payload)
{
	switch (event) {
	case FDBG_PACKET_REPLY:
	case FDBG_PACKET_NOTIFICATION:
		fdbg_buf_byte(text, event == FDBG_PACKET_REPLY ? '=' : '%');
		fdbg_buf_append(text, payload->data, payload->len);
		break;
	case FDBG_PACKET_ACK: fdbg_buf_string(text, "+"); break;
	case FDBG_PACKET_NAK: fdbg_buf_string(text, "-"); break;
	case FDBG_PACKET_BAD: fdbg_buf_string(text, "bad"); break;
	case FDBG_PACKET_TOO_LONG: fdbg_buf_string(text, "long"); break;
	case FDBG_PACKET_MORE: return;
	}
	fdbg_buf_byte(text, '|');
}

/* Decodes bytes that come in two pieces (or byte by byte for split 0) into words. */
static void decode_split(const uint8_t *data, size_t len, size_t split, struct fdbg_buf *text)
{
	struct fdbg_packet_decoder decoder = { .limit = LIMIT };
	size_t pos = 0;

	while (pos < len) {
		size_t end = !split ? pos + 1 : pos < split ? split : len;
		size_t used;

		/* A copy of its own size, so that a look behind its end is seen by the sanitizer. */
		uint8_t *piece = malloc(end - pos);
		enum fdbg_packet_event event;

		assert_non_null(piece);
		memcpy(piece, data + pos, end - pos);
		event = fdbg_packet_decode(&decoder, piece, end - pos, &used);
		free(piece);
		assert_true(used <= end - pos);
		if (event == FDBG_PACKET_MORE)
			assert_int_equal(used, end - pos);
		append_event(text, event, &decoder.payload);
		pos += used;
	}
	fdbg_packet_decoder_deinit(&decoder);
}

/* Every `~~` of the pattern becomes the checksum of what stands between it and the `$` or `%` before it. */
static size_t fill_sums(uint8_t *bytes, size_t len)
{
	size_t start = 0;

	for (size_t i = 0; i + 1 < len; i++) {
		char digits[3];
		unsigned sum = 0;

		if (bytes[i] == '$' || bytes[i] == '%')
			start = i + 1;
		if (bytes[i] != '~' || bytes[i + 1] != '~')
			continue;
		for (size_t k = start; k + 1 < i; k++)
			sum += bytes[k];
		snprintf(digits, sizeof(digits), "%02x", sum & 0xff);
		memcpy(bytes + i, digits, 2);
	}
	return len;
}

#define TEN "aaaaaaaaaa"
#define CASE(bytes, words) { (const uint8_t *)(bytes), sizeof(bytes) - 1, words, sizeof(words) - 1 }

static const struct {
	const uint8_t *bytes;
	size_t len;
	const char *words;
	size_t words_len;
} framing[] = {
	CASE("$OK#9a", "=OK|"),
	CASE("+$OK#9A", "+|=OK|"),
	CASE("$#00", "=|"),
	CASE("$OK#9a$E01#a6", "=OK|=E01|"),
	CASE("\x01 noise\n$OK#9a", "=OK|"),
	CASE("-+", "-|+|"),
	CASE("%Stop:W0#~~$OK#9a", "%Stop:W0|=OK|"),
	/* Runs: the count byte is 29 more than the repeats. */
	CASE("$0* #7a", "=0000|"),
	CASE("$0*!#~~", "=00000|"),
	CASE("$x*\"y#~~", "=xxxxxxy|"),
	CASE("$T0506:0*,;#~~", "=T0506:0000000000000000;|"),
	CASE("$ab* c* #~~", "=abbbbcccc|"),
	CASE("$a*}#~~", "=" TEN TEN TEN TEN TEN TEN TEN TEN TEN "aaaaaaa|"),
	/* Two runs of the same character follow each other. */
	CASE("$a* * #~~", "=aaaaaaa|"),
	/*
	 * Escapes. The one of a run's count is none; a run behind an escaped byte repeats it as it was sent.
	 */
	CASE("$}\x03}\x04}]}\nAz#~~", "=#$}*Az|"),
	CASE("$l!\x00*\"\x00#~~", "=l!\0\0\0\0\0\0\0|"),
	CASE("$}\x03* #~~", "=#\x03\x03\x03|"),
	CASE("$}}#~~", "=]|"),
	/* Damage. */
	CASE("$OK#9b", "bad|"),
	CASE("$OK#9g", "bad|"),
	CASE("$OK#g9$OK#9a", "bad|=OK|"),
	CASE("$* #~~", "bad|"),
	CASE("$a*\x1f#~~", "bad|"),
	CASE("$a*\x7f#~~", "bad|"),
	CASE("$a*#~~", "bad|"),
	CASE("$a}#~~", "bad|"),
	CASE("$cut sh$OK#9a", "=OK|"),
	CASE("$cut sh*$OK#9a", "=OK|"),
	CASE("$unfinished#0", ""),
};

static void framing_survives_every_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(framing) / sizeof(framing[0]); i++) {
		uint8_t bytes[256];
		size_t len = framing[i].len;

		memcpy(bytes, framing[i].bytes, len);
		fill_sums(bytes, len);
		for (size_t split = 0; split <= len; split++) {
			struct fdbg_buf text = { 0 };

			decode_split(bytes, len, split, &text);
			if (text.len != framing[i].words_len ||
			    (text.len && memcmp(text.data, framing[i].words, text.len)))
				fail_msg("case %zu split at %zu: %s", i, split, fdbg_buf_cstr(&text));
			fdbg_buf_deinit(&text);
		}
	}
}

static void framing_limits_the_payload(void **state)
{
	struct fdbg_packet_decoder decoder = { .limit = 100 };
	size_t used;

	(void)state;
	/* 1 + 96 characters fit, three more of the next run do too, one more does not. */
	assert_int_equal(fdbg_packet_decode(&decoder, (const uint8_t *)"$a*}bbb", 7, &used),
			 FDBG_PACKET_MORE);
	assert_int_equal(decoder.payload.len, 100);
	assert_int_equal(fdbg_packet_decode(&decoder, (const uint8_t *)"b", 1, &used), FDBG_PACKET_TOO_LONG);
	assert_int_equal(fdbg_packet_decode(&decoder, (const uint8_t *)"$aa*~*}", 7, &used),
			 FDBG_PACKET_TOO_LONG);
	assert_int_equal(fdbg_packet_decode(&decoder, (const uint8_t *)"$OK#9a", 6, &used),
			 FDBG_PACKET_REPLY);
	fdbg_packet_decoder_deinit(&decoder);
}

static void packets_are_escaped_and_summed(void **state)
{
	const uint8_t bytes[] = { 0x23, 0x24, 0x7d, 0x2a, 0x41, 0x7a };
	struct fdbg_packet_decoder decoder = { .limit = LIMIT };
	struct fdbg_buf buf = { 0 };
	uint8_t all[256];
	size_t begin, used;

	(void)state;
	begin = fdbg_packet_begin(&buf);
	fdbg_buf_string(&buf, "X");
	fdbg_packet_number(&buf, 0x5555555580e0);
	fdbg_buf_string(&buf, ",6:");
	fdbg_packet_escaped(&buf, bytes, sizeof(bytes));
	/* The payload that gdbserver took in remote-protocol.md, section 1. */
	assert_int_equal(buf.len - begin, 26);
	assert_memory_equal(buf.data + begin, "X5555555580e0,6:}\x03}\x04}]}\nAz", 26);
	fdbg_packet_end(&buf, begin);
	fdbg_buf_clear(&buf);

	begin = fdbg_packet_begin(&buf);
	fdbg_buf_string(&buf, "OK");
	fdbg_packet_end(&buf, begin);
	assert_string_equal(fdbg_buf_cstr(&buf), "$OK#9a");

	fdbg_buf_clear(&buf);
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)i;
	begin = fdbg_packet_begin(&buf);
	fdbg_packet_escaped(&buf, all, sizeof(all));
	fdbg_packet_end(&buf, begin);
	assert_int_equal(fdbg_packet_decode(&decoder, buf.data, buf.len, &used), FDBG_PACKET_REPLY);
	assert_int_equal(decoder.payload.len, sizeof(all));
	assert_memory_equal(decoder.payload.data, all, sizeof(all));

	fdbg_buf_clear(&buf);
	fdbg_packet_hex(&buf, bytes, 3);
	fdbg_packet_number(&buf, 0);
	fdbg_packet_number(&buf, UINT64_MAX);
	assert_string_equal(fdbg_buf_cstr(&buf), "23247d0ffffffffffffffff");
	fdbg_buf_deinit(&buf);
	fdbg_packet_decoder_deinit(&decoder);
}

static void numbers_are_checked(void **state)
{
	uint64_t value = 7;
	uint8_t bytes[2];
	size_t pos = 0;

	(void)state;
	assert_true(fdbg_packet_parse_number((const uint8_t *)"ffffffffffffffff;", 17, &pos, &value));
	assert_true(value == UINT64_MAX && pos == 16);
	pos = 0;
	assert_false(fdbg_packet_parse_number((const uint8_t *)"10000000000000000", 17, &pos, &value));
	assert_int_equal(pos, 0);
	assert_false(fdbg_packet_parse_number((const uint8_t *)"x", 1, &pos, &value));
	assert_false(fdbg_packet_parse_number((const uint8_t *)"1", 0, &pos, &value));
	assert_true(fdbg_packet_unhex((const uint8_t *)"aB09", 2, bytes));
	assert_true(bytes[0] == 0xab && bytes[1] == 0x09);
	assert_false(fdbg_packet_unhex((const uint8_t *)"aBx9", 2, bytes));
	assert_int_equal(fdbg_packet_digit('g'), -1);
}

static void signals_are_translated(void **state)
{
	(void)state;
	/* remote-protocol.md, section 7: SIGUSR1, SIGCHLD, SIGALRM; section 2: SIGSTOP. */
	assert_int_equal(fdbg_signal_to_gdb(10), 0x1e);
	assert_int_equal(fdbg_signal_to_gdb(17), 0x14);
	assert_int_equal(fdbg_signal_to_gdb(14), 0x0e);
	assert_int_equal(fdbg_signal_to_gdb(19), 0x11);
	assert_int_equal(fdbg_signal_from_gdb(0x1e), 10);
	for (int number = 1; number <= 64; number++) {
		if (number == 16) /* SIGSTKFLT: nobody sends it and GDB has no number */
			continue;
		assert_true(fdbg_signal_to_gdb(number) > 0);
		assert_int_equal(fdbg_signal_from_gdb(fdbg_signal_to_gdb(number)), number);
	}
	assert_int_equal(fdbg_signal_from_gdb(0), 0);
	assert_int_equal(fdbg_signal_from_gdb(255), 0);
	assert_int_equal(fdbg_signal_to_gdb(-1), 0);
	assert_int_equal(fdbg_signal_to_gdb(65), 0);
}

/* Replies as remote-protocol.md shows them; signal -1: not a stop reply. */
static const struct {
	const char *text;
	bool gdb_signals;
	enum fdbg_stop_kind kind;
	int signal, exit_code;
	uint64_t pid, tid, child;
	size_t n_registers;
} stops[] = {
	{ "T05swbreak:;06:0000000000000000;07:f0e4ffffff7f0000;10:8c51555555550000;thread:p508d.508e;core:1;",
	  true, FDBG_STOP_BREAKPOINT, 5, 0, 0x508d, 0x508e, 0, 3 },
	{ "T0506:0000000000000000;thread:6558;core:1;", true, FDBG_STOP_SIGNAL, 5, 0, 0, 0x6558, 0, 1 },
	{ "T1ethread:p1.2;", true, FDBG_STOP_SIGNAL, 10, 0, 1, 2, 0, 0 },
	{ "T13thread:p1.2;name:a;00:0000000000000000;reason:signal;", false, FDBG_STOP_SIGNAL, 19, 0, 1, 2,
	 0, 1 },
	{ "T00thread:p1.2;", true, FDBG_STOP_SIGNAL, 0, 0, 1, 2, 0, 0 },
	{ "S05", true, FDBG_STOP_SIGNAL, 5, 0, 0, 0, 0, 0 },
	{ "T05thread:p01.5b7b;", true, FDBG_STOP_SIGNAL, 5, 0, 1, 0x5b7b, 0, 0 },
	{ "T05fork:p6077.6077;06:0000000000000000;thread:p6070.6070;", true, FDBG_STOP_FORK, 5, 0, 0x6070,
	 0x6070, 0x6077, 1 },
	{ "T05vfork:p6077.6077;thread:p6070.6070;", true, FDBG_STOP_VFORK, 5, 0, 0x6070, 0x6070, 0x6077, 0 },
	{ "T05vforkdone:;thread:p6070.6070;", true, FDBG_STOP_VFORK_DONE, 5, 0, 0x6070, 0x6070, 0, 0 },
	{ "T05reason:fork;thread:p1.1;fork:p60c8.60c8;", false, FDBG_STOP_FORK, 5, 0, 1, 1, 0x60c8, 0 },
	{ "T05exec:2f746d70;thread:p1.1;", true, FDBG_STOP_EXEC, 5, 0, 1, 1, 0, 0 },
	{ "T13thread:p1.1;reason:exec;", false, FDBG_STOP_EXEC, 19, 0, 1, 1, 0, 0 },
	{ "T05syscall_entry:1;thread:p1.1;", true, FDBG_STOP_OTHER, 5, 0, 1, 1, 0, 0 },
	{ "T05create:;thread:p1.1;", true, FDBG_STOP_OTHER, 5, 0, 1, 1, 0, 0 },
	{ "T05watch:0000555555559118;thread:p1.1;", true, FDBG_STOP_SIGNAL, 5, 0, 1, 1, 0, 0 },
	{ "W7;process:2472", true, FDBG_STOP_EXITED, 0, 7, 0x2472, 0, 0, 0 },
	{ "W07", true, FDBG_STOP_EXITED, 0, 7, 0, 0, 0, 0 },
	{ "Wff", true, FDBG_STOP_EXITED, 0, 255, 0, 0, 0, 0 },
	{ "X9;process:2472", true, FDBG_STOP_KILLED, 9, 0, 0x2472, 0, 0, 0 },
	{ "X1e;process:2472", true, FDBG_STOP_KILLED, 10, 0, 0x2472, 0, 0, 0 },
	{ "X0b", true, FDBG_STOP_KILLED, 11, 0, 0, 0, 0, 0 },
	{ "X0a;description:x;process:5", false, FDBG_STOP_KILLED, 10, 0, 5, 0, 0, 0 },
	{ "N", true, FDBG_STOP_OTHER, 0, 0, 0, 0, 0, 0 },
	/* Fields that nobody knows, and a reply that ends without a semicolon. */
	{ "T05;;x;unknown:zz;swbreak:;thread:p1.1", true, FDBG_STOP_BREAKPOINT, 5, 0, 1, 1, 0, 0 },
	{ "", true, 0, -1, 0, 0, 0, 0, 0 },
	{ "OK", true, 0, -1, 0, 0, 0, 0, 0 },
	{ "E01", true, 0, -1, 0, 0, 0, 0, 0 },
	{ "T", true, 0, -1, 0, 0, 0, 0, 0 },
	{ "T0", true, 0, -1, 0, 0, 0, 0, 0 },
	{ "Tzz", true, 0, -1, 0, 0, 0, 0, 0 },
	{ "T05thread:;", true, 0, -1, 0, 0, 0, 0, 0 },
	{ "T05thread:p1.;", true, 0, -1, 0, 0, 0, 0, 0 },
	{ "T05thread:p11111111111111111.1;", true, 0, -1, 0, 0, 0, 0, 0 },
	{ "T05fork:;thread:p1.1;", true, 0, -1, 0, 0, 0, 0, 0 },
	{ "W", true, 0, -1, 0, 0, 0, 0, 0 },
	{ "Wxx", true, 0, -1, 0, 0, 0, 0, 0 },
	{ "X9;process:;", true, 0, -1, 0, 0, 0, 0, 0 },
};

static void stop_replies_are_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++) {
		struct fdbg_stop_reply reply;
		size_t len = strlen(stops[i].text);
		uint8_t *copy = malloc(len ? len : 1);
		bool good;

		assert_non_null(copy);
		memcpy(copy, stops[i].text, len);
		good = fdbg_stop_parse(copy, len, stops[i].gdb_signals, NULL, NULL, &reply);
		free(copy);
		if (good != (stops[i].signal >= 0))
			fail_msg("%s: %d", stops[i].text, good);
		if (!good)
			continue;
		if (reply.stop.kind != stops[i].kind || reply.stop.signal != stops[i].signal ||
		    reply.stop.exit_code != stops[i].exit_code || reply.stop.thread.pid != stops[i].pid ||
		    reply.stop.thread.tid != stops[i].tid || reply.stop.child.pid != stops[i].child ||
		    reply.n_registers != stops[i].n_registers)
			fail_msg("%s: kind %d signal %d", stops[i].text, reply.stop.kind, reply.stop.signal);
	}
}

static const struct fdbg_remote_reg *find_reg(const struct fdbg_description *description, const char *name)
{
	for (size_t i = 0; i < description->n_regs; i++)
		if (!strcmp(description->regs[i].name, name))
			return &description->regs[i];
	fail_msg("no register %s", name);
	return NULL;
}

static void check_reg(const struct fdbg_description *description, const char *name, uint32_t number,
		      uint32_t size,
		      uint32_t offset)
{
	const struct fdbg_remote_reg *reg = find_reg(description, name);

	assert_int_equal(reg->number, number);
	assert_int_equal(reg->size, size);
	assert_int_equal(reg->g_offset, offset);
}

/* gdbserver's answer without xmlRegisters: numbers and places of remote-protocol.md, section 3. */
static void an_architecture_has_its_layout(void **state)
{
	struct fdbg_description description = { 0 };

	(void)state;
	assert_null(fdbg_description_parse(&description, fdbg_text_from(
				"<target><architecture>i386:x86-64</architecture>"
				"<osabi>GNU/Linux</osabi></target>"), NULL, NULL));
	assert_null(fdbg_description_finish(&description));
	check_reg(&description, "rax", 0, 8, 0);
	check_reg(&description, "rsi", 4, 8, 32);
	check_reg(&description, "rdi", 5, 8, 40);
	check_reg(&description, "rsp", 7, 8, 56);
	check_reg(&description, "rip", 16, 8, 128);
	check_reg(&description, "eflags", 17, 4, 136);
	check_reg(&description, "st0", 24, 10, 164);
	check_reg(&description, "fctrl", 32, 4, 244);
	check_reg(&description, "xmm0", 40, 16, 276);
	check_reg(&description, "mxcsr", 56, 4, 532);
	check_reg(&description, "orig_rax", 57, 8, 536);
	check_reg(&description, "fs_base", 58, 8, 544);
	check_reg(&description, "gs_base", 59, 8, 552);
	fdbg_description_deinit(&description);
}

static struct fdbg_error *give_file(void *context, const char *name, struct fdbg_buf *buf)
{
	(*(int *)context)++;
	if (!strcmp(name, "core.xml"))
		fdbg_buf_string(buf, "<feature name='c'><!-- <reg name=\"hidden\" bitsize=\"8\"/> -->"
				"<reg name=\"x0\" bitsize=\"64\" type='int'/>"
				"<reg\n bitsize='64'  name = 'x1' /></feature>");
	else if (!strcmp(name, "fpu.xml"))
		fdbg_buf_string(buf,
				"<reg name='v0' bitsize='128' regnum='34'/><reg name='fpsr' bitsize='32'/>");
	else
		fdbg_buf_string(buf, "<xi:include href='loop.xml'/>");
	return fdbg_buf_error(buf);
}

static void descriptions_include_each_other(void **state)
{
	struct fdbg_description description = { 0 };
	int n_files = 0;

	(void)state;
	assert_null(fdbg_description_parse(&description, fdbg_text_from(
				"<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"t.dtd\"><target>"
				"<architecture> aarch64 </architecture><xi:include href=\"core.xml\"/>"
				"<regs/><register name='no'/><reg name='cpsr' bitsize='32' regnum='33'/>"
				"<xi:include href='fpu.xml'/></target>"), give_file, &n_files));
	assert_null(fdbg_description_finish(&description));
	assert_int_equal(n_files, 2);
	assert_string_equal(description.architecture, "aarch64");
	assert_int_equal(description.n_regs, 5);
	check_reg(&description, "x0", 0, 8, 0);
	check_reg(&description, "x1", 1, 8, 8);
	check_reg(&description, "cpsr", 33, 4, 16);
	check_reg(&description, "v0", 34, 16, 20);
	check_reg(&description, "fpsr", 35, 4, 36);
	fdbg_description_deinit(&description);
}

static void descriptions_may_give_places(void **state)
{
	struct fdbg_description description = { 0 };

	(void)state;
	/* lldb-server: remote-protocol.md, section 3. */
	assert_null(fdbg_description_parse(&description, fdbg_text_from(
				"<reg name=\"rax\" regnum=\"0\" offset=\"80\" bitsize=\"64\"/>"
				"<reg name=\"rdi\" regnum=\"4\" offset=\"112\" bitsize=\"64\"/>"
				"<reg name=\"none\" regnum=\"9\" bitsize=\"64\"/>"), NULL, NULL));
	assert_null(fdbg_description_finish(&description));
	check_reg(&description, "rax", 0, 8, 80);
	check_reg(&description, "rdi", 4, 8, 112);
	check_reg(&description, "none", 9, 8, UINT32_MAX);
	fdbg_description_deinit(&description);
}

static void bad_descriptions_are_refused(void **state)
{
	static const char *const bad[] = {
		"<reg bitsize='64'/>", "<reg name='' bitsize='64'/>", "<reg name='a'/>",
		"<reg name='a' bitsize='0'/>",
		"<reg name='a' bitsize='-8'/>", "<reg name='a' bitsize='99999999999999999999'/>",
		 "<reg name='a' bitsize='65537'/>",
		"<reg name='a' bitsize='64' regnum='65536'/>", "<reg name='a' bitsize='64' regnum='x'/>",
		"<reg name='a' bitsize='64' regnum='65535'/><reg name='b' bitsize='64'/>",
		"<xi:include href='loop.xml'/>",
		"<reg name='a\" bitsize='64'/>",
	};
	static const char *const empty[] = {
		"", "<", "<reg", "<reg name='a' bitsize='64'", "<!--",
		"<!-- <reg name='a' bitsize='64'/>", "<xi:include/>",
		"<xi:include href=''/>", "<architecture>", "<architecture></architecture>", "garbage",
		"<regx name='a' bitsize='64'/>",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct fdbg_description description = { 0 };
		int n_files = 0;
		struct fdbg_error *err = fdbg_description_parse(&description, fdbg_text_from(bad[i]),
								give_file, &n_files);

		if (!fdbg_error_is(err, FDBG_ERROR_FORMAT))
			fail_msg("%s", bad[i]);
		assert_true(n_files < 40);
		fdbg_error_destroy(err);
		fdbg_description_deinit(&description);
	}
	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
		struct fdbg_description description = { 0 };
		int n_files = 0;

		assert_null(fdbg_description_parse(&description, fdbg_text_from(empty[i]), give_file,
						   &n_files));
		assert_null(fdbg_description_finish(&description));
		assert_int_equal(description.n_regs, 0);
		fdbg_description_deinit(&description);
	}
}

static void a_description_has_limits(void **state)
{
	struct fdbg_description description = { 0 };
	struct fdbg_buf xml = { 0 };
	struct fdbg_error *err;

	(void)state;
	for (int i = 0; i < 3000; i++)
		fdbg_buf_printf(&xml, "<reg name='r%d' bitsize='8'/>", i);
	err = fdbg_description_parse(&description, (struct fdbg_text){ (const char *)xml.data, xml.len },
				     NULL, NULL);
	assert_true(fdbg_error_is(err, FDBG_ERROR_FORMAT));
	fdbg_error_destroy(err);
	fdbg_description_deinit(&description);
	fdbg_buf_deinit(&xml);
}

static void expect_open_error(const char *address, enum fdbg_error_code code)
{
	struct fdbg_transport *transport;
	struct fdbg_error *err = fdbg_transport_open(address, 100, -1, &transport);

	if (!fdbg_error_is(err, code))
		fail_msg("%s: %s", address, err ? err->message : "opened");
	fdbg_error_destroy(err);
}

static void addresses_are_checked(void **state)
{
	char path[200] = "unix:/";

	(void)state;
	expect_open_error("nonsense", FDBG_ERROR_USAGE);
	expect_open_error("", FDBG_ERROR_USAGE);
	expect_open_error("host:", FDBG_ERROR_USAGE);
	expect_open_error("::1:99", FDBG_ERROR_USAGE);
	expect_open_error("|", FDBG_ERROR_USAGE);
	expect_open_error("|  ", FDBG_ERROR_USAGE);
	expect_open_error("unix:", FDBG_ERROR_USAGE);
	expect_open_error("127.0.0.1:nosuchservice", FDBG_ERROR_NOT_FOUND);
	/* Nobody listens on the discard port; the attempts end with the limit. */
	expect_open_error("127.0.0.1:9", FDBG_ERROR_IO);
	expect_open_error("unix:/nonexistent/socket", FDBG_ERROR_IO);
	memset(path + 6, 'x', sizeof(path) - 7);
	expect_open_error(path, FDBG_ERROR_USAGE);
}

/* Sends a line through a transport and expects it back. */
static void expect_echo(struct fdbg_transport *transport)
{
	char back[6] = "";
	size_t got = 0, len;

	assert_null(fdbg_transport_write(transport, "hello\n", 6, 2000));
	while (got < 6) {
		assert_null(fdbg_transport_read(transport, back + got, sizeof(back) - got, 2000, &len));
		got += len;
	}
	assert_memory_equal(back, "hello\n", 6);
}

static void a_command_is_a_transport(void **state)
{
	struct fdbg_transport *transport;
	struct fdbg_error *err;
	char byte;
	size_t len;

	(void)state;
	assert_null(fdbg_transport_open("| exec cat", 1000, -1, &transport));
	expect_echo(transport);
	err = fdbg_transport_read(transport, &byte, 1, 20, &len);
	assert_true(fdbg_error_is(err, FDBG_ERROR_TIMEOUT));
	fdbg_error_destroy(err);
	fdbg_transport_destroy(transport);
	assert_null(fdbg_transport_open("| exit 3", 1000, -1, &transport));
	err = fdbg_transport_read(transport, &byte, 1, 2000, &len);
	assert_true(fdbg_error_is(err, FDBG_ERROR_GONE));
	fdbg_error_destroy(err);
	fdbg_transport_destroy(transport);
}

/* One that neither reads nor ends must not hold fdbg up. */
static void a_stubborn_command_is_ended(void **state)
{
	uint64_t start = fdbg_clock_mono_ns();
	struct fdbg_transport *transport;
	struct fdbg_error *err = NULL;
	static char much[1 << 20];

	(void)state;
	assert_null(fdbg_transport_open("| trap '' TERM; while :; do sleep 1; done", 1000, -1, &transport));
	for (int i = 0; i < 64 && !err; i++)
		err = fdbg_transport_write(transport, much, sizeof(much), 50);
	assert_true(fdbg_error_is(err, FDBG_ERROR_TIMEOUT));
	fdbg_error_destroy(err);
	fdbg_transport_destroy(transport);
	assert_true(fdbg_clock_mono_ns() - start < 10000000000u);
}

static void a_unix_socket_is_a_transport(void **state)
{
	struct sockaddr_un where = { .sun_family = AF_UNIX };
	char dir[] = "/tmp/fdbg-test-XXXXXX", address[64];
	struct fdbg_transport *transport, *other;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	uint8_t byte;
	size_t len;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(where.sun_path, sizeof(where.sun_path), "%s/s", dir);
	snprintf(address, sizeof(address), "unix:%s/s", dir);
	assert_int_equal(bind(fd, (struct sockaddr *)&where, sizeof(where)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_null(fdbg_transport_open(address, 1000, -1, &transport));
	assert_null(fdbg_transport_from_fd(accept(fd, NULL, NULL), &other));
	assert_null(fdbg_transport_write(transport, "x", 1, 100));
	assert_null(fdbg_transport_read(other, &byte, 1, 1000, &len));
	assert_int_equal(byte, 'x');
	fdbg_transport_destroy(other);
	fdbg_transport_destroy(transport);
	close(fd);
	unlink(where.sun_path);
	rmdir(dir);
}

static void a_wake_descriptor_ends_a_wait(void **state)
{
	struct fdbg_transport *transport;
	struct fdbg_error *err;
	int link[2], wake[2];
	uint8_t byte;
	size_t len;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, link), 0);
	assert_int_equal(pipe(wake), 0);
	assert_null(fdbg_transport_from_fd(link[0], &transport));
	fdbg_transport_set_wake(transport, wake[0]);
	assert_int_equal(write(wake[1], "", 1), 1);
	err = fdbg_transport_read(transport, &byte, 1, -1, &len);
	assert_true(fdbg_error_is(err, FDBG_ERROR_INTERRUPTED));
	fdbg_error_destroy(err);
	/* What is there to read comes first. */
	assert_int_equal(write(link[1], "y", 1), 1);
	assert_null(fdbg_transport_read(transport, &byte, 1, -1, &len));
	assert_int_equal(byte, 'y');
	fdbg_transport_destroy(transport);
	close(link[1]);
	close(wake[0]);
	close(wake[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(framing_survives_every_split),
		cmocka_unit_test(framing_limits_the_payload),
		cmocka_unit_test(packets_are_escaped_and_summed),
		cmocka_unit_test(numbers_are_checked),
		cmocka_unit_test(signals_are_translated),
		cmocka_unit_test(stop_replies_are_understood),
		cmocka_unit_test(an_architecture_has_its_layout),
		cmocka_unit_test(descriptions_include_each_other),
		cmocka_unit_test(descriptions_may_give_places),
		cmocka_unit_test(bad_descriptions_are_refused),
		cmocka_unit_test(a_description_has_limits),
		cmocka_unit_test(addresses_are_checked),
		cmocka_unit_test(a_command_is_a_transport),
		cmocka_unit_test(a_stubborn_command_is_ended),
		cmocka_unit_test(a_unix_socket_is_a_transport),
		cmocka_unit_test(a_wake_descriptor_ends_a_wait),
	};

	return cmocka_run_group_tests_name("gdbremote", tests, NULL, NULL);
}
