/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Whether a recording keeps all rules of the format. */
#include "report/verify.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "base/scope.h"
#include "value/escape.h"

struct verify {
	struct fdbg_recording *recording;
	uint64_t n_messages, n_events, n_calls, n_values;
	uint64_t next_file_id;
	bool exited;
	struct fdbg_map breakpoints; /* ids seen */
};

static struct fdbg_error *fault(const struct verify *verify, const struct fdbg_message *message,
				const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static struct fdbg_error *fault(const struct verify *verify, const struct fdbg_message *message,
				const char *format, ...)
{
	struct fdbg_error *err;
	struct fdbg_buf text = { 0 };
	va_list ap;

	va_start(ap, format);
	fdbg_buf_vprintf(&text, format, ap);
	va_end(ap);
	err = fdbg_error_create(FDBG_ERROR_FORMAT, "%s: %s at offset %" PRIu64, verify->recording->path,
				fdbg_buf_cstr(&text), message->offset);
	fdbg_buf_deinit(&text);
	return err;
}

/* stream-format.md, section 2: the debugger message first, an exit message last. */
static struct fdbg_error *check_info(struct verify *verify, const struct fdbg_message *message)
{
	if (message->sequence == 1 && message->info.exit)
		return fault(verify, message, "the first info message is not that of the debugger");
	if (message->sequence > 1 && !message->info.exit)
		return fault(verify, message, "a second debugger message");
	if (verify->exited)
		return fault(verify, message, "a second exit message");
	verify->exited = message->info.exit;
	return NULL;
}

static struct fdbg_error *check_file(struct verify *verify, const struct fdbg_message *message)
{
	if (message->file.id != verify->next_file_id)
		return fault(verify, message, "file id %" PRIu32 " where %" PRIu64 " is due",
			     message->file.id,
			     verify->next_file_id);
	verify->next_file_id++;
	return NULL;
}

static struct fdbg_error *check_breakpoint(struct verify *verify, const struct fdbg_message *message)
{
	uint64_t seen;

	if (message->breakpoint.file_id >= verify->next_file_id)
		return fault(verify, message,
			     "breakpoint %" PRIu32 " names file %" PRIu32 ", which was not announced",
			     message->breakpoint.id, message->breakpoint.file_id);
	if (fdbg_map_get(&verify->breakpoints, message->breakpoint.id, &seen))
		return fault(verify, message, "breakpoint %" PRIu32 " is announced twice",
			     message->breakpoint.id);
	return fdbg_map_set(&verify->breakpoints, message->breakpoint.id, 1) ? NULL : &fdbg_error_nomem;
}

static struct fdbg_error *check_event(struct verify *verify, const struct fdbg_message *message)
{
	const struct fdbg_message_event *event = &message->event;
	const struct fdbg_frame_event *at = &verify->recording->at;
	uint64_t seen;

	verify->n_events++;
	verify->n_values += event->n_values;
	if (!fdbg_map_get(&verify->breakpoints, event->breakpoint_id, &seen))
		return fault(verify, message, "event names breakpoint %" PRIu32 ", which was not announced",
			     event->breakpoint_id);
	switch (at->fault) {
	case FDBG_FRAME_OK:
		break;
	case FDBG_FRAME_ID_ORDER:
		return fault(verify, message, "call of frame %" PRIu64 " of thread %" PRIu64
			     " whose id is not one above the last", event->frame_id, event->thread_id);
	case FDBG_FRAME_NO_CALL:
		return fault(verify, message,
			     "return of frame %" PRIu64 " of thread %" PRIu64 " which is not open",
			     event->frame_id, event->thread_id);
	case FDBG_FRAME_NOT_TOP:
		return fault(verify, message,
			     "return of frame %" PRIu64 " of thread %" PRIu64 " with %zu frames open above it",
			     event->frame_id, event->thread_id, at->n_lost);
	case FDBG_FRAME_OTHER_NAME:
		return fault(verify, message, "return of frame %" PRIu64 " of thread %" PRIu64
			     " names another function than its call", event->frame_id, event->thread_id);
	case FDBG_FRAME_NOT_INNERMOST:
		return fault(verify, message,
			     "event in frame %" PRIu64 " of thread %" PRIu64 " which is not the innermost",
			     event->frame_id, event->thread_id);
	}
	if (event->kind == FDBG_EVENT_CALL)
		verify->n_calls++;
	if (event->kind == FDBG_EVENT_RETURN &&
	    (event->n_values != 1 || !fdbg_text_is(event->values[0].name, "return_value")))
		return fault(verify, message,
			     "return of frame %" PRIu64 " of thread %" PRIu64 " without its return_value",
			     event->frame_id, event->thread_id);
	return NULL;
}

static struct fdbg_error *check(struct verify *verify, const struct fdbg_message *message)
{
	verify->n_messages++;
	switch (message->stream) {
	case FDBG_STREAM_INFO:
		return check_info(verify, message);
	case FDBG_STREAM_FILE:
		return check_file(verify, message);
	case FDBG_STREAM_BREAKPOINT:
		return check_breakpoint(verify, message);
	case FDBG_STREAM_EVENT:
		return check_event(verify, message);
	case FDBG_STREAM_ALLOCATION:
	case FDBG_STREAM_OTHER:
		break;
	}
	return NULL;
}

/*
 * A file that ends with an end of stream was not cut: when the reader did not get there, a message's length
 * is wrong, and it seems to go on behind the end of the file.
 */
static struct fdbg_error *check_end(const struct verify *verify)
{
	static const char key[] = "SEA_STREAMER_INTERNAL";
	uint64_t offset = fdbg_reader_offset(verify->recording->reader);
	int fd FDBG_AUTO_CLOSE = -1;
	char tail[64];
	struct stat st;
	ssize_t n;

	if (!fdbg_recording_is_cut(verify->recording))
		return NULL;
	fd = open(verify->recording->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size < (off_t)(offset + sizeof(tail)))
		return NULL;
	n = pread(fd, tail, sizeof(tail), st.st_size - (off_t)sizeof(tail));
	if (n <= 0 || !memmem(tail, (size_t)n, key, sizeof(key) - 1))
		return NULL;
	return fdbg_error_create(FDBG_ERROR_FORMAT,
				 "%s: a message that does not end before the end of stream at offset %"
				 PRIu64, verify->recording->path, offset);
}

static void put_summary(const struct verify *verify, struct fdbg_buf *out)
{
	const struct fdbg_recording *recording = verify->recording;
	size_t n_open = 0;

	for (size_t i = 0; i < recording->frames.n_threads; i++)
		n_open += recording->frames.threads[i]->n_stack;
	fdbg_escape_terminal(out, recording->path, strlen(recording->path), false);
	fdbg_buf_printf(out,
			": OK, %" PRIu64 " messages, %" PRIu64 " events, %" PRIu64 " calls, %" PRIu64 " values, %zu "
			"threads, %" PRIu64 " beacons", verify->n_messages, verify->n_events, verify->n_calls,
			verify->n_values, recording->frames.n_threads,
				fdbg_reader_n_beacons(recording->reader));
	if (n_open)
		fdbg_buf_printf(out, ", %zu frames left open", n_open);
	if (fdbg_recording_is_cut(recording))
		fdbg_buf_printf(out, ", cut short at offset %" PRIu64, fdbg_reader_offset(recording->reader));
	fdbg_buf_byte(out, '\n');
}

struct fdbg_error *fdbg_verify(struct fdbg_recording *recording, const struct fdbg_sink *sink)
{
	struct verify verify = { .recording = recording };
	const struct fdbg_message *message;
	struct fdbg_buf out = { 0 };
	struct fdbg_error *err;

	recording->strict = true;
	do {
		err = fdbg_recording_next(recording, &message);
		if (!err && message)
			err = check(&verify, message);
	} while (!err && message);
	if (!err)
		err = check_end(&verify);
	if (!err) {
		put_summary(&verify, &out);
		err = fdbg_sink_flush(sink, &out);
	}
	fdbg_map_deinit(&verify.breakpoints);
	fdbg_buf_deinit(&out);
	return err;
}
