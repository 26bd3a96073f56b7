/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the files share that look at callers. */
#ifndef FDBG_TRACE_CALLERS_INTERNAL_H
#define FDBG_TRACE_CALLERS_INTERNAL_H

#include "arch/effect.h"
#include "base/arena.h"
#include "base/map.h"
#include "trace/callers.h"

/* A direct call, or a jump that may be one. */
struct fdbg_call_site {
	uint64_t target, address;
	uint32_t size;
	bool jump;
};

struct fdbg_callers {
	const struct fdbg_image *image;
	struct fdbg_debuginfo *debuginfo;
	const struct fdbg_arch *arch;
	const struct fdbg_abi *abi;
	struct fdbg_effects *effects;
	struct fdbg_call_site *sites; /* by target */
	size_t n_sites, cap_sites;
	struct fdbg_map visited;      /* addresses followed: 1: before other ways came in, 2: behind that */
	struct fdbg_map starts;       /* of the functions that have symbols, or are asked about */
	/* The function whose ways are known: where how many come in (2: several). */
	uint64_t owner, owner_low, owner_high;
	bool owner_unclear;           /* there are ways that are not known */
	struct fdbg_map ways;
	struct fdbg_map functions;    /* entry -> const struct fdbg_function *, of the units that were asked for */
	struct fdbg_map units;
	struct fdbg_arena scratch;
	unsigned int question_steps;
};

/* The effect of the instruction at an address of the image; false: there is none, or it is not known. */
bool fdbg_callers_effect(struct fdbg_callers *callers, uint64_t address, struct fdbg_effect *ret);

enum fdbg_fate {
	FDBG_FATE_READ,
	FDBG_FATE_DEAD,
	FDBG_FATE_RETURNED,
	FDBG_FATE_UNKNOWN,
};

/*
 * What becomes of a register's value from an address on, which is in the function that begins at owner: the best of what all paths do.
 * altered: see fdbg_callers_of.
 */
enum fdbg_fate fdbg_callers_follow(struct fdbg_callers *callers, uint64_t owner, uint64_t address, uint32_t reg, bool altered,
				   unsigned int *steps);

enum fdbg_callers_there {
	FDBG_CALLERS_NEVER,
	FDBG_CALLERS_PERHAPS, /* with some values, or nothing says so */
	FDBG_CALLERS_ALWAYS,
};

/* Does a function return something in a register, by its source? */
enum fdbg_callers_there fdbg_callers_returns(struct fdbg_callers *callers, uint64_t entry, uint32_t reg);

/* Is a register given to a function, by its debug information? */
enum fdbg_callers_there fdbg_callers_takes(struct fdbg_callers *callers, uint64_t entry, uint32_t reg);

/* Has the optimizer changed something of a function? */
bool fdbg_callers_is_altered(struct fdbg_callers *callers, uint64_t entry);

#endif
