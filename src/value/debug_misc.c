/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Debug texts of what programs pass around less: readers and writers, processes, descriptors, sources of iterators. */
#include "value/debug_internal.h"

#include <stdio.h>
#include <sys/stat.h>

#include "value/number.h"
#include "value/shape.h"
#include "value/typename.h"
#include "value/utf8.h"

/* The number in wrappers. */
static bool number_in(const struct fdbg_value *value, uint64_t *ret)
{
	const struct fdbg_value *prim = fdbg_shape_peel(value);

	if (!prim || prim->kind != FDBG_VALUE_PRIM)
		return false;
	*ret = fdbg_number_low(prim->prim.bytes);
	return true;
}

/* `Name` and a group of one item: a text, and the number in wrappers. */
static bool put_numbered(struct fdbg_debug *debug, const struct fdbg_value *value, const char *name, const char *before)
{
	const struct fdbg_value *prim = fdbg_shape_peel(value);
	struct fdbg_debug_group group;

	if (!prim || prim->kind != FDBG_VALUE_PRIM)
		return false;
	fdbg_debug_text(debug, name);
	group = fdbg_debug_open(debug, " {", "}", true);
	fdbg_debug_item_begin(debug, &group);
	fdbg_debug_text(debug, before);
	fdbg_debug_value(debug, prim);
	fdbg_debug_item_end(debug, &group);
	fdbg_debug_close(debug, &group);
	return true;
}

/* `Name(inner(number))`. */
static bool put_exit(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	const struct fdbg_value *prim = fdbg_shape_peel(value);
	struct fdbg_debug_group group;

	if (!prim || prim->kind != FDBG_VALUE_PRIM)
		return false;
	fdbg_debug_text(debug, rule->text);
	group = fdbg_debug_open(debug, "(", ")", false);
	fdbg_debug_item_begin(debug, &group);
	fdbg_debug_wrap(debug, rule->text[4] == 'C' ? "unix_exit_status" : "unix_wait_status", prim);
	fdbg_debug_item_end(debug, &group);
	fdbg_debug_close(debug, &group);
	return true;
}

static bool put_descriptor(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	return put_numbered(debug, fdbg_shape_field(value, "fd"), rule->text, "fd: ");
}

static bool put_leader(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	return put_numbered(debug, value, rule->text, "is_leader: ");
}

/* Bytes that are shown as a text when they are one. */
static void put_bytes_field(struct fdbg_debug *debug, struct fdbg_debug_group *group, const char *name,
			    const struct fdbg_value *value)
{
	struct fdbg_value text = { .kind = FDBG_VALUE_STR, .cut = value->cut, .total = value->total };

	if (value->kind == FDBG_VALUE_BYTES) {
		text.str = (struct fdbg_text){ (const char *)value->bytes.data, value->bytes.len };
		if (fdbg_utf8_valid(text.str))
			value = &text;
	}
	fdbg_debug_field(debug, group, fdbg_text_from(name), value);
}

static bool put_output(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	const struct fdbg_value *status = fdbg_shape_field(value, "status");
	const struct fdbg_value *out = fdbg_shape_field(value, "stdout"), *err = fdbg_shape_field(value, "stderr");
	struct fdbg_debug_group group;

	if (!status || !out || !err)
		return false;
	fdbg_debug_text(debug, rule->text);
	group = fdbg_debug_open(debug, " {", "}", true);
	fdbg_debug_field(debug, &group, FDBG_TEXT("status"), status);
	put_bytes_field(debug, &group, "stdout", out);
	put_bytes_field(debug, &group, "stderr", err);
	fdbg_debug_close(debug, &group);
	return true;
}

/* Those of io that have nothing in them. */
static bool put_end(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	(void)value;
	fdbg_debug_text(debug, rule->text);
	if (debug->minor < FDBG_MINOR_BARE_ENDS)
		fdbg_debug_text(debug, " { .. }");
	return true;
}

static bool put_reader(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	const struct fdbg_value *inner = fdbg_shape_field(value, "inner"), *buf = fdbg_shape_field(value, "buf");
	const struct fdbg_value *buffer = fdbg_shape_field(buf, "buf") ? buf : value;
	const struct fdbg_value *bytes = fdbg_shape_peel(fdbg_shape_field(buffer, "buf"));
	const struct fdbg_value *filled = fdbg_shape_field(buffer, "filled");
	struct fdbg_debug_group group;
	uint64_t from, to, all;
	char text[64];

	if (!filled)
		filled = fdbg_shape_field(buffer, "cap");
	if (bytes && bytes->kind == FDBG_VALUE_REF)
		bytes = bytes->ref.target;
	if (!inner || !bytes || bytes->kind != FDBG_VALUE_ARRAY ||
	    !number_in(fdbg_shape_field(buffer, "pos"), &from) || !number_in(filled, &to) || from > to)
		return false;
	all = bytes->cut ? bytes->total : bytes->array.n_items;
	fdbg_debug_text(debug, rule->text);
	group = fdbg_debug_open(debug, " {", "}", true);
	fdbg_debug_field(debug, &group, FDBG_TEXT("reader"), inner);
	fdbg_debug_item_begin(debug, &group);
	snprintf(text, sizeof(text), "buffer: %llu/%llu", (unsigned long long)(to - from), (unsigned long long)all);
	fdbg_debug_text(debug, text);
	fdbg_debug_item_end(debug, &group);
	fdbg_debug_close(debug, &group);
	return true;
}

/* Of a file's mode: in octal, and as a listing of a directory has it. */
static bool put_mode(struct fdbg_debug *debug, uint64_t mode)
{
	static const struct { uint32_t type; char letter; } types[] = {
		{ S_IFDIR, 'd' }, { S_IFBLK, 'b' }, { S_IFCHR, 'c' }, { S_IFLNK, 'l' }, { S_IFIFO, 'p' }, { S_IFREG, '-' },
	};
	char text[32], letter = 0;

	snprintf(text, sizeof(text), "0o%06llo", (unsigned long long)mode);
	fdbg_debug_text(debug, text);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if ((mode & S_IFMT) == types[i].type)
			letter = types[i].letter;
	if (!letter)
		return true;
	snprintf(text, sizeof(text), " (%c%c%c%c%c%c%c%c%c%c)", letter,
		 mode & S_IRUSR ? 'r' : '-', mode & S_IWUSR ? 'w' : '-',
		 mode & S_ISUID ? mode & S_IXUSR ? 's' : 'S' : mode & S_IXUSR ? 'x' : '-',
		 mode & S_IRGRP ? 'r' : '-', mode & S_IWGRP ? 'w' : '-',
		 mode & S_ISGID ? mode & S_IXGRP ? 's' : 'S' : mode & S_IXGRP ? 'x' : '-',
		 mode & S_IROTH ? 'r' : '-', mode & S_IWOTH ? 'w' : '-',
		 letter == 'd' && (mode & S_ISVTX) ? mode & S_IXOTH ? 't' : 'T' : mode & S_IXOTH ? 'x' : '-');
	fdbg_debug_text(debug, text);
	return true;
}

/* A struct of the library's own with a mode among its fields. */
static bool put_with_mode(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	struct fdbg_debug_group group;
	uint64_t mode;

	if (debug->minor < FDBG_MINOR_FILE_MODES || value->kind != FDBG_VALUE_STRUCT ||
	    !number_in(fdbg_shape_field(value, "mode"), &mode))
		return false;
	fdbg_debug_text(debug, rule->text);
	group = fdbg_debug_open(debug, " {", "}", true);
	for (size_t i = 0; i < value->record.n_fields; i++) {
		const struct fdbg_field *field = &value->record.fields[i];

		if (!fdbg_text_is(field->name, "mode")) {
			fdbg_debug_field(debug, &group, field->name, &field->value);
			continue;
		}
		fdbg_debug_item_begin(debug, &group);
		fdbg_debug_text(debug, "mode: ");
		put_mode(debug, mode);
		fdbg_debug_item_end(debug, &group);
	}
	fdbg_debug_close(debug, &group);
	return true;
}

static bool put_file_type(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	static const struct { const char *text; uint32_t type; } items[] = {
		{ "is_file: ", S_IFREG }, { "is_dir: ", S_IFDIR }, { "is_symlink: ", S_IFLNK },
	};
	struct fdbg_debug_group group;
	uint64_t mode;

	if (debug->minor < FDBG_MINOR_FILE_MODES || !number_in(value, &mode))
		return false;
	fdbg_debug_text(debug, rule->text);
	group = fdbg_debug_open(debug, " {", "}", true);
	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
		fdbg_debug_item_begin(debug, &group);
		fdbg_debug_text(debug, items[i].text);
		fdbg_debug_text(debug, (mode & S_IFMT) == items[i].type ? "true" : "false");
		fdbg_debug_item_end(debug, &group);
	}
	fdbg_debug_rest(debug, &group, "..");
	fdbg_debug_close(debug, &group);
	return true;
}

/* `Name(items)` of the iterator inside; of the characters of a string the rest of it. */
static bool put_drain(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	const struct fdbg_value *items = fdbg_shape_field(fdbg_shape_field(value, "iter"), "items");

	if (!items)
		return false;
	fdbg_debug_wrap(debug, rule->text, items);
	return true;
}

/* `Name { inner: [items] }` of the vec::IntoIter somewhere inside. */
static bool put_environment(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	const struct fdbg_value *iter = value, *items = NULL;
	struct fdbg_debug_group group;

	while (iter && iter->kind == FDBG_VALUE_STRUCT && iter->record.n_fields == 1)
		iter = &iter->record.fields[0].value;
	items = fdbg_shape_field(iter, "items");
	if (!items)
		return false;
	fdbg_debug_text(debug, rule->text);
	group = fdbg_debug_open(debug, " {", "}", true);
	if (debug->minor < FDBG_MINOR_BARE_ENDS && rule->text[0] == 'V')
		fdbg_debug_rest(debug, &group, "..");
	else
		fdbg_debug_field(debug, &group, FDBG_TEXT("inner"), items);
	fdbg_debug_close(debug, &group);
	return true;
}

/* The greatest element of a heap. */
static bool put_peek(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	const struct fdbg_value *heap = fdbg_shape_field(value, "heap"), *items;
	struct fdbg_value byte = { .kind = FDBG_VALUE_PRIM, .prim = { .prim = FDBG_PRIM_U8 } };

	if (heap && heap->kind == FDBG_VALUE_REF)
		heap = heap->ref.target;
	items = fdbg_shape_field(heap, "items");
	if (items && items->kind == FDBG_VALUE_BYTES && items->bytes.len) {
		byte.prim.bytes[0] = items->bytes.data[0];
		fdbg_debug_wrap(debug, rule->text, &byte);
		return true;
	}
	if (!items || items->kind != FDBG_VALUE_ARRAY || !items->array.n_items)
		return false;
	fdbg_debug_wrap(debug, rule->text, &items->array.items[0]);
	return true;
}

static bool put_waker(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	const struct fdbg_value *raw = fdbg_shape_field(value, "waker");
	const struct fdbg_value *data = fdbg_shape_field(raw, "data"), *vtable = fdbg_shape_field(raw, "vtable");
	struct fdbg_debug_group group;

	if (!data || !vtable || data->kind != FDBG_VALUE_REF || vtable->kind != FDBG_VALUE_REF)
		return false;
	fdbg_debug_text(debug, rule->text);
	group = fdbg_debug_open(debug, " {", "}", true);
	fdbg_debug_item_begin(debug, &group);
	fdbg_debug_text(debug, "data: ");
	fdbg_debug_address(debug, data->ref.address);
	fdbg_debug_item_end(debug, &group);
	fdbg_debug_item_begin(debug, &group);
	fdbg_debug_text(debug, "vtable: ");
	fdbg_debug_address(debug, vtable->ref.address);
	fdbg_debug_item_end(debug, &group);
	fdbg_debug_close(debug, &group);
	return true;
}

/* Only the field that rule->text names, which follows the name of the type. */
static bool put_one_field(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	const struct fdbg_value *field = fdbg_shape_field(value, rule->text);
	struct fdbg_text name;
	struct fdbg_debug_group group;

	if (!field)
		return false;
	name = fdbg_typename_short(value->record.type);
	fdbg_debug_put(debug, name.data, name.len);
	group = fdbg_debug_open(debug, " {", "}", true);
	fdbg_debug_field(debug, &group, fdbg_text_from(rule->text), field);
	fdbg_debug_close(debug, &group);
	return true;
}

/* As the path or platform string in it. */
static bool put_display(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	const struct fdbg_value *inner = fdbg_shape_peel(value);

	(void)rule;
	if (!inner || inner->kind != FDBG_VALUE_REF || !inner->ref.target)
		return false;
	fdbg_debug_value(debug, inner->ref.target);
	return true;
}

/* What is inside is an Option of both; Debug shows a count and an Option of the element. */
static bool put_repeat_n(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	const struct fdbg_value *inner = fdbg_shape_field(value, "inner"), *parts, *count = NULL, *element = NULL;
	struct fdbg_debug_group group;

	if (!inner || inner->kind != FDBG_VALUE_VARIANT || inner->variant.n_fields > 1)
		return false;
	parts = inner->variant.n_fields ? &inner->variant.fields[0].value : NULL;
	if (parts) {
		count = fdbg_shape_field(parts, "count");
		element = fdbg_shape_field(parts, "element");
		if (!count || !element)
			return false;
	}
	fdbg_debug_text(debug, rule->text);
	group = fdbg_debug_open(debug, " {", "}", true);
	fdbg_debug_item_begin(debug, &group);
	fdbg_debug_text(debug, "count: ");
	if (count)
		fdbg_debug_value(debug, count);
	else
		fdbg_debug_text(debug, "0");
	fdbg_debug_item_end(debug, &group);
	fdbg_debug_item_begin(debug, &group);
	fdbg_debug_text(debug, "element: ");
	if (element)
		fdbg_debug_wrap(debug, "Some", element);
	else
		fdbg_debug_text(debug, "None");
	fdbg_debug_item_end(debug, &group);
	fdbg_debug_close(debug, &group);
	return true;
}

const struct std_rule fdbg_debug_misc_rules[] = {
	{ "alloc::collections::binary_heap::PeekMut<", put_peek, "PeekMut" },
	{ "alloc::string::Drain", put_drain, "Drain" },
	{ "alloc::vec::drain::Drain<", put_drain, "Drain" },
	{ "core::ascii::EscapeDefault", fdbg_debug_fixed, "EscapeDefault { .. }" },
	{ "core::future::pending::Pending<", fdbg_debug_fixed, "Pending" },
	{ "core::hash::BuildHasherDefault<", fdbg_debug_fixed, "BuildHasherDefault" },
	{ "core::iter::sources::empty::Empty<", fdbg_debug_fixed, "Empty" },
	{ "core::iter::sources::from_fn::FromFn<", fdbg_debug_fixed, "FromFn" },
	{ "core::iter::sources::repeat_n::RepeatN<", put_repeat_n, "RepeatN" },
	{ "core::iter::sources::successors::Successors<", put_one_field, "next" },
	{ "core::slice::ascii::EscapeAscii", fdbg_debug_fixed, "EscapeAscii { .. }" },
	{ "core::str::iter::EncodeUtf16", fdbg_debug_fixed, "EncodeUtf16 { .. }" },
	{ "core::task::wake::Context", put_one_field, "waker" },
	{ "core::task::wake::Waker", put_waker, "Waker" },
	{ "std::env::Args", put_environment, "Args" },
	{ "std::env::ArgsOs", put_environment, "ArgsOs" },
	{ "std::env::Vars", put_environment, "Vars" },
	{ "std::env::VarsOs", put_environment, "VarsOs" },
	{ "std::fs::FileType", put_file_type, "FileType" },
	{ "std::io::buffered::bufreader::BufReader<", put_reader, "BufReader" },
	{ "std::io::util::Empty", put_end, "Empty" },
	{ "std::io::util::Repeat", fdbg_debug_fixed, "Repeat { .. }" },
	{ "std::io::util::Sink", put_end, "Sink" },
	{ "std::os::fd::owned::BorrowedFd", put_descriptor, "BorrowedFd" },
	{ "std::os::fd::owned::OwnedFd", put_descriptor, "OwnedFd" },
	{ "std::path::Display", put_display, NULL },
	{ "std::process::ExitCode", put_exit, "ExitCode" },
	{ "std::process::ExitStatus", put_exit, "ExitStatus" },
	{ "std::process::Output", put_output, "Output" },
	{ "std::process::Stdio", fdbg_debug_fixed, "Stdio { .. }" },
	{ "std::sync::barrier::BarrierWaitResult", put_leader, "BarrierWaitResult" },
	{ "std::sys::fs::unix::FilePermissions", put_with_mode, "FilePermissions" },
	{ "std::sys::fs::unix::OpenOptions", put_with_mode, "OpenOptions" },
	{ NULL, NULL, NULL },
};
