/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The standard library's own Debug texts, as a table by type name (std-types.md, sections 3, 6 and 8). */
#include "value/debug_internal.h"

#include <stdio.h>

#include "value/escape.h"
#include "value/number.h"
#include "value/shape.h"
#include "value/typename.h"

void fdbg_debug_unresolved(struct fdbg_debug *debug, uint64_t address)
{
	struct fdbg_value value = { .kind = FDBG_VALUE_REF, .ref = { FDBG_REF_REF, address, NULL } };

	fdbg_debug_value(debug, &value);
}

/* dyn Any prints the same whatever it holds. */
static bool is_any(struct fdbg_text type)
{
	static const char any[] = "dyn core::any::Any";
	const char *bracket = memchr(type.data, '<', type.len);
	size_t skip = fdbg_text_starts(type, "&mut ") ? 5 : fdbg_text_starts(type, "&") ? 1 :
		      bracket ? (size_t)(bracket - type.data) + 1 : 0;

	/* Directly behind the pointer's own name (`&`, `Box<`, `Rc<(` …), not inside another type. */
	if (skip < type.len && type.data[skip] == '(')
		skip++;
	type = (struct fdbg_text){ type.data + skip, type.len - skip };
	return fdbg_text_starts(type, any) &&
	       (type.len == sizeof(any) - 1 || !memchr("abcdefghijklmnopqrstuvwxyz_:<", type.data[sizeof(any) - 1], 29));
}

static bool put_counted(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	struct fdbg_shape_counted counted;

	(void)rule;
	if (!fdbg_shape_counted(value, &counted))
		return false;
	if (is_any(value->record.type))
		fdbg_debug_text(debug, "Any { .. }");
	else if (counted.content)
		fdbg_debug_value(debug, counted.content);
	else
		fdbg_debug_unresolved(debug, counted.address);
	return true;
}

static bool put_dyn(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	struct fdbg_shape_dyn dyn;

	(void)rule;
	if (!fdbg_shape_dyn(value, &dyn))
		return false;
	if (is_any(value->record.type))
		fdbg_debug_text(debug, "Any { .. }");
	else if (dyn.pointer->ref.target)
		fdbg_debug_value(debug, dyn.pointer->ref.target);
	else
		fdbg_debug_unresolved(debug, dyn.pointer->ref.address);
	return true;
}

/*
 * A trait object whose concrete type is not known: no claim is made about what it holds. With one field: dyn Any at the
 * end of a struct.
 */
static bool put_dyn_object(struct fdbg_debug *debug, const struct fdbg_value *value,
			   const struct std_rule *rule)
{
	(void)rule;
	if (value->kind != FDBG_VALUE_STRUCT)
		return false;
	if (value->record.n_fields == 1 && is_any(value->record.type)) {
		fdbg_debug_text(debug, "Any { .. }");
		return true;
	}
	if (value->record.n_fields)
		return false;
	fdbg_debug_text(debug, "<");
	fdbg_debug_put(debug, value->record.type.data, value->record.type.len);
	fdbg_debug_text(debug, ">");
	return true;
}

static bool put_raw_dyn(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	struct fdbg_debug_group group, inner;
	struct fdbg_shape_dyn dyn;

	(void)rule;
	if (!fdbg_shape_dyn(value, &dyn))
		return false;
	if (debug->minor < FDBG_MINOR_POINTER_PARTS) {
		fdbg_debug_address(debug, dyn.pointer->ref.address);
		return true;
	}
	fdbg_debug_text(debug, "Pointer");
	group = fdbg_debug_open(debug, " {", "}", true);
	fdbg_debug_item_begin(debug, &group);
	fdbg_debug_text(debug, "addr: ");
	fdbg_debug_address(debug, dyn.pointer->ref.address);
	fdbg_debug_item_end(debug, &group);
	fdbg_debug_item_begin(debug, &group);
	fdbg_debug_text(debug, "metadata: DynMetadata");
	inner = fdbg_debug_open(debug, "(", ")", false);
	fdbg_debug_item_begin(debug, &inner);
	fdbg_debug_address(debug, dyn.vtable->ref.address);
	fdbg_debug_item_end(debug, &inner);
	fdbg_debug_close(debug, &inner);
	fdbg_debug_item_end(debug, &group);
	fdbg_debug_close(debug, &group);
	return true;
}

/* Raw fat pointers: to trait objects, to slices and str, to structs that end in one. */
static bool put_raw(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	const struct fdbg_value *pointer = fdbg_shape_field(value, "data_ptr");
	const struct fdbg_value *length = fdbg_shape_field(value, "length");
	struct fdbg_debug_group group;

	if (!pointer || !length || pointer->kind != FDBG_VALUE_REF)
		return put_raw_dyn(debug, value, rule);
	if (debug->minor < FDBG_MINOR_POINTER_PARTS) {
		fdbg_debug_address(debug, pointer->ref.address);
		return true;
	}
	fdbg_debug_text(debug, "Pointer");
	group = fdbg_debug_open(debug, " {", "}", true);
	fdbg_debug_item_begin(debug, &group);
	fdbg_debug_text(debug, "addr: ");
	fdbg_debug_address(debug, pointer->ref.address);
	fdbg_debug_item_end(debug, &group);
	fdbg_debug_field(debug, &group, FDBG_TEXT("metadata"), length);
	fdbg_debug_close(debug, &group);
	return true;
}

/* The items of a collection: its field `items`, an array. */
static const struct fdbg_value *items_of(const struct fdbg_value *value)
{
	const struct fdbg_value *items = fdbg_shape_field(value, "items");

	return items && (items->kind == FDBG_VALUE_ARRAY || items->kind == FDBG_VALUE_BYTES ||
			 items->kind == FDBG_VALUE_OPAQUE) ? items : NULL;
}

static bool put_map(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	const struct fdbg_value *items = items_of(value);
	struct fdbg_debug_group group;

	(void)rule;
	if (!items || items->kind == FDBG_VALUE_BYTES)
		return false;
	if (items->kind == FDBG_VALUE_OPAQUE) {
		fdbg_debug_value(debug, items);
		return true;
	}
	group = fdbg_debug_open(debug, "{", "}", false);
	for (size_t i = 0; i < items->array.n_items && !debug->stopped; i++) {
		const struct fdbg_value *item = &items->array.items[i];

		fdbg_debug_item_begin(debug, &group);
		if (item->kind == FDBG_VALUE_STRUCT && item->record.n_fields == 2) {
			fdbg_debug_value(debug, &item->record.fields[0].value);
			fdbg_debug_text(debug, ": ");
			fdbg_debug_value(debug, &item->record.fields[1].value);
		} else {
			fdbg_debug_value(debug, item);
		}
		fdbg_debug_item_end(debug, &group);
	}
	if (items->cut)
		fdbg_debug_rest(debug, &group, "…");
	fdbg_debug_close(debug, &group);
	return true;
}

static bool put_set(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	const struct fdbg_value *items = items_of(value);
	struct fdbg_debug_group group;
	size_t n;

	(void)rule;
	if (!items)
		return false;
	if (items->kind == FDBG_VALUE_OPAQUE) {
		fdbg_debug_value(debug, items);
		return true;
	}
	group = fdbg_debug_open(debug, "{", "}", false);
	n = items->kind == FDBG_VALUE_BYTES ? items->bytes.len : items->array.n_items;
	for (size_t i = 0; i < n && !debug->stopped; i++) {
		struct fdbg_value byte = { .kind = FDBG_VALUE_PRIM, .prim = { .prim = FDBG_PRIM_U8 } };

		fdbg_debug_item_begin(debug, &group);
		if (items->kind == FDBG_VALUE_BYTES)
			byte.prim.bytes[0] = items->bytes.data[i];
		fdbg_debug_value(debug, items->kind == FDBG_VALUE_BYTES ? &byte : &items->array.items[i]);
		fdbg_debug_item_end(debug, &group);
	}
	if (items->cut)
		fdbg_debug_rest(debug, &group, "…");
	fdbg_debug_close(debug, &group);
	return true;
}

static bool put_list(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	const struct fdbg_value *items = items_of(value);

	(void)rule;
	if (items)
		fdbg_debug_value(debug, items);
	return items != NULL;
}

/* `Name { text: content }` where content is two fields down: Cell, RefCell. */
static bool put_cell(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	const struct fdbg_value *content = fdbg_shape_field(value, "value");
	const struct fdbg_value *borrow = fdbg_shape_peel(fdbg_shape_field(value, "borrow"));
	struct fdbg_debug_group group;

	if (content && content->kind == FDBG_VALUE_STRUCT &&
	    fdbg_text_starts(content->record.type, "core::cell::UnsafeCell<"))
		content = fdbg_shape_field(content, "value");
	if (!content)
		return false;
	fdbg_debug_text(debug, rule->text);
	group = fdbg_debug_open(debug, " {", "}", true);
	/* A negative count of borrows: borrowed mutably, its content is not to be seen. */
	if (borrow && borrow->kind == FDBG_VALUE_PRIM && borrow->prim.bytes[7] & 0x80) {
		fdbg_debug_item_begin(debug, &group);
		fdbg_debug_text(debug, "value: <borrowed>");
		fdbg_debug_item_end(debug, &group);
	} else {
		fdbg_debug_field(debug, &group, FDBG_TEXT("value"), content);
	}
	fdbg_debug_close(debug, &group);
	return true;
}

/* The number inside wrappers; AtomicBool keeps its bool in a u8. */
static bool put_number(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	const struct fdbg_value *inner = fdbg_shape_peel(value);
	struct fdbg_value truth;

	(void)rule;
	if (!inner || (inner->kind != FDBG_VALUE_PRIM && inner->kind != FDBG_VALUE_REF))
		return false;
	if (inner->kind == FDBG_VALUE_PRIM && inner->prim.prim == FDBG_PRIM_U8 &&
	    (fdbg_text_is(value->record.type, "core::sync::atomic::AtomicBool") ||
	     fdbg_text_is(value->record.type, "core::sync::atomic::Atomic<bool>"))) {
		truth = *inner;
		truth.prim.prim = FDBG_PRIM_BOOL;
		inner = &truth;
	}
	if (inner->kind == FDBG_VALUE_REF)
		fdbg_debug_address(debug, inner->ref.address);
	else
		fdbg_debug_value(debug, inner);
	return true;
}

bool fdbg_debug_inner(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	(void)rule;
	if (value->kind == FDBG_VALUE_STRUCT && value->record.n_fields == 1)
		fdbg_debug_value(debug, &value->record.fields[0].value);
	else if (value->kind == FDBG_VALUE_VARIANT && value->variant.n_fields == 1)
		fdbg_debug_value(debug, &value->variant.fields[0].value);
	else
		return false;
	return true;
}

/* As the pointer inside, which may be of two words. */
static bool put_non_null(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	return put_number(debug, value, rule) || fdbg_debug_inner(debug, value, rule);
}

static bool put_range(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	const struct fdbg_value *start = fdbg_shape_field(value, "start");
	const struct fdbg_value *end = fdbg_shape_field(value, "end");
	const struct fdbg_value *exhausted = fdbg_shape_field(value, "exhausted");

	if (value->kind != FDBG_VALUE_STRUCT ||
	    value->record.n_fields != (size_t)(!!start + !!end + !!exhausted))
		return false;
	if (start)
		fdbg_debug_value(debug, start);
	fdbg_debug_text(debug, rule->text);
	if (end)
		fdbg_debug_value(debug, end);
	if (exhausted && exhausted->kind == FDBG_VALUE_PRIM && exhausted->prim.bytes[0])
		fdbg_debug_text(debug, " (exhausted)");
	return true;
}

static bool number_field(const struct fdbg_value *value, const char *name, uint64_t *ret)
{
	const struct fdbg_value *prim = fdbg_shape_peel(fdbg_shape_field(value, name));

	if (!prim || prim->kind != FDBG_VALUE_PRIM)
		return false;
	*ret = fdbg_number_low(prim->prim.bytes);
	return true;
}

/* std-types.md, section 8: the largest unit in which the value is at least 1. */
static bool put_duration(struct fdbg_debug *debug, const struct fdbg_value *value,
			 const struct std_rule *rule)
{
	uint64_t secs, nanos, whole, fraction;
	const char *unit;
	char text[64];
	int width, len;

	(void)rule;
	if (!number_field(value, "secs", &secs) || !number_field(value, "nanos", &nanos) ||
	    nanos >= 1000000000)
		return false;
	if (secs) {
		whole = secs, fraction = nanos, width = 9, unit = "s";
	} else if (nanos >= 1000000) {
		whole = nanos / 1000000, fraction = nanos % 1000000, width = 6, unit = "ms";
	} else if (nanos >= 1000) {
		whole = nanos / 1000, fraction = nanos % 1000, width = 3, unit = "µs";
	} else {
		whole = nanos, fraction = 0, width = 0, unit = "ns";
	}
	len = snprintf(text, sizeof(text), "%llu", (unsigned long long)whole);
	if (fraction) {
		len += snprintf(text + len, sizeof(text) - (size_t)len, ".%0*llu", width,
				(unsigned long long)fraction);
		while (text[len - 1] == '0')
			len--;
	}
	fdbg_debug_put(debug, text, (size_t)len);
	fdbg_debug_text(debug, unit);
	return true;
}

/* Instant, SystemTime: a timespec inside. */
static bool put_time(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	const struct fdbg_value *spec = fdbg_shape_peel(value);
	const struct fdbg_value *secs = fdbg_shape_field(spec, "tv_sec");
	const struct fdbg_value *nanos = fdbg_shape_peel(fdbg_shape_field(spec, "tv_nsec"));
	struct fdbg_debug_group group;

	if (!secs || !nanos)
		return false;
	fdbg_debug_text(debug, rule->text);
	group = fdbg_debug_open(debug, " {", "}", true);
	fdbg_debug_field(debug, &group, FDBG_TEXT("tv_sec"), secs);
	fdbg_debug_field(debug, &group, FDBG_TEXT("tv_nsec"), nanos);
	fdbg_debug_close(debug, &group);
	return true;
}

bool fdbg_debug_fixed(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	(void)value;
	fdbg_debug_text(debug, rule->text);
	return true;
}

static const struct std_rule rules[] = {
	{ "&dyn ", put_dyn, NULL },
	{ "&mut dyn ", put_dyn, NULL },
	{ "&(dyn ", put_dyn, NULL },
	{ "&mut (dyn ", put_dyn, NULL },
	{ "*const ", put_raw, NULL },
	{ "*mut ", put_raw, NULL },
	{ "dyn ", put_dyn_object, NULL },
	{ "(dyn ", put_dyn_object, NULL },
	{ "alloc::borrow::Cow<", fdbg_debug_inner, NULL },
	{ "alloc::boxed::Box<", put_dyn, NULL },
	{ "alloc::collections::binary_heap::BinaryHeap<", put_list, NULL },
	{ "alloc::collections::btree::map::BTreeMap<", put_map, NULL },
	{ "alloc::collections::btree::set::BTreeSet<", put_set, NULL },
	{ "alloc::collections::linked_list::LinkedList<", put_list, NULL },
	{ "alloc::collections::vec_deque::VecDeque<", put_list, NULL },
	{ "alloc::rc::Rc<", put_counted, NULL },
	{ "alloc::rc::Weak<", fdbg_debug_fixed, "(Weak)" },
	{ "alloc::sync::Arc<", put_counted, NULL },
	{ "alloc::sync::Weak<", fdbg_debug_fixed, "(Weak)" },
	{ "core::cell::Cell<", put_cell, "Cell" },
	{ "core::cell::RefCell<", put_cell, "RefCell" },
	{ "core::cell::UnsafeCell<", fdbg_debug_fixed, "UnsafeCell { .. }" },
	{ "core::num::nonzero::*", put_number, NULL },
	{ "core::num::saturating::Saturating<", fdbg_debug_inner, NULL },
	{ "core::num::wrapping::Wrapping<", fdbg_debug_inner, NULL },
	{ "core::ops::range::Range<", put_range, ".." },
	{ "core::ops::range::RangeFrom<", put_range, ".." },
	{ "core::ops::range::RangeFull", put_range, ".." },
	{ "core::ops::range::RangeInclusive<", put_range, "..=" },
	{ "core::ops::range::RangeTo<", put_range, ".." },
	{ "core::ops::range::RangeToInclusive<", put_range, "..=" },
	{ "core::pin::Pin<", fdbg_debug_inner, NULL },
	{ "core::ptr::non_null::NonNull<", put_non_null, NULL },
	{ "core::sync::atomic::Atomic*", put_number, NULL },
	{ "core::time::Duration", put_duration, NULL },
	{ "hashbrown::map::HashMap<", put_map, NULL },
	{ "hashbrown::set::HashSet<", put_set, NULL },
	{ "std::collections::hash::map::HashMap<", put_map, NULL },
	{ "std::collections::hash::set::HashSet<", put_set, NULL },
	{ "std::time::Instant", put_time, "Instant" },
	{ "std::time::SystemTime", put_time, "SystemTime" },
	{ NULL, NULL, NULL },
};

static bool matches(struct fdbg_text type, const char *pattern)
{
	size_t len = strlen(pattern);

	if (pattern[len - 1] == '*')
		len--;
	else if (pattern[len - 1] != '<' && pattern[len - 1] != ' ' && type.len != len)
		return false;
	return type.len >= len && !memcmp(type.data, pattern, len);
}

bool fdbg_debug_std(struct fdbg_debug *debug, struct fdbg_text type, const struct fdbg_value *value)
{
	static const struct std_rule *const tables[] = {
		rules, fdbg_debug_sync_rules, fdbg_debug_net_rules, fdbg_debug_text_rules, fdbg_debug_small_rules,
		fdbg_debug_misc_rules,
	};

	/* The user's own types, by far the most, do not go through the table. */
	if (!fdbg_text_starts(type, "alloc::") && !fdbg_text_starts(type, "core::") &&
	    !fdbg_text_starts(type, "std::") &&
	    !fdbg_text_starts(type, "hashbrown::") && !fdbg_text_starts(type, "&") &&
	    !fdbg_text_starts(type, "*") &&
	    !fdbg_text_starts(type, "dyn ") && !fdbg_text_starts(type, "(dyn "))
		return false;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		for (const struct std_rule *rule = tables[i]; rule->prefix; rule++) {
			if (matches(type, rule->prefix))
				return rule->render(debug, value, rule);
		}
	}
	return fdbg_debug_iter(debug, type, value);
}
