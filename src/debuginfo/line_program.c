/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "debuginfo/line_program.h"

#include <stdlib.h>
#include <string.h>

#include <dwarf.h>

#include "base/cursor.h"
#include "debuginfo/leb.h"

/* DWARF 5 sections 6.2.2 to 6.2.5, DWARF 4 the same sections. */

/* Directories and files of one table; a count beyond what the bytes can hold is damage. */
#define MAX_FORMATS 16

struct header {
	const struct fdbg_line_sections *sections;
	struct fdbg_cursor cursor;      /* over the table; then over its program */
	uint16_t version;
	size_t address_size, offset_size;
	uint8_t min_instruction, opcode_base, line_range;
	int8_t line_base;
	uint8_t lengths[256];           /* of the standard opcodes: their operands */
};

static bool text_in(const struct fdbg_section *section, uint64_t offset, struct fdbg_text *ret)
{
	const uint8_t *start, *end;

	if (offset >= section->len)
		return false;
	start = section->bytes + offset;
	end = memchr(start, 0, section->len - offset);
	if (!end)
		return false;
	*ret = (struct fdbg_text){ (const char *)start, (size_t)(end - start) };
	return true;
}

static bool read_text(struct fdbg_cursor *cursor, struct fdbg_text *ret)
{
	struct fdbg_section rest = { cursor->data + cursor->pos, fdbg_cursor_left(cursor) };

	if (!rest.len || !text_in(&rest, 0, ret))
		return false;
	cursor->pos += ret->len + 1;
	return true;
}

/* A field of a directory or file entry of DWARF 5: a text or a number, by its form. */
static bool read_form(struct header *header, uint64_t form, struct fdbg_text *text_ret, uint64_t *number_ret)
{
	struct fdbg_cursor *cursor = &header->cursor;
	const uint8_t *bytes;
	uint64_t offset;

	switch (form) {
	case DW_FORM_string:
		return read_text(cursor, text_ret);
	case DW_FORM_line_strp:
		return fdbg_cursor_uint(cursor, header->offset_size, false, &offset) &&
			text_in(&header->sections->line_str, offset, text_ret);
	case DW_FORM_strp:
		return fdbg_cursor_uint(cursor, header->offset_size, false, &offset) &&
			text_in(&header->sections->str, offset, text_ret);
	case DW_FORM_udata:
		return fdbg_leb_unsigned(cursor, number_ret);
	case DW_FORM_data1:
		return fdbg_cursor_uint(cursor, 1, false, number_ret);
	case DW_FORM_data2:
		return fdbg_cursor_uint(cursor, 2, false, number_ret);
	case DW_FORM_data4:
		return fdbg_cursor_uint(cursor, 4, false, number_ret);
	case DW_FORM_data8:
		return fdbg_cursor_uint(cursor, 8, false, number_ret);
	case DW_FORM_data16:
		return fdbg_cursor_bytes(cursor, 16, &bytes);
	case DW_FORM_block:
		return fdbg_leb_unsigned(cursor, &offset) && fdbg_cursor_bytes(cursor, offset, &bytes);
	default:
		return false;
	}
}

struct entry {
	struct fdbg_text path;
	uint64_t directory;
};

/* A table of entries of DWARF 5: their format, their count, the entries. */
static bool read_entries(struct header *header, struct entry **ret, size_t *n_ret, bool *nomem_ret)
{
	uint64_t formats[MAX_FORMATS][2], count;
	struct entry *entries;
	uint8_t n_formats;

	if (!fdbg_cursor_u8(&header->cursor, &n_formats) || n_formats > MAX_FORMATS)
		return false;
	for (size_t i = 0; i < n_formats; i++)
		if (!fdbg_leb_unsigned(&header->cursor, &formats[i][0]) ||
		    !fdbg_leb_unsigned(&header->cursor, &formats[i][1]))
			return false;
	/* Every entry takes at least one byte. */
	if (!fdbg_leb_unsigned(&header->cursor, &count) || count > fdbg_cursor_left(&header->cursor) ||
	    (count && !n_formats))
		return false;
	entries = calloc(count ? count : 1, sizeof(*entries));
	if (!entries) {
		*nomem_ret = true;
		return false;
	}
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < n_formats; k++) {
			struct fdbg_text text = { 0 };
			uint64_t number = 0;

			if (!read_form(header, formats[k][1], &text, &number)) {
				free(entries);
				return false;
			}
			if (formats[k][0] == DW_LNCT_path)
				entries[i].path = text;
			else if (formats[k][0] == DW_LNCT_directory_index)
				entries[i].directory = number;
		}
	*ret = entries;
	*n_ret = count;
	return true;
}

static bool read_files5(struct header *header, struct fdbg_arena *arena, struct fdbg_line_table *table,
			bool *nomem_ret)
{
	struct entry *directories, *files;
	size_t n_directories, n_files;

	if (!read_entries(header, &directories, &n_directories, nomem_ret))
		return false;
	if (!read_entries(header, &files, &n_files, nomem_ret)) {
		free(directories);
		return false;
	}
	table->files = fdbg_arena_array(arena, n_files, sizeof(*table->files));
	*nomem_ret = !table->files;
	for (size_t i = 0; table->files && i < n_files; i++) {
		table->files[i].name = files[i].path;
		if (files[i].directory < n_directories)
			table->files[i].directory = directories[files[i].directory].path;
	}
	table->n_files = table->files ? n_files : 0;
	table->file_base = 0;
	free(directories);
	free(files);
	return table->files;
}

/* Makes room for one more in an array in the arena; false: no memory. */
static bool grow(struct fdbg_arena *arena, void **items, size_t n, size_t *cap, size_t size)
{
	size_t grown_cap = *cap ? *cap * 2 : 32;
	void *grown;

	if (n < *cap)
		return true;
	grown = fdbg_arena_array(arena, grown_cap, size);
	if (!grown)
		return false;
	if (n)
		memcpy(grown, *items, n * size);
	*items = grown;
	*cap = grown_cap;
	return true;
}

static bool read_files4(struct header *header, struct fdbg_arena *arena, struct fdbg_line_table *table,
			bool *nomem_ret)
{
	void *directories = NULL, *files = NULL;
	size_t n_directories = 0, cap = 0, n_files = 0;
	struct fdbg_text text;

	for (;;) {
		if (!read_text(&header->cursor, &text))
			return false;
		if (!text.len)
			break;
		*nomem_ret = !grow(arena, &directories, n_directories, &cap, sizeof(text));
		if (*nomem_ret)
			return false;
		((struct fdbg_text *)directories)[n_directories++] = text;
	}
	cap = 0;
	for (;;) {
		uint64_t directory, ignored;
		struct fdbg_line_file file = { 0 };

		if (!read_text(&header->cursor, &file.name))
			return false;
		if (!file.name.len)
			break;
		if (!fdbg_leb_unsigned(&header->cursor, &directory) ||
		    !fdbg_leb_unsigned(&header->cursor, &ignored) ||
		    !fdbg_leb_unsigned(&header->cursor, &ignored))
			return false;
		if (directory && directory <= n_directories)
			file.directory = ((struct fdbg_text *)directories)[directory - 1];
		*nomem_ret = !grow(arena, &files, n_files, &cap, sizeof(file));
		if (*nomem_ret)
			return false;
		((struct fdbg_line_file *)files)[n_files++] = file;
	}
	table->files = files;
	table->n_files = n_files;
	table->file_base = 1;
	return true;
}

static bool read_header(struct header *header, uint64_t offset, struct fdbg_arena *arena, uint64_t *budget,
			struct fdbg_line_table *table, bool *nomem_ret)
{
	struct fdbg_cursor *cursor = &header->cursor;
	uint64_t length, version, header_length, program;
	uint8_t byte, base;

	*cursor = fdbg_cursor_over(header->sections->line.bytes, header->sections->line.len, 0);
	if (offset >= cursor->len)
		return false;
	cursor->pos = offset;
	header->offset_size = 4;
	if (!fdbg_cursor_uint(cursor, 4, false, &length))
		return false;
	if (length == UINT32_MAX) {
		header->offset_size = 8;
		if (!fdbg_cursor_uint(cursor, 8, false, &length))
			return false;
	}
	if (length > fdbg_cursor_left(cursor) || length > *budget)
		return false;
	*budget -= length;
	cursor->len = cursor->pos + length;
	if (!fdbg_cursor_uint(cursor, 2, false, &version) || version < 2 || version > 5)
		return false;
	header->version = (uint16_t)version;
	if (version >= 5) {
		if (!fdbg_cursor_u8(cursor, &byte) || (byte != 4 && byte != 8))
			return false;
		header->address_size = byte;
		if (!fdbg_cursor_u8(cursor, &byte) || byte) /* segment selectors */
			return false;
	}
	if (!fdbg_cursor_uint(cursor, header->offset_size, false, &header_length) ||
	    header_length > fdbg_cursor_left(cursor))
		return false;
	program = cursor->pos + header_length;
	if (!fdbg_cursor_u8(cursor, &header->min_instruction))
		return false;
	/* Several operations an instruction exist on processors that no Rust program runs on. */
	if (version >= 4 && (!fdbg_cursor_u8(cursor, &byte) || byte != 1))
		return false;
	if (!fdbg_cursor_u8(cursor, &byte) || !fdbg_cursor_u8(cursor, &base) ||
	    !fdbg_cursor_u8(cursor, &header->line_range) || !fdbg_cursor_u8(cursor, &header->opcode_base) ||
	    !header->opcode_base)
		return false;
	header->line_base = (int8_t)base;
	for (size_t i = 1; i < header->opcode_base; i++)
		if (!fdbg_cursor_u8(cursor, &header->lengths[i]))
			return false;
	if (version >= 5 ? !read_files5(header, arena, table, nomem_ret) :
	    !read_files4(header, arena, table, nomem_ret))
		return false;
	if (cursor->pos > program)
		return false;
	cursor->pos = program;
	return true;
}

/* The registers of the state machine. */
static struct fdbg_line_row start_row(void)
{
	return (struct fdbg_line_row){ .file = 1, .line = 1 };
}

struct program {
	struct header *header;
	struct fdbg_arena *arena;
	struct fdbg_line_row row;
	void *rows;
	size_t n, cap;
	bool nomem;
};

static bool emit(struct program *program)
{
	program->nomem = !grow(program->arena, &program->rows, program->n, &program->cap,
			       sizeof(program->row));
	if (program->nomem)
		return false;
	((struct fdbg_line_row *)program->rows)[program->n++] = program->row;
	program->row.prologue_end = false;
	return true;
}

static bool extended(struct program *program, struct fdbg_cursor *cursor)
{
	uint64_t length, address;
	size_t end;
	uint8_t op;

	if (!fdbg_leb_unsigned(cursor, &length) || length > fdbg_cursor_left(cursor))
		return false;
	end = cursor->pos + length;
	if (!length)
		return true;
	if (!fdbg_cursor_u8(cursor, &op))
		return false;
	switch (op) {
	case DW_LNE_end_sequence:
		program->row.end = true;
		if (!emit(program))
			return false;
		program->row = start_row();
		break;
	case DW_LNE_set_address:
		if (!fdbg_cursor_uint(cursor, length - 1, false, &address))
			return false;
		program->row.address = address;
		break;
	}
	/*
	 * Others (discriminators, files that the program defines) do not matter here; their length passes
	 * over them.
	 */
	cursor->pos = end;
	return true;
}

static bool standard(struct program *program, struct fdbg_cursor *cursor, uint8_t op)
{
	const struct header *header = program->header;
	struct fdbg_line_row *row = &program->row;
	uint64_t value;
	int64_t number;

	switch (op) {
	case DW_LNS_copy:
		return emit(program);
	case DW_LNS_advance_pc:
		if (!fdbg_leb_unsigned(cursor, &value))
			return false;
		row->address += value * header->min_instruction;
		return true;
	case DW_LNS_advance_line:
		if (!fdbg_leb_signed(cursor, &number))
			return false;
		row->line += (uint32_t)number;
		return true;
	case DW_LNS_set_file:
		if (!fdbg_leb_unsigned(cursor, &value))
			return false;
		row->file = value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
		return true;
	case DW_LNS_set_column:
		if (!fdbg_leb_unsigned(cursor, &value))
			return false;
		row->column = value > UINT32_MAX ? 0 : (uint32_t)value;
		return true;
	case DW_LNS_const_add_pc:
		if (!header->line_range)
			return false;
		value = (uint64_t)((255 - header->opcode_base) / header->line_range);
		row->address += value * header->min_instruction;
		return true;
	case DW_LNS_fixed_advance_pc:
		if (!fdbg_cursor_uint(cursor, 2, false, &value))
			return false;
		row->address += value;
		return true;
	case DW_LNS_set_prologue_end:
		row->prologue_end = true;
		return true;
	default:
		for (size_t i = 0; i < header->lengths[op]; i++)
			if (!fdbg_leb_unsigned(cursor, &value))
				return false;
		return true;
	}
}

static bool special(struct program *program, uint8_t op)
{
	const struct header *header = program->header;
	unsigned int adjusted = (unsigned int)op - header->opcode_base;

	if (!header->line_range)
		return false;
	program->row.address += (uint64_t)(adjusted / header->line_range) * header->min_instruction;
	program->row.line += (uint32_t)(header->line_base + (int)(adjusted % header->line_range));
	return emit(program);
}

static bool run(struct program *program)
{
	struct fdbg_cursor *cursor = &program->header->cursor;
	uint8_t op;

	while (fdbg_cursor_u8(cursor, &op)) {
		bool good;

		if (op >= program->header->opcode_base)
			good = special(program, op);
		else if (!op)
			good = extended(program, cursor);
		else
			good = standard(program, cursor, op);
		if (!good)
			return false;
	}
	return true;
}

struct fdbg_error *fdbg_line_program_run(const struct fdbg_line_sections *sections, uint64_t offset,
					 size_t address_size,
					 struct fdbg_arena *arena, uint64_t *budget,
					 struct fdbg_line_table *ret,
					 bool *whole_ret)
{
	struct header header = { .sections = sections, .address_size = address_size };
	struct program program = { .header = &header, .arena = arena, .row = start_row() };
	struct fdbg_line_table table = { 0 };
	bool whole = read_header(&header, offset, arena, budget, &table, &program.nomem);

	if (whole)
		whole = run(&program);
	if (program.nomem)
		return &fdbg_error_nomem;
	table.rows = program.rows;
	table.n_rows = program.n;
	*ret = table;
	*whole_ret = whole;
	return NULL;
}
