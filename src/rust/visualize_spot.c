/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Paths of visualizers: from names to places in an object. */
#include <string.h>

#include "rust/visualize.h"

#define REASON(arena, ...) reason_or(fdbg_arena_printf(arena, __VA_ARGS__))

static const char *reason_or(const char *text)
{
	return text ? text : "out of memory";
}

/* How much of a type's name goes into a message. */
static int shown(struct fdbg_text name)
{
	return (int)(name.len < 200 ? name.len : 200);
}

/* The only member that has bytes, or NULL. */
static const struct fdbg_member *only_member(const struct fdbg_type *type)
{
	const struct fdbg_member *only = NULL;

	if (type->kind != FDBG_TYPE_STRUCT && type->kind != FDBG_TYPE_UNION)
		return NULL;
	for (size_t i = 0; i < type->n_members; i++) {
		if (!fdbg_type_of(&type->members[i].type)->size)
			continue;
		if (only)
			return NULL;
		only = &type->members[i];
	}
	return only;
}

/* Goes on to a member of the place; false: it is not inside. */
static bool enter(struct fdbg_spot *place, const struct fdbg_member *member, uint64_t whole)
{
	const struct fdbg_type *type = fdbg_type_of((struct fdbg_type_ref *)&member->type);

	if (member->offset > whole || type->size > whole - member->offset ||
	    place->offset > FDBG_MAX_OBJECT)
		return false;
	place->offset += member->offset;
	place->type = type;
	return true;
}

bool fdbg_spot_peel(struct fdbg_spot *place)
{
	const struct fdbg_member *only = only_member(place->type);

	return only && enter(place, only, place->type->size);
}

static const struct fdbg_member *find_member(const struct fdbg_type *type, struct fdbg_text name)
{
	for (size_t i = 0; i < type->n_members; i++) {
		struct fdbg_text own = type->members[i].name;

		if (fdbg_text_equal(own, name))
			return &type->members[i];
		/* Field 0 of a tuple is `__0`. */
		if (name.len && name.data[0] >= '0' && name.data[0] <= '9' && own.len == name.len + 2 &&
		    fdbg_text_starts(own, "__") && !memcmp(own.data + 2, name.data, name.len))
			return &type->members[i];
	}
	return NULL;
}

static const struct fdbg_variant *find_variant(const struct fdbg_type *type, struct fdbg_text name)
{
	for (size_t i = 0; type->kind == FDBG_TYPE_VARIANTS && i < type->n_variants; i++)
		if (fdbg_text_equal(type->variants[i].name, name))
			return &type->variants[i];
	return NULL;
}

const char *fdbg_spot_find(struct fdbg_arena *arena, const struct fdbg_type *type, struct fdbg_text path,
			    struct fdbg_spot *ret)
{
	struct fdbg_spot place = { .type = type };
	/* Members of a variant's payload count from the start of the enum, and lie in it. */
	uint64_t whole = type->size;

	for (;;) {
		const char *dot = memchr(path.data, '.', path.len);
		struct fdbg_text name = { path.data, dot ? (size_t)(dot - path.data) : path.len };
		const struct fdbg_variant *variant = find_variant(place.type, name);
		const struct fdbg_member *member = find_member(place.type, name);

		if (fdbg_text_is(name, "*")) {
			for (unsigned depth = 0; depth < 32 && fdbg_spot_peel(&place); depth++) {
			}
			whole = place.type->size;
		} else if (variant) {
			if (place.n_guards == sizeof(place.guards) / sizeof(place.guards[0]))
				return REASON(arena, "too many enums on the way to '%.*s'", (int)name.len, name.data);
			place.guards[place.n_guards++] = (struct fdbg_spot_guard){
				.type = { .type = place.type }, .offset = place.offset,
				.variant = (size_t)(variant - place.type->variants),
			};
			place.type = fdbg_type_of((struct fdbg_type_ref *)&variant->type);
		} else if (member) {
			if (!enter(&place, member, whole))
				return REASON(arena, "member '%.*s' is not inside %.*s", (int)name.len, name.data,
					      shown(place.type->name), place.type->name.data);
			whole = place.type->size;
		} else {
			return REASON(arena, "%.*s has no member '%.*s'", shown(place.type->name), place.type->name.data,
				      (int)name.len, name.data);
		}
		if (!dot)
			break;
		path = (struct fdbg_text){ dot + 1, path.len - name.len - 1 };
	}
	if (place.offset > type->size || place.type->size > type->size - place.offset)
		return REASON(arena, "%.*s is larger than what it is in", shown(place.type->name), place.type->name.data);
	*ret = place;
	return NULL;
}

bool fdbg_spot_present(struct fdbg_decoder *decoder, const struct fdbg_spot *place,
			const struct fdbg_object *object)
{
	for (size_t i = 0; i < place->n_guards; i++) {
		const struct fdbg_spot_guard *guard = &place->guards[i];
		const struct fdbg_desc *desc = fdbg_describe_ref(decoder, (struct fdbg_desc_ref *)&guard->type);
		struct fdbg_object part = *object;

		part.bytes += guard->offset;
		if (!desc || fdbg_decode_variant_index(desc, &part) != guard->variant)
			return false;
	}
	return true;
}
