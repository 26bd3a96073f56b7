/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Target descriptions: the registers that a server has. */
#include "gdbremote/description.h"

#include <stdio.h>
#include <stdlib.h>

#define MAX_REGS 2048
#define MAX_NUMBER 65535
#define MAX_BITS 65536 /* no vector register is larger */
#define MAX_DEPTH 4
#define MAX_DOCUMENTS 32
#define MAX_NAME 64

struct scan {
	struct fdbg_description *description;
	fdbg_description_fetch_fn fetch;
	void *context;
	int n_documents;
};

void fdbg_description_deinit(struct fdbg_description *description)
{
	for (size_t i = 0; i < description->n_regs; i++)
		free(description->regs[i].name);
	free(description->regs);
	free(description->has_offset);
	memset(description, 0, sizeof(*description));
}

static struct fdbg_error *add(struct fdbg_description *description, struct fdbg_text name, uint32_t number,
			      uint32_t size, bool has_offset, uint32_t offset)
{
	char *copy;

	if (description->n_regs == MAX_REGS)
		return fdbg_error_create(FDBG_ERROR_FORMAT,
					 "the target description has more than %d registers", MAX_REGS);
	if (description->n_regs == description->cap_regs) {
		size_t cap = description->cap_regs ? description->cap_regs * 2 : 64;
		struct fdbg_remote_reg *regs = realloc(description->regs, cap * sizeof(*regs));
		bool *flags;

		if (!regs)
			return &fdbg_error_nomem;
		description->regs = regs;
		flags = realloc(description->has_offset, cap * sizeof(*flags));
		if (!flags)
			return &fdbg_error_nomem;
		description->has_offset = flags;
		description->cap_regs = cap;
	}
	copy = strndup(name.data, name.len);
	if (!copy)
		return &fdbg_error_nomem;
	description->has_offset[description->n_regs] = has_offset;
	description->regs[description->n_regs++] = (struct fdbg_remote_reg){
		copy, number, size, has_offset ? offset : UINT32_MAX,
	};
	description->next_number = number + 1;
	return NULL;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The value of an attribute in the inside of a tag. */
static bool attribute(struct fdbg_text tag, const char *name, struct fdbg_text *ret)
{
	size_t pos = 0;

	while (pos < tag.len && !is_space(tag.data[pos]))
		pos++;
	while (pos < tag.len) {
		struct fdbg_text key, value;
		size_t start;
		char quote;

		while (pos < tag.len && (is_space(tag.data[pos]) || tag.data[pos] == '/'))
			pos++;
		start = pos;
		while (pos < tag.len && tag.data[pos] != '=' && !is_space(tag.data[pos]))
			pos++;
		key = (struct fdbg_text){ tag.data + start, pos - start };
		while (pos < tag.len && (is_space(tag.data[pos]) || tag.data[pos] == '='))
			pos++;
		if (pos == tag.len)
			return false;
		quote = tag.data[pos];
		if (quote != '"' && quote != '\'')
			return false;
		start = ++pos;
		while (pos < tag.len && tag.data[pos] != quote)
			pos++;
		if (pos == tag.len)
			return false;
		value = (struct fdbg_text){ tag.data + start, pos - start };
		pos++;
		if (fdbg_text_is(key, name)) {
			*ret = value;
			return true;
		}
	}
	return false;
}

static bool number_of(struct fdbg_text text, uint32_t max, uint32_t *ret)
{
	uint32_t value = 0;

	if (!text.len)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		value = value * 10 + (uint32_t)(text.data[i] - '0');
		if (value > max)
			return false;
	}
	*ret = value;
	return true;
}

static struct fdbg_error *take_reg(struct scan *scan, struct fdbg_text tag)
{
	struct fdbg_text name, text;
	uint32_t bits, offset = 0, number = scan->description->next_number;
	bool has_offset = false;

	if (!attribute(tag, "name", &name) || !name.len || name.len > MAX_NAME ||
	    memchr(name.data, '\0', name.len))
		return fdbg_error_create(FDBG_ERROR_FORMAT,
					 "the target description has a register without a name");
	if (!attribute(tag, "bitsize", &text) || !number_of(text, MAX_BITS, &bits) || !bits)
		return fdbg_error_create(FDBG_ERROR_FORMAT, "register %.*s has no sensible size",
					 (int)name.len, name.data);
	if (attribute(tag, "regnum", &text) && !number_of(text, MAX_NUMBER, &number))
		return fdbg_error_create(FDBG_ERROR_FORMAT, "register %.*s has no sensible number",
					 (int)name.len, name.data);
	if (number > MAX_NUMBER)
		return fdbg_error_create(FDBG_ERROR_FORMAT, "register %.*s has a number too high",
					 (int)name.len, name.data);
	if (attribute(tag, "offset", &text))
		has_offset = number_of(text, MAX_REGS * MAX_BITS / 8, &offset);
	return add(scan->description, name, number, (bits + 7) / 8, has_offset, offset);
}

static struct fdbg_error *parse(struct scan *scan, struct fdbg_text xml, int depth);

static struct fdbg_error *take_include(struct scan *scan, struct fdbg_text tag, int depth)
{
	struct fdbg_buf buf = { 0 };
	struct fdbg_error *err;
	struct fdbg_text href;
	char name[256];

	if (!scan->fetch || !attribute(tag, "href", &href) || !href.len || href.len >= sizeof(name))
		return NULL;
	if (depth >= MAX_DEPTH || ++scan->n_documents > MAX_DOCUMENTS)
		return fdbg_error_create(FDBG_ERROR_FORMAT, "the target description includes too many files");
	memcpy(name, href.data, href.len);
	name[href.len] = '\0';
	err = scan->fetch(scan->context, name, &buf);
	if (!err)
		err = parse(scan, (struct fdbg_text){ (const char *)buf.data, buf.len }, depth + 1);
	fdbg_buf_deinit(&buf);
	return err;
}

static void take_architecture(struct scan *scan, struct fdbg_text xml, size_t pos)
{
	char *to = scan->description->architecture;
	size_t len = 0;

	while (pos < xml.len && is_space(xml.data[pos]))
		pos++;
	while (pos + len < xml.len && xml.data[pos + len] != '<' && !is_space(xml.data[pos + len]))
		len++;
	if (*to || !len || len >= sizeof(scan->description->architecture))
		return;
	memcpy(to, xml.data + pos, len);
	to[len] = '\0';
}

static bool tag_is(struct fdbg_text tag, const char *name)
{
	size_t len = strlen(name);

	return fdbg_text_starts(tag, name) &&
	       (tag.len == len || is_space(tag.data[len]) || tag.data[len] == '/');
}

static struct fdbg_error *parse(struct scan *scan, struct fdbg_text xml, int depth)
{
	struct fdbg_error *err = NULL;
	size_t pos = 0;

	while (!err && pos < xml.len) {
		const char *open = memchr(xml.data + pos, '<', xml.len - pos), *close;
		struct fdbg_text tag;

		if (!open)
			break;
		pos = (size_t)(open - xml.data) + 1;
		tag = (struct fdbg_text){ xml.data + pos, xml.len - pos };
		if (fdbg_text_starts(tag, "!--")) {
			close = memmem(tag.data + 3, tag.len - 3, "-->", 3);
			if (!close)
				break;
			pos = (size_t)(close - xml.data) + 3;
			continue;
		}
		close = memchr(tag.data, '>', tag.len);
		if (!close)
			break;
		tag.len = (size_t)(close - tag.data);
		pos += tag.len + 1;
		if (tag_is(tag, "reg"))
			err = take_reg(scan, tag);
		else if (tag_is(tag, "xi:include"))
			err = take_include(scan, tag, depth);
		else if (tag_is(tag, "architecture"))
			take_architecture(scan, xml, pos);
	}
	return err;
}

struct fdbg_error *fdbg_description_parse(struct fdbg_description *description, struct fdbg_text xml,
					  fdbg_description_fetch_fn fetch, void *context)
{
	struct scan scan = { description, fetch, context, 0 };

	return parse(&scan, xml, 0);
}

/* Registers of one size that follow each other; several are numbered from 0. */
struct layout {
	const char *prefix;
	uint32_t count, size;
};

/* remote-protocol.md, section 3: 560 bytes of g without a description of registers. */
static const struct layout x86_64_layout[] = {
	{ "rax", 1, 8 }, { "rbx", 1, 8 }, { "rcx", 1, 8 }, { "rdx", 1, 8 }, { "rsi", 1, 8 }, { "rdi", 1, 8 },
	{ "rbp", 1, 8 }, { "rsp", 1, 8 }, { "r8", 1, 8 }, { "r9", 1, 8 }, { "r10", 1, 8 }, { "r11", 1, 8 },
	{ "r12", 1, 8 }, { "r13", 1, 8 }, { "r14", 1, 8 }, { "r15", 1, 8 }, { "rip", 1, 8 },
	{ "eflags", 1, 4 }, { "cs", 1, 4 }, { "ss", 1, 4 }, { "ds", 1, 4 }, { "es", 1, 4 },
	{ "fs", 1, 4 }, { "gs", 1, 4 },
	{ "st", 8, 10 },
	{ "fctrl", 1, 4 }, { "fstat", 1, 4 }, { "ftag", 1, 4 }, { "fiseg", 1, 4 },
	{ "fioff", 1, 4 }, { "foseg", 1, 4 }, { "fooff", 1, 4 }, { "fop", 1, 4 },
	{ "xmm", 16, 16 }, { "mxcsr", 1, 4 }, { "orig_rax", 1, 8 }, { "fs_base", 1, 8 }, { "gs_base", 1, 8 },
	{ NULL, 0, 0 },
};

/* The core and floating-point features that GDB's manual prescribes ("AArch64 Features"). */
static const struct layout aarch64_layout[] = {
	{ "x", 31, 8 }, { "sp", 1, 8 }, { "pc", 1, 8 }, { "cpsr", 1, 4 }, { "v", 32, 16 }, { "fpsr", 1, 4 },
	{ "fpcr", 1, 4 }, { NULL, 0, 0 },
};

static struct fdbg_error *take_layout(struct fdbg_description *description, const struct layout *layout)
{
	struct fdbg_error *err = NULL;

	for (; !err && layout->prefix; layout++) {
		for (uint32_t i = 0; !err && i < layout->count; i++) {
			char name[16];

			if (layout->count > 1)
				snprintf(name, sizeof(name), "%s%u", layout->prefix, i);
			else
				snprintf(name, sizeof(name), "%s", layout->prefix);
			err = add(description, fdbg_text_from(name), description->next_number, layout->size,
				  false, 0);
		}
	}
	return err;
}

static int compare_numbers(const void *a, const void *b)
{
	const struct fdbg_remote_reg *const *x = a, *const *y = b;

	return (*x)->number < (*y)->number ? -1 : (*x)->number > (*y)->number;
}

struct fdbg_error *fdbg_description_finish(struct fdbg_description *description)
{
	struct fdbg_remote_reg **order;
	struct fdbg_error *err = NULL;
	uint32_t place = 0;
	bool said = false;

	if (!description->n_regs && !strcmp(description->architecture, "i386:x86-64"))
		err = take_layout(description, x86_64_layout);
	else if (!description->n_regs && !strcmp(description->architecture, "aarch64"))
		err = take_layout(description, aarch64_layout);
	if (err || !description->n_regs)
		return err;
	for (size_t i = 0; i < description->n_regs; i++)
		said |= description->has_offset[i];
	if (said)
		return NULL;
	order = malloc(description->n_regs * sizeof(struct fdbg_remote_reg *));
	if (!order)
		return &fdbg_error_nomem;
	for (size_t i = 0; i < description->n_regs; i++)
		order[i] = &description->regs[i];
	qsort(order, description->n_regs, sizeof(struct fdbg_remote_reg *), compare_numbers);
	for (size_t i = 0; i < description->n_regs; i++) {
		order[i]->g_offset = place;
		place += order[i]->size; /* at most MAX_REGS * MAX_BITS / 8 */
	}
	free(order);
	return NULL;
}
