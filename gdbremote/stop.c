/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Stop replies: the answer to a resume. */
#include "gdbremote/stop.h"

#include <signal.h>

#include "gdbremote/packet.h"
#include "gdbremote/signals.h"

#define MAX_SIGNAL 255 /* two digits */

bool fdbg_stop_parse_thread(const uint8_t *data, size_t len, size_t *pos, struct fdbg_thread_id *ret)
{
	struct fdbg_thread_id id = { 0 };
	size_t i = *pos;

	if (i < len && data[i] == 'p') {
		i++;
		if (!fdbg_packet_parse_number(data, len, &i, &id.pid))
			return false;
		if (i < len && data[i] == '.') {
			i++;
			if (!fdbg_packet_parse_number(data, len, &i, &id.tid))
				return false;
		} else {
			id.tid = id.pid;
		}
	} else if (!fdbg_packet_parse_number(data, len, &i, &id.tid)) {
		return false;
	}
	*pos = i;
	*ret = id;
	return true;
}

static int linux_signal(uint64_t number, bool gdb_signals)
{
	if (number > MAX_SIGNAL)
		return 0;
	return gdb_signals ? fdbg_signal_from_gdb((int)number) : (int)number;
}

/* One `key:value` of a T reply. */
static bool parse_field(struct fdbg_text key, const uint8_t *value, size_t len,
			fdbg_stop_register_fn on_register, void *context, struct fdbg_stop_reply *reply)
{
	struct fdbg_stop *stop = &reply->stop;
	size_t pos = 0;
	uint64_t number;

	if (fdbg_packet_parse_number((const uint8_t *)key.data, key.len, &pos, &number) && pos == key.len) {
		reply->n_registers++;
		if (on_register)
			on_register(context, number, value, len);
		return true;
	}
	pos = 0;
	if (fdbg_text_is(key, "thread"))
		return fdbg_stop_parse_thread(value, len, &pos, &stop->thread);
	if (fdbg_text_is(key, "swbreak")) {
		reply->swbreak = true;
		stop->kind = FDBG_STOP_BREAKPOINT;
	} else if (fdbg_text_is(key, "fork") || fdbg_text_is(key, "vfork")) {
		stop->kind = key.data[0] == 'f' ? FDBG_STOP_FORK : FDBG_STOP_VFORK;
		return fdbg_stop_parse_thread(value, len, &pos, &stop->child);
	} else if (fdbg_text_is(key, "vforkdone")) {
		stop->kind = FDBG_STOP_VFORK_DONE;
	} else if (fdbg_text_is(key, "exec")) {
		stop->kind = FDBG_STOP_EXEC;
		reply->exec_hex = (struct fdbg_text){ (const char *)value, len };
	} else if (fdbg_text_is(key, "reason")) {
		struct fdbg_text reason = { (const char *)value, len };

		reply->reason_breakpoint |= fdbg_text_is(reason, "breakpoint");
		if (fdbg_text_is(reason, "exec"))
			stop->kind = FDBG_STOP_EXEC;
	} else if (fdbg_text_is(key, "syscall_entry") || fdbg_text_is(key, "syscall_return") ||
		   fdbg_text_is(key, "library") || fdbg_text_is(key, "create") ||
		   fdbg_text_is(key, "clone")) {
		stop->kind = FDBG_STOP_OTHER;
	}
	return true;
}

static bool parse_signal(const uint8_t *data, size_t len, bool gdb_signals,
			 fdbg_stop_register_fn on_register, void *context,
			 struct fdbg_stop_reply *reply)
{
	size_t pos = 3;
	int high = len >= 3 ? fdbg_packet_digit(data[1]) : -1;
	int low = len >= 3 ? fdbg_packet_digit(data[2]) : -1;

	if (high < 0 || low < 0)
		return false;
	reply->stop.kind = FDBG_STOP_SIGNAL;
	reply->stop.signal = linux_signal((uint64_t)(high << 4 | low), gdb_signals);
	while (data[0] == 'T' && pos < len) {
		const uint8_t *end = memchr(data + pos, ';', len - pos);
		size_t stop = end ? (size_t)(end - data) : len;
		const uint8_t *colon = memchr(data + pos, ':', stop - pos);

		if (colon) {
			struct fdbg_text key = { (const char *)data + pos, (size_t)(colon - data) - pos };
			size_t value = (size_t)(colon - data) + 1;

			if (!parse_field(key, data + value, stop - value, on_register, context, reply))
				return false;
		}
		pos = stop + 1;
	}
	return true;
}

static bool parse_end(const uint8_t *data, size_t len, bool gdb_signals, struct fdbg_stop_reply *reply)
{
	static const char process[] = "process:";
	struct fdbg_stop *stop = &reply->stop;
	uint64_t number;
	size_t pos = 1;

	if (!fdbg_packet_parse_number(data, len, &pos, &number))
		return false;
	if (data[0] == 'W') {
		stop->kind = FDBG_STOP_EXITED;
		stop->exit_code = (int)(number & 0xff);
	} else {
		stop->kind = FDBG_STOP_KILLED;
		stop->signal = linux_signal(number, gdb_signals);
	}
	while (pos < len && data[pos] == ';') {
		const uint8_t *end = memchr(data + pos + 1, ';', len - pos - 1);
		size_t next = end ? (size_t)(end - data) : len;

		pos++;
		if (next - pos >= sizeof(process) - 1 && !memcmp(data + pos, process, sizeof(process) - 1)) {
			pos += sizeof(process) - 1;
			if (!fdbg_packet_parse_number(data, next, &pos, &stop->thread.pid))
				return false;
		}
		pos = next;
	}
	return true;
}

bool fdbg_stop_parse(const uint8_t *data, size_t len, bool gdb_signals, fdbg_stop_register_fn on_register,
		     void *context,
		     struct fdbg_stop_reply *ret)
{
	struct fdbg_stop_reply reply = { 0 };
	bool good;

	if (!len)
		return false;
	switch (data[0]) {
	case 'T':
	case 'S':
		good = parse_signal(data, len, gdb_signals, on_register, context, &reply);
		break;
	case 'W':
	case 'X':
		good = parse_end(data, len, gdb_signals, &reply);
		break;
	case 'N': /* no resumed thread is left */
		reply.stop.kind = FDBG_STOP_OTHER;
		good = len == 1;
		break;
	default:
		return false;
	}
	if (good)
		*ret = reply;
	return good;
}
