/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The stream's encoding of values, both ways. */
#ifndef FDBG_VALUE_ENCODE_H
#define FDBG_VALUE_ENCODE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/cursor.h"
#include "base/error.h"
#include "value/value.h"

/*
 * stream-format.md, section 3. A named value goes out as: name, environment (each referenced address once, the
 * deepest first), value. Since readers resolve references by address, two references of one named value that
 * have the same address but different targets (`&outer` and `&outer.first`) cannot both be written plainly: the
 * second and later ones get an *alias address*, the address with its top byte set to 0x80 + n, n counting from
 * 0 (user-space addresses never have bit 63 set). Readers of others show the right value behind a strange
 * address; ours takes the alias off again when its environment entry is there.
 */

/* Scratch of an encoder, kept from event to event so that the steady state allocates nothing. */
struct fdbg_value_encoder;
struct fdbg_error *fdbg_value_encoder_create(struct fdbg_value_encoder **ret) FDBG_CHECK;
void fdbg_value_encoder_destroy(struct fdbg_value_encoder *encoder);

/* Appends one named value to buf. Fails only for want of memory. */
struct fdbg_error *fdbg_value_encode_named(struct fdbg_value_encoder *encoder, struct fdbg_buf *buf,
					   struct fdbg_text name, const struct fdbg_value *value) FDBG_CHECK;

/*
 * Decodes all named values up to the end of the cursor into the arena. Malformed bytes: FDBG_ERROR_FORMAT with
 * the position. Depth and sizes are limited by the bytes that are there, so hostile input costs no more than
 * its own length.
 */
struct fdbg_error *fdbg_value_decode_named(struct fdbg_cursor *cursor, struct fdbg_arena *arena,
					   struct fdbg_named_value **values_ret, size_t *n_values_ret) FDBG_CHECK;

#endif
