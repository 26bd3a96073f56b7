/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Parses visualizer files. */
#include "rust/visualizer.h"

#include <stdlib.h>

#include "rust/utf8.h"
#include "value/show.h"

/* One file being read. */
struct parser {
	struct fdbg_visualizers *list;
	const char *name;
	unsigned line;
	struct fdbg_visualizer *section; /* NULL: before the first head */
	bool complete;                   /* the section was checked */
};

#define WRONG(parser, at, ...) wrong(parser, at, fdbg_error_create(FDBG_ERROR_FORMAT, __VA_ARGS__))

static struct fdbg_error *wrong(const struct parser *parser, unsigned line, struct fdbg_error *err)
{
	return fdbg_error_prefix(err, "%s:%u", parser->name, line);
}

static bool is_blank(char ch)
{
	return ch == ' ' || ch == '\t' || ch == '\r';
}

static struct fdbg_text trim(struct fdbg_text text)
{
	while (text.len && is_blank(text.data[0])) {
		text.data++;
		text.len--;
	}
	while (text.len && is_blank(text.data[text.len - 1]))
		text.len--;
	return text;
}

bool fdbg_visualizer_matches(struct fdbg_text glob, struct fdbg_text name)
{
	size_t g = 0, n = 0, star = SIZE_MAX, retry = 0;

	while (n < name.len) {
		if (g < glob.len && glob.data[g] == '*') {
			star = g++;
			retry = n;
		} else if (g < glob.len && (glob.data[g] == '?' || glob.data[g] == name.data[n])) {
			g++;
			n++;
		} else if (star != SIZE_MAX) {
			g = star + 1;
			n = ++retry;
		} else {
			return false;
		}
	}
	while (g < glob.len && glob.data[g] == '*')
		g++;
	return g == glob.len;
}

static bool is_name_byte(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '_' ||
	       (unsigned char)ch >= 0x80;
}

static bool is_name(struct fdbg_text text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_name_byte(text.data[i]))
			return false;
	return text.len;
}

bool fdbg_visualizer_is_path(struct fdbg_text text)
{
	if (text.len > FDBG_VISUALIZER_PATH_MAX)
		return false;
	for (;;) {
		const char *dot = memchr(text.data, '.', text.len);
		struct fdbg_text part = { text.data, dot ? (size_t)(dot - text.data) : text.len };

		if (!is_name(part) && !fdbg_text_is(part, "*"))
			return false;
		if (!dot)
			return true;
		text = (struct fdbg_text){ dot + 1, text.len - part.len - 1 };
	}
}

static struct fdbg_error *parse_number(const struct parser *parser, struct fdbg_text text, uint64_t *ret)
{
	char digits[32], *end;
	int base = fdbg_text_starts(text, "0x") ? 16 : 10;
	struct fdbg_text bare = { text.data + (base == 16 ? 2 : 0), text.len - (base == 16 ? 2 : 0) };

	for (size_t i = 0; i < bare.len; i++) {
		char ch = bare.data[i];

		if ((ch < '0' || ch > '9') && !(base == 16 && ((ch | 32) >= 'a' && (ch | 32) <= 'f')))
			bare.len = 0;
	}
	if (!bare.len || bare.len > (base == 16 ? 16 : 19))
		return WRONG(parser, parser->line, "'%.*s' is not a number", (int)text.len, text.data);
	memcpy(digits, bare.data, bare.len);
	digits[bare.len] = '\0';
	*ret = strtoull(digits, &end, base);
	return NULL;
}

/* `PATH OP NUMBER` */
static struct fdbg_error *parse_condition(struct parser *parser, struct fdbg_text text)
{
	static const struct {
		const char *name;
		enum fdbg_visualizer_op op;
	} ops[] = {
		{ "==", FDBG_VISUALIZER_EQ }, { "!=", FDBG_VISUALIZER_NE }, { "<=", FDBG_VISUALIZER_LE },
		{ ">=", FDBG_VISUALIZER_GE }, { "<", FDBG_VISUALIZER_LT }, { ">", FDBG_VISUALIZER_GT },
	};
	struct fdbg_visualizer *section = parser->section;
	struct fdbg_visualizer_condition condition = { 0 }, *more;
	struct fdbg_text rest;
	struct fdbg_error *err;
	size_t at = 0, i = 0;

	while (at < text.len && !memchr("=!<>", text.data[at], 4))
		at++;
	rest = (struct fdbg_text){ text.data + at, text.len - at };
	while (i < sizeof(ops) / sizeof(ops[0]) && !fdbg_text_starts(rest, ops[i].name))
		i++;
	condition.path = trim((struct fdbg_text){ text.data, at });
	if (i == sizeof(ops) / sizeof(ops[0]) || !fdbg_visualizer_is_path(condition.path))
		return WRONG(parser, parser->line, "'when' wants PATH == NUMBER (or !=, <, <=, >, >=)");
	condition.op = ops[i].op;
	rest.data += strlen(ops[i].name);
	rest.len -= strlen(ops[i].name);
	err = parse_number(parser, trim(rest), &condition.value);
	if (err)
		return err;
	more = fdbg_arena_array(&parser->list->arena, section->n_conditions + 1, sizeof(*more));
	if (!more)
		return &fdbg_error_nomem;
	if (section->n_conditions)
		memcpy(more, section->conditions, section->n_conditions * sizeof(*more));
	more[section->n_conditions++] = condition;
	section->conditions = more;
	if (section->n_conditions > 16)
		return WRONG(parser, parser->line, "more than 16 conditions");
	return NULL;
}

static struct fdbg_error *check_template(const struct parser *parser, struct fdbg_text show)
{
	struct fdbg_show_piece piece;
	enum fdbg_show_result result;
	const char *bad = "";
	size_t n = 0;

	while ((result = fdbg_show_next(&show, &piece, &bad)) == FDBG_SHOW_PIECE) {
		if (!piece.field)
			continue;
		if (!fdbg_visualizer_is_path(piece.text))
			return WRONG(parser, parser->line, "'%.*s' is not a path of member names", (int)piece.text.len,
				     piece.text.data);
		if (++n > 100)
			return WRONG(parser, parser->line, "more than 100 members in a template");
	}
	if (result == FDBG_SHOW_BAD)
		return WRONG(parser, parser->line, "%s", bad);
	return NULL;
}

/* A value in quotes keeps its blanks; there are no escapes. */
static struct fdbg_error *unquote(const struct parser *parser, struct fdbg_text *text)
{
	if (!fdbg_text_starts(*text, "\""))
		return NULL;
	if (text->len < 2 || !fdbg_text_ends(*text, "\""))
		return WRONG(parser, parser->line, "'\"' without its partner");
	*text = (struct fdbg_text){ text->data + 1, text->len - 2 };
	return NULL;
}

/* What must hold for a section as a whole. */
static struct fdbg_error *finish_section(struct parser *parser)
{
	struct fdbg_visualizer *section = parser->section;

	if (!section || parser->complete)
		return NULL;
	if (section->text.data && section->items.data)
		return WRONG(parser, section->line, "a section has 'text' or 'items', not both");
	if (!section->text.data && !section->items.data) {
		if (section->length.data)
			return WRONG(parser, section->line, "'length' without 'text' or 'items'");
		if (section->element.data || section->key.data || section->value.data)
			return WRONG(parser, section->line, "'element', 'key' and 'value' go with 'items'");
		if (!section->show.data)
			return WRONG(parser, section->line, "the section says nothing: it needs 'text', 'items' or 'show'");
	}
	if (section->text.data && (section->element.data || section->key.data || section->value.data))
		return WRONG(parser, section->line, "'element', 'key' and 'value' go with 'items'");
	if (section->value.data && !section->key.data)
		return WRONG(parser, section->line, "'value' without 'key'");
	if (!section->show.data)
		section->show = section->text.data ? FDBG_TEXT("{text}") :
				section->value.data ? FDBG_TEXT("{items:map}") :
				section->key.data ? FDBG_TEXT("{items:set}") : FDBG_TEXT("{items}");
	parser->complete = true;
	return NULL;
}

static struct fdbg_error *begin_section(struct parser *parser, struct fdbg_text line)
{
	struct fdbg_visualizers *list = parser->list;
	struct fdbg_text glob;

	if (!fdbg_text_ends(line, "]"))
		return WRONG(parser, parser->line, "'[' without ']'");
	glob = trim((struct fdbg_text){ line.data + 1, line.len - 2 });
	if (!glob.len)
		return WRONG(parser, parser->line, "[] names no type");
	if (list->n == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 32;
		struct fdbg_visualizer *bigger = reallocarray(list->list, cap, sizeof(*bigger));

		if (!bigger)
			return &fdbg_error_nomem;
		list->list = bigger;
		list->cap = cap;
	}
	parser->section = &list->list[list->n++];
	*parser->section = (struct fdbg_visualizer){ .file = parser->name, .line = parser->line, .glob = glob };
	parser->complete = false;
	return NULL;
}

static struct fdbg_error *parse_key(struct parser *parser, struct fdbg_text line)
{
	struct fdbg_visualizer *section = parser->section;
	const char *equals = memchr(line.data, '=', line.len);
	struct fdbg_text key, value;
	struct fdbg_error *err;
	struct {
		const char *name;
		struct fdbg_text *to;
	} keys[] = {
		{ "text", &section->text }, { "items", &section->items }, { "length", &section->length },
		{ "element", &section->element }, { "key", &section->key }, { "value", &section->value },
		{ "show", &section->show },
	};
	size_t i = 0;

	if (!equals)
		return WRONG(parser, parser->line, "neither [TYPE] nor KEY = VALUE");
	key = trim((struct fdbg_text){ line.data, (size_t)(equals - line.data) });
	value = trim((struct fdbg_text){ equals + 1, line.len - (size_t)(equals + 1 - line.data) });
	if (fdbg_text_is(key, "when"))
		return parse_condition(parser, value);
	while (i < sizeof(keys) / sizeof(keys[0]) && !fdbg_text_is(key, keys[i].name))
		i++;
	if (i == sizeof(keys) / sizeof(keys[0]))
		return WRONG(parser, parser->line, "unknown key '%.*s' (text, items, length, element, key, value, show, when)",
			     (int)(key.len < 100 ? key.len : 100), key.data);
	if (keys[i].to->data)
		return WRONG(parser, parser->line, "'%s' is there twice", keys[i].name);
	if (keys[i].to == &section->show) {
		err = unquote(parser, &value);
		if (!err)
			err = check_template(parser, value);
		if (err)
			return err;
	} else if (keys[i].to == &section->element ? !is_name(value) : !fdbg_visualizer_is_path(value)) {
		return WRONG(parser, parser->line, "%s: '%.*s' is not %s", keys[i].name,
			     (int)(value.len < 100 ? value.len : 100), value.data,
			     keys[i].to == &section->element ? "the name of a type parameter" : "a path of member names");
	}
	*keys[i].to = value;
	return NULL;
}

static struct fdbg_error *parse_line(struct parser *parser, struct fdbg_text line)
{
	struct fdbg_error *err;

	line = trim(line);
	if (!line.len || line.data[0] == '#')
		return NULL;
	if (line.data[0] == '[') {
		err = finish_section(parser);
		return err ? err : begin_section(parser, line);
	}
	if (!parser->section)
		return WRONG(parser, parser->line, "a [TYPE] must come first");
	return parse_key(parser, line);
}

struct fdbg_error *fdbg_visualizers_parse(struct fdbg_visualizers *list, const char *name, const char *data,
					  size_t len)
{
	struct parser parser = { .list = list, .name = fdbg_arena_copy(&list->arena, name, strlen(name)) };
	struct fdbg_text text = { fdbg_arena_copy(&list->arena, data, len), len };
	struct fdbg_error *err = NULL;
	bool truncated;

	if (!parser.name || !text.data)
		return &fdbg_error_nomem;
	while (text.len && !err) {
		const char *newline = memchr(text.data, '\n', text.len);
		struct fdbg_text line = { text.data, newline ? (size_t)(newline - text.data) : text.len };

		parser.line++;
		if (memchr(line.data, '\0', line.len) ||
		    fdbg_utf8_scan((const uint8_t *)line.data, line.len, &truncated) < line.len)
			err = WRONG(&parser, parser.line, "not text in UTF-8");
		else
			err = parse_line(&parser, line);
		text.data += line.len + (newline ? 1 : 0);
		text.len -= line.len + (newline ? 1 : 0);
	}
	if (!err)
		err = finish_section(&parser);
	/* A section that is wrong must not be used. */
	if (err && parser.section && !parser.complete)
		list->n--;
	return err;
}

void fdbg_visualizers_deinit(struct fdbg_visualizers *list)
{
	free(list->list);
	fdbg_arena_deinit(&list->arena);
	*list = (struct fdbg_visualizers){ 0 };
}
