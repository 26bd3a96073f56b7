/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The canonical frame address and the caller from call frame information (.eh_frame, .debug_frame). */
#include <stdlib.h>

#include <dwarf.h>

#include "base/cursor.h"
#include "debuginfo/internal.h"
#include "debuginfo/leb.h"

/*
 * DWARF 5, section 6.4; for .eh_frame the Linux Standard Base, "Exception Frames". Only the rules for the CFA, the
 * return address and the frame pointer are followed: where other registers are saved does not matter here.
 */

/* Pointer encodings of .eh_frame (LSB, "DWARF Exception Header Encoding"). */
enum {
	PE_ABSPTR = 0x00, PE_ULEB128 = 0x01, PE_UDATA2 = 0x02, PE_UDATA4 = 0x03, PE_UDATA8 = 0x04,
		PE_SLEB128 = 0x09,
	PE_SDATA2 = 0x0a, PE_SDATA4 = 0x0b, PE_SDATA8 = 0x0c, PE_PCREL = 0x10, PE_OMIT = 0xff,
};

#define MAX_REMEMBERED 32

struct frame {
	uint64_t low, high;
	uint64_t cie;                 /* offset in its section */
	uint64_t rest, end;           /* of the entry: behind the address range, to the end */
	bool eh;
};

struct frame_section {
	struct fdbg_section data;
	uint64_t address;             /* of .eh_frame in memory */
	bool eh;
};

struct fdbg_frame_table {
	struct frame_section sections[2]; /* .debug_frame, .eh_frame */
	struct frame *frames;
	size_t n, cap;
};

struct cie {
	uint64_t code_align;
	int64_t data_align;
	uint8_t encoding;             /* of the addresses in its frames */
	bool has_augmentation_data;
	uint64_t ra;                  /* number of the register that stands for the return address */
	uint64_t start, end;          /* its instructions */
};

void fdbg_frames_destroy(struct fdbg_frame_table *table)
{
	if (!table)
		return;
	free(table->frames);
	free(table);
}

static bool read_pointer(const struct frame_section *section, struct fdbg_cursor *cursor, uint8_t encoding,
			 bool is_size, uint64_t *ret)
{
	uint64_t at = section->address + cursor->pos, value;
	int64_t number;
	size_t size;

	switch (encoding & 0x0f) {
	case PE_ULEB128:
		if (!fdbg_leb_unsigned(cursor, &value))
			return false;
		break;
	case PE_SLEB128:
		if (!fdbg_leb_signed(cursor, &number))
			return false;
		value = (uint64_t)number;
		break;
	case PE_ABSPTR: case PE_UDATA2: case PE_UDATA4: case PE_UDATA8:
	case PE_SDATA2: case PE_SDATA4: case PE_SDATA8:
		size = (encoding & 7) == 2 ? 2 : (encoding & 7) == 3 ? 4 : 8;
		if (!fdbg_cursor_uint(cursor, size, false, &value))
			return false;
		if (encoding & 8 && !is_size && size < 8 && value >> (size * 8 - 1))
			value |= UINT64_MAX << size * 8;
		break;
	default:
		return false;
	}
	if (!is_size && (encoding & 0xf0) == PE_PCREL)
		value += at;
	else if (!is_size && encoding & 0xf0)
		return false;
	*ret = value;
	return true;
}

/* The length and id in front of an entry; the cursor then stands behind the id. */
static bool read_head(struct fdbg_cursor *cursor, bool eh, uint64_t *end_ret, uint64_t *id_ret,
		      uint64_t *id_at_ret,
		      bool *is_cie_ret)
{
	uint64_t length, id;
	size_t offset_size = 4;

	if (!fdbg_cursor_uint(cursor, 4, false, &length))
		return false;
	if (length == UINT32_MAX) {
		offset_size = 8;
		if (!fdbg_cursor_uint(cursor, 8, false, &length))
			return false;
	}
	if (length > fdbg_cursor_left(cursor))
		return false;
	*end_ret = cursor->pos + length;
	*id_at_ret = cursor->pos;
	if (!length)
		return true;
	/* In .eh_frame the id has 4 bytes even where the length has 8. */
	if (!fdbg_cursor_uint(cursor, eh ? 4 : offset_size, false, &id) || cursor->pos > *end_ret)
		return false;
	*is_cie_ret = eh ? !id : id == (offset_size == 8 ? UINT64_MAX : UINT32_MAX);
	*id_ret = id;
	return true;
}

static bool read_augmentation(const struct frame_section *section, struct fdbg_cursor *cursor,
			      const char *letters,
			      struct cie *cie)
{
	uint64_t len, end, ignored;
	uint8_t encoding;

	if (!*letters)
		return true;
	if (*letters++ != 'z' || !fdbg_leb_unsigned(cursor, &len) || len > fdbg_cursor_left(cursor))
		return false;
	cie->has_augmentation_data = true;
	end = cursor->pos + len;
	for (; *letters; letters++) {
		switch (*letters) {
		case 'L':
			if (!fdbg_cursor_u8(cursor, &encoding))
				return false;
			break;
		case 'P':
			if (!fdbg_cursor_u8(cursor, &encoding) ||
			    (encoding != PE_OMIT && !read_pointer(section, cursor, encoding & 0x0f, true,
								  &ignored)))
				return false;
			break;
		case 'R':
			if (!fdbg_cursor_u8(cursor, &cie->encoding))
				return false;
			break;
		case 'S': case 'B': /* signal frame, pointer authentication key: no data */
			break;
		default:
			/* Its data cannot be told from those of the letters behind it. */
			return false;
		}
	}
	if (cursor->pos > end)
		return false;
	cursor->pos = end;
	return true;
}

static bool read_cie(const struct frame_section *section, uint64_t offset, struct cie *ret)
{
	struct fdbg_cursor cursor = fdbg_cursor_over(section->data.bytes, section->data.len, 0);
	struct cie cie = { 0 };
	uint64_t end, id, id_at;
	const char *letters;
	bool is_cie = false;
	uint8_t version, byte;

	if (offset >= cursor.len)
		return false;
	cursor.pos = offset;
	if (!read_head(&cursor, section->eh, &end, &id, &id_at, &is_cie) || !is_cie)
		return false;
	cursor.len = end;
	if (!fdbg_cursor_u8(&cursor, &version) || (version != 1 && version != 3 && version != 4))
		return false;
	letters = (const char *)cursor.data + cursor.pos;
	do {
		if (!fdbg_cursor_u8(&cursor, &byte))
			return false;
	} while (byte);
	if (version == 4 && (!fdbg_cursor_u8(&cursor, &byte) || byte != 8 ||
			     !fdbg_cursor_u8(&cursor, &byte) || byte))
		return false;
	if (!fdbg_leb_unsigned(&cursor, &cie.code_align) || !fdbg_leb_signed(&cursor, &cie.data_align))
		return false;
	if (version == 1 ? !fdbg_cursor_u8(&cursor, &byte) : !fdbg_leb_unsigned(&cursor, &cie.ra))
		return false;
	if (version == 1)
		cie.ra = byte;
	if (!read_augmentation(section, &cursor, letters, &cie))
		return false;
	cie.start = cursor.pos;
	cie.end = end;
	*ret = cie;
	return true;
}

static struct fdbg_error *add_frames(struct fdbg_frame_table *table, const struct frame_section *section)
{
	struct fdbg_cursor cursor = fdbg_cursor_over(section->data.bytes, section->data.len, 0);
	uint64_t cie_at = UINT64_MAX;
	struct cie cie = { 0 };
	bool cie_good = false;

	while (fdbg_cursor_left(&cursor)) {
		struct frame frame = { .eh = section->eh };
		struct fdbg_cursor entry = cursor;
		uint64_t id = 0, id_at, end, size;
		bool is_cie = false;

		if (!read_head(&entry, section->eh, &end, &id, &id_at, &is_cie))
			return NULL; /* broken: what came before serves */
		cursor.pos = end;
		if (end == id_at || is_cie)
			continue;
		frame.cie = section->eh ? id_at - id : id;
		if (frame.cie != cie_at) {
			cie_at = frame.cie;
			cie_good = read_cie(section, cie_at, &cie);
		}
		entry.len = end;
		if (!cie_good || !read_pointer(section, &entry, cie.encoding, false, &frame.low) ||
		    !read_pointer(section, &entry, cie.encoding, true, &size) ||
		    __builtin_add_overflow(frame.low, size, &frame.high) || !size || !frame.low)
			continue;
		frame.rest = entry.pos;
		frame.end = end;
		if (table->n == table->cap) {
			size_t cap = table->cap ? table->cap * 2 : 1024;
			struct frame *grown = reallocarray(table->frames, cap, sizeof(*grown));

			if (!grown)
				return &fdbg_error_nomem;
			table->frames = grown;
			table->cap = cap;
		}
		table->frames[table->n++] = frame;
	}
	return NULL;
}

static int compare_frames(const void *a, const void *b)
{
	const struct frame *x = a, *y = b;

	if (x->low != y->low)
		return x->low < y->low ? -1 : 1;
	return x->eh - y->eh;
}

static struct fdbg_error *load_frames(struct fdbg_debuginfo *debuginfo)
{
	struct fdbg_frame_table *table = calloc(1, sizeof(*table));
	struct frame_section *debug, *eh;
	struct fdbg_error *err;

	if (!table)
		return &fdbg_error_nomem;
	debug = &table->sections[0];
	eh = &table->sections[1];
	eh->eh = true;
	/*
	 * .eh_frame is loaded, so it stays in the program when the debug information moves to a file of its
	 * own.
	 */
	err = fdbg_image_section(debuginfo->symbols, ".debug_frame", &debug->data.bytes, &debug->data.len);
	if (!err)
		err = fdbg_image_section(debuginfo->image, ".eh_frame", &eh->data.bytes, &eh->data.len);
	eh->address = fdbg_image_section_address(debuginfo->image, ".eh_frame");
	for (size_t i = 0; !err && i < 2; i++)
		err = add_frames(table, &table->sections[i]);
	if (err) {
		fdbg_frames_destroy(table);
		return err;
	}
	if (table->n)
		qsort(table->frames, table->n, sizeof(*table->frames), compare_frames);
	debuginfo->frames = table;
	return NULL;
}

/* A register that is saved in the frame. */
struct saved {
	bool known;
	int64_t offset;          /* from the CFA */
};

struct rule {
	bool known, expression;
	uint64_t reg;
	int64_t offset;
	struct saved ra, fp;     /* the return address and the caller's frame pointer */
};

struct execution {
	const struct frame_section *section;
	const struct cie *cie;
	uint64_t location, pc;
	struct rule rule, initial, remembered[MAX_REMEMBERED]; /* initial: as the common part has it */
	size_t n_remembered;
	uint64_t fp;             /* number of the frame pointer */
	bool past;               /* the row for pc is complete */
};

static bool skip_block(struct fdbg_cursor *cursor)
{
	const uint8_t *bytes;
	uint64_t len;

	return fdbg_leb_unsigned(cursor, &len) && fdbg_cursor_bytes(cursor, len, &bytes);
}

static void advance(struct execution *execution, uint64_t to)
{
	execution->location = to;
	execution->past = to > execution->pc;
}

static bool advance_by(struct execution *execution, struct fdbg_cursor *cursor, size_t size)
{
	uint64_t delta;

	if (!fdbg_cursor_uint(cursor, size, false, &delta))
		return false;
	advance(execution, execution->location + delta * execution->cie->code_align);
	return true;
}

/* Where a register's value of the caller is; only two of them matter. */
static struct saved *saved_of(struct execution *execution, uint64_t reg)
{
	if (reg == execution->cie->ra)
		return &execution->rule.ra;
	return reg == execution->fp ? &execution->rule.fp : NULL;
}

static void save(struct execution *execution, uint64_t reg, uint64_t factor)
{
	struct saved *saved = saved_of(execution, reg);

	if (saved)
		*saved = (struct saved){ true, (int64_t)(factor * (uint64_t)execution->cie->data_align) };
}

static void forget(struct execution *execution, uint64_t reg)
{
	struct saved *saved = saved_of(execution, reg);

	if (saved)
		saved->known = false;
}

static void restore(struct execution *execution, uint64_t reg)
{
	struct saved *saved = saved_of(execution, reg);

	if (saved)
		*saved = saved == &execution->rule.ra ? execution->initial.ra : execution->initial.fp;
}

static bool instruction(struct execution *execution, struct fdbg_cursor *cursor)
{
	struct rule *rule = &execution->rule;
	uint64_t a, b;
	int64_t number;
	uint8_t op;

	if (!fdbg_cursor_u8(cursor, &op))
		return false;
	switch (op & 0xc0) {
	case DW_CFA_advance_loc:
		advance(execution, execution->location + (op & 0x3f) * execution->cie->code_align);
		return true;
	case DW_CFA_offset:
		if (!fdbg_leb_unsigned(cursor, &a))
			return false;
		save(execution, op & 0x3f, a);
		return true;
	case DW_CFA_restore:
		restore(execution, op & 0x3f);
		return true;
	}
	switch (op) {
	case DW_CFA_nop:
	case DW_CFA_GNU_window_save: /* aarch64: DW_CFA_AARCH64_negate_ra_state */
		return true;
	case DW_CFA_set_loc:
		if (!read_pointer(execution->section, cursor, execution->cie->encoding, false, &a))
			return false;
		advance(execution, a);
		return true;
	case DW_CFA_advance_loc1:
		return advance_by(execution, cursor, 1);
	case DW_CFA_advance_loc2:
		return advance_by(execution, cursor, 2);
	case DW_CFA_advance_loc4:
		return advance_by(execution, cursor, 4);
	case DW_CFA_def_cfa:
	case DW_CFA_def_cfa_sf:
		if (!fdbg_leb_unsigned(cursor, &rule->reg))
			return false;
		rule->known = true;
		rule->expression = false;
		/* fall through */
	case DW_CFA_def_cfa_offset:
	case DW_CFA_def_cfa_offset_sf:
		if (op == DW_CFA_def_cfa_sf || op == DW_CFA_def_cfa_offset_sf) {
			if (!fdbg_leb_signed(cursor, &number))
				return false;
			rule->offset = (int64_t)((uint64_t)number * (uint64_t)execution->cie->data_align);
		} else {
			if (!fdbg_leb_unsigned(cursor, &a))
				return false;
			rule->offset = (int64_t)a;
		}
		return true;
	case DW_CFA_def_cfa_register:
		rule->expression = false;
		return fdbg_leb_unsigned(cursor, &rule->reg);
	case DW_CFA_def_cfa_expression:
		rule->known = rule->expression = true;
		return skip_block(cursor);
	case DW_CFA_remember_state:
		if (execution->n_remembered == MAX_REMEMBERED)
			return false;
		execution->remembered[execution->n_remembered++] = *rule;
		return true;
	case DW_CFA_restore_state:
		if (!execution->n_remembered)
			return false;
		*rule = execution->remembered[--execution->n_remembered];
		return true;
	case DW_CFA_restore_extended:
		if (!fdbg_leb_unsigned(cursor, &a))
			return false;
		restore(execution, a);
		return true;
	case DW_CFA_undefined: case DW_CFA_same_value:
		if (!fdbg_leb_unsigned(cursor, &a))
			return false;
		forget(execution, a);
		return true;
	case DW_CFA_GNU_args_size:
		return fdbg_leb_unsigned(cursor, &a);
	case DW_CFA_offset_extended:
		if (!fdbg_leb_unsigned(cursor, &a) || !fdbg_leb_unsigned(cursor, &b))
			return false;
		save(execution, a, b);
		return true;
	case DW_CFA_register: case DW_CFA_val_offset:
	case DW_CFA_GNU_negative_offset_extended:
		if (!fdbg_leb_unsigned(cursor, &a) || !fdbg_leb_unsigned(cursor, &b))
			return false;
		forget(execution, a);
		return true;
	case DW_CFA_offset_extended_sf: case DW_CFA_val_offset_sf:
		if (!fdbg_leb_unsigned(cursor, &a) || !fdbg_leb_signed(cursor, &number))
			return false;
		forget(execution, a);
		if (op == DW_CFA_offset_extended_sf)
			save(execution, a, (uint64_t)number);
		return true;
	case DW_CFA_expression: case DW_CFA_val_expression:
		if (!fdbg_leb_unsigned(cursor, &a) || !skip_block(cursor))
			return false;
		forget(execution, a);
		return true;
	default:
		return false;
	}
}

static bool execute(struct execution *execution, uint64_t start, uint64_t end)
{
	struct fdbg_cursor cursor = fdbg_cursor_over(execution->section->data.bytes, end, 0);

	cursor.pos = start;
	while (fdbg_cursor_left(&cursor) && !execution->past)
		if (!instruction(execution, &cursor))
			return false;
	return true;
}

static const struct frame *find_frame(const struct fdbg_frame_table *table, uint64_t pc)
{
	size_t low = 0, high = table->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (table->frames[mid].low <= pc)
			low = mid + 1;
		else
			high = mid;
	}
	return low && pc < table->frames[low - 1].high ? &table->frames[low - 1] : NULL;
}

struct fdbg_error *fdbg_debuginfo_frame(struct fdbg_debuginfo *debuginfo, uint64_t pc, uint32_t fp,
					struct fdbg_frame_rule *ret)
{
	const struct frame *frame;
	struct execution execution = { .pc = pc, .fp = fp };
	struct fdbg_cursor cursor;
	struct fdbg_error *err;
	struct cie cie;
	uint64_t len, start;

	if (!debuginfo->frames) {
		err = load_frames(debuginfo);
		if (err)
			return err;
	}
	frame = find_frame(debuginfo->frames, pc);
	if (!frame)
		return fdbg_error_create(FDBG_ERROR_NOT_FOUND, "no frame information for address 0x%llx",
					 (unsigned long long)pc);
	execution.section = &debuginfo->frames->sections[frame->eh];
	start = frame->rest;
	if (!read_cie(execution.section, frame->cie, &cie))
		goto broken;
	if (cie.has_augmentation_data) {
		cursor = fdbg_cursor_over(execution.section->data.bytes, frame->end, 0);
		cursor.pos = start;
		if (!fdbg_leb_unsigned(&cursor, &len) || len > fdbg_cursor_left(&cursor))
			goto broken;
		start = cursor.pos + len;
	}
	execution.cie = &cie;
	execution.location = frame->low;
	if (!execute(&execution, cie.start, cie.end))
		goto broken;
	execution.initial = execution.rule;
	if (!execute(&execution, start, frame->end))
		goto broken;
	if (!execution.rule.known || execution.rule.reg > UINT32_MAX)
		goto broken;
	if (execution.rule.expression)
		return fdbg_error_create(FDBG_ERROR_UNSUPPORTED,
					 "the frame at address 0x%llx is described by an expression",
					 (unsigned long long)pc);
	*ret = (struct fdbg_frame_rule){
		.cfa_reg = (uint32_t)execution.rule.reg, .cfa_offset = execution.rule.offset,
		.ra_saved = execution.rule.ra.known, .ra_offset = execution.rule.ra.offset,
		.fp_saved = execution.rule.fp.known, .fp_offset = execution.rule.fp.offset,
	};
	return NULL;

broken:
	return fdbg_error_create(FDBG_ERROR_FORMAT, "the frame information for address 0x%llx is damaged",
				 (unsigned long long)pc);
}

struct fdbg_error *fdbg_debuginfo_cfa(struct fdbg_debuginfo *debuginfo, uint64_t pc, uint32_t *dwarf_reg_ret,
				      int64_t *offset_ret)
{
	struct fdbg_frame_rule rule;
	struct fdbg_error *err = fdbg_debuginfo_frame(debuginfo, pc, UINT32_MAX, &rule);

	if (err)
		return err;
	*dwarf_reg_ret = rule.cfa_reg;
	*offset_ret = rule.cfa_offset;
	return NULL;
}
