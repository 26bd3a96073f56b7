/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The debug information of an executable: units, functions, parameters, lines, frames, vtables. */
#ifndef FDBG_DEBUGINFO_DEBUGINFO_H
#define FDBG_DEBUGINFO_DEBUGINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "debuginfo/image.h"
#include "debuginfo/location.h"
#include "debuginfo/type.h"

/*
 * Opened over an image; finds the DWARF in it or in a separate debug file (by build-id under the debug
 * directories, by .gnu_debuglink beside the image, in .debug/ and under the debug directories). DWARF 4 and
 * 5, compressed sections. Everything is made on demand and lives until the close. All addresses are
 * link-time.
 */
struct fdbg_debuginfo;

struct fdbg_debuginfo_options {
	const char *const *debug_dirs; /* NULL-terminated; NULL: /usr/lib/debug */
	const char *symbols;           /* a separate debug file given by the user; NULL: search */
	const struct fdbg_log *log;
};

struct fdbg_unit {
	/* "src/main.rs/@/app.1234-cgu.0", of an incremental build "src/main.rs/@/1234" */
	struct fdbg_text name;
	struct fdbg_text comp_dir;
	struct fdbg_text producer;
	/*
	 * "app", from the name, or from the functions where the name has none (incremental builds). Empty:
	 * not known.
	 */
	struct fdbg_text crate;
	bool rust;                   /* DW_LANG_Rust */
	bool has_types;              /* false: line tables only */
	uint32_t rustc_major, rustc_minor, rustc_patch; /* from the producer; 0: not rustc */
	uint16_t dwarf_version;
	uint64_t die;                /* offset of the unit's DIE */
};

struct fdbg_address_range {
	uint64_t low, high; /* [low, high) */
};

struct fdbg_function {
	const struct fdbg_unit *unit;
	uint64_t die;
	/* scopes and name joined by "::": "app::{impl#0}::fmt", "app::gen<u8>" */
	struct fdbg_text path;
	struct fdbg_text name;          /* the last part of the path: "fmt", "gen<u8>" */
	struct fdbg_text crate;         /* the outermost scope */
	struct fdbg_text linkage_name;  /* empty: none */
	const struct fdbg_address_range *ranges;
	size_t n_ranges;                /* at least 1; the first begins at the entry */
	uint64_t entry;
	uint64_t prologue_end;          /* by the line table; the entry where there is no such row */
	bool has_prologue_end;
	/* declaration: path as DWARF says it, made absolute with comp_dir only if it is not below it */
	struct fdbg_text file;
	struct fdbg_text directory;     /* comp_dir: relative file paths start there */
	uint32_t line;                  /* of `fn` */
	/*
	 * Of the first statement, in the function's file: the line table's row at prologue_end; where that
	 * row is of inlined code, the place of the call. 0: unknown.
	 */
	uint32_t body_line, body_column;
	/* largest line of the line table's rows of its file in its ranges; 0: unknown */
	uint32_t end_line;
	bool noreturn;                  /* DW_AT_noreturn */
	bool nocall;                    /* DW_CC_nocall: return value or arguments changed by the optimizer */
	bool main;                      /* DW_AT_main_subprogram */
	/* die 0: `()`, or `!` with noreturn; not known where unit->has_types is false */
	struct fdbg_type_ref return_type;
	struct fdbg_location frame_base;  /* n_ranges 0: none */
	/* Another function with the same entry, which has another one in turn: the linker or the compiler merged them. */
	const struct fdbg_function *merged;
	const struct fdbg_function *inlined_in; /* this is no function but a call of it whose code is in that one; NULL */
	struct fdbg_template_param *params; /* generic arguments */
	size_t n_params;
};

struct fdbg_variable {
	struct fdbg_text name;          /* empty: unnamed (a pattern, a closure's environment) */
	bool artificial;
	struct fdbg_type_ref type;
	struct fdbg_location location;  /* n_ranges 0: none, optimized out */
	uint32_t line;
};

/*
 * Opens the debug information of image, which must outlive it. UNSUPPORTED, with what to do, when there is
 * none, or none of Rust.
 */
struct fdbg_error *fdbg_debuginfo_open(struct fdbg_image *image, const struct fdbg_debuginfo_options *options,
				       struct fdbg_debuginfo **ret) FDBG_CHECK;
void fdbg_debuginfo_close(struct fdbg_debuginfo *debuginfo);

/* All units, in file order. */
const struct fdbg_unit *const *fdbg_debuginfo_units(struct fdbg_debuginfo *debuginfo, size_t *n_ret);

/* The unit that describes the code at a link-time address, NULL: none. */
const struct fdbg_unit *fdbg_debuginfo_unit_at(struct fdbg_debuginfo *debuginfo, uint64_t address);

/* The unit that holds the program's `main` (DW_AT_main_subprogram), NULL: none is marked. */
const struct fdbg_unit *fdbg_debuginfo_main_unit(struct fdbg_debuginfo *debuginfo);

/*
 * Functions with code (low_pc not 0) of the units for which want returns true (NULL: all Rust units), in the
 * order of their entries; the array belongs to the debug information. A function that several units describe
 * at one entry comes once, different functions at one entry as one with the others in `merged`. Broken DIEs are passed over with a line in the log.
 */
struct fdbg_error *fdbg_debuginfo_functions(struct fdbg_debuginfo *debuginfo,
					    bool (*want)(void *context, const struct fdbg_unit *unit),
					    void *context,
					    const struct fdbg_function *const **ret,
					    size_t *n_ret) FDBG_CHECK;

/* The formal parameters of a function in order, in the arena. */
struct fdbg_error *fdbg_debuginfo_parameters(struct fdbg_debuginfo *debuginfo,
					     const struct fdbg_function *function,
					     struct fdbg_arena *arena, struct fdbg_variable **ret,
					     size_t *n_ret) FDBG_CHECK;

/*
 * The variables directly below a function: what a closure captured, described through its environment, and parameters without
 * bytes under their names. (Every `let` opens a lexical block.)
 */
struct fdbg_error *fdbg_debuginfo_captures(struct fdbg_debuginfo *debuginfo, const struct fdbg_function *function,
					   struct fdbg_arena *arena, struct fdbg_variable **ret, size_t *n_ret) FDBG_CHECK;

/*
 * The first line that declares a variable of a function (decl_line) that has bytes but no place of its own for all of the function; 0: there
 * is none. Unoptimized code has such places for what `let` binds. Where that line is not behind a parameter's, the variable may
 * be a parameter itself, passed by a pointer, which rustc describes as a variable if it is bound as a whole and in parts
 * (all @ Point { x, .. }).
 */
uint32_t fdbg_debuginfo_first_homeless(struct fdbg_debuginfo *debuginfo, const struct fdbg_function *function);

/*
 * The calls that were inlined into a function, also in each other, the outer ones first: each as a function with the ranges of its
 * code there, an entry that is its lowest address, and inlined_in. The list is in the arena.
 */
struct fdbg_error *fdbg_debuginfo_inlines(struct fdbg_debuginfo *debuginfo, const struct fdbg_function *function,
					  struct fdbg_arena *arena, const struct fdbg_function ***ret,
					  size_t *n_ret) FDBG_CHECK;

/* The type at a DIE offset; never NULL. */
const struct fdbg_type *fdbg_debuginfo_type(struct fdbg_debuginfo *debuginfo, uint64_t die);

/*
 * A type by its qualified name, from the first unit that describes it; NULL when there is none. The first
 * call indexes all Rust units.
 */
const struct fdbg_type *fdbg_debuginfo_type_by_name(struct fdbg_debuginfo *debuginfo, struct fdbg_text name);

/*
 * The same by a name as demangled symbols have it: without default allocators, with blanks or not. NULL also
 * when types of different sizes have that name.
 */
const struct fdbg_type *fdbg_debuginfo_type_by_symbol_name(struct fdbg_debuginfo *debuginfo, struct fdbg_text name);

/* The function symbol that covers a link-time address, of the executable or its separate debug file. */
bool fdbg_debuginfo_symbol_at(struct fdbg_debuginfo *debuginfo, uint64_t address, struct fdbg_symbol *ret);

/* True when there is a symbol of any function. */
bool fdbg_debuginfo_has_symbols(struct fdbg_debuginfo *debuginfo);

/* True when a link-time address is in a loaded segment of the executable. */
bool fdbg_debuginfo_in_image(const struct fdbg_debuginfo *debuginfo, uint64_t address);

/*
 * The canonical frame address at pc as register + offset, from .eh_frame or .debug_frame. NOT_FOUND without
 * an entry, UNSUPPORTED when the rule is an expression.
 */
struct fdbg_error *fdbg_debuginfo_cfa(struct fdbg_debuginfo *debuginfo, uint64_t pc, uint32_t *dwarf_reg_ret,
				      int64_t *offset_ret) FDBG_CHECK;

/* How to get from a frame to that of its caller. */
struct fdbg_frame_rule {
	uint32_t cfa_reg;              /* DWARF number; the canonical frame address is its value + cfa_offset */
	int64_t cfa_offset;
	bool ra_saved;                 /* the return address is at CFA + ra_offset; else still in its register */
	int64_t ra_offset;
	bool fp_saved;                 /* the caller's frame pointer is at CFA + fp_offset; else it is unchanged */
	int64_t fp_offset;
};

/* The frame at pc, with the DWARF number of the frame pointer. Errors as with fdbg_debuginfo_cfa. */
struct fdbg_error *fdbg_debuginfo_frame(struct fdbg_debuginfo *debuginfo, uint64_t pc, uint32_t fp,
					struct fdbg_frame_rule *ret) FDBG_CHECK;

/* A function at a code address, or one that was inlined there. */
struct fdbg_inline_frame {
	const struct fdbg_unit *unit;
	struct fdbg_text path, name;   /* as in struct fdbg_function */
	struct fdbg_text linkage_name; /* empty: none */
	struct fdbg_template_param *params; /* generic arguments */
	size_t n_params;
	struct fdbg_type_ref return_type;
	/* Where it is at that address: its own statement, or the call of what is inlined further in. */
	struct fdbg_text file;         /* as fdbg_function.file */
	uint32_t line, column;         /* 0: not known */
	const struct fdbg_function *function; /* of the last one, which the others were inlined into */
};

/*
 * What is at a link-time code address: the innermost inlined function first, last the function itself. No frames (*n_ret 0)
 * where no Rust unit describes the address. Loads the functions of the unit that it lies in.
 */
struct fdbg_error *fdbg_debuginfo_frames_at(struct fdbg_debuginfo *debuginfo, uint64_t address, struct fdbg_arena *arena,
					    struct fdbg_inline_frame **ret, size_t *n_ret) FDBG_CHECK;

/* Calls found for every function inlined anywhere in a function until it returns false: its path and the place of the call. */
void fdbg_debuginfo_each_inlined(struct fdbg_debuginfo *debuginfo, const struct fdbg_function *function,
				 bool (*found)(void *context, struct fdbg_text name, uint64_t line, uint64_t column),
				 void *context);

/*
 * The concrete type behind a vtable at a link-time address (std-types.md, section 9, method A). NULL: not
 * known. *ambiguous_ret: several types share the table.
 */
const struct fdbg_type *fdbg_debuginfo_vtable(struct fdbg_debuginfo *debuginfo, uint64_t address,
					      bool *ambiguous_ret);

/* File and line of a link-time address, from the line tables; false: none. */
bool fdbg_debuginfo_line(struct fdbg_debuginfo *debuginfo, uint64_t address, struct fdbg_text *file_ret,
			 uint32_t *line_ret, uint32_t *column_ret);

#endif
