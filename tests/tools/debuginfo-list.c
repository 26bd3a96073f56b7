/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Prints what the debug information says, one fact a line, to be compared with what other readers say. */
#include <inttypes.h>
#include <stdio.h>

#include "debuginfo/debuginfo.h"

static int complain(struct fdbg_error *err)
{
	fprintf(stderr, "%s\n", err->message);
	fdbg_error_destroy(err);
	return 1;
}

static void list_location(const char *kind, uint64_t entry, size_t index,
			  const struct fdbg_location *location)
{
	printf("%s %" PRIx64 " %zu", kind, entry, index);
	for (size_t i = 0; i < location->n_ranges; i++) {
		printf(" %" PRIx64 "-%" PRIx64 ":", location->ranges[i].low, location->ranges[i].high);
		for (size_t k = 0; k < location->ranges[i].len; k++)
			printf("%02x", location->ranges[i].expr[k]);
	}
	printf("\n");
}

static void list_address(struct fdbg_debuginfo *info, uint64_t address)
{
	struct fdbg_text file;
	uint32_t line, column, reg;
	int64_t offset;
	struct fdbg_error *err = fdbg_debuginfo_cfa(info, address, &reg, &offset);

	if (err) {
		printf("cfa %" PRIx64 " none\n", address);
		fdbg_error_destroy(err);
	} else {
		printf("cfa %" PRIx64 " %" PRIu32 " %" PRId64 "\n", address, reg, offset);
	}
	if (fdbg_debuginfo_line(info, address, &file, &line, &column))
		printf("line %" PRIx64 " %" PRIu32 " %" PRIu32 " %.*s\n", address, line, column,
		       (int)file.len, file.data);
}

int main(int argc, char **argv)
{
	const struct fdbg_function *const *functions;
	struct fdbg_arena arena = { 0 };
	struct fdbg_debuginfo *info;
	struct fdbg_image *image;
	struct fdbg_error *err;
	size_t n;

	if (argc != 2)
		return 2;
	err = fdbg_image_open(argv[1], &image);
	if (err)
		return complain(err);
	err = fdbg_debuginfo_open(image, NULL, &info);
	if (err)
		return complain(err);
	err = fdbg_debuginfo_functions(info, NULL, NULL, &functions, &n);
	if (err)
		return complain(err);
	for (size_t i = 0; i < n; i++) {
		const struct fdbg_function *function = functions[i];
		struct fdbg_variable *variables;
		size_t n_variables;

		printf("function %" PRIx64 "\n", function->entry);
		printf("prologue %" PRIx64 " %" PRIx64 " %d\n", function->entry, function->prologue_end,
		       function->has_prologue_end);
		for (size_t k = 0; k < function->n_ranges; k++)
			printf("range %" PRIx64 " %" PRIx64 "\n", function->ranges[k].low,
			       function->ranges[k].high);
		list_address(info, function->entry);
		list_address(info, function->prologue_end);
		list_address(info, function->ranges[0].high - 1);
		err = fdbg_debuginfo_parameters(info, function, &arena, &variables, &n_variables);
		if (err)
			return complain(err);
		for (size_t k = 0; k < n_variables; k++)
			list_location("parameter", function->entry, k, &variables[k].location);
		fdbg_arena_reset(&arena);
	}
	fdbg_arena_deinit(&arena);
	fdbg_debuginfo_close(info);
	fdbg_image_close(image);
	return 0;
}
