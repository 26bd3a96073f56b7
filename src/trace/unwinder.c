/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "trace/unwinder.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "trace/identity.h"

#define SET_IP "_Unwind_SetIP"

static bool visit(void *context, const struct fdbg_symbol *symbol)
{
	if (!symbol->function || !symbol->address || !fdbg_text_is(symbol->name, SET_IP))
		return true;
	*(uint64_t *)context = symbol->address;
	return false;
}

static uint64_t find_in(const struct fdbg_image *image)
{
	uint64_t address = 0;

	fdbg_image_each_symbol(image, visit, &address);
	return address;
}

/* The value of an attribute in one element of the library list, copied; NULL: it has none. */
static char *attribute(const char *element, const char *end, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = element; at + len + 2 < end; at++) {
		const char *value, *close;

		if (at == element || at[-1] != ' ' || memcmp(at, name, len) || at[len] != '=' || at[len + 1] != '"')
			continue;
		value = at + len + 2;
		close = memchr(value, '"', (size_t)(end - value));
		return close ? strndup(value, (size_t)(close - value)) : NULL;
	}
	return NULL;
}

static bool is_unwinder(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	return !strncmp(name, "libgcc_s.so", 11) || !strncmp(name, "libunwind.so", 12);
}

/* Whether the file of this machine is what the target has loaded, which may be another machine's. */
static bool is_loaded(struct fdbg_session *session, const struct fdbg_image *image, uint64_t base)
{
	const struct fdbg_image_info *info = fdbg_image_info(image);
	struct fdbg_build_id id;
	struct fdbg_error *err = fdbg_identity_of_module(session, base + info->low, &id);
	bool same = !err && info->build_id && id.len == info->build_id_len && !memcmp(id.bytes, info->build_id, id.len);

	fdbg_error_destroy(err);
	return same;
}

/* Looks into the library of one <library …/> element. */
static uint64_t find_in_library(struct fdbg_session *session, const char *element, const char *end)
{
	char *path = attribute(element, end, "name"), *base = attribute(element, end, "l_addr");
	struct fdbg_image *image;
	uint64_t address = 0;

	if (path && base && is_unwinder(path)) {
		struct fdbg_error *err = fdbg_image_open(path, &image);

		if (!err) {
			if (is_loaded(session, image, strtoull(base, NULL, 16)))
				address = find_in(image);
			if (address)
				address += strtoull(base, NULL, 16);
			fdbg_image_close(image);
		}
		fdbg_error_destroy(err);
	}
	free(path);
	free(base);
	return address;
}

struct fdbg_error *fdbg_unwinder_find(struct fdbg_session *session, const struct fdbg_image *image, uint64_t bias,
				      uint64_t *set_ip_ret)
{
	struct fdbg_buf list = { 0 };
	uint64_t address = find_in(image);
	struct fdbg_error *err;
	const char *end, *element;

	if (address) {
		*set_ip_ret = address + bias;
		return NULL;
	}
	err = fdbg_session_read_object(session, "libraries-svr4", "", &list);
	if (err) {
		fdbg_buf_deinit(&list);
		return err;
	}
	element = (const char *)list.data;
	end = element + list.len;
	while (element && !address) {
		const char *close;

		element = memmem(element, (size_t)(end - element), "<library ", 9);
		close = element ? memchr(element, '>', (size_t)(end - element)) : NULL;
		if (!close)
			break;
		address = find_in_library(session, element, close);
		element = close;
	}
	fdbg_buf_deinit(&list);
	if (!address)
		return fdbg_error_create(FDBG_ERROR_NOT_FOUND, "the target has no unwinder that fdbg knows");
	*set_ip_ret = address;
	return NULL;
}
