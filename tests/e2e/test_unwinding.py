# SPDX-License-Identifier: MIT OR Apache-2.0
"""Frames that are left without a return: the tree is the one that the program tells of itself, to the line."""

import os
import shutil
import subprocess
import unittest

import gen_panic
import harness
from harness import E2ETest

JUMPS_C = """
#include <setjmp.h>
static jmp_buf env;
int c_try(void (*f)(int), int n) { int r = setjmp(env); if (!r) f(n); return r; }
void c_throw(int v) { longjmp(env, v); }
int c_big(int (*f)(int), int n) { volatile char pad[8000]; pad[n] = 1; return f(n) + pad[n] - 1; }
"""
JUMPS = """
extern "C" {
    fn c_try(f: extern "C" fn(i32), n: i32) -> i32;
    fn c_throw(v: i32);
    fn c_big(f: extern "C" fn(i32) -> i32, n: i32) -> i32;
}
extern "C" fn start(n: i32) { deep(n as u32); }
fn deep(n: u32) -> u32 { if n == 0 { unsafe { c_throw(5) } } deep(n - 1) + 1 }
extern "C" fn back(n: i32) -> i32 { note(n) }
fn note(n: i32) -> i32 { n }
fn outer(n: i32) -> i32 { let r = unsafe { c_try(start, n) }; let s = unsafe { c_big(back, 70) }; r + s }
fn main() { for i in 0..3 { println!("{}", outer(i)); } }
"""
# The library comes when fdbg has looked at all that there are.
LOADED = """
use std::ffi::{c_char, c_void, CString};
extern "C" {
    fn dlopen(path: *const c_char, flags: i32) -> *mut c_void;
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
}
type Try = unsafe extern "C" fn(extern "C" fn(i32), i32) -> i32;
static mut TRY: Option<Try> = None;
static mut THROW: Option<unsafe extern "C" fn(i32)> = None;
fn load() {
    let path = CString::new(std::env::args().nth(1).unwrap()).unwrap();
    unsafe {
        let library = dlopen(path.as_ptr(), 2);
        TRY = Some(std::mem::transmute(dlsym(library, b"c_try\\0".as_ptr().cast())));
        THROW = Some(std::mem::transmute(dlsym(library, b"c_throw\\0".as_ptr().cast())));
    }
}
extern "C" fn start(n: i32) { deep(n as u32); }
fn deep(n: u32) -> u32 { if n == 0 { unsafe { THROW.unwrap()(5) } } deep(n - 1) + 1 }
fn outer(n: i32) -> i32 { unsafe { TRY.unwrap()(start, n) } }
fn late() {
    std::panic::set_hook(Box::new(|_| {}));
    drop(std::panic::catch_unwind(|| { outer(0); panic!() }));
}
fn main() { load(); for i in 0..3 { println!("{}", outer(i)); } late(); }
"""

# A thread of the C library's that ends inside its calls; what it keeps for itself is dropped behind that.
THREAD_ENDS = """
use std::ffi::c_void;
extern "C-unwind" { fn pthread_exit(value: *mut c_void) -> !; fn pthread_testcancel(); }
extern "C" {
    fn pthread_create(t: *mut usize, a: *const c_void, f: extern "C-unwind" fn(*mut c_void) -> *mut c_void, arg: *mut c_void) -> i32;
    fn pthread_join(t: usize, r: *mut *mut c_void) -> i32;
    fn pthread_cancel(t: usize) -> i32;
    fn usleep(us: u32) -> i32;
}
struct D(u32);
impl Drop for D { fn drop(&mut self) { note(self.0); } }
fn note(n: u32) -> u32 { n + 1 }
thread_local! { static LAST: D = D(77); }
fn deep(n: u32, end: fn()) -> u32 {
    let _d = if n == 2 { Some(D(n)) } else { None };
    if n == 0 { end() }
    deep(n - 1, end) + 1
}
fn leave() { unsafe { pthread_exit(9 as *mut c_void) } }
fn wait() { loop { unsafe { usleep(1000); pthread_testcancel(); } } }
extern "C-unwind" fn exits(_: *mut c_void) -> *mut c_void { LAST.with(|d| note(d.0)); deep(3, leave); 1 as *mut c_void }
extern "C-unwind" fn waits(_: *mut c_void) -> *mut c_void { LAST.with(|d| note(d.0)); deep(3, wait); 1 as *mut c_void }
extern "C-unwind" fn returns(n: *mut c_void) -> *mut c_void { note(5); n }
fn run(f: extern "C-unwind" fn(*mut c_void) -> *mut c_void, cancel: bool) -> isize {
    let (mut t, mut r) = (0, std::ptr::null_mut());
    unsafe {
        assert_eq!(pthread_create(&mut t, std::ptr::null(), f, 3 as *mut c_void), 0);
        if cancel { usleep(200000); pthread_cancel(t); }
        pthread_join(t, &mut r);
    }
    r as isize
}
fn main() { println!("{} {} {}", run(exits, false), run(waits, true), run(returns, false)); }
"""

THROWS_CC = """
extern "C" int cc_try(void (*f)(int), int n) { try { f(n); } catch (int v) { return v; } return 0; }
extern "C" void cc_throw(int v) { throw v; }
extern "C" int cc_big(int (*f)(int), int n) { volatile char pad[8000]; pad[n] = 1; return f(n) + pad[n] - 1; }
"""
THROWS = """
extern "C-unwind" {
    fn cc_try(f: extern "C-unwind" fn(i32), n: i32) -> i32;
    fn cc_throw(v: i32);
    fn cc_big(f: extern "C-unwind" fn(i32) -> i32, n: i32) -> i32;
}
struct D(u32);
impl Drop for D { fn drop(&mut self) {} }
extern "C-unwind" fn start(n: i32) { deep(n as u32); }
fn deep(n: u32) -> u32 {
    let _d = if n == 2 { Some(D(n)) } else { None };
    if n == 0 { unsafe { cc_throw(7) } }
    deep(n - 1) + 1
}
extern "C-unwind" fn back(n: i32) -> i32 { n }
fn outer() -> i32 { let r = unsafe { cc_try(start, 2) }; r + unsafe { cc_big(back, 70) } }
fn main() { for _ in 0..2 { println!("{}", outer()); } }
"""

ENDS = """
struct D(u32);
impl Drop for D { fn drop(&mut self) { boom(self.0); } }
fn boom(x: u32) { if x == 1 { panic!("in drop {}", x) } }
fn double() { let _d = D(1); panic!("first") }
extern "C" fn ext(n: u32) { if n == 0 { panic!("in extern") } ext(n - 1) }
fn in_hook() { std::panic::set_hook(Box::new(|_| { again(1) })); panic!("outer") }
fn again(x: u32) { panic!("hook {}", x) }
fn quiet() {
    std::panic::set_hook(Box::new(|_| { drop(std::panic::catch_unwind(|| std::panic::resume_unwind(Box::new(3u8)))); }));
    drop(std::panic::catch_unwind(|| panic!("loud")));
}
fn exiting(n: u32) { if n == 0 { std::process::exit(3) } exiting(n - 1) }
fn aborting() { std::process::abort() }
fn threads() { let t = std::thread::spawn(|| { exiting(2) }); t.join().unwrap(); }
fn main() {
    match std::env::args().nth(1).unwrap().as_str() {
        "double" => double(), "extern" => ext(2), "hook" => in_hook(), "quiet" => quiet(), "exit" => exiting(2), "abort" => aborting(),
        "threads" => threads(), _ => {}
    }
}
"""


def identity_of(rustc):
    return subprocess.run([rustc, "-vV"], stdout=subprocess.PIPE, check=True).stdout.decode()


def place(text):
    """file:line:column of the first occurrence in ENDS"""
    before = ENDS[:ENDS.index(text)]
    return "app.rs:%d:%d" % (before.count("\n") + 1, len(before) - before.rfind("\n"))


def panics(rec):
    """[(function, message or payload, "line:column" or None)]"""
    out = []
    for e in rec.events():
        if e["event"] == "panic":
            values = dict(e["locals"])
            place = gen_panic.location(values["location"]) if "location" in values else None
            out.append((e.get("function", "").split("::")[-1], values.get("message", values.get("payload")), place))
    return out


# From here on (at the latest) a panic may come up, and be caught, while another one unwinds.
NESTED = (1, 75)
FIRST = place('panic!("first')


DROP = "D as core::ops::drop::Drop>::drop"


class Base(E2ETest):
    def compare(self, rec, text, ignore_threads=False):
        told, seen = gen_panic.parse_output(text), gen_panic.recorded(rec.events())
        if ignore_threads:
            told, seen = {0: list(told.values())[0]}, {0: list(seen.values())[0]}
        self.assertEqual(sorted(told), sorted(seen))
        n_panics = 0
        for tid, expected in told.items():
            expected, got = gen_panic.comparable(expected), gen_panic.comparable(seen[tid])
            for i, (a, b) in enumerate(zip(expected, got)):
                self.assertEqual(a, b, "thread %d, event %d, behind %s" % (tid, i, expected[max(0, i - 8):i]))
            self.assertEqual(len(expected), len(got))
            n_panics += sum(e[0] == "panic" for e in expected)
        self.assertGreater(n_panics, 10)
        self.trees(rec)

    def check_seed(self, seed, flags=(), compiler=None, nested=None, **options):
        version = harness.rustc_version(identity_of(compiler) if compiler else None)
        nested = version >= NESTED if nested is None else nested
        source = gen_panic.generate(seed, nested=nested, **options)
        rec = self.record(harness.compile_rust("panics", source, flags=flags, compiler=compiler), opts=gen_panic.EXCLUDE)
        self.compare(rec, rec.stdout_text)


class UnwindingTest(Base):
    def test_generated_1(self):
        self.check_seed(1)

    def test_generated_2(self):
        self.check_seed(2, threads=4)

    def test_torture(self):
        """A hundred catch_unwinds inside one another, each with drops and a panic of its own."""
        self.check_seed(3, functions=4, threads=3, deep=100)

    def test_generated_optimized(self):
        """Of the functions that were not inlined every frame is there and left in its order, and every panic."""
        source = gen_panic.generate(4)
        rec = self.record(harness.compile_rust("panics", source.replace("\nfn ", "\n#[inline(never)] fn "),
                                               flags=["-C", "opt-level=2"]), opts=gen_panic.EXCLUDE)
        told, seen = gen_panic.parse_output(rec.stdout_text), gen_panic.recorded(rec.events())
        there = {e[1] for events in seen.values() for e in events if e[0] == "call"}
        self.assertGreater(len(there), 10)
        for tid, expected in told.items():
            expected = [e for e in gen_panic.comparable(expected) if e[0] in ("panic", "resume") or e[1] in there]
            got = gen_panic.comparable(seen[tid])
            # A value may have gone.
            got = [a if a[:2] == b[:2] and b[-1] in (None, "<optimized out>") else b for a, b in zip(expected, got)] + \
                got[len(expected):]
            for i, (a, b) in enumerate(zip(expected, got)):
                self.assertEqual(a, b, "thread %d, event %d, behind %s" % (tid, i, expected[max(0, i - 8):i]))
            self.assertEqual(len(expected), len(got))
        self.trees(rec)

    def test_unwinder_that_is_not_found(self):
        """Noticed late, the frames that panics left, some inside drops of others, are unwound and not lost."""
        if not shutil.which("objcopy"):
            self.skipTest("there is no objcopy")
        source = gen_panic.generate(3, functions=4, threads=2, deep=20, nested=harness.rustc_version() >= NESTED)
        program = harness.compile_rust("panics", source, flags=["-C", "target-feature=+crt-static"])
        stripped = self.path("stripped")
        subprocess.run(["objcopy", "-N", "_Unwind_SetIP", program, stripped], check=True)
        rec = self.record(stripped, opts=["-v"])
        self.assertIn("noticed late", rec.stderr_text)
        calls = harness.calls(self.trees(rec))
        self.assertGreater(sum(c.unwound for c in calls), 50)
        self.assertEqual([c for c in calls if c.lost], [])

    def check_jumps(self, rec):
        self.assertEqual(rec.stdout_text, "75\n75\n75\n")
        for i, outer in enumerate(self.main_tree(rec).children):
            self.assertEqual((outer.function, outer.value), ("app::outer", "75"))
            self.assertEqual([c.function for c in outer.children], ["app::start", "app::back"])
            skipped = list(outer.children[0].walk())
            self.assertEqual([c.short() for c in skipped], ["start"] + ["deep"] * (i + 1))
            self.assertTrue(all(c.unwound for c in skipped))
            self.assertTrue(all(c.returned for c in outer.children[1].walk()))

    def test_long_jump(self):
        if not shutil.which("cc"):
            self.skipTest("there is no C compiler")
        source, obj = self.path("jumps.c"), self.path("jumps.o")
        with open(source, "w") as f:
            f.write(JUMPS_C)
        subprocess.run(["cc", "-O1", "-fPIC", "-c", source, "-o", obj], check=True)
        program = self.path("app")
        with open(self.path("app.rs"), "w") as f:
            f.write(JUMPS)
        harness.call_rustc(self.dir, harness.RUSTC, ["--crate-name", "app", "--edition", "2021", "--cap-lints", "allow", "-g",
                                                     "-C", "link-arg=" + obj, "-o", program, "app.rs"])
        self.check_jumps(self.record(program))

    def test_jump_that_nobody_sees(self):
        """A long jump inside a library that was loaded later: the frames that it skips are lost, and nobody says unwound."""
        if not shutil.which("cc"):
            self.skipTest("there is no C compiler")
        with open(self.path("jumps.c"), "w") as f:
            f.write(JUMPS_C)
        library = self.path("libjumps.so")
        subprocess.run(["cc", "-O1", "-fPIC", "-shared", "-o", library, self.path("jumps.c")], check=True)
        rec = self.record(harness.compile_rust("app", LOADED), [library], opts=["--live"])
        self.assertEqual(rec.stdout_text, "5\n5\n5\n")
        load, *outers, late = self.main_tree(rec).children
        for i, outer in enumerate(outers):
            self.assertEqual((outer.function, outer.value), ("app::outer", "5"))
            skipped = list(outer.children[0].walk())
            self.assertEqual([c.short() for c in skipped], ["start"] + ["deep"] * (i + 1))
            self.assertTrue(all(c.lost for c in skipped), skipped)
        # What a jump had skipped before a panic has not been left by it.
        closure = [c for c in late.children if c.panics][0]
        self.assertTrue(late.returned and closure.unwound)
        self.assertEqual([(c.short(), c.lost) for c in closure.children[0].walk()],
                         [("outer", False), ("start", True), ("deep", True)])
        self.assertIn("!! app::deep return not recorded", rec.stderr_text)
        self.assertNotIn("unreadable", rec.stderr_text)
        self.assertIn("app::deep(n=0) !! return not recorded", harness.fdbg("show", rec.file).stdout_text)

    def test_jump_of_a_library(self):
        """A long jump inside a library that the program needs, where the program itself knows of none."""
        if not shutil.which("cc"):
            self.skipTest("there is no C compiler")
        with open(self.path("jumps.c"), "w") as f:
            f.write(JUMPS_C)
        subprocess.run(["cc", "-O1", "-fPIC", "-shared", "-o", self.path("libjumps.so"), self.path("jumps.c")], check=True)
        program = self.path("app")
        with open(self.path("app.rs"), "w") as f:
            f.write(JUMPS)
        harness.call_rustc(self.dir, harness.RUSTC, ["--crate-name", "app", "--edition", "2021", "--cap-lints", "allow", "-g",
                                                     "-L", self.dir, "-l", "jumps", "-C", "link-arg=-Wl,-rpath," + self.dir,
                                                     "-o", program, "app.rs"])
        self.check_jumps(self.record(program))

    def test_end_of_a_thread(self):
        """pthread_exit and pthread_cancel inside of calls leave these, with the drops on the way."""
        if harness.rustc_version() < (1, 71):
            self.skipTest('this rustc has no extern "C-unwind"')
        rec = self.record(harness.compile_rust("app", THREAD_ENDS), opts=["-N", "*LAST*"])
        self.assertEqual(rec.stdout_text, "9 -1 3\n")
        tops = sorted((tops for tops in self.trees(rec).values() if tops[0].short() != "main"), key=lambda t: t[0].short())
        self.assertEqual([[c.short() for c in t] for t in tops],
                         [["exits", DROP], ["returns"], ["waits", DROP]])
        for tops, end in (tops[0], "leave"), (tops[2], "wait"):
            begin, last = tops
            with self.subTest(begin.function):
                deep = begin.children[-1]
                gone = [begin]
                for n in (3, 2, 1, 0):
                    self.assertEqual(dict(deep.args)["n"], str(n))
                    gone.append(deep)
                    deep = deep.children[0]
                gone.append(deep)
                self.assertEqual([c.short() for c in gone], [begin.short()] + ["deep"] * 4 + [end])
                self.assertTrue(all(c.unwound for c in gone), gone)
                # One has something to drop when the others inside are gone.
                drop = gone[2].children[1]
                self.assertEqual((drop.short(), drop.args, drop.returned), (DROP, [("self", "D(2)")], True))
                self.assertEqual((last.args, last.returned, last.children[0].value), ([("self", "D(77)")], True, "78"))

    def test_foreign_exception(self):
        """A C++ exception that goes through Rust frames, with a drop on the way; no panic has ever been."""
        if not shutil.which("c++"):
            self.skipTest("there is no C++ compiler")
        if harness.rustc_version() < (1, 71):
            self.skipTest('this rustc has no extern "C-unwind"')
        source, obj = self.path("throws.cc"), self.path("throws.o")
        with open(source, "w") as f:
            f.write(THROWS_CC)
        subprocess.run(["c++", "-O1", "-fPIC", "-c", source, "-o", obj], check=True)
        program = self.path("app")
        with open(self.path("app.rs"), "w") as f:
            f.write(THROWS)
        harness.call_rustc(self.dir, harness.RUSTC, ["--crate-name", "app", "--edition", "2021", "--cap-lints", "allow", "-g",
                                                     "-C", "link-arg=" + obj, "-C", "link-arg=-lstdc++", "-o", program, "app.rs"])
        rec = self.record(program)
        self.assertEqual(rec.stdout_text, "77\n77\n")
        for outer in self.main_tree(rec).children:
            self.assertEqual([c.function for c in outer.children], ["app::start", "app::back"])
            start = outer.children[0]
            self.assertEqual([c.short() for c in start.walk()], ["start", "deep", "deep", "deep", "D as core::ops::drop::Drop>::drop"])
            self.assertEqual([c.unwound for c in start.walk()], [True] * 4 + [False])
            # The drop is that of the outermost `deep`, when the others are gone.
            self.assertEqual([c.function for c in start.children[0].children], ["app::deep", "<app::D as core::ops::drop::Drop>::drop"])

    def ending(self, how, status):
        return self.record(harness.compile_rust("app", ENDS), args=[how], status=status)

    def test_double_panic(self):
        rec = self.ending("double", 134)
        told = panics(rec)
        calls = {c.short(): c for c in harness.calls(self.trees(rec))}
        self.assertTrue(calls["double"].open)
        self.assertEqual(told[0], ("double", '"first"', FIRST))
        if harness.rustc_version() < NESTED:
            # The second panic aborts before anything is unwound; its message is not formatted when it is last seen.
            self.assertEqual(told[1:], [("boom", None, place('panic!("in drop'))])
            self.assertTrue(calls["boom"].open)
            return
        self.assertEqual(told[1], ("boom", '"in drop 1"', place('panic!("in drop')))
        self.assertTrue(calls["boom"].unwound)
        # Core says what it does not survive.
        self.assertEqual([t[:2] for t in told[2:]], [("double", '"panic in a destructor during cleanup"')])

    def test_panic_in_extern_c(self):
        if harness.rustc_version() < (1, 81):
            self.skipTest('with this rustc a panic may leave an extern "C" function')
        rec = self.ending("extern", 134)
        told = panics(rec)
        self.assertEqual(told[0], ("ext", '"in extern"', place('panic!("in extern')))
        self.assertEqual(told[1][:2], ("ext", '"panic in a function that cannot unwind"'))
        self.assertEqual(len(told), 2)
        self.assertTrue(all(c.open for c in self.main_tree(rec).walk()))

    def test_panic_in_the_hook(self):
        rec = self.ending("hook", 134)
        self.assertEqual([(t[1], t[2]) for t in panics(rec)][:2], [('"outer"', place('panic!("outer')), (None, place('panic!("hook'))])

    def test_panic_without_a_hook_in_the_hook(self):
        rec = self.ending("quiet", 0)
        self.assertEqual([t[1:] for t in panics(rec)], [("3", None), ('"loud"', place('panic!("loud'))])

    def test_exit_leaves_frames_open(self):
        rec = self.ending("exit", 3)
        chain = list(self.main_tree(rec).walk())
        self.assertEqual([c.short() for c in chain], ["main", "exiting", "exiting", "exiting"])
        self.assertTrue(all(c.open for c in chain))
        self.assertTrue(all(c.open for c in self.main_tree(self.ending("abort", 134)).walk()))

    def test_exit_in_a_thread(self):
        rec = self.ending("threads", 3)
        self.assertTrue(all(c.open for c in harness.calls(self.trees(rec))))

    def test_abort(self):
        rec = self.record(harness.compile_rust("app", ENDS, flags=["-C", "panic=abort"]), args=["double"], status=134)
        self.assertEqual(panics(rec), [("double", '"first"', FIRST)])
        self.assertTrue(all(c.open for c in self.main_tree(rec).walk()))

    def test_shown(self):
        """show, info and the live tree say what the panic said."""
        rec = self.ending("double", 134)
        shown = harness.fdbg("show", rec.file).stdout_text
        self.assertIn('!! panicked at %s: "first"\n' % FIRST, shown)
        self.assertIn('         1  at %s: "first"\n' % FIRST, harness.fdbg("info", rec.file).stdout_text)

    def test_call_only(self):
        """Without values there are none of a panic either."""
        rec = self.record(harness.compile_rust("app", ENDS), args=["double"], opts=["--trace=call-only"], status=134)
        values = [e["locals"] for e in rec.events() if e["event"] == "panic"]
        self.assertTrue(values)
        self.assertFalse(any(values), values)

    def test_trace_none(self):
        rec = self.record(harness.compile_rust("app", ENDS), args=["double"], opts=["--trace=none"], status=134)
        self.assertEqual([t[1] for t in panics(rec)][0], '"first"')


class OtherCompilersTest(Base):
    """E2E_OTHER_RUSTCS: compilers, separated by colons, whose programs are checked as well."""

    def test_generated(self):
        if not os.environ.get("E2E_OTHER_RUSTCS"):
            self.skipTest("E2E_OTHER_RUSTCS names no other compilers")
        for rustc in os.environ["E2E_OTHER_RUSTCS"].split(":"):
            for seed in (1, 2, 3):
                with self.subTest(rustc=rustc, seed=seed):
                    self.check_seed(seed, compiler=rustc, deep=20)


class QemuTest(Base):
    """aarch64, one thread."""

    def test_generated(self):
        if not shutil.which("qemu-aarch64"):
            self.skipTest("there is no qemu-aarch64 (Debian: qemu-user)")
        rustc, flags, identity = harness.arm_compiler()
        source = gen_panic.generate(5, threads=0, nested=harness.rustc_version(identity) >= NESTED, deep=20)
        program = harness.compile_rust("panics", source, flags=flags, compiler=rustc)
        rec = harness.record_under_qemu(program, opts=gen_panic.EXCLUDE, cwd=self.dir)
        self.assertEqual(rec.done.status, 0, str(rec.done))
        self.check_file(rec)
        self.compare(rec, rec.stdout_text, ignore_threads=True)


if __name__ == "__main__":
    unittest.main()
