# SPDX-License-Identifier: MIT OR Apache-2.0
"""Arguments that unoptimized code describes badly or not at all, and where the probe must stand to see them."""

import unittest

import harness
from harness import E2ETest

SOURCE = """
#[derive(Debug, Clone)] pub struct Big { a: u64, b: String, c: [u8; 3] }
fn big(n: u64) -> Big { Big { a: n, b: format!("b{}", n), c: [n as u8, 2, 3] } }
#[inline(never)] fn flip(n: u32) -> u32 { n & 1 }

// The first row behind the prologue is inside the loop, and the loop goes back to before it.
fn spins(text: &str, n: u32) -> usize { let mut left = n; while flip(left) + left > 1 { left -= 1; } text.len() }
// Never used: the pointer to the aggregate is never stored, so it has no location.
fn unused(_a: Big, _b: Big, c: u8) -> u8 { c }
// Used once, at once: its register is overwritten before the end of the prologue.
fn dropped(a: Big) -> u64 { drop(a); 1 }
fn boxed(a: Big, n: u64) -> Box<u64> { let b = Box::new(n); drop(a); b }
// More than the registers hold: whole values, a split pair and a pointer on the stack.
fn many(a: u64, b: &str, c: u16, d: Option<u64>, e: &[u8], f: Big, g: i8, h: f32, i: Big) -> u64 {
    a + b.len() as u64 + c as u64 + d.unwrap_or(0) + e.len() as u64 + f.a + (g as i64 + 7) as u64 + h as u64 + i.a
}
fn wide(a: u128, b: i128, c: u128, d: u128, e: &str) -> u128 { a + (b + 2) as u128 + c + d + e.len() as u128 }
// A tag although there is only one variant.
#[derive(Debug)] #[repr(u8)] pub enum Tagged { Only(u64) }
#[derive(Debug)] #[repr(C)] pub enum OnlyC { High(f64) }
fn tagged(x: u64) -> Tagged { Tagged::Only(x) }
fn only_c(x: f64) -> OnlyC { OnlyC::High(x) }

fn main() {
    spins("abc", 9);
    unused(big(1), big(2), 3);
    dropped(big(4));
    boxed(big(5), 50);
    many(1, "two", 3, Some(4), &[5, 5], big(6), -7, 8.5, big(9));
    wide(1, -2, 3, 4 << 70, "five");
    tagged(77); only_c(0.25);
    let held = vec![1u8, 2];
    let by_ref = |x: Big, flag: bool, y: Big| -> usize { let _ = flag; held.len() + x.c.len() + y.c.len() };
    by_ref(big(10), true, big(11));
    let ignores = |_x: Big| held.len();
    ignores(big(12));
    let by_move = move |_x: Big, n: u32| { drop(held); n };
    by_move(big(13), 14);
}
"""


def big(n):
    return 'Big { a: %d, b: "b%d", c: [%d, 2, 3] }' % (n, n, n)


class ArgumentsTest(E2ETest):
    def check(self, flags):
        rec = self.record(harness.compile_rust("app", SOURCE, flags=flags),
                          opts=["-N", "*::flip", "-N", "app::big", "-N", "*::fmt", "-N", "*::clone"])
        got = [(c.function, dict(a for a in c.args if a[0] != "<>"), c.value) for c in self.main_tree(rec).children]
        self.assertEqual(got, [
            ("app::spins", {"text": '"abc"', "n": "9"}, "3"),
            ("app::unused", {"_a": big(1), "_b": big(2), "c": "3"}, "3"),
            ("app::dropped", {"a": big(4)}, "1"),
            ("app::boxed", {"a": big(5), "n": "50"}, "50"),
            ("app::many", {"a": "1", "b": '"two"', "c": "3", "d": "Some(4)", "e": "[5, 5]", "f": big(6), "g": "-7",
                           "h": "8.5", "i": big(9)}, str(1 + 3 + 3 + 4 + 2 + 6 + 8 + 9)),
            ("app::wide", {"a": "1", "b": "-2", "c": "3", "d": str(4 << 70), "e": '"five"'}, str(1 + 3 + (4 << 70) + 4)),
            ("app::tagged", {"x": "77"}, "Only(77)"),
            ("app::only_c", {"x": "0.25"}, "High(0.25)"),
            ("app::main::{closure#0}", {"x": big(10), "flag": "true", "y": big(11)}, "8"),
            ("app::main::{closure#1}", {"_x": big(12)}, "2"),
            ("app::main::{closure#2}", {"_x": big(13), "n": "14"}, "14"),
        ])

    def test_dwarf_4(self):
        self.check([])

    def test_dwarf_5(self):
        if harness.rustc_version() < (1, 88):
            self.skipTest("this compiler has no -C dwarf-version")
        self.check(["-C", "dwarf-version=5"])


if __name__ == "__main__":
    unittest.main()
