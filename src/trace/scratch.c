/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "trace/scratch.h"

#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "trace/identity.h"
#include "trace/plan.h"

/* Linux, the same on all its architectures that fdbg knows. */
#define TARGET_PROT_READ_EXEC 5
#define TARGET_PROT_READ_WRITE_EXEC 7
#define TARGET_MAP_PRIVATE_ANONYMOUS_FIXED_NOREPLACE 0x100022
#define SIGNAL_TRAP 5

/* Code that is searched for a system call, around the program counter of the first stop. */
#define SEARCH_SIZE 0x20000
#define SEARCH_CHUNK 0x1000
/* Results of a system call that a signal has interrupted and the kernel will start again (Linux, include/linux/errno.h). */
#define RESTART_LOW 512
#define RESTART_HIGH 516
/* Signals that may come in between before a step is given up. */
#define MAX_SIGNALS 8

/* How system calls are made in the target. */
struct injection {
	struct fdbg_session *session;
	const struct fdbg_arch *arch;
	struct fdbg_thread_id thread;
	uint64_t pc;    /* of a system call instruction */
	int prot;
	int *signal;    /* one that came meanwhile, for the target */
};

struct saved_regs {
	uint8_t (*bytes)[64];
	bool *valid;
};

static uint32_t session_reg(const struct fdbg_session *session, const char *name)
{
	const struct fdbg_remote_reg *regs;
	size_t n;

	regs = fdbg_session_regs(session, &n);
	for (size_t i = 0; i < n; i++)
		if (!strcmp(regs[i].name, name))
			return (uint32_t)i;
	return UINT32_MAX;
}

static struct fdbg_error *set_reg(struct fdbg_session *session, const struct fdbg_arch *arch, uint32_t reg, uint64_t value)
{
	uint8_t bytes[8];
	uint32_t index = session_reg(session, arch->regs[reg].name);

	if (index == UINT32_MAX)
		return fdbg_error_create(FDBG_ERROR_UNSUPPORTED, "the server does not tell register %s",
					 arch->regs[reg].name);
	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(value >> 8 * i);
	return fdbg_session_set_register(session, index, bytes);
}

static bool get_reg(struct fdbg_session *session, const struct fdbg_arch *arch, uint32_t reg, uint64_t *ret)
{
	uint32_t index = session_reg(session, arch->regs[reg].name);
	const uint8_t *bytes = index == UINT32_MAX ? NULL : fdbg_session_register(session, index);
	uint64_t value = 0;

	if (!bytes)
		return false;
	for (int i = 7; i >= 0; i--)
		value = value << 8 | bytes[i];
	*ret = value;
	return true;
}

static struct fdbg_error *write_code(struct fdbg_session *session, uint64_t address, const uint8_t *bytes, size_t size)
{
	bool done = false;
	struct fdbg_error *err = fdbg_session_queue_write(session, address, bytes, size, &done);

	if (!err)
		err = fdbg_session_collect(session);
	if (!err && !done)
		err = fdbg_error_create(FDBG_ERROR_UNSUPPORTED, "the server cannot write the target's code");
	return err;
}

/* Makes the thread execute one system call. Registers are not restored. */
static struct fdbg_error *inject(const struct injection *injection, uint64_t number, const uint64_t args[6],
				 uint64_t *result_ret)
{
	struct fdbg_session *session = injection->session;
	const struct fdbg_arch *arch = injection->arch;
	uint32_t original = session_reg(session, "orig_rax");
	struct fdbg_error *err = NULL;
	struct fdbg_stop stop;

	for (int i = 0;; i++) {
		err = set_reg(session, arch, arch->pc, injection->pc);
		if (!err)
			err = set_reg(session, arch, arch->syscall.number, number);
		/* The kernel must not take our call for the one that it has interrupted. */
		if (!err && original != UINT32_MAX)
			err = fdbg_session_set_register(session, original, (const uint8_t[8]){ 255, 255, 255, 255, 255, 255, 255,
											   255 });
		for (size_t k = 0; k < 6 && !err; k++)
			err = set_reg(session, arch, arch->syscall.args[k], args[k]);
		if (!err)
			err = fdbg_session_queue_resume(session, FDBG_RESUME_STEP_ONLY, injection->thread, 0, true);
		if (!err)
			err = fdbg_session_wait(session, fdbg_session_timeout_ms(session), &stop);
		if (err)
			return err;
		if (stop.kind == FDBG_STOP_BREAKPOINT || (stop.kind == FDBG_STOP_SIGNAL && stop.signal == SIGNAL_TRAP))
			break;
		/* A signal came before the instruction was executed: the target gets it when it runs on. */
		if (stop.kind != FDBG_STOP_SIGNAL || i == MAX_SIGNALS || (*injection->signal && *injection->signal != stop.signal))
			return fdbg_error_create(FDBG_ERROR_UNSUPPORTED, "the target did not step");
		*injection->signal = stop.signal;
	}
	err = fdbg_session_fetch_registers(session);
	if (!err && !get_reg(session, arch, arch->syscall.result, result_ret))
		err = fdbg_error_create(FDBG_ERROR_UNSUPPORTED, "the server does not tell the result register");
	return err;
}

static struct fdbg_error *save_regs(struct fdbg_session *session, struct saved_regs *ret, size_t *n_ret)
{
	const struct fdbg_remote_reg *regs = fdbg_session_regs(session, n_ret);

	ret->bytes = calloc(*n_ret, sizeof(*ret->bytes));
	ret->valid = calloc(*n_ret, sizeof(*ret->valid));
	if (!ret->bytes || !ret->valid)
		return &fdbg_error_nomem;
	for (size_t i = 0; i < *n_ret; i++) {
		const uint8_t *bytes = fdbg_session_register(session, i);

		if (!bytes || regs[i].size > sizeof(ret->bytes[i]))
			continue;
		memcpy(ret->bytes[i], bytes, regs[i].size);
		ret->valid[i] = true;
	}
	return NULL;
}

/*
 * Sets what has changed back. A server that is told registers one by one has aliases among them ("eax"): only those
 * that the architecture knows are set then.
 */
static struct fdbg_error *restore_regs(struct fdbg_session *session, const struct fdbg_arch *arch,
				       const struct saved_regs *saved, size_t n)
{
	const struct fdbg_remote_reg *regs = fdbg_session_regs(session, &n);
	bool one_by_one = fdbg_session_abilities(session)->write_one_register;
	struct fdbg_error *err = fdbg_session_fetch_registers(session);

	/* They go out with the resume. */
	for (size_t i = 0; i < n && !err; i++) {
		const uint8_t *now = fdbg_session_register(session, i);

		if (!saved->valid[i] || (now && !memcmp(now, saved->bytes[i], regs[i].size)))
			continue;
		if (!one_by_one || fdbg_arch_reg_by_name(arch, regs[i].name) != FDBG_ARCH_NO_REG ||
		    !strcmp(regs[i].name, "orig_rax"))
			err = fdbg_session_set_register(session, i, saved->bytes[i]);
	}
	return err;
}

/* Tries the places around the executable, nearest first. */
static struct fdbg_error *map_near(const struct injection *injection, uint64_t low, uint64_t high, size_t size,
				   uint64_t *address_ret)
{
	static const uint64_t distances[] = { 1, 16, 64, 256, 512, 1024, 1536 }; /* MiB */
	uint64_t bytes = (size + FDBG_PAGE_SIZE - 1) & ~(uint64_t)(FDBG_PAGE_SIZE - 1);
	const struct fdbg_arch *arch = injection->arch;

	for (size_t i = 0; i < 2 * sizeof(distances) / sizeof(distances[0]); i++) {
		uint64_t distance = distances[i / 2] << 20, hint, result;
		struct fdbg_error *err;

		if (distance + bytes + (high - low) > arch->move_reach)
			break;
		if (i % 2)
			hint = ((high + FDBG_PAGE_SIZE - 1) & ~(uint64_t)(FDBG_PAGE_SIZE - 1)) + distance;
		else if (low > distance + bytes + 0x10000)
			hint = (low - distance - bytes) & ~(uint64_t)(FDBG_PAGE_SIZE - 1);
		else
			continue;
		err = inject(injection, arch->syscall.mmap,
			     (const uint64_t[6]){ hint, bytes, (uint64_t)injection->prot,
						  TARGET_MAP_PRIVATE_ANONYMOUS_FIXED_NOREPLACE, UINT64_MAX, 0 },
			     &result);
		if (err)
			return err;
		if (result == hint) {
			*address_ret = result;
			return NULL;
		}
		/* A kernel before 4.17 takes the flag for a hint and may answer with another place. */
		if (result < (uint64_t)-4095) {
			err = inject(injection, arch->syscall.munmap, (const uint64_t[6]){ result, bytes, 0, 0, 0, 0 },
				     &result);
			if (err)
				return err;
		}
	}
	return fdbg_error_create(FDBG_ERROR_UNSUPPORTED, "the target has no free memory near the program");
}

/* Finds a system call in the code around the program counter, where code cannot be written; 0: none. */
static struct fdbg_error *find_syscall(const struct injection *injection, uint64_t near, uint64_t *ret)
{
	const struct fdbg_arch *arch = injection->arch;
	uint64_t start = near > SEARCH_SIZE ? (near - SEARCH_SIZE) & ~(uint64_t)(SEARCH_CHUNK - 1) : SEARCH_CHUNK;
	FDBG_AUTO_FREE uint8_t *bytes = malloc(SEARCH_CHUNK);

	if (!bytes)
		return &fdbg_error_nomem;
	/* Both ways, nearest first: the loader's code is around its entry. */
	for (uint64_t away = 0; away < SEARCH_SIZE; away += SEARCH_CHUNK) {
		const uint64_t chunks[] = { (near & ~(uint64_t)(SEARCH_CHUNK - 1)) + away,
					    (near & ~(uint64_t)(SEARCH_CHUNK - 1)) - away - SEARCH_CHUNK };

		for (size_t i = 0; i < 2; i++) {
			struct fdbg_error *err;
			bool done = false;

			if (chunks[i] < start)
				continue;
			err = fdbg_session_queue_read(injection->session, chunks[i], SEARCH_CHUNK, bytes, &done);
			if (!err)
				err = fdbg_session_collect(injection->session);
			if (err)
				return err;
			for (size_t at = 0; done && at + arch->syscall.size <= SEARCH_CHUNK; at += arch->syscall.size) {
				if (memcmp(bytes + at, arch->syscall.bytes, arch->syscall.size))
					continue;
				*ret = chunks[i] + at;
				return NULL;
			}
		}
	}
	return fdbg_error_create(FDBG_ERROR_UNSUPPORTED, "there is no system call in the code at 0x%llx",
				 (unsigned long long)near);
}

/*
 * Whether the thread was stopped inside a system call that the kernel will start again, in a way that the server does not let
 * us restore: the number of the call is in a register that it does not have.
 */
static bool in_system_call(struct fdbg_session *session, const struct fdbg_arch *arch)
{
	uint64_t result;

	if (session_reg(session, "orig_rax") != UINT32_MAX || !get_reg(session, arch, arch->syscall.result, &result))
		return false;
	return -result >= RESTART_LOW && -result <= RESTART_HIGH;
}

/* Fetches the registers, and the code at the program counter, where a system call's instruction has its place. */
static struct fdbg_error *look_around(const struct injection *injection, uint64_t *pc_ret, uint8_t *code, bool *done_ret)
{
	struct fdbg_session *session = injection->session;
	const struct fdbg_arch *arch = injection->arch;
	bool known = get_reg(session, arch, arch->pc, pc_ret);
	struct fdbg_error *err = NULL;

	if (known)
		err = fdbg_session_queue_read(session, *pc_ret, arch->syscall.size, code, done_ret);
	if (!err)
		err = fdbg_session_fetch_registers(session);
	if (!err && !get_reg(session, arch, arch->pc, pc_ret))
		err = fdbg_error_create(FDBG_ERROR_UNSUPPORTED, "the server does not tell the program counter");
	if (!err && !known)
		err = fdbg_session_queue_read(session, *pc_ret, arch->syscall.size, code, done_ret);
	return err ? err : fdbg_session_collect(session);
}

static struct fdbg_error *by_injection(struct injection *injection, uint64_t low, uint64_t high, size_t size,
				       uint64_t *address_ret, bool *restored)
{
	struct fdbg_session *session = injection->session;
	const struct fdbg_arch *arch = injection->arch;
	uint8_t code[sizeof(arch->syscall.bytes)];
	struct saved_regs saved = { 0 };
	struct fdbg_error *err, *restore_err = NULL;
	uint64_t pc;
	bool done = false, written = false;
	size_t n;

	err = look_around(injection, &pc, code, &done);
	if (err)
		return err;
	if (in_system_call(session, arch))
		return fdbg_error_create(FDBG_ERROR_UNSUPPORTED, "the target is inside a system call");
	err = save_regs(session, &saved, &n);
	if (!err && !done)
		err = fdbg_error_create(FDBG_ERROR_UNSUPPORTED, "the code at 0x%llx cannot be read",
					(unsigned long long)pc);
	injection->pc = pc;
	injection->prot = TARGET_PROT_READ_EXEC;
	if (!err) {
		err = write_code(session, pc, arch->syscall.bytes, arch->syscall.size);
		written = !err;
		if (fdbg_error_is(err, FDBG_ERROR_UNSUPPORTED)) {
			/* A server that honours the protection of pages: an instruction that is there already will do. */
			fdbg_error_destroy(err);
			injection->prot = TARGET_PROT_READ_WRITE_EXEC;
			err = find_syscall(injection, pc, &injection->pc);
		}
	}
	if (!err) {
		err = map_near(injection, low, high, size, address_ret);
		if (written)
			restore_err = fdbg_session_queue_write(session, pc, code, arch->syscall.size, restored);
		if (!restore_err)
			restore_err = restore_regs(session, arch, &saved, n);
		/* A target that cannot be put back as it was must not run on. */
		if (restore_err) {
			fdbg_error_destroy(err);
			restore_err->code = FDBG_ERROR_PROTOCOL;
			err = fdbg_error_prefix(restore_err, "cannot restore the target");
		}
	}
	free(saved.bytes);
	free(saved.valid);
	return err;
}

/*
 * System calls are for processes, which the kernel has given an auxiliary vector: a server that knows of none holds a bare
 * machine, where the instruction would enter whatever is at the exception vector.
 */
static struct fdbg_error *check_process(struct fdbg_session *session)
{
	struct fdbg_auxv auxv;
	struct fdbg_error *err = fdbg_identity_auxv(session, &auxv);

	if (fdbg_error_is(err, FDBG_ERROR_REFUSED)) {
		/* It knows of auxiliary vectors but cannot give this one. */
		fdbg_error_destroy(err);
		return NULL;
	}
	return err ? fdbg_error_prefix(err, "no system calls can be made") : NULL;
}

struct fdbg_error *fdbg_scratch_allocate(struct fdbg_session *session, const struct fdbg_arch *arch,
					 struct fdbg_thread_id thread, uint64_t low, uint64_t high, size_t size,
					 uint64_t *address_ret, int *signal_ret, bool *restored_ret)
{
	struct injection injection = { .session = session, .arch = arch, .thread = thread, .signal = signal_ret };
	uint64_t address;
	struct fdbg_error *err;

	*signal_ret = 0;
	*restored_ret = true;
	err = check_process(session);
	if (err)
		return err;
	/* Ours is near the program, so that what refers to its surroundings can be moved there. */
	err = by_injection(&injection, low, high, size, address_ret, restored_ret);
	if (!fdbg_error_is(err, FDBG_ERROR_UNSUPPORTED) || !fdbg_session_abilities(session)->allocate)
		return err;
	fdbg_error_destroy(err);
	err = fdbg_session_allocate(session, size, &address);
	if (!err)
		*address_ret = address;
	return err;
}
