/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the terminal browser shows. */
#include "tui/screen_internal.h"

#include <inttypes.h>
#include <string.h>
#include <wchar.h>

#include "tui/layout.h"
#include "value/escape.h"

/* Narrower than this there is no room for the pane beside the tree: it goes below. */
#define WIDE_SCREEN 100
/* Text of one value in a line of the tree. */
#define MAX_LINE_VALUE 120
#define MAX_INDENT 60
/* Source lines around the one that is meant. */
#define SOURCE_BEFORE 3
#define SOURCE_AFTER 8

struct areas fdbg_tui_areas(void)
{
	int rows = LINES > 3 ? LINES - 2 : 1; /* a title above, a message below */

	if (COLS >= WIDE_SCREEN) {
		int left = COLS * 3 / 5;

		return (struct areas){ rows, left, 1, left + 1, rows, COLS - left - 1 };
	}
	if (rows < 8)
		return (struct areas){ rows, COLS, 1, 0, 0, 0 };
	return (struct areas){ rows * 3 / 5, COLS, 2 + rows * 3 / 5, 0, rows - rows * 3 / 5 - 1, COLS };
}

static attr_t attributes(const struct tui *tui, enum pair pair)
{
	static const attr_t without_colour[] = {
		[PAIR_PLAIN] = A_NORMAL, [PAIR_NAME] = A_BOLD, [PAIR_FAULT] = A_BOLD | A_UNDERLINE, [PAIR_DIM] = A_DIM,
		[PAIR_MATCH] = A_REVERSE,
	};

	return tui->colour && pair != PAIR_PLAIN ? (attr_t)COLOR_PAIR(pair) | (pair == PAIR_NAME ? A_BOLD : 0)
						 : without_colour[pair];
}

/* Puts UTF-8 text without control characters at the cursor, up to `columns` of them; returns those that are left. */
static int put_text(const char *data, size_t len, int columns)
{
	mbstate_t state = { 0 };

	while (len && columns > 0) {
		wchar_t text[2] = { L'?', 0 };
		size_t n = mbrtowc(text, data, len, &state);
		int width;

		if (n == 0 || n > len) {
			text[0] = L'?';
			n = 1;
			memset(&state, 0, sizeof(state));
		}
		width = wcwidth(text[0]);
		if (width < 0) {
			text[0] = L'?';
			width = 1;
		}
		if (width > columns)
			break;
		addwstr(text);
		columns -= width;
		data += n;
		len -= n;
	}
	return columns;
}

int fdbg_tui_put(struct tui *tui, enum pair pair, const char *text, size_t len, int columns)
{
	attr_t attribute = attributes(tui, pair);

	(void)wattr_on(stdscr, attribute, NULL);
	columns = put_text(text, len, columns);
	(void)wattr_off(stdscr, attribute, NULL);
	return columns;
}

static void put_value_text(struct fdbg_buf *line, const struct fdbg_node_value *value)
{
	if (value->form == FDBG_VALUE_UNREADABLE)
		fdbg_buf_string(line, "<unreadable>");
	else if (value->form == FDBG_VALUE_OPTIMIZED_OUT)
		fdbg_buf_string(line, "<optimized out>");
	else
		fdbg_escape_terminal(line, value->text.data, value->text.len, false);
}

/* A value in a line of the tree: its beginning. */
static void put_short(struct fdbg_buf *line, const struct fdbg_node_value *value)
{
	size_t start = line->len, columns = 0;

	put_value_text(line, value);
	for (size_t i = start; i < line->len; i++) {
		columns += (line->data[i] & 0xc0) != 0x80;
		if (columns > MAX_LINE_VALUE) {
			line->len = i;
			fdbg_buf_string(line, "…");
			return;
		}
	}
}

static struct fdbg_error *put_arguments(struct tui *tui, struct fdbg_tree_thread *thread, const struct fdbg_node *node)
{
	struct fdbg_node_values values;
	struct fdbg_node_value value;
	struct fdbg_error *err = fdbg_tree_arguments(thread, node, &values);

	if (err)
		return err;
	fdbg_buf_byte(&tui->line, '(');
	for (bool first = true; fdbg_node_values_next(&values, &value); first = false) {
		if (!first)
			fdbg_buf_string(&tui->line, ", ");
		fdbg_escape_terminal(&tui->line, value.name.data, value.name.len, false);
		fdbg_buf_byte(&tui->line, '=');
		put_short(&tui->line, &value);
	}
	fdbg_buf_byte(&tui->line, ')');
	return NULL;
}

static struct fdbg_error *put_result(struct tui *tui, struct fdbg_tree_thread *thread, const struct fdbg_node *node)
{
	struct fdbg_node_values values;
	struct fdbg_node_value value;
	struct fdbg_error *err;

	switch (node->state) {
	case FDBG_FLOW_RETURNED:
		err = fdbg_tree_result(thread, node, &values);
		if (err)
			return err;
		if (fdbg_node_values_next(&values, &value)) {
			fdbg_buf_string(&tui->line, " -> ");
			put_short(&tui->line, &value);
		}
		return NULL;
	case FDBG_FLOW_OPEN:
		fdbg_buf_string(&tui->line, node->kind == FDBG_NODE_CALL ? " …" : "");
		return NULL;
	case FDBG_FLOW_UNWOUND:
		fdbg_buf_string(&tui->line, node->panicked ? " !! panicked !! unwound" : " !! unwound");
		return NULL;
	case FDBG_FLOW_LOST:
		fdbg_buf_string(&tui->line, " … (return not recorded)");
		return NULL;
	}
	return NULL;
}

/* The name of a call: of a poll that of the async function. */
static struct fdbg_error *put_name(struct tui *tui, struct fdbg_tree_thread *thread, const struct fdbg_node *node)
{
	struct fdbg_node_value value;
	bool found;
	struct fdbg_error *err = fdbg_tree_poll_value(thread, node, false, "fn", &value, &found);

	if (err)
		return err;
	if (found && value.text.len > 2) {
		fdbg_buf_string(&tui->line, "poll ");
		fdbg_escape_terminal(&tui->line, value.text.data + 1, value.text.len - 2, false); /* without quotes */
	} else if (node->function) {
		fdbg_escape_terminal(&tui->line, node->function->name.data, node->function->name.len, false);
	}
	return NULL;
}

/* What is known of a panic. */
static struct fdbg_error *put_panic(struct tui *tui, struct fdbg_tree_thread *thread, const struct fdbg_node *node)
{
	struct fdbg_node_values values;
	struct fdbg_node_value value;
	struct fdbg_error *err = fdbg_tree_result(thread, node, &values);

	if (!err && fdbg_node_values_next(&values, &value)) {
		fdbg_buf_byte(&tui->line, ' ');
		put_value_text(&tui->line, &value);
	}
	return err;
}

static const char *word_of(enum fdbg_node_kind kind)
{
	switch (kind) {
	case FDBG_NODE_BREAKPOINT:
		return "fire::dbg! ";
	case FDBG_NODE_PANIC:
		return "!! panicked ";
	case FDBG_NODE_FUTURE_ENTER:
		return "poll ";
	case FDBG_NODE_FUTURE_EXIT:
		return "poll ended ";
	case FDBG_NODE_CALL:
		break;
	}
	return "";
}

/* One line of the tree. */
static struct fdbg_error *draw_item(struct tui *tui, const struct fdbg_tui_item *item, int row, int columns,
				    bool current)
{
	struct fdbg_tree_thread *thread = &tui->tree->threads[item->thread];
	const struct fdbg_node *node = fdbg_tui_node(&tui->browser, item);
	bool fault = node && (node->failed || node->panicked || node->state == FDBG_FLOW_UNWOUND || node->kind == FDBG_NODE_PANIC);
	bool parent = item->end > (size_t)(item - tui->browser.items) + 1;
	struct fdbg_error *err = NULL;
	size_t name_from, name_to;

	fdbg_buf_clear(&tui->line);
	for (uint32_t i = 0; i < item->level && i < MAX_INDENT; i++)
		fdbg_buf_string(&tui->line, "  ");
	fdbg_buf_string(&tui->line, !parent ? "  " : item->folded ? "+ " : "- ");
	name_from = tui->line.len;
	if (!node) {
		fdbg_buf_printf(&tui->line, "thread %" PRIu64, thread->id);
		name_to = tui->line.len;
	} else {
		fdbg_buf_string(&tui->line, word_of(node->kind));
		err = put_name(tui, thread, node);
		name_to = tui->line.len;
		if (!err && node->kind == FDBG_NODE_PANIC)
			err = put_panic(tui, thread, node);
		else if (!err && (node->kind == FDBG_NODE_CALL || node->n_arguments))
			err = put_arguments(tui, thread, node);
		if (!err && node->kind == FDBG_NODE_CALL)
			err = put_result(tui, thread, node);
		if (err)
			return err;
	}
	if (tui->line.failed)
		return &fdbg_error_nomem;
	move(row, 0);
	if (current) {
		columns = fdbg_tui_put(tui, PAIR_MATCH, (char *)tui->line.data, tui->line.len, columns);
		attron(A_REVERSE);
		while (columns-- > 0)
			addch(' ');
		attroff(A_REVERSE);
		return NULL;
	}
	columns = fdbg_tui_put(tui, PAIR_DIM, (char *)tui->line.data, name_from, columns);
	columns = fdbg_tui_put(tui, fault ? PAIR_FAULT : PAIR_NAME, (char *)tui->line.data + name_from, name_to - name_from, columns);
	fdbg_tui_put(tui, PAIR_PLAIN, (char *)tui->line.data + name_to, tui->line.len - name_to, columns);
	return NULL;
}

static struct fdbg_error *draw_tree(struct tui *tui, const struct areas *areas)
{
	const struct fdbg_tui_browser *browser = &tui->browser;
	size_t rows = (size_t)areas->tree_rows;
	struct fdbg_error *err = NULL;

	if (browser->cursor < tui->top)
		tui->top = browser->cursor;
	if (browser->cursor >= tui->top + rows)
		tui->top = browser->cursor - rows + 1;
	if (tui->top + rows > browser->n_lines)
		tui->top = browser->n_lines > rows ? browser->n_lines - rows : 0;
	for (size_t i = 0; i < rows && tui->top + i < browser->n_lines && !err; i++)
		err = draw_item(tui, &browser->items[browser->lines[tui->top + i]], 1 + (int)i, areas->tree_columns,
				tui->top + i == browser->cursor);
	return err;
}

/* ---- the pane ---- */

static void pane_values(struct tui *tui, struct fdbg_node_values *values, const char *title, int columns)
{
	struct fdbg_node_value value;

	while (fdbg_node_values_next(values, &value)) {
		size_t indent;

		fdbg_buf_clear(&tui->line);
		put_value_text(&tui->line, &value);
		indent = tui->pane.len;
		if (title)
			fdbg_buf_string(&tui->pane, title);
		else
			fdbg_escape_terminal(&tui->pane, value.name.data, value.name.len, false);
		fdbg_buf_string(&tui->pane, " = ");
		indent = fdbg_tui_columns((char *)tui->pane.data + indent, tui->pane.len - indent);
		fdbg_tui_layout(&tui->pane, (struct fdbg_text){ (char *)tui->line.data, tui->line.len }, indent, 2, (size_t)columns);
	}
}

static void pane_source(struct tui *tui, const struct fdbg_node *node)
{
	struct fdbg_text path, text;
	uint32_t line;

	if (!fdbg_recording_location(tui->recording, node->breakpoint_id, &path, &line))
		return;
	fdbg_buf_byte(&tui->pane, '\n');
	fdbg_escape_terminal(&tui->pane, path.data, path.len, false);
	fdbg_buf_printf(&tui->pane, ":%" PRIu32 "\n", line);
	if (!fdbg_tui_source_line(&tui->sources, path, line).data) {
		fdbg_buf_string(&tui->pane, "(the file is not here)\n");
		return;
	}
	for (uint32_t at = line > SOURCE_BEFORE ? line - SOURCE_BEFORE : 1; at <= line + SOURCE_AFTER; at++) {
		text = fdbg_tui_source_line(&tui->sources, path, at);
		if (!text.data)
			break;
		fdbg_buf_printf(&tui->pane, "%c%5" PRIu32 "  ", at == line ? '>' : ' ', at);
		for (size_t i = 0; i < text.len; i++) {
			if (text.data[i] == '\t')
				fdbg_buf_string(&tui->pane, "    ");
			else
				fdbg_escape_terminal(&tui->pane, text.data + i, 1, false);
			/* A whole character at a time, or its bytes would be taken for broken ones. */
			if ((unsigned char)text.data[i] >= 0xc0) {
				size_t n = 1;

				while (i + n < text.len && ((unsigned char)text.data[i + n] & 0xc0) == 0x80)
					n++;
				tui->pane.len -= 4; /* \xnn of the first byte */
				fdbg_escape_terminal(&tui->pane, text.data + i, n, false);
				i += n - 1;
			}
		}
		fdbg_buf_byte(&tui->pane, '\n');
	}
}

/* All that is known of the current item, in lines. */
static struct fdbg_error *make_pane(struct tui *tui, int columns)
{
	const struct fdbg_tui_item *item = fdbg_tui_current(&tui->browser);
	const struct fdbg_node *node = item ? fdbg_tui_node(&tui->browser, item) : NULL;
	struct fdbg_tree_thread *thread;
	struct fdbg_node_values values;
	struct fdbg_error *err;

	fdbg_buf_clear(&tui->pane);
	if (!item)
		return NULL;
	thread = &tui->tree->threads[item->thread];
	if (!node) {
		fdbg_buf_printf(&tui->pane, "thread %" PRIu64 "\n%zu lines in its tree\n", thread->id, thread->n_nodes);
		return NULL;
	}
	if (node->function)
		fdbg_escape_terminal(&tui->pane, node->function->name.data, node->function->name.len, false);
	fdbg_buf_string(&tui->pane, "\nframe ");
	fdbg_buf_decimal(&tui->pane, node->frame_id);
	fdbg_buf_printf(&tui->pane, ", depth %" PRIu64 ", thread %" PRIu64 "\n", node->depth, thread->id);
	if (node->kind == FDBG_NODE_CALL && node->return_ms >= node->time_ms && node->state == FDBG_FLOW_RETURNED)
		fdbg_buf_printf(&tui->pane, "%" PRIu64 " ms from call to return\n", node->return_ms - node->time_ms);
	if (node->panicked)
		fdbg_buf_string(&tui->pane, "a panic began here\n");
	if (node->state == FDBG_FLOW_UNWOUND)
		fdbg_buf_string(&tui->pane, "left by a panic\n");
	if (node->state == FDBG_FLOW_LOST)
		fdbg_buf_string(&tui->pane, "its return was not recorded\n");
	fdbg_buf_byte(&tui->pane, '\n');
	err = fdbg_tree_arguments(thread, node, &values);
	if (err)
		return err;
	pane_values(tui, &values, NULL, columns);
	err = fdbg_tree_result(thread, node, &values);
	if (err)
		return err;
	pane_values(tui, &values, "returned", columns);
	pane_source(tui, node);
	return fdbg_buf_error(&tui->pane);
}

/* Narrow enough for the pane of a narrow screen. */
static const char *const help_text =
	"Keys\n"
	"\n"
	"up down k j   one line (PgUp, PgDn, Home, End)\n"
	"left h        fold, or to the caller\n"
	"right l Enter unfold\n"
	"+ -           unfold, fold all below\n"
	"u             to the caller\n"
	"e E           next, previous error\n"
	"s S           next, previous of the function\n"
	"/             search names and values\n"
	"n N           search on, backwards\n"
	"[ ]           scroll the values\n"
	"q             leave\n";

static struct fdbg_error *draw_pane(struct tui *tui, const struct areas *areas)
{
	struct fdbg_error *err = NULL;
	const char *at, *end;
	size_t n = 0;

	if (areas->pane_rows <= 0 || areas->pane_columns < 4)
		return NULL;
	if (tui->help) {
		fdbg_buf_clear(&tui->pane);
		fdbg_buf_string(&tui->pane, help_text);
	} else {
		err = make_pane(tui, areas->pane_columns - 1);
	}
	if (err)
		return err;
	at = fdbg_buf_cstr(&tui->pane);
	end = at + tui->pane.len;
	tui->n_pane_lines = 0;
	for (const char *c = at; c < end; c++)
		tui->n_pane_lines += *c == '\n';
	if (tui->pane_top >= tui->n_pane_lines)
		tui->pane_top = tui->n_pane_lines ? tui->n_pane_lines - 1 : 0;
	for (int row = 0; row < areas->pane_rows; row++) {
		if (areas->pane_column)
			mvaddwstr(areas->pane_row + row, areas->pane_column - 1, L"│");
	}
	for (; at < end; n++) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((line_end ? line_end : end) - at);

		if (n >= tui->pane_top && n - tui->pane_top < (size_t)areas->pane_rows) {
			move(areas->pane_row + (int)(n - tui->pane_top), areas->pane_column);
			fdbg_tui_put(tui, !n ? PAIR_NAME : len && *at == '>' ? PAIR_MATCH : PAIR_PLAIN, at, len, areas->pane_columns);
		}
		at += len + 1;
	}
	return NULL;
}

struct fdbg_error *fdbg_tui_draw(struct tui *tui)
{
	static const char *const hint = "? help  / search  e error  s same function  u caller  q leave";
	struct areas areas = fdbg_tui_areas();
	struct fdbg_buf title = { 0 };
	struct fdbg_error *err;

	erase();
	fdbg_buf_string(&title, "fdbg  ");
	fdbg_escape_terminal(&title, tui->recording->path, strlen(tui->recording->path), false);
	fdbg_buf_printf(&title, "  line %zu of %zu", tui->browser.n_lines ? tui->browser.cursor + 1 : 0, tui->browser.n_lines);
	move(0, 0);
	fdbg_tui_put(tui, PAIR_NAME, fdbg_buf_cstr(&title), title.len, COLS);
	err = title.failed ? &fdbg_error_nomem : draw_tree(tui, &areas);
	if (!err)
		err = draw_pane(tui, &areas);
	fdbg_buf_deinit(&title);
	if (LINES > 1) {
		move(LINES - 1, 0);
		if (tui->message.len)
			fdbg_tui_put(tui, PAIR_PLAIN, fdbg_buf_cstr(&tui->message), tui->message.len, COLS - 1);
		else
			fdbg_tui_put(tui, PAIR_DIM, hint, strlen(hint), COLS - 1);
	}
	refresh();
	return err;
}
