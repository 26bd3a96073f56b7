/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Fuzz target: the text of FIREDBG_RUST_CONFIG, and the same bytes as a `.env` file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "trace/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct fdbg_limits before = FDBG_LIMITS_DEFAULT;
	struct fdbg_limits limits = before;
	struct fdbg_error *err;
	char path[64], *text = strndup((const char *)data, size);
	int fd;

	if (!text)
		return 0;
	err = fdbg_limits_parse(&limits, text);
	if (err && (limits.decode.max_array != before.decode.max_array ||
		    limits.decode.deref_limit != before.decode.deref_limit ||
		    limits.no_allocations != before.no_allocations))
		abort(); /* what is wrong changes nothing */
	fdbg_error_destroy(err);
	free(text);
	fd = memfd_create("env", MFD_CLOEXEC);
	if (fd < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!size || write(fd, data, size) == (ssize_t)size)
		fdbg_error_destroy(fdbg_limits_parse_env_file(&limits, path));
	close(fd);
	return 0;
}
