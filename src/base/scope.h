/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Scope guards for locals. */
#ifndef FDBG_BASE_SCOPE_H
#define FDBG_BASE_SCOPE_H

#include <stdlib.h>
#include <unistd.h>

#define FDBG_CLEANUP(function) __attribute__((cleanup(function)))

static inline void fdbg_scope_free(void *pointer)
{
	free(*(void **)pointer);
}

static inline void fdbg_scope_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* free(3)s the pointer when it goes out of scope; set it to NULL to keep what it points to. */
#define FDBG_AUTO_FREE FDBG_CLEANUP(fdbg_scope_free)
/* close(2)s the descriptor when it goes out of scope unless it is negative. */
#define FDBG_AUTO_CLOSE FDBG_CLEANUP(fdbg_scope_close)

#endif
