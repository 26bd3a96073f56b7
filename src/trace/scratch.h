/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Memory in the target for instructions that run out of line. */
#ifndef FDBG_TRACE_SCRATCH_H
#define FDBG_TRACE_SCRATCH_H

#include <stddef.h>
#include <stdint.h>

#include "arch/arch.h"
#include "base/error.h"
#include "gdbremote/session.h"

/*
 * Gets executable memory within reach of [low, high) (run-time addresses of the executable): by an mmap that the stopped
 * thread is made to execute, or from the server where it can (_M). For the mmap a system call instruction is put at the
 * thread's pc for one step, or, where code cannot be written, one that is there is used; then code and registers are as
 * before (remote-protocol.md, section 4). All other threads stay stopped meanwhile. A thread that was stopped inside a
 * system call is left in it: the kernel starts the call again when its number and result are restored, which needs a server
 * that has that register; else only _M will do. *signal_ret is a signal that came meanwhile and is the target's to get, 0: none.
 * UNSUPPORTED when no memory can be had: the caller then steps instead.
 *
 * What was changed is put back with the next requests: *restored_ret says after the next collect whether it was, also when this
 * fails. A target that is not as it was must not run on.
 */
struct fdbg_error *fdbg_scratch_allocate(struct fdbg_session *session, const struct fdbg_arch *arch,
					 struct fdbg_thread_id thread, uint64_t low, uint64_t high, size_t size,
					 uint64_t *address_ret, int *signal_ret, bool *restored_ret) FDBG_CHECK;

#endif
