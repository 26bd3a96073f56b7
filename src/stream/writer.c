/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "stream/writer.h"

#include <stdlib.h>

#include "stream/container.h"
#include "stream/content.h"
#include "stream/format.h"

struct fdbg_writer {
	struct fdbg_container_writer *container;
	struct fdbg_value_encoder *encoder;
	struct fdbg_buf payload; /* of one message, kept from message to message */
};

struct fdbg_error *fdbg_writer_create_with_interval(const char *path, uint32_t beacon_interval,
						    struct fdbg_writer **ret)
{
	struct fdbg_writer *writer = calloc(1, sizeof(*writer));
	struct fdbg_error *err;

	if (!writer)
		return &fdbg_error_nomem;
	err = fdbg_value_encoder_create(&writer->encoder);
	if (!err)
		err = fdbg_container_writer_create(path, beacon_interval, &writer->container);
	if (err) {
		fdbg_writer_destroy(writer);
		return err;
	}
	*ret = writer;
	return NULL;
}

struct fdbg_error *fdbg_writer_create(const char *path, struct fdbg_writer **ret)
{
	return fdbg_writer_create_with_interval(path, FDBG_FORMAT_BEACON_INTERVAL, ret);
}

void fdbg_writer_destroy(struct fdbg_writer *writer)
{
	if (!writer)
		return;
	fdbg_container_writer_destroy(writer->container);
	fdbg_value_encoder_destroy(writer->encoder);
	fdbg_buf_deinit(&writer->payload);
	free(writer);
}

/* Sends the payload as a message of the stream with that key. */
static struct fdbg_error *put_keyed(struct fdbg_writer *writer, const char *key, uint64_t time_ms)
{
	struct fdbg_error *err = fdbg_buf_error(&writer->payload);

	if (err)
		return err;
	return fdbg_container_write(writer->container, fdbg_text_from(key), time_ms, writer->payload.data,
				    writer->payload.len);
}

static struct fdbg_error *put(struct fdbg_writer *writer, enum fdbg_stream stream, uint64_t time_ms)
{
	return put_keyed(writer, fdbg_stream_key(stream), time_ms);
}

struct fdbg_error *fdbg_writer_info(struct fdbg_writer *writer, uint64_t time_ms,
				    const struct fdbg_message_info *info)
{
	fdbg_buf_clear(&writer->payload);
	fdbg_content_put_info(&writer->payload, info);
	return put(writer, FDBG_STREAM_INFO, time_ms);
}

struct fdbg_error *fdbg_writer_exec(struct fdbg_writer *writer, uint64_t time_ms,
				    const struct fdbg_message_exec *exec)
{
	fdbg_buf_clear(&writer->payload);
	fdbg_content_put_exec(&writer->payload, exec);
	return put_keyed(writer, "exec", time_ms);
}

struct fdbg_error *fdbg_writer_file(struct fdbg_writer *writer, uint64_t time_ms,
				    const struct fdbg_message_file *file)
{
	fdbg_buf_clear(&writer->payload);
	fdbg_content_put_file(&writer->payload, file);
	return put(writer, FDBG_STREAM_FILE, time_ms);
}

struct fdbg_error *fdbg_writer_breakpoint(struct fdbg_writer *writer, uint64_t time_ms,
					  const struct fdbg_message_breakpoint *breakpoint)
{
	fdbg_buf_clear(&writer->payload);
	fdbg_content_put_breakpoint(&writer->payload, breakpoint);
	return put(writer, FDBG_STREAM_BREAKPOINT, time_ms);
}

struct fdbg_error *fdbg_writer_event(struct fdbg_writer *writer, uint64_t time_ms,
				     const struct fdbg_message_event *event)
{
	struct fdbg_error *err;

	fdbg_buf_clear(&writer->payload);
	err = fdbg_content_put_event(&writer->payload, writer->encoder, event);
	return err ? err : put(writer, FDBG_STREAM_EVENT, time_ms);
}

struct fdbg_error *fdbg_writer_allocation(struct fdbg_writer *writer, uint64_t time_ms,
					  const struct fdbg_message_allocation *allocation)
{
	fdbg_buf_clear(&writer->payload);
	fdbg_content_put_allocation(&writer->payload, allocation);
	return put(writer, FDBG_STREAM_ALLOCATION, time_ms);
}

struct fdbg_error *fdbg_writer_tick(struct fdbg_writer *writer)
{
	return fdbg_container_writer_tick(writer->container);
}

struct fdbg_error *fdbg_writer_finish(struct fdbg_writer *writer)
{
	return fdbg_container_writer_finish(writer->container);
}

uint64_t fdbg_writer_size(const struct fdbg_writer *writer)
{
	return fdbg_container_writer_size(writer->container);
}
