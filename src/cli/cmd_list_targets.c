/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* fdbg list-targets: what of a cargo workspace can be recorded. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "cli/cargo.h"
#include "cli/cli.h"
#include "cli/options.h"

static void put_text(struct fdbg_buf *out, const struct fdbg_cargo_target *target)
{
	fdbg_buf_printf(out, "%-8s %s\t%s\n", target->kind, target->name, target->package);
}

static void put_json(struct fdbg_buf *out, const struct fdbg_cargo_target *target)
{
	json_t *object = json_pack("{s:s, s:s, s:s, s:s}", "kind", target->kind, "name", target->name, "package",
				   target->package, "manifest_path", target->manifest);
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;

	if (text)
		fdbg_buf_printf(out, "%s\n", text);
	else
		out->failed = true;
	free(text);
	json_decref(object);
}

static struct fdbg_error *list(const struct fdbg_cargo *cargo, bool json)
{
	struct fdbg_sink sink = fdbg_cli_output();
	struct fdbg_cargo_workspace workspace;
	struct fdbg_buf out = { 0 };
	struct fdbg_error *err;

	err = fdbg_cargo_workspace_read(cargo, &workspace);
	if (err)
		return err;
	for (size_t i = 0; i < workspace.n_targets; i++) {
		/* A procedural macro runs in the compiler. */
		if (!strcmp(workspace.targets[i].kind, "proc-macro"))
			continue;
		(json ? put_json : put_text)(&out, &workspace.targets[i]);
	}
	err = fdbg_buf_error(&out);
	if (!err)
		err = sink.write(sink.context, (const char *)out.data, out.len);
	fdbg_buf_deinit(&out);
	return err;
}

struct fdbg_error *fdbg_cmd_list_targets(int argc, char **argv, int *status_ret)
{
	const char *manifest = NULL;
	bool json = false;
	const struct fdbg_option options[] = {
		{ "json", 0, FDBG_OPTION_FLAG, NULL, "one JSON object a line", &json, NULL, 0 },
		{ "manifest-path", 0, FDBG_OPTION_STRING, "FILE", "the Cargo.toml of the workspace (default: cargo looks for it)",
		  &manifest, NULL, 0 },
		{ 0 },
	};
	const struct fdbg_syntax syntax = {
		.usage = "list-targets [OPTIONS]",
		.description = "Lists what of the cargo workspace here can be recorded with `fdbg cargo`: kind (bin, example, test,\n"
			       "bench; lib: its unit tests), name and package.",
		.options = options,
	};
	struct fdbg_arena arena = { 0 };
	struct fdbg_cargo cargo = { .arena = &arena };
	struct fdbg_error *err;
	int n_words;
	char **words;
	bool help;

	(void)status_ret;
	err = fdbg_options_parse(&syntax, argc, argv, &n_words, &words, &help);
	cargo.manifest = manifest;
	if (!err && !help)
		err = list(&cargo, json);
	fdbg_arena_deinit(&arena);
	return err;
}
