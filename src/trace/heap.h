/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Heap allocations: where to look for them, whose they are, and what is live. */
#ifndef FDBG_TRACE_HEAP_H
#define FDBG_TRACE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/arch.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "debuginfo/debuginfo.h"
#include "stream/message.h"

/*
 * Two ways of looking (std-types.md, section 12):
 *
 *   typed  the places in the code where a Box, Rc or Arc takes memory and gives it back, found before the run: calls of an
 *          allocation function whose surrounding code, inlined or an instance of its own, says what for. One hit each, the
 *          address and, where the type has no fixed size, the size in registers. Other allocations cost nothing.
 *   all    the program's allocation functions themselves: a hit when one is entered (sizes in registers, and the stack,
 *          for who called) and one where it returns (the address).
 *
 * The plan of both is data: sites with struct fdbg_heap_probe. At run time struct fdbg_heap keeps what is live and writes the
 * `allocation` stream. What a block is for comes from the functions around its allocation: an owner (heap_owner.c).
 */

enum fdbg_heap_mode { FDBG_HEAP_NONE, FDBG_HEAP_TYPED, FDBG_HEAP_ALL };

/* What nobody has asked for must not make a program much slower: so much of the heap is recorded by default. */
#define FDBG_HEAP_DEFAULT_MESSAGES 32768
/* Likewise of the time that it takes to find the places. */
#define FDBG_HEAP_DEFAULT_CALLS 8192

/* The type name of a block of which nothing is known. */
#define FDBG_HEAP_UNKNOWN_TYPE "?"

/* What an allocation is for. */
struct fdbg_heap_owner {
	enum fdbg_allocation_kind kind;
	struct fdbg_text type_name;    /* what lives in the block; of a container its own type */
	bool sized;                    /* one object of a known size: */
	uint64_t size, align;          /* align 0: not known */
	uint64_t element;              /* bytes of one of the objects that the block holds; 0: not known, or mixed */
	bool bytes;                    /* the name says [u8], and it may be str */
	bool storage;                  /* bare storage, of which the container is not known yet */
};

/* Where in the program's own code. */
struct fdbg_heap_place {
	struct fdbg_text function, file; /* function empty: not known */
	uint32_t line;
};

struct fdbg_heap_origin {
	struct fdbg_heap_owner owner;
	struct fdbg_heap_place place;
};

/* ---- heap_owner.c: from the functions around an allocation to its owner ---- */

/* Looks at functions from the innermost outwards. Valid when zeroed except for arena and debuginfo. */
struct fdbg_heap_search {
	struct fdbg_arena *arena;      /* names that are made live here */
	struct fdbg_debuginfo *debuginfo;
	struct fdbg_heap_origin origin;
	bool done;                     /* the program's own code is reached; origin.place is set */
	bool nomem;
};

/*
 * How many of the functions at one code address belong to the allocator: those up to __rust_alloc and its like, which an
 * optimizer may have inlined together with an allocator of the program's own.
 */
size_t fdbg_heap_skip_allocator(const struct fdbg_inline_frame *frames, size_t n);

/* Takes the functions at one code address into account, as fdbg_debuginfo_frames_at gives them. */
void fdbg_heap_search_frames(struct fdbg_heap_search *search, struct fdbg_inline_frame *frames, size_t n);

/* Whether a function belongs to the standard library, by its path. */
bool fdbg_heap_is_std(struct fdbg_text path);

/*
 * The functions at a code address, as fdbg_debuginfo_frames_at. In the code that comes with the toolchain the symbol does
 * (its path is then a name like "alloc::string::String>::from"): loading that debug information takes longer than
 * everything else, most of it has no types, and it says little more.
 */
struct fdbg_error *fdbg_heap_frames_at(struct fdbg_debuginfo *debuginfo, uint64_t address, struct fdbg_arena *arena,
				       struct fdbg_inline_frame **ret, size_t *n_ret) FDBG_CHECK;


/* ---- heap_plan.c: where to look ---- */

enum fdbg_heap_step {
	FDBG_HEAP_REQUEST, /* memory is asked for */
	FDBG_HEAP_RESULT,  /* it is there */
	FDBG_HEAP_RELEASE, /* it is given back */
};

/* Registers are indexes into arch->regs, FDBG_ARCH_NO_REG: none. */
struct fdbg_heap_probe {
	enum fdbg_heap_step step;
	uint32_t address_reg;          /* of RESULT and RELEASE */
	uint32_t size_reg, align_reg;
	uint32_t old_reg;              /* of a REQUEST to move a block: its address */
	uint32_t indirect_reg;         /* of a REQUEST: the result's address will be in the word that this points to */
	uint32_t check_reg;            /* the hit counts only where this register has what is in the word at check_slot, */
	uint64_t check_slot;           /* which is captured with the hit; 0: where it has the address check_target. Link-time */
	uint64_t check_target;
	uint64_t unit;                 /* size_reg counts units of so many bytes */
	bool entry;                    /* at a function's entry */
	bool requested;                /* a RESULT that counts only behind its REQUEST */
	bool known_only;               /* a RELEASE that counts only for a block that is known */
	const struct fdbg_heap_origin *origin; /* NULL: to be found on the stack */
	uint32_t window;               /* bytes of stack that are captured, for who called */
};

struct fdbg_heap_plan_context {
	struct fdbg_image *image;
	struct fdbg_debuginfo *debuginfo;
	const struct fdbg_arch *arch;
	struct fdbg_arena *arena;      /* the plan's */
	enum fdbg_heap_mode mode;
	size_t max_calls;              /* typed: a program with more calls of allocation functions is not looked at; 0: no limit */
	const struct fdbg_log *log;
	/* Gets each probe; false: no memory. */
	bool (*place)(void *context, uint64_t address, const struct fdbg_heap_probe *probe);
	void *context;
};

/* Finds the places to look at. What cannot be seen is said in the log. */
struct fdbg_error *fdbg_heap_plan(const struct fdbg_heap_plan_context *context) FDBG_CHECK;

/* ---- heap.c: what is live ---- */

struct fdbg_heap;
struct fdbg_writer;
struct fdbg_hit;

struct fdbg_heap_stats {
	uint64_t hits;                 /* hits of sites with allocation probes */
	uint64_t allocations, releases, moves;
	uint64_t unseen;               /* requests whose result was not seen */
};

/*
 * The debug information and arch must outlive it. bias: run-time address - link-time address. max_messages: so many
 * allocations and releases are written, from at most twice as many hits; 0: no limit.
 */
struct fdbg_error *fdbg_heap_create(struct fdbg_debuginfo *debuginfo, const struct fdbg_arch *arch, uint64_t bias,
				    uint64_t max_messages, struct fdbg_heap **ret) FDBG_CHECK;
void fdbg_heap_destroy(struct fdbg_heap *heap);

/*
 * Deals with a hit of a site that has allocation probes, all of them; writes to the stream when that completes something. frame_id: of the
 * innermost recorded frame.
 */
struct fdbg_error *fdbg_heap_on_hit(struct fdbg_heap *heap, const struct fdbg_hit *hit, uint64_t frame_id,
				    struct fdbg_writer *writer) FDBG_CHECK;

/* True when the limit is reached: hits change nothing any more. */
bool fdbg_heap_is_full(const struct fdbg_heap *heap);

const struct fdbg_heap_stats *fdbg_heap_stats_of(const struct fdbg_heap *heap);

#endif
