/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Loading the list of units. */
#ifndef FDBG_DEBUGINFO_UNIT_H
#define FDBG_DEBUGINFO_UNIT_H

#include "base/error.h"

struct fdbg_debuginfo;

/* Reads the headers and top DIEs of all units. */
struct fdbg_error *fdbg_units_load(struct fdbg_debuginfo *debuginfo) FDBG_CHECK;

/* Fills in the crate of units whose name does not have it. */
struct fdbg_error *fdbg_units_find_crates(struct fdbg_debuginfo *debuginfo) FDBG_CHECK;

#endif
