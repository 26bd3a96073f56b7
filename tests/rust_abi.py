#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Random Rust types (generate SEED COUNT) and the comparison of places with LLVM signatures (compare FILE.ll COUNT)."""
import random
import re
import sys

PRIMITIVES = "u8 i8 u16 i16 u32 i32 u64 i64 u128 i128 usize f32 f64 bool char ()".split()
POINTERS = ["&'static str", "&'static [u8]", "&'static u32", "Box<u8>", "Box<[u16]>", "String", "Vec<u8>", "fn(u8) -> u8",
            "*const u8", "Box<dyn std::fmt::Debug>", "std::rc::Rc<u8>"]
STANDARD = ["std::num::NonZeroU8", "std::num::NonZeroU32", "std::num::NonZeroU64", "std::cmp::Ordering",
            "std::time::Duration", "std::convert::Infallible", "std::num::Wrapping<i16>", "std::cell::Cell<f32>",
            "std::mem::ManuallyDrop<f64>"]


class Generator:
    def __init__(self):
        self.declarations = []

    def declare(self, text):
        name = f"T{len(self.declarations)}"
        self.declarations.append(text.replace("NAME", name, 1))
        return name

    def types(self, count, depth):
        return ", ".join(self.type(depth) for _ in range(count))

    def type(self, depth):
        if depth <= 0 or random.random() < 0.35:
            return random.choice(PRIMITIVES)
        kind = random.randrange(13)
        inner = depth - 1
        if kind == 0:
            return f"({self.types(random.randrange(1, 4), inner)},)"
        if kind == 1:
            return f"[{self.type(inner)}; {random.randrange(4)}]"
        if kind == 2:
            return f"Option<{self.type(inner)}>"
        if kind == 3:
            return f"Result<{self.type(inner)}, {self.type(inner)}>"
        if kind == 4:
            return random.choice(POINTERS)
        if kind == 5:
            return random.choice(STANDARD)
        if kind == 6:
            return self.declare(f"pub struct NAME({self.types(random.randrange(4), inner)});")
        if kind in (7, 8):
            variants = []
            for i in range(random.randrange(1, 5)):
                payload = f"({self.types(random.choice([1, 1, 1, 2]), inner)})" if random.random() < 0.75 else ""
                variants.append(f"V{i}{payload}")
            return self.declare(f"pub enum NAME {{ {', '.join(variants)} }}")
        if kind == 9:
            return self.declare("pub enum NAME { " + ", ".join(f"V{i}" for i in range(random.randrange(1, 5))) + " }")
        if kind == 10:
            return f"std::mem::MaybeUninit<{self.type(inner)}>"
        if kind == 11:
            return f"std::task::Poll<{self.type(inner)}>"
        return f"std::ops::Range<{random.choice(PRIMITIVES[:12])}>"


def generate(seed, count):
    random.seed(seed)
    generator = Generator()
    types = [generator.type(3) for _ in range(count)]
    print("#![allow(dead_code, unused)]")
    print("\n".join(generator.declarations))
    for i, text in enumerate(types):
        print(f"#[inline(never)] pub fn r{i:04}() -> {text} {{ std::process::abort() }}")
    print("fn main() {")
    for i in range(count):
        print(f"    unsafe {{ std::ptr::read_volatile(&(r{i:04} as *const ())) }};")
    print("}")


def opaque_pointers(text):
    """Typed pointers, as LLVM wrote them up to version 14, in today's way."""
    pointer = r'(\{ *\}|\[[^][]*\]|[%\w.":$-]+ ?\([^()]*\)|[%\w.":$-]+)\*+'
    while re.search(pointer, text):
        text = re.sub(pointer, "ptr", text)
    return text


def place(result, arguments):
    """The return type of an LLVM function in the notation of rust_abi_print."""
    if "sret" in arguments:
        return "M"
    words = []
    for part in re.sub(r"range\(.*?\)", "", result).strip("{} ").split(","):
        word = part.split()[-1].strip("{} ")
        number = re.match(r"i(\d+)$", word)
        if word == "void":
            return "-"
        if word == "i1":
            words.append("i1b")
        elif word == "i128":
            words += ["i8", "i8"]
        elif number:
            words.append(f"i{(int(number[1]) + 7) // 8}")
        else:
            words.append({"ptr": "i8", "float": "f4", "double": "f8"}.get(word, f"<{word}>"))
    # LLVM returns up to three words in registers; what is more it puts behind a pointer by itself.
    if len(words) > 3 and all(word.startswith("i") for word in words):
        return "M"
    return ",".join(words)


def compare(path, count):
    expected, typed = {}, False
    with open(path) as lines:
        for line in lines:
            typed = typed or "i8*" in line
            match = re.match(r"define (.*?) ?@[^(]*\d(r\d{4})[^(]*(\(.*)", line)
            if match:
                expected[match[2]] = place(re.sub(r"[{}]", " ", opaque_pointers(match[1])), match[3])
    seen = wrong = 0
    for line in sys.stdin:
        name, found, text = line.rstrip("\n").split(" ", 2)
        seen += 1
        # Up to LLVM 14 a bool in a pair is a whole byte, of which the lowest bit tells as much.
        if found != expected.get(name) and not (typed and found.replace("i1b", "i1") == expected.get(name)):
            wrong += 1
            print(f"{name}: {found}, LLVM has {expected.get(name)}: {text}")
    print(f"{seen} types, {wrong} wrong")
    sys.exit(wrong > 0 or seen != count)


if sys.argv[1] == "generate":
    generate(int(sys.argv[2]), int(sys.argv[3]))
else:
    compare(sys.argv[2], int(sys.argv[3]))
