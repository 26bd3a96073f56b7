/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the files of this module share. */
#ifndef FDBG_DEBUGINFO_INTERNAL_H
#define FDBG_DEBUGINFO_INTERNAL_H

#include "base/arena.h"
#include "base/map.h"
#include "base/scope.h"
#include "debuginfo/debuginfo.h"
#include "debuginfo/dwarf.h"
#include "debuginfo/image_internal.h"
#include "debuginfo/line_program.h"

/*
 * DIEs do not know their parents, but names are made of scopes. So each unit that is asked for anything gets
 * an index once: its namespaces, types, functions and global variables with their parents, in the order of
 * their offsets; the insides of functions are left out.
 */
struct fdbg_entry {
	uint64_t die;
	uint32_t parent;        /* index of the enclosing entry, FDBG_NO_PARENT: the unit */
	uint16_t tag;
};

#define FDBG_NO_PARENT UINT32_MAX

/* Parameters of one function, of either kind; more are not from a compiler and are left out. */
#define FDBG_MAX_PARAMETERS 4096

/*
 * The line table of a unit, its rows in the order of their addresses (at one address the end of a sequence
 * comes first), without what is not in executable segments: removed functions leave rows at address 0.
 */
struct fdbg_unit_lines {
	bool made;
	struct fdbg_line_table table;
	struct fdbg_text *paths; /* of the files, made on demand */
};

struct fdbg_unit_data {
	struct fdbg_unit unit;  /* first: a struct fdbg_unit is the start of its struct fdbg_unit_data */
	struct fdbg_dwarf_unit header;
	bool split;             /* a skeleton: the rest is in a .dwo file */
	bool nameless_crate;    /* Rust's form of name, but without the crate */
	bool has_main_abbrev;   /* its abbreviations mention DW_AT_main_subprogram */
	uint64_t low;           /* base of range and location lists */
	uint64_t high;
	bool has_high;
	struct fdbg_die_loc ranges;
	struct fdbg_die_const line_table, addr_base, rnglists_base, loclists_base;

	bool indexed;
	struct fdbg_entry *entries;
	size_t n_entries;
	struct fdbg_text *paths; /* of the entries that are scopes, made on demand */

	struct fdbg_unit_lines lines;

	bool functions_made;
	struct fdbg_function **functions;
	size_t n_functions;
};

/* A code range and the unit that it belongs to. */
struct fdbg_unit_range {
	uint64_t low, high;
	struct fdbg_unit_data *unit;
};

struct fdbg_frame_table;

struct fdbg_debuginfo {
	struct fdbg_image *image;
	struct fdbg_image *symbols;  /* where the DWARF is: the image or its separate debug file */
	const struct fdbg_log *log;
	struct fdbg_arena arena;     /* everything that lives until the close */
	struct fdbg_dwarf *dwarf;
	struct fdbg_section addr, line, line_str, loc, loclists, ranges, rnglists, str;

	struct fdbg_unit_data *units;
	const struct fdbg_unit **unit_list;
	size_t n_units;
	/*
	 * A small file can refer to one long list, table or name from everywhere. What all references
	 * together may cost; what is beyond is treated as broken.
	 */
	uint64_t list_budget;        /* entries of range and location lists */
	uint64_t line_budget;        /* bytes of line number programs */
	uint64_t name_budget;        /* bytes of joined names */
	bool main_known;
	const struct fdbg_unit *main_unit;

	struct fdbg_map types;       /* DIE offset → struct fdbg_type * */
	unsigned int type_depth;
	struct fdbg_type *unit_type, *unknown_type;

	bool names_made;
	struct fdbg_strmap names;    /* qualified name → DIE offset */
	struct fdbg_strmap symbol_names; /* as symbols have it → DIE offset, 0: several types */

	bool vtables_made;
	struct fdbg_map vtables;     /* address → index in vtable_list */
	struct fdbg_vtable_entry *vtable_list;
	size_t n_vtables;

	bool unit_ranges_made;
	struct fdbg_unit_range *unit_ranges;
	size_t n_unit_ranges;

	struct fdbg_frame_table *frames;
};

/* unit.c */
struct fdbg_unit_data *fdbg_unit_of_die(struct fdbg_debuginfo *debuginfo, uint64_t die);
struct fdbg_error *fdbg_unit_index(struct fdbg_debuginfo *debuginfo, struct fdbg_unit_data *unit) FDBG_CHECK;
/* The entry of a DIE in its unit's index, or NULL; makes the index. */
const struct fdbg_entry *fdbg_unit_entry(struct fdbg_debuginfo *debuginfo, struct fdbg_unit_data *unit,
					 uint64_t die);
/*
 * The names of the scopes around an entry and its own name (when not empty), joined by "::", in the arena.
 * data NULL: no memory.
 */
struct fdbg_text fdbg_unit_path(struct fdbg_debuginfo *debuginfo, struct fdbg_unit_data *unit,
				const struct fdbg_entry *entry, struct fdbg_text name);

/* lists.c */
struct fdbg_error *fdbg_lists_ranges(struct fdbg_debuginfo *debuginfo, const struct fdbg_unit_data *unit,
				     const struct fdbg_die_loc *loc, struct fdbg_arena *arena,
				     struct fdbg_address_range **ret, size_t *n_ret) FDBG_CHECK;
/* The location that an attribute describes; without ranges when there is none or it is broken. */
struct fdbg_error *fdbg_lists_location(struct fdbg_debuginfo *debuginfo, const struct fdbg_unit_data *unit,
				       const struct fdbg_die_loc *loc, struct fdbg_arena *arena,
				       struct fdbg_location *ret) FDBG_CHECK;

/* lines.c */
struct fdbg_error *fdbg_lines_load(struct fdbg_debuginfo *debuginfo, struct fdbg_unit_data *unit) FDBG_CHECK;
/* The path of a file of the unit's table in the form of fdbg_function.file; empty: no such file. */
struct fdbg_text fdbg_lines_file(struct fdbg_debuginfo *debuginfo, struct fdbg_unit_data *unit,
				 uint64_t file);
/* The first row at or behind address. */
size_t fdbg_lines_find(const struct fdbg_unit_data *unit, uint64_t address);

/* The unit that describes the code at an address, or NULL. */
struct fdbg_unit_data *fdbg_unit_at(struct fdbg_debuginfo *debuginfo, uint64_t address);

/* function.c */
/* The template type parameters of a DIE, in the arena of the debug information; where it has none, those of `other` (0: none). */
struct fdbg_error *fdbg_function_template_params(struct fdbg_debuginfo *debuginfo, uint64_t die, uint64_t other,
						 struct fdbg_template_param **ret, size_t *n_ret) FDBG_CHECK;
/*
 * Where a function DIE is declared: the DIE whose scopes are the function's, its unit, and the names that it or
 * what it refers to has.
 */
void fdbg_function_origin(struct fdbg_debuginfo *debuginfo, struct fdbg_unit_data *unit, struct fdbg_die *die,
			  struct fdbg_unit_data **place_unit_ret, uint64_t *place_ret);
/*
 * Makes a function of a subprogram's or an inlined subroutine's DIE, in the debug information's arena; *ret stays as it is when the
 * DIE has no code.
 */
struct fdbg_error *fdbg_function_make(struct fdbg_debuginfo *debuginfo, struct fdbg_unit_data *unit, uint64_t offset,
				      struct fdbg_function **ret) FDBG_CHECK;

struct fdbg_error *fdbg_function_load(struct fdbg_debuginfo *debuginfo,
				      struct fdbg_unit_data *unit) FDBG_CHECK;

/* type.c */
struct fdbg_error *fdbg_types_init(struct fdbg_debuginfo *debuginfo) FDBG_CHECK;
struct fdbg_type_ref fdbg_type_ref_to(struct fdbg_debuginfo *debuginfo, uint64_t die);

/* type_build.c */
/*
 * Fills in the kind of a type and what the kind has, from its DIE. The type has its name, and the size and the alignment
 * that the DIE states. Returns why the type cannot be understood, or NULL; then *nomem_ret may be true.
 */
const char *fdbg_type_build(struct fdbg_debuginfo *debuginfo, const struct fdbg_die *die, struct fdbg_type *type,
			    bool *nomem_ret);
/*
 * A structure or union that has bytes and no children is one that the compiler began to describe and never finished: a
 * variant of an enum without fields looks like it, but lies within the enum.
 */
bool fdbg_type_is_unfinished(const struct fdbg_unit_data *unit, const struct fdbg_entry *entry,
			     const struct fdbg_die *die);

/* frame.c */
void fdbg_frames_destroy(struct fdbg_frame_table *frames);

#endif
