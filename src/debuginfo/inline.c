/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What was inlined where: the chain of functions at a code address. */
#include <stdlib.h>

#include <dwarf.h>

#include "debuginfo/internal.h"

/* Inlining deeper than this is cut off; compilers stay far below. */
#define MAX_FRAMES 128

struct chain_walk {
	struct fdbg_debuginfo *debuginfo;
	struct fdbg_unit_data *unit;
	uint64_t address;
	struct fdbg_arena scratch;
	struct fdbg_die calls[MAX_FRAMES]; /* outermost first */
	size_t n;
	struct fdbg_error *err;
};

/* Whether the code of a DIE covers an address. */
static struct fdbg_error *covers(struct chain_walk *walk, const struct fdbg_die *die, bool *ret)
{
	struct fdbg_address_range *ranges, whole = { die->low, die->has_high ? die->high : die->low };
	struct fdbg_error *err;
	size_t n = 1;

	ranges = &whole;
	*ret = false;
	if (die->ranges.kind != FDBG_DIE_LOC_NONE) {
		fdbg_arena_reset(&walk->scratch);
		err = fdbg_lists_ranges(walk->debuginfo, walk->unit, &die->ranges, &walk->scratch, &ranges, &n);
		if (err)
			return err;
	}
	for (size_t i = 0; i < n && !*ret; i++)
		*ret = walk->address >= ranges[i].low && walk->address < ranges[i].high;
	return NULL;
}

static enum fdbg_dwarf_walk visit_covering(void *context, uint64_t offset, uint16_t tag, unsigned int depth)
{
	struct chain_walk *walk = context;
	struct fdbg_die die;
	bool covered;

	(void)depth;
	if (tag != DW_TAG_lexical_block && tag != DW_TAG_inlined_subroutine)
		return FDBG_DWARF_WALK_OVER;
	if (!fdbg_dwarf_die(walk->debuginfo->dwarf, offset, &die))
		return FDBG_DWARF_WALK_OVER;
	/* A block without code of its own may hold what has some. */
	if (tag == DW_TAG_lexical_block && !die.has_low && die.ranges.kind == FDBG_DIE_LOC_NONE)
		return FDBG_DWARF_WALK_INTO;
	walk->err = covers(walk, &die, &covered);
	if (walk->err)
		return FDBG_DWARF_WALK_STOP;
	if (!covered)
		return FDBG_DWARF_WALK_OVER;
	if (tag == DW_TAG_inlined_subroutine) {
		if (walk->n == MAX_FRAMES)
			return FDBG_DWARF_WALK_STOP;
		walk->calls[walk->n++] = die;
	}
	return FDBG_DWARF_WALK_INTO;
}

static const struct fdbg_function *function_at(const struct fdbg_unit_data *unit, uint64_t address)
{
	for (size_t i = 0; i < unit->n_functions; i++)
		for (size_t k = 0; k < unit->functions[i]->n_ranges; k++)
			if (address >= unit->functions[i]->ranges[k].low &&
			    address < unit->functions[i]->ranges[k].high)
				return unit->functions[i];
	return NULL;
}

/* Names and generic arguments of an inlined function. */
static struct fdbg_error *fill_inlined(struct fdbg_debuginfo *debuginfo, struct fdbg_unit_data *unit,
				       const struct fdbg_die *call, struct fdbg_inline_frame *frame)
{
	struct fdbg_die die = *call;
	struct fdbg_unit_data *place_unit;
	const struct fdbg_entry *entry;
	struct fdbg_error *err;
	uint64_t place;

	die.name = die.linkage_name = (struct fdbg_text){ 0 };
	die.type = 0;
	fdbg_function_origin(debuginfo, unit, &die, &place_unit, &place);
	err = fdbg_unit_index(debuginfo, place_unit);
	if (err)
		return err;
	entry = fdbg_unit_entry(debuginfo, place_unit, place);
	frame->unit = &unit->unit;
	frame->path = fdbg_unit_path(debuginfo, place_unit, entry, die.name);
	if (!frame->path.data)
		return &fdbg_error_nomem;
	frame->name = die.name;
	frame->linkage_name = die.linkage_name;
	frame->return_type = fdbg_type_ref_to(debuginfo, die.type);
	if (!die.name.len || die.name.data[die.name.len - 1] != '>')
		return NULL;
	return fdbg_function_template_params(debuginfo, call->abstract_origin, place, &frame->params, &frame->n_params);
}

struct fdbg_error *fdbg_debuginfo_frames_at(struct fdbg_debuginfo *debuginfo, uint64_t address, struct fdbg_arena *arena,
					    struct fdbg_inline_frame **ret, size_t *n_ret)
{
	struct fdbg_unit_data *unit = fdbg_unit_at(debuginfo, address);
	const struct fdbg_function *function;
	struct fdbg_inline_frame *frames, *last;
	struct chain_walk *walk;
	struct fdbg_error *err;

	*n_ret = 0;
	if (!unit || !unit->unit.rust)
		return NULL;
	err = fdbg_function_load(debuginfo, unit);
	if (err)
		return err;
	function = function_at(unit, address);
	if (!function)
		return NULL;
	walk = calloc(1, sizeof(*walk));
	if (!walk)
		return &fdbg_error_nomem;
	walk->debuginfo = debuginfo;
	walk->unit = unit;
	walk->address = address;
	fdbg_dwarf_walk(debuginfo->dwarf, function->die, visit_covering, walk);
	fdbg_arena_deinit(&walk->scratch);
	err = walk->err;
	frames = err ? NULL : fdbg_arena_array(arena, walk->n + 1, sizeof(*frames));
	if (!frames && !err)
		err = &fdbg_error_nomem;
	if (err) {
		free(walk);
		return err;
	}
	last = &frames[walk->n];
	*last = (struct fdbg_inline_frame){
		.unit = function->unit, .path = function->path, .name = function->name, .linkage_name = function->linkage_name,
		.params = function->params, .n_params = function->n_params, .return_type = function->return_type,
		.function = function,
	};
	/* A frame is where the one further in was called; the innermost is where the line table says. */
	for (size_t i = 0; i < walk->n && !err; i++) {
		struct fdbg_inline_frame *frame = &frames[walk->n - 1 - i];
		const struct fdbg_die *call = &walk->calls[i];

		err = fill_inlined(debuginfo, unit, call, frame);
		if (err)
			break;
		frame[1].line = (uint32_t)call->call_line.low;
		frame[1].column = (uint32_t)call->call_column.low;
		if (call->call_file.present)
			frame[1].file = fdbg_lines_file(debuginfo, unit, call->call_file.low);
	}
	fdbg_debuginfo_line(debuginfo, address, &frames[0].file, &frames[0].line, &frames[0].column);
	*n_ret = walk->n + 1;
	free(walk);
	*ret = frames;
	return err;
}

struct each_walk {
	struct fdbg_debuginfo *debuginfo;
	bool (*found)(void *context, struct fdbg_text name, uint64_t line, uint64_t column);
	void *context;
};

static enum fdbg_dwarf_walk visit_each(void *context, uint64_t offset, uint16_t tag, unsigned int depth)
{
	struct each_walk *walk = context;
	struct fdbg_die die, origin;

	(void)depth;
	if (tag == DW_TAG_lexical_block)
		return FDBG_DWARF_WALK_INTO;
	if (tag != DW_TAG_inlined_subroutine || !fdbg_dwarf_die(walk->debuginfo->dwarf, offset, &die))
		return FDBG_DWARF_WALK_OVER;
	if (die.abstract_origin && fdbg_dwarf_die(walk->debuginfo->dwarf, die.abstract_origin, &origin) &&
	    !walk->found(walk->context, origin.name, die.call_line.low, die.call_column.low))
		return FDBG_DWARF_WALK_STOP;
	return FDBG_DWARF_WALK_INTO;
}

void fdbg_debuginfo_each_inlined(struct fdbg_debuginfo *debuginfo, const struct fdbg_function *function,
				 bool (*found)(void *context, struct fdbg_text name, uint64_t line, uint64_t column),
				 void *context)
{
	struct each_walk walk = { debuginfo, found, context };

	fdbg_dwarf_walk(debuginfo->dwarf, function->die, visit_each, &walk);
}
