/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Parts of Rust type names. */
#include "value/typename.h"

/* Where the last path segment starts, and where its generic arguments do (name.len when it has none). */
static size_t find_segment(struct fdbg_text name, size_t *generics_ret)
{
	size_t start = 0, generics = name.len;
	size_t depth = 0;

	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i];

		if (c == '<' || c == '(' || c == '[' || c == '{') {
			if (c == '<' && !depth && generics == name.len && i > start)
				generics = i;
			depth++;
		} else if (c == '>' || c == ')' || c == ']' || c == '}') {
			/* The arrow of a function type closes nothing. */
			if (depth && !(c == '>' && i && name.data[i - 1] == '-'))
				depth--;
		} else if (c == ':' && !depth && i + 1 < name.len && name.data[i + 1] == ':') {
			start = i + 2;
			generics = name.len;
			i++;
		}
	}
	*generics_ret = generics;
	return start;
}

struct fdbg_text fdbg_typename_short(struct fdbg_text name)
{
	size_t generics, start = find_segment(name, &generics);

	return (struct fdbg_text){ name.data + start, generics - start };
}

struct fdbg_text fdbg_typename_arguments(struct fdbg_text name)
{
	size_t generics;

	find_segment(name, &generics);
	if (generics + 2 > name.len || name.data[name.len - 1] != '>')
		return (struct fdbg_text){ NULL, 0 };
	return (struct fdbg_text){ name.data + generics + 1, name.len - generics - 2 };
}
