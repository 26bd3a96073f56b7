/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The options by which reading commands choose a part of a recording. */
#ifndef FDBG_CLI_PART_H
#define FDBG_CLI_PART_H

#include "cli/options.h"
#include "report/filter.h"

struct fdbg_cli_part {
	struct fdbg_option_uint thread, depth, frame;
	struct fdbg_option_list filters;
	const char *from, *to;
	const char **globs;
};

/* Rows of an option table; frame_help says what else is shown with a frame. */
#define FDBG_CLI_PART_OPTIONS(part, frame_help) \
	{ "thread", 't', FDBG_OPTION_UINT, "ID", "only the calls of this thread", &(part)->thread, NULL, 0 }, \
	{ "filter", 'F', FDBG_OPTION_LIST, "GLOB", \
	  "only calls of functions whose full path matches, such as 'app::parse::*'; may repeat", \
	  &(part)->filters, NULL, 0 }, \
	{ "depth", 'd', FDBG_OPTION_UINT, "N", \
	  "only calls up to depth N (0: the outermost; with --frame counted from that frame)", \
	  &(part)->depth, NULL, 0 }, \
	{ "frame", 'f', FDBG_OPTION_UINT, "ID", frame_help, &(part)->frame, NULL, 0 }, \
	{ "from", 0, FDBG_OPTION_STRING, "WHEN", \
	  "only from there on: '#12' is the 12th event, 1.5s or 250ms count from the beginning, or a " \
	  "time such as 2026-01-02T03:04:05.678Z", &(part)->from, NULL, 0 }, \
	{ "to", 0, FDBG_OPTION_STRING, "WHEN", "only up to there", &(part)->to, NULL, 0 }

/* What the options ask for; the filter refers to them. FDBG_ERROR_USAGE: a WHEN is none. */
struct fdbg_error *fdbg_cli_part_filter(struct fdbg_cli_part *part, struct fdbg_filter *ret) FDBG_CHECK;
void fdbg_cli_part_deinit(struct fdbg_cli_part *part);

#endif
