/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Names from hostile symbol tables and DIEs: no crash, no hang, bounded output. */
#include <stdlib.h>

#include "rust/names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input: linkage name, path, and parameter names, each up to a newline. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fdbg_template_param params[4] = { 0 };
	struct fdbg_function function = { .params = params };
	struct fdbg_arena arena = { 0 };
	struct fdbg_text lines[6] = { 0 }, name;
	size_t n = 0, start = 0;

	for (size_t i = 0; i <= size && n < 6; i++) {
		if (i < size && data[i] != '\n')
			continue;
		lines[n++] = (struct fdbg_text){ (const char *)data + start, i - start };
		start = i + 1;
	}
	if (fdbg_rust_demangle(lines[0], &arena, &name) && name.len > 65 * 1024)
		abort();
	function.linkage_name = lines[0];
	function.path = function.name = lines[1];
	for (size_t i = 2; i < n; i++)
		params[function.n_params++].name = lines[i];
	fdbg_rust_function_name(&function, &arena);
	fdbg_arena_deinit(&arena);
	return 0;
}
