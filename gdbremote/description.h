/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Target descriptions: the registers that a server has. */
#ifndef FDBG_GDBREMOTE_DESCRIPTION_H
#define FDBG_GDBREMOTE_DESCRIPTION_H

#include "gdbremote/session.h"
#include "base/text.h"

/*
 * A description is XML (target.xml and the files that it includes). Only the elements that matter are looked
 * at: <architecture>, <reg> and <xi:include>; this is a scanner over tags with limits, no XML processor. A
 * zeroed struct is an empty description.
 */
struct fdbg_description {
	/* names are malloc'ed; g_offset is UINT32_MAX until fdbg_description_finish */
	struct fdbg_remote_reg *regs;
	size_t n_regs, cap_regs;
	bool *has_offset;             /* by register: g_offset was said */
	uint32_t next_number;
	char architecture[32];        /* "" when not said */
};

void fdbg_description_deinit(struct fdbg_description *description);

/* Fetches an included file into buf. */
typedef struct fdbg_error *(*fdbg_description_fetch_fn)(void *context, const char *name,
							struct fdbg_buf *buf);

/*
 * Adds what a document says. Documents that it includes are fetched (NULL: ignored) in its order, up to 4
 * deep and 32 in all. FORMAT for a register without a name or with a size that makes no sense.
 */
struct fdbg_error *fdbg_description_parse(struct fdbg_description *description, struct fdbg_text xml,
					  fdbg_description_fetch_fn fetch, void *context) FDBG_CHECK;

/*
 * Settles the places in the g block: as said, or in the order of numbers without gaps. Without any register,
 * takes the layout that servers of this architecture have when they describe nothing (x86-64 and aarch64);
 * may stay empty.
 */
struct fdbg_error *fdbg_description_finish(struct fdbg_description *description) FDBG_CHECK;

#endif
