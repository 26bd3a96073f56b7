/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The disassembler library, opened for one walk over some code. */
#ifndef FDBG_ARCH_DISASM_H
#define FDBG_ARCH_DISASM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <capstone/capstone.h>

/* Valid when zeroed. Opening costs a few microseconds, so that each call of the architecture has its own. */
struct fdbg_disasm {
	csh handle;
	cs_insn *insn; /* the current instruction; NULL when the disassembler could not be opened */
};

/* Opens it, with operand details. False without memory, or when the library lacks the processor. */
bool fdbg_disasm_open(struct fdbg_disasm *disasm, cs_arch arch, cs_mode mode);
void fdbg_disasm_close(struct fdbg_disasm *disasm);

/* Decodes the instruction at the start of bytes into disasm->insn. */
bool fdbg_disasm_at(struct fdbg_disasm *disasm, const uint8_t *bytes, size_t size, uint64_t address);

#endif
