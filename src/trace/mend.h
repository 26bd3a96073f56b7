/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Taking breakpoints out of a process of this machine whose server is gone. */
#ifndef FDBG_TRACE_MEND_H
#define FDBG_TRACE_MEND_H

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "trace/engine.h"

/*
 * A server that dies leaves its breakpoints in the process that it was attached to, which would run into them: writes the
 * original instructions back through /proc/PID/mem (proc(5); that takes the same permission as attaching). To be called when no server traces
 * the process any more. *n_ret is how many were put back. GONE: there is no such process any more.
 */
struct fdbg_error *fdbg_stop_engine_mend(struct fdbg_engine *engine, pid_t pid, size_t *n_ret) FDBG_CHECK;

#endif
