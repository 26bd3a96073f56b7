/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Where the arguments of a function are when its call probe is hit. */
#ifndef FDBG_TRACE_SOURCES_H
#define FDBG_TRACE_SOURCES_H

#include "trace/plan.h"

/*
 * Debug information says where a parameter lives, but not from when on: a stack slot that DWARF gives for the whole function
 * holds nothing before the prologue has stored it, and in optimized code sometimes not until much later (rust-abi.md,
 * section 7.2). So a slot counts only where a store to it is seen before the probe; else the argument is taken from the
 * register in which the ABI passes it, while that is not overwritten.
 */
struct fdbg_source_context {
	const struct fdbg_arch *arch;
	const struct fdbg_abi *abi;
	const struct fdbg_function *function;
	uint64_t stop;                        /* link-time address of the probe */
	const struct fdbg_prologue *prologue; /* of the code before it */
	uint32_t cfa_reg;                     /* the CFA at the probe */
	int64_t cfa_offset;
	/* At the entry: the same behind the prologue, whose stores tell of registers and to which slots are relative; or NULL. */
	const struct fdbg_source_context *body;
	bool hidden_pointer;                  /* the return value goes through memory */
	bool optimized;                       /* parameters may have been removed or changed: what has no location is gone */
	bool c_convention;                    /* extern "C": the Rust rule holds for scalars only */
	const struct fdbg_prologue *entry_block; /* of optimized: the straight-line code from the entry on */
	const struct fdbg_variable *captures; /* of a closure: what it captured */
	size_t n_captures;
	uint32_t first_homeless;              /* line; 0: none. Not behind a parameter's: it may be a parameter that is none in DWARF */
	struct fdbg_arena *arena;
};

/* Fills in name, type and source of each parameter. */
struct fdbg_error *fdbg_sources_of(const struct fdbg_source_context *context, struct fdbg_variable *params,
				   size_t n_params, struct fdbg_traced_param *ret) FDBG_CHECK;

/* The source of one parameter of an optimized function. abi: where the calling convention of its source would have it. */
struct fdbg_source fdbg_source_optimized(const struct fdbg_source_context *context, const struct fdbg_variable *param,
					 const struct fdbg_type *type, const struct fdbg_abi_value *abi);

/* Is this the environment of a closure that captures nothing? There is nothing to say of it. */
bool fdbg_source_is_empty_environment(const struct fdbg_traced_param *param);

/* Turns ABI pieces (n-th register of a class) into pieces with this architecture's registers; returns their number. */
size_t fdbg_source_pieces(const struct fdbg_arch *arch, const struct fdbg_abi_value *value, bool of_return,
			  struct fdbg_source_piece *ret);

#endif
