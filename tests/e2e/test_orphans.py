# SPDX-License-Identifier: MIT OR Apache-2.0
"""A server that dies while it is attached to a process of this machine: the process is left without breakpoints."""

import os
import shutil
import signal
import subprocess
import time
import unittest

import harness
import test_attach
import test_lldb
from harness import FDBG

# Seldom inside a call, so that it is not stopped when the server dies.
SOURCE = """
#[inline(never)] fn tick(n: u64) -> u64 { n * 3 }
fn main() {
    let mut sum = 0;
    for n in 0..12 {
        sum += tick(n);
        std::thread::sleep(std::time::Duration::from_millis(400));
    }
    println!("{sum}");
}
"""


class OrphanTest(test_attach.AttachTest):
    def test_server_is_killed(self):
        program = harness.compile_rust("app", SOURCE)
        target = self.start_target(program)
        time.sleep(0.2)
        before = self.code(target, program)
        recorder = subprocess.Popen([FDBG] + self.command(target.pid), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                    env=harness.clean_environment(), start_new_session=True)
        self.addCleanup(harness.kill_session, recorder.pid)
        self.assertTrue(harness.wait_until(lambda: self.has_events(), 10))
        servers = self.servers(recorder)
        # Between two calls.
        size = os.path.getsize(self.file)
        harness.wait_until(lambda: os.path.getsize(self.file) > size, 3)
        time.sleep(0.05)
        for pid in servers:
            os.kill(pid, signal.SIGKILL)
        out, err = recorder.communicate(timeout=20 * harness.SLOWNESS)
        done = harness.Done(["fdbg"], recorder.returncode, out, err)
        self.assertEqual(done.status, 125, str(done))
        self.assertIn("breakpoints were taken out of process %d" % target.pid, self.one_line(done))
        self.assertEqual(self.code(target, program), before, "the target's code is not as it was")
        out, err = target.communicate(timeout=20 * harness.SLOWNESS)
        self.assertEqual((target.returncode, out, err), (0, b"198\n", b""))
        rec = harness.Recording(self.file, done)
        self.check_file(rec)
        ticks = [c for c in harness.calls(self.trees(rec)) if c.short() == "tick" and c.returned]
        self.assertTrue(ticks)
        for c in ticks:
            self.assertEqual(c.value, str(3 * int(dict(c.args)["n"])))

    def servers(self, recorder):
        pids = [pid for pid, command in harness.session_members(recorder.pid)
                if pid != recorder.pid and "server" in os.path.basename(command.partition(" ")[0])]
        self.assertTrue(pids)
        return pids

    def has_events(self):
        return os.path.exists(self.file) and harness.fdbg("info", self.file).stdout.find(b"calls ") > 0

    def test_target_dies_with_it(self):
        """Then that is said."""
        program = harness.compile_rust("app", SOURCE)
        target = self.start_target(program)
        recorder = subprocess.Popen([FDBG] + self.command(target.pid), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                    env=harness.clean_environment(), start_new_session=True)
        self.addCleanup(harness.kill_session, recorder.pid)
        self.assertTrue(harness.wait_until(lambda: self.has_events(), 10))
        members = self.servers(recorder)
        for pid in members:
            os.kill(pid, signal.SIGSTOP)
        os.kill(target.pid, signal.SIGKILL)
        for pid in members:
            os.kill(pid, signal.SIGKILL)
        out, err = recorder.communicate(timeout=20 * harness.SLOWNESS)
        self.assertEqual(recorder.returncode, 125)
        self.assertIn(b"process %d has ended" % target.pid, err)

    test_duration = test_max_events = test_ctrl_c = test_inside_a_system_call = None
    test_kill = test_no_such_process = test_not_rust = None


class LldbOrphanTest(OrphanTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = test_lldb.find_server()


if __name__ == "__main__":
    unittest.main()
