/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Line number programs. */
#ifndef FDBG_DEBUGINFO_LINE_PROGRAM_H
#define FDBG_DEBUGINFO_LINE_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

struct fdbg_section {
	const uint8_t *bytes;
	size_t len;
};

struct fdbg_line_sections {
	struct fdbg_section line, line_str, str;
};

struct fdbg_line_row {
	uint64_t address;
	uint32_t file;                   /* as in the table: from 1 (DWARF 4) or 0 (DWARF 5) */
	uint32_t line;
	uint32_t column;
	bool end;                        /* the first address behind a sequence */
	bool prologue_end;
};

struct fdbg_line_file {
	struct fdbg_text directory, name; /* directory empty: the unit's own */
};

struct fdbg_line_table {
	struct fdbg_line_row *rows;      /* in the order of the table */
	size_t n_rows;
	struct fdbg_line_file *files;    /* files[i] has number file_base + i */
	size_t n_files;
	uint32_t file_base;
};

/*
 * Runs the program at an offset in .debug_line (DWARF 2 to 5); rows and files are in the arena, texts point
 * into the sections. A damaged table gives what stands before the damage, and *whole_ret is false. The
 * table's length is taken from *budget; one that is longer counts as damaged. Fails only without memory.
 *
 * Done here and not with libdwarf: release 20210528 starts the file register at the wrong number in DWARF 5
 * tables and leaves rows out that begin an epilogue.
 */
struct fdbg_error *fdbg_line_program_run(const struct fdbg_line_sections *sections, uint64_t offset,
					 size_t address_size,
					 struct fdbg_arena *arena, uint64_t *budget,
					 struct fdbg_line_table *ret,
					 bool *whole_ret) FDBG_CHECK;

#endif
