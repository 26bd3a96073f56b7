/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The framing of the remote protocol: packets to bytes and back, without a descriptor. */
#ifndef FDBG_GDBREMOTE_PACKET_H
#define FDBG_GDBREMOTE_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * A packet is `$payload#cc`; in a payload `}` escapes the next byte and `*` repeats the previous one
 * (remote-protocol.md, section 1). The decoder is fed with bytes in pieces of any size and gives back one
 * event at a time; the encoder appends packets to a buffer. Neither knows what a payload means.
 */

enum fdbg_packet_event {
	FDBG_PACKET_MORE,         /* all bytes are used up and no packet is complete */
	FDBG_PACKET_REPLY,        /* a whole packet; its payload is decoder->payload */
	FDBG_PACKET_NOTIFICATION, /* the same of a `%` packet, which is never acked */
	FDBG_PACKET_ACK,          /* `+` between packets */
	FDBG_PACKET_NAK,          /* `-` between packets: send again */
	FDBG_PACKET_BAD,          /* a packet whose checksum, escapes or repeats are wrong */
	FDBG_PACKET_TOO_LONG,     /* a payload above the limit: give up */
};

/* Start from a zeroed struct with a limit. */
struct fdbg_packet_decoder {
	struct fdbg_buf payload; /* decoded; valid until the next call after REPLY or NOTIFICATION */
	size_t limit;            /* most bytes that a payload may have */
	uint64_t skipped;        /* bytes outside packets that mean nothing, and packets that were cut short */
	enum {
		FDBG_PACKET_IDLE, FDBG_PACKET_BODY, FDBG_PACKET_RUN, FDBG_PACKET_SUM_HIGH,
		FDBG_PACKET_SUM_LOW,
	} state;
	bool notification, bad, escape, have_last;
	uint8_t last;            /* previous raw byte of the body, which a run repeats */
	uint8_t sum, sent_sum;
};

void fdbg_packet_decoder_deinit(struct fdbg_packet_decoder *decoder);

/*
 * Uses up bytes until an event is complete; used_ret says how many. Events come in order; call again with the
 * rest. A buffer that cannot grow counts as TOO_LONG.
 */
enum fdbg_packet_event fdbg_packet_decode(struct fdbg_packet_decoder *decoder, const uint8_t *data,
					  size_t len, size_t *used_ret);

/* Opens a packet in buf and returns its place, to be given to fdbg_packet_end. */
size_t fdbg_packet_begin(struct fdbg_buf *buf);
/* Closes the packet: appends `#` and the checksum. */
void fdbg_packet_end(struct fdbg_buf *buf, size_t begin);

/* Appends binary data, escaped. At most twice as long. */
void fdbg_packet_escaped(struct fdbg_buf *buf, const uint8_t *data, size_t len);
/* Appends data as hexadecimal digits, two a byte. */
void fdbg_packet_hex(struct fdbg_buf *buf, const void *data, size_t len);
/* Appends a number in hexadecimal digits without leading zeros. */
void fdbg_packet_number(struct fdbg_buf *buf, uint64_t value);

/* The value of a hexadecimal digit, -1 when it is none. */
int fdbg_packet_digit(uint8_t digit);
/* Decodes len bytes from 2 * len digits; false when one is not a digit (to is partly written then). */
bool fdbg_packet_unhex(const uint8_t *digits, size_t len, uint8_t *to);
/*
 * Reads a number from the digits at *pos and moves *pos behind them; false without a digit or above 64 bits.
 */
bool fdbg_packet_parse_number(const uint8_t *text, size_t len, size_t *pos, uint64_t *ret);

#endif
