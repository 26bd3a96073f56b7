/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* firedbg.toml: what of TOML is read, and what is said of the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/firedbg_toml.h"

/* Members as "name+ name-", an error as its message. */
static void check(const char *text, const char *want)
{
	struct fdbg_arena arena = { 0 };
	struct fdbg_toml_member *members;
	char got[512] = "";
	struct fdbg_error *err;
	size_t n;

	err = fdbg_firedbg_toml_parse(text, strlen(text), "f", &arena, &members, &n);
	for (size_t i = 0; !err && i < n; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s%c", i ? " " : "", members[i].package,
			 members[i].traced ? '+' : '-');
	assert_string_equal(err ? err->message : got, want);
	fdbg_error_destroy(err);
	fdbg_arena_deinit(&arena);
}

static void members_in_every_spelling(void **state)
{
	(void)state;
	check("", "");
	check("[workspace.members]\nquicksort = { trace = \"full\" }\nb = {trace='none'}", "quicksort+ b-");
	check("\xef\xbb\xbf[ workspace . members ] # here\r\na-b = { trace = \"full\" } # there\r\n", "a-b+");
	check("[workspace.members.\"a b\"]\ntrace = \"none\"\n", "a b-");
	check("workspace.members.a.trace = \"full\"\n", "a+");
	check("[workspace]\nmembers.a = { trace = \"full\" }\nmembers.b.trace = \"none\"\n", "a+ b-");
	check("[workspace.members]\na = {}\n", "");
}

static void other_tables_are_passed_over(void **state)
{
	(void)state;
	check("title = \"x\"\n[package]\nname = \"\"\"two\nlines = \"\" \"\"\"\nlist = [\n 1, # ]\n '[', { a = \"\\\"}\" },\n]\n"
	      "[[bin]]\nname = 'x'\n[workspace.members]\na = { trace = \"full\" }\n", "a+");
	check("[workspace]\nresolver = \"2\"\n[workspacemembers]\na = 1\n", "");
}

static void what_is_wrong_is_said_with_its_line(void **state)
{
	(void)state;
	check("[workspace.members]\n\na = { trace = \"some\" }\n", "f:3: trace must be \"full\" or \"none\"");
	check("[workspace.members]\na = \"full\"\n", "f:2: a package is written NAME = { trace = \"full\" }");
	check("[workspace.members]\na = { level = \"full\" }\n", "f:2: a package has only trace = \"full\" or \"none\"");
	check("[workspace.members]\na = { trace = true }\n", "f:2: trace must be \"full\" or \"none\"");
	check("[workspace.members]\na = { trace = \"full\" }\na = { trace = \"none\" }\n", "f:3: the package has a trace already");
	check("[workspace.members\na = { trace = \"full\" }\n", "f:1: the name of a table ends with ']'");
	check("[workspace.members]\na = { trace = \"full\"\n", "f:2: ',' or '}' is expected");
	check("[workspace.members]\na = { trace = \"full }\n", "f:2: a string has no end");
	check("[workspace.members]\na = { trace = \"full\" } b\n", "f:2: unexpected text behind the value");
	check("[workspace.members]\na { }\n", "f:2: '=' is expected");
	check("a.b.c.d.e.f.g.h.i = 1\n", "f:1: the key has too many parts");
	check("= 1\n", "f:1: a key is expected");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_in_every_spelling),
		cmocka_unit_test(other_tables_are_passed_over),
		cmocka_unit_test(what_is_wrong_is_said_with_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
