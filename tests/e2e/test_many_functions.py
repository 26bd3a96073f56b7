# SPDX-License-Identifier: MIT OR Apache-2.0
"""A program with 3000 functions: each one is found, called, recorded with its argument and its result."""

import re
import unittest

import harness
from harness import E2ETest

COUNT = 3000


def source():
    lines = ["fn f%d(x: u64) -> u64 { x + %d }" % (i, i) for i in range(COUNT)]
    lines += ["fn main() {", "    let mut x = 0u64;"]
    lines += ["    x = f%d(x);" % i for i in range(COUNT)]
    lines += ["    println!(\"{}\", x);", "}"]
    return "\n".join(lines)


class ManyFunctionsTest(E2ETest):
    def test_all(self):
        rec = self.record(harness.compile_rust("app", source()))
        self.assertEqual(rec.stdout_text, "%d\n" % (COUNT * (COUNT - 1) // 2))
        main = self.main_tree(rec)
        x = 0
        self.assertEqual(len(main.children), COUNT)
        for i, call in enumerate(main.children):
            self.assertEqual((call.function, call.args, call.value), ("app::f%d" % i, [("x", str(x))], str(x + i)))
            x += i

    def test_the_newest_breakpoints_are_removed_first(self):
        """gdbserver finds the newest at once and the oldest last: in the other order a program that is let go with 50 000
        of them takes as long as to put them in."""
        done = harness.fdbg("record", "-q", "-v", "-v", "-o", self.path("rec.firedbg.ss"), "--max-events=2",
                            harness.compile_rust("app", source()), cwd=self.dir)
        self.assertEqual(done.status, 0, str(done))
        # The log shows the beginnings of batches.
        inserted, removed = ([int(a, 16) for a in re.findall(r"\$%s0,([0-9a-f]+)," % letter, done.stderr_text)]
                             for letter in "Zz")
        self.assertGreater(min(len(inserted), len(removed)), 100)
        self.assertEqual(inserted, sorted(inserted))
        self.assertEqual(removed, sorted(removed, reverse=True))

    def test_functions_lists_them(self):
        done = harness.fdbg("functions", harness.compile_rust("app", source()))
        self.assertEqual(done.status, 0, str(done))
        for name in ["app::f0", "app::f1499", "app::f2999", "app::main"]:
            self.assertTrue(any(name in line.split() for line in done.stdout_text.split("\n")), name)


if __name__ == "__main__":
    unittest.main()
