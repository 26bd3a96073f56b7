/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Whether a function follows the Rust calling convention or C's. */
#ifndef FDBG_TRACE_CONVENTION_H
#define FDBG_TRACE_CONVENTION_H

#include "arch/effect.h"
#include "base/map.h"
#include "debuginfo/debuginfo.h"
#include "debuginfo/image.h"
#include "rust/returns.h"

/*
 * DWARF does not tell an extern "C" function from another (rust-abi.md, section 3), and both return most types in the same place. Where
 * they do not, the code tells: an extern "C" function that may panic calls core's panic_cannot_unwind, and what is written last
 * before a ret are the registers of one convention and not those of the other. A register that a callee may have left there is no such
 * sign; the width of what is written to the first one may be. Without any, a name that is not mangled stands for C.
 */
enum fdbg_convention { FDBG_CONVENTION_RUST, FDBG_CONVENTION_C };

struct fdbg_convention_context {
	const struct fdbg_arch *arch;
	const struct fdbg_abi *abi;
	struct fdbg_effects *effects;
	const struct fdbg_image *image;
	const struct fdbg_map *cannot_unwind; /* addresses of panic_cannot_unwind */
	bool optimized;                       /* the function */
};

/* Has the function a name as Rust functions do? #[no_mangle] ones have not. */
bool fdbg_convention_is_mangled(const struct fdbg_function *function);

/*
 * Where a function returns its value. rust: by the Rust convention. *ret and *convention_ret: the one that it follows;
 * ret->assumed: it is not certain.
 */
void fdbg_convention_return(const struct fdbg_convention_context *context, const struct fdbg_function *function,
			    const struct fdbg_type *type, const struct fdbg_abi_value *rust,
			    struct fdbg_abi_value *ret, enum fdbg_convention *convention_ret);

#endif
