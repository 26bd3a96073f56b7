/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a recording says of itself before its events: the info, file and breakpoint streams. */
#ifndef FDBG_TRACE_ANNOUNCE_H
#define FDBG_TRACE_ANNOUNCE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/map.h"
#include "debuginfo/debuginfo.h"
#include "stream/writer.h"
#include "trace/plan.h"

struct fdbg_announcement {
	const char *program;            /* absolute path of the executable */
	const char *const *arguments;   /* without argv[0] */
	size_t n_arguments;
	const char *const *map;         /* FROM=TO: source paths below FROM are below TO here; NULL-terminated, NULL: none */
};

/* What was announced so far, from one program to the next that the process executes. Zeroed: nothing. */
struct fdbg_announcer {
	struct fdbg_arena arena;
	struct fdbg_strmap files;       /* path -> id */
	struct fdbg_text root;          /* the workspace root of the recording: paths are relative to it */
};

void fdbg_announcer_deinit(struct fdbg_announcer *announcer);

/*
 * Writes the debugger message, every source file of the plan's functions (id 0: the debugger itself) and every breakpoint, so
 * that whatever an event names stands earlier in the file.
 */
struct fdbg_error *fdbg_announce(struct fdbg_announcer *announcer, struct fdbg_writer *writer,
				 const struct fdbg_plan *plan, struct fdbg_debuginfo *debuginfo,
				 const struct fdbg_announcement *announcement) FDBG_CHECK;

/*
 * Says that the process executed another program (doc/stream.md), and writes what its functions need beyond what was
 * announced before: source files, breakpoints. The plan's ids are its own. known: the program was announced before, with this
 * plan. plan and debuginfo NULL: it is not recorded.
 */
struct fdbg_error *fdbg_announce_exec(struct fdbg_announcer *announcer, struct fdbg_writer *writer,
				      const struct fdbg_plan *plan, struct fdbg_debuginfo *debuginfo,
				      const struct fdbg_announcement *announcement, bool known) FDBG_CHECK;

/* The path of a function's source file: relative to root where it lies below it, else absolute. In the arena; data NULL without memory. */
struct fdbg_text fdbg_announce_path(const struct fdbg_function *function, struct fdbg_text root,
				    struct fdbg_arena *arena);

#endif
