/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The messages of the five streams (stream-format.md, section 2). */
#ifndef FDBG_STREAM_MESSAGE_H
#define FDBG_STREAM_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include <fdbg/stream.h> /* the enums */

#include "base/text.h"
#include "value/value.h"

/* The key ("info", "file", …); NULL for OTHER. */
const char *fdbg_stream_key(enum fdbg_stream stream);

/* What the Debugger message must name as its debugger; the writer puts it there where `debugger` is empty. */
#define FDBG_STREAM_DEBUGGER "FireDBG.for.Rust"

struct fdbg_message_info {
	bool exit;                  /* the Exit message: only exit_code; else the Debugger message */
	int32_t exit_code;
	struct fdbg_text debugger, version, workspace_root, package_name, target;
	const struct fdbg_text *arguments;
	size_t n_arguments;
	/* Keys that fdbg adds (readers ignore unknown ones); empty in recordings of others. */
	struct fdbg_text recorder;  /* "fdbg 0.1.0" */
	struct fdbg_text machine;   /* "x86_64", "aarch64" */
	struct fdbg_text rustc;     /* version of the compiler of main's crate */
};

/*
 * fdbg's own: the process executed another program. It goes into a stream of its own, `exec`, for readers of `info` take
 * a message that they do not know for damage; fdbg's readers pass over it as over every stream that they do not know.
 */
struct fdbg_message_exec {
	struct fdbg_text target;    /* the new executable, empty: not known */
	struct fdbg_text package_name, workspace_root, rustc; /* as in info; empty where it is not recorded */
	bool recorded;              /* its functions are traced */
};

struct fdbg_message_file {
	uint32_t id;
	struct fdbg_text path, crate_name;
	uint64_t modified_secs;
	uint32_t modified_nanos;
};

enum fdbg_capture { FDBG_CAPTURE_ARGUMENTS, FDBG_CAPTURE_LOCALS, FDBG_CAPTURE_ONLY, FDBG_CAPTURE_NONE };

struct fdbg_message_breakpoint {
	uint32_t id, file_id;
	uint32_t line, column;          /* column 0: none */
	bool has_end;
	uint32_t end_line, end_column;  /* end_column 0: none */
	enum fdbg_breakpoint_type type;
	struct fdbg_text fn_name;       /* of FUNCTION_CALL: the last part of the name */
	enum fdbg_capture capture;
	const struct fdbg_text *only;   /* of CAPTURE_ONLY */
	size_t n_only;
	/* Keys of our own (doc/stream.md), left out where they say nothing. */
	bool inlined;                   /* its events are of a call that was inlined */
	bool assumed;                   /* of FUNCTION_RETURN: the values are read where they probably are */
	const struct fdbg_text *merged; /* of FUNCTION_CALL: full names of functions that share the code */
	size_t n_merged;
};

/* Ids that mean the same in every file. */
enum { FDBG_BREAKPOINT_ID_PANIC = 1, FDBG_BREAKPOINT_ID_TRACE = 2, FDBG_BREAKPOINT_ID_ALLOC = 3,
       FDBG_BREAKPOINT_ID_RELEASE = 4, FDBG_BREAKPOINT_ID_FIRST = 5 };

struct fdbg_message_event {
	enum fdbg_event_kind kind;
	uint32_t breakpoint_id;
	uint64_t thread_id;
	uint64_t frame_id;             /* counts from 1 in its thread; 0: none */
	uint64_t stack_pointer;        /* of CALL */
	struct fdbg_text function;     /* of CALL and RETURN: the full name */
	const struct fdbg_named_value *values; /* arguments, or one `return_value`, or locals */
	size_t n_values;
};

/* What a block is for. */
enum fdbg_allocation_kind { FDBG_ALLOCATION_UNKNOWN, FDBG_ALLOCATION_BOX, FDBG_ALLOCATION_RC, FDBG_ALLOCATION_ARC,
			    FDBG_ALLOCATION_CONTAINER };

/* "Box", "Rc", "Arc", "container", as in the message; NULL: UNKNOWN. */
const char *fdbg_allocation_kind_name(enum fdbg_allocation_kind kind);

struct fdbg_message_allocation {
	enum fdbg_allocation_action action;
	uint64_t address;
	struct fdbg_text type_name;    /* of what lives in the block; of a CONTAINER its own type; "?": not known */
	/* Keys that fdbg adds; in recordings of others thread_id is 0 and the rest empty. */
	enum fdbg_allocation_kind kind;
	uint64_t thread_id, frame_id;
	bool has_size;
	uint64_t size, align;          /* align 0: not known */
	uint64_t elements;             /* of ALLOC: how many objects of the type there is room for; 0: not known */
	bool moved;                    /* the block was at old_address before, and its DROP goes before this */
	uint64_t old_address;
	bool last;                     /* from here on the heap is not recorded any more */
	bool unseen;                   /* of DROP: the release itself was not seen, only that the address was given out again */
	struct fdbg_text function, file; /* where in the program it is made; empty: not known */
	uint32_t line;                 /* 0: not known */
};

/* A message that was read: its place and time, and its content by stream. */
struct fdbg_message {
	enum fdbg_stream stream;
	struct fdbg_text key;
	uint64_t sequence;     /* from 1, contiguous per key */
	uint64_t timestamp_ms; /* since the Unix epoch */
	uint64_t offset;       /* of its header in the file */
	const uint8_t *payload; /* the raw bytes */
	size_t payload_len;
	union {
		struct fdbg_message_info info;
		struct fdbg_message_file file;
		struct fdbg_message_breakpoint breakpoint;
		struct fdbg_message_event event;
		struct fdbg_message_allocation allocation;
	};
};

#endif
