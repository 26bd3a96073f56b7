/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The calling convention: where a function returns its value and where it gets its arguments. */
#ifndef FDBG_RUST_RETURNS_H
#define FDBG_RUST_RETURNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "debuginfo/debuginfo.h"

/*
 * rust-abi.md, sections 1, 2, 7 and 8, as data: registers are counted in their class (the n-th integer return
 * register), the architecture says which they are. Version-dependent rules are keyed on the rustc of the unit
 * that holds the function.
 */

enum fdbg_reg_class { FDBG_REG_INT, FDBG_REG_FLOAT };

/* The registers an architecture has for return values and for arguments. */
struct fdbg_abi {
	size_t n_int_rets, n_float_rets;
	size_t n_int_args, n_float_args;
	bool hidden_pointer_is_arg; /* the hidden pointer takes the first integer argument register */
	bool align16_int128;        /* i128 is aligned to 16 whatever the version (aarch64) */
};

struct fdbg_abi_piece {
	enum fdbg_reg_class reg_class;
	uint32_t reg;       /* n-th of its class */
	uint64_t size;      /* low bytes of the register, 1 to 8 (16: none so far) */
	uint64_t offset;    /* in the value */
	bool one_bit;       /* only bit 0 is defined */
};

enum fdbg_abi_place {
	FDBG_ABI_NOTHING,   /* size 0, or `!`: there is nothing to read */
	FDBG_ABI_REGISTERS, /* pieces; bytes that no piece covers are padding */
	FDBG_ABI_MEMORY,    /* return: behind the hidden pointer; argument: behind the pointer in piece 0 */
	FDBG_ABI_STACK,     /* argument: passed on the stack; where, if it can be counted */
	FDBG_ABI_UNKNOWN,   /* no rule applies; reason says why */
};

struct fdbg_abi_value {
	enum fdbg_abi_place place;
	bool assumed;       /* DWARF cannot tell this from a repr(C) layout (rust-abi.md, section 1.7) */
	bool never;         /* the type is `!` */
	bool stack_pointer; /* of STACK: the pointer to the argument is at the CFA + stack_offset */
	bool stack_image;   /* of STACK: the argument's bytes are at the CFA + stack_offset */
	uint64_t stack_offset;
	struct fdbg_abi_piece pieces[4];
	size_t n_pieces;
	const char *reason; /* of UNKNOWN, a literal */
};

/* Where a function of a unit (rustc version) returns a value of this type. */
void fdbg_rust_return_value(const struct fdbg_abi *abi, const struct fdbg_unit *unit,
			    const struct fdbg_type *type, struct fdbg_abi_value *ret);

/*
 * The place that an `assumed` value may be in instead: where the user's structs of one field and unions are
 * repr(C), or packed. *ret is as for fdbg_rust_return_value.
 */
void fdbg_rust_return_alternative(const struct fdbg_abi *abi, const struct fdbg_unit *unit,
				  const struct fdbg_type *type, struct fdbg_abi_value *ret);

/*
 * Where the parameters of a function are at its entry. types: one a parameter, in order; ret: one a
 * parameter. hidden_pointer: the return value goes through one.
 */
void fdbg_rust_arguments(const struct fdbg_abi *abi, const struct fdbg_unit *unit,
			 const struct fdbg_type *const *types, size_t n_types, bool hidden_pointer,
			 struct fdbg_abi_value *ret);

#endif
