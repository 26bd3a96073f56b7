/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The byte stream to a server. */
#include "gdbremote/transport.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scope.h"

#define RETRY_MS 20         /* between attempts while nobody listens */
#define COMMAND_GRACE_MS 500 /* for a command to end once its link is closed, and again after SIGTERM */

struct fdbg_transport {
	int fd;
	int wake_fd;
	pid_t local_target;
	pid_t command; /* the process of `| COMMAND`, 0: none */
};

/* Milliseconds left until a deadline in monotonic nanoseconds, for poll; UINT64_MAX: no limit. */
static int left_ms(uint64_t deadline)
{
	uint64_t now, left;

	if (deadline == UINT64_MAX)
		return -1;
	now = fdbg_clock_mono_ns();
	if (now >= deadline)
		return 0;
	left = (deadline - now + 999999) / 1000000;
	return left > INT_MAX ? INT_MAX : (int)left;
}

static uint64_t deadline_in(int timeout_ms)
{
	return timeout_ms < 0 ? UINT64_MAX : fdbg_clock_mono_ns() + (uint64_t)timeout_ms * 1000000;
}

struct fdbg_error *fdbg_transport_from_fd(int fd, struct fdbg_transport **ret)
{
	struct fdbg_transport *transport = calloc(1, sizeof(*transport));
	int flags = fcntl(fd, F_GETFL), on = 1;

	if (!transport) {
		close(fd);
		return &fdbg_error_nomem;
	}
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
		int errnum = errno;

		close(fd);
		free(transport);
		return fdbg_error_errno(errnum, "cannot use descriptor %d as a link", fd);
	}
	/* Fails on what is not TCP, where it is not needed. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	transport->fd = fd;
	transport->wake_fd = -1;
	*ret = transport;
	return NULL;
}

/* Waits for a connection in progress; the errno of its outcome, EINTR where somebody was woken. */
static int finish_connect(int fd, int wake_fd, uint64_t deadline)
{
	for (;;) {
		struct pollfd pfd[] = { { .fd = fd, .events = POLLOUT }, { .fd = wake_fd, .events = POLLIN } };
		int n = poll(pfd, 2, left_ms(deadline));
		int outcome = 0;
		socklen_t len = sizeof(outcome);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (!n)
			return ETIMEDOUT;
		if (!pfd[0].revents)
			return EINTR;
		return getsockopt(fd, SOL_SOCKET, SO_ERROR, &outcome, &len) < 0 ? errno : outcome;
	}
}

/* One attempt at one address: the descriptor, or minus errno. */
static int connect_once(const struct sockaddr *address, socklen_t len, int wake_fd, uint64_t deadline)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int errnum = 0;

	if (fd < 0)
		return -errno;
	if (connect(fd, address, len) < 0)
		errnum = errno == EINPROGRESS || errno == EINTR ? finish_connect(fd, wake_fd, deadline) : errno;
	if (!errnum)
		return fd;
	close(fd);
	return -errnum;
}

/* Tries all addresses until one answers; while nobody listens, again and again until the deadline. */
static int connect_retrying(const struct addrinfo *list, int wake_fd, uint64_t deadline)
{
	struct pollfd wake = { .fd = wake_fd, .events = POLLIN };

	for (;;) {
		bool again = false;
		int result = -ECONNREFUSED;

		for (const struct addrinfo *info = list; info; info = info->ai_next) {
			result = connect_once(info->ai_addr, info->ai_addrlen, wake_fd, deadline);
			if (result >= 0 || result == -EINTR)
				return result;
			again |= result == -ECONNREFUSED || result == -ENOENT || result == -EAGAIN;
		}
		if (!again || !left_ms(deadline))
			return result;
		if (poll(&wake, 1, RETRY_MS) > 0)
			return -EINTR;
	}
}

static struct fdbg_error *connect_failed(const char *address, int errnum)
{
	struct fdbg_error *err;

	if (errnum == EINTR)
		return fdbg_error_create(FDBG_ERROR_INTERRUPTED, "connecting to %s: interrupted", address);
	err = fdbg_error_errno(errnum, "cannot connect to %s", address);

	if (errnum == ETIMEDOUT && err != &fdbg_error_nomem)
		err->code = FDBG_ERROR_TIMEOUT;
	return err;
}

static struct fdbg_error *open_unix(const char *address, const char *path, int wake_fd, uint64_t deadline, int *fd_ret)
{
	struct sockaddr_un where = { .sun_family = AF_UNIX };
	struct addrinfo info = { .ai_addr = (struct sockaddr *)&where, .ai_addrlen = sizeof(where) };
	int fd;

	if (!*path || strlen(path) >= sizeof(where.sun_path))
		return fdbg_error_create(FDBG_ERROR_USAGE, "%s: the path of a socket has 1 to %zu bytes",
					 address,
					 sizeof(where.sun_path) - 1);
	memcpy(where.sun_path, path, strlen(path));
	fd = connect_retrying(&info, wake_fd, deadline);
	if (fd < 0)
		return connect_failed(address, -fd);
	*fd_ret = fd;
	return NULL;
}

static struct fdbg_error *open_tcp(const char *address, int wake_fd, uint64_t deadline, int *fd_ret)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	const char *colon = strrchr(address, ':');
	const char *host = address;
	FDBG_AUTO_FREE char *name = NULL;
	struct addrinfo *list;
	size_t len;
	int rc, fd;

	if (!colon || !colon[1])
		return fdbg_error_create(FDBG_ERROR_USAGE,
					 "%s is no address: HOST:PORT, [V6]:PORT, unix:PATH or | COMMAND is",
					 address);
	len = (size_t)(colon - address);
	if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
		host++;
		len -= 2;
	} else if (memchr(host, ':', len)) {
		return fdbg_error_create(FDBG_ERROR_USAGE,
					 "%s: write an IPv6 address in brackets, [V6]:PORT", address);
	}
	/* `:PORT` is this machine, as everywhere. */
	name = len ? strndup(host, len) : strdup("localhost");
	if (!name)
		return &fdbg_error_nomem;
	rc = getaddrinfo(name, colon + 1, &hints, &list);
	if (rc == EAI_MEMORY)
		return &fdbg_error_nomem;
	if (rc)
		return fdbg_error_create(FDBG_ERROR_NOT_FOUND, "cannot connect to %s: %s", address,
					 rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc));
	fd = connect_retrying(list, wake_fd, deadline);
	freeaddrinfo(list);
	if (fd < 0)
		return connect_failed(address, -fd);
	*fd_ret = fd;
	return NULL;
}

static struct fdbg_error *open_command(const char *command, struct fdbg_transport **ret)
{
	struct fdbg_error *err;
	int fds[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return fdbg_error_errno(errno, "cannot make a link to a command");
	pid = fork();
	if (pid < 0) {
		int errnum = errno;

		close(fds[0]);
		close(fds[1]);
		return fdbg_error_errno(errnum, "cannot start a command");
	}
	if (!pid) {
		/* Away from the terminal, so that Ctrl-C ends the recording and not the link. */
		setsid();
		if (dup2(fds[1], 0) < 0 || dup2(fds[1], 1) < 0)
			_exit(127);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	err = fdbg_transport_from_fd(fds[0], ret);
	if (err) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return err;
	}
	(*ret)->command = pid;
	return NULL;
}

struct fdbg_error *fdbg_transport_open(const char *address, int timeout_ms, int wake_fd, struct fdbg_transport **ret)
{
	uint64_t deadline = deadline_in(timeout_ms);
	struct fdbg_error *err;
	int fd = -1;

	while (*address == ' ')
		address++;
	if (*address == '|') {
		if (!address[1 + strspn(address + 1, " ")])
			return fdbg_error_create(FDBG_ERROR_USAGE, "there is no command behind |");
		return open_command(address + 1, ret);
	}
	if (!strncmp(address, "unix:", 5))
		err = open_unix(address, address + 5, wake_fd, deadline, &fd);
	else
		err = open_tcp(address, wake_fd, deadline, &fd);
	return err ? err : fdbg_transport_from_fd(fd, ret);
}

/* Waits for a child to end, up to a limit. */
static bool reap(pid_t pid, int limit_ms)
{
	uint64_t deadline = deadline_in(limit_ms);

	for (;;) {
		pid_t done = waitpid(pid, NULL, WNOHANG);

		if (done == pid || (done < 0 && errno != EINTR))
			return true;
		if (!left_ms(deadline))
			return false;
		poll(NULL, 0, 2);
	}
}

void fdbg_transport_destroy(struct fdbg_transport *transport)
{
	if (!transport)
		return;
	close(transport->fd);
	if (transport->command && !reap(transport->command, COMMAND_GRACE_MS)) {
		/* It leads its own session: what it started goes with it. */
		kill(-transport->command, SIGTERM);
		if (!reap(transport->command, COMMAND_GRACE_MS)) {
			kill(-transport->command, SIGKILL);
			waitpid(transport->command, NULL, 0);
		}
	}
	free(transport);
}

void fdbg_transport_set_wake(struct fdbg_transport *transport, int fd)
{
	transport->wake_fd = fd;
}

void fdbg_transport_set_local_target(struct fdbg_transport *transport, pid_t pid)
{
	transport->local_target = pid;
}

struct fdbg_error *fdbg_transport_interrupt(struct fdbg_transport *transport, int timeout_ms)
{
	if (!transport->local_target)
		return fdbg_transport_write(transport, "\x03", 1, timeout_ms);
	/* Not to be there any more is no error: the server tells of its end. */
	if (kill(transport->local_target, SIGSTOP) < 0 && errno != ESRCH)
		return fdbg_error_errno(errno, "cannot interrupt the target");
	return NULL;
}

void fdbg_transport_uninterrupt(struct fdbg_transport *transport)
{
	if (transport->local_target)
		kill(transport->local_target, SIGCONT);
}

static struct fdbg_error *gone(void)
{
	return fdbg_error_create(FDBG_ERROR_GONE, "the server closed the link");
}

static bool is_gone(int errnum)
{
	return errnum == ECONNRESET || errnum == EPIPE || errnum == ENOTCONN;
}

struct fdbg_error *fdbg_transport_write(struct fdbg_transport *transport, const void *data, size_t len,
					int timeout_ms)
{
	uint64_t deadline = deadline_in(timeout_ms);
	const uint8_t *from = data;
	bool socket = true;

	while (len) {
		ssize_t n = socket ? send(transport->fd, from, len, MSG_NOSIGNAL) : write(transport->fd,
											  from, len);
		struct pollfd pfd = { .fd = transport->fd, .events = POLLOUT };

		if (n >= 0) {
			from += n;
			len -= (size_t)n;
			continue;
		}
		if (errno == ENOTSOCK) {
			socket = false;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (is_gone(errno))
			return gone();
		if (errno != EAGAIN)
			return fdbg_error_errno(errno, "cannot write to the server");
		n = poll(&pfd, 1, left_ms(deadline));
		if (!n)
			return fdbg_error_create(FDBG_ERROR_TIMEOUT, "the server does not take what is sent");
		if (n < 0 && errno != EINTR)
			return fdbg_error_errno(errno, "cannot wait for the server");
	}
	return NULL;
}

struct fdbg_error *fdbg_transport_read(struct fdbg_transport *transport, void *data, size_t size,
				       int timeout_ms,
				       size_t *len_ret)
{
	uint64_t deadline = timeout_ms > 0 ? deadline_in(timeout_ms) : 0;
	int wait_ms = timeout_ms;

	for (;;) {
		struct pollfd pfds[2] = {
			{ .fd = transport->fd, .events = POLLIN },
			{ .fd = transport->wake_fd, .events = POLLIN },
		};
		int ready = poll(pfds, transport->wake_fd >= 0 ? 2 : 1, wait_ms);
		ssize_t n;

		if (ready < 0 && errno != EINTR)
			return fdbg_error_errno(errno, "cannot wait for the server");
		if (ready > 0 && pfds[0].revents) {
			n = read(transport->fd, data, size);
			if (n > 0) {
				*len_ret = (size_t)n;
				return NULL;
			}
			if (!n || is_gone(errno))
				return gone();
			if (errno != EAGAIN && errno != EINTR)
				return fdbg_error_errno(errno, "cannot read from the server");
		} else if (ready > 0) {
			return fdbg_error_create(FDBG_ERROR_INTERRUPTED, "interrupted");
		} else if (!ready) {
			return fdbg_error_create(FDBG_ERROR_TIMEOUT, "the server does not answer");
		}
		if (timeout_ms > 0)
			wait_ms = left_ms(deadline);
	}
}
