/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Software breakpoints. */
#include "gdbremote/private.h"

static struct fdbg_error *push(struct fdbg_session *session, bool insert, uint64_t address, uint32_t kind,
			       bool *done)
{
	struct fdbg_error *err = fdbg_session_lost(session);
	size_t begin;

	if (err)
		return err;
	*done = false;
	begin = fdbg_session_begin(session);
	fdbg_buf_string(&session->out, insert ? "Z0," : "z0,");
	fdbg_packet_number(&session->out, address);
	fdbg_buf_byte(&session->out, ',');
	fdbg_packet_number(&session->out, kind);
	return fdbg_session_push(session, begin, (struct fdbg_entry){
		.kind = insert ? FDBG_EXPECT_INSERT : FDBG_EXPECT_REMOVE, .reply_len = 2,
		.address = address, .pid = session->selected.pid, .done = done,
	});
}

struct fdbg_error *fdbg_session_queue_insert(struct fdbg_session *session, uint64_t address, uint32_t kind,
					     bool *done_ret)
{
	return push(session, true, address, kind, done_ret);
}

struct fdbg_error *fdbg_session_queue_remove(struct fdbg_session *session, uint64_t address, uint32_t kind,
					     bool *done_ret)
{
	return push(session, false, address, kind, done_ret);
}
