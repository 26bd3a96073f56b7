/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What differs in optimized code: which code that is, and the ways out of a function that are no ret. */
#ifndef FDBG_TRACE_OPTIMIZED_H
#define FDBG_TRACE_OPTIMIZED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/effect.h"
#include "base/error.h"
#include "base/log.h"
#include "base/map.h"
#include "debuginfo/debuginfo.h"
#include "debuginfo/image.h"

/*
 * DWARF does not say whether code was optimized. All units of a crate are compiled alike, so what shows in one function holds for the
 * crate: unoptimized code has every scalar in a stack slot, so an argument in registers tells (rust-abi.md, section 7.3).
 */
struct fdbg_optimized {
	struct fdbg_strmap crates;
	struct fdbg_map units;     /* of units whose crate has no name: struct fdbg_unit * -> 1 */
};

/* Looks at the functions of all units that hold one of these. */
struct fdbg_error *fdbg_optimized_find(struct fdbg_debuginfo *debuginfo, const struct fdbg_function *const *chosen,
				       size_t n_chosen, const struct fdbg_log *log, struct fdbg_optimized *ret) FDBG_CHECK;
void fdbg_optimized_deinit(struct fdbg_optimized *optimized);
bool fdbg_optimized_has(const struct fdbg_optimized *optimized, const struct fdbg_unit *unit);

/* A jump that leaves a function for good: what it goes to returns to the function's caller. */
struct fdbg_tail_exit {
	uint64_t address;
	uint64_t target;     /* 0: known at run time only */
	uint32_t target_reg; /* index into arch->regs: it goes there, which may also be in the function; FDBG_ARCH_NO_REG */
	bool target_in_memory; /* it goes to the address that is at target_slot, likewise */
	struct fdbg_slot target_slot;
	uint8_t condition;   /* of a jump on a condition, x86's condition code; FDBG_TAIL_ALWAYS */
};

#define FDBG_TAIL_ALWAYS 0xff

/*
 * Finds the jumps in a function's code that leave it, or may. Those to one of its own places that a table has are left out, as far as
 * they can be told: by a sum of two registers, as the table has distances, or by a constant table of addresses in the function.
 * *repeats_ret: some jump goes back to the entry.
 */
void fdbg_optimized_exits(struct fdbg_effects *effects, const struct fdbg_image *image,
			  const struct fdbg_function *function,
			  void (*found)(void *context, const struct fdbg_tail_exit *exit), void *context,
			  bool *repeats_ret);

/* The end of the straight-line code that begins at the entry: the address of the first branch, call or return. */
uint64_t fdbg_optimized_entry_block(struct fdbg_effects *effects, const struct fdbg_image *image,
				    const struct fdbg_function *function);

#endif
