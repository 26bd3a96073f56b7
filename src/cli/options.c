/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Options of a subcommand as a table, from which both the parser and its help come. */
#include "cli/options.h"

#include <config.h>

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "cli/complete.h"

/* Values of getopt_long for long options without a letter, and for --help and --version. */
enum { FIRST_LONG = 256, HELP = 255, SHOW_VERSION = 254 };

void fdbg_option_list_deinit(struct fdbg_option_list *list)
{
	free(list->items);
	*list = (struct fdbg_option_list){ 0 };
}

static bool is_optional(const struct fdbg_option *option)
{
	return option->argument && option->argument[0] == '[';
}

/* "-o, --output=FILE", as wide as it is. */
static void describe(const struct fdbg_option *option, struct fdbg_buf *buf)
{
	if (option->letter)
		fdbg_buf_printf(buf, "  -%c, --%s", option->letter, option->name);
	else
		fdbg_buf_printf(buf, "      --%s", option->name);
	if (is_optional(option))
		fdbg_buf_printf(buf, "[=%.*s]", (int)strlen(option->argument) - 2, option->argument + 1);
	else if (option->argument)
		fdbg_buf_printf(buf, "=%s", option->argument);
}

enum { HELP_COLUMN = 28, HELP_WIDTH = 79 };

/* Words of text from HELP_COLUMN on, broken at HELP_WIDTH. */
static void put_wrapped(struct fdbg_buf *buf, size_t column, const char *text)
{
	if (column + 2 > HELP_COLUMN) {
		fdbg_buf_byte(buf, '\n');
		column = 0;
	}
	for (bool first = true; *text; first = false) {
		size_t len = strcspn(text, " ");

		if (!first && column + 1 + len > HELP_WIDTH) {
			fdbg_buf_byte(buf, '\n');
			column = 0;
		}
		if (column < HELP_COLUMN) {
			fdbg_buf_printf(buf, "%*s", (int)(HELP_COLUMN - column), "");
			column = HELP_COLUMN;
		} else {
			fdbg_buf_byte(buf, ' ');
			column++;
		}
		fdbg_buf_append(buf, text, len);
		column += len;
		text += len + strspn(text + len, " ");
	}
	fdbg_buf_byte(buf, '\n');
}

static void print_help(const struct fdbg_syntax *syntax)
{
	static const struct fdbg_option help = { .name = "help", .letter = 'h', .help = "show this help" };
	const char *usage = syntax->usage;
	struct fdbg_buf buf = { 0 };

	for (bool first = true; *usage; first = false) {
		size_t len = strcspn(usage, "\n");

		fdbg_buf_printf(&buf, "%s fdbg %.*s\n", first ? "Usage:" : "      ", (int)len, usage);
		usage += len + (usage[len] == '\n');
	}
	fdbg_buf_printf(&buf, "\n%s\n\nOptions:\n", syntax->description);
	if (syntax->options_of)
		fdbg_buf_printf(&buf, "  those of `fdbg %s --help`\n", syntax->options_of);
	for (const struct fdbg_option *option = syntax->options;; option++) {
		if (syntax->options_of && option->name)
			continue;
		size_t start = buf.len;

		describe(option->name ? option : &help, &buf);
		put_wrapped(&buf, buf.len - start, option->name ? option->help : help.help);
		if (!option->name)
			break;
	}
	fputs(fdbg_buf_cstr(&buf), stdout);
	fdbg_buf_deinit(&buf);
}

static struct fdbg_error *parse_uint(const struct fdbg_option *option, const char *text)
{
	struct fdbg_option_uint *target = option->target;
	char *end;

	errno = 0;
	target->value = strtoull(text, &end, 10);
	/* strtoull would take signs, blanks and nothing at all. */
	if (!isdigit((unsigned char)text[0]) || *end || errno)
		return fdbg_error_create(FDBG_ERROR_USAGE, "option '--%s' takes a whole number, not '%s'",
					 option->name, text);
	target->given = true;
	return NULL;
}

static struct fdbg_error *parse_choice(const struct fdbg_option *option, const char *text)
{
	struct fdbg_buf words = { 0 };
	struct fdbg_error *err;

	for (int i = 0; option->choices[i]; i++) {
		if (!strcmp(option->choices[i], text)) {
			*(int *)option->target = i;
			fdbg_buf_deinit(&words);
			return NULL;
		}
		fdbg_buf_printf(&words, "%s%s", i ? ", " : "", option->choices[i]);
	}
	err = fdbg_error_create(FDBG_ERROR_USAGE, "option '--%s' is one of %s, not '%s'", option->name,
				fdbg_buf_cstr(&words), text);
	fdbg_buf_deinit(&words);
	return err;
}

static struct fdbg_error *take(const struct fdbg_option *option, const char *text)
{
	switch (option->kind) {
	case FDBG_OPTION_FLAG:
		*(bool *)option->target = true;
		return NULL;
	case FDBG_OPTION_COUNT:
		++*(unsigned int *)option->target;
		return NULL;
	case FDBG_OPTION_STRING:
		*(const char **)option->target = text ? text : "";
		return NULL;
	case FDBG_OPTION_UINT:
		return parse_uint(option, text);
	case FDBG_OPTION_CHOICE:
		return parse_choice(option, text);
	case FDBG_OPTION_LIST:
		break;
	}

	struct fdbg_option_list *list = option->target;
	struct fdbg_option_item *items = reallocarray(list->items, list->n_items + 1, sizeof(*items));

	if (!items)
		return &fdbg_error_nomem;
	list->items = items;
	list->items[list->n_items++] = (struct fdbg_option_item){ text, option->tag };
	return NULL;
}

/* getopt's tables from ours; long options get the value of their letter, or a number. */
static void fill_tables(const struct fdbg_option *options, size_t n, struct option *longs, char *shorts)
{
	for (size_t i = 0; i < n; i++) {
		const struct fdbg_option *option = &options[i];

		longs[i] = (struct option){
			.name = option->name,
			.has_arg =
				is_optional(option) ? optional_argument : option->argument ? required_argument : no_argument,
			.val = FIRST_LONG + (int)i,
		};
		if (!option->letter)
			continue;
		*shorts++ = option->letter;
		if (option->argument)
			*shorts++ = ':';
		if (is_optional(option))
			*shorts++ = ':';
	}
	longs[n] = (struct option){ .name = "help", .has_arg = no_argument, .val = HELP };
	longs[n + 1] = (struct option){ .name = "version", .has_arg = no_argument, .val = SHOW_VERSION };
	longs[n + 2] = (struct option){ 0 };
	*shorts++ = 'h';
	*shorts = '\0';
}

static const struct fdbg_option *find(const struct fdbg_option *options, size_t n, int value)
{
	if (value >= FIRST_LONG)
		return &options[value - FIRST_LONG];
	for (size_t i = 0; i < n; i++) {
		if (options[i].letter && options[i].letter == value)
			return &options[i];
	}
	return NULL;
}

/*
 * What getopt did not like; it leaves the option's value in optopt, 0 for a long one that it does not know.
 */
static struct fdbg_error *complain(const struct fdbg_option *options, size_t n, int answer, char *word)
{
	const struct fdbg_option *option = optopt ? find(options, n, optopt) : NULL;

	if (answer == ':' && option)
		return fdbg_error_create(FDBG_ERROR_USAGE, "option '--%s' needs a value: --%s=%s",
					 option->name, option->name,
					 option->argument);
	if (option || optopt == HELP)
		return fdbg_error_create(FDBG_ERROR_USAGE, "option '--%s' takes no value", option ?
					 option->name : "help");
	if (optopt)
		return fdbg_error_create(FDBG_ERROR_USAGE, "unknown option '-%c'", optopt);
	return fdbg_error_create(FDBG_ERROR_USAGE, "unknown or ambiguous option '%.*s'",
				 (int)strcspn(word, "="), word);
}

static struct fdbg_error *check_words(const struct fdbg_syntax *syntax, int n_words, char **words)
{
	if (syntax->max_words >= 0 && n_words > syntax->max_words)
		return fdbg_error_create(FDBG_ERROR_USAGE, "unexpected '%s'", words[syntax->max_words]);
	if (n_words < syntax->min_words)
		return fdbg_error_create(FDBG_ERROR_USAGE, "too few words: fdbg %.*s",
					 (int)strcspn(syntax->usage, "\n"), syntax->usage);
	return NULL;
}

struct fdbg_error *fdbg_options_parse(const struct fdbg_syntax *syntax, int argc, char **argv,
				      int *n_words_ret,
				      char ***words_ret, bool *help_ret)
{
	struct fdbg_error *err = NULL;
	struct option *longs;
	char *shorts;
	size_t n = 0;
	int answer;

	if (argc > 1 && !strcmp(argv[1], FDBG_COMPLETE_OPTION)) {
		struct fdbg_buf buf = { 0 };

		fdbg_complete(syntax, argc - 2, argv + 2, &buf);
		fputs(fdbg_buf_cstr(&buf), stdout);
		fdbg_buf_deinit(&buf);
		*help_ret = true;
		return NULL;
	}
	while (syntax->options[n].name)
		n++;
	longs = calloc(n + 3, sizeof(*longs));
	shorts = malloc(3 * n + 4);
	if (!longs || !shorts) {
		err = &fdbg_error_nomem;
		goto out;
	}
	/* '+': stop at the first word; ':': tell a missing value from an unknown option. */
	strcpy(shorts, syntax->stop_at_word ? "+:" : ":");
	fill_tables(syntax->options, n, longs, shorts + strlen(shorts));
	opterr = 0;
	optind = 0; /* GNU: start over, also its hidden state */
	while (!err && (answer = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (answer == 'h' || answer == HELP) {
			print_help(syntax);
			*help_ret = true;
			goto out;
		}
		if (answer == SHOW_VERSION) {
			puts(PACKAGE_STRING);
			*help_ret = true;
			goto out;
		}
		if (answer == '?' || answer == ':')
			err = complain(syntax->options, n, answer, argv[optind - 1]);
		else
			err = take(find(syntax->options, n, answer), optarg);
	}
	if (!err)
		err = check_words(syntax, argc - optind, argv + optind);
	if (!err) {
		*n_words_ret = argc - optind;
		*words_ret = argv + optind;
		*help_ret = false;
	}
out:
	free(longs);
	free(shorts);
	return err;
}
