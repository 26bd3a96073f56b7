/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Polls of async functions and blocks: which functions make one, and what is said of it. */
#ifndef FDBG_TRACE_POLLS_H
#define FDBG_TRACE_POLLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/memview.h"
#include "debuginfo/debuginfo.h"
#include "value/value.h"

/*
 * The body of an async function is a function of its own, `{async_fn#0}` below the name that the source has, which runs
 * once for each poll (rust-abi.md, section 6). Its argument is the pinned address of the coroutine, which stays the
 * same from the first poll to the last, on whatever thread: that is the identity of the task. The coroutine's
 * discriminant is its state. So a poll is known from its frame: at the call the address and the state before, at the
 * return the state after and the result.
 */

struct fdbg_poll {
	struct fdbg_text name;             /* of the async function: "app::fetch"; of a block its own full name */
	const struct fdbg_type *coroutine; /* NULL: not described */
	uint32_t endpoint_id;              /* breakpoint id of its future events */
};

/* The named values of a future event, in the order in which they are written. */
struct fdbg_poll_values {
	struct fdbg_named_value items[5];
	size_t n;
};

/*
 * Is this the body of an async function, block or closure? full_name: as fdbg_rust_function_name has it; params: the formal parameters.
 * NULL in *ret when it is not. Everything in the arena.
 */
struct fdbg_error *fdbg_poll_find(struct fdbg_debuginfo *debuginfo, const struct fdbg_function *function,
				  struct fdbg_text full_name, struct fdbg_variable *params, size_t n_params,
				  struct fdbg_arena *arena, struct fdbg_poll **ret) FDBG_CHECK;

/*
 * rustc before 1.68 or so does not describe the coroutine as a parameter, only the context that std passes to each
 * poll. Makes the list of parameters as the ABI has it: the coroutine's address first. Unchanged where it is described.
 */
struct fdbg_error *fdbg_poll_add_parameter(const struct fdbg_poll *poll, struct fdbg_arena *arena,
					   struct fdbg_variable **params, size_t *n_params) FDBG_CHECK;

/* Is this the context that std passes to a poll, which the source does not have? */
bool fdbg_poll_is_context(const struct fdbg_type *type);

/* The address in a poll's argument as it was decoded; false: it was not read. */
bool fdbg_poll_address(const struct fdbg_value *argument, uint64_t *ret);

/*
 * The values of a future_enter: `fn`; where the address is known `future` and `state`, and of a state in which the function waits
 * `await_line`, the line of that await. May fetch.
 */
struct fdbg_error *fdbg_poll_enter(const struct fdbg_poll *poll, const uint64_t *address, struct fdbg_memview *view,
				   struct fdbg_poll_values *ret) FDBG_CHECK;

/*
 * The values of a future_exit: those of an enter with the state after, and `poll`, what the poll gave. result NULL: the
 * frame was left by unwinding; then, and with a view of NULL, there is no state either.
 */
struct fdbg_error *fdbg_poll_exit(const struct fdbg_poll *poll, const uint64_t *address, struct fdbg_memview *view,
				  const struct fdbg_value *result, struct fdbg_arena *arena,
				  struct fdbg_poll_values *ret) FDBG_CHECK;

#endif
