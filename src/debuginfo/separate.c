/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Finding the separate debug file of an image: build-id and .gnu_debuglink. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/scope.h"
#include "debuginfo/image_internal.h"

/* The CRC-32 of .gnu_debuglink: polynomial 0xedb88320, as zip and Ethernet use it. False: cannot be read. */
static bool file_crc(const char *path, uint32_t *ret)
{
	FDBG_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	FDBG_AUTO_FREE uint8_t *buffer = malloc(1 << 16);
	uint32_t table[256], crc = UINT32_MAX;

	if (fd < 0 || !buffer)
		return false;
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t value = i;

		for (int bit = 0; bit < 8; bit++)
			value = value & 1 ? value >> 1 ^ 0xedb88320 : value >> 1;
		table[i] = value;
	}
	for (;;) {
		ssize_t n = read(fd, buffer, 1 << 16);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		if (!n)
			break;
		for (ssize_t i = 0; i < n; i++)
			crc = table[(crc ^ buffer[i]) & 0xff] ^ crc >> 8;
	}
	*ret = ~crc;
	return true;
}

static bool same_build(const struct fdbg_image *a, const struct fdbg_image *b)
{
	const struct fdbg_image_info *x = fdbg_image_info(a), *y = fdbg_image_info(b);

	return x->build_id_len == y->build_id_len && !memcmp(x->build_id, y->build_id, x->build_id_len);
}

/* What a search looks for, and what it met. */
struct search {
	struct fdbg_image *image;
	bool check_crc;
	uint32_t crc;
	struct fdbg_image *found;
	char *mismatch;
};

/* Tries one file; path is taken over. A file that is not there or not ELF is no error: the search goes on. */
static struct fdbg_error *try_file(struct search *search, char *path)
{
	FDBG_AUTO_FREE char *owned = path;
	const struct fdbg_image_info *info = fdbg_image_info(search->image);
	struct fdbg_image *candidate;
	struct fdbg_error *err;
	uint32_t crc;
	bool fits;

	if (!path)
		return &fdbg_error_nomem;
	if (search->found)
		return NULL;
	err = fdbg_image_open_debug(path, &candidate);
	if (err) {
		if (fdbg_error_is(err, FDBG_ERROR_NOMEM))
			return err;
		fdbg_error_destroy(err);
		return NULL;
	}
	if (info->build_id && fdbg_image_info(candidate)->build_id)
		fits = same_build(search->image, candidate);
	else
		fits = search->check_crc && file_crc(path, &crc) && crc == search->crc;
	if (fits && fdbg_image_has_section(candidate, ".debug_info")) {
		search->found = candidate;
		return NULL;
	}
	fdbg_image_close(candidate);
	if (!fits) {
		free(search->mismatch);
		search->mismatch = path;
		owned = NULL;
	}
	return NULL;
}

static char *format_path(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *format_path(const char *format, ...)
{
	va_list ap;
	char *path;
	int len;

	va_start(ap, format);
	len = vasprintf(&path, format, ap);
	va_end(ap);
	return len < 0 ? NULL : path;
}

static struct fdbg_error *by_build_id(struct search *search, const char *const *dirs)
{
	const struct fdbg_image_info *info = fdbg_image_info(search->image);
	struct fdbg_error *err = NULL;
	char hex[2 * 64 + 1];

	if (info->build_id_len < 2 || info->build_id_len > 64)
		return NULL;
	for (size_t i = 0; i < info->build_id_len; i++)
		sprintf(hex + 2 * i, "%02x", info->build_id[i]);
	for (; !err && *dirs; dirs++)
		err = try_file(search, format_path("%s/.build-id/%.2s/%s.debug", *dirs, hex, hex + 2));
	return err;
}

static struct fdbg_error *by_debuglink(struct search *search, const char *const *dirs)
{
	FDBG_AUTO_FREE char *real = realpath(fdbg_image_info(search->image)->path, NULL);
	struct fdbg_cursor cursor;
	const uint8_t *data;
	struct fdbg_error *err;
	const char *name;
	uint64_t crc;
	size_t len, name_len;
	char *slash;

	err = fdbg_image_section(search->image, ".gnu_debuglink", &data, &len);
	if (err)
		return err;
	name = (const char *)data;
	name_len = data ? strnlen(name, len) : 0;
	/* A file name only: a path would let the file choose what we open. */
	if (!name_len || name_len == len || name_len > NAME_MAX || strchr(name, '/') || !real)
		return NULL;
	cursor = fdbg_cursor_over(data, len, 0);
	cursor.pos = (name_len + 4) & ~(size_t)3;
	if (cursor.pos > len || !fdbg_cursor_uint(&cursor, 4, false, &crc))
		return NULL;
	search->check_crc = true;
	search->crc = (uint32_t)crc;
	slash = strrchr(real, '/');
	*slash = '\0';
	err = try_file(search, format_path("%s/%s", real, name));
	if (!err)
		err = try_file(search, format_path("%s/.debug/%s", real, name));
	for (; !err && *dirs; dirs++)
		err = try_file(search, format_path("%s%s/%s", *dirs, real, name));
	return err;
}

struct fdbg_error *fdbg_separate_find(struct fdbg_image *image, const char *const *debug_dirs,
				      struct fdbg_image **ret, char **mismatch_ret)
{
	static const char *const standard[] = { "/usr/lib/debug", NULL };
	struct search search = { .image = image };
	struct fdbg_error *err;

	if (!debug_dirs)
		debug_dirs = standard;
	err = by_build_id(&search, debug_dirs);
	if (!err && !search.found)
		err = by_debuglink(&search, debug_dirs);
	if (err) {
		fdbg_image_close(search.found);
		free(search.mismatch);
		return err;
	}
	*ret = search.found;
	*mismatch_ret = search.mismatch;
	return NULL;
}
