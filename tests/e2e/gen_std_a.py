# SPDX-License-Identifier: MIT OR Apache-2.0
"""Constructors of the program generator: collections, shared pointers, trait objects, iterators, fn pointers."""

import gen_types
from gen_types import Type, con, items, int_type, int_value, join_names

# What is in here stands in every program, in module `kit_a`.
KIT = """
use std::collections::*;
use std::fmt::Debug;
use std::rc::Rc;
use std::sync::Arc;

pub trait Thing: Debug { fn weight(&self) -> usize { std::mem::size_of_val(self) } }
impl<T: Debug> Thing for T {}
pub trait Held<X>: Debug { fn held(&self) -> Option<X> { None } }
impl<T: Debug, X> Held<X> for T {}

/// Two variants that the compiler tells apart by 128 bits.
#[derive(Debug)] pub struct Nothing;
#[derive(Debug)] #[repr(align(32))] pub struct Wide(pub u8, pub u64);
#[derive(Debug)] #[repr(align(128))] pub struct Wider { pub a: u16 }

pub fn v<T>(v: Vec<T>) -> Vec<T> { v }
pub fn hash<K: Eq + std::hash::Hash, V>(v: Vec<(K, V)>) -> HashMap<K, V> { v.into_iter().collect() }
pub fn tree<K: Ord, V>(v: Vec<(K, V)>) -> BTreeMap<K, V> { v.into_iter().collect() }
/// A ring whose first element is not at the start of its memory.
pub fn ring<T>(turn: usize, room: usize, items: Vec<T>) -> VecDeque<T> {
    let mut d: VecDeque<T> = VecDeque::with_capacity(items.len() + room);
    let mut items: VecDeque<T> = items.into_iter().collect();
    let n = items.len();
    let turn = if n == 0 { 0 } else { turn % n };
    let back = items.split_off(turn);
    for x in back { d.push_back(x); }
    while let Some(x) = items.pop_back() { d.push_front(x); }
    d
}
/// A map that had more entries.
pub fn thinned<K: Eq + std::hash::Hash, V>(mut map: HashMap<K, V>, every: usize) -> HashMap<K, V> {
    let mut i = 0;
    map.retain(|_, _| { i += 1; i % every != 0 });
    map
}
pub fn big_hash(n: u32) -> HashMap<u32, u16> { (0..n).map(|i| (i.wrapping_mul(0x9e3779b9), i as u16)).collect() }
pub fn big_tree(n: u32) -> BTreeMap<u32, u16> { (0..n).map(|i| (i.wrapping_mul(0x9e3779b9), i as u16)).collect() }
pub fn weak_rc<T>(x: T, keep: bool) -> std::rc::Weak<T> {
    let rc = Rc::new(x);
    let weak = Rc::downgrade(&rc);
    if keep { std::mem::forget(rc); }
    weak
}
pub fn weak_arc<T>(x: T, keep: bool) -> std::sync::Weak<T> {
    let arc = Arc::new(x);
    let weak = Arc::downgrade(&arc);
    if keep { std::mem::forget(arc); }
    weak
}
pub fn shared<T>(x: T, weak: usize, strong: usize) -> Rc<T> {
    let rc = Rc::new(x);
    for _ in 0..weak { std::mem::forget(Rc::downgrade(&rc)); }
    for _ in 0..strong { std::mem::forget(rc.clone()); }
    rc
}
pub fn skip<I: Iterator>(mut iter: I, n: usize) -> I { for _ in 0..n { iter.next(); } iter }
pub fn double(x: u32) -> u32 { x.wrapping_mul(2) }
pub fn triple(x: u32) -> u32 { x.wrapping_mul(3) }
pub extern "C" fn foreign(x: i32, y: u8) -> i64 { x as i64 + y as i64 }
"""
gen_types.KITS.append(("kit_a", KIT))


# --------------------------------------------------------------------------------------------- keys of maps

def key_type(g, depth):
    """A type that implements Ord and Hash."""
    form = g.rng.randrange(10 if depth > 0 else 6)
    if form <= 1:
        return int_type(g, g.rng.choice(["i8", "u8", "i32", "u32", "u64", "i64", "u128", "i128", "usize"]))
    if form == 2:
        return gen_types.char(g, 0)
    if form == 3:
        return gen_types.str_ref(g, 0)
    if form == 4:
        return gen_types.string(g, 0)
    if form == 5:
        return g.rng.choice([gen_types.boolean, gen_types.unit, gen_types.bytes_vec])(g, 0)
    t = key_type(g, depth - 1)
    if form == 6:
        u = key_type(g, depth - 1)
        return Type("(%s, %s)" % (t.rust, u.rust), join_names([t, u], "(%s, %s)"),
                    lambda: "(%s, %s)" % (t.value(), u.value()))
    if form == 7:
        return Type("Option<%s>" % t.rust, join_names([t], "core::option::Option<%s>"),
                    lambda: "None" if g.rng.randrange(3) == 0 else "Some(%s)" % t.value())
    if form == 8:
        return Type("Vec<%s>" % t.rust, join_names([t], "alloc::vec::Vec<%s>"), lambda: "vec![%s]" % items(g, t, 0, 3))
    return Type("Box<%s>" % t.rust, join_names([t], "alloc::boxed::Box<%s>"), lambda: "Box::new(%s)" % t.value())


def entries(g, k, v, low, high):
    return ", ".join("(%s, %s)" % (k.value(), v.value()) for _ in range(g.rng.randint(low, high)))


def count(g):
    """Few, mostly; now and then more than one node of a tree or one group of a hash table holds."""
    return g.rng.choice([0, 1, 1, 2, 2, 3, 4, 5])


# --------------------------------------------------------------------------------------------- collections

@con(3)
def vec_deque(g, depth):
    t = g.type(depth - 1)

    def value():
        return "crate::kit_a::ring::<%s>(%d, %d, vec![%s])" % (
            t.rust, g.rng.randrange(8), g.rng.choice([0, 0, 1, 3]), items(g, t, 0, 6))

    return Type("std::collections::VecDeque<%s>" % t.rust, None, value)


@con(3)
def linked_list(g, depth):
    t = g.type(depth - 1)
    return Type("std::collections::LinkedList<%s>" % t.rust, None,
                lambda: "crate::kit_a::v::<%s>(vec![%s]).into_iter().collect::<std::collections::LinkedList<%s>>()"
                % (t.rust, items(g, t, 0, 6), t.rust))


@con(2)
def binary_heap(g, depth):
    t = key_type(g, depth - 1)
    return Type("std::collections::BinaryHeap<%s>" % t.rust, None,
                lambda: "std::collections::BinaryHeap::<%s>::from(vec![%s])" % (t.rust, items(g, t, 0, 12)))


@con(4)
def hash_map(g, depth):
    k, v = key_type(g, depth - 1), g.type(depth - 1)
    rust = "std::collections::HashMap<%s, %s>" % (k.rust, v.rust)

    def value():
        form = g.rng.randrange(8)
        if form == 0:
            return "<%s>::new()" % rust
        text = "crate::kit_a::hash::<%s, %s>(vec![%s])" % (k.rust, v.rust, entries(g, k, v, 0, 12 if form == 1 and depth < 3 else 5))
        return "crate::kit_a::thinned(%s, %d)" % (text, g.rng.randint(2, 3)) if form == 2 else text

    return Type(rust, None, value)


@con(3)
def hash_set(g, depth):
    k = key_type(g, depth - 1)
    rust = "std::collections::HashSet<%s>" % k.rust
    return Type(rust, None, lambda: "<%s>::from_iter(crate::kit_a::v::<%s>(vec![%s]))" % (rust, k.rust, items(g, k, 0, g.rng.choice([4, 20]))))


@con(4)
def btree_map(g, depth):
    k, v = key_type(g, depth - 1), g.type(depth - 1)
    rust = "std::collections::BTreeMap<%s, %s>" % (k.rust, v.rust)
    return Type(rust, None, lambda: "crate::kit_a::tree::<%s, %s>(vec![%s])" % (
        k.rust, v.rust, entries(g, k, v, 0, 25 if g.rng.randrange(8) == 0 and depth < 3 else 5)))


@con(3)
def btree_set(g, depth):
    k = key_type(g, depth - 1)
    rust = "std::collections::BTreeSet<%s>" % k.rust
    return Type(rust, None, lambda: "<%s>::from_iter(crate::kit_a::v::<%s>(vec![%s]))" % (rust, k.rust, items(g, k, 0, g.rng.choice([5, 5, 40]))))


@con(1, leaf=True)
def big_map(g, depth):
    kind, make = g.rng.choice([("HashMap", "big_hash"), ("BTreeMap", "big_tree")])
    return Type("std::collections::%s<u32, u16>" % kind, None,
                lambda: "crate::kit_a::%s(%d)" % (make, g.rng.choice([0, 7, 8, 14, 15, 28, 29, 100, 250])))


# --------------------------------------------------------------------------------------------- shared pointers

SHARED = {"Rc": "std::rc::", "Arc": "std::sync::"}


@con(4)
def counted(g, depth):
    t = g.type(depth - 1)
    kind = g.rng.choice(["Rc", "Arc"])
    full = SHARED[kind] + kind

    def value():
        if kind == "Rc" and g.rng.randrange(3) == 0:
            return "crate::kit_a::shared::<%s>(%s, %d, %d)" % (t.rust, t.value(), g.rng.randrange(3), g.rng.randrange(3))
        return "%s::<%s>::new(%s)" % (full, t.rust, t.value())

    return Type("%s<%s>" % (full, t.rust), None, value)


@con(3)
def counted_slice(g, depth):
    t = g.type(depth - 1)
    full = g.rng.choice(["std::rc::Rc", "std::sync::Arc"])
    return Type("%s<[%s]>" % (full, t.rust), None,
                lambda: "%s::<[%s]>::from(crate::kit_a::v::<%s>(vec![%s]))" % (full, t.rust, t.rust, items(g, t, 0, 4)))


@con(2, leaf=True)
def counted_str(g, depth):
    full = g.rng.choice(["std::rc::Rc", "std::sync::Arc"])
    return Type(full + "<str>", None, lambda: "%s::<str>::from(%s)" % (full, gen_types.str_literal(g)))


@con(2)
def weak(g, depth):
    t = g.type(depth - 1)
    kind, make = g.rng.choice([("std::rc::Weak", "weak_rc"), ("std::sync::Weak", "weak_arc")])
    return Type("%s<%s>" % (kind, t.rust), None,
                lambda: g.rng.choice(["<%s<%s>>::new()" % (kind, t.rust),
                                      "crate::kit_a::%s::<%s>(%s, true)" % (make, t.rust, t.value()),
                                      "crate::kit_a::%s::<%s>(%s, false)" % (make, t.rust, t.value())]))


# --------------------------------------------------------------------------------------------- trait objects

def dyn_trait(g):
    return g.rng.choice(["std::fmt::Debug", "crate::kit_a::Thing", "crate::kit_a::Thing", "crate::kit_a::Held<u8>",
                         "std::any::Any"])


def concrete(g, depth):
    """What a trait object holds: (type, value) as source. Each value may be of another type."""
    form = g.rng.randrange(6)
    if form == 0:
        return g.rng.choice([("crate::kit_a::Nothing", "crate::kit_a::Nothing"),
                             ("crate::kit_a::Wide", "crate::kit_a::Wide(%s, %s)" % (int_value(g, "u8"), int_value(g, "u64"))),
                             ("crate::kit_a::Wider", "crate::kit_a::Wider { a: %s }" % int_value(g, "u16"))])
    t = g.type(max(depth - 1, 0))
    return t.rust, t.value()


@con(5)
def trait_object(g, depth):
    trait = dyn_trait(g)
    form = g.rng.choice(["Box", "Rc", "Arc", "&", "&mut"])
    prefix = {"Box": "Box<dyn %s>", "Rc": "std::rc::Rc<dyn %s>", "Arc": "std::sync::Arc<dyn %s>",
              "&": "&'static dyn %s", "&mut": "&'static mut dyn %s"}[form] % trait

    def value():
        rust, text = concrete(g, depth)
        if form.startswith("&"):
            return "(hlp::leak::<%s>(%s) as %s)" % (rust, text, prefix)
        return "(%s::<%s>::new(%s) as %s)" % (prefix[:prefix.index("<")], rust, text, prefix)

    return Type(prefix, None, value)


@con(2, leaf=True)
def trait_object_send(g, depth):
    """With auto traits, of values that have them."""
    form = g.rng.choice(["Box<dyn std::fmt::Debug + Send>", "std::sync::Arc<dyn std::fmt::Debug + Send + Sync>",
                         "Box<dyn std::any::Any + Send>", "&'static (dyn std::fmt::Debug + Sync)"])

    def value():
        t = g.rng.choice([gen_types.integer, gen_types.string, gen_types.str_ref, gen_types.char, gen_types.bytes_vec])(g, 0)
        if form.startswith("&"):
            return "(&*hlp::leak::<%s>(%s) as %s)" % (t.rust, t.value(), form)
        return "(%s::<%s>::new(%s) as %s)" % (form[:form.index("<")], t.rust, t.value(), form)

    return Type(form, None, value)


@con(2)
def trait_object_many(g, depth):
    """A Vec of objects of several concrete types."""
    return Type("Vec<Box<dyn crate::kit_a::Thing>>", None,
                lambda: "crate::kit_a::v::<Box<dyn crate::kit_a::Thing>>(vec![%s])"
                % ", ".join("Box::<%s>::new(%s) as Box<dyn crate::kit_a::Thing>" % concrete(g, depth - 1)
                            for _ in range(count(g))))


@con(1, since=(1, 95))
def raw_fat(g, depth):
    """Raw pointers to trait objects, slices and str."""
    kind = g.rng.choice(["const", "mut"])
    form = g.rng.randrange(3)
    if form == 0:
        rust = "*%s dyn std::fmt::Debug" % kind
        return Type(rust, None, lambda: "(hlp::leak::<%s>(%s) as *mut dyn std::fmt::Debug as %s)" % (
            concrete(g, 1) + (rust,)))
    if form == 1:
        t = g.type(depth - 1)
        return Type("*%s [%s]" % (kind, t.rust), None,
                    lambda: "(hlp::leak_slice::<%s>(vec![%s]) as *mut [%s] as *%s [%s])"
                    % (t.rust, items(g, t, 0, 3), t.rust, kind, t.rust))
    return Type("*%s str" % kind, None, lambda: "(%s as *const str as *%s str)" % (gen_types.str_literal(g), kind))


# --------------------------------------------------------------------------------------------- functions

@con(2, leaf=True)
def fn_pointer(g, depth):
    if g.rng.randrange(3) == 0:
        return Type('extern "C" fn(i32, u8) -> i64', None, lambda: 'crate::kit_a::foreign as extern "C" fn(i32, u8) -> i64',
                    copy=True)
    return Type("fn(u32) -> u32", None, lambda: g.rng.choice(["crate::kit_a::double", "crate::kit_a::triple"])
                + " as fn(u32) -> u32", copy=True)


# --------------------------------------------------------------------------------------------- iterators

@con(2)
def vec_iter(g, depth):
    t = g.type(depth - 1)
    return Type("std::vec::IntoIter<%s>" % t.rust, None,
                lambda: "crate::kit_a::skip(crate::kit_a::v::<%s>(vec![%s]).into_iter(), %d)"
                % (t.rust, items(g, t, 0, 5), g.rng.randrange(3)))


@con(2)
def slice_iter(g, depth):
    t = g.type(depth - 1)
    return Type("std::slice::Iter<'static, %s>" % t.rust, None,
                lambda: "crate::kit_a::skip((&*hlp::leak_slice::<%s>(vec![%s])).iter(), %d)"
                % (t.rust, items(g, t, 0, 5), g.rng.randrange(3)))


@con(1)
def slice_iter_mut(g, depth):
    t = g.type(depth - 1)
    return Type("std::slice::IterMut<'static, %s>" % t.rust, None,
                lambda: "crate::kit_a::skip(hlp::leak_slice::<%s>(vec![%s]).iter_mut(), %d)"
                % (t.rust, items(g, t, 0, 5), g.rng.randrange(3)))


@con(1)
def array_iter(g, depth):
    t = g.type(depth - 1)
    count = g.rng.randrange(4)
    return Type("std::array::IntoIter<%s, %d>" % (t.rust, count), None,
                lambda: "crate::kit_a::skip(IntoIterator::into_iter([%s] as [%s; %d]), %d)"
                % (", ".join(t.value() for _ in range(count)), t.rust, count, g.rng.randrange(3)))


@con(1, since=(1, 95))
def deque_iter(g, depth):
    t = vec_deque(g, depth)
    inner = t.rust[t.rust.index("<") + 1:-1]
    if g.rng.randrange(2):
        return Type("std::collections::vec_deque::IntoIter<%s>" % inner, None, lambda: "%s.into_iter()" % t.value())
    return Type("std::collections::vec_deque::Iter<'static, %s>" % inner, None,
                lambda: "(&*hlp::leak::<%s>(%s)).iter()" % (t.rust, t.value()))


@con(1, leaf=True)
def chars_iter(g, depth):
    return Type("std::str::Chars<'static>", None,
                lambda: "crate::kit_a::skip(%s.chars(), %d)" % (gen_types.str_literal(g), g.rng.randrange(3)))


@con(1)
def adapters(g, depth):
    """Adapters print as derived structs."""
    t = slice_iter(g, depth)
    form = g.rng.choice(["Rev", "Enumerate", "Take", "Skip", "Fuse"])
    call = {"Rev": "rev()", "Enumerate": "enumerate()", "Take": "take(%d)" % g.rng.randrange(5),
            "Skip": "skip(%d)" % g.rng.randrange(5), "Fuse": "fuse()"}[form]
    return Type("std::iter::%s<%s>" % (form, t.rust), None, lambda: "%s.%s" % (t.value(), call))


# --------------------------------------------------------------------------------------------- wide enums

@con(1, leaf=True, since=(1, 89))
def enum_128(g, depth):
    """Tags and values of 128 bits."""
    old = g.reuse("enum128", 0)
    if old:
        return old
    path = g.new_path("W")
    prim = g.rng.choice(["u128", "i128"])
    names = g.rng.sample(gen_types.VARIANT_NAMES, g.rng.choice([1, 2, 3, 5]))
    data = g.rng.randrange(2)
    chosen = []
    while len(chosen) < len(names):
        v = int_value(g, prim).strip("()")
        if v not in chosen:
            chosen.append(v)
    fields = [g.prim() if data and g.rng.randrange(2) else None for _ in names]
    g.item(path, "#[derive(Debug, Clone, Copy)]\n#[repr(%s)]\npub enum %s { %s }" % (prim, path[-1], ", ".join(
        "%s%s = %s" % (n, "(%s)" % f.rust if f else "", c) for n, f, c in zip(names, fields, chosen))))

    def value():
        n, f = g.rng.choice(list(zip(names, fields)))
        return "%s::%s%s" % (g.rust_path(path), n, "(%s)" % f.value() if f else "")

    return g.remember("enum128", 0, Type(g.rust_path(path), None, value, copy=True))
