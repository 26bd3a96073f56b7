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
 * Gets executable memory within reach of [low, high) (run-time addresses of the executable): from the server where it
 * can (_M), else by an mmap that the stopped thread is made to execute: a system call instruction is put at its pc for one step, then
 * code and registers are as before (remote-protocol.md, section 4). The target must be stopped with one thread only, as it is
 * right after its start. UNSUPPORTED when no memory can be had: the caller then steps instead.
 */
struct fdbg_error *fdbg_scratch_allocate(struct fdbg_session *session, const struct fdbg_arch *arch,
					 struct fdbg_thread_id thread, uint64_t low, uint64_t high, size_t size,
					 uint64_t *address_ret) FDBG_CHECK;

#endif
