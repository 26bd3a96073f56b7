/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Which recording a reading command reads. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "cli/options.h"

static bool is_newer(const struct stat *a, const struct stat *b)
{
	if (a->st_mtim.tv_sec != b->st_mtim.tv_sec)
		return a->st_mtim.tv_sec > b->st_mtim.tv_sec;
	return a->st_mtim.tv_nsec > b->st_mtim.tv_nsec;
}

static struct fdbg_error *find_newest(char **ret)
{
	DIR *dir = opendir(".");
	struct dirent *entry;
	struct stat newest = { 0 };
	char *name = NULL;

	if (!dir)
		return fdbg_error_errno(errno, "cannot list the current directory");
	while ((entry = readdir(dir))) {
		struct stat st;
		char *copy;

		if (!fdbg_text_ends(fdbg_text_from(entry->d_name), ".firedbg.ss") ||
		    stat(entry->d_name, &st) ||
		    !S_ISREG(st.st_mode) || (name && !is_newer(&st, &newest)))
			continue;
		copy = strdup(entry->d_name);
		if (!copy) {
			free(name);
			closedir(dir);
			return &fdbg_error_nomem;
		}
		free(name);
		name = copy;
		newest = st;
	}
	closedir(dir);
	if (!name)
		return fdbg_error_create(FDBG_ERROR_NOT_FOUND,
					 "there is no *.firedbg.ss in the current directory; "
					 "name a FILE, or make one with 'fdbg PROGRAM'");
	*ret = name;
	return NULL;
}

struct fdbg_error *fdbg_cli_find_recording(int n_words, char **words, char **path_ret)
{
	char *path;

	if (!n_words)
		return find_newest(path_ret);
	path = strdup(words[0]);
	if (!path)
		return &fdbg_error_nomem;
	*path_ret = path;
	return NULL;
}

struct fdbg_error *fdbg_cli_open_recording(int n_words, char **words, char **path_ret,
					   struct fdbg_recording **ret)
{
	char *path = NULL;
	struct fdbg_error *err = fdbg_cli_find_recording(n_words, words, &path);

	if (!err)
		err = fdbg_recording_open(path, &fdbg_cli_log, ret);
	if (err) {
		free(path);
		return err;
	}
	*path_ret = path;
	return NULL;
}

struct fdbg_error *fdbg_cli_read(const struct fdbg_syntax *syntax, int argc, char **argv,
				 struct fdbg_error *(*report)(void *context, struct fdbg_recording *recording,
							      const struct fdbg_sink *sink),
				 void *context)
{
	struct fdbg_sink sink = fdbg_cli_output();
	struct fdbg_recording *recording;
	struct fdbg_error *err;
	int n_words;
	char **words, *path;
	bool help;

	err = fdbg_options_parse(syntax, argc, argv, &n_words, &words, &help);
	if (err || help)
		return err;
	err = fdbg_cli_open_recording(n_words, words, &path, &recording);
	if (err)
		return err;
	err = report(context, recording, &sink);
	fdbg_recording_close(recording);
	free(path);
	return err;
}
