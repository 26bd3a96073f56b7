/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "trace/scratch.h"

#include <stdlib.h>
#include <string.h>

#include "base/scope.h"

/* Linux, the same on all its architectures that fdbg knows. */
#define TARGET_PROT_READ_EXEC 5
#define TARGET_MAP_PRIVATE_ANONYMOUS_FIXED_NOREPLACE 0x100022
#define PAGE 4096u
#define STEP_TIMEOUT_MS 10000

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

/* Makes the thread execute one system call at its pc. Registers are not restored. */
static struct fdbg_error *inject(struct fdbg_session *session, const struct fdbg_arch *arch, struct fdbg_thread_id thread,
				 uint64_t pc, uint64_t number, const uint64_t args[6], uint64_t *result_ret)
{
	struct fdbg_stop stop;
	struct fdbg_error *err = set_reg(session, arch, arch->pc, pc);

	if (!err)
		err = set_reg(session, arch, arch->syscall.number, number);
	for (size_t i = 0; i < 6 && !err; i++)
		err = set_reg(session, arch, arch->syscall.args[i], args[i]);
	if (!err)
		err = fdbg_session_queue_resume(session, FDBG_RESUME_STEP_ONLY, thread, 0, true);
	if (!err)
		err = fdbg_session_wait(session, STEP_TIMEOUT_MS, &stop);
	if (!err && stop.kind != FDBG_STOP_SIGNAL && stop.kind != FDBG_STOP_BREAKPOINT)
		err = fdbg_error_create(FDBG_ERROR_UNSUPPORTED, "the target did not step");
	if (!err)
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

static struct fdbg_error *restore_regs(struct fdbg_session *session, const struct saved_regs *saved, size_t n)
{
	struct fdbg_error *err = NULL;

	for (size_t i = 0; i < n && !err; i++)
		if (saved->valid[i])
			err = fdbg_session_set_register(session, i, saved->bytes[i]);
	return err ? err : fdbg_session_collect(session);
}

/* Tries the places around the executable, nearest first. */
static struct fdbg_error *map_near(struct fdbg_session *session, const struct fdbg_arch *arch, struct fdbg_thread_id thread,
				   uint64_t pc, uint64_t low, uint64_t high, size_t size, uint64_t *address_ret)
{
	static const uint64_t distances[] = { 1, 16, 64, 256, 512, 1024, 1536 }; /* MiB */
	uint64_t bytes = (size + PAGE - 1) & ~(uint64_t)(PAGE - 1);

	for (size_t i = 0; i < 2 * sizeof(distances) / sizeof(distances[0]); i++) {
		uint64_t distance = distances[i / 2] << 20, hint, result;
		struct fdbg_error *err;

		if (distance + bytes + (high - low) > arch->move_reach)
			break;
		if (i % 2)
			hint = ((high + PAGE - 1) & ~(uint64_t)(PAGE - 1)) + distance;
		else if (low > distance + bytes + 0x10000)
			hint = (low - distance - bytes) & ~(uint64_t)(PAGE - 1);
		else
			continue;
		err = inject(session, arch, thread, pc, arch->syscall.mmap,
			     (const uint64_t[6]){ hint, bytes, TARGET_PROT_READ_EXEC,
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
			err = inject(session, arch, thread, pc, arch->syscall.munmap,
				     (const uint64_t[6]){ result, bytes, 0, 0, 0, 0 }, &result);
			if (err)
				return err;
		}
	}
	return fdbg_error_create(FDBG_ERROR_UNSUPPORTED, "the target has no free memory near the program");
}

static struct fdbg_error *by_injection(struct fdbg_session *session, const struct fdbg_arch *arch,
				       struct fdbg_thread_id thread, uint64_t low, uint64_t high, size_t size,
				       uint64_t *address_ret)
{
	uint8_t code[sizeof(arch->syscall.bytes)];
	struct saved_regs saved = { 0 };
	struct fdbg_error *err, *restore_err;
	uint64_t pc;
	bool done = false;
	size_t n;

	err = fdbg_session_fetch_registers(session);
	if (err)
		return err;
	if (!get_reg(session, arch, arch->pc, &pc))
		return fdbg_error_create(FDBG_ERROR_UNSUPPORTED, "the server does not tell the program counter");
	err = save_regs(session, &saved, &n);
	if (!err)
		err = fdbg_session_queue_read(session, pc, arch->syscall.size, code, &done);
	if (!err)
		err = fdbg_session_collect(session);
	if (!err && !done)
		err = fdbg_error_create(FDBG_ERROR_UNSUPPORTED, "the code at 0x%llx cannot be read",
					(unsigned long long)pc);
	if (!err)
		err = write_code(session, pc, arch->syscall.bytes, arch->syscall.size);
	if (!err) {
		err = map_near(session, arch, thread, pc, low, high, size, address_ret);
		restore_err = write_code(session, pc, code, arch->syscall.size);
		if (!restore_err)
			restore_err = restore_regs(session, &saved, n);
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

struct fdbg_error *fdbg_scratch_allocate(struct fdbg_session *session, const struct fdbg_arch *arch,
					 struct fdbg_thread_id thread, uint64_t low, uint64_t high, size_t size,
					 uint64_t *address_ret)
{
	uint64_t address;
	struct fdbg_error *err;

	if (!fdbg_session_abilities(session)->allocate)
		return by_injection(session, arch, thread, low, high, size, address_ret);
	err = fdbg_session_allocate(session, size, &address);
	if (!err)
		*address_ret = address;
	return err;
}
