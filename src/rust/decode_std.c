/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The standard library's types: the table of rules, and decoders for small wrappers. */
#include <string.h>

#include "rust/decode_internal.h"
#include "rust/names.h"

/*
 * Atomics: a struct with the field `v` (AtomicPtr: `p`) whose inner struct has the field `value`
 * (stream-format.md, section 3). New compilers have a wrapper for the alignment inside, which is left out
 * (std-types.md, section 8).
 */
static void decode_atomic(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			  const struct fdbg_object *object, struct fdbg_value *to)
{
	const struct fdbg_desc *inner = fdbg_describe_ref(decoder, &((struct fdbg_desc *)desc)->target);
	struct fdbg_field *outer = fdbg_decode_fields(decoder, 1), *value = fdbg_decode_fields(decoder, 1);

	if (!inner || !outer || !value) {
		*to = fdbg_value_opaque("too many values in one event");
		return;
	}
	value->name = FDBG_TEXT("value");
	fdbg_decode_part(decoder, inner, object, desc->count, &value->value);
	outer->name = desc->fields[0].name;
	outer->value = (struct fdbg_value){
		.kind = FDBG_VALUE_STRUCT,
		.record = { .type = *(const struct fdbg_text *)desc->extra, .fields = value, .n_fields = 1 },
	};
	*to = (struct fdbg_value){
		.kind = FDBG_VALUE_STRUCT, .record = { .type = desc->name, .fields = outer, .n_fields = 1 },
	};
}

static bool describe_atomic(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	const struct fdbg_type *cell, *inner;
	struct fdbg_text *name;
	uint64_t offset = 0, cell_offset = 0;
	const char *path = "v.value.*";

	if (desc->type->n_members != 1)
		return false;
	if (!fdbg_type_path(desc->type, path, &inner, &offset)) {
		path = "p.value.*";
		if (!fdbg_type_path(desc->type, path, &inner, &offset))
			return false;
	}
	if (inner->size != desc->type->size || offset ||
	    (inner->kind != FDBG_TYPE_BASE && inner->kind != FDBG_TYPE_POINTER) ||
	    !fdbg_type_path(desc->type, path[0] == 'v' ? "v" : "p", &cell, &cell_offset) ||
	    !fdbg_describe_fields(decoder, desc->type, &desc->fields, &desc->n_fields))
		return false;
	name = fdbg_arena_new(&decoder->descs, struct fdbg_text);
	if (!name)
		return false;
	*name = fdbg_rust_type_name(cell, &decoder->descs);
	desc->extra = name;
	desc->target = (struct fdbg_desc_ref){ .type = inner };
	desc->count = 0;
	desc->decode = decode_atomic;
	return true;
}

/* Plain structs with a rule about the number inside. */

static void decode_non_zero(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			    const struct fdbg_object *object, struct fdbg_value *to)
{
	for (uint64_t i = 0; i < desc->type->size; i++)
		if (object->bytes[i])
			return fdbg_decode_record(decoder, desc, object, to);
	*to = fdbg_value_opaque("NonZero that is zero");
}

static bool describe_non_zero(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	const struct fdbg_type *inner;
	uint64_t offset = 0;

	if (!fdbg_type_path(desc->type, "*", &inner, &offset) || inner->kind != FDBG_TYPE_BASE ||
	    inner->size != desc->type->size)
		return false;
	desc->decode = decode_non_zero;
	return fdbg_describe_fields(decoder, desc->type, &desc->fields, &desc->n_fields);
}

static void decode_duration(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			    const struct fdbg_object *object, struct fdbg_value *to)
{
	if (fdbg_word_at(object->bytes + desc->count, 4) >= 1000000000)
		*to = fdbg_value_opaque("Duration with too many nanoseconds");
	else
		fdbg_decode_record(decoder, desc, object, to);
}

static bool describe_duration(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	const struct fdbg_type *nanos;
	uint64_t offset = 0;

	if (!fdbg_type_path(desc->type, "nanos.*", &nanos, &offset) || nanos->kind != FDBG_TYPE_BASE ||
	    nanos->size != 4)
		return false;
	desc->count = offset;
	desc->decode = decode_duration;
	return fdbg_describe_fields(decoder, desc->type, &desc->fields, &desc->n_fields);
}

bool fdbg_describe_std(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	/*
	 * Each rule checks the members: a known name with another layout is decoded as what it is, a
	 * struct.
	 */
	static const struct fdbg_std_rule rules[] = {
		{ "alloc::vec::Vec<", fdbg_describe_vec },
		{ "alloc::string::String", fdbg_describe_string },
		{ "&*", fdbg_describe_fat_pointer },
		{ "**", fdbg_describe_fat_pointer },
		{ "alloc::boxed::Box<", fdbg_describe_fat_pointer },
		{ "alloc::rc::Rc<", fdbg_describe_rc },
		{ "alloc::sync::Arc<", fdbg_describe_arc },
		{ "alloc::rc::Weak<", fdbg_describe_weak },
		{ "alloc::sync::Weak<", fdbg_describe_weak },
		{ "core::sync::atomic::Atomic*", describe_atomic },
		{ "core::num::nonzero::NonZero*", describe_non_zero },
		{ "core::time::Duration", describe_duration },
		{ "std::sync::once_lock::OnceLock<", fdbg_describe_once_lock },
		{ "std::sync::lazy_lock::LazyLock<", fdbg_describe_lazy_lock },
		{ "std::sync::mpsc::Sender<", fdbg_describe_handle },
		{ "std::sync::mpsc::SyncSender<", fdbg_describe_handle },
		{ "std::sync::mpsc::Receiver<", fdbg_describe_handle },
		{ "std::io::stdio::Stdin", fdbg_describe_handle },
		{ "std::io::stdio::Stdout", fdbg_describe_handle },
		{ "std::io::stdio::Stderr", fdbg_describe_handle },
		{ "std::io::error::Error", fdbg_describe_io_error },
		{ "core::io::error::Error", fdbg_describe_io_error },
		{ "std::collections::hash::map::HashMap<", fdbg_describe_hash_map },
		{ "std::collections::hash::set::HashSet<", fdbg_describe_hash_set },
		{ "std::collections::hash::*", fdbg_describe_hash_iter },
		{ "hashbrown::map::HashMap<", fdbg_describe_hash_map },
		{ "hashbrown::set::HashSet<", fdbg_describe_hash_set },
		{ "alloc::collections::btree::map::BTreeMap<", fdbg_describe_btree_map },
		{ "alloc::collections::btree::set::BTreeSet<", fdbg_describe_btree_set },
		{ "alloc::collections::btree::map::*", fdbg_describe_btree_iter },
		{ "alloc::collections::vec_deque::VecDeque<", fdbg_describe_vec_deque },
		{ "alloc::collections::linked_list::LinkedList<", fdbg_describe_linked_list },
		{ "alloc::collections::linked_list::Iter<", fdbg_describe_linked_list_iter },
		{ "alloc::collections::linked_list::IterMut<", fdbg_describe_linked_list_iter },
		{ "alloc::collections::binary_heap::BinaryHeap<", fdbg_describe_binary_heap },
		{ "alloc::vec::into_iter::IntoIter<", fdbg_describe_vec_iter },
		{ "core::array::iter::IntoIter<", fdbg_describe_array_iter },
		{ "core::slice::iter::Iter<", fdbg_describe_slice_iter },
		{ "core::slice::iter::IterMut<", fdbg_describe_slice_iter },
		{ "core::str::iter::Chars", fdbg_describe_chars },
	};
	struct fdbg_text name = desc->type->name;

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		size_t len = strlen(rules[i].name);
		char last = rules[i].name[len - 1];

		if (last == '*')
			len--;
		if (name.len < len || memcmp(name.data, rules[i].name, len) ||
		    (last != '*' && last != '<' && name.len != len))
			continue;
		if (rules[i].describe(decoder, desc))
			return true;
		break;
	}
	/* What a rule filled in before it gave up must not disturb the general rules. */
	*desc = (struct fdbg_desc){ .type = desc->type, .name = desc->name };
	return false;
}
