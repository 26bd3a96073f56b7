# SPDX-License-Identifier: MIT OR Apache-2.0
"""Programs that panic in all ways, and say themselves what they do.

generate(seed, …) gives the source of a program; every function of it writes a line when it is entered, when it returns and
when a panic leaves it, and the panic hook, which std calls, writes what std says of the panic. parse_output() reads these
lines, recorded() makes the same of a recording: lists of

    ("call", name, argument)   ("return", name, value)   ("unwound", name)
    ("panic", text, "file:line:column")   ("resume", text)

one for each thread.
"""

import random

# What writes the log is no part of the tree.
EXCLUDE = ["-N", "*Lg*", "-N", "*{closure#*", "-N", "*::hook", "-N", "*::tid", "-N", "*::caught*", "-N", "*::main", "-N", "*Trouble*"]

HEAD = r"""
use std::any::Any;
use std::panic::{catch_unwind, panic_any, resume_unwind, AssertUnwindSafe};

extern "C" { fn gettid() -> i32; }
fn tid() -> i32 { unsafe { gettid() } }

struct Lg(&'static str, bool);
impl Lg {
    fn enter(name: &'static str, x: u32) -> Lg { println!("C {} {} {}", tid(), name, x); Lg(name, false) }
    fn leave(&mut self, value: u32) -> u32 { self.1 = true; println!("R {} {} {}", tid(), self.0, value); value }
}
impl Drop for Lg {
    fn drop(&mut self) { if !self.1 { println!("U {} {}", tid(), self.0); } }
}

#[derive(Debug)]
struct Trouble { code: u32, why: String }

fn hook(payload: &(dyn Any + Send), location: &str) {
    let text = if let Some(s) = payload.downcast_ref::<&str>() { format!("{:?}", s) }
        else if let Some(s) = payload.downcast_ref::<String>() { format!("{:?}", s) }
        else if let Some(t) = payload.downcast_ref::<Trouble>() { format!("{:?}", t) }
        else if let Some(n) = payload.downcast_ref::<u64>() { format!("{:?}", n) }
        else { "?".to_string() };
    println!("P {} {} {}", tid(), location, text);
}

fn caught<R>(f: impl FnOnce() -> R) -> Option<R> { catch_unwind(AssertUnwindSafe(f)).ok() }

// Catches, and goes on with another panic's payload.
fn caught_and_on(f: impl FnOnce() -> u32) -> u32 {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(v) => v,
        Err(e) => { println!("Q {} {:?}", tid(), 4711u64); drop(e); resume_unwind(Box::new(4711u64)) }
    }
}

fn drop_now<T>(_: T) {}
"""

MAIN_HEAD = r"""
fn main() {
    std::panic::set_hook(Box::new(|info| {
        let l = info.location().unwrap();
        hook(info.payload(), &format!("{}:{}:{}", l.file(), l.line(), l.column()));
    }));
"""

PANICS = [
    'panic!("plain %(n)d")',
    'panic!("x is {} in {}", x, %(n)d)',
    'panic_any(Trouble { code: x, why: String::from("w%(n)d") })',
    'panic_any(format!("any {}", x))',
    'drop_now(None::<u32>.unwrap())',
    'drop_now(Err::<u32, String>(format!("e{}", x)).expect("no luck"))',
    'drop_now([1u32, 2, 3][x as usize + 3])',
    'assert_eq!(x, x.wrapping_add(1), "never {}", x)',
    'unreachable!("not {}", x)',
    'drop_now(x / (x - x))',
    'std::panic::resume_unwind({ println!("Q {} {:?}", tid(), "res"); Box::new("res") })',
]


def generate(seed, functions=12, guards=5, threads=2, nested=True, deep=0):
    """nested: may a panic come up, and be caught, in a drop while another one unwinds? (rustc 1.75 and later)
    deep: so many catch_unwinds inside one another"""
    rng = random.Random(seed)
    out = [HEAD]
    for g in range(guards):
        # Guards call functions of low numbers only, so that nothing recurses.
        body = []
        if rng.random() < 0.6 and g:
            body.append("v = v.wrapping_add(t%d(self.0));" % rng.randrange(3))
        if rng.random() < 0.6:
            call = "caught(|| p%d(self.0)).unwrap_or(7)" % rng.randrange(3)
            body.append("v = v.wrapping_add(%s);" % (call if nested else
                                                      "if std::thread::panicking() { 1 } else { %s }" % call))
        if rng.random() < 0.35:
            body.append('if self.0 % 5 == 0 && !std::thread::panicking() { panic!("in drop of {}", self.0); }')
        out.append("struct G%d(u32);\nimpl Drop for G%d {\n    fn drop(&mut self) {\n"
                   "        let mut lg = Lg::enter(\"G%d\", self.0);\n"
                   "        let v = { let mut v = 1u32; %s v };\n        lg.leave(v);\n    }\n}\n" % (g, g, g, " ".join(body)))
    for t in range(3):
        out.append("fn t%d(x: u32) -> u32 { let mut lg = Lg::enter(\"t%d\", x); lg.leave(x.wrapping_mul(%d)) }" % (t, t, t + 3))
        out.append("fn p%d(x: u32) -> u32 {\n    let mut lg = Lg::enter(\"p%d\", x);\n"
                   "    if x %% 2 == %d { panic!(\"p%d of {}\", x); }\n    lg.leave(x)\n}" % (t, t, t % 2, t))
    for f in range(functions):
        lines = []
        for step in range(rng.randrange(2, 6)):
            what = rng.random()
            callee = "f%d(x.wrapping_add(%d))" % (rng.randrange(f), rng.randrange(5)) if f else "t0(x)"
            if what < 0.30:
                lines.append("v = v.wrapping_add(%s);" % callee)
            elif what < 0.50:
                lines.append("v = v.wrapping_add(caught(|| %s).unwrap_or(%d));" % (callee, step))
            elif what < 0.58:
                lines.append("v = v.wrapping_add(caught(|| caught_and_on(|| %s)).unwrap_or(%d));" % (callee, step))
            elif what < 0.80:
                lines.append("let _g%d = G%d(x.wrapping_add(%d));" % (step, rng.randrange(guards), rng.randrange(9)))
            elif what < 0.86:
                lines.append("drop(G%d(x.wrapping_add(%d)));" % (rng.randrange(guards), rng.randrange(9)))
            else:
                lines.append("if x %% %d == %d { %s; }" % (rng.randrange(2, 4), rng.randrange(2),
                                                            rng.choice(PANICS) % {"n": f}))
        out.append("#[allow(unconditional_panic, unreachable_code, unused)]\nfn f%d(x: u32) -> u32 {\n"
                   "    let mut lg = Lg::enter(\"f%d\", x);\n    let v = {\n        let mut v = x;\n        %s\n        v\n    };\n"
                   "    lg.leave(v)\n}" % (f, f, "\n        ".join(lines)))
    if deep:
        out.append("""
fn nest(x: u32) -> u32 {
    let mut lg = Lg::enter("nest", x);
    let v = {
        let _g = G0(x);
        if x == 0 { panic!("bottom"); }
        let v = match caught(|| nest(x - 1)) { Some(v) => v, None => x };
        let _h = G1(v);
        if x % 3 != 1 { panic!("again at {}", x); }
        v
    };
    lg.leave(v)
}""")
    out.append(MAIN_HEAD)
    if deep:
        out.append("    caught(|| nest(%d));" % deep)
    top = range(max(0, functions - 4), functions)
    for f in top:
        for x in range(3):
            out.append("    caught(|| f%d(%d));" % (f, x))
    if threads:
        out.append("    let threads: Vec<_> = (0..%du32).map(|i| std::thread::spawn(move || { caught(|| f%d(i)); f%d(i + 1) })).collect();"
                   % (threads, functions - 1, functions - 2))
        out.append('    for t in threads { drop(t.join()); }')
    out.append("}")
    return "\n".join(out) + "\n"


def parse_output(text):
    """{thread: [event]}"""
    threads = {}
    for line in text.splitlines():
        kind, rest = line[0], line[2:]
        tid, _, rest = rest.partition(" ")
        events = threads.setdefault(int(tid), [])
        if kind in "CR":
            name, value = rest.split(" ")
            events.append(("call" if kind == "C" else "return", name, value))
        elif kind == "U":
            events.append(("unwound", rest))
        elif kind == "P":
            location, _, message = rest.partition(" ")
            events.append(("panic", message, location))
        elif kind == "Q":
            events.append(("resume", rest))
        else:
            raise ValueError(line)
    return threads


def short(function):
    """The name that the program gives itself: f3, and G1 for `<app::G1 as core::ops::drop::Drop>::drop`."""
    if function.startswith("<"):
        return function[1:].split(" ")[0].split("::")[-1]
    return function.split("::")[-1]


def recorded(events):
    """The same of a recording's events."""
    threads = {}
    for e in events:
        out = threads.setdefault(e["thread_id"], [])
        if e["event"] == "call":
            name = short(e["function"])
            value = e["args"][0][1]
            if name.startswith("G"):
                value = value[value.index("(") + 1:-1]
            out.append(("call", name, value))
        elif e["event"] == "return":
            name = short(e["function"])
            if e.get("unwound"):
                out.append(("unwound", name))
            else:
                # A guard's drop returns (); what it computed is the log's alone.
                out.append(("return", name, e["value"]))
        elif e["event"] == "panic":
            values = dict(e["locals"])
            text = values.get("message", values.get("payload"))
            if "location" in values:
                out.append(("panic", text, location(values["location"])))
            else:
                out.append(("resume", text))
    return threads


def location(text):
    """file:line:column of the text of a Location"""
    inner = text[text.index("{") + 1:text.rindex("}")]
    fields = dict(part.strip().split(": ", 1) for part in inner.split(", "))
    return "%s:%s:%s" % (fields["file"].strip('"'), fields["line"], fields["col"])


def comparable(events):
    """Without what the two sides cannot have in common: the result of a drop."""
    return [("return", e[1], None) if e[0] == "return" and e[1].startswith("G") else e for e in events]
