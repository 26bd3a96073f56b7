/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "cli/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

extern char **environ;

static struct fdbg_error *start(char *const *argv, const char *directory, char *const *environment, int output,
				pid_t *ret)
{
	posix_spawn_file_actions_t actions;
	int errnum = posix_spawn_file_actions_init(&actions);

	if (errnum)
		return fdbg_error_errno(errnum, "cannot start %s", argv[0]);
	errnum = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (!errnum && directory)
		errnum = posix_spawn_file_actions_addchdir_np(&actions, directory);
	if (!errnum)
		errnum = posix_spawnp(ret, argv[0], &actions, NULL, argv, environment ? environment : environ);
	posix_spawn_file_actions_destroy(&actions);
	if (errnum == ENOENT)
		return fdbg_error_create(FDBG_ERROR_NOT_FOUND, "%s is not there", argv[0]);
	return errnum ? fdbg_error_errno(errnum, "cannot start %s", argv[0]) : NULL;
}

/* Reads until the end of the output. */
static struct fdbg_error *drain(const char *name, int fd, int timeout_ms, size_t max_bytes, struct fdbg_buf *ret)
{
	uint64_t deadline = fdbg_clock_mono_ns() + (uint64_t)(timeout_ms < 0 ? 0 : timeout_ms) * 1000000;
	size_t before = ret->len;

	for (;;) {
		uint64_t now = fdbg_clock_mono_ns();
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
		int left = timeout_ms < 0 ? -1 : now < deadline ? (int)((deadline - now + 999999) / 1000000) : 0;
		int n = poll(&poll_fd, 1, left);
		uint8_t *room;
		ssize_t got;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fdbg_error_errno(errno, "cannot read the output of %s", name);
		if (!n)
			return fdbg_error_create(FDBG_ERROR_TIMEOUT, "%s does not come to an end", name);
		room = fdbg_buf_reserve(ret, 1 << 16);
		if (!room)
			return &fdbg_error_nomem;
		got = read(fd, room, 1 << 16);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fdbg_error_errno(errno, "cannot read the output of %s", name);
		if (!got)
			return NULL;
		ret->len += (size_t)got;
		if (ret->len - before > max_bytes)
			return fdbg_error_create(FDBG_ERROR_FORMAT, "%s prints more than %zu MiB", name, max_bytes >> 20);
	}
}

/* The end of its output is not the end of a child. */
static void end(pid_t pid, bool kill_first, int *status_ret)
{
	int status = 0;

	if (kill_first)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	*status_ret = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

struct fdbg_error *fdbg_child_output(char *const *argv, const char *directory, char *const *environment,
				     int timeout_ms, size_t max_bytes, struct fdbg_buf *ret, int *status_ret)
{
	struct fdbg_error *err;
	int pipe_fds[2];
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC))
		return fdbg_error_errno(errno, "cannot make a pipe");
	err = start(argv, directory, environment, pipe_fds[1], &pid);
	close(pipe_fds[1]);
	if (err) {
		close(pipe_fds[0]);
		return err;
	}
	err = drain(argv[0], pipe_fds[0], timeout_ms, max_bytes, ret);
	close(pipe_fds[0]);
	end(pid, err != NULL, status_ret);
	return err;
}
