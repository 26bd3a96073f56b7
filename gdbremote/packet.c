/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The framing of the remote protocol. */
#include "gdbremote/packet.h"

/* A run count is a printable byte: 29 more than the number of repeats (remote-protocol.md, section 1). */
#define RUN_BIAS 29
#define RUN_MIN 32
#define RUN_MAX 126

static const char digits_of[] = "0123456789abcdef";

/* Values of hexadecimal digits plus one, so that 0 means "no digit". */
static const uint8_t digit_values[256] = {
	['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6, ['6'] = 7, ['7'] = 8,
	['8'] = 9, ['9'] = 10,
	['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
	['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

int fdbg_packet_digit(uint8_t digit)
{
	return digit_values[digit] - 1;
}

void fdbg_packet_decoder_deinit(struct fdbg_packet_decoder *decoder)
{
	fdbg_buf_deinit(&decoder->payload);
}

/* Puts a byte of the expanded body into the payload. Escapes are undone after runs, as they came before. */
static bool emit(struct fdbg_packet_decoder *decoder, uint8_t byte, size_t count)
{
	uint8_t *to;

	if (decoder->escape || byte == '}') {
		for (; count; count--) {
			if (!decoder->escape && byte == '}') {
				decoder->escape = true;
				continue;
			}
			if (decoder->payload.len >= decoder->limit)
				return false;
			fdbg_buf_byte(&decoder->payload, decoder->escape ? byte ^ 0x20 : byte);
			decoder->escape = false;
		}
		return !decoder->payload.failed;
	}
	if (count > decoder->limit - decoder->payload.len)
		return false;
	to = fdbg_buf_reserve(&decoder->payload, count);
	if (!to)
		return false;
	memset(to, byte, count);
	decoder->payload.len += count;
	return true;
}

static void start(struct fdbg_packet_decoder *decoder, bool notification)
{
	fdbg_buf_clear(&decoder->payload);
	decoder->state = FDBG_PACKET_BODY;
	decoder->notification = notification;
	decoder->bad = decoder->escape = decoder->have_last = false;
	decoder->sum = 0;
}

static enum fdbg_packet_event finish(struct fdbg_packet_decoder *decoder, uint8_t byte)
{
	int digit = fdbg_packet_digit(byte);

	decoder->state = FDBG_PACKET_IDLE;
	if (digit < 0 || decoder->bad || decoder->escape || (decoder->sent_sum | digit) != decoder->sum)
		return FDBG_PACKET_BAD;
	return decoder->notification ? FDBG_PACKET_NOTIFICATION : FDBG_PACKET_REPLY;
}

/* One byte of the body; false when the payload is too long. */
static bool body(struct fdbg_packet_decoder *decoder, uint8_t byte)
{
	switch (byte) {
	case '#':
		decoder->state = FDBG_PACKET_SUM_HIGH;
		return true;
	case '$':
		/* Never inside a body: the packet before it was cut short. */
		decoder->skipped++;
		start(decoder, false);
		return true;
	case '*':
		decoder->sum += byte;
		decoder->state = FDBG_PACKET_RUN;
		return true;
	default:
		decoder->sum += byte;
		decoder->last = byte;
		decoder->have_last = true;
		return emit(decoder, byte, 1);
	}
}

static bool run(struct fdbg_packet_decoder *decoder, uint8_t byte)
{
	if (byte == '#' || byte == '$' || byte < RUN_MIN || byte > RUN_MAX || !decoder->have_last) {
		decoder->bad = true;
		decoder->state = FDBG_PACKET_BODY;
		if (byte == '#' || byte == '$')
			return body(decoder, byte);
		decoder->sum += byte;
		return true;
	}
	decoder->sum += byte;
	decoder->state = FDBG_PACKET_BODY;
	return emit(decoder, decoder->last, (size_t)byte - RUN_BIAS);
}

enum fdbg_packet_event fdbg_packet_decode(struct fdbg_packet_decoder *decoder, const uint8_t *data,
					  size_t len, size_t *used_ret)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t byte = data[i];
		bool fits = true;

		switch (decoder->state) {
		case FDBG_PACKET_IDLE:
			if (byte == '$' || byte == '%') {
				start(decoder, byte == '%');
			} else if (byte == '+' || byte == '-') {
				*used_ret = i + 1;
				return byte == '+' ? FDBG_PACKET_ACK : FDBG_PACKET_NAK;
			} else {
				decoder->skipped++;
			}
			break;
		case FDBG_PACKET_BODY:
			fits = body(decoder, byte);
			break;
		case FDBG_PACKET_RUN:
			fits = run(decoder, byte);
			break;
		case FDBG_PACKET_SUM_HIGH:
			if (fdbg_packet_digit(byte) < 0)
				decoder->bad = true;
			else
				decoder->sent_sum = (uint8_t)(fdbg_packet_digit(byte) << 4);
			decoder->state = FDBG_PACKET_SUM_LOW;
			break;
		case FDBG_PACKET_SUM_LOW:
			*used_ret = i + 1;
			return finish(decoder, byte);
		}
		if (!fits) {
			decoder->state = FDBG_PACKET_IDLE;
			*used_ret = i + 1;
			return FDBG_PACKET_TOO_LONG;
		}
	}
	*used_ret = len;
	return FDBG_PACKET_MORE;
}

size_t fdbg_packet_begin(struct fdbg_buf *buf)
{
	fdbg_buf_byte(buf, '$');
	return buf->len;
}

void fdbg_packet_end(struct fdbg_buf *buf, size_t begin)
{
	uint8_t sum = 0;
	uint8_t *to;

	for (size_t i = begin; i < buf->len; i++)
		sum += buf->data[i];
	to = fdbg_buf_reserve(buf, 3);
	if (!to)
		return;
	to[0] = '#';
	to[1] = (uint8_t)digits_of[sum >> 4];
	to[2] = (uint8_t)digits_of[sum & 15];
	buf->len += 3;
}

void fdbg_packet_escaped(struct fdbg_buf *buf, const uint8_t *data, size_t len)
{
	uint8_t *to = len > SIZE_MAX / 2 ? NULL : fdbg_buf_reserve(buf, len * 2);

	if (!to) {
		buf->failed = true;
		return;
	}
	for (size_t i = 0; i < len; i++) {
		uint8_t byte = data[i];

		if (byte == '#' || byte == '$' || byte == '}' || byte == '*') {
			*to++ = '}';
			byte ^= 0x20;
		}
		*to++ = byte;
	}
	buf->len = (size_t)(to - buf->data);
}

void fdbg_packet_hex(struct fdbg_buf *buf, const void *data, size_t len)
{
	const uint8_t *from = data;
	uint8_t *to = len > SIZE_MAX / 2 ? NULL : fdbg_buf_reserve(buf, len * 2);

	if (!to) {
		buf->failed = true;
		return;
	}
	for (size_t i = 0; i < len; i++) {
		*to++ = (uint8_t)digits_of[from[i] >> 4];
		*to++ = (uint8_t)digits_of[from[i] & 15];
	}
	buf->len += len * 2;
}

void fdbg_packet_number(struct fdbg_buf *buf, uint64_t value)
{
	uint8_t text[16];
	size_t pos = sizeof(text);

	do {
		text[--pos] = (uint8_t)digits_of[value & 15];
		value >>= 4;
	} while (value);
	fdbg_buf_append(buf, text + pos, sizeof(text) - pos);
}

bool fdbg_packet_unhex(const uint8_t *digits, size_t len, uint8_t *to)
{
	for (size_t i = 0; i < len; i++) {
		unsigned high = digit_values[digits[2 * i]], low = digit_values[digits[2 * i + 1]];

		if (!high || !low)
			return false;
		to[i] = (uint8_t)((high - 1) << 4 | (low - 1));
	}
	return true;
}

bool fdbg_packet_parse_number(const uint8_t *text, size_t len, size_t *pos, uint64_t *ret)
{
	uint64_t value = 0;
	size_t i = *pos;

	for (; i < len && digit_values[text[i]]; i++) {
		if (value >> 60)
			return false;
		value = value << 4 | (digit_values[text[i]] - 1u);
	}
	if (i == *pos)
		return false;
	*pos = i;
	*ret = value;
	return true;
}
