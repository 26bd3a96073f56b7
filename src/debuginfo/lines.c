/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Line tables: rows by address, names of files. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "debuginfo/internal.h"

struct sort_row {
	struct fdbg_line_row row;
	size_t order;
};

static int compare_rows(const void *a, const void *b)
{
	const struct sort_row *x = a, *y = b;

	if (x->row.address != y->row.address)
		return x->row.address < y->row.address ? -1 : 1;
	if (x->row.end != y->row.end)
		return x->row.end ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* Keeps the rows of sequences that begin in code, and sorts them. */
static struct fdbg_error *sort_rows(struct fdbg_debuginfo *debuginfo, struct fdbg_line_table *table)
{
	struct sort_row *rows = calloc(table->n_rows ? table->n_rows : 1, sizeof(*rows));
	bool in_sequence = false, keep = false, sorted = true;
	size_t n = 0;

	if (!rows)
		return &fdbg_error_nomem;
	for (size_t i = 0; i < table->n_rows; i++) {
		const struct fdbg_line_row *row = &table->rows[i];

		if (!in_sequence)
			keep = fdbg_image_is_code(debuginfo->image, row->address);
		in_sequence = !row->end;
		if (!keep)
			continue;
		rows[n] = (struct sort_row){ *row, i };
		if (n && compare_rows(&rows[n - 1], &rows[n]) > 0)
			sorted = false;
		n++;
	}
	if (!sorted)
		qsort(rows, n, sizeof(*rows), compare_rows);
	for (size_t i = 0; i < n; i++)
		table->rows[i] = rows[i].row;
	table->n_rows = n;
	free(rows);
	return NULL;
}

struct fdbg_error *fdbg_lines_load(struct fdbg_debuginfo *debuginfo, struct fdbg_unit_data *unit)
{
	struct fdbg_unit_lines lines = { .made = true };
	struct fdbg_error *err;
	bool whole;

	if (unit->lines.made)
		return NULL;
	if (unit->line_table.present) {
		const struct fdbg_line_sections sections = { debuginfo->line, debuginfo->line_str,
							    debuginfo->str };

		err = fdbg_line_program_run(&sections, unit->line_table.low, unit->header.address_size,
					    &debuginfo->arena,
					    &debuginfo->line_budget, &lines.table, &whole);
		if (err)
			return err;
		if (!whole)
			fdbg_log(debuginfo->log, FDBG_LOG_INFO,
				 "debug information: the line table of unit %.*s is damaged",
				 (int)unit->unit.name.len, unit->unit.name.data ? unit->unit.name.data : "");
		err = sort_rows(debuginfo, &lines.table);
		if (err)
			return err;
	}
	lines.paths = fdbg_arena_array(&debuginfo->arena, lines.table.n_files, sizeof(*lines.paths));
	if (!lines.paths)
		return &fdbg_error_nomem;
	unit->lines = lines;
	return NULL;
}

size_t fdbg_lines_find(const struct fdbg_unit_data *unit, uint64_t address)
{
	const struct fdbg_line_table *table = &unit->lines.table;
	size_t low = 0, high = table->n_rows;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (table->rows[mid].address < address)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/*
 * Appends the parts of a path, with "." and ".." worked out in the text alone; *out is true when ".." left
 * its start.
 */
static void append_parts(struct fdbg_buf *buf, struct fdbg_text path, bool *out)
{
	size_t at = 0;

	while (at < path.len) {
		size_t end = at, back;

		while (end < path.len && path.data[end] != '/')
			end++;
		if (end - at == 2 && !memcmp(path.data + at, "..", 2)) {
			for (back = buf->len; back && buf->data[back - 1] != '/'; back--)
				;
			if (!buf->len)
				*out = true;
			buf->len = back ? back - 1 : 0;
		} else if (end > at && !(end - at == 1 && path.data[at] == '.')) {
			if (buf->len || (at && !buf->len && path.data[0] == '/'))
				fdbg_buf_byte(buf, '/');
			fdbg_buf_append(buf, path.data + at, end - at);
		}
		at = end + 1;
	}
}

static bool is_absolute(struct fdbg_text path)
{
	return path.len && path.data[0] == '/';
}

static struct fdbg_text make_path(struct fdbg_debuginfo *debuginfo, const struct fdbg_unit *unit,
				  const struct fdbg_line_file *file)
{
	struct fdbg_text directory = file->directory, path = { 0 };
	struct fdbg_buf buf = { 0 };
	bool left = false;

	/* DWARF 5 names the unit's directory as number 0 where DWARF 4 names none. */
	if (fdbg_text_equal(directory, unit->comp_dir) || is_absolute(file->name))
		directory = (struct fdbg_text){ 0 };
	if (is_absolute(directory) || is_absolute(file->name)) {
		fdbg_buf_append(&buf, directory.data, directory.len);
		if (directory.len && directory.data[directory.len - 1] != '/')
			fdbg_buf_byte(&buf, '/');
		fdbg_buf_append(&buf, file->name.data, file->name.len);
	} else {
		append_parts(&buf, directory, &left);
		append_parts(&buf, file->name, &left);
		if (left) {
			fdbg_buf_clear(&buf);
			left = false;
			append_parts(&buf, unit->comp_dir, &left);
			append_parts(&buf, directory, &left);
			append_parts(&buf, file->name, &left);
		}
	}
	if (!buf.failed)
		path = fdbg_arena_text(&debuginfo->arena,
				       (struct fdbg_text){ (const char *)buf.data, buf.len });
	if (!path.data)
		path.len = 0;
	fdbg_buf_deinit(&buf);
	return path;
}

struct fdbg_text fdbg_lines_file(struct fdbg_debuginfo *debuginfo, struct fdbg_unit_data *unit, uint64_t file)
{
	struct fdbg_unit_lines *lines = &unit->lines;

	if (!lines->made || file < lines->table.file_base ||
	    file - lines->table.file_base >= lines->table.n_files)
		return (struct fdbg_text){ 0 };
	file -= lines->table.file_base;
	if (!lines->paths[file].data)
		lines->paths[file] = make_path(debuginfo, &unit->unit, &lines->table.files[file]);
	return lines->paths[file];
}

struct range_list {
	struct fdbg_unit_range *ranges;
	size_t n, cap;
};

static bool add_range(struct range_list *list, uint64_t low, uint64_t high, struct fdbg_unit_data *unit)
{
	if (list->n == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 256;
		struct fdbg_unit_range *grown = reallocarray(list->ranges, cap, sizeof(*grown));

		if (!grown)
			return false;
		list->ranges = grown;
		list->cap = cap;
	}
	list->ranges[list->n++] = (struct fdbg_unit_range){ low, high, unit };
	return true;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct fdbg_unit_range *x = a, *y = b;

	return x->low < y->low ? -1 : x->low > y->low;
}

/* The code ranges of all units, sorted. */
static bool make_unit_ranges(struct fdbg_debuginfo *debuginfo)
{
	struct range_list list = { 0 };
	struct fdbg_arena scratch = { 0 };
	bool made = true;

	for (size_t i = 0; made && i < debuginfo->n_units; i++) {
		struct fdbg_unit_data *unit = &debuginfo->units[i];
		struct fdbg_address_range *ranges, whole = { unit->low, unit->high };
		size_t n;

		if (unit->ranges.kind != FDBG_DIE_LOC_NONE) {
			struct fdbg_error *err = fdbg_lists_ranges(debuginfo, unit, &unit->ranges, &scratch,
								   &ranges, &n);

			if (err) {
				fdbg_error_destroy(err);
				made = false;
				break;
			}
		} else {
			ranges = &whole;
			n = unit->has_high;
		}
		for (size_t k = 0; made && k < n; k++)
			if (fdbg_image_is_code(debuginfo->image, ranges[k].low) &&
			    ranges[k].low < ranges[k].high)
				made = add_range(&list, ranges[k].low, ranges[k].high, unit);
		fdbg_arena_reset(&scratch);
	}
	fdbg_arena_deinit(&scratch);
	if (!made) {
		free(list.ranges);
		return false;
	}
	if (list.n)
		qsort(list.ranges, list.n, sizeof(*list.ranges), compare_ranges);
	debuginfo->unit_ranges = list.ranges;
	debuginfo->n_unit_ranges = list.n;
	debuginfo->unit_ranges_made = true;
	return true;
}

struct fdbg_unit_data *fdbg_unit_at(struct fdbg_debuginfo *debuginfo, uint64_t address)
{
	size_t low = 0, high;

	if (!debuginfo->unit_ranges_made && !make_unit_ranges(debuginfo))
		return NULL;
	high = debuginfo->n_unit_ranges;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (debuginfo->unit_ranges[mid].low <= address)
			low = mid + 1;
		else
			high = mid;
	}
	if (!low || address >= debuginfo->unit_ranges[low - 1].high)
		return NULL;
	return debuginfo->unit_ranges[low - 1].unit;
}

const struct fdbg_unit *fdbg_debuginfo_unit_at(struct fdbg_debuginfo *debuginfo, uint64_t address)
{
	struct fdbg_unit_data *unit = fdbg_unit_at(debuginfo, address);

	return unit ? &unit->unit : NULL;
}

bool fdbg_debuginfo_line(struct fdbg_debuginfo *debuginfo, uint64_t address, struct fdbg_text *file_ret,
			 uint32_t *line_ret, uint32_t *column_ret)
{
	struct fdbg_unit_data *unit = fdbg_unit_at(debuginfo, address);
	const struct fdbg_line_row *row;
	struct fdbg_error *err;
	size_t at;

	if (!unit)
		return false;
	err = fdbg_lines_load(debuginfo, unit);
	if (err) {
		fdbg_error_destroy(err);
		return false;
	}
	at = address == UINT64_MAX ? unit->lines.table.n_rows : fdbg_lines_find(unit, address + 1);
	if (!at)
		return false;
	row = &unit->lines.table.rows[at - 1];
	if (row->end || !row->line)
		return false;
	*file_ret = fdbg_lines_file(debuginfo, unit, row->file);
	*line_ret = row->line;
	*column_ret = row->column;
	return true;
}
