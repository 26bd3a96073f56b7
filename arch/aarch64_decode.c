/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Branches of aarch64; returns, tail jumps and branch targets in a function's code. */
#include "arch/aarch64.h"

/* Encodings: Arm Architecture Reference Manual for A-profile, section C4.1. */
enum a64_flow fdbg_aarch64_flow(uint32_t insn, uint64_t address, uint64_t *target_ret)
{
	uint32_t group = a64_bits(insn, 28, 25);

	if (group == 1 || group == 3 || (group == 0 && !(insn >> 31)))
		return A64_FLOW_UNKNOWN; /* with udf among them */
	if ((insn & 0x7c000000) == 0x14000000) {
		*target_ret = address + (uint64_t)(a64_signed_bits(insn, 25, 0) * 4);
		return insn >> 31 ? A64_FLOW_CALL : A64_FLOW_JUMP;
	}
	if ((insn & 0xff000000) == 0x54000000 || (insn & 0x7e000000) == 0x34000000) {
		*target_ret = address + (uint64_t)(a64_signed_bits(insn, 23, 5) * 4);
		return A64_FLOW_COND_JUMP;
	}
	if ((insn & 0x7e000000) == 0x36000000) {
		*target_ret = address + (uint64_t)(a64_signed_bits(insn, 18, 5) * 4);
		return A64_FLOW_COND_JUMP;
	}
	if ((insn & 0xff000000) == 0xd4000000)
		return (insn & 0xffe0001f) == 0xd4000001 ? A64_FLOW_ON : A64_FLOW_OTHER; /* svc goes on */
	if ((insn & 0xfe000000) == 0xd6000000) {
		if ((insn & 0xfffffc1f) == 0xd65f0000 || (insn & 0xfffffbff) == 0xd65f0bff)
			return A64_FLOW_RETURN;
		if ((insn & 0xfffffc1f) == 0xd61f0000 || (insn & 0xfefff800) == 0xd61f0800)
			return A64_FLOW_JUMP_INDIRECT;
		if ((insn & 0xfffffc1f) == 0xd63f0000 || (insn & 0xfefff800) == 0xd63f0800)
			return A64_FLOW_CALL_INDIRECT;
		return A64_FLOW_OTHER;
	}
	return A64_FLOW_ON;
}

bool fdbg_aarch64_find_exits(const struct fdbg_code *code, uint64_t function_low, uint64_t function_high,
			     void (*found)(void *context, uint64_t address, enum fdbg_exit_kind kind),
			     void *context, uint64_t *undecoded_ret)
{
	uint64_t undecoded = code->address;
	bool all = code->address % 4 == 0;
	size_t at;

	for (at = 0; code->size - at >= 4; at += 4) {
		uint64_t address = code->address + at, target = address;
		bool leaves;

		enum a64_flow flow = fdbg_aarch64_flow(a64_insn(code->bytes + at), address, &target);
		leaves = target < function_low || target >= function_high;
		if (flow == A64_FLOW_RETURN)
			found(context, address, FDBG_EXIT_RETURN);
		else if (flow == A64_FLOW_JUMP && leaves)
			found(context, address, FDBG_EXIT_TAIL_JUMP);
		else if (flow == A64_FLOW_COND_JUMP && leaves)
			found(context, address, FDBG_EXIT_CONDITIONAL_JUMP);
		if (flow == A64_FLOW_UNKNOWN && all) {
			undecoded = address;
			all = false;
		}
	}
	if (at < code->size && all) {
		undecoded = code->address + at;
		all = false;
	}
	if (!all)
		*undecoded_ret = undecoded;
	return all;
}

void fdbg_aarch64_find_branches(const struct fdbg_code *code,
				void (*found)(void *context, const struct fdbg_branch *branch), void *context)
{
	for (size_t at = 0; code->size - at >= 4; at += 4) {
		struct fdbg_branch branch = { .address = code->address + at, .next = code->address + at + 4,
					      .reg = FDBG_ARCH_NO_REG };

		switch (fdbg_aarch64_flow(a64_insn(code->bytes + at), branch.address, &branch.target)) {
		case A64_FLOW_CALL: case A64_FLOW_CALL_INDIRECT:
			branch.kind = FDBG_BRANCH_CALL;
			break;
		case A64_FLOW_JUMP: case A64_FLOW_JUMP_INDIRECT:
			branch.kind = FDBG_BRANCH_JUMP;
			break;
		case A64_FLOW_COND_JUMP:
			branch.kind = FDBG_BRANCH_CONDITIONAL_JUMP;
			break;
		default:
			continue;
		}
		found(context, &branch);
	}
}

void fdbg_aarch64_scan_branches(const struct fdbg_code *code, bool (*wanted)(void *context, uint64_t target, bool slot),
				void (*found)(void *context, uint64_t address), void *context)
{
	for (size_t at = 0; code->size - at >= 4; at += 4) {
		uint32_t insn = a64_insn(code->bytes + at);
		uint64_t address = code->address + at, target;

		/* b and bl reach other functions; conditional branches do not leave theirs. */
		if ((insn & 0x7c000000) != 0x14000000)
			continue;
		fdbg_aarch64_flow(insn, address, &target);
		if (wanted(context, target, false))
			found(context, address);
	}
}

bool fdbg_aarch64_may_repeat(const struct fdbg_code *code, uint64_t stop)
{
	for (size_t at = 0; code->size - at >= 4; at += 4) {
		uint64_t address = code->address + at, target;

		switch (fdbg_aarch64_flow(a64_insn(code->bytes + at), address, &target)) {
		case A64_FLOW_JUMP:
		case A64_FLOW_COND_JUMP:
			if (address >= stop && target >= code->address && target <= stop)
				return true;
			break;
		case A64_FLOW_JUMP_INDIRECT:
			if (address >= stop)
				return true;
			break;
		default:
			break;
		}
	}
	return false;
}
