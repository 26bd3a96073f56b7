/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Units, and the index of the scopes in each. */
#include <stdlib.h>
#include <string.h>

#include <dwarf.h>

#include "debuginfo/internal.h"
#include "debuginfo/unit.h"

/* DWARF 5, section 7.12. */
#define LANG_RUST 0x1c

/* Longest path of scopes; names of generics are long, but not this long. */
#define MAX_PATH (1 << 20)
#define MAX_SCOPES 256

/* "src/main.rs/@/app.1234-cgu.0" → "app"; "src/main.rs/@/1234": *nameless_ret */
static struct fdbg_text crate_of(struct fdbg_text name, bool *nameless_ret)
{
	static const struct fdbg_text none;
	const char *at = name.len ? memmem(name.data, name.len, "/@/", 3) : NULL, *dot;
	struct fdbg_text crate;

	if (!at)
		return none;
	crate = (struct fdbg_text){ at + 3, name.len - (size_t)(at + 3 - name.data) };
	dot = memchr(crate.data, '.', crate.len);
	*nameless_ret = !dot;
	if (!dot)
		return none;
	crate.len = (size_t)(dot - crate.data);
	return crate;
}

/* A decimal number at the start of text, which is moved behind it. */
static uint32_t number(struct fdbg_text *text)
{
	uint32_t value = 0;

	while (text->len && *text->data >= '0' && *text->data <= '9') {
		if (value < 100000)
			value = value * 10 + (uint32_t)(*text->data - '0');
		text->data++;
		text->len--;
	}
	return value;
}

/* "clang LLVM (rustc version 1.95.0 (59807616e 2026-04-14))" */
static void read_version(struct fdbg_unit *unit)
{
	static const char mark[] = "rustc version ";
	struct fdbg_text text = unit->producer;
	const char *at;

	at = text.len ? memmem(text.data, text.len, mark, sizeof(mark) - 1) : NULL;
	if (!at)
		return;
	text.len -= (size_t)(at - text.data) + sizeof(mark) - 1;
	text.data = at + sizeof(mark) - 1;
	unit->rustc_major = number(&text);
	if (text.len && *text.data == '.') {
		text.data++, text.len--;
		unit->rustc_minor = number(&text);
	}
	if (text.len && *text.data == '.') {
		text.data++, text.len--;
		unit->rustc_patch = number(&text);
	}
}

static void read_unit(struct fdbg_debuginfo *debuginfo, const struct fdbg_dwarf_unit *header,
		      struct fdbg_unit_data *ret)
{
	const struct fdbg_abbrev_table *abbrevs;
	struct fdbg_die die;

	ret->header = *header;
	ret->unit.die = header->die;
	ret->unit.dwarf_version = header->version;
	if (!fdbg_dwarf_die(debuginfo->dwarf, header->die, &die)) {
		fdbg_log(debuginfo->log, FDBG_LOG_INFO, "debug information: unit at 0x%llx cannot be read",
			 (unsigned long long)header->die);
		return;
	}
	ret->unit.name = die.name;
	ret->unit.comp_dir = die.comp_dir;
	ret->unit.producer = die.producer;
	ret->unit.rust = die.language.present && die.language.low == LANG_RUST;
	ret->unit.crate = crate_of(die.name, &ret->nameless_crate);
	read_version(&ret->unit);
	ret->split = header->type == DW_UT_skeleton || die.dwo_name.len;
	ret->low = die.has_low ? die.low : 0;
	ret->high = die.high;
	ret->has_high = die.has_high;
	ret->ranges = die.ranges;
	ret->line_table = die.line_table;
	ret->addr_base = die.addr_base;
	ret->rnglists_base = die.rnglists_base;
	ret->loclists_base = die.loclists_base;
	abbrevs = fdbg_dwarf_abbrevs(debuginfo->dwarf, header);
	ret->unit.has_types = abbrevs->has_types;
	ret->has_main_abbrev = abbrevs->has_main;
}

struct fdbg_error *fdbg_units_load(struct fdbg_debuginfo *debuginfo)
{
	struct fdbg_dwarf_unit *headers;
	struct fdbg_error *err;
	bool complete;
	size_t n;

	err = fdbg_dwarf_units(debuginfo->dwarf, &debuginfo->arena, &headers, &n, &complete);
	if (err)
		return err;
	if (!complete)
		fdbg_log(debuginfo->log, FDBG_LOG_WARNING,
			 "%s: the debug information is damaged: only its first %zu units are used",
			 fdbg_image_info(debuginfo->symbols)->path, n);
	debuginfo->units = fdbg_arena_array(&debuginfo->arena, n, sizeof(*debuginfo->units));
	debuginfo->unit_list = fdbg_arena_array(&debuginfo->arena, n, sizeof(*debuginfo->unit_list));
	if (!debuginfo->units || !debuginfo->unit_list)
		return &fdbg_error_nomem;
	for (size_t i = 0; i < n; i++) {
		read_unit(debuginfo, &headers[i], &debuginfo->units[i]);
		debuginfo->unit_list[i] = &debuginfo->units[i].unit;
	}
	debuginfo->n_units = n;
	return NULL;
}

struct fdbg_unit_data *fdbg_unit_of_die(struct fdbg_debuginfo *debuginfo, uint64_t die)
{
	size_t low = 0, high = debuginfo->n_units;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		struct fdbg_unit_data *unit = &debuginfo->units[mid];

		if (die < unit->header.header)
			high = mid;
		else if (die >= unit->header.next)
			low = mid + 1;
		else
			return unit;
	}
	return NULL;
}

struct index_walk {
	struct fdbg_entry *entries;
	size_t n, cap;
	uint32_t *parents; /* by depth: the entry that is open there */
	bool nomem;
};

static bool is_scope(uint16_t tag)
{
	switch (tag) {
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
		return true;
	default:
		return false;
	}
}

static bool is_indexed(uint16_t tag, unsigned int depth)
{
	switch (tag) {
	case DW_TAG_subprogram:
	case DW_TAG_base_type:
	case DW_TAG_pointer_type:
	case DW_TAG_typedef:
		return true;
	case DW_TAG_variable:
		return !depth; /* vtables */
	default:
		return is_scope(tag);
	}
}

static enum fdbg_dwarf_walk index_die(void *context, uint64_t die, uint16_t tag, unsigned int depth)
{
	struct index_walk *walk = context;

	if (!is_indexed(tag, depth))
		return FDBG_DWARF_WALK_OVER;
	if (walk->n == walk->cap) {
		size_t cap = walk->cap ? walk->cap * 2 : 256;
		struct fdbg_entry *grown = reallocarray(walk->entries, cap, sizeof(*grown));

		if (!grown || cap >= FDBG_NO_PARENT) {
			walk->nomem = true;
			if (grown)
				walk->entries = grown;
			return FDBG_DWARF_WALK_STOP;
		}
		walk->entries = grown;
		walk->cap = cap;
	}
	walk->entries[walk->n] = (struct fdbg_entry){ die, depth ? walk->parents[depth - 1] : FDBG_NO_PARENT,
						     tag };
	walk->parents[depth] = (uint32_t)walk->n++;
	return is_scope(tag) ? FDBG_DWARF_WALK_INTO : FDBG_DWARF_WALK_OVER;
}

struct fdbg_error *fdbg_unit_index(struct fdbg_debuginfo *debuginfo, struct fdbg_unit_data *unit)
{
	uint32_t parents[MAX_SCOPES];
	struct index_walk walk = { .parents = parents };
	struct fdbg_entry *entries;
	struct fdbg_text *paths;
	bool complete;

	if (unit->indexed)
		return NULL;
	complete = fdbg_dwarf_walk(debuginfo->dwarf, unit->header.die, index_die, &walk);
	entries = walk.nomem ? NULL : fdbg_arena_array(&debuginfo->arena, walk.n, sizeof(*entries));
	paths = entries ? fdbg_arena_array(&debuginfo->arena, walk.n, sizeof(*paths)) : NULL;
	if (!paths) {
		free(walk.entries);
		return &fdbg_error_nomem;
	}
	if (walk.n)
		memcpy(entries, walk.entries, walk.n * sizeof(*entries));
	free(walk.entries);
	if (!complete)
		fdbg_log(debuginfo->log, FDBG_LOG_INFO, "debug information: unit %.*s is damaged",
			 (int)unit->unit.name.len,
			 unit->unit.name.data ? unit->unit.name.data : "");
	unit->entries = entries;
	unit->paths = paths;
	unit->n_entries = walk.n;
	unit->indexed = true;
	return NULL;
}

const struct fdbg_entry *fdbg_unit_entry(struct fdbg_debuginfo *debuginfo, struct fdbg_unit_data *unit,
					 uint64_t die)
{
	struct fdbg_error *err = fdbg_unit_index(debuginfo, unit);
	size_t low = 0, high;

	if (err) {
		fdbg_error_destroy(err);
		return NULL;
	}
	high = unit->n_entries;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (unit->entries[mid].die == die)
			return &unit->entries[mid];
		if (unit->entries[mid].die < die)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static struct fdbg_text join(struct fdbg_debuginfo *debuginfo, struct fdbg_text scope, struct fdbg_text name)
{
	struct fdbg_text path = { 0 };
	size_t len = scope.len + 2 + name.len;
	char *text;

	if (!scope.len || !name.len)
		return scope.len ? scope : name.data ? name : FDBG_TEXT("");
	if (len > MAX_PATH || len > debuginfo->name_budget)
		return FDBG_TEXT("{name too long}");
	debuginfo->name_budget -= len;
	text = fdbg_arena_alloc(&debuginfo->arena, len + 1);
	if (!text)
		return path;
	memcpy(text, scope.data, scope.len);
	memcpy(text + scope.len, "::", 2);
	memcpy(text + scope.len + 2, name.data, name.len);
	path.data = text;
	path.len = len;
	return path;
}

/* The path of a scope itself; data NULL: no memory. */
static struct fdbg_text scope_path(struct fdbg_debuginfo *debuginfo, struct fdbg_unit_data *unit,
				   uint32_t scope)
{
	struct fdbg_text path = FDBG_TEXT("");
	uint32_t open[MAX_SCOPES];
	size_t n = 0;

	for (; scope != FDBG_NO_PARENT && n < MAX_SCOPES; scope = unit->entries[scope].parent) {
		if (unit->paths[scope].data) {
			path = unit->paths[scope];
			break;
		}
		open[n++] = scope;
	}
	while (n-- > 0 && path.data) {
		struct fdbg_die die;

		if (fdbg_dwarf_die(debuginfo->dwarf, unit->entries[open[n]].die, &die))
			path = join(debuginfo, path, die.name);
		unit->paths[open[n]] = path;
	}
	return path;
}

struct fdbg_text fdbg_unit_path(struct fdbg_debuginfo *debuginfo, struct fdbg_unit_data *unit,
				const struct fdbg_entry *entry, struct fdbg_text name)
{
	struct fdbg_text scope = FDBG_TEXT("");

	if (entry)
		scope = scope_path(debuginfo, unit, entry->parent);
	return scope.data ? join(debuginfo, scope, name) : scope;
}

const struct fdbg_unit *const *fdbg_debuginfo_units(struct fdbg_debuginfo *debuginfo, size_t *n_ret)
{
	*n_ret = debuginfo->n_units;
	return debuginfo->unit_list;
}

static bool has_main(struct fdbg_debuginfo *debuginfo, struct fdbg_unit_data *unit)
{
	struct fdbg_error *err = fdbg_unit_index(debuginfo, unit);

	if (err) {
		fdbg_error_destroy(err);
		return false;
	}
	for (size_t i = 0; i < unit->n_entries; i++) {
		struct fdbg_die die;

		if (unit->entries[i].tag == DW_TAG_subprogram &&
		    fdbg_dwarf_die(debuginfo->dwarf, unit->entries[i].die, &die) && die.main)
			return true;
	}
	return false;
}

const struct fdbg_unit *fdbg_debuginfo_main_unit(struct fdbg_debuginfo *debuginfo)
{
	for (size_t i = 0; !debuginfo->main_known && i < debuginfo->n_units; i++) {
		struct fdbg_unit_data *unit = &debuginfo->units[i];

		if (unit->has_main_abbrev && has_main(debuginfo, unit)) {
			debuginfo->main_unit = &unit->unit;
			break;
		}
	}
	debuginfo->main_known = true;
	return debuginfo->main_unit;
}
