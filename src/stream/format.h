/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Numbers of the container format and its checksum (stream-format.md, section 1). */
#ifndef FDBG_STREAM_FORMAT_H
#define FDBG_STREAM_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define FDBG_FORMAT_HEADER_SIZE 128u
#define FDBG_FORMAT_BEACON_INTERVAL 1048576u
#define FDBG_FORMAT_MARK 0x0du         /* ends the header and messages, begins and ends beacons */
#define FDBG_FORMAT_KEY_MAX 249u       /* bytes of a stream key */
#define FDBG_FORMAT_ITEM_MAX 282u      /* what the writer of the format reckons for a beacon item */
#define FDBG_FORMAT_BEACON_FIXED 7u    /* bytes of a beacon without items */
#define FDBG_FORMAT_INTERNAL_KEY "SEA_STREAMER_INTERNAL"
#define FDBG_FORMAT_EOS "EOS"

#define FDBG_FORMAT_CRC_START 0xffffu

/* CRC-16/CDMA2000 of data, going on from crc (FDBG_FORMAT_CRC_START at first). */
uint16_t fdbg_format_crc(uint16_t crc, const uint8_t *data, size_t len);

/* The running checksum of a stream after one more message of checksum crc. */
static inline uint16_t fdbg_format_crc_run(uint16_t running, uint16_t crc)
{
	uint8_t bytes[2] = { (uint8_t)(crc >> 8), (uint8_t)crc };

	return fdbg_format_crc(running, bytes, sizeof(bytes));
}

#endif
