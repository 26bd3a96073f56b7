/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Writes a large recording for measurements of the reading commands: events N FILE [SEED]. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "stream/writer.h"

#define T(text) FDBG_TEXT(text)

enum { N_THREADS = 4, MAX_DEPTH = 24, N_FUNCTIONS = 40 };

struct thread {
	uint64_t id, last_frame;
	size_t depth;
	struct {
		uint64_t id;
		uint32_t function;
	} stack[MAX_DEPTH];
};

struct maker {
	struct fdbg_writer *writer;
	uint64_t time_us, random;
	struct thread threads[N_THREADS];
	char names[N_FUNCTIONS][48];
};

/* xorshift64: the same recording for the same seed. */
static uint32_t next(struct maker *maker)
{
	maker->random ^= maker->random << 13;
	maker->random ^= maker->random >> 7;
	maker->random ^= maker->random << 17;
	return (uint32_t)(maker->random >> 16);
}

static struct fdbg_value number(enum fdbg_prim prim, uint32_t value)
{
	struct fdbg_value number = { .kind = FDBG_VALUE_PRIM, .prim = { .prim = prim } };

	for (int i = 0; i < 4; i++)
		number.prim.bytes[i] = (uint8_t)(value >> 8 * i);
	return number;
}

static struct fdbg_error *call(struct maker *maker, struct thread *thread)
{
	uint32_t function = next(maker) % N_FUNCTIONS;
	struct fdbg_field point[] = { { T("x"), number(FDBG_PRIM_I32, next(maker) % 1000) },
				      { T("y"), number(FDBG_PRIM_I32, next(maker) % 1000) } };
	struct fdbg_value pointed = { .kind = FDBG_VALUE_STRUCT, .record = { T("app::Point"), point, 2 } };
	const struct fdbg_named_value arguments[] = {
		{ T("p"), { .kind = FDBG_VALUE_REF, .ref = { FDBG_REF_REF, 0x7ffe00001000, &pointed } } },
		{ T("name"), { .kind = FDBG_VALUE_STR, .str = T("a short text") } },
		{ T("n"), number(FDBG_PRIM_U64, next(maker)) },
	};
	struct fdbg_message_event event = {
		.kind = FDBG_EVENT_CALL, .breakpoint_id = 5 + function, .thread_id = thread->id,
		.frame_id = ++thread->last_frame, .stack_pointer = 0x7ffe00000000 - thread->depth * 256,
		.function = fdbg_text_from(maker->names[function]), .values = arguments,
		.n_values = function % 4,
	};

	thread->stack[thread->depth].id = event.frame_id;
	thread->stack[thread->depth++].function = function;
	return fdbg_writer_event(maker->writer, maker->time_us / 1000, &event);
}

static struct fdbg_error *give(struct maker *maker, struct thread *thread)
{
	static const struct fdbg_text variants[] = { { "Ok", 2 }, { "Err", 3 } };
	uint64_t id = thread->stack[--thread->depth].id;
	uint32_t function = thread->stack[thread->depth].function;
	struct fdbg_field payload = { T("0"), number(FDBG_PRIM_I32, next(maker) % 100) };
	struct fdbg_named_value value = { T("return_value"), payload.value };
	struct fdbg_message_event event = {
		.kind = FDBG_EVENT_RETURN, .breakpoint_id = 5 + N_FUNCTIONS, .thread_id = thread->id,
		.frame_id = id, .function = fdbg_text_from(maker->names[function]), .values = &value,
		.n_values = 1,
	};

	if (function % 3 == 0)
		value.value = (struct fdbg_value){ .kind = FDBG_VALUE_VARIANT, .variant = {
			T("core::result::Result<i32, i32>"), variants, 2, next(maker) % 50 == 0, &payload, 1 } };
	return fdbg_writer_event(maker->writer, maker->time_us / 1000, &event);
}

static struct fdbg_error *begin(struct maker *maker)
{
	struct fdbg_message_info info = {
		.version = T("1"), .workspace_root = T("/src/app"), .package_name = T("app"),
		.target = T("/src/app/target/debug/app"), .recorder = T("fdbg bench"),
	};
	const struct fdbg_message_file files[] = { { 0, T("FireDBG.Internal"), T("FireDBG.Internal"), 1, 0 },
						   { 1, T("src/main.rs"), T("app"), 1, 0 } };
	struct fdbg_error *err = fdbg_writer_info(maker->writer, maker->time_us / 1000, &info);

	for (size_t i = 0; i < 2 && !err; i++)
		err = fdbg_writer_file(maker->writer, maker->time_us / 1000, &files[i]);
	for (uint32_t id = 1; id <= 5 + N_FUNCTIONS && !err; id++) {
		bool is_call = id >= 5 && id < 5 + N_FUNCTIONS;
		struct fdbg_message_breakpoint breakpoint = {
			.id = id, .file_id = id >= 5, .line = is_call ? id * 10 : 0,
			.type = is_call ? FDBG_BREAKPOINT_FUNCTION_CALL :
				id > 5 ? FDBG_BREAKPOINT_FUNCTION_RETURN : FDBG_BREAKPOINT,
			.fn_name = T("f"), .capture = FDBG_CAPTURE_ARGUMENTS,
		};

		err = fdbg_writer_breakpoint(maker->writer, maker->time_us / 1000, &breakpoint);
	}
	return err;
}

static struct fdbg_error *make(struct maker *maker, uint64_t n)
{
	const struct fdbg_message_info exit = { .exit = true };
	struct fdbg_error *err = begin(maker);

	for (size_t i = 0; i < N_THREADS; i++)
		maker->threads[i].id = 1000 + i;
	for (uint32_t i = 0; i < N_FUNCTIONS; i++)
		snprintf(maker->names[i], sizeof(maker->names[i]), "app::part%u::function_%u", i % 7, i);
	for (uint64_t i = 0; i < n && !err; i++) {
		struct thread *thread = &maker->threads[next(maker) % 16 ? 0 : next(maker) % N_THREADS];
		bool up = thread->depth == MAX_DEPTH || (thread->depth && next(maker) % 2);

		maker->time_us += 20;
		err = up ? give(maker, thread) : call(maker, thread);
	}
	if (!err)
		err = fdbg_writer_info(maker->writer, maker->time_us / 1000, &exit);
	return err ? err : fdbg_writer_finish(maker->writer);
}

int main(int argc, char **argv)
{
	struct maker maker = { .time_us = 1767323045678000, .random = 88172645463325252 };
	struct fdbg_error *err;

	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: events N FILE [SEED]\n");
		return 2;
	}
	if (argc == 4)
		maker.random ^= strtoull(argv[3], NULL, 10) * 0x9e3779b97f4a7c15;
	err = fdbg_writer_create(argv[2], &maker.writer);
	if (!err)
		err = make(&maker, strtoull(argv[1], NULL, 10));
	fdbg_writer_destroy(maker.writer);
	if (!err)
		return 0;
	fprintf(stderr, "events: %s\n", err->message);
	fdbg_error_destroy(err);
	return 1;
}
