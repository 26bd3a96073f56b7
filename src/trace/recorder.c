/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "trace/recorder.h"

#include <string.h>

#include "base/clock.h"
#include "trace/optimized.h"
#include "trace/recorder_internal.h"

/* How long a wait for the next event lasts before the clock is looked at. */
#define TICK_MS 100
/* How many events go by between looks at the clock while there is always a next one. */
#define TICK_EVENTS 64

/* Takes over what the heap of the program that runs no longer counted. */
static void add_heap_stats(struct recorder *recorder)
{
	struct fdbg_heap_stats *sum = &recorder->result->heap;
	const struct fdbg_heap_stats *stats = recorder->heap ? fdbg_heap_stats_of(recorder->heap) : NULL;

	if (!stats)
		return;
	sum->hits += stats->hits;
	sum->allocations += stats->allocations;
	sum->releases += stats->releases;
	sum->moves += stats->moves;
	sum->unseen += stats->unseen;
}

/* The heap of the program that the engine has probed: nothing is known to live on it. */
static struct fdbg_error *make_heap(struct recorder *recorder, struct fdbg_debuginfo *debuginfo)
{
	return fdbg_heap_create(debuginfo, recorder->plan->arch, recorder->engine->bias, recorder->options->max_heap_messages,
				&recorder->heap);
}

/* A decoder for the program that the engine has probed. */
static struct fdbg_error *make_decoder(struct recorder *recorder, struct fdbg_debuginfo *debuginfo)
{
	const struct fdbg_record_options *options = recorder->options;
	struct fdbg_error *err = fdbg_decoder_create(debuginfo, &options->limits, &recorder->decoder);

	if (err)
		return err;
	fdbg_decoder_set_bias(recorder->decoder, recorder->engine->bias);
	fdbg_decoder_set_visualizers(recorder->decoder, options->visualizers, options->log);
	recorder->panic_rules = (struct fdbg_panic_rules){
		.arch = recorder->plan->arch, .debuginfo = debuginfo, .decoder = recorder->decoder,
		.bias = recorder->engine->bias, .max_text = options->limits.max_array,
	};
	return NULL;
}

struct fdbg_error *fdbg_recorder_event(struct recorder *recorder, const struct fdbg_hit *hit,
				       const struct fdbg_message_event *event, uint64_t depth)
{
	const struct fdbg_record_options *options = recorder->options;
	struct fdbg_error *err;

	if (recorder->full)
		return NULL;
	err = fdbg_writer_event(recorder->writer, hit->time_ms, event);
	if (err)
		return err;
	recorder->result->n_events++;
	recorder->full = options->max_events && recorder->result->n_events >= options->max_events;
	if (options->watch)
		options->watch(options->watch_context, hit->time_ms, event, depth);
	return NULL;
}

/* ---- events ---- */

static struct fdbg_error *write_return(struct recorder *recorder, const struct fdbg_hit *hit,
				       const struct fdbg_shadow_thread *thread, const struct fdbg_shadow_frame *frame,
				       uint32_t breakpoint_id, const struct fdbg_value *value)
{
	struct fdbg_named_value named = { FDBG_TEXT("return_value"), *value };
	struct fdbg_message_event event = {
		.kind = FDBG_EVENT_RETURN, .breakpoint_id = breakpoint_id, .thread_id = thread->id,
		.frame_id = frame->id, .function = frame->function->name, .values = &named, .n_values = 1,
	};

	return fdbg_recorder_event(recorder, hit, &event, (uint64_t)(frame - thread->frames));
}

/*
 * The innermost frame was left without its ret. Its R has an opaque value and names the panic breakpoint where an unwinder left it, else
 * that of its own call (doc/stream.md).
 */
static struct fdbg_error *leave_top(struct recorder *recorder, const struct fdbg_hit *hit, struct fdbg_shadow_thread *thread,
				    bool unwound)
{
	struct fdbg_value value = fdbg_value_opaque("the frame was left without a return");
	struct fdbg_shadow_frame *top = fdbg_shadow_top(thread);
	struct fdbg_error *err = NULL;

	if (top->recorded && top->function->poll)
		err = fdbg_recorder_leave_poll(recorder, hit, thread, top);
	if (!err && top->recorded)
		err = write_return(recorder, hit, thread, top, unwound ? FDBG_BREAKPOINT_ID_PANIC : top->function->call_id, &value);
	fdbg_shadow_pop(thread);
	return err;
}

/* The innermost frame is found to be gone. */
static struct fdbg_error *miss_top(struct recorder *recorder, const struct fdbg_hit *hit, struct fdbg_shadow_thread *thread)
{
	bool unwound = thread->n_frames <= thread->n_panicking;
	struct fdbg_error *err = leave_top(recorder, hit, thread, unwound);

	if (unwound)
		thread->n_panicking = thread->n_frames;
	return err;
}

static struct fdbg_error *on_call(struct recorder *recorder, const struct fdbg_hit *hit, struct fdbg_shadow_thread *thread,
				  const struct fdbg_probe *probe, uint64_t cfa)
{
	const struct fdbg_traced_function *function = probe->function;
	const struct fdbg_shadow_frame *top = fdbg_shadow_top(thread);
	bool armed = thread->armed == function && thread->armed_cfa == cfa;
	uint64_t depth;
	struct fdbg_message_event event;
	struct fdbg_named_value *values = NULL;
	struct fdbg_poll_values future;
	struct fdbg_shadow_frame *frame;
	struct fdbg_error *err = NULL;

	if (function->loop_head && !armed)
		return NULL; /* the loop came round */
	if (function->entry_repeats && top && top->function == function && top->cfa == cfa && !top->replaced_by)
		return NULL;
	if (armed)
		thread->armed = NULL;
	for (; (top = fdbg_shadow_top(thread)) && top->cfa <= cfa && !err; err = miss_top(recorder, hit, thread))
		if (top->replaced_by == function && top->cfa == cfa)
			break; /* this is what it jumped to */
	if (err)
		return err;
	depth = thread->n_frames;
	frame = fdbg_shadow_push(thread, function, cfa,
				 !recorder->options->has_max_depth || depth <= recorder->options->max_depth);
	if (!frame)
		return &fdbg_error_nomem;
	if (function->saves_hidden_pointer && hit->registers->valid[function->hidden_pointer]) {
		frame->hidden_pointer = fdbg_registers_get(hit->registers, function->hidden_pointer);
		frame->has_hidden_pointer = true;
	}
	if (function->hidden_pointer_at_entry && armed) {
		frame->hidden_pointer = thread->armed_hidden_pointer;
		frame->has_hidden_pointer = true;
	}
	if (!frame->recorded)
		return NULL;
	if (recorder->options->values) {
		err = fdbg_recorder_arguments(recorder, hit, probe, armed ? &thread->armed_registers : NULL, &values);
		if (err)
			return err;
	}
	if (function->poll) {
		frame->has_future = values && function->n_params && fdbg_poll_address(&values[0].value, &frame->future);
		err = fdbg_poll_enter(function->poll, frame->has_future ? &frame->future : NULL, hit->view, &future);
		if (err)
			return err;
	}
	if (hit->site->n_probes == 1)
		err = fdbg_engine_release(recorder->engine);
	if (err)
		return err;
	event = (struct fdbg_message_event){
		.kind = FDBG_EVENT_CALL, .breakpoint_id = function->call_id, .thread_id = thread->id,
		.frame_id = frame->id, .stack_pointer = cfa, .function = function->name,
		.values = values, .n_values = values ? function->n_params : 0,
	};
	err = fdbg_recorder_event(recorder, hit, &event, depth);
	return err || !function->poll ? err
				      : fdbg_recorder_future(recorder, hit, thread, frame, FDBG_EVENT_FUTURE_ENTER, &future);
}

/* An inlined call begins. Where it ends is not seen, so that its frame has no others in it. */
static struct fdbg_error *on_inline(struct recorder *recorder, const struct fdbg_hit *hit, struct fdbg_shadow_thread *thread,
				    const struct fdbg_probe *probe, uint64_t cfa)
{
	const struct fdbg_traced_function *function = probe->function;
	struct fdbg_value absent = fdbg_value_opaque(function->return_reason);
	struct fdbg_message_event event;
	struct fdbg_named_value *values = NULL;
	struct fdbg_shadow_frame *frame;
	uint64_t depth;
	struct fdbg_error *err = NULL;

	while (thread->n_frames && fdbg_shadow_top(thread)->cfa < cfa && !err)
		err = miss_top(recorder, hit, thread);
	if (err)
		return err;
	depth = thread->n_frames;
	if (recorder->options->has_max_depth && depth > recorder->options->max_depth)
		return NULL;
	frame = fdbg_shadow_push(thread, function, cfa, true);
	if (!frame)
		return &fdbg_error_nomem;
	if (recorder->options->values)
		err = fdbg_recorder_arguments(recorder, hit, probe, NULL, &values);
	event = (struct fdbg_message_event){
		.kind = FDBG_EVENT_CALL, .breakpoint_id = function->call_id, .thread_id = thread->id,
		.frame_id = frame->id, .stack_pointer = cfa, .function = function->name,
		.values = values, .n_values = values ? function->n_params : 0,
	};
	if (!err)
		err = fdbg_recorder_event(recorder, hit, &event, depth);
	if (!err)
		err = write_return(recorder, hit, thread, frame, function->return_id, &absent);
	fdbg_shadow_pop(thread);
	return err;
}

/* How many functions in a row may end in a jump to the next one and be written when the last one returns. */
#define MAX_REPLACED 64

/*
 * The innermost frame ends, and those below that ended in jumps which led to it (their CFA is the same). The registers
 * at the innermost one's return are theirs as well; at_return false: it did not return yet.
 */
static struct fdbg_error *end_frames(struct recorder *recorder, const struct fdbg_hit *hit, struct fdbg_shadow_thread *thread,
				     uint64_t cfa, bool at_return)
{
	struct fdbg_value *values;
	struct fdbg_poll_values *futures;
	bool want = recorder->options->values;
	struct fdbg_error *err = NULL;
	size_t n = 1;

	while (n < thread->n_frames && n <= MAX_REPLACED && thread->frames[thread->n_frames - n - 1].replaced_by &&
	       thread->frames[thread->n_frames - n - 1].cfa == cfa)
		n++;
	values = fdbg_arena_array(hit->view->arena, n, sizeof(*values));
	futures = fdbg_arena_array(hit->view->arena, n, sizeof(*futures));
	if (!values || !futures)
		return &fdbg_error_nomem;
	fdbg_decoder_begin(recorder->decoder, hit->view->arena, hit->view);
	for (size_t i = 0; i < n && want; i++) {
		const struct fdbg_shadow_frame *frame = &thread->frames[thread->n_frames - 1 - i];

		if (!frame->recorded)
			continue;
		if (at_return || frame->function->return_kind == FDBG_RETURN_NOTHING)
			fdbg_recorder_return_value(recorder, hit, frame, &values[i]);
		else
			values[i] = fdbg_value_opaque("the function ended in a jump to another one, which returns for it");
	}
	if (want)
		err = fdbg_decoder_run(recorder->decoder);
	for (size_t i = 0; i < n && !err; i++) {
		const struct fdbg_shadow_frame *frame = &thread->frames[thread->n_frames - 1 - i];

		if (frame->recorded && frame->function->poll)
			err = fdbg_poll_exit(frame->function->poll, frame->has_future ? &frame->future : NULL, hit->view,
					     want && at_return ? &values[i] : NULL, hit->view->arena, &futures[i]);
	}
	if (!err && at_return)
		err = fdbg_engine_release(recorder->engine);
	for (size_t i = 0; i < n && !err; i++) {
		const struct fdbg_shadow_frame *frame = fdbg_shadow_top(thread);

		if (want && frame->recorded)
			fdbg_recorder_explain(recorder, frame->function, FDBG_TEXT("return_value"), &values[i]);
		if (frame->recorded && frame->function->poll)
			err = fdbg_recorder_future(recorder, hit, thread, frame, FDBG_EVENT_FUTURE_EXIT, &futures[i]);
		if (!err && frame->recorded)
			err = write_return(recorder, hit, thread, frame, frame->function->return_id, &values[i]);
		fdbg_shadow_pop(thread);
	}
	if (thread->n_frames < thread->n_panicking)
		thread->n_panicking = thread->frames[thread->n_frames].n_panicking;
	return err;
}

static struct fdbg_error *on_return(struct recorder *recorder, const struct fdbg_hit *hit,
				    struct fdbg_shadow_thread *thread, const struct fdbg_probe *probe, uint64_t cfa)
{
	struct fdbg_shadow_frame *frame = fdbg_shadow_find(thread, probe->function, cfa);
	struct fdbg_error *err = NULL;

	if (!frame)
		return NULL; /* a call that was not seen */
	while (fdbg_shadow_top(thread) != frame && !err)
		err = miss_top(recorder, hit, thread);
	return err ? err : end_frames(recorder, hit, thread, cfa, true);
}

/* A jump out of a function: the frame ends, or is taken over by what the jump goes to. */
static struct fdbg_error *on_tail(struct recorder *recorder, const struct fdbg_hit *hit, struct fdbg_shadow_thread *thread,
				  const struct fdbg_probe *probe, uint64_t cfa)
{
	struct fdbg_shadow_frame *frame = fdbg_shadow_find(thread, probe->function, cfa);
	const struct fdbg_traced_function *target;
	struct fdbg_error *err;
	bool leaves;
	size_t n = 0;

	if (!frame)
		return NULL;
	err = fdbg_recorder_jump(recorder, hit, probe, &leaves, &target);
	if (err || !leaves)
		return err;
	while (fdbg_shadow_top(thread) != frame && !err)
		err = miss_top(recorder, hit, thread);
	if (err)
		return err;
	while (n < thread->n_frames && thread->frames[thread->n_frames - n - 1].cfa == cfa)
		n++;
	if (target && n < MAX_REPLACED) {
		frame->replaced_by = target;
		return NULL;
	}
	return end_frames(recorder, hit, thread, cfa, false);
}

/* An unwinding thread goes on in a frame with this stack pointer: what lies below it has been left. */
static struct fdbg_error *on_landing(struct recorder *recorder, const struct fdbg_hit *hit)
{
	struct fdbg_shadow_thread *thread = fdbg_shadow_of(&recorder->frames, hit->thread_id);
	uint64_t sp = fdbg_registers_get(hit->registers, recorder->plan->arch->sp);
	struct fdbg_error *err = thread ? fdbg_engine_release(recorder->engine) : &fdbg_error_nomem;

	while (!err && thread->n_frames && fdbg_shadow_top(thread)->cfa <= sp)
		err = leave_top(recorder, hit, thread, true);
	return err;
}

/* fire::dbg!: `__firedbg_trace__(name: &str, value: &T)` becomes a breakpoint event with the value under that name. */
static struct fdbg_error *on_dbg_trace(struct recorder *recorder, const struct fdbg_hit *hit,
				       struct fdbg_shadow_thread *thread, const struct fdbg_probe *probe)
{
	struct fdbg_named_value *values, named = { FDBG_TEXT("value"), { 0 } };
	struct fdbg_message_event event = {
		.kind = FDBG_EVENT_BREAKPOINT, .breakpoint_id = FDBG_BREAKPOINT_ID_TRACE, .thread_id = thread->id,
		.frame_id = fdbg_shadow_current(thread), .values = &named, .n_values = 1,
	};
	struct fdbg_error *err;

	err = fdbg_recorder_arguments(recorder, hit, probe,
			       thread->armed == probe->function ? &thread->armed_registers : NULL, &values);
	if (!err)
		err = fdbg_engine_release(recorder->engine);
	if (err)
		return err;
	if (probe->function->n_params > 0 && values[0].value.kind == FDBG_VALUE_STR && !values[0].value.cut)
		named.name = values[0].value.str;
	if (probe->function->n_params > 1)
		named.value = values[1].value;
	return fdbg_recorder_event(recorder, hit, &event, thread->n_frames ? thread->n_frames - 1 : 0);
}

static struct fdbg_error *on_heap(struct recorder *recorder, const struct fdbg_hit *hit, struct fdbg_shadow_thread *thread)
{
	bool was_full = fdbg_heap_is_full(recorder->heap);
	struct fdbg_error *err = fdbg_heap_on_hit(recorder->heap, hit, fdbg_shadow_current(thread), recorder->writer);

	if (err || was_full || !fdbg_heap_is_full(recorder->heap))
		return err;
	fdbg_log(recorder->options->log, FDBG_LOG_WARNING, "%llu heap allocations and releases are recorded; further ones are not, to "
		 "spare the program (--allocations=typed records them all)", (unsigned long long)recorder->options->max_heap_messages);
	fdbg_engine_retire_heap(recorder->engine);
	return NULL;
}

static struct fdbg_error *on_hit(struct recorder *recorder, const struct fdbg_hit *hit)
{
	struct fdbg_shadow_thread *thread = fdbg_shadow_of(&recorder->frames, hit->thread_id);
	struct fdbg_error *err = NULL;

	if (!thread)
		return &fdbg_error_nomem;
	for (size_t i = 0; i < hit->site->n_probes && !err; i++) {
		const struct fdbg_probe *probe = &hit->site->probes[i];
		uint64_t cfa = 0;

		if (probe->function)
			cfa = fdbg_registers_get(hit->registers, probe->cfa_reg) + (uint64_t)probe->cfa_offset;
		switch (probe->kind) {
		case FDBG_PROBE_ENTRY:
			thread->armed = probe->function;
			thread->armed_cfa = cfa;
			thread->armed_hidden_pointer = fdbg_registers_get(hit->registers,
									  probe->function->hidden_pointer);
			if (probe->function->arguments_at_entry)
				thread->armed_registers = *hit->registers;
			break;
		case FDBG_PROBE_CALL:
			err = probe->function->dbg_trace ? on_dbg_trace(recorder, hit, thread, probe)
							 : on_call(recorder, hit, thread, probe, cfa);
			break;
		case FDBG_PROBE_INLINE:
			err = on_inline(recorder, hit, thread, probe, cfa);
			break;
		case FDBG_PROBE_RETURN:
			err = on_return(recorder, hit, thread, probe, cfa);
			break;
		case FDBG_PROBE_TAIL:
			err = on_tail(recorder, hit, thread, probe, cfa);
			break;
		case FDBG_PROBE_PANIC_HOOK:
			err = fdbg_recorder_panic_hook(recorder, hit, thread);
			break;
		case FDBG_PROBE_PANIC:
			err = fdbg_recorder_panic(recorder, hit, thread);
			break;
		case FDBG_PROBE_HEAP:
			/* The last kind: the rest of the site's probes are of it, too. */
			return on_heap(recorder, hit, thread);
		}
	}
	return err;
}

/* ---- another program ---- */

/* Every frame is gone, on all threads, of which one goes on. */
static struct fdbg_error *leave_all(struct recorder *recorder, const struct fdbg_hit *hit)
{
	struct fdbg_error *err = NULL;
	uint64_t key, value;
	size_t iter = 0;

	while (!err && fdbg_map_next(&recorder->frames.threads, &iter, &key, &value)) {
		struct fdbg_shadow_thread *thread = (struct fdbg_shadow_thread *)(uintptr_t)value;

		thread->armed = NULL;
		thread->n_panicking = 0;
		while (!err && thread->n_frames)
			err = miss_top(recorder, hit, thread);
	}
	return err;
}

static struct fdbg_error *on_exec(struct recorder *recorder, const struct fdbg_hit *hit)
{
	const struct fdbg_record_options *options = recorder->options;
	struct fdbg_record_program program = { 0 };
	struct fdbg_error *err = leave_all(recorder, hit);

	if (!err && options->on_exec)
		err = options->on_exec(options->exec_context, &program);
	if (!err)
		err = fdbg_engine_adopt(recorder->engine, program.image, program.plan);
	if (fdbg_error_is(err, FDBG_ERROR_REFUSED) || fdbg_error_is(err, FDBG_ERROR_UNSUPPORTED)) {
		fdbg_log(options->log, FDBG_LOG_WARNING, "the program that was executed is not recorded: %s", err->message);
		fdbg_error_destroy(err);
		return NULL;
	}
	if (err || !program.plan)
		return err;
	recorder->plan = program.plan;
	fdbg_decoder_destroy(recorder->decoder);
	recorder->decoder = NULL;
	err = make_decoder(recorder, program.debuginfo);
	if (err)
		return err;
	add_heap_stats(recorder);
	fdbg_heap_destroy(recorder->heap);
	recorder->heap = NULL;
	return make_heap(recorder, program.debuginfo);
}

/* ---- the loop ---- */

static struct fdbg_error *run(struct recorder *recorder)
{
	const struct fdbg_record_options *options = recorder->options;
	struct fdbg_record_result *result = recorder->result;
	uint64_t start = fdbg_clock_mono_ns(), looked = start, n = 0;
	struct fdbg_engine_event event;
	struct fdbg_error *err;

	for (;;) {
		bool idle;

		err = fdbg_engine_next(recorder->engine, TICK_MS, &event);
		if (fdbg_error_is(err, FDBG_ERROR_INTERRUPTED)) {
			fdbg_error_destroy(err);
			result->end = FDBG_RECORD_INTERRUPTED;
			return NULL;
		}
		if (err)
			return err;
		switch (event.kind) {
		case FDBG_ENGINE_HIT:
			recorder->last_ms = event.hit.time_ms;
			err = on_hit(recorder, &event.hit);
			if (err)
				return err;
			break;
		case FDBG_ENGINE_LANDING:
			recorder->last_ms = event.hit.time_ms;
			err = on_landing(recorder, &event.hit);
			if (err)
				return err;
			break;
		case FDBG_ENGINE_IDLE:
			break;
		case FDBG_ENGINE_EXEC:
			err = on_exec(recorder, &event.hit);
			if (err)
				return err;
			break;
		case FDBG_ENGINE_EXITED:
		case FDBG_ENGINE_KILLED:
			result->end = event.kind == FDBG_ENGINE_EXITED ? FDBG_RECORD_EXITED : FDBG_RECORD_KILLED;
			result->exit_code = event.exit_code;
			result->signal = event.signal;
			return fdbg_recorder_last_panics(recorder);
		}
		if (recorder->full) {
			result->end = FDBG_RECORD_LIMIT;
			return NULL;
		}
		idle = event.kind == FDBG_ENGINE_IDLE;
		if (!idle && ++n % TICK_EVENTS)
			continue;
		if (idle || fdbg_clock_mono_ns() - looked > (uint64_t)TICK_MS * 1000000) {
			looked = fdbg_clock_mono_ns();
			err = fdbg_writer_tick(recorder->writer);
			if (err)
				return err;
			if (options->watch)
				options->watch(options->watch_context, fdbg_clock_wall_ms(), NULL, 0);
			if (options->max_ns && looked - start >= options->max_ns) {
				result->end = FDBG_RECORD_LIMIT;
				return NULL;
			}
		}
	}
}

static uint64_t count_open(const struct fdbg_shadow *frames)
{
	uint64_t key, value, n = 0;
	size_t iter = 0;

	while (fdbg_map_next(&frames->threads, &iter, &key, &value)) {
		const struct fdbg_shadow_thread *thread = (const struct fdbg_shadow_thread *)(uintptr_t)value;

		for (size_t i = 0; i < thread->n_frames; i++)
			n += thread->frames[i].recorded;
	}
	return n;
}

struct fdbg_error *fdbg_record(struct fdbg_engine *engine, const struct fdbg_plan *plan,
			       struct fdbg_debuginfo *debuginfo, struct fdbg_writer *writer,
			       const struct fdbg_record_options *options, struct fdbg_record_result *ret)
{
	struct recorder recorder = { .engine = engine, .plan = plan, .writer = writer, .options = options, .result = ret };
	struct fdbg_error *err;

	*ret = (struct fdbg_record_result){ .end = FDBG_RECORD_FAILED };
	err = make_decoder(&recorder, debuginfo);
	if (err)
		return err;
	err = make_heap(&recorder, debuginfo);
	if (!err)
		err = run(&recorder);
	add_heap_stats(&recorder);
	fdbg_arena_deinit(&recorder.end_arena);
	ret->n_open = count_open(&recorder.frames);
	fdbg_heap_destroy(recorder.heap);
	fdbg_decoder_destroy(recorder.decoder);
	fdbg_shadow_deinit(&recorder.frames);
	return err;
}
