/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a prologue's registers and stack slots are known to hold: the part of its analysis that all processors share. */
#ifndef FDBG_ARCH_FRAME_VALUES_H
#define FDBG_ARCH_FRAME_VALUES_H

#include "arch/arch.h"

/*
 * A small abstract interpretation: of each register it knows whether it holds a constant, an address relative to the
 * stack pointer at the entry, an address relative to where the frame was aligned, or (in its low bytes) what some
 * register held at the entry. Slots of the frame are known by what was stored to them last.
 */

enum fdbg_frame_value_kind {
	FDBG_VALUE_UNKNOWN,
	FDBG_VALUE_CONST,
	FDBG_VALUE_STACK,   /* sp at the entry + number */
	FDBG_VALUE_ALIGNED, /* sp as the instruction that aligned it left it + number */
	FDBG_VALUE_ENTRY,   /* what a register held at the entry */
};

struct fdbg_frame_value {
	enum fdbg_frame_value_kind kind;
	int64_t number;
	uint32_t origin;    /* ENTRY: of that register */
	uint32_t width;     /* ENTRY: so many low bytes */
};

/* A store into the frame, or a load from it: `size` bytes at the value of register `base` + offset. */
struct fdbg_frame_access {
	struct fdbg_frame_value base_value;
	uint32_t base;
	int64_t offset;
	uint32_t size;
};

/* value + amount; unknown where that makes no sense. */
struct fdbg_frame_value fdbg_frame_value_moved(struct fdbg_frame_value value, int64_t amount);

/*
 * What sp becomes when it gets an address of the frame (itself, or some bytes below it) rounded down to an alignment:
 * the prologue of a frame with over-aligned variables. Once only.
 */
struct fdbg_frame_value fdbg_frame_value_aligned(struct fdbg_prologue *prologue, struct fdbg_frame_value sp,
						 struct fdbg_frame_value rounded);

/*
 * Notes that the instruction at [address, end) stores the low bytes of a register (FDBG_ARCH_NO_REG: something else),
 * which has that value, into the frame.
 */
void fdbg_frame_store(const struct fdbg_arch *arch, struct fdbg_prologue *prologue, uint64_t address, uint64_t end,
		      const struct fdbg_frame_access *access, uint32_t source, struct fdbg_frame_value value);

/* What a load from the frame gives: a value of kind ENTRY or UNKNOWN. */
struct fdbg_frame_value fdbg_frame_load(const struct fdbg_arch *arch, const struct fdbg_prologue *prologue,
					const struct fdbg_frame_access *access);

/* Fills in what is known of the frame at the end of the walk, with the values of sp and of the frame pointer there. */
void fdbg_frame_finish(const struct fdbg_arch *arch, struct fdbg_prologue *prologue, struct fdbg_frame_value sp,
		       struct fdbg_frame_value fp);

#endif
