/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Fuzz target: the content of one message, without its container, whose checksums would hide it. The first byte chooses the stream. */
#include <stdlib.h>

#include "stream/content.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read can be written, and read again. */
static void write_again(const struct fdbg_message *message)
{
	struct fdbg_message again = { .stream = message->stream };
	struct fdbg_arena arena = { 0 };
	struct fdbg_buf buf = { 0 };
	json_t *json = NULL;
	struct fdbg_error *err;

	switch (message->stream) {
	case FDBG_STREAM_INFO:
		fdbg_content_put_info(&buf, &message->info);
		break;
	case FDBG_STREAM_FILE:
		fdbg_content_put_file(&buf, &message->file);
		break;
	case FDBG_STREAM_BREAKPOINT:
		fdbg_content_put_breakpoint(&buf, &message->breakpoint);
		break;
	case FDBG_STREAM_ALLOCATION:
		fdbg_content_put_allocation(&buf, &message->allocation);
		break;
	default:
		return;
	}
	if (buf.failed)
		abort();
	again.payload = buf.data;
	again.payload_len = buf.len;
	err = fdbg_content_parse_json(&again, &arena, &json);
	if (err)
		abort();
	json_decref(json);
	fdbg_arena_deinit(&arena);
	fdbg_buf_deinit(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fdbg_message message = { .sequence = 1 };
	struct fdbg_arena arena = { 0 };
	struct fdbg_error *err;
	json_t *json = NULL;

	if (!size)
		return 0;
	message.stream = (enum fdbg_stream)(data[0] % FDBG_STREAM_OTHER);
	message.payload = data + 1;
	message.payload_len = size - 1;
	if (message.stream == FDBG_STREAM_EVENT)
		err = fdbg_content_parse_event(&message, &arena);
	else
		err = fdbg_content_parse_json(&message, &arena, &json);
	if (!err)
		write_again(&message);
	fdbg_error_destroy(err);
	json_decref(json);
	fdbg_arena_deinit(&arena);
	return 0;
}
