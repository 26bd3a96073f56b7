/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One place in a recording. */
#include "report/scene.h"

/* Values around the place are there to find one's way; those of the place itself are compared. */
enum { MAX_AROUND_BYTES = 200, MAX_VALUE_BYTES = 1 << 20, MAX_PATH = 1000 };

struct finder {
	struct fdbg_recording *recording;
	const struct fdbg_sequence_options *options;
	struct fdbg_scene *scene;
	struct fdbg_buf buf;
	uint64_t event; /* number of the present event of the file, from 1 */
};

static struct fdbg_text keep(struct finder *finder, struct fdbg_text text, bool *failed)
{
	text = fdbg_arena_text(&finder->scene->arena, text);
	*failed |= !text.data;
	return text;
}

static struct fdbg_text keep_buf(struct finder *finder, bool *failed)
{
	struct fdbg_text text = { (const char *)finder->buf.data, finder->buf.len };

	*failed |= finder->buf.failed;
	text = keep(finder, text, failed);
	fdbg_buf_clear(&finder->buf);
	return text;
}

static struct fdbg_error *take(struct finder *finder, const struct fdbg_message_event *event, bool is_it,
			       struct fdbg_scene_event *ret)
{
	const struct fdbg_frame_event *at = &finder->recording->at;
	struct fdbg_scene_value *values =
		fdbg_arena_array(&finder->scene->arena, event->n_values, sizeof(*values));
	bool failed = !values;

	*ret = (struct fdbg_scene_event){
		.kind = event->kind, .depth = at->frame ? at->depth : at->thread->n_stack,
		.frame_id = event->frame_id, .event = finder->event, .unwound = at->unwound, .missed = at->missed,
		.values = values, .n_values = fdbg_frame_event_is_bare(at) || finder->options->no_values ? 0 : event->n_values,
	};
	if (event->function.len)
		ret->function = keep(finder, event->function, &failed);
	else if (at->frame)
		ret->function = keep(finder, at->frame->function->name, &failed);
	for (size_t i = 0; i < ret->n_values && !failed; i++) {
		values[i].name = keep(finder, event->values[i].name, &failed);
		fdbg_render_debug_as(&finder->buf, &event->values[i].value, FDBG_RENDER_DEBUG,
				     is_it ? MAX_VALUE_BYTES : MAX_AROUND_BYTES, &finder->recording->render);
		values[i].text = keep_buf(finder, &failed);
		if (!is_it)
			continue;
		fdbg_render_json(&finder->buf, &event->values[i].value);
		values[i].json = keep_buf(finder, &failed);
	}
	return failed ? &fdbg_error_nomem : NULL;
}

/* The calls around the event; one that is a call or return itself stands below its callers. */
static struct fdbg_error *take_path(struct finder *finder, enum fdbg_event_kind kind)
{
	const struct fdbg_frame_event *at = &finder->recording->at;
	const struct fdbg_thread *thread = at->thread;
	bool is_own = kind == FDBG_EVENT_CALL || kind == FDBG_EVENT_RETURN;
	size_t n = at->frame ? at->depth + !is_own : kind == FDBG_EVENT_RETURN ? 0 : thread->n_stack;
	size_t first = n > MAX_PATH ? n - MAX_PATH : 0;
	bool failed = false;

	finder->scene->path = fdbg_arena_array(&finder->scene->arena, n - first, sizeof(struct fdbg_text));
	if (!finder->scene->path)
		return &fdbg_error_nomem;
	/* A return has left the stack, but not been overwritten: frames below it are there. */
	for (size_t i = first; i < n && !failed; i++)
		finder->scene->path[finder->scene->n_path++] = keep(finder, thread->stack[i].function->name, &failed);
	return failed ? &fdbg_error_nomem : NULL;
}

static struct fdbg_error *find(struct finder *finder, uint64_t thread_id, size_t item, size_t n_around)
{
	struct fdbg_scene *scene = finder->scene;
	struct fdbg_filter_cache cache = { 0 };
	const struct fdbg_message *message;
	struct fdbg_error *err = NULL;
	size_t seen = 0;

	scene->before = fdbg_arena_array(&scene->arena, n_around + 1, sizeof(*scene->before));
	scene->after = fdbg_arena_array(&scene->arena, n_around + 1, sizeof(*scene->after));
	if (!scene->before || !scene->after)
		return &fdbg_error_nomem;
	while (!err && (!scene->is_there || scene->n_after < n_around)) {
		err = fdbg_recording_next(finder->recording, &message);
		if (err || !message)
			break;
		if (message->stream != FDBG_STREAM_EVENT)
			continue;
		finder->event++;
		if (message->event.thread_id != thread_id ||
		    !fdbg_sequence_has(finder->options, &cache, &message->event, &finder->recording->at))
			continue;
		if (seen == item) {
			scene->is_there = true;
			err = take(finder, &message->event, true, &scene->event);
			if (!err)
				err = take_path(finder, message->event.kind);
		} else if (seen > item) {
			err = take(finder, &message->event, false, &scene->after[scene->n_after++]);
		} else if (item - seen <= n_around) {
			err = take(finder, &message->event, false, &scene->before[scene->n_before++]);
		}
		seen++;
	}
	fdbg_filter_cache_deinit(&cache);
	return err;
}

struct fdbg_error *fdbg_scene_find(const char *path, const struct fdbg_sequence_options *options,
				    uint64_t thread_id, size_t item, size_t n_around, struct fdbg_scene *ret)
{
	struct finder finder = { .options = options, .scene = ret };
	/* What there is to warn of was said when the recording was read for the first time. */
	struct fdbg_error *err = fdbg_recording_open(path, NULL, &finder.recording);

	*ret = (struct fdbg_scene){ 0 };
	if (err)
		return err;
	err = find(&finder, thread_id, item, n_around);
	fdbg_recording_close(finder.recording);
	fdbg_buf_deinit(&finder.buf);
	if (err)
		fdbg_scene_deinit(ret);
	return err;
}

void fdbg_scene_deinit(struct fdbg_scene *scene)
{
	fdbg_arena_deinit(&scene->arena);
	*scene = (struct fdbg_scene){ 0 };
}
