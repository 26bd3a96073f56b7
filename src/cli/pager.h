/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Showing long output page by page. */
#ifndef FDBG_CLI_PAGER_H
#define FDBG_CLI_PAGER_H

#include <sys/types.h>

/* A pager that is running, to which standard output goes; pid 0: none. */
struct fdbg_pager {
	pid_t pid;
};

/*
 * Starts $FDBG_PAGER, else $PAGER, else `less -R` and sends standard output to it. It does nothing where
 * standard output is no terminal, where the terminal is dumb, where the variable is empty or `cat`, and where
 * there is no pager.
 */
void fdbg_pager_start(struct fdbg_pager *pager);

/* Ends standard output and waits until the user leaves the pager. */
void fdbg_pager_finish(struct fdbg_pager *pager);

#endif
