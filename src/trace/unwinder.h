/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Finding what a target leaves frames with: its unwinder, and setjmp. */
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

/* May frames be left by the unwinder without a Rust panic? So by C++ that is linked in, by the end of a thread, or by what a library does. */
bool fdbg_unwinder_has_exceptions(const struct fdbg_image *image);

#define FDBG_MAX_SETJMPS 4

/* Does the program use setjmp, itself or by way of what is linked into it, or end threads inside of their calls? */
bool fdbg_unwinder_has_jumps(const struct fdbg_image *image);

/*
 * The run-time addresses of the functions that setjmp is under the names of the C libraries, in the executable or in the loaded C library.
 * A longjmp goes on where setjmp returns to. Errors as above.
 */
struct fdbg_error *fdbg_unwinder_find_jumps(struct fdbg_session *session, const struct fdbg_image *image, uint64_t bias,
					    uint64_t ret[FDBG_MAX_SETJMPS], size_t *n_ret) FDBG_CHECK;

#endif
