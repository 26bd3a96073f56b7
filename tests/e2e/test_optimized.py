# SPDX-License-Identifier: MIT OR Apache-2.0
"""Optimized builds, other calling conventions and other ways out of a function than ret: what is said is true, the rest is null."""

import os
import re
import shutil
import unittest

import gen
import harness
from harness import E2ETest

# name: (definition, value from k, does C return it where Rust does?)
C_TYPES = {
    "One": ("{ a: f32 }", "One { a: k as f32 + 0.5 }"),
    "Bytes": ("{ a: u8, b: u8, c: u8 }", "Bytes { a: k as u8, b: 2, c: k as u8 + 3 }"),
    "Halves": ("{ a: u32, b: u32 }", "Halves { a: k, b: k + 7 }"),
    "Three": ("{ a: u32, b: u32, c: u32 }", "Three { a: k, b: k + 1, c: k + 2 }"),
    "Words": ("{ a: u64, b: u64 }", "Words { a: k as u64, b: 9 }"),
    "Large": ("{ a: u64, b: u64, c: u64 }", "Large { a: k as u64, b: 1, c: k as u64 + 5 }"),
    "Floats2": ("{ a: f32, b: f32 }", "Floats2 { a: k as f32, b: k as f32 + 1.5 }"),
    "Floats3": ("{ a: f32, b: f32, c: f32 }", "Floats3 { a: k as f32, b: 0.25, c: k as f32 + 1.5 }"),
    "Doubles": ("{ a: f64, b: f64 }", "Doubles { a: k as f64, b: k as f64 * 2.0 }"),
    "Doubles3": ("{ a: f64, b: f64, c: f64 }", "Doubles3 { a: k as f64, b: 0.5, c: k as f64 * 2.0 }"),
    "Mixed": ("{ a: f64, b: i64 }", "Mixed { a: k as f64, b: -(k as i64) }"),
    "Mixed2": ("{ a: i32, b: f32 }", "Mixed2 { a: k as i32, b: k as f32 + 0.5 }"),
    "Tail": ("{ a: f32, b: f32, c: i32 }", "Tail { a: k as f32, b: 8.5, c: k as i32 }"),
    "Number": ("{ a: u64 }", "Number { a: k as u64 }"),
}


def conventions_source():
    """Each type returned by a Rust function, by an extern "C" one with a mangled name and by one without."""
    out, calls = [], []
    for name, (definition, value) in C_TYPES.items():
        out.append("#[repr(C)] #[derive(Debug, Clone, Copy)] pub struct %s %s" % (name, definition))
        for head, fn in (("", "rust_"), ('extern "C" ', "c_"), ('#[no_mangle] pub extern "C" ', "plain_")):
            out.append("%s%sfn %s%s(k: u32) -> %s { bb((\"%s\", &k)); %s }"
                       % ("#[inline(never)] ", head, fn, name, name, fn + name, value))
            for k in (3, 77):
                calls.append('    println!("%s%s\\t{:?}", %s%s(bb(%d)));' % (fn, name, fn, name, k))
    return "use std::hint::black_box as bb;\n%s\nfn main() {\n%s\n}\n" % ("\n".join(out), "\n".join(calls))


# Rust's own types: hardly anyone returns them to C, but one can. name: (type, value)
RUST_TYPES = {
    "tuple": ("(u32, u32)", "(bb(4), bb(5))"), "floats": ("(f64, f64)", "(bb(4.5), bb(5.5))"), "option": ("Option<u32>", "bb(Some(4))"),
    "option_long": ("Option<u64>", "bb(Some(4))"), "string": ("String", "format!(\"{}\", bb(3))"), "slice": ("&'static str", "bb(\"abc\")"),
    "wide": ("u128", "bb(1u128 << 77)"), "result": ("Result<u8, u64>", "bb(Err(77))"), "float": ("f32", "bb(2.5)"),
    "octets": ("[u8; 8]", "bb([1, 2, 3, 4, 5, 6, 7, 8])"), "array": ("[f32; 4]", "bb([1.0, 2.0, 3.0, 4.0])"), "owned": ("Box<u32>", "bb(Box::new(4))"),
}


def returns_source(conventions):
    """Each type returned by a function of each convention that has no arguments, a float, or an integer and a reference."""
    types = dict(RUST_TYPES, **{name: (name, value.replace("k", "bb(7u32)")) for name, (_, value) in C_TYPES.items()})
    heads = {"none": ("", ""), "one": ("x: f64", "bb(0.25)"), "two": ("x: u32, y: &u8", "bb(25), &bb(4)")}
    out, calls = ["use std::hint::black_box as bb;"], []
    out += ["#[repr(C)] #[derive(Debug, Clone, Copy)] pub struct %s %s" % (name, c[0]) for name, c in C_TYPES.items()]
    for convention in conventions:
        out.append("pub mod c_%s { use super::*;" % convention.lower())
        for name, (kind, value) in types.items():
            for head, (params, arguments) in heads.items():
                uses = "bb((%s)); " % ", ".join(p.split(":")[0] for p in params.split(",")) if params else ""
                out.append('#[inline(never)] pub extern "%s" fn %s_%s(%s) -> %s { %s%s }' % (convention, name.lower(), head, params, kind, uses, value))
                path = "c_%s::%s_%s" % (convention.lower(), name.lower(), head)
                calls.append('    println!("%s\\t{:?}", %s(%s));' % (path, path, arguments))
        out.append("}")
    return "%s\nfn main() {\n%s\n}\n" % ("\n".join(out), "\n".join(calls))


TAILS = r"""
use std::hint::black_box as bb;
#[inline(never)] fn leaf(n: u64) -> u64 { bb(n) * 3 }
#[inline(never)] fn jumps(n: u64) -> u64 { bb(&n); leaf(bb(n + 1)) }
#[inline(never)] fn jumps_twice(n: u64) -> u64 { bb(&n); jumps(bb(n + 1)) }
#[inline(never)] fn maybe(n: u64) -> u64 { if bb(n) > 5 { leaf(n) } else { n + 1 } }
#[inline(never)] fn text(n: u64) -> String { bb(&n); make_text(n + 1) }
#[inline(never)] fn make_text(n: u64) -> String { format!("{}", bb(n)) }
#[inline(never)] fn through(f: fn(u64) -> u64, n: u64) -> u64 { bb(&n); f(n) }
#[inline(never)] fn even(n: u64) -> bool { if n == 0 { true } else { odd(bb(n - 1)) } }
#[inline(never)] fn odd(n: u64) -> bool { if n == 0 { false } else { even(bb(n - 1)) } }
#[inline(never)] fn unit(n: u64) { bb(n); nothing(n) }
#[inline(never)] fn nothing(n: u64) { bb(n); }
fn main() {
    println!("jumps {:?}", jumps(bb(1)));
    println!("jumps_twice {:?}", jumps_twice(bb(1)));
    println!("maybe {:?}", maybe(bb(9)));
    println!("maybe {:?}", maybe(bb(2)));
    println!("text {:?}", text(bb(4)));
    println!("through {:?}", through(bb(leaf), bb(2)));
    println!("even {:?}", even(bb(7)));
    unit(bb(1));
    println!("end");
}
"""

WINDOWS = r"""
use std::hint::black_box as bb;
#[repr(C)] #[derive(Debug, Clone, Copy)] pub struct Bytes { a: u8, b: u8, c: u8 }
#[repr(C)] #[derive(Debug, Clone, Copy)] pub struct Floats { a: f32, b: f32 }
#[repr(C)] #[derive(Debug, Clone, Copy)] pub struct Words { a: u64, b: u64 }
#[repr(C)] #[derive(Debug, Clone, Copy)] pub struct Large { a: u64, b: u64, c: u64 }
extern "win64" fn bytes(k: u32) -> Bytes { bb(&k); Bytes { a: k as u8, b: 2, c: 3 } }
extern "win64" fn floats(k: u32, f: f32) -> Floats { bb((&k, &f)); Floats { a: k as f32, b: f } }
extern "win64" fn words(k: u32, w: Words) -> Words { bb((&k, &w)); Words { a: k as u64 + w.a, b: 5 } }
extern "win64" fn large(k: u32, w: Words) -> Large { bb((&k, &w)); Large { a: k as u64 + w.a, b: 5, c: w.b } }
extern "win64" fn wide(k: u32) -> i128 { bb(&k); k as i128 * 3 - (1i128 << 70) }
extern "win64" fn scalar(k: u32, x: f64, y: u64, z: f32, q: u64) -> u64 { bb((&k, &x, &y, &z, &q)); k as u64 + x as u64 + y + q }
extern "efiapi" fn number(k: u32, x: f64, y: u64) -> f64 { bb((&k, &x, &y)); k as f64 + x + y as f64 }
extern "sysv64" fn unix_bytes(k: u32) -> Bytes { bb(&k); Bytes { a: k as u8, b: 2, c: 3 } }
extern "sysv64" fn unix_large(k: u32, w: Words) -> Large { bb((&k, &w)); Large { a: k as u64 + w.a, b: 5, c: w.b } }
fn main() {
    let (k, w) = (bb(7), bb(Words { a: 10, b: 20 }));
    println!("bytes {:?}\nfloats {:?}\nwords {:?}\nlarge {:?}", bytes(k), floats(k, 2.5), words(k, w), large(k, w));
    println!("wide {:?}\nscalar {:?}\nnumber {:?}", wide(k), scalar(k, 1.5, 2, 3.5, 4), number(k, 0.5, 1));
    println!("unix_bytes {:?}\nunix_large {:?}", unix_bytes(k), unix_large(k, w));
}
"""

DEAD = r"""
use std::hint::black_box as bb;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
static SUM: AtomicU64 = AtomicU64::new(0);
#[inline(never)] fn ignored(n: u64) -> u64 { bb(10u8); SUM.fetch_add(n, Relaxed); n * 7 + 1 }
#[inline(never)] fn known(n: u64) -> u64 { bb(11u8); SUM.fetch_add(n, Relaxed); 42 }
#[inline(never)] fn half(n: u64) -> (u64, u64) { bb(12u8); SUM.fetch_add(n, Relaxed); (n * 3, n * 5) }
#[inline(never)] fn used(n: u64) -> (u64, u64) { bb(13u8); SUM.fetch_add(n, Relaxed); (n * 3, n * 5) }
struct S(u64);
impl S {
    #[inline(never)] fn ignored_too(&self, n: u64) -> u64 { bb(14u8); SUM.fetch_add(n, Relaxed); n * self.0 }
    #[inline(never)] fn second(_unused: String, n: u64) -> u64 { bb(15u8); SUM.fetch_add(n, Relaxed); n * 11 }
}
fn main() {
    for n in 1..bb(4) {
        ignored(n);
        bb(known(n));
        bb(half(n).1);
        bb(used(n));
        S(n).ignored_too(n);
        bb(S::second(String::new(), n));
    }
}
"""

PANICS = r"""
use std::hint::black_box as bb;
#[inline(never)] fn checked(n: u64) -> u64 { if bb(n) > 2 { panic!("too many") } n * 2 }
fn main() { for n in 0..4u64 { bb(checked(bb(n))); } }
"""

ASSEMBLY = r"""
use std::arch::global_asm;
#[cfg(target_arch = "x86_64")]
global_asm!(".globl asm_add", ".type asm_add,@function", "asm_add:", "lea rax, [rdi + rsi]", "ret", ".size asm_add, . - asm_add",
            ".globl asm_two", ".type asm_two,@function", "asm_two:", "inc rdi", ".globl asm_two_entry", "asm_two_entry:",
            "lea rax, [rdi + 100]", "ret", ".size asm_two, . - asm_two");
extern "C" { fn asm_add(a: u64, b: u64) -> u64; fn asm_two(a: u64) -> u64; fn asm_two_entry(a: u64) -> u64; }
#[inline(never)] fn sum(a: u64, b: u64) -> u64 { unsafe { asm_add(a, b) } }
#[inline(never)] fn entries(a: u64) -> u64 { unsafe { asm_two(a) + asm_two_entry(a) } }
extern "C" { fn snprintf(to: *mut u8, len: usize, format: *const u8, ...) -> i32; }
#[inline(never)] fn variadic(n: i32) -> i32 {
    let mut to = [0u8; 32];
    unsafe { snprintf(to.as_mut_ptr(), 32, "%d %d\0".as_ptr(), n, n + 1) }
}
fn main() { println!("{} {} {}", sum(2, 3), entries(5), variadic(99)); }
"""

NAKED = r"""
#[unsafe(naked)] pub extern "C" fn twice(n: u64) -> u64 { core::arch::naked_asm!("lea rax, [rdi + rdi]", "ret") }
#[unsafe(naked)] pub extern "C" fn jump(n: u64) -> u64 { core::arch::naked_asm!("inc rdi", "jmp {}", sym twice) }
fn main() { println!("{} {}", twice(21), jump(4)); }
"""

MERGED = r"""
use std::hint::black_box as bb;
pub trait A { fn get(&self, n: u64) -> u64; }
pub struct X; pub struct Y;
impl A for X { #[inline(never)] fn get(&self, n: u64) -> u64 { bb(n) * 31 + 5 } }
impl A for Y { #[inline(never)] fn get(&self, n: u64) -> u64 { bb(n) * 31 + 5 } }
fn main() {
    let all: [&dyn A; 2] = [bb(&X), bb(&Y)];
    for a in all { println!("{}", a.get(bb(3))); }
}
"""

ASSUMED = r"""
#[derive(Debug)] pub struct Wrapped(f32);
#[inline(never)] fn wrapped(n: u32) -> Wrapped { Wrapped(n as f32) }
#[inline(never)] fn forwarded(n: u32) -> Wrapped { let x = [n; 40]; wrapped(x[n as usize]) }
#[inline(never)] fn number(n: u32) -> u32 { n + 1 }
fn main() { println!("{:?} {:?} {}", wrapped(1), forwarded(2), number(2)); }
"""

INLINES = r"""
use std::hint::black_box as bb;
#[inline(always)] fn add(a: u64, b: u64) -> u64 { bb(a + b) }
#[inline(always)] fn outer(k: u64) -> u64 { add(k, 2) + 1 }
#[inline(never)] fn work(n: u64) -> u64 { outer(n) * 2 }
fn main() { for n in 5..bb(7) { println!("{}", work(bb(n))); } }
"""

LEVELS = ["0", "1", "2", "3", "s", "z"]


# name: (type, first member, second member, which of them main uses)
HALVES = {
    "first": ("Halves", "k * 3", "k * 5", "0"), "second": ("Halves", "k * 7", "k * 9", "1"), "both": ("Halves", "k * 11", "k * 12", "01"),
    "c_first": ("CHalves", "k * 13", "k * 14", "0"), "c_second": ("CHalves", "k * 15", "k * 17", "1"),
    "c_both": ("CHalves", "k * 18", "k * 19", "01"), "known": ("CHalves", "7", "k * 21", "1"), "known_second": ("CHalves", "k * 22", "9", "01"),
    "float_first": ("Floats", "k as f32 * 3.", "k as f32 * 5.", "0"), "float_second": ("Floats", "k as f32 * 7.", "k as f32 * 9.", "1"),
    "mixed_first": ("Mixed", "k * 23", "k as f32 * 11.", "0"), "mixed_second": ("Mixed", "k * 24", "k as f32 * 13.", "1"),
    "word_first": ("Words", "k as u64 * 25", "k as u64 * 3", "0"), "word_second": ("Words", "k as u64 * 26", "k as u64 * 5", "1"),
}


def halves_source():
    """Functions of which only a half of what they return is used, in types that C would put together."""
    out = ["use std::hint::black_box as bb;"]
    for name, first, second in (("Halves", "u32", "u32"), ("CHalves", "u32", "u32"), ("Floats", "f32", "f32"), ("Mixed", "u32", "f32"),
                                ("Words", "u64", "u64")):
        out.append("%s#[derive(Debug, Clone, Copy)] pub struct %s { a: %s, b: %s }"
                   % ("" if name == "Halves" else "#[repr(C)] ", name, first, second))
    main = []
    for extern in ("", 'extern "C" '):
        for function, (kind, first, second, used) in HALVES.items():
            name = ("c_" if extern else "rust_") + function
            out.append("#[inline(never)] %sfn %s(k: u32) -> %s { bb(k); %s { a: %s, b: %s } }" % (extern, name, kind, kind, first, second))
            main.append("    let r = %s(bb(7)); %s" % (name, " ".join("bb(r.%s);" % "ab"[int(u)] for u in used)))
            main.append('    { let k = bb(7u32); println!("%s {:?}", %s { a: %s, b: %s }); }' % (name, kind, first, second))
    return "%s\nfn main() {\n%s\n}\n" % ("\n".join(out), "\n".join(main))


# Where these jump is known only when they do. Each prints its value, and says whom it calls.
DYNAMIC = r"""
use std::hint::black_box as bb;
trait Shape { fn area(&self, n: u64) -> u64; fn name(&self, n: u64) -> String; fn far(&self, x: f64) -> (f64, f64); }
struct Sq(u64);
struct Ci(u64);
impl Shape for Sq {
    #[inline(never)] fn area(&self, n: u64) -> u64 { bb(self.0 * self.0 + n) }
    #[inline(never)] fn name(&self, n: u64) -> String { format!("sq{}", bb(n)) }
    #[inline(never)] fn far(&self, x: f64) -> (f64, f64) { bb((x + 1.0, x * 2.0)) }
}
impl Shape for Ci {
    #[inline(never)] fn area(&self, n: u64) -> u64 { bb(3 * self.0 + n) }
    #[inline(never)] fn name(&self, n: u64) -> String { format!("ci{}", bb(n)) }
    #[inline(never)] fn far(&self, x: f64) -> (f64, f64) { bb((x - 1.0, x / 2.0)) }
}
#[inline(never)] fn dyn_area(s: &dyn Shape, n: u64) -> u64 { s.area(bb(n) + 1) }
#[inline(never)] fn dyn_name(s: &dyn Shape, n: u64) -> String { s.name(n + 1) }
#[inline(never)] fn dyn_far(s: &dyn Shape, x: f64) -> (f64, f64) { s.far(x) }
#[inline(never)] fn f0(n: u64) -> u64 { bb(n * 10) }
#[inline(never)] fn f1(n: u64) -> u64 { bb(n * 11) }
#[inline(never)] fn f2(n: u64) -> u64 { bb(n * 12) }
#[inline(never)] fn f3(n: u64) -> u64 { bb(n * 13) }
static TABLE: [fn(u64) -> u64; 4] = [f0, f1, f2, f3];
static mut LATER: [fn(u64) -> u64; 4] = [f1, f0, f0, f0];
#[inline(never)] fn by_table(i: usize, n: u64) -> u64 { TABLE[i & 3](n) }
#[inline(never)] fn by_later(i: usize, n: u64) -> u64 { unsafe { LATER[i & 3](n) } }
#[inline(never)] fn by_slice(t: &[fn(u64) -> u64], i: usize, n: u64) -> u64 { if i < t.len() { t[i](n) } else { f0(7) } }
#[inline(never)] fn by_pointer(f: fn(u64) -> u64, n: u64) -> u64 { bb(&n); f(n + 2) }
#[inline(never)] fn by_option(f: Option<fn(u64) -> u64>, n: u64) -> u64 { match f { Some(f) => f(n), None => f1(5) } }
#[inline(never)] fn by_match(i: u32, n: u64) -> u64 {
    match i { 0 => f0(n), 1 => f1(n), 2 => f2(n), 3 => f3(n), 4 => f1(n + 1), 5 => f0(n + 5), 6 => f2(n * 2), _ => f3(n * n) }
}
#[inline(never)] fn by_switch(i: u32, n: u64) -> u64 {
    let mut s = n;
    for k in 0..i {
        s = match k % 9 { 0 => s + 1, 1 => s * 3, 2 => s ^ 77, 3 => s - 1, 4 => s << 1, 5 => bb(s) + 9, 6 => s / 2, 7 => !s, _ => 3 };
    }
    TABLE[(s & 3) as usize](n)
}
struct Own(fn(&Own, u64) -> u64);
#[inline(never)] fn itself(own: &Own, n: u64) -> u64 { if n == 0 { f2(7) } else { (own.0)(own, n - 1) } }
fn main() {
    let shapes: [Box<dyn Shape>; 2] = [Box::new(Sq(5)), Box::new(Ci(7))];
    for (i, s) in bb(&shapes).iter().enumerate() {
        println!("dyn_area {:?}", dyn_area(&**s, i as u64));
        println!("dyn_name {:?}", dyn_name(&**s, i as u64));
        println!("dyn_far {:?}", dyn_far(&**s, bb(1.5)));
    }
    unsafe { LATER = bb(TABLE); }
    for i in 0..4 {
        println!("by_table {:?}", by_table(bb(i), 3));
        println!("by_later {:?}", by_later(bb(i), 4));
        println!("by_slice {:?}", by_slice(bb(&TABLE[..3]), bb(i), 6));
    }
    println!("by_pointer {:?}", by_pointer(bb(f1), bb(8)));
    println!("by_pointer {:?}", by_pointer(bb(f2), bb(9)));
    for i in 0..8 { println!("by_match {:?}", by_match(bb(i), bb(3))); }
    println!("by_switch {:?}", by_switch(bb(2000), bb(3)));
    println!("by_option {:?}", by_option(bb(Some(f3)), bb(1)));
    println!("by_option {:?}", by_option(bb(None), bb(2)));
    println!("itself {:?}", itself(&bb(Own(itself)), bb(3)));
}
"""


def check_dynamic(test, rec, printed):
    """Values are what the program printed, and whoever was called last has returned for its caller."""
    main = test.main_tree(rec)
    test.assertFalse([c for c in main.walk() if not c.returned])
    got = {}
    for call in main.children:
        got.setdefault(call.short(), []).append(call.value)
        if call.short() == "by_switch":
            continue
        inner = call
        while inner.children:
            test.assertEqual(len(inner.children), 1, call)
            inner = inner.children[0]
            test.assertTrue(inner.value == call.value or None in (inner.value, call.value), call)
        depth = len(list(call.walk()))
        test.assertEqual(depth, {"itself": 5}.get(call.short(), 2), call)
    for name in ("dyn_name", "dyn_far"):
        # Where the optimizer may have moved the pointer to it, or a half of it.
        got[name] = [p if g is None else g for g, p in zip(got[name], printed[name])]
    test.assertEqual(got, printed)


class OptimizedTest(E2ETest):
    def optimized(self, source, level, *flags):
        source = harness.with_black_box(source, harness.rustc_version())
        return harness.compile_rust("app", source, flags=["-C", "opt-level=" + level] + list(flags))

    def returned(self, rec):
        """{function without its crate: [values in the order of the returns]}"""
        out = {}
        for e in rec.events():
            if e["event"] == "return":
                out.setdefault(e["function"].split("::", 1)[-1], []).append(e["value"])
        return out

    def printed(self, rec, parted=" "):
        out = {}
        for line in rec.stdout_text.split("\n"):
            if parted in line:
                name, value = line.split(parted, 1)
                out.setdefault(name, []).append(value)
        return out

    def true_or_null(self, printed, returned, name):
        self.assertEqual(len(returned.get(name, [])), len(printed[name]), name)
        for want, got in zip(printed[name], returned[name]):
            self.assertIn(got, (want, None), name)
        return [got is None for got in returned[name]]

    def test_conventions(self):
        source = conventions_source()
        for level in ["0", "3"]:
            with self.subTest(level=level):
                rec = self.record(self.optimized(source, level))
                printed, returned = self.printed(rec, "\t"), self.returned(rec)
                absent = [n for n in sorted(printed) if any(self.true_or_null(printed, returned, n))]
                if level == "0":
                    self.assertEqual(absent, [])

    def test_windows_convention(self):
        """Scalars are returned as everywhere, all else is not known."""
        if not harness.rustc_identity().count("host: x86_64") or harness.rustc_version() < (1, 68):
            self.skipTest("this compiler does not know these conventions")
        rec = self.record(self.optimized(WINDOWS, "0"))
        printed, returned = self.printed(rec), self.returned(rec)
        absent = {n for n in printed if any(self.true_or_null(printed, returned, n))}
        self.assertLessEqual(absent, {"bytes", "floats", "words", "large", "wide"})

    def test_returns_of_all_conventions(self):
        """Whatever is returned by whatever convention: it is told as it is, or not."""
        conventions = ["Rust", "C"]
        if harness.rustc_identity().count("host: x86_64") and harness.rustc_version() >= (1, 68):
            conventions += ["sysv64", "win64", "efiapi"]
        for level in ["0", "1", "3"]:
            with self.subTest(level=level):
                rec = self.record(self.optimized(returns_source(conventions), level))
                printed, returned = self.printed(rec, "\t"), self.returned(rec)
                absent = [n for n in sorted(printed) if any(self.true_or_null(printed, returned, n))]
                if level == "0":
                    self.assertEqual([n for n in absent if n.startswith("c_rust")], [])

    def test_tail_calls(self):
        for level in LEVELS:
            with self.subTest(level=level):
                rec = self.record(self.optimized(TAILS, level))
                main = self.main_tree(rec)
                returned, printed = self.returned(rec), self.printed(rec)
                for name in ("jumps_twice", "maybe", "text", "through"):
                    self.true_or_null(printed, returned, name)
                self.assertEqual(returned["nothing"], ["()"])
                self.assertEqual(returned["unit"], ["()"])
                # Every frame ends by itself, and what jumped has what it jumped to below it.
                self.assertFalse([c for c in main.walk() if not c.returned])
                twice = [c for c in main.children if c.short() == "jumps_twice"][0]
                self.assertEqual([c.short() for c in twice.walk()], ["jumps_twice", "jumps", "leaf"])
                self.assertEqual([c.value for c in twice.walk()], ["9", "9", "9"])
                even = [c for c in main.children if c.short() == "even"][0]
                self.assertEqual(len(list(even.walk())), 8)
                self.assertEqual({c.value for c in even.walk()}, {"false"})

    def test_jumps_known_at_run_time(self):
        for level, flags in [(level, []) for level in LEVELS + ["z"]] + [("2", ["-C", "relocation-model=static"])]:
            with self.subTest(level=level, flags=flags):
                rec = self.record(self.optimized(DYNAMIC, level, *flags), opts=["--stats"])
                check_dynamic(self, rec, self.printed(rec))
                # A jump of a switch inside its function is none of them.
                hits = int(re.search(r"([0-9]+) hits", rec.stderr_text).group(1))
                self.assertLess(hits, 500)

    def test_dead_values(self):
        true = {"ignored": [8, 15, 22], "known": [42] * 3, "half": ["(%d, %d)" % (n * 3, n * 5) for n in (1, 2, 3)],
                "used": ["(%d, %d)" % (n * 3, n * 5) for n in (1, 2, 3)], "S::ignored_too": [1, 4, 9], "S::second": [11, 22, 33]}
        for level in LEVELS:
            with self.subTest(level=level):
                rec = self.record(self.optimized(DEAD, level))
                returned = self.returned(rec)
                for name, values in true.items():
                    self.true_or_null({name: [str(v) for v in values]}, returned, name)
                self.assertEqual(returned["used"], true["used"])
                self.assertEqual(returned["S::second"], ["11", "22", "33"])
                for e in rec.events():
                    if e["event"] == "call" and e["function"] == "app::S::second":
                        self.assertIn(dict(e["args"]).get("n"), ("1", "2", "3", "<optimized out>", None))

    def test_dead_halves(self):
        for level, flags in [(level, []) for level in LEVELS + ["z"]] + [("3", ["-C", "lto=fat", "-C", "codegen-units=1"])]:
            with self.subTest(level=level, flags=flags):
                rec = self.record(self.optimized(halves_source(), level, *flags))
                printed, returned = self.printed(rec), self.returned(rec)
                # Of two with the same code one is there.
                self.assertGreater(len(returned.keys() & printed.keys()), 20)
                for name in returned.keys() & printed.keys():
                    self.assertLessEqual(set(returned[name]), {printed[name][0], None}, name)
                for name in ("rust_both", "rust_c_both"):
                    self.assertEqual(returned[name], printed[name])

    def test_whole_program(self):
        for flags in (["-C", "lto=thin"], ["-C", "lto=fat"], ["-C", "panic=abort"], ["-C", "lto=fat", "-C", "panic=abort"]):
            with self.subTest(flags=flags):
                rec = self.record(self.optimized(TAILS, "3", *flags))
                printed, returned = self.printed(rec), self.returned(rec)
                for name in ("jumps_twice", "maybe", "text", "through"):
                    self.true_or_null(printed, returned, name)

    def test_panic_abort(self):
        rec = self.record(self.optimized(PANICS, "2", "-C", "panic=abort"), status=134)
        self.assertEqual(self.returned(rec).get("checked"), ["0", "2", "4"])
        self.assertEqual([e["event"] for e in rec.events() if e["event"] == "panic"], ["panic"])

    def test_assembly(self):
        for level in ("0", "3"):
            with self.subTest(level=level):
                rec = self.record(self.optimized(ASSEMBLY, level))
                returned = self.returned(rec)
                self.assertEqual((returned["entries"], returned["variadic"]), (["211"], ["6"]))
                # Optimized, it ends in a jump to a function that nobody traces.
                self.assertIn(returned["sum"], (["5"],) if level == "0" else (["5"], [None]))

    def test_naked(self):
        if harness.rustc_version() < (1, 88):
            self.skipTest("this compiler has no naked functions")
        rec = self.record(self.optimized(NAKED, "0"))
        # The compiler describes them as little as assembly files.
        self.assertEqual(set(self.returned(rec)), {"main"})
        self.assertEqual(rec.stdout_text, "42 10\n")

    def test_merged(self):
        try:
            program = self.optimized(MERGED, "1", "-C", "link-arg=-Wl,--icf=all")
        except harness.CompileError:
            self.skipTest("the linker does not fold identical code")
        rec = self.record(program)
        calls = [e for e in rec.events() if e["event"] == "call" and e["function"].endswith("::get")]
        self.assertEqual(len(calls), 2)
        for call in calls:
            names = {call["function"]} | set(call.get("merged", []))
            self.assertEqual(names, {"<app::X as app::A>::get", "<app::Y as app::A>::get"})
        self.assertEqual([v for n, v in self.returned(rec).items() if n.endswith("get")], [["98", "98"]])

    def test_inlines(self):
        for level in ("1", "3", "s"):
            with self.subTest(level=level):
                program = self.optimized(INLINES, level)
                self.assertFalse([e for e in self.record(program).events() if e.get("inlined")])
                rec = self.record(program, opts=["--inlines", "-N", "*black_box*"])
                for tree, n in zip([c for c in self.main_tree(rec).children if c.short() == "work"], (5, 6)):
                    self.assertEqual(tree.shape()[:3], ("app::work", {"n": str(n)}, str((n + 3) * 2)))
                    self.assertEqual([(c.short(), c.value) for c in tree.children], [("outer", None), ("add", None)])
                    for call, name in zip(tree.children, "ka"):
                        self.assertIn(dict(call.args).get(name), (str(n), "<optimized out>", None))
                inlined = [e for e in rec.events() if e.get("inlined")]
                self.assertEqual([(e["event"], e["function"]) for e in inlined],
                                 [(kind, "app::" + name) for name in ("outer", "add") for kind in ("call", "return")] * 2)
                self.assertIn("[inlined]", harness.fdbg("show", rec.file).stdout_text)

    def test_certainty(self):
        """A struct with one f32 is returned in a float register, or as repr(C) in an integer one: DWARF cannot tell, but the
        code that makes it does. Code that only passes it on does not."""
        rec = self.record(harness.compile_rust("app", ASSUMED))
        said = {e["function"].split("::")[1]: e.get("certainty") for e in rec.events() if e["event"] == "return"}
        self.assertEqual((said["number"], said["main"], said["wrapped"]), (None, None, None))
        self.assertEqual(said["forwarded"], "assumed")
        self.assertEqual([e["value"] for e in rec.events() if e["event"] == "return" and e["function"] == "app::forwarded"],
                         ["Wrapped(2.0)"])

    def generated(self, level, seed, functions, free=False):
        source, manifest = gen.generate(seed, functions, rustc=harness.rustc_version(), opt="free" if free else "kept")
        program = harness.compile_rust("gen_prog", source, flags=["-C", "opt-level=" + level])
        rec = self.record(program, opts=gen.EXCLUDE, timeout=300 * harness.SLOWNESS)
        self.trees(rec)
        diff = gen.compare(gen.parse_output(rec.stdout_text), rec.events(), manifest, opt=True)
        self.assertGreater(diff.compared, functions)
        self.assertFalse(diff[:10], "level %s seed %d: %d values compared, %d differences" % (level, seed, diff.compared, len(diff)))
        return diff

    def test_generated(self):
        for level, seed in (("3", 31), ("s", 32)):
            with self.subTest(level=level):
                diff = self.generated(level, seed, 60)
                self.assertLessEqual(diff.absent * 100, diff.returns * 3)
                self.assertLess(diff.optimized_out + diff.unread, diff.compared)

    def test_generated_free(self):
        self.generated("2", 33, 60, free=True)


class AarchTest(E2ETest):
    def test_generated(self):
        if not shutil.which("qemu-aarch64"):
            self.skipTest("there is no qemu-aarch64 (Debian: qemu-user)")
        rustc, arm, identity = harness.arm_compiler()
        source, manifest = gen.generate(1, 15, rustc=harness.rustc_version(identity), arch="aarch64", opt="kept", depth=2)
        program = harness.compile_rust("gen_prog", source, flags=arm + ["-C", "opt-level=3"], compiler=rustc)
        rec = harness.record_under_qemu(program, opts=gen.EXCLUDE, cwd=self.dir, timeout=60 * harness.SLOWNESS)
        self.assertEqual(rec.status, 0, str(rec.done))
        self.check_file(rec)
        diff = gen.compare(gen.parse_output(rec.stdout_text), rec.events(), manifest, opt=True)
        self.assertGreater(diff.compared, 15)
        self.assertFalse(diff[:10])
        self.assertLessEqual(diff.absent * 100, diff.returns * 3)

    def test_jumps_known_at_run_time(self):
        if not shutil.which("qemu-aarch64"):
            self.skipTest("there is no qemu-aarch64 (Debian: qemu-user)")
        rustc, arm, identity = harness.arm_compiler()
        source = harness.with_black_box(DYNAMIC, harness.rustc_version(identity))
        for level in ["1", "3", "z"]:
            with self.subTest(level=level):
                program = harness.compile_rust("app", source, flags=arm + ["-C", "opt-level=" + level], compiler=rustc)
                rec = harness.record_under_qemu(program, cwd=self.dir, timeout=60 * harness.SLOWNESS)
                self.assertEqual(rec.status, 0, str(rec.done))
                self.check_file(rec)
                printed = {}
                for line in rec.stdout_text.splitlines():
                    name, value = line.split(" ", 1)
                    printed.setdefault(name, []).append(value)
                check_dynamic(self, rec, printed)

    def test_dead_halves(self):
        if not shutil.which("qemu-aarch64"):
            self.skipTest("there is no qemu-aarch64 (Debian: qemu-user)")
        rustc, arm, identity = harness.arm_compiler()
        source = harness.with_black_box(halves_source(), harness.rustc_version(identity))
        program = harness.compile_rust("app", source, flags=arm + ["-C", "opt-level=3"], compiler=rustc)
        rec = harness.record_under_qemu(program, cwd=self.dir, timeout=60 * harness.SLOWNESS)
        self.assertEqual(rec.status, 0, str(rec.done))
        printed = dict(line.split(" ", 1) for line in rec.stdout_text.splitlines())
        returned = {e["function"].split("::")[-1]: e["value"] for e in rec.events() if e["event"] == "return"}
        self.assertGreater(len(returned.keys() & printed.keys()), 20)
        for name in returned.keys() & printed.keys():
            self.assertIn(returned[name], (printed[name], None), name)
        self.assertEqual(returned["rust_both"], printed["rust_both"])


# E2E_OPT_FUNCTIONS=N makes the generated programs of all levels as large as that.
def add_levels(functions):
    for level in ["0", "1", "2", "3", "s"]:
        def test(self, level=level):
            diff = self.generated(level, 77, functions)
            self.assertLessEqual(diff.absent * 100, diff.returns * 3)
        setattr(OptimizedTest, "test_generated_all_" + level, test)


if os.environ.get("E2E_OPT_FUNCTIONS"):
    add_levels(int(os.environ["E2E_OPT_FUNCTIONS"]))


if __name__ == "__main__":
    unittest.main()
