/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Starting the processes of a local recording: the target, its server, its keeper. */
#include "gdbremote/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/scope.h"

#ifndef PR_SET_PTRACER
#define PR_SET_PTRACER 0x59616d61
#define PR_SET_PTRACER_ANY (~0ul)
#endif

#define EXEC_FAILED 127
#define MAX_FD 1024 /* closed one by one where close_range is missing */

/*
 * fork with all signals blocked in between, so that no handler of fdbg runs in the child. There, handlers are
 * back at their defaults and the mask is that of the caller again; ignored signals stay ignored.
 */
static pid_t fork_cleanly(void)
{
	sigset_t all, before;
	pid_t pid;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (!pid) {
		for (int number = 1; number < NSIG; number++) {
			struct sigaction action;

			if (!sigaction(number, NULL, &action) && action.sa_handler != SIG_IGN &&
			    action.sa_handler != SIG_DFL)
				signal(number, SIG_DFL);
		}
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return pid;
}

/* Closes what is above the standard descriptors, but not keep. */
static void close_others(int keep)
{
	if ((keep <= 3 || !syscall(SYS_close_range, 3u, (unsigned)keep - 1, 0u)) &&
	    !syscall(SYS_close_range, keep < 3 ? 3u : (unsigned)keep + 1, ~0u, 0u))
		return;
	for (int fd = 3; fd < MAX_FD; fd++)
		if (fd != keep)
			close(fd);
}

/* A descriptor above the standard ones, so that dup2 onto those cannot hit it. */
static int lift(int fd)
{
	int lifted = fd;

	if (fd >= 0 && fd < 3) {
		lifted = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		close(fd);
	}
	return lifted;
}

/* Two connected descriptors above the standard ones: a pipe (to read, to write), or a pair of sockets. */
static struct fdbg_error *make_pair(bool sockets, int fds[2])
{
	int rc = sockets ? socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) : pipe2(fds, O_CLOEXEC);

	if (rc < 0)
		return fdbg_error_errno(errno, "cannot make a pipe");
	fds[0] = lift(fds[0]);
	fds[1] = lift(fds[1]);
	if (fds[0] >= 0 && fds[1] >= 0)
		return NULL;
	for (int i = 0; i < 2; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	return fdbg_error_errno(EMFILE, "cannot make a pipe");
}

static bool same_name(const char *a, const char *b)
{
	size_t len = strcspn(a, "=");

	return !strncmp(a, b, len + 1) || (!strncmp(a, b, len) && b[len] == '=');
}

/* fdbg's environment with additions; the array is the caller's, its texts are not. */
static char **merge_environment(char *const *additions)
{
	size_t n = 0, n_added = 0, n_out = 0;
	char **merged;

	while (environ && environ[n])
		n++;
	while (additions && additions[n_added])
		n_added++;
	merged = calloc(n + n_added + 1, sizeof(char *));
	if (!merged)
		return NULL;
	for (size_t i = 0; i < n + n_added; i++) {
		char *text = i < n ? environ[i] : additions[i - n];
		size_t k = 0;

		while (k < n_out && (i < n || !same_name(merged[k], text)))
			k++;
		merged[k] = text;
		if (k == n_out)
			n_out++;
	}
	return merged;
}

/* Where a relative program is once the directory is another one. */
static struct fdbg_error *program_path(const struct fdbg_server_options *options, char **ret)
{
	FDBG_AUTO_FREE char *here = NULL;
	char *path;

	if (!options->directory || options->program[0] == '/') {
		path = strdup(options->program);
	} else {
		here = getcwd(NULL, 0);
		if (!here)
			return fdbg_error_errno(errno, "cannot find the current directory");
		if (asprintf(&path, "%s/%s", here, options->program) < 0)
			path = NULL;
	}
	if (!path)
		return &fdbg_error_nomem;
	*ret = path;
	return NULL;
}

/* What the target does before it becomes the program. Runs after fork: nothing but system calls. */
static _Noreturn void become_program(const struct fdbg_server_options *options, const char *path,
				     char **environment, int gate)
{
	int errnum;
	char byte;

	/* Where only ancestors may trace (Yama), the server may too; execve takes this back. */
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
	if (options->disable_aslr) {
		int persona = personality(0xffffffff);

		if (persona >= 0)
			personality((unsigned long)persona | ADDR_NO_RANDOMIZE);
	}
	if (read(gate, &byte, 1) != 1)
		_exit(EXEC_FAILED);
	if (!options->directory || !chdir(options->directory))
		execve(path, options->argv, environment);
	errnum = errno;
	if (write(gate, &errnum, sizeof(errnum)) < 0)
		_exit(EXEC_FAILED);
	_exit(EXEC_FAILED);
}

struct fdbg_error *fdbg_launch_target(const struct fdbg_server_options *options,
				      struct fdbg_waiting_target *ret)
{
	FDBG_AUTO_FREE char **environment = NULL;
	FDBG_AUTO_FREE char *path = NULL;
	int gate[2];
	struct fdbg_error *err = program_path(options, &path);
	pid_t pid;

	if (err)
		return err;
	environment = merge_environment(options->environment);
	if (!environment)
		return &fdbg_error_nomem;
	err = make_pair(true, gate);
	if (err)
		return err;
	pid = fork_cleanly();
	if (!pid) {
		close(gate[1]);
		become_program(options, path, environment, gate[0]);
	}
	close(gate[0]);
	if (pid < 0) {
		err = fdbg_error_errno(errno, "cannot start a process");
		close(gate[1]);
		return err;
	}
	*ret = (struct fdbg_waiting_target){ pid, gate[1] };
	return NULL;
}

struct fdbg_error *fdbg_launch_server(const struct fdbg_server_start *start, pid_t *pid_ret, int *output_ret)
{
	FDBG_AUTO_FREE char *target_text = NULL;
	char link_text[16];
	struct fdbg_error *err;
	pid_t parent = getpid(), pid;
	int fds[2];

	snprintf(link_text, sizeof(link_text), "%d", start->link_fd);
	if (asprintf(&target_text, "%ld", (long)start->target) < 0) {
		target_text = NULL;
		return &fdbg_error_nomem;
	}
	err = make_pair(false, fds);
	if (err)
		return err;
	pid = fork_cleanly();
	if (!pid) {
		int null = lift(open("/dev/null", O_RDONLY | O_CLOEXEC));

		if (start->dies_with_us) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (getppid() != parent)
				_exit(EXEC_FAILED);
		}
		setpgid(0, 0);
		if (null < 0 || dup2(null, 0) < 0 || dup2(fds[1], 1) < 0 || dup2(fds[1], 2) < 0)
			_exit(EXEC_FAILED);
		close_others(start->link_fd < 0 ? 2 : start->link_fd);
		if (start->link_fd < 0) {
			execl(start->path, start->path, "--once", "--attach", "127.0.0.1:0", target_text,
			      (char *)NULL);
		} else {
			fcntl(start->link_fd, F_SETFD, 0);
			execl(start->path, start->path, "gdbserver", "--fd", link_text, (char *)NULL);
		}
		_exit(EXEC_FAILED);
	}
	close(fds[1]);
	if (pid < 0) {
		err = fdbg_error_errno(errno, "cannot start a process");
		close(fds[0]);
		return err;
	}
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	*pid_ret = pid;
	*output_ret = fds[0];
	return NULL;
}

struct fdbg_error *fdbg_launch_keeper(pid_t target, pid_t *pid_ret, int *fd_ret)
{
	struct fdbg_error *err;
	int fds[2];
	pid_t pid;

	err = make_pair(true, fds);
	if (err)
		return err;
	pid = fork_cleanly();
	if (!pid) {
		char byte;
		ssize_t n;

		/* Nothing of the terminal or of fdbg's pipes may be held open by it. */
		setsid();
		close_others(fds[0]);
		for (int fd = 0; fd < 3; fd++)
			close(fd);
		prctl(PR_SET_NAME, "fdbg-keeper", 0, 0, 0);
		do {
			n = read(fds[0], &byte, 1);
		} while (n < 0 && errno == EINTR);
		if (n != 1)
			kill(target, SIGKILL);
		_exit(0);
	}
	close(fds[0]);
	if (pid < 0) {
		err = fdbg_error_errno(errno, "cannot start a process");
		close(fds[1]);
		return err;
	}
	*pid_ret = pid;
	*fd_ret = fds[1];
	return NULL;
}
