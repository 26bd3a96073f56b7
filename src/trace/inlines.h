/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Inlined calls: which of them a probe can show. */
#ifndef FDBG_TRACE_INLINES_H
#define FDBG_TRACE_INLINES_H

#include "arch/effect.h"
#include "debuginfo/debuginfo.h"
#include "debuginfo/image.h"

/*
 * Does the code of an inlined call begin anew each time that its first instruction runs? Not if that is the head of a loop in
 * it, or the call's code is not known.
 */
bool fdbg_inline_begins_once(struct fdbg_effects *effects, const struct fdbg_image *image, const struct fdbg_function *call);

#endif
