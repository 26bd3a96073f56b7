/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The library's interface: values and messages by their parts, wrong questions, several readers at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <pthread.h>

#include <fdbg/stream.h>

#include "base/error.h"
#include "stream/writer.h"

#define T(text) FDBG_TEXT(text)
#define assert_text(text, expected) assert_true(fdbg_text_is((text), (expected)))

static struct fdbg_value prim(enum fdbg_prim type, const char *bytes)
{
	struct fdbg_value value = { .kind = FDBG_VALUE_PRIM, .prim = { .prim = type } };

	memcpy(value.prim.bytes, bytes, fdbg_prim_size(type));
	return value;
}

static void check_number(struct fdbg_value value, bool is_unsigned, uint64_t u, bool is_signed, int64_t i)
{
	uint64_t got_u = 77;
	int64_t got_i = 77;
	double d;

	assert_int_equal(fdbg_value_get_unsigned(&value, &got_u), is_unsigned);
	assert_true(got_u == (is_unsigned ? u : 77));
	assert_int_equal(fdbg_value_get_signed(&value, &got_i), is_signed);
	assert_true(got_i == (is_signed ? i : 77));
	assert_false(fdbg_value_get_double(&value, &d));
}

static void test_numbers(void **state)
{
	static const char ones[] = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff";
	static const char low[] = "\0\0\0\0\0\0\0\x80\0\0\0\0\0\0\0\0";
	struct fdbg_value value;
	double d;
	uint64_t u;

	(void)state;
	check_number(prim(FDBG_PRIM_I8, "\xfe"), false, 0, true, -2);
	check_number(prim(FDBG_PRIM_U8, "\xfe"), true, 254, true, 254);
	check_number(prim(FDBG_PRIM_I32, "\x05\0\0\0"), true, 5, true, 5);
	check_number(prim(FDBG_PRIM_I32, "\0\0\0\x80"), false, 0, true, INT32_MIN);
	check_number(prim(FDBG_PRIM_U64, ones), true, UINT64_MAX, false, 0);
	check_number(prim(FDBG_PRIM_I64, ones), false, 0, true, -1);
	check_number(prim(FDBG_PRIM_I64, low), false, 0, true, INT64_MIN);
	check_number(prim(FDBG_PRIM_I128, ones), false, 0, true, -1);
	check_number(prim(FDBG_PRIM_U128, ones), false, 0, false, 0);
	/* 2^63: fits the unsigned, not the signed. */
	check_number(prim(FDBG_PRIM_I128, low), false, 0, false, 0);
	check_number(prim(FDBG_PRIM_U128, low), true, (uint64_t)1 << 63, false, 0);
	check_number(prim(FDBG_PRIM_BOOL, "\1"), true, 1, true, 1);
	check_number(prim(FDBG_PRIM_CHAR, "\x7a\0\0\0"), true, 'z', true, 'z');
	value = prim(FDBG_PRIM_F32, "\0\0\xc0\x3f");
	assert_true(fdbg_value_get_double(&value, &d) && d == 1.5);
	value = prim(FDBG_PRIM_F64, "\0\0\0\0\0\0\xf8\xbf");
	assert_true(fdbg_value_get_double(&value, &d) && d == -1.5);
	assert_false(fdbg_value_get_unsigned(&value, &u));
}

static void test_parts(void **state)
{
	static const struct fdbg_text names[] = { { "Dot", 3 }, { "Line", 4 } };
	struct fdbg_field fields[] = { { T("x"), prim(FDBG_PRIM_U8, "\1") }, { T("y"), prim(FDBG_PRIM_U8, "\2") } };
	struct fdbg_value record = { .kind = FDBG_VALUE_STRUCT, .record = { T("app::P"), fields, 2 } };
	struct fdbg_value variant = { .kind = FDBG_VALUE_VARIANT,
				      .variant = { T("app::S"), names, 2, 1, fields, 1 } };
	struct fdbg_value ref = { .kind = FDBG_VALUE_REF, .ref = { FDBG_REF_BOX, 0x1234, &record } };
	struct fdbg_value list = { .kind = FDBG_VALUE_ARRAY, .cut = true, .total = 9,
				   .array = { FDBG_ARRAY_VEC, &record, 1 } };
	struct fdbg_value str = { .kind = FDBG_VALUE_STR, .str = T("hello") };
	struct fdbg_value gone = fdbg_value_optimized_out();
	enum fdbg_array_kind array_kind;
	enum fdbg_ref_kind ref_kind;
	uint64_t number = 77;
	const void *data;
	size_t len;

	(void)state;
	assert_int_equal(fdbg_value_get_count(&record), 2);
	assert_text(fdbg_value_get_field_name(&record, 1), "y");
	assert_ptr_equal(fdbg_value_get_item(&record, 1), &fields[1].value);
	assert_ptr_equal(fdbg_value_get_field(&record, "x"), &fields[0].value);
	assert_null(fdbg_value_get_field(&record, "z"));
	assert_null(fdbg_value_get_item(&record, 2));
	assert_int_equal(fdbg_value_get_field_name(&record, 2).len, 0);
	assert_text(fdbg_value_get_type(&variant), "app::S");
	assert_text(fdbg_value_get_variant(&variant), "Line");
	assert_int_equal(fdbg_value_get_count(&variant), 1);
	assert_true(fdbg_value_get_address(&ref, &number));
	assert_int_equal(number, 0x1234);
	assert_ptr_equal(fdbg_value_get_target(&ref), &record);
	assert_true(fdbg_value_get_ref_kind(&ref, &ref_kind) && ref_kind == FDBG_REF_BOX);
	assert_true(fdbg_value_get_array_kind(&list, &array_kind) && array_kind == FDBG_ARRAY_VEC);
	assert_true(fdbg_value_is_cut(&list, &number));
	assert_int_equal(number, 9);
	assert_true(fdbg_value_get_bytes(&str, &data, &len));
	assert_int_equal(len, 5);
	assert_memory_equal(data, "hello", 5);
	assert_true(fdbg_value_is_optimized_out(&gone));
	/* What a value does not have. */
	assert_null(fdbg_value_get_target(&record));
	assert_false(fdbg_value_get_address(&record, &number));
	assert_false(fdbg_value_get_bytes(&record, &data, &len));
	assert_false(fdbg_value_get_array_kind(&ref, &array_kind));
	assert_false(fdbg_value_is_cut(&str, &number));
	assert_int_equal(fdbg_value_get_count(&str), 0);
	assert_null(fdbg_value_get_item(&str, 0));
	assert_null(fdbg_value_get_field(&str, "x"));
	assert_int_equal(fdbg_value_get_type(&str).len, 0);
	assert_int_equal(fdbg_value_get_variant(&record).len, 0);
}

static void check_format(const struct fdbg_value *value, enum fdbg_value_format format, const char *expected)
{
	char *text = NULL;
	size_t len = 0;

	assert_null(fdbg_value_format(value, format, &text, &len));
	assert_string_equal(text, expected);
	assert_int_equal(len, strlen(expected));
	free(text);
}

static void test_format(void **state)
{
	struct fdbg_field field = { T("x"), prim(FDBG_PRIM_F64, "\0\0\0\0\0\0\xf8\x3f") };
	struct fdbg_value value = { .kind = FDBG_VALUE_STRUCT, .record = { T("app::P"), &field, 1 } };
	struct fdbg_error *err;
	char *text = NULL;

	(void)state;
	check_format(&value, FDBG_FORMAT_DEBUG, "P { x: 1.5 }");
	check_format(&value, FDBG_FORMAT_PRETTY, "P {\n    x: 1.5,\n}");
	check_format(&value, FDBG_FORMAT_JSON, "{\"type\":\"Struct\",\"typename\":\"app::P\",\"fields\":"
		     "{\"x\":{\"type\":\"Prim\",\"typename\":\"f64\",\"value\":1.5}}}");
	check_format(&value, FDBG_FORMAT_INDEX, "app::P {\n    x: 1.5_f64,\n}");
	assert_null(fdbg_value_format(&value, FDBG_FORMAT_DEBUG, &text, NULL));
	free(text);
	err = fdbg_value_format(&value, (enum fdbg_value_format)99, &text, NULL);
	assert_int_equal(fdbg_error_get_code(err), FDBG_ERROR_USAGE);
	fdbg_error_destroy(err);
}

/* A recording of two threads: main(n) calls f in one, f panics in the other. */
static void make(const char *path)
{
	static const struct fdbg_text arguments[] = { { "-x", 2 } };
	struct fdbg_message_info info = { .version = T("1"), .workspace_root = T("/w"), .package_name = T("app"),
					  .target = T("/w/app"), .arguments = arguments, .n_arguments = 1,
					  .recorder = T("fdbg test") };
	struct fdbg_message_info exit = { .exit = true, .exit_code = -7 };
	struct fdbg_message_file file = { 0, T("FireDBG.Internal"), T("FireDBG.Internal"), 1, 0 };
	struct fdbg_message_breakpoint breakpoint = { .id = 1, .line = 3, .column = 9, .fn_name = T("f"),
						      .type = FDBG_BREAKPOINT_FUNCTION_CALL };
	struct fdbg_message_allocation allocation = {
		.action = FDBG_ALLOCATION_DROP, .address = 0x99, .type_name = T("i32"), .thread_id = 7, .frame_id = 3,
		.has_size = true, .size = 4,
	};
	struct fdbg_named_value n = { T("n"), prim(FDBG_PRIM_U8, "\5") }, none = { T("return_value"), { 0 } };
	struct fdbg_writer *writer = NULL;

	assert_null(fdbg_writer_create(path, &writer));
	assert_null(fdbg_writer_info(writer, 10, &info));
	assert_null(fdbg_writer_file(writer, 10, &file));
	assert_null(fdbg_writer_breakpoint(writer, 10, &breakpoint));
	assert_null(fdbg_writer_event(writer, 11, &(struct fdbg_message_event){
		FDBG_EVENT_CALL, 1, 7, 1, 0x7000, T("app::main"), &n, 1 }));
	assert_null(fdbg_writer_event(writer, 12, &(struct fdbg_message_event){
		FDBG_EVENT_CALL, 1, 7, 2, 0x6000, T("app::f"), NULL, 0 }));
	assert_null(fdbg_writer_allocation(writer, 12, &allocation));
	assert_null(fdbg_writer_event(writer, 13, &(struct fdbg_message_event){
		FDBG_EVENT_RETURN, 1, 7, 2, 0, T("app::f"), &none, 1 }));
	assert_null(fdbg_writer_info(writer, 14, &exit));
	assert_null(fdbg_writer_finish(writer));
	fdbg_writer_destroy(writer);
}

/* Every accessor on a message, so that those of other streams are asked as well. */
static uint64_t ask_everything(const struct fdbg_message *message)
{
	uint64_t size = 0;
	int32_t code = 0;
	uint64_t sum = fdbg_info_is_exit(message, &code);

	for (int i = 0; i <= FDBG_INFO_RUSTC; i++)
		sum += fdbg_info_get_text(message, (enum fdbg_info_text)i).len;
	sum += fdbg_info_get_n_arguments(message) + fdbg_info_get_argument(message, 0).len;
	sum += fdbg_file_get_id(message) + fdbg_file_get_path(message).len + fdbg_file_get_crate(message).len +
	       fdbg_file_get_modified_secs(message);
	sum += fdbg_breakpoint_get_id(message) + fdbg_breakpoint_get_file_id(message) +
	       fdbg_breakpoint_get_line(message) + fdbg_breakpoint_get_column(message) +
	       fdbg_breakpoint_get_type(message) + fdbg_breakpoint_get_fn_name(message).len;
	sum += fdbg_event_get_kind(message) + fdbg_event_get_breakpoint_id(message) +
	       fdbg_event_get_thread_id(message) + fdbg_event_get_frame_id(message) +
	       fdbg_event_get_stack_pointer(message) + fdbg_event_get_function(message).len +
	       fdbg_event_get_n_values(message) + fdbg_event_get_value_name(message, 0).len +
	       (fdbg_event_get_value(message, 0) != NULL) + (fdbg_event_get_value(message, 1) != NULL);
	return sum + fdbg_allocation_get_action(message) + fdbg_allocation_get_address(message) +
	       fdbg_allocation_get_type(message).len + 1000 * fdbg_allocation_get_thread(message) +
	       100000 * fdbg_allocation_get_frame(message) + (fdbg_allocation_get_size(message, &size) ? size * 10000000 : 0);
}

static void test_messages(void **state)
{
	/* What each message answers to all questions together: its own parts and nothing of others. */
	static const uint64_t sums[] = {
		16 + 1 + 2 + 3 + 6 + 9 + 1 + 2,        /* texts of the debugger, one argument of two bytes */
		16 + 16 + 1,                           /* file 0 */
		1 + 3 + 9 + 1 + 1,                     /* the breakpoint, of type FUNCTION_CALL */
		1 + 7 + 1 + 0x7000 + 9 + 1 + 1 + 1,    /* main(n) */
		1 + 7 + 2 + 0x6000 + 6,                /* f() */
		1 + 0x99 + 3 + 7000 + 300000 + 40000000, /* the release, of 4 bytes by thread 7 in frame 3 */
		1 + 1 + 7 + 2 + 6 + 1 + 12 + 1,        /* f returns */
		1,                                     /* the exit */
	};
	char path[] = "/tmp/fdbg-lib-XXXXXX";
	const struct fdbg_message *message;
	struct fdbg_stacks_place place;
	struct fdbg_stacks *stacks;
	struct fdbg_reader *reader;
	struct fdbg_error *err;
	int32_t code = 0;
	size_t n = 0;

	(void)state;
	close(mkstemp(path));
	make(path);
	assert_null(fdbg_reader_open(path, &reader));
	assert_null(fdbg_stacks_create(&stacks));
	while (!(err = fdbg_reader_next(reader, &message))) {
		assert_true(n < sizeof(sums) / sizeof(sums[0]));
		assert_int_equal(ask_everything(message), sums[n]);
		assert_null(fdbg_stacks_feed(stacks, message, &place));
		assert_int_equal(place.is_known, n == 3 || n == 4 || n == 6);
		assert_int_equal(place.has_parent, n == 4 || n == 6);
		if (place.has_parent)
			assert_int_equal(place.parent_frame_id, 1);
		assert_int_equal(place.depth, place.has_parent);
		assert_int_equal(place.is_unwound, n == 6);
		if (n == 7) {
			assert_true(fdbg_info_is_exit(message, &code));
			assert_int_equal(code, -7);
		}
		assert_int_equal(fdbg_message_get_time_ms(message), n < 3 ? 10 : n < 5 ? n + 8 : n + 7);
		n++;
	}
	assert_int_equal(n, sizeof(sums) / sizeof(sums[0]));
	assert_int_equal(fdbg_error_get_code(err), FDBG_ERROR_END);
	assert_int_equal(fdbg_reader_at_end(reader), FDBG_READER_EOS);
	fdbg_error_destroy(err);
	fdbg_stacks_destroy(stacks);
	fdbg_stacks_destroy(NULL);
	fdbg_reader_close(reader);
	fdbg_reader_close(NULL);
	unlink(path);
	err = fdbg_reader_open(path, &reader);
	assert_int_equal(fdbg_error_get_code(err), FDBG_ERROR_NOT_FOUND);
	assert_non_null(strstr(fdbg_error_get_message(err), path));
	fdbg_error_destroy(err);
}

/* A return that names the breakpoint of the call, without a value: nobody saw how the call was left. */
static void test_lost(void **state)
{
	struct fdbg_message_info info = { .version = T("1"), .workspace_root = T("/w"), .package_name = T("app"),
					  .target = T("/w/app"), .recorder = T("fdbg test") };
	struct fdbg_named_value none = { T("return_value"), { 0 } };
	char path[] = "/tmp/fdbg-lib-XXXXXX";
	const struct fdbg_message *message;
	struct fdbg_stacks_place place;
	struct fdbg_writer *writer;
	struct fdbg_stacks *stacks;
	struct fdbg_reader *reader;

	(void)state;
	close(mkstemp(path));
	assert_null(fdbg_writer_create(path, &writer));
	assert_null(fdbg_writer_info(writer, 10, &info));
	for (uint64_t id = 1; id <= 2; id++) {
		assert_null(fdbg_writer_event(writer, 11, &(struct fdbg_message_event){
			FDBG_EVENT_CALL, 5, 7, id, 0x7000, T("app::main"), NULL, 0 }));
		assert_null(fdbg_writer_event(writer, 12, &(struct fdbg_message_event){
			FDBG_EVENT_RETURN, id == 1 ? 5 : 6, 7, id, 0, T("app::main"), &none, 1 }));
	}
	fdbg_writer_destroy(writer);
	assert_null(fdbg_reader_open(path, &reader));
	assert_null(fdbg_stacks_create(&stacks));
	for (int n = 0; n < 5; n++) {
		assert_null(fdbg_reader_next(reader, &message));
		assert_null(fdbg_stacks_feed(stacks, message, &place));
		assert_int_equal(place.is_known, n > 0);
		assert_int_equal(place.is_lost, n == 2);
		assert_false(place.is_unwound);
	}
	fdbg_stacks_destroy(stacks);
	fdbg_reader_close(reader);
	unlink(path);
}

static void *read_it(void *path)
{
	uint64_t sum = 0;

	for (int round = 0; round < 20; round++) {
		const struct fdbg_message *message;
		struct fdbg_reader *reader;
		struct fdbg_error *err = fdbg_reader_open(path, &reader);

		while (!err && !(err = fdbg_reader_next(reader, &message))) {
			char *text;

			sum += ask_everything(message);
			for (size_t i = 0; i < fdbg_event_get_n_values(message); i++) {
				err = fdbg_value_format(fdbg_event_get_value(message, i), FDBG_FORMAT_JSON, &text, NULL);
				if (!err)
					free(text);
			}
		}
		fdbg_error_destroy(err);
		fdbg_reader_close(reader);
	}
	return (void *)(uintptr_t)sum;
}

static void test_threads(void **state)
{
	char path[] = "/tmp/fdbg-lib-XXXXXX";
	void *alone, *sums[4];
	pthread_t threads[4];

	(void)state;
	close(mkstemp(path));
	make(path);
	alone = read_it(path);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_it, path), 0);
	for (size_t i = 0; i < 4; i++) {
		pthread_join(threads[i], &sums[i]);
		assert_ptr_equal(sums[i], alone);
	}
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
