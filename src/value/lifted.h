/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Which higher-level value a struct or enum of the stream stands for (stream-format.md, sections 3 and 4). */
#ifndef FDBG_VALUE_LIFTED_H
#define FDBG_VALUE_LIFTED_H

#include "value/shape.h"

/* What the value JSON and the index make of a struct. */
enum fdbg_lifted_form {
	FDBG_LIFTED_STRUCT,
	FDBG_LIFTED_UNIT,    /* `()` written as a struct */
	FDBG_LIFTED_STRING,  /* fdbg_shape_string says where its bytes are */
	FDBG_LIFTED_CELL,    /* an atomic or a Cell: fdbg_shape_cell */
	FDBG_LIFTED_COUNTED, /* Rc, Arc: fdbg_shape_counted */
	FDBG_LIFTED_DYN,     /* &dyn, Box<dyn>: fdbg_shape_dyn */
	FDBG_LIFTED_TUPLE,
};

/* Of a value of kind STRUCT; all others are FDBG_LIFTED_UNIT where they are no struct. */
enum fdbg_lifted_form fdbg_lifted_form(const struct fdbg_value *value);

/* Of a VARIANT: the name of the variant that is there, empty when the index is out of range. */
struct fdbg_text fdbg_lifted_variant(const struct fdbg_value *value);
bool fdbg_lifted_is_option(const struct fdbg_value *value);
bool fdbg_lifted_is_result(const struct fdbg_value *value);

/* True for a list or string that was cut at a limit; *total_ret is how long it really is. */
bool fdbg_lifted_is_cut(const struct fdbg_value *value, uint64_t *total_ret);

#endif
