/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Names as Rust prints them. */
#ifndef FDBG_RUST_NAMES_H
#define FDBG_RUST_NAMES_H

#include "base/arena.h"
#include "base/text.h"
#include "debuginfo/debuginfo.h"

/*
 * Demangles a linkage name (legacy `_ZN…17h…E` and v0 `_R…`, std-types.md section 10), without hashes.
 * False when it is neither, or malformed.
 */
bool fdbg_rust_demangle(struct fdbg_text linkage_name, struct fdbg_arena *arena, struct fdbg_text *ret);

/*
 * The full name of a function, one look for both manglings:
 *   free function, nested ones    app::parse::number
 *   generic, each instance        app::gen::<u8>
 *   inherent method               app::Shape::area, app::Stack<u8>::push
 *   trait method                  <app::Cat as core::fmt::Display>::fmt
 *   provided trait method         <app::Cat as app::Speak>::hello
 *   closure, async body           app::main::{closure#0}, app::fetch::{async_fn#0}
 * Type arguments are the instance's, not the parameters' names; `, alloc::alloc::Global` is dropped. The text
 * is in the arena; data NULL when memory runs out. Without a linkage name it is the DWARF path.
 */
struct fdbg_text fdbg_rust_function_name(const struct fdbg_function *function, struct fdbg_arena *arena);

/* The name of a type as it goes on the stream: the DWARF name less `, alloc::alloc::Global`. */
struct fdbg_text fdbg_rust_type_name(const struct fdbg_type *type, struct fdbg_arena *arena);

#endif
