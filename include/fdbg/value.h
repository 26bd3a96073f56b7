/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* libfdbg: the values of a recording. */
#ifndef FDBG_VALUE_H
#define FDBG_VALUE_H

#include <stdbool.h>

#include <fdbg/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A value is a tree: a struct has fields, a list has items, a reference leads to what it refers to. It belongs
 * to the message that it came with, and dies with it (fdbg/stream.h).
 *
 * The kinds are those of the stream. What Rust's standard library makes of them (String, Option, Rc, HashMap …)
 * are structs and enums of a conventional shape, described in the manual of the format, fdbg-stream(5), and
 * fdbg's doc/stream.md; fdbg_value_format knows them all.
 *
 * A function that asks for something that the value's kind does not have answers false, 0, NULL or an empty
 * text, and leaves what it would set untouched.
 */
struct fdbg_value;

enum fdbg_value_kind {
	FDBG_VALUE_OPAQUE = 0, /* could not be read, or the optimizer removed it */
	FDBG_VALUE_UNIT,
	FDBG_VALUE_PRIM,
	FDBG_VALUE_BYTES,   /* Vec<u8>, &[u8], &mut [u8], [u8; N], and the content of String */
	FDBG_VALUE_STR,     /* str slice: bytes that should be UTF-8 */
	FDBG_VALUE_ARRAY,   /* array, Vec or slice of anything else */
	FDBG_VALUE_REF,
	FDBG_VALUE_STRUCT,  /* struct, tuple, union */
	FDBG_VALUE_ENUM,    /* C-like enum */
	FDBG_VALUE_VARIANT, /* enum with data */
};

/* The primitive types; fdbg_prim_name gives Rust's name. */
enum fdbg_prim {
	FDBG_PRIM_BOOL, FDBG_PRIM_CHAR,
	FDBG_PRIM_U8, FDBG_PRIM_I8, FDBG_PRIM_U16, FDBG_PRIM_I16, FDBG_PRIM_U32, FDBG_PRIM_I32,
	FDBG_PRIM_U64, FDBG_PRIM_I64, FDBG_PRIM_U128, FDBG_PRIM_I128, FDBG_PRIM_USIZE, FDBG_PRIM_ISIZE,
	FDBG_PRIM_F32, FDBG_PRIM_F64,
	FDBG_N_PRIMS,
};

enum fdbg_array_kind { FDBG_ARRAY_ARR, FDBG_ARRAY_VEC, FDBG_ARRAY_SLICE };
enum fdbg_ref_kind { FDBG_REF_REF, FDBG_REF_BOX, FDBG_REF_PTR };

enum fdbg_value_kind fdbg_value_get_kind(const struct fdbg_value *value);

/* An OPAQUE that the optimizer removed. */
bool fdbg_value_is_optimized_out(const struct fdbg_value *value);

/* True for BYTES, STR and ARRAY that were cut at a limit; *total_ret is how many items there really were. */
bool fdbg_value_is_cut(const struct fdbg_value *value, uint64_t *total_ret);

/* True when the value is a Result in its Err variant. */
bool fdbg_value_is_err(const struct fdbg_value *value);

/* Rust's name of the type, of PRIM, BYTES, STRUCT, ENUM and VARIANT. */
struct fdbg_text fdbg_value_get_type(const struct fdbg_value *value);
/* The name of the variant, of ENUM and VARIANT. */
struct fdbg_text fdbg_value_get_variant(const struct fdbg_value *value);

/* Of PRIM: which; of ARRAY and REF: which kind. */
bool fdbg_value_get_prim(const struct fdbg_value *value, enum fdbg_prim *ret);
bool fdbg_value_get_array_kind(const struct fdbg_value *value, enum fdbg_array_kind *ret);
bool fdbg_value_get_ref_kind(const struct fdbg_value *value, enum fdbg_ref_kind *ret);

/* Rust's name of a primitive ("u8"); its size in bytes. */
const char *fdbg_prim_name(enum fdbg_prim prim);
size_t fdbg_prim_size(enum fdbg_prim prim);

/* The bytes of PRIM (little endian), BYTES and STR. */
bool fdbg_value_get_bytes(const struct fdbg_value *value, const void **data_ret, size_t *len_ret);

/*
 * Of PRIM: the number. False for a number that does not fit, and for the wrong one of these functions: floats
 * are only doubles, integers only integers; bool and char are unsigned.
 */
bool fdbg_value_get_unsigned(const struct fdbg_value *value, uint64_t *ret);
bool fdbg_value_get_signed(const struct fdbg_value *value, int64_t *ret);
bool fdbg_value_get_double(const struct fdbg_value *value, double *ret);

/* The parts of ARRAY (items), STRUCT and VARIANT (fields): how many, each, and the names of fields. */
size_t fdbg_value_get_count(const struct fdbg_value *value);
const struct fdbg_value *fdbg_value_get_item(const struct fdbg_value *value, size_t index);
struct fdbg_text fdbg_value_get_field_name(const struct fdbg_value *value, size_t index);
/* The first field of that name, or NULL. */
const struct fdbg_value *fdbg_value_get_field(const struct fdbg_value *value, const char *name);

/* Of REF: the address, and what is there; NULL when that was not recorded. */
bool fdbg_value_get_address(const struct fdbg_value *value, uint64_t *ret);
const struct fdbg_value *fdbg_value_get_target(const struct fdbg_value *value);

enum fdbg_value_format {
	FDBG_FORMAT_DEBUG,  /* as Rust's {:?} prints it */
	FDBG_FORMAT_PRETTY, /* as {:#?} */
	FDBG_FORMAT_JSON,   /* with types: fdbg-stream(5) */
	FDBG_FORMAT_INDEX,  /* the text of the SQLite index's column `pretty` */
};

/* The value as text in UTF-8, NUL-terminated, to be freed with free(3); its length in *len_ret unless NULL. */
struct fdbg_error *fdbg_value_format(const struct fdbg_value *value, enum fdbg_value_format format,
				     char **ret, size_t *len_ret) FDBG_CHECK;

#ifdef __cplusplus
}
#endif

#endif
