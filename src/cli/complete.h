/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What can stand at the cursor of a command line, for the completions of shells (share/completions). They ask
 * `fdbg --complete WORD...`: the words behind `fdbg` up to the cursor, the last one as far as it was typed. The answer is
 * lines, by which the options that are offered are always those that the program takes:
 *
 *   w WORD<TAB>TEXT   a word that can stand here, and what it means (may be empty)
 *   p WORD<TAB>TEXT   the same, of a word that goes on (`--output=`)
 *   f PREFIX          a file behind PREFIX of the last word
 *   d PREFIX          a directory, likewise
 *   r PREFIX          a recording, likewise
 *   x                 a program, by path or of PATH
 *   c N               the last N words are a command line of their own
 */
#ifndef FDBG_CLI_COMPLETE_H
#define FDBG_CLI_COMPLETE_H

#include "base/buf.h"
#include "cli/options.h"

/* The word that asks; fdbg_options_parse answers when it is the first one of a command. */
#define FDBG_COMPLETE_OPTION "--complete"

/* Appends the answer for words[0 .. n_words), which stand behind the command's name. No words: as one that is empty. */
void fdbg_complete(const struct fdbg_syntax *syntax, int n_words, char *const *words, struct fdbg_buf *buf);

/* Appends a `w` line when word begins with typed; only the first line of text. */
void fdbg_complete_word(const char *word, const char *text, const char *typed, struct fdbg_buf *buf);

#endif
