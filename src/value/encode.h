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
 * stream-format.md, section 3. A named value goes out as: name, environment (each referenced address once,
 * the deepest first), value. Since readers resolve references by address, two references of one named value
 * that have the same address but different targets (`&outer` and `&outer.first`) cannot both be written
 * plainly: the second and later ones, in the order in which the environment is written, get an *alias
 * address*, the address with its top byte set to 0x80 + n, n counting from 0 (user-space addresses never have
 * bit 63 set). So does a reference without target whose address has an entry by then: readers must not find
 * one for it. Readers of others show the right value behind a strange address; ours takes the alias off again
 * where the address proper has an entry.
 */

/*
 * Values may be nested this deep, references counted as levels. What lies deeper becomes opaque, both ways;
 * an encoder leaves references from there on without target. So whoever walks a decoded value may recurse.
 */
#define FDBG_VALUE_DEPTH_MAX 4096

/*
 * Most nodes that a decoded value may have with every reference followed wherever it occurs: references can
 * share targets, so that a few bytes may stand for a tree without end. What would be larger stays without
 * target.
 */
#define FDBG_VALUE_EXPANDED_MAX ((uint64_t)1 << 24)

/* Scratch of an encoder, kept from event to event so that the steady state allocates nothing. */
struct fdbg_value_encoder;
struct fdbg_error *fdbg_value_encoder_create(struct fdbg_value_encoder **ret) FDBG_CHECK;
void fdbg_value_encoder_destroy(struct fdbg_value_encoder *encoder);

/* Begins an event: readers forget the environment between events, but not between its values. */
void fdbg_value_encoder_reset(struct fdbg_value_encoder *encoder);

/* Appends one named value to buf. Fails only for want of memory. */
struct fdbg_error *fdbg_value_encode_named(struct fdbg_value_encoder *encoder, struct fdbg_buf *buf,
					   struct fdbg_text name, const struct fdbg_value *value) FDBG_CHECK;

/*
 * Decodes all named values up to the end of the cursor into the arena; texts and bytes point into the
 * cursor's bytes. Malformed bytes: FDBG_ERROR_FORMAT with the position. Depth and sizes are limited by the
 * bytes that are there, so hostile input costs no more than in proportion to its own length. The prim of a
 * 4-byte usize or isize is widened.
 */
struct fdbg_error *fdbg_value_decode_named(struct fdbg_cursor *cursor, struct fdbg_arena *arena,
					   struct fdbg_named_value **values_ret,
					   size_t *n_values_ret) FDBG_CHECK;

#endif
