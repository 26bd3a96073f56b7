# SPDX-License-Identifier: MIT OR Apache-2.0
"""Random programs that print every argument and every returned value: the recording holds the same texts.

A difference is looked into with `gen.py check --seed N --functions M`, smaller with `--type` and fewer functions.
"""

import os
import unittest

import gen
import harness
from harness import E2ETest


class GeneratedTest(E2ETest):
    def check(self, seed, functions, flags=(), **options):
        source, manifest = gen.generate(seed, functions, rustc=harness.rustc_version(), **options)
        program = harness.compile_rust("gen_prog", source, flags=flags)
        direct = harness.run([program])
        self.assertEqual(direct.status, 0, str(direct))
        rec = self.record(program, opts=gen.EXCLUDE, timeout=300 * harness.SLOWNESS)
        self.trees(rec)
        diff = gen.compare(gen.parse_output(rec.stdout_text), rec.events(), manifest)
        self.assertGreater(diff.compared, functions)
        self.assertEqual(diff.unread, 0)
        tall = gen.compare(gen.parse_output(rec.stdout_text, pretty=True), rec.dump("--values=pretty"), manifest)
        self.assertGreater(tall.compared, functions / gen.PRETTY / 2)
        self.assertEqual(tall.unread, 0)
        if diff or tall:
            self.fail("seed %d: %d calls, %d values compared, %d differences, %d in {:#?}:\n%s"
                      % (seed, diff.calls, diff.compared, len(diff), len(tall), "\n".join((diff + tall)[:10])))

    def test_shallow(self):
        self.check(1, 200, depth=1)

    def test_nested(self):
        self.check(2, 300)

    def test_threads(self):
        self.check(3, 120, threads=4)

    def test_v0_names(self):
        self.check(4, 150, flags=["-C", "symbol-mangling-version=v0"])

    def test_dwarf_5(self):
        if harness.rustc_version() < (1, 88):
            self.skipTest("this compiler has no -C dwarf-version")
        self.check(5, 150, flags=["-C", "dwarf-version=5"])


# E2E_SEEDS=FIRST-LAST adds a test for each of these seeds.
def add_seeds(first, last):
    for seed in range(first, last + 1):
        setattr(GeneratedTest, "test_seed_%d" % seed, lambda self, seed=seed: self.check(seed, 300))


if os.environ.get("E2E_SEEDS"):
    add_seeds(*(int(n) for n in (os.environ["E2E_SEEDS"].split("-") * 2)[:2]))


if __name__ == "__main__":
    unittest.main()
