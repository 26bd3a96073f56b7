/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Runs a program as it is, and again with every instruction moved out of line, and compares the two. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch/arch.h"
#include "tests/arch/victim.h"

/*
 * Usage: lockstep [-n INSTRUCTIONS] [-s SKIPPED] [PROGRAM ARGUMENT...]
 * Without a program it runs its own victim. Two processes start in the same state (no address randomisation,
 * the same random bytes, no vdso). The first executes an instruction in place; the second executes what
 * move() made of it in a scratch page; then all registers and flags must agree, and at the end all writable
 * memory.
 *
 * On the way, for each function that is called for the first time, analyse_prologue() is asked about each of
 * its first instructions and its answer compared with the registers and the stack of the first process.
 */

#define SKIPPED 77
#define SLOT_SIZE 64
#define SCRATCH_SIZE 0x1000
#define SEEN_SIZE 65536
#define MAX_MAPPING (UINT64_C(64) << 20) /* larger are the shadows of sanitizers */
#define PROLOGUE_STEPS 100
#define MAX_REPORTS 20
#define MAX_REFUSALS 5

#ifdef __x86_64__

struct child {
	pid_t pid;
	int mem;
	struct user_regs_struct regs;
	struct user_fpregs_struct fp;
};

struct lockstep {
	const struct fdbg_arch *arch;
	struct child plain, moved;
	uint64_t scratch[2];   /* one near the program, one near its libraries */
	unsigned int slot;
	unsigned long n_steps, n_refused, n_failures;
	uint64_t seen[SEEN_SIZE];
	struct {
		bool active;
		uint64_t entry, highest;
		unsigned int n;
		struct user_regs_struct regs;
		struct user_fpregs_struct fp;
	} frame;
	unsigned long n_functions, n_stops, n_complete, n_origins;
};

static void die(const char *what)
{
	fprintf(stderr, "lockstep: %s: %s\n", what, strerror(errno));
	exit(99);
}

static bool fail(struct lockstep *lockstep)
{
	return ++lockstep->n_failures <= MAX_REPORTS;
}

static void wait_stop(struct child *child, int *status_ret)
{
	if (waitpid(child->pid, status_ret, 0) != child->pid)
		die("waitpid");
}

static void read_regs(struct child *child)
{
	if (ptrace(PTRACE_GETREGS, child->pid, 0, &child->regs) ||
	    ptrace(PTRACE_GETFPREGS, child->pid, 0, &child->fp))
		die("reading registers");
}

static void write_regs(struct child *child)
{
	if (ptrace(PTRACE_SETREGS, child->pid, 0, &child->regs))
		die("writing registers");
}

static size_t read_memory(const struct child *child, uint64_t address, void *bytes, size_t size)
{
	ssize_t got = pread(child->mem, bytes, size, (off_t)address);

	return got < 0 ? 0 : (size_t)got;
}

static void write_memory(const struct child *child, uint64_t address, const void *bytes, size_t size)
{
	if (pwrite(child->mem, bytes, size, (off_t)address) != (ssize_t)size)
		die("writing memory");
}

/* True when the child is stopped by the step, false when it has ended or got another signal. */
static bool step(struct child *child)
{
	int status;

	if (ptrace(PTRACE_SINGLESTEP, child->pid, 0, 0))
		die("stepping");
	wait_stop(child, &status);
	if (!WIFSTOPPED(status))
		return false;
	read_regs(child);
	if (WSTOPSIG(status) == SIGTRAP)
		return true;
	fprintf(stderr, "lockstep: signal %d at %llx\n", WSTOPSIG(status), child->regs.rip);
	return false;
}

static void start(struct child *child, char **argv)
{
	char path[64];
	int status;

	child->pid = fork();
	if (child->pid < 0)
		die("fork");
	if (child->pid == 0) {
		/* The kernel writes the number of the processor core into the memory of restartable
		 * sequences. */
		static char no_rseq[] = "GLIBC_TUNABLES=glibc.pthread.rseq=0";
		char *const environment[] = { no_rseq, NULL };
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		personality(ADDR_NO_RANDOMIZE);
		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		if (ptrace(PTRACE_TRACEME, 0, 0, 0))
			_exit(SKIPPED);
		execve(argv[0], argv, environment);
		_exit(SKIPPED);
	}
	wait_stop(child, &status);
	if (!WIFSTOPPED(status)) {
		fprintf(stderr, "lockstep: cannot trace %s here\n", argv[0]);
		exit(SKIPPED);
	}
	ptrace(PTRACE_SETOPTIONS, child->pid, 0, PTRACE_O_EXITKILL);
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)child->pid);
	child->mem = open(path, O_RDWR | O_CLOEXEC);
	if (child->mem < 0)
		die(path);
	read_regs(child);
}

/* Makes the auxiliary vector the same in both; returns the program's entry. */
static uint64_t patch_auxv(struct child *child)
{
	uint64_t at = child->regs.rsp, word = 1, pair[2], entry = 0;
	static const uint8_t random[16] = { 0,	 17,  34,  51,	68,  85,  102, 119,
					    136, 153, 170, 187, 204, 221, 238, 255 };

	at += 8;
	for (int vectors = 0; vectors < 2; at += 8) {
		if (read_memory(child, at, &word, 8) != 8)
			die("reading the auxiliary vector");
		vectors += word == 0;
	}
	for (;; at += 16) {
		if (read_memory(child, at, pair, 16) != 16)
			die("reading the auxiliary vector");
		if (pair[0] == AT_NULL)
			return entry;
		if (pair[0] == AT_ENTRY)
			entry = pair[1];
		if (pair[0] == AT_RANDOM)
			write_memory(child, pair[1], random, sizeof(random));
		if (pair[0] == AT_SYSINFO_EHDR) {
			pair[0] = AT_IGNORE;
			write_memory(child, at, pair, 16);
		}
	}
}

static uint64_t map_scratch(const struct fdbg_arch *arch, struct child *child, uint64_t address)
{
	struct user_regs_struct saved = child->regs;
	uint8_t original[4];
	uint64_t result;

	if (read_memory(child, saved.rip, original, arch->syscall.size) != arch->syscall.size)
		die("reading code");
	write_memory(child, saved.rip, arch->syscall.bytes, arch->syscall.size);
	child->regs.rax = arch->syscall.mmap;
	child->regs.orig_rax = UINT64_MAX;
	child->regs.rdi = address;
	child->regs.rsi = SCRATCH_SIZE;
	child->regs.rdx = PROT_READ | PROT_WRITE | PROT_EXEC;
	child->regs.r10 = MAP_PRIVATE | MAP_ANONYMOUS;
	child->regs.r8 = UINT64_MAX;
	child->regs.r9 = 0;
	write_regs(child);
	if (!step(child))
		die("mapping a scratch page");
	result = child->regs.rax;
	write_memory(child, saved.rip, original, arch->syscall.size);
	child->regs = saved;
	write_regs(child);
	return result;
}

static void run_to(struct child *child, uint64_t address)
{
	static const uint8_t trap = 0xcc;
	uint8_t original;
	int status;

	if (read_memory(child, address, &original, 1) != 1)
		die("reading the entry");
	write_memory(child, address, &trap, 1);
	if (ptrace(PTRACE_CONT, child->pid, 0, 0))
		die("continuing");
	wait_stop(child, &status);
	if (!WIFSTOPPED(status))
		die("running to the entry");
	write_memory(child, address, &original, 1);
	read_regs(child);
	child->regs.rip = address;
	write_regs(child);
}

static const uint64_t *reg_at(const struct user_regs_struct *regs, const char *name)
{
	static const struct { const char *name; size_t at;
	} table[] = {
#define REG(n) { #n, offsetof(struct user_regs_struct, n) }
		REG(rax), REG(rbx), REG(rcx), REG(rdx),	   REG(rsi),	 REG(rdi),     REG(rbp),
		REG(rsp), REG(r8),  REG(r9),  REG(r10),	   REG(r11),	 REG(r12),     REG(r13),
		REG(r14), REG(r15), REG(rip), REG(eflags), REG(fs_base), REG(gs_base),
#undef REG
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (!strcmp(table[i].name, name))
			return (const uint64_t *)(const void *)((const char *)regs + table[i].at);
	return NULL;
}

/* The bytes of the register with that index. */
static const void *reg_bytes(const struct fdbg_arch *arch, const struct user_regs_struct *regs,
			     const struct user_fpregs_struct *fp, uint32_t index)
{
	const char *name = arch->regs[index].name;

	if (!strncmp(name, "xmm", 3))
		return (const char *)fp->xmm_space + 16 * atoi(name + 3);
	return reg_at(regs, name);
}

static void describe(const uint8_t *bytes, char *ret)
{
	for (int i = 0; i < 15; i++)
		sprintf(ret + 2 * i, "%02x", bytes[i]);
}

static void compare(struct lockstep *lockstep, uint64_t address, const uint8_t *bytes)
{
	const struct child *a = &lockstep->plain, *b = &lockstep->moved;
	char text[32];
	bool same = true;

	for (uint32_t i = 0; i < lockstep->arch->n_regs; i++) {
		const void *x = reg_bytes(lockstep->arch, &a->regs, &a->fp, i);
		const void *y = reg_bytes(lockstep->arch, &b->regs, &b->fp, i);

		if (memcmp(x, y, lockstep->arch->regs[i].size)) {
			same = false;
			if (fail(lockstep)) {
				describe(bytes, text);
				printf("moved: %s differs after %s at %" PRIx64 ": %" PRIx64
				       ", in place %" PRIx64 "\n",
				       lockstep->arch->regs[i].name, text, address, *(const uint64_t *)y,
				       *(const uint64_t *)x);
			}
		}
	}
	if (memcmp(a->fp.st_space, b->fp.st_space, sizeof(a->fp.st_space)) || a->fp.mxcsr != b->fp.mxcsr) {
		same = false;
		if (fail(lockstep))
			printf("moved: the x87 or SSE state differs at %" PRIx64 "\n", address);
	}
	if (!same) {
		/* One fault is one report. */
		lockstep->moved.regs = a->regs;
		write_regs(&lockstep->moved);
		ptrace(PTRACE_SETFPREGS, lockstep->moved.pid, 0, &a->fp);
	}
}

static void check_spills(struct lockstep *lockstep, const struct fdbg_prologue *prologue, uint64_t stop)
{
	const struct fdbg_arch *arch = lockstep->arch;
	uint64_t cfa = lockstep->frame.regs.rsp + (uint64_t)arch->cfa_at_entry;

	for (size_t i = 0; i < prologue->n_spills; i++) {
		const struct fdbg_spill *spill = &prologue->spills[i];
		uint8_t bytes[64];
		bool overwritten = false;

		if (!spill->cfa_known || spill->origin == FDBG_ARCH_NO_REG)
			continue;
		for (size_t k = i + 1; k < prologue->n_spills; k++) {
			const struct fdbg_spill *later = &prologue->spills[k];

			overwritten |=
				!later->cfa_known || (later->cfa_offset < spill->cfa_offset + spill->size &&
						      spill->cfa_offset < later->cfa_offset + later->size);
		}
		if (overwritten || spill->size > 16)
			continue;
		lockstep->n_origins++;
		if (read_memory(&lockstep->plain, cfa + (uint64_t)spill->cfa_offset, bytes, spill->size) !=
			    spill->size ||
		    memcmp(bytes, reg_bytes(arch, &lockstep->frame.regs, &lockstep->frame.fp, spill->origin),
			   spill->size)) {
			if (fail(lockstep))
				printf("prologue: %" PRIx64 " to %" PRIx64 ": slot CFA%+" PRId64
				       " is not %s\n",
				       lockstep->frame.entry, stop, spill->cfa_offset,
				       arch->regs[spill->origin].name);
		}
	}
}

/* What the analysis says about the code from the frame's entry to here, against what has happened. */
static void check_prologue(struct lockstep *lockstep)
{
	const struct fdbg_arch *arch = lockstep->arch;
	const struct child *child = &lockstep->plain;
	uint64_t stop = child->regs.rip, entry = lockstep->frame.entry;
	struct fdbg_prologue prologue;
	uint8_t bytes[1024];
	struct fdbg_code code = { bytes, entry, 0 };

	if (stop <= lockstep->frame.highest)
		return;
	lockstep->frame.highest = stop;
	code.size = read_memory(child, entry, bytes, sizeof(bytes));
	arch->analyse_prologue(&code, stop, &prologue);
	lockstep->n_stops++;
	if (!prologue.complete || lockstep->frame.n++ > PROLOGUE_STEPS) {
		lockstep->frame.active = false;
		return;
	}
	lockstep->n_complete++;
	if (prologue.frame_known &&
	    child->regs.rsp - lockstep->frame.regs.rsp != (uint64_t)prologue.sp_delta && fail(lockstep))
		printf("prologue: %" PRIx64 " to %" PRIx64 ": sp moved by %" PRId64 ", not %" PRId64 "\n",
		       entry, stop, (int64_t)(child->regs.rsp - lockstep->frame.regs.rsp), prologue.sp_delta);
	if (prologue.fp_known && child->regs.rbp - lockstep->frame.regs.rsp != (uint64_t)prologue.fp_delta &&
	    fail(lockstep))
		printf("prologue: %" PRIx64 " to %" PRIx64 ": fp is wrong\n", entry, stop);
	for (uint32_t i = 0; i < arch->n_regs; i++) {
		if (i == arch->pc || (prologue.clobbered[i / 64] >> i % 64 & 1))
			continue;
		if (memcmp(reg_bytes(arch, &child->regs, &child->fp, i),
			   reg_bytes(arch, &lockstep->frame.regs, &lockstep->frame.fp, i),
			   arch->regs[i].size) &&
		    fail(lockstep))
			printf("prologue: %" PRIx64 " to %" PRIx64 ": %s has been written\n", entry, stop,
			       arch->regs[i].name);
	}
	check_spills(lockstep, &prologue, stop);
}

static void enter_function(struct lockstep *lockstep)
{
	uint64_t entry = lockstep->plain.regs.rip;
	size_t at = (size_t)(entry * UINT64_C(0x9e3779b97f4a7c15) >> 48) % SEEN_SIZE;

	lockstep->frame.active = false;
	for (int i = 0; i < 16; i++, at = (at + 1) % SEEN_SIZE) {
		if (lockstep->seen[at] == entry)
			return;
		if (lockstep->seen[at] == 0) {
			lockstep->seen[at] = entry;
			lockstep->frame.active = true;
			lockstep->frame.entry = lockstep->frame.highest = entry;
			lockstep->frame.n = 0;
			lockstep->frame.regs = lockstep->plain.regs;
			lockstep->frame.fp = lockstep->plain.fp;
			lockstep->n_functions++;
			return;
		}
	}
}

/* After a system call: what the kernel returned to the first process, the second gets too. */
static void share_syscall(struct lockstep *lockstep, uint64_t number, const struct user_regs_struct *before)
{
	const struct child *a = &lockstep->plain;
	struct child *b = &lockstep->moved;
	uint64_t address = 0, size = 0;
	uint8_t bytes[4096];

	b->regs.rax = a->regs.rax;
	b->regs.rcx = a->regs.rcx;
	write_regs(b);
	if ((int64_t)a->regs.rax < 0)
		return;
	if (number == SYS_getrandom)
		address = before->rdi, size = a->regs.rax;
	else if (number == SYS_read || number == SYS_pread64)
		address = before->rsi, size = a->regs.rax;
	else if (number == SYS_clock_gettime)
		address = before->rsi, size = 16;
	while (size) {
		size_t n = size < sizeof(bytes) ? size : sizeof(bytes);

		if (read_memory(a, address, bytes, n) != n)
			die("reading memory");
		write_memory(b, address, bytes, n);
		address += n;
		size -= n;
	}
}

/* Instructions whose result depends on time or on the processor core. */
static bool is_volatile(const uint8_t *bytes)
{
	return bytes[0] == 0x0f &&
	       (bytes[1] == 0x31 || bytes[1] == 0xa2 || (bytes[1] == 0x01 && bytes[2] == 0xf9) ||
		(bytes[1] == 0xc7 && bytes[2] >= 0xf0));
}

static bool is_rep(const uint8_t *bytes)
{
	return bytes[0] == 0xf2 || bytes[0] == 0xf3;
}

/* One instruction in both. False at the end. */
static bool advance(struct lockstep *lockstep)
{
	struct child *a = &lockstep->plain, *b = &lockstep->moved;
	struct user_regs_struct before = a->regs;
	uint64_t to = lockstep->scratch[0], return_address;
	struct fdbg_moved moved;
	struct fdbg_error *err;
	uint8_t bytes[16] = { 0 };
	struct fdbg_code code = { bytes, before.rip, 0 };
	bool is_syscall;

	code.size = read_memory(a, before.rip, bytes, sizeof(bytes));
	is_syscall = bytes[0] == 0x0f && bytes[1] == 0x05;
	if (is_syscall && (before.rax == SYS_clone || before.rax == SYS_clone3 || before.rax == SYS_fork ||
			   before.rax == SYS_vfork || before.rax == SYS_execve || before.rax == SYS_exit ||
			   before.rax == SYS_exit_group))
		return false;
	if (before.rip - to > INT32_MAX / 2 && to - before.rip > INT32_MAX / 2)
		to = lockstep->scratch[1];
	to += lockstep->slot++ % (SCRATCH_SIZE / SLOT_SIZE) * SLOT_SIZE;

	do {
		if (!step(a))
			return false;
	} while (is_rep(bytes) && a->regs.rip == before.rip);

	err = lockstep->arch->move(&code, to, &moved);
	if (err) {
		if (lockstep->n_refused++ < MAX_REFUSALS) {
			char text[32];

			describe(bytes, text);
			printf("refused: %s: %s\n", text, err->message);
		}
		fdbg_error_destroy(err);
		do {
			if (!step(b))
				return false;
		} while (is_rep(bytes) && b->regs.rip == before.rip);
	} else {
		write_memory(b, to, moved.bytes, moved.size);
		b->regs.rip = to;
		write_regs(b);
		do {
			if (!step(b)) {
				fail(lockstep);
				printf("moved: the instruction at %" PRIx64 " ended the process\n",
				       code.address);
				return false;
			}
		} while (b->regs.rip - to < moved.size);
	}
	if (is_syscall)
		share_syscall(lockstep, before.rax, &before);
	if (is_volatile(bytes)) {
		b->regs = a->regs;
		write_regs(b);
	}
	compare(lockstep, before.rip, bytes);
	lockstep->n_steps++;

	if (a->regs.rsp == before.rsp - 8 && read_memory(a, a->regs.rsp, &return_address, 8) == 8 &&
	    return_address - before.rip - 2 <= 13 && a->regs.rip - before.rip > 15)
		enter_function(lockstep);
	else if (lockstep->frame.active)
		check_prologue(lockstep);
	return true;
}

/* Compares what is writable; or, before the start, makes it alike (thread numbers, what cpuid said of the
 * core). */
static void compare_memory(struct lockstep *lockstep, bool make_alike)
{
	char path[64], line[512];
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)lockstep->plain.pid);
	maps = fopen(path, "re");
	if (!maps)
		die(path);
	while (fgets(line, sizeof(line), maps)) {
		uint64_t low, high;
		char mode[8];
		static uint8_t a[4096], b[4096];

		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s", &low, &high, mode) != 3 || mode[1] != 'w' ||
		    low == lockstep->scratch[0] || low == lockstep->scratch[1] || high - low > MAX_MAPPING)
			continue;
		for (; low < high; low += sizeof(a)) {
			if (read_memory(&lockstep->plain, low, a, sizeof(a)) != sizeof(a))
				continue;
			if (read_memory(&lockstep->moved, low, b, sizeof(b)) != sizeof(b) ||
			    memcmp(a, b, sizeof(a))) {
				size_t i = 0;

				if (make_alike) {
					write_memory(&lockstep->moved, low, a, sizeof(a));
					continue;
				}
				while (i < sizeof(a) - 1 && a[i] == b[i])
					i++;
				if (fail(lockstep))
					printf("moved: memory differs at %" PRIx64 "\n", low + i);
			}
		}
	}
	fclose(maps);
}

int main(int argc, char **argv)
{
	static struct lockstep lockstep;
	static char self[4096], victim[] = "--victim";
	char *own[] = { self, victim, NULL };
	unsigned long limit = 20000, skip = 0;
	uint64_t entry;
	char **program = own;
	int option;

	if (argc == 2 && !strcmp(argv[1], victim))
		return fdbg_test_victim();
	while ((option = getopt(argc, argv, "+n:s:")) != -1) {
		if (option == 'n')
			limit = strtoul(optarg, NULL, 0);
		else if (option == 's')
			skip = strtoul(optarg, NULL, 0);
		else
			return 2;
	}
	if (optind < argc)
		program = argv + optind;
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		die("/proc/self/exe");

	lockstep.arch = fdbg_arch_for_machine(EM_X86_64);
	start(&lockstep.plain, program);
	start(&lockstep.moved, program);
	entry = patch_auxv(&lockstep.plain);
	patch_auxv(&lockstep.moved);
	for (int i = 0; i < 2; i++) {
		uint64_t near = i ? lockstep.plain.regs.rip - 0x20000000 : entry - 0x10000000;

		lockstep.scratch[i] = map_scratch(lockstep.arch, &lockstep.plain, near & ~UINT64_C(0xfff));
		if (map_scratch(lockstep.arch, &lockstep.moved, near & ~UINT64_C(0xfff)) !=
		    lockstep.scratch[i]) {
			fprintf(stderr, "lockstep: the two processes are not alike\n");
			return SKIPPED;
		}
	}
	run_to(&lockstep.plain, entry);
	run_to(&lockstep.moved, entry);
	for (unsigned long i = 0; i < skip; i++)
		if (!step(&lockstep.plain) || !step(&lockstep.moved))
			break;
	compare_memory(&lockstep, true);
	while (lockstep.n_steps < limit && advance(&lockstep))
		;
	compare_memory(&lockstep, false);
	kill(lockstep.plain.pid, SIGKILL);
	kill(lockstep.moved.pid, SIGKILL);
	printf("%lu instructions, %lu not moved; %lu functions, %lu of %lu prologue stops complete, %lu "
	       "spilled values; "
	       "%lu failures\n",
	       lockstep.n_steps, lockstep.n_refused, lockstep.n_functions, lockstep.n_complete,
	       lockstep.n_stops, lockstep.n_origins, lockstep.n_failures);
	if (lockstep.n_steps < 1000) {
		printf("too few instructions for a result\n");
		return 1;
	}
	if (lockstep.n_refused > lockstep.n_steps / 50) {
		printf("too many instructions are not moved\n");
		return 1;
	}
	return lockstep.n_failures != 0;
}

#else

int main(void)
{
	printf("SKIP: needs an x86_64 host\n");
	return SKIPPED;
}

#endif
