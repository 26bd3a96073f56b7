/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "trace/announce.h"

#include <sys/stat.h>

#include "base/clock.h"
#include "config.h"

/* Readers of the format know recordings by this name. */
#define DEBUGGER "FireDBG.for.Rust"
#define INTERNAL_FILE "FireDBG.Internal"

/* path without root and the slash behind it, when it lies below root. */
static struct fdbg_text below(struct fdbg_text path, struct fdbg_text root)
{
	if (root.len && path.len > root.len + 1 && !memcmp(path.data, root.data, root.len) && path.data[root.len] == '/')
		return (struct fdbg_text){ path.data + root.len + 1, path.len - root.len - 1 };
	return path;
}

struct fdbg_text fdbg_announce_path(const struct fdbg_function *function, struct fdbg_text root,
				    struct fdbg_arena *arena)
{
	struct fdbg_text file = function->file;

	if ((!file.len || file.data[0] != '/') && !fdbg_text_equal(function->directory, root) && function->directory.len)
		file = fdbg_text_from(fdbg_arena_printf(arena, "%.*s/%.*s", (int)function->directory.len,
							function->directory.data, (int)file.len,
							file.data ? file.data : ""));
	return below(file, root);
}

/* An absolute path as --map has it: the first FROM that it lies in, or is, becomes its TO. */
static struct fdbg_text map_path(struct fdbg_text path, const char *const *map, struct fdbg_arena *arena)
{
	for (; map && *map; map++) {
		const char *equals = strchr(*map, '=');
		size_t len = equals ? (size_t)(equals - *map) : 0;

		if (!len || path.len < len || memcmp(path.data, *map, len) ||
		    (path.len > len && path.data[len] != '/' && equals[-1] != '/'))
			continue;
		return fdbg_text_from(fdbg_arena_printf(arena, "%s%.*s", equals + 1, (int)(path.len - len), path.data + len));
	}
	return path;
}

static void modification_time(const struct fdbg_function *function, const char *const *map, struct fdbg_arena *arena,
			      struct fdbg_message_file *file)
{
	struct stat st;
	const char *path = function->file.len && function->file.data[0] == '/'
				   ? fdbg_arena_copy(arena, function->file.data, function->file.len)
				   : fdbg_arena_printf(arena, "%.*s/%.*s", (int)function->directory.len,
						       function->directory.data ? function->directory.data : "",
						       (int)function->file.len, function->file.data ? function->file.data : "");

	if (path) {
		struct fdbg_text mapped = map_path(fdbg_text_from(path), map, arena);

		path = mapped.data ? fdbg_arena_copy(arena, mapped.data, mapped.len) : NULL;
	}
	if (!path || stat(path, &st))
		return; /* the source is not on this machine: the epoch stands for "unknown" */
	file->modified_secs = (uint64_t)st.st_mtim.tv_sec;
	file->modified_nanos = (uint32_t)st.st_mtim.tv_nsec;
}

static struct fdbg_text rustc_version(const struct fdbg_unit *unit, struct fdbg_arena *arena)
{
	if (!unit->rustc_major)
		return (struct fdbg_text){ 0 };
	return fdbg_text_from(fdbg_arena_printf(arena, "%u.%u.%u", unit->rustc_major, unit->rustc_minor,
						unit->rustc_patch));
}

static struct fdbg_error *write_info(struct fdbg_writer *writer, uint64_t now, const struct fdbg_plan *plan,
				     const struct fdbg_unit *main_unit, const struct fdbg_announcement *announcement,
				     struct fdbg_arena *arena)
{
	struct fdbg_text *arguments = fdbg_arena_array(arena, announcement->n_arguments, sizeof(*arguments));
	const char *slash = strrchr(announcement->program, '/');
	struct fdbg_message_info info = {
		.debugger = FDBG_TEXT(DEBUGGER),
		.version = FDBG_TEXT(PACKAGE_VERSION),
		.workspace_root = main_unit ? map_path(main_unit->comp_dir, announcement->map, arena) : FDBG_TEXT(""),
		.package_name = main_unit ? main_unit->crate : fdbg_text_from(slash ? slash + 1 : announcement->program),
		.target = fdbg_text_from(announcement->program),
		.arguments = arguments,
		.n_arguments = announcement->n_arguments,
		.recorder = FDBG_TEXT(PACKAGE_STRING),
		.machine = fdbg_text_from(plan->arch->name),
	};

	if (!arguments || (main_unit && main_unit->comp_dir.data && !info.workspace_root.data))
		return &fdbg_error_nomem;
	for (size_t i = 0; i < announcement->n_arguments; i++)
		arguments[i] = fdbg_text_from(announcement->arguments[i]);
	if (main_unit)
		info.rustc = rustc_version(main_unit, arena);
	return fdbg_writer_info(writer, now, &info);
}

/* The last part of a full name, as the source spells it: "new", "gen", "{closure#0}". */
static struct fdbg_text short_name(const struct fdbg_function *function)
{
	struct fdbg_text name = function->name;
	const char *generics = name.len && name.data[0] != '{' ? memchr(name.data, '<', name.len) : NULL;

	if (generics)
		name.len = (size_t)(generics - name.data);
	return name;
}

static struct fdbg_error *write_fixed_breakpoints(struct fdbg_writer *writer, uint64_t now)
{
	struct fdbg_error *err = NULL;

	for (uint32_t id = FDBG_BREAKPOINT_ID_PANIC; id <= FDBG_BREAKPOINT_ID_RELEASE && !err; id++) {
		struct fdbg_message_breakpoint breakpoint = {
			.id = id, .type = FDBG_BREAKPOINT,
			.capture = id == FDBG_BREAKPOINT_ID_PANIC ? FDBG_CAPTURE_LOCALS : FDBG_CAPTURE_ARGUMENTS,
		};

		err = fdbg_writer_breakpoint(writer, now, &breakpoint);
	}
	return err;
}

static struct fdbg_error *write_function(struct fdbg_writer *writer, uint64_t now, uint32_t file_id,
					 const struct fdbg_traced_function *traced)
{
	const struct fdbg_function *function = traced->function;
	struct fdbg_message_breakpoint call = {
		.id = traced->call_id, .file_id = file_id, .line = function->line,
		.has_end = function->body_line != 0,
		.end_line = function->body_line, .end_column = function->body_column,
		.type = FDBG_BREAKPOINT_FUNCTION_CALL, .fn_name = short_name(function),
		.capture = FDBG_CAPTURE_ARGUMENTS, .inlined = function->inlined_in,
		.merged = traced->merged, .n_merged = traced->n_merged,
	};
	struct fdbg_message_breakpoint ret = {
		.id = traced->return_id, .file_id = file_id, .line = function->end_line,
		.type = FDBG_BREAKPOINT_FUNCTION_RETURN, .capture = FDBG_CAPTURE_NONE, .inlined = function->inlined_in,
		.assumed = traced->return_assumed,
	};
	struct fdbg_error *err = fdbg_writer_breakpoint(writer, now, &call);

	return err ? err : fdbg_writer_breakpoint(writer, now, &ret);
}

static struct fdbg_error *write_endpoint(struct fdbg_writer *writer, uint64_t now, uint32_t file_id,
					 const struct fdbg_traced_function *traced)
{
	struct fdbg_message_breakpoint endpoint = {
		.id = traced->poll->endpoint_id, .file_id = file_id, .line = traced->function->line,
		.type = FDBG_BREAKPOINT_FUTURE_ENDPOINT, .capture = FDBG_CAPTURE_NONE,
	};

	return fdbg_writer_breakpoint(writer, now, &endpoint);
}

/* Announces the source file of a function, once. */
static struct fdbg_error *write_file(struct fdbg_announcer *announcer, struct fdbg_writer *writer, uint64_t now,
				     const struct fdbg_function *function, const char *const *map, uint32_t *id_ret)
{
	struct fdbg_arena *arena = &announcer->arena;
	struct fdbg_message_file file = { .crate_name = function->unit->crate };
	struct fdbg_error *err;
	uint64_t id;

	file.path = fdbg_announce_path(function, announcer->root, arena);
	if (file.path.data)
		file.path = map_path(file.path, map, arena);
	if (!file.path.data)
		return &fdbg_error_nomem;
	if (!fdbg_strmap_get(&announcer->files, file.path, &id)) {
		/* The key outlives the debug information. */
		file.path.data = fdbg_arena_copy(arena, file.path.data, file.path.len);
		id = announcer->files.n_used + 1; /* 0 is the debugger's own */
		if (!file.path.data || !fdbg_strmap_set(&announcer->files, file.path, id))
			return &fdbg_error_nomem;
		file.id = (uint32_t)id;
		modification_time(function, map, arena, &file);
		err = fdbg_writer_file(writer, now, &file);
		if (err)
			return err;
	}
	*id_ret = (uint32_t)id;
	return NULL;
}

/* Announces the functions of a plan. first: of the recording, with the breakpoints that every recording has. */
static struct fdbg_error *write_functions(struct fdbg_announcer *announcer, struct fdbg_writer *writer, uint64_t now,
					  const struct fdbg_plan *plan, const char *const *map, bool first)
{
	uint32_t *file_ids = fdbg_arena_array(&announcer->arena, plan->n_functions, sizeof(*file_ids));
	struct fdbg_error *err = NULL;

	if (!file_ids)
		return &fdbg_error_nomem;
	for (size_t i = 0; i < plan->n_functions && !err; i++)
		err = write_file(announcer, writer, now, plan->functions[i].function, map, &file_ids[i]);
	if (!err && first)
		err = write_fixed_breakpoints(writer, now);
	for (size_t i = 0; i < plan->n_functions && !err; i++)
		err = write_function(writer, now, file_ids[i], &plan->functions[i]);
	for (size_t i = 0; i < plan->n_functions && !err; i++)
		if (plan->functions[i].poll)
			err = write_endpoint(writer, now, file_ids[i], &plan->functions[i]);
	return err;
}

struct fdbg_error *fdbg_announce(struct fdbg_announcer *announcer, struct fdbg_writer *writer,
				 const struct fdbg_plan *plan, struct fdbg_debuginfo *debuginfo,
				 const struct fdbg_announcement *announcement)
{
	const struct fdbg_unit *main_unit = fdbg_debuginfo_main_unit(debuginfo);
	uint64_t now = fdbg_clock_wall_ms();
	struct fdbg_message_file internal = {
		.path = FDBG_TEXT(INTERNAL_FILE), .crate_name = FDBG_TEXT(INTERNAL_FILE),
		.modified_secs = now / 1000, .modified_nanos = (uint32_t)(now % 1000) * 1000000,
	};
	struct fdbg_error *err;

	if (main_unit && main_unit->comp_dir.len) {
		announcer->root = main_unit->comp_dir;
		announcer->root.data = fdbg_arena_copy(&announcer->arena, announcer->root.data, announcer->root.len);
		if (!announcer->root.data)
			return &fdbg_error_nomem;
	}
	err = write_info(writer, now, plan, main_unit, announcement, &announcer->arena);
	if (!err)
		err = fdbg_writer_file(writer, now, &internal);
	return err ? err : write_functions(announcer, writer, now, plan, announcement->map, true);
}

struct fdbg_error *fdbg_announce_exec(struct fdbg_announcer *announcer, struct fdbg_writer *writer,
				      const struct fdbg_plan *plan, struct fdbg_debuginfo *debuginfo,
				      const struct fdbg_announcement *announcement, bool known)
{
	const struct fdbg_unit *main_unit = debuginfo ? fdbg_debuginfo_main_unit(debuginfo) : NULL;
	struct fdbg_message_exec exec = { .target = fdbg_text_from(announcement->program), .recorded = plan };
	uint64_t now = fdbg_clock_wall_ms();
	struct fdbg_error *err;

	if (main_unit) {
		exec.package_name = main_unit->crate;
		exec.workspace_root = map_path(main_unit->comp_dir, announcement->map, &announcer->arena);
		exec.rustc = rustc_version(main_unit, &announcer->arena);
	}
	err = fdbg_writer_exec(writer, now, &exec);
	return err || !plan || known ? err : write_functions(announcer, writer, now, plan, announcement->map, false);
}

void fdbg_announcer_deinit(struct fdbg_announcer *announcer)
{
	fdbg_strmap_deinit(&announcer->files);
	fdbg_arena_deinit(&announcer->arena);
}
