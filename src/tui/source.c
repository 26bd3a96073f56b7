/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "tui/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILE ((off_t)8 << 20)

struct source_file {
	const struct fdbg_text *lines;
	size_t n_lines;
};

void fdbg_tui_sources_deinit(struct fdbg_tui_sources *sources)
{
	fdbg_strmap_deinit(&sources->files);
	fdbg_arena_deinit(&sources->arena);
}

/* The text of a regular file of sensible size; data NULL: there is none. */
static struct fdbg_text read_file(struct fdbg_arena *arena, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct fdbg_text none = { 0 };
	struct stat info;
	char *data = NULL;
	size_t len = 0;

	if (fd < 0)
		return none;
	if (!fstat(fd, &info) && S_ISREG(info.st_mode) && info.st_size <= MAX_FILE)
		data = fdbg_arena_alloc(arena, (size_t)info.st_size + 1);
	while (data && len < (size_t)info.st_size) {
		ssize_t n = read(fd, data + len, (size_t)info.st_size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	close(fd);
	return data ? (struct fdbg_text){ data, len } : none;
}

static const struct source_file *load(struct fdbg_tui_sources *sources, struct fdbg_text path)
{
	struct source_file *file = fdbg_arena_new(&sources->arena, struct source_file);
	const char *name = fdbg_arena_copy(&sources->arena, path.data, path.len);
	struct fdbg_text text = { 0 }, *lines;
	size_t n = 1;

	if (!file || !name)
		return NULL;
	*file = (struct source_file){ 0 };
	if (path.len && path.data[0] != '/' && sources->root.len) {
		const char *whole = fdbg_arena_printf(&sources->arena, "%.*s/%s", (int)sources->root.len, sources->root.data, name);

		if (whole)
			text = read_file(&sources->arena, whole);
	}
	if (!text.data)
		text = read_file(&sources->arena, name);
	if (!text.data)
		return file;
	for (size_t i = 0; i < text.len; i++)
		n += text.data[i] == '\n';
	lines = fdbg_arena_array(&sources->arena, n, sizeof(*lines));
	if (!lines)
		return file;
	for (size_t from = 0; from < text.len;) {
		const char *end = memchr(text.data + from, '\n', text.len - from);
		size_t len = end ? (size_t)(end - text.data) - from : text.len - from;

		lines[file->n_lines++] = (struct fdbg_text){ text.data + from, len };
		from += len + 1;
	}
	file->lines = lines;
	return file;
}

struct fdbg_text fdbg_tui_source_line(struct fdbg_tui_sources *sources, struct fdbg_text path, uint32_t line)
{
	const struct source_file *file;
	uint64_t known;

	if (fdbg_strmap_get(&sources->files, path, &known)) {
		file = (const struct source_file *)(uintptr_t)known;
	} else {
		file = load(sources, path);
		if (!file || !fdbg_strmap_set(&sources->files, path, (uintptr_t)file))
			return (struct fdbg_text){ 0 };
	}
	return line && line <= file->n_lines ? file->lines[line - 1] : (struct fdbg_text){ 0 };
}
