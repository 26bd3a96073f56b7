/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Which visualizer files a recording uses. */
#ifndef FDBG_CLI_VISUALIZERS_H
#define FDBG_CLI_VISUALIZERS_H

#include <stdbool.h>

#include "base/log.h"
#include "cli/options.h"
#include "rust/visualizer.h"

/*
 * Reads the files that were named, in their order, then with `directories` those of the user
 * ($XDG_CONFIG_HOME/fdbg/visualizers, by default below ~/.config) and those that fdbg comes with, each folder
 * in the order of names. Hidden files and backups (NAME~) are left out; a folder that is not there has none.
 * A file that is wrong is an error, and so is one that was named and cannot be read. A folder, or a file in one,
 * that cannot be read is left out with a warning.
 */
struct fdbg_error *fdbg_visualizers_load(const struct fdbg_option_list *files, bool directories,
					 const struct fdbg_log *log, struct fdbg_visualizers *list) FDBG_CHECK;

#endif
