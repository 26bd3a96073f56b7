/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The C calling convention: where an extern "C" function returns its value. */
#ifndef FDBG_RUST_C_ABI_H
#define FDBG_RUST_C_ABI_H

#include "rust/returns.h"

/*
 * Where an extern "C" function returns a value of this type, by the System V ABI for x86_64 (section 3.2.3) where abi says that
 * the hidden pointer is an argument, else by AAPCS64 (sections 5.9.5 and 6.9). Of every version of rustc.
 */
void fdbg_c_return_value(const struct fdbg_abi *abi, const struct fdbg_type *type, struct fdbg_abi_value *ret);

/* Do two values lie in the same registers, or both in memory? */
bool fdbg_abi_same_place(const struct fdbg_abi_value *a, const struct fdbg_abi_value *b);

/* Could a type be meant for C? Not tuples, closures, slices and types of the standard library. */
bool fdbg_c_type_is_likely(const struct fdbg_type *type);

#endif
