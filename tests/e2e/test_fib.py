# SPDX-License-Identifier: MIT OR Apache-2.0
"""fib(20): every one of its 21891 calls and returns, in the right tree, with the right values."""

import json
import unittest

import harness
from harness import E2ETest

SOURCE = """
fn fib(n: u32) -> u64 {
    if n < 2 { n as u64 } else { fib(n - 1) + fib(n - 2) }
}
fn main() {
    let n: u32 = std::env::args().nth(1).unwrap().parse().unwrap();
    println!("{}", fib(n));
}
"""


def fib(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


class FibTest(E2ETest):
    def check(self, call, n):
        """call is the call of fib(n) and everything below it is right; counts the calls."""
        todo, count = [(call, n)], 0
        while todo:
            c, m = todo.pop()
            count += 1
            self.assertEqual((c.function, c.args, c.value, c.returned), ("fib::fib", [("n", str(m))], str(fib(m)), True))
            below = [m - 1, m - 2] if m >= 2 else []
            self.assertEqual(len(c.children), len(below), repr(c))
            todo += zip(c.children, below)
        return count

    def test_20(self):
        rec = self.record(harness.compile_rust("fib", SOURCE), ["20"], ["--stats=" + self.path("stats.json")])
        self.assertEqual(rec.stdout_text, "6765\n")
        main = self.main_tree(rec)
        self.assertEqual(main.function, "fib::main")
        self.assertEqual((main.args, main.value), ([], "()"))
        self.assertEqual(len(main.children), 1)
        self.assertEqual(self.check(main.children[0], 20), 21891)
        with open(self.path("stats.json")) as f:
            stats = json.load(f)
        # Calls and returns of fib and main; nothing else is traced in this program.
        self.assertGreaterEqual(stats["hits"], 2 * 21892)
        self.assertLess(stats["hits"], 2 * 21892 + 200)
        self.assertEqual(stats["events"], 2 * 21892)
        self.assertLessEqual(stats["round_trips"] / stats["hits"], 2.0)

    def test_lines(self):
        rec = self.record(harness.compile_rust("fib", SOURCE), ["3"])
        for call in self.main_tree(rec).walk():
            self.assertEqual(call.line, 2 if call.function == "fib::fib" else 5)
            self.assertTrue(call.file.endswith("fib.rs"), call.file)


if __name__ == "__main__":
    unittest.main()
