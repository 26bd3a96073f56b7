# SPDX-License-Identifier: MIT OR Apache-2.0
"""Every server, every way in: the same programs, the same trees, ids and addresses apart.

Servers: gdbserver, lldb-server, qemu-aarch64. Ways: launched here, held by a server, started or attached to through one that
holds none, attached to here. One test a cell; each holds its recording against one reference and against what the program
printed. The programs wait for a line of input before they begin where they are attached to.
"""

import functools
import os
import re
import shutil
import subprocess
import unittest

import gen
import harness
import test_lldb
from harness import E2ETest, FDBG

PANICS = """
    fn inner(n: i32) -> i32 { if n == 0 { panic!("stop") } else { inner(n - 1) + 1 } }
    fn outer(n: i32) -> i32 { std::panic::catch_unwind(|| inner(n)).unwrap_or(-1) }
    struct Guard(u8);
    impl Drop for Guard { fn drop(&mut self) { dropped(self.0); } }
    fn dropped(n: u8) -> u8 { n + 1 }
    fn guarded(n: u8) -> u8 { let _guard = Guard(n); if n > 3 { panic!("much") } n }
    pub fn run() {
        std::panic::set_hook(Box::new(|_| {}));
        println!("panics {} {} {:?}", outer(2), outer(0), std::panic::catch_unwind(|| guarded(3)).ok());
        println!("panics {:?}", std::panic::catch_unwind(|| guarded(4)).ok());
    }
"""

MAIN = """
fn start() {
    calc::run();
    shapes::run();
    fib::run();
    panics::run();
}
"""

WAITING_MAIN = """
fn main() {
    if std::env::args().nth(1).as_deref() == Some("wait") { std::io::stdin().read_line(&mut String::new()).unwrap(); }
    start();
    THREADS
}
"""

THREADS = """if std::env::args().last().as_deref() == Some("threads") { workers::run(); }"""

# Started after an attach; main is not, so that all cells have the same.
FILTERS = ["-N", "*::main", "-N", "*::main::*"]


@functools.lru_cache(None)
def compiler(arch):
    """(rustc, flags, identity): the same compiler for both architectures where there is one for both."""
    try:
        rustc, arm, identity = harness.arm_compiler()
    except unittest.SkipTest:
        if arch == "aarch64":
            raise
        return harness.RUSTC, [], harness.rustc_identity()
    return rustc, arm if arch == "aarch64" else [], identity


def mixture(arch):
    modules = ["mod %s { %s }" % (name, harness.example(name).replace("fn main()", "pub fn run()").replace("//!", "//"))
               for name in ("calc", "shapes", "fib", "workers")]
    rustc, flags, _ = compiler(arch)
    return harness.compile_rust("mixture", "\n".join(modules) + "mod panics {%s}" % PANICS + MAIN + WAITING_MAIN.replace("THREADS", THREADS),
                                flags=flags, compiler=rustc)


@functools.lru_cache(None)
def generated(arch):
    rustc, flags, identity = compiler(arch)
    # The same source for both: no types that only one has.
    source, manifest = gen.generate(5, 30, depth=2, rustc=harness.rustc_version(identity), arch="aarch64")
    source = source.replace("fn main()", "fn start()") + WAITING_MAIN.replace("THREADS", "")
    return harness.compile_rust("gen_prog", source, flags=flags, compiler=rustc), manifest


def masked(text):
    return None if text is None else re.sub(r"0x[0-9a-f]+", "0x…", text)


def form(call):
    """A call without what differs from run to run."""
    return (call.function, [(k, masked(v)) for k, v in call.args], masked(call.value), call.unwound, call.panics,
            [form(c) for c in call.children])


def trees_form(trees):
    """The whole recording; which worker gets which job is a matter of luck."""
    main = [form(t) for tops in trees.values() for t in tops if t.function == "mixture::start"]
    jobs = sorted(repr(form(c)) for c in harness.calls(trees) if c.function == "mixture::workers::perform")
    tops = sorted(t.function for tops in trees.values() for t in tops)
    return main, jobs, tops


REFERENCE = {}


class Cell:
    """What all cells share. record_cell(program, args, opts) gives the recording and what the program printed."""

    arch, threads = "x86_64", True
    def setUp(self):
        super().setUp()
        if self.arch == "x86_64" and os.uname().machine != "x86_64":
            self.skipTest("for x86_64 hosts")
        self.file = self.path("rec.firedbg.ss")

    def check(self, done, output):
        self.assertEqual(done.status, 0, str(done))
        rec = harness.Recording(self.file, done)
        self.check_file(rec)
        return rec, output.replace(b"\r\n", b"\n").decode()

    def fdbg(self, *words):
        return harness.fdbg("record", "-q", "-o", self.file, *words, cwd=self.dir)

    def test_mixture(self):
        program = mixture(self.arch)
        args = ["threads"] if self.threads else []
        rec, out = self.record_cell(program, args, FILTERS)
        trees = self.trees(rec)
        calls = harness.calls(trees)
        # What it printed.
        printed = dict(l.split(" = ", 1) for l in out.split("\n") if " = " in l and "(" in l.split(" = ", 1)[1])
        results = {c.args[0][1].strip('"'): c.value for c in calls if c.function == "mixture::calc::calculate"}
        self.assertEqual(len(results), 5)
        self.assertEqual({k: printed.get(k) for k in results}, results)
        self.assertIn("fib(5) = 5\n", out)
        self.assertEqual([c.value for c in calls if c.function == "mixture::fib::fib"][0], "5")
        self.assertIn("panics -1 -1 Some(3)\npanics None\n", out)
        self.assertEqual([(c.value, c.unwound) for c in calls if c.function == "mixture::panics::guarded"],
                         [("3", False), (None, True)])
        self.assertEqual([c.value for c in calls if c.function == "mixture::panics::outer"], ["-1", "-1"])
        # And the same as in every other cell.
        main, jobs, tops = trees_form(trees)
        self.assertEqual(len(main), 1)
        reference = REFERENCE.setdefault("main", main)
        self.assertEqual(main, reference)
        if self.threads:
            self.assertIn("1 failed\n", out)
            self.assertEqual(len(jobs), 10)
            self.assertEqual((jobs, tops), REFERENCE.setdefault("threads", (jobs, tops)))

    def test_generated(self):
        program, manifest = generated(self.arch)
        rec, out = self.record_cell(program, [], FILTERS + ["-N", "*::start"] + list(gen.EXCLUDE))
        self.trees(rec)
        diff = gen.compare(gen.parse_output(out), rec.events(), manifest)
        self.assertGreater(diff.compared, 30)
        self.assertEqual(list(diff)[:10], [])
        # Values are those that were printed, in an order that hash maps have by chance; the calls are the same everywhere.
        shape = [(e["event"], e["function"], [a[0] for a in e.get("args", [])]) for e in rec.events()]
        self.assertEqual(shape, REFERENCE.setdefault("generated", shape))

    # ---- for attaching

    def waiting(self, program, args):
        process = subprocess.Popen([program, "wait"] + list(args), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, env=harness.clean_environment(), start_new_session=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(harness.kill_session, process.pid)
        # Until it waits: inside the read.
        def reads():
            with open("/proc/%d/syscall" % process.pid) as f:
                return f.read().startswith("0 0x0 ")
        self.assertTrue(harness.wait_until(reads))
        return process

    def attach(self, process, *words):
        recorder = subprocess.Popen([FDBG, "record", "-q", "-o", self.file] + list(words), stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE, env=harness.clean_environment(), start_new_session=True)
        self.addCleanup(harness.kill_session, recorder.pid)
        self.assertTrue(harness.wait_until(lambda: os.path.exists(self.file) and os.path.getsize(self.file) > 200, 20))
        out, _ = process.communicate(b"go\n", timeout=30 * harness.SLOWNESS)
        self.assertEqual(process.returncode, 0)
        streams = recorder.communicate(timeout=30 * harness.SLOWNESS)
        return self.check(harness.Done(["fdbg"], recorder.returncode, *streams), out)


class GdbserverLaunch(Cell, E2ETest):
    server = "gdbserver"

    def record_cell(self, program, args, opts):
        done = self.fdbg("--server=" + self.server, *(opts + ["--", program] + args))
        return self.check(done, done.stdout)


class LldbLaunch(GdbserverLaunch):
    server = "lldb-server"


class GdbserverHeld(Cell, E2ETest):
    def record_cell(self, program, args, opts):
        server, address = harness.start_gdbserver(self, program, *args)
        return self.check(self.fdbg("--remote=" + address, *(opts + [program])), server.output())


class GdbserverExtendedExec(Cell, E2ETest):
    def record_cell(self, program, args, opts):
        server = harness.start_server(self, ["gdbserver", "--multi", "127.0.0.1:0"])
        address = "127.0.0.1:%d" % harness.listening_port(server)
        done = self.fdbg("--remote=" + address, "--exec=" + program, *(opts + ["--"] + args))
        harness.kill_session(server.pid)
        return self.check(done, server.output())


class GdbserverExtendedAttach(Cell, E2ETest):
    def record_cell(self, program, args, opts):
        server = harness.start_server(self, ["gdbserver", "--multi", "127.0.0.1:0"])
        address = "127.0.0.1:%d" % harness.listening_port(server)
        process = self.waiting(program, args)
        return self.attach(process, "--remote=" + address, "--attach=%d" % process.pid, *opts)


class GdbserverAttached(Cell, E2ETest):
    """gdbserver --attach there."""

    def record_cell(self, program, args, opts):
        process = self.waiting(program, args)
        _, address = harness.start_gdbserver(self, "--attach", str(process.pid))
        return self.attach(process, "--remote=" + address, *(opts + [program]))


class GdbserverLocalAttach(Cell, E2ETest):
    server = "gdbserver"

    def record_cell(self, program, args, opts):
        process = self.waiting(program, args)
        return self.attach(process, "--server=" + self.server, "--attach=%d" % process.pid, *opts)


class LldbLocalAttach(GdbserverLocalAttach):
    server = "lldb-server"


class LldbCell(Cell):
    def lldb(self, *words, behind=()):
        """The address of an lldb-server."""
        address = "127.0.0.1:%d" % harness.free_port()
        harness.start_server(self, [test_lldb.find_server()] + list(words) + [address] + list(behind))
        return address


class LldbHeld(LldbCell, E2ETest):
    def record_cell(self, program, args, opts):
        done = self.fdbg("--remote=" + self.lldb("gdbserver", behind=["--", program] + args), *(opts + [program]))
        return self.check(done, done.stdout)


class LldbExec(LldbCell, E2ETest):
    def record_cell(self, program, args, opts):
        done = self.fdbg("--remote=" + self.lldb("gdbserver"), "--exec=" + program, *(opts + ["--"] + args))
        return self.check(done, done.stdout)


class LldbAttached(LldbCell, E2ETest):
    """lldb-server gdbserver --attach there."""

    def record_cell(self, program, args, opts):
        process = self.waiting(program, args)
        address = self.lldb("gdbserver", "--attach", str(process.pid))
        return self.attach(process, "--remote=" + address, *(opts + [program]))


class LldbExtendedAttach(LldbCell, E2ETest):
    def record_cell(self, program, args, opts):
        process = self.waiting(program, args)
        return self.attach(process, "--remote=" + self.lldb("gdbserver"), "--attach=%d" % process.pid, *opts)


class LldbPlatform(LldbCell, E2ETest):
    def record_cell(self, program, args, opts):
        done = self.fdbg("--platform=" + self.lldb("platform", "--server", "--listen"), "--exec=" + program,
                         *(opts + ["--"] + args))
        return self.check(done, done.stdout)


class LldbPlatformAttach(LldbCell, E2ETest):
    def record_cell(self, program, args, opts):
        process = self.waiting(program, args)
        return self.attach(process, "--platform=" + self.lldb("platform", "--server", "--listen"),
                           "--attach=%d" % process.pid, *opts)


class QemuHeld(Cell, E2ETest):
    """qemu-user's stub holds programs with one thread only, and cannot be attached to one."""
    arch, threads = "aarch64", False

    def record_cell(self, program, args, opts):
        if not shutil.which("qemu-aarch64"):
            self.skipTest("there is no qemu-aarch64 (Debian: qemu-user)")
        address = self.path("stub")
        server = harness.start_server(self, ["qemu-aarch64", "-g", address, program] + args)
        return self.check(self.fdbg("--remote=unix:" + address, *(opts + [program])), server.output())


if __name__ == "__main__":
    unittest.main()
