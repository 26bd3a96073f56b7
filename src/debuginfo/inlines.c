/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Calls that the compiler replaced by the called function's code. */
#include <stdlib.h>

#include <dwarf.h>

#include "debuginfo/internal.h"

/* Calls within calls, and calls in one function, beyond which the debug information is not followed. */
#define MAX_DEPTH 256
#define MAX_INLINES 100000

struct inlines {
	struct fdbg_debuginfo *debuginfo;
	struct fdbg_unit_data *unit;
	const struct fdbg_function *function;
	struct fdbg_function **items;
	size_t n, cap;
	struct fdbg_error *err;
};

static enum fdbg_dwarf_walk visit(void *context, uint64_t offset, uint16_t tag, unsigned int depth)
{
	struct inlines *inlines = context;
	struct fdbg_function *made = NULL;

	if ((tag != DW_TAG_lexical_block && tag != DW_TAG_inlined_subroutine) || depth > MAX_DEPTH)
		return FDBG_DWARF_WALK_OVER;
	if (tag == DW_TAG_lexical_block)
		return FDBG_DWARF_WALK_INTO;
	inlines->err = fdbg_function_make(inlines->debuginfo, inlines->unit, offset, &made);
	if (inlines->err || inlines->n == MAX_INLINES)
		return FDBG_DWARF_WALK_STOP;
	if (!made)
		return FDBG_DWARF_WALK_INTO; /* it has no code, but what is in it may have some */
	if (inlines->n == inlines->cap) {
		size_t cap = inlines->cap ? inlines->cap * 2 : 16;
		struct fdbg_function **items = reallocarray(inlines->items, cap, sizeof(struct fdbg_function *));

		if (!items) {
			inlines->err = &fdbg_error_nomem;
			return FDBG_DWARF_WALK_STOP;
		}
		inlines->items = items;
		inlines->cap = cap;
	}
	made->frame_base = inlines->function->frame_base;
	made->inlined_in = inlines->function;
	inlines->items[inlines->n++] = made;
	return FDBG_DWARF_WALK_INTO;
}

struct fdbg_error *fdbg_debuginfo_inlines(struct fdbg_debuginfo *debuginfo, const struct fdbg_function *function,
					  struct fdbg_arena *arena, const struct fdbg_function ***ret, size_t *n_ret)
{
	struct fdbg_unit_data *unit = fdbg_unit_of_die(debuginfo, function->die);
	struct inlines inlines = { .debuginfo = debuginfo, .unit = unit, .function = function };
	const struct fdbg_function **list;

	*n_ret = 0;
	if (!unit)
		return NULL;
	fdbg_dwarf_walk(debuginfo->dwarf, function->die, visit, &inlines);
	list = inlines.err ? NULL : fdbg_arena_array(arena, inlines.n, sizeof(struct fdbg_function *));
	for (size_t i = 0; list && i < inlines.n; i++)
		list[i] = inlines.items[i];
	free(inlines.items);
	if (!list)
		return inlines.err ? inlines.err : &fdbg_error_nomem;
	*ret = list;
	*n_ret = inlines.n;
	return NULL;
}
