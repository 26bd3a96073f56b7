/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Debug texts of paths, platform strings and C strings (std-types.md, section 6.1). */
#include "value/debug_internal.h"

#include "value/escape.h"
#include "value/shape.h"

bool fdbg_debug_inner_text(const struct fdbg_value *value, struct fdbg_text *ret, bool *cut_ret)
{
	value = fdbg_shape_peel(value);
	if (value && value->kind == FDBG_VALUE_REF && value->ref.kind != FDBG_REF_PTR)
		value = fdbg_shape_peel(value->ref.target);
	if (value && value->kind == FDBG_VALUE_BYTES)
		*ret = (struct fdbg_text){ (const char *)value->bytes.data, value->bytes.len };
	else if (value && value->kind == FDBG_VALUE_STR)
		*ret = value->str;
	else
		return false;
	*cut_ret = value->cut;
	return true;
}

/* Bytes in wrappers; rule->text is "c" for C strings. */
static bool put_text(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	struct fdbg_text bytes;
	bool c_string = rule->text != NULL;
	unsigned int flavour = c_string ? FDBG_ESCAPE_CSTR : FDBG_ESCAPE_PATH;
	struct fdbg_buf text = { 0 };
	size_t len;
	bool cut;

	if (value->kind != FDBG_VALUE_STRUCT || !fdbg_debug_inner_text(value, &bytes, &cut))
		return false;
	len = bytes.len;
	/* The length of a CString counts its NUL. */
	if (c_string && len && !cut && !bytes.data[len - 1])
		len--;
	/* Escapes make a text longer, never shorter: what is beyond the limit need not be looked at. */
	if (len > debug->max_bytes)
		len = debug->max_bytes + 1;
	fdbg_debug_charge(debug, len);
	if (debug->minor < FDBG_MINOR_UNICODE)
		flavour |= FDBG_ESCAPE_OLD_TABLE;
	if (debug->minor < (c_string ? FDBG_MINOR_BYTE_STR : FDBG_MINOR_PATH_QUOTES))
		flavour |= FDBG_ESCAPE_OLD_QUOTES;
	fdbg_escape_string(&text, bytes.data, len, (enum fdbg_escape_flavour)flavour);
	fdbg_debug_text(debug, "\"");
	fdbg_debug_put(debug, (const char *)text.data, text.len);
	fdbg_debug_text(debug, cut ? "…\"" : "\"");
	fdbg_buf_deinit(&text);
	return true;
}

const struct std_rule fdbg_debug_text_rules[] = {
	{ "alloc::ffi::c_str::CString", put_text, "c" },
	{ "core::ffi::c_str::CStr", put_text, "c" },
	{ "std::ffi::os_str::OsStr", put_text, NULL },
	{ "std::ffi::os_str::OsString", put_text, NULL },
	{ "std::path::Path", put_text, NULL },
	{ "std::path::PathBuf", put_text, NULL },
	{ NULL, NULL, NULL },
};
