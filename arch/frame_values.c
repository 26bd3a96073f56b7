/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "arch/frame_values.h"

struct fdbg_frame_value fdbg_frame_value_moved(struct fdbg_frame_value value, int64_t amount)
{
	if (value.kind == FDBG_VALUE_ENTRY || value.kind == FDBG_VALUE_UNKNOWN)
		return (struct fdbg_frame_value){ .kind = FDBG_VALUE_UNKNOWN };
	value.number = (int64_t)((uint64_t)value.number + (uint64_t)amount);
	return value;
}

struct fdbg_frame_value fdbg_frame_value_aligned(struct fdbg_prologue *prologue, struct fdbg_frame_value sp,
						 struct fdbg_frame_value rounded)
{
	if (sp.kind != FDBG_VALUE_STACK || rounded.kind != FDBG_VALUE_STACK || rounded.number > sp.number ||
	    prologue->aligned)
		return (struct fdbg_frame_value){ .kind = FDBG_VALUE_UNKNOWN };
	prologue->aligned = true;
	prologue->aligned_below = sp.number;
	prologue->aligned_size = sp.number - rounded.number;
	return (struct fdbg_frame_value){ .kind = FDBG_VALUE_ALIGNED };
}

void fdbg_frame_store(const struct fdbg_arch *arch, struct fdbg_prologue *prologue, uint64_t address, uint64_t end,
		      const struct fdbg_frame_access *access, uint32_t source, struct fdbg_frame_value value)
{
	struct fdbg_spill *spill;
	int64_t number = access->base_value.number + access->offset;

	if (prologue->n_spills == FDBG_MAX_SPILLS)
		return;
	spill = &prologue->spills[prologue->n_spills++];
	*spill = (struct fdbg_spill){
		.address = address, .end = end, .base = access->base, .offset = access->offset, .size = access->size,
		.cfa_known = access->base_value.kind == FDBG_VALUE_STACK,
		.sp_known = access->base_value.kind == FDBG_VALUE_ALIGNED,
		.source = source,
		.origin = source != FDBG_ARCH_NO_REG && value.kind == FDBG_VALUE_ENTRY && value.width >= access->size
				  ? value.origin : FDBG_ARCH_NO_REG,
	};
	if (spill->cfa_known)
		spill->cfa_offset = number - arch->cfa_at_entry;
	/* Relative to the aligned sp: fdbg_frame_finish turns it into an offset from sp at the stop. */
	if (spill->sp_known)
		spill->sp_offset = number;
}

struct fdbg_frame_value fdbg_frame_load(const struct fdbg_arch *arch, const struct fdbg_prologue *prologue,
					const struct fdbg_frame_access *access)
{
	bool by_cfa = access->base_value.kind == FDBG_VALUE_STACK;
	int64_t at = access->base_value.number + access->offset - (by_cfa ? arch->cfa_at_entry : 0);

	if ((!by_cfa && access->base_value.kind != FDBG_VALUE_ALIGNED) || prologue->n_spills == FDBG_MAX_SPILLS)
		return (struct fdbg_frame_value){ .kind = FDBG_VALUE_UNKNOWN };
	for (size_t i = prologue->n_spills; i-- > 0;) {
		const struct fdbg_spill *spill = &prologue->spills[i];
		int64_t slot = by_cfa ? spill->cfa_offset : spill->sp_offset;

		if (!(by_cfa ? spill->cfa_known : spill->sp_known))
			break; /* it may have gone anywhere */
		if (slot >= at + (int64_t)access->size || slot + (int64_t)spill->size <= at)
			continue;
		if (slot != at || spill->size < access->size || spill->origin == FDBG_ARCH_NO_REG)
			break;
		return (struct fdbg_frame_value){ .kind = FDBG_VALUE_ENTRY, .origin = spill->origin,
						  .width = access->size };
	}
	return (struct fdbg_frame_value){ .kind = FDBG_VALUE_UNKNOWN };
}

void fdbg_frame_finish(const struct fdbg_arch *arch, struct fdbg_prologue *prologue, struct fdbg_frame_value sp,
		       struct fdbg_frame_value fp)
{
	bool apart = prologue->aligned && sp.kind == FDBG_VALUE_ALIGNED && sp.number <= 0;

	if (sp.kind == FDBG_VALUE_STACK && sp.number <= 0) {
		prologue->frame_known = true;
		prologue->sp_delta = sp.number;
	}
	if (fp.kind == FDBG_VALUE_STACK) {
		prologue->fp_known = true;
		prologue->fp_delta = fp.number;
	}
	/* The slots by the aligned sp are apart from those by the CFA only if none of these lies below where it was aligned. */
	for (size_t i = 0; i < prologue->n_spills && apart; i++)
		apart = !prologue->spills[i].cfa_known ||
			prologue->spills[i].cfa_offset + arch->cfa_at_entry >= prologue->aligned_below;
	prologue->aligned = apart;
	prologue->aligned_size = apart ? prologue->aligned_size - sp.number : 0;
	for (size_t i = 0; i < prologue->n_spills; i++) {
		prologue->spills[i].sp_known = prologue->spills[i].sp_known && apart;
		if (prologue->spills[i].sp_known)
			prologue->spills[i].sp_offset -= sp.number;
	}
}
