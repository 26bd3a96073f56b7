/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Opening the debug information, and saying what is wrong with it. */
#include "debuginfo/debuginfo.h"

#include <stdlib.h>
#include <string.h>

#include "debuginfo/internal.h"
#include "debuginfo/unit.h"

#define HOW_TO_BUILD \
	"build it with debug information: `cargo build` (dev profile), or `debug = true` and `strip = " \
	"false` in its profile, " \
	"or `rustc -C debuginfo=2`"

/*
 * The standard library's own crates: their debug information comes with the toolchain and says nothing about
 * the program's.
 */
static bool is_std(const struct fdbg_unit *unit)
{
	static const char *const crates[] = {
		"std", "core", "alloc", "compiler_builtins", "panic_unwind", "panic_abort", "unwind",
			"std_detect",
		"proc_macro", "test",
	};

	if (fdbg_text_starts(unit->comp_dir, "/rustc/"))
		return true;
	for (size_t i = 0; i < sizeof(crates) / sizeof(*crates); i++)
		if (fdbg_text_is(unit->crate, crates[i]))
			return true;
	return false;
}

static struct fdbg_error *no_debug_info(struct fdbg_image *image, const char *mismatch)
{
	const char *path = fdbg_image_info(image)->path;

	if (mismatch)
		return fdbg_error_create(FDBG_ERROR_UNSUPPORTED,
					 "%s has no debug information, and its separate debug file %s "
					 "belongs to another build; "
					 "rebuild both, or " HOW_TO_BUILD, path, mismatch);
	if (fdbg_image_has_section(image, ".gnu_debuglink"))
		return fdbg_error_create(FDBG_ERROR_UNSUPPORTED,
					 "%s has its debug information in a separate file, which was "
					 "not found; put that file beside "
					 "it, name it with an option, or " HOW_TO_BUILD, path);
	if (!fdbg_image_has_symtab(image))
		return fdbg_error_create(FDBG_ERROR_UNSUPPORTED,
					 "%s is stripped and has no debug information; " HOW_TO_BUILD,
					 path);
	return fdbg_error_create(FDBG_ERROR_UNSUPPORTED, "%s has no debug information; " HOW_TO_BUILD, path);
}

/* UNSUPPORTED when no unit can serve: no Rust, only the standard library's, split DWARF, no types. */
static struct fdbg_error *check_units(const struct fdbg_debuginfo *debuginfo)
{
	const char *path = fdbg_image_info(debuginfo->image)->path;
	size_t n_rust = 0, n_user = 0, n_split = 0, n_types = 0;
	struct fdbg_text producer = { 0 };

	for (size_t i = 0; i < debuginfo->n_units; i++) {
		const struct fdbg_unit_data *unit = &debuginfo->units[i];

		if (unit->split)
			n_split++;
		if (!unit->unit.rust) {
			/* A skeleton does not say its language. */
			if (!unit->split)
				producer = unit->unit.producer;
			continue;
		}
		n_rust++;
		if (is_std(&unit->unit))
			continue;
		n_user++;
		n_types += unit->unit.has_types;
	}
	if (n_split && !n_types)
		return fdbg_error_create(FDBG_ERROR_UNSUPPORTED,
					 "%s has its debug information in .dwo or .dwp files (split "
					 "DWARF), which fdbg does not read; "
					 "build it with `split-debuginfo = \"off\"` in its profile, or "
					 "`rustc -C split-debuginfo=off`",
					 path);
	if (!debuginfo->n_units)
		return fdbg_error_create(FDBG_ERROR_FORMAT,
					 "%s: the debug information is damaged: it has no units", path);
	if (!n_rust)
		return fdbg_error_create(FDBG_ERROR_UNSUPPORTED,
					 "%s has debug information, but none of Rust code (it is by "
					 "%.*s); fdbg records Rust programs",
					 path, producer.len ? (int)producer.len : 24,
					 producer.len ? producer.data : "a compiler without a name");
	if (!n_user)
		return fdbg_error_create(FDBG_ERROR_UNSUPPORTED,
					 "%s has no debug information but that of the standard library; "
					 "" HOW_TO_BUILD, path);
	if (!n_types)
		return fdbg_error_create(FDBG_ERROR_UNSUPPORTED,
					 "%s has line tables only, no types and variables (it was built "
					 "with debuginfo=1 or "
					 "line-tables-only); " HOW_TO_BUILD, path);
	return NULL;
}

static struct fdbg_error *open_given(struct fdbg_debuginfo *debuginfo, const char *path)
{
	const struct fdbg_image_info *info = fdbg_image_info(debuginfo->image), *other;
	struct fdbg_image *symbols;
	struct fdbg_error *err = fdbg_image_open_debug(path, &symbols);

	if (err)
		return err;
	other = fdbg_image_info(symbols);
	if (info->build_id && other->build_id &&
	    (info->build_id_len != other->build_id_len ||
	     memcmp(info->build_id, other->build_id, info->build_id_len)))
		err = fdbg_error_create(FDBG_ERROR_USAGE,
					"%s is not the debug file of %s: it belongs to another build", path,
					info->path);
	else if (!fdbg_image_has_section(symbols, ".debug_info"))
		err = fdbg_error_create(FDBG_ERROR_UNSUPPORTED, "%s has no debug information", path);
	if (err) {
		fdbg_image_close(symbols);
		return err;
	}
	fdbg_image_attach(debuginfo->image, symbols);
	debuginfo->symbols = symbols;
	return NULL;
}

/* Decides which file has the DWARF. */
static struct fdbg_error *choose_file(struct fdbg_debuginfo *debuginfo,
				      const struct fdbg_debuginfo_options *options)
{
	FDBG_AUTO_FREE char *mismatch = NULL;
	struct fdbg_image *found = NULL;
	struct fdbg_error *err;

	if (options && options->symbols)
		return open_given(debuginfo, options->symbols);
	debuginfo->symbols = debuginfo->image;
	if (fdbg_image_has_section(debuginfo->image, ".debug_info"))
		return NULL;
	err = fdbg_separate_find(debuginfo->image, options ? options->debug_dirs : NULL, &found, &mismatch);
	if (err)
		return err;
	if (!found)
		return no_debug_info(debuginfo->image, mismatch);
	fdbg_log(debuginfo->log, FDBG_LOG_INFO, "debug information from %s", fdbg_image_info(found)->path);
	fdbg_image_attach(debuginfo->image, found);
	debuginfo->symbols = found;
	return NULL;
}

/* A section that cannot be read is only worth a warning: much works without location lists. */
static void load_section(struct fdbg_debuginfo *debuginfo, const char *name, struct fdbg_section *ret)
{
	struct fdbg_error *err = fdbg_image_section(debuginfo->symbols, name, &ret->bytes, &ret->len);

	if (err) {
		fdbg_log(debuginfo->log, FDBG_LOG_WARNING, "%s", err->message);
		fdbg_error_destroy(err);
		*ret = (struct fdbg_section){ 0 };
	}
}

static struct fdbg_error *load(struct fdbg_debuginfo *debuginfo, const struct fdbg_debuginfo_options *options)
{
	struct fdbg_error *err = choose_file(debuginfo, options);

	if (!err)
		err = fdbg_dwarf_open(debuginfo->symbols, &debuginfo->dwarf);
	if (err)
		return err;
	load_section(debuginfo, ".debug_line", &debuginfo->line);
	load_section(debuginfo, ".debug_line_str", &debuginfo->line_str);
	load_section(debuginfo, ".debug_str", &debuginfo->str);
	load_section(debuginfo, ".debug_loc", &debuginfo->loc);
	load_section(debuginfo, ".debug_loclists", &debuginfo->loclists);
	load_section(debuginfo, ".debug_ranges", &debuginfo->ranges);
	load_section(debuginfo, ".debug_rnglists", &debuginfo->rnglists);
	load_section(debuginfo, ".debug_addr", &debuginfo->addr);
	debuginfo->list_budget = 8 * (debuginfo->loc.len + debuginfo->loclists.len + debuginfo->ranges.len +
				      debuginfo->rnglists.len) + (1 << 20);
	debuginfo->line_budget = 64 * (uint64_t)debuginfo->line.len + (1 << 20);
	debuginfo->name_budget = (uint64_t)1 << 30;
	err = fdbg_types_init(debuginfo);
	if (!err)
		err = fdbg_units_load(debuginfo);
	if (!err)
		err = check_units(debuginfo);
	if (!err)
		err = fdbg_units_find_crates(debuginfo);
	return err;
}

struct fdbg_error *fdbg_debuginfo_open(struct fdbg_image *image, const struct fdbg_debuginfo_options *options,
				       struct fdbg_debuginfo **ret)
{
	struct fdbg_debuginfo *debuginfo = calloc(1, sizeof(*debuginfo));
	struct fdbg_error *err;

	if (!debuginfo)
		return &fdbg_error_nomem;
	debuginfo->image = image;
	debuginfo->log = options ? options->log : NULL;
	err = load(debuginfo, options);
	if (err) {
		fdbg_debuginfo_close(debuginfo);
		return err;
	}
	*ret = debuginfo;
	return NULL;
}

void fdbg_debuginfo_close(struct fdbg_debuginfo *debuginfo)
{
	if (!debuginfo)
		return;
	fdbg_dwarf_close(debuginfo->dwarf);
	fdbg_frames_destroy(debuginfo->frames);
	fdbg_map_deinit(&debuginfo->types);
	fdbg_map_deinit(&debuginfo->vtables);
	fdbg_strmap_deinit(&debuginfo->names);
	fdbg_strmap_deinit(&debuginfo->symbol_names);
	free(debuginfo->unit_ranges);
	fdbg_arena_deinit(&debuginfo->arena);
	free(debuginfo);
}
