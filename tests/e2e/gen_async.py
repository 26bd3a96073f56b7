# SPDX-License-Identifier: MIT OR Apache-2.0
"""Async programs that say themselves what is polled.

generate(seed, …) gives the source of a program in std only, with an executor of its own. Every coroutine of it is polled
through a wrapper, which writes the name of the async function, the coroutine's address, and its state, before the poll and
behind it, then with the result. The state is what the function itself says: before each await it notes the line. The
coroutine is the wrapper's own field, so its address is known.

parse_output() reads these lines, recorded() makes the same of a recording: for each thread a list of

    ("enter", name, address, line)      ("exit", name, address, line, result)

line: of the await at which the function waits, "start", "end", or "?" where nothing says it.
"""

import random

# The bodies of async functions and blocks, not the closures in them.
ONLY_POLLS = ["-F", "*{async_*", "-N", "*{closure#[0-9]}", "-N", "*{closure#[0-9][0-9]}"]

HEAD = r"""
#![allow(unused, dead_code)]
use std::collections::VecDeque;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{mpsc, Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

extern "C" { fn gettid() -> i32; }

const START: u32 = 0;
const END: u32 = u32::MAX;

/// Where a coroutine is, by what it says itself.
#[derive(Clone)]
struct At(Arc<AtomicU32>);
impl At {
    fn new() -> At { At(Arc::new(AtomicU32::new(START))) }
    fn line(&self, line: u32) { self.0.store(line, Ordering::SeqCst); }
    fn text(&self) -> String {
        match self.0.load(Ordering::SeqCst) { START => "start".into(), END => "end".into(), n => n.to_string() }
    }
}

/// Writes what happens to the future that it polls.
struct Told<F> { name: &'static str, at: At, inner: F }
impl<F: Future> Future for Told<F> where F::Output: Debug {
    type Output = F::Output;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = unsafe { self.get_unchecked_mut() };
        let (tid, address) = unsafe { (gettid(), &this.inner as *const F as usize) };
        println!("E {} {:#x} {} {}", tid, address, this.at.text(), this.name);
        let result = unsafe { Pin::new_unchecked(&mut this.inner) }.poll(cx);
        if result.is_ready() { this.at.line(END); }
        println!("X {} {:#x} {} {} = {:?}", tid, address, this.at.text(), this.name, result);
        result
    }
}
fn told<F: Future>(name: &'static str, make: impl FnOnce(At) -> F) -> Told<F> {
    let at = At::new();
    Told { name, at: at.clone(), inner: make(at) }
}

/// Pending so many times.
struct Wait(u32);
impl Future for Wait {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 { return Poll::Ready(()); }
        self.0 -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Both, polled in turn.
struct Join<A: Future, B: Future>(Pin<Box<A>>, Option<A::Output>, Pin<Box<B>>, Option<B::Output>);
impl<A: Future, B: Future> Unpin for Join<A, B> {}
impl<A: Future, B: Future> Future for Join<A, B> {
    type Output = (A::Output, B::Output);
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.1.is_none() { if let Poll::Ready(v) = self.0.as_mut().poll(cx) { self.1 = Some(v); } }
        if self.3.is_none() { if let Poll::Ready(v) = self.2.as_mut().poll(cx) { self.3 = Some(v); } }
        if self.1.is_some() && self.3.is_some() {
            Poll::Ready((self.1.take().unwrap(), self.3.take().unwrap()))
        } else { Poll::Pending }
    }
}
fn join<A: Future, B: Future>(a: A, b: B) -> Join<A, B> { Join(Box::pin(a), None, Box::pin(b), None) }

/// The first that is ready; the other one is dropped where it is.
struct Select<A, B>(Pin<Box<A>>, Pin<Box<B>>);
impl<A, B> Unpin for Select<A, B> {}
impl<T, A: Future<Output = T>, B: Future<Output = T>> Future for Select<A, B> {
    type Output = T;
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        if let Poll::Ready(v) = self.0.as_mut().poll(cx) { return Poll::Ready(v); }
        self.1.as_mut().poll(cx)
    }
}
fn select<A, B>(a: A, b: B) -> Select<A, B> { Select(Box::pin(a), Box::pin(b)) }

/// A stream by hand: each item comes out of a coroutine of its own.
struct Items { left: u32, now: Option<Pin<Box<dyn Future<Output = u32> + Send>>> }
impl Items {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<u32>> {
        if self.now.is_none() {
            if self.left == 0 { return Poll::Ready(None); }
            let n = self.left;
            self.left -= 1;
            self.now = Some(Box::pin(told("app::item", move |at| item(at, n))));
        }
        match self.now.as_mut().unwrap().as_mut().poll(cx) {
            Poll::Ready(v) => { self.now = None; Poll::Ready(Some(v)) }
            Poll::Pending => Poll::Pending,
        }
    }
}
struct Next<'a>(&'a mut Items);
impl Future for Next<'_> {
    type Output = Option<u32>;
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<u32>> { self.0.poll_next(cx) }
}
async fn item(at: At, n: u32) -> u32 {
    at.line(line!()); Wait(n % 3).await;
    n * 7
}

#[derive(Debug, Clone, PartialEq)]
struct Point { x: i32, y: i32 }
#[derive(Debug, Clone)]
enum Shape { Dot, Circle(f64), Named { name: String, at: Point } }

struct Nobody;
impl Wake for Nobody { fn wake(self: Arc<Self>) {} }
fn run<F: Future>(future: F) -> F::Output {
    let mut future = Box::pin(future);
    let waker: Waker = Arc::new(Nobody).into();
    let mut cx = Context::from_waker(&waker);
    loop { if let Poll::Ready(v) = future.as_mut().poll(&mut cx) { return v; } }
}

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;
/// Polls each task once on every thread in turn, until all are done.
fn run_around(tasks: Vec<Task>, n_threads: usize) {
    let (back, done) = mpsc::channel::<Option<Task>>();
    let ways: Vec<_> = (0..n_threads).map(|_| {
        let (to, from) = mpsc::channel::<Task>();
        let back = back.clone();
        (to, std::thread::spawn(move || {
            let waker: Waker = Arc::new(Nobody).into();
            let mut cx = Context::from_waker(&waker);
            for mut task in from { let ready = task.as_mut().poll(&mut cx).is_ready(); back.send(if ready { None } else { Some(task) }).unwrap(); }
        }))
    }).collect();
    let mut queue: VecDeque<Task> = tasks.into();
    let mut turn = 0;
    while let Some(task) = queue.pop_front() {
        ways[turn % n_threads].0.send(task).unwrap();
        turn += 1;
        if let Some(task) = done.recv().unwrap() { queue.push_back(task); }
    }
    for (to, thread) in ways { drop(to); thread.join().unwrap(); }
}
"""

# A wrapper that calls the body through a vtable, so that the optimizer cannot put the one into the other.
PLAIN = ("""let (tid, address) = unsafe { (gettid(), &this.inner as *const F as usize) };""",
         """unsafe { Pin::new_unchecked(&mut this.inner) }.poll(cx);""", "inner: make(at) }", "inner: F }", "fn told<F: Future>")
BOXED = ("""let (tid, address) = unsafe { (gettid(), &*this.inner as *const (dyn Future<Output = F::Output> + Send) as *const u8 as usize) };""",
         """this.inner.as_mut().poll(cx);""", "inner: Box::pin(make(at)) }",
         "inner: Pin<Box<dyn Future<Output = F::Output> + Send>> }", "fn told<F: Future + Send + 'static>")

# type, an expression of it over n: u32
RESULTS = [
    ("u32", "n.wrapping_mul(3)"), ("()", "()"), ("bool", "n % 2 == 0"), ("String", 'format!("s{}", n)'),
    ("(u8, i64)", "(n as u8, -(n as i64))"), ("Option<u64>", "if n % 3 == 0 { None } else { Some(n as u64) }"),
    ("Result<u32, String>", 'if n % 2 == 0 { Ok(n) } else { Err(format!("e{}", n)) }'), ("f64", "n as f64 / 4.0"),
    ("Vec<u16>", "(0..n as u16 % 4).collect()"), ("char", "'x'"), ("i128", "-(n as i128)"), ("[u8; 3]", "[n as u8, 1, 2]"),
    ("Point", "Point { x: n as i32, y: -1 }"), ("Option<Box<Point>>", "Some(Box::new(Point { x: 1, y: n as i32 }))"),
    ("Shape", "if n % 2 == 0 { Shape::Circle(n as f64) } else { Shape::Named { name: n.to_string(), at: Point { x: 0, y: 1 } } }"),
    ("&'static str", '["a", "bc"][n as usize % 2]'), ("Result<(), u8>", "if n % 2 == 0 { Ok(()) } else { Err(n as u8) }"),
    ("u8", "n as u8"), ("Option<bool>", "Some(n % 2 == 1)"), ("Result<usize, std::num::ParseIntError>", '"7x".parse::<usize>().or(Ok(n as usize))'),
]


class Writer:
    def __init__(self, rng, version):
        self.rng, self.version = rng, version
        self.functions = []         # (how to call it: a told(…) expression over an argument, its result type)

    def call(self, argument):
        """A told(…) of some function made before, or of nothing but waiting."""
        make, result = self.rng.choice(self.functions)
        return make % {"a": argument}, result

    def step(self, k, name):
        """One await, on one line."""
        rng = self.rng
        note = "at.line(line!()); "
        what = rng.random() if self.functions else 0
        if what < 0.25:
            return note + "Wait(n %% %d).await;" % rng.randrange(1, 4)
        if what < 0.45:
            expr, _ = self.call("n.wrapping_add(%d)" % k)
            return note + "let r%d = %s.await;" % (k, expr)
        if what < 0.55:
            a, _ = self.call("n")
            b, _ = self.call("n.wrapping_add(1)")
            return note + "let r%d = join(%s, %s).await;" % (k, a, b)
        if what < 0.65:
            make, result = rng.choice(self.functions)
            return note + "let r%d = select(%s, %s).await;" % (k, make % {"a": "n + 1"}, make % {"a": "n"})
        if what < 0.75:
            # The block is in a closure, whose number is known when the body is whole.
            return note + 'told("@BLOCK", |at| async move { at.line(line!()); Wait(n %% 2).await; n + %d }).await;' % k
        if what < 0.85:
            expr, _ = self.call("i")
            return "for i in 0..n %% 3 { %slet _r = %s.await; }" % (note, expr)
        if what < 0.92:
            expr, _ = self.call("n")
            return "if n %% 2 == 0 { %slet _r = %s.await; } else { %sWait(1).await; }" % (note, expr, note)
        return "{ let mut items = Items { left: n %% 3, now: None }; while let Some(_v) = { %sNext(&mut items).await } {} }" % note

    def function(self, f):
        rng = self.rng
        result, value = rng.choice(RESULTS)
        kind = rng.random()
        name = "app::f%d" % f
        if kind < 0.15:
            name = "app::f%d::<%s>" % (f, "u16")
        elif kind < 0.3:
            name = "app::S%d::go" % f
        elif kind < 0.4 and self.version >= (1, 75):
            name = "<app::S%d as app::T%d>::go" % (f, f)
        else:
            kind = 1
        body = "\n    ".join(self.step(k, name) for k in range(rng.randrange(0, 4)))
        while "@BLOCK" in body:
            number = body[:body.index("@BLOCK")].count("|at|")
            body = body.replace("@BLOCK", "%s::{async_fn#0}::{closure#%d}::{async_block#0}" % (name, number), 1)
        if kind < 0.15:
            out = ("async fn f%d<T: Clone + Debug>(at: At, n: u32, t: T) -> (T, %s) {\n    let u = t.clone();\n    %s\n    (u, %s)\n}"
                   % (f, result, body, value))
            make = 'told("%s", |at| f%d(at, %%(a)s, 9u16))' % (name, f)
        elif kind < 0.3:
            out = ("struct S%d { k: u32 }\nimpl S%d { async fn go(&self, at: At, n: u32) -> %s {\n    let n = n + self.k;\n    %s\n    %s\n} }"
                   % (f, f, result, body, value))
            # The receiver must live as long as the future.
            make = 'told("%s", |at| { static S: S%d = S%d { k: %d }; S.go(at, %%(a)s) })' % (name, f, f, f % 5)
        elif kind < 0.4:
            out = ("trait T%d { fn go(&self, at: At, n: u32) -> impl Future<Output = %s> + Send; }\nstruct S%d;\n"
                   "impl T%d for S%d { async fn go(&self, at: At, n: u32) -> %s {\n    %s\n    %s\n} }"
                   % (f, result, f, f, f, result, body, value))
            make = 'told("%s", |at| { static S: S%d = S%d; S.go(at, %%(a)s) })' % (name, f, f)
        else:
            out = "async fn f%d(at: At, n: u32) -> %s {\n    %s\n    %s\n}" % (f, result, body, value)
            make = 'told("%s", |at| f%d(at, %%(a)s))' % (name, f)
        self.functions.append((make, result))
        return out


def generate(seed, functions=12, version=(1, 95), threads=3, boxed=False):
    """version: of the compiler; what is newer is left out. threads 0: all in main's. boxed: polls go through vtables."""
    rng = random.Random(seed)
    writer = Writer(rng, version)
    head = HEAD
    for plain, other in zip(PLAIN, BOXED):
        assert plain in head
        head = head.replace(plain, other) if boxed else head
    if boxed:
        head = head.replace("struct Told<F> {", "struct Told<F: Future> {")
    out = [head]
    for f in range(functions):
        out.append(writer.function(f))
    out.append("""fn deeper(n: u32) -> Pin<Box<dyn Future<Output = u32> + Send>> {
    Box::pin(told("app::recurse", move |at| recurse(at, n)))
}
async fn recurse(at: At, n: u32) -> u32 {
    if n == 0 { return 1; }
    at.line(line!()); Wait(1).await;
    at.line(line!()); n * deeper(n - 1).await
}""")
    out.append("fn main() {")
    out.append('    let _ = run(deeper(4));')
    for make, _ in writer.functions[-6:]:
        for a in (0, 1, 4):
            out.append("    let _ = run(%s);" % (make % {"a": str(a)}))
    if version >= (1, 85):
        out.append('    let k = 5u32;\n    let c = async |at: At, n: u32| { at.line(line!()); Wait(n).await; n + k };')
        out.append('    let _ = run(told("app::main::{closure#%d}", |at| c(at, 2)));' % (3 * len(writer.functions[-6:])))
    if threads:
        tasks = ["Box::pin(async { let _ = %s.await; })" % (make % {"a": str(i + 1)})
                 for i, (make, _) in enumerate(writer.functions[-8:])]
        out.append("    run_around(vec![%s], %d);" % (", ".join(tasks), threads))
    out.append("}")
    return "\n".join(out) + "\n"


def parse_output(text):
    """{thread: [event]}"""
    threads = {}
    for line in text.splitlines():
        kind, tid, address, at, rest = line.split(" ", 4)
        events = threads.setdefault(int(tid), [])
        if kind == "E":
            events.append(("enter", rest, address, at))
        else:
            name, _, result = rest.partition(" = ")
            events.append(("exit", name, address, at, result))
    return threads


def place(event):
    state = event.get("state")
    if state in ("Unresumed", "Returned"):
        return {"Unresumed": "start", "Returned": "end"}[state]
    return event.get("await_line", "?")


def recorded(events, names):
    """The same of a recording's events; only of functions with these names."""
    threads = {}
    for e in events:
        if e["event"] not in ("future_enter", "future_exit") or e["function"] not in names:
            continue
        out = threads.setdefault(e["thread_id"], [])
        if e["event"] == "future_exit" and "poll" not in e:
            continue        # left by a panic: the program cannot tell of it
        item = (e["event"][7:], e["function"], e.get("future"), place(e))
        out.append(item if e["event"] == "future_enter" else item + (e.get("poll"),))
    return threads


def names_in(told):
    return {e[1] for events in told.values() for e in events}
