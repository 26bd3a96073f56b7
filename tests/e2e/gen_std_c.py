# SPDX-License-Identifier: MIT OR Apache-2.0
"""Constructors of the program generator: readers and writers, processes and files, sources and adapters of iterators,
wakers, errors that hold errors, weak and raw pointers to what has no size of its own.
"""

import functools

import gen_std_a
import gen_std_b
import gen_types
from gen_std_b import byte_literal, kind
from gen_types import Type, con, int_value, items, str_literal

KIT = """
use std::error::Error;
use std::fmt;
#[derive(Debug)] pub struct Mine { pub code: u8, pub text: String }
#[derive(Debug)] pub enum Deep { Io(std::io::Error), Other(Box<dyn Error + Send + Sync>), None }
impl fmt::Display for Mine { fn fmt(&self, _: &mut fmt::Formatter) -> fmt::Result { Ok(()) } }
impl fmt::Display for Deep { fn fmt(&self, _: &mut fmt::Formatter) -> fmt::Result { Ok(()) } }
impl Error for Mine {}
impl Error for Deep {}
pub fn status(code: i32) -> std::process::ExitStatus { std::os::unix::process::ExitStatusExt::from_raw(code) }
pub fn file() -> std::fs::File { std::fs::File::open("/dev/null").unwrap() }
pub fn meta(path: &str) -> std::fs::Metadata { std::fs::symlink_metadata(path).unwrap() }
pub fn options(mode: u32) -> std::fs::OpenOptions {
    let mut o = std::fs::OpenOptions::new();
    std::os::unix::fs::OpenOptionsExt::mode(o.read(true).create(true), mode);
    o
}
pub fn reader(text: &'static str, taken: usize) -> std::io::BufReader<&'static [u8]> {
    use std::io::Read;
    let mut r = std::io::BufReader::with_capacity(64, text.as_bytes());
    let _ = r.read(&mut vec![0; taken]);
    r
}
pub fn cursor(bytes: Vec<u8>, at: u64) -> std::io::Cursor<Vec<u8>> { let mut c = std::io::Cursor::new(bytes); c.set_position(at); c }
pub fn from_start<I: Iterator>(mut i: I, n: usize) -> I { for _ in 0..n { i.next(); } i }
pub fn from_ends<I: DoubleEndedIterator>(mut i: I, front: usize, back: usize) -> I {
    for _ in 0..front { i.next(); }
    for _ in 0..back { i.next_back(); }
    i
}
pub fn next() -> Option<u8> { None }
pub fn later(x: &u8) -> Option<u8> { x.checked_add(1) }
pub fn twice(x: u8) -> u8 { x.wrapping_mul(2) }
pub fn odd(x: &u8) -> bool { x % 2 == 1 }
pub fn weak_slice<T>(v: Vec<T>) -> std::sync::Weak<[T]> { let a: std::sync::Arc<[T]> = v.into(); std::sync::Arc::downgrade(&a) }
#[derive(Debug)] pub struct Tail<T: ?Sized> { pub a: u8, pub b: u32, pub t: T }
#[derive(Debug)] pub struct Last<T: ?Sized>(pub u16, pub T);
#[derive(Debug)] pub struct Only<T: ?Sized>(pub T);
#[derive(Debug)] #[repr(align(32))] pub struct Far(pub u8);
pub fn ref_slice<T>(v: Vec<T>) -> std::cell::Ref<'static, [T]> {
    std::cell::Ref::map(Box::leak(Box::new(std::cell::RefCell::new(v))).borrow(), |v| &v[..])
}
pub fn weak_str(s: &str) -> std::rc::Weak<str> { let r: std::rc::Rc<str> = s.into(); std::rc::Rc::downgrade(&r) }
pub fn weak_dyn<T: fmt::Debug + 'static>(x: T) -> std::rc::Weak<dyn fmt::Debug> {
    let r: std::rc::Rc<dyn fmt::Debug> = std::rc::Rc::new(x);
    let w = std::rc::Rc::downgrade(&r);
    std::mem::forget(r);
    w
}
"""
gen_types.KITS.append(("kit_c", KIT))

C = "crate::kit_c::"
fixed = functools.partial(gen_std_b.fixed, module=__name__)
wrap = functools.partial(gen_std_b.wrap, module=__name__)


# --------------------------------------------------------------------------------------------- readers and writers

fixed(1, "std::io::Cursor<Vec<u8>>", None, [lambda g: C + "cursor(vec![%s], %d)" % (items(g, gen_types.int_type(g, "u8"), 0, 9),
                                                                                    g.rng.randrange(5))])
fixed(1, "std::io::SeekFrom", None, [lambda g: "std::io::SeekFrom::End(%s)" % int_value(g, "i64"),
                                     lambda g: "std::io::SeekFrom::Start(%s)" % int_value(g, "u64")])
fixed(1, "std::io::Empty", None, ["std::io::empty()"], kind="io_empty")
fixed(1, "std::io::Sink", None, ["std::io::sink()"])
fixed(1, "std::io::Repeat", None, ["std::io::repeat(3)"], kind="io_repeat")
fixed(1, "std::io::BufReader<&'static [u8]>", None, [lambda g: C + "reader(%s, %d)" % (str_literal(g), g.rng.randrange(5))])


# --------------------------------------------------------------------------------------------- processes and files

fixed(1, "std::process::ExitCode", None, ["std::process::ExitCode::SUCCESS", lambda g: "std::process::ExitCode::from(%s)" % int_value(g, "u8")])
fixed(1, "std::process::ExitStatus", None, [lambda g: C + "status(%d)" % g.rng.choice([0, 9, 256, 139, -1])])
fixed(1, "std::process::Stdio", None, ["std::process::Stdio::null()", "std::process::Stdio::inherit()"])
fixed(1, "std::process::Output", None,
      [lambda g: "std::process::Output { status: %sstatus(0), stdout: %s.to_vec(), stderr: vec![] }" % (C, byte_literal(g))])
fixed(1, "std::fs::Permissions", None, [C + 'meta("%s").permissions()' % p for p in ("/dev/null", "/tmp", "/proc/self/exe", "/proc/version")])
fixed(1, "std::fs::FileType", None, [C + 'meta("%s").file_type()' % p for p in ("/dev/null", "/tmp", "/proc/self/exe", "/proc/version")])
fixed(1, "std::fs::OpenOptions", None, [lambda g: C + "options(0o%o)" % g.rng.randrange(0o7777)])
fixed(1, "std::os::unix::io::OwnedFd", None, [C + "file().into()"])
fixed(1, "std::os::unix::io::BorrowedFd<'static>", None, ["std::os::unix::io::AsFd::as_fd(hlp::leak(%sfile()))" % C])
fixed(1, "std::env::Args", None, ["std::env::args()"])
fixed(1, "std::env::ArgsOs", None, ["std::env::args_os()"])
fixed(1, "std::path::Component<'static>", None, [
    lambda g: "std::path::Component::Normal(hlp::b::os_str(%s))" % byte_literal(g), "std::path::Component::RootDir",
    "std::path::Component::ParentDir"])
fixed(1, "std::path::Display<'static>", None, [lambda g: "std::path::Path::new(hlp::b::os_str(%s)).display()" % byte_literal(g)],
      kind="path_display")
fixed(1, "std::collections::TryReserveError", None, ["Vec::<u8>::new().try_reserve(usize::MAX).unwrap_err()"])
fixed(1, "std::thread::Builder", None, [lambda g: 'std::thread::Builder::new().name("q".into()).stack_size(%s)' % int_value(g, "usize")])
fixed(1, "std::hash::BuildHasherDefault<std::collections::hash_map::DefaultHasher>", None, ["std::hash::BuildHasherDefault::default()"])
fixed(1, "std::collections::hash_map::DefaultHasher", None, ["std::collections::hash_map::DefaultHasher::new()"])
fixed(1, "std::sync::BarrierWaitResult", None, ["std::sync::Barrier::new(1).wait()"])
fixed(1, "std::alloc::System", None, ["std::alloc::System"])


# --------------------------------------------------------------------------------------------- iterators

fixed(1, "std::iter::Empty<u8>", None, ["std::iter::empty()"], kind="iter_empty")
fixed(1, "std::future::Pending<u8>", None, ["std::future::pending()"])
fixed(1, "std::iter::FromFn<fn() -> Option<u8>>", None, ["std::iter::from_fn(%snext as fn() -> Option<u8>)" % C])
fixed(1, "std::iter::Successors<u8, fn(&u8) -> Option<u8>>", None,
      [lambda g: "std::iter::successors(Some(%s), %slater as fn(&u8) -> Option<u8>)" % (int_value(g, "u8"), C)])
fixed(1, "std::iter::Map<std::ops::Range<u8>, fn(u8) -> u8>", None, ["(1u8..4).map(%stwice as fn(u8) -> u8)" % C])
fixed(1, "std::iter::Filter<std::ops::Range<u8>, fn(&u8) -> bool>", None, ["(1u8..4).filter(%sodd as fn(&u8) -> bool)" % C])
fixed(1, "std::iter::StepBy<std::ops::Range<i16>>", None, ["(1i16..9).step_by(2)"])
fixed(1, "std::iter::Peekable<std::ops::Range<i64>>", None, ["(1i64..4).peekable()", "{ let mut p = (1i64..4).peekable(); p.peek(); p }"])
fixed(1, "std::iter::Cycle<std::ops::Range<u8>>", None, ["(1u8..4).cycle()"])
fixed(1, "std::str::Bytes<'static>", None, [lambda g: "%s.bytes()" % str_literal(g)])
fixed(1, "std::str::CharIndices<'static>", None, [lambda g: "%s.char_indices()" % str_literal(g)])
fixed(1, "std::char::ToUppercase", None, ["'a'.to_uppercase()", "'\\u{df}'.to_uppercase()"], since=(1, 95))
fixed(1, "std::ascii::EscapeDefault", None, ["std::ascii::escape_default(7)"])
fixed(1, "std::string::Drain<'static>", None, [
    lambda g: "hlp::leak(%s.to_string()).drain(..)" % str_literal(g)], kind="string_drain")
wrap(1, "std::option::IntoIter<%s>", None, ["Some::<{T}>({V}).into_iter()", "None::<{T}>.into_iter()"], kind="option_iter")
wrap(1, "std::iter::Once<%s>", None, ["std::iter::once::<{T}>({V})"], kind="iter_once")
fixed(1, "std::iter::RepeatN<String>", None, [lambda g: "std::iter::repeat_n(String::from(%s), %d)" % (str_literal(g), g.rng.randrange(3))],
      since=(1, 95), kind="repeat_n")
wrap(1, "std::future::Ready<%s>", None, ["std::future::ready::<{T}>({V})"])
wrap(1, "std::panic::AssertUnwindSafe<%s>", None, ["std::panic::AssertUnwindSafe::<{T}>({V})"])
wrap(1, "std::vec::Drain<'static, %s>", None, ["hlp::leak::<Vec<{T}>>(vec![{V}]).drain(..)", "hlp::leak::<Vec<{T}>>(vec![]).drain(..)"],
     kind="vec_drain")
wrap(1, "std::slice::Chunks<'static, %s>", None, ["(&*hlp::leak_slice::<{T}>(vec![{V}])).chunks(2)"])
wrap(1, "std::collections::linked_list::IntoIter<%s>", None, ["std::collections::LinkedList::<{T}>::from([{V}]).into_iter()"],
     kind="linked_list_iter")
HASH_ITERS = {"Iter<'static, {K}, {V}>": "iter()", "IterMut<'static, {K}, {V}>": "iter_mut()", "IntoIter<{K}, {V}>": "into_iter()",
              "Drain<'static, {K}, {V}>": "drain()", "Keys<'static, {K}, {V}>": "keys()", "Values<'static, {K}, {V}>": "values()",
              "ValuesMut<'static, {K}, {V}>": "values_mut()", "IntoKeys<{K}, {V}>": "into_keys()",
              "IntoValues<{K}, {V}>": "into_values()"}
SET_ITERS = {"Iter<'static, {K}>": "iter()", "IntoIter<{K}>": "into_iter()", "Drain<'static, {K}>": "drain()"}


@con(3)
def hash_iter(g, depth):
    """What is left to give of a hash table, from which some was taken before and some is given already."""
    k, v = gen_std_a.key_type(g, depth - 1), g.type(depth - 1)
    form, call = g.rng.choice(sorted(HASH_ITERS.items()))
    rust = "std::collections::hash_map::" + form.replace("{K}", k.rust).replace("{V}", v.rust)

    def value():
        text = "crate::kit_a::thinned(crate::kit_a::hash::<%s, %s>(vec![%s]), %d)" % (
            k.rust, v.rust, gen_std_a.entries(g, k, v, 0, 30 if g.rng.randrange(6) == 0 and depth < 3 else 5), g.rng.randint(2, 9))
        return "%sfrom_start(%s.%s, %d)" % (C, text if call.startswith("into") else "hlp::leak(%s)" % text, call,
                                            g.rng.choice([0, 0, 1, 2]))

    return Type(rust, None, value)


@con(2)
def hash_set_iter(g, depth):
    k = gen_std_a.key_type(g, depth - 1)
    form, call = g.rng.choice(sorted(SET_ITERS.items()))
    rust = "std::collections::hash_set::" + form.replace("{K}", k.rust)

    def value():
        text = "<std::collections::HashSet<%s>>::from_iter(crate::kit_a::v::<%s>(vec![%s]))" % (
            k.rust, k.rust, items(g, k, 0, g.rng.choice([4, 4, 40])))
        return "%sfrom_start(%s.%s, %d)" % (C, text if call.startswith("into") else "hlp::leak(%s)" % text, call,
                                            g.rng.choice([0, 0, 1, 2]))

    return Type(rust, None, value)


@con(1, leaf=True)
def big_hash_iter(g, depth):
    return Type("std::collections::hash_map::Iter<'static, u32, u16>", None,
                lambda: "%sfrom_start(hlp::leak(crate::kit_a::big_hash(%d)).iter(), %d)"
                % (C, g.rng.choice([0, 7, 8, 14, 28, 29, 100, 250]), g.rng.choice([0, 1, 16, 17, 90, 300])))


TREE_ITERS = {form: call for form, call in HASH_ITERS.items() if not form.startswith("Drain")}


@con(3)
def btree_iter(g, depth):
    """What is left to give of a tree, of which some was given at both ends."""
    k, v = gen_std_a.key_type(g, depth - 1), g.type(depth - 1)
    form, call = g.rng.choice(sorted(TREE_ITERS.items()))
    rust = "std::collections::btree_map::" + form.replace("{K}", k.rust).replace("{V}", v.rust)

    def value():
        text = "crate::kit_a::tree::<%s, %s>(vec![%s])" % (
            k.rust, v.rust, gen_std_a.entries(g, k, v, 0, 40 if g.rng.randrange(6) == 0 and depth < 3 else 5))
        return "%sfrom_ends(%s.%s, %d, %d)" % (C, text if call.startswith("into") else "hlp::leak(%s)" % text, call,
                                               g.rng.choice([0, 0, 1, 2, 12]), g.rng.choice([0, 0, 1, 2, 12]))

    return Type(rust, None, value)


@con(1, leaf=True)
def big_btree_iter(g, depth):
    form, call = g.rng.choice([("Iter<'static, u32, u16>", "iter()"), ("IntoIter<u32, u16>", "into_iter()")])

    def value():
        text = "crate::kit_a::big_tree(%d)" % g.rng.choice([0, 11, 12, 28, 100, 250])
        return "%sfrom_ends(%s.%s, %d, %d)" % (C, text if form[1] == "n" else "hlp::leak(%s)" % text, call,
                                               g.rng.choice([0, 1, 5, 6, 11, 12, 50, 249]), g.rng.choice([0, 1, 6, 100]))

    return Type("std::collections::btree_map::" + form, None, value)


@con(2)
def btree_set_iter(g, depth):
    k = gen_std_a.key_type(g, depth - 1)
    form, call = g.rng.choice([("Iter<'static, %s>", "iter()"), ("IntoIter<%s>", "into_iter()"), ("Union<'static, %s>", "union({})"),
                               ("Difference<'static, %s>", "difference({})"), ("Intersection<'static, %s>", "intersection({})"),
                               ("SymmetricDifference<'static, %s>", "symmetric_difference({})")])

    def one():
        return "<std::collections::BTreeSet<%s>>::from_iter(crate::kit_a::v::<%s>(vec![%s]))" % (
            k.rust, k.rust, items(g, k, 0, g.rng.choice([3, 3, 20])))

    def value():
        start = one() if call.startswith("into") else "hlp::leak(%s)" % one()
        return "%sfrom_start(%s.%s, %d)" % (C, start, call.replace("{}", "hlp::leak(%s)" % one()), g.rng.choice([0, 0, 1, 2]))

    return Type("std::collections::btree_set::" + form % k.rust, None, value)


@con(2)
def linked_list_ends(g, depth):
    """What is left between the ends of a list."""
    t = g.type(depth - 1)
    name, call = g.rng.choice([("Iter", "iter"), ("IterMut", "iter_mut")])
    rust = "std::collections::linked_list::%s<'static, %s>" % (name, t.rust)
    return Type(rust, None, lambda: "%sfrom_ends(hlp::leak(crate::kit_a::v::<%s>(vec![%s]).into_iter().collect::<std::collections::LinkedList<%s>>()).%s(), %d, %d)"
                % (C, t.rust, items(g, t, 0, 5), t.rust, call, g.rng.randrange(3), g.rng.randrange(3)))


wrap(1, "std::collections::vec_deque::IterMut<'static, %s>", None,
     ["hlp::leak(crate::kit_a::ring::<{T}>(1, 2, vec![{V}])).iter_mut()"], kind="deque_iter_mut", since=(1, 95))
fixed(1, "std::slice::Split<'static, u8, fn(&u8) -> bool>", None, ["[1u8, 2, 3].split(%sodd as fn(&u8) -> bool)" % C], kind="slice_split")
fixed(1, "std::slice::EscapeAscii<'static>", None, [lambda g: "%s.escape_ascii()" % byte_literal(g)], since=(1, 95))
fixed(1, "std::str::EncodeUtf16<'static>", None, [lambda g: "%s.encode_utf16()" % str_literal(g)])
fixed(1, "std::collections::binary_heap::PeekMut<'static, u32>", None,
      [lambda g: "hlp::leak(std::collections::BinaryHeap::from([%s, 3u32])).peek_mut().unwrap()" % int_value(g, "u32")])
fixed(1, "std::collections::binary_heap::PeekMut<'static, u8>", None,
      [lambda g: "hlp::leak(std::collections::BinaryHeap::from([%s, 3u8])).peek_mut().unwrap()" % int_value(g, "u8")], kind="peek_byte")
fixed(1, "std::task::Waker", None, ["std::task::Waker::noop().clone()"], since=(1, 85))
fixed(1, "std::task::Context<'static>", None, ["std::task::Context::from_waker(std::task::Waker::noop())"], since=(1, 85))


# --------------------------------------------------------------------------------------------- errors

def inner_error(g):
    return g.rng.choice([
        lambda: "crate::kit_c::Mine { code: %s, text: String::from(%s) }" % (int_value(g, "u8"), str_literal(g)),
        lambda: "crate::kit_c::Deep::Io(std::io::Error::from(%s))" % kind(g),
        lambda: "crate::kit_c::Deep::Other(%s.into())" % str_literal(g),
        lambda: "crate::kit_c::Deep::None",
        lambda: '"x".parse::<u8>().unwrap_err()',
        lambda: "std::io::Error::from_raw_os_error(2)",
        lambda: "std::fmt::Error"])()


fixed(2, "std::io::Error", None, [lambda g: "std::io::Error::new(%s, %s)" % (kind(g), inner_error(g))], kind="io_error_own")
fixed(1, "Box<dyn std::error::Error>", None, [lambda g: "Box::<dyn std::error::Error>::from(%s)" % inner_error(g),
                                              lambda g: "Box::<dyn std::error::Error>::from(%s)" % str_literal(g)], kind="box_error")
fixed(1, "Box<dyn std::error::Error + Send + Sync>", None,
      [lambda g: "Box::<dyn std::error::Error + Send + Sync>::from(%s)" % inner_error(g)], kind="box_error_send")


# --------------------------------------------------------------------------------------------- unsized

wrap(1, "std::sync::Weak<[%s]>", None, ["crate::kit_c::weak_slice::<{T}>(vec![{V}])"], kind="weak_slice")
fixed(1, "std::rc::Weak<str>", None, [lambda g: "crate::kit_c::weak_str(%s)" % str_literal(g)], kind="weak_str")


@con(1)
def weak_dyn(g, depth):
    t = g.type(depth - 1)
    return Type("std::rc::Weak<dyn std::fmt::Debug>", None, lambda: "crate::kit_c::weak_dyn::<%s>(%s)" % (t.rust, t.value()))


wrap(1, "std::ptr::NonNull<[%s]>", None, ["std::ptr::NonNull::<[{T}]>::from(hlp::leak_slice::<{T}>(vec![{V}]))"], kind="non_null_slice")


# What may stand around something without a size: a type and a value.
AROUND = [("std::cell::RefCell<%s>", "std::cell::RefCell::new(%s)"), ("std::sync::Mutex<%s>", "std::sync::Mutex::new(%s)"),
          ("std::sync::RwLock<%s>", "std::sync::RwLock::new(%s)"),
          (C + "Tail<%s>", C + "Tail { a: 1, b: 2, t: %s }"), (C + "Last<%s>", C + "Last(3, %s)"), (C + "Only<%s>", C + "Only(%s)")]


@con(4)
def unsized_tail(g, depth):
    """Pointers to structs that end in a slice or a trait object."""
    t = g.rng.choice([g.type(depth - 1), Type(C + "Far", None, lambda: C + "Far(%s)" % int_value(g, "u8"))])
    layers = g.rng.choices(AROUND, k=g.rng.choice([1, 1, 2, 3]))
    end = g.rng.choice(["[%s]" % t.rust, "dyn std::fmt::Debug", "dyn std::any::Any"])
    rust, count = end, g.rng.randrange(4)
    for outer, _ in layers:
        rust = outer % rust
    pointers = ["Box<%s>", "std::rc::Rc<%s>", "std::sync::Arc<%s>", "&'static %s", "&'static mut %s"]
    pointer = g.rng.choice(pointers + (["*const %s"] if g.rustc >= (1, 95) else []))
    full = pointer % rust

    def value():
        kind, text = ("[%s; %d]" % (t.rust, count), "[%s]" % ", ".join(t.value() for _ in range(count))) if end[0] == "[" else \
            (t.rust, t.value())
        for outer, around in layers:
            kind, text = outer % kind, around % text
        if pointer[0] in "&*":
            return "(hlp::leak::<%s>(%s) as %s)" % (kind, text, full)
        return "(%s::<%s>::new(%s) as %s)" % (pointer[:pointer.index("<")], kind, text, full)

    return Type(full, None, value)


wrap(1, "std::cell::Ref<'static, [%s]>", None, ["crate::kit_c::ref_slice::<{T}>(vec![{V}])"], kind="ref_slice")
fixed(1, "std::rc::Rc<std::path::Path>", None, [lambda g: "std::path::Path::new(hlp::b::os_str(%s)).into()" % byte_literal(g)],
      kind="rc_path")
fixed(1, "std::sync::Arc<std::ffi::OsStr>", None, [lambda g: "hlp::b::os_str(%s).into()" % byte_literal(g)], kind="arc_os_str")
fixed(1, "std::sync::Arc<std::ffi::CStr>", None, [lambda g: "hlp::b::c_str(%s).into()" % byte_literal(g, nul=False)], kind="arc_c_str")
fixed(1, "*const std::path::Path", None, [lambda g: "(std::path::Path::new(%s) as *const std::path::Path)" % str_literal(g)],
      since=(1, 95), kind="raw_path")
