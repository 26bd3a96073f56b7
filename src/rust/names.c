/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Names of functions and types, from what DWARF and linkage names know. */
#include "rust/names.h"

#include "base/buf.h"
#include "rust/demangle.h"

/*
 * What each source of a name knows (std-types.md, section 10):
 *   the DWARF path       scopes, closures by kind and number, the instance's generic arguments; not the trait
 * of an impl a v0 linkage name    everything but the kind of a closure a legacy name        the impl's type
 * and trait, with the names of generic parameters instead of their arguments So v0 gives the frame where it
 * is there; with legacy the path gives it and the linkage name fills in the impl.
 */

#define MAX_PARTS 64
#define MAX_NESTING 128 /* of brackets that are looked at */
#define MAX_LEVEL 8      /* of bindings inside bindings */

struct parts {
	struct fdbg_text items[MAX_PARTS];
	size_t n;
};

static bool is_ident(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
	       (c & 0x80);
}

static bool has_at(struct fdbg_text text, size_t at, const char *what)
{
	size_t len = strlen(what);

	return at <= text.len && text.len - at >= len && !memcmp(text.data + at, what, len);
}

/* +1 for an opening bracket at i, -1 for a closing one; the `>` of `->` is none. */
static int bracket(struct fdbg_text text, size_t i)
{
	switch (text.data[i]) {
	case '<': case '(': case '[': case '{':
		return 1;
	case '>':
		return i && text.data[i - 1] == '-' ? 0 : -1;
	case ')': case ']': case '}':
		return -1;
	}
	return 0;
}

/* Where what begins outside all brackets, or text.len. */
static size_t find_outside(struct fdbg_text text, const char *what)
{
	int depth = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (!depth && has_at(text, i, what))
			return i;
		depth += bracket(text, i);
	}
	return text.len;
}

/* Splits at a separator outside all brackets; false when there are too many parts or an empty one. */
static bool split(struct fdbg_text text, const char *separator, struct parts *ret)
{
	ret->n = 0;
	while (text.len) {
		size_t end = find_outside(text, separator), skip = end + strlen(separator);

		if (ret->n == MAX_PARTS || !end)
			return false;
		ret->items[ret->n++] = fdbg_text_part(text, 0, end);
		text = skip < text.len ? fdbg_text_part(text, skip, text.len) : fdbg_text_part(text, text.len, text.len);
	}
	return ret->n > 0;
}

/* `name<args>` to `args` (empty: none); *name_ret is what stands before. */
static struct fdbg_text split_args(struct fdbg_text part, struct fdbg_text *name_ret)
{
	size_t open = find_outside(part, "<");

	*name_ret = part;
	if (open == part.len || !open || part.data[part.len - 1] != '>')
		return fdbg_text_part(part, part.len, part.len);
	*name_ret = fdbg_text_part(part, 0, open);
	return fdbg_text_part(part, open + 1, part.len - 1);
}

/*
 * The closing bracket that belongs to the opening one at open, or text.len; *commas_ret: commas directly
 * inside.
 */
static size_t closing(struct fdbg_text text, size_t open, size_t *commas_ret)
{
	int depth = 0;

	*commas_ret = 0;
	for (size_t i = open; i < text.len; i++) {
		depth += bracket(text, i);
		if (!depth)
			return i;
		if (depth == 1 && text.data[i] == ',')
			(*commas_ret)++;
	}
	return text.len;
}

static void put_spaced(struct fdbg_buf *buf, struct fdbg_text text, size_t *i)
{
	if (!buf->len || buf->data[buf->len - 1] != ' ')
		fdbg_buf_byte(buf, ' ');
	fdbg_buf_byte(buf, (uint8_t)text.data[*i]);
	fdbg_buf_byte(buf, ' ');
	while (*i + 1 < text.len && text.data[*i + 1] == ' ')
		(*i)++;
}

static void put_normal_at(struct fdbg_buf *buf, struct fdbg_text text, unsigned level);

/*
 * Legacy names write `dyn Fn<(i32,)>+Output = u8` for `dyn Fn<(i32,), Output = u8>`. With i at the `+` of
 * such a binding: puts it where it belongs, sets i to its last character and returns true.
 */
static bool put_legacy_binding(struct fdbg_buf *buf, struct fdbg_text text, size_t *i, unsigned level)
{
	size_t name = *i + 1, end, type;
	int depth = 0;

	while (name < text.len && text.data[name] == ' ')
		name++;
	for (end = name; end < text.len && is_ident(text.data[end]);)
		end++;
	if (level >= MAX_LEVEL || end == name || !(has_at(text, end, " = ") || has_at(text, end, "=")))
		return false;
	type = end + (text.data[end] == ' ' ? strlen(" = ") : strlen("="));
	if (buf->len && buf->data[buf->len - 1] == '>') {
		buf->len--;
		fdbg_buf_string(buf, ", ");
	} else {
		fdbg_buf_byte(buf, '<');
	}
	fdbg_buf_append(buf, text.data + name, end - name);
	fdbg_buf_string(buf, " = ");
	for (end = type; end < text.len; end++) {
		if (!depth && (text.data[end] == '+' || text.data[end] == ',' || has_at(text, end, " as ")))
			break;
		depth += bracket(text, end);
		if (depth < 0)
			break;
	}
	put_normal_at(buf, fdbg_text_part(text, type, end), level + 1);
	fdbg_buf_byte(buf, '>');
	*i = end - 1;
	return true;
}

/*
 * Appends type text in one spelling, whatever it came from: no default allocator, blanks as Rust sets them,
 * `(T,)` for the 1-tuple (DWARF says `(T)`), no parentheses around `dyn A + B`, closures instead of their
 * environments. A `"` (of `extern "C"`) becomes `'`: names on the stream must not hold one.
 */
static void put_normal_at(struct fdbg_buf *buf, struct fdbg_text text, unsigned level)
{
	enum closer { PLAIN, ONE_TUPLE, DROPPED } closers[MAX_NESTING];
	size_t n_open = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];
		size_t commas, end;

		switch (c) {
		case ',':
			if (has_at(text, i, ", alloc::alloc::Global>")) {
				i += strlen(", alloc::alloc::Global") - 1;
				break;
			}
			if (has_at(text, i, ",alloc::alloc::Global>")) {
				i += strlen(",alloc::alloc::Global") - 1;
				break;
			}
			fdbg_buf_byte(buf, ',');
			if (i + 1 < text.len && text.data[i + 1] != ' ' && text.data[i + 1] != ')')
				fdbg_buf_byte(buf, ' ');
			break;
		case '+':
			if (put_legacy_binding(buf, text, &i, level))
				break;
			/* fallthrough */
		case '=':
			put_spaced(buf, text, &i);
			break;
		case '"':
			fdbg_buf_byte(buf, '\'');
			break;
		case '(':
			if (n_open >= MAX_NESTING) {
				n_open++;
				fdbg_buf_byte(buf, '(');
				break;
			}
			closers[n_open] = PLAIN;
			end = closing(text, i, &commas);
			if (!(i && is_ident(text.data[i - 1])) && !commas && end > i + 1 && end < text.len)
				closers[n_open] = has_at(text, i + 1, "dyn ") ? DROPPED : ONE_TUPLE;
			if (closers[n_open++] != DROPPED)
				fdbg_buf_byte(buf, '(');
			break;
		case ')':
			if (n_open && --n_open < MAX_NESTING && closers[n_open] != PLAIN) {
				if (closers[n_open] == ONE_TUPLE)
					fdbg_buf_string(buf, ",)");
				break;
			}
			fdbg_buf_byte(buf, ')');
			break;
		case '_':
			if (has_at(text, i, "_env#") && n_open < MAX_NESTING) {
				i += strlen("_env") - 1;
				break;
			}
			fdbg_buf_byte(buf, '_');
			break;
		default:
			fdbg_buf_byte(buf, (uint8_t)c);
		}
	}
}

static void put_normal(struct fdbg_buf *buf, struct fdbg_text text)
{
	put_normal_at(buf, text, 0);
}

/* One generic argument of the instance. */
struct argument {
	struct fdbg_text param;  /* the parameter's name; empty: a constant, whose name nobody tells */
	struct fdbg_text text;
	bool own;                /* of the function itself, not of its impl */
};

struct arguments {
	struct argument items[MAX_PARTS];
	size_t n;
};

static bool looks_constant(struct fdbg_text text)
{
	return text.len &&
	       ((text.data[0] >= '0' && text.data[0] <= '9') || text.data[0] == '-' || text.data[0] == '\'' ||
		fdbg_text_is(text, "true") || fdbg_text_is(text, "false"));
}

/*
 * The arguments as the DIE's name spells them (its type parameters lose unsized types: str is u8 there),
 * paired with the parameters' names. Constants are in the text only.
 */
static void collect_arguments(const struct fdbg_function *function, struct arguments *ret)
{
	struct fdbg_text name, list = split_args(function->name, &name);
	struct parts parts;
	size_t n_constants = 0, param = 0;

	ret->n = 0;
	if (!split(list, ", ", &parts))
		return;
	for (size_t i = 0; i < parts.n; i++)
		n_constants += looks_constant(parts.items[i]);
	if (parts.n != function->n_params && parts.n - n_constants != function->n_params)
		n_constants = 0;
	for (size_t i = 0; i < parts.n; i++) {
		struct argument *arg = &ret->items[ret->n++];
		bool constant = parts.n != function->n_params && looks_constant(parts.items[i]);

		*arg = (struct argument){ .text = parts.items[i], .own = true };
		if (!constant && param < function->n_params)
			arg->param = function->params[param++].name;
	}
}

/*
 * The argument that the token of the head at i stands for, or NULL. *constants: arguments for `_` used so
 * far.
 */
static struct argument *argument_for(struct arguments *args, struct fdbg_text token, size_t *constants)
{
	if (fdbg_text_is(token, "_")) {
		size_t seen = 0;

		for (size_t i = 0; i < args->n; i++) {
			if (args->items[i].param.len || !looks_constant(args->items[i].text))
				continue;
			if (seen++ == *constants) {
				(*constants)++;
				return &args->items[i];
			}
		}
		return NULL;
	}
	for (size_t i = 0; i < args->n; i++)
		if (args->items[i].param.len && fdbg_text_equal(args->items[i].param, token))
			return &args->items[i];
	return NULL;
}

/* Appends text with parameters' names replaced by their arguments, which are then not the function's own. */
static void put_substituted(struct fdbg_buf *buf, struct fdbg_text text, struct arguments *args)
{
	size_t constants = 0, i = 0;

	while (i < text.len) {
		struct argument *arg = NULL;
		size_t end = i;

		while (end < text.len && is_ident(text.data[end]))
			end++;
		if (end == i) {
			fdbg_buf_byte(buf, (uint8_t)text.data[i++]);
			continue;
		}
		if (!(i >= 2 && text.data[i - 1] == ':') && !(i && text.data[i - 1] == '\''))
			arg = argument_for(args, fdbg_text_part(text, i, end), &constants);
		if (arg) {
			arg->own = false;
			fdbg_buf_append(buf, arg->text.data, arg->text.len);
		} else {
			fdbg_buf_append(buf, text.data + i, end - i);
		}
		i = end;
	}
}

/* `X` of an inherent impl: a path stands as it is, other types in angle brackets. */
static void put_inherent(struct fdbg_buf *buf, struct fdbg_text type)
{
	bool plain = type.len && is_ident(type.data[0]) && !fdbg_text_starts(type, "dyn ") &&
		     !fdbg_text_starts(type, "fn(") && !fdbg_text_starts(type, "unsafe ") &&
		     !fdbg_text_starts(type, "extern ");

	if (!plain)
		fdbg_buf_byte(buf, '<');
	fdbg_buf_append(buf, type.data, type.len);
	if (!plain)
		fdbg_buf_byte(buf, '>');
}

/* The impl part of a legacy name, in the form `<T as Trait>` or `path::T`. */
static void put_head(struct fdbg_buf *buf, struct fdbg_text head)
{
	struct parts parts;
	struct fdbg_text last;
	size_t at;

	if (!split(head, "::", &parts))
		return fdbg_buf_append(buf, head.data, head.len);
	last = parts.items[parts.n - 1];
	if (!fdbg_text_starts(last, "<impl ") || last.data[last.len - 1] != '>')
		return fdbg_buf_append(buf, head.data, head.len);
	/* An impl outside the module of its type: `module::<impl Trait for Type>`. */
	last = fdbg_text_part(last, strlen("<impl "), last.len - 1);
	at = find_outside(last, " for ");
	if (at == last.len)
		return put_inherent(buf, last);
	fdbg_buf_byte(buf, '<');
	fdbg_buf_append(buf, last.data + at + strlen(" for "), last.len - at - strlen(" for "));
	fdbg_buf_string(buf, " as ");
	fdbg_buf_append(buf, last.data, at);
	fdbg_buf_byte(buf, '>');
}

static void put_own_arguments(struct fdbg_buf *buf, const struct arguments *args, size_t from)
{
	bool any = false;

	for (size_t i = from; i < args->n; i++) {
		if (!args->items[i].own)
			continue;
		fdbg_buf_string(buf, any ? ", " : "::<");
		any = true;
		put_normal(buf, args->items[i].text);
	}
	if (any)
		fdbg_buf_byte(buf, '>');
}

/* The last part that is not a closure: the function that the generic arguments belong to. */
static size_t function_part(const struct parts *path)
{
	size_t i = path->n - 1;

	while (i > 0 && path->items[i].data[0] == '{')
		i--;
	return i;
}

/* Appends `::`-joined parts from..: bare names, the function's own arguments behind it. */
static void put_rest(struct fdbg_buf *buf, const struct parts *path, size_t from, size_t function,
		     const struct arguments *args)
{
	for (size_t i = from; i < path->n; i++) {
		struct fdbg_text name;

		split_args(path->items[i], &name);
		if (buf->len)
			fdbg_buf_string(buf, "::");
		/* Before the function stand modules and types, whose arguments are part of their names. */
		if (i < function)
			put_normal(buf, path->items[i]);
		else
			put_normal(buf, name);
		if (i == function)
			put_own_arguments(buf, args, 0);
	}
}

/* A provided method lies in its trait and has the implementing type as its parameter Self. */
static void put_provided(struct fdbg_buf *buf, const struct parts *path, struct arguments *args)
{
	size_t function = function_part(path);

	fdbg_buf_byte(buf, '<');
	put_normal(buf, args->items[0].text);
	fdbg_buf_string(buf, " as ");
	for (size_t i = 0; i < function; i++) {
		if (i)
			fdbg_buf_string(buf, "::");
		put_normal(buf, path->items[i]);
	}
	fdbg_buf_byte(buf, '>');
	args->items[0].own = false;
	put_rest(buf, path, function, function, args);
}

/* True when the type part before the function has these arguments: then they are not the function's own. */
static void disown_type_arguments(const struct parts *path, struct arguments *args)
{
	size_t function = function_part(path);
	struct fdbg_text name, list;
	struct parts of_type;

	if (!function)
		return;
	list = split_args(path->items[function - 1], &name);
	if (!split(list, ", ", &of_type) || of_type.n > args->n)
		return;
	for (size_t i = 0; i < of_type.n; i++)
		if (!fdbg_text_equal(of_type.items[i], args->items[i].text))
			return;
	for (size_t i = 0; i < of_type.n; i++)
		args->items[i].own = false;
}

static size_t last_impl(const struct parts *path)
{
	for (size_t i = path->n; i-- > 0;)
		if (fdbg_text_starts(path->items[i], "{impl#"))
			return i;
	return path->n;
}

/* From the DWARF path and a legacy linkage name (empty: none). */
static bool name_from_path(struct fdbg_buf *buf, const struct fdbg_function *function,
			   struct fdbg_text legacy)
{
	struct fdbg_buf head = { 0 }, full = { 0 };
	struct arguments args;
	struct parts path, linkage;
	size_t impl, rest;
	bool has_linkage;

	if (!split(function->path, "::", &path))
		return false;
	has_linkage = split(legacy, "::", &linkage);
	collect_arguments(function, &args);
	impl = last_impl(&path);
	rest = path.n - impl - 1;
	if (args.n && fdbg_text_is(args.items[0].param, "Self")) {
		put_provided(buf, &path, &args);
	} else if (impl == path.n) {
		if (has_linkage)
			put_substituted(&full, legacy, &args);
		else
			disown_type_arguments(&path, &args);
		put_rest(buf, &path, 0, function_part(&path), &args);
	} else if (has_linkage && linkage.n > rest) {
		const struct fdbg_text *last = &linkage.items[linkage.n - rest - 1];

		put_head(&head, fdbg_text_part(legacy, 0, (size_t)(last->data + last->len - legacy.data)));
		put_substituted(&full, (struct fdbg_text){ (char *)head.data, head.len }, &args);
		put_normal(buf, (struct fdbg_text){ (char *)full.data, full.len });
		put_rest(buf, &path, impl + 1, function_part(&path), &args);
	} else {
		put_rest(buf, &path, 0, function_part(&path), &args);
	}
	if (head.failed || full.failed)
		buf->failed = true;
	fdbg_buf_deinit(&head);
	fdbg_buf_deinit(&full);
	return true;
}

/* The argument list of a v0 name's function, in the spelling of DWARF where the counts allow it. */
static void put_v0_arguments(struct fdbg_buf *buf, struct fdbg_text part, const struct arguments *args)
{
	struct parts own;

	if (split(fdbg_text_part(part, 1, part.len - 1), ", ", &own) && own.n <= args->n)
		return put_own_arguments(buf, args, args->n - own.n);
	fdbg_buf_string(buf, "::");
	put_normal(buf, part);
}

/* From a demangled v0 name; closures take their kind (`{async_fn#0}`) from the DWARF path. */
static bool name_from_v0(struct fdbg_buf *buf, const struct fdbg_function *function, struct fdbg_text v0)
{
	struct parts path, linkage;
	struct arguments args;
	struct fdbg_text kinds[MAX_PARTS] = { 0 };
	size_t last_list = 0;

	if (!split(v0, "::", &linkage) || !split(function->path, "::", &path))
		return false;
	collect_arguments(function, &args);
	for (size_t i = linkage.n, j = path.n; i-- > 1 && j;) {
		struct fdbg_text name;

		if (linkage.items[i].data[0] == '<') {
			if (!last_list)
				last_list = i;
			continue;
		}
		split_args(path.items[--j], &name);
		if (linkage.items[i].data[0] == '{' && name.data[0] == '{' &&
		    !fdbg_text_starts(name, "{impl#"))
			kinds[i] = name;
	}
	for (size_t i = 0; i < linkage.n; i++) {
		struct fdbg_text part = linkage.items[i];

		if (i && i == last_list) {
			put_v0_arguments(buf, part, &args);
			continue;
		}
		if (i)
			fdbg_buf_string(buf, "::");
		if (!i && part.data[0] == '<') {
			struct fdbg_text inner = fdbg_text_part(part, 1, part.len - 1);

			if (find_outside(inner, " as ") == inner.len) {
				struct fdbg_buf type = { 0 };

				put_inherent(&type, inner);
				put_normal(buf, (struct fdbg_text){ (char *)type.data, type.len });
				fdbg_buf_deinit(&type);
				continue;
			}
		}
		put_normal(buf, kinds[i].len ? kinds[i] : part);
	}
	return true;
}

bool fdbg_rust_demangle(struct fdbg_text linkage_name, struct fdbg_arena *arena, struct fdbg_text *ret)
{
	struct fdbg_buf buf = { 0 };
	bool ok;

	ok = fdbg_demangle_legacy(linkage_name, &buf);
	if (!ok) {
		fdbg_buf_clear(&buf);
		ok = fdbg_demangle_v0(linkage_name, &buf);
	}
	if (ok) {
		struct fdbg_text text =
			fdbg_arena_text(arena, (struct fdbg_text){ (char *)buf.data, buf.len });

		ok = text.data != NULL;
		if (ok)
			*ret = text;
	}
	fdbg_buf_deinit(&buf);
	return ok;
}

struct fdbg_text fdbg_rust_function_name(const struct fdbg_function *function, struct fdbg_arena *arena)
{
	struct fdbg_buf symbol = { 0 }, buf = { 0 };
	struct fdbg_text name = { 0 }, demangled = { 0 };
	bool ok = false;

	/* Names of absurd length are somebody's joke; their work is bounded by not looking into them. */
	if (function->path.len <= FDBG_DEMANGLE_MAX) {
		if (fdbg_demangle_v0(function->linkage_name, &symbol)) {
			demangled = (struct fdbg_text){ (char *)symbol.data, symbol.len };
			ok = name_from_v0(&buf, function, demangled);
		} else {
			fdbg_buf_clear(&symbol);
			if (fdbg_demangle_legacy(function->linkage_name, &symbol))
				demangled = (struct fdbg_text){ (char *)symbol.data, symbol.len };
		}
		if (!ok) {
			fdbg_buf_clear(&buf);
			ok = name_from_path(&buf, function, demangled);
		}
	}
	if (!ok) {
		fdbg_buf_clear(&buf);
		fdbg_buf_append(&buf, function->path.data, function->path.len);
	}
	if (!buf.failed)
		name = fdbg_arena_text(arena, (struct fdbg_text){ (char *)buf.data, buf.len });
	fdbg_buf_deinit(&symbol);
	fdbg_buf_deinit(&buf);
	return name;
}

struct fdbg_text fdbg_rust_type_name(const struct fdbg_type *type, struct fdbg_arena *arena)
{
	static const char global[] = ", alloc::alloc::Global";
	struct fdbg_text text = type->name;
	char *copy = fdbg_arena_alloc(arena, text.len + 1);
	size_t len = 0;

	if (!copy)
		return (struct fdbg_text){ 0 };
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == ',' && has_at(text, i, global) &&
		    has_at(text, i + sizeof(global) - 1, ">")) {
			i += sizeof(global) - 2;
			continue;
		}
		copy[len++] = text.data[i] == '"' ? '\'' : text.data[i];
	}
	return (struct fdbg_text){ copy, len };
}
