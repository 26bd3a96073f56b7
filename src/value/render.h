/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Values as text: Rust's {:?} and {:#?}, and the JSON of stream-format.md section 4. */
#ifndef FDBG_VALUE_RENDER_H
#define FDBG_VALUE_RENDER_H

#include "base/buf.h"
#include "value/value.h"

/*
 * Rendering works on the value tree alone. Derived and standard types print exactly as Rust's Debug does
 * (std-types.md); what has no Debug (closures, unions, coroutines) prints as a derived struct would. A nested
 * value that could not be read prints as `<unreadable>`, an optimized-out one as `<optimized out>`, an
 * unresolved reference as `&<0xADDRESS>`; a cut list or string ends in `…`.
 *
 * Values come from files that anybody may have written. Nesting deeper than FDBG_RENDER_MAX_DEPTH, trees
 * of more than FDBG_RENDER_MAX_NODES nodes (references may share a target, so a small file can name a huge
 * tree) and texts of more than FDBG_RENDER_MAX_BYTES (each of those nodes can have the same long name) are cut
 * with `…`, in JSON with an Opaque.
 */

enum {
	FDBG_RENDER_MAX_DEPTH = 1000,
	FDBG_RENDER_MAX_NODES = 1 << 22,
	FDBG_RENDER_MAX_BYTES = 1 << 26,
};

/* Has what was appended to buf since it had `start` bytes reached FDBG_RENDER_MAX_BYTES, or failed? */
static inline bool fdbg_render_is_full(const struct fdbg_buf *buf, size_t start)
{
	return buf->failed || buf->len - start > FDBG_RENDER_MAX_BYTES;
}

enum fdbg_render_style {
	FDBG_RENDER_DEBUG,  /* {:?} */
	FDBG_RENDER_PRETTY, /* {:#?} */
};

/*
 * Whose text it is to be: a few types of the standard library print differently with old compilers. Of those
 * between the versions that were measured (std-types.md), some of these texts may be the newer or older one.
 */
struct fdbg_render_context {
	uint32_t rustc_minor; /* of rustc 1.MINOR; 0: the newest */
};

/* From a version as the recording's info message has it, "1.95.0"; the newest when it is none such. */
struct fdbg_render_context fdbg_render_context_of(struct fdbg_text rustc);

/* As fdbg_render_debug, the way that the compiler of the context does it (NULL: the newest). */
void fdbg_render_debug_as(struct fdbg_buf *buf, const struct fdbg_value *value, enum fdbg_render_style style,
			  size_t max_bytes, const struct fdbg_render_context *context);

/* Appends the text of value to buf. Text stops with `…` at max_bytes (0: FDBG_RENDER_MAX_BYTES). */
void fdbg_render_debug(struct fdbg_buf *buf, const struct fdbg_value *value, enum fdbg_render_style style,
		       size_t max_bytes);

/*
 * Appends the structured form of stream-format.md section 4, compact, keys in the order that the page has
 * them. Text is written directly because a float has to keep its own shortest digits (an f32's are not those
 * of the double nearest to it), which a tree of JSON values cannot say. Bytes that are not UTF-8 become
 * U+FFFD.
 */
void fdbg_render_json(struct fdbg_buf *buf, const struct fdbg_value *value);

/*
 * The same. A raw pointer to a heap block of the table (address to number of objects; NULL: none) gets a key `elements` more: how many
 * objects of its type there is room for.
 */
struct fdbg_map;
void fdbg_render_json_with(struct fdbg_buf *buf, const struct fdbg_value *value, const struct fdbg_map *elements);

/* Appends a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD. */
void fdbg_render_json_string(struct fdbg_buf *buf, const char *data, size_t len);

/* Appends Rust's {:?} text of a string (quotes and escapes; invalid UTF-8 as \xNN). */
void fdbg_render_str(struct fdbg_buf *buf, const char *data, size_t len);

#endif
