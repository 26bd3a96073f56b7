# SPDX-License-Identifier: MIT OR Apache-2.0
"""A process that executes another program: the frames of the first are left, the second is recorded like it."""

import json
import os
import shutil
import subprocess
import unittest

import harness
import test_lldb
from harness import E2ETest, FDBG

FIRST = """
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::Command;
fn prepare(n: u32) -> (u32, String) { (n * 2, format!("p{n}")) }
fn spin(t: u64) -> u64 { std::thread::sleep(std::time::Duration::from_millis(1)); t + 1 }
fn leave(program: &str, args: &[String]) -> String { Command::new(program).args(args).exec().to_string() }
fn main() {
    let args: Vec<String> = std::env::args().collect();
    if args[1] == "wait" { let mut line = String::new(); std::io::stdin().read_line(&mut line).unwrap(); }
    println!("{:?}", prepare(4));
    std::io::stdout().flush().unwrap();
    if args[1] == "threads" || args[1] == "thread" {
        for t in 0..3u64 { std::thread::spawn(move || loop { assert_eq!(spin(t), t + 1); }); }
        std::thread::sleep(std::time::Duration::from_millis(40));
    }
    if args[1] == "thread" {
        std::thread::spawn(move || panic!("{}", leave(&args[2], &args[3..]))).join().unwrap();
    } else {
        panic!("{}", leave(&args[2], &args[3..]));
    }
}
"""

SECOND = """
#[derive(Debug, Clone)] enum Kind { One(u8), Two { text: String } }
fn pick(n: usize) -> Kind { if n % 2 == 0 { Kind::One(n as u8) } else { Kind::Two { text: "z".repeat(n) } } }
fn total(kinds: &[Kind]) -> usize {
    let mut sum = 0;
    for k in kinds { sum += match k { Kind::One(n) => *n as usize, Kind::Two { text } => text.len() }; }
    sum
}
fn main() {
    let mut kinds = Vec::new();
    for n in 0..4 { kinds.push(pick(n)); }
    println!("{}", total(&kinds));
    std::process::exit(9);
}
"""

# Executes itself, counting down.
AGAIN = """
use std::os::unix::process::CommandExt;
fn step(n: u32) -> u32 { n * 10 }
fn main() {
    let n: u32 = std::env::args().nth(1).unwrap().parse().unwrap();
    step(n);
    if n > 0 { panic!("{}", std::process::Command::new(std::env::current_exe().unwrap()).arg((n - 1).to_string()).exec()); }
}
"""

PICKED = ['One(0)', 'Two { text: "z" }', 'One(2)', 'Two { text: "zzz" }']


class ExecTest(E2ETest):
    server = "gdbserver"

    def setUp(self):
        super().setUp()
        if not shutil.which(self.server):
            self.skipTest("there is no %s" % self.server)
        self.first = harness.compile_rust("first", FIRST)
        self.second = harness.compile_rust("second", SECOND)
        self.opts = ["--server=" + self.server]

    def check_second(self, rec, main):
        self.assertEqual([(c.function, c.value) for c in main.children],
                         [("second::pick", v) for v in PICKED] + [("second::total", "6")])
        self.assertEqual(dict(main.children[-1].args)["kinds"], "[%s]" % ", ".join(PICKED))
        self.assertEqual({c.file for c in main.walk()}, {"second.rs"} if main.file == "second.rs" else {main.file})

    def check(self, rec, prepared=True):
        """main of the first program is left, main of the second follows it on the same thread."""
        self.check_file(rec)
        trees = self.trees(rec)
        tops = [t for t in trees.values() if any(c.function == "second::main" for c in t)]
        self.assertEqual(len(tops), 1)
        names = [c.function for c in tops[0]]
        self.assertEqual(names[-1], "second::main")
        self.check_second(rec, tops[0][-1])
        for tid, top in trees.items():
            for c in top:
                if c.function.startswith("first::") and c.function != "first::prepare":
                    self.assertTrue(c.lost, c)
        if prepared:
            calls = [c for c in harness.calls(trees) if c.function == "first::prepare"]
            self.assertEqual([(c.args, c.value) for c in calls], [([("n", "4")], '(8, "p4")')])
        return trees

    def exec_messages(self, rec):
        return [{k: m.get(k) for k in ("target", "recorded", "package_name")} for m in rec.dump("--stream=all")
                if m["event"] == "exec"]

    def test_another_program(self):
        rec = self.record(self.first, ["plain", self.second], opts=self.opts, status=9)
        self.assertEqual(rec.stdout, b'(8, "p4")\n6\n')
        self.check(rec)
        self.assertEqual(self.exec_messages(rec),
                         [{"target": os.path.realpath(self.second), "recorded": True, "package_name": "second"}])
        ids = [b["id"] for b in rec.dump("--stream=breakpoint")]
        self.assertEqual(ids, list(range(1, len(ids) + 1)))
        files = [f["id"] for f in rec.dump("--stream=file")]
        self.assertEqual(files, list(range(len(files))))

    def test_with_threads(self):
        rec = self.record(self.first, ["threads", self.second], opts=self.opts, status=9)
        self.check(rec)
        for c in harness.calls(self.trees(rec)):
            if c.function == "first::spin" and c.returned:
                self.assertEqual(c.value, str(int(dict(c.args)["t"]) + 1))

    def test_by_another_thread(self):
        rec = self.record(self.first, ["thread", self.second], opts=self.opts, status=9)
        self.check(rec)

    def test_itself(self):
        rec = self.record(harness.compile_rust("again", AGAIN), ["3"], opts=self.opts)
        tops = list(self.trees(rec).values())
        self.assertEqual(len(tops), 1)
        self.assertEqual([(c.function, c.lost, [(k.args, k.value) for k in c.children]) for c in tops[0]],
                         [("again::main", n > 0, [([("n", str(n))], str(10 * n))]) for n in (3, 2, 1, 0)])
        # It is announced once.
        self.assertEqual([b["breakpoint_type"] for b in rec.dump("--stream=breakpoint")].count(
            {"FunctionCall": {"fn_name": "step"}}), 1)
        self.assertEqual([m["recorded"] for m in self.exec_messages(rec)], [True] * 3)

    def test_without_debug_information(self):
        """The shell is not recorded and says so; what it executes is again."""
        rec = self.record(self.first, ["plain", "/bin/sh", "-c", "echo shell; exec %s" % self.second], opts=self.opts,
                          status=9)
        self.assertEqual(rec.stdout, b'(8, "p4")\nshell\n6\n')
        self.check(rec)
        self.assertEqual([m["recorded"] for m in self.exec_messages(rec)], [False, True])
        self.assertIn("sh, which is not recorded", rec.stderr_text)
        self.assertIn("debug information", rec.stderr_text)

    def test_stays_unrecorded(self):
        rec = self.record(self.first, ["plain", "/bin/sh", "-c", "exit 4"], opts=self.opts, status=4)
        self.assertEqual([(t[0].lost, t[0].unwound) for t in self.trees(rec).values()], [(True, False)])

    def test_filter_without_match(self):
        rec = self.record(self.first, ["plain", self.second], opts=self.opts + ["-F", "first::*"], status=9)
        self.assertEqual({c.function.split("::")[0] for c in harness.calls(self.trees(rec))}, {"first"})
        self.assertIn("no function to trace", rec.stderr_text)

    def test_attached(self):
        target = subprocess.Popen([self.first, "wait", self.second], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  env=harness.clean_environment(), start_new_session=True)
        self.addCleanup(target.stdout.close)
        self.addCleanup(harness.kill_session, target.pid)
        file = self.path("rec.firedbg.ss")
        recorder = subprocess.Popen([FDBG, "record", "-q", "-o", file, "--attach=%d" % target.pid] + self.opts,
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=harness.clean_environment(),
                                    start_new_session=True)
        self.addCleanup(harness.kill_session, recorder.pid)
        self.assertTrue(harness.wait_until(lambda: os.path.exists(file) and os.path.getsize(file) > 300))
        out, _ = target.communicate(b"go\n", timeout=20 * harness.SLOWNESS)
        out_err = recorder.communicate(timeout=20 * harness.SLOWNESS)
        self.assertEqual((target.returncode, out), (9, b'(8, "p4")\n6\n'))
        self.assertEqual(recorder.returncode, 9, str(out_err))
        self.check(harness.Recording(file))


class RemoteExecTest(ExecTest):
    """The second executable is read from the target."""

    def record(self, program, args=(), opts=(), status=0, **options):
        server, address = harness.start_gdbserver(self, program, *args)
        file = self.path("rec.firedbg.ss")
        done = harness.fdbg("record", "-q", "-o", file, "--remote=" + address,
                            *([o for o in opts if not o.startswith("--server")] + [program]), cwd=self.dir)
        self.assertEqual(done.status, status, str(done))
        rec = harness.Recording(file, done)
        done.stdout = server.output()
        self.check_file(rec)
        return rec

    test_attached = None


class LldbExecTest(ExecTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = test_lldb.find_server()

    # lldb-server 19 loses sight of a process whose exec was called by another thread than the main one.
    test_by_another_thread = None


if __name__ == "__main__":
    unittest.main()
