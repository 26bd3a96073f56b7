/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The layout class of a type, as the compiler's calling convention sees it (inside the rust layer only). */
#ifndef FDBG_RUST_LAYOUT_H
#define FDBG_RUST_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "debuginfo/type.h"

/* rust-abi.md, section 1. */
enum fdbg_layout_class {
	FDBG_LAYOUT_ZST,
	FDBG_LAYOUT_SCALAR,
	FDBG_LAYOUT_PAIR,
	FDBG_LAYOUT_VECTOR,
	FDBG_LAYOUT_MEMORY,
	FDBG_LAYOUT_BROKEN, /* the debug information makes no sense */
};

enum fdbg_scalar_kind { FDBG_SCALAR_INT, FDBG_SCALAR_BOOL, FDBG_SCALAR_PTR, FDBG_SCALAR_FLOAT };

struct fdbg_scalar {
	enum fdbg_scalar_kind kind;
	bool is_signed;
	uint64_t size;
};

struct fdbg_layout {
	enum fdbg_layout_class kind;
	struct fdbg_scalar a, b; /* of SCALAR: a; of PAIR: both */
	uint64_t b_offset;       /* of PAIR; a is at 0 */
};

/* What the layout of a type depends on besides the type. */
struct fdbg_layout_rules {
	bool int128_align16;     /* 128-bit integers are aligned to 16, not to 8 */
	bool mixed_payloads; /* payloads of different signedness, or pointer and integer, make a pair (1.79)
			      */
	bool pretend_repr_c;     /* take user structs with one scalar field, and unions, for repr(C) ones (section 1.7) */
	bool pretend_packed;     /* take user structs of two single bytes for packed ones, which once made a difference */
};

void fdbg_layout_of(const struct fdbg_type *type, const struct fdbg_layout_rules *rules,
		    struct fdbg_layout *ret);

/* True when no value of the type can exist: `!`, an enum without variants, or a struct or array that contains one. */
bool fdbg_type_uninhabited(const struct fdbg_type *type);

/* The last part of a qualified name, with its arguments. */
struct fdbg_text fdbg_last_name(struct fdbg_text name);

/* Types of async functions and blocks, coroutines and gen blocks. */
bool fdbg_type_is_coroutine(const struct fdbg_type *type);

#endif
