/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* fdbg record */
#include "cli/cli.h"

struct fdbg_error *fdbg_cmd_record(int argc, char **argv, int *status_ret)
{
	(void)argc;
	(void)argv;
	(void)status_ret;
	return fdbg_error_create(FDBG_ERROR_UNSUPPORTED, "record: not built yet");
}
