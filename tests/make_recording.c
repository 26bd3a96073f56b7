/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Writes small recordings for the script tests: make_recording KIND FILE. */
#include <stdio.h>
#include <string.h>

#include "stream/writer.h"

#define T(text) FDBG_TEXT(text)

/* 2026-01-02T03:04:05.678Z */
static const uint64_t start_ms = 1767323045678;

struct maker {
	struct fdbg_writer *writer;
	struct fdbg_error *err; /* the first one */
	uint64_t time_ms;
};

static void take(struct maker *maker, struct fdbg_error *err)
{
	if (maker->err)
		fdbg_error_destroy(err);
	else
		maker->err = err;
}

static struct fdbg_value i32(int32_t number)
{
	struct fdbg_value value = { .kind = FDBG_VALUE_PRIM, .prim = { .prim = FDBG_PRIM_I32 } };

	for (int i = 0; i < 4; i++)
		value.prim.bytes[i] = (uint8_t)((uint32_t)number >> 8 * i);
	return value;
}

static struct fdbg_value unit(void)
{
	return (struct fdbg_value){ .kind = FDBG_VALUE_UNIT };
}

static void event(struct maker *maker, struct fdbg_message_event event)
{
	take(maker, fdbg_writer_event(maker->writer, maker->time_ms++, &event));
}

static void call(struct maker *maker, uint32_t breakpoint, uint64_t thread, uint64_t frame,
		 struct fdbg_text name,
		 const struct fdbg_named_value *arguments, size_t n_arguments)
{
	event(maker, (struct fdbg_message_event){ FDBG_EVENT_CALL, breakpoint, thread, frame, 0x7ffe0000,
						  name, arguments,
						  n_arguments });
}

static void give(struct maker *maker, uint32_t breakpoint, uint64_t thread, uint64_t frame,
		 struct fdbg_text name,
		 struct fdbg_value value)
{
	struct fdbg_named_value result = { T("return_value"), value };

	event(maker, (struct fdbg_message_event){ FDBG_EVENT_RETURN, breakpoint, thread, frame, 0, name,
						  &result, 1 });
}

static void happen(struct maker *maker, enum fdbg_event_kind kind, uint32_t breakpoint, uint64_t thread,
		   uint64_t frame,
		   struct fdbg_named_value *value)
{
	event(maker, (struct fdbg_message_event){ kind, breakpoint, thread, frame, 0, T(""), value, value ?
						  1 : 0 });
}

static void announce(struct maker *maker, uint32_t id, uint32_t file, uint32_t line,
		     enum fdbg_breakpoint_type type)
{
	struct fdbg_message_breakpoint breakpoint = {
		.id = id, .file_id = file, .line = line, .type = type, .fn_name = T("f"),
		.capture =
			type == FDBG_BREAKPOINT_FUNCTION_RETURN ? FDBG_CAPTURE_NONE : FDBG_CAPTURE_ARGUMENTS,
	};

	take(maker, fdbg_writer_breakpoint(maker->writer, maker->time_ms, &breakpoint));
}

/* Breakpoints 5 (line 3) and 6 (line 9) are calls, 7 is a return. */
static void begin(struct maker *maker, struct fdbg_text recorder)
{
	static const struct fdbg_text arguments[] = { { "-n", 2 }, { "a b\n", 4 } };
	struct fdbg_message_info info = {
		.version = T("1"), .workspace_root = T("/home/u/app"), .package_name = T("app"),
		.target = T("/home/u/app/target/debug/app"), .arguments = arguments, .n_arguments = 2,
			.recorder = recorder,
	};
	struct fdbg_message_file internal = { 0, T("FireDBG.Internal"), T("FireDBG.Internal"), 1, 0 };
	struct fdbg_message_file file = { 1, T("src/main.rs"), T("app"), 1, 0 };

	take(maker, fdbg_writer_info(maker->writer, maker->time_ms, &info));
	take(maker, fdbg_writer_file(maker->writer, maker->time_ms, &internal));
	take(maker, fdbg_writer_file(maker->writer, maker->time_ms, &file));
	for (uint32_t id = 1; id <= 4; id++)
		announce(maker, id, 0, 0, FDBG_BREAKPOINT);
	announce(maker, 5, 1, 3, FDBG_BREAKPOINT_FUNCTION_CALL);
	announce(maker, 6, 1, 9, FDBG_BREAKPOINT_FUNCTION_CALL);
	announce(maker, 7, 1, 0, FDBG_BREAKPOINT_FUNCTION_RETURN);
}

static void finish(struct maker *maker, int32_t exit_code)
{
	struct fdbg_message_info info = { .exit = true, .exit_code = exit_code };

	take(maker, fdbg_writer_info(maker->writer, maker->time_ms, &info));
	take(maker, fdbg_writer_finish(maker->writer));
}

/* Two threads, of which one panics and catches it, one ends inside a call. */
static void make_tree(struct maker *maker)
{
	struct fdbg_value err_variant, items[2] = { i32(1), i32(2) };
	static const struct fdbg_text result[] = { { "Ok", 2 }, { "Err", 3 } };
	struct fdbg_field payload = { T("0"), { .kind = FDBG_VALUE_STR, .str = T("bad \"x\"") } };
	struct fdbg_named_value ab[] = { { T("a"), i32(1) }, { T("b"), i32(2) } };
	struct fdbg_named_value lost[] = { { T("x"), fdbg_value_opaque("y") }, { T("y"),
			fdbg_value_optimized_out() } };
	struct fdbg_named_value dbg = { T("a + b"), i32(3) }, list;
	struct fdbg_named_value future = { T("fn"), { .kind = FDBG_VALUE_STR, .str = T("app::fetch") } };
	struct fdbg_message_allocation heap = {
		.action = FDBG_ALLOCATION_ALLOC, .address = 0x55550000, .type_name = T("app::Node"),
	};

	err_variant = (struct fdbg_value){ .kind = FDBG_VALUE_VARIANT,
		.variant = { T("core::result::Result<(), &str>"), result, 2, 1, &payload, 1 } };
	list = (struct fdbg_named_value){ T("list"), { .kind = FDBG_VALUE_ARRAY, .array =
						       { FDBG_ARRAY_VEC, items, 2 } } };
	begin(maker, T("fdbg 0.1.0"));
	call(maker, 5, 7, 1, T("app::main"), NULL, 0);
	call(maker, 6, 7, 2, T("app::add"), ab, 2);
	happen(maker, FDBG_EVENT_BREAKPOINT, 2, 7, 2, &dbg);
	give(maker, 7, 7, 2, T("app::add"), i32(3));
	take(maker, fdbg_writer_allocation(maker->writer, maker->time_ms, &heap));
	call(maker, 5, 8, 1, T("app::worker"), &list, 1);
	call(maker, 6, 7, 3, T("app::risky"), lost, 2);
	call(maker, 6, 7, 4, T("app::inner::boom"), NULL, 0);
	happen(maker, FDBG_EVENT_PANIC, 1, 7, 4, NULL);
	/* Runs while the stack unwinds, and its value cannot be read. */
	call(maker, 6, 7, 5, T("<app::Guard as core::ops::drop::Drop>::drop"), NULL, 0);
	give(maker, 7, 7, 5, T("<app::Guard as core::ops::drop::Drop>::drop"), fdbg_value_opaque("z"));
	give(maker, 1, 7, 4, T("app::inner::boom"), fdbg_value_opaque(NULL));
	give(maker, 1, 7, 3, T("app::risky"), fdbg_value_opaque(NULL));
	call(maker, 6, 7, 6, T("app::inner::check"), NULL, 0);
	happen(maker, FDBG_EVENT_FUTURE_ENTER, 2, 7, 6, &future);
	happen(maker, FDBG_EVENT_FUTURE_EXIT, 2, 7, 6, &future);
	give(maker, 7, 7, 6, T("app::inner::check"), err_variant);
	call(maker, 6, 8, 2, T("app::add"), ab, 2);
	give(maker, 7, 7, 1, T("app::main"), unit());
	finish(maker, 0);
}

/* A recording of another tool, without marks on unwound frames. */
static void make_foreign(struct maker *maker)
{
	begin(maker, T(""));
	call(maker, 5, 1, 1, T("app::main"), NULL, 0);
	call(maker, 6, 1, 2, T("app::quiet"), NULL, 0);
	give(maker, 7, 1, 2, T("app::quiet"), fdbg_value_opaque(NULL));
	call(maker, 6, 1, 3, T("app::outer"), NULL, 0);
	call(maker, 6, 1, 4, T("app::boom"), NULL, 0);
	happen(maker, FDBG_EVENT_PANIC, 1, 1, 4, NULL);
	call(maker, 6, 1, 5, T("app::drop"), NULL, 0);
	give(maker, 7, 1, 5, T("app::drop"), fdbg_value_opaque(NULL));
	give(maker, 7, 1, 4, T("app::boom"), fdbg_value_opaque(NULL));
	give(maker, 7, 1, 3, T("app::outer"), i32(0));
	call(maker, 6, 1, 6, T("app::quiet"), NULL, 0);
	give(maker, 7, 1, 6, T("app::quiet"), fdbg_value_opaque(NULL));
	give(maker, 7, 1, 1, T("app::main"), fdbg_value_opaque(NULL));
	finish(maker, 0);
}

/* Calls that were left without their return, at the end of what they called and above a call that returns. */
static void make_lost(struct maker *maker)
{
	begin(maker, T("fdbg 0.1.0"));
	call(maker, 5, 7, 1, T("app::main"), NULL, 0);
	call(maker, 6, 7, 2, T("app::odd"), NULL, 0);
	call(maker, 6, 7, 3, T("app::inner"), NULL, 0);
	give(maker, 7, 7, 3, T("app::inner"), i32(1));
	give(maker, 6, 7, 2, T("app::odd"), fdbg_value_opaque(NULL));
	call(maker, 6, 7, 4, T("app::odd"), NULL, 0);
	give(maker, 7, 7, 4, T("app::odd"), i32(2));
	give(maker, 5, 7, 1, T("app::main"), fdbg_value_opaque(NULL));
	finish(maker, 0);
}

/* Names that would drive a terminal. */
static void make_hostile(struct maker *maker)
{
	struct fdbg_field field = { T("f\033[2J"), i32(1) };
	struct fdbg_named_value argument = { T("a\033]0;x\007"),
		{ .kind = FDBG_VALUE_STRUCT, .record = { T("app::S\r\n"), &field, 1 } } };

	begin(maker, T("fdbg 0.1.0"));
	call(maker, 5, 1, 1, T("app::\033[31mred\nline"), &argument, 1);
	finish(maker, 0);
}

/* Floats of which each notation has a point or an exponent. */
static void make_floats(struct maker *maker)
{
	static const double numbers[] = { 0.1, 1e-7, 2.5 };
	struct fdbg_named_value values[3];

	begin(maker, T("fdbg test"));
	for (size_t i = 0; i < 3; i++) {
		values[i] = (struct fdbg_named_value){ T("x"), { .kind = FDBG_VALUE_PRIM,
								 .prim = { .prim = FDBG_PRIM_F64 } } };
		memcpy(values[i].value.prim.bytes, &numbers[i], sizeof(numbers[i]));
	}
	call(maker, 5, 7, 1, T("app::floats"), values, 3);
	finish(maker, 0);
}

static bool make_fault(struct maker *maker, const char *kind)
{
	struct fdbg_message_file file = { 3, T("src/lib.rs"), T("app"), 1, 0 };

	begin(maker, T("fdbg 0.1.0"));
	call(maker, 5, 1, 1, T("app::main"), NULL, 0);
	if (!strcmp(kind, "no-call")) {
		give(maker, 7, 1, 2, T("app::f"), unit());
	} else if (!strcmp(kind, "not-top")) {
		call(maker, 6, 1, 2, T("app::f"), NULL, 0);
		give(maker, 7, 1, 1, T("app::main"), unit());
	} else if (!strcmp(kind, "other-name")) {
		give(maker, 7, 1, 1, T("app::f"), unit());
	} else if (!strcmp(kind, "frame-again")) {
		call(maker, 6, 1, 1, T("app::f"), NULL, 0);
	} else if (!strcmp(kind, "frame-gap")) {
		call(maker, 6, 1, 3, T("app::f"), NULL, 0);
	} else if (!strcmp(kind, "not-innermost")) {
		happen(maker, FDBG_EVENT_PANIC, 1, 1, 9, NULL);
	} else if (!strcmp(kind, "unannounced")) {
		call(maker, 99, 1, 2, T("app::f"), NULL, 0);
	} else if (!strcmp(kind, "file-gap")) {
		take(maker, fdbg_writer_file(maker->writer, maker->time_ms, &file));
	} else if (!strcmp(kind, "breakpoint-file")) {
		announce(maker, 8, 5, 1, FDBG_BREAKPOINT_FUNCTION_CALL);
	} else if (!strcmp(kind, "breakpoint-again")) {
		announce(maker, 7, 1, 1, FDBG_BREAKPOINT_FUNCTION_CALL);
	} else if (!strcmp(kind, "exit-twice")) {
		struct fdbg_message_info info = { .exit = true };

		take(maker, fdbg_writer_info(maker->writer, maker->time_ms, &info));
	} else {
		return false;
	}
	finish(maker, 0);
	return true;
}

int main(int argc, char **argv)
{
	struct maker maker = { .time_ms = start_ms };
	bool known = true;

	if (argc != 3)
		return 2;
	maker.err = fdbg_writer_create(argv[2], &maker.writer);
	if (!maker.err) {
		if (!strcmp(argv[1], "tree"))
			make_tree(&maker);
		else if (!strcmp(argv[1], "foreign"))
			make_foreign(&maker);
		else if (!strcmp(argv[1], "hostile"))
			make_hostile(&maker);
		else if (!strcmp(argv[1], "lost"))
			make_lost(&maker);
		else if (!strcmp(argv[1], "floats"))
			make_floats(&maker);
		else
			known = make_fault(&maker, argv[1]);
		fdbg_writer_destroy(maker.writer);
	}
	if (maker.err)
		fprintf(stderr, "make_recording: %s\n", maker.err->message);
	fdbg_error_destroy(maker.err);
	return !known ? 2 : maker.err ? 1 : 0;
}
