/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The terminal browser's screen and keys. */
#define NCURSES_WIDECHAR 1
#include "tui/tui.h"

#include <inttypes.h>
#include <locale.h>
#include <ncurses.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "report/time.h"
#include "tui/browser.h"
#include "tui/layout.h"
#include "tui/source.h"
#include "value/escape.h"

/* Narrower than this there is no room for the pane beside the tree: it goes below. */
#define WIDE_SCREEN 100
#define MAX_QUERY 256
/* Text of one value in a line of the tree. */
#define MAX_LINE_VALUE 120
#define MAX_INDENT 60
/* Source lines around the one that is meant. */
#define SOURCE_BEFORE 3
#define SOURCE_AFTER 8
/* How long a key is waited for before the screen's size is looked at again: its signal may come just before the wait. */
#define KEY_TIMEOUT_MS 250

enum { CTRL_C = 3, CTRL_L = 12, ESCAPE = 27 };

enum pair { PAIR_PLAIN, PAIR_NAME, PAIR_FAULT, PAIR_DIM, PAIR_MATCH };

struct tui {
	struct fdbg_recording *recording;
	struct fdbg_tree *tree;
	struct fdbg_tui_browser browser;
	struct fdbg_tui_sources sources;
	SCREEN *screen;
	bool colour;
	size_t top;                 /* first line of the tree on the screen */
	size_t pane_top;            /* first line of the pane that is shown */
	size_t n_pane_lines;
	char query[MAX_QUERY];      /* what was looked for last */
	struct fdbg_buf line, pane, message;
	bool help;
};

/* Where things are on the screen. */
struct areas {
	int tree_rows, tree_columns;
	int pane_row, pane_column, pane_rows, pane_columns;
};

static struct areas areas_of(void)
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

/* ---- drawing ---- */

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

static int put(struct tui *tui, enum pair pair, const char *text, size_t len, int columns)
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
		columns = put(tui, PAIR_MATCH, (char *)tui->line.data, tui->line.len, columns);
		attron(A_REVERSE);
		while (columns-- > 0)
			addch(' ');
		attroff(A_REVERSE);
		return NULL;
	}
	columns = put(tui, PAIR_DIM, (char *)tui->line.data, name_from, columns);
	columns = put(tui, fault ? PAIR_FAULT : PAIR_NAME, (char *)tui->line.data + name_from, name_to - name_from, columns);
	put(tui, PAIR_PLAIN, (char *)tui->line.data + name_to, tui->line.len - name_to, columns);
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
			put(tui, !n ? PAIR_NAME : len && *at == '>' ? PAIR_MATCH : PAIR_PLAIN, at, len, areas->pane_columns);
		}
		at += len + 1;
	}
	return NULL;
}

static struct fdbg_error *draw(struct tui *tui)
{
	static const char *const hint = "? help  / search  e error  s same function  u caller  q leave";
	struct areas areas = areas_of();
	struct fdbg_buf title = { 0 };
	struct fdbg_error *err;

	erase();
	fdbg_buf_string(&title, "fdbg  ");
	fdbg_escape_terminal(&title, tui->recording->path, strlen(tui->recording->path), false);
	fdbg_buf_printf(&title, "  line %zu of %zu", tui->browser.n_lines ? tui->browser.cursor + 1 : 0, tui->browser.n_lines);
	move(0, 0);
	put(tui, PAIR_NAME, fdbg_buf_cstr(&title), title.len, COLS);
	err = title.failed ? &fdbg_error_nomem : draw_tree(tui, &areas);
	if (!err)
		err = draw_pane(tui, &areas);
	fdbg_buf_deinit(&title);
	if (LINES > 1) {
		move(LINES - 1, 0);
		if (tui->message.len)
			put(tui, PAIR_PLAIN, fdbg_buf_cstr(&tui->message), tui->message.len, COLS - 1);
		else
			put(tui, PAIR_DIM, hint, strlen(hint), COLS - 1);
	}
	refresh();
	return err;
}

/* ---- keys ---- */

static void say(struct tui *tui, const char *text)
{
	fdbg_buf_clear(&tui->message);
	fdbg_buf_string(&tui->message, text);
}

static struct fdbg_error *find(struct tui *tui, enum fdbg_tui_target target, bool backwards)
{
	bool found, wrapped;
	struct fdbg_error *err = fdbg_tui_find(&tui->browser, target, tui->query, backwards, &found, &wrapped);

	if (err)
		return err;
	if (!found)
		say(tui, target == FDBG_TUI_ERROR ? "no panic and no Err" :
			 target == FDBG_TUI_SAME ? "no other call of this function" : "not found");
	else if (wrapped)
		say(tui, backwards ? "went on from the end" : "went on from the beginning");
	tui->pane_top = 0;
	return NULL;
}

/* Waits for a key. False: the terminal is gone. *ret and *is_code_ret: as get_wch has them; KEY_RESIZE: draw again. */
static bool wait_key(wint_t *ret, bool *is_code_ret)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	int kind = get_wch(ret);

	*is_code_ret = kind != OK;
	if (kind != ERR)
		return true;
	*ret = KEY_RESIZE;
	return poll(&input, 1, 0) <= 0 || !(input.revents & (POLLHUP | POLLERR | POLLNVAL));
}

/* Reads a line at the bottom of the screen. False: the user thought better of it. */
static bool ask(struct tui *tui, const char *prompt, char *ret, size_t size)
{
	char text[MAX_QUERY] = "";
	size_t len = 0;

	for (;;) {
		int width = COLS - 1;
		bool is_code;
		wint_t key;

		move(LINES - 1, 0);
		clrtoeol();
		width = put(tui, PAIR_NAME, prompt, strlen(prompt), width);
		put(tui, PAIR_PLAIN, text, len, width);
		refresh();
		if (!wait_key(&key, &is_code))
			return false;
		if ((!is_code && (key == '\n' || key == '\r')) || (is_code && key == KEY_ENTER)) {
			if (!len)
				return false;
			memcpy(ret, text, len < size ? len + 1 : size);
			return true;
		}
		if (!is_code && (key == ESCAPE || key == CTRL_C))
			return false;
		if (is_code ? key == KEY_BACKSPACE : key == 127 || key == '\b') {
			while (len && ((unsigned char)text[len - 1] & 0xc0) == 0x80)
				len--;
			len -= len > 0;
			text[len] = '\0';
		} else if (!is_code && key >= ' ') {
			char bytes[16];
			mbstate_t state = { 0 };
			size_t n = wcrtomb(bytes, (wchar_t)key, &state);

			if (n != (size_t)-1 && len + n < sizeof(text) - 1) {
				memcpy(text + len, bytes, n);
				len += n;
				text[len] = '\0';
			}
		}
	}
}

/* What a key does. *leave_ret: the user is done. */
static struct fdbg_error *press(struct tui *tui, wint_t key, bool is_code, bool *leave_ret)
{
	struct areas areas = areas_of();
	long page = areas.tree_rows > 1 ? areas.tree_rows - 1 : 1;

	tui->help = false;
	fdbg_buf_clear(&tui->message);
	if (is_code) {
		switch (key) {
		case KEY_UP: key = 'k'; break;
		case KEY_DOWN: key = 'j'; break;
		case KEY_LEFT: key = 'h'; break;
		case KEY_RIGHT: case KEY_ENTER: key = 'l'; break;
		case KEY_HOME: key = 'g'; break;
		case KEY_END: key = 'G'; break;
		case KEY_PPAGE: key = 'b'; break;
		case KEY_NPAGE: key = ' '; break;
		default: return NULL;
		}
	}
	if (!strchr("[]", (int)(key < 128 ? key : 0)))
		tui->pane_top = 0;
	switch (key) {
	case 'q': case CTRL_C:
		*leave_ret = true;
		return NULL;
	case 'k': fdbg_tui_move(&tui->browser, -1); return NULL;
	case 'j': fdbg_tui_move(&tui->browser, 1); return NULL;
	case 'b': fdbg_tui_move(&tui->browser, -page); return NULL;
	case ' ': fdbg_tui_move(&tui->browser, page); return NULL;
	case 'g': fdbg_tui_move(&tui->browser, -(long)tui->browser.n_lines); return NULL;
	case 'G': fdbg_tui_move(&tui->browser, (long)tui->browser.n_lines); return NULL;
	case 'h': fdbg_tui_fold(&tui->browser); return NULL;
	case 'l': case '\n': case '\r': fdbg_tui_unfold(&tui->browser); return NULL;
	case '+': fdbg_tui_fold_below(&tui->browser, false); return NULL;
	case '-': fdbg_tui_fold_below(&tui->browser, true); return NULL;
	case 'u':
		if (!fdbg_tui_go_to_caller(&tui->browser))
			say(tui, "this is the outermost");
		return NULL;
	case 'e': return find(tui, FDBG_TUI_ERROR, false);
	case 'E': return find(tui, FDBG_TUI_ERROR, true);
	case 's': return find(tui, FDBG_TUI_SAME, false);
	case 'S': return find(tui, FDBG_TUI_SAME, true);
	case '/':
		return ask(tui, "/", tui->query, sizeof(tui->query)) ? find(tui, FDBG_TUI_TEXT, false) : NULL;
	case 'n': case 'N':
		if (!*tui->query)
			say(tui, "nothing was looked for yet: /");
		return *tui->query ? find(tui, FDBG_TUI_TEXT, key == 'N') : NULL;
	case '[': tui->pane_top -= tui->pane_top > 0; return NULL;
	case ']': tui->pane_top += tui->pane_top + 1 < tui->n_pane_lines; return NULL;
	case '?': tui->help = true; return NULL;
	case CTRL_L: clearok(stdscr, TRUE); return NULL;
	}
	return NULL;
}

static struct fdbg_error *loop(struct tui *tui)
{
	bool leave = false;

	while (!leave) {
		struct fdbg_error *err = draw(tui);
		bool is_code;
		wint_t key;

		if (!err && !wait_key(&key, &is_code))
			return NULL;
		if (!err && !(is_code && key == KEY_RESIZE))
			err = press(tui, key, is_code, &leave);
		if (err)
			return err;
	}
	return NULL;
}

static void set_up(struct tui *tui)
{
	raw();
	noecho();
	nonl();
	intrflush(stdscr, FALSE);
	keypad(stdscr, TRUE);
	set_escdelay(50);
	timeout(KEY_TIMEOUT_MS);
	curs_set(0);
	tui->colour = tui->colour && has_colors() && start_color() != ERR && use_default_colors() != ERR;
	if (!tui->colour)
		return;
	init_pair(PAIR_NAME, -1, -1);
	init_pair(PAIR_FAULT, COLOR_RED, -1);
	init_pair(PAIR_DIM, COLOR_CYAN, -1);
	init_pair(PAIR_MATCH, COLOR_BLACK, COLOR_YELLOW);
}

struct fdbg_error *fdbg_tui_run(struct fdbg_recording *recording, struct fdbg_tree *tree,
				const struct fdbg_tui_options *options)
{
	struct tui tui = { .recording = recording, .tree = tree, .colour = options->colour };
	const char *terminal = getenv("TERM");
	struct fdbg_error *err;

	setlocale(LC_CTYPE, "");
	if (MB_CUR_MAX < 2)
		setlocale(LC_CTYPE, "C.UTF-8"); /* recordings are UTF-8, and so is nearly every terminal */
	err = fdbg_tui_browser_init(tree, &tui.browser);
	if (err)
		return err;
	if (recording->info)
		tui.sources.root = recording->info->workspace_root;
	tui.screen = newterm(NULL, stdout, stdin);
	if (!tui.screen) {
		err = fdbg_error_create(FDBG_ERROR_UNSUPPORTED, "the terminal '%s' cannot show this; `fdbg show` prints the tree",
					terminal ? terminal : "");
	} else {
		set_up(&tui);
		err = loop(&tui);
		endwin();
		delscreen(tui.screen);
	}
	fdbg_buf_deinit(&tui.line);
	fdbg_buf_deinit(&tui.pane);
	fdbg_buf_deinit(&tui.message);
	fdbg_tui_sources_deinit(&tui.sources);
	fdbg_tui_browser_deinit(&tui.browser);
	return err;
}
