/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How the stop engine lets the target run on: past a displaced instruction, or by a step over it. */
#include <string.h>

#include "base/clock.h"
#include "trace/stop_internal.h"

/* Signals that may come instead of the end of a step. */
#define MAX_STEPS 64

static struct fdbg_error *set_pc(struct fdbg_stop_engine *engine, uint64_t pc)
{
	uint8_t bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(pc >> 8 * i);
	return fdbg_session_set_register(engine->session, engine->remote[engine->arch->pc], bytes);
}

static bool is_trap(const struct fdbg_arch *arch, const uint8_t *bytes)
{
	for (uint32_t i = 0; i < arch->breakpoint_size; i++)
		if ((bytes[i] & arch->trap_mask[i]) != arch->breakpoint[i])
			return false;
	return true;
}

/* The trap instruction at an address is the program's own: the thread is to have executed it. */
static struct fdbg_error *give_trap(struct fdbg_stop_engine *engine, uint64_t address)
{
	engine->signal = TARGET_SIGTRAP;
	return engine->arch->trap_advance ? set_pc(engine, address + engine->arch->trap_advance) : NULL;
}

struct fdbg_error *fdbg_stop_pass_trap(struct fdbg_stop_engine *engine)
{
	uint64_t pc = fdbg_registers_get(&engine->now->registers, engine->arch->pc);
	uint8_t bytes[sizeof(engine->arch->breakpoint)];
	bool done;
	struct fdbg_error *err;

	engine->signal = 0;
	err = fdbg_session_queue_read(engine->session, pc, engine->arch->breakpoint_size, bytes, &done);
	if (!err)
		err = fdbg_session_collect(engine->session);
	return err || !done || !is_trap(engine->arch, bytes) ? err : give_trap(engine, pc);
}

/* Waits for the end of a step, which is short: whoever wants to interrupt waits for it. */
static struct fdbg_error *wait_step(struct fdbg_stop_engine *engine, struct fdbg_stop *ret)
{
	int timeout_ms = fdbg_session_timeout_ms(engine->session);
	uint64_t deadline = fdbg_clock_mono_ns() + (uint64_t)timeout_ms * 1000000;
	struct fdbg_error *err;

	for (;;) {
		err = fdbg_session_wait(engine->session, timeout_ms, ret);
		if (!fdbg_error_is(err, FDBG_ERROR_INTERRUPTED) || fdbg_clock_mono_ns() > deadline)
			return err;
		fdbg_error_destroy(err);
	}
}

/* Whether the thread that stopped is still at an address. */
static struct fdbg_error *is_at(struct fdbg_stop_engine *engine, uint64_t address, bool *ret)
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
static struct fdbg_error *step(struct fdbg_stop_engine *engine, const struct fdbg_stop_place *place)
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
static struct fdbg_error *step_over(struct fdbg_stop_engine *engine, const struct fdbg_stop_place *place)
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

struct fdbg_error *fdbg_stop_queue_run(struct fdbg_stop_engine *engine)
{
	struct fdbg_error *err = NULL;

	if (engine->at_place) {
		const struct fdbg_stop_place *place = fdbg_places_at(&engine->places, engine->at_place);

		engine->at_place = 0;
		if (place && place->has_original && is_trap(engine->arch, place->original))
			err = give_trap(engine, place->address);
		else if (place)
			err = place->slot ? set_pc(engine, place->slot) : step_over(engine, place);
		if (err || engine->has_next)
			return err;
	}
	err = fdbg_session_queue_resume(engine->session, FDBG_RESUME_CONTINUE, engine->thread, engine->signal, true);
	engine->signal = 0;
	engine->running = !err;
	return err;
}
