# SPDX-License-Identifier: MIT OR Apache-2.0
"""Attaching to a running process of this machine, and leaving it as it was."""

import os
import re
import shutil
import signal
import subprocess
import time

import harness
from harness import E2ETest, FDBG

SOURCE = """
use std::time::{Duration, Instant};
#[inline(never)] fn tick(thread: u64, n: u64) -> u64 { thread * 1000000 + n }
#[inline(never)] fn outer(thread: u64, until: Instant) -> u64 {
    let mut n = 0;
    while Instant::now() < until {
        n += 1;
        assert_eq!(tick(thread, n), thread * 1000000 + n);
        std::thread::sleep(Duration::from_micros(700));
    }
    n
}
fn main() {
    let until = Instant::now() + Duration::from_millis(std::env::args().nth(1).unwrap().parse().unwrap());
    let waiting = std::thread::spawn(|| { let mut line = String::new(); std::io::stdin().read_line(&mut line).unwrap(); line });
    let threads: Vec<_> = (1..4).map(|t| std::thread::spawn(move || outer(t, until))).collect();
    outer(0, until);
    for t in threads { t.join().unwrap(); }
    println!("{}", waiting.join().unwrap().trim());
}
"""

# Blocked in a system call all the time but for one call a line of input.
READER = """
#[inline(never)] fn shout(line: &str) -> String { line.to_uppercase() }
fn main() { for line in std::io::stdin().lines() { println!("{}", shout(&line.unwrap())); } }
"""


class AttachTest(E2ETest):
    server = "gdbserver"

    def setUp(self):
        super().setUp()
        if not shutil.which(self.server):
            self.skipTest("there is no %s" % self.server)
        self.file = self.path("rec.firedbg.ss")

    def start_target(self, *command):
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=harness.clean_environment(), start_new_session=True)

        def end():
            harness.kill_session(process.pid)
            process.communicate()
        self.addCleanup(end)
        return process

    def command(self, pid, *opts):
        return ["record", "-q", "--server=" + self.server, "-o", self.file, "--attach=%d" % pid] + list(opts)

    def code(self, process, program):
        """The target's own code, as its memory has it."""
        out = b""
        with open("/proc/%d/maps" % process.pid) as maps, open("/proc/%d/mem" % process.pid, "rb", 0) as memory:
            for line in maps:
                if " r-xp " in line and line.rstrip().endswith(program):
                    start, end = (int(n, 16) for n in re.match(r"(\w+)-(\w+)", line).groups())
                    memory.seek(start)
                    out += memory.read(end - start)
        self.assertTrue(out)
        return out

    def not_traced(self, process):
        with open("/proc/%d/status" % process.pid) as f:
            text = f.read()
        self.assertRegex(text, r"TracerPid:\s*0\n")
        self.assertRegex(text, r"State:\s*[RSD]")

    def check_ticks(self, rec, threads=4):
        self.check_file(rec)
        seen = set()
        for c in harness.calls(self.trees(rec)):
            self.assertEqual(c.function, "app::tick")
            args = {k: int(v) for k, v in c.args}
            seen.add(args["thread"])
            if not c.open:
                self.assertEqual(c.value, str(args["thread"] * 1000000 + args["n"]))
        self.assertEqual(len(seen), threads)

    def check_left(self, opts, end=None):
        program = harness.compile_rust("app", SOURCE)
        target = self.start_target(program, "4000")
        time.sleep(0.3)
        before = self.code(target, program)
        recorder = subprocess.Popen([FDBG] + self.command(target.pid, *opts), stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE, env=harness.clean_environment(), start_new_session=True)
        self.addCleanup(harness.kill_session, recorder.pid)
        if end:
            time.sleep(1)
            end(recorder)
        out, err = recorder.communicate(timeout=20 * harness.SLOWNESS)
        done = harness.Done(["fdbg"], recorder.returncode, out, err)
        self.assertEqual(done.status, 0, str(done))
        self.not_traced(target)
        self.assertEqual(self.code(target, program), before, "the target's code is not as it was")
        self.check_ticks(harness.Recording(self.file, done))
        # All its threads run on, also the one that was inside a read all the time.
        out, err = target.communicate(b"still here\n", timeout=20 * harness.SLOWNESS)
        self.assertEqual((target.returncode, out, err), (0, b"still here\n", b""))

    def test_duration(self):
        self.check_left(["--duration=1"])

    def test_max_events(self):
        self.check_left(["--max-events=200"])

    def test_ctrl_c(self):
        self.check_left([], lambda recorder: recorder.send_signal(signal.SIGINT))

    def test_inside_a_system_call(self):
        program = harness.compile_rust("app", READER)
        target = self.start_target(program)
        time.sleep(0.3)
        recorder = subprocess.Popen([FDBG] + self.command(target.pid), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                    env=harness.clean_environment(), start_new_session=True)
        self.addCleanup(harness.kill_session, recorder.pid)
        self.assertTrue(harness.wait_until(lambda: os.path.exists(self.file) and os.path.getsize(self.file) > 300))
        time.sleep(0.5)
        out, err = target.communicate(b"one\ntwo\nthree\n", timeout=20 * harness.SLOWNESS)
        self.assertEqual((target.returncode, out, err), (0, b"ONE\nTWO\nTHREE\n", b""))
        recorder.communicate(timeout=10 * harness.SLOWNESS)
        self.assertEqual(recorder.returncode, 0)
        calls = harness.calls(self.trees(harness.Recording(self.file)))
        self.assertEqual([(dict(c.args), c.value) for c in calls if c.short() == "shout"],
                         [({"line": '"%s"' % w}, '"%s"' % w.upper()) for w in ("one", "two", "three")])

    def test_kill(self):
        program = harness.compile_rust("app", SOURCE)
        target = self.start_target(program, "20000")
        done = harness.fdbg(*self.command(target.pid, "--max-events=20", "--kill"))
        self.assertEqual(done.status, 137, str(done))
        self.assertEqual(target.wait(5 * harness.SLOWNESS), -9)

    def test_no_such_process(self):
        self.refused(4194303, "cannot attach to process 4194303: No such process")

    def refused(self, pid, words):
        done = harness.fdbg(*self.command(pid), cwd=self.dir)
        self.assertEqual(done.status, 125, str(done))
        self.assertIn(words, self.one_line(done))
        self.assertFalse(os.path.exists(self.file))

    def test_traced_already(self):
        target = self.start_target(harness.compile_rust("app", SOURCE), "20000")
        tracer = harness.start_server(self, ["gdbserver", "--attach", "127.0.0.1:0", str(target.pid)])
        harness.listening_port(tracer)
        self.refused(target.pid, "cannot attach to process %d: process %d (gdbserver) traces it already" % (target.pid, tracer.pid))

    def test_ended(self):
        """A process whose parent has not waited for it."""
        target = self.start_target(shutil.which("true"))
        os.waitid(os.P_PID, target.pid, os.WEXITED | os.WNOWAIT)
        self.refused(target.pid, "cannot attach to process %d: it has ended" % target.pid)

    def test_servers_words(self):
        """What the system's settings have to do with it is said only where they may be the reason."""
        target = self.start_target(shutil.which("sleep"), "20")
        for words, hint in [("Operation not permitted (1)", True),
                            ("Operation not permitted (1), process 5 is already traced by process 6", False)]:
            server = self.path("gdbserver")
            with open(server, "w") as f:
                f.write("#!/bin/sh\necho 'Cannot attach to process 5: %s' >&2\nexit 1\n" % words)
            os.chmod(server, 0o755)
            done = harness.fdbg("record", "-q", "--server=" + server, "-o", self.file, "--attach=%d" % target.pid, cwd=self.dir)
            self.assertEqual(done.status, 125, str(done))
            self.assertIn(words, self.one_line(done))
            self.assertEqual("ptrace_scope" in done.stderr_text, hint, str(done))

    def test_not_rust(self):
        """A process that cannot be recorded is left alone."""
        target = self.start_target(shutil.which("sleep"), "3")
        done = harness.fdbg(*self.command(target.pid), cwd=self.dir)
        self.assertEqual(done.status, 125, str(done))
        self.one_line(done)
        self.not_traced(target)
        self.assertEqual(target.wait(10 * harness.SLOWNESS), 0)


if __name__ == "__main__":
    import unittest
    unittest.main()
