/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Debug texts of errors, of types that print type names, and of small types (std-types.md, section 6). */
#include "value/debug_internal.h"

#include <inttypes.h>
#include <stdio.h>

#include "value/number.h"
#include "value/shape.h"
#include "value/typename.h"

/* stream-format.md, section 3: fields kind, message, code as known. */
static bool put_io_error(struct fdbg_debug *debug, const struct fdbg_value *value,
			 const struct std_rule *rule)
{
	const struct fdbg_value *kind = fdbg_shape_field(value, "kind");
	const struct fdbg_value *code = fdbg_shape_field(value, "code");
	const struct fdbg_value *message = fdbg_shape_field(value, "message");
	const struct fdbg_value *error = fdbg_shape_field(value, "error");
	struct fdbg_debug_group group;

	(void)rule;
	if (!kind)
		return false;
	if (!code && !message && !error) {
		fdbg_debug_wrap(debug, "Kind", kind);
		return true;
	}
	fdbg_debug_text(debug, code ? "Os" : error ? "Custom" : "Error");
	group = fdbg_debug_open(debug, " {", "}", true);
	if (code)
		fdbg_debug_field(debug, &group, FDBG_TEXT("code"), code);
	fdbg_debug_field(debug, &group, FDBG_TEXT("kind"), kind);
	if (message)
		fdbg_debug_field(debug, &group, FDBG_TEXT("message"), message);
	if (error)
		fdbg_debug_field(debug, &group, FDBG_TEXT("error"), error);
	fdbg_debug_close(debug, &group);
	return true;
}

/* What std makes of a string that becomes an error: prints as the string. */
static bool put_string_error(struct fdbg_debug *debug, const struct fdbg_value *value,
			     const struct std_rule *rule)
{
	return fdbg_text_ends(value->kind == FDBG_VALUE_STRUCT ? value->record.type : FDBG_TEXT(""),
			      "::from::StringError") && fdbg_debug_inner(debug, value, rule);
}

/* `_Align1Shl3` is 8. */
static bool shift_of(const struct fdbg_value *align, unsigned int *ret)
{
	static const char mark[] = "_Align1Shl";
	struct fdbg_text name;
	unsigned int shift = 0;

	if (!align || align->kind != FDBG_VALUE_ENUM)
		return false;
	name = align->enumeration.variant;
	if (!fdbg_text_starts(name, mark) || name.len > sizeof(mark) - 1 + 2 || name.len < sizeof(mark))
		return false;
	for (size_t i = sizeof(mark) - 1; i < name.len; i++) {
		if (name.data[i] < '0' || name.data[i] > '9')
			return false;
		shift = shift * 10 + (unsigned int)(name.data[i] - '0');
	}
	*ret = shift;
	return shift < 64;
}

static bool put_alignment(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	unsigned int shift;
	char text[48];

	(void)rule;
	if (!shift_of(fdbg_shape_peel(value), &shift))
		return false;
	snprintf(text, sizeof(text), "%" PRIu64 " (1 << %u)", (uint64_t)1 << shift, shift);
	fdbg_debug_text(debug, text);
	return true;
}

static bool put_layout(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	const struct fdbg_value *size = fdbg_shape_field(value, "size");
	const struct fdbg_value *align = fdbg_shape_field(value, "align");
	struct fdbg_debug_group group;
	unsigned int shift;

	if (!size || !shift_of(fdbg_shape_peel(align), &shift))
		return false;
	fdbg_debug_text(debug, "Layout");
	group = fdbg_debug_open(debug, " {", "}", true);
	fdbg_debug_field(debug, &group, FDBG_TEXT("size"), size);
	fdbg_debug_item_begin(debug, &group);
	fdbg_debug_text(debug, "align: ");
	put_alignment(debug, align, rule);
	fdbg_debug_item_end(debug, &group);
	fdbg_debug_close(debug, &group);
	return true;
}

/* A number of 128 bits in two words that are pointers to the compiler. */
static bool put_type_id(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	const struct fdbg_value *data = fdbg_shape_field(value, "data");
	char text[48];

	(void)rule;
	if (!data || data->kind != FDBG_VALUE_ARRAY || data->array.n_items != 2 ||
	    data->array.items[0].kind != FDBG_VALUE_REF || data->array.items[1].kind != FDBG_VALUE_REF)
		return false;
	snprintf(text, sizeof(text), "TypeId(0x%016" PRIx64 "%016" PRIx64 ")", data->array.items[1].ref.address,
		 data->array.items[0].ref.address);
	fdbg_debug_text(debug, text);
	return true;
}

/* A pointer to the file's name, which Debug does not show. */
static bool put_location(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	const struct fdbg_value *pointer = fdbg_shape_peel(fdbg_shape_field(value, "filename"));
	const struct fdbg_value *data = fdbg_shape_field(pointer, "data_ptr");
	const struct fdbg_value *line = fdbg_shape_field(value, "line"), *column = fdbg_shape_field(value, "col");
	struct fdbg_debug_group group;

	(void)rule;
	if (!data || data->kind != FDBG_VALUE_REF || !line || !column)
		return false;
	fdbg_debug_text(debug, "Location");
	group = fdbg_debug_open(debug, " {", "}", true);
	fdbg_debug_item_begin(debug, &group);
	fdbg_debug_text(debug, "file: ");
	if (data->ref.target)
		fdbg_debug_value(debug, data->ref.target);
	else
		fdbg_debug_text(debug, "<unreadable>");
	fdbg_debug_item_end(debug, &group);
	fdbg_debug_field(debug, &group, FDBG_TEXT("line"), line);
	fdbg_debug_field(debug, &group, FDBG_TEXT("column"), column);
	fdbg_debug_close(debug, &group);
	return true;
}

/* A SIMD vector is a struct with an array, but prints its lanes as fields. */
static bool put_simd(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	const struct fdbg_value *lanes;
	struct fdbg_debug_group group;
	struct fdbg_text name;

	(void)rule;
	if (value->kind != FDBG_VALUE_STRUCT || value->record.n_fields != 1 ||
	    value->record.fields[0].value.kind != FDBG_VALUE_ARRAY)
		return false;
	lanes = &value->record.fields[0].value;
	name = fdbg_typename_short(value->record.type);
	fdbg_debug_put(debug, name.data, name.len);
	group = fdbg_debug_open(debug, "(", ")", false);
	for (size_t i = 0; i < lanes->array.n_items && !debug->stopped; i++) {
		fdbg_debug_item_begin(debug, &group);
		fdbg_debug_value(debug, &lanes->array.items[i]);
		fdbg_debug_item_end(debug, &group);
	}
	if (lanes->cut)
		fdbg_debug_rest(debug, &group, "…");
	fdbg_debug_close(debug, &group);
	return true;
}

/* Types that print as their own name with its arguments; rule->text is what stands before the arguments. */

static bool put_phantom(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	if (value->kind != FDBG_VALUE_STRUCT || value->record.n_fields)
		return false;
	fdbg_debug_text(debug, rule->text);
	if (debug->minor < FDBG_MINOR_PHANTOM_TYPE)
		return true;
	fdbg_debug_text(debug, "<");
	fdbg_debug_type_name(debug, fdbg_typename_arguments(value->record.type));
	fdbg_debug_text(debug, ">");
	return true;
}

static bool put_maybe_uninit(struct fdbg_debug *debug, const struct fdbg_value *value,
			     const struct std_rule *rule)
{
	if (value->kind != FDBG_VALUE_STRUCT)
		return false;
	if (debug->minor < FDBG_MINOR_SHORT_UNINIT)
		fdbg_debug_text(debug, "core::mem::maybe_uninit::");
	fdbg_debug_text(debug, rule->text);
	fdbg_debug_text(debug, "<");
	fdbg_debug_type_name(debug, fdbg_typename_arguments(value->record.type));
	fdbg_debug_text(debug, ">");
	return true;
}

const struct std_rule fdbg_debug_small_rules[] = {
	{ "alloc::boxed::convert::*", put_string_error, NULL },
	{ "core::alloc::layout::Layout", put_layout, NULL },
	{ "core::any::TypeId", put_type_id, NULL },
	{ "core::core_arch::*", put_simd, NULL },
	{ "core::io::error::Error", put_io_error, NULL },
	{ "core::marker::PhantomData<", put_phantom, "PhantomData" },
	{ "core::mem::alignment::Alignment", put_alignment, NULL },
	{ "core::mem::maybe_uninit::MaybeUninit<", put_maybe_uninit, "MaybeUninit" },
	{ "core::panic::location::Location", put_location, NULL },
	{ "core::ptr::alignment::Alignment", put_alignment, NULL },
	{ "std::collections::hash::map::RandomState", fdbg_debug_fixed, "RandomState { .. }" },
	{ "std::error::*", put_string_error, NULL },
	{ "std::hash::random::RandomState", fdbg_debug_fixed, "RandomState { .. }" },
	{ "std::io::Error", put_io_error, NULL },
	{ "std::io::error::Error", put_io_error, NULL },
	{ "std::io::stdio::Stderr", fdbg_debug_fixed, "Stderr { .. }" },
	{ "std::io::stdio::StderrLock", fdbg_debug_fixed, "StderrLock { .. }" },
	{ "std::io::stdio::Stdin", fdbg_debug_fixed, "Stdin { .. }" },
	{ "std::io::stdio::StdinLock", fdbg_debug_fixed, "StdinLock { .. }" },
	{ "std::io::stdio::Stdout", fdbg_debug_fixed, "Stdout { .. }" },
	{ "std::io::stdio::StdoutLock", fdbg_debug_fixed, "StdoutLock { .. }" },
	{ NULL, NULL, NULL },
};
