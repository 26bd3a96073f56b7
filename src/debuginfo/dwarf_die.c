/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "debuginfo/dwarf_die.h"

#include <string.h>

#include <dwarf.h>

#include "debuginfo/leb.h"

/* An attribute's value as it lies there; number is also the length of a block, and the two's complement of what is signed. */
struct value {
	uint16_t form;
	uint64_t number;
	const uint8_t *bytes;    /* of a block, of data16, of a text in the DIE */
	size_t len;
};

/* A number of bytes, then these. */
static bool read_block(struct fdbg_cursor *cursor, size_t size, struct value *ret)
{
	if (size ? !fdbg_cursor_uint(cursor, size, false, &ret->number) : !fdbg_leb_unsigned(cursor, &ret->number))
		return false;
	ret->len = (size_t)ret->number;
	return fdbg_cursor_bytes(cursor, ret->len, &ret->bytes);
}

static bool read_string(struct fdbg_cursor *cursor, struct value *ret)
{
	size_t left = fdbg_cursor_left(cursor);
	const uint8_t *start = cursor->data + cursor->pos, *end = left ? memchr(start, 0, left) : NULL;

	if (!end)
		return false;
	ret->len = (size_t)(end - start);
	ret->bytes = start;
	cursor->pos += ret->len + 1;
	return true;
}

/* A form whose size varies. */
static bool read_varying(struct fdbg_cursor *cursor, struct value *ret)
{
	int64_t number;

	switch (ret->form) {
	case DW_FORM_sdata:
		if (!fdbg_leb_signed(cursor, &number))
			return false;
		ret->number = (uint64_t)number;
		return true;
	case DW_FORM_udata:
	case DW_FORM_ref_udata:
	case DW_FORM_strx:
	case DW_FORM_addrx:
	case DW_FORM_loclistx:
	case DW_FORM_rnglistx:
	case DW_FORM_GNU_addr_index:
	case DW_FORM_GNU_str_index:
		return fdbg_leb_unsigned(cursor, &ret->number);
	case DW_FORM_string:
		return read_string(cursor, ret);
	case DW_FORM_block1:
		return read_block(cursor, 1, ret);
	case DW_FORM_block2:
		return read_block(cursor, 2, ret);
	case DW_FORM_block4:
		return read_block(cursor, 4, ret);
	case DW_FORM_block:
	case DW_FORM_exprloc:
		return read_block(cursor, 0, ret);
	default:
		return false;
	}
}

static bool read_value(const struct fdbg_die_unit *unit, struct fdbg_cursor *cursor,
		       const struct fdbg_abbrev_attribute *attribute, struct value *ret)
{
	uint64_t form;
	int size;

	*ret = (struct value){ .form = attribute->form, .number = (uint64_t)attribute->constant };
	if (ret->form == DW_FORM_indirect) {
		if (!fdbg_leb_unsigned(cursor, &form) || form > UINT16_MAX || form == DW_FORM_implicit_const)
			return false;
		ret->form = (uint16_t)form;
	}
	size = fdbg_form_size(ret->form, unit->header.version, unit->header.address_size, unit->header.offset_size);
	if (size < 0)
		return read_varying(cursor, ret);
	if (size > 8) {
		ret->len = (size_t)size;
		return fdbg_cursor_bytes(cursor, ret->len, &ret->bytes);
	}
	return !size || fdbg_cursor_uint(cursor, (size_t)size, false, &ret->number);
}

/* The text at an offset of a section, with its end. */
static void text_at(const struct fdbg_section *section, uint64_t offset, struct fdbg_text *ret)
{
	const uint8_t *start, *end;

	if (offset >= section->len)
		return;
	start = section->bytes + offset;
	end = memchr(start, 0, section->len - (size_t)offset);
	if (end)
		*ret = (struct fdbg_text){ (const char *)start, (size_t)(end - start) };
}

/* An entry of a table of offsets or addresses. */
static bool table_entry(const struct fdbg_section *section, uint64_t base, uint64_t index, uint8_t size, uint64_t *ret)
{
	struct fdbg_cursor cursor = fdbg_cursor_over(section->bytes, section->len, 0);
	uint64_t at;

	if (__builtin_mul_overflow(index, size, &at) || __builtin_add_overflow(at, base, &at) || at > section->len)
		return false;
	cursor.pos = (size_t)at;
	return fdbg_cursor_uint(&cursor, size, false, ret);
}

static void read_text(const struct fdbg_die_unit *unit, const struct value *value, struct fdbg_text *ret)
{
	uint64_t offset;

	switch (value->form) {
	case DW_FORM_string:
		*ret = (struct fdbg_text){ (const char *)value->bytes, value->len };
		return;
	case DW_FORM_strp:
		text_at(&unit->sections->str, value->number, ret);
		return;
	case DW_FORM_line_strp:
		text_at(&unit->sections->line_str, value->number, ret);
		return;
	case DW_FORM_strx:
	case DW_FORM_strx1:
	case DW_FORM_strx2:
	case DW_FORM_strx3:
	case DW_FORM_strx4:
	case DW_FORM_GNU_str_index:
		if (table_entry(&unit->sections->str_offsets, unit->str_base, value->number, unit->header.offset_size,
				&offset))
			text_at(&unit->sections->str, offset, ret);
		return;
	}
}

static bool read_address(const struct fdbg_die_unit *unit, const struct value *value, uint64_t *ret)
{
	switch (value->form) {
	case DW_FORM_addr:
		*ret = value->number;
		return true;
	case DW_FORM_addrx:
	case DW_FORM_addrx1:
	case DW_FORM_addrx2:
	case DW_FORM_addrx3:
	case DW_FORM_addrx4:
	case DW_FORM_GNU_addr_index:
		return table_entry(&unit->sections->addr, unit->addr_base, value->number, unit->header.address_size, ret);
	default:
		return false;
	}
}

static void read_ref(const struct fdbg_die_unit *unit, const struct value *value, uint64_t *ret)
{
	uint64_t offset;

	switch (value->form) {
	case DW_FORM_ref1:
	case DW_FORM_ref2:
	case DW_FORM_ref4:
	case DW_FORM_ref8:
	case DW_FORM_ref_udata:
		if (!__builtin_add_overflow(value->number, unit->header.header, &offset))
			*ret = offset;
		return;
	case DW_FORM_ref_addr:
		*ret = value->number;
		return;
	}
}

static void read_flag(const struct value *value, bool *ret)
{
	if (value->form == DW_FORM_flag || value->form == DW_FORM_implicit_const)
		*ret = value->number;
	else if (value->form == DW_FORM_flag_present)
		*ret = true;
}

/* Little-endian bytes of a block or of data16 as a constant of up to 128 bits. */
static void read_bytes(const uint8_t *bytes, size_t len, struct fdbg_die_const *ret)
{
	if (!len || len > 16)
		return;
	for (size_t i = len; i-- > 0;) {
		if (i >= 8)
			ret->high = ret->high << 8 | bytes[i];
		else
			ret->low = ret->low << 8 | bytes[i];
	}
	ret->present = true;
}

static void read_const(const struct value *value, struct fdbg_die_const *ret)
{
	switch (value->form) {
	case DW_FORM_sdata:
	case DW_FORM_implicit_const:
		ret->present = true;
		ret->negative = (int64_t)value->number < 0;
		ret->low = value->number;
		ret->high = ret->negative ? UINT64_MAX : 0;
		return;
	case DW_FORM_data1:
	case DW_FORM_data2:
	case DW_FORM_data4:
	case DW_FORM_data8:
	case DW_FORM_udata:
		ret->present = true;
		ret->low = value->number;
		ret->width = value->form == DW_FORM_udata ? 0 : (uint8_t)fdbg_form_size(value->form, 4, 8, 4);
		return;
	case DW_FORM_data16:
	case DW_FORM_block:
	case DW_FORM_block1:
	case DW_FORM_block2:
	case DW_FORM_block4:
		read_bytes(value->bytes, value->len, ret);
		return;
	default:
		return;
	}
}

/* A section offset; DWARF 2 and 3 wrote them as data4 and data8. */
static bool read_offset(const struct value *value, uint64_t *ret)
{
	if (value->form != DW_FORM_sec_offset && value->form != DW_FORM_data4 && value->form != DW_FORM_data8)
		return false;
	*ret = value->number;
	return true;
}

static void read_loc(const struct value *value, struct fdbg_die_loc *ret)
{
	switch (value->form) {
	case DW_FORM_exprloc:
	case DW_FORM_block:
	case DW_FORM_block1:
	case DW_FORM_block2:
	case DW_FORM_block4:
		*ret = (struct fdbg_die_loc){ FDBG_DIE_LOC_EXPR, value->bytes, value->len, 0 };
		return;
	case DW_FORM_loclistx:
	case DW_FORM_rnglistx:
		*ret = (struct fdbg_die_loc){ .kind = FDBG_DIE_LOC_INDEX, .list = value->number };
		return;
	default:
		if (read_offset(value, &ret->list))
			ret->kind = FDBG_DIE_LOC_LIST;
	}
}

/* DW_AT_data_member_location: a number, or an expression. */
static void read_member_location(const struct value *value, struct fdbg_die_loc *ret)
{
	struct fdbg_die_const number = { 0 };

	if (value->form == DW_FORM_exprloc || value->form == DW_FORM_block || value->form == DW_FORM_block1) {
		read_loc(value, ret);
		return;
	}
	read_const(value, &number);
	if (number.present)
		*ret = (struct fdbg_die_loc){ .kind = FDBG_DIE_LOC_LIST, .list = number.low };
}

static void read_base(const struct value *value, struct fdbg_die_const *ret)
{
	ret->present = read_offset(value, &ret->low);
}

/* DW_AT_high_pc: an address, or the length from DW_AT_low_pc. */
static void read_high(const struct fdbg_die_unit *unit, const struct value *value, struct fdbg_die *ret, bool *length_ret)
{
	struct fdbg_die_const number = { 0 };

	read_const(value, &number);
	if (number.present) {
		ret->high = number.low;
		ret->has_high = *length_ret = true;
	} else if (read_address(unit, value, &ret->high)) {
		ret->has_high = true;
	}
}

static void read_attribute(const struct fdbg_die_unit *unit, uint16_t name, const struct value *value, struct fdbg_die *ret,
			   bool *length_ret)
{
	struct fdbg_die_const bits = { 0 };

	switch (name) {
	case DW_AT_name:
		read_text(unit, value, &ret->name);
		return;
	case DW_AT_linkage_name:
	case DW_AT_MIPS_linkage_name:
		read_text(unit, value, &ret->linkage_name);
		return;
	case DW_AT_low_pc:
		ret->has_low = read_address(unit, value, &ret->low);
		return;
	case DW_AT_high_pc:
		read_high(unit, value, ret, length_ret);
		return;
	case DW_AT_ranges:
		read_loc(value, &ret->ranges);
		return;
	case DW_AT_location:
		read_loc(value, &ret->location);
		return;
	case DW_AT_frame_base:
		read_loc(value, &ret->frame_base);
		return;
	case DW_AT_data_member_location:
		read_member_location(value, &ret->member_location);
		return;
	case DW_AT_bit_size:
		/* Old compilers give a tail of no known size 0 bits: it is a member like others. */
		read_const(value, &bits);
		ret->bit_field = !bits.present || bits.low || bits.high;
		return;
	case DW_AT_type:
		read_ref(unit, value, &ret->type);
		return;
	case DW_AT_specification:
		read_ref(unit, value, &ret->specification);
		return;
	case DW_AT_abstract_origin:
		read_ref(unit, value, &ret->abstract_origin);
		return;
	case DW_AT_containing_type:
		read_ref(unit, value, &ret->containing_type);
		return;
	case DW_AT_discr:
		read_ref(unit, value, &ret->discr);
		return;
	case DW_AT_byte_size:
		read_const(value, &ret->byte_size);
		return;
	case DW_AT_alignment:
		read_const(value, &ret->alignment);
		return;
	case DW_AT_encoding:
		read_const(value, &ret->encoding);
		return;
	case DW_AT_decl_file:
		read_const(value, &ret->decl_file);
		return;
	case DW_AT_decl_line:
		read_const(value, &ret->decl_line);
		return;
	case DW_AT_discr_value:
		read_const(value, &ret->discr_value);
		return;
	case DW_AT_discr_list:
		ret->discr_list = true;
		return;
	case DW_AT_const_value:
		read_const(value, &ret->const_value);
		return;
	case DW_AT_count:
		read_const(value, &ret->count);
		return;
	case DW_AT_lower_bound:
		read_const(value, &ret->lower);
		return;
	case DW_AT_upper_bound:
		read_const(value, &ret->upper);
		return;
	case DW_AT_language:
		read_const(value, &ret->language);
		return;
	case DW_AT_calling_convention:
		read_const(value, &ret->calling_convention);
		return;
	case DW_AT_call_file:
		read_const(value, &ret->call_file);
		return;
	case DW_AT_call_line:
		read_const(value, &ret->call_line);
		return;
	case DW_AT_call_column:
		read_const(value, &ret->call_column);
		return;
	case DW_AT_declaration:
		read_flag(value, &ret->declaration);
		return;
	case DW_AT_external:
		read_flag(value, &ret->external);
		return;
	case DW_AT_artificial:
		read_flag(value, &ret->artificial);
		return;
	case DW_AT_noreturn:
		read_flag(value, &ret->noreturn);
		return;
	case DW_AT_main_subprogram:
		read_flag(value, &ret->main);
		return;
	case DW_AT_comp_dir:
		read_text(unit, value, &ret->comp_dir);
		return;
	case DW_AT_producer:
		read_text(unit, value, &ret->producer);
		return;
	case DW_AT_dwo_name:
	case DW_AT_GNU_dwo_name:
		read_text(unit, value, &ret->dwo_name);
		return;
	case DW_AT_stmt_list:
		read_base(value, &ret->line_table);
		return;
	case DW_AT_addr_base:
	case DW_AT_GNU_addr_base:
		read_base(value, &ret->addr_base);
		return;
	case DW_AT_rnglists_base:
		read_base(value, &ret->rnglists_base);
		return;
	case DW_AT_loclists_base:
		read_base(value, &ret->loclists_base);
		return;
	}
}

bool fdbg_die_seek(const struct fdbg_die_unit *unit, uint64_t offset, struct fdbg_cursor *ret)
{
	uint64_t end = unit->header.next < unit->sections->info.len ? unit->header.next : unit->sections->info.len;

	if (offset < unit->header.die || offset >= end)
		return false;
	*ret = fdbg_cursor_over(unit->sections->info.bytes, (size_t)end, 0);
	ret->pos = (size_t)offset;
	return true;
}

bool fdbg_die_next(const struct fdbg_die_unit *unit, struct fdbg_cursor *cursor, const struct fdbg_abbrev **ret)
{
	uint64_t code;

	/* The end of the unit is the end of all that is open. */
	*ret = NULL;
	if (!fdbg_cursor_left(cursor))
		return true;
	if (!fdbg_leb_unsigned(cursor, &code))
		return false;
	*ret = code ? fdbg_abbrev_find(unit->abbrevs, code) : NULL;
	return !code || *ret;
}

bool fdbg_die_skip(const struct fdbg_die_unit *unit, struct fdbg_cursor *cursor, const struct fdbg_abbrev *abbrev)
{
	const uint8_t *bytes;
	struct value value;

	if (unit->usual && abbrev->size != FDBG_ABBREV_VARIES)
		return fdbg_cursor_bytes(cursor, abbrev->size, &bytes);
	for (size_t i = 0; i < abbrev->n_attributes; i++)
		if (!read_value(unit, cursor, &abbrev->attributes[i], &value))
			return false;
	return true;
}

bool fdbg_die_read(const struct fdbg_die_unit *unit, struct fdbg_cursor *cursor, const struct fdbg_abbrev *abbrev,
		   uint64_t offset, struct fdbg_die *ret)
{
	bool length = false;

	memset(ret, 0, sizeof(*ret));
	ret->tag = abbrev->tag;
	ret->offset = offset;
	ret->may_have_children = abbrev->has_children;
	for (size_t i = 0; i < abbrev->n_attributes; i++) {
		struct value value;

		if (!read_value(unit, cursor, &abbrev->attributes[i], &value))
			return false;
		read_attribute(unit, abbrev->attributes[i].name, &value, ret, &length);
	}
	if (length && (!ret->has_low || __builtin_add_overflow(ret->high, ret->low, &ret->high)))
		ret->has_high = false;
	return true;
}

void fdbg_die_unit_open(struct fdbg_die_unit *unit)
{
	const struct fdbg_dwarf_unit *header = &unit->header;
	const struct fdbg_abbrev *abbrev;
	struct fdbg_cursor cursor;

	unit->usual = header->version != 2 && header->address_size == 8 && header->offset_size == 4;
	/* Without the attribute the table is behind the header of the section, which version 5 brought. */
	unit->str_base = header->version < 5 ? 0 : header->offset_size == 8 ? 16 : 8;
	unit->addr_base = unit->str_base;
	if (!fdbg_die_seek(unit, header->die, &cursor) || !fdbg_die_next(unit, &cursor, &abbrev) || !abbrev)
		return;
	for (size_t i = 0; i < abbrev->n_attributes; i++) {
		struct value value;
		uint64_t base;

		if (!read_value(unit, &cursor, &abbrev->attributes[i], &value))
			return;
		if (!read_offset(&value, &base))
			continue;
		if (abbrev->attributes[i].name == DW_AT_str_offsets_base)
			unit->str_base = base;
		else if (abbrev->attributes[i].name == DW_AT_addr_base || abbrev->attributes[i].name == DW_AT_GNU_addr_base)
			unit->addr_base = base;
	}
}
