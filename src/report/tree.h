/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The call tree of a whole recording: each call with its arguments and its return. */
#ifndef FDBG_REPORT_TREE_H
#define FDBG_REPORT_TREE_H

#include "report/filter.h"
#include "report/recording.h"
#include "value/render.h"

/*
 * A recording is read once; each call becomes a node, and its return fills it in. The nodes of a thread in
 * order of their index are its tree in pre-order; the depth says how they hang together. Values are kept as
 * rendered text.
 */

enum fdbg_node_kind {
	FDBG_NODE_CALL,
	FDBG_NODE_BREAKPOINT,   /* a fire::dbg! hit; values in arguments */
	FDBG_NODE_PANIC,        /* a panic outside of all frames, or one with values; each marks its frame */
	FDBG_NODE_FUTURE_ENTER, /* of another recorder: those of fdbg are in the node of their poll */
	FDBG_NODE_FUTURE_EXIT,
};

enum fdbg_node_state {
	FDBG_NODE_OPEN,     /* no return: the recording ended inside, or the process did */
	FDBG_NODE_RETURNED,
	FDBG_NODE_UNWOUND,  /* left by a panic */
	FDBG_NODE_LOST,     /* a caller returned first: the return was not recorded */
};

struct fdbg_node_value {
	struct fdbg_text name, text;
};

/* What the future events of a poll's frame say; texts are empty where they say nothing. */
struct fdbg_node_poll {
	struct fdbg_text function;      /* the async function's name */
	struct fdbg_text future;        /* the coroutine's address */
	struct fdbg_text before, after; /* its state */
	struct fdbg_text await_line;    /* where it waits after the poll */
};

struct fdbg_node {
	enum fdbg_node_kind kind;
	enum fdbg_node_state state;
	bool panicked;                  /* a panic began in it */
	uint64_t depth;                 /* as the filter shows it */
	uint64_t frame_id;
	const struct fdbg_counted_function *function; /* of CALL; else that of the frame around it, or NULL */
	uint32_t breakpoint_id;
	uint64_t time_ms, return_ms;
	const struct fdbg_node_value *arguments;
	size_t n_arguments;
	struct fdbg_text result;        /* of RETURNED; of a poll its result; of PANIC all that is known of it */
	struct fdbg_node_poll *poll;    /* NULL: the call is no poll */
};

struct fdbg_tree_thread {
	uint64_t id;
	struct fdbg_node *nodes;        /* only those that the filter lets through */
	size_t n_nodes, cap_nodes;
};

struct fdbg_tree {
	struct fdbg_arena arena;
	struct fdbg_tree_thread *threads; /* in order of first event, also those without nodes */
	size_t n_threads;
};

struct fdbg_tree_options {
	struct fdbg_filter filter;
	enum fdbg_render_style style;
	size_t max_value_bytes;         /* 0: no limit */
};

/*
 * Reads the recording to its end and builds the tree, which refers to the recording's function names. Should
 * the file turn out broken, what was built until then is kept in *ret and the error returned as well.
 */
struct fdbg_error *fdbg_tree_build(struct fdbg_recording *recording, const struct fdbg_tree_options *options,
				   struct fdbg_tree *ret) FDBG_CHECK;
void fdbg_tree_deinit(struct fdbg_tree *tree);

#endif
