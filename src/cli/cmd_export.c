/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* fdbg export: recordings in the formats of other tools. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scope.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/part.h"
#include "report/export.h"

/* Values are hovered over and searched in; dump has the longest in full. */
enum { MAX_VALUE_BYTES = 2000 };

/* A file that gets its name when it is whole; or one that is written as it is, such as a device. */
struct output {
	const char *path;
	char *temporary; /* NULL: path is written itself */
	int fd;
};

static struct fdbg_error *write_output(void *context, const char *data, size_t len)
{
	const struct output *output = context;

	while (len) {
		ssize_t n = write(output->fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fdbg_error_errno(errno, "cannot write %s", output->path);
		data += n;
		len -= (size_t)n;
	}
	return NULL;
}

/* An export takes the place of an older one, but never that of a recording, which cannot be made again. */
static struct fdbg_error *refuse_recording(const char *path)
{
	char magic[3] = { 0 };
	int fd FDBG_AUTO_CLOSE = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && read(fd, magic, sizeof(magic)) == sizeof(magic) &&
	    !memcmp(magic, "Ss\x01", sizeof(magic)))
		return fdbg_error_create(FDBG_ERROR_USAGE,
					 "%s is a recording; choose another file for the export", path);
	return NULL;
}

static struct fdbg_error *open_output(const char *path, struct output *output)
{
	struct fdbg_error *err;
	struct stat stat_of;
	mode_t mask;

	*output = (struct output){ .path = path, .fd = -1 };
	if (!stat(path, &stat_of)) {
		if (S_ISDIR(stat_of.st_mode))
			return fdbg_error_create(FDBG_ERROR_USAGE, "%s is a folder; name a file in it", path);
		if (!S_ISREG(stat_of.st_mode)) {
			output->fd = open(path, O_WRONLY | O_CLOEXEC);
			return output->fd < 0 ? fdbg_error_errno(errno, "cannot open %s", path) : NULL;
		}
		err = refuse_recording(path);
		if (err)
			return err;
	}
	if (asprintf(&output->temporary, "%s.XXXXXX", path) < 0) {
		output->temporary = NULL;
		return &fdbg_error_nomem;
	}
	output->fd = mkostemp(output->temporary, O_CLOEXEC);
	if (output->fd < 0) {
		err = fdbg_error_errno(errno, "cannot create %s", path);
		free(output->temporary);
		output->temporary = NULL;
		return err;
	}
	/* mkostemp makes files that only their owner reads. */
	mask = umask(0);
	umask(mask);
	fchmod(output->fd, 0666 & ~mask);
	return NULL;
}

/*
 * Gives the file its name, or takes it away where nothing came of it. What could be read of a broken file
 * stays.
 */
static struct fdbg_error *close_output(struct output *output, struct fdbg_error *err)
{
	if (output->fd >= 0 && close(output->fd) < 0 && !err)
		err = fdbg_error_errno(errno, "cannot write %s", output->path);
	if (!output->temporary)
		return err;
	if (err && err->code != FDBG_ERROR_FORMAT)
		unlink(output->temporary);
	else if (rename(output->temporary, output->path) < 0 && !err)
		err = fdbg_error_errno(errno, "cannot create %s", output->path);
	free(output->temporary);
	return err;
}

static struct fdbg_error *export_file(int n_words, char **words, const char *out,
				      const struct fdbg_export_options *options)
{
	struct output output = { .fd = -1 };
	struct fdbg_sink sink = fdbg_cli_output();
	struct fdbg_recording *recording;
	struct fdbg_error *err;
	char *path;

	err = fdbg_cli_open_recording(n_words, words, &path, &recording);
	if (err)
		return err;
	if (out && strcmp(out, "-")) {
		err = open_output(out, &output);
		sink = (struct fdbg_sink){ .write = write_output, .context = &output };
	}
	if (!err)
		err = fdbg_export(recording, options, &sink);
	err = close_output(&output, err);
	fdbg_recording_close(recording);
	free(path);
	return err;
}

struct fdbg_error *fdbg_cmd_export(int argc, char **argv, int *status_ret)
{
	static const char *const formats[] = {
		[FDBG_EXPORT_CHROME] = "chrome", [FDBG_EXPORT_SPEEDSCOPE] = "speedscope",
		[FDBG_EXPORT_FOLDED] = "folded", [FDBG_EXPORT_DOT] = "dot", [FDBG_EXPORT_MERMAID] = "mermaid",
		[FDBG_EXPORT_HTML] = "html", [FDBG_EXPORT_HTML + 1] = NULL,
	};
	static const char *const weights[] = {
		[FDBG_EXPORT_TIME] = "time", [FDBG_EXPORT_CALLS] = "calls", [FDBG_EXPORT_CALLS + 1] = NULL,
	};
	struct fdbg_export_options export = { .max_value_bytes = MAX_VALUE_BYTES, .version = PACKAGE_STRING };
	struct fdbg_cli_part part = { 0 };
	int format = -1, weight = -1;
	const char *out = NULL;
	const struct fdbg_option options[] = {
		{ "format", 'T', FDBG_OPTION_CHOICE, "FORMAT",
		  "chrome, speedscope, folded, dot, mermaid or html", &format, formats, 0 },
		{ "output", 'o', FDBG_OPTION_STRING, "FILE", "write there instead of to standard output",
		  &out, NULL, 0 },
		{ "weight", 0, FDBG_OPTION_CHOICE, "WHAT",
		  "of folded: time (default): nanoseconds in the function itself; "
		  "calls: how often it was called",
		  &weight, weights, 0 },
		FDBG_CLI_PART_OPTIONS(&part, "only this frame and what it called"),
		{ 0 },
	};
	const struct fdbg_syntax syntax = {
		.usage = "export --format=FORMAT [OPTIONS] [FILE]",
		.description =
			"Writes a recording in a format of other tools.\n"
			"\n"
			"  chrome      trace event JSON, for Perfetto and chrome://tracing\n"
			"  speedscope  for speedscope\n"
			"  folded      a line a stack, for flame graph tools\n"
			"  dot         who calls whom, for graphviz\n"
			"  mermaid     who calls whom, for Markdown pages\n"
			"  html        the call tree as one page, for any browser",
		.options = options,
		.max_words = 1,
	};
	struct fdbg_error *err;
	int n_words;
	char **words;
	bool help;

	(void)status_ret;
	err = fdbg_options_parse(&syntax, argc, argv, &n_words, &words, &help);
	if (err || help)
		goto out;
	if (format < 0)
		err = fdbg_error_create(FDBG_ERROR_USAGE,
					"choose a format: --format=chrome, speedscope, folded, dot, mermaid "
					"or html");
	else if (weight >= 0 && format != FDBG_EXPORT_FOLDED)
		err = fdbg_error_create(FDBG_ERROR_USAGE, "--weight is for --format=folded");
	else if (out && !*out)
		err = fdbg_error_create(FDBG_ERROR_USAGE, "option '--output' needs a file");
	if (!err)
		err = fdbg_cli_part_filter(&part, &export.filter);
	if (err)
		goto out;
	export.format = (enum fdbg_export_format)format;
	export.weight = weight < 0 ? FDBG_EXPORT_TIME : (enum fdbg_export_weight)weight;
	err = export_file(n_words, words, out, &export);
out:
	fdbg_cli_part_deinit(&part);
	return err;
}
