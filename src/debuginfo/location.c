/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Evaluation of DWARF expressions: DWARF 4 and 5, sections 2.5 and 2.6. */
#include "debuginfo/location.h"

#include <string.h>

#include <dwarf.h>

#include "base/cursor.h"
#include "debuginfo/leb.h"

#define STACK_SIZE 64
/* Expressions may jump backwards. */
#define MAX_STEPS 10000
#define MAX_PIECES 256

const struct fdbg_location_range *fdbg_location_at(const struct fdbg_location *location, uint64_t pc)
{
	const struct fdbg_location_range *everywhere = NULL;

	for (size_t i = 0; i < location->n_ranges; i++) {
		const struct fdbg_location_range *range = &location->ranges[i];

		if (!range->low && !range->high)
			everywhere = everywhere ? everywhere : range;
		else if (pc >= range->low && pc < range->high)
			return range;
	}
	return everywhere;
}

/* How an evaluation stopped. PENDING and NOMEM pass through to the caller. */
enum outcome { DONE, FAILED, PENDING, NOMEM };

struct machine {
	const struct fdbg_location *location;
	const struct fdbg_location_context *context;
	struct fdbg_arena *arena;
	uint64_t pc;
	bool in_frame_base;     /* a frame base may not use itself */
	bool in_entry_value;
	struct fdbg_cursor cursor;
	uint64_t stack[STACK_SIZE];
	unsigned int depth;
	/* What the last operation described when it was not an address. */
	struct fdbg_place place;
	bool has_place;
	struct fdbg_place *pieces;
	size_t n_pieces, cap_pieces;
	const char *reason;
};

static enum outcome fail(struct machine *machine, const char *reason)
{
	machine->reason = reason;
	return FAILED;
}

static enum outcome malformed(struct machine *machine)
{
	return fail(machine, "malformed location");
}

static enum outcome push(struct machine *machine, uint64_t value)
{
	if (machine->depth == STACK_SIZE)
		return fail(machine, "location needs too deep a stack");
	machine->stack[machine->depth++] = value;
	return DONE;
}

static bool pop(struct machine *machine, uint64_t *ret)
{
	if (!machine->depth)
		return false;
	*ret = machine->stack[--machine->depth];
	return true;
}

static enum outcome push_register(struct machine *machine, uint64_t reg, int64_t offset)
{
	const struct fdbg_location_context *context = machine->context;
	uint64_t value;

	if (machine->in_entry_value) {
		if (!context->entry_reg || !context->entry_reg(context->context, (uint32_t)reg, &value))
			return fail(machine, "needs a register's value at the function's entry");
	} else if (reg > UINT32_MAX || !context->reg ||
		   !context->reg(context->context, (uint32_t)reg, &value)) {
		return fail(machine, "needs a register that is not known");
	}
	return push(machine, value + (uint64_t)offset);
}

static enum outcome deref(struct machine *machine, uint64_t size)
{
	const uint8_t *bytes;
	uint64_t address, value = 0;

	if (!size || size > 8 || !pop(machine, &address))
		return malformed(machine);
	if (machine->in_entry_value)
		return fail(machine, "needs memory as it was at the function's entry");
	if (!machine->context->memory)
		return fail(machine, "needs memory");
	switch (fdbg_memview_get(machine->context->memory, address, size, &bytes)) {
	case FDBG_MEMVIEW_READY:
		break;
	case FDBG_MEMVIEW_PENDING:
		return PENDING;
	case FDBG_MEMVIEW_FAULT:
		return fail(machine, "memory that its location needs cannot be read");
	case FDBG_MEMVIEW_NOMEM:
		return NOMEM;
	}
	for (size_t i = size; i-- > 0;)
		value = value << 8 | bytes[i];
	return push(machine, value);
}

static enum outcome run(struct machine *machine);

/* The frame base is the value of a register, or an address (DWARF 5, section 3.3.5). */
static enum outcome frame_base(struct machine *machine, int64_t offset)
{
	const struct fdbg_location *base = machine->context->frame_base;
	const struct fdbg_location_range *range = base ? fdbg_location_at(base, machine->pc) : NULL;
	struct machine inner = {
		.location = base, .context = machine->context, .arena = machine->arena, .pc = machine->pc,
		.in_frame_base = true, .in_entry_value = machine->in_entry_value,
	};
	enum outcome outcome;
	uint64_t value;

	if (!range || machine->in_frame_base)
		return fail(machine, "needs a frame base that is not known");
	inner.cursor = fdbg_cursor_over(range->expr, range->len, 0);
	outcome = run(&inner);
	if (outcome == DONE && inner.n_pieces)
		return malformed(machine);
	if (outcome == DONE && inner.has_place) {
		if (inner.place.kind != FDBG_PLACE_REGISTER)
			return malformed(machine);
		outcome = push_register(&inner, inner.place.reg, 0);
	}
	if (outcome == FAILED)
		machine->reason = inner.reason;
	if (outcome != DONE)
		return outcome;
	if (!pop(&inner, &value))
		return malformed(machine);
	return push(machine, value + (uint64_t)offset);
}

/* DW_OP_entry_value: the value that an expression (nearly always a register) had at the function's entry. */
static enum outcome entry_value(struct machine *machine)
{
	struct machine inner = {
		.location = machine->location, .context = machine->context, .arena = machine->arena,
		.pc = machine->pc,
		.in_frame_base = true, .in_entry_value = true,
	};
	enum outcome outcome;
	const uint8_t *block;
	uint64_t len, value;

	if (!fdbg_leb_unsigned(&machine->cursor, &len) || !fdbg_cursor_bytes(&machine->cursor, len, &block) ||
	    machine->in_entry_value)
		return malformed(machine);
	inner.cursor = fdbg_cursor_over(block, len, 0);
	outcome = run(&inner);
	if (outcome == DONE && inner.has_place) {
		if (inner.place.kind != FDBG_PLACE_REGISTER)
			return malformed(machine);
		outcome = push_register(&inner, inner.place.reg, 0);
	}
	if (outcome == FAILED)
		machine->reason = inner.reason;
	if (outcome != DONE)
		return outcome;
	if (inner.n_pieces || !pop(&inner, &value))
		return malformed(machine);
	return push(machine, value);
}

/* An entry of the unit's address table: a link-time address. */
static bool table_address(struct machine *machine, uint64_t *ret)
{
	const struct fdbg_location *location = machine->location;
	struct fdbg_cursor cursor = fdbg_cursor_over(location->addresses, location->addresses_len, 0);
	uint64_t index, at;

	if (!fdbg_leb_unsigned(&machine->cursor, &index) ||
	    __builtin_mul_overflow(index, (uint64_t)location->address_size, &at) || at > cursor.len)
		return false;
	cursor.pos = at;
	return fdbg_cursor_uint(&cursor, location->address_size, false, ret);
}

static enum outcome binary(struct machine *machine, uint8_t op)
{
	uint64_t a, b;

	if (!pop(machine, &b) || !pop(machine, &a))
		return malformed(machine);
	switch (op) {
	case DW_OP_and: return push(machine, a & b);
	case DW_OP_or: return push(machine, a | b);
	case DW_OP_xor: return push(machine, a ^ b);
	case DW_OP_plus: return push(machine, a + b);
	case DW_OP_minus: return push(machine, a - b);
	case DW_OP_mul: return push(machine, a * b);
	case DW_OP_div: /* signed */
		if (!b)
			return fail(machine, "location divides by zero");
		if (b == UINT64_MAX)
			return push(machine, -a);
		return push(machine, (uint64_t)((int64_t)a / (int64_t)b));
	case DW_OP_mod: /* unsigned */
		if (!b)
			return fail(machine, "location divides by zero");
		return push(machine, a % b);
	case DW_OP_shl: return push(machine, b < 64 ? a << b : 0);
	case DW_OP_shr: return push(machine, b < 64 ? a >> b : 0);
	case DW_OP_shra: /* of two's complement: gcc and clang shift in the sign */
		return push(machine, (uint64_t)((int64_t)a >> (b < 64 ? b : 63)));
	case DW_OP_eq: return push(machine, a == b);
	case DW_OP_ne: return push(machine, a != b);
	case DW_OP_lt: return push(machine, (int64_t)a < (int64_t)b);
	case DW_OP_le: return push(machine, (int64_t)a <= (int64_t)b);
	case DW_OP_gt: return push(machine, (int64_t)a > (int64_t)b);
	case DW_OP_ge: return push(machine, (int64_t)a >= (int64_t)b);
	default: return malformed(machine);
	}
}

static enum outcome unary(struct machine *machine, uint8_t op)
{
	uint64_t a;

	if (!pop(machine, &a))
		return malformed(machine);
	switch (op) {
	case DW_OP_neg: return push(machine, -a);
	case DW_OP_not: return push(machine, ~a);
	case DW_OP_abs: return push(machine, (int64_t)a < 0 ? -a : a);
	default: return malformed(machine);
	}
}

static enum outcome stack_op(struct machine *machine, uint8_t op)
{
	uint64_t *top = machine->stack + machine->depth, saved;
	uint8_t index = op == DW_OP_over;

	switch (op) {
	case DW_OP_drop:
		return pop(machine, &saved) ? DONE : malformed(machine);
	case DW_OP_pick:
		if (!fdbg_cursor_u8(&machine->cursor, &index))
			return malformed(machine);
		/* fall through */
	case DW_OP_dup:
	case DW_OP_over:
		return index < machine->depth ? push(machine, top[-1 - index]) : malformed(machine);
	case DW_OP_swap:
		if (machine->depth < 2)
			return malformed(machine);
		saved = top[-1];
		top[-1] = top[-2];
		top[-2] = saved;
		return DONE;
	default: /* DW_OP_rot: the top becomes the third, the other two move up */
		if (machine->depth < 3)
			return malformed(machine);
		saved = top[-1];
		top[-1] = top[-2];
		top[-2] = top[-3];
		top[-3] = saved;
		return DONE;
	}
}

static enum outcome jump(struct machine *machine, uint8_t op)
{
	uint64_t condition = 1, raw, to;

	if (!fdbg_cursor_uint(&machine->cursor, 2, false, &raw) ||
	    (op == DW_OP_bra && !pop(machine, &condition)))
		return malformed(machine);
	if (!condition)
		return DONE;
	to = machine->cursor.pos + (uint64_t)(int64_t)(int16_t)raw;
	if (to > machine->cursor.len)
		return malformed(machine);
	machine->cursor.pos = to;
	return DONE;
}

static enum outcome constant(struct machine *machine, size_t size, bool is_signed)
{
	uint64_t value;

	if (!fdbg_cursor_uint(&machine->cursor, size, false, &value))
		return malformed(machine);
	if (is_signed && size < 8 && value >> (size * 8 - 1))
		value |= UINT64_MAX << size * 8;
	return push(machine, value);
}

/* An operation that ends a location description: only a piece may follow. */
static enum outcome set_place(struct machine *machine, struct fdbg_place place)
{
	machine->place = place;
	machine->has_place = true;
	return DONE;
}

static enum outcome implicit_value(struct machine *machine)
{
	struct fdbg_place place = { .kind = FDBG_PLACE_VALUE };
	const uint8_t *bytes;
	uint64_t len;

	if (!fdbg_leb_unsigned(&machine->cursor, &len) || !fdbg_cursor_bytes(&machine->cursor, len, &bytes))
		return malformed(machine);
	place.size = len;
	if (len > sizeof(place.value))
		place.bytes = bytes;
	else
		memcpy(place.value, bytes, len);
	return set_place(machine, place);
}

static enum outcome stack_value(struct machine *machine)
{
	struct fdbg_place place = { .kind = FDBG_PLACE_VALUE };
	uint64_t value;

	if (!pop(machine, &value))
		return malformed(machine);
	for (size_t i = 0; i < 8; i++)
		place.value[i] = (uint8_t)(value >> i * 8);
	return set_place(machine, place);
}

/* Ends a part of the object: what was described last, or nothing (DWARF 5, section 2.6.1.2). */
static enum outcome piece(struct machine *machine)
{
	struct fdbg_place place = { .kind = FDBG_PLACE_NONE };
	uint64_t size, address;

	if (!fdbg_leb_unsigned(&machine->cursor, &size))
		return malformed(machine);
	if (machine->has_place)
		place = machine->place;
	else if (pop(machine, &address))
		place = (struct fdbg_place){ .kind = FDBG_PLACE_MEMORY, .address = address };
	/* A value from the stack has 8 bytes, an implicit one its own length. */
	if (place.kind == FDBG_PLACE_VALUE && size > (place.size ? place.size : 8))
		return malformed(machine);
	place.size = size;
	machine->has_place = false;
	if (machine->n_pieces == MAX_PIECES)
		return fail(machine, "location has too many pieces");
	if (machine->n_pieces == machine->cap_pieces) {
		size_t cap = machine->cap_pieces ? machine->cap_pieces * 2 : 4;
		struct fdbg_place *grown = fdbg_arena_array(machine->arena, cap, sizeof(*grown));

		if (!grown)
			return NOMEM;
		if (machine->n_pieces)
			memcpy(grown, machine->pieces, machine->n_pieces * sizeof(*grown));
		machine->pieces = grown;
		machine->cap_pieces = cap;
	}
	/* A piece of size 0 covers nothing; a place of size 0 would be the whole object. */
	if (size)
		machine->pieces[machine->n_pieces++] = place;
	return DONE;
}

static enum outcome with_offset(struct machine *machine, uint64_t reg, bool is_frame_base)
{
	int64_t offset;

	if (!fdbg_leb_signed(&machine->cursor, &offset))
		return malformed(machine);
	return is_frame_base ? frame_base(machine, offset) : push_register(machine, reg, offset);
}

static enum outcome step(struct machine *machine, uint8_t op)
{
	struct fdbg_cursor *cursor = &machine->cursor;
	uint64_t value;
	int64_t number;

	if (op >= DW_OP_lit0 && op <= DW_OP_lit31)
		return push(machine, op - DW_OP_lit0);
	if (op >= DW_OP_reg0 && op <= DW_OP_reg31)
		return set_place(machine, (struct fdbg_place){ .kind = FDBG_PLACE_REGISTER,
							      .reg = op - DW_OP_reg0 });
	if (op >= DW_OP_breg0 && op <= DW_OP_breg31)
		return with_offset(machine, op - DW_OP_breg0, false);
	switch (op) {
	case DW_OP_addr:
		if (!fdbg_cursor_uint(cursor, machine->location->address_size, false, &value))
			return malformed(machine);
		return push(machine, value + machine->context->bias);
	case DW_OP_addrx:
	case DW_OP_GNU_addr_index:
		return table_address(machine, &value) ? push(machine, value + machine->context->bias) :
			malformed(machine);
	case DW_OP_constx:
	case DW_OP_GNU_const_index:
		return table_address(machine, &value) ? push(machine, value) : malformed(machine);
	case DW_OP_deref:
		return deref(machine, machine->location->address_size);
	case DW_OP_deref_size: {
		uint8_t size;

		return fdbg_cursor_u8(cursor, &size) ? deref(machine, size) : malformed(machine);
	}
	case DW_OP_const1u: return constant(machine, 1, false);
	case DW_OP_const1s: return constant(machine, 1, true);
	case DW_OP_const2u: return constant(machine, 2, false);
	case DW_OP_const2s: return constant(machine, 2, true);
	case DW_OP_const4u: return constant(machine, 4, false);
	case DW_OP_const4s: return constant(machine, 4, true);
	case DW_OP_const8u:
	case DW_OP_const8s: return constant(machine, 8, false);
	case DW_OP_constu:
		return fdbg_leb_unsigned(cursor, &value) ? push(machine, value) : malformed(machine);
	case DW_OP_consts:
		return fdbg_leb_signed(cursor, &number) ? push(machine, (uint64_t)number) :
			malformed(machine);
	case DW_OP_plus_uconst: {
		uint64_t base;

		if (!fdbg_leb_unsigned(cursor, &value) || !pop(machine, &base))
			return malformed(machine);
		return push(machine, base + value);
	}
	case DW_OP_regx:
		if (!fdbg_leb_unsigned(cursor, &value) || value > UINT32_MAX)
			return malformed(machine);
		return set_place(machine, (struct fdbg_place){ .kind = FDBG_PLACE_REGISTER,
							      .reg = (uint32_t)value });
	case DW_OP_bregx:
		return fdbg_leb_unsigned(cursor, &value) ? with_offset(machine, value, false) :
			malformed(machine);
	case DW_OP_fbreg:
		return with_offset(machine, 0, true);
	case DW_OP_call_frame_cfa:
		if (!machine->context->cfa_known)
			return fail(machine, "needs the frame's address, which is not known");
		return push(machine, machine->context->cfa);
	case DW_OP_dup: case DW_OP_drop: case DW_OP_over: case DW_OP_pick: case DW_OP_swap: case DW_OP_rot:
		return stack_op(machine, op);
	case DW_OP_abs: case DW_OP_neg: case DW_OP_not:
		return unary(machine, op);
	case DW_OP_and: case DW_OP_div: case DW_OP_minus: case DW_OP_mod: case DW_OP_mul: case DW_OP_or:
	case DW_OP_plus: case DW_OP_shl: case DW_OP_shr: case DW_OP_shra: case DW_OP_xor:
	case DW_OP_eq: case DW_OP_ge: case DW_OP_gt: case DW_OP_le: case DW_OP_lt: case DW_OP_ne:
		return binary(machine, op);
	case DW_OP_bra: case DW_OP_skip:
		return jump(machine, op);
	case DW_OP_nop:
		return DONE;
	case DW_OP_implicit_value:
		return implicit_value(machine);
	case DW_OP_stack_value:
		return stack_value(machine);
	case DW_OP_piece:
		return piece(machine);
	case DW_OP_entry_value:
	case DW_OP_GNU_entry_value:
		return entry_value(machine);
	case DW_OP_implicit_pointer:
	case DW_OP_GNU_implicit_pointer:
		return fail(machine, "points to what was optimized out");
	case DW_OP_bit_piece:
		return fail(machine, "is in pieces of bits");
	case DW_OP_form_tls_address:
	case DW_OP_GNU_push_tls_address:
		return fail(machine, "is in thread-local storage");
	case DW_OP_convert: case DW_OP_GNU_convert: case DW_OP_reinterpret: case DW_OP_GNU_reinterpret:
	case DW_OP_const_type: case DW_OP_GNU_const_type: case DW_OP_regval_type: case DW_OP_GNU_regval_type:
	case DW_OP_deref_type: case DW_OP_GNU_deref_type:
		return fail(machine, "its location computes with types, which is not supported");
	case DW_OP_push_object_address: case DW_OP_call2: case DW_OP_call4: case DW_OP_call_ref:
	case DW_OP_xderef: case DW_OP_xderef_size: case DW_OP_xderef_type:
		return fail(machine, "its location uses an operation that is not supported");
	default:
		return fail(machine, "its location uses an unknown operation");
	}
}

static enum outcome run(struct machine *machine)
{
	for (int steps = 0; fdbg_cursor_left(&machine->cursor); steps++) {
		enum outcome outcome;
		uint8_t op;

		if (steps == MAX_STEPS)
			return fail(machine, "location does not end");
		if (!fdbg_cursor_u8(&machine->cursor, &op))
			return malformed(machine);
		/* A register or value description stands alone or before its piece. */
		if (machine->has_place && op != DW_OP_piece && op != DW_OP_bit_piece && op != DW_OP_nop)
			return malformed(machine);
		outcome = step(machine, op);
		if (outcome != DONE)
			return outcome;
	}
	return DONE;
}

static enum fdbg_memview_state one_place(struct fdbg_arena *arena, struct fdbg_place place,
					 const char *reason,
					 struct fdbg_place **places_ret, size_t *n_places_ret,
					 const char **reason_ret)
{
	struct fdbg_place *places = fdbg_arena_new(arena, struct fdbg_place);

	if (!places)
		return FDBG_MEMVIEW_NOMEM;
	*places = place;
	*places_ret = places;
	*n_places_ret = 1;
	*reason_ret = reason;
	return FDBG_MEMVIEW_READY;
}

enum fdbg_memview_state fdbg_location_evaluate(const struct fdbg_location *location, uint64_t pc,
					       const struct fdbg_location_context *context,
					       struct fdbg_arena *arena,
					       struct fdbg_place **places_ret, size_t *n_places_ret,
					       const char **reason_ret)
{
	const struct fdbg_location_range *range = fdbg_location_at(location, pc);
	struct machine machine = { .location = location, .context = context, .arena = arena, .pc = pc };
	const struct fdbg_place none = { .kind = FDBG_PLACE_NONE };
	uint64_t address;

	if (!range || !range->len)
		return one_place(arena, none, "optimized out", places_ret, n_places_ret, reason_ret);
	machine.cursor = fdbg_cursor_over(range->expr, range->len, 0);
	switch (run(&machine)) {
	case DONE:
		break;
	case FAILED:
		return one_place(arena, none, machine.reason, places_ret, n_places_ret, reason_ret);
	case PENDING:
		return FDBG_MEMVIEW_PENDING;
	case NOMEM:
		return FDBG_MEMVIEW_NOMEM;
	}
	if (machine.n_pieces) {
		/* What follows the last piece without a piece of its own has no size. */
		if (machine.has_place || machine.depth)
			return one_place(arena, none, "malformed location", places_ret, n_places_ret,
					 reason_ret);
		*places_ret = machine.pieces;
		*n_places_ret = machine.n_pieces;
		*reason_ret = NULL;
		return FDBG_MEMVIEW_READY;
	}
	if (machine.has_place) {
		if (machine.place.kind != FDBG_PLACE_VALUE)
			machine.place.size = 0;
		return one_place(arena, machine.place, NULL, places_ret, n_places_ret, reason_ret);
	}
	if (!pop(&machine, &address))
		return one_place(arena, none, "malformed location", places_ret, n_places_ret, reason_ret);
	return one_place(arena, (struct fdbg_place){ .kind = FDBG_PLACE_MEMORY, .address = address }, NULL,
			 places_ret,
			 n_places_ret, reason_ret);
}
