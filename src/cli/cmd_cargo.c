/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* fdbg cargo: builds a target of a workspace with cargo, and records it. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "cli/cargo.h"
#include "cli/cli.h"
#include "cli/firedbg_toml.h"
#include "cli/record_command.h"

/* A test program that does not list its tests within this time has a harness of its own. */
#define LIST_TIMEOUT_MS 10000
/* Names listed in an error. */
#define MAX_NAMED 8

enum verb { VERB_RUN, VERB_EXAMPLE, VERB_TEST, VERB_BENCH };

struct cargo_command {
	struct fdbg_arena arena;
	struct fdbg_cargo cargo;
	enum verb verb;
	const char *name;            /* of the example, test or benchmark; NULL: not said */
	char **program_words;        /* behind `--`, NULL-terminated */
	const char *bin;             /* --bin or --example of `run`; NULL: not said */
	const char **options;        /* for cargo */
	size_t n_options;
};

/* Options of cargo whose value is the next word. */
static bool takes_value(const char *option)
{
	static const char *const options[] = {
		"-p", "--package", "--exclude", "--bin", "--example", "--test", "--bench", "-F", "--features", "--target",
		"--target-dir", "--manifest-path", "--profile", "-j", "--jobs", "--config", "--color", "-Z",
		"--lockfile-path", "--timings",
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (!strcmp(option, options[i]))
			return strcmp(option, "--timings") != 0;
	return false;
}

/* The value of an option that may be written `--name value` or `--name=value`; NULL: it is another option. */
static const char *value_of(const char *name, char **word)
{
	size_t len = strlen(name);

	if (!strcmp(*word, name))
		return word[1];
	return !strncmp(*word, name, len) && (*word)[len] == '=' ? *word + len + 1 : NULL;
}

static const char *const verbs[] = {
	[VERB_RUN] = "run", [VERB_EXAMPLE] = "example", [VERB_TEST] = "test", [VERB_BENCH] = "bench",
	[VERB_BENCH + 1] = NULL,
};

static struct fdbg_error *parse_verb(const char *word, enum verb *ret)
{
	for (size_t i = 0; verbs[i]; i++) {
		/* cargo's own short forms */
		if (word && (!strcmp(word, verbs[i]) || (word[0] == verbs[i][0] && !word[1] && i != VERB_EXAMPLE && i != VERB_BENCH))) {
			*ret = (enum verb)i;
			return NULL;
		}
	}
	return fdbg_error_create(FDBG_ERROR_USAGE, "cargo %s: run, example, test or bench is expected", word ? word : "");
}

/* Sorts the words behind `fdbg cargo`: the toolchain, the verb, cargo's options, a name, the program's words. */
static struct fdbg_error *parse_words(struct cargo_command *command, char **words)
{
	struct fdbg_error *err;
	size_t n = 0;

	if (*words && **words == '+')
		command->cargo.toolchain = *words++;
	err = parse_verb(*words, &command->verb);
	if (err)
		return err;
	words++;
	while (words[n])
		n++;
	command->options = fdbg_arena_array(&command->arena, n + 1, sizeof(*command->options));
	if (!command->options)
		return &fdbg_error_nomem;
	for (; *words && strcmp(*words, "--"); words++) {
		const char *value;

		if (**words != '-' && !command->name && command->verb != VERB_RUN) {
			command->name = *words;
			continue;
		}
		if (**words != '-')
			return fdbg_error_create(FDBG_ERROR_USAGE, "unexpected '%s'; the program's own words come behind --", *words);
		if (!strncmp(*words, "--message-format", strlen("--message-format")) || !strcmp(*words, "--no-run"))
			return fdbg_error_create(FDBG_ERROR_USAGE, "%s is not for recordings", *words);
		value = value_of("--manifest-path", words);
		if (value)
			command->cargo.manifest = value;
		if (value_of("--bin", words))
			command->bin = value_of("--bin", words);
		if (value_of("--example", words))
			command->bin = value_of("--example", words);
		command->options[command->n_options++] = *words;
		if (takes_value(*words)) {
			if (!words[1])
				return fdbg_error_create(FDBG_ERROR_USAGE, "%s needs a value", *words);
			command->options[command->n_options++] = *++words;
		}
	}
	if (command->verb == VERB_EXAMPLE && !command->name)
		return fdbg_error_create(FDBG_ERROR_USAGE, "which example? `fdbg list-targets` lists them");
	command->program_words = *words ? words + 1 : words;
	return NULL;
}

static struct fdbg_error *build(struct cargo_command *command, struct fdbg_cargo_build *ret)
{
	const char *words[FDBG_CARGO_MAX_WORDS + 1];
	size_t n = 0;

	if (command->n_options > FDBG_CARGO_MAX_WORDS - 8)
		return fdbg_error_create(FDBG_ERROR_USAGE, "too many options for cargo");
	words[n++] = command->verb == VERB_TEST ? "test" : command->verb == VERB_BENCH ? "bench" : "build";
	words[n++] = "--message-format=json-render-diagnostics";
	if (command->verb == VERB_TEST || command->verb == VERB_BENCH)
		words[n++] = "--no-run";
	if (command->verb == VERB_EXAMPLE) {
		words[n++] = "--example";
		words[n++] = command->name;
	}
	for (size_t i = 0; i < command->n_options; i++)
		words[n++] = command->options[i];
	words[n] = NULL;
	return fdbg_cargo_build(&command->cargo, words, ret);
}

/* `a, b, c and 4 more` of the names that were added. */
struct names {
	struct fdbg_buf text;
	size_t n;
};

static void add_name(struct names *names, const char *name, const char *suffix)
{
	if (names->n++ < MAX_NAMED)
		fdbg_buf_printf(&names->text, "%s%s%s", names->n > 1 ? ", " : "", name, suffix);
}

static const char *all_names(struct names *names)
{
	if (names->n > MAX_NAMED)
		fdbg_buf_printf(&names->text, " and %zu more", names->n - MAX_NAMED);
	return fdbg_buf_cstr(&names->text);
}

/* `run` and `example`: the one program of that kind; of several binaries the package's default. */
static struct fdbg_error *choose_program(const struct cargo_command *command, const struct fdbg_cargo_workspace *workspace,
					 const struct fdbg_cargo_build *made, const struct fdbg_cargo_artifact **ret)
{
	const struct fdbg_cargo_artifact *found = NULL;
	struct names names = { 0 };
	struct fdbg_error *err = NULL;

	for (size_t i = 0; i < made->n_artifacts; i++) {
		const struct fdbg_cargo_artifact *artifact = &made->artifacts[i];
		bool program = !strcmp(artifact->target.kind, "bin") || !strcmp(artifact->target.kind, "example");

		if (!program || artifact->test)
			continue;
		if (command->bin && strcmp(artifact->target.name, command->bin))
			continue;
		found = artifact;
		add_name(&names, artifact->target.name, "");
	}
	if (names.n > 1) {
		found = NULL;
		for (size_t i = 0; i < made->n_artifacts; i++)
			for (size_t k = 0; k < workspace->n_packages; k++)
				if (workspace->packages[k].default_run && !made->artifacts[i].test &&
				    !strcmp(workspace->packages[k].manifest, made->artifacts[i].target.manifest) &&
				    !strcmp(workspace->packages[k].default_run, made->artifacts[i].target.name))
					found = &made->artifacts[i];
		if (!found)
			err = fdbg_error_create(FDBG_ERROR_USAGE, "there are several programs: %s; choose one with --bin", all_names(&names));
	} else if (!found) {
		err = fdbg_error_create(FDBG_ERROR_NOT_FOUND, "cargo has built no program; `fdbg list-targets` lists what there is");
	}
	fdbg_buf_deinit(&names.text);
	*ret = found;
	return err;
}

/* Where cargo runs tests and benchmarks: the directory of their package. */
static const char *directory_of(struct cargo_command *command, const struct fdbg_cargo_artifact *artifact)
{
	const char *slash = strrchr(artifact->target.manifest, '/');

	return slash ? fdbg_arena_copy(&command->arena, artifact->target.manifest,
				       (size_t)(slash - artifact->target.manifest))
		     : ".";
}

/* What was found of a test that was asked for by a name. */
struct test_search {
	const struct fdbg_cargo_artifact *artifact;
	const char *test;            /* the only one so far, or the one of exactly that name */
	bool exact;
	struct names names;
};

static void consider_test(struct test_search *search, const struct fdbg_cargo_artifact *artifact, const char *test,
			  const char *name)
{
	bool exact = !strcmp(test, name);

	if (!strstr(test, name) || (search->exact && !exact))
		return;
	if (exact && !search->exact) {
		fdbg_buf_clear(&search->names.text);
		search->names.n = 0;
		search->exact = true;
	}
	search->artifact = artifact;
	search->test = test;
	add_name(&search->names, test, "");
}

/* `test`: the program that has the test; without a name the only test program. */
static struct fdbg_error *choose_test(struct cargo_command *command, const struct fdbg_cargo_build *made,
				      const struct fdbg_cargo_artifact **ret, const char **test_ret)
{
	struct test_search search = { 0 };
	struct names programs = { 0 };
	struct fdbg_error *err = NULL;
	size_t n_harnesses = 0;

	for (size_t i = 0; i < made->n_artifacts && !err; i++) {
		const struct fdbg_cargo_artifact *artifact = &made->artifacts[i];
		const char **tests;
		size_t n_tests;

		if (!artifact->test)
			continue;
		n_harnesses++;
		err = fdbg_cargo_list_tests(&command->cargo, artifact->executable, directory_of(command, artifact),
					    LIST_TIMEOUT_MS, &tests, &n_tests);
		if (err)
			break;
		for (size_t k = 0; command->name && k < n_tests; k++)
			consider_test(&search, artifact, tests[k], command->name);
		if (!command->name && (n_tests || made->n_artifacts == 1)) {
			search.artifact = artifact;
			add_name(&programs, artifact->target.name, !strcmp(artifact->target.kind, "lib") ? " (--lib)" :
				 !strcmp(artifact->target.kind, "bin") ? " (--bin)" : " (--test)");
		}
	}
	if (!err && search.names.n > 1)
		err = fdbg_error_create(FDBG_ERROR_USAGE, "'%s' is in the names of several tests: %s; name one of them", command->name,
					all_names(&search.names));
	else if (!err && programs.n > 1)
		err = fdbg_error_create(FDBG_ERROR_USAGE, "there are several test programs: %s; choose one, or name a test",
					all_names(&programs));
	else if (!err && command->name && !search.test)
		err = fdbg_error_create(FDBG_ERROR_NOT_FOUND, "no test in %zu test program%s has '%s' in its name", n_harnesses,
					n_harnesses == 1 ? "" : "s", command->name);
	else if (!err && !search.artifact)
		err = fdbg_error_create(FDBG_ERROR_NOT_FOUND, "cargo has built no tests");
	fdbg_buf_deinit(&search.names.text);
	fdbg_buf_deinit(&programs.text);
	*ret = search.artifact;
	*test_ret = search.test;
	return err;
}

/* `bench`: the benchmark program of that name, or the only one; else the name is a filter for the only one. */
static struct fdbg_error *choose_bench(const struct cargo_command *command, const struct fdbg_cargo_build *made,
				       const struct fdbg_cargo_artifact **ret, const char **filter_ret)
{
	const struct fdbg_cargo_artifact *only = NULL, *named = NULL;
	struct names names = { 0 };
	struct fdbg_error *err = NULL;

	for (size_t i = 0; i < made->n_artifacts; i++) {
		const struct fdbg_cargo_artifact *artifact = &made->artifacts[i];

		if (strcmp(artifact->target.kind, "bench"))
			continue;
		if (command->name && !strcmp(artifact->target.name, command->name))
			named = artifact;
		only = artifact;
		add_name(&names, artifact->target.name, "");
	}
	*filter_ret = NULL;
	if (named)
		*ret = named;
	else if (names.n > 1)
		err = fdbg_error_create(FDBG_ERROR_USAGE, "there are several benchmarks: %s; name one, or choose with --bench",
					all_names(&names));
	else if (!only)
		err = fdbg_error_create(FDBG_ERROR_NOT_FOUND, "cargo has built no benchmark");
	else {
		*ret = only;
		*filter_ret = command->name;
	}
	fdbg_buf_deinit(&names.text);
	return err;
}

/* The program's words, with the harness's own before those of the user. */
static char **join_arguments(struct cargo_command *command, const struct fdbg_cargo_artifact *artifact,
			     const char *test)
{
	size_t n_own = 0, n = 0;
	char **all;

	while (command->program_words[n_own])
		n_own++;
	all = fdbg_arena_array(&command->arena, n_own + 6, sizeof(*all));
	if (!all)
		return NULL;
	all[n++] = (char *)artifact->executable;
	if (command->verb == VERB_BENCH)
		all[n++] = (char *)"--bench";
	if (test)
		all[n++] = (char *)test;
	if (test && command->verb == VERB_TEST) {
		/* On the main thread: one tree. */
		all[n++] = (char *)"--exact";
		all[n++] = (char *)"--test-threads=1";
	}
	for (size_t i = 0; i < n_own; i++)
		all[n++] = command->program_words[i];
	all[n] = NULL;
	return all;
}

/* What cargo tells a program that it runs (the Cargo book, "Environment Variables"). */
static char **environment_of(struct cargo_command *command, const struct fdbg_cargo_workspace *workspace,
			     const struct fdbg_cargo_build *made, const struct fdbg_cargo_artifact *artifact)
{
	const char *package_id = made->package_ids[artifact - made->artifacts], *old = getenv("LD_LIBRARY_PATH");
	char **all = fdbg_arena_array(&command->arena, made->n_variables + 8, sizeof(*all));
	struct fdbg_arena *arena = &command->arena;
	size_t n = 0;

	if (!all)
		return NULL;
	all[n++] = fdbg_arena_printf(arena, "CARGO=%s", getenv("CARGO") ? getenv("CARGO") : "cargo");
	all[n++] = fdbg_arena_printf(arena, "CARGO_MANIFEST_DIR=%s", directory_of(command, artifact));
	all[n++] = fdbg_arena_printf(arena, "CARGO_MANIFEST_PATH=%s", artifact->target.manifest);
	for (size_t i = 0; i < workspace->n_packages; i++) {
		if (strcmp(workspace->packages[i].manifest, artifact->target.manifest))
			continue;
		all[n++] = fdbg_arena_printf(arena, "CARGO_PKG_NAME=%s", workspace->packages[i].name);
		all[n++] = fdbg_arena_printf(arena, "CARGO_PKG_VERSION=%s", workspace->packages[i].version);
		break;
	}
	if (*made->library_path)
		all[n++] = fdbg_arena_printf(arena, "LD_LIBRARY_PATH=%s%s%s", made->library_path, old ? ":" : "", old ? old : "");
	for (size_t i = 0; i < made->n_variables; i++)
		if (package_id && made->variables[i].package_id && !strcmp(made->variables[i].package_id, package_id))
			all[n++] = (char *)made->variables[i].text;
	all[n] = NULL;
	for (size_t i = 0; i < n; i++)
		if (!all[i])
			return NULL;
	return all;
}

/* A crate is called as its target, with underscores. */
static const char *crate_of(struct fdbg_arena *arena, const char *target)
{
	char *name = fdbg_arena_copy(arena, target, strlen(target));

	for (char *c = name; c && *c; c++)
		if (*c == '-')
			*c = '_';
	return name;
}

/*
 * What firedbg.toml says: the functions of the program's own package and of those with trace = "full", without those with
 * trace = "none". No file: the rule of `fdbg record` holds.
 */
static struct fdbg_error *choose_crates(struct cargo_command *command, const struct fdbg_cargo_workspace *workspace,
					const struct fdbg_cargo_artifact *artifact, struct fdbg_record_program *ret)
{
	const char *path = fdbg_arena_printf(&command->arena, "%s/firedbg.toml", workspace->root);
	const char **crates = fdbg_arena_array(&command->arena, workspace->n_targets + 2, sizeof(*crates));
	struct fdbg_toml_member *members;
	struct fdbg_error *err;
	size_t n_members, n = 0;
	bool found;

	if (!path || !crates)
		return &fdbg_error_nomem;
	err = fdbg_firedbg_toml_read(path, &command->arena, &members, &n_members, &found);
	if (err || !found)
		return err;
	crates[n++] = crate_of(&command->arena, artifact->target.name);
	for (size_t i = 0; i < n_members; i++) {
		bool known = false;

		for (size_t k = 0; k < workspace->n_packages; k++)
			known |= !strcmp(workspace->packages[k].name, members[i].package);
		if (!known)
			return fdbg_error_create(FDBG_ERROR_FORMAT, "%s: the workspace has no package %s", path, members[i].package);
	}
	for (size_t i = 0; i < workspace->n_targets; i++) {
		const struct fdbg_cargo_target *target = &workspace->targets[i];
		bool take = !strcmp(target->manifest, artifact->target.manifest);

		for (size_t k = 0; k < n_members; k++)
			if (!strcmp(members[k].package, target->package))
				take = members[k].traced;
		if (take && !strcmp(target->kind, "lib"))
			crates[n++] = crate_of(&command->arena, target->name);
	}
	ret->crates = crates;
	ret->n_crates = n;
	return NULL;
}

/* TARGET.firedbg.ss, or TARGET.TEST.firedbg.ss with dots for the test's colons. */
static const char *output_name(struct cargo_command *command, const struct fdbg_cargo_artifact *artifact,
			       const char *test)
{
	char *name;

	if (!test)
		return fdbg_arena_printf(&command->arena, "%s.firedbg.ss", artifact->target.name);
	name = fdbg_arena_copy(&command->arena, test, strlen(test));
	if (!name)
		return NULL;
	for (char *from = name, *to = name; (*to = *from); from++, to++) {
		if (from[0] == ':' && from[1] == ':') {
			*to = '.';
			from++;
		} else if (*to == '/') {
			*to = '-';
		}
	}
	return fdbg_arena_printf(&command->arena, "%s.%s.firedbg.ss", artifact->target.name, name);
}

static struct fdbg_error *prepare(void *context, char **words, const struct fdbg_log *log,
				  struct fdbg_record_program *ret, int *status_ret)
{
	struct cargo_command *command = context;
	const struct fdbg_cargo_artifact *artifact = NULL;
	struct fdbg_cargo_workspace workspace;
	struct fdbg_cargo_build made;
	const char *test = NULL;
	struct fdbg_error *err;

	err = parse_words(command, words);
	if (!err)
		err = fdbg_cargo_workspace_read(&command->cargo, &workspace);
	if (!err)
		err = build(command, &made);
	if (fdbg_error_is(err, FDBG_ERROR_NOT_FOUND))
		*status_ret = 127;
	if (err)
		return err;
	if (command->verb == VERB_TEST)
		err = choose_test(command, &made, &artifact, &test);
	else if (command->verb == VERB_BENCH)
		err = choose_bench(command, &made, &artifact, &test);
	else
		err = choose_program(command, &workspace, &made, &artifact);
	if (!err)
		err = choose_crates(command, &workspace, artifact, ret);
	if (err)
		return err;
	fdbg_log(log, FDBG_LOG_INFO, "cargo has built %s", artifact->executable);
	ret->arguments = join_arguments(command, artifact, test);
	ret->environment = environment_of(command, &workspace, &made, artifact);
	ret->output = output_name(command, artifact, command->verb == VERB_TEST ? test : NULL);
	if (command->verb == VERB_TEST || command->verb == VERB_BENCH)
		ret->directory = directory_of(command, artifact);
	return ret->arguments && ret->environment && ret->output ? NULL : &fdbg_error_nomem;
}

struct fdbg_error *fdbg_cmd_cargo(int argc, char **argv, int *status_ret)
{
	struct cargo_command command = { .cargo = { .arena = &command.arena } };
	const struct fdbg_record_frontend frontend = {
		.usage = "cargo [OPTIONS] run [CARGO OPTIONS] [-- ARGS...]\n"
			 "cargo [OPTIONS] example NAME [CARGO OPTIONS] [-- ARGS...]\n"
			 "cargo [OPTIONS] test [NAME] [CARGO OPTIONS] [-- ARGS...]\n"
			 "cargo [OPTIONS] bench [NAME] [CARGO OPTIONS] [-- ARGS...]",
		.description = "Builds with cargo and records what it built: the program, an example, a test or a benchmark. OPTIONS\n"
			       "are those of `fdbg record`; CARGO OPTIONS go to cargo, such as --release or --package=app. A test\n"
			       "is named by its path or a part of it.",
		.min_words = 1, .verbs = verbs, .prepare = prepare, .context = &command,
	};
	struct fdbg_error *err = fdbg_record_command(argc, argv, &frontend, status_ret);

	fdbg_arena_deinit(&command.arena);
	return err;
}
