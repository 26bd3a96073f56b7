/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The stop engine from inside: what its three parts share.
 *
 *   stop_engine.c  what a stop means: hits, threads, forks, the end
 *   stop_moment.c  what a hit holds: registers and memory
 *   stop_resume.c  how the target runs on: past a displaced instruction, or by a step
 */
#ifndef FDBG_TRACE_STOP_INTERNAL_H
#define FDBG_TRACE_STOP_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/memview.h"
#include "gdbremote/session.h"
#include "trace/engine.h"
#include "trace/places.h"

enum { TARGET_SIGINT = 2, TARGET_SIGTRAP = 5, TARGET_SIGKILL = 9, TARGET_SIGSTOP = 19, TARGET_N_SIGNALS = 64 };

struct fdbg_stop_engine;

/* A register that is read by itself. */
struct fdbg_stop_register {
	uint32_t reg;                        /* index into arch->regs */
	uint8_t *bytes;
	bool done;
};

/* Memory that is read with a hit. */
struct fdbg_stop_read {
	uint64_t address;
	size_t size;
	uint8_t *bytes;
	bool done;
	bool beyond;                         /* of a window, and not its first page: need not be there */
};

/* What one hit holds: its registers and memory, valid until the hit after it is asked for. */
struct fdbg_stop_moment {
	struct fdbg_stop_engine *engine;
	struct fdbg_arena arena;
	struct fdbg_memview view;
	struct fdbg_registers registers;
	struct fdbg_engine_event event;
	struct fdbg_stop_read *reads;        /* the captures of the site */
	size_t n_reads;
	/* registers that the site's values are in and that the stop did not bring, read with the captures */
	struct fdbg_stop_register *registers_read;
	size_t n_registers_read;
};

/*
 * A hit that needs nothing but its captures costs one round trip: its reads go out in one write with the resume, and
 * their answers come in with the next stop. So it is handed out when that stop has been dealt with, and decoded
 * while the target runs on. Meanwhile it is `pending`.
 */
struct fdbg_stop_engine {
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
	uint64_t only_thread;                /* where others run on at a stop: the one there may be; 0: not seen */

	bool running;
	uint64_t at_place;                   /* stopped at this breakpoint, its instruction not yet executed; 0: no */
	struct fdbg_stop_moment *held;       /* the hit that may read memory; NULL: the target runs, or may run on */
	bool gone;                           /* the process has ended, or was let go */
	bool in_exec;                        /* stopped inside an execve, and nobody has said what runs now */
	bool watches_unwinding;
	bool retires_heap;                   /* to be done at the next stop */
	bool wants_jumps;                    /* the program uses setjmp, which is still to be found */
	bool wants_exceptions;               /* it may unwind without a panic; the unwinder is still to be found */
	bool halting;                        /* a hit is no reason to run on */
	struct fdbg_thread_id thread;        /* that stopped last */
	int signal;                          /* to deliver with the next resume */
	bool has_next;                       /* a stop that came while another was being handled */
	struct fdbg_stop next_stop;

	struct fdbg_stop_moment moments[2];
	struct fdbg_stop_moment *now;        /* of the stop that is being dealt with */
	struct fdbg_stop_moment *pending;    /* NULL: none */
	bool has_stashed;                    /* an event that comes after the pending one */
	struct fdbg_engine_event stashed;
	struct fdbg_error *failed;           /* reported when the pending hit has been handed out */
};

/* ---- stop_moment.c ---- */

/* Makes the moments of an engine empty. They are destroyed with their arenas. */
void fdbg_stop_moments_init(struct fdbg_stop_engine *engine);

/* Works out which registers the server has, and which ones each site needs (engine->remote, engine->needs). */
struct fdbg_error *fdbg_stop_prepare_registers(struct fdbg_stop_engine *engine);

/* Loads the general registers of the stopped thread into engine->now: no packet where the stop reply brought them. */
struct fdbg_error *fdbg_stop_load_general_registers(struct fdbg_stop_engine *engine);

/*
 * Reads into engine->now what the site's plan names, and the other registers that its values are in; one that the server refuses
 * stays invalid. When nothing more can be needed the target runs on at once, and
 * the moment is pending (*pending_ret) until the answers are in; else it is held.
 */
struct fdbg_error *fdbg_stop_capture(struct fdbg_stop_engine *engine, const struct fdbg_site *site,
				     const struct fdbg_stop_place *place, bool *pending_ret);

/* The answers to a moment's reads are in: puts them into its registers and its view. */
struct fdbg_error *fdbg_stop_gather(struct fdbg_stop_moment *moment);

/* Whether all answers to a moment's reads came, and well. */
bool fdbg_stop_is_complete(const struct fdbg_stop_moment *moment);

/* ---- stop_resume.c ---- */

/*
 * The thread has stopped at a breakpoint that is not ours. Where the program has a trap instruction of its own there, the thread gets
 * its SIGTRAP as if nobody had looked; else what is there now is executed.
 */
struct fdbg_error *fdbg_stop_pass_trap(struct fdbg_stop_engine *engine);

/*
 * Queues what lets the target run on from where it stopped. Nothing is sent yet, except to step: then a stop that
 * came meanwhile is in engine->next_stop, and the target is not running.
 */
struct fdbg_error *fdbg_stop_queue_run(struct fdbg_stop_engine *engine);

#endif
