/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The stream file: checksum, container, beacons, messages, cut and growing files, samples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "stream/container.h"
#include "stream/format.h"
#include "stream/reader.h"
#include "stream/writer.h"

static char dir[] = "/tmp/fdbg-stream-XXXXXX";

static const char *in_dir(const char *name)
{
	static char paths[4][128];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static void ok(struct fdbg_error *err)
{
	if (err)
		fail_msg("%s", err->message);
}

static void expect_error(struct fdbg_error *err, enum fdbg_error_code code)
{
	assert_non_null(err);
	if (err->code != code)
		fail_msg("code %d instead of %d: %s", err->code, code, err->message);
	fdbg_error_destroy(err);
}

static uint32_t next_random(uint64_t *random)
{
	*random = *random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*random >> 33);
}

static struct fdbg_buf slurp(const char *path)
{
	struct fdbg_buf buf = { 0 };
	FILE *file = fopen(path, "rb");
	int c;

	assert_non_null(file);
	while ((c = fgetc(file)) != EOF)
		fdbg_buf_byte(&buf, (uint8_t)c);
	fclose(file);
	return buf;
}

static void spill(const char *path, const uint8_t *data, size_t len)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, len, file), len);
	fclose(file);
}

/* The definition of the checksum, bit by bit. */
static uint16_t slow_crc(uint16_t crc, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		crc ^= (uint16_t)(data[i] << 8);
		for (int bit = 0; bit < 8; bit++)
			crc = (uint16_t)(crc & 0x8000 ? crc << 1 ^ 0xC867 : crc << 1);
	}
	return crc;
}

static void crc_has_its_check_values(void **state)
{
	uint8_t data[100];
	uint64_t random = 3;

	(void)state;
	assert_int_equal(fdbg_format_crc(0xffff, (const uint8_t *)"123456789", 9), 0x4C06);
	assert_int_equal(fdbg_format_crc(0xffff, (const uint8_t *)"hello, world", 12), 0x8028);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)next_random(&random);
	for (size_t len = 0; len <= sizeof(data); len++)
		assert_int_equal(fdbg_format_crc(0x1234, data, len), slow_crc(0x1234, data, len));
}

/* --- the container --- */

struct sent {
	const char *key;
	uint64_t time_ms;
	uint8_t *payload;
	size_t len;
};

static const char *const keys[] = { "info", "event", "allocation", "z", "breakpoint", "file" };

static void send_random(const char *path, uint32_t interval, uint64_t seed, struct sent *sent, size_t n, size_t max)
{
	struct fdbg_container_writer *writer;
	uint64_t random = seed;

	ok(fdbg_container_writer_create(path, interval, &writer));
	for (size_t i = 0; i < n; i++) {
		sent[i].key = keys[next_random(&random) % 6];
		sent[i].time_ms = 1000 + next_random(&random) % 100;
		sent[i].len = next_random(&random) % 8 ? next_random(&random) % 40 : next_random(&random) % max;
		sent[i].payload = malloc(sent[i].len + 1);
		for (size_t k = 0; k < sent[i].len; k++)
			sent[i].payload[k] = (uint8_t)next_random(&random);
		ok(fdbg_container_write(writer, fdbg_text_from(sent[i].key), sent[i].time_ms, sent[i].payload,
					sent[i].len));
	}
	ok(fdbg_container_writer_finish(writer));
	expect_error(fdbg_container_write(writer, FDBG_TEXT("info"), 0, NULL, 0), FDBG_ERROR_USAGE);
	fdbg_container_writer_destroy(writer);
}

static uint64_t be(const uint8_t *bytes, size_t n)
{
	uint64_t value = 0;

	while (n--)
		value = value << 8 | *bytes++;
	return value;
}

/* What a stream amounts to after one of its messages, as the format's own writer keeps it. */
struct tally {
	char key[32];
	uint64_t sequence, time_ms;
	uint16_t running;
};

/*
 * Checks a file against the rules of stream-format.md with no help from the reader: takes the beacons out by
 * their offsets, parses what is left as messages, and then compares each beacon with the messages up to where
 * it lies.
 */
static size_t check_by_the_rules(const char *path, uint32_t interval, const struct sent *sent, size_t n_sent)
{
	struct fdbg_buf file = slurp(path), joined = { 0 };
	struct { size_t at, logical; } *beacons = calloc(file.len / 100 + 2, sizeof(*beacons));
	struct tally tallies[8] = { 0 };
	size_t n_beacons = 0, n_tallies = 0, seen = 0, rotation = 0, at, beacon = 0;
	size_t limit = (interval - 7) / 282 < 255 ? (interval - 7) / 282 / 2 : 127;
	bool eos = false;

	assert_true(file.len >= 128);
	assert_memory_equal(file.data, "Ss\x01", 3);
	assert_int_equal(be(file.data + 4 + file.data[3] + 8, 4), interval);
	assert_int_equal(file.data[127], 0x0d);
	for (at = 128; at < file.len;) {
		size_t items;

		if (at % interval) {
			fdbg_buf_byte(&joined, file.data[at++]);
			continue;
		}
		beacons[n_beacons].at = at;
		beacons[n_beacons++].logical = joined.len;
		assert_int_equal(file.data[at], 0x0d);
		items = file.data[at + 5];
		at += 6;
		while (items--)
			at += 1 + (size_t)file.data[at] + 26;
		assert_int_equal(file.data[at++], 0x0d);
	}
	for (at = 0; at < joined.len;) {
		const uint8_t *bytes = joined.data + at;
		size_t key_len = bytes[0], len = (size_t)be(bytes + 1 + key_len + 24, 4), total = 1 + key_len + 28 + len + 3;
		const uint8_t *payload = bytes + 1 + key_len + 28;
		uint16_t crc = slow_crc(0xffff, payload, len);
		size_t t = 0;

		assert_false(eos);
		assert_int_equal(be(bytes + 1 + key_len, 8), 0);
		assert_int_equal(be(payload + len, 2), crc);
		assert_int_equal(payload[len + 2], 0x0d);
		/* Streams sorted by key. */
		while (t < n_tallies && strncmp(tallies[t].key, (const char *)bytes + 1, key_len) < 0)
			t++;
		if (t == n_tallies || strlen(tallies[t].key) != key_len ||
		    memcmp(tallies[t].key, bytes + 1, key_len)) {
			memmove(&tallies[t + 1], &tallies[t], (n_tallies++ - t) * sizeof(tallies[0]));
			memset(&tallies[t], 0, sizeof(tallies[t]));
			memcpy(tallies[t].key, bytes + 1, key_len);
			tallies[t].running = 0xffff;
		}
		if (seen == n_sent) {
			eos = true;
			assert_string_equal(tallies[t].key, "SEA_STREAMER_INTERNAL");
			assert_int_equal(be(bytes + 1 + key_len + 8, 8), 0);
			assert_memory_equal(payload, "EOS", 3);
			assert_int_equal(len, 3);
			tallies[t].time_ms = be(bytes + 1 + key_len + 16, 8);
		} else {
			assert_string_equal(tallies[t].key, sent[seen].key);
			assert_int_equal(be(bytes + 1 + key_len + 8, 8), ++tallies[t].sequence);
			if (tallies[t].time_ms < sent[seen].time_ms)
				tallies[t].time_ms = sent[seen].time_ms;
			assert_int_equal(be(bytes + 1 + key_len + 16, 8), tallies[t].time_ms);
			assert_int_equal(len, sent[seen].len);
			assert_memory_equal(payload, sent[seen].payload, len);
			seen++;
		}
		tallies[t].running = slow_crc(tallies[t].running, payload + len, 2);
		/* Beacons behind the first byte of this message, up to its end. */
		for (; beacon < n_beacons && beacons[beacon].logical <= at + total; beacon++) {
			const uint8_t *b = file.data + beacons[beacon].at;
			size_t n = n_tallies < limit ? n_tallies : limit;

			if (beacons[beacon].logical == 0)
				continue; /* right behind the file header: empty */
			assert_int_equal(be(b + 1, 4), at + total - beacons[beacon].logical);
			assert_int_equal(b[5], n);
			b += 6;
			for (size_t i = 0; i < n; i++) {
				const struct tally *tally = &tallies[(rotation + i) % n_tallies];

				assert_int_equal(b[0], strlen(tally->key));
				assert_memory_equal(b + 1, tally->key, b[0]);
				b += 1 + b[0];
				assert_int_equal(be(b, 8), 0);
				assert_int_equal(be(b + 8, 8), tally->sequence);
				assert_int_equal(be(b + 16, 8), tally->time_ms);
				assert_int_equal(be(b + 24, 2), tally->running);
				b += 26;
			}
			rotation += n;
		}
		at += total;
	}
	assert_true(eos);
	assert_int_equal(seen, n_sent);
	assert_int_equal(beacon, n_beacons);
	free(beacons);
	fdbg_buf_deinit(&file);
	fdbg_buf_deinit(&joined);
	return n_beacons;
}

static struct fdbg_container_reader *open_container(const char *path)
{
	struct fdbg_container_reader *reader;

	ok(fdbg_container_reader_create(open(path, O_RDONLY), path, &reader));
	return reader;
}

static void messages_survive_any_beacon_interval(void **state)
{
	static const uint32_t intervals[] = { 128, 129, 131, 150, 200, 256, 289, 571, 600, 1024, 1135, 4096, 65536 };
	size_t at_message_end = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(intervals) / sizeof(intervals[0]); i++) {
		for (uint64_t seed = 1; seed <= 6; seed++) {
			enum { N = 150 };
			struct sent sent[N];
			const char *path = in_dir("random.ss");
			struct fdbg_container_reader *reader;
			struct fdbg_container_message message;
			uint64_t sequence[6] = { 0 };
			size_t n_beacons;

			unlink(path);
			send_random(path, intervals[i], seed * 1000 + i, sent, N, 3000);
			n_beacons = check_by_the_rules(path, intervals[i], sent, N);
			reader = open_container(path);
			assert_int_equal(fdbg_container_beacon_interval(reader), intervals[i]);
			for (size_t k = 0; k < N; k++) {
				ok(fdbg_container_peek(reader, &message));
				assert_true(fdbg_text_is(message.key, sent[k].key));
				assert_int_equal(message.payload_len, sent[k].len);
				assert_memory_equal(message.payload, sent[k].payload, sent[k].len);
				for (size_t m = 0; m < 6; m++) {
					if (fdbg_text_is(message.key, keys[m]))
						assert_int_equal(message.sequence, ++sequence[m]);
				}
				assert_false(message.eos);
				fdbg_container_advance(reader);
				at_message_end += fdbg_container_offset(reader) % intervals[i] == 0;
				free(sent[k].payload);
			}
			ok(fdbg_container_peek(reader, &message));
			assert_true(message.eos);
			fdbg_container_advance(reader);
			ok(fdbg_container_check_end(reader));
			assert_int_equal(fdbg_container_n_beacons(reader), n_beacons);
			fdbg_container_reader_destroy(reader);
		}
	}
	/* Otherwise the case of nothing remaining was not tried. */
	assert_true(at_message_end > 10);
}

static void beacons_are_checked(void **state)
{
	enum { N = 40 };
	struct sent sent[N];
	const char *path = in_dir("beacons.ss"), *bad = in_dir("bad.ss");
	struct fdbg_buf file;

	(void)state;
	send_random(path, 1024, 7, sent, N, 3000);
	file = slurp(path);
	assert_true(file.len > 1024 + 64);
	/* Every byte of the first beacon: it has an item of one stream. */
	assert_int_equal(file.data[1024 + 5], 1);
	for (size_t i = 0; i < 6u + 1 + file.data[1024 + 6] + 26 + 1; i++) {
		struct fdbg_container_reader *reader;
		struct fdbg_container_message message;
		struct fdbg_error *err;

		file.data[1024 + i] ^= 0x41;
		spill(bad, file.data, file.len);
		file.data[1024 + i] ^= 0x41;
		reader = open_container(bad);
		while (!(err = fdbg_container_peek(reader, &message)))
			fdbg_container_advance(reader);
		if (!fdbg_error_is(err, FDBG_ERROR_FORMAT) || fdbg_container_offset(reader) > 1024)
			fail_msg("byte %zu: %s", i, err->message);
		fdbg_error_destroy(err);
		fdbg_container_reader_destroy(reader);
	}
	for (size_t i = 0; i < N; i++)
		free(sent[i].payload);
	fdbg_buf_deinit(&file);
}

/* --- messages --- */

static const struct fdbg_value forty_two = {
	.kind = FDBG_VALUE_PRIM, .prim = { .prim = FDBG_PRIM_I32, .bytes = { 42 } },
};

static void write_small(const char *path, uint32_t interval)
{
	struct fdbg_writer *writer;
	struct fdbg_text arguments[] = { FDBG_TEXT("--exact"), FDBG_TEXT("a \"b\"") };
	struct fdbg_text only[] = { FDBG_TEXT("x"), FDBG_TEXT("y") };
	struct fdbg_named_value named = { .name = FDBG_TEXT("n"), .value = forty_two };
	struct fdbg_message_event event = { .kind = FDBG_EVENT_CALL, .breakpoint_id = 5, .thread_id = 77, .frame_id = 1,
					    .stack_pointer = 140737, .function = FDBG_TEXT("fib::main"),
					    .values = &named, .n_values = 1 };

	unlink(path);
	ok(fdbg_writer_create_with_interval(path, interval, &writer));
	ok(fdbg_writer_info(writer, 10, &(struct fdbg_message_info){
		.version = FDBG_TEXT("1.77.1"), .workspace_root = FDBG_TEXT("/w"), .package_name = FDBG_TEXT("app"),
		.target = FDBG_TEXT("/w/target/debug/app"), .arguments = arguments, .n_arguments = 2,
		.recorder = FDBG_TEXT("fdbg 0.1.0"), .rustc = FDBG_TEXT("1.70.0") }));
	ok(fdbg_writer_file(writer, 11, &(struct fdbg_message_file){
		.id = 1, .path = FDBG_TEXT("src/m\xc3\xa4in.rs"), .crate_name = FDBG_TEXT("app"), .modified_secs = 1,
		.modified_nanos = 2 }));
	ok(fdbg_writer_breakpoint(writer, 12, &(struct fdbg_message_breakpoint){
		.id = 5, .file_id = 1, .line = 3, .column = 5, .type = FDBG_BREAKPOINT_FUNCTION_CALL,
		.fn_name = FDBG_TEXT("main"), .capture = FDBG_CAPTURE_ARGUMENTS }));
	ok(fdbg_writer_breakpoint(writer, 12, &(struct fdbg_message_breakpoint){
		.id = 6, .file_id = 1, .line = 4, .has_end = true, .end_line = 5, .end_column = 6,
		.capture = FDBG_CAPTURE_ONLY, .only = only, .n_only = 2 }));
	ok(fdbg_writer_event(writer, 20, &event));
	event.kind = FDBG_EVENT_RETURN;
	ok(fdbg_writer_event(writer, 19, &event)); /* a clock that goes back */
	event.kind = FDBG_EVENT_FUTURE_EXIT;
	ok(fdbg_writer_event(writer, 21, &event));
	ok(fdbg_writer_allocation(writer, 22, &(struct fdbg_message_allocation){
		.action = FDBG_ALLOCATION_DROP, .address = 0x7fffffffffff, .type_name = FDBG_TEXT("a::\xff<T>") }));
	ok(fdbg_writer_info(writer, 23, &(struct fdbg_message_info){ .exit = true, .exit_code = -7 }));
	ok(fdbg_writer_finish(writer));
	fdbg_writer_destroy(writer);
}

static void expect_payload(const struct fdbg_message *message, const char *payload)
{
	if (message->payload_len != strlen(payload) || memcmp(message->payload, payload, message->payload_len))
		fail_msg("%.*s", (int)message->payload_len, (const char *)message->payload);
}

static const struct fdbg_message *next(struct fdbg_reader *reader)
{
	const struct fdbg_message *message;

	ok(fdbg_reader_next(reader, &message));
	return message;
}

static void messages_are_written_as_specified(void **state)
{
	const char *path = in_dir("messages.firedbg.ss");
	const struct fdbg_message *message;
	struct fdbg_reader *reader;

	(void)state;
	write_small(path, 300);
	ok(fdbg_reader_open(path, &reader));
	assert_true(fdbg_text_is(fdbg_reader_name(reader), "messages.firedbg.ss"));
	assert_int_equal(fdbg_reader_at_end(reader), FDBG_READER_OPEN);
	message = next(reader);
	expect_payload(message, "{\"type\":\"Debugger\",\"debugger\":\"FireDBG.for.Rust\",\"version\":\"1.77.1\","
				"\"workspace_root\":\"/w\",\"package_name\":\"app\",\"target\":\"/w/target/debug/app\","
				"\"arguments\":[\"--exact\",\"a \\\"b\\\"\"],\"recorder\":\"fdbg 0.1.0\",\"rustc\":\"1.70.0\"}");
	assert_false(message->info.exit);
	assert_int_equal(message->info.n_arguments, 2);
	assert_true(fdbg_text_is(message->info.arguments[1], "a \"b\""));
	assert_true(fdbg_text_is(message->info.rustc, "1.70.0"));
	assert_int_equal(message->info.machine.len, 0);
	assert_int_equal(message->timestamp_ms, 10);
	message = next(reader);
	expect_payload(message, "{\"id\":1,\"path\":\"src/m\xc3\xa4in.rs\",\"crate_name\":\"app\","
				"\"modified\":{\"secs_since_epoch\":1,\"nanos_since_epoch\":2}}");
	assert_int_equal(message->file.modified_nanos, 2);
	message = next(reader);
	expect_payload(message, "{\"id\":5,\"file_id\":1,\"loc\":{\"line\":3,\"column\":5},\"loc_end\":null,"
				"\"breakpoint_type\":{\"FunctionCall\":{\"fn_name\":\"main\"}},\"capture\":\"Arguments\"}");
	assert_int_equal(message->breakpoint.type, FDBG_BREAKPOINT_FUNCTION_CALL);
	assert_true(fdbg_text_is(message->breakpoint.fn_name, "main"));
	message = next(reader);
	expect_payload(message, "{\"id\":6,\"file_id\":1,\"loc\":{\"line\":4,\"column\":null},"
				"\"loc_end\":{\"line\":5,\"column\":6},\"breakpoint_type\":\"Breakpoint\","
				"\"capture\":{\"Only\":[\"x\",\"y\"]}}");
	assert_int_equal(message->breakpoint.column, 0);
	assert_int_equal(message->breakpoint.end_column, 6);
	assert_int_equal(message->breakpoint.n_only, 2);
	assert_int_equal(message->sequence, 2);
	message = next(reader);
	assert_memory_equal(message->payload, "F5 77 1 140737 \" fib::main\"\" n\"name \" i32\"# \4\0\0\0\52\0\0\0 prim ",
			    message->payload_len);
	assert_int_equal(message->event.stack_pointer, 140737);
	assert_true(fdbg_text_is(message->event.function, "fib::main"));
	assert_int_equal(message->event.n_values, 1);
	assert_int_equal(message->event.values[0].value.prim.bytes[0], 42);
	message = next(reader);
	assert_memory_equal(message->payload, "R5 77 1 \" fib::main\"\" n\"name ", 29);
	assert_int_equal(message->timestamp_ms, 20);
	message = next(reader);
	assert_memory_equal(message->payload, "BF}5 77 1 \" n\"name ", 19);
	assert_int_equal(message->event.kind, FDBG_EVENT_FUTURE_EXIT);
	message = next(reader);
	expect_payload(message, "{\"action\":\"Drop\",\"address\":140737488355327,\"type_name\":\"a::?<T>\"}");
	assert_int_equal(message->allocation.address, 0x7fffffffffff);
	message = next(reader);
	expect_payload(message, "{\"type\":\"Exit\",\"exit_code\":-7}");
	assert_int_equal(message->info.exit_code, -7);
	expect_error(fdbg_reader_next(reader, &message), FDBG_ERROR_END);
	assert_int_equal(fdbg_reader_at_end(reader), FDBG_READER_EOS);
	expect_error(fdbg_reader_next(reader, &message), FDBG_ERROR_END);
	assert_int_equal(fdbg_reader_at_end(reader), FDBG_READER_EOS);
	fdbg_reader_close(reader);
}

enum { SMALL_MESSAGES = 9 };

static void a_cut_file_gives_all_before_the_cut(void **state)
{
	const char *path = in_dir("whole.ss"), *part = in_dir("part.ss");
	uint64_t ends[SMALL_MESSAGES];
	const struct fdbg_message *message;
	struct fdbg_reader *reader;
	struct fdbg_buf file;

	(void)state;
	write_small(path, 256);
	file = slurp(path);
	ok(fdbg_reader_open(path, &reader));
	for (size_t i = 0; i < SMALL_MESSAGES; i++) {
		next(reader);
		ends[i] = fdbg_reader_offset(reader);
	}
	fdbg_reader_close(reader);
	for (size_t len = 0; len < file.len; len++) {
		size_t n = 0;

		spill(part, file.data, len);
		if (len < 128) {
			expect_error(fdbg_reader_open(part, &reader), FDBG_ERROR_END);
			continue;
		}
		ok(fdbg_reader_open(part, &reader));
		while (n < SMALL_MESSAGES && ends[n] <= len) {
			next(reader);
			n++;
		}
		for (int again = 0; again < 2; again++) {
			expect_error(fdbg_reader_next(reader, &message), FDBG_ERROR_END);
			assert_int_equal(fdbg_reader_at_end(reader), FDBG_READER_CUT);
		}
		fdbg_reader_close(reader);
	}
	/* And the other way round: something behind the end. */
	fdbg_buf_byte(&file, 'x');
	spill(part, file.data, file.len);
	ok(fdbg_reader_open(part, &reader));
	for (size_t i = 0; i < SMALL_MESSAGES; i++)
		next(reader);
	expect_error(fdbg_reader_next(reader, &message), FDBG_ERROR_FORMAT);
	assert_int_equal(fdbg_reader_at_end(reader), FDBG_READER_EOS);
	fdbg_reader_close(reader);
	fdbg_buf_deinit(&file);
}

static void a_growing_file_is_followed(void **state)
{
	const char *path = in_dir("whole.ss"), *growing = in_dir("growing.ss");
	const struct fdbg_message *message;
	struct fdbg_reader *reader;
	struct fdbg_buf file;
	size_t n = 0;
	int fd;

	(void)state;
	write_small(path, 200);
	file = slurp(path);
	fd = open(growing, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(write(fd, file.data, 128), 128);
	ok(fdbg_reader_open(growing, &reader));
	for (size_t i = 128; i < file.len; i++) {
		struct fdbg_error *err = fdbg_reader_next(reader, &message);

		if (!err)
			n++;
		else
			expect_error(err, FDBG_ERROR_END);
		assert_int_equal(fdbg_reader_at_end(reader), err ? FDBG_READER_CUT : FDBG_READER_OPEN);
		assert_int_equal(write(fd, file.data + i, 1), 1);
	}
	assert_int_equal(n, SMALL_MESSAGES);
	expect_error(fdbg_reader_next(reader, &message), FDBG_ERROR_END);
	assert_int_equal(fdbg_reader_at_end(reader), FDBG_READER_EOS);
	fdbg_reader_close(reader);
	close(fd);
	fdbg_buf_deinit(&file);
}

static void a_changed_byte_does_no_harm(void **state)
{
	const char *path = in_dir("whole.ss"), *bad = in_dir("bad.ss");
	const struct fdbg_message *message;
	struct fdbg_reader *reader;
	struct fdbg_buf file;
	uint8_t *payload;

	(void)state;
	write_small(path, 1000);
	file = slurp(path);
	payload = memmem(file.data, file.len, "fib::main", 9);
	assert_non_null(payload);
	for (size_t i = 0; i < file.len; i++) {
		struct fdbg_error *err;
		size_t n = 0;

		file.data[i] ^= 0x10;
		spill(bad, file.data, file.len);
		file.data[i] ^= 0x10;
		err = fdbg_reader_open(bad, &reader);
		if (err) {
			assert_true(i < 128);
			expect_error(err, FDBG_ERROR_FORMAT);
			continue;
		}
		while (!(err = fdbg_reader_next(reader, &message)))
			n++;
		if (file.data + i >= payload && file.data + i < payload + 9) {
			assert_int_equal(n, 4); /* the messages before that event */
			assert_int_equal(err->code, FDBG_ERROR_FORMAT);
		}
		assert_true(err->code == FDBG_ERROR_FORMAT || err->code == FDBG_ERROR_END);
		fdbg_error_destroy(err);
		fdbg_reader_close(reader);
	}
	spill(bad, (const uint8_t *)"#!/bin/sh\n", 10);
	expect_error(fdbg_reader_open(bad, &reader), FDBG_ERROR_FORMAT);
	expect_error(fdbg_reader_open(in_dir("nothing.ss"), &reader), FDBG_ERROR_NOT_FOUND);
	fdbg_buf_deinit(&file);
}

static void malformed_content_can_be_skipped(void **state)
{
	static const struct {
		const char *key, *payload;
	} bad[] = {
		{ "event", "" }, { "event", "Q1 2 3 " }, { "event", "F1 2 3 4 5 " }, { "event", "R1 2 3 \" x" },
		{ "event", "F4294967296 2 3 4 \" f\"" }, { "event", "BB1 2 3 \" x\"name " }, { "event", "BP1 2 " },
		{ "info", "{" }, { "info", "[]" }, { "info", "{\"type\":\"Exit\"}" },
		{ "info", "{\"type\":\"Exit\",\"exit_code\":2147483648}" }, { "info", "{\"type\":\"Else\",\"exit_code\":1}" },
		{ "file", "{\"id\":-1,\"path\":\"\",\"crate_name\":\"\",\"modified\":{\"secs_since_epoch\":1,\"nanos_since_epoch\":0}}" },
		{ "file", "{\"id\":1,\"path\":\"\",\"crate_name\":\"\",\"modified\":null}" },
		{ "breakpoint", "{\"id\":1,\"file_id\":1,\"loc\":{\"line\":1,\"column\":null},\"loc_end\":null,"
				"\"breakpoint_type\":\"Other\",\"capture\":\"None\"}" },
		{ "breakpoint", "{\"id\":1,\"file_id\":1,\"loc\":{\"line\":1,\"column\":null},\"loc_end\":null,"
				"\"breakpoint_type\":{\"FunctionCall\":1},\"capture\":\"None\"}" },
		{ "breakpoint", "{\"id\":1,\"file_id\":1,\"loc\":{\"line\":1,\"column\":null},\"loc_end\":null,"
				"\"breakpoint_type\":\"Breakpoint\",\"capture\":{\"Only\":[1]}}" },
		{ "allocation", "{\"action\":\"Alloc\",\"address\":99999999999999999999,\"type_name\":\"\"}" },
	};
	const char *path = in_dir("content.ss");
	const struct fdbg_message *message;
	struct fdbg_container_writer *writer;
	struct fdbg_reader *reader;

	(void)state;
	unlink(path);
	ok(fdbg_container_writer_create(path, 4096, &writer));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ok(fdbg_container_write(writer, fdbg_text_from(bad[i].key), 1, (const uint8_t *)bad[i].payload,
					strlen(bad[i].payload)));
		ok(fdbg_container_write(writer, FDBG_TEXT("own"), 1, (const uint8_t *)"\xff?", 2));
	}
	ok(fdbg_container_writer_finish(writer));
	fdbg_container_writer_destroy(writer);
	ok(fdbg_reader_open(path, &reader));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint64_t offset = fdbg_reader_offset(reader);
		char end[40];

		for (int again = 0; again < 2; again++) {
			struct fdbg_error *err = fdbg_reader_next(reader, &message);

			if (!err)
				fail_msg("%s", bad[i].payload);
			snprintf(end, sizeof(end), "at offset %llu", (unsigned long long)offset);
			assert_true(fdbg_text_ends(fdbg_text_from(err->message), end));
			expect_error(err, FDBG_ERROR_FORMAT);
			assert_int_equal(fdbg_reader_offset(reader), offset);
		}
		ok(fdbg_reader_skip(reader));
		expect_error(fdbg_reader_skip(reader), FDBG_ERROR_USAGE);
		message = next(reader);
		assert_int_equal(message->stream, FDBG_STREAM_OTHER);
		assert_int_equal(message->sequence, i + 1);
		expect_payload(message, "\xff?");
	}
	expect_error(fdbg_reader_next(reader, &message), FDBG_ERROR_END);
	assert_int_equal(fdbg_reader_at_end(reader), FDBG_READER_EOS);
	fdbg_reader_close(reader);
}

/* --- the writer and the system --- */

static void an_older_file_is_kept(void **state)
{
	const char *path = in_dir("kept.ss"), *old = in_dir("kept.ss.old");
	struct fdbg_writer *writer;
	struct fdbg_buf file;

	(void)state;
	spill(path, (const uint8_t *)"before", 6);
	ok(fdbg_writer_create(path, &writer));
	fdbg_writer_destroy(writer);
	file = slurp(old);
	assert_int_equal(file.len, 6);
	fdbg_buf_deinit(&file);
	file = slurp(path);
	assert_int_equal(file.len, 128);
	fdbg_buf_deinit(&file);
	expect_error(fdbg_writer_create(in_dir("no/such/dir.ss"), &writer), FDBG_ERROR_IO);
}

static void a_long_name_is_shortened_in_the_header(void **state)
{
	char name[221] = "", path[300];
	struct fdbg_writer *writer;
	struct fdbg_reader *reader;

	(void)state;
	for (int i = 0; i < 110; i++)
		strcat(name, "\xc3\xa4");
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	ok(fdbg_writer_create(path, &writer));
	ok(fdbg_writer_finish(writer));
	fdbg_writer_destroy(writer);
	ok(fdbg_reader_open(path, &reader));
	/* 127 - 3 - 1 - 8 - 4 bytes are there, 111, of which characters of two bytes fill 110. */
	assert_int_equal(fdbg_reader_name(reader).len, 110);
	assert_memory_equal(fdbg_reader_name(reader).data, name, 110);
	fdbg_reader_close(reader);
}

static struct fdbg_error *write_until_it_fails(struct fdbg_writer *writer, size_t *n_ret)
{
	struct fdbg_named_value named = { .name = FDBG_TEXT("n"), .value = forty_two };
	struct fdbg_message_event event = { .kind = FDBG_EVENT_BREAKPOINT, .values = &named, .n_values = 1 };
	struct fdbg_error *err = NULL;

	for (*n_ret = 0; !err && *n_ret < 100000; ++*n_ret)
		err = fdbg_writer_event(writer, 1, &event);
	return err;
}

static void a_full_disk_leaves_a_readable_prefix(void **state)
{
	const char *path = in_dir("full.ss");
	struct rlimit old, limit = { .rlim_cur = 300001, .rlim_max = RLIM_INFINITY };
	const struct fdbg_message *message;
	struct fdbg_writer *writer;
	struct fdbg_reader *reader;
	struct fdbg_error *err;
	struct stat st;
	size_t n, n_read = 0;

	(void)state;
	if (!access("/dev/full", W_OK)) {
		ok(fdbg_writer_create("/dev/full", &writer));
		err = write_until_it_fails(writer, &n);
		assert_non_null(err);
		assert_int_equal(err->errnum, ENOSPC);
		expect_error(err, FDBG_ERROR_IO);
		expect_error(fdbg_writer_tick(writer), FDBG_ERROR_IO);
		expect_error(fdbg_writer_finish(writer), FDBG_ERROR_IO);
		fdbg_writer_destroy(writer);
	}
	/* A limit on the size of files makes a short write, then an error. */
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	limit.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ok(fdbg_writer_create(path, &writer));
	err = write_until_it_fails(writer, &n);
	fdbg_writer_destroy(writer);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_non_null(err);
	assert_int_equal(err->errnum, EFBIG);
	expect_error(err, FDBG_ERROR_IO);
	stat(path, &st);
	assert_int_equal(st.st_size, 300001);
	ok(fdbg_reader_open(path, &reader));
	while (!(err = fdbg_reader_next(reader, &message)))
		n_read++;
	expect_error(err, FDBG_ERROR_END);
	assert_int_equal(fdbg_reader_at_end(reader), FDBG_READER_CUT);
	assert_true(300001 - fdbg_reader_offset(reader) < 100);
	assert_true(n_read > 1000);
	fdbg_reader_close(reader);
}

static void a_tick_writes_what_is_old(void **state)
{
	const char *path = in_dir("tick.ss");
	struct fdbg_writer *writer;
	struct stat st;

	(void)state;
	ok(fdbg_writer_create(path, &writer));
	ok(fdbg_writer_info(writer, 1, &(struct fdbg_message_info){ .exit = true }));
	ok(fdbg_writer_tick(writer));
	stat(path, &st);
	assert_int_equal(st.st_size, 0);
	usleep(600 * 1000);
	ok(fdbg_writer_tick(writer));
	stat(path, &st);
	assert_int_equal(st.st_size, fdbg_writer_size(writer));
	assert_true(st.st_size > 128);
	fdbg_writer_destroy(writer);
}

/* --- recordings of others --- */

static void samples_are_read_whole(void **state)
{
	/* Rows of the tables that FireDBG's indexer made of them; its events are B, P, F, R. */
	static const struct {
		const char *name;
		size_t n_files, n_breakpoints, n_calls, n_returns, n_hits, n_panics, n_allocations;
		int exit_code;
	} samples[] = {
		{ "bubble-code-1700244300923", 3, 16, 21, 21, 2, 0, 0, 0 },
		{ "fibonacci-test_test_fib_5-1706725623452", 2, 12, 11, 11, 4, 0, 0, 0 },
		{ "fizzbuzz-multithread-1719701961496", 2, 19, 109, 109, 53, 0, 1, 0 },
		{ "longest-common-subseq-test_test_lcs_1-1706727198456", 2, 14, 35, 35, 25, 0, 0, 0 },
		{ "mergesort-1701948406955", 3, 13, 18, 18, 6, 0, 0, 0 },
		{ "quicksort-1701936007682", 3, 13, 24, 24, 3, 0, 0, 0 },
		{ "roll_dice-1701936167104", 2, 11, 12, 11, 12, 1, 0, 101 },
		{ "sudoku-tests_test_sudoku_correct-1699519671352", 2, 15, 36, 36, 6, 0, 0, 0 },
	};
	const char *srcdir = getenv("srcdir");

	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		size_t n[FDBG_STREAM_OTHER + 1] = { 0 }, events[6] = { 0 };
		const struct fdbg_message *message;
		struct fdbg_reader *reader;
		struct fdbg_error *err;
		char path[512];
		int exit_code = -1;

		snprintf(path, sizeof(path), "%s/tests/samples/%s.firedbg.ss", srcdir ? srcdir : ".", samples[i].name);
		ok(fdbg_reader_open(path, &reader));
		assert_true(fdbg_text_starts(fdbg_reader_name(reader), samples[i].name));
		assert_int_equal(fdbg_reader_beacon_interval(reader), 1048576);
		while (!(err = fdbg_reader_next(reader, &message))) {
			n[message->stream]++;
			if (message->stream == FDBG_STREAM_EVENT)
				events[message->event.kind]++;
			if (message->stream == FDBG_STREAM_INFO && message->info.exit)
				exit_code = message->info.exit_code;
			else if (message->stream == FDBG_STREAM_INFO)
				assert_true(fdbg_text_is(message->info.debugger, "FireDBG.for.Rust"));
		}
		expect_error(err, FDBG_ERROR_END);
		assert_int_equal(fdbg_reader_at_end(reader), FDBG_READER_EOS);
		fdbg_reader_close(reader);
		assert_int_equal(n[FDBG_STREAM_INFO], 2);
		assert_int_equal(n[FDBG_STREAM_FILE], samples[i].n_files);
		assert_int_equal(n[FDBG_STREAM_BREAKPOINT], samples[i].n_breakpoints);
		assert_int_equal(n[FDBG_STREAM_ALLOCATION], samples[i].n_allocations);
		assert_int_equal(n[FDBG_STREAM_OTHER], 0);
		assert_int_equal(events[FDBG_EVENT_CALL], samples[i].n_calls);
		assert_int_equal(events[FDBG_EVENT_RETURN], samples[i].n_returns);
		assert_int_equal(events[FDBG_EVENT_BREAKPOINT], samples[i].n_hits);
		assert_int_equal(events[FDBG_EVENT_PANIC], samples[i].n_panics);
		assert_int_equal(exit_code, samples[i].exit_code);
	}
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crc_has_its_check_values),
		cmocka_unit_test(messages_survive_any_beacon_interval),
		cmocka_unit_test(beacons_are_checked),
		cmocka_unit_test(messages_are_written_as_specified),
		cmocka_unit_test(a_cut_file_gives_all_before_the_cut),
		cmocka_unit_test(a_growing_file_is_followed),
		cmocka_unit_test(a_changed_byte_does_no_harm),
		cmocka_unit_test(malformed_content_can_be_skipped),
		cmocka_unit_test(an_older_file_is_kept),
		cmocka_unit_test(a_long_name_is_shortened_in_the_header),
		cmocka_unit_test(a_full_disk_leaves_a_readable_prefix),
		cmocka_unit_test(a_tick_writes_what_is_old),
		cmocka_unit_test(samples_are_read_whole),
	};

	return cmocka_run_group_tests_name("stream", tests, make_dir, remove_dir);
}
