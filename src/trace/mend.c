/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "trace/mend.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/scope.h"
#include "trace/stop_internal.h"

/* What servers write: int3, and brk #0 (Arm ARM, BRK). */
static const uint8_t trap_x86[] = { 0xcc }, trap_arm[] = { 0x00, 0x00, 0x20, 0xd4 };

#define SETTLE_MS 100

/* The state of a process as in /proc/PID/stat, 'X': there is none. */
static char state_of(pid_t pid)
{
	char path[64], text[512], *end;
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	file = fopen(path, "re");
	if (!file)
		return 'X';
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	/* The name in parentheses may hold anything. */
	end = strrchr(text, ')');
	return end && end[1] == ' ' ? end[2] : 'X';
}

static struct fdbg_error *ended(pid_t pid)
{
	return fdbg_error_create(FDBG_ERROR_GONE, "process %ld has ended with it", (long)pid);
}

static size_t put_back(const struct fdbg_places *places, int memory)
{
	size_t size = places->arch->breakpoint_size, n = 0;
	const uint8_t *trap = size == sizeof(trap_arm) ? trap_arm : trap_x86;
	uint8_t now[sizeof(trap_arm)];

	for (size_t i = 0; i < places->n_items; i++) {
		const struct fdbg_stop_place *place = &places->items[i];

		/* Whatever else is there is not ours: another program may run by now. */
		if (!place->inserted || !place->has_original ||
		    pread(memory, now, size, (off_t)place->address) != (ssize_t)size || memcmp(now, trap, size))
			continue;
		n += pwrite(memory, place->original, size, (off_t)place->address) == (ssize_t)size;
	}
	return n;
}

struct fdbg_error *fdbg_stop_engine_mend(struct fdbg_engine *base, pid_t pid, size_t *n_ret)
{
	struct fdbg_stop_engine *engine = (struct fdbg_stop_engine *)base;
	FDBG_AUTO_CLOSE int memory = -1;
	char path[64], state = state_of(pid);
	bool stopping = state != 'T' && state != 't';

	if (strchr("XZ", state))
		return ended(pid);
	snprintf(path, sizeof(path), "/proc/%ld/mem", (long)pid);
	/* The fewer instructions it executes until it is mended the better. */
	if (stopping)
		kill(pid, SIGSTOP);
	memory = open(path, O_RDWR | O_CLOEXEC);
	if (memory >= 0)
		*n_ret = put_back(&engine->places, memory);
	if (stopping)
		kill(pid, SIGCONT);
	if (memory < 0)
		return fdbg_error_errno(errno, "cannot reach the memory of process %ld", (long)pid);
	/* A thread that was in one of the breakpoints takes the process with it now. */
	poll(NULL, 0, SETTLE_MS);
	return strchr("XZ", state_of(pid)) ? ended(pid) : NULL;
}
