/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void fdbg_log(const struct fdbg_log *log, enum fdbg_log_level level, const char *format, ...)
{
	va_list ap;
	char *line;
	int len;

	if (!fdbg_log_on(log, level))
		return;
	va_start(ap, format);
	len = vasprintf(&line, format, ap);
	va_end(ap);
	if (len < 0)
		return;
	log->sink(log->context, level, line);
	free(line);
}
