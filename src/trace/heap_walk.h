/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Who called for memory: a walk over the part of the stack that a hit captured. */
#ifndef FDBG_TRACE_HEAP_WALK_H
#define FDBG_TRACE_HEAP_WALK_H

#include "trace/engine.h"
#include "trace/heap.h"

/*
 * The walk needs no more of the target than the hit has. It goes by the call frame information from caller to caller until it is
 * in the program's own code, or the captured stack ends. What one chain of return addresses comes to is worked out
 * once.
 */
struct fdbg_heap_walk;

struct fdbg_error *fdbg_heap_walk_create(struct fdbg_debuginfo *debuginfo, const struct fdbg_arch *arch, uint64_t bias,
					 struct fdbg_heap_walk **ret) FDBG_CHECK;
void fdbg_heap_walk_destroy(struct fdbg_heap_walk *walk);

/* What an allocation at a hit is for and where it is made; it lives as long as the walk and the plan. */
struct fdbg_error *fdbg_heap_walk_origin(struct fdbg_heap_walk *walk, const struct fdbg_hit *hit,
					 const struct fdbg_heap_probe *probe, const struct fdbg_heap_origin **ret) FDBG_CHECK;

#endif
