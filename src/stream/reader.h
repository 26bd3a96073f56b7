/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Reading a .firedbg.ss file, whole, cut short or still growing. */
#ifndef FDBG_STREAM_READER_H
#define FDBG_STREAM_READER_H

#include <fdbg/stream.h> /* the reader, which is the library's */

#include "base/error.h"
#include "stream/message.h"

/* From the header: the beacon interval. Beacons passed so far. */
uint32_t fdbg_reader_beacon_interval(const struct fdbg_reader *reader);
uint64_t fdbg_reader_n_beacons(const struct fdbg_reader *reader);

#endif
