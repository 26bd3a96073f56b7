/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Sessions with the real gdbserver. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <link.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "gdbremote/hostio.h"
#include "gdbremote/server.h"
#include "gdbremote/session.h"

#define PATTERN 100000 /* bytes of gdbserver_target's pattern */
#if defined(__aarch64__)
#define NOP_SIZE 4
#define PC "pc"
#define SP "sp"
#define REMOTE "v3" /* one that stop replies do not bring */
#else
#define NOP_SIZE 1
#define PC "rip"
#define SP "rsp"
#define REMOTE "xmm3"
#endif

static char target_path[4096];

/* A traced run and what the tests need of it. */
struct run {
	struct fdbg_server *server;
	struct fdbg_session *session;
	struct fdbg_stop stop;
	uint64_t probe, pattern, bias;
	size_t pc, sp;
};

static void check(struct fdbg_error *err)
{
	if (err)
		fail_msg("%s", err->message);
}

static void expect_error(struct fdbg_error *err, enum fdbg_error_code code)
{
	if (!fdbg_error_is(err, code))
		fail_msg("code %d expected: %s", code, err ? err->message : "success");
	fdbg_error_destroy(err);
}

static uint64_t word_at(const uint8_t *bytes)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

/* The address of a symbol in the file, and its entry point. */
static uint64_t symbol(const char *name, uint64_t *entry_ret)
{
	int fd = open(target_path, O_RDONLY | O_CLOEXEC);
	uint64_t found = 0;
	struct stat st;
	uint8_t *file;
	ElfW(Ehdr) *header;
	ElfW(Shdr) *sections;

	assert_true(fd >= 0 && !fstat(fd, &st));
	file = malloc((size_t)st.st_size);
	assert_non_null(file);
	assert_int_equal(read(fd, file, (size_t)st.st_size), st.st_size);
	close(fd);
	header = (ElfW(Ehdr) *)file;
	sections = (ElfW(Shdr) *)(file + header->e_shoff);
	for (int i = 0; i < header->e_shnum; i++) {
		const ElfW(Sym) *symbols = (ElfW(Sym) *)(file + sections[i].sh_offset);
		const char *names;

		if (sections[i].sh_type != SHT_SYMTAB)
			continue;
		names = (char *)file + sections[sections[i].sh_link].sh_offset;
		for (size_t k = 0; k < sections[i].sh_size / sizeof(*symbols); k++)
			if (!strcmp(names + symbols[k].st_name, name))
				found = symbols[k].st_value;
	}
	*entry_ret = header->e_entry;
	free(file);
	assert_true(found);
	return found;
}

static size_t reg_index(struct fdbg_session *session, const char *name)
{
	size_t n;
	const struct fdbg_remote_reg *regs = fdbg_session_regs(session, &n);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(regs[i].name, name))
			return i;
	fail_msg("no register %s", name);
	return 0;
}

/* The load bias from the auxiliary vector: AT_ENTRY minus the file's entry point. */
static uint64_t bias_of(struct fdbg_session *session, uint64_t entry)
{
	struct fdbg_buf auxv = { 0 };
	uint64_t bias = 1;

	check(fdbg_session_read_object(session, "auxv", "", &auxv));
	for (size_t i = 0; i + 16 <= auxv.len; i += 16)
		if (word_at(auxv.data + i) == AT_ENTRY)
			bias = word_at(auxv.data + i + 8) - entry;
	fdbg_buf_deinit(&auxv);
	assert_int_equal(bias % 4096, 0);
	return bias;
}

static struct run start_with(struct fdbg_server_options *options, int wake_fd)
{
	struct fdbg_session_options session_options = { .wake_fd = wake_fd };
	struct fdbg_transport *transport;
	struct run run = { 0 };
	uint64_t entry;

	check(fdbg_server_launch(options, &run.server, &transport));
	check(fdbg_session_open(transport, &session_options, &run.session));
	check(fdbg_session_query_stop(run.session, &run.stop));
	assert_int_equal(run.stop.kind, FDBG_STOP_SIGNAL);
	assert_int_equal(run.stop.signal, SIGTRAP);
	assert_int_equal(run.stop.thread.pid, fdbg_server_target(run.server));
	run.probe = symbol("probe", &entry);
	run.pattern = symbol("pattern", &entry);
	run.bias = bias_of(run.session, entry);
	run.probe += run.bias;
	run.pattern += run.bias;
	run.pc = reg_index(run.session, PC);
	run.sp = reg_index(run.session, SP);
	return run;
}

static struct run start(const char *what, const char *count)
{
	char *argv[] = { target_path, (char *)what, (char *)count, NULL };
	struct fdbg_server_options options = { .program = target_path, .argv = argv, .disable_aslr = true };

	return start_with(&options, -1);
}

static void finish(struct run *run)
{
	fdbg_session_destroy(run->session);
	fdbg_server_destroy(run->server);
}

static void insert_probe(struct run *run)
{
	bool done;

	check(fdbg_session_queue_insert(run->session, run->probe, NOP_SIZE, &done));
	check(fdbg_session_collect(run->session));
	assert_true(done);
}

static void resume(struct run *run, int number)
{
	check(fdbg_session_queue_resume(run->session, FDBG_RESUME_CONTINUE, run->stop.thread, number, true));
	check(fdbg_session_wait(run->session, 20000, &run->stop));
}

/* Resumes, and passes a SIGCHLD on. */
static void resume_past_sigchld(struct run *run)
{
	resume(run, 0);
	while (run->stop.kind == FDBG_STOP_SIGNAL && run->stop.signal == SIGCHLD)
		resume(run, SIGCHLD);
}

/* Stands in for the nop that the breakpoint covers. */
static void step_over(struct run *run)
{
	const uint8_t *bytes = fdbg_session_register(run->session, run->pc);
	uint64_t pc;

	assert_non_null(bytes);
	assert_int_equal(word_at(bytes), run->probe);
	pc = run->probe + NOP_SIZE;
	check(fdbg_session_set_register(run->session, run->pc, (uint8_t *)&pc));
}

static void expect_exit(struct run *run, int code)
{
	int status;

	assert_int_equal(run->stop.kind, FDBG_STOP_EXITED);
	assert_int_equal(run->stop.exit_code, code);
	assert_int_equal(run->stop.thread.pid, fdbg_server_target(run->server));
	check(fdbg_server_wait_target(run->server, 5000, -1, &status));
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == code);
}

static void abilities_are_those_of_gdbserver(void **state)
{
	struct run run = start("exit", "0");
	const struct fdbg_abilities *abilities = fdbg_session_abilities(run.session);

	(void)state;
	assert_true(abilities->no_ack && abilities->multiprocess && abilities->swbreak && abilities->vcont);
	assert_true(abilities->fork_events && abilities->vfork_events && abilities->exec_events);
	assert_true(abilities->queue_behind_resume && abilities->pass_signals && abilities->gdb_signals);
	assert_true(abilities->binary_write && abilities->host_io && abilities->read_auxv);
	assert_false(abilities->allocate || abilities->expedites_all);
	assert_true(abilities->packet_size >= 0x1000 && abilities->max_read <= abilities->packet_size / 2);
	resume(&run, 0);
	expect_exit(&run, 0);
	finish(&run);
}

/* The hot path: every hit seen once, one round trip and one write each. */
static void every_hit_is_counted(void **state)
{
	struct run run = start("hits", "20000");
	uint64_t trips, sp, hits = 0;
	size_t argument = reg_index(run.session, NOP_SIZE == 4 ? "x0" : "rdi");

	(void)state;
	insert_probe(&run);
	trips = fdbg_session_stats(run.session)->round_trips;
	for (;;) {
		uint8_t stack[256];
		bool done;

		resume(&run, 0);
		if (run.stop.kind != FDBG_STOP_BREAKPOINT)
			break;
		assert_int_equal(word_at(fdbg_session_register(run.session, argument)), hits);
		hits++;
		/* Read in the same batch as the next resume, valid after it. */
		sp = word_at(fdbg_session_register(run.session, run.sp));
		check(fdbg_session_queue_read(run.session, sp, sizeof(stack), stack, &done));
		step_over(&run);
		check(fdbg_session_queue_resume(run.session, FDBG_RESUME_CONTINUE, run.stop.thread, 0, true));
		check(fdbg_session_wait(run.session, 20000, &run.stop));
		assert_true(done);
		if (run.stop.kind != FDBG_STOP_BREAKPOINT)
			break;
		assert_int_equal(word_at(fdbg_session_register(run.session, argument)), hits);
		hits++;
		step_over(&run);
	}
	expect_exit(&run, 0);
	assert_int_equal(hits, 20000);
	assert_int_equal(fdbg_session_stats(run.session)->round_trips - trips, 20001);
	finish(&run);
}

static void threads_lose_no_hit(void **state)
{
	struct run run = start("threads", "200");
	struct fdbg_thread_id *threads;
	size_t n, hits = 0, most = 0;

	(void)state;
	insert_probe(&run);
	for (resume(&run, 0); run.stop.kind == FDBG_STOP_BREAKPOINT; resume(&run, 0)) {
		hits++;
		if (hits % 100 == 1) {
			bool found = false;

			check(fdbg_session_threads(run.session, &threads, &n));
			for (size_t i = 0; i < n; i++)
				found |= threads[i].tid == run.stop.thread.tid &&
					threads[i].pid == run.stop.thread.pid;
			assert_true(found);
			most = n > most ? n : most;
			free(threads);
		}
		step_over(&run);
	}
	expect_exit(&run, 0);
	assert_int_equal(hits, 800);
	assert_true(most >= 2 && most <= 5);
	finish(&run);
}

static void memory_is_read_and_written(void **state)
{
	struct run run = start("probe-and-data", NULL);
	static uint8_t bytes[PATTERN];
	uint8_t magic[4], changed = 0xaa, back[3];
	bool done[5];

	(void)state;
	insert_probe(&run);
	resume(&run, 0);
	assert_int_equal(run.stop.kind, FDBG_STOP_BREAKPOINT);
	/* One batch: a read of many packets, faults, and what is right beside them. */
	check(fdbg_session_queue_read(run.session, run.pattern, sizeof(bytes), bytes, &done[0]));
	check(fdbg_session_queue_read(run.session, 8, 8, back, &done[1]));
	check(fdbg_session_queue_read(run.session, run.bias, 4, magic, &done[2]));
	check(fdbg_session_queue_read(run.session, UINT64_MAX, 2, back, &done[3]));
	check(fdbg_session_queue_read(run.session, run.probe, 1, back, &done[4]));
	check(fdbg_session_collect(run.session));
	assert_true(done[0] && done[2] && done[4]);
	assert_false(done[1] || done[3]);
	for (size_t i = 0; i < sizeof(bytes); i++)
		assert_int_equal(bytes[i], i * 7 % 253);
	assert_memory_equal(magic, ELFMAG, SELFMAG);
	/* The breakpoint is not seen. */
	assert_int_equal(back[0], NOP_SIZE == 1 ? 0x90 : 0x1f);
	/* From here to the end of memory: a part of it faults, so all of it does. */
	check(fdbg_session_queue_read(run.session, run.pattern, sizeof(bytes), bytes, &done[0]));
	check(fdbg_session_queue_read(run.session, 0x7fffffff0000, 0x10000, bytes, &done[1]));
	check(fdbg_session_queue_write(run.session, 8, &changed, 1, &done[2]));
	check(fdbg_session_queue_write(run.session, run.pattern + 50000, &changed, 1, &done[3]));
	check(fdbg_session_queue_read(run.session, run.pattern + 49999, 3, back, &done[4]));
	check(fdbg_session_collect(run.session));
	assert_true(done[0] && done[3] && done[4]);
	assert_false(done[1] || done[2]);
	assert_true(back[0] == 49999 * 7 % 253 && back[1] == 0xaa && back[2] == 50001 * 7 % 253);
	/* Every byte value survives the way there and back. */
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 31 + i / 256);
	bytes[50000] = 0xaa;
	check(fdbg_session_queue_write(run.session, run.pattern, bytes, sizeof(bytes), &done[0]));
	check(fdbg_session_collect(run.session));
	assert_true(done[0]);
	memset(bytes, 0, sizeof(bytes));
	check(fdbg_session_queue_read(run.session, run.pattern, sizeof(bytes), bytes, &done[0]));
	check(fdbg_session_collect(run.session));
	for (size_t i = 0; i < sizeof(bytes); i++)
		assert_int_equal(bytes[i], i == 50000 ? 0xaa : (uint8_t)(i * 31 + i / 256));
	check(fdbg_session_queue_insert(run.session, 16, NOP_SIZE, &done[0]));
	check(fdbg_session_queue_remove(run.session, run.probe, NOP_SIZE, &done[1]));
	check(fdbg_session_queue_remove(run.session, run.probe, NOP_SIZE, &done[2]));
	check(fdbg_session_collect(run.session));
	assert_true(!done[0] && done[1] && !done[2]);
	resume(&run, 0);
	expect_exit(&run, 0);
	finish(&run);
}

static void one_instruction_is_stepped(void **state)
{
	struct run run = start("hits", "1");
	const uint8_t *bytes;

	(void)state;
	insert_probe(&run);
	resume(&run, 0);
	step_over(&run);
	check(fdbg_session_queue_resume(run.session, FDBG_RESUME_STEP_ONLY, run.stop.thread, 0, false));
	check(fdbg_session_wait(run.session, 5000, &run.stop));
	assert_int_equal(run.stop.kind, FDBG_STOP_SIGNAL);
	assert_int_equal(run.stop.signal, SIGTRAP);
	bytes = fdbg_session_register(run.session, run.pc);
	assert_non_null(bytes);
	/* The instruction behind the nop: mov %rdi, last_seen(%rip) has 7 bytes, adrp 4. */
	assert_int_equal(word_at(bytes), run.probe + NOP_SIZE + (NOP_SIZE == 1 ? 7 : 4));
	/* gdbserver's stop replies bring only three registers; the rest comes with a fetch. */
	check(fdbg_session_fetch_registers(run.session));
	assert_non_null(fdbg_session_register(run.session, reg_index(run.session, REMOTE)));
	resume(&run, 0);
	expect_exit(&run, 0);
	finish(&run);
}

static void ends_are_told(void **state)
{
	struct run run = start("exit", "42");
	int status;

	(void)state;
	resume(&run, 0);
	expect_exit(&run, 42);
	/* A second look does not hang, whatever became of the server. */
	fdbg_error_destroy(fdbg_session_collect(run.session));
	finish(&run);

	run = start("raise", "6");
	resume(&run, 0);
	assert_int_equal(run.stop.kind, FDBG_STOP_SIGNAL);
	assert_int_equal(run.stop.signal, SIGABRT);
	resume(&run, SIGABRT);
	assert_int_equal(run.stop.kind, FDBG_STOP_KILLED);
	assert_int_equal(run.stop.signal, SIGABRT);
	check(fdbg_server_wait_target(run.server, 5000, -1, &status));
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	finish(&run);

	run = start("pause", NULL);
	kill(fdbg_server_target(run.server), SIGKILL);
	resume(&run, 0);
	assert_int_equal(run.stop.kind, FDBG_STOP_KILLED);
	assert_int_equal(run.stop.signal, SIGKILL);
	finish(&run);
}

static void signals_stop_or_pass(void **state)
{
	const int passed[] = { SIGUSR1, SIGCHLD };
	struct run run = start("signals", "6");
	int stops = 0;
	bool done;

	(void)state;
	for (resume(&run, 0); run.stop.kind == FDBG_STOP_SIGNAL; resume(&run, run.stop.signal)) {
		assert_int_equal(run.stop.signal, stops % 2 ? SIGCHLD : SIGUSR1);
		stops++;
	}
	assert_int_equal(stops, 6);
	expect_exit(&run, 6);
	finish(&run);

	run = start("signals", "6");
	check(fdbg_session_pass_signals(run.session, passed, 2, &done));
	resume(&run, 0);
	assert_true(done);
	expect_exit(&run, 6);
	finish(&run);
}

static void forks_are_seen(void **state)
{
	struct run run = start("fork", NULL);
	struct fdbg_thread_id parent = run.stop.thread;
	bool done;

	(void)state;
	insert_probe(&run);
	resume(&run, 0);
	assert_int_equal(run.stop.kind, FDBG_STOP_FORK);
	assert_true(run.stop.child.pid && run.stop.child.pid != parent.pid);
	/* The child has the breakpoint in it and must lose it before it is let go. */
	check(fdbg_session_select(run.session, run.stop.child));
	check(fdbg_session_queue_remove(run.session, run.probe, NOP_SIZE, &done));
	check(fdbg_session_collect(run.session));
	assert_true(done);
	check(fdbg_session_detach(run.session, run.stop.child.pid));
	check(fdbg_session_select(run.session, parent));
	resume_past_sigchld(&run);
	assert_int_equal(run.stop.kind, FDBG_STOP_BREAKPOINT);
	assert_int_equal(run.stop.thread.pid, parent.pid);
	step_over(&run);
	resume(&run, 0);
	expect_exit(&run, 3);
	finish(&run);

	run = start("vfork", NULL);
	resume(&run, 0);
	assert_int_equal(run.stop.kind, FDBG_STOP_VFORK);
	check(fdbg_session_detach(run.session, run.stop.child.pid));
	resume(&run, 0);
	assert_int_equal(run.stop.kind, FDBG_STOP_VFORK_DONE);
	resume_past_sigchld(&run);
	expect_exit(&run, 3);
	finish(&run);
}

static void an_exec_is_seen(void **state)
{
	struct run run = start("exec", NULL);

	(void)state;
	resume(&run, 0);
	assert_int_equal(run.stop.kind, FDBG_STOP_EXEC);
	assert_non_null(run.stop.exec_path);
	assert_string_equal(run.stop.exec_path, target_path);
	resume(&run, 0);
	expect_exit(&run, 5);
	finish(&run);
}

static void a_running_target_is_interrupted(void **state)
{
	char *argv[] = { target_path, (char *)"pause", NULL };
	struct fdbg_server_options options = { .program = target_path, .argv = argv };
	struct run run;
	int wake[2];

	(void)state;
	assert_int_equal(pipe2(wake, O_CLOEXEC), 0);
	run = start_with(&options, wake[0]);
	for (int i = 0; i < 20; i++) {
		check(fdbg_session_queue_resume(run.session, FDBG_RESUME_CONTINUE, run.stop.thread, 0, true));
		expect_error(fdbg_session_wait(run.session, 30, &run.stop), FDBG_ERROR_TIMEOUT);
		assert_int_equal(write(wake[1], "", 1), 1);
		expect_error(fdbg_session_wait(run.session, -1, &run.stop), FDBG_ERROR_INTERRUPTED);
		assert_int_equal(read(wake[0], argv, 1), 1);
		check(fdbg_session_interrupt(run.session));
		check(fdbg_session_wait(run.session, 5000, &run.stop));
		assert_int_equal(run.stop.kind, FDBG_STOP_SIGNAL);
		assert_true(run.stop.interrupt);
		/* The registers came with it, asked for before the interrupt. */
		assert_non_null(fdbg_session_register(run.session, reg_index(run.session, REMOTE)));
	}
	expect_error(fdbg_session_wait(run.session, 10, &run.stop), FDBG_ERROR_USAGE);
	check(fdbg_session_kill(run.session, 0));
	finish(&run);
	close(wake[0]);
	close(wake[1]);
}

static void files_of_the_target_are_read(void **state)
{
	struct run run = start("exit", "0");
	struct fdbg_buf buf = { 0 };
	uint64_t size;
	struct stat st;
	uint8_t *local;
	char path[64];
	int fd;

	(void)state;
	assert_int_equal(stat(target_path, &st), 0);
	local = malloc((size_t)st.st_size);
	assert_non_null(local);
	fd = open(target_path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, local, (size_t)st.st_size), st.st_size);
	close(fd);
	check(fdbg_hostio_read_file(run.session, target_path, 1 << 26, &buf));
	assert_int_equal(buf.len, st.st_size);
	assert_memory_equal(buf.data, local, buf.len);
	free(local);
	check(fdbg_hostio_open(run.session, target_path, &fd));
	check(fdbg_hostio_size(run.session, fd, &size));
	assert_int_equal(size, st.st_size);
	fdbg_hostio_close(run.session, fd);
	fdbg_buf_clear(&buf);
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)fdbg_server_target(run.server));
	check(fdbg_hostio_read_file(run.session, path, 1 << 20, &buf));
	assert_non_null(strstr(fdbg_buf_cstr(&buf), "gdbserver_target"));
	fdbg_buf_clear(&buf);
	expect_error(fdbg_hostio_read_file(run.session, "/nonexistent/file", 1 << 20, &buf),
		     FDBG_ERROR_NOT_FOUND);
	expect_error(fdbg_hostio_read_file(run.session, target_path, 100, &buf), FDBG_ERROR_USAGE);
	fdbg_buf_deinit(&buf);
	finish(&run);
}

static void a_detached_target_goes_on(void **state)
{
	struct run run = start("hits", "10");
	bool done;
	int status;

	(void)state;
	insert_probe(&run);
	resume(&run, 0);
	assert_int_equal(run.stop.kind, FDBG_STOP_BREAKPOINT);
	/* Without the breakpoint the nop executes where it stands. */
	check(fdbg_session_queue_remove(run.session, run.probe, NOP_SIZE, &done));
	check(fdbg_session_collect(run.session));
	assert_true(done);
	check(fdbg_session_detach(run.session, 0));
	fdbg_server_release(run.server);
	fdbg_session_destroy(run.session);
	check(fdbg_server_wait_target(run.server, 5000, -1, &status));
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	fdbg_server_destroy(run.server);
}

/* A target that is detached before it has seen its interrupt must not stay stopped. */
static void a_late_interrupt_is_taken_back(void **state)
{
	struct run run = start("hits", "100");
	bool done;
	int status;

	(void)state;
	insert_probe(&run);
	check(fdbg_session_queue_resume(run.session, FDBG_RESUME_CONTINUE, run.stop.thread, 0, true));
	/* The stop at the breakpoint is on its way or here, the interrupt comes behind it. */
	check(fdbg_session_collect(run.session));
	usleep(20000);
	check(fdbg_session_interrupt(run.session));
	check(fdbg_session_wait(run.session, 5000, &run.stop));
	assert_int_equal(run.stop.kind, FDBG_STOP_BREAKPOINT);
	check(fdbg_session_queue_remove(run.session, run.probe, NOP_SIZE, &done));
	check(fdbg_session_collect(run.session));
	check(fdbg_session_detach(run.session, 0));
	fdbg_server_release(run.server);
	check(fdbg_server_wait_target(run.server, 5000, -1, &status));
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	finish(&run);

	/* The same, resumed instead: the interrupt is told once, and not delivered. */
	run = start("hits", "2");
	insert_probe(&run);
	check(fdbg_session_queue_resume(run.session, FDBG_RESUME_CONTINUE, run.stop.thread, 0, true));
	check(fdbg_session_collect(run.session));
	usleep(20000);
	check(fdbg_session_interrupt(run.session));
	check(fdbg_session_wait(run.session, 5000, &run.stop));
	assert_int_equal(run.stop.kind, FDBG_STOP_BREAKPOINT);
	step_over(&run);
	resume(&run, 0);
	assert_int_equal(run.stop.kind, FDBG_STOP_SIGNAL);
	assert_true(run.stop.interrupt);
	resume(&run, run.stop.signal);
	assert_int_equal(run.stop.kind, FDBG_STOP_BREAKPOINT);
	step_over(&run);
	resume(&run, 0);
	expect_exit(&run, 0);
	finish(&run);
}

/* ---- what the target sees of the world ---- */

static void replace_fd(int fd, const char *path, int flags)
{
	int opened = open(path, flags, 0600);

	if (opened < 0 || dup2(opened, fd) < 0)
		_exit(90);
	if (opened != fd)
		close(opened);
}

/* In a child: standard descriptors as files in dir, SIGUSR2 ignored, SIGALRM blocked, descriptor 9 open. */
static void prepare_world(const char *dir, const char *suffix)
{
	char path[300];
	sigset_t set;

	snprintf(path, sizeof(path), "%s/in", dir);
	replace_fd(9, path, O_RDONLY);
	replace_fd(0, path, O_RDONLY);
	snprintf(path, sizeof(path), "%s/out%s", dir, suffix);
	replace_fd(1, path, O_WRONLY | O_CREAT | O_TRUNC);
	snprintf(path, sizeof(path), "%s/err%s", dir, suffix);
	replace_fd(2, path, O_WRONLY | O_CREAT | O_TRUNC);
	signal(SIGUSR2, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_SETMASK, &set, NULL);
	setenv("KEPT", "with spaces and 'quotes'", 1);
	setenv("REPLACED", "old", 1);
}

static char *const report_argv[] = { (char *)"another name", (char *)"report", (char *)"a b", (char *)"",
				    (char *)"$HOME `x`",
				     (char *)"\"'\\*?", (char *)"\xff\n", NULL };

static int run_directly(const char *dir, const char *cwd)
{
	prepare_world(dir, ".direct");
	setenv("REPLACED", "new", 1);
	setenv("ADDED", "", 1);
	if (chdir(cwd))
		_exit(91);
	execv(target_path, report_argv);
	_exit(92);
}

static int run_traced(const char *dir, const char *cwd)
{
	char *environment[] = { (char *)"REPLACED=new", (char *)"ADDED=", NULL };
	struct fdbg_server_options options = { .program = target_path, .argv = report_argv,
					      .environment = environment,
					       .directory = cwd };
	struct fdbg_session_options session_options = { .wake_fd = -1 };
	struct fdbg_transport *transport;
	struct fdbg_session *session;
	struct fdbg_server *server;
	struct fdbg_stop stop;
	struct fdbg_error *err;

	prepare_world(dir, ".traced");
	err = fdbg_server_launch(&options, &server, &transport);
	if (!err)
		err = fdbg_session_open(transport, &session_options, &session);
	if (!err)
		err = fdbg_session_query_stop(session, &stop);
	if (!err)
		err = fdbg_session_queue_resume(session, FDBG_RESUME_CONTINUE, stop.thread, 0, true);
	if (!err)
		err = fdbg_session_wait(session, 10000, &stop);
	if (err)
		_exit(93);
	fdbg_session_destroy(session);
	fdbg_server_destroy(server);
	_exit(stop.kind == FDBG_STOP_EXITED ? stop.exit_code : 94);
}

static char *slurp(const char *dir, const char *name)
{
	char path[300], *text = calloc(1, 200000);
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "r");
	assert_true(file && text);
	assert_true(fread(text, 1, 199999, file) < 199999);
	fclose(file);
	return text;
}

/* Exchanges one word for another of the same length. */
static void same_names(char *text)
{
	for (char *at = text; (at = strstr(at, ".direct")); at += 7)
		memcpy(at, ".traced", 7);
}

static void the_target_sees_what_it_would_see(void **state)
{
	char dir[] = "/tmp/fdbg-test-XXXXXX", path[300], command[300];
	char *direct, *traced;
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/in", dir);
	file = fopen(path, "w");
	assert_non_null(file);
	for (int i = 0; i < 1000; i++)
		fprintf(file, "line %d of the input\n", i);
	fclose(file);
	for (int i = 0; i < 2; i++) {
		pid_t pid = fork();
		int status;

		if (!pid)
			_exit(i ? run_traced(dir, "/") : run_directly(dir, "/"));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 7);
	}
	direct = slurp(dir, "out.direct");
	traced = slurp(dir, "out.traced");
	same_names(direct);
	assert_non_null(strstr(traced, "argument [$HOME `x`]"));
	assert_non_null(strstr(traced, "environment [REPLACED=new]"));
	assert_non_null(strstr(traced, "line 999 of the input"));
	/* A process that runs directly here leads no group either: both are children of one that does not. */
	for (size_t i = 0; strcmp(traced + i, direct + i); i++)
		if (traced[i] != direct[i])
			fail_msg("traced: %.60s, direct: %.60s", traced + i, direct + i);
	free(direct);
	free(traced);
	traced = slurp(dir, "err.traced");
	assert_string_equal(traced, "on standard error\n");
	free(traced);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

/* ---- when it does not work ---- */

static struct fdbg_error *try_launch(const char *name, const char *program, const char *directory,
				     int timeout_ms)
{
	char *argv[] = { (char *)program, (char *)"exit", NULL };
	struct fdbg_server_options options = { .name = name, .program = program, .argv = argv,
					      .directory = directory,
					       .timeout_ms = timeout_ms };
	struct fdbg_transport *transport = NULL;
	struct fdbg_server *server = NULL;
	struct fdbg_error *err = fdbg_server_launch(&options, &server, &transport);

	if (!err) {
		fdbg_transport_destroy(transport);
		fdbg_server_destroy(server);
	}
	return err;
}

static void write_script(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(chmod(path, 0700), 0);
}

static void expect_words(struct fdbg_error *err, enum fdbg_error_code code, const char *words)
{
	if (!err || !strstr(err->message, words))
		fail_msg("%s expected: %s", words, err ? err->message : "success");
	expect_error(err, code);
}

static void what_cannot_be_started_is_told(void **state)
{
	char dir[] = "/tmp/fdbg-test-XXXXXX", path[300], command[300], *before = strdup(getenv("PATH"));
	struct fdbg_error *err;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/file", dir);
	expect_error(try_launch(NULL, path, NULL, 0), FDBG_ERROR_NOT_FOUND);
	expect_error(try_launch(NULL, dir, NULL, 0), FDBG_ERROR_IO);
	write_script(path, "#!/nonexistent/interpreter\n");
	err = try_launch(NULL, path, NULL, 0);
	assert_int_equal(err->errnum, ENOENT);
	expect_words(err, FDBG_ERROR_IO, path);
	write_script(path, "neither ELF nor script");
	err = try_launch(NULL, path, NULL, 0);
	assert_int_equal(err->errnum, ENOEXEC);
	expect_words(err, FDBG_ERROR_IO, path);
	if (geteuid()) {
		assert_int_equal(chmod(path, 0600), 0);
		expect_error(try_launch(NULL, path, NULL, 0), FDBG_ERROR_IO);
	}
	err = try_launch(NULL, target_path, "/nonexistent/directory", 0);
	expect_error(err, FDBG_ERROR_IO);

	write_script(path, "#!/bin/sh\necho no luck today >&2\nexit 1\n");
	expect_words(try_launch(path, target_path, NULL, 0), FDBG_ERROR_REFUSED, "no luck today");
	write_script(path, "#!/bin/sh\nexec sleep 30\n");
	expect_error(try_launch(path, target_path, NULL, 200), FDBG_ERROR_TIMEOUT);
	write_script(path, "#!/bin/sh\necho Listening on port 9 >&2\nexec sleep 30\n");
	assert_non_null(err = try_launch(path, target_path, NULL, 200));
	fdbg_error_destroy(err);
	expect_error(try_launch("/nonexistent/server", target_path, NULL, 0), FDBG_ERROR_NOT_FOUND);
	expect_error(try_launch("no-such-server", target_path, NULL, 0), FDBG_ERROR_NOT_FOUND);
	setenv("PATH", "", 1);
	expect_words(try_launch(NULL, target_path, NULL, 0), FDBG_ERROR_NOT_FOUND, "gdbserver");
	unsetenv("PATH");
	expect_words(try_launch(NULL, target_path, NULL, 0), FDBG_ERROR_NOT_FOUND, "gdbserver");
	setenv("PATH", before, 1);
	free(before);
	/* Nothing may be left of all these attempts. */
	errno = 0;
	assert_true(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

static bool ends_within(pid_t pid, int limit_ms)
{
	for (int i = 0; i < limit_ms / 10; i++) {
		if (waitpid(pid, NULL, WNOHANG) == pid || kill(pid, 0))
			return true;
		usleep(10000);
	}
	return false;
}

/* fdbg is killed in the middle of a run: neither server nor target may stay. */
static void nothing_outlives_a_killed_fdbg(void **state)
{
	int report[2];
	pid_t pids[2], pid;

	(void)state;
	/* What loses its parent becomes this process's child, so that its end can be seen. */
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	assert_int_equal(pipe2(report, O_CLOEXEC), 0);
	pid = fork();
	if (!pid) {
		struct run run = start("pause", NULL);

		insert_probe(&run);
		check(fdbg_session_queue_resume(run.session, FDBG_RESUME_CONTINUE, run.stop.thread, 0, true));
		expect_error(fdbg_session_wait(run.session, 50, &run.stop), FDBG_ERROR_TIMEOUT);
		pids[0] = fdbg_server_pid(run.server);
		pids[1] = fdbg_server_target(run.server);
		if (write(report[1], pids, sizeof(pids)) != sizeof(pids))
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(report[0], pids, sizeof(pids)), sizeof(pids));
	assert_int_equal(kill(pids[0], 0) | kill(pids[1], 0), 0);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(ends_within(pids[0], 5000));
	assert_true(ends_within(pids[1], 5000));
	/* The keeper too. */
	for (int i = 0; i < 500 && waitpid(-1, NULL, WNOHANG) >= 0; i++)
		usleep(10000);
	assert_true(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	close(report[0]);
	close(report[1]);
}

/* The server dies: the session says so, and the target does not stay. */
static void a_dead_server_is_noticed(void **state)
{
	struct run run = start("pause", NULL);
	pid_t target = fdbg_server_target(run.server);

	(void)state;
	check(fdbg_session_queue_resume(run.session, FDBG_RESUME_CONTINUE, run.stop.thread, 0, true));
	expect_error(fdbg_session_wait(run.session, 20, &run.stop), FDBG_ERROR_TIMEOUT);
	kill(fdbg_server_pid(run.server), SIGKILL);
	expect_error(fdbg_session_wait(run.session, 5000, &run.stop), FDBG_ERROR_GONE);
	expect_error(fdbg_session_collect(run.session), FDBG_ERROR_GONE);
	expect_error(fdbg_session_fetch_registers(run.session), FDBG_ERROR_GONE);
	finish(&run);
	assert_true(kill(target, 0) < 0 && errno == ESRCH);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(abilities_are_those_of_gdbserver),
		cmocka_unit_test(every_hit_is_counted),
		cmocka_unit_test(threads_lose_no_hit),
		cmocka_unit_test(memory_is_read_and_written),
		cmocka_unit_test(one_instruction_is_stepped),
		cmocka_unit_test(ends_are_told),
		cmocka_unit_test(signals_stop_or_pass),
		cmocka_unit_test(forks_are_seen),
		cmocka_unit_test(an_exec_is_seen),
		cmocka_unit_test(a_running_target_is_interrupted),
		cmocka_unit_test(a_late_interrupt_is_taken_back),
		cmocka_unit_test(files_of_the_target_are_read),
		cmocka_unit_test(a_detached_target_goes_on),
		cmocka_unit_test(the_target_sees_what_it_would_see),
		cmocka_unit_test(what_cannot_be_started_is_told),
		cmocka_unit_test(nothing_outlives_a_killed_fdbg),
		cmocka_unit_test(a_dead_server_is_noticed),
	};
	char self[3000];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	(void)argc;
	(void)argv;
	if (system("command -v gdbserver >/dev/null 2>&1")) {
		printf("gdbserver is not installed\n");
		return 77;
	}
	if (len <= 0)
		return 99;
	self[len] = '\0';
	*strrchr(self, '/') = '\0';
	snprintf(target_path, sizeof(target_path), "%s/gdbserver_target", self);
	if (access(target_path, X_OK)) {
		printf("%s was not built\n", target_path);
		return 99;
	}
	return cmocka_run_group_tests_name("gdbserver", tests, NULL, NULL);
}
