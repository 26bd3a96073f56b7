/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "cli/visualizers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/scope.h"

/* A file that is larger was not written by hand. */
#define MAX_FILE ((size_t)1024 * 1024)

static struct fdbg_error *load_file(const char *path, const struct fdbg_log *log, struct fdbg_visualizers *list)
{
	FDBG_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct fdbg_buf text = { 0 };
	size_t before = list->n;
	struct fdbg_error *err;
	ssize_t n = 1;

	if (fd < 0)
		return fdbg_error_errno(errno, "cannot read %s", path);
	while (n > 0 && text.len <= MAX_FILE) {
		uint8_t *room = fdbg_buf_reserve(&text, 65536);

		if (!room)
			break;
		n = read(fd, room, 65536);
		if (n > 0)
			text.len += (size_t)n;
	}
	err = fdbg_buf_error(&text);
	if (!err && n < 0)
		err = fdbg_error_errno(errno, "cannot read %s", path);
	else if (!err && text.len > MAX_FILE)
		err = fdbg_error_create(FDBG_ERROR_FORMAT, "%s: a visualizer file has at most %zu bytes", path, MAX_FILE);
	if (!err)
		err = fdbg_visualizers_parse(list, path, (const char *)text.data, text.len);
	if (!err)
		fdbg_log(log, FDBG_LOG_INFO, "%zu visualizers from %s", list->n - before, path);
	fdbg_buf_deinit(&text);
	return err;
}

static int is_wanted(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && entry->d_name[len - 1] != '~';
}

/* What nobody named is done without: it may be another user's, as with sudo. */
static void warn_unreadable(const struct fdbg_log *log, const char *path)
{
	fdbg_log(log, FDBG_LOG_WARNING, "cannot read %s: %s; its visualizers are not used", path, strerror(errno));
}

static struct fdbg_error *load_directory(const char *path, const struct fdbg_log *log, struct fdbg_visualizers *list)
{
	struct fdbg_error *err = NULL;
	struct dirent **entries;
	int n = scandir(path, &entries, is_wanted, alphasort);

	if (n < 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			return NULL;
		if (errno == ENOMEM)
			return &fdbg_error_nomem;
		warn_unreadable(log, path);
		return NULL;
	}
	for (int i = 0; i < n; i++) {
		FDBG_AUTO_FREE char *file = NULL;
		struct stat st;

		if (!err && asprintf(&file, "%s/%s", path, entries[i]->d_name) < 0) {
			file = NULL;
			err = &fdbg_error_nomem;
		}
		if (!err && (stat(file, &st) || S_ISREG(st.st_mode))) {
			if (access(file, R_OK) < 0)
				warn_unreadable(log, file);
			else
				err = load_file(file, log, list);
		}
		free(entries[i]);
	}
	free(entries);
	return err;
}

static struct fdbg_error *load_user_directory(const struct fdbg_log *log, struct fdbg_visualizers *list)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	FDBG_AUTO_FREE char *path = NULL;
	int n;

	/* XDG base directory specification: a relative path is to be ignored. */
	if (config && config[0] == '/')
		n = asprintf(&path, "%s/fdbg/visualizers", config);
	else if (home && *home)
		n = asprintf(&path, "%s/.config/fdbg/visualizers", home);
	else
		return NULL;
	if (n < 0) {
		path = NULL;
		return &fdbg_error_nomem;
	}
	return load_directory(path, log, list);
}

struct fdbg_error *fdbg_visualizers_load(const struct fdbg_option_list *files, bool directories,
					 const struct fdbg_log *log, struct fdbg_visualizers *list)
{
	struct fdbg_error *err = NULL;

	for (size_t i = 0; i < files->n_items && !err; i++)
		err = load_file(files->items[i].value, log, list);
	if (!err && directories)
		err = load_user_directory(log, list);
	if (!err && directories)
		err = load_directory(FDBG_VISUALIZERS_DIR, log, list);
	return err;
}
