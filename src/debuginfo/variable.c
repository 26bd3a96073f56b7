/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The parameters of a function, what a closure captured, and where variables begin. */
#include <stdlib.h>

#include <dwarf.h>

#include "debuginfo/internal.h"

struct parameter {
	struct fdbg_die die;
	bool used;
};

struct parameter_list {
	uint16_t tag;
	struct parameter *items;
	size_t n, cap;
	bool nomem;
};

static bool add_parameter(void *context, const struct fdbg_die *child)
{
	struct parameter_list *list = context;

	if (child->tag != list->tag)
		return true;
	if (list->n == FDBG_MAX_PARAMETERS)
		return false;
	if (list->n == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 8;
		struct parameter *grown = reallocarray(list->items, cap, sizeof(*grown));

		if (!grown) {
			list->nomem = true;
			return false;
		}
		list->items = grown;
		list->cap = cap;
	}
	list->items[list->n++] = (struct parameter){ *child, false };
	return true;
}

/* More unnamed parameters of one type than this stay unnamed. */
#define MAX_NAMED 16

struct variable_list {
	uint64_t type;           /* the type that is asked about */
	size_t n;                /* variables of that type */
	struct fdbg_text names[MAX_NAMED];
};

static bool add_variable(void *context, const struct fdbg_die *child)
{
	struct variable_list *list = context;

	if (child->tag != DW_TAG_variable || child->type != list->type || !child->name.len || child->artificial)
		return true;
	if (list->n < MAX_NAMED)
		list->names[list->n] = child->name;
	list->n++;
	return true;
}

/*
 * rustc describes a parameter without bytes twice: as an unnamed formal parameter, and as a variable that has the name
 * (std-types.md, section 11). Every `let` opens a lexical block, so variables directly below the function are
 * parameters or, those that have bytes, captures of a closure. Where unnamed parameters and variables of a type are
 * equally many they belong together in order.
 */
static void name_parameters(struct fdbg_debuginfo *debuginfo, uint64_t function, struct parameter_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		struct variable_list variables = { .type = list->items[i].die.type };
		const struct fdbg_type *type;
		size_t n_unnamed = 0;

		if (list->items[i].die.name.len || list->items[i].die.abstract_origin)
			continue;
		type = fdbg_debuginfo_type(debuginfo, variables.type);
		if (type->kind == FDBG_TYPE_UNKNOWN || type->size)
			continue;
		fdbg_dwarf_children(debuginfo->dwarf, function, add_variable, &variables);
		for (size_t k = 0; k < list->n; k++)
			n_unnamed += !list->items[k].die.name.len && list->items[k].die.type == variables.type;
		if (!variables.n || variables.n != n_unnamed || variables.n > MAX_NAMED)
			continue;
		n_unnamed = 0;
		for (size_t k = i; k < list->n; k++)
			if (!list->items[k].die.name.len && list->items[k].die.type == variables.type)
				list->items[k].die.name = variables.names[n_unnamed++];
	}
}

/* A variable that is nowhere because it always has one value: the expression that says so. */
static bool make_constant(const struct fdbg_unit_data *unit, const struct fdbg_die *die, struct fdbg_arena *arena,
			  struct fdbg_location *ret)
{
	struct fdbg_location_range *range = fdbg_arena_new(arena, struct fdbg_location_range);
	uint8_t *expr = fdbg_arena_alloc(arena, 10);

	if (!range || !expr)
		return false;
	expr[0] = DW_OP_const8u;
	for (int i = 0; i < 8; i++)
		expr[1 + i] = (uint8_t)(die->const_value.low >> i * 8);
	expr[9] = DW_OP_stack_value;
	range->expr = expr;
	range->len = 10;
	*ret = (struct fdbg_location){ .ranges = range, .n_ranges = 1, .address_size = 8, .offset_size = 4,
				       .dwarf_version = unit->unit.dwarf_version };
	return true;
}

static struct fdbg_error *make_variable(struct fdbg_debuginfo *debuginfo, const struct fdbg_unit_data *unit,
					const struct fdbg_die *concrete, const struct fdbg_die *abstract,
					struct fdbg_arena *arena, struct fdbg_variable *ret)
{
	static const struct fdbg_die_loc none = { 0 };
	struct fdbg_variable variable = { 0 };
	const struct fdbg_die *main_die = concrete ? concrete : abstract;
	struct fdbg_error *err;
	uint64_t type = main_die->type;

	variable.name = main_die->name;
	variable.artificial = main_die->artificial;
	variable.line = (uint32_t)main_die->decl_line.low;
	if (abstract) {
		if (!variable.name.len)
			variable.name = abstract->name;
		if (!type)
			type = abstract->type;
		if (!main_die->decl_line.present)
			variable.line = (uint32_t)abstract->decl_line.low;
		variable.artificial |= abstract->artificial;
	}
	variable.type = fdbg_type_ref_to(debuginfo, type);
	err = fdbg_lists_location(debuginfo, unit, concrete ? &concrete->location : &none, arena,
				  &variable.location);
	if (!err && !variable.location.n_ranges && concrete && concrete->const_value.present &&
	    (!concrete->const_value.high || concrete->const_value.negative) &&
	    !make_constant(unit, concrete, arena, &variable.location))
		err = &fdbg_error_nomem;
	if (err)
		return err;
	*ret = variable;
	return NULL;
}

static struct fdbg_error *merge_parameters(struct fdbg_debuginfo *debuginfo,
					   const struct fdbg_unit_data *unit,
					   struct parameter_list *concrete,
					   const struct parameter_list *abstract,
					   struct fdbg_arena *arena, struct fdbg_variable **ret,
					   size_t *n_ret)
{
	struct fdbg_variable *variables = fdbg_arena_array(arena, concrete->n + abstract->n,
							   sizeof(*variables));
	struct fdbg_error *err;
	size_t n = 0;

	if (!variables)
		return &fdbg_error_nomem;
	/*
	 * The optimizer may leave a parameter out of the concrete copy; the abstract one has them all, in
	 * order.
	 */
	for (size_t i = 0; i < abstract->n; i++) {
		const struct fdbg_die *copy = NULL;

		for (size_t k = 0; !copy && k < concrete->n; k++)
			if (concrete->items[k].die.abstract_origin == abstract->items[i].die.offset) {
				concrete->items[k].used = true;
				copy = &concrete->items[k].die;
			}
		err = make_variable(debuginfo, unit, copy, &abstract->items[i].die, arena, &variables[n++]);
		if (err)
			return err;
	}
	for (size_t k = 0; k < concrete->n; k++) {
		struct fdbg_die origin, *parameter = &concrete->items[k].die;
		bool has_origin;

		if (concrete->items[k].used)
			continue;
		has_origin = parameter->abstract_origin &&
			fdbg_dwarf_die(debuginfo->dwarf, parameter->abstract_origin, &origin);
		err = make_variable(debuginfo, unit, parameter, has_origin ? &origin : NULL, arena,
				    &variables[n++]);
		if (err)
			return err;
	}
	*ret = variables;
	*n_ret = n;
	return NULL;
}

struct fdbg_error *fdbg_debuginfo_parameters(struct fdbg_debuginfo *debuginfo,
					     const struct fdbg_function *function,
					     struct fdbg_arena *arena, struct fdbg_variable **ret,
					     size_t *n_ret)
{
	const struct fdbg_unit_data *unit = (const struct fdbg_unit_data *)function->unit;
	struct parameter_list concrete = { .tag = DW_TAG_formal_parameter }, abstract = concrete;
	struct fdbg_error *err = NULL;
	struct fdbg_die die;

	if (!fdbg_dwarf_die(debuginfo->dwarf, function->die, &die))
		return fdbg_error_create(FDBG_ERROR_FORMAT, "the debug information of %.*s cannot be read",
					 (int)function->path.len, function->path.data);
	fdbg_dwarf_children(debuginfo->dwarf, function->die, add_parameter, &concrete);
	if (die.abstract_origin && !concrete.nomem)
		fdbg_dwarf_children(debuginfo->dwarf, die.abstract_origin, add_parameter, &abstract);
	if (concrete.nomem || abstract.nomem)
		err = &fdbg_error_nomem;
	if (!err)
		name_parameters(debuginfo, function->die, &concrete);
	if (!err)
		err = merge_parameters(debuginfo, unit, &concrete, &abstract, arena, ret, n_ret);
	free(concrete.items);
	free(abstract.items);
	return err;
}

struct fdbg_error *fdbg_debuginfo_captures(struct fdbg_debuginfo *debuginfo, const struct fdbg_function *function,
					   struct fdbg_arena *arena, struct fdbg_variable **ret, size_t *n_ret)
{
	const struct fdbg_unit_data *unit = (const struct fdbg_unit_data *)function->unit;
	struct parameter_list variables = { .tag = DW_TAG_variable }, none = { 0 };
	struct fdbg_error *err;

	fdbg_dwarf_children(debuginfo->dwarf, function->die, add_parameter, &variables);
	err = variables.nomem ? &fdbg_error_nomem
			      : merge_parameters(debuginfo, unit, &variables, &none, arena, ret, n_ret);
	free(variables.items);
	return err;
}

/* Each `let` opens a block in the block before; parameters are in the outermost ones. */
#define MAX_BLOCKS 16

struct first_variable {
	struct fdbg_debuginfo *debuginfo;
	size_t depth;
	uint32_t line;
};

static bool visit_block(void *context, const struct fdbg_die *child)
{
	struct first_variable *first = context;
	uint32_t line = (uint32_t)child->decl_line.low;

	if (child->tag == DW_TAG_variable && child->location.kind != FDBG_DIE_LOC_EXPR && child->decl_line.present &&
	    (!first->line || line < first->line) && fdbg_debuginfo_type(first->debuginfo, child->type)->size)
		first->line = line;
	if (child->tag == DW_TAG_lexical_block && first->depth < MAX_BLOCKS) {
		first->depth++;
		fdbg_dwarf_children(first->debuginfo->dwarf, child->offset, visit_block, first);
		first->depth--;
	}
	return true;
}

uint32_t fdbg_debuginfo_first_homeless(struct fdbg_debuginfo *debuginfo, const struct fdbg_function *function)
{
	struct first_variable first = { .debuginfo = debuginfo };

	fdbg_dwarf_children(debuginfo->dwarf, function->die, visit_block, &first);
	return first.line;
}
