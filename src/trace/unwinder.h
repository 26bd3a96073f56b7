/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Finding the unwinder that a target uses. */
#ifndef FDBG_TRACE_UNWINDER_H
#define FDBG_TRACE_UNWINDER_H

#include "base/error.h"
#include "debuginfo/image.h"
#include "gdbremote/session.h"

/*
 * The run-time address of `_Unwind_SetIP`, which every personality routine calls with the address of the landing pad where
 * an unwinding thread will go on (rust-abi.md, section 5; the Itanium C++ ABI's exception handling): in the executable
 * when it is linked in, else in the libgcc_s or libunwind that the target has loaded, whose file is read here when it has the same build-id. NOT_FOUND when
 * there is none, UNSUPPORTED when the server does not tell the libraries.
 */
struct fdbg_error *fdbg_unwinder_find(struct fdbg_session *session, const struct fdbg_image *image, uint64_t bias,
				      uint64_t *set_ip_ret) FDBG_CHECK;

#endif
