/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The SQLite index of a recording: which messages become which rows. */
#include "report/index.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <xxhash.h>

#include "base/clock.h"
#include "base/scope.h"
#include "report/index_db.h"
#include "report/index_row.h"

/* Rows of a transaction: enough that its cost does not count, few enough that readers soon see them. */
enum { BATCH_ROWS = 8192 };
/* While following: how often to look; how long the recording may be gone while another takes its place. */
enum { POLL_MS = 100, GONE_MS = 3000 };

struct index {
	const struct fdbg_index_options *options;
	struct fdbg_index_result *result;
	struct fdbg_index_db db;
	struct fdbg_index_rows rows;
	struct fdbg_recording *recording;
	uint32_t identity;
	struct stat opened;              /* the recording's file */
	uint64_t n_seen_events, n_seen_allocations; /* of the recording, so far */
	uint64_t n_had_events, n_had_allocations;   /* rows of earlier runs: messages to pass over */
	size_t n_batch;                  /* rows in the open transaction */
	uint64_t n_batch_events, n_batch_allocations;
	bool clear;                      /* the next transaction begins by emptying the tables */
};

struct fdbg_error *fdbg_index_default_path(const char *recording, char **ret)
{
	struct fdbg_text stem = fdbg_text_from(recording);
	char *path;

	if (fdbg_text_ends(stem, ".firedbg.ss"))
		stem.len -= strlen(".firedbg.ss");
	else if (fdbg_text_ends(stem, ".ss"))
		stem.len -= strlen(".ss");
	if (asprintf(&path, "%.*s.sqlite", (int)stem.len, stem.data) < 0)
		return &fdbg_error_nomem;
	*ret = path;
	return NULL;
}

static bool is_stopped(const struct index *index)
{
	return index->options->stop && *index->options->stop;
}

static void wait_a_little(void)
{
	struct timespec pause = { 0, POLL_MS * 1000000L };

	nanosleep(&pause, NULL);
}

/* Never 0, which says that an index is empty; fits the signed 32 bits of SQLite's user version. */
static uint32_t identity_of(const struct fdbg_reader *reader)
{
	struct fdbg_text name = fdbg_reader_name(reader);
	uint64_t hash = XXH3_64bits_withSeed(name.data, name.len, fdbg_reader_created_ms(reader));

	return (uint32_t)(hash & 0x7fffffff) | 1;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Opens the recording from its beginning. A file so new that its header is not there yet is waited for. */
static struct fdbg_error *open_recording(struct index *index)
{
	const struct fdbg_index_options *options = index->options;
	struct fdbg_error *err;

	fdbg_recording_close(index->recording);
	index->recording = NULL;
	for (;;) {
		err = fdbg_recording_open(options->recording, options->log, &index->recording);
		if (!options->follow || !fdbg_error_is(err, FDBG_ERROR_END) || is_stopped(index))
			break;
		fdbg_error_destroy(err);
		wait_a_little();
	}
	if (err)
		return err;
	if (stat(options->recording, &index->opened))
		return fdbg_error_errno(errno, "cannot look at %s", options->recording);
	index->recording->growing = options->follow;
	index->identity = identity_of(index->recording->reader);
	index->n_seen_events = index->n_seen_allocations = 0;
	return NULL;
}

/* The index is not of this recording: everything that it holds goes, with the first new rows. */
static void start_over(struct index *index)
{
	index->clear = true;
	index->n_had_events = index->n_had_allocations = 0;
	index->result->n_events = index->result->n_allocations = 0;
	index->result->n_new_events = index->result->n_new_allocations = 0;
	fdbg_index_rows_forget(&index->rows);
}

static struct fdbg_error *restart(struct index *index)
{
	struct fdbg_error *err;

	fdbg_index_rows_drop_hits(&index->rows);
	fdbg_index_db_rollback(&index->db);
	index->n_batch = 0;
	index->n_batch_events = index->n_batch_allocations = 0;
	index->result->restarted = true;
	start_over(index);
	err = open_recording(index);
	return err;
}

/*
 * Begins a transaction and makes sure that nobody else has written since the last one.
 */
static struct fdbg_error *begin(struct index *index)
{
	struct fdbg_index_db *db = &index->db;
	uint64_t n_events = 0, n_allocations = 0;
	struct fdbg_error *err = fdbg_index_db_begin(db);

	if (err)
		return err;
	if (index->clear) {
		err = fdbg_index_db_clear(db, index->identity);
		if (!err)
			index->clear = false;
		return err;
	}
	err = fdbg_index_db_number(db, fdbg_index_db_statement(db, FDBG_INDEX_LAST_EVENT), &n_events);
	if (!err)
		err = fdbg_index_db_number(db, fdbg_index_db_statement(db, FDBG_INDEX_LAST_ALLOCATION),
					   &n_allocations);
	if (!err && (n_events != index->result->n_events || n_allocations != index->result->n_allocations))
		err = fdbg_error_create(FDBG_ERROR_IO, "%s is being written by another program",
					index->options->output);
	return err;
}

static struct fdbg_error *commit(struct index *index)
{
	struct fdbg_error *err;

	if (!index->db.in_transaction)
		return NULL;
	err = fdbg_index_rows_hits(&index->rows, &index->db);
	if (!err)
		err = fdbg_index_db_commit(&index->db);
	if (err)
		return err;
	index->result->n_events += index->n_batch_events;
	index->result->n_new_events += index->n_batch_events;
	index->result->n_allocations += index->n_batch_allocations;
	index->result->n_new_allocations += index->n_batch_allocations;
	index->n_batch = 0;
	index->n_batch_events = index->n_batch_allocations = 0;
	return NULL;
}

/* Whether the message has its row from an earlier run. */
static bool is_known(struct index *index, const struct fdbg_message *message)
{
	if (message->stream == FDBG_STREAM_EVENT)
		return ++index->n_seen_events <= index->n_had_events;
	if (message->stream == FDBG_STREAM_ALLOCATION)
		return ++index->n_seen_allocations <= index->n_had_allocations;
	return false;
}

/*
 * The last event that is known must be what it was: a recording with the same header but other events was
 * repaired, or put together by hand.
 */
static struct fdbg_error *check_last(struct index *index, const struct fdbg_message *message, bool *ok_ret)
{
	*ok_ret = true;
	if (message->stream != FDBG_STREAM_EVENT || index->n_seen_events != index->n_had_events)
		return NULL;
	return fdbg_index_row_is_there(&index->rows, &index->db, message, index->n_had_events, ok_ret);
}

static struct fdbg_error *add(struct index *index, const struct fdbg_message *message)
{
	struct fdbg_error *err = NULL;

	if (message->stream == FDBG_STREAM_OTHER)
		return NULL;
	if (!index->db.in_transaction)
		err = begin(index);
	if (err)
		return err;
	switch (message->stream) {
	case FDBG_STREAM_INFO:
		err = fdbg_index_row_info(&index->rows, &index->db, &message->info);
		break;
	case FDBG_STREAM_FILE:
		err = fdbg_index_row_file(&index->rows, &index->db, &message->file);
		break;
	case FDBG_STREAM_BREAKPOINT:
		err = fdbg_index_row_breakpoint(&index->rows, &index->db, &message->breakpoint);
		break;
	case FDBG_STREAM_EVENT:
		err = fdbg_index_row_event(&index->rows, &index->db, message, &index->recording->at,
					   index->n_seen_events);
		index->n_batch_events++;
		break;
	case FDBG_STREAM_ALLOCATION:
		err = fdbg_index_row_allocation(&index->rows, &index->db, &message->allocation,
						index->n_seen_allocations);
		index->n_batch_allocations++;
		break;
	case FDBG_STREAM_OTHER:
		break;
	}
	if (!err && ++index->n_batch >= BATCH_ROWS)
		err = commit(index);
	return err;
}

/* Reads to the present end of the recording. */
static struct fdbg_error *catch_up(struct index *index)
{
	const struct fdbg_message *message;
	struct fdbg_error *err, *kept;

	for (;;) {
		bool ok;

		err = fdbg_recording_next(index->recording, &message);
		if (err || !message || is_stopped(index))
			break;
		if (is_known(index, message)) {
			err = check_last(index, message, &ok);
			if (!err && !ok)
				err = restart(index);
		} else {
			err = add(index, message);
		}
		if (err)
			break;
	}
	/* What was read before a broken place is kept. */
	if (!err || err->code == FDBG_ERROR_FORMAT) {
		kept = commit(index);
		if (!err)
			return kept;
		fdbg_error_destroy(kept);
	}
	return err;
}

/* True when the index has rows that the recording, read to its end, does not have. */
static bool has_too_many(const struct index *index)
{
	return !is_stopped(index) && (index->n_seen_events < index->n_had_events ||
				      index->n_seen_allocations < index->n_had_allocations);
}

/*
 * Waits until there may be more to read. *again_ret is set when the recording was replaced: by another file
 * of its name, as the recorder does, or by being written from its beginning.
 */
static struct fdbg_error *wait_for_more(const struct index *index, bool *again_ret)
{
	uint64_t gone_since = 0, now;
	struct stat st;

	*again_ret = false;
	while (!is_stopped(index)) {
		wait_a_little();
		if (!stat(index->options->recording, &st)) {
			*again_ret = !is_same_file(&st, &index->opened) ||
				     (uint64_t)st.st_size < fdbg_reader_offset(index->recording->reader);
			return NULL;
		}
		now = fdbg_clock_mono_ns();
		if (!gone_since)
			gone_since = now;
		if (now - gone_since > (uint64_t)GONE_MS * 1000000)
			return fdbg_error_create(FDBG_ERROR_NOT_FOUND,
						 "%s is gone; the index holds what was read of it",
						 index->options->recording);
	}
	return NULL;
}

static struct fdbg_error *run(struct index *index)
{
	for (;;) {
		struct fdbg_error *err = catch_up(index);
		bool again = false;

		if (err || is_stopped(index))
			return err;
		if (!index->options->follow || !fdbg_recording_is_cut(index->recording)) {
			if (!has_too_many(index))
				return NULL;
			again = true;
		} else {
			err = wait_for_more(index, &again);
		}
		if (!err && again)
			err = restart(index);
		if (err)
			return err;
	}
}

/* An empty index gets its identity at once, so that also a recording without events has one. */
static struct fdbg_error *claim(struct index *index)
{
	struct fdbg_error *err = begin(index);

	return err ? err : commit(index);
}

static struct fdbg_error *open_index(struct index *index)
{
	const struct fdbg_index_options *options = index->options;
	struct fdbg_index_result *result = index->result;
	struct stat st;
	uint32_t identity;
	struct fdbg_error *err;

	if (!stat(options->output, &st) && is_same_file(&st, &index->opened))
		return fdbg_error_create(FDBG_ERROR_USAGE, "%s is the recording itself", options->output);
	err = fdbg_index_db_open(&index->db, options->output, options->force, &identity);
	if (err)
		return err;
	if (identity && identity == index->identity) {
		struct fdbg_index_db *db = &index->db;

		err = fdbg_index_db_number(db, fdbg_index_db_statement(db, FDBG_INDEX_LAST_EVENT),
					   &result->n_events);
		if (!err)
			err = fdbg_index_db_number(db, fdbg_index_db_statement(db, FDBG_INDEX_LAST_ALLOCATION),
						   &result->n_allocations);
		index->n_had_events = result->n_events;
		index->n_had_allocations = result->n_allocations;
		return err;
	}
	result->restarted = identity != 0;
	start_over(index);
	return claim(index);
}

struct fdbg_error *fdbg_index_run(const struct fdbg_index_options *given, struct fdbg_index_result *ret)
{
	struct fdbg_index_options options = *given;
	struct index index = { .options = &options, .result = ret };
	char *own_path FDBG_AUTO_FREE = NULL;
	struct fdbg_error *err = NULL, *shut;

	*ret = (struct fdbg_index_result){ 0 };
	if (!options.output) {
		err = fdbg_index_default_path(options.recording, &own_path);
		options.output = own_path;
	}
	if (!err)
		err = open_recording(&index);
	if (!err)
		err = open_index(&index);
	if (!err)
		err = run(&index);
	if (index.recording)
		ret->cut = fdbg_recording_is_cut(index.recording);
	shut = fdbg_index_db_close(&index.db);
	fdbg_index_rows_deinit(&index.rows);
	fdbg_recording_close(index.recording);
	if (!err)
		return shut;
	fdbg_error_destroy(shut);
	return err;
}
