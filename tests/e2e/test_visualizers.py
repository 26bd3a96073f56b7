# SPDX-License-Identifier: MIT OR Apache-2.0
"""Visualizer files: types of other crates, and what is said about files and types that do not fit.

The crates are small ones with layouts as they occur; their Debug, printed by the program itself, is what must be shown.
"""

import json
import os

import harness
from harness import E2ETest

KIT = """
use std::{fmt, mem::MaybeUninit, ptr::NonNull};

/// Items behind a pointer that does not say their type.
pub struct Raw<T> { pub ptr: *const u8, pub len: usize, pub mark: std::marker::PhantomData<T> }
impl<T> Raw<T> {
    pub fn new(v: Vec<T>) -> Raw<T> {
        let v = v.leak();
        Raw { ptr: v.as_ptr() as *const u8, len: v.len(), mark: std::marker::PhantomData }
    }
    pub fn slice(&self) -> &[T] { unsafe { std::slice::from_raw_parts(self.ptr as *const T, self.len) } }
}
impl<T: fmt::Debug> fmt::Debug for Raw<T> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result { self.slice().fmt(f) }
}

pub struct Text { pub at: NonNull<u8>, pub size: u32 }
impl Text {
    pub fn new(s: &str) -> Text {
        let s = Box::leak(s.to_string().into_boxed_str());
        Text { at: NonNull::new(s.as_mut_ptr()).unwrap(), size: s.len() as u32 }
    }
}
impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        unsafe { std::str::from_utf8_unchecked(std::slice::from_raw_parts(self.at.as_ptr(), self.size as usize)) }.fmt(f)
    }
}

pub struct Fixed<T, const N: usize> { pub used: u8, pub slots: [MaybeUninit<T>; N] }
impl<T, const N: usize> Fixed<T, N> {
    pub fn new(v: Vec<T>) -> Fixed<T, N> {
        let mut f = Fixed { used: 0, slots: unsafe { MaybeUninit::uninit().assume_init() } };
        for item in v { f.slots[f.used as usize] = MaybeUninit::new(item); f.used += 1; }
        f
    }
}
impl<T: fmt::Debug, const N: usize> fmt::Debug for Fixed<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        unsafe { std::slice::from_raw_parts(self.slots.as_ptr() as *const T, self.used as usize) }.fmt(f)
    }
}

pub struct Entry<K, V> { pub hash: u64, pub v: V, pub k: K }
pub struct Ordered<K, V> { pub inner: Table<K, V> }
pub struct Table<K, V> { pub entries: Vec<Entry<K, V>> }
impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for Ordered<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_map().entries(self.inner.entries.iter().map(|e| (&e.k, &e.v))).finish()
    }
}
pub struct Unique<K> { pub map: Ordered<K, ()> }
impl<K: fmt::Debug> fmt::Debug for Unique<K> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_set().entries(self.map.inner.entries.iter().map(|e| &e.k)).finish()
    }
}

#[derive(Clone, Copy)]
pub struct Id(pub [u8; 6]);
impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for (i, b) in self.0.iter().enumerate() { write!(f, "{}{:02x}", if i == 2 { "-" } else { "" }, b)?; }
        Ok(())
    }
}

pub struct Money { pub cents: i64, pub code: Code }
pub struct Code { pub kind: u16, pub name: String }
impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        if self.code.kind == 0 { return write!(f, "nothing"); }
        write!(f, "{{{:?} cents of {} / {:?}}}", self.cents, self.code.name.escape_debug().to_string(), self.code.name)
    }
}

pub enum Either<T> { Left { ptr: *const T, n: usize }, Right(T) }
impl<T: fmt::Debug> fmt::Debug for Either<T> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Either::Left { ptr, n } => unsafe { std::slice::from_raw_parts(*ptr, *n) }.fmt(f),
            Either::Right(x) => write!(f, "just {:?}", x),
        }
    }
}
"""

VISUALIZERS = """
# All that the language has.
[kit::Raw<*>]
items = ptr
length = len
element = T

[kit::Text]
text = at
length = size

[kit::Fixed<*>]
items = slots
length = used

[kit::Ordered<*>]
items = inner.entries
key = k
value = v

[kit::Unique<*>]
items = map.inner.*
key = k

[kit::Id]
show = {0[0..2]:x}-{0[2..6]:x}

[kit::Money]
when = code.kind == 0
show = nothing
[kit::Money]
when = code.kind >= 1
show = "{{{cents} cents of {code.name:s} / {code.name}}}"

[kit::Either<*>]
items = Left.ptr
length = Left.n
[kit::Either<*>]
show = just {Right.0}
"""

PROGRAM = """
use kit::*;
use std::fmt::Debug;
fn show<T: Debug>(value: &T) { println!("{:?}", value); }
%s
fn main() {
    let value = Raw::new(vec![1u16, 2, 3]); show(&value); raw(&value);
    let value = Raw::new(vec!["a".to_string(), "b".to_string()]); show(&value); raw_strings(&value);
    let value = Raw::<u64>::new(vec![]); show(&value); raw_empty(&value);
    let value = Raw::new(vec![Text::new("in"), Text::new("side")]); show(&value); nested(&value);
    let value = Text::new("h\\u{e9}\\"\\n"); show(&value); text(value);
    let value = Fixed::<_, 3>::new(vec![5u32, 6]); show(&value); fixed(&value);
    let value = Fixed::<_, 3>::new(vec![Some("x".to_string())]); show(&value); fixed_strings(&value);
    let entries = vec![Entry { hash: 1, k: "z".to_string(), v: 2i8 }, Entry { hash: 7, k: "a".to_string(), v: -1 }];
    let value = Ordered { inner: Table { entries } }; show(&value); ordered(&value);
    let value = Unique { map: Ordered { inner: Table { entries: vec![Entry { hash: 0, k: 'q', v: () }] } } };
    show(&value); unique(&value);
    let value = Id([1, 0xab, 3, 4, 5, 0xff]); show(&value); id(value);
    let value = Money { cents: -5, code: Code { kind: 3, name: "E\\"U".to_string() } }; show(&value); money(&value);
    let value = Money { cents: 0, code: Code { kind: 0, name: String::new() } }; show(&value); money(&value);
    let list = [1u8, 2];
    let value = Either::Left { ptr: list.as_ptr(), n: 2 }; show(&value); either(&value);
    let value = Either::Right(9u8); show(&value); either(&value);
}
"""
FUNCTIONS = """
fn raw(v: &Raw<u16>) {} fn raw_strings(v: &Raw<String>) {} fn raw_empty(v: &Raw<u64>) {} fn nested(v: &Raw<Text>) {}
fn text(v: Text) {} fn fixed(v: &Fixed<u32, 3>) {} fn fixed_strings(v: &Fixed<Option<String>, 3>) {}
fn ordered(v: &Ordered<String, i8>) {} fn unique(v: &Unique<char>) {} fn id(v: Id) {} fn money(v: &Money) {}
fn either(v: &Either<u8>) {}
"""

ODD = """
use kit::*;
fn broken(v: &Fixed<u32, 3>) {}
fn hostile(v: &Raw<u32>) {}
fn large(v: &Raw<u8>) {}
fn wild(v: &Text) {}
fn main() {
    let mut value = Fixed::<_, 3>::new(vec![5u32, 6]); value.used = 4; broken(&value);
    hostile(&Raw { ptr: std::ptr::null(), len: 3, mark: std::marker::PhantomData });
    large(&Raw::new((0..100u8).collect::<Vec<_>>()));
    wild(&Text { at: std::ptr::NonNull::new(16 as *mut u8).unwrap(), size: 3 });
}
"""

# What fdbg comes with, against crates of the same layout.
SHIPPED = {
    "smallvec": """
        use std::{mem::MaybeUninit, ptr::NonNull, marker::PhantomData};
        pub trait Array { type Item; }
        impl<T, const N: usize> Array for [T; N] { type Item = T; }
        pub enum SmallVecData<A: Array> { Inline(MaybeUninit<A>), Heap { ptr: NonNull<A::Item>, len: usize } }
        pub struct SmallVec<A: Array> { pub capacity: usize, pub data: SmallVecData<A>, pub _marker: PhantomData<A::Item> }
    """,
    "uuid": "pub struct Uuid(pub [u8; 16]);",
    "bytes": """
        pub mod bytes { pub struct Bytes { pub ptr: *const u8, pub len: usize } }
        pub mod bytes_mut { pub struct BytesMut { pub ptr: std::ptr::NonNull<u8>, pub len: usize, pub cap: usize } }
    """,
    "semver": """
        pub mod identifier { pub struct Identifier { pub head: std::ptr::NonNull<u8>, pub tail: [u8; 0] } }
        pub struct Prerelease { pub identifier: identifier::Identifier }
        pub struct BuildMetadata { pub identifier: identifier::Identifier }
        pub struct Version { pub major: u64, pub minor: u64, pub patch: u64, pub pre: Prerelease, pub build: BuildMetadata }
    """,
}
SHIPPED_PROGRAM = """
use std::{mem::MaybeUninit, ptr::NonNull, marker::PhantomData};
use smallvec::*;
fn on_heap(v: &SmallVec<[u16; 2]>) {}
fn in_place(v: &SmallVec<[u16; 2]>) {}
fn id(v: uuid::Uuid) {}
fn shared(v: &bytes::bytes::Bytes) {}
fn unshared(v: &bytes::bytes_mut::BytesMut) {}
fn release(v: &semver::Version) {}
fn candidate(v: &semver::Version) {}
fn version(pre: usize) -> semver::Version {
    let id = |word: usize| semver::identifier::Identifier { head: NonNull::new(word as *mut u8).unwrap(), tail: [] };
    semver::Version { major: 1, minor: 2, patch: 3, pre: semver::Prerelease { identifier: id(pre) },
                      build: semver::BuildMetadata { identifier: id(usize::MAX) } }
}
fn main() {
    let mut list = [4u16, 5, 6];
    on_heap(&SmallVec { capacity: 4, data: SmallVecData::Heap { ptr: NonNull::new(list.as_mut_ptr()).unwrap(), len: 3 },
                        _marker: PhantomData });
    in_place(&SmallVec { capacity: 1, data: SmallVecData::Inline(MaybeUninit::new([7, 8])), _marker: PhantomData });
    id(uuid::Uuid([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255]));
    let mut text = *b"a\\0\\xff\\"";
    shared(&bytes::bytes::Bytes { ptr: text.as_ptr(), len: 4 });
    unshared(&bytes::bytes_mut::BytesMut { ptr: NonNull::new(text.as_mut_ptr()).unwrap(), len: 1, cap: 4 });
    release(&version(usize::MAX));
    candidate(&version(0x61));
}
"""


class VisualizersTest(E2ETest):
    def write(self, name, text):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def first_args(self, rec):
        """[(function, its argument v)] of the calls that main made."""
        return [(c.short(), c.args[0][1]) for c in self.main_tree(rec).children
                if c.function.startswith("app::") and [a[0] for a in c.args] == ["v"]]

    def own(self, text, program, *more, **options):
        return self.record(program, opts=["--no-visualizers", "--visualizers", self.write("v.vis", text)] + list(more),
                           **options)

    def program(self):
        return harness.compile_rust("app", PROGRAM % FUNCTIONS, deps={"kit": KIT})

    def odd(self):
        return harness.compile_rust("app", ODD, deps={"kit": KIT})

    def test_values_are_what_the_program_prints(self):
        rec = self.own(VISUALIZERS, self.program())
        printed = rec.stdout_text.splitlines()
        shown = [text for _, text in self.first_args(rec)]
        self.assertEqual(len(printed), 14)
        self.assertEqual(shown, printed)

    def test_a_recording_needs_no_file(self):
        rec = self.own(VISUALIZERS, self.program())
        os.unlink(self.path("v.vis"))
        done = harness.fdbg("show", rec.file)
        self.assertIn("raw(v=[1, 2, 3])", done.stdout_text)

    def test_structured_values_keep_type_and_members(self):
        rec = self.own(VISUALIZERS, self.program())
        events = {e["function"]: e for e in rec.dump("--values=json") if e["event"] == "call"}
        value = dict(events["app::money"]["args"])["v"]["value"]
        self.assertEqual(value["typename"], "kit::Money")
        self.assertEqual(sorted(value["fields"]), ["$show", "cents", "code"])
        value = dict(events["app::text"]["args"])["v"]
        self.assertEqual(value["typename"], "kit::Text")
        self.assertEqual(value["fields"]["text"]["value"], "h\u00e9\"\n")
        self.assertEqual(json.dumps(value["fields"]["$show"]["value"]), '"{text}"')

    def test_without_files_the_members_are_shown(self):
        rec = self.record(self.program(), opts=["--no-visualizers"])
        shown = dict(self.first_args(rec))
        self.assertRegex(shown["raw"], r"^Raw \{ ptr: 0x[0-9a-f]+, len: 3, mark: PhantomData")
        self.assertEqual(shown["id"], "Id([1, 171, 3, 4, 5, 255])")

    def test_missing_members_fall_back_and_say_so(self):
        rec = self.own("[kit::Id]\nshow = {number}\n[kit::Raw<*>]\nitems = ptr\nlength = size\n", self.program(), "-v",
                       quiet=False)
        self.assertEqual(dict(self.first_args(rec))["id"], "Id([1, 171, 3, 4, 5, 255])")
        self.assertIn("v.vis:1: kit::Id is shown as its fields: kit::Id has no member 'number'", rec.stderr_text)
        self.assertRegex(rec.stderr_text, r"v.vis:3: kit::Raw<u16> is shown as its fields: kit::Raw<u16> has no member 'size'")
        quiet = self.own("[kit::Id]\nshow = {number}\n", self.program())
        self.assertEqual(quiet.stderr_text, "")

    def test_values_that_do_not_fit_fall_back(self):
        rec = self.own(VISUALIZERS, self.odd(), "-v", quiet=False)
        shown = dict(self.first_args(rec))
        self.assertRegex(shown["broken"], r"^Fixed \{ used: 4, slots: \[")
        self.assertRegex(shown["hostile"], r"^Raw \{ ptr: 0x0, len: 3, ")
        self.assertEqual(shown["wild"], "<unreadable>")
        self.assertIn("its length is more than there is room for", rec.stderr_text)
        self.assertIn("pointer that is null", rec.stderr_text)

    def test_limits_hold(self):
        rec = self.own(VISUALIZERS, self.odd(), "--max-array-size=3")
        self.assertEqual(dict(self.first_args(rec))["large"], "[0, 1, 2, …]")

    def test_a_wrong_file_is_an_error_before_the_program_runs(self):
        path = self.write("v.vis", "[kit::Id]\n\ncolour = red\n")
        done = harness.fdbg("record", "-o", self.path("x.ss"), "--visualizers", path, self.program(), cwd=self.dir)
        self.assertEqual(done.status, 125, str(done))
        self.assertIn("v.vis:3: unknown key 'colour'", done.stderr_text)
        self.assertEqual(done.stdout, b"")
        self.assertFalse(os.path.exists(self.path("x.ss")))
        done = harness.fdbg("record", "--visualizers", self.path("none"), self.program(), cwd=self.dir)
        self.assertEqual(done.status, 125, str(done))
        self.assertIn("cannot read %s: No such file" % self.path("none"), done.stderr_text)

    def test_order_of_files(self):
        """Named files in their order, then the user's in the order of names; hidden ones and backups do not count."""
        for name, text in [("b", "from b"), ("a", "from a"), (".a", "hidden"), ("a~", "backup")]:
            self.write("config/fdbg/visualizers/" + name, "[kit::Id]\nshow = %s\n" % text)
        first = self.write("first.vis", "[kit::Id]\nshow = first\n")
        second = self.write("second.vis", "[kit::*]\nshow = second\n")
        for opts, env, expected in [
                ([], {"XDG_CONFIG_HOME": self.path("config")}, "from a"),
                (["--visualizers", first, "--visualizers=" + second], {"XDG_CONFIG_HOME": self.path("config")}, "first"),
                (["--visualizers", second, "--visualizers", first], {"XDG_CONFIG_HOME": self.path("config")}, "second"),
                (["--no-visualizers"], {"XDG_CONFIG_HOME": self.path("config")}, "Id([1, 171, 3, 4, 5, 255])")]:
            rec = self.record(self.program(), opts=opts, env=env)
            self.assertEqual(dict(self.first_args(rec))["id"], expected, opts)
        os.makedirs(self.path("home"))
        os.rename(self.path("config"), self.path("home/.config"))
        rec = self.record(self.program(), env={"HOME": self.path("home"), "XDG_CONFIG_HOME": ""})
        self.assertEqual(dict(self.first_args(rec))["id"], "from a")

    def test_unreadable_folder(self):
        """A home that cannot be read, like another user's, costs its visualizers and no more."""
        os.symlink("home", self.path("home"))       # nobody gets through, root neither
        done = harness.fdbg("record", "-o", self.path("x.ss"), "-F", "app::*", self.program(), cwd=self.dir,
                            env={"HOME": self.path("home"), "XDG_CONFIG_HOME": ""})
        self.assertEqual(done.status, 0, str(done))
        self.assertIn("warning: cannot read %s/.config/fdbg/visualizers: " % self.path("home"), done.stderr_text)
        self.write("config/fdbg/visualizers/good", "[kit::Id]\nshow = good\n")
        bad = self.path("config/fdbg/visualizers/bad")
        os.symlink("bad", bad)
        done = harness.fdbg("record", "-o", self.path("y.ss"), "-F", "app::*", self.program(), cwd=self.dir,
                            env={"XDG_CONFIG_HOME": self.path("config")})
        self.assertEqual(done.status, 0, str(done))
        self.assertIn("warning: cannot read %s: " % bad, done.stderr_text)
        self.assertEqual(dict(self.first_args(harness.Recording(self.path("y.ss"))))["id"], "good")
        done = harness.fdbg("record", "--visualizers", bad, self.program(), cwd=self.dir)
        self.assertEqual(done.status, 125, str(done))

    def test_shipped_files(self):
        program = harness.compile_rust("app", SHIPPED_PROGRAM, deps=SHIPPED)
        folder = os.path.join(harness.TOP_DIR, "share", "visualizers")
        opts = ["--no-visualizers"]
        for name in sorted(os.listdir(folder)):
            opts += ["--visualizers", os.path.join(folder, name)]
        shown = dict(self.first_args(self.record(program, opts=opts)))
        identifier = shown.pop("candidate")
        self.assertEqual(shown, {
            "on_heap": "[4, 5, 6]", "in_place": "[7]", "id": "00010203-0405-0607-0809-0a0b0c0d0eff",
            "shared": 'b"a\\0\\xff\\""', "unshared": 'b"a"', "release": "Version { major: 1, minor: 2, patch: 3 }"})
        # The text is packed: it is shown as it is, and not left out.
        self.assertIn("pre: Prerelease { identifier: Identifier(0x0000000000000061) } }", identifier)
