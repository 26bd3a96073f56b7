/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The stop engine: a breakpoint stops the target, its memory is read, it runs on past the displaced instruction. */
#include <stdlib.h>

#include "base/clock.h"
#include "debuginfo/image.h"
#include "gdbremote/program.h"
#include "trace/identity.h"
#include "trace/stop_internal.h"
#include "trace/unwinder.h"

/* How long a hit waits for the stop after it before its answers are asked for. */
#define PENDING_MS 5
/* How long an interrupt may take to show before another stop is taken instead. */
#define INTERRUPT_MS 1000

static struct fdbg_stop_engine *self(struct fdbg_engine *engine)
{
	return (struct fdbg_stop_engine *)engine;
}

/* ---- start ---- */

static struct fdbg_error *find_bias(struct fdbg_stop_engine *engine)
{
	const struct fdbg_image_info *info = fdbg_image_info(engine->image);
	struct fdbg_auxv auxv = { 0 };
	struct fdbg_error *err;

	err = fdbg_identity_auxv(engine->session, &auxv);
	if (err && info->pie)
		return fdbg_error_prefix(err, "cannot find where the program was loaded");
	fdbg_error_destroy(err);
	if (auxv.entry)
		engine->base.bias = auxv.entry - info->entry;
	else if (info->pie)
		return fdbg_error_create(FDBG_ERROR_PROTOCOL, "the server does not tell where the program was loaded");
	return NULL;
}

/* Puts the plan's probes into a target that has stopped. */
static struct fdbg_error *probe(struct fdbg_stop_engine *engine)
{
	struct fdbg_error *err = find_bias(engine);

	if (!err)
		err = fdbg_stop_prepare_registers(engine);
	if (err)
		return err;
	if (engine->remote[engine->arch->pc] == UINT32_MAX || engine->remote[engine->arch->sp] == UINT32_MAX)
		return fdbg_error_create(FDBG_ERROR_UNSUPPORTED,
					 "the server does not describe the registers of %s", engine->arch->name);
	engine->places.image = engine->image;
	engine->places.bias = engine->base.bias;
	err = fdbg_places_insert(&engine->places, engine->plan, engine->thread);
	if (err)
		return err;
	if (engine->places.signal)
		engine->signal = engine->places.signal;
	engine->wants_jumps = fdbg_unwinder_has_jumps(engine->image);
	engine->wants_exceptions = fdbg_unwinder_has_exceptions(engine->image);
	return NULL;
}

/* Without probes. */
static void clear_places(struct fdbg_stop_engine *engine)
{
	fdbg_places_deinit(&engine->places);
	engine->places = (struct fdbg_places){
		.session = engine->session, .arch = engine->arch, .log = engine->log,
	};
}

/* Signals that are none of our business go to the target without a stop, where the server can. */
static struct fdbg_error *pass_signals(struct fdbg_stop_engine *engine)
{
	int signals[TARGET_N_SIGNALS];
	struct fdbg_error *err;
	size_t n = 0;

	for (int i = 1; i <= TARGET_N_SIGNALS; i++)
		/* SIGINT and SIGSTOP are how a running target is stopped, SIGTRAP is a breakpoint. */
		if (i != TARGET_SIGINT && i != TARGET_SIGTRAP && i != TARGET_SIGSTOP && i != TARGET_SIGKILL)
			signals[n++] = i;
	err = fdbg_session_pass_signals(engine->session, signals, n, NULL);
	if (fdbg_error_is(err, FDBG_ERROR_UNSUPPORTED)) {
		fdbg_error_destroy(err);
		return NULL;
	}
	return err;
}

/* ---- running ---- */

static struct fdbg_error *release(struct fdbg_engine *base)
{
	struct fdbg_stop_engine *engine = self(base);
	struct fdbg_error *err;

	/* A stashed hit is held until it has been handed out. */
	if (engine->has_stashed)
		return NULL;
	engine->held = NULL;
	if (engine->running || engine->gone || engine->has_next)
		return NULL;
	err = fdbg_stop_queue_run(engine);
	return err || !engine->running ? err : fdbg_session_send(engine->session);
}

static struct fdbg_engine_event event_of(struct fdbg_stop_engine *engine, enum fdbg_engine_event_kind kind,
					 const struct fdbg_stop *stop)
{
	return (struct fdbg_engine_event){
		.kind = kind, .exit_code = stop->exit_code, .signal = stop->signal,
		.hit = { .thread_id = stop->thread.tid, .time_ms = stop->time_ms,
			 .registers = &engine->now->registers, .view = &engine->now->view },
	};
}

/* What a stop comes to. */
enum outcome {
	OUTCOME_NONE,    /* the target may run on */
	OUTCOME_EVENT,   /* engine->now->event is for the caller */
	OUTCOME_PENDING, /* likewise, when the answers to its reads are in */
};

/* Once is enough: from then on every landing of every thread is seen. */
static struct fdbg_error *watch_set_ip(struct fdbg_stop_engine *engine)
{
	struct fdbg_error *err;
	uint64_t set_ip;

	if (engine->watches_unwinding)
		return NULL;
	engine->watches_unwinding = true;
	err = fdbg_unwinder_find(engine->session, engine->image, engine->base.bias, &set_ip);
	if (!err)
		err = fdbg_places_add(&engine->places, set_ip, FDBG_ROLE_SET_IP);
	engine->base.sees_landings = !err;
	if (fdbg_error_is(err, FDBG_ERROR_NOT_FOUND) || fdbg_error_is(err, FDBG_ERROR_UNSUPPORTED) ||
	    fdbg_error_is(err, FDBG_ERROR_REFUSED)) {
		fdbg_log(engine->log, FDBG_LOG_INFO, "frames that a panic leaves are noticed late: %s", err->message);
		fdbg_error_destroy(err);
		err = NULL;
	}
	return err;
}

static struct fdbg_error *watch_jumps(struct fdbg_stop_engine *engine)
{
	uint64_t addresses[FDBG_MAX_SETJMPS];
	size_t n = 0;
	struct fdbg_error *err;

	engine->wants_jumps = false;
	err = fdbg_unwinder_find_jumps(engine->session, engine->image, engine->base.bias, addresses, &n);
	for (size_t i = 0; i < n && !err; i++)
		err = fdbg_places_add(&engine->places, addresses[i], FDBG_ROLE_SETJMP);
	if (fdbg_error_is(err, FDBG_ERROR_NOT_FOUND) || fdbg_error_is(err, FDBG_ERROR_UNSUPPORTED) ||
	    fdbg_error_is(err, FDBG_ERROR_REFUSED)) {
		fdbg_log(engine->log, FDBG_LOG_INFO, "frames that a long jump leaves are noticed late: %s", err->message);
		fdbg_error_destroy(err);
		err = NULL;
	}
	return err;
}

/* Where setjmp, at whose first instruction the thread is, returns to. */
static struct fdbg_error *watch_return(struct fdbg_stop_engine *engine)
{
	const struct fdbg_registers *registers = &engine->now->registers;
	uint64_t address = 0;
	uint8_t bytes[8];
	struct fdbg_error *err;
	bool done;

	if (engine->arch->ra != FDBG_ARCH_NO_REG)
		return fdbg_places_add(&engine->places, fdbg_registers_get(registers, engine->arch->ra), FDBG_ROLE_LANDING);
	err = fdbg_session_queue_read(engine->session, fdbg_registers_get(registers, engine->arch->sp), sizeof(bytes), bytes,
				      &done);
	if (!err)
		err = fdbg_session_collect(engine->session);
	if (err || !done)
		return err;
	for (int i = 7; i >= 0; i--)
		address = address << 8 | bytes[i];
	return fdbg_places_add(&engine->places, address, FDBG_ROLE_LANDING);
}

/* A breakpoint of ours was reached. */
static struct fdbg_error *hit(struct fdbg_stop_engine *engine, const struct fdbg_stop_place *place,
			      const struct fdbg_stop *stop, enum outcome *ret)
{
	struct fdbg_engine_event *event = &engine->now->event;
	struct fdbg_error *err;
	bool pending = false;

	engine->at_place = place->address;
	switch (place->role) {
	case FDBG_ROLE_SITE:
		engine->base.stats.hits++;
		if (engine->wants_jumps || engine->wants_exceptions) {
			/* The libraries are loaded when the first hit comes. New places move the others. */
			size_t index = (size_t)(place - engine->places.items);

			err = engine->wants_jumps ? watch_jumps(engine) : NULL;
			if (!err && engine->wants_exceptions)
				err = watch_set_ip(engine);
			engine->wants_exceptions = false;
			if (err)
				return err;
			place = &engine->places.items[index];
		}
		*event = event_of(engine, FDBG_ENGINE_HIT, stop);
		event->hit.site = &engine->plan->sites[place - engine->places.items];
		err = fdbg_stop_capture(engine, event->hit.site, place, &pending);
		*ret = pending ? OUTCOME_PENDING : OUTCOME_EVENT;
		return err;
	case FDBG_ROLE_SET_IP:
		return fdbg_places_add(&engine->places,
				       fdbg_registers_get(&engine->now->registers, engine->arch->int_args[1]),
				       FDBG_ROLE_LANDING);
	case FDBG_ROLE_SETJMP:
		return watch_return(engine);
	case FDBG_ROLE_LANDING:
		*event = event_of(engine, FDBG_ENGINE_LANDING, stop);
		*ret = OUTCOME_EVENT;
		return NULL;
	}
	return NULL;
}

/* A forked child has our breakpoints in its memory and no tracer: clean it, then let it go. */
static struct fdbg_error *let_child_go(struct fdbg_stop_engine *engine, const struct fdbg_stop *stop)
{
	struct fdbg_error *err = fdbg_session_select(engine->session, stop->child);

	/* A vforked child shares our memory until it executes another program: its breakpoints are ours. */
	if (!err && stop->kind == FDBG_STOP_FORK)
		err = fdbg_places_remove(&engine->places, false);
	if (!err)
		err = fdbg_session_detach(engine->session, stop->child.pid);
	if (fdbg_error_is(err, FDBG_ERROR_REFUSED)) {
		fdbg_log(engine->log, FDBG_LOG_WARNING, "a forked child could not be let go: %s", err->message);
		fdbg_error_destroy(err);
		err = NULL;
	}
	return err ? err : fdbg_session_select(engine->session, stop->thread);
}

/*
 * Where the other threads run on while one is stopped, hits of theirs are lost and stop replies mixed up
 * (remote-protocol.md, section 7): such a server is for programs with one thread.
 */
static struct fdbg_error *check_thread(struct fdbg_stop_engine *engine, const struct fdbg_stop *stop)
{
	if (fdbg_session_abilities(engine->session)->stops_all || stop->kind == FDBG_STOP_EXITED ||
	    stop->kind == FDBG_STOP_KILLED || !stop->thread.tid)
		return NULL;
	if (!engine->only_thread)
		engine->only_thread = stop->thread.tid;
	if (engine->only_thread == stop->thread.tid)
		return NULL;
	return fdbg_error_create(FDBG_ERROR_UNSUPPORTED, "the program has started a second thread, and this "
				 "server cannot stop all threads together; what was recorded up to here is in the file");
}

static bool is_heap_only(void *context, size_t index)
{
	const struct fdbg_stop_engine *engine = context;
	const struct fdbg_site *site = index < engine->plan->n_sites ? &engine->plan->sites[index] : NULL;

	/* Probes are in the order of their kinds. */
	return site && site->probes[0].kind == FDBG_PROBE_HEAP;
}

static struct fdbg_error *retire_if_asked(struct fdbg_stop_engine *engine)
{
	if (!engine->retires_heap)
		return NULL;
	engine->retires_heap = false;
	return fdbg_places_retire(&engine->places, is_heap_only, engine);
}

static void retire_heap(struct fdbg_engine *base)
{
	self(base)->retires_heap = true;
}

/* Deals with a stop. */
static struct fdbg_error *handle(struct fdbg_stop_engine *engine, const struct fdbg_stop *stop, enum outcome *ret)
{
	const struct fdbg_stop_place *place;
	struct fdbg_stop_moment *moment = &engine->moments[engine->pending == &engine->moments[0]];
	struct fdbg_error *err;

	fdbg_memview_reset(&moment->view);
	fdbg_arena_reset(&moment->arena);
	engine->now = moment;
	engine->base.stats.stops++;
	*ret = OUTCOME_NONE;
	err = check_thread(engine, stop);
	if (err)
		return err;
	switch (stop->kind) {
	case FDBG_STOP_BREAKPOINT:
	case FDBG_STOP_SIGNAL:
		engine->thread = stop->thread;
		engine->signal = stop->signal;
		if (stop->kind == FDBG_STOP_SIGNAL && stop->signal != TARGET_SIGTRAP)
			return NULL;
		err = fdbg_stop_load_general_registers(engine);
		if (!err)
			err = retire_if_asked(engine);
		if (err)
			return err;
		place = fdbg_places_at(&engine->places, fdbg_registers_get(&moment->registers, engine->arch->pc));
		if (!place) {
			if (fdbg_places_was_retired(&engine->places,
						    fdbg_registers_get(&moment->registers, engine->arch->pc)))
				engine->signal = 0;
			else if (stop->kind == FDBG_STOP_BREAKPOINT)
				return fdbg_stop_pass_trap(engine);
			return NULL;
		}
		engine->signal = 0;
		return hit(engine, place, stop, ret);
	case FDBG_STOP_EXITED:
	case FDBG_STOP_KILLED:
		if (stop->thread.pid && engine->pid && stop->thread.pid != engine->pid)
			return NULL;
		engine->gone = true;
		moment->event = event_of(engine, stop->kind == FDBG_STOP_EXITED ? FDBG_ENGINE_EXITED
										: FDBG_ENGINE_KILLED, stop);
		*ret = OUTCOME_EVENT;
		return NULL;
	case FDBG_STOP_EXEC:
		fdbg_places_forget(&engine->places);
		engine->thread = stop->thread;
		engine->at_place = 0;
		engine->in_exec = true;
		moment->event = event_of(engine, FDBG_ENGINE_EXEC, stop);
		*ret = OUTCOME_EVENT;
		return NULL;
	case FDBG_STOP_FORK:
	case FDBG_STOP_VFORK:
		engine->thread = stop->thread;
		return let_child_go(engine, stop);
	case FDBG_STOP_VFORK_DONE:
	case FDBG_STOP_OTHER:
		engine->thread = stop->thread;
		return NULL;
	}
	return NULL;
}

static struct fdbg_error *wait_stop(struct fdbg_stop_engine *engine, int timeout_ms, struct fdbg_stop *ret)
{
	struct fdbg_error *err;

	if (engine->has_next) {
		engine->has_next = false;
		*ret = engine->next_stop;
		return NULL;
	}
	err = fdbg_session_wait(engine->session, timeout_ms, ret);
	if (!err)
		engine->running = false;
	return err;
}

static int left_ms(uint64_t deadline)
{
	uint64_t now = fdbg_clock_mono_ns();

	return now < deadline ? (int)((deadline - now + 999999) / 1000000) : 0;
}

/* Hands out the pending hit. */
static struct fdbg_error *hand_out_pending(struct fdbg_stop_engine *engine, struct fdbg_engine_event *ret)
{
	struct fdbg_stop_moment *moment = engine->pending;

	engine->pending = NULL;
	*ret = moment->event;
	return fdbg_stop_gather(moment);
}

/* No stop came. The pending hit need not wait for one: the answers to its reads are on their way. */
static struct fdbg_error *nothing_came(struct fdbg_stop_engine *engine, struct fdbg_error *err,
				       struct fdbg_engine_event *ret)
{
	bool idle = fdbg_error_is(err, FDBG_ERROR_TIMEOUT) && engine->running;

	if (engine->pending && (idle || fdbg_error_is(err, FDBG_ERROR_INTERRUPTED))) {
		/* The caller comes again, and so does the interrupt. */
		fdbg_error_destroy(err);
		err = fdbg_session_collect(engine->session);
		return err ? err : hand_out_pending(engine, ret);
	}
	if (engine->pending) {
		/* The link is lost; what had come of the pending hit before is not. */
		if (fdbg_stop_is_complete(engine->pending)) {
			engine->failed = err;
			return hand_out_pending(engine, ret);
		}
	}
	if (!idle)
		return err;
	fdbg_error_destroy(err);
	*ret = (struct fdbg_engine_event){ .kind = FDBG_ENGINE_IDLE };
	return NULL;
}

static struct fdbg_error *next(struct fdbg_engine *base, int timeout_ms, struct fdbg_engine_event *ret)
{
	struct fdbg_stop_engine *engine = self(base);
	struct fdbg_error *err = engine->failed ? engine->failed : release(base);
	uint64_t deadline = fdbg_clock_mono_ns() + (uint64_t)timeout_ms * 1000000;

	engine->failed = NULL;
	if (!err && engine->has_stashed) {
		engine->has_stashed = false;
		*ret = engine->stashed;
		return NULL;
	}
	while (!err) {
		int limit_ms = left_ms(deadline);
		enum outcome outcome;
		struct fdbg_stop stop;

		if (engine->gone)
			return fdbg_error_create(FDBG_ERROR_GONE, "the target has ended");
		if (!engine->running && !engine->has_next)
			err = fdbg_stop_queue_run(engine);
		if (!err)
			err = wait_stop(engine, engine->pending && limit_ms > PENDING_MS ? PENDING_MS : limit_ms, &stop);
		if (err)
			return nothing_came(engine, err, ret);
		err = handle(engine, &stop, &outcome);
		if (err)
			return nothing_came(engine, err, ret);
		if (outcome == OUTCOME_NONE)
			continue;
		if (engine->pending) {
			/* Its answers came before this stop did. */
			struct fdbg_stop_moment *newest = engine->now;

			err = hand_out_pending(engine, ret);
			if (outcome == OUTCOME_PENDING) {
				engine->pending = newest;
			} else {
				engine->has_stashed = true;
				engine->stashed = newest->event;
			}
			return err;
		}
		if (outcome == OUTCOME_EVENT) {
			*ret = engine->now->event;
			return NULL;
		}
		engine->pending = engine->now;
	}
	return err;
}

/* ---- end ---- */

/*
 * Brings a running target to a stop that is ours: the interrupt is a real SIGINT, which must be taken back before the
 * target is let go. Hits on the way are passed over.
 */
static struct fdbg_error *halt(struct fdbg_stop_engine *engine)
{
	int timeout_ms = fdbg_session_timeout_ms(engine->session);
	uint64_t start = fdbg_clock_mono_ns(), deadline = start + (uint64_t)timeout_ms * 1000000;
	/* A server that cannot stop all threads cannot interrupt either: the next stop will do. */
	bool can_interrupt = fdbg_session_abilities(engine->session)->stops_all;
	uint64_t settled = can_interrupt ? start + (uint64_t)INTERRUPT_MS * 1000000 : start;
	struct fdbg_error *err;

	if (!engine->running)
		return NULL;
	engine->halting = true;
	err = fdbg_session_interrupt(engine->session);
	while (!err) {
		enum outcome outcome;
		struct fdbg_stop stop;

		if (!engine->running && !engine->has_next)
			err = fdbg_stop_queue_run(engine);
		if (!err)
			err = wait_stop(engine, left_ms(deadline), &stop);
		if (fdbg_error_is(err, FDBG_ERROR_TIMEOUT) && engine->running) {
			fdbg_error_destroy(err);
			return fdbg_error_create(FDBG_ERROR_TIMEOUT, "the target did not stop within %d ms, its breakpoints "
						 "stay in: the first that it comes to will end it", timeout_ms);
		}
		if (err)
			break;
		if (stop.kind == FDBG_STOP_SIGNAL && (stop.signal == TARGET_SIGINT || stop.signal == TARGET_SIGSTOP)) {
			engine->thread = stop.thread;
			engine->signal = 0;
			return NULL;
		}
		err = handle(engine, &stop, &outcome);
		engine->held = NULL;
		if (engine->gone)
			return err;
		/* Not every server can interrupt what it attached to (section 6): being stopped will do. */
		if (!err && !engine->running && fdbg_clock_mono_ns() > settled)
			return NULL;
		if (fdbg_clock_mono_ns() > deadline)
			err = fdbg_error_create(FDBG_ERROR_TIMEOUT, "the target does not come to rest within %d ms",
						timeout_ms);
	}
	return err;
}

static struct fdbg_error *stop(struct fdbg_engine *base, bool kill)
{
	struct fdbg_stop_engine *engine = self(base);
	struct fdbg_error *err;

	if (engine->gone)
		return NULL;
	engine->held = NULL;
	err = halt(engine);
	if (err || engine->gone)
		return err;
	engine->gone = true;
	if (kill)
		return fdbg_session_kill(engine->session, engine->pid);
	err = fdbg_places_remove(&engine->places, true);
	return err ? err : fdbg_session_detach(engine->session, engine->pid);
}

static void destroy(struct fdbg_engine *base)
{
	struct fdbg_stop_engine *engine = self(base);

	fdbg_session_destroy(engine->session);
	fdbg_error_destroy(engine->failed);
	fdbg_places_deinit(&engine->places);
	for (size_t i = 0; i < 2; i++)
		fdbg_arena_deinit(&engine->moments[i].arena);
	free(engine->needs);
	free(engine);
}

static struct fdbg_error *start(struct fdbg_stop_engine *engine)
{
	struct fdbg_stop stop;
	struct fdbg_error *err;

	err = fdbg_session_query_stop(engine->session, &stop);
	if (err)
		return err;
	if (stop.kind == FDBG_STOP_EXITED || stop.kind == FDBG_STOP_KILLED)
		return fdbg_error_create(FDBG_ERROR_REFUSED, "the server holds no running program");
	engine->thread = stop.thread;
	engine->pid = stop.thread.pid;
	clear_places(engine);
	/* Signals that come while scratch memory is made must not be lost in it: they pass only afterwards. */
	err = probe(engine);
	return err ? err : pass_signals(engine);
}

/* A start that failed: a program that lived before us goes on as it was. */
static void back_out(struct fdbg_stop_engine *engine)
{
	struct fdbg_error *err = engine->places.session ? fdbg_places_remove(&engine->places, true) : NULL;
	bool attached = false;

	if (!err)
		err = fdbg_session_is_attached(engine->session, &attached);
	if (!err && attached)
		err = fdbg_session_detach(engine->session, engine->pid);
	fdbg_error_destroy(err);
}

static struct fdbg_error *watch_unwinding(struct fdbg_engine *base)
{
	struct fdbg_stop_engine *engine = self(base);

	return engine->held ? watch_set_ip(engine) : NULL;
}

/* The process is in its execve, whose breakpoints and scratch memory are gone with the former program. */
static struct fdbg_error *adopt(struct fdbg_engine *base, const struct fdbg_image *image, const struct fdbg_plan *plan)
{
	struct fdbg_stop_engine *engine = self(base);
	struct fdbg_error *err;

	if (!engine->in_exec)
		return NULL;
	engine->in_exec = false;
	clear_places(engine);
	engine->watches_unwinding = engine->base.sees_landings = false;
	engine->plan = plan;
	engine->image = image;
	if (!plan)
		return NULL;
	if (plan->arch != engine->arch)
		return fdbg_error_create(FDBG_ERROR_UNSUPPORTED, "it is a program for %s, the one before was for %s",
					 plan->arch->name, engine->arch->name);
	err = fdbg_session_settle_exec(engine->session, engine->thread, &engine->signal);
	if (!err)
		err = probe(engine);
	if (err && (err->code == FDBG_ERROR_REFUSED || err->code == FDBG_ERROR_UNSUPPORTED))
		clear_places(engine);
	return err;
}

static const struct fdbg_engine_ops stop_engine_ops = { next, release, watch_unwinding, retire_heap, adopt, stop, destroy };

struct fdbg_error *fdbg_stop_engine_create(struct fdbg_session *session, const struct fdbg_image *image,
					   const struct fdbg_plan *plan, const struct fdbg_log *log,
					   struct fdbg_engine **ret)
{
	struct fdbg_stop_engine *engine = calloc(1, sizeof(*engine));
	struct fdbg_error *err;

	if (!engine) {
		fdbg_session_destroy(session);
		return &fdbg_error_nomem;
	}
	engine->base.ops = &stop_engine_ops;
	engine->session = session;
	engine->image = image;
	engine->plan = plan;
	engine->arch = plan->arch;
	engine->log = log;
	fdbg_stop_moments_init(engine);
	err = start(engine);
	if (err) {
		back_out(engine);
		destroy(&engine->base);
		return err;
	}
	*ret = &engine->base;
	return NULL;
}
