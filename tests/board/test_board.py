# SPDX-License-Identifier: MIT OR Apache-2.0
"""Recording on a real aarch64 machine, with its own kernel, gdbserver and lldb-server: started by `run`, see there."""

import itertools
import os
import re
import subprocess
import time
import unittest
import unittest.mock

import board
import gen
import harness
from harness import E2ETest

# Set by `run`.
BOARD = None

THREADS = """
#[inline(never)] fn work(thread: u64, n: u64) -> u64 { thread * 1000 + n }
fn main() {
    let count: u64 = std::env::args().nth(1).map_or(50, |n| n.parse().unwrap());
    let threads: Vec<_> = (0..8).map(|t| std::thread::spawn(move || (0..count).map(|n| work(t, n)).sum::<u64>())).collect();
    println!("{} {:?}", threads.into_iter().map(|t| t.join().unwrap()).sum::<u64>(), std::env::var("GREETING"));
    std::process::exit(3);
}
"""

# Runs until it has been told to end, by a file; says how often it went round in each tenth of a second at its end.
TICKS = """
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
static END: AtomicBool = AtomicBool::new(false);
#[inline(never)] fn tick(thread: u64, n: u64) -> u64 { thread * 1000000 + n }
fn outer(thread: u64) -> u64 {
    let mut n = 0;
    while !END.load(Ordering::Relaxed) {
        n += 1;
        assert_eq!(tick(thread, n), thread * 1000000 + n);
        std::thread::sleep(Duration::from_millis(2));
    }
    n
}
fn main() {
    let path = std::env::args().nth(1).unwrap();
    let threads: Vec<_> = (0..3).map(|t| std::thread::spawn(move || outer(t))).collect();
    let begin = Instant::now();
    while !std::path::Path::new(&path).exists() && begin.elapsed() < Duration::from_secs(300) {
        std::thread::sleep(Duration::from_millis(50));
    }
    END.store(true, Ordering::Relaxed);
    let counts: Vec<_> = threads.into_iter().map(|t| t.join().unwrap()).collect();
    println!("ended {}", counts.iter().all(|&n| n > 0));
}
"""

PANICS = """
fn inner(n: i32) -> i32 { if n == 0 { panic!("stop") } else { inner(n - 1) + 1 } }
fn outer(n: i32) -> i32 { std::panic::catch_unwind(|| inner(n)).unwrap_or(-1) }
fn main() { let worker = std::thread::spawn(|| outer(1)); std::process::exit(outer(2) + worker.join().unwrap() + 9) }
"""

CHILDREN = """
use std::process::Command;
extern "C" { fn fork() -> i32; fn waitpid(pid: i32, status: *mut i32, options: i32) -> i32; fn _exit(code: i32) -> !; }
fn work(x: u32) -> u32 { x + 1 }
fn spawn(text: &str) -> String {
    String::from_utf8(Command::new("/bin/echo").arg(text).output().unwrap().stdout).unwrap()
}
fn forked(x: u32) -> i32 {
    unsafe {
        let pid = fork();
        if pid == 0 {
            let mut y = 0;
            for i in 0..100 { y = work(i); }
            _exit(if y == 100 { 5 } else { 6 });
        }
        let mut status = 0;
        waitpid(pid, &mut status, 0);
        work(x);
        status
    }
}
fn main() { print!("{}", spawn("hello")); println!("{}", forked(7)); }
"""

SIGNED = """
#[inline(never)] fn leaf(a: u64, b: f64) -> f64 { a as f64 + b }
#[inline(never)] fn text(n: usize) -> String { "ab".repeat(n) }
#[inline(never)] fn wide(n: u64) -> [u64; 5] { [n, n + 1, n + 2, n + 3, n + 4] }
#[inline(never)] fn deep(n: u64) -> u64 { if n == 0 { 0 } else { deep(n - 1) + n } }
fn main() { println!("{} {} {:?} {}", leaf(2, 0.5), text(2), wide(7), deep(3)); }
"""


@unittest.skipUnless(os.environ.get("FDBG"), "FDBG names no program")
class BoardCase(E2ETest):
    numbers = itertools.count(1)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not BOARD:
            raise unittest.SkipTest("there is no board; tests/board/run boots one")
        harness.arm_compiler()

    def setUp(self):
        super().setUp()
        self.file = self.path("rec.firedbg.ss")
        self.ports = list(BOARD.ports)

    def compile(self, crate, source, flags=(), static=False):
        """(the program here, its path on the board). Dynamic unless said: the board has a C library."""
        rustc, arm, _ = harness.arm_compiler()
        arm = list(arm) if static else [f for f in arm[:-2]]
        program = harness.compile_rust(crate, source, flags=arm + list(flags), compiler=rustc)
        there = "/tmp/%s-%s" % (os.path.basename(os.path.dirname(program)), crate)
        if BOARD.ssh("test -e " + there, check=False).returncode != 0:
            BOARD.put(program, there)
        return program, there

    def start(self, command):
        """Starts a shell command on the board, which ends with the test."""
        number = next(self.numbers)
        file = "/tmp/pid.%d" % number
        process = harness.start_server(self, BOARD.ssh_command("echo $$ >%s; exec %s" % (file, command)))
        self.addCleanup(lambda: BOARD.ssh("kill -9 $(cat %s) 2>/dev/null" % file, check=False))

        def pid():
            done = BOARD.ssh("cat " + file, check=False)
            return int(done.stdout) if done.returncode == 0 and done.stdout.strip() else None
        process.board_pid = lambda: harness.wait_until(pid, 60, 0.2)
        return process

    def serve(self, command):
        """(process, address) of a server; PORT in the command stands for its port."""
        port = self.ports.pop(0)
        process = self.start(command.replace("PORT", str(port)))
        BOARD.ssh("for i in $(seq 300); do netstat -ltn | grep -q ':%d ' && exit 0; sleep 0.1; done; exit 1" % port)
        return process, "127.0.0.1:%d" % port

    def fdbg(self, *words, status=0, **options):
        done = harness.fdbg("record", "-o", self.file, "--timeout=30", *words, cwd=self.dir,
                            timeout=300 * harness.SLOWNESS, **options)
        self.assertEqual(done.status, status, str(done))
        rec = harness.Recording(self.file, done)
        self.check_file(rec)
        return rec

    def calls(self, rec, name):
        return [c for c in harness.calls(self.trees(rec)) if c.short() == name]

    def check_work(self, rec, count=50):
        work = self.calls(rec, "work")
        seen = {}
        for c in work:
            args = {k: int(v) for k, v in c.args}
            self.assertEqual(c.value, str(args["thread"] * 1000 + args["n"]))
            seen.setdefault(args["thread"], []).append(args["n"])
        self.assertEqual(seen, {t: list(range(count)) for t in range(8)})

    def check_generated(self, rec, out, manifest, least):
        self.trees(rec)
        diff = gen.compare(gen.parse_output(out), rec.events(), manifest)
        self.assertGreater(diff.compared, least)
        if diff:
            self.fail("%d calls, %d values compared, %d differences:\n%s"
                      % (diff.calls, diff.compared, len(diff), "\n".join(diff[:10])))


class RecordTest(BoardCase):
    def test_gdbserver_threads(self):
        program, there = self.compile("app", THREADS)
        server, address = self.serve("gdbserver --once 0.0.0.0:PORT " + there)
        self.check_work(self.fdbg("--remote=" + address, program, status=3))
        self.assertIn(b"1409800 Err(NotPresent)", server.output())

    def test_lldb_server_threads(self):
        program, there = self.compile("app", THREADS)
        _, address = self.serve("lldb-server gdbserver 0.0.0.0:PORT -- " + there)
        rec = self.fdbg("--remote=" + address, program, status=3)
        self.check_work(rec)
        self.assertIn("1409800 Err(NotPresent)", rec.stdout_text)

    def test_many_threads(self):
        program, there = self.compile("app", THREADS.replace("0..8", "0..16"))
        _, address = self.serve("gdbserver --once 0.0.0.0:PORT %s 40" % there)
        rec = self.fdbg("--remote=" + address, program, status=3)
        work = self.calls(rec, "work")
        self.assertEqual(sorted(tuple(int(v) for _, v in c.args) for c in work),
                         [(t, n) for t in range(16) for n in range(40)])
        self.assertTrue(all(c.returned for c in work))

    def test_static(self):
        program, there = self.compile("app", THREADS, static=True)
        _, address = self.serve("gdbserver --once 0.0.0.0:PORT " + there)
        self.check_work(self.fdbg("--remote=" + address, program, status=3))

    def test_over_ssh(self):
        """The recipe for a board: the server on ssh's pipes, the executable read from there."""
        _, there = self.compile("app", THREADS)
        command = " ".join(BOARD.ssh_command("gdbserver", "-", there, "20"))
        rec = self.fdbg("--remote=| " + command, status=3)
        self.check_work(rec, 20)
        self.assertRegex(rec.stderr_text, r"fdbg: reading .*app from the target: ([\d.]+) of \1 MB")
        self.assertIn("561520 Err(NotPresent)", rec.stderr_text)

    def test_executable_from_gdbserver(self):
        _, there = self.compile("app", THREADS)
        _, address = self.serve("gdbserver --once 0.0.0.0:PORT %s 10" % there)
        self.check_work(self.fdbg("--remote=" + address, status=3), 10)

    def test_executable_from_lldb_server(self):
        _, there = self.compile("app", THREADS)
        _, address = self.serve("lldb-server gdbserver 0.0.0.0:PORT -- %s 10" % there)
        self.check_work(self.fdbg("--remote=" + address, status=3), 10)

    def test_stripped_on_the_board(self):
        """The board has the program without its debug information, which is here."""
        program, there = self.compile("app", THREADS)
        stripped = self.path("stripped")
        subprocess.run(["aarch64-linux-gnu-objcopy", "--strip-all", program, stripped], check=True)
        BOARD.put(stripped, there + ".stripped")
        _, address = self.serve("gdbserver --once 0.0.0.0:PORT %s.stripped 10" % there)
        self.check_work(self.fdbg("--remote=" + address, "--symbols=" + program, status=3), 10)

    def test_started_by_gdbserver(self):
        program, there = self.compile("app", THREADS)
        _, address = self.serve("gdbserver --multi 0.0.0.0:PORT")
        for count in (5, 10):
            self.check_work(self.fdbg("--remote=" + address, "--exec=" + there, "--env=GREETING=hello there", "--",
                                      str(count), status=3), count)

    def test_started_by_the_platform(self):
        program, there = self.compile("app", THREADS)
        port = self.ports.pop()
        _, address = self.serve("lldb-server platform --server --listen 0.0.0.0:PORT --gdbserver-port %d" % port)
        rec = self.fdbg("--platform=" + address, "--exec=" + there, "--", "5", status=3)
        self.check_work(rec, 5)

    def test_panic(self):
        program, there = self.compile("app", PANICS)
        for number, command in enumerate(("gdbserver --once 0.0.0.0:PORT ", "lldb-server gdbserver 0.0.0.0:PORT -- ")):
            _, address = self.serve(command + there)
            rec = self.fdbg("--remote=" + address, program, status=7)
            inner = self.calls(rec, "inner")
            self.assertEqual(len(inner), 5)
            self.assertTrue(all(c.unwound for c in inner))
            self.assertEqual(sorted(dict(c.args)["n"] for c in inner if c.panics), ["0", "0"])
            self.assertEqual([c.value for c in self.calls(rec, "outer")], ["-1", "-1"])

    def test_children(self):
        program, there = self.compile("app", CHILDREN)
        _, address = self.serve("gdbserver --once 0.0.0.0:PORT " + there)
        rec = self.fdbg("--remote=" + address, program)
        main = self.main_tree(rec)
        self.assertEqual([(c.function, c.args, c.value) for c in main.children],
                         [("app::spawn", [("text", '"hello"')], '"hello\\n"'), ("app::forked", [("x", "7")], "1280")])
        self.assertEqual([(c.function, c.value) for c in main.children[1].children], [("app::work", "8")])


class ValuesTest(BoardCase):
    def generate(self, seed, functions):
        rustc, _, identity = harness.arm_compiler()
        source, manifest = gen.generate(seed, functions, rustc=harness.rustc_version(identity), arch="aarch64", depth=1)
        return self.compile("gen_prog", source), manifest

    def test_gdbserver(self):
        (program, there), manifest = self.generate(1, 200)
        server, address = self.serve("gdbserver --once 0.0.0.0:PORT " + there)
        rec = self.fdbg("--remote=" + address, *list(gen.EXCLUDE) + [program])
        self.check_generated(rec, server.output().decode(), manifest, 200)

    def test_lldb_server(self):
        (program, there), manifest = self.generate(2, 200)
        _, address = self.serve("lldb-server gdbserver 0.0.0.0:PORT -- " + there)
        rec = self.fdbg("--remote=" + address, *list(gen.EXCLUDE) + [program])
        self.check_generated(rec, rec.stdout_text.replace("\r\n", "\n"), manifest, 200)

    def signed(self, flags, instructions):
        with unittest.mock.patch.dict(os.environ, RUSTC_BOOTSTRAP="1"):
            program, there = self.compile("app", SIGNED, flags)
        code = subprocess.run(["aarch64-linux-gnu-objdump", "-d", program], stdout=subprocess.PIPE, check=True).stdout
        deep = re.search(rb"<[^>]*deep[^>]*>:\n(.*?)\n\n", code, re.S).group(1)
        for instruction in instructions:
            self.assertIn(instruction, deep)
        for command in ("gdbserver --once 0.0.0.0:PORT ", "lldb-server gdbserver 0.0.0.0:PORT -- "):
            _, address = self.serve(command + there)
            rec = self.fdbg("--remote=" + address, program)
            shapes = [c.shape() for c in self.main_tree(rec).children]
            deep = []
            for n in range(4):
                deep = [("app::deep", {"n": str(n)}, str(n * (n + 1) // 2), deep)]
            self.assertEqual(shapes, [("app::leaf", {"a": "2", "b": "0.5"}, "2.5", []), ("app::text", {"n": "2"}, '"abab"', []),
                                      ("app::wide", {"n": "7"}, "[7, 8, 9, 10, 11]", [])] + deep)

    def test_signed_return_addresses(self):
        """Entries that sign and returns that check, on a processor that does both."""
        self.signed(["-Z", "branch-protection=bti,pac-ret,leaf", "-C", "unsafe-allow-abi-mismatch=branch-protection"], [b"paciasp", b"autiasp"])

    def test_return_that_checks(self):
        """One instruction that checks and returns."""
        self.signed(["-Z", "branch-protection=bti,pac-ret,leaf", "-C", "unsafe-allow-abi-mismatch=branch-protection", "-C", "target-feature=+paca,+pacg"], [b"retaa"])


class AttachTest(BoardCase):
    def setUp(self):
        super().setUp()
        self.program, self.there = self.compile("app", TICKS)
        self.end_file = "/tmp/end.%d" % next(self.numbers)
        self.target = self.start("%s %s" % (self.there, self.end_file))
        self.pid = self.target.board_pid()
        harness.wait_until(lambda: self.n_threads() == 4, 60, 0.2)
        self.before = self.code()

    def n_threads(self):
        return len(BOARD.ssh("ls /proc/%d/task" % self.pid, check=False).stdout.split())

    def code(self):
        """The target's own code, as its memory has it, by digest."""
        maps = BOARD.ssh("cat /proc/%d/maps" % self.pid).stdout.decode()
        start, end = [(int(a, 16), int(b, 16)) for a, b, path in
                      re.findall(r"^(\w+)-(\w+) r-xp .* (\S+)$", maps, re.M) if path == self.there][0]
        return BOARD.ssh("dd if=/proc/%d/mem bs=4096 skip=%d count=%d 2>/dev/null | sha256sum"
                         % (self.pid, start // 4096, (end - start) // 4096)).stdout

    def check_left(self, rec):
        """Nobody traces it, its code is as it was, all its threads go on to their end."""
        status = BOARD.ssh("cat /proc/%d/task/*/status" % self.pid).stdout.decode()
        self.assertEqual(set(re.findall(r"TracerPid:\s*(\d+)", status)), {"0"})
        self.assertEqual(set(re.findall(r"State:\s*(\w)", status)) - set("RSD"), set())
        self.assertEqual(self.code(), self.before, "the target's code is not as it was")
        ticks = self.calls(rec, "tick")
        self.assertEqual(len(ticks), len(harness.calls(self.trees(rec))))
        seen = set()
        for c in ticks:
            args = {k: int(v) for k, v in c.args}
            seen.add(args["thread"])
            if not c.open:
                self.assertEqual(c.value, str(args["thread"] * 1000000 + args["n"]))
        self.assertEqual(seen, {0, 1, 2})
        BOARD.ssh("touch " + self.end_file)
        self.assertEqual(self.target.output(), b"ended true\n")
        self.assertEqual(self.target.returncode, 0)

    def check(self, server, *words):
        _, address = self.serve(server)
        rec = self.fdbg("--remote=" + address, "--max-events=300", "-F", "*::tick", *words)
        self.assertEqual(len(rec.events()), 300)
        self.check_left(rec)

    def test_gdbserver_multi(self):
        self.check("gdbserver --multi 0.0.0.0:PORT", "--attach=%d" % self.pid)

    def test_gdbserver_that_attached(self):
        self.check("gdbserver --once --attach 0.0.0.0:PORT %d" % self.pid, self.program)

    def test_lldb_server(self):
        self.check("lldb-server gdbserver 0.0.0.0:PORT", "--attach=%d" % self.pid)

    def test_over_ssh(self):
        command = " ".join(BOARD.ssh_command("gdbserver", "--attach", "-", str(self.pid)))
        rec = self.fdbg("--remote=| " + command, "--duration=5", "-F", "*::tick")
        self.check_left(rec)


if __name__ == "__main__":
    unittest.main()
