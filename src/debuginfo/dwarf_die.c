/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "debuginfo/dwarf_die.h"

#include <string.h>

#include <dwarf.h>

static void drop(Dwarf_Debug dbg, Dwarf_Error *error)
{
	if (*error)
		dwarf_dealloc(dbg, *error, DW_DLA_ERROR);
	*error = NULL;
}

static void read_text(Dwarf_Attribute attr, struct fdbg_text *ret, Dwarf_Error *error)
{
	char *text;

	if (dwarf_formstring(attr, &text, error) == DW_DLV_OK)
		*ret = fdbg_text_from(text);
}

static void read_ref(Dwarf_Attribute attr, uint64_t *ret, Dwarf_Error *error)
{
	Dwarf_Off offset;

	if (dwarf_global_formref(attr, &offset, error) == DW_DLV_OK)
		*ret = offset;
}

static void read_flag(Dwarf_Attribute attr, bool *ret, Dwarf_Error *error)
{
	Dwarf_Bool flag;

	if (dwarf_formflag(attr, &flag, error) == DW_DLV_OK)
		*ret = flag;
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

static void read_const(Dwarf_Debug dbg, Dwarf_Attribute attr, Dwarf_Half form, struct fdbg_die_const *ret,
		       Dwarf_Error *error)
{
	Dwarf_Unsigned value;
	Dwarf_Signed number;
	Dwarf_Block *block;
	Dwarf_Form_Data16 data16;

	switch (form) {
	case DW_FORM_sdata:
	case DW_FORM_implicit_const:
		if (dwarf_formsdata(attr, &number, error) != DW_DLV_OK)
			return;
		ret->present = true;
		ret->negative = number < 0;
		ret->low = (uint64_t)number;
		ret->high = number < 0 ? UINT64_MAX : 0;
		return;
	case DW_FORM_data1:
	case DW_FORM_data2:
	case DW_FORM_data4:
	case DW_FORM_data8:
	case DW_FORM_udata:
		if (dwarf_formudata(attr, &value, error) != DW_DLV_OK)
			return;
		ret->present = true;
		ret->low = value;
		ret->width = form == DW_FORM_data1 ? 1 : form == DW_FORM_data2 ? 2 : form == DW_FORM_data4 ? 4 :
			     form == DW_FORM_data8 ? 8 : 0;
		return;
	case DW_FORM_data16:
		if (dwarf_formdata16(attr, &data16, error) == DW_DLV_OK)
			read_bytes(data16.fd_data, 16, ret);
		return;
	case DW_FORM_block:
	case DW_FORM_block1:
	case DW_FORM_block2:
	case DW_FORM_block4:
		if (dwarf_formblock(attr, &block, error) != DW_DLV_OK)
			return;
		read_bytes(block->bl_data, block->bl_len, ret);
		dwarf_dealloc(dbg, block, DW_DLA_BLOCK);
		return;
	default:
		return;
	}
}

/* A section offset; DWARF 2 and 3 wrote them as data4 and data8. */
static bool read_offset(Dwarf_Attribute attr, Dwarf_Half form, uint64_t *ret, Dwarf_Error *error)
{
	Dwarf_Unsigned value;
	Dwarf_Off offset;

	if (form == DW_FORM_sec_offset) {
		if (dwarf_global_formref(attr, &offset, error) != DW_DLV_OK)
			return false;
		*ret = offset;
		return true;
	}
	if ((form != DW_FORM_data4 && form != DW_FORM_data8) ||
	    dwarf_formudata(attr, &value, error) != DW_DLV_OK)
		return false;
	*ret = value;
	return true;
}

static void read_loc(Dwarf_Debug dbg, Dwarf_Attribute attr, Dwarf_Half form, struct fdbg_die_loc *ret,
		     Dwarf_Error *error)
{
	Dwarf_Unsigned value;
	Dwarf_Block *block;
	Dwarf_Ptr bytes;

	switch (form) {
	case DW_FORM_exprloc:
		if (dwarf_formexprloc(attr, &value, &bytes, error) != DW_DLV_OK)
			return;
		*ret = (struct fdbg_die_loc){ FDBG_DIE_LOC_EXPR, bytes, value, 0 };
		return;
	case DW_FORM_block:
	case DW_FORM_block1:
	case DW_FORM_block2:
	case DW_FORM_block4:
		if (dwarf_formblock(attr, &block, error) != DW_DLV_OK)
			return;
		*ret = (struct fdbg_die_loc){ FDBG_DIE_LOC_EXPR, block->bl_data, block->bl_len, 0 };
		dwarf_dealloc(dbg, block, DW_DLA_BLOCK);
		return;
	case DW_FORM_loclistx:
	case DW_FORM_rnglistx:
		if (dwarf_formudata(attr, &value, error) == DW_DLV_OK)
			*ret = (struct fdbg_die_loc){ .kind = FDBG_DIE_LOC_INDEX, .list = value };
		return;
	default:
		if (read_offset(attr, form, &ret->list, error))
			ret->kind = FDBG_DIE_LOC_LIST;
	}
}

/* DW_AT_data_member_location: a number, or an expression. */
static void read_member_location(Dwarf_Debug dbg, Dwarf_Attribute attr, Dwarf_Half form,
				 struct fdbg_die_loc *ret,
				 Dwarf_Error *error)
{
	struct fdbg_die_const number = { 0 };

	if (form == DW_FORM_exprloc || form == DW_FORM_block || form == DW_FORM_block1) {
		read_loc(dbg, attr, form, ret, error);
		return;
	}
	read_const(dbg, attr, form, &number, error);
	if (number.present)
		*ret = (struct fdbg_die_loc){ .kind = FDBG_DIE_LOC_LIST, .list = number.low };
}

static void read_base(Dwarf_Attribute attr, Dwarf_Half form, struct fdbg_die_const *ret, Dwarf_Error *error)
{
	ret->present = read_offset(attr, form, &ret->low, error);
}

static void read_high(Dwarf_Debug dbg, Dwarf_Attribute attr, Dwarf_Half form, struct fdbg_die *ret,
		      bool *length_ret,
		      Dwarf_Error *error)
{
	struct fdbg_die_const number = { 0 };
	Dwarf_Addr address;

	read_const(dbg, attr, form, &number, error);
	if (number.present) {
		ret->high = number.low;
		ret->has_high = *length_ret = true;
	} else if (dwarf_formaddr(attr, &address, error) == DW_DLV_OK) {
		ret->high = address;
		ret->has_high = true;
	}
}

static void read_attribute(Dwarf_Debug dbg, Dwarf_Attribute attr, struct fdbg_die *ret, bool *length_ret,
			   Dwarf_Error *error)
{
	struct fdbg_die_const bits = { 0 };
	Dwarf_Half name, form;
	Dwarf_Addr address;

	if (dwarf_whatattr(attr, &name, error) != DW_DLV_OK ||
	    dwarf_whatform(attr, &form, error) != DW_DLV_OK)
		return;
	switch (name) {
	case DW_AT_name:
		read_text(attr, &ret->name, error);
		return;
	case DW_AT_linkage_name:
	case DW_AT_MIPS_linkage_name:
		read_text(attr, &ret->linkage_name, error);
		return;
	case DW_AT_low_pc:
		if (dwarf_formaddr(attr, &address, error) == DW_DLV_OK) {
			ret->low = address;
			ret->has_low = true;
		}
		return;
	case DW_AT_high_pc:
		read_high(dbg, attr, form, ret, length_ret, error);
		return;
	case DW_AT_ranges:
		read_loc(dbg, attr, form, &ret->ranges, error);
		return;
	case DW_AT_location:
		read_loc(dbg, attr, form, &ret->location, error);
		return;
	case DW_AT_frame_base:
		read_loc(dbg, attr, form, &ret->frame_base, error);
		return;
	case DW_AT_data_member_location:
		read_member_location(dbg, attr, form, &ret->member_location, error);
		return;
	case DW_AT_bit_size:
		/* Old compilers give a tail of no known size 0 bits: it is a member like others. */
		read_const(dbg, attr, form, &bits, error);
		ret->bit_field = !bits.present || bits.low || bits.high;
		return;
	case DW_AT_type:
		read_ref(attr, &ret->type, error);
		return;
	case DW_AT_specification:
		read_ref(attr, &ret->specification, error);
		return;
	case DW_AT_abstract_origin:
		read_ref(attr, &ret->abstract_origin, error);
		return;
	case DW_AT_containing_type:
		read_ref(attr, &ret->containing_type, error);
		return;
	case DW_AT_discr:
		read_ref(attr, &ret->discr, error);
		return;
	case DW_AT_byte_size:
		read_const(dbg, attr, form, &ret->byte_size, error);
		return;
	case DW_AT_alignment:
		read_const(dbg, attr, form, &ret->alignment, error);
		return;
	case DW_AT_encoding:
		read_const(dbg, attr, form, &ret->encoding, error);
		return;
	case DW_AT_decl_file:
		read_const(dbg, attr, form, &ret->decl_file, error);
		return;
	case DW_AT_decl_line:
		read_const(dbg, attr, form, &ret->decl_line, error);
		return;
	case DW_AT_discr_value:
		read_const(dbg, attr, form, &ret->discr_value, error);
		return;
	case DW_AT_discr_list:
		ret->discr_list = true;
		return;
	case DW_AT_const_value:
		read_const(dbg, attr, form, &ret->const_value, error);
		return;
	case DW_AT_count:
		read_const(dbg, attr, form, &ret->count, error);
		return;
	case DW_AT_lower_bound:
		read_const(dbg, attr, form, &ret->lower, error);
		return;
	case DW_AT_upper_bound:
		read_const(dbg, attr, form, &ret->upper, error);
		return;
	case DW_AT_language:
		read_const(dbg, attr, form, &ret->language, error);
		return;
	case DW_AT_calling_convention:
		read_const(dbg, attr, form, &ret->calling_convention, error);
		return;
	case DW_AT_call_file:
		read_const(dbg, attr, form, &ret->call_file, error);
		return;
	case DW_AT_call_line:
		read_const(dbg, attr, form, &ret->call_line, error);
		return;
	case DW_AT_call_column:
		read_const(dbg, attr, form, &ret->call_column, error);
		return;
	case DW_AT_declaration:
		read_flag(attr, &ret->declaration, error);
		return;
	case DW_AT_external:
		read_flag(attr, &ret->external, error);
		return;
	case DW_AT_artificial:
		read_flag(attr, &ret->artificial, error);
		return;
	case DW_AT_noreturn:
		read_flag(attr, &ret->noreturn, error);
		return;
	case DW_AT_main_subprogram:
		read_flag(attr, &ret->main, error);
		return;
	case DW_AT_comp_dir:
		read_text(attr, &ret->comp_dir, error);
		return;
	case DW_AT_producer:
		read_text(attr, &ret->producer, error);
		return;
	case DW_AT_dwo_name:
	case DW_AT_GNU_dwo_name:
		read_text(attr, &ret->dwo_name, error);
		return;
	case DW_AT_stmt_list:
		read_base(attr, form, &ret->line_table, error);
		return;
	case DW_AT_addr_base:
	case DW_AT_GNU_addr_base:
		read_base(attr, form, &ret->addr_base, error);
		return;
	case DW_AT_rnglists_base:
		read_base(attr, form, &ret->rnglists_base, error);
		return;
	case DW_AT_loclists_base:
		read_base(attr, form, &ret->loclists_base, error);
		return;
	}
}

bool fdbg_dwarf_read_die(Dwarf_Debug dbg, Dwarf_Die die, struct fdbg_die *ret)
{
	Dwarf_Error error = NULL;
	Dwarf_Attribute *attrs;
	Dwarf_Signed n_attrs;
	bool length = false;
	Dwarf_Half tag, children = DW_CHILDREN_no;
	Dwarf_Off offset;
	int result;

	memset(ret, 0, sizeof(*ret));
	if (dwarf_tag(die, &tag, &error) != DW_DLV_OK || dwarf_dieoffset(die, &offset, &error) != DW_DLV_OK) {
		drop(dbg, &error);
		return false;
	}
	ret->tag = tag;
	ret->offset = offset;
	ret->may_have_children = dwarf_die_abbrev_children_flag(die, &children) == DW_DLV_OK &&
				 children == DW_CHILDREN_yes;
	result = dwarf_attrlist(die, &attrs, &n_attrs, &error);
	if (result == DW_DLV_ERROR) {
		drop(dbg, &error);
		return false;
	}
	if (result == DW_DLV_NO_ENTRY)
		return true;
	for (Dwarf_Signed i = 0; i < n_attrs; i++) {
		read_attribute(dbg, attrs[i], ret, &length, &error);
		drop(dbg, &error);
		dwarf_dealloc(dbg, attrs[i], DW_DLA_ATTR);
	}
	dwarf_dealloc(dbg, attrs, DW_DLA_LIST);
	if (length && (!ret->has_low || __builtin_add_overflow(ret->high, ret->low, &ret->high)))
		ret->has_high = false;
	return true;
}
