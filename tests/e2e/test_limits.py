# SPDX-License-Identifier: MIT OR Apache-2.0
"""Values that are too large, circular, or no values at all: bounded, marked as cut, quick, never a crash."""

import json
import unittest

import harness
from harness import E2ETest

CYCLES = """
use std::cell::RefCell;
use std::rc::{Rc, Weak};
#[derive(Debug)] struct Node { n: u32, next: RefCell<Option<Rc<Node>>>, back: RefCell<Weak<Node>> }
#[inline(never)] fn look(node: &Rc<Node>) -> u32 { node.n }
#[inline(never)] fn own(node: Rc<Node>) -> u32 { node.n }
fn main() {
    let a = Rc::new(Node { n: 1, next: RefCell::new(None), back: RefCell::new(Weak::new()) });
    let b = Rc::new(Node { n: 2, next: RefCell::new(Some(a.clone())), back: RefCell::new(Rc::downgrade(&a)) });
    *a.next.borrow_mut() = Some(b.clone());
    *a.back.borrow_mut() = Rc::downgrade(&b);
    println!("{} {}", look(&a), own(b));
}
"""

LARGE = """
use std::collections::*;
use std::rc::Rc;
struct Chain { n: u32, next: Option<Box<Chain>> }
#[inline(never)] fn list(v: LinkedList<u64>) -> usize { v.len() }
#[inline(never)] fn text(v: String) -> usize { v.len() }
#[inline(never)] fn map(v: HashMap<u32, u64>) -> usize { v.len() }
#[inline(never)] fn tree(v: BTreeMap<u32, u64>) -> usize { v.len() }
#[inline(never)] fn set(v: HashSet<String>) -> usize { v.len() }
#[inline(never)] fn ring(v: VecDeque<u32>) -> usize { v.len() }
#[inline(never)] fn boxes(v: Vec<Box<u32>>) -> usize { v.len() }
#[inline(never)] fn shared(v: Vec<Rc<Vec<Rc<u32>>>>) -> usize { v.len() }
#[inline(never)] fn chain(v: Chain) -> u32 { let n = v.n; std::mem::forget(v); n }
#[inline(never)] fn thin(v: HashMap<u32, u32>) -> usize { v.len() }
#[inline(never)] fn nested(v: Vec<Vec<Vec<Vec<u8>>>>) -> usize { v.len() }
fn main() {
    list((0..1_000_000).collect());
    text("xy".repeat(5 << 20));
    map((0..100_000).map(|i| (i, i as u64 * 2)).collect());
    tree((0..100_000).map(|i| (i, i as u64 * 2)).collect());
    set((0..50_000).map(|i| format!("entry {}", i)).collect());
    ring((0..500_000).collect());
    boxes((0..100_000).map(Box::new).collect());
    let one = Rc::new((0..1000).map(Rc::new).collect::<Vec<_>>());
    shared((0..1000).map(|i| if i % 2 == 0 { one.clone() } else { Rc::new(vec![Rc::new(i)]) }).collect());
    let mut c = Chain { n: 0, next: None };
    for n in 1..100_000 { c = Chain { n, next: Some(Box::new(c)) }; }
    chain(c);
    let mut t = HashMap::with_capacity(400_000);
    t.insert(7, 8);
    thin(t);
    nested(vec![vec![vec![vec![1; 50]; 50]; 50]; 50]);
}
"""

# Values of a size that is given: beyond what is shown, a larger one is not to cost more.
SIZED = """
use std::collections::*;
struct Chain { n: u32, next: Option<Box<Chain>> }
#[inline(never)] fn list(v: LinkedList<u64>) -> usize { v.len() }
#[inline(never)] fn text(v: String) -> usize { v.len() }
#[inline(never)] fn map(v: HashMap<u32, u64>) -> usize { v.len() }
#[inline(never)] fn tree(v: BTreeMap<u32, u64>) -> usize { v.len() }
#[inline(never)] fn boxes(v: Vec<Box<u32>>) -> usize { v.len() }
#[inline(never)] fn chain(v: Chain) -> u32 { let n = v.n; std::mem::forget(v); n }
#[inline(never)] fn ring(v: &std::rc::Rc<Round>) -> u32 { v.n }
struct Round { n: u32, next: std::cell::RefCell<Option<std::rc::Rc<Round>>> }
fn main() {
    let n: usize = std::env::args().nth(1).unwrap().parse().unwrap();
    list((0..n as u64).collect());
    text("xy".repeat(n * 5));
    map((0..n as u32 / 10).map(|i| (i, i as u64 * 2)).collect());
    tree((0..n as u32 / 10).map(|i| (i, i as u64 * 2)).collect());
    boxes((0..n as u32 / 10).map(Box::new).collect());
    let mut c = Chain { n: 0, next: None };
    for n in 1..n as u32 / 10 { c = Chain { n, next: Some(Box::new(c)) }; }
    chain(c);
    let rounds: Vec<_> = (0..n as u32 / 10).map(|n| std::rc::Rc::new(Round { n, next: Default::default() })).collect();
    for (i, r) in rounds.iter().enumerate() { *r.next.borrow_mut() = Some(rounds[(i + 1) % rounds.len()].clone()); }
    ring(&rounds[0]);
}
"""

INVALID = """
use std::collections::*;
use std::mem::MaybeUninit;
#[repr(C)] struct Words([usize; 8]);
#[derive(Clone, Copy)] #[repr(u8)] enum Color { Red = 1, Green = 2 }
struct Holder { p: *const u32, q: *mut String, c: Color }
macro_rules! takes { ($($name:ident: $t:ty),*) => { $(
    #[inline(never)] fn $name(v: &std::mem::ManuallyDrop<$t>) -> u8 { 1 })* } }
takes!(vec: Vec<u32>, string: String, map: HashMap<u32, u32>, set: HashSet<String>, tree: BTreeMap<u8, u8>,
       list: LinkedList<u32>, ring: VecDeque<u32>, heap: BinaryHeap<u32>, rc: std::rc::Rc<u32>, arc: std::sync::Arc<str>,
       weak: std::rc::Weak<u8>, dy: Box<dyn std::fmt::Debug>, rcdy: std::rc::Rc<dyn std::any::Any>, slice: &'static [u64],
       text: &'static str, iter: std::vec::IntoIter<u32>, chars: std::str::Chars<'static>, siter: std::slice::Iter<'static, u64>,
       boxed: Box<[u16]>, bs: Box<str>, opt: Option<Vec<u8>>, fp: fn(u32) -> u32, time: std::time::Duration, ch: char);
#[inline(never)] fn raw(v: Holder) -> u8 { 1 }
#[inline(never)] fn rawslice(v: *const [u32], w: *const dyn std::fmt::Debug) -> u8 { 1 }
fn main() {
    static ZERO: [usize; 64] = [0; 64];
    for round in 0..7usize {
        let stack = 0u8;
        let fill = [0usize, usize::MAX, 0x10, 0x4141414141414141, 8, &stack as *const u8 as usize & !7,
                    ZERO.as_ptr() as usize][round];
        for variant in 0..6usize {
            let words = Words(match variant {
                0 => [fill; 8],
                1 => [fill, 3, 3, 3, 3, 3, 3, 3],
                2 => [3, fill, 3, 3, 3, 3, 3, 3],
                3 => [3, 3, fill, 1, 1, 1, 1, 1],
                4 => [fill, 1 << 60, fill, 1 << 40, fill, 7, fill, 1],
                _ => [1 << 20, fill, 1 << 20, fill, (1 << 20) - 1, fill, 1 << 20, fill],
            });
            macro_rules! call { ($($name:ident),*) => { $( unsafe { $name(&*(&words as *const Words as *const _)); } )* } }
            call!(vec, string, map, set, tree, list, ring, heap, rc, arc, weak, dy, rcdy, slice, text, iter, chars, siter, boxed,
                  bs, opt, fp, time, ch);
        }
        raw(Holder { p: fill as *const u32, q: fill as *mut String, c: unsafe { std::mem::transmute(2u8) } });
        let fat: [usize; 2] = [fill, fill];
        unsafe { rawslice(std::mem::transmute(fat), std::mem::transmute(fat)); }
    }
    println!("done");
}
"""

LOOKALIKES = """
mod alloc { pub mod vec { #[derive(Debug)] pub struct Vec<T> { pub len: T } } }
mod std_like { #[derive(Debug)] pub struct HashMap<K> { pub items: K, pub len: u8 } }
#[derive(Debug)] struct Vec { ptr: u8, cap: u8, len: u8 }
#[derive(Debug)] struct String { vec: u32 }
#[derive(Debug)] struct Rc<T> { ptr: T }
#[derive(Debug)] struct Option { some: u8 }
#[inline(never)] fn f(a: Vec, b: String, c: Rc<u8>, d: Option, e: alloc::vec::Vec<i8>, g: std_like::HashMap<u8>) {
    println!("{:?}\\n{:?}\\n{:?}\\n{:?}\\n{:?}\\n{:?}", a, b, c, d, e, g);
}
fn main() {
    f(Vec { ptr: 1, cap: 2, len: 3 }, String { vec: 4 }, Rc { ptr: 5 }, Option { some: 6 }, alloc::vec::Vec { len: -1 },
      std_like::HashMap { items: 1, len: 2 });
}
"""

# A crate of its own that is called as the standard one, with types of the same paths and other members.
LOOKALIKE_CRATE = """
pub mod map { #[derive(Debug)] pub struct HashMap<K, V> { pub table: K, pub hasher: V } }
pub mod set { #[derive(Debug)] pub struct HashSet<K> { pub map: K } }
pub mod raw { #[derive(Debug)] pub struct RawTable<T> { pub table: T } }
"""
LOOKALIKE_USER = """
use hashbrown::{map::HashMap, raw::RawTable, set::HashSet};
#[inline(never)] fn f(a: HashMap<u8, u16>, b: HashSet<i32>, c: HashMap<RawTable<u64>, ()>) {
    println!("{:?}\\n{:?}\\n{:?}", a, b, c);
}
fn main() { f(HashMap { table: 1, hasher: 2 }, HashSet { map: 3 }, HashMap { table: RawTable { table: 9 }, hasher: () }); }
"""


# Closures of the programs are called a million times.
# What 100 000 boxes cost is not the question here.
QUIET = ["--allocations=none"] + ["-N", "*{closure*"]


class LimitsTest(E2ETest):
    def args(self, rec):
        """{function: [text of its only argument, call by call]}"""
        out = {}
        for c in self.main_tree(rec).children:
            out.setdefault(c.short(), []).append(dict(c.args))
        return out

    def test_cycle(self):
        rec = self.record(harness.compile_rust("app", CYCLES))
        self.assertEqual(rec.stdout_text, "1 2\n")
        args = self.args(rec)
        for name in ("look", "own"):
            text = args[name][0]["node"]
            self.assertTrue(text.startswith("Node { n: "), text)
            self.assertIn("back: RefCell { value: (Weak) }", text)
            self.assertLess(len(text), 2000)

    def test_large(self):
        program = harness.compile_rust("app", LARGE)
        rec = self.record(program, opts=QUIET)
        args = self.args(rec)
        times = {e["function"]: e["time"] for e in rec.events()}
        self.assertEqual(len(times), 12)
        for name, start in [("list", "[0, 1, 2, 3, "), ("text", '"xyxyxy'), ("map", "{"), ("tree", "{0: 0, 1: 2, 2: 4, "),
                            ("set", '{"entry '), ("ring", "[0, 1, 2, "), ("boxes", "[0, 1, 2, "),
                            ("nested", "[[[[1, 1, ")]:
            text = args[name][0]["v"]
            self.assertTrue(text.startswith(start), "%s: %s" % (name, text[:100]))
            self.assertIn("…", text, name)
            self.assertLess(len(text), 5 << 20, name)
        self.assertEqual(args["thin"][0]["v"], "{7: 8}")
        one = "[%s]" % ", ".join(str(i) for i in range(1000))
        self.assertEqual(args["shared"][0]["v"], "[%s]" % ", ".join([one, "[1]"] + ["%s, [%d]" % (one, i)
                                                                              for i in range(3, 1000, 2)]))
        chain = args["chain"][0]["v"]
        self.assertTrue(chain.startswith("Chain { n: 99999, next: Some(Chain { n: 99998, "), chain[:100])
        self.assertLess(len(chain), 2000)
        # The whole text of the string is there when the limit allows it; what is cut says how long it is.
        data = json.dumps(rec.dump("--values=json"))
        for total in ("1000000", "10485760", "100000", "50000", "500000"):
            self.assertIn(total, data)

    def test_cost(self):
        """A list of a million costs as much as one of a few thousand: what is not shown is not read."""
        program = harness.compile_rust("app", SIZED)
        costs = []
        for size in (20_000, 1_000_000):
            stats = self.path("stats%d" % size)
            rec = self.record(program, [str(size)], opts=QUIET + ["--stats=" + stats])
            with open(stats) as f:
                costs.append(json.load(f))
            values = {name: texts[0]["v"] for name, texts in self.args(rec).items()}
            self.assertEqual(sorted(values), ["boxes", "chain", "list", "map", "ring", "text", "tree"])
            for name, value in values.items():
                self.assertIn("…" if name not in ("chain", "ring") else "&<0x", value, name)
        small, large = costs
        self.assertEqual(large["events"], small["events"])
        for what in ("round_trips", "on_demand_reads", "bytes_received", "bytes_sent"):
            self.assertLess(large[what], small[what] * 2, "%s: %s, %s" % (what, small, large))

    def test_larger_limit(self):
        rec = self.record(harness.compile_rust("app", LARGE), opts=["--max-array-size=100000000"] + QUIET)
        args = self.args(rec)
        self.assertTrue(args["text"][0]["v"].startswith('"xyxy'))

    def test_invalid(self):
        """Memory that holds no value: every call is recorded, the program is not disturbed."""
        rec = self.record(harness.compile_rust("app", INVALID))
        self.assertEqual(rec.stdout_text, "done\n")
        args = self.args(rec)
        self.assertEqual(len(args["vec"]), 42)
        self.assertEqual(len(args["ch"]), 42)
        self.assertEqual(len(args["raw"]), 7)
        self.assertIn("p: 0x0, q: 0x0, c: Green", args["raw"][0]["v"])
        wide = "Pointer { addr: 0x10, metadata: 16 }" if harness.rustc_version() >= (1, 86) else "0x10"
        self.assertEqual(args["rawslice"][2]["v"], wide)

    def test_lookalikes(self):
        rec = self.record(harness.compile_rust("app", LOOKALIKES))
        call = self.main_tree(rec).children[0]
        self.assertEqual([a[1] for a in call.args], rec.stdout_text.rstrip("\n").split("\n"))
        rec = self.record(harness.compile_rust("app", LOOKALIKE_USER, deps={"hashbrown": LOOKALIKE_CRATE}), opts=["-N", "*::fmt"])
        call = self.main_tree(rec).children[0]
        self.assertEqual([a[1] for a in call.args], rec.stdout_text.rstrip("\n").split("\n"))


if __name__ == "__main__":
    unittest.main()
