/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "debuginfo/dwarf.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include <dwarf.h>
#include <libdwarf.h>

#include "config.h"
#include "debuginfo/dwarf_die.h"
#include "debuginfo/image_internal.h"

/*
 * Namespaces, functions and types nest; what is deeper than this is left out. rustc writes no DW_AT_sibling,
 * so libdwarf reads a DIE once for each level above it: the limit bounds that time, too.
 */
#define MAX_DEPTH 64

/*
 * libdwarf gets the sections through its object interface: only those that DIEs need, decompressed by libelf.
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

struct section {
	const uint8_t *bytes;
	size_t len;
};

struct fdbg_dwarf {
	Dwarf_Debug dbg;
	struct section sections[N_SECTIONS];
	uint64_t total;
	access_interface interface;
	access_methods methods;
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
	ret->size = dwarf->sections[index].len;
	ret->type = index ? SHT_PROGBITS : SHT_NULL;
#else
	ret->as_name = section_names[index];
	ret->as_size = dwarf->sections[index].len;
	ret->as_type = index ? SHT_PROGBITS : SHT_NULL;
#endif
	return DW_DLV_OK;
}

static int load_section(void *object, Dwarf_Unsigned index, Dwarf_Small **ret, int *error)
{
	struct fdbg_dwarf *dwarf = object;

	(void)error;
	if (index >= N_SECTIONS || !dwarf->sections[index].len)
		return DW_DLV_NO_ENTRY;
	*ret = (Dwarf_Small *)dwarf->sections[index].bytes;
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

struct fdbg_error *fdbg_dwarf_open(struct fdbg_image *image, struct fdbg_dwarf **ret)
{
	struct fdbg_dwarf *dwarf = calloc(1, sizeof(*dwarf));
	const char *path = fdbg_image_info(image)->path;
	struct fdbg_error *err = NULL;
	Dwarf_Error error = NULL;
	int result;

	if (!dwarf)
		return &fdbg_error_nomem;
	for (size_t i = 1; i < N_SECTIONS; i++) {
		err = fdbg_image_section(image, section_names[i], &dwarf->sections[i].bytes,
					 &dwarf->sections[i].len);
		if (err)
			goto fail;
		dwarf->total += dwarf->sections[i].len;
	}
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
	free(dwarf);
}

struct fdbg_error *fdbg_dwarf_units(struct fdbg_dwarf *dwarf, struct fdbg_arena *arena,
				    struct fdbg_dwarf_unit **ret, size_t *n_ret, bool *complete_ret)
{
	struct fdbg_dwarf_unit *units = NULL;
	size_t n = 0, cap = 0;
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
		if (n == cap) {
			size_t grown_cap = cap ? cap * 2 : 64;
			struct fdbg_dwarf_unit *grown = fdbg_arena_array(arena, grown_cap, sizeof(*grown));

			if (!grown)
				return &fdbg_error_nomem;
			if (n)
				memcpy(grown, units, n * sizeof(*grown));
			units = grown;
			cap = grown_cap;
		}
		units[n++] = unit;
	}
	*complete_ret = result == DW_DLV_NO_ENTRY;
	drop(dwarf, &error);
	*ret = units;
	*n_ret = n;
	return NULL;
}

static Dwarf_Die die_at(struct fdbg_dwarf *dwarf, uint64_t offset)
{
	Dwarf_Error error = NULL;
	Dwarf_Die die;

	if (dwarf_offdie_b(dwarf->dbg, offset, true, &die, &error) == DW_DLV_OK)
		return die;
	drop(dwarf, &error);
	return NULL;
}

bool fdbg_dwarf_die(struct fdbg_dwarf *dwarf, uint64_t offset, struct fdbg_die *ret)
{
	Dwarf_Die die = die_at(dwarf, offset);
	bool read;

	if (!die)
		return false;
	read = fdbg_dwarf_read_die(dwarf->dbg, die, ret);
	dwarf_dealloc(dwarf->dbg, die, DW_DLA_DIE);
	return read;
}

/* The first child, or the next sibling; *ret NULL at the end. The DIE is freed where it is a sibling's. */
static bool first_child(struct fdbg_dwarf *dwarf, Dwarf_Die die, Dwarf_Die *ret)
{
	Dwarf_Error error = NULL;
	int result = dwarf_child(die, ret, &error);

	if (result != DW_DLV_OK)
		*ret = NULL;
	drop(dwarf, &error);
	return result != DW_DLV_ERROR;
}

static bool next_sibling(struct fdbg_dwarf *dwarf, Dwarf_Die *die)
{
	Dwarf_Error error = NULL;
	Dwarf_Off before = 0, after = 0;
	Dwarf_Die next;
	int result = dwarf_siblingof_b(dwarf->dbg, *die, true, &next, &error);

	/* DW_AT_sibling is the file's word; one that leads backwards would never end. */
	if (result == DW_DLV_OK &&
	    (dwarf_dieoffset(*die, &before, &error) != DW_DLV_OK ||
	     dwarf_dieoffset(next, &after, &error) != DW_DLV_OK ||
	     after <= before)) {
		dwarf_dealloc(dwarf->dbg, next, DW_DLA_DIE);
		result = DW_DLV_ERROR;
	}
	dwarf_dealloc(dwarf->dbg, *die, DW_DLA_DIE);
	*die = result == DW_DLV_OK ? next : NULL;
	drop(dwarf, &error);
	return result != DW_DLV_ERROR;
}

bool fdbg_dwarf_children(struct fdbg_dwarf *dwarf, uint64_t offset,
			 bool (*visit)(void *context, const struct fdbg_die *child), void *context)
{
	Dwarf_Die die = die_at(dwarf, offset), child;
	bool complete;

	if (!die)
		return false;
	complete = first_child(dwarf, die, &child);
	dwarf_dealloc(dwarf->dbg, die, DW_DLA_DIE);
	while (child) {
		struct fdbg_die data;

		if (!fdbg_dwarf_read_die(dwarf->dbg, child, &data) || !visit(context, &data)) {
			dwarf_dealloc(dwarf->dbg, child, DW_DLA_DIE);
			return false;
		}
		complete = next_sibling(dwarf, &child);
	}
	return complete;
}

bool fdbg_dwarf_walk(struct fdbg_dwarf *dwarf, uint64_t offset,
		     enum fdbg_dwarf_walk (*visit)(void *context, uint64_t die, uint16_t tag,
						   unsigned int depth), void *context)
{
	Dwarf_Die stack[MAX_DEPTH];
	unsigned int depth = 0;
	bool complete, stop = false;
	Dwarf_Die root = die_at(dwarf, offset);

	if (!root)
		return false;
	complete = first_child(dwarf, root, &stack[0]);
	dwarf_dealloc(dwarf->dbg, root, DW_DLA_DIE);
	for (;;) {
		enum fdbg_dwarf_walk way = FDBG_DWARF_WALK_OVER;
		Dwarf_Error error = NULL;
		Dwarf_Half tag;
		Dwarf_Off at;

		if (stop || !stack[depth]) {
			if (stack[depth])
				dwarf_dealloc(dwarf->dbg, stack[depth], DW_DLA_DIE);
			if (!depth)
				return complete && !stop;
			depth--;
			if (!stop && !next_sibling(dwarf, &stack[depth]))
				complete = false;
			continue;
		}
		if (dwarf_tag(stack[depth], &tag, &error) == DW_DLV_OK &&
		    dwarf_dieoffset(stack[depth], &at, &error) == DW_DLV_OK)
			way = visit(context, at, tag, depth);
		drop(dwarf, &error);
		if (way == FDBG_DWARF_WALK_STOP) {
			stop = true;
		} else if (way == FDBG_DWARF_WALK_INTO && depth + 1 < MAX_DEPTH) {
			if (!first_child(dwarf, stack[depth], &stack[depth + 1]))
				complete = false;
			depth++;
		} else if (!next_sibling(dwarf, &stack[depth])) {
			complete = false;
		}
	}
}
