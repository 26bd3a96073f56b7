/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "trace/polls.h"

#include <string.h>

#define POLL "core::task::poll::Poll<"
/* What a coroutine's body returned before it was made to return a Poll itself. */
#define GENERATOR_STATE "core::ops::generator::GeneratorState<(), "

/* Bodies that are polled; a generator's `{gen_fn#0}` is not. */
static const char *const bodies[] = { "{async_fn#", "{async_block#", "{async_closure#" };

static bool is_body(struct fdbg_text name)
{
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		if (fdbg_text_starts(name, bodies[i]))
			return true;
	return false;
}

/* The coroutine behind a parameter of type `Pin<&mut …>`; NULL: it is another parameter. */
static const struct fdbg_type *pinned_coroutine(const struct fdbg_type *type)
{
	struct fdbg_type_ref inner;

	if (type->kind == FDBG_TYPE_STRUCT && type->n_members == 1 && fdbg_text_starts(type->name, "core::pin::Pin<"))
		type = fdbg_type_of(&type->members[0].type);
	if (type->kind != FDBG_TYPE_POINTER)
		return NULL;
	inner = type->target;
	type = fdbg_type_of(&inner);
	return type->kind == FDBG_TYPE_VARIANTS && type->has_discriminant &&
	       memmem(type->name.data, type->name.len, "_env#", strlen("_env#")) ? type : NULL;
}

/* By its name, which is that of the body with `_env` behind the kind: `app::fetch::{async_fn_env#0}`. */
static const struct fdbg_type *coroutine_by_name(struct fdbg_debuginfo *debuginfo,
						 const struct fdbg_function *function, struct fdbg_arena *arena)
{
	struct fdbg_text path = function->path;
	size_t before = path.len - function->name.len;
	const char *number = path.len >= function->name.len
				     ? memchr(path.data + before, '#', function->name.len) : NULL;
	const struct fdbg_type *type;
	char *name;

	if (!number)
		return NULL;
	name = fdbg_arena_printf(arena, "%.*s_env%.*s", (int)(number - path.data), path.data,
				 (int)(path.data + path.len - number), number);
	type = name ? fdbg_debuginfo_type_by_name(debuginfo, fdbg_text_from(name)) : NULL;
	return type && type->kind == FDBG_TYPE_VARIANTS && type->has_discriminant ? type : NULL;
}

/* The name without the body's own part, where that stands for the whole function. */
static struct fdbg_text source_name(struct fdbg_text name, const struct fdbg_function *function)
{
	const char *last = NULL;

	if (fdbg_text_starts(function->name, "{async_block#"))
		return name;
	for (size_t i = 0; i + 3 < name.len; i++)
		if (!memcmp(name.data + i, "::{", 3))
			last = name.data + i;
	if (last && is_body((struct fdbg_text){ last + 2, (size_t)(name.data + name.len - last - 2) }))
		name.len = (size_t)(last - name.data);
	return name;
}

struct fdbg_error *fdbg_poll_find(struct fdbg_debuginfo *debuginfo, const struct fdbg_function *function,
				  struct fdbg_text full_name, struct fdbg_variable *params, size_t n_params,
				  struct fdbg_arena *arena, struct fdbg_poll **ret)
{
	struct fdbg_type_ref returned = function->return_type;
	const struct fdbg_type *type;
	struct fdbg_poll *poll;

	*ret = NULL;
	if (!is_body(function->name) || !returned.die)
		return NULL;
	type = fdbg_type_of(&returned);
	if (!fdbg_text_starts(type->name, POLL) && !fdbg_text_starts(type->name, GENERATOR_STATE))
		return NULL;
	poll = fdbg_arena_new(arena, struct fdbg_poll);
	if (!poll)
		return &fdbg_error_nomem;
	poll->name = source_name(full_name, function);
	if (n_params)
		poll->coroutine = pinned_coroutine(fdbg_type_of(&params[0].type));
	if (!poll->coroutine)
		poll->coroutine = coroutine_by_name(debuginfo, function, arena);
	*ret = poll;
	return NULL;
}

struct fdbg_error *fdbg_poll_add_parameter(const struct fdbg_poll *poll, struct fdbg_arena *arena,
					   struct fdbg_variable **params, size_t *n_params)
{
	struct fdbg_variable *list;
	struct fdbg_type *pointer;

	if (!poll->coroutine || (*n_params && pinned_coroutine(fdbg_type_of(&(*params)[0].type))))
		return NULL;
	list = fdbg_arena_array(arena, *n_params + 1, sizeof(*list));
	pointer = fdbg_arena_new(arena, struct fdbg_type);
	if (!list || !pointer)
		return &fdbg_error_nomem;
	*pointer = (struct fdbg_type){
		.kind = FDBG_TYPE_POINTER, .debuginfo = poll->coroutine->debuginfo, .unit = poll->coroutine->unit,
		.size = 8, .align = 8,
		.name = fdbg_text_from(fdbg_arena_printf(arena, "&mut %.*s", (int)poll->coroutine->name.len,
							 poll->coroutine->name.data)),
		.target = { .debuginfo = poll->coroutine->debuginfo, .die = poll->coroutine->die,
			    .type = poll->coroutine },
	};
	if (!pointer->name.data)
		return &fdbg_error_nomem;
	list[0] = (struct fdbg_variable){
		.type = { .debuginfo = pointer->debuginfo, .die = poll->coroutine->die, .type = pointer },
	};
	memcpy(list + 1, *params, *n_params * sizeof(*list));
	*params = list;
	++*n_params;
	return NULL;
}

bool fdbg_poll_is_context(const struct fdbg_type *type)
{
	return fdbg_text_is(type->name, "core::future::ResumeTy");
}

bool fdbg_poll_address(const struct fdbg_value *argument, uint64_t *ret)
{
	while (argument->kind == FDBG_VALUE_STRUCT && argument->record.n_fields == 1)
		argument = &argument->record.fields[0].value;
	if (argument->kind != FDBG_VALUE_REF || !argument->ref.address)
		return false;
	*ret = argument->ref.address;
	return true;
}

/* The variant that the coroutine is in; NULL: its discriminant cannot be read, or is none of its states'. */
static struct fdbg_error *read_state(const struct fdbg_type *coroutine, uint64_t address, struct fdbg_memview *view,
				     const struct fdbg_variant **ret)
{
	struct fdbg_type_ref discriminant = coroutine->discriminant.type;
	uint64_t size = fdbg_type_of(&discriminant)->size, value = 0;
	enum fdbg_memview_state state;
	const uint8_t *bytes;

	*ret = NULL;
	if (!size || size > 8)
		return NULL;
	while ((state = fdbg_memview_get(view, address + coroutine->discriminant.offset, (size_t)size, &bytes)) ==
	       FDBG_MEMVIEW_PENDING) {
		struct fdbg_error *err = fdbg_memview_fetch(view);

		if (err)
			return err;
	}
	if (state == FDBG_MEMVIEW_NOMEM)
		return &fdbg_error_nomem;
	if (state != FDBG_MEMVIEW_READY)
		return NULL;
	for (uint64_t i = size; i-- > 0;)
		value = value << 8 | bytes[i];
	for (size_t i = 0; i < coroutine->n_variants; i++)
		if (coroutine->variants[i].has_value && coroutine->variants[i].value_low == value)
			*ret = &coroutine->variants[i];
	return NULL;
}

/* A state has the name of its structure, `Suspend0` (std-types.md, section 5); without one its number. */
static struct fdbg_text state_name(const struct fdbg_variant *variant)
{
	struct fdbg_type_ref payload = variant->type;
	struct fdbg_text name = fdbg_type_of(&payload)->name;
	size_t start = name.len;

	while (start > 0 && name.data[start - 1] != ':' && name.data[start - 1] != '>')
		start--;
	return start < name.len ? (struct fdbg_text){ name.data + start, name.len - start } : variant->name;
}

static struct fdbg_value *add(struct fdbg_poll_values *values, const char *name, struct fdbg_value value)
{
	struct fdbg_named_value *item = &values->items[values->n++];

	*item = (struct fdbg_named_value){ fdbg_text_from(name), value };
	return &item->value;
}

/* Does the line of a state say where the function waits? An await that a macro brings along has a line of the macro's file. */
static bool waits_in_function(const struct fdbg_type *coroutine, const struct fdbg_variant *variant)
{
	return variant->line && variant->line_file == coroutine->variants[0].line_file &&
	       fdbg_text_starts(state_name(variant), "Suspend");
}

struct fdbg_error *fdbg_poll_enter(const struct fdbg_poll *poll, const uint64_t *address, struct fdbg_memview *view,
				   struct fdbg_poll_values *ret)
{
	const struct fdbg_variant *variant = NULL;
	struct fdbg_error *err;

	ret->n = 0;
	add(ret, "fn", (struct fdbg_value){ .kind = FDBG_VALUE_STR, .str = poll->name });
	if (!address)
		return NULL;
	add(ret, "future", (struct fdbg_value){ .kind = FDBG_VALUE_REF,
						.ref = { .kind = FDBG_REF_PTR, .address = *address } });
	if (!view || !poll->coroutine)
		return NULL;
	err = read_state(poll->coroutine, *address, view, &variant);
	if (variant)
		add(ret, "state", (struct fdbg_value){
			.kind = FDBG_VALUE_ENUM, .enumeration = { poll->coroutine->name, state_name(variant) } });
	if (variant && waits_in_function(poll->coroutine, variant)) {
		struct fdbg_value *line = add(ret, "await_line", (struct fdbg_value){
			.kind = FDBG_VALUE_PRIM, .prim = { .prim = FDBG_PRIM_U32 } });

		for (size_t i = 0; i < 4; i++)
			line->prim.bytes[i] = (uint8_t)(variant->line >> 8 * i);
	}
	return err;
}

/* `Yielded(())` and `Complete(v)` of the older form, as `Pending` and `Ready(v)`. */
static bool as_poll(const struct fdbg_value *result, struct fdbg_arena *arena, struct fdbg_value *ret)
{
	static const struct fdbg_text names[] = { { "Ready", 5 }, { "Pending", 7 } };
	struct fdbg_text type = result->variant.type;
	size_t head = strlen(GENERATOR_STATE);
	struct fdbg_text variant;
	char *name;

	if (result->kind != FDBG_VALUE_VARIANT || !fdbg_text_starts(type, GENERATOR_STATE) ||
	    result->variant.index >= result->variant.n_variants)
		return false;
	variant = result->variant.variants[result->variant.index];
	name = fdbg_arena_printf(arena, "%s%.*s", POLL, (int)(type.len - head), type.data + head);
	if (!name)
		return false;
	*ret = *result;
	ret->variant.type = fdbg_text_from(name);
	ret->variant.variants = names;
	ret->variant.n_variants = 2;
	ret->variant.index = fdbg_text_is(variant, "Complete") ? 0 : 1;
	if (ret->variant.index == 1)
		ret->variant.n_fields = 0;
	return true;
}

struct fdbg_error *fdbg_poll_exit(const struct fdbg_poll *poll, const uint64_t *address, struct fdbg_memview *view,
				  const struct fdbg_value *result, struct fdbg_arena *arena,
				  struct fdbg_poll_values *ret)
{
	struct fdbg_error *err = fdbg_poll_enter(poll, address, result ? view : NULL, ret);
	struct fdbg_value converted;

	if (err || !result)
		return err;
	add(ret, "poll", as_poll(result, arena, &converted) ? converted : *result);
	return NULL;
}
