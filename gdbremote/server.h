/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Starting a server on this machine. */
#ifndef FDBG_GDBREMOTE_SERVER_H
#define FDBG_GDBREMOTE_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/log.h"
#include "gdbremote/transport.h"

/*
 * A local server is a child process that traces the target, which is fdbg's own child: fdbg starts the
 * target, which waits before its execve until the server has attached to it, and lets it go on up to the
 * first instruction of the new program. So the target is what it would be without fdbg: standard input,
 * output and error, process group, terminal, signal mask and ignored signals, descriptors without FD_CLOEXEC,
 * arguments byte for byte (no shell in between), environment and directory as changed by the options; and its
 * exit status is fdbg's to collect. The terminal needs no handing over: the target is in fdbg's process
 * group, and the server in one of its own, which terminal signals do not reach. What the server itself prints
 * goes to the log.
 *
 * When fdbg is killed, a keeper process (a fork that waits for that and does nothing else) kills the target,
 * which would otherwise run on into breakpoints that nobody handles. The server dies with fdbg by itself.
 */
struct fdbg_server;

struct fdbg_server_options {
	/* "gdbserver", "lldb-server", or a path to either; NULL: the first one on PATH */
	const char *name;
	const char *program;       /* path of the executable */
	char *const *argv;         /* its arguments, argv[0] first, NULL-terminated */
	/* NAME=VALUE, NULL-terminated: added to or replacing fdbg's own; NULL: none */
	char *const *environment;
	const char *directory;     /* NULL: fdbg's own. A relative program is meant from fdbg's own */
	bool disable_aslr;         /* keep addresses the same from run to run */
	const struct fdbg_log *log;
	int timeout_ms;            /* until the server listens; 0: 10 seconds */
};

/*
 * Starts the server and the program and connects to the server. The first stop (fdbg_session_query_stop) is
 * at the program's first instruction, of the dynamic loader if it has one, with signal SIGTRAP. NOT_FOUND
 * when no server is on PATH (the message names the Debian package) or when the program is missing; IO with
 * errnum when the program cannot be executed; REFUSED with the server's own words when it could not attach.
 */
struct fdbg_error *fdbg_server_launch(const struct fdbg_server_options *options, struct fdbg_server **ret,
				      struct fdbg_transport **transport_ret) FDBG_CHECK;

/*
 * Starts a server for a process that runs already, and connects to it. gdbserver has attached then; a
 * lldb-server holds nothing yet (fdbg_session_query_stop is refused) and has to be told to
 * (fdbg_session_attach). Before any server is started: IO with ESRCH when there is no such process, REFUSED when it
 * has ended or is traced already, with its tracer. Of the options only name, log and timeout_ms count. The process is left alone by
 * destroy; detach from it first. When fdbg is killed, the server lives on up to the next stop.
 */
struct fdbg_error *fdbg_server_attach(const struct fdbg_server_options *options, pid_t pid,
				      struct fdbg_server **ret, struct fdbg_transport **transport_ret)
	FDBG_CHECK;

/*
 * Finds the server of that name (NULL: the first known one); the path is the caller's to free. NOT_FOUND,
 * with what to do.
 */
struct fdbg_error *fdbg_server_find(const char *name, char **ret) FDBG_CHECK;

/* Whether the link has no acks any more (struct fdbg_session_options, acks_off). */
bool fdbg_server_acks_off(const struct fdbg_server *server);
pid_t fdbg_server_pid(const struct fdbg_server *server);
/* The target's process id; it stays taken until fdbg_server_wait_target or destroy. */
pid_t fdbg_server_target(const struct fdbg_server *server);
/* Reads what the server printed since (call now and then; also done by destroy). */
void fdbg_server_drain(struct fdbg_server *server);
/*
 * Says that the target was detached (fdbg_session_detach): it will be left alone by destroy, and by the end
 * of fdbg. Without this, destroying the server kills the target.
 */
void fdbg_server_release(struct fdbg_server *server);
/*
 * Waits up to timeout_ms (-1: no limit) for the target to end and gives its status as waitpid does; again for
 * later calls. For a target that is still traced the server must have reported the end. TIMEOUT when it runs
 * on; INTERRUPTED when wake_fd (-1: none) became readable.
 */
struct fdbg_error *fdbg_server_wait_target(struct fdbg_server *server, int timeout_ms, int wake_fd,
					   int *status_ret) FDBG_CHECK;
/*
 * Ends the server by its own process id, and the target unless it was released, and waits for both, within
 * limits. NULL is allowed. The transport belongs to the session and may be destroyed before or after.
 */
void fdbg_server_destroy(struct fdbg_server *server);

#endif
