/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Heap allocations: calls in code, owners from the functions around, messages, the report. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <elf.h>

#include "arch/arch.h"
#include "report/heap.h"
#include "stream/writer.h"
#include "trace/heap.h"

#define T(text) FDBG_TEXT(text)
#define BASE UINT64_C(0x401000)

/* ---- branches ---- */

struct branches {
	size_t n;
	struct fdbg_branch list[16];
};

static void note_branch(void *context, const struct fdbg_branch *branch)
{
	struct branches *branches = context;

	assert_true(branches->n < 16);
	branches->list[branches->n++] = *branch;
}

static void check_branch(const struct fdbg_branch *got, enum fdbg_branch_kind kind, uint64_t at, uint64_t next, uint64_t target,
			 bool slot, bool by_register)
{
	assert_int_equal(got->kind, kind);
	assert_int_equal(got->address, BASE + at);
	assert_int_equal(got->next, BASE + next);
	assert_int_equal(got->target, target);
	assert_int_equal(got->slot, slot);
	assert_int_equal(got->reg != FDBG_ARCH_NO_REG, by_register);
}

static void x86_64_branches(void **state)
{
	/* call +0x100; call [rip+0x20]; mov r14, [rip+0x10]; call r14; lea rbx, [rip+8]; je +2; jmp rbx; jmp -0x10 */
	static const uint8_t bytes[] = {
		0xe8, 0x00, 0x01, 0x00, 0x00, 0xff, 0x15, 0x20, 0x00, 0x00, 0x00, 0x4c, 0x8b, 0x35, 0x10, 0x00, 0x00, 0x00,
		0x41, 0xff, 0xd6, 0x48, 0x8d, 0x1d, 0x08, 0x00, 0x00, 0x00, 0x74, 0x02, 0xff, 0xe3, 0xe9, 0xf0, 0xff, 0xff, 0xff,
	};
	const struct fdbg_arch *arch = fdbg_arch_for_machine(EM_X86_64);
	struct fdbg_code code = { bytes, BASE, sizeof(bytes) };
	struct branches got = { 0 };

	(void)state;
	arch->find_branches(&code, note_branch, &got);
	assert_int_equal(got.n, 8);
	check_branch(&got.list[0], FDBG_BRANCH_CALL, 0, 5, BASE + 0x105, false, false);
	check_branch(&got.list[1], FDBG_BRANCH_CALL, 5, 11, BASE + 11 + 0x20, true, false);
	check_branch(&got.list[2], FDBG_BRANCH_LOAD, 11, 18, BASE + 18 + 0x10, true, true);
	check_branch(&got.list[3], FDBG_BRANCH_CALL, 18, 21, 0, false, true);
	assert_int_equal(got.list[2].reg, got.list[3].reg);
	assert_string_equal(arch->regs[got.list[2].reg].name, "r14");
	check_branch(&got.list[4], FDBG_BRANCH_LOAD, 21, 28, BASE + 28 + 8, false, true);
	assert_string_equal(arch->regs[got.list[4].reg].name, "rbx");
	check_branch(&got.list[5], FDBG_BRANCH_CONDITIONAL_JUMP, 28, 30, BASE + 32, false, false);
	check_branch(&got.list[6], FDBG_BRANCH_JUMP, 30, 32, 0, false, true);
	check_branch(&got.list[7], FDBG_BRANCH_JUMP, 32, 37, BASE + 37 - 0x10, false, false);
}

static void aarch64_branches(void **state)
{
	/* bl +0x100; b -4; cbz x0, +8; blr x1 */
	static const uint8_t bytes[] = {
		0x40, 0x00, 0x00, 0x94, 0xff, 0xff, 0xff, 0x17, 0x40, 0x00, 0x00, 0xb4, 0x20, 0x00, 0x3f, 0xd6,
	};
	const struct fdbg_arch *arch = fdbg_arch_for_machine(EM_AARCH64);
	struct fdbg_code code = { bytes, BASE, sizeof(bytes) };
	struct branches got = { 0 };

	(void)state;
	arch->find_branches(&code, note_branch, &got);
	assert_int_equal(got.n, 4);
	check_branch(&got.list[0], FDBG_BRANCH_CALL, 0, 4, BASE + 0x100, false, false);
	check_branch(&got.list[1], FDBG_BRANCH_JUMP, 4, 8, BASE, false, false);
	check_branch(&got.list[2], FDBG_BRANCH_CONDITIONAL_JUMP, 8, 12, BASE + 16, false, false);
	check_branch(&got.list[3], FDBG_BRANCH_CALL, 12, 16, 0, false, false);
}

struct wish {
	uint64_t target;
	bool slot;
	size_t n;
	uint64_t found[8];
};

static bool is_wish(void *context, uint64_t target, bool slot)
{
	const struct wish *wish = context;

	return target == wish->target && slot == wish->slot;
}

static void note_wish(void *context, uint64_t address)
{
	struct wish *wish = context;

	assert_true(wish->n < 8);
	wish->found[wish->n++] = address;
}

/* Whatever find_branches sees go to a target, the quick look sees as well; it may see more. */
static void the_quick_look_misses_nothing(void **state)
{
	static const uint16_t machines[] = { EM_X86_64, EM_AARCH64 };
	uint8_t bytes[4096];
	uint32_t random = 12345;

	(void)state;
	for (size_t m = 0; m < 2; m++) {
		const struct fdbg_arch *arch = fdbg_arch_for_machine(machines[m]);

		for (int round = 0; round < 400; round++) {
			struct fdbg_code code = { bytes, BASE, 16 };
			struct branches got = { 0 };

			for (size_t i = 0; i < code.size; i++)
				bytes[i] = (uint8_t)((random = random * 1103515245 + 12345) >> 16);
			/* Make branches likely. */
			if (machines[m] == EM_X86_64)
				bytes[0] = (uint8_t[]){ 0xe8, 0xe9, 0xff, 0x0f, 0x48 }[round % 5];
			if (machines[m] == EM_X86_64 && round % 5 >= 2)
				bytes[1] = (uint8_t[]){ 0x15, 0x84, 0x8d }[round % 5 - 2];
			if (machines[m] == EM_AARCH64)
				bytes[3] = round % 2 ? 0x94 : 0x17;
			arch->find_branches(&code, note_branch, &got);
			for (size_t i = 0; i < got.n; i++) {
				struct wish wish = { .target = got.list[i].target, .slot = got.list[i].slot };
				bool seen = false;

				/* Short and conditional jumps of aarch64 do not leave their function. */
				if (!wish.target || got.list[i].next - got.list[i].address < 4 ||
				    (machines[m] == EM_AARCH64 && got.list[i].kind == FDBG_BRANCH_CONDITIONAL_JUMP) ||
				    (got.list[i].kind != FDBG_BRANCH_CALL && !wish.slot && machines[m] == EM_X86_64 &&
				     got.list[i].next - got.list[i].address > 7))
					continue;
				arch->scan_branches(&code, is_wish, note_wish, &wish);
				for (size_t k = 0; k < wish.n; k++)
					/* Prefixes stand before what the quick look knows. */
					seen |= wish.found[k] >= got.list[i].address && wish.found[k] < got.list[i].next;
				assert_true(seen);
			}
		}
	}
}

/* ---- owners ---- */

static const struct fdbg_unit unit = { .rust = true, .has_types = true, .rustc_major = 1, .rustc_minor = 95 };

static struct fdbg_type types[] = {
	{ .kind = FDBG_TYPE_STRUCT, .name = { "app::Node", 9 }, .size = 24, .align = 8 },
	{ .kind = FDBG_TYPE_BASE, .name = { "u8", 2 }, .size = 1, .align = 1 },
	{ .kind = FDBG_TYPE_STRUCT, .name = { "alloc::rc::RcInner<app::Node>", 29 }, .size = 40, .align = 8 },
	{ .kind = FDBG_TYPE_BASE, .name = { "u16", 3 }, .size = 2, .align = 2 },
};
enum { NODE, BYTE, COUNTED_NODE, SHORT };

static struct fdbg_inline_frame frame(const char *path, const char *name, struct fdbg_template_param *param, int type)
{
	struct fdbg_inline_frame frame = { .unit = &unit, .path = fdbg_text_from(path), .name = fdbg_text_from(name) };

	if (type >= 0) {
		*param = (struct fdbg_template_param){ T("T"), { .type = &types[type], .die = 1 } };
		frame.params = param;
		frame.n_params = 1;
	}
	return frame;
}

struct look {
	const char *path, *name;
	int type;
};

static struct fdbg_heap_origin search(struct fdbg_arena *arena, const struct look *looks, size_t n)
{
	struct fdbg_heap_search search = { .arena = arena };
	struct fdbg_inline_frame frames[8];
	struct fdbg_template_param params[8];

	assert_true(n <= 8);
	for (size_t i = 0; i < n; i++)
		frames[i] = frame(looks[i].path, looks[i].name, &params[i], looks[i].type);
	fdbg_heap_search_frames(&search, frames, n);
	assert_false(search.nomem);
	return search.origin;
}

static void check_owner(const struct look *looks, size_t n, enum fdbg_allocation_kind kind, const char *name)
{
	struct fdbg_arena arena = { 0 };
	struct fdbg_heap_origin origin = search(&arena, looks, n);

	if (origin.owner.kind != kind || !fdbg_text_is(origin.owner.type_name, name))
		print_error("%d %.*s, not %d %s\n", origin.owner.kind, (int)origin.owner.type_name.len,
			    origin.owner.type_name.data, kind, name);
	assert_int_equal(origin.owner.kind, kind);
	assert_true(fdbg_text_is(origin.owner.type_name, name));
	fdbg_arena_deinit(&arena);
}
#define CHECK_OWNER(kind, name, ...) \
	check_owner((const struct look[]){ __VA_ARGS__ }, sizeof((const struct look[]){ __VA_ARGS__ }) / sizeof(struct look), kind, name)

static void owners(void **state)
{
	(void)state;
	CHECK_OWNER(FDBG_ALLOCATION_BOX, "app::Node",
		    { "alloc::alloc::alloc", "alloc", -1 }, { "alloc::boxed::{impl#0}::new<app::Node>", "new<app::Node>", NODE },
		    { "app::main", "main", -1 });
	/* rustc describes a slice as what it consists of; the name tells. */
	CHECK_OWNER(FDBG_ALLOCATION_BOX, "[u8]",
		    { "alloc::boxed::{impl#3}::try_clone_from_ref_in<[u8]>", "try_clone_from_ref_in<[u8]>", BYTE });
	CHECK_OWNER(FDBG_ALLOCATION_RC, "alloc::rc::RcInner<app::Node>",
		    { "alloc::boxed::{impl#0}::new<alloc::rc::RcInner<app::Node>>", "new<alloc::rc::RcInner<app::Node>>", COUNTED_NODE },
		    { "alloc::rc::{impl#0}::new<app::Node>", "new<app::Node>", NODE });
	CHECK_OWNER(FDBG_ALLOCATION_ARC, "alloc::sync::ArcInner<[u16]>",
		    { "alloc::sync::{impl#9}::allocate_for_slice_in::{closure#0}<u16>", "{closure#0}<u16>", SHORT });
	CHECK_OWNER(FDBG_ALLOCATION_CONTAINER, "alloc::vec::Vec<u16>",
		    { "alloc::raw_vec::{impl#1}::with_capacity_in<u16>", "with_capacity_in<u16>", SHORT },
		    { "alloc::vec::{impl#0}::with_capacity<u16>", "with_capacity<u16>", SHORT }, { "app::main", "main", -1 });
	CHECK_OWNER(FDBG_ALLOCATION_CONTAINER, "alloc::collections::binary_heap::BinaryHeap<u16>",
		    { "alloc::raw_vec::{impl#1}::grow_one<u16>", "grow_one<u16>", SHORT },
		    { "alloc::vec::{impl#0}::push<u16>", "push<u16>", SHORT },
		    { "alloc::collections::binary_heap::{impl#2}::push<u16>", "push<u16>", SHORT });
	CHECK_OWNER(FDBG_ALLOCATION_CONTAINER, "alloc::string::String",
		    { "alloc::raw_vec::{impl#1}::grow_one<u8>", "grow_one<u8>", BYTE },
		    { "alloc::vec::{impl#0}::extend<u8>", "extend<u8>", BYTE }, { "alloc::string::{impl#2}::push_str", "push_str", -1 });
	/* What is in a container asks for itself. */
	CHECK_OWNER(FDBG_ALLOCATION_BOX, "app::Node",
		    { "alloc::boxed::{impl#0}::new<app::Node>", "new<app::Node>", NODE },
		    { "alloc::boxed::{impl#9}::clone<app::Node>", "clone<app::Node>", NODE },
		    { "alloc::vec::{impl#0}::clone<u16>", "clone<u16>", SHORT });
	/* The program's own function ends the search. */
	CHECK_OWNER(FDBG_ALLOCATION_UNKNOWN, "?",
		    { "alloc::alloc::alloc", "alloc", -1 }, { "app::raw", "raw", -1 },
		    { "alloc::boxed::{impl#0}::new<app::Node>", "new<app::Node>", NODE });
}

static void places_and_sizes(void **state)
{
	static const struct look looks[] = {
		{ "alloc::boxed::{impl#0}::new<app::Node>", "new<app::Node>", NODE }, { "app::deep::make", "make", -1 }, { "app::main", "main", -1 },
	};
	struct fdbg_arena arena = { 0 };
	struct fdbg_heap_origin origin = search(&arena, looks, 3);

	(void)state;
	assert_true(fdbg_text_is(origin.place.function, "app::deep::make"));
	assert_true(origin.owner.sized);
	assert_int_equal(origin.owner.size, 24);
	assert_int_equal(origin.owner.align, 8);
	fdbg_arena_deinit(&arena);
}

/* ---- the report ---- */

struct made {
	char path[64];
	struct fdbg_writer *writer;
	uint64_t time_ms;
};

static void begin(struct made *made)
{
	struct fdbg_message_info info = { .version = T("1"), .workspace_root = T("/w"), .package_name = T("app"), .target = T("app") };
	int fd;

	strcpy(made->path, "/tmp/fdbg-heap-XXXXXX");
	fd = mkstemp(made->path);
	assert_true(fd >= 0);
	close(fd);
	made->time_ms = 1700000000000;
	assert_null(fdbg_writer_create(made->path, &made->writer));
	assert_null(fdbg_writer_info(made->writer, made->time_ms, &info));
}

static void put(struct made *made, enum fdbg_allocation_action action, uint64_t address, uint64_t size, const char *type,
		const char *function, uint32_t line)
{
	struct fdbg_message_allocation message = {
		.action = action, .address = address, .type_name = fdbg_text_from(type), .kind = FDBG_ALLOCATION_BOX, .thread_id = 1,
		.has_size = true, .size = size, .align = 8, .function = fdbg_text_from(function), .file = T("src/main.rs"), .line = line,
	};

	assert_null(fdbg_writer_allocation(made->writer, ++made->time_ms, &message));
}

static void step(struct made *made, bool in, uint64_t frame_id, const char *function)
{
	struct fdbg_named_value value = { T("return_value"), { .kind = FDBG_VALUE_UNIT } };
	struct fdbg_message_event event = {
		.kind = in ? FDBG_EVENT_CALL : FDBG_EVENT_RETURN, .breakpoint_id = in ? 5 : 6, .thread_id = 1, .frame_id = frame_id,
		.function = fdbg_text_from(function), .values = in ? NULL : &value, .n_values = !in,
	};

	assert_null(fdbg_writer_event(made->writer, ++made->time_ms, &event));
}

static struct fdbg_heap_report *finish(struct made *made)
{
	struct fdbg_message_info info = { .exit = true };
	struct fdbg_recording *recording;
	struct fdbg_heap_report *report;

	assert_null(fdbg_writer_info(made->writer, ++made->time_ms, &info));
	assert_null(fdbg_writer_finish(made->writer));
	fdbg_writer_destroy(made->writer);
	assert_null(fdbg_recording_open(made->path, NULL, &recording));
	assert_null(fdbg_heap_report_create(recording, &report));
	fdbg_recording_close(recording);
	unlink(made->path);
	return report;
}

static const struct fdbg_heap_node *child(const struct fdbg_heap_report *report, const struct fdbg_heap_node *node, size_t nth)
{
	size_t index = (size_t)(node - report->nodes);

	assert_true(report->first_child[index] + nth < report->first_child[index + 1]);
	return &report->nodes[report->children[report->first_child[index] + nth]];
}

static void peak_and_who_held_it(void **state)
{
	struct made made;
	struct fdbg_heap_report *report;
	const struct fdbg_heap_node *node;

	(void)state;
	begin(&made);
	step(&made, true, 1, "app::main");
	put(&made, FDBG_ALLOCATION_ALLOC, 0x1000, 100, "A", "app::main", 3);
	step(&made, true, 2, "app::inner");
	put(&made, FDBG_ALLOCATION_ALLOC, 0x2000, 50, "B", "app::inner", 9);
	put(&made, FDBG_ALLOCATION_DROP, 0x1000, 100, "A", "", 0);
	put(&made, FDBG_ALLOCATION_ALLOC, 0x3000, 120, "B", "app::inner", 9); /* the peak: 170 */
	put(&made, FDBG_ALLOCATION_DROP, 0x2000, 50, "B", "", 0);
	put(&made, FDBG_ALLOCATION_ALLOC, 0x1000, 40, "A", "app::other", 20);
	step(&made, false, 2, "app::inner");
	step(&made, false, 1, "app::main");
	report = finish(&made);
	assert_int_equal(report->allocations, 4);
	assert_int_equal(report->releases, 2);
	assert_int_equal(report->allocated_bytes, 310);
	assert_int_equal(report->live.peak_bytes, 170);
	assert_int_equal(report->live.peak_blocks, 2);
	assert_int_equal(report->live.bytes, 160);
	assert_int_equal(report->unseen + report->unknown, 0);
	/* main > inner > Box<B>, and nothing of A at that time. */
	node = child(report, &report->nodes[0], 0);
	assert_true(fdbg_text_is(node->name, "app::main"));
	assert_int_equal(node->total_bytes, 170);
	assert_int_equal(report->first_child[1] - report->first_child[0], 1);
	node = child(report, node, 0);
	assert_true(fdbg_text_is(node->name, "app::inner"));
	node = child(report, node, 0);
	assert_true(node->type && fdbg_text_is(node->name, "Box<B>"));
	assert_int_equal(node->total_bytes, 170);
	assert_int_equal(node->total_blocks, 2);
	/* Types by all that was ever allocated; what stays, by place. */
	assert_int_equal(report->n_types, 2);
	assert_true(fdbg_text_is(report->types[0]->name, "Box<B>"));
	assert_int_equal(report->types[0]->bytes, 170);
	assert_int_equal(report->types[1]->held.peak_bytes, 0);
	assert_true(fdbg_text_is(report->places[0]->function->name, "app::inner"));
	assert_int_equal(report->places[0]->held.bytes, 120);
	assert_int_equal(report->places[0]->held.blocks, 1);
	assert_int_equal(report->places[1]->held.bytes, 40);
	assert_int_equal(report->places[1]->line, 20);
	assert_int_equal(report->places[2]->held.blocks, 0);
	fdbg_heap_report_destroy(report);
}

static void nothing_counts_twice(void **state)
{
	struct fdbg_message_allocation moved = {
		.action = FDBG_ALLOCATION_ALLOC, .address = 0x5000, .type_name = T("V"), .kind = FDBG_ALLOCATION_CONTAINER, .thread_id = 1,
		.has_size = true, .size = 64, .moved = true, .old_address = 0x4000,
	};
	struct fdbg_heap_report *report;
	struct made made;

	(void)state;
	begin(&made);
	put(&made, FDBG_ALLOCATION_ALLOC, 0x4000, 32, "V", "f", 1);
	put(&made, FDBG_ALLOCATION_DROP, 0x4000, 32, "V", "", 0);
	assert_null(fdbg_writer_allocation(made.writer, made.time_ms, &moved));
	/* Given out again without a release in between; and a release of nothing that is known. */
	put(&made, FDBG_ALLOCATION_ALLOC, 0x5000, 8, "W", "f", 1);
	put(&made, FDBG_ALLOCATION_DROP, 0x9000, 8, "W", "", 0);
	report = finish(&made);
	assert_int_equal(report->allocations, 2);
	assert_int_equal(report->moves, 1);
	assert_int_equal(report->unseen, 1);
	assert_int_equal(report->unknown, 1);
	assert_int_equal(report->releases, 1);
	assert_int_equal(report->live.bytes, 8);
	assert_int_equal(report->live.blocks, 1);
	assert_int_equal(report->live.peak_bytes, 64);
	fdbg_heap_report_destroy(report);
}

static void long_timelines_keep_their_heights(void **state)
{
	struct fdbg_heap_report *report;
	struct made made;
	uint64_t most = 0;

	(void)state;
	begin(&made);
	for (uint64_t i = 0; i < 20000; i++) {
		put(&made, FDBG_ALLOCATION_ALLOC, 0x1000 + 16 * i, i == 12345 ? 1000000 : 1 + i % 7, "A", "f", 1);
		put(&made, FDBG_ALLOCATION_DROP, 0x1000 + 16 * i, 0, "A", "", 0);
	}
	report = finish(&made);
	assert_true(report->n_points <= 2048 && report->n_points >= 512);
	for (size_t i = 0; i < report->n_points; i++) {
		assert_true(!i || report->points[i].operation > report->points[i - 1].operation);
		if (report->points[i].bytes > most)
			most = report->points[i].bytes;
	}
	assert_int_equal(most, 1000000);
	assert_int_equal(report->live.peak_bytes, 1000000);
	assert_int_equal(report->live.bytes, 0);
	fdbg_heap_report_destroy(report);
}

static void titles_are_escaped(void **state)
{
	struct fdbg_heap_report *report;
	struct fdbg_buf out = { 0 };
	struct made made;

	(void)state;
	begin(&made);
	put(&made, FDBG_ALLOCATION_ALLOC, 0x1000, 10, "A", "f", 1);
	report = finish(&made);
	assert_null(fdbg_heap_report_svg(report, T("a<b>&\x01\xff"), &out));
	assert_non_null(strstr(fdbg_buf_cstr(&out), "live heap of a&lt;b&gt;&amp;?\?<"));
	fdbg_buf_deinit(&out);
	fdbg_heap_report_destroy(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(x86_64_branches),
		cmocka_unit_test(aarch64_branches),
		cmocka_unit_test(the_quick_look_misses_nothing),
		cmocka_unit_test(owners),
		cmocka_unit_test(places_and_sizes),
		cmocka_unit_test(peak_and_who_held_it),
		cmocka_unit_test(nothing_counts_twice),
		cmocka_unit_test(long_timelines_keep_their_heights),
		cmocka_unit_test(titles_are_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
