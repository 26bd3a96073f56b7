# SPDX-License-Identifier: MIT OR Apache-2.0
"""aarch64 programs under qemu-user's stub: acks, no file access, no QPassSignals, one thread."""

import shutil
import unittest

import gen
import harness
import test_returns
from harness import E2ETest

THREADS = """
fn work(n: u64) -> u64 { (1..=n).product() }
fn main() {
    assert_eq!(work(3), 6);
    let handle = std::thread::spawn(|| work(4));
    std::thread::sleep(std::time::Duration::from_millis(100));
    println!("{}", work(5) + handle.join().unwrap());
}
"""

PANICS = """
fn inner(n: i32) -> i32 { if n == 0 { panic!("stop") } else { inner(n - 1) + 1 } }
fn outer(n: i32) -> i32 { std::panic::catch_unwind(|| inner(n)).unwrap_or(-1) }
fn main() { std::process::exit(outer(2) + 8) }
"""


class QemuTest(E2ETest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not shutil.which("qemu-aarch64"):
            raise unittest.SkipTest("there is no qemu-aarch64 (Debian: qemu-user)")
        harness.arm_compiler()

    def compile(self, crate, source, flags=()):
        rustc, arm, _ = harness.arm_compiler()
        return harness.compile_rust(crate, source, flags=arm + list(flags), compiler=rustc)

    def remote(self, program, args=(), opts=(), status=0, timeout=None, qemu=()):
        """(recording, what the program printed)"""
        address = self.path("stub")
        server = harness.start_server(self, ["qemu-aarch64"] + list(qemu) + ["-g", address, program] + list(args))
        file = self.path("rec.firedbg.ss")
        done = harness.fdbg("record", "-q", "-o", file, "--remote=unix:" + address, *list(opts) + [program],
                            timeout=timeout, cwd=self.dir)
        self.assertEqual(done.status, status, str(done))
        rec = harness.Recording(file, done)
        self.check_file(rec)
        return rec, server.output().decode()

    def test_fib(self):
        rec, out = self.remote(self.compile("fib", harness.example("fib")))
        self.assertEqual(self.counts(rec)["fib"], 15)
        self.assertTrue(out)

    def test_without_sve(self):
        """The description has v registers then."""
        rec, _ = self.remote(self.compile("app", "fn half(x: f64) -> f64 { x / 2.0 }\nfn main() { half(5.0); }"),
                             qemu=["-cpu", "cortex-a57"])
        self.assertEqual(self.main_tree(rec).children[0].shape(), ("app::half", {"x": "5.0"}, "2.5", []))

    def check_generated(self, seed, functions, flags=(), **options):
        rustc, _, identity = harness.arm_compiler()
        source, manifest = gen.generate(seed, functions, rustc=harness.rustc_version(identity),
                                        arch="aarch64", **options)
        rec, out = self.remote(self.compile("gen_prog", source, flags), opts=gen.EXCLUDE, timeout=300 * harness.SLOWNESS)
        self.trees(rec)
        diff = gen.compare(gen.parse_output(out), rec.events(), manifest)
        self.assertGreater(diff.compared, functions)
        if diff:
            self.fail("%d calls, %d values compared, %d differences:\n%s"
                      % (diff.calls, diff.compared, len(diff), "\n".join(diff[:10])))

    def test_generated(self):
        self.check_generated(1, 200, depth=1)

    def test_halves_left_by_callees(self):
        rec, out = self.remote(self.compile("app", test_returns.HANDED_ON), opts=["-N", "*::fmt"])
        self.assertEqual([c.value for c in self.main_tree(rec).children], out.splitlines())

    def test_panic(self):
        rec, _ = self.remote(self.compile("app", PANICS), status=7)
        calls = harness.calls(self.trees(rec))
        self.assertEqual([(c.short(), c.unwound) for c in calls if "inner" in c.short() and "{" not in c.short()],
                         [("inner", True)] * 3)

    def test_second_thread_is_refused(self):
        program = self.compile("app", THREADS)
        address = self.path("stub")
        harness.start_server(self, ["qemu-aarch64", "-g", address, program])
        file = self.path("rec.firedbg.ss")
        done = harness.fdbg("record", "-q", "-o", file, "--remote=unix:" + address, program, cwd=self.dir)
        self.assertEqual(done.status, 125, str(done))
        self.assertIn("thread", self.one_line(done))
        rec = harness.Recording(file, done)
        self.check_file(rec)
        first = [c for c in harness.calls(self.trees(rec)) if c.function == "app::work"][0]
        self.assertEqual((dict(first.args), first.value), ({"n": "3"}, "6"))


if __name__ == "__main__":
    unittest.main()
