/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The crate of a unit, where the unit's name does not tell it. */
#include <stdlib.h>
#include <string.h>

#include <dwarf.h>

#include "debuginfo/internal.h"
#include "debuginfo/unit.h"

/*
 * A unit is named "SOURCE/@/CRATE.HASH-cgu.N"; with incremental compilation, cargo's default for the dev
 * profile, "SOURCE/@/HASH", where SOURCE is the crate's root file. Then the functions have to tell: those of
 * the crate itself are in its namespace, but the instances of other crates' generic functions are there, too.
 * A function declared in SOURCE decides; without one, the namespace that has most of the functions that are
 * not generic.
 */

struct candidate {
	struct fdbg_text name;
	size_t n;
};

struct vote {
	struct candidate candidates[32];
	size_t n;
	struct fdbg_text decided;
};

static void count(struct vote *vote, struct fdbg_text name)
{
	for (size_t i = 0; i < vote->n; i++)
		if (fdbg_text_equal(vote->candidates[i].name, name)) {
			vote->candidates[i].n++;
			return;
		}
	if (vote->n < sizeof(vote->candidates) / sizeof(*vote->candidates))
		vote->candidates[vote->n++] = (struct candidate){ name, 1 };
}

/* "src/main.rs/@/x" → "src/main.rs" */
static struct fdbg_text source_of(const struct fdbg_unit *unit)
{
	static const char mark[] = "/@/";
	const char *at = unit->name.len ? memmem(unit->name.data, unit->name.len, mark, 3) : NULL;

	return (struct fdbg_text){ unit->name.data, at ? (size_t)(at - unit->name.data) : 0 };
}

static struct fdbg_error *vote_in(struct fdbg_debuginfo *debuginfo, struct fdbg_unit_data *unit,
				  struct vote *vote)
{
	struct fdbg_text source = source_of(&unit->unit);
	struct fdbg_error *err = fdbg_unit_index(debuginfo, unit);

	if (!err)
		err = fdbg_lines_load(debuginfo, unit);
	if (err)
		return err;
	for (size_t i = 0; i < unit->n_entries && !vote->decided.len; i++) {
		const struct fdbg_entry *entry = &unit->entries[i];
		struct fdbg_die die, scope;

		if (entry->tag != DW_TAG_subprogram || entry->parent == FDBG_NO_PARENT ||
		    !fdbg_dwarf_die(debuginfo->dwarf, entry->die, &die) || !die.name.len ||
		    !die.decl_file.present ||
		    memchr(die.name.data, '<', die.name.len) || memchr(die.name.data, '{', die.name.len))
			continue;
		while (entry->parent != FDBG_NO_PARENT)
			entry = &unit->entries[entry->parent];
		if (!fdbg_dwarf_die(debuginfo->dwarf, entry->die, &scope) || scope.tag != DW_TAG_namespace)
			continue;
		if (fdbg_text_equal(fdbg_lines_file(debuginfo, unit, die.decl_file.low), source))
			vote->decided = scope.name;
		else if (die.has_low)
			count(vote, scope.name);
	}
	return NULL;
}

static bool same_crate(const struct fdbg_unit_data *a, const struct fdbg_unit_data *b)
{
	return fdbg_text_equal(a->unit.comp_dir, b->unit.comp_dir) &&
		fdbg_text_equal(source_of(&a->unit), source_of(&b->unit));
}

static bool wants_crate(const struct fdbg_unit_data *unit)
{
	return unit->unit.rust && unit->nameless_crate && !unit->unit.crate.len;
}

struct fdbg_error *fdbg_units_find_crates(struct fdbg_debuginfo *debuginfo)
{
	for (size_t i = 0; i < debuginfo->n_units; i++) {
		struct vote vote = { 0 };
		struct fdbg_error *err;
		size_t most = 0;

		if (!wants_crate(&debuginfo->units[i]))
			continue;
		for (size_t k = i; k < debuginfo->n_units && !vote.decided.len; k++) {
			struct fdbg_unit_data *unit = &debuginfo->units[k];

			if (!wants_crate(unit) || !same_crate(&debuginfo->units[i], unit))
				continue;
			err = vote_in(debuginfo, unit, &vote);
			if (err)
				return err;
		}
		for (size_t k = 0; k < vote.n && !vote.decided.len; k++)
			if (vote.candidates[k].n > most)
				most = vote.candidates[k].n;
		for (size_t k = 0; k < vote.n && !vote.decided.len; k++)
			if (vote.candidates[k].n == most)
				vote.decided = vote.candidates[k].name;
		for (size_t k = debuginfo->n_units; k-- > i;)
			if (wants_crate(&debuginfo->units[k]) &&
			    same_crate(&debuginfo->units[i], &debuginfo->units[k])) {
				debuginfo->units[k].unit.crate = vote.decided;
				debuginfo->units[k].nameless_crate = false;
			}
	}
	return NULL;
}
