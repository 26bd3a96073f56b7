/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The calls of the allocation functions in a program's code: what the plan of the heap is made from. */
#ifndef FDBG_TRACE_HEAP_CALLS_H
#define FDBG_TRACE_HEAP_CALLS_H

#include "arch/effect.h"
#include "base/map.h"
#include "trace/heap.h"

/*
 * The calls are found in the code: a quick scan gives addresses that may be calls of an allocation function, directly or through a
 * slot that the loader fills in, and the functions around these are then decoded from their start.
 */

/* How an allocation function takes and gives what it is about (std-types.md, section 12). */
enum fdbg_heap_role {
	ROLE_NONE,
	ROLE_ALLOC,         /* __rust_alloc, __rust_alloc_zeroed: (size, align) -> address */
	ROLE_REALLOC,       /* __rust_realloc: (address, old size, align, new size) -> address */
	ROLE_DEALLOC,       /* __rust_dealloc: (address, size, align) */
	ROLE_EXCHANGE,      /* exchange_malloc: (size, align) -> address */
	ROLE_BOX_NEW,       /* box_new_uninit: (align, size) -> address */
	ROLE_ALLOCATE,      /* Global::allocate: -> (address, size), address 0: failed */
	ROLE_DEALLOCATE,    /* Global::deallocate: (self, address, …) */
	ROLE_INTO_SLICE,    /* Vec::into_boxed_slice, RawVec::into_box: -> (address, length) */
	/* Of the C library, where Rust's own functions are inlined (optimized as a whole, or with an allocator of the crate's own): */
	ROLE_MALLOC,        /* (size) -> address */
	ROLE_CALLOC,        /* (size, 1) -> address, as std calls it */
	ROLE_C_REALLOC,     /* (address, new size) -> address */
	ROLE_FREE,          /* (address) */
	ROLE_MEMALIGN,      /* posix_memalign: (where to put the address, align, size) -> 0 */
	N_ROLES,
};

struct fdbg_heap_call {
	uint64_t function;      /* address of the function that it is in */
	struct fdbg_branch branch;
	enum fdbg_heap_role role;
	uint64_t callee;
	bool joined;            /* other code may jump to where it returns */
	bool by_register;       /* it goes to the address in a register, perhaps the callee's */
	uint64_t slot;          /* then: where that was loaded from; 0: nowhere, it was put in */
	bool inlined;           /* of a C function: in an allocation function of Rust that is inlined there */
};

/* A register that an allocation function's address is loaded into. */
struct load {
	uint32_t reg;
	uint64_t slot, callee;  /* slot 0: the address itself was put in */
};

/* Loads of one function that are followed. */
#define MAX_LOADS 64

/* A branch to the address in a register. */
struct register_branch {
	struct fdbg_branch branch;
	struct fdbg_branch load; /* of that register, the last one before it without a branch in between; address 0: there is none */
};

struct fdbg_heap_planner {
	const struct fdbg_heap_plan_context *context;
	struct fdbg_map roles;       /* address -> enum fdbg_heap_role */
	struct fdbg_map slots;       /* address of a word -> the callee in it */
	uint64_t *candidates;
	size_t n_candidates, cap_candidates;
	struct fdbg_heap_call *calls;    /* of the function at hand from first_call on */
	size_t n_calls, cap_calls, first_call;
	struct load loads[MAX_LOADS]; /* of the function at hand */
	size_t n_loads;
	struct register_branch *by_register; /* its branches to addresses in registers */
	size_t n_by_register, cap_by_register;
	struct fdbg_branch latest[FDBG_ARCH_MAX_REGS]; /* loads since the last branch, by register; address 0: none */
	bool has_latest;
	struct fdbg_effects *effects;
	uint64_t *targets;           /* of jumps in the function at hand */
	size_t n_targets, cap_targets;
	bool wanders;                /* it jumps to addresses that are not known */
	uint64_t function;
	size_t n_role[N_ROLES];
	size_t n_allocations;        /* typed: calls that are looked at */
	bool nomem;
};

/* Finds the allocation functions that have symbols (planner->roles). */
struct fdbg_error *fdbg_heap_find_functions(struct fdbg_heap_planner *planner) FDBG_CHECK;

/* Finds all calls of functions that have a role (planner->calls). */
struct fdbg_error *fdbg_heap_find_calls(struct fdbg_heap_planner *planner) FDBG_CHECK;

void fdbg_heap_planner_deinit(struct fdbg_heap_planner *planner);

#endif
