/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The database of an index: its file, its schema, its statements. Private to the index. */
#ifndef FDBG_REPORT_INDEX_DB_H
#define FDBG_REPORT_INDEX_DB_H

#include <sqlite3.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/text.h"

enum fdbg_index_statement {
	FDBG_INDEX_BEGIN, FDBG_INDEX_COMMIT, FDBG_INDEX_ROLLBACK,
	FDBG_INDEX_INFO, FDBG_INDEX_EXIT, FDBG_INDEX_FILE, FDBG_INDEX_BREAKPOINT, FDBG_INDEX_HITS,
	FDBG_INDEX_EVENT, FDBG_INDEX_FUNCTION, FDBG_INDEX_TYPE, FDBG_INDEX_ALLOCATION,
	FDBG_INDEX_LAST_EVENT, FDBG_INDEX_LAST_ALLOCATION, FDBG_INDEX_SAME_EVENT,
	FDBG_INDEX_N_STATEMENTS,
};

struct fdbg_index_db {
	const char *path;    /* the caller's */
	sqlite3 *handle;
	sqlite3_stmt *statements[FDBG_INDEX_N_STATEMENTS];
	struct fdbg_buf repaired; /* of a text that is not UTF-8 */
	bool in_transaction;
};

/*
 * Opens or creates the database and makes sure that it is an index: *identity_ret is that of the recording it
 * is of, 0 when it is empty. On failure db is closed.
 */
struct fdbg_error *fdbg_index_db_open(struct fdbg_index_db *db, const char *path, bool force,
				      uint32_t *identity_ret) FDBG_CHECK;

/* Puts everything into one file and closes it. What was committed is safe whatever this says. */
struct fdbg_error *fdbg_index_db_close(struct fdbg_index_db *db) FDBG_CHECK;

/* Deletes all rows and sets whose index it is, inside a transaction. */
struct fdbg_error *fdbg_index_db_clear(struct fdbg_index_db *db, uint32_t identity) FDBG_CHECK;

struct fdbg_error *fdbg_index_db_begin(struct fdbg_index_db *db) FDBG_CHECK;
struct fdbg_error *fdbg_index_db_commit(struct fdbg_index_db *db) FDBG_CHECK;
/* Takes back what was not committed; does nothing outside of a transaction. */
void fdbg_index_db_rollback(struct fdbg_index_db *db);

/* The statement, ready to be bound anew. */
sqlite3_stmt *fdbg_index_db_statement(struct fdbg_index_db *db, enum fdbg_index_statement statement);

/* Binds a text, which must live until the step; bytes that are not UTF-8 become `?`: in one text of a row. */
struct fdbg_error *fdbg_index_db_bind(struct fdbg_index_db *db, sqlite3_stmt *statement, int column,
				      struct fdbg_text text) FDBG_CHECK;

/* Runs a statement that gives no rows. */
struct fdbg_error *fdbg_index_db_run(struct fdbg_index_db *db, sqlite3_stmt *statement) FDBG_CHECK;

/* Runs a statement that gives one number; 0 when it gives no row. */
struct fdbg_error *fdbg_index_db_number(struct fdbg_index_db *db, sqlite3_stmt *statement,
					uint64_t *ret) FDBG_CHECK;

#endif
