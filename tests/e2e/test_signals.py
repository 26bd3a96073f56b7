# SPDX-License-Identifier: MIT OR Apache-2.0
"""Signals that the target gets are its own: delivered, handled, and its handlers recorded like other functions."""

import platform
import unittest

import harness
import test_lldb
from harness import E2ETest

SOURCE = """
use std::sync::atomic::{AtomicU64, Ordering};
#[repr(C)] struct Timeval { sec: i64, usec: i64 }
#[repr(C)] struct Itimerval { interval: Timeval, value: Timeval }
extern "C" {
    fn signal(number: i32, handler: extern "C" fn(i32)) -> usize;
    fn setitimer(which: i32, new: *const Itimerval, old: *mut Itimerval) -> i32;
    fn raise(number: i32) -> i32;
}
static ALARMS: AtomicU64 = AtomicU64::new(0);
extern "C" fn on_alarm(number: i32) { ALARMS.fetch_add(number as u64, Ordering::SeqCst); }
extern "C" fn on_user(number: i32) { ALARMS.fetch_add(number as u64, Ordering::SeqCst); }
fn step(x: u64) -> u64 { x.wrapping_mul(3).wrapping_add(1) }
fn main() {
    if std::env::args().nth(1).as_deref() == Some("raise") {
        unsafe { signal(10, on_user); for _ in 0..50 { raise(10); } }
        println!("{}", ALARMS.load(Ordering::SeqCst));
        return;
    }
    let every = Itimerval { interval: Timeval { sec: 0, usec: 10000 }, value: Timeval { sec: 0, usec: 10000 } };
    let never = Itimerval { interval: Timeval { sec: 0, usec: 0 }, value: Timeval { sec: 0, usec: 0 } };
    unsafe { signal(14, on_alarm); setitimer(0, &every, std::ptr::null_mut()); }
    let mut x = 1;
    let mut steps = 0u64;
    while ALARMS.load(Ordering::SeqCst) < 14 * 20 { x = step(x); steps += 1; }
    unsafe { setitimer(0, &never, std::ptr::null_mut()); }
    println!("{} {} {}", ALARMS.load(Ordering::SeqCst) / 14, steps, x);
}
"""


# A trap instruction of the program's own, as debuggers are called with: its handler finds the thread behind it (x86_64) or moves it there.
TRAP = """
use std::sync::atomic::{AtomicU64, Ordering};
#[repr(C)] struct Action { handler: extern "C" fn(i32), mask: [u64; 16], flags: i32, restorer: usize }
extern "C" { fn sigaction(number: i32, action: *const Action, old: *mut Action) -> i32; }
static TRAPS: AtomicU64 = AtomicU64::new(0);
extern "C" fn on_trap(number: i32) { TRAPS.fetch_add(number as u64, Ordering::SeqCst); }
fn step(x: u64) -> u64 {
    unsafe { std::arch::asm!("int3") };
    x + 1
}
fn main() {
    if std::env::args().nth(1).as_deref() == Some("handled") {
        // SA_NODEFER: else the handler's own breakpoints find the signal blocked.
        let action = Action { handler: on_trap, mask: [0; 16], flags: 0x40000000, restorer: 0 };
        unsafe { sigaction(5, &action, std::ptr::null_mut()) };
    }
    let mut x = 0;
    for _ in 0..20 { x = step(x); }
    println!("{} {}", x, TRAPS.load(Ordering::SeqCst));
}
"""


class SignalsTest(E2ETest):
    def test_timer(self):
        rec = self.record(harness.compile_rust("app", SOURCE))
        alarms, steps, x = (int(w) for w in rec.stdout_text.split())
        calls = harness.calls(self.trees(rec))
        handlers = [c for c in calls if c.function == "app::on_alarm"]
        self.assertGreaterEqual(alarms, 20)
        self.assertEqual(len(handlers), alarms)
        for c in handlers:
            self.assertEqual((c.args, c.returned, c.children), ([("number", "14")], True, []))
        value, seen = 1, 0
        for c in calls:
            if c.function == "app::step":
                self.assertEqual(c.args, [("x", str(value))])
                value = (3 * value + 1) % 2 ** 64
                self.assertEqual(c.value, str(value))
                seen += 1
        self.assertEqual((seen, value), (steps, x))

    def test_raise(self):
        rec = self.record(harness.compile_rust("app", SOURCE), ["raise"])
        self.assertEqual(rec.stdout_text, "500\n")
        handlers = [c for c in self.main_tree(rec).children if c.function == "app::on_user"]
        self.assertEqual([(c.args, c.returned) for c in handlers], [([("number", "10")], True)] * 50)

    def servers(self):
        yield "gdbserver"
        try:
            yield test_lldb.find_server()
        except unittest.SkipTest:
            pass

    def test_own_traps_are_handled(self):
        if platform.machine() != "x86_64":
            self.skipTest("the trap instruction is that of x86_64")
        program = harness.compile_rust("app", TRAP)
        for server in self.servers():
            with self.subTest(server):
                rec = self.record(program, ["handled"], opts=["--server=" + server])
                self.assertEqual(rec.stdout_text, "20 100\n")
                steps = [c for c in self.main_tree(rec).children if c.function == "app::step"]
                self.assertEqual([(c.args, c.value, [h.args for h in c.children]) for c in steps],
                                 [([("x", str(x))], str(x + 1), [[("number", "5")]]) for x in range(20)])

    def test_own_traps_end_the_program(self):
        if platform.machine() != "x86_64":
            self.skipTest("the trap instruction is that of x86_64")
        program = harness.compile_rust("app", TRAP)
        for server in self.servers():
            with self.subTest(server):
                rec = self.record(program, opts=["--server=" + server], status=128 + 5)
                calls = [(c.short(), c.returned) for c in harness.calls(self.trees(rec))]
                self.assertEqual(calls, [("main", False), ("step", False)])


if __name__ == "__main__":
    unittest.main()
