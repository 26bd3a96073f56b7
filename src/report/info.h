/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a recording holds, in numbers. */
#ifndef FDBG_REPORT_INFO_H
#define FDBG_REPORT_INFO_H

#include "report/recording.h"
#include "report/sink.h"

/*
 * Reads the recording to its end and prints what was recorded: target, arguments, exit, counts, duration,
 * errors.
 */
struct fdbg_error *fdbg_info(struct fdbg_recording *recording, const struct fdbg_sink *sink) FDBG_CHECK;

#endif
