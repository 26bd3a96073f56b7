/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "tui/browser.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* More items than this are shown folded at first. */
#define MANY_ITEMS 2000

/* Sets where each item's descendants end. */
static struct fdbg_error *find_ends(struct fdbg_tui_browser *browser)
{
	size_t *open = calloc(browser->n_items + 1, sizeof(*open)), n_open = 0;

	if (!open)
		return &fdbg_error_nomem;
	for (size_t i = 0; i < browser->n_items; i++) {
		while (n_open && browser->items[open[n_open - 1]].level >= browser->items[i].level)
			browser->items[open[--n_open]].end = i;
		open[n_open++] = i;
	}
	while (n_open)
		browser->items[open[--n_open]].end = browser->n_items;
	free(open);
	return NULL;
}

/* Works out the lines anew, with the cursor on an item, or on what hides it. */
static void lay_out(struct fdbg_tui_browser *browser, size_t item)
{
	browser->n_lines = 0;
	browser->cursor = 0;
	for (size_t i = 0; i < browser->n_items;) {
		if (i <= item)
			browser->cursor = browser->n_lines;
		browser->lines[browser->n_lines++] = i;
		i = browser->items[i].folded ? browser->items[i].end : i + 1;
	}
}

struct fdbg_error *fdbg_tui_browser_init(struct fdbg_tree *tree, struct fdbg_tui_browser *ret)
{
	struct fdbg_tui_browser browser = { .tree = tree };
	struct fdbg_error *err;
	size_t n = 0, first = 0;

	for (size_t i = 0; i < tree->n_threads; i++)
		if (tree->threads[i].n_nodes)
			n += 1 + tree->threads[i].n_nodes;
	browser.items = calloc(n + 1, sizeof(*browser.items));
	browser.lines = calloc(n + 1, sizeof(*browser.lines));
	if (!browser.items || !browser.lines) {
		fdbg_tui_browser_deinit(&browser);
		return &fdbg_error_nomem;
	}
	for (size_t i = 0; i < tree->n_threads; i++) {
		const struct fdbg_tree_thread *thread = &tree->threads[i];

		if (!thread->n_nodes)
			continue;
		browser.items[browser.n_items++] = (struct fdbg_tui_item){ .thread = (uint32_t)i };
		for (size_t k = 0; k < thread->n_nodes; k++)
			browser.items[browser.n_items++] = (struct fdbg_tui_item){
				.thread = (uint32_t)i, .node = k, .level = thread->nodes[k].level + 1,
			};
	}
	err = find_ends(&browser);
	if (err) {
		fdbg_tui_browser_deinit(&browser);
		return err;
	}
	for (size_t i = 0; n > MANY_ITEMS && i < browser.n_items; i++)
		browser.items[i].folded = browser.items[i].level > 1 && browser.items[i].end > i + 1;
	/* The first call tells more than the thread that it is in. */
	first = browser.n_items > 1;
	lay_out(&browser, first);
	*ret = browser;
	return NULL;
}

void fdbg_tui_browser_deinit(struct fdbg_tui_browser *browser)
{
	free(browser->items);
	free(browser->lines);
	*browser = (struct fdbg_tui_browser){ 0 };
}

const struct fdbg_tui_item *fdbg_tui_current(const struct fdbg_tui_browser *browser)
{
	return browser->n_lines ? &browser->items[browser->lines[browser->cursor]] : NULL;
}

const struct fdbg_node *fdbg_tui_node(const struct fdbg_tui_browser *browser, const struct fdbg_tui_item *item)
{
	return item->level ? &browser->tree->threads[item->thread].nodes[item->node] : NULL;
}

void fdbg_tui_move(struct fdbg_tui_browser *browser, long lines)
{
	if (!browser->n_lines)
		return;
	if (lines < 0 && (size_t)-lines > browser->cursor)
		browser->cursor = 0;
	else if (lines > 0 && (size_t)lines > browser->n_lines - 1 - browser->cursor)
		browser->cursor = browser->n_lines - 1;
	else
		browser->cursor = (size_t)((long)browser->cursor + lines);
}

bool fdbg_tui_go_to_caller(struct fdbg_tui_browser *browser)
{
	const struct fdbg_tui_item *current = fdbg_tui_current(browser);

	if (!current || !current->level)
		return false;
	while (browser->items[browser->lines[browser->cursor]].level >= current->level)
		browser->cursor--;
	return true;
}

void fdbg_tui_fold(struct fdbg_tui_browser *browser)
{
	size_t item;

	if (!browser->n_lines)
		return;
	item = browser->lines[browser->cursor];
	if (browser->items[item].folded || browser->items[item].end == item + 1) {
		fdbg_tui_go_to_caller(browser);
		return;
	}
	browser->items[item].folded = true;
	lay_out(browser, item);
}

void fdbg_tui_unfold(struct fdbg_tui_browser *browser)
{
	size_t item;

	if (!browser->n_lines)
		return;
	item = browser->lines[browser->cursor];
	browser->items[item].folded = false;
	lay_out(browser, item);
}

void fdbg_tui_fold_below(struct fdbg_tui_browser *browser, bool folded)
{
	size_t item;

	if (!browser->n_lines)
		return;
	item = browser->lines[browser->cursor];
	for (size_t i = item; i < browser->items[item].end; i++)
		browser->items[i].folded = folded && browser->items[i].end > i + 1;
	lay_out(browser, item);
}

void fdbg_tui_go_to(struct fdbg_tui_browser *browser, size_t item)
{
	for (size_t i = 0; i < item; i++)
		if (browser->items[i].end > item)
			browser->items[i].folded = false;
	lay_out(browser, item);
}

static bool has_text(struct fdbg_text in, const char *text, bool exact)
{
	size_t len = strlen(text);

	if (exact)
		return in.len >= len && memmem(in.data, in.len, text, len);
	for (size_t i = 0; in.len >= len && i <= in.len - len; i++)
		if (!strncasecmp(in.data + i, text, len))
			return true;
	return false;
}

/* Whether a value has the text. */
static struct fdbg_error *search_values(struct fdbg_tree_thread *thread, const struct fdbg_node *node, const char *text,
					bool exact, bool *ret)
{
	struct fdbg_node_values values;
	struct fdbg_node_value value;
	struct fdbg_error *err;

	for (int results = 0; results < 2; results++) {
		err = results ? fdbg_tree_result(thread, node, &values) : fdbg_tree_arguments(thread, node, &values);
		if (err)
			return err;
		while (!*ret && fdbg_node_values_next(&values, &value))
			*ret = has_text(value.text, text, exact) || has_text(value.name, text, exact);
	}
	return NULL;
}

static struct fdbg_error *matches(struct fdbg_tui_browser *browser, const struct fdbg_tui_item *item,
				  enum fdbg_tui_target target, const struct fdbg_counted_function *function,
				  const char *text, bool exact, bool *ret)
{
	const struct fdbg_node *node = fdbg_tui_node(browser, item);

	*ret = false;
	if (!node)
		return NULL;
	switch (target) {
	case FDBG_TUI_ERROR:
		*ret = node->failed || node->panicked || node->kind == FDBG_NODE_PANIC;
		return NULL;
	case FDBG_TUI_SAME:
		*ret = node->kind == FDBG_NODE_CALL && node->function == function;
		return NULL;
	case FDBG_TUI_TEXT:
		*ret = node->function && has_text(node->function->name, text, exact);
		return *ret ? NULL : search_values(&browser->tree->threads[item->thread], node, text, exact, ret);
	}
	return NULL;
}

struct fdbg_error *fdbg_tui_find(struct fdbg_tui_browser *browser, enum fdbg_tui_target target, const char *text,
				 bool backwards, bool *found_ret, bool *wrapped_ret)
{
	const struct fdbg_tui_item *current = fdbg_tui_current(browser);
	const struct fdbg_node *node = current ? fdbg_tui_node(browser, current) : NULL;
	const struct fdbg_counted_function *function = node ? node->function : NULL;
	size_t from = current ? (size_t)(current - browser->items) : 0, at = from;
	bool exact = false;

	*found_ret = *wrapped_ret = false;
	for (const char *c = text; c && *c; c++)
		exact |= isupper((unsigned char)*c) != 0;
	if (target == FDBG_TUI_SAME && !function)
		return NULL;
	for (size_t i = 0; i < browser->n_items; i++) {
		struct fdbg_error *err;

		if (backwards)
			at = at ? at - 1 : browser->n_items - 1;
		else
			at = at + 1 < browser->n_items ? at + 1 : 0;
		*wrapped_ret |= backwards ? at >= from : at <= from;
		err = matches(browser, &browser->items[at], target, function, text, exact, found_ret);
		if (err)
			return err;
		if (*found_ret) {
			fdbg_tui_go_to(browser, at);
			return NULL;
		}
	}
	return NULL;
}
