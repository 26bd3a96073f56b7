/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How the target of a recording is reached: launched here, attached to, or held by a server. */
#ifndef FDBG_CLI_TARGET_H
#define FDBG_CLI_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/log.h"
#include "debuginfo/image.h"
#include "gdbremote/server.h"
#include "gdbremote/session.h"

/* What the command line says about it (cli.md). NULL and 0: not said. */
struct fdbg_target_options {
	const char *program;         /* launch: what to run; remote and attach: the local copy */
	const char *symbols;         /* the file with the debug information, NULL: none was named */
	char *const *arguments;      /* behind the program, NULL-terminated */
	const char *server;          /* of a launch or a local attach; NULL: the first found */
	char *const *environment;    /* NAME=VALUE, NULL-terminated; NULL: none */
	const char *directory;
	const char *remote;          /* address of a server */
	const char *platform;        /* address of an lldb-server platform, which starts the server */
	const char *exec;            /* remote: path on the target of the program to start */
	uint64_t attach;             /* process to attach to, here or there */
	bool quiet;                  /* no progress lines */
	int timeout_ms;
	int wake_fd;
	const struct fdbg_log *log;
	/* output of the target that the server forwards */
	void (*output)(void *context, const void *data, size_t len);
};

struct fdbg_target {
	struct fdbg_target_options options;
	char *executable;            /* file to read code and debug information from */
	char *name;                  /* the program's base name */
	char *path;                  /* where the program is, on its own machine */
	char *temporary;             /* a file to be removed, NULL: none */
	struct fdbg_server *server;  /* local server, NULL: none */
	struct fdbg_session *session; /* until it was taken; NULL: not connected */
	bool launched;               /* by fdbg: it ends with the recording */
	bool local;                  /* its files are those of this machine */
};

/* Whether the options name a program that fdbg starts on this machine. */
bool fdbg_target_is_launch(const struct fdbg_target_options *options);

/*
 * Finds the program. A target that is there already is connected to, stopped, and its executable fetched where no local
 * copy was given. *status_ret as cli.md has it.
 */
struct fdbg_error *fdbg_target_open(const struct fdbg_target_options *options, struct fdbg_target *ret,
				    int *status_ret) FDBG_CHECK;

/* Launches what is not there already, and makes sure that the target runs image. The session is the caller's. */
struct fdbg_error *fdbg_target_start(struct fdbg_target *target, const struct fdbg_image *image,
				     struct fdbg_session **ret, int *status_ret) FDBG_CHECK;

/*
 * The executable that the target runs after it has executed another program: *executable_ret is a file to read it from (valid until
 * the next call or fdbg_target_close), *path_ret where it is on its own machine; the caller frees both. The session is that which
 * fdbg_target_start gave.
 */
struct fdbg_error *fdbg_target_successor(struct fdbg_target *target, struct fdbg_session *session, char **executable_ret,
					 char **path_ret) FDBG_CHECK;

/* Ends what is left: lets go of a target that was attached to, kills what was launched, removes files. */
void fdbg_target_close(struct fdbg_target *target);

/* Just connects to --remote or --platform, for `fdbg doctor`. */
struct fdbg_error *fdbg_target_connect(struct fdbg_target *target) FDBG_CHECK;

/* The path of a program: as it is when it has a slash, else looked up on PATH. *status_ret is 127 when it is not there, 126 when it cannot be run. The caller frees it. */
struct fdbg_error *fdbg_target_find_program(const char *name, char **ret, int *status_ret) FDBG_CHECK;

#endif
