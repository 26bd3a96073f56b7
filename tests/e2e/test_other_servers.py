# SPDX-License-Identifier: MIT OR Apache-2.0
"""Servers that are made for something else: valgrind's, a replay by rr, and a whole machine's under qemu-system."""

import os
import re
import shutil
import subprocess
import unittest

import gen
import harness
from harness import E2ETest

SOURCE = """
#[inline(never)] fn work(thread: u64, n: u64) -> u64 { thread * 1000 + n }
#[inline(never)] fn join(a: &str, n: usize) -> String { a.repeat(n) }
fn main() {
    let threads: Vec<_> = (0..3).map(|t| std::thread::spawn(move || (0..10).map(|n| work(t, n)).sum::<u64>())).collect();
    println!("{} {}", threads.into_iter().map(|t| t.join().unwrap()).sum::<u64>(), join("ab", 2));
    std::process::exit(3);
}
"""

# No operating system below it: it sets up its stack, and ends the machine by a semihosting call.
BARE = """
#![no_std]
#![no_main]
use core::arch::{asm, global_asm};
global_asm!(".section .text.start, \\"ax\\"", ".globl _start", "_start:",
            "mov x0, #(3 << 20)", "msr cpacr_el1, x0", "isb", "ldr x0, =stack_top", "mov sp, x0", "bl main",
            ".section .bss", ".balign 16", ".skip 65536", "stack_top:");
#[derive(Clone, Copy)] pub struct Point { x: i32, y: i32 }
pub enum Shape { Dot(Point), Line { from: Point, to: Point }, Nothing }
#[inline(never)] fn twice(n: u64) -> u64 { n * 2 }
#[inline(never)] fn half(x: f64) -> f64 { x / 2.0 }
#[inline(never)] fn swap(p: Point) -> Point { Point { x: p.y, y: p.x } }
#[inline(never)] fn size(s: &Shape) -> i32 {
    match s { Shape::Dot(p) => p.x, Shape::Line { from, to } => to.x - from.x, Shape::Nothing => 0 }
}
#[inline(never)] fn len(text: &str) -> usize { text.len() }
fn exit(code: u64) -> ! {
    let block = [0x20026u64, code];
    unsafe { asm!("hlt #0xf000", in("x0") 0x18u64, in("x1") &block, options(noreturn)) }
}
#[no_mangle] pub extern "C" fn main() -> ! {
    let mut sum = 0;
    for n in 0..20 { sum += twice(n); }
    let p = swap(Point { x: 1, y: 2 });
    let s = size(&Shape::Line { from: p, to: Point { x: 9, y: 0 } }) + size(&Shape::Dot(p)) + size(&Shape::Nothing);
    exit(if sum == 380 && s == 9 && half(5.0) == 2.5 && len("hello") == 5 { 3 } else { 4 })
}
#[panic_handler] fn panic(_: &core::panic::PanicInfo) -> ! { exit(5) }
"""

BARE_LAYOUT = """
ENTRY(_start)
SECTIONS {
    . = 0x40080000;
    .text : { *(.text.start) *(.text .text.*) }
    .rodata : { *(.rodata .rodata.*) }
    .eh_frame : { *(.eh_frame) }
    .data : { *(.data .data.*) }
    .bss : { *(.bss .bss.*) }
}
"""


class OtherCase(E2ETest):
    def setUp(self):
        super().setUp()
        self.file = self.path("rec.firedbg.ss")

    def fdbg(self, *words, status=3):
        done = harness.fdbg("record", "-q", "-o", self.file, *words, cwd=self.dir)
        self.assertEqual(done.status, status, str(done))
        rec = harness.Recording(self.file, done)
        self.check_file(rec)
        return rec

    def check(self, rec):
        calls = harness.calls(self.trees(rec))
        work = sorted((tuple(int(v) for _, v in c.args), c.value) for c in calls if c.short() == "work")
        self.assertEqual(work, [((t, n), str(t * 1000 + n)) for t in range(3) for n in range(10)])
        self.assertEqual([(c.args, c.value) for c in calls if c.short() == "join"],
                         [([("a", '"ab"'), ("n", "2")], '"abab"')])


class ValgrindTest(OtherCase):
    """It serves files to nobody, knows no vCont, and resumes and stops all threads."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not shutil.which("valgrind") or not shutil.which("vgdb"):
            raise unittest.SkipTest("there is no valgrind")

    def start(self, program):
        """The address of a program that valgrind holds before its first instruction, and its process."""
        pipes = "--vgdb-prefix=" + self.path("pipe")
        server = harness.start_server(self, ["valgrind", "--tool=none", "--vgdb=full", "--vgdb-error=0", pipes, program])
        for line in server.stderr:
            found = re.search(rb"vgdb %s --pid=(\d+)|vgdb .*--pid=(\d+)" % pipes.encode(), line)
            if found:
                return server, "| vgdb %s --pid=%d" % (pipes, int(found.group(1) or found.group(2)))
        self.fail("valgrind does not wait")

    def test_threads(self):
        program = harness.compile_rust("app", SOURCE)
        server, address = self.start(program)
        self.check(self.fdbg("--remote=" + address, program))
        self.assertEqual(server.output(), b"30135 abab\n")

    def test_values(self):
        source, manifest = gen.generate(5, 40, depth=1, rustc=harness.rustc_version())
        program = harness.compile_rust("gen_prog", source)
        server, address = self.start(program)
        rec = self.fdbg("--remote=" + address, *list(gen.EXCLUDE) + [program], status=0)
        self.trees(rec)
        diff = gen.compare(gen.parse_output(server.output().decode()), rec.events(), manifest)
        self.assertGreater(diff.compared, 40)
        self.assertEqual(list(diff)[:10], [])


class ReplayTest(OtherCase):
    """A recording by rr, run again: nothing can be written into it."""

    def test_replay(self):
        if not shutil.which("rr"):
            self.skipTest("there is no rr")
        program = harness.compile_rust("app", SOURCE)
        trace = self.path("trace")
        done = harness.run(["rr", "record", "-o", trace, program], cwd=self.dir)
        if done.status != 3:
            self.skipTest("rr cannot record here: " + done.stderr_text.strip().splitlines()[0])
        address = "127.0.0.1:%d" % harness.free_port()
        server = harness.start_server(self, ["rr", "replay", "-s", address.split(":")[1], "-k", trace])
        server.stderr.readline()
        self.check(self.fdbg("--remote=" + address, program))


class MachineTest(OtherCase):
    """A program without an operating system, under the stub of a whole machine."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not shutil.which("qemu-system-aarch64"):
            raise unittest.SkipTest("there is no qemu-system-aarch64 (Debian: qemu-system-arm)")
        harness.arm_compiler()

    def start(self):
        rustc, arm, _ = harness.arm_compiler()
        layout = self.path("layout")
        with open(layout, "w") as f:
            f.write(BARE_LAYOUT)
        # The standard library's core was not made for this; what it refers to is for unwinding, which a panic here does not.
        program = self.path("bare")
        source = self.path("bare.rs")
        with open(source, "w") as f:
            f.write(BARE)
        link = "-nostartfiles -nostdlib -static -Wl,-T,%s,--defsym=rust_eh_personality=0" % layout
        done = subprocess.run([rustc, "--edition=2021", "--cap-lints=allow", "-g", source, "-o", program] + arm +
                              ["-C", "panic=abort", "-C", "relocation-model=static", "-C", "target-feature=+strict-align",
                               "-C", "link-args=" + link], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if not os.path.exists(program):
            self.skipTest("this compiler makes no bare program: " + done.stdout.decode()[-200:])
        socket = self.path("stub")
        harness.start_server(self, ["qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a57", "-m", "64", "-display", "none",
                                    "-serial", "none", "-monitor", "none", "-nodefaults", "-semihosting", "-kernel", program,
                                    "-S", "-gdb", "unix:%s,server=on,wait=off" % socket])
        self.assertTrue(harness.wait_until(lambda: os.path.exists(socket)))
        return program, "unix:" + socket

    def test_bare_program(self):
        program, address = self.start()
        rec = self.fdbg("--remote=" + address, program)
        main = self.main_tree(rec)
        self.assertEqual([c.shape() for c in main.children[:20]],
                         [("bare::twice", {"n": str(n)}, str(2 * n), []) for n in range(20)])
        p, q = "Point { x: 1, y: 2 }", "Point { x: 2, y: 1 }"
        line = "Line { from: %s, to: Point { x: 9, y: 0 } }" % q
        self.assertEqual([c.shape() for c in main.children[20:26]],
                         [("bare::swap", {"p": p}, q, []), ("bare::size", {"s": line}, "7", []),
                          ("bare::size", {"s": "Dot(%s)" % q}, "2", []), ("bare::size", {"s": "Nothing"}, "0", []),
                          ("bare::half", {"x": "5.0"}, "2.5", []), ("bare::len", {"text": '"hello"'}, "5", [])])
        self.assertEqual([c.short() for c in main.children[26:]], ["exit"])

    def test_program_is_needed(self):
        """The stub gives no files, and knows of none."""
        _, address = self.start()
        done = harness.fdbg("record", "-q", "-o", self.file, "--remote=" + address, cwd=self.dir)
        self.assertEqual(done.status, 125, str(done))
        self.assertIn("PROGRAM", self.one_line(done))

    def test_symbols(self):
        program, address = self.start()
        rec = self.fdbg("--remote=" + address, "--symbols=" + program, "-F", "bare::twice")
        self.assertEqual(len(harness.calls(self.trees(rec))), 20)

    def test_symbols_without_code(self):
        """What nothing can be put into is no program."""
        program, address = self.start()
        symbols = self.path("symbols")
        subprocess.run(["aarch64-linux-gnu-objcopy", "--only-keep-debug", program, symbols], check=True)
        done = harness.fdbg("record", "-q", "-o", self.file, "--remote=" + address, "--symbols=" + symbols, cwd=self.dir)
        self.assertIn(done.status, (125, 126), str(done))
        self.assertIn("has no code", self.one_line(done))


if __name__ == "__main__":
    unittest.main()
