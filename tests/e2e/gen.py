#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes random Rust programs that say themselves what fdbg must record.

The program prints, in the caller and through {:?}, the arguments of each call just before it and the returned value
just after it. The recording must hold the same texts, call by call, thread by thread. Everything follows from the
seed.

    gen.py emit  --seed 1 --functions 500 -o DIR       DIR/gen_prog.rs and DIR/manifest.json
    gen.py check --seed 1 --functions 500 [--rustc-flag=…]   emit, compile, run, record ($FDBG), compare
    gen.py check --seed 1 --functions 500 --opt-level 3 [--free] [--arch aarch64]
        the same with an optimizing compiler: values may be absent, and are counted, but none may be wrong
    gen.py hunt --seeds 1..20 --functions 250                check, seed by seed, and the sums of all; $RUSTC is the compiler

What a program prints, one line an event, fields parted by tabs, texts escaped as in unescape():
    THREAD C ID TEXT…     function ID of the manifest is about to be called with these arguments
    THREAD R ID TEXT      it returned this; Z instead of R where the type has no bytes
    THREAD c ID TEXT…, THREAD r ID TEXT      the same once more in the form {:#?}, for a share of the functions
"""

import argparse
import json
import os
import platform
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gen_types  # noqa: E402
import gen_std_a  # noqa: E402,F401  adds its constructors to the table
import gen_std_b  # noqa: E402
import gen_std_c  # noqa: E402,F401
from gen_types import Type  # noqa: E402

# What the recording leaves out: the printing itself.
EXCLUDE = ["-N", "*::fmt", "-N", "*::black_box*", "-N", "*::hlp::*", "-N", "*::kit_*::*", "--keep-hash-order"]

# One function in this many also prints {:#?}.
PRETTY = 3

# Names of parameters that are bound by a pattern, and have no name in debug information: `_` and `ref name`.
IGNORED, BY_REF = "ignored", "by_ref"
UNNAMED = "<>"

# Stands for an argument that is nowhere in the optimized code.
OPTIMIZED_OUT = "<optimized out>"

HELPERS = r"""
pub mod hlp {
    use std::cell::Cell;
    use std::fmt::Debug;
    use std::io::Write;
    use std::sync::atomic::{AtomicU32, Ordering};

    thread_local! { static THREAD: Cell<u32> = Cell::new(0); }
    static COIN: AtomicU32 = AtomicU32::new(SEED);

    pub fn enter_thread(number: u32) { THREAD.with(|t| t.set(number)); }

    fn text(out: &mut String, text: String) {
        out.push('\t');
        for c in text.chars() {
            match c {
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                '\r' => out.push_str("\\r"),
                c => out.push(c),
            }
        }
    }

    fn line(kind: char, id: u32, values: &[&dyn Debug]) {
        let mut out = format!("{}\t{}\t{}", THREAD.with(|t| t.get()), kind, id);
        for value in values { text(&mut out, format!("{:?}", value)); }
        out.push('\n');
        if id % PRETTY == 0 {
            out.push_str(&format!("{}\t{}\t{}", THREAD.with(|t| t.get()), kind.to_ascii_lowercase(), id));
            for value in values { text(&mut out, format!("{:#?}", value)); }
            out.push('\n');
        }
        std::io::stdout().write_all(out.as_bytes()).unwrap();
    }

    pub fn c(id: u32, values: &[&dyn Debug]) { line('C', id, values); }
    // Z: returned, and the type has no bytes.
    pub fn r(id: u32, value: &dyn Debug) { line(if std::mem::size_of_val(value) == 0 { 'Z' } else { 'R' }, id, &[value]); }
    pub fn leak<T>(value: T) -> &'static mut T { Box::leak(Box::new(value)) }
    pub fn leak_slice<T>(value: Vec<T>) -> &'static mut [T] { Box::leak(value.into_boxed_slice()) }
    pub fn roomy(s: &str) -> String { let mut t = String::with_capacity(s.len() + 100); t.push_str(s); t }
    pub fn roomy_vec<T>(v: Vec<T>) -> Vec<T> { let mut w = Vec::with_capacity(v.len() + 7); w.extend(v); w }
    pub fn flip(n: u32) -> u32 {
        // A small generator of its own, so that a run can be repeated.
        let old = COIN.fetch_add(0x9e3779b9, Ordering::Relaxed);
        let mut x = old ^ (old >> 16);
        x = x.wrapping_mul(0x45d9f3b);
        (x ^ (x >> 16)) % n
    }
"""


class Generator:
    def __init__(self, seed, functions, threads=1, depth=4, calls=2, crate="gen_prog", rustc=(1, 95), types=None,
                 arch=platform.machine(), opt=None):
        self.rng = random.Random(seed)
        # For a compiler that optimizes: what is traced must stay a function. "kept": and what it returns cannot be known
        # without calling it; "free": half of that is for the optimizer to propagate.
        self.opt = opt
        self.seed = seed
        self.crate = crate
        self.rustc = rustc
        self.depth = depth
        self.calls = calls
        self.threads = threads
        self.constructors = [c for c in gen_types.CONSTRUCTORS
                             if rustc >= c["since"] and c["arch"] in (None, arch) and (not types or c["kind"] in types or c["make"].__module__ in types)]
        self.leaves = [c for c in self.constructors if c["leaf"]] or \
            [c for c in gen_types.CONSTRUCTORS if c["kind"] == "integer"]
        self.modules = {}           # path below the crate -> list of items
        self.module_paths = [(), ("m0",), ("m1",), ("m1", "inner"), ("m2",), ("m2", "deep", "deeper")]
        self.pool = {}              # kind -> [(depth, Type)]
        self.choosing = 0           # types are made for the variants of this many enums, one within another
        self.n_hollow = 0           # arrays of length 0 that were made
        self.counter = 0
        self.manifest = {"seed": seed, "crate": crate, "functions": {}, "roots": {}}
        self.callable = []          # free functions that others may call: (id, rust path, types, ret)
        self.drivers = []
        for _ in range(functions):
            self.function()

    # ---- what gen_types uses

    def type(self, depth):
        """A random type, nested at most `depth` deep."""
        if depth <= 0 or self.rng.randrange(100) < 30:
            table = self.leaves
        else:
            table = self.constructors
        entry = self.rng.choices(table, [c["weight"] for c in table])[0]
        chooses, hollow = entry["kind"] in gen_types.CHOICES, self.n_hollow
        self.choosing += chooses
        t = entry["make"](self, max(depth, 0))
        self.choosing -= chooses
        t.kind = t.kind or entry["kind"]
        t.hollow = t.hollow or self.n_hollow > hollow
        return t

    def never_hollow(self):
        """rustc 1.63 breaks down on an enum whose tag hides in a variant that is aligned less than another one of size 0,
        such as Result<[u64; 0], bool>."""
        return self.rustc < (1, 64) and self.choosing

    def array_length(self, lengths):
        """One of these lengths."""
        length = self.rng.choice(lengths)
        if length == 0 and self.never_hollow():
            return max(lengths)
        self.n_hollow += length == 0
        return length

    def prim(self):
        return self.rng.choice([gen_types.integer, gen_types.float64, gen_types.boolean, gen_types.char])(self, 0)

    def reuse(self, kind, depth):
        old = [t for d, t in self.pool.get(kind, []) if d <= depth and not (t.hollow and self.never_hollow())]
        return self.rng.choice(old) if old and self.rng.randrange(2) else None

    def remember(self, kind, depth, t):
        self.pool.setdefault(kind, []).append((depth, t))
        return t

    def new_path(self, prefix):
        self.counter += 1
        return self.rng.choice(self.module_paths) + ("%s%d" % (prefix, self.counter),)

    def rust_path(self, path):
        return "crate::" + "::".join(path)

    def dwarf_path(self, path):
        return "::".join((self.crate,) + path)

    def item(self, path, text):
        self.modules.setdefault(path[:-1], []).append(text)

    # ---- functions

    def named(self, name, args, ret, closure=False):
        """Enters a function (or one instance of a generic one) into the manifest."""
        fid = len(self.manifest["functions"]) + 1
        self.manifest["functions"][fid] = {"name": name, "args": [UNNAMED if a in (IGNORED, BY_REF) else a[2:] if a.startswith("r#") else a for a, _ in args],
                                           "types": [t.rust for _, t in args], "ret": ret.rust, "closure": closure}
        return fid

    def small(self, make, limit=3000):
        """make() until what it gives has a value of bearable size (nesting multiplies)."""
        while True:
            t = make()
            if len(t.value()) < limit:
                return t

    def value(self, t, limit=6000):
        while True:
            text = t.value()
            if len(text) < limit:
                break
            limit *= 2
        hidden = self.opt == "kept" or (self.opt and self.rng.randrange(2))
        return "std::hint::black_box(%s)" % text if hidden else text

    def call_text(self, fid, callee, args, ret, owner=None):
        """Source that prints the arguments, calls, prints the result."""
        out = ["{"]
        if owner:
            out.append("    let %s = %s;" % owner)
        for name, t in args:
            if name != "self":
                out.append("    let %s: %s = %s;" % (name, t.rust, self.value(t)))
        out.append("    crate::hlp::c(%d, &[%s]);"
                   % (fid, ", ".join("&" + ("obj" if name == "self" else name) for name, _ in args)))
        out.append("    let ret: %s = %s(%s);" % (ret.rust, callee, ", ".join(n for n, _ in args if n != "self")))
        out.append("    crate::hlp::r(%d, &ret);" % fid)
        out.append("}")
        return out

    def body(self, args, ret):
        """Statements of a function that ends in a value of type ret; several shapes of leaving it."""
        out = []
        if self.opt:
            # Two bodies must not be the same: the optimizer would make one function of them.
            out.append("std::hint::black_box(%du32);" % self.unique())
            out += ["std::hint::black_box(&%s);" % n for n, _ in args if n not in ("self", IGNORED) and self.rng.randrange(2)]
        shape = self.rng.randrange(10)
        same = [n for n, t in args if t is ret and n not in ("self", IGNORED, BY_REF)]
        if self.callable and self.rng.randrange(10) == 0:
            fid, path, types, other = self.rng.choice(self.callable)
            out += self.call_text(fid, path, types, other)
        if same:
            out.append(("std::hint::black_box(%s)" if self.opt == "kept" else "%s") % self.rng.choice(same))
        elif shape == 0:
            out.append("if crate::hlp::flip(2) == 0 { return %s; }" % self.value(ret))
            out.append(self.value(ret))
        elif shape == 1:
            out.append("match crate::hlp::flip(3) { 0 => %s, 1 => return %s, _ => %s }"
                       % tuple(self.value(ret) for _ in range(3)))
        elif shape == 2:
            out.append("let made: %s = %s;" % (ret.rust, self.value(ret)))
            out.append("made")
        elif shape == 3:
            out.append("loop { if crate::hlp::flip(3) == 0 { return %s; } }" % self.value(ret))
        elif shape == 4:
            out.append("let mut i = 0u8;")
            out.append("while i < 3 { i += 1; }")
            out.append(self.value(ret))
        else:
            out.append(self.value(ret))
        return out

    def unique(self):
        self.n_bodies = getattr(self, "n_bodies", 0) + 1
        return self.n_bodies

    def signature(self, self_type=None):
        count = self.rng.choice([1, 1, 2, 2, 3, 4])
        names = ["a%d" % i for i in range(count)]
        if self.rng.randrange(12) == 0:
            names[-1] = self.rng.choice(["r#type", "r#match", "ünicode", "_unused", "vec", "ret"])
        elif not self.opt and self.rng.randrange(8) == 0:
            names[self.rng.randrange(count)] = self.rng.choice([IGNORED, BY_REF])
        args = [(n, self.small(lambda: self.type(self.rng.randint(0, self.depth)))) for n in names]
        ret = self.rng.choice(args)[1] if self.rng.randrange(7) == 0 else \
            self.small(lambda: self.type(self.rng.randint(0, self.depth)))
        return args, ret

    def function(self):
        self.counter += 1
        number = self.counter
        module = self.rng.choice(self.module_paths)
        driver = module + ("d%d" % number,)
        form = self.rng.choices(["free", "inherent", "trait_", "provided", "generic", "closure", "nested", "assoc"],
                                [45, 8, 8, 4, 10, 10, 8, 7])[0]
        blocks = getattr(self, "make_" + form)(number, module, self.calls)
        drv = self.named(self.dwarf_path(driver), [], gen_types.unit(self, 0))
        self.item(driver, "#[inline(never)]\npub fn %s() {\n%s\n}" % (driver[-1], "\n".join("    " + l for l in blocks)))
        self.drivers.append((drv, self.rust_path(driver)))

    def pattern(self, name, bare=False):
        """A parameter's pattern; a function without a body has only names."""
        if bare or name not in (IGNORED, BY_REF):
            return name if bare or self.rng.randrange(10) else "mut " + name
        return "_" if name == IGNORED else "ref " + name

    def fn_text(self, name, args, body, generics="", receiver=None, ret=None, attr="#[inline(never)]\n", vis="pub "):
        params = ([receiver] if receiver else []) + \
            ["%s: %s" % (self.pattern(n, body is None), t if isinstance(t, str) else t.rust) for n, t in args if n != "self"]
        if body is None:
            return "fn %s%s(%s) -> %s;" % (name, generics, ", ".join(params), ret)
        return "%s%sfn %s%s(%s) -> %s {\n%s\n}" % (attr, vis, name, generics, ", ".join(params), ret,
                                                  "\n".join("    " + l for l in body))

    def make_free(self, number, module, calls):
        args, ret = self.signature()
        path = module + ("f%d" % number,)
        fid = self.named(self.dwarf_path(path), args, ret)
        self.item(path, self.fn_text(path[-1], args, self.body(args, ret), ret=ret.rust))
        out = []
        for _ in range(calls):
            out += self.call_text(fid, self.rust_path(path), args, ret)
        self.callable.append((fid, self.rust_path(path), args, ret))
        return out

    def make_nested(self, number, module, calls):
        """A function declared inside the driver."""
        args, ret = self.signature()
        fid = self.named("%s::n%d" % (self.dwarf_path(module + ("d%d" % number,)), number), args, ret)
        out = self.fn_text("n%d" % number, args, self.body(args, ret), ret=ret.rust, vis="").split("\n")
        for _ in range(calls):
            out += self.call_text(fid, "n%d" % number, args, ret)
        return out

    def make_closure(self, number, module, calls):
        args, ret = self.signature()
        fid = self.named("%s::{closure#0}" % self.dwarf_path(module + ("d%d" % number,)), args, ret, closure=True)
        capture = self.rng.choice(["", "", "let held = (7u8, String::from(\"held\"));", "let mut held = 1u64;"])
        use = {"": [], "let held": ["let _ = held.1.len();"], "let mut ": ["held = held.wrapping_mul(3);"]}[capture[:8]]
        move = "move " if self.rng.randrange(2) else ""
        out = [capture] if capture else []
        mut = "mut " if capture.startswith("let mut") or self.opt else ""
        out.append("let %sf = %s|%s| -> %s {" % (mut, move, ", ".join("%s: %s" % (self.pattern(n), t.rust) for n, t in args), ret.rust))
        out += ["    " + l for l in use + self.body(args, ret)]
        out.append("};")
        if self.opt:    # a call through a pointer that nobody sees through is not inlined
            out.append("let f: &mut dyn FnMut(%s) -> %s = std::hint::black_box(&mut f);"
                       % (", ".join(t.rust for _, t in args), ret.rust))
        for _ in range(calls):
            out += self.call_text(fid, "f", args, ret)
        return out

    def make_generic(self, number, module, calls):
        """Two instances of one generic function; T is an argument, or an argument and the result."""
        args, ret = self.signature()
        path = module + ("g%d" % number,)
        gives_t = self.rng.randrange(2)
        out, body = [], ["t"] if gives_t else self.body(args, ret)
        if gives_t and self.opt == "kept":
            body = ["std::hint::black_box(t)"]
        if self.opt:    # nor must two instances
            body = ["std::hint::black_box((%du32, std::any::type_name::<T>()));" % self.unique()] + body
        params = [("t", "T")] + args
        self.item(path, self.fn_text(path[-1], params, body, generics="<T: std::fmt::Debug>",
                                     ret="T" if gives_t else ret.rust))
        for _ in range(2):
            t = self.small(lambda: self.stable(self.rng.randint(0, 2)))
            name = "%s::<%s>" % (self.dwarf_path(path), t.name)
            known = [i for i, f in self.manifest["functions"].items() if f["name"] == name]
            fid = known[0] if known else self.named(name, [("t", t)] + args, t if gives_t else ret)
            out += self.call_text(fid, "%s::<%s>" % (self.rust_path(path), t.rust), [("t", t)] + args,
                                  t if gives_t else ret)
        return out

    def stable(self, depth):
        """A type whose name is the same for every compiler."""
        while True:
            t = self.type(depth)
            if t.name is not None:
                return t

    def owner(self, number, module, generic):
        """A type of its own for methods: (its rust name, DWARF name, impl head, impl's type, value)."""
        path = module + ("K%d" % number,)
        t = self.small(lambda: self.stable(self.rng.randint(0, 2)))
        if generic:
            self.item(path, "#[derive(Debug)]\npub struct %s<T> { pub held: T, pub k: u16 }" % path[-1])
            name = "%s<%s>" % (self.dwarf_path(path), t.name)
            own = Type("%s<%s>" % (self.rust_path(path), t.rust), name,
                       lambda: "%s { held: %s, k: %s }" % (self.rust_path(path), t.value(), gen_types.int_value(self, "u16")))
            return own, "impl<T: std::fmt::Debug>", "%s<T>" % path[-1], ""
        self.item(path, "#[derive(Debug)]\npub struct %s(pub %s);" % (path[-1], t.rust))
        own = Type(self.rust_path(path), self.dwarf_path(path), lambda: "%s(%s)" % (self.rust_path(path), t.value()))
        return own, "impl", path[-1], ""

    def receiver(self, own):
        """(how the method takes self, the type that self then has, source that turns obj into the receiver)"""
        form = self.rng.randrange(4)
        if form == 0:
            return "self", own
        if form == 1:
            return "&mut self", Type("&mut " + own.rust, None, own.value)
        return "&self", Type("&" + own.rust, None, own.value)

    def method_calls(self, fid, own, receiver, callee, args, ret, calls):
        """Calls of a method, the receiver printed as the argument `self`."""
        out = []
        self_type = self.manifest["functions"][fid]
        assert self_type["args"][0] == "self"
        for _ in range(calls):
            mut = "mut obj" if receiver == "&mut self" else "obj"
            borrow = {"self": "obj", "&self": "&obj", "&mut self": "&mut obj"}[receiver]
            block = self.call_text(fid, callee, [("self", own)] + args, ret, owner=("%s: %s" % (mut, own.rust), own.value()))
            # The receiver goes in as the first argument of the path form, so that the name is unambiguous.
            rest = ", ".join(n for n, _ in args)
            block = [l.replace("%s(%s);" % (callee, rest), "%s(%s);" % (callee, ", ".join(filter(None, [borrow, rest]))))
                     if l.startswith("    let ret") else l for l in block]
            out += block
        return out

    def make_inherent(self, number, module, calls):
        own, head, target, _ = self.owner(number, module, self.rng.randrange(2))
        args, ret = self.signature()
        receiver, self_type = self.receiver(own)
        fid = self.named("%s::f%d" % (own.name, number), [("self", self_type)] + args, ret)
        self.item(module + ("x",), "%s %s {\n%s\n}" % (head, target, self.fn_text(
            "f%d" % number, args, self.body(args, ret), receiver=receiver, ret=ret.rust)))
        return self.method_calls(fid, own, receiver, "<%s>::f%d" % (own.rust, number), args, ret, calls)

    def make_assoc(self, number, module, calls):
        """An associated function: no receiver."""
        own, head, target, _ = self.owner(number, module, self.rng.randrange(2))
        args, ret = self.signature()
        fid = self.named("%s::f%d" % (own.name, number), args, ret)
        self.item(module + ("x",), "%s %s {\n%s\n}" % (head, target, self.fn_text(
            "f%d" % number, args, self.body(args, ret), ret=ret.rust)))
        out = []
        for _ in range(calls):
            out += self.call_text(fid, "<%s>::f%d" % (own.rust, number), args, ret)
        return out

    def make_trait_(self, number, module, calls, provided=False):
        if self.rng.randrange(4) == 0:
            own = self.rng.choice([gen_types.int_type(self, "u8"), gen_types.string(self, 0), gen_types.str_ref(self, 0),
                                   gen_types.bytes_vec(self, 0), gen_types.boolean(self, 0)])
            head, target = "impl", own.rust
        else:
            own, head, target, _ = self.owner(number, module, self.rng.randrange(2))
        args, ret = self.signature()
        receiver, self_type = self.receiver(own)
        if provided and receiver == "self":
            receiver, self_type = "&self", Type("&" + own.rust, None, own.value)
        trait = module + ("Tr%d" % number,)
        fid = self.named("<%s as %s>::f%d" % (own.name, self.dwarf_path(trait), number), [("self", self_type)] + args, ret)
        full = self.fn_text("f%d" % number, args, self.body(args, ret), receiver=receiver, ret=ret.rust, vis="")
        bare = self.fn_text("f%d" % number, args, None, receiver=receiver, ret=ret.rust)
        self.item(trait, "pub trait %s: std::fmt::Debug { %s }" % (trait[-1], full if provided else bare))
        self.item(trait, "%s %s for %s { %s }" % (head, trait[-1], target, "" if provided else full))
        return self.method_calls(fid, own, receiver, "<%s as %s>::f%d" % (own.rust, self.rust_path(trait), number),
                                 args, ret, calls)

    def make_provided(self, number, module, calls):
        return self.make_trait_(number, module, calls, provided=True)

    # ---- the whole program

    def source(self):
        out = ["// Generated from seed %d." % self.seed,
               "#![allow(warnings)]",
               HELPERS.replace("SEED", "%du32" % (self.seed & 0xffffffff)).replace("PRETTY", str(PRETTY))]
        for prim in sorted(gen_types.INT_BITS):
            name = prim[0].upper() + prim[1:]
            out.append("    pub fn one_%s() -> std::num::NonZero%s { std::num::NonZero%s::new(1).unwrap() }"
                       % (prim, name, name))
        out.append(gen_std_b.helpers(self.rustc))
        out.append("}\n")
        for name, text in gen_types.KITS:
            out.append("pub mod %s {%s}\n" % (name, text))
        out += self.module_text(())
        shares = [self.drivers[i::self.threads] for i in range(self.threads)]
        for number, share in enumerate(shares):
            name = "thread_%d" % number
            root = self.named("%s::%s" % (self.crate, name), [], gen_types.unit(self, 0))
            self.manifest["roots"][number] = root
            out.append("#[inline(never)]\npub fn %s() {\n    hlp::enter_thread(%d);" % (name, number))
            for fid, path in share:
                out.append("    hlp::c(%d, &[]); %s(); hlp::r(%d, &());" % (fid, path, fid))
            out.append("}\n")
        out.append("fn main() {")
        for number in range(1, self.threads):
            out.append("    let t%d = std::thread::spawn(thread_%d);" % (number, number))
        out.append("    thread_0();")
        for number in range(1, self.threads):
            out.append("    t%d.join().unwrap();" % number)
        if self.opt:    # so that the last call does not take the place of main
            out.append("    hlp::flip(1);")
        out.append("}")
        return "\n".join(out) + "\n"

    def module_text(self, path):
        out = ["use crate::hlp;"] if path else []
        for text in self.modules.get(path, []):
            out += text.split("\n")
        below = sorted({p[len(path)] for p in list(self.modules) + self.module_paths
                        if len(p) > len(path) and p[:len(path)] == path})
        for name in below:
            out.append("pub mod %s {" % name)
            out += ["    " + l for l in self.module_text(path + (name,))]
            out.append("}")
        return out


def generate(seed, functions, **options):
    """(source text, manifest) of one program."""
    import harness
    g = Generator(seed, functions, **options)
    return harness.with_black_box(g.source(), g.rustc), g.manifest


# ------------------------------------------------------------------------------------------------ comparison

def unescape(text):
    out, i = [], 0
    while i < len(text):
        if text[i] == "\\":
            out.append({"\\": "\\", "n": "\n", "t": "\t", "r": "\r"}[text[i + 1]])
            i += 2
        else:
            out.append(text[i])
            i += 1
    return "".join(out)


def parse_output(text, pretty=False):
    """What a program printed: {thread: [("C" or "R", id, [texts])]}; of {:#?}, texts are None where there are none."""
    threads = {}
    for line in text.split("\n"):
        if not line:
            continue
        parts = line.split("\t")
        thread, texts = threads.setdefault(int(parts[0]), []), [unescape(p) for p in parts[3:]]
        if parts[1].isupper():
            thread.append((parts[1], int(parts[2]), None if pretty else texts))
        elif pretty:
            thread[-1] = (thread[-1][0], thread[-1][1], texts)
    return threads


class Mismatch(list):
    """Differences found, as text, most telling first; `compared` counts values that were compared, `unread` arguments
    that the recording says it could not read (doc/values.md, "Arguments that are not shown"), `unread_text` says which,
    `optimized_out` those that are nowhere. Of programs that were optimized: `returns` with bytes, and `absent`, those
    of them that were not read."""
    compared = 0
    unread_text = ()
    unread = 0
    optimized_out = 0
    returns = 0
    absent = 0
    calls = 0


def split_threads(events, manifest):
    """The recorded events of each of the program's threads, found by the function it starts with."""
    by_tid = {}
    for e in events:
        if e.get("event") in ("call", "return"):
            by_tid.setdefault(e["thread_id"], []).append(e)
    names = {manifest["functions"][root]["name"]: number for number, root in manifest["roots"].items()}
    out, faults = {}, []
    main = manifest["crate"] + "::main"
    for tid, list_ in by_tid.items():
        if list_[0]["event"] == "call" and list_[0]["function"] == main:
            if list_[-1]["event"] != "return" or list_[-1]["function"] != main or list_[-1]["value"] != "()":
                faults.append("thread %d: main has no return of ()" % tid)
                list_ = list_[1:]
            else:
                list_ = list_[1:-1]
        if not list_:
            continue
        number = names.get(list_[0]["function"])
        if number is None or number in out:
            faults.append("thread %d starts with %s" % (tid, list_[0]["function"]))
        else:
            out[number] = list_
    return out, faults


def compare(printed, events, manifest, limit=50, opt=False):
    """Holds a recording (objects of `fdbg dump --values=debug`) against what the program printed."""
    diff = Mismatch()
    threads, faults = split_threads(events, manifest)
    diff += faults
    for number, root in sorted(manifest["roots"].items()):
        want = [("C", root, [])] + printed.get(number, []) + [("R", root, ["()"])]
        got = threads.get(number, [])
        if not got:
            diff.append("thread %d: nothing was recorded" % number)
        for i, (kind, fid, texts) in enumerate(want):
            f = manifest["functions"][fid]
            where = "thread %d event %d %s %s" % (number, i, "call" if kind == "C" else "return", f["name"])
            if i >= len(got):
                diff.append("%s: missing, as %d more" % (where, len(want) - i - 1))
                break
            e = got[i]
            if (e["event"], e["function"]) != ("call" if kind == "C" else "return", f["name"]):
                diff.append("%s: found %s %s; gave up on this thread" % (where, e["event"], e["function"]))
                break
            if texts is None:
                continue
            if kind == "C":
                diff.calls += 1
                compare_args(diff, where, f, texts, e["args"], opt)
            elif opt and e["value"] is None:
                diff.returns += 1
                diff.absent += 1
                diff.absences = getattr(diff, "absences", []) + ["%s: type %s" % (where, f["ret"])]
            else:
                diff.compared += 1
                diff.returns += kind != "Z"
                # Debug information has no return type where there is nothing to return.
                if e["value"] != texts[0] and not (kind == "Z" and e["value"] == "()"):
                    diff.append("%s: type %s\n    printed  %s\n    recorded %s" % (where, f["ret"], texts[0], e["value"]))
        else:
            if len(got) > len(want):
                e = got[len(want)]
                diff.append("thread %d: %d events too many, first %s %s"
                            % (number, len(got) - len(want), e["event"], e["function"]))
    return diff


def compare_args(diff, where, f, texts, args, opt=False):
    if f["closure"]:    # the environment comes first and has no name in the source
        args = [a for a in args if a[0] in f["args"] or a[0] == ""][-len(texts):]
    if opt and len(args) < len(texts):  # what is not used may not even be described
        described = dict(args)
        args = [(n, described.get(n, OPTIMIZED_OUT)) for n in f["args"]]
    if len(args) != len(texts):
        diff.append("%s: arguments %s, recorded %s" % (where, f["args"], [a[0] for a in args]))
        return
    for name, rust, text, (got_name, got) in zip(f["args"], f["types"], texts, args):
        diff.compared += 1
        # Compilers write a parameter of type () without its name.
        if got_name != name and not (rust == "()" and got_name in ("", "_")):
            diff.append("%s: argument %s recorded as %s" % (where, name, got_name))
        if got is None:
            diff.unread += 1
            diff.unread_text += ("%s: argument %s not read: %s" % (where, name, rust),)
        elif got == OPTIMIZED_OUT:
            diff.optimized_out += 1
        elif got != text:
            diff.append("%s: argument %s: %s\n    printed  %s\n    recorded %s" % (where, name, rust, text, got))


# ------------------------------------------------------------------------------------------------ command line

def sum_up(diffs):
    """The line about the differences of one or more programs in one form."""
    return "%d calls, %d values compared, %d differences, %d arguments not read" % (
        sum(d.calls for d in diffs), sum(d.compared for d in diffs), sum(len(d) for d in diffs),
        sum(d.unread for d in diffs))


def source_of(seed, options):
    """The program of a seed, its manifest, and the compiler and flags for it."""
    import harness
    rustc, flags, identity = harness.arm_compiler() if options.arch == "aarch64" else (None, [], None)
    source, manifest = generate(seed, options.functions, threads=options.threads, depth=options.depth,
                                types=options.type, rustc=harness.rustc_version(identity), arch=options.arch,
                                opt="free" if options.free else options.opt_level and "kept")
    level = ["-C", "opt-level=" + options.opt_level] if options.opt_level else []
    return source, manifest, rustc, flags + options.rustc_flag + level


def build(seed, options):
    import harness
    source, manifest, rustc, flags = source_of(seed, options)
    return harness.compile_rust("gen_prog", source, flags=flags, compiler=rustc), manifest


def judge(seed, options):
    """Compiles, records and compares one program: its differences in {:?} and in {:#?}."""
    import harness
    program, manifest = build(seed, options)
    opt = options.opt_level is not None
    with harness.Scratch() as scratch:
        record = harness.record_under_qemu if options.arch == "aarch64" else harness.record
        rec = record(program, opts=EXCLUDE, cwd=scratch.path, timeout=600)
        diffs = [compare(parse_output(rec.stdout_text), rec.events(), manifest, opt=opt),
                 compare(parse_output(rec.stdout_text, pretty=True), rec.dump("--values=pretty"), manifest, opt=opt)]
    for diff in diffs:
        for text in (diff + list(diff.unread_text))[:options.limit]:
            print(text)
    return diffs


def check(options):
    diffs = judge(options.seed, options)
    for diff, form in zip(diffs, ["{:?}", "{:#?}"]):
        print("%s: %s" % (form, sum_up([diff])))
        if options.opt_level:
            for text in getattr(diff, "absences", [])[:options.limit]:
                print("    absent: " + text)
            print("    %d returns, %d absent; %d arguments optimized out" % (diff.returns, diff.absent, diff.optimized_out))
    unread = not options.opt_level and any(diff.unread for diff in diffs)
    return 1 if any(diffs) or not diffs[0].compared or unread else 0


def hunt(options):
    """One program a seed; nothing may differ, and nothing may be unread. A program that cannot be judged counts as a
    difference."""
    import harness
    first, _, last = options.seeds.partition("..")
    seeds = range(int(first), int(last or first) + 1)
    every, failed = [], []
    for seed in seeds:
        with harness.Scratch() as scratch:      # many programs, each used once
            harness.CACHE = scratch.path
            try:
                diffs = judge(seed, options)
            except (harness.CompileError, AssertionError, UnicodeDecodeError) as e:
                print("seed %d: %s" % (seed, e), flush=True)
                failed.append(seed)
                continue
        every.append(diffs)
        print("seed %d: {:?} %s; {:#?} %s" % (seed, sum_up(diffs[:1]), sum_up(diffs[1:])), flush=True)
    print("%s\n%d programs of %d functions, %d of them not judged" % (
        harness.rustc_identity().split("\n")[0], len(seeds), options.functions, len(failed)))
    for i, form in enumerate(["{:?}", "{:#?}"]):
        print("%s: %s" % (form, sum_up([diffs[i] for diffs in every])))
    return 1 if failed or not every or any(d or d.unread or not d.compared for diffs in every for d in diffs) else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["emit", "run", "check", "hunt"])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", default="1..20", metavar="FIRST..LAST", help="of hunt")
    parser.add_argument("--functions", type=int, default=100)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--depth", type=int, default=4)
    parser.add_argument("--type", action="append", help="only these constructors, or all of this module of them (may repeat)")
    parser.add_argument("--arch", choices=["x86_64", "aarch64"], default=platform.machine(),
                        help="aarch64: compiled for it and run under qemu-aarch64")
    parser.add_argument("--opt-level", choices=["0", "1", "2", "3", "s", "z"],
                        help="a program for this -C opt-level: what is traced is kept, values may be absent")
    parser.add_argument("--free", action="store_true", help="of what is returned, half is for the optimizer to propagate")
    parser.add_argument("--rustc-flag", action="append", default=[])
    parser.add_argument("--limit", type=int, default=20, help="differences to print")
    parser.add_argument("-o", "--output", default=".")
    options = parser.parse_args()
    if options.action == "hunt":
        return hunt(options)
    if options.action == "check":
        return check(options)
    if options.action == "run":
        print(build(options.seed, options)[0])
        return 0
    source, manifest = source_of(options.seed, options)[:2]
    os.makedirs(options.output, exist_ok=True)
    with open(os.path.join(options.output, "gen_prog.rs"), "w", encoding="utf-8") as f:
        f.write(source)
    with open(os.path.join(options.output, "manifest.json"), "w", encoding="utf-8") as f:
        json.dump(manifest, f, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
