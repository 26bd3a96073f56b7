/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Engines: what puts probes into a target and yields their hits. */
#ifndef FDBG_TRACE_ENGINE_H
#define FDBG_TRACE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/arch.h"
#include "base/error.h"
#include "base/memview.h"
#include "trace/plan.h"

/*
 * An engine gives hits in the order of each thread; hits of different threads may come in any order, and late. A hit has the
 * memory that its site's capture plan names; its view may be able to fetch more on demand, or not. When the caller
 * needs nothing more of the target for a hit it says so (release), and an engine that stops the target lets it go on; decoding and
 * writing then happen while the target runs. A hit is valid until the next call of next.
 */

struct fdbg_hit {
	const struct fdbg_site *site;
	uint64_t thread_id;
	uint64_t time_ms;                        /* wall clock */
	const struct fdbg_registers *registers;
	struct fdbg_memview *view;
};

enum fdbg_engine_event_kind {
	FDBG_ENGINE_HIT,
	FDBG_ENGINE_IDLE,    /* nothing happened for a while: the caller may look at the clock */
	FDBG_ENGINE_LANDING, /* unwinding or a long jump goes on in a frame: the hit has thread, time and registers, no site and no memory */
	FDBG_ENGINE_EXITED,  /* exit_code */
	FDBG_ENGINE_KILLED,  /* signal */
	FDBG_ENGINE_EXEC,    /* another program is about to run, without probes; see fdbg_engine_adopt. The hit has thread and time */
};

struct fdbg_engine_event {
	enum fdbg_engine_event_kind kind;
	struct fdbg_hit hit;
	int exit_code;
	int signal;
};

struct fdbg_engine;

struct fdbg_engine_stats {
	uint64_t hits, stops, on_demand_reads;
	uint64_t stepped;    /* hits that could not run out of line */
};

struct fdbg_image;

struct fdbg_engine_ops {
	struct fdbg_error *(*next)(struct fdbg_engine *engine, int timeout_ms, struct fdbg_engine_event *ret);
	struct fdbg_error *(*release)(struct fdbg_engine *engine);
	struct fdbg_error *(*watch_unwinding)(struct fdbg_engine *engine);
	void (*retire_heap)(struct fdbg_engine *engine);
	struct fdbg_error *(*adopt)(struct fdbg_engine *engine, const struct fdbg_image *image, const struct fdbg_plan *plan);
	struct fdbg_error *(*stop)(struct fdbg_engine *engine, bool kill);
	void (*destroy)(struct fdbg_engine *engine);
};

struct fdbg_engine {
	const struct fdbg_engine_ops *ops;
	struct fdbg_engine_stats stats;
	uint64_t bias;       /* run-time address - link-time address of the executable */
	bool sees_landings;  /* of every panic, since fdbg_engine_watch_unwinding was called first */
};

/*
 * Waits up to timeout_ms for the next event (IDLE: none came). Releases the last hit when that has not been done. FDBG_ERROR_INTERRUPTED: the
 * wake descriptor is readable; the target runs on. Other errors: the target is lost.
 */
FDBG_CHECK static inline struct fdbg_error *fdbg_engine_next(struct fdbg_engine *engine, int timeout_ms,
							     struct fdbg_engine_event *ret)
{
	return engine->ops->next(engine, timeout_ms, ret);
}

/* No more memory of the current hit is needed. */
FDBG_CHECK static inline struct fdbg_error *fdbg_engine_release(struct fdbg_engine *engine)
{
	return engine->ops->release(engine);
}

/*
 * Asks for LANDING events from now on: one each time an unwinding thread arrives at a landing pad, with the stack pointer of the
 * frame that owns it (rust-abi.md, section 5). To be called while a hit is held. An engine that cannot does nothing.
 */
FDBG_CHECK static inline struct fdbg_error *fdbg_engine_watch_unwinding(struct fdbg_engine *engine)
{
	return engine->ops->watch_unwinding(engine);
}

/* Asks for no more hits of the sites that are for heap allocations alone; some may still come. */
static inline void fdbg_engine_retire_heap(struct fdbg_engine *engine)
{
	engine->ops->retire_heap(engine);
}

/*
 * After an EXEC event and before the next: the process runs image from now on and is probed as the plan, made from it, says.
 * Image and plan NULL: it runs without probes. The former ones are not used any more. A plan that cannot be put in is no error of
 * the target: REFUSED or UNSUPPORTED, and it runs without probes.
 */
FDBG_CHECK static inline struct fdbg_error *fdbg_engine_adopt(struct fdbg_engine *engine, const struct fdbg_image *image,
							      const struct fdbg_plan *plan)
{
	return engine->ops->adopt(engine, image, plan);
}

/* Stops the target, takes all probes out and detaches, or kills it. */
FDBG_CHECK static inline struct fdbg_error *fdbg_engine_stop(struct fdbg_engine *engine, bool kill)
{
	return engine->ops->stop(engine, kill);
}

static inline void fdbg_engine_destroy(struct fdbg_engine *engine)
{
	if (engine)
		engine->ops->destroy(engine);
}

struct fdbg_session;
struct fdbg_log;

/*
 * The stop engine: breakpoints through a server of the GDB remote protocol. The session holds a stopped process that runs
 * image; the engine finds its load bias and inserts the plan's sites. Takes over the session (destroys it with itself, also on
 * failure).
 */
struct fdbg_error *fdbg_stop_engine_create(struct fdbg_session *session, const struct fdbg_image *image,
					   const struct fdbg_plan *plan, const struct fdbg_log *log,
					   struct fdbg_engine **ret) FDBG_CHECK;

#endif
