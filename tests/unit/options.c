/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The option parser, with the conventions of cli.md: long options with `=`, short clusters, `--`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/complete.h"
#include "cli/options.h"

static bool flag;
static unsigned int verbose;
static const char *output, *stats;
static struct fdbg_option_list filters;
static struct fdbg_option_uint depth;
static int choice;
static const char *const choices[] = { "full", "none", NULL };

static const struct fdbg_option options[] = {
	{ "live", 0, FDBG_OPTION_FLAG, NULL, "live", &flag, NULL, 0 },
	{ "verbose", 'v', FDBG_OPTION_COUNT, NULL, "more", &verbose, NULL, 0 },
	{ "output", 'o', FDBG_OPTION_STRING, "FILE", "where", &output, NULL, 0 },
	{ "stats", 0, FDBG_OPTION_STRING, "[FILE]", "numbers", &stats, NULL, 0 },
	{ "filter", 'F', FDBG_OPTION_LIST, "GLOB", "in", &filters, NULL, 1 },
	{ "exclude", 'N', FDBG_OPTION_LIST, "GLOB", "out", &filters, NULL, 0 },
	{ "depth", 0, FDBG_OPTION_UINT, "N", "deep", &depth, NULL, 0 },
	{ "trace", 0, FDBG_OPTION_CHOICE, "LEVEL", "what", &choice, choices, 0 },
	{ 0 },
};

static struct fdbg_syntax syntax = {
	.usage = "x [OPTIONS] PROGRAM", .description = "about", .options = options, .max_words = -1, .stop_at_word = true,
};

static int n_words;
static char **words;

/* Splits a line at its blanks and parses it. */
static struct fdbg_error *parse(const char *line)
{
	static char copy[256];
	static char *argv[32];
	struct fdbg_error *err;
	bool help = true;
	int argc = 0;

	flag = false;
	verbose = 0;
	output = stats = NULL;
	depth.given = false;
	choice = 0;
	fdbg_option_list_deinit(&filters);
	strcpy(copy, line);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	err = fdbg_options_parse(&syntax, argc, argv, &n_words, &words, &help);
	assert_true(err || !help);
	return err;
}

static void refuse(const char *line, const char *message)
{
	struct fdbg_error *err = parse(line);

	assert_non_null(err);
	assert_int_equal(err->code, FDBG_ERROR_USAGE);
	assert_string_equal(err->message, message);
	fdbg_error_destroy(err);
}

static void options_set_their_targets(void **state)
{
	(void)state;
	assert_null(parse("x -vvo out --live --stats --depth=3 --trace none -Fa -N b --filter=c prog -v --live"));
	assert_int_equal(verbose, 2);
	assert_string_equal(output, "out");
	assert_string_equal(stats, "");
	assert_true(flag && depth.given);
	assert_int_equal(depth.value, 3);
	assert_int_equal(choice, 1);
	assert_int_equal(filters.n_items, 3);
	assert_string_equal(filters.items[1].value, "b");
	assert_int_equal(filters.items[0].tag, 1);
	assert_int_equal(filters.items[1].tag, 0);
	/* What follows the first word is the program's. */
	assert_int_equal(n_words, 3);
	assert_string_equal(words[0], "prog");
	assert_string_equal(words[1], "-v");
	assert_null(parse("x --stats=s.json -- -prog"));
	assert_string_equal(stats, "s.json");
	assert_string_equal(words[0], "-prog");
	assert_int_equal(n_words, 1);
	syntax.stop_at_word = false;
	assert_null(parse("x a -v b"));
	assert_int_equal(n_words, 2);
	assert_int_equal(verbose, 1);
	assert_string_equal(words[1], "b");
	syntax.stop_at_word = true;
	fdbg_option_list_deinit(&filters);
}

static void wrong_options_are_explained(void **state)
{
	(void)state;
	refuse("x --bogus", "unknown or ambiguous option '--bogus'");
	refuse("x --bogus=3 y", "unknown or ambiguous option '--bogus'");
	refuse("x -vZ", "unknown option '-Z'");
	refuse("x -o", "option '--output' needs a value: --output=FILE");
	refuse("x --output", "option '--output' needs a value: --output=FILE");
	refuse("x --live=1", "option '--live' takes no value");
	refuse("x --depth=1x", "option '--depth' takes a whole number, not '1x'");
	refuse("x --trace=some", "option '--trace' is one of full, none, not 'some'");
	syntax.min_words = 1;
	refuse("x", "too few words: fdbg x [OPTIONS] PROGRAM");
	syntax.max_words = 1;
	refuse("x a b", "unexpected 'b'");
	syntax.min_words = 0;
	syntax.max_words = -1;
	fdbg_option_list_deinit(&filters);
}

/* What is offered at the last of the words, which | separates: the lines without their texts, with ; between them. */
static void offers(const char *line, const char *expected)
{
	static char copy[256];
	char *asked[16], *rest = copy, *save = NULL;
	struct fdbg_buf answer = { 0 }, seen = { 0 };
	int n = 0;

	strcpy(copy, line);
	while (rest)
		asked[n++] = strsep(&rest, "|");
	fdbg_complete(&syntax, n, asked, &answer);
	fdbg_buf_cstr(&answer); /* puts a NUL behind it */
	for (char *one = strtok_r((char *)answer.data, "\n", &save); one; one = strtok_r(NULL, "\n", &save))
		fdbg_buf_printf(&seen, "%s%.*s", seen.len ? ";" : "", (int)strcspn(one, "\t"), one);
	assert_string_equal(fdbg_buf_cstr(&seen), expected);
	fdbg_buf_deinit(&seen);
	fdbg_buf_deinit(&answer);
}

static void completions_know_where_they_are(void **state)
{
	(void)state;
	syntax.words = FDBG_WORDS_PROGRAM;
	offers("--l", "w --live");
	offers("--t", "p --trace=");
	offers("--st", "w --stats");
	offers("--stats=x", "f --stats=");
	offers("-o|", "f ");
	offers("-ox", "f -o");
	offers("-vo|x", "f ");
	offers("-vox|", "x");
	offers("--output|--live", "f ");
	offers("--trace=", "w --trace=full;w --trace=none");
	offers("--tr=n", "w --tr=none");
	offers("--trace|n", "w none");
	offers("--stats|", "x");
	offers("--depth|3|p|--li", "c 2");
	offers("--|--li", "x");
	offers("-|", "c 2");
	/* An option that is none, a name that is not clear, and what would break the answer's lines. */
	offers("--bogus=|", "x");
	offers("--bogus=", "");
	offers("-Z", "");
	offers("-Zo|", "x");
	offers("--output=a\nb", "");
	syntax.stop_at_word = false;
	syntax.words = FDBG_WORDS_RECORDING;
	syntax.max_words = 1;
	offers("--live|", "r ");
	offers("a|--li", "w --live");
	offers("a|b", "");
	offers("a|--|--li", "");
	syntax.max_words = -1;
	syntax.stop_at_word = true;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_set_their_targets),
		cmocka_unit_test(wrong_options_are_explained),
		cmocka_unit_test(completions_know_where_they_are),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
