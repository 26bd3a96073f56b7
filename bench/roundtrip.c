/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The yardstick: how long a server needs for one bare stop/continue cycle. */

/*
 * usage: roundtrip ADDRESS HEX-ADDRESS [COUNT [ROUNDS]]
 *
 * Connects to a server whose target is stopped, sets a breakpoint at HEX-ADDRESS (code that the target will
 * reach), runs to it, and then resumes COUNT times (default 20000) with `vCont;c` while the thread stands on
 * the breakpoint. Such a resume reports the same breakpoint again without progress on every server
 * (remote-protocol.md, section 5), so each cycle is one bare `vCont;c` answered by one stop reply: the server
 * resumes and stops the thread once through ptrace, two packets travel, and nothing else is read, written or
 * emulated. That is "bare stop/continue" of section 9, the unit in which the cost of a recorded event is
 * stated. Prints for each of ROUNDS (default 5) rounds the microseconds per cycle, mean and median, and at
 * last the best median. One cycle is one write, one poll and one read, as in a session. With a server that
 * keeps acks each cycle acks too, in the write of the next request.
 *
 *   gdbserver --once :2345 ./program & roundtrip localhost:2345 401136
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "gdbremote/packet.h"
#include "gdbremote/transport.h"

#define TIMEOUT_MS 10000

struct bench {
	struct fdbg_transport *transport;
	struct fdbg_packet_decoder decoder;
	struct fdbg_buf out;
	bool acks;
};

static void die(struct fdbg_error *err)
{
	fprintf(stderr, "roundtrip: %s\n", err->message);
	exit(1);
}

/* One request in one write, and its answer. */
static void cycle(struct bench *bench, const char *request)
{
	enum fdbg_packet_event event = FDBG_PACKET_MORE;
	struct fdbg_error *err;
	size_t begin;

	fdbg_buf_clear(&bench->out);
	if (bench->acks)
		fdbg_buf_byte(&bench->out, '+');
	begin = fdbg_packet_begin(&bench->out);
	fdbg_buf_string(&bench->out, request);
	fdbg_packet_end(&bench->out, begin);
	err = fdbg_transport_write(bench->transport, bench->out.data, bench->out.len, TIMEOUT_MS);
	while (!err && event != FDBG_PACKET_REPLY) {
		size_t len, pos = 0, used;
		uint8_t in[4096];

		err = fdbg_transport_read(bench->transport, in, sizeof(in), TIMEOUT_MS, &len);
		while (!err && pos < len && event != FDBG_PACKET_REPLY) {
			event = fdbg_packet_decode(&bench->decoder, in + pos, len - pos, &used);
			pos += used;
			/* Output of the target is no answer. */
			if (event == FDBG_PACKET_REPLY && bench->decoder.payload.len > 2 &&
			    bench->decoder.payload.data[0] == 'O')
				event = FDBG_PACKET_MORE;
		}
	}
	if (err)
		die(err);
}

static bool answer_starts(struct bench *bench, const char *text)
{
	size_t len = strlen(text);

	return bench->decoder.payload.len >= len && !memcmp(bench->decoder.payload.data, text, len);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static double round_of(struct bench *bench, uint64_t *times, size_t count)
{
	uint64_t total = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t start = fdbg_clock_mono_ns();

		cycle(bench, "vCont;c");
		times[i] = fdbg_clock_mono_ns() - start;
		total += times[i];
		if (!answer_starts(bench, "T05")) {
			fprintf(stderr, "roundtrip: the target did not stop at the breakpoint again\n");
			exit(1);
		}
	}
	qsort(times, count, sizeof(*times), compare);
	printf("mean %.2f us, median %.2f us\n", (double)total / (double)count / 1000,
	       (double)times[count / 2] / 1000);
	return (double)times[count / 2] / 1000;
}

int main(int argc, char **argv)
{
	struct bench bench = { .acks = true, .decoder.limit = 1 << 20 };
	size_t count = argc > 3 ? strtoul(argv[3], NULL, 10) : 20000;
	int rounds = argc > 4 ? atoi(argv[4]) : 5;
	double best = 0;
	struct fdbg_error *err;
	uint64_t *times;
	char text[64];

	if (argc < 3 || argc > 5 || !count || rounds < 1) {
		fprintf(stderr, "usage: roundtrip ADDRESS HEX-ADDRESS [COUNT [ROUNDS]]\n");
		return 2;
	}
	times = malloc(count * sizeof(*times));
	if (!times)
		die(&fdbg_error_nomem);
	err = fdbg_transport_open(argv[1], TIMEOUT_MS, -1, &bench.transport);
	if (err)
		die(err);
	cycle(&bench, "qSupported:foo+;multiprocess+;swbreak+;vContSupported+");
	cycle(&bench, "QStartNoAckMode");
	if (answer_starts(&bench, "OK")) {
		err = fdbg_transport_write(bench.transport, "+", 1, TIMEOUT_MS);
		if (err)
			die(err);
		bench.acks = false;
	}
	cycle(&bench, "?");
	for (uint32_t kind = 1; kind <= 4; kind += 3) {
		/* 1 on x86, 4 on arm64. */
		snprintf(text, sizeof(text), "Z0,%" PRIx64 ",%u", (uint64_t)strtoull(argv[2], NULL, 16),
			 (unsigned)kind);
		cycle(&bench, text);
		if (answer_starts(&bench, "OK"))
			break;
	}
	if (!answer_starts(&bench, "OK")) {
		fprintf(stderr, "roundtrip: the server does not set a breakpoint there\n");
		return 1;
	}
	cycle(&bench, "vCont;c");
	for (int i = 0; i < rounds; i++) {
		double median = round_of(&bench, times, count);

		if (!i || median < best)
			best = median;
	}
	printf("best median %.2f us\n", best);
	fdbg_buf_clear(&bench.out);
	fdbg_buf_string(&bench.out, "$k#6b");
	err = fdbg_transport_write(bench.transport, bench.out.data, bench.out.len, TIMEOUT_MS);
	fdbg_error_destroy(err);
	fdbg_transport_destroy(bench.transport);
	fdbg_packet_decoder_deinit(&bench.decoder);
	fdbg_buf_deinit(&bench.out);
	free(times);
	return 0;
}
