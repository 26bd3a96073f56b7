/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Type names as core::any::type_name writes them, made from those of DWARF (std-types.md, section 6.3). */
#include "value/debug_internal.h"

/* Names nest as deep as types do; what is deeper is written as it is. */
enum { MAX_NAME_DEPTH = 100 };

/* The end of the part of a list that starts at `at`: a comma or bracket outside of inner brackets, or len. */
static size_t part_end(struct fdbg_text name, size_t at)
{
	size_t depth = 0;

	for (; at < name.len; at++) {
		char c = name.data[at];

		if (c == '<' || c == '(' || c == '[' || c == '{') {
			depth++;
		} else if (c == '>' || c == ')' || c == ']' || c == '}') {
			/* The arrow of a function type closes nothing. */
			if (c == '>' && at && name.data[at - 1] == '-')
				continue;
			if (!depth)
				return at;
			depth--;
		} else if (c == ',' && !depth) {
			return at;
		}
	}
	return at;
}

static void put_name(struct fdbg_debug *debug, struct fdbg_text name, unsigned int depth);

/*
 * The calling convention of `extern "C" fn()`. Names on the stream cannot hold a `"` and have `'` for it
 * (doc/stream.md). Debug information has neither lifetimes nor characters in names, so here it can stand for
 * nothing else.
 */
static void put_convention(struct fdbg_debug *debug, struct fdbg_text text)
{
	static const char opening[] = "extern '";
	const size_t len = sizeof(opening) - 1;

	for (;;) {
		const char *at = text.len ? memmem(text.data, text.len, opening, len) : NULL;
		size_t start = at ? (size_t)(at - text.data) + len : 0;
		const char *end = at ? memchr(text.data + start, '\'', text.len - start) : NULL;
		size_t stop = end ? (size_t)(end - text.data) : 0;

		if (!end)
			break;
		fdbg_debug_put(debug, text.data, start - 1);
		fdbg_debug_text(debug, "\"");
		fdbg_debug_put(debug, text.data + start, stop - start);
		fdbg_debug_text(debug, "\"");
		text = fdbg_text_part(text, stop + 1, text.len);
	}
	fdbg_debug_put(debug, text.data, text.len);
}

/* Text without brackets; old compilers have no blanks around the plus between bounds. */
static void put_plain(struct fdbg_debug *debug, struct fdbg_text text)
{
	while (debug->minor < FDBG_MINOR_TYPE_BLANKS) {
		const char *plus = text.len ? memmem(text.data, text.len, " + ", 3) : NULL;

		if (!plus)
			break;
		put_convention(debug, fdbg_text_part(text, 0, (size_t)(plus - text.data)));
		fdbg_debug_text(debug, "+");
		text = fdbg_text_part(text, (size_t)(plus - text.data) + 3, text.len);
	}
	put_convention(debug, text);
}

/* The parts of a list between brackets, and how many there were. */
static size_t put_list(struct fdbg_debug *debug, struct fdbg_text list, unsigned int depth)
{
	size_t n = 0;

	for (size_t at = 0; at < list.len;) {
		size_t end = part_end(list, at);

		if (n++)
			fdbg_debug_text(debug, ", ");
		put_name(debug, fdbg_text_part(list, at, end), depth);
		at = end + 1;
		while (at < list.len && list.data[at] == ' ')
			at++;
	}
	return n;
}

static bool is_segment(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
	       (unsigned char)c >= 0x80;
}

/* Arguments that are the parameter's default, which the compiler does not write. */
static bool is_default(struct fdbg_text head, struct fdbg_text first, struct fdbg_text argument)
{
	if (fdbg_text_is(argument, "std::hash::random::RandomState") ||
	    fdbg_text_is(argument, "std::collections::hash::map::RandomState"))
		return fdbg_text_ends(head, "::HashMap") || fdbg_text_ends(head, "::HashSet");
	if (fdbg_text_is(argument, "()"))
		return fdbg_text_ends(head, "::ControlFlow");
	/* fn() -> T */
	return (fdbg_text_is(head, "core::cell::lazy::LazyCell") ||
		fdbg_text_is(head, "std::sync::lazy_lock::LazyLock")) &&
	       fdbg_text_starts(argument, "fn() -> ") && argument.len == first.len + 8 &&
	       fdbg_text_equal(fdbg_text_part(argument, 8, argument.len), first);
}

/* `dyn core::ops::function::Fn<(i32), Output=u8>` is written `dyn core::ops::function::Fn(i32) -> u8`. */
static bool put_callable(struct fdbg_debug *debug, struct fdbg_text head, struct fdbg_text list,
			 unsigned int depth)
{
	static const char output[] = ", Output=";
	size_t end = part_end(list, 0);
	struct fdbg_text result;

	if ((!fdbg_text_ends(head, "core::ops::function::Fn") &&
	     !fdbg_text_ends(head, "core::ops::function::FnMut") &&
	     !fdbg_text_ends(head, "core::ops::function::FnOnce")) ||
	    !list.len || list.data[0] != '(' || end < 2)
		return false;
	fdbg_debug_text(debug, "(");
	put_list(debug, fdbg_text_part(list, 1, end - 1), depth);
	fdbg_debug_text(debug, ")");
	result = fdbg_text_part(list, end, list.len);
	if (!fdbg_text_starts(result, output))
		return true;
	result = fdbg_text_part(result, sizeof(output) - 1, result.len);
	if (fdbg_text_is(result, "()"))
		return true;
	fdbg_debug_text(debug, " -> ");
	put_name(debug, result, depth);
	return true;
}

/* Types with a lifetime, of which DWARF says nothing. The user's own cannot be known. */
static bool has_lifetime(struct fdbg_text name)
{
	static const char *const names[] = {
		"alloc::borrow::Cow", "alloc::collections::binary_heap::Drain", "alloc::collections::binary_heap::Iter",
		"alloc::collections::binary_heap::PeekMut", "alloc::collections::btree::map::Iter",
		"alloc::collections::btree::map::IterMut", "alloc::collections::btree::map::Keys",
		"alloc::collections::btree::map::Range", "alloc::collections::btree::map::RangeMut",
		"alloc::collections::btree::map::Values", "alloc::collections::btree::map::ValuesMut",
		"alloc::collections::btree::set::Iter", "alloc::collections::btree::set::Range",
		"alloc::collections::linked_list::Iter", "alloc::collections::linked_list::IterMut",
		"alloc::collections::vec_deque::drain::Drain", "alloc::collections::vec_deque::iter::Iter",
		"alloc::collections::vec_deque::iter_mut::IterMut", "alloc::string::Drain", "alloc::vec::drain::Drain",
		"core::cell::Ref", "core::cell::RefMut", "core::fmt::Arguments", "core::fmt::Formatter",
		"core::option::Iter", "core::option::IterMut", "core::panic::location::Location", "core::result::Iter",
		"core::slice::iter::Chunks", "core::slice::iter::ChunksExact", "core::slice::iter::ChunksMut",
		"core::slice::iter::Iter", "core::slice::iter::IterMut", "core::slice::iter::RChunks",
		"core::slice::ascii::EscapeAscii", "core::slice::iter::Windows", "core::str::iter::Bytes", "core::str::iter::CharIndices",
		"core::str::iter::EncodeUtf16",
		"core::str::iter::Chars", "core::str::iter::Lines", "core::str::iter::Split",
		"core::str::iter::SplitAsciiWhitespace", "core::str::iter::SplitWhitespace",
		"core::task::wake::Context", "std::collections::hash::map::Drain",
		"std::collections::hash::map::Iter", "std::collections::hash::map::IterMut",
		"std::collections::hash::map::Keys", "std::collections::hash::map::Values",
		"std::collections::hash::map::ValuesMut", "std::collections::hash::set::Drain",
		"std::collections::hash::set::Iter", "std::io::IoSlice", "std::io::stdio::StderrLock",
		"std::io::stdio::StdinLock", "std::io::stdio::StdoutLock", "std::os::fd::owned::BorrowedFd",
		"std::path::Ancestors", "std::path::Component", "std::path::Components", "std::path::Display",
		"std::path::Iter", "std::path::Prefix", "std::path::PrefixComponent", "std::sync::mpsc::Iter",
		"std::sync::mpsc::TryIter", "std::sync::poison::mutex::MutexGuard",
		"std::sync::poison::rwlock::RwLockReadGuard", "std::sync::poison::rwlock::RwLockWriteGuard",
	};

	while (fdbg_text_starts(name, "&") || fdbg_text_starts(name, "*"))
		name = fdbg_text_starts(name, "&mut ") || fdbg_text_starts(name, "*mut ") ? fdbg_text_part(name, 5, name.len) :
		       fdbg_text_starts(name, "*const ") ? fdbg_text_part(name, 7, name.len) : fdbg_text_part(name, 1, name.len);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (fdbg_text_is(name, names[i]))
			return true;
	return false;
}

/* An argument; that of an associated type, `Item=u8`, is written with blanks. */
static void put_argument(struct fdbg_debug *debug, struct fdbg_text argument, unsigned int depth)
{
	size_t name = 0;

	while (name < argument.len && is_segment(argument.data[name]))
		name++;
	if (name && name < argument.len && argument.data[name] == '=') {
		put_plain(debug, fdbg_text_part(argument, 0, name));
		fdbg_debug_text(debug, " = ");
		argument = fdbg_text_part(argument, name + 1, argument.len);
	}
	put_name(debug, argument, depth);
}

static void put_arguments(struct fdbg_debug *debug, struct fdbg_text head, struct fdbg_text list,
			  unsigned int depth)
{
	struct fdbg_text first = fdbg_text_part(list, 0, part_end(list, 0));
	bool any = false;

	if (put_callable(debug, head, list, depth))
		return;
	if (debug->minor >= FDBG_MINOR_TYPE_LIFETIMES && has_lifetime(head)) {
		fdbg_debug_text(debug, "<'_");
		any = true;
	}
	for (size_t at = 0; at < list.len;) {
		size_t end = part_end(list, at);
		struct fdbg_text argument = fdbg_text_part(list, at, end);

		if (!at || !is_default(head, first, argument)) {
			fdbg_debug_text(debug, any ? ", " : "<");
			put_argument(debug, argument, depth);
			any = true;
		}
		at = end + 1;
		while (at < list.len && list.data[at] == ' ')
			at++;
	}
	if (any)
		fdbg_debug_text(debug, ">");
}

/* One type; its parts in brackets are written in their turn. */
static void put_name(struct fdbg_debug *debug, struct fdbg_text name, unsigned int depth)
{
	size_t done = 0;

	if (depth >= MAX_NAME_DEPTH) {
		put_plain(debug, name);
		return;
	}
	for (size_t at = 0; at < name.len && !debug->stopped; at++) {
		char c = name.data[at];
		struct fdbg_text head = fdbg_text_part(name, done, at), list;
		size_t end;

		if (c != '<' && c != '(' && c != '[')
			continue;
		end = at + 1;
		do
			end = part_end(name, end);
		while (end < name.len && name.data[end] == ',' && ++end);
		/* A name with brackets that do not match is written as it is from there on. */
		if (end >= name.len || name.data[end] != (c == '<' ? '>' : c == '(' ? ')' : ']'))
			break;
		list = fdbg_text_part(name, at + 1, end);
		put_plain(debug, head);
		if (c == '<' && at) {
			put_arguments(debug, head, list, depth + 1);
		} else if (c == '(') {
			bool tuple = !at || (!is_segment(name.data[at - 1]) && !fdbg_text_ends(head, "fn"));
			bool bounds = fdbg_text_starts(list, "dyn ");

			/* Bounds stand without parentheses; a tuple of one has its comma. */
			fdbg_debug_text(debug, bounds ? "" : "(");
			if (put_list(debug, list, depth + 1) == 1 && tuple && !bounds)
				fdbg_debug_text(debug, ",");
			fdbg_debug_text(debug, bounds ? "" : ")");
		} else {
			fdbg_debug_text(debug, c == '<' ? "<" : "[");
			put_list(debug, list, depth + 1);
			fdbg_debug_text(debug, c == '<' ? ">" : "]");
		}
		done = end + 1;
		at = end;
	}
	put_plain(debug, fdbg_text_part(name, done, name.len));
	if (!done && debug->minor >= FDBG_MINOR_TYPE_LIFETIMES && has_lifetime(name))
		fdbg_debug_text(debug, "<'_>");
}

void fdbg_debug_type_name(struct fdbg_debug *debug, struct fdbg_text name)
{
	put_name(debug, name, 0);
}
