/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The event message: a letter, a few words, named values. */
#include "base/cursor.h"
#include "stream/content.h"
#include "value/words.h"

static const struct {
	char letters[4];
	enum fdbg_event_kind kind;
} kinds[] = {
	{ "F", FDBG_EVENT_CALL },
	{ "R", FDBG_EVENT_RETURN },
	{ "BB", FDBG_EVENT_BREAKPOINT },
	{ "BP", FDBG_EVENT_PANIC },
	{ "BF{", FDBG_EVENT_FUTURE_ENTER },
	{ "BF}", FDBG_EVENT_FUTURE_EXIT },
};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct fdbg_error *fdbg_content_put_event(struct fdbg_buf *buf, struct fdbg_value_encoder *encoder,
					  const struct fdbg_message_event *event)
{
	for (size_t i = 0; i < N_KINDS; i++) {
		if (kinds[i].kind == event->kind)
			fdbg_buf_string(buf, kinds[i].letters);
	}
	fdbg_words_put_int(buf, event->breakpoint_id);
	fdbg_words_put_int(buf, event->thread_id);
	fdbg_words_put_int(buf, event->frame_id);
	if (event->kind == FDBG_EVENT_CALL)
		fdbg_words_put_int(buf, event->stack_pointer);
	if (event->kind == FDBG_EVENT_CALL || event->kind == FDBG_EVENT_RETURN)
		fdbg_words_put_str(buf, event->function);
	fdbg_value_encoder_reset(encoder);
	for (size_t i = 0; i < event->n_values; i++) {
		struct fdbg_error *err = fdbg_value_encode_named(encoder, buf, event->values[i].name,
								 &event->values[i].value);

		if (err)
			return err;
	}
	return fdbg_buf_error(buf);
}

static struct fdbg_error *next_int(struct fdbg_cursor *cursor, uint64_t max, const char *what, uint64_t *ret)
{
	struct fdbg_word word;
	struct fdbg_error *err = fdbg_words_next(cursor, &word);

	if (!err && (word.kind != FDBG_WORD_INT || word.number > max))
		err = fdbg_error_create(FDBG_ERROR_FORMAT, "an event without a %s", what);
	if (!err)
		*ret = word.number;
	return err;
}

struct fdbg_error *fdbg_content_parse_event(struct fdbg_message *message, struct fdbg_arena *arena)
{
	struct fdbg_cursor cursor = fdbg_cursor_over(message->payload, message->payload_len, 0);
	struct fdbg_text all = { (const char *)message->payload, message->payload_len };
	struct fdbg_message_event event = { 0 };
	struct fdbg_named_value *values;
	struct fdbg_error *err;
	uint64_t breakpoint_id;

	for (size_t i = 0; i < N_KINDS && !cursor.pos; i++) {
		if (fdbg_text_starts(all, kinds[i].letters)) {
			event.kind = kinds[i].kind;
			cursor.pos = strlen(kinds[i].letters);
		}
	}
	if (!cursor.pos)
		return fdbg_error_create(FDBG_ERROR_FORMAT, "an event of unknown kind");
	err = next_int(&cursor, UINT32_MAX, "breakpoint id", &breakpoint_id);
	if (!err)
		err = next_int(&cursor, UINT64_MAX, "thread id", &event.thread_id);
	if (!err)
		err = next_int(&cursor, UINT64_MAX, "frame id", &event.frame_id);
	if (!err && event.kind == FDBG_EVENT_CALL)
		err = next_int(&cursor, UINT64_MAX, "stack pointer", &event.stack_pointer);
	if (!err && (event.kind == FDBG_EVENT_CALL || event.kind == FDBG_EVENT_RETURN)) {
		struct fdbg_word word;

		err = fdbg_words_next(&cursor, &word);
		if (!err && word.kind != FDBG_WORD_STR)
			err = fdbg_error_create(FDBG_ERROR_FORMAT, "an event without a function name");
		if (!err)
			event.function = word.text;
	}
	if (!err)
		err = fdbg_value_decode_named(&cursor, arena, &values, &event.n_values);
	if (err)
		return err;
	event.values = values;
	event.breakpoint_id = (uint32_t)breakpoint_id;
	message->event = event;
	return NULL;
}
