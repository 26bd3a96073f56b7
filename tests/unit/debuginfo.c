/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Images and debug information, against Rust programs that the test compiles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/scope.h"
#include "debuginfo/debuginfo.h"

/*
 * Where the programs are built; tests/unit/debuginfo.rs says in comments and in its output what is to be
 * found.
 */
static char directory[] = "/tmp/fdbg-debuginfo-XXXXXX";
static char *source;

static int run(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int run(const char *format, ...)
{
	char command[4096];
	va_list ap;

	va_start(ap, format);
	vsnprintf(command, sizeof(command), format, ap);
	va_end(ap);
	return system(command);
}

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t cap = 0;
	ssize_t len;

	assert_non_null(file);
	len = getdelim(&text, &cap, '\0', file);
	assert_true(len > 0);
	fclose(file);
	return text;
}

static const char *at(const char *name)
{
	static char path[4][512];
	static int next;
	char *buffer = path[next++ % 4];

	snprintf(buffer, sizeof(path[0]), "%s/%s", directory, name);
	return buffer;
}

static bool have(const char *tool)
{
	return !run("command -v %s >/dev/null 2>&1", tool);
}

/* An open program. */
struct program {
	struct fdbg_image *image;
	struct fdbg_debuginfo *info;
	const struct fdbg_function *const *functions;
	size_t n_functions;
};

static bool is_app(void *context, const struct fdbg_unit *unit)
{
	(void)context;
	return fdbg_text_is(unit->crate, "app");
}

static struct program open_program_with(const char *name, const struct fdbg_debuginfo_options *options)
{
	struct program program;
	struct fdbg_error *err = fdbg_image_open(at(name), &program.image);

	if (!err)
		err = fdbg_debuginfo_open(program.image, options, &program.info);
	if (!err)
		err = fdbg_debuginfo_functions(program.info, is_app, NULL, &program.functions,
					       &program.n_functions);
	if (err)
		fail_msg("%s: %s", name, err->message);
	return program;
}

static struct program open_program(const char *name)
{
	return open_program_with(name, NULL);
}

static void close_program(struct program *program)
{
	fdbg_debuginfo_close(program->info);
	fdbg_image_close(program->image);
}

static const struct fdbg_function *find(const struct program *program, const char *path)
{
	for (size_t i = 0; i < program->n_functions; i++)
		if (fdbg_text_is(program->functions[i]->path, path))
			return program->functions[i];
	return NULL;
}

static const struct fdbg_type *type_named(const struct program *program, const char *name)
{
	const struct fdbg_type *type = fdbg_debuginfo_type_by_name(program->info, fdbg_text_from(name));

	if (!type)
		fail_msg("no type %s", name);
	assert_true(fdbg_text_is(type->name, name));
	return type;
}

/* Calls check for each mark `// @KIND PATH` of the source, with its line. */
static void each_mark(const struct program *program, const char *kind,
		      void (*check)(const struct program *program, const char *path, uint32_t line),
		      size_t expected)
{
	char *text = strdup(source), *line, *rest = text;
	uint32_t number = 0;
	size_t n = 0;

	while ((line = strsep(&rest, "\n"))) {
		char mark[32], *found = line;

		number++;
		if (!strncmp(line, "//", 2)) /* the explanation at the top */
			continue;
		snprintf(mark, sizeof(mark), "// @%s ", kind);
		while ((found = strstr(found, mark))) {
			char path[256], *end;

			found += strlen(mark);
			snprintf(path, sizeof(path), "%s", found);
			end = strstr(path, " //");
			if (end)
				*end = '\0';
			check(program, path, number);
			n++;
		}
	}
	free(text);
	assert_int_equal(n, expected);
}

static void check_fn(const struct program *program, const char *path, uint32_t line)
{
	const struct fdbg_function *function = find(program, path);
	struct fdbg_text file;
	uint32_t found_line, column;
	struct fdbg_symbol symbol;
	const char *last = path;

	if (!function)
		fail_msg("no function %s", path);
	assert_int_equal(function->line, line);
	assert_true(fdbg_text_is(function->file, "app.rs"));
	assert_true(fdbg_text_is(function->directory, directory));
	assert_true(fdbg_text_is(function->crate, "app"));
	assert_true(function->end_line >= line);
	assert_int_equal(function->entry, function->ranges[0].low);
	assert_in_range(function->prologue_end, function->entry, function->ranges[0].high - 1);
	/* The symbol table is another witness for entry and name. */
	assert_true(fdbg_image_symbol_at(program->image, function->entry, &symbol));
	assert_int_equal(symbol.address, function->entry);
	assert_true(fdbg_text_equal(symbol.name, function->linkage_name));
	for (const char *c = path; *c && *c != '<'; c++)
		if (c[0] == ':' && c[1] == ':')
			last = c + 2;
	if (!strchr(path, '<'))
		assert_true(fdbg_text_is(function->name, last));
	assert_true(fdbg_debuginfo_line(program->info, function->entry, &file, &found_line, &column));
	assert_true(fdbg_text_is(file, "app.rs"));
	assert_int_equal(found_line, line);
}

static void check_body(const struct program *program, const char *path, uint32_t line)
{
	const struct fdbg_function *function = find(program, path);

	assert_non_null(function);
	assert_true(function->has_prologue_end);
	assert_int_equal(function->body_line, line);
}

static void check_gone(const struct program *program, const char *path, uint32_t line)
{
	(void)line;
	assert_null(find(program, path));
}

static void check_functions(const char *name)
{
	struct program program = open_program(name);
	const struct fdbg_unit *main_unit = fdbg_debuginfo_main_unit(program.info);

	each_mark(&program, "fn", check_fn, 16);
	each_mark(&program, "body", check_body, 8);
	each_mark(&program, "gone", check_gone, 1);
	assert_non_null(main_unit);
	assert_true(main_unit->rust);
	assert_true(main_unit->rustc_major == 1 && main_unit->rustc_minor >= 50);
	assert_true(find(&program, "app::main")->main);
	assert_ptr_equal(find(&program, "app::main")->unit, main_unit);
	assert_true(find(&program, "app::never")->noreturn);
	assert_false(find(&program, "app::nesting")->noreturn);
	for (size_t i = 1; i < program.n_functions; i++)
		assert_true(program.functions[i - 1]->entry < program.functions[i]->entry);
	close_program(&program);
}

/* Calls check for each line of the program's output that begins with kind; its fields are cut at '|'. */
static void each_output(const struct program *program, const char *name, const char *kind,
			void (*check)(const struct program *program, char **fields), size_t expected)
{
	char *text = read_file(at(name)), *line, *rest = text;
	size_t len = strlen(kind), n = 0;

	while ((line = strsep(&rest, "\n"))) {
		char *fields[4] = { 0 }, *tail = line + len + 1;

		if (strncmp(line, kind, len) || line[len] != ' ')
			continue;
		for (size_t i = 0; i < 4 && tail; i++)
			fields[i] = strsep(&tail, "|");
		check(program, fields);
		n++;
	}
	free(text);
	assert_int_equal(n, expected);
}

static void check_layout(const struct program *program, char **fields)
{
	const struct fdbg_type *type = type_named(program, fields[0]);

	if (type->size != strtoull(fields[1], NULL, 10) || type->align != strtoull(fields[2], NULL, 10))
		fail_msg("%s has size %ju align %ju, not %s %s", fields[0], (uintmax_t)type->size,
			 (uintmax_t)type->align,
			 fields[1], fields[2]);
}

static void check_field(const struct program *program, char **fields)
{
	const struct fdbg_member *member = fdbg_type_member(type_named(program, fields[0]), fields[1]);

	assert_non_null(member);
	assert_int_equal(member->offset, strtoull(fields[2], NULL, 10));
}

static size_t from_hex(const char *text, uint8_t *bytes, size_t cap)
{
	size_t n = 0;

	for (; text[0] && text[1] && n < cap; text += 2) {
		char pair[3] = { text[0], text[1], '\0' };

		bytes[n++] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return n;
}

/* Which variant the bytes are, by the type's description alone. */
static const struct fdbg_variant *select_variant(const struct fdbg_type *type, const uint8_t *bytes)
{
	const struct fdbg_variant *other = NULL;
	uint64_t low = 0, high = 0, size;

	if (!type->has_discriminant)
		return type->n_variants == 1 ? &type->variants[0] : NULL;
	size = fdbg_type_of((struct fdbg_type_ref *)&type->discriminant.type)->size;
	for (size_t i = size; i-- > 0;) {
		if (i >= 8)
			high = high << 8 | bytes[type->discriminant.offset + i];
		else
			low = low << 8 | bytes[type->discriminant.offset + i];
	}
	for (size_t i = 0; i < type->n_variants; i++) {
		const struct fdbg_variant *variant = &type->variants[i];

		if (!variant->has_value)
			other = variant;
		else if (variant->value_low == low && variant->value_high == high)
			return variant;
	}
	return other;
}

static void check_value(const struct program *program, char **fields)
{
	const struct fdbg_type *type = type_named(program, fields[0]);
	uint8_t bytes[64];
	size_t len = from_hex(fields[2], bytes, sizeof(bytes));

	assert_int_equal(len, type->size);
	if (type->kind == FDBG_TYPE_ENUM) {
		uint64_t value = 0;
		bool found = false;

		for (size_t i = len; i-- > 0;)
			value = value << 8 | bytes[i];
		for (size_t i = 0; i < type->n_enumerators; i++)
			if (type->enumerators[i].value == value) {
				assert_true(fdbg_text_is(type->enumerators[i].name, fields[1]));
				found = true;
			}
		assert_true(found);
	} else {
		const struct fdbg_variant *variant;

		assert_int_equal(type->kind, FDBG_TYPE_VARIANTS);
		variant = select_variant(type, bytes);
		assert_non_null(variant);
		if (!fdbg_text_is(variant->name, fields[1]))
			fail_msg("%s is %.*s, not %s", fields[0], (int)variant->name.len, variant->name.data,
				 fields[1]);
		assert_true(fdbg_text_is(fdbg_type_of((struct fdbg_type_ref *)&variant->type)->name, "") ||
			    fdbg_type_of((struct fdbg_type_ref *)&variant->type)->kind == FDBG_TYPE_STRUCT);
	}
}

static void check_entry(const struct program *program, char **fields)
{
	const struct fdbg_function *function = find(program, fields[0]);

	assert_non_null(function);
	assert_int_equal(function->entry, find(program, "app::main")->entry + (uint64_t)strtoll(fields[1],
												NULL, 10));
}

static void check_vtable(const struct program *program, char **fields)
{
	uint64_t address = find(program, "app::main")->entry + (uint64_t)strtoll(fields[1], NULL, 10);
	const struct fdbg_type *type;
	bool ambiguous = true;

	type = fdbg_debuginfo_vtable(program->info, address, &ambiguous);
	assert_non_null(type);
	assert_false(ambiguous);
	assert_true(fdbg_text_is(type->name, fields[0]));
	assert_null(fdbg_debuginfo_vtable(program->info, address + 8, &ambiguous));
}

static void check_types(const char *name)
{
	struct program program = open_program(name);
	const struct fdbg_type *type, *element;
	char output[64];

	snprintf(output, sizeof(output), "%s.out", name);
	each_output(&program, output, "layout", check_layout, 23);
	each_output(&program, output, "field", check_field, 19);
	each_output(&program, output, "value", check_value, 29);
	each_output(&program, output, "entry", check_entry, 3);
	each_output(&program, output, "vtable", check_vtable, 2);

	type = type_named(&program, "app::Aligned");
	assert_true(type->align_known);
	element = fdbg_type_of(&fdbg_type_member(type, "c")->type);
	assert_int_equal(element->kind, FDBG_TYPE_ARRAY);
	assert_true(element->has_count);
	assert_int_equal(element->count, 3);
	assert_int_equal(element->size, 24);
	element = fdbg_type_of((struct fdbg_type_ref *)&element->target);
	assert_int_equal(element->kind, FDBG_TYPE_ARRAY);
	assert_int_equal(element->count, 2);
	element = fdbg_type_of((struct fdbg_type_ref *)&element->target);
	assert_int_equal(element->encoding, FDBG_ENCODING_UNSIGNED);
	assert_int_equal(element->size, 4);

	type = type_named(&program, "app::Everything");
	assert_int_equal(fdbg_type_of(&fdbg_type_member(type, "flag")->type)->encoding, FDBG_ENCODING_BOOL);
	assert_int_equal(fdbg_type_of(&fdbg_type_member(type, "letter")->type)->encoding, FDBG_ENCODING_CHAR);
	assert_int_equal(fdbg_type_of(&fdbg_type_member(type, "small")->type)->encoding,
			 FDBG_ENCODING_SIGNED);
	assert_int_equal(fdbg_type_of(&fdbg_type_member(type, "real")->type)->encoding, FDBG_ENCODING_FLOAT);
	assert_int_equal(fdbg_type_of(&fdbg_type_member(type, "nothing")->type)->size, 0);
	element = fdbg_type_of(&fdbg_type_member(type, "empty")->type);
	assert_true(element->kind == FDBG_TYPE_BASE && element->encoding == FDBG_ENCODING_NONE);
	element = fdbg_type_of(&fdbg_type_member(type, "function")->type);
	assert_int_equal(element->kind, FDBG_TYPE_POINTER);
	assert_int_equal(fdbg_type_of((struct fdbg_type_ref *)&element->target)->kind, FDBG_TYPE_FUNCTION);
	/* Through Option, Some and Box back to where it began: the same object. */
	element = fdbg_type_of(&fdbg_type_member(type, "next")->type);
	assert_true(fdbg_text_is(element->name,
				 "core::option::Option<alloc::boxed::Box<app::Everything, "
				 "alloc::alloc::Global>>"));
	assert_true(fdbg_text_is(fdbg_type_param(element, "T")->name,
				 "alloc::boxed::Box<app::Everything, alloc::alloc::Global>"));
	assert_ptr_equal(fdbg_type_of((struct fdbg_type_ref *)&fdbg_type_param(element, "T")->target), type);

	assert_int_equal(type_named(&program, "app::Bits")->kind, FDBG_TYPE_UNION);
	assert_int_equal(type_named(&program, "app::Bits")->n_members, 3);
	assert_false(type_named(&program, "app::Single")->has_discriminant);
	assert_null(fdbg_debuginfo_type_by_name(program.info, FDBG_TEXT("app::Nothing")));
	close_program(&program);
}

static void check_parameters(const char *name)
{
	static const struct {
		const char *name, *type;
	} expected[] = {
		{ "number", "i16" }, { "text", "&str" },
			{ "list", "alloc::vec::Vec<u8, alloc::alloc::Global>" },
		{ "point", "app::outer::Point" }, { "by_ref", "&app::outer::Point" }, { "", "(u8, u16)" },
	};
	struct program program = open_program(name);
	const struct fdbg_function *function = find(&program, "app::parameters");
	struct fdbg_arena arena = { 0 };
	struct fdbg_variable *variables;
	int64_t offset;
	uint32_t reg;
	size_t n;

	assert_null(fdbg_debuginfo_parameters(program.info, function, &arena, &variables, &n));
	assert_int_equal(n, sizeof(expected) / sizeof(*expected));
	for (size_t i = 0; i < n; i++) {
		struct fdbg_simple_location simple =
			fdbg_location_simplify(&variables[i].location, &function->frame_base,
					       function->prologue_end);

		assert_true(fdbg_text_is(variables[i].name, expected[i].name));
		assert_true(fdbg_text_is(fdbg_type_of(&variables[i].type)->name, expected[i].type));
		/* rust-abi.md, section 7.2: unoptimised, they lie in memory at a register plus an offset. */
		assert_int_equal(simple.kind, FDBG_SIMPLE_MEMORY);
	}
	assert_true(fdbg_text_is(fdbg_type_of((struct fdbg_type_ref *)&function->return_type)->name,
				 "alloc::string::String"));
	assert_int_equal(function->n_params, 0);
	function = find(&program, "app::Pair<u8, u32>::first<u8, u32>");
	assert_int_equal(function->n_params, 2);
	assert_true(fdbg_text_is(function->params[1].name, "B"));
	assert_true(fdbg_text_is(fdbg_type_of(&function->params[1].type)->name, "u32"));
#ifdef __x86_64__
	/*
	 * At the entry the return address was pushed: the CFA is rsp (DWARF register 7) + 8 whatever follows.
	 */
	assert_null(fdbg_debuginfo_cfa(program.info, function->entry, &reg, &offset));
	assert_int_equal(reg, 7);
	assert_int_equal(offset, 8);
#else
	assert_null(fdbg_debuginfo_cfa(program.info, function->entry, &reg, &offset));
#endif
	{
		struct fdbg_error *err = fdbg_debuginfo_cfa(program.info, 1, &reg, &offset);

		assert_true(fdbg_error_is(err, FDBG_ERROR_NOT_FOUND));
		fdbg_error_destroy(err);
	}
	fdbg_arena_deinit(&arena);
	close_program(&program);
}

static void everything_is_found_in_dwarf_4(void **state)
{
	(void)state;
	check_functions("app4");
	check_types("app4");
	check_parameters("app4");
}

static void everything_is_found_in_dwarf_5(void **state)
{
	(void)state;
	check_functions("app5");
	check_types("app5");
	check_parameters("app5");
}

static void both_versions_tell_the_same(void **state)
{
	struct program four = open_program("app4"), five = open_program("app5");
	const struct fdbg_unit *const *units;
	bool v4 = false, v5 = false;
	size_t n;

	(void)state;
	assert_int_equal(four.n_functions, five.n_functions);
	for (size_t i = 0; i < four.n_functions; i++) {
		const struct fdbg_function *a = four.functions[i], *b = five.functions[i];

		assert_true(fdbg_text_equal(a->path, b->path));
		assert_true(fdbg_text_equal(a->file, b->file));
		assert_int_equal(a->line, b->line);
		assert_int_equal(a->body_line, b->body_line);
		assert_int_equal(a->end_line, b->end_line);
	}
	units = fdbg_debuginfo_units(five.info, &n);
	for (size_t i = 0; i < n; i++) {
		v4 |= units[i]->dwarf_version == 4;
		v5 |= units[i]->dwarf_version == 5;
	}
	assert_true(v5);
	(void)v4; /* the standard library's units, where the toolchain has them */
	close_program(&four);
	close_program(&five);
}

static void incremental_units_have_their_crate(void **state)
{
	struct program program = open_program("incremental");
	const struct fdbg_unit *main_unit = fdbg_debuginfo_main_unit(program.info);

	(void)state;
	assert_non_null(main_unit);
	assert_true(fdbg_text_is(main_unit->crate, "app"));
	each_mark(&program, "fn", check_fn, 16);
	close_program(&program);
}

/* Only what optimisation cannot change. */
static void optimised_programs_are_read(void **state)
{
	static const char *const names[] = { "opt4", "opt5" };

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		struct program program = open_program(names[k]);
		const struct fdbg_function *function = find(&program, "app::parameters");
		struct fdbg_arena arena = { 0 };
		struct fdbg_variable *variables;
		size_t n, located = 0;

		assert_non_null(function);
		assert_null(fdbg_debuginfo_parameters(program.info, function, &arena, &variables, &n));
		assert_int_equal(n, 6);
		for (size_t i = 0; i < n; i++) {
			const struct fdbg_location_range *range = fdbg_location_at(&variables[i].location,
										   function->entry);

			located += range && range->len;
			range = variables[i].location.ranges;
			for (size_t r = 0; variables[i].location.list && r < variables[i].location.n_ranges;
			     r++) {
				assert_true(range[r].low >= function->entry);
				assert_true(range[r].low < range[r].high);
			}
		}
		/*
		 * At the entry the arguments are where the ABI puts them, and the optimizer keeps track of
		 * that.
		 */
		assert_true(located >= 3);
		fdbg_arena_deinit(&arena);
		close_program(&program);
	}
}

static void compressed_sections_are_read(void **state)
{
	(void)state;
	if (run("objcopy --compress-debug-sections %s %s", at("app5"), at("compressed")))
		skip();
	run("cp %s %s", at("app5.out"), at("compressed.out"));
	check_functions("compressed");
	check_types("compressed");
	check_parameters("compressed");
	if (run("objcopy --compress-debug-sections=zlib-gnu %s %s", at("app4"), at("gnu")))
		skip();
	run("cp %s %s", at("app4.out"), at("gnu.out"));
	check_functions("gnu");
	check_parameters("gnu");
}

static struct fdbg_error *open_error(const char *name, const struct fdbg_debuginfo_options *options)
{
	struct fdbg_debuginfo *info;
	struct fdbg_image *image;
	struct fdbg_error *err = fdbg_image_open(at(name), &image);

	if (err)
		return err;
	err = fdbg_debuginfo_open(image, options, &info);
	if (!err)
		fdbg_debuginfo_close(info);
	fdbg_image_close(image);
	return err;
}

static void expect_error(const char *name, const struct fdbg_debuginfo_options *options,
			 enum fdbg_error_code code,
			 const char *part)
{
	struct fdbg_error *err = open_error(name, options);

	assert_non_null(err);
	if (err->code != code || !strstr(err->message, part))
		fail_msg("%s: code %d, message: %s", name, err->code, err->message);
	fdbg_error_destroy(err);
}

static void separate_files_are_found(void **state)
{
	char dir[600];
	const char *dirs[] = { dir, NULL }, *nowhere[] = { "/nonexistent", NULL };
	struct fdbg_debuginfo_options options = { .debug_dirs = nowhere };
	struct program program;
	const struct fdbg_image_info *info;
	struct fdbg_image *image;
	char hex[130] = "";

	(void)state;
	snprintf(dir, sizeof(dir), "%s/debug", directory);
	if (run("cd %s && objcopy --only-keep-debug linked linked.debug && objcopy --strip-all "
		"--add-gnu-debuglink=linked.debug linked bare", directory))
		skip();
	/* Beside the program. */
	program = open_program_with("bare", &options);
	assert_non_null(find(&program, "app::nesting::local"));
	check_fn(&program, "app::made", find(&program, "app::made")->line);
	close_program(&program);
	/* In .debug. */
	assert_int_equal(run("cd %s && mkdir -p .debug && mv linked.debug .debug/", directory), 0);
	program = open_program_with("bare", &options);
	close_program(&program);
	/* Below a debug directory by path, then by build-id. */
	assert_int_equal(run("cd %s && mkdir -p debug%s && mv .debug/linked.debug debug%s/", directory,
			     directory, directory), 0);
	expect_error("bare", &options, FDBG_ERROR_UNSUPPORTED, "separate file");
	options.debug_dirs = dirs;
	program = open_program_with("bare", &options);
	close_program(&program);
	assert_null(fdbg_image_open(at("bare"), &image));
	info = fdbg_image_info(image);
	assert_true(info->build_id_len >= 8);
	for (size_t i = 0; i < info->build_id_len; i++)
		sprintf(hex + 2 * i, "%02x", info->build_id[i]);
	fdbg_image_close(image);
	assert_int_equal(run("cd %s && mkdir -p debug/.build-id/%.2s && mv debug%s/linked.debug "
			     "debug/.build-id/%.2s/%s.debug",
			     directory, hex, directory, hex, hex + 2), 0);
	program = open_program_with("bare", &options);
	close_program(&program);
	/* Named by the user. */
	assert_int_equal(run("cd %s && mv debug/.build-id/%.2s/%s.debug given.debug", directory, hex,
			     hex + 2), 0);
	options.debug_dirs = nowhere;
	options.symbols = at("given.debug");
	program = open_program_with("bare", &options);
	check_entry(&program, (char *[]){ (char *)"app::main", (char *)"0" });
	close_program(&program);
	options.symbols = at("other");
	expect_error("bare", &options, FDBG_ERROR_USAGE, "another build");
	/* A file of another build under the right name. */
	options.symbols = NULL;
	assert_int_equal(run("cd %s && objcopy --only-keep-debug other linked.debug", directory), 0);
	expect_error("bare", &options, FDBG_ERROR_UNSUPPORTED, "belongs to another build");
	/* Without a build-id only the checksum can tell. */
	assert_int_equal(run("cd %s && objcopy --remove-section .note.gnu.build-id app4 plain && "
			     "objcopy --only-keep-debug "
			     "plain plain.debug 2>err && objcopy --strip-all "
			     "--add-gnu-debuglink=plain.debug plain bare2", directory), 0);
	program = open_program_with("bare2", &options);
	close_program(&program);
	assert_int_equal(run("printf x >>%s", at("plain.debug")), 0);
	expect_error("bare2", &options, FDBG_ERROR_UNSUPPORTED, "belongs to another build");
}

static void errors_say_what_to_do(void **state)
{
	(void)state;
	expect_error("missing", NULL, FDBG_ERROR_NOT_FOUND, "no such file");
	expect_error(".", NULL, FDBG_ERROR_FORMAT, "directory");
	expect_error("app.rs", NULL, FDBG_ERROR_FORMAT, "not an ELF file");
	expect_error("stripped", NULL, FDBG_ERROR_UNSUPPORTED, "stripped");
	expect_error("stripped", NULL, FDBG_ERROR_UNSUPPORTED, "cargo build");
	expect_error("nodebug", NULL, FDBG_ERROR_UNSUPPORTED, "cargo build");
	expect_error("lines", NULL, FDBG_ERROR_UNSUPPORTED, "line tables only");
	expect_error("limited", NULL, FDBG_ERROR_UNSUPPORTED, "line tables only");
	expect_error("split", NULL, FDBG_ERROR_UNSUPPORTED, "split-debuginfo");
	if (have("cc")) {
		assert_int_equal(run("cd %s && echo 'int main(void) { return 0; }' >c.c && cc -g -o c "
				     "c.c && cc -o c0 c.c", directory), 0);
		expect_error("c", NULL, FDBG_ERROR_UNSUPPORTED, "none of Rust");
		expect_error("c0", NULL, FDBG_ERROR_UNSUPPORTED, "no debug information");
		assert_int_equal(run("cd %s && cc -c -g c.c", directory), 0);
		expect_error("c.o", NULL, FDBG_ERROR_FORMAT, "not an executable");
	}
}

struct count {
	size_t n, main;
};

static bool count_symbol(void *context, const struct fdbg_symbol *symbol)
{
	struct count *count = context;

	count->n++;
	count->main += fdbg_text_is(symbol->name, "main") && symbol->function;
	return true;
}

static void images_give_bytes_and_symbols(void **state)
{
	struct count count = { 0 };
	struct fdbg_image *image;
	const struct fdbg_image_info *info;
	struct fdbg_symbol symbol;
	const uint8_t *bytes;

	(void)state;
	assert_null(fdbg_image_open(at("app4"), &image));
	info = fdbg_image_info(image);
	assert_true(info->pie);
	assert_true(info->has_interpreter);
	assert_true(info->low < info->entry && info->entry < info->high);
	/* The program headers lie right behind the ELF header, which is loaded. */
	assert_int_equal(info->phdr, info->low + 64);
	bytes = fdbg_image_bytes(image, info->low, 4, true);
	assert_non_null(bytes);
	assert_memory_equal(bytes, "\177ELF", 4);
	assert_null(fdbg_image_bytes(image, info->high, 1, false));
	assert_null(fdbg_image_bytes(image, info->high - 1, 2, false));
	assert_null(fdbg_image_bytes(image, UINT64_MAX, 2, false));
	assert_null(fdbg_image_bytes(image, info->low, SIZE_MAX, false));
	fdbg_image_each_symbol(image, count_symbol, &count);
	assert_true(count.n > 100);
	assert_int_equal(count.main, 1);
	assert_true(fdbg_image_symbol_at(image, info->entry, &symbol));
	assert_true(fdbg_text_is(symbol.name, "_start"));
	assert_false(fdbg_image_symbol_at(image, 0, &symbol));
	assert_false(fdbg_image_symbol_at(image, info->high, &symbol));
	fdbg_image_close(image);
	fdbg_image_close(NULL);
}

static int build_all(void **state)
{
	static const struct {
		const char *name, *options;
	} programs[] = {
		{ "app4", "-g" },
		{ "app5", "-g -C dwarf-version=5" },
		{ "opt4", "-O -g" },
		{ "opt5", "-O -g -C dwarf-version=5" },
		{ "incremental", "-g -C incremental=cache" },
		{ "linked", "-g -C link-arg=-Wl,--build-id=sha1" },
		{ "other", "-g -C opt-level=1 -C link-arg=-Wl,--build-id=sha1" },
		{ "stripped", "-C strip=symbols" },
		{ "nodebug", "-C debuginfo=0" },
		{ "lines", "-C debuginfo=line-tables-only" },
		{ "limited", "-C debuginfo=1" },
		{ "split", "-g -C split-debuginfo=unpacked" },
	};

	(void)state;
	if (!mkdtemp(directory) || run("cp %s/tests/unit/debuginfo.rs %s/app.rs", TEST_SRCDIR, directory))
		return -1;
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		const char *name = programs[i].name;

		if (run("cd %s && rustc --edition 2021 --crate-name app %s -o %s app.rs 2>%s.err", directory,
			programs[i].options,
			name, name)) {
			print_error("cannot build %s (%s)\n", name, programs[i].options);
			return -1;
		}
	}
	if (run("cd %s && ./app4 >app4.out && ./app5 >app5.out", directory))
		return -1;
	source = read_file(at("app.rs"));
	return 0;
}

static int remove_all(void **state)
{
	(void)state;
	free(source);
	if (!getenv("KEEP"))
		run("rm -rf %s", directory);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_found_in_dwarf_4),
		cmocka_unit_test(everything_is_found_in_dwarf_5),
		cmocka_unit_test(both_versions_tell_the_same),
		cmocka_unit_test(incremental_units_have_their_crate),
		cmocka_unit_test(optimised_programs_are_read),
		cmocka_unit_test(compressed_sections_are_read),
		cmocka_unit_test(separate_files_are_found),
		cmocka_unit_test(errors_say_what_to_do),
		cmocka_unit_test(images_give_bytes_and_symbols),
	};

	if (!have("rustc")) {
		fprintf(stderr, "no rustc: skipped\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, build_all, remove_all);
}
