/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The disassembler library, opened for one walk over some code. */
#include "arch/disasm.h"

bool fdbg_disasm_open(struct fdbg_disasm *disasm, cs_arch arch, cs_mode mode)
{
	csh handle;
	cs_insn *insn;

	if (cs_open(arch, mode, &handle) != CS_ERR_OK)
		return false;
	if (cs_option(handle, CS_OPT_DETAIL, CS_OPT_ON) != CS_ERR_OK) {
		cs_close(&handle);
		return false;
	}
	insn = cs_malloc(handle);
	if (!insn) {
		cs_close(&handle);
		return false;
	}
	disasm->handle = handle;
	disasm->insn = insn;
	return true;
}

void fdbg_disasm_close(struct fdbg_disasm *disasm)
{
	if (!disasm->insn)
		return;
	cs_free(disasm->insn, 1);
	cs_close(&disasm->handle);
	disasm->insn = NULL;
}

bool fdbg_disasm_at(struct fdbg_disasm *disasm, const uint8_t *bytes, size_t size, uint64_t address)
{
	return cs_disasm_iter(disasm->handle, &bytes, &size, &address, disasm->insn);
}
