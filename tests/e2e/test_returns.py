# SPDX-License-Identifier: MIT OR Apache-2.0
"""Ways into and out of a function: several returns, `?`, a loop at the very start, deep recursion, pattern arguments."""

import unittest

import harness
from harness import E2ETest

SOURCE = """
fn sign(x: i32) -> &'static str {
    if x < 0 { return "minus"; }
    if x == 0 { return "zero"; }
    match x { 1 => "one", 2 | 3 => { return "few" } _ => "many" }
}
fn parse(text: &str) -> Result<i32, std::num::ParseIntError> { let n: i32 = text.parse()?; Ok(n * 2) }
fn first_even(list: &[u32]) -> Option<u32> { for &x in list { if x % 2 == 0 { return Some(x); } } None }
fn lp(mut a: u32) -> u32 { loop { if a == 0 { return 7; } a -= 1; } }
fn wl(mut a: u64) -> u64 { while a > 10 { a /= 2; } a }
fn unit_early(x: u32) { if x == 0 { return; } unit_early(x - 1) }
fn down(n: u32) -> u32 { if n == 0 { 0 } else { 1 + down(n - 1) } }
fn main() {
    for x in [-5, 0, 1, 2, 3, 9] { sign(x); }
    for t in ["21", "x", ""] { let _ = parse(t); }
    first_even(&[1, 3, 4]); first_even(&[1]); first_even(&[]);
    for a in 0..100 { lp(a); }
    for a in 0..100 { wl(a); }
    unit_early(3);
    println!("{}", down(1000));
}
"""

# Of a result in two registers, a function leaves the second one as the function that it called returned it. C's convention has both
# halves in the first one.
HANDED_ON = """
#[derive(Debug, Clone, Copy)] #[repr(C)] pub struct P { pub on: bool, pub n: i8 }
#[derive(Debug, Clone, Copy)] #[repr(C)] pub struct Q { pub on: bool, pub n: u32 }
#[inline(never)] fn make(n: i8) -> P { P { on: n > 2, n } }
#[inline(never)] fn wide(n: u32) -> Q { Q { on: n > 2, n } }
fn pass(n: i8) -> P { make(n) }
fn second(n: i8) -> P { P { on: true, n: make(n).n } }
fn held(n: i8) -> P { let on = make(n).on; P { on, n: make(!n).n } }
fn pass_wide(n: u32) -> Q { wide(n) }
fn second_wide(n: u32) -> Q { Q { on: true, n: wide(n).n } }
fn boxed(n: i8) -> P { std::hint::black_box(P { on: true, n }) }
extern "C" fn wide_c(n: u32) -> Q { Q { on: n > 2, n } }
extern "C" fn pass_wide_c(n: u32) -> Q { wide_c(n) }
fn main() {
    let mut pointed = |n: i8| std::hint::black_box(P { on: true, n });
    let pointed: &mut dyn FnMut(i8) -> P = std::hint::black_box(&mut pointed);
    for n in [1, 127, -3] {
        println!("{:?}", pass(n)); println!("{:?}", second(n)); println!("{:?}", held(n));
        println!("{:?}", pass_wide(n as u32)); println!("{:?}", second_wide(n as u32)); println!("{:?}", pass_wide_c(n as u32));
        println!("{:?}", boxed(n)); println!("{:?}", pointed(n));
    }
}
"""


class ReturnsTest(E2ETest):
    def test_closures_that_return_through_memory(self):
        """Behind the pointer to the result and an environment that is not described, their argument comes in the third register."""
        rec = self.record(harness.compile_rust("app", """
            fn main() {
                let mut held = 1u64;
                let mut text = move |n: u32| { held *= 3; format!("n{} {}", n, held) };
                let mut list = |n: &u64| vec![*n; 3];
                let list: &mut dyn FnMut(&u64) -> Vec<u64> = std::hint::black_box(&mut list);
                for n in 0..3 { println!("{:?}", text(n)); println!("{:?}", list(&n.into())); }
            }
            """))
        self.assertEqual([c.value for c in self.main_tree(rec).children], rec.stdout_text.splitlines())

    def test_arguments_in_four_registers(self):
        """A pair of 128 bits each takes registers that few arguments come in; that is Rust's convention, not that of Windows."""
        rec = self.record(harness.compile_rust("app", """
            #[derive(Debug, Clone)] pub struct Wide(Option<i128>);
            #[inline(never)] fn text(a: Option<u128>) -> String { a.map_or(String::new(), |n| n.to_string()) }
            #[inline(never)] fn pair(a: (u128, u64)) -> (u64, u64) { (a.1, a.0 as u64) }
            #[inline(never)] fn second(a: u8, b: Wide) -> Option<u32> { b.0.map(|n| n as u32 + a as u32) }
            #[inline(never)] fn unused(_a: Wide) -> Box<str> { "none".into() }
            #[inline(never)] fn mixed(a: &u64, b: Option<u128>) -> Result<u8, char> { b.map(|n| n as u8 + *a as u8).ok_or('x') }
            fn main() {
                println!("{:?}", text(Some(7 << 70)));
                println!("{:?}", pair((9, 8)));
                println!("{:?}", second(1, Wide(Some(41))));
                println!("{:?}", unused(Wide(None)));
                println!("{:?}", mixed(&3, Some(4)));
            }
            """), opts=["-N", "*::{closure#*"])
        self.assertEqual([c.value for c in self.main_tree(rec).children], rec.stdout_text.splitlines())

    def test_arguments_that_are_not_described(self):
        """The place of a caller, and what is bound as a whole and in parts, take registers too."""
        rec = self.record(harness.compile_rust("app", """
            use std::panic::Location;
            fn line() -> u32 { 5 }
            #[track_caller] #[inline(never)] fn one(n: u64) -> String { format!("{n} {}", Location::caller().line()) }
            #[track_caller] #[inline(never)] fn two(n: u64, m: &str) -> Option<String> {
                Some(format!("{n} {m} {}", Location::caller().line()))
            }
            #[track_caller] #[inline(never)] fn none() -> (u64, u64) { (Location::caller().line() as u64, 2) }
            #[track_caller] #[inline(never)] fn float(_x: f64) -> Vec<u32> { vec![Location::caller().line(), line()] }
            #[inline(never)] fn whole(all @ (_p, _q): (u64, u64), z: u64) -> String { format!("{all:?} {z}") }
            #[inline(never)] fn between(x: &[u8; 3], all @ (_p, _q): (u64, u64), z: &u64) -> Option<u64> {
                Some(all.0 + *z + x[0] as u64)
            }
            struct S([u64; 5]);
            impl S {
                #[inline(never)] fn method(&self, all @ &S(_): &S, k: usize) -> Vec<u64> { vec![self.0[k], all.0[k]] }
            }
            fn main() {
                println!("{:?}", one(1));
                println!("{:?}", two(1, "x"));
                println!("{:?}", none());
                println!("{:?}", float(1.0));
                println!("{:?}", whole((1, 2), 3));
                println!("{:?}", between(&[1, 2, 3], (1, 2), &3));
                println!("{:?}", S([1; 5]).method(&S([2; 5]), 3));
            }
            """), opts=["-N", "app::line"])
        self.assertEqual([c.value for c in self.main_tree(rec).children], rec.stdout_text.splitlines())

    def test_floats_left_by_callees(self):
        """The frame that keeps the stack aligned goes with a pop, of a register that Windows returns such a structure in."""
        rec = self.record(harness.compile_rust("app", """
            use std::cell::Cell;
            #[derive(Debug)] struct Two(f32, f32);
            #[inline(never)] fn new(a: f64) -> Cell<f64> { Cell::new(a) }
            #[inline(never)] fn made() -> Cell<f64> { new(2.5) }
            #[inline(never)] fn of(a: &str) -> Cell<f64> { new(a.len() as f64) }
            #[inline(never)] fn single() -> Cell<f32> { Cell::new(1.5) }
            #[inline(never)] fn two() -> Two { Two(1.5, 2.5) }
            fn main() {
                println!("{:?}", made());
                println!("{:?}", of("abc"));
                println!("{:?}", single());
                println!("{:?}", two());
                println!("{:?}", stored());
                println!("{:?}", pair());
            }
            #[inline(never)] fn nine() -> i32 { 9 }
            #[inline(never)] fn stored() -> std::task::Poll<i32> { let made = std::task::Poll::Ready(nine()); made }
            #[derive(Debug)] struct Pair(u32, i32);
            #[inline(never)] fn pair() -> Pair { let made = Pair(0, nine()); made }
            """), opts=["-N", "app::new", "-N", "app::nine", "-N", "*::fmt"])
        self.assertEqual([c.value for c in self.main_tree(rec).children], rec.stdout_text.splitlines())

    def test_halves_that_hold_nothing(self):
        """What is nobody's in a result is stored as it is found, or not at all: no sign of another convention."""
        rec = self.record(harness.compile_rust("app", """
            use std::{net::SocketAddr, ops::RangeInclusive, time::Duration};
            #[derive(Debug)] #[allow(dead_code)] enum Either<L, R> { Left { l: L }, Right { r: R } }
            #[inline(never)] fn nobodys(mut _a: RangeInclusive<i64>, _b: f64) -> Either<std::char::DecodeUtf16Error, Option<Duration>> {
                Either::Right { r: None }
            }
            #[inline(never)] fn none(_a: SocketAddr, _b: u8) -> Option<u32> { let mut i = 0u8; while i < 3 { i += 1; } None }
            #[inline(never)] fn error(_a: SocketAddr, _b: u8) -> Result<u32, ()> { Err(()) }
            #[inline(never)] fn either(a: SocketAddr, b: u8) -> Option<u32> { if b == 1 { None } else { Some(a.port() as u32) } }
            fn main() {
                let (range, float, address): (_, _, SocketAddr) = (1..=2, 0.5, ([1, 2, 3, 4], 5).into());
                println!("{range:?}, {float:?}: {:?}", nobodys(range.clone(), float));
                println!("{address:?}, 1: {:?}", none(address, 1));
                println!("{address:?}, 1: {:?}", error(address, 1));
                println!("{address:?}, 1: {:?}", either(address, 1));
                println!("{address:?}, 2: {:?}", either(address, 2));
            }
            """), opts=["-N", "*::fmt"])
        self.assertEqual(["%s: %s" % (", ".join(str(value) for _, value in c.args), c.value) for c in self.main_tree(rec).children],
                         rec.stdout_text.splitlines())

    def test_halves_left_by_callees(self):
        rec = self.record(harness.compile_rust("app", HANDED_ON), opts=["-N", "*::fmt"])
        self.assertEqual([c.value for c in self.main_tree(rec).children], rec.stdout_text.splitlines())

    def test_all(self):
        rec = self.record(harness.compile_rust("app", SOURCE))
        calls = self.main_tree(rec).children

        def of(name):
            return [c for c in calls if c.function == "app::" + name]

        self.assertEqual([(c.args[0][1], c.value) for c in of("sign")],
                         [("-5", '"minus"'), ("0", '"zero"'), ("1", '"one"'), ("2", '"few"'), ("3", '"few"'), ("9", '"many"')])
        self.assertEqual([(c.args[0][1], c.value) for c in of("parse")],
                         [('"21"', "Ok(42)"), ('"x"', "Err(ParseIntError { kind: InvalidDigit })"),
                          ('""', "Err(ParseIntError { kind: Empty })")])
        self.assertEqual([(c.args[0][1], c.value) for c in of("first_even")],
                         [("[1, 3, 4]", "Some(4)"), ("[1]", "None"), ("[]", "None")])
        # The breakpoint behind the prologue is the head of the loop: one call, however often it goes round, and the
        # argument is the one that was passed.
        self.assertEqual([(c.args, c.value) for c in of("lp")], [([("a", str(a))], "7") for a in range(100)])

        def halved(a):
            while a > 10:
                a //= 2
            return a

        self.assertEqual([(c.args, c.value) for c in of("wl")], [([("a", str(a))], str(halved(a))) for a in range(100)])
        self.assertEqual(len(of("unit_early")), 1)
        self.assertEqual([c.value for c in of("unit_early")[0].walk()], ["()"] * 4)
        deep = list(of("down")[0].walk())
        self.assertEqual([(c.args, c.value) for c in deep], [([("n", str(n))], str(n)) for n in range(1000, -1, -1)])
        self.assertEqual(deep[-1].depth, 1001)


if __name__ == "__main__":
    unittest.main()
