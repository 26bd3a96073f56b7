# SPDX-License-Identifier: MIT OR Apache-2.0
"""Panics: frames left by one are marked, the panic is an event, and the tree goes on where it was caught."""

import unittest

import harness
from harness import E2ETest

CAUGHT = """
struct Guard;
impl Drop for Guard { fn drop(&mut self) { note(1); } }
fn note(x: u32) -> u32 { x }
fn deep(n: u32) -> u32 {
    if n == 0 { panic!("bottom"); }
    deep(n - 1) + 1
}
fn guarded(n: u32) -> u32 { let _guard = Guard; deep(n) }
fn after(x: u32) -> u32 { x * 2 }
fn attempt(round: u32) -> u32 {
    match std::panic::catch_unwind(|| guarded(round)) { Ok(v) => v, Err(_) => after(round) }
}
fn main() {
    std::panic::set_hook(Box::new(|_| { note(2); }));
    for round in 0..3 { println!("{}", attempt(round)); }
}
"""

UNCAUGHT = """
fn inner(x: Option<u32>) -> u32 { x.unwrap() }
fn outer() -> u32 { inner(None) + 1 }
fn main() { println!("before"); outer(); println!("never"); }
"""

IN_THREAD = """
fn bad(i: u32) -> u32 { if i == 2 { panic!("no") } i }
fn good(i: u32) -> u32 { bad(i) + 1 }
fn main() {
    for i in 0..4u32 {
        let done = std::thread::spawn(move || good(i)).join();
        println!("{}", done.is_ok());
    }
}
"""

ABORT = """
fn inner() -> u32 { panic!("abort") }
fn main() { inner(); }
"""


class PanicTest(E2ETest):
    def test_caught(self):
        rec = self.record(harness.compile_rust("app", CAUGHT))
        self.assertEqual(rec.stdout_text, "0\n2\n4\n")
        main = self.main_tree(rec)
        attempts = [c for c in main.children if c.function == "app::attempt"]
        self.assertEqual([(c.args, c.value) for c in attempts], [([("round", str(i))], str(2 * i)) for i in range(3)])
        for round_, attempt in enumerate(attempts):
            self.assertEqual([c.function for c in attempt.children], ["app::attempt::{closure#0}", "app::after"])
            closure, after = attempt.children
            self.assertTrue(closure.unwound)
            self.assertEqual((after.args, after.value), ([("x", str(round_))], str(2 * round_)))
            self.assertEqual([c.function for c in closure.children], ["app::guarded"])
            guarded = closure.children[0]
            self.assertTrue(guarded.unwound)
            # deep first; the guard is dropped while guarded is unwound, when all of deep is gone already.
            self.assertEqual([c.function for c in guarded.children], ["app::deep", "<app::Guard as core::ops::drop::Drop>::drop"])
            drop = guarded.children[1]
            self.assertTrue(drop.returned)
            self.assertEqual([(c.function, c.value) for c in drop.children], [("app::note", "1")])
            call = guarded.children[0]
            for n in range(round_, -1, -1):
                self.assertEqual((call.function, call.args, call.unwound), ("app::deep", [("n", str(n))], True))
                if n:
                    self.assertEqual([c.function for c in call.children], ["app::deep"])
                    self.assertEqual(call.panics, 0)
                    call = call.children[0]
            self.assertEqual(call.panics, 1)
            # The hook runs before anything is unwound.
            self.assertEqual([c.function for c in call.children], ["app::main::{closure#0}"])
            self.assertTrue(call.children[0].returned)
        self.assertTrue(main.returned)

    def test_uncaught(self):
        program = harness.compile_rust("app", UNCAUGHT)
        rec = self.record(program, status=101)
        self.assertEqual(rec.stdout_text, "before\n")
        self.assertIn("called `Option::unwrap()` on a `None` value", rec.stderr_text)
        main = self.main_tree(rec)
        chain = list(main.walk())
        self.assertEqual([c.function for c in chain], ["app::main", "app::outer", "app::inner"])
        self.assertEqual([c.args for c in chain], [[], [], [("x", "None")]])
        self.assertTrue(all(c.unwound for c in chain), chain)
        self.assertEqual([c.panics for c in chain], [0, 0, 1])

    def test_in_thread(self):
        rec = self.record(harness.compile_rust("app", IN_THREAD))
        self.assertEqual(rec.stdout_text, "true\ntrue\nfalse\ntrue\n")
        goods = {dict(c.args)["i"]: c for c in harness.calls(self.trees(rec)) if c.function == "app::good"}
        self.assertEqual({i: c.value for i, c in goods.items()}, {"0": "1", "1": "2", "2": None, "3": "4"})
        self.assertTrue(goods["2"].unwound and goods["2"].children[0].unwound)
        self.assertEqual(goods["2"].children[0].panics, 1)

    def test_panic_abort(self):
        rec = self.record(harness.compile_rust("app", ABORT, flags=["-C", "panic=abort"]), status=134)
        chain = list(self.main_tree(rec).walk())
        self.assertEqual([c.function for c in chain], ["app::main", "app::inner"])
        self.assertFalse(any(c.returned for c in chain))


if __name__ == "__main__":
    unittest.main()
