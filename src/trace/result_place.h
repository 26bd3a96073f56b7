/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Where a function returns its value when debug information leaves two places. */
#ifndef FDBG_TRACE_RESULT_PLACE_H
#define FDBG_TRACE_RESULT_PLACE_H

#include "arch/arch.h"
#include "rust/returns.h"

/*
 * Decides for an `assumed` value (rust/returns.h) by the function's code, where that tells: then *value is the place,
 * and no longer assumed. Else it is left as it is; but in optimized code, where the place that is taken for
 * granted would nearly always have left its trace, it is UNKNOWN.
 */
void fdbg_result_settle(const struct fdbg_arch *arch, const struct fdbg_abi *abi, const struct fdbg_unit *unit,
			const struct fdbg_type *type, const struct fdbg_code *code, bool optimized,
			struct fdbg_abi_value *value);

#endif
