/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "cli/cargo.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "cli/child.h"

/* One JSON line an artifact; large workspaces print some megabytes. */
#define MAX_OUTPUT ((size_t)256 << 20)
#define MAX_LIST ((size_t)16 << 20)
#define MAX_ARTIFACTS 4096

extern char **environ;

static const char *program(void)
{
	const char *cargo = getenv("CARGO");

	return cargo && *cargo ? cargo : "cargo";
}

/*
 * Our environment, and debug information in every profile that may be asked for: without it there is nothing to record. What
 * the user has set stays.
 */
static char **build_environment(struct fdbg_arena *arena)
{
	static const char *const wanted[] = {
		"CARGO_PROFILE_RELEASE_DEBUG=full", "CARGO_PROFILE_RELEASE_STRIP=none",
		"CARGO_PROFILE_BENCH_DEBUG=full", "CARGO_PROFILE_BENCH_STRIP=none",
	};
	const size_t n_wanted = sizeof(wanted) / sizeof(*wanted);
	size_t n = 0, n_env = 0;
	char **all;

	while (environ[n_env])
		n_env++;
	all = fdbg_arena_array(arena, n_env + n_wanted + 1, sizeof(*all));
	if (!all)
		return NULL;
	for (size_t i = 0; i < n_env; i++)
		all[n++] = environ[i];
	for (size_t i = 0; i < n_wanted; i++) {
		size_t name = (size_t)(strchr(wanted[i], '=') - wanted[i]) + 1;
		bool set = false;

		for (size_t k = 0; k < n_env; k++)
			set |= !strncmp(environ[k], wanted[i], name);
		if (!set)
			all[n++] = (char *)wanted[i];
	}
	all[n] = NULL;
	return all;
}

/* Runs cargo with words; its output is in ret, and it has succeeded. */
static struct fdbg_error *run(const struct fdbg_cargo *cargo, const char *const *words, struct fdbg_buf *ret)
{
	char **environment = build_environment(cargo->arena);
	char **argv = fdbg_arena_array(cargo->arena, FDBG_CARGO_MAX_WORDS + 8, sizeof(*argv));
	struct fdbg_error *err;
	int status;
	size_t n = 0;

	if (!environment || !argv)
		return &fdbg_error_nomem;
	argv[n++] = (char *)program();
	if (cargo->toolchain)
		argv[n++] = (char *)cargo->toolchain;
	while (*words && n < FDBG_CARGO_MAX_WORDS)
		argv[n++] = (char *)*words++;
	if (*words)
		return fdbg_error_create(FDBG_ERROR_USAGE, "too many words for cargo");
	argv[n] = NULL;
	err = fdbg_child_output(argv, NULL, environment, -1, MAX_OUTPUT, ret, &status);
	if (fdbg_error_is(err, FDBG_ERROR_NOT_FOUND)) {
		fdbg_error_destroy(err);
		return fdbg_error_create(FDBG_ERROR_NOT_FOUND, "%s is not there; install Rust with rustup, or Debian's "
					 "package cargo", program());
	}
	if (err)
		return err;
	if (status)
		return fdbg_error_create(FDBG_ERROR_REFUSED, "%s %s ended with status %d", program(),
					 argv[cargo->toolchain ? 2 : 1], status);
	return NULL;
}

static const char *copy(struct fdbg_arena *arena, json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? fdbg_arena_copy(arena, text, strlen(text)) : NULL;
}

/* All forms of libraries are one kind here; a proc-macro, build script and the like are NULL. */
static const char *kind_of(json_t *target)
{
	static const char *const kinds[] = { "bin", "example", "test", "bench" };
	const char *kind = json_string_value(json_array_get(json_object_get(target, "kind"), 0));

	if (!kind)
		return NULL;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(kind, kinds[i]))
			return kinds[i];
	return strstr(kind, "lib") ? "lib" : !strcmp(kind, "proc-macro") ? "proc-macro" : NULL;
}

static struct fdbg_error *add_package(struct fdbg_arena *arena, json_t *package, struct fdbg_cargo_workspace *ret)
{
	struct fdbg_cargo_package *made = &ret->packages[ret->n_packages];
	json_t *target;
	size_t i;

	*made = (struct fdbg_cargo_package){
		.name = copy(arena, package, "name"), .version = copy(arena, package, "version"),
		.manifest = copy(arena, package, "manifest_path"), .default_run = copy(arena, package, "default_run"),
	};
	if (!made->name || !made->version || !made->manifest)
		return fdbg_error_create(FDBG_ERROR_FORMAT, "cargo metadata: a package has no name");
	ret->n_packages++;
	json_array_foreach(json_object_get(package, "targets"), i, target) {
		const char *kind = kind_of(target), *name = copy(arena, target, "name");

		if (kind && name)
			ret->targets[ret->n_targets++] = (struct fdbg_cargo_target){
				.kind = kind, .name = name, .package = made->name, .manifest = made->manifest,
			};
	}
	return NULL;
}

static struct fdbg_error *read_workspace(struct fdbg_arena *arena, json_t *root, struct fdbg_cargo_workspace *ret)
{
	json_t *packages = json_object_get(root, "packages"), *package;
	struct fdbg_error *err = NULL;
	size_t i, n_targets = 0;

	json_array_foreach(packages, i, package)
		n_targets += json_array_size(json_object_get(package, "targets"));
	*ret = (struct fdbg_cargo_workspace){
		.root = copy(arena, root, "workspace_root"),
		.packages = fdbg_arena_array(arena, json_array_size(packages), sizeof(*ret->packages)),
		.targets = fdbg_arena_array(arena, n_targets, sizeof(*ret->targets)),
	};
	if (!ret->packages || !ret->targets)
		return &fdbg_error_nomem;
	if (!ret->root)
		return fdbg_error_create(FDBG_ERROR_FORMAT, "cargo metadata: there is no workspace root");
	json_array_foreach(packages, i, package) {
		err = add_package(arena, package, ret);
		if (err)
			break;
	}
	return err;
}

struct fdbg_error *fdbg_cargo_workspace_read(const struct fdbg_cargo *cargo, struct fdbg_cargo_workspace *ret)
{
	const char *words[] = { "metadata", "--format-version=1", "--no-deps", NULL, NULL, NULL };
	struct fdbg_buf output = { 0 };
	struct fdbg_error *err;
	json_error_t json_error;
	json_t *root;

	if (cargo->manifest) {
		words[3] = "--manifest-path";
		words[4] = cargo->manifest;
	}
	err = run(cargo, words, &output);
	if (!err) {
		root = json_loadb((char *)output.data, output.len, 0, &json_error);
		err = root ? read_workspace(cargo->arena, root, ret)
			   : fdbg_error_create(FDBG_ERROR_FORMAT, "cargo metadata: %s", json_error.text);
		json_decref(root);
	}
	fdbg_buf_deinit(&output);
	return err;
}

static struct fdbg_error *add_artifact(struct fdbg_arena *arena, json_t *message, struct fdbg_cargo_build *ret)
{
	json_t *target = json_object_get(message, "target");
	struct fdbg_cargo_artifact made = {
		.target = { .kind = kind_of(target), .name = copy(arena, target, "name"),
			    .manifest = copy(arena, message, "manifest_path") },
		.executable = copy(arena, message, "executable"),
		.test = json_is_true(json_object_get(json_object_get(message, "profile"), "test")),
	};

	if (!made.executable || !made.target.kind || !made.target.name || !made.target.manifest)
		return NULL; /* a library, or a build script */
	if (ret->n_artifacts == MAX_ARTIFACTS)
		return fdbg_error_create(FDBG_ERROR_FORMAT, "cargo made more than %d programs", MAX_ARTIFACTS);
	ret->package_ids[ret->n_artifacts] = copy(arena, message, "package_id");
	ret->artifacts[ret->n_artifacts++] = made;
	return NULL;
}

/* What a build script asks for at run time. */
static struct fdbg_error *add_script(struct fdbg_arena *arena, json_t *message, struct fdbg_buf *library_path,
				     struct fdbg_cargo_build *ret)
{
	const char *package_id = copy(arena, message, "package_id"), *directory = copy(arena, message, "out_dir");
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(message, "linked_paths"), i, item) {
		const char *path = json_string_value(item), *equals = path ? strchr(path, '=') : NULL;

		if (!path)
			continue;
		if (library_path->len)
			fdbg_buf_byte(library_path, ':');
		fdbg_buf_string(library_path, equals ? equals + 1 : path);
	}
	if (directory && ret->n_variables < MAX_ARTIFACTS)
		ret->variables[ret->n_variables++] = (struct fdbg_cargo_variable){
			package_id, fdbg_arena_printf(arena, "OUT_DIR=%s", directory),
		};
	json_array_foreach(json_object_get(message, "env"), i, item) {
		const char *name = json_string_value(json_array_get(item, 0));
		const char *value = json_string_value(json_array_get(item, 1));

		if (name && value && ret->n_variables < MAX_ARTIFACTS)
			ret->variables[ret->n_variables++] = (struct fdbg_cargo_variable){
				package_id, fdbg_arena_printf(arena, "%s=%s", name, value),
			};
	}
	for (i = 0; i < ret->n_variables; i++)
		if (!ret->variables[i].text)
			return &fdbg_error_nomem;
	return NULL;
}

/* Each line of the output is a message, but programs that cargo runs may print between them. */
static struct fdbg_error *read_messages(struct fdbg_arena *arena, const char *at, const char *end,
					struct fdbg_buf *library_path, struct fdbg_cargo_build *ret)
{
	struct fdbg_error *err = NULL;

	while (at < end && !err) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((line_end ? line_end : end) - at);
		json_t *message = len && *at == '{' ? json_loadb(at, len, 0, NULL) : NULL;
		const char *reason = json_string_value(json_object_get(message, "reason"));

		if (reason && !strcmp(reason, "compiler-artifact"))
			err = add_artifact(arena, message, ret);
		else if (reason && !strcmp(reason, "build-script-executed"))
			err = add_script(arena, message, library_path, ret);
		json_decref(message);
		at += len + 1;
	}
	return err;
}

struct fdbg_error *fdbg_cargo_build(const struct fdbg_cargo *cargo, const char *const *words,
				    struct fdbg_cargo_build *ret)
{
	struct fdbg_buf output = { 0 }, library_path = { 0 };
	struct fdbg_error *err;

	*ret = (struct fdbg_cargo_build){
		.artifacts = fdbg_arena_array(cargo->arena, MAX_ARTIFACTS, sizeof(*ret->artifacts)),
		.variables = fdbg_arena_array(cargo->arena, MAX_ARTIFACTS, sizeof(*ret->variables)),
		.package_ids = fdbg_arena_array(cargo->arena, MAX_ARTIFACTS, sizeof(*ret->package_ids)),
	};
	if (!ret->artifacts || !ret->variables || !ret->package_ids)
		return &fdbg_error_nomem;
	err = run(cargo, words, &output);
	if (!err)
		err = read_messages(cargo->arena, (const char *)output.data, (const char *)output.data + output.len,
				    &library_path, ret);
	if (!err)
		err = fdbg_buf_error(&library_path);
	if (!err) {
		ret->library_path = fdbg_arena_copy(cargo->arena, library_path.data ? library_path.data : (uint8_t *)"",
						    library_path.len);
		err = ret->library_path ? NULL : &fdbg_error_nomem;
	}
	fdbg_buf_deinit(&library_path);
	fdbg_buf_deinit(&output);
	return err;
}

struct fdbg_error *fdbg_cargo_list_tests(const struct fdbg_cargo *cargo, const char *executable, const char *directory,
					 int timeout_ms, const char ***ret, size_t *n_ret)
{
	char *argv[] = { (char *)executable, (char *)"--list", (char *)"--format=terse", NULL };
	struct fdbg_buf output = { 0 };
	struct fdbg_error *err;
	const char **names = NULL;
	size_t n = 0, n_lines = 0;
	int status;

	err = fdbg_child_output(argv, directory, NULL, timeout_ms, MAX_LIST, &output, &status);
	if (err || status) {
		/* It has a harness of its own. */
		fdbg_error_destroy(err);
		fdbg_buf_deinit(&output);
		*n_ret = 0;
		return NULL;
	}
	for (size_t i = 0; i < output.len; i++)
		n_lines += output.data[i] == '\n';
	names = fdbg_arena_array(cargo->arena, n_lines + 1, sizeof(*names));
	for (char *line = (char *)fdbg_buf_cstr(&output), *end; names && (end = strchr(line, '\n')); line = end + 1) {
		size_t len = (size_t)(end - line), kind = strlen(": test");

		if (len <= kind || memcmp(end - kind, ": test", kind))
			continue;
		names[n] = fdbg_arena_copy(cargo->arena, line, len - kind);
		if (names[n])
			n++;
	}
	fdbg_buf_deinit(&output);
	if (!names)
		return &fdbg_error_nomem;
	*ret = names;
	*n_ret = n;
	return NULL;
}
