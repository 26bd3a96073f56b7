# SPDX-License-Identifier: MIT OR Apache-2.0
"""Several threads at once: each thread's calls are complete, in order, and nobody else's."""

import unittest

import harness
from harness import E2ETest

SOURCE = """
use std::sync::atomic::{AtomicU64, Ordering};
static SUM: AtomicU64 = AtomicU64::new(0);
fn leaf(id: u32, i: u64) -> u64 { SUM.fetch_add(i, Ordering::Relaxed); id as u64 * 1000000 + i }
fn step(id: u32, i: u64) -> u64 { leaf(id, i) + 1 }
fn work(id: u32, n: u64) -> u64 {
    let mut last = 0;
    for i in 0..n { last = step(id, i); }
    last
}
fn main() {
    let threads: Vec<_> = (1..=4u32).map(|id| std::thread::spawn(move || work(id, 250))).collect();
    let all: Vec<u64> = threads.into_iter().map(|t| t.join().unwrap()).collect();
    println!("{:?} {}", all, SUM.load(Ordering::Relaxed));
}
"""

MANY = """
fn job(i: u32) -> u32 { i * 3 }
fn main() {
    for round in 0..20u32 {
        let t: Vec<_> = (0..5u32).map(|k| std::thread::spawn(move || job(round * 5 + k))).collect();
        for t in t { t.join().unwrap(); }
    }
}
"""

# A thread that still works when main leaves: its frames stay open, or are closed as left.
LEFT = """
fn tick(n: u64) -> u64 { n + 1 }
fn forever() { let mut n = 0; loop { n = tick(n); } }
fn main() {
    std::thread::spawn(forever);
    std::thread::sleep(std::time::Duration::from_millis(300));
}
"""


class ThreadsTest(E2ETest):
    def test_four(self):
        rec = self.record(harness.compile_rust("app", SOURCE))
        self.assertEqual(rec.stdout_text, "[1000250, 2000250, 3000250, 4000250] 124500\n")
        trees = self.trees(rec)
        self.assertEqual(len(trees), 5)
        seen = set()
        for tops in trees.values():
            if tops[0].function == "app::main":
                continue
            self.assertEqual([t.function for t in tops], ["app::main::{closure#0}::{closure#0}"])
            self.assertEqual(len(tops[0].children), 1)
            work = tops[0].children[0]
            args = dict(work.args)
            number = int(args["id"])
            seen.add(number)
            self.assertEqual((work.function, args["n"], work.value), ("app::work", "250", str(number * 1000000 + 250)))
            self.assertEqual(len(work.children), 250)
            for i, step in enumerate(work.children):
                value = number * 1000000 + i
                self.assertEqual((step.function, step.args, step.value),
                                 ("app::step", [("id", str(number)), ("i", str(i))], str(value + 1)))
                self.assertEqual([(c.function, c.args, c.value, c.children) for c in step.children],
                                 [("app::leaf", [("id", str(number)), ("i", str(i))], str(value), [])])
        self.assertEqual(seen, {1, 2, 3, 4})

    def test_a_hundred_short_ones(self):
        rec = self.record(harness.compile_rust("many", MANY))
        jobs = [c for c in harness.calls(self.trees(rec)) if c.function == "many::job"]
        self.assertEqual(sorted(int(dict(c.args)["i"]) for c in jobs), list(range(100)))
        for c in jobs:
            self.assertEqual(c.value, str(3 * int(dict(c.args)["i"])))

    def test_main_leaves_first(self):
        rec = self.record(harness.compile_rust("left", LEFT))
        trees = self.trees(rec)
        loops = [c for c in harness.calls(trees) if c.function == "left::forever"]
        self.assertEqual(len(loops), 1)
        self.assertFalse(loops[0].returned)
        self.assertGreater(len(loops[0].children), 0)
        for i, c in enumerate(loops[0].children[:-1]):
            self.assertEqual((c.args, c.value), ([("n", str(i))], str(i + 1)))
        self.assertTrue(self.main_tree(rec).returned)


if __name__ == "__main__":
    unittest.main()
