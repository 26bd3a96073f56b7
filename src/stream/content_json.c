/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The JSON messages: info, file, breakpoint, allocation. */
#include <inttypes.h>
#include <stdlib.h>

#include "stream/content.h"
#include "value/utf8.h"

static int append(const char *data, size_t len, void *buf)
{
	fdbg_buf_append(buf, data, len);
	return 0;
}

/* A JSON string. Most texts are plain ASCII and go out as they are; jansson escapes the others. */
static void put_text(struct fdbg_buf *buf, struct fdbg_text text)
{
	char *repaired = NULL;
	json_t *json;
	size_t plain = 0;

	while (plain < text.len && text.data[plain] >= 0x20 && text.data[plain] < 0x7f &&
	       text.data[plain] != '"' &&
	       text.data[plain] != '\\')
		plain++;
	if (plain == text.len) {
		fdbg_buf_byte(buf, '"');
		fdbg_buf_append(buf, text.data, text.len);
		fdbg_buf_byte(buf, '"');
		return;
	}
	if (!fdbg_utf8_valid(text)) {
		repaired = malloc(text.len);
		if (!repaired) {
			buf->failed = true;
			return;
		}
		text.len = fdbg_utf8_copy(repaired, text.len, text);
		text.data = repaired;
	}
	json = json_stringn(text.data, text.len);
	if (!json || json_dump_callback(json, append, buf, JSON_ENCODE_ANY | JSON_COMPACT))
		buf->failed = true;
	json_decref(json);
	free(repaired);
}

static void put_key_text(struct fdbg_buf *buf, const char *key, struct fdbg_text text)
{
	fdbg_buf_printf(buf, ",\"%s\":", key);
	put_text(buf, text);
}

void fdbg_content_put_texts(struct fdbg_buf *buf, const struct fdbg_text *texts, size_t n)
{
	fdbg_buf_byte(buf, '[');
	for (size_t i = 0; i < n; i++) {
		if (i)
			fdbg_buf_byte(buf, ',');
		put_text(buf, texts[i]);
	}
	fdbg_buf_byte(buf, ']');
}

void fdbg_content_put_info(struct fdbg_buf *buf, const struct fdbg_message_info *info)
{
	if (info->exit) {
		fdbg_buf_printf(buf, "{\"type\":\"Exit\",\"exit_code\":%" PRId32 "}", info->exit_code);
		return;
	}
	fdbg_buf_string(buf, "{\"type\":\"Debugger\"");
	put_key_text(buf, "debugger", info->debugger.len ? info->debugger : FDBG_TEXT(FDBG_STREAM_DEBUGGER));
	put_key_text(buf, "version", info->version);
	put_key_text(buf, "workspace_root", info->workspace_root);
	put_key_text(buf, "package_name", info->package_name);
	put_key_text(buf, "target", info->target);
	fdbg_buf_string(buf, ",\"arguments\":");
	fdbg_content_put_texts(buf, info->arguments, info->n_arguments);
	if (info->recorder.len)
		put_key_text(buf, "recorder", info->recorder);
	if (info->machine.len)
		put_key_text(buf, "machine", info->machine);
	if (info->rustc.len)
		put_key_text(buf, "rustc", info->rustc);
	fdbg_buf_byte(buf, '}');
}

void fdbg_content_put_exec(struct fdbg_buf *buf, const struct fdbg_message_exec *exec)
{
	fdbg_buf_string(buf, "{\"type\":\"Exec\",\"target\":");
	put_text(buf, exec->target);
	fdbg_buf_string(buf, exec->recorded ? ",\"recorded\":true" : ",\"recorded\":false");
	if (exec->package_name.len)
		put_key_text(buf, "package_name", exec->package_name);
	if (exec->workspace_root.len)
		put_key_text(buf, "workspace_root", exec->workspace_root);
	if (exec->rustc.len)
		put_key_text(buf, "rustc", exec->rustc);
	fdbg_buf_byte(buf, '}');
}

void fdbg_content_put_file(struct fdbg_buf *buf, const struct fdbg_message_file *file)
{
	fdbg_buf_printf(buf, "{\"id\":%" PRIu32, file->id);
	put_key_text(buf, "path", file->path);
	put_key_text(buf, "crate_name", file->crate_name);
	fdbg_buf_printf(buf,
			",\"modified\":{\"secs_since_epoch\":%" PRIu64 ",\"nanos_since_epoch\":%" PRIu32 "}}",
			file->modified_secs, file->modified_nanos);
}

static void put_place(struct fdbg_buf *buf, uint32_t line, uint32_t column)
{
	fdbg_buf_printf(buf, "{\"line\":%" PRIu32 ",\"column\":", line);
	if (column)
		fdbg_buf_decimal(buf, column);
	else
		fdbg_buf_string(buf, "null");
	fdbg_buf_byte(buf, '}');
}

void fdbg_content_put_type(struct fdbg_buf *buf, const struct fdbg_message_breakpoint *breakpoint)
{
	switch (breakpoint->type) {
	case FDBG_BREAKPOINT:
		fdbg_buf_string(buf, "\"Breakpoint\"");
		break;
	case FDBG_BREAKPOINT_FUNCTION_CALL:
		fdbg_buf_string(buf, "{\"FunctionCall\":{\"fn_name\":");
		put_text(buf, breakpoint->fn_name);
		fdbg_buf_string(buf, "}}");
		break;
	case FDBG_BREAKPOINT_FUNCTION_RETURN:
		fdbg_buf_string(buf, "\"FunctionReturn\"");
		break;
	case FDBG_BREAKPOINT_FUTURE_ENDPOINT:
		fdbg_buf_string(buf, "\"FutureEndpoint\"");
		break;
	}
}

void fdbg_content_put_capture(struct fdbg_buf *buf, const struct fdbg_message_breakpoint *breakpoint)
{
	switch (breakpoint->capture) {
	case FDBG_CAPTURE_ARGUMENTS:
		fdbg_buf_string(buf, "\"Arguments\"");
		break;
	case FDBG_CAPTURE_LOCALS:
		fdbg_buf_string(buf, "\"Locals\"");
		break;
	case FDBG_CAPTURE_ONLY:
		fdbg_buf_string(buf, "{\"Only\":");
		fdbg_content_put_texts(buf, breakpoint->only, breakpoint->n_only);
		fdbg_buf_byte(buf, '}');
		break;
	case FDBG_CAPTURE_NONE:
		fdbg_buf_string(buf, "\"None\"");
		break;
	}
}

void fdbg_content_put_breakpoint(struct fdbg_buf *buf, const struct fdbg_message_breakpoint *breakpoint)
{
	fdbg_buf_printf(buf, "{\"id\":%" PRIu32 ",\"file_id\":%" PRIu32 ",\"loc\":", breakpoint->id,
			breakpoint->file_id);
	put_place(buf, breakpoint->line, breakpoint->column);
	fdbg_buf_string(buf, ",\"loc_end\":");
	if (breakpoint->has_end)
		put_place(buf, breakpoint->end_line, breakpoint->end_column);
	else
		fdbg_buf_string(buf, "null");
	fdbg_buf_string(buf, ",\"breakpoint_type\":");
	fdbg_content_put_type(buf, breakpoint);
	fdbg_buf_string(buf, ",\"capture\":");
	fdbg_content_put_capture(buf, breakpoint);
	if (breakpoint->inlined)
		fdbg_buf_string(buf, ",\"inlined\":true");
	if (breakpoint->assumed)
		fdbg_buf_string(buf, ",\"certainty\":\"assumed\"");
	if (breakpoint->n_merged) {
		fdbg_buf_string(buf, ",\"merged\":");
		fdbg_content_put_texts(buf, breakpoint->merged, breakpoint->n_merged);
	}
	fdbg_buf_byte(buf, '}');
}

static void put_key_number(struct fdbg_buf *buf, const char *key, uint64_t number)
{
	fdbg_buf_string(buf, ",\"");
	fdbg_buf_string(buf, key);
	fdbg_buf_string(buf, "\":");
	fdbg_buf_decimal(buf, number);
}

static const char *const allocation_kinds[] = {
	[FDBG_ALLOCATION_UNKNOWN] = NULL, [FDBG_ALLOCATION_BOX] = "Box", [FDBG_ALLOCATION_RC] = "Rc",
	[FDBG_ALLOCATION_ARC] = "Arc", [FDBG_ALLOCATION_CONTAINER] = "container",
};

const char *fdbg_allocation_kind_name(enum fdbg_allocation_kind kind)
{
	return allocation_kinds[kind];
}

void fdbg_content_put_allocation(struct fdbg_buf *buf, const struct fdbg_message_allocation *allocation)
{
	fdbg_buf_string(buf, "{\"action\":");
	fdbg_buf_string(buf, allocation->action == FDBG_ALLOCATION_ALLOC ? "\"Alloc\"" : "\"Drop\"");
	fdbg_buf_string(buf, ",\"address\":");
	fdbg_buf_decimal(buf, allocation->address);
	put_key_text(buf, "type_name", allocation->type_name);
	if (allocation->kind)
		put_key_text(buf, "kind", fdbg_text_from(allocation_kinds[allocation->kind]));
	if (allocation->thread_id) {
		put_key_number(buf, "thread_id", allocation->thread_id);
		put_key_number(buf, "frame_id", allocation->frame_id);
	}
	if (allocation->has_size)
		put_key_number(buf, "size", allocation->size);
	if (allocation->align)
		put_key_number(buf, "align", allocation->align);
	if (allocation->elements)
		put_key_number(buf, "elements", allocation->elements);
	if (allocation->moved)
		put_key_number(buf, "old_address", allocation->old_address);
	if (allocation->last)
		fdbg_buf_string(buf, ",\"last\":true");
	if (allocation->unseen)
		fdbg_buf_string(buf, ",\"unseen\":true");
	if (allocation->function.len)
		put_key_text(buf, "function", allocation->function);
	if (allocation->file.len)
		put_key_text(buf, "file", allocation->file);
	if (allocation->line)
		put_key_number(buf, "line", allocation->line);
	fdbg_buf_byte(buf, '}');
}

/*
 * Reading. A missing key, one of the wrong type and a number out of range are the same kind of failure;
 * `what` remembers the first such key. Unknown keys are fine.
 */
struct source {
	struct fdbg_arena *arena;
	const char *what; /* NULL: all well so far */
	bool nomem;
};

static void fail(struct source *source, const char *what)
{
	if (!source->what)
		source->what = what;
}

static struct fdbg_text text_of(const json_t *string)
{
	return (struct fdbg_text){ json_string_value(string), json_string_length(string) };
}

static struct fdbg_text get_text(struct source *source, const json_t *object, const char *key)
{
	const json_t *string = json_object_get(object, key);

	if (!json_is_string(string)) {
		fail(source, key);
		return (struct fdbg_text){ 0 };
	}
	return text_of(string);
}

static struct fdbg_text get_text_if(const json_t *object, const char *key)
{
	const json_t *string = json_object_get(object, key);

	return json_is_string(string) ? text_of(string) : (struct fdbg_text){ 0 };
}

/* A number that need not be there; 0: it is not, or is negative. */
static uint64_t get_number_if(const json_t *object, const char *key)
{
	const json_t *number = json_object_get(object, key);

	return json_is_integer(number) && json_integer_value(number) > 0 ? (uint64_t)json_integer_value(number) : 0;
}

static int64_t get_int(struct source *source, const json_t *object, const char *key, int64_t min, int64_t max)
{
	const json_t *number = json_object_get(object, key);

	if (!json_is_integer(number) || json_integer_value(number) < min ||
	    json_integer_value(number) > max) {
		fail(source, key);
		return 0;
	}
	return json_integer_value(number);
}

static uint32_t get_u32(struct source *source, const json_t *object, const char *key)
{
	return (uint32_t)get_int(source, object, key, 0, UINT32_MAX);
}

static void get_texts(struct source *source, const json_t *object, const char *key,
		      const struct fdbg_text **ret, size_t *n_ret)
{
	const json_t *array = json_object_get(object, key);
	size_t n = json_array_size(array);
	struct fdbg_text *texts;

	if (!json_is_array(array)) {
		fail(source, key);
		return;
	}
	texts = fdbg_arena_array(source->arena, n, sizeof(*texts));
	if (!texts) {
		source->nomem = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (!json_is_string(json_array_get(array, i))) {
			fail(source, key);
			return;
		}
		texts[i] = text_of(json_array_get(array, i));
	}
	*ret = texts;
	*n_ret = n;
}

static void parse_info(struct source *source, const json_t *json, struct fdbg_message_info *info)
{
	struct fdbg_text type = get_text(source, json, "type");

	if (fdbg_text_is(type, "Exit")) {
		info->exit = true;
		info->exit_code = (int32_t)get_int(source, json, "exit_code", INT32_MIN, INT32_MAX);
		return;
	}
	if (!fdbg_text_is(type, "Debugger"))
		fail(source, "type");
	info->debugger = get_text(source, json, "debugger");
	info->version = get_text(source, json, "version");
	info->workspace_root = get_text(source, json, "workspace_root");
	info->package_name = get_text(source, json, "package_name");
	info->target = get_text(source, json, "target");
	get_texts(source, json, "arguments", &info->arguments, &info->n_arguments);
	info->recorder = get_text_if(json, "recorder");
	info->machine = get_text_if(json, "machine");
	info->rustc = get_text_if(json, "rustc");
}

static void parse_file(struct source *source, const json_t *json, struct fdbg_message_file *file)
{
	const json_t *modified = json_object_get(json, "modified");

	file->id = get_u32(source, json, "id");
	file->path = get_text(source, json, "path");
	file->crate_name = get_text(source, json, "crate_name");
	if (!json_is_object(modified))
		fail(source, "modified");
	file->modified_secs = (uint64_t)get_int(source, modified, "secs_since_epoch", 0, INT64_MAX);
	file->modified_nanos = get_u32(source, modified, "nanos_since_epoch");
}

static void parse_place(struct source *source, const json_t *place, uint32_t *line_ret, uint32_t *column_ret)
{
	*line_ret = get_u32(source, place, "line");
	/* The column may be null, and is then the 0 that it is already. */
	if (!json_is_null(json_object_get(place, "column")))
		*column_ret = get_u32(source, place, "column");
}

static void parse_breakpoint(struct source *source, const json_t *json,
			     struct fdbg_message_breakpoint *breakpoint)
{
	const json_t *end = json_object_get(json, "loc_end"), *type = json_object_get(json,
										      "breakpoint_type");
	const json_t *capture = json_object_get(json, "capture");

	breakpoint->id = get_u32(source, json, "id");
	breakpoint->file_id = get_u32(source, json, "file_id");
	parse_place(source, json_object_get(json, "loc"), &breakpoint->line, &breakpoint->column);
	breakpoint->has_end = json_is_object(end);
	if (breakpoint->has_end)
		parse_place(source, end, &breakpoint->end_line, &breakpoint->end_column);
	else if (!json_is_null(end))
		fail(source, "loc_end");

	if (json_is_object(type)) {
		breakpoint->type = FDBG_BREAKPOINT_FUNCTION_CALL;
		breakpoint->fn_name = get_text(source, json_object_get(type, "FunctionCall"), "fn_name");
	} else if (fdbg_text_is(get_text(source, json, "breakpoint_type"), "Breakpoint")) {
		breakpoint->type = FDBG_BREAKPOINT;
	} else if (fdbg_text_is(text_of(type), "FunctionReturn")) {
		breakpoint->type = FDBG_BREAKPOINT_FUNCTION_RETURN;
	} else if (fdbg_text_is(text_of(type), "FutureEndpoint")) {
		breakpoint->type = FDBG_BREAKPOINT_FUTURE_ENDPOINT;
	} else {
		fail(source, "breakpoint_type");
	}

	if (json_is_object(capture)) {
		breakpoint->capture = FDBG_CAPTURE_ONLY;
		get_texts(source, capture, "Only", &breakpoint->only, &breakpoint->n_only);
	} else if (fdbg_text_is(get_text(source, json, "capture"), "Arguments")) {
		breakpoint->capture = FDBG_CAPTURE_ARGUMENTS;
	} else if (fdbg_text_is(text_of(capture), "Locals")) {
		breakpoint->capture = FDBG_CAPTURE_LOCALS;
	} else if (fdbg_text_is(text_of(capture), "None")) {
		breakpoint->capture = FDBG_CAPTURE_NONE;
	} else {
		fail(source, "capture");
	}
	breakpoint->inlined = json_is_true(json_object_get(json, "inlined"));
	breakpoint->assumed = fdbg_text_is(text_of(json_object_get(json, "certainty")), "assumed");
	if (json_object_get(json, "merged"))
		get_texts(source, json, "merged", &breakpoint->merged, &breakpoint->n_merged);
}

static void parse_allocation(struct source *source, const json_t *json,
			     struct fdbg_message_allocation *allocation)
{
	struct fdbg_text action = get_text(source, json, "action"), kind;

	if (fdbg_text_is(action, "Alloc"))
		allocation->action = FDBG_ALLOCATION_ALLOC;
	else if (fdbg_text_is(action, "Drop"))
		allocation->action = FDBG_ALLOCATION_DROP;
	else
		fail(source, "action");
	/* An address with bit 63 set is no user-space address; jansson has no such integers. */
	allocation->address = (uint64_t)get_int(source, json, "address", 0, INT64_MAX);
	allocation->type_name = get_text(source, json, "type_name");
	kind = get_text_if(json, "kind");
	for (int i = FDBG_ALLOCATION_BOX; i <= FDBG_ALLOCATION_CONTAINER; i++)
		if (fdbg_text_is(kind, allocation_kinds[i]))
			allocation->kind = (enum fdbg_allocation_kind)i;
	allocation->thread_id = get_number_if(json, "thread_id");
	allocation->frame_id = get_number_if(json, "frame_id");
	allocation->has_size = json_is_integer(json_object_get(json, "size"));
	allocation->size = get_number_if(json, "size");
	allocation->align = get_number_if(json, "align");
	allocation->elements = get_number_if(json, "elements");
	allocation->moved = json_is_integer(json_object_get(json, "old_address"));
	allocation->old_address = get_number_if(json, "old_address");
	allocation->last = json_is_true(json_object_get(json, "last"));
	allocation->unseen = json_is_true(json_object_get(json, "unseen"));
	allocation->function = get_text_if(json, "function");
	allocation->file = get_text_if(json, "file");
	allocation->line = (uint32_t)get_number_if(json, "line");
}

struct fdbg_error *fdbg_content_parse_json(struct fdbg_message *message, struct fdbg_arena *arena,
					   json_t **json_ret)
{
	struct source source = { .arena = arena };
	json_error_t error;
	json_t *json = json_loadb((const char *)message->payload, message->payload_len, JSON_ALLOW_NUL,
				  &error);

	if (!json && json_error_code(&error) == json_error_out_of_memory)
		return &fdbg_error_nomem;
	if (!json)
		return fdbg_error_create(FDBG_ERROR_FORMAT, "malformed JSON at byte %d", error.position);
	if (!json_is_object(json)) {
		json_decref(json);
		return fdbg_error_create(FDBG_ERROR_FORMAT, "JSON that is no object");
	}
	switch (message->stream) {
	case FDBG_STREAM_INFO:
		parse_info(&source, json, &message->info);
		break;
	case FDBG_STREAM_FILE:
		parse_file(&source, json, &message->file);
		break;
	case FDBG_STREAM_BREAKPOINT:
		parse_breakpoint(&source, json, &message->breakpoint);
		break;
	case FDBG_STREAM_ALLOCATION:
		parse_allocation(&source, json, &message->allocation);
		break;
	case FDBG_STREAM_EVENT:
	case FDBG_STREAM_OTHER:
		break;
	}
	if (source.nomem || source.what) {
		json_decref(json);
		return source.nomem ? &fdbg_error_nomem
				    : fdbg_error_create(FDBG_ERROR_FORMAT, "missing or malformed \"%s\"",
							source.what);
	}
	*json_ret = json;
	return NULL;
}
