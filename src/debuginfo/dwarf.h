/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* DIEs as plain data, errors as "it is not there". */
#ifndef FDBG_DEBUGINFO_DWARF_H
#define FDBG_DEBUGINFO_DWARF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "debuginfo/abbrev.h"
#include "debuginfo/image.h"

/*
 * Only dwarf.c sees libdwarf, which lists the units. A DIE is read once, all attributes that we know at a time, into
 * a struct fdbg_die. What is broken is left out of it: to the layers above, a broken attribute and a
 * missing one are the same. Texts and expressions point into the sections and live until the close.
 */
struct fdbg_dwarf;

/* An integer attribute of up to 128 bits. */
struct fdbg_die_const {
	bool present;
	bool negative;        /* of a signed form: high is the sign extension */
	uint8_t width;        /* bytes of a form that says nothing of a sign (data1 to data8), else 0 */
	uint64_t low, high;
};

enum fdbg_die_loc_kind {
	FDBG_DIE_LOC_NONE,
	FDBG_DIE_LOC_EXPR,
	FDBG_DIE_LOC_LIST,    /* at a section offset */
	FDBG_DIE_LOC_INDEX,   /* by the unit's table of lists (DW_FORM_loclistx, DW_FORM_rnglistx) */
};

struct fdbg_die_loc {
	enum fdbg_die_loc_kind kind;
	const uint8_t *expr;
	size_t len;
	uint64_t list;
};

struct fdbg_die {
	uint64_t offset;
	uint16_t tag;
	struct fdbg_text name, linkage_name;
	bool has_low, has_high;
	uint64_t low, high;              /* high is an address, whatever the form was */
	struct fdbg_die_loc ranges, location, frame_base, member_location;
	bool bit_field;
	uint64_t type, specification, abstract_origin, containing_type, discr; /* DIE offsets; 0: none */
	struct fdbg_die_const byte_size, alignment, encoding, decl_file, decl_line, discr_value, const_value,
		count, lower, upper;
	struct fdbg_die_const language, calling_convention, call_file, call_line, call_column;
	bool discr_list;
	bool declaration, external, artificial, noreturn, main;
	bool may_have_children;          /* by its abbreviation */
	/* Of units only. */
	struct fdbg_text comp_dir, producer, dwo_name;
	struct fdbg_die_const line_table, addr_base, rnglists_base, loclists_base;
};

struct fdbg_dwarf_unit {
	uint64_t header, next;           /* offsets in .debug_info */
	uint64_t die, abbrev;
	uint16_t version;
	uint8_t address_size, offset_size;
	uint8_t type;                    /* DW_UT_… */
};

/* Opens the DWARF of an image. FORMAT when libdwarf does not take it. */
struct fdbg_error *fdbg_dwarf_open(struct fdbg_image *image, struct fdbg_dwarf **ret) FDBG_CHECK;
void fdbg_dwarf_close(struct fdbg_dwarf *dwarf);

/*
 * The headers of all units in order, in the arena; called once, before anything else is asked. A broken header ends the list,
 * and *complete_ret is false. Type units are left out.
 */
struct fdbg_error *fdbg_dwarf_units(struct fdbg_dwarf *dwarf, struct fdbg_arena *arena,
				    struct fdbg_dwarf_unit **ret, size_t *n_ret,
				    bool *complete_ret) FDBG_CHECK;

/* The abbreviations of one of these units. */
const struct fdbg_abbrev_table *fdbg_dwarf_abbrevs(struct fdbg_dwarf *dwarf, const struct fdbg_dwarf_unit *header);

/* Reads the DIE at an offset in .debug_info; false: there is none. */
bool fdbg_dwarf_die(struct fdbg_dwarf *dwarf, uint64_t offset, struct fdbg_die *ret);

/*
 * Reads the children of a DIE in order until visit returns false. False: the DIE or a child could not be
 * read, or visit stopped.
 */
bool fdbg_dwarf_children(struct fdbg_dwarf *dwarf, uint64_t offset,
			 bool (*visit)(void *context, const struct fdbg_die *child), void *context);

/*
 * Walks the tree below a DIE. visit gets the parent's and the DIE's offset and tag, and says whether to walk
 * its children, too; nesting beyond a limit is left out. False: a part could not be read.
 */
enum fdbg_dwarf_walk { FDBG_DWARF_WALK_INTO, FDBG_DWARF_WALK_OVER, FDBG_DWARF_WALK_STOP };
bool fdbg_dwarf_walk(struct fdbg_dwarf *dwarf, uint64_t offset,
		     enum fdbg_dwarf_walk (*visit)(void *context, uint64_t die, uint16_t tag,
						   unsigned int depth), void *context);

#endif
