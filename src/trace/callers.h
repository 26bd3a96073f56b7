/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the callers of a function do with the registers that it returns in, and what callees do with those they get. */
#ifndef FDBG_TRACE_CALLERS_H
#define FDBG_TRACE_CALLERS_H

#include <stdint.h>

#include "arch/arch.h"
#include "base/error.h"
#include "debuginfo/debuginfo.h"
#include "debuginfo/image.h"
#include "rust/returns.h"

/*
 * The optimizer may take away what a function returns where no caller looks at it, all of them know it, or only a half of it is
 * looked at (which then may move to another register); DWARF says so (DW_CC_nocall) only for some functions (rust-abi.md,
 * section 4). It does this only where it sees every call. So a register holds what the function returns if some caller
 * reads it behind a call, before it is written again: compilers do not read what nobody has made. And so a function that
 * nothing calls directly is called through pointers, or from elsewhere, and is as its source says.
 *
 * But compilers do read what nobody has made where two ways come together and only one of them has made it: the number of an
 * Option<u64> behind an if of which one half says None. And they pass on such registers, as arguments and results. So of a function
 * that was altered, or may have been, only what is read before other ways come in counts, and what the debug
 * information says to be passed on there by any value of its type.
 */
struct fdbg_callers;

/*
 * Finds all direct calls and jumps in the image's code, which takes milliseconds. functions: those that will be asked about. abi and
 * debuginfo must outlive it.
 */
struct fdbg_error *fdbg_callers_create(const struct fdbg_image *image, struct fdbg_debuginfo *debuginfo,
				       const struct fdbg_arch *arch, const struct fdbg_abi *abi,
				       const struct fdbg_function *const *functions, size_t n_functions,
				       struct fdbg_callers **ret) FDBG_CHECK;
void fdbg_callers_destroy(struct fdbg_callers *callers);

enum fdbg_callers_answer {
	FDBG_CALLERS_NONE,   /* nothing in the image calls it directly */
	FDBG_CALLERS_READ,   /* one of them reads the register behind its call */
	FDBG_CALLERS_IGNORE, /* it is not seen that one does */
};

/*
 * What is done behind calls of the function at a link-time address with a register (index into arch->regs). altered: the optimizer has
 * changed something of it, or may have.
 */
enum fdbg_callers_answer fdbg_callers_of(struct fdbg_callers *callers, uint64_t entry, uint32_t reg, bool altered);

enum fdbg_entry_use {
	FDBG_ENTRY_READ,     /* some path reads what the register holds at the entry */
	FDBG_ENTRY_WRITTEN,  /* all paths write it first, or never look at it */
	FDBG_ENTRY_UNKNOWN,
};

/* What code from a link-time address on does with what a register holds there. */
enum fdbg_entry_use fdbg_callers_entry_use(struct fdbg_callers *callers, uint64_t entry, uint32_t reg);

#endif
