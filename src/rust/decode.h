/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* From bytes to value trees, driven by types. */
#ifndef FDBG_RUST_DECODE_H
#define FDBG_RUST_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/memview.h"
#include "debuginfo/debuginfo.h"
#include "value/value.h"

/*
 * How a type lies in memory is described once per type (a decoder found in a table by the type's name and
 * checked against its members; generic rules for what the table does not know) and kept in the type's slot.
 * Decoding is a list of work: each item is an object (type, address) and the node that it fills. An item
 * whose bytes are all in the view fills its node and adds items for what it points to; one whose bytes are
 * not there notes the wants and stays. When nothing moves any more, one fdbg_memview_fetch gets the whole
 * level. So the same description serves the planner (does this type need more than its own bytes?
 * fdbg_rust_follows_pointers) and the decoder.
 *
 * Limits: at most max_array items of any sequence, deref_limit levels of pointers, max_values nodes an event;
 * beyond them values are marked cut. Pointers to an object that is being decoded further up (a cycle) stay
 * unresolved and are marked cut. An object that several pointers of one level reach is decoded once.
 */

struct fdbg_decode_limits {
	size_t max_array;       /* MAX_ARRAY_SIZE, default 1024 */
	size_t deref_limit;     /* RECURSIVE_DEREF_LIMIT, default 12 */
	size_t max_values;      /* 0: 200 000 */
	bool keep_hash_order;   /* KEEP_HASH_ORDER */
};

struct fdbg_decoder;
struct fdbg_visualizers;

/*
 * The debug information must outlive the decoder. bias: run-time address - link-time address of the
 * executable.
 */
struct fdbg_error *fdbg_decoder_create(struct fdbg_debuginfo *debuginfo,
				       const struct fdbg_decode_limits *limits,
				       struct fdbg_decoder **ret) FDBG_CHECK;
void fdbg_decoder_destroy(struct fdbg_decoder *decoder);
void fdbg_decoder_set_bias(struct fdbg_decoder *decoder, uint64_t bias);

/*
 * How types that have no rule of their own are shown; before the first value. The list must outlive the decoder.
 * log (NULL allowed) gets, at level INFO, why a visualizer does not fit a type or a value, once each.
 */
void fdbg_decoder_set_visualizers(struct fdbg_decoder *decoder, const struct fdbg_visualizers *list,
				  const struct fdbg_log *log);

/*
 * Starts an event: values go into arena, memory comes from view (whose arena may be the same). No values
 * are pending.
 */
void fdbg_decoder_begin(struct fdbg_decoder *decoder, struct fdbg_arena *arena, struct fdbg_memview *view);

/*
 * Adds an object in target memory, to be decoded into *to (which must stay where it is until the end of the
 * event).
 */
void fdbg_decoder_add_memory(struct fdbg_decoder *decoder, const struct fdbg_type *type, uint64_t address,
			     struct fdbg_value *to);

/*
 * Adds an object whose bytes (type->size of them) were put together from registers; they must live as long
 * as the event.
 */
void fdbg_decoder_add_bytes(struct fdbg_decoder *decoder, const struct fdbg_type *type, const uint8_t *bytes,
			    struct fdbg_value *to);

/*
 * Decodes until everything is done, fetching level by level. What cannot be read or recognised becomes opaque
 * with a reason. An error is that of the link (the nodes are then valid but partly opaque) or want of memory.
 */
struct fdbg_error *fdbg_decoder_run(struct fdbg_decoder *decoder) FDBG_CHECK;

/*
 * As fdbg_decoder_run up to the first need to fetch: true when all is done, false when wants are noted in the
 * view (then fetch and call again). For engines that batch their own reads.
 */
bool fdbg_decoder_advance(struct fdbg_decoder *decoder);

/*
 * True when decoding a value of this type may need memory beyond its own bytes (the capture plan's
 * question).
 */
bool fdbg_rust_follows_pointers(const struct fdbg_type *type);

#endif
