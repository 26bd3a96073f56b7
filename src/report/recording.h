/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A recording being read: its messages, with what earlier messages said about them. */
#ifndef FDBG_REPORT_RECORDING_H
#define FDBG_REPORT_RECORDING_H

#include "base/log.h"
#include "report/frames.h"
#include "stream/reader.h"
#include "value/render.h"

/*
 * Reads a file once, from front to back, and keeps what the reports need of it: what was recorded, files,
 * breakpoints and the threads' stacks. A message whose content is malformed is passed over with a warning, a
 * file that ends without its end of stream is read up to there with a warning; `strict` makes an error of the
 * former.
 */
struct fdbg_recording {
	const char *path;             /* the caller's */
	struct fdbg_reader *reader;
	const struct fdbg_log *log;
	bool strict;
	bool growing;                 /* no warning of a file without its end: it is read on later */
	struct fdbg_arena arena;
	const struct fdbg_message_info *info; /* the debugger message; NULL: none so far */
	struct fdbg_render_context render; /* how values print, by that message */
	bool has_exit;
	int32_t exit_code;
	struct fdbg_map files;        /* id to const struct fdbg_message_file * */
	struct fdbg_map breakpoints;  /* id to const struct fdbg_message_breakpoint * */
	struct fdbg_map elements;     /* address of a live heap block to how many objects it has room for, where known */
	struct fdbg_frames frames;
	struct fdbg_frame_event at;   /* of the message just read, when it is an event */
	uint64_t n_malformed;         /* messages passed over */
	bool begun;                   /* a message was read */
	uint64_t start_ms;            /* time of the first message */
};

/* Opens path, or fails with what is wrong with it. log (NULL allowed) gets the warnings. */
struct fdbg_error *fdbg_recording_open(const char *path, const struct fdbg_log *log,
				       struct fdbg_recording **ret) FDBG_CHECK;
void fdbg_recording_close(struct fdbg_recording *recording);

/* The next message, valid until the next call; NULL at the end, of whichever kind (fdbg_recording_is_cut). */
struct fdbg_error *fdbg_recording_next(struct fdbg_recording *recording,
				       const struct fdbg_message **ret) FDBG_CHECK;

/* True when the file ended without its end of stream. */
bool fdbg_recording_is_cut(const struct fdbg_recording *recording);

const struct fdbg_message_breakpoint *fdbg_recording_breakpoint(const struct fdbg_recording *recording,
								uint32_t id);
const struct fdbg_message_file *fdbg_recording_file(const struct fdbg_recording *recording, uint32_t id);

/* Source file and line of a breakpoint; false when it has none (returns, the fixed breakpoints). */
bool fdbg_recording_location(const struct fdbg_recording *recording, uint32_t breakpoint_id,
			     struct fdbg_text *path_ret, uint32_t *line_ret);

#endif
