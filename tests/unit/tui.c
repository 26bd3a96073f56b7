/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The terminal browser without a terminal: the lines of a tree, and values set in lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tui/browser.h"
#include "tui/layout.h"

static struct fdbg_counted_function functions[] = {
	{ FDBG_TEXT("app::main"), 0 }, { FDBG_TEXT("app::parse"), 1 }, { FDBG_TEXT("app::eval"), 2 },
};

/*
 * thread 1: main( parse( parse ) eval! ), thread 2: nothing, thread 3: eval. As items: 0 thread, 1 main, 2 parse, 3 parse,
 * 4 eval (failed), 5 thread, 6 eval.
 */
static struct fdbg_node nodes_1[] = {
	{ .level = 0, .function = &functions[0] }, { .level = 1, .function = &functions[1] },
	{ .level = 2, .function = &functions[1] }, { .level = 1, .function = &functions[2], .failed = true },
};
static struct fdbg_node nodes_3[] = { { .level = 0, .function = &functions[2] } };

struct fixture {
	struct fdbg_tree_thread threads[3];
	struct fdbg_tree tree;
	struct fdbg_tui_browser browser;
};

static int set_up(void **state)
{
	static struct fixture fixture;

	memset(&fixture, 0, sizeof(fixture));
	fixture.threads[0] = (struct fdbg_tree_thread){ .id = 1, .nodes = nodes_1, .n_nodes = 4 };
	fixture.threads[1] = (struct fdbg_tree_thread){ .id = 2 };
	fixture.threads[2] = (struct fdbg_tree_thread){ .id = 3, .nodes = nodes_3, .n_nodes = 1 };
	fixture.tree = (struct fdbg_tree){ .threads = fixture.threads, .n_threads = 3 };
	*state = &fixture;
	return fdbg_tui_browser_init(&fixture.tree, &fixture.browser) != NULL;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	fdbg_tui_browser_deinit(&fixture->browser);
	return 0;
}

/* The items that are to be seen, and the one under the cursor. */
static void check(const struct fdbg_tui_browser *browser, const char *want, size_t current)
{
	char got[64] = "";

	for (size_t i = 0; i < browser->n_lines; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%zu", browser->lines[i]);
	assert_string_equal(got, want);
	assert_ptr_equal(fdbg_tui_current(browser), &browser->items[current]);
}

static void lines_fold_and_unfold(void **state)
{
	struct fdbg_tui_browser *browser = &((struct fixture *)*state)->browser;

	check(browser, "0123456", 1);
	fdbg_tui_move(browser, 1);
	fdbg_tui_fold(browser);
	check(browser, "012456", 2);
	/* Folded already: to the caller, which folds with all in it. */
	fdbg_tui_fold(browser);
	check(browser, "012456", 1);
	fdbg_tui_fold(browser);
	check(browser, "0156", 1);
	fdbg_tui_unfold(browser);
	check(browser, "012456", 1);
	fdbg_tui_fold_below(browser, false);
	check(browser, "0123456", 1);
	fdbg_tui_move(browser, -100);
	fdbg_tui_fold_below(browser, true);
	check(browser, "056", 0);
	fdbg_tui_move(browser, 100);
	check(browser, "056", 6);
	assert_true(fdbg_tui_go_to_caller(browser));
	check(browser, "056", 5);
	assert_false(fdbg_tui_go_to_caller(browser));
	fdbg_tui_go_to(browser, 3);
	check(browser, "0123456", 3);
}

static void searches_go_around(void **state)
{
	struct fdbg_tui_browser *browser = &((struct fixture *)*state)->browser;
	bool found, wrapped;

	fdbg_tui_move(browser, -100);
	fdbg_tui_fold_below(browser, true);
	assert_null(fdbg_tui_find(browser, FDBG_TUI_ERROR, NULL, false, &found, &wrapped));
	assert_true(found && !wrapped);
	check(browser, "012456", 4);
	assert_null(fdbg_tui_find(browser, FDBG_TUI_SAME, NULL, false, &found, &wrapped));
	assert_true(found && !wrapped);
	check(browser, "012456", 6);
	assert_null(fdbg_tui_find(browser, FDBG_TUI_SAME, NULL, false, &found, &wrapped));
	assert_true(found && wrapped);
	check(browser, "012456", 4);
	/* Small letters find capital ones as well, capital ones only themselves. */
	assert_null(fdbg_tui_find(browser, FDBG_TUI_TEXT, "parse", true, &found, &wrapped));
	assert_true(found && !wrapped);
	check(browser, "0123456", 3);
	assert_null(fdbg_tui_find(browser, FDBG_TUI_TEXT, "Parse", true, &found, &wrapped));
	assert_false(found);
	check(browser, "0123456", 3);
	/* The only one is found again. */
	assert_null(fdbg_tui_find(browser, FDBG_TUI_TEXT, "main", false, &found, &wrapped));
	assert_null(fdbg_tui_find(browser, FDBG_TUI_TEXT, "main", false, &found, &wrapped));
	assert_true(found && wrapped);
	check(browser, "0123456", 1);
}

static void nothing_to_browse(void **state)
{
	struct fdbg_tree tree = { 0 };
	struct fdbg_tui_browser browser;
	bool found, wrapped;

	(void)state;
	assert_null(fdbg_tui_browser_init(&tree, &browser));
	fdbg_tui_move(&browser, 1);
	fdbg_tui_fold(&browser);
	fdbg_tui_unfold(&browser);
	fdbg_tui_fold_below(&browser, true);
	assert_false(fdbg_tui_go_to_caller(&browser));
	assert_null(fdbg_tui_current(&browser));
	assert_null(fdbg_tui_find(&browser, FDBG_TUI_ERROR, NULL, false, &found, &wrapped));
	assert_false(found);
	fdbg_tui_browser_deinit(&browser);
}

static void check_layout(const char *text, size_t column, size_t width, const char *want)
{
	struct fdbg_buf buf = { 0 };

	fdbg_tui_layout(&buf, fdbg_text_from(text), column, 2, width);
	assert_string_equal(fdbg_buf_cstr(&buf), want);
	fdbg_buf_deinit(&buf);
}

static void values_break_at_their_brackets(void **state)
{
	(void)state;
	check_layout("Point { x: 1, y: 2 }", 0, 40, "Point { x: 1, y: 2 }\n");
	check_layout("Point { x: 1, y: 2 }", 0, 19, "Point {\n    x: 1,\n    y: 2,\n  }\n");
	/* What stands before it counts. */
	check_layout("[1, 2]", 10, 15, "[\n    1,\n    2,\n  ]\n");
	/* Only what does not fit is broken. */
	check_layout("Some([[1, 2], [3, 4]])", 0, 16, "Some(\n    [\n      [1, 2],\n      [3, 4],\n    ],\n  )\n");
	/* Brackets and commas in strings and characters are text. */
	check_layout("(\"a, (b\", '[', '\\'', \"\\\"{\")", 0, 16, "(\n    \"a, (b\",\n    '[',\n    '\\'',\n    \"\\\"{\",\n  )\n");
	/* No place to break: cut. */
	check_layout("abcdefghij", 0, 6, "abcdef\n  ghij\n");
	check_layout("\"\xc3\xa4\xc3\xb6\xc3\xbc\"", 0, 5, "\"\xc3\xa4\xc3\xb6\xc3\xbc\"\n");
	check_layout("[]", 0, 1, "[]\n");
	check_layout("", 3, 10, "\n");
	/* What does not end is text too. */
	check_layout("Open { x: [1, 2", 0, 100, "Open { x: [1, 2\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lines_fold_and_unfold, set_up, tear_down),
		cmocka_unit_test_setup_teardown(searches_go_around, set_up, tear_down),
		cmocka_unit_test(nothing_to_browse),
		cmocka_unit_test(values_break_at_their_brackets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
