/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "trace/unwinder.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "trace/identity.h"

/* Functions that are looked for, and in which libraries. */
struct wanted {
	const char *const *names; /* NULL-terminated */
	bool (*is_library)(const char *base_name);
	uint64_t addresses[FDBG_MAX_SETJMPS];
	size_t n;
};

static bool visit(void *context, const struct fdbg_symbol *symbol)
{
	struct wanted *wanted = context;

	if (!symbol->function || !symbol->address)
		return true;
	for (size_t i = 0; wanted->names[i]; i++)
		if (fdbg_text_is(symbol->name, wanted->names[i]))
			wanted->addresses[wanted->n++] = symbol->address;
	return wanted->n < FDBG_MAX_SETJMPS;
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

static bool is_unwinder(const char *name)
{
	return !strncmp(name, "libgcc_s.so", 11) || !strncmp(name, "libunwind.so", 12);
}

static bool is_c_library(const char *name)
{
	return !strncmp(name, "libc.so", 7) || !strncmp(name, "libc-", 5) || !strncmp(name, "libc.musl-", 10) ||
	       !strncmp(name, "ld-musl-", 8);
}

static bool is_wanted(const struct wanted *wanted, const char *path)
{
	const char *slash = strrchr(path, '/');

	return wanted->is_library(slash ? slash + 1 : path);
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
static void find_in_library(struct fdbg_session *session, const char *element, const char *end, struct wanted *wanted)
{
	char *path = attribute(element, end, "name"), *base = attribute(element, end, "l_addr");
	struct fdbg_image *image;

	if (path && base && is_wanted(wanted, path)) {
		struct fdbg_error *err = fdbg_image_open(path, &image);

		if (!err) {
			uint64_t load = strtoull(base, NULL, 16);

			if (is_loaded(session, image, load))
				fdbg_image_each_symbol(image, visit, wanted);
			for (size_t i = 0; i < wanted->n; i++)
				wanted->addresses[i] += load;
			fdbg_image_close(image);
		}
		fdbg_error_destroy(err);
	}
	free(path);
	free(base);
}

/* Looks in the executable first, then in the libraries that the server lists. None found is no error. */
static struct fdbg_error *find(struct fdbg_session *session, const struct fdbg_image *image, uint64_t bias,
			       struct wanted *wanted)
{
	struct fdbg_buf list = { 0 };
	struct fdbg_error *err;
	const char *end, *element;

	fdbg_image_each_symbol(image, visit, wanted);
	for (size_t i = 0; i < wanted->n; i++)
		wanted->addresses[i] += bias;
	if (wanted->n)
		return NULL;
	err = fdbg_session_read_object(session, "libraries-svr4", "", &list);
	if (err) {
		fdbg_buf_deinit(&list);
		return err;
	}
	element = (const char *)list.data;
	end = element + list.len;
	while (element && !wanted->n) {
		const char *close;

		element = memmem(element, (size_t)(end - element), "<library ", 9);
		close = element ? memchr(element, '>', (size_t)(end - element)) : NULL;
		if (!close)
			break;
		find_in_library(session, element, close, wanted);
		element = close;
	}
	fdbg_buf_deinit(&list);
	return NULL;
}

struct fdbg_error *fdbg_unwinder_find(struct fdbg_session *session, const struct fdbg_image *image, uint64_t bias,
				      uint64_t *set_ip_ret)
{
	static const char *const names[] = { "_Unwind_SetIP", NULL };
	struct wanted wanted = { .names = names, .is_library = is_unwinder };
	struct fdbg_error *err = find(session, image, bias, &wanted);

	if (err)
		return err;
	if (!wanted.n)
		return fdbg_error_create(FDBG_ERROR_NOT_FOUND, "the target has no unwinder that fdbg knows");
	*set_ip_ret = wanted.addresses[0];
	return NULL;
}

/* glibc and musl; what a header makes of setjmp and sigsetjmp is among them. */
static const char *const setjmps[] = { "setjmp", "_setjmp", "sigsetjmp", "__sigsetjmp", NULL };

/* The C++ ABI's. */
static const char *const throws[] = { "__cxa_throw", "__cxa_rethrow", NULL };

/*
 * What ends a thread inside of its calls. The C library has the unwinder leave them, which stops at landing pads; at last it goes back,
 * by a long jump, to where it began the thread.
 */
static const char *const thread_ends[] = { "pthread_exit", "pthread_cancel", NULL };

struct search {
	const char *const *names;
	bool found;
};

static bool visit_definition(void *context, const struct fdbg_symbol *symbol)
{
	struct search *search = context;

	for (size_t i = 0; symbol->function && symbol->address && search->names[i]; i++)
		search->found |= fdbg_text_is(symbol->name, search->names[i]);
	return !search->found;
}

/* Does the program define or import one of these functions? */
static bool uses(const struct fdbg_image *image, const char *const *names)
{
	struct search search = { .names = names };

	for (size_t i = 0; names[i]; i++)
		if (fdbg_image_imports(image, names[i]))
			return true;
	fdbg_image_each_symbol(image, visit_definition, &search);
	return search.found;
}

static bool starts_with_any(const char *name, const char *const *prefixes)
{
	for (size_t i = 0; prefixes[i]; i++)
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

/* Rust's standard library, apart from the program: it panics where no breakpoint of the program's functions is. */
static bool is_rust_library(const char *name)
{
	static const char *const prefixes[] = { "libstd-", "libtest-", NULL };

	return starts_with_any(name, prefixes);
}

/* Libraries that leave no frames by themselves: those of C. */
static bool is_harmless(const char *name)
{
	static const char *const prefixes[] = { "libm.", "libpthread.", "libdl.", "librt.", "libutil.", "libresolv.", "ld-linux",
						"ld64.", NULL };

	return starts_with_any(name, prefixes) || is_unwinder(name) || is_c_library(name);
}

/* Which libraries a program needs beside those that leave no frames. */
struct needs {
	bool rust, others;
};

static bool visit_library(void *context, const char *name)
{
	struct needs *needs = context;

	needs->rust |= is_rust_library(name);
	needs->others |= !is_rust_library(name) && !is_harmless(name);
	return true;
}

static struct needs needs_of(const struct fdbg_image *image)
{
	struct needs needs = { 0 };

	fdbg_image_each_library(image, visit_library, &needs);
	return needs;
}

bool fdbg_unwinder_has_jumps(const struct fdbg_image *image)
{
	return uses(image, setjmps) || uses(image, thread_ends) || needs_of(image).others;
}

bool fdbg_unwinder_has_exceptions(const struct fdbg_image *image)
{
	struct needs needs = needs_of(image);

	return uses(image, throws) || uses(image, thread_ends) || needs.rust || needs.others;
}

struct fdbg_error *fdbg_unwinder_find_jumps(struct fdbg_session *session, const struct fdbg_image *image, uint64_t bias,
					    uint64_t ret[FDBG_MAX_SETJMPS], size_t *n_ret)
{
	struct wanted wanted = { .names = setjmps, .is_library = is_c_library };
	struct fdbg_error *err = find(session, image, bias, &wanted);

	if (err)
		return err;
	if (!wanted.n)
		return fdbg_error_create(FDBG_ERROR_NOT_FOUND, "the target has no C library that fdbg knows");
	memcpy(ret, wanted.addresses, wanted.n * sizeof(*ret));
	*n_ret = wanted.n;
	return NULL;
}
