/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What can stand at the cursor of a command line. */
#include "cli/complete.h"

#include <string.h>

/* Where the words before the cursor have led to. */
struct place {
	const struct fdbg_option *pending; /* the option whose value comes next; NULL: none */
	bool only_words;                   /* behind `--` */
	int n_words;                       /* that are no options */
	int rest;                          /* words of another program, from its name to the cursor; 0: none */
};

static bool begins(const char *word, const char *with)
{
	return !strncmp(word, with, strlen(with));
}

/* A line of kind `w`, or `p` for a word that ends with the suffix "=". */
static void put(const char *prefix, const char *word, const char *suffix, const char *text, struct fdbg_buf *buf)
{
	fdbg_buf_printf(buf, "%c %s%s%s\t%.*s\n", *suffix ? 'p' : 'w', prefix, word, suffix,
			text ? (int)strcspn(text, "\n") : 0, text ? text : "");
}

void fdbg_complete_word(const char *word, const char *text, const char *typed, struct fdbg_buf *buf)
{
	if (begins(word, typed))
		put("", word, "", text, buf);
}

static bool takes_value(const struct fdbg_option *option)
{
	return option->argument && option->argument[0] != '[';
}

static const struct fdbg_option *find_letter(const struct fdbg_option *options, char letter)
{
	for (; options->name; options++) {
		if (letter && options->letter == letter)
			return options;
	}
	return NULL;
}

/* By the len bytes of its name, or by as much of it as tells it from others, as getopt_long has it. */
static const struct fdbg_option *find_name(const struct fdbg_option *options, const char *name, size_t len)
{
	const struct fdbg_option *found = NULL;
	int n = 0;

	for (; options->name; options++) {
		if (strncmp(options->name, name, len))
			continue;
		if (!options->name[len])
			return options;
		found = options;
		n++;
	}
	return n == 1 ? found : NULL;
}

/*
 * The option among the letters of `-abcVALUE` that takes a value, and where the value begins. NULL: none does.
 */
static const struct fdbg_option *find_in_cluster(const struct fdbg_option *options, const char *word,
						 const char **value_ret)
{
	for (const char *letter = word + 1; *letter; letter++) {
		const struct fdbg_option *option = find_letter(options, *letter);

		if (!option)
			return NULL;
		if (option->argument) {
			*value_ret = letter + 1;
			return option;
		}
	}
	return NULL;
}

static void pass_option(const struct fdbg_syntax *syntax, const char *word, struct place *place)
{
	const struct fdbg_option *option;
	const char *value = "";

	if (word[1] == '-') {
		option = find_name(syntax->options, word + 2, strcspn(word + 2, "="));
		if (strchr(word, '='))
			return;
	} else {
		option = find_in_cluster(syntax->options, word, &value);
	}
	if (option && takes_value(option) && !*value)
		place->pending = option;
}

static struct place find_place(const struct fdbg_syntax *syntax, int n_before, char *const *words)
{
	struct place place = { 0 };

	for (int i = 0; i < n_before; i++) {
		const char *word = words[i];

		if (place.pending) {
			place.pending = NULL;
		} else if (!place.only_words && !strcmp(word, "--")) {
			place.only_words = true;
		} else if (!place.only_words && word[0] == '-' && word[1]) {
			pass_option(syntax, word, &place);
		} else {
			place.n_words++;
			if (syntax->stop_at_word) {
				place.rest = n_before + 1 - i;
				break;
			}
		}
	}
	return place;
}

static void put_place(char kind, const char *typed, const char *value, struct fdbg_buf *buf)
{
	fdbg_buf_printf(buf, "%c %.*s\n", kind, (int)(value - typed), typed);
}

/* Values of option, of which `value`, the end of typed, is there already. */
static void put_values(const struct fdbg_option *option, const char *typed, const char *value, struct fdbg_buf *buf)
{
	const char *comma = strrchr(value, ','), *argument = option->argument + (option->argument[0] == '[');
	size_t len = strcspn(argument, "]");

	if (option->choices) {
		struct fdbg_buf prefix = { 0 };

		/* A choice is one word; a text that knows choices is a list of them. */
		if (comma && option->kind != FDBG_OPTION_CHOICE)
			value = comma + 1;
		fdbg_buf_append(&prefix, typed, (size_t)(value - typed));
		for (const char *const *choice = option->choices; *choice; choice++) {
			if (begins(*choice, value))
				put(fdbg_buf_cstr(&prefix), *choice, "", NULL, buf);
		}
		fdbg_buf_deinit(&prefix);
	} else if (len == 4 && begins(argument, "FILE")) {
		put_place('f', typed, value, buf);
	} else if (len == 3 && begins(argument, "DIR")) {
		put_place('d', typed, value, buf);
	}
}

static void put_options(const struct fdbg_option *options, const char *typed, struct fdbg_buf *buf)
{
	static const struct fdbg_option help = { .name = "help", .letter = 'h', .help = "show this help" };

	for (const struct fdbg_option *option = options;; option++) {
		const struct fdbg_option *row = option->name ? option : &help;
		const char letter[] = { '-', row->letter, '\0' };

		if (row->letter)
			fdbg_complete_word(letter, row->help, typed, buf);
		if (begins("--", typed) || (begins(typed, "--") && begins(row->name, typed + 2)))
			put("--", row->name, takes_value(row) ? "=" : "", row->help, buf);
		if (!option->name)
			break;
	}
}

/* An option, or the value behind its `=` or its letter. */
static void put_option_word(const struct fdbg_syntax *syntax, const char *typed, struct fdbg_buf *buf)
{
	const struct fdbg_option *option;
	const char *value = NULL;

	if (typed[1] == '-' && strchr(typed, '=')) {
		value = strchr(typed, '=') + 1;
		option = find_name(syntax->options, typed + 2, (size_t)(value - 1 - (typed + 2)));
		if (option && option->argument)
			put_values(option, typed, value, buf);
		return;
	}
	if (typed[1] && typed[1] != '-') {
		option = find_in_cluster(syntax->options, typed, &value);
		if (option && *value) {
			put_values(option, typed, value, buf);
			return;
		}
	}
	put_options(syntax->options, typed, buf);
}

static void put_words(const struct fdbg_syntax *syntax, const struct place *place, const char *typed,
		      struct fdbg_buf *buf)
{
	if (syntax->max_words >= 0 && place->n_words >= syntax->max_words) {
		/* There is nothing else that could be wanted. */
		if (!*typed && !place->only_words)
			put_options(syntax->options, "-", buf);
		return;
	}
	switch (syntax->words) {
	case FDBG_WORDS_RECORDING:
		fdbg_buf_string(buf, "r \n");
		break;
	case FDBG_WORDS_PROGRAM:
		fdbg_buf_string(buf, "x\n");
		break;
	case FDBG_WORDS_VERB:
		for (const char *const *verb = syntax->verbs; *verb; verb++)
			fdbg_complete_word(*verb, NULL, typed, buf);
		break;
	}
}

void fdbg_complete(const struct fdbg_syntax *syntax, int n_words, char *const *words, struct fdbg_buf *buf)
{
	const char *typed = n_words > 0 ? words[n_words - 1] : "";
	struct place place = find_place(syntax, n_words - 1, words);

	/* The answer's lines and columns could not be told from those of the word. */
	if (strpbrk(typed, "\n\t"))
		return;
	if (place.pending)
		put_values(place.pending, typed, typed, buf);
	else if (place.rest && syntax->words == FDBG_WORDS_PROGRAM)
		fdbg_buf_printf(buf, "c %d\n", place.rest);
	else if (place.rest)
		put_place('f', typed, typed, buf);
	else if (typed[0] == '-' && !place.only_words)
		put_option_word(syntax, typed, buf);
	else
		put_words(syntax, &place, typed, buf);
}
