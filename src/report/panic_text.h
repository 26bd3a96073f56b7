/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A panic in words. */
#ifndef FDBG_REPORT_PANIC_TEXT_H
#define FDBG_REPORT_PANIC_TEXT_H

#include "stream/message.h"
#include "value/render.h"

/*
 * Appends what a panic's event says of it: `at src/main.rs:7:5: "message"`; nothing where it says nothing. Values
 * under other names than fdbg's follow as `name = value`. max_bytes: of each value, 0: no limit.
 */
void fdbg_panic_text(struct fdbg_buf *buf, const struct fdbg_named_value *values, size_t n_values, size_t max_bytes,
		     const struct fdbg_render_context *context);

#endif
