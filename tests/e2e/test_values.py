# SPDX-License-Identifier: MIT OR Apache-2.0
"""Forms of values that random programs hardly meet: each program prints what it passes, and that must be recorded."""

import os
import platform
import unittest

import harness
from harness import E2ETest

GUARDS = """
use std::{cell::*, sync::*};
#[derive(Debug)] enum One { Done }
#[derive(Debug)] enum Inner { A(()) }
#[derive(Debug)] struct U;
fn leak<T>(t: T) -> &'static T { Box::leak(Box::new(t)) }
#[inline(never)] fn cells(a: Ref<'static, One>, b: RefMut<'static, U>, c: Ref<'static, ()>, d: Ref<'static, Inner>,
                          e: Ref<'static, [u8; 0]>) { println!("{:?}\\n{:?}\\n{:?}\\n{:?}\\n{:?}", a, b, c, d, e); }
#[inline(never)] fn locks(a: MutexGuard<'static, One>, b: RwLockReadGuard<'static, One>, c: RwLockWriteGuard<'static, U>)
    { println!("{:?}\\n{:?}\\n{:?}", a, b, c); }
fn main() {
    cells(leak(RefCell::new(One::Done)).borrow(), leak(RefCell::new(U)).borrow_mut(), leak(RefCell::new(())).borrow(),
          leak(RefCell::new(Inner::A(()))).borrow(), leak(RefCell::new([])).borrow());
    locks(leak(Mutex::new(One::Done)).lock().unwrap(), leak(RwLock::new(One::Done)).read().unwrap(),
          leak(RwLock::new(U)).write().unwrap());
}
"""

# Arguments of 128 bits for which no two registers are left, and what comes behind them. Nothing is used, so that nothing
# is kept but what the caller left.
WIDE = """
use std::num::NonZeroU128;
#[derive(Debug, Clone)] pub struct Big { a: u64, b: u64, c: u64 }
fn big(a: u64) -> Big { Big { a, b: a + 1, c: a + 2 } }
macro_rules! call { ($name:ident, $($value:expr),*) => { $( println!("{:?}", $value); )* $name($($value),*); } }
fn five(a: u64, b: u64, c: u64, d: u64, e: u64, w: u128, x: u64, y: Big, z: u64) {}
fn three(a: u64, w: u128, v: u128, w2: u128, x: u64, y: Big, z: Big) {}
fn pairs(a: u64, b: u64, c: u64, d: u64, e: u64, w: (u128, u8), p: (u64, u64), x: u64, y: Big, z: u64) {}
fn odd(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64, x: u64, w: u128, y: Big, v: (u128, u8), z: Big) {}
fn result(a: u64, b: u128, c: Big, d: NonZeroU128, e: Big) -> Big { big(70) }
#[derive(Debug, Clone)] #[repr(C)] pub struct InC { w: u128 }
#[derive(Debug, Clone)] pub struct Plain { w: u128 }
fn in_c(a: bool, b: InC, c: Big, d: Plain, e: InC, f: Big) {}
fn in_c_last(a: bool, b: Plain, c: Big, d: u64, e: InC, f: InC, g: Big) {}
fn in_c_used(a: InC, b: bool, c: Big, d: InC) -> u128 { a.w + d.w }
fn main() {
    call!(five, 1u64, 2u64, 3u64, 4u64, 5u64, (6u128 << 64) + 7, 8u64, big(9), 12u64);
    call!(three, 1u64, 2u128 << 64, 3u128 << 100, 4u128 << 64, 5u64, big(6), big(9));
    call!(pairs, 1u64, 2u64, 3u64, 4u64, 5u64, (6u128 << 64, 7u8), (8u64, 9u64), 10u64, big(11), 14u64);
    call!(odd, 1u64, 2u64, 3u64, 4u64, 5u64, 6u64, 7u64, 8u128 << 70, big(9), (12u128 << 70, 13u8), big(14));
    call!(result, 1u64, 2u128 << 64, big(3), NonZeroU128::new(6 << 64).unwrap(), big(7));
    call!(in_c, true, InC { w: 1 << 70 }, big(2), Plain { w: 3 << 70 }, InC { w: 4 << 70 }, big(5));
    call!(in_c_last, true, Plain { w: 1 << 70 }, big(2), 3u64, InC { w: 4 << 70 }, InC { w: 5 << 70 }, big(6));
    call!(in_c_used, InC { w: 1 << 70 }, true, big(2), InC { w: 3 << 70 });
    let mut held = 1u64;
    let mut closure = move |a: bool, b: InC, c: Big| held = held.wrapping_mul(3);
    call!(closure, true, InC { w: 1 << 70 }, big(3));
}
"""

# A parameter that is bound as a whole and in parts may be none in debug information, and those behind it are then in other
# registers than they seem to be. `Big` is passed by a pointer; what it points to is what `Other` would show. Each call is
# printed with the names of its arguments.
BOUND = """
#[derive(Debug, Clone, Copy)] pub struct Pair { x: u8, y: u64 }
#[derive(Debug, Clone, Copy)] pub struct Big { a: u64, b: u64, c: u64 }
fn big(a: u64) -> Big { Big { a, b: a + 1, c: a + 2 } }
macro_rules! f { ($name:ident, $($n:ident $([$($p:tt)*])?: $t:ty = $v:expr),*) => { {
    #[inline(never)] fn $name($($n $(@ $($p)*)?: $t),*) {}
    println!("{} {}", stringify!($name), [$(format!("{} = {:?}", stringify!($n), $v)),*].join("; "));
    $name($($v),*) } } }
fn main() {
    let leaked: &'static Big = Box::leak(Box::new(big(50)));
    f!(pointer_first, a [(_, _)]: (&'static Big, u64) = (leaked, 5), x: u8 = 7, b: Big = big(1));
    f!(one_first, a [&_]: &'static Big = leaked, x: u8 = 7, b: Big = big(1));
    f!(pair_first, a [Pair { x: _, .. }]: Pair = Pair { x: 1, y: 2 }, b: Big = big(3));
    f!(byte_first, a [0..=255]: u8 = 1, b: Big = big(3));
    f!(in_between, x: u8 = 7, a [(_, _)]: (&'static Big, u64) = (leaked, 5), b: Big = big(6));
    f!(big_first, a [Big { .. }]: Big = big(60), x: u8 = 7, b: Big = big(6));
    f!(on_the_stack, w: u128 = 1u128 << 64, v: u128 = 2u128 << 64, a [Big { .. }]: Big = big(60), w2: u128 = 3u128 << 64, x: u64 = 4,
       y: Big = big(70), z: Big = big(80));
    f!(wide, a [(_, _)]: (u64, u64) = (1, 2), b: u64 = 3, w: u128 = 4u128 << 70, x: u64 = 5, y: Big = big(70), z: u64 = 8);
    f!(plain, x: u8 = 7, b: Big = big(6), w: u128 = 1u128 << 70, c: Big = big(9));
}
"""

# The same with bodies, which debug information has a block for, and with pointers that are passed on the stack.
BOUND_IN_BODIES = BOUND.replace("{}\n    println", "{ nothing(1) }\n    println").replace("fn main() {", """
#[inline(never)] fn nothing(_: u64) {}
fn main() {
    f!(both_on_the_stack, a: u64 = 1, b: u64 = 2, c: u64 = 3, d: u64 = 4, e: u64 = 5, f: u64 = 6, all [Big { .. }]: Big = big(1), z: Big = big(5));
    f!(one_in_parts, a: u64 = 1, b: u64 = 2, c: u64 = 3, d: u64 = 4, e: u64 = 5, f: u64 = 6, all [Big { a: _, .. }]: Big = big(1), z: Big = big(5));
    f!(at_the_edge, a: u64 = 1, b: u64 = 2, c: u64 = 3, d: u64 = 4, e: u64 = 5, all [Big { .. }]: Big = big(1), z: Big = big(5));
    f!(two_behind, a: u64 = 1, b: u64 = 2, c: u64 = 3, d: u64 = 4, e: u64 = 5, all [Big { .. }]: Big = big(1), z: Big = big(5), y: Big = big(9));
""")

# repr(C) and packed structs come as one integer, others of two scalars in two registers; which, debug information does not say. The
# argument behind has no location of its own with rustc 1.63.
ONE_INTEGER = """
#[derive(Debug, Clone, Copy)] pub struct Big { a: u64, b: u64, c: u64 }
#[derive(Debug, Clone, Copy)] #[repr(C)] pub struct Two { t: bool, v: u8 }
#[derive(Debug, Clone, Copy)] #[repr(C, packed)] pub struct Packed { t: bool, v: bool }
#[derive(Debug, Clone, Copy)] #[repr(C)] pub struct Wide { t: u32, v: f32 }
#[derive(Debug, Clone, Copy)] pub struct Plain { t: u32, v: u32 }
#[inline(never)] fn nothing(_: u64, _: u64, _: u64, _: u64, _: u64) {}
#[inline(never)] fn two(mut a: Two, _b: Big, c: u8) -> Big { let mut i = 0; while i < 3 { i += 1; } a.v += 1; nothing(1, 2, 3, 4, 5); Big { a: a.v as u64 + c as u64, b: 1, c: 2 } }
#[inline(never)] fn packed(a: Packed, _b: Big, c: u8) -> u8 { nothing(1, 2, 3, 4, 5); c + a.t as u8 }
#[inline(never)] fn wide(mut a: Wide, _b: Big) -> Big { a.t += 1; nothing(1, 2, 3, 4, 5); Big { a: a.t as u64, b: 1, c: 1 } }
#[inline(never)] fn plain(mut a: Plain, _b: Big) -> Big { a.t += 1; nothing(1, 2, 3, 4, 5); Big { a: a.t as u64, b: 1, c: 1 } }
fn main() {
    let (b, t, p, w, q) = (Big { a: 1, b: 2, c: 3 }, Two { t: true, v: 7 }, Packed { t: true, v: false }, Wide { t: 5, v: 2.5 }, Plain { t: 5, v: 6 });
    println!("{t:?}; {b:?}; 9"); two(t, b, 9);
    println!("{p:?}; {b:?}; 9"); packed(p, b, 9);
    println!("{w:?}; {b:?}"); wide(w, b);
    println!("{q:?}; {b:?}"); plain(q, b);
}
"""

# What a closure captured has the types of its parameters, which have no names.
CAPTURED = """
struct Pair(u8, u16);
fn main() {
    let (text, number, pair) = (String::from("captured"), 7u64, Pair(1, 2));
    let by_ref = move |ref a: String, b: u8| a.len() as u64 + text.len() as u64 + b as u64;
    let ignored = move |_: u64, b: u8| number + b as u64;
    let parts = |Pair(x, y): Pair, b: u8| pair.0 as u64 + pair.1 as u64 + x as u64 + y as u64 + b as u64;
    std::process::exit((by_ref(String::from("given"), 1) + ignored(5, 2) + parts(Pair(3, 4), 3) != 36) as i32);
}
"""

# The same functions twice, with a representation that debug information does not mention and without. What each
# call returns is printed behind its name.
RESULTS = """
macro_rules! results { ($module:ident, $($repr:meta),*) => { pub mod $module {
  #[derive(Debug, Clone, Copy)] $(#[$repr])* pub struct F(pub f64);
  #[derive(Debug, Clone, Copy)] $(#[$repr])* pub struct G(pub f32);
  #[derive(Debug, Clone, Copy)] $(#[$repr])* pub struct I(pub u64);
  #[derive(Debug, Clone, Copy)] $(#[$repr])* pub struct J(pub u32);
  #[derive(Debug, Clone, Copy)] $(#[$repr])* pub struct K(pub u8);
  #[derive(Debug, Clone, Copy)] $(#[$repr])* pub struct W(pub u128);
  #[derive(Debug, Clone, Copy)] $(#[$repr])* pub struct B(pub bool);
  #[derive(Debug, Clone, Copy)] $(#[$repr])* pub struct P(pub bool, pub u8);
  #[inline(never)] pub fn f(x: u64) -> F { F(x as f64 * 1.5) }
  #[inline(never)] pub fn g(x: u64) -> G { if x == 0 { return G(0.25) } G(x as f32 * 1.5) }
  #[inline(never)] pub fn w(x: u64) -> W { W(x as u128 + 1) }
  #[inline(never)] pub fn oi(x: u64) -> Option<I> { if x % 2 == 0 { None } else { Some(I(x)) } }
  #[inline(never)] pub fn oi_forward(x: u64) -> Option<I> { oi(x) }
  #[inline(never)] pub fn f_forward(x: u64) -> F { f(x) }
  #[inline(never)] pub fn oj(x: u64) -> Option<J> { match x { 0 => None, 1 => Some(J(7)), _ => Some(J(x as u32)) } }
  #[inline(never)] pub fn ok(x: u64) -> Option<K> { match x { 0 => None, 1 => Some(K(7)), _ => Some(K(x as u8)) } }
  #[inline(never)] pub fn of(x: u64) -> Option<F> { if x < 2 { None } else { Some(F((x as f64).sqrt())) } }
  #[inline(never)] pub fn og(x: u64) -> Option<G> { if x < 2 { None } else { Some(G(x as f32 / 4.0)) } }
  #[inline(never)] pub fn ff(x: u64) -> (F, F) { (F(x as f64), F(0.5)) }
  #[inline(never)] pub fn gg(x: u64) -> (G, G) { (G(x as f32), G(0.5)) }
  #[inline(never)] pub fn none(_: u64) -> Option<I> { None }
  #[inline(never)] pub fn pair(a: u64) -> (I, u64) { (I(a), 3) }
  #[inline(never)] pub fn pair2(a: u64) -> (J, u32) { (J(a as u32), 3) }
  #[inline(never)] pub fn res(a: u64) -> Result<I, u64> { if a > 5 { Err(a) } else { Ok(I(a)) } }
  #[inline(never)] pub fn bools(a: u64) -> (B, bool) { (B(a > 2), a > 3) }
  #[inline(never)] pub fn que(a: u64) -> Result<I, u64> { let v = res(a)?; Ok(I(v.0 + 1)) }
  #[inline(never)] pub fn text(a: u64) -> Option<I> { let s = format!("{}", a); s.parse().ok().map(I) }
  #[inline(never)] pub fn p(a: u64) -> P { P(a > 2, a as u8) }
  #[inline(never)] pub fn huge(a: u64) -> Option<I> { let t = [a; 900]; if t[a as usize] > 3 { Some(I(t[3])) } else { None } }
  pub fn print<T: std::fmt::Debug>(name: &str, value: T) { println!("{} {:?}", name, value) }
  #[inline(never)] pub fn run(n: u64) { EACH }
} } }
results!(c, repr(C));
results!(plain,);
results!(packed, repr(packed));
fn main() { for n in 0..7 { c::run(n); plain::run(n); packed::run(n); } }
"""
NAMES = "f g w oi oi_forward f_forward oj ok of og ff gg none pair pair2 res bools que text p huge".split()
RESULTS = RESULTS.replace("EACH", " ".join('print("%s", %s(n));' % (n, n) for n in NAMES))

# Arrays of what cannot exist beside arrays that can, and names of types with associated types.
NEVER = """
use std::marker::PhantomData;
#[derive(Debug, Clone)] pub enum Void {}
#[derive(Debug, Clone)] pub struct Half { a: u8, v: Void }
macro_rules! call { ($name:ident, $($value:expr),*) => { $( println!("{:?}", $value); )* $name($($value),*); } }
fn arrays(a: Option<[Void; 2]>, b: Result<u8, [Half; 3]>, c: Option<[Void; 0]>, d: Option<[[Void; 2]; 1]>,
          e: Result<[u8; 2], ([Void; 1], u64)>, f: Option<[[Void; 2]; 0]>) {}
fn names(a: PhantomData<dyn Iterator<Item = u8>>, b: PhantomData<Box<dyn Iterator<Item = Option<u8>>>>,
         c: PhantomData<[Box<dyn std::ops::Deref<Target = str> + Send>; 2]>,
         d: PhantomData<dyn DoubleEndedIterator<Item = Box<dyn Iterator<Item = (u8, i8)>>>>) {}
fn main() {
    call!(arrays, None::<[Void; 2]>, Ok::<u8, [Half; 3]>(7), Some::<[Void; 0]>([]), None::<[[Void; 2]; 1]>,
          Ok::<[u8; 2], ([Void; 1], u64)>([1, 2]), Some::<[[Void; 2]; 0]>([]));
    call!(names, PhantomData::<dyn Iterator<Item = u8>>, PhantomData::<Box<dyn Iterator<Item = Option<u8>>>>,
          PhantomData::<[Box<dyn std::ops::Deref<Target = str> + Send>; 2]>,
          PhantomData::<dyn DoubleEndedIterator<Item = Box<dyn Iterator<Item = (u8, i8)>>>>);
}
"""

# Trait objects that the compiler makes while it computes a static have tables without a description. Their methods are
# those of generic implementations, whose symbols do not say for which type.
STATICS = """
use std::fmt::Debug;
#[derive(Debug)] struct Gen<T>(T);
trait Named: Debug { fn name(&self) -> u8 { 7 } }
impl<T: Debug> Named for Gen<T> {}
impl<T: Debug> Named for [T; 2] {}
static ONE: &(dyn Debug + Sync) = &(1u8, "static");
static MANY: [&(dyn Debug + Sync); 4] = [&1u64, &Some('x'), &[1u8, 2], &(3i8, Gen("g"))];
static NAMED: [&(dyn Named + Sync); 4] = [&Gen(5u16), &Gen("text"), &[Gen(1u8), Gen(2)], &Gen(())];
const TREE: &[(&str, &(dyn Debug + Sync))] = &[("a", &Gen(Gen(1.5f32))), ("b", &&9u32)];
macro_rules! call { ($name:ident, $($value:expr),*) => { $( println!("{:?}", $value); )* $name($($value),*); } }
fn one(a: &'static (dyn Debug + Sync)) {}
fn many(a: [&'static (dyn Debug + Sync); 4], b: [&'static (dyn Named + Sync); 4]) { for x in b { x.name(); } }
fn tree(a: &'static [(&'static str, &'static (dyn Debug + Sync))]) {}
fn main() { call!(one, ONE); call!(many, MANY, NAMED); call!(tree, TREE); }
"""

QUIET = ["-N", "*::fmt", "-N", "*::leak*", "-N", "*::big"]


class ValuesTest(E2ETest):
    def check_printed(self, source, **options):
        """Every argument of the calls that main makes, one line each, is what the program prints."""
        rec = self.record(harness.compile_rust("app", source, **options), opts=QUIET)
        shown = [text for call in self.main_tree(rec).children for _, text in call.args]
        self.assertEqual(shown, rec.stdout_text.splitlines())
        return rec

    def test_guards_of_nothing(self):
        """What a guard protects may be of no size, and still be a value."""
        self.check_printed(GUARDS)

    def test_wide_arguments(self):
        if platform.machine() != "x86_64":
            self.skipTest("elsewhere such arguments are passed in other ways")
        self.check_printed(WIDE)

    def test_what_cannot_exist(self):
        """An array is impossible when its elements are and it has some; associated types are written with blanks."""
        self.check_printed(NEVER)

    def test_unnamed_beside_captured(self):
        """A parameter without a name has not that of a captured variable."""
        rec = self.record(harness.compile_rust("app", CAPTURED), opts=QUIET)
        args = [e["args"] for e in rec.events() if e["event"] == "call" and "closure" in e["function"]]
        self.assertEqual([a[-2:] for a in args], [[["<>", '"given"'], ["b", "1"]], [["<>", "5"], ["b", "2"]],
                                                  [["<>", "Pair(3, 4)"], ["b", "3"]]])

    def test_objects_in_statics(self):
        """A method of the table has a parameter that says for which type it is."""
        self.check_printed(STATICS)

    def test_bound_as_a_whole_and_in_parts(self):
        """What cannot be told is not shown, and nothing is shown that another argument is."""
        for source in BOUND, BOUND_IN_BODIES:
            rec = self.record(harness.compile_rust("app", source), opts=QUIET + ["-N", "app::nothing"])
            printed = [line.split(" ", 1) for line in rec.stdout_text.splitlines()]
            calls = self.main_tree(rec).children
            self.assertEqual([call.short().split("::")[-1] for call in calls], [name for name, _ in printed])
            for call, (name, text) in zip(calls, printed):
                expected = dict(arg.split(" = ") for arg in text.split("; "))
                for arg, value in call.args:
                    if value is not None and arg in expected:
                        self.assertEqual(value, expected[arg], "%s of %s" % (arg, name))
            self.assertEqual([value for _, value in calls[-1].args], list(expected.values()))

    def test_structs_in_one_register(self):
        for compiler in [None] + [c for c in [os.environ.get("E2E_OLD_RUSTC")] if c]:
            rec = self.record(harness.compile_rust("app", ONE_INTEGER, compiler=compiler), opts=QUIET + ["-N", "app::nothing"])
            self.assertEqual(["; ".join(value or "null" for _, value in call.args) for call in self.main_tree(rec).children],
                             rec.stdout_text.splitlines())

    def results(self, flags=()):
        """Of each result [its function, what was printed, what was recorded]; None where a call was not recorded."""
        rec = self.record(harness.compile_rust("app", RESULTS, flags=flags), opts=QUIET + ["-N", "*::print*"])
        printed = [line.split(" ", 1) for line in rec.stdout_text.splitlines()]
        self.assertEqual(len(printed), 7 * 3 * len(NAMES))
        runs = {}
        for run in self.main_tree(rec).children:
            runs.setdefault(run.function.split("::")[1], []).append({c.short().split("::")[-1]: c.value for c in run.children})
        out = []
        for i, (name, text) in enumerate(printed):
            n, module = divmod(i // len(NAMES), 3)
            calls = runs.get(("c", "plain", "packed")[module], [])
            out.append((name, text, calls[n].get(name) if len(calls) == 7 else None))
        return out

    def test_results_of_one_field(self):
        """repr(C) and packed structs are returned in other registers, and nothing but the code says so."""
        for name, printed, recorded in self.results():
            self.assertEqual(recorded, printed, name)

    def test_optimized_results_of_one_field(self):
        """What cannot be told is not shown. (Equal functions are merged: the other's name is recorded.)"""
        if harness.rustc_version() < (1, 85):
            self.skipTest("this compiler does not mark functions whose results its optimizer changed")
        results = self.results(flags=["-C", "opt-level=3"])
        shown = [r for r in results if r[2] is not None]
        for name, printed, recorded in shown:
            self.assertEqual(recorded, printed, name)
        self.assertGreater(len(shown) * 3, len(results))


if __name__ == "__main__":
    unittest.main()
