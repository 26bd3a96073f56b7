/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The v0 mangling: a recursive grammar with back-references (std-types.md, section 10; RFC 2603). */
#include "rust/demangle.h"

#include "rust/utf8.h"

#define MAX_DEPTH 200
#define MAX_STEPS 200000
#define MAX_PUNYCODE 512

struct parser {
	const char *data;     /* behind `_R`: back-references count from here */
	size_t len, pos;
	struct fdbg_buf *buf;
	unsigned depth;
	unsigned steps;
	bool silent;          /* parse without printing */
	bool open;            /* the path just printed left its `<` open (dyn bindings) */
};

static bool print_path(struct parser *p, bool in_value);
static bool print_type(struct parser *p);
static bool print_const(struct parser *p);

static bool enter(struct parser *p)
{
	return ++p->steps <= MAX_STEPS && p->depth++ < MAX_DEPTH && p->buf->len <= FDBG_DEMANGLE_MAX &&
	       !p->buf->failed;
}

static void put(struct parser *p, const char *text)
{
	if (!p->silent)
		fdbg_buf_string(p->buf, text);
}

static bool eat(struct parser *p, char c)
{
	if (p->pos >= p->len || p->data[p->pos] != c)
		return false;
	p->pos++;
	return true;
}

static char peek(const struct parser *p)
{
	return p->pos < p->len ? p->data[p->pos] : '\0';
}

static bool base62(struct parser *p, uint64_t *ret)
{
	uint64_t value = 0;

	if (eat(p, '_')) {
		*ret = 0;
		return true;
	}
	while (!eat(p, '_')) {
		char c = peek(p);
		uint64_t digit;

		if (c >= '0' && c <= '9')
			digit = (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'z')
			digit = (uint64_t)(c - 'a') + 10;
		else if (c >= 'A' && c <= 'Z')
			digit = (uint64_t)(c - 'A') + 36;
		else
			return false;
		p->pos++;
		if (value > (UINT64_MAX - digit) / 62)
			return false;
		value = value * 62 + digit;
	}
	if (value == UINT64_MAX)
		return false;
	*ret = value + 1;
	return true;
}

/* An optional number behind a tag: 0 when the tag is missing. */
static bool tagged_number(struct parser *p, char tag, uint64_t *ret)
{
	if (!eat(p, tag)) {
		*ret = 0;
		return true;
	}
	if (!base62(p, ret) || *ret == UINT64_MAX)
		return false;
	(*ret)++;
	return true;
}

struct ident {
	struct fdbg_text ascii;  /* the ASCII part (punycode), or all of it */
	struct fdbg_text puny;   /* data NULL: not punycode */
};

static bool parse_ident(struct parser *p, struct ident *ret)
{
	bool puny = eat(p, 'u');
	size_t len = 0;
	const char *bytes;

	if (peek(p) < '0' || peek(p) > '9')
		return false;
	if (!eat(p, '0')) {
		while (peek(p) >= '0' && peek(p) <= '9') {
			len = len * 10 + (size_t)(p->data[p->pos++] - '0');
			if (len > p->len)
				return false;
		}
	}
	eat(p, '_');
	if (p->len - p->pos < len)
		return false;
	bytes = p->data + p->pos;
	p->pos += len;
	*ret = (struct ident){ .ascii = { bytes, len } };
	if (puny) {
		size_t split = len;

		while (split > 0 && bytes[split - 1] != '_')
			split--;
		ret->puny = (struct fdbg_text){ bytes + split, len - split };
		ret->ascii = (struct fdbg_text){ bytes, split ? split - 1 : 0 };
		if (!ret->puny.len)
			return false;
	}
	return true;
}

/* RFC 3492 with the parameters of IDNA, `_` in the place of `-`. */
static bool put_punycode(struct parser *p, const struct ident *ident)
{
	uint32_t points[MAX_PUNYCODE];
	size_t n_points = ident->ascii.len, pos = 0;
	uint64_t point = 0x80, i = 0, bias = 72, damp = 700;

	if (n_points > MAX_PUNYCODE)
		return false;
	for (size_t k = 0; k < n_points; k++)
		points[k] = (uint8_t)ident->ascii.data[k];
	while (pos < ident->puny.len) {
		uint64_t delta = 0, weight = 1, k;

		for (k = 36;; k += 36) {
			uint64_t limit = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
			uint64_t digit;
			char c;

			if (pos >= ident->puny.len)
				return false;
			c = ident->puny.data[pos++];
			if (c >= 'a' && c <= 'z')
				digit = (uint64_t)(c - 'a');
			else if (c >= '0' && c <= '9')
				digit = (uint64_t)(c - '0') + 26;
			else
				return false;
			delta += digit * weight;
			if (delta > UINT32_MAX)
				return false;
			if (digit < limit)
				break;
			weight *= 36 - limit;
			if (weight > UINT32_MAX)
				return false;
		}
		if (n_points == MAX_PUNYCODE)
			return false;
		n_points++;
		i += delta;
		point += i / n_points;
		i %= n_points;
		if (point > 0x10ffff || !fdbg_utf8_is_scalar((uint32_t)point))
			return false;
		memmove(points + i + 1, points + i, (n_points - 1 - i) * sizeof(points[0]));
		points[i++] = (uint32_t)point;
		delta /= damp;
		damp = 2;
		delta += delta / n_points;
		for (bias = 0; delta > (36 - 1) * 26 / 2; bias += 36)
			delta /= 36 - 1;
		bias += 36 * delta / (delta + 38);
	}
	for (size_t k = 0; k < n_points; k++) {
		uint8_t bytes[4];

		fdbg_buf_append(p->buf, bytes, fdbg_utf8_encode(points[k], bytes));
	}
	return true;
}

static bool put_ident(struct parser *p, const struct ident *ident)
{
	if (p->silent)
		return true;
	if (ident->puny.data)
		return put_punycode(p, ident);
	fdbg_buf_append(p->buf, ident->ascii.data, ident->ascii.len);
	return true;
}

/* Parses what a back-reference points to. It must point backwards, so a chain of them ends. */
static bool follow(struct parser *p, bool (*parse)(struct parser *p, bool in_value), bool in_value)
{
	size_t start = p->pos - 1, after;
	uint64_t target;
	bool ok;

	if (!base62(p, &target) || target >= start)
		return false;
	if (p->silent)
		return true;
	after = p->pos;
	p->pos = (size_t)target;
	ok = parse(p, in_value);
	p->pos = after;
	return ok;
}

static bool type_again(struct parser *p, bool in_value)
{
	(void)in_value;
	return print_type(p);
}

static bool const_again(struct parser *p, bool in_value)
{
	(void)in_value;
	return print_const(p);
}

/* Items up to the closing `E`, with commas between them. */
static bool print_list(struct parser *p, bool (*item)(struct parser *p), size_t *n_ret)
{
	size_t n = 0;

	while (!eat(p, 'E')) {
		if (n++)
			put(p, ", ");
		if (!item(p))
			return false;
	}
	if (n_ret)
		*n_ret = n;
	return true;
}

static bool print_generic_arg(struct parser *p)
{
	if (eat(p, 'K'))
		return print_const(p);
	return print_type(p);
}

/* The arguments of a path behind its `<`. Lifetimes count for nothing. */
static bool print_generic_args(struct parser *p, bool in_value, bool leave_open)
{
	bool any = false;

	while (!eat(p, 'E')) {
		uint64_t lifetime;

		if (eat(p, 'L')) {
			if (!base62(p, &lifetime))
				return false;
			continue;
		}
		put(p, any ? ", " : in_value ? "::<" : "<");
		any = true;
		if (!print_generic_arg(p))
			return false;
	}
	p->open = any && leave_open;
	if (any && !leave_open)
		put(p, ">");
	return true;
}

static bool skip_impl_path(struct parser *p)
{
	bool silent = p->silent, ok;
	uint64_t disambiguator;

	if (!tagged_number(p, 's', &disambiguator))
		return false;
	p->silent = true;
	ok = print_path(p, false);
	p->silent = silent;
	return ok;
}

static bool print_nested(struct parser *p, bool in_value)
{
	char space = peek(p);
	struct ident ident;
	uint64_t number;

	p->pos++;
	if (!print_path(p, in_value) || !tagged_number(p, 's', &number) || !parse_ident(p, &ident))
		return false;
	if (space >= 'a' && space <= 'z') {
		if (ident.ascii.len || ident.puny.len)
			put(p, "::");
		return put_ident(p, &ident);
	}
	if (space < 'A' || space > 'Z')
		return false;
	put(p, "::{");
	if (space == 'C')
		put(p, "closure");
	else if (space == 'S')
		put(p, "shim");
	else
		put(p, (char[]){ space, '\0' });
	if (ident.ascii.len || ident.puny.len) {
		put(p, ":");
		if (!put_ident(p, &ident))
			return false;
	}
	if (!p->silent)
		fdbg_buf_printf(p->buf, "#%llu}", (unsigned long long)number);
	return true;
}

static bool path_body(struct parser *p, bool in_value)
{
	char tag = peek(p);
	struct ident ident;
	uint64_t number;

	p->pos++;
	switch (tag) {
	case 'C':
		return tagged_number(p, 's', &number) && parse_ident(p, &ident) && put_ident(p, &ident);
	case 'N':
		return print_nested(p, in_value);
	case 'M':
	case 'X':
	case 'Y':
		if (tag != 'Y' && !skip_impl_path(p))
			return false;
		put(p, "<");
		if (!print_type(p))
			return false;
		if (tag != 'M') {
			put(p, " as ");
			if (!print_path(p, false))
				return false;
		}
		put(p, ">");
		return true;
	case 'I':
		return print_path(p, in_value) && print_generic_args(p, in_value, false);
	case 'B':
		return follow(p, print_path, in_value);
	}
	return false;
}

static bool print_path(struct parser *p, bool in_value)
{
	bool ok = enter(p) && path_body(p, in_value);

	p->depth--;
	return ok;
}

/* A trait of a dyn type: its path, with the bindings inside the angle brackets of the arguments. */
static bool print_dyn_trait(struct parser *p)
{
	bool open, bound = false;

	p->open = false;
	if (eat(p, 'I')) {
		if (!print_path(p, false) || !print_generic_args(p, false, true))
			return false;
	} else if (!print_path(p, false)) {
		return false;
	}
	open = p->open;
	while (eat(p, 'p')) {
		struct ident ident;

		put(p, open || bound ? ", " : "<");
		bound = true;
		if (!parse_ident(p, &ident) || !put_ident(p, &ident))
			return false;
		put(p, " = ");
		if (!(eat(p, 'K') ? print_const(p) : print_type(p)))
			return false;
	}
	if (open || bound)
		put(p, ">");
	p->open = false;
	return true;
}

static bool print_dyn(struct parser *p)
{
	uint64_t number;
	bool first = true;

	if (!tagged_number(p, 'G', &number))
		return false;
	put(p, "dyn ");
	while (!eat(p, 'E')) {
		if (!first)
			put(p, " + ");
		first = false;
		if (++p->steps > MAX_STEPS || !print_dyn_trait(p))
			return false;
	}
	return eat(p, 'L') && base62(p, &number);
}

static bool print_fn(struct parser *p)
{
	uint64_t number;

	if (!tagged_number(p, 'G', &number))
		return false;
	if (eat(p, 'U'))
		put(p, "unsafe ");
	if (eat(p, 'K')) {
		put(p, "extern \"");
		if (eat(p, 'C')) {
			put(p, "C");
		} else {
			struct ident ident;

			if (!parse_ident(p, &ident) || ident.puny.data)
				return false;
			for (size_t i = 0; i < ident.ascii.len; i++) {
				char c = ident.ascii.data[i];

				put(p, (char[]){ c == '_' ? '-' : c, '\0' });
			}
		}
		put(p, "\" ");
	}
	put(p, "fn(");
	if (!print_list(p, print_type, NULL))
		return false;
	put(p, ")");
	if (eat(p, 'u'))
		return true;
	put(p, " -> ");
	return print_type(p);
}

static const char *basic_type(char tag)
{
	static const char *const names[26] = {
		"i8", "bool", "char", "f64", "str", "f32", NULL, "u8", "isize", "usize", NULL, "i32", "u32",
		"i128", "u128", "_", NULL, NULL, "i16", "u16", "()", "...", NULL, "i64", "u64", "!",
	};

	return tag >= 'a' && tag <= 'z' ? names[tag - 'a'] : NULL;
}

static bool type_body(struct parser *p)
{
	char tag = peek(p);
	const char *basic = basic_type(tag);
	uint64_t number;
	size_t n;

	if (basic) {
		p->pos++;
		put(p, basic);
		return true;
	}
	switch (tag) {
	case 'C': case 'M': case 'X': case 'Y': case 'N': case 'I':
		return print_path(p, false);
	}
	p->pos++;
	switch (tag) {
	case 'R':
	case 'Q':
		if (eat(p, 'L') && !base62(p, &number))
			return false;
		put(p, tag == 'R' ? "&" : "&mut ");
		return print_type(p);
	case 'P':
	case 'O':
		put(p, tag == 'P' ? "*const " : "*mut ");
		return print_type(p);
	case 'S':
	case 'A':
		put(p, "[");
		if (!print_type(p))
			return false;
		if (tag == 'A') {
			put(p, "; ");
			if (!print_const(p))
				return false;
		}
		put(p, "]");
		return true;
	case 'T':
		put(p, "(");
		if (!print_list(p, print_type, &n))
			return false;
		put(p, n == 1 ? ",)" : ")");
		return true;
	case 'F':
		return print_fn(p);
	case 'D':
		return print_dyn(p);
	case 'B':
		return follow(p, type_again, false);
	}
	return false;
}

static bool print_type(struct parser *p)
{
	bool ok = enter(p) && type_body(p);

	p->depth--;
	return ok;
}

/* Hexadecimal digits up to `_`. */
static bool hex_digits(struct parser *p, struct fdbg_text *ret)
{
	size_t start = p->pos;

	while ((peek(p) >= '0' && peek(p) <= '9') || (peek(p) >= 'a' && peek(p) <= 'f'))
		p->pos++;
	*ret = (struct fdbg_text){ p->data + start, p->pos - start };
	return eat(p, '_');
}

static bool hex_value(struct fdbg_text digits, uint64_t *ret)
{
	uint64_t value = 0;

	while (digits.len && *digits.data == '0') {
		digits.data++;
		digits.len--;
	}
	if (digits.len > 16)
		return false;
	for (size_t i = 0; i < digits.len; i++) {
		char c = digits.data[i];

		value = value << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	*ret = value;
	return true;
}

static bool print_scalar_const(struct parser *p, char tag)
{
	struct fdbg_text digits;
	uint64_t value;
	uint8_t bytes[4];

	if (tag != 'b' && tag != 'c' && eat(p, 'n'))
		put(p, "-");
	if (!hex_digits(p, &digits))
		return false;
	if (tag == 'b' || tag == 'c') {
		if (!hex_value(digits, &value) || value > (tag == 'b' ? 1 : 0x10ffff) ||
		    !fdbg_utf8_is_scalar((uint32_t)value))
			return false;
		if (tag == 'b') {
			put(p, value ? "true" : "false");
		} else if (value < 0x20 || value == 0x7f || value == '"') {
			if (!p->silent)
				fdbg_buf_printf(p->buf, "'\\u{%llx}'", (unsigned long long)value);
		} else if (!p->silent) {
			fdbg_buf_byte(p->buf, '\'');
			fdbg_buf_append(p->buf, bytes, fdbg_utf8_encode((uint32_t)value, bytes));
			fdbg_buf_byte(p->buf, '\'');
		}
		return true;
	}
	if (p->silent)
		return true;
	if (hex_value(digits, &value)) {
		fdbg_buf_decimal(p->buf, value);
	} else {
		put(p, "0x");
		fdbg_buf_append(p->buf, digits.data, digits.len);
	}
	return true;
}

static bool print_field(struct parser *p)
{
	struct ident ident;
	uint64_t number;

	if (!tagged_number(p, 's', &number) || !parse_ident(p, &ident) || !put_ident(p, &ident))
		return false;
	put(p, ": ");
	return print_const(p);
}

static bool print_adt_const(struct parser *p)
{
	if (!print_path(p, true))
		return false;
	if (eat(p, 'U'))
		return true;
	if (eat(p, 'T')) {
		put(p, "(");
		if (!print_list(p, print_const, NULL))
			return false;
		put(p, ")");
		return true;
	}
	if (!eat(p, 'S'))
		return false;
	put(p, " { ");
	if (!print_list(p, print_field, NULL))
		return false;
	put(p, " }");
	return true;
}

static bool const_body(struct parser *p)
{
	char tag = peek(p);
	struct fdbg_text digits;
	size_t n;

	p->pos++;
	switch (tag) {
	case 'p':
		put(p, "_");
		return true;
	case 'a': case 's': case 'l': case 'x': case 'n': case 'i':
	case 'h': case 't': case 'm': case 'y': case 'o': case 'j': case 'b': case 'c':
		return print_scalar_const(p, tag);
	case 'e':
		/* A string: its text could hold anything, its type is enough to tell instances apart. */
		put(p, "str");
		return hex_digits(p, &digits);
	case 'R':
	case 'Q':
		put(p, tag == 'R' ? "&" : "&mut ");
		return print_const(p);
	case 'A':
		put(p, "[");
		if (!print_list(p, print_const, NULL))
			return false;
		put(p, "]");
		return true;
	case 'T':
		put(p, "(");
		if (!print_list(p, print_const, &n))
			return false;
		put(p, n == 1 ? ",)" : ")");
		return true;
	case 'V':
		return print_adt_const(p);
	case 'B':
		return follow(p, const_again, false);
	}
	return false;
}

static bool print_const(struct parser *p)
{
	bool ok = enter(p) && const_body(p);

	p->depth--;
	return ok;
}

bool fdbg_demangle_v0(struct fdbg_text symbol, struct fdbg_buf *buf)
{
	struct parser p = { .buf = buf };
	const char *dot;

	if (!fdbg_text_starts(symbol, "_R"))
		return false;
	p.data = symbol.data + 2;
	p.len = symbol.len - 2;
	dot = memchr(p.data, '.', p.len);
	if (dot)
		p.len = (size_t)(dot - p.data);
	/* A number here is a later version of the mangling; what is not `A` to `Z` is not a path. */
	if (peek(&p) < 'A' || peek(&p) > 'Z' || !print_path(&p, true))
		return false;
	if (p.pos < p.len) {
		p.silent = true;
		if (!print_path(&p, false))
			return false;
	}
	return p.pos == p.len && buf->len <= FDBG_DEMANGLE_MAX && !buf->failed;
}
