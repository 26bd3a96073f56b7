/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Panics and polls: what can be said of them without a process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report/panic_text.h"
#include "trace/panics.h"
#include "trace/polls.h"

#define T(text) FDBG_TEXT(text)

static void std_functions_are_known_by_their_symbols(void **state)
{
	static const struct {
		const char *symbol;
		enum fdbg_panic_function function;
	} cases[] = {
		{ "rust_panic", FDBG_PANIC_RAISE },
		{ "_RNvCsfLfy6EI15iL_7___rustc10rust_panic", FDBG_PANIC_RAISE },
		{ "_ZN3std9panicking20rust_panic_with_hook17h57071e38e2bc223fE", FDBG_PANIC_HOOK },
		{ "_RNvNtCsjrHSEGnQ3l9_3std9panicking15panic_with_hook", FDBG_PANIC_HOOK },
		{ "_RNvNtCsjrHSEGnQ3l9_3std9panicking20rust_panic_with_hook", FDBG_PANIC_HOOK },
		{ "my_rust_panic", FDBG_PANIC_NONE },
		{ "rust_panic_cleanup", FDBG_PANIC_NONE },
		{ "_ZN3app9panicking20rust_panic_with_hook17h57071e38e2bc223fE", FDBG_PANIC_NONE },
		{ "_RNvNtCsjrHSEGnQ3l9_3std9panicking12default_hook", FDBG_PANIC_NONE },
		{ "_RNvCsfLfy6EI15iL_7___rustc17___rust_drop_panic", FDBG_PANIC_NONE },
		{ "", FDBG_PANIC_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(fdbg_panic_function_of(fdbg_text_from(cases[i].symbol)), cases[i].function);
}

static struct fdbg_value text_value(const char *text)
{
	return (struct fdbg_value){ .kind = FDBG_VALUE_STR, .str = fdbg_text_from(text) };
}

static void a_panic_before_its_hook_has_what_is_known(void **state)
{
	struct fdbg_panic panic = { .file = strdup("src/a.rs"), .file_len = 8, .line = 70000, .column = 5 };
	struct fdbg_panic_values values;
	struct fdbg_arena arena = { 0 };
	struct fdbg_buf buf = { 0 };
	struct fdbg_message_event event = { .kind = FDBG_EVENT_PANIC };

	(void)state;
	assert_null(fdbg_panic_known_values(&panic, &arena, &values));
	assert_int_equal(values.n, 1);
	event.values = values.items;
	event.n_values = values.n;
	fdbg_panic_text(&buf, event.values, event.n_values, 0, NULL);
	assert_string_equal(fdbg_buf_cstr(&buf), "at src/a.rs:70000:5");

	panic.message = strdup("no");
	panic.message_len = 2;
	assert_null(fdbg_panic_known_values(&panic, &arena, &values));
	event.n_values = values.n;
	fdbg_buf_clear(&buf);
	fdbg_panic_text(&buf, event.values, event.n_values, 0, NULL);
	assert_string_equal(fdbg_buf_cstr(&buf), "at src/a.rs:70000:5: \"no\"");
	fdbg_panic_clear(&panic);
	assert_null(panic.file);
	assert_null(fdbg_panic_known_values(&panic, &arena, &values));
	assert_int_equal(values.n, 0);
	fdbg_buf_deinit(&buf);
	fdbg_arena_deinit(&arena);
}

static void a_panic_of_another_recorder_is_shown_as_it_is(void **state)
{
	struct fdbg_named_value values[] = {
		{ T("x"), text_value("a") }, { T("location"), text_value("here") }, { T("message"), text_value("m") },
	};
	struct fdbg_message_event event = { .kind = FDBG_EVENT_PANIC, .values = values };
	struct fdbg_buf buf = { 0 };

	(void)state;
	fdbg_panic_text(&buf, event.values, event.n_values, 0, NULL);
	assert_string_equal(fdbg_buf_cstr(&buf), "");
	event.n_values = 3;
	fdbg_panic_text(&buf, event.values, event.n_values, 0, NULL);
	assert_string_equal(fdbg_buf_cstr(&buf), "x = \"a\", location = \"here\", \"m\"");
	fdbg_buf_deinit(&buf);
}

static void an_old_result_becomes_a_poll(void **state)
{
	static const struct fdbg_text old_names[] = { { "Yielded", 7 }, { "Complete", 8 } };
	struct fdbg_poll poll = { .name = T("app::fetch") };
	struct fdbg_field payload = { T("0"), text_value("v") };
	struct fdbg_value result = {
		.kind = FDBG_VALUE_VARIANT,
		.variant = { T("core::ops::generator::GeneratorState<(), &str>"), old_names, 2, 1, &payload, 1 },
	};
	struct fdbg_poll_values values;
	struct fdbg_arena arena = { 0 };
	uint64_t address = 0x1000;

	(void)state;
	assert_null(fdbg_poll_exit(&poll, &address, NULL, &result, &arena, &values));
	assert_int_equal(values.n, 3);
	assert_true(fdbg_text_is(values.items[0].name, "fn") && fdbg_text_is(values.items[0].value.str, "app::fetch"));
	assert_true(fdbg_text_is(values.items[1].name, "future"));
	assert_int_equal(values.items[1].value.ref.address, 0x1000);
	assert_true(fdbg_text_is(values.items[2].name, "poll"));
	assert_true(fdbg_text_is(values.items[2].value.variant.type, "core::task::poll::Poll<&str>"));
	assert_int_equal(values.items[2].value.variant.index, 0);
	assert_int_equal(values.items[2].value.variant.n_fields, 1);
	result.variant.index = 0;
	assert_null(fdbg_poll_exit(&poll, NULL, NULL, &result, &arena, &values));
	assert_int_equal(values.n, 2);
	assert_int_equal(values.items[1].value.variant.index, 1);
	assert_int_equal(values.items[1].value.variant.n_fields, 0);
	assert_null(fdbg_poll_exit(&poll, NULL, NULL, NULL, &arena, &values));
	assert_int_equal(values.n, 1);
	fdbg_arena_deinit(&arena);
}

static void the_address_is_behind_the_pin(void **state)
{
	struct fdbg_field pointer = { T("pointer"), { .kind = FDBG_VALUE_REF, .ref = { FDBG_REF_REF, 0x7000, NULL } } };
	struct fdbg_value pin = { .kind = FDBG_VALUE_STRUCT, .record = { T("core::pin::Pin<&mut f>"), &pointer, 1 } };
	struct fdbg_value opaque = { 0 };
	uint64_t address = 0;

	(void)state;
	assert_true(fdbg_poll_address(&pin, &address));
	assert_int_equal(address, 0x7000);
	assert_false(fdbg_poll_address(&opaque, &address));
	pin.record.n_fields = 0;
	assert_false(fdbg_poll_address(&pin, &address));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(std_functions_are_known_by_their_symbols),
		cmocka_unit_test(a_panic_before_its_hook_has_what_is_known),
		cmocka_unit_test(a_panic_of_another_recorder_is_shown_as_it_is),
		cmocka_unit_test(an_old_result_becomes_a_poll),
		cmocka_unit_test(the_address_is_behind_the_pin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
