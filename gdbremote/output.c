/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Output of the target that the server forwards. */
#include "gdbremote/packet.h"
#include "gdbremote/private.h"

static void put(const struct fdbg_session *session, const void *data, size_t len)
{
	if (session->options.output && len)
		session->options.output(session->options.output_context, data, len);
}

/* A terminal puts a carriage return before each line feed; takes it away again. What ends in one waits for what follows. */
static void put_of_terminal(struct fdbg_session *session, const uint8_t *data, size_t len)
{
	size_t begin = 0;

	if (session->output_return && (!len || data[0] != '\n'))
		put(session, "\r", 1);
	session->output_return = false;
	for (size_t i = 0; i < len; i++) {
		if (data[i] != '\r' || (i + 1 < len && data[i + 1] != '\n'))
			continue;
		put(session, data + begin, i - begin);
		begin = i + 1;
	}
	put(session, data + begin, len - begin);
	session->output_return = len && data[len - 1] == '\r';
}

bool fdbg_session_take_output(struct fdbg_session *session, const uint8_t *data, size_t len)
{
	uint8_t chunk[1024];

	if (!len || data[0] != 'O' || len % 2 == 0)
		return false;
	for (size_t pos = 1; pos < len;) {
		size_t n = (len - pos) / 2 < sizeof(chunk) ? (len - pos) / 2 : sizeof(chunk);

		if (!fdbg_packet_unhex(data + pos, n, chunk))
			return false;
		if (session->abilities.output_by_terminal)
			put_of_terminal(session, chunk, n);
		else
			put(session, chunk, n);
		pos += 2 * n;
	}
	return true;
}

void fdbg_session_end_output(struct fdbg_session *session)
{
	if (session->output_return)
		put(session, "\r", 1);
	session->output_return = false;
}
