/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The stop engine: a breakpoint stops the target, its memory is read, it runs on past the displaced instruction. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "debuginfo/image.h"
#include "gdbremote/program.h"
#include "gdbremote/session.h"
#include "trace/engine.h"
#include "trace/identity.h"
#include "trace/places.h"
#include "trace/unwinder.h"

/* Reads that go out before replies are gathered, so that neither side's socket buffer can fill up for good. */
#define BATCH 256
#define STOP_TIMEOUT_MS 5000
/* How long a hit waits for the stop after it before its answers are asked for. */
#define PENDING_MS 5
/* Signals that may come instead of the end of a step. */
#define MAX_STEPS 64
/* How long an interrupt may take to show before another stop is taken instead. */
#define INTERRUPT_MS 1000
/* The most memory that one event may read. */
#define FETCH_LIMIT ((size_t)4 << 20)

enum { TARGET_SIGINT = 2, TARGET_SIGTRAP = 5, TARGET_SIGKILL = 9, TARGET_SIGSTOP = 19, TARGET_N_SIGNALS = 64 };

struct stop_engine;

/* What one hit holds: its registers and memory, valid until the hit after it is asked for. */
struct moment {
	struct stop_engine *engine;
	struct fdbg_arena arena;
	struct fdbg_memview view;
	struct fdbg_registers registers;
	struct fdbg_engine_event event;
	uint8_t **bytes;                     /* one a capture of the site: what was read, and whether */
	bool *done;
};

/*
 * A hit that needs nothing but its captures costs one round trip: its reads go out in one write with the resume, and
 * their answers come in with the next stop. So it is handed out when that stop has been dealt with, and decoded
 * while the target runs on. Meanwhile it is `pending`.
 */
struct stop_engine {
	struct fdbg_engine base;
	struct fdbg_session *session;
	const struct fdbg_plan *plan;
	const struct fdbg_arch *arch;
	const struct fdbg_image *image;
	const struct fdbg_log *log;
	uint32_t remote[FDBG_ARCH_MAX_REGS]; /* index of the session's register, UINT32_MAX: it has none */
	uint32_t copy_size[FDBG_ARCH_MAX_REGS];
	struct fdbg_places places;           /* the first ones are the plan's sites */
	uint64_t pid;
	uint64_t (*needs)[2];                /* by site: bit set of the registers that its values are in */
	uint64_t only_thread;                /* where others run on at a stop: the one that there may be; 0: not seen */

	bool running;
	uint64_t at_place;                   /* stopped at this breakpoint of ours, its instruction still to be executed; 0: no */
	struct moment *held;                 /* the hit that may read memory; NULL: the target runs, or may run on */
	bool gone;                           /* the process has ended, or was let go */
	bool watches_unwinding;
	bool halting;                        /* a hit is no reason to run on */
	struct fdbg_thread_id thread;        /* that stopped last */
	int signal;                          /* to deliver with the next resume */
	bool has_next;                       /* a stop that came while another was being handled */
	struct fdbg_stop next_stop;

	struct moment moments[2];
	struct moment *now;                  /* of the stop that is being dealt with */
	struct moment *pending;              /* NULL: none */
	bool has_stashed;                    /* an event that comes after the pending one */
	struct fdbg_engine_event stashed;
	struct fdbg_error *failed;           /* reported when the pending hit has been handed out */
};

static struct stop_engine *self(struct fdbg_engine *engine)
{
	return (struct stop_engine *)engine;
}

/* ---- start ---- */

static struct fdbg_error *find_bias(struct stop_engine *engine)
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

static void map_registers(struct stop_engine *engine)
{
	const struct fdbg_remote_reg *regs;
	size_t n;

	regs = fdbg_session_regs(engine->session, &n);
	for (uint32_t i = 0; i < engine->arch->n_regs; i++) {
		engine->remote[i] = UINT32_MAX;
		for (size_t k = 0; k < n; k++) {
			if (fdbg_arch_reg_by_name(engine->arch, regs[k].name) != i)
				continue;
			engine->remote[i] = (uint32_t)k;
			engine->copy_size[i] = regs[k].size < engine->arch->regs[i].size ? regs[k].size
										  : engine->arch->regs[i].size;
		}
	}
}

/* Signals that are none of our business go to the target without a stop, where the server can. */
static struct fdbg_error *pass_signals(struct stop_engine *engine)
{
	int signals[TARGET_N_SIGNALS];
	struct fdbg_error *err;
	size_t n = 0;

	for (int i = 1; i <= TARGET_N_SIGNALS; i++)
		/* SIGINT and SIGSTOP are how a running target is stopped, SIGTRAP is a breakpoint. */
		if (i != TARGET_SIGINT && i != TARGET_SIGTRAP && i != TARGET_SIGSTOP && i != TARGET_SIGKILL)
			signals[n++] = i;
	err = fdbg_session_pass_signals(engine->session, signals, n);
	if (fdbg_error_is(err, FDBG_ERROR_UNSUPPORTED) || fdbg_error_is(err, FDBG_ERROR_REFUSED)) {
		fdbg_error_destroy(err);
		return NULL;
	}
	return err;
}

/* ---- memory ---- */

static struct fdbg_error *fetch(void *context, struct fdbg_memview_want *wants, size_t n_wants)
{
	struct moment *moment = context;
	struct stop_engine *engine = moment->engine;
	struct fdbg_error *err = NULL;

	if (engine->held != moment)
		return NULL; /* the target runs on: what was not captured cannot be read */
	engine->base.stats.on_demand_reads++;
	for (size_t i = 0; i < n_wants && !err; i++) {
		err = fdbg_session_queue_read(engine->session, wants[i].address, wants[i].size, wants[i].bytes,
					      &wants[i].done);
		if (!err && i % BATCH == BATCH - 1)
			err = fdbg_session_collect(engine->session);
	}
	return err ? err : fdbg_session_collect(engine->session);
}

/* The program's own constants need no round trip. */
static const uint8_t *fixed(void *context, uint64_t address, size_t size)
{
	struct stop_engine *engine = context;

	return fdbg_image_bytes(engine->image, address - engine->base.bias, size, true);
}

/* ---- running ---- */

static struct fdbg_error *set_pc(struct stop_engine *engine, uint64_t pc)
{
	uint8_t bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(pc >> 8 * i);
	return fdbg_session_set_register(engine->session, engine->remote[engine->arch->pc], bytes);
}

/* Waits for the end of a step, which is short: whoever wants to interrupt waits for it. */
static struct fdbg_error *wait_step(struct stop_engine *engine, struct fdbg_stop *ret)
{
	uint64_t deadline = fdbg_clock_mono_ns() + (uint64_t)STOP_TIMEOUT_MS * 1000000;
	struct fdbg_error *err;

	for (;;) {
		err = fdbg_session_wait(engine->session, STOP_TIMEOUT_MS, ret);
		if (!fdbg_error_is(err, FDBG_ERROR_INTERRUPTED) || fdbg_clock_mono_ns() > deadline)
			return err;
		fdbg_error_destroy(err);
	}
}

/* Whether the thread that stopped is still at an address. */
static struct fdbg_error *is_at(struct stop_engine *engine, uint64_t address, bool *ret)
{
	uint32_t pc = engine->remote[engine->arch->pc];
	struct fdbg_error *err = fdbg_session_fetch_register(engine->session, pc);
	const uint8_t *bytes = err ? NULL : fdbg_session_register(engine->session, pc);
	uint64_t value = 0;

	for (int i = 7; bytes && i >= 0; i--)
		value = value << 8 | bytes[i];
	*ret = value == address;
	return err;
}

/* Steps until the instruction at a place is executed; signals that come first are kept for the target. */
static struct fdbg_error *step(struct stop_engine *engine, const struct fdbg_stop_place *place)
{
	for (int i = 0; i < MAX_STEPS; i++) {
		struct fdbg_error *err;
		struct fdbg_stop stop;
		bool still;

		err = fdbg_session_queue_resume(engine->session, FDBG_RESUME_STEP_ONLY, engine->thread, 0, false);
		if (!err)
			err = wait_step(engine, &stop);
		if (err)
			return fdbg_error_prefix(err, "while stepping over a breakpoint");
		if (stop.kind == FDBG_STOP_EXITED || stop.kind == FDBG_STOP_KILLED || stop.interrupt) {
			/* Dealt with as if it had come afterwards. */
			engine->has_next = true;
			engine->next_stop = stop;
			if (!stop.interrupt)
				return NULL;
		} else if (stop.kind != FDBG_STOP_SIGNAL || stop.signal == TARGET_SIGTRAP) {
			return NULL;
		} else {
			engine->signal = stop.signal;
		}
		err = is_at(engine, place->address, &still);
		if (err || !still)
			return err;
	}
	return fdbg_error_create(FDBG_ERROR_TIMEOUT, "the target does not get past a breakpoint for signals");
}

/* Remove, step this thread alone, insert again (remote-protocol.md, section 5, (i)). */
static struct fdbg_error *step_over(struct stop_engine *engine, const struct fdbg_stop_place *place)
{
	struct fdbg_error *err;
	bool removed, inserted = false;

	engine->base.stats.stepped++;
	err = fdbg_session_queue_remove(engine->session, place->address, engine->arch->breakpoint_size, &removed);
	if (!err)
		err = step(engine, place);
	if (err || (engine->has_next && !engine->next_stop.interrupt))
		return err;
	err = fdbg_session_queue_insert(engine->session, place->address, engine->arch->breakpoint_size, &inserted);
	if (!err)
		err = fdbg_session_collect(engine->session);
	if (!err && !inserted)
		err = fdbg_error_create(FDBG_ERROR_PROTOCOL, "the server did not set a breakpoint again");
	return err;
}

/* Queues what lets the target run on from where it stopped. Nothing is sent yet, except to step. */
static struct fdbg_error *queue_run(struct stop_engine *engine)
{
	struct fdbg_error *err = NULL;

	if (engine->at_place) {
		const struct fdbg_stop_place *place = fdbg_places_at(&engine->places, engine->at_place);

		engine->at_place = 0;
		if (place)
			err = place->slot ? set_pc(engine, place->slot) : step_over(engine, place);
		if (err || engine->has_next)
			return err;
	}
	err = fdbg_session_queue_resume(engine->session, FDBG_RESUME_CONTINUE, engine->thread, engine->signal, true);
	engine->signal = 0;
	engine->running = !err;
	return err;
}

static struct fdbg_error *release(struct fdbg_engine *base)
{
	struct stop_engine *engine = self(base);
	struct fdbg_error *err;

	/* A stashed hit is held until it has been handed out. */
	if (engine->has_stashed)
		return NULL;
	engine->held = NULL;
	if (engine->running || engine->gone || engine->has_next)
		return NULL;
	err = queue_run(engine);
	return err || !engine->running ? err : fdbg_session_send(engine->session);
}

static void load_registers(struct stop_engine *engine)
{
	for (size_t i = 0; i < engine->arch->n_regs; i++) {
		const uint8_t *bytes = engine->remote[i] == UINT32_MAX
					       ? NULL : fdbg_session_register(engine->session, engine->remote[i]);

		engine->now->registers.valid[i] = bytes;
		if (bytes)
			memcpy(engine->now->registers.bytes[i], bytes, engine->copy_size[i]);
	}
}

/* General registers are wanted at every stop; of the others a site says which it needs. */
static bool is_general(const struct stop_engine *engine, size_t reg)
{
	return engine->arch->regs[reg].size <= 8;
}

static void need_pieces(uint64_t needs[2], const struct fdbg_source_piece *pieces, size_t n)
{
	for (size_t i = 0; i < n; i++)
		needs[pieces[i].reg / 64] |= (uint64_t)1 << pieces[i].reg % 64;
}

/* The registers that the values of a probe are in. */
static void need_of_probe(uint64_t needs[2], const struct fdbg_probe *probe)
{
	const struct fdbg_traced_function *function = probe->function;

	if (!function)
		return;
	if (probe->kind == FDBG_PROBE_RETURN)
		need_pieces(needs, function->return_pieces, function->n_return_pieces);
	for (size_t i = 0; probe->kind != FDBG_PROBE_RETURN && i < function->n_params; i++) {
		if (function->params[i].source.at_entry != (probe->kind == FDBG_PROBE_ENTRY))
			continue;
		need_pieces(needs, function->params[i].source.pieces, function->params[i].source.n_pieces);
		/* A location may name any register. */
		if (function->params[i].source.kind == FDBG_SOURCE_LOCATION)
			needs[0] = needs[1] = UINT64_MAX;
	}
}

static struct fdbg_error *find_needs(struct stop_engine *engine)
{
	engine->needs = calloc(engine->plan->n_sites + 1, sizeof(*engine->needs));
	if (!engine->needs)
		return &fdbg_error_nomem;
	for (size_t i = 0; i < engine->plan->n_sites; i++)
		for (size_t k = 0; k < engine->plan->sites[i].n_probes; k++)
			need_of_probe(engine->needs[i], &engine->plan->sites[i].probes[k]);
	return NULL;
}

static struct fdbg_error *load_general_registers(struct stop_engine *engine)
{
	struct fdbg_error *err;

	load_registers(engine);
	for (size_t i = 0; i < engine->arch->n_regs; i++) {
		if (engine->now->registers.valid[i] || engine->remote[i] == UINT32_MAX || !is_general(engine, i))
			continue;
		err = fdbg_session_fetch_registers(engine->session);
		if (err)
			return err;
		load_registers(engine);
		break;
	}
	return NULL;
}

/* What the stop did not bring of a site's other registers. */
static struct fdbg_error *load_needed_registers(struct stop_engine *engine, const struct fdbg_site *site)
{
	const uint64_t *needs = engine->needs[site - engine->plan->sites];
	struct fdbg_error *err = NULL;
	bool fetched = false;

	for (size_t i = 0; i < engine->arch->n_regs && !err; i++) {
		if (!(needs[i / 64] >> i % 64 & 1) || engine->now->registers.valid[i] || engine->remote[i] == UINT32_MAX)
			continue;
		err = fdbg_session_fetch_register(engine->session, engine->remote[i]);
		fetched = true;
		if (fdbg_error_is(err, FDBG_ERROR_REFUSED) || fdbg_error_is(err, FDBG_ERROR_UNSUPPORTED)) {
			fdbg_error_destroy(err);
			err = NULL;
		}
	}
	if (!err && fetched)
		load_registers(engine);
	return err;
}

static uint64_t capture_address(const struct moment *moment, const struct fdbg_capture_range *range)
{
	return fdbg_registers_get(&moment->registers, range->reg) + (uint64_t)range->offset;
}

/* The answers to a moment's reads are in: puts them into its view. */
static struct fdbg_error *gather(struct moment *moment)
{
	const struct fdbg_site *site = moment->event.hit.site;

	for (size_t i = 0; i < site->n_captures; i++)
		if (!fdbg_memview_add(&moment->view, capture_address(moment, &site->captures[i]),
				      moment->done[i] ? moment->bytes[i] : NULL, site->captures[i].size))
			return &fdbg_error_nomem;
	return NULL;
}

/*
 * Reads what the site's plan names. When nothing more can be needed the target runs on at once and the moment
 * becomes pending (*pending_ret) until the answers are in; else it is held.
 */
static struct fdbg_error *capture(struct stop_engine *engine, const struct fdbg_site *site,
				  const struct fdbg_stop_place *place, bool *pending_ret)
{
	struct moment *moment = engine->now;
	struct fdbg_error *err = NULL;

	moment->bytes = fdbg_arena_array(&moment->arena, site->n_captures, sizeof(*moment->bytes));
	moment->done = fdbg_arena_array(&moment->arena, site->n_captures, sizeof(*moment->done));
	if (!moment->bytes || !moment->done)
		return &fdbg_error_nomem;
	for (size_t i = 0; i < site->n_captures && !err; i++) {
		const struct fdbg_capture_range *range = &site->captures[i];

		moment->bytes[i] = fdbg_arena_alloc(&moment->arena, range->size);
		if (!moment->bytes[i])
			return &fdbg_error_nomem;
		err = fdbg_session_queue_read(engine->session, capture_address(moment, range), range->size,
					      moment->bytes[i], &moment->done[i]);
	}
	if (err)
		return err;
	if (!site->on_demand && place->slot && !engine->halting) {
		*pending_ret = site->n_captures > 0;
		err = queue_run(engine);
		return err ? err : fdbg_session_send(engine->session);
	}
	engine->held = moment;
	if (!site->n_captures)
		return NULL;
	err = fdbg_session_collect(engine->session);
	return err ? err : gather(moment);
}

static struct fdbg_engine_event event_of(struct stop_engine *engine, enum fdbg_engine_event_kind kind,
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

/* A breakpoint of ours was reached. */
static struct fdbg_error *hit(struct stop_engine *engine, const struct fdbg_stop_place *place,
			      const struct fdbg_stop *stop, enum outcome *ret)
{
	struct fdbg_engine_event *event = &engine->now->event;
	struct fdbg_error *err;
	bool pending = false;

	engine->at_place = place->address;
	switch (place->role) {
	case FDBG_ROLE_SITE:
		engine->base.stats.hits++;
		*event = event_of(engine, FDBG_ENGINE_HIT, stop);
		event->hit.site = &engine->plan->sites[place - engine->places.items];
		err = load_needed_registers(engine, event->hit.site);
		if (!err)
			err = capture(engine, event->hit.site, place, &pending);
		*ret = pending ? OUTCOME_PENDING : OUTCOME_EVENT;
		return err;
	case FDBG_ROLE_SET_IP:
		return fdbg_places_add(&engine->places,
				       fdbg_registers_get(&engine->now->registers, engine->arch->int_args[1]),
				       FDBG_ROLE_LANDING);
	case FDBG_ROLE_LANDING:
		*event = event_of(engine, FDBG_ENGINE_LANDING, stop);
		*ret = OUTCOME_EVENT;
		return NULL;
	}
	return NULL;
}

/* A forked child has our breakpoints in its memory and no tracer: clean it, then let it go. */
static struct fdbg_error *let_child_go(struct stop_engine *engine, const struct fdbg_stop *stop)
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
 * Where the other threads run on while one is stopped, hits of theirs are lost and stop replies mixed up (remote-protocol.md,
 * section 7): such a server is for programs with one thread.
 */
static struct fdbg_error *check_thread(struct stop_engine *engine, const struct fdbg_stop *stop)
{
	if (fdbg_session_abilities(engine->session)->stops_all || stop->kind == FDBG_STOP_EXITED ||
	    stop->kind == FDBG_STOP_KILLED || !stop->thread.tid)
		return NULL;
	if (!engine->only_thread)
		engine->only_thread = stop->thread.tid;
	if (engine->only_thread == stop->thread.tid)
		return NULL;
	return fdbg_error_create(FDBG_ERROR_UNSUPPORTED, "the program has started a second thread, and this server cannot stop "
				 "all threads together; what was recorded up to here is in the file");
}

/* Deals with a stop. */
static struct fdbg_error *handle(struct stop_engine *engine, const struct fdbg_stop *stop, enum outcome *ret)
{
	const struct fdbg_stop_place *place;
	struct moment *moment = engine->pending == &engine->moments[0] ? &engine->moments[1] : &engine->moments[0];
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
		err = load_general_registers(engine);
		if (err)
			return err;
		place = fdbg_places_at(&engine->places, fdbg_registers_get(&moment->registers, engine->arch->pc));
		if (!place)
			return NULL;
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

static struct fdbg_error *wait_stop(struct stop_engine *engine, int timeout_ms, struct fdbg_stop *ret)
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

/* Hands out the pending hit. */
static struct fdbg_error *hand_out_pending(struct stop_engine *engine, struct fdbg_engine_event *ret)
{
	struct moment *moment = engine->pending;

	engine->pending = NULL;
	*ret = moment->event;
	return gather(moment);
}

/* No stop came. The pending hit need not wait for one: the answers to its reads are on their way. */
static struct fdbg_error *nothing_came(struct stop_engine *engine, struct fdbg_error *err, struct fdbg_engine_event *ret)
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
		const struct fdbg_site *site = engine->pending->event.hit.site;
		bool complete = true;

		for (size_t i = 0; i < site->n_captures; i++)
			complete &= engine->pending->done[i];
		if (complete) {
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
	struct stop_engine *engine = self(base);
	struct fdbg_error *err = engine->failed ? engine->failed : release(base);
	uint64_t deadline = fdbg_clock_mono_ns() + (uint64_t)timeout_ms * 1000000;

	engine->failed = NULL;
	if (!err && engine->has_stashed) {
		engine->has_stashed = false;
		*ret = engine->stashed;
		return NULL;
	}
	while (!err) {
		uint64_t now = fdbg_clock_mono_ns();
		int left_ms = now < deadline ? (int)((deadline - now + 999999) / 1000000) : 0;
		enum outcome outcome;
		struct fdbg_stop stop;

		if (engine->gone)
			return fdbg_error_create(FDBG_ERROR_GONE, "the target has ended");
		if (!engine->running && !engine->has_next)
			err = queue_run(engine);
		if (!err)
			err = wait_stop(engine, engine->pending && left_ms > PENDING_MS ? PENDING_MS : left_ms, &stop);
		if (err)
			return nothing_came(engine, err, ret);
		err = handle(engine, &stop, &outcome);
		if (err || outcome == OUTCOME_NONE)
			continue;
		if (engine->pending) {
			/* Its answers came before this stop did. */
			struct moment *newest = engine->now;

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
static struct fdbg_error *halt(struct stop_engine *engine)
{
	uint64_t deadline = fdbg_clock_mono_ns() + (uint64_t)STOP_TIMEOUT_MS * 1000000;
	uint64_t settled = fdbg_clock_mono_ns() + (uint64_t)INTERRUPT_MS * 1000000;
	struct fdbg_error *err;

	if (!engine->running)
		return NULL;
	engine->halting = true;
	err = fdbg_session_interrupt(engine->session);
	while (!err) {
		enum outcome outcome;
		struct fdbg_stop stop;

		if (!engine->running && !engine->has_next)
			err = queue_run(engine);
		if (!err)
			err = wait_stop(engine, STOP_TIMEOUT_MS, &stop);
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
			err = fdbg_error_create(FDBG_ERROR_TIMEOUT, "the target did not stop");
	}
	return err;
}

static struct fdbg_error *stop(struct fdbg_engine *base, bool kill)
{
	struct stop_engine *engine = self(base);
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
	struct stop_engine *engine = self(base);

	fdbg_session_destroy(engine->session);
	fdbg_error_destroy(engine->failed);
	fdbg_places_deinit(&engine->places);
	for (size_t i = 0; i < 2; i++)
		fdbg_arena_deinit(&engine->moments[i].arena);
	free(engine->needs);
	free(engine);
}

static struct fdbg_error *start(struct stop_engine *engine)
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
	err = find_bias(engine);
	if (err)
		return err;
	map_registers(engine);
	if (engine->remote[engine->arch->pc] == UINT32_MAX || engine->remote[engine->arch->sp] == UINT32_MAX)
		return fdbg_error_create(FDBG_ERROR_UNSUPPORTED,
					 "the server does not describe the registers of %s", engine->arch->name);
	engine->places = (struct fdbg_places){
		.session = engine->session, .arch = engine->arch, .image = engine->image,
		.bias = engine->base.bias, .log = engine->log,
	};
	err = find_needs(engine);
	/* Signals that come while scratch memory is made must not be lost in it: they pass only afterwards. */
	if (!err)
		err = fdbg_places_insert(&engine->places, engine->plan, engine->thread);
	if (err)
		return err;
	engine->signal = engine->places.signal;
	return pass_signals(engine);
}

/* A start that failed: a program that lived before us goes on as it was. */
static void back_out(struct stop_engine *engine)
{
	struct fdbg_error *err = engine->places.session ? fdbg_places_remove(&engine->places, true) : NULL;
	bool attached = false;

	if (!err)
		err = fdbg_session_is_attached(engine->session, &attached);
	if (!err && attached)
		err = fdbg_session_detach(engine->session, engine->pid);
	fdbg_error_destroy(err);
}

/* Once is enough: from then on every landing of every thread is seen. */
static struct fdbg_error *watch_unwinding(struct fdbg_engine *base)
{
	struct stop_engine *engine = self(base);
	struct fdbg_error *err;
	uint64_t set_ip;

	if (engine->watches_unwinding || !engine->held)
		return NULL;
	engine->watches_unwinding = true;
	err = fdbg_unwinder_find(engine->session, engine->image, engine->base.bias, &set_ip);
	if (!err)
		err = fdbg_places_add(&engine->places, set_ip, FDBG_ROLE_SET_IP);
	if (fdbg_error_is(err, FDBG_ERROR_NOT_FOUND) || fdbg_error_is(err, FDBG_ERROR_UNSUPPORTED) ||
	    fdbg_error_is(err, FDBG_ERROR_REFUSED)) {
		fdbg_log(engine->log, FDBG_LOG_INFO, "frames that a panic leaves are noticed late: %s", err->message);
		fdbg_error_destroy(err);
		err = NULL;
	}
	return err;
}

static const struct fdbg_engine_ops stop_engine_ops = { next, release, watch_unwinding, stop, destroy };

struct fdbg_error *fdbg_stop_engine_create(struct fdbg_session *session, const struct fdbg_image *image,
					   const struct fdbg_plan *plan, const struct fdbg_log *log,
					   struct fdbg_engine **ret)
{
	struct stop_engine *engine = calloc(1, sizeof(*engine));
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
	for (size_t i = 0; i < 2; i++)
		engine->moments[i] = (struct moment){
			.engine = engine,
			.view = { .arena = &engine->moments[i].arena, .fetch = fetch,
				  .fetch_context = &engine->moments[i], .fixed = fixed, .fixed_context = engine,
				  .fetch_limit = FETCH_LIMIT },
		};
	err = start(engine);
	if (err) {
		back_out(engine);
		destroy(&engine->base);
		return err;
	}
	*ret = &engine->base;
	return NULL;
}
