/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the recorder writes of polls and panics. */
#include "trace/recorder_internal.h"

struct fdbg_error *fdbg_recorder_future(struct recorder *recorder, const struct fdbg_hit *hit,
					const struct fdbg_shadow_thread *thread, const struct fdbg_shadow_frame *frame,
					enum fdbg_event_kind kind, const struct fdbg_poll_values *values)
{
	struct fdbg_message_event event = {
		.kind = kind, .breakpoint_id = frame->function->poll->endpoint_id, .thread_id = thread->id,
		.frame_id = frame->id, .values = values->items, .n_values = values->n,
	};

	return fdbg_recorder_event(recorder, hit, &event, (uint64_t)(frame - thread->frames));
}

/* A poll that ended without a result. */
struct fdbg_error *fdbg_recorder_leave_poll(struct recorder *recorder, const struct fdbg_hit *hit,
					    const struct fdbg_shadow_thread *thread,
					    const struct fdbg_shadow_frame *frame)
{
	struct fdbg_poll_values values;
	struct fdbg_error *err = fdbg_poll_exit(frame->function->poll, frame->has_future ? &frame->future : NULL, NULL,
						NULL, NULL, &values);

	return err ? err : fdbg_recorder_future(recorder, hit, thread, frame, FDBG_EVENT_FUTURE_EXIT, &values);
}

static struct fdbg_error *write_panic(struct recorder *recorder, const struct fdbg_hit *hit,
				      const struct fdbg_shadow_thread *thread, const struct fdbg_panic_values *values)
{
	struct fdbg_message_event event = {
		.kind = FDBG_EVENT_PANIC, .breakpoint_id = FDBG_BREAKPOINT_ID_PANIC, .thread_id = thread->id,
		.frame_id = fdbg_shadow_current(thread), .values = values->items, .n_values = values->n,
	};

	return fdbg_recorder_event(recorder, hit, &event, thread->n_frames ? thread->n_frames - 1 : 0);
}

/* A panic that was begun and never got to rust_panic: the process aborts, or the hook has panicked. */
static struct fdbg_error *write_known_panic(struct recorder *recorder, const struct fdbg_hit *hit,
					    struct fdbg_shadow_thread *thread)
{
	struct fdbg_panic_values values;
	struct fdbg_error *err = fdbg_panic_known_values(&thread->panic, &recorder->end_arena, &values);

	if (!err)
		err = write_panic(recorder, hit, thread, &values);
	thread->panic.there = false;
	thread->panic.written = true;
	return err;
}

/* The hook is about to run; rust_panic comes behind it, except where the panic must abort. */
struct fdbg_error *fdbg_recorder_panic_hook(struct recorder *recorder, const struct fdbg_hit *hit,
					    struct fdbg_shadow_thread *thread)
{
	struct fdbg_error *err = thread->panic.there ? write_known_panic(recorder, hit, thread) : NULL;
	bool aborts;

	if (!err)
		err = fdbg_panic_begin(&recorder->panic_rules, hit->registers, hit->view, &thread->panic, &aborts);
	if (!err)
		err = fdbg_engine_release(recorder->engine);
	return err || !aborts ? err : write_known_panic(recorder, hit, thread);
}

struct fdbg_error *fdbg_recorder_panic(struct recorder *recorder, const struct fdbg_hit *hit,
				       struct fdbg_shadow_thread *thread)
{
	struct fdbg_panic_values values = { 0 };
	struct fdbg_error *err = fdbg_engine_watch_unwinding(recorder->engine);
	bool begun = fdbg_panic_is(&recorder->panic_rules, hit->registers, &thread->panic);
	bool written = begun && thread->panic.written;

	if (!err && recorder->plan->panic_values && !written)
		err = fdbg_panic_values(&recorder->panic_rules, hit->registers, hit->view, &thread->panic, &values);
	if (!err)
		err = fdbg_engine_release(recorder->engine);
	thread->n_panicking = recorder->engine->sees_landings ? 0 : thread->n_frames;
	if (!err && !written)
		err = write_panic(recorder, hit, thread, &values);
	/* A hook may itself raise and catch one that has no hook. */
	if (begun)
		fdbg_panic_clear(&thread->panic);
	return err;
}

/* The panics that the process did not survive. */
struct fdbg_error *fdbg_recorder_last_panics(struct recorder *recorder)
{
	uint64_t key, value;
	size_t iter = 0;
	struct fdbg_error *err = NULL;

	while (!err && fdbg_map_next(&recorder->frames.threads, &iter, &key, &value)) {
		struct fdbg_shadow_thread *thread = (struct fdbg_shadow_thread *)(uintptr_t)value;

		if (thread->panic.there)
			err = write_known_panic(recorder, &(struct fdbg_hit){ .time_ms = recorder->last_ms }, thread);
	}
	return err;
}
