/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The database of an index: its file, its schema, its statements. */
#include "report/index_db.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scope.h"
#include "value/utf8.h"

/* "fdbg": what sqlite(1) calls the application id of the file. */
#define APPLICATION_ID 0x66646267

enum { BUSY_TIMEOUT_MS = 5000 };

/* stream-format.md, section 6, word by word; sqlite_master keeps the text and we compare it. */
static const struct {
	const char *name, *sql;
} schema[] = {
	{ "debugger_info",
	  "CREATE TABLE debugger_info (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, "
	  "debugger text NOT NULL, version text NOT NULL, workspace_root text NOT NULL, package_name text NOT NULL, "
	  "target text NOT NULL, arguments text NOT NULL, exit_code integer)" },
	{ "file",
	  "CREATE TABLE file (id integer NOT NULL PRIMARY KEY, path text NOT NULL, crate_name text NOT NULL, "
	  "modified text NOT NULL)" },
	{ "breakpoint",
	  "CREATE TABLE breakpoint (id integer NOT NULL PRIMARY KEY, file_id integer NOT NULL, "
	  "loc_line integer NOT NULL, loc_column integer, breakpoint_type text NOT NULL, "
	  "capture text NOT NULL, hit_count bigint NOT NULL, FOREIGN KEY (file_id) REFERENCES file (id))" },
	{ "event",
	  "CREATE TABLE event (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, "
	  "breakpoint_id integer NOT NULL, thread_id bigint NOT NULL, frame_id bigint NOT NULL, parent_frame_id bigint, "
	  "stack_pointer bigint, function_name text, event_type text NOT NULL, timestamp text NOT NULL, "
	  "data text NOT NULL, pretty text NOT NULL, is_error boolean NOT NULL, "
	  "FOREIGN KEY (breakpoint_id) REFERENCES breakpoint (id))" },
	{ "idx-event-frame_id", "CREATE INDEX \"idx-event-frame_id\" ON event (frame_id)" },
	{ "function", "CREATE TABLE function (function_name text NOT NULL PRIMARY KEY)" },
	{ "type_info", "CREATE TABLE type_info (type_name text NOT NULL PRIMARY KEY, attributes text)" },
	{ "allocation",
	  "CREATE TABLE allocation (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, action text NOT NULL, "
	  "address bigint NOT NULL, type_name text NOT NULL)" },
};
#define N_SCHEMA (sizeof(schema) / sizeof(schema[0]))

/*
 * The first of several messages with the same id counts. Ids of events and allocations are given, so that two
 * programs that index at the same time collide instead of adding rows twice.
 */
static const char *const statements[FDBG_INDEX_N_STATEMENTS] = {
	[FDBG_INDEX_BEGIN] = "BEGIN IMMEDIATE",
	[FDBG_INDEX_COMMIT] = "COMMIT",
	[FDBG_INDEX_ROLLBACK] = "ROLLBACK",
	[FDBG_INDEX_INFO] = "INSERT OR IGNORE INTO debugger_info VALUES (1, ?, ?, ?, ?, ?, ?, NULL)",
	[FDBG_INDEX_EXIT] = "UPDATE debugger_info SET exit_code = ? WHERE id = 1",
	[FDBG_INDEX_FILE] = "INSERT OR IGNORE INTO file VALUES (?, ?, ?, ?)",
	[FDBG_INDEX_BREAKPOINT] = "INSERT OR IGNORE INTO breakpoint VALUES (?, ?, ?, ?, ?, ?, 0)",
	[FDBG_INDEX_HITS] = "UPDATE breakpoint SET hit_count = hit_count + ? WHERE id = ?",
	[FDBG_INDEX_EVENT] = "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[FDBG_INDEX_FUNCTION] = "INSERT OR IGNORE INTO function VALUES (?)",
	[FDBG_INDEX_TYPE] = "INSERT OR IGNORE INTO type_info VALUES (?, ?)",
	[FDBG_INDEX_ALLOCATION] = "INSERT INTO allocation VALUES (?, ?, ?, ?)",
	[FDBG_INDEX_LAST_EVENT] = "SELECT max(id) FROM event",
	[FDBG_INDEX_LAST_ALLOCATION] = "SELECT max(id) FROM allocation",
	[FDBG_INDEX_SAME_EVENT] =
		"SELECT 1 FROM event WHERE (id, breakpoint_id, thread_id, frame_id, timestamp) = (?, ?, ?, ?, ?)",
};

/* Turns what SQLite says into an error of ours. */
static struct fdbg_error *db_error(const struct fdbg_index_db *db, int code)
{
	int errnum = db->handle ? sqlite3_system_errno(db->handle) : 0;

	switch (code & 0xff) {
	case SQLITE_NOMEM:
		return &fdbg_error_nomem;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return fdbg_error_create(FDBG_ERROR_IO, "%s is locked by another program", db->path);
	case SQLITE_CONSTRAINT:
		return fdbg_error_create(FDBG_ERROR_IO, "%s is being written by another program", db->path);
	case SQLITE_FULL:
		return fdbg_error_create(FDBG_ERROR_IO, "cannot write %s: the disk is full", db->path);
	case SQLITE_READONLY:
		return fdbg_error_create(FDBG_ERROR_IO, "cannot write %s: it, or its folder, is read-only",
					 db->path);
	case SQLITE_NOTADB:
		return fdbg_error_create(FDBG_ERROR_USAGE,
					 "%s is no SQLite database; choose another file with --output, "
					 "or replace it with --force", db->path);
	case SQLITE_CORRUPT:
		return fdbg_error_create(FDBG_ERROR_FORMAT, "%s is damaged; make it anew with --force",
					 db->path);
	case SQLITE_CANTOPEN:
	case SQLITE_IOERR:
	case SQLITE_PERM:
		if (errnum)
			return fdbg_error_errno(errnum, "cannot %s %s",
						(code & 0xff) == SQLITE_IOERR ? "read or write" : "open", db->path);
		return fdbg_error_create(FDBG_ERROR_IO, "cannot read or write %s: %s", db->path,
					 sqlite3_errstr(code));
	default:
		break;
	}
	return fdbg_error_create(FDBG_ERROR_IO, "%s: %s", db->path,
				 db->handle ? sqlite3_errmsg(db->handle) : sqlite3_errstr(code));
}

static struct fdbg_error *execute(const struct fdbg_index_db *db, const char *sql)
{
	int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? NULL : db_error(db, code);
}

static struct fdbg_error *ask_number(const struct fdbg_index_db *db, const char *sql, int64_t *ret)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		*ret = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return code == SQLITE_ROW ? NULL : db_error(db, code);
}

/* How many of the schema's objects are there as they should be, and how many others. */
static struct fdbg_error *compare_schema(const struct fdbg_index_db *db, size_t *n_same_ret,
					 size_t *n_other_ret)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(db->handle,
				      "SELECT name, sql FROM sqlite_master WHERE name <> 'sqlite_sequence' "
				      "AND name NOT GLOB 'sqlite_autoindex_*'", -1, &statement, NULL);
	size_t n_same = 0, n_other = 0;

	while (code == SQLITE_OK || code == SQLITE_ROW) {
		const char *name, *sql;
		bool same = false;

		code = sqlite3_step(statement);
		if (code != SQLITE_ROW)
			break;
		name = (const char *)sqlite3_column_text(statement, 0);
		sql = (const char *)sqlite3_column_text(statement, 1);
		for (size_t i = 0; i < N_SCHEMA && name && sql; i++)
			same |= !strcmp(name, schema[i].name) && !strcmp(sql, schema[i].sql);
		n_same += same;
		n_other += !same;
	}
	sqlite3_finalize(statement);
	if (code != SQLITE_DONE)
		return db_error(db, code);
	*n_same_ret = n_same;
	*n_other_ret = n_other;
	return NULL;
}

struct found {
	int64_t application, identity;
	size_t n_same, n_other;
};

static struct fdbg_error *look(const struct fdbg_index_db *db, struct found *ret)
{
	struct fdbg_error *err;

	err = ask_number(db, "PRAGMA application_id", &ret->application);
	if (!err)
		err = ask_number(db, "PRAGMA user_version", &ret->identity);
	return err ? err : compare_schema(db, &ret->n_same, &ret->n_other);
}

static bool is_empty(const struct found *found)
{
	return !found->application && !found->identity && !found->n_same && !found->n_other;
}

/* Makes the tables, unless another program did in the meantime. */
static struct fdbg_error *create_schema(const struct fdbg_index_db *db, struct found *found)
{
	struct fdbg_buf sql = { 0 };
	struct fdbg_error *err = execute(db, "BEGIN IMMEDIATE");

	if (err)
		return err;
	err = look(db, found);
	if (err || !is_empty(found)) {
		fdbg_error_destroy(execute(db, "ROLLBACK"));
		return err;
	}
	fdbg_buf_printf(&sql, "PRAGMA application_id = %d;", APPLICATION_ID);
	for (size_t i = 0; i < N_SCHEMA; i++)
		fdbg_buf_printf(&sql, "%s;", schema[i].sql);
	fdbg_buf_string(&sql, "COMMIT");
	err = fdbg_buf_error(&sql);
	if (!err)
		err = execute(db, fdbg_buf_cstr(&sql));
	fdbg_buf_deinit(&sql);
	*found = (struct found){ .application = APPLICATION_ID, .n_same = N_SCHEMA };
	return err;
}

/* Nothing is written into a database that is not an index of ours. */
static struct fdbg_error *check_schema(const struct fdbg_index_db *db, uint32_t *identity_ret)
{
	struct found found;
	struct fdbg_error *err = execute(db, "BEGIN");

	/* In a transaction, so that another program does not make the tables while we look. */
	if (!err)
		err = look(db, &found);
	if (!sqlite3_get_autocommit(db->handle))
		fdbg_error_destroy(execute(db, "ROLLBACK"));
	if (!err && is_empty(&found))
		err = create_schema(db, &found);
	if (err)
		return err;
	if (found.application != APPLICATION_ID)
		return fdbg_error_create(FDBG_ERROR_USAGE,
					 "%s is a database that fdbg did not make; choose another file with "
					 "--output, or replace it with --force", db->path);
	if (found.n_same != N_SCHEMA || found.n_other)
		return fdbg_error_create(FDBG_ERROR_USAGE,
					 "%s has other tables than an index of this fdbg; replace it with --force",
					 db->path);
	*identity_ret = (uint32_t)found.identity;
	return NULL;
}

static struct fdbg_error *prepare_all(struct fdbg_index_db *db)
{
	for (int i = 0; i < FDBG_INDEX_N_STATEMENTS; i++) {
		int code = sqlite3_prepare_v3(db->handle, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
					      &db->statements[i], NULL);

		if (code != SQLITE_OK)
			return db_error(db, code);
	}
	return NULL;
}

static struct fdbg_error *remove_files(const char *path)
{
	static const char *const ends[] = { "", "-wal", "-shm", "-journal" };
	struct stat st;

	if (!lstat(path, &st) && !S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
		return fdbg_error_create(FDBG_ERROR_USAGE, "%s is not a file that could be replaced", path);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		char *name FDBG_AUTO_FREE = NULL;

		if (asprintf(&name, "%s%s", path, ends[i]) < 0) {
			name = NULL;
			return &fdbg_error_nomem;
		}
		if (unlink(name) && errno != ENOENT)
			return fdbg_error_errno(errno, "cannot replace %s", name);
	}
	return NULL;
}

static struct fdbg_error *open_file(struct fdbg_index_db *db)
{
	char *name FDBG_AUTO_FREE = NULL;
	int code;

	/* Names such as `:memory:` mean a file here. */
	if (asprintf(&name, "%s%s", db->path[0] == '/' ? "" : "./", db->path) < 0) {
		name = NULL;
		return &fdbg_error_nomem;
	}
	code = sqlite3_open_v2(name, &db->handle,
			       SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
	if (code != SQLITE_OK)
		return db_error(db, code);
	sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
	sqlite3_extended_result_codes(db->handle, 1);
	/* A file that somebody prepared is not to run anything. */
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	return NULL;
}

static void shut(struct fdbg_index_db *db)
{
	for (int i = 0; i < FDBG_INDEX_N_STATEMENTS; i++)
		sqlite3_finalize(db->statements[i]);
	sqlite3_close(db->handle);
	fdbg_buf_deinit(&db->repaired);
	*db = (struct fdbg_index_db){ 0 };
}

struct fdbg_error *fdbg_index_db_open(struct fdbg_index_db *db, const char *path, bool force,
				      uint32_t *identity_ret)
{
	struct fdbg_error *err = NULL;

	*db = (struct fdbg_index_db){ .path = path };
	if (force)
		err = remove_files(path);
	if (!err)
		err = open_file(db);
	if (!err)
		err = check_schema(db, identity_ret);
	/*
	 * WAL keeps readers and the writer out of each other's way; where the file system cannot, the old
	 * journal stays, and transactions are short. NORMAL: a crash of the machine may lose the newest rows,
	 * never the file.
	 */
	if (!err)
		err = execute(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; "
				  "PRAGMA wal_autocheckpoint = 8000; PRAGMA cache_size = -32000; "
				  "PRAGMA foreign_keys = OFF");
	if (!err)
		err = prepare_all(db);
	if (err)
		shut(db);
	return err;
}

struct fdbg_error *fdbg_index_db_close(struct fdbg_index_db *db)
{
	struct fdbg_error *err = NULL;

	if (!db->handle)
		return NULL;
	fdbg_index_db_rollback(db);
	for (int i = 0; i < FDBG_INDEX_N_STATEMENTS; i++) {
		sqlite3_finalize(db->statements[i]);
		db->statements[i] = NULL;
	}
	/* A reader that is there keeps it from this. The log beside the file then stays, and all is well. */
	sqlite3_busy_timeout(db->handle, 100);
	err = execute(db, "PRAGMA wal_checkpoint(TRUNCATE)");
	if (!err) {
		fdbg_error_destroy(execute(db, "PRAGMA journal_mode = DELETE"));
	} else if (sqlite3_errcode(db->handle) == SQLITE_BUSY || sqlite3_errcode(db->handle) == SQLITE_LOCKED) {
		fdbg_error_destroy(err);
		err = NULL;
	}
	shut(db);
	return err;
}

struct fdbg_error *fdbg_index_db_clear(struct fdbg_index_db *db, uint32_t identity)
{
	char sql[400];

	snprintf(sql, sizeof(sql),
		 "DELETE FROM debugger_info; DELETE FROM event; DELETE FROM breakpoint; DELETE FROM file; "
		 "DELETE FROM function; DELETE FROM type_info; DELETE FROM allocation; "
		 "DELETE FROM sqlite_sequence; PRAGMA user_version = %d", (int)identity);
	return execute(db, sql);
}

struct fdbg_error *fdbg_index_db_begin(struct fdbg_index_db *db)
{
	struct fdbg_error *err =
		fdbg_index_db_run(db, fdbg_index_db_statement(db, FDBG_INDEX_BEGIN));

	db->in_transaction = !err;
	return err;
}

struct fdbg_error *fdbg_index_db_commit(struct fdbg_index_db *db)
{
	struct fdbg_error *err =
		fdbg_index_db_run(db, fdbg_index_db_statement(db, FDBG_INDEX_COMMIT));

	if (!err)
		db->in_transaction = false;
	return err;
}

void fdbg_index_db_rollback(struct fdbg_index_db *db)
{
	/* SQLite may have taken it back by itself, on a full disk. */
	if (db->in_transaction && !sqlite3_get_autocommit(db->handle))
		fdbg_error_destroy(fdbg_index_db_run(db, fdbg_index_db_statement(db, FDBG_INDEX_ROLLBACK)));
	db->in_transaction = false;
}

sqlite3_stmt *fdbg_index_db_statement(struct fdbg_index_db *db, enum fdbg_index_statement statement)
{
	sqlite3_reset(db->statements[statement]);
	return db->statements[statement];
}

struct fdbg_error *fdbg_index_db_bind(struct fdbg_index_db *db, sqlite3_stmt *statement, int column,
				      struct fdbg_text text)
{
	int code;

	if (!fdbg_utf8_valid(text)) {
		uint8_t *room;

		fdbg_buf_clear(&db->repaired);
		room = fdbg_buf_reserve(&db->repaired, text.len);
		if (!room)
			return &fdbg_error_nomem;
		text.len = fdbg_utf8_copy((char *)room, text.len, text);
		text.data = (const char *)room;
	}
	/* NULL data would bind a NULL. */
	code = sqlite3_bind_text64(statement, column, text.len ? text.data : "", text.len, SQLITE_STATIC,
				   SQLITE_UTF8);
	return code == SQLITE_OK ? NULL : db_error(db, code);
}

struct fdbg_error *fdbg_index_db_run(struct fdbg_index_db *db, sqlite3_stmt *statement)
{
	int code = sqlite3_step(statement);
	struct fdbg_error *err = code == SQLITE_DONE || code == SQLITE_ROW ? NULL : db_error(db, code);

	sqlite3_reset(statement);
	return err;
}

struct fdbg_error *fdbg_index_db_number(struct fdbg_index_db *db, sqlite3_stmt *statement, uint64_t *ret)
{
	int code = sqlite3_step(statement);
	struct fdbg_error *err = code == SQLITE_DONE || code == SQLITE_ROW ? NULL : db_error(db, code);

	if (!err)
		*ret = code == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(statement, 0) : 0;
	sqlite3_reset(statement);
	return err;
}
