/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "debuginfo/dwarf.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include <dwarf.h>
#include <libdwarf.h>

#include "base/map.h"
#include "config.h"
#include "debuginfo/dwarf_die.h"
#include "debuginfo/image_internal.h"

/* Namespaces, functions and types nest; what is deeper than this is left out. */
#define MAX_DEPTH 64

/*
 * Units name their abbreviations by offset, so a small file can have one long table read from everywhere in it. Compilers write a
 * table for each unit; what is beyond so many times the section is treated as broken.
 */
#define ABBREV_READS 4

/*
 * libdwarf lists the units. It gets the sections through its object interface: only those that DIEs need, decompressed by libelf.
 * It never sees line tables, lists and frames, which are read elsewhere: release 20210528 frees memory twice
 * when the lists are damaged, and looks at them without being asked.
 */
static const char *const section_names[] = {
	"", ".debug_info", ".debug_abbrev", ".debug_str", ".debug_str_offsets", ".debug_addr",
		".debug_line_str",
};

#define N_SECTIONS (sizeof(section_names) / sizeof(*section_names))

#ifdef FDBG_DWARF_INIT_ACCESS
typedef Dwarf_Obj_Access_Interface access_interface;
typedef Dwarf_Obj_Access_Methods access_methods;
typedef Dwarf_Obj_Access_Section access_section;
#else
typedef Dwarf_Obj_Access_Interface_a access_interface;
typedef Dwarf_Obj_Access_Methods_a access_methods;
typedef Dwarf_Obj_Access_Section_a access_section;
#endif

struct fdbg_dwarf {
	Dwarf_Debug dbg;
	struct fdbg_die_sections sections;
	const struct fdbg_section *listed[N_SECTIONS]; /* as section_names */
	uint64_t total;
	access_interface interface;
	access_methods methods;

	struct fdbg_arena arena;
	struct fdbg_die_unit *units; /* by offset */
	size_t n_units, last;        /* last: the one that was asked for last */
	struct fdbg_map tables;      /* offset in .debug_abbrev → struct fdbg_abbrev_table * */
	uint64_t abbrev_budget;      /* bytes of abbreviations that may still be read */
};

/* Frees an error that was answered; libdwarf would keep it until the close. */
static void drop(struct fdbg_dwarf *dwarf, Dwarf_Error *error)
{
	if (*error)
		dwarf_dealloc(dwarf->dbg, *error, DW_DLA_ERROR);
	*error = NULL;
}

static int section_info(void *object, Dwarf_Unsigned index, access_section *ret, int *error)
{
	struct fdbg_dwarf *dwarf = object;

	(void)error;
	if (index >= N_SECTIONS)
		return DW_DLV_NO_ENTRY;
	memset(ret, 0, sizeof(*ret));
#ifdef FDBG_DWARF_INIT_ACCESS
	ret->name = section_names[index];
	ret->size = dwarf->listed[index]->len;
	ret->type = index ? SHT_PROGBITS : SHT_NULL;
#else
	ret->as_name = section_names[index];
	ret->as_size = dwarf->listed[index]->len;
	ret->as_type = index ? SHT_PROGBITS : SHT_NULL;
#endif
	return DW_DLV_OK;
}

static int load_section(void *object, Dwarf_Unsigned index, Dwarf_Small **ret, int *error)
{
	struct fdbg_dwarf *dwarf = object;

	(void)error;
	if (index >= N_SECTIONS || !dwarf->listed[index]->len)
		return DW_DLV_NO_ENTRY;
	*ret = (Dwarf_Small *)dwarf->listed[index]->bytes;
	return DW_DLV_OK;
}

static Dwarf_Unsigned section_count(void *object)
{
	(void)object;
	return N_SECTIONS;
}

static Dwarf_Small byte_width(void *object)
{
	(void)object;
	return 8;
}

/*
 * The index of a section was a Dwarf_Half before it became a Dwarf_Unsigned; which it is, only the header
 * knows.
 */
__attribute__((unused)) static int section_info_half(void *object, Dwarf_Half index, access_section *ret,
						     int *error)
{
	return section_info(object, index, ret, error);
}

__attribute__((unused)) static int load_section_half(void *object, Dwarf_Half index, Dwarf_Small **ret,
						     int *error)
{
	return load_section(object, index, ret, error);
}

#define AS_DECLARED(member, function) \
	_Generic((member), __typeof__(&function##_half): function##_half, default: function)

#ifdef FDBG_DWARF_INIT_ACCESS
static Dwarf_Endianness byte_order(void *object)
{
	(void)object;
	return DW_OBJECT_LSB;
}
#else
static Dwarf_Small byte_order(void *object)
{
	(void)object;
	return DW_END_little;
}

static Dwarf_Unsigned file_size(void *object)
{
	struct fdbg_dwarf *dwarf = object;

	return dwarf->total;
}
#endif

static void set_methods(struct fdbg_dwarf *dwarf)
{
	access_methods *methods = &dwarf->methods;

#ifdef FDBG_DWARF_INIT_ACCESS
	methods->get_section_info = AS_DECLARED(methods->get_section_info, section_info);
	methods->load_section = AS_DECLARED(methods->load_section, load_section);
	methods->get_byte_order = byte_order;
	methods->get_length_size = byte_width;
	methods->get_pointer_size = byte_width;
	methods->get_section_count = section_count;
	dwarf->interface.object = dwarf;
	dwarf->interface.methods = methods;
#else
	methods->om_get_section_info = AS_DECLARED(methods->om_get_section_info, section_info);
	methods->om_load_section = AS_DECLARED(methods->om_load_section, load_section);
	methods->om_get_byte_order = byte_order;
	methods->om_get_length_size = byte_width;
	methods->om_get_pointer_size = byte_width;
	methods->om_get_filesize = file_size;
	methods->om_get_section_count = section_count;
	dwarf->interface.ai_object = dwarf;
	dwarf->interface.ai_methods = methods;
#endif
}

static struct fdbg_error *load_sections(struct fdbg_dwarf *dwarf, struct fdbg_image *image)
{
	static const struct fdbg_section none;
	struct fdbg_die_sections *sections = &dwarf->sections;
	struct fdbg_section *const places[N_SECTIONS] = {
		NULL, &sections->info, &sections->abbrev, &sections->str, &sections->str_offsets, &sections->addr,
		&sections->line_str,
	};

	dwarf->listed[0] = &none;
	for (size_t i = 1; i < N_SECTIONS; i++) {
		struct fdbg_error *err = fdbg_image_section(image, section_names[i], &places[i]->bytes, &places[i]->len);

		if (err)
			return err;
		dwarf->listed[i] = places[i];
		dwarf->total += places[i]->len;
	}
	dwarf->abbrev_budget = (uint64_t)sections->abbrev.len * ABBREV_READS;
	return NULL;
}

struct fdbg_error *fdbg_dwarf_open(struct fdbg_image *image, struct fdbg_dwarf **ret)
{
	struct fdbg_dwarf *dwarf = calloc(1, sizeof(*dwarf));
	const char *path = fdbg_image_info(image)->path;
	struct fdbg_error *err;
	Dwarf_Error error = NULL;
	int result;

	if (!dwarf)
		return &fdbg_error_nomem;
	err = load_sections(dwarf, image);
	if (err)
		goto fail;
	set_methods(dwarf);
	result = dwarf_object_init_b(&dwarf->interface, NULL, NULL, DW_GROUPNUMBER_ANY, &dwarf->dbg, &error);
	if (result == DW_DLV_OK) {
		*ret = dwarf;
		return NULL;
	}
	err = fdbg_error_create(FDBG_ERROR_FORMAT, "%s: the debug information cannot be read: %s", path,
				result == DW_DLV_ERROR ? dwarf_errmsg(error) : "there is none");
	if (error)
		dwarf_dealloc(dwarf->dbg, error, DW_DLA_ERROR);

fail:
	free(dwarf);
	return err;
}

void fdbg_dwarf_close(struct fdbg_dwarf *dwarf)
{
	if (!dwarf)
		return;
#ifdef FDBG_DWARF_INIT_ACCESS
	dwarf_object_finish(dwarf->dbg, NULL);
#else
	dwarf_object_finish(dwarf->dbg);
#endif
	fdbg_map_deinit(&dwarf->tables);
	fdbg_arena_deinit(&dwarf->arena);
	free(dwarf->units);
	free(dwarf);
}

/* The table of abbreviations at an offset; one that may not be read any more is empty. */
static struct fdbg_error *find_table(struct fdbg_dwarf *dwarf, uint64_t offset, const struct fdbg_abbrev_table **ret)
{
	static const struct fdbg_abbrev_table none;
	const struct fdbg_section *section = &dwarf->sections.abbrev;
	struct fdbg_abbrev_table *table;
	struct fdbg_cursor cursor;
	struct fdbg_error *err;
	uint64_t known;

	*ret = &none;
	if (fdbg_map_get(&dwarf->tables, offset, &known)) {
		*ret = (const struct fdbg_abbrev_table *)(uintptr_t)known;
		return NULL;
	}
	if (offset >= section->len || !dwarf->abbrev_budget)
		return NULL;
	table = fdbg_arena_new(&dwarf->arena, struct fdbg_abbrev_table);
	if (!table)
		return &fdbg_error_nomem;
	cursor = fdbg_cursor_over(section->bytes, section->len, 0);
	cursor.pos = (size_t)offset;
	err = fdbg_abbrev_table_read(&cursor, &dwarf->arena, table);
	if (err)
		return err;
	dwarf->abbrev_budget -= cursor.pos - offset < dwarf->abbrev_budget ? cursor.pos - offset : dwarf->abbrev_budget;
	if (!fdbg_map_set(&dwarf->tables, offset, (uintptr_t)table))
		return &fdbg_error_nomem;
	*ret = table;
	return NULL;
}

static struct fdbg_error *add_unit(struct fdbg_dwarf *dwarf, size_t *cap, const struct fdbg_dwarf_unit *header)
{
	struct fdbg_die_unit unit = { .sections = &dwarf->sections, .header = *header };
	struct fdbg_error *err;

	if (dwarf->n_units == *cap) {
		size_t grown_cap = *cap ? *cap * 2 : 64;
		struct fdbg_die_unit *grown = reallocarray(dwarf->units, grown_cap, sizeof(*grown));

		if (!grown)
			return &fdbg_error_nomem;
		dwarf->units = grown;
		*cap = grown_cap;
	}
	err = find_table(dwarf, header->abbrev, &unit.abbrevs);
	if (err)
		return err;
	fdbg_die_unit_open(&unit);
	dwarf->units[dwarf->n_units++] = unit;
	return NULL;
}

static struct fdbg_error *list_units(struct fdbg_dwarf *dwarf, bool *complete_ret)
{
	size_t cap = 0;
	Dwarf_Unsigned next = 0;
	Dwarf_Error error = NULL;
	int result;

	for (;;) {
		struct fdbg_dwarf_unit unit = { .header = next };
		Dwarf_Half version, address_size, offset_size, extension_size, type = DW_UT_compile;
		Dwarf_Unsigned length, type_offset;
		Dwarf_Off abbrev, offset;
		Dwarf_Sig8 signature;
		Dwarf_Die die = NULL;
		struct fdbg_error *err;

		result = dwarf_next_cu_header_d(dwarf->dbg, true, &length, &version, &abbrev, &address_size,
						&offset_size,
						&extension_size, &signature, &type_offset, &next, &type,
						&error);
		if (result != DW_DLV_OK)
			break;
		result = dwarf_siblingof_b(dwarf->dbg, NULL, true, &die, &error);
		if (result == DW_DLV_OK)
			result = dwarf_dieoffset(die, &offset, &error);
		if (die)
			dwarf_dealloc(dwarf->dbg, die, DW_DLA_DIE);
		if (result == DW_DLV_ERROR)
			drop(dwarf, &error);
		if (result != DW_DLV_OK || type == DW_UT_type || type == DW_UT_split_type ||
		    next <= unit.header)
			continue;
		unit.next = next;
		unit.die = offset;
		unit.abbrev = abbrev;
		unit.version = version;
		unit.address_size = (uint8_t)address_size;
		unit.offset_size = (uint8_t)offset_size;
		unit.type = (uint8_t)type;
		err = add_unit(dwarf, &cap, &unit);
		if (err)
			return err;
	}
	*complete_ret = result == DW_DLV_NO_ENTRY;
	drop(dwarf, &error);
	return NULL;
}

struct fdbg_error *fdbg_dwarf_units(struct fdbg_dwarf *dwarf, struct fdbg_arena *arena,
				    struct fdbg_dwarf_unit **ret, size_t *n_ret, bool *complete_ret)
{
	struct fdbg_error *err = list_units(dwarf, complete_ret);
	struct fdbg_dwarf_unit *headers = err ? NULL : fdbg_arena_array(arena, dwarf->n_units, sizeof(*headers));

	if (!headers)
		return err ? err : &fdbg_error_nomem;
	for (size_t i = 0; i < dwarf->n_units; i++)
		headers[i] = dwarf->units[i].header;
	*ret = headers;
	*n_ret = dwarf->n_units;
	return NULL;
}

static bool is_in(const struct fdbg_die_unit *unit, uint64_t offset)
{
	return offset >= unit->header.header && offset < unit->header.next;
}

static const struct fdbg_die_unit *find_unit(struct fdbg_dwarf *dwarf, uint64_t offset)
{
	size_t low = 0, high = dwarf->n_units;

	if (dwarf->last < dwarf->n_units && is_in(&dwarf->units[dwarf->last], offset))
		return &dwarf->units[dwarf->last];
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (is_in(&dwarf->units[mid], offset)) {
			dwarf->last = mid;
			return &dwarf->units[mid];
		}
		if (offset < dwarf->units[mid].header.header)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

const struct fdbg_abbrev_table *fdbg_dwarf_abbrevs(struct fdbg_dwarf *dwarf, const struct fdbg_dwarf_unit *header)
{
	return find_unit(dwarf, header->header)->abbrevs;
}

/* Puts a cursor on the attributes of the DIE at an offset; false: there is none. */
static bool find_die(struct fdbg_dwarf *dwarf, uint64_t offset, const struct fdbg_die_unit **unit_ret,
		     struct fdbg_cursor *cursor_ret, const struct fdbg_abbrev **abbrev_ret)
{
	*unit_ret = find_unit(dwarf, offset);
	return *unit_ret && fdbg_die_seek(*unit_ret, offset, cursor_ret) &&
	       fdbg_die_next(*unit_ret, cursor_ret, abbrev_ret) && *abbrev_ret;
}

bool fdbg_dwarf_die(struct fdbg_dwarf *dwarf, uint64_t offset, struct fdbg_die *ret)
{
	const struct fdbg_abbrev *abbrev;
	const struct fdbg_die_unit *unit;
	struct fdbg_cursor cursor;

	return find_die(dwarf, offset, &unit, &cursor, &abbrev) && fdbg_die_read(unit, &cursor, abbrev, offset, ret);
}

/* Moves a cursor behind all DIEs below the one whose attributes it is behind. */
static bool skip_children(const struct fdbg_die_unit *unit, struct fdbg_cursor *cursor, const struct fdbg_abbrev *abbrev)
{
	for (size_t depth = abbrev->has_children; depth;) {
		if (!fdbg_die_next(unit, cursor, &abbrev) || (abbrev && !fdbg_die_skip(unit, cursor, abbrev)))
			return false;
		if (!abbrev)
			depth--;
		else
			depth += abbrev->has_children;
	}
	return true;
}

bool fdbg_dwarf_children(struct fdbg_dwarf *dwarf, uint64_t offset,
			 bool (*visit)(void *context, const struct fdbg_die *child), void *context)
{
	const struct fdbg_abbrev *abbrev;
	const struct fdbg_die_unit *unit;
	struct fdbg_cursor cursor;

	if (!find_die(dwarf, offset, &unit, &cursor, &abbrev) || !fdbg_die_skip(unit, &cursor, abbrev))
		return false;
	if (!abbrev->has_children)
		return true;
	for (;;) {
		struct fdbg_die child;

		offset = cursor.pos;
		if (!fdbg_die_next(unit, &cursor, &abbrev))
			return false;
		if (!abbrev)
			return true;
		if (!fdbg_die_read(unit, &cursor, abbrev, offset, &child) || !visit(context, &child) ||
		    !skip_children(unit, &cursor, abbrev))
			return false;
	}
}

bool fdbg_dwarf_walk(struct fdbg_dwarf *dwarf, uint64_t offset,
		     enum fdbg_dwarf_walk (*visit)(void *context, uint64_t die, uint16_t tag,
						   unsigned int depth), void *context)
{
	const struct fdbg_abbrev *abbrev;
	const struct fdbg_die_unit *unit;
	struct fdbg_cursor cursor;
	unsigned int depth = 0;

	if (!find_die(dwarf, offset, &unit, &cursor, &abbrev) || !fdbg_die_skip(unit, &cursor, abbrev))
		return false;
	if (!abbrev->has_children)
		return true;
	for (;;) {
		enum fdbg_dwarf_walk way;

		offset = cursor.pos;
		if (!fdbg_die_next(unit, &cursor, &abbrev))
			return false;
		if (!abbrev) {
			if (!depth)
				return true;
			depth--;
			continue;
		}
		way = visit(context, offset, abbrev->tag, depth);
		if (way == FDBG_DWARF_WALK_STOP || !fdbg_die_skip(unit, &cursor, abbrev))
			return false;
		if (way == FDBG_DWARF_WALK_INTO && depth + 1 < MAX_DEPTH)
			depth += abbrev->has_children;
		else if (!skip_children(unit, &cursor, abbrev))
			return false;
	}
}
