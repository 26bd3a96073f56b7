/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "cli/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scope.h"
#include "cli/live.h"
#include "cli/stats.h"
#include "debuginfo/debuginfo.h"
#include "gdbremote/server.h"
#include "gdbremote/session.h"
#include "trace/announce.h"
#include "trace/recorder.h"

enum { STATUS_FAILED = 125, STATUS_CANNOT_RUN = 126, STATUS_NOT_FOUND = 127, STATUS_SIGNAL = 128 };

/* Everything of one recording; torn down in one place. */
struct recording {
	const struct fdbg_recording_options *options;
	char *program, *output;
	bool kept_old;
	struct fdbg_image *image;
	struct fdbg_debuginfo *debuginfo;
	struct fdbg_arena arena;
	struct fdbg_plan *plan;
	struct fdbg_writer *writer;
	struct fdbg_server *server;
	struct fdbg_engine *engine;
	struct fdbg_session *session;    /* the engine's */
	struct fdbg_session_stats session_stats;
	struct fdbg_live live;
	struct fdbg_record_result result;
	struct fdbg_run_stats stats;
};

/* ---- signals to fdbg itself ---- */

/* Written by the handler and read by the wait for the target. The only state of the program that is not passed along: a signal handler takes no argument. */
static int wake_pipe[2] = { -1, -1 };
static volatile sig_atomic_t caught;

static void on_signal(int signal)
{
	int saved = errno;

	caught = signal;
	if (write(wake_pipe[1], "", 1) < 0) {
		/* The pipe is full: the waiter wakes up anyway. */
	}
	errno = saved;
}

static struct fdbg_error *catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	if (pipe2(wake_pipe, O_CLOEXEC | O_NONBLOCK))
		return fdbg_error_errno(errno, "cannot make a pipe");
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct sigaction old;

		/* nohup and background jobs of a shell ignore some: leave that as it is. */
		if (!sigaction(signals[i], NULL, &old) && old.sa_handler == SIG_IGN)
			continue;
		sigaction(signals[i], &action, NULL);
	}
	return NULL;
}

/* ---- the program and the output ---- */

static struct fdbg_error *check_program(const char *path, int *status_ret)
{
	struct stat st;

	if (stat(path, &st)) {
		*status_ret = errno == ENOENT || errno == ENOTDIR ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN;
		return fdbg_error_errno(errno, "cannot run %s", path);
	}
	*status_ret = STATUS_CANNOT_RUN;
	if (!S_ISREG(st.st_mode))
		return fdbg_error_create(FDBG_ERROR_UNSUPPORTED, "cannot run %s: it is %s", path,
					 S_ISDIR(st.st_mode) ? "a directory" : "not a regular file");
	if (access(path, X_OK))
		return fdbg_error_errno(errno, "cannot run %s", path);
	*status_ret = 0;
	return NULL;
}

struct fdbg_error *fdbg_recording_find_program(const char *name, char **ret, int *status_ret)
{
	FDBG_AUTO_FREE char *path = NULL;
	const char *dirs = getenv("PATH");
	struct fdbg_error *err;

	if (strchr(name, '/')) {
		err = check_program(name, status_ret);
		if (err)
			return err;
		*ret = realpath(name, NULL);
		return *ret ? NULL : fdbg_error_errno(errno, "cannot run %s", name);
	}
	for (const char *dir = dirs ? dirs : ""; dir; dir = strchr(dir, ':') ? strchr(dir, ':') + 1 : NULL) {
		int len = (int)strcspn(dir, ":");

		free(path);
		if (asprintf(&path, "%.*s/%s", len ? len : 1, len ? dir : ".", name) < 0) {
			path = NULL;
			return &fdbg_error_nomem;
		}
		err = check_program(path, status_ret);
		if (err) {
			fdbg_error_destroy(err);
			continue;
		}
		*ret = realpath(path, NULL);
		return *ret ? NULL : fdbg_error_errno(errno, "cannot run %s", name);
	}
	*status_ret = STATUS_NOT_FOUND;
	return fdbg_error_create(FDBG_ERROR_NOT_FOUND, "%s was not found on PATH; for a program in the current directory "
				 "say ./%s", name, name);
}

static struct fdbg_error *choose_output(struct recording *recording)
{
	const char *slash = strrchr(recording->options->program, '/');
	const char *name = slash ? slash + 1 : recording->options->program;
	struct stat st;

	if (recording->options->output)
		recording->output = strdup(recording->options->output);
	else if (asprintf(&recording->output, "%s.firedbg.ss", name) < 0)
		recording->output = NULL;
	if (!recording->output)
		return &fdbg_error_nomem;
	recording->kept_old = !stat(recording->output, &st) && S_ISREG(st.st_mode);
	return NULL;
}

/* Nothing was recorded: the directory is left as it was. */
static void take_output_back(struct recording *recording)
{
	FDBG_AUTO_FREE char *old = NULL;
	struct stat st;

	if (stat(recording->output, &st) || !S_ISREG(st.st_mode))
		return;
	unlink(recording->output);
	if (recording->kept_old && asprintf(&old, "%s.old", recording->output) >= 0)
		rename(old, recording->output);
}

/* ---- steps ---- */

static double since(uint64_t start_ns)
{
	return (double)(fdbg_clock_mono_ns() - start_ns) / 1e9;
}

static struct fdbg_error *nothing_chosen(const struct fdbg_recording_options *options)
{
	const struct fdbg_selector *selector = &options->selector;
	struct fdbg_buf said = { 0 };
	struct fdbg_error *err;

	for (size_t i = 0; i < selector->n_globs; i++)
		fdbg_buf_printf(&said, " %s '%s'", selector->globs[i].exclude ? "-N" : "-F", selector->globs[i].pattern);
	for (size_t i = 0; i < selector->n_files; i++)
		fdbg_buf_printf(&said, " --file '%s'", selector->files[i]);
	err = fdbg_error_create(FDBG_ERROR_NOT_FOUND, "%s has no function to trace%s%s; `fdbg functions %s` lists those there are",
				options->program, said.len ? " with" : "", fdbg_buf_cstr(&said), options->program);
	fdbg_buf_deinit(&said);
	return err;
}

static struct fdbg_error *check_directory(const char *path)
{
	struct stat st;

	if (!path)
		return NULL;
	if (stat(path, &st))
		return fdbg_error_errno(errno, "--cwd: cannot use %s", path);
	if (!S_ISDIR(st.st_mode))
		return fdbg_error_create(FDBG_ERROR_UNSUPPORTED, "--cwd: %s is not a directory", path);
	return NULL;
}

static struct fdbg_error *make_plan(struct recording *recording, int *status_ret)
{
	const struct fdbg_recording_options *options = recording->options;
	struct fdbg_debuginfo_options debuginfo_options = { .log = options->log };
	struct fdbg_plan_options plan_options = {
		.values = options->level == FDBG_TRACE_FULL, .calls = options->level != FDBG_TRACE_NONE,
		.log = options->log,
	};
	struct fdbg_chosen *chosen;
	struct fdbg_error *err;
	size_t n_chosen;

	*status_ret = STATUS_CANNOT_RUN;
	err = fdbg_image_open(recording->program, &recording->image);
	if (err)
		return err;
	*status_ret = STATUS_FAILED;
	err = fdbg_debuginfo_open(recording->image, &debuginfo_options, &recording->debuginfo);
	if (!err)
		err = fdbg_selector_choose(&options->selector, recording->debuginfo, &recording->arena, &chosen, &n_chosen);
	if (err)
		return err;
	if (!n_chosen)
		return nothing_chosen(options);
	fdbg_log(options->log, FDBG_LOG_INFO, "%zu functions to trace", n_chosen);
	return fdbg_plan_create(recording->image, recording->debuginfo, chosen, n_chosen, &plan_options, &recording->plan);
}

static void server_output(void *context, const void *data, size_t len)
{
	(void)context;
	fwrite(data, 1, len, stdout);
	fflush(stdout);
}

static struct fdbg_error *launch(struct recording *recording, int *status_ret)
{
	const struct fdbg_recording_options *options = recording->options;
	struct fdbg_session_options session_options = {
		.timeout_ms = options->timeout_ms, .log = options->log, .wake_fd = wake_pipe[0], .output = server_output,
	};
	FDBG_AUTO_FREE char **argv = NULL;
	struct fdbg_server_options server_options = {
		.name = options->server, .program = recording->program, .environment = options->environment,
		.directory = options->directory, .log = options->log, .timeout_ms = options->timeout_ms,
	};
	struct fdbg_transport *transport;
	struct fdbg_error *err;
	size_t n = 0;

	while (options->arguments[n])
		n++;
	argv = calloc(n + 2, sizeof(*argv));
	if (!argv)
		return &fdbg_error_nomem;
	argv[0] = (char *)options->program;
	for (size_t i = 0; i < n; i++)
		argv[i + 1] = options->arguments[i];
	server_options.argv = argv;
	err = fdbg_server_launch(&server_options, &recording->server, &transport);
	if (err) {
		if (err->code == FDBG_ERROR_IO && err->errnum)
			*status_ret = STATUS_CANNOT_RUN;
		return err;
	}
	err = fdbg_session_open(transport, &session_options, &recording->session);
	if (err)
		return err;
	return fdbg_stop_engine_create(recording->session, recording->image, recording->plan, options->log,
				       &recording->engine);
}

static struct fdbg_error *announce(struct recording *recording)
{
	struct fdbg_announcement announcement = {
		.program = recording->program,
		.arguments = (const char *const *)recording->options->arguments,
	};

	while (recording->options->arguments[announcement.n_arguments])
		announcement.n_arguments++;
	return fdbg_announce(recording->writer, recording->plan, recording->debuginfo, &announcement);
}

static int status_of(const struct fdbg_record_result *result, bool kill)
{
	switch (result->end) {
	case FDBG_RECORD_EXITED:
		return result->exit_code;
	case FDBG_RECORD_KILLED:
		return STATUS_SIGNAL + result->signal;
	case FDBG_RECORD_LIMIT:
		return kill ? STATUS_SIGNAL + SIGKILL : 0;
	case FDBG_RECORD_INTERRUPTED:
		return STATUS_SIGNAL + (caught ? caught : SIGINT);
	case FDBG_RECORD_FAILED:
		return STATUS_FAILED;
	}
	return STATUS_FAILED;
}

/* The exit message and the end of the stream. */
static struct fdbg_error *finish_file(struct recording *recording, int status)
{
	struct fdbg_message_info info = { .exit = true, .exit_code = status };
	struct fdbg_error *err = fdbg_writer_info(recording->writer, fdbg_clock_wall_ms(), &info);

	return err ? err : fdbg_writer_finish(recording->writer);
}

/* A wait status as an exit status. */
static int status_of_wait(int wait_status)
{
	return WIFSIGNALED(wait_status) ? STATUS_SIGNAL + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

/*
 * The recording is over before the target is. Kills the target, or lets it go on alone and waits for it, so that its exit status is passed
 * on and a shell's prompt comes when it is done; an interrupt meanwhile kills it.
 */
static void let_go(struct recording *recording, bool killing, int *status_ret)
{
	struct fdbg_error *err;
	char drained[64];
	int wait_status;

	while (read(wake_pipe[0], drained, sizeof(drained)) > 0) {
		/* The signals that brought us here must not end the waits to come. */
	}
	err = fdbg_engine_stop(recording->engine, killing);
	if (!err && !killing) {
		fdbg_server_release(recording->server);
		err = fdbg_server_wait_target(recording->server, -1, wake_pipe[0], &wait_status);
		if (!err)
			*status_ret = status_of_wait(wait_status);
		if (fdbg_error_is(err, FDBG_ERROR_INTERRUPTED)) {
			pid_t target = fdbg_server_target(recording->server);

			/* Its id stays taken until it is waited for. */
			if (target > 0)
				kill(target, SIGKILL);
			*status_ret = STATUS_SIGNAL + (caught ? caught : SIGINT);
			fdbg_error_destroy(err);
			return;
		}
	}
	if (err)
		fdbg_log(recording->options->log, FDBG_LOG_WARNING, "the program was not let go cleanly: %s", err->message);
	fdbg_error_destroy(err);
}

static struct fdbg_error *record(struct recording *recording, int *status_ret)
{
	const struct fdbg_recording_options *options = recording->options;
	struct fdbg_record_options record_options = {
		.limits = options->limits.decode, .values = options->level == FDBG_TRACE_FULL,
		.has_max_depth = options->has_max_depth, .max_depth = options->max_depth, .max_events = options->max_events,
		.max_ns = (uint64_t)(options->duration * 1e9), .log = options->log,
		.visualizers = options->visualizers,
		.watch = fdbg_live_watch, .watch_context = &recording->live,
	};
	bool kill = options->kill;
	struct fdbg_error *err, *end_err;

	err = fdbg_record(recording->engine, recording->plan, recording->debuginfo, recording->writer, &record_options,
			  &recording->result);
	fdbg_live_end(&recording->live);
	if (recording->result.end == FDBG_RECORD_INTERRUPTED)
		kill = true;
	*status_ret = status_of(&recording->result, kill);
	/* The file first: whatever happens to the target from here on, the recording is complete. */
	end_err = finish_file(recording, *status_ret);
	if (!err)
		err = end_err;
	else
		fdbg_error_destroy(end_err);
	if (recording->result.end == FDBG_RECORD_LIMIT || recording->result.end == FDBG_RECORD_INTERRUPTED)
		let_go(recording, kill, status_ret);
	return err;
}

static struct fdbg_error *run(struct recording *recording, int *status_ret)
{
	const struct fdbg_recording_options *options = recording->options;
	struct fdbg_run_stats *stats = &recording->stats;
	uint64_t start = fdbg_clock_mono_ns(), phase = start;
	struct fdbg_error *err;

	err = fdbg_recording_find_program(options->program, &recording->program, status_ret);
	if (err)
		return err;
	err = make_plan(recording, status_ret);
	if (err)
		return err;
	stats->debuginfo_seconds = since(phase);
	stats->n_probes = recording->plan->n_sites;
	phase = fdbg_clock_mono_ns();
	*status_ret = STATUS_FAILED;
	err = check_directory(options->directory);
	if (!err)
		err = catch_signals();
	if (!err)
		err = choose_output(recording);
	if (!err)
		err = fdbg_writer_create(recording->output, &recording->writer);
	if (err)
		return err;
	fdbg_live_begin(&recording->live, options->live, options->quiet, recording->writer);
	err = launch(recording, status_ret);
	if (!err)
		err = announce(recording);
	if (err) {
		fdbg_writer_destroy(recording->writer);
		recording->writer = NULL;
		take_output_back(recording);
		return err;
	}
	stats->insert_seconds = since(phase);
	phase = fdbg_clock_mono_ns();
	err = record(recording, status_ret);
	stats->run_seconds = since(phase);
	stats->total_seconds = since(start);
	stats->engine = recording->engine->stats;
	stats->session = *fdbg_session_stats(recording->session);
	stats->n_events = recording->result.n_events;
	stats->file_size = fdbg_writer_size(recording->writer);
	return err;
}

static void tear_down(struct recording *recording)
{
	fdbg_engine_destroy(recording->engine);
	fdbg_server_destroy(recording->server);
	fdbg_writer_destroy(recording->writer);
	fdbg_plan_destroy(recording->plan);
	fdbg_arena_deinit(&recording->arena);
	fdbg_debuginfo_close(recording->debuginfo);
	fdbg_image_close(recording->image);
	fdbg_live_deinit(&recording->live);
	free(recording->program);
	free(recording->output);
}

struct fdbg_error *fdbg_recording_run(const struct fdbg_recording_options *options, int *status_ret)
{
	struct recording recording = { .options = options };
	struct fdbg_error *err, *stats_err;
	int status = STATUS_FAILED;

	err = run(&recording, &status);
	if (err && recording.engine)
		status = STATUS_FAILED;
	if (recording.engine && options->stats) {
		stats_err = fdbg_stats_write(&recording.stats, options->stats_file);
		if (!err)
			err = stats_err;
		else
			fdbg_error_destroy(stats_err);
	}
	if (recording.engine && !options->quiet)
		fprintf(stderr, "fdbg: %llu events in %.1f s, %s\n", (unsigned long long)recording.stats.n_events,
			recording.stats.run_seconds, recording.output);
	tear_down(&recording);
	*status_ret = status;
	return err;
}
