# SPDX-License-Identifier: MIT OR Apache-2.0
"""Values without a {:?} of their own: closures, coroutines, unions, functions; trait objects that std made."""

import unittest

import harness
from harness import E2ETest

CODE = r"""
use std::future::Future; use std::pin::Pin; use std::task::*;
#[derive(Clone, Copy)] union U { a: u32, b: [u8; 4], c: f32 }
#[inline(never)] fn un(u: U) -> U { u }
#[inline(never)] fn call<F: Fn(u32) -> u32>(f: F) -> u32 { f(1) }
#[inline(never)] fn make(k: u32, s: String) -> impl Fn(u32) -> u32 { move |x| x + k + s.len() as u32 }
#[inline(never)] fn boxed(f: Box<dyn Fn(u32) -> u32>) -> u32 { f(2) }
#[inline(never)] fn item(f: fn(u32) -> u32) -> u32 { f(2) }
fn double(x: u32) -> u32 { x * 2 }
async fn inner(n: u32) -> u32 { Yield(false).await; n + 1 }
async fn outer(name: String, v: Vec<u8>) -> usize { let k = inner(v.len() as u32).await; let t = name.len(); Yield(false).await; t + k as usize }
struct Yield(bool);
impl Future for Yield { type Output = (); fn poll(mut self: Pin<&mut Self>, _: &mut Context) -> Poll<()> { if self.0 { Poll::Ready(()) } else { self.0 = true; Poll::Pending } } }
#[inline(never)] fn look<F>(f: &F) -> u8 { 1 }
#[inline(never)] fn own<F>(f: F) -> F { f }
fn main() {
    un(U { a: 0x3f800000 });
    let (p, q) = (3u32, String::from("x"));
    call(|x| x + p + q.len() as u32);
    call(double);
    call(|x| x);
    let m = make(7, "abc".into());
    call(&m);
    boxed(Box::new(m));
    boxed(Box::new(double));
    item(double);
    let mut f = Box::pin(outer("nm".into(), vec![1, 2]));
    look(&*f);
    let w = Waker::noop(); let mut cx = Context::from_waker(&w);
    loop { let r = f.as_mut().poll(&mut cx); look(&*f); if r.is_ready() { break; } }
    let b = async { p + 1 };
    own(b);
}
"""

OBJECTS = r"""
use std::error::Error;
#[inline(never)] fn a(e: Box<dyn Error>) -> Box<dyn Error> { println!("{:?}", e); e }
#[inline(never)] fn b(e: Box<dyn Error + Send + Sync>) -> String { format!("{:?}", e) }
#[inline(never)] fn c(e: Box<dyn std::any::Any + Send>) -> String { format!("{:?}", e) }
fn main() {
    a("boom".into());
    a(String::from("owned").into());
    b("both".into());
    std::panic::set_hook(Box::new(|_| {}));
    println!("{}", c(std::panic::catch_unwind(|| { panic!("static") }).unwrap_err()));
    println!("{}", c(std::panic::catch_unwind(|| { panic!("made {}", 1) }).unwrap_err()));
    let e = std::io::Error::new(std::io::ErrorKind::Other, "custom");
    println!("{}", b(e.into()));
    println!("{}", b("x".parse::<u8>().unwrap_err().into()));
}
"""


class CodeTest(E2ETest):
    def calls(self, source, **options):
        """[(function, [texts of arguments], text of the result)] in order"""
        rec = self.record(harness.compile_rust("app", source), **options)
        return [(c.short(), [a[1] for a in c.args], c.value) for c in self.main_tree(rec).walk()], rec

    def first(self, calls, name):
        return [c for c in calls if c[0].startswith(name)]

    def setUp(self):
        super().setUp()
        if harness.rustc_version() < (1, 85):
            self.skipTest("the programs need a newer compiler")

    def test_code(self):
        calls, rec = self.calls(CODE)
        value = "U { a: 1065353216, b: [0, 0, 128, 63], c: 1.0 }"
        self.assertEqual(self.first(calls, "un"), [("un", [value], value)])
        # Captured by reference and by value; nothing captured.
        call = self.first(calls, "call::<")
        self.assertEqual(call[0][1:], (['{closure_env#0} { _ref__p: 3, _ref__q: "x" }'], "5"))
        self.assertEqual(call[2][1:], (["{closure_env#1}"], "1"))
        self.assertEqual(call[3][1:], (['{closure_env#0} { k: 7, s: "abc" }'], "11"))
        self.assertEqual(self.first(calls, "make")[0], ("make", ["7", '"abc"'], '{closure_env#0} { k: 7, s: "abc" }'))
        self.assertEqual(self.first(calls, "boxed")[0][1:], (['{closure_env#0} { k: 7, s: "abc" }'], "12"))
        # A function item has no bytes: what lies there must not be shown as a function's address.
        self.assertEqual(call[1][1:], ([None], "2"))
        # A function pointer: {:?} has the address, the structured form also the name.
        item = self.first(calls, "item")[0]
        self.assertRegex(item[1][0], "^0x[0-9a-f]+$")
        event = [e for e in rec.dump("--values=json") if e["event"] == "call" and e["function"] == "app::item"][0]
        self.assertEqual(event["args"][0][1]["value"]["value"], "app::double")

    def test_coroutine(self):
        calls, _ = self.calls(CODE)
        looks = [c[1][0] for c in self.first(calls, "look")]
        self.assertEqual(looks, [
            'Unresumed { name: "nm", v: [1, 2] }',
            'Suspend0 { name: "nm", v: [1, 2], __awaitee: Suspend0 { n: 2, __awaitee: Yield(true) } }',
            'Suspend1 { name: "nm", v: [1, 2], k: 3, t: 2, __awaitee: Yield(true) }',
            "Returned"])
        self.assertEqual(self.first(calls, "own")[0][1:], (["Unresumed { _ref__p: 3 }"], "Unresumed { _ref__p: 3 }"))

    def test_objects_of_the_library(self):
        calls, rec = self.calls(OBJECTS, opts=["-N", "*{closure*"])
        printed = rec.stdout_text.rstrip("\n").split("\n")
        texts = [c[1][0] for c in calls if c[0] in "abc"]
        self.assertEqual(len(texts), 7)
        self.assertEqual(texts[:2], printed[:2])
        self.assertEqual(texts[2], '"both"')
        self.assertEqual(texts[3:], printed[2:])
        # Any prints nothing of what it holds; the structured form does.
        events = [e for e in rec.dump("--values=json") if e["event"] == "call" and e["function"] == "app::c"]
        self.assertEqual([e["args"][0][1]["fields"]["pointer"]["value"]["value"] for e in events], ["static", "made 1"])


if __name__ == "__main__":
    unittest.main()
