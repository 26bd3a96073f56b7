/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tables of abbreviations: the shapes that the DIEs of a unit have. */
#ifndef FDBG_DEBUGINFO_ABBREV_H
#define FDBG_DEBUGINFO_ABBREV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/cursor.h"
#include "base/error.h"

/*
 * DWARF 5, section 7.5.3. A table is read once, whatever units share it, and lives in the arena. A DIE without attributes of
 * variable size is passed over in one step: `size` is what makes walks over all DIEs of a program cheap.
 */
struct fdbg_abbrev_attribute {
	uint16_t name, form;
	int64_t constant;        /* of DW_FORM_implicit_const */
};

struct fdbg_abbrev {
	uint64_t code;
	const struct fdbg_abbrev_attribute *attributes;
	size_t n_attributes;
	/* Bytes of all attributes where addresses have 8 and offsets 4 and the version is not 2; FDBG_ABBREV_VARIES: it depends. */
	size_t size;
	uint16_t tag;
	bool has_children;
};

#define FDBG_ABBREV_VARIES SIZE_MAX

struct fdbg_abbrev_table {
	const struct fdbg_abbrev *abbrevs; /* by code */
	size_t n;
	/* What it tells about its units without a look at their DIEs: there may be types, one may be marked as main. */
	bool has_types, has_main;
};

/*
 * Reads the table at a cursor, which is left behind what was read, into the arena. What follows something broken is left
 * out: DIEs that would need it cannot be read.
 */
struct fdbg_error *fdbg_abbrev_table_read(struct fdbg_cursor *cursor, struct fdbg_arena *arena,
					  struct fdbg_abbrev_table *ret) FDBG_CHECK;

/* The abbreviation of a code, NULL: there is none. */
const struct fdbg_abbrev *fdbg_abbrev_find(const struct fdbg_abbrev_table *table, uint64_t code);

/* The bytes of a form; -1: they vary, or the form is not known. */
int fdbg_form_size(uint16_t form, uint16_t version, uint8_t address_size, uint8_t offset_size);

#endif
