/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Which program a target runs, and where: its auxiliary vector and its build-id. */
#ifndef FDBG_TRACE_IDENTITY_H
#define FDBG_TRACE_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "debuginfo/image.h"
#include "gdbremote/session.h"

#define FDBG_BUILD_ID_MAX 64

struct fdbg_build_id {
	uint8_t bytes[FDBG_BUILD_ID_MAX];
	size_t len; /* 0: the program has none */
};

/* What the kernel told the program when it started; 0 where it said nothing. */
struct fdbg_auxv {
	uint64_t phdr, phent, phnum, entry;
};

/* Reads the target's auxiliary vector. UNSUPPORTED or REFUSED when the server does not tell it. */
struct fdbg_error *fdbg_identity_auxv(struct fdbg_session *session, struct fdbg_auxv *ret) FDBG_CHECK;

/*
 * The build-id of the module whose ELF header is at base in the target's memory (the ELF specification:
 * PT_NOTE, NT_GNU_BUILD_ID). NOT_FOUND when there is no readable ELF header.
 */
struct fdbg_error *fdbg_identity_of_module(struct fdbg_session *session, uint64_t base,
					   struct fdbg_build_id *ret) FDBG_CHECK;

/*
 * Compares the target's program with image: by build-id, or, where one of them has none, by the code at the entry
 * point. FDBG_ERROR_USAGE, naming both build-ids, when they differ. What cannot be compared passes.
 */
struct fdbg_error *fdbg_identity_check(struct fdbg_session *session, const struct fdbg_image *image) FDBG_CHECK;

/* Whether the target's program has the same build-id as image. False also where one of them has none or cannot be asked. */
struct fdbg_error *fdbg_identity_same(struct fdbg_session *session, const struct fdbg_image *image, bool *ret) FDBG_CHECK;

#endif
