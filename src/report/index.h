/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The SQLite index of a recording (stream-format.md, section 6). */
#ifndef FDBG_REPORT_INDEX_H
#define FDBG_REPORT_INDEX_H

#include <signal.h>

#include "base/log.h"
#include "report/recording.h"

/*
 * The index is a database with the tables of section 6 and nothing else. It always holds the rows of the
 * first so many messages of its recording: each transaction adds those of a few thousand further messages.
 * What was indexed is therefore known from the rows alone, and indexing again goes on behind them. Which
 * recording it is of stands in the database's user version (from the header of the recording's file), that
 * fdbg made it in its application id; both are fields of the file's header, not of the schema.
 *
 * Readers are never locked out: while it is written the database is in WAL mode. At the end it is put back
 * into one file, unless a reader holds it open.
 */

struct fdbg_index_options {
	const char *recording; /* path of the .firedbg.ss file */
	const char *output;    /* path of the database; NULL: fdbg_index_default_path */
	bool force;            /* replace whatever lies at output */
	bool follow;           /* wait for more until the end of stream, or *stop */
	const volatile sig_atomic_t *stop; /* ends it early when not 0; NULL: never */
	const struct fdbg_log *log; /* gets warnings; NULL allowed */
};

struct fdbg_index_result {
	uint64_t n_events, n_allocations; /* rows there are now */
	uint64_t n_new_events, n_new_allocations; /* of these added by this call */
	bool cut;       /* the recording has no end of stream */
	bool restarted; /* the index was one of another recording, or of more than this one holds */
};

/* Where the index goes by itself: beside the recording, `.firedbg.ss` replaced by `.sqlite`. To be freed. */
struct fdbg_error *fdbg_index_default_path(const char *recording, char **ret) FDBG_CHECK;

/*
 * Brings the index up to date with the recording. What is wrong with the recording, the database or the disk
 * is an error; the rows that were complete before it are kept. *ret is filled in also on error.
 * FDBG_ERROR_USAGE: at output lies something that is not an index made by fdbg, and force is not set.
 */
struct fdbg_error *fdbg_index_run(const struct fdbg_index_options *options,
				  struct fdbg_index_result *ret) FDBG_CHECK;

#endif
