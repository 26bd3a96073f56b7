# SPDX-License-Identifier: MIT OR Apache-2.0
"""Types of the standard library for the program generator: cells, locks, atomics, ranges, time, paths, addresses,
errors, handles and small wrappers. Helpers that the values need stand in the module `hlp::b` of each program.
"""

import re

from gen_types import INT_BITS, Type, con, int_type, int_value, join_names, char_code, str_literal, items

# --------------------------------------------------------------------------------------------- helpers in the program

RUST = r"""
pub mod b {
    use std::cell::*;
    use std::ffi::*;
    use std::io;
    use std::sync::*;

    fn quiet<R>(f: impl FnOnce() -> R) -> std::thread::Result<R> {
        let old = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| ()));
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f));
        std::panic::set_hook(old);
        result
    }
    pub fn ref_cell<T>(v: T, how: u32) -> RefCell<T> {
        let cell = RefCell::new(v);
        match how { 1 => std::mem::forget(cell.borrow_mut()), 2 => std::mem::forget(cell.borrow()), _ => () }
        cell
    }
    pub fn mutex<T>(v: T, how: u32) -> Mutex<T> {
        let lock = Mutex::new(v);
        if how & 2 != 0 { let _ = quiet(|| { let _guard = lock.lock(); panic!("poison"); }); }
        if how & 1 != 0 { std::mem::forget(lock.lock()); }
        lock
    }
    pub fn rw_lock<T>(v: T, how: u32) -> RwLock<T> {
        let lock = RwLock::new(v);
        if how & 4 != 0 { let _ = quiet(|| { let _guard = lock.write(); panic!("poison"); }); }
        match how & 3 { 1 => std::mem::forget(lock.write()), 2 => std::mem::forget(lock.read()), _ => () }
        lock
    }
    pub fn mutex_guard<T>(v: T) -> MutexGuard<'static, T> { super::leak(Mutex::new(v)).lock().unwrap() }
    pub fn read_guard<T>(v: T) -> RwLockReadGuard<'static, T> { super::leak(RwLock::new(v)).read().unwrap() }
    pub fn write_guard<T>(v: T) -> RwLockWriteGuard<'static, T> { super::leak(RwLock::new(v)).write().unwrap() }
    pub fn cell_ref<T>(v: T) -> Ref<'static, T> { super::leak(RefCell::new(v)).borrow() }
    pub fn cell_ref_mut<T>(v: T) -> RefMut<'static, T> { super::leak(RefCell::new(v)).borrow_mut() }
    pub fn cell_ref_str(v: &str) -> Ref<'static, str> {
        Ref::map(super::leak(RefCell::new(String::from(v))).borrow(), |s| &s[..])
    }
    pub fn poison_error<T>(v: T) -> PoisonError<T> { PoisonError::new(v) }
    pub fn once(done: bool) -> Once { let once = Once::new(); if done { once.call_once(|| ()); } once }
    pub fn exhausted<T>(mut r: std::ops::RangeInclusive<T>) -> std::ops::RangeInclusive<T>
        where std::ops::RangeInclusive<T>: Iterator { while r.next().is_some() {} r }
    pub fn os(bytes: &[u8]) -> OsString { std::os::unix::ffi::OsStringExt::from_vec(bytes.to_vec()) }
    pub fn os_str(bytes: &'static [u8]) -> &'static OsStr { std::os::unix::ffi::OsStrExt::from_bytes(bytes) }
    pub fn c_string(bytes: &[u8]) -> CString { CString::new(bytes).unwrap() }
    pub fn c_str(bytes: &[u8]) -> &'static CStr { super::leak(c_string(bytes)) }
    pub fn io_error(kind: io::ErrorKind, s: &str) -> io::Error { io::Error::new(kind, s) }
    pub fn io_simple() -> io::Error {
        // Writing nothing into a full buffer is an error with a message of the library's own.
        use std::io::Write;
        let mut none: [u8; 0] = [];
        (&mut none[..]).write_all(b"x").unwrap_err()
    }
    pub fn io_simple_eof() -> io::Error { use std::io::Read; (&b""[..]).read_exact(&mut [0u8]).unwrap_err() }
    #[track_caller] pub fn here() -> &'static std::panic::Location<'static> { std::panic::Location::caller() }
    pub fn join_handle<T: Send + 'static>(v: T) -> std::thread::JoinHandle<T> { std::thread::spawn(|| v) }
    pub fn named_thread(name: &str) -> std::thread::Thread {
        std::thread::Builder::new().name(name.to_string()).spawn(|| ()).unwrap().thread().clone()
    }
    pub fn nameless_thread() -> std::thread::Thread { std::thread::spawn(|| ()).thread().clone() }
    pub fn sender<T>(keep: bool, bound: Option<usize>) -> mpsc::Sender<T> {
        let (s, r) = mpsc::channel(); if keep { std::mem::forget(r); } let _ = bound; s
    }
    pub fn sync_sender<T>(bound: usize) -> mpsc::SyncSender<T> {
        let (s, r) = mpsc::sync_channel(bound); std::mem::forget(r); s
    }
    pub fn receiver<T>(bound: Option<usize>) -> mpsc::Receiver<T> {
        match bound {
            None => { let (s, r) = mpsc::channel(); std::mem::forget(s); r }
            Some(n) => { let (s, r) = mpsc::sync_channel(n); std::mem::forget(s); r }
        }
    }
    pub fn nanos(s: u64, n: u32) -> std::time::Duration { std::time::Duration::new(s, n) }
    pub fn before(d: std::time::Duration) -> std::time::SystemTime { std::time::UNIX_EPOCH - d }
    pub fn system_time_error(d: std::time::Duration) -> std::time::SystemTimeError {
        std::time::UNIX_EPOCH.duration_since(std::time::UNIX_EPOCH + d + std::time::Duration::from_nanos(1)).unwrap_err()
    }
    pub fn borrow_error() -> BorrowError { ref_cell(1, 1).try_borrow().err().unwrap() }
    pub fn borrow_mut_error() -> BorrowMutError { ref_cell(1, 1).try_borrow_mut().err().unwrap() }
    pub fn utf8_error(bytes: &[u8]) -> std::str::Utf8Error { std::str::from_utf8(bytes).unwrap_err() }
    pub fn from_utf8_error(bytes: &[u8]) -> std::string::FromUtf8Error { String::from_utf8(bytes.to_vec()).unwrap_err() }
    pub fn utf16_error(c: u16) -> std::char::DecodeUtf16Error { std::char::decode_utf16([c]).next().unwrap().unwrap_err() }
    #[derive(Debug)] pub enum Kinds { A, B(u8), C { x: u32 }, D(Box<Kinds>) }
    LATER
}
"""

LATER = [
    ((1, 70), r"""
    pub fn once_cell<T>(v: T, set: bool) -> OnceCell<T> { let c = OnceCell::new(); if set { let _ = c.set(v); } c }
    pub fn once_lock<T>(v: T, set: bool) -> OnceLock<T> { let c = OnceLock::new(); if set { let _ = c.set(v); } c }
"""),
    ((1, 80), r"""
    pub fn lazy_cell<T: 'static>(v: T, force: bool) -> LazyCell<T, Box<dyn FnOnce() -> T>> {
        let cell: LazyCell<T, Box<dyn FnOnce() -> T>> = LazyCell::new(Box::new(move || v));
        if force { LazyCell::force(&cell); }
        cell
    }
    pub fn lazy_lock<T: 'static>(v: T, force: bool) -> LazyLock<T, Box<dyn FnOnce() -> T>> {
        let cell: LazyLock<T, Box<dyn FnOnce() -> T>> = LazyLock::new(Box::new(move || v));
        if force { LazyLock::force(&cell); }
        cell
    }
    pub fn lazy_poisoned() -> LazyCell<u8, fn() -> u8> {
        let cell: LazyCell<u8, fn() -> u8> = LazyCell::new(|| panic!("poison"));
        let _ = quiet(|| { LazyCell::force(&cell); });
        cell
    }
    pub fn lazy_lock_poisoned() -> LazyLock<u8, fn() -> u8> {
        let cell: LazyLock<u8, fn() -> u8> = LazyLock::new(|| panic!("poison"));
        let _ = quiet(|| { LazyLock::force(&cell); });
        cell
    }
"""),
]


def helpers(rustc):
    return RUST.replace("LATER", "".join(text for since, text in LATER if rustc >= since))


# --------------------------------------------------------------------------------------------- making entries

def wrap(weight, rust, name, forms, since=(1, 0), kind=None, module=__name__):
    """An entry for a wrapper of any one type: `%s` is the type in rust and name, {T} and {V} type and value in forms."""

    def make(g, depth):
        t = g.type(depth - 1)
        return Type(rust % t.rust, join_names([t], name) if name else None,
                    lambda: g.rng.choice(forms).replace("{T}", t.rust).replace("{V}", t.value()))

    make.__name__ = kind or rust.split("<")[0].split("::")[-1].lower()
    make.__module__ = module
    con(weight, since=since)(make)


def fixed(weight, rust, name, forms, since=(1, 0), kind=None, module=__name__):
    """An entry for a type without arguments; forms: source texts of values, or functions of g."""

    def make(g, depth):
        def value():
            form = g.rng.choice(forms)
            return form(g) if callable(form) else form

        return Type(rust, name, value)

    make.__name__ = kind or rust.split("::")[-1].split("<")[0].lower()
    make.__module__ = module
    con(weight, leaf=True, since=since)(make)


def num(kind):
    return lambda g: int_value(g, kind)


def fmt(form, *kinds):
    return lambda g: form % tuple(int_value(g, k) if k in INT_BITS else k(g) for k in kinds)


def byte_literal(g, nul=True):
    """Bytes as b"…": text, and some that are not UTF-8."""
    out = []
    for _ in range(g.rng.choice([0, 1, 3, 8, 20])):
        form = g.rng.randrange(6)
        if form == 0:
            out += [g.rng.randrange(0 if nul else 1, 256)]
        elif form == 1:
            out += chr(max(char_code(g), 1)).encode("utf-8")
        elif form == 2:
            out += [g.rng.choice([9, 10, 13, 27, 0x22, 0x27, 0x5c, 0x7f, 0xff, 0x80, 0xc3])]
        else:
            out += [g.rng.randrange(0x20, 0x7f)]
    return 'b"%s"' % "".join("\\x%02x" % c for c in out)


def c_bytes(g):
    return byte_literal(g, nul=False)


# --------------------------------------------------------------------------------------------- cells and locks

@con(2, leaf=True)
def cell(g, depth):
    t = g.prim()
    return Type("std::cell::Cell<%s>" % t.rust, join_names([t], "core::cell::Cell<%s>"),
                lambda: "std::cell::Cell::new(%s)" % t.value())


wrap(3, "std::cell::RefCell<%s>", "core::cell::RefCell<%s>",
     ["hlp::b::ref_cell::<{T}>({V}, 0)", "hlp::b::ref_cell::<{T}>({V}, 1)", "hlp::b::ref_cell::<{T}>({V}, 2)"])
wrap(1, "std::cell::UnsafeCell<%s>", "core::cell::UnsafeCell<%s>", ["std::cell::UnsafeCell::new({V})"])
wrap(2, "std::cell::OnceCell<%s>", "core::cell::once::OnceCell<%s>",
     ["hlp::b::once_cell::<{T}>({V}, true)", "hlp::b::once_cell::<{T}>({V}, false)"], since=(1, 70))
wrap(2, "std::sync::OnceLock<%s>", "std::sync::once_lock::OnceLock<%s>",
     ["hlp::b::once_lock::<{T}>({V}, true)", "hlp::b::once_lock::<{T}>({V}, false)"], since=(1, 70))


@con(2, since=(1, 80))
def lazy(g, depth):
    t = g.type(depth - 1)
    kind, low = g.rng.choice([("std::cell::LazyCell", "lazy_cell"), ("std::sync::LazyLock", "lazy_lock")])
    return Type("%s<%s, Box<dyn FnOnce() -> %s>>" % (kind, t.rust, t.rust), None,
                lambda: "hlp::b::%s::<%s>(%s, %s)" % (low, t.rust, t.value(), g.rng.choice(["true", "false"])))


fixed(1, "std::cell::LazyCell<u8, fn() -> u8>", None, ["hlp::b::lazy_poisoned()"], since=(1, 80), kind="lazy_poisoned")
fixed(1, "std::sync::LazyLock<u8, fn() -> u8>", None, ["hlp::b::lazy_lock_poisoned()"], since=(1, 80),
      kind="lazy_lock_poisoned")
wrap(3, "std::sync::Mutex<%s>", None, ["hlp::b::mutex::<{T}>({V}, %d)" % i for i in (0, 0, 1, 2, 3)])
wrap(3, "std::sync::RwLock<%s>", None, ["hlp::b::rw_lock::<{T}>({V}, %d)" % i for i in (0, 0, 1, 2, 4, 5, 6)])
wrap(1, "std::sync::MutexGuard<'static, %s>", None, ["hlp::b::mutex_guard::<{T}>({V})"])
wrap(1, "std::sync::RwLockReadGuard<'static, %s>", None, ["hlp::b::read_guard::<{T}>({V})"])
wrap(1, "std::sync::RwLockWriteGuard<'static, %s>", None, ["hlp::b::write_guard::<{T}>({V})"])
wrap(1, "std::cell::Ref<'static, %s>", "core::cell::Ref<%s>", ["hlp::b::cell_ref::<{T}>({V})"])
wrap(1, "std::cell::RefMut<'static, %s>", "core::cell::RefMut<%s>", ["hlp::b::cell_ref_mut::<{T}>({V})"])
fixed(1, "std::cell::Ref<'static, str>", None, [lambda g: "hlp::b::cell_ref_str(%s)" % str_literal(g)], kind="ref_str")
wrap(1, "std::sync::PoisonError<%s>", None, ["hlp::b::poison_error::<{T}>({V})"])
wrap(1, "std::sync::TryLockError<%s>", None,
     ["std::sync::TryLockError::WouldBlock", "std::sync::TryLockError::Poisoned(hlp::b::poison_error::<{T}>({V}))"])
fixed(1, "std::sync::Once", None, ["hlp::b::once(true)", "hlp::b::once(false)"])
fixed(1, "std::sync::Condvar", None, ["std::sync::Condvar::new()"])
fixed(1, "std::sync::Barrier", None, ["std::sync::Barrier::new(3)"])


@con(4, leaf=True)
def atomic(g, depth):
    prim = g.rng.choice(["bool", "i8", "i16", "i32", "i64", "isize", "u8", "u16", "u32", "u64", "usize"])
    rust = "std::sync::atomic::Atomic%s%s" % (prim[0].upper(), prim[1:])
    return Type(rust, None, lambda: "%s::new(%s)" % (
        rust, g.rng.choice(["true", "false"]) if prim == "bool" else int_value(g, prim)))


@con(1)
def atomic_ptr(g, depth):
    t = g.type(depth - 1)
    return Type("std::sync::atomic::AtomicPtr<%s>" % t.rust, None,
                lambda: "std::sync::atomic::AtomicPtr::new(%s)" % g.rng.choice(
                    ["std::ptr::null_mut()", "hlp::leak::<%s>(%s)" % (t.rust, t.value())]))


# --------------------------------------------------------------------------------------------- small wrappers

@con(2, leaf=True)
def wrapping(g, depth):
    t = int_type(g, g.rng.choice(sorted(INT_BITS)))
    return Type("std::num::Wrapping<%s>" % t.rust, "core::num::wrapping::Wrapping<%s>" % t.name,
                lambda: "std::num::Wrapping(%s)" % t.value(), copy=True)


@con(1, leaf=True, since=(1, 74))
def saturating(g, depth):
    t = int_type(g, g.rng.choice(sorted(INT_BITS)))
    return Type("std::num::Saturating<%s>" % t.rust, "core::num::saturating::Saturating<%s>" % t.name,
                lambda: "std::num::Saturating(%s)" % t.value(), copy=True)


wrap(1, "std::num::Wrapping<%s>", "core::num::wrapping::Wrapping<%s>", ["std::num::Wrapping({V})"], kind="wrapping_any")
wrap(2, "std::cmp::Reverse<%s>", "core::cmp::Reverse<%s>", ["std::cmp::Reverse({V})"])
fixed(2, "std::cmp::Ordering", "core::cmp::Ordering", ["std::cmp::Ordering::" + n for n in ("Less", "Equal", "Greater")])
fixed(1, "std::sync::atomic::Ordering", "core::sync::atomic::Ordering",
      ["std::sync::atomic::Ordering::" + n for n in ("Relaxed", "Release", "Acquire", "AcqRel", "SeqCst")],
      kind="atomic_ordering")
fixed(1, "Option<std::cmp::Ordering>", "core::option::Option<core::cmp::Ordering>",
      ["None", "Some(std::cmp::Ordering::Less)", "Some(std::cmp::Ordering::Greater)"], kind="option_ordering")


def range_of(rust, name, form):
    def make(g, depth):
        t = g.type(depth - 1)

        def value():
            text = form
            while "{V}" in text:
                text = text.replace("{V}", "(%s)" % t.value(), 1)
            return text

        return Type("std::ops::%s<%s>" % (rust, t.rust), join_names([t], "core::ops::range::%s<%%s>" % name), value)

    make.__name__ = rust.lower()
    make.__module__ = __name__
    con(1)(make)


range_of("Range", "Range", "({V}..{V})")
range_of("RangeInclusive", "RangeInclusive", "({V}..={V})")
range_of("RangeFrom", "RangeFrom", "({V}..)")
range_of("RangeTo", "RangeTo", "(..{V})")
range_of("RangeToInclusive", "RangeToInclusive", "(..={V})")
fixed(1, "std::ops::RangeFull", "core::ops::range::RangeFull", [".."])


@con(2, leaf=True)
def range_exhausted(g, depth):
    prim = g.rng.choice(["u8", "i32", "i64", "char", "u128"])
    value = "'x'" if prim == "char" else int_value(g, prim)
    return Type("std::ops::RangeInclusive<%s>" % prim, "core::ops::range::RangeInclusive<%s>" % prim,
                lambda: g.rng.choice(["hlp::b::exhausted::<%s>(%s..=%s)" % (prim, value, value), "%s..=%s" % (value, value)]))


wrap(2, "std::ops::Bound<%s>", "core::ops::range::Bound<%s>",
     ["std::ops::Bound::Included({V})", "std::ops::Bound::Excluded({V})", "std::ops::Bound::Unbounded"])
wrap(2, "std::task::Poll<%s>", "core::task::poll::Poll<%s>", ["std::task::Poll::Ready({V})", "std::task::Poll::Pending"])


@con(2)
def control_flow(g, depth):
    t, u = g.type(depth - 1), g.type(depth - 1)
    return Type("std::ops::ControlFlow<%s, %s>" % (t.rust, u.rust),
                join_names([t, u], "core::ops::control_flow::ControlFlow<%s, %s>"),
                lambda: "std::ops::ControlFlow::Break(%s)" % t.value() if g.rng.randrange(2)
                else "std::ops::ControlFlow::Continue(%s)" % u.value())


@con(2)
def pin(g, depth):
    t = g.type(depth - 1)
    form = g.rng.randrange(3)
    if form == 0:
        return Type("std::pin::Pin<Box<%s>>" % t.rust, None, lambda: "Box::pin(%s)" % t.value())
    if form == 1:
        return Type("std::pin::Pin<&'static %s>" % t.rust, None,
                    lambda: "unsafe { std::pin::Pin::new_unchecked(&*hlp::leak::<%s>(%s)) }" % (t.rust, t.value()))
    return Type("std::pin::Pin<&'static mut %s>" % t.rust, None,
                lambda: "unsafe { std::pin::Pin::new_unchecked(hlp::leak::<%s>(%s)) }" % (t.rust, t.value()))


wrap(2, "std::mem::ManuallyDrop<%s>", "core::mem::manually_drop::ManuallyDrop<%s>", ["std::mem::ManuallyDrop::new({V})"])


@con(2, leaf=True)
def maybe_uninit(g, depth):
    t = g.type(0)
    while "crate::kit::Text" in t.rust or "fn(&" in t.rust:     # as in phantom_data
        t = g.type(0)
    return Type("std::mem::MaybeUninit<%s>" % t.rust, None,
                lambda: "std::mem::MaybeUninit::<%s>::new(%s)" % (t.rust, t.value()))




@con(2)
def phantom_data(g, depth):
    t = g.type(depth - 1)
    while re.search(r"crate::[\w:#]+<'|fn\(&", t.rust):  # the text has '_ then, which debug information does not know
        t = g.type(depth - 1)
    return Type("std::marker::PhantomData<%s>" % t.rust, None, lambda: "std::marker::PhantomData", copy=True)


fixed(1, "std::marker::PhantomPinned", "core::marker::PhantomPinned", ["std::marker::PhantomPinned"])
fixed(1, "std::fmt::Error", "core::fmt::Error", ["std::fmt::Error"], kind="fmt_error")
fixed(1, "std::num::FpCategory", "core::num::FpCategory", ["1f32.classify()", "f64::NAN.classify()", "0f32.classify()"])
fixed(2, "std::mem::Discriminant<hlp::b::Kinds>", None,
      ["std::mem::discriminant(&hlp::b::Kinds::%s)" % v for v in ("A", "B(1)", "C { x: 2 }")])
fixed(1, "std::mem::Discriminant<Option<Box<u8>>>", None,
      ["std::mem::discriminant(&None::<Box<u8>>)", "std::mem::discriminant(&Some(Box::new(1u8)))"], kind="disc_option")
fixed(1, "std::mem::Discriminant<std::cmp::Ordering>", None,
      ["std::mem::discriminant(&std::cmp::Ordering::Less)"], kind="disc_ordering")
fixed(2, "&'static std::panic::Location<'static>", None, ["hlp::b::here()"], kind="location_ref")
fixed(1, "std::panic::Location<'static>", None, ["*hlp::b::here()"])
fixed(2, "std::alloc::Layout", None,
      ["std::alloc::Layout::new::<u8>()", "std::alloc::Layout::new::<(u64, u8)>()",
       lambda g: "std::alloc::Layout::from_size_align(%d, %d).unwrap()" % (g.rng.randrange(1 << 30),
                                                                         1 << g.rng.randrange(20))])

@con(2)
def type_id(g, depth):
    t = g.type(depth - 1)
    return Type("std::any::TypeId", "core::any::TypeId", lambda: "std::any::TypeId::of::<%s>()" % t.rust, copy=True)


@con(1)
def non_null(g, depth):
    t = g.type(depth - 1)
    return Type("std::ptr::NonNull<%s>" % t.rust, join_names([t], "core::ptr::non_null::NonNull<%s>"),
                lambda: g.rng.choice(["std::ptr::NonNull::dangling()",
                                      "std::ptr::NonNull::from(hlp::leak::<%s>(%s))" % (t.rust, t.value())]), copy=True)


# --------------------------------------------------------------------------------------------- borrowed or owned

@con(3)
def cow(g, depth):
    t = g.prim()
    form = g.rng.randrange(6)
    if form == 0:
        return Type("std::borrow::Cow<'static, [%s]>" % t.rust, None, lambda: g.rng.choice([
            "std::borrow::Cow::Owned(vec![%s])" % items(g, t, 0, 5),
            "std::borrow::Cow::Borrowed(&*hlp::leak_slice::<%s>(vec![%s]))" % (t.rust, items(g, t, 0, 5))]))
    if form == 1:
        return Type("std::borrow::Cow<'static, %s>" % t.rust, None, lambda: g.rng.choice([
            "std::borrow::Cow::Owned(%s)" % t.value(),
            "std::borrow::Cow::Borrowed(&*hlp::leak::<%s>(%s))" % (t.rust, t.value())]))
    if form == 2:
        return Type("std::borrow::Cow<'static, std::path::Path>", None, lambda: g.rng.choice([
            "std::borrow::Cow::Owned(std::path::PathBuf::from(hlp::b::os(%s)))" % byte_literal(g),
            "std::borrow::Cow::Borrowed(std::path::Path::new(hlp::b::os_str(%s)))" % byte_literal(g)]))
    if form == 3:
        return Type("std::borrow::Cow<'static, std::ffi::CStr>", None, lambda: g.rng.choice([
            "std::borrow::Cow::Owned(hlp::b::c_string(%s))" % c_bytes(g),
            "std::borrow::Cow::Borrowed(hlp::b::c_str(%s))" % c_bytes(g)]))
    if form == 4:
        return Type("std::borrow::Cow<'static, std::ffi::OsStr>", None, lambda: g.rng.choice([
            "std::borrow::Cow::Owned(hlp::b::os(%s))" % byte_literal(g),
            "std::borrow::Cow::Borrowed(hlp::b::os_str(%s))" % byte_literal(g)]))
    return Type("std::borrow::Cow<'static, str>", None, lambda: g.rng.choice([
        "std::borrow::Cow::Owned(String::from(%s))", "std::borrow::Cow::Borrowed(%s)"]) % str_literal(g))


fixed(2, "&'static std::path::Path", None, [lambda g: "std::path::Path::new(hlp::b::os_str(%s))" % byte_literal(g)],
      kind="path_ref")
fixed(2, "std::path::PathBuf", "std::path::PathBuf",
      [lambda g: "std::path::PathBuf::from(hlp::b::os(%s))" % byte_literal(g)])
fixed(1, "Box<std::path::Path>", None,
      [lambda g: "std::path::PathBuf::from(hlp::b::os(%s)).into_boxed_path()" % byte_literal(g)], kind="path_box")
fixed(2, "&'static std::ffi::OsStr", None, [lambda g: "hlp::b::os_str(%s)" % byte_literal(g)], kind="os_str_ref")
fixed(2, "std::ffi::OsString", None, [lambda g: "hlp::b::os(%s)" % byte_literal(g)])
fixed(1, "Box<std::ffi::OsStr>", None, [lambda g: "hlp::b::os(%s).into_boxed_os_str()" % byte_literal(g)],
      kind="os_str_box")
fixed(2, "&'static std::ffi::CStr", None, [lambda g: "hlp::b::c_str(%s)" % c_bytes(g)], kind="c_str_ref")
fixed(2, "std::ffi::CString", None, [lambda g: "hlp::b::c_string(%s)" % c_bytes(g)])
fixed(1, "Box<std::ffi::CStr>", None, [lambda g: "hlp::b::c_string(%s).into_boxed_c_str()" % c_bytes(g)],
      kind="c_str_box")


# --------------------------------------------------------------------------------------------- time

def duration(g):
    nanos = g.rng.choice([0, 1, 999, 1000, 1001, 5000, 999999, 1000000, 1234567, 500000000, 999999999, 5,
                          g.rng.randrange(10 ** 9), g.rng.randrange(10 ** 4) * 10 ** 5])
    secs = g.rng.choice([0, 0, 1, 3, 60, 2 ** 32, 2 ** 40, g.rng.randrange(10 ** 6)])
    return "hlp::b::nanos(%d, %d)" % (secs, nanos)


fixed(3, "std::time::Duration", "core::time::Duration", [duration, duration, "std::time::Duration::MAX"])
fixed(1, "Option<std::time::Duration>", "core::option::Option<core::time::Duration>",
      ["None", lambda g: "Some(%s)" % duration(g)], kind="option_duration")
fixed(1, "std::time::Instant", "std::time::Instant", ["std::time::Instant::now()"])
fixed(2, "std::time::SystemTime", "std::time::SystemTime",
      ["std::time::SystemTime::now()", lambda g: "(std::time::UNIX_EPOCH + %s)" % duration(g),
       lambda g: "hlp::b::before(%s)" % duration(g)])
fixed(1, "Option<std::time::SystemTime>", "core::option::Option<std::time::SystemTime>",
      ["None", lambda g: "Some(hlp::b::before(%s))" % duration(g)], kind="option_time")


# --------------------------------------------------------------------------------------------- network

def v4(g):
    return "std::net::Ipv4Addr::from(%s)" % g.rng.choice(["0u32", "0x7f000001u32", "!0u32", int_value(g, "u32")])


def v6(g):
    form = g.rng.randrange(5)
    if form == 0:
        groups = [g.rng.choice([0, 0, 0, 1, g.rng.randrange(65536)]) for _ in range(8)]
    elif form == 1:
        groups = [0, 0, 0, 0, 0, 0xffff, g.rng.randrange(65536), g.rng.randrange(65536)]
    elif form == 2:
        groups = [0] * 6 + [g.rng.choice([0, 1, 0x102]), g.rng.choice([0, 1, 2, 0x304])]
    elif form == 3:
        start, n = g.rng.randrange(8), g.rng.randrange(5)
        groups = [0 if start <= i < start + n else g.rng.randrange(1, 65536) for i in range(8)]
    else:
        groups = [g.rng.randrange(65536) for _ in range(8)]
    return "std::net::Ipv6Addr::new(%s)" % ", ".join("0x%x" % n for n in groups)


def sock4(g):
    return "std::net::SocketAddrV4::new(%s, %s)" % (v4(g), int_value(g, "u16"))


def sock6(g):
    return "std::net::SocketAddrV6::new(%s, %s, %s, %s)" % (
        v6(g), int_value(g, "u16"), int_value(g, "u32"), g.rng.choice(["0", "0", "5", int_value(g, "u32")]))


fixed(2, "std::net::Ipv4Addr", None, [v4])
fixed(3, "std::net::Ipv6Addr", None, [v6])
fixed(2, "std::net::IpAddr", None, [lambda g: "std::net::IpAddr::V4(%s)" % v4(g), lambda g: "std::net::IpAddr::V6(%s)" % v6(g)])
fixed(1, "std::net::SocketAddrV4", None, [sock4])
fixed(1, "std::net::SocketAddrV6", None, [sock6])
fixed(2, "std::net::SocketAddr", None,
      [lambda g: "std::net::SocketAddr::V4(%s)" % sock4(g), lambda g: "std::net::SocketAddr::V6(%s)" % sock6(g)])
fixed(1, "Option<std::net::IpAddr>", None, ["None", lambda g: "Some(std::net::IpAddr::V6(%s))" % v6(g)], kind="option_ip")


# --------------------------------------------------------------------------------------------- errors

KINDS = ["NotFound", "PermissionDenied", "ConnectionRefused", "ConnectionReset", "ConnectionAborted", "NotConnected",
         "AddrInUse", "AddrNotAvailable", "BrokenPipe", "AlreadyExists", "WouldBlock", "InvalidInput", "InvalidData",
         "TimedOut", "WriteZero", "Interrupted", "Unsupported", "UnexpectedEof", "OutOfMemory", "Other"]


def kind(g):
    return "std::io::ErrorKind::" + g.rng.choice(KINDS)


fixed(1, "std::io::ErrorKind", None, [kind])
fixed(4, "std::io::Error", None, [
    lambda g: "std::io::Error::from(%s)" % kind(g),
    lambda g: "std::io::Error::from_raw_os_error(%d)" % g.rng.choice(
        list(range(0, 135)) + [-1, 41, 58, 134, 200, 512, 9999]),
    lambda g: "hlp::b::io_error(%s, %s)" % (kind(g), str_literal(g)),
    "hlp::b::io_simple()", "hlp::b::io_simple_eof()"])
fixed(1, "std::io::Result<u32>", None, ["Ok(7u32)", lambda g: "Err(std::io::Error::from(%s))" % kind(g)], kind="io_result")
fixed(2, "std::num::ParseIntError", None,
      ['%s.parse::<u8>().unwrap_err()' % s for s in ('""', '"x"', '"300"')] +
      ['"-300".parse::<i8>().unwrap_err()', '"0".parse::<std::num::NonZeroU8>().unwrap_err()'])
fixed(1, "std::num::ParseFloatError", None, ['"".parse::<f32>().unwrap_err()', '"x".parse::<f64>().unwrap_err()'])
fixed(1, "std::str::ParseBoolError", None, ['"".parse::<bool>().unwrap_err()'])
fixed(1, "std::char::ParseCharError", None, ['"".parse::<char>().unwrap_err()', '"ab".parse::<char>().unwrap_err()'])
fixed(1, "std::char::CharTryFromError", None, ["std::convert::TryInto::<char>::try_into(0xd800u32).unwrap_err()"])
fixed(2, "std::str::Utf8Error", None, [r'hlp::b::utf8_error(b"%s")' % s for s in (r"a\xff", r"\xc3", r"abc\xe0\x80", r"\xf0\x90")])
fixed(1, "std::string::FromUtf8Error", None, [r'hlp::b::from_utf8_error(b"%s")' % s for s in (r"a\xff", r"\xc3")])
fixed(1, "std::string::FromUtf16Error", None, ["String::from_utf16(&[0xd800]).unwrap_err()"])
fixed(1, "std::char::DecodeUtf16Error", None, ["hlp::b::utf16_error(0xd800)", "hlp::b::utf16_error(0xdfff)"])
fixed(1, "std::num::TryFromIntError", None,
      ["std::convert::TryInto::<u8>::try_into(300i32).unwrap_err()", "std::convert::TryInto::<u8>::try_into(-1i32).unwrap_err()"])
fixed(1, "std::array::TryFromSliceError", None,
      ["std::convert::TryInto::<[u8; 2]>::try_into(&[1u8][..]).unwrap_err()"])
fixed(1, "std::net::AddrParseError", None,
      ['"x".parse::<std::net::%s>().unwrap_err()' % t for t in ("IpAddr", "Ipv4Addr", "Ipv6Addr", "SocketAddr", "SocketAddrV4")])
fixed(1, "std::env::VarError", None, ["std::env::VarError::NotPresent",
                                     lambda g: "std::env::VarError::NotUnicode(hlp::b::os(%s))" % byte_literal(g)])
fixed(1, "std::cell::BorrowError", None, ["hlp::b::borrow_error()"])
fixed(1, "std::cell::BorrowMutError", None, ["hlp::b::borrow_mut_error()"])
fixed(1, "std::sync::mpsc::RecvError", None, ["std::sync::mpsc::RecvError"])
fixed(1, "std::sync::mpsc::TryRecvError", None, ["std::sync::mpsc::TryRecvError::Empty", "std::sync::mpsc::TryRecvError::Disconnected"])
fixed(1, "std::sync::mpsc::RecvTimeoutError", None, ["std::sync::mpsc::RecvTimeoutError::Timeout"])
wrap(1, "std::sync::mpsc::SendError<%s>", None, ["std::sync::mpsc::SendError({V})"])
wrap(1, "std::sync::mpsc::TrySendError<%s>", None,
     ["std::sync::mpsc::TrySendError::Full({V})", "std::sync::mpsc::TrySendError::Disconnected({V})"])
fixed(1, "std::ffi::NulError", None, [r'std::ffi::CString::new(&b"a\0b"[..]).unwrap_err()'])
fixed(1, "std::ffi::FromBytesWithNulError", None,
      [r'std::ffi::CStr::from_bytes_with_nul(b"a\0b\0").unwrap_err()', r'std::ffi::CStr::from_bytes_with_nul(b"ab").unwrap_err()'])
fixed(1, "std::ffi::IntoStringError", None, [r'hlp::b::c_string(b"a\xff").into_string().unwrap_err()'])
fixed(1, "std::alloc::LayoutError", None, ["std::alloc::Layout::from_size_align(1, 3).unwrap_err()"])
fixed(1, "std::path::StripPrefixError", None, ['std::path::Path::new("a").strip_prefix("b").unwrap_err()'])
fixed(1, "std::time::SystemTimeError", None, [lambda g: "hlp::b::system_time_error(%s)" % duration(g)])


# --------------------------------------------------------------------------------------------- handles

fixed(1, "std::thread::Thread", None, ["std::thread::current()", 'hlp::b::named_thread("wörker \\"1\\"")',
                                      "hlp::b::nameless_thread()"])
fixed(1, "std::thread::ThreadId", None, ["std::thread::current().id()"])
fixed(1, "std::thread::JoinHandle<u32>", None, ["hlp::b::join_handle(7u32)"])
wrap(1, "std::sync::mpsc::Sender<%s>", None, ["hlp::b::sender::<{T}>(true, None)", "hlp::b::sender::<{T}>(false, None)"])
wrap(1, "std::sync::mpsc::SyncSender<%s>", None, ["hlp::b::sync_sender::<{T}>(0)", "hlp::b::sync_sender::<{T}>(3)"])
wrap(1, "std::sync::mpsc::Receiver<%s>", None,
     ["hlp::b::receiver::<{T}>(None)", "hlp::b::receiver::<{T}>(Some(0))", "hlp::b::receiver::<{T}>(Some(2))"])
fixed(1, "std::io::Stdout", None, ["std::io::stdout()"])
fixed(1, "std::io::Stdin", None, ["std::io::stdin()"])
fixed(1, "std::io::Stderr", None, ["std::io::stderr()"])
fixed(1, "std::collections::hash_map::RandomState", None, ["std::collections::hash_map::RandomState::new()"])

# --------------------------------------------------------------------------------------------- vectors

ARCH = "std::arch::x86_64::"


def simd(rust, arrays):
    def make(g, depth):
        prim, count = g.rng.choice(arrays)
        return Type(ARCH + rust, None, lambda: "unsafe { std::mem::transmute::<[%s; %d], %s%s>([%s]) }" % (
            prim, count, ARCH, rust, ", ".join(
                "(%d as %s / 4.0)" % (g.rng.randrange(-1000, 1000), prim) if prim[0] == "f" else int_value(g, prim)
                for _ in range(count))))

    make.__name__ = rust.strip("_")
    make.__module__ = __name__
    con(1, leaf=True, arch="x86_64")(make)


simd("__m128i", [("i64", 2), ("u8", 16)])
simd("__m128", [("f32", 4)])
simd("__m128d", [("f64", 2)])
simd("__m256i", [("i64", 4)])
simd("__m256", [("f32", 8)])
simd("__m256d", [("f64", 4)])
