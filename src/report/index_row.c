/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Messages as rows of the index (stream-format.md, section 6). */
#include "report/index_row.h"

#include "report/time.h"
#include "stream/content.h"
#include "value/render.h"
#include "value/tall.h"
#include "value/utf8.h"

/* SQLite refuses texts of 10^9 bytes; what hostile files name must not come near. */
enum { MAX_DATA = 500000000 };

void fdbg_index_rows_deinit(struct fdbg_index_rows *rows)
{
	fdbg_buf_deinit(&rows->data);
	fdbg_buf_deinit(&rows->pretty);
	fdbg_buf_deinit(&rows->time);
	fdbg_buf_deinit(&rows->name);
	fdbg_buf_deinit(&rows->attributes);
	fdbg_index_rows_forget(rows);
	fdbg_map_deinit(&rows->hits);
}

void fdbg_index_rows_forget(struct fdbg_index_rows *rows)
{
	fdbg_strmap_deinit(&rows->functions);
	fdbg_strmap_deinit(&rows->types);
	rows->functions = rows->types = (struct fdbg_strmap){ 0 };
	fdbg_arena_deinit(&rows->arena);
	rows->arena = (struct fdbg_arena){ 0 };
}

void fdbg_index_rows_drop_hits(struct fdbg_index_rows *rows)
{
	fdbg_map_clear(&rows->hits);
}

static struct fdbg_text text_of(const struct fdbg_buf *buf)
{
	return (struct fdbg_text){ (const char *)buf->data, buf->len };
}

/* Binds texts to the columns from `column` on. */
static struct fdbg_error *bind_texts(struct fdbg_index_db *db, sqlite3_stmt *statement, int column,
				     const struct fdbg_text *texts, size_t n)
{
	struct fdbg_error *err = NULL;

	for (size_t i = 0; i < n && !err; i++)
		err = fdbg_index_db_bind(db, statement, column + (int)i, texts[i]);
	return err;
}

struct fdbg_error *fdbg_index_row_info(struct fdbg_index_rows *rows, struct fdbg_index_db *db,
				       const struct fdbg_message_info *info)
{
	sqlite3_stmt *statement;
	struct fdbg_error *err;

	if (info->exit) {
		statement = fdbg_index_db_statement(db, FDBG_INDEX_EXIT);
		sqlite3_bind_int(statement, 1, info->exit_code);
		return fdbg_index_db_run(db, statement);
	}
	fdbg_buf_clear(&rows->data);
	fdbg_content_put_texts(&rows->data, info->arguments, info->n_arguments);
	err = fdbg_buf_error(&rows->data);
	if (err)
		return err;
	statement = fdbg_index_db_statement(db, FDBG_INDEX_INFO);
	err = bind_texts(db, statement, 1, (const struct fdbg_text[]){
		info->debugger, info->version, info->workspace_root, info->package_name, info->target,
		text_of(&rows->data) }, 6);
	return err ? err : fdbg_index_db_run(db, statement);
}

/* `YYYY-MM-DD HH:MM:SS` in UTC. */
static void put_modified(struct fdbg_buf *buf, uint64_t seconds)
{
	size_t start = buf->len;
	uint8_t *mark;

	fdbg_time_rfc3339(buf, seconds > UINT64_MAX / 1000 ? UINT64_MAX / 1000 * 1000 : seconds * 1000);
	if (buf->failed)
		return;
	mark = memchr(buf->data + start, 'T', buf->len - start);
	if (mark)
		*mark = ' ';
	mark = memchr(buf->data + start, '.', buf->len - start);
	if (mark)
		buf->len = (size_t)(mark - buf->data);
}

struct fdbg_error *fdbg_index_row_file(struct fdbg_index_rows *rows, struct fdbg_index_db *db,
				       const struct fdbg_message_file *file)
{
	sqlite3_stmt *statement = fdbg_index_db_statement(db, FDBG_INDEX_FILE);
	struct fdbg_error *err;

	fdbg_buf_clear(&rows->time);
	put_modified(&rows->time, file->modified_secs);
	err = fdbg_buf_error(&rows->time);
	if (err)
		return err;
	sqlite3_bind_int64(statement, 1, file->id);
	err = bind_texts(db, statement, 2, (const struct fdbg_text[]){ file->path, file->crate_name,
								       text_of(&rows->time) }, 3);
	return err ? err : fdbg_index_db_run(db, statement);
}

struct fdbg_error *fdbg_index_row_breakpoint(struct fdbg_index_rows *rows, struct fdbg_index_db *db,
					     const struct fdbg_message_breakpoint *breakpoint)
{
	sqlite3_stmt *statement = fdbg_index_db_statement(db, FDBG_INDEX_BREAKPOINT);
	struct fdbg_error *err;

	fdbg_buf_clear(&rows->data);
	fdbg_buf_clear(&rows->pretty);
	fdbg_content_put_type(&rows->data, breakpoint);
	fdbg_content_put_capture(&rows->pretty, breakpoint);
	if (rows->data.failed || rows->pretty.failed)
		return &fdbg_error_nomem;
	sqlite3_bind_int64(statement, 1, breakpoint->id);
	sqlite3_bind_int64(statement, 2, breakpoint->file_id);
	sqlite3_bind_int64(statement, 3, breakpoint->line);
	if (breakpoint->column)
		sqlite3_bind_int64(statement, 4, breakpoint->column);
	else
		sqlite3_bind_null(statement, 4);
	err = bind_texts(db, statement, 5, (const struct fdbg_text[]){ text_of(&rows->data),
								       text_of(&rows->pretty) }, 2);
	return err ? err : fdbg_index_db_run(db, statement);
}

/* RFC 3339 without zeros at the end of the fraction, nor a fraction of zeros. */
static void put_time(struct fdbg_buf *buf, uint64_t time_ms)
{
	fdbg_time_rfc3339(buf, time_ms);
	if (buf->failed)
		return;
	buf->len--;
	while (buf->data[buf->len - 1] == '0')
		buf->len--;
	if (buf->data[buf->len - 1] == '.')
		buf->len--;
	fdbg_buf_byte(buf, 'Z');
}

/* Columns `data` and `pretty`. */
static struct fdbg_error *render(struct fdbg_index_rows *rows, const struct fdbg_message_event *event)
{
	static const struct fdbg_value none = { .kind = FDBG_VALUE_OPAQUE };

	fdbg_buf_clear(&rows->data);
	fdbg_buf_clear(&rows->pretty);
	if (event->kind == FDBG_EVENT_RETURN) {
		const struct fdbg_value *value = event->n_values ? &event->values[0].value : &none;

		fdbg_render_json(&rows->data, value);
		fdbg_render_tall(&rows->pretty, value);
	} else {
		fdbg_buf_byte(&rows->data, '[');
		fdbg_buf_string(&rows->pretty, event->n_values ? "(\n" : "(");
		for (size_t i = 0; i < event->n_values; i++) {
			const struct fdbg_named_value *named = &event->values[i];

			fdbg_buf_string(&rows->data, i ? ",[" : "[");
			fdbg_render_json_string(&rows->data, named->name.data, named->name.len);
			fdbg_buf_byte(&rows->data, ',');
			fdbg_render_json(&rows->data, &named->value);
			fdbg_buf_byte(&rows->data, ']');
			fdbg_utf8_put(&rows->pretty, named->name);
			fdbg_buf_string(&rows->pretty, ": ");
			fdbg_render_tall(&rows->pretty, &named->value);
			fdbg_buf_string(&rows->pretty, ",\n");
		}
		fdbg_buf_byte(&rows->data, ']');
		fdbg_buf_byte(&rows->pretty, ')');
	}
	if (rows->data.failed || rows->pretty.failed)
		return &fdbg_error_nomem;
	if (rows->data.len > MAX_DATA || rows->pretty.len > MAX_DATA) {
		fdbg_buf_clear(&rows->data);
		fdbg_buf_clear(&rows->pretty);
		fdbg_buf_string(&rows->data,
				event->kind == FDBG_EVENT_RETURN ? "{\"type\":\"Opaque\"}" : "[]");
		fdbg_buf_string(&rows->pretty, "(?)");
	}
	return NULL;
}

static bool is_error(const struct fdbg_message_event *event)
{
	if (event->kind == FDBG_EVENT_PANIC)
		return true;
	for (size_t i = 0; i < event->n_values; i++) {
		if (fdbg_value_is_err(&event->values[i].value))
			return true;
	}
	return false;
}

/* True when the key is new to the table, which then has it. */
static struct fdbg_error *remember(struct fdbg_index_rows *rows, struct fdbg_strmap *map,
				   struct fdbg_text key, bool *new_ret)
{
	uint64_t found;

	*new_ret = !fdbg_strmap_get(map, key, &found);
	if (!*new_ret)
		return NULL;
	key = fdbg_arena_text(&rows->arena, key);
	return key.data && fdbg_strmap_set(map, key, 1) ? NULL : &fdbg_error_nomem;
}

static struct fdbg_error *add_function(struct fdbg_index_rows *rows, struct fdbg_index_db *db,
				       struct fdbg_text name)
{
	sqlite3_stmt *statement;
	bool is_new;
	struct fdbg_error *err = remember(rows, &rows->functions, name, &is_new);

	if (err || !is_new)
		return err;
	statement = fdbg_index_db_statement(db, FDBG_INDEX_FUNCTION);
	err = fdbg_index_db_bind(db, statement, 1, name);
	return err ? err : fdbg_index_db_run(db, statement);
}

/* The type of an argument, local or return value; those of the allocating library itself have no row. */
static struct fdbg_error *add_type(struct fdbg_index_rows *rows, struct fdbg_index_db *db,
				   const struct fdbg_value *value)
{
	sqlite3_stmt *statement;
	struct fdbg_error *err;
	bool is_new;

	fdbg_buf_clear(&rows->name);
	fdbg_value_type_name(&rows->name, value);
	err = fdbg_buf_error(&rows->name);
	if (err || fdbg_text_starts(text_of(&rows->name), "alloc::"))
		return err;
	err = remember(rows, &rows->types, text_of(&rows->name), &is_new);
	if (err || !is_new)
		return err;
	fdbg_buf_clear(&rows->attributes);
	statement = fdbg_index_db_statement(db, FDBG_INDEX_TYPE);
	err = fdbg_index_db_bind(db, statement, 1, text_of(&rows->name));
	if (!err && fdbg_value_type_attributes(&rows->attributes, value)) {
		err = fdbg_buf_error(&rows->attributes);
		/* JSON is UTF-8 already, so this does not need the place of a repaired text. */
		if (!err)
			err = fdbg_index_db_bind(db, statement, 2, text_of(&rows->attributes));
	} else {
		sqlite3_bind_null(statement, 2);
	}
	return err ? err : fdbg_index_db_run(db, statement);
}

static struct fdbg_error *count_hit(struct fdbg_index_rows *rows, uint32_t breakpoint_id)
{
	uint64_t n = 0;

	(void)fdbg_map_get(&rows->hits, breakpoint_id, &n);
	return fdbg_map_set(&rows->hits, breakpoint_id, n + 1) ? NULL : &fdbg_error_nomem;
}

static void bind_id_if(sqlite3_stmt *statement, int column, bool there, uint64_t id)
{
	/* SQLite has no unsigned integers of 64 bits: the upper half turns negative. */
	if (there)
		sqlite3_bind_int64(statement, column, (int64_t)id);
	else
		sqlite3_bind_null(statement, column);
}

struct fdbg_error *fdbg_index_row_event(struct fdbg_index_rows *rows, struct fdbg_index_db *db,
					const struct fdbg_message *message, const struct fdbg_frame_event *at,
					uint64_t id)
{
	static const char *const types[] = {
		[FDBG_EVENT_CALL] = "F", [FDBG_EVENT_RETURN] = "R", [FDBG_EVENT_BREAKPOINT] = "B",
		[FDBG_EVENT_PANIC] = "P", [FDBG_EVENT_FUTURE_ENTER] = "AF", [FDBG_EVENT_FUTURE_EXIT] = "AR",
	};
	const struct fdbg_message_event *event = &message->event;
	bool is_call = event->kind == FDBG_EVENT_CALL;
	bool has_function = is_call || event->kind == FDBG_EVENT_RETURN;
	sqlite3_stmt *statement;
	struct fdbg_error *err = render(rows, event);

	if (!err && has_function)
		err = add_function(rows, db, event->function);
	for (size_t i = 0; i < event->n_values && !err; i++)
		err = add_type(rows, db, &event->values[i].value);
	if (!err)
		err = count_hit(rows, event->breakpoint_id);
	if (err)
		return err;
	fdbg_buf_clear(&rows->time);
	put_time(&rows->time, message->timestamp_ms);
	if (rows->time.failed)
		return &fdbg_error_nomem;
	/* The function's name may be any bytes; the rendered texts are UTF-8 already. */
	statement = fdbg_index_db_statement(db, FDBG_INDEX_EVENT);
	bind_id_if(statement, 1, true, id);
	bind_id_if(statement, 2, true, event->breakpoint_id);
	bind_id_if(statement, 3, true, event->thread_id);
	bind_id_if(statement, 4, true, event->frame_id);
	bind_id_if(statement, 5, is_call && at->parent, at->parent ? at->parent->id : 0);
	bind_id_if(statement, 6, is_call, event->stack_pointer);
	sqlite3_bind_null(statement, 7);
	if (has_function)
		err = fdbg_index_db_bind(db, statement, 7, event->function);
	sqlite3_bind_text(statement, 8, types[event->kind], -1, SQLITE_STATIC);
	if (!err)
		err = bind_texts(db, statement, 9, (const struct fdbg_text[]){ text_of(&rows->time),
			text_of(&rows->data), text_of(&rows->pretty) }, 3);
	sqlite3_bind_int(statement, 12, is_error(event));
	return err ? err : fdbg_index_db_run(db, statement);
}

struct fdbg_error *fdbg_index_row_allocation(struct fdbg_index_rows *rows, struct fdbg_index_db *db,
					     const struct fdbg_message_allocation *allocation, uint64_t id)
{
	sqlite3_stmt *statement = fdbg_index_db_statement(db, FDBG_INDEX_ALLOCATION);
	struct fdbg_error *err;

	(void)rows;
	bind_id_if(statement, 1, true, id);
	sqlite3_bind_text(statement, 2, allocation->action == FDBG_ALLOCATION_ALLOC ? "Alloc" : "Drop", -1,
			  SQLITE_STATIC);
	bind_id_if(statement, 3, true, allocation->address);
	err = fdbg_index_db_bind(db, statement, 4, allocation->type_name);
	return err ? err : fdbg_index_db_run(db, statement);
}

struct fdbg_error *fdbg_index_rows_hits(struct fdbg_index_rows *rows, struct fdbg_index_db *db)
{
	uint64_t id, n;
	size_t iter = 0;

	while (fdbg_map_next(&rows->hits, &iter, &id, &n)) {
		sqlite3_stmt *statement = fdbg_index_db_statement(db, FDBG_INDEX_HITS);
		struct fdbg_error *err;

		bind_id_if(statement, 1, true, n);
		bind_id_if(statement, 2, true, id);
		err = fdbg_index_db_run(db, statement);
		if (err)
			return err;
	}
	fdbg_map_clear(&rows->hits);
	return NULL;
}

struct fdbg_error *fdbg_index_row_is_there(struct fdbg_index_rows *rows, struct fdbg_index_db *db,
					   const struct fdbg_message *message, uint64_t id, bool *ret)
{
	sqlite3_stmt *statement = fdbg_index_db_statement(db, FDBG_INDEX_SAME_EVENT);
	struct fdbg_error *err;
	uint64_t n = 0;

	fdbg_buf_clear(&rows->time);
	put_time(&rows->time, message->timestamp_ms);
	err = fdbg_buf_error(&rows->time);
	if (err)
		return err;
	bind_id_if(statement, 1, true, id);
	bind_id_if(statement, 2, true, message->event.breakpoint_id);
	bind_id_if(statement, 3, true, message->event.thread_id);
	bind_id_if(statement, 4, true, message->event.frame_id);
	err = fdbg_index_db_bind(db, statement, 5, text_of(&rows->time));
	if (!err)
		err = fdbg_index_db_number(db, statement, &n);
	if (!err)
		*ret = n == 1;
	return err;
}
