/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Functions. */
#include <stdlib.h>
#include <string.h>

#include <dwarf.h>

#include "debuginfo/internal.h"

/*
 * A definition names its declaration, an out-of-line copy its abstract instance, which may name a
 * declaration.
 */
#define MAX_HOPS 8

/* A function DIE with what it takes from the DIEs that it refers to. */
struct resolved {
	struct fdbg_die die;
	struct fdbg_unit_data *place_unit; /* where it is declared: its scopes are the function's */
	uint64_t place;
	struct fdbg_unit_data *file_unit;  /* whose line table decl_file counts in */
};

static void resolve(struct fdbg_debuginfo *debuginfo, struct fdbg_unit_data *unit, struct resolved *ret)
{
	struct fdbg_die *die = &ret->die;
	struct fdbg_die other = *die;

	ret->place_unit = unit;
	ret->place = die->offset;
	ret->file_unit = unit;
	for (int hops = 0; hops < MAX_HOPS; hops++) {
		uint64_t next = other.specification ? other.specification : other.abstract_origin;
		struct fdbg_unit_data *next_unit = next ? fdbg_unit_of_die(debuginfo, next) : NULL;

		if (!next_unit || !fdbg_dwarf_die(debuginfo->dwarf, next, &other))
			return;
		ret->place_unit = next_unit;
		ret->place = next;
		if (!die->name.len)
			die->name = other.name;
		if (!die->linkage_name.len)
			die->linkage_name = other.linkage_name;
		if (!die->decl_line.present)
			die->decl_line = other.decl_line;
		if (!die->decl_file.present && other.decl_file.present) {
			die->decl_file = other.decl_file;
			ret->file_unit = next_unit;
		}
		if (!die->type)
			die->type = other.type;
		die->noreturn |= other.noreturn;
		die->main |= other.main;
		if (!die->calling_convention.present)
			die->calling_convention = other.calling_convention;
	}
}

/* The code of a function: its ranges in DWARF's order without those that are empty or were removed. */
static struct fdbg_error *read_ranges(struct fdbg_debuginfo *debuginfo, struct fdbg_unit_data *unit,
				      const struct fdbg_die *die, struct fdbg_address_range **ret,
				      size_t *n_ret)
{
	struct fdbg_address_range *ranges = NULL;
	struct fdbg_error *err;
	size_t n = 0, kept = 0;

	if (die->ranges.kind != FDBG_DIE_LOC_NONE) {
		err = fdbg_lists_ranges(debuginfo, unit, &die->ranges, &debuginfo->arena, &ranges, &n);
		if (err)
			return err;
	} else if (die->has_low && die->has_high) {
		ranges = fdbg_arena_new(&debuginfo->arena, struct fdbg_address_range);
		if (!ranges)
			return &fdbg_error_nomem;
		ranges[0] = (struct fdbg_address_range){ die->low, die->high };
		n = 1;
	}
	for (size_t i = 0; i < n; i++)
		if (ranges[i].low && ranges[i].low < ranges[i].high &&
		    fdbg_image_is_code(debuginfo->image, ranges[i].low) &&
		    fdbg_image_is_code(debuginfo->image, ranges[i].high - 1))
			ranges[kept++] = ranges[i];
	*ret = ranges;
	*n_ret = kept;
	return NULL;
}

static bool in_ranges(const struct fdbg_function *function, uint64_t address)
{
	for (size_t i = 0; i < function->n_ranges; i++)
		if (address >= function->ranges[i].low && address < function->ranges[i].high)
			return true;
	return false;
}

/* The call that was inlined at an address. */
struct inlined {
	struct fdbg_debuginfo *debuginfo;
	struct fdbg_unit_data *unit;
	uint64_t address;
	struct fdbg_arena scratch;
	bool found;
	struct fdbg_die call;
};

static enum fdbg_dwarf_walk find_inlined(void *context, uint64_t offset, uint16_t tag, unsigned int depth)
{
	struct inlined *inlined = context;
	struct fdbg_address_range *ranges, whole;
	struct fdbg_error *err;
	struct fdbg_die die;
	size_t n = 1;

	(void)depth;
	if (tag != DW_TAG_lexical_block && tag != DW_TAG_inlined_subroutine)
		return FDBG_DWARF_WALK_OVER;
	if (!fdbg_dwarf_die(inlined->debuginfo->dwarf, offset, &die))
		return FDBG_DWARF_WALK_OVER;
	whole = (struct fdbg_address_range){ die.low, die.has_high ? die.high : die.low };
	ranges = &whole;
	if (die.ranges.kind != FDBG_DIE_LOC_NONE) {
		fdbg_arena_reset(&inlined->scratch);
		err = fdbg_lists_ranges(inlined->debuginfo, inlined->unit, &die.ranges, &inlined->scratch,
					&ranges, &n);
		if (err) {
			fdbg_error_destroy(err);
			return FDBG_DWARF_WALK_STOP;
		}
	}
	for (size_t i = 0; i < n; i++) {
		if (inlined->address < ranges[i].low || inlined->address >= ranges[i].high)
			continue;
		if (tag == DW_TAG_lexical_block)
			return FDBG_DWARF_WALK_INTO;
		inlined->call = die;
		inlined->found = true;
		return FDBG_DWARF_WALK_STOP;
	}
	return FDBG_DWARF_WALK_OVER;
}

/*
 * Where code is inlined at an address, the line and column of the function's own statement there: those of
 * the call.
 */
static bool read_call(struct fdbg_debuginfo *debuginfo, struct fdbg_unit_data *unit, uint64_t address,
		      struct fdbg_function *function)
{
	struct inlined inlined = { .debuginfo = debuginfo, .unit = unit, .address = address };

	fdbg_dwarf_walk(debuginfo->dwarf, function->die, find_inlined, &inlined);
	fdbg_arena_deinit(&inlined.scratch);
	if (!inlined.found)
		return false;
	if (fdbg_text_equal(fdbg_lines_file(debuginfo, unit, inlined.call.call_file.low), function->file)) {
		function->body_line = (uint32_t)inlined.call.call_line.low;
		function->body_column = (uint32_t)inlined.call.call_column.low;
	}
	return true;
}

/*
 * Where the prologue ends: the first row marked so in the range of the entry, else the second row there
 * (rust-abi.md, section 7.2). Line 0 stands for code without a source; the statement's line is then of the
 * next row that has one.
 */
static void read_lines(struct fdbg_debuginfo *debuginfo, struct fdbg_unit_data *unit,
		       struct fdbg_function *function)
{
	const struct fdbg_line_table *table = &unit->lines.table;
	size_t second = SIZE_MAX, rows = 0, start = SIZE_MAX;

	function->prologue_end = function->entry;
	for (size_t i = fdbg_lines_find(unit, function->entry);
	     i < table->n_rows && table->rows[i].address < function->ranges[0].high; i++) {
		if (table->rows[i].end)
			continue;
		if (table->rows[i].prologue_end) {
			start = i;
			function->has_prologue_end = true;
			break;
		}
		if (++rows == 2)
			second = i;
	}
	if (start == SIZE_MAX)
		start = second;
	if (start != SIZE_MAX) {
		size_t i = start;

		function->prologue_end = table->rows[start].address;
		while (i + 1 < table->n_rows && !table->rows[i].line && !table->rows[i].end &&
		       in_ranges(function, table->rows[i + 1].address))
			i++;
		if (!table->rows[i].end && table->rows[i].line &&
		    !read_call(debuginfo, unit, table->rows[i].address, function) &&
		    fdbg_text_equal(fdbg_lines_file(debuginfo, unit, table->rows[i].file), function->file)) {
			function->body_line = table->rows[i].line;
			function->body_column = table->rows[i].column;
		}
	}
	for (size_t k = 0; k < function->n_ranges; k++)
		for (size_t i = fdbg_lines_find(unit, function->ranges[k].low);
		     i < table->n_rows && table->rows[i].address < function->ranges[k].high; i++)
			/* Inlined code of other files has lines that mean nothing here. */
			if (!table->rows[i].end && table->rows[i].line > function->end_line &&
			    fdbg_text_equal(fdbg_lines_file(debuginfo, unit, table->rows[i].file),
					    function->file))
				function->end_line = table->rows[i].line;
}

struct param_list {
	struct fdbg_debuginfo *debuginfo;
	struct fdbg_template_param *params;
	size_t n, cap;
	bool nomem;
};

static bool add_template_param(void *context, const struct fdbg_die *child)
{
	struct param_list *list = context;

	if (child->tag != DW_TAG_template_type_parameter)
		return true;
	if (list->n == FDBG_MAX_PARAMETERS)
		return false;
	if (list->n == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 4;
		struct fdbg_template_param *grown = fdbg_arena_array(&list->debuginfo->arena, cap,
								     sizeof(*grown));

		if (!grown) {
			list->nomem = true;
			return false;
		}
		if (list->n)
			memcpy(grown, list->params, list->n * sizeof(*grown));
		list->params = grown;
		list->cap = cap;
	}
	list->params[list->n++] = (struct fdbg_template_param){
		child->name, fdbg_type_ref_to(list->debuginfo, child->type)
	};
	return true;
}

struct fdbg_error *fdbg_function_template_params(struct fdbg_debuginfo *debuginfo, uint64_t die, uint64_t other,
						 struct fdbg_template_param **ret, size_t *n_ret)
{
	struct param_list list = { .debuginfo = debuginfo };

	fdbg_dwarf_children(debuginfo->dwarf, die, add_template_param, &list);
	if (!list.n && other && other != die)
		fdbg_dwarf_children(debuginfo->dwarf, other, add_template_param, &list);
	if (list.nomem)
		return &fdbg_error_nomem;
	*ret = list.params;
	*n_ret = list.n;
	return NULL;
}

static struct fdbg_error *read_template_params(struct fdbg_debuginfo *debuginfo,
					       const struct resolved *resolved,
					       struct fdbg_function *function)
{
	/* Only the name of an instance of a generic function has arguments. */
	if (!function->name.len || function->name.data[function->name.len - 1] != '>')
		return NULL;
	return fdbg_function_template_params(debuginfo, function->die, resolved->place, &function->params,
					     &function->n_params);
}

void fdbg_function_origin(struct fdbg_debuginfo *debuginfo, struct fdbg_unit_data *unit, struct fdbg_die *die,
			  struct fdbg_unit_data **place_unit_ret, uint64_t *place_ret)
{
	struct resolved resolved = { .die = *die };

	resolve(debuginfo, unit, &resolved);
	*die = resolved.die;
	*place_unit_ret = resolved.place_unit;
	*place_ret = resolved.place;
}

struct fdbg_error *fdbg_function_make(struct fdbg_debuginfo *debuginfo, struct fdbg_unit_data *unit, uint64_t offset,
				      struct fdbg_function **ret)
{
	struct resolved resolved;
	struct fdbg_die *die = &resolved.die;
	struct fdbg_address_range *ranges;
	struct fdbg_function *function;
	const struct fdbg_entry *entry;
	struct fdbg_error *err;
	size_t n;

	if (!fdbg_dwarf_die(debuginfo->dwarf, offset, die)) {
		fdbg_log(debuginfo->log, FDBG_LOG_INFO,
			 "debug information: function at 0x%llx cannot be read",
			 (unsigned long long)offset);
		return NULL;
	}
	if (die->declaration || (!die->has_low && die->ranges.kind == FDBG_DIE_LOC_NONE))
		return NULL;
	err = read_ranges(debuginfo, unit, die, &ranges, &n);
	if (err || !n)
		return err;
	resolve(debuginfo, unit, &resolved);
	function = fdbg_arena_new(&debuginfo->arena, struct fdbg_function);
	if (!function)
		return &fdbg_error_nomem;
	function->unit = &unit->unit;
	function->die = offset;
	function->name = die->name;
	function->linkage_name = die->linkage_name;
	function->ranges = ranges;
	function->n_ranges = n;
	function->entry = ranges[0].low;
	entry = fdbg_unit_entry(debuginfo, resolved.place_unit, resolved.place);
	function->path = fdbg_unit_path(debuginfo, resolved.place_unit, entry, die->name);
	if (!function->path.data)
		return &fdbg_error_nomem;
	if (entry && entry->parent != FDBG_NO_PARENT) {
		const char *colons = memmem(function->path.data, function->path.len, "::", 2);

		if (colons)
			function->crate = (struct fdbg_text){ function->path.data,
							     (size_t)(colons - function->path.data) };
	}
	function->directory = resolved.file_unit->unit.comp_dir;
	function->line = (uint32_t)die->decl_line.low;
	function->noreturn = die->noreturn;
	function->nocall = die->calling_convention.present && die->calling_convention.low == DW_CC_nocall;
	function->main = die->main;
	function->return_type = fdbg_type_ref_to(debuginfo, die->type);
	err = fdbg_lines_load(debuginfo, resolved.file_unit);
	if (!err)
		err = fdbg_lines_load(debuginfo, unit);
	if (!err)
		err = fdbg_lists_location(debuginfo, unit, &die->frame_base, &debuginfo->arena,
					  &function->frame_base);
	if (!err)
		err = read_template_params(debuginfo, &resolved, function);
	if (err)
		return err;
	if (die->decl_file.present)
		function->file = fdbg_lines_file(debuginfo, resolved.file_unit, die->decl_file.low);
	read_lines(debuginfo, unit, function);
	*ret = function;
	return NULL;
}

struct fdbg_error *fdbg_function_load(struct fdbg_debuginfo *debuginfo, struct fdbg_unit_data *unit)
{
	struct fdbg_function **functions;
	size_t n = 0, n_candidates = 0;
	struct fdbg_error *err;

	if (unit->functions_made)
		return NULL;
	err = fdbg_unit_index(debuginfo, unit);
	if (err)
		return err;
	for (size_t i = 0; i < unit->n_entries; i++)
		n_candidates += unit->entries[i].tag == DW_TAG_subprogram;
	functions = fdbg_arena_array(&debuginfo->arena, n_candidates, sizeof(*functions));
	if (!functions)
		return &fdbg_error_nomem;
	for (size_t i = 0; i < unit->n_entries; i++) {
		struct fdbg_function *function = NULL;

		if (unit->entries[i].tag != DW_TAG_subprogram)
			continue;
		err = fdbg_function_make(debuginfo, unit, unit->entries[i].die, &function);
		if (err)
			return err;
		if (function)
			functions[n++] = function;
	}
	unit->functions = functions;
	unit->n_functions = n;
	unit->functions_made = true;
	return NULL;
}

/* By entry, then in file order. */
static int compare_functions(const void *a, const void *b)
{
	const struct fdbg_function *x = *(const struct fdbg_function *const *)a,
		*y = *(const struct fdbg_function *const *)b;

	if (x->entry != y->entry)
		return x->entry < y->entry ? -1 : 1;
	return x->die < y->die ? -1 : x->die > y->die;
}

/* Is this the same function as one of those that begin where it does? */
static bool is_listed(const struct fdbg_function *list, const struct fdbg_function *function)
{
	for (; list; list = list->merged)
		if (list->linkage_name.len || function->linkage_name.len
			    ? fdbg_text_equal(list->linkage_name, function->linkage_name)
			    : fdbg_text_equal(list->path, function->path))
			return true;
	return false;
}

struct fdbg_error *fdbg_debuginfo_functions(struct fdbg_debuginfo *debuginfo,
					    bool (*want)(void *context, const struct fdbg_unit *unit),
					    void *context,
					    const struct fdbg_function *const **ret, size_t *n_ret)
{
	struct fdbg_function **list;
	bool *wanted = calloc(debuginfo->n_units ? debuginfo->n_units : 1, sizeof(*wanted));
	struct fdbg_error *err = NULL;
	size_t n = 0, kept = 0;

	if (!wanted)
		return &fdbg_error_nomem;
	for (size_t i = 0; !err && i < debuginfo->n_units; i++) {
		struct fdbg_unit_data *unit = &debuginfo->units[i];

		wanted[i] = want ? want(context, &unit->unit) : unit->unit.rust;
		if (!wanted[i])
			continue;
		err = fdbg_function_load(debuginfo, unit);
		n += unit->n_functions;
	}
	list = err ? NULL : fdbg_arena_array(&debuginfo->arena, n, sizeof(*list));
	if (!list) {
		free(wanted);
		return err ? err : &fdbg_error_nomem;
	}
	n = 0;
	for (size_t i = 0; i < debuginfo->n_units; i++)
		for (size_t k = 0; wanted[i] && k < debuginfo->units[i].n_functions; k++)
			list[n++] = debuginfo->units[i].functions[k];
	free(wanted);
	if (n)
		qsort(list, n, sizeof(*list), compare_functions);
	for (size_t i = 0; i < n; i++) {
		list[i]->merged = NULL;
		if (!kept || list[kept - 1]->entry != list[i]->entry) {
			list[kept++] = list[i];
		} else if (!is_listed(list[kept - 1], list[i])) {
			list[i]->merged = list[kept - 1]->merged;
			list[kept - 1]->merged = list[i];
		}
	}
	*ret = (const struct fdbg_function *const *)list;
	*n_ret = kept;
	return NULL;
}
