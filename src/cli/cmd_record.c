/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* fdbg record: the options of a recording. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/record_command.h"
#include "cli/recording.h"
#include "cli/selection.h"
#include "cli/visualizers.h"

#define CONFIG_VARIABLE "FIREDBG_RUST_CONFIG"

/* Of --allocations, which is not given. */
enum { ALLOCATIONS_DEFAULT = -1 };

/* What the table's rows fill in before it becomes fdbg_recording_options. */
struct words {
	struct fdbg_selection selection;
	struct fdbg_option_list environment, visualizers;
	struct fdbg_option_uint depth, max_events, max_array, deref_limit;
	const char *output, *server, *duration, *stats, *directory, *timeout;
	const char *remote, *platform, *exec, *attach, *symbols;
	struct fdbg_option_list map;
	int level, allocations;
	unsigned int verbose;
	bool inlines, keep_hash_order, kill, live, no_visualizers, quiet;
};

/* A number of seconds above 0; infinity and NaN are none. */
static struct fdbg_error *parse_seconds(const char *option, const char *text, double *ret)
{
	double value;
	char *end;

	errno = 0;
	value = strtod(text, &end);
	if (end == text || *end || errno || !isfinite(value) || value <= 0 || value > 1e9)
		return fdbg_error_create(FDBG_ERROR_USAGE, "--%s: '%s' is not a number of seconds", option, text);
	*ret = value;
	return NULL;
}

/* What --max-array-size and its like, the environment and .env say; the command line wins, then the environment. */
static struct fdbg_error *find_limits(const struct words *words, struct fdbg_limits *ret)
{
	const char *variable = getenv(CONFIG_VARIABLE);
	struct fdbg_error *err = NULL;

	*ret = FDBG_LIMITS_DEFAULT;
	if (variable)
		err = fdbg_limits_parse(ret, variable);
	else
		err = fdbg_limits_parse_env_file(ret, ".env");
	if (err)
		return err;
	if (words->max_array.given)
		ret->decode.max_array = (size_t)words->max_array.value;
	if (words->deref_limit.given)
		ret->decode.deref_limit = (size_t)words->deref_limit.value;
	ret->decode.keep_hash_order |= words->keep_hash_order;
	return NULL;
}

/* Typed unless the configuration says not to; the command line wins. */
static enum fdbg_heap_mode find_allocations(const struct words *words, const struct fdbg_limits *limits)
{
	if (words->allocations != ALLOCATIONS_DEFAULT)
		return (enum fdbg_heap_mode)words->allocations;
	return limits->no_allocations ? FDBG_HEAP_NONE : FDBG_HEAP_TYPED;
}

static struct fdbg_error *check_environment(const struct fdbg_option_list *list)
{
	for (size_t i = 0; i < list->n_items; i++) {
		const char *equals = strchr(list->items[i].value, '=');

		if (!equals || equals == list->items[i].value)
			return fdbg_error_create(FDBG_ERROR_USAGE, "--env: '%s' is not NAME=VALUE", list->items[i].value);
	}
	return NULL;
}

static struct fdbg_error *check_count(const char *option, const struct fdbg_option_uint *count)
{
	if (count->given && count->value > 1000000000)
		return fdbg_error_create(FDBG_ERROR_USAGE, "--%s: at most 1000000000", option);
	return NULL;
}

/* What the words that are no options mean depends on how the target is reached. */
static struct fdbg_error *place_words(const struct words *words, char **program, struct fdbg_target_options *target)
{
	bool there = words->remote || words->platform;
	char *end;

	if (words->attach) {
		errno = 0;
		target->attach = strtoull(words->attach, &end, 10);
		if (*words->attach < '1' || *words->attach > '9' || *end || errno || target->attach > INT32_MAX)
			return fdbg_error_create(FDBG_ERROR_USAGE, "--attach: '%s' is not a process id", words->attach);
	}
	if (words->remote && words->platform)
		return fdbg_error_create(FDBG_ERROR_USAGE, "--remote and --platform exclude each other");
	if (words->exec && !there)
		return fdbg_error_create(FDBG_ERROR_USAGE, "--exec is for --remote and --platform; leave it out to run a program "
					 "here");
	if (words->exec && words->attach)
		return fdbg_error_create(FDBG_ERROR_USAGE, "--exec and --attach exclude each other");
	if (words->platform && !words->exec && !words->attach)
		return fdbg_error_create(FDBG_ERROR_USAGE, "--platform needs --exec=PATH or --attach=PID");
	if (words->server && there)
		return fdbg_error_create(FDBG_ERROR_USAGE, "--server is for programs of this machine; --remote and --platform "
					 "name a server themselves");
	if (words->exec) {
		target->arguments = program;
		return NULL;
	}
	target->program = program[0];
	target->arguments = program[0] ? program + 1 : program;
	if (!there && !words->attach && !program[0])
		return fdbg_error_create(FDBG_ERROR_USAGE, "which PROGRAM?");
	if ((there || words->attach) && program[0] && program[1])
		return fdbg_error_create(FDBG_ERROR_USAGE, "unexpected '%s': the program runs already", program[1]);
	if ((words->environment.n_items || words->directory) && (there || words->attach))
		return fdbg_error_create(FDBG_ERROR_USAGE, "--env and --cwd are for programs that fdbg starts; this one runs "
					 "already");
	return NULL;
}

/* Has a frontend find the program. What it says holds where the options say nothing. */
static struct fdbg_error *ask_frontend(const struct fdbg_record_frontend *frontend, const struct words *words,
				       char **own_words, struct fdbg_recording_options *options,
				       struct fdbg_record_program *ret, int *status_ret)
{
	struct fdbg_error *err;

	if (words->remote || words->platform || words->exec || words->attach)
		return fdbg_error_create(FDBG_ERROR_USAGE, "--remote, --platform, --exec and --attach do not go with this "
					 "command: it starts a program here");
	err = frontend->prepare(frontend->context, own_words, options->log, ret, status_ret);
	if (err)
		return err;
	if (!options->output)
		options->output = ret->output;
	if (!options->target.directory)
		options->target.directory = ret->directory;
	if (!words->selection.crates.n_items) {
		options->selector.crates = ret->crates;
		options->selector.n_crates = ret->n_crates;
	}
	return NULL;
}

/* NAME=VALUE of a frontend before those of --env. NULL: no memory. */
static char **join_environment(const struct fdbg_record_program *found, const struct fdbg_option_list *own)
{
	size_t n = 0, n_found = 0;
	char **all;

	while (found->environment && found->environment[n_found])
		n_found++;
	all = calloc(n_found + own->n_items + 1, sizeof(*all));
	for (size_t i = 0; all && i < n_found; i++)
		all[n++] = found->environment[i];
	for (size_t i = 0; all && i < own->n_items; i++)
		all[n++] = (char *)own->items[i].value;
	return all;
}

static struct fdbg_error *record(struct words *words, char **program, const struct fdbg_record_frontend *frontend,
				 int *status_ret)
{
	struct fdbg_record_program found = { 0 };
	char **environment = NULL;
	struct fdbg_log log = {
		.level = words->verbose > 1 ? FDBG_LOG_PACKET : words->verbose ? FDBG_LOG_INFO : FDBG_LOG_WARNING,
		.sink = fdbg_cli_log.sink,
	};
	struct fdbg_recording_options options = {
		.output = words->output, .symbols = words->symbols,
		.level = (enum fdbg_trace_level)words->level,
		.has_max_depth = words->depth.given, .max_depth = words->depth.value, .max_events = words->max_events.value,
		.kill = words->kill, .live = words->live, .quiet = words->quiet, .stats = words->stats,
		.stats_file = words->stats && *words->stats ? words->stats : NULL,
		.log = &log,
	};
	struct fdbg_visualizers visualizers = { 0 };
	const char **map = calloc(words->map.n_items + 1, sizeof(*map));
	double timeout = 10;
	struct fdbg_error *err;

	if (!map)
		return &fdbg_error_nomem;
	for (size_t i = 0; i < words->map.n_items; i++)
		map[i] = words->map.items[i].value;
	options.map = map;
	options.target = (struct fdbg_target_options){
		.symbols = words->symbols, .server = words->server, .directory = words->directory,
		.remote = words->remote, .platform = words->platform, .exec = words->exec, .quiet = words->quiet,
		.log = &log,
	};
	err = find_limits(words, &options.limits);
	if (!err)
		err = check_environment(&words->environment);
	for (size_t i = 0; !err && i < words->map.n_items; i++)
		if (!strchr(map[i], '=') || map[i][0] == '=')
			err = fdbg_error_create(FDBG_ERROR_USAGE, "--map: '%s' is not FROM=TO", map[i]);
	if (!err)
		err = check_count("max-array-size", &words->max_array);
	if (!err)
		err = check_count("deref-limit", &words->deref_limit);
	if (!err && words->duration)
		err = parse_seconds("duration", words->duration, &options.duration);
	if (!err && words->timeout)
		err = parse_seconds("timeout", words->timeout, &timeout);
	if (!err && words->max_events.given && !words->max_events.value)
		err = fdbg_error_create(FDBG_ERROR_USAGE, "--max-events: at least 1");
	options.allocations = find_allocations(words, &options.limits);
	options.max_heap_messages = words->allocations == ALLOCATIONS_DEFAULT ? FDBG_HEAP_DEFAULT_MESSAGES : 0;
	if (!err && !frontend)
		err = place_words(words, program, &options.target);
	if (!err)
		err = fdbg_selection_finish(&words->selection);
	if (!err)
		err = fdbg_visualizers_load(&words->visualizers, !words->no_visualizers, &log, &visualizers);
	options.visualizers = &visualizers;
	options.target.timeout_ms = timeout < 1000000 ? (int)(timeout * 1000) : 1000000000;
	options.selector = words->selection.selector;
	options.selector.inlines = words->inlines;
	if (!err && frontend)
		err = ask_frontend(frontend, words, program, &options, &found, status_ret);
	if (!err && frontend)
		err = place_words(words, found.arguments, &options.target);
	if (!err) {
		environment = join_environment(&found, &words->environment);
		options.target.environment = environment;
		err = environment ? NULL : &fdbg_error_nomem;
	}
	if (!err)
		err = fdbg_recording_run(&options, status_ret);
	fdbg_visualizers_deinit(&visualizers);
	free(environment);
	free(map);
	return err;
}

struct fdbg_error *fdbg_record_command(int argc, char **argv, const struct fdbg_record_frontend *frontend,
				       int *status_ret)
{
	static const char *const levels[] = {
		[FDBG_TRACE_FULL] = "full", [FDBG_TRACE_CALL_ONLY] = "call-only", [FDBG_TRACE_NONE] = "none", NULL,
	};
	static const char *const allocations[] = {
		[FDBG_HEAP_NONE] = "none", [FDBG_HEAP_TYPED] = "typed", [FDBG_HEAP_ALL] = "all", NULL,
	};
	struct words words = { .allocations = ALLOCATIONS_DEFAULT };
	const struct fdbg_option options[] = {
		{ "output", 'o', FDBG_OPTION_STRING, "FILE", "the recording (default: NAME.firedbg.ss in the current "
		  "directory); a file that is there is kept as FILE.old", &words.output, NULL, 0 },
		{ "server", 0, FDBG_OPTION_STRING, "NAME", "the local server: gdbserver, lldb-server or a path (default: the first on PATH)",
		  &words.server, NULL, 0 },
		{ "remote", 0, FDBG_OPTION_STRING, "ADDRESS", "record the program that a server holds: HOST:PORT, [V6]:PORT, "
		  "unix:PATH or '| COMMAND'; PROGRAM is the local copy, without it the target's file is read", &words.remote,
		  NULL, 0 },
		{ "attach", 0, FDBG_OPTION_STRING, "PID", "attach to a running process, here or with --remote there",
		  &words.attach, NULL, 0 },
		{ "exec", 0, FDBG_OPTION_STRING, "PATH", "with --remote: start this program of the target's machine, with the "
		  "words behind -- as its arguments", &words.exec, NULL, 0 },
		{ "platform", 0, FDBG_OPTION_STRING, "ADDRESS", "have an lldb-server platform start the debug server",
		  &words.platform, NULL, 0 },
		{ "symbols", 0, FDBG_OPTION_STRING, "FILE", "the separate file with the debug information", &words.symbols,
		  NULL, 0 },
		{ "map", 0, FDBG_OPTION_LIST, "FROM=TO", "source files below FROM are below TO on this machine; may repeat",
		  &words.map, NULL, 0 },
		FDBG_SELECTION_OPTIONS(&words.selection),
		{ "inlines", 0, FDBG_OPTION_FLAG, NULL, "also show calls that the compiler inlined, with the arguments that are "
		  "still there; they have no return value", &words.inlines, NULL, 0 },
		{ "trace", 0, FDBG_OPTION_CHOICE, "LEVEL", "full (default); call-only: no values; none: only panics and "
		  "fire::dbg!", &words.level, levels, 0 },
		{ "depth", 0, FDBG_OPTION_UINT, "N", "only frames up to depth N; 0: the outermost traced calls alone",
		  &words.depth, NULL, 0 },
		{ "max-events", 0, FDBG_OPTION_UINT, "N", "stop recording after N events", &words.max_events, NULL, 0 },
		{ "duration", 0, FDBG_OPTION_STRING, "SECONDS", "stop recording after this time", &words.duration, NULL, 0 },
		{ "kill", 0, FDBG_OPTION_FLAG, NULL, "then kill the program instead of letting it go on", &words.kill, NULL, 0 },
		{ "allocations", 0, FDBG_OPTION_CHOICE, "MODE", "heap allocations: typed (default: Box, Rc, Arc), all (every one "
		  "with its size), none",
		  &words.allocations, allocations, 0 },
		{ "max-array-size", 0, FDBG_OPTION_UINT, "N", "most items of an array, string or container (default 1024)",
		  &words.max_array, NULL, 0 },
		{ "deref-limit", 0, FDBG_OPTION_UINT, "N", "most pointers followed one behind another (default 12)",
		  &words.deref_limit, NULL, 0 },
		{ "keep-hash-order", 0, FDBG_OPTION_FLAG, NULL, "do not sort hash maps and sets by key",
		  &words.keep_hash_order, NULL, 0 },
		{ "visualizers", 0, FDBG_OPTION_LIST, "FILE", "how to show types of other crates, before the user's and the "
		  "installed visualizers; may repeat", &words.visualizers, NULL, 0 },
		{ "no-visualizers", 0, FDBG_OPTION_FLAG, NULL, "no visualizers but those of --visualizers",
		  &words.no_visualizers, NULL, 0 },
		{ "live", 0, FDBG_OPTION_FLAG, NULL, "print the call tree on stderr as it happens", &words.live, NULL, 0 },
		{ "stats", 0, FDBG_OPTION_STRING, "[FILE]", "say at the end what the recording cost; as JSON into FILE",
		  &words.stats, NULL, 0 },
		{ "env", 0, FDBG_OPTION_LIST, "NAME=VALUE", "set a variable of the program's environment; may repeat",
		  &words.environment, NULL, 0 },
		{ "cwd", 0, FDBG_OPTION_STRING, "DIR", "the program's current directory", &words.directory, NULL, 0 },
		{ "timeout", 0, FDBG_OPTION_STRING, "SECONDS", "how long to wait for an answer of the server (default 10)",
		  &words.timeout, NULL, 0 },
		{ "verbose", 'v', FDBG_OPTION_COUNT, NULL, "say what is done; twice: every packet", &words.verbose, NULL, 0 },
		{ "quiet", 'q', FDBG_OPTION_FLAG, NULL, "no summary line and no progress", &words.quiet, NULL, 0 },
		{ 0 },
	};
	struct fdbg_syntax syntax = {
		.usage = "[record] [OPTIONS] [--] PROGRAM [ARGS...]\n[record] [OPTIONS] --remote=ADDRESS [PROGRAM]\n"
			 "[record] [OPTIONS] --attach=PID",
		.description = "Runs PROGRAM under a debug server and records every call of its functions with arguments and\n"
			       "return value. Exit status: the program's own; 128 + N when signal N ended it; 125 when the\n"
			       "recording failed, 126 when PROGRAM cannot be run, 127 when it is not found.",
		.options = options,
		.min_words = 0, .max_words = -1, .stop_at_word = true,
		.words = FDBG_WORDS_PROGRAM,
	};
	struct fdbg_error *err;
	int n_words;
	char **program;
	bool help;

	if (frontend) {
		syntax.usage = frontend->usage;
		syntax.description = frontend->description;
		syntax.min_words = frontend->min_words;
		syntax.options_of = "record";
		syntax.words = FDBG_WORDS_VERB;
		syntax.verbs = frontend->verbs;
	}
	err = fdbg_options_parse(&syntax, argc, argv, &n_words, &program, &help);
	if (!err && !help)
		err = record(&words, program, frontend, status_ret);
	fdbg_option_list_deinit(&words.environment);
	fdbg_option_list_deinit(&words.map);
	fdbg_option_list_deinit(&words.visualizers);
	fdbg_selection_deinit(&words.selection);
	return err;
}

struct fdbg_error *fdbg_cmd_record(int argc, char **argv, int *status_ret)
{
	return fdbg_record_command(argc, argv, NULL, status_ret);
}
