/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A session with a server of the GDB remote protocol: requests, replies, stops. */
#ifndef FDBG_GDBREMOTE_SESSION_H
#define FDBG_GDBREMOTE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/log.h"
#include "gdbremote/transport.h"

/*
 * Requests are queued (fdbg_session_queue_…) and go out in one write when replies are needed:
 * fdbg_session_collect waits for all replies of requests queued so far, in order; fdbg_session_wait waits for
 * the stop reply after a queued resume. So a batch costs one round trip, and a batch that ends in a resume
 * costs one round trip up to the next stop. Results go where the request said (memory, flags), valid after
 * the collect or wait that covers it.
 *
 * How requests travel depends on what the server can do (remote-protocol.md, sections 1, 5 and 6): with or
 * without acks, `g`/`G` or `p`/`P`, reads queued behind the resume or not. Callers see none of that.
 * Abilities are asked for when the session opens and stay fixed (struct fdbg_abilities).
 *
 * An error of code PROTOCOL, GONE or TIMEOUT means that the link is lost; every later call fails with it.
 */
struct fdbg_session;

struct fdbg_abilities {
	size_t packet_size;       /* largest packet that may be sent */
	size_t max_read;          /* most bytes that one read packet may ask for */
	bool no_ack;
	bool padded_acks;         /* acks stay on, but may be sent before the answers that they are for (queue.c) */
	bool multiprocess;
	bool swbreak;             /* breakpoint stops say so, and pc is the breakpoint's address */
	bool fork_events, vfork_events, exec_events;
	bool vcont;
	bool stops_all;           /* a stop stops all threads; else the others run on */
	bool write_one_register;  /* P */
	bool read_one_register;   /* p */
	bool queue_behind_resume; /* requests in the same write as the resume are answered after the stop */
	bool expedites_all;       /* stop replies carry all general registers */
	bool binary_write;        /* X */
	bool allocate;            /* _M */
	bool pass_signals;        /* QPassSignals */
	bool program_signals;     /* QProgramSignals: which signals a detach may deliver */
	bool gdb_signals;         /* signal numbers are GDB's, not Linux's */
	bool host_io;             /* vFile */
	bool output_by_terminal;  /* output that is forwarded went through a terminal */
	bool read_auxv, read_exec_file, read_siginfo;
	bool no_startup_with_shell, environment, working_dir; /* Q packets before vRun */
};

struct fdbg_session_options {
	int timeout_ms;                  /* for every reply except that of a resume; 0: 10 seconds */
	const struct fdbg_log *log;      /* packets at FDBG_LOG_PACKET */
	int wake_fd;                     /* ends waits with FDBG_ERROR_INTERRUPTED while readable; -1: none */
	bool acks_off;                   /* the link has no acks any more */
	/* Output of the target that the server forwards (O packets). NULL: dropped. */
	void (*output)(void *context, const void *data, size_t len);
	void *output_context;
};

/* Figures of a session, for --stats. */
struct fdbg_session_stats {
	uint64_t packets_sent, packets_received;
	uint64_t bytes_sent, bytes_received;
	uint64_t round_trips; /* waits for an answer; the stop reply of a resume counts as one */
};

/* A thread of the target; pid is 0 where the server does not say it. */
struct fdbg_thread_id {
	uint64_t pid, tid;
};

enum fdbg_stop_kind {
	FDBG_STOP_BREAKPOINT, /* a software breakpoint that we set; pc is its address */
	FDBG_STOP_SIGNAL,     /* any other signal, also SIGTRAP of the target's own making */
	FDBG_STOP_FORK, FDBG_STOP_VFORK, FDBG_STOP_VFORK_DONE, FDBG_STOP_EXEC,
	FDBG_STOP_EXITED,     /* the process ended with an exit code */
	FDBG_STOP_KILLED,     /* the process was ended by a signal */
	FDBG_STOP_OTHER,      /* syscall, library, thread events: resume */
};

struct fdbg_stop {
	enum fdbg_stop_kind kind;
	struct fdbg_thread_id thread; /* pid of EXITED and KILLED where known */
	int signal;                   /* Linux number, of SIGNAL and KILLED (and 5 of BREAKPOINT) */
	bool interrupt;               /* a SIGNAL that is ours (fdbg_session_interrupt), SIGINT or SIGSTOP */
	int exit_code;                /* of EXITED */
	struct fdbg_thread_id child;  /* of FORK, VFORK */
	char *exec_path;              /* of EXEC, valid until the next wait; NULL: not said */
	uint64_t time_ms;             /* wall clock when the reply arrived */
};

/* A register as the server describes it. */
struct fdbg_remote_reg {
	char *name;        /* as in target descriptions: "rax", "x0", "sp" … */
	uint32_t number;   /* in p, P and stop replies */
	uint32_t size;     /* bytes */
	uint32_t g_offset; /* byte offset in the g block; UINT32_MAX: not in it */
};

/*
 * Takes over the transport (also on failure) and shakes hands: acks, qSupported, no-ack mode, target
 * description, vCont?. Fails with TIMEOUT when nobody answers and with PROTOCOL when the peer does not speak
 * the protocol.
 */
struct fdbg_error *fdbg_session_open(struct fdbg_transport *transport,
				     const struct fdbg_session_options *options,
				     struct fdbg_session **ret) FDBG_CHECK;
/* Closes the link without a word to the server. */
void fdbg_session_destroy(struct fdbg_session *session);

const struct fdbg_abilities *fdbg_session_abilities(const struct fdbg_session *session);
int fdbg_session_timeout_ms(const struct fdbg_session *session);
const struct fdbg_session_stats *fdbg_session_stats(const struct fdbg_session *session);

/*
 * How the target is: its last stop, or the answer to `?` where the session has seen none, which may be asked before any breakpoint
 * is set.
 */
struct fdbg_error *fdbg_session_query_stop(struct fdbg_session *session, struct fdbg_stop *ret) FDBG_CHECK;

/*
 * The register description: that of target.xml, or the layout that the server's architecture has without one.
 */
const struct fdbg_remote_reg *fdbg_session_regs(const struct fdbg_session *session, size_t *n_ret);

/*
 * Memory. Ranges are split as the server needs. done_ret says after the collect whether all of it was read
 * (written).
 */
struct fdbg_error *fdbg_session_queue_read(struct fdbg_session *session, uint64_t address, size_t size,
					   uint8_t *to, bool *done_ret) FDBG_CHECK;
struct fdbg_error *fdbg_session_queue_write(struct fdbg_session *session, uint64_t address,
					    const uint8_t *bytes, size_t size, bool *done_ret)
	FDBG_CHECK;

/* Software breakpoints. kind is the instruction size. done_ret as above. */
struct fdbg_error *fdbg_session_queue_insert(struct fdbg_session *session, uint64_t address, uint32_t kind,
					     bool *done_ret) FDBG_CHECK;
struct fdbg_error *fdbg_session_queue_remove(struct fdbg_session *session, uint64_t address, uint32_t kind,
					     bool *done_ret) FDBG_CHECK;

/*
 * Registers of the thread that stopped (fdbg_session_wait has chosen it) or of the one chosen by
 * fdbg_session_select. Fetching reads all that a g block holds, unless this stop's block is here already;
 * what fdbg_session_register does not know afterwards is not in the block (fdbg_session_fetch_register).
 */
struct fdbg_error *fdbg_session_fetch_registers(struct fdbg_session *session) FDBG_CHECK;
/*
 * Reads one register, by itself where the server can (those that are not in its g block), else all of them.
 */
struct fdbg_error *fdbg_session_fetch_register(struct fdbg_session *session, size_t index) FDBG_CHECK;
/*
 * Queues the read of one register of the stopped thread, which goes out with what else is queued, before a resume. Its bytes (as many as its
 * description says) go to `to`; done_ret says after the collect or wait whether they did. UNSUPPORTED where registers are not read one by one.
 */
struct fdbg_error *fdbg_session_queue_register(struct fdbg_session *session, size_t index, uint8_t *to, bool *done_ret)
	FDBG_CHECK;
/*
 * The value as of the last stop or fetch; NULL when not known. Valid until the next queue, collect or wait.
 */
const uint8_t *fdbg_session_register(const struct fdbg_session *session, size_t index);
/* Changes a register: goes out before the next resume (in the same write), or with the next collect. */
struct fdbg_error *fdbg_session_set_register(struct fdbg_session *session, size_t index,
					     const uint8_t *bytes) FDBG_CHECK;
struct fdbg_error *fdbg_session_select(struct fdbg_session *session, struct fdbg_thread_id thread) FDBG_CHECK;

enum fdbg_resume_kind {
	FDBG_RESUME_CONTINUE,  /* all threads run; signal (0: none) is delivered to `thread` */
	FDBG_RESUME_STEP_ONLY, /* `thread` executes one instruction, all others stay stopped */
};

/*
 * Queues register changes and the resume, and behind it, where the server allows, the read of the next stop's
 * registers. want_registers: the caller will need more registers than the server expedites.
 */
struct fdbg_error *fdbg_session_queue_resume(struct fdbg_session *session, enum fdbg_resume_kind kind,
					     struct fdbg_thread_id thread, int signal, bool want_registers)
	FDBG_CHECK;

/* Sends what is queued without waiting for anything. */
struct fdbg_error *fdbg_session_send(struct fdbg_session *session) FDBG_CHECK;

/* Sends what is queued and waits for all replies but that of a resume. */
struct fdbg_error *fdbg_session_collect(struct fdbg_session *session) FDBG_CHECK;

/*
 * Sends what is queued, gathers what is due and waits up to timeout_ms (-1: no limit) for the stop reply.
 * FDBG_ERROR_TIMEOUT and FDBG_ERROR_INTERRUPTED leave the session usable: the target still runs, wait again.
 * The wake descriptor ends the wait for the stop only (and the opening of a session), not that for an answer,
 * which is short anyway: what the caller does to clean up works while the descriptor is readable. Where the
 * target has ended, requests queued behind the resume are not done.
 */
struct fdbg_error *fdbg_session_wait(struct fdbg_session *session, int timeout_ms, struct fdbg_stop *ret)
	FDBG_CHECK;

/*
 * Asks the running target to stop; the stop comes through fdbg_session_wait, of kind SIGNAL and marked
 * `interrupt`. Its signal is not the target's to get: a resume right after it drops it. Another stop may come
 * first, and that of the interrupt after the next resume; a target that is detached before is spared it
 * (where it is on this machine).
 */
struct fdbg_error *fdbg_session_interrupt(struct fdbg_session *session) FDBG_CHECK;

/*
 * Queues the list of signals (Linux numbers) that the server should deliver without a stop. UNSUPPORTED where it cannot. done_ret
 * (NULL: nobody asks) says after the collect or wait whether it does.
 */
struct fdbg_error *fdbg_session_pass_signals(struct fdbg_session *session, const int *signals, size_t n, bool *done_ret)
	FDBG_CHECK;

/*
 * An object of qXfer ("libraries-svr4", "exec-file", "siginfo", …), appended to buf. REFUSED when the server does not give it,
 * UNSUPPORTED when it does not know it.
 */
struct fdbg_error *fdbg_session_read_object(struct fdbg_session *session, const char *object,
					    const char *annex, struct fdbg_buf *buf) FDBG_CHECK;

/*
 * The auxiliary vector of the program, read once until the target is resumed. Valid until the next resume, or the end of the
 * session. Errors as above.
 */
struct fdbg_error *fdbg_session_auxv(struct fdbg_session *session, const struct fdbg_buf **ret) FDBG_CHECK;

/* The threads of the target, in an array that the caller frees. */
struct fdbg_error *fdbg_session_threads(struct fdbg_session *session, struct fdbg_thread_id **ret,
					size_t *n_ret) FDBG_CHECK;

/* Lets a process go; pid 0: the only one. Breakpoints must have been removed. */
struct fdbg_error *fdbg_session_detach(struct fdbg_session *session, uint64_t pid) FDBG_CHECK;
/* Kills the target; not being answered is no error. */
struct fdbg_error *fdbg_session_kill(struct fdbg_session *session, uint64_t pid) FDBG_CHECK;

/* Allocates (frees) memory in the target through the server (_M). UNSUPPORTED where it cannot. */
struct fdbg_error *fdbg_session_allocate(struct fdbg_session *session, size_t size, uint64_t *address_ret)
	FDBG_CHECK;

#endif
