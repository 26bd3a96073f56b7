/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "debuginfo/abbrev.h"

#include <stdlib.h>
#include <string.h>

#include <dwarf.h>

#include "debuginfo/leb.h"

int fdbg_form_size(uint16_t form, uint16_t version, uint8_t address_size, uint8_t offset_size)
{
	switch (form) {
	case DW_FORM_flag_present:
	case DW_FORM_implicit_const:
		return 0;
	case DW_FORM_data1:
	case DW_FORM_ref1:
	case DW_FORM_flag:
	case DW_FORM_strx1:
	case DW_FORM_addrx1:
		return 1;
	case DW_FORM_data2:
	case DW_FORM_ref2:
	case DW_FORM_strx2:
	case DW_FORM_addrx2:
		return 2;
	case DW_FORM_strx3:
	case DW_FORM_addrx3:
		return 3;
	case DW_FORM_data4:
	case DW_FORM_ref4:
	case DW_FORM_ref_sup4:
	case DW_FORM_strx4:
	case DW_FORM_addrx4:
		return 4;
	case DW_FORM_data8:
	case DW_FORM_ref8:
	case DW_FORM_ref_sup8:
	case DW_FORM_ref_sig8:
		return 8;
	case DW_FORM_data16:
		return 16;
	case DW_FORM_addr:
		return address_size;
	case DW_FORM_ref_addr:
		return version <= 2 ? address_size : offset_size;
	case DW_FORM_strp:
	case DW_FORM_line_strp:
	case DW_FORM_strp_sup:
	case DW_FORM_sec_offset:
	case DW_FORM_GNU_ref_alt:
	case DW_FORM_GNU_strp_alt:
		return offset_size;
	default:
		return -1;
	}
}

/* What is read before its number is known. */
struct list {
	struct fdbg_abbrev *abbrevs;
	struct fdbg_abbrev_attribute *attributes;
	size_t n_abbrevs, cap_abbrevs, n_attributes, cap_attributes;
};

/* Room for one more item; false: no memory. */
static bool grow(void **items, size_t n, size_t *cap, size_t size)
{
	size_t larger = *cap ? *cap * 2 : 64;
	void *grown;

	if (n < *cap)
		return true;
	grown = reallocarray(*items, larger, size);
	if (!grown)
		return false;
	*items = grown;
	*cap = larger;
	return true;
}

enum step { STEP_MORE, STEP_END, STEP_NOMEM };

static enum step read_attributes(struct fdbg_cursor *cursor, struct list *list, struct fdbg_abbrev *abbrev)
{
	abbrev->size = 0;
	for (;;) {
		struct fdbg_abbrev_attribute attribute = { 0 };
		uint64_t name, form;
		int size;

		if (!fdbg_leb_unsigned(cursor, &name) || !fdbg_leb_unsigned(cursor, &form) || name > UINT16_MAX ||
		    form > UINT16_MAX ||
		    (form == DW_FORM_implicit_const && !fdbg_leb_signed(cursor, &attribute.constant)))
			return STEP_END;
		if (!name && !form)
			return STEP_MORE;
		attribute.name = (uint16_t)name;
		attribute.form = (uint16_t)form;
		if (!grow((void **)&list->attributes, list->n_attributes, &list->cap_attributes, sizeof(*list->attributes)))
			return STEP_NOMEM;
		list->attributes[list->n_attributes++] = attribute;
		abbrev->n_attributes++;
		size = fdbg_form_size(attribute.form, 4, 8, 4);
		if (size < 0)
			abbrev->size = FDBG_ABBREV_VARIES;
		else if (abbrev->size != FDBG_ABBREV_VARIES)
			abbrev->size += (size_t)size;
	}
}

static enum step read_abbrev(struct fdbg_cursor *cursor, struct list *list)
{
	struct fdbg_abbrev abbrev = { 0 };
	const uint8_t *children;
	enum step step;
	uint64_t tag;

	if (!fdbg_leb_unsigned(cursor, &abbrev.code) || !abbrev.code || !fdbg_leb_unsigned(cursor, &tag) ||
	    tag > UINT16_MAX || !fdbg_cursor_bytes(cursor, 1, &children))
		return STEP_END;
	abbrev.tag = (uint16_t)tag;
	abbrev.has_children = *children == DW_CHILDREN_yes;
	step = read_attributes(cursor, list, &abbrev);
	if (step != STEP_MORE)
		return step;
	if (!grow((void **)&list->abbrevs, list->n_abbrevs, &list->cap_abbrevs, sizeof(*list->abbrevs)))
		return STEP_NOMEM;
	list->abbrevs[list->n_abbrevs++] = abbrev;
	return STEP_MORE;
}

/* By code; of one that comes twice the first one counts, and their order is that of their attributes. */
static int compare(const void *a, const void *b)
{
	const struct fdbg_abbrev *x = a, *y = b;

	if (x->code != y->code)
		return x->code < y->code ? -1 : 1;
	return x->attributes < y->attributes ? -1 : x->attributes > y->attributes;
}

static bool is_type(uint16_t tag)
{
	switch (tag) {
	case DW_TAG_base_type:
	case DW_TAG_structure_type:
	case DW_TAG_pointer_type:
	case DW_TAG_enumeration_type:
		return true;
	default:
		return false;
	}
}

static struct fdbg_error *keep(struct list *list, struct fdbg_arena *arena, struct fdbg_abbrev_table *ret)
{
	struct fdbg_abbrev *abbrevs = fdbg_arena_array(arena, list->n_abbrevs, sizeof(*abbrevs));
	struct fdbg_abbrev_attribute *attributes = fdbg_arena_array(arena, list->n_attributes, sizeof(*attributes));
	bool sorted = true;
	size_t at = 0;

	if (!abbrevs || !attributes)
		return &fdbg_error_nomem;
	if (list->n_attributes)
		memcpy(attributes, list->attributes, list->n_attributes * sizeof(*attributes));
	for (size_t i = 0; i < list->n_abbrevs; i++) {
		abbrevs[i] = list->abbrevs[i];
		abbrevs[i].attributes = attributes + at;
		at += abbrevs[i].n_attributes;
		ret->has_types |= is_type(abbrevs[i].tag);
		sorted = sorted && (!i || abbrevs[i - 1].code < abbrevs[i].code);
	}
	for (size_t i = 0; i < list->n_attributes; i++)
		ret->has_main |= attributes[i].name == DW_AT_main_subprogram;
	if (!sorted)
		qsort(abbrevs, list->n_abbrevs, sizeof(*abbrevs), compare);
	ret->abbrevs = abbrevs;
	ret->n = list->n_abbrevs;
	return NULL;
}

struct fdbg_error *fdbg_abbrev_table_read(struct fdbg_cursor *cursor, struct fdbg_arena *arena,
					  struct fdbg_abbrev_table *ret)
{
	struct list list = { 0 };
	struct fdbg_error *err;
	enum step step;

	do
		step = read_abbrev(cursor, &list);
	while (step == STEP_MORE);
	err = step == STEP_NOMEM ? &fdbg_error_nomem : keep(&list, arena, ret);
	free(list.abbrevs);
	free(list.attributes);
	return err;
}

const struct fdbg_abbrev *fdbg_abbrev_find(const struct fdbg_abbrev_table *table, uint64_t code)
{
	size_t low = 0, high = table->n;

	/* Compilers count from 1. */
	if (code && code <= table->n && table->abbrevs[code - 1].code == code)
		return &table->abbrevs[code - 1];
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (table->abbrevs[mid].code < code)
			low = mid + 1;
		else
			high = mid;
	}
	return low < table->n && table->abbrevs[low].code == code ? &table->abbrevs[low] : NULL;
}
