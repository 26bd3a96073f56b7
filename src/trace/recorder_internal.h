/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The recorder from inside: what its parts share.
 *
 *   recorder.c         the loop, calls and returns
 *   recorder_values.c  the values of arguments and returns
 *   recorder_leave.c   polls and panics
 *   recorder_jump.c    where the jumps at the end of functions go
 */
#ifndef FDBG_TRACE_RECORDER_INTERNAL_H
#define FDBG_TRACE_RECORDER_INTERNAL_H

#include "trace/frames.h"
#include "trace/recorder.h"

struct recorder {
	struct fdbg_engine *engine;
	const struct fdbg_plan *plan;
	struct fdbg_writer *writer;
	const struct fdbg_record_options *options;
	struct fdbg_decoder *decoder;
	struct fdbg_shadow frames;
	struct fdbg_heap *heap;
	struct fdbg_record_result *result;
	struct fdbg_panic_rules panic_rules;
	struct fdbg_arena end_arena;  /* values of panics that are written late */
	uint64_t last_ms;    /* time of the latest hit */
	bool full;           /* max_events is reached */
};

/* Writes an event, unless the limit of events is reached. depth: of its frame. */
struct fdbg_error *fdbg_recorder_event(struct recorder *recorder, const struct fdbg_hit *hit,
				       const struct fdbg_message_event *event, uint64_t depth) FDBG_CHECK;

/* ---- recorder_values.c ---- */

/* Decodes the arguments of a call. entry: the registers at the function's entry, NULL: not known. */
struct fdbg_error *fdbg_recorder_arguments(struct recorder *recorder, const struct fdbg_hit *hit,
					   const struct fdbg_probe *probe, const struct fdbg_registers *entry,
					   struct fdbg_named_value **ret) FDBG_CHECK;

/* Has the decoder, which was begun, make the value that a frame returns at a hit. */
void fdbg_recorder_return_value(struct recorder *recorder, const struct fdbg_hit *hit,
				const struct fdbg_shadow_frame *frame, struct fdbg_value *to);

/* Says at -v why a value could not be read. */
void fdbg_recorder_explain(const struct recorder *recorder, const struct fdbg_traced_function *function,
			   struct fdbg_text name, const struct fdbg_value *value);

/* ---- recorder_leave.c ---- */

/* Writes a future event of a poll's frame. */
struct fdbg_error *fdbg_recorder_future(struct recorder *recorder, const struct fdbg_hit *hit,
					const struct fdbg_shadow_thread *thread, const struct fdbg_shadow_frame *frame,
					enum fdbg_event_kind kind, const struct fdbg_poll_values *values) FDBG_CHECK;

/* Writes the future_exit of a poll that ended without a result. */
struct fdbg_error *fdbg_recorder_leave_poll(struct recorder *recorder, const struct fdbg_hit *hit,
					    const struct fdbg_shadow_thread *thread,
					    const struct fdbg_shadow_frame *frame) FDBG_CHECK;

/* At panic_with_hook. Releases the engine. */
struct fdbg_error *fdbg_recorder_panic_hook(struct recorder *recorder, const struct fdbg_hit *hit,
					    struct fdbg_shadow_thread *thread) FDBG_CHECK;

/* At rust_panic: writes the panic's event, and has the engine watch the unwinding. Releases the engine. */
struct fdbg_error *fdbg_recorder_panic(struct recorder *recorder, const struct fdbg_hit *hit,
				       struct fdbg_shadow_thread *thread) FDBG_CHECK;

/* The process has ended: writes the panics that it did not survive. */
struct fdbg_error *fdbg_recorder_last_panics(struct recorder *recorder) FDBG_CHECK;

/* ---- recorder_jump.c ---- */

/*
 * A jump that may leave its function is about to be made. *leaves_ret: it does; *target_ret: the traced function that it goes to, which returns
 * for the one that jumps; NULL: another one.
 */
struct fdbg_error *fdbg_recorder_jump(struct recorder *recorder, const struct fdbg_hit *hit, const struct fdbg_probe *probe,
				      bool *leaves_ret, const struct fdbg_traced_function **target_ret) FDBG_CHECK;

#endif
