# SPDX-License-Identifier: MIT OR Apache-2.0
"""Compilers leave some types without their members (a structure in an enum in a generic structure, as here). What debug
information does not describe must not look like a structure without members: it is completed from another unit of the
program that describes the same type, or unreadable."""

import unittest

import harness
from harness import E2ETest

SOURCE = """
#[derive(Debug)]
pub struct Pair<T, U>(pub T, pub U);
type Deep = Pair<String, Option<Pair<&'static [String], f64>>>;
#[inline(never)]
fn twist(value: Deep) -> Deep { println!("{:?}", value); value }
%s
fn main() {
    let words: &'static [String] = Vec::leak(vec![String::from("x"), String::new()]);
    println!("{:?}", twist(Pair(String::from("a"), Some(Pair(words, 1.5)))));
    println!("{:?}", twist(Pair(String::from("b"), None)));
    %s
}
"""
OTHER_UNIT = """
mod other {
    #[inline(never)]
    pub fn plain(value: super::Pair<&'static [String], f64>) -> usize { value.0.len() }
}
"""


class IncompleteTypesTest(E2ETest):
    def values(self, other, call, flags=()):
        program = harness.compile_rust("incomplete", SOURCE % (other, call), flags=flags)
        rec = self.record(program, opts=["-F", "*::twist"])
        texts = [v for e in rec.events() for v in ([a[1] for a in e["args"]] if e["event"] == "call" else [e["value"]])
                 if e["function"].endswith("twist")]
        return texts, rec.stdout_text.splitlines()[:4]

    def test_no_description_anywhere(self):
        texts, printed = self.values("", "")
        for text, want in zip(texts, printed):
            # How such a value is returned is not known either, unless it is described.
            self.assertIn(text, (want, want.replace('Pair(["x", ""], 1.5)', "<unreadable>"), None))
        self.assertEqual(len(texts), 4)

    def test_description_in_another_unit(self):
        texts, printed = self.values(OTHER_UNIT, "assert_eq!(other::plain(Pair(words, 1.5)), 2);",
                                     flags=["-C", "codegen-units=8"])
        self.assertEqual(texts, printed)


if __name__ == "__main__":
    unittest.main()
