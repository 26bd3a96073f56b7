/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One place in a recording: what happened there, before and after, and inside of which calls. */
#ifndef FDBG_REPORT_SCENE_H
#define FDBG_REPORT_SCENE_H

#include "report/sequence.h"

/* An event as text. */
struct fdbg_scene_value {
	struct fdbg_text name;
	struct fdbg_text text; /* {:?} */
	struct fdbg_text json; /* of the event that was asked for; empty in its surroundings */
};

struct fdbg_scene_event {
	enum fdbg_event_kind kind;
	uint64_t depth, frame_id;
	uint64_t event;            /* counts the events of the file from 1 */
	struct fdbg_text function; /* of CALL and RETURN, else that of the frame around it; empty: none */
	bool unwound, missed; /* as in struct fdbg_frame_event */
	const struct fdbg_scene_value *values;
	size_t n_values;
};

struct fdbg_scene {
	struct fdbg_arena arena;
	bool is_there;                    /* false: the thread has no such event any more */
	struct fdbg_scene_event event;
	struct fdbg_scene_event *before, *after;
	size_t n_before, n_after;
	struct fdbg_text *path;           /* functions of the calls around the event, outermost first */
	size_t n_path;
};

/*
 * Reads a recording anew up to the item-th event of a thread's sequence (from 0), with n_around events before
 * and after it.
 */
struct fdbg_error *fdbg_scene_find(const char *path, const struct fdbg_sequence_options *options,
				    uint64_t thread_id, size_t item, size_t n_around,
				    struct fdbg_scene *ret) FDBG_CHECK;
void fdbg_scene_deinit(struct fdbg_scene *scene);

#endif
