/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tables of abbreviations, whole and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <dwarf.h>

#include "debuginfo/abbrev.h"

static struct fdbg_abbrev_table read_table(const uint8_t *bytes, size_t len, struct fdbg_arena *arena, size_t *end_ret)
{
	struct fdbg_cursor cursor = fdbg_cursor_over(bytes, len, 0);
	struct fdbg_abbrev_table table = { 0 };

	assert_null(fdbg_abbrev_table_read(&cursor, arena, &table));
	*end_ret = cursor.pos;
	return table;
}

static const uint8_t unit_and_types[] = {
	1, DW_TAG_compile_unit, 1, DW_AT_name, DW_FORM_strp, DW_AT_stmt_list, DW_FORM_sec_offset, 0, 0,
	2, DW_TAG_base_type, 0, DW_AT_name, DW_FORM_string, DW_AT_byte_size, DW_FORM_data1, 0, 0,
	3, DW_TAG_subprogram, 1, DW_AT_low_pc, DW_FORM_addr, DW_AT_decl_line, DW_FORM_implicit_const, 0x7f,
	DW_AT_main_subprogram, DW_FORM_flag_present, 0, 0,
	0,
};

static void a_table_says_what_its_dies_hold(void **state)
{
	struct fdbg_arena arena = { 0 };
	size_t end;
	struct fdbg_abbrev_table table = read_table(unit_and_types, sizeof(unit_and_types), &arena, &end);
	const struct fdbg_abbrev *abbrev;

	(void)state;
	assert_int_equal(end, sizeof(unit_and_types));
	assert_int_equal(table.n, 3);
	assert_true(table.has_types);
	assert_true(table.has_main);
	abbrev = fdbg_abbrev_find(&table, 1);
	assert_int_equal(abbrev->tag, DW_TAG_compile_unit);
	assert_true(abbrev->has_children);
	assert_int_equal(abbrev->size, 8);
	assert_int_equal(fdbg_abbrev_find(&table, 2)->size, FDBG_ABBREV_VARIES);
	abbrev = fdbg_abbrev_find(&table, 3);
	assert_int_equal(abbrev->n_attributes, 3);
	assert_int_equal(abbrev->attributes[1].constant, -1);
	assert_int_equal(abbrev->size, 8);
	assert_null(fdbg_abbrev_find(&table, 0));
	assert_null(fdbg_abbrev_find(&table, 4));
	assert_null(fdbg_abbrev_find(&table, UINT64_MAX));
	fdbg_arena_deinit(&arena);
}

/* Codes need not be counted, nor be in order; of two with one code the first counts. */
static void codes_may_be_any(void **state)
{
	static const uint8_t bytes[] = {
		0x80, 0x80, 0x80, 0x01, DW_TAG_base_type, 0, DW_AT_byte_size, DW_FORM_data1, 0, 0,
		7, DW_TAG_subprogram, 0, DW_AT_byte_size, DW_FORM_data2, 0, 0,
		7, DW_TAG_namespace, 0, DW_AT_byte_size, DW_FORM_data4, 0, 0,
		1, DW_TAG_member, 0, 0, 0,
		0,
	};
	struct fdbg_arena arena = { 0 };
	size_t end;
	struct fdbg_abbrev_table table = read_table(bytes, sizeof(bytes), &arena, &end);

	(void)state;
	assert_int_equal(fdbg_abbrev_find(&table, 0x200000)->tag, DW_TAG_base_type);
	assert_int_equal(fdbg_abbrev_find(&table, 7)->tag, DW_TAG_subprogram);
	assert_int_equal(fdbg_abbrev_find(&table, 1)->tag, DW_TAG_member);
	assert_null(fdbg_abbrev_find(&table, 2));
	fdbg_arena_deinit(&arena);
}

/* What is whole before the cut is there. */
static void a_table_may_end_anywhere(void **state)
{
	(void)state;
	for (size_t len = 0; len <= sizeof(unit_and_types); len++) {
		struct fdbg_arena arena = { 0 };
		size_t end;
		struct fdbg_abbrev_table table = read_table(unit_and_types, len, &arena, &end);

		assert_int_equal(table.n, (len >= 9) + (len >= 18) + (len >= sizeof(unit_and_types) - 1));
		assert_true(end <= len);
		fdbg_arena_deinit(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_says_what_its_dies_hold),
		cmocka_unit_test(codes_may_be_any),
		cmocka_unit_test(a_table_may_end_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
