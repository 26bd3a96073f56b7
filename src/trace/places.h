/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The breakpoints of the stop engine, and where their displaced instructions run. */
#ifndef FDBG_TRACE_PLACES_H
#define FDBG_TRACE_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/arch.h"
#include "base/error.h"
#include "base/log.h"
#include "base/map.h"
#include "debuginfo/image.h"
#include "gdbremote/session.h"
#include "trace/plan.h"

/*
 * A place is a run-time address with a breakpoint that stays in for the whole run. A thread that stops there goes on
 * in the place's slot, a copy of the displaced instruction in scratch memory that ends with a jump back (remote-protocol.md,
 * section 5, (ii)); a place without a slot has to be stepped with its breakpoint removed, (i). The first places are the plan's
 * sites, with the same indexes; others are added while the target runs.
 */

enum fdbg_place_role {
	FDBG_ROLE_SITE,      /* of the plan */
	FDBG_ROLE_SET_IP,    /* the unwinder's _Unwind_SetIP: its second argument is a landing pad */
	FDBG_ROLE_SETJMP,    /* the C library's setjmp: a long jump goes on where it returns to */
	FDBG_ROLE_LANDING,   /* a landing pad, or where setjmp returns to: a thread goes on here, and what was below is left */
};

struct fdbg_stop_place {
	uint64_t address;    /* run-time */
	uint64_t slot;       /* run-time, 0: to be stepped */
	enum fdbg_place_role role;
	bool inserted;
	bool retired;        /* is not there for good: taken out while the target ran, or never put in */
	bool has_original;
	uint8_t original[4]; /* what the breakpoint displaces */
};

struct fdbg_places {
	struct fdbg_session *session;
	const struct fdbg_arch *arch;
	const struct fdbg_image *image;
	uint64_t bias;
	const struct fdbg_log *log;
	struct fdbg_stop_place *items;
	size_t n_items, cap_items;
	struct fdbg_map by_address;   /* of inserted ones: address -> index */
	uint64_t scratch;             /* 0: none */
	size_t scratch_used, scratch_size;
	bool slot_per_page;        /* a page that code was executed from cannot be written any more */
	size_t n_refused;
	bool restored;                /* the code where memory was made from is as it was */
	int signal;                   /* one that came while memory was made, to be delivered with the next resume */
};

/* Makes a place of every site, prepares the slots and inserts the breakpoints. `thread` is the one that has stopped. */
struct fdbg_error *fdbg_places_insert(struct fdbg_places *places, const struct fdbg_plan *plan,
				      struct fdbg_thread_id thread) FDBG_CHECK;

/* Adds a place while the target is stopped; one that is there already is left as it is. A breakpoint that the server refuses is no error. */
struct fdbg_error *fdbg_places_add(struct fdbg_places *places, uint64_t address, enum fdbg_place_role role) FDBG_CHECK;

/* The place with a breakpoint at that address, or NULL. */
struct fdbg_stop_place *fdbg_places_at(const struct fdbg_places *places, uint64_t address);

/*
 * Takes every breakpoint out of the process that is selected. forget: they are out for good (a detach); else only that process, a fork's child, lost them.
 */
struct fdbg_error *fdbg_places_remove(struct fdbg_places *places, bool forget) FDBG_CHECK;

/* Takes the breakpoints of the places for which which() is true out for good. The target is stopped. */
struct fdbg_error *fdbg_places_retire(struct fdbg_places *places, bool (*which)(void *context, size_t index),
				      void *context) FDBG_CHECK;

/* Whether there was such a breakpoint at that address: a thread may have come upon it before it was taken out. */
bool fdbg_places_was_retired(const struct fdbg_places *places, uint64_t address);

/* The process runs another program now, without any of the breakpoints. */
void fdbg_places_forget(struct fdbg_places *places);

void fdbg_places_deinit(struct fdbg_places *places);

#endif
