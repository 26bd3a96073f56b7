/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Parts of Rust type names. */
#ifndef FDBG_VALUE_TYPENAME_H
#define FDBG_VALUE_TYPENAME_H

#include "base/text.h"

/*
 * The name that derived Debug prints: the last path segment without generic arguments.
 * `app::m::Gen<alloc::vec::Vec<u8>>` gives `Gen`, `app::main::{closure_env#0}<u8>` gives `{closure_env#0}`.
 */
struct fdbg_text fdbg_typename_short(struct fdbg_text name);

/* The text between the outermost `<` and `>` of the last segment; empty when there is none. */
struct fdbg_text fdbg_typename_arguments(struct fdbg_text name);

#endif
