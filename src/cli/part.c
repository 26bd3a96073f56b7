/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The options by which reading commands choose a part of a recording. */
#include "cli/part.h"

#include <stdlib.h>

struct fdbg_error *fdbg_cli_part_filter(struct fdbg_cli_part *part, struct fdbg_filter *ret)
{
	struct fdbg_filter filter = {
		.n_functions = part->filters.n_items,
		.has_thread = part->thread.given,
		.thread_id = part->thread.value,
		.has_frame = part->frame.given,
		.frame_id = part->frame.value,
		.has_depth = part->depth.given,
		.max_depth = part->depth.value,
	};
	struct fdbg_error *err = NULL;

	free(part->globs);
	part->globs = calloc(part->filters.n_items + 1, sizeof(*part->globs));
	if (!part->globs)
		return &fdbg_error_nomem;
	for (size_t i = 0; i < part->filters.n_items; i++)
		part->globs[i] = part->filters.items[i].value;
	filter.functions = part->globs;
	if (part->from)
		err = fdbg_error_prefix(fdbg_moment_parse(part->from, &filter.from), "option '--from'");
	if (!err && part->to)
		err = fdbg_error_prefix(fdbg_moment_parse(part->to, &filter.to), "option '--to'");
	if (!err && filter.from.kind == filter.to.kind && filter.from.number > filter.to.number)
		err = fdbg_error_create(FDBG_ERROR_USAGE, "--to lies before --from");
	if (err)
		return err;
	*ret = filter;
	return NULL;
}

void fdbg_cli_part_deinit(struct fdbg_cli_part *part)
{
	free(part->globs);
	part->globs = NULL;
	fdbg_option_list_deinit(&part->filters);
}
