/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The types of the program, made when they are asked for. */
#include <string.h>

#include <dwarf.h>

#include "debuginfo/internal.h"

/* Types whose size depends on another's (arrays, enums' discriminants) nest; deeper is a cycle or hostile. */
#define MAX_NESTING 64

/* Typedefs and qualifiers in a row. */
#define MAX_ALIASES 64

struct fdbg_error *fdbg_types_init(struct fdbg_debuginfo *debuginfo)
{
	debuginfo->unit_type = fdbg_arena_new(&debuginfo->arena, struct fdbg_type);
	debuginfo->unknown_type = fdbg_arena_new(&debuginfo->arena, struct fdbg_type);
	if (!debuginfo->unit_type || !debuginfo->unknown_type)
		return &fdbg_error_nomem;
	*debuginfo->unit_type = (struct fdbg_type){
		.kind = FDBG_TYPE_BASE, .debuginfo = debuginfo, .name = FDBG_TEXT("()"), .align = 1,
		.align_known = true,
	};
	*debuginfo->unknown_type = (struct fdbg_type){ .debuginfo = debuginfo, .align = 1 };
	return NULL;
}

struct fdbg_type_ref fdbg_type_ref_to(struct fdbg_debuginfo *debuginfo, uint64_t die)
{
	return (struct fdbg_type_ref){ .debuginfo = debuginfo, .die = die };
}

/* What could not be understood must not look like a type that was. */
static void make_unknown(struct fdbg_type *type)
{
	*type = (struct fdbg_type){
		.kind = FDBG_TYPE_UNKNOWN, .die = type->die, .debuginfo = type->debuginfo, .unit = type->unit,
		.name = type->name, .size = type->size, .align = 1,
	};
}

static const struct fdbg_type *make_type(struct fdbg_debuginfo *debuginfo, const struct fdbg_die *die)
{
	struct fdbg_unit_data *unit = fdbg_unit_of_die(debuginfo, die->offset);
	struct fdbg_type *type, made;
	const char *broken;
	bool nomem = false;

	if (!unit)
		return debuginfo->unknown_type;
	type = fdbg_arena_new(&debuginfo->arena, struct fdbg_type);
	if (!type)
		return debuginfo->unknown_type;
	/* Kind UNKNOWN while it is made: what a cycle back to it sees. */
	type->debuginfo = debuginfo;
	type->die = die->offset;
	type->unit = &unit->unit;
	type->align = 1;
	if (!fdbg_map_set(&debuginfo->types, die->offset, (uintptr_t)type))
		return debuginfo->unknown_type;
	if (die->name.len) {
		const struct fdbg_entry *entry = fdbg_unit_entry(debuginfo, unit, die->offset);

		type->name = entry && entry->parent == FDBG_NO_PARENT ? die->name :
			fdbg_unit_path(debuginfo, unit, entry, die->name);
	}
	made = *type;
	if (die->byte_size.present)
		made.size = die->byte_size.low;
	if (die->alignment.present && die->alignment.low) {
		made.align = die->alignment.low;
		made.align_known = true;
	}
	/* No sensible object is larger; so sums of offsets and sizes cannot wrap around. */
	if (die->byte_size.negative || made.size > INT64_MAX / 2)
		broken = "its size is impossible";
	else
		broken = fdbg_type_build(debuginfo, die, &made, &nomem);
	if (!nomem && !broken && made.size > INT64_MAX / 2)
		broken = "its size is impossible";
	if (broken)
		fdbg_log(debuginfo->log, FDBG_LOG_INFO, "type %.*s at 0x%llx is not understood: %s",
			 (int)type->name.len,
			 type->name.data ? type->name.data : "", (unsigned long long)die->offset,
			 broken);
	if (broken || nomem)
		make_unknown(&made);
	*type = made;
	return type;
}

static bool is_alias(uint16_t tag)
{
	switch (tag) {
	case DW_TAG_typedef:
	case DW_TAG_const_type:
	case DW_TAG_volatile_type:
	case DW_TAG_restrict_type:
	case DW_TAG_atomic_type:
		return true;
	default:
		return false;
	}
}

const struct fdbg_type *fdbg_debuginfo_type(struct fdbg_debuginfo *debuginfo, uint64_t die)
{
	const struct fdbg_type *type = NULL;
	uint64_t found, at = die;

	if (!die)
		return debuginfo->unit_type;
	for (int aliases = 0; !type && aliases < MAX_ALIASES; aliases++) {
		struct fdbg_die data;

		if (fdbg_map_get(&debuginfo->types, at, &found)) {
			type = (const struct fdbg_type *)(uintptr_t)found;
		} else if (debuginfo->type_depth >= MAX_NESTING ||
			   !fdbg_dwarf_die(debuginfo->dwarf, at, &data)) {
			return debuginfo->unknown_type;
		} else if (is_alias(data.tag)) {
			at = data.type;
			if (!at)
				type = debuginfo->unit_type;
		} else {
			debuginfo->type_depth++;
			type = make_type(debuginfo, &data);
			debuginfo->type_depth--;
		}
	}
	if (!type)
		return debuginfo->unknown_type;
	if (at != die && !fdbg_map_set(&debuginfo->types, die, (uintptr_t)type))
		return debuginfo->unknown_type;
	return type;
}

const struct fdbg_type *fdbg_type_of(struct fdbg_type_ref *ref)
{
	static const struct fdbg_type nothing = {
		.kind = FDBG_TYPE_BASE, .name = { "()", 2 }, .align = 1, .align_known = true,
	};

	if (ref->type)
		return ref->type;
	if (!ref->debuginfo)
		return &nothing;
	ref->type = fdbg_debuginfo_type(ref->debuginfo, ref->die);
	return ref->type;
}

struct fdbg_member *fdbg_type_member(const struct fdbg_type *type, const char *name)
{
	for (size_t i = 0; i < type->n_members; i++)
		if (fdbg_text_is(type->members[i].name, name))
			return &type->members[i];
	return NULL;
}

const struct fdbg_type *fdbg_type_param(const struct fdbg_type *type, const char *name)
{
	for (size_t i = 0; i < type->n_params; i++)
		if (fdbg_text_is(type->params[i].name, name))
			return fdbg_type_of(&type->params[i].type);
	/* rustc writes an enum's arguments at each of its variants' structures only. */
	if (type->kind == FDBG_TYPE_VARIANTS && !type->n_params && type->n_variants) {
		const struct fdbg_type *payload = fdbg_type_of(&type->variants[0].type);

		if (payload->kind == FDBG_TYPE_STRUCT)
			return fdbg_type_param(payload, name);
	}
	return NULL;
}
