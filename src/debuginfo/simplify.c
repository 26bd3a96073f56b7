/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a location is, worked out before the run. */
#include <dwarf.h>

#include "base/cursor.h"
#include "debuginfo/leb.h"
#include "debuginfo/location.h"

/*
 * An expression is followed with one symbolic value in place of a stack: base + offset, dereferenced at most
 * once. The constants that stand before a plus or minus are the only second value. Whatever does not fit is
 * COMPLEX.
 */
enum base { BASE_NOTHING, BASE_REGISTER, BASE_CFA, BASE_ADDRESS };

struct symbol {
	enum base base;
	uint32_t reg;
	uint64_t offset;
	bool indirect;
	uint64_t offset2;
	bool is_register;      /* the object is in the register itself */
};

static bool add(struct symbol *symbol, uint64_t value)
{
	if (symbol->base == BASE_NOTHING || symbol->is_register)
		return false;
	if (symbol->indirect)
		symbol->offset2 += value;
	else
		symbol->offset += value;
	return true;
}

static bool set_base(struct symbol *symbol, enum base base, uint64_t reg, uint64_t offset)
{
	if (symbol->base != BASE_NOTHING || reg > UINT32_MAX)
		return false;
	symbol->base = base;
	symbol->reg = (uint32_t)reg;
	symbol->offset = offset;
	return true;
}

/* A constant and the plus or minus behind it; false: something else. */
static bool read_constant(struct fdbg_cursor *cursor, uint8_t op, uint64_t *ret)
{
	uint64_t value;
	int64_t number;
	size_t size = 0;
	uint8_t next;

	if (op >= DW_OP_lit0 && op <= DW_OP_lit31) {
		value = op - DW_OP_lit0;
	} else if (op == DW_OP_constu) {
		if (!fdbg_leb_unsigned(cursor, &value))
			return false;
	} else if (op == DW_OP_consts) {
		if (!fdbg_leb_signed(cursor, &number))
			return false;
		value = (uint64_t)number;
	} else {
		bool is_signed = op == DW_OP_const1s || op == DW_OP_const2s || op == DW_OP_const4s ||
			op == DW_OP_const8s;

		switch (op) {
		case DW_OP_const1u: case DW_OP_const1s: size = 1; break;
		case DW_OP_const2u: case DW_OP_const2s: size = 2; break;
		case DW_OP_const4u: case DW_OP_const4s: size = 4; break;
		case DW_OP_const8u: case DW_OP_const8s: size = 8; break;
		default: return false;
		}
		if (!fdbg_cursor_uint(cursor, size, false, &value))
			return false;
		if (is_signed && size < 8 && value >> (size * 8 - 1))
			value |= UINT64_MAX << size * 8;
	}
	if (!fdbg_cursor_u8(cursor, &next))
		return false;
	if (next == DW_OP_minus)
		value = -value;
	else if (next != DW_OP_plus)
		return false;
	*ret = value;
	return true;
}

static bool follow(const struct fdbg_location *location, const struct fdbg_location *frame_base, uint64_t pc,
		   const struct fdbg_location_range *range, struct symbol *symbol);

static bool follow_frame_base(const struct fdbg_location *frame_base, uint64_t pc, uint64_t offset,
			      struct symbol *symbol)
{
	const struct fdbg_location_range *range = frame_base ? fdbg_location_at(frame_base, pc) : NULL;
	struct symbol base = { 0 };

	if (!range || !follow(frame_base, NULL, pc, range, &base) || base.base == BASE_NOTHING ||
	    base.indirect ||
	    symbol->base != BASE_NOTHING)
		return false;
	/* As a frame base a register stands for its contents. */
	base.is_register = false;
	base.offset += offset;
	*symbol = base;
	return true;
}

static bool follow(const struct fdbg_location *location, const struct fdbg_location *frame_base, uint64_t pc,
		   const struct fdbg_location_range *range, struct symbol *symbol)
{
	struct fdbg_cursor cursor = fdbg_cursor_over(range->expr, range->len, 0);

	while (fdbg_cursor_left(&cursor)) {
		uint64_t value, reg;
		int64_t offset;
		uint8_t op;

		if (!fdbg_cursor_u8(&cursor, &op) || symbol->is_register)
			return false;
		if (op >= DW_OP_reg0 && op <= DW_OP_reg31) {
			symbol->is_register = set_base(symbol, BASE_REGISTER, op - DW_OP_reg0, 0);
			if (!symbol->is_register)
				return false;
			continue;
		}
		if (op >= DW_OP_breg0 && op <= DW_OP_breg31) {
			if (!fdbg_leb_signed(&cursor, &offset) ||
			    !set_base(symbol, BASE_REGISTER, op - DW_OP_breg0, (uint64_t)offset))
				return false;
			continue;
		}
		switch (op) {
		case DW_OP_regx:
			if (!fdbg_leb_unsigned(&cursor, &reg) || !set_base(symbol, BASE_REGISTER, reg, 0))
				return false;
			symbol->is_register = true;
			break;
		case DW_OP_bregx:
			if (!fdbg_leb_unsigned(&cursor, &reg) || !fdbg_leb_signed(&cursor, &offset) ||
			    !set_base(symbol, BASE_REGISTER, reg, (uint64_t)offset))
				return false;
			break;
		case DW_OP_fbreg:
			if (!fdbg_leb_signed(&cursor, &offset) ||
			    !follow_frame_base(frame_base, pc, (uint64_t)offset, symbol))
				return false;
			break;
		case DW_OP_call_frame_cfa:
			if (!set_base(symbol, BASE_CFA, 0, 0))
				return false;
			break;
		case DW_OP_addr:
			if (!fdbg_cursor_uint(&cursor, location->address_size, false, &value) ||
			    !set_base(symbol, BASE_ADDRESS, 0, value))
				return false;
			break;
		case DW_OP_addrx: {
			struct fdbg_cursor table = fdbg_cursor_over(location->addresses,
								    location->addresses_len, 0);
			uint64_t at;

			if (!fdbg_leb_unsigned(&cursor, &value) ||
			    __builtin_mul_overflow(value, (uint64_t)location->address_size, &at) ||
			    at > table.len)
				return false;
			table.pos = at;
			if (!fdbg_cursor_uint(&table, location->address_size, false, &value) ||
			    !set_base(symbol, BASE_ADDRESS, 0, value))
				return false;
			break;
		}
		case DW_OP_deref:
			if (symbol->base == BASE_NOTHING || symbol->base == BASE_ADDRESS ||
			    symbol->indirect ||
			    location->address_size != 8)
				return false;
			symbol->indirect = true;
			break;
		case DW_OP_plus_uconst:
			if (!fdbg_leb_unsigned(&cursor, &value) || !add(symbol, value))
				return false;
			break;
		case DW_OP_nop:
			break;
		default:
			if (!read_constant(&cursor, op, &value) || !add(symbol, value))
				return false;
		}
	}
	return symbol->base != BASE_NOTHING;
}

struct fdbg_simple_location fdbg_location_simplify(const struct fdbg_location *location,
						   const struct fdbg_location *frame_base, uint64_t pc)
{
	const struct fdbg_location_range *range = fdbg_location_at(location, pc);
	struct fdbg_simple_location simple = { .kind = FDBG_SIMPLE_NONE };
	struct symbol symbol = { 0 };

	if (!range || !range->len)
		return simple;
	if (!follow(location, frame_base, pc, range, &symbol)) {
		simple.kind = FDBG_SIMPLE_COMPLEX;
		return simple;
	}
	simple.reg = symbol.reg;
	simple.offset = (int64_t)symbol.offset;
	simple.offset2 = (int64_t)symbol.offset2;
	switch (symbol.base) {
	case BASE_REGISTER:
		simple.kind = symbol.is_register ? FDBG_SIMPLE_REGISTER :
			symbol.indirect ? FDBG_SIMPLE_INDIRECT : FDBG_SIMPLE_MEMORY;
		break;
	case BASE_CFA:
		simple.kind = symbol.indirect ? FDBG_SIMPLE_CFA_INDIRECT : FDBG_SIMPLE_CFA;
		break;
	case BASE_ADDRESS:
		simple.kind = FDBG_SIMPLE_ADDRESS;
		break;
	case BASE_NOTHING:
		simple.kind = FDBG_SIMPLE_COMPLEX;
		break;
	}
	return simple;
}
