/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Types as the debug information describes them. */
#ifndef FDBG_DEBUGINFO_TYPE_H
#define FDBG_DEBUGINFO_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/*
 * A type is made when it is first asked for and lives as long as the debug information. A type that names
 * another does so by a reference that fdbg_type_of resolves on demand; so recursive types cost nothing until
 * they are followed. The same Rust type occurs once for each unit that uses it: compare names, not pointers.
 * What cannot be understood is of kind UNKNOWN, never NULL: its values are unreadable.
 */

struct fdbg_debuginfo;
struct fdbg_unit;
struct fdbg_type;

struct fdbg_type_ref {
	struct fdbg_debuginfo *debuginfo;
	uint64_t die;                  /* offset of its DIE in .debug_info; 0: no type (void) */
	const struct fdbg_type *type;  /* NULL: not resolved yet */
};

enum fdbg_type_kind {
	FDBG_TYPE_UNKNOWN,
	FDBG_TYPE_BASE,
	/* thin: &T, *T, Box<T> (named alloc::boxed::Box<…>), fn pointer; name empty: a raw inner pointer */
	FDBG_TYPE_POINTER,
	FDBG_TYPE_ARRAY,
	FDBG_TYPE_STRUCT,    /* struct, tuple, closure, fat pointer */
	FDBG_TYPE_UNION,
	FDBG_TYPE_ENUM,      /* C-like */
	FDBG_TYPE_VARIANTS,  /* a structure with a variant part: enum with data, coroutine */
	FDBG_TYPE_FUNCTION,  /* what a fn pointer points to */
};

enum fdbg_encoding {
	FDBG_ENCODING_NONE, /* size 0: (), ! */
	FDBG_ENCODING_SIGNED, FDBG_ENCODING_UNSIGNED, FDBG_ENCODING_FLOAT, FDBG_ENCODING_BOOL,
		FDBG_ENCODING_CHAR,
};

struct fdbg_member {
	struct fdbg_text name;         /* as in DWARF: "__0", "x"; empty: unnamed */
	/* from the start of the outermost object (for a variant's members: of the enum) */
	uint64_t offset;
	uint64_t align;                /* DW_AT_alignment of the member, 0: not said */
	bool artificial;
	struct fdbg_type_ref type;
};

struct fdbg_enumerator {
	struct fdbg_text name;
	uint64_t value;                /* masked to the type's size */
	uint64_t value_high;           /* bits 64 to 127 */
};

struct fdbg_variant {
	struct fdbg_text name;
	bool has_value;                /* false: the variant that is present when no other's value matches */
	uint64_t value_low, value_high; /* discriminant, masked to its member's size; high: bits 64 to 127 */
	uint8_t value_width;           /* bytes of the form that it was written in, 0: of no fixed width */
	/* the payload structure; its members' offsets count from the start of the enum */
	struct fdbg_type_ref type;
	uint64_t offset;               /* of the payload member (0 in all known compilers) */
	uint32_t line;                 /* of the await of a coroutine's state, 0: not said */
	uint64_t line_file;            /* number of the file that line is in, the same for the same file in one type */
};

struct fdbg_template_param {
	struct fdbg_text name;         /* "T" */
	struct fdbg_type_ref type;
};

struct fdbg_type {
	enum fdbg_type_kind kind;
	uint64_t die;
	struct fdbg_debuginfo *debuginfo;
	const struct fdbg_unit *unit;  /* the unit that describes it */
	/* qualified: "alloc::vec::Vec<u8, alloc::alloc::Global>"; empty: unnamed */
	struct fdbg_text name;
	uint64_t size;                 /* bytes; computed for pointers and arrays */
	/* bytes, at least 1; by std-types.md rule R7 where DWARF does not say */
	uint64_t align;
	bool align_known;              /* DWARF says it */
	enum fdbg_encoding encoding;   /* of BASE */
	/* of POINTER: pointee; of ARRAY: element; of ENUM: underlying integer; of FUNCTION: return type */
	struct fdbg_type_ref target;
	uint64_t count;                /* of ARRAY */
	bool has_count;                /* of ARRAY: false when unsized */
	/* of STRUCT, UNION, VARIANTS (outside the variant part), also a variant's payload */
	struct fdbg_member *members;
	size_t n_members;
	struct fdbg_enumerator *enumerators;
	size_t n_enumerators;
	bool has_discriminant;         /* of VARIANTS: false: one variant, or only one that can exist */
	struct fdbg_member discriminant;
	struct fdbg_variant *variants;
	size_t n_variants;
	struct fdbg_template_param *params;
	size_t n_params;
	struct fdbg_type_ref containing; /* DW_AT_containing_type of a vtable type, die 0: none */
	/* a slot for the rust layer's description of this type; starts NULL; not freed here */
	void *decoder;
};

/* Resolves a reference. Never NULL; die 0 gives the unit type `()`. */
const struct fdbg_type *fdbg_type_of(struct fdbg_type_ref *ref);

/* The member of that name, or NULL. */
struct fdbg_member *fdbg_type_member(const struct fdbg_type *type, const char *name);

/*
 * The type argument of that name, or NULL. Of an enum with data, rustc writes the arguments at its variants:
 * they are found there.
 */
const struct fdbg_type *fdbg_type_param(const struct fdbg_type *type, const char *name);

#endif
