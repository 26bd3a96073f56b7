# SPDX-License-Identifier: MIT OR Apache-2.0
"""lldb-server: as the local server, as a remote one, and its platform."""

import os
import shutil
import signal
import unittest

import gen
import harness
import test_attach
from harness import E2ETest

SOURCE = """
extern "C" { fn isatty(fd: i32) -> i32; }
#[inline(never)] fn half(x: f64) -> f64 { x / 2.0 }
#[inline(never)] fn join(a: &str, n: usize) -> String { a.repeat(n) }
fn main() {
    println!("{} {} {}", half(3.0), join("ab", 3), unsafe { isatty(0) == 1 });
    std::process::exit(4);
}
"""

THREADS = """
#[inline(never)] fn work(thread: u64, n: u64) -> u64 { thread * 1000 + n }
fn main() {
    let threads: Vec<_> = (0..4).map(|t| std::thread::spawn(move || (0..200).map(|n| work(t, n)).sum::<u64>())).collect();
    println!("{}", threads.into_iter().map(|t| t.join().unwrap()).sum::<u64>());
}
"""


def find_server():
    for name in ["lldb-server"] + ["lldb-server-%d" % n for n in range(40, 10, -1)]:
        if shutil.which(name):
            return name
    raise unittest.SkipTest("there is no lldb-server (Debian: lldb)")


class LldbTest(E2ETest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = find_server()

    def setUp(self):
        super().setUp()
        self.program = harness.compile_rust("app", SOURCE)
        self.file = self.path("rec.firedbg.ss")

    def check(self, rec):
        self.check_file(rec)
        self.assertEqual([c.shape() for c in self.main_tree(rec).children],
                         [("app::half", {"x": "3.0"}, "1.5", []), ("app::join", {"a": '"ab"', "n": "3"}, '"ababab"', [])])

    def test_local(self):
        rec = self.record(self.program, opts=["--server=lldb-server"], status=4)
        self.check(rec)
        self.assertEqual(rec.stdout, b"1.5 ababab false\n")

    def test_local_by_path(self):
        self.check(self.record(self.program, opts=["--server=" + shutil.which(self.server)], status=4))

    def test_generated(self):
        source, manifest = gen.generate(1, 200, depth=1, rustc=harness.rustc_version())
        program = harness.compile_rust("gen_prog", source)
        rec = self.record(program, opts=["--server=lldb-server"] + list(gen.EXCLUDE), timeout=120 * harness.SLOWNESS)
        self.trees(rec)
        diff = gen.compare(gen.parse_output(rec.stdout_text), rec.events(), manifest)
        self.assertGreater(diff.compared, 150)
        self.assertEqual(list(diff)[:10], [])

    def test_threads(self):
        rec = self.record(harness.compile_rust("app", THREADS), opts=["--server=lldb-server"])
        work = [c for c in harness.calls(self.trees(rec)) if c.short() == "work"]
        self.assertEqual(len(work), 800)
        for c in work:
            args = {k: int(v) for k, v in c.args}
            self.assertEqual(c.value, str(args["thread"] * 1000 + args["n"]))

    def test_remote(self):
        address = "127.0.0.1:%d" % harness.free_port()
        harness.start_server(self, [self.server, "gdbserver", address, "--", self.program])
        done = harness.fdbg("record", "-q", "-o", self.file, "--remote=" + address, self.program, cwd=self.dir)
        self.assertEqual(done.status, 4, str(done))
        self.check(harness.Recording(self.file, done))
        # Its target has a terminal of the server's, and what it prints comes over the link.
        self.assertEqual(done.stdout, b"1.5 ababab true\n")

    def test_remote_fetches_the_executable(self):
        address = "127.0.0.1:%d" % harness.free_port()
        harness.start_server(self, [self.server, "gdbserver", address, "--", self.program])
        done = harness.fdbg("record", "-q", "-o", self.file, "--remote=" + address, cwd=self.dir)
        self.assertEqual(done.status, 4, str(done))
        self.check(harness.Recording(self.file, done))

    def test_remote_exec(self):
        address = "127.0.0.1:%d" % harness.free_port()
        harness.start_server(self, [self.server, "gdbserver", address])
        done = harness.fdbg("record", "-q", "-o", self.file, "--remote=" + address, "--exec=" + self.program,
                            cwd=self.dir)
        self.assertEqual(done.status, 4, str(done))
        self.check(harness.Recording(self.file, done))

    def test_platform(self):
        address = "127.0.0.1:%d" % harness.free_port()
        harness.start_server(self, [self.server, "platform", "--server", "--listen", address])
        done = harness.fdbg("record", "-q", "-o", self.file, "--platform=" + address, "--exec=" + self.program,
                            cwd=self.dir)
        self.assertEqual(done.status, 4, str(done))
        self.check(harness.Recording(self.file, done))

    def test_platform_behind_a_firewall(self):
        """The debug server listens on the port that the platform was told to give out."""
        ports = [20000 + (os.getpid() * 7 + i) % 12000 for i in range(2)]
        address = "127.0.0.1:%d" % ports[0]
        harness.start_server(self, [self.server, "platform", "--server", "--listen", address,
                                    "--gdbserver-port", str(ports[1])])
        done = harness.fdbg("record", "-vv", "-o", self.file, "--platform=" + address, "--exec=" + self.program,
                            cwd=self.dir)
        self.assertEqual(done.status, 4, str(done))
        self.check(harness.Recording(self.file, done))
        self.assertTrue("port:%d;" % ports[1] in done.stderr_text, "another port was given out")

    def test_cannot_run(self):
        done = harness.fdbg("record", "--server=lldb-server", "-o", self.file, "--", "/etc/hostname", cwd=self.dir)
        self.assertEqual(done.status, 126, str(done))


class LldbAttachTest(test_attach.AttachTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = find_server()


if __name__ == "__main__":
    unittest.main()
