/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Lines of source files, where they are on this machine. */
#ifndef FDBG_TUI_SOURCE_H
#define FDBG_TUI_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/text.h"

/* Files are read once and kept; one that cannot be read is not asked for again. A zeroed struct is empty. */
struct fdbg_tui_sources {
	struct fdbg_arena arena;
	struct fdbg_strmap files; /* path to struct source_file * */
	struct fdbg_text root;    /* where relative paths begin besides the current directory */
};

void fdbg_tui_sources_deinit(struct fdbg_tui_sources *sources);

/* Line `line` (from 1) of a file, without its end. data NULL: the file is not here, or has no such line. */
struct fdbg_text fdbg_tui_source_line(struct fdbg_tui_sources *sources, struct fdbg_text path, uint32_t line);

#endif
