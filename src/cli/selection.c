/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "cli/selection.h"

#include <stdlib.h>

static const char **values(const struct fdbg_option_list *list)
{
	const char **texts = calloc(list->n_items + 1, sizeof(*texts));

	for (size_t i = 0; i < list->n_items && texts; i++)
		texts[i] = list->items[i].value;
	return texts;
}

struct fdbg_error *fdbg_selection_finish(struct fdbg_selection *selection)
{
	selection->crate_names = values(&selection->crates);
	selection->file_globs = values(&selection->files);
	selection->function_globs = calloc(selection->globs.n_items + 1, sizeof(*selection->function_globs));
	if (!selection->crate_names || !selection->file_globs || !selection->function_globs)
		return &fdbg_error_nomem;
	for (size_t i = 0; i < selection->globs.n_items; i++)
		selection->function_globs[i] = (struct fdbg_glob){
			.pattern = selection->globs.items[i].value,
			.exclude = selection->globs.items[i].tag == FDBG_SELECTION_EXCLUDE,
		};
	selection->selector = (struct fdbg_selector){
		.crates = selection->crate_names, .n_crates = selection->crates.n_items,
		.globs = selection->function_globs, .n_globs = selection->globs.n_items,
		.files = selection->file_globs, .n_files = selection->files.n_items,
	};
	return NULL;
}

void fdbg_selection_deinit(struct fdbg_selection *selection)
{
	fdbg_option_list_deinit(&selection->crates);
	fdbg_option_list_deinit(&selection->globs);
	fdbg_option_list_deinit(&selection->files);
	free(selection->crate_names);
	free(selection->file_globs);
	free(selection->function_globs);
}
