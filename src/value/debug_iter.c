/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The texts of iterators (std-types.md, section 6.1). */
#include "value/debug_internal.h"

#include "value/escape.h"
#include "value/shape.h"
#include "value/typename.h"

/* The name and in brackets what is left to give, and also how much that is when it is given. */
static bool put_tuple(struct fdbg_debug *debug, struct fdbg_text name, const struct fdbg_value *items,
		      const struct fdbg_value *len)
{
	struct fdbg_debug_group group;

	if (!items)
		return false;
	fdbg_debug_put(debug, name.data, name.len);
	group = fdbg_debug_open(debug, "(", ")", false);
	fdbg_debug_item_begin(debug, &group);
	fdbg_debug_value(debug, items);
	fdbg_debug_item_end(debug, &group);
	if (len) {
		fdbg_debug_item_begin(debug, &group);
		fdbg_debug_value(debug, len);
		fdbg_debug_item_end(debug, &group);
	}
	fdbg_debug_close(debug, &group);
	return true;
}

/* `Name([1, 2])` */
static bool put_items(struct fdbg_debug *debug, struct fdbg_text name, const struct fdbg_value *value)
{
	return put_tuple(debug, name, fdbg_shape_field(value, "items"), NULL);
}

/* `[1, 2]` */
static bool put_list(struct fdbg_debug *debug, struct fdbg_text name, const struct fdbg_value *value)
{
	const struct fdbg_value *items = fdbg_shape_field(value, "items");

	(void)name;
	if (items)
		fdbg_debug_value(debug, items);
	return items != NULL;
}

/* `Name([1, 2], 2)` */
static bool put_items_and_len(struct fdbg_debug *debug, struct fdbg_text name, const struct fdbg_value *value)
{
	const struct fdbg_value *len = fdbg_shape_field(value, "len");

	return len && put_tuple(debug, name, fdbg_shape_field(value, "items"), len);
}

/* The characters that are left, as a list that the name and its brackets do not indent. */
static bool put_chars(struct fdbg_debug *debug, struct fdbg_text name, const struct fdbg_value *value)
{
	const struct fdbg_value *text = fdbg_shape_field(value, "items");
	struct fdbg_debug_group group;
	size_t i = 0;

	if (!text || (text->kind != FDBG_VALUE_STR && text->kind != FDBG_VALUE_OPAQUE))
		return false;
	fdbg_debug_put(debug, name.data, name.len);
	fdbg_debug_text(debug, "(");
	if (text->kind == FDBG_VALUE_OPAQUE) {
		fdbg_debug_value(debug, text);
		fdbg_debug_text(debug, ")");
		return true;
	}
	group = fdbg_debug_open(debug, "[", "]", false);
	while (i < text->str.len && !debug->stopped) {
		const uint8_t *bytes = (const uint8_t *)text->str.data + i;
		size_t len = bytes[0] < 0x80 ? 1 : bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
		struct fdbg_value one = { .kind = FDBG_VALUE_PRIM, .prim = { .prim = FDBG_PRIM_CHAR } };
		uint32_t code = len == 1 ? bytes[0] : bytes[0] & (0xffu >> (len + 1));

		/* A file may hold anything: what is no character ends the list. */
		if (len > text->str.len - i)
			break;
		for (size_t k = 1; k < len; k++)
			code = code << 6 | (bytes[k] & 0x3f);
		for (size_t k = 0; k < 4; k++)
			one.prim.bytes[k] = (uint8_t)(code >> 8 * k);
		fdbg_debug_item_begin(debug, &group);
		fdbg_debug_value(debug, &one);
		fdbg_debug_item_end(debug, &group);
		i += len;
	}
	if (text->cut || i < text->str.len)
		fdbg_debug_rest(debug, &group, "…");
	fdbg_debug_close(debug, &group);
	fdbg_debug_text(debug, ")");
	return true;
}

/* Adapters show what they adapt, not the function that they hold, nor what they keep for speed. */
static bool put_adapter(struct fdbg_debug *debug, struct fdbg_text name, const struct fdbg_value *value)
{
	static const char *const hidden[] = { "f", "predicate", "pred", "index", "len", "a_len" };
	bool zip = fdbg_text_is(name, "Zip");
	struct fdbg_debug_group group;

	if (value->kind != FDBG_VALUE_STRUCT)
		return false;
	fdbg_debug_put(debug, name.data, name.len);
	group = fdbg_debug_open(debug, " {", "}", true);
	for (size_t i = 0; i < value->record.n_fields; i++) {
		const struct fdbg_field *field = &value->record.fields[i];
		bool skip = false;

		for (size_t k = 0; k < (zip ? 6 : 3); k++)
			skip |= fdbg_text_is(field->name, hidden[k]);
		if (!skip)
			fdbg_debug_field(debug, &group, field->name, &field->value);
	}
	fdbg_debug_close(debug, &group);
	return true;
}

/* As a tuple of some fields: iterators over collections. */
static bool put_fields(struct fdbg_debug *debug, struct fdbg_text name, const struct fdbg_value *value)
{
	static const char *const shown[] = { "i1", "i2", "inner", "list", "a", "b", "peeked" };
	struct fdbg_debug_group group;

	if (value->kind != FDBG_VALUE_STRUCT)
		return false;
	fdbg_debug_put(debug, name.data, name.len);
	group = fdbg_debug_open(debug, "(", ")", false);
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		const struct fdbg_value *field = fdbg_shape_field(value, shown[i]);
		const struct fdbg_value *items = fdbg_shape_field(field, "items");

		if (!field)
			continue;
		fdbg_debug_item_begin(debug, &group);
		fdbg_debug_value(debug, items && i < 2 ? items : field);
		fdbg_debug_item_end(debug, &group);
	}
	fdbg_debug_close(debug, &group);
	return true;
}

/* An iterator whose field `iter` is one over a slice, under the same name. */
static bool put_iter_field(struct fdbg_debug *debug, struct fdbg_text name, const struct fdbg_value *value)
{
	const struct fdbg_value *iter = fdbg_shape_field(value, "iter");

	return iter && put_items(debug, name, iter);
}

bool fdbg_debug_iter(struct fdbg_debug *debug, struct fdbg_text type, const struct fdbg_value *value)
{
	static const struct {
		const char *prefix;
		bool (*render)(struct fdbg_debug *debug, struct fdbg_text name, const struct fdbg_value *value);
	} rules[] = {
		{ "alloc::vec::into_iter::IntoIter<", put_items },
		{ "alloc::collections::binary_heap::IntoIter<", put_iter_field },
		{ "alloc::collections::binary_heap::Iter<", put_iter_field },
		{ "alloc::collections::btree::map::IntoIter<", put_list },
		{ "alloc::collections::btree::map::IntoKeys<", put_list },
		{ "alloc::collections::btree::map::IntoValues<", put_list },
		{ "alloc::collections::btree::map::Iter<", put_list },
		{ "alloc::collections::btree::map::IterMut<", put_list },
		{ "alloc::collections::btree::map::Keys<", put_list },
		{ "alloc::collections::btree::map::Values<", put_list },
		{ "alloc::collections::btree::map::ValuesMut<", put_list },
		{ "alloc::collections::btree::merge_iter::MergeIterInner<", put_fields },
		{ "alloc::collections::btree::set::Difference<", put_fields },
		{ "alloc::collections::btree::set::Intersection<", put_fields },
		{ "alloc::collections::btree::set::Iter<", put_iter_field },
		{ "alloc::collections::linked_list::IntoIter<", put_fields },
		{ "alloc::collections::linked_list::Iter<", put_items_and_len },
		{ "alloc::collections::linked_list::IterMut<", put_items_and_len },
		{ "alloc::collections::vec_deque::into_iter::IntoIter<", put_fields },
		{ "alloc::collections::vec_deque::iter::Iter<", put_fields },
		{ "alloc::collections::vec_deque::iter_mut::IterMut<", put_fields },
		{ "core::array::iter::IntoIter<", put_items },
		{ "core::slice::iter::Iter<", put_items },
		{ "core::slice::iter::IterMut<", put_items },
		{ "core::slice::iter::Split<", put_adapter },
		{ "core::slice::iter::SplitInclusive<", put_adapter },
		{ "core::slice::iter::SplitInclusiveMut<", put_adapter },
		{ "core::slice::iter::SplitMut<", put_adapter },
		{ "core::str::iter::Chars", put_chars },
		{ "core::iter::adapters::filter::Filter<", put_adapter },
		{ "core::iter::adapters::filter_map::FilterMap<", put_adapter },
		{ "core::iter::adapters::inspect::Inspect<", put_adapter },
		{ "core::iter::adapters::map::Map<", put_adapter },
		{ "core::iter::adapters::map_while::MapWhile<", put_adapter },
		{ "core::iter::adapters::scan::Scan<", put_adapter },
		{ "core::iter::adapters::skip_while::SkipWhile<", put_adapter },
		{ "core::iter::adapters::take_while::TakeWhile<", put_adapter },
		{ "core::iter::adapters::zip::Zip<", put_adapter },
		{ "std::collections::hash::map::Drain<", put_list },
		{ "std::collections::hash::map::IntoIter<", put_list },
		{ "std::collections::hash::map::IntoKeys<", put_list },
		{ "std::collections::hash::map::IntoValues<", put_list },
		{ "std::collections::hash::map::Iter<", put_list },
		{ "std::collections::hash::map::IterMut<", put_list },
		{ "std::collections::hash::map::Keys<", put_list },
		{ "std::collections::hash::map::Values<", put_list },
		{ "std::collections::hash::map::ValuesMut<", put_list },
		{ "std::collections::hash::set::Drain<", put_list },
		{ "std::collections::hash::set::IntoIter<", put_list },
		{ "std::collections::hash::set::Iter<", put_list },
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		size_t len = strlen(rules[i].prefix);

		if (fdbg_text_starts(type, rules[i].prefix) && (rules[i].prefix[len - 1] == '<' || type.len == len))
			return rules[i].render(debug, fdbg_typename_short(type), value);
	}
	return false;
}
