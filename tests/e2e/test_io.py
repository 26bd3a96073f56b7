# SPDX-License-Identifier: MIT OR Apache-2.0
"""The target's standard input, output and error are its own: every byte arrives, nothing is added."""

import unittest

import harness
from harness import E2ETest

SOURCE = """
use std::io::{BufRead, Read, Write};
fn handle(line: &str) -> usize { line.len() }
fn block(i: u32) -> Vec<u8> {
    let mut out = Vec::new();
    for k in 0..1024u32 { out.push((i.wrapping_mul(31).wrapping_add(k * 7) & 0xff) as u8); }
    out
}
fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("lines") => {
            let mut total = 0;
            for line in std::io::stdin().lock().lines() { total += handle(&line.unwrap()); }
            println!("{}", total);
        }
        Some("bytes") => {
            let mut all = Vec::new();
            std::io::stdin().read_to_end(&mut all).unwrap();
            std::io::stdout().write_all(&all).unwrap();
        }
        _ => {
            for i in 0..1024 {
                let b = block(i);
                std::io::stdout().write_all(&b).unwrap();
                std::io::stderr().write_all(&b).unwrap();
            }
        }
    }
}
"""


class IoTest(E2ETest):
    def setUp(self):
        super().setUp()
        self.program = harness.compile_rust("app", SOURCE)

    def test_lines_from_a_pipe(self):
        rec = self.record(self.program, ["lines"], stdin="one\nthree\n\nünf\n".encode())
        self.assertEqual(rec.stdout_text, "12\n")
        self.assertEqual([(c.args, c.value) for c in self.main_tree(rec).children],
                         [([("line", '"one"')], "3"), ([("line", '"three"')], "5"), ([("line", '""')], "0"),
                          ([("line", '"ünf"')], "4")])

    def test_every_byte_value_both_ways(self):
        data = bytes(range(256)) * 300
        rec = self.record(self.program, ["bytes"], stdin=data)
        self.assertEqual(rec.stdout, data)

    def test_empty_input(self):
        rec = self.record(self.program, ["bytes"], stdin=b"")
        self.assertEqual(rec.stdout, b"")

    def test_a_megabyte_on_both(self):
        direct = harness.run([self.program, "much"])
        self.assertEqual(len(direct.stdout), 1 << 20)
        rec = self.record(self.program, ["much"])
        self.assertEqual(rec.stdout == direct.stdout, True, "stdout differs from a direct run")
        self.assertEqual(rec.done.stderr == direct.stderr, True, "stderr differs from a direct run: %s" % rec.done)


if __name__ == "__main__":
    unittest.main()
