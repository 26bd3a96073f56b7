/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Visualizers at work on types and values (inside the rust layer only). */
#ifndef FDBG_RUST_VISUALIZE_H
#define FDBG_RUST_VISUALIZE_H

#include "rust/decode_internal.h"
#include "rust/visualizer.h"

/* A variant that must be present for a place to exist. */
struct fdbg_spot_guard {
	struct fdbg_desc_ref type; /* the enum */
	uint64_t offset;
	size_t variant;
};

/* A part of an object that a path leads to. */
struct fdbg_spot {
	const struct fdbg_type *type;
	uint64_t offset;
	struct fdbg_spot_guard guards[4];
	size_t n_guards;
};

/*
 * Follows a path from a type: members by name (tuple fields by number), variants of enums by name, `*` peels
 * wrappers: structs and unions with one member that has bytes. NULL, or why there is no such place; the text
 * is in the arena.
 */
const char *fdbg_spot_find(struct fdbg_arena *arena, const struct fdbg_type *type, struct fdbg_text path,
			    struct fdbg_spot *ret);

/* Takes one wrapper off; false: the place is not wrapped. */
bool fdbg_spot_peel(struct fdbg_spot *place);

/* True when the variants that the places need are there. */
bool fdbg_spot_present(struct fdbg_decoder *decoder, const struct fdbg_spot *place,
			const struct fdbg_object *object);

/*
 * Where a visualizer's section matches the described type, makes it part of the description; the general rules
 * stay for values that it does not fit. False only for want of memory.
 */
bool fdbg_visualize(struct fdbg_decoder *decoder, struct fdbg_desc *desc);

#endif
