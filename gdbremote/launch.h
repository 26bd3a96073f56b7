/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Starting the processes of a local recording; the inside of server.c. */
#ifndef FDBG_GDBREMOTE_LAUNCH_H
#define FDBG_GDBREMOTE_LAUNCH_H

#include <sys/types.h>

#include "base/error.h"
#include "gdbremote/server.h"

/* A target that waits before its execve. */
struct fdbg_waiting_target {
	pid_t pid;
	/* a byte lets it go on; then the errno (an int) of a failed execve comes from here, or the end */
	int gate_fd;
};

/* Forks the target. The caller closes the descriptor and reaps the process. */
struct fdbg_error *fdbg_launch_target(const struct fdbg_server_options *options,
				      struct fdbg_waiting_target *ret) FDBG_CHECK;

/* How a server is started. */
struct fdbg_server_start {
	const char *path;
	pid_t target;              /* gdbserver attaches to it; not of a lldb-server, which is told over the link */
	int link_fd;               /* lldb-server's end of the link; -1: gdbserver, which says its port */
	bool dies_with_us;         /* when fdbg is killed; else it notices the end of the link by itself */
};

/* Runs a server. Its output comes from *output_ret, non-blocking. */
struct fdbg_error *fdbg_launch_server(const struct fdbg_server_start *start, pid_t *pid_ret, int *output_ret)
	FDBG_CHECK;

/*
 * Forks the keeper of a target. It ends when a byte comes through *fd_ret; if that closes without, it kills
 * the target.
 */
struct fdbg_error *fdbg_launch_keeper(pid_t target, pid_t *pid_ret, int *fd_ret) FDBG_CHECK;

/*
 * Leads the target from its gate through execve, over the link to the server that is attached to it, or does so
 * now. No request is under way afterwards. *acks_off_ret: acks have been turned off; else that of the last answer
 * is owed, and comes with what opens a session. An error has the errno of execve in it when that failed.
 */
struct fdbg_error *fdbg_launch_enter(struct fdbg_transport *transport,
				     const struct fdbg_waiting_target *target,
				     const char *program, int timeout_ms, bool *acks_off_ret) FDBG_CHECK;

#endif
