# SPDX-License-Identifier: MIT OR Apache-2.0
"""fdbg report and fdbg diff: numbers against those worked out from the events, differences where they are."""

import datetime
import glob
import json
import os
import shutil
import unittest

import harness
from harness import E2ETest

SAMPLES = os.path.join(harness.TOP_DIR, "tests", "samples")


def sample(name):
    return glob.glob(os.path.join(SAMPLES, name + "*.firedbg.ss"))[0]


def ms(text):
    return round(datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.timezone.utc)
                 .timestamp() * 1000)


def profile(recording):
    """{function: [calls, callers, total, self, errors, panics, unwound, lost, open]} from the events one by one."""
    done = harness.fdbg("dump", "--values=json", recording)
    events = [json.loads(line) for line in done.stdout_text.splitlines()]
    end = max(ms(e["time"]) for e in events)
    out, callers, stacks = {}, {}, {}

    def leave(stack, time):
        function, start, children, nested = stack.pop()
        span = time - start
        out[function][3] += span - children
        if not nested:
            out[function][2] += span
        if stack:
            stack[-1][2] += span

    for e in events:
        stack = stacks.setdefault(e["thread_id"], [])
        time = ms(e["time"])
        if e["event"] == "call":
            name = e["function"]
            row = out.setdefault(name, [0] * 9)
            row[0] += 1
            if stack:
                callers.setdefault(name, set()).add(stack[-1][0])
            stack.append([name, time, 0, any(f[0] == name for f in stack)])
        elif e["event"] == "return":
            out[e["function"]][4] += (e.get("value") or {}).get("variant") == "Err"
            out[e["function"]][6] += bool(e.get("unwound"))
            out[e["function"]][7] += bool(e.get("lost"))
            leave(stack, time)
        elif e["event"] == "panic" and stack:
            out[stack[-1][0]][5] += 1
    for stack in stacks.values():
        while stack:
            out[stack[-1][0]][8] += 1
            leave(stack, end)
    for name, row in out.items():
        row[1] = len(callers.get(name, ()))
    return out


KEYS = ("calls", "callers", "total_ms", "self_ms", "errors", "panics", "unwound", "lost", "open")


class ReportTest(unittest.TestCase):
    maxDiff = 4000

    def report(self, *words, status=0):
        done = harness.fdbg("report", *words)
        self.assertEqual(done.status, status, str(done))
        return done

    def test_numbers(self):
        """Recursion, errors, threads, frames left open: the samples have them."""
        for recording in sorted(glob.glob(os.path.join(SAMPLES, "*.firedbg.ss"))):
            with self.subTest(os.path.basename(recording)):
                found = json.loads(self.report("--json", recording).stdout_text)
                rows = {f["function"]: [f[k] for k in KEYS] for f in found["functions"]}
                self.assertEqual(rows, profile(recording))
                self.assertEqual(found["calls"], sum(r[0] for r in rows.values()))
                self.assertTrue(found["times_inflated_by_recording"])

    def test_text(self):
        text = self.report("--sort=errors", sample("roll_dice")).stdout_text
        self.assertIn("inflated by recording", text)
        table = [line.split() for line in text.splitlines() if "roll_dice::" in line and line[0] == " "]
        # From the recording: dice is called by roll and by throw; 1 + 2 + 1 Err, and main panics.
        self.assertEqual({r[5]: (r[0], r[1], r[4]) for r in table},
                         {"roll_dice::throw": ("2", "2", "2"), "roll_dice::dice": ("8", "2", "1"),
                          "roll_dice::roll": ("1", "1", "1"), "roll_dice::main": ("1", "0", "1")})
        self.assertEqual(table[0][5], "roll_dice::throw")

    def test_order_and_limit(self):
        for sort, key in (("calls", "calls"), ("total", "total_ms"), ("self", "self_ms"), ("callers", "callers")):
            found = json.loads(self.report("--json", "--sort", sort, sample("sudoku")).stdout_text)["functions"]
            numbers = [f[key] for f in found]
            self.assertEqual(numbers, sorted(numbers, reverse=True))
            self.assertGreater(len(numbers), 3)
        names = [f["function"] for f in json.loads(self.report("--json", "-s", "name", sample("sudoku")).stdout_text)["functions"]]
        self.assertEqual(names, sorted(names))
        self.assertEqual(len(json.loads(self.report("--json", "-n", "2", sample("sudoku")).stdout_text)["functions"]), 2)
        self.assertIn("lib.rs:", self.report("-l", sample("sudoku")).stdout_text)

    def test_diff(self):
        a, b = sample("mergesort"), sample("quicksort")
        found = json.loads(self.report("--json", "--diff", a, b).stdout_text)
        pa, pb = profile(a), profile(b)
        self.assertEqual({f["function"] for f in found["functions"]}, set(pa) | set(pb))
        for f in found["functions"]:
            for side, rows in (("a", pa), ("b", pb)):
                self.assertEqual(f[side] and [f[side][k] for k in KEYS], rows.get(f["function"]))
        changes = [abs((f["b"] or {"calls": 0})["calls"] - (f["a"] or {"calls": 0})["calls"]) for f in found["functions"]]
        self.assertEqual(changes, sorted(changes, reverse=True))
        same = self.report("--diff", a, a).stdout_text
        self.assertIn("%d functions with the same calls" % len(pa), same)
        self.assertNotIn("mergesort::merge_sort", same)
        self.assertIn("mergesort::merge_sort", self.report("--all", "--diff", a, a).stdout_text)

    def test_wrong_use(self):
        a = sample("mergesort")
        for words, text in (([a, a], "--diff"), (["--diff", a], "two recordings"), (["--all", a], "--diff"),
                            (["--sort=x", a], "is one of"), (["--diff", a, a, a], "unexpected")):
            done = self.report(*words, status=2)
            self.assertIn(text, done.stderr_text)
            self.assertEqual(done.stdout, b"")
        self.report("--diff", a, a + ".no", status=1)

    def test_damaged(self):
        """What was read is reported, and what is wrong is said."""
        with harness.Scratch() as scratch:
            broken = os.path.join(scratch.path, "x.firedbg.ss")
            data = bytearray(open(sample("fizzbuzz"), "rb").read())
            data[20000] ^= 0x55
            with open(broken, "wb") as f:
                f.write(data)
            done = self.report(broken, status=1)
            self.assertIn("fizzbuzz_multithread::fizz", done.stdout_text)
            self.assertIn("at offset", done.stderr_text)
            self.report("--diff", broken, sample("fizzbuzz"), status=1)


SOURCE = """
use std::collections::HashMap;
use std::time::Instant;
#[derive(Debug, Clone)] struct Item { id: u32, tags: Vec<String> }
fn weigh(item: &Item, since: Instant) -> usize { let _ = since; item.tags.len() + item.id as usize }
fn collect(n: u32) -> HashMap<u32, Item> {
    (0..n).map(|id| (id, Item { id, tags: (0..id % 3).map(|t| format!("tag{}", t)).collect() })).collect()
}
fn look(map: &HashMap<u32, Item>, p: *const u8) -> Option<&Item> { let _ = p; map.get(&3) }
fn check(n: u32) -> Result<u32, String> { if n % 7 == 6 { Err(format!("bad {}", n)) } else { Ok(n) } }
fn work(n: u32) -> u32 { (0..n).map(|i| check(i).unwrap_or(0)).sum() }
fn extra() {}
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let n: u32 = args[0].parse().unwrap();
    let map = collect(8);
    let text = Box::new(5u8);
    look(&map, &*text);
    for id in 0..8 { weigh(&map[&id], Instant::now()); }
    let threads: Vec<_> = (0..3).map(|_| std::thread::spawn(move || work(9))).collect();
    for t in threads { t.join().unwrap(); }
    let other = std::thread::spawn(move || work(n));
    other.join().unwrap();
    if args.len() > 1 { extra(); }
    if args.len() > 2 { std::process::exit(3); }
}
"""


class DiffTest(E2ETest):
    def setUp(self):
        super().setUp()
        self.program = harness.compile_rust("app", SOURCE)

    def run_with(self, name, *args, status=0):
        return self.record(self.program, args=args, output=self.path(name), status=status).file

    def diff(self, *words, status=1):
        done = harness.fdbg("diff", *words)
        self.assertEqual(done.status, status, str(done))
        return done

    def test_same(self):
        """Two runs have other addresses, thread ids, times, interleavings and hash orders."""
        a, b = self.run_with("a", "9"), self.run_with("b", "9")
        self.assertNotEqual(open(a, "rb").read(), open(b, "rb").read())
        done = self.diff(a, b, status=0)
        self.assertEqual((done.stdout, done.stderr), (b"", b""))
        self.assertEqual(self.diff("-s", a, b, status=0).stdout_text, "%s and %s are the same\n" % (a, b))
        self.assertTrue(json.loads(self.diff("--json", a, b, status=0).stdout_text)["same"])

    def test_value(self):
        """One argument of one call, in the last of four threads that begin alike."""
        a, b = self.run_with("a", "9"), self.run_with("b", "10")
        found = json.loads(self.diff("--json", a, b).stdout_text)
        # The first thing that differs in main's thread is nothing: it only spawns. The thread's closure has n.
        self.assertEqual(found["a"]["at"]["event"], "call")
        self.assertEqual(found["b"]["at"]["event"], "call")
        values = [dict(found[side]["at"]["values"]) for side in "ab"]
        self.assertNotEqual(values[0], values[1])
        text = self.diff(a, b).stdout_text
        self.assertRegex(text, r"(?m)^A  .*/a: thread \d+, event \d+, frame \d+$")
        self.assertRegex(text, r"(?m)^- *call app::")
        self.assertRegex(text, r"(?m)^A  .*9.*$")
        self.assertRegex(text, r"(?m)^B  .*10.*$")
        # Only the function that gets the number, without its values: nine calls against ten.
        found = json.loads(self.diff("--json", "--no-values", "-F", "app::check", a, b).stdout_text)
        self.assertIsNone(found["a"]["at"])
        self.assertEqual(found["b"]["at"]["function"], "app::check")
        self.assertEqual(len(found["before"]), 3)
        self.diff("-F", "app::weigh", a, b, status=0)
        self.assertEqual(self.diff("-q", a, b).stdout_text, "%s and %s differ\n" % (a, b))

    def test_another_call(self):
        a, b = self.run_with("a", "9"), self.run_with("b", "9", "x")
        found = json.loads(self.diff("--json", "--no-values", a, b).stdout_text)
        self.assertEqual(found["b"]["at"]["function"], "app::extra")
        self.assertEqual(found["a"]["at"]["event"], "return")
        self.assertEqual(found["a"]["at"]["function"], "app::main")
        self.assertEqual(found["further_threads"], 0)
        text = self.diff("--no-values", "-C", "1", a, b).stdout_text
        self.assertRegex(text, r"(?m)^-   *return app::main|^- return app::main")
        self.assertRegex(text, r"(?m)^\+ +call app::extra\(\)$")
        self.assertIn("in app::main", text)

    def test_exit_status(self):
        a, b = self.run_with("a", "9"), self.run_with("b", "9", "x", "y", status=3)
        text = self.diff("-F", "app::look", a, b).stdout_text
        self.assertEqual(text, "A  %s: exit status 0\nB  %s: exit status 3\n" % (a, b))

    def test_cut(self):
        """A recording that ends early parts from the other where it ends."""
        a = self.run_with("a", "9")
        cut = self.path("cut")
        data = open(a, "rb").read()
        with open(cut, "wb") as f:
            f.write(data[:len(data) * 2 // 3])
        done = self.diff(a, cut)
        self.assertIn("warning", done.stderr_text)
        self.assertIn("no further event of this thread; the recording was cut short", done.stdout_text)

    def test_wrong_use(self):
        a = shutil.copy(sample("roll_dice"), self.path("a"))
        for words, text in (([a], "too few"), ([a, a, a], "unexpected"), (["-C", "x", a, a], "whole number"),
                            (["-C", "99999", a, a], "at most"), ([a, self.path("no")], "no such file"), ([a, self.dir], "irectory")):
            done = self.diff(*words, status=2)
            self.assertTrue(done.stderr_text.startswith("fdbg: "), str(done))
            self.assertIn(text, done.stderr_text)
        broken = self.path("broken")
        data = bytearray(open(sample("fizzbuzz"), "rb").read())
        data[20000] ^= 0x55
        with open(broken, "wb") as f:
            f.write(data)
        self.diff(broken, sample("fizzbuzz"), status=2)

    def test_context(self):
        """Values are told where they part, also far inside."""
        source = """
        fn take(v: Vec<u32>, s: &str) -> usize { v.len() + s.len() }
        fn main() {
            let mut v: Vec<u32> = (0..500).collect();
            take(v.clone(), "a"); take(v.clone(), "b"); take(v.clone(), "c"); take(v.clone(), "d");
            if std::env::args().count() > 1 { v[400] = 7; }
            take(v, "e");
        }"""
        program = harness.compile_rust("far", source)
        a = self.record(program, output=self.path("a")).file
        b = self.record(program, args=["x"], output=self.path("b")).file
        text = self.diff(a, b).stdout_text
        lines = text.splitlines()
        index = lines.index("v:")
        self.assertIn("399, 400, 401", lines[index + 1])
        self.assertIn("399, 7, 401", lines[index + 2])
        self.assertLess(max(map(len, lines)), 500)
        self.assertEqual(len([l for l in lines if l.startswith("  ")]), 3)


if __name__ == "__main__":
    harness.main()
