/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Where the jumps at the end of functions go. */
#include "trace/optimized.h"
#include "trace/recorder_internal.h"

/* Does a jump on this x86 condition code go to its target? (Intel SDM volume 1, appendix B) */
static bool condition_holds(const struct fdbg_hit *hit, uint8_t condition)
{
	uint32_t reg = fdbg_arch_reg_by_name(&fdbg_arch_x86_64, "eflags");
	uint64_t flags = fdbg_registers_get(hit->registers, reg);
	bool carry = flags & 1, parity = flags >> 2 & 1, zero = flags >> 6 & 1, sign = flags >> 7 & 1, overflow = flags >> 11 & 1;
	bool holds = false;

	if (condition == FDBG_TAIL_ALWAYS)
		return true;
	switch (condition >> 1) {
	case 0: holds = overflow; break;
	case 1: holds = carry; break;
	case 2: holds = zero; break;
	case 3: holds = carry || zero; break;
	case 4: holds = sign; break;
	case 5: holds = parity; break;
	case 6: holds = sign != overflow; break;
	case 7: holds = zero || sign != overflow; break;
	}
	return hit->registers->valid[reg] && holds != (condition & 1);
}

/* Where a jump goes that is known only now, as a link-time address. *known_ret: it is, and could be read. */
static struct fdbg_error *find_target(struct recorder *recorder, const struct fdbg_hit *hit, const struct fdbg_probe *probe,
				      uint64_t *ret, bool *known_ret)
{
	const struct fdbg_slot *slot = &probe->target_slot;
	uint64_t address = (uint64_t)slot->offset, to = 0;
	enum fdbg_memview_state state;
	const uint8_t *bytes;
	struct fdbg_error *err = NULL;

	*known_ret = probe->target_reg != FDBG_ARCH_NO_REG;
	if (*known_ret)
		*ret = fdbg_registers_get(hit->registers, probe->target_reg) - recorder->engine->bias;
	if (!probe->target_in_memory)
		return NULL;
	address += slot->base == FDBG_ARCH_NO_REG ? recorder->engine->bias : fdbg_registers_get(hit->registers, slot->base);
	if (slot->index != FDBG_ARCH_NO_REG)
		address += fdbg_registers_get(hit->registers, slot->index) * slot->scale;
	state = fdbg_memview_get(hit->view, address, 8, &bytes);
	if (state == FDBG_MEMVIEW_PENDING) {
		err = fdbg_memview_fetch(hit->view);
		state = err ? FDBG_MEMVIEW_FAULT : fdbg_memview_get(hit->view, address, 8, &bytes);
	}
	if (state != FDBG_MEMVIEW_READY)
		return err;
	for (int i = 7; i >= 0; i--)
		to = to << 8 | bytes[i];
	*ret = to - recorder->engine->bias;
	*known_ret = true;
	return NULL;
}

static bool is_inside(const struct fdbg_function *function, uint64_t address)
{
	for (size_t i = 0; i < function->n_ranges; i++)
		if (address >= function->ranges[i].low && address < function->ranges[i].high)
			return true;
	return false;
}

struct fdbg_error *fdbg_recorder_jump(struct recorder *recorder, const struct fdbg_hit *hit, const struct fdbg_probe *probe,
				      bool *leaves_ret, const struct fdbg_traced_function **target_ret)
{
	const struct fdbg_function *function = probe->function->function;
	uint64_t to = 0, value;
	bool known;
	struct fdbg_error *err;

	*leaves_ret = condition_holds(hit, probe->condition);
	*target_ret = probe->target;
	if (!*leaves_ret)
		return NULL;
	err = find_target(recorder, hit, probe, &to, &known);
	if (err || !known)
		return err;
	/* By a jump to its own beginning it calls itself. */
	if (to != function->entry && is_inside(function, to))
		*leaves_ret = false;
	else if (fdbg_map_get(&recorder->plan->by_entry, to, &value))
		*target_ret = (const struct fdbg_traced_function *)(uintptr_t)value;
	return NULL;
}
