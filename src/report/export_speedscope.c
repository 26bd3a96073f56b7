/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The JSON that speedscope opens: an evented profile a thread. */
#include <inttypes.h>
#include <stdlib.h>

#include "report/export_internal.h"
#include "report/spread.h"
#include "value/render.h"

struct event {
	uint64_t at_ns;
	uint32_t function;
	bool close;
};

struct profile {
	uint64_t thread_id;
	struct fdbg_text outermost; /* function of its first event */
	struct event *events;
	size_t n_events, cap_events;
};

struct function {
	const struct fdbg_counted_function *function;
	uint32_t breakpoint_id; /* of its first call */
};

struct speedscope {
	struct fdbg_export *export;
	struct profile *profiles;  /* by index of thread */
	size_t n_profiles;
	struct function *functions; /* by index */
	size_t n_functions;
	struct fdbg_spread spread;
	struct {
		size_t profile, event;
	} group[FDBG_SPREAD_MAX];
};

static void place_group(struct speedscope *speedscope, uint64_t next_ms)
{
	size_t n = speedscope->spread.n;
	uint64_t at, step;

	fdbg_spread_place(&speedscope->spread, next_ms, &at, &step);
	for (size_t i = 0; i < n; i++, at += step)
		speedscope->profiles[speedscope->group[i].profile].events[speedscope->group[i].event].at_ns =
			at;
}

static struct fdbg_error *add(struct speedscope *speedscope, const struct fdbg_flow_event *event, bool close)
{
	const struct fdbg_counted_function *function = event->call->function;
	struct profile *profile;
	size_t index = event->thread->index;

	if (!fdbg_export_reach(&speedscope->profiles, &speedscope->n_profiles, index, sizeof(*profile)) ||
	    !fdbg_export_reach(&speedscope->functions, &speedscope->n_functions, function->index,
		   sizeof(struct function)))
		return &fdbg_error_nomem;
	profile = &speedscope->profiles[index];
	if (profile->n_events == profile->cap_events) {
		size_t cap = profile->cap_events ? profile->cap_events * 2 : 64;
		struct event *events = reallocarray(profile->events, cap, sizeof(*events));

		if (!events)
			return &fdbg_error_nomem;
		profile->events = events;
		profile->cap_events = cap;
	}
	if (!profile->n_events) {
		profile->thread_id = event->thread->id;
		profile->outermost =
			event->thread->n_stack ? event->thread->stack[0].function->name : function->name;
	}
	if (!speedscope->functions[function->index].function)
		speedscope->functions[function->index] =
			(struct function){ function, event->call->breakpoint_id };
	if (fdbg_spread_is_full(&speedscope->spread, event->time_ms))
		place_group(speedscope, event->time_ms);
	speedscope->group[speedscope->spread.n].profile = index;
	speedscope->group[speedscope->spread.n].event = profile->n_events;
	fdbg_spread_add(&speedscope->spread, event->time_ms);
	profile->events[profile->n_events++] = (struct event){ 0, (uint32_t)function->index, close };
	return NULL;
}

static struct fdbg_error *begin(void *context, const struct fdbg_flow_event *event)
{
	return add(context, event, false);
}

static struct fdbg_error *end(void *context, const struct fdbg_flow_event *event, enum fdbg_flow_end how)
{
	(void)how;
	return add(context, event, true);
}

static void put_time(struct fdbg_buf *out, uint64_t ns)
{
	fdbg_buf_decimal(out, ns / 1000);
	if (ns % 1000)
		fdbg_buf_printf(out, ".%03u", (unsigned int)(ns % 1000));
}

static struct fdbg_error *put_profile(struct speedscope *speedscope, const struct profile *profile,
				      size_t index)
{
	struct fdbg_buf *out = &speedscope->export->out;
	struct fdbg_thread thread = { .id = profile->thread_id, .index = index };
	struct fdbg_error *err = NULL;
	char name[48];
	struct fdbg_text text = fdbg_export_thread_name(&thread, profile->outermost, name, sizeof(name));

	fdbg_buf_string(out, "{\"type\":\"evented\",\"name\":");
	fdbg_render_json_string(out, text.data, text.len);
	fdbg_buf_string(out, ",\"unit\":\"microseconds\",\"startValue\":");
	put_time(out, profile->events[0].at_ns);
	fdbg_buf_string(out, ",\"endValue\":");
	put_time(out, profile->events[profile->n_events - 1].at_ns);
	fdbg_buf_string(out, ",\"events\":[");
	for (size_t i = 0; i < profile->n_events && !err; i++) {
		const struct event *event = &profile->events[i];

		fdbg_buf_string(out, i ? ",\n" : "\n");
		fdbg_buf_string(out, event->close ? "{\"type\":\"C\",\"at\":" : "{\"type\":\"O\",\"at\":");
		put_time(out, event->at_ns);
		fdbg_buf_string(out, ",\"frame\":");
		fdbg_buf_decimal(out, event->function);
		fdbg_buf_byte(out, '}');
		err = fdbg_export_settle(speedscope->export);
	}
	fdbg_buf_string(out, "]}");
	return err;
}

/*
 * Frames by number, which is that of the function: those in between that are not shown have their names as
 * well.
 */
static struct fdbg_error *put_functions(struct speedscope *speedscope)
{
	const struct fdbg_recording *recording = speedscope->export->recording;
	struct fdbg_buf *out = &speedscope->export->out;
	struct fdbg_error *err = NULL;
	size_t n = speedscope->n_functions;

	while (n && !speedscope->functions[n - 1].function)
		n--;
	for (size_t i = 0; i < n && !err; i++) {
		const struct function *function = &speedscope->functions[i];
		struct fdbg_text path, name = function->function ? function->function->name : FDBG_TEXT("");
		uint32_t line;

		fdbg_buf_string(out, i ? ",\n{\"name\":" : "\n{\"name\":");
		fdbg_render_json_string(out, name.data, name.len);
		if (function->function &&
		    fdbg_recording_location(recording, function->breakpoint_id, &path, &line)) {
			fdbg_buf_string(out, ",\"file\":");
			fdbg_render_json_string(out, path.data, path.len);
			fdbg_buf_printf(out, ",\"line\":%" PRIu32, line);
		}
		fdbg_buf_byte(out, '}');
		err = fdbg_export_settle(speedscope->export);
	}
	return err;
}

static struct fdbg_error *put_all(struct speedscope *speedscope)
{
	struct fdbg_text title = fdbg_export_title(speedscope->export);
	struct fdbg_text exporter = fdbg_text_from(speedscope->export->options->version);
	struct fdbg_buf *out = &speedscope->export->out;
	struct fdbg_error *err = NULL;
	bool any = false;

	fdbg_buf_string(out, "{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\",\"name\":");
	fdbg_render_json_string(out, title.data, title.len);
	fdbg_buf_string(out, ",\"exporter\":");
	fdbg_render_json_string(out, exporter.data, exporter.len);
	fdbg_buf_string(out, ",\"activeProfileIndex\":0,\"profiles\":[");
	for (size_t i = 0; i < speedscope->n_profiles && !err; i++) {
		if (!speedscope->profiles[i].n_events)
			continue;
		if (any)
			fdbg_buf_byte(out, ',');
		any = true;
		err = put_profile(speedscope, &speedscope->profiles[i], i);
	}
	fdbg_buf_string(out, "],\"shared\":{\"frames\":[");
	if (!err)
		err = put_functions(speedscope);
	fdbg_buf_string(out, "]}}\n");
	return err;
}

struct fdbg_error *fdbg_export_speedscope(struct fdbg_export *export)
{
	struct speedscope *speedscope = calloc(1, sizeof(*speedscope));
	struct fdbg_flow_visitor visitor = { .context = speedscope, .begin = begin, .end = end };
	struct fdbg_error *err, *last = NULL;

	if (!speedscope)
		return &fdbg_error_nomem;
	speedscope->export = export;
	err = fdbg_export_run(export, &visitor, false);
	if (fdbg_export_is_whole(err)) {
		place_group(speedscope, UINT64_MAX);
		last = put_all(speedscope);
	}
	for (size_t i = 0; i < speedscope->n_profiles; i++)
		free(speedscope->profiles[i].events);
	free(speedscope->profiles);
	free(speedscope->functions);
	free(speedscope);
	if (!err)
		return last;
	fdbg_error_destroy(last);
	return err;
}
