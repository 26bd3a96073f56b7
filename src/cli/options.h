/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Options of a subcommand as a table, from which both the parser and its help come. */
#ifndef FDBG_CLI_OPTIONS_H
#define FDBG_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum fdbg_option_kind {
	FDBG_OPTION_FLAG,   /* target: bool, set to true */
	FDBG_OPTION_COUNT,  /* target: unsigned int, one up each time */
	FDBG_OPTION_STRING, /* target: const char *, the last one wins */
	FDBG_OPTION_LIST,   /* target: struct fdbg_option_list, all of them in order */
	FDBG_OPTION_UINT,   /* target: struct fdbg_option_uint */
	FDBG_OPTION_CHOICE, /* target: int, the index of the word in `choices` */
};

struct fdbg_option_list {
	/* `tag` tells options that share a list apart (the order of --filter and --exclude matters). */
	struct fdbg_option_item {
		const char *value;
		int tag;
	} *items;
	size_t n_items;
};

struct fdbg_option_uint {
	bool given;
	uint64_t value;
};

struct fdbg_option {
	const char *name;           /* long name; NULL ends the table */
	char letter;                /* short name, or 0 */
	enum fdbg_option_kind kind;
	/* its name in the help; NULL: takes none; "[X]": may be left out; shells complete what is called FILE or DIR */
	const char *argument;
	const char *help;
	void *target;
	/* of CHOICE, ended by NULL; of STRING: the words of a list with commas, which shells complete */
	const char *const *choices;
	int tag;                    /* of LIST */
};

/* What the words of a subcommand are, for the completions of shells. */
enum fdbg_words {
	FDBG_WORDS_RECORDING,
	FDBG_WORDS_PROGRAM,
	FDBG_WORDS_VERB, /* one of `verbs` */
};

/* What a subcommand takes. */
struct fdbg_syntax {
	/* behind `fdbg `, such as `show [OPTIONS] [FILE]`; further lines after newlines */
	const char *usage;
	const char *description;    /* lines below it */
	const struct fdbg_option *options;
	const char *options_of;     /* the command whose help lists them; NULL: this one */
	int min_words, max_words;   /* of words that are no options; max_words -1: any number */
	/* options end at the first word (the rest are those of another program) */
	bool stop_at_word;
	enum fdbg_words words;
	const char *const *verbs;   /* of FDBG_WORDS_VERB, ended by NULL */
};

/*
 * Parses argv (argv[0] is the subcommand's name) and sets targets. The words that are no options follow in
 * order at *words_ret, n_words_ret of them; argv is permuted for that. --help prints the help and sets
 * *help_ret: nothing more is to be done then. An optional argument that is left out sets a STRING to "".
 * FDBG_ERROR_USAGE with a hint on what is wrong. The question of a shell (cli/complete.h) is answered as --help is.
 */
struct fdbg_error *fdbg_options_parse(const struct fdbg_syntax *syntax, int argc, char **argv,
				      int *n_words_ret,
				      char ***words_ret, bool *help_ret) FDBG_CHECK;

void fdbg_option_list_deinit(struct fdbg_option_list *list);

#endif
