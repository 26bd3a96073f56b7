/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Whose an allocation is, told from the functions of the standard library around it. */
#include <string.h>

#include "rust/names.h"
#include "trace/heap.h"

/*
 * Functions are looked at from the innermost outwards. The first one that says what it allocates for decides; one further out may
 * then name the container whose storage that is (RawVec -> Vec -> BinaryHeap, Vec<u8> -> String, RawTable -> HashMap ->
 * HashSet), and nothing else: the clone of a Vec<String> asks for memory for a String inside. The first function
 * outside the standard library ends the search.
 */

static const char *const std_crates[] = {
	"alloc", "core", "std", "hashbrown", "proc_macro", "test", "panic_unwind", "panic_abort", "compiler_builtins",
	"std_detect", "unwind", "gimli", "addr2line", "object", "miniz_oxide", "rustc_demangle", "__rustc",
};

bool fdbg_heap_is_std(struct fdbg_text path)
{
	const char *colons = memmem(path.data, path.len, "::", 2);
	struct fdbg_text crate = { path.data, colons ? (size_t)(colons - path.data) : path.len };

	for (size_t i = 0; i < sizeof(std_crates) / sizeof(std_crates[0]); i++)
		if (fdbg_text_is(crate, std_crates[i]))
			return true;
	return false;
}

static const struct fdbg_type *param(struct fdbg_inline_frame *frame, const char *name)
{
	for (size_t i = 0; i < frame->n_params; i++)
		if (fdbg_text_is(frame->params[i].name, name))
			return fdbg_type_of(&frame->params[i].type);
	return NULL;
}

static struct fdbg_text printed(struct fdbg_heap_search *search, const char *before, struct fdbg_text text,
				const char *after)
{
	char *copy = fdbg_arena_printf(search->arena, "%s%.*s%s", before, (int)text.len, text.data ? text.data : "", after);

	search->nomem |= !copy;
	return copy ? fdbg_text_from(copy) : FDBG_TEXT(FDBG_HEAP_UNKNOWN_TYPE);
}

static struct fdbg_text name_of(struct fdbg_heap_search *search, const struct fdbg_type *type)
{
	struct fdbg_text name = fdbg_rust_type_name(type, search->arena);

	search->nomem |= !name.data;
	return name.data ? name : FDBG_TEXT(FDBG_HEAP_UNKNOWN_TYPE);
}

static bool is_unsized(const struct fdbg_type *type)
{
	struct fdbg_text name = type->name;

	if (fdbg_text_is(name, "str") || fdbg_text_starts(name, "dyn ") || fdbg_text_starts(name, "(dyn "))
		return true;
	/* [T], not [T; N] */
	return type->kind == FDBG_TYPE_ARRAY ? !type->has_count
					     : fdbg_text_starts(name, "[") && !memmem(name.data, name.len, "; ", 2);
}

static void set_container(struct fdbg_heap_search *search, struct fdbg_text name, bool storage)
{
	search->origin.owner = (struct fdbg_heap_owner){
		.kind = FDBG_ALLOCATION_CONTAINER, .type_name = name, .storage = storage,
	};
}

/* A container of one or two parameters: "alloc::vec::Vec<u8>". */
static void set_generic(struct fdbg_heap_search *search, const char *container, const struct fdbg_type *first,
			const struct fdbg_type *second)
{
	struct fdbg_text a = name_of(search, first);
	char *name = second ? fdbg_arena_printf(search->arena, "%s<%.*s, %.*s>", container, (int)a.len, a.data,
						(int)name_of(search, second).len, name_of(search, second).data)
			    : fdbg_arena_printf(search->arena, "%s<%.*s>", container, (int)a.len, a.data);

	search->nomem |= !name;
	set_container(search, name ? fdbg_text_from(name) : FDBG_TEXT(FDBG_HEAP_UNKNOWN_TYPE), false);
}

/* "<alloc::boxed::Box<app::Node>>::new" -> "app::Node", of functions that are described by their symbols alone. */
static struct fdbg_text from_symbol(struct fdbg_heap_search *search, const struct fdbg_inline_frame *frame,
				    const char *pointer)
{
	struct fdbg_text name, rest;
	const char *at;
	size_t depth = 1;

	if (!frame->linkage_name.len || !fdbg_rust_demangle(frame->linkage_name, search->arena, &name))
		return (struct fdbg_text){ 0 };
	at = memmem(name.data, name.len, pointer, strlen(pointer));
	if (!at)
		return (struct fdbg_text){ 0 };
	rest.data = at + strlen(pointer);
	rest.len = name.len - (size_t)(rest.data - name.data);
	for (size_t i = 0; i < rest.len; i++) {
		depth += rest.data[i] == '<';
		depth -= rest.data[i] == '>' && (!i || rest.data[i - 1] != '-');
		if (!depth || (depth == 1 && rest.data[i] == ',')) {
			rest.len = i;
			/* Old manglings have the parameter's name instead. */
			return rest.len > 1 ? rest : (struct fdbg_text){ 0 };
		}
	}
	return (struct fdbg_text){ 0 };
}

/* Nodes that a container boxes are the container's. */
static bool set_node(struct fdbg_heap_search *search, const struct fdbg_type *type)
{
	const struct fdbg_type *key, *value;

	if (fdbg_text_starts(type->name, "alloc::collections::linked_list::Node<")) {
		key = fdbg_type_param(type, "T");
		if (key)
			set_generic(search, "alloc::collections::linked_list::LinkedList", key, NULL);
		return key;
	}
	if (!fdbg_text_starts(type->name, "alloc::collections::btree::node::"))
		return false;
	key = fdbg_type_param(type, "K");
	value = fdbg_type_param(type, "V");
	if (key && value)
		set_generic(search, "alloc::collections::btree::map::BTreeMap", key, value);
	else
		set_container(search, FDBG_TEXT("alloc::collections::btree::map::BTreeMap"), false);
	return true;
}

static enum fdbg_allocation_kind kind_of(struct fdbg_text content)
{
	if (fdbg_text_starts(content, "alloc::rc::RcInner<") || fdbg_text_starts(content, "alloc::rc::RcBox<"))
		return FDBG_ALLOCATION_RC;
	return fdbg_text_starts(content, "alloc::sync::ArcInner<") ? FDBG_ALLOCATION_ARC : FDBG_ALLOCATION_BOX;
}

static void set_object(struct fdbg_heap_search *search, const struct fdbg_type *type)
{
	struct fdbg_heap_owner *owner = &search->origin.owner;

	*owner = (struct fdbg_heap_owner){ .type_name = name_of(search, type) };
	owner->kind = kind_of(owner->type_name);
	if (is_unsized(type)) {
		owner->bytes = fdbg_text_is(owner->type_name, "[u8]");
		if (fdbg_text_is(owner->type_name, "str"))
			owner->align = 1;
		else if (type->kind == FDBG_TYPE_ARRAY)
			owner->align = fdbg_type_of((struct fdbg_type_ref *)&type->target)->align;
		return;
	}
	owner->sized = type->kind != FDBG_TYPE_UNKNOWN;
	owner->size = type->size;
	owner->align = type->align;
}

/* A Box of T, at a function of alloc::boxed. */
static void at_box(struct fdbg_heap_search *search, struct fdbg_inline_frame *frame)
{
	const struct fdbg_type *type = param(frame, "T");
	struct fdbg_text name;

	if (type) {
		if (!set_node(search, type))
			set_object(search, type);
		return;
	}
	name = from_symbol(search, frame, "alloc::boxed::Box<");
	if (!name.len)
		return;
	search->origin.owner = (struct fdbg_heap_owner){ .kind = kind_of(name), .type_name = name };
	if (fdbg_text_starts(name, "alloc::collections::"))
		search->origin.owner.kind = FDBG_ALLOCATION_CONTAINER;
}

/* The name of the counted block around T: old compilers have RcBox. */
static struct fdbg_text counted(struct fdbg_heap_search *search, bool arc, const struct fdbg_inline_frame *frame,
				struct fdbg_text content)
{
	struct fdbg_text name = printed(search, arc ? "alloc::sync::ArcInner<" : "alloc::rc::RcInner<", content, ">");

	if (!arc && frame->unit->rustc_minor && frame->unit->rustc_minor < 84 &&
	    !fdbg_debuginfo_type_by_name(search->debuginfo, name))
		name = printed(search, "alloc::rc::RcBox<", content, ">");
	return name;
}

/* Counts in front of the content, which has its own alignment. */
static uint64_t counted_align(uint64_t align)
{
	return align > 8 ? align : 8;
}

static void at_counted(struct fdbg_heap_search *search, struct fdbg_inline_frame *frame, bool arc)
{
	const struct fdbg_type *type = param(frame, "T");
	struct fdbg_heap_owner owner = { .kind = arc ? FDBG_ALLOCATION_ARC : FDBG_ALLOCATION_RC };
	struct fdbg_text name;

	if (!type) {
		name = from_symbol(search, frame, arc ? "alloc::sync::Arc<" : "alloc::rc::Rc<");
		if (!name.len)
			name = from_symbol(search, frame, arc ? "alloc::sync::Weak<" : "alloc::rc::Weak<");
		if (!name.len)
			return;
		owner.type_name = counted(search, arc, frame, name);
		search->origin.owner = owner;
		return;
	}
	name = name_of(search, type);
	/* These make a slice of T. */
	if (memmem(frame->path.data, frame->path.len, "::allocate_for_slice", 20)) {
		owner.bytes = fdbg_text_is(name, "u8");
		owner.align = counted_align(type->align);
		name = printed(search, "[", name, "]");
	} else if (!is_unsized(type)) {
		owner.sized = type->kind != FDBG_TYPE_UNKNOWN;
		owner.align = counted_align(type->align);
		owner.size = (16 + type->size + type->align - 1) / type->align * type->align;
		owner.size = (owner.size + owner.align - 1) / owner.align * owner.align;
		/* The header is in front: the content begins at the next multiple of its alignment. */
	}
	owner.type_name = counted(search, arc, frame, name);
	search->origin.owner = owner;
}

struct rule {
	const char *prefix;            /* of a function's path */
	const char *container;         /* NULL: bare storage of T */
	const char *from;              /* the container, by prefix, whose storage it is; NULL: of any storage of T */
	const char *first, *second;    /* parameters that it is named with; NULL: none */
};

/* From the inside out: a rule applies to storage, and where `from` is, to that container. */
static const struct rule rules[] = {
	{ "alloc::collections::btree::node::", "alloc::collections::btree::map::BTreeMap", "?", "K", "V" },
	{ "alloc::collections::btree::map::", "alloc::collections::btree::map::BTreeMap", "?", "K", "V" },
	{ "alloc::collections::btree::set::", "alloc::collections::btree::set::BTreeSet",
	  "alloc::collections::btree::map::BTreeMap", "T", NULL },
	{ "alloc::collections::linked_list::", "alloc::collections::linked_list::LinkedList", "?", "T", NULL },
	{ "alloc::collections::vec_deque::", "alloc::collections::vec_deque::VecDeque", NULL, "T", NULL },
	{ "alloc::collections::binary_heap::", "alloc::collections::binary_heap::BinaryHeap", "alloc::vec::Vec<", "T", NULL },
	{ "hashbrown::map::", "std::collections::hash::map::HashMap", "hashbrown::", "K", "V" },
	{ "std::collections::hash::map::", "std::collections::hash::map::HashMap", "hashbrown::", "K", "V" },
	{ "std::collections::hash::set::", "std::collections::hash::set::HashSet", "std::collections::hash::map::HashMap<",
	  "T", NULL },
	{ "hashbrown::set::", "std::collections::hash::set::HashSet", "std::collections::hash::map::HashMap<", "T", NULL },
	{ "hashbrown::raw::", "hashbrown::raw::RawTable", "?", "T", NULL },
	{ "alloc::string::", "alloc::string::String", "alloc::vec::Vec<u8>", NULL, NULL },
	{ "alloc::str::", "alloc::string::String", "alloc::vec::Vec<u8>", NULL, NULL },
	{ "alloc::fmt::", "alloc::string::String", "alloc::vec::Vec<u8>", NULL, NULL },
	{ "alloc::ffi::c_str::", "alloc::ffi::c_str::CString", "alloc::vec::Vec<u8>", NULL, NULL },
	{ "std::ffi::os_str::", "std::ffi::os_str::OsString", "alloc::vec::Vec<u8>", NULL, NULL },
	{ "std::path::", "std::path::PathBuf", "std::ffi::os_str::OsString", NULL, NULL },
	{ "alloc::vec::", "alloc::vec::Vec", NULL, "T", NULL },
	{ "alloc::slice::", "alloc::vec::Vec", NULL, "T", NULL },
};

/* Whether what is known so far can be the inside of the rule's container. */
static bool fits(const struct fdbg_heap_owner *owner, const struct rule *rule, struct fdbg_text storage)
{
	if (owner->kind == FDBG_ALLOCATION_UNKNOWN)
		return !rule->from || !strcmp(rule->from, "?") || !rule->first;
	if (owner->kind != FDBG_ALLOCATION_CONTAINER)
		return false;
	if (owner->storage)
		return !rule->from ? fdbg_text_equal(owner->type_name, storage)
				   : !strcmp(rule->from, "alloc::vec::Vec<u8>") &&
				     fdbg_text_is(owner->type_name, "alloc::raw_vec::RawVec<u8>");
	if (!rule->from || !strcmp(rule->from, "?"))
		return false;
	return fdbg_text_starts(owner->type_name, rule->from);
}

static void at_container(struct fdbg_heap_search *search, struct fdbg_inline_frame *frame)
{
	struct fdbg_heap_owner *owner = &search->origin.owner;

	if (fdbg_text_starts(frame->path, "alloc::raw_vec::")) {
		const struct fdbg_type *type = param(frame, "T");

		if (owner->kind == FDBG_ALLOCATION_UNKNOWN && type)
			set_container(search, printed(search, "alloc::raw_vec::RawVec<", name_of(search, type), ">"), true);
		return;
	}
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct rule *rule = &rules[i];
		const struct fdbg_type *first, *second;
		struct fdbg_text storage = { 0 };

		if (!fdbg_text_starts(frame->path, rule->prefix))
			continue;
		first = rule->first ? param(frame, rule->first) : NULL;
		second = rule->second ? param(frame, rule->second) : NULL;
		if ((rule->first && !first) || (rule->second && !second))
			return;
		if (owner->storage && !rule->from)
			storage = printed(search, "alloc::raw_vec::RawVec<", name_of(search, first), ">");
		if (!fits(owner, rule, storage))
			return;
		if (first)
			set_generic(search, rule->container, first, second);
		else
			set_container(search, fdbg_text_from(rule->container), false);
		return;
	}
}

/* A slice of bytes that a function for str made. */
static void at_str(struct fdbg_heap_search *search, const struct fdbg_inline_frame *frame)
{
	struct fdbg_heap_owner *owner = &search->origin.owner;
	struct fdbg_text name;

	if (fdbg_text_starts(frame->path, "alloc::string::") &&
	    memmem(frame->path.data, frame->path.len, "::into_boxed_str", 16) && owner->kind == FDBG_ALLOCATION_BOX) {
		owner->type_name = FDBG_TEXT("str");
	} else if (frame->linkage_name.len && fdbg_rust_demangle(frame->linkage_name, search->arena, &name)) {
		if (owner->kind == FDBG_ALLOCATION_BOX && fdbg_text_starts(name, "<alloc::boxed::Box<str"))
			owner->type_name = FDBG_TEXT("str");
		else if (owner->kind == FDBG_ALLOCATION_RC && fdbg_text_starts(name, "<alloc::rc::Rc<str"))
			owner->type_name = counted(search, false, frame, FDBG_TEXT("str"));
		else if (owner->kind == FDBG_ALLOCATION_ARC && fdbg_text_starts(name, "<alloc::sync::Arc<str"))
			owner->type_name = counted(search, true, frame, FDBG_TEXT("str"));
		else
			return;
	} else {
		return;
	}
	owner->bytes = false;
	owner->align = owner->kind == FDBG_ALLOCATION_BOX ? 1 : 8;
}

static void at_std(struct fdbg_heap_search *search, struct fdbg_inline_frame *frame)
{
	struct fdbg_heap_owner *owner = &search->origin.owner;
	bool unknown = owner->kind == FDBG_ALLOCATION_UNKNOWN;

	if (owner->bytes)
		at_str(search, frame);
	if (unknown && fdbg_text_starts(frame->path, "alloc::boxed::"))
		at_box(search, frame);
	else if (unknown && fdbg_text_starts(frame->path, "alloc::rc::"))
		at_counted(search, frame, false);
	else if (unknown && fdbg_text_starts(frame->path, "alloc::sync::"))
		at_counted(search, frame, true);
	else if (unknown && fdbg_text_starts(frame->path, "alloc::alloc::box_free"))
		at_box(search, frame);
	else
		at_container(search, frame);
}

static void reach_program(struct fdbg_heap_search *search, const struct fdbg_inline_frame *frame)
{
	struct fdbg_function function = {
		.unit = frame->unit, .path = frame->path, .name = frame->name, .linkage_name = frame->linkage_name,
		.params = frame->params, .n_params = frame->n_params,
	};

	search->origin.place = (struct fdbg_heap_place){
		.function = fdbg_rust_function_name(&function, search->arena), .file = frame->file, .line = frame->line,
	};
	search->nomem |= !search->origin.place.function.data;
	search->done = true;
}

void fdbg_heap_search_frames(struct fdbg_heap_search *search, struct fdbg_inline_frame *frames, size_t n)
{
	if (!search->origin.owner.type_name.len)
		search->origin.owner.type_name = FDBG_TEXT(FDBG_HEAP_UNKNOWN_TYPE);
	for (size_t i = 0; i < n && !search->done; i++) {
		if (fdbg_heap_is_std(frames[i].path))
			at_std(search, &frames[i]);
		else
			reach_program(search, &frames[i]);
	}
}
