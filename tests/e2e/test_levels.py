# SPDX-License-Identifier: MIT OR Apache-2.0
"""The same program unoptimized and optimized: whatever the optimized recording says, the other one has said as well.

The functions print nothing, so that the optimizer is free to drop, move and specialize what they take and give.
"""

import os
import re
import shutil
import unittest

import harness
from harness import E2ETest

HEAD = """
#![allow(dead_code)]
use std::hint::black_box as bb;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
static SUM: AtomicU64 = AtomicU64::new(0);
fn add(n: u64) { SUM.fetch_add(n, Relaxed); }
"""

# Nobody uses the results of dead_*; those who call it last return nothing, and are called through pointers.
THROUGH_POINTERS = HEAD + r"""
#[inline(never)] fn dead_word(n: u64) -> u64 { bb(1u8); add(n); n * 7 + 1 }
#[inline(never)] fn dead_pair(n: u64) -> (u64, u64) { bb(2u8); add(n); (n * 7 + 1, n * 3) }
#[inline(never)] fn dead_float(n: u64) -> f64 { bb(3u8); add(n); n as f64 * 1.5 }
#[inline(never)] fn dead_option(n: u64) -> Option<u64> { bb(4u8); add(n); if n % 3 == 0 { None } else { Some(n) } }
#[inline(never)] fn known(n: u64) -> u64 { bb(5u8); add(n); 4242 }
trait Works { fn go(&self, n: u64); fn value(&self, n: u64) -> u64; }
struct A;
struct B;
impl Works for A {
    #[inline(never)] fn go(&self, n: u64) { dead_word(n + 1); }
    #[inline(never)] fn value(&self, n: u64) -> u64 { dead_option(n); known(n) + 1 }
}
impl Works for B {
    #[inline(never)] fn go(&self, n: u64) { bb(7u8); let _ = dead_float(n + 2); }
    #[inline(never)] fn value(&self, n: u64) -> u64 { bb(6u8); dead_pair(n); n }
}
#[inline(never)] fn run(works: &dyn Works, n: u64) -> u64 { works.go(n); works.value(n) }
#[inline(never)] fn call(f: &dyn Fn(u64), n: u64) { f(n) }
fn main() {
    let all: Vec<Box<dyn Works>> = bb(vec![Box::new(A), Box::new(B)]);
    let mut sum = 0;
    for i in 0..3 { for works in &all { sum += run(&**works, i); } }
    call(&|n| { dead_word(n); }, bb(3));
    call(&|n| { dead_pair(n); }, bb(4));
    println!("{sum} {}", SUM.load(Relaxed));
}
"""

# Where a None meets a Some, the register of the number is read though nobody has filled it; likewise when a None is passed on.
UNDEFINED = HEAD + r"""
#[inline(never)] fn dead_float(n: u64) -> f64 { bb(3u8); add(n); n as f64 * 1.5 }
#[inline(never)] fn dead_before_none(n: u64) -> f64 { bb(13u8); add(n); n as f64 * 1.25 }
#[inline(never)] fn dead_in_half(n: u64) -> f64 { bb(23u8); add(n); n as f64 * 1.25 }
#[inline(never)] fn dead_single(n: u64) -> f32 { bb(33u8); add(n); n as f32 * 1.25 }
#[inline(never)] fn dead_word(n: u64) -> u64 { bb(4u8); add(n); n * 15 }
#[inline(never)] fn used_float(n: u64) -> f64 { bb(6u8); add(n); n as f64 * 2.5 }
#[inline(never)] fn used_word(n: u64) -> u64 { bb(7u8); add(n); n * 9 }
#[inline(never)] fn take(o: Option<f64>) -> u64 { bb(8u8); match o { Some(x) => x as u64 + 1, None => 0 } }
#[inline(never)] fn take_word(o: Option<u64>) -> u64 { bb(8u8); add(1); match o { Some(x) => x + 1, None => 0 } }
#[inline(never)] fn maybe(n: u64) -> Option<f64> { if n % 2 == 0 { dead_before_none(n); None } else { Some(n as f64) } }
#[inline(never)] fn join(n: u64) -> u64 {
    let o = if n % 2 == 0 { dead_word(n); None } else { Some(used_word(n)) };
    bb(9u8);
    take_word(o)
}
#[inline(never)] fn join_float(n: u64) -> u64 {
    take(if n % 2 == 0 { dead_in_half(n); None } else { Some(used_float(n)) })
}
#[inline(never)] fn convert(n: u64) -> f64 { dead_single(n); SUM.load(Relaxed) as i64 as f64 }
fn main() {
    let mut sum = 0;
    for i in 0..4 {
        dead_float(i);
        sum += take(None) + take(bb(Some(2.5))) + take(maybe(bb(i)));
        sum += join(bb(i)) + join_float(bb(i)) + convert(bb(i)) as u64;
    }
    println!("{sum} {}", SUM.load(Relaxed));
}
"""

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "levels.rs")) as source:
    ALGORITHMS = source.read()

PROGRAMS = {"algorithms": ALGORITHMS, "through_pointers": THROUGH_POINTERS, "undefined": UNDEFINED}


def addressless(text):
    return text if text is None else re.sub(r"0x[0-9a-f]+", "0x", text)


class LevelsTest(E2ETest):
    def calls(self, rec):
        """[(function, {name: argument}, value or "unwound")], in the order of the returns."""
        opened, out = {}, []
        for e in rec.events():
            key = (e.get("thread_id"), e.get("frame_id"))
            if e["event"] == "call":
                opened[key] = e
            elif e["event"] == "return" and key in opened:
                args = {name: addressless(value) for name, value in opened.pop(key)["args"]}
                out.append((e["function"], args, "unwound" if e.get("unwound") else addressless(e["value"])))
        self.assertFalse(opened)
        return out

    def build(self, source, *flags):
        source = harness.with_black_box(source, harness.rustc_version())
        return harness.compile_rust("app", source, flags=list(flags))

    def record_program(self, program):
        return self.record(program, opts=["--allocations=none"])

    def run_program(self, source, *flags):
        """What the program printed, and its calls."""
        rec = self.record_program(self.build(source, *flags))
        return rec.stdout_text, self.calls(rec)

    def is_told(self, call, truth):
        """Did the unoptimized program do this? What is absent matches anything, and an argument may be missing."""
        function, args, value = call
        known = {n: v for n, v in args.items() if v not in (None, "<optimized out>")}
        return any(f == function and (value is None or v == value) and all(a.get(n) == w for n, w in known.items())
                   for f, a, v in truth)

    def compare(self, source, *flags, plain=None):
        """{function: number of its returns without value}; plain: what run_program gave of the unoptimized one, if that has been run."""
        plain = plain or self.run_program(source, "-C", "opt-level=0")
        printed, calls = self.run_program(source, *flags)
        self.assertEqual(plain[0], printed)
        absent = {}
        for call in calls:
            if any(f == call[0] for f, _, _ in plain[1]):
                self.assertTrue(self.is_told(call, plain[1]), "%s: %s" % (flags, call))
            if call[2] is None:
                absent[call[0]] = absent.get(call[0], 0) + 1
        return absent

    def check_levels(self, levels):
        for name, source in PROGRAMS.items():
            plain = self.run_program(source, "-C", "opt-level=0")
            for level in levels:
                with self.subTest(program=name, level=level):
                    absent = self.compare(source, "-C", "opt-level=" + level, plain=plain)
                    self.assertFalse([f for f in absent if "::used" in f], absent)

    def test_levels(self):
        self.check_levels(("1", "3", "z"))

    def test_whole_program(self):
        self.compare(ALGORITHMS, "-C", "opt-level=3", "-C", "lto=fat", "-C", "target-cpu=x86-64-v3", "-C", "panic=abort")


class AarchLevelsTest(LevelsTest):
    """With opt-level z LLVM takes the ends of functions out of them, and describes the frames of epilogues no longer."""

    def setUp(self):
        super().setUp()
        if not shutil.which("qemu-aarch64"):
            self.skipTest("there is no qemu-aarch64 (Debian: qemu-user)")
        self.rustc, self.flags, self.identity = harness.arm_compiler()

    def build(self, source, *flags):
        source = harness.with_black_box(source, harness.rustc_version(self.identity))
        return harness.compile_rust("app", source, flags=self.flags + list(flags), compiler=self.rustc)

    def record_program(self, program):
        rec = harness.record_under_qemu(program, opts=["--allocations=none"], cwd=self.dir, timeout=100 * harness.SLOWNESS)
        self.assertEqual(rec.status, 0, str(rec.done))
        return rec

    def test_levels(self):
        self.check_levels(("s", "z"))

    def test_whole_program(self):
        """Nothing of x86_64."""


if __name__ == "__main__":
    unittest.main()
