/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* fdbg index */
#include "cli/cli.h"

struct fdbg_error *fdbg_cmd_index(int argc, char **argv, int *status_ret)
{
	(void)argc;
	(void)argv;
	(void)status_ret;
	return fdbg_error_create(FDBG_ERROR_UNSUPPORTED, "index: not built yet");
}
