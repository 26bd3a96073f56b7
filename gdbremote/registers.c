/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Registers: what the server has, the cache of the thread that stopped, and changes to it. */
#include <stdlib.h>

#include "gdbremote/description.h"
#include "gdbremote/private.h"

#define PUT_LIMIT 64 /* `P`, number, `=`, framing: what a P packet has beside the value */

static struct fdbg_error *fetch_document(void *context, const char *name, struct fdbg_buf *buf)
{
	return fdbg_session_read_object(context, "features", name, buf);
}

/* Lays out the cache: the g block first, then what is not in it. */
static struct fdbg_error *lay_out(struct fdbg_session *session)
{
	size_t g_end = 0, end, highest = 0;

	for (size_t i = 0; i < session->n_regs; i++) {
		const struct fdbg_remote_reg *reg = &session->regs[i];

		if (reg->g_offset != UINT32_MAX && (size_t)reg->g_offset + reg->size > g_end)
			g_end = (size_t)reg->g_offset + reg->size;
		if (reg->number > highest)
			highest = reg->number;
	}
	session->n_numbers = session->n_regs ? highest + 1 : 0;
	session->by_number = malloc((session->n_numbers + 1) * sizeof(uint32_t));
	session->offsets = calloc(session->n_regs + 1, sizeof(uint32_t));
	session->valid = calloc(session->n_regs + 1, 1);
	session->dirty = calloc(session->n_regs + 1, 1);
	if (!session->by_number || !session->offsets || !session->valid || !session->dirty)
		return &fdbg_error_nomem;
	memset(session->by_number, 0xff, (session->n_numbers + 1) * sizeof(uint32_t));
	end = g_end;
	for (size_t i = 0; i < session->n_regs; i++) {
		const struct fdbg_remote_reg *reg = &session->regs[i];

		session->offsets[i] = reg->g_offset;
		if (reg->g_offset == UINT32_MAX) {
			session->offsets[i] = (uint32_t)end;
			end += reg->size;
		}
		if (session->by_number[reg->number] == UINT32_MAX)
			session->by_number[reg->number] = (uint32_t)i;
		if (session->pc == UINT32_MAX && (!strcmp(reg->name, "rip") || !strcmp(reg->name, "pc")))
			session->pc = (uint32_t)i;
	}
	session->block_size = g_end;
	session->block = calloc(end + 1, 1);
	return session->block ? NULL : &fdbg_error_nomem;
}

struct fdbg_error *fdbg_session_describe(struct fdbg_session *session, const struct fdbg_buf *first)
{
	struct fdbg_description description = { 0 };
	struct fdbg_buf xml = { 0 };
	struct fdbg_error *err;

	err = fdbg_session_finish_object(session, "features", "target.xml", first, &xml);
	if (fdbg_error_is(err, FDBG_ERROR_UNSUPPORTED) || fdbg_error_is(err, FDBG_ERROR_REFUSED)) {
		fdbg_error_destroy(err);
		err = NULL;
	}
	if (!err)
		err = fdbg_description_parse(&description,
					     (struct fdbg_text){ (const char *)xml.data, xml.len },
					     fetch_document, session);
	if (!err)
		err = fdbg_description_finish(&description);
	if (!err) {
		session->regs = description.regs;
		session->n_regs = description.n_regs;
		description.regs = NULL;
		description.n_regs = 0;
		err = lay_out(session);
	}
	fdbg_description_deinit(&description);
	fdbg_buf_deinit(&xml);
	return err;
}

const struct fdbg_remote_reg *fdbg_session_regs(const struct fdbg_session *session, size_t *n_ret)
{
	*n_ret = session->n_regs;
	return session->regs;
}

void fdbg_session_forget_registers(struct fdbg_session *session)
{
	/* Before the process is there nothing is described. */
	if (session->n_regs)
		memset(session->valid, 0, session->n_regs);
	if (session->any_dirty)
		memset(session->dirty, 0, session->n_regs);
	session->any_dirty = session->block_fresh = false;
}

void fdbg_session_expedited(void *context, uint64_t number, const uint8_t *digits, size_t n_digits)
{
	struct fdbg_session *session = context;
	uint32_t index = number < session->n_numbers ? session->by_number[number] : UINT32_MAX;

	if (index != UINT32_MAX)
		fdbg_session_take_p(session, index, digits, n_digits);
}

bool fdbg_session_take_p(struct fdbg_session *session, uint32_t index, const uint8_t *data, size_t len)
{
	uint32_t size = session->regs[index].size;
	bool good = len == (size_t)size * 2 &&
		    fdbg_packet_unhex(data, size, session->block + session->offsets[index]);

	session->valid[index] = good;
	return good;
}

/* Decodes a block in which some bytes are unavailable (`xx`). */
static bool unhex_with_holes(const uint8_t *data, size_t n, uint8_t *to)
{
	for (size_t i = 0; i < n; i++) {
		if (data[2 * i] == 'x' && data[2 * i + 1] == 'x')
			to[i] = 0;
		else if (!fdbg_packet_unhex(data + 2 * i, 1, to + i))
			return false;
	}
	return true;
}

bool fdbg_session_take_g(struct fdbg_session *session, const uint8_t *data, size_t len)
{
	size_t n = len / 2;
	bool holes;

	if (n > session->block_size)
		n = session->block_size;
	session->block_fresh = false;
	holes = !fdbg_packet_unhex(data, n, session->block);
	if (!n || len % 2 || (holes && !unhex_with_holes(data, n, session->block))) {
		memset(session->valid, 0, session->n_regs);
		return false;
	}
	session->g_size = n;
	for (size_t i = 0; i < session->n_regs; i++) {
		struct fdbg_remote_reg *reg = &session->regs[i];

		if (reg->g_offset == UINT32_MAX)
			continue;
		if ((size_t)reg->g_offset + reg->size > n) {
			/* Only the answer tells how much is in the block (section 3: qemu on arm64). */
			reg->g_offset = UINT32_MAX;
			continue;
		}
		session->valid[i] = !holes ||
				    !memchr(data + 2 * (size_t)reg->g_offset, 'x', 2 * (size_t)reg->size);
	}
	session->block_fresh = true;
	return true;
}

struct fdbg_error *fdbg_session_push_g(struct fdbg_session *session)
{
	size_t begin = fdbg_session_begin(session);

	fdbg_buf_byte(&session->out, 'g');
	return fdbg_session_push(session, begin, (struct fdbg_entry){
		.kind = FDBG_EXPECT_REGISTERS, .reply_len = (uint32_t)(session->block_size * 2),
	});
}

static struct fdbg_error *push_p(struct fdbg_session *session, size_t index, uint8_t *to, bool *done)
{
	size_t begin = fdbg_session_begin(session);

	fdbg_buf_byte(&session->out, 'p');
	fdbg_packet_number(&session->out, session->regs[index].number);
	return fdbg_session_push(session, begin, (struct fdbg_entry){
		.kind = FDBG_EXPECT_REGISTER, .index = (uint32_t)index, .to = to, .done = done,
		.reply_len = session->regs[index].size * 2,
	});
}

static struct fdbg_error *push_one(struct fdbg_session *session, size_t index)
{
	const struct fdbg_remote_reg *reg = &session->regs[index];
	size_t begin = fdbg_session_begin(session);

	fdbg_buf_byte(&session->out, 'P');
	fdbg_packet_number(&session->out, reg->number);
	fdbg_buf_byte(&session->out, '=');
	fdbg_packet_hex(&session->out, session->block + session->offsets[index], reg->size);
	return fdbg_session_push(session, begin,
				 (struct fdbg_entry){ .kind = FDBG_EXPECT_SET, .reply_len = 2 });
}

struct fdbg_error *fdbg_session_push_registers(struct fdbg_session *session)
{
	struct fdbg_error *err = NULL;
	size_t begin;

	if (!session->any_dirty)
		return NULL;
	if (session->abilities.write_one_register) {
		for (size_t i = 0; !err && i < session->n_regs; i++)
			if (session->dirty[i])
				err = push_one(session, i);
	} else {
		begin = fdbg_session_begin(session);
		fdbg_buf_byte(&session->out, 'G');
		fdbg_packet_hex(&session->out, session->block, session->g_size);
		err = fdbg_session_push(session, begin,
					(struct fdbg_entry){ .kind = FDBG_EXPECT_SET, .reply_len = 2 });
	}
	if (err)
		return err;
	memset(session->dirty, 0, session->n_regs);
	session->any_dirty = false;
	return NULL;
}

struct fdbg_error *fdbg_session_fetch_registers(struct fdbg_session *session)
{
	struct fdbg_error *err = fdbg_session_lost(session);

	if (err || session->block_fresh)
		return err;
	if (session->running || session->resume_queued)
		return fdbg_error_create(FDBG_ERROR_USAGE,
					 "registers can be read only while the target is stopped");
	if (!session->n_regs)
		return fdbg_error_create(FDBG_ERROR_UNSUPPORTED,
					 "the server does not describe its registers");
	err = fdbg_session_push_registers(session);
	if (!err)
		err = fdbg_session_push_g(session);
	if (!err)
		err = fdbg_session_collect(session);
	if (err)
		return err;
	if (!session->block_fresh)
		return fdbg_error_create(FDBG_ERROR_REFUSED, "the server does not tell the registers");
	return NULL;
}

struct fdbg_error *fdbg_session_fetch_register(struct fdbg_session *session, size_t index)
{
	struct fdbg_error *err = fdbg_session_lost(session);

	if (err)
		return err;
	if (index >= session->n_regs)
		return fdbg_error_create(FDBG_ERROR_USAGE, "there is no register %zu", index);
	if (session->valid[index])
		return NULL;
	if (!session->abilities.read_one_register) {
		err = fdbg_session_fetch_registers(session);
	} else if (session->running || session->resume_queued) {
		err = fdbg_error_create(FDBG_ERROR_USAGE,
					"registers can be read only while the target is stopped");
	} else {
		err = fdbg_session_push_registers(session);
		if (!err)
			err = push_p(session, index, NULL, NULL);
		if (!err)
			err = fdbg_session_collect(session);
	}
	if (!err && !session->valid[index])
		err = fdbg_error_create(FDBG_ERROR_REFUSED, "the server does not tell register %s",
					session->regs[index].name);
	return err;
}

struct fdbg_error *fdbg_session_queue_register(struct fdbg_session *session, size_t index, uint8_t *to, bool *done_ret)
{
	struct fdbg_error *err = fdbg_session_lost(session);

	if (err)
		return err;
	*done_ret = false;
	if (index >= session->n_regs)
		return fdbg_error_create(FDBG_ERROR_USAGE, "there is no register %zu", index);
	if (!session->abilities.read_one_register)
		return fdbg_error_create(FDBG_ERROR_UNSUPPORTED, "the server does not tell single registers");
	if (session->running || session->resume_queued)
		return fdbg_error_create(FDBG_ERROR_USAGE,
					 "registers can be read only while the target is stopped");
	err = fdbg_session_push_registers(session);
	return err ? err : push_p(session, index, to, done_ret);
}

const uint8_t *fdbg_session_register(const struct fdbg_session *session, size_t index)
{
	if (index >= session->n_regs || !session->valid[index])
		return NULL;
	return session->block + session->offsets[index];
}

struct fdbg_error *fdbg_session_set_register(struct fdbg_session *session, size_t index, const uint8_t *bytes)
{
	const struct fdbg_remote_reg *reg;
	struct fdbg_error *err = fdbg_session_lost(session);

	if (err)
		return err;
	if (index >= session->n_regs)
		return fdbg_error_create(FDBG_ERROR_USAGE, "there is no register %zu", index);
	if (session->running || session->resume_queued)
		return fdbg_error_create(FDBG_ERROR_USAGE,
					 "registers can be changed only while the target is stopped");
	reg = &session->regs[index];
	if (session->abilities.write_one_register) {
		if ((size_t)reg->size * 2 + PUT_LIMIT > session->abilities.packet_size)
			return fdbg_error_create(FDBG_ERROR_UNSUPPORTED,
						 "register %s is too large for a packet", reg->name);
	} else {
		/* All registers are written: a block that is not of this stop would set old values. */
		err = fdbg_session_fetch_registers(session);
		if (err)
			return err;
		if (reg->g_offset == UINT32_MAX)
			return fdbg_error_create(FDBG_ERROR_UNSUPPORTED,
						 "the server cannot write register %s", reg->name);
	}
	memcpy(session->block + session->offsets[index], bytes, reg->size);
	session->valid[index] = session->dirty[index] = true;
	session->any_dirty = true;
	return NULL;
}

struct fdbg_error *fdbg_session_select(struct fdbg_session *session, struct fdbg_thread_id thread)
{
	struct fdbg_error *err = fdbg_session_lost(session);
	size_t begin;

	if (err || (thread.pid == session->selected.pid && thread.tid == session->selected.tid))
		return err;
	if (session->running || session->resume_queued)
		return fdbg_error_create(FDBG_ERROR_USAGE,
					 "a thread can be chosen only while the target is stopped");
	err = fdbg_session_push_registers(session);
	if (err)
		return err;
	begin = fdbg_session_begin(session);
	fdbg_buf_string(&session->out, "Hg");
	fdbg_session_put_thread(session, &session->out, thread);
	err = fdbg_session_push(session, begin, (struct fdbg_entry){ .kind = FDBG_EXPECT_SET,
								    .reply_len = 2 });
	if (!err)
		err = fdbg_session_collect(session);
	if (err)
		return err;
	fdbg_session_forget_registers(session);
	session->selected = thread;
	return NULL;
}
