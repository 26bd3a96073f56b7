/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Rust programs for tests: compiled on the spot, opened with their debug information. */
#ifndef TESTS_UNIT_RUST_PROGRAM_H
#define TESTS_UNIT_RUST_PROGRAM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "debuginfo/debuginfo.h"
#include "debuginfo/image.h"

/* A program, and what was opened over it. */
struct rust_program {
	char directory[64];
	char path[96];
	struct fdbg_image *image;
	struct fdbg_debuginfo *debuginfo;
};

/* The N of rustc 1.N; 0: there is none. */
static inline unsigned int rust_program_compiler(const char *rustc)
{
	char command[1024], line[128] = "";
	unsigned int minor = 0;
	FILE *pipe;

	snprintf(command, sizeof(command), "%s --version 2>/dev/null", rustc);
	pipe = popen(command, "r");
	if (!pipe)
		return 0;
	if (!fgets(line, sizeof(line), pipe) || sscanf(line, "rustc 1.%u", &minor) != 1)
		minor = 0;
	pclose(pipe);
	return minor;
}

/*
 * Compiles tests/rust/SOURCE.rs with further options; skips the test where there is no rustc (RUSTC chooses
 * one).
 */
static inline void rust_program_open(struct rust_program *ret, const char *source, const char *options)
{
	const char *rustc = getenv("RUSTC");
	struct fdbg_error *err;
	unsigned int minor;
	char command[1024];

	if (!rustc)
		rustc = "rustc";
	minor = rust_program_compiler(rustc);
	if (!minor)
		skip();
	memset(ret, 0, sizeof(*ret));
	strcpy(ret->directory, "/tmp/fdbg-rust-XXXXXX");
	assert_non_null(mkdtemp(ret->directory));
	snprintf(ret->path, sizeof(ret->path), "%s/%s", ret->directory, source);
	snprintf(command, sizeof(command), "%s --edition 2021 -g %s %s -o %s %s/%s.rs 2>%s/errors", rustc,
		 minor < 66 ? "--cfg before_1_66" : "", options, ret->path, TEST_RUST_DIR, source, ret->directory);
	if (system(command))
		fail_msg("%s", command);
	err = fdbg_image_open(ret->path, &ret->image);
	if (err)
		fail_msg("%s", err->message);
	err = fdbg_debuginfo_open(ret->image, NULL, &ret->debuginfo);
	if (err)
		fail_msg("%s", err->message);
}

static inline void rust_program_close(struct rust_program *program)
{
	char command[256];

	fdbg_debuginfo_close(program->debuginfo);
	fdbg_image_close(program->image);
	snprintf(command, sizeof(command), "rm -rf %s", program->directory);
	if (system(command))
		fail();
}

static inline bool rust_program_own_unit(void *context, const struct fdbg_unit *unit)
{
	return fdbg_text_is(unit->crate, context);
}

/* The functions of the program's own crate. */
static inline const struct fdbg_function *const *rust_program_functions(struct rust_program *program,
									const char *crate, size_t *n_ret)
{
	const struct fdbg_function *const *functions;
	struct fdbg_error *err;

	err = fdbg_debuginfo_functions(program->debuginfo, rust_program_own_unit, (void *)crate, &functions,
				       n_ret);
	if (err)
		fail_msg("%s", err->message);
	return functions;
}

#endif
