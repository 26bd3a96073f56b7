/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* firedbg.toml is a file that anybody may have written. */
#include <stddef.h>
#include <stdint.h>

#include "cli/firedbg_toml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fdbg_arena arena = { 0 };
	struct fdbg_toml_member *members;
	size_t n;

	fdbg_error_destroy(fdbg_firedbg_toml_parse((const char *)data, size, "fuzz", &arena, &members, &n));
	fdbg_arena_deinit(&arena);
	return 0;
}
