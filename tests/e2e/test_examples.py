# SPDX-License-Identifier: MIT OR Apache-2.0
"""The programs in examples/: recorded, they print what they print alone, and the file is sound."""

import os
import unittest

import harness
from harness import E2ETest


class ExamplesTest(E2ETest):
    def check(self, name):
        program = harness.compile_rust(name, harness.example(name))
        direct = harness.run([program])
        self.assertEqual(direct.status, 0, str(direct))
        rec = self.record(program)
        self.assertEqual(rec.stdout, direct.stdout)
        return self.trees(rec)

    def test_all_are_tested(self):
        names = {f[:-3] for f in os.listdir(os.path.join(harness.TOP_DIR, "examples")) if f.endswith(".rs")}
        self.assertEqual({n for n in names if not hasattr(self, "test_" + n)}, set())

    def test_fib(self):
        calls = harness.calls(self.check("fib"))
        self.assertEqual(len(calls), 16)
        self.assertEqual((calls[1].args, calls[1].value), ([("n", "5")], "5"))

    def test_shapes(self):
        calls = harness.calls(self.check("shapes"))
        moved = [c for c in calls if c.function == "shapes::moved"]
        self.assertEqual([c.value for c in moved], ["Point { x: 3.0, y: -4.5 }", "Point { x: 4.0, y: -3.5 }"])
        self.assertEqual({c.function for c in calls if c.function.endswith("::area")},
                         {"<shapes::Shape as shapes::Area>::area", "<shapes::Tile<3> as shapes::Area>::area"})
        self.assertEqual({c.function: c.value for c in calls if "middle" in c.function},
                         {"shapes::middle::<i32>": "Some(2)", "shapes::middle::<&str>": 'Some("b")'})

    def test_calc(self):
        calls = harness.calls(self.check("calc"))
        results = {c.args[0][1]: c.value for c in calls if c.function == "calc::calculate"}
        self.assertEqual(results, {'"1+2*3"': "Ok(7)", '"-(4-6)*21"': "Ok(42)", '"8/(2-2)"': "Err(DivisionByZero)",
                                   '"2*(3+"': 'Err(Unexpected { found: None, at: "atom" })',
                                   '"9223372036854775807+1"': "Err(Overflow)"})
        parsed = [c for c in calls if c.function == "calc::parse"][0]
        self.assertEqual(parsed.value, "Ok(Binary { op: Add, left: Number(1), right: Binary { op: Mul, left: Number(2), "
                                       "right: Number(3) } })")

    def test_workers(self):
        calls = harness.calls(self.check("workers"))
        jobs = [c for c in calls if c.function == "workers::perform"]
        self.assertEqual(len(jobs), 10)
        self.assertEqual({c.args[0][1]: c.value for c in jobs},
                         dict({"Square(%d)" % n: '"%d"' % (n * n) for n in range(1, 9)},
                              **{'Join(["a", "b"])': '"a-b"', 'Fail { reason: "this job always fails" }': None}))
        failed = [c for c in jobs if c.unwound]
        self.assertEqual([c.panics for c in failed], [1])


if __name__ == "__main__":
    unittest.main()
