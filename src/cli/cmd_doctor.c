/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* fdbg doctor: what this machine, a server and a program can do, and what mends what is missing. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "arch/arch.h"
#include "base/scope.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/target.h"
#include "debuginfo/debuginfo.h"
#include "gdbremote/program.h"
#include "trace/identity.h"

struct findings {
	unsigned int n_bad;
};

__attribute__((format(printf, 1, 2))) static void good(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	fputs("ok       ", stdout);
	vprintf(format, ap);
	putchar('\n');
	va_end(ap);
}

/* What is missing, and what to do about it. */
__attribute__((format(printf, 3, 4))) static void bad(struct findings *findings, const char *remedy, const char *format, ...)
{
	va_list ap;

	findings->n_bad++;
	va_start(ap, format);
	fputs("missing  ", stdout);
	vprintf(format, ap);
	printf("\n         %s\n", remedy);
	va_end(ap);
}

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	fputs("note     ", stdout);
	vprintf(format, ap);
	putchar('\n');
	va_end(ap);
}

static int read_number(const char *path)
{
	FILE *file = fopen(path, "re");
	int value = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%d", &value) != 1)
		value = -1;
	fclose(file);
	return value;
}

static void look_at_machine(struct findings *findings)
{
	static const char *const servers[] = { "gdbserver", "lldb-server" };
	unsigned int n_found = 0;
	int yama = read_number("/proc/sys/kernel/yama/ptrace_scope");

	for (size_t i = 0; i < 2; i++) {
		FDBG_AUTO_FREE char *path = NULL;
		struct fdbg_error *err = fdbg_server_find(servers[i], &path);

		if (!err)
			good("%s is here: %s", servers[i], path);
		n_found += !err;
		fdbg_error_destroy(err);
	}
	if (!n_found)
		bad(findings, "apt install gdbserver", "neither gdbserver nor lldb-server is on PATH");
	if (yama >= 3)
		bad(findings, "boot without kernel.yama.ptrace_scope=3", "tracing is switched off on this machine (Yama)");
	else if (yama == 2 && geteuid())
		bad(findings, "run as root, or: sysctl kernel.yama.ptrace_scope=1",
		    "only root may trace on this machine (kernel.yama.ptrace_scope = 2)");
	else if (yama == 1 && geteuid())
		note("--attach may be refused: only a process's own children may be traced; to allow it: "
		     "sysctl kernel.yama.ptrace_scope=0");
	else
		good("programs may be traced and attached to");
}

static void say_ability(bool has, const char *with, const char *without)
{
	if (has)
		good("%s", with);
	else
		note("%s", without);
}

static void look_at_session(struct fdbg_session *session)
{
	const struct fdbg_abilities *can = fdbg_session_abilities(session);
	size_t n_regs;

	fdbg_session_regs(session, &n_regs);
	good("the server speaks the remote protocol, in packets of %zu bytes", can->packet_size);
	if (n_regs)
		good("it holds a program, whose %zu registers it describes", n_regs);
	else
		note("it holds no program: start one with --exec=PATH, or attach with --attach=PID");
	if (can->padded_acks)
		good("acks stay on, and may be sent ahead");
	else
		say_ability(can->no_ack, "acks can be turned off", "acks stay on: each request is a round trip of its own");
	say_ability(can->queue_behind_resume || can->expedites_all, "a hit without pointers costs one round trip",
		    "a hit costs several round trips: over a slow link, record few functions (-F)");
	say_ability(can->stops_all, "a stop stops all threads",
		    "a stop does not stop other threads: only programs with one thread can be recorded");
	say_ability(can->pass_signals, "signals pass without a stop", "every signal of the program is a stop");
	say_ability(can->host_io, "it gives files: PROGRAM may be left out", "it gives no files: name a local copy as PROGRAM");
	say_ability(can->fork_events, "forked children are let go", "a forked child runs into breakpoints that nobody handles");
	say_ability(can->exec_events || !can->gdb_signals, "an exec is reported", "an exec is not reported");
}

/* Connects to the server; without success the target has no session. */
static void look_at_server(struct findings *findings, struct fdbg_target *target)
{
	struct fdbg_error *err = fdbg_target_connect(target);

	if (err) {
		bad(findings, "start one there: gdbserver HOST:PORT PROGRAM, or gdbserver --multi HOST:PORT", "%s", err->message);
		fdbg_error_destroy(err);
		return;
	}
	look_at_session(target->session);
}

/* Whether the server describes the registers of that processor. */
static bool describes(struct fdbg_session *session, const struct fdbg_arch *arch)
{
	const struct fdbg_remote_reg *regs;
	size_t n;

	regs = fdbg_session_regs(session, &n);
	for (size_t i = 0; i < n; i++)
		if (fdbg_arch_reg_by_name(arch, regs[i].name) == arch->pc)
			return true;
	return false;
}

/* Whether the program can run here, or is the one that the server holds. */
static void look_at_both(struct findings *findings, const struct fdbg_target *target, const struct fdbg_image *image,
			 const struct fdbg_arch *arch)
{
	struct fdbg_session *session = target->session;
	struct utsname machine;
	struct fdbg_error *err;
	size_t n_regs;

	if (!session) {
		if (!target->options.remote && !uname(&machine) && strcmp(machine.machine, arch->name))
			bad(findings, "run it under a server for its processor, as qemu-aarch64 -g PORT PROGRAM, and record with "
			    "--remote=localhost:PORT", "this machine is %s: it cannot be started here", machine.machine);
		return;
	}
	fdbg_session_regs(session, &n_regs);
	if (!n_regs)
		return;
	if (!describes(session, arch)) {
		bad(findings, "name the copy that runs there, or leave PROGRAM out",
		    "the server's program is for another processor than %s", arch->name);
		return;
	}
	err = fdbg_identity_check(session, image);
	if (err)
		bad(findings, "name the copy that runs there, or leave PROGRAM out", "%s", err->message);
	else
		good("it is the program that the server holds");
	fdbg_error_destroy(err);
}

static void look_at_program(struct findings *findings, const struct fdbg_target *target, const char *name)
{
	struct fdbg_debuginfo_options options = { 0 };
	struct fdbg_debuginfo *debuginfo = NULL;
	struct fdbg_image *image = NULL;
	FDBG_AUTO_FREE char *path = NULL;
	const struct fdbg_arch *arch;
	struct fdbg_error *err;
	int status;

	/* A copy for another machine need not be executable here. */
	if (target->options.remote)
		path = realpath(name, NULL);
	err = path ? NULL : fdbg_target_find_program(name, &path, &status);
	if (!err)
		err = fdbg_image_open(path, &image);
	if (err) {
		bad(findings, "name an executable that cargo build or rustc -g has made", "%s", err->message);
		fdbg_error_destroy(err);
		return;
	}
	arch = fdbg_arch_for_machine(fdbg_image_info(image)->machine);
	if (arch)
		good("%s is for %s", path, arch->name);
	else
		bad(findings, "x86_64 and aarch64 can be recorded", "%s is for a processor that fdbg does not know", path);
	if (fdbg_image_info(image)->build_id)
		good("it has a build-id, by which a remote target is compared");
	else
		note("it has no build-id: a remote target is compared by its code (link with -C link-arg=-Wl,--build-id)");
	err = fdbg_debuginfo_open(image, &options, &debuginfo);
	if (!err) {
		const struct fdbg_unit *main_unit = fdbg_debuginfo_main_unit(debuginfo);

		good("it has debug information of Rust");
		if (main_unit && !main_unit->has_types)
			bad(findings, "build with debug = true (or \"full\") in the Cargo profile, rustc: -g",
			    "its debug information has no types: values cannot be recorded");
	} else {
		bad(findings, "build with debug = true in the Cargo profile and strip = false, rustc: -g", "%s", err->message);
		fdbg_error_destroy(err);
	}
	if (arch)
		look_at_both(findings, target, image, arch);
	fdbg_debuginfo_close(debuginfo);
	fdbg_image_close(image);
}

struct fdbg_error *fdbg_cmd_doctor(int argc, char **argv, int *status_ret)
{
	struct fdbg_target target = { 0 };
	struct fdbg_target_options target_options = { .timeout_ms = 5000, .wake_fd = -1, .log = &fdbg_cli_log, .quiet = true };
	struct findings findings = { 0 };
	const struct fdbg_option options[] = {
		{ "remote", 0, FDBG_OPTION_STRING, "ADDRESS", "ask the server there too", &target_options.remote, NULL, 0 },
		{ 0 },
	};
	const struct fdbg_syntax syntax = {
		.usage = "doctor [OPTIONS] [PROGRAM]",
		.description = "Says what this machine, the server at ADDRESS and PROGRAM can do for a recording, and how to mend\n"
			       "what is missing. Exit status 1 when something is. A program that a server holds and has started\n"
			       "itself may end with this visit.",
		.options = options,
		.min_words = 0, .max_words = 1,
		.words = FDBG_WORDS_PROGRAM,
	};
	struct fdbg_error *err;
	char **words;
	int n_words;
	bool help;

	err = fdbg_options_parse(&syntax, argc, argv, &n_words, &words, &help);
	if (err || help)
		return err;
	look_at_machine(&findings);
	target.options = target_options;
	if (target_options.remote)
		look_at_server(&findings, &target);
	if (n_words)
		look_at_program(&findings, &target, words[0]);
	fdbg_target_close(&target);
	*status_ret = findings.n_bad ? 1 : 0;
	return err;
}
