/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The plan: where probes go, and what each must capture. */
#ifndef FDBG_TRACE_PLAN_H
#define FDBG_TRACE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/arch.h"
#include "arch/effect.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "base/map.h"
#include "debuginfo/debuginfo.h"
#include "rust/returns.h"
#include "trace/heap.h"
#include "trace/convention.h"
#include "trace/polls.h"
#include "trace/selector.h"

/*
 * A plan is data, worked out before the run from locations, types and the ABI's rules, and independent of any
 * engine. It has traced functions, and sites: addresses with one or more probes. Addresses are link-time. Everything lives in the
 * plan's arena.
 */

/*
 * Breakpoint ids of functions: call 5, 7, 9 …, return 6, 8, 10 …, then one for each body of an async function (stream/message.h has the
 * fixed ones).
 */
#define FDBG_PLAN_FIRST_ID 5

/* Where the bytes of an argument are at its probe. */
enum fdbg_source_kind {
	FDBG_SOURCE_NOTHING,       /* the type has no bytes */
	FDBG_SOURCE_MEMORY,        /* at register + offset */
	FDBG_SOURCE_INDIRECT,      /* the address is in the word at register + offset; add offset2 */
	FDBG_SOURCE_REGISTERS,     /* in registers, by pieces */
	FDBG_SOURCE_STATIC,        /* at link-time address offset */
	FDBG_SOURCE_LOCATION,      /* evaluate the location */
	FDBG_SOURCE_OPTIMIZED_OUT,
	FDBG_SOURCE_UNKNOWN,       /* reason */
};

struct fdbg_source_piece {
	uint32_t reg;              /* index into arch->regs */
	uint32_t size;             /* low bytes of it */
	uint64_t offset;           /* in the value */
	bool one_bit;
};

struct fdbg_source {
	enum fdbg_source_kind kind;
	uint32_t reg;              /* index into arch->regs */
	int64_t offset, offset2;
	struct fdbg_source_piece pieces[4];
	size_t n_pieces;
	bool at_entry;             /* of REGISTERS and MEMORY: the register's value at the entry probe is meant */
	const char *reason;
};

struct fdbg_traced_param {
	struct fdbg_text name;
	const struct fdbg_type *type;
	struct fdbg_source source;
	struct fdbg_location location; /* of FDBG_SOURCE_LOCATION */
};

/* Where a function returns its value. */
enum fdbg_return_kind {
	FDBG_RETURN_NOTHING,    /* unit or another type without bytes */
	FDBG_RETURN_REGISTERS,
	FDBG_RETURN_MEMORY,     /* behind the hidden pointer */
	FDBG_RETURN_UNKNOWN,    /* reason */
};

struct fdbg_traced_function {
	const struct fdbg_function *function;
	struct fdbg_text name;
	uint32_t call_id, return_id;     /* breakpoint ids */
	bool dbg_trace;                  /* __firedbg_trace__ */
	struct fdbg_poll *poll;          /* of the body of an async function, whose argument is the first one; NULL: another function */
	struct fdbg_traced_param *params;
	size_t n_params;
	enum fdbg_return_kind return_kind;
	struct fdbg_type_ref return_ref;
	const struct fdbg_type *return_type;
	struct fdbg_source_piece return_pieces[4];
	size_t n_return_pieces;
	const char *return_reason;
	struct fdbg_text *merged;        /* full names of other functions with the same code */
	size_t n_merged;
	enum fdbg_convention convention;
	bool return_assumed;             /* where it is follows from what DWARF cannot tell (rust-abi.md, section 1.7) */
	uint32_t hidden_pointer;         /* of MEMORY: the register (index) that holds the address at the entry */
	bool jumped_to;                  /* a traced function ends in a jump to it: its returns may be that one's too */
	bool entry_repeats;              /* a loop comes back to the call probe, which is at the entry */
	bool saves_hidden_pointer;       /* the call probe sees the hidden pointer in its register */
	bool hidden_pointer_at_entry;    /* only an entry probe sees it (aarch64) */
	bool hidden_pointer_at_return;   /* the return register holds it again at ret */
	bool hidden_pointer_proven;      /* its register holds it at the entry whatever the convention; else it must be given back */
	bool arguments_at_entry;         /* an entry probe keeps registers that the call probe does not find any more */
	bool loop_head;                  /* a loop may come back to the call probe: an entry probe arms it */
};

enum fdbg_probe_kind {
	/* In the order in which probes of one address take effect. */
	FDBG_PROBE_ENTRY,  /* the function's first instruction, where its call probe needs arming or the hidden pointer is */
	FDBG_PROBE_CALL,   /* arguments are in place */
	FDBG_PROBE_INLINE, /* where the code of an inlined call begins */
	FDBG_PROBE_RETURN, /* at a ret */
	FDBG_PROBE_TAIL,   /* at a jump out of the function, to what returns to its caller */
	FDBG_PROBE_PANIC_HOOK, /* entry of panic_with_hook */
	FDBG_PROBE_PANIC,  /* entry of rust_panic */
	FDBG_PROBE_HEAP,   /* a heap allocation: heap */
};

struct fdbg_probe {
	enum fdbg_probe_kind kind;
	const struct fdbg_traced_function *function; /* NULL: PANIC_HOOK, PANIC, HEAP */
	const struct fdbg_heap_probe *heap;          /* of HEAP */
	/* The canonical frame address is register + offset here. It identifies a frame: the same at its call and its returns. */
	uint32_t cfa_reg;          /* index into arch->regs */
	int64_t cfa_offset;
	/* Of TAIL. */
	const struct fdbg_traced_function *target; /* what it jumps to, NULL: nothing that is traced, or known at run time */
	/* Where it goes, where that is known at run time only; it ends the frame if that is not in the function. */
	uint32_t target_reg;       /* index into arch->regs, FDBG_ARCH_NO_REG: not a register */
	bool target_in_memory;     /* the address is at target_slot */
	struct fdbg_slot target_slot;
	uint8_t condition;         /* only if this x86 condition code holds; FDBG_TAIL_ALWAYS */
};

/* What mappings begin and end at multiples of on every machine, whatever size its pages have. */
enum { FDBG_PAGE_SIZE = 4096 };

/* Memory that is captured with every hit. */
struct fdbg_capture_range {
	uint32_t reg;              /* index into arch->regs; FDBG_ARCH_NO_REG: offset is a link-time address */
	int64_t offset;
	uint32_t size;
	bool window;               /* as much of it as there is: beyond a page's end there may be nothing */
};

struct fdbg_site {
	uint64_t address;          /* link-time */
	struct fdbg_probe *probes; /* at least one, in the order of their kinds */
	size_t n_probes;
	struct fdbg_capture_range *captures;
	size_t n_captures;
	bool on_demand;            /* values may need memory beyond the captures */
};

struct fdbg_plan {
	const struct fdbg_arch *arch;
	struct fdbg_arena arena;
	struct fdbg_traced_function *functions;
	size_t n_functions;
	struct fdbg_map by_entry;  /* of functions, by their entry (link-time): struct fdbg_traced_function * */
	struct fdbg_site *sites;   /* by address */
	size_t n_sites, n_heap_sites; /* heap: those that are for allocations alone */
	enum fdbg_heap_mode allocations;
	bool heap_asked;           /* by the user; else an engine may leave the sites for allocations out */
	uint32_t next_id;          /* the breakpoint id behind the last one */
	bool panic_values;         /* what a panic says is wanted: not with --trace=call-only */
};

struct fdbg_plan_options {
	bool values;               /* false: --trace=call-only */
	bool calls;                /* false: --trace=none: panics and fire::dbg! only */
	enum fdbg_heap_mode allocations;
	bool heap_asked;
	uint32_t first_id;         /* the first breakpoint id; 0: FDBG_PLAN_FIRST_ID */
	const struct fdbg_log *log;
};

/* Makes the plan for the chosen functions. The debug information must outlive it. */
struct fdbg_error *fdbg_plan_create(struct fdbg_image *image, struct fdbg_debuginfo *debuginfo,
				    const struct fdbg_chosen *chosen, size_t n_chosen,
				    const struct fdbg_plan_options *options, struct fdbg_plan **ret) FDBG_CHECK;
void fdbg_plan_destroy(struct fdbg_plan *plan);

/* The registers that an architecture has for the Rust ABI, as counts. */
struct fdbg_abi fdbg_plan_abi(const struct fdbg_arch *arch);

#endif
