/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the formats of export share. */
#ifndef FDBG_REPORT_EXPORT_INTERNAL_H
#define FDBG_REPORT_EXPORT_INTERNAL_H

#include "report/export.h"
#include "report/flow.h"

struct fdbg_export {
	struct fdbg_recording *recording;
	const struct fdbg_export_options *options;
	const struct fdbg_sink *sink;
	struct fdbg_buf out;
	struct fdbg_buf text; /* of one value */
};

/* One function a format; each runs the flow and leaves what is not written yet in out. */
struct fdbg_error *fdbg_export_chrome(struct fdbg_export *export) FDBG_CHECK;
struct fdbg_error *fdbg_export_speedscope(struct fdbg_export *export) FDBG_CHECK;
struct fdbg_error *fdbg_export_folded(struct fdbg_export *export) FDBG_CHECK;
struct fdbg_error *fdbg_export_dot(struct fdbg_export *export) FDBG_CHECK;
struct fdbg_error *fdbg_export_mermaid(struct fdbg_export *export) FDBG_CHECK;
struct fdbg_error *fdbg_export_html(struct fdbg_export *export) FDBG_CHECK;

/* Runs the flow. ancestors: the calls around a wanted frame are told as well. */
struct fdbg_error *fdbg_export_run(struct fdbg_export *export, const struct fdbg_flow_visitor *visitor,
				   bool ancestors) FDBG_CHECK;

/*
 * True when a flow that ended with this error was told to its end all the same, so that the rest is to be
 * written.
 */
static inline bool fdbg_export_is_whole(const struct fdbg_error *err)
{
	return !err || err->code == FDBG_ERROR_FORMAT;
}

/* Writes the buffer when it is long. */
struct fdbg_error *fdbg_export_settle(struct fdbg_export *export) FDBG_CHECK;

/* Makes room for index in an array of *n elements, zeroed; false: no memory. array: the address of its pointer. */
bool fdbg_export_reach(void *array, size_t *n, size_t index, size_t size);

/* The text of a value as {:?}, in export->text. */
struct fdbg_text fdbg_export_value(struct fdbg_export *export, const struct fdbg_value *value);

/* The file's own name, without folders. */
struct fdbg_text fdbg_export_title(const struct fdbg_export *export);

/* What a thread is called: by its number, and as the main one where main was called in it. */
struct fdbg_text fdbg_export_thread_name(const struct fdbg_thread *thread, struct fdbg_text outermost,
					 char *buf, size_t size);

#endif
