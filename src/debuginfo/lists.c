/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Range lists and location lists, DWARF 4 (.debug_ranges, .debug_loc) and 5 (.debug_rnglists,
 * .debug_loclists).
 */
#include <string.h>

#include <dwarf.h>

#include "base/cursor.h"
#include "debuginfo/internal.h"
#include "debuginfo/leb.h"

/*
 * Both kinds of lists have the same entries, but for the expression behind those of a location list, so one
 * reader does both: DWARF 4 sections 2.17.3 and 2.6.2, DWARF 5 sections 2.17.3, 7.25 and 2.6.2, 7.29.
 */
struct list {
	struct fdbg_debuginfo *debuginfo;
	const struct fdbg_unit_data *unit;
	struct fdbg_cursor cursor;
	uint64_t base;
	bool locations;
};

static bool read_address_at(const struct list *list, uint64_t index, uint64_t *ret)
{
	struct fdbg_cursor cursor = fdbg_cursor_over(list->debuginfo->addr.bytes, list->debuginfo->addr.len,
						     0);
	uint64_t base = list->unit->addr_base.present ? list->unit->addr_base.low : 8, at;

	if (__builtin_mul_overflow(index, (uint64_t)list->unit->header.address_size, &at) ||
	    __builtin_add_overflow(at, base, &at) || at > cursor.len)
		return false;
	cursor.pos = at;
	return fdbg_cursor_uint(&cursor, list->unit->header.address_size, false, ret);
}

static bool read_expr(struct list *list, struct fdbg_location_range *range)
{
	uint64_t len;

	if (list->unit->header.version >= 5) {
		if (!fdbg_leb_unsigned(&list->cursor, &len))
			return false;
	} else if (!fdbg_cursor_uint(&list->cursor, 2, false, &len)) {
		return false;
	}
	range->len = len;
	return fdbg_cursor_bytes(&list->cursor, len, &range->expr);
}

enum step { STEP_ENTRY, STEP_SKIP, STEP_END, STEP_BROKEN };

static enum step step4(struct list *list, struct fdbg_location_range *range)
{
	size_t size = list->unit->header.address_size;
	uint64_t low, high;

	if (!fdbg_cursor_uint(&list->cursor, size, false, &low) ||
	    !fdbg_cursor_uint(&list->cursor, size, false, &high))
		return STEP_BROKEN;
	if (!low && !high)
		return STEP_END;
	if (low == (size == 4 ? UINT32_MAX : UINT64_MAX)) {
		list->base = high;
		return STEP_SKIP;
	}
	range->low = low + list->base;
	range->high = high + list->base;
	if (list->locations && !read_expr(list, range))
		return STEP_BROKEN;
	return STEP_ENTRY;
}

/* The numbers of DW_RLE_… and DW_LLE_… agree but for the default location, which range lists do not have. */
enum {
	END_OF_LIST, BASE_ADDRESSX, STARTX_ENDX, STARTX_LENGTH, OFFSET_PAIR,
	LOC_DEFAULT = 5, LOC_BASE_ADDRESS, LOC_START_END, LOC_START_LENGTH,
};

static enum step step5(struct list *list, struct fdbg_location_range *range)
{
	struct fdbg_cursor *cursor = &list->cursor;
	size_t size = list->unit->header.address_size;
	uint64_t a, b;
	uint8_t kind;

	if (!fdbg_cursor_u8(cursor, &kind))
		return STEP_BROKEN;
	if (!list->locations && kind >= LOC_DEFAULT)
		kind++;
	switch (kind) {
	case END_OF_LIST:
		return STEP_END;
	case BASE_ADDRESSX:
		if (!fdbg_leb_unsigned(cursor, &a) || !read_address_at(list, a, &list->base))
			return STEP_BROKEN;
		return STEP_SKIP;
	case STARTX_ENDX:
		if (!fdbg_leb_unsigned(cursor, &a) || !fdbg_leb_unsigned(cursor, &b) ||
		    !read_address_at(list, a, &range->low) || !read_address_at(list, b, &range->high))
			return STEP_BROKEN;
		break;
	case STARTX_LENGTH:
		if (!fdbg_leb_unsigned(cursor, &a) || !fdbg_leb_unsigned(cursor, &b) ||
		    !read_address_at(list, a, &range->low))
			return STEP_BROKEN;
		range->high = range->low + b;
		break;
	case OFFSET_PAIR:
		if (!fdbg_leb_unsigned(cursor, &a) || !fdbg_leb_unsigned(cursor, &b))
			return STEP_BROKEN;
		range->low = list->base + a;
		range->high = list->base + b;
		break;
	case LOC_DEFAULT:
		range->low = range->high = 0;
		return read_expr(list, range) ? STEP_ENTRY : STEP_BROKEN;
	case LOC_BASE_ADDRESS:
		return fdbg_cursor_uint(cursor, size, false, &list->base) ? STEP_SKIP : STEP_BROKEN;
	case LOC_START_END:
		if (!fdbg_cursor_uint(cursor, size, false, &range->low) ||
		    !fdbg_cursor_uint(cursor, size, false, &range->high))
			return STEP_BROKEN;
		break;
	case LOC_START_LENGTH:
		if (!fdbg_cursor_uint(cursor, size, false, &range->low) || !fdbg_leb_unsigned(cursor, &b))
			return STEP_BROKEN;
		range->high = range->low + b;
		break;
	default:
		return STEP_BROKEN;
	}
	if (list->locations && !read_expr(list, range))
		return STEP_BROKEN;
	return STEP_ENTRY;
}

/* Puts the cursor at the list that loc names; false: there is none. */
static bool open_list(struct list *list, const struct fdbg_die_loc *loc)
{
	const struct fdbg_unit_data *unit = list->unit;
	struct fdbg_debuginfo *debuginfo = list->debuginfo;
	const struct fdbg_section *section;
	uint64_t at = loc->list;

	if (unit->header.version >= 5)
		section = list->locations ? &debuginfo->loclists : &debuginfo->rnglists;
	else
		section = list->locations ? &debuginfo->loc : &debuginfo->ranges;
	list->cursor = fdbg_cursor_over(section->bytes, section->len, 0);
	list->base = unit->low;
	if (loc->kind == FDBG_DIE_LOC_INDEX) {
		const struct fdbg_die_const *given = list->locations ? &unit->loclists_base :
			&unit->rnglists_base;
		/*
		 * Without the attribute the table stands right behind the section's header (DWARF 5, section
		 * 7.29).
		 */
		uint64_t base = given->present ? given->low : unit->header.offset_size == 8 ? 20 : 12, slot;

		if (__builtin_mul_overflow(loc->list, (uint64_t)unit->header.offset_size, &slot) ||
		    __builtin_add_overflow(slot, base, &slot) || slot > section->len)
			return false;
		list->cursor.pos = slot;
		if (!fdbg_cursor_uint(&list->cursor, unit->header.offset_size, false, &at) ||
		    __builtin_add_overflow(at, base, &at))
			return false;
	}
	if (at >= section->len)
		return false;
	list->cursor.pos = at;
	return true;
}

/*
 * Reads a list into the arena. Entries that cover nothing are left out; a broken list gives what came before
 * the break, *broken_ret says so.
 */
static struct fdbg_error *read_list(struct list *list, const struct fdbg_die_loc *loc,
				    struct fdbg_arena *arena,
				    struct fdbg_location_range **ret, size_t *n_ret, bool *broken_ret)
{
	struct fdbg_location_range *entries = NULL;
	size_t n = 0, cap = 0;
	enum step step = STEP_BROKEN;

	if (open_list(list, loc)) {
		while (list->debuginfo->list_budget) {
			struct fdbg_location_range range = { 0 };

			list->debuginfo->list_budget--;
			step = list->unit->header.version >= 5 ? step5(list, &range) : step4(list, &range);
			if (step == STEP_SKIP)
				continue;
			if (step != STEP_ENTRY)
				break;
			if (range.low >= range.high && (range.low || range.high || !list->locations))
				continue;
			if (n == cap) {
				size_t grown_cap = cap ? cap * 2 : 4;
				struct fdbg_location_range *grown = fdbg_arena_array(arena, grown_cap,
										     sizeof(*grown));

				if (!grown)
					return &fdbg_error_nomem;
				if (n)
					memcpy(grown, entries, n * sizeof(*grown));
				entries = grown;
				cap = grown_cap;
			}
			entries[n++] = range;
		}
	}
	*ret = entries;
	*n_ret = n;
	*broken_ret = step != STEP_END;
	return NULL;
}

struct fdbg_error *fdbg_lists_ranges(struct fdbg_debuginfo *debuginfo, const struct fdbg_unit_data *unit,
				     const struct fdbg_die_loc *loc, struct fdbg_arena *arena,
				     struct fdbg_address_range **ret, size_t *n_ret)
{
	struct list list = { .debuginfo = debuginfo, .unit = unit };
	struct fdbg_location_range *entries;
	struct fdbg_address_range *ranges;
	struct fdbg_error *err;
	bool broken;
	size_t n;

	err = read_list(&list, loc, arena, &entries, &n, &broken);
	if (err)
		return err;
	if (broken)
		fdbg_log(debuginfo->log, FDBG_LOG_INFO, "debug information: a range list at 0x%llx is broken",
			 (unsigned long long)loc->list);
	ranges = fdbg_arena_array(arena, n, sizeof(*ranges));
	if (!ranges)
		return &fdbg_error_nomem;
	for (size_t i = 0; i < n; i++)
		ranges[i] = (struct fdbg_address_range){ entries[i].low, entries[i].high };
	*ret = ranges;
	*n_ret = n;
	return NULL;
}

struct fdbg_error *fdbg_lists_location(struct fdbg_debuginfo *debuginfo, const struct fdbg_unit_data *unit,
				       const struct fdbg_die_loc *loc, struct fdbg_arena *arena,
				       struct fdbg_location *ret)
{
	struct list list = { .debuginfo = debuginfo, .unit = unit, .locations = true };
	uint64_t addr_base = unit->addr_base.present ? unit->addr_base.low : 8;
	struct fdbg_location location = {
		.address_size = unit->header.address_size,
		.offset_size = unit->header.offset_size,
		.dwarf_version = unit->header.version,
	};
	struct fdbg_location_range *entries = NULL;
	struct fdbg_error *err;
	size_t n = 0;
	bool broken;

	if (addr_base < debuginfo->addr.len) {
		location.addresses = debuginfo->addr.bytes + addr_base;
		location.addresses_len = debuginfo->addr.len - addr_base;
	}
	switch (loc->kind) {
	case FDBG_DIE_LOC_NONE:
		break;
	case FDBG_DIE_LOC_EXPR:
		entries = fdbg_arena_new(arena, struct fdbg_location_range);
		if (!entries)
			return &fdbg_error_nomem;
		entries->expr = loc->expr;
		entries->len = loc->len;
		n = 1;
		break;
	case FDBG_DIE_LOC_LIST:
	case FDBG_DIE_LOC_INDEX:
		location.list = true;
		err = read_list(&list, loc, arena, &entries, &n, &broken);
		if (err)
			return err;
		if (broken)
			n = 0; /* a part of a list could be taken for the whole */
		break;
	}
	location.ranges = entries;
	location.n_ranges = n;
	*ret = location;
	return NULL;
}
