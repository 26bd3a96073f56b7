/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The terminal browser's keys. */
#include "tui/screen_internal.h"

#include <locale.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

/* How long a key is waited for before the screen's size is looked at again: its signal may come just before the wait. */
#define KEY_TIMEOUT_MS 250

enum { CTRL_C = 3, CTRL_L = 12, ESCAPE = 27 };

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
		width = fdbg_tui_put(tui, PAIR_NAME, prompt, strlen(prompt), width);
		fdbg_tui_put(tui, PAIR_PLAIN, text, len, width);
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
	struct areas areas = fdbg_tui_areas();
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
		struct fdbg_error *err = fdbg_tui_draw(tui);
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
