/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Reading the attributes of a DIE; shared by the two files that see libdwarf. */
#ifndef FDBG_DEBUGINFO_DWARF_DIE_H
#define FDBG_DEBUGINFO_DWARF_DIE_H

#include <libdwarf.h>

#include "debuginfo/dwarf.h"

/* Reads all attributes that we know; false: the DIE cannot be read. */
bool fdbg_dwarf_read_die(Dwarf_Debug dbg, Dwarf_Die die, struct fdbg_die *ret);

#endif
