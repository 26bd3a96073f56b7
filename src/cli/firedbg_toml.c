/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "cli/firedbg_toml.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MAX_FILE ((size_t)1 << 20)
#define MAX_MEMBERS 4096
#define MAX_KEYS 8

struct parser {
	const char *at, *end;
	unsigned int line;
	const char *path;
	struct fdbg_arena *arena;
	struct fdbg_toml_member *members;
	size_t n_members;
};

/* A dotted key; parts beyond the limit are an error. */
struct keys {
	const char *parts[MAX_KEYS];
	size_t n;
};

static struct fdbg_error *wrong(const struct parser *p, const char *what)
{
	return fdbg_error_create(FDBG_ERROR_FORMAT, "%s:%u: %s", p->path, p->line, what);
}

static void skip_blanks(struct parser *p)
{
	while (p->at < p->end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\r'))
		p->at++;
}

/* To the end of the line; what stands there other than a comment is an error. */
static struct fdbg_error *end_line(struct parser *p)
{
	skip_blanks(p);
	if (p->at < p->end && *p->at == '#')
		while (p->at < p->end && *p->at != '\n')
			p->at++;
	if (p->at < p->end && *p->at != '\n')
		return wrong(p, "unexpected text behind the value");
	if (p->at < p->end) {
		p->at++;
		p->line++;
	}
	return NULL;
}

static bool is_bare(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* A string in one of the two kinds of quotes. Package names and levels need no escapes, so none are read. */
static struct fdbg_error *parse_string(struct parser *p, const char **ret)
{
	char quote = *p->at;
	const char *from = ++p->at;

	while (p->at < p->end && *p->at != quote && *p->at != '\n') {
		if (*p->at == '\\' && quote == '"')
			return wrong(p, "escapes are not understood here");
		p->at++;
	}
	if (p->at == p->end || *p->at != quote)
		return wrong(p, "a string has no end");
	*ret = fdbg_arena_copy(p->arena, from, (size_t)(p->at++ - from));
	return *ret ? NULL : &fdbg_error_nomem;
}

static struct fdbg_error *parse_keys(struct parser *p, struct keys *ret)
{
	struct fdbg_error *err;

	ret->n = 0;
	for (;;) {
		skip_blanks(p);
		if (ret->n == MAX_KEYS)
			return wrong(p, "the key has too many parts");
		if (p->at < p->end && (*p->at == '"' || *p->at == '\'')) {
			err = parse_string(p, &ret->parts[ret->n]);
			if (err)
				return err;
		} else {
			const char *from = p->at;

			while (p->at < p->end && is_bare(*p->at))
				p->at++;
			if (p->at == from)
				return wrong(p, "a key is expected");
			ret->parts[ret->n] = fdbg_arena_copy(p->arena, from, (size_t)(p->at - from));
			if (!ret->parts[ret->n])
				return &fdbg_error_nomem;
		}
		ret->n++;
		skip_blanks(p);
		if (p->at == p->end || *p->at != '.')
			return NULL;
		p->at++;
	}
}

static struct fdbg_error *set_trace(struct parser *p, const char *package, const char *level)
{
	struct fdbg_toml_member *member = NULL;

	if (strcmp(level, "full") && strcmp(level, "none"))
		return wrong(p, "trace must be \"full\" or \"none\"");
	for (size_t i = 0; i < p->n_members; i++)
		if (!strcmp(p->members[i].package, package))
			return wrong(p, "the package has a trace already");
	if (p->n_members == MAX_MEMBERS)
		return wrong(p, "too many packages");
	member = &p->members[p->n_members++];
	*member = (struct fdbg_toml_member){ .package = package, .traced = !strcmp(level, "full") };
	return NULL;
}

/* Passes over any string of TOML: basic or literal, on one line or (in three quotes) on several. */
static struct fdbg_error *skip_string(struct parser *p)
{
	char quote = *p->at;
	size_t n_quotes = p->end - p->at >= 3 && p->at[1] == quote && p->at[2] == quote ? 3 : 1;

	for (p->at += n_quotes; p->at < p->end; p->at++) {
		if (*p->at == '\n' && n_quotes == 1)
			break;
		if (*p->at == '\n')
			p->line++;
		if (*p->at == '\\' && quote == '"' && p->end - p->at > 1 && p->at[1] != '\n')
			p->at++;
		else if (*p->at == quote && (n_quotes == 1 || (p->end - p->at >= 3 && p->at[1] == quote && p->at[2] == quote))) {
			p->at += n_quotes;
			return NULL;
		}
	}
	return wrong(p, "a string has no end");
}

/* Passes over a value that means nothing here: to the end of the line, or of a list or inline table over several lines. */
static struct fdbg_error *skip_value(struct parser *p)
{
	int depth = 0;

	while (p->at < p->end) {
		char c = *p->at;

		if (c == '#') {
			while (p->at < p->end && *p->at != '\n')
				p->at++;
			continue;
		}
		if (c == '\'' || c == '"') {
			struct fdbg_error *err = skip_string(p);

			if (err)
				return err;
			continue;
		}
		if (c == '\n') {
			if (depth <= 0)
				return NULL;
			p->line++;
		}
		depth += c == '[' || c == '{';
		depth -= c == ']' || c == '}';
		p->at++;
	}
	return NULL;
}

static struct fdbg_error *parse_value(struct parser *p, const struct keys *table, const struct keys *key);

/* { key = value, … }, the keys of which belong below those of the table and of the line. */
static struct fdbg_error *parse_inline(struct parser *p, const struct keys *table, const struct keys *key)
{
	struct keys whole = *table, inner;
	struct fdbg_error *err;

	for (size_t i = 0; i < key->n; i++) {
		if (whole.n == MAX_KEYS)
			return wrong(p, "the key has too many parts");
		whole.parts[whole.n++] = key->parts[i];
	}
	p->at++;
	skip_blanks(p);
	if (p->at < p->end && *p->at == '}') {
		p->at++;
		return NULL;
	}
	for (;;) {
		err = parse_keys(p, &inner);
		if (err)
			return err;
		if (p->at == p->end || *p->at++ != '=')
			return wrong(p, "'=' is expected");
		skip_blanks(p);
		err = p->at < p->end && *p->at == '{' ? wrong(p, "a table in a table is not understood here")
						      : parse_value(p, &whole, &inner);
		if (err)
			return err;
		skip_blanks(p);
		if (p->at < p->end && *p->at == '}') {
			p->at++;
			return NULL;
		}
		if (p->at == p->end || *p->at++ != ',')
			return wrong(p, "',' or '}' is expected");
	}
}

/* The value of a key; what it means depends on the keys from the root on. */
static struct fdbg_error *parse_value(struct parser *p, const struct keys *table, const struct keys *key)
{
	const char *path[3] = { NULL }, *package = NULL, *value;
	size_t n = table->n + key->n;
	struct fdbg_error *err;

	for (size_t i = 0; i < n && i < 3; i++)
		path[i] = i < table->n ? table->parts[i] : key->parts[i - table->n];
	if (n < 3 || strcmp(path[0], "workspace") || strcmp(path[1], "members"))
		return skip_value(p);
	package = path[2];
	if (n == 3)
		return wrong(p, "a package is written NAME = { trace = \"full\" }");
	if (n > 4 || strcmp(key->parts[key->n - 1], "trace"))
		return wrong(p, "a package has only trace = \"full\" or \"none\"");
	if (p->at == p->end || (*p->at != '"' && *p->at != '\''))
		return wrong(p, "trace must be \"full\" or \"none\"");
	err = parse_string(p, &value);
	return err ? err : set_trace(p, package, value);
}

static struct fdbg_error *parse_table(struct parser *p, struct keys *ret)
{
	bool array = p->end - p->at > 1 && p->at[1] == '[';
	struct fdbg_error *err;

	p->at += array ? 2 : 1;
	err = parse_keys(p, ret);
	if (err)
		return err;
	if (p->at == p->end || *p->at++ != ']' || (array && (p->at == p->end || *p->at++ != ']')))
		return wrong(p, "the name of a table ends with ']'");
	return end_line(p);
}

static bool is_member(const struct keys *table, const struct keys *key)
{
	const char *first = table->n ? table->parts[0] : key->parts[0];
	const char *second = table->n > 1 ? table->parts[1] : table->n + key->n > 1 ? key->parts[1 - table->n] : "";

	return !strcmp(first, "workspace") && !strcmp(second, "members");
}

static struct fdbg_error *parse_line(struct parser *p, struct keys *table)
{
	struct fdbg_error *err;
	struct keys key;

	skip_blanks(p);
	if (p->at == p->end || *p->at == '\n' || *p->at == '#')
		return end_line(p);
	if (*p->at == '[')
		return parse_table(p, table);
	err = parse_keys(p, &key);
	if (err)
		return err;
	if (p->at == p->end || *p->at++ != '=')
		return wrong(p, "'=' is expected");
	skip_blanks(p);
	if (p->at < p->end && *p->at == '{' && is_member(table, &key))
		err = parse_inline(p, table, &key);
	else
		err = parse_value(p, table, &key);
	return err ? err : end_line(p);
}

struct fdbg_error *fdbg_firedbg_toml_parse(const char *text, size_t len, const char *path, struct fdbg_arena *arena,
					   struct fdbg_toml_member **ret, size_t *n_ret)
{
	struct parser p = { .at = text, .end = text + len, .line = 1, .path = path, .arena = arena };
	struct fdbg_error *err = NULL;
	struct keys table = { .n = 0 };

	p.members = fdbg_arena_array(arena, MAX_MEMBERS, sizeof(*p.members));
	if (!p.members)
		return &fdbg_error_nomem;
	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		p.at += 3;
	while (p.at < p.end && !err)
		err = parse_line(&p, &table);
	if (err)
		return err;
	*ret = p.members;
	*n_ret = p.n_members;
	return NULL;
}

struct fdbg_error *fdbg_firedbg_toml_read(const char *path, struct fdbg_arena *arena, struct fdbg_toml_member **ret,
					  size_t *n_ret, bool *found_ret)
{
	FILE *file = fopen(path, "r");
	struct fdbg_error *err;
	char *text;
	size_t len;

	*found_ret = file != NULL;
	*n_ret = 0;
	if (!file)
		return errno == ENOENT ? NULL : fdbg_error_errno(errno, "cannot read %s", path);
	text = fdbg_arena_alloc(arena, MAX_FILE);
	if (!text) {
		fclose(file);
		return &fdbg_error_nomem;
	}
	len = fread(text, 1, MAX_FILE, file);
	if (ferror(file))
		err = fdbg_error_errno(errno, "cannot read %s", path);
	else if (len == MAX_FILE)
		err = fdbg_error_create(FDBG_ERROR_FORMAT, "%s is larger than 1 MiB", path);
	else
		err = fdbg_firedbg_toml_parse(text, len, path, arena, ret, n_ret);
	fclose(file);
	return err;
}
