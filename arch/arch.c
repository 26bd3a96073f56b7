/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Choosing an architecture and looking up its registers. */
#include "arch/arch.h"

#include <string.h>

const struct fdbg_arch *fdbg_arch_for_machine(uint16_t elf_machine)
{
	static const struct fdbg_arch *const all[] = { &fdbg_arch_x86_64, &fdbg_arch_aarch64 };

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (all[i]->elf_machine == elf_machine)
			return all[i];
	return NULL;
}

uint32_t fdbg_arch_reg_by_name(const struct fdbg_arch *arch, const char *name)
{
	for (size_t i = 0; i < arch->n_regs; i++)
		if (!strcmp(arch->regs[i].name, name) ||
		    (arch->regs[i].alias && !strcmp(arch->regs[i].alias, name)))
			return (uint32_t)i;
	return FDBG_ARCH_NO_REG;
}

uint32_t fdbg_arch_reg_by_dwarf(const struct fdbg_arch *arch, uint32_t dwarf)
{
	/* Registers without a DWARF number carry this one. */
	if (dwarf == FDBG_ARCH_NO_REG)
		return FDBG_ARCH_NO_REG;
	for (size_t i = 0; i < arch->n_regs; i++)
		if (arch->regs[i].dwarf == dwarf)
			return (uint32_t)i;
	return FDBG_ARCH_NO_REG;
}
