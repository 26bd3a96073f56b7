/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "trace/limits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"

#define VARIABLE "FIREDBG_RUST_CONFIG"
#define MAX_COUNT 1000000000

struct fdbg_error *fdbg_limits_parse_count(const char *name, const char *text, size_t *ret)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || value > MAX_COUNT)
		return fdbg_error_create(FDBG_ERROR_USAGE, "%s: `%s` is not a count (a number from 0 to %d)", name, text,
					 MAX_COUNT);
	*ret = (size_t)value;
	return NULL;
}

static struct fdbg_error *parse_bool(const char *name, const char *text, bool *ret)
{
	if (strcmp(text, "true") && strcmp(text, "false"))
		return fdbg_error_create(FDBG_ERROR_USAGE, "%s: `%s` is neither `true` nor `false`", name, text);
	*ret = !strcmp(text, "true");
	return NULL;
}

static char *trim(char *text)
{
	size_t len;

	text += strspn(text, " \t");
	for (len = strlen(text); len && strchr(" \t\r\n", text[len - 1]);)
		text[--len] = 0;
	return text;
}

struct fdbg_error *fdbg_limits_parse(struct fdbg_limits *limits, const char *text)
{
	struct fdbg_limits changed = *limits;
	FDBG_AUTO_FREE char *copy = strdup(text);
	char *rest = copy, *item;

	if (!copy)
		return &fdbg_error_nomem;
	while ((item = strsep(&rest, ";"))) {
		struct fdbg_error *err;
		const char *key, *value;
		char *equals;

		item = trim(item);
		if (!*item)
			continue;
		equals = strchr(item, '=');
		if (equals)
			*equals = 0;
		key = trim(item);
		value = equals ? trim(equals + 1) : "true";
		if (!strcmp(key, "MAX_ARRAY_SIZE"))
			err = fdbg_limits_parse_count(key, value, &changed.decode.max_array);
		else if (!strcmp(key, "RECURSIVE_DEREF_LIMIT"))
			err = fdbg_limits_parse_count(key, value, &changed.decode.deref_limit);
		else if (!strcmp(key, "KEEP_HASH_ORDER"))
			err = parse_bool(key, value, &changed.decode.keep_hash_order);
		else if (!strcmp(key, "DONT_TRACE_ALLOCATION"))
			err = parse_bool(key, value, &changed.no_allocations);
		else
			err = fdbg_error_create(FDBG_ERROR_USAGE,
						"`%s` is no key; the keys are MAX_ARRAY_SIZE, RECURSIVE_DEREF_LIMIT, "
						"KEEP_HASH_ORDER and DONT_TRACE_ALLOCATION", key);
		if (err)
			return fdbg_error_prefix(err, VARIABLE);
	}
	*limits = changed;
	return NULL;
}

/* The value of an assignment: quotes taken off, or a comment behind it. */
static char *unquote(char *value)
{
	char quote = *value;

	if (quote == '"' || quote == '\'') {
		char *end = strchr(value + 1, quote);

		if (end) {
			*end = 0;
			return value + 1;
		}
	}
	for (char *hash = value; (hash = strchr(hash, '#')); hash++)
		if (hash == value || hash[-1] == ' ' || hash[-1] == '\t') {
			*hash = 0;
			break;
		}
	return trim(value);
}

struct fdbg_error *fdbg_limits_parse_env_file(struct fdbg_limits *limits, const char *path)
{
	FILE *file = fopen(path, "re");
	FDBG_AUTO_FREE char *found = NULL;
	FDBG_AUTO_FREE char *line = NULL;
	struct fdbg_error *err = NULL;
	size_t cap = 0;

	if (!file && (errno == ENOENT || errno == ENOTDIR))
		return NULL;
	if (!file)
		return fdbg_error_errno(errno, "cannot read %s", path);
	while (getline(&line, &cap, file) >= 0) {
		char *text = trim(line), *equals = strchr(text, '=');

		if (!strncmp(text, "export ", 7))
			text = trim(text + 7);
		if (!equals || *text == '#')
			continue;
		*equals = 0;
		if (strcmp(trim(text), VARIABLE))
			continue;
		free(found);
		found = strdup(unquote(trim(equals + 1)));
		if (!found)
			break;
	}
	if (ferror(file))
		err = fdbg_error_errno(errno, "cannot read %s", path);
	fclose(file);
	if (!err && found)
		err = fdbg_error_prefix(fdbg_limits_parse(limits, found), "%s", path);
	return err;
}
