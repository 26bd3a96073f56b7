# SPDX-License-Identifier: MIT OR Apache-2.0
"""Recordings that end early: Ctrl-C, a killed recorder, a target killed from outside."""

import json
import os
import signal
import subprocess
import time
import unittest

import harness
from harness import E2ETest, FDBG

# Calls that tell the time of day; without end, but never longer than a minute.
SOURCE = """
use std::time::{Duration, SystemTime, UNIX_EPOCH};
fn tick(n: u64, millis: u64) -> u64 { n + millis % 2 }
fn main() {
    let start = SystemTime::now();
    println!("ready");
    let mut n = 0;
    while start.elapsed().unwrap() < Duration::from_secs(60) {
        n += 1;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        tick(n, now.as_millis() as u64);
        std::thread::sleep(Duration::from_millis(2));
    }
}
"""


class InterruptTest(E2ETest):
    def setUp(self):
        super().setUp()
        self.program = harness.compile_rust("app", SOURCE)
        self.file = self.path("rec.firedbg.ss")

    def start(self, *opts):
        """A recorder whose target is running."""
        process = subprocess.Popen([FDBG, "record", "-o", self.file] + list(opts) + ["--", self.program],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=harness.clean_environment(), cwd=self.dir, start_new_session=True)
        self.addCleanup(harness.kill_session, process.pid)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        return process

    def test_a_file_that_may_not_grow(self):
        """A limit on the size of files is told like a full disk, and what came before it can be read."""
        process = subprocess.Popen(["sh", "-c", "ulimit -f 64; exec \"$@\"", "sh", FDBG, "record", "-q", "-o", self.file,
                                    "--", self.program], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   stdin=subprocess.DEVNULL, env=harness.clean_environment(), cwd=self.dir,
                                   start_new_session=True)
        self.addCleanup(harness.kill_session, process.pid)
        self.addCleanup(process.stderr.close)
        self.assertEqual(self.finish(process, 60), 125)
        self.assertIn(b"File too large", process.stderr.read())
        self.check_ticks(1)

    def test_nobody_reads_what_is_said(self):
        program = harness.compile_rust("app", "fn twice(n: u64) -> u64 { n * 2 } fn main() { for n in 0..50 { twice(n); } }")
        reading, writing = os.pipe()
        os.close(reading)
        try:
            done = subprocess.run([FDBG, "record", "--live", "-o", self.file, "--", program], stderr=writing,
                                  stdin=subprocess.DEVNULL, env=harness.clean_environment(), cwd=self.dir,
                                  timeout=harness.TIMEOUT)
        finally:
            os.close(writing)
        self.assertEqual(done.returncode, 0)
        calls = [c.value for c in harness.calls(self.trees(harness.Recording(self.file))) if c.function == "app::twice"]
        self.assertEqual(calls, [str(2 * n) for n in range(50)])

    def test_while_nobody_listens(self):
        address = "127.0.0.1:%d" % harness.free_port()
        process = subprocess.Popen([FDBG, "record", "--timeout=60", "--remote=" + address, "-o", self.file, self.program],
                                   stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env=harness.clean_environment(),
                                   cwd=self.dir, start_new_session=True)
        self.addCleanup(harness.kill_session, process.pid)
        self.addCleanup(process.stderr.close)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        self.finish(process)
        self.assertIn(b"interrupted", process.stderr.read())

    def finish(self, process, seconds=10):
        try:
            status = process.wait(seconds * harness.SLOWNESS)
        except subprocess.TimeoutExpired:
            self.fail("fdbg does not end")
        self.assertTrue(harness.wait_until(lambda: not harness.session_members(process.pid), 5),
                        "left running: %s" % harness.session_members(process.pid))
        return 128 - status if status < 0 else status

    def check_ticks(self, least):
        rec = harness.Recording(self.file)
        trees = self.trees(rec)
        ticks = [c for c in harness.calls(trees) if c.function == "app::tick"]
        self.assertGreater(len(ticks), least)
        for n, c in enumerate(ticks, 1):
            args = dict(c.args)
            self.assertEqual(args["n"], str(n))
            if not c.open:
                self.assertEqual(c.value, str(n + int(args["millis"]) % 2))
        return ticks

    def interrupted(self, send):
        process = self.start()
        time.sleep(2 * harness.SLOWNESS)
        send(process)
        status = self.finish(process)
        self.assertIn(status, (130, 137), "neither interrupted nor the target's own end")
        with open(self.file, "rb") as f:
            data = f.read()
        self.assertIn(b"SEA_STREAMER_INTERNAL", data[-200:], "no end of stream")
        done = harness.fdbg("verify", self.file)
        self.assertEqual(done.status, 0, str(done))
        self.check_ticks(20)

    def test_sigint(self):
        self.interrupted(lambda process: process.send_signal(signal.SIGINT))

    def test_ctrl_c_on_a_terminal(self):
        """The terminal sends it to the whole process group."""
        self.interrupted(lambda process: os.killpg(process.pid, signal.SIGINT))

    def test_sigterm(self):
        process = self.start()
        time.sleep(1)
        process.terminate()
        self.finish(process)
        self.assertEqual(harness.fdbg("verify", self.file).status, 0)

    def test_recorder_killed(self):
        process = self.start()
        time.sleep(3 * harness.SLOWNESS)
        process.kill()
        killed = time.time()
        process.wait()
        try:
            ticks = self.check_ticks(20)
            last = int(dict(ticks[-1].args)["millis"]) / 1000
            self.assertGreater(last, killed - 1.5 * harness.SLOWNESS, "more than a second is lost")
            self.assertTrue(any(c.open for c in harness.calls(self.trees(harness.Recording(self.file)))))
        finally:
            left = not harness.wait_until(lambda: not harness.session_members(process.pid), 10)
            harness.kill_session(process.pid)
        self.assertFalse(left, "the server or the target outlives the recorder")

    def test_every_prefix_is_readable(self):
        """A file cut anywhere gives the events before the cut, and a warning."""
        process = self.start()
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        self.finish(process)
        with open(self.file, "rb") as f:
            data = f.read()
        whole = len(harness.Recording(self.file).events())
        before = -1
        for part in range(1, 20):
            cut = self.path("cut%d.firedbg.ss" % part)
            with open(cut, "wb") as f:
                f.write(data[:128 + (len(data) - 128) * part // 20])
            done = harness.fdbg("dump", cut)
            self.assertEqual(done.status, 0, str(done))
            self.assertTrue(done.stderr_text.startswith("fdbg: "), "no warning: %s" % done)
            events = [json.loads(line) for line in done.stdout_text.splitlines()]
            self.assertGreaterEqual(len(events), before)
            harness.build_trees(events)
            before = len(events)
        self.assertLess(before, whole)
        self.assertGreater(before, whole // 2)

    def test_target_killed(self):
        process = self.start()
        time.sleep(0.5)
        for pid in harness.running_copies(self.program):
            os.kill(pid, signal.SIGKILL)
        self.assertEqual(self.finish(process), 137)
        self.assertEqual(harness.fdbg("verify", self.file).status, 0)
        self.check_ticks(5)

    def test_read_while_written(self):
        process = self.start()
        before = 0
        for _ in range(3):
            time.sleep(1.5 * harness.SLOWNESS)
            done = harness.fdbg("dump", self.file)
            self.assertEqual(done.status, 0, str(done))
            events = [json.loads(line) for line in done.stdout_text.splitlines()]
            self.assertGreater(len(events), before)
            harness.build_trees(events)
            before = len(events)
        process.send_signal(signal.SIGINT)
        self.finish(process)


if __name__ == "__main__":
    unittest.main()
