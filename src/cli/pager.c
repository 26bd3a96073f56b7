/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Showing long output page by page. */
#include "cli/pager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Status of the shell when there is no such command. */
enum { NO_COMMAND = 127 };

static const char *pager_command(void)
{
	const char *command = getenv("FDBG_PAGER");

	if (!command)
		command = getenv("PAGER");
	/* -F: what fits on the screen needs no pager; -X: it stays there. */
	if (!command)
		return "less -FRX";
	while (*command == ' ')
		command++;
	return !*command || !strcmp(command, "cat") ? NULL : command;
}

/* In the child: becomes the pager. Only what is safe behind a fork of one thread. */
static void become(const char *command, int input)
{
	dup2(input, STDIN_FILENO);
	signal(SIGPIPE, SIG_DFL);
	/* less shows colours only when told to; who sets LESS knows what it holds. */
	setenv("LESS", "FRX", 0);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(NO_COMMAND);
}

/* Whether the first word of the command can be run: a user without it shall see the output all the same. */
static int is_there(const char *command)
{
	char probe[256];
	size_t len = strcspn(command, " \t");
	int status;

	/* Words that the shell would interpret are the shell's to judge. */
	if (strcspn(command, "$`\"'\\(){};&|<>*?=~") < strlen(command))
		return 1;
	if (len > sizeof(probe) - 40)
		return 0;
	snprintf(probe, sizeof(probe), "command -v %.*s >/dev/null 2>&1", (int)len, command);
	status = system(probe);
	return status == 0;
}

void fdbg_pager_start(struct fdbg_pager *pager)
{
	const char *command = pager_command(), *term = getenv("TERM");
	int ends[2];
	pid_t pid;

	pager->pid = 0;
	if (!command || !isatty(STDOUT_FILENO) || !term || !strcmp(term, "dumb") || !is_there(command) ||
	    pipe2(ends, O_CLOEXEC) < 0)
		return;
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		become(command, ends[0]);
	close(ends[0]);
	if (pid > 0) {
		dup2(ends[1], STDOUT_FILENO);
		/* Ctrl-C is the pager's: it stops what it is doing, and we end when it does. */
		signal(SIGINT, SIG_IGN);
		signal(SIGQUIT, SIG_IGN);
		pager->pid = pid;
	}
	close(ends[1]);
}

void fdbg_pager_finish(struct fdbg_pager *pager)
{
	int nowhere, status;

	if (!pager->pid)
		return;
	fflush(stdout);
	nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (nowhere >= 0) {
		dup2(nowhere, STDOUT_FILENO);
		close(nowhere);
	} else {
		close(STDOUT_FILENO);
	}
	while (waitpid(pager->pid, &status, 0) < 0 && errno == EINTR)
		;
	pager->pid = 0;
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
}
