/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The inside of a session, shared by the files of this folder and by nobody else. */
#ifndef FDBG_GDBREMOTE_PRIVATE_H
#define FDBG_GDBREMOTE_PRIVATE_H

#include "base/map.h"
#include "base/text.h"
#include "gdbremote/packet.h"
#include "gdbremote/session.h"

/*
 * Every request is an entry in a ring, in the order of the answers; its packet waits in `out` until it may
 * go. queue.c moves packets and answers (what may be sent when is decided in one place, may_send); the other
 * files build packets and say by the entry's kind what its answer means.
 */

enum fdbg_expect {
	FDBG_EXPECT_IGNORE,    /* an answer that nobody looks at */
	FDBG_EXPECT_TEXT,      /* goes to the entry's text, else to session->reply */
	FDBG_EXPECT_OK,        /* `OK` or not, into done where somebody asks */
	FDBG_EXPECT_READ,      /* bytes of m */
	FDBG_EXPECT_WRITE,     /* OK of M or X */
	FDBG_EXPECT_INSERT,    /* OK of Z0 */
	FDBG_EXPECT_REMOVE,    /* OK of z0 */
	FDBG_EXPECT_REGISTERS, /* g */
	FDBG_EXPECT_REGISTER,  /* p */
	/* OK of G, P, Hg; refused before a resume: the link is lost, nothing later would be right */
	FDBG_EXPECT_SET,
	FDBG_EXPECT_STOP,      /* the stop reply of a resume */
};

struct fdbg_entry {
	uint8_t kind;          /* enum fdbg_expect */
	bool first, last;      /* of the parts of one read or write */
	uint32_t index;        /* register of REGISTER */
	uint32_t out_len;      /* bytes of the packet */
	uint32_t reply_len;    /* about how long the answer is */
	uint64_t address;      /* of READ, WRITE, INSERT, REMOVE */
	uint64_t pid;          /* process whose breakpoint it is */
	uint8_t *to;           /* of READ, and of REGISTER where somebody waits for it; NULL: nobody */
	size_t size;
	bool *done;            /* NULL: nobody asks */
	struct fdbg_buf *text; /* of TEXT */
};

enum fdbg_server_kind { FDBG_SERVER_GDBSERVER, FDBG_SERVER_LLDB, FDBG_SERVER_OTHER };

struct fdbg_session {
	struct fdbg_transport *transport;
	struct fdbg_session_options options;
	struct fdbg_abilities abilities;
	struct fdbg_session_stats stats;
	enum fdbg_server_kind server;
	enum fdbg_error_code failed; /* 0: the link is good */
	bool waking;                 /* the wake descriptor ends the wait that is going on */

	/* what goes out */
	struct fdbg_buf out;         /* packets of all unsent entries, from out_pos on */
	size_t out_pos;
	struct fdbg_buf last;        /* the packet that may have to be sent again (acks) */
	int resends;
	bool ack_owed;
	struct fdbg_entry *ring;     /* n_ring entries from head on, the first n_sent of them sent */
	size_t cap_ring, head, n_ring, n_sent;
	size_t flying_out, flying_in; /* bytes of requests sent and of answers awaited */
	bool set_refused;            /* a SET was refused and nobody was told yet */
	bool turned;                 /* something was sent since the last bytes came in */
	bool interrupt_sent;         /* and its stop has not come yet */
	bool killed;                 /* a kill was sent: whatever comes is all right */
	bool parts_good;             /* of the read or write whose parts are coming in */

	/* what comes in */
	struct fdbg_packet_decoder decoder;
	uint8_t in[65536];
	size_t in_pos, in_len;
	uint64_t heard_ns;           /* when bytes came in last */
	bool opened;                 /* hands were shaken */
	uint64_t skipped_before;     /* decoder.skipped then */
	struct fdbg_buf reply;       /* of the last TEXT */
	bool replied;
	bool output_return;          /* a carriage return of the target's output waits for what follows */

	/* how the target is */
	bool running;                /* a resume is out and its stop reply is not in */
	bool resumed;                /* at least once */
	bool resume_queued;          /* a resume waits in the ring or is out */
	bool stopped_now;            /* the stop reply came in during this wait */
	bool resume_refused;         /* it was an error and no stop */
	uint64_t resume_error_ns;    /* when the resume was answered with an error that may not be the last word; 0: it was not */
	bool ended;                  /* that stop was an end */
	/* the caller of the resume wants them, and the stop does not bring them */
	bool want_registers;
	struct fdbg_stop stop;       /* the last one */
	bool stop_known;             /* it is how the target still is */
	bool stop_unsure;            /* whether it was our breakpoint depends on the pc */
	char *exec_path;
	struct fdbg_thread_id selected; /* whose registers are meant */
	uint64_t main_pid;           /* process of the first stop */
	/* The auxiliary vector, or the server's answer that is none; a resume may end in another program, and forgets it. */
	struct fdbg_buf auxv;
	enum { FDBG_AUXV_UNKNOWN, FDBG_AUXV_READ, FDBG_AUXV_REFUSED } auxv_state;
	struct fdbg_map inserted;    /* addresses of breakpoints in that process */

	/* registers */
	struct fdbg_remote_reg *regs;
	size_t n_regs, cap_regs;
	uint32_t *by_number;         /* index by protocol number, UINT32_MAX: none */
	size_t n_numbers;
	uint32_t *offsets;           /* of each value in block: g_offset, or behind the g block */
	uint8_t *block;
	size_t g_size, block_size;   /* g_size: bytes of the g block; 0: not known */
	uint8_t *valid, *dirty;      /* flag by register */
	bool block_fresh;            /* the whole g block is that of this stop */
	bool any_dirty;
	uint32_t pc;                 /* index, UINT32_MAX: not known */

	bool setfs_done;             /* hostio.c */
};

/* queue.c */

#define FDBG_MAX_PAYLOAD (16u << 20) /* no server sends more; a larger packet is garbage */

/* Whether requests go out together. */
bool fdbg_session_has_batches(const struct fdbg_session *session);
/* Opens the packet of an entry; the caller appends its payload and calls fdbg_session_push. */
size_t fdbg_session_begin(struct fdbg_session *session);
/* Closes the packet and queues the entry. An error leaves the queue as it was. */
struct fdbg_error *fdbg_session_push(struct fdbg_session *session, size_t begin, struct fdbg_entry entry)
	FDBG_CHECK;
/* The entry i places behind the oldest one. */
struct fdbg_entry *fdbg_session_entry(struct fdbg_session *session, size_t i);
/* Sends what may go now. */
struct fdbg_error *fdbg_session_send_some(struct fdbg_session *session) FDBG_CHECK;
/* Waits until one packet has been taken; a timeout or an interruption leaves the link good. */
struct fdbg_error *fdbg_session_receive(struct fdbg_session *session, int timeout_ms) FDBG_CHECK;
/* The same for an answer that must come soon; not to come loses the link. */
struct fdbg_error *fdbg_session_receive_answer(struct fdbg_session *session) FDBG_CHECK;
/* The error that answered the resume was the last word. */
void fdbg_session_settle_refusal(struct fdbg_session *session);
/* Takes a stop reply into session->stop. */
struct fdbg_error *fdbg_session_take_stop(struct fdbg_session *session, const uint8_t *data, size_t len)
	FDBG_CHECK;
/* Whether pc, which must be valid, is at a breakpoint that we inserted. */
bool fdbg_session_at_breakpoint(const struct fdbg_session *session);
/* The error of a lost link; NULL while it is good. */
struct fdbg_error *fdbg_session_lost(const struct fdbg_session *session) FDBG_CHECK;
/* Remembers that the link is lost by this error (NULL: it is not) and returns it. */
struct fdbg_error *fdbg_session_lose(struct fdbg_session *session, struct fdbg_error *err);
/* The link makes no sense any more. */
struct fdbg_error *fdbg_session_confused(struct fdbg_session *session, const char *format, ...)
	__attribute__((format(printf, 2, 3))) FDBG_CHECK;
/* The error for an answer that is not what was hoped for: REFUSED, or UNSUPPORTED when it is empty. */
struct fdbg_error *fdbg_session_refusal(const struct fdbg_session *session, const char *what) FDBG_CHECK;
/* The same for an answer that was kept. */
struct fdbg_error *fdbg_session_refusal_of(const struct fdbg_buf *reply, const char *what) FDBG_CHECK;
bool fdbg_session_reply_is(const struct fdbg_session *session, const char *text);
/* Appends a thread id as the server wants it. */
void fdbg_session_put_thread(struct fdbg_session *session, struct fdbg_buf *buf,
			     struct fdbg_thread_id thread);

/* session.c */

/* Sends a request by itself and waits; the answer is session->reply. */
struct fdbg_error *fdbg_session_request(struct fdbg_session *session, const void *text, size_t len)
	FDBG_CHECK;
struct fdbg_error *fdbg_session_requestf(struct fdbg_session *session, const char *format, ...)
	__attribute__((format(printf, 2, 3))) FDBG_CHECK;

/* Requests of which none needs the answer to another. */
struct fdbg_question {
	const char *text;
	struct fdbg_buf answer;
	uint32_t reply_len;    /* about how long the answer is; 0: short */
};

/*
 * Asks all of them, in this order, in one write where the server takes that. The answers are the caller's to free, also where it
 * fails.
 */
struct fdbg_error *fdbg_session_ask(struct fdbg_session *session, struct fdbg_question *questions, size_t n) FDBG_CHECK;
void fdbg_session_forget_answers(struct fdbg_question *questions, size_t n);

/* target.c */

/* How much of an object one request asks for. */
size_t fdbg_session_part_size(const struct fdbg_session *session);
/* As fdbg_session_read_object, of which the answer to the request for its first part is there already. */
struct fdbg_error *fdbg_session_finish_object(struct fdbg_session *session, const char *object, const char *annex,
					      const struct fdbg_buf *first, struct fdbg_buf *buf) FDBG_CHECK;
/* Keeps the auxiliary vector, of which the answer to the request for its first part is there already. */
struct fdbg_error *fdbg_session_keep_auxv(struct fdbg_session *session, const struct fdbg_buf *first) FDBG_CHECK;

/* handshake.c */
struct fdbg_error *fdbg_session_shake_hands(struct fdbg_session *session) FDBG_CHECK;
/*
 * Asks what the answer to qSupported does not tell. The registers are described once there is a process: again
 * after one was started or attached to.
 */
struct fdbg_error *fdbg_session_probe(struct fdbg_session *session) FDBG_CHECK;

/* registers.c */

/*
 * Takes the description of the registers, of which the answer to the request for its first part is there, or the layout of the
 * architecture.
 */
struct fdbg_error *fdbg_session_describe(struct fdbg_session *session, const struct fdbg_buf *first) FDBG_CHECK;
void fdbg_session_forget_registers(struct fdbg_session *session);
/* Queues what set_register changed. */
struct fdbg_error *fdbg_session_push_registers(struct fdbg_session *session) FDBG_CHECK;
struct fdbg_error *fdbg_session_push_g(struct fdbg_session *session) FDBG_CHECK;
/* An expedited register of a stop reply (fdbg_stop_register_fn). */
void fdbg_session_expedited(void *context, uint64_t number, const uint8_t *digits, size_t n_digits);
/* Answers of g and p; false when they are errors or malformed. */
bool fdbg_session_take_g(struct fdbg_session *session, const uint8_t *data, size_t len);
bool fdbg_session_take_p(struct fdbg_session *session, uint32_t index, const uint8_t *data, size_t len);

/* output.c */

/* Takes output that the server forwards, `O` and hexadecimal digits; false for another packet. */
bool fdbg_session_take_output(struct fdbg_session *session, const uint8_t *data, size_t len);
/* No more output comes. */
void fdbg_session_end_output(struct fdbg_session *session);

/* memory.c */
void fdbg_session_take_memory(struct fdbg_session *session, const struct fdbg_entry *entry,
			      const uint8_t *data, size_t len);

#endif
