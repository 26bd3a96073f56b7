/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The value tree: the one model of a Rust value that recorder, stream and reports share. */
#ifndef FDBG_VALUE_VALUE_H
#define FDBG_VALUE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <fdbg/value.h> /* the enums */

#include "base/arena.h"
#include "base/text.h"

/*
 * A value tree has exactly the shapes that the stream can hold (stream-format.md, section 3): what the
 * recorder builds and what the reader gets back from a file are the same. Higher-level values (String, Option,
 * tuple, Rc, dyn, HashMap …) are structs and enums of a conventional shape; the renderers recognise them.
 *
 * Nodes, texts and arrays live in an arena (the event's) and are freed with it. A reference holds its target
 * directly: targets form a tree or a graph without cycles. An address may be reached by several references.
 */

struct fdbg_value;
struct fdbg_field;

struct fdbg_value {
	enum fdbg_value_kind kind;
	/*
	 * Of BYTES, STR and ARRAY: the value was cut at a limit, `total` is how many items (bytes) it really has.
	 * Of REF: the target was not followed because of a limit or a cycle (total is 0, target NULL).
	 * On the stream a cut value is a struct `…` with fields `value` and `len` (doc/stream.md).
	 */
	bool cut;
	uint64_t total;
	union {
		struct {
			bool optimized_out; /* the optimizer removed it; on the stream a struct `<optimized out>` without fields */
			const char *reason; /* why, for -v; NULL unknown; not on the stream */
		} opaque;
		struct {
			enum fdbg_prim prim;
			uint8_t bytes[16]; /* little endian, as many as the primitive has, the rest 0 */
		} prim;
		struct {
			struct fdbg_text type;
			const uint8_t *data;
			size_t len;
		} bytes;
		struct fdbg_text str;
		struct {
			enum fdbg_array_kind kind;
			struct fdbg_value *items;
			size_t n_items;
		} array;
		struct {
			enum fdbg_ref_kind kind;
			uint64_t address;
			struct fdbg_value *target; /* NULL: unresolved */
		} ref;
		struct {
			struct fdbg_text type;
			struct fdbg_field *fields;
			size_t n_fields;
		} record;
		struct {
			struct fdbg_text type;
			struct fdbg_text variant;
		} enumeration;
		struct {
			struct fdbg_text type;
			const struct fdbg_text *variants; /* the names of all variants */
			size_t n_variants;
			size_t index; /* of the variant that is present */
			struct fdbg_field *fields;
			size_t n_fields;
		} variant;
	};
};

struct fdbg_field {
	struct fdbg_text name; /* tuple fields are "0", "1" … */
	struct fdbg_value value;
};

/* A value with a name: an argument, or `return_value`. */
struct fdbg_named_value {
	struct fdbg_text name;
	struct fdbg_value value;
};

/* The primitive of that name; false when there is none. */
bool fdbg_prim_from_name(struct fdbg_text name, enum fdbg_prim *ret);

/* An unreadable value; reason must live as long as the value (a literal, or in the arena). */
static inline struct fdbg_value fdbg_value_opaque(const char *reason)
{
	return (struct fdbg_value){ .kind = FDBG_VALUE_OPAQUE, .opaque = { .reason = reason } };
}

static inline struct fdbg_value fdbg_value_optimized_out(void)
{
	return (struct fdbg_value){ .kind = FDBG_VALUE_OPAQUE, .opaque = { .optimized_out = true } };
}

#endif
