/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What messages hold, to and from payload bytes (stream-format.md, sections 2 and 3). */
#ifndef FDBG_STREAM_CONTENT_H
#define FDBG_STREAM_CONTENT_H

#include <jansson.h>

#include "base/buf.h"
#include "stream/message.h"
#include "value/encode.h"

/* Encoders append to the buffer; that memory ran out is seen there. Texts that are not UTF-8 are repaired. */
void fdbg_content_put_info(struct fdbg_buf *buf, const struct fdbg_message_info *info);
void fdbg_content_put_exec(struct fdbg_buf *buf, const struct fdbg_message_exec *exec);
void fdbg_content_put_file(struct fdbg_buf *buf, const struct fdbg_message_file *file);
void fdbg_content_put_breakpoint(struct fdbg_buf *buf, const struct fdbg_message_breakpoint *breakpoint);
/* Parts of these: a list of texts, a breakpoint's type and capture. */
void fdbg_content_put_texts(struct fdbg_buf *buf, const struct fdbg_text *texts, size_t n);
void fdbg_content_put_type(struct fdbg_buf *buf, const struct fdbg_message_breakpoint *breakpoint);
void fdbg_content_put_capture(struct fdbg_buf *buf, const struct fdbg_message_breakpoint *breakpoint);
void fdbg_content_put_allocation(struct fdbg_buf *buf, const struct fdbg_message_allocation *allocation);
struct fdbg_error *fdbg_content_put_event(struct fdbg_buf *buf, struct fdbg_value_encoder *encoder,
					  const struct fdbg_message_event *event) FDBG_CHECK;

/*
 * Decodes the payload of a message into the part for its stream. Texts point into the payload, the arena or
 * *json_ret, which the caller releases (json_decref) after use; it is NULL where there is no JSON. Malformed
 * content is FDBG_ERROR_FORMAT.
 */
struct fdbg_error *fdbg_content_parse_json(struct fdbg_message *message, struct fdbg_arena *arena,
					   json_t **json_ret) FDBG_CHECK;
struct fdbg_error *fdbg_content_parse_event(struct fdbg_message *message,
					    struct fdbg_arena *arena) FDBG_CHECK;

#endif
