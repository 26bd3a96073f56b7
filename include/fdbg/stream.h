/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* libfdbg: reading a recording, a .firedbg.ss file, whole, cut short or still growing. */
#ifndef FDBG_STREAM_H
#define FDBG_STREAM_H

#include <stdbool.h>

#include <fdbg/base.h>
#include <fdbg/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A reader gives the messages of a file in order. Each message and everything in it is valid until the next
 * call with this reader. The reader checks what it passes: header, beacons, checksums, sequence numbers. What
 * is wrong is an error of code FDBG_ERROR_FORMAT whose message ends with the file offset.
 *
 * There are no globals: different readers can be used by different threads at the same time, one reader by
 * one thread at a time.
 */
struct fdbg_reader;
struct fdbg_message;

/* What a message is about: one kind a stream key. */
enum fdbg_stream {
	FDBG_STREAM_INFO, FDBG_STREAM_FILE, FDBG_STREAM_BREAKPOINT, FDBG_STREAM_EVENT, FDBG_STREAM_ALLOCATION,
	FDBG_STREAM_OTHER, /* a stream this version does not know */
};

enum fdbg_reader_end {
	FDBG_READER_OPEN, /* not at the end yet */
	FDBG_READER_EOS,  /* the end-of-stream message was read */
	FDBG_READER_CUT,  /* the file ends in the middle, or without EOS: being written, or cut short */
};

/*
 * Opens a file and reads its header. FDBG_ERROR_NOT_FOUND: there is no such file; FDBG_ERROR_FORMAT: it is
 * something else than a recording; FDBG_ERROR_END: it was cut short inside its header.
 */
struct fdbg_error *fdbg_reader_open(const char *path, struct fdbg_reader **ret) FDBG_CHECK;
/* As fdbg_reader_open for an open file or pipe, which is the reader's from here on, also on failure. */
struct fdbg_error *fdbg_reader_open_fd(int fd, const char *name, struct fdbg_reader **ret) FDBG_CHECK;
/* NULL is allowed. */
void fdbg_reader_close(struct fdbg_reader *reader);

/*
 * The next message. FDBG_ERROR_END at the end (fdbg_reader_at_end says which kind); after a CUT the call may
 * be repeated when the file has grown. With FDBG_ERROR_FORMAT the reader stays where it was, except for bytes
 * behind the end of the stream, which are told once.
 */
struct fdbg_error *fdbg_reader_next(struct fdbg_reader *reader, const struct fdbg_message **ret) FDBG_CHECK;

/*
 * After a message whose content (not its container) was malformed: goes on with the next one. Containers of
 * files with a broken part cannot be skipped: FDBG_ERROR_USAGE.
 */
struct fdbg_error *fdbg_reader_skip(struct fdbg_reader *reader) FDBG_CHECK;

enum fdbg_reader_end fdbg_reader_at_end(const struct fdbg_reader *reader);

/* From the header: the file's own name, its creation time in milliseconds since the Unix epoch. */
struct fdbg_text fdbg_reader_name(const struct fdbg_reader *reader);
uint64_t fdbg_reader_created_ms(const struct fdbg_reader *reader);
/* Offset of the next message in the file. */
uint64_t fdbg_reader_offset(const struct fdbg_reader *reader);

/*
 * Of every message. The sequence counts from 1 for each key; times are milliseconds since the Unix epoch; the
 * payload is the raw bytes.
 */
enum fdbg_stream fdbg_message_get_stream(const struct fdbg_message *message);
struct fdbg_text fdbg_message_get_key(const struct fdbg_message *message);
uint64_t fdbg_message_get_sequence(const struct fdbg_message *message);
uint64_t fdbg_message_get_time_ms(const struct fdbg_message *message);
uint64_t fdbg_message_get_offset(const struct fdbg_message *message);
struct fdbg_text fdbg_message_get_payload(const struct fdbg_message *message);

/*
 * Of the streams' messages. A message of another stream answers false, 0, NULL or an empty text.
 *
 * INFO: the first one says what was recorded, the last one how it ended.
 */
enum fdbg_info_text {
	FDBG_INFO_DEBUGGER, FDBG_INFO_VERSION, FDBG_INFO_WORKSPACE_ROOT, FDBG_INFO_PACKAGE_NAME, FDBG_INFO_TARGET,
	/* Empty in recordings of others than fdbg. */
	FDBG_INFO_RECORDER, FDBG_INFO_MACHINE, FDBG_INFO_RUSTC,
};
bool fdbg_info_is_exit(const struct fdbg_message *message, int32_t *exit_code_ret);
struct fdbg_text fdbg_info_get_text(const struct fdbg_message *message, enum fdbg_info_text which);
size_t fdbg_info_get_n_arguments(const struct fdbg_message *message);
struct fdbg_text fdbg_info_get_argument(const struct fdbg_message *message, size_t index);

/* FILE: a source file. */
uint32_t fdbg_file_get_id(const struct fdbg_message *message);
struct fdbg_text fdbg_file_get_path(const struct fdbg_message *message);
struct fdbg_text fdbg_file_get_crate(const struct fdbg_message *message);
uint64_t fdbg_file_get_modified_secs(const struct fdbg_message *message);

/* BREAKPOINT: where events come from. Lines count from 1; 0 says that there is none, as a column of 0 does. */
enum fdbg_breakpoint_type { FDBG_BREAKPOINT, FDBG_BREAKPOINT_FUNCTION_CALL, FDBG_BREAKPOINT_FUNCTION_RETURN,
			    FDBG_BREAKPOINT_FUTURE_ENDPOINT };
uint32_t fdbg_breakpoint_get_id(const struct fdbg_message *message);
uint32_t fdbg_breakpoint_get_file_id(const struct fdbg_message *message);
uint32_t fdbg_breakpoint_get_line(const struct fdbg_message *message);
uint32_t fdbg_breakpoint_get_column(const struct fdbg_message *message);
enum fdbg_breakpoint_type fdbg_breakpoint_get_type(const struct fdbg_message *message);
struct fdbg_text fdbg_breakpoint_get_fn_name(const struct fdbg_message *message);

/* EVENT: what happened. */
enum fdbg_event_kind {
	FDBG_EVENT_CALL,         /* F */
	FDBG_EVENT_RETURN,       /* R */
	FDBG_EVENT_BREAKPOINT,   /* BB */
	FDBG_EVENT_PANIC,        /* BP */
	FDBG_EVENT_FUTURE_ENTER, /* BF{ */
	FDBG_EVENT_FUTURE_EXIT,  /* BF} */
};
enum fdbg_event_kind fdbg_event_get_kind(const struct fdbg_message *message);
uint32_t fdbg_event_get_breakpoint_id(const struct fdbg_message *message);
uint64_t fdbg_event_get_thread_id(const struct fdbg_message *message);
uint64_t fdbg_event_get_frame_id(const struct fdbg_message *message);      /* from 1 in its thread; 0: none */
uint64_t fdbg_event_get_stack_pointer(const struct fdbg_message *message); /* of CALL */
struct fdbg_text fdbg_event_get_function(const struct fdbg_message *message); /* of CALL and RETURN */
/* The arguments, the one `return_value`, or locals. */
size_t fdbg_event_get_n_values(const struct fdbg_message *message);
struct fdbg_text fdbg_event_get_value_name(const struct fdbg_message *message, size_t index);
const struct fdbg_value *fdbg_event_get_value(const struct fdbg_message *message, size_t index);

/* ALLOCATION: a heap allocation or its release. */
enum fdbg_allocation_action { FDBG_ALLOCATION_ALLOC, FDBG_ALLOCATION_DROP };
enum fdbg_allocation_action fdbg_allocation_get_action(const struct fdbg_message *message);
uint64_t fdbg_allocation_get_address(const struct fdbg_message *message);
struct fdbg_text fdbg_allocation_get_type(const struct fdbg_message *message);
/* What only fdbg records; 0 in recordings of others. The frame is the innermost recorded one of the thread, 0: none. */
uint64_t fdbg_allocation_get_thread(const struct fdbg_message *message);
uint64_t fdbg_allocation_get_frame(const struct fdbg_message *message);
/* The size of the block in bytes; false: it is not known. */
bool fdbg_allocation_get_size(const struct fdbg_message *message, uint64_t *size_ret);

/*
 * The stack of each thread, followed message by message: who called, how deep, whether a panic left the call.
 * Recordings with lost events are followed as well as can be.
 */
struct fdbg_stacks;

struct fdbg_stacks_place {
	bool is_known;            /* the event names a frame that is on its thread's stack */
	bool has_parent;
	bool is_unwound;          /* a return by a panic: its value is none */
	bool is_lost;             /* the call was left and its return not recorded: its value is none */
	uint64_t depth;           /* of the frame; the outermost recorded calls have 0 */
	uint64_t parent_frame_id; /* the caller, when has_parent is set */
};

struct fdbg_error *fdbg_stacks_create(struct fdbg_stacks **ret) FDBG_CHECK;
void fdbg_stacks_destroy(struct fdbg_stacks *stacks);
/* To be given every message in order, also those of other streams; of these *ret is all zero. */
struct fdbg_error *fdbg_stacks_feed(struct fdbg_stacks *stacks, const struct fdbg_message *message,
				    struct fdbg_stacks_place *ret) FDBG_CHECK;

#ifdef __cplusplus
}
#endif

#endif
