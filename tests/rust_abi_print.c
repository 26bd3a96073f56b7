/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Prints where the functions r0000, r0001, … of a crate return their values: `r0000 i8,f4b TYPE`. For
 * rust_abi.sh.
 */
#include <stdio.h>

#include "debuginfo/debuginfo.h"
#include "rust/returns.h"

static bool of_crate(void *context, const struct fdbg_unit *unit)
{
	return fdbg_text_is(unit->crate, context);
}

static void print_place(const struct fdbg_abi_value *value)
{
	switch (value->place) {
	case FDBG_ABI_NOTHING:
		printf("-");
		return;
	case FDBG_ABI_MEMORY:
		printf("M");
		return;
	case FDBG_ABI_STACK:
	case FDBG_ABI_UNKNOWN:
		printf("?");
		return;
	case FDBG_ABI_REGISTERS:
		break;
	}
	for (size_t i = 0; i < value->n_pieces; i++)
		printf("%s%c%d%s", i ? "," : "", value->pieces[i].reg_class == FDBG_REG_FLOAT ? 'f' : 'i',
		       (int)value->pieces[i].size, value->pieces[i].one_bit ? "b" : "");
}

int main(int argc, char **argv)
{
	/* x86_64, as arch/ describes it. */
	static const struct fdbg_abi abi = {
		.n_int_rets = 3,
		.n_float_rets = 2,
		.n_int_args = 6,
		.n_float_args = 8,
		.hidden_pointer_is_arg = true,
	};
	const struct fdbg_function *const *functions;
	struct fdbg_debuginfo *debuginfo = NULL;
	struct fdbg_image *image = NULL;
	struct fdbg_error *err;
	size_t n;

	if (argc != 3)
		return 2;
	err = fdbg_image_open(argv[1], &image);
	if (!err)
		err = fdbg_debuginfo_open(image, NULL, &debuginfo);
	if (!err)
		err = fdbg_debuginfo_functions(debuginfo, of_crate, argv[2], &functions, &n);
	if (err) {
		fprintf(stderr, "%s\n", err->message);
		return 1;
	}
	for (size_t i = 0; i < n; i++) {
		struct fdbg_type_ref ref = functions[i]->return_type;
		const struct fdbg_type *type = ref.die ? fdbg_type_of(&ref) : NULL;
		struct fdbg_abi_value value;

		if (functions[i]->name.len != 5 || functions[i]->name.data[0] != 'r')
			continue;
		fdbg_rust_return_value(&abi, functions[i]->unit, type, &value);
		printf("%.*s ", (int)functions[i]->name.len, functions[i]->name.data);
		print_place(&value);
		printf(" %.*s\n", type ? (int)type->name.len : 0, type ? type->name.data : "");
	}
	fdbg_debuginfo_close(debuginfo);
	fdbg_image_close(image);
	return 0;
}
