#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The visualizers that fdbg ships, against the crates themselves.

    FDBG=./fdbg crates.py        builds a program with cargo, which fetches the crates, and compares what fdbg shows
                                 with what the program prints

It needs cargo and the network, so it is not one of the tests that run by themselves; test_visualizers.py has small
crates of the same layouts. Where a visualizer cannot give the crate's own Debug (chrono, rust_decimal: a template
computes nothing) the program prints the numbers that must be in the text.
"""

import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402

MANIFEST = """
[package]
name = "app"
version = "0.1.0"
edition = "2021"
[dependencies]
arrayvec = "0.7"
bytes = "1"
chrono = { version = "0.4", default-features = false, features = ["clock"] }
indexmap = "2"
rust_decimal = "1"
semver = "1"
smallvec = "1"
uuid = "1"
[workspace]
"""

# Each macro call prints the text that is expected and calls a function with the value.
SOURCE = """
use chrono::{Datelike, Timelike};
macro_rules! show { ($name:ident, $t:ty, $value:expr) => { show!($name, $t, $value, |v: &$t| format!("{:?}", v)) };
    ($name:ident, $t:ty, $value:expr, $text:expr) => {
        #[inline(never)] fn $name(v: &$t) -> u8 { std::hint::black_box(v); 1 }
        let value: $t = $value;
        println!("{}\\t{}", stringify!($name), $text(&value));
        $name(&value);
    } }
// year * 8192 + day of the year * 16, and four bits that the crate keeps for itself
fn date(d: &chrono::NaiveDate) -> String { format!("NaiveDate(yof {})", d.year() * 8192 + d.ordinal() as i32 * 16) }
fn time(t: &chrono::NaiveTime) -> String { format!("NaiveTime({} s + {} ns)", t.num_seconds_from_midnight(), t.nanosecond()) }
fn both(t: &chrono::NaiveDateTime) -> String { format!("{} {}", date(&t.date()), time(&t.time())) }
fn decimal(d: &rust_decimal::Decimal) -> String {
    let m = d.mantissa().unsigned_abs();
    format!("Decimal(0x{:08x}{:08x}{:08x}, flags 0x{:08x})", (m >> 64) as u32, (m >> 32) as u32, m as u32,
            d.scale() << 16 | (d.is_sign_negative() as u32) << 31)
}
fn main() {
    show!(uuid_nil, uuid::Uuid, uuid::Uuid::nil());
    show!(uuid_some, uuid::Uuid, uuid::Uuid::from_u128(0x0123456789abcdef_fedcba9876543210));
    show!(small_empty, smallvec::SmallVec<[u16; 2]>, smallvec::SmallVec::new());
    show!(small_inline, smallvec::SmallVec<[u16; 2]>, smallvec::smallvec![7]);
    show!(small_heap, smallvec::SmallVec<[u16; 2]>, smallvec::smallvec![4, 5, 6]);
    show!(small_text, smallvec::SmallVec<[String; 1]>, smallvec::smallvec!["a".into(), "b".into()]);
    show!(array_vec, arrayvec::ArrayVec<u32, 4>, [1u32, 2, 3].into_iter().collect());
    show!(array_string, arrayvec::ArrayString<8>, arrayvec::ArrayString::from("q\\"x").unwrap());
    show!(map, indexmap::IndexMap<String, i8>, [("z".to_string(), 1), ("a".to_string(), -2)].into_iter().collect());
    show!(map_empty, indexmap::IndexMap<u8, u8>, indexmap::IndexMap::new());
    show!(set, indexmap::IndexSet<char>, "hello".chars().collect());
    show!(bytes_static, bytes::Bytes, bytes::Bytes::from_static(b"a\\0\\xff\\""));
    show!(bytes_shared, bytes::Bytes, bytes::Bytes::from(vec![1, 2, 65]).slice(1..));
    show!(bytes_mut, bytes::BytesMut, bytes::BytesMut::from(&b"xyz"[..]));
    show!(version, semver::Version, semver::Version::new(1, 2, 3));
    show!(day, chrono::NaiveDate, chrono::NaiveDate::from_ymd_opt(2026, 11, 22).unwrap(), date);
    show!(noon, chrono::NaiveTime, chrono::NaiveTime::from_hms_nano_opt(12, 0, 1, 5).unwrap(), time);
    show!(moment, chrono::NaiveDateTime, chrono::DateTime::from_timestamp(1_700_000_000, 7).unwrap().naive_utc(), both);
    show!(utc, chrono::DateTime<chrono::Utc>, chrono::DateTime::from_timestamp(1_700_000_000, 7).unwrap(),
          |t: &chrono::DateTime<chrono::Utc>| format!("DateTime({} UTC, offset Utc)", both(&t.naive_utc())));
    show!(fixed, chrono::DateTime<chrono::FixedOffset>,
          chrono::DateTime::from_timestamp(1_700_000_000, 7).unwrap().with_timezone(&chrono::FixedOffset::east_opt(3600).unwrap()),
          |t: &chrono::DateTime<chrono::FixedOffset>| format!("DateTime({} UTC, offset 3600 s)", both(&t.naive_utc())));
    show!(price, rust_decimal::Decimal, rust_decimal::Decimal::new(-12345, 2), decimal);
    show!(huge, rust_decimal::Decimal, rust_decimal::Decimal::from_i128_with_scale(0x0123456789abcdef01234567, 3), decimal);
}
"""


def build(folder):
    os.makedirs(os.path.join(folder, "src"), exist_ok=True)
    for name, text in [("Cargo.toml", MANIFEST), ("src/main.rs", SOURCE)]:
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            f.write(text)
    done = subprocess.run(["cargo", "build", "--quiet"], cwd=folder, env=dict(os.environ, CARGO_TARGET_DIR=os.path.join(folder, "target")))
    if done.returncode:
        sys.exit("cargo could not build the program; is the registry reachable?")
    return os.path.join(folder, "target", "debug", "app")


def versions(folder):
    wanted = [l.split()[0] for l in MANIFEST.split("[dependencies]")[1].splitlines() if " = " in l]
    tree = subprocess.run(["cargo", "tree", "--depth", "1", "--prefix", "none"], cwd=folder, stdout=subprocess.PIPE,
                          universal_newlines=True).stdout
    return ", ".join(" ".join(l.split()[:2]) for l in tree.splitlines() if l.split()[0] in wanted)


def without_flags(text):
    """The four bits of a chrono date that are the crate's own are taken off the number."""
    head, mark, tail = text.partition("yof ")
    if not mark:
        return text
    number, bracket, rest = tail.partition(")")
    return head + mark + str(int(number) // 16 * 16) + bracket + rest


def main():
    if not shutil.which("cargo"):
        sys.exit("there is no cargo")
    folder = os.path.join(harness.CACHE, "crates")
    program = build(folder)
    shipped = os.path.join(harness.TOP_DIR, "share", "visualizers")
    opts = ["--no-visualizers"]
    for name in sorted(os.listdir(shipped)):
        opts += ["--visualizers", os.path.join(shipped, name)]
    with harness.Scratch() as scratch:
        rec = harness.record(program, opts=opts, cwd=scratch.path)
        events = rec.events()
    printed = dict(line.split("\t", 1) for line in rec.stdout_text.splitlines())
    shown = {e["function"].rpartition("::")[2]: e["args"][0][1] for e in events
             if e["event"] == "call" and e["function"].startswith("app::main::") and e["args"]}
    wrong = 0
    for name, text in printed.items():
        got = shown.get(name)
        if got is None or without_flags(got) != text:
            wrong += 1
            print("%s:\n    printed  %s\n    recorded %s" % (name, text, got))
    print("%s\n%d values, %d differences" % (versions(folder), len(printed), wrong))
    return 1 if wrong or not printed else 0


if __name__ == "__main__":
    sys.exit(main())
