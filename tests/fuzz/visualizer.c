/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Fuzz target: visualizer files. What is accepted must be well-formed, and is matched against type names. */
#include <stdlib.h>

#include "rust/visualizer.h"
#include "value/show.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct fdbg_visualizer *section)
{
	struct fdbg_text rest = section->show;
	struct fdbg_show_piece piece;
	enum fdbg_show_result result;

	if (!section->glob.len || !section->show.data || (section->text.data && section->items.data))
		abort();
	while ((result = fdbg_show_next(&rest, &piece, NULL)) == FDBG_SHOW_PIECE)
		if (piece.field && !fdbg_visualizer_is_path(piece.text))
			abort();
	if (result == FDBG_SHOW_BAD)
		abort();
	/* A glob without wildcards matches itself; with them too. */
	if (section->glob.len < 10000 && !fdbg_visualizer_matches(section->glob, section->glob))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fdbg_visualizers list = { 0 };

	fdbg_error_destroy(fdbg_visualizers_parse(&list, "input", (const char *)data, size));
	for (size_t i = 0; i < list.n; i++)
		check(&list.list[i]);
	fdbg_visualizers_deinit(&list);
	return 0;
}
