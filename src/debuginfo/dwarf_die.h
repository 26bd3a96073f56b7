/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* DIEs as they lie in .debug_info: stepping from one to the next, and reading the attributes of one. */
#ifndef FDBG_DEBUGINFO_DWARF_DIE_H
#define FDBG_DEBUGINFO_DWARF_DIE_H

#include "base/cursor.h"
#include "debuginfo/abbrev.h"
#include "debuginfo/dwarf.h"
#include "debuginfo/line_program.h"

/*
 * libdwarf looks for the unit of a DIE among all units, and reads a DIE once for each level above it, since rustc writes no
 * DW_AT_sibling. Here both take one step, whatever the size of the program.
 */
struct fdbg_die_sections {
	struct fdbg_section info, abbrev, str, str_offsets, addr, line_str;
};

/* What it takes to read the DIEs of a unit. */
struct fdbg_die_unit {
	const struct fdbg_die_sections *sections;
	struct fdbg_dwarf_unit header;
	const struct fdbg_abbrev_table *abbrevs;
	uint64_t str_base, addr_base; /* where its part of .debug_str_offsets and of .debug_addr begins */
	bool usual;                   /* fdbg_abbrev.size holds */
};

/* Prepares a unit whose sections, header and abbreviations are set: its bases, from its first DIE. */
void fdbg_die_unit_open(struct fdbg_die_unit *unit);

/* A cursor at an offset of .debug_info that ends with the unit; false: the offset is not in the unit's DIEs. */
bool fdbg_die_seek(const struct fdbg_die_unit *unit, uint64_t offset, struct fdbg_cursor *ret);

/*
 * The abbreviation of the DIE at the cursor, which is moved to its attributes; NULL at the end of its siblings. False: it is
 * broken.
 */
bool fdbg_die_next(const struct fdbg_die_unit *unit, struct fdbg_cursor *cursor, const struct fdbg_abbrev **ret);

/* Moves the cursor from a DIE's attributes behind them; false: they are broken. */
bool fdbg_die_skip(const struct fdbg_die_unit *unit, struct fdbg_cursor *cursor, const struct fdbg_abbrev *abbrev);

/* The same, with all attributes that we know. offset is where the DIE itself begins. */
bool fdbg_die_read(const struct fdbg_die_unit *unit, struct fdbg_cursor *cursor, const struct fdbg_abbrev *abbrev,
		   uint64_t offset, struct fdbg_die *ret);

#endif
