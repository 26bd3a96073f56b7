# SPDX-License-Identifier: MIT OR Apache-2.0
"""The table of Rust types that generated test programs are made of.

A Type knows how it is written in Rust source, how rustc names it in DWARF, and how to write a random value of
it. Each entry of the table is a function marked with @con; it gets the generator `g` (random source, pool of user
types, compiler version) and the nesting depth that is left, and returns a Type. To teach the generator a new type,
add one @con function: nothing else needs to change.
"""

CONSTRUCTORS = []

# The constructors of enums that have more than one variant with types of the generator's choice.
CHOICES = {"result", "data_enum", "generic_enum", "control_flow"}


class Type:
    """One Rust type.

    rust   source text ('static where a lifetime is needed)
    name   the DWARF name, None where it differs between compilers (then it is not used as a type argument
           of a function, whose name would contain it)
    value  function returning the source text of a random value; the context always fixes its type
    copy   implements Copy
    hollow has an array of length 0 in it
    """

    hollow = False

    def __init__(self, rust, name, value, copy=False, kind=""):
        self.rust = rust
        self.name = name
        self.value = value
        self.copy = copy
        self.kind = kind

    def __repr__(self):
        return self.rust


def con(weight, leaf=False, since=(1, 0), arch=None):
    """Adds a constructor. leaf: it needs no further type, so it serves when the depth is used up."""

    def add(function):
        CONSTRUCTORS.append({"weight": weight, "leaf": leaf, "since": since, "arch": arch, "make": function,
                             "kind": function.__name__})
        return function

    return add


def join_names(types, form):
    """form.format(names) or None when one of the types has no stable name."""
    names = [t.name for t in types]
    return None if None in names else form % tuple(names)


# --------------------------------------------------------------------------------------------- primitives

INT_BITS = {"i8": 8, "i16": 16, "i32": 32, "i64": 64, "i128": 128, "isize": 64,
            "u8": 8, "u16": 16, "u32": 32, "u64": 64, "u128": 128, "usize": 64}


def int_value(g, name):
    bits = INT_BITS[name]
    low, high = (0, 2 ** bits - 1) if name[0] == "u" else (-2 ** (bits - 1), 2 ** (bits - 1) - 1)
    form = g.rng.randrange(4)
    if form == 0:
        v = g.rng.choice([low, high, 0, 1, high - 1, low + 1])
    elif form == 1:
        v = (1 << g.rng.randrange(bits)) + g.rng.choice([-1, 0, 1])
    elif form == 2:
        v = g.rng.randrange(-100, 100)
    else:
        v = g.rng.getrandbits(bits) + low
    if low < 0 and g.rng.randrange(2):
        v = -v
    v = min(max(v, low), high)
    return "(%d%s)" % (v, name) if v < 0 else "%d%s" % (v, name)


def int_type(g, name):
    return Type(name, name, lambda: int_value(g, name), copy=True)


@con(10, leaf=True)
def integer(g, depth):
    return int_type(g, g.rng.choice(sorted(INT_BITS)))


F32_BITS = [0, 0x80000000, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00000, 0x7f800001, 0x7fffffff, 1, 0x80000001,
            0x007fffff, 0x00800000, 0x7f7fffff, 0x3f800000, 0x4b800000, 0x4b800001, 0x5a0e1bca, 0x5a0e1bc9, 0x38d1b717,
            0x38d1b716, 0x3dcccccd, 0xbf000000, 0x3727c5ac, 0x4cbebc20]
F64_BITS = [0, 1 << 63, 0x7ff << 52, 0xfff << 52, 0x7ff8 << 48, 0xfff8 << 48, (0x7ff << 52) | 1, 1, (1 << 63) | 1,
            (1 << 52) - 1, 1 << 52, 0x7fefffffffffffff, 0x3ff0000000000000, 0x4341c37937e08000, 0x4341c37937e07fff,
            0x3f1a36e2eb1c432d, 0x3f1a36e2eb1c432c, 0x3fb999999999999a, 0x4340000000000000, 0x44b52d02c7e14af6]


@con(4, leaf=True)
def float32(g, depth):
    def value():
        form = g.rng.randrange(3)
        if form == 0:
            return "f32::from_bits(0x%xu32)" % g.rng.choice(F32_BITS)
        if form == 1:
            return "f32::from_bits(0x%xu32)" % g.rng.getrandbits(32)
        return "(%df32 / 8.0)" % g.rng.randrange(100000)

    return Type("f32", "f32", value, copy=True)


@con(4, leaf=True)
def float64(g, depth):
    def value():
        form = g.rng.randrange(3)
        if form == 0:
            return "f64::from_bits(0x%xu64)" % g.rng.choice(F64_BITS)
        if form == 1:
            return "f64::from_bits(0x%xu64)" % g.rng.getrandbits(64)
        return "(%df64 / 100.0)" % g.rng.randrange(1000000)

    return Type("f64", "f64", value, copy=True)


CHAR_RANGES = [(0x20, 0x7e), (0x20, 0x7e), (0x20, 0x7e), (0, 0x1f), (0x7f, 0xff), (0x300, 0x36f), (0x370, 0x7ff),
               (0x800, 0x20ff), (0x2000, 0x206f), (0x3000, 0x9fff), (0xe000, 0xffff), (0x10000, 0x1ffff),
               (0xe0000, 0x10ffff)]


# Escapes follow the Unicode tables of the standard library; in these ranges old ones do not differ.
OLD_CHAR_RANGES = [(0x20, 0x7e), (0x20, 0x7e), (0x20, 0x7e), (0, 0x1f), (0x7f, 0xff), (0x300, 0x36f), (0x2000, 0x206f),
                   (0x3041, 0x3090), (0x4e00, 0x9fa0), (0xe000, 0xf8ff), (0xe0000, 0x10ffff)]


def char_code(g):
    if g.rng.randrange(6) == 0:
        return g.rng.choice([0, 9, 10, 13, 0x22, 0x27, 0x5c, 0x7f, 0xad, 0x301, 0xd7ff, 0xe000, 0xfeff, 0xfffd, 0xffff,
                             0x1f980, 0x10ffff])
    low, high = g.rng.choice(CHAR_RANGES if g.rustc >= (1, 95) else OLD_CHAR_RANGES)
    return g.rng.randrange(low, high + 1)


def char_source(code):
    if code < 0x7f and chr(code).isalnum():
        return chr(code)
    return "\\u{%x}" % code


@con(4, leaf=True)
def char(g, depth):
    return Type("char", "char", lambda: "'%s'" % char_source(char_code(g)), copy=True)


@con(3, leaf=True)
def boolean(g, depth):
    return Type("bool", "bool", lambda: g.rng.choice(["true", "false"]), copy=True)


@con(1, leaf=True)
def unit(g, depth):
    return Type("()", "()", lambda: "()", copy=True)


# --------------------------------------------------------------------------------------------- text

def str_literal(g):
    form = g.rng.randrange(8)
    if form == 0:
        length = 0
    elif form == 1:
        length = g.rng.randrange(30, 120)
    else:
        length = g.rng.randrange(1, 16)
    return '"%s"' % "".join(char_source(char_code(g)) for _ in range(length))


@con(6, leaf=True)
def str_ref(g, depth):
    return Type("&'static str", "&str", lambda: str_literal(g), copy=True)


@con(6, leaf=True)
def string(g, depth):
    def value():
        if g.rng.randrange(8) == 0:
            return "String::new()"
        if g.rng.randrange(8) == 0:
            return "hlp::roomy(%s)" % str_literal(g)
        return "String::from(%s)" % str_literal(g)

    return Type("String", "alloc::string::String", value)


@con(2, leaf=True)
def box_str(g, depth):
    return Type("Box<str>", "alloc::boxed::Box<str>", lambda: "Box::<str>::from(%s)" % str_literal(g))


# --------------------------------------------------------------------------------------------- sequences

def items(g, t, low, high):
    return ", ".join(t.value() for _ in range(g.rng.randint(low, high)))


@con(4)
def tuple_of(g, depth):
    types = [g.type(depth - 1) for _ in range(g.rng.choice([1, 2, 2, 2, 3, 3, 4, 5, 6]))]
    one = len(types) == 1
    rust = "(%s%s)" % (", ".join(t.rust for t in types), "," if one else "")
    # Compilers disagree on the comma of a 1-tuple in names of functions.
    name = None if one else join_names(types, "(%s)" % ", ".join(["%s"] * len(types)))
    return Type(rust, name, lambda: "(%s%s)" % (", ".join(t.value() for t in types), "," if one else ""),
                copy=all(t.copy for t in types))


def array_type(t, value, count):
    name = None if t.name is None else "[%s; %d]" % (t.name, count)
    return Type("[%s; %d]" % (t.rust, count), name, value, copy=t.copy)


@con(2, leaf=True)
def bytes_array(g, depth):
    count = g.rng.choice([0, 1, 2, 3, 4, 7, 8, 9, 12, 16, 17, 32, 100])
    t = int_type(g, "u8")
    return array_type(t, lambda: "[%s]" % ", ".join(t.value() for _ in range(count)), count)


@con(3)
def array(g, depth):
    t = g.type(depth - 1)
    count = g.array_length([0, 1, 1, 2, 3, 4, 5])
    return array_type(t, lambda: "[%s]" % ", ".join(t.value() for _ in range(count)), count)


@con(2, leaf=True)
def bytes_vec(g, depth):
    t = int_type(g, "u8")
    return Type("Vec<u8>", "alloc::vec::Vec<u8>", lambda: "vec![%s]" % items(g, t, 0, 40))


@con(2, leaf=True)
def bytes_slice(g, depth):
    t = int_type(g, "u8")
    mutable = g.rng.choice(["", "mut "])
    return Type("&'static %s[u8]" % mutable, "&%s[u8]" % mutable,
                lambda: "%shlp::leak_slice::<u8>(vec![%s])" % ("" if mutable else "&*", items(g, t, 0, 40)), copy=not mutable)


@con(5)
def vec(g, depth):
    t = g.type(depth - 1)

    def value():
        if g.rng.randrange(8) == 0:
            return "Vec::new()"
        text = "vec![%s]" % items(g, t, 0, 5)
        return "hlp::roomy_vec::<%s>(%s)" % (t.rust, text) if g.rng.randrange(6) == 0 else text

    return Type("Vec<%s>" % t.rust, join_names([t], "alloc::vec::Vec<%s>"), value)


@con(4)
def slice_ref(g, depth):
    t = g.type(depth - 1)
    mutable = g.rng.choice(["", "", "mut "])
    return Type("&'static %s[%s]" % (mutable, t.rust), join_names([t], "&" + mutable + "[%s]"),
                lambda: "%shlp::leak_slice::<%s>(vec![%s])" % ("" if mutable else "&*", t.rust, items(g, t, 0, 5)),
                copy=not mutable)


# --------------------------------------------------------------------------------------------- pointers

@con(5)
def reference(g, depth):
    t = g.type(depth - 1)
    mutable = g.rng.choice(["", "", "mut "])
    star = "" if mutable else "&*"
    return Type("&'static %s%s" % (mutable, t.rust), join_names([t], "&" + mutable + "%s"),
                lambda: "%shlp::leak::<%s>(%s)" % (star, t.rust, t.value()), copy=not mutable)


@con(1)
def reference_twice(g, depth):
    t = g.type(depth - 1)
    return Type("&'static &'static %s" % t.rust, join_names([t], "&&%s"),
                lambda: "&*hlp::leak::<&'static %s>(&*hlp::leak::<%s>(%s))" % (t.rust, t.rust, t.value()), copy=True)


@con(4)
def boxed(g, depth):
    t = g.type(depth - 1)
    return Type("Box<%s>" % t.rust, join_names([t], "alloc::boxed::Box<%s>"), lambda: "Box::new(%s)" % t.value())


@con(2)
def boxed_slice(g, depth):
    t = g.type(depth - 1)
    return Type("Box<[%s]>" % t.rust, join_names([t], "alloc::boxed::Box<[%s]>"),
                lambda: "Vec::<%s>::into_boxed_slice(vec![%s])" % (t.rust, items(g, t, 0, 5)))


@con(2)
def raw_pointer(g, depth):
    t = g.type(depth - 1)
    kind = g.rng.choice(["const", "mut"])

    def value():
        form = g.rng.randrange(4)
        if form == 0:
            return "(0usize as *%s %s)" % (kind, t.rust)
        if form == 1:
            return "(0x%xusize as *%s %s)" % (g.rng.getrandbits(g.rng.choice([8, 32, 48, 64])), kind, t.rust)
        return "(hlp::leak::<%s>(%s) as *mut %s as *%s %s)" % (t.rust, t.value(), t.rust, kind, t.rust)

    return Type("*%s %s" % (kind, t.rust), join_names([t], "*" + kind + " %s"), value, copy=True)


# --------------------------------------------------------------------------------------------- std enums and wrappers

@con(6)
def option(g, depth):
    t = g.type(depth - 1)
    return Type("Option<%s>" % t.rust, join_names([t], "core::option::Option<%s>"),
                lambda: "None" if g.rng.randrange(3) == 0 else "Some(%s)" % t.value(), copy=t.copy)


@con(5)
def result(g, depth):
    t, e = g.type(depth - 1), g.type(depth - 1)
    return Type("Result<%s, %s>" % (t.rust, e.rust), join_names([t, e], "core::result::Result<%s, %s>"),
                lambda: "Ok(%s)" % t.value() if g.rng.randrange(2) else "Err(%s)" % e.value(), copy=t.copy and e.copy)


def nonzero_type(g):
    prim = g.rng.choice(sorted(INT_BITS))
    low = prim[0].upper() + prim[1:]

    def value():
        return "std::num::NonZero%s::new(%s).unwrap_or(hlp::one_%s())" % (low, int_value(g, prim), prim)

    return Type("std::num::NonZero%s" % low, None, value, copy=True)


@con(2, leaf=True)
def nonzero(g, depth):
    return nonzero_type(g)


@con(2, leaf=True)
def option_nonzero(g, depth):
    t = nonzero_type(g)
    return Type("Option<%s>" % t.rust, None, lambda: g.rng.choice(["None", "Some(%s)" % t.value()]), copy=True)


# --------------------------------------------------------------------------------------------- user types

FIELD_NAMES = ["x", "y", "len", "name", "r#type", "r#fn", "value", "_hidden", "a_rather_long_field_name_it_is",
               "ptr", "vec", "pointer", "data_ptr", "length", "__0", "übung", "r#match", "Upper", "item", "count"]
VARIANT_NAMES = ["A", "B", "None", "Some", "Ok", "Err", "Circle", "Empty", "Node", "Leaf", "Wait", "Done", "Übung", "Nil",
                 "Cons", "Vec", "String", "Low", "High", "Mid"]


def field_block(g, types):
    """Random distinct field names for the types. A field `__0` alone cannot be told from a tuple's."""
    names = g.rng.sample(FIELD_NAMES, len(types))
    return ["value"] if names == ["__0"] else names


@con(8)
def user_struct(g, depth):
    old = g.reuse("struct", depth)
    if old:
        return old
    path = g.new_path("S")
    types = [g.type(depth - 1) for _ in range(g.rng.choice([1, 1, 2, 2, 3, 3, 4, 6, 8]))]
    attr = g.rng.choice(["", "", "", "", "#[repr(C)]\n", "#[repr(align(16))]\n", "#[repr(align(64))]\n"])
    if len(types) == 1 and g.rng.randrange(3) == 0:
        attr = "#[repr(transparent)]\n"
    if g.rng.randrange(2):
        names = field_block(g, types)
        g.item(path, "#[derive(Debug)]\n%spub struct %s { %s }"
               % (attr, path[-1], ", ".join("pub %s: %s" % nt for nt in zip(names, [t.rust for t in types]))))

        def value():
            return "%s { %s }" % (g.rust_path(path), ", ".join("%s: %s" % (n, t.value()) for n, t in zip(names, types)))
    else:
        g.item(path, "#[derive(Debug)]\n%spub struct %s(%s);"
               % (attr, path[-1], ", ".join("pub %s" % t.rust for t in types)))

        def value():
            return "%s(%s)" % (g.rust_path(path), ", ".join(t.value() for t in types))

    return g.remember("struct", depth, Type(g.rust_path(path), g.dwarf_path(path), value))


@con(1, leaf=True)
def unit_struct(g, depth):
    old = g.reuse("unit", 0)
    if old:
        return old
    path = g.new_path("U")
    form = g.rng.choice([";", " {}", "();"])
    g.item(path, "#[derive(Debug)]\npub struct %s%s" % (path[-1], form))
    make = g.rust_path(path) + form.rstrip(";")
    return g.remember("unit", 0, Type(g.rust_path(path), g.dwarf_path(path), lambda: make))


@con(2, leaf=True)
def packed_struct(g, depth):
    old = g.reuse("packed", 0)
    if old:
        return old
    path = g.new_path("P")
    types = [g.prim() for _ in range(g.rng.randint(1, 5))]
    names = field_block(g, types)
    g.item(path, "#[derive(Debug, Clone, Copy)]\n#[repr(C, packed)]\npub struct %s { %s }"
           % (path[-1], ", ".join("pub %s: %s" % (n, t.rust) for n, t in zip(names, types))))
    return g.remember("packed", 0, Type(
        g.rust_path(path), g.dwarf_path(path),
        lambda: "%s { %s }" % (g.rust_path(path), ", ".join("%s: %s" % (n, t.value()) for n, t in zip(names, types))),
        copy=True))


@con(5, leaf=True)
def plain_enum(g, depth):
    """C-like: with a repr or without, discriminants counted or chosen, negative ones too, one variant or many."""
    old = g.reuse("plain", 0)
    if old:
        return old
    path = g.new_path("E")
    count = g.rng.choice([1, 2, 2, 3, 5, 9, 20, 300])
    names = g.rng.sample(VARIANT_NAMES, count) if count <= 20 else ["V%d" % i for i in range(count)]
    prim = g.rng.choice([None, None, "u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64", "usize", "isize"])
    if count == 300 and prim in ("u8", "i8"):
        prim = None
    text = names
    if g.rng.randrange(2) and count < 300:
        kind = prim or "i32"
        low, high = (0, 2 ** INT_BITS[kind] - 1) if kind[0] == "u" else \
            (-2 ** (INT_BITS[kind] - 1), 2 ** (INT_BITS[kind] - 1) - 1)
        chosen = set([g.rng.choice([low, high])])
        while len(chosen) < count:
            chosen.add(g.rng.choice([g.rng.randint(low, high), g.rng.randint(max(low, -20), 20)]))
        chosen = sorted(chosen)
        g.rng.shuffle(chosen)
        text = ["%s = %d" % nd for nd in zip(names, chosen)]
    g.item(path, "#[derive(Debug, Clone, Copy)]\n%spub enum %s { %s }"
           % ("#[repr(%s)]\n" % prim if prim else "", path[-1], ", ".join(text)))
    return g.remember("plain", 0, Type(g.rust_path(path), g.dwarf_path(path),
                                       lambda: "%s::%s" % (g.rust_path(path), g.rng.choice(names)), copy=True))


def niche_payload(g, depth):
    """A type with values to spare, so that the compiler hides the tag in it."""
    form = g.rng.randrange(9)
    if form == 0:
        return Type("bool", "bool", lambda: g.rng.choice(["true", "false"]), copy=True)
    if form == 1:
        return char(g, 0)
    if form == 2:
        return str_ref(g, 0)
    if form == 3:
        return string(g, 0)
    if form == 4:
        return nonzero_type(g)
    if form == 5:
        return plain_enum(g, 0)
    if depth < 1:
        return box_str(g, 0)
    return g.rng.choice([vec, boxed, reference, option])(g, depth)


def discriminants(g, prim, count):
    """Distinct numbers, of which many have the same low bytes with another sign."""
    bits = INT_BITS[prim]
    low, high = (0, 2 ** bits - 1) if prim[0] == "u" else (-2 ** (bits - 1), 2 ** (bits - 1) - 1)
    chosen = set()
    while len(chosen) < count:
        width = g.rng.choice([7, 8, 15, 16, 31, 32, 63, 64])
        n = g.rng.choice([1, -1]) * (1 << width) + g.rng.choice([-1, 0, 1])
        chosen.add(min(max(g.rng.choice([n, n, -1, 255, g.rng.randint(-20, 20)]), low), high))
    return g.rng.sample(sorted(chosen), count)


@con(9)
def data_enum(g, depth):
    old = g.reuse("enum", depth)
    if old:
        return old
    path = g.new_path("D")
    chosen = None
    shape = g.rng.randrange(4)
    count = g.rng.choice([1, 2, 2, 3, 3, 4, 6, 12])
    attr = ""
    if shape == 0:      # one variant carries data, the others hide in it
        count = max(count, 2)
        variants = [[] for _ in range(count)]
        variants[g.rng.randrange(count)] = [niche_payload(g, depth - 1)] + \
            [g.type(depth - 1) for _ in range(g.rng.randrange(3))]
    elif shape == 1 and count == 12:    # more than 256 variants: a wider tag
        count = 270
        variants = [[g.prim()] if i % 90 == 0 else [] for i in range(count)]
    else:
        variants = [[g.type(depth - 1) for _ in range(g.rng.choice([0, 1, 1, 2, 3]))] for _ in range(count)]
        if shape == 3:
            prim = g.rng.choice(["u8", "i16", "C", "C, u32", "u64", "i8", "i32", "i64", "isize", "C, i16"])
            attr = "#[repr(%s)]\n" % prim
            if prim != "C" and count <= 20 and g.rustc >= (1, 66) and g.rng.randrange(4):
                chosen = discriminants(g, prim.split()[-1], count)
    names = g.rng.sample(VARIANT_NAMES, count) if count <= 20 else ["V%d" % i for i in range(count)]
    makers, text = [], []
    for name, types in zip(names, variants):
        if not types:
            form = g.rng.choice(["", "", "", " {}", "()"])
            text.append(name + form)
            makers.append((name + form, None, types))
        elif g.rng.randrange(2):
            text.append("%s(%s)" % (name, ", ".join(t.rust for t in types)))
            makers.append((name, None, types))
        else:
            fields = field_block(g, types)
            text.append("%s { %s }" % (name, ", ".join("%s: %s" % (f, t.rust) for f, t in zip(fields, types))))
            makers.append((name, fields, types))
    if chosen:
        text = ["%s = %d" % nd for nd in zip(text, chosen)]
    g.item(path, "#[derive(Debug)]\n%spub enum %s { %s }" % (attr, path[-1], ", ".join(text)))

    def value():
        name, fields, types = g.rng.choice(makers)
        if not types:
            return "%s::%s" % (g.rust_path(path), name)
        if fields is None:
            return "%s::%s(%s)" % (g.rust_path(path), name, ", ".join(t.value() for t in types))
        return "%s::%s { %s }" % (g.rust_path(path), name, ", ".join("%s: %s" % (f, t.value()) for f, t in zip(fields, types)))

    return g.remember("enum", depth, Type(g.rust_path(path), g.dwarf_path(path), value))


# The generic user types stand in every generated program, in module `kit`.
KIT = """
#[derive(Debug)] pub struct Gen<T> { pub a: T, pub n: u8 }
#[derive(Debug)] pub struct Pair<T, U>(pub T, pub U);
#[derive(Debug)] pub struct Arr<T, const N: usize> { pub items: [T; N] }
#[derive(Debug)] pub struct Text<'a> { pub s: &'a str, pub k: &'a [u8] }
#[derive(Debug)] pub enum Either<L, R> { Left(L), Right { r: R }, Neither }
#[derive(Debug)] pub enum List<T> { Nil, Cons(T, Box<List<T>>) }
#[derive(Debug)] pub struct Tree<T> { pub item: T, pub left: Option<Box<Tree<T>>>, pub right: Option<Box<Tree<T>>> }
"""


# Modules that stand in every generated program: (name, text). What is in `kit_…` is not recorded.
KITS = [("kit", KIT)]


def kit(g, name):
    return "%s::kit::%s" % (g.crate, name)


@con(2)
def generic_struct(g, depth):
    t = g.type(depth - 1)
    return Type("crate::kit::Gen<%s>" % t.rust, join_names([t], kit(g, "Gen<%s>")),
                lambda: "crate::kit::Gen { a: %s, n: %s }" % (t.value(), int_value(g, "u8")))


@con(2)
def generic_tuple_struct(g, depth):
    t, u = g.type(depth - 1), g.type(depth - 1)
    return Type("crate::kit::Pair<%s, %s>" % (t.rust, u.rust), join_names([t, u], kit(g, "Pair<%s, %s>")),
                lambda: "crate::kit::Pair(%s, %s)" % (t.value(), u.value()))


@con(1)
def generic_const(g, depth):
    t = g.type(depth - 1)
    count = g.array_length(range(5))
    return Type("crate::kit::Arr<%s, %d>" % (t.rust, count), join_names([t], kit(g, "Arr<%%s, %d>" % count)),
                lambda: "crate::kit::Arr { items: [%s] }" % ", ".join(t.value() for _ in range(count)))


@con(1, leaf=True)
def with_lifetime(g, depth):
    return Type("crate::kit::Text<'static>", kit(g, "Text"),
                lambda: "crate::kit::Text { s: %s, k: b\"ab\\x00\" }" % str_literal(g))


@con(3)
def generic_enum(g, depth):
    t, u = g.type(depth - 1), g.type(depth - 1)

    def value():
        return g.rng.choice([lambda: "crate::kit::Either::Left(%s)" % t.value(),
                             lambda: "crate::kit::Either::Right { r: %s }" % u.value(),
                             lambda: "crate::kit::Either::Neither"])()

    return Type("crate::kit::Either<%s, %s>" % (t.rust, u.rust), join_names([t, u], kit(g, "Either<%s, %s>")), value)


@con(1)
def linked(g, depth):
    t = g.type(depth - 1)

    def value(left=2):
        if left == 0 or g.rng.randrange(3) == 0:
            return "crate::kit::List::Nil"
        return "crate::kit::List::Cons(%s, Box::new(%s))" % (t.value(), value(left - 1))

    return Type("crate::kit::List<%s>" % t.rust, join_names([t], kit(g, "List<%s>")), value)


@con(1)
def tree(g, depth):
    t = g.type(depth - 1)

    def value(left=2):
        def child():
            return "None" if left == 0 or g.rng.randrange(3) == 0 else "Some(Box::new(%s))" % value(left - 1)

        return "crate::kit::Tree { item: %s, left: %s, right: %s }" % (t.value(), child(), child())

    return Type("crate::kit::Tree<%s>" % t.rust, join_names([t], kit(g, "Tree<%s>")), value)
