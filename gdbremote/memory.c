/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Memory of the target. */
#include "gdbremote/private.h"

#define WRITE_OVERHEAD 64 /* letter, address, length, framing of a write packet */

static struct fdbg_error *push_part(struct fdbg_session *session, struct fdbg_entry entry,
				    const uint8_t *bytes)
{
	size_t begin = fdbg_session_begin(session);

	fdbg_buf_byte(&session->out, !bytes ? 'm' : session->abilities.binary_write ? 'X' : 'M');
	fdbg_packet_number(&session->out, entry.address);
	fdbg_buf_byte(&session->out, ',');
	fdbg_packet_number(&session->out, entry.size);
	if (bytes) {
		fdbg_buf_byte(&session->out, ':');
		if (session->abilities.binary_write)
			fdbg_packet_escaped(&session->out, bytes, entry.size);
		else
			fdbg_packet_hex(&session->out, bytes, entry.size);
	}
	return fdbg_session_push(session, begin, entry);
}

/* Splits [address, address + size) into parts of at most `most` bytes. */
static struct fdbg_error *push_parts(struct fdbg_session *session, uint64_t address, size_t size, size_t most,
				     uint8_t *to, const uint8_t *from, bool *done)
{
	struct fdbg_error *err = fdbg_session_lost(session);
	size_t pos = 0;

	if (err)
		return err;
	*done = false;
	if (!size) {
		*done = true;
		return NULL;
	}
	if (address + (size - 1) < address)
		return NULL;
	while (!err && pos < size) {
		size_t part = size - pos < most ? size - pos : most;

		err = push_part(session, (struct fdbg_entry){
			.kind = from ? FDBG_EXPECT_WRITE : FDBG_EXPECT_READ,
			.first = !pos, .last = pos + part == size,
			.reply_len = from ? 2 : (uint32_t)(part * 2),
			.address = address + pos, .to = to ? to + pos : NULL, .size = part, .done = done,
		}, from ? from + pos : NULL);
		pos += part;
	}
	return err;
}

struct fdbg_error *fdbg_session_queue_read(struct fdbg_session *session, uint64_t address, size_t size,
					   uint8_t *to, bool *done_ret)
{
	return push_parts(session, address, size, session->abilities.max_read, to, NULL, done_ret);
}

struct fdbg_error *fdbg_session_queue_write(struct fdbg_session *session, uint64_t address,
					    const uint8_t *bytes, size_t size, bool *done_ret)
{
	/* Each byte may need two, in digits or escaped. */
	size_t most = (session->abilities.packet_size - WRITE_OVERHEAD) / 2;

	return push_parts(session, address, size, most, NULL, bytes, done_ret);
}

void fdbg_session_take_memory(struct fdbg_session *session, const struct fdbg_entry *entry,
			      const uint8_t *data, size_t len)
{
	bool good;

	if (entry->kind == FDBG_EXPECT_READ)
		good = len == entry->size * 2 && fdbg_packet_unhex(data, entry->size, entry->to);
	else
		good = len == 2 && data[0] == 'O' && data[1] == 'K';
	session->parts_good = good && (entry->first || session->parts_good);
	if (entry->last)
		*entry->done = session->parts_good;
}

struct fdbg_error *fdbg_session_allocate(struct fdbg_session *session, size_t size, uint64_t *address_ret)
{
	struct fdbg_error *err;
	uint64_t address;
	size_t pos = 0;

	if (!session->abilities.allocate)
		return fdbg_error_create(FDBG_ERROR_UNSUPPORTED,
					 "the server cannot allocate memory in the target");
	err = fdbg_session_requestf(session, "_M%zx,rwx", size);
	if (err)
		return err;
	if (session->reply.len && session->reply.data[0] != 'E' &&
	    fdbg_packet_parse_number(session->reply.data, session->reply.len, &pos, &address) &&
	    pos == session->reply.len) {
		*address_ret = address;
		return NULL;
	}
	return fdbg_session_refusal(session, "memory in the target");
}
