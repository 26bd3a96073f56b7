/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "trace/merged.h"

#include <string.h>

#include "rust/names.h"

/* More names of one piece of code than this are not listed. */
#define MAX_NAMES 64

struct fdbg_merged_symbol {
	struct fdbg_text name;
	struct fdbg_merged_symbol *next;
};

struct collect {
	struct fdbg_merged *merged;
	const struct fdbg_map *entries;
	bool nomem;
};

static bool visit_symbol(void *context, const struct fdbg_symbol *symbol)
{
	struct collect *collect = context;
	struct fdbg_merged_symbol *item;
	uint64_t value = 0;

	if (!symbol->function || !fdbg_map_get(collect->entries, symbol->address, &value))
		return true;
	value = 0;
	fdbg_map_get(&collect->merged->entries, symbol->address, &value);
	item = fdbg_arena_new(&collect->merged->arena, struct fdbg_merged_symbol);
	collect->nomem = !item;
	if (!item)
		return false;
	item->name = symbol->name;
	item->next = (struct fdbg_merged_symbol *)(uintptr_t)value;
	collect->nomem = !fdbg_map_set(&collect->merged->entries, symbol->address, (uintptr_t)item);
	return !collect->nomem;
}

struct fdbg_error *fdbg_merged_init(const struct fdbg_image *image, const struct fdbg_map *entries,
				    struct fdbg_merged *ret)
{
	struct collect collect = { .merged = ret, .entries = entries };

	*ret = (struct fdbg_merged){ 0 };
	fdbg_image_each_symbol(image, visit_symbol, &collect);
	if (!collect.nomem)
		return NULL;
	fdbg_merged_deinit(ret);
	return &fdbg_error_nomem;
}

void fdbg_merged_deinit(struct fdbg_merged *merged)
{
	fdbg_map_deinit(&merged->entries);
	fdbg_arena_deinit(&merged->arena);
}

static bool same_type(const struct fdbg_type_ref *a, const struct fdbg_type_ref *b)
{
	struct fdbg_type_ref x = *a, y = *b;

	if (!x.die || !y.die)
		return !x.die && !y.die;
	return fdbg_text_equal(fdbg_type_of(&x)->name, fdbg_type_of(&y)->name);
}

static struct fdbg_error *compare_parameters(struct fdbg_debuginfo *debuginfo, const struct fdbg_function *a,
					     const struct fdbg_function *b, struct fdbg_arena *scratch, bool *same_ret)
{
	struct fdbg_variable *x, *y;
	struct fdbg_error *err;
	size_t n_x, n_y;

	err = fdbg_debuginfo_parameters(debuginfo, a, scratch, &x, &n_x);
	if (!err)
		err = fdbg_debuginfo_parameters(debuginfo, b, scratch, &y, &n_y);
	if (err)
		return err;
	*same_ret = n_x == n_y;
	for (size_t i = 0; i < n_x && *same_ret; i++)
		*same_ret = same_type(&x[i].type, &y[i].type);
	return NULL;
}

/* The name of a symbol without the hash that makes it unique. */
static bool symbol_name(struct fdbg_text symbol, struct fdbg_arena *arena, struct fdbg_text *ret)
{
	if (fdbg_rust_demangle(symbol, arena, ret))
		return true;
	/* Compilers make local symbols of their own, with dots. */
	*ret = symbol;
	return symbol.len && symbol.data[0] != '.' && !memchr(symbol.data, '$', symbol.len);
}

static bool is_described(const struct fdbg_function *function, struct fdbg_text symbol)
{
	for (; function; function = function->merged)
		if (fdbg_text_equal(function->linkage_name, symbol) || fdbg_text_equal(function->name, symbol) ||
		    /* LLVM appends a suffix to what it makes visible for other modules. */
		    (function->linkage_name.len && symbol.len > function->linkage_name.len && symbol.data[function->linkage_name.len] == '.' &&
		     !memcmp(symbol.data, function->linkage_name.data, function->linkage_name.len)))
			return true;
	return false;
}

static bool has_name(const struct fdbg_merged_names *names, struct fdbg_text own, struct fdbg_text name)
{
	if (fdbg_text_equal(own, name))
		return true;
	for (size_t i = 0; i < names->n; i++)
		if (fdbg_text_equal(names->names[i], name))
			return true;
	return false;
}

struct fdbg_error *fdbg_merged_names(const struct fdbg_merged *merged, struct fdbg_debuginfo *debuginfo,
				     const struct fdbg_function *function, struct fdbg_arena *arena,
				     struct fdbg_merged_names *ret)
{
	struct fdbg_merged_names names = { .same_return = true, .same_parameters = true };
	struct fdbg_arena scratch = { 0 };
	const struct fdbg_merged_symbol *symbol = NULL;
	struct fdbg_error *err = NULL;
	struct fdbg_text own, name;
	uint64_t value = 0;
	size_t max = 0;

	if (fdbg_map_get(&merged->entries, function->entry, &value))
		symbol = (const struct fdbg_merged_symbol *)(uintptr_t)value;
	if (!function->merged && (!symbol || !symbol->next)) {
		*ret = names;
		return NULL;
	}
	for (const struct fdbg_function *other = function->merged; other; other = other->merged)
		max++;
	for (const struct fdbg_merged_symbol *other = symbol; other; other = other->next)
		max++;
	max = max < MAX_NAMES ? max : MAX_NAMES;
	names.names = fdbg_arena_array(arena, max, sizeof(*names.names));
	own = fdbg_rust_function_name(function, arena);
	if (!names.names || !own.data)
		return &fdbg_error_nomem;
	for (const struct fdbg_function *other = function->merged; other && names.n < max && !err; other = other->merged) {
		bool same;

		names.same_return &= same_type(&function->return_type, &other->return_type);
		err = compare_parameters(debuginfo, function, other, &scratch, &same);
		if (err)
			break;
		names.same_parameters &= same;
		name = fdbg_rust_function_name(other, arena);
		if (!name.data)
			err = &fdbg_error_nomem;
		else if (!has_name(&names, own, name))
			names.names[names.n++] = name;
	}
	for (; symbol && names.n < max && !err; symbol = symbol->next) {
		if (is_described(function, symbol->name) || !symbol_name(symbol->name, arena, &name))
			continue;
		if (has_name(&names, own, name))
			continue;
		names.by_symbol = true;
		names.names[names.n++] = name;
	}
	fdbg_arena_deinit(&scratch);
	if (!err)
		*ret = names;
	return err;
}
