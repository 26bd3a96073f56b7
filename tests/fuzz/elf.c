/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Any bytes as a program: everything that can be asked of an image and its debug information, to a bounded
 * depth.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "debuginfo/debuginfo.h"
#include "trace/heap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_FUNCTIONS 200
#define MAX_DEPTH 6
#define MAX_TYPES 5000

static bool every_unit(void *context, const struct fdbg_unit *unit)
{
	(void)context;
	(void)unit;
	return true;
}

static bool look_at_symbol(void *context, const struct fdbg_symbol *symbol)
{
	size_t *n = context;

	return symbol->name.data[0] != '\1' && ++*n < 100000;
}

static void look_at_type(struct fdbg_type_ref *ref, int depth, size_t *budget)
{
	const struct fdbg_type *type = fdbg_type_of(ref);

	if (depth > MAX_DEPTH || !*budget)
		return;
	--*budget;
	look_at_type((struct fdbg_type_ref *)&type->target, depth + 1, budget);
	for (size_t i = 0; i < type->n_members; i++)
		look_at_type(&type->members[i].type, depth + 1, budget);
	for (size_t i = 0; i < type->n_variants; i++)
		look_at_type(&type->variants[i].type, depth + 1, budget);
	for (size_t i = 0; i < type->n_params; i++)
		look_at_type(&type->params[i].type, depth + 1, budget);
	fdbg_type_param(type, "T");
	fdbg_type_member(type, "x");
}

static bool give_register(void *context, uint32_t reg, uint64_t *ret)
{
	(void)context;
	*ret = reg * 8;
	return true;
}

static void look_at_location(const struct fdbg_function *function, const struct fdbg_location *location,
			     struct fdbg_arena *arena)
{
	struct fdbg_memview view = { .arena = arena };
	struct fdbg_location_context context = {
		.reg = give_register, .entry_reg = give_register, .memory = &view,
			.frame_base = &function->frame_base,
		.cfa_known = true,
	};
	struct fdbg_place *places;
	const char *reason;
	size_t n;

	fdbg_location_simplify(location, &function->frame_base, function->prologue_end);
	if (fdbg_location_evaluate(location, function->entry, &context, arena, &places, &n,
				   &reason) == FDBG_MEMVIEW_READY)
		for (size_t i = 0; i < n; i++)
			if (places[i].kind == FDBG_PLACE_VALUE && places[i].bytes && places[i].size &&
			    places[i].bytes[places[i].size - 1] == 1)
				view.n_ranges = 0; /* reads the last byte */
}

static void look_at_function(struct fdbg_debuginfo *info, const struct fdbg_function *function,
			     struct fdbg_arena *arena,
			     size_t *budget)
{
	const struct fdbg_function **calls;
	struct fdbg_variable *variables;
	struct fdbg_error *err;
	struct fdbg_text file;
	uint32_t line, column, reg;
	int64_t offset;
	size_t n;

	fdbg_debuginfo_line(info, function->entry, &file, &line, &column);
	err = fdbg_debuginfo_cfa(info, function->entry + 4, &reg, &offset);
	if (err)
		fdbg_error_destroy(err);
	look_at_type((struct fdbg_type_ref *)&function->return_type, 0, budget);
	err = fdbg_debuginfo_parameters(info, function, arena, &variables, &n);
	if (err) {
		fdbg_error_destroy(err);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		look_at_type(&variables[i].type, 0, budget);
		look_at_location(function, &variables[i].location, arena);
	}
	err = fdbg_debuginfo_inlines(info, function, arena, &calls, &n);
	if (err)
		fdbg_error_destroy(err);
	for (size_t i = 0; !err && i < n && i < MAX_FUNCTIONS; i++) {
		struct fdbg_arena scratch = { 0 };
		size_t n_variables;

		err = fdbg_debuginfo_parameters(info, calls[i], &scratch, &variables, &n_variables);
		if (err)
			fdbg_error_destroy(err);
		for (size_t k = 0; !err && k < n_variables; k++)
			look_at_location(calls[i], &variables[k].location, &scratch);
		fdbg_arena_deinit(&scratch);
		err = NULL;
	}
	fdbg_arena_reset(arena);
}

static bool no_place(void *context, uint64_t address, const struct fdbg_heap_probe *probe)
{
	(void)context;
	(void)address;
	(void)probe;
	return true;
}

/* Relocations, inlined functions, and what they say of allocations. */
static void look_at_heap(struct fdbg_image *image, struct fdbg_debuginfo *info)
{
	static const enum fdbg_heap_mode modes[] = { FDBG_HEAP_TYPED, FDBG_HEAP_ALL };
	const struct fdbg_arch *arch = fdbg_arch_for_machine(fdbg_image_info(image)->machine);
	struct fdbg_arena arena = { 0 };

	for (size_t i = 0; arch && i < 2; i++)
		fdbg_error_destroy(fdbg_heap_plan(&(struct fdbg_heap_plan_context){
			.image = image, .debuginfo = info, .arch = arch, .arena = &arena, .mode = modes[i], .max_calls = 64,
			.place = no_place }));
	fdbg_arena_deinit(&arena);
}

static void look_at_info(struct fdbg_debuginfo *info)
{
	const struct fdbg_function *const *functions;
	struct fdbg_arena arena = { 0 };
	size_t n, budget = MAX_TYPES;
	struct fdbg_error *err;
	bool ambiguous;

	fdbg_debuginfo_main_unit(info);
	err = fdbg_debuginfo_functions(info, every_unit, NULL, &functions, &n);
	if (err) {
		fdbg_error_destroy(err);
	} else {
		for (size_t i = 0; i < n && i < MAX_FUNCTIONS; i++)
			look_at_function(info, functions[i], &arena, &budget);
	}
	fdbg_debuginfo_type_by_name(info, FDBG_TEXT("u8"));
	fdbg_debuginfo_vtable(info, 4096, &ambiguous);
	fdbg_arena_deinit(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const nowhere[] = { NULL };
	const struct fdbg_debuginfo_options options = { .debug_dirs = nowhere };
	struct fdbg_debuginfo *info;
	struct fdbg_image *image;
	struct fdbg_symbol symbol;
	struct fdbg_error *err;
	int fd = memfd_create("elf", MFD_CLOEXEC);
	char path[64];
	size_t n = 0;

	if (fd < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (size && write(fd, data, size) != (ssize_t)size) {
		close(fd);
		return 0;
	}
	err = fdbg_image_open(path, &image);
	close(fd);
	if (err) {
		fdbg_error_destroy(err);
		return 0;
	}
	fdbg_image_each_symbol(image, look_at_symbol, &n);
	fdbg_image_symbol_at(image, fdbg_image_info(image)->entry, &symbol);
	fdbg_image_bytes(image, fdbg_image_info(image)->low, 16, true);
	err = fdbg_debuginfo_open(image, &options, &info);
	if (err) {
		fdbg_error_destroy(err);
	} else {
		look_at_info(info);
		look_at_heap(image, info);
		fdbg_debuginfo_close(info);
	}
	fdbg_image_close(image);
	return 0;
}
