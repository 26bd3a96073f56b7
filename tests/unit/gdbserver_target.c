/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the tests of gdbserver.c trace: does what its first argument says. */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATTERN 100000

unsigned char pattern[PATTERN] = { 1 };
static volatile unsigned long total;
static volatile sig_atomic_t n_signals;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void probe(unsigned long i);

/* Starts with a nop, which a tracer can stand in for by moving the pc. */
__asm__(".text\n.globl probe\n.type probe, %function\nprobe:\n\tnop\n"
#if defined(__x86_64__)
	"\tmov %rdi, last_seen(%rip)\n\tret\n"
#elif defined(__aarch64__)
	"\tadrp x1, last_seen\n\tstr x0, [x1, #:lo12:last_seen]\n\tret\n"
#endif
	".size probe, .-probe\n");
unsigned long last_seen;

static void *many_probes(void *context)
{
	for (unsigned long i = 0; i < *(unsigned long *)context; i++)
		probe(i);
	pthread_mutex_lock(&lock);
	total += *(unsigned long *)context;
	pthread_mutex_unlock(&lock);
	return NULL;
}

static int threads(unsigned long count)
{
	pthread_t ids[4];

	for (int i = 0; i < 4; i++)
		pthread_create(&ids[i], NULL, many_probes, &count);
	for (int i = 0; i < 4; i++)
		pthread_join(ids[i], NULL);
	return total == 4 * count ? 0 : 1;
}

static void on_signal(int number)
{
	(void)number;
	n_signals++;
}

/* Everything about the process that a tracer must not change. */
static int report(int argc, char **argv)
{
	extern char **environ;
	char line[4096], *cwd = getcwd(NULL, 0);
	FILE *status = fopen("/proc/self/status", "r");
	size_t n;

	for (int i = 0; i < argc; i++)
		printf("argument [%s]\n", argv[i]);
	for (char **entry = environ; *entry; entry++)
		printf("environment [%s]\n", *entry);
	printf("directory %s\n", cwd);
	while (status && fgets(line, sizeof(line), status))
		if (!strncmp(line, "SigBlk", 6) || !strncmp(line, "SigIgn", 6) ||
		    !strncmp(line, "SigCgt", 6) || !strncmp(line, "Name", 4))
			fputs(line, stdout);
	printf("group %s, session %d\n", getpgrp() == getpid() ? "own" : "inherited", (int)getsid(0));
	for (int fd = 0; fd < 64; fd++) {
		char path[32];
		ssize_t len;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (status && fd == fileno(status))
			continue;
		len = readlink(path, line, sizeof(line) - 1);
		if (len > 0)
			printf("descriptor %d: %.*s\n", fd, (int)len, line);
	}
	while ((n = fread(line, 1, sizeof(line), stdin)) > 0)
		fwrite(line, 1, n, stdout);
	fputs("on standard error\n", stderr);
	return 7;
}

static int children(const char *how, char *self)
{
	pid_t pid = how[0] == 'v' ? vfork() : fork();
	int status = 0;

	if (!pid) {
		if (how[0] == 'v')
			_exit(3);
		probe(1);
		execl(self, self, "exit", "3", (char *)NULL);
		_exit(9);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	probe(2);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	unsigned long count = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;

	for (size_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = (unsigned char)(i * 7 % 253);
	if (!strcmp(what, "hits")) {
		for (unsigned long i = 0; i < count; i++) {
			probe(i);
			if (last_seen != i)
				return 1;
		}
		return 0;
	}
	if (!strcmp(what, "report"))
		return report(argc, argv);
	if (!strcmp(what, "exit"))
		return (int)count;
	if (!strcmp(what, "raise"))
		return raise((int)count);
	if (!strcmp(what, "fork") || !strcmp(what, "vfork"))
		return children(what, argv[0]);
	if (!strcmp(what, "exec"))
		return execl(argv[0], argv[0], "exit", "5", (char *)NULL);
	if (!strcmp(what, "threads"))
		return threads(count);
	if (!strcmp(what, "signals")) {
		signal(SIGUSR1, on_signal);
		signal(SIGCHLD, on_signal);
		for (unsigned long i = 0; i < count; i++)
			raise(i % 2 ? SIGCHLD : SIGUSR1);
		return n_signals;
	}
	if (!strcmp(what, "probe-and-data")) {
		probe(0);
		return pattern[50000] == 0xaa ? 0 : 1;
	}
	for (;;)
		pause();
}
