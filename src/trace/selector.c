/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "trace/selector.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "rust/names.h"

struct choice {
	const struct fdbg_selector *selector;
	const struct fdbg_unit *main_unit;
	bool all_crates;   /* -p all */
	bool reach_others; /* an inclusion glob may name functions of any crate */
};

static bool contains(struct fdbg_text text, const char *part)
{
	return text.data && memmem(text.data, text.len, part, strlen(part));
}

static bool is_dependency_directory(struct fdbg_text dir)
{
	/*
	 * Without a marked main (a library, `no_main`) there is no root to compare with; these are never the user's: the
	 * standard library as it is released, as Debian builds it and as `-Z build-std` does, and registries.
	 */
	return fdbg_text_starts(dir, "/rustc/") || fdbg_text_starts(dir, "/usr/src/rustc-") ||
	       contains(dir, "/lib/rustlib/src/rust/") || contains(dir, "/.cargo/registry/");
}

/* True for units that were built where the program's main was. */
static bool own_unit(const struct choice *choice, const struct fdbg_unit *unit)
{
	if (!unit->rust)
		return false;
	if (choice->main_unit)
		return fdbg_text_equal(unit->comp_dir, choice->main_unit->comp_dir);
	return !is_dependency_directory(unit->comp_dir);
}

static bool want_unit(void *context, const struct fdbg_unit *unit)
{
	const struct choice *choice = context;

	/* A generic function of a named crate may be instantiated in any unit. */
	if (choice->all_crates || choice->reach_others || choice->selector->n_crates)
		return unit->rust;
	return own_unit(choice, unit);
}

static bool is_dbg_trace(const struct fdbg_function *function)
{
	return fdbg_text_is(function->crate, "firedbg_lib") &&
	       fdbg_text_starts(function->name, "__firedbg_trace__");
}

static bool in_chosen_crates(const struct choice *choice, const struct fdbg_strmap *own,
			     const struct fdbg_function *function)
{
	uint64_t unused;

	if (choice->all_crates)
		return true;
	if (!choice->selector->n_crates)
		return fdbg_strmap_get(own, function->crate, &unused);
	for (size_t i = 0; i < choice->selector->n_crates; i++)
		if (fdbg_text_is(function->crate, choice->selector->crates[i]))
			return true;
	return false;
}

/* The verdict of the globs: *decided_ret false when none matches. */
static bool globs_take(const struct fdbg_selector *selector, const char *name, bool *decided_ret)
{
	for (size_t i = selector->n_globs; i-- > 0;) {
		if (fnmatch(selector->globs[i].pattern, name, 0))
			continue;
		*decided_ret = true;
		return !selector->globs[i].exclude;
	}
	*decided_ret = false;
	return !selector->n_globs || selector->globs[0].exclude;
}

static bool file_matches(const struct fdbg_selector *selector, const struct fdbg_function *function,
			 struct fdbg_arena *arena)
{
	const char *path, *base, *absolute;

	if (!selector->n_files)
		return true;
	path = fdbg_arena_copy(arena, function->file.data, function->file.len);
	if (!path)
		return false;
	absolute = path[0] == '/' ? path
				  : fdbg_arena_printf(arena, "%.*s/%s", (int)function->directory.len,
						      function->directory.data ? function->directory.data : "", path);
	base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	for (size_t i = 0; i < selector->n_files; i++) {
		const char *glob = selector->files[i];

		if (!strchr(glob, '/') && !fnmatch(glob, base, 0))
			return true;
		if (!fnmatch(glob, path, 0) || (absolute && !fnmatch(glob, absolute, 0)))
			return true;
	}
	return false;
}

/* Crates that -p names but no function is in. */
static struct fdbg_error *check_crates(const struct choice *choice, const struct fdbg_function *const *functions,
				       size_t n_functions)
{
	struct fdbg_strmap there = { 0 };
	struct fdbg_error *err = NULL;
	uint64_t unused;

	if (choice->all_crates)
		return NULL;
	for (size_t i = 0; i < n_functions; i++)
		if (!fdbg_strmap_set(&there, functions[i]->crate, 1))
			err = &fdbg_error_nomem;
	for (size_t i = 0; i < choice->selector->n_crates && !err; i++) {
		struct fdbg_buf list = { 0 };
		struct fdbg_text crate;
		size_t iter = 0;

		if (fdbg_strmap_get(&there, fdbg_text_from(choice->selector->crates[i]), &unused))
			continue;
		while (fdbg_strmap_next(&there, &iter, &crate, &unused))
			fdbg_buf_printf(&list, " %.*s", (int)crate.len, crate.data);
		err = fdbg_error_create(FDBG_ERROR_NOT_FOUND,
					"the program has no functions of a crate `%s`; it has functions of:%s",
					choice->selector->crates[i], fdbg_buf_cstr(&list));
		fdbg_buf_deinit(&list);
	}
	fdbg_strmap_deinit(&there);
	return err;
}

struct chosen_list {
	struct fdbg_chosen *items;
	size_t n, cap;
};

/* Adds the functions that pass the filter. */
static struct fdbg_error *choose(const struct choice *choice, const struct fdbg_strmap *own, const struct fdbg_function *const *functions,
				 size_t n_functions, struct fdbg_arena *arena, struct chosen_list *list)
{
	const struct fdbg_selector *selector = choice->selector;

	for (size_t i = 0; i < n_functions; i++) {
		const struct fdbg_function *function = functions[i];
		bool dbg_trace = is_dbg_trace(function) && !function->inlined_in, decided = false, take, in_crates;
		struct fdbg_text name;
		const char *text;

		in_crates = in_chosen_crates(choice, own, function);
		if (!in_crates && !choice->reach_others && !dbg_trace)
			continue;
		name = fdbg_rust_function_name(function, arena);
		text = name.data ? fdbg_arena_copy(arena, name.data, name.len) : NULL;
		if (!text)
			return &fdbg_error_nomem;
		take = globs_take(selector, text, &decided);
		/* Where functions were merged, a glob for one of them means the code of all. */
		for (const struct fdbg_function *other = function->merged; other && !(take && decided); other = other->merged) {
			struct fdbg_text other_name = fdbg_rust_function_name(other, arena);
			const char *other_text = fdbg_arena_copy(arena, other_name.data, other_name.len);
			bool other_decided = false;

			if (other_text && globs_take(selector, other_text, &other_decided) && other_decided)
				take = decided = true;
		}
		if (!dbg_trace && (!take || (!in_crates && !decided) || !file_matches(selector, function, arena)))
			continue;
		if (list->n == list->cap) {
			size_t cap = list->cap ? list->cap * 2 : 256;
			struct fdbg_chosen *items = reallocarray(list->items, cap, sizeof(*items));

			if (!items)
				return &fdbg_error_nomem;
			list->items = items;
			list->cap = cap;
		}
		list->items[list->n++] = (struct fdbg_chosen){ function, name, dbg_trace };
	}
	return NULL;
}

/* Adds the inlined calls that pass it, whatever function they are in. */
static struct fdbg_error *choose_inlines(const struct choice *choice, const struct fdbg_strmap *own,
					 struct fdbg_debuginfo *debuginfo, const struct fdbg_function *const *functions,
					 size_t n_functions, struct fdbg_arena *arena, struct chosen_list *list)
{
	for (size_t i = 0; i < n_functions; i++) {
		const struct fdbg_function **calls;
		size_t n_calls;
		struct fdbg_error *err = fdbg_debuginfo_inlines(debuginfo, functions[i], arena, &calls, &n_calls);

		if (!err && n_calls)
			err = choose(choice, own, calls, n_calls, arena, list);
		if (err)
			return err;
	}
	return NULL;
}

struct fdbg_error *fdbg_selector_choose(const struct fdbg_selector *selector, struct fdbg_debuginfo *debuginfo,
				      struct fdbg_arena *arena, struct fdbg_chosen **ret, size_t *n_ret)
{
	struct choice choice = { .selector = selector, .main_unit = fdbg_debuginfo_main_unit(debuginfo) };
	const struct fdbg_function *const *functions;
	const struct fdbg_unit *const *units;
	struct fdbg_strmap own = { 0 };
	struct chosen_list list = { 0 };
	struct fdbg_chosen *chosen;
	size_t n_functions, n_units, n = 0;
	struct fdbg_error *err;

	for (size_t i = 0; i < selector->n_crates; i++)
		choice.all_crates |= !strcmp(selector->crates[i], "all");
	for (size_t i = 0; i < selector->n_globs; i++)
		choice.reach_others |= !selector->globs[i].exclude && !selector->n_crates;

	err = fdbg_debuginfo_functions(debuginfo, want_unit, &choice, &functions, &n_functions);
	if (err)
		return err;
	err = check_crates(&choice, functions, n_functions);
	if (err)
		return err;

	units = fdbg_debuginfo_units(debuginfo, &n_units);
	for (size_t i = 0; i < n_units; i++)
		if (own_unit(&choice, units[i]) && units[i]->crate.len &&
		    !fdbg_strmap_set(&own, units[i]->crate, 1)) {
			fdbg_strmap_deinit(&own);
			return &fdbg_error_nomem;
		}

	err = choose(&choice, &own, functions, n_functions, arena, &list);
	if (!err && selector->inlines)
		err = choose_inlines(&choice, &own, debuginfo, functions, n_functions, arena, &list);
	fdbg_strmap_deinit(&own);
	chosen = err ? NULL : fdbg_arena_array(arena, list.n, sizeof(*chosen));
	if (chosen && list.n)
		memcpy(chosen, list.items, list.n * sizeof(*chosen));
	n = list.n;
	free(list.items);
	if (!chosen)
		return err ? err : &fdbg_error_nomem;
	*ret = chosen;
	*n_ret = n;
	return NULL;
}
