/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Any bytes as code: what the instructions of each architecture do. */
#include "arch/effect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const struct fdbg_arch *arch, const uint8_t *data, size_t size)
{
	struct fdbg_effects *effects = fdbg_effects_open(arch);

	for (size_t at = 0; effects && at < size;) {
		struct fdbg_effect effect;

		if (!fdbg_effects_at(effects, data + at, size - at, 0x1000 + at, &effect)) {
			at += fdbg_effects_alignment(effects);
			continue;
		}
		if (!effect.size || effect.size > size - at ||
		    (effect.target_reg != FDBG_ARCH_NO_REG && effect.target_reg >= arch->n_regs))
			__builtin_trap();
		at += effect.size;
	}
	fdbg_effects_close(effects);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	walk(&fdbg_arch_x86_64, data, size);
	walk(&fdbg_arch_aarch64, data, size);
	return 0;
}
