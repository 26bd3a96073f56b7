/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How a difference between two recordings is told. Private to the comparison. */
#ifndef FDBG_REPORT_COMPARE_PRINT_H
#define FDBG_REPORT_COMPARE_PRINT_H

#include "report/compare.h"
#include "report/scene.h"

struct fdbg_compare_side {
	const struct fdbg_recording *recording;
	bool has_thread;   /* false: no thread of it belongs to the other's */
	uint64_t thread_id;
	struct fdbg_scene scene;
};

struct fdbg_compare_result {
	const struct fdbg_compare_options *options;
	bool same;
	bool only_exit;    /* they differ in nothing but the exit status */
	size_t n_further;  /* threads that differ as well */
	struct fdbg_compare_side a, b;
};

struct fdbg_error *fdbg_compare_print(const struct fdbg_compare_result *result,
				      const struct fdbg_sink *sink) FDBG_CHECK;

#endif
