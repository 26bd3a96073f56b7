/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The program that a server holds: starting one there, attaching to one, finding its file. */
#ifndef FDBG_GDBREMOTE_PROGRAM_H
#define FDBG_GDBREMOTE_PROGRAM_H

#include "gdbremote/session.h"

struct fdbg_program_options {
	const char *path;              /* on the target's machine */
	char *const *arguments;        /* behind argv[0], which is the path; NULL-terminated, NULL: none */
	char *const *environment;      /* NAME=VALUE added to the server's own; NULL-terminated, NULL: none */
	const char *directory;         /* NULL: the server's own */
};

/*
 * The target has just stopped in its execve, before its first instruction. Takes it out of the system call, where
 * registers are not final yet: by a breakpoint on the first instruction, which it meets at once. Does nothing
 * where fdbg_server_launch has done so by a step.
 */
struct fdbg_error *fdbg_session_leave_exec(struct fdbg_session *session) FDBG_CHECK;

/*
 * The same after a stop of kind EXEC: by a step where the server reports that, else as above. A signal that comes meanwhile goes
 * to *signal_ret (else 0), to be delivered with the next resume. REFUSED when the target does not get there.
 */
struct fdbg_error *fdbg_session_settle_exec(struct fdbg_session *session, struct fdbg_thread_id thread,
					    int *signal_ret) FDBG_CHECK;

/*
 * Starts a program on a server that holds none (vRun; remote-protocol.md, section 2). The target is stopped
 * at its first instruction then. REFUSED when the server cannot, UNSUPPORTED when it does not start programs
 * or cannot change environment or directory as asked.
 */
struct fdbg_error *fdbg_session_run(struct fdbg_session *session, const struct fdbg_program_options *options)
	FDBG_CHECK;

/* Attaches to a process of the target's machine (vAttach). It is stopped then. Errors as above. */
struct fdbg_error *fdbg_session_attach(struct fdbg_session *session, uint64_t pid) FDBG_CHECK;

/*
 * Whether the server attached to the target, which lived before, instead of starting it (qAttached). False
 * also where the server does not say.
 */
struct fdbg_error *fdbg_session_is_attached(struct fdbg_session *session, bool *ret) FDBG_CHECK;

/*
 * The path of the target's executable as fdbg_hostio_open takes it (qXfer:exec-file, else /proc/PID/exe), to
 * be freed by the caller. UNSUPPORTED when the server tells neither.
 */
struct fdbg_error *fdbg_session_executable(struct fdbg_session *session, char **ret) FDBG_CHECK;

/*
 * Asks an lldb-server platform for a debug server that waits on `host` (the name it is to listen on);
 * *port_ret is where. UNSUPPORTED when it is no platform.
 */
struct fdbg_error *fdbg_session_platform_server(struct fdbg_session *session, const char *host,
						unsigned *port_ret) FDBG_CHECK;

#endif
