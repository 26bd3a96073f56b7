/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A local server: starting it, its chatter, its end. */
#include "gdbremote/server.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/scope.h"
#include "gdbremote/launch.h"

#define DEFAULT_TIMEOUT_MS 10000
#define END_MS 2000      /* for a killed process to be gone */
#define WORDS_MAX 4000   /* of the server's chatter that is kept for an error message */
#define POLL_MS 5

/* Versions in the names of Debian's packages. */
#define LLDB_NEWEST 40
#define LLDB_OLDEST 11

struct fdbg_server {
	pid_t pid, target, keeper; /* 0: none, or reaped */
	int output_fd, keeper_fd;  /* -1: none */
	bool released;
	bool acks_off;
	bool target_ended;
	int target_status;
	pid_t target_shown;        /* what fdbg_server_target says, also after its end */
	const struct fdbg_log *log;
	struct fdbg_buf words;     /* chatter so far, at most WORDS_MAX */
	size_t logged;             /* of it */
};

/* Which command line it takes. What it can do is asked over the link. */
static bool is_lldb(const char *path)
{
	const char *slash = strrchr(path, '/');

	return strstr(slash ? slash + 1 : path, "lldb") != NULL;
}

/* The first executable of that name on PATH; *ret is NULL without one. */
static struct fdbg_error *look_up(const char *name, char **ret)
{
	const char *path = getenv("PATH");
	struct stat st;
	char *file;

	*ret = NULL;
	while (path && *path) {
		size_t len = strcspn(path, ":");

		if (asprintf(&file, "%.*s/%s", len ? (int)len : 1, len ? path : ".", name) < 0)
			return &fdbg_error_nomem;
		if (!access(file, X_OK) && !stat(file, &st) && S_ISREG(st.st_mode)) {
			*ret = file;
			return NULL;
		}
		free(file);
		path += len + (path[len] == ':');
	}
	return NULL;
}

/* A lldb-server, which Debian calls lldb-server-VERSION. */
static struct fdbg_error *look_up_lldb(char **ret)
{
	struct fdbg_error *err = look_up("lldb-server", ret);

	for (int version = LLDB_NEWEST; !err && !*ret && version >= LLDB_OLDEST; version--) {
		char name[32];

		snprintf(name, sizeof(name), "lldb-server-%d", version);
		err = look_up(name, ret);
	}
	return err;
}

struct fdbg_error *fdbg_server_find(const char *name, char **ret)
{
	struct fdbg_error *err = NULL;
	char *file = NULL;

	if (name && strchr(name, '/')) {
		if (access(name, X_OK) < 0)
			return fdbg_error_create(FDBG_ERROR_NOT_FOUND, "cannot run the server %s: %s", name,
						 strerror(errno));
		file = strdup(name);
		err = file ? NULL : &fdbg_error_nomem;
	} else if (name && !strcmp(name, "lldb-server")) {
		err = look_up_lldb(&file);
	} else {
		err = look_up(name ? name : "gdbserver", &file);
		if (!err && !file && !name)
			err = look_up_lldb(&file);
	}
	if (err)
		return err;
	if (!file)
		return fdbg_error_create(FDBG_ERROR_NOT_FOUND,
					 "%s is not on PATH; install it (Debian: apt install %s) or name it "
					 "with --server", name ? name : "gdbserver",
					 name && is_lldb(name) ? "lldb" : "gdbserver");
	*ret = file;
	return NULL;
}

/* What can be told of a program before anything is started. */
static struct fdbg_error *check_program(const char *program)
{
	struct stat st;

	if (stat(program, &st) < 0 && (errno == ENOENT || errno == ENOTDIR))
		return fdbg_error_create(FDBG_ERROR_NOT_FOUND, "cannot find the program %s", program);
	if (access(program, X_OK) < 0)
		return fdbg_error_errno(errno, "cannot run %s", program);
	if (!S_ISREG(st.st_mode))
		return fdbg_error_errno(EACCES, "cannot run %s, it is no file", program);
	return NULL;
}

/* The value of a field of /proc/PID/status; "" without one. */
static const char *status_field(const char *status, const char *name)
{
	const char *found = strstr(status, name);

	return found ? found + strlen(name) : "";
}

/* What can be told of a process before a server is started that would attach to it. */
static struct fdbg_error *check_process(pid_t pid)
{
	char path[48], status[4096], comm[32] = "";
	size_t len = 0;
	long tracer;
	FILE *file;

	if (kill(pid, 0) < 0 && errno == ESRCH)
		return fdbg_error_errno(ESRCH, "cannot attach to process %ld", (long)pid);
	snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
	file = fopen(path, "re");
	if (file) {
		len = fread(status, 1, sizeof(status) - 1, file);
		fclose(file);
	}
	status[len] = '\0';
	/* The name comes first and has no line breaks: the kernel writes them as \n. */
	if (*status_field(status, "\nState:\t") == 'Z' || *status_field(status, "\nState:\t") == 'X')
		return fdbg_error_create(FDBG_ERROR_REFUSED, "cannot attach to process %ld: it has ended, its parent has not "
					 "waited for it yet", (long)pid);
	tracer = strtol(status_field(status, "\nTracerPid:\t"), NULL, 10);
	if (!tracer)
		return NULL;
	snprintf(path, sizeof(path), "/proc/%ld/comm", tracer);
	file = fopen(path, "re");
	if (file) {
		if (fgets(comm, sizeof(comm), file))
			comm[strcspn(comm, "\n")] = '\0';
		fclose(file);
	}
	return fdbg_error_create(FDBG_ERROR_REFUSED, "cannot attach to process %ld: process %ld%s%s%s traces it already, and only "
				 "one can", (long)pid, tracer, *comm ? " (" : "", comm, *comm ? ")" : "");
}

/* Gives complete lines to the log; what is kept stays below WORDS_MAX. */
static void log_words(struct fdbg_server *server)
{
	struct fdbg_buf *words = &server->words;

	while (server->logged < words->len) {
		const uint8_t *line = words->data + server->logged;
		const uint8_t *end = memchr(line, '\n', words->len - server->logged);

		if (!end)
			break;
		if (end > line)
			fdbg_log(server->log, FDBG_LOG_INFO, "server: %.*s", (int)(end - line),
				 (const char *)line);
		server->logged += (size_t)(end - line) + 1;
	}
	if (words->len > WORDS_MAX / 2) {
		size_t drop = server->logged ? server->logged : words->len;

		memmove(words->data, words->data + drop, words->len - drop);
		words->len -= drop;
		server->logged = 0;
	}
}

/* Reads what the server printed; false at the end of its output. */
static bool read_words(struct fdbg_server *server)
{
	uint8_t chunk[1024];
	ssize_t n;

	while (server->output_fd >= 0 && (n = read(server->output_fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		fdbg_buf_append(&server->words, chunk, (size_t)n);
		log_words(server);
	}
	return false;
}

/* The port in "Listening on port N", or 0. */
static unsigned port_of(struct fdbg_server *server)
{
	const char *text = fdbg_buf_cstr(&server->words), *found = strstr(text, "Listening on port ");
	unsigned long port;
	char *end;

	if (!found)
		return 0;
	port = strtoul(found + 18, &end, 10);
	return *end == '\n' && port < 65536 ? (unsigned)port : 0;
}

/* The server's words as one line. */
static struct fdbg_error *refused(struct fdbg_server *server, const char *path)
{
	char *text = strdup(fdbg_buf_cstr(&server->words));
	struct fdbg_error *err;
	size_t len;

	if (!text)
		return &fdbg_error_nomem;
	for (len = strlen(text); len && text[len - 1] == '\n'; len--)
		text[len - 1] = '\0';
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = ' ';
	/* Of a process that has a tracer the system says the same as of one that nobody may trace; gdbserver looks. */
	if (strstr(text, "ttach") && strstr(text, "not permitted") && !strstr(text, "already traced"))
		err = fdbg_error_create(FDBG_ERROR_REFUSED, "%s: %s (tracing is forbidden here, see "
					"/proc/sys/kernel/yama/ptrace_scope or the container's settings)",
					path, text);
	else
		err = fdbg_error_create(FDBG_ERROR_REFUSED, "%s: %s", path,
					*text ? text : "it ended without a word");
	free(text);
	return err;
}

static int left_ms(uint64_t deadline)
{
	uint64_t now = fdbg_clock_mono_ns();

	return now >= deadline ? 0 : (int)((deadline - now) / 1000000) + 1;
}

static struct fdbg_error *await_port(struct fdbg_server *server, const char *path, uint64_t deadline,
				     unsigned *port_ret)
{
	for (;;) {
		struct pollfd pfd = { .fd = server->output_fd, .events = POLLIN };
		bool more = read_words(server);
		unsigned port = port_of(server);

		if (port) {
			*port_ret = port;
			return NULL;
		}
		if (!more)
			return refused(server, path);
		if (!left_ms(deadline))
			return fdbg_error_create(FDBG_ERROR_TIMEOUT, "%s does not start to listen", path);
		poll(&pfd, 1, left_ms(deadline));
	}
}

/* Starts the server for a process and connects to it. */
static struct fdbg_error *connect_server(struct fdbg_server *server, struct fdbg_server_start *start,
					 uint64_t deadline, struct fdbg_transport **transport_ret)
{
	struct fdbg_error *err;
	char address[32];
	unsigned port = 0;
	int fds[2];

	if (is_lldb(start->path)) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
			return fdbg_error_errno(errno, "cannot make a link to the server");
		start->link_fd = fds[1];
		err = fdbg_launch_server(start, &server->pid, &server->output_fd);
		close(fds[1]);
		if (err) {
			close(fds[0]);
			return err;
		}
		return fdbg_transport_from_fd(fds[0], transport_ret);
	}
	start->link_fd = -1;
	err = fdbg_launch_server(start, &server->pid, &server->output_fd);
	if (!err)
		err = await_port(server, start->path, deadline, &port);
	if (err)
		return err;
	snprintf(address, sizeof(address), "127.0.0.1:%u", port);
	return fdbg_transport_open(address, left_ms(deadline), -1, transport_ret);
}

static struct fdbg_error *start(struct fdbg_server *server, const struct fdbg_server_options *options,
				const char *path, const struct fdbg_waiting_target *target, uint64_t deadline,
				struct fdbg_transport **transport_ret)
{
	struct fdbg_server_start start = { .path = path, .target = target->pid, .dies_with_us = true };
	struct fdbg_transport *transport;
	struct fdbg_error *err;

	err = fdbg_launch_keeper(target->pid, &server->keeper, &server->keeper_fd);
	if (!err)
		err = connect_server(server, &start, deadline, &transport);
	if (err)
		return err;
	err = fdbg_launch_enter(transport, target, options->program, left_ms(deadline), &server->acks_off);
	if (err) {
		/* A server that ended by itself has said why. */
		if (err->code == FDBG_ERROR_GONE) {
			read_words(server);
			if (server->words.len) {
				fdbg_error_destroy(err);
				err = refused(server, path);
			}
		}
		fdbg_transport_destroy(transport);
		return err;
	}
	fdbg_transport_set_local_target(transport, target->pid);
	*transport_ret = transport;
	return NULL;
}

static uint64_t deadline_of(const struct fdbg_server_options *options)
{
	int timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : DEFAULT_TIMEOUT_MS;

	return fdbg_clock_mono_ns() + (uint64_t)timeout_ms * 1000000;
}

static struct fdbg_server *create(const struct fdbg_log *log)
{
	struct fdbg_server *server = calloc(1, sizeof(*server));

	if (server) {
		server->output_fd = server->keeper_fd = -1;
		server->log = log;
	}
	return server;
}

struct fdbg_error *fdbg_server_launch(const struct fdbg_server_options *options, struct fdbg_server **ret,
				      struct fdbg_transport **transport_ret)
{
	uint64_t deadline = deadline_of(options);
	FDBG_AUTO_FREE char *path = NULL;
	struct fdbg_waiting_target target;
	struct fdbg_server *server;
	struct fdbg_error *err;

	err = fdbg_server_find(options->name, &path);
	if (!err)
		err = check_program(options->program);
	if (err)
		return err;
	server = create(options->log);
	if (!server)
		return &fdbg_error_nomem;
	err = fdbg_launch_target(options, &target);
	if (err) {
		free(server);
		return err;
	}
	server->target = server->target_shown = target.pid;
	err = start(server, options, path, &target, deadline, transport_ret);
	close(target.gate_fd);
	if (err) {
		fdbg_server_destroy(server);
		return err;
	}
	*ret = server;
	return NULL;
}

struct fdbg_error *fdbg_server_attach(const struct fdbg_server_options *options, pid_t pid,
				      struct fdbg_server **ret, struct fdbg_transport **transport_ret)
{
	struct fdbg_server_start start = { .target = pid };
	FDBG_AUTO_FREE char *path = NULL;
	struct fdbg_server *server;
	struct fdbg_error *err;

	err = fdbg_server_find(options->name, &path);
	if (!err)
		err = check_process(pid);
	if (err)
		return err;
	server = create(options->log);
	if (!server)
		return &fdbg_error_nomem;
	start.path = path;
	err = connect_server(server, &start, deadline_of(options), transport_ret);
	if (err) {
		fdbg_server_destroy(server);
		return err;
	}
	fdbg_transport_set_local_target(*transport_ret, pid);
	*ret = server;
	return NULL;
}

bool fdbg_server_acks_off(const struct fdbg_server *server)
{
	return server->acks_off;
}

pid_t fdbg_server_pid(const struct fdbg_server *server)
{
	return server->pid;
}

pid_t fdbg_server_target(const struct fdbg_server *server)
{
	return server->target_shown;
}

void fdbg_server_drain(struct fdbg_server *server)
{
	read_words(server);
}

/* Waits for a child up to limit_ms; true when it is gone. */
static bool reap(pid_t pid, int limit_ms, int *status)
{
	uint64_t deadline = fdbg_clock_mono_ns() + (uint64_t)limit_ms * 1000000;

	for (;;) {
		pid_t done = waitpid(pid, status, WNOHANG);

		if (done == pid || (done < 0 && errno != EINTR))
			return true;
		if (!left_ms(deadline))
			return false;
		poll(NULL, 0, 1);
	}
}

/* Sends the keeper away. Before the target is reaped: after that its number may be somebody else's. */
static void dismiss_keeper(struct fdbg_server *server)
{
	if (!server->keeper)
		return;
	if (send(server->keeper_fd, "", 1, MSG_NOSIGNAL) != 1)
		kill(server->keeper, SIGKILL);
	close(server->keeper_fd);
	server->keeper_fd = -1;
	reap(server->keeper, END_MS, NULL);
	server->keeper = 0;
}

void fdbg_server_release(struct fdbg_server *server)
{
	server->released = true;
	dismiss_keeper(server);
}

/* Takes the status of a target that has ended. */
static bool target_ended(struct fdbg_server *server)
{
	siginfo_t info = { 0 };
	pid_t done;

	if (server->target_ended)
		return true;
	/* Looked at first: while it is not reaped its number is not given to another process. */
	if (waitid(P_PID, (id_t)server->target, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || !info.si_pid)
		return false;
	dismiss_keeper(server);
	do {
		done = waitpid(server->target, &server->target_status, 0);
	} while (done < 0 && errno == EINTR);
	server->target_ended = done == server->target;
	server->target = 0;
	return server->target_ended;
}

struct fdbg_error *fdbg_server_wait_target(struct fdbg_server *server, int timeout_ms, int wake_fd,
					   int *status_ret)
{
	uint64_t deadline = fdbg_clock_mono_ns() + (uint64_t)(timeout_ms < 0 ? 0 : timeout_ms) * 1000000;

	while (!target_ended(server)) {
		struct pollfd pfd = { .fd = wake_fd, .events = POLLIN };

		if (!server->target)
			return fdbg_error_create(FDBG_ERROR_GONE, "the end of the target was not seen");
		if (timeout_ms >= 0 && !left_ms(deadline))
			return fdbg_error_create(FDBG_ERROR_TIMEOUT, "the target still runs");
		/* poll ignores a negative descriptor. */
		if (poll(&pfd, 1, POLL_MS) > 0)
			return fdbg_error_create(FDBG_ERROR_INTERRUPTED, "interrupted");
		read_words(server);
	}
	*status_ret = server->target_status;
	return NULL;
}

void fdbg_server_destroy(struct fdbg_server *server)
{
	if (!server)
		return;
	dismiss_keeper(server);
	if (server->target && !server->released)
		kill(server->target, SIGKILL);
	if (server->pid) {
		kill(server->pid, SIGKILL);
		if (!reap(server->pid, END_MS, NULL))
			fdbg_log(server->log, FDBG_LOG_WARNING, "the server (process %ld) does not end",
				 (long)server->pid);
	}
	if (server->target && !server->released && !reap(server->target, END_MS, NULL))
		fdbg_log(server->log, FDBG_LOG_WARNING, "the target (process %ld) does not end",
			 (long)server->target);
	read_words(server);
	if (server->output_fd >= 0)
		close(server->output_fd);
	fdbg_buf_deinit(&server->words);
	free(server);
}
