/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Types found by something other than a reference: by name, and by a vtable's address. */
#include <stdlib.h>
#include <string.h>

#include <dwarf.h>

#include "base/cursor.h"
#include "debuginfo/internal.h"

struct fdbg_vtable_entry {
	uint64_t type;          /* DIE of the concrete type */
	bool ambiguous;
};

static bool is_named_type(uint16_t tag)
{
	switch (tag) {
	case DW_TAG_base_type:
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
	case DW_TAG_pointer_type:
	case DW_TAG_typedef:
		return true;
	default:
		return false;
	}
}

/* The key of a type under the names that symbols have: no default allocators, no blanks. */
static struct fdbg_text symbol_key(struct fdbg_debuginfo *debuginfo, struct fdbg_text name)
{
	static const char allocator[] = ", alloc::alloc::Global";
	char *key = fdbg_arena_alloc(&debuginfo->arena, name.len + 1);
	size_t len = 0;

	if (!key)
		return (struct fdbg_text){ 0 };
	for (size_t i = 0; i < name.len; i++) {
		if (name.len - i >= sizeof(allocator) && !memcmp(name.data + i, allocator, sizeof(allocator) - 1) &&
		    (name.data[i + sizeof(allocator) - 1] == '>' || name.data[i + sizeof(allocator) - 1] == ','))
			i += sizeof(allocator) - 2;
		else if (name.data[i] != ' ')
			key[len++] = name.data[i];
	}
	return (struct fdbg_text){ key, len };
}

static bool index_symbol_name(struct fdbg_debuginfo *debuginfo, struct fdbg_text name, uint64_t die)
{
	struct fdbg_text key = symbol_key(debuginfo, name);
	uint64_t known;

	if (!key.data)
		return false;
	/* Two types of one key: neither is meant for certain. */
	if (fdbg_strmap_get(&debuginfo->symbol_names, key, &known))
		die = 0;
	return fdbg_strmap_set(&debuginfo->symbol_names, key, die);
}

static bool index_names(struct fdbg_debuginfo *debuginfo, struct fdbg_unit_data *unit)
{
	struct fdbg_error *err = fdbg_unit_index(debuginfo, unit);

	if (err) {
		fdbg_error_destroy(err);
		return false;
	}
	for (size_t i = 0; i < unit->n_entries; i++) {
		const struct fdbg_entry *entry = &unit->entries[i];
		struct fdbg_text name;
		struct fdbg_die die;
		uint64_t known;

		if (!is_named_type(entry->tag) || !fdbg_dwarf_die(debuginfo->dwarf, entry->die, &die) ||
		    !die.name.len || die.declaration || fdbg_type_is_unfinished(unit, entry, &die))
			continue;
		name = entry->parent == FDBG_NO_PARENT ? die.name :
			fdbg_unit_path(debuginfo, unit, entry, die.name);
		if (!name.data)
			return false;
		if (fdbg_strmap_get(&debuginfo->names, name, &known))
			continue;
		if (!fdbg_strmap_set(&debuginfo->names, name, entry->die) ||
		    !index_symbol_name(debuginfo, name, entry->die))
			return false;
	}
	return true;
}

static void make_names(struct fdbg_debuginfo *debuginfo)
{
	if (debuginfo->names_made)
		return;
	debuginfo->names_made = true;
	for (size_t i = 0; i < debuginfo->n_units; i++)
		if (debuginfo->units[i].unit.rust && debuginfo->units[i].unit.has_types &&
		    !index_names(debuginfo, &debuginfo->units[i]))
			break; /* out of memory: what is there serves */
}

const struct fdbg_type *fdbg_debuginfo_type_by_name(struct fdbg_debuginfo *debuginfo, struct fdbg_text name)
{
	uint64_t die;

	make_names(debuginfo);
	return fdbg_strmap_get(&debuginfo->names, name, &die) ? fdbg_debuginfo_type(debuginfo, die) : NULL;
}

const struct fdbg_type *fdbg_debuginfo_type_by_symbol_name(struct fdbg_debuginfo *debuginfo, struct fdbg_text name)
{
	struct fdbg_text key;
	uint64_t die;

	make_names(debuginfo);
	key = symbol_key(debuginfo, name);
	if (!key.data || !fdbg_strmap_get(&debuginfo->symbol_names, key, &die) || !die)
		return NULL;
	return fdbg_debuginfo_type(debuginfo, die);
}

bool fdbg_debuginfo_symbol_at(struct fdbg_debuginfo *debuginfo, uint64_t address, struct fdbg_symbol *ret)
{
	return fdbg_image_symbol_at(debuginfo->image, address, ret) ||
	       (debuginfo->symbols != debuginfo->image &&
		fdbg_image_symbol_at(debuginfo->symbols, address, ret));
}

static bool stop_at_function(void *context, const struct fdbg_symbol *symbol)
{
	*(bool *)context |= symbol->function;
	return !symbol->function;
}

bool fdbg_debuginfo_has_symbols(struct fdbg_debuginfo *debuginfo)
{
	bool any = false;

	fdbg_image_each_symbol(debuginfo->image, stop_at_function, &any);
	if (!any && debuginfo->symbols != debuginfo->image)
		fdbg_image_each_symbol(debuginfo->symbols, stop_at_function, &any);
	return any;
}

bool fdbg_debuginfo_in_image(const struct fdbg_debuginfo *debuginfo, uint64_t address)
{
	const struct fdbg_image_info *info = fdbg_image_info(debuginfo->image);

	return address >= info->low && address < info->high;
}

/* The address of a vtable variable: DW_OP_addr or DW_OP_addrx and nothing else. */
static uint64_t vtable_address(struct fdbg_debuginfo *debuginfo, const struct fdbg_unit_data *unit,
			       const struct fdbg_die *die, struct fdbg_arena *scratch)
{
	struct fdbg_simple_location simple;
	struct fdbg_location location;
	struct fdbg_error *err = fdbg_lists_location(debuginfo, unit, &die->location, scratch, &location);

	if (err) {
		fdbg_error_destroy(err);
		return 0;
	}
	simple = fdbg_location_simplify(&location, NULL, 0);
	return simple.kind == FDBG_SIMPLE_ADDRESS ? (uint64_t)simple.offset : 0;
}

struct vtable_list {
	struct fdbg_vtable_entry *entries;
	size_t n, cap;
};

/*
 * Several types at one address are ambiguous only when their names differ: each unit describes its own copy.
 */
static bool same_name(struct fdbg_debuginfo *debuginfo, uint64_t a, uint64_t b)
{
	return a == b || fdbg_text_equal(fdbg_debuginfo_type(debuginfo, a)->name,
					 fdbg_debuginfo_type(debuginfo, b)->name);
}

static bool add_vtable(struct fdbg_debuginfo *debuginfo, struct vtable_list *list, uint64_t address,
		       uint64_t type)
{
	uint64_t index;

	if (fdbg_map_get(&debuginfo->vtables, address, &index)) {
		if (!same_name(debuginfo, list->entries[index].type, type))
			list->entries[index].ambiguous = true;
		return true;
	}
	if (list->n == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 64;
		struct fdbg_vtable_entry *grown = fdbg_arena_array(&debuginfo->arena, cap, sizeof(*grown));

		if (!grown)
			return false;
		if (list->n)
			memcpy(grown, list->entries, list->n * sizeof(*grown));
		list->entries = grown;
		list->cap = cap;
	}
	if (!fdbg_map_set(&debuginfo->vtables, address, list->n))
		return false;
	list->entries[list->n++] = (struct fdbg_vtable_entry){ .type = type };
	return true;
}

static bool index_vtables(struct fdbg_debuginfo *debuginfo, struct fdbg_unit_data *unit,
			  struct vtable_list *list,
			  struct fdbg_arena *scratch)
{
	struct fdbg_error *err = fdbg_unit_index(debuginfo, unit);

	if (err) {
		fdbg_error_destroy(err);
		return false;
	}
	for (size_t i = 0; i < unit->n_entries; i++) {
		struct fdbg_die die, type;
		uint64_t address;

		if (unit->entries[i].tag != DW_TAG_variable || unit->entries[i].parent != FDBG_NO_PARENT ||
		    !fdbg_dwarf_die(debuginfo->dwarf, unit->entries[i].die, &die) || !die.type ||
		    !fdbg_text_ends(die.name, "{vtable}"))
			continue;
		address = vtable_address(debuginfo, unit, &die, scratch);
		if (address && fdbg_dwarf_die(debuginfo->dwarf, die.type, &type) && type.containing_type &&
		    !add_vtable(debuginfo, list, address, type.containing_type))
			return false;
	}
	return true;
}

const struct fdbg_type *fdbg_debuginfo_vtable(struct fdbg_debuginfo *debuginfo, uint64_t address,
					      bool *ambiguous_ret)
{
	uint64_t index;

	if (!debuginfo->vtables_made) {
		struct fdbg_arena scratch = { 0 };
		struct vtable_list list = { 0 };

		debuginfo->vtables_made = true;
		for (size_t i = 0; i < debuginfo->n_units; i++)
			if (debuginfo->units[i].unit.rust && debuginfo->units[i].unit.has_types &&
			    !index_vtables(debuginfo, &debuginfo->units[i], &list, &scratch))
				break;
		fdbg_arena_deinit(&scratch);
		debuginfo->vtable_list = list.entries;
		debuginfo->n_vtables = list.n;
	}
	if (!fdbg_map_get(&debuginfo->vtables, address, &index) || index >= debuginfo->n_vtables)
		return NULL;
	*ambiguous_ret = debuginfo->vtable_list[index].ambiguous;
	return fdbg_debuginfo_type(debuginfo, debuginfo->vtable_list[index].type);
}
