/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The call tree of a recording, or of a part: each call with its arguments and its return. */
#ifndef FDBG_REPORT_TREE_H
#define FDBG_REPORT_TREE_H

#include "report/flow.h"
#include "report/recording.h"
#include "report/spool.h"
#include "value/render.h"

/*
 * A recording is read once; each call becomes a node, and its return fills it in. The nodes of a thread in
 * order of their index are its tree in pre-order; the level says how they hang together. Values are kept as
 * rendered text, which goes to a temporary file when it is long, so memory is that of the nodes; with
 * `errors` or `grep` it is that of the nodes that are wanted, and of the open calls.
 */

enum fdbg_node_kind {
	FDBG_NODE_CALL,
	FDBG_NODE_BREAKPOINT, /* a fire::dbg! hit; values in arguments */
	FDBG_NODE_PANIC, /* a panic outside of all frames, or one with values; each marks its frame */
	FDBG_NODE_FUTURE_ENTER, /* of another recorder: those of fdbg are in the node of their poll */
	FDBG_NODE_FUTURE_EXIT,
};

struct fdbg_node {
	enum fdbg_node_kind kind;
	enum fdbg_flow_end state;
	bool panicked;                  /* a panic began in it */
	bool failed;                    /* it returned an Err */
	bool context;                   /* lies around what is wanted; began before the part that is shown */
	bool matched;                   /* a value has the text that is looked for */
	bool kept;                      /* it is wanted, or something in it is */
	uint32_t level;                 /* of nesting in the tree, from 0 */
	uint32_t breakpoint_id;
	uint64_t depth;                 /* among all recorded calls of the thread */
	uint64_t frame_id, parent_frame_id;
	const struct fdbg_counted_function *function; /* of CALL; else that of the frame around it, or NULL */
	uint64_t sequence;              /* number of its event */
	uint64_t time_ms, return_ms;
	size_t parent;                  /* one above the index of the node around it; 0: none */
	/* Where its values are in the thread's text (fdbg_tree_values). */
	uint64_t arguments_at, result_at;
	uint32_t n_arguments, n_results;
	size_t arguments_len, result_len; /* of PANIC the result is what is known of it, in words */
	uint32_t poll;                  /* one above the index of its poll; 0: the call is none */
};

/* What the future events of a poll's frame say: where their values are in the thread's text. */
struct fdbg_node_poll {
	uint64_t enter_at, exit_at;
	size_t enter_len, exit_len;
	uint32_t n_enter, n_exit;
};

enum fdbg_value_form {
	FDBG_VALUE_READ,
	FDBG_VALUE_UNREADABLE,
	FDBG_VALUE_OPTIMIZED_OUT,
};

struct fdbg_node_value {
	struct fdbg_text name, text;
	enum fdbg_value_form form;
};

struct fdbg_tree_thread {
	uint64_t id;
	struct fdbg_node *nodes;        /* only those that are wanted */
	size_t n_nodes, cap_nodes;
	struct fdbg_node_poll *polls;
	size_t n_polls, cap_polls;
	struct fdbg_spool text;
};

struct fdbg_tree {
	/* In order of first event in the recording, also those without nodes. */
	struct fdbg_tree_thread *threads;
	size_t n_threads;
};

struct fdbg_tree_options {
	struct fdbg_filter filter;
	bool errors;                    /* only panics and returns of an Err, and what is around them */
	const char *grep; /* only what has this text in a value, and what is around it; NULL: all */
	enum fdbg_render_style style;
	size_t max_value_bytes;         /* 0: no limit */
};

/*
 * Reads the recording to its end and builds the tree, which refers to the recording's function names. Should
 * the file turn out broken, what was built until then is kept in *ret and the error returned as well; errors
 * are else those of fdbg_flow_run.
 */
struct fdbg_error *fdbg_tree_build(struct fdbg_recording *recording, const struct fdbg_tree_options *options,
				   struct fdbg_tree *ret) FDBG_CHECK;
void fdbg_tree_deinit(struct fdbg_tree *tree);

/* Values of a node being read; valid until values of the same thread are read again. */
struct fdbg_node_values {
	const uint8_t *data;
	uint32_t n_left;
};

struct fdbg_error *fdbg_tree_arguments(struct fdbg_tree_thread *thread, const struct fdbg_node *node,
				       struct fdbg_node_values *ret) FDBG_CHECK;
struct fdbg_error *fdbg_tree_result(struct fdbg_tree_thread *thread, const struct fdbg_node *node,
				    struct fdbg_node_values *ret) FDBG_CHECK;
/* The value of that name that future enter (exit: future exit) says of a poll; *found_ret false: it says none. */
struct fdbg_error *fdbg_tree_poll_value(struct fdbg_tree_thread *thread, const struct fdbg_node *node, bool exit,
					const char *name, struct fdbg_node_value *ret, bool *found_ret) FDBG_CHECK;
/* The next value; false when there is none. */
bool fdbg_node_values_next(struct fdbg_node_values *values, struct fdbg_node_value *ret);

#endif
