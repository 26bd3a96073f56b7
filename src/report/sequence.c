/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The events of each thread as a sequence that can be compared with that of another run. */
#include "report/sequence.h"

#include <stdlib.h>
#include <xxhash.h>

#include "value/digest.h"

struct builder {
	const struct fdbg_recording *recording;
	const struct fdbg_sequence_options *options;
	struct fdbg_sequences *sequences;
	struct fdbg_filter_cache cache;
	struct fdbg_buf buf;
	size_t cap_threads;
};

bool fdbg_sequence_has(const struct fdbg_sequence_options *options, struct fdbg_filter_cache *cache,
		       const struct fdbg_message_event *event, const struct fdbg_frame_event *at)
{
	if (!options->filter.n_functions)
		return true;
	/* What happens outside of all frames belongs to no function; a return without call is of an unknown one. */
	if (!at->frame)
		return event->kind != FDBG_EVENT_CALL && event->kind != FDBG_EVENT_RETURN;
	return fdbg_filter_function(&options->filter, cache, at->frame->function);
}

static struct fdbg_error *find_thread(struct builder *builder, const struct fdbg_thread *thread,
				      struct fdbg_sequence_thread **ret)
{
	struct fdbg_sequences *sequences = builder->sequences;

	while (sequences->n_threads <= thread->index) {
		if (sequences->n_threads == builder->cap_threads) {
			size_t cap = builder->cap_threads ? builder->cap_threads * 2 : 16;
			struct fdbg_sequence_thread *threads =
				reallocarray(sequences->threads, cap, sizeof(*threads));

			if (!threads)
				return &fdbg_error_nomem;
			sequences->threads = threads;
			builder->cap_threads = cap;
		}
		sequences->threads[sequences->n_threads++] = (struct fdbg_sequence_thread){ 0 };
	}
	*ret = &sequences->threads[thread->index];
	(*ret)->id = thread->id;
	return NULL;
}

static struct fdbg_error *add_item(struct fdbg_sequence_thread *thread, struct fdbg_sequence_item item)
{
	if (thread->n_items == thread->cap_items) {
		size_t cap = thread->cap_items ? thread->cap_items * 2 : 64;
		struct fdbg_sequence_item *items = reallocarray(thread->items, cap, sizeof(*items));

		if (!items)
			return &fdbg_error_nomem;
		thread->items = items;
		thread->cap_items = cap;
	}
	thread->items[thread->n_items++] = item;
	return NULL;
}

static void put_event(struct builder *builder, const struct fdbg_message_event *event)
{
	const struct fdbg_frame_event *at = &builder->recording->at;
	struct fdbg_text function = event->function;
	struct fdbg_buf *buf = &builder->buf;
	/* Frames that the filter leaves out must not be felt. */
	uint64_t depth = at->frame && !builder->options->filter.n_functions ? at->depth + 1 : 0;

	if (!function.len && at->frame)
		function = at->frame->function->name;
	fdbg_buf_byte(buf, (uint8_t)event->kind);
	fdbg_buf_byte(buf, (uint8_t)(at->unwound | at->missed << 1));
	fdbg_buf_append(buf, &depth, sizeof(depth));
	fdbg_buf_append(buf, &function.len, sizeof(function.len));
	fdbg_buf_append(buf, function.data, function.len);
	if (builder->options->no_values || fdbg_frame_event_is_bare(at))
		return;
	for (size_t i = 0; i < event->n_values; i++) {
		fdbg_buf_append(buf, &event->values[i].name.len, sizeof(event->values[i].name.len));
		fdbg_buf_append(buf, event->values[i].name.data, event->values[i].name.len);
		fdbg_value_digest(buf, &event->values[i].value);
	}
}

static struct fdbg_error *take(struct builder *builder, const struct fdbg_message_event *event)
{
	const struct fdbg_frame_event *at = &builder->recording->at;
	uint64_t number = builder->sequences->n_events++;
	struct fdbg_sequence_thread *thread;
	struct fdbg_error *err = find_thread(builder, at->thread, &thread);

	if (err)
		return err;
	if (!thread->first.len && event->kind == FDBG_EVENT_CALL)
		thread->first = at->frame->function->name;
	if (!fdbg_sequence_has(builder->options, &builder->cache, event, at))
		return NULL;
	fdbg_buf_clear(&builder->buf);
	put_event(builder, event);
	if (builder->buf.failed)
		return &fdbg_error_nomem;
	return add_item(thread, (struct fdbg_sequence_item){
		XXH3_64bits(builder->buf.data, builder->buf.len), number });
}

struct fdbg_error *fdbg_sequences_build(struct fdbg_recording *recording,
					const struct fdbg_sequence_options *options, struct fdbg_sequences *ret)
{
	struct builder builder = { .recording = recording, .options = options, .sequences = ret };
	const struct fdbg_message *message;
	struct fdbg_error *err;

	*ret = (struct fdbg_sequences){ 0 };
	do {
		err = fdbg_recording_next(recording, &message);
		if (!err && message && message->stream == FDBG_STREAM_EVENT)
			err = take(&builder, &message->event);
	} while (!err && message);
	fdbg_filter_cache_deinit(&builder.cache);
	fdbg_buf_deinit(&builder.buf);
	return err;
}

void fdbg_sequences_deinit(struct fdbg_sequences *sequences)
{
	for (size_t i = 0; i < sequences->n_threads; i++)
		free(sequences->threads[i].items);
	free(sequences->threads);
	*sequences = (struct fdbg_sequences){ 0 };
}
