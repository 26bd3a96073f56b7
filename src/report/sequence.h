/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The events of each thread as a sequence that can be compared with that of another run. */
#ifndef FDBG_REPORT_SEQUENCE_H
#define FDBG_REPORT_SEQUENCE_H

#include "report/filter.h"
#include "report/recording.h"

/* What to look at. */
struct fdbg_sequence_options {
	struct fdbg_filter filter; /* of it only functions: calls of others are left out */
	bool no_values;            /* only which function was called and left, and how */
};

/* One event: equal hashes are equal events, but for ids, addresses and times. */
struct fdbg_sequence_item {
	uint64_t hash;
	uint64_t event; /* counts the events of the file from 0 */
};

struct fdbg_sequence_thread {
	uint64_t id;
	struct fdbg_text first; /* function of its first call; empty: it has none */
	struct fdbg_sequence_item *items;
	size_t n_items, cap_items;
};

struct fdbg_sequences {
	struct fdbg_sequence_thread *threads; /* in order of first event */
	size_t n_threads;
	uint64_t n_events; /* of the file */
};

/* Reads the recording to its end; names are the recording's. */
struct fdbg_error *fdbg_sequences_build(struct fdbg_recording *recording,
					const struct fdbg_sequence_options *options,
					struct fdbg_sequences *ret) FDBG_CHECK;
void fdbg_sequences_deinit(struct fdbg_sequences *sequences);

/* Whether an event is part of the sequences: to be asked for each in order. */
bool fdbg_sequence_has(const struct fdbg_sequence_options *options, struct fdbg_filter_cache *cache,
		       const struct fdbg_message_event *event, const struct fdbg_frame_event *at);

#endif
