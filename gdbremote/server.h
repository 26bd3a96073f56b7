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
 * A local server is a child process that holds the target. What the server itself prints goes to the log; the target
 * has fdbg's own standard input, output and error, environment and directory as changed by the options. The server
 * and the target do not get fdbg's other descriptors. Destroying ends the server (and with it a target
 * that was not detached) by its own process id and waits for it, within limits.
 */
struct fdbg_server;

struct fdbg_server_options {
	const char *name;          /* "gdbserver", or a path; NULL: the first known one on PATH */
	const char *program;       /* path of the executable */
	char *const *argv;         /* its arguments, argv[0] first, NULL-terminated */
	char *const *environment;  /* NAME=VALUE, NULL-terminated: added to or replacing fdbg's own; NULL: none */
	const char *directory;     /* NULL: fdbg's own */
	bool disable_aslr;         /* keep addresses the same from run to run */
	const struct fdbg_log *log;
	int timeout_ms;            /* until the server listens; 0: 10 seconds */
};

/*
 * Starts the server and connects to it. NOT_FOUND when no server is on PATH (the message names the Debian package);
 * REFUSED with the server's own words when it could not start the program.
 */
struct fdbg_error *fdbg_server_launch(const struct fdbg_server_options *options, struct fdbg_server **ret,
				      struct fdbg_transport **transport_ret) FDBG_CHECK;

pid_t fdbg_server_pid(const struct fdbg_server *server);
/* Reads what the server printed since (call now and then; also done by destroy). */
void fdbg_server_drain(struct fdbg_server *server);
void fdbg_server_destroy(struct fdbg_server *server);

#endif
