/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Whether a recording keeps all rules of the format. */
#ifndef FDBG_REPORT_VERIFY_H
#define FDBG_REPORT_VERIFY_H

#include "report/recording.h"
#include "report/sink.h"

/*
 * Checks checksums, beacons, sequence numbers and values (the reader does), that ids are announced before
 * they are used, and the pairing of calls and returns; prints one line when all is well. The first fault is
 * an error of code FDBG_ERROR_FORMAT that ends with its offset. Frames that were left open and a missing end
 * of stream, which a killed target or recorder leaves behind, are no faults.
 */
struct fdbg_error *fdbg_verify(struct fdbg_recording *recording, const struct fdbg_sink *sink) FDBG_CHECK;

#endif
