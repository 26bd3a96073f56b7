/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Recordings in the formats of other tools. */
#include "report/export.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/export_internal.h"
#include "value/render.h"

enum { FLUSH_SIZE = 32768 };

struct fdbg_error *fdbg_export_settle(struct fdbg_export *export)
{
	return export->out.len < FLUSH_SIZE ? fdbg_buf_error(&export->out)
					    : fdbg_sink_flush(export->sink, &export->out);
}

struct fdbg_error *fdbg_export_run(struct fdbg_export *export, const struct fdbg_flow_visitor *visitor,
				   bool ancestors)
{
	struct fdbg_flow_options options = { .filter = export->options->filter, .ancestors = ancestors };

	return fdbg_flow_run(export->recording, &options, visitor);
}

struct fdbg_text fdbg_export_value(struct fdbg_export *export, const struct fdbg_value *value)
{
	fdbg_buf_clear(&export->text);
	fdbg_render_debug_as(&export->text, value, FDBG_RENDER_DEBUG, export->options->max_value_bytes,
			     &export->recording->render);
	export->out.failed |= export->text.failed;
	return (struct fdbg_text){ fdbg_buf_cstr(&export->text), export->text.len };
}

struct fdbg_text fdbg_export_title(const struct fdbg_export *export)
{
	const char *slash = strrchr(export->recording->path, '/');

	return fdbg_text_from(slash ? slash + 1 : export->recording->path);
}

struct fdbg_text fdbg_export_thread_name(const struct fdbg_thread *thread, struct fdbg_text outermost,
					 char *buf, size_t size)
{
	bool is_main = fdbg_text_ends(outermost, "::main") && thread->index == 0;

	snprintf(buf, size, "%s %" PRIu64, is_main ? "main thread" : "thread", thread->id);
	return fdbg_text_from(buf);
}

struct fdbg_error *fdbg_export(struct fdbg_recording *recording, const struct fdbg_export_options *options,
			       const struct fdbg_sink *sink)
{
	static struct fdbg_error *(*const formats[])(struct fdbg_export *) = {
		[FDBG_EXPORT_CHROME] = fdbg_export_chrome, [FDBG_EXPORT_SPEEDSCOPE] = fdbg_export_speedscope,
		[FDBG_EXPORT_FOLDED] = fdbg_export_folded, [FDBG_EXPORT_DOT] = fdbg_export_dot,
		[FDBG_EXPORT_MERMAID] = fdbg_export_mermaid, [FDBG_EXPORT_HTML] = fdbg_export_html,
	};
	struct fdbg_export export = { .recording = recording, .options = options, .sink = sink };
	struct fdbg_error *err = formats[options->format](&export), *flush = NULL;

	if (fdbg_export_is_whole(err))
		flush = fdbg_sink_flush(sink, &export.out);
	fdbg_buf_deinit(&export.out);
	fdbg_buf_deinit(&export.text);
	if (!err)
		return flush;
	fdbg_error_destroy(flush);
	return err;
}

bool fdbg_export_reach(void *array, size_t *n, size_t index, size_t size)
{
	size_t wanted = (index + 1) * 2;
	char *grown;

	if (index < *n)
		return true;
	grown = reallocarray(*(void **)array, wanted, size);
	if (!grown)
		return false;
	memset(grown + *n * size, 0, (wanted - *n) * size);
	*(void **)array = grown;
	*n = wanted;
	return true;
}
