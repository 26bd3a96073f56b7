/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The conventional shapes of stream-format.md section 3 that stand for higher-level values. */
#ifndef FDBG_VALUE_SHAPE_H
#define FDBG_VALUE_SHAPE_H

#include "value/value.h"

/* The field of a struct with that name; NULL when value (NULL allowed) is no struct or has none. */
const struct fdbg_value *fdbg_shape_field(const struct fdbg_value *value, const char *name);

/* What is left when structs with exactly one field are taken off. */
const struct fdbg_value *fdbg_shape_peel(const struct fdbg_value *value);

/* True when the fields are named 0, 1, … in order, and there is one. */
bool fdbg_shape_is_tuple(const struct fdbg_field *fields, size_t n_fields);

/* True for a String whose bytes are there; *bytes_ret is the BYTES node. */
bool fdbg_shape_string(const struct fdbg_value *value, const struct fdbg_value **bytes_ret);

/* A pointer with a vtable (&dyn, Box<dyn>, and the inner pointer of Rc<dyn>): both members are references. */
struct fdbg_shape_dyn {
	const struct fdbg_value *pointer; /* a REF */
	const struct fdbg_value *vtable;  /* a REF */
};
bool fdbg_shape_dyn(const struct fdbg_value *value, struct fdbg_shape_dyn *ret);

/* Rc or Arc, of sized or unsized type. */
struct fdbg_shape_counted {
	bool atomic;                      /* Arc */
	uint64_t address;                 /* of the block with the counts */
	bool has_counts;
	uint64_t strong, weak;
	const struct fdbg_value *vtable;  /* a REF; NULL for sized types */
	const struct fdbg_value *content; /* NULL: could not be resolved */
};
/* False when value is not an Rc or Arc whose pointer is there. */
bool fdbg_shape_counted(const struct fdbg_value *value, struct fdbg_shape_counted *ret);

/*
 * True for an atomic or a Cell of a primitive; *prim_ret is that. Readers of the stream show it as a struct
 * with the one field `value`.
 */
bool fdbg_shape_cell(const struct fdbg_value *value, const struct fdbg_value **prim_ret);

#endif
