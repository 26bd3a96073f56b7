/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Trait objects: from a vtable to the type behind it (std-types.md, section 9). */
#include <string.h>

#include "rust/decode_internal.h"
#include "rust/names.h"

#define HEAD_WORDS 3 /* drop glue, size, alignment */
#define MAX_WORDS 8

/* What waits for the words of a vtable. */
struct waiting {
	uint64_t pointer, n_words;
	fdbg_concrete_fn then;
	const void *context;
};

/* What is between the brackets of `core::ptr::drop_in_place::<T>`, under any of the names that it has had. */
static struct fdbg_text drop_target(struct fdbg_text name)
{
	static const char *const starts[] = {
		"core::ptr::drop_in_place::<", "core::ptr::drop_in_place<",
		"core::ptr::drop_glue::<", "core::ptr::drop_glue<",
	};

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		size_t len = strlen(starts[i]);

		if (fdbg_text_starts(name, starts[i]) && fdbg_text_ends(name, ">"))
			return (struct fdbg_text){ name.data + len, name.len - len - 1 };
	}
	return (struct fdbg_text){ 0 };
}

/* T of `<T as Trait>::method`. */
static struct fdbg_text method_target(struct fdbg_text name)
{
	size_t depth = 0;

	if (!fdbg_text_starts(name, "<"))
		return (struct fdbg_text){ 0 };
	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i];

		if (c == '<' || c == '(' || c == '[')
			depth++;
		else if ((c == '>' && name.data[i - 1] != '-') || c == ')' || c == ']')
			depth--;
		else if (depth == 1 && name.len - i > 4 && !memcmp(name.data + i, " as ", 4))
			return (struct fdbg_text){ name.data + 1, i - 1 };
		if (!depth)
			break;
	}
	return (struct fdbg_text){ 0 };
}

/* The target of the function at address by that reading of its symbol; empty: it says none. */
static struct fdbg_text symbol_target(struct fdbg_decoder *decoder, uint64_t address,
				      struct fdbg_text (*read)(struct fdbg_text name))
{
	struct fdbg_symbol symbol;
	struct fdbg_text name;

	if (!address || !fdbg_debuginfo_symbol_at(decoder->debuginfo, address - decoder->bias, &symbol) ||
	    symbol.address != address - decoder->bias ||
	    !fdbg_rust_demangle(symbol.name, &decoder->descs, &name))
		return (struct fdbg_text){ 0 };
	return read(name);
}

/*
 * The type's name as the symbols have it. Optimized libraries share functions of equal code, so a symbol may
 * speak of another type: methods that disagree say nothing, and the drop function counts only without them.
 */
static struct fdbg_text name_behind(struct fdbg_decoder *decoder, const uint64_t *words, size_t n)
{
	struct fdbg_text found = { 0 };

	for (size_t i = HEAD_WORDS; i < n; i++) {
		struct fdbg_text target = symbol_target(decoder, words[i], method_target);

		if (!target.len)
			continue;
		if (found.len && !fdbg_text_equal(found, target))
			return (struct fdbg_text){ 0 };
		found = target;
	}
	return found.len ? found : symbol_target(decoder, words[0], drop_target);
}

/* The type whose method is at address, by the description of its `self`, or whose drop glue is there; NULL: none says. */
static const struct fdbg_type *self_of(struct fdbg_decoder *decoder, uint64_t address, bool drop)
{
	struct fdbg_simple_location place;
	const struct fdbg_function *function;
	struct fdbg_inline_frame *frames;
	struct fdbg_variable *params;
	const struct fdbg_type *type;
	struct fdbg_error *err;
	size_t n = 0;

	if (!fdbg_debuginfo_in_image(decoder->debuginfo, address))
		return NULL;
	err = fdbg_debuginfo_frames_at(decoder->debuginfo, address, decoder->arena, &frames, &n);
	function = !err && n ? frames[n - 1].function : NULL;
	n = 0;
	if (function && function->entry == address && !function->merged)
		err = fdbg_debuginfo_parameters(decoder->debuginfo, function, decoder->arena, &params, &n);
	fdbg_error_destroy(err);
	if (err || !n || (drop ? !fdbg_text_starts(function->path, "core::ptr::drop_") || function->n_params != 1 :
				 !fdbg_text_is(params[0].name, "self")))
		return NULL;
	/* A slot for all of the function: it was not optimized, so it is not another one's that had the same code. */
	place = fdbg_location_simplify(&params[0].location, &function->frame_base, address);
	type = fdbg_type_of(&params[0].type);
	if (params[0].location.list || place.kind != FDBG_SIMPLE_MEMORY || type->kind != FDBG_TYPE_POINTER)
		return NULL;
	return fdbg_type_of(drop ? &function->params[0].type : (struct fdbg_type_ref *)&type->target);
}

/* The type for which the methods are, where all that say one agree; old compilers do not tell how many there are. */
static const struct fdbg_type *self_behind(struct fdbg_decoder *decoder, const uint64_t *words, size_t n)
{
	const struct fdbg_type *found = NULL;

	for (size_t i = HEAD_WORDS; i < n; i++) {
		const struct fdbg_type *type = words[i] ? self_of(decoder, words[i] - decoder->bias, false) : NULL;

		if (type && found && !fdbg_text_equal(type->name, found->name))
			return NULL;
		if (type)
			found = type;
	}
	return found || !words[0] ? found : self_of(decoder, words[0] - decoder->bias, true);
}

static const struct fdbg_desc *type_behind(struct fdbg_decoder *decoder, const uint64_t *words, size_t n)
{
	struct fdbg_text name = name_behind(decoder, words, n);
	const struct fdbg_type *type;

	/* The error that the library makes of a string: the string is all there is of it (section 6.4). */
	if (fdbg_text_ends(name, "::from::StringError") &&
	    (fdbg_text_starts(name, "<alloc::boxed::Box<dyn ") || fdbg_text_starts(name, "alloc::boxed::") ||
	     fdbg_text_starts(name, "std::error::")))
		name = FDBG_TEXT("alloc::string::String");
	type = name.len ? fdbg_debuginfo_type_by_symbol_name(decoder->debuginfo, name) : NULL;
	if (!type)
		type = self_behind(decoder, words, n);
	if (!type || type->kind == FDBG_TYPE_UNKNOWN || type->size != words[1] ||
	    (type->align_known && type->align != words[2]))
		return NULL;
	return fdbg_describe(decoder, type);
}

static enum fdbg_memview_state step_vtable(struct fdbg_decoder *decoder, const struct fdbg_item *item)
{
	const struct waiting *waiting = item->state;
	uint64_t words[MAX_WORDS], vtable = item->address;
	const struct fdbg_desc *concrete;
	enum fdbg_memview_state state;
	struct fdbg_object object;
	const uint8_t *bytes;

	state = fdbg_decode_read(decoder, vtable, waiting->n_words * 8, &bytes);
	if (state == FDBG_MEMVIEW_FAULT)
		return FDBG_MEMVIEW_READY;
	if (state != FDBG_MEMVIEW_READY)
		return state;
	for (size_t i = 0; i < waiting->n_words; i++)
		words[i] = fdbg_word_at(bytes + i * 8, 8);
	concrete = type_behind(decoder, words, waiting->n_words);
	if (!fdbg_map_set(&decoder->vtables, vtable, (uintptr_t)concrete))
		return FDBG_MEMVIEW_NOMEM;
	if (!concrete)
		return FDBG_MEMVIEW_READY;
	/* The object behind the pointer is as near as if the table had been known. */
	object = (struct fdbg_object){
		.in_memory = true, .level = (uint16_t)(item->level - 1), .item = item->parent,
	};
	waiting->then(decoder, &object, concrete, waiting->pointer, waiting->context, item->to);
	return FDBG_MEMVIEW_READY;
}

void fdbg_decode_concrete(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			  const struct fdbg_object *object, uint64_t pointer, uint64_t vtable,
			  uint64_t n_words, fdbg_concrete_fn then, const void *context,
			  struct fdbg_value *to)
{
	const struct fdbg_type *type;
	bool ambiguous = false;
	struct waiting *waiting;
	uint64_t known;

	if (!vtable || vtable & 7 || !decoder->debuginfo)
		return;
	type = fdbg_debuginfo_vtable(decoder->debuginfo, vtable - decoder->bias, &ambiguous);
	if (type) {
		const struct fdbg_desc *concrete =
			ambiguous || type->kind == FDBG_TYPE_UNKNOWN ? NULL : fdbg_describe(decoder, type);

		if (concrete)
			then(decoder, object, concrete, pointer, context, to);
		return;
	}
	if (fdbg_map_get(&decoder->vtables, vtable, &known)) {
		if (known)
			then(decoder, object, (const struct fdbg_desc *)(uintptr_t)known, pointer, context, to);
		return;
	}
	/* What is not in the executable has no symbols that we know. */
	if (!fdbg_debuginfo_in_image(decoder->debuginfo, vtable - decoder->bias))
		return;
	waiting = fdbg_arena_new(decoder->arena, struct waiting);
	if (!waiting)
		return;
	*waiting = (struct waiting){ .pointer = pointer, .then = then, .context = context };
	waiting->n_words = n_words < HEAD_WORDS ? HEAD_WORDS : n_words > MAX_WORDS ? MAX_WORDS : n_words;
	/* count > 1: the item stands for no object at its address. */
	fdbg_decode_push(decoder, object, (struct fdbg_item){
		.step = step_vtable, .desc = desc, .to = to, .address = vtable, .count = 2, .state = waiting,
	});
}

uint64_t fdbg_vtable_words(const struct fdbg_type *fat, const char *path)
{
	const struct fdbg_type *vtable, *table;
	uint64_t ignored = 0;

	if (!fdbg_type_path(fat, path, &vtable, &ignored) || vtable->kind != FDBG_TYPE_POINTER)
		return 0;
	table = fdbg_type_of((struct fdbg_type_ref *)&vtable->target);
	return table->kind == FDBG_TYPE_ARRAY && table->has_count ? table->count : 0;
}
