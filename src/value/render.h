/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Values as text: Rust's {:?} and {:#?}, and the JSON of stream-format.md section 4. */
#ifndef FDBG_VALUE_RENDER_H
#define FDBG_VALUE_RENDER_H

#include <jansson.h>

#include "base/buf.h"
#include "value/value.h"

/*
 * Rendering works on the value tree alone. Derived and standard types print exactly as Rust's Debug does
 * (std-types.md); what has no Debug (closures, unions, coroutines) prints as a derived struct would. A nested
 * value that could not be read prints as `<unreadable>`, an optimized-out one as `<optimized out>`, an
 * unresolved reference as `&<0xADDRESS>`; a cut list or string ends in `…`.
 */

enum fdbg_render_style {
	FDBG_RENDER_DEBUG,  /* {:?} */
	FDBG_RENDER_PRETTY, /* {:#?} */
};

/* Appends the text of value to buf. Text stops with `…` at max_bytes (0: no limit). */
void fdbg_render_debug(struct fdbg_buf *buf, const struct fdbg_value *value, enum fdbg_render_style style,
		       size_t max_bytes);

/* The structured form of stream-format.md section 4; NULL when memory runs out. The caller owns the reference. */
json_t *fdbg_render_json(const struct fdbg_value *value);

/* True when the value is a Result in its Err variant (the index's is_error). */
bool fdbg_value_is_err(const struct fdbg_value *value);

/* Appends Rust's {:?} text of a string (quotes and escapes; invalid UTF-8 as \xNN). */
void fdbg_render_str(struct fdbg_buf *buf, const char *data, size_t len);

#endif
