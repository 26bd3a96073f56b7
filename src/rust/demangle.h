/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The two symbol manglings of rustc, decoded into a bounded buffer (inside the rust layer only). */
#ifndef FDBG_RUST_DEMANGLE_H
#define FDBG_RUST_DEMANGLE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/text.h"

/*
 * Both append the decoded name to buf and return true, or return false with buf holding part of it. A name
 * never comes out longer than FDBG_DEMANGLE_MAX bytes: back-references let a short v0 name describe an
 * exponentially long one.
 */
#define FDBG_DEMANGLE_MAX ((size_t)64 * 1024)

/* `_ZN<len><segment>…17h<hash>E`, with or without a suffix that LLVM appended. */
bool fdbg_demangle_legacy(struct fdbg_text symbol, struct fdbg_buf *buf);

/* `_R…` (RFC 2603). Hashes, lifetimes and the instantiating crate are not printed. */
bool fdbg_demangle_v0(struct fdbg_text symbol, struct fdbg_buf *buf);

#endif
