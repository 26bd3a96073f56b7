/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The program that a server holds: starting one there, attaching to one, finding its file. */
#include "gdbremote/program.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "gdbremote/hostio.h"
#include "gdbremote/private.h"

/* Signals that may come instead of the end of a step. */
#define MAX_SIGNALS 8
/* Of all arguments together; Linux takes no more. */
#define MAX_ARGUMENTS (16u << 20)

/* The answer to vRun and vAttach is a stop reply. */
static struct fdbg_error *take_start(struct fdbg_session *session, const char *what)
{
	struct fdbg_error *err;

	if (!session->reply.len || session->reply.data[0] == 'E')
		return fdbg_session_refusal(session, what);
	session->auxv_state = FDBG_AUXV_UNKNOWN;
	err = fdbg_session_take_stop(session, session->reply.data, session->reply.len);
	if (!err && session->ended)
		err = fdbg_error_create(FDBG_ERROR_REFUSED, "%s: it has ended at once", what);
	return err ? err : fdbg_session_probe(session);
}

/* A request whose argument is text in hexadecimal digits and whose answer is OK. */
static struct fdbg_error *set_text(struct fdbg_session *session, const char *request, const char *text,
				   const char *what)
{
	struct fdbg_buf packet = { 0 };
	struct fdbg_error *err;

	fdbg_buf_string(&packet, request);
	fdbg_packet_hex(&packet, text, strlen(text));
	err = fdbg_buf_error(&packet);
	if (!err)
		err = fdbg_session_request(session, packet.data, packet.len);
	fdbg_buf_deinit(&packet);
	if (!err && !fdbg_session_reply_is(session, "OK"))
		err = fdbg_session_refusal(session, what);
	return err;
}

/* Asks a favour that a server may not know. */
static struct fdbg_error *try(struct fdbg_session *session, const char *request)
{
	return fdbg_session_requestf(session, "%s", request);
}

struct fdbg_error *fdbg_session_leave_exec(struct fdbg_session *session)
{
	bool inserted = false, removed = false;
	uint32_t kind;
	struct fdbg_error *err;
	struct fdbg_stop stop;
	uint64_t pc = 0;
	const uint8_t *bytes;

	if (session->abilities.gdb_signals || session->pc == UINT32_MAX)
		return NULL;
	err = fdbg_session_query_stop(session, &stop);
	if (!err)
		err = fdbg_session_fetch_register(session, session->pc);
	if (err)
		return err;
	bytes = fdbg_session_register(session, session->pc);
	for (uint32_t i = session->regs[session->pc].size; i; i--)
		pc = pc << 8 | bytes[i - 1];
	/* The kind is the instruction's size (section 5). */
	kind = strcmp(session->regs[session->pc].name, "rip") ? 4 : 1;
	err = fdbg_session_queue_insert(session, pc, kind, &inserted);
	if (!err)
		err = fdbg_session_queue_resume(session, FDBG_RESUME_CONTINUE, stop.thread, 0, false);
	if (!err)
		err = fdbg_session_wait(session, session->options.timeout_ms, &stop);
	if (!err && (!inserted || stop.kind != FDBG_STOP_BREAKPOINT))
		err = fdbg_error_create(FDBG_ERROR_REFUSED, "the target cannot be stopped at its first instruction");
	if (!err)
		err = fdbg_session_queue_remove(session, pc, kind, &removed);
	return err ? err : fdbg_session_collect(session);
}

struct fdbg_error *fdbg_session_settle_exec(struct fdbg_session *session, struct fdbg_thread_id thread,
					    int *signal_ret)
{
	struct fdbg_error *err;
	struct fdbg_stop stop;

	*signal_ret = 0;
	if (!session->abilities.gdb_signals)
		return fdbg_session_leave_exec(session);
	for (int i = 0; i < MAX_SIGNALS; i++) {
		err = fdbg_session_queue_resume(session, FDBG_RESUME_STEP_ONLY, thread, 0, false);
		if (!err)
			err = fdbg_session_wait(session, session->options.timeout_ms, &stop);
		if (err || (stop.kind == FDBG_STOP_SIGNAL && stop.signal == SIGTRAP))
			return err;
		if (stop.kind != FDBG_STOP_SIGNAL)
			break;
		*signal_ret = stop.signal;
	}
	return fdbg_error_create(FDBG_ERROR_REFUSED, "the target cannot be stopped at its first instruction");
}

/*
 * Whether arguments go through without a shell: gdbserver joins them with spaces and takes them apart again. For its shell
 * it quotes them.
 */
static bool survive_joining(char *const *arguments)
{
	for (size_t i = 0; arguments && arguments[i]; i++)
		if (!*arguments[i] || strpbrk(arguments[i], " \t\n"))
			return false;
	return true;
}

/* Whether no server has a reason to change this argument on its way. */
static bool is_plain(const char *argument)
{
	return *argument && !argument[strspn(argument, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
						       "%+,-./:=@_")];
}

/* Says which argument the program was started with instead of the one that was asked for. */
static void compare_arguments(struct fdbg_session *session, char *const *arguments, struct fdbg_buf *found)
{
	const char *text = fdbg_buf_cstr(found), *end = text + found->len;

	text += strlen(text) + 1;
	for (; *arguments && text <= end; arguments++, text += strlen(text) + 1)
		if (strcmp(*arguments, text)) {
			fdbg_log(session->options.log, FDBG_LOG_WARNING, "the server has changed an argument of the program: "
				 "\"%s\" instead of \"%s\"", text, *arguments);
			return;
		}
	if (*arguments)
		fdbg_log(session->options.log, FDBG_LOG_WARNING, "the server has started the program without the argument "
			 "\"%s\"", *arguments);
	else if (text < end)
		fdbg_log(session->options.log, FDBG_LOG_WARNING, "the server has started the program with another argument: "
			 "\"%s\"", text);
}

/* gdbserver up to 16 puts backslashes before quotes, for instance: warns where the arguments are not those that were asked for. */
static struct fdbg_error *check_arguments(struct fdbg_session *session, char *const *arguments)
{
	struct fdbg_buf found = { 0 };
	struct fdbg_error *err;
	char path[64];
	size_t i = 0;

	while (arguments && arguments[i] && is_plain(arguments[i]))
		i++;
	if (!arguments || !arguments[i] || !session->abilities.host_io || !session->main_pid)
		return NULL;
	snprintf(path, sizeof(path), "/proc/%llu/cmdline", (unsigned long long)session->main_pid);
	err = fdbg_hostio_read_file(session, path, MAX_ARGUMENTS, &found);
	if (!err && found.len && !found.data[found.len - 1])
		compare_arguments(session, arguments, &found);
	fdbg_buf_deinit(&found);
	if (err && (session->failed || err->code == FDBG_ERROR_NOMEM))
		return err;
	fdbg_error_destroy(err);
	return NULL;
}

/*
 * A refusal to start a program that had to go through the server's shell: gdbserver gives a path with quotes to it in a way
 * that it does not find again, and tells no reason.
 */
static struct fdbg_error *explain_shell(struct fdbg_error *err, const struct fdbg_program_options *options)
{
	struct fdbg_error *explained;

	if (!fdbg_error_is(err, FDBG_ERROR_REFUSED) || survive_joining(options->arguments) || is_plain(options->path))
		return err;
	explained = fdbg_error_create(FDBG_ERROR_REFUSED, "%s; arguments that are empty or have blanks go through the server's "
				      "shell, which may not find a path like this: give the program a name without quotes, "
				      "with a symbolic link for instance", err->message);
	fdbg_error_destroy(err);
	return explained;
}

struct fdbg_error *fdbg_session_run(struct fdbg_session *session, const struct fdbg_program_options *options)
{
	struct fdbg_buf packet = { 0 };
	struct fdbg_error *err;

	/* gdbserver starts programs only in this mode, and it may be one without a shell on its machine. */
	err = try(session, "!");
	if (!err)
		err = try(session, survive_joining(options->arguments) ? "QStartupWithShell:0" : "QStartupWithShell:1");
	/* Nobody types into the terminal that lldb-server would make. */
	if (!err && session->abilities.output_by_terminal)
		err = set_text(session, "QSetSTDIN:", "/dev/null", "the program's input");
	for (size_t i = 0; !err && options->environment && options->environment[i]; i++)
		err = set_text(session, "QEnvironmentHexEncoded:", options->environment[i],
			       "the program's environment");
	if (!err && options->directory)
		err = set_text(session, "QSetWorkingDir:", options->directory, "the program's directory");
	fdbg_buf_string(&packet, "vRun;");
	fdbg_packet_hex(&packet, options->path, strlen(options->path));
	for (size_t i = 0; options->arguments && options->arguments[i]; i++) {
		fdbg_buf_byte(&packet, ';');
		fdbg_packet_hex(&packet, options->arguments[i], strlen(options->arguments[i]));
	}
	if (!err)
		err = fdbg_buf_error(&packet);
	if (!err)
		err = fdbg_session_request(session, packet.data, packet.len);
	fdbg_buf_deinit(&packet);
	if (!err)
		err = explain_shell(take_start(session, "to start a program"), options);
	if (!err)
		err = check_arguments(session, options->arguments);
	return fdbg_error_prefix(err, "cannot start %s there", options->path);
}

struct fdbg_error *fdbg_session_attach(struct fdbg_session *session, uint64_t pid)
{
	struct fdbg_error *err = try(session, "!");

	if (!err)
		err = fdbg_session_requestf(session, "vAttach;%llx", (unsigned long long)pid);
	if (!err)
		err = take_start(session, "to attach");
	return fdbg_error_prefix(err, "cannot attach to process %llu there", (unsigned long long)pid);
}

struct fdbg_error *fdbg_session_is_attached(struct fdbg_session *session, bool *ret)
{
	struct fdbg_error *err;

	if (session->abilities.multiprocess && session->main_pid)
		err = fdbg_session_requestf(session, "qAttached:%llx", (unsigned long long)session->main_pid);
	else
		err = fdbg_session_requestf(session, "qAttached");
	if (!err)
		*ret = fdbg_session_reply_is(session, "1");
	return err;
}

/* The process id in the answer to qProcessInfo, 0: not said. */
static uint64_t pid_of_info(const struct fdbg_buf *reply)
{
	size_t pos = 4;
	uint64_t pid;

	if (reply->len < 5 || memcmp(reply->data, "pid:", 4) ||
	    !fdbg_packet_parse_number(reply->data, reply->len, &pos, &pid))
		return 0;
	return pid;
}

struct fdbg_error *fdbg_session_executable(struct fdbg_session *session, char **ret)
{
	struct fdbg_buf path = { 0 };
	struct fdbg_error *err;
	uint64_t pid;
	char *text;

	if (session->abilities.read_exec_file) {
		err = fdbg_session_read_object(session, "exec-file", "", &path);
		if (!err && path.len) {
			text = strndup((const char *)path.data, path.len);
			fdbg_buf_deinit(&path);
			if (!text)
				return &fdbg_error_nomem;
			*ret = text;
			return NULL;
		}
		fdbg_buf_deinit(&path);
		if (err && err->code != FDBG_ERROR_REFUSED && err->code != FDBG_ERROR_UNSUPPORTED)
			return err;
		fdbg_error_destroy(err);
	}
	err = fdbg_session_requestf(session, "qProcessInfo");
	if (err)
		return err;
	pid = pid_of_info(&session->reply);
	if (!pid || !session->abilities.host_io)
		return fdbg_error_create(FDBG_ERROR_UNSUPPORTED, "the server does not tell which program it holds");
	if (asprintf(&text, "/proc/%llu/exe", (unsigned long long)pid) < 0)
		return &fdbg_error_nomem;
	*ret = text;
	return NULL;
}

struct fdbg_error *fdbg_session_platform_server(struct fdbg_session *session, const char *host,
						unsigned *port_ret)
{
	struct fdbg_error *err = fdbg_session_requestf(session, "qLaunchGDBServer;host:%s;", host);
	unsigned long port;
	const char *found;

	if (err)
		return err;
	found = strstr(fdbg_buf_cstr(&session->reply), "port:");
	if (!found)
		return fdbg_session_refusal(session, "to start a debug server");
	port = strtoul(found + 5, NULL, 10);
	if (!port || port > 65535)
		return fdbg_session_refusal(session, "to start a debug server");
	*port_ret = (unsigned)port;
	return NULL;
}
