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
#include "trace/identity.h"
#include "trace/mend.h"
#include "trace/recorder.h"

enum { STATUS_FAILED = 125, STATUS_CANNOT_RUN = 126, STATUS_NOT_FOUND = 127, STATUS_SIGNAL = 128 };

/* A program that was recorded: the one that was started, or one that the process executed later. */
struct program {
	struct fdbg_image *image;
	struct fdbg_debuginfo *debuginfo;
	struct fdbg_plan *plan;
	char *path;
	struct program *next;
};

/* Everything of one recording; torn down in one place. */
struct recording {
	const struct fdbg_recording_options *options;
	struct fdbg_target target;
	char *output;
	bool kept_old;
	struct fdbg_image *image;
	struct fdbg_debuginfo *debuginfo;
	struct fdbg_arena arena;
	struct fdbg_plan *plan;          /* image, debuginfo and plan are those of the program that runs */
	struct program *programs;        /* all that were recorded, and own them */
	struct fdbg_announcer announcer;
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

/* What is written then fails, and is told as that is; who runs on has to be let go first. */
static void pass_over(int signal)
{
	(void)signal;
}

static struct fdbg_error *catch_signals(void)
{
	static const int passed_over[] = { SIGPIPE, SIGXFSZ };
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct sigaction passing = { .sa_handler = pass_over, .sa_flags = SA_RESTART };

	if (pipe2(wake_pipe, O_CLOEXEC | O_NONBLOCK))
		return fdbg_error_errno(errno, "cannot make a pipe");
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct sigaction old;

		/* nohup and background jobs of a shell ignore some: leave that as it is. */
		if (!sigaction(signals[i], NULL, &old) && old.sa_handler == SIG_IGN)
			continue;
		sigaction(signals[i], &action, NULL);
	}
	/* Not ignored: what is executed would inherit that. */
	for (size_t i = 0; i < sizeof(passed_over) / sizeof(passed_over[0]); i++) {
		struct sigaction old;

		if (!sigaction(passed_over[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaction(passed_over[i], &passing, NULL);
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

/* Closes a program that is not among recording->programs. */
static void close_program(struct recording *recording)
{
	fdbg_plan_destroy(recording->plan);
	fdbg_debuginfo_close(recording->debuginfo);
	fdbg_image_close(recording->image);
	recording->plan = NULL;
	recording->debuginfo = NULL;
	recording->image = NULL;
}

/* Keeps the program that was opened. */
static struct fdbg_error *keep_program(struct recording *recording, const char *path)
{
	struct program *program = calloc(1, sizeof(*program));

	if (!program || !(program->path = strdup(path))) {
		free(program);
		return &fdbg_error_nomem;
	}
	program->image = recording->image;
	program->debuginfo = recording->debuginfo;
	program->plan = recording->plan;
	program->next = recording->programs;
	recording->programs = program;
	return NULL;
}

/*
 * Opens an executable and plans what to trace in it. path: how to name it. Breakpoint ids begin at first_id; 0: at the first one.
 */
static struct fdbg_error *make_plan(struct recording *recording, const char *executable, const char *symbols,
				    const char *path, uint32_t first_id, int *status_ret)
{
	const struct fdbg_recording_options *options = recording->options;
	struct fdbg_debuginfo_options debuginfo_options = { .symbols = symbols, .log = options->log };
	struct fdbg_plan_options plan_options = {
		.values = options->level == FDBG_TRACE_FULL, .calls = options->level != FDBG_TRACE_NONE,
		.allocations = options->allocations, .heap_asked = !options->max_heap_messages,
		.log = options->log, .first_id = first_id,
	};
	struct fdbg_chosen *chosen;
	struct fdbg_error *err;
	size_t n_chosen;

	*status_ret = STATUS_CANNOT_RUN;
	err = fdbg_image_open(executable, &recording->image);
	if (err)
		return err;
	if (!fdbg_image_bytes(recording->image, fdbg_image_info(recording->image)->entry, 1, false))
		return fdbg_error_create(FDBG_ERROR_USAGE, "%s has no code; a file with nothing but debug information is for "
					 "--symbols, beside the program", recording->target.executable);
	*status_ret = STATUS_FAILED;
	err = fdbg_debuginfo_open(recording->image, &debuginfo_options, &recording->debuginfo);
	if (!err)
		err = fdbg_selector_choose(&options->selector, recording->debuginfo, &recording->arena, &chosen, &n_chosen);
	if (err)
		return err;
	if (!n_chosen)
		return nothing_chosen(options, path);
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
	return fdbg_announce(&recording->announcer, recording->writer, recording->plan, recording->debuginfo, &announcement);
}

/* ---- another program ---- */

static bool is_of_the_link(const struct fdbg_error *err)
{
	return err->code == FDBG_ERROR_GONE || err->code == FDBG_ERROR_PROTOCOL || err->code == FDBG_ERROR_TIMEOUT ||
	       err->code == FDBG_ERROR_NOMEM;
}

/* A program that was recorded before and is executed again; *ret is NULL when there is none. */
static struct fdbg_error *find_known(struct recording *recording, struct program **ret)
{
	*ret = NULL;
	for (struct program *program = recording->programs; program; program = program->next) {
		struct fdbg_error *err;
		bool same = false;

		err = fdbg_identity_same(recording->session, program->image, &same);
		if (err)
			return err;
		if (same) {
			*ret = program;
			return NULL;
		}
	}
	return NULL;
}

/* The process executes another program: it is recorded like the first one, where it can be. */
static struct fdbg_error *on_exec(void *context, struct fdbg_record_program *ret)
{
	struct recording *recording = context;
	const struct fdbg_recording_options *options = recording->options;
	struct fdbg_announcement announcement = { .program = "", .map = options->map };
	uint32_t first_id = FDBG_PLAN_FIRST_ID;
	FDBG_AUTO_FREE char *executable = NULL;
	FDBG_AUTO_FREE char *path = NULL;
	struct program *known;
	struct fdbg_error *err;
	int status;

	for (const struct program *program = recording->programs; program; program = program->next)
		if (program->plan->next_id > first_id)
			first_id = program->plan->next_id;
	recording->image = NULL;
	recording->debuginfo = NULL;
	recording->plan = NULL;
	err = find_known(recording, &known);
	if (!err && known) {
		announcement.program = known->path;
		recording->image = known->image;
		recording->debuginfo = known->debuginfo;
		recording->plan = known->plan;
	} else if (!err) {
		err = fdbg_target_successor(&recording->target, recording->session, &executable, &path);
		if (path)
			announcement.program = path;
		if (!err) {
			err = make_plan(recording, executable, NULL, path, first_id, &status);
			if (!err)
				err = keep_program(recording, path);
			if (err)
				close_program(recording);
			else
				recording->stats.n_probes += recording->plan->n_sites;
		}
	}
	if (err && is_of_the_link(err))
		return err;
	if (err)
		fdbg_log(options->log, FDBG_LOG_WARNING, "the program executed %s, which is not recorded and runs at full "
			 "speed: %s", path ? path : "another one", err->message);
	else
		fdbg_log(options->log, FDBG_LOG_INFO, "the program executed %s", announcement.program);
	fdbg_error_destroy(err);
	*ret = (struct fdbg_record_program){ recording->image, recording->debuginfo, recording->plan };
	return fdbg_announce_exec(&recording->announcer, recording->writer, recording->plan, recording->debuginfo,
				  &announcement, known != NULL);
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
	if (killing && recording->target.server && fdbg_target_is_launch(&recording->target.options)) {
		/* Our own child: no server is needed for that, and it may be the server that does not answer. */
		pid_t target = fdbg_server_target(recording->target.server);

		if (target > 0)
			kill(target, SIGKILL);
		return;
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

/* What the loss of the link means for the target, which nobody controls any more. */
static struct fdbg_error *after_the_link(struct recording *recording, struct fdbg_error *err)
{
	const struct fdbg_target_options *options = &recording->target.options;
	struct fdbg_error *told = NULL, *mended;
	size_t n;

	if (!is_of_the_link(err) || err->code == FDBG_ERROR_NOMEM || fdbg_target_is_launch(options))
		return err;
	if (!recording->target.local) {
		told = fdbg_error_create(err->code, "%s; if the program still runs there, it has breakpoints in it, and the "
					 "first that it comes to will end it", err->message);
	} else {
		/* A server that still lives but makes no sense must go first. */
		fdbg_server_destroy(recording->target.server);
		recording->target.server = NULL;
		mended = fdbg_stop_engine_mend(recording->engine, (pid_t)options->attach, &n);
		if (mended)
			told = fdbg_error_create(err->code, "%s; %s", err->message, mended->message);
		else
			told = fdbg_error_create(err->code, "%s; the breakpoints were taken out of process %llu (%zu), which runs on",
						 err->message, (unsigned long long)options->attach, n);
		fdbg_error_destroy(mended);
	}
	fdbg_error_destroy(err);
	return told;
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
		.on_exec = on_exec, .exec_context = recording,
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
	if (err)
		err = after_the_link(recording, err);
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
	err = make_plan(recording, recording->target.executable, options->symbols,
			fdbg_target_is_launch(&options->target) ? options->target.program : recording->target.path, 0,
			status_ret);
	if (!err)
		err = keep_program(recording, recording->target.path);
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
	if (!recording->programs)
		close_program(recording);
	while (recording->programs) {
		struct program *program = recording->programs;

		recording->programs = program->next;
		recording->plan = program->plan;
		recording->debuginfo = program->debuginfo;
		recording->image = program->image;
		close_program(recording);
		free(program->path);
		free(program);
	}
	fdbg_announcer_deinit(&recording->announcer);
	fdbg_arena_deinit(&recording->arena);
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
