/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the files that make a plan share. */
#ifndef FDBG_TRACE_PLAN_INTERNAL_H
#define FDBG_TRACE_PLAN_INTERNAL_H

#include "arch/effect.h"
#include "base/map.h"
#include "trace/callers.h"
#include "trace/merged.h"
#include "trace/optimized.h"
#include "trace/plan.h"

/* A probe before it is put into its site. */
struct placed {
	uint64_t address;
	struct fdbg_probe probe;
};

struct planner {
	struct fdbg_plan *plan;
	struct fdbg_image *image;
	struct fdbg_debuginfo *debuginfo;
	const struct fdbg_plan_options *options;
	struct fdbg_abi abi;
	struct fdbg_optimized optimized;
	struct fdbg_effects *effects;
	struct fdbg_callers *callers;    /* made when there is optimized code */
	struct fdbg_map cannot_unwind;   /* addresses of core's panic_cannot_unwind */
	struct fdbg_merged merged;
	struct placed *placed;
	size_t n_placed, cap_placed;
	struct fdbg_traced_function *current;
	struct fdbg_map outlined;        /* places outside the current function where it goes on */
	size_t n_outlined;               /* so many of which are being looked at, one in the other */
	bool nomem;
};

/* Adds a probe; without memory it sets planner->nomem. */
void fdbg_plan_place(struct planner *planner, uint64_t address, struct fdbg_probe probe);

/* The file's bytes of a range; size 0: there are none. */
struct fdbg_code fdbg_plan_code(const struct planner *planner, struct fdbg_address_range range);

/* Was the code of a function optimized? */
bool fdbg_plan_is_optimized(const struct planner *planner, const struct fdbg_function *function);

/* Fills in what kind of place the function returns its value in. */
void fdbg_plan_return_kind(struct planner *planner, struct fdbg_traced_function *traced);

/*
 * Fills in how the address of a return value in memory is found, and whether the value is what DWARF says at all. stop: of the call
 * probe; prologue: of the code before it.
 */
void fdbg_plan_return_address(struct planner *planner, struct fdbg_traced_function *traced, uint64_t stop,
			      const struct fdbg_prologue *prologue);

/* Takes away what a function returns otherwise than by the other conventions, if it follows that of Windows. stop, prologue: as above. */
struct fdbg_error *fdbg_plan_check_windows(struct planner *planner, struct fdbg_traced_function *traced, uint64_t stop,
					   const struct fdbg_prologue *prologue) FDBG_CHECK;

/* Fills in the other names of the code; takes away values that would be of one type under one name and of another under the next. */
struct fdbg_error *fdbg_plan_apply_merged(struct planner *planner, struct fdbg_traced_function *traced) FDBG_CHECK;

/* Place the probes at the returns of a function, and at the exits that only optimized code has. */
void fdbg_plan_returns(struct planner *planner, struct fdbg_traced_function *traced);
void fdbg_plan_tails(struct planner *planner, struct fdbg_traced_function *traced);

#endif
