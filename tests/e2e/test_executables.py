# SPDX-License-Identifier: MIT OR Apache-2.0
"""Kinds of executable: position independent, fixed, static, renamed sections' worth of linkers' choices."""

import unittest

import harness
from harness import E2ETest

SOURCE = """
static TABLE: [u16; 3] = [10, 20, 30];
fn pick(i: usize, from: &[u16]) -> Option<u16> { from.get(i).copied() }
fn label(n: u32) -> String { format!("n{}", n) }
fn risky(n: u32) -> u32 { if n == 1 { panic!("one") } n }
fn main() {
    pick(1, &TABLE);
    pick(9, &TABLE);
    println!("{}", label(5));
    let _ = std::panic::catch_unwind(|| risky(1));
    let t = std::thread::spawn(|| label(6));
    println!("{}", t.join().unwrap());
}
"""


class ExecutablesTest(E2ETest):
    def check(self, *flags):
        rec = self.record(harness.compile_rust("app", SOURCE, flags=flags))
        self.assertEqual(rec.stdout_text, "n5\nn6\n")
        main = self.main_tree(rec)
        self.assertEqual([(c.args, c.value) for c in main.children[:3]],
                         [([("i", "1"), ("from", "[10, 20, 30]")], "Some(20)"),
                          ([("i", "9"), ("from", "[10, 20, 30]")], "None"), ([("n", "5")], '"n5"')])
        self.assertTrue(main.children[3].unwound)
        labels = [c for c in harness.calls(self.trees(rec)) if c.function == "app::label"]
        self.assertEqual(sorted(c.value for c in labels), ['"n5"', '"n6"'])

    def test_pie(self):
        self.check("-C", "relocation-model=pie")

    def test_non_pie(self):
        self.check("-C", "relocation-model=static")

    def test_static_pie(self):
        self.check("-C", "target-feature=+crt-static")

    def test_static(self):
        self.check("-C", "target-feature=+crt-static", "-C", "relocation-model=static")

    def test_prefer_dynamic_std(self):
        self.check("-C", "prefer-dynamic", "-C", "rpath")

    def compressed(self, method):
        """The program with its debug information compressed."""
        program = self.path("app")
        done = harness.run(["objcopy", "--compress-debug-sections=" + method, harness.compile_rust("app", SOURCE), program])
        if done.status:
            self.skipTest("this objcopy cannot compress so: %s" % done)
        return program

    def test_compressed(self):
        for method in ["zlib", "zlib-gnu"]:
            rec = self.record(self.compressed(method))
            self.assertEqual(self.main_tree(rec).children[0].value, "Some(20)", method)

    def test_compressed_in_another_way(self):
        """Read where libelf can; else the message says what can."""
        program = self.compressed("zstd")
        done = harness.fdbg("record", "-o", self.path("rec.firedbg.ss"), "--", program)
        if done.status:
            self.assertEqual(done.status, 125, str(done))
            self.assertIn("zstd", self.one_line(done))
            self.assertIn("objcopy --decompress-debug-sections", self.one_line(done))

    def test_one_codegen_unit(self):
        self.check("-C", "codegen-units=1")

    def test_frame_pointers(self):
        self.check("-C", "force-frame-pointers=yes")


if __name__ == "__main__":
    unittest.main()
