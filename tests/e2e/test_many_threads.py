# SPDX-License-Identifier: MIT OR Apache-2.0
"""Sixteen threads at once, threads that come and go, threads that die inside a recorded function: nothing is lost.

The calls of a thread: THREAD_CALLS (1000). The full run:  THREAD_CALLS=10000 tests/e2e/run.py test_many_threads.py
"""

import os
import shutil
import unittest

import harness
import test_lldb
from harness import E2ETest

CALLS = int(os.environ.get("THREAD_CALLS", "1000"))

# The printed sum is the program's own count.
COUNTING = """
use std::sync::{Arc, Barrier};
#[inline(never)] fn tick(thread: u32, n: u32) -> u32 { thread * 100000 + n }
fn main() {
    let calls: u32 = std::env::args().nth(1).unwrap().parse().unwrap();
    let together = Arc::new(Barrier::new(16));
    let threads: Vec<_> = (0..16).map(|t| {
        let together = together.clone();
        std::thread::spawn(move || { together.wait(); (0..calls).map(|n| tick(t, n) as u64).sum::<u64>() })
    }).collect();
    println!("{}", threads.into_iter().map(|t| t.join().unwrap()).sum::<u64>());
}
"""

# Threads of which each starts the next and ends, while others work.
COMING = """
#[inline(never)] fn born(n: u32) -> u32 { n + 7 }
fn chain(n: u32) { born(n); if n > 0 { std::thread::spawn(move || chain(n - 1)).join().unwrap(); } born(n + 1000); }
fn main() {
    let chains: Vec<_> = (0..4).map(|k| std::thread::spawn(move || chain(100 * k + 15 - 100 * k))).collect();
    for c in chains { c.join().unwrap(); }
}
"""

# A thread that ends itself in the middle of a call, and others that exit ends there.
DYING = """
extern "C" { fn syscall(number: i64, ...) -> i64; }
const EXIT: i64 = if cfg!(target_arch = "x86_64") { 60 } else { 93 };
#[inline(never)] fn vanish(n: i32) -> i32 { unsafe { syscall(EXIT, 0) }; n }
#[inline(never)] fn before(n: i32) -> i32 { n + 1 }
#[inline(never)] fn stay(n: i32) -> i32 { std::thread::sleep(std::time::Duration::from_secs(60)); n }
fn main() {
    for n in 0..5 { std::thread::spawn(move || { before(n); vanish(n); }); }
    for n in 0..3 { std::thread::spawn(move || { stay(n); }); }
    std::thread::sleep(std::time::Duration::from_millis(400));
    before(100);
    std::process::exit(6);
}
"""


class ManyThreadsTest(E2ETest):
    server = "gdbserver"

    def setUp(self):
        super().setUp()
        if not shutil.which(self.server):
            self.skipTest("there is no %s" % self.server)
        self.opts = ["--server=" + self.server]

    def test_sixteen(self):
        program = harness.compile_rust("app", COUNTING)
        rec = self.record(program, [str(CALLS)], opts=self.opts + ["-F", "*::tick"],
                          timeout=(60 + CALLS / 10) * harness.SLOWNESS)
        self.assertEqual(int(rec.stdout_text), sum(t * 100000 + n for t in range(16) for n in range(CALLS)))
        trees = self.trees(rec)
        self.assertEqual(len(trees), 16)
        numbers = set()
        for tops in trees.values():
            self.assertEqual(len(tops), CALLS)
            thread = dict(tops[0].args)["thread"]
            numbers.add(thread)
            for n, c in enumerate(tops):
                self.assertEqual((c.args, c.value, c.children),
                                 ([("thread", thread), ("n", str(n))], str(int(thread) * 100000 + n), []))
        self.assertEqual(len(numbers), 16)

    def test_coming_and_going(self):
        rec = self.record(harness.compile_rust("app", COMING), opts=self.opts)
        seen = {}
        for c in harness.calls(self.trees(rec)):
            if c.short() == "born":
                n = int(dict(c.args)["n"])
                self.assertEqual(c.value, str(n + 7))
                seen[n] = seen.get(n, 0) + 1
        self.assertEqual(seen, {n + k: 4 for n in range(16) for k in (0, 1000)})

    def test_dying_inside(self):
        rec = self.record(harness.compile_rust("app", DYING), opts=self.opts, status=6)
        calls = harness.calls(self.trees(rec))
        self.assertEqual(sorted((c.args[0][1], c.value) for c in calls if c.short() == "before"),
                         sorted([(str(n), str(n + 1)) for n in range(5)] + [("100", "101")]))
        for name, count in (("vanish", 5), ("stay", 3)):
            left = [c for c in calls if c.short() == name]
            self.assertEqual(sorted(c.args[0][1] for c in left), [str(n) for n in range(count)])
            self.assertEqual([c.returned for c in left], [False] * count)


class LldbManyThreadsTest(ManyThreadsTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = test_lldb.find_server()


if __name__ == "__main__":
    unittest.main()
