/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "value/value.h"

static const struct {
	const char *name;
	size_t size;
} prims[FDBG_N_PRIMS] = {
	[FDBG_PRIM_BOOL] = { "bool", 1 },     [FDBG_PRIM_CHAR] = { "char", 4 },
	[FDBG_PRIM_U8] = { "u8", 1 },         [FDBG_PRIM_I8] = { "i8", 1 },
	[FDBG_PRIM_U16] = { "u16", 2 },       [FDBG_PRIM_I16] = { "i16", 2 },
	[FDBG_PRIM_U32] = { "u32", 4 },       [FDBG_PRIM_I32] = { "i32", 4 },
	[FDBG_PRIM_U64] = { "u64", 8 },       [FDBG_PRIM_I64] = { "i64", 8 },
	[FDBG_PRIM_U128] = { "u128", 16 },    [FDBG_PRIM_I128] = { "i128", 16 },
	[FDBG_PRIM_USIZE] = { "usize", 8 },   [FDBG_PRIM_ISIZE] = { "isize", 8 },
	[FDBG_PRIM_F32] = { "f32", 4 },       [FDBG_PRIM_F64] = { "f64", 8 },
};

const char *fdbg_prim_name(enum fdbg_prim prim)
{
	return prims[prim].name;
}

size_t fdbg_prim_size(enum fdbg_prim prim)
{
	return prims[prim].size;
}

bool fdbg_prim_from_name(struct fdbg_text name, enum fdbg_prim *ret)
{
	for (enum fdbg_prim prim = 0; prim < FDBG_N_PRIMS; prim++) {
		if (fdbg_text_is(name, prims[prim].name)) {
			*ret = prim;
			return true;
		}
	}
	return false;
}
