/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "arch/effect.h"

#include <stdlib.h>

#include "arch/aarch64.h"
#include "arch/x86_64.h"

struct fdbg_effects {
	const struct fdbg_arch *arch;
	struct fdbg_disasm disasm;
};

struct fdbg_effects *fdbg_effects_open(const struct fdbg_arch *arch)
{
	struct fdbg_effects *effects = calloc(1, sizeof(*effects));
	bool x86 = arch == &fdbg_arch_x86_64;

	if (!effects)
		return NULL;
	effects->arch = arch;
	if (!fdbg_disasm_open(&effects->disasm, x86 ? CS_ARCH_X86 : CS_ARCH_ARM64, x86 ? CS_MODE_64 : CS_MODE_ARM)) {
		free(effects);
		return NULL;
	}
	return effects;
}

void fdbg_effects_close(struct fdbg_effects *effects)
{
	if (!effects)
		return;
	fdbg_disasm_close(&effects->disasm);
	free(effects);
}

bool fdbg_effects_at(struct fdbg_effects *effects, const uint8_t *bytes, size_t size, uint64_t address,
		     struct fdbg_effect *ret)
{
	if (effects->arch == &fdbg_arch_x86_64)
		return fdbg_x86_64_effect(&effects->disasm, bytes, size, address, ret);
	return fdbg_aarch64_effect(&effects->disasm, bytes, size, address, ret);
}

size_t fdbg_effects_alignment(const struct fdbg_effects *effects)
{
	return effects->arch == &fdbg_arch_x86_64 ? 1 : 4;
}
