/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Stop replies: the answer to a resume. */
#ifndef FDBG_GDBREMOTE_STOP_H
#define FDBG_GDBREMOTE_STOP_H

#include "gdbremote/session.h"
#include "base/text.h"

/* What a stop reply says beyond struct fdbg_stop. Texts point into the packet. */
struct fdbg_stop_reply {
	/* kind BREAKPOINT only as far as the reply says so itself; no exec_path, no time */
	struct fdbg_stop stop;
	bool swbreak;            /* `swbreak` was there: a breakpoint that the server inserted */
	/* `reason:breakpoint` (lldb-server), also for the target's own trap instructions */
	bool reason_breakpoint;
	struct fdbg_text exec_hex; /* the path of exec, in hexadecimal digits */
	size_t n_registers;      /* expedited registers */
};

/* Called for each expedited register: its number and its digits, in target byte order. */
typedef void (*fdbg_stop_register_fn)(void *context, uint64_t number, const uint8_t *digits, size_t n_digits);

/*
 * Parses a stop reply (T, S, W, X, N). gdb_signals: signal numbers are GDB's. False when it is none, or
 * malformed; registers may have been reported then. on_register NULL: not wanted.
 */
bool fdbg_stop_parse(const uint8_t *data, size_t len, bool gdb_signals, fdbg_stop_register_fn on_register,
		     void *context, struct fdbg_stop_reply *ret);

/* A thread id, `p` PID `.` TID or TID, at *pos, which moves behind it. `-1` (all) is no thread: false. */
bool fdbg_stop_parse_thread(const uint8_t *data, size_t len, size_t *pos, struct fdbg_thread_id *ret);

#endif
