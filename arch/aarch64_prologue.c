/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the straight-line code at the start of an aarch64 function does to the stack and to the arguments. */
#include "arch/aarch64.h"
#include "arch/frame_values.h"

#include <string.h>

/*
 * The encoding is regular enough to do without a disassembler: apart from loads, stores and system instructions, the
 * only register that an instruction writes is the one in its lowest five bits.
 */

#define ZR 31 /* in register fields that cannot name sp */

struct walk {
	struct fdbg_prologue *ret;
	struct fdbg_frame_value values[A64_N_REGS];
	uint64_t address;
	uint64_t probe_start; /* the run of stack probing instructions up to here began here */
	bool in_probes;
	uint32_t probe_limit; /* sp was compared with this register in the run */
};

static void clobber(struct walk *walk, uint32_t index)
{
	walk->ret->clobbered[index / 64] |= UINT64_C(1) << index % 64;
	walk->values[index] = (struct fdbg_frame_value){ .kind = FDBG_VALUE_UNKNOWN };
}

static void set_value(struct walk *walk, uint32_t index, struct fdbg_frame_value value)
{
	clobber(walk, index);
	walk->values[index] = value;
}

/* A general register whose number 31 is the zero register. */
static void clobber_x(struct walk *walk, uint32_t reg)
{
	if (reg != ZR)
		clobber(walk, reg);
}

static struct fdbg_frame_value unknown(void)
{
	return (struct fdbg_frame_value){ .kind = FDBG_VALUE_UNKNOWN };
}

static struct fdbg_frame_value narrowed(struct fdbg_frame_value value, uint32_t width)
{
	if (value.kind == FDBG_VALUE_ENTRY)
		value.width = value.width < width ? value.width : width;
	else if (width < 8)
		value = unknown();
	return value;
}

static uint32_t transfer_register(uint32_t reg, bool is_vector)
{
	if (is_vector)
		return A64_V0 + reg;
	return reg == ZR ? FDBG_ARCH_NO_REG : reg;
}

static void load_or_store(struct walk *walk, uint32_t base, int64_t offset, uint32_t size, uint32_t reg,
			  bool is_store)
{
	struct fdbg_frame_access access = { .base_value = walk->values[base], .base = base, .offset = offset,
					    .size = size };
	bool in_frame = access.base_value.kind == FDBG_VALUE_STACK || access.base_value.kind == FDBG_VALUE_ALIGNED;

	if (is_store && (in_frame || base == A64_SP))
		fdbg_frame_store(&fdbg_arch_aarch64, walk->ret, walk->address, walk->address + 4, &access, reg,
				 reg == FDBG_ARCH_NO_REG ? unknown() : walk->values[reg]);
	else if (!is_store && reg != FDBG_ARCH_NO_REG)
		set_value(walk, reg, in_frame ? fdbg_frame_load(&fdbg_arch_aarch64, walk->ret, &access) : unknown());
}

static void pair(struct walk *walk, uint32_t insn)
{
	bool is_vector = insn >> 26 & 1, is_store = !(insn >> 22 & 1);
	uint32_t kind = a64_bits(insn, 31, 30), mode = a64_bits(insn, 24, 23), base = a64_bits(insn, 9, 5),
		 size;
	struct fdbg_frame_value moved;
	int64_t offset;

	if (is_vector)
		size = UINT32_C(4) << kind;
	else
		size = kind == 2 ? 8 : 4;
	offset = a64_signed_bits(insn, 21, 15) * size;
	moved = fdbg_frame_value_moved(walk->values[base], offset);
	load_or_store(walk, base, mode == 1 ? 0 : offset, size,
		      transfer_register(a64_bits(insn, 4, 0), is_vector), is_store);
	load_or_store(walk, base, (mode == 1 ? 0 : offset) + size, size,
		      transfer_register(a64_bits(insn, 14, 10), is_vector), is_store);
	if (mode == 1 || mode == 3)
		set_value(walk, base, moved);
}

static void single(struct walk *walk, uint32_t insn)
{
	bool is_vector = insn >> 26 & 1, is_store, writes_back = false;
	uint32_t size_bits = a64_bits(insn, 31, 30), opc = a64_bits(insn, 23, 22),
		 base = a64_bits(insn, 9, 5);
	uint32_t mode = a64_bits(insn, 11, 10), scale = size_bits, reg;
	int64_t offset;
	struct fdbg_frame_value moved;

	if (is_vector) {
		is_store = !(opc & 1);
		scale |= (opc >> 1) << 2;
	} else {
		is_store = opc == 0;
		if (size_bits == 3 && opc == 2)
			return; /* prfm */
	}
	if (scale > 4)
		scale = 4;
	reg = transfer_register(a64_bits(insn, 4, 0), is_vector);
	if (insn >> 24 & 1) {
		offset = (int64_t)a64_bits(insn, 21, 10) << scale;
	} else if (insn >> 21 & 1) {
		if (mode == 2) { /* register offset: stores somewhere */
			if (!is_store && reg != FDBG_ARCH_NO_REG)
				clobber(walk, reg);
			return;
		}
		/* atomic memory operations; loads with authentication, which may write back */
		clobber_x(walk, a64_bits(insn, 4, 0));
		clobber_x(walk, a64_bits(insn, 20, 16));
		if (mode != 0)
			clobber(walk, base);
		return;
	} else {
		offset = a64_signed_bits(insn, 20, 12);
		writes_back = mode == 1 || mode == 3;
	}
	moved = fdbg_frame_value_moved(walk->values[base], offset);
	load_or_store(walk, base, writes_back && mode == 1 ? 0 : offset, UINT32_C(1) << scale, reg, is_store);
	if (writes_back)
		set_value(walk, base, moved);
}

static void loads_and_stores(struct walk *walk, uint32_t insn)
{
	uint32_t reg = a64_bits(insn, 4, 0), base = a64_bits(insn, 9, 5);

	if ((insn & 0x3a000000) == 0x28000000) {
		pair(walk, insn);
	} else if ((insn & 0x3b000000) == 0x18000000) { /* literal */
		if (insn >> 26 & 1)
			clobber(walk, A64_V0 + reg);
		else if (insn >> 30 != 3)
			clobber_x(walk, reg);
	} else if ((insn & 0x3a000000) == 0x38000000) {
		single(walk, insn);
	} else if ((insn & 0xbe000000) == 0x0c000000) { /* structures of vectors */
		if (insn >> 22 & 1)
			for (uint32_t i = 0; i < 4; i++)
				clobber(walk, A64_V0 + (reg + i) % 32);
		if (insn >> 23 & 1)
			clobber(walk, base);
	} else {
		/* Exclusive and ordered accesses, compare and swap, copies: every field may be written. */
		clobber_x(walk, reg);
		clobber_x(walk, a64_bits(insn, 14, 10));
		clobber_x(walk, a64_bits(insn, 20, 16));
		if ((insn & 0x3f000000) == 0x08000000) {
			/* casp writes a register pair */
			clobber_x(walk, a64_bits(insn, 20, 16) | 1);
		} else {
			clobber(walk, base);
		}
	}
}

/* add, sub, cmp with an immediate or an extended register: the two that can name sp. */
static void arithmetic(struct walk *walk, uint32_t insn, bool known, int64_t amount)
{
	bool is_sub = insn >> 30 & 1, sets_flags = insn >> 29 & 1, is_64 = insn >> 31;
	uint32_t to = a64_bits(insn, 4, 0);
	struct fdbg_frame_value value = unknown();

	if (known && is_64)
		value = fdbg_frame_value_moved(walk->values[a64_bits(insn, 9, 5)],
				 is_sub ? (int64_t)-(uint64_t)amount : amount);
	if (sets_flags) {
		clobber(walk, A64_CPSR);
		if (to == ZR)
			return;
	}
	set_value(walk, to, value);
}

static void immediate(struct walk *walk, uint32_t insn)
{
	uint32_t to = a64_bits(insn, 4, 0), shift;
	struct fdbg_frame_value value = unknown();

	if ((insn & 0x1f800000) == 0x11000000) { /* add, sub */
		arithmetic(walk, insn, true, (int64_t)a64_bits(insn, 21, 10) << (insn >> 22 & 1 ? 12 : 0));
		return;
	}
	if ((insn & 0x1f800000) == 0x12000000) { /* and, orr, eor, ands */
		if (a64_bits(insn, 30, 29) == 3) {
			clobber(walk, A64_CPSR);
			clobber_x(walk, to);
		} else if (to == A64_SP && a64_bits(insn, 30, 29) == 0 && insn >> 31 && a64_bits(insn, 9, 5) != ZR) {
			/* Whatever bits it clears, sp gets lower by that, or stays. */
			set_value(walk, A64_SP, fdbg_frame_value_aligned(walk->ret, walk->values[A64_SP],
									 walk->values[a64_bits(insn, 9, 5)]));
		} else {
			clobber(walk, to);
		}
		return;
	}
	if ((insn & 0x1f800000) == 0x12800000 && to != ZR) { /* movn, movz, movk */
		uint64_t part = a64_bits(insn, 20, 5), number;

		shift = 16 * a64_bits(insn, 22, 21);
		value = walk->values[to];
		number = (uint64_t)value.number;
		switch (a64_bits(insn, 30, 29)) {
		case 0:
			number = ~(part << shift);
			value.kind = FDBG_VALUE_CONST;
			break;
		case 2:
			number = part << shift;
			value.kind = FDBG_VALUE_CONST;
			break;
		case 3:
			number = (number & ~(UINT64_C(0xffff) << shift)) | part << shift;
			if (value.kind != FDBG_VALUE_CONST)
				value = unknown();
			break;
		default:
			value = unknown();
		}
		if (!(insn >> 31))
			number &= UINT32_MAX;
		value.number = (int64_t)number;
		set_value(walk, to, value);
		return;
	}
	clobber_x(walk, to); /* adr, bit fields, extr */
}

static void registers(struct walk *walk, uint32_t insn)
{
	uint32_t to = a64_bits(insn, 4, 0), from = a64_bits(insn, 20, 16);
	struct fdbg_frame_value amount;

	if ((insn & 0x1fe00000) == 0x0b200000) { /* add, sub with an extended register */
		amount = from == ZR ? (struct fdbg_frame_value){ .kind = FDBG_VALUE_CONST } : walk->values[from];
		arithmetic(walk, insn, amount.kind == FDBG_VALUE_CONST && a64_bits(insn, 14, 13) == 3,
			   (int64_t)((uint64_t)amount.number << a64_bits(insn, 12, 10)));
		return;
	}
	clobber(walk, A64_CPSR);
	/* ccmp, ccmn, rmif, setf: flags only; the low bits of the field are something else */
	if ((insn & 0x1fe00000) == 0x1a400000 ||
	    ((insn & 0x1fe00000) == 0x1a000000 && a64_bits(insn, 15, 10) != 0))
		return;
	if (to == ZR)
		return;
	if ((insn & 0x7fe0ffe0) == 0x2a0003e0) { /* mov: orr with the zero register */
		if (from == ZR)
			set_value(walk, to, (struct fdbg_frame_value){ .kind = FDBG_VALUE_CONST });
		else
			set_value(walk, to, narrowed(walk->values[from], insn >> 31 ? 8 : 4));
		return;
	}
	clobber(walk, to);
}

static void floats_and_vectors(struct walk *walk, uint32_t insn)
{
	uint32_t to = a64_bits(insn, 4, 0), from = a64_bits(insn, 9, 5), opcode = a64_bits(insn, 18, 16);

	if ((insn & 0xff20fc00) == 0x1e202000 || (insn & 0xff200c00) == 0x1e200400) { /* fcmp, fccmp */
		clobber(walk, A64_CPSR);
	} else if (((insn & 0x7f20fc00) == 0x1e200000 && opcode != 2 && opcode != 3 && opcode != 7) ||
		   ((insn & 0x7f200000) == 0x1e000000 && opcode < 2) ||
		   (insn & 0xbfe0fc00) == 0x0e003c00 || (insn & 0xbfe0fc00) == 0x0e002c00) {
		clobber_x(walk, to); /* conversions to integers, fmov to a general register, umov, smov */
	} else if ((insn & 0xffbffc00) == 0x1e204000) { /* fmov s, s and d, d */
		set_value(walk, A64_V0 + to, narrowed(walk->values[A64_V0 + from], insn >> 22 & 1 ? 8 : 4));
	} else if ((insn & 0xffe0fc00) == 0x4ea01c00 &&
		   from == a64_bits(insn, 20, 16)) { /* mov v.16b, v.16b */
		set_value(walk, A64_V0 + to, walk->values[A64_V0 + from]);
	} else {
		clobber(walk, A64_V0 + to);
	}
}

/* System instructions; the hints among them authenticate addresses in x17 and x30. */
static void system_instruction(struct walk *walk, uint32_t insn)
{
	if ((insn & 0xfffff01f) == 0xd503201f) {
		uint32_t hint = a64_bits(insn, 11, 5);

		if ((hint >= 7 && hint <= 15) || (hint >= 24 && hint <= 31)) {
			clobber(walk, A64_LR);
			clobber(walk, 16);
			clobber(walk, 17);
		}
		return;
	}
	if ((insn & 0xffe0001f) == 0xd4000001) /* svc */
		clobber(walk, 0);
	else if (insn >> 21 & 1) /* mrs, sysl */
		clobber_x(walk, a64_bits(insn, 4, 0));
	else
		clobber(walk, A64_CPSR); /* msr, cfinv */
}

/* False for what this analysis does not cover. */
static bool step(struct walk *walk, uint32_t insn)
{
	switch (a64_bits(insn, 28, 25)) {
	case 8: case 9:
		immediate(walk, insn);
		return true;
	case 5: case 13:
		registers(walk, insn);
		return true;
	case 7: case 15:
		floats_and_vectors(walk, insn);
		return true;
	case 4: case 6: case 12: case 14:
		loads_and_stores(walk, insn);
		return true;
	case 10: case 11:
		system_instruction(walk, insn);
		return true;
	default: /* scalable vectors and matrices */
		return false;
	}
}

/*
 * Keeps track of the runs of instructions that touch the pages of a large frame: sub sp, a store of xzr (or a
 * load into it) at [sp], cmp sp. A loop over such a run, closed by b.ne, ends when sp has the value that it
 * is compared with.
 */
static void note_probes(struct walk *walk, uint32_t insn)
{
	bool lowers = (insn & 0xff8003ff) == 0xd10003ff;
	bool touches = (insn & 0xff8003ff) == 0xf90003ff || (insn & 0xffe00fff) == 0xf80003ff;
	bool compares = (insn & 0xffe0ffff) == 0xeb2063ff;

	if (!lowers && !touches && !compares) {
		walk->in_probes = false;
		return;
	}
	if (!walk->in_probes || lowers)
		walk->probe_limit = FDBG_ARCH_NO_REG;
	if (!walk->in_probes)
		walk->probe_start = walk->address;
	if (compares)
		walk->probe_limit = a64_bits(insn, 20, 16);
	walk->in_probes = true;
}

static bool end_probe_loop(struct walk *walk, uint32_t insn, uint64_t target)
{
	struct fdbg_prologue *ret = walk->ret;

	if ((insn & 0xff00001f) != 0x54000001 || !walk->in_probes || walk->probe_limit >= ZR ||
	    walk->values[walk->probe_limit].kind != FDBG_VALUE_STACK || target < walk->probe_start ||
	    target >= walk->address)
		return false;
	while (ret->n_spills && ret->spills[ret->n_spills - 1].address >= target)
		ret->n_spills--;
	set_value(walk, A64_SP, walk->values[walk->probe_limit]);
	return true;
}

static void after_call(struct walk *walk)
{
	for (uint32_t i = 0; i <= 18; i++)
		clobber(walk, i);
	for (uint32_t i = 0; i < 32; i++)
		clobber(walk, A64_V0 + i);
	clobber(walk, A64_LR);
	clobber(walk, A64_CPSR);
}

static void give_up(struct walk *walk)
{
	walk->ret->complete = false;
	for (uint32_t i = 0; i < A64_N_REGS; i++)
		clobber(walk, i);
}

void fdbg_aarch64_analyse_prologue(const struct fdbg_code *code, uint64_t stop, struct fdbg_prologue *ret)
{
	struct walk walk = { .ret = ret, .probe_limit = FDBG_ARCH_NO_REG };
	uint64_t length = stop - code->address, target = 0;

	memset(ret, 0, sizeof(*ret));
	for (uint32_t i = 0; i < A64_N_REGS; i++)
		walk.values[i] =
			(struct fdbg_frame_value){ .kind = FDBG_VALUE_ENTRY, .origin = i, .width = i >= A64_V0 ? 16 : 8 };
	walk.values[A64_SP] = (struct fdbg_frame_value){ .kind = FDBG_VALUE_STACK };
	ret->complete = true;
	if (stop < code->address || length > code->size || length % 4 || code->address % 4) {
		give_up(&walk);
		return;
	}
	for (size_t at = 0; at < length; at += 4) {
		uint32_t insn = a64_insn(code->bytes + at);
		enum a64_flow flow;

		walk.address = code->address + at;
		flow = fdbg_aarch64_flow(insn, walk.address, &target);
		if (flow == A64_FLOW_CALL || flow == A64_FLOW_CALL_INDIRECT) {
			ret->complete = false;
			after_call(&walk);
			walk.in_probes = false;
		} else if (flow == A64_FLOW_ON && step(&walk, insn)) {
			note_probes(&walk, insn);
		} else if (flow == A64_FLOW_COND_JUMP && end_probe_loop(&walk, insn, target)) {
			walk.in_probes = false;
		} else {
			give_up(&walk);
			break;
		}
	}
	fdbg_frame_finish(&fdbg_arch_aarch64, ret, walk.values[A64_SP], walk.values[A64_FP]);
}
