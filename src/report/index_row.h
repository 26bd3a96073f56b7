/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Messages as rows of the index. Private to the index. */
#ifndef FDBG_REPORT_INDEX_ROW_H
#define FDBG_REPORT_INDEX_ROW_H

#include "base/arena.h"
#include "base/map.h"
#include "report/frames.h"
#include "report/index_db.h"
#include "stream/message.h"

/* What is kept from row to row. A zeroed struct is ready. */
struct fdbg_index_rows {
	struct fdbg_buf data, pretty, time, name, attributes;
	struct fdbg_arena arena;      /* the keys of the tables below */
	struct fdbg_strmap functions; /* names that have their row */
	struct fdbg_strmap types;
	struct fdbg_map hits;         /* breakpoint id to hits that are not in its row yet */
};

void fdbg_index_rows_deinit(struct fdbg_index_rows *rows);
/* The tables were emptied. */
void fdbg_index_rows_forget(struct fdbg_index_rows *rows);
/* The events since the last fdbg_index_rows_hits were taken back. */
void fdbg_index_rows_drop_hits(struct fdbg_index_rows *rows);

struct fdbg_error *fdbg_index_row_info(struct fdbg_index_rows *rows, struct fdbg_index_db *db,
				       const struct fdbg_message_info *info) FDBG_CHECK;
struct fdbg_error *fdbg_index_row_file(struct fdbg_index_rows *rows, struct fdbg_index_db *db,
				       const struct fdbg_message_file *file) FDBG_CHECK;
struct fdbg_error *fdbg_index_row_breakpoint(struct fdbg_index_rows *rows, struct fdbg_index_db *db,
					     const struct fdbg_message_breakpoint *breakpoint) FDBG_CHECK;
struct fdbg_error *fdbg_index_row_event(struct fdbg_index_rows *rows, struct fdbg_index_db *db,
					const struct fdbg_message *message, const struct fdbg_frame_event *at,
					uint64_t id) FDBG_CHECK;
struct fdbg_error *fdbg_index_row_allocation(struct fdbg_index_rows *rows, struct fdbg_index_db *db,
					     const struct fdbg_message_allocation *allocation,
					     uint64_t id) FDBG_CHECK;

/* Adds the hits of the events since the last time to their breakpoints' rows: to be done before each commit. */
struct fdbg_error *fdbg_index_rows_hits(struct fdbg_index_rows *rows, struct fdbg_index_db *db) FDBG_CHECK;

/* Whether the row of that id is of this event. */
struct fdbg_error *fdbg_index_row_is_there(struct fdbg_index_rows *rows, struct fdbg_index_db *db,
					   const struct fdbg_message *message, uint64_t id,
					   bool *ret) FDBG_CHECK;

#endif
