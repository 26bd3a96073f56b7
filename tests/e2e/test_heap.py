# SPDX-License-Identifier: MIT OR Apache-2.0
"""Heap allocations: the stream against what the program itself counts, and `fdbg heap`.

E2E_OLD_RUSTC names an older compiler (1.63) to test with as well.
"""

import collections
import json
import os
import re
import shutil
import subprocess
import unittest
import xml.etree.ElementTree

import harness
from harness import E2ETest

# Each object is counted where it is made, by what Rust says of it: its kind, its own size, what a block around it adds.
KINDS = """
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;

struct Small(u32);
struct Node { value: u64, next: Option<Box<Node>> }
#[repr(align(32))]
struct Wide([u8; 40]);
trait Shape { fn area(&self) -> f64; }
struct Square(f64);
impl Shape for Square { fn area(&self) -> f64 { self.0 * self.0 } }

static COUNTS: [AtomicUsize; 12] = [const { AtomicUsize::new(0) }; 12];
static BYTES: [AtomicUsize; 12] = [const { AtomicUsize::new(0) }; 12];
static HELD: AtomicUsize = AtomicUsize::new(0);

fn counted(kind: usize, size: usize) {
    COUNTS[kind].fetch_add(1, SeqCst);
    BYTES[kind].fetch_add(size, SeqCst);
}

// Two counts of a word each in front, rounded up to the alignment of the whole.
fn shared<T: ?Sized>(value: &T) -> usize {
    let align = std::mem::align_of_val(value).max(8);
    let start = 16usize.next_multiple_of(std::mem::align_of_val(value));
    (start + std::mem::size_of_val(value)).next_multiple_of(align)
}

fn make(i: usize) {
    let n = i % 5 + 1;
    match i % 12 {
        0 => { let b = Box::new(Small(i as u32)); counted(0, std::mem::size_of_val(&*b)); HELD.fetch_add(b.0 as usize, SeqCst); }
        1 => {
            let b = Box::new(Node { value: i as u64, next: None });
            counted(1, std::mem::size_of_val(&*b));
            HELD.fetch_add(b.value as usize + b.next.is_some() as usize, SeqCst);
        }
        2 => { let b = Box::new([i as u64; 4]); counted(2, std::mem::size_of_val(&*b)); HELD.fetch_add(b[1] as usize, SeqCst); }
        3 => {
            let mut v = Vec::with_capacity(n);
            for k in 0..n { v.push(k as u16); }
            let b: Box<[u16]> = v.into_boxed_slice();
            counted(3, std::mem::size_of_val(&*b));
            HELD.fetch_add(b.len(), SeqCst);
        }
        4 => { let b: Box<str> = "abcdef"[..n].into(); counted(4, b.len()); HELD.fetch_add(b.len(), SeqCst); }
        5 => {
            let b: Box<dyn Shape> = Box::new(Square(i as f64));
            counted(5, std::mem::size_of_val(&*b));
            HELD.fetch_add(b.area() as usize, SeqCst);
        }
        6 => { let r = Rc::new(Small(i as u32)); let s = r.clone(); counted(6, shared(&*r)); HELD.fetch_add(s.0 as usize, SeqCst); }
        7 => { let r: Rc<str> = "abcdef"[..n].into(); counted(7, shared(&*r)); HELD.fetch_add(r.len(), SeqCst); }
        8 => {
            let v: Vec<u32> = (0..n as u32).collect();
            let r: Rc<[u32]> = Rc::from(&v[..]);
            counted(8, shared(&*r));
            HELD.fetch_add(r.len(), SeqCst);
        }
        9 => { let a = Arc::new(Wide([i as u8; 40])); counted(9, shared(&*a)); HELD.fetch_add(a.0[3] as usize, SeqCst); }
        10 => { let a: Arc<str> = "abcdef"[..n].into(); counted(10, shared(&*a)); HELD.fetch_add(a.len(), SeqCst); }
        _ => { let a: Arc<dyn Shape> = Arc::new(Square(i as f64)); counted(11, shared(&*a)); HELD.fetch_add(a.area() as usize, SeqCst); }
    }
}

fn main() {
    let each: usize = std::env::args().nth(1).unwrap().parse().unwrap();
    let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(move || (0..each).for_each(make))).collect();
    for thread in threads {
        thread.join().unwrap();
    }
    for kind in 0..12 {
        println!("{} {}", COUNTS[kind].load(SeqCst), BYTES[kind].load(SeqCst));
    }
    eprintln!("{}", HELD.load(SeqCst));
}
"""

# In the order of KINDS: (kind, type_name as fdbg says it, old compilers' name of the counted block is replaced below)
EXPECTED = [
    ("Box", "app::Small"), ("Box", "app::Node"), ("Box", "[u64; 4]"), ("Box", "[u16]"), ("Box", "str"), ("Box", "app::Square"),
    ("Rc", "alloc::rc::RcInner<app::Small>"), ("Rc", "alloc::rc::RcInner<str>"), ("Rc", "alloc::rc::RcInner<[u32]>"),
    ("Arc", "alloc::sync::ArcInner<app::Wide>"), ("Arc", "alloc::sync::ArcInner<str>"), ("Arc", "alloc::sync::ArcInner<app::Square>"),
]

LEAK = """
struct Node { value: u64, next: Option<Box<Node>> }

// What is done with an address keeps the optimizer from doing without the allocation.
static SEEN: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
fn see<T>(at: *const T) { SEEN.fetch_add(at as usize, std::sync::atomic::Ordering::SeqCst); }

fn lose(n: u64) {
    for value in 0..n {
        let node = Box::new(Node { value, next: None });   // HERE
        see(&*node);
        std::mem::forget(node);
    }
}

fn chain(n: u64) -> Option<Box<Node>> {
    if n == 0 { return None; }
    Some(Box::new(Node { value: n, next: chain(n - 1) }))
}

fn main() {
    lose(17);
    let mut sum = 0;
    let list = chain(40);
    let mut at = &list;
    while let Some(node) = at { sum += node.value; at = &node.next; }
    drop(list);
    println!("{}", sum);
}
"""

# An allocator that counts, and a program that says its counts with nothing allocated or released behind them.
COUNTING = """
use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt::Write;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

static N: [AtomicUsize; 3] = [const { AtomicUsize::new(0) }; 3];
static BYTES: [AtomicUsize; 3] = [const { AtomicUsize::new(0) }; 3];

struct Counting;
fn add(what: usize, bytes: usize) { N[what].fetch_add(1, SeqCst); BYTES[what].fetch_add(bytes, SeqCst); }
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, l: Layout) -> *mut u8 { add(0, l.size()); System.alloc(l) }
    unsafe fn alloc_zeroed(&self, l: Layout) -> *mut u8 { add(0, l.size()); System.alloc_zeroed(l) }
    unsafe fn dealloc(&self, p: *mut u8, l: Layout) { add(1, l.size()); System.dealloc(p, l) }
    unsafe fn realloc(&self, p: *mut u8, l: Layout, n: usize) -> *mut u8 { add(2, n); System.realloc(p, l, n) }
}
#[global_allocator]
static GLOBAL: Counting = Counting;

// What is done with an address keeps the optimizer from doing without the allocation.
static SEEN: AtomicUsize = AtomicUsize::new(0);
fn see<T>(at: *const T) { SEEN.fetch_add(at as usize, SeqCst); }

struct Line { bytes: [u8; 256], len: usize }
impl Write for Line {
    fn write_str(&mut self, s: &str) -> std::fmt::Result {
        self.bytes[self.len..self.len + s.len()].copy_from_slice(s.as_bytes());
        self.len += s.len();
        Ok(())
    }
}
extern "C" { fn write(fd: i32, data: *const u8, len: usize) -> isize; fn _exit(status: i32) -> !; }

fn texts(n: usize) -> usize { (0..n).map(|i| format!("{}", "x".repeat(i)).len()).sum() }
fn lists(n: usize) -> usize { let mut v = Vec::new(); for i in 0..n { v.push(i as u32); } let z = vec![0u64; n]; see(v.as_ptr()); see(z.as_ptr()); v.len() + z.len() }
fn maps(n: usize) -> usize {
    let mut h = HashMap::new(); let mut b = BTreeMap::new(); let mut q = VecDeque::new();
    for i in 0..n { h.insert(i, i.to_string()); b.insert(i, Box::new(i)); q.push_back(i as u8); }
    h.len() + b.len() + q.len()
}
fn main() {
    let other = std::thread::spawn(|| lists(30) + texts(10));
    let sum = texts(20) + lists(50) + maps(40) + other.join().unwrap();
    let lost = vec![1u8; 123];
    see(lost.as_ptr());
    std::mem::forget(lost);
    let mut line = Line { bytes: [0; 256], len: 0 };
    let load = |c: &[AtomicUsize; 3], i: usize| c[i].load(SeqCst);
    write!(line, "{} {} {} {} {} {} {}\\n", load(&N, 0), load(&BYTES, 0), load(&N, 1), load(&BYTES, 1), load(&N, 2), load(&BYTES, 2),
           sum).unwrap();
    unsafe { write(1, line.bytes.as_ptr(), line.len); _exit(0) }
}
"""

CONTAINERS = """
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
fn vec_with() -> usize { let v: Vec<u32> = Vec::with_capacity(3); v.capacity() }
fn vec_grown() -> usize { let mut v = Vec::new(); for i in 0..9u16 { v.push(i); } v.len() }
fn vec_macro() -> i64 { let v = vec![1i64, 2, 3]; v[1] }
fn string() -> usize { let mut s = String::from("abc"); s.push_str("defghijklmnop"); s.len() }
fn hash_map() -> usize { let mut m = HashMap::new(); m.insert(1u8, 2u64); m.len() }
fn hash_set() -> usize { let mut m = HashSet::new(); m.insert(1u16); m.len() }
fn btree_map() -> usize { let mut m = BTreeMap::new(); m.insert(1u8, 2i64); m.len() }
fn btree_set() -> usize { let mut m = BTreeSet::new(); m.insert(7i32); m.len() }
fn deque() -> usize { let mut q = VecDeque::new(); q.push_back(1u8); q.len() }
fn heap() -> usize { let mut h = BinaryHeap::new(); h.push(1i16); h.len() }
fn list() -> usize { let mut l = LinkedList::new(); l.push_back(5i8); l.len() }
fn inner() -> usize { let v = vec![String::from("ab")]; let w = v.clone(); w.len() }
fn main() {
    let sum = vec_with() + vec_grown() + vec_macro() as usize + string() + hash_map() + hash_set() + btree_map() + btree_set() +
        deque() + heap() + list() + inner();
    println!("{}", sum);
}
"""

PLAIN = """
fn texts(n: usize) -> usize { let mut t = 0; for i in 0..n { t += format!("{}-{}", i, n).len(); } t }
fn main() { let v: Vec<Vec<u8>> = (0..500).map(|i| vec![1; i]).collect(); println!("{}", texts(500) + v.len()); }
"""


def allocations(rec):
    return rec.dump("--stream=allocation")

CALLED_BY_REGISTER = """
#[derive(Clone, Debug)] pub struct Wide(pub u64, pub u64, pub u64);
pub fn make(n: u64) -> Box<[Wide]> { vec![Wide(n, n, n); 3].into_boxed_slice() }
pub fn first<T: Clone>(items: &[T]) -> T { items[0].clone() }
pub fn one() -> Wide { first(&make(1)) }
"""

CALLS_BY_REGISTER = """
use one::Wide;
fn build(n: u64) -> (Wide, Box<[Wide]>, Wide) {
    let a = one::first(&[Wide(1, n, 3)]);
    let v = vec![Wide(n, 2, 3); 4];
    let b = v.into_boxed_slice();
    let c = one::first(&b);
    match n % 7 { 0 => (a, b, c), 1 => (c, b, a), 2 => (a.clone(), b, a), 3 => (c.clone(), b, c),
                  _ => { let d = one::first(&b); (d, b, a) } }
}
fn main() { for n in 0..20 { println!("{:?}", build(n)); } println!("{:?}", one::one()); }
"""


# A stack of the program's own, with nothing mapped above: what is on it is near its end.
SHORT_STACK = """
use std::ffi::c_void;

extern "C" {
    fn mmap(at: *mut c_void, len: usize, prot: i32, flags: i32, fd: i32, offset: i64) -> *mut u8;
    fn munmap(at: *mut u8, len: usize) -> i32;
}
const SIZE: usize = 0x40000;

#[inline(never)]
fn keep(size: usize) -> usize {
    let bytes = Vec::<u8>::with_capacity(size);
    std::mem::ManuallyDrop::new(bytes).as_ptr() as usize
}
extern "C" fn run(size: usize) -> usize { keep(size) & 1 }

#[cfg(target_arch = "x86_64")]
unsafe fn run_on(top: *mut u8, size: usize) {
    std::arch::asm!("mov r12, rsp", "mov rsp, {}", "call {}", "mov rsp, r12", in(reg) top, in(reg) run,
                    in("rdi") size, out("r12") _, clobber_abi("C"));
}
#[cfg(target_arch = "aarch64")]
unsafe fn run_on(top: *mut u8, size: usize) {
    std::arch::asm!("mov x20, sp", "mov sp, {}", "blr {}", "mov sp, x20", in(reg) top, in(reg) run,
                    in("x0") size, out("x20") _, clobber_abi("C"));
}

fn main() {
    unsafe {
        let stack = mmap(std::ptr::null_mut(), SIZE + 0x10000, 3, 0x22, -1, 0);
        assert_eq!(munmap(stack.add(SIZE), 0x10000), 0);
        for i in 0..24 {
            run_on(stack.add(SIZE - i * 256), 1000 + i);
        }
    }
}
"""


class HeapTest(E2ETest):
    flags = []
    compiler = None

    def compile(self, source, flags=(), crate="app"):
        return harness.compile_rust(crate, source, flags=list(self.flags) + list(flags), compiler=self.compiler)

    def version(self):
        if not self.compiler:
            return harness.rustc_version()
        return harness.rustc_version(subprocess.run([self.compiler, "-vV"], stdout=subprocess.PIPE, check=True).stdout.decode())

    def heap(self, rec):
        done = harness.fdbg("heap", "--json", rec.file)
        self.assertEqual(done.status, 0, str(done))
        return json.loads(done.stdout_text)

    def check_pairs(self, messages):
        """Every release is that of a live block, with the same type and size; {address: allocation} of what stays."""
        live = {}
        for m in messages:
            if m["action"] == "Alloc":
                self.assertNotIn(m["address"], live, "given out twice: %s" % m)
                live[m["address"]] = m
            elif m["address"] in live:
                was = live.pop(m["address"])
                self.assertEqual((m["type_name"], m.get("size")), (was["type_name"], was.get("size")))
        return live

    # ---- typed

    def check_kinds(self, rec, out, names=EXPECTED):
        counts = [tuple(int(n) for n in line.split()) for line in out.split("\n") if line]
        self.assertEqual(len(counts), 12)
        found = collections.defaultdict(lambda: [0, 0])
        released = collections.Counter()
        threads = set()
        for m in allocations(rec):
            key = (m.get("kind"), m["type_name"])
            if m["action"] == "Drop":
                released[key] += 1
                continue
            found[key][0] += 1
            found[key][1] += m["size"]
            if key in names:
                threads.add(m["thread_id"])
                self.assertTrue(m["frame_id"] > 0, str(m))
        for key, count in zip(names, counts):
            self.assertEqual(tuple(found[key]), count, "%s: recorded (count, bytes), the program's own" % (key,))
            self.assertEqual(released[key], count[0], "releases of %s" % (key,))
        self.assertEqual(len(threads), 4)
        self.check_pairs(allocations(rec))

    def names(self):
        old = self.version() < (1, 84)
        return [(kind, name.replace("RcInner", "RcBox") if old else name) for kind, name in EXPECTED]

    def test_twelve_kinds_on_four_threads(self):
        source = KINDS
        if self.version() < (1, 79):
            source = source.replace("[const { AtomicUsize::new(0) }; 12]", "[%s]" % ", ".join(["AtomicUsize::new(0)"] * 12)) \
                .replace("16usize.next_multiple_of(std::mem::align_of_val(value))", "(15 + std::mem::align_of_val(value)) / "
                         "std::mem::align_of_val(value) * std::mem::align_of_val(value)") \
                .replace("(start + std::mem::size_of_val(value)).next_multiple_of(align)",
                         "(start + std::mem::size_of_val(value) + align - 1) / align * align") \
                .replace("(15 + std::mem::align_of_val(value))", "(16 + std::mem::align_of_val(value) - 1)")
        rec = self.record(self.compile(source), ["2500"], ["-F", "app::main", "-F", "*make*"], timeout=120 * harness.SLOWNESS)
        self.check_kinds(rec, rec.stdout_text, self.names())
        self.assertEqual(sum(int(line.split()[0]) for line in rec.stdout_text.split("\n") if line), 10000)

    def check_leak(self, rec):
        line = LEAK[:LEAK.index("HERE")].count("\n") + 1
        report = self.heap(rec)
        lost = [u for u in report["unreleased"] if "Node" in u["type"]]
        self.assertEqual(len(lost), 1, str(report["unreleased"]))
        self.assertEqual((lost[0]["type"], lost[0]["blocks"], lost[0]["bytes"], lost[0]["function"], lost[0]["line"]),
                         ("Box<app::Node>", 17, 17 * 16, "app::lose", line))
        self.assertTrue(lost[0]["file"].endswith("app.rs"), str(lost))
        text = harness.fdbg("heap", rec.file).stdout_text
        self.assertRegex(text, r"never released\n +blocks +bytes\n(.*\n)* +17 +272  Box<app::Node> in app::lose, \S*app.rs:%d\n" % line)
        nodes = [t for t in report["types"] if t["type"] == "Box<app::Node>"][0]
        self.assertEqual((nodes["allocations"], nodes["allocated_bytes"], nodes["live_blocks"]), (57, 57 * 16, 17))
        self.assertEqual(nodes["peak_blocks"], 57)
        return report

    def test_leak(self):
        rec = self.record(self.compile(LEAK))
        report = self.check_leak(rec)
        # Who held it at the peak: main > lose, and main > chain > chain > …
        main = [c for c in report["peak"]["children"] if c.get("function") == "app::main"][0]
        below = {c["function"]: c for c in main["children"] if "function" in c}
        self.assertEqual(below["app::lose"]["blocks"], 17)
        self.assertEqual(below["app::chain"]["blocks"], 40)
        depth, node = 0, below["app::chain"]
        while node:
            depth += 1
            node = next((c for c in node.get("children", []) if c.get("function") == "app::chain"), None)
        self.assertGreaterEqual(depth, 40)

    def test_leak_in_a_release_build(self):
        self.check_leak(self.record(self.compile(LEAK, ["-O"])))

    def test_release_build_kinds(self):
        """Optimized code: objects of fixed size are exact, and what is recorded of others is not of another type."""
        if self.version() < (1, 79):
            self.skipTest("the program needs a newer compiler")
        rec = self.record(self.compile(KINDS, ["-O"]), ["120"], timeout=120 * harness.SLOWNESS)
        counts = [tuple(int(n) for n in line.split()) for line in rec.stdout_text.split("\n") if line]
        found = collections.defaultdict(lambda: [0, 0])
        for m in allocations(rec):
            if m["action"] == "Alloc":
                found[(m.get("kind"), m["type_name"])][0] += 1
                found[(m.get("kind"), m["type_name"])][1] += m.get("size", 0)
        for key, count in zip(self.names(), counts):
            # The optimizer may have removed an allocation altogether: never more, never of another size.
            n, size = found[key]
            self.assertIn(n, (0, count[0]), "%s of %s" % (found[key], key))
            if n:
                self.assertEqual(size, count[1], str(key))
        self.assertGreaterEqual(sum(1 for key in self.names() if found[key][0]), 6, str(dict(found)))
        self.check_pairs(allocations(rec))

    def test_vec_and_string_cost_nothing(self):
        program = self.compile(PLAIN)
        stats = self.path("stats.json")
        self.record(program, opts=["--stats=" + stats])
        with open(stats) as f:
            stats = json.load(f)
        self.assertEqual(stats["allocation_hits"], 0, str(stats))
        self.assertGreater(stats["hits"], 0)

    def test_none_has_no_probes(self):
        stats = self.path("stats.json")
        rec = self.record(self.compile(LEAK), opts=["--allocations=none", "--stats=" + stats])
        with open(stats) as f:
            stats = json.load(f)
        self.assertEqual((stats["allocation_probes"], stats["allocation_hits"], stats["allocations"]), (0, 0, 0))
        self.assertEqual(allocations(rec), [])
        done = harness.fdbg("heap", rec.file)
        self.assertEqual(done.status, 1)
        self.assertIn("--allocations", self.one_line(done))

    def test_configuration_turns_it_off(self):
        rec = self.record(self.compile(LEAK), env={"FIREDBG_RUST_CONFIG": "DONT_TRACE_ALLOCATION"})
        self.assertEqual(allocations(rec), [])
        rec = self.record(self.compile(LEAK), opts=["--allocations=typed"], env={"FIREDBG_RUST_CONFIG": "DONT_TRACE_ALLOCATION"})
        self.assertTrue(allocations(rec))

    def test_events_are_the_same_with_and_without(self):
        program = self.compile(LEAK)

        def shapes(mode):
            rec = self.record(program, opts=["--allocations=" + mode], output=self.path(mode + ".firedbg.ss"))
            return [[t.shape()[0] for t in tops] + [len(list(t.walk())) for t in tops] for tops in self.trees(rec).values()]
        self.assertEqual(shapes("none"), shapes("typed"))
        self.assertEqual(shapes("none"), shapes("all"))

    def test_one_round_trip_a_hit(self):
        program = self.compile(LEAK)
        costs = {}
        for mode in ["none", "typed", "all"]:
            stats = self.path(mode + ".json")
            self.record(program, opts=["--allocations=" + mode, "--stats=" + stats, "-F", "app::main", "-N", "app::chain"])
            with open(stats) as f:
                costs[mode] = json.load(f)
        for mode in ["typed", "all"]:
            more_hits = costs[mode]["hits"] - costs["none"]["hits"]
            self.assertEqual(more_hits, costs[mode]["allocation_hits"])
            # One each, and a few to put the probes in.
            self.assertLess(costs[mode]["round_trips"] - costs["none"]["round_trips"], more_hits + 25, str(costs))

    def test_calls_through_registers(self):
        """Debug code that calls a generic function of another crate loads the address of each callee into the same register."""
        program = harness.compile_rust("app", CALLS_BY_REGISTER, flags=self.flags, deps={"one": CALLED_BY_REGISTER},
                                       compiler=self.compiler)
        stats = {}
        for mode in ["none", "typed"]:
            file = self.path(mode + ".json")
            rec = self.record(program, opts=["--allocations=" + mode, "--stats=" + file, "-p", "app"])
            with open(file) as f:
                stats[mode] = json.load(f)
        made = [m for m in allocations(rec) if m["action"] == "Alloc" and m["type_name"] == "[one::Wide]"]
        self.assertEqual(len(made), 21)
        self.check_pairs(allocations(rec))
        hits = stats["typed"]["allocation_hits"]
        self.assertEqual(stats["typed"]["hits"] - stats["none"]["hits"], hits)
        # The call, what it returns, and what the library does on the way; not every call of the function.
        self.assertLessEqual(hits, 6 * len(made))

    # ---- all

    def check_counting(self, rec, out):
        n_alloc, alloc, n_dealloc, dealloc, n_realloc, realloc, _ = (int(n) for n in out.split())
        messages = allocations(rec)
        made = [m for m in messages if m["action"] == "Alloc" and "old_address" not in m]
        moved = [m for m in messages if m["action"] == "Alloc" and "old_address" in m]
        gone = [m for m in messages if m["action"] == "Drop"]
        self.assertEqual((len(made), sum(m["size"] for m in made)), (n_alloc, alloc))
        self.assertEqual((len(moved), sum(m["size"] for m in moved)), (n_realloc, realloc))
        # A move gives up what was there before.
        self.assertEqual(len(gone), n_dealloc + n_realloc)
        live = self.check_pairs(messages)
        self.assertEqual(sum(m["size"] for m in messages if m["action"] == "Alloc") - sum(m["size"] for m in gone),
                         sum(m["size"] for m in live.values()))
        report = self.heap(rec)
        self.assertEqual((report["allocations"], report["moves"], report["releases"], report["unseen_releases"]),
                         (n_alloc, n_realloc, n_dealloc, 0))
        self.assertEqual(report["live_bytes"], sum(m["size"] for m in live.values()))
        return live

    def counting(self):
        if self.version() < (1, 79):
            return COUNTING.replace("[const { AtomicUsize::new(0) }; 3]", "[%s]" % ", ".join(["AtomicUsize::new(0)"] * 3))
        return COUNTING

    def test_all_to_the_byte(self):
        rec = self.record(self.compile(self.counting()), opts=["--allocations=all"], timeout=120 * harness.SLOWNESS)
        live = self.check_counting(rec, rec.stdout_text)
        self.assertIn(123, [m["size"] for m in live.values()])
        self.assertTrue(all(m.get("align", 0) > 0 for m in live.values()))

    def test_all_to_the_byte_in_a_release_build(self):
        rec = self.record(self.compile(self.counting(), ["-O"]), opts=["--allocations=all"], timeout=120 * harness.SLOWNESS)
        live = self.check_counting(rec, rec.stdout_text)
        # The allocator is inlined; it is not who asked.
        self.assertEqual([m.get("function") for m in live.values() if m["size"] == 123], ["app::main"])
        self.assertFalse([m for m in allocations(rec) if "alloc" in m.get("function", "")])

    def check_short_stack(self, rec):
        kept = [(m["size"], m["type_name"], m.get("function")) for m in allocations(rec)
                if m["action"] == "Alloc" and 1000 <= m["size"] < 1024]
        self.assertEqual(kept, [(1000 + i, "alloc::vec::Vec<u8>", "app::keep") for i in range(24)])

    def test_near_the_end_of_the_stack(self):
        for flags in [], ["-O"]:
            self.check_short_stack(self.record(self.compile(SHORT_STACK, flags), opts=["--allocations=all"]))

    def test_custom_allocator_typed(self):
        rec = self.record(self.compile(self.counting()), opts=["--allocations=typed"], timeout=120 * harness.SLOWNESS)
        boxes = [m for m in allocations(rec) if m["action"] == "Alloc" and m["type_name"] == "usize"]
        self.assertEqual((len(boxes), {m["size"] for m in boxes}), (40, {8}))
        self.check_pairs(allocations(rec))

    def test_containers(self):
        rec = self.record(self.compile(CONTAINERS), opts=["--allocations=all"])
        found = collections.defaultdict(list)
        for m in allocations(rec):
            if m["action"] == "Alloc":
                found[m.get("function", "?").split("::")[-1]].append(m["type_name"])
        expected = {
            "vec_with": {"alloc::vec::Vec<u32>"}, "vec_grown": {"alloc::vec::Vec<u16>"}, "string": {"alloc::string::String"},
            "hash_map": {"std::collections::hash::map::HashMap<u8, u64>"},
            "hash_set": {"std::collections::hash::set::HashSet<u16>"},
            "btree_map": {"alloc::collections::btree::map::BTreeMap<u8, i64>"},
            "btree_set": {"alloc::collections::btree::set::BTreeSet<i32>"},
            "deque": {"alloc::collections::vec_deque::VecDeque<u8>"},
            "heap": {"alloc::collections::binary_heap::BinaryHeap<i16>"},
            "list": {"alloc::collections::linked_list::LinkedList<i8>"},
            "vec_macro": {"alloc::vec::Vec<i64>"},
            "inner": {"alloc::vec::Vec<alloc::string::String>", "alloc::string::String"},
        }
        if self.version() < (1, 80):
            # There `vec![…]` boxes an array in the program's own function, which does not say what for.
            expected["vec_macro"] = {"?"}
            expected["inner"].add("?")
        for function, types in expected.items():
            self.assertEqual(set(found[function]), types, function)

    def test_limits_do_not_stop_the_heap(self):
        """--trace=none still sees the heap; the function is that of the debug information."""
        rec = self.record(self.compile(LEAK), opts=["--trace=none", "-F", "*"])
        self.assertEqual(len([m for m in allocations(rec) if m["action"] == "Alloc" and m.get("function") == "app::lose"]), 17)

    def test_pointers_know_their_elements(self):
        rec = self.record(self.compile("""
            use std::ptr::NonNull;
            fn look(p: *const u32) -> u32 { unsafe { *p } }
            fn peer(p: NonNull<u32>) -> u32 { unsafe { *p.as_ptr() } }
            fn other(p: *const u32) -> u32 { unsafe { *p } }
            fn main() {
                let mut v = Vec::with_capacity(5);
                for i in 0..5 { v.push(i * 7u32); }
                let b: Box<[u32]> = v.into_boxed_slice();
                let raw = Box::into_raw(b) as *mut u32;
                let sum = look(raw) + peer(NonNull::new(raw).unwrap());
                let local = 3u32;
                println!("{}", sum + other(&local));
            }"""))
        arguments = {e["function"].split("::")[-1]: e["args"] for e in rec.dump("--values=json") if e["event"] == "call"}
        self.assertEqual(arguments["look"][0][1].get("elements"), 5, str(arguments))
        self.assertIn('"elements": 5', json.dumps(arguments["peer"]))
        self.assertNotIn("elements", json.dumps(arguments["other"]))

    def test_default_is_bounded(self):
        """Much that is boxed does not slow a program for ever; what was not recorded is no leak."""
        program = self.compile("""
            fn end(n: usize) -> usize { n }
            fn main() {
                let kept: Vec<Box<usize>> = (0..33_000).map(Box::new).collect();
                println!("{}", end(kept.len()));
            }""")
        rec = self.record(program, opts=["-N", "*{closure*"], timeout=120 * harness.SLOWNESS)
        self.assertEqual(rec.stdout_text, "33000\n")
        messages = allocations(rec)
        self.assertEqual(len(messages), 32768)
        self.assertEqual([i for i, m in enumerate(messages) if m.get("last")], [32767])
        self.assertIn("end", self.counts(rec))
        self.assertIn("--allocations=typed", rec.stderr_text)
        self.assertIs(self.heap(rec)["complete"], False)
        self.assertNotIn("never released", harness.fdbg("heap", rec.file).stdout_text)

    # ---- fdbg heap

    def test_svg(self):
        rec = self.record(self.compile(LEAK))
        svg = self.path("plot.svg")
        done = harness.fdbg("heap", "--svg=" + svg, rec.file)
        self.assertEqual(done.status, 0, str(done))
        root = xml.etree.ElementTree.parse(svg).getroot()
        path = root.find(".//{http://www.w3.org/2000/svg}path[@class='live']")
        self.assertIsNotNone(path)
        peak = self.heap(rec)["peak_bytes"]
        self.assertTrue(any("peak: %d bytes" % peak in (t.text or "") for t in root.iter("{http://www.w3.org/2000/svg}text")))
        ys = [float(n) for n in re.findall(r"L[\d.]+ ([\d.]+)", path.get("d"))]
        self.assertGreater(max(ys) - min(ys), 50)
        done = harness.fdbg("heap", "--svg=/proc/there/is/none.svg", rec.file)
        self.assertEqual(done.status, 1)

    def test_cut_recording(self):
        rec = self.record(self.compile(LEAK))
        with open(rec.file, "rb") as f:
            data = f.read()
        for share in (0.3, 0.6, 0.9):
            cut = self.path("cut.firedbg.ss")
            with open(cut, "wb") as f:
                f.write(data[:int(len(data) * share)])
            done = harness.fdbg("heap", "--json", cut)
            self.assertEqual(done.status, 0, str(done))
            json.loads(done.stdout_text)


class OtherRustcHeapTest(HeapTest):
    """The same with another compiler's standard library."""
    compiler = "/usr/bin/rustc"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not os.access(cls.compiler, os.X_OK):
            raise unittest.SkipTest("there is no %s" % cls.compiler)
        there = subprocess.run([cls.compiler, "-vV"], stdout=subprocess.PIPE, check=True).stdout.decode()
        if there == harness.rustc_identity():
            raise unittest.SkipTest("%s is the compiler that is tested anyway" % cls.compiler)


class OldRustcHeapTest(HeapTest):
    """1.63: exchange_malloc, box_free, RcBox, legacy mangling."""
    compiler = os.environ.get("E2E_OLD_RUSTC")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not cls.compiler:
            raise unittest.SkipTest("E2E_OLD_RUSTC names no older compiler")


class ArmHeapTest(HeapTest):
    """aarch64 under qemu-user, which takes programs with one thread."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not shutil.which("qemu-aarch64"):
            raise unittest.SkipTest("there is no qemu-aarch64 (Debian: qemu-user)")
        harness.arm_compiler()

    def compile(self, source, flags=(), crate="app"):
        rustc, arm, _ = harness.arm_compiler()
        return harness.compile_rust(crate, source, flags=arm + list(flags), compiler=rustc)

    def version(self):
        return harness.rustc_version(harness.arm_compiler()[2])

    def remote(self, program, opts=("--allocations=typed",)):
        address = self.path("stub")
        server = harness.start_server(self, ["qemu-aarch64", "-g", address, program])
        file = self.path("rec.firedbg.ss")
        done = harness.fdbg("record", "-q", "-o", file, "--remote=unix:" + address, *list(opts) + [program],
                            cwd=self.dir, timeout=120 * harness.SLOWNESS)
        self.assertEqual(done.status, 0, str(done))
        rec = harness.Recording(file, done)
        self.check_file(rec)
        return rec, server.output().decode()


def only(test, names):
    """Of a derived class only these tests are run."""
    for name in dir(test):
        if name.startswith("test_") and name not in names:
            setattr(test, name, None)


def arm_leak(self):
    rec, _ = self.remote(self.compile(LEAK))
    self.check_leak(rec)


def arm_kinds(self):
    source = KINDS.replace("let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(move || (0..each).for_each(make))).collect();",
                           "(0..each).for_each(make);") \
        .replace("for thread in threads {\n        thread.join().unwrap();\n    }", "") \
        .replace("std::env::args().nth(1).unwrap().parse().unwrap()", "360")
    rec, out = self.remote(self.compile(source), ["--allocations=typed", "-F", "app::main", "-F", "*make*"])
    counts = [tuple(int(n) for n in line.split()) for line in out.split("\n")[:12]]
    found = collections.defaultdict(lambda: [0, 0])
    for m in allocations(rec):
        if m["action"] == "Alloc":
            found[(m.get("kind"), m["type_name"])][0] += 1
            found[(m.get("kind"), m["type_name"])][1] += m["size"]
    for key, count in zip(self.names(), counts):
        self.assertEqual(tuple(found[key]), count, str(key))
    self.check_pairs(allocations(rec))


def arm_all(self):
    source = COUNTING.replace("let other = std::thread::spawn(|| lists(30) + texts(10));", "let other = lists(30) + texts(10);") \
        .replace("other.join().unwrap()", "other")
    rec, out = self.remote(self.compile(source), ["--allocations=all"])
    self.check_counting(rec, out)


def arm_short_stack(self):
    for flags in [], ["-O"]:
        self.check_short_stack(self.remote(self.compile(SHORT_STACK, flags), ["--allocations=all"])[0])


only(ArmHeapTest, [])
ArmHeapTest.test_arm_near_the_end_of_the_stack = arm_short_stack
ArmHeapTest.test_arm_leak = arm_leak
ArmHeapTest.test_arm_kinds = arm_kinds
ArmHeapTest.test_arm_all = arm_all
only(OtherRustcHeapTest, ["test_twelve_kinds_on_four_threads", "test_leak", "test_leak_in_a_release_build", "test_release_build_kinds",
                          "test_all_to_the_byte", "test_all_to_the_byte_in_a_release_build", "test_containers"])


if __name__ == "__main__":
    harness.main()
