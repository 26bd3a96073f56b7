/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Writes recordings of any length for tests: make_many EVENTS FILE [deep|one|wild [SEED]]. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stream/writer.h"

/*
 * By default four threads call a few functions of each other, deterministically: some fail, now and then one
 * panics; about ten events a millisecond. `deep` is one recursion, of which nothing returns; `one` has all
 * events in one millisecond; `wild` is events of all kinds in no sensible order, which no recorder would
 * write.
 */
#define T(text) FDBG_TEXT(text)

enum { N_THREADS = 4, PANIC_EVERY = 9973 };

static const uint64_t start_ms = 1767323045000;

struct maker {
	struct fdbg_writer *writer;
	uint64_t n_events, max_events;
	uint64_t frames[N_THREADS];
	bool one;
};

static void fail(struct fdbg_error *err)
{
	if (!err)
		return;
	fprintf(stderr, "make_many: %s\n", err->message);
	exit(1);
}

static struct fdbg_value number(int32_t from)
{
	struct fdbg_value value = { .kind = FDBG_VALUE_PRIM, .prim = { .prim = FDBG_PRIM_I32 } };

	for (int i = 0; i < 4; i++)
		value.prim.bytes[i] = (uint8_t)((uint32_t)from >> 8 * i);
	return value;
}

static void send(struct maker *maker, const struct fdbg_message_event *event)
{
	uint64_t ms = maker->one ? start_ms : start_ms + maker->n_events / 10;

	maker->n_events++;
	fail(fdbg_writer_event(maker->writer, ms, event));
}

static uint64_t call(struct maker *maker, unsigned int thread, uint32_t breakpoint, struct fdbg_text name,
		     const struct fdbg_named_value *values, size_t n)
{
	struct fdbg_message_event event = {
		FDBG_EVENT_CALL, breakpoint, thread + 1, ++maker->frames[thread], 0x7ffe0000, name, values, n,
	};

	send(maker, &event);
	return maker->frames[thread];
}

static void give(struct maker *maker, unsigned int thread, uint32_t breakpoint, struct fdbg_text name,
		 uint64_t frame, struct fdbg_value value)
{
	struct fdbg_named_value result = { T("return_value"), value };
	struct fdbg_message_event event = {
		FDBG_EVENT_RETURN, breakpoint, thread + 1, frame, 0, name, &result, 1,
	};

	send(maker, &event);
}

/* Ten to sixteen events. */
static void step(struct maker *maker, unsigned int thread, uint32_t i)
{
	static const struct fdbg_text variants[] = { { "Ok", 2 }, { "Err", 3 } };
	char text[64];
	int len = snprintf(text, sizeof(text), "item %u of \"many\", called k%u", i, i % 97);
	struct fdbg_field point[] = { { T("x"), number((int32_t)i) },
				      { T("y"), number(-(int32_t)(i % 10)) } };
	struct fdbg_value str = { .kind = FDBG_VALUE_STR, .str = { text, (size_t)len } };
	struct fdbg_field payload = { T("0"), i % 50 ? number((int32_t)i) : str };
	struct fdbg_value outcome = { .kind = FDBG_VALUE_VARIANT,
		.variant = { T("core::result::Result<i32, &str>"), variants, 2, i % 50 == 0, &payload, 1 } };
	struct fdbg_named_value item[] = { { T("name"), str },
		{ T("at"), { .kind = FDBG_VALUE_STRUCT, .record = { T("app::geo::Point"), point, 2 } } } };
	struct fdbg_named_value one = { T("n"), number((int32_t)(i % 1000)) };
	uint64_t outer = call(maker, thread, 6, T("app::work::process"), item, 2), inner;

	inner = call(maker, thread, 7, T("app::parse::number"), item, 1);
	give(maker, thread, 10, T("app::parse::number"), inner, outcome);
	for (uint32_t k = 0; k < 2 + i % 3; k++) {
		uint64_t frame = call(maker, thread, 8, T("app::geo::square"), &one, 1);

		give(maker, thread, 10, T("app::geo::square"), frame, number((int32_t)(i * k)));
	}
	if (i % PANIC_EVERY == 77) {
		struct fdbg_message_event panic = { FDBG_EVENT_PANIC, 1, thread + 1, 0, 0, T(""), NULL, 0 };

		inner = call(maker, thread, 9, T("app::work::check"), &one, 1);
		panic.frame_id = inner;
		send(maker, &panic);
		give(maker, thread, 1, T("app::work::check"), inner, fdbg_value_opaque(NULL));
		give(maker, thread, 1, T("app::work::process"), outer, fdbg_value_opaque(NULL));
		return;
	}
	inner = call(maker, thread, 9, T("app::work::check"), &one, 1);
	give(maker, thread, 10, T("app::work::check"), inner, number(0));
	give(maker, thread, 10, T("app::work::process"), outer, outcome);
}

/* A generator of numbers that look random, the same everywhere. */
static uint32_t random_number(uint64_t *state, uint32_t below)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33) % below;
}

/* Frames that return twice, never or in another order, ids that come again, names that end scripts. */
static void wild_event(struct maker *maker, uint64_t *state)
{
	static const struct fdbg_text names[] = { { "app::f", 6 },
						  { "app::<impl</script>>::g", 23 },
						  { "<!--<script>", 12 },
						  { "a;b \xe2\x80\xa8\xe2\x80\xa9", 10 },
						  { "", 0 },
						  { "\xff\xfe\x00\x01", 4 } };
	struct fdbg_text name = names[random_number(state, 6)];
	struct fdbg_named_value values[2] = {
		{ name, { .kind = FDBG_VALUE_STR, .str = names[random_number(state, 6)] } },
		{ name, number((int32_t)random_number(state, 100)) }
	};
	unsigned int thread = random_number(state, N_THREADS);
	uint64_t *frames = &maker->frames[thread], frame = random_number(state, (uint32_t)*frames + 3);
	struct fdbg_message_event event = {
		FDBG_EVENT_CALL, 5 + random_number(state, 5), thread + 1, frame, 0, name, values,
		random_number(state, 3),
	};

	switch (random_number(state, 8)) {
	case 0:
	case 1:
	case 2:
		event.frame_id = ++*frames;
		break;
	case 3: /* a call with an id that was there, or was left out */
		break;
	case 4:
	case 5:
		event.kind = FDBG_EVENT_RETURN;
		event.breakpoint_id = 10;
		event.n_values = 1;
		break;
	case 6:
		event.kind = FDBG_EVENT_RETURN;
		event.breakpoint_id = 1;
		event.n_values = 1;
		values[0].value = fdbg_value_opaque(NULL);
		break;
	default:
		event.kind = FDBG_EVENT_BREAKPOINT + random_number(state, 4);
		break;
	}
	send(maker, &event);
}

static void announce(struct maker *maker, uint32_t id, uint32_t file, uint32_t line,
		     enum fdbg_breakpoint_type type)
{
	struct fdbg_message_breakpoint breakpoint = { .id = id, .file_id = file, .line = line, .type = type,
		.fn_name = T("f"), .capture = FDBG_CAPTURE_ARGUMENTS };

	fail(fdbg_writer_breakpoint(maker->writer, start_ms, &breakpoint));
}

static void begin(struct maker *maker)
{
	struct fdbg_message_info info = { .version = T("1"),
					  .workspace_root = T("/home/u/app"),
					  .package_name = T("app"),
					  .target = T("/home/u/app/target/debug/app"),
					  .recorder = T("fdbg 0.1.0") };
	struct fdbg_message_file internal = { 0, T("FireDBG.Internal"), T("FireDBG.Internal"), 1, 0 };
	struct fdbg_message_file file = { 1, T("src/main.rs"), T("app"), 1, 0 };

	fail(fdbg_writer_info(maker->writer, start_ms, &info));
	fail(fdbg_writer_file(maker->writer, start_ms, &internal));
	fail(fdbg_writer_file(maker->writer, start_ms, &file));
	for (uint32_t id = 1; id <= 4; id++)
		announce(maker, id, 0, 0, FDBG_BREAKPOINT);
	for (uint32_t id = 5; id <= 9; id++)
		announce(maker, id, 1, id * 11, FDBG_BREAKPOINT_FUNCTION_CALL);
	announce(maker, 10, 1, 0, FDBG_BREAKPOINT_FUNCTION_RETURN);
}

int main(int argc, char **argv)
{
	struct maker maker = { 0 };
	struct fdbg_message_info info = { .exit = true };
	struct fdbg_named_value depth = { T("depth"), { 0 } };
	uint64_t outermost[N_THREADS];
	bool deep = argc > 3 && !strcmp(argv[3], "deep"), wild = argc > 3 && !strcmp(argv[3], "wild");
	uint64_t state = argc > 4 ? strtoull(argv[4], NULL, 10) : 0;

	if (argc < 3)
		return 2;
	maker.max_events = strtoull(argv[1], NULL, 10);
	maker.one = argc > 3 && !strcmp(argv[3], "one");
	fail(fdbg_writer_create(argv[2], &maker.writer));
	begin(&maker);
	while (wild && maker.n_events < maker.max_events)
		wild_event(&maker, &state);
	if (wild)
		goto out;
	outermost[0] = call(&maker, 0, 5, T("app::main"), NULL, 0);
	for (unsigned int thread = 1; thread < N_THREADS && !deep; thread++)
		outermost[thread] = call(&maker, thread, 5, T("app::worker"), NULL, 0);
	for (uint32_t i = 0; maker.n_events + 20 < maker.max_events; i++) {
		depth.value = number((int32_t)i);
		if (deep)
			call(&maker, 0, 6, T("app::down"), &depth, 1);
		else
			step(&maker, i % N_THREADS, i);
	}
	for (unsigned int thread = N_THREADS; !deep && thread-- > 0;)
		give(&maker, thread, 10, thread ? T("app::worker") : T("app::main"), outermost[thread],
		     (struct fdbg_value){ .kind = FDBG_VALUE_UNIT });
out:
	fail(fdbg_writer_info(maker.writer, start_ms + maker.n_events / 10, &info));
	fail(fdbg_writer_finish(maker.writer));
	fdbg_writer_destroy(maker.writer);
	return 0;
}
