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
	struct fdbg_target target;
	char *output;
	bool kept_old;
	struct fdbg_image *image;
	struct fdbg_debuginfo *debuginfo;
	struct fdbg_arena arena;
	struct fdbg_plan *plan;
	struct fdbg_writer *writer;
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

static struct fdbg_error *choose_output(struct recording *recording)
{
	struct stat st;

	if (recording->options->output)
		recording->output = strdup(recording->options->output);
	else if (asprintf(&recording->output, "%s.firedbg.ss", recording->target.name) < 0)
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

static struct fdbg_error *nothing_chosen(const struct fdbg_recording_options *options, const char *program)
{
	const struct fdbg_selector *selector = &options->selector;
	struct fdbg_buf said = { 0 };
	struct fdbg_error *err;

	for (size_t i = 0; i < selector->n_globs; i++)
		fdbg_buf_printf(&said, " %s '%s'", selector->globs[i].exclude ? "-N" : "-F", selector->globs[i].pattern);
	for (size_t i = 0; i < selector->n_files; i++)
		fdbg_buf_printf(&said, " --file '%s'", selector->files[i]);
	err = fdbg_error_create(FDBG_ERROR_NOT_FOUND, "%s has no function to trace%s%s; `fdbg functions %s` lists those there are",
				program, said.len ? " with" : "", fdbg_buf_cstr(&said), program);
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
	struct fdbg_debuginfo_options debuginfo_options = { .symbols = options->symbols, .log = options->log };
	struct fdbg_plan_options plan_options = {
		.values = options->level == FDBG_TRACE_FULL, .calls = options->level != FDBG_TRACE_NONE,
		.allocations = options->allocations, .heap_asked = !options->max_heap_messages, .log = options->log,
	};
	struct fdbg_chosen *chosen;
	struct fdbg_error *err;
	size_t n_chosen;

	*status_ret = STATUS_CANNOT_RUN;
	err = fdbg_image_open(recording->target.executable, &recording->image);
	if (err)
		return err;
	*status_ret = STATUS_FAILED;
	err = fdbg_debuginfo_open(recording->image, &debuginfo_options, &recording->debuginfo);
	if (!err)
		err = fdbg_selector_choose(&options->selector, recording->debuginfo, &recording->arena, &chosen, &n_chosen);
	if (err)
		return err;
	if (!n_chosen)
		return nothing_chosen(options, fdbg_target_is_launch(&options->target) ? options->target.program
										       : recording->target.path);
	fdbg_log(options->log, FDBG_LOG_INFO, "%zu functions to trace", n_chosen);
	return fdbg_plan_create(recording->image, recording->debuginfo, chosen, n_chosen, &plan_options, &recording->plan);
}

static void server_output(void *context, const void *data, size_t len)
{
	(void)context;
	fwrite(data, 1, len, stdout);
	fflush(stdout);
}

static struct fdbg_error *start_engine(struct recording *recording, int *status_ret)
{
	struct fdbg_error *err = fdbg_target_start(&recording->target, recording->image, &recording->session, status_ret);

	return err ? err : fdbg_stop_engine_create(recording->session, recording->image, recording->plan,
						   recording->options->log, &recording->engine);
}

static struct fdbg_error *announce(struct recording *recording)
{
	struct fdbg_announcement announcement = {
		.program = recording->target.path,
		.arguments = (const char *const *)recording->options->target.arguments,
		.map = recording->options->map,
	};

	while (recording->options->target.arguments[announcement.n_arguments])
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
	if (!err && !killing && fdbg_target_is_launch(&recording->target.options)) {
		fdbg_server_release(recording->target.server);
		err = fdbg_server_wait_target(recording->target.server, -1, wake_pipe[0], &wait_status);
		if (!err)
			*status_ret = status_of_wait(wait_status);
		if (fdbg_error_is(err, FDBG_ERROR_INTERRUPTED)) {
			pid_t target = fdbg_server_target(recording->target.server);

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
		.visualizers = options->visualizers, .max_heap_messages = options->max_heap_messages,
		.watch = fdbg_live_watch, .watch_context = &recording->live,
	};
	bool kill = options->kill;
	struct fdbg_error *err, *end_err;

	err = fdbg_record(recording->engine, recording->plan, recording->debuginfo, recording->writer, &record_options,
			  &recording->result);
	fdbg_live_end(&recording->live);
	/* What was there before goes on when the recording ends. */
	if (recording->result.end == FDBG_RECORD_INTERRUPTED && recording->target.launched)
		kill = true;
	*status_ret = recording->result.end == FDBG_RECORD_INTERRUPTED && !kill ? 0 : status_of(&recording->result, kill);
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
	struct fdbg_target_options target_options = options->target;
	struct fdbg_error *err;

	err = catch_signals();
	if (err)
		return err;
	target_options.wake_fd = wake_pipe[0];
	target_options.output = server_output;
	err = fdbg_target_open(&target_options, &recording->target, status_ret);
	if (err)
		return err;
	phase = fdbg_clock_mono_ns();
	err = make_plan(recording, status_ret);
	if (err)
		return err;
	stats->debuginfo_seconds = since(phase);
	stats->n_probes = recording->plan->n_sites;
	stats->n_heap_probes = recording->plan->n_heap_sites;
	phase = fdbg_clock_mono_ns();
	*status_ret = STATUS_FAILED;
	if (fdbg_target_is_launch(&options->target))
		err = check_directory(options->target.directory);
	if (!err)
		err = choose_output(recording);
	if (!err)
		err = fdbg_writer_create(recording->output, &recording->writer);
	if (err)
		return err;
	fdbg_live_begin(&recording->live, options->live, options->quiet, recording->writer);
	err = start_engine(recording, status_ret);
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
	stats->heap = recording->result.heap;
	stats->file_size = fdbg_writer_size(recording->writer);
	return err;
}

static void tear_down(struct recording *recording)
{
	fdbg_engine_destroy(recording->engine);
	fdbg_writer_destroy(recording->writer);
	fdbg_plan_destroy(recording->plan);
	fdbg_arena_deinit(&recording->arena);
	fdbg_debuginfo_close(recording->debuginfo);
	fdbg_image_close(recording->image);
	fdbg_target_close(&recording->target);
	fdbg_live_deinit(&recording->live);
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
