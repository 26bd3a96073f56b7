/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What fdbg tells about its own doings (-v, -vv), through a sink that the program chooses. */
#ifndef FDBG_BASE_LOG_H
#define FDBG_BASE_LOG_H

#include <stdbool.h>

enum fdbg_log_level {
	FDBG_LOG_WARNING, /* always shown: the user should know */
	FDBG_LOG_INFO,    /* -v */
	FDBG_LOG_PACKET,  /* -vv */
};

/*
 * A log is a level and a sink; library code never prints by itself. NULL is a log that drops everything. The
 * sink gets a complete line without newline.
 */
struct fdbg_log {
	enum fdbg_log_level level; /* the highest level that is shown */
	void (*sink)(void *context, enum fdbg_log_level level, const char *line);
	void *context;
};

static inline bool fdbg_log_on(const struct fdbg_log *log, enum fdbg_log_level level)
{
	return log && log->sink && level <= log->level;
}

void fdbg_log(const struct fdbg_log *log, enum fdbg_log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
