/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Which bytes of a type every value of it sets. */
#ifndef FDBG_RUST_DEFINED_H
#define FDBG_RUST_DEFINED_H

#include <stdbool.h>
#include <stdint.h>

#include "debuginfo/type.h"

/*
 * True when each value of the type sets some of the bytes [offset, offset + size): they are no padding, and neither in a union nor in
 * what only some variants of an enum have. A compiler leaves a register with other bytes as it happens to be.
 */
bool fdbg_type_always_sets(const struct fdbg_type *type, uint64_t offset, uint64_t size);

#endif
