/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Whose an allocation is, told from the functions of the standard library around it. */
#include <stdio.h>
#include <stdlib.h>
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

size_t fdbg_heap_skip_allocator(const struct fdbg_inline_frame *frames, size_t n)
{
	static const char *const ends[] = {
		"__rust_alloc", "__rust_alloc_zeroed", "__rust_realloc", "__rust_dealloc",
		"__rdl_alloc", "__rdl_alloc_zeroed", "__rdl_realloc", "__rdl_dealloc",
		"__rg_alloc", "__rg_alloc_zeroed", "__rg_realloc", "__rg_dealloc",
	};
	size_t end = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < sizeof(ends) / sizeof(ends[0]); k++)
			if (fdbg_text_ends(frames[i].path, ends[k]))
				end = i + 1;
	return end;
}

/* A generic argument. */
struct argument {
	struct fdbg_text name;         /* "[u8]" */
	const struct fdbg_type *type;  /* of a slice: what it consists of, which is how rustc describes it */
};

/* The argument at a place in "new<a, b>"; empty: there is none. */
static struct fdbg_text nth_argument(struct fdbg_text name, size_t place)
{
	const char *open = memchr(name.data, '<', name.len);
	size_t at, start, depth = 0;

	if (!open || name.data[name.len - 1] != '>')
		return (struct fdbg_text){ 0 };
	start = at = (size_t)(open - name.data) + 1;
	for (; at < name.len; at++) {
		char c = name.data[at];

		if (depth ? false : c == ',' || at == name.len - 1) {
			if (!place--)
				return (struct fdbg_text){ name.data + start, at - start };
			start = at + 2;
		}
		depth += c == '<' || c == '(' || c == '[' || c == '{';
		depth -= depth && ((c == '>' && name.data[at - 1] != '-') || c == ')' || c == ']' || c == '}');
	}
	return (struct fdbg_text){ 0 };
}

static struct fdbg_text printed(struct fdbg_heap_search *search, const char *before, struct fdbg_text text,
				const char *after);

/* Drops the arguments that everyone leaves out. */
static struct fdbg_text without_global(struct fdbg_heap_search *search, struct fdbg_text text)
{
	struct fdbg_type type = { .name = text };
	struct fdbg_text name = fdbg_rust_type_name(&type, search->arena);

	search->nomem |= !name.data;
	return name.data ? name : FDBG_TEXT(FDBG_HEAP_UNKNOWN_TYPE);
}

static bool param(struct fdbg_heap_search *search, struct fdbg_inline_frame *frame, const char *name, struct argument *ret)
{
	for (size_t i = 0; i < frame->n_params; i++) {
		if (!fdbg_text_is(frame->params[i].name, name))
			continue;
		ret->type = fdbg_type_of(&frame->params[i].type);
		ret->name = nth_argument(frame->name, i);
		if (!ret->name.len)
			ret->name = ret->type->name;
		ret->name = without_global(search, ret->name);
		return ret->name.len > 0;
	}
	return false;
}

static struct fdbg_text printed(struct fdbg_heap_search *search, const char *before, struct fdbg_text text,
				const char *after)
{
	char *copy = fdbg_arena_printf(search->arena, "%s%.*s%s", before, (int)text.len, text.data ? text.data : "", after);

	search->nomem |= !copy;
	return copy ? fdbg_text_from(copy) : FDBG_TEXT(FDBG_HEAP_UNKNOWN_TYPE);
}

/* Whether a name is "[T]" and not "[T; N]". */
static bool is_slice(struct fdbg_text name)
{
	size_t depth = 0;

	if (!name.len || name.data[0] != '[' || name.data[name.len - 1] != ']')
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i];

		if (depth == 1 && c == ';')
			return false;
		depth += c == '<' || c == '(' || c == '[';
		depth -= depth && ((c == '>' && name.data[i - 1] != '-') || c == ')' || c == ']');
	}
	return true;
}

static bool is_unsized(struct fdbg_text name)
{
	return fdbg_text_is(name, "str") || fdbg_text_starts(name, "dyn ") || fdbg_text_starts(name, "(dyn ") || is_slice(name);
}

static void set_container(struct fdbg_heap_search *search, struct fdbg_text name, bool storage)
{
	search->origin.owner = (struct fdbg_heap_owner){
		.kind = FDBG_ALLOCATION_CONTAINER, .type_name = name, .storage = storage,
	};
}

/* A container of one or two parameters: "alloc::vec::Vec<u8>". */
static void set_generic(struct fdbg_heap_search *search, const char *container, struct fdbg_text a, struct fdbg_text b)
{
	char *name = b.len ? fdbg_arena_printf(search->arena, "%s<%.*s, %.*s>", container, (int)a.len, a.data, (int)b.len, b.data)
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

	if (!*pointer || !frame->linkage_name.len || !fdbg_rust_demangle(frame->linkage_name, search->arena, &name))
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
	struct fdbg_text name = without_global(search, type->name);

	if (fdbg_text_starts(type->name, "alloc::collections::linked_list::Node<"))
		set_generic(search, "alloc::collections::linked_list::LinkedList", nth_argument(name, 0), (struct fdbg_text){ 0 });
	else if (fdbg_text_starts(type->name, "alloc::collections::btree::node::"))
		set_generic(search, "alloc::collections::btree::map::BTreeMap", nth_argument(name, 0), nth_argument(name, 1));
	else
		return false;
	return true;
}

static enum fdbg_allocation_kind kind_of(struct fdbg_text content)
{
	if (fdbg_text_starts(content, "alloc::rc::RcInner<") || fdbg_text_starts(content, "alloc::rc::RcBox<"))
		return FDBG_ALLOCATION_RC;
	return fdbg_text_starts(content, "alloc::sync::ArcInner<") ? FDBG_ALLOCATION_ARC : FDBG_ALLOCATION_BOX;
}

static void set_object(struct fdbg_heap_search *search, const struct argument *object)
{
	struct fdbg_heap_owner *owner = &search->origin.owner;

	*owner = (struct fdbg_heap_owner){ .type_name = object->name, .kind = kind_of(object->name) };
	if (is_unsized(object->name)) {
		owner->element = fdbg_text_is(object->name, "str") ? 1 : is_slice(object->name) ? object->type->size : 0;
		owner->bytes = fdbg_text_is(object->name, "[u8]");
		if (is_slice(object->name) && object->type->kind != FDBG_TYPE_UNKNOWN)
			owner->align = object->type->align;
		else if (fdbg_text_is(object->name, "str"))
			owner->align = 1;
		return;
	}
	owner->sized = object->type->kind != FDBG_TYPE_UNKNOWN;
	owner->size = object->type->size;
	owner->align = object->type->align;
	owner->element = owner->kind == FDBG_ALLOCATION_BOX ? owner->size : 0;
}

/* A Box of T, at a function of alloc::boxed. */
static void at_box(struct fdbg_heap_search *search, struct fdbg_inline_frame *frame)
{
	struct argument object;
	struct fdbg_text name;

	if (param(search, frame, "T", &object)) {
		if (!set_node(search, object.type))
			set_object(search, &object);
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
	struct fdbg_heap_owner owner = { .kind = arc ? FDBG_ALLOCATION_ARC : FDBG_ALLOCATION_RC };
	const struct fdbg_type *type;
	struct argument object;
	struct fdbg_text name;

	if (!param(search, frame, "T", &object)) {
		name = from_symbol(search, frame, arc ? "alloc::sync::Arc<" : "alloc::rc::Rc<");
		if (!name.len)
			name = from_symbol(search, frame, arc ? "alloc::sync::Weak<" : "alloc::rc::Weak<");
		if (!name.len)
			return;
		owner.type_name = counted(search, arc, frame, name);
		search->origin.owner = owner;
		return;
	}
	type = object.type;
	name = object.name;
	/* These make a slice of T. */
	if (memmem(frame->path.data, frame->path.len, "::allocate_for_slice", 20)) {
		owner.bytes = fdbg_text_is(name, "u8");
		owner.align = counted_align(type->align);
		name = printed(search, "[", name, "]");
	} else if (is_unsized(name)) {
		owner.bytes = fdbg_text_is(name, "[u8]");
		owner.align = is_slice(name) ? counted_align(type->align) : fdbg_text_is(name, "str") ? 8 : 0;
	} else {
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

/* A generic argument, from the debug information or the symbol. */
static bool element_of(struct fdbg_heap_search *search, struct fdbg_inline_frame *frame, const char *param_name,
		       const char *pointer, struct fdbg_text *ret, uint64_t *size_ret)
{
	struct argument argument;

	*size_ret = 0;
	if (param(search, frame, param_name, &argument)) {
		*ret = argument.name;
		*size_ret = argument.type->kind != FDBG_TYPE_UNKNOWN ? argument.type->size : 0;
		return true;
	}
	if (frame->n_params)
		return false;
	*ret = from_symbol(search, frame, pointer);
	return ret->len > 0;
}

static void at_container(struct fdbg_heap_search *search, struct fdbg_inline_frame *frame)
{
	struct fdbg_heap_owner *owner = &search->origin.owner;
	struct fdbg_text name;
	uint64_t element, ignored;

	if (fdbg_text_starts(frame->path, "alloc::raw_vec::")) {
		if (owner->kind == FDBG_ALLOCATION_UNKNOWN && element_of(search, frame, "T", "alloc::raw_vec::RawVec<", &name, &element)) {
			set_container(search, printed(search, "alloc::raw_vec::RawVec<", name, ">"), true);
			owner->element = element;
		}
		return;
	}
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct rule *rule = &rules[i];
		struct fdbg_text first = { 0 }, second = { 0 }, storage = { 0 };
		char pointer[96];

		if (!fdbg_text_starts(frame->path, rule->prefix))
			continue;
		snprintf(pointer, sizeof(pointer), "%s<", rule->container);
		if ((rule->first && !element_of(search, frame, rule->first, pointer, &first, &element)) ||
		    (rule->second && !element_of(search, frame, rule->second, "", &second, &ignored)))
			return;
		if (owner->storage && !rule->from)
			storage = printed(search, "alloc::raw_vec::RawVec<", first, ">");
		if (!fits(owner, rule, storage))
			return;
		/* A list of objects stays one, whatever it is the storage of. */
		if (owner->kind != FDBG_ALLOCATION_UNKNOWN || !rule->first || rule->from)
			element = owner->element;
		if (rule->first)
			set_generic(search, rule->container, first, second);
		else
			set_container(search, fdbg_text_from(rule->container), false);
		owner->element = element;
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
	/* Made without its content, which is what it will have. */
	if ((owner->kind == FDBG_ALLOCATION_RC || owner->kind == FDBG_ALLOCATION_ARC) &&
	    memmem(frame->path.data, frame->path.len, "::new_cyclic", 12))
		unknown = true;
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

struct macro_search {
	uint64_t line, column;
	bool found;
};

/* The array that `vec![…]` boxes becomes a Vec at once, by a function inlined from the same place. */
static bool visit_inlined(void *context, struct fdbg_text name, uint64_t line, uint64_t column)
{
	struct macro_search *search = context;

	search->found = line == search->line && column == search->column &&
			fdbg_text_starts(name, "box_assume_init_into_vec_unsafe");
	return !search->found;
}

enum boxed_array {
	ARRAY_OF_BOX,
	ARRAY_OF_VEC,
	ARRAY_OF_EITHER, /* the optimizer left nothing of that function */
};

/* Whether a Box is one, or the first half of `vec![a, b]`. */
static enum boxed_array find_vec_macro(struct fdbg_debuginfo *debuginfo, const struct fdbg_inline_frame *frames, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++) {
		struct macro_search search = { .line = frames[i + 1].line, .column = frames[i + 1].column };

		if (!fdbg_text_starts(frames[i].path, "alloc::boxed::") || !fdbg_text_starts(frames[i].name, "new_uninit<[") ||
		    !frames[n - 1].function)
			continue;
		fdbg_debuginfo_each_inlined(debuginfo, frames[n - 1].function, visit_inlined, &search);
		/* Without optimization nothing is inlined into new_uninit, and that function is always there. */
		return search.found ? ARRAY_OF_VEC : i ? ARRAY_OF_EITHER : ARRAY_OF_BOX;
	}
	return ARRAY_OF_BOX;
}

/* The array is the storage of a Vec. */
static void at_vec_macro(struct fdbg_heap_search *search, const struct fdbg_inline_frame *frames, size_t n)
{
	struct fdbg_text array = search->origin.owner.type_name;
	enum boxed_array found = find_vec_macro(search->debuginfo, frames, n);
	size_t end = array.len;

	if (found == ARRAY_OF_BOX)
		return;
	if (found == ARRAY_OF_EITHER) {
		set_container(search, array, false);
		return;
	}
	while (end > 1 && array.data[end] != ';')
		end--;
	if (end > 1 && array.data[0] == '[') {
		uint64_t size = search->origin.owner.size, count = strtoull(array.data + end + 1, NULL, 10);

		set_generic(search, "alloc::vec::Vec", (struct fdbg_text){ array.data + 1, end - 1 }, (struct fdbg_text){ 0 });
		search->origin.owner.element = count ? size / count : 0;
	} else {
		set_container(search, FDBG_TEXT(FDBG_HEAP_UNKNOWN_TYPE), false);
	}
}

/* "<alloc::string::String>::from" -> "alloc::string::String>::from": good enough for a look at where it begins. */
static struct fdbg_text path_of_symbol(struct fdbg_text name)
{
	while (name.len && (name.data[0] == '<' || name.data[0] == '&')) {
		name.data++;
		name.len--;
	}
	/* An implementation for a type without a crate: "[u8] as …". */
	return fdbg_heap_is_std(name) ? name : FDBG_TEXT("std");
}

/* What prints backtraces keeps what it allocates to itself. */
static bool is_symbolizer(struct fdbg_text name)
{
	return memmem(name.data, name.len, "gimli", 5) || memmem(name.data, name.len, "addr2line", 9) ||
	       memmem(name.data, name.len, "backtrace", 9);
}

struct fdbg_error *fdbg_heap_frames_at(struct fdbg_debuginfo *debuginfo, uint64_t address, struct fdbg_arena *arena,
				       struct fdbg_inline_frame **ret, size_t *n_ret)
{
	const struct fdbg_unit *unit = fdbg_debuginfo_unit_at(debuginfo, address);
	struct fdbg_inline_frame *frame;
	struct fdbg_symbol symbol;
	struct fdbg_text name;

	if (!unit || !(fdbg_heap_is_std(unit->crate) || fdbg_text_starts(unit->comp_dir, "/rustc/")) ||
	    !fdbg_debuginfo_symbol_at(debuginfo, address, &symbol))
		return fdbg_debuginfo_frames_at(debuginfo, address, arena, ret, n_ret);
	if (!fdbg_rust_demangle(symbol.name, arena, &name))
		name = symbol.name;
	/* These allocate more than one thing, and what is inlined in them tells which. */
	if ((fdbg_text_starts(name, "<alloc::boxed::Box<") || fdbg_text_starts(name, "<alloc::rc::") ||
	     fdbg_text_starts(name, "<alloc::sync::")) && !memmem(name.data, name.len, "alloc::collections::", 20) &&
	    !memmem(name.data, name.len, "::drop", 6) && !is_symbolizer(name))
		return fdbg_debuginfo_frames_at(debuginfo, address, arena, ret, n_ret);
	frame = fdbg_arena_new(arena, struct fdbg_inline_frame);
	if (!frame)
		return &fdbg_error_nomem;
	frame->unit = unit;
	frame->path = frame->name = is_symbolizer(name) ? FDBG_TEXT("std::backtrace") : path_of_symbol(name);
	frame->linkage_name = symbol.name;
	*ret = frame;
	*n_ret = 1;
	return NULL;
}

void fdbg_heap_search_frames(struct fdbg_heap_search *search, struct fdbg_inline_frame *frames, size_t n)
{
	if (!search->origin.owner.type_name.len)
		search->origin.owner.type_name = FDBG_TEXT(FDBG_HEAP_UNKNOWN_TYPE);
	for (size_t i = fdbg_heap_skip_allocator(frames, n); i < n && !search->done; i++) {
		bool unknown = search->origin.owner.kind == FDBG_ALLOCATION_UNKNOWN;

		if (fdbg_heap_is_std(frames[i].path)) {
			at_std(search, &frames[i]);
			if (unknown && search->origin.owner.kind == FDBG_ALLOCATION_BOX)
				at_vec_macro(search, frames, n);
		} else {
			reach_program(search, &frames[i]);
		}
	}
}
