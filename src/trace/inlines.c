/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "trace/inlines.h"

bool fdbg_inline_begins_once(struct fdbg_effects *effects, const struct fdbg_image *image, const struct fdbg_function *call)
{
	for (size_t i = 0; i < call->n_ranges; i++) {
		uint64_t low = call->ranges[i].low;
		size_t size = (size_t)(call->ranges[i].high - low), step;
		const uint8_t *bytes = fdbg_image_bytes(image, low, size, false);

		if (!bytes)
			return false;
		for (size_t at = 0; at < size; at += step) {
			struct fdbg_effect effect;

			if (!fdbg_effects_at(effects, bytes + at, size - at, low + at, &effect))
				return false;
			step = effect.size;
			if ((effect.flow == FDBG_FLOW_JUMP || effect.flow == FDBG_FLOW_COND_JUMP) && effect.target == call->entry)
				return false;
			if (effect.flow == FDBG_FLOW_JUMP_INDIRECT)
				return false;
		}
	}
	return true;
}
