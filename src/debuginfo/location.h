/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Where a variable is: DWARF location descriptions and their evaluation. */
#ifndef FDBG_DEBUGINFO_LOCATION_H
#define FDBG_DEBUGINFO_LOCATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/memview.h"

/*
 * A location is a list of expressions with the code ranges where they hold. Evaluating one at a pc gives
 * places: one for the whole object, or several pieces in the order of the object's bytes.
 * fdbg_location_simplify does before the run what can be done before the run: nearly every location is a
 * register, or memory at a register plus an offset.
 */

struct fdbg_location_range {
	uint64_t low, high;   /* [low, high), link-time; both 0: everywhere */
	const uint8_t *expr;
	size_t len;
};

struct fdbg_location {
	const struct fdbg_location_range *ranges;
	size_t n_ranges;
	uint8_t address_size, offset_size; /* of the unit */
	uint16_t dwarf_version;
	const uint8_t *addresses; /* the unit's part of .debug_addr, for DW_OP_addrx; NULL: none */
	size_t addresses_len;
	bool list;            /* from a location list (not one expression for the whole function) */
};

enum fdbg_place_kind {
	FDBG_PLACE_NONE,     /* optimized out (here) */
	FDBG_PLACE_MEMORY,   /* in memory at address */
	FDBG_PLACE_REGISTER, /* in a register */
	FDBG_PLACE_VALUE,    /* nowhere: the bytes themselves are known */
};

struct fdbg_place {
	enum fdbg_place_kind kind;
	uint64_t size;       /* bytes of the object that it covers; 0: all of it */
	uint64_t address;    /* of MEMORY: run-time address */
	uint32_t reg;        /* of REGISTER: DWARF number */
	uint8_t value[16];   /* of VALUE, little endian */
	const uint8_t *bytes; /* of VALUE when longer than 16: implicit value; else NULL */
};

/* What an evaluation may ask. */
struct fdbg_location_context {
	bool (*reg)(void *context, uint32_t dwarf_reg, uint64_t *value_ret); /* at pc; false: unknown */
	/* at the function's entry (DW_OP_entry_value); NULL: never known */
	bool (*entry_reg)(void *context, uint32_t dwarf_reg, uint64_t *value_ret);
	void *context;
	struct fdbg_memview *memory;     /* for dereferences */
	const struct fdbg_location *frame_base;
	bool cfa_known;
	uint64_t cfa;
	uint64_t bias;                   /* run-time address - link-time address, for DW_OP_addr */
};

/* The expression that holds at pc (link-time), or NULL. */
const struct fdbg_location_range *fdbg_location_at(const struct fdbg_location *location, uint64_t pc);

/*
 * Evaluates a location at pc (link-time). PENDING: memory is wanted (fetch, then evaluate again). An
 * expression that is malformed, or uses what is not known, gives one place of kind NONE and a reason (a
 * literal).
 */
enum fdbg_memview_state fdbg_location_evaluate(const struct fdbg_location *location, uint64_t pc,
					       const struct fdbg_location_context *context,
					       struct fdbg_arena *arena,
					       struct fdbg_place **places_ret, size_t *n_places_ret,
					       const char **reason_ret);

enum fdbg_simple_kind {
	FDBG_SIMPLE_NONE,      /* no expression covers pc, or an empty one: optimized out here */
	FDBG_SIMPLE_MEMORY,    /* at register + offset */
	/* the address of the object is in the 8 bytes at register + offset; add offset2 */
	FDBG_SIMPLE_INDIRECT,
	FDBG_SIMPLE_CFA,       /* at the CFA + offset */
	FDBG_SIMPLE_CFA_INDIRECT,
	FDBG_SIMPLE_REGISTER,  /* in the register */
	FDBG_SIMPLE_ADDRESS,   /* at link-time address offset (DW_OP_addr) */
	FDBG_SIMPLE_COMPLEX,   /* evaluate at run time */
};

struct fdbg_simple_location {
	enum fdbg_simple_kind kind;
	uint32_t reg;          /* DWARF number */
	int64_t offset, offset2;
};

/* Works out what the location is at pc (link-time) without a target. */
struct fdbg_simple_location fdbg_location_simplify(const struct fdbg_location *location,
						   const struct fdbg_location *frame_base, uint64_t pc);

#endif
