/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the SQLite index says of a value beside its JSON: the `pretty` text, the type's name, its attributes. */
#ifndef FDBG_VALUE_TALL_H
#define FDBG_VALUE_TALL_H

#include "base/buf.h"
#include "value/value.h"

/*
 * The forms are those of stream-format.md, section 6; higher-level values are recognised exactly where the
 * value JSON (section 4) recognises them, so that both columns of a row speak of the same value. Nesting and
 * size are limited as in render.h: what lies behind a limit prints as a value that could not be read.
 */

/* Appends the text of a value that stands by itself (a return value, or behind `name: `). */
void fdbg_render_tall(struct fdbg_buf *buf, const struct fdbg_value *value);

/*
 * Appends the name that the index has for the value's type: Rust's where the stream has it, else put together
 * from what the value holds (`&i32`, `Vec<(?)>` for a Vec without items).
 */
void fdbg_value_type_name(struct fdbg_buf *buf, const struct fdbg_value *value);

/*
 * Appends the attributes of the value's type as a JSON array: the names of a struct's fields, or of the
 * variants of an enum with data. False, and nothing appended, for all other types.
 */
bool fdbg_value_type_attributes(struct fdbg_buf *buf, const struct fdbg_value *value);

#endif
