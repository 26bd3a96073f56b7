/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "cli/target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scope.h"
#include "gdbremote/hostio.h"
#include "gdbremote/program.h"
#include "trace/identity.h"

enum { STATUS_FAILED = 125, STATUS_CANNOT_RUN = 126, STATUS_NOT_FOUND = 127 };

/* How much of an executable one request asks for, and the largest that is fetched. */
#define FETCH_CHUNK 65536
#define FETCH_LIMIT ((uint64_t)4 << 30)
#define PROGRESS_NS 200000000u

/* ---- launching ---- */

static struct fdbg_error *check_program(const char *path, int *status_ret)
{
	struct stat st;

	if (stat(path, &st)) {
		*status_ret = errno == ENOENT || errno == ENOTDIR ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN;
		return fdbg_error_errno(errno, "cannot run %s", path);
	}
	*status_ret = STATUS_CANNOT_RUN;
	if (!S_ISREG(st.st_mode))
		return fdbg_error_create(FDBG_ERROR_UNSUPPORTED, "cannot run %s: it is %s", path,
					 S_ISDIR(st.st_mode) ? "a directory" : "not a regular file");
	if (access(path, X_OK))
		return fdbg_error_errno(errno, "cannot run %s", path);
	*status_ret = 0;
	return NULL;
}

struct fdbg_error *fdbg_target_find_program(const char *name, char **ret, int *status_ret)
{
	FDBG_AUTO_FREE char *path = NULL;
	const char *dirs = getenv("PATH");
	struct fdbg_error *err;

	if (strchr(name, '/')) {
		err = check_program(name, status_ret);
		if (err)
			return err;
		*ret = realpath(name, NULL);
		return *ret ? NULL : fdbg_error_errno(errno, "cannot run %s", name);
	}
	for (const char *dir = dirs ? dirs : ""; dir; dir = strchr(dir, ':') ? strchr(dir, ':') + 1 : NULL) {
		int len = (int)strcspn(dir, ":");

		free(path);
		if (asprintf(&path, "%.*s/%s", len ? len : 1, len ? dir : ".", name) < 0) {
			path = NULL;
			return &fdbg_error_nomem;
		}
		err = check_program(path, status_ret);
		if (err) {
			fdbg_error_destroy(err);
			continue;
		}
		*ret = realpath(path, NULL);
		return *ret ? NULL : fdbg_error_errno(errno, "cannot run %s", name);
	}
	*status_ret = STATUS_NOT_FOUND;
	return fdbg_error_create(FDBG_ERROR_NOT_FOUND, "%s was not found on PATH; for a program in the current directory "
				 "say ./%s", name, name);
}

bool fdbg_target_is_launch(const struct fdbg_target_options *options)
{
	return !options->remote && !options->platform && !options->attach;
}

static struct fdbg_session_options session_options(const struct fdbg_target *target)
{
	return (struct fdbg_session_options){
		.timeout_ms = target->options.timeout_ms, .log = target->options.log, .wake_fd = target->options.wake_fd,
		.output = target->options.output,
	};
}

static struct fdbg_error *launch(struct fdbg_target *target, int *status_ret)
{
	const struct fdbg_target_options *options = &target->options;
	struct fdbg_session_options opening = session_options(target);
	FDBG_AUTO_FREE char **argv = NULL;
	struct fdbg_server_options server_options = {
		.name = options->server, .program = target->path, .environment = options->environment,
		.directory = options->directory, .log = options->log, .timeout_ms = options->timeout_ms,
	};
	struct fdbg_transport *transport;
	struct fdbg_error *err;
	size_t n = 0;

	while (options->arguments[n])
		n++;
	argv = calloc(n + 2, sizeof(*argv));
	if (!argv)
		return &fdbg_error_nomem;
	argv[0] = (char *)options->program;
	for (size_t i = 0; i < n; i++)
		argv[i + 1] = options->arguments[i];
	server_options.argv = argv;
	err = fdbg_server_launch(&server_options, &target->server, &transport);
	if (err) {
		if (err->code == FDBG_ERROR_IO && err->errnum)
			*status_ret = STATUS_CANNOT_RUN;
		return err;
	}
	opening.acks_off = fdbg_server_acks_off(target->server);
	err = fdbg_session_open(transport, &opening, &target->session);
	return err ? err : fdbg_session_leave_exec(target->session);
}

/* ---- connecting ---- */

/* The host in HOST:PORT, copied, without the brackets of an IPv6 address; NULL without memory. */
static char *host_of(const char *address)
{
	const char *colon = strrchr(address, ':');
	size_t len = colon ? (size_t)(colon - address) : strlen(address);

	if (len >= 2 && address[0] == '[' && address[len - 1] == ']')
		return strndup(address + 1, len - 2);
	return len ? strndup(address, len) : strdup("localhost");
}

/* Has a platform start a debug server; *address_ret is where it waits. */
static struct fdbg_error *ask_platform(struct fdbg_target *target, char **address_ret)
{
	struct fdbg_session_options opening = session_options(target);
	const char *platform = target->options.platform;
	FDBG_AUTO_FREE char *host = NULL;
	struct fdbg_transport *transport;
	struct fdbg_session *session;
	struct fdbg_error *err;
	unsigned port;

	if (!strncmp(platform, "unix:", 5) || *platform == '|')
		return fdbg_error_create(FDBG_ERROR_USAGE, "--platform: %s is not HOST:PORT; the debug server that a platform "
					 "starts can be reached over TCP only", platform);
	host = host_of(platform);
	if (!host)
		return &fdbg_error_nomem;
	err = fdbg_transport_open(platform, target->options.timeout_ms, target->options.wake_fd, &transport);
	if (!err)
		err = fdbg_session_open(transport, &opening, &session);
	if (err)
		return err;
	/* It listens where the platform listens; this name is resolved there. */
	err = fdbg_session_platform_server(session, "localhost", &port);
	fdbg_session_destroy(session);
	if (err)
		return fdbg_error_prefix(err, "%s is no platform of lldb-server", platform);
	if (asprintf(address_ret, strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, port) < 0) {
		*address_ret = NULL;
		return &fdbg_error_nomem;
	}
	return NULL;
}

struct fdbg_error *fdbg_target_connect(struct fdbg_target *target)
{
	const struct fdbg_target_options *options = &target->options;
	struct fdbg_session_options opening = session_options(target);
	FDBG_AUTO_FREE char *address = NULL;
	struct fdbg_transport *transport;
	struct fdbg_error *err = NULL;

	if (options->platform)
		err = ask_platform(target, &address);
	if (!err)
		err = fdbg_transport_open(address ? address : options->remote, options->timeout_ms, options->wake_fd, &transport);
	return err ? err : fdbg_session_open(transport, &opening, &target->session);
}

/* Connects to a server and has a stopped program there. */
static struct fdbg_error *hold_remote(struct fdbg_target *target)
{
	const struct fdbg_target_options *options = &target->options;
	struct fdbg_program_options program = {
		.path = options->exec, .arguments = options->arguments, .environment = options->environment,
		.directory = options->directory,
	};
	struct fdbg_error *err = fdbg_target_connect(target);
	struct fdbg_stop stop;

	if (err)
		return err;
	if (options->exec) {
		err = fdbg_session_run(target->session, &program);
		target->launched = !err;
		return err;
	}
	if (options->attach)
		return fdbg_session_attach(target->session, options->attach);
	err = fdbg_session_query_stop(target->session, &stop);
	if (fdbg_error_is(err, FDBG_ERROR_REFUSED) || (!err && (stop.kind == FDBG_STOP_EXITED ||
								stop.kind == FDBG_STOP_KILLED))) {
		fdbg_error_destroy(err);
		return fdbg_error_create(FDBG_ERROR_REFUSED, "the server holds no program; start one there with --exec=PATH "
					 "or attach to one with --attach=PID");
	}
	return err;
}

/* Attaches to a process of this machine. */
static struct fdbg_error *hold_local(struct fdbg_target *target)
{
	const struct fdbg_target_options *options = &target->options;
	struct fdbg_session_options opening = session_options(target);
	struct fdbg_server_options server_options = {
		.name = options->server, .log = options->log, .timeout_ms = options->timeout_ms,
	};
	struct fdbg_transport *transport;
	struct fdbg_stop stop;
	struct fdbg_error *err;

	err = fdbg_server_attach(&server_options, (pid_t)options->attach, &target->server, &transport);
	if (!err)
		err = fdbg_session_open(transport, &opening, &target->session);
	if (err)
		return err;
	err = fdbg_session_query_stop(target->session, &stop);
	if (fdbg_error_is(err, FDBG_ERROR_REFUSED)) {
		fdbg_error_destroy(err);
		err = fdbg_session_attach(target->session, options->attach);
	}
	return err;
}

/* ---- the executable ---- */

static void show_progress(struct fdbg_target *target, const char *path, uint64_t done, uint64_t size, bool end)
{
	bool tty = isatty(STDERR_FILENO);

	if (target->options.quiet || (!end && !tty))
		return;
	fprintf(stderr, "%sfdbg: reading %s from the target: %.1f of %.1f MB%s", tty ? "\r" : "", path, (double)done / 1e6,
		(double)(size > done ? size : done) / 1e6, end ? "\n" : "");
	fflush(stderr);
}

static struct fdbg_error *copy_file(struct fdbg_target *target, struct fdbg_session *session, const char *path, int remote,
				    FILE *file)
{
	uint64_t size, pos = 0, shown = fdbg_clock_mono_ns();
	FDBG_AUTO_FREE uint8_t *chunk = malloc(FETCH_CHUNK);
	struct fdbg_error *err;
	size_t n;

	if (!chunk)
		return &fdbg_error_nomem;
	err = fdbg_hostio_size(session, remote, &size);
	if (err) {
		fdbg_error_destroy(err);
		size = 0;
	}
	for (;;) {
		err = fdbg_hostio_pread(session, remote, chunk, FETCH_CHUNK, pos, &n);
		if (err)
			return err;
		if (!n)
			break;
		pos += n;
		if (pos > FETCH_LIMIT)
			return fdbg_error_create(FDBG_ERROR_UNSUPPORTED, "%s is larger than 4 GiB; give a local copy as PROGRAM",
						 path);
		if (fwrite(chunk, 1, n, file) != n)
			return fdbg_error_errno(errno, "cannot write a copy of %s", path);
		if (fdbg_clock_mono_ns() - shown > PROGRESS_NS) {
			shown = fdbg_clock_mono_ns();
			show_progress(target, path, pos, size, false);
		}
	}
	show_progress(target, path, pos, size, true);
	return NULL;
}

static void remove_temporary(struct fdbg_target *target)
{
	if (target->temporary)
		unlink(target->temporary);
	free(target->temporary);
	target->temporary = NULL;
}

/* Reads the executable from the target into a temporary file. */
static struct fdbg_error *fetch_executable(struct fdbg_target *target, struct fdbg_session *session, char **executable_ret,
					   char **path_ret)
{
	const char *dir = getenv("TMPDIR");
	FDBG_AUTO_FREE char *path = NULL;
	struct fdbg_error *err;
	FILE *file;
	int fd, remote;

	if (!fdbg_session_abilities(session)->host_io)
		return fdbg_error_create(FDBG_ERROR_UNSUPPORTED, "the server does not give files; give a local copy of the "
					 "program as PROGRAM");
	err = fdbg_session_executable(session, &path);
	if (err)
		return fdbg_error_prefix(err, "give a local copy of the program as PROGRAM");
	remove_temporary(target);
	if (asprintf(&target->temporary, "%s/fdbg-XXXXXX", dir && *dir ? dir : "/tmp") < 0) {
		target->temporary = NULL;
		return &fdbg_error_nomem;
	}
	fd = mkstemp(target->temporary);
	if (fd < 0) {
		err = fdbg_error_errno(errno, "cannot create a file in %s", dir && *dir ? dir : "/tmp");
		free(target->temporary);
		target->temporary = NULL;
		return err;
	}
	file = fdopen(fd, "w");
	if (!file) {
		close(fd);
		return &fdbg_error_nomem;
	}
	err = fdbg_hostio_open(session, path, &remote);
	if (!err) {
		err = copy_file(target, session, path, remote, file);
		fdbg_hostio_close(session, remote);
	}
	if (fclose(file) && !err)
		err = fdbg_error_errno(errno, "cannot write %s", target->temporary);
	if (err)
		return err;
	*executable_ret = strdup(target->temporary);
	if (!*executable_ret)
		return &fdbg_error_nomem;
	*path_ret = path;
	path = NULL;
	return NULL;
}

/* The file that a process of this machine executes, also when it was removed or lies in another mount namespace. */
static struct fdbg_error *local_executable(uint64_t pid, char **executable_ret, char **path_ret)
{
	char link[64], path[4096];
	struct stat running, there;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%llu/exe", (unsigned long long)pid);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0 || stat(link, &running))
		return fdbg_error_errno(errno, "cannot find the executable of process %llu", (unsigned long long)pid);
	path[n] = '\0';
	*path_ret = strdup(path);
	if (stat(path, &there) || there.st_dev != running.st_dev || there.st_ino != running.st_ino)
		*executable_ret = strdup(link);
	else
		*executable_ret = strdup(path);
	return *path_ret && *executable_ret ? NULL : &fdbg_error_nomem;
}

static struct fdbg_error *find_executable(struct fdbg_target *target)
{
	const struct fdbg_target_options *options = &target->options;
	const char *program = options->program;
	int status;

	/* Where the server gives no files, the one with the debug information is taken for the whole program. */
	if (!program && !target->local && !fdbg_session_abilities(target->session)->host_io)
		program = options->symbols;
	if (program) {
		struct fdbg_error *err = NULL;

		/* A copy for another machine need not be executable here. */
		target->executable = realpath(program, NULL);
		if (!target->executable)
			err = fdbg_error_errno(errno, "cannot read %s", program);
		if (err && errno == ENOENT && !strchr(program, '/')) {
			fdbg_error_destroy(err);
			err = fdbg_target_find_program(program, &target->executable, &status);
		}
		if (!err)
			target->path = strdup(options->exec ? options->exec : target->executable);
		return err ? err : target->path ? NULL : &fdbg_error_nomem;
	}
	if (target->local)
		return local_executable(options->attach, &target->executable, &target->path);
	return fetch_executable(target, target->session, &target->executable, &target->path);
}

struct fdbg_error *fdbg_target_successor(struct fdbg_target *target, struct fdbg_session *session, char **executable_ret,
					 char **path_ret)
{
	FDBG_AUTO_FREE char *executable = NULL;
	FDBG_AUTO_FREE char *path = NULL;
	struct fdbg_error *err;

	if (target->launched && target->server)
		err = local_executable((uint64_t)fdbg_server_target(target->server), &executable, &path);
	else if (target->local)
		err = local_executable(target->options.attach, &executable, &path);
	else
		err = fetch_executable(target, session, &executable, &path);
	if (err)
		return err;
	*executable_ret = executable;
	*path_ret = path;
	executable = path = NULL;
	return NULL;
}

/* ---- the whole ---- */

struct fdbg_error *fdbg_target_open(const struct fdbg_target_options *options, struct fdbg_target *ret, int *status_ret)
{
	struct fdbg_target *target = ret;
	struct fdbg_error *err;
	const char *slash;

	*target = (struct fdbg_target){ .options = *options };
	target->local = !options->remote && !options->platform;
	if (fdbg_target_is_launch(options)) {
		target->launched = true;
		err = fdbg_target_find_program(options->program, &target->path, status_ret);
		if (!err) {
			target->executable = strdup(target->path);
			err = target->executable ? NULL : &fdbg_error_nomem;
		}
	} else {
		*status_ret = STATUS_FAILED;
		err = target->local ? hold_local(target) : hold_remote(target);
		if (!err)
			err = find_executable(target);
	}
	if (err)
		return err;
	slash = strrchr(options->program && target->launched && !options->exec ? options->program : target->path, '/');
	target->name = strdup(slash ? slash + 1 : options->program && target->launched && !options->exec ? options->program
													: target->path);
	return target->name ? NULL : &fdbg_error_nomem;
}

struct fdbg_error *fdbg_target_start(struct fdbg_target *target, const struct fdbg_image *image,
				     struct fdbg_session **ret, int *status_ret)
{
	struct fdbg_error *err;

	if (!target->session)
		err = launch(target, status_ret);
	else
		err = fdbg_identity_check(target->session, image);
	if (err)
		return err;
	*ret = target->session;
	target->session = NULL;
	return NULL;
}

/* Leaves a target as it was found, before anything was done to it. */
static void leave(struct fdbg_target *target)
{
	struct fdbg_error *err = NULL;
	bool attached = false;

	if (target->options.exec) {
		if (target->launched)
			err = fdbg_session_kill(target->session, 0);
	} else if (target->options.attach) {
		err = fdbg_session_detach(target->session, 0);
	} else if (target->options.remote) {
		/* What a server started for us waits for the next who comes; what it attached to has been running. */
		err = fdbg_session_is_attached(target->session, &attached);
		if (!err && attached)
			err = fdbg_session_detach(target->session, 0);
		else if (!err && target->options.remote[0] == '|')
			/* A command of ours: nobody else can come to it. */
			err = fdbg_session_kill(target->session, 0);
	}
	fdbg_error_destroy(err);
}

void fdbg_target_close(struct fdbg_target *target)
{
	if (target->session) {
		leave(target);
		fdbg_session_destroy(target->session);
	}
	fdbg_server_destroy(target->server);
	remove_temporary(target);
	free(target->executable);
	free(target->path);
	free(target->name);
	*target = (struct fdbg_target){ 0 };
}
